/*
 * env_table.c - ordered tables over LMDB's named databases.
 *
 * LMDB hands out a handle's number when a transaction opens it and keeps it
 * when that transaction commits; two transactions of one process that both open
 * something new would get the same number for different tables.  So one may
 * do so only while no other has handles that are not kept, a reader only when
 * it is alone.  Otherwise a table that exists and is not open is answered
 * "busy"; that takes a table made by another process in just this moment.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <crm/hash.h>

#include "store/env_internal.h"

#define OVERFLOW_FROM 2000 /* bytes: longer values have pages of their own */
#define PAGE 4096
#define NODE 10 /* bytes about an entry's own */
#define NODE_MOST 2038 /* two of them fit a page */
#define AHEAD 1024 /* bytes at most that are asked for in advance */

static const char *const names[CRM_TAB_COLUMNS + 1] = {
    [CRM_TAB_META] = "meta",
    [CRM_TAB_LOG] = "log",
    [CRM_TAB_IDENT] = "ident",
    [CRM_TAB_INDEX] = "index",
    [CRM_TAB_SALES] = "sales",
    [CRM_TAB_TALLY] = "tally",
    [CRM_TAB_SOURCE] = "source",
    [CRM_TAB_COLUMNS] = "columns",
};

void
crm_env_table_name(unsigned table, char out[8])
{
	if (table <= CRM_TAB_COLUMNS) {
		memcpy(out, names[table], strlen(names[table]) + 1);
		return;
	}
	table = (table - CRM_TAB_KIND) % 100;
	out[0] = 'k';
	out[1] = (char)('0' + table / 10);
	out[2] = (char)('0' + table % 10);
	out[3] = '\0';
}

unsigned
crm_env_table_of(struct crm_str name)
{
	if (name.n == 3 && name.p[0] == 'k' && name.p[1] >= '0' &&
	    name.p[1] <= '9' && name.p[2] >= '0' && name.p[2] <= '9') {
		unsigned kind = (unsigned)(name.p[1] - '0') * 10 +
				(unsigned)(name.p[2] - '0');

		if (kind > 0 && kind < CRM_K_MAX)
			return CRM_TAB_KIND + kind;
	}
	for (unsigned i = 0; i <= CRM_TAB_COLUMNS; i++)
		if (crm_str_is(name, names[i]))
			return i;
	return CRM_TABS;
}

static int
table_fail(struct crm_txn *t, int rc, const char *what, struct crm_err *err)
{
	int code;

	if (rc == MDB_MAP_FULL)
		t->full = true;
	code = crm_env_fail(t->store, rc, what, err);
	if (t->write && !t->failed)
		t->failed = code;
	return code;
}

static int
table_open(struct crm_txn *t, unsigned table, unsigned flags, MDB_dbi *out,
    struct crm_err *err)
{
	char name[8];
	int rc;

	crm_env_table_name(table, name);
	rc = mdb_dbi_open(t->mdb, name, flags, out);
	if (rc == MDB_NOTFOUND)
		return CRM_NOTFOUND;
	if (rc)
		return table_fail(t, rc, "cannot open a table of", err);
	t->env->dbi[table] = *out;
	t->env->opener = t;
	if (flags & MDB_CREATE)
		t->w->puts[CRM_TAB_META]++; /* its name is in the sum */
	t->opened[table / 64] |= (uint64_t)1 << (table % 64);
	if (*out >= t->limit)
		t->limit = *out + 1;
	return CRM_OK;
}

/* The table is not open, or not for this transaction. */
static int
table_late(struct crm_txn *t, unsigned table, bool create, MDB_dbi *out,
    struct crm_err *err)
{
	struct crm_env *env = t->env;
	char name[8];
	MDB_val k, v;
	MDB_dbi top;
	int rc;

	if (env->dbi[table] == 0 && t->limit >= env->limit &&
	    (!env->opener || env->opener == t) && (t->write || env->ntxn == 1))
		return table_open(t, table, create ? MDB_CREATE : 0, out, err);
	crm_env_table_name(table, name);
	k.mv_data = name;
	k.mv_size = strlen(name);
	rc = mdb_dbi_open(t->mdb, NULL, 0, &top);
	if (!rc)
		rc = mdb_get(t->mdb, top, &k, &v);
	if (rc == MDB_NOTFOUND && !create)
		return CRM_NOTFOUND;
	return crm_err_set(err, CRM_EBUSY,
	    "busy: table '%s' of '%s' is being made", name, t->store->path);
}

