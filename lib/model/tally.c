/*
 * tally.c - each customer's figures.
 *
 * Figures are sums, so an order's part is added when it is written and taken
 * off when it changes; the times of the first and the last order are no sums,
 * and are looked up in the ledger again when, and only when, the order that
 * gave one of them is gone.  A customer without figures has none kept, so that
 * a store from which all orders were removed is the store it was.  How they
 * are kept tally_block.c says.
 */
#include <stdlib.h>

#include <crm/hash.h>

#include "ledger_parts.h"
#include "party_parts.h"
#include "past_parts.h"

struct crm_tally
crm_tally_none(void)
{
	return (struct crm_tally){.first = INT64_MIN, .last = INT64_MIN};
}

/* ---- as bytes ---- */

/*
 * The sums that are money or counts, in the order in which they are kept: those
 * of orders, which are always there, then those of tickets and touches.
 */
enum { OF_ORDERS = 7, SUMS = 10 };

/* What follows the items: bits. */
enum { HAS_ENDS = 1, HAS_TALK = 2 };

static void
sums_of(struct crm_tally *y, int64_t *out[SUMS])
{
	int64_t *sum[SUMS] = {&y->orders, &y->revenue, &y->spent, &y->refunded,
	    &y->discounts, &y->cost, &y->returns, &y->tickets, &y->open_tickets,
	    &y->touches};

	memcpy(out, sum, sizeof sum);
}

void
crm_tally_encode(const struct crm_tally *y, struct crm_buf *out)
{
	struct crm_tally copy = *y;
	int64_t *sum[SUMS];
	unsigned has = y->first != INT64_MIN ? HAS_ENDS : 0;

	sums_of(&copy, sum);
	for (int i = 0; i < OF_ORDERS; i++)
		crm_buf_putzig(out, *sum[i]);
	crm_buf_putvar(out, y->items.scale);
	crm_buf_putzig(out, y->items.v);
	for (int i = OF_ORDERS; i < SUMS; i++)
		has |= *sum[i] != 0 ? HAS_TALK : 0;
	crm_buf_putvar(out, has);
	if (has & HAS_ENDS) {
		crm_buf_putzig(out, y->first);
		crm_buf_putzig(
		    out, (int64_t)((uint64_t)y->last - (uint64_t)y->first));
	}
	if (!(has & HAS_TALK))
		return;
	for (int i = OF_ORDERS; i < SUMS; i++)
		crm_buf_putzig(out, *sum[i]);
	crm_buf_putzig(out, y->touches != 0 ? y->last_touch : 0);
}

bool
crm_tally_take(struct crm_str *s, struct crm_tally *out)
{
	int64_t *sum[SUMS], span;
	uint64_t scale, has;

	*out = crm_tally_none();
	sums_of(out, sum);
	for (int i = 0; i < OF_ORDERS; i++)
		if (!crm_take_zig(s, sum[i]))
			return false;
	if (!crm_take_var(s, &scale) || scale > CRM_SCALE_MAX ||
	    !crm_take_zig(s, &out->items.v) || !crm_take_var(s, &has) ||
	    has > (HAS_ENDS | HAS_TALK))
		return false;
	out->items.scale = (uint8_t)scale;
	if (has & HAS_ENDS) {
		if (!crm_take_zig(s, &out->first) || !crm_take_zig(s, &span))
			return false;
		out->last = (int64_t)((uint64_t)out->first + (uint64_t)span);
	}
	if (!(has & HAS_TALK))
		return true;
	for (int i = OF_ORDERS; i < SUMS; i++)
		if (!crm_take_zig(s, sum[i]))
			return false;
	return crm_take_zig(s, &out->last_touch);
}

int
crm_tally_decode(
    struct crm_str bytes, struct crm_tally *out, struct crm_err *err)
{
	if (crm_tally_take(&bytes, out) && bytes.n == 0)
		return CRM_OK;
	*out = crm_tally_none();
	return crm_err_set(
	    err, CRM_EDAMAGE, "a customer's figures cannot be read");
}

static int read_past(struct crm_txn *t, uint64_t customer,
    struct crm_tally *out, struct crm_err *err);

int
crm_tally_read(struct crm_txn *t, uint64_t customer, struct crm_tally *out,
    struct crm_err *err)
{
	struct crm_tally_view v;
	int r;

