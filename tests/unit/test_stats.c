/*
 * test_stats.c - quantiles against sorted arrays and published values, own
 * functions against libm, variates against their moments and a fixed stream.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <crm/stats.h>

static int
by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void
sorting_agrees_with_qsort(void **state)
{
	static int64_t a[5000], b[5000];
	struct crm_rand r;

	(void)state;
	crm_rand_seed(&r, 3);
	for (unsigned round = 0; round < 60; round++) {
		size_t n = (size_t)crm_rand_below(&r, 5000);

		for (size_t i = 0; i < n; i++) {
			a[i] = (int64_t)crm_rand_next(&r) >> round;
			b[i] = a[i];
		}
		assert_int_equal(crm_sort_int(a, n, NULL), CRM_OK);
		qsort(b, n, sizeof *b, by_size);
		if (n && memcmp(a, b, n * sizeof *a) != 0)
			fail_msg("round %u: %zu values", round, n);
	}
}

static void
values_at_places_are_those_of_the_sorted(void **state)
{
	static int64_t v[5000], sorted[5000], got[40];
	static size_t place[40];
	struct crm_rand r;

	(void)state;
	crm_rand_seed(&r, 5);
	for (unsigned round = 0; round < 128; round++) {
		size_t n = 1 + (size_t)crm_rand_below(&r, 5000), m = 0;

		for (size_t i = 0; i < n; i++)
			v[i] = (int64_t)crm_rand_next(&r) >> (round % 64);
		if (round >= 64) /* one far from the others */
			v[n / 2] = round % 2 ? INT64_MAX : INT64_MIN;
		memcpy(sorted, v, n * sizeof *v);
		qsort(sorted, n, sizeof *sorted, by_size);
		for (size_t at = 0; at < n && m < 40; m++) {
			place[m] = at;
			at += (size_t)crm_rand_below(&r, n / 20 + 2);
		}
		assert_int_equal(crm_ranked(v, n, place, m, got, NULL), CRM_OK);
		for (size_t i = 0; i < m; i++)
			if (got[i] != sorted[place[i]])
				fail_msg("round %u: place %zu of %zu", round,
				    place[i], n);
	}
}

