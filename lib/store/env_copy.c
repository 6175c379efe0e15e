/*
 * env_copy.c - new data files: the first of a store, and copies of one.
 *
 * A new environment is made without locks in a folder that has no name anybody
 * knows yet.  Its lock file is made afterwards, and not by the first program that
 * opens it: a map of a file with holes kills the reader for whom a full disk
 * has no page left.  A backup
 * is written entry by entry, as what was deleted has no place in it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <crm/os.h>

#include "store/env_internal.h"

#define MAKE_MAP ((size_t)64 << 20)
#define YAML_MAX ((size_t)1 << 20)

/* The file may have entries already. */
static int
make_open(struct crm_env *env, const char *folder)
{
	char path[CRM_PATH_MAX];
	struct stat st;
	size_t map = MAKE_MAP;
	int rc = mdb_env_create(&env->mdb);

	crm_folder_path(path, folder, "data.mdb");
	if (stat(path, &st) == 0)
		map += (size_t)st.st_size * 2;

	if (!rc)
		rc = mdb_env_set_maxdbs(env->mdb, CRM_TABS);
	if (!rc)
		rc = mdb_env_set_mapsize(env->mdb, map);
	if (!rc)
		rc = mdb_env_open(env->mdb, folder, MDB_NOLOCK, 0600);
	return rc;
}

static int
make_run(struct crm_store *s, crm_txn_fn *fn, void *ctx, struct crm_err *err)
{
	struct crm_txn *t;
	int code = crm_env_begin(s, true, &t, err);
	int done;

	if (code < 0)
		return code;
	t->revision = 1;
	code = fn(t, ctx, err);
	if (code == CRM_OK && t->w->puts[CRM_TAB_META])
		code = crm_meta_sum(t, err);
	done = crm_env_end(t, code == CRM_OK, code == CRM_OK ? err : NULL);
	if (code == CRM_OK)
		code = t->full ? crm_env_fail(s, MDB_MAP_FULL, "", err) : done;
	free(t->w);
	free(t);
	return code;
}

int
crm_env_make_locks(struct crm_store *s, const char *folder, struct crm_err *err)
{
	char path[CRM_PATH_MAX];
	MDB_env *mdb = NULL;
	struct stat st;
	int fd = -1;
	int rc = mdb_env_create(&mdb);

	if (!rc)
		rc = mdb_env_set_maxreaders(mdb, CRM_ENV_READERS);
	if (!rc)
		rc = mdb_env_open(mdb, folder, MDB_RDONLY, 0600);
	if (mdb)
		mdb_env_close(mdb); /* nobody else has it open */
	crm_folder_path(path, folder, "lock.mdb");
	if (!rc && (chmod(path, 0600) < 0 ||
		       (fd = open(path, O_RDWR | O_CLOEXEC)) < 0 ||
		       fstat(fd, &st) < 0))
		rc = errno;
	if (!rc)
		rc = posix_fallocate(fd, 0, st.st_size);
	if (fd >= 0)
		close(fd);
	return rc > 0 ? crm_folder_fail(folder, rc, "cannot write to", err)
	       : rc   ? crm_env_fail(s, rc, "cannot make locks for", err)
		      : CRM_OK;
}

int
crm_env_make(const char *folder, crm_txn_fn *fn, void *ctx, struct crm_err *err)
{
	struct crm_store *s = calloc(1, sizeof(*s) + strlen(folder) + 1);
	struct crm_env *env = calloc(1, sizeof(*env));
	char path[CRM_PATH_MAX];
	int rc, code;

	if (!s || !env) {
		free(s);
		free(env);
		return crm_err_nomem(err);
	}
	s->env = env;
	memcpy(s->path, folder, strlen(folder));
	crm_folder_path(path, folder, "data.mdb");
	rc = make_open(env, folder);
	code = rc ? crm_env_fail(s, rc, "cannot create data in", err)
		  : make_run(s, fn, ctx, err);
	if (code == CRM_OK) {
		crm_env_fill(env);
		if (chmod(path, 0600) < 0)
			code = crm_err_sys(err, CRM_ECREATE, errno,
			    "cannot set the mode of '%s'", path);
	}
	if (code == CRM_OK)
		code = crm_folder_sync(path, err);
	if (env->mdb)
		mdb_env_close(env->mdb); /* it has no locks */
	if (code == CRM_OK)
		code = crm_env_make_locks(s, folder, err);
	if (code == CRM_OK)
		code = crm_folder_sync(folder, err);
	free(env);
	free(s);
	return code;
}

/* ---- backup ---- */

int
crm_env_copy_yaml(struct crm_store *s, const char *to, struct crm_err *err)
{
	char path[CRM_PATH_MAX];
	struct crm_buf text = {.max = YAML_MAX};
	int fd;
	int code;

	crm_folder_path(path, s->path, "crm.yaml");
	code = crm_read_file(path, YAML_MAX, &text, err);
	if (code == CRM_ENOINPUT) {
		/* A store works without; what was applied is in the data. */
		crm_buf_release(&text);
		return CRM_OK;
	}
	crm_folder_path(path, to, "crm.yaml");
	fd = code == CRM_OK ? crm_folder_create(path, err) : code;
	if (fd < 0) {
		crm_buf_release(&text);
		return fd;
	}
	code = crm_write_all(fd, text.p, text.n, path, err);
	if (code == CRM_OK && fsync(fd) < 0)
		code = crm_folder_fail(to, errno, "cannot write to", err);
	close(fd);
	crm_buf_release(&text);
	return code;
}

