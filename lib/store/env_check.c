/*
 * env_check.c - are the pages of the data file sound?
 *
 * LMDB follows pointers, lengths and lists of free pages as it finds them: one
 * bit that was bent sends it out of its map, or makes it write over pages that
 * are in use.  So this walks the trees by the format of the file, by pread,
 * which cannot kill the process, and believes nothing: every page is used
 * once or free, is what its place in the tree says, and has its keys in order.
 * At each opening it walks the list of tables and the table of the settings,
 * two pages; crm-store check has it walk them all.  What the values hold is
 * told by their checksums.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "store/env_pages.h"

#define TRIES 8
#define NAPS 10

enum { PAGE_BRANCH = 1, PAGE_LEAF = 2, PAGE_OVERFLOW = 4 };
enum { NODE_BIG = 1, NODE_SUB = 2 };
enum { HEAD = 16, NODE = 8 };
enum depth { LOOK_TABLES, LOOK_ALL };
enum { FEW = 16 }; /* pages for which no bits are needed */

struct walk {
	int fd;
	enum depth depth;
	const struct crm_page_meta *meta;
	size_t size; /* of a page */
	uint64_t *seen; /* a bit for each page; NULL: it is one of claimed */
	uint64_t claimed[FEW];
	struct crm_few *few; /* is told of the tables */
	unsigned char *page[CRM_PAGE_DEPTH]; /* of each level */
	uint64_t *taken; /* a bit for each two bytes of a page */
	crm_page_fn *fn;
	void *ctx;
	uint64_t pages, faults;
	struct crm_err *err;
};

enum owner { OWNER_FREE, OWNER_MAIN, OWNER_TABLE };
struct tree {
	enum owner owner;
	char name[24];
	struct crm_page_db db;
	uint64_t branch, leaf, overflow, entries; /* as counted */
};

struct node {
	struct crm_str key;
	unsigned flags;
	uint64_t n; /* length of the data, number of the child */
	const unsigned char *data;
};

/* A code of the fault's taker, or of ours, ends the walk. */
__attribute__((format(printf, 4, 5))) static int
fault(struct walk *w, const struct tree *t, uint64_t page, const char *fmt, ...)
{
	char where[80], what[160];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	if (page == 0)
		snprintf(where, sizeof(where), "%s", t->name);
	else
		snprintf(where, sizeof(where), "page %llu of %s",
		    (unsigned long long)page, t->name);
	w->faults++;
	if (w->fn)
		return w->fn(w->ctx, crm_str(where), crm_str(what), w->err);
	return crm_err_set(w->err, CRM_EDAMAGE, "%s: %s", where, what);
}

/* From now on a bit for each page. */
static int
mark_bits(struct walk *w)
{
	w->seen = calloc((size_t)(w->meta->last / 64 + 1), 8);
	if (!w->seen)
		return crm_err_nomem(w->err);
	for (uint64_t i = 0; i < w->pages; i++)
		w->seen[w->claimed[i] / 64] |= (uint64_t)1
					       << (w->claimed[i] % 64);
	return CRM_OK;
}

/* Marks a page; *before: it was already. */
static int
mark(struct walk *w, uint64_t page, bool *before)
{
	int code = CRM_OK;

	if (!w->seen && w->pages < FEW) {
		*before = false;
		for (uint64_t i = 0; i < w->pages; i++)
			*before |= w->claimed[i] == page;
		w->claimed[w->pages] = page;
		return CRM_OK;
	}
	if (!w->seen && (code = mark_bits(w)) < 0)
		return code;
	*before = w->seen[page / 64] >> (page % 64) & 1;
	w->seen[page / 64] |= (uint64_t)1 << (page % 64);
	return CRM_OK;
}

/* Each page belongs to one. */
static int
claim(
    struct walk *w, const struct tree *t, uint64_t page, uint64_t n, bool *mine)
{
	*mine = false;
	if (page < 2 || page > w->meta->last || n > w->meta->last - page + 1)
		return fault(w, t, page, "it lies past the last page");
	for (uint64_t i = page; i < page + n; i++) {
		bool before = false;
		int code = mark(w, i, &before);

		if (code < 0)
			return code;
		if (before)
			return fault(w, t, i, "it has two uses");
		w->pages++;
	}
	*mine = true;
	return CRM_OK;
}