static void
a_quantile_is_of_type_7_and_exact(void **state)
{
	static const int64_t five[] = {1, 2, 4, 8, 16}, one[] = {-7};
	static const int64_t wide[] = {INT64_MIN, INT64_MAX};
	/* Expected: R's quantile(x, p, type = 7). */
	const struct {
		const int64_t *v;
		size_t n;
		uint32_t a, b;
		const char *text;
	} rows[] = {
	    {five, 5, 0, 1, "1"},
	    {five, 5, 1, 1, "16"},
	    {five, 5, 1, 2, "4"},
	    {five, 5, 1, 4, "2"},
	    {five, 5, 1, 5, "1.8"},
	    {five, 5, 3, 10, "2.4"},
	    {five, 5, 4, 5, "9.6"},
	    {five, 5, 1, 3, "2.666666666666"},
	    {one, 1, 1, 3, "-7"},
	    {wide, 2, 1, 2, "-0.5"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct crm_cut cut =
		    crm_quantile(rows[i].v, rows[i].n, rows[i].a, rows[i].b);
		struct crm_buf b = {0};
		struct crm_dec d;

		if (i == 9) {
			/* Below zero the base is the floor. */
			assert_int_equal(cut.base, -1);
			assert_int_equal(cut.num * 2, cut.den);
			continue;
		}
		assert_true(crm_cut_dec(&cut, 0, &d));
		crm_dec_put(&b, d);
		if (!crm_str_is(crm_buf_str(&b), rows[i].text))
			fail_msg("row %zu: %s, not %s", i, crm_buf_cstr(&b),
			    rows[i].text);
		crm_buf_release(&b);
	}
}

static void
values_lie_below_at_or_above_a_cut(void **state)
{
	const struct {
		const char *cut;
		unsigned digits;
		int64_t v;
		int want;
	} rows[] = {
	    {"297.4", 0, 297, -1},
	    {"297.4", 0, 298, 1},
	    {"115", 0, 115, 0},
	    {"255.8", 2, 25580, 0},
	    {"255.8", 2, 25579, -1},
	    {"255.805", 2, 25580, -1},
	    {"255.805", 2, 25581, 1},
	    {"-0.5", 0, 0, 1},
	    {"-0.5", 0, -1, -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct crm_dec d;
		struct crm_cut cut;
		int got;

		assert_int_equal(
		    crm_dec_parse(crm_str(rows[i].cut), &d), CRM_OK);
		assert_int_equal(
		    crm_cut_from_dec(d, rows[i].digits, &cut, NULL), CRM_OK);
		got = crm_cut_cmp(rows[i].v, &cut);
		if (got != rows[i].want)
			fail_msg("row %zu: %d, not %d", i, got, rows[i].want);
	}
}

/* How many doubles lie between two of the same sign. */
static uint64_t
apart(double a, double b)
{
	uint64_t x, y;

	memcpy(&x, &a, sizeof x);
	memcpy(&y, &b, sizeof y);
	return x > y ? x - y : y - x;
}

static void
log_and_exp_are_libms_within_two_places(void **state)
{
	struct crm_rand r;

	(void)state;
	crm_rand_seed(&r, 5);
	for (unsigned i = 0; i < 400000; i++) {
		double u = crm_rand_unit(&r), x;

		x = i % 4 == 0 ? ldexp(u, (int)crm_rand_below(&r, 2100) - 1060)
		    : i % 4 == 1 ? 1 + (u - 0.5) * ldexp(1, -(int)(i % 60))
				 : u;
		if (x > 0 && apart(crm_log(x), log(x)) > 2)
			fail_msg("log %a: %a, not %a", x, crm_log(x), log(x));
		x = i % 2 ? (u - 0.5) * 1400 : (u - 0.5) * 4;
		if (exp(x) > 1e-300 && apart(crm_exp(x), exp(x)) > 2)
			fail_msg("exp %a: %a, not %a", x, crm_exp(x), exp(x));
	}
	assert_true(crm_exp(0) == 1 && crm_log(1) == 0);
	assert_true(crm_exp(800) > 1e308 && crm_exp(-800) == 0);
	assert_true(crm_exp(-740) > 0 && crm_exp(-740) < 1e-320);
	assert_true(crm_log(0) < -1e308 && isnan(crm_log(-1)));
	assert_true(isnan(crm_exp(NAN)) && isnan(crm_log(NAN)));
}

enum { DRAWS = 200000 };

static void
variates_have_their_means_and_variances(void **state)
{
	static const char *const name[] = {"normal", "exponential", "gamma 0.3",
	    "gamma 4.5", "beta 0.8 2.4", "poisson 0.7", "poisson 40"};
	static const double mean[] = {0, 1, 0.3, 4.5, 0.25, 0.7, 40};
	static const double variance[] = {
	    1, 1, 0.3, 4.5, 0.8 * 2.4 / (3.2 * 3.2 * 4.2), 0.7, 40};
	struct crm_rand r;

	(void)state;
	crm_rand_seed(&r, 7);
	for (unsigned k = 0; k < sizeof name / sizeof *name; k++) {
		double sum = 0, squares = 0, m, v;

		for (unsigned i = 0; i < DRAWS; i++) {
			double x = k == 0   ? crm_normal(&r)
				   : k == 1 ? crm_exponential(&r)
				   : k == 2 ? crm_gamma(&r, 0.3)
				   : k == 3 ? crm_gamma(&r, 4.5)
				   : k == 4 ? crm_beta(&r, 0.8, 2.4)
				   : k == 5 ? (double)crm_poisson(&r, 0.7)
					    : (double)crm_poisson(&r, 40);

			sum += x;
			squares += x * x;
		}
		m = sum / DRAWS;
		v = squares / DRAWS - m * m;
		if (fabs(m - mean[k]) > 5 * sqrt(variance[k] / DRAWS) ||
		    fabs(v / variance[k] - 1) > 0.04)
			fail_msg("%s: mean %g, variance %g", name[k], m, v);
	}
}

static void
zipf_draws_have_their_probabilities(void **state)
{
	static const double power[] = {0.7, 1, 1.2, 2};

	(void)state;
	for (unsigned p = 0; p < sizeof power / sizeof *power; p++) {
		unsigned count[51] = {0};
		struct crm_zipf z;
		struct crm_rand r;
		double sum = 0;

		crm_rand_seed(&r, p);
		crm_zipf_init(&z, 50, power[p]);
		for (unsigned i = 0; i < DRAWS; i++) {
			uint64_t k = crm_zipf_draw(&z, &r);

			assert_true(k >= 1 && k <= 50);
			count[k]++;
		}
		for (int k = 1; k <= 50; k++)
			sum += pow(k, -power[p]);
		for (int k = 1; k <= 50; k++) {
			double want = DRAWS * pow(k, -power[p]) / sum;

			if (fabs(count[k] - want) > 5 * sqrt(want) + 1)
				fail_msg("power %g: %d came %u times, not %g",
				    power[p], k, count[k], want);
		}
	}
	{
		struct crm_zipf z;
		struct crm_rand r;

		crm_rand_seed(&r, 1);
		crm_zipf_init(&z, 1, 1.1);
		assert_int_equal(crm_zipf_draw(&z, &r), 1);
	}
}

static void
the_same_seed_gives_the_same_bits(void **state)
{
	/* Seen on x86-64 with gcc; every other machine and compiler must give
	 * the same. */
	struct crm_rand r;
	uint64_t h = 0;

	(void)state;
	crm_rand_seed(&r, 2026);
	for (unsigned i = 0; i < 20000; i++) {
		double x[4];

		x[0] = crm_normal(&r);
		x[1] = crm_gamma(&r, 0.4);
		x[2] = crm_beta(&r, 0.8, 3);
		x[3] = crm_exponential(&r) + (double)crm_poisson(&r, 3);
		h = h * 31 + crm_hash64(x, sizeof x);
	}
	if (h != 0x3eb1567ca5482dfe)
		fail_msg("%016llx", (unsigned long long)h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sorting_agrees_with_qsort),
	    cmocka_unit_test(values_at_places_are_those_of_the_sorted),
	    cmocka_unit_test(a_quantile_is_of_type_7_and_exact),
	    cmocka_unit_test(values_lie_below_at_or_above_a_cut),
	    cmocka_unit_test(log_and_exp_are_libms_within_two_places),
	    cmocka_unit_test(variates_have_their_means_and_variances),
	    cmocka_unit_test(zipf_draws_have_their_probabilities),
	    cmocka_unit_test(the_same_seed_gives_the_same_bits),
	};

	return cmocka_run_group_tests_name("stats", tests, NULL, NULL);
}
