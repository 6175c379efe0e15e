/*
 * rfm.h - recency, frequency, monetary value (Hughes 1994), and their scores.
 *
 * Recency is the number of the shop's days from the last order to a day,
 * frequency the number of orders, monetary the revenue.  Who has no order in
 * the window has none of them, and no row.
 *
 *	crm_rfm_read(t, schema, &window, &x, err);
 *	crm_rfm_quantiles(&x, CRM_RFM_R, 5, err); ... F, M
 *	crm_rfm_score(&x, CRM_RFM_R, x.figure[CRM_RFM_R][i]);
 *	crm_rfm_release(&x);
 */
#ifndef CRM_RFM_H
#define CRM_RFM_H

#include <crm/sales.h>
#include <crm/stats.h>

enum { CRM_RFM_R, CRM_RFM_F, CRM_RFM_M, CRM_RFM_FIGURES };
#define CRM_RFM_BINS 100 /* at most */

/* Zeroed is empty.  Rows are in order of customers, each figure of all of them
 * together: cuts are found by going through one of them. */
struct crm_rfm {
	uint64_t *customer;
	int64_t *figure[CRM_RFM_FIGURES]; /* days, orders, minor units */
	size_t n, cap;
	unsigned bins[CRM_RFM_FIGURES];
	bool fixed[CRM_RFM_FIGURES]; /* cuts were given, not computed */
	struct crm_cut cut[CRM_RFM_FIGURES][CRM_RFM_BINS];
	/* The least values that are past the cuts, as far as there are any. */
	int64_t past[CRM_RFM_FIGURES][CRM_RFM_BINS];
	unsigned npast[CRM_RFM_FIGURES];
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
/* A value's score, 1 .. bins, the best is highest: the fewer days, the
 * better. */
static inline unsigned
crm_rfm_score(const struct crm_rfm *x, int figure, int64_t v)
{
	const int64_t *past = x->past[figure];
	unsigned at = 0, n = x->npast[figure];

	for (; n > 8; n -= n / 2)
		if (v >= past[at + n / 2])
			at += n / 2;
	for (past += at; n > 0; n--)
		at += v >= *past++;
	return figure == CRM_RFM_R ? x->bins[figure] - at : at + 1;
}

/*
 * All rows as lines of a stream: customer_id, recency, frequency, monetary
 * (digits: of money), the three scores and all of them side by side.  fn has a
 * piece after the other, in the order of the rows; threads make them.
 */
typedef int crm_rfm_lines_fn(
    void *ctx, struct crm_str lines, uint64_t rows, struct crm_err *err);
int crm_rfm_lines(const struct crm_rfm *x, unsigned digits, unsigned threads,
    crm_rfm_lines_fn *fn, void *ctx, struct crm_err *err);
/* The scores side by side, two digits each where a figure has more than nine
 * bins. */
static inline int64_t
crm_rfm_side(const struct crm_rfm *x, int64_t r, int64_t f, int64_t m)
{
	int64_t step = 10;

	for (int k = 0; k < CRM_RFM_FIGURES; k++)
		while (x->bins[k] >= step)
			step *= 10;
	return (r * step + f) * step + m;
}
void crm_rfm_release(struct crm_rfm *x);

#endif