static int
read_fail(struct walk *w, uint64_t page)
{
	return crm_err_sys(w->err, CRM_EIO, errno, "cannot read page %llu",
	    (unsigned long long)page);
}

/* Answers CRM_NO when the fault was reported. */
static int
load(struct walk *w, const struct tree *t, uint64_t page, void *to, size_t n)
{
	int code = crm_page_read(w->fd, to, n, page * w->size);

	if (code == CRM_EIO)
		return read_fail(w, page);
	if (code == CRM_NO)
		code = fault(w, t, page, "it lies past the end of the file");
	else if (crm_page_u64(to) == page)
		return CRM_OK;
	else
		code = fault(w, t, page, "it says it is page %llu",
		    (unsigned long long)crm_page_u64(to));
	return code < 0 ? code : CRM_NO;
}

static void
node_at(const unsigned char *p, bool branch, struct node *out)
{
	out->n = crm_page_node_size(p);
	out->flags = crm_page_u16(p + 4);
	out->key.n = crm_page_u16(p + 6);
	out->key.p = (const char *)p + NODE;
	out->data = p + NODE + out->key.n;
	if (branch) {
		out->n |= (uint64_t)out->flags << 32;
		out->flags = 0;
	}
}

static int
key_cmp(const struct tree *t, struct crm_str a, struct crm_str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int r;

	if (t->owner == OWNER_FREE && a.n == 8 && b.n == 8) {
		uint64_t x = crm_page_u64((const unsigned char *)a.p);
		uint64_t y = crm_page_u64((const unsigned char *)b.p);

		return x < y ? -1 : x > y;
	}
	r = n ? memcmp(a.p, b.p, n) : 0;
	return r ? r : a.n < b.n ? -1 : a.n > b.n;
}

static size_t
page_nodes(const unsigned char *page)
{
	return (size_t)(crm_page_u16(page + 12) - HEAD) / 2;
}

static struct node
page_node(const unsigned char *page, size_t i, bool branch)
{
	struct node x;

	node_at(page + crm_page_u16(page + HEAD + 2 * i), branch, &x);
	return x;
}

/* Marks bytes of a page, both numbers even; false when some were before. */
static bool
take_bytes(struct walk *w, size_t at, size_t n)
{
	uint64_t met = 0;

	for (size_t i = at / 2, end = (at + n) / 2; i < end;) {
		size_t most = 64 - i % 64;
		size_t k = end - i < most ? end - i : most;
		uint64_t bits = UINT64_MAX >> (64 - k) << (i % 64);

		met |= w->taken[i / 64] & bits;
		w->taken[i / 64] |= bits;
		i += k;
	}
	return met == 0;
}

/* Nodes fill the page from `upper` to its end, none over another. */
static const char *
page_shape(struct walk *w, const unsigned char *page, bool branch)
{
	size_t lower = crm_page_u16(page + 12), upper = crm_page_u16(page + 14);
	size_t sum = 0;

	if (crm_page_u16(page + 10) != (branch ? PAGE_BRANCH : PAGE_LEAF))
		return "it is of another kind than its place says";
	if (lower <= HEAD || lower % 2 != 0 || lower > upper ||
	    upper > w->size || upper % 2 != 0)
		return "its bounds cannot be";
	memset(w->taken, 0, w->size / 16);
	for (size_t i = 0; i < page_nodes(page); i++) {
		size_t at = crm_page_u16(page + HEAD + 2 * i), n;
		struct node x;

		if (at < upper || at % 2 != 0 || at + NODE > w->size)
			return "an entry lies outside of it";
		node_at(page + at, branch, &x);
		n = NODE + x.key.n;
		if (!branch)
			n += x.flags & NODE_BIG ? 8 : (size_t)x.n;
		n += n % 2;
		if (n > w->size - at)
			return "an entry reaches out of it";
		if (x.key.n > CRM_KEY_MAX || (x.key.n == 0 && !(branch && !i)))
			return "a key has a length that cannot be";
		if (!take_bytes(w, at, n))
			return "two entries lie over each other";
		sum += n;
	}
	return sum == w->size - upper ? NULL : "it has gaps";
}

