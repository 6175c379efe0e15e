/*
 * rate.c - what currencies were worth on a day.
 *
 * A rate is a record; the one for a day is the latest that is not later than
 * the day and at most a week old: markets close for week-ends and holidays, and
 * an older rate is no rate.  Of two for one day the one entered last counts.
 * Rates entered by the same change are not seen, as they are not yet in the
 * index.
 */
#include "hooks.h"
#include "order_parts.h"
#include "prefix.h"

enum { STALE_DAYS = 7 };

/* From the last entered backwards, until one is of the very day.  *best is the
 * day it is of, INT64_MIN when there is none. */
static int
search(struct crm_prefix *p, const struct crm_kind *k, int64_t day,
    int64_t *best, struct crm_dec *out, struct crm_err *err)
{
	const struct crm_value *d, *rate;
	struct crm_arena a = {0};
	struct crm_record *rec;
	int r = CRM_OK;

	*best = INT64_MIN;
	while (*best < day) {
		crm_arena_reset(&a);
		r = crm_prefix_record(p, k, &a, &rec, err);
		if (r < 0)
			break;
		d = crm_record_get(rec, "day");
		rate = crm_record_get(rec, "rate");
		if (d->i <= day && d->i > day - STALE_DAYS - 1 &&
		    d->i > *best) {
			*best = d->i;
			*out = (struct crm_dec){rate->i, rate->scale};
		}
	}
	crm_arena_release(&a);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

int
crm_rate_find(struct crm_change *ch, struct crm_str currency, int64_t at,
    struct crm_dec *out, struct crm_err *err)
{
	const struct crm_schema *s = crm_change_schema(ch);
	const struct crm_kind *k = &s->kind[CRM_K_RATE];
	struct crm_value v = crm_value_text(currency);
	int64_t day = crm_day_of(&s->calendar, at), best;
	struct crm_prefix p = crm_prefix_of(crm_change_txn(ch), CRM_TAB_INDEX);
	struct crm_buf text = {0};
	int f = crm_kind_field(k, CRM_STR("currency")), r;

	p.back = true;
	crm_index_key(&p.key, k->number, k->fields[f].tag, &v, 0);
	r = search(&p, k, day, &best, out, err);
	crm_prefix_close(&p);
	if (r == CRM_OK && best == INT64_MIN) {
		crm_date_put(&text, day);
		r = crm_err_set(err, CRM_EDATA,
		    "there is no rate for '%.*s' of '%.*s' or the %d days "
		    "before",
		    currency.n > 40 ? 40 : (int)currency.n, currency.p,
		    (int)text.n, text.p, STALE_DAYS);
		crm_err_hint(err,
		    "give the order's own, or add one by: crm-rate add "
		    "--currency %.*s --day %.*s --rate R",
		    currency.n > 40 ? 40 : (int)currency.n, currency.p,
		    (int)text.n, text.p);
	}
	crm_buf_release(&text);
	return r;
}

int
crm_rate_refuse(const struct crm_value *rate, struct crm_err *err)
{
	char room[64];
	struct crm_buf b = {.p = room, .cap = sizeof room, .max = sizeof room};

	crm_dec_put(&b, (struct crm_dec){rate->i, rate->scale});
	return crm_order_refuse(err, NULL, 0, "rate",
	    "'%.*s': a rate above 0 is wanted", (int)b.n, b.p);
}

int
crm_rate_prepare(struct crm_change *ch, const struct crm_record *old,
    struct crm_record *rec, struct crm_err *err)
{
	const struct crm_schema *s = crm_change_schema(ch);
	const struct crm_value *currency = crm_record_get(rec, "currency");
	const struct crm_value *rate = crm_record_get(rec, "rate");
	int n = currency->s.n > 40 ? 40 : (int)currency->s.n;

	(void)old;
	if (currency->type == CRM_T_TEXT &&
	    crm_currency_digits(currency->s) < 0)
		return crm_order_refuse(err, NULL, 0, "currency",
		    "'%.*s' is not an ISO 4217 currency", n, currency->s.p);
	if (currency->type == CRM_T_TEXT && s->settings &&
	    crm_str_eq(currency->s, s->settings->currency))
		return crm_order_refuse(err, NULL, 0, "currency",
		    "'%.*s' is the store's own currency", n, currency->s.p);
	if (rate->type == CRM_T_DECIMAL && rate->i <= 0)
		return crm_rate_refuse(rate, err);
	return CRM_OK;
}
