/*
 * order.c - an order as it is written: defaults, rules, kept fields.
 *
 * Money comes in with the places it was written with, as its currency may be
 * a later column; it is fitted to the currency here, before anything is added.
 * A line's product is read only when the line is new or names another one:
 * what was copied from it then is a fact of the sale, not of the product.
 */
#include "hooks.h"
#include "order_parts.h"

/* ---- money in its currency ---- */

static int
fit_value(struct crm_value *v, unsigned digits, const char *part, uint32_t no,
    const char *field, struct crm_err *err)
{
	struct crm_dec d = {v->i, v->scale};
	char room[64];
	struct crm_buf b = {.p = room, .cap = sizeof room, .max = sizeof room};

	if (v->type != CRM_T_MONEY || v->scale == digits)
		return CRM_OK;
	d = crm_dec_canon(d);
	if (d.scale <= digits && crm_dec_rescale(d, digits, &v->i)) {
		v->scale = (uint8_t)digits;
		return CRM_OK;
	}
	crm_dec_put(&b, d);
	return crm_order_refuse(err, part, no, field,
	    d.scale <= digits
		? "'%.*s' is too large an amount"
		: "'%.*s' has more decimal places than its currency",
	    (int)b.n, b.p);
}

static int
fit_row(const struct crm_schema *s, const struct crm_part *p,
    struct crm_row *row, unsigned digits, struct crm_err *err)
{
	int r = CRM_OK;

	for (int i = 0; r == CRM_OK && i < p->nfields; i++)
		if (row->v[i].type == CRM_T_MONEY)
			r = fit_value(&row->v[i],
			    p->fields[i].flags & CRM_F_BASE
				? (unsigned)s->digits
				: digits,
			    p->name, row->no, p->fields[i].name, err);
	return r;
}

int
crm_order_fit(
    const struct crm_schema *s, struct crm_record *rec, struct crm_err *err)
{
	unsigned digits = (unsigned)crm_money_digits(s, rec);
	const struct crm_kind *k = rec->kind;
	int r = CRM_OK;

	for (int i = 0; r == CRM_OK && i < k->nfields; i++)
		if (rec->v[i].type == CRM_T_MONEY &&
		    !(k->fields[i].flags & CRM_F_READONLY))
			r = fit_value(&rec->v[i],
			    k->fields[i].flags & CRM_F_BASE
				? (unsigned)s->digits
				: digits,
			    NULL, 0, k->fields[i].name, err);
	for (int p = 0; r == CRM_OK && p < k->nparts; p++)
		for (size_t i = 0; r == CRM_OK && i < rec->part[p].n; i++)
			r = fit_row(
			    s, &k->parts[p], &rec->part[p].row[i], digits, err);
	return r;
}

/* ---- the head ---- */

static struct crm_value
enum_value(const struct crm_record *rec, int field, unsigned place)
{
	return crm_value_enum(rec->kind->fields[field].values, place);
}

static int
prepare_currency(
    struct crm_change *ch, struct crm_record *rec, struct crm_err *err)
{
	const struct crm_schema *s = crm_change_schema(ch);
	struct crm_value *currency = &rec->v[CRM_O_CURRENCY];
	struct crm_value *rate = &rec->v[CRM_O_RATE];
	struct crm_str base = {"", 0};
	struct crm_dec d;
	int r;

	if (s->settings)
		base = s->settings->currency;
	if (currency->type == CRM_T_NONE)
		*currency = crm_value_text(base);
	if (currency->type != CRM_T_NONE &&
	    crm_currency_digits(currency->s) < 0)
		return crm_order_refuse(err, NULL, 0, "currency",
		    "'%.*s' is not an ISO 4217 currency",
		    currency->s.n > 40 ? 40 : (int)currency->s.n,
		    currency->s.p);
	if (rate->type == CRM_T_DECIMAL && rate->i <= 0)
		return crm_rate_refuse(rate, err);
	if (base.n == 0 || crm_str_eq(base, currency->s)) {
		if (rate->type == CRM_T_DECIMAL &&
		    crm_dec_cmp((struct crm_dec){rate->i, rate->scale},
			(struct crm_dec){1, 0}) != 0)
			return crm_order_refuse(err, NULL, 0, "rate",
			    "an order in the store's currency has no rate "
			    "but 1");
		*rate = (struct crm_value){0};
		return CRM_OK;
	}
	if (rate->type == CRM_T_DECIMAL)
		return CRM_OK;
	r = crm_rate_find(ch, currency->s, rec->v[CRM_O_PLACED].i, &d, err);
	if (r == CRM_OK)
		*rate = crm_value_num(CRM_T_DECIMAL, d.v, d.scale);
	else
		crm_err_field(err, "rate", 4);
	return r;
}

