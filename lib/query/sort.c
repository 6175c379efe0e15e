/*
 * sort.c - sorting rows: in memory, or by a heap of the first ones.
 *
 * With a small limit a heap holds only the rows that may still be wanted, and a
 * row that is not is never copied.  With a large one, or none, all rows are
 * kept, spilled in sorted runs (sortrun.c) and merged.  Every row has a number,
 * which decides between equals, so the sort is stable however it was done.
 */
#include <stdlib.h>
#include <unistd.h>

#include "query/sort.h"

#define MEMORY ((size_t)256 << 20)
/* A larger limit is a full sort that ends early. */
#define HEAP_MAX 65536

int
crm_sort_compare(const struct crm_sort *s, const struct crm_value *a,
    const struct crm_value *b)
{
	for (size_t i = 0; i < s->nkey; i++) {
		uint32_t c = s->key[i].column;
		int r = crm_value_cmp(&a[c], &b[c]);

		if (r != 0)
			return s->key[i].down ? -r : r;
	}
	return 0;
}

static int
in_order(const struct crm_sort *s, const struct sort_row *a,
    const struct sort_row *b)
{
	int r = crm_sort_compare(s, a->v, b->v);

	return r != 0 ? r : (a->seq > b->seq) - (a->seq < b->seq);
}

/* ---- opening ---- */

static int
unknown_column(const struct crm_field *fields, size_t n, struct crm_str name,
    struct crm_err *err)
{
	struct qnear near = {.want = name};
	int shown = (int)(name.n > 60 ? 60 : name.n);

	for (size_t i = 0; i < n; i++)
		crm_query_near(&near, crm_str(fields[i].name));
	if (near.dist > 0)
		return crm_err_set(err, CRM_EUSAGE,
		    "there is no '%.*s' to sort by; did you mean '%.*s'?",
		    shown, name.p, (int)near.best.n, near.best.p);
	return crm_err_set(
	    err, CRM_EUSAGE, "there is no '%.*s' to sort by", shown, name.p);
}

static int
read_spec(struct crm_sort *s, const struct crm_field *fields, size_t n,
    struct crm_str spec, struct crm_err *err)
{
	struct crm_str name;

	if (spec.n == 0)
		return CRM_OK;
	while (crm_str_split(&spec, ',', &name)) {
		struct sort_key *k = &s->key[s->nkey];
		size_t i = 0;

		if (s->nkey == SORT_KEYS_MAX)
			return crm_err_set(err, CRM_EUSAGE,
			    "more than %d columns to sort by", SORT_KEYS_MAX);
		name = crm_str_trim(name);
		k->down = name.n > 0 && name.p[0] == '-';
		if (k->down || (name.n > 0 && name.p[0] == '+')) {
			name.p++;
			name.n--;
		}
		while (i < n && !crm_str_is(name, fields[i].name))
			i++;
		if (i == n)
			return unknown_column(fields, n, name, err);
		k->column = (uint32_t)i;
		s->nkey++;
	}
	return CRM_OK;
}

int
crm_sort_open(struct crm_sort **out, const struct crm_field *fields, size_t n,
    struct crm_str spec, uint64_t limit, const char *dir, struct crm_err *err)
{
	struct crm_sort *s = calloc(1, sizeof(*s));
	int r;

	*out = NULL;
	if (!s)
		return crm_err_nomem(err);
	s->n = n;
	s->limit = limit;
	s->heap = limit > 0 && limit <= HEAP_MAX;
	s->memory = MEMORY;
	s->dir = dir;
	s->fd = -1;
	r = read_spec(s, fields, n, spec, err);
	if (r < 0) {
		crm_sort_release(s);
		return r;
	}
	*out = s;
	return CRM_OK;
}

void
crm_query_sort_memory(struct crm_sort *s, size_t bytes)
{
	s->memory = bytes;
}

/* ---- adding ---- */

static struct sort_row *
copy_row(struct crm_sort *s, const struct crm_value *row)
{
	size_t fixed = sizeof(struct sort_row) + s->n * sizeof(*row);
	size_t bytes = fixed;
	struct sort_row *r;
	char *text;

	for (size_t i = 0; i < s->n; i++)
		bytes += row[i].s.n;
	r = s->heap ? malloc(bytes) : crm_arena_alloc(&s->arena, bytes);
	if (!r)
		return NULL;
	r->seq = s->seq++;
	r->bytes = bytes;
	if (s->n > 0)
		memcpy(r->v, row, s->n * sizeof(*row));
	text = (char *)r + fixed;
	for (size_t i = 0; i < s->n; i++) {
		size_t len = row[i].s.n;

		if (len > 0)
			memcpy(text, row[i].s.p, len);
		r->v[i].s.p = len > 0 ? text : NULL;
		text += len;
	}
	return r;
}

