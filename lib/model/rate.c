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

enum { STALE_DAYS = 7 };

static int
key_number(struct crm_str key, size_t prefix, uint64_t *out)
{
	struct crm_str rest = {key.p + prefix, key.n - prefix};

	return rest.n == 8 && crm_take_be(&rest, 8, out) ? CRM_OK : CRM_EDAMAGE;
}

/* Reads a rate and takes it when it is better than the one so far. */
static int
consider(struct crm_txn *t, const struct crm_kind *k, uint64_t number,
    int64_t day, struct crm_arena *a, int64_t *best, struct crm_dec *out,
    struct crm_err *err)
{
	struct crm_record *rec = crm_record_new(k, a);
	const struct crm_value *d, *rate;
	int r;

	if (!rec)
		return crm_err_nomem(err);
	r = crm_record_read(t, k, number, &crm_want_all, rec, err);
	if (r < 0)
		return r == CRM_NOTFOUND ? CRM_OK : r;
	d = crm_record_get(rec, "day");
	rate = crm_record_get(rec, "rate");
	if (d->i <= day && d->i > day - STALE_DAYS - 1 && d->i > *best) {
		*best = d->i;
		*out = (struct crm_dec){rate->i, rate->scale};
	}
	return CRM_OK;
}

/* From the last entered backwards, until one is of the very day. */
static int
search(struct crm_txn *t, const struct crm_kind *k, struct crm_str prefix,
    int64_t day, int64_t *best, struct crm_dec *out, struct crm_err *err)
{
	struct crm_cursor *c;
	struct crm_arena a = {0};
	struct crm_buf past = {.max = CRM_KEY_MAX};
	struct crm_str key, v;
	uint64_t number;
	int r;

	crm_buf_putstr(&past, prefix);
	crm_buf_putbe(&past, UINT64_MAX, 8);
	r = crm_buf_check(&past, err);
	if (r == CRM_OK)
		r = crm_cursor_open(t, CRM_TAB_INDEX, &c, err);
	if (r < 0) {
		crm_buf_release(&past);
		return r;
	}
	r = crm_cursor_seek(c, crm_buf_str(&past), &key, &v, err);
	r = r == CRM_OK		? crm_cursor_prev(c, &key, &v, err)
	    : r == CRM_NOTFOUND ? crm_cursor_last(c, &key, &v, err)
				: r;
	while (r == CRM_OK && *best < day && crm_str_starts(key, prefix)) {
		crm_arena_reset(&a);
		if (key_number(key, prefix.n, &number) < 0)
			r = crm_err_set(err, CRM_EDAMAGE,
			    "the index of rates has a bad key");
		if (r == CRM_OK)
			r = consider(t, k, number, day, &a, best, out, err);
		if (r == CRM_OK)
			r = crm_cursor_prev(c, &key, &v, err);
	}
	crm_cursor_close(c);
	crm_arena_release(&a);
	crm_buf_release(&past);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

int
crm_rate_find(struct crm_change *ch, struct crm_str currency, int64_t at,
    struct crm_dec *out, struct crm_err *err)
{
	const struct crm_schema *s = crm_change_schema(ch);
	const struct crm_kind *k = &s->kind[CRM_K_RATE];
	struct crm_value v = crm_value_text(currency);
	int64_t day = crm_day_of(&s->calendar, at), best = INT64_MIN;
	struct crm_buf prefix = {.max = CRM_KEY_MAX}, text = {0};
	int f = crm_kind_field(k, CRM_STR("currency")), r;

	crm_index_key(&prefix, k->number, k->fields[f].tag, &v, 0);
	r = crm_buf_check(&prefix, err);
	if (r == CRM_OK)
		r = search(crm_change_txn(ch), k, crm_buf_str(&prefix), day,
		    &best, out, err);
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
	crm_buf_release(&prefix);
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
