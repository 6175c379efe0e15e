/*
 * test_itemset.c - frequent itemsets, beside counting every subset.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <crm/basket.h>
#include <crm/hash.h>

enum { ITEMS = 12, BASKETS = 300 };

/* Baskets of up to ITEMS items, as masks too. */
static void
draw(struct crm_rand *r, unsigned odds, struct crm_baskets *b, uint32_t *mask)
{
	for (size_t i = 0; i < BASKETS; i++) {
		mask[b->n] = 0;
		for (uint32_t k = 0; k < ITEMS; k++)
			if (crm_rand_below(r, odds + k) == 0) {
				mask[b->n] |= 1u << k;
				/* the second time it is the same item */
				crm_baskets_add(b, k, NULL);
				crm_baskets_add(b, k, NULL);
			}
		crm_baskets_end(b, NULL);
	}
}

struct seen {
	const struct crm_itemsets *s;
	uint32_t count[1 << ITEMS];
	bool yes[1 << ITEMS];
	uint32_t node[1 << ITEMS];
	size_t n;
};

static int
see(void *ctx, uint32_t node, const uint32_t *rank, unsigned n,
    struct crm_err *err)
{
	struct seen *x = ctx;
	uint32_t m = 0;

	(void)err;
	for (unsigned i = 0; i < n; i++) {
		m |= 1u << x->s->item[rank[i]];
		assert_true(i == 0 || rank[i] < rank[i - 1]);
	}
	assert_false(x->yes[m]);
	assert_int_equal(crm_itemsets_find(x->s, rank, n), node);
	x->yes[m] = true;
	x->count[m] = x->s->node[node].count;
	x->node[m] = node;
	x->n++;
	return CRM_OK;
}

static int
see_parts(void *ctx, uint32_t node, const uint32_t *rank, unsigned n,
    const uint32_t *part, struct crm_err *err)
{
	struct seen *x = ctx;
	uint32_t rest[ITEMS];

	(void)err;
	assert_int_equal(crm_itemsets_find(x->s, rank, n), node);
	for (unsigned i = 0; i < n; i++) {
		unsigned k = 0;

		for (unsigned j = 0; j < n; j++)
			if (j != i)
				rest[k++] = rank[j];
		assert_int_equal(crm_itemsets_find(x->s, rest, k), part[i]);
	}
	x->n--;
	return CRM_OK;
}

static uint32_t
count(const uint32_t *mask, size_t n, uint32_t set)
{
	uint32_t k = 0;

	for (size_t i = 0; i < n; i++)
		k += (mask[i] & set) == set;
	return k;
}

static void
check_supersets(const struct seen *x, const uint8_t *mark, uint32_t set)
{
	bool inner = false, same = false;

	for (uint32_t k = 0; k < ITEMS; k++) {
		uint32_t more = set | 1u << k;

		if (more == set || !x->yes[more])
			continue;
		inner = true;
		same |= x->count[more] == x->count[set];
	}
	assert_int_equal(!!(mark[x->node[set]] & CRM_ITEMSET_INNER), inner);
	assert_int_equal(!!(mark[x->node[set]] & CRM_ITEMSET_OPEN), same);
}

static void
all_sets_are_found_with_their_counts(void **state)
{
	struct crm_rand r;
	struct seen *x = malloc(sizeof *x);
	uint32_t mask[BASKETS];

	(void)state;
	crm_rand_seed(&r, 7);
	for (unsigned round = 0; round < 40; round++) {
		struct crm_itemset_options opt = {
		    .min_count = 1 + crm_rand_below(&r, 30),
		    .max_size = round % 3 == 0 ? 3 : 0};
		struct crm_baskets b = {0};
		struct crm_itemsets s;
		size_t want = 0;
		uint8_t *mark;

		memset(x, 0, sizeof *x);
		x->s = &s;
		draw(&r, 1 + round % 5, &b, mask);
		assert_int_equal(crm_itemsets_mine(&s, &b, &opt, NULL), CRM_OK);
		assert_int_equal(crm_itemsets_each(&s, see, x, NULL), CRM_OK);
		assert_int_equal(
		    crm_itemsets_supersets(&s, &mark, NULL), CRM_OK);
		for (uint32_t m = 1; m < 1u << ITEMS; m++) {
			uint32_t c = count(mask, b.n, m);

			if (c < opt.min_count ||
			    (opt.max_size &&
				__builtin_popcount(m) > (int)opt.max_size))
				continue;
			want++;
			if (!x->yes[m] || x->count[m] != c)
				fail_msg("round %u: set %x has %u, not %u",
				    round, m, x->count[m], c);
			check_supersets(x, mark, m);
		}
		assert_int_equal(x->n, want);
		assert_int_equal(
		    crm_itemsets_parts(&s, see_parts, x, NULL), CRM_OK);
		assert_int_equal(x->n, 0);
		free(mark);
		crm_itemsets_release(&s);
		crm_baskets_release(&b);
	}
	free(x);
}

static void
more_sets_than_there_is_room_for_are_refused(void **state)
{
	struct crm_itemset_options opt = {.min_count = 1, .max_bytes = 4096};
	struct crm_baskets b = {0};
	struct crm_itemsets s;
	struct crm_err err = {0};

	(void)state;
	for (uint32_t k = 0; k < 20; k++)
		crm_baskets_add(&b, k, NULL);
	crm_baskets_end(&b, NULL);
	assert_int_equal(crm_itemsets_mine(&s, &b, &opt, &err), CRM_EDATA);
	assert_string_equal(err.text,
	    "there are more than 256 frequent itemsets, which are more than "
	    "fit into 0 MiB");
	crm_baskets_release(&b);
}

static void
nothing_has_no_sets(void **state)
{
	struct crm_itemset_options opt = {.min_count = 1};
	struct crm_baskets b = {0};
	struct crm_itemsets s;

	(void)state;
	assert_int_equal(crm_itemsets_mine(&s, &b, &opt, NULL), CRM_OK);
	assert_int_equal(s.n, 1);
	assert_int_equal(s.node[0].nchild, 0);
	crm_itemsets_release(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_sets_are_found_with_their_counts),
	    cmocka_unit_test(more_sets_than_there_is_room_for_are_refused),
	    cmocka_unit_test(nothing_has_no_sets),
	};

	return cmocka_run_group_tests_name("itemset", tests, NULL, NULL);
}
