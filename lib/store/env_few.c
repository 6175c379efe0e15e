/*
 * env_few.c - a few look-ups without the map.
 *
 * What the kernel does for a page of a map that is touched first, and at the
 * exit for all that was about it, takes as long as reading five pages: of a
 * program that looks up one customer that was most of its time.  So while a
 * store that was opened for a few look-ups has had few, its trees are gone
 * down by pread, from the roots that were read when it was opened, and LMDB
 * is not even told which tables there are.  Its transaction keeps the
 * snapshot's pages as ever.
 *
 * Only what is found is answered, and only while nothing is unusual; a value
 * is checked against its checksum, which is of the key too, by whoever asked.
 * Whatever else is asked for, also what is not found, is left to LMDB, which
 * is told of the tables then.
 */
#include <stdlib.h>
#include <string.h>

#include <crm/hash.h>

#include "store/env_pages.h"

enum { LOOKS = 48, PAGE_MOST = 16384, PAGE_OVERFLOW = 4 };

struct crm_few {
	uint64_t txn; /* the snapshot whose roots these are */
	uint64_t last; /* its last page */
	uint32_t names; /* checksum of the tables' names */
	unsigned looks;
	int fd;
	size_t size; /* of a page */
	struct {
		uint64_t root; /* 0: no such table */
		uint64_t entries;
		unsigned depth;
	} tree[CRM_TABS];
	struct { /* the last that was found: most look twice */
		const struct crm_txn *txn;
		unsigned table;
		size_t n;
		char key[16];
		struct crm_str value;
	} hit;
	uint64_t at; /* number of the page that is in page */
	unsigned char page[]; /* of size */
};

void
crm_few_begin(struct crm_txn *t, int fd, const struct crm_page_meta *m)
{
	struct crm_few *f = t->env->few;

	free(f);
	t->env->few = NULL;
	if (!t->store->few || t->write || t->env->limit > 0 ||
	    m->size > PAGE_MOST)
		return;
	f = malloc(sizeof *f + m->size); /* no memory: then with LMDB */
	if (!f)
		return;
	memset(f, 0, sizeof *f);
	f->txn = m->txn;
	f->last = m->last;
	f->fd = fd;
	f->size = m->size;
	t->env->few = f;
}

void
crm_few_table(struct crm_few *f, struct crm_str name, unsigned table,
    const struct crm_page_db *db)
{
	if (table >= CRM_TABS)
		return;
	f->names = crm_crc32c(f->names, name.p, name.n);
	f->tree[table].root = db->root;
	f->tree[table].depth = db->depth;
	f->tree[table].entries = db->entries;
}

bool
crm_few_names(struct crm_txn *t, uint32_t *sum)
{
	const struct crm_few *f = t->env->few;

	if (!f || mdb_txn_id(t->mdb) != f->txn)
		return false;
	*sum = f->names;
	return true;
}

int
crm_few_end(struct crm_txn *t, struct crm_err *err)
{
	if (t->env->ntxn != 1)
		return crm_err_set(err, CRM_EBUSY,
		    "busy: '%s' is read by two at once", t->store->path);
	free(t->env->few);
	t->env->few = NULL;
	return crm_env_tables(t, err);
}

void
crm_few_forget(struct crm_txn *t)
{
	if (t->env->few)
		t->env->few->hit.txn = NULL;
}

/* ---- pages ---- */

/* The node at i of the page that was read, all of it on the page; NULL. */
static const unsigned char *
few_node(const struct crm_few *f, size_t i, bool branch)
{
	size_t at = crm_page_u16(f->page + 16 + 2 * i), n;

	if (at < 16 || at + 8 > f->size)
		return NULL;
	n = 8 + (size_t)crm_page_u16(f->page + at + 6);
	if (!branch)
		n += crm_page_u16(f->page + at + 4) & CRM_PAGE_BIG
			 ? 8
			 : crm_page_node_size(f->page + at);
	return n <= f->size - at ? f->page + at : NULL;
}

static struct crm_str
node_key(const unsigned char *node)
{
	return (struct crm_str){(const char *)node + 8, crm_page_u16(node + 6)};
}

/* Reads a page, unless it was the last; how many entries, 0: it is not what it
 * should be. */
static size_t
few_read(struct crm_few *f, uint64_t at, bool branch)
{
	size_t lower, size = f->size;

	if (at < 2 || at > f->last)
		return 0;
	if (f->at != at) {
		f->at = 0;
		if (crm_page_read(f->fd, f->page, size, at * size) != CRM_OK)
			return 0;
		f->at = at;
	}
	lower = crm_page_u16(f->page + 12);
	if (crm_page_u64(f->page) != at ||
	    crm_page_is_leaf(f->page) == branch || lower < 16 || lower > size ||
	    lower % 2 != 0)
		return 0;
	return (lower - 16) / 2;
}

