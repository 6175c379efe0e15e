/*
 * basket.h - what was bought together: baskets, frequent itemsets, rules.
 *
 * A basket is a set of items, which are numbers from 0 on; whoever reads the
 * baskets knows what they stand for.  All counts are of baskets.
 *
 *	crm_baskets_add(&b, item, err); ... crm_baskets_end(&b, err);
 *	crm_itemsets_mine(&sets, &b, &opt, err);
 *	crm_itemsets_each(&sets, fn, ctx, err);
 *	crm_itemsets_release(&sets);
 *	crm_baskets_release(&b);
 */
#ifndef CRM_BASKET_H
#define CRM_BASKET_H

#include <crm/num.h>

/* Zeroed is empty.  Basket i has item[start[i]] to item[start[i + 1] - 1],
 * rising, each once; n baskets, of items below nitems. */
struct crm_baskets {
	uint32_t *item;
	uint32_t *start;
	size_t n, cap;
	size_t ntaken, itemcap; /* items of all baskets and the open one */
	uint32_t nitems;
};
#define CRM_ITEM_MAX (UINT32_MAX / 4)

/* Room for so many; more may come, and memory is only taken for those that do.
 * For empty ones.  False: no memory. */
bool crm_baskets_room(struct crm_baskets *b, size_t items, size_t baskets);
/* Puts an item into the basket that is open. */
int crm_baskets_add(struct crm_baskets *b, uint32_t item, struct crm_err *err);
/* Ends the basket that is open; without items it is none, and CRM_NO. */
int crm_baskets_end(struct crm_baskets *b, struct crm_err *err);
/* The same, where it may be that nothing was added. */
static inline int
crm_baskets_next(struct crm_baskets *b, struct crm_err *err)
{
	int code = crm_baskets_end(b, err);

	return code == CRM_NO ? CRM_OK : code;
}
/*
 * The same of n lines in any order, each an item in one of nbaskets baskets;
 * those without a line are none.  place (may be NULL; nbaskets numbers) gets
 * where each basket is, UINT32_MAX for none.
 */
int crm_baskets_gather(struct crm_baskets *b, const uint32_t *basket,
    const uint32_t *item, size_t n, size_t nbaskets, uint32_t *place,
    struct crm_err *err);
/* Baskets of a part: of an item now[] is the number among all, NULL is the
 * same; gone baskets, of ngone items, are left out: their first item is
 * UINT32_MAX. */
struct crm_baskets_part {
	struct crm_baskets b;
	const uint32_t *now;
	size_t gone, ngone;
};
/* The baskets of n parts behind each other, their items below nitems, by a
 * thread for each.  n is at most CRM_THREADS. */
int crm_baskets_join(struct crm_baskets *out,
    const struct crm_baskets_part *part, unsigned n, uint32_t nitems,
    struct crm_err *err);
void crm_baskets_release(struct crm_baskets *b);
/* Sorts the numbers of a few items, rising. */
void crm_baskets_order(uint32_t *v, size_t n);

/* ---- frequent itemsets ---- */

/*
 * A support or confidence: a fraction between 0 and 1 (".001", "0.1%"), or,
 * where whole numbers are taken, so many baskets.  Kept as a decimal, so that a
 * set that just reaches it is always in.  CRM_EDATA with a message.
 */
struct crm_share {
	bool count; /* v is a number of baskets */
	struct crm_dec v;
};
int crm_share_parse(struct crm_str text, bool counts, struct crm_share *out,
    struct crm_err *err);
/* The least count that reaches the share of n, at least 1. */
uint64_t crm_share_of(const struct crm_share *s, uint64_t n);
/* Whether k of n reach it, k at least 1. */
bool crm_share_reached(const struct crm_share *s, uint64_t k, uint64_t n);

struct crm_itemset_options {
	uint64_t min_count; /* baskets a set has to be in, at least 1 */
	unsigned max_size; /* items of a set, 0: any number */
	size_t max_bytes; /* for the sets, 0: no bound but memory's */
};
/*
 * All sets that are in min_count baskets or more, as a tree: a node adds one
 * item to its parent's set.  Items are numbered by rank here, 0 the most
 * frequent; children lie side by side, their ranks rising and below that of
 * the parent.  Node 0 is the empty set.
 */
struct crm_itemset {
	uint32_t rank;
	uint32_t count;
	uint32_t child, nchild;
};
struct crm_itemsets {
	struct crm_itemset *node;
	size_t n, cap;
	uint32_t *item; /* of a rank */
	uint32_t nranks;
	size_t max; /* of nodes */
	unsigned deepest; /* the size of the largest set */
};
/* CRM_EDATA when they do not fit into max_bytes. */
int crm_itemsets_mine(struct crm_itemsets *out, const struct crm_baskets *b,
    const struct crm_itemset_options *opt, struct crm_err *err);
/* The node of a set, its ranks falling; 0 when it is not frequent. */
uint32_t crm_itemsets_find(
    const struct crm_itemsets *s, const uint32_t *rank, unsigned n);
/*
 * Calls fn for every set, a parent before its children, the most frequent
 * items first.  rank are the n ranks, falling; node is its place.
 */
typedef int crm_itemset_fn(void *ctx, uint32_t node, const uint32_t *rank,
    unsigned n, struct crm_err *err);
int crm_itemsets_each(const struct crm_itemsets *s, crm_itemset_fn *fn,
    void *ctx, struct crm_err *err);
/* The same with the sets of one item less: part[i] is the node of the set
 * without rank[i]. */
typedef int crm_itemset_parts_fn(void *ctx, uint32_t node, const uint32_t *rank,
    unsigned n, const uint32_t *part, struct crm_err *err);
int crm_itemsets_parts(const struct crm_itemsets *s, crm_itemset_parts_fn *fn,
    void *ctx, struct crm_err *err);
/*
 * For each node whether a set with one item more is as frequent (bit 0: then
 * it is not closed) or frequent at all (bit 1: not maximal).  free() it.
 */
enum { CRM_ITEMSET_OPEN = 1, CRM_ITEMSET_INNER = 2 };
int crm_itemsets_supersets(
    const struct crm_itemsets *s, uint8_t **out, struct crm_err *err);
void crm_itemsets_release(struct crm_itemsets *s);

/* ---- how much two things have to do with each other ---- */

/*
 * Of n baskets a have the one, b the other, both have both.  Decimals of 6
 * places, no value where a figure is not defined (conviction of a rule
 * without exception is infinite).
 */
struct crm_together {
	uint64_t n, a, b, both;
};
double crm_together_lift(const struct crm_together *t);
/* both / n - a b / n^2, Piatetsky-Shapiro 1991. */
double crm_together_leverage(const struct crm_together *t);
/* (1 - b / n) / (1 - both / a), Brin, Motwani, Ullman, Tsur 1997; below 0:
 * not defined. */
double crm_together_conviction(const struct crm_together *t);
/* Pearson's, of the table of four, without correction; below 0: not
 * defined. */
double crm_together_chi_square(const struct crm_together *t);
/* both / sqrt(a b), Ochiai 1957. */
double crm_together_cosine(const struct crm_together *t);
/* The log-likelihood ratio G^2 of Dunning 1993. */
double crm_together_llr(const struct crm_together *t);

#endif
