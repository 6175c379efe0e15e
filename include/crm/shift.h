/*
 * shift.h - who buys otherwise than they used to.
 *
 * Each customer's last orders are held against their own earlier ones, by
 * tests whose probability under "nothing has changed" is known: the rhythm by
 * a conditional Poisson test (Przyborowski and Wilenski 1940), spend and
 * basket by ranks (Wilcoxon 1945), channels and goods by the hypergeometric
 * distribution (Fisher 1934) with Bonferroni's correction.  Alarms are those
 * that the procedure of Benjamini and Hochberg (1995) leaves at a rate: of all
 * alarms of one sort no larger share is expected to be false.
 *
 *	crm_shifts_put(&x, &order, err); ... or crm_shifts_store(...)
 *	crm_shifts_test(&x, &options, err);
 *	x.row[i].what, .p, .q
 *	crm_shifts_release(&x);
 */
#ifndef CRM_SHIFT_H
#define CRM_SHIFT_H

#include <crm/sales.h>
#include <crm/store.h>

enum crm_shift_what {
	CRM_SHIFT_RHYTHM,
	CRM_SHIFT_SPEND,
	CRM_SHIFT_BASKET,
	CRM_SHIFT_CHANNEL,
	CRM_SHIFT_GOODS,
	CRM_SHIFTS
};
#define CRM_SHIFT_WORDS 64 /* of each sort; the last stands for all others */

/* Channels, or categories of goods, numbered as they came. */
struct crm_shift_words {
	struct crm_map map;
	struct crm_str text[CRM_SHIFT_WORDS];
	struct crm_arena arena;
	unsigned n;
};
/* The bit of a word, 0 of an empty one. */
int crm_shift_word(struct crm_shift_words *w, struct crm_str text,
    uint64_t *bit, struct crm_err *err);

struct crm_shift_order {
	uint64_t customer, order;
	int64_t placed, day; /* the shop's day */
	int64_t total, items;
	uint64_t words[2]; /* bits: its channel, what is in it */
};
/* One test.  was, is: orders in 30 days, the median of money or items, the
 * share of orders with the word. */
struct crm_shift {
	uint64_t customer;
	enum crm_shift_what what;
	bool more;
	unsigned word;
	uint32_t before, recent; /* orders; of rhythm days with orders */
	double was, is, expected; /* of rhythm: recent, had nothing changed */
	double p, q;
};
/* Zeroed is empty. */
struct crm_shifts {
	struct crm_shift_order *order;
	size_t norder, ordercap;
	struct crm_shift_words words[2]; /* channels, goods */
	unsigned has; /* bits 1 << what of those that can be tested */
	struct crm_shift *row; /* by customer and what */
	size_t n, cap;
	size_t customers; /* who were tested */
	double *pace; /* of each week: how busy, 1 is usual */
	size_t weeks;
	int64_t begin; /* of the first */
};

struct crm_shift_options {
	int64_t split, at; /* recent: split <= placed < at */
	uint32_t least; /* orders before the split, at least 2 */
	double alarm; /* tests that could not be below it are not made */
};

int crm_shifts_put(struct crm_shifts *x, const struct crm_shift_order *order,
    struct crm_err *err);
/* The store's orders before at, with what had happened to them; category: the
 * field of products that goods are grouped by, -1: not. */
int crm_shifts_store(struct crm_shifts *x, struct crm_txn *t,
    const struct crm_schema *s, int64_t at, int category, struct crm_err *err);
/* Rows of a log, those of an order together. */
int crm_shifts_sales(struct crm_shifts *x, const struct crm_sales *sales,
    const struct crm_calendar *days, struct crm_err *err);
int crm_shifts_test(struct crm_shifts *x, const struct crm_shift_options *opt,
    struct crm_err *err);
void crm_shifts_release(struct crm_shifts *x);

/* ---- the tests: two-sided where not said otherwise ---- */

/* k of n events in a part of the time, 0 < part < 1. */
double crm_test_poisson(uint64_t k, uint64_t n, double part);
/* Are the n - m values from m on larger or smaller than the first m?  Exact
 * (by the distribution of the sum of ranks, midranks for ties) as long as that
 * is little work, else by the normal distribution with corrections for ties
 * and continuity.  *more: larger.  CRM_ENOMEM. */
int crm_test_ranks(const int64_t *v, size_t m, size_t n, double *p, bool *more,
    struct crm_err *err);
/* P(X >= x): x of m drawn are of the k among n; one-sided. */
double crm_test_hyper(uint64_t x, uint64_t m, uint64_t k, uint64_t n);
/* P(Z > z) of the normal distribution. */
double crm_normal_tail(double z);
/* Benjamini and Hochberg: q from p, which is sorted. */
void crm_false_discovery(const double *p, size_t n, double *q);

#endif
