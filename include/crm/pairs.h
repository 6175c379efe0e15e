/*
 * pairs.h - what is bought together with what: pairs of items in baskets.
 *
 * For an item the baskets that have it are gone through and all other items in
 * them counted, so that memory is that of the baskets and no table of pairs is
 * ever made: 50,000 items have 1,250,000,000 of them.
 *
 *	crm_pairs_open(&p, &baskets, 2, err);
 *	crm_pairs_top(p, items, n, &opt, out, nout, err);
 *	crm_pairs_close(p);
 */
#ifndef CRM_PAIRS_H
#define CRM_PAIRS_H

#include <crm/basket.h>

struct crm_pairs;
/* Borrows the baskets until close.  threads as in the options below. */
int crm_pairs_open(struct crm_pairs **out, const struct crm_baskets *b,
    unsigned threads, struct crm_err *err);
void crm_pairs_close(struct crm_pairs *p);
/* The baskets that have the item. */
uint32_t crm_pairs_count(const struct crm_pairs *p, uint32_t item);

enum crm_pairs_by {
	CRM_PAIRS_LLR, /* the log-likelihood ratio */
	CRM_PAIRS_LIFT,
	CRM_PAIRS_COSINE,
	CRM_PAIRS_TOGETHER /* the count */
};
struct crm_pair {
	uint32_t item, together;
	double score; /* by opt.by */
};
struct crm_pairs_options {
	enum crm_pairs_by by;
	uint32_t top; /* at most so many for each item, at least 1 */
	uint32_t min; /* baskets together, at least 1 */
	unsigned threads; /* 0 is 1; the result is the same */
};
/*
 * The best of each of n items: those of item[i] are out[i * top] on, nout[i] of
 * them, the best first (then by count, then by number).  Only pairs that are
 * more frequent than chance would have them, whatever they are ranked by.
 */
int crm_pairs_top(const struct crm_pairs *p, const uint32_t *item, size_t n,
    const struct crm_pairs_options *opt, struct crm_pair *out, uint32_t *nout,
    struct crm_err *err);

#endif
