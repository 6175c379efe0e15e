/*
 * order_calc.c - an order's lines, adjustments and events as sums.
 *
 * Everything is a function of what has happened so far, not of the order in
 * which it was added up: a line's cancelled share is that of all its cancelled
 * units, a refund's that of all refunds.  So no rounding can pile up, and what
 * is fully cancelled or refunded is exactly zero.  The definitions are those
 * of crm/order.h.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "order_parts.h"

int
crm_order_refuse(struct crm_err *err, const char *part, uint32_t no,
    const char *field, const char *fmt, ...)
{
	char text[CRM_ERR_TEXT], name[72];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (part)
		snprintf(name, sizeof name, "%s %u %s", part, no, field);
	else
		snprintf(name, sizeof name, "%s", field);
	crm_err_set(err, CRM_EDATA, "%s", text);
	crm_err_field(err, name, strlen(name));
	return CRM_EDATA;
}

static void
sum(struct crm_calc *c, int64_t *to, int64_t v)
{
	if (!crm_add64(*to, v, to))
		c->bad = true;
}

int64_t
crm_calc_less(struct crm_calc *c, int64_t a, int64_t b)
{
	int64_t r = 0;

	if (!crm_sub64(a, b, &r))
		c->bad = true;
	return r;
}

static int64_t
scaled(struct crm_calc *c, int64_t v, int64_t part, int64_t whole)
{
	int64_t r = 0;

	if (v == 0 || part == whole)
		return v;
	if (whole == 0)
		return 0;
	if (!crm_muldiv64(v, part, whole, &r))
		c->bad = true;
	return r;
}

int64_t
crm_calc_share(
    struct crm_calc *c, int64_t v, struct crm_dec a, struct crm_dec q)
{
	unsigned scale = a.scale > q.scale ? a.scale : q.scale;
	int64_t x, y;

	if (v == 0 || a.v == 0 || q.v == 0)
		return 0;
	if (!crm_dec_rescale(a, scale, &x) || !crm_dec_rescale(q, scale, &y)) {
		c->bad = true;
		return 0;
	}
	return scaled(c, v, x, y);
}

int64_t
crm_calc_base(struct crm_calc *c, int64_t v)
{
	return c->foreign ? scaled(c, v, c->num, c->den) : v;
}

int
crm_calc_check(const struct crm_calc *c, struct crm_err *err)
{
	return c->bad ? crm_order_refuse(err, NULL, 0, "total",
			    "the amounts of the order are too large to be "
			    "added")
		      : CRM_OK;
}

static struct crm_dec
dec_of(const struct crm_value *v)
{
	if (v->type != CRM_T_DECIMAL)
		return (struct crm_dec){0};
	return (struct crm_dec){v->i, v->scale};
}

static int64_t
num_of(const struct crm_value *v)
{
	return v->type == CRM_T_NONE ? 0 : v->i;
}

struct crm_calc_line *
crm_calc_find(struct crm_calc *c, int64_t no)
{
	size_t low = 0, high = c->nline;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if ((int64_t)c->line[mid].no < no)
			low = mid + 1;
		else
			high = mid;
	}
	return low < c->nline && (int64_t)c->line[low].no == no ? &c->line[low]
								: NULL;
}

/* ---- loading ---- */

/* To the store's currency: rate * 10^(its digits - the order's). */
static int
load_rate(struct crm_calc *c, struct crm_err *err)
{
	const struct crm_value *rate = &c->rec->v[CRM_O_RATE];
	int digits = crm_money_digits(c->s, c->rec), shift;
	int64_t up;

	c->num = c->den = 1;
	c->foreign = rate->type == CRM_T_DECIMAL;
	if (!c->foreign)
		return CRM_OK;
	shift = c->s->digits - digits;
	up = crm_pow10((unsigned)(shift < 0 ? -shift : shift));
	c->num = rate->i;
	c->den = crm_pow10(rate->scale);
	if (!crm_mul64(
		shift > 0 ? c->num : c->den, up, shift > 0 ? &c->num : &c->den))
		c->bad = true;
	return crm_calc_check(c, err);
}

