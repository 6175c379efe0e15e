/*
 * env_leap.c - look-ups that begin where the last one ended, or lie apart; and
 * walks that leap from key to key.
 *
 * They go down the tree by themselves.  Nothing is believed but what fits its
 * checksum, which is of the key too, between neighbours that are in order;
 * all else is left to LMDB.
 */
#include <stdlib.h>
#include <string.h>

#include "store/env_way.h"

/* ---- look-ups that lie apart ---- */

enum { APART = 512 };

void
crm_txn_apart(struct crm_txn *t)
{
	t->apart.on = true;
}

void
crm_txn_apart_end(struct crm_txn *t)
{
	t->apart.on = false;
}

/* Reads a page of a level, unless it was the last; NULL. */
static const unsigned char *
apart_page(struct crm_txn *t, unsigned level, uint64_t at)
{
	unsigned char **page = &t->apart.level[level].page;
	uint64_t *last = &t->apart.level[level].at;
	size_t size = t->env->page;
	int fd;

	if (*last != at) {
		*last = 0;
		if (!*page)
			*page = crm_arena_alloc(&t->values, size);
		mdb_env_get_fd(t->env->mdb, &fd);
		if (!*page ||
		    crm_page_read(fd, *page, size, at * size) != CRM_OK)
			return NULL;
		*last = at;
	}
	return crm_page_u64(*page) == at ? *page : NULL;
}

/*
 * Reads the pages on the way to a key: one that is touched in the map costs as
 * much as to read three.  What is found has to fit its checksum, which is of
 * the key too, whatever the pages are like, and what is not found is looked for
 * by LMDB again.
 */
static int
apart_get(struct crm_txn *t, unsigned table, struct crm_str key,
    struct crm_str *value)
{
	size_t size = t->env->page, i = 0, n;
	const unsigned char *page = NULL;
	struct crm_str from, to;
	uint64_t at;

	t->apart.looks++;
	if (!crm_way_begin(t, table, key, NULL) ||
	    t->way.depth > CRM_ENV_LEVELS)
		return CRM_NO;
	at = t->way.root;
	for (unsigned level = 0; level < t->way.depth; level++) {
		if (level > 0)
			at = crm_page_down(page, size, key, &from, &to);
		page = at < 2 || at > t->way.last ? NULL
						  : apart_page(t, level, at);
		if (!page)
			return CRM_NO;
	}
	return page && crm_page_leaves(page, size, &n) &&
		       crm_page_seek(page, size, n, key, &i) && i < n &&
		       crm_page_inside(page, size, i) &&
		       crm_str_eq(crm_page_key(page, i), key) &&
		       crm_page_value(page, i, value)
		   ? CRM_OK
		   : CRM_NO;
}

/* ---- look-ups one after the other ---- */

enum { LOOKS = 8, NEXT = 4 };

/* Is the key's entry on a leaf?  *at: where the one before was, and this is. */
static bool
leaf_has(const unsigned char *page, size_t n, struct crm_str key, size_t *at)
{
	size_t i = *at, most = i + NEXT;

	if (n == 0)
		return false;
	/* the keys of a batch rise, and the next is mostly near */
	if (i >= n || crm_page_before(key, crm_page_key(page, i)))
		i = most = 0;
	else if (crm_page_before(crm_page_key(page, n - 1), key))
		return false;
	while (i < most && i < n && crm_page_before(crm_page_key(page, i), key))
		i++;
	if (i == most)
		i = crm_page_find(page, i, n, key);
	if (i == n || !crm_str_eq(crm_page_key(page, i), key))
		return false;
	*at = i;
	return true;
}

/*
 * Those of a batch come in the order of their keys: the next is mostly on the
 * leaf where the one before was found, else it is gone down to.  What is found
 * has to fit its checksum, which is of the key too, and what is not found is
 * looked for by LMDB again.  The settings have no checksum; and for a few
 * look-ups it would not pay to look whether the branches are whole.
 */
int
crm_env_near(struct crm_txn *t, unsigned table, struct crm_str key,
    struct crm_str *value)
{
	unsigned i = table % CRM_ENV_NEAR;
	const unsigned char *page;
	size_t at = 0, n;

	if (t->write || table == CRM_TAB_META || t->env->page == 0)
		return CRM_NO;
	if (t->apart.on && t->apart.looks < APART)
		return apart_get(t, table, key, value);
	if (t->near[i].table != table) {
		t->near[i].table = table;
		t->near[i].looks = 0;
		t->near[i].page = NULL;
	}
	if (t->near[i].looks < LOOKS) {
		t->near[i].looks++;
		return CRM_NO;
	}
	page = t->near[i].page;
	if (page && leaf_has(page, t->near[i].n, key, &t->near[i].at))
		return crm_page_value(page, t->near[i].at, value) ? CRM_OK
								  : CRM_NO;
	page = crm_way_begin(t, table, key, NULL) ? crm_way_leaf(t, key) : NULL;
	if (!page)
		return CRM_NO;
	n = crm_page_entries(page);
	if (!leaf_has(page, n, key, &at))
		return CRM_NO;
	t->near[i].page = page;
	t->near[i].n = n;
	t->near[i].at = at;
	return crm_page_value(page, at, value) ? CRM_OK : CRM_NO;
}