int
crm_env_table(struct crm_txn *t, unsigned table, bool create, MDB_dbi *out,
    struct crm_err *err)
{
	if (t->env->few) {
		t->store->missed = true;
		return crm_err_set(err, CRM_EBUSY,
		    "busy: '%s' was opened for a few look-ups", t->store->path);
	}
	*out = table < CRM_TABS ? t->env->dbi[table] : 0;
	if (*out && *out < t->limit)
		return CRM_OK;
	if (table >= CRM_TABS)
		return crm_err_set(
		    err, CRM_EBUG, "there is no table %u", table);
	return table_late(t, table, create, out, err);
}

int
crm_env_tables(struct crm_txn *t, struct crm_err *err)
{
	MDB_cursor *c;
	MDB_val k, v;
	MDB_dbi top, dbi;
	int rc = mdb_dbi_open(t->mdb, NULL, 0, &top);
	int code = CRM_OK;

	if (!rc)
		rc = mdb_cursor_open(t->mdb, top, &c);
	if (rc)
		return crm_env_fail(t->store, rc, "cannot read", err);
	t->env->top = top;
	while (code >= 0 && (rc = mdb_cursor_get(c, &k, &v, MDB_NEXT)) == 0) {
		unsigned table =
		    crm_env_table_of((struct crm_str){k.mv_data, k.mv_size});

		/* What is not ours is left to who made it: what must be known
		 * to read a store is told by its required features. */
		if (table < CRM_TABS)
			code = table_open(t, table, 0, &dbi, err);
	}
	mdb_cursor_close(c);
	if (code >= 0 && rc != MDB_NOTFOUND)
		code = crm_env_fail(t->store, rc, "cannot read", err);
	return code < 0 ? code : CRM_OK;
}

int
crm_env_names(struct crm_txn *t, uint32_t *sum, struct crm_err *err)
{
	MDB_cursor *c;
	MDB_val k, v;
	MDB_dbi top;
	int rc;

	if (crm_few_names(t, sum))
		return CRM_OK;
	rc = mdb_dbi_open(t->mdb, NULL, 0, &top);
	if (!rc)
		rc = mdb_cursor_open(t->mdb, top, &c);
	if (rc)
		return crm_env_fail(t->store, rc, "cannot read", err);
	while ((rc = mdb_cursor_get(c, &k, &v, MDB_NEXT)) == 0)
		if (crm_env_table_of((struct crm_str){k.mv_data, k.mv_size}) <
		    CRM_TABS)
			*sum = crm_crc32c(*sum, k.mv_data, k.mv_size);
	mdb_cursor_close(c);
	return rc == MDB_NOTFOUND
		   ? CRM_OK
		   : crm_env_fail(t->store, rc, "cannot read", err);
}

int
crm_env_table_make(struct crm_txn *t, unsigned table, struct crm_err *err)
{
	MDB_dbi dbi;

	return crm_env_table(t, table, true, &dbi, err);
}

/* ---- entries ---- */

static inline MDB_val
val_of(struct crm_str s)
{
	MDB_val v = {s.n, NULL};

	memcpy(&v.mv_data, &s.p, sizeof(s.p)); /* LMDB does not write to it */
	return v;
}

static int
key_check(struct crm_str key, struct crm_err *err)
{
	if (key.n >= 1 && key.n <= CRM_KEY_MAX)
		return CRM_OK;
	return crm_err_set(err, CRM_EBUG, "a key of %zu bytes, wanted 1 to %d",
	    key.n, CRM_KEY_MAX);
}

static int
get_near(struct crm_txn *t, unsigned table, MDB_dbi dbi, MDB_val *k, MDB_val *v)
{
	struct crm_str key = {k->mv_data, k->mv_size}, value;

	if (crm_env_near(t, table, key, &value) != CRM_OK)
		return mdb_get(t->mdb, dbi, k, v);
	*v = val_of(value);
	return 0;
}

int
crm_get(struct crm_txn *t, unsigned table, struct crm_str key,
    struct crm_str *value, struct crm_err *err)
{
	MDB_val k = val_of(key);
	MDB_val v;
	MDB_dbi dbi;
	int rc, code;