/* The last node of a branch that is not past the key, or the node of a leaf
 * that is the key's; NULL. */
static const unsigned char *
few_search(const struct crm_few *f, size_t n, bool branch, struct crm_str key)
{
	size_t low = 0, high = n;
	const unsigned char *node;
	struct crm_str k;

	while (high - low > 1) {
		size_t at = (low + high) / 2;

		node = few_node(f, at, branch);
		if (!node)
			return NULL;
		if (crm_page_before(key, node_key(node)))
			high = at;
		else
			low = at;
	}
	node = few_node(f, low, branch);
	if (!node || branch)
		return node;
	k = node_key(node);
	return crm_str_eq(k, key) ? node : NULL;
}

/* A value with pages of its own. */
static int
few_big(struct crm_few *f, struct crm_arena *a, uint64_t page, size_t n,
    struct crm_str *out)
{
	unsigned char head[16];
	char *p;

	if (page < 2 || page > f->last || n > (f->last - page + 1) * f->size ||
	    crm_page_read(f->fd, head, sizeof head, page * f->size) != CRM_OK ||
	    crm_page_u64(head) != page ||
	    crm_page_u16(head + 10) != PAGE_OVERFLOW)
		return CRM_NO;
	p = crm_arena_alloc(a, n);
	if (!p ||
	    crm_page_read(f->fd, p, n, page * f->size + sizeof head) != CRM_OK)
		return CRM_NO;
	*out = (struct crm_str){p, n};
	return CRM_OK;
}

static int
few_value(struct crm_few *f, struct crm_arena *a, const unsigned char *node,
    struct crm_str *out)
{
	const unsigned char *data = node + 8 + crm_page_u16(node + 6);
	size_t n = crm_page_node_size(node);

	if (crm_page_u16(node + 4) & CRM_PAGE_BIG)
		return few_big(f, a, crm_page_u64(data), n, out);
	/* the next look-up is read over it */
	*out = crm_arena_str(a, (struct crm_str){(const char *)data, n});
	return out->p ? CRM_OK : CRM_NO;
}

/* Goes down a tree; CRM_NO. */
static int
few_find(struct crm_txn *t, unsigned table, struct crm_str key,
    struct crm_str *value)
{
	struct crm_few *f = t->env->few;
	const unsigned char *node = NULL;
	uint64_t at;
	bool branch;
	size_t n;

	at = f->tree[table].root;
	for (unsigned i = 1; i <= f->tree[table].depth; i++) {
		branch = i < f->tree[table].depth;
		n = few_read(f, at, branch);
		node = n > 0 ? few_search(f, n, branch, key) : NULL;
		if (!node)
			return CRM_NO;
		at = crm_page_node_size(node) | (uint64_t)crm_page_u16(node + 4)
						    << 32;
	}
	return node ? few_value(f, &t->values, node, value) : CRM_NO;
}

int
crm_few_get(struct crm_txn *t, unsigned table, struct crm_str key,
    struct crm_str *value)
{
	struct crm_few *f = t->env->few;
	int code;

	if (mdb_txn_id(t->mdb) != f->txn || table >= CRM_TABS || key.n == 0 ||
	    f->tree[table].root < 2 || f->looks >= LOOKS)
		return CRM_NO;
	if (f->hit.txn == t && f->hit.table == table && f->hit.n == key.n &&
	    memcmp(f->hit.key, key.p, key.n) == 0) {
		*value = f->hit.value;
		return CRM_OK;
	}
	f->looks++;
	code = few_find(t, table, key, value);
	if (code == CRM_OK && key.n <= sizeof f->hit.key) {
		f->hit.txn = t;
		f->hit.table = table;
		f->hit.n = key.n;
		memcpy(f->hit.key, key.p, key.n);
		f->hit.value = *value;
	}
	return code;
}

int
crm_few_entry(struct crm_txn *t, unsigned table, size_t i, struct crm_str *k,
    struct crm_str *v)
{
	struct crm_few *f = t->env->few;
	const unsigned char *node;
	size_t n;

	if (!f || mdb_txn_id(t->mdb) != f->txn || f->tree[table].depth != 1)
		return CRM_NO;
	n = few_read(f, f->tree[table].root, false);
	if (n == 0 || n != f->tree[table].entries)
		return CRM_NO;
	if (i == n)
		return CRM_NOTFOUND;
	node = few_node(f, i, false);
	if (!node)
		return CRM_NO;
	*k = node_key(node);
	/* only what is large is copied */
	if (crm_page_u16(node + 4) & CRM_PAGE_BIG)
		return few_value(f, &t->values, node, v);
	*v = (struct crm_str){k->p + k->n, crm_page_node_size(node)};
	return CRM_OK;
}