/* ---- leaps from key to key ---- */

/* In a write transaction pages move, and what lies over a table is in none. */
static bool
may_run(const struct crm_cursor *c)
{
	return c->mdb && !c->over && !c->txn->write && c->txn->env->page > 0 &&
	       c->table != CRM_TAB_META;
}

static bool
sealed(const struct crm_cursor *c, size_t i)
{
	struct crm_str value;

	return crm_page_value(c->run.page, i, &value) &&
	       crm_unseal(c->table, crm_page_key(c->run.page, i), &value,
		   NULL) == CRM_OK;
}

/* Of one that is gone over nobody else looks at the checksum; a value that has
 * pages of its own is left to who reads it. */
static bool
fits(const struct crm_cursor *c, size_t i)
{
	struct crm_str value;

	return !crm_page_value(c->run.page, i, &value) ||
	       crm_unseal(c->table, crm_page_key(c->run.page, i), &value,
		   NULL) == CRM_OK;
}

/* Is entry i before the one behind it? */
static bool
in_order(const struct crm_cursor *c, size_t i)
{
	return crm_page_before(
	    crm_page_key(c->run.page, i), crm_page_key(c->run.page, i + 1));
}

static bool
inside(const struct crm_cursor *c, size_t i)
{
	return crm_page_inside(c->run.page, c->txn->env->page, i);
}

/*
 * Looks for a key in the leaf, of which the entries before and after have to
 * be the right ones.  One that was bent is of the two, or beside them and out
 * of order; whether the leaf leaves something out elsewhere does not matter
 * here.  What does not fit, or is at an edge, is left to the cursor.
 */
static bool
run_find(struct crm_cursor *c, size_t from, struct crm_str key)
{
	size_t i = from;

	if (!crm_page_seek(c->run.page, c->txn->env->page, c->run.n, key, &i) ||
	    i < 2 || i + 1 >= c->run.n || !inside(c, i - 2) ||
	    !inside(c, i - 1) || !inside(c, i) || !inside(c, i + 1) ||
	    !in_order(c, i - 2) || !in_order(c, i - 1) || !in_order(c, i) ||
	    !sealed(c, i - 1) || !sealed(c, i))
		return false;
	c->run.at = i;
	return true;
}

/* Goes down to the leaf that has the key, if it has. */
static bool
run_seek(struct crm_cursor *c, struct crm_str key)
{
	struct crm_str from = {0}, to = {0};
	const unsigned char *page;

	if (c->run.page && c->run.to.p && crm_page_before(key, c->run.to) &&
	    run_find(c, c->run.at, key))
		return true;
	if (!crm_way_begin(c->txn, c->table, key, NULL))
		return false;
	page = crm_way_page(c->txn, key, false, &from, &to);
	if (!page || !crm_page_leaves(page, c->txn->env->page, &c->run.n) ||
	    c->run.n == 0)
		return false;
	c->run.page = page;
	c->run.full = false;
	c->run.to = to;
	return inside(c, 0) && inside(c, c->run.n - 1) &&
	       crm_way_within(page, from, to) && run_find(c, 0, key);
}

/* May all entries of the leaf be read, and are none left out? */
static bool
run_full(struct crm_cursor *c)
{
	if (!c->run.full)
		c->run.full =
		    crm_way_fits(c->run.page, c->txn->env->page, CRM_LEAF_FULL);
	return c->run.full;
}

/* The cursor came to an entry: its leaf is gone on in. */
static int
run_begin(struct crm_cursor *c, struct crm_str k, struct crm_err *err)
{
	const unsigned char *page = crm_way_of(k.p, c->txn->env->page);

	if (!crm_way_seen(c->txn, page, CRM_LEAF_FULL))
		return crm_way_fail(c->txn, c->table, err);
	c->run.page = page;
	c->run.n = crm_page_entries(page);
	c->run.full = true;
	c->run.to = (struct crm_str){NULL, 0};
	c->run.at = 0;
	while (c->run.at < c->run.n && crm_page_key(page, c->run.at).p != k.p)
		c->run.at++;
	return c->run.at < c->run.n && fits(c, c->run.at)
		   ? CRM_OK
		   : crm_way_fail(c->txn, c->table, err);
}

