/*
 * trips.c - the baskets of customers in the order of time, and when what was
 * bought is needed again.
 *
 * Baskets are numbered by customer and time before they are gathered, so that
 * a customer's are a range and no list of them is kept.
 */
#include <stdlib.h>

#include <crm/suggest.h>

struct placed {
	uint32_t customer, order;
	int64_t time;
};

static int
by_customer(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;

	if (x->customer != y->customer)
		return x->customer < y->customer ? -1 : 1;
	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

/* The orders that have lines, sorted; in `at` the place of each. */
static struct placed *
sort_orders(const struct crm_sales *x, uint32_t *at, size_t *n)
{
	size_t orders = x->names[CRM_SALES_ORDER].n, k = 0;
	struct placed *v = malloc((orders + 1) * sizeof *v);

	if (!v)
		return NULL;
	for (size_t i = 0; i < orders; i++)
		at[i] = UINT32_MAX;
	for (size_t i = 0; i < x->n; i++) {
		uint32_t o = x->id[CRM_SALES_ORDER][i];

		if (at[o] != UINT32_MAX)
			continue;
		at[o] = 0;
		v[k++] = (struct placed){x->id[CRM_SALES_CUSTOMER][i], o,
		    x->num[CRM_SALES_PLACED][i]};
	}
	qsort(v, k, sizeof *v, by_customer);
	for (size_t i = 0; i < k; i++)
		at[v[i].order] = (uint32_t)i;
	*n = k;
	return v;
}

static int
take_orders(
    struct crm_trips *t, const struct placed *v, size_t n, struct crm_err *err)
{
	size_t c = 0;

	t->time = malloc((n + 1) * sizeof *t->time);
	t->order = malloc((n + 1) * sizeof *t->order);
	t->first = malloc((t->ncustomers + 1) * sizeof *t->first);
	if (!t->time || !t->order || !t->first)
		return crm_err_nomem(err);
	for (size_t i = 0; i < n; i++) {
		while (c <= v[i].customer)
			t->first[c++] = (uint32_t)i;
		t->time[i] = v[i].time;
		t->order[i] = v[i].order;
	}
	while (c <= t->ncustomers)
		t->first[c++] = (uint32_t)n;
	return CRM_OK;
}

int
crm_trips_make(
    struct crm_trips *t, const struct crm_sales *x, struct crm_err *err)
{
	size_t orders = x->names[CRM_SALES_ORDER].n, n = 0;
	uint32_t *at = malloc((orders + 1) * sizeof *at);
	uint32_t *basket = malloc((x->n + 1) * sizeof *basket);
	struct placed *v = at && basket ? sort_orders(x, at, &n) : NULL;
	int code = v ? CRM_OK : crm_err_nomem(err);

	t->ncustomers = x->names[CRM_SALES_CUSTOMER].n;
	if (code == CRM_OK)
		code = take_orders(t, v, n, err);
	free(v);
	for (size_t i = 0; code == CRM_OK && i < x->n; i++)
		basket[i] = at[x->id[CRM_SALES_ORDER][i]];
	if (code == CRM_OK)
		code = crm_baskets_gather(&t->b, basket,
		    x->id[CRM_SALES_PRODUCT], x->n, n, NULL, err);
	/* products that were bought by none of those who count are known too */
	if (code == CRM_OK)
		t->b.nitems = (uint32_t)x->names[CRM_SALES_PRODUCT].n;
	free(at);
	free(basket);
	if (code < 0)
		crm_trips_release(t);
	return code;
}

int
crm_trips_before(struct crm_trips *out, const struct crm_trips *t,
    int64_t until, struct crm_err *err)
{
	int code = CRM_OK;

	*out = (struct crm_trips){.ncustomers = t->ncustomers};
	out->time = malloc((t->b.n + 1) * sizeof *out->time);
	out->order = malloc((t->b.n + 1) * sizeof *out->order);
	out->first = malloc((t->ncustomers + 1) * sizeof *out->first);
	if (!out->time || !out->order || !out->first)
		code = crm_err_nomem(err);
	for (size_t c = 0; code == CRM_OK && c < t->ncustomers; c++) {
		out->first[c] = (uint32_t)out->b.n;
		for (uint32_t i = t->first[c];
		     code == CRM_OK && i < t->first[c + 1]; i++) {
			if (t->time[i] >= until)
				break;
			out->time[out->b.n] = t->time[i];
			out->order[out->b.n] = t->order[i];
			for (uint32_t j = t->b.start[i];
			     code == CRM_OK && j < t->b.start[i + 1]; j++)
				code =
				    crm_baskets_add(&out->b, t->b.item[j], err);
			if (code == CRM_OK)
				code = crm_baskets_end(&out->b, err);
		}
	}
	if (code == CRM_OK) {
		out->first[t->ncustomers] = (uint32_t)out->b.n;
		out->b.nitems = t->b.nitems;
	} else {
		crm_trips_release(out);
	}
	return code;
}

void
crm_trips_release(struct crm_trips *t)
{
	crm_baskets_release(&t->b);
	free(t->time);
	free(t->order);
	free(t->first);
	*t = (struct crm_trips){0};
}

/* ---- needs ---- */

/* What a customer bought: of a product the days, while going through them. */
struct bought {
	uint32_t item;
	uint32_t gaps;
	int64_t last, days;
};
struct finder {
	const struct crm_trips *t;
	const struct crm_calendar *calendar;
	uint64_t *all_gaps; /* by product */
	int64_t *all_days;
	uint32_t *buyers, *again;
	uint32_t *slot; /* by product, into bought; UINT32_MAX */
	struct bought *bought;
	size_t n, cap;
};

/* Goes through a customer's trips. */
static int
go_through(struct finder *f, size_t customer, struct crm_err *err)
{
	const struct crm_trips *t = f->t;

	f->n = 0;
	for (uint32_t i = t->first[customer]; i < t->first[customer + 1]; i++) {
		int64_t day = crm_day_of(f->calendar, t->time[i]);

		for (uint32_t j = t->b.start[i]; j < t->b.start[i + 1]; j++) {
			uint32_t item = t->b.item[j];
			struct bought *b;

			if (f->slot[item] == UINT32_MAX) {
				if (!crm_grow(&f->bought, &f->cap, f->n,
					sizeof *f->bought))
					return crm_err_nomem(err);
				f->slot[item] = (uint32_t)f->n;
				f->bought[f->n++] =
				    (struct bought){item, 0, day, 0};
				continue;
			}
			b = &f->bought[f->slot[item]];
			if (day == b->last)
				continue;
			b->gaps++;
			b->days += day - b->last;
			b->last = day;
		}
	}
	for (size_t i = 0; i < f->n; i++)
		f->slot[f->bought[i].item] = UINT32_MAX;
	return CRM_OK;
}

/* Rounded to whole days, half up; false: not known. */
static bool
expect(const struct crm_need *n, int64_t *gap)
{
	int64_t num, den;

	if (n->gaps == 0 && 2 * (uint64_t)n->again < n->buyers)
		return false;
	if (n->all_gaps >= CRM_NEED_ALL) {
		/* (days + 2 all_days / all_gaps) / (gaps + 2), exactly */
		num = n->days * (int64_t)n->all_gaps +
		      CRM_NEED_WEIGHT * n->all_days;
		den = (int64_t)n->all_gaps * (n->gaps + CRM_NEED_WEIGHT);
	} else if (n->gaps >= CRM_NEED_OWN) {
		num = n->days;
		den = n->gaps;
	} else {
		return false;
	}
	*gap = (2 * num + den) / (2 * den);
	if (*gap < 1)
		*gap = 1;
	return true;
}

static int
by_due(const void *a, const void *b)
{
	const struct crm_need *x = a, *y = b;

	if (x->due != y->due)
		return x->due < y->due ? -1 : 1;
	return x->item < y->item ? -1 : x->item > y->item;
}

static int
add_needs(struct finder *f, struct crm_needs *out, size_t customer,
    struct crm_err *err)
{
	size_t from = out->n;

	for (size_t i = 0; i < f->n; i++) {
		const struct bought *b = &f->bought[i];
		struct crm_need need = {.customer = (uint32_t)customer,
		    .item = b->item,
		    .last = b->last,
		    .gaps = b->gaps,
		    .days = b->days,
		    .all_gaps = f->all_gaps[b->item],
		    .all_days = f->all_days[b->item],
		    .buyers = f->buyers[b->item],
		    .again = f->again[b->item]};
		int64_t gap;

		if (!expect(&need, &gap)) {
			out->unknown++;
			continue;
		}
		need.due = need.last + gap;
		if (!crm_grow(&out->v, &out->cap, out->n, sizeof *out->v))
			return crm_err_nomem(err);
		out->v[out->n++] = need;
	}
	if (out->n > from)
		qsort(out->v + from, out->n - from, sizeof *out->v, by_due);
	return CRM_OK;
}

int
crm_needs_find(struct crm_needs *out, const struct crm_trips *t,
    const struct crm_calendar *calendar, const bool *chosen,
    struct crm_err *err)
{
	struct finder f = {.t = t, .calendar = calendar};
	size_t many = (size_t)t->b.nitems + 1;
	int code = CRM_OK;

	f.all_gaps = calloc(many, sizeof *f.all_gaps);
	f.all_days = calloc(many, sizeof *f.all_days);
	f.buyers = calloc(many, sizeof *f.buyers);
	f.again = calloc(many, sizeof *f.again);
	f.slot = malloc(many * sizeof *f.slot);
	if (!f.all_gaps || !f.all_days || !f.buyers || !f.again || !f.slot)
		code = crm_err_nomem(err);
	for (size_t i = 0; code == CRM_OK && i < many; i++)
		f.slot[i] = UINT32_MAX;
	for (size_t c = 0; code == CRM_OK && c < t->ncustomers; c++) {
		code = go_through(&f, c, err);
		for (size_t i = 0; code == CRM_OK && i < f.n; i++) {
			const struct bought *b = &f.bought[i];

			f.all_gaps[b->item] += b->gaps;
			f.all_days[b->item] += b->days;
			f.buyers[b->item]++;
			f.again[b->item] += b->gaps > 0;
		}
	}
	for (size_t c = 0; code == CRM_OK && c < t->ncustomers; c++) {
		if (chosen && !chosen[c])
			continue;
		code = go_through(&f, c, err);
		if (code == CRM_OK)
			code = add_needs(&f, out, c, err);
	}
	free(f.all_gaps);
	free(f.all_days);
	free(f.buyers);
	free(f.again);
	free(f.slot);
	free(f.bought);
	return code;
}

void
crm_needs_release(struct crm_needs *x)
{
	free(x->v);
	*x = (struct crm_needs){0};
}
