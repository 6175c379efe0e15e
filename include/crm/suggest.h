/*
 * suggest.h - what somebody will want: from what they bought and when.
 *
 * Trips are the baskets of customers in the order of time.  All figures are
 * counts of them, and every suggestion comes with the counts that it is made
 * of.
 *
 *	crm_trips_make(&t, &sales, err);	CUSTOMER ORDER PRODUCT PLACED
 *	crm_taste_open(&taste, &t, &opt, err);
 *	crm_taste_of(taste, customer, upto, &wish, err);
 *	crm_trips_release(&t);
 */
#ifndef CRM_SUGGEST_H
#define CRM_SUGGEST_H

#include <crm/pairs.h>
#include <crm/sales.h>

/* Baskets first[c] to first[c + 1] - 1 are those of customer c, by time; time
 * and order are of a basket.  Customers, products and orders are numbered as
 * in the sales. */
struct crm_trips {
	struct crm_baskets b;
	int64_t *time;
	uint32_t *order;
	uint32_t *first;
	size_t ncustomers;
};
int crm_trips_make(
    struct crm_trips *t, const struct crm_sales *x, struct crm_err *err);
/* Those before a time only; customers keep their numbers. */
int crm_trips_before(struct crm_trips *out, const struct crm_trips *t,
    int64_t until, struct crm_err *err);
void crm_trips_release(struct crm_trips *t);

/*
 * What a customer wants next.  The weight of the j-th trip back is 0.9^j (the
 * last is 0).  Of a product q they bought, w is the weight of the trips with
 * it after the first such, W that of all trips after it:
 *	again(q) = (w + 10 rate(q)) / (W + 10)
 * rate(q): over all customers the trips with q after their first with it, of
 * all trips after that, drawn to the mean of all products by 20 trips.  With
 * v(p) the weight of all their trips with p and V the sum of it over all p:
 *	with(q) = sum over p != q of v(p) / V together(p, q) / orders(p)
 * together counts baskets of all customers; of each p only those 50 q count
 * that are the most significant by the log-likelihood ratio.
 *	score(q) = again(q) + with(q) / 2		what they bought
 *	score(q) = orders(q) / baskets + with(q) / 2	what they did not
 */
struct crm_taste_options {
	uint32_t min; /* baskets together, at least 1 */
	unsigned threads;
	const bool *allowed; /* by product; NULL: all */
	bool fill; /* with the most popular, where nothing else tells */
	int bought; /* 1 only what they bought, -1 only what not, 0 both */
};
struct crm_wish {
	uint32_t item;
	double score, again, with;
	uint32_t orders; /* baskets of all with it */
	uint32_t bought; /* trips of theirs with it */
	int64_t last; /* the last of them; INT64_MIN: none */
	uint32_t because; /* of theirs what says most for it; UINT32_MAX */
	uint32_t together; /* baskets with both */
};
struct crm_wishes {
	struct crm_wish *v; /* the best first */
	size_t n, cap;
	uint32_t trips; /* of the customer */
	uint32_t items; /* different ones in them */
};
struct crm_taste;
/* Borrows trips and pairs of them until close. */
int crm_taste_open(struct crm_taste **out, const struct crm_trips *t,
    const struct crm_pairs *pairs, const struct crm_taste_options *opt,
    struct crm_err *err);
/* At most top wishes; none when there is nothing to tell from. */
int crm_taste_of(struct crm_taste *x, uint32_t customer, size_t top,
    struct crm_wishes *out, struct crm_err *err);
void crm_wishes_release(struct crm_wishes *w);
void crm_taste_close(struct crm_taste *x);

/*
 * How well that would have done: of each customer with a trip before and one
 * after `split`, the first one after, beside what is suggested from before.
 * Per method: hits (customers of whose basket one of the first k was in it)
 * and the sum of NDCG at k (Jarvelin and Kekalainen 2002), gain 1 for what was
 * bought, discount 1 / log2(place + 1).
 */
enum crm_method {
	CRM_METHOD_TASTE,
	CRM_METHOD_POPULAR, /* what most baskets have */
	CRM_METHOD_REPEAT, /* their last trips' products, latest first */
	CRM_METHODS
};
struct crm_trial {
	uint64_t customers; /* that were tried */
	uint64_t none; /* of those after, without a trip before */
	uint64_t hits[CRM_METHODS];
	double ndcg[CRM_METHODS]; /* sums */
	uint64_t found[CRM_METHODS]; /* products right */
	uint64_t wanted; /* products bought */
};
int crm_taste_try(struct crm_trial *out, const struct crm_trips *t,
    int64_t split, size_t k, const struct crm_taste_options *opt,
    struct crm_err *err);

/*
 * When it is needed again.  A gap is the days between two trips with the same
 * product on different days.  With n gaps of the customer of mean g, and m of
 * all customers of mean h, the gap to be expected is
 *	(n g + 2 h) / (n + 2)	where m >= 5
 *	g			where m < 5 and n >= 2
 * and not known otherwise: two gaps' worth of weight is what others' have.  Nor
 * is it known for n = 0 where fewer than half of those who bought it bought it
 * again: their gaps say nothing of those who did not.
 */
struct crm_need {
	uint32_t customer, item;
	int64_t last; /* the day */
	uint32_t gaps; /* n */
	int64_t days; /* their sum */
	uint64_t all_gaps; /* m, of all customers */
	int64_t all_days;
	uint32_t buyers, again; /* customers who bought it, and twice */
	int64_t due; /* day */
};
struct crm_needs {
	struct crm_need *v; /* by customer, then due, then product */
	size_t n, cap;
	uint64_t unknown; /* pairs bought, without an answer */
};
enum { CRM_NEED_OWN = 2, CRM_NEED_ALL = 5, CRM_NEED_WEIGHT = 2 };
/* chosen (may be NULL): of these customers only. */
int crm_needs_find(struct crm_needs *out, const struct crm_trips *t,
    const struct crm_calendar *calendar, const bool *chosen,
    struct crm_err *err);
void crm_needs_release(struct crm_needs *x);

#endif
