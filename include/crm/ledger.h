/*
 * ledger.h - the ledger of sales and each customer's figures.
 *
 * Both are derived from the orders and kept in the same transaction.  The
 * ledger (table sales) holds every order that names a customer: a sale at
 * the time it was placed, a refund or cancellation at its own, so that the
 * figures of any past day are exact; what does not count (carts, pending,
 * tests, statuses outside the settings) is there with a flag.  A customer's
 * entries lie together, in time order, in runs of up to about 1 KiB.
 */
#ifndef CRM_LEDGER_H
#define CRM_LEDGER_H

#include <crm/store.h>

enum crm_ledger_flag {
	CRM_L_SALE = 1, /* the order's own entry: counts as one order */
	CRM_L_CREDIT = 2, /* of a credit: money, never an order */
	CRM_L_TEST = 4,
	CRM_L_REPLACES = 8,
	CRM_L_RECURRING = 16,
	CRM_L_SELLER = 32, /* a third party sold */
	CRM_L_GUEST = 64,
	CRM_L_VOID = 128, /* does not count (cart, pending, test, ...) */
	CRM_L_GONE = 256 /* takes its order back (cancelled, or it left the
			     statuses that count): one order less */
};
/* Orders of a span of time are its SALE entries that are not VOID, less
 * those that a GONE entry of the same order takes back; money is the sum of
 * all entries that are not VOID. */
struct crm_ledger_entry {
	uint64_t customer, order;
	int64_t time;
	int64_t amount; /* revenue in the base currency's minor units */
	uint32_t flags;
};

/* A customer's figures; money in the base currency. */
struct crm_tally {
	int64_t orders;
	int64_t first, last; /* INT64_MIN: none */
	int64_t revenue, spent, refunded, discounts, cost;
	struct crm_dec items;
	int64_t returns;
	int64_t tickets, open_tickets;
	int64_t touches, last_touch; /* of no meaning without touches */
};

/*
 * Appends to `out` what an order (its record, complete) adds to (sign 1) or
 * takes from (sign -1) ledger and figures.  Nothing when it has no customer.
 */
int crm_ledger_effects(const struct crm_schema *s,
    const struct crm_record *order, int sign, struct crm_buf *out,
    struct crm_err *err);
/* Applies effects of many orders at once (sorted by customer inside). */
int crm_ledger_apply(
    struct crm_txn *t, struct crm_str effects, struct crm_err *err);

/* The entries of an order up to (excluding) `at`, and its part in the
 * figures as of then: what effects, check and --at share is only the order. */
int crm_order_entries(const struct crm_schema *s,
    const struct crm_record *order, int64_t at, struct crm_buf *out,
    struct crm_err *err); /* struct crm_ledger_entry, in time order */
int crm_order_tally(const struct crm_schema *s, const struct crm_record *order,
    int64_t at, struct crm_tally *out, struct crm_err *err);

/* Reads a customer's figures; zeroed with first and last INT64_MIN when there
 * are none (CRM_OK).  Under a past those of orders only. */
int crm_tally_read(struct crm_txn *t, uint64_t customer, struct crm_tally *out,
    struct crm_err *err);
/* The same as of a moment, folded from the customer's orders: of tickets and
 * touches crm_talk_at tells. */
int crm_tally_at(struct crm_txn *t, const struct crm_schema *s,
    uint64_t customer, int64_t at, struct crm_tally *out, struct crm_err *err);
/* Those of tickets and touches, folded from the records: as of a moment
 * (INT64_MAX: now), under a past as it was known.  The others are left. */
int crm_talk_at(struct crm_txn *t, const struct crm_schema *s,
    uint64_t customer, int64_t at, struct crm_tally *out, struct crm_err *err);
/* Puts figures into the fields of a customer record, by name, for the fields
 * wanted. */
void crm_tally_fill(const struct crm_schema *s, const struct crm_tally *y,
    const struct crm_want *want, struct crm_record *rec);
/* The stored form, sealed apart. */
void crm_tally_encode(const struct crm_tally *y, struct crm_buf *out);
int crm_tally_decode(
    struct crm_str bytes, struct crm_tally *out, struct crm_err *err);

/* Entries of one customer (0: of all, customer by customer), in time order.
 * CRM_NOTFOUND at the end. */
struct crm_ledger;
int crm_ledger_open(struct crm_txn *t, uint64_t customer,
    struct crm_ledger **out, struct crm_err *err);
int crm_ledger_next(
    struct crm_ledger *l, struct crm_ledger_entry *out, struct crm_err *err);
void crm_ledger_close(struct crm_ledger *l);

#endif