	if (crm_over_has(t, table))
		return crm_over_get(t, table, key, value, err);
	if (t->env->few && crm_few_get(t, table, key, value) == CRM_OK)
		return CRM_OK;
	code = crm_env_table(t, table, false, &dbi, err);
	if (code < 0)
		return code;
	rc = get_near(t, table, dbi, &k, &v);
	if (rc == 0) {
		*value = (struct crm_str){v.mv_data, v.mv_size};
		return CRM_OK;
	}
	if (rc == MDB_NOTFOUND) {
		code = crm_env_place(t, table, dbi, key, err);
		return code < 0 ? code : CRM_NOTFOUND;
	}
	return rc == MDB_BAD_VALSIZE
		   ? key_check(key, err)
		   : crm_env_fail(t->store, rc, "cannot read", err);
}

/* Keeps count of pages, and of the highest number of a kind. */
static void
put_count(struct crm_txn *t, unsigned table, struct crm_str key, size_t n,
    bool append)
{
	uint64_t number;

	if (n > OVERFLOW_FROM)
		t->pages += (n + PAGE) / PAGE;
	if (append)
		t->bytes += key.n + NODE + (n > OVERFLOW_FROM ? 8 : n);
	else
		t->w->puts[table]++;
	if (table > CRM_TAB_KIND && crm_take_be(&key, 8, &number)) {
		uint64_t *given = &t->w->given[table - CRM_TAB_KIND];

		/* 0 means that the table is still to be looked into. */
		if (*given && number > *given)
			*given = number;
	}
}

/* A record is changed: the block it is in is no more what its records are. */
static int
drop_block(
    struct crm_txn *t, unsigned table, struct crm_str key, struct crm_err *err)
{
	char block[CRM_COLUMNS_KEY];
	uint64_t number;
	int code;

	if (!crm_columns_of(table - CRM_TAB_KIND) ||
	    !crm_take_be(&key, 8, &number))
		return CRM_OK;
	crm_columns_key(table - CRM_TAB_KIND, number, block);
	if (memcmp(t->w->dropped, block, sizeof block) == 0)
		return CRM_OK;
	code = crm_del(
	    t, CRM_TAB_COLUMNS, (struct crm_str){block, sizeof block}, err);
	if (code < 0 && code != CRM_NOTFOUND)
		return code;
	memcpy(t->w->dropped, block, sizeof block);
	return CRM_OK;
}

static void
put_from_root(struct crm_txn *t, unsigned table)
{
	if (t->w->at[table].mdb)
		mdb_cursor_close(t->w->at[table].mdb);
	t->w->at[table].mdb = NULL;
	t->w->at[table].how = PUT_NONE;
}

/*
 * The first one is put from the root of the tree, those after it by a cursor:
 * keys that are put in their order mostly go to the page of the one before, and
 * what is appended always.  A cursor that appends takes for granted that
 * nothing else does, so any other put or delete ends it.
 */
static int
put_near(struct crm_txn *t, unsigned table, MDB_dbi dbi, MDB_val *k, MDB_val *v,
    unsigned flags)
{
	MDB_cursor **at = &t->w->at[table].mdb;
	unsigned how = flags & MDB_APPEND ? PUT_APPEND : PUT_ANY;
	int rc;

	if (t->w->at[table].how != how) {
		put_from_root(t, table);
		t->w->at[table].how = how;
		return mdb_put(t->mdb, dbi, k, v, flags);
	}
	if (*at == NULL) {
		rc = mdb_cursor_open(t->mdb, dbi, at);
		if (rc)
			return rc;
	}
	return mdb_cursor_put(*at, k, v, flags);
}

int
crm_put(struct crm_txn *t, unsigned table, struct crm_str key,
    struct crm_str value, unsigned flags, struct crm_err *err)
{
	MDB_val k = val_of(key);
	MDB_val v = val_of(value);
	MDB_dbi dbi;
	bool append = (flags & CRM_PUT_APPEND) != 0;
	int rc;
	int code = key_check(key, err);

