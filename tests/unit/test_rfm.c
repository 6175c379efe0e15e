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

/* Rows that own nothing. */
static void
take(struct crm_rfm *x, struct crm_rfm_row *row, size_t n)
{
	*x = (struct crm_rfm){.row = row, .n = n};
}

static void
fixed_cuts_give_the_published_scores(void **state)
{
	/* R package rfm, its data of orders at 2006-12-31. */
	struct crm_rfm_row row[] = {{1, {229, 8, 85200}, {0}},
	    {2, {252, 8, 52600}, {0}}, {3, {545, 4, 30000}, {0}},
	    {4, {44, 10, 86800}, {0}}};
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
	crm_rfm_score(&x);
	for (size_t i = 0; i < 4; i++) {
		unsigned got = row[i].score[0] * 100u + row[i].score[1] * 10u +
			       row[i].score[2];

		if (got != want[i])
			fail_msg("row %zu: %u, not %u", i, got, want[i]);
	}
}

static void
a_value_at_a_cut_lies_below_quantiles_and_above_fixed_ones(void **state)
{
	struct crm_rfm_row row[5] = {{0}};
	static const unsigned by_quantile[] = {1, 1, 1, 2, 2};
	static const unsigned by_fixed[] = {1, 1, 2, 2, 2};
	struct crm_rfm x;

	(void)state;
	take(&x, row, 5);
	for (size_t i = 0; i < 5; i++)
		row[i].figure[CRM_RFM_F] = (int64_t)i + 1;
	for (int k = 0; k < CRM_RFM_FIGURES; k++)
		assert_int_equal(crm_rfm_quantiles(&x, k, 2, NULL), CRM_OK);
	crm_rfm_score(&x);
	for (size_t i = 0; i < 5; i++)
		if (row[i].score[CRM_RFM_F] != by_quantile[i])
			fail_msg("quantile: row %zu", i);
	crm_rfm_fix(&x, CRM_RFM_F, CRM_STR("3"), 0, NULL);
	crm_rfm_score(&x);
	for (size_t i = 0; i < 5; i++)
		if (row[i].score[CRM_RFM_F] != by_fixed[i])
			fail_msg("fixed: row %zu", i);
}

static void
equal_values_have_equal_scores_and_few_days_the_best(void **state)
{
	static struct crm_rfm_row row[1000];
	struct crm_rand r;
	struct crm_rfm x;

	(void)state;
	crm_rand_seed(&r, 1);
	take(&x, row, 1000);
	for (size_t i = 0; i < 1000; i++) {
		row[i].figure[CRM_RFM_R] = (int64_t)crm_rand_below(&r, 300);
		row[i].figure[CRM_RFM_F] = 1 + (int64_t)crm_poisson(&r, 0.4);
		row[i].figure[CRM_RFM_M] = (int64_t)crm_rand_below(&r, 99999);
	}
	for (int k = 0; k < CRM_RFM_FIGURES; k++)
		assert_int_equal(crm_rfm_quantiles(&x, k, 10, NULL), CRM_OK);
	crm_rfm_score(&x);
	for (size_t i = 1; i < 1000; i++)
		for (int k = 0; k < CRM_RFM_FIGURES; k++) {
			int64_t a = row[i - 1].figure[k], b = row[i].figure[k];
			int s = row[i - 1].score[k], t = row[i].score[k];

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
			assert_int_equal(row[i].score[CRM_RFM_F], 1);
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
	crm_rfm_score(&x);
}

static void
a_set_keeps_its_rows_in_order(void **state)
{
	struct crm_rfm_row row[5] = {{0}};
	struct crm_idmap set = {0};
	struct crm_rfm x;

	(void)state;
	take(&x, row, 5);
	for (size_t i = 0; i < 5; i++)
		row[i].customer = i + 1;
	crm_idmap_put(&set, 4, 1);
	crm_idmap_put(&set, 2, 1);
	crm_idmap_put(&set, 9, 1);
	crm_rfm_within(&x, &set);
	assert_int_equal(x.n, 2);
	assert_int_equal(x.row[0].customer, 2);
	assert_int_equal(x.row[1].customer, 4);
	crm_idmap_release(&set);
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
	};

	return cmocka_run_group_tests_name("rfm", tests, NULL, NULL);
}
