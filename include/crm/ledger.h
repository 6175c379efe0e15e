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
/* As bytes, as the effects of an order have them. */
void crm_tally_encode(const struct crm_tally *y, struct crm_buf *out);
int crm_tally_decode(
    struct crm_str bytes, struct crm_tally *out, struct crm_err *err);

/*
 * The table: an entry for each CRM_TALLY_RANGE customers (1 to 32, 33 to 64,
 * ...) of whom one is there or has figures, under the number of the first.
 *
 *	crm_tallies_open(&x, t, 0, err);
 *	while (crm_tallies_next(&x, &v, err) == CRM_OK)
 *		crm_tally_column(&v, CRM_TALLY_REVENUE, revenue);
 *	crm_tallies_close(&x);
 */
#define CRM_TALLY_RANGE 32
enum crm_tally_figure {
	CRM_TALLY_ORDERS,
	CRM_TALLY_REVENUE,
	CRM_TALLY_SPENT,
	CRM_TALLY_REFUNDED,
	CRM_TALLY_DISCOUNTS,
	CRM_TALLY_COST,
	CRM_TALLY_RETURNS,
	CRM_TALLY_ITEMS,
	CRM_TALLY_SCALE, /* of items */
	CRM_TALLY_FIRST,
	CRM_TALLY_SPAN, /* from the first to the last order */
	CRM_TALLY_TICKETS,
	CRM_TALLY_OPEN_TICKETS,
	CRM_TALLY_TOUCHES,
	CRM_TALLY_LAST_TOUCH,
	CRM_TALLY_FIGURES
};
/* An entry as it lies in the store.  Bit i is customer first + i. */
struct crm_tally_view {
	uint64_t first;
	uint32_t live; /* whose record is there: not deleted, merged, erased */
	uint32_t have, ends; /* who has figures; of them who has an order */
	unsigned n; /* that have figures */
	uint8_t width[CRM_TALLY_FIGURES];
	int64_t base[CRM_TALLY_FIGURES];
	const unsigned char *at[CRM_TALLY_FIGURES];
};
/* And with all figures in place. */
struct crm_tally_block {
	uint64_t first;
	uint32_t live, have;
	struct crm_tally y[CRM_TALLY_RANGE]; /* of bits in `have` */
};
/* The first number of the range a customer is in. */
uint64_t crm_tally_first(uint64_t customer);
/* An entry (unsealed), which it borrows. */
int crm_tally_view(struct crm_str key, struct crm_str value,
    struct crm_tally_view *out, struct crm_err *err);
/* A figure of those that have figures, one after the other.  FIRST and SPAN are
 * of no meaning without `ends`, LAST_TOUCH without touches. */
void crm_tally_column(const struct crm_tally_view *v,
    enum crm_tally_figure figure, int64_t out[CRM_TALLY_RANGE]);
int crm_tally_one(const struct crm_tally_view *v, uint64_t customer,
    struct crm_tally *out, struct crm_err *err);
int crm_tally_block(const struct crm_tally_view *v, struct crm_tally_block *out,
    struct crm_err *err);
/* Appends an entry's value, to be sealed. */
void crm_tally_block_put(const struct crm_tally_block *x, struct crm_buf *out);

/* The entries in their order. */
struct crm_tallies {
	struct crm_cursor *cursor;
	uint64_t from;
	bool begun, end;
	struct crm_tally_block block;
};
/* From the one of this customer on; 0: all of them. */
int crm_tallies_open(struct crm_tallies *x, struct crm_txn *t,
    uint64_t customer, struct crm_err *err);
/* CRM_NOTFOUND at the end. */
int crm_tallies_next(
    struct crm_tallies *x, struct crm_tally_view *out, struct crm_err *err);
/* In place of next: the figures of customers whose numbers rise. */
int crm_tallies_to(struct crm_tallies *x, uint64_t customer,
    struct crm_tally *out, struct crm_err *err);
void crm_tallies_close(struct crm_tallies *x);

/* Entries of one customer (0: of all, customer by customer), in time order.
 * CRM_NOTFOUND at the end. */
struct crm_ledger;
int crm_ledger_open(struct crm_txn *t, uint64_t customer,
    struct crm_ledger **out, struct crm_err *err);
int crm_ledger_next(
    struct crm_ledger *l, struct crm_ledger_entry *out, struct crm_err *err);
void crm_ledger_close(struct crm_ledger *l);

#endif
