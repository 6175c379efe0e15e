/*
 * cohort.h - what became of those who came in the same month.
 *
 * A cohort is the customers whose first order fell into one period, or who
 * share a word.  A cell has the figures of one period of theirs: counted from
 * each one's own first (elapsed), or of the calendar.  A period is in the
 * cells only when it has passed as a whole, for each customer by themselves:
 * `observed` says of how many.  So a share is never low for want of time.
 *
 *	x.want = ... ; read the sales, signs allowed
 *	crm_cohorts_orders(&x, err); crm_sales_group(&x, CRM_SALES_CUSTOMER, err)
 *	crm_cohorts_make(&k, &x, &options, err);
 *	k.cohort[i].cell[j].active ...
 *	crm_cohorts_release(&k);
 */
#ifndef CRM_COHORT_H
#define CRM_COHORT_H

#include <crm/sales.h>
#include <crm/time.h>

#define CRM_COHORTS_MAX 10000

struct crm_cohort_options {
	enum crm_period by; /* cohorts */
	enum crm_period period; /* cells */
	bool calendar; /* cells are periods of the calendar, not elapsed */
	int64_t horizon; /* the last cell; below 0: all */
	int64_t at; /* what had happened before it is known */
	int64_t since, until; /* of first orders: since <= first < until */
	const struct crm_calendar *days;
	const bool *chosen; /* of each customer; NULL: all */
	const uint32_t *group; /* of each customer, in place of `by`; NULL */
	size_t groups;
};

struct crm_cohort_cell {
	int64_t observed; /* customers for whom the period has passed */
	int64_t active; /* of them, who ordered in it */
	int64_t orders;
	int64_t revenue; /* booked in it */
	int64_t repeaters; /* had ordered twice by its end */
	int64_t total; /* revenue up to its end */
};
struct crm_cohort {
	int64_t key; /* number of the period, or group */
	int64_t first; /* period of the earliest first order: cell 0 of the
			  calendar's */
	int64_t customers;
	size_t n;
	struct crm_cohort_cell *cell;
	bool running; /* a period after the last cell has begun */
};
/* Zeroed is empty.  Cohorts are in order of keys. */
struct crm_cohorts {
	struct crm_cohort *cohort;
	size_t n;
	int64_t customers; /* in all of them */
	int64_t without; /* chosen, but with money only */
};

/* Fills ORDERS where the rows do not say: of an order (or, without the column
 * ORDER, of all rows) the first by time that is not below 0 is one.  Groups
 * the rows by customer. */
int crm_cohorts_orders(struct crm_sales *x, struct crm_err *err);
/* CRM_EDATA for sums too large, and more than CRM_COHORTS_MAX cohorts. */
int crm_cohorts_make(struct crm_cohorts *out, const struct crm_sales *x,
    const struct crm_cohort_options *opt, struct crm_err *err);
void crm_cohorts_release(struct crm_cohorts *k);

#endif
