/*
 * check_fold.c - what an order comes to, computed a second time.
 *
 * The definition is that of crm/order.h; this is not the code that the orders
 * were written with.  It takes the plainest way: for every moment at which
 * something happened, everything up to it is added up anew from the lines,
 * adjustments and events, in 128 bits.
 */
#include <stdlib.h>

#include "check_fold.h"

static const char *const field_names[CRM_FOLD_FIELDS] = {
    [CRM_FOLD_PLACED] = "placed",
    [CRM_FOLD_TAX_IN] = "prices_include_tax",
    [CRM_FOLD_TEST] = "test",
    [CRM_FOLD_TYPE] = "type",
    [CRM_FOLD_STATE] = "state",
    [CRM_FOLD_SELLER] = "seller_id",
    [CRM_FOLD_RATE] = "rate",
    [CRM_FOLD_RECURRING] = "recurring",
    [CRM_FOLD_GUEST] = "guest",
    [CRM_FOLD_REPLACES] = "replaces_id",
    [CRM_FOLD_ITEMS] = "items",
    [CRM_FOLD_CUSTOMER] = "customer_id",
};
static const struct {
	unsigned part;
	const char *name;
} cell_names[CRM_FOLD_CELLS] = {
    [CRM_FOLD_L_QUANTITY] = {LINE, "quantity"},
    [CRM_FOLD_L_AMOUNT] = {LINE, "amount"},
    [CRM_FOLD_L_TAX] = {LINE, "line_tax"},
    [CRM_FOLD_L_COST] = {LINE, "line_cost"},
    [CRM_FOLD_L_TYPE] = {LINE, "line_type"},
    [CRM_FOLD_L_RETURNED] = {LINE, "returned"},
    [CRM_FOLD_L_CANCELLED] = {LINE, "cancelled"},
    [CRM_FOLD_L_DISCOUNT] = {LINE, "line_discount"},
    [CRM_FOLD_A_WHAT] = {ADJUSTMENT, "adjustment"},
    [CRM_FOLD_A_AMOUNT] = {ADJUSTMENT, "adjusted"},
    [CRM_FOLD_A_TAX] = {ADJUSTMENT, "adjustment_tax"},
    [CRM_FOLD_A_LINE] = {ADJUSTMENT, "line"},
    [CRM_FOLD_T_AT] = {TRACK, "at"},
    [CRM_FOLD_T_WHAT] = {TRACK, "what"},
    [CRM_FOLD_T_LINE] = {TRACK, "line"},
    [CRM_FOLD_T_QUANTITY] = {TRACK, "quantity"},
    [CRM_FOLD_T_AMOUNT] = {TRACK, "amount"},
};
static const struct crm_value none;

void
crm_fold_find(const struct crm_kind *order, struct crm_fold_places *out)
{
	for (int i = 0; i < CRM_FOLD_FIELDS; i++)
		out->field[i] = crm_kind_field(order, crm_str(field_names[i]));
	for (int i = 0; i < CRM_FOLD_CELLS; i++)
		out->cell[i] = crm_part_field(&order->parts[cell_names[i].part],
		    crm_str(cell_names[i].name));
}

const struct crm_value *
crm_fold_field(const struct crm_fold *f, enum crm_fold_field field)
{
	int i = f->places->field[field];

	return i < 0 ? &none : &f->rec->v[i];
}

const struct crm_value *
crm_fold_cell(const struct crm_fold *f, const struct crm_row *row,
    enum crm_fold_cell cell)
{
	int i = f->places->cell[cell];

	return i < 0 ? &none : &row->v[i];
}

bool
crm_fold_yes(const struct crm_value *v)
{
	return v->type == CRM_T_BOOL && v->i == 1;
}

crm_i128
crm_fold_units(const struct crm_value *v)
{
	if (v->type != CRM_T_DECIMAL)
		return 0;
	return (crm_i128)v->i *
	       crm_pow10(12U - (v->scale > 12 ? 12U : v->scale));
}

static crm_i128
largest(crm_i128 a)
{
	return a < 0 ? -a : a;
}

/* Sums are made in 128 bits, so that they cannot overflow before they are
 * looked at. */
static int64_t
narrow(struct crm_fold *f, crm_i128 v)
{
	if (largest(v) < (crm_i128)1 << 63)
		return (int64_t)v;
	f->bad = true;
	return 0;
}

