/*
 * order_event.c - one event of an order after another.
 *
 * An event that names no line and no quantity means all that is left at its
 * time, so the same event can mean less after an earlier one; that is why they
 * are taken in the order of their times and not of their numbers.
 */
#include "order_parts.h"

static struct crm_str
name_of(const struct crm_calc *c, int64_t what)
{
	const struct crm_part *p = &c->rec->kind->parts[CRM_O_TRACK];

	return crm_enum_name(p->fields[CRM_E_WHAT].values, (unsigned)what);
}

static int
refuse_units(struct crm_err *err, const struct crm_calc *c,
    const struct crm_row *row, const struct crm_calc_line *l,
    struct crm_dec asked, struct crm_dec left)
{
	struct crm_str what = name_of(c, row->v[CRM_E_WHAT].i);
	char room[96];
	struct crm_buf b = {.p = room, .cap = sizeof room, .max = sizeof room};

	crm_dec_put(&b, asked);
	crm_buf_puts(&b, "' is more than the '");
	crm_dec_put(&b, left);
	return crm_order_refuse(err, "track", row->no, "quantity",
	    "a %.*s of '%.*s' that are left of line %u", (int)what.n, what.p,
	    (int)b.n, b.p, l->no);
}

/* Takes q units of a line; what the event means by them. */
static int
take_units(struct crm_calc *c, const struct crm_row *row,
    struct crm_calc_line *l, struct crm_dec q, struct crm_err *err)
{
	struct crm_dec *to = NULL, left = crm_calc_left(l);

	switch (row->v[CRM_E_WHAT].i) {
	case CRM_ORDER_CANCEL:
		to = &l->cancelled;
		break;
	case CRM_ORDER_RETURN:
		to = &l->returned;
		break;
	case CRM_ORDER_SHIP:
		to = &l->shipped;
		break;
	default:
		to = &l->delivered;
		break;
	}
	/* A parcel may be sent twice; goods come back once. */
	if ((to == &l->cancelled || to == &l->returned) &&
	    crm_units_cmp(q, left) > 0)
		return refuse_units(err, c, row, l, q, left);
	if (!crm_units_add(*to, q, to))
		c->bad = true;
	return CRM_OK;
}

/* All that is left of a line, by what the event does. */
static struct crm_dec
all_units(const struct crm_row *row, const struct crm_calc_line *l)
{
	struct crm_dec left = crm_calc_left(l), due = l->quantity, d = due;
	const struct crm_dec *had = row->v[CRM_E_WHAT].i == CRM_ORDER_SHIP
					? &l->shipped
					: &l->delivered;

	if (row->v[CRM_E_WHAT].i == CRM_ORDER_CANCEL ||
	    row->v[CRM_E_WHAT].i == CRM_ORDER_RETURN)
		return left;
	if (!crm_units_sub(due, l->cancelled, &due) ||
	    !crm_units_sub(due, *had, &d) || d.v < 0)
		return (struct crm_dec){0};
	return d;
}

static int
find_line(struct crm_calc *c, const struct crm_row *row,
    struct crm_calc_line **out, struct crm_err *err)
{
	const struct crm_value *line = &row->v[CRM_E_LINE];

	*out = NULL;
	if (line->type == CRM_T_INT) {
		*out = crm_calc_find(c, line->i);
		if (!*out)
			return crm_order_refuse(err, "track", row->no, "line",
			    "the order has no line '%lld'", (long long)line->i);
	} else if (row->v[CRM_E_QUANTITY].type == CRM_T_DECIMAL) {
		if (c->nline != 1)
			return crm_order_refuse(err, "track", row->no, "line",
			    "a quantity needs the line it is of: the order has "
			    "%zu",
			    c->nline);
		*out = &c->line[0];
	}
	return CRM_OK;
}

