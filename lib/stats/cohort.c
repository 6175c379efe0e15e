/*
 * cohort.c - cohorts by period.
 *
 * A customer's sums go to all periods up to the last that has passed for them,
 * and no further.  They are written as differences - added where they begin,
 * taken off behind the customer's last period - and added up once at the end,
 * so that the cost is that of the rows, not of customers times periods.
 */
#include <stdlib.h>

#include <crm/cohort.h>

struct work {
	struct crm_cohorts *out;
	const struct crm_sales *x;
	const struct crm_cohort_options *opt;
	int64_t last; /* period that has passed as a whole */
	bool running; /* something of the next has */
	int64_t *first; /* of each customer: period; INT64_MIN: none */
	int64_t *key;
	int64_t lowest; /* key */
	uint32_t *place; /* key - lowest -> cohort + 1 */
	size_t span;
};

int
crm_cohorts_orders(struct crm_sales *x, struct crm_err *err)
{
	const unsigned orders = CRM_SALES(ORDERS), total = CRM_SALES(TOTAL);
	bool *seen = NULL, told = x->has & orders;
	int code = crm_sales_group(x, CRM_SALES_CUSTOMER, err);

	if (code < 0 || told)
		return code;
	x->num[CRM_SALES_ORDERS] =
	    calloc(x->cap ? x->cap : 1, sizeof *x->num[CRM_SALES_ORDERS]);
	if (x->has & CRM_SALES(ORDER))
		seen = calloc(x->names[CRM_SALES_ORDER].n + 1, sizeof *seen);
	if (!x->num[CRM_SALES_ORDERS] ||
	    ((x->has & CRM_SALES(ORDER)) && !seen)) {
		free(seen);
		return crm_err_nomem(err);
	}
	x->has |= orders;
	for (size_t i = 0; i < x->n; i++) {
		bool one = !(x->has & total) || x->num[CRM_SALES_TOTAL][i] >= 0;

		if (one && seen) {
			one = !seen[x->id[CRM_SALES_ORDER][i]];
			seen[x->id[CRM_SALES_ORDER][i]] = true;
		}
		x->num[CRM_SALES_ORDERS][i] = one;
	}
	free(seen);
	return CRM_OK;
}

static int64_t
period_of(const struct work *w, enum crm_period p, int64_t time)
{
	return crm_period_of(p, crm_day_of(w->opt->days, time));
}

/* When each customer came, and with whom. */
static int
find_firsts(struct work *w, struct crm_err *err)
{
	const struct crm_sales *x = w->x;
	const struct crm_cohort_options *o = w->opt;
	size_t n = x->names[CRM_SALES_CUSTOMER].n;

	w->first = malloc((n + 1) * sizeof *w->first);
	w->key = malloc((n + 1) * sizeof *w->key);
	if (!w->first || !w->key)
		return crm_err_nomem(err);
	for (size_t c = 0; c < n; c++) {
		size_t i = x->start[c], end = x->start[c + 1];
		int64_t time;

		w->first[c] = INT64_MIN;
		if (o->chosen && !o->chosen[c])
			continue;
		while (i < end && x->num[CRM_SALES_ORDERS][i] == 0)
			i++;
		if (i == end) {
			w->out->without++;
			continue;
		}
		time = x->num[CRM_SALES_PLACED][i];
		if (time < o->since || time >= o->until)
			continue;
		w->first[c] = period_of(w, o->period, time);
		w->key[c] = o->group ? o->group[c] : period_of(w, o->by, time);
		w->out->customers++;
	}
	return CRM_OK;
}

static int
too_many(size_t n, struct crm_err *err)
{
	return crm_err_set(
	    err, CRM_EDATA, "%zu cohorts are more than %d", n, CRM_COHORTS_MAX);
}

/* The cohorts, in order of keys, without cells yet. */
static int
found_cohorts(struct work *w, struct crm_err *err)
{
	size_t n = w->x->names[CRM_SALES_CUSTOMER].n, made = 0;
	int64_t low = INT64_MAX, high = INT64_MIN;
	struct crm_cohorts *out = w->out;

	for (size_t c = 0; c < n; c++)
		if (w->first[c] != INT64_MIN) {
			low = w->key[c] < low ? w->key[c] : low;
			high = w->key[c] > high ? w->key[c] : high;
		}
	if (out->customers == 0)
		return CRM_OK;
	w->lowest = low;
	w->span = (size_t)(high - low) + 1;
	w->place = calloc(w->span, sizeof *w->place);
	if (!w->place)
		return crm_err_nomem(err);
	for (size_t c = 0; c < n; c++)
		if (w->first[c] != INT64_MIN)
			w->place[w->key[c] - low] = 1;
	for (size_t i = 0; i < w->span; i++)
		if (w->place[i])
			w->place[i] = (uint32_t)++made;
	if (made > CRM_COHORTS_MAX)
		return too_many(made, err);
	out->cohort = calloc(made, sizeof *out->cohort);
	if (!out->cohort)
		return crm_err_nomem(err);
	out->n = made;
	for (size_t i = 0; i < w->span; i++)
		if (w->place[i])
			out->cohort[w->place[i] - 1] = (struct crm_cohort){
			    .key = low + (int64_t)i, .first = INT64_MAX};
	for (size_t c = 0; c < n; c++)
		if (w->first[c] != INT64_MIN) {
			struct crm_cohort *k =
			    &out->cohort[w->place[w->key[c] - low] - 1];

			k->customers++;
			if (w->first[c] < k->first)
				k->first = w->first[c];
		}
	return CRM_OK;
}