static int
load_lines(struct crm_calc *c, struct crm_err *err)
{
	const struct crm_rows *rows = &c->rec->part[CRM_O_LINE];

	c->line = c->few_lines;
	if (rows->n > sizeof c->few_lines / sizeof *c->few_lines)
		c->line = malloc(rows->n * sizeof *c->line);
	if (!c->line)
		return crm_err_nomem(err);
	c->nline = rows->n;
	for (size_t i = 0; i < rows->n; i++) {
		const struct crm_value *v = rows->row[i].v;
		struct crm_calc_line *l = &c->line[i];

		*l = (struct crm_calc_line){.no = rows->row[i].no,
		    .quantity = dec_of(&v[CRM_LINE_QUANTITY]),
		    .amount = num_of(&v[CRM_LINE_AMOUNT]),
		    .tax = num_of(&v[CRM_LINE_TAX]),
		    .cost = num_of(&v[CRM_LINE_COST]),
		    .gift = v[CRM_LINE_TYPE].type == CRM_T_ENUM &&
			    v[CRM_LINE_TYPE].i == CRM_LINE_GIFT_CARD};
		l->net = crm_calc_less(c, l->amount, c->tax_in ? l->tax : 0);
		sum(c, &c->goods, l->amount);
		sum(c, &c->goods_tax, l->tax);
	}
	return CRM_OK;
}

static void
discount_line(
    struct crm_calc *c, struct crm_calc_line *l, int64_t amount, int64_t tax)
{
	sum(c, &l->discount, amount);
	sum(c, &l->net, crm_calc_less(c, amount, c->tax_in ? tax : 0));
	sum(c, &l->tax, tax);
}

/* Shares a discount of the order among its lines by their amounts.  Where
 * these have both signs (a correction), only the positive ones take part. */
static int
discount_order(
    struct crm_calc *c, int64_t amount, int64_t tax, struct crm_err *err)
{
	int64_t few[3 * 12], *weight = few, *share, *taxes;
	bool pos = false;
	int r;

	if (c->nline == 0) {
		c->loose_tax = tax;
		c->loose_net = crm_calc_less(c, amount, c->tax_in ? tax : 0);
		return CRM_OK;
	}
	if (c->nline > 12)
		weight = malloc(3 * c->nline * sizeof *weight);
	if (!weight)
		return crm_err_nomem(err);
	share = weight + c->nline;
	taxes = share + c->nline;
	for (size_t i = 0; i < c->nline; i++)
		pos = pos || c->line[i].amount > 0;
	for (size_t i = 0; i < c->nline; i++) {
		weight[i] = c->line[i].amount;
		if (pos && weight[i] < 0)
			weight[i] = 0;
	}
	r = crm_allocate(amount, weight, c->nline, share, err);
	if (r == CRM_OK)
		r = crm_allocate(tax, weight, c->nline, taxes, err);
	for (size_t i = 0; r == CRM_OK && i < c->nline; i++)
		discount_line(c, &c->line[i], share[i], taxes[i]);
	if (weight != few)
		free(weight);
	return r;
}

static int
load_adjustments(struct crm_calc *c, struct crm_err *err)
{
	const struct crm_rows *rows = &c->rec->part[CRM_O_ADJUSTMENT];
	int64_t whole = 0, whole_tax = 0;

	for (size_t i = 0; i < rows->n; i++) {
		const struct crm_value *v = rows->row[i].v;
		int64_t amount = num_of(&v[CRM_A_AMOUNT]);
		int64_t tax = num_of(&v[CRM_A_TAX]);
		int64_t net = crm_calc_less(c, amount, c->tax_in ? tax : 0);
		struct crm_calc_line *l = NULL;

		if (v[CRM_A_LINE].type == CRM_T_INT) {
			l = crm_calc_find(c, v[CRM_A_LINE].i);
			if (!l)
				return crm_order_refuse(err, "adjustment",
				    rows->row[i].no, "line",
				    "the order has no line '%lld'",
				    (long long)v[CRM_A_LINE].i);
		}
		if (v[CRM_A_WHAT].i == CRM_A_COMMISSION) {
			sum(c, &c->commission, net);
			continue;
		}
		sum(c, &c->tax, tax);
		if (v[CRM_A_WHAT].i == CRM_A_SHIPPING) {
			sum(c, &c->shipping, amount);
			sum(c, &c->shipping_net, net);
		} else if (v[CRM_A_WHAT].i > CRM_A_SHIPPING) {
			sum(c, &c->fees_net, net);
		} else {
			sum(c, &c->discount, amount);
			sum(c, &c->discount_net, net);
			sum(c, &c->goods_tax, tax);
			if (l) {
				discount_line(c, l, amount, tax);
			} else {
				sum(c, &whole, amount);
				sum(c, &whole_tax, tax);
			}
		}
	}
	return whole || whole_tax ? discount_order(c, whole, whole_tax, err)
				  : CRM_OK;
}