static int
refuse_quantity(struct crm_err *err, const struct crm_row *row)
{
	const struct crm_value *q = &row->v[CRM_E_QUANTITY];
	char room[64];
	struct crm_buf b = {.p = room, .cap = sizeof room, .max = sizeof room};

	crm_dec_put(&b, (struct crm_dec){q->i, q->scale});
	return crm_order_refuse(err, "track", row->no, "quantity",
	    "'%.*s': a quantity above 0 is wanted", (int)b.n, b.p);
}

static int
step_goods(struct crm_calc *c, const struct crm_row *row, struct crm_err *err)
{
	const struct crm_value *q = &row->v[CRM_E_QUANTITY];
	bool back = row->v[CRM_E_WHAT].i == CRM_ORDER_RETURN ||
		    row->v[CRM_E_WHAT].i == CRM_ORDER_CANCEL;
	bool cancel = row->v[CRM_E_WHAT].i == CRM_ORDER_CANCEL;
	struct crm_str what = name_of(c, row->v[CRM_E_WHAT].i);
	struct crm_calc_line *l;
	bool some = false, units = false;
	int r = find_line(c, row, &l, err);

	if (r < 0)
		return r;
	if (q->type == CRM_T_DECIMAL) {
		if (q->i <= 0)
			return refuse_quantity(err, row);
		return take_units(
		    c, row, l, (struct crm_dec){q->i, q->scale}, err);
	}
	for (size_t i = 0; r == CRM_OK && i < c->nline; i++) {
		struct crm_dec all = all_units(row, &c->line[i]);

		if (l && l != &c->line[i])
			continue;
		units = units || c->line[i].quantity.v > 0;
		if (all.v <= 0)
			continue;
		some = true;
		r = take_units(c, row, &c->line[i], all, err);
	}
	/* Lines of no quantity can be cancelled only with the whole order. */
	if (r == CRM_OK && back && !some &&
	    (l || units || !cancel || c->cancel_all))
		return crm_order_refuse(err, "track", row->no, "what",
		    "nothing is left to %.*s", (int)what.n, what.p);
	return r;
}

static void
step_money(struct crm_calc *c, const struct crm_row *row)
{
	int64_t amount = row->v[CRM_E_AMOUNT].i;
	bool ok;

	if (row->v[CRM_E_AMOUNT].type == CRM_T_NONE)
		return;
	if (row->v[CRM_E_WHAT].i == CRM_ORDER_PAY) {
		c->npay++;
		ok = crm_add64(c->paid, amount, &c->paid);
	} else {
		ok = crm_add64(c->refunded, amount, &c->refunded);
		if (row->v[CRM_E_LINE].type == CRM_T_INT)
			ok = ok && crm_add64(c->refunded_lines, amount,
				       &c->refunded_lines);
	}
	c->bad = c->bad || !ok;
}

int
crm_calc_step(
    struct crm_calc *c, const struct crm_row *row, struct crm_err *err)
{
	bool all = row->v[CRM_E_LINE].type == CRM_T_NONE &&
		   row->v[CRM_E_QUANTITY].type == CRM_T_NONE;
	int64_t what = row->v[CRM_E_WHAT].i;
	struct crm_calc_line *l;
	int r = CRM_OK;

	if (what == CRM_ORDER_PAY || what == CRM_ORDER_REFUND)
		r = find_line(c, row, &l, err);
	else
		r = step_goods(c, row, err);
	if (r < 0)
		return r;
	step_money(c, row);
	switch (what) {
	case CRM_ORDER_CANCEL:
		c->any_cancel = true;
		c->cancel_all = c->cancel_all || all;
		break;
	case CRM_ORDER_RETURN:
		c->any_return = true;
		break;
	case CRM_ORDER_SHIP:
		c->any_ship = true;
		c->ship_all = c->ship_all || all;
		break;
	case CRM_ORDER_DELIVER:
		c->any_deliver = true;
		c->deliver_all = c->deliver_all || all;
		break;
	default:
		break;
	}
	return CRM_OK;
}

/* ---- events that are written ---- */

