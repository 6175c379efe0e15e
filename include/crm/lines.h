/*
 * lines.h - the lines of the store's orders as sales: what was in each.
 *
 * The ledger knows orders and money; who asks what was bought together reads
 * the orders themselves, here, into the struct crm_sales that a stream fills
 * too.
 */
#ifndef CRM_LINES_H
#define CRM_LINES_H

#include <crm/sales.h>

/*
 * A row for each line with a product that was not cancelled as a whole, of the
 * orders that counted at `until` (exclusive) and were placed from since on:
 * neither carts nor pending, credits, tests, cancelled ones nor, where the
 * settings name statuses, those of others.  What came back was bought all the
 * same.  orders (may be NULL): only these.  Columns: CUSTOMER, ORDER, PRODUCT,
 * PLACED, QUANTITY (ordered less cancelled).  Under CUSTOMER orders without a
 * customer are counted and left out.  CRM_EBUG when another is wanted.
 */
struct crm_lines_options {
	int64_t since, until; /* INT64_MIN, INT64_MAX: open */
	const struct crm_idmap *orders;
	unsigned
	    threads; /* that read, at most; 0 is 1; the result is the same */
};
int crm_sales_lines(struct crm_sales *x, struct crm_txn *t,
    const struct crm_schema *s, const struct crm_lines_options *opt,
    struct crm_err *err);

#endif
