/*
 * sales.c - a log of sales in memory: ids as small numbers, rows by columns.
 *
 * Ten million rows are ordinary, so a row has no struct of its own: an analysis
 * that wants two ids pays eight bytes a row.  Ids are renumbered in the
 * order of their texts when all are known, so that whatever is printed in
 * order of numbers can be joined; only orders stay as they came, as there are
 * as many of them as rows and nobody prints them in order.
 */
#include <stdlib.h>

#include "stats/names.h"

struct crm_value
crm_names_value(const struct crm_names *x, size_t i)
{
	if (x->kind)
		return crm_value_id(x->kind, x->number[i]);
	return crm_value_text(x->text[i]);
}

bool
crm_names_number(const struct crm_names *x, uint64_t number, size_t *out)
{
	size_t lo = 0, hi = x->kind ? x->n : 0;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (x->number[mid] < number)
			lo = mid + 1;
		else
			hi = mid;
	}
	*out = lo;
	return x->kind && lo < x->n && x->number[lo] == number;
}

/* ---- rows ---- */

static bool
grow(void *p, size_t cap, size_t size)
{
	void **to = p, *more;

	more = realloc(*to, cap * size);
	if (!more)
		return false;
	*to = more;
	return true;
}

static bool
has(const struct crm_sales *x, unsigned column)
{
	return x->has & CRM_SALES_BIT(column);
}

bool
crm_sales_room(struct crm_sales *x, size_t cap)
{
	if (cap <= x->cap)
		return true;
	for (unsigned k = 0; k < CRM_SALES_IDS; k++)
		if (has(x, k) && !grow(&x->id[k], cap, sizeof *x->id[k]))
			return false;
	for (unsigned k = CRM_SALES_PLACED; k < CRM_SALES_COLUMNS; k++)
		if (has(x, k) && !grow(&x->num[k], cap, sizeof *x->num[k]))
			return false;
	x->cap = cap;
	return true;
}

static bool
room(struct crm_sales *x)
{
	return x->n < x->cap || crm_sales_room(x, x->cap ? 2 * x->cap : 1024);
}

/* The number of a kind's record.  They come in rising order, or again as the
 * last one. */
static bool
number_put(struct crm_names *x, uint64_t number, uint32_t *out)
{
	if (x->n >= UINT32_MAX)
		return false;
	if (x->n == 0 || x->number[x->n - 1] != number) {
		if (!crm_grow(&x->number, &x->cap, x->n, sizeof *x->number))
			return false;
		x->number[x->n++] = number;
	}
	*out = (uint32_t)(x->n - 1);
	return true;
}

static bool
name_put(struct crm_names *x, const struct crm_sales_row *row, unsigned k,
    uint32_t *out)
{
	return x->kind ? number_put(x, row->number[k], out)
		       : crm_names_put(x, row->text[k], out);
}

int
crm_sales_add(
    struct crm_sales *x, const struct crm_sales_row *row, struct crm_err *err)
{
	if (!room(x))
		return crm_err_nomem(err);
	for (unsigned bits = x->has; bits; bits &= bits - 1) {
		unsigned k = (unsigned)__builtin_ctz(bits);

		if (k >= CRM_SALES_IDS)
			x->num[k][x->n] = row->num[k];
		else if (!name_put(&x->names[k], row, k, &x->id[k][x->n]))
			return crm_err_nomem(err);
	}
	x->n++;
	return CRM_OK;
}

int
crm_sales_add_basket(struct crm_sales *x, uint64_t order,
    const struct crm_str *product, size_t n, struct crm_err *err)
{
	struct crm_names *names = &x->names[CRM_SALES_PRODUCT];
	uint32_t number = 0;
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		if (product[i].n == 0)
			continue;
		if (!room(x) ||
		    (!any && !number_put(
				 &x->names[CRM_SALES_ORDER], order, &number)) ||
		    !crm_names_put(
			names, product[i], &x->id[CRM_SALES_PRODUCT][x->n]))
			return crm_err_nomem(err);
		x->id[CRM_SALES_ORDER][x->n++] = number;
		any = true;
	}
	return CRM_OK;
}

