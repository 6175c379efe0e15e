/*
 * order_parts.h - places of an order's fields, and its computation step by
 * step; inside the room only.
 *
 * The places are those of the table in lib/schema/kinds.c, to which rows are
 * only added at the end; test_order.c compares the two.  A million orders are
 * computed at a time, so fields are not looked up by name.
 */
#ifndef CRM_MODEL_ORDER_PARTS_H
#define CRM_MODEL_ORDER_PARTS_H

#include <crm/model.h>
#include <crm/order.h>

enum crm_order_field {
	CRM_O_CUSTOMER = 1,
	CRM_O_PLACED = 2,
	CRM_O_STATUS = 4,
	CRM_O_CURRENCY = 6,
	CRM_O_TOTAL,
	CRM_O_BASE_TOTAL,
	CRM_O_REVENUE,
	CRM_O_PAID,
	CRM_O_REFUNDED,
	CRM_O_TYPE,
	CRM_O_STATE,
	CRM_O_RATE,
	CRM_O_SELLER = 16,
	CRM_O_TAX_IN = 20,
	CRM_O_REPLACES,
	CRM_O_RECURRING,
	CRM_O_GUEST,
	CRM_O_TEST,
	CRM_O_GOODS = 28,
	CRM_O_DISCOUNT,
	CRM_O_SHIPPING,
	CRM_O_TAX,
	CRM_O_LINES,
	CRM_O_ITEMS,
	CRM_O_PAYMENT,
	CRM_O_FULFILMENT
};
enum crm_order_part { CRM_O_LINE, CRM_O_ADJUSTMENT, CRM_O_TRACK };
enum crm_line_field {
	CRM_LINE_PRODUCT,
	CRM_LINE_SKU,
	CRM_LINE_TEXT,
	CRM_LINE_QUANTITY,
	CRM_LINE_PRICE,
	CRM_LINE_AMOUNT,
	CRM_LINE_TAX,
	CRM_LINE_COST,
	CRM_LINE_RETURNED,
	CRM_LINE_CANCELLED,
	CRM_LINE_DISCOUNT,
	CRM_LINE_TYPE
};
enum crm_adjustment_field {
	CRM_A_WHAT,
	CRM_A_CODE,
	CRM_A_AMOUNT,
	CRM_A_TAX,
	CRM_A_LINE
};
enum crm_track_field {
	CRM_E_AT,
	CRM_E_WHAT,
	CRM_E_LINE,
	CRM_E_QUANTITY,
	CRM_E_AMOUNT,
	CRM_E_METHOD,
	CRM_E_REFERENCE,
	CRM_E_REASON
};
enum crm_adjustment_what {
	CRM_A_DISCOUNT = 1,
	CRM_A_COUPON,
	CRM_A_SHIPPING,
	CRM_A_FEE,
	CRM_A_TIP,
	CRM_A_ROUNDING,
	CRM_A_COMMISSION
};
enum {
	CRM_ORDER_CREDIT = 2, /* type */
	CRM_ORDER_STATE_CART = 1, /* state */
	CRM_ORDER_STATE_PENDING,
	CRM_ORDER_STATE_OPEN,
	CRM_LINE_GIFT_CARD = 3 /* line_type */
};

/* A line: what it is, and what has happened to it so far. */
struct crm_calc_line {
	uint32_t no;
	bool gift;
	struct crm_dec quantity, cancelled, returned, shipped, delivered;
	int64_t amount, discount; /* as written, and its share */
	int64_t net, tax; /* both with the discount's */
	int64_t cost;
};
struct crm_calc_event {
	int64_t at;
	const struct crm_row *row;
};

/* Of whole numbers, as most quantities are, without a call. */
static inline bool
crm_units_sub(struct crm_dec a, struct crm_dec b, struct crm_dec *out)
{
	int64_t v;

	if ((a.scale | b.scale) != 0 || !crm_sub64(a.v, b.v, &v))
		return crm_dec_sub(a, b, out);
	*out = (struct crm_dec){v, 0};
	return true;
}
static inline bool
crm_units_add(struct crm_dec a, struct crm_dec b, struct crm_dec *out)
{
	int64_t v;

	if ((a.scale | b.scale) != 0 || !crm_add64(a.v, b.v, &v))
		return crm_dec_add(a, b, out);
	*out = (struct crm_dec){v, 0};
	return true;
}
static inline int
crm_units_cmp(struct crm_dec a, struct crm_dec b)
{
	return (a.scale | b.scale) != 0 ? crm_dec_cmp(a, b)
					: (a.v > b.v) - (a.v < b.v);
}

