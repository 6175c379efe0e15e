/*
 * order_book.c - what an order books, and when.
 *
 * The one walk over an order's history from which ledger, figures and totals
 * are made.  What happened in the second in which it was placed belongs to its
 * beginning: an order that came in cancelled was never one.  Where an order
 * begins to count later than it was placed (a status the settings name), its
 * sale is booked back at `placed`, the day that sales are asked about.
 */
#include "order_parts.h"

/* The state so far as what has been booked, cumulated. */
static void
booked_so_far(struct crm_calc *c, const struct crm_order_state *o,
    struct crm_order_booking *b)
{
	*b = (struct crm_order_booking){.net = o->base_kept,
	    .revenue = o->base_revenue,
	    .orders = !c->credit};
	if (c->credit) {
		b->refunds = o->base_kept;
		return;
	}
	b->discount = crm_calc_base(c, c->discount_net);
	b->shipping = crm_calc_base(c, c->shipping_net);
	b->fees = crm_calc_base(c, c->fees_net);
	b->tax = crm_calc_base(c, c->tax);
	b->gross = crm_calc_less(c, o->base_total, b->discount);
	b->gross = crm_calc_less(c, b->gross, b->shipping);
	b->gross = crm_calc_less(c, b->gross, b->fees);
	b->gross = crm_calc_less(c, b->gross, b->tax);
	b->refunds = crm_calc_less(c, o->base_kept, o->base_total);
}

/* What was sold stays sold on its day; that it does not count any more is
 * something given back on this one. */
static struct crm_order_booking
taken_back(const struct crm_order_booking *was)
{
	struct crm_order_booking b = *was;

	b.refunds -= b.net;
	b.net = 0;
	b.revenue = 0;
	b.orders = 0;
	return b;
}

/* Appends what is new against `was`; nothing when nothing is. */
static void
put_change(struct crm_buf *out, const struct crm_order_booking *was,
    const struct crm_order_booking *is, int64_t time, uint32_t flags)
{
	struct crm_order_booking b;

	memset(&b, 0, sizeof b);
	b.time = time;
	b.gross = is->gross - was->gross;
	b.discount = is->discount - was->discount;
	b.shipping = is->shipping - was->shipping;
	b.fees = is->fees - was->fees;
	b.tax = is->tax - was->tax;
	b.refunds = is->refunds - was->refunds;
	b.net = is->net - was->net;
	b.revenue = is->revenue - was->revenue;
	b.orders = is->orders - was->orders;
	b.flags =
	    flags | (b.orders > 0 ? (uint32_t)CRM_L_SALE : 0) |
	    (b.orders < 0 && !(flags & CRM_L_VOID) ? (uint32_t)CRM_L_GONE : 0);
	crm_buf_put(out, &b, sizeof b);
}

static bool
is_yes(const struct crm_calc *c, int field)
{
	return c->rec->v[field].type == CRM_T_BOOL && c->rec->v[field].i == 1;
}

static uint32_t
flags_of(const struct crm_calc *c)
{
	uint32_t f = 0;

	if (c->credit)
		f |= CRM_L_CREDIT;
	if (is_yes(c, CRM_O_TEST))
		f |= CRM_L_TEST;
	if (is_yes(c, CRM_O_RECURRING))
		f |= CRM_L_RECURRING;
	if (is_yes(c, CRM_O_GUEST))
		f |= CRM_L_GUEST;
	if (c->rec->v[CRM_O_REPLACES].type == CRM_T_ID)
		f |= CRM_L_REPLACES;
	if (c->rec->v[CRM_O_SELLER].type == CRM_T_ID)
		f |= CRM_L_SELLER;
	return f;
}

/* Takes the events up to and including `time`. */
static int
step_to(struct crm_calc *c, size_t *next, int64_t time, struct crm_err *err)
{
	int r = CRM_OK;

	for (; r == CRM_OK && *next < c->nevent; (*next)++) {
		if (c->event[*next].at > time)
			break;
		r = crm_calc_step(c, c->event[*next].row, err);
	}
	return r;
}

