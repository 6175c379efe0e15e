/*
 * env_place.c - is what is not found really not there?
 *
 * A checksum tells a wrong value, but a key or a pointer that was bent by one
 * bit makes a search end at the wrong place, and a record that is there is
 * "not found": its figures would be none, its e-mail address free.  So where a
 * search ends without the key, or beside it, the entries before and after are
 * looked at: they must lie on either side of the key, fit their checksums, and
 * stand in leaves that are in order.  A search is led astray only by an entry
 * it has compared with, and that is then one of the two, or out of order.
 * The pages on the way there must leave nothing out, or what is left out is in
 * neither of the leaves.
 * Going through a table, keys must rise, each leaf and the way to it leave
 * nothing out, and at the end the number of entries be what the table says.
 */
#include <stdlib.h>
#include <string.h>

#include "store/env_pages.h"

static int
place_fail(struct crm_txn *t, unsigned table, struct crm_err *err)
{
	char name[8];

	crm_env_table_name(table, name);
	return crm_err_set(err, CRM_EDAMAGE,
	    "the store '%s' is damaged: keys of its table '%s' are not in"
	    " order, or some are missing",
	    t->store->path, name);
}

static const unsigned char *
page_of(const void *p, size_t size)
{
	return (const unsigned char *)p - ((uintptr_t)p & (size - 1));
}

/* Pages found whole are remembered: what walks about in a table comes back to
 * them again and again.  A look-up has no use for room for many. */
static bool
page_seen(struct crm_txn *t, const unsigned char *page, bool branch)
{
	uint64_t at = crm_page_u64(page); /* its number */
	uintptr_t mark = (uintptr_t)page | branch, *slot;

	if (!t->seen.many && t->seen.n > CRM_ENV_FEW)
		t->seen.many = calloc(CRM_ENV_MANY, sizeof *t->seen.many);
	slot = t->seen.many ? &t->seen.many[at % CRM_ENV_MANY]
			    : &t->seen.few[at % CRM_ENV_FEW];
	if (*slot == mark)
		return true;
	if (!(branch ? crm_page_branch : crm_page_leaf)(page, t->env->page))
		return false;
	t->seen.n++;
	*slot = mark;
	return true;
}

/* In a read transaction a key lies in the page as it is in the file. */
static bool
leaf_whole(struct crm_txn *t, const void *key)
{
	size_t size = t->env->page;

	return t->write || size == 0 || page_seen(t, page_of(key, size), false);
}

/* Finds the root of a table, and where the map begins: by the number of a page
 * of the list of tables, which the leaf's own has to agree with. */
static bool
way_begin(struct crm_txn *t, unsigned table, const unsigned char *leaf)
{
	size_t size = t->env->page;
	struct crm_page_db db;
	const unsigned char *page;
	char name[8];
	MDB_val k, v;

	if (!t->way.base || t->way.table != table) {
		crm_env_table_name(table, name);
		k.mv_data = name;
		k.mv_size = strlen(name);
		if (mdb_get(t->mdb, t->env->top, &k, &v) ||
		    v.mv_size != CRM_PAGE_DB)
			return false;
		crm_page_db(v.mv_data, &db);
		page = page_of(v.mv_data, size);
		t->way.base = page - crm_page_u64(page) * size;
		t->way.table = table;
		t->way.root = db.root;
		t->way.depth = db.depth;
	}
	return t->way.base + crm_page_u64(leaf) * size == leaf;
}

/* Are all pages on the way to a key whole?  near: an entry of the table. */
static bool
way_whole(
    struct crm_txn *t, unsigned table, struct crm_str key, const void *near)
{
	size_t size = t->env->page;
	MDB_envinfo info;
	uint64_t at;

	if (t->write || size == 0)
		return true;
	if (!way_begin(t, table, page_of(near, size)))
		return false;
	mdb_env_info(t->env->mdb, &info);
	at = t->way.root;
	for (unsigned i = 1; i <= t->way.depth; i++) {
		const unsigned char *page = t->way.base + at * size;

		if (at < 2 || at > info.me_last_pgno ||
		    crm_page_u64(page) != at)
			return false;
		if (i == t->way.depth)
			return crm_page_is_leaf(page);
		if (!page_seen(t, page, true))
			return false;
		at = crm_page_child(page, key);
	}
	return false;
}

/* side: on which of the key it is to lie, 0 for at or after. */
static bool
neighbour(struct crm_txn *t, unsigned table, struct crm_str key, MDB_val k,
    MDB_val v, int side)
{
	struct crm_str at = {k.mv_data, k.mv_size};
	struct crm_str value = {v.mv_data, v.mv_size};
	int cmp = crm_str_cmp(at, key);

	if (side < 0 ? cmp >= 0 : side > 0 ? cmp <= 0 : cmp < 0)
		return false;
	return crm_unseal(table, at, &value, NULL) == CRM_OK &&
	       leaf_whole(t, k.mv_data);
}

