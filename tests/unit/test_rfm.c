/*
 * test_rfm.c - scores by quantiles and by fixed cuts; published ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <crm/rfm.h>

struct row {
	uint64_t customer;
	int64_t figure[CRM_RFM_FIGURES];
};

/* Rows as the figures have them; release them. */
static void
take(struct crm_rfm *x, const struct row *row, size_t n)
{
	*x = (struct crm_rfm){.n = n, .cap = n};
	x->customer = malloc(n * sizeof *x->customer);
	for (size_t i = 0; i < n; i++)
		x->customer[i] = row[i].customer;
	for (int k = 0; k < CRM_RFM_FIGURES; k++) {
		x->figure[k] = malloc(n * sizeof *x->figure[k]);
		for (size_t i = 0; i < n; i++)
			x->figure[k][i] = row[i].figure[k];
	}
}

static unsigned
score(const struct crm_rfm *x, int k, size_t i)
{
	return crm_rfm_score(x, k, x->figure[k][i]);
}

static void
fixed_cuts_give_the_published_scores(void **state)
{
	/* R package rfm, its data of orders at 2006-12-31. */
	struct row row[] = {{1, {229, 8, 85200}}, {2, {252, 8, 52600}},
	    {3, {545, 4, 30000}}, {4, {44, 10, 86800}}};
	static const unsigned want[] = {355, 354, 122, 555};
	struct crm_rfm x;

	(void)state;
	take(&x, row, 4);
	assert_int_equal(
	    crm_rfm_fix(&x, CRM_RFM_R, CRM_STR("115,181,297.4,482"), 0, NULL),
	    CRM_OK);
	assert_int_equal(
	    crm_rfm_fix(&x, CRM_RFM_F, CRM_STR("4,5,6,8"), 0, NULL), CRM_OK);
	assert_int_equal(crm_rfm_fix(&x, CRM_RFM_M,
			     CRM_STR("255.8, 382, 506.4, 666"), 2, NULL),
	    CRM_OK);
	for (size_t i = 0; i < 4; i++) {
		unsigned got = (unsigned)crm_rfm_side(
		    &x, score(&x, 0, i), score(&x, 1, i), score(&x, 2, i));

		if (got != want[i])
			fail_msg("row %zu: %u, not %u", i, got, want[i]);
	}
	crm_rfm_release(&x);
}

static void
a_value_at_a_cut_lies_below_quantiles_and_above_fixed_ones(void **state)
{
	struct row row[5] = {{0}};
	static const unsigned by_quantile[] = {1, 1, 1, 2, 2};
	static const unsigned by_fixed[] = {1, 1, 2, 2, 2};
	struct crm_rfm x;

	(void)state;
	for (size_t i = 0; i < 5; i++)
		row[i].figure[CRM_RFM_F] = (int64_t)i + 1;
	take(&x, row, 5);
	for (int k = 0; k < CRM_RFM_FIGURES; k++)
		assert_int_equal(crm_rfm_quantiles(&x, k, 2, NULL), CRM_OK);
	for (size_t i = 0; i < 5; i++)
		if (score(&x, CRM_RFM_F, i) != by_quantile[i])
			fail_msg("quantile: row %zu", i);
	crm_rfm_fix(&x, CRM_RFM_F, CRM_STR("3"), 0, NULL);
	for (size_t i = 0; i < 5; i++)
		if (score(&x, CRM_RFM_F, i) != by_fixed[i])
			fail_msg("fixed: row %zu", i);
	crm_rfm_release(&x);
}

static void
equal_values_have_equal_scores_and_few_days_the_best(void **state)
{
	static struct row row[1000];
	struct crm_rand r;
	struct crm_rfm x;

	(void)state;
	crm_rand_seed(&r, 1);
	for (size_t i = 0; i < 1000; i++) {
		row[i].figure[CRM_RFM_R] = (int64_t)crm_rand_below(&r, 300);
		row[i].figure[CRM_RFM_F] = 1 + (int64_t)crm_poisson(&r, 0.4);
		row[i].figure[CRM_RFM_M] = (int64_t)crm_rand_below(&r, 99999);
	}
	take(&x, row, 1000);
	for (int k = 0; k < CRM_RFM_FIGURES; k++)
		assert_int_equal(crm_rfm_quantiles(&x, k, 10, NULL), CRM_OK);
	for (size_t i = 1; i < 1000; i++)
		for (int k = 0; k < CRM_RFM_FIGURES; k++) {
			int64_t a = row[i - 1].figure[k], b = row[i].figure[k];
			unsigned s = score(&x, k, i - 1), t = score(&x, k, i);

			assert_in_range(t, 1, 10);
			if (k == CRM_RFM_R) {
				int64_t swap = a;

				a = b;
				b = swap;
			}
			if ((a == b && s != t) || (a < b && s > t) ||
			    (a > b && s < t))
				fail_msg("row %zu, figure %d", i, k);
		}
	/* Most have one order: no cut lies below it, so all of them are in
	 * the lowest. */
	for (size_t i = 0; i < 1000; i++)
		if (row[i].figure[CRM_RFM_F] == 1)
			assert_int_equal(score(&x, CRM_RFM_F, i), 1);
	crm_rfm_release(&x);
}