static int
prepare_head(struct crm_change *ch, const struct crm_record *old,
    struct crm_record *rec, struct crm_err *err)
{
	struct crm_value *created = crm_record_at(rec, "created");

	if (rec->v[CRM_O_TYPE].type == CRM_T_NONE)
		rec->v[CRM_O_TYPE] = enum_value(rec, CRM_O_TYPE, 1);
	if (rec->v[CRM_O_STATE].type == CRM_T_NONE)
		rec->v[CRM_O_STATE] =
		    enum_value(rec, CRM_O_STATE, CRM_ORDER_STATE_OPEN);
	if (!old && rec->v[CRM_O_PLACED].type == CRM_T_NONE)
		rec->v[CRM_O_PLACED] =
		    crm_value_num(CRM_T_TIME, crm_change_now(ch), 0);
	if (!old && created && created->type == CRM_T_NONE)
		*created = crm_value_num(CRM_T_TIME, crm_change_now(ch), 0);
	if (rec->v[CRM_O_PLACED].type != CRM_T_TIME)
		return crm_order_refuse(
		    err, NULL, 0, "placed", "a value is needed");
	if (rec->v[CRM_O_REPLACES].type == CRM_T_ID && rec->id != 0 &&
	    rec->v[CRM_O_REPLACES].i == (int64_t)rec->id)
		return crm_order_refuse(err, NULL, 0, "replaces_id",
		    "an order cannot replace itself");
	return prepare_currency(ch, rec, err);
}

static int
prepare_adjustments(struct crm_record *rec, struct crm_err *err)
{
	const struct crm_rows *rows = &rec->part[CRM_O_ADJUSTMENT];
	bool credit = rec->v[CRM_O_TYPE].i == CRM_ORDER_CREDIT;

	for (size_t i = 0; i < rows->n; i++) {
		const struct crm_value *v = rows->row[i].v;

		if (v[CRM_A_WHAT].type != CRM_T_ENUM)
			return crm_order_refuse(err, "adjustment",
			    rows->row[i].no, "adjustment",
			    "one of discount, coupon, shipping, fee, tip, "
			    "rounding, commission is wanted");
		if (!credit && v[CRM_A_WHAT].i <= CRM_A_COUPON &&
		    v[CRM_A_AMOUNT].type == CRM_T_MONEY &&
		    v[CRM_A_AMOUNT].i > 0)
			return crm_order_refuse(err, "adjustment",
			    rows->row[i].no, "adjusted",
			    "a discount lowers the total: an amount below 0 "
			    "is wanted");
	}
	return CRM_OK;
}

/* ---- kept fields ---- */

static void
keep_lines(const struct crm_calc *c, struct crm_record *rec, unsigned digits)
{
	for (size_t i = 0; i < c->nline; i++) {
		const struct crm_calc_line *l = &c->line[i];
		struct crm_value *v = rec->part[CRM_O_LINE].row[i].v;

		v[CRM_LINE_RETURNED] = v[CRM_LINE_CANCELLED] =
		    v[CRM_LINE_DISCOUNT] = (struct crm_value){0};
		if (l->returned.v != 0)
			v[CRM_LINE_RETURNED] = crm_value_num(
			    CRM_T_DECIMAL, l->returned.v, l->returned.scale);
		if (l->cancelled.v != 0)
			v[CRM_LINE_CANCELLED] = crm_value_num(
			    CRM_T_DECIMAL, l->cancelled.v, l->cancelled.scale);
		if (l->discount != 0)
			v[CRM_LINE_DISCOUNT] =
			    crm_value_num(CRM_T_MONEY, l->discount, digits);
	}
}

int
crm_order_lines_at(const struct crm_schema *s, struct crm_record *order,
    int64_t at, struct crm_err *err)
{
	struct crm_order_state o;
	struct crm_calc c;
	int r = crm_calc_load(&c, s, order, err);

	if (r == CRM_OK)
		r = crm_calc_walk(&c, at, &o, err);
	if (r == CRM_OK)
		keep_lines(&c, order, (unsigned)crm_money_digits(s, order));
	crm_calc_close(&c);
	return r;
}

