/*
 * env_few.c - a few look-ups without LMDB.
 *
 * Of a program that looks up one customer, most of the time went into opening
 * LMDB and into what the kernel does for each page of a map that is touched
 * first, and for all of it at the exit.  So a store that is opened for a few
 * look-ups has its trees gone down by pread, from the roots of the snapshot
 * that LMDB would have given a reader: the last commit that readers were told
 * of, or the last there is where nobody is there to be told.
 *
 * LMDB is not told of such a reader, and keeps nothing for it.  It need not: a
 * commit writes over no page of the two before it, and the second of them
 * begins by writing over the meta page of the snapshot.  While that page still
 * has the snapshot's number, whatever was read until then was of it; so each
 * page that was read is followed by a look there.
 *
 * Only what is found is answered, and only while nothing is unusual; a value
 * is checked against its checksum, which is of the key too, by whoever asked.
 * All else is refused, and asked again of a store that was opened as any other
 * (crm_store_whole), which also says what is wrong.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <crm/hash.h>

#include "store/env_pages.h"

enum { PAGE_MOST = 16384, PAGE_OVERFLOW = 4 };

struct crm_few {
	int data, lock; /* its files; -1: closed */
	struct crm_page_meta now; /* the snapshot */
	uint32_t names; /* checksum of the tables' names */
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
	unsigned char page[PAGE_MOST];
};

/* ---- the snapshot ---- */

/* How the lock file of LMDB 0.9 begins, where mutexes are POSIX's; in others
 * the format is another. */
struct told {
	uint32_t magic, format;
	pthread_mutex_t readers;
	uint64_t txn; /* the last commit */
};
#define LOCK_MAGIC 0xBEEFC0DEU
#define LOCK_FORMAT 0x10001U

/* The last commit that readers were told of; 0: nobody has it open, so that
 * nobody was.  False: not to be known now. */