/* What can still be given back. */
static int64_t
refundable(const struct crm_calc *c)
{
	int64_t most = c->npay > 0 ? c->paid : c->total, left;

	if (c->credit && c->npay == 0)
		most = most == INT64_MIN ? INT64_MAX : most < 0 ? -most : most;
	return crm_sub64(most, c->refunded, &left) ? left : INT64_MIN;
}

/* The amount that is meant when none is given. */
static int
default_amount(struct crm_calc *c, const struct crm_row *row, unsigned digits,
    struct crm_err *err)
{
	const struct crm_value *q = &row->v[CRM_E_QUANTITY];
	struct crm_dec units = {q->i, q->scale};
	struct crm_order_state o;
	struct crm_calc_line *l;
	int64_t amount;
	int r;

	if (row->v[CRM_E_AMOUNT].type != CRM_T_NONE)
		return CRM_OK;
	r = crm_calc_state(c, false, &o, err);
	if (r == CRM_OK)
		r = find_line(c, row, &l, err);
	if (r < 0)
		return r;
	if (row->v[CRM_E_WHAT].i == CRM_ORDER_PAY) {
		amount = o.owed > c->paid ? o.owed - c->paid : 0;
	} else {
		amount = refundable(c);
		if (l) {
			int64_t worth = crm_calc_worth(
			    c, l, q->type == CRM_T_DECIMAL ? &units : NULL);

			amount = worth < amount ? worth : amount;
		}
	}
	if (amount <= 0)
		return crm_order_refuse(err, "track", row->no, "amount",
		    "nothing is left to %s",
		    row->v[CRM_E_WHAT].i == CRM_ORDER_PAY ? "pay" : "refund");
	row->v[CRM_E_AMOUNT] = crm_value_num(CRM_T_MONEY, amount, digits);
	return CRM_OK;
}

static int
check_event(const struct crm_calc *c, const struct crm_row *row, int64_t now,
    struct crm_err *err)
{
	int64_t placed = c->rec->v[CRM_O_PLACED].i;
	struct crm_value *v = row->v;
	char room[64];
	struct crm_buf b = {.p = room, .cap = sizeof room, .max = sizeof room};

	if (v[CRM_E_WHAT].type != CRM_T_ENUM)
		return crm_order_refuse(err, "track", row->no, "what",
		    "one of pay, ship, deliver, cancel, return, refund is "
		    "wanted");
	if (v[CRM_E_AT].type != CRM_T_TIME)
		v[CRM_E_AT] =
		    crm_value_num(CRM_T_TIME, now > placed ? now : placed, 0);
	if (v[CRM_E_AT].i < placed) {
		crm_time_put(&b, v[CRM_E_AT].i);
		return crm_order_refuse(err, "track", row->no, "at",
		    "'%.*s' is before the order was placed", (int)b.n, b.p);
	}
	if (v[CRM_E_AMOUNT].type == CRM_T_NONE)
		return CRM_OK;
	if (v[CRM_E_WHAT].i == CRM_ORDER_SHIP ||
	    v[CRM_E_WHAT].i == CRM_ORDER_DELIVER)
		return crm_order_refuse(err, "track", row->no, "amount",
		    "a ship or deliver has no amount");
	if (v[CRM_E_AMOUNT].i < 0) {
		crm_money_put(&b, v[CRM_E_AMOUNT].i, v[CRM_E_AMOUNT].scale);
		return crm_order_refuse(err, "track", row->no, "amount",
		    "'%.*s': an amount of 0 or more is wanted", (int)b.n, b.p);
	}
	return CRM_OK;
}

static int
check_refunds(struct crm_calc *c, unsigned digits, struct crm_err *err)
{
	char room[128];
	struct crm_buf b = {.p = room, .cap = sizeof room, .max = sizeof room};

	if (c->refunded == 0 || refundable(c) >= 0)
		return CRM_OK;
	crm_money_put(&b, c->refunded, digits);
	crm_buf_puts(&b, "' are more than the ");
	crm_buf_puts(&b, c->npay > 0 ? "payments of '" : "total of '");
	crm_money_put(&b, c->npay > 0 ? c->paid : c->total, digits);
	return crm_order_refuse(
	    err, NULL, 0, "refunded", "refunds of '%.*s'", (int)b.n, b.p);
}

