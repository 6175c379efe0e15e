/*
 * test_pairs.c - pairs of items in baskets, beside counting them one by one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <crm/hash.h>
#include <crm/pairs.h>

enum { ITEMS = 60, BASKETS = 5000, TOP = 9 };

static void
draw(struct crm_baskets *b, uint64_t most, uint32_t both[ITEMS][ITEMS])
{
	struct crm_rand r;

	crm_rand_seed(&r, 3);
	memset(both, 0, sizeof(uint32_t) * ITEMS * ITEMS);
	for (size_t i = 0; i < BASKETS; i++) {
		uint64_t n = 1 + crm_rand_below(&r, most);

		while (n-- > 0) {
			/* low items are frequent */
			uint64_t item = crm_rand_below(&r, ITEMS);

			item = crm_rand_below(&r, item + 1);
			assert_int_equal(
			    crm_baskets_add(b, (uint32_t)item, NULL), CRM_OK);
		}
		crm_baskets_end(b, NULL);
		for (uint32_t j = b->start[b->n - 1]; j < b->start[b->n]; j++)
			for (uint32_t k = b->start[b->n - 1];
			     k < b->start[b->n]; k++)
				both[b->item[j]][b->item[k]]++;
	}
}

static double
score(const struct crm_together *t, enum crm_pairs_by by)
{
	switch (by) {
	case CRM_PAIRS_LIFT:
		return crm_together_lift(t);
	case CRM_PAIRS_COSINE:
		return crm_together_cosine(t);
	case CRM_PAIRS_TOGETHER:
		return (double)t->both;
	default:
		return crm_together_llr(t);
	}
}

/* The n-th best of an item by going through all others; ITEMS: none. */
static uint32_t
nth(const struct crm_baskets *b, uint32_t both[ITEMS][ITEMS], uint32_t item,
    enum crm_pairs_by by, uint32_t min, unsigned n)
{
	bool used[ITEMS] = {false};
	uint32_t best = ITEMS;

	for (unsigned i = 0; i <= n; i++) {
		double top = -1;

		best = ITEMS;
		for (uint32_t k = 0; k < ITEMS; k++) {
			struct crm_together t = {
			    b->n, both[item][item], both[k][k], both[item][k]};
			double s;

			if (used[k] || k == item || t.both < min ||
			    t.both * t.n <= t.a * t.b)
				continue;
			s = score(&t, by);
			if (s > top ||
			    (s == top && both[item][k] > both[item][best])) {
				top = s;
				best = k;
			}
		}
		if (best == ITEMS)
			return ITEMS;
		used[best] = true;
	}
	return best;
}

/* Baskets of at most so many items. */
static void
find_best(uint64_t most, unsigned threads)
{
	static uint32_t both[ITEMS][ITEMS];
	struct crm_baskets b = {0};
	struct crm_pairs *p;
	uint32_t item[ITEMS], n[2][ITEMS];
	struct crm_pair out[2][ITEMS * TOP];

	draw(&b, most, both);
	for (uint32_t i = 0; i < ITEMS; i++)
		item[i] = i;
	assert_int_equal(crm_pairs_open(&p, &b, threads, NULL), CRM_OK);
	for (unsigned by = CRM_PAIRS_LLR; by <= CRM_PAIRS_TOGETHER; by++) {
		struct crm_pairs_options opt = {
		    .by = (enum crm_pairs_by)by, .top = TOP, .min = 2};

		for (unsigned k = 0; k < 2; k++) {
			opt.threads = 1 + 2 * k;
			assert_int_equal(crm_pairs_top(p, item, ITEMS, &opt,
					     out[k], n[k], NULL),
			    CRM_OK);
		}
		assert_memory_equal(n[0], n[1], sizeof n[0]);
		for (uint32_t i = 0; i < ITEMS; i++)
			for (unsigned k = 0; k < TOP; k++) {
				const struct crm_pair *x = &out[0][i * TOP + k];
				uint32_t want = nth(
				    &b, both, i, (enum crm_pairs_by)by, 2, k);

				if (k >= n[0][i]) {
					assert_int_equal(want, ITEMS);
					break;
				}
				if (x->item != want ||
				    x->together != both[i][want] ||
				    x->item != out[1][i * TOP + k].item)
					fail_msg("by %u, item %u, place %u", by,
					    i, k);
			}
	}
	for (uint32_t i = 0; i < ITEMS; i++)
		assert_int_equal(crm_pairs_count(p, i), both[i][i]);
	assert_int_equal(crm_pairs_count(p, UINT32_MAX), 0);
	crm_pairs_close(p);
	crm_baskets_release(&b);
}

/* Lists of what was beside an item, and lists of its baskets. */
static void
the_best_of_each_item_are_found_by_any_number_of_threads(void **state)
{
	(void)state;
	find_best(6, 1);
	find_best(40, 1);
	find_best(6, 3);
	find_best(40, 3);
}

static void
baskets_of_one_item_have_no_pairs(void **state)
{
	struct crm_pairs_options opt = {.top = 1, .min = 1};
	struct crm_baskets b = {0};
	struct crm_pairs *p;
	struct crm_pair out;
	uint32_t item = 0, n = 7;

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		crm_baskets_add(&b, i / 2, NULL);
		crm_baskets_end(&b, NULL);
	}
	assert_int_equal(crm_pairs_open(&p, &b, 1, NULL), CRM_OK);
	assert_int_equal(
	    crm_pairs_top(p, &item, 1, &opt, &out, &n, NULL), CRM_OK);
	assert_int_equal(n, 0);
	assert_int_equal(crm_pairs_count(p, 0), 2);
	crm_pairs_close(p);
	crm_baskets_release(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		the_best_of_each_item_are_found_by_any_number_of_threads),
	    cmocka_unit_test(baskets_of_one_item_have_no_pairs),
	};

	return cmocka_run_group_tests_name("pairs", tests, NULL, NULL);
}
