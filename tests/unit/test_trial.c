/*
 * test_trial.c - tests of a change: published values, exact counts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <crm/shift.h>

static void
near(const char *what, double got, double want)
{
	double d = got - want;

	if (d < -1e-9 * (1 + want) || d > 1e-9 * (1 + want))
		fail_msg("%s: %.12g, not %.12g", what, got, want);
}

static void
the_normal_distribution_has_its_published_tails(void **state)
{
	static const struct {
		double z, p;
	} row[] = {{0, 0.5}, {1, 0.158655253931457}, {-1, 0.841344746068543},
	    {1.959963984540054, 0.025}, {2.9999, 0.001350341351}, /* series */
	    {3.0001, 0.001349454960}, /* continued fraction */
	    {6, 9.865876450377e-10}, {38, 0}};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++)
		near("tail", crm_normal_tail(row[i].z), row[i].p);
}

static void
events_in_a_part_of_the_time_are_binomial(void **state)
{
	static const struct {
		uint64_t k, n;
		double part, p;
	} row[] = {
	    {0, 4, 0.5, 0.125}, /* 2 / 16 */
	    {4, 4, 0.5, 0.125},
	    {2, 4, 0.5, 1},
	    {0, 3, 0.25, 0.84375}, /* 2 (3/4)^3 */
	    {3, 3, 0.25, 0.03125}, /* 2 / 64 */
	    {1, 10, 0.5, 22.0 / 1024},
	    {0, 0, 0.5, 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++)
		near("poisson",
		    crm_test_poisson(row[i].k, row[i].n, row[i].part),
		    row[i].p);
}

static void
draws_are_hypergeometric(void **state)
{
	static const struct {
		uint64_t x, m, k, n;
		double p;
	} row[] = {
	    {4, 4, 4, 8, 1.0 / 70}, /* Fisher's tea */
	    {3, 4, 4, 8, 17.0 / 70}, {0, 4, 4, 8, 1}, {2, 3, 2, 10, 3.0 / 45},
	    {1, 9, 2, 10, 1}, /* one is in any nine of ten */
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++)
		near("hyper",
		    crm_test_hyper(row[i].x, row[i].m, row[i].k, row[i].n),
		    row[i].p);
}

static void
ranks_are_counted_exactly(void **state)
{
	static const struct {
		int64_t v[8];
		size_t m, n;
		double p;
		bool more;
	} row[] = {
	    {{1, 2, 3, 4, 5, 6}, 3, 6, 2.0 / 20, true},
	    {{4, 5, 6, 1, 2, 3}, 3, 6, 2.0 / 20, false},
	    {{2, 3, 4, 5, 6, 7, 8, 1}, 7, 8, 2.0 / 8, false},
	    {{1, 2, 3, 4, 5, 6, 7, 8}, 7, 8, 2.0 / 8, true},
	    {{8, 1, 2, 3, 4, 5, 6, 7}, 1, 8, 2.0 / 8, false},
	    /* ties: of 15 choices of two, three have 3 and 3 */
	    {{1, 1, 1, 3, 3, 3}, 4, 6, 6.0 / 15, true},
	    {{5, 5, 5, 5}, 2, 4, 1, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		double p;
		bool more;

		assert_int_equal(crm_test_ranks(row[i].v, row[i].m, row[i].n,
				     &p, &more, NULL),
		    CRM_OK);
		near("ranks", p, row[i].p);
		if (p < 1 && more != row[i].more)
			fail_msg("row %zu: the wrong way", i);
	}
}

static void
many_ranks_are_nearly_normal(void **state)
{
	int64_t v[100];
	double p;
	bool more;

	(void)state;
	for (int i = 0; i < 100; i++)
		v[i] = (i * 37) % 101;
	assert_int_equal(crm_test_ranks(v, 50, 100, &p, &more, NULL), CRM_OK);
	assert_true(p > 0.5);
	for (int i = 50; i < 100; i++)
		v[i] += 20;
	assert_int_equal(crm_test_ranks(v, 50, 100, &p, &more, NULL), CRM_OK);
	assert_true(p < 0.005 && p > 1e-6 && more);
}

static void
false_discoveries_are_those_of_the_paper(void **state)
{
	/* Benjamini and Hochberg 1995, 3.2: at .05 the first four of 15 */
	static const double p[15] = {0.0001, 0.0004, 0.0019, 0.0095, 0.0201,
	    0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528,
	    0.7590, 1.0};
	double q[15];

	(void)state;
	crm_false_discovery(p, 15, q);
	for (int i = 0; i < 15; i++)
		if ((q[i] <= 0.05) != (i < 4))
			fail_msg("%d: %g", i, q[i]);
	near("first", q[0], 0.0015);
	near("last", q[14], 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_normal_distribution_has_its_published_tails),
	    cmocka_unit_test(events_in_a_part_of_the_time_are_binomial),
	    cmocka_unit_test(draws_are_hypergeometric),
	    cmocka_unit_test(ranks_are_counted_exactly),
	    cmocka_unit_test(many_ranks_are_nearly_normal),
	    cmocka_unit_test(false_discoveries_are_those_of_the_paper),
	};

	return cmocka_run_group_tests_name("trial", tests, NULL, NULL);
}