static int
cmp_event(const void *pa, const void *pb)
{
	const struct crm_calc_event *a = pa, *b = pb;

	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	return a->row->no < b->row->no ? -1 : a->row->no > b->row->no;
}

static int
load_events(struct crm_calc *c, struct crm_err *err)
{
	const struct crm_rows *rows = &c->rec->part[CRM_O_TRACK];
	bool sorted = true;

	c->event = c->few_events;
	if (rows->n > sizeof c->few_events / sizeof *c->few_events)
		c->event = malloc(rows->n * sizeof *c->event);
	if (!c->event)
		return crm_err_nomem(err);
	for (size_t i = 0; i < rows->n; i++)
		c->event[i] = (struct crm_calc_event){
		    rows->row[i].v[CRM_E_AT].i, &rows->row[i]};
	c->nevent = rows->n;
	/* They were nearly always written as they happened. */
	for (size_t i = 1; i < c->nevent && sorted; i++)
		sorted = cmp_event(&c->event[i - 1], &c->event[i]) < 0;
	if (!sorted)
		qsort(c->event, c->nevent, sizeof *c->event, cmp_event);
	return CRM_OK;
}

int
crm_calc_load(struct crm_calc *c, const struct crm_schema *s,
    const struct crm_record *rec, struct crm_err *err)
{
	int64_t line_tax;
	int r;

	/* Not the rooms for lines and events, which are large. */
	memset(c, 0, offsetof(struct crm_calc, few_lines));
	c->line = NULL;
	c->event = NULL;
	memset(&c->nline, 0, sizeof *c - offsetof(struct crm_calc, nline));
	c->s = s;
	c->rec = rec;
	c->credit = rec->v[CRM_O_TYPE].type == CRM_T_ENUM &&
		    rec->v[CRM_O_TYPE].i == CRM_ORDER_CREDIT;
	c->tax_in = rec->v[CRM_O_TAX_IN].type == CRM_T_BOOL &&
		    rec->v[CRM_O_TAX_IN].i == 1;
	r = load_rate(c, err);
	if (r == CRM_OK)
		r = load_lines(c, err);
	line_tax = c->goods_tax;
	if (r == CRM_OK)
		r = load_adjustments(c, err);
	if (r == CRM_OK)
		r = load_events(c, err);
	if (r < 0)
		return r;
	sum(c, &c->tax, line_tax);
	sum(c, &c->total, c->loose_net);
	for (size_t i = 0; i < c->nline; i++)
		sum(c, &c->total, c->line[i].net);
	sum(c, &c->total, c->tax);
	sum(c, &c->total, c->shipping_net);
	sum(c, &c->total, c->fees_net);
	return crm_calc_check(c, err);
}

void
crm_calc_close(struct crm_calc *c)
{
	if (c->line != c->few_lines)
		free(c->line);
	if (c->event != c->few_events)
		free(c->event);
	c->line = NULL;
	c->event = NULL;
}

/* ---- what is left ---- */

/* What the order is made of, net of tax. */
struct sums {
	int64_t revenue, gift, goods_tax, shipping, fees, rest_tax;
};

static bool
is_done(const struct crm_calc *c)
{
	bool some = false;

	if (!c->any_cancel && !c->any_return)
		return false;
	for (size_t i = 0; i < c->nline; i++) {
		some = some || c->line[i].quantity.v > 0;
		if (crm_calc_left(&c->line[i]).v > 0)
			return false;
	}
	return some || c->cancel_all;
}

/* As ordered, less what was cancelled. */
static void
sums_owed(struct crm_calc *c, struct sums *o)
{
	*o = (struct sums){.revenue = c->loose_net,
	    .goods_tax = c->loose_tax,
	    .shipping = c->shipping_net,
	    .fees = c->fees_net,
	    .rest_tax = crm_calc_less(c, c->tax, c->goods_tax)};
	for (size_t i = 0; i < c->nline; i++) {
		struct crm_calc_line *l = &c->line[i];

		sum(c, l->gift ? &o->gift : &o->revenue,
		    crm_calc_less(c, l->net,
			crm_calc_share(c, l->net, l->cancelled, l->quantity)));
		sum(c, &o->goods_tax,
		    crm_calc_less(c, l->tax,
			crm_calc_share(c, l->tax, l->cancelled, l->quantity)));
	}
}