struct walk {
	struct crm_order_state state; /* the last */
	bool ever; /* has it counted at any time? */
	bool end; /* the last state is wanted, whatever is booked */
};

/* Can the events from..to (taken by now) have changed what is booked?  Parcels
 * never do, nor payments while nothing was refunded. */
static bool
matters(const struct crm_calc *c, size_t from, size_t to)
{
	for (; from < to; from++) {
		int64_t what = c->event[from].row->v[CRM_E_WHAT].i;

		if (what != CRM_ORDER_SHIP && what != CRM_ORDER_DELIVER &&
		    (what != CRM_ORDER_PAY || c->refunded != 0))
			return true;
	}
	return false;
}

/*
 * out NULL: only the last state.  all: book it as if it counted.  States in
 * between that can book nothing are not computed, but where statuses decide:
 * there each depends on the one before.
 */
static int
walk(struct crm_calc *c, int64_t at, bool all, struct crm_buf *out,
    struct walk *w, struct crm_err *err)
{
	static const struct crm_order_booking none;
	struct crm_order_booking was = none, is;
	int64_t placed = c->rec->v[CRM_O_PLACED].i, time = placed;
	uint32_t flags = flags_of(c) | (all ? (uint32_t)CRM_L_VOID : 0);
	bool counts = false, begun = false, first = true, last, due;
	size_t next = 0, before;
	int r;

	w->ever = false;
	for (;; first = false) {
		before = next;
		r = step_to(c, &next, time, err);
		if (r < 0)
			return r;
		last = next >= c->nevent || c->event[next].at >= at;
		due = crm_calc_by_status(c) ||
		      (out ? first || matters(c, before, next) : last) ||
		      (last && w->end);
		if (due) {
			r = crm_calc_state(c, counts, &w->state, err);
			if (r < 0)
				return r;
			counts = w->state.counts;
			w->ever = w->ever || counts;
		}
		if (due && all)
			counts =
			    w->state.status != CRM_ORDER_CANCELLED || !begun;
		if (due && out && (counts || begun)) {
			if (counts)
				booked_so_far(c, &w->state, &is);
			else
				is = taken_back(&was);
			r = crm_calc_check(c, err);
			if (r < 0)
				return r;
			if (!begun || memcmp(&is, &was, sizeof is) != 0)
				put_change(out, &was, &is,
				    begun ? time : placed, flags);
			was = is;
			begun = true;
		}
		if (last)
			return CRM_OK;
		time = c->event[next].at;
	}
}

int
crm_calc_walk(struct crm_calc *c, int64_t at, struct crm_order_state *out,
    struct crm_err *err)
{
	struct walk w = {.end = true};
	int r = walk(c, at, false, NULL, &w, err);

	if (r == CRM_OK)
		*out = w.state;
	return r;
}

/* The part of an order in its customer's figures. */
static int
tally_of(struct crm_calc *c, const struct crm_order_state *o,
    struct crm_tally *out, struct crm_err *err)
{
	if (!o->counts)
		return CRM_OK;
	out->orders = !c->credit;
	if (!c->credit)
		out->first = out->last = c->rec->v[CRM_O_PLACED].i;
	out->revenue = o->base_revenue;
	out->spent = o->base_kept;
	out->refunded = c->credit ? crm_calc_less(c, 0, o->base_total)
				  : crm_calc_base(c, o->refunded);
	out->discounts = crm_calc_less(c, 0, crm_calc_base(c, c->discount));
	out->cost = o->cost;
	out->items = o->items;
	out->returns = !c->credit && o->any_return;
	return crm_calc_check(c, err);
}

/* What an order books, and if y is not NULL its part in the figures. */
static int
book(const struct crm_schema *s, const struct crm_record *order, int64_t at,
    struct crm_buf *out, struct crm_tally *y, struct crm_err *err)
{
	size_t mark = out->n;
	struct crm_calc c;
	struct walk w = {.end = y != NULL};
	int r;