int
crm_cursor_hop(struct crm_cursor *c, struct crm_str key, struct crm_str *k,
    struct crm_err *err)
{
	struct crm_str v;
	int code;

	if (!may_run(c))
		return crm_cursor_seek(c, key, k, &v, err);
	if (run_seek(c, key)) {
		*k = crm_page_key(c->run.page, c->run.at);
		return CRM_OK;
	}
	c->run.page = NULL;
	code = crm_cursor_seek(c, key, k, &v, err);
	return code == CRM_OK ? run_begin(c, *k, err) : code;
}

static inline uint64_t
number_of(struct crm_str key)
{
	uint64_t v;

	memcpy(&v, key.p + key.n - 8, sizeof v);
	return be64toh(v);
}

/* Most words are short. */
static inline bool
same_head(const char *a, const char *b, size_t n)
{
	uint64_t x[2], y[2];

	if (n < 8 || n > 16)
		return memcmp(a, b, n) == 0;
	memcpy(&x[0], a, 8);
	memcpy(&y[0], b, 8);
	memcpy(&x[1], a + n - 8, 8);
	memcpy(&y[1], b + n - 8, 8);
	return x[0] == y[0] && x[1] == y[1];
}

int
crm_cursor_numbers(struct crm_cursor *c, uint64_t *out, size_t max, size_t *n,
    struct crm_err *err)
{
	struct crm_str was, at;
	uint64_t number;
	size_t head;

	*n = 0;
	if (!c->run.page)
		return CRM_OK;
	if (!run_full(c))
		return crm_way_fail(c->txn, c->table, err);
	was = crm_page_key(c->run.page, c->run.at);
	if (was.n < 8)
		return CRM_OK;
	head = was.n - 8;
	for (number = number_of(was); *n < max && c->run.at + 1 < c->run.n;
	     c->run.at++) {
		at = crm_page_key(c->run.page, c->run.at + 1);
		if (at.n != was.n || !same_head(at.p, was.p, head))
			break;
		if (number_of(at) <= number || !fits(c, c->run.at + 1))
			return crm_way_fail(c->txn, c->table, err);
		out[(*n)++] = number = number_of(at);
	}
	return CRM_OK;
}

/* To the first entry of the next leaf, which is where the keys from the end of
 * this one's on are. */
static int
run_next(struct crm_cursor *c, struct crm_str *k, struct crm_err *err)
{
	struct crm_str last = crm_page_key(c->run.page, c->run.n - 1);
	struct crm_str from = {0}, to = {0};
	const unsigned char *page = NULL;

	if (crm_way_begin(c->txn, c->table, last, last.p))
		page = crm_way_page(c->txn, c->run.to, true, &from, &to);
	/* mostly it is come to once, so that it need not be remembered */
	if (!page || !crm_way_fits(page, c->txn->env->page, CRM_LEAF_FULL) ||
	    !crm_way_within(page, from, to) ||
	    !crm_way_rises(last, crm_page_key(page, 0)))
		return crm_way_fail(c->txn, c->table, err);
	c->run.page = page;
	c->run.n = crm_page_entries(page);
	c->run.at = 0;
	c->run.full = true;
	c->run.to = to;
	if (!fits(c, 0))
		return crm_way_fail(c->txn, c->table, err);
	*k = crm_page_key(page, 0);
	return CRM_OK;
}

int
crm_cursor_step(struct crm_cursor *c, struct crm_str *k, struct crm_err *err)
{
	struct crm_str v, last;
	MDB_val key, value;
	int rc, code;

	if (!c->run.page)
		return crm_cursor_next(c, k, &v, err);
	if (!run_full(c))
		return crm_way_fail(c->txn, c->table, err);
	if (c->run.at + 1 < c->run.n) {
		if (!in_order(c, c->run.at) || !fits(c, c->run.at + 1))
			return crm_way_fail(c->txn, c->table, err);
		*k = crm_page_key(c->run.page, ++c->run.at);
		return CRM_OK;
	}
	if (c->run.to.p)
		return run_next(c, k, err);
	/* LMDB's cursor goes on from the last entry of the leaf */
	last = crm_page_key(c->run.page, c->run.n - 1);
	key.mv_size = last.n;
	memcpy(&key.mv_data, &last.p, sizeof last.p);
	rc = mdb_cursor_get(c->mdb, &key, &value, MDB_SET);
	if (rc)
		return crm_env_fail(c->txn->store, rc, "cannot read", err);
	c->last = key;
	c->seen = 0;
	c->leaf = c->run.page;
	code = crm_cursor_next(c, k, &v, err);
	c->run.page = NULL;
	return code == CRM_OK ? run_begin(c, *k, err) : code;
}