static int64_t
sums_total(struct crm_calc *c, const struct sums *o)
{
	int64_t t = o->revenue;

	sum(c, &t, o->gift);
	sum(c, &t, o->goods_tax);
	sum(c, &t, o->shipping);
	sum(c, &t, o->fees);
	sum(c, &t, o->rest_tax);
	return t;
}

/* Takes refunds off: `named` off goods and their tax, then all of the rest
 * off everything, each in proportion; goods take the rounding. */
static void
sums_refund(struct crm_calc *c, struct sums *o, int64_t owed, int64_t refund,
    int64_t named)
{
	int64_t pool = crm_calc_less(c, owed, o->shipping), left, kept;

	if (refund <= 0 || owed <= 0)
		return;
	if (refund >= owed) {
		*o = (struct sums){0};
		return;
	}
	pool = crm_calc_less(c, crm_calc_less(c, pool, o->fees), o->rest_tax);
	if (named > pool)
		named = pool;
	if (named > 0) {
		left = pool - named;
		o->goods_tax = scaled(c, o->goods_tax, left, pool);
		o->gift = scaled(c, o->gift, left, pool);
		o->revenue = crm_calc_less(
		    c, crm_calc_less(c, left, o->goods_tax), o->gift);
	} else {
		named = 0;
	}
	left = crm_calc_less(c, owed, named);
	kept = crm_calc_less(c, owed, refund);
	o->goods_tax = scaled(c, o->goods_tax, kept, left);
	o->gift = scaled(c, o->gift, kept, left);
	o->shipping = scaled(c, o->shipping, kept, left);
	o->fees = scaled(c, o->fees, kept, left);
	o->rest_tax = scaled(c, o->rest_tax, kept, left);
	o->revenue = 0;
	o->revenue = crm_calc_less(c, kept, sums_total(c, o));
}

/* ---- statuses ---- */

static enum crm_order_payment
payment_of(const struct crm_calc *c, int64_t owed)
{
	int64_t most = c->npay > 0 ? c->paid : c->total;

	if (c->refunded > 0)
		return c->refunded >= most ? CRM_ORDER_REFUNDED
					   : CRM_ORDER_PART_REFUNDED;
	if (c->npay == 0)
		return CRM_ORDER_UNPAID;
	return c->paid >= owed ? CRM_ORDER_ALL_PAID : CRM_ORDER_PART_PAID;
}

static enum crm_order_fulfilment
fulfilment_of(const struct crm_calc *c)
{
	bool some = false, shipped = true, delivered = true;

	if (!c->any_ship && !c->any_deliver)
		return CRM_ORDER_NOT_SHIPPED;
	for (size_t i = 0; i < c->nline; i++) {
		const struct crm_calc_line *l = &c->line[i];
		struct crm_dec due = l->quantity;

		if (!crm_units_sub(due, l->cancelled, &due) || due.v <= 0)
			continue;
		some = true;
		if (crm_units_cmp(l->delivered, due) < 0) {
			delivered = false;
			if (crm_units_cmp(l->shipped, due) < 0)
				shipped = false;
		}
	}
	if (!some) {
		delivered = c->deliver_all;
		shipped = c->ship_all || c->deliver_all;
	}
	return delivered ? CRM_ORDER_ALL_DELIVERED
	       : shipped ? CRM_ORDER_ALL_SHIPPED
			 : CRM_ORDER_PART_SHIPPED;
}

static enum crm_order_status
status_of(const struct crm_calc *c, const struct crm_order_state *o, bool done)
{
	const struct crm_value *state = &c->rec->v[CRM_O_STATE];

	if (done && !c->any_return)
		return CRM_ORDER_CANCELLED;
	if (state->type == CRM_T_ENUM && state->i == CRM_ORDER_STATE_CART)
		return CRM_ORDER_CART;
	if (state->type == CRM_T_ENUM && state->i == CRM_ORDER_STATE_PENDING)
		return CRM_ORDER_PENDING;
	if (done)
		return CRM_ORDER_RETURNED;
	if (o->fulfilment == CRM_ORDER_ALL_DELIVERED)
		return CRM_ORDER_DELIVERED;
	if (o->fulfilment == CRM_ORDER_ALL_SHIPPED)
		return CRM_ORDER_SHIPPED;
	return c->npay > 0 && c->paid >= o->owed ? CRM_ORDER_PAID
						 : CRM_ORDER_PLACED;
}

