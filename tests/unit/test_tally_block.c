/*
 * test_tally_block.c - figures of neighbours come back as they were kept, and
 * what is no entry is told.
 */
#include "unit/tmpstore.h"

#include <crm/hash.h>
#include <crm/ledger.h>

static struct crm_tally
random_tally(struct crm_rand *r, unsigned shift)
{
	struct crm_tally y = {.first = INT64_MIN, .last = INT64_MIN};
	int64_t *f[] = {&y.orders, &y.revenue, &y.spent, &y.refunded,
	    &y.discounts, &y.cost, &y.returns, &y.tickets, &y.open_tickets,
	    &y.touches, &y.items.v};

	for (size_t i = 0; i < sizeof f / sizeof *f; i++)
		if (crm_rand_below(r, 4) > 0)
			*f[i] = (int64_t)crm_rand_next(r) >> shift;
	y.items.scale = (uint8_t)crm_rand_below(r, CRM_SCALE_MAX + 1);
	if (crm_rand_below(r, 5) > 0) {
		y.first = INT64_MIN + 1 + (int64_t)(crm_rand_next(r) >> 1);
		y.last = (int64_t)(crm_rand_next(r) >> 1);
		if (y.last < y.first)
			y.last = y.first;
	}
	if (y.touches != 0)
		y.last_touch = (int64_t)crm_rand_next(r);
	return y;
}

static void
same(const struct crm_tally *a, const struct crm_tally *b)
{
	struct crm_buf x = {0}, y = {0};

	crm_tally_encode(a, &x);
	crm_tally_encode(b, &y);
	assert_true(crm_str_eq(crm_buf_str(&x), crm_buf_str(&y)));
	crm_buf_release(&x);
	crm_buf_release(&y);
}

static void
figures_come_back_together_and_one_by_one(void **state)
{
	struct crm_rand r;
	char kb[8];

	(void)state;
	crm_rand_seed(&r, 11);
	for (unsigned round = 0; round < 500; round++) {
		struct crm_tally_block x = {.first = 33}, got;
		struct crm_str key = crm_number_key(33, kb), bytes;
		struct crm_tally_view v;
		struct crm_buf b = {0};
		struct crm_err err;

		x.live = (uint32_t)crm_rand_next(&r);
		x.have = round % 10 ? (uint32_t)crm_rand_next(&r) : 0;
		for (unsigned i = 0; i < CRM_TALLY_RANGE; i++)
			x.y[i] = random_tally(&r, round % 64);
		crm_tally_block_put(&x, &b);
		bytes = crm_buf_str(&b);
		assert_int_equal(crm_tally_view(key, bytes, &v, NULL), CRM_OK);
		assert_int_equal(crm_tally_block(&v, &got, NULL), CRM_OK);
		assert_int_equal(got.first, 33);
		assert_int_equal(got.live, x.live);
		assert_int_equal(got.have, x.have);
		for (unsigned i = 0; i < CRM_TALLY_RANGE; i++) {
			struct crm_tally one;

			assert_int_equal(
			    crm_tally_one(&v, 33 + i, &one, NULL), CRM_OK);
			if (!(x.have >> i & 1)) {
				assert_int_equal(one.orders, 0);
				assert_int_equal(one.first, INT64_MIN);
				continue;
			}
			same(&one, &x.y[i]);
			same(&got.y[i], &x.y[i]);
		}
		/* what is cut off, or longer, is none */
		for (size_t n = 0; n < bytes.n; n++)
			assert_int_equal(
			    crm_tally_view(
				key, (struct crm_str){bytes.p, n}, &v, &err),
			    CRM_EDAMAGE);
		crm_buf_putc(&b, 0);
		assert_int_equal(crm_tally_view(key, crm_buf_str(&b), &v, &err),
		    CRM_EDAMAGE);
		crm_buf_release(&b);
	}
}

static void
keys_are_the_first_of_their_range(void **state)
{
	static const struct {
		uint64_t customer, first;
	} rows[] = {{1, 1}, {32, 1}, {33, 33}, {64, 33}, {65, 65}, {0, 0},
	    {9999999999, 9999999969}};
	struct crm_tally_block x = {.first = 1, .live = 1};
	struct crm_tally_view v;
	struct crm_buf b = {0};
	char kb[8];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_int_equal(
		    crm_tally_first(rows[i].customer), rows[i].first);
	crm_tally_block_put(&x, &b);
	for (uint64_t n = 0; n < 70; n++)
		assert_int_equal(crm_tally_view(crm_number_key(n, kb),
				     crm_buf_str(&b), &v, NULL),
		    n % 32 == 1 ? CRM_OK : CRM_EDAMAGE);
	assert_int_equal(
	    crm_tally_view(CRM_STR("short"), crm_buf_str(&b), &v, NULL),
	    CRM_EDAMAGE);
	crm_buf_release(&b);
}

/* Any bytes are read or refused, and nothing beside them is. */
static void
bytes_of_chance_are_no_harm(void **state)
{
	struct crm_rand r;
	char kb[8];
	struct crm_str key = crm_number_key(1, kb);

	(void)state;
	crm_rand_seed(&r, 12);
	for (unsigned round = 0; round < 20000; round++) {
		size_t n = (size_t)crm_rand_below(&r, 120);
		char *p = malloc(n ? n : 1); /* for a sanitizer */
		struct crm_tally_block got;
		struct crm_tally_view v;

		for (size_t i = 0; i < n; i++)
			p[i] = (char)(crm_rand_below(&r, 3)
					  ? 0
					  : crm_rand_below(&r, 12));
		if (n > 0)
			p[0] = 1;
		if (crm_tally_view(key, (struct crm_str){p, n}, &v, NULL) ==
		    CRM_OK)
			(void)crm_tally_block(&v, &got, NULL);
		free(p);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(figures_come_back_together_and_one_by_one),
	    cmocka_unit_test(keys_are_the_first_of_their_range),
	    cmocka_unit_test(bytes_of_chance_are_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
