/*
 * order.h - what an order comes to.
 *
 * An order is a document: lines, adjustments, dated events.  Everything else
 * about it - status, totals, revenue, what it adds to the ledger - is computed
 * from these here, by one definition, as of any moment.  Money:
 *
 *  - goods are the lines' amounts with their share of the discounts and
 *    coupons; an adjustment of the order is shared among its lines in
 *    proportion to their amounts, by largest remainder.  Shipping is apart,
 *    fees are fees, tips and rounding.  Amounts are with tax when
 *    prices_include_tax says so, and it is taken off; else it is added.
 *    A commission is no part of the total: with a seller_id it is the
 *    revenue, kept in the proportion in which the goods are.
 *  - what was cancelled was never owed: its lines' share of goods and tax
 *    goes; when all is cancelled, everything goes.
 *  - a refund first gives back what was paid beyond what is owed (for what was
 *    cancelled).  The rest, when its event names a line, lowers goods and their
 *    tax in proportion to what is left of each; when it names none, also
 *    shipping and fees.  Goods take the rounding.  Where no payment is
 *    recorded the order is taken as paid in full.
 *  - a return without money leaves revenue as it is, until nothing is left of
 *    the order: then its revenue is zero.  The amount of a return or of a
 *    cancellation is a refund made with it.
 *  - revenue is goods without tax after all this, without gift cards, in the
 *    store's currency at the order's own rate.  It is converted as a sum, never
 *    by parts, so that a full refund is exactly zero.
 *  - a credit (type credit) is written with negative amounts and taken as it
 *    is; refunds do not change it.
 *
 * What counts: neither a test nor a cart nor pending nor cancelled, and, where
 * the settings name statuses, only these (and returned, if it counted
 * before; credits always).  An order is booked at `placed` by its status
 * then, or when later it first counts; every further change at its event's.
 */
#ifndef CRM_ORDER_H
#define CRM_ORDER_H

#include <crm/ledger.h>

/* Places of the enums in the field table. */
enum crm_order_status {
	CRM_ORDER_CART = 1,
	CRM_ORDER_PENDING,
	CRM_ORDER_PLACED,
	CRM_ORDER_PAID,
	CRM_ORDER_SHIPPED,
	CRM_ORDER_DELIVERED,
	CRM_ORDER_RETURNED,
	CRM_ORDER_CANCELLED
};
enum crm_order_payment {
	CRM_ORDER_UNPAID = 1,
	CRM_ORDER_PART_PAID,
	CRM_ORDER_ALL_PAID,
	CRM_ORDER_PART_REFUNDED,
	CRM_ORDER_REFUNDED
};
enum crm_order_fulfilment {
	CRM_ORDER_NOT_SHIPPED = 1,
	CRM_ORDER_PART_SHIPPED,
	CRM_ORDER_ALL_SHIPPED,
	CRM_ORDER_ALL_DELIVERED
};
enum crm_order_what {
	CRM_ORDER_PAY = 1,
	CRM_ORDER_SHIP,
	CRM_ORDER_DELIVER,
	CRM_ORDER_CANCEL,
	CRM_ORDER_RETURN,
	CRM_ORDER_REFUND
};

/* An order as of a moment.  Money in minor units, of the order's currency
 * where not said otherwise. */
struct crm_order_state {
	int64_t goods, discount, shipping, tax, total; /* as ordered */
	int64_t paid, refunded;
	int64_t owed; /* the total less what was cancelled */
	int64_t kept; /* owed less refunds: what stays with the shop */
	int64_t revenue; /* goods without tax, after all */
	int64_t base_total, base_kept, base_revenue; /* store's currency */
	int64_t cost; /* of the goods that stay out, store's currency */
	struct crm_dec items;
	bool any_return;
	bool counts;
	enum crm_order_status status;
	enum crm_order_payment payment;
	enum crm_order_fulfilment fulfilment;
};
/* CRM_EDATA when its events contradict its lines, or amounts overflow. */
int crm_order_state(const struct crm_schema *s, const struct crm_record *order,
    int64_t at, struct crm_order_state *out, struct crm_err *err);

/*
 * What an order books at a time, in the store's currency.  net is the sum of
 * the six before it; refunds (not above 0) has refunds, cancellations and
 * credits.  orders is 1 where it begins to count, -1 where it is taken back.
 */
struct crm_order_booking {
	int64_t time;
	int64_t gross, discount, shipping, fees, tax, refunds, net;
	int64_t revenue;
	int32_t orders;
	uint32_t flags; /* enum crm_ledger_flag */
};
/* Appends the bookings before `at` (struct crm_order_booking) in time order;
 * of an order that never counted they have CRM_L_VOID. */
int crm_order_book(const struct crm_schema *s, const struct crm_record *order,
    int64_t at, struct crm_buf *out, struct crm_err *err);

/* Sets what is kept of each line (returned, cancelled) to what it was before
 * `at`, in memory. */
int crm_order_lines_at(const struct crm_schema *s, struct crm_record *order,
    int64_t at, struct crm_err *err);

/* What `quantity` units (NULL: all left) of a line (0: of all lines) came to, with
 * discounts and tax. */
int crm_order_worth(const struct crm_schema *s, const struct crm_record *order,
    uint32_t line, const struct crm_dec *quantity, int64_t *out,
    struct crm_err *err);

/* An event to add to an order in memory; what is not given is zero.  Texts are
 * borrowed. */
struct crm_order_event {
	enum crm_order_what what;
	int64_t at; /* 0: now */
	uint32_t line;
	bool has_quantity, has_amount;
	struct crm_dec quantity;
	int64_t amount;
	struct crm_str method, reference, reason;
};
/* Rules are checked when the order is put.  Without an amount `pay` pays what
 * is open and `refund` gives back all that can be. */
int crm_order_event_add(const struct crm_schema *s, struct crm_record *order,
    const struct crm_order_event *event, struct crm_err *err);

#endif