/* v * part / whole, half away from zero. */
static int64_t
portion(struct crm_fold *f, crm_i128 v, crm_i128 part, crm_i128 whole)
{
	const crm_i128 room = (crm_i128)1 << 63;
	crm_i128 q, rest;
	bool neg;

	if (v == 0 || part == whole)
		return narrow(f, v);
	if (part == 0 || whole == 0)
		return 0;
	while (part % 10 == 0 && whole % 10 == 0) {
		part /= 10;
		whole /= 10;
	}
	if (largest(part) >= room || largest(whole) >= room ||
	    largest(v) >= room) {
		f->bad = true;
		return 0;
	}
	part *= v;
	neg = (part < 0) != (whole < 0);
	part = largest(part);
	whole = largest(whole);
	q = part / whole;
	rest = part % whole;
	if (rest >= whole - rest)
		q++;
	if (q >= room) {
		f->bad = true;
		return 0;
	}
	return (int64_t)(neg ? -q : q);
}

int64_t
crm_fold_base(struct crm_fold *f, crm_i128 v)
{
	return portion(f, v, f->num, f->den);
}

/* ---- as ordered ---- */

static struct crm_fold_line *
line_of(struct crm_fold *f, int64_t no)
{
	for (size_t i = 0; i < f->n; i++)
		if ((int64_t)f->line[i].no == no)
			return &f->line[i];
	return NULL;
}

static void
load_lines(struct crm_fold *f)
{
	const struct crm_rows *rows = &f->rec->part[LINE];

	for (size_t i = 0; i < rows->n; i++) {
		const struct crm_row *row = &rows->row[i];
		struct crm_fold_line *l = &f->line[i];

		*l = (struct crm_fold_line){.no = row->no,
		    .quantity = crm_fold_units(
			crm_fold_cell(f, row, CRM_FOLD_L_QUANTITY)),
		    .amount = crm_fold_cell(f, row, CRM_FOLD_L_AMOUNT)->i,
		    .tax = crm_fold_cell(f, row, CRM_FOLD_L_TAX)->i,
		    .cost = crm_fold_cell(f, row, CRM_FOLD_L_COST)->i};
		l->gift = crm_str_is(
		    crm_fold_cell(f, row, CRM_FOLD_L_TYPE)->s, "gift_card");
		l->net = l->amount - (f->tax_in ? l->tax : 0);
		f->goods += l->amount;
		f->tax += l->tax;
	}
}

static int
share_discount(
    struct crm_fold *f, int64_t amount, int64_t tax, struct crm_err *err)
{
	int64_t *w = malloc(3 * (f->n + 1) * sizeof *w);
	int64_t *a = w + f->n, *t = a + f->n;
	bool positive = false;
	int r;

	if (w == NULL)
		return crm_err_nomem(err);
	for (size_t i = 0; i < f->n; i++)
		positive = positive || f->line[i].amount > 0;
	for (size_t i = 0; i < f->n; i++)
		w[i] =
		    positive && f->line[i].amount < 0 ? 0 : f->line[i].amount;
	r = crm_allocate(amount, w, f->n, a, NULL);
	if (r == CRM_OK)
		r = crm_allocate(tax, w, f->n, t, NULL);
	f->bad = f->bad || r < 0;
	for (size_t i = 0; i < f->n && r == CRM_OK; i++) {
		f->line[i].discount += a[i];
		f->line[i].net += a[i] - (f->tax_in ? t[i] : 0);
		f->line[i].tax += t[i];
	}
	free(w);
	return CRM_OK;
}

static int
load_adjustments(struct crm_fold *f, struct crm_err *err)
{
	const struct crm_rows *rows = &f->rec->part[ADJUSTMENT];
	int64_t whole = 0, whole_tax = 0;

	for (size_t i = 0; i < rows->n; i++) {
		const struct crm_row *row = &rows->row[i];
		int64_t what = crm_fold_cell(f, row, CRM_FOLD_A_WHAT)->i;
		int64_t amount = crm_fold_cell(f, row, CRM_FOLD_A_AMOUNT)->i;
		int64_t tax = crm_fold_cell(f, row, CRM_FOLD_A_TAX)->i;
		const struct crm_value *of =
		    crm_fold_cell(f, row, CRM_FOLD_A_LINE);
		int64_t net = amount - (f->tax_in ? tax : 0);
		struct crm_fold_line *l =
		    of->type == CRM_T_INT ? line_of(f, of->i) : NULL;

		if (what == COMMISSION) {
			f->commission += net;
			continue;
		}
		f->tax += tax;
		if (what == SHIPPING) {
			f->shipping += amount;
			f->shipping_net += net;
		} else if (what == FEE || what == TIP || what == ROUNDING) {
			f->fees_net += net;
		} else {
			f->discount += amount;
			if (l != NULL) {
				l->discount += amount;
				l->net += net;
				l->tax += tax;
			} else {
				whole += amount;
				whole_tax += tax;
			}
		}
	}
	if (whole == 0 && whole_tax == 0)
		return CRM_OK;
	if (f->n > 0)
		return share_discount(f, whole, whole_tax, err);
	f->loose_net = whole - (f->tax_in ? whole_tax : 0);
	f->loose_tax = whole_tax;
	return CRM_OK;
}

