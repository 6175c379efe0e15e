/*
 * env.c - opening LMDB environments, their map, their errors.
 *
 * Only the files env*.c know LMDB.  A program that ends leaves its
 * environment to the exit: mdb_env_close of some versions breaks the locks
 * of other processes, and there is nothing to flush.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/env_internal.h"

#define MAP_FIRST ((uint64_t)256 << 30)
#define MAP_LEAST ((uint64_t)16 << 20)
#define MAP_PAGE ((uint64_t)65536) /* a multiple of any page's size */
#define LOOKS 8

int
crm_env_fail(
    const struct crm_store *s, int rc, const char *what, struct crm_err *err)
{
	switch (rc) {
	case MDB_CORRUPTED:
	case MDB_PAGE_NOTFOUND:
	case MDB_INVALID:
	case MDB_CURSOR_FULL:
		return crm_err_set(err, CRM_EDAMAGE,
		    "the store '%s' is damaged: %s: %s", s->path, what,
		    mdb_strerror(rc));
	case MDB_VERSION_MISMATCH:
		return crm_err_set(err, CRM_ECONFIG,
		    "the store '%s' was made by another version of LMDB",
		    s->path);
	case MDB_READERS_FULL:
		return crm_err_set(err, CRM_EBUSY,
		    "busy: %d programs are reading '%s'", CRM_ENV_READERS,
		    s->path);
	case MDB_MAP_FULL:
		return crm_err_set(err, CRM_EIO,
		    "the store '%s' has outgrown its memory map", s->path);
	case MDB_MAP_RESIZED:
		return crm_err_set(err, CRM_EBUSY,
		    "busy: the store '%s' has grown meanwhile", s->path);
	case MDB_TXN_FULL:
		return crm_err_set(err, CRM_EIO,
		    "too many changes in one transaction of '%s'", s->path);
	case EAGAIN:
		return crm_err_set(
		    err, CRM_EBUSY, "busy: '%s' is being opened", s->path);
	default:
		break;
	}
	if (rc < 0)
		return crm_err_set(err, CRM_EIO, "%s '%s': %s", what, s->path,
		    mdb_strerror(rc));
	return crm_folder_fail(s->path, rc, what, err);
}

/* Under a leak checker it is closed after all, so that leaks are seen. */
#ifdef CRM_ARENA_DEBUG
static const bool close_at_exit = true;
#else
static const bool close_at_exit = false;
#endif

#define DATA "/data.mdb"

/*
 * A file without content would be taken for a new environment and filled.
 * The folder's name is lent: a path of its own would be one more page of the
 * stack, which is one more to be had from the kernel at each start.
 */
static int
env_look(const struct crm_store *s, char gen[CRM_PATH_MAX + sizeof DATA],
    struct crm_err *err)
{
	const char *path = gen, *what;
	size_t n = strlen(gen);
	struct stat st;
	int fd, code = CRM_OK;

	memcpy(gen + n, DATA, sizeof DATA);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT)
		code = crm_err_set(err, CRM_EDAMAGE,
		    "the store '%s' is damaged: there is no '%s'", s->path,
		    path);
	else if (fd < 0)
		code = crm_err_sys(
		    err, CRM_EPERM, errno, "cannot open '%s'", path);
	else if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
		 st.st_size < 4096)
		code = crm_err_set(err, CRM_EDAMAGE,
		    "the store '%s' is damaged: '%s' is truncated", s->path,
		    path);
	else if ((what = crm_env_metas(fd)) != NULL)
		code = crm_err_set(err, CRM_EDAMAGE,
		    "the store '%s' is damaged: %s", s->path, what);
	if (fd >= 0)
		close(fd);
	gen[n] = '\0';
	return code;
}

/* Not for the helpers and editors we start. */
static int
env_private(const struct crm_store *s, MDB_env *mdb, struct crm_err *err)
{
	int fd;

	mdb_env_get_fd(mdb, &fd);
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return crm_env_fail(s, errno, "cannot open", err);
	return CRM_OK;
}

