/*
 * import_group.c - the items of one record brought together.
 *
 * Rows of an order may be a whole file apart, so items are sorted by (rank,
 * ordinal, row): ordinals are given out as records are first named, so
 * records come out in the order of the file, and rows within them too.  The
 * buffer is sorted and spilled when it is full; the runs are merged by
 * looking at the head of each, as there is one run for 64 MiB of input.
 */
#include <stdlib.h>

#include "import_parts.h"

enum { WINDOW = 256 << 10 };

static int
cmp_place(const void *pa, const void *pb)
{
	const struct crm_imp_place *a = pa, *b = pb;

	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	if (a->ordinal != b->ordinal)
		return a->ordinal < b->ordinal ? -1 : 1;
	if (a->row != b->row)
		return a->row < b->row ? -1 : 1;
	/* Items of one row: as they were put. */
	return a->at < b->at ? -1 : a->at > b->at;
}

static size_t
item_size(const struct crm_imp_item *h)
{
	return sizeof *h + h->nkey + h->nbody + h->nraw;
}

/* Writes what is in memory as a sorted run. */
static int
spill(struct crm_imp_group *g, struct crm_err *err)
{
	struct crm_imp_run *run;
	struct crm_buf out = {0};
	int r = CRM_OK;

	if (!crm_grow(&g->run, &g->caprun, g->nrun, sizeof *g->run))
		return crm_err_nomem(err);
	run = &g->run[g->nrun++];
	*run = (struct crm_imp_run){.at = g->spool.size};
	qsort(g->place, g->n, sizeof *g->place, cmp_place);
	for (size_t i = 0; r == CRM_OK && i < g->n; i++) {
		struct crm_imp_item h;

		memcpy(&h, g->buf.p + g->place[i].at, sizeof h);
		crm_buf_put(&out, g->buf.p + g->place[i].at, item_size(&h));
		if (out.n < WINDOW && i + 1 < g->n)
			continue;
		r = crm_buf_check(&out, err);
		if (r == CRM_OK)
			r = crm_spool_write(&g->spool, out.p, out.n, err);
		crm_buf_clear(&out);
	}
	run->end = g->spool.size;
	g->n = 0;
	crm_buf_clear(&g->buf);
	crm_buf_release(&out);
	return r;
}

int
crm_imp_group_add(
    struct crm_imp_group *g, const struct crm_imp_view *v, struct crm_err *err)
{
	struct crm_imp_item h = v->h;
	int r;

	h.nkey = (uint32_t)v->key.n;
	h.nbody = (uint32_t)v->body.n;
	h.nraw = (uint32_t)v->raw.n;
	if (g->n > 0 &&
	    g->buf.n + item_size(&h) + (g->n + 1) * sizeof *g->place >
		g->memory) {
		r = spill(g, err);
		if (r < 0)
			return r;
	}
	if (!crm_grow(&g->place, &g->cap, g->n, sizeof *g->place))
		return crm_err_nomem(err);
	g->place[g->n++] =
	    (struct crm_imp_place){h.rank, 0, h.ordinal, h.row, g->buf.n};
	crm_buf_put(&g->buf, &h, sizeof h);
	crm_buf_putstr(&g->buf, v->key);
	crm_buf_putstr(&g->buf, v->body);
	crm_buf_putstr(&g->buf, v->raw);
	return crm_buf_check(&g->buf, err);
}

/* ---- reading ---- */

/* Makes at least n bytes from pos on be in the run's window. */
static int
need(struct crm_imp_group *g, struct crm_imp_run *run, size_t n,
    struct crm_err *err)
{
	size_t have = run->win.n - run->pos, want;
	uint64_t left = run->end - run->at;
	int r;

	if (have >= n)
		return CRM_OK;
	if (have + left < n)
		return crm_err_set(err, CRM_EBUG, "a run of items is cut off");
	if (have > 0)
		memmove(run->win.p, run->win.p + run->pos, have);
	run->win.n = have;
	run->pos = 0;
	want = n - have > WINDOW ? n - have : WINDOW;
	if (want > left)
		want = (size_t)left;
	if (!crm_buf_room(&run->win, want))
		return crm_buf_check(&run->win, err);
	r = crm_spool_pread(&g->spool, run->at, run->win.p + have, want, err);
	if (r < 0)
		return r;
	run->win.n += want;
	run->at += want;
	return CRM_OK;
}

/* The head of a run; CRM_NOTFOUND at its end. */
static int
run_head(struct crm_imp_group *g, struct crm_imp_run *run,
    struct crm_imp_item *h, struct crm_err *err)
{
	int r;

	if (run->pos == run->win.n && run->at == run->end)
		return CRM_NOTFOUND;
	r = need(g, run, sizeof *h, err);
	if (r < 0)
		return r;
	memcpy(h, run->win.p + run->pos, sizeof *h);
	return CRM_OK;
}