static bool
in_list(struct crm_str list, struct crm_str name)
{
	struct crm_str item;

	while (crm_str_split(&list, ',', &item))
		if (crm_str_eq(crm_str_trim(item), name))
			return true;
	return false;
}

static bool
counts_of(const struct crm_calc *c, enum crm_order_status status, bool counted)
{
	const struct crm_value *test = &c->rec->v[CRM_O_TEST];
	const char *names = c->rec->kind->fields[CRM_O_STATUS].values;

	if ((test->type == CRM_T_BOOL && test->i == 1) ||
	    status == CRM_ORDER_CART || status == CRM_ORDER_PENDING ||
	    status == CRM_ORDER_CANCELLED)
		return false;
	if (c->credit || !c->s->settings || c->s->settings->statuses.n == 0)
		return true;
	if (in_list(c->s->settings->statuses, crm_enum_name(names, status)))
		return true;
	return status == CRM_ORDER_RETURNED && counted;
}

/* Units and their cost that are out. */
static void
count_items(struct crm_calc *c, struct crm_order_state *o, bool cancelled)
{
	for (size_t i = 0; i < c->nline && !cancelled; i++) {
		struct crm_calc_line *l = &c->line[i];
		struct crm_dec left;

		if (!crm_units_sub(l->quantity, l->cancelled, &left) ||
		    !crm_units_sub(left, l->returned, &left) ||
		    !crm_units_add(o->items, left, &o->items))
			c->bad = true;
		else if (l->quantity.v == 0)
			sum(c, &o->cost, l->cost);
		else
			sum(c, &o->cost,
			    crm_calc_share(c, l->cost, left, l->quantity));
	}
}

int
crm_calc_state(struct crm_calc *c, bool counted, struct crm_order_state *o,
    struct crm_err *err)
{
	bool done = is_done(c), cancelled = done && !c->any_return;
	const struct crm_value *seller = &c->rec->v[CRM_O_SELLER];
	int64_t whole = c->loose_net, over, refund;
	struct sums q;

	*o = (struct crm_order_state){.goods = c->goods,
	    .discount = c->discount,
	    .shipping = c->shipping,
	    .tax = c->tax,
	    .total = c->total,
	    .paid = c->paid,
	    .refunded = c->refunded,
	    .any_return = c->any_return};
	sums_owed(c, &q);
	if (cancelled)
		q = (struct sums){0};
	o->owed = sums_total(c, &q);
	over = crm_calc_less(c, c->npay > 0 ? c->paid : c->total, o->owed);
	refund = over > 0 ? crm_calc_less(c, c->refunded, over) : c->refunded;
	if (!c->credit)
		sums_refund(c, &q, o->owed, refund,
		    over > 0 ? crm_calc_less(c, c->refunded_lines, over)
			     : c->refunded_lines);
	o->kept = sums_total(c, &q);
	o->revenue = done ? 0 : q.revenue;
	if (seller->type == CRM_T_ID) {
		for (size_t i = 0; i < c->nline; i++)
			if (!c->line[i].gift)
				sum(c, &whole, c->line[i].net);
		o->revenue = whole == 0 && !done
				 ? c->commission
				 : scaled(c, c->commission, o->revenue, whole);
	}
	o->base_total = crm_calc_base(c, o->total);
	o->base_kept = crm_calc_base(c, o->kept);
	o->base_revenue = crm_calc_base(c, o->revenue);
	count_items(c, o, cancelled);
	o->payment = payment_of(c, o->owed);
	o->fulfilment = fulfilment_of(c);
	o->status = status_of(c, o, done);
	o->counts = counts_of(c, o->status, counted);
	return crm_calc_check(c, err);
}

struct crm_dec
crm_calc_left(const struct crm_calc_line *l)
{
	struct crm_dec d;

	if (!crm_units_sub(l->quantity, l->cancelled, &d) ||
	    !crm_units_sub(d, l->returned, &d) || d.v < 0)
		return (struct crm_dec){0};
	return d;
}

int64_t
crm_calc_worth(struct crm_calc *c, const struct crm_calc_line *l,
    const struct crm_dec *quantity)
{
	int64_t all = l->net;

	sum(c, &all, l->tax);
	return quantity ? crm_calc_share(c, all, *quantity, l->quantity) : all;
}