static int
copy_all(struct crm_store *s, const char *to, struct crm_err *err)
{
	char path[CRM_PATH_MAX];
	uint64_t entries;
	int fd;
	int code;

	crm_folder_path(path, to, CRM_GEN_FIRST);
	code = crm_folder_make(path, err);
	if (code == CRM_OK)
		code = crm_env_rewrite(s, path, 0, NULL, NULL, &entries, err);
	if (code == CRM_OK)
		code = crm_env_copy_yaml(s, to, err);
	/* after the data: who is missing there is on the list here */
	if (code == CRM_OK)
		code = crm_erased_unite(to, s->path, err);
	if (code < 0)
		return code;
	crm_folder_path(path, to, "lock");
	fd = crm_folder_create(path, err);
	if (fd < 0)
		return fd;
	close(fd);
	return crm_gen_link(to, CRM_GEN_FIRST, err);
}

int
crm_store_backup(struct crm_store *s, const char *to, struct crm_err *err)
{
	char path[CRM_STORE_PATH_MAX], temp[CRM_PATH_MAX];
	struct stat st;
	int code = crm_folder_name(path, to, err);

	if (code < 0)
		return code;
	if (lstat(path, &st) == 0)
		return crm_err_set(
		    err, CRM_ECREATE, "'%s' is there already", path);
	code = crm_folder_temp(path, temp, err);
	if (code < 0)
		return code;
	if (crm_folder_below(temp, s->path))
		code = crm_err_set(err, CRM_ECREATE,
		    "'%s' is in the store itself, wanted a place outside",
		    path);
	else
		code = copy_all(s, temp, err);
	if (code == CRM_OK)
		code = crm_folder_rename(temp, path, err);
	if (code < 0) {
		crm_folder_remove(temp);
		return code;
	}
	return crm_folder_sync_parent(path, err);
}

/* ---- what there is ---- */

void
crm_env_engine(struct crm_buf *out)
{
	int major, minor, patch;

	mdb_version(&major, &minor, &patch);
	crm_buf_putf(out, "LMDB %d.%d.%d", major, minor, patch);
}

/* Pages that LMDB keeps for later: the numbers are listed in its first
 * database, each list with its length before it. */
static int
pages_free(struct crm_txn *t, uint64_t *out)
{
	MDB_cursor *c;
	MDB_val k, v;
	int rc = mdb_cursor_open(t->mdb, 0, &c);

	*out = 0;
	if (rc)
		return rc;
	while ((rc = mdb_cursor_get(c, &k, &v, MDB_NEXT)) == 0) {
		size_t n;

		if (v.mv_size < sizeof(n))
			continue;
		memcpy(&n, v.mv_data, sizeof(n));
		*out += n;
	}
	mdb_cursor_close(c);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

static int
stat_meta(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	struct crm_store_info *out = ctx;
	struct crm_str v;
	uint64_t n;
	int code = crm_get(t, CRM_TAB_META, crm_meta_key("uuid"), &v, err);

	if (code == CRM_OK && v.n == sizeof(out->uuid))
		memcpy(out->uuid, v.p, v.n);
	else if (code < 0 && code != CRM_NOTFOUND)
		return code;
	if (crm_get(t, CRM_TAB_META, crm_meta_key("unicode"), &v, NULL) ==
	    CRM_OK)
		snprintf(out->unicode, sizeof(out->unicode), "%.*s",
		    v.n < 15 ? (int)v.n : 15, v.p);
	if (crm_get(t, CRM_TAB_META, crm_meta_key("format"), &v, NULL) ==
		CRM_OK &&
	    crm_take_be(&v, 4, &n))
		out->format = (uint32_t)n;
	code = crm_txn_last(t, &out->revision, err);
	if (code < 0)
		return code;
	if (pages_free(t, &n) != 0)
		return crm_err_set(err, CRM_EDAMAGE,
		    "the store '%s' is damaged: its list of free pages",
		    t->store->path);
	out->bytes_used = n;
	return CRM_OK;
}

int
crm_store_stat(
    struct crm_store *s, struct crm_store_info *out, struct crm_err *err)
{
	MDB_envinfo info;
	MDB_stat st;
	struct stat file;
	uint64_t pages;
	struct crm_buf engine = {.max = sizeof(out->engine) - 1};
	int fd;
	int code;

	memset(out, 0, sizeof(*out));
	code = crm_store_whole(s, err);
	if (code == CRM_OK)
		code = crm_txn_run(s, CRM_READ, stat_meta, out, err);
	if (code < 0)
		return code;
	mdb_env_info(s->env->mdb, &info);
	mdb_env_stat(s->env->mdb, &st);
	mdb_env_get_fd(s->env->mdb, &fd);
	if (fstat(fd, &file) < 0)
		return crm_env_fail(s, errno, "cannot read", err);
	pages = info.me_last_pgno + 1;
	out->bytes_used = pages > out->bytes_used
			      ? (pages - out->bytes_used) * st.ms_psize
			      : 0;
	out->bytes_file = (uint64_t)file.st_size;
	out->map_bytes = info.me_mapsize;
	out->readers = info.me_numreaders;
	out->readers_max = info.me_maxreaders;
	out->generation = crm_gen_number(s->env->gen);
	crm_env_engine(&engine);
	code = crm_buf_check(&engine, err);
	if (code == CRM_OK)
		snprintf(out->engine, sizeof(out->engine), "%.*s",
		    (int)engine.n, engine.p);
	crm_buf_release(&engine);
	return code;
}