	*out = crm_tally_none();
	if (crm_txn_overlay(t))
		return read_past(t, customer, out, err);
	r = crm_tally_find(t, customer, &v, err);
	if (r == CRM_NOTFOUND)
		return CRM_OK;
	return r == CRM_OK ? crm_tally_one(&v, customer, out, err) : r;
}

/* ---- sums ---- */

bool
crm_tally_add(struct crm_tally *a, const struct crm_tally *b, int sign)
{
	struct crm_tally from = *b;
	int64_t *to[SUMS], *add[SUMS];

	sums_of(a, to);
	sums_of(&from, add);
	for (int i = 0; i < SUMS; i++)
		if (!(sign > 0 ? crm_add64(*to[i], *add[i], to[i])
			       : crm_sub64(*to[i], *add[i], to[i])))
			return false;
	return sign > 0 ? crm_dec_add(a->items, b->items, &a->items)
			: crm_dec_sub(a->items, b->items, &a->items);
}

static void
widen(struct crm_tally *y, int64_t first, int64_t last)
{
	if (first == INT64_MIN)
		return;
	if (y->first == INT64_MIN || first < y->first)
		y->first = first;
	if (y->last == INT64_MIN || last > y->last)
		y->last = last;
}

static int
too_large(uint64_t customer, struct crm_err *err)
{
	return crm_err_set(err, CRM_EDATA,
	    "the figures of customer %llu are too large to be kept",
	    (unsigned long long)customer);
}

/* ---- the first and the last order, from the ledger ---- */

struct sale {
	int64_t time;
	int net; /* sales less what took them back */
};

static int
note_entry(struct crm_idmap *place, struct sale **sale, size_t *n, size_t *cap,
    const struct crm_ledger_entry *e, struct crm_err *err)
{
	uint64_t at;
	int r;

	if ((e->flags & CRM_L_VOID) || !(e->flags & (CRM_L_SALE | CRM_L_GONE)))
		return CRM_OK;
	if (!crm_idmap_get(place, e->order, &at)) {
		at = *n;
		r = crm_idmap_put(place, e->order, at);
		if (r < 0 && r != CRM_NO)
			return crm_err_nomem(err);
		if (!crm_grow(sale, cap, *n, sizeof **sale))
			return crm_err_nomem(err);
		(*sale)[(*n)++] = (struct sale){.time = e->time};
	}
	(*sale)[at].net += e->flags & CRM_L_SALE ? 1 : -1;
	return CRM_OK;
}

static int
find_ends(struct crm_txn *t, uint64_t customer, int64_t at, struct crm_tally *y,
    struct crm_err *err)
{
	struct crm_idmap place = {0};
	struct crm_ledger *l = NULL;
	struct crm_ledger_entry e;
	struct sale *sale = NULL;
	size_t n = 0, cap = 0;
	int r;

	y->first = y->last = INT64_MIN;
	r = crm_ledger_open(t, customer, &l, err);
	while (r == CRM_OK) {
		r = crm_ledger_next(l, &e, err);
		if (r == CRM_OK && e.time >= at)
			break;
		if (r == CRM_OK)
			r = note_entry(&place, &sale, &n, &cap, &e, err);
	}
	if (r == CRM_NOTFOUND)
		r = CRM_OK;
	for (size_t i = 0; r == CRM_OK && i < n; i++)
		if (sale[i].net > 0)
			widen(y, sale[i].time, sale[i].time);
	free(sale);
	crm_idmap_release(&place);
	crm_ledger_close(l);
	return r;
}

static bool
is_zero(const struct crm_tally *y)
{
	struct crm_tally copy = *y;
	int64_t *sum[SUMS];

	sums_of(&copy, sum);
	for (int i = 0; i < SUMS; i++)
		if (*sum[i] != 0)
			return false;
	return y->items.v == 0 && y->first == INT64_MIN;
}

/* The time of the order, or of the touch; INT64_MIN when it is none. */
static int64_t
time_of(const struct crm_tally *y, bool touch)
{
	if (!touch)
		return y->first;
	return y->touches != 0 ? y->last_touch : INT64_MIN;
}

/*
 * Does an order (a touch) surely stand at an end of the figures?  Those that
 * were added and taken away again within these deltas do not; who held it
 * before does, when as many were added there as were taken.
 */
