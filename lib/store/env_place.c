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
 * neither of the leaves; and the leaf at its end have the keys that it is there
 * for, or a pointer that was bent leads past the right one to another one.
 * A walk that leaps from key to key goes down the tree by itself, and takes
 * what it finds in the midst of a leaf from there.
 * Going through a table, keys must rise, each leaf and the way to it leave
 * nothing out, and at the end the number of entries be what the table says.
 */
#include <stdlib.h>
#include <string.h>

#include "store/env_way.h"

/* In a read transaction a key lies in the page as it is in the file. */
static bool
leaf_whole(struct crm_txn *t, const void *key)
{
	size_t size = t->env->page;

	return t->write || size == 0 ||
	       crm_way_seen(t, crm_way_of(key, size), CRM_LEAF);
}

/* The same, NULL too when `near`, an entry of the table, lies in a leaf that
 * does not agree with where the map begins. */
static const unsigned char *
way_from(
    struct crm_txn *t, unsigned table, struct crm_str key, const void *near)
{
	return crm_way_begin(t, table, key, near) &&
		       crm_way_lies(near, t->way.base, t->env->page)
		   ? crm_way_leaf(t, key)
		   : NULL;
}

/* Are all pages on the way to a key whole? */
static bool
way_whole(
    struct crm_txn *t, unsigned table, struct crm_str key, const void *near)
{
	return t->write || t->env->page == 0 ||
	       way_from(t, table, key, near) != NULL;
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
		return crm_way_fail(t, table, err);
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
	page = crm_way_of(k->mv_data, size);
	if (page == c->leaf)
		return CRM_OK;
	c->leaf = page;
	if (way_from(c->txn, c->table, key, k->mv_data) == page)
		return CRM_OK;
	return crm_way_fail(c->txn, c->table, err);
}

int
crm_env_step(struct crm_cursor *c, const MDB_val *k, struct crm_err *err)
{
	struct crm_str was = {c->last.mv_data, c->last.mv_size};
	MDB_stat st;

	if (k) {
		struct crm_str at = {k->mv_data, k->mv_size};

		if (was.p && !crm_way_rises(was, at))
			return crm_way_fail(c->txn, c->table, err);
		c->last = *k;
		c->seen += c->seen > 0;
		return crm_env_leaf(c, k, err);
	}
	if (c->mdb && c->seen > 0 &&
	    mdb_stat(c->txn->mdb, mdb_cursor_dbi(c->mdb), &st) == 0 &&
	    st.ms_entries != c->seen)
		return crm_way_fail(c->txn, c->table, err);
	c->seen = 0;
	return CRM_OK;
}