/* A rate that is not above 0, of an order or by itself. */
int crm_rate_refuse(const struct crm_value *rate, struct crm_err *err);

/* Load, step through events; close.  Sums that overflow set `bad`. */
struct crm_calc {
	const struct crm_schema *s;
	const struct crm_record *rec;
	bool bad, tax_in, credit, foreign;
	int64_t num, den; /* to the store's currency */
	struct crm_calc_line few_lines[12], *line;
	struct crm_calc_event few_events[12], *event;
	size_t nline, nevent;
	/* As ordered.  tax is all, goods_tax that of lines and discounts. */
	int64_t goods, discount, shipping, tax, total;
	int64_t discount_net, shipping_net, fees_net, commission;
	int64_t goods_tax, loose_net, loose_tax; /* a discount of no line */
	/* What happened. */
	int64_t paid, refunded, refunded_lines;
	size_t npay;
	bool any_cancel, any_return, cancel_all, ship_all, deliver_all;
	bool any_ship, any_deliver;
};
int crm_calc_load(struct crm_calc *c, const struct crm_schema *s,
    const struct crm_record *rec, struct crm_err *err);
int crm_calc_step(
    struct crm_calc *c, const struct crm_row *row, struct crm_err *err);
void crm_calc_close(struct crm_calc *c);
/* counts: did it before? (of a returned order) */
int crm_calc_state(struct crm_calc *c, bool counted,
    struct crm_order_state *out, struct crm_err *err);
/* Through all that happened before `at`, to its state. */
int crm_calc_walk(struct crm_calc *c, int64_t at, struct crm_order_state *out,
    struct crm_err *err);
int64_t crm_calc_base(struct crm_calc *c, int64_t v);
int64_t crm_calc_less(struct crm_calc *c, int64_t a, int64_t b); /* a - b */
/* CRM_EDATA when a sum has overflowed. */
int crm_calc_check(const struct crm_calc *c, struct crm_err *err);
struct crm_calc_line *crm_calc_find(struct crm_calc *c, int64_t no);
/* Units of a line that are neither cancelled nor returned; not below 0. */
struct crm_dec crm_calc_left(const struct crm_calc_line *l);
/* v * a / q, 0 when q is 0. */
int64_t crm_calc_share(
    struct crm_calc *c, int64_t v, struct crm_dec a, struct crm_dec q);
int64_t crm_calc_worth(struct crm_calc *c, const struct crm_calc_line *l,
    const struct crm_dec *quantity);
/* Fits a row's money to its currency, fills lines from their products. */
int crm_order_fit(
    const struct crm_schema *s, struct crm_record *rec, struct crm_err *err);
int crm_order_lines(struct crm_change *ch, const struct crm_record *old,
    struct crm_record *rec, struct crm_err *err);
/* Defaults and rules of events; c has gone through all of them then.  Close
 * it. */
int crm_order_events(struct crm_calc *c, const struct crm_schema *s,
    struct crm_record *rec, int64_t now, struct crm_err *err);
/* The whole order's kept fields. */
int crm_order_keep(
    const struct crm_schema *s, struct crm_record *rec, struct crm_err *err);
/* Its entries of the ledger and its part in the figures, of all times, by one
 * walk (order_book.c). */
int crm_order_effects(const struct crm_schema *s,
    const struct crm_record *order, struct crm_buf *entries,
    struct crm_tally *y, struct crm_err *err);
/* Do the settings name the statuses that count? */
static inline bool
crm_calc_by_status(const struct crm_calc *c)
{
	return c->s->settings && c->s->settings->statuses.n > 0;
}
/* "line 2 amount" as the error's field. */
int crm_order_refuse(struct crm_err *err, const char *part, uint32_t no,
    const char *field, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

#endif