/* What a look beside a key came to: rc of LMDB, and whether all fits. */
static int
placed(
    struct crm_txn *t, unsigned table, int rc, bool fits, struct crm_err *err)
{
	if (!fits)
		return place_fail(t, table, err);
	if (rc && rc != MDB_NOTFOUND)
		return crm_env_fail(t->store, rc, "cannot read", err);
	return CRM_OK;
}

int
crm_env_place(struct crm_txn *t, unsigned table, MDB_dbi dbi,
    struct crm_str key, struct crm_err *err)
{
	MDB_val k = {key.n, NULL}, v;
	MDB_cursor *c;
	const void *near = NULL;
	bool fits = true;
	int rc;

	if (table == CRM_TAB_META)
		return CRM_OK; /* without checksums */
	rc = mdb_cursor_open(t->mdb, dbi, &c);
	if (rc)
		return crm_env_fail(t->store, rc, "cannot read", err);
	memcpy(&k.mv_data, &key.p, sizeof(key.p));
	rc = mdb_cursor_get(c, &k, &v, MDB_SET_RANGE);
	if (rc == 0) {
		near = k.mv_data;
		fits = neighbour(t, table, key, k, v, 1);
		rc = mdb_cursor_get(c, &k, &v, MDB_PREV);
	} else if (rc == MDB_NOTFOUND) {
		rc = mdb_cursor_get(c, &k, &v, MDB_LAST);
	}
	if (rc == 0) {
		near = k.mv_data;
		fits = fits && neighbour(t, table, key, k, v, -1);
	}
	if (near)
		fits = fits && way_whole(t, table, key, near);
	mdb_cursor_close(c);
	return placed(t, table, rc, fits, err);
}

/* The cursor itself looks at the entry before and steps back, which spares a
 * second search; a walk from beginning to beginning is made of these. */
int
crm_env_first(struct crm_cursor *c, struct crm_str key, const MDB_val *k,
    const MDB_val *v, struct crm_err *err)
{
	struct crm_txn *t = c->txn;
	MDB_val at, value;
	bool fits;
	int rc;

	if (c->table == CRM_TAB_META)
		return CRM_OK; /* without checksums */
	fits = neighbour(t, c->table, key, *k, *v, 0) &&
	       way_whole(t, c->table, key, k->mv_data);
	rc = mdb_cursor_get(c->mdb, &at, &value, MDB_PREV);
	if (rc == 0) {
		fits = fits && neighbour(t, c->table, key, at, value, -1);
		rc = mdb_cursor_get(c->mdb, &at, &value, MDB_NEXT);
		fits = fits && at.mv_data == k->mv_data;
	}
	return placed(t, c->table, rc, fits, err);
}

int
crm_env_leaf(struct crm_cursor *c, const MDB_val *k, struct crm_err *err)
{
	size_t size = c->txn->env->page;
	struct crm_str key = {k->mv_data, k->mv_size};
	const unsigned char *page;

	if (size == 0 || c->txn->write || c->table == CRM_TAB_META)
		return CRM_OK;
	page = page_of(k->mv_data, size);
	if (page == c->leaf)
		return CRM_OK;
	c->leaf = page;
	if (crm_page_full(page, size) &&
	    way_whole(c->txn, c->table, key, k->mv_data))
		return CRM_OK;
	return place_fail(c->txn, c->table, err);
}

/* Numbers of records, as most keys are, are compared as such. */
static inline bool
rises(struct crm_str was, struct crm_str at)
{
	if (was.n == 8 && at.n == 8) {
		uint64_t x, y;

		memcpy(&x, was.p, 8);
		memcpy(&y, at.p, 8);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
		x = __builtin_bswap64(x);
		y = __builtin_bswap64(y);
#endif
		return x < y;
	}
	return crm_str_cmp(was, at) < 0;
}

int
crm_env_step(struct crm_cursor *c, const MDB_val *k, struct crm_err *err)
{
	struct crm_str was = {c->last.mv_data, c->last.mv_size};
	MDB_stat st;

	if (k) {
		struct crm_str at = {k->mv_data, k->mv_size};

		if (was.p && !rises(was, at))
			return place_fail(c->txn, c->table, err);
		c->last = *k;
		c->seen += c->seen > 0;
		return crm_env_leaf(c, k, err);
	}
	if (c->mdb && c->seen > 0 &&
	    mdb_stat(c->txn->mdb, mdb_cursor_dbi(c->mdb), &st) == 0 &&
	    st.ms_entries != c->seen)
		return place_fail(c->txn, c->table, err);
	c->seen = 0;
	return CRM_OK;
}
