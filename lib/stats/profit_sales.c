/*
 * profit_sales.c - what a log of sales leaves: its totals less their costs.
 *
 * A log knows no parcels, contacts or campaigns, so that these figures are
 * nothing here, and whoever prints them leaves them empty.  Amounts below 0
 * are what was given back; an order that is only that is none.
 */
#include <stdlib.h>

#include <crm/profit.h>

struct pair {
	uint32_t row, order;
};

static int
cmp_pair(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	if (x->row != y->row)
		return x->row < y->row ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

/* An order counts once in each row that it has a part in. */
static int
count_orders(struct crm_profits *x, const struct crm_sales *s, unsigned column,
    struct crm_err *err)
{
	bool orders = s->has & CRM_SALES(ORDER);
	struct pair *p = malloc((s->n + 1) * sizeof *p);
	size_t n = 0;

	if (!p)
		return crm_err_nomem(err);
	for (size_t i = 0; i < s->n; i++)
		if (s->num[CRM_SALES_TOTAL][i] >= 0)
			p[n++] = (struct pair){s->id[column][i],
			    orders ? s->id[CRM_SALES_ORDER][i] : (uint32_t)i};
	if (n > 1)
		qsort(p, n, sizeof *p, cmp_pair);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || cmp_pair(&p[i - 1], &p[i]) != 0)
			x->row[p[i].row].v[CRM_PROFIT_ORDERS]++;
	free(p);
	return CRM_OK;
}

int
crm_profits_sales(struct crm_profits *x, const struct crm_sales *s,
    unsigned column, struct crm_err *err)
{
	size_t n = s->names[column].n;
	int64_t none = INT64_MAX, cost = 0;

	x->row = calloc(n + 1, sizeof *x->row);
	if (!x->row)
		return crm_err_nomem(err);
	x->n = x->cap = n;
	for (size_t i = 0; i < n; i++)
		x->row[i] = (struct crm_profit_row){.id = i + 1, .first = none};
	for (size_t i = 0; i < s->n; i++) {
		struct crm_profit_row *y = &x->row[s->id[column][i]];
		int64_t total = s->num[CRM_SALES_TOTAL][i];
		int64_t v[CRM_PROFIT_FIGURES] = {0};

		if (s->has & CRM_SALES(COST))
			cost = s->num[CRM_SALES_COST][i];
		v[total < 0 ? CRM_PROFIT_RETURNS : CRM_PROFIT_GROSS] = total;
		v[CRM_PROFIT_REVENUE] = total;
		v[CRM_PROFIT_COST] = cost;
		if (!crm_sub64(total, cost, &v[CRM_PROFIT]) ||
		    !crm_profit_add(y->v, v))
			return crm_err_set(err, CRM_EDATA,
			    "the sums are too large to be added");
		if (s->has & CRM_SALES(PLACED) && total >= 0 &&
		    s->num[CRM_SALES_PLACED][i] < y->first)
			y->first = s->num[CRM_SALES_PLACED][i];
	}
	return count_orders(x, s, column, err);
}
