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

/* What was found of a page: it leaves nothing out, and its keys rise, too. */
enum seen { LEAF_FULL, LEAF, BRANCH };

static bool
page_fits(const unsigned char *page, size_t size, enum seen what)
{
	switch (what) {
	case LEAF_FULL:
		return crm_page_is_leaf(page) && crm_page_full(page, size);
	case LEAF:
		return crm_page_leaf(page, size);
	default:
		return crm_page_branch(page, size);
	}
}

/* That is remembered: what walks about in a table comes back to pages again
 * and again.  A look-up has no use for room for many. */
static bool
page_seen(struct crm_txn *t, const unsigned char *page, enum seen what)
{
	uint64_t at = crm_page_u64(page); /* its number */
	uintptr_t mark = (uintptr_t)page | what, *slot;

	if (!t->seen.many && t->seen.n > CRM_ENV_FEW)
		t->seen.many = calloc(CRM_ENV_MANY, sizeof *t->seen.many);
	slot = t->seen.many ? &t->seen.many[at % CRM_ENV_MANY]
			    : &t->seen.few[at % CRM_ENV_FEW];
	/* one whose keys rise leaves nothing out either */
	if (*slot == mark ||
	    (what == LEAF_FULL && *slot == ((uintptr_t)page | LEAF)))
		return true;
	if (!page_fits(page, t->env->page, what))
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

	return t->write || size == 0 || page_seen(t, page_of(key, size), LEAF);
}

/* Is the page of an entry where its number says, in a map that begins there? */
static bool
lies(const void *entry, const unsigned char *base, size_t size)
{
	const unsigned char *page = page_of(entry, size);

	return (uintptr_t)page - (uintptr_t)base == crm_page_u64(page) * size;
}

/* An entry that LMDB comes to by itself, in its leaf; NULL: there is none. */
static const void *
entry_near(struct crm_txn *t, unsigned table, struct crm_str key)
{
	MDB_val k = {key.n, NULL}, v;
	MDB_cursor *c;
	MDB_dbi dbi;
	int rc;

	if (crm_env_table(t, table, false, &dbi, NULL) < 0 ||
	    mdb_cursor_open(t->mdb, dbi, &c))
		return NULL;
	memcpy(&k.mv_data, &key.p, sizeof(key.p));
	rc = mdb_cursor_get(c, &k, &v, MDB_SET_RANGE);
	mdb_cursor_close(c);
	return rc ? NULL : k.mv_data;
}

/*
 * Finds the root of a table, and where the map begins: by the number of a page
 * of the list of tables.  One that was bent would lead out of the map, so the
 * first time in a transaction the leaf of an entry has to agree: `near`, or
 * where that is NULL the one at or after a key.
 */
static bool
way_begin(
    struct crm_txn *t, unsigned table, struct crm_str key, const void *near)
{
	size_t size = t->env->page;
	struct crm_page_db db;
	const unsigned char *page, *base;
	MDB_envinfo info;
	char name[8];
	MDB_val k, v;

	if (t->way.base && t->way.table == table)
		return true;
	crm_env_table_name(table, name);
	k.mv_data = name;
	k.mv_size = strlen(name);
	if (mdb_get(t->mdb, t->env->top, &k, &v) || v.mv_size != CRM_PAGE_DB)
		return false;
	crm_page_db(v.mv_data, &db);
	page = page_of(v.mv_data, size);
	if (crm_page_u64(page) > (uintptr_t)page / size)
		return false;
	base = page - crm_page_u64(page) * size;
	if (!t->way.base && !near)
		near = entry_near(t, table, key);
	if (t->way.base ? base != t->way.base
			: !near || !lies(near, base, size))
		return false;
	mdb_env_info(t->env->mdb, &info);
	t->way.base = base;
	t->way.table = table;
	t->way.root = db.root;
	t->way.depth = db.depth;
	t->way.last = info.me_last_pgno;
	if (t->way.last >= info.me_mapsize / size)
		t->way.last = info.me_mapsize / size - 1;
	return true;
}

/* Are the keys of a leaf those that the branches above it say? */
static bool
leaf_within(const unsigned char *page, struct crm_str from, struct crm_str to)
{
	size_t n = crm_page_entries(page);

	return n > 0 &&
	       (!from.p || !crm_page_before(crm_page_key(page, 0), from)) &&
	       (!to.p || crm_page_before(crm_page_key(page, n - 1), to));
}

