/*
 * scan_parts.c - all records of a kind, by several threads.
 *
 * Decoding is what reading many records costs, so it is shared: each thread
 * goes through a range of numbers by a transaction of its own on the same
 * state of the store.  What a scan of one piece notices at its end, that
 * entries are missing, is noticed here by the sum of the parts' entries.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <crm/columns.h>
#include <crm/model.h>
#include <crm/overlay.h>

#include "hooks.h"

/* Numbers a part has at least: a thread's start costs more than fewer do. */
enum { PART_LEAST = 10000 };

struct part {
	const struct crm_scan_job *job;
	struct crm_txn *txn;
	void *ctx;
	uint64_t from, to, entries;
	unsigned i;
	atomic_uint *failed; /* the first part that did, or past the last */
	int code;
	struct crm_err err;
};

static int
read_part(struct part *p)
{
	const struct crm_scan_job *j = p->job;
	struct crm_columns *block = NULL;
	struct crm_record *rec;
	struct crm_scan *sc;
	int code;

	code = crm_scan_open(
	    p->txn, j->schema, j->kind, j->want, j->at, &sc, &p->err);
	if (code < 0)
		return code;
	if (j->cells)
		crm_scan_cells(sc, j->cells);
	crm_scan_range(sc, p->from, p->to);
	while ((code = j->block ? crm_scan_step(sc, &block, &rec, &p->err)
				: crm_scan_next(sc, &rec, &p->err)) == CRM_OK) {
		code = block ? j->block(p->ctx, block, &p->err)
			     : j->fn(p->ctx, rec, &p->err);
		if (code < 0 || atomic_load_explicit(
				    p->failed, memory_order_relaxed) < p->i)
			break;
	}
	p->entries = crm_scan_entries(sc);
	crm_scan_close(sc);
	return code == CRM_NOTFOUND ? CRM_OK : code;
}

static void *
work(void *arg)
{
	struct part *p = arg;
	unsigned now = atomic_load(p->failed);

	p->code = read_part(p);
	while (p->code < 0 && p->i < now &&
	       !atomic_compare_exchange_weak(p->failed, &now, p->i))
		;
	return NULL;
}

/* May the records be read by threads that know nothing of each other?  The
 * figures of customers of now lie in their order, so each reads its own. */
static bool
divisible(const struct crm_scan_job *j)
{
	const struct crm_kind *k = j->kind;
	unsigned other = CRM_F_VIRTUAL;

	if (k->number != CRM_K_CUSTOMER)
		other |= CRM_F_FIGURE;
	for (unsigned i = 0; i < k->nfields; i++)
		if (crm_wants(j->want, (int)i) &&
		    (k->fields[i].flags & other) &&
		    strcmp(k->fields[i].name, "revision") != 0)
			return false;
	return j->at == INT64_MAX;
}

int
crm_parts_last(
    struct crm_txn *t, unsigned table, uint64_t *out, struct crm_err *err)
{
	struct crm_cursor *c;
	struct crm_str k, v;
	int code = crm_cursor_open(t, table, &c, err);

	*out = 0;
	if (code < 0)
		return code;
	code = crm_cursor_last(c, &k, &v, err);
	/* a key that is no number is found by who reads it */
	if (code == CRM_OK && !crm_take_be(&k, 8, out))
		*out = 0;
	crm_cursor_close(c);
	return code == CRM_NOTFOUND ? CRM_OK : code;
}

/* Blocks of columns lie in one part as a whole. */
static uint64_t
begin_range(uint64_t number)
{
	return number - number % CRM_COLUMNS_RANGE;
}

/* How many parts, with a transaction each. */
static int
divide(struct crm_txn *t, const struct crm_scan_job *j, struct part *part,
    unsigned *n, struct crm_err *err)
{
	unsigned most = j->parts < CRM_SCAN_PARTS ? j->parts : CRM_SCAN_PARTS;
	uint64_t last;
	int code;

	*n = 1;
	part[0].txn = t;
	if (most < 2 || !divisible(j) || crm_txn_overlay(t))
		return CRM_OK;
	code = crm_parts_last(t, CRM_TAB_KIND + j->kind->number, &last, err);
	if (last / PART_LEAST < most)
		most = (unsigned)(last / PART_LEAST);
	while (code == CRM_OK && *n < most) {
		code = crm_txn_twin(t, &part[*n].txn, err);
		*n += code == CRM_OK;
	}
	for (unsigned i = 1; i < *n; i++)
		part[i].from = part[i - 1].to =
		    begin_range(last / *n * i + CRM_COLUMNS_RANGE);
	return code == CRM_NO ? CRM_OK : code;
}

int
crm_parts_count(struct crm_txn *t, const struct crm_kind *k, uint64_t sum,
    struct crm_err *err)
{
	uint64_t all;
	int code = crm_count(t, CRM_TAB_KIND + k->number, &all, err);

	if (code == CRM_OK && sum != all)
		code = crm_err_set(err, CRM_EDAMAGE,
		    "the store '%s' is damaged: of %llu %ss %llu were found",
		    crm_store_path(crm_txn_store(t)), (unsigned long long)all,
		    k->name, (unsigned long long)sum);
	return code;
}

int
crm_scan_parts(
    struct crm_txn *t, const struct crm_scan_job *job, struct crm_err *err)
{
	struct part *part = calloc(CRM_SCAN_PARTS, sizeof *part);
	pthread_t thread[CRM_SCAN_PARTS];
	bool runs[CRM_SCAN_PARTS] = {false};
	atomic_uint failed = CRM_SCAN_PARTS;
	unsigned n = 0;
	int code;

	if (!part)
		return crm_err_nomem(err);
	code = divide(t, job, part, &n, err);
	for (unsigned i = 0; i < n; i++) {
		part[i].job = job;
		part[i].ctx = job->ctx[i];
		part[i].i = i;
		part[i].failed = &failed;
	}
	for (unsigned i = 1; code == CRM_OK && i < n; i++)
		runs[i] = pthread_create(&thread[i], NULL, work, &part[i]) == 0;
	if (code == CRM_OK)
		work(&part[0]);
	for (unsigned i = 0; i < n; i++) {
		if (runs[i])
			pthread_join(thread[i], NULL);
		else if (i > 0 && code == CRM_OK)
			work(&part[i]); /* no thread was to be had */
		if (code == CRM_OK && part[i].code < 0) {
			code = part[i].code;
			if (err)
				*err = part[i].err;
		}
	}
	for (unsigned i = n; i-- > 1;)
		crm_txn_end(part[i].txn);
	for (unsigned i = 1; i < n; i++)
		part[0].entries += part[i].entries;
	if (code == CRM_OK && n > 1)
		code = crm_parts_count(t, job->kind, part[0].entries, err);
	free(part);
	return code;
}
