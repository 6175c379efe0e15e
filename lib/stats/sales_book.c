/*
 * sales_book.c - the ledger as bookings: each entry at its own time.
 *
 * An order that was cancelled by then is left out with all its entries, which
 * add up to nothing: what never became an order is in no month, though a month
 * looked at before the cancellation had it.
 */
#include <stdlib.h>

#include <crm/model.h>
#include <crm/sales.h>

struct reader {
	struct crm_sales *x;
	struct crm_ledger_entry *e; /* of one customer */
	size_t n, cap;
};

static int
by_order(const void *a, const void *b)
{
	const struct crm_ledger_entry *x = a, *y = b;

	if (x->order != y->order)
		return x->order < y->order ? -1 : 1;
	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	return (x->flags & CRM_L_SALE ? 0 : 1) -
	       (y->flags & CRM_L_SALE ? 0 : 1);
}

/* The entries of an order (or credit), from first up to end. */
static int
put_order(struct reader *r, size_t first, size_t end, struct crm_err *err)
{
	struct crm_sales_row row = {0};
	bool credit = r->e[first].flags & CRM_L_CREDIT;
	int64_t count = 0;
	int code = CRM_OK;

	for (size_t i = first; i < end; i++)
		count += (r->e[i].flags & CRM_L_SALE ? 1 : 0) -
			 (r->e[i].flags & CRM_L_GONE ? 1 : 0);
	if (!credit && count <= 0)
		return CRM_OK;
	row.number[CRM_SALES_CUSTOMER] = r->e[first].customer;
	row.number[CRM_SALES_ORDER] = r->e[first].order;
	row.num[CRM_SALES_ORDERS] = !credit;
	for (size_t i = first; code == CRM_OK && i < end; i++) {
		row.num[CRM_SALES_PLACED] = r->e[i].time;
		row.num[CRM_SALES_TOTAL] = r->e[i].amount;
		code = crm_sales_add(r->x, &row, err);
		row.num[CRM_SALES_ORDERS] = 0;
	}
	return code;
}

static int
put_customer(struct reader *r, struct crm_err *err)
{
	int code = CRM_OK;

	if (r->n > 1)
		qsort(r->e, r->n, sizeof *r->e, by_order);
	for (size_t i = 0, end; code == CRM_OK && i < r->n; i = end) {
		for (end = i + 1;
		     end < r->n && r->e[end].order == r->e[i].order; end++)
			;
		code = put_order(r, i, end, err);
	}
	r->n = 0;
	return code;
}

static int
read_entries(
    struct reader *r, struct crm_txn *t, int64_t until, struct crm_err *err)
{
	struct crm_ledger *l = NULL;
	struct crm_ledger_entry y;
	int code = crm_ledger_open(t, 0, &l, err);

	while (code == CRM_OK) {
		code = crm_ledger_next(l, &y, err);
		if (code == CRM_OK && r->n > 0 &&
		    r->e[0].customer != y.customer)
			code = put_customer(r, err);
		if (code < 0 || y.time >= until || y.customer == 0 ||
		    (y.flags & (CRM_L_VOID | CRM_L_TEST)))
			continue;
		if (!crm_grow(&r->e, &r->cap, r->n, sizeof *r->e))
			code = crm_err_nomem(err);
		else
			r->e[r->n++] = y;
	}
	if (code == CRM_NOTFOUND)
		code = put_customer(r, err);
	crm_ledger_close(l);
	return code;
}

int
crm_sales_bookings(struct crm_sales *x, struct crm_txn *t,
    const struct crm_schema *s, int64_t until, struct crm_err *err)
{
	struct reader r = {.x = x};
	int code;

	x->has = CRM_SALES(CUSTOMER) | CRM_SALES(ORDER) | CRM_SALES(PLACED) |
		 CRM_SALES(TOTAL) | CRM_SALES(ORDERS);
	x->digits = (unsigned)s->digits;
	if (s->settings && s->settings->currency.n == 3)
		memcpy(x->currency, s->settings->currency.p, 3);
	x->names[CRM_SALES_CUSTOMER].kind = CRM_K_CUSTOMER;
	x->names[CRM_SALES_ORDER].kind = CRM_K_ORDER;
	code = read_entries(&r, t, until, err);
	free(r.e);
	return code;
}
