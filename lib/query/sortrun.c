/*
 * sortrun.c - sorted runs in one unlinked file, and merging them.
 *
 * The file is read back by the process that wrote it, so rows are laid out as
 * this machine has them: a length, each value's fixed part, its text.  Runs
 * are written in the order their rows came, so among equals the lower run goes
 * first and the merge is stable.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <crm/os.h>

#include "query/sort.h"

#define WINDOW ((size_t)64 << 10)

struct packed {
	uint8_t type, scale, kind, part;
	uint32_t sub;
	int64_t i;
	uint64_t n;
};

static int
by_order(const void *a, const void *b, void *ctx)
{
	const struct sort_row *const *x = a, *const *y = b;
	int r = crm_sort_compare(ctx, (*x)->v, (*y)->v);

	return r != 0 ? r : ((*x)->seq > (*y)->seq) - ((*x)->seq < (*y)->seq);
}

static void
pack_row(const struct crm_sort *s, const struct sort_row *r, struct crm_buf *b)
{
	uint64_t bytes = s->n * sizeof(struct packed);

	for (size_t i = 0; i < s->n; i++)
		bytes += r->v[i].s.n;
	crm_buf_put(b, &bytes, sizeof(bytes));
	for (size_t i = 0; i < s->n; i++) {
		const struct crm_value *v = &r->v[i];
		struct packed p = {
		    v->type, v->scale, v->kind, v->part, v->sub, v->i, v->s.n};

		crm_buf_put(b, &p, sizeof(p));
		crm_buf_putstr(b, v->s);
	}
}

static int
flush(struct crm_sort *s, struct crm_buf *b, struct crm_err *err)
{
	int r = crm_buf_check(b, err);

	if (r == CRM_OK)
		r = crm_write_all(s->fd, b->p, b->n, "sorting", err);
	if (r == CRM_OK)
		s->size += b->n;
	crm_buf_clear(b);
	return r;
}

int
crm_sort_spill(struct crm_sort *s, struct crm_err *err)
{
	struct crm_buf b = {0};
	struct sort_run run = {.at = s->size};
	int r = CRM_OK;

	if (s->fd < 0) {
		s->fd = crm_temp_file(s->dir ? s->dir : "/tmp", err);
		if (s->fd < 0)
			return s->fd;
	}
	s->spilled = true;
	qsort_r(s->row, s->nrow, sizeof(*s->row), by_order, s);
	for (size_t i = 0; i < s->nrow && r == CRM_OK; i++) {
		pack_row(s, s->row[i], &b);
		if (b.n >= WINDOW || b.fail)
			r = flush(s, &b, err);
	}
	if (r == CRM_OK && b.n > 0)
		r = flush(s, &b, err);
	run.end = s->size;
	if (r == CRM_OK &&
	    !crm_grow(&s->run, &s->caprun, s->nrun, sizeof(*s->run)))
		r = crm_err_nomem(err);
	if (r == CRM_OK)
		s->run[s->nrun++] = run;
	crm_buf_release(&b);
	crm_arena_reset(&s->arena);
	s->nrow = 0;
	s->used = 0;
	return r;
}

/* ---- reading a run ---- */

/* At least n unread bytes in the window. */
static int
fill(struct crm_sort *s, struct sort_run *run, size_t n, struct crm_err *err)
{
	struct crm_buf *b = &run->buf;
	size_t left = b->n - run->used, want;

	if (left >= n)
		return CRM_OK;
	if (left > 0)
		memmove(b->p, b->p + run->used, left);
	b->n = left;
	run->used = 0;
	want = n > WINDOW ? n - left : WINDOW - left;
	if (want > run->end - run->at)
		want = (size_t)(run->end - run->at);
	if (!crm_buf_room(b, want))
		return crm_buf_check(b, err);
	while (want > 0) {
		ssize_t got = pread(s->fd, b->p + b->n, want, (off_t)run->at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return crm_err_sys(err, CRM_EIO, errno, "sorting");
		if (got == 0)
			break;
		b->n += (size_t)got;
		run->at += (uint64_t)got;
		want -= (size_t)got;
	}
	if (b->n < n)
		return crm_err_set(
		    err, CRM_EIO, "sorting: a temporary file was cut");
	return CRM_OK;
}

/* Reads the next row of a run; sets done at its end. */
static int
advance(struct crm_sort *s, struct sort_run *run, struct crm_err *err)
{
	uint64_t bytes;
	const char *p;
	int r;

	if (run->used == run->buf.n && run->at == run->end) {
		run->done = true;
		return CRM_OK;
	}
	r = fill(s, run, sizeof(bytes), err);
	if (r < 0)
		return r;
	memcpy(&bytes, run->buf.p + run->used, sizeof(bytes));
	run->used += sizeof(bytes);
	r = fill(s, run, (size_t)bytes, err);
	if (r < 0)
		return r;
	p = run->buf.p + run->used;
	for (size_t i = 0; i < s->n; i++) {
		struct packed v;

		memcpy(&v, p, sizeof(v));
		p += sizeof(v);
		run->v[i] = (struct crm_value){.type = v.type,
		    .scale = v.scale,
		    .kind = v.kind,
		    .part = v.part,
		    .sub = v.sub,
		    .i = v.i,
		    .s = {v.n ? p : NULL, (size_t)v.n}};
		p += v.n;
	}
	run->used += (size_t)bytes;
	return CRM_OK;
}

/* ---- merging ---- */

static bool
before(const struct crm_sort *s, const struct sort_run *a,
    const struct sort_run *b)
{
	int r = crm_sort_compare(s, a->v, b->v);

	return r != 0 ? r < 0 : a < b;
}

static void
settle(struct crm_sort *s, size_t i)
{
	for (;;) {
		size_t k = 2 * i + 1;
		struct sort_run *run = s->merge[i];

		if (k >= s->nmerge)
			return;
		if (k + 1 < s->nmerge &&
		    before(s, s->merge[k + 1], s->merge[k]))
			k++;
		if (!before(s, s->merge[k], run))
			return;
		s->merge[i] = s->merge[k];
		s->merge[k] = run;
		i = k;
	}
}

int
crm_sort_merge(struct crm_sort *s, struct crm_err *err)
{
	s->merge = calloc(s->nrun, sizeof(struct sort_run *));
	if (!s->merge)
		return crm_err_nomem(err);
	for (size_t i = 0; i < s->nrun; i++) {
		struct sort_run *run = &s->run[i];
		int r;

		run->v = calloc(s->n ? s->n : 1, sizeof(*run->v));
		if (!run->v)
			return crm_err_nomem(err);
		r = advance(s, run, err);
		if (r < 0)
			return r;
		if (!run->done)
			s->merge[s->nmerge++] = run;
	}
	for (size_t i = s->nmerge; i-- > 0;)
		settle(s, i);
	return CRM_OK;
}

int
crm_sort_merged(
    struct crm_sort *s, const struct crm_value **row, struct crm_err *err)
{
	int r;

	/* The row given last was its run's until now. */
	if (s->taken) {
		r = advance(s, s->taken, err);
		if (r < 0)
			return r;
		if (s->taken->done)
			s->merge[0] = s->merge[--s->nmerge];
		s->taken = NULL;
		settle(s, 0);
	}
	if (s->nmerge == 0)
		return CRM_NOTFOUND;
	s->taken = s->merge[0];
	*row = s->taken->v;
	return CRM_OK;
}