static void
bad_cuts_are_refused(void **state)
{
	static const char *const rows[] = {"", "1,x", "1,1", "2,1", "1,,2",
	    "99999999999999999999", "9000000000000000000"};
	struct crm_rfm x = {0};
	struct crm_err err;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (crm_rfm_fix(&x, CRM_RFM_M, crm_str(rows[i]), 2, &err) !=
		    CRM_EUSAGE)
			fail_msg("'%s' was taken", rows[i]);
	assert_int_equal(crm_rfm_quantiles(&x, CRM_RFM_M, 1, &err), CRM_EUSAGE);
	assert_int_equal(
	    crm_rfm_quantiles(&x, CRM_RFM_M, 101, &err), CRM_EUSAGE);
	assert_int_equal(crm_rfm_quantiles(&x, CRM_RFM_M, 5, &err), CRM_OK);
}

static void
a_set_keeps_its_rows_in_order(void **state)
{
	struct row row[5] = {{0}};
	struct crm_idmap set = {0};
	struct crm_rfm x;

	(void)state;
	for (size_t i = 0; i < 5; i++)
		row[i].customer = i + 1;
	take(&x, row, 5);
	crm_idmap_put(&set, 4, 1);
	crm_idmap_put(&set, 2, 1);
	crm_idmap_put(&set, 9, 1);
	crm_rfm_within(&x, &set);
	assert_int_equal(x.n, 2);
	assert_int_equal(x.customer[0], 2);
	assert_int_equal(x.customer[1], 4);
	crm_idmap_release(&set);
	crm_rfm_release(&x);
}

static int
gather(void *ctx, struct crm_str lines, uint64_t rows, struct crm_err *err)
{
	struct crm_buf *b = ctx;

	assert_true(rows > 0);
	crm_buf_putstr(b, lines);
	return crm_buf_check(b, err);
}

static void
expect_line(struct crm_buf *b, const struct crm_rfm *x, size_t i)
{
	unsigned r = score(x, 0, i), f = score(x, 1, i), m = score(x, 2, i);

	crm_buf_putf(b, "C%010llu\t%lld\t%lld\t",
	    (unsigned long long)x->customer[i],
	    (long long)x->figure[CRM_RFM_R][i],
	    (long long)x->figure[CRM_RFM_F][i]);
	crm_money_put(b, x->figure[CRM_RFM_M][i], 2);
	crm_buf_putf(b, "\t%u\t%u\t%u\t%lld\n", r, f, m,
	    (long long)crm_rfm_side(x, r, f, m));
}

/* By one thread and by three, with few scores and with many; numbers that lie
 * apart, that carry, and that get an eleventh digit. */
static void
lines_are_those_of_the_values(void **state)
{
	static struct row row[20000];
	static const unsigned bins[] = {5, 9, 100};
	struct crm_rand r;
	uint64_t customer = 0;

	(void)state;
	crm_rand_seed(&r, 7);
	for (size_t i = 0; i < 20000; i++) {
		customer += i == 15000 ? 9999995000 - customer
			    : i % 700  ? 1
				       : 1 + crm_rand_below(&r, 1000);
		row[i] = (struct row){customer,
		    {(int64_t)crm_rand_below(&r, 3000) - 100,
			(int64_t)crm_rand_below(&r, 20),
			(int64_t)(crm_rand_next(&r) >> (i % 64)) - 500}};
	}
	for (size_t n = 0; n < 3; n++) {
		struct crm_buf want = {0}, got = {0};
		struct crm_rfm x;

		take(&x, row, 20000);
		for (int k = 0; k < CRM_RFM_FIGURES; k++)
			assert_int_equal(
			    crm_rfm_quantiles(&x, k, bins[n], NULL), CRM_OK);
		for (size_t i = 0; i < x.n; i++)
			expect_line(&want, &x, i);
		for (unsigned threads = 1; threads <= 3; threads += 2) {
			crm_buf_clear(&got);
			assert_int_equal(
			    crm_rfm_lines(&x, 2, threads, gather, &got, NULL),
			    CRM_OK);
			assert_true(
			    crm_str_eq(crm_buf_str(&want), crm_buf_str(&got)));
		}
		crm_buf_release(&want);
		crm_buf_release(&got);
		crm_rfm_release(&x);
	}
}

static int
refuse(void *ctx, struct crm_str lines, uint64_t rows, struct crm_err *err)
{
	(void)lines;
	(void)rows;
	++*(unsigned *)ctx;
	return crm_err_set(err, CRM_EIO, "full");
}

static void
lines_that_are_not_taken_end_it(void **state)
{
	static struct row row[20000];
	struct crm_err err = {0};
	unsigned calls = 0;
	struct crm_rfm x;

	(void)state;
	take(&x, row, 20000);
	for (int k = 0; k < CRM_RFM_FIGURES; k++)
		assert_int_equal(crm_rfm_quantiles(&x, k, 5, NULL), CRM_OK);
	assert_int_equal(
	    crm_rfm_lines(&x, 2, 2, refuse, &calls, &err), CRM_EIO);
	assert_string_equal(err.text, "full");
	assert_int_equal(calls, 1);
	crm_rfm_release(&x);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(fixed_cuts_give_the_published_scores),
	    cmocka_unit_test(
		a_value_at_a_cut_lies_below_quantiles_and_above_fixed_ones),
	    cmocka_unit_test(
		equal_values_have_equal_scores_and_few_days_the_best),
	    cmocka_unit_test(bad_cuts_are_refused),
	    cmocka_unit_test(a_set_keeps_its_rows_in_order),
	    cmocka_unit_test(lines_are_those_of_the_values),
	    cmocka_unit_test(lines_that_are_not_taken_end_it),
	};

	return cmocka_run_group_tests_name("rfm", tests, NULL, NULL);
}
