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
	int live; /* their record came (1) or went (-1), and nothing else */
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
/* Whose ledger and figures the effects of one record are about, 0: nobody's. */
static inline uint64_t
crm_ledger_customer(struct crm_str effects)
{
	struct crm_str sign;
	uint64_t customer;

	return crm_take_bytes(&effects, 1, &sign) &&
		       crm_take_var(&effects, &customer)
		   ? customer
		   : 0;
}
/* And that of a customer's record that came or went. */
void crm_ledger_live(uint64_t customer, int sign, struct crm_buf *out);
/* When a customer's last contact was, from the touches: INT64_MIN none. */
int crm_talk_last(
    struct crm_txn *t, uint64_t customer, int64_t *out, struct crm_err *err);
/* The entry of a customer, CRM_NOTFOUND. */
int crm_tally_find(struct crm_txn *t, uint64_t customer,
    struct crm_tally_view *out, struct crm_err *err);

/* Figures that are changed, of customers in the order of their numbers: an
 * entry is written when the next one is come to, and at the end. */
struct crm_tally_book {
	struct crm_txn *t;
	struct crm_tally_block block;
	bool loaded, changed;
	uint64_t last; /* the table's last key, 0: none */
	struct crm_buf bytes;
};
int crm_tally_begin(
    struct crm_tally_book *b, struct crm_txn *t, struct crm_err *err);
/* Applies the deltas of one customer, whose ledger is up to date already. */
int crm_tally_apply(struct crm_tally_book *b, uint64_t customer,
    const struct crm_tally_delta *d, size_t n, struct crm_err *err);
int crm_tally_end(struct crm_tally_book *b, struct crm_err *err);
void crm_tally_release(struct crm_tally_book *b);

/*
 * What effects come to, sorted by customer: made without a look at the store,
 * so that it may be made ahead.  Zeroed is empty; release it.
 */
struct crm_ledger_delta {
	struct crm_ledger_entry e;
	int sign;
};
struct crm_ledger_batch {
	struct crm_ledger_delta *delta;
	size_t ndelta, delta_cap;
	struct crm_tally_delta *tally;
	size_t ntally, tally_cap;
};
int crm_ledger_batch_make(
    struct crm_ledger_batch *b, struct crm_str effects, struct crm_err *err);
int crm_ledger_batch_apply(
    struct crm_txn *t, const struct crm_ledger_batch *b, struct crm_err *err);
void crm_ledger_batch_release(struct crm_ledger_batch *b);

#endif