/* LMDB is about to print where in it a page was not what it should be, and to
 * abort.  It does the latter only: whoever runs us says what there is to say. */
static void
env_assert(MDB_env *mdb, const char *text)
{
	(void)mdb;
	(void)text;
	(void)raise(SIGABRT);
}

/* One try.  *out is NULL on failure. */
static int
env_try(const char *gen, size_t map, unsigned flags, MDB_env **out)
{
	MDB_env *mdb = NULL;
	int rc = mdb_env_create(&mdb);

	*out = NULL;
	if (rc)
		return rc;
	(void)mdb_env_set_assert(mdb, env_assert);
	rc = mdb_env_set_maxreaders(mdb, CRM_ENV_READERS);
	if (!rc)
		rc = mdb_env_set_maxdbs(mdb, CRM_TABS);
	if (!rc)
		rc = mdb_env_set_mapsize(mdb, map);
	if (!rc)
		rc = mdb_env_open(mdb, gen, flags, 0600);
	if (rc)
		mdb_env_close(mdb); /* was not opened: no locks to break */
	else
		*out = mdb;
	return rc;
}

static unsigned
env_flags(const struct crm_store *s)
{
	/* NOTLS: transactions of a process are independent of its threads. */
	unsigned flags = MDB_NOTLS;

	if (!s->write)
		flags |= MDB_RDONLY;
	if (!s->scan)
		flags |= MDB_NORDAHEAD;
	return flags;
}

static int
env_new(struct crm_store *s, const char *name, size_t map, struct crm_err *err)
{
	struct crm_env *env = calloc(1, sizeof(*env));
	char gen[CRM_PATH_MAX + sizeof DATA];
	unsigned flags = env_flags(s);
	int rc = 0;
	int code;

	if (!env)
		return crm_err_nomem(err);
	memcpy(env->gen, name, CRM_GEN_NAME);
	crm_folder_path(gen, s->path, name);
	code = env_look(s, gen, err);
	if (code < 0)
		goto out;
	for (;;) {
		rc = env_try(gen, map, flags, &env->mdb);
		/* valgrind answers EINVAL to a map it has no room for */
		if ((rc == ENOMEM || rc == EINVAL) && map / 2 >= MAP_LEAST)
			map = (map / 2) & ~(size_t)(MAP_PAGE - 1);
		else if ((rc == EACCES || rc == EROFS) && s->readonly &&
			 !s->write && !(flags & MDB_NOLOCK))
			flags |= MDB_NOLOCK; /* nobody can be writing */
		else
			break;
	}
	if (rc)
		code = env_look(s, gen, err) < 0
			   ? CRM_EDAMAGE
			   : crm_env_fail(s, rc, "cannot open", err);
	else
		code = env_private(s, env->mdb, err);
	if (code < 0)
		goto out;
	env->map = map;
	env->limit = 0;
	mdb_reader_check(env->mdb, NULL);
	env->old = s->env;
	s->env = env;
	env = NULL;
out:
	if (env && env->mdb && close_at_exit)
		mdb_env_close(env->mdb);
	free(env);
	return code;
}

static int
env_at(struct crm_store *s, uint64_t map, struct crm_err *err)
{
	char was[CRM_GEN_NAME], now[CRM_GEN_NAME];
	int code;

	map = (map + MAP_PAGE - 1) & ~(MAP_PAGE - 1);
	code = crm_gen_read(s->path, was, err);
	if (code < 0)
		return code;
	/* A generation may be replaced, and removed, between reading its name
	 * and opening it. */
	for (int i = 0; i < 8; i++) {
		code = env_new(s, was, (size_t)map, err);
		if (code == CRM_OK || crm_gen_read(s->path, now, NULL) < 0 ||
		    memcmp(was, now, CRM_GEN_NAME) == 0)
			break;
		memcpy(was, now, CRM_GEN_NAME);
	}
	return code;
}

