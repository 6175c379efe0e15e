/*
 * check_parts.c - the records of a kind, checked by several threads.
 *
 * The numbers are cut into ranges; each thread has one, by a transaction of
 * its own on the same state of the store, with sums and buffers of its own
 * that are added up at the end.  What is at fault is told in the order of the
 * numbers, as one thread would: the first reports at once, the others keep
 * what they found until those before them are done.  One that has found much
 * stops, and the first does the rest of its range.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <crm/os.h>

#include "check.h"

enum {
	PARTS = 4,
	PART_LEAST = 10000, /* numbers, for a thread to be worth its start */
	FOUND_MAX = 1 << 20 /* bytes of faults that are kept */
};

/* Faults that are not told yet: where and what, each with its NUL. */
struct crm_check_found {
	struct crm_buf text;
	atomic_bool *stop;
};

struct part {
	struct crm_check ck;
	struct crm_check_options opt;
	struct crm_check_found found;
	const struct crm_check_job *job;
	uint64_t from, to, at;
	int code;
	struct crm_err err;
};

int
crm_check_keep(struct crm_check *ck, const char *where, const char *what,
    struct crm_err *err)
{
	struct crm_buf *b = &ck->found->text;

	crm_buf_put(b, where, strlen(where) + 1);
	crm_buf_put(b, what, strlen(what) + 1);
	return crm_buf_check(b, err);
}

bool
crm_check_stop(const struct crm_check *ck)
{
	return ck->found != NULL &&
	       (ck->found->text.n > FOUND_MAX ||
		   atomic_load_explicit(ck->found->stop, memory_order_relaxed));
}

static void *
work(void *arg)
{
	struct part *p = arg;

	p->code = p->job->fn(&p->ck, p->job, p->from, p->to, &p->at, &p->err);
	return NULL;
}