/* ---- numbers in the order of texts ---- */

int
crm_sales_done(struct crm_sales *x, struct crm_err *err)
{
	for (unsigned k = 0; k < CRM_SALES_IDS; k++) {
		struct crm_names *names = &x->names[k];

		if (!has(x, k) || names->kind)
			continue;
		if (k != CRM_SALES_ORDER &&
		    !crm_names_sort(names, x->id[k], x->n))
			return crm_err_nomem(err);
	}
	return CRM_OK;
}

/* ---- rows of an id together ---- */

struct timed {
	int64_t time;
	size_t row;
};

static int
cmp_timed(const void *a, const void *b)
{
	const struct timed *x = a, *y = b;

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	return (x->row > y->row) - (x->row < y->row);
}

/* from[i]: which row comes i-th. */
static void
place_rows(
    struct crm_sales *x, const uint32_t *id, size_t groups, struct timed *from)
{
	const int64_t *time =
	    has(x, CRM_SALES_PLACED) ? x->num[CRM_SALES_PLACED] : NULL;
	size_t *at = x->start + 1;

	for (size_t i = 0; i < x->n; i++)
		at[id[i]]++;
	for (size_t g = 0, sum = 0; g < groups; g++) {
		size_t count = at[g];

		at[g] = sum;
		sum += count;
	}
	/* start[g + 1] moves from where g begins to where it ends. */
	for (size_t i = 0; i < x->n; i++)
		from[at[id[i]]++] = (struct timed){time ? time[i] : 0, i};
	for (size_t g = 0; time && g < groups; g++) {
		size_t n = x->start[g + 1] - x->start[g], i;

		for (i = x->start[g] + 1; i < x->start[g + 1]; i++)
			if (from[i - 1].time > from[i].time)
				break;
		if (n > 1 && i < x->start[g + 1])
			qsort(from + x->start[g], n, sizeof *from, cmp_timed);
	}
}

int
crm_sales_group(
    struct crm_sales *x, enum crm_sales_column column, struct crm_err *err)
{
	size_t groups = x->names[column].n;
	size_t rows = x->n ? x->n : 1;
	struct timed *from = NULL;
	int64_t *spare = NULL;
	uint32_t *spare_id;
	int code = CRM_ENOMEM;

	free(x->start);
	x->start = calloc(groups + 1, sizeof *x->start);
	from = malloc(rows * sizeof *from);
	spare = malloc(rows * sizeof *spare);
	if (!x->start || !from || !spare)
		goto out;
	place_rows(x, x->id[column], groups, from);
	for (unsigned k = CRM_SALES_PLACED; k < CRM_SALES_COLUMNS; k++) {
		if (!has(x, k) || x->n == 0)
			continue;
		for (size_t i = 0; i < x->n; i++)
			spare[i] = x->num[k][from[i].row];
		memcpy(x->num[k], spare, x->n * sizeof *spare);
	}
	spare_id = (uint32_t *)spare;
	for (unsigned k = 0; k < CRM_SALES_IDS; k++) {
		if (!has(x, k) || x->n == 0)
			continue;
		for (size_t i = 0; i < x->n; i++)
			spare_id[i] = x->id[k][from[i].row];
		memcpy(x->id[k], spare_id, x->n * sizeof *spare_id);
	}
	code = CRM_OK;
out:
	free(from);
	free(spare);
	return code == CRM_OK ? code : crm_err_nomem(err);
}

void
crm_sales_release(struct crm_sales *x)
{
	for (unsigned k = 0; k < CRM_SALES_IDS; k++) {
		free(x->id[k]);
		crm_names_release(&x->names[k]);
	}
	for (unsigned k = CRM_SALES_PLACED; k < CRM_SALES_COLUMNS; k++)
		free(x->num[k]);
	free(x->start);
	*x = (struct crm_sales){0};
}