	if (order->v[CRM_O_PLACED].type != CRM_T_TIME ||
	    order->v[CRM_O_PLACED].i >= at)
		return CRM_OK;
	r = crm_calc_load(&c, s, order, err);
	if (r == CRM_OK)
		r = walk(&c, at, false, out, &w, err);
	if (r == CRM_OK && y)
		r = tally_of(&c, &w.state, y, err);
	if (r == CRM_OK && !w.ever) {
		out->n = mark;
		crm_calc_close(&c);
		r = crm_calc_load(&c, s, order, err);
		if (r == CRM_OK)
			r = walk(&c, at, true, out, &w, err);
	}
	crm_calc_close(&c);
	return r == CRM_OK ? crm_buf_check(out, err) : r;
}

int
crm_order_book(const struct crm_schema *s, const struct crm_record *order,
    int64_t at, struct crm_buf *out, struct crm_err *err)
{
	return book(s, order, at, out, NULL, err);
}

int
crm_order_state(const struct crm_schema *s, const struct crm_record *order,
    int64_t at, struct crm_order_state *out, struct crm_err *err)
{
	struct crm_calc c;
	int r;

	r = crm_calc_load(&c, s, order, err);
	if (r == CRM_OK)
		r = crm_calc_walk(&c, at, out, err);
	crm_calc_close(&c);
	return r;
}

/* The entries of the ledger among what is booked. */
static void
put_entries(const struct crm_record *order, const struct crm_buf *bookings,
    struct crm_buf *out)
{
	const struct crm_value *customer = &order->v[CRM_O_CUSTOMER];
	struct crm_order_booking b;
	struct crm_ledger_entry e;

	for (size_t i = 0; i < bookings->n; i += sizeof b) {
		memcpy(&b, bookings->p + i, sizeof b);
		/* Money that is no revenue is nothing to the ledger. */
		if (i > 0 && b.revenue == 0 && b.orders == 0)
			continue;
		memset(&e, 0, sizeof e);
		e.customer =
		    customer->type == CRM_T_ID ? (uint64_t)customer->i : 0;
		e.order = order->id;
		e.time = b.time;
		e.amount = b.revenue;
		e.flags = b.flags;
		crm_buf_put(out, &e, sizeof e);
	}
}

int
crm_order_entries(const struct crm_schema *s, const struct crm_record *order,
    int64_t at, struct crm_buf *out, struct crm_err *err)
{
	struct crm_buf bookings = {0};
	int r = book(s, order, at, &bookings, NULL, err);

	if (r == CRM_OK)
		put_entries(order, &bookings, out);
	crm_buf_release(&bookings);
	return r == CRM_OK ? crm_buf_check(out, err) : r;
}

int
crm_order_effects(const struct crm_schema *s, const struct crm_record *order,
    struct crm_buf *entries, struct crm_tally *y, struct crm_err *err)
{
	struct crm_buf bookings = {0};
	int r;

	*y = (struct crm_tally){.first = INT64_MIN, .last = INT64_MIN};
	r = book(s, order, INT64_MAX, &bookings, y, err);
	if (r == CRM_OK)
		put_entries(order, &bookings, entries);
	crm_buf_release(&bookings);
	return r == CRM_OK ? crm_buf_check(entries, err) : r;
}

int
crm_order_tally(const struct crm_schema *s, const struct crm_record *order,
    int64_t at, struct crm_tally *out, struct crm_err *err)
{
	const struct crm_value *placed = &order->v[CRM_O_PLACED];
	struct crm_order_state o;
	struct crm_calc c;
	int r;

	*out = (struct crm_tally){.first = INT64_MIN, .last = INT64_MIN};
	if (placed->type != CRM_T_TIME || placed->i >= at)
		return CRM_OK;
	r = crm_calc_load(&c, s, order, err);
	if (r == CRM_OK)
		r = crm_calc_walk(&c, at, &o, err);
	if (r == CRM_OK)
		r = tally_of(&c, &o, out, err);
	crm_calc_close(&c);
	return r;
}
