/*
 * env_rewrite.c - every entry of a store, put anew into a data file.
 *
 * LMDB can copy an environment and leave out its free pages, but copies pages
 * as they are: what was deleted is still in the gaps of leaves and in the tails
 * of large values.  Here each entry is put by itself, in the order of keys, so
 * that the new file holds nothing but what can be read, and its pages are full.
 *
 * Nobody sees the new file before it is done, so it is made without locks
 * and synced once, at the end; a crash leaves a folder that is removed.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/env_internal.h"

#define PART_BYTES ((size_t)16 << 20) /* of a transaction */
#define PART_ENTRIES 200000
#define MAP_ROOM ((size_t)64 << 20)
#define DATABASES 96
#define NAME_MAX_BYTES CRM_KEY_MAX

struct rewrite {
	struct crm_store *from;
	const char *folder; /* of the new one */
	unsigned without; /* tables that begin empty, bits */
	struct crm_txn *txn; /* of the old one */
	struct crm_env to;
	MDB_txn *put; /* of the new one */
	size_t bytes, entries; /* since it began */
	uint64_t done, total;
	crm_count_fn *watch;
	void *ctx;
};

static int
fail(struct rewrite *w, int rc, const char *what, struct crm_err *err)
{
	return crm_env_fail(w->from, rc, what, err);
}

/* A full disk is that of the new file. */
static int
put_fail(struct rewrite *w, int rc, struct crm_err *err)
{
	return rc > 0 ? crm_folder_fail(w->folder, rc, "cannot write to", err)
		      : crm_env_fail(w->from, rc, "cannot copy", err);
}

static int
put_open(struct rewrite *w, struct crm_err *err)
{
	char path[CRM_PATH_MAX];
	MDB_envinfo info;
	MDB_stat st;
	size_t map;
	int fd, rc;

	crm_folder_path(path, w->folder, "data.mdb");
	fd = crm_folder_create(path, err);
	if (fd < 0)
		return fd;
	close(fd);
	/* Appended in order, entries need no more pages than they had; what a
	 * part of the work gives back, the next uses. */
	mdb_env_info(w->from->env->mdb, &info);
	mdb_env_stat(w->from->env->mdb, &st);
	map = (info.me_last_pgno + 1) * st.ms_psize * 2 + MAP_ROOM;
	rc = mdb_env_create(&w->to.mdb);
	if (!rc)
		rc = mdb_env_set_maxdbs(w->to.mdb, DATABASES);
	if (!rc)
		rc = mdb_env_set_mapsize(w->to.mdb, map);
	if (!rc)
		rc = mdb_env_open(
		    w->to.mdb, w->folder, MDB_NOLOCK | MDB_NOSYNC, 0600);
	if (!rc)
		rc = mdb_txn_begin(w->to.mdb, NULL, 0, &w->put);
	return rc ? put_fail(w, rc, err) : CRM_OK;
}

/* A part is done. */
static int
put_part(struct rewrite *w, struct crm_err *err)
{
	int rc = mdb_txn_commit(w->put);

	w->put = NULL;
	w->bytes = w->entries = 0;
	if (!rc)
		rc = mdb_txn_begin(w->to.mdb, NULL, 0, &w->put);
	if (rc)
		return put_fail(w, rc, err);
	if (w->watch)
		w->watch(w->ctx, w->done, w->total);
	return CRM_OK;
}

static int
copy_entries(struct rewrite *w, MDB_cursor *c, MDB_dbi to, unsigned flags,
    uint64_t *n, struct crm_err *err)
{
	unsigned put = flags & MDB_DUPSORT ? MDB_APPENDDUP : MDB_APPEND;
	MDB_val k, v;
	int rc, code;

	while ((rc = mdb_cursor_get(c, &k, &v, MDB_NEXT)) == 0) {
		rc = mdb_put(w->put, to, &k, &v, put);
		if (rc == MDB_KEYEXIST)
			return crm_err_set(err, CRM_EDAMAGE,
			    "the store '%s' is damaged: its keys are out of "
			    "order",
			    w->from->path);
		if (rc)
			return put_fail(w, rc, err);
		++*n;
		w->done++;
		w->bytes += k.mv_size + v.mv_size;
		if (++w->entries < PART_ENTRIES && w->bytes < PART_BYTES)
			continue;
		code = put_part(w, err);
		if (code < 0)
			return code;
	}
	return rc == MDB_NOTFOUND ? CRM_OK : fail(w, rc, "cannot read", err);
}

static bool
left_out(const struct rewrite *w, const char *name)
{
	char table[8];

	for (unsigned i = 0; i <= CRM_TAB_COLUMNS; i++) {
		crm_env_table_name(i, table);
		if (w->without >> i & 1 && strcmp(name, table) == 0)
			return true;
	}
	return false;
}