	if (code == CRM_OK && !t->write)
		code = crm_err_set(err, CRM_EBUG, "a put outside of a write");
	if (code == CRM_OK)
		code = crm_env_table(t, table, true, &dbi, err);
	if (code < 0)
		return code;
	rc = put_near(t, table, dbi, &k, &v,
	    append		  ? MDB_APPEND
	    : flags & CRM_PUT_NEW ? MDB_NOOVERWRITE
				  : 0);
	if (rc == MDB_KEYEXIST && !append)
		return CRM_NO;
	if (rc == MDB_KEYEXIST) {
		t->failed = CRM_EBUG;
		return crm_err_set(
		    err, CRM_EBUG, "a key appended that is not past the last");
	}
	if (rc)
		return table_fail(t, rc, "cannot write to", err);
	put_count(t, table, key, value.n, append);
	if (table == CRM_TAB_LOG)
		t->w->logged = true;
	/* what is past the last is in no block */
	return table > CRM_TAB_KIND && !append ? drop_block(t, table, key, err)
					       : CRM_OK;
}

int
crm_del(
    struct crm_txn *t, unsigned table, struct crm_str key, struct crm_err *err)
{
	MDB_val k = val_of(key);
	MDB_dbi dbi;
	int rc;
	int code = key_check(key, err);

	if (code == CRM_OK && !t->write)
		code =
		    crm_err_set(err, CRM_EBUG, "a delete outside of a write");
	if (code == CRM_OK)
		code = crm_env_table(t, table, false, &dbi, err);
	if (code < 0)
		return code;
	put_from_root(t, table);
	rc = mdb_del(t->mdb, dbi, &k, NULL);
	if (rc == MDB_NOTFOUND)
		return CRM_NOTFOUND;
	if (rc)
		return table_fail(t, rc, "cannot write to", err);
	t->w->puts[table]++;
	return table > CRM_TAB_KIND ? drop_block(t, table, key, err) : CRM_OK;
}

int
crm_count(struct crm_txn *t, unsigned table, uint64_t *out, struct crm_err *err)
{
	MDB_stat st;
	MDB_dbi dbi;
	int rc;
	int code = crm_env_table(t, table, false, &dbi, err);

	*out = 0;
	if (code < 0)
		return code == CRM_NOTFOUND ? CRM_OK : code;
	rc = mdb_stat(t->mdb, dbi, &st);
	if (rc)
		return crm_env_fail(t->store, rc, "cannot read", err);
	*out = st.ms_entries;
	return CRM_OK;
}

uint64_t
crm_leaves(struct crm_txn *t, unsigned table)
{
	MDB_stat st;

	if (table >= CRM_TABS || t->env->dbi[table] == 0 ||
	    mdb_stat(t->mdb, t->env->dbi[table], &st) != 0)
		return 0;
	return st.ms_leaf_pages;
}

/* As LMDB has it: a head and a place in the page's list, to even bytes; of a
 * value that has pages of its own, their number. */
size_t
crm_leaf_size(size_t key, size_t value)
{
	size_t node = 8 + key + value;

	if (node > NODE_MOST)
		node = 8 + key + 8;
	return ((node + 1) & ~(size_t)1) + 2;
}

/*
 * A put into the middle makes at most one leaf dirty that was clean, and a
 * table has no more dirty pages than pages.  The branches above are few.
 */
size_t
crm_txn_dirty(struct crm_txn *t)
{
	size_t sum;

	if (!t->write)
		return 0;
	sum = t->pages + (t->bytes + PAGE - 1) / PAGE;
	for (unsigned i = 0; i < CRM_TABS; i++) {
		size_t n = t->w->puts[i];
		MDB_stat st;

		if (n == 0)
			continue;
		if (t->mdb && mdb_stat(t->mdb, t->env->dbi[i], &st) == 0 &&
		    n > st.ms_leaf_pages + st.ms_branch_pages + 1)
			n = st.ms_leaf_pages + st.ms_branch_pages + 1;
		sum += n;
	}
	return sum;
}

/* ---- cursors ---- */

int
crm_cursor_open(struct crm_txn *t, unsigned table, struct crm_cursor **out,
    struct crm_err *err)
{
	struct crm_cursor *c;
	MDB_dbi dbi;
	int rc = 0;
	int code = crm_env_table(t, table, false, &dbi, err);

	*out = NULL;
	if (code < 0 && code != CRM_NOTFOUND)
		return code;
	c = calloc(1, sizeof(*c));
	if (!c)
		return crm_err_nomem(err);
	if (code == CRM_OK)
		rc = mdb_cursor_open(t->mdb, dbi, &c->mdb);
	if (rc) {
		free(c);
		return crm_env_fail(t->store, rc, "cannot read", err);
	}
	c->txn = t;
	c->table = table;
	c->next = t->cursors;
	t->cursors = c;
	if (crm_over_has(t, table) && (code = crm_over_open(c, err)) < 0) {
		crm_cursor_close(c);
		return code;
	}
	*out = c;
	return CRM_OK;
}

