/*
 * profit.h - what customers, channels and products leave the shop.
 *
 * Revenue is what orders book, to the cent; from it go the cost of goods that
 * stayed out, deliveries, contacts and tickets, and what it cost to win the
 * customer, at the rates of the settings.  Where orders or products are asked
 * about, an order's figures are shared among its lines, and what belongs to a
 * customer among their orders (or lines) alike, by largest remainder: every sum
 * is the same however it is cut.
 *
 *	crm_profits_read(&x, t, schema, &options, err);
 *	x.row[i].v[CRM_PROFIT]
 *	crm_profits_release(&x);
 */
#ifndef CRM_PROFIT_H
#define CRM_PROFIT_H

#include <crm/sales.h>
#include <crm/store.h>

enum crm_profit_figure {
	CRM_PROFIT_ORDERS,
	CRM_PROFIT_GROSS,
	CRM_PROFIT_DISCOUNTS, /* not above 0 */
	CRM_PROFIT_RETURNS, /* revenue less the two before */
	CRM_PROFIT_REVENUE,
	CRM_PROFIT_COST, /* costs are not below 0 */
	CRM_PROFIT_DELIVERY,
	CRM_PROFIT_CONTACTS,
	CRM_PROFIT_TICKETS,
	CRM_PROFIT_ACQUISITION,
	CRM_PROFIT,
	CRM_PROFIT_FIGURES
};

struct crm_profit_row {
	uint64_t id; /* customer or product, 0: none */
	struct crm_str text; /* value of a column; borrowed from the whole */
	int64_t first; /* first order placed, INT64_MAX: none */
	int64_t v[CRM_PROFIT_FIGURES];
};
enum crm_profit_by {
	CRM_PROFIT_BY_CUSTOMER,
	CRM_PROFIT_BY_PRODUCT,
	CRM_PROFIT_BY_FIELD /* of orders */
};
struct crm_profit_options {
	enum crm_profit_by by;
	int field;
	int64_t at; /* what had happened before */
};
/* Zeroed is empty.  Rows are in order of ids, or of texts. */
struct crm_profits {
	struct crm_profit_row *row;
	size_t n, cap;
	struct crm_idmap ids;
	struct crm_map texts;
	/* a customer's orders, or lines, that their own costs are shared
	 * among */
	struct crm_profit_share *share;
	size_t nshare, sharecap;
	uint64_t without_cost; /* lines */
};
int crm_profits_read(struct crm_profits *x, struct crm_txn *t,
    const struct crm_schema *s, const struct crm_profit_options *opt,
    struct crm_err *err);
/* The same of a log with TOTAL, and what there is of COST, ORDER and PLACED: a
 * row for each id i of a column, .id i + 1. */
int crm_profits_sales(struct crm_profits *x, const struct crm_sales *s,
    unsigned column, struct crm_err *err);
/* Adds figures; false when one is too large. */
bool crm_profit_add(int64_t *to, const int64_t *v);
void crm_profits_release(struct crm_profits *x);

#endif
