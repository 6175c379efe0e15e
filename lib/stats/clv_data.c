/*
 * clv_data.c - customers as the models of purchases see them.
 *
 * A purchase is a day with at least one order: what comes in two parcels was
 * bought once, and the published figures are of days.
 */
#include <stdlib.h>

#include <crm/clv.h>

struct reader {
	const struct crm_sales *x;
	const struct crm_calendar *cal;
	struct crm_clv_data *out;
};

static bool
add_money(int64_t *to, int64_t amount)
{
	return crm_add64(*to, amount, to);
}

/* One customer's rows, by time.  False: money is too large. */
static bool
take(struct reader *r, size_t who, struct crm_clv_customer *c, bool *counts)
{
	const struct crm_sales *x = r->x;
	const int64_t *placed = x->num[CRM_SALES_PLACED];
	const int64_t *total = x->num[CRM_SALES_TOTAL];
	int64_t before = INT64_MIN;
	bool ok = true;

	*c = (struct crm_clv_customer){.who = (uint32_t)who};
	*counts = false;
	for (size_t i = x->start[who]; ok && i < x->start[who + 1]; i++) {
		int64_t day = crm_day_of(r->cal, placed[i]);
		int64_t amount = total ? total[i] : 0;
		bool fresh = day != before;

		if (day > r->out->hold)
			break;
		before = day;
		if (day > r->out->end) {
			c->later += fresh;
			ok = add_money(&c->later_spent, amount);
		} else if (!*counts) {
			*counts = true;
			c->first = c->last = (int32_t)day;
		} else if (day > c->first) {
			c->x += fresh;
			c->last = (int32_t)day;
			ok = add_money(&c->spent, amount);
		}
	}
	return ok;
}

int
crm_clv_collect(struct crm_clv_data *out, const struct crm_sales *x,
    const struct crm_calendar *cal, int64_t end, int64_t hold,
    struct crm_err *err)
{
	const struct crm_names *names = &x->names[CRM_SALES_CUSTOMER];
	struct reader r = {x, cal, out};

	*out = (struct crm_clv_data){.end = end,
	    .hold = hold,
	    .digits = x->digits,
	    .money = x->has & CRM_SALES(TOTAL)};
	out->v = malloc((names->n ? names->n : 1) * sizeof *out->v);
	if (!out->v)
		return crm_err_nomem(err);
	for (size_t who = 0; who < names->n; who++) {
		struct crm_clv_customer *c = &out->v[out->n];
		bool counts;

		if (!take(&r, who, c, &counts))
			return crm_err_set(err, CRM_EDATA,
			    "the money of a customer is too large");
		if (!counts)
			continue;
		out->n++;
		out->repeats += c->x;
		out->repeaters += c->x > 0;
	}
	return CRM_OK;
}

void
crm_clv_release(struct crm_clv_data *d)
{
	free(d->v);
	*d = (struct crm_clv_data){0};
}

struct crm_clv_of
crm_clv_of(const struct crm_clv_model *m, const struct crm_clv_data *d,
    const struct crm_clv_customer *c)
{
	struct crm_clv_of of = {.x = c->x,
	    .tx = (double)(c->last - c->first) / m->unit,
	    .t = (double)(d->end - c->first) / m->unit};

	if (c->x > 0 && c->spent > 0)
		of.mean = crm_dec_double(
			      (struct crm_dec){c->spent, (uint8_t)d->digits}) /
			  c->x;
	return of;
}
