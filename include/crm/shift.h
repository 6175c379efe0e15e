/*
 * shift.h - who buys otherwise than they used to.
 *
 * Each customer's orders up to some time are held against their own later
 * ones, by tests whose probability under "nothing has changed" is known.  That
 * time is looked for in each history, and the probability is that of the
 * search: for the rhythm the likelihood ratio of two rates (which is the
 * statistic of Berk and Jones 1979), for spend and basket the maximally
 * selected sum of ranks (Lausen and Schumacher 1992), for channels and goods
 * the likelihood ratio of two shares with Bonferroni's correction.
 *
 * Or it is given: then they are a conditional Poisson test (Przyborowski and
 * Wilenski 1940), the sum of ranks (Wilcoxon 1945), and the hypergeometric
 * distribution (Fisher 1934).  Alarms are those that the procedure of
 * Benjamini and Hochberg (1995) leaves at a rate: of all alarms of one sort no
 * larger share is expected to be false; what can give none is left aside
 * (Gilbert 2005).
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
	unsigned word, other; /* other: in whose place, or the same */
	uint32_t before, recent; /* orders; of rhythm days with orders */
	int64_t since; /* day from which it is otherwise */
	double was, is, expected; /* of rhythm: recent, had nothing changed */
	double p, q;
	double least; /* no p can be below it */
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
	/* recent: split <= placed < at; INT64_MIN: from when is looked for */
	int64_t split, at;
	const struct crm_calendar *calendar;
	uint32_t least; /* orders before the split, or in all; 2 and more */
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
/* Twice the midrank of each value; *ties: the sum of t^3 - t over them.  false:
 * out of memory. */
bool crm_test_midranks(const int64_t *v, size_t n, size_t *rank2, double *ties);
/* P(Z > z) of the normal distribution. */
double crm_normal_tail(double z);
/* Benjamini and Hochberg: q from p, which is sorted. */
void crm_false_discovery(const double *p, size_t n, double *q);

/* ---- the same, from when on being looked for: two-sided ---- */

struct crm_turn {
	size_t before; /* so many come before it */
	double p; /* that there is so striking a place anywhere */
	bool more; /* after it */
	double at; /* of events: its place, 0 < at < 1 */
	size_t event; /* it is just before or behind this one, n: at no event */
};
/* What is kept from one history to the next.  Zeroed is empty. */
struct crm_turns {
	double **events, *xlogx, *walk;
	size_t n, cap, walkcap;
};
/*
 * n events at u[], ascending, 0 < u < 1, which are anywhere if nothing
 * changes: the largest likelihood ratio of two rates against one, from 0.05 to
 * 0.95 (Berk and Jones 1979); p by the crossing of its bounds (Noe 1972 has
 * the recursion), exact but for steps that round it up by 2 % at most.
 */
int crm_turn_events(struct crm_turns *x, const double *u, size_t n,
    struct crm_turn *out, struct crm_err *err);
/* Orders nearer to an end than this are not divided there. */
size_t crm_turn_edge(size_t n);
/* Orders with a word and without: the largest likelihood ratio of two shares,
 * exact if all their sequences are alike. */
int crm_turn_word(struct crm_turns *x, const bool *has, size_t n,
    struct crm_turn *out, struct crm_err *err);
/* Which of up to 64 words have orders more or less of them than there were?
 * The four whose numbers of orders say most are tried, each for itself and
 * each two against each other, Bonferroni for so many. */
struct crm_turn_words {
	size_t before;
	double p, least; /* which no p can be below; above 1: nothing to try */
	bool more; /* of word */
	unsigned word, other; /* in whose place; the same: in nothing's */
};
int crm_turn_words(struct crm_turns *x, const uint64_t *words, size_t n,
    unsigned nword, struct crm_turn_words *out, struct crm_err *err);
/* The largest standardised sum of ranks; p from above.  *least: no values with
 * such ties have a smaller one. */
int crm_turn_ranks(const int64_t *v, size_t n, double *least,
    struct crm_turn *out, struct crm_err *err);
void crm_turns_release(struct crm_turns *x);

#endif