static int
event_cmp(const void *pa, const void *pb)
{
	const struct crm_fold_event *a = pa, *b = pb;

	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	return a->no < b->no ? -1 : a->no > b->no;
}

static void
load_rate(struct crm_fold *f)
{
	const struct crm_value *rate = crm_fold_field(f, CRM_FOLD_RATE);
	int more = f->schema->digits - crm_money_digits(f->schema, f->rec);

	f->num = f->den = 1;
	f->foreign = rate->type == CRM_T_DECIMAL;
	if (!f->foreign)
		return;
	f->num = rate->i;
	f->den = crm_pow10(rate->scale);
	for (; more > 0; more--)
		f->bad = f->bad || !crm_mul64(f->num, 10, &f->num);
	for (; more < 0; more++)
		f->bad = f->bad || !crm_mul64(f->den, 10, &f->den);
}

static void
load_events(struct crm_fold *f)
{
	bool sorted = true;

	for (size_t i = 0; i < f->nevent; i++) {
		const struct crm_row *row = &f->rec->part[TRACK].row[i];

		f->event[i] = (struct crm_fold_event){
		    .at = crm_fold_cell(f, row, CRM_FOLD_T_AT)->i,
		    .what = crm_fold_cell(f, row, CRM_FOLD_T_WHAT)->i,
		    .of = crm_fold_cell(f, row, CRM_FOLD_T_LINE),
		    .quantity = crm_fold_cell(f, row, CRM_FOLD_T_QUANTITY),
		    .amount = crm_fold_cell(f, row, CRM_FOLD_T_AMOUNT),
		    .no = row->no};
		sorted = sorted && (i == 0 || event_cmp(&f->event[i - 1],
						  &f->event[i]) < 0);
	}
	if (!sorted)
		qsort(f->event, f->nevent, sizeof *f->event, event_cmp);
}

/* Whether all amounts together are far from where 64 bits end. */
static bool
is_small(const struct crm_record *rec)
{
	crm_i128 sum = 0;

	for (unsigned p = 0; p < rec->kind->nparts; p++)
		for (size_t i = 0; i < rec->part[p].n; i++)
			for (unsigned c = 0; c < rec->kind->parts[p].nfields;
			     c++)
				if (rec->part[p].row[i].v[c].type ==
				    CRM_T_MONEY)
					sum +=
					    largest(rec->part[p].row[i].v[c].i);
	return sum < (crm_i128)1 << 58;
}

int
crm_fold_load(struct crm_fold *f, struct crm_err *err)
{
	const struct crm_record *rec = f->rec;
	int r;

	f->bad = !is_small(rec);
	if (f->bad)
		return CRM_OK;

	f->n = rec->part[LINE].n;
	f->nevent = rec->part[TRACK].n;
	f->line = calloc(f->n + 1, sizeof *f->line);
	f->event = calloc(f->nevent + 1, sizeof *f->event);
	if (f->line == NULL || f->event == NULL)
		return crm_err_nomem(err);
	f->placed = crm_fold_field(f, CRM_FOLD_PLACED)->i;
	f->tax_in = crm_fold_yes(crm_fold_field(f, CRM_FOLD_TAX_IN));
	f->test = crm_fold_yes(crm_fold_field(f, CRM_FOLD_TEST));
	f->credit = crm_str_is(crm_fold_field(f, CRM_FOLD_TYPE)->s, "credit");
	f->state = crm_fold_field(f, CRM_FOLD_STATE)->s;
	f->seller = crm_fold_field(f, CRM_FOLD_SELLER)->type == CRM_T_ID;
	load_rate(f);
	load_lines(f);
	r = load_adjustments(f, err);
	if (r < 0)
		return r;
	f->total = f->loose_net + f->tax + f->shipping_net + f->fees_net;
	for (size_t i = 0; i < f->n; i++)
		f->total += f->line[i].net;
	load_events(f);
	return CRM_OK;
}