/*
 * The page that the way to a key ends at, and which keys it is there for; NULL
 * when that cannot be.  whole: all branches on the way have to be, too.  Who
 * finds a key in the leaf, or an entry on either side of it, need not know
 * that: nothing lies between two entries of a leaf.
 */
static const unsigned char *
way_page(struct crm_txn *t, struct crm_str key, bool whole,
    struct crm_str *from, struct crm_str *to)
{
	size_t size = t->env->page;
	uint64_t at = t->way.root;

	for (unsigned i = 1; i <= t->way.depth; i++) {
		const unsigned char *page = t->way.base + at * size;

		if (at < 2 || at > t->way.last || crm_page_u64(page) != at)
			return NULL;
		if (i == t->way.depth)
			return page;
		if (whole && !page_seen(t, page, BRANCH))
			return NULL;
		at = whole ? crm_page_child(page, key, from, to)
			   : crm_page_down(page, size, key, from, to);
	}
	return NULL;
}

/* The leaf that the way to a key leads to, all pages on it being whole, and it
 * the one that should be there; NULL when one is not. */
static const unsigned char *
way_leaf(struct crm_txn *t, struct crm_str key)
{
	struct crm_str from = {0}, to = {0};
	const unsigned char *page = way_page(t, key, true, &from, &to);

	return page && page_seen(t, page, LEAF_FULL) &&
		       leaf_within(page, from, to)
		   ? page
		   : NULL;
}

/* The same, NULL too when `near`, an entry of the table, lies in a leaf that
 * does not agree with where the map begins. */
static const unsigned char *
way_from(
    struct crm_txn *t, unsigned table, struct crm_str key, const void *near)
{
	return way_begin(t, table, key, near) &&
		       lies(near, t->way.base, t->env->page)
		   ? way_leaf(t, key)
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
	if (way_from(c->txn, c->table, key, k->mv_data) == page)
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
	if (!way_begin(t, table, key, NULL) || t->way.depth > CRM_ENV_LEVELS)
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
	page = way_begin(t, table, key, NULL) ? way_leaf(t, key) : NULL;
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
	if (!way_begin(c->txn, c->table, key, NULL))
		return false;
	page = way_page(c->txn, key, false, &from, &to);
	if (!page || !crm_page_leaves(page, c->txn->env->page, &c->run.n) ||
	    c->run.n == 0)
		return false;
	c->run.page = page;
	c->run.full = false;
	c->run.to = to;
	return inside(c, 0) && inside(c, c->run.n - 1) &&
	       leaf_within(page, from, to) && run_find(c, 0, key);
}

/* May all entries of the leaf be read, and are none left out? */
static bool
run_full(struct crm_cursor *c)
{
	if (!c->run.full)
		c->run.full =
		    page_fits(c->run.page, c->txn->env->page, LEAF_FULL);
	return c->run.full;
}

/* The cursor came to an entry: its leaf is gone on in. */
static int
run_begin(struct crm_cursor *c, struct crm_str k, struct crm_err *err)
{
	const unsigned char *page = page_of(k.p, c->txn->env->page);

	if (!page_seen(c->txn, page, LEAF_FULL))
		return place_fail(c->txn, c->table, err);
	c->run.page = page;
	c->run.n = crm_page_entries(page);
	c->run.full = true;
	c->run.to = (struct crm_str){NULL, 0};
	c->run.at = 0;
	while (c->run.at < c->run.n && crm_page_key(page, c->run.at).p != k.p)
		c->run.at++;
	return c->run.at < c->run.n && fits(c, c->run.at)
		   ? CRM_OK
		   : place_fail(c->txn, c->table, err);
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
		return place_fail(c->txn, c->table, err);
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
			return place_fail(c->txn, c->table, err);
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

	if (way_begin(c->txn, c->table, last, last.p))
		page = way_page(c->txn, c->run.to, true, &from, &to);
	/* mostly it is come to once, so that it need not be remembered */
	if (!page || !page_fits(page, c->txn->env->page, LEAF_FULL) ||
	    !leaf_within(page, from, to) || !rises(last, crm_page_key(page, 0)))
		return place_fail(c->txn, c->table, err);
	c->run.page = page;
	c->run.n = crm_page_entries(page);
	c->run.at = 0;
	c->run.full = true;
	c->run.to = to;
	if (!fits(c, 0))
		return place_fail(c->txn, c->table, err);
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
		return place_fail(c->txn, c->table, err);
	if (c->run.at + 1 < c->run.n) {
		if (!in_order(c, c->run.at) || !fits(c, c->run.at + 1))
			return place_fail(c->txn, c->table, err);
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
