/*
 * ledger_parts.h - what ledger.c and tally.c share; inside the room only.
 */
#ifndef CRM_MODEL_LEDGER_PARTS_H
#define CRM_MODEL_LEDGER_PARTS_H

#include <crm/ledger.h>

/* What one order, touch or ticket adds to (sign 1) or takes from (-1) a customer's figures. */
struct crm_tally_delta {
	uint64_t customer;
	int sign;
	struct crm_tally y;
};

/* For qsort, of struct crm_ledger_entry: by customer, time, order, ... */
int crm_ledger_cmp(const void *a, const void *b);
/* The empty figures. */
struct crm_tally crm_tally_none(void);
/* Orders, revenue, the first and the last order are in the ledger: does it want
 * of these, and no others of orders?  And they as of a moment, without reading
 * an order. */
bool crm_tally_in_ledger(const struct crm_want *want);
int crm_tally_ledger(struct crm_txn *t, uint64_t customer, int64_t at,
    struct crm_tally *out, struct crm_err *err);
/* Reads figures off the front of *s.  False for damage. */
bool crm_tally_take(struct crm_str *s, struct crm_tally *out);
/* a + sign * b but for first and last.  False on overflow. */
bool crm_tally_add(struct crm_tally *a, const struct crm_tally *b, int sign);
/* Does it want a figure that comes of orders; of tickets and touches? */
bool crm_tally_of_orders(const struct crm_want *want);
bool crm_tally_of_talk(const struct crm_want *want);
/* Appends the effect of a record that has no place in the ledger. */
int crm_ledger_effect(uint64_t customer, int sign, const struct crm_tally *y,
    struct crm_buf *out, struct crm_err *err);
/* When a customer's last contact was, from the touches: INT64_MIN none. */
int crm_talk_last(
    struct crm_txn *t, uint64_t customer, int64_t *out, struct crm_err *err);
/* Applies the deltas of one customer, whose ledger is up to date already.
 * append: there is no customer at or past this one in the table. */
int crm_tally_apply(struct crm_txn *t, uint64_t customer,
    const struct crm_tally_delta *d, size_t n, bool append,
    struct crm_err *err);

#endif