/* ---- what happened up to a moment ---- */

static crm_i128
left_of(const struct crm_fold_line *l)
{
	crm_i128 left = l->quantity - l->cancelled - l->returned;

	return left < 0 ? 0 : left;
}

static void
happen(struct crm_fold *f, const struct crm_fold_event *e)
{
	int64_t what = e->what;
	const struct crm_value *of = e->of, *q = e->quantity;
	const struct crm_value *amount = e->amount;
	bool all = of->type == CRM_T_NONE && q->type == CRM_T_NONE;

	if (what == PAY && amount->type != CRM_T_NONE) {
		f->npay++;
		f->paid += amount->i;
	} else if (what != PAY && amount->type != CRM_T_NONE) {
		f->refunded += amount->i;
		if (of->type == CRM_T_INT)
			f->refunded_lines += amount->i;
	}
	for (size_t i = 0; i < f->n && what != PAY && what != REFUND; i++) {
		struct crm_fold_line *l = &f->line[i];
		crm_i128 had = what == CANCEL	? l->cancelled
			       : what == RETURN ? l->returned
			       : what == SHIP	? l->shipped
						: l->delivered;
		crm_i128 more = left_of(l);

		if (of->type == CRM_T_INT && (int64_t)l->no != of->i)
			continue;
		if (q->type == CRM_T_DECIMAL)
			more = crm_fold_units(q);
		else if (what == SHIP || what == DELIVER)
			more = l->quantity - l->cancelled - had;
		if (more > 0)
			had += more;
		*(what == CANCEL     ? &l->cancelled
		    : what == RETURN ? &l->returned
		    : what == SHIP   ? &l->shipped
				     : &l->delivered) = had;
	}
	f->cancel = f->cancel || what == CANCEL;
	f->cancel_all = f->cancel_all || (what == CANCEL && all);
	f->back = f->back || what == RETURN;
	f->ship = f->ship || what == SHIP;
	f->ship_all = f->ship_all || (what == SHIP && all);
	f->deliver = f->deliver || what == DELIVER;
	f->deliver_all = f->deliver_all || (what == DELIVER && all);
}

/* Nothing is left of it. */
static bool
is_done(const struct crm_fold *f)
{
	bool some = f->cancel_all;

	for (size_t i = 0; i < f->n; i++) {
		if (left_of(&f->line[i]) > 0)
			return false;
		some = some || f->line[i].quantity > 0;
	}
	return some && (f->cancel || f->back);
}

/* The order's money: revenue, gift cards, tax of goods, shipping, fees, other
 * tax; the first takes what rounding leaves. */
enum { REVENUE, GIFT, GOODS_TAX, SHIP_NET, FEES, REST_TAX, SUMS };

static crm_i128
all_of(const crm_i128 m[SUMS])
{
	crm_i128 t = 0;

	for (int i = 0; i < SUMS; i++)
		t += m[i];
	return t;
}

static void
take_refunds(struct crm_fold *f, crm_i128 m[SUMS], crm_i128 owed)
{
	crm_i128 over = (f->npay > 0 ? f->paid : f->total) - owed;
	crm_i128 refund = f->refunded, named = f->refunded_lines, pool, left;

	if (over > 0) {
		refund -= over;
		named -= over;
	}
	if (f->credit || refund <= 0 || owed <= 0)
		return;
	if (refund >= owed) {
		memset(m, 0, SUMS * sizeof *m);
		return;
	}
	pool = owed - m[SHIP_NET] - m[FEES] - m[REST_TAX];
	if (named > pool)
		named = pool;
	if (named < 0)
		named = 0;
	if (named > 0) {
		m[GOODS_TAX] = portion(f, m[GOODS_TAX], pool - named, pool);
		m[GIFT] = portion(f, m[GIFT], pool - named, pool);
		m[REVENUE] = pool - named - m[GOODS_TAX] - m[GIFT];
	}
	left = owed - named;
	for (int i = REVENUE + 1; i < SUMS; i++)
		m[i] = portion(f, m[i], owed - refund, left);
	m[REVENUE] = 0;
	m[REVENUE] = owed - refund - all_of(m);
}