/* The highest number, 0: none. */
static int
last_of(struct crm_check *ck, unsigned kind, uint64_t *out, struct crm_err *err)
{
	struct crm_cursor *c;
	struct crm_str k, v;
	int r = crm_cursor_open(ck->txn, CRM_TAB_KIND + kind, &c, err);

	*out = 0;
	if (r < 0)
		return r;
	r = crm_cursor_last(c, &k, &v, err);
	if (r == CRM_OK && (k.n != 8 || !crm_take_be(&k, 8, out)))
		*out = 0;
	crm_cursor_close(c);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

static int
sums_new(struct crm_check *own, const struct crm_check *ck, struct crm_err *err)
{
	size_t n = (size_t)(ck->high - ck->low);

	own->sums = calloc(n, sizeof *own->sums);
	if (own->sums == NULL)
		return crm_err_nomem(err);
	for (size_t i = 0; i < n; i++)
		own->sums[i].first = own->sums[i].last = INT64_MIN;
	return CRM_OK;
}

/* A part of its own.  CRM_NO: there is to be none. */
static int
part_new(struct crm_check *ck, struct part *p, atomic_bool *stop,
    struct crm_err *err)
{
	struct crm_txn *twin;
	int r = crm_txn_twin(ck->txn, &twin, err);

	if (r != CRM_OK)
		return r;
	/* what is known of all numbers is read by all */
	p->ck = *ck;
	p->ck.txn = twin;
	p->opt = *ck->opt;
	p->opt.watch.fn = NULL;
	p->ck.opt = &p->opt;
	p->ck.out = (struct crm_check_result){0};
	p->ck.ident = p->ck.index = (struct crm_keysum){0};
	p->ck.keys = p->ck.normal = p->ck.old = p->ck.new = p->ck.text =
	    (struct crm_buf){0};
	p->ck.head_at = 0;
	p->ck.blocks = 0;
	p->ck.sums = NULL;
	p->found.stop = stop;
	p->ck.found = &p->found;
	return CRM_OK;
}

static void
part_release(struct part *p)
{
	crm_txn_end(p->ck.txn);
	free(p->ck.sums);
	crm_buf_release(&p->ck.keys);
	crm_buf_release(&p->ck.normal);
	crm_buf_release(&p->ck.old);
	crm_buf_release(&p->ck.new);
	crm_buf_release(&p->ck.text);
	crm_buf_release(&p->found.text);
}

/* How many parts; [0] is the caller's own. */
static int
divide(struct crm_check *ck, const struct crm_check_job *job, struct part *part,
    unsigned *n, atomic_bool *stop, struct crm_err *err)
{
	unsigned most = crm_os_processors();
	uint64_t last, each;
	int r = last_of(ck, job->kind->number, &last, err);

	*n = 1;
	if (most > PARTS)
		most = PARTS;
	if (last / PART_LEAST < most)
		most = (unsigned)(last / PART_LEAST);
	for (; r == CRM_OK && *n < most; *n += r == CRM_OK)
		r = part_new(ck, &part[*n], stop, err);
	r = r == CRM_NO ? CRM_OK : r;
	for (unsigned i = 1; i < *n && r == CRM_OK && job->sums; i++)
		r = sums_new(&part[i].ck, ck, err);
	each = last / *n + 1;
	for (unsigned i = 0; i < *n; i++) {
		part[i].job = job;
		part[i].from = i > 0 ? part[i - 1].to : 0;
		/* blocks of columns lie in one part as a whole */
		part[i].to = i + 1 < *n
				 ? (i + 1) * each / job->align * job->align
				 : UINT64_MAX;
	}
	return r;
}

static void
add_sums(struct crm_check *ck, const struct crm_check *own)
{
	for (uint64_t i = 0; i < ck->high - ck->low; i++) {
		struct crm_check_sum *to = &ck->sums[i];
		const struct crm_check_sum *s = &own->sums[i];
		int64_t *sum = &to->orders;

		if (s->first != INT64_MIN &&
		    (to->first == INT64_MIN || s->first < to->first))
			to->first = s->first;
		if (s->last > to->last)
			to->last = s->last;
		if (s->touches > 0 &&
		    (to->touches == 0 || s->last_touch > to->last_touch))
			to->last_touch = s->last_touch;
		*sum += s->orders;
		to->revenue =
		    (int64_t)((uint64_t)to->revenue + (uint64_t)s->revenue);
		to->spent = (int64_t)((uint64_t)to->spent + (uint64_t)s->spent);
		to->refunded =
		    (int64_t)((uint64_t)to->refunded + (uint64_t)s->refunded);
		to->discounts =
		    (int64_t)((uint64_t)to->discounts + (uint64_t)s->discounts);
		to->cost = (int64_t)((uint64_t)to->cost + (uint64_t)s->cost);
		to->returns += s->returns;
		to->tickets += s->tickets;
		to->open += s->open;
		to->touches += s->touches;
		to->ledger += s->ledger;
		to->items += s->items;
	}
}

/* Tells what a part has found, does what it has left, adds up its sums. */
static int
part_done(struct crm_check *ck, struct part *p, struct crm_err *err)
{
	struct crm_str rest = crm_buf_str(&p->found.text);
	int r = p->code;

	while (rest.n > 0) {
		struct crm_str where, what;
		int told;

		(void)crm_str_split(&rest, '\0', &where);
		(void)crm_str_split(&rest, '\0', &what);
		told = crm_check_fault(ck, err, where.p, "%s", what.p);
		if (told < 0)
			return told;
	}
	if (r < 0) {
		if (err != NULL)
			*err = p->err;
		return r;
	}
	ck->blocks += p->ck.blocks;
	ck->ident.sum += p->ck.ident.sum;
	ck->ident.n += p->ck.ident.n;
	ck->index.sum += p->ck.index.sum;
	ck->index.n += p->ck.index.n;
	if (p->job->sums)
		add_sums(ck, &p->ck);
	return p->at < p->to ? p->job->fn(ck, p->job, p->at, p->to, &p->at, err)
			     : CRM_OK;
}

int
crm_check_parts(
    struct crm_check *ck, const struct crm_check_job *job, struct crm_err *err)
{
	struct part *part = calloc(PARTS, sizeof *part);
	pthread_t thread[PARTS];
	bool runs[PARTS] = {false};
	atomic_bool stop = false;
	unsigned n = 0;
	int r;

	if (part == NULL)
		return crm_err_nomem(err);
	r = divide(ck, job, part, &n, &stop, err);
	for (unsigned i = 1; i < n && r == CRM_OK; i++) {
		part[i].at = part[i].from;
		runs[i] = pthread_create(&thread[i], NULL, work, &part[i]) == 0;
	}
	if (r == CRM_OK)
		r = job->fn(ck, job, 0, part[0].to, &part[0].at, err);
	if (r < 0)
		atomic_store(&stop, true);
	for (unsigned i = 1; i < n; i++)
		if (runs[i])
			pthread_join(thread[i], NULL);
	for (unsigned i = 1; i < n && r == CRM_OK; i++)
		r = part_done(ck, &part[i], err);
	for (unsigned i = n; i-- > 1;)
		part_release(&part[i]);
	free(part);
	return r;
}
