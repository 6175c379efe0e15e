/*
 * keysort.c - sorting more entries than fit into memory.
 *
 * Entries are collected, sorted and written to a spool as runs, which are then
 * merged.  The smallest head among the runs is looked for one by one: 10 M
 * entries are some ten runs, for which a heap would not be quicker.
 */
#include <stdlib.h>

#include "keysort.h"

#define RUN_BYTES ((size_t)32 << 20)
#define READ_BYTES ((size_t)256 << 10)
#define HEAD (2 * sizeof(uint32_t))

struct crm_keyrun {
	uint64_t off, end; /* of what is not read yet, in the spool */
	char *buf;
	size_t at, n, cap;
	bool live;
	struct crm_str key, value;
};

static void
entry_at(const char *p, struct crm_str *key, struct crm_str *value)
{
	uint32_t n[2];

	memcpy(n, p, sizeof n);
	*key = (struct crm_str){p + HEAD, n[0]};
	*value = (struct crm_str){p + HEAD + n[0], n[1]};
}

/* The order entries came in is that of their places. */
static int
place_cmp(const void *a, const void *b, void *ctx)
{
	const struct crm_keysort *k = ctx;
	size_t x = *(const size_t *)a, y = *(const size_t *)b;
	struct crm_str p, q, v;
	int r;

	entry_at(k->mem.p + x, &p, &v);
	entry_at(k->mem.p + y, &q, &v);
	r = crm_str_cmp(p, q);
	return r != 0 ? r : (x < y ? -1 : x > y);
}

static int
run_write(struct crm_keysort *k, struct crm_err *err)
{
	uint64_t off = k->spool.size;
	struct crm_str key, value;
	int r;

	qsort_r(k->at, k->n, sizeof *k->at, place_cmp, k);
	for (size_t i = 0; i < k->n; i++) {
		const char *p = k->mem.p + k->at[i];

		entry_at(p, &key, &value);
		r = crm_spool_write(&k->spool, p, HEAD + key.n + value.n, err);
		if (r < 0)
			return r;
	}
	if (!crm_grow(&k->run, &k->caprun, k->nrun, sizeof *k->run))
		return crm_err_nomem(err);
	k->run[k->nrun++] =
	    (struct crm_keyrun){.off = off, .end = k->spool.size};
	k->n = 0;
	crm_buf_clear(&k->mem);
	return CRM_OK;
}

int
crm_keysort_add(struct crm_keysort *k, struct crm_str key, struct crm_str value,
    struct crm_err *err)
{
	uint32_t n[2];
	int r;

	if (k->mem.n >= (k->memory ? k->memory : RUN_BYTES)) {
		k->spool.dir = k->dir;
		r = run_write(k, err);
		if (r < 0)
			return r;
	}
	if (key.n > UINT32_MAX || value.n > UINT32_MAX)
		return crm_err_set(err, CRM_EBUG, "an entry is too large");
	if (!crm_grow(&k->at, &k->cap, k->n, sizeof *k->at))
		return crm_err_nomem(err);
	n[0] = (uint32_t)key.n;
	n[1] = (uint32_t)value.n;
	k->at[k->n++] = k->mem.n;
	crm_buf_put(&k->mem, n, sizeof n);
	crm_buf_putstr(&k->mem, key);
	crm_buf_putstr(&k->mem, value);
	k->total++;
	return crm_buf_check(&k->mem, err);
}

/* Makes n bytes of the run lie in its buffer; false at its end. */
static int
run_fill(struct crm_keysort *k, struct crm_keyrun *run, size_t n,
    struct crm_err *err)
{
	size_t have = run->n - run->at, more;
	int r;

	if (have >= n)
		return CRM_OK;
	memmove(run->buf, run->buf + run->at, have);
	run->at = 0;
	run->n = have;
	if (run->cap < n) {
		char *p = realloc(run->buf, n);

		if (p == NULL)
			return crm_err_nomem(err);
		run->buf = p;
		run->cap = n;
	}
	more = run->cap - have;
	if (more > run->end - run->off)
		more = (size_t)(run->end - run->off);
	if (have + more < n)
		return crm_err_set(err, CRM_EBUG, "a sorted run is cut");
	r = crm_spool_pread(&k->spool, run->off, run->buf + have, more, err);
	run->off += more;
	run->n += more;
	return r;
}

static int
run_step(struct crm_keysort *k, struct crm_keyrun *run, struct crm_err *err)
{
	uint32_t n[2];
	int r;

	run->live = run->at < run->n || run->off < run->end;
	if (!run->live)
		return CRM_OK;
	r = run_fill(k, run, HEAD, err);
	if (r < 0)
		return r;
	memcpy(n, run->buf + run->at, sizeof n);
	r = run_fill(k, run, HEAD + n[0] + n[1], err);
	if (r < 0)
		return r;
	entry_at(run->buf + run->at, &run->key, &run->value);
	run->at += HEAD + n[0] + n[1];
	return CRM_OK;
}

int
crm_keysort_finish(struct crm_keysort *k, struct crm_err *err)
{
	int r = CRM_OK;

	if (k->nrun == 0) {
		if (k->n > 0)
			qsort_r(k->at, k->n, sizeof *k->at, place_cmp, k);
		return CRM_OK;
	}
	if (k->n > 0)
		r = run_write(k, err);
	crm_buf_release(&k->mem);
	for (size_t i = 0; i < k->nrun && r == CRM_OK; i++) {
		k->run[i].cap = READ_BYTES;
		k->run[i].buf = malloc(READ_BYTES);
		r = k->run[i].buf ? run_step(k, &k->run[i], err)
				  : crm_err_nomem(err);
	}
	return r;
}

int
crm_keysort_next(struct crm_keysort *k, struct crm_str *key,
    struct crm_str *value, struct crm_err *err)
{
	struct crm_keyrun *best = NULL;
	int r;

	if (k->nrun == 0) {
		if (k->pos >= k->n)
			return CRM_NOTFOUND;
		entry_at(k->mem.p + k->at[k->pos++], key, value);
		return CRM_OK;
	}
	if (k->given != NULL) {
		r = run_step(k, k->given, err);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < k->nrun; i++)
		if (k->run[i].live &&
		    (best == NULL || crm_str_cmp(k->run[i].key, best->key) < 0))
			best = &k->run[i];
	k->given = best;
	if (best == NULL)
		return CRM_NOTFOUND;
	*key = best->key;
	*value = best->value;
	return CRM_OK;
}

void
crm_keysort_release(struct crm_keysort *k)
{
	for (size_t i = 0; i < k->nrun; i++)
		free(k->run[i].buf);
	free(k->run);
	free(k->at);
	crm_buf_release(&k->mem);
	crm_spool_release(&k->spool);
	memset(k, 0, sizeof *k);
}
