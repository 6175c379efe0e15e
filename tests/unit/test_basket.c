/*
 * test_basket.c - baskets, shares, measures.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <crm/basket.h>

static void
items_of_a_basket_rise_and_are_there_once(void **state)
{
	struct crm_baskets b = {0};
	static const uint32_t in[] = {5, 2, 5, 9, 2}, want[] = {2, 5, 9};

	(void)state;
	assert_int_equal(crm_baskets_end(&b, NULL), CRM_NO);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(crm_baskets_add(&b, in[i], NULL), CRM_OK);
	assert_int_equal(crm_baskets_end(&b, NULL), CRM_OK);
	for (uint32_t i = 100; i > 0; i--)
		crm_baskets_add(&b, i, NULL);
	assert_int_equal(crm_baskets_end(&b, NULL), CRM_OK);
	assert_int_equal(b.n, 2);
	assert_int_equal(b.nitems, 101);
	assert_int_equal(b.start[1], 3);
	assert_int_equal(b.start[2], 103);
	assert_memory_equal(b.item, want, sizeof want);
	for (uint32_t i = 0; i < 100; i++)
		assert_int_equal(b.item[3 + i], i + 1);
	crm_baskets_release(&b);
}

static void
lines_in_any_order_are_gathered(void **state)
{
	static const uint32_t basket[] = {3, 0, 3, 0, 3},
			      item[] = {7, 1, 4, 0, 7};
	static const uint32_t want[] = {0, 1, 4, 7}, start[] = {0, 2, 4};
	struct crm_baskets b = {0};
	uint32_t place[4];

	(void)state;
	assert_int_equal(
	    crm_baskets_gather(&b, basket, item, 5, 4, place, NULL), CRM_OK);
	assert_int_equal(b.n, 2);
	assert_memory_equal(b.item, want, sizeof want);
	assert_memory_equal(b.start, start, sizeof start);
	assert_int_equal(place[0], 0);
	assert_int_equal(place[1], UINT32_MAX);
	assert_int_equal(place[3], 1);
	crm_baskets_release(&b);
}

static void
shares_are_exact(void **state)
{
	static const struct {
		const char *text;
		bool counts;
		int code;
		uint64_t n, least;
	} row[] = {
	    {".001", true, CRM_OK, 9835, 10},
	    {"0.001", true, CRM_OK, 10000, 10},
	    {"0.1%", true, CRM_OK, 10001, 11},
	    {"0.07", true, CRM_OK, 100, 7},
	    {"10", true, CRM_OK, 9835, 10},
	    {"1", true, CRM_OK, 9835, 1},
	    {"1.0", true, CRM_OK, 9835, 9835},
	    {"1", false, CRM_OK, 9835, 9835},
	    {"100%", false, CRM_OK, 3, 3},
	    {".000000001", true, CRM_OK, 5, 1},
	    {"0", true, CRM_EUSAGE, 0, 0},
	    {"", true, CRM_EUSAGE, 0, 0},
	    {".", true, CRM_EUSAGE, 0, 0},
	    {"%", true, CRM_EUSAGE, 0, 0},
	    {"-.5", true, CRM_EUSAGE, 0, 0},
	    {"1.5", true, CRM_EUSAGE, 0, 0},
	    {"101%", true, CRM_EUSAGE, 0, 0},
	    {"2", false, CRM_EUSAGE, 0, 0},
	    {"1e-12%", true, CRM_EUSAGE, 0, 0},
	    /* longer than any number is written */
	    {"0000000000000000000000000000000000000000000000000000000000000000"
	     "0.5",
		true, CRM_EUSAGE, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct crm_share s;
		int code = crm_share_parse(
		    crm_str(row[i].text), row[i].counts, &s, NULL);

		if (code != row[i].code ||
		    (code == CRM_OK &&
			crm_share_of(&s, row[i].n) != row[i].least))
			fail_msg("'%s'", row[i].text);
		if (code == CRM_OK &&
		    (!crm_share_reached(&s, row[i].least, row[i].n) ||
			(row[i].least > 1 &&
			    crm_share_reached(&s, row[i].least - 1, row[i].n))))
			fail_msg("'%s' is reached by others", row[i].text);
	}
}

static void
near(const char *what, double got, double want)
{
	double d = got - want;

	if (!(d < 1e-9 * (want < 0 ? 1 - want : 1 + want) &&
		-d < 1e-9 * (want < 0 ? 1 - want : 1 + want)))
		fail_msg("%s: %.17g, not %.17g", what, got, want);
}

static void
measures_are_those_of_the_papers(void **state)
{
	/* Instant food products and soda with hamburger meat in the groceries of
	 * arules: its own figures. */
	struct crm_together t = {.n = 9835, .a = 19, .b = 327, .both = 12};
	/* "the swiss", Dunning 1993: k(AB) 110, k(~AB) 2442, k(A~B) 111,
	 * k(~A~B) 29114, -2 log lambda 270.72. */
	struct crm_together swiss = {.n = 110 + 2442 + 111 + 29114,
	    .a = 110 + 111,
	    .b = 110 + 2442,
	    .both = 110};
	struct crm_together sure = {.n = 10, .a = 2, .b = 5, .both = 2};
	struct crm_together all = {.n = 10, .a = 10, .b = 5, .both = 5};
	double llr = crm_together_llr(&swiss);

	(void)state;
	near("lift", crm_together_lift(&t), 12.0 * 9835 / (19.0 * 327));
	near("leverage", crm_together_leverage(&t),
	    12.0 / 9835 - 19.0 * 327 / 9835 / 9835);
	near("conviction", crm_together_conviction(&t),
	    (1 - 327.0 / 9835) / (1 - 12.0 / 19));
	assert_true(
	    crm_together_lift(&t) > 18.9956 && crm_together_lift(&t) < 18.9957);
	assert_true(llr > 270.715 && llr < 270.725);
	assert_true(crm_together_conviction(&sure) < 0);
	assert_true(crm_together_chi_square(&all) < 0);
	near("chi", crm_together_chi_square(&sure), 2.5);
	near("cosine", crm_together_cosine(&sure), 0.63245553203367588);
	near("nothing", crm_together_llr(&all), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(items_of_a_basket_rise_and_are_there_once),
	    cmocka_unit_test(lines_in_any_order_are_gathered),
	    cmocka_unit_test(shares_are_exact),
	    cmocka_unit_test(measures_are_those_of_the_papers),
	};

	return cmocka_run_group_tests_name("basket", tests, NULL, NULL);
}
