/*
 * rfm.c - recency, frequency, monetary value.
 *
 * Two ways lead to the figures.  Without a window they are those kept for each
 * customer, so that the cost is that of the customers; with one the ledger is
 * read, and a customer's entries are put together by order: a refund counts
 * for the window in which its order was placed, or a good month would look bad
 * for what came back in the next.
 */
#include <stdlib.h>

#include <crm/model.h>
#include <crm/overlay.h>
#include <crm/rfm.h>

/* The entries of one customer. */
struct entries {
	struct crm_ledger_entry *v;
	size_t n, cap;
};

/* Room for one more. */
static bool
grow(struct crm_rfm *x)
{
	size_t cap = x->cap;

	if (x->n < cap)
		return true;
	if (!crm_grow(&x->customer, &x->cap, cap, sizeof *x->customer))
		return false;
	for (int k = 0; k < CRM_RFM_FIGURES; k++) {
		int64_t *p = realloc(x->figure[k], x->cap * sizeof *p);

		if (!p) {
			x->cap = cap;
			return false;
		}
		x->figure[k] = p;
	}
	return true;
}

static int
add_row(struct crm_rfm *x, const struct crm_calendar *days, uint64_t customer,
    int64_t last, int64_t orders, int64_t revenue, int64_t today,
    struct crm_err *err)
{
	size_t i = x->n;

	if (orders <= 0 || last == INT64_MIN)
		return CRM_OK;
	if (!grow(x))
		return crm_err_nomem(err);
	x->customer[i] = customer;
	x->figure[CRM_RFM_R][i] = today - crm_day_of(days, last);
	x->figure[CRM_RFM_F][i] = orders;
	x->figure[CRM_RFM_M][i] = revenue;
	x->n++;
	return CRM_OK;
}

/* Keeps row i as row n, which is not past it. */
static void
keep_row(struct crm_rfm *x, size_t n, size_t i)
{
	x->customer[n] = x->customer[i];
	for (int k = 0; k < CRM_RFM_FIGURES; k++)
		x->figure[k][n] = x->figure[k][i];
}

/* ---- from the figures kept ---- */

/* Those of an entry's customers who are there and have ordered. */
static int
add_entry(struct crm_rfm *out, const struct crm_schema *s,
    const struct crm_tally_view *v, int64_t today, struct crm_err *err)
{
	int64_t orders[CRM_TALLY_RANGE], revenue[CRM_TALLY_RANGE];
	int64_t first[CRM_TALLY_RANGE], span[CRM_TALLY_RANGE];
	uint32_t with = v->ends & v->live;
	int code = CRM_OK;

	if (with == 0)
		return CRM_OK;
	crm_tally_column(v, CRM_TALLY_ORDERS, orders);
	crm_tally_column(v, CRM_TALLY_REVENUE, revenue);
	crm_tally_column(v, CRM_TALLY_FIRST, first);
	crm_tally_column(v, CRM_TALLY_SPAN, span);
	for (uint32_t have = v->have, n = 0; code == CRM_OK && have != 0; n++) {
		unsigned i = (unsigned)__builtin_ctz(have);

		have &= have - 1;
		if (with >> i & 1)
			code = add_row(out, &s->calendar, v->first + i,
			    (int64_t)((uint64_t)first[n] + (uint64_t)span[n]),
			    orders[n], revenue[n], today, err);
	}
	return code;
}

static int
read_tallies(struct crm_txn *t, const struct crm_schema *s, int64_t today,
    struct crm_rfm *out, struct crm_err *err)
{
	struct crm_tallies *x = malloc(sizeof *x);
	struct crm_tally_view v;
	int code;

	if (!x)
		return crm_err_nomem(err);
	code = crm_tallies_open(x, t, 0, err);
	while (
	    code == CRM_OK && (code = crm_tallies_next(x, &v, err)) == CRM_OK)
		code = add_entry(out, s, &v, today, err);
	crm_tallies_close(x);
	free(x);
	return code == CRM_NOTFOUND ? CRM_OK : code;
}

/* ---- from the ledger ---- */

static int
by_order(const void *a, const void *b)
{
	const struct crm_ledger_entry *x = a, *y = b;

	if (x->order != y->order)
		return x->order < y->order ? -1 : 1;
	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	/* What is sold and cancelled within a second was sold first. */
	return (x->flags & CRM_L_GONE ? 1 : 0) -
	       (y->flags & CRM_L_GONE ? 1 : 0);
}

