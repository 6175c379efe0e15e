/*
 * env_pages.c - LMDB's meta pages, looked at before LMDB does.
 *
 * LMDB believes what it reads: from a meta page it takes the size of a page,
 * the roots, and which of the two commits is the later one.  So they are read
 * here first, by pread, which cannot kill the process, and by the format alone
 * (struct MDB_meta of version 1, the same in all of LMDB 0.9).
 */
#include <errno.h>
#include <time.h>
#include <unistd.h>

#include "store/env_pages.h"

#define MAGIC 0xBEEFC0DEU
#define TRIES 8

enum { PAGE_BRANCH = 1, PAGE_LEAF = 2, PAGE_META = 8, INTEGERKEY = 8 };
/* A meta page: header, magic, version, address, map size, two trees, last
 * page, number of the commit. */
enum {
	META_AT = 16,
	META_DB = META_AT + 24,
	META_LAST = META_DB + 2 * CRM_PAGE_DB,
	META_END = META_LAST + 16
};

void
crm_page_db(const unsigned char *p, struct crm_page_db *out)
{
	out->pad = crm_page_u32(p);
	out->flags = crm_page_u16(p + 4);
	out->depth = crm_page_u16(p + 6);
	out->branch = crm_page_u64(p + 8);
	out->leaf = crm_page_u64(p + 16);
	out->overflow = crm_page_u64(p + 24);
	out->entries = crm_page_u64(p + 32);
	out->root = crm_page_u64(p + 40);
}

