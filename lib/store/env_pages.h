/*
 * env_pages.h - LMDB's file as it lies on the disk, read without LMDB.
 */
#ifndef ENV_PAGES_H
#define ENV_PAGES_H

#include <endian.h>
#include <string.h>

#include "store/env_internal.h"

#define CRM_PAGE_DEPTH 32 /* of a tree, LMDB's own limit */
#define CRM_PAGE_NONE UINT64_MAX /* root of an empty tree */

/* struct MDB_db: a tree. */
enum { CRM_PAGE_DB = 48 };
struct crm_page_db {
	uint32_t pad;
	uint16_t flags, depth;
	uint64_t branch, leaf, overflow, entries, root;
};
struct crm_page_meta {
	uint32_t size; /* of a page */
	struct crm_page_db free, main;
	uint64_t last, txn;
};

/*
 * Is a before b?  Keys that stand together begin alike: eight bytes are
 * compared at once, the last eight again where n is no multiple, instead of
 * asking memcmp a hundred times for each page.
 */
static inline bool
crm_page_before(struct crm_str a, struct crm_str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c;

	for (size_t i = 0; n >= 8; i = i + 16 > n ? n - 8 : i + 8) {
		uint64_t x, y;

		memcpy(&x, a.p + i, sizeof x);
		memcpy(&y, b.p + i, sizeof y);
		if (x != y)
			return be64toh(x) < be64toh(y);
		if (i + 8 == n)
			return a.n < b.n;
	}
	c = memcmp(a.p, b.p, n);
	return c ? c < 0 : a.n < b.n;
}

static inline uint16_t
crm_page_u16(const unsigned char *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint32_t
crm_page_u32(const unsigned char *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint64_t
crm_page_u64(const unsigned char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* Of what an entry holds, by its node; of a branch, half a page's number. */
static inline size_t
crm_page_node_size(const unsigned char *p)
{
	size_t lo = crm_page_u16(p), hi = crm_page_u16(p + 2);

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	return hi | lo << 16;
#else
	return lo | hi << 16;
#endif
}

void crm_page_db(const unsigned char *p, struct crm_page_db *out);
/* Reads n bytes at `at`.  CRM_NO when the file ends before, CRM_EIO. */
int crm_page_read(int fd, void *to, size_t n, uint64_t at);
/* Do the entries of this leaf, all of it in memory, fill it, so that none is
 * left out; and (crm_page_leaf) are their keys in order, too? */
bool crm_page_leaf(const unsigned char *page, size_t size);
bool crm_page_full(const unsigned char *page, size_t size);
/* Is this branch whole - its keys in order, nothing left out -, and which of
 * its children has the key?  A node of a branch holds a page's number.  The
 * child's keys are from *from on and before *to, which are left as they were
 * where the branch does not say. */
bool crm_page_branch(const unsigned char *page, size_t size);
uint64_t crm_page_child(const unsigned char *page, struct crm_str key,
    struct crm_str *from, struct crm_str *to);
bool crm_page_is_leaf(const unsigned char *page);

/* ---- the entries of a leaf that leaves nothing out ---- */

enum { CRM_PAGE_BIG = 1 }; /* flag of a node: its value has other pages */

static inline size_t
crm_page_entries(const unsigned char *page)
{
	return (size_t)(crm_page_u16(page + 12) - 16) / 2;
}

static inline struct crm_str
crm_page_key(const unsigned char *page, size_t i)
{
	const unsigned char *node = page + crm_page_u16(page + 16 + 2 * i);

	return (struct crm_str){(const char *)node + 8, crm_page_u16(node + 6)};
}

/* False when it is not on the page. */
static inline bool
crm_page_value(const unsigned char *page, size_t i, struct crm_str *value)
{
	const unsigned char *node = page + crm_page_u16(page + 16 + 2 * i);

	*value =
	    (struct crm_str){(const char *)node + 8 + crm_page_u16(node + 6),
		crm_page_node_size(node)};
	return (crm_page_u16(node + 4) & CRM_PAGE_BIG) == 0;
}

/* The first of n entries, from `from` on, that is at or after a key. */
size_t crm_page_find(
    const unsigned char *page, size_t from, size_t n, struct crm_str key);

/* ---- the entries of a page of which nothing is known ---- */

/* How many there are; false when it is no leaf. */
bool crm_page_leaves(const unsigned char *page, size_t size, size_t *n);
/* Is all of entry i where entries lie, so that it may be read? */
bool crm_page_inside(const unsigned char *page, size_t size, size_t i);
/* *at: the first of n entries, from *at on, that is at or after a key.  False
 * when one that was looked at is not inside. */
bool crm_page_seek(const unsigned char *page, size_t size, size_t n,
    struct crm_str key, size_t *at);
/* As crm_page_child; 0 when one that was looked at is not inside, or the page
 * is no branch. */
uint64_t crm_page_down(const unsigned char *page, size_t size,
    struct crm_str key, struct crm_str *from, struct crm_str *to);

/* env_few.c: is told the tables of its snapshot, in the order of their names,
 * by a look at them (env_check.c): CRM_OK, or not when one is unusual. */
void crm_few_table(struct crm_few *f, struct crm_str name, unsigned table,
    const struct crm_page_db *db);
int crm_env_look_few(int fd, const struct crm_page_meta *m, struct crm_few *f);
/* Reads both meta pages.  NULL, or what is wrong with them. */
const char *crm_page_metas(int fd, struct crm_page_meta m[2]);
/* Does its meta page still have this commit's number? */
bool crm_page_meta_is(int fd, const struct crm_page_meta *m);

#endif