static void
keep_state(const struct crm_schema *s, struct crm_record *rec,
    const struct crm_calc *c, const struct crm_order_state *o)
{
	unsigned digits = (unsigned)crm_money_digits(s, rec);
	const struct {
		int field;
		int64_t v;
		unsigned digits;
	} money[] = {{CRM_O_TOTAL, o->total, digits},
	    {CRM_O_PAID, o->paid, digits},
	    {CRM_O_REFUNDED, o->refunded, digits},
	    {CRM_O_GOODS, o->goods, digits},
	    {CRM_O_DISCOUNT, o->discount, digits},
	    {CRM_O_SHIPPING, o->shipping, digits}, {CRM_O_TAX, o->tax, digits},
	    {CRM_O_BASE_TOTAL, o->base_total, (unsigned)s->digits},
	    {CRM_O_REVENUE, o->counts ? o->base_revenue : 0,
		(unsigned)s->digits}};

	for (size_t i = 0; i < sizeof money / sizeof *money; i++)
		rec->v[money[i].field] =
		    crm_value_num(CRM_T_MONEY, money[i].v, money[i].digits);
	rec->v[CRM_O_STATUS] = enum_value(rec, CRM_O_STATUS, o->status);
	rec->v[CRM_O_PAYMENT] = enum_value(rec, CRM_O_PAYMENT, o->payment);
	rec->v[CRM_O_FULFILMENT] =
	    enum_value(rec, CRM_O_FULFILMENT, o->fulfilment);
	rec->v[CRM_O_LINES] = crm_value_num(CRM_T_INT, (int64_t)c->nline, 0);
	rec->v[CRM_O_ITEMS] =
	    crm_value_num(CRM_T_DECIMAL, o->items.v, o->items.scale);
	keep_lines(c, rec, digits);
}

int
crm_order_keep(
    const struct crm_schema *s, struct crm_record *rec, struct crm_err *err)
{
	struct crm_order_state o;
	struct crm_calc c;
	int r;

	r = crm_calc_load(&c, s, rec, err);
	if (r == CRM_OK)
		r = crm_calc_walk(&c, INT64_MAX, &o, err);
	if (r == CRM_OK)
		keep_state(s, rec, &c, &o);
	crm_calc_close(&c);
	return r;
}

/* Events, and what is kept: where no status decides what counts, the state
 * after all events is known when they have been looked at. */
static int
prepare_events(const struct crm_schema *s, struct crm_record *rec, int64_t now,
    struct crm_err *err)
{
	struct crm_order_state o;
	struct crm_calc c;
	int r = crm_order_events(&c, s, rec, now, err);
	bool known = r == CRM_OK && !crm_calc_by_status(&c);

	if (known)
		r = crm_calc_state(&c, false, &o, err);
	if (known && r == CRM_OK)
		keep_state(s, rec, &c, &o);
	crm_calc_close(&c);
	return r < 0 || known ? r : crm_order_keep(s, rec, err);
}

int
crm_order_prepare(struct crm_change *ch, const struct crm_record *old,
    struct crm_record *rec, struct crm_err *err)
{
	const struct crm_schema *s = crm_change_schema(ch);
	int r;

	r = prepare_head(ch, old, rec, err);
	if (r == CRM_OK)
		r = crm_order_fit(s, rec, err);
	if (r == CRM_OK)
		r = crm_order_lines(ch, old, rec, err);
	if (r == CRM_OK)
		r = prepare_adjustments(rec, err);
	if (r == CRM_OK)
		r = prepare_events(s, rec, crm_change_now(ch), err);
	return r;
}

int
crm_order_at(struct crm_txn *t, const struct crm_schema *s, int64_t at,
    struct crm_record *rec, struct crm_err *err)
{
	struct crm_rows *track = &rec->part[CRM_O_TRACK];
	bool dropped = false;

	(void)t;
	if (rec->v[CRM_O_PLACED].i >= at)
		return CRM_NO;
	for (size_t i = track->n; i-- > 0;)
		if (track->row[i].v[CRM_E_AT].i >= at)
			dropped |=
			    crm_record_drop(rec, CRM_O_TRACK, track->row[i].no);
	/* what is kept is that of today only where something is gone */
	return dropped ? crm_order_keep(s, rec, err) : CRM_OK;
}