int
crm_page_read(int fd, void *to, size_t n, uint64_t at)
{
	char *p = to;

	while (n > 0) {
		ssize_t got = pread(fd, p, n, (off_t)at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? CRM_EIO : CRM_NO;
		p += got;
		at += (size_t)got;
		n -= (size_t)got;
	}
	return CRM_OK;
}

static bool
root_fits(const struct crm_page_db *d, uint64_t last)
{
	if (d->root == CRM_PAGE_NONE)
		return d->depth == 0 && d->entries == 0;
	return d->root >= 2 && d->root <= last && d->depth >= 1 &&
	       d->depth <= CRM_PAGE_DEPTH;
}

static const char *
meta_take(const unsigned char *page, struct crm_page_meta *m)
{
	crm_page_db(page + META_DB, &m->free);
	crm_page_db(page + META_DB + CRM_PAGE_DB, &m->main);
	m->last = crm_page_u64(page + META_LAST);
	m->txn = crm_page_u64(page + META_LAST + 8);
	m->size = m->free.pad;
	if (crm_page_u16(page + 10) != PAGE_META ||
	    crm_page_u32(page + META_AT) != MAGIC)
		return "a meta page is none";
	if (crm_page_u32(page + META_AT + 4) != 1)
		return "a meta page is of another version";
	if (m->size < 512 || m->size > 65536 || (m->size & (m->size - 1)) != 0)
		return "a meta page gives a size of page that cannot be";
	if (m->free.flags != INTEGERKEY || m->main.flags != 0)
		return "a meta page has flags that are not known";
	return NULL;
}

static const char *
metas_read(int fd, struct crm_page_meta m[2])
{
	unsigned char page[META_END];
	const struct crm_page_meta *now;
	const char *what;

	if (crm_page_read(fd, page, sizeof(page), 0) != CRM_OK)
		return "a meta page cannot be read";
	if ((what = meta_take(page, &m[0])) != NULL)
		return what;
	if (crm_page_read(fd, page, sizeof(page), m[0].size) != CRM_OK)
		return "a meta page cannot be read";
	if ((what = meta_take(page, &m[1])) != NULL)
		return what;
	if (m[0].size != m[1].size)
		return "the meta pages give different sizes of page";
	/* Each commit is written over the one before the last, with the next
	 * number.  Any other number would bring back a state long gone. */
	if (m[0].txn % 2 != 0 ||
	    (m[1].txn != m[0].txn + 1 && m[1].txn + 1 != m[0].txn))
		return "the last two commits do not follow each other";
	/* What a commit that failed leaves in the older one is not looked at. */
	now = &m[m[1].txn > m[0].txn];
	if (now->last < 1 || now->last > ((uint64_t)1 << 47) / now->size)
		return "a meta page gives a last page that cannot be";
	if (!root_fits(&now->free, now->last) ||
	    !root_fits(&now->main, now->last))
		return "a meta page gives a root that cannot be";
	return NULL;
}

const char *
crm_page_metas(int fd, struct crm_page_meta m[2])
{
	struct timespec nap = {0, 100000};
	const char *what = NULL;

	/* A look may fall into a commit. */
	for (int i = 0; i < TRIES; i++) {
		what = metas_read(fd, m);
		if (what == NULL)
			break;
		nanosleep(&nap, NULL);
	}
	return what;
}

bool
crm_page_meta_is(int fd, const struct crm_page_meta *m)
{
	unsigned char txn[8];

	return crm_page_read(fd, txn, sizeof txn,
		   m->txn % 2 * m->size + META_LAST + 8) == CRM_OK &&
	       crm_page_u64(txn) == m->txn;
}

/* The entry's size in its page, but for its key; of a branch, 8. */
static size_t
node_rest(const unsigned char *node, bool branch)
{
	if (branch)
		return 8;
	return 8 + (crm_page_u16(node + 4) & CRM_PAGE_BIG
			   ? 8
			   : crm_page_node_size(node));
}

/* Do the keys of the entries at 16, 18, ... of a page rise, and do the entries
 * fill it, so that none is left out?  The first of a branch has no key. */
static bool
page_whole(const unsigned char *page, size_t size, bool branch)
{
	size_t lower = crm_page_u16(page + 12), upper = crm_page_u16(page + 14);
	size_t bytes = 0;
	struct crm_str last = {0};

	if (lower > upper || upper > size || lower < 16)
		return false;
	for (size_t i = 16; i + 1 < lower; i += 2) {
		size_t at = crm_page_u16(page + i), n;
		struct crm_str key;

		if (at + 8 > size)
			return false;
		key.n = crm_page_u16(page + at + 6);
		key.p = (const char *)page + at + 8;
		if (at + 8 + key.n > size ||
		    (key.n == 0) != (branch && i == 16))
			return false;
		if (i > 16 && last.n > 0 && !crm_page_before(last, key))
			return false;
		last = key;
		n = node_rest(page + at, branch) + key.n;
		bytes += n + n % 2;
	}
	return bytes == size - upper;
}

bool
crm_page_leaf(const unsigned char *page, size_t size)
{
	return crm_page_is_leaf(page) && page_whole(page, size, false);
}

bool
crm_page_branch(const unsigned char *page, size_t size)
{
	return crm_page_u16(page + 10) == PAGE_BRANCH &&
	       page_whole(page, size, true);
}

/* The page of child i of n, and which keys it is there for. */
static uint64_t
branch_child(const unsigned char *page, size_t n, size_t i,
    struct crm_str *from, struct crm_str *to)
{
	const unsigned char *node = page + crm_page_u16(page + 16 + 2 * i);

	if (i > 0)
		*from = crm_page_key(page, i);
	if (i + 1 < n)
		*to = crm_page_key(page, i + 1);
	return crm_page_node_size(node) | (uint64_t)crm_page_u16(node + 4)
					      << 32;
}

uint64_t
crm_page_child(const unsigned char *page, struct crm_str key,
    struct crm_str *from, struct crm_str *to)
{
	size_t n = crm_page_entries(page), low = 0, high = n;

	/* The last whose key is not past it; the first is before all. */
	while (high - low > 1) {
		size_t at = (low + high) / 2;

		if (crm_page_before(key, crm_page_key(page, at)))
			high = at;
		else
			low = at;
	}
	return branch_child(page, n, low, from, to);
}

bool
crm_page_is_leaf(const unsigned char *page)
{
	return crm_page_u16(page + 10) == PAGE_LEAF;
}

size_t
crm_page_find(
    const unsigned char *page, size_t from, size_t n, struct crm_str key)
{
	while (from < n) {
		size_t at = from + (n - from) / 2;

		if (crm_page_before(crm_page_key(page, at), key))
			from = at + 1;
		else
			n = at;
	}
	return from;
}

bool
crm_page_leaves(const unsigned char *page, size_t size, size_t *n)
{
	size_t lower = crm_page_u16(page + 12), upper = crm_page_u16(page + 14);

	if (!crm_page_is_leaf(page) || lower < 16 || lower > upper ||
	    upper > size)
		return false;
	*n = (lower - 16) / 2;
	return true;
}

static inline bool
inside(const unsigned char *page, size_t size, size_t i, bool branch)
{
	size_t at = crm_page_u16(page + 16 + 2 * i);

	return at >= crm_page_u16(page + 14) && at + 8 <= size &&
	       node_rest(page + at, branch) + crm_page_u16(page + at + 6) <=
		   size - at;
}

bool
crm_page_inside(const unsigned char *page, size_t size, size_t i)
{
	return inside(page, size, i, false);
}

uint64_t
crm_page_down(const unsigned char *page, size_t size, struct crm_str key,
    struct crm_str *from, struct crm_str *to)
{
	size_t lower = crm_page_u16(page + 12), low = 0, high;

	if (crm_page_u16(page + 10) != PAGE_BRANCH || lower < 18 ||
	    lower > crm_page_u16(page + 14) || !inside(page, size, 0, true))
		return 0;
	for (high = (lower - 16) / 2; high - low > 1;) {
		size_t at = (low + high) / 2;

		if (!inside(page, size, at, true))
			return 0;
		if (crm_page_before(key, crm_page_key(page, at)))
			high = at;
		else
			low = at;
	}
	return branch_child(page, (lower - 16) / 2, low, from, to);
}

bool
crm_page_seek(const unsigned char *page, size_t size, size_t n,
    struct crm_str key, size_t *at)
{
	size_t from = *at;

	while (from < n) {
		size_t mid = from + (n - from) / 2;

		if (!crm_page_inside(page, size, mid))
			return false;
		if (crm_page_before(crm_page_key(page, mid), key))
			from = mid + 1;
		else
			n = mid;
	}
	*at = from;
	return true;
}

bool
crm_page_full(const unsigned char *page, size_t size)
{
	size_t lower = crm_page_u16(page + 12), upper = crm_page_u16(page + 14);
	size_t sum = 0;

	if (lower > upper || upper > size || lower < 16)
		return false;
	for (size_t i = 16; i + 1 < lower; i += 2) {
		size_t at = crm_page_u16(page + i), n;

		if (at + 8 > size)
			return false;
		n = node_rest(page + at, false) + crm_page_u16(page + at + 6);
		/* whoever goes on reads keys and values */
		if (n > size - at)
			return false;
		sum += n + n % 2;
	}
	return sum == size - upper;
}
