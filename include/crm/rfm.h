/*
 * rfm.h - recency, frequency, monetary value (Hughes 1994), and their scores.
 *
 * Recency is the number of the shop's days from the last order to a day,
 * frequency the number of orders, monetary the revenue.  Who has no order in
 * the window has none of them, and no row.
 *
 *	crm_rfm_read(t, schema, &window, &x, err);
 *	crm_rfm_quantiles(&x, CRM_RFM_R, 5, err); ... F, M
 *	crm_rfm_score(&x);
 *	crm_rfm_release(&x);
 */
#ifndef CRM_RFM_H
#define CRM_RFM_H

#include <crm/sales.h>
#include <crm/stats.h>

enum { CRM_RFM_R, CRM_RFM_F, CRM_RFM_M, CRM_RFM_FIGURES };
#define CRM_RFM_BINS 100 /* at most */

struct crm_rfm_row {
	uint64_t customer;
	int64_t figure[CRM_RFM_FIGURES]; /* days, orders, minor units */
	uint16_t score[CRM_RFM_FIGURES]; /* 1 .. bins, the best is highest */
};
/* Zeroed is empty.  Rows are in order of customers. */
struct crm_rfm {
	struct crm_rfm_row *row;
	size_t n, cap;
	unsigned bins[CRM_RFM_FIGURES];
	bool fixed[CRM_RFM_FIGURES]; /* cuts were given, not computed */
	struct crm_cut cut[CRM_RFM_FIGURES][CRM_RFM_BINS];
};

/*
 * Orders placed from since on and before until, with what was refunded on
 * them, as had happened before `at`; recency is counted to the day `today`.
 * INT64_MIN and INT64_MAX leave an end open; with all open the figures kept
 * for each customer are read, else the ledger.
 */
struct crm_rfm_window {
	int64_t since, until, at;
	int64_t today;
};
/* The live customers' figures. */
int crm_rfm_read(struct crm_txn *t, const struct crm_schema *s,
    const struct crm_rfm_window *w, struct crm_rfm *out, struct crm_err *err);
/* Those of a log: CUSTOMER, PLACED, TOTAL, and ORDER when it is there; else
 * each row is an order.  A total below 0 is money given back. */
int crm_rfm_sales(struct crm_rfm *out, struct crm_sales *sales,
    const struct crm_calendar *days, int64_t today, struct crm_err *err);
/* Keeps the rows of these customers only. */
void crm_rfm_within(struct crm_rfm *x, const struct crm_idmap *customers);

/*
 * Cuts a figure into bins (2 to CRM_RFM_BINS) at its quantiles of type 7 over
 * the rows.  A value at a cut belongs below it, so equal values have equal
 * scores; where many are equal, cuts coincide and some scores are given to
 * nobody.
 */
int crm_rfm_quantiles(
    struct crm_rfm *x, int figure, unsigned bins, struct crm_err *err);
/*
 * Cuts at fixed, rising points ("115,181,297.4,482"; digits 0, or of money):
 * one bin more than points.  A value at a cut belongs above it, as the R
 * package rfm has it.  CRM_EUSAGE.
 */
int crm_rfm_fix(struct crm_rfm *x, int figure, struct crm_str points,
    unsigned digits, struct crm_err *err);
/* Fills in all rows' scores. */
void crm_rfm_score(struct crm_rfm *x);
void crm_rfm_release(struct crm_rfm *x);

#endif