/* Keys rise, and lie between those of the branches above. */
static bool
page_sorted(const struct tree *t, const unsigned char *page, bool branch,
    const struct crm_str *lo, const struct crm_str *hi)
{
	struct crm_str before = {0};
	bool any = false;

	for (size_t i = 0; i < page_nodes(page); i++) {
		struct node x = page_node(page, i, branch);

		if (branch && i == 0)
			continue; /* is never looked at */
		if ((any && key_cmp(t, before, x.key) >= 0) ||
		    (lo && key_cmp(t, x.key, *lo) < 0) ||
		    (hi && key_cmp(t, x.key, *hi) >= 0))
			return false;
		before = x.key;
		any = true;
	}
	return true;
}

static int walk_tree(struct walk *w, struct tree *t);

/* A list: how many, then numbers of pages, falling. */
static int
free_list(struct walk *w, struct tree *t, uint64_t page, const struct node *x,
    const unsigned char *data)
{
	uint64_t n = crm_page_u64(data), before = UINT64_MAX;
	bool mine;
	int code = CRM_OK;

	if (x->n % 8 != 0 || n > x->n / 8 - 1)
		return fault(w, t, page, "a list of free pages is too long");
	if (x->key.n != 8 ||
	    crm_page_u64((const unsigned char *)x->key.p) > w->meta->txn)
		return fault(
		    w, t, page, "a list of free pages is of a later commit");
	for (uint64_t i = 1; i <= n && code == CRM_OK; i++) {
		uint64_t v = crm_page_u64(data + 8 * i);

		if (v >= before)
			return fault(
			    w, t, page, "a list of free pages is out of order");
		before = v;
		code = claim(w, t, v, 1, &mine);
	}
	return code;
}

/* A value with pages of its own. */
static int
walk_big(struct walk *w, struct tree *t, const struct node *x)
{
	uint64_t page = crm_page_u64(x->data);
	uint64_t n = (HEAD - 1 + x->n) / w->size + 1;
	unsigned char head[HEAD];
	unsigned char *list;
	bool mine;
	int code = claim(w, t, page, n, &mine);

	t->overflow += n;
	if (code < 0 || !mine)
		return code;
	code = load(w, t, page, head, sizeof(head));
	if (code != CRM_OK)
		return code == CRM_NO ? CRM_OK : code;
	if (crm_page_u16(head + 10) != PAGE_OVERFLOW ||
	    crm_page_u32(head + 12) != n)
		return fault(w, t, page, "it is not of a value of %llu bytes",
		    (unsigned long long)x->n);
	/* LMDB reads the last one too. */
	code = crm_page_read(w->fd, head, 1, page * w->size + HEAD + x->n - 1);
	if (code == CRM_EIO)
		return read_fail(w, page);
	if (code != CRM_OK)
		return fault(w, t, page, "it reaches past the end of the file");
	if (t->owner != OWNER_FREE)
		return CRM_OK;
	list = malloc((size_t)x->n + 8);
	if (!list)
		return crm_err_nomem(w->err);
	code = crm_page_read(w->fd, list, (size_t)x->n, page * w->size + HEAD);
	if (code == CRM_EIO)
		code = read_fail(w, page);
	else
		code = code == CRM_OK ? free_list(w, t, page, x, list)
				      : fault(w, t, page, "it cannot be read");
	free(list);
	return code;
}

static int
walk_leaf(struct walk *w, struct tree *t, uint64_t page, const struct node *x)
{
	unsigned may = t->owner == OWNER_MAIN ? 0 : NODE_BIG;
	struct tree sub = {.owner = OWNER_TABLE};

	t->entries++;
	if (t->owner == OWNER_MAIN &&
	    (x->flags != NODE_SUB || x->n != CRM_PAGE_DB))
		return fault(w, t, page, "an entry is not a table");
	if (t->owner == OWNER_MAIN) {
		memcpy(sub.name, "table ", 6);
		memcpy(sub.name + 6, x->key.p, x->key.n < 16 ? x->key.n : 16);
		crm_page_db(x->data, &sub.db);
		if (w->few)
			crm_few_table(
			    w->few, x->key, crm_env_table_of(x->key), &sub.db);
		return walk_tree(w, &sub);
	}
	if (x->flags & ~may)
		return fault(w, t, page, "an entry has unknown flags");
	if (x->flags & NODE_BIG)
		return walk_big(w, t, x);
	if (t->owner == OWNER_FREE)
		return x->n < 8 ? fault(w, t, page, "a list has no length")
				: free_list(w, t, page, x, x->data);
	return CRM_OK;
}

