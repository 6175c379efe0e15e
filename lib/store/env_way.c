/*
 * env_way.c - the way down to a leaf of LMDB's map, each page of it looked at.
 *
 * A pointer that was bent leads past the right page to another one, so a page
 * has to leave nothing out, to have its number, and the keys that it is there
 * for.
 */
#include <stdlib.h>
#include <string.h>

#include "store/env_way.h"

int
crm_way_fail(struct crm_txn *t, unsigned table, struct crm_err *err)
{
	char name[8];

	crm_env_table_name(table, name);
	return crm_err_set(err, CRM_EDAMAGE,
	    "the store '%s' is damaged: keys of its table '%s' are not in"
	    " order, or some are missing",
	    t->store->path, name);
}

bool
crm_way_fits(const unsigned char *page, size_t size, enum crm_seen what)
{
	switch (what) {
	case CRM_LEAF_FULL:
		return crm_page_is_leaf(page) && crm_page_full(page, size);
	case CRM_LEAF:
		return crm_page_leaf(page, size);
	default:
		return crm_page_branch(page, size);
	}
}

/* That is remembered: what walks about in a table comes back to pages again
 * and again.  A look-up has no use for room for many. */
bool
crm_way_seen(struct crm_txn *t, const unsigned char *page, enum crm_seen what)
{
	uint64_t at = crm_page_u64(page); /* its number */
	uintptr_t mark = (uintptr_t)page | what, *slot;

	if (!t->seen.many && t->seen.n > CRM_ENV_FEW)
		t->seen.many = calloc(CRM_ENV_MANY, sizeof *t->seen.many);
	slot = t->seen.many ? &t->seen.many[at % CRM_ENV_MANY]
			    : &t->seen.few[at % CRM_ENV_FEW];
	/* one whose keys rise leaves nothing out either */
	if (*slot == mark ||
	    (what == CRM_LEAF_FULL && *slot == ((uintptr_t)page | CRM_LEAF)))
		return true;
	if (!crm_way_fits(page, t->env->page, what))
		return false;
	t->seen.n++;
	*slot = mark;
	return true;
}

bool
crm_way_lies(const void *entry, const unsigned char *base, size_t size)
{
	const unsigned char *page = crm_way_of(entry, size);

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

bool
crm_way_begin(
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
	page = crm_way_of(v.mv_data, size);
	if (crm_page_u64(page) > (uintptr_t)page / size)
		return false;
	base = page - crm_page_u64(page) * size;
	if (!t->way.base && !near)
		near = entry_near(t, table, key);
	if (t->way.base ? base != t->way.base
			: !near || !crm_way_lies(near, base, size))
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

bool
crm_way_within(
    const unsigned char *page, struct crm_str from, struct crm_str to)
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
const unsigned char *
crm_way_page(struct crm_txn *t, struct crm_str key, bool whole,
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
		if (whole && !crm_way_seen(t, page, CRM_BRANCH))
			return NULL;
		at = whole ? crm_page_child(page, key, from, to)
			   : crm_page_down(page, size, key, from, to);
	}
	return NULL;
}

/* The leaf that the way to a key leads to, all pages on it being whole, and it
 * the one that should be there; NULL when one is not. */
const unsigned char *
crm_way_leaf(struct crm_txn *t, struct crm_str key)
{
	struct crm_str from = {0}, to = {0};
	const unsigned char *page = crm_way_page(t, key, true, &from, &to);

	return page && crm_way_seen(t, page, CRM_LEAF_FULL) &&
		       crm_way_within(page, from, to)
		   ? page
		   : NULL;
}