void
crm_cursor_close(struct crm_cursor *c)
{
	struct crm_cursor **p;

	if (!c)
		return;
	for (p = &c->txn->cursors; *p && *p != c; p = &(*p)->next)
		;
	if (*p)
		*p = c->next;
	if (c->mdb)
		mdb_cursor_close(c->mdb);
	crm_over_close(c->over);
	free(c);
}

static inline int
cursor_get(struct crm_cursor *c, MDB_val *key, MDB_cursor_op op,
    struct crm_str *k, struct crm_str *v, struct crm_err *err)
{
	MDB_val val;
	int rc;

	if (!c->mdb)
		return CRM_NOTFOUND;
	rc = mdb_cursor_get(c->mdb, key, &val, op);
	if (rc == MDB_NOTFOUND)
		return CRM_NOTFOUND;
	if (rc)
		return crm_env_fail(c->txn->store, rc, "cannot read", err);
	*k = (struct crm_str){key->mv_data, key->mv_size};
	*v = (struct crm_str){val.mv_data, val.mv_size};
	return CRM_OK;
}

int
crm_cursor_seek(struct crm_cursor *c, struct crm_str key, struct crm_str *k,
    struct crm_str *v, struct crm_err *err)
{
	MDB_val at = val_of(key);
	int code;

	if (key.n > CRM_KEY_MAX)
		return key_check(key, err);
	if (c->over)
		return crm_over_seek(c, key, k, v, err);
	c->seen = 0;
	c->last = (MDB_val){0};
	code = cursor_get(c, &at, key.n ? MDB_SET_RANGE : MDB_FIRST, k, v, err);
	if (key.n == 0) {
		c->seen = code == CRM_OK;
		c->last = at;
		return code == CRM_OK ? crm_env_leaf(c, &at, err) : code;
	}
	if (code == CRM_OK) {
		MDB_val value = val_of(*v);

		code = crm_env_first(c, key, &at, &value, err);
		c->last = at;
	} else if (code == CRM_NOTFOUND && c->mdb) {
		code = crm_env_place(
		    c->txn, c->table, mdb_cursor_dbi(c->mdb), key, err);
		return code < 0 ? code : CRM_NOTFOUND;
	}
	return code;
}

int
crm_cursor_next(struct crm_cursor *c, struct crm_str *k, struct crm_str *v,
    struct crm_err *err)
{
	MDB_val key;
	int code, step;

	if (c->over)
		return crm_over_next(c, k, v, err);
	code = cursor_get(c, &key, MDB_NEXT, k, v, err);
	/*
	 * A page is filled from its end, so the entry after this one lies
	 * before it, and is about as large.  Asking for its bytes while this
	 * one is looked at saves a scan much of the time it waits for memory;
	 * where the next one lies elsewhere little is lost.  (A function of
	 * nothing else would be taken for one without effect.)
	 */
	for (size_t i = 64;
	     code == CRM_OK && i < k->n + v->n + 128 && i <= AHEAD; i += 64)
		__builtin_prefetch(k->p - i);
	if ((code != CRM_OK && code != CRM_NOTFOUND) || c->txn->write)
		return code;
	step = crm_env_step(c, code == CRM_OK ? &key : NULL, err);
	return step < 0 ? step : code;
}

static int
backwards(struct crm_cursor *c, MDB_cursor_op op, struct crm_str *k,
    struct crm_str *v, struct crm_err *err)
{
	MDB_val key;
	int code;

	if (c->over)
		return crm_over_backwards(c, err);
	c->seen = 0;
	c->last = (MDB_val){0};
	code = cursor_get(c, &key, op, k, v, err);
	return code == CRM_OK ? crm_env_leaf(c, &key, err) : code;
}

int
crm_cursor_prev(struct crm_cursor *c, struct crm_str *k, struct crm_str *v,
    struct crm_err *err)
{
	return backwards(c, MDB_PREV, k, v, err);
}

int
crm_cursor_last(struct crm_cursor *c, struct crm_str *k, struct crm_str *v,
    struct crm_err *err)
{
	return backwards(c, MDB_LAST, k, v, err);
}