static bool
is_held(const struct crm_tally_delta *d, size_t n, bool touch, int64_t end,
    int64_t was)
{
	size_t added = 0, gone = 0;

	for (size_t i = 0; i < n; i++)
		if (time_of(&d[i].y, touch) == end)
			d[i].sign > 0 ? added++ : gone++;
	return end == INT64_MIN || gone == 0 || added > gone ||
	       (added == gone && end == was);
}

/* Sums are up to date, the last touch is that of before. */
static int
settle_touch(struct crm_txn *t, uint64_t customer,
    const struct crm_tally_delta *d, size_t n, struct crm_tally *y, int64_t was,
    struct crm_err *err)
{
	int64_t last = was, touch;

	if (y->touches == 0) {
		y->last_touch = 0;
		return CRM_OK;
	}
	for (size_t i = 0; i < n; i++) {
		touch = time_of(&d[i].y, true);
		if (d[i].sign > 0 && touch > last)
			last = touch;
	}
	y->last_touch = last;
	if (is_held(d, n, true, last, was))
		return CRM_OK;
	return crm_talk_last(t, customer, &y->last_touch, err);
}

/* ---- changing them ---- */

int
crm_tally_begin(
    struct crm_tally_book *b, struct crm_txn *t, struct crm_err *err)
{
	struct crm_cursor *c;
	struct crm_str k, v;
	int r = crm_cursor_open(t, CRM_TAB_TALLY, &c, err);