static void
swap_rows(struct crm_sort *s, size_t a, size_t b)
{
	struct sort_row *r = s->row[a];

	s->row[a] = s->row[b];
	s->row[b] = r;
}

static void
sift_down(struct crm_sort *s, size_t i)
{
	for (;;) {
		size_t k = 2 * i + 1;

		if (k >= s->nrow)
			return;
		if (k + 1 < s->nrow &&
		    in_order(s, s->row[k], s->row[k + 1]) < 0)
			k++;
		if (in_order(s, s->row[i], s->row[k]) >= 0)
			return;
		swap_rows(s, i, k);
		i = k;
	}
}

static void
sift_up(struct crm_sort *s, size_t i)
{
	while (i > 0) {
		size_t up = (i - 1) / 2;

		if (in_order(s, s->row[up], s->row[i]) >= 0)
			return;
		swap_rows(s, i, up);
		i = up;
	}
}

static int
add_heap(struct crm_sort *s, const struct crm_value *row, struct crm_err *err)
{
	bool full = s->nrow == s->limit;
	struct sort_row *r;

	/* An equal one that comes later is after it. */
	if (full && crm_sort_compare(s, row, s->row[0]->v) >= 0) {
		s->seq++;
		return CRM_OK;
	}
	if (!full && !crm_grow(&s->row, &s->cap, s->nrow, sizeof(*s->row)))
		return crm_err_nomem(err);
	r = copy_row(s, row);
	if (!r)
		return crm_err_nomem(err);
	if (full) {
		free(s->row[0]);
		s->row[0] = r;
		sift_down(s, 0);
	} else {
		s->row[s->nrow++] = r;
		sift_up(s, s->nrow - 1);
	}
	return CRM_OK;
}

int
crm_sort_add(
    struct crm_sort *s, const struct crm_value *row, struct crm_err *err)
{
	struct sort_row *r;

	if (s->finished)
		return crm_err_set(err, CRM_EBUG, "a sort that was read from");
	if (s->heap)
		return add_heap(s, row, err);
	if (!crm_grow(&s->row, &s->cap, s->nrow, sizeof(*s->row)))
		return crm_err_nomem(err);
	r = copy_row(s, row);
	if (!r)
		return crm_err_nomem(err);
	s->row[s->nrow++] = r;
	s->used += r->bytes + sizeof(r);
	return s->used > s->memory ? crm_sort_spill(s, err) : CRM_OK;
}

/* ---- reading ---- */

static int
by_order(const void *a, const void *b, void *ctx)
{
	const struct sort_row *const *x = a, *const *y = b;

	return in_order(ctx, *x, *y);
}

static int
finish(struct crm_sort *s, struct crm_err *err)
{
	int r = CRM_OK;

	s->finished = true;
	if (s->spilled) {
		if (s->nrow > 0)
			r = crm_sort_spill(s, err);
		return r < 0 ? r : crm_sort_merge(s, err);
	}
	if (s->nrow > 1)
		qsort_r(s->row, s->nrow, sizeof(*s->row), by_order, s);
	return CRM_OK;
}

int
crm_sort_next(
    struct crm_sort *s, const struct crm_value **row, struct crm_err *err)
{
	int r = CRM_OK;

	if (!s->finished)
		r = finish(s, err);
	if (r < 0)
		return r;
	if (s->limit > 0 && s->given >= s->limit)
		return CRM_NOTFOUND;
	if (s->spilled) {
		r = crm_sort_merged(s, row, err);
		if (r < 0)
			return r;
	} else if (s->given < s->nrow) {
		*row = s->row[s->given]->v;
	} else {
		return CRM_NOTFOUND;
	}
	s->given++;
	return CRM_OK;
}

void
crm_sort_release(struct crm_sort *s)
{
	if (!s)
		return;
	if (s->heap)
		for (size_t i = 0; i < s->nrow; i++)
			free(s->row[i]);
	for (size_t i = 0; i < s->nrun; i++) {
		crm_buf_release(&s->run[i].buf);
		free(s->run[i].v);
	}
	free(s->row);
	free(s->run);
	free(s->merge);
	if (s->fd >= 0)
		close(s->fd);
	crm_arena_release(&s->arena);
	free(s);
}