/* One that begins empty: what it holds is not even read. */
static int
make_table(struct rewrite *w, const char *name, struct crm_err *err)
{
	MDB_dbi to;
	int rc = mdb_dbi_open(w->put, name, MDB_CREATE, &to);

	return rc ? put_fail(w, rc, err) : CRM_OK;
}

/* One table, whoever made it; as many entries as both sides say. */
static int
copy_table(struct rewrite *w, const char *name, struct crm_err *err)
{
	MDB_dbi from, to;
	MDB_cursor *c;
	MDB_stat was, now;
	unsigned flags = 0;
	uint64_t n = 0;
	int rc, code;

	rc = mdb_dbi_open(w->txn->mdb, name, 0, &from);
	if (!rc)
		rc = mdb_dbi_flags(w->txn->mdb, from, &flags);
	if (!rc)
		rc = mdb_stat(w->txn->mdb, from, &was);
	if (!rc)
		rc = mdb_cursor_open(w->txn->mdb, from, &c);
	if (rc)
		return fail(w, rc, "cannot read", err);
	rc = mdb_dbi_open(w->put, name, flags | MDB_CREATE, &to);
	code =
	    rc ? put_fail(w, rc, err) : copy_entries(w, c, to, flags, &n, err);
	mdb_cursor_close(c);
	if (code < 0)
		return code;
	rc = mdb_stat(w->put, to, &now);
	if (rc)
		return put_fail(w, rc, err);
	if (n == was.ms_entries && n == now.ms_entries)
		return CRM_OK;
	return crm_err_set(err, CRM_EDAMAGE,
	    "the store '%s' is damaged: table '%.60s' has %llu entries, %llu "
	    "were found and %llu written",
	    w->from->path, name, (unsigned long long)was.ms_entries,
	    (unsigned long long)n, (unsigned long long)now.ms_entries);
}

static int
copy_tables(struct rewrite *w, struct crm_err *err)
{
	char name[NAME_MAX_BYTES + 1];
	MDB_cursor *c;
	MDB_val k, v;
	MDB_dbi top;
	int rc = mdb_dbi_open(w->txn->mdb, NULL, 0, &top);
	int code = CRM_OK;

	if (!rc)
		rc = mdb_cursor_open(w->txn->mdb, top, &c);
	if (rc)
		return fail(w, rc, "cannot read", err);
	while (
	    code == CRM_OK && (rc = mdb_cursor_get(c, &k, &v, MDB_NEXT)) == 0) {
		if (k.mv_size > NAME_MAX_BYTES)
			k.mv_size = NAME_MAX_BYTES;
		memcpy(name, k.mv_data, k.mv_size);
		name[k.mv_size] = '\0';
		code = left_out(w, name) ? make_table(w, name, err)
					 : copy_table(w, name, err);
	}
	mdb_cursor_close(c);
	if (code == CRM_OK && rc != MDB_NOTFOUND)
		code = fail(w, rc, "cannot read", err);
	return code;
}

static void
count_all(struct rewrite *w)
{
	uint64_t n;

	for (unsigned i = 0; i < CRM_TABS; i++)
		if ((i > CRM_TAB_COLUMNS || !(w->without >> i & 1)) &&
		    crm_count(w->txn, i, &n, NULL) == CRM_OK)
			w->total += n;
}

/* On the disk, with its mode, and as long as its last page says. */
static int
put_done(struct rewrite *w, struct crm_err *err)
{
	char path[CRM_PATH_MAX];
	int rc = mdb_txn_commit(w->put);
	int code;

	w->put = NULL;
	if (!rc)
		rc = mdb_env_sync(w->to.mdb, 1);
	if (rc)
		return put_fail(w, rc, err);
	crm_env_fill(&w->to);
	crm_folder_path(path, w->folder, "data.mdb");
	code = crm_folder_sync(path, err);
	mdb_env_close(w->to.mdb); /* it has no locks */
	w->to.mdb = NULL;
	if (code == CRM_OK)
		code = crm_env_make_locks(w->from, w->folder, err);
	return code < 0 ? code : crm_folder_sync(w->folder, err);
}

int
crm_env_rewrite(struct crm_store *s, const char *folder, unsigned without,
    crm_count_fn *watch, void *ctx, uint64_t *entries, struct crm_err *err)
{
	struct rewrite w = {.from = s,
	    .folder = folder,
	    .without = without,
	    .watch = watch,
	    .ctx = ctx};
	int code = crm_env_begin(s, false, &w.txn, err);

	if (code < 0)
		return code;
	count_all(&w);
	code = put_open(&w, err);
	if (code == CRM_OK)
		code = copy_tables(&w, err);
	if (code == CRM_OK)
		code = put_done(&w, err);
	if (w.put)
		mdb_txn_abort(w.put);
	if (w.to.mdb)
		mdb_env_close(w.to.mdb); /* it has no locks */
	/* Taken back, so that tables of others that were opened are closed. */
	crm_env_end(w.txn, false, NULL);
	*entries = w.done;
	return code;
}