static bool
few_told(int lock, uint64_t *out)
{
	struct flock who = {
	    .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
	struct told told;

	*out = 0;
	if (fcntl(lock, F_GETLK, &who) < 0 || who.l_type == F_WRLCK)
		return false;
	if (who.l_type == F_UNLCK)
		return true;
	if (crm_page_read(lock, &told, sizeof told, 0) != CRM_OK ||
	    told.magic != LOCK_MAGIC || told.format != LOCK_FORMAT)
		return false;
	*out = told.txn;
	return told.txn > 0;
}

/* What a reader that begins now would read.  The commits are read first: who
 * made one that nobody was told of is there, or has ended. */
static bool
few_snapshot(const struct crm_few *f, struct crm_page_meta *out)
{
	struct crm_page_meta m[2];
	uint64_t told;

	if (crm_page_metas(f->data, m) || !few_told(f->lock, &told))
		return false;
	*out = m[m[1].txn > m[0].txn];
	if (told > 0 && told != out->txn)
		*out = m[m[1].txn < m[0].txn];
	return told == 0 || told == out->txn;
}

static int
few_files(struct crm_few *f, const struct crm_store *s, const char *gen)
{
	char path[CRM_PATH_MAX], folder[CRM_PATH_MAX];
	struct stat st;

	crm_folder_path(folder, s->path, gen);
	crm_folder_path(path, folder, "data.mdb");
	f->data = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	crm_folder_path(path, folder, "lock.mdb");
	f->lock = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (f->data < 0 || f->lock < 0 || fstat(f->data, &st) < 0 ||
	    !S_ISREG(st.st_mode) || !few_snapshot(f, &f->now) ||
	    f->now.size > PAGE_MOST ||
	    (uint64_t)st.st_size < (f->now.last + 1) * f->now.size)
		return CRM_NO;
	return CRM_OK;
}

static struct crm_txn *
few_txn(struct crm_store *s)
{
	struct crm_txn *t = calloc(1, sizeof *t);

	if (!t)
		return NULL;
	t->store = s;
	t->env = s->env;
	t->env->ntxn++;
	t->over = s->over;
	t->next = s->txns;
	s->txns = t;
	return t;
}

void
crm_few_shut(struct crm_few *f)
{
	if (f->data >= 0)
		close(f->data);
	if (f->lock >= 0)
		close(f->lock);
	f->data = f->lock = -1;
}

void
crm_few_free(struct crm_few *f)
{
	if (f)
		crm_few_shut(f);
	free(f);
}

/* Its tables, and what it says of itself. */
static int
few_look(struct crm_store *s, struct crm_few *f)
{
	struct crm_txn *t;
	int code = few_files(f, s, s->env->gen);

	if (code == CRM_OK)
		code = crm_env_look_few(f->data, &f->now, f);
	if (code != CRM_OK || !crm_page_meta_is(f->data, &f->now))
		return CRM_NO;
	t = few_txn(s);
	if (!t)
		return CRM_NO;
	code = crm_meta_check(t, NULL);
	crm_env_end(t, true, NULL);
	return code;
}

int
crm_few_open(struct crm_store *s)
{
	struct crm_env *env = calloc(1, sizeof *env);
	struct crm_few *f = malloc(sizeof *f);

	if (env && f) {
		memset(f, 0, offsetof(struct crm_few, page));
		f->data = f->lock = -1;
		env->few = f;
		s->env = env;
		if (crm_gen_read(s->path, env->gen, NULL) == CRM_OK &&
		    few_look(s, f) == CRM_OK)
			return CRM_OK;
	}
	crm_few_free(f);
	free(env);
	s->env = NULL;
	s->missed = false;
	return CRM_NO;
}

/* One that was read while it was written may have the number of the new commit
 * and the roots of an old one: it reads otherwise the second time. */
static bool
few_same(const struct crm_page_meta *a, const struct crm_page_meta *b)
{
	return a->txn == b->txn && a->last == b->last && a->size == b->size &&
	       a->main.root == b->main.root && a->main.depth == b->main.depth &&
	       a->main.entries == b->main.entries;
}

int
crm_few_begin(struct crm_store *s, struct crm_txn **out)
{
	const struct crm_few *f = s->env->few;
	struct crm_page_meta m;
	char now[CRM_GEN_NAME];

	if (!f || crm_gen_read(s->path, now, NULL) != CRM_OK ||
	    memcmp(now, s->env->gen, CRM_GEN_NAME) != 0 ||
	    !few_snapshot(f, &m) || !few_same(&m, &f->now))
		return CRM_NO;
	*out = few_txn(s);
	return *out ? CRM_OK : CRM_NO;
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

	if (!f)
		return false;
	*sum = f->names;
	return true;
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

	if (at < 16 || at + 8 > f->now.size)
		return NULL;
	n = 8 + (size_t)crm_page_u16(f->page + at + 6);
	if (!branch)
		n += crm_page_u16(f->page + at + 4) & CRM_PAGE_BIG
			 ? 8
			 : crm_page_node_size(f->page + at);
	return n <= f->now.size - at ? f->page + at : NULL;
}

static struct crm_str
node_key(const unsigned char *node)
{
	return (struct crm_str){(const char *)node + 8, crm_page_u16(node + 6)};
}

/* Reads bytes of the snapshot; false also when it may be gone. */
static bool
few_bytes(const struct crm_few *f, void *to, size_t n, uint64_t at)
{
	return crm_page_read(f->data, to, n, at) == CRM_OK &&
	       crm_page_meta_is(f->data, &f->now);
}

/* Reads a page, unless it was the last; how many entries, 0: it is not what it
 * should be. */
static size_t
few_read(struct crm_few *f, uint64_t at, bool branch)
{
	size_t lower, size = f->now.size;

	if (at < 2 || at > f->now.last)
		return 0;
	if (f->at != at) {
		f->at = 0;
		if (!few_bytes(f, f->page, size, at * size))
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
	uint64_t at = page * f->now.size;
	unsigned char head[16];
	char *p;

	if (page < 2 || page > f->now.last ||
	    n > (f->now.last - page + 1) * f->now.size ||
	    !few_bytes(f, head, sizeof head, at) ||
	    crm_page_u64(head) != page ||
	    crm_page_u16(head + 10) != PAGE_OVERFLOW)
		return CRM_NO;
	p = crm_arena_alloc(a, n);
	if (!p || !few_bytes(f, p, n, at + sizeof head))
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

	if (table >= CRM_TABS || key.n == 0 || f->tree[table].root < 2)
		return CRM_NO;
	if (f->hit.txn == t && f->hit.table == table && f->hit.n == key.n &&
	    memcmp(f->hit.key, key.p, key.n) == 0) {
		*value = f->hit.value;
		return CRM_OK;
	}
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

	if (!f || f->tree[table].depth != 1)
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