static int
fold(struct entries *e, const struct crm_schema *s,
    const struct crm_rfm_window *w, struct crm_rfm *out, struct crm_err *err)
{
	int64_t orders = 0, revenue = 0, last = INT64_MIN;

	if (e->n == 0)
		return CRM_OK;
	qsort(e->v, e->n, sizeof *e->v, by_order);
	for (size_t i = 0, end; i < e->n; i = end) {
		int64_t placed = e->v[i].time, count = 0;
		bool in = placed >= w->since && placed < w->until;

		for (end = i; end < e->n && e->v[end].order == e->v[i].order;
		     end++) {
			const struct crm_ledger_entry *y = &e->v[end];

			count += (y->flags & CRM_L_SALE ? 1 : 0) -
				 (y->flags & CRM_L_GONE ? 1 : 0);
			if (in && !crm_add64(revenue, y->amount, &revenue))
				return crm_err_set(err, CRM_EDATA,
				    "the revenue of customer %llu is too large",
				    (unsigned long long)y->customer);
		}
		if (!in || count <= 0)
			continue;
		orders += count;
		if (placed > last)
			last = placed;
	}
	return add_row(out, &s->calendar, e->v[0].customer, last, orders,
	    revenue, w->today, err);
}

/* Drops those of customers that are no longer there. */
static int
keep_live(struct crm_txn *t, const struct crm_schema *s, struct crm_rfm *x,
    struct crm_err *err)
{
	static const struct crm_want nothing;
	const struct crm_kind *k = &s->kind[CRM_K_CUSTOMER];
	struct crm_arena a = {0};
	struct crm_record *rec = crm_record_new(k, &a);
	size_t n = 0;
	int code = rec ? CRM_OK : crm_err_nomem(err);

	for (size_t i = 0; code == CRM_OK && i < x->n; i++) {
		code =
		    crm_record_read(t, k, x->customer[i], &nothing, rec, err);
		if (code == CRM_OK)
			keep_row(x, n++, i);
		else if (code == CRM_NOTFOUND)
			code = CRM_OK;
	}
	x->n = n;
	crm_arena_release(&a);
	return code;
}

static int
read_ledger(struct crm_txn *t, const struct crm_schema *s,
    const struct crm_rfm_window *w, struct crm_rfm *out, struct crm_err *err)
{
	struct crm_ledger *l = NULL;
	struct crm_ledger_entry y;
	struct entries e = {0};
	int code = crm_ledger_open(t, 0, &l, err);

	while (code == CRM_OK) {
		code = crm_ledger_next(l, &y, err);
		if (code < 0)
			break;
		if (e.n > 0 && e.v[0].customer != y.customer) {
			code = fold(&e, s, w, out, err);
			e.n = 0;
		}
		if (y.time >= w->at || (y.flags & CRM_L_VOID))
			continue;
		if (!crm_grow(&e.v, &e.cap, e.n, sizeof *e.v))
			code = crm_err_nomem(err);
		else
			e.v[e.n++] = y;
	}
	if (code == CRM_NOTFOUND)
		code = fold(&e, s, w, out, err);
	if (code == CRM_OK)
		code = keep_live(t, s, out, err);
	free(e.v);
	crm_ledger_close(l);
	return code;
}

int
crm_rfm_read(struct crm_txn *t, const struct crm_schema *s,
    const struct crm_rfm_window *w, struct crm_rfm *out, struct crm_err *err)
{
	/* no figures are kept of another time */
	if (w->since == INT64_MIN && w->until == INT64_MAX &&
	    w->at == INT64_MAX && !crm_txn_overlay(t))
		return read_tallies(t, s, w->today, out, err);
	return read_ledger(t, s, w, out, err);
}

/* ---- of a log ---- */