	b->t = t;
	if (r < 0)
		return r;
	r = crm_cursor_last(c, &k, &v, err);
	/* a key that is no number is found by who reads it */
	if (r != CRM_OK || !crm_take_be(&k, 8, &b->last))
		b->last = 0;
	crm_cursor_close(c);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

/* Writes the entry that is open. */
static int
flush(struct crm_tally_book *b, struct crm_err *err)
{
	bool append = b->block.first > b->last;
	char key[8];
	struct crm_str k = crm_number_key(b->block.first, key);
	int r;

	if (!b->changed)
		return CRM_OK;
	b->changed = false;
	if (b->block.live == 0 && b->block.have == 0) {
		r = append ? CRM_OK : crm_del(b->t, CRM_TAB_TALLY, k, err);
		return r == CRM_NOTFOUND ? CRM_OK : r;
	}
	crm_buf_clear(&b->bytes);
	crm_tally_block_put(&b->block, &b->bytes);
	crm_seal(CRM_TAB_TALLY, k, &b->bytes);
	r = crm_buf_check(&b->bytes, err);
	if (r == CRM_OK)
		r = crm_put(b->t, CRM_TAB_TALLY, k, crm_buf_str(&b->bytes),
		    append ? CRM_PUT_APPEND : 0, err);
	if (append)
		b->last = b->block.first;
	return r;
}

/* Opens the entry a customer is in. */
static int
turn_to(struct crm_tally_book *b, uint64_t customer, struct crm_err *err)
{
	uint64_t first = crm_tally_first(customer);
	struct crm_tally_view v;
	int r;

	if (b->loaded && b->block.first == first)
		return CRM_OK;
	r = flush(b, err);
	b->loaded = false;
	if (r < 0)
		return r;
	b->block.first = first;
	b->block.live = b->block.have = 0;
	if (first <= b->last) {
		r = crm_tally_find(b->t, customer, &v, err);
		if (r == CRM_OK)
			r = crm_tally_block(&v, &b->block, err);
	}
	b->loaded = r == CRM_OK || r == CRM_NOTFOUND;
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

/* What becomes of a customer's figures. */
static int
change(struct crm_txn *t, uint64_t customer, const struct crm_tally_delta *d,
    size_t n, struct crm_tally *y, struct crm_err *err)
{
	struct crm_tally was;
	int64_t touch = time_of(y, true);
	int r = CRM_OK;

	for (size_t i = 0; i < n; i++) {
		if (!crm_tally_add(y, &d[i].y, d[i].sign))
			return too_large(customer, err);
	}
	was = *y;
	for (size_t i = 0; i < n; i++)
		if (d[i].sign > 0)
			widen(y, d[i].y.first, d[i].y.last);
	if (!is_held(d, n, false, y->first, was.first) ||
	    !is_held(d, n, false, y->last, was.last))
		r = find_ends(t, customer, INT64_MAX, y, err);
	return r == CRM_OK ? settle_touch(t, customer, d, n, y, touch, err) : r;
}

int
crm_tally_apply(struct crm_tally_book *b, uint64_t customer,
    const struct crm_tally_delta *d, size_t n, struct crm_err *err)
{
	unsigned at = (unsigned)((customer - 1) % CRM_TALLY_RANGE);
	uint32_t bit = (uint32_t)1 << at;
	struct crm_tally y = crm_tally_none();
	bool figures = false;
	int live = 0, r;

	for (size_t i = 0; i < n; i++) {
		live += d[i].live;
		figures |= d[i].live == 0;
	}
	if (live == 0 && !figures)
		return CRM_OK;
	r = turn_to(b, customer, err);
	if (r < 0)
		return r;
	if (b->block.have & bit)
		y = b->block.y[at];
	if (figures)
		r = change(b->t, customer, d, n, &y, err);
	if (r < 0)
		return r;
	b->block.y[at] = y;
	b->block.have &= ~bit;
	if (!is_zero(&y))
		b->block.have |= bit;
	if (live != 0)
		b->block.live =
		    live > 0 ? b->block.live | bit : b->block.live & ~bit;
	b->changed = true;
	return CRM_OK;
}

int
crm_tally_end(struct crm_tally_book *b, struct crm_err *err)
{
	return flush(b, err);
}

void
crm_tally_release(struct crm_tally_book *b)
{
	crm_buf_release(&b->bytes);
}

/* ---- as of a moment ---- */

int
crm_tally_ledger(struct crm_txn *t, uint64_t customer, int64_t at,
    struct crm_tally *out, struct crm_err *err)
{
	struct crm_ledger *l = NULL;
	struct crm_ledger_entry e;
	bool gone = false;
	int r = crm_ledger_open(t, customer, &l, err);

	*out = crm_tally_none();
	while (r == CRM_OK && (r = crm_ledger_next(l, &e, err)) == CRM_OK &&
	       e.time < at) {
		if (e.flags & CRM_L_VOID)
			continue;
		if (!crm_add64(out->revenue, e.amount, &out->revenue))
			r = too_large(customer, err);
		if (e.flags & CRM_L_SALE) {
			out->orders++;
			widen(out, e.time, e.time);
		}
		if (e.flags & CRM_L_GONE) {
			out->orders--;
			gone = true;
		}
	}
	crm_ledger_close(l);
	if (r == CRM_NOTFOUND)
		r = CRM_OK;
	/* the first or the last may be one that was taken back */
	return r == CRM_OK && gone ? find_ends(t, customer, at, out, err) : r;
}

/* Adds an order's part in its customer's figures. */
static int
add_order(const struct crm_schema *s, uint64_t customer,
    const struct crm_record *order, int64_t at, struct crm_tally *out,
    struct crm_err *err)
{
	struct crm_tally y;
	int r = crm_order_tally(s, order, at, &y, err);

	if (r < 0)
		return r;
	if (!crm_tally_add(out, &y, 1))
		return too_large(customer, err);
	widen(out, y.first, y.last);
	return CRM_OK;
}

static int
read_order(struct crm_txn *t, const struct crm_schema *s, uint64_t order,
    struct crm_arena *a, struct crm_record **out, struct crm_err *err)
{
	int r;

	crm_arena_reset(a);
	*out = crm_record_new(&s->kind[CRM_K_ORDER], a);
	if (!*out)
		return crm_err_nomem(err);
	r = crm_record_read(t, (*out)->kind, order, &crm_want_all, *out, err);
	return r == CRM_NOTFOUND
		   ? crm_err_set(err, CRM_EDAMAGE,
			 "the ledger has order %llu, which is not there",
			 (unsigned long long)order)
		   : r;
}

int
crm_tally_at(struct crm_txn *t, const struct crm_schema *s, uint64_t customer,
    int64_t at, struct crm_tally *out, struct crm_err *err)
{
	struct crm_arena a = {0};
	struct crm_idmap seen = {0};
	struct crm_ledger *l = NULL;
	struct crm_ledger_entry e;
	struct crm_record *rec = NULL;
	int r;

	*out = crm_tally_none();
	if (at == INT64_MAX)
		return crm_tally_read(t, customer, out, err);
	r = crm_ledger_open(t, customer, &l, err);
	while (r == CRM_OK) {
		r = crm_ledger_next(l, &e, err);
		if (r < 0 || e.time >= at)
			break;
		r = crm_idmap_put(&seen, e.order, 1);
		if (r == CRM_NO) {
			r = CRM_OK;
			continue;
		}
		r = r == CRM_OK ? read_order(t, s, e.order, &a, &rec, err)
				: crm_err_nomem(err);
		if (r == CRM_OK)
			r = add_order(s, customer, rec, at, out, err);
	}
	if (r == CRM_NOTFOUND)
		r = CRM_OK;
	crm_idmap_release(&seen);
	crm_ledger_close(l);
	crm_arena_release(&a);
	return r;
}

/* What is kept is of now. */
static int
read_past(struct crm_txn *t, uint64_t customer, struct crm_tally *out,
    struct crm_err *err)
{
	struct crm_past_ledger *l = NULL;
	const struct crm_schema *s;
	struct crm_record *rec = NULL;
	int r = crm_store_schema(crm_txn_store(t), &s, err);

	if (r == CRM_OK)
		r = crm_past_ledger_open(t, customer, &l, err);
	while (
	    r == CRM_OK && (r = crm_past_ledger_order(l, &rec, err)) == CRM_OK)
		r = add_order(s, customer, rec, INT64_MAX, out, err);
	crm_past_ledger_close(l);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

/* ---- into a customer record ---- */

static void
fill_one(struct crm_record *rec, const struct crm_want *want, int field,
    enum crm_type type, int64_t v, unsigned scale)
{
	if (crm_wants(want, field))
		rec->v[field] = crm_value_num(type, v, scale);
}

static bool
wants_any(const struct crm_want *want, int from, int to)
{
	while (from <= to && !crm_wants(want, from))
		from++;
	return from <= to;
}

bool
crm_tally_of_orders(const struct crm_want *want)
{
	return wants_any(want, CRM_C_ORDERS, CRM_C_REVENUE) ||
	       wants_any(want, CRM_C_SPENT, CRM_C_RETURNS);
}

bool
crm_tally_in_ledger(const struct crm_want *want)
{
	return wants_any(want, CRM_C_ORDERS, CRM_C_REVENUE) &&
	       !wants_any(want, CRM_C_SPENT, CRM_C_RETURNS);
}

bool
crm_tally_of_talk(const struct crm_want *want)
{
	return wants_any(want, CRM_C_OPEN_TICKETS, CRM_C_LAST_TOUCH);
}

void
crm_tally_fill(const struct crm_schema *s, const struct crm_tally *y,
    const struct crm_want *want, struct crm_record *rec)
{
	unsigned digits = (unsigned)s->digits;

	fill_one(rec, want, CRM_C_ORDERS, CRM_T_INT, y->orders, 0);
	fill_one(rec, want, CRM_C_REVENUE, CRM_T_MONEY, y->revenue, digits);
	if (y->first != INT64_MIN)
		fill_one(rec, want, CRM_C_FIRST_ORDER, CRM_T_TIME, y->first, 0);
	if (y->last != INT64_MIN)
		fill_one(rec, want, CRM_C_LAST_ORDER, CRM_T_TIME, y->last, 0);
	fill_one(rec, want, CRM_C_SPENT, CRM_T_MONEY, y->spent, digits);
	fill_one(rec, want, CRM_C_REFUNDED, CRM_T_MONEY, y->refunded, digits);
	fill_one(rec, want, CRM_C_DISCOUNTS, CRM_T_MONEY, y->discounts, digits);
	fill_one(rec, want, CRM_C_COST, CRM_T_MONEY, y->cost, digits);
	fill_one(
	    rec, want, CRM_C_ITEMS, CRM_T_DECIMAL, y->items.v, y->items.scale);
	fill_one(rec, want, CRM_C_RETURNS, CRM_T_INT, y->returns, 0);
	fill_one(rec, want, CRM_C_OPEN_TICKETS, CRM_T_INT, y->open_tickets, 0);
	fill_one(rec, want, CRM_C_TICKETS, CRM_T_INT, y->tickets, 0);
	fill_one(rec, want, CRM_C_TOUCHES, CRM_T_INT, y->touches, 0);
	if (y->touches != 0 && y->last_touch != INT64_MIN)
		fill_one(
		    rec, want, CRM_C_LAST_TOUCH, CRM_T_TIME, y->last_touch, 0);
}