/* Reads what is needed of a fresh environment: its tables, its format. */
static int
env_read(struct crm_store *s, struct crm_err *err)
{
	struct crm_txn *t;
	int code = CRM_NO;

	for (int i = 0; i < LOOKS && code == CRM_NO; i++) {
		code = crm_env_begin(s, false, &t, err);
		if (code < 0)
			return code;
		code = crm_env_look(t, err);
		/* So many commits at once: then without a look. */
		if (code == CRM_NO && i + 1 < LOOKS)
			crm_env_end(t, false, NULL);
	}
	if (code == CRM_OK || code == CRM_NO)
		code = crm_env_tables(t, err);
	if (code == CRM_OK)
		code = crm_meta_check(t, err);
	if (code < 0) {
		crm_env_end(t, false, NULL);
		return code;
	}
	return crm_env_end(t, true, err);
}

int
crm_env_open(struct crm_store *s, struct crm_err *err)
{
	int code = env_at(s, s->map_bytes ? s->map_bytes : MAP_FIRST, err);

	return code < 0 ? code : env_read(s, err);
}

static void
env_close(struct crm_env *env)
{
	if (env->idle)
		mdb_txn_abort(env->idle);
	mdb_env_close(env->mdb);
}

/*
 * Closes environments of generations that were replaced, which nothing reads
 * any more: their files are removed and take room until then.  What closing
 * breaks in some versions is the lock of a generation nobody opens again.
 */
static void
env_retire(struct crm_store *s)
{
	struct crm_env **p = &s->env->old;

	while (*p) {
		struct crm_env *env = *p;

		if (env->ntxn > 0 ||
		    memcmp(env->gen, s->env->gen, CRM_GEN_NAME) == 0) {
			p = &env->old;
			continue;
		}
		*p = env->old;
		env_close(env);
		free(env);
	}
}

int
crm_env_reopen(struct crm_store *s, struct crm_err *err)
{
	int code;

	/* The current one is another. */
	if (s->apart)
		return crm_err_set(err, CRM_EIO,
		    "the new data of '%s' cannot be opened again", s->path);
	code = env_at(s, s->env->map, err);
	if (code == CRM_OK)
		code = env_read(s, err);
	if (code == CRM_OK)
		env_retire(s);
	return code;
}

int
crm_env_enter(struct crm_store *s, const char *gen, struct crm_err *err)
{
	uint64_t map = s->env	      ? s->env->map
		       : s->map_bytes ? s->map_bytes
				      : MAP_FIRST;
	int code = env_new(s, gen, (size_t)map, err);

	if (code < 0)
		return code;
	s->apart = true;
	code = env_read(s, err);
	if (code < 0)
		crm_env_leave(s);
	return code;
}

void
crm_env_leave(struct crm_store *s)
{
	struct crm_env *env = s->env;

	while (s->txns)
		crm_env_end(s->txns, false, NULL);
	s->env = env->old;
	s->apart = false;
	env_close(env); /* nobody else has it open */
	free(env);
}

const char *
crm_env_gen(const struct crm_store *s)
{
	return s->env->gen;
}

int
crm_env_grow(struct crm_store *s, bool full, struct crm_err *err)
{
	struct crm_env *env = s->env;
	MDB_envinfo info;
	size_t want = env->map * 2;
	int rc;

	if (env->ntxn > 0)
		return crm_env_fail(
		    s, full ? MDB_MAP_FULL : MDB_MAP_RESIZED, "", err);
	/* What another process has made of it first. */
	rc = mdb_env_set_mapsize(env->mdb, 0);
	mdb_env_info(env->mdb, &info);
	if (!rc && full && info.me_mapsize <= env->map)
		rc = mdb_env_set_mapsize(env->mdb, want);
	else if (!rc && info.me_mapsize < env->map)
		rc = mdb_env_set_mapsize(env->mdb, env->map);
	if (rc) {
		/* It has no map now: one of the old size is needed. */
		int code = crm_env_fail(s, rc, "cannot map", err);

		return crm_env_reopen(s, NULL) < 0 ? CRM_EIO : code;
	}
	mdb_env_info(env->mdb, &info);
	env->map = info.me_mapsize;
	return CRM_OK;
}