static unsigned
fulfilment_of(const struct crm_fold *f)
{
	bool shipped = true, delivered = true, some = false;

	if (!f->ship && !f->deliver)
		return 1;
	for (size_t i = 0; i < f->n; i++) {
		const struct crm_fold_line *l = &f->line[i];
		crm_i128 due = l->quantity - l->cancelled;

		if (due <= 0)
			continue;
		some = true;
		delivered = delivered && l->delivered >= due;
		shipped = shipped && (l->delivered >= due || l->shipped >= due);
	}
	if (!some) {
		delivered = f->deliver_all;
		shipped = f->ship_all || f->deliver_all;
	}
	return delivered ? 4 : shipped ? 3 : 2;
}

static bool
is_named(struct crm_str list, struct crm_str name)
{
	struct crm_str item;

	while (list.n > 0 && crm_str_split(&list, ',', &item))
		if (crm_str_eq(crm_str_trim(item), name))
			return true;
	return false;
}

static void
judge(struct crm_fold *f, crm_i128 owed)
{
	const struct crm_settings *set = f->schema->settings;
	struct crm_str state = f->state;
	bool before = f->counts;
	int64_t most = f->npay > 0 ? f->paid : f->total;

	f->payment = f->refunded > 0   ? (f->refunded >= most ? 5 : 4)
		     : f->npay == 0    ? 1
		     : f->paid >= owed ? 3
				       : 2;
	f->fulfilment = fulfilment_of(f);
	f->status = f->done && !f->back		     ? CANCELLED
		    : crm_str_is(state, "cart")	     ? CART
		    : crm_str_is(state, "pending")   ? PENDING
		    : f->done			     ? RETURNED
		    : f->fulfilment == 4	     ? DELIVERED
		    : f->fulfilment == 3	     ? SHIPPED
		    : f->npay > 0 && f->paid >= owed ? PAID
						     : PLACED;
	f->counts = !f->test && f->status != CART && f->status != PENDING &&
		    f->status != CANCELLED;
	if (f->counts && !f->credit && set != NULL && set->statuses.n > 0)
		f->counts =
		    is_named(set->statuses,
			crm_enum_name(f->rec->kind
					  ->fields[crm_kind_field(
					      f->rec->kind, CRM_STR("status"))]
					  .values,
			    f->status)) ||
		    (f->status == RETURNED && before);
}

/* Everything up to and including `until`; f->counts says whether it counted
 * before, then whether it does. */
void
crm_fold_as_of(struct crm_fold *f, int64_t until)
{
	crm_i128 m[SUMS] = {0}, owed, whole = f->loose_net, cost = 0;

	f->paid = f->refunded = f->refunded_lines = 0;
	f->items = 0;
	f->npay = 0;
	f->cancel = f->cancel_all = f->back = f->ship = false;
	f->ship_all = f->deliver = f->deliver_all = false;
	for (size_t i = 0; i < f->n; i++) {
		struct crm_fold_line *l = &f->line[i];

		l->cancelled = l->returned = l->shipped = l->delivered = 0;
	}
	for (size_t i = 0; i < f->nevent; i++)
		if (f->event[i].at <= until)
			happen(f, &f->event[i]);
	f->done = is_done(f);
	m[REVENUE] = f->loose_net;
	m[GOODS_TAX] = f->loose_tax;
	m[SHIP_NET] = f->shipping_net;
	m[FEES] = f->fees_net;
	m[REST_TAX] = f->tax - f->loose_tax;
	for (size_t i = 0; i < f->n; i++) {
		struct crm_fold_line *l = &f->line[i];
		crm_i128 out = l->quantity - l->cancelled - l->returned;
		crm_i128 gone = l->quantity == 0 ? 0 : l->cancelled;

		m[l->gift ? GIFT : REVENUE] += l->net;
		m[GOODS_TAX] += l->tax;
		m[REST_TAX] -= l->tax;
		if (gone != 0) {
			m[l->gift ? GIFT : REVENUE] -=
			    portion(f, l->net, gone, l->quantity);
			m[GOODS_TAX] -= portion(f, l->tax, gone, l->quantity);
		}
		if (!l->gift)
			whole += l->net;
		if (f->done && !f->back)
			continue;
		f->items += out;
		cost += l->quantity == 0
			    ? l->cost
			    : portion(f, l->cost, out, l->quantity);
	}
	if (f->done && !f->back)
		memset(m, 0, sizeof m);
	owed = all_of(m);
	take_refunds(f, m, owed);
	f->cost = narrow(f, cost);
	f->kept = narrow(f, all_of(m));
	f->revenue = f->done ? 0 : narrow(f, m[REVENUE]);
	if (f->seller)
		f->revenue = whole == 0 && !f->done
				 ? f->commission
				 : portion(f, f->commission, f->revenue, whole);
	judge(f, owed);
}