int
crm_order_events(struct crm_calc *c, const struct crm_schema *s,
    struct crm_record *rec, int64_t now, struct crm_err *err)
{
	unsigned digits = (unsigned)crm_money_digits(s, rec);
	const struct crm_rows *rows = &rec->part[CRM_O_TRACK];
	int r = CRM_OK;

	c->rec = rec;
	c->line = NULL;
	c->event = NULL;
	for (size_t i = 0; r == CRM_OK && i < rows->n; i++)
		r = check_event(c, &rows->row[i], now, err);
	if (r < 0)
		return r;
	r = crm_calc_load(c, s, rec, err);
	for (size_t i = 0; r == CRM_OK && i < c->nevent; i++) {
		const struct crm_row *row = c->event[i].row;
		int64_t what = row->v[CRM_E_WHAT].i;

		if (what == CRM_ORDER_PAY || what == CRM_ORDER_REFUND)
			r = default_amount(c, row, digits, err);
		if (r == CRM_OK)
			r = crm_calc_step(c, row, err);
	}
	return r == CRM_OK ? check_refunds(c, digits, err) : r;
}

int
crm_order_event_add(const struct crm_schema *s, struct crm_record *order,
    const struct crm_order_event *e, struct crm_err *err)
{
	const struct crm_part *p = &order->kind->parts[CRM_O_TRACK];
	struct crm_row *row = crm_record_add(order, CRM_O_TRACK, 0);
	struct crm_value *v;

	if (!row)
		return crm_err_nomem(err);
	v = row->v;
	v[CRM_E_WHAT] = crm_value_enum(p->fields[CRM_E_WHAT].values, e->what);
	if (e->at != 0)
		v[CRM_E_AT] = crm_value_num(CRM_T_TIME, e->at, 0);
	if (e->line != 0)
		v[CRM_E_LINE] = crm_value_num(CRM_T_INT, e->line, 0);
	if (e->has_quantity)
		v[CRM_E_QUANTITY] = crm_value_num(
		    CRM_T_DECIMAL, e->quantity.v, e->quantity.scale);
	if (e->has_amount)
		v[CRM_E_AMOUNT] = crm_value_num(CRM_T_MONEY, e->amount,
		    (unsigned)crm_money_digits(s, order));
	v[CRM_E_METHOD] = crm_value_text(e->method);
	v[CRM_E_REFERENCE] = crm_value_text(e->reference);
	v[CRM_E_REASON] = crm_value_text(e->reason);
	return CRM_OK;
}

int
crm_order_worth(const struct crm_schema *s, const struct crm_record *order,
    uint32_t line, const struct crm_dec *quantity, int64_t *out,
    struct crm_err *err)
{
	struct crm_calc c;
	int r = crm_calc_load(&c, s, order, err);

	*out = 0;
	if (r == CRM_OK && line != 0 && !crm_calc_find(&c, line))
		r = crm_order_refuse(
		    err, NULL, 0, "line", "the order has no line '%u'", line);
	for (size_t i = 0; r == CRM_OK && i < c.nevent; i++)
		r = crm_calc_step(&c, c.event[i].row, err);
	for (size_t i = 0; r == CRM_OK && i < c.nline; i++) {
		const struct crm_calc_line *l = &c.line[i];
		struct crm_dec left = crm_calc_left(l);

		if (line != 0 && l->no != line)
			continue;
		if (!crm_add64(*out,
			crm_calc_worth(&c, l, quantity ? quantity : &left),
			out))
			c.bad = true;
	}
	if (r == CRM_OK)
		r = crm_calc_check(&c, err);
	crm_calc_close(&c);
	return r;
}