void
crm_env_fill(struct crm_env *env)
{
	MDB_envinfo info;
	MDB_stat st;
	struct stat file;
	off_t want;
	int fd;

	mdb_env_info(env->mdb, &info);
	mdb_env_stat(env->mdb, &st);
	mdb_env_get_fd(env->mdb, &fd);
	want = (off_t)((info.me_last_pgno + 1) * st.ms_psize);
	/* A failure, or a power cut before, leaves a file that is sound; other
	 * programs walk all of its pages to see that, until the next commit. */
	if (fstat(fd, &file) == 0 && file.st_size < want &&
	    ftruncate(fd, want) == 0)
		(void)fsync(fd);
}

/* ---- the store ---- */

static int
store_check(struct crm_store *s, struct crm_err *err)
{
	char gen[CRM_GEN_NAME];
	int code = crm_folder_check(s->path, &s->readonly, NULL);

	/* Of what is wrong, that there is no store comes first. */
	if (code < 0 && (code = crm_gen_read(s->path, gen, err)) == CRM_OK)
		code = crm_folder_check(s->path, &s->readonly, err);
	if (code == CRM_OK && s->write && s->readonly)
		return crm_err_set(err, CRM_EPERM,
		    "cannot write to '%s': its file system is read-only",
		    s->path);
	return code;
}

int
crm_store_open(struct crm_store **out, const struct crm_store_options *opt,
    struct crm_err *err)
{
	const char *path = opt->path ? opt->path : "";
	bool few = opt->few && !opt->write && !opt->map_bytes;
	struct crm_store *s = calloc(1, sizeof(*s) + strlen(path) + 1);
	int code;

	*out = NULL;
	if (!s)
		return crm_err_nomem(err);
	code = crm_folder_name(s->path, path, err);
	if (code < 0) {
		free(s);
		return code;
	}
	s->lock.fd = -1;
	s->write = opt->write;
	s->scan = opt->scan;
	s->older = opt->older;
	s->format = CRM_FORMAT;
	s->wait_ms = opt->wait_ms;
	s->map_bytes = opt->map_bytes;
	code = store_check(s, err);
	if (code == CRM_OK && !(few && crm_few_open(s) == CRM_OK))
		code = crm_env_open(s, err);
	if (code < 0) {
		crm_store_close(s);
		return code;
	}
	*out = s;
	return CRM_OK;
}

int
crm_store_whole(struct crm_store *s, struct crm_err *err)
{
	struct crm_env *env = s->env;
	int code;

	if (!env->few)
		return CRM_OK;
	if (s->txns) {
		s->missed = true;
		return crm_err_set(err, CRM_EBUSY,
		    "busy: '%s' is being read for a few look-ups", s->path);
	}
	/* it was opened, and cannot be read */
	if (env->old)
		return crm_err_set(
		    err, CRM_EIO, "'%s' cannot be read", s->path);
	crm_few_shut(env->few);
	s->env = NULL;
	code = crm_env_open(s, err);
	if (code < 0) {
		env->old = s->env;
		s->env = env;
		return code;
	}
	crm_few_free(env->few);
	free(env);
	s->missed = false;
	return CRM_OK;
}

bool
crm_store_missed(const struct crm_store *s)
{
	return s->missed;
}

static void
store_end(struct crm_store *s, bool close_env)
{
	if (!s)
		return;
	while (s->txns)
		crm_env_end(s->txns, false, NULL);
	while (s->env) {
		struct crm_env *env = s->env;

		s->env = env->old;
		if (close_env)
			env_close(env);
		crm_few_free(env->few);
		free(env);
	}
	crm_meta_release(s);
	crm_lock_close(&s->lock);
	free(s);
}

void
crm_store_close(struct crm_store *s)
{
	store_end(s, close_at_exit);
}

void
crm_store_close_env(struct crm_store *s)
{
	store_end(s, true);
}

const char *
crm_store_path(const struct crm_store *s)
{
	return s->path;
}