static int
make_cells(struct work *w, struct crm_err *err)
{
	for (size_t i = 0; i < w->out->n; i++) {
		struct crm_cohort *k = &w->out->cohort[i];
		int64_t n = w->last - k->first + 1;

		k->running = w->running;
		if (w->opt->horizon >= 0 && n > w->opt->horizon) {
			n = w->opt->horizon + 1;
			k->running = false;
		}
		k->n = n > 0 ? (size_t)n : 0;
		/* one more, where differences end */
		k->cell = calloc(k->n + 1, sizeof *k->cell);
		if (!k->cell)
			return crm_err_nomem(err);
	}
	return CRM_OK;
}

/* Of a customer: cells from begin up to end have passed. */
struct span {
	struct crm_cohort *k;
	size_t begin, end; /* cells; end excluded, may lie past the last */
};

static struct crm_cohort_cell *
cell(const struct span *s, size_t i)
{
	return i < s->k->n ? &s->k->cell[i] : &s->k->cell[s->k->n];
}

/* Is it a sum that fits?  In a cell, and in all those from it on. */
static bool
add_money(const struct span *s, size_t i, int64_t v)
{
	struct crm_cohort_cell *a = cell(s, i), *b = cell(s, s->end);

	return crm_add64(a->revenue, v, &a->revenue) &&
	       crm_add64(a->total, v, &a->total) &&
	       crm_sub64(b->total, v, &b->total);
}

static bool
add_customer(struct work *w, size_t c)
{
	const struct crm_sales *x = w->x;
	bool money = x->has & CRM_SALES(TOTAL);
	struct span s = {
	    .k = &w->out->cohort[w->place[w->key[c] - w->lowest] - 1]};
	int64_t from = w->opt->calendar ? s.k->first : w->first[c];
	int64_t orders = 0;
	size_t seen = SIZE_MAX;

	if (w->first[c] > w->last)
		return true;
	s.begin = (size_t)(w->first[c] - from);
	s.end = (size_t)(w->last - from) + 1;
	cell(&s, s.begin)->observed++;
	cell(&s, s.end)->observed--;
	for (size_t i = x->start[c]; i < x->start[c + 1]; i++) {
		int64_t p =
		    period_of(w, w->opt->period, x->num[CRM_SALES_PLACED][i]);
		size_t at = s.begin;

		if (p > w->last)
			break;
		/* a credit may be older than the first order */
		if (p > w->first[c])
			at = (size_t)(p - from);
		if (x->num[CRM_SALES_ORDERS][i] > 0) {
			cell(&s, at)->orders++;
			if (at != seen)
				cell(&s, at)->active++;
			seen = at;
			if (++orders == 2) {
				cell(&s, at)->repeaters++;
				cell(&s, s.end)->repeaters--;
			}
		}
		if (money && !add_money(&s, at, x->num[CRM_SALES_TOTAL][i]))
			return false;
	}
	return true;
}

static bool
add_up(struct crm_cohort *k)
{
	for (size_t i = 1; i < k->n; i++) {
		struct crm_cohort_cell *a = &k->cell[i - 1], *b = &k->cell[i];

		b->observed += a->observed;
		b->repeaters += a->repeaters;
		if (!crm_add64(b->total, a->total, &b->total))
			return false;
	}
	return true;
}

int
crm_cohorts_make(struct crm_cohorts *out, const struct crm_sales *x,
    const struct crm_cohort_options *opt, struct crm_err *err)
{
	struct work w = {.out = out, .x = x, .opt = opt};
	int64_t now = period_of(&w, opt->period, opt->at);
	bool fits = true;
	int code;

	*out = (struct crm_cohorts){0};
	w.last = now - 1;
	w.running = crm_day_begin(opt->days,
			crm_period_begin(opt->period, now)) < opt->at;
	code = find_firsts(&w, err);
	if (code == CRM_OK)
		code = found_cohorts(&w, err);
	if (code == CRM_OK)
		code = make_cells(&w, err);
	for (size_t c = 0; code == CRM_OK && fits && out->n > 0 &&
			   c < x->names[CRM_SALES_CUSTOMER].n;
	     c++)
		if (w.first[c] != INT64_MIN)
			fits = add_customer(&w, c);
	for (size_t i = 0; code == CRM_OK && fits && i < out->n; i++)
		fits = add_up(&out->cohort[i]);
	if (!fits)
		code = crm_err_set(err, CRM_EDATA,
		    "the revenue of a cohort is too large to be added");
	free(w.first);
	free(w.key);
	free(w.place);
	if (code < 0)
		crm_cohorts_release(out);
	return code;
}

void
crm_cohorts_release(struct crm_cohorts *k)
{
	for (size_t i = 0; i < k->n; i++)
		free(k->cohort[i].cell);
	free(k->cohort);
	*k = (struct crm_cohorts){0};
}
