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
 * Going through a table, keys must rise, leaves leave nothing out, and at the
 * end their number be what the table says.
 */
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

/* In a read transaction a key lies in the page as it is in the file. */
static bool
leaf_sorted(struct crm_txn *t, const void *key)
{
	size_t size = t->env->page;
	const char *page = key;

	if (t->write || size == 0)
		return true;
	page -= (uintptr_t)key % size;
	if (page == t->sorted[0] || page == t->sorted[1])
		return true;
	if (!crm_page_sorted((const unsigned char *)page, size) ||
	    !crm_page_full((const unsigned char *)page, size))
		return false;
	t->sorted[1] = t->sorted[0];
	t->sorted[0] = page;
	return true;
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
	       leaf_sorted(t, k.mv_data);
}

int
crm_env_place(struct crm_txn *t, unsigned table, MDB_dbi dbi,
    struct crm_str key, bool found, struct crm_err *err)
{
	MDB_val k = {key.n, NULL}, v;
	MDB_cursor *c;
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
		fits = neighbour(t, table, key, k, v, found ? 0 : 1);
		rc = mdb_cursor_get(c, &k, &v, MDB_PREV);
	} else if (rc == MDB_NOTFOUND) {
		fits = !found;
		rc = mdb_cursor_get(c, &k, &v, MDB_LAST);
	}
	if (rc == 0)
		fits = fits && neighbour(t, table, key, k, v, -1);
	mdb_cursor_close(c);
	if (!fits)
		return place_fail(t, table, err);
	if (rc && rc != MDB_NOTFOUND)
		return crm_env_fail(t->store, rc, "cannot read", err);
	return CRM_OK;
}

/* The leaf a cursor has come to leaves none of its entries out. */
static bool
leaf_full(struct crm_cursor *c, const MDB_val *k)
{
	size_t size = c->txn->env->page;
	const unsigned char *page = k->mv_data;

	if (size == 0)
		return true;
	page -= (uintptr_t)page % size;
	if (page == c->leaf)
		return true;
	c->leaf = page;
	return crm_page_full(page, size);
}

int
crm_env_step(struct crm_cursor *c, const MDB_val *k, struct crm_err *err)
{
	struct crm_str was = {c->last.mv_data, c->last.mv_size};
	MDB_stat st;

	if (k) {
		struct crm_str at = {k->mv_data, k->mv_size};

		if ((was.p && crm_str_cmp(was, at) >= 0) || !leaf_full(c, k))
			return place_fail(c->txn, c->table, err);
		c->last = *k;
		c->seen += c->seen > 0;
		return CRM_OK;
	}
	if (c->mdb && c->seen > 0 &&
	    mdb_stat(c->txn->mdb, mdb_cursor_dbi(c->mdb), &st) == 0 &&
	    st.ms_entries != c->seen)
		return place_fail(c->txn, c->table, err);
	c->seen = 0;
	return CRM_OK;
}