static int
walk_page(struct walk *w, struct tree *t, uint64_t page, unsigned level,
    const struct crm_str *lo, const struct crm_str *hi)
{
	unsigned char *p = w->page[level - 1];
	bool branch = level < t->db.depth;
	const char *what;
	bool mine;
	int code = claim(w, t, page, 1, &mine);

	if (code < 0 || !mine)
		return code;
	if (!p && !(p = w->page[level - 1] = malloc(w->size)))
		return crm_err_nomem(w->err);
	code = load(w, t, page, p, w->size);
	if (code != CRM_OK)
		return code == CRM_NO ? CRM_OK : code;
	*(branch ? &t->branch : &t->leaf) += 1;
	what = page_shape(w, p, branch);
	if (!what && !page_sorted(t, p, branch, lo, hi))
		what = "its keys are out of order";
	if (what)
		return fault(w, t, page, "%s", what);
	for (size_t i = 0; i < page_nodes(p) && code == CRM_OK; i++) {
		struct node x = page_node(p, i, branch);
		struct node after = {.key = {0}};
		bool more = branch && i + 1 < page_nodes(p);

		if (more)
			after = page_node(p, i + 1, branch);
		code = branch ? walk_page(w, t, x.n, level + 1, i ? &x.key : lo,
				    more ? &after.key : hi)
			      : walk_leaf(w, t, page, &x);
	}
	return code;
}

static int
walk_tree(struct walk *w, struct tree *t)
{
	const struct crm_page_db *d = &t->db;
	unsigned char *outer[CRM_PAGE_DEPTH];
	uint64_t before = w->faults;
	int code = CRM_OK;

	if (d->flags != (t->owner == OWNER_FREE ? 8 : 0))
		return fault(w, t, 0, "it has flags that are not known");
	if (d->root == CRM_PAGE_NONE)
		return d->depth || d->entries
			   ? fault(w, t, 0, "it is empty and has entries")
			   : CRM_OK;
	if (d->depth < 1 || d->depth > CRM_PAGE_DEPTH || d->root < 2 ||
	    d->root > w->meta->last)
		return fault(w, t, 0, "it has a root that cannot be");
	/* That of the settings is read at each opening. */
	if (t->owner == OWNER_TABLE && w->depth == LOOK_TABLES &&
	    strcmp(t->name, "table meta") != 0)
		return CRM_OK;
	/* The pages that lead to a table are still being looked at. */
	if (t->owner == OWNER_TABLE) {
		memcpy(outer, w->page, sizeof(outer));
		memset(w->page, 0, sizeof(w->page));
	}
	code = walk_page(w, t, d->root, 1, NULL, NULL);
	if (t->owner == OWNER_TABLE) {
		for (int i = 0; i < CRM_PAGE_DEPTH; i++)
			free(w->page[i]);
		memcpy(w->page, outer, sizeof(outer));
	}
	if (code == CRM_OK && w->faults == before &&
	    (t->branch != d->branch || t->leaf != d->leaf ||
		t->overflow != d->overflow || t->entries != d->entries))
		code = fault(w, t, 0,
		    "it says %llu entries on %llu pages, there are %llu on"
		    " %llu",
		    (unsigned long long)d->entries,
		    (unsigned long long)(d->branch + d->leaf + d->overflow),
		    (unsigned long long)t->entries,
		    (unsigned long long)(t->branch + t->leaf + t->overflow));
	return code;
}

/* A page that nobody has is lost, and may be one that was taken away. */
static int
walk_rest(struct walk *w)
{
	struct tree all = {.name = "the pages"};
	uint64_t n = 0, first = 0;

	for (uint64_t i = 2; i <= w->meta->last; i++) {
		if (w->seen[i / 64] >> (i % 64) & 1)
			continue;
		if (n++ == 0)
			first = i;
	}
	if (n == 0)
		return CRM_OK;
	return fault(w, &all, 0,
	    "%llu are neither used nor free, the first is %llu",
	    (unsigned long long)n, (unsigned long long)first);
}

