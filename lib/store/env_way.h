/*
 * env_way.h - the way down to a leaf of LMDB's map, each page of it looked at.
 */
#ifndef ENV_WAY_H
#define ENV_WAY_H

#include "store/env_pages.h"

/* What was found of a page: it leaves nothing out, and its keys rise, too. */
enum crm_seen { CRM_LEAF_FULL, CRM_LEAF, CRM_BRANCH };

/* The page that something in the map lies on. */
static inline const unsigned char *
crm_way_of(const void *p, size_t size)
{
	return (const unsigned char *)p - ((uintptr_t)p & (size - 1));
}

/* Numbers of records, as most keys are, are compared as such. */
static inline bool
crm_way_rises(struct crm_str was, struct crm_str at)
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

/* Keys of the table are not in order, or some are missing: CRM_EDAMAGE. */
int crm_way_fail(struct crm_txn *t, unsigned table, struct crm_err *err);
bool crm_way_fits(const unsigned char *page, size_t size, enum crm_seen what);
/* The same, remembered by the transaction. */
bool crm_way_seen(
    struct crm_txn *t, const unsigned char *page, enum crm_seen what);
/* Is the page of an entry where its number says, in a map that begins there? */
bool crm_way_lies(const void *entry, const unsigned char *base, size_t size);
/*
 * Finds the root of a table, and where the map begins: by the number of a page
 * of the list of tables.  One that was bent would lead out of the map, so the
 * first time in a transaction the leaf of an entry has to agree: `near`, or
 * where that is NULL the one at or after a key.
 */
bool crm_way_begin(
    struct crm_txn *t, unsigned table, struct crm_str key, const void *near);
/*
 * After that: the page that the way to a key ends at, and which keys it is
 * there for (where nothing bounds them *from and *to stay); NULL when that
 * cannot be.  whole: all branches on the way have to be.  _leaf: and the leaf.
 */
const unsigned char *crm_way_page(struct crm_txn *t, struct crm_str key,
    bool whole, struct crm_str *from, struct crm_str *to);
const unsigned char *crm_way_leaf(struct crm_txn *t, struct crm_str key);
/* Are the keys of a leaf those that the branches above it say? */
bool crm_way_within(
    const unsigned char *page, struct crm_str from, struct crm_str to);

#endif