static int
cmp_number(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

int
crm_rfm_sales(struct crm_rfm *out, struct crm_sales *x,
    const struct crm_calendar *days, int64_t today, struct crm_err *err)
{
	uint32_t *order = malloc((x->n + 1) * sizeof *order);
	int code = order ? crm_sales_group(x, CRM_SALES_CUSTOMER, err)
			 : crm_err_nomem(err);
	size_t c = 0;

	for (; code == CRM_OK && c < x->names[CRM_SALES_CUSTOMER].n; c++) {
		int64_t revenue = 0, last = INT64_MIN, orders = 0;
		size_t n = 0;

		for (size_t i = x->start[c]; i < x->start[c + 1]; i++) {
			int64_t total = x->num[CRM_SALES_TOTAL][i];

			if (!crm_add64(revenue, total, &revenue))
				code = crm_err_set(err, CRM_EDATA,
				    "the revenue of a customer is too large");
			if (total < 0)
				continue;
			last = x->num[CRM_SALES_PLACED][i];
			order[n++] = x->has & CRM_SALES(ORDER)
					 ? x->id[CRM_SALES_ORDER][i]
					 : (uint32_t)i;
		}
		if (n > 1)
			qsort(order, n, sizeof *order, cmp_number);
		for (size_t i = 0; i < n; i++)
			orders += i == 0 || order[i] != order[i - 1];
		if (code == CRM_OK)
			code = add_row(
			    out, days, c, last, orders, revenue, today, err);
	}
	free(order);
	return code;
}

void
crm_rfm_within(struct crm_rfm *x, const struct crm_idmap *customers)
{
	size_t n = 0;
	uint64_t v;

	for (size_t i = 0; i < x->n; i++)
		if (crm_idmap_get(customers, x->customer[i], &v))
			keep_row(x, n++, i);
	x->n = n;
}

/* ---- scores ---- */

/* A value is a whole number: past a cut is at the least one that is. */
static void
note_cuts(struct crm_rfm *x, int figure)
{
	unsigned n = 0;

	while (n + 1 < x->bins[figure]) {
		const struct crm_cut *cut = &x->cut[figure][n];
		/* at a fixed cut is past it */
		bool at = x->fixed[figure] && cut->num == 0;

		if (!at && cut->base == INT64_MAX)
			break;
		x->past[figure][n++] = cut->base + !at;
	}
	x->npast[figure] = n;
}

int
crm_rfm_quantiles(
    struct crm_rfm *x, int figure, unsigned bins, struct crm_err *err)
{
	size_t place[2 * CRM_RFM_BINS], n = 0;
	int64_t v[2 * CRM_RFM_BINS];
	int code;

	if (bins < 2 || bins > CRM_RFM_BINS)
		return crm_err_set(err, CRM_EUSAGE,
		    "'%u' bins: between 2 and %d are wanted", bins,
		    CRM_RFM_BINS);
	x->bins[figure] = bins;
	x->fixed[figure] = false;
	x->npast[figure] = 0;
	if (x->n == 0)
		return CRM_OK;
	/* a cut lies between the values at two places: all of them, once */
	for (unsigned i = 1; i < bins; i++) {
		size_t at = crm_quantile_place(x->n, i, bins);

		if (n == 0 || place[n - 1] < at)
			place[n++] = at;
		if (at + 1 < x->n && place[n - 1] == at)
			place[n++] = at + 1;
	}
	code = crm_ranked(x->figure[figure], x->n, place, n, v, err);
	n = 0;
	for (unsigned i = 1; code == CRM_OK && i < bins; i++) {
		size_t at = crm_quantile_place(x->n, i, bins);

		while (place[n] < at)
			n++;
		x->cut[figure][i - 1] = crm_quantile_between(
		    v[n], at + 1 < x->n ? v[n + 1] : v[n], x->n, i, bins);
	}
	if (code == CRM_OK)
		note_cuts(x, figure);
	return code;
}

int
crm_rfm_fix(struct crm_rfm *x, int figure, struct crm_str points,
    unsigned digits, struct crm_err *err)
{
	struct crm_str rest = points, one;
	struct crm_dec before = {0, 0}, d;
	unsigned n = 0;

	while (crm_str_split(&rest, ',', &one)) {
		one = crm_str_trim(one);
		if (crm_dec_parse(one, &d) < 0)
			return crm_err_set(err, CRM_EUSAGE,
			    "'%.*s' is not a number (wanted: cuts that rise, "
			    "like 115,181,297.4,482)",
			    (int)(one.n > 80 ? 80 : one.n), one.p);
		if (n > 0 && crm_dec_cmp(before, d) >= 0)
			return crm_err_set(err, CRM_EUSAGE,
			    "'%.*s': each cut has to be above the one before",
			    (int)(one.n > 80 ? 80 : one.n), one.p);
		if (n + 1 == CRM_RFM_BINS)
			return crm_err_set(err, CRM_EUSAGE,
			    "at most %d cuts are taken", CRM_RFM_BINS - 1);
		if (crm_cut_from_dec(d, digits, &x->cut[figure][n], err) < 0)
			return CRM_EUSAGE;
		before = d;
		n++;
	}
	if (n == 0)
		return crm_err_set(
		    err, CRM_EUSAGE, "cuts are wanted, like 115,181,297.4,482");
	x->bins[figure] = n + 1;
	x->fixed[figure] = true;
	note_cuts(x, figure);
	return CRM_OK;
}

void
crm_rfm_release(struct crm_rfm *x)
{
	free(x->customer);
	x->customer = NULL;
	for (int k = 0; k < CRM_RFM_FIGURES; k++) {
		free(x->figure[k]);
		x->figure[k] = NULL;
	}
	x->n = x->cap = 0;
}