static int
walk_all(struct walk *w)
{
	struct tree main = {
	    .owner = OWNER_MAIN, .name = "the tables", .db = w->meta->main};
	struct tree free_pages = {
	    .owner = OWNER_FREE, .name = "the free pages", .db = w->meta->free};
	int code;

	w->size = w->meta->size;
	w->taken = malloc(w->size / 16);
	code = w->taken ? CRM_OK : crm_err_nomem(w->err);
	if (code == CRM_OK && w->depth == LOOK_ALL)
		code = mark_bits(w);
	if (code == CRM_OK)
		code = walk_tree(w, &main);
	if (code == CRM_OK && w->depth == LOOK_ALL)
		code = walk_tree(w, &free_pages);
	if (code == CRM_OK && w->depth == LOOK_ALL && w->faults == 0)
		code = walk_rest(w);
	for (int i = 0; i < CRM_PAGE_DEPTH; i++)
		free(w->page[i]);
	free(w->seen);
	free(w->taken);
	return code;
}

/* The meta page of the transaction's snapshot.  CRM_NO: two commits have been
 * made since it began. */
static int
meta_of(
    struct crm_txn *t, int fd, struct crm_page_meta *out, struct crm_err *err)
{
	struct crm_page_meta m[2];
	const char *what = crm_page_metas(fd, m);

	if (what)
		return crm_err_set(err, CRM_EDAMAGE,
		    "the store '%s' is damaged: %s", t->store->path, what);
	for (int i = 0; i < 2; i++)
		if (m[i].txn == mdb_txn_id(t->mdb)) {
			*out = m[i];
			return CRM_OK;
		}
	return CRM_NO;
}

/* Pages at the end that were given out and taken back need not be in the
 * file until the commit's writer has lengthened it. */
static bool
file_short(int fd, const struct crm_page_meta *m)
{
	struct timespec nap = {0, 1000000};
	struct stat st;

	for (int i = 0; i < NAPS; i++) {
		if (fstat(fd, &st) == 0 &&
		    (uint64_t)st.st_size >= (m->last + 1) * m->size)
			return false;
		nanosleep(&nap, NULL);
	}
	return true;
}

int
crm_env_look(struct crm_txn *t, struct crm_err *err)
{
	struct walk w = {.depth = LOOK_TABLES};
	struct crm_page_meta m;
	struct crm_err said = {0};
	int code;

	if (sizeof(size_t) != 8)
		return CRM_OK; /* another format */
	mdb_env_get_fd(t->env->mdb, &w.fd);
	code = meta_of(t, w.fd, &m, err);
	if (code < 0)
		return code;
	/* One that is short is looked at whole, for a page that is used and
	 * not there: reading it would kill the process. */
	if (file_short(w.fd, &m))
		w.depth = LOOK_ALL;
	t->env->page = m.size;
	w.meta = &m;
	w.err = &said;
	code = walk_all(&w);
	if (code == CRM_EDAMAGE)
		return crm_err_set(err, code, "the store '%s' is damaged: %s%s",
		    t->store->path,
		    w.depth == LOOK_ALL ? "its data is truncated: " : "",
		    said.text);
	if (code < 0 && err)
		*err = said;
	return code;
}

int
crm_env_look_few(int fd, const struct crm_page_meta *m, struct crm_few *f)
{
	struct walk w = {.depth = LOOK_TABLES, .fd = fd, .meta = m, .few = f};

	return walk_all(&w);
}

const char *
crm_env_metas(int fd)
{
	struct crm_page_meta m[2];

	return sizeof(size_t) == 8 ? crm_page_metas(fd, m) : NULL;
}

int
crm_store_pages(struct crm_store *s, crm_page_fn *fn, void *ctx,
    uint64_t *pages, struct crm_err *err)
{
	struct walk w = {.depth = LOOK_ALL, .fn = fn, .ctx = ctx, .err = err};
	struct crm_page_meta m;
	struct crm_txn *t;
	int code = CRM_NO;

	*pages = 0;
	if (sizeof(size_t) != 8)
		return CRM_OK;
	for (int i = 0; i < TRIES && code == CRM_NO; i++) {
		code = crm_env_begin(s, false, &t, err);
		if (code < 0)
			return code;
		mdb_env_get_fd(t->env->mdb, &w.fd);
		code = meta_of(t, w.fd, &m, err);
		if (code == CRM_NO)
			crm_txn_end(t);
	}
	if (code == CRM_NO)
		return crm_err_set(err, CRM_EBUSY,
		    "busy: '%s' is written to all the time", s->path);
	if (code == CRM_OK) {
		w.meta = &m;
		code = walk_all(&w);
	}
	crm_txn_end(t);
	*pages = w.pages;
	return code == CRM_OK && w.faults > 0 ? CRM_NO : code;
}