static bool
before(const struct crm_imp_item *a, const struct crm_imp_item *b)
{
	if (a->rank != b->rank)
		return a->rank < b->rank;
	if (a->ordinal != b->ordinal)
		return a->ordinal < b->ordinal;
	return a->row < b->row;
}

/* The run whose head is first; -1 when all are at their ends.  Of equal ones
 * the earlier run, so rows stay in order. */
static int
first_run(struct crm_imp_group *g, struct crm_imp_item *h, struct crm_err *err)
{
	int best = -1;

	for (size_t i = 0; i < g->nrun; i++) {
		struct crm_imp_item x;
		int r = run_head(g, &g->run[i], &x, err);

		if (r == CRM_NOTFOUND)
			continue;
		if (r < 0)
			return r; /* a code, which is below -1 */
		if (best < 0 || before(&x, h)) {
			best = (int)i;
			*h = x;
		}
	}
	return best;
}

static int
keep(struct crm_imp_group *g, const char *p, size_t n, struct crm_err *err)
{
	if (!crm_grow(&g->off, &g->capoff, g->ncur, sizeof *g->off))
		return crm_err_nomem(err);
	g->off[g->ncur++] = g->cur.n;
	crm_buf_put(&g->cur, p, n);
	return crm_buf_check(&g->cur, err);
}

static bool
same_record(const struct crm_imp_item *a, const struct crm_imp_item *b)
{
	return a->rank == b->rank && a->ordinal == b->ordinal;
}

static int
gather_memory(struct crm_imp_group *g, struct crm_err *err)
{
	struct crm_imp_item first = {0}, h = {0};
	int r = CRM_OK;

	if (g->next == g->n)
		return CRM_NOTFOUND;
	for (; r == CRM_OK && g->next < g->n; g->next++) {
		const char *p = g->buf.p + g->place[g->next].at;

		memcpy(&h, p, sizeof h);
		if (g->ncur == 0)
			first = h;
		else if (!same_record(&first, &h))
			break;
		r = keep(g, p, item_size(&h), err);
	}
	return r;
}

static int
gather_runs(struct crm_imp_group *g, struct crm_err *err)
{
	struct crm_imp_item first = {0}, h = {0};
	int r = CRM_OK;

	while (r == CRM_OK) {
		int i = first_run(g, &h, err);

		if (i < -1)
			return i;
		if (i < 0)
			return g->ncur ? CRM_OK : CRM_NOTFOUND;
		if (g->ncur == 0)
			first = h;
		else if (!same_record(&first, &h))
			return CRM_OK;
		r = need(g, &g->run[i], item_size(&h), err);
		if (r < 0)
			return r;
		r = keep(
		    g, g->run[i].win.p + g->run[i].pos, item_size(&h), err);
		g->run[i].pos += item_size(&h);
	}
	return r;
}

static int
begin(struct crm_imp_group *g, struct crm_err *err)
{
	int r = CRM_OK;

	g->reading = true;
	if (g->nrun == 0) {
		if (g->n > 1)
			qsort(g->place, g->n, sizeof *g->place, cmp_place);
		return CRM_OK;
	}
	if (g->n > 0)
		r = spill(g, err);
	crm_buf_release(&g->buf);
	free(g->place);
	g->place = NULL;
	g->cap = 0;
	return r;
}

int
crm_imp_group_next(struct crm_imp_group *g, struct crm_imp_view **v, size_t *n,
    struct crm_err *err)
{
	int r = CRM_OK;

	if (!g->reading)
		r = begin(g, err);
	crm_buf_clear(&g->cur);
	g->ncur = 0;
	if (r == CRM_OK)
		r = g->nrun ? gather_runs(g, err) : gather_memory(g, err);
	if (r < 0)
		return r;
	/* Views are made last: the buffer moves as it grows. */
	while (g->capview < g->ncur)
		if (!crm_grow(
			&g->view, &g->capview, g->capview, sizeof *g->view))
			return crm_err_nomem(err);
	for (size_t i = 0; i < g->ncur; i++) {
		struct crm_imp_view *x = &g->view[i];
		const char *p = g->cur.p + g->off[i];

		memcpy(&x->h, p, sizeof x->h);
		p += sizeof x->h;
		x->key = (struct crm_str){p, x->h.nkey};
		x->body = (struct crm_str){p + x->h.nkey, x->h.nbody};
		x->raw =
		    (struct crm_str){p + x->h.nkey + x->h.nbody, x->h.nraw};
	}
	*v = g->view;
	*n = g->ncur;
	return CRM_OK;
}

void
crm_imp_group_release(struct crm_imp_group *g)
{
	for (size_t i = 0; i < g->nrun; i++)
		crm_buf_release(&g->run[i].win);
	free(g->run);
	free(g->place);
	free(g->off);
	free(g->view);
	crm_buf_release(&g->buf);
	crm_buf_release(&g->cur);
	crm_spool_release(&g->spool);
	*g = (struct crm_imp_group){0};
}
