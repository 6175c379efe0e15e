/*
 * test_special.c - special functions at values from tables, and the minimiser
 * on the functions of More, Garbow and Hillstrom (1981).
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <crm/special.h>

static bool
close_to(double a, double b, double tol)
{
	return fabs(a - b) <= tol * (1 + fabs(b));
}

static void
logarithms_of_gamma_are_those_of_factorials_and_of_pi(void **state)
{
	double f = 0;

	(void)state;
	for (int n = 1; n < 170; n++) {
		if (!close_to(crm_lgamma(n), f, 2e-15))
			fail_msg("lgamma(%d) is %.17g", n, crm_lgamma(n));
		f += log(n);
	}
	assert_true(close_to(crm_lgamma(0.5), 0.57236494292470008707, 4e-15));
	assert_true(close_to(crm_lgamma(1e-8), 18.420680738180209, 1e-14));
	assert_true(close_to(crm_lgamma(1e6), 12815504.569147611902, 1e-15));
	assert_true(crm_lgamma(0) == HUGE_VAL);
	/* B(a, 2) = 1 / (a (a + 1)) */
	for (double a = 1e-3; a < 1e15; a *= 7)
		if (!close_to(crm_lbeta(a, 2) / -log(a * (a + 1)), 1, 1e-13) ||
		    crm_lbeta(a, 2) != crm_lbeta(2, a))
			fail_msg("lbeta(%g, 2) is %.17g", a, crm_lbeta(a, 2));
	/* Gamma(x) Gamma(1 - x) = pi / sin(pi x) */
	for (double x = 0.01; x < 1; x += 0.01)
		assert_true(close_to(crm_lgamma(x) + crm_lgamma(1 - x),
		    log(3.14159265358979323846 /
			sin(3.14159265358979323846 * x)),
		    4e-15));
}

static void
small_differences_from_one_keep_their_digits(void **state)
{
	(void)state;
	for (double x = 1e-18; x < 100; x *= 3) {
		assert_true(close_to(crm_log1p(x) / log1p(x), 1, 1e-15));
		assert_true(close_to(crm_expm1(x) / expm1(x), 1, 2e-15));
		assert_true(close_to(crm_expm1(-x) / expm1(-x), 1, 2e-15));
	}
	assert_true(crm_logsum(-HUGE_VAL, 3) == 3);
	assert_true(close_to(crm_logsum(1000, 1000), 1000.69314718056, 1e-14));
}

static void
hypergeometric_functions_that_have_a_simple_form(void **state)
{
	unsigned steps;

	(void)state;
	/* 2F1(1, 1; 2; z) = -log(1 - z) / z; 2F1(1, b; c; 0) = 1 */
	for (double z = 0.001; z < 1; z += 0.037)
		assert_true(close_to(
		    crm_hyper1(1, 2, z, NULL), -log(1 - z) / z, 1e-14));
	assert_true(crm_hyper1(3, 7, 0, NULL) == 1);
	/* 2F1(1, b; b; z) = 1 / (1 - z), here as the limit c = b */
	for (double z = 0.1; z < 1; z += 0.2)
		assert_true(close_to(
		    crm_hyper1(250.3, 250.3, z, NULL), 1 / (1 - z), 1e-13));
	/* 2F1(1, 1/2; 3/2; z^2) = atanh(z) / z, near its end too */
	for (double z = 0.5; z < 0.99999; z = (1 + z) / 2)
		assert_true(close_to(
		    crm_hyper1(0.5, 1.5, z * z, NULL), atanh(z) / z, 1e-11));
	crm_hyper1(3.5, 9.25, 0.9999, &steps);
	assert_in_range(steps, 100, 3000);
}

static void
incomplete_beta_functions_are_binomial_sums(void **state)
{
	(void)state;
	/* I_x(a, n - a + 1) = P(at least a of n) */
	for (int n = 1; n < 40; n += 3)
		for (int a = 1; a <= n; a += 2)
			for (double x = 0.05; x < 1; x += 0.15) {
				double p = 0, term = pow(1 - x, n);

				for (int k = 0; k <= n; k++) {
					if (k >= a)
						p += term;
					term *=
					    (n - k) / (k + 1.0) * x / (1 - x);
				}
				assert_true(close_to(
				    crm_beta_inc(a, n - a + 1, x, 1 - x), p,
				    1e-12));
			}
	assert_true(crm_beta_inc(2, 3, 0, 1) == 0);
	assert_true(crm_beta_inc(2, 3, 1, 0) == 1);
}

/* ---- minimising ---- */

static double
rosenbrock(const double *x, void *ctx)
{
	double a = 10 * (x[1] - x[0] * x[0]), b = 1 - x[0];

	(void)ctx;
	return a * a + b * b;
}

static double
powell_singular(const double *x, void *ctx)
{
	double a = x[0] + 10 * x[1], b = x[2] - x[3], c = x[1] - 2 * x[2];
	double d = x[0] - x[3];

	(void)ctx;
	return a * a + 5 * b * b + c * c * c * c + 10 * d * d * d * d;
}

static double
wood(const double *x, void *ctx)
{
	double a = x[1] - x[0] * x[0], b = 1 - x[0], c = x[3] - x[2] * x[2];
	double d = 1 - x[2], e = x[1] + x[3] - 2, f = x[1] - x[3];

	(void)ctx;
	return 100 * a * a + b * b + 90 * c * c + d * d + 10 * e * e +
	       f * f / 10;
}

static double
beale(const double *x, void *ctx)
{
	double a = 1.5 - x[0] * (1 - x[1]);
	double b = 2.25 - x[0] * (1 - x[1] * x[1]);
	double c = 2.625 - x[0] * (1 - x[1] * x[1] * x[1]);

	(void)ctx;
	return a * a + b * b + c * c;
}

static double
helical_valley(const double *x, void *ctx)
{
	double angle = atan(x[1] / x[0]) / (2 * 3.14159265358979323846) +
		       (x[0] < 0 ? 0.5 : 0);
	double r = sqrt(x[0] * x[0] + x[1] * x[1]);
	double a = 10 * (x[2] - 10 * angle), b = 10 * (r - 1);

	(void)ctx;
	return a * a + b * b + x[2] * x[2];
}

static void
the_minimiser_finds_published_minima(void **state)
{
	static const struct {
		const char *name;
		crm_min_fn *fn;
		unsigned n;
		double from[4], to[4], tol;
	} row[] = {
	    {"Rosenbrock", rosenbrock, 2, {-1.2, 1}, {1, 1}, 1e-5},
	    {"Powell singular", powell_singular, 4, {3, -1, 0, 1}, {0}, 1e-2},
	    {"Wood", wood, 4, {-3, -1, -3, -1}, {1, 1, 1, 1}, 1e-5},
	    {"Beale", beale, 2, {1, 1}, {3, 0.5}, 1e-5},
	    {"helical valley", helical_valley, 3, {-1, 0, 0}, {1, 0, 0}, 1e-5},
	};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof row / sizeof *row; i++) {
		size_t k = i / 2;
		struct crm_min m = {.fn = row[k].fn, .n = row[k].n};
		double x[4];

		memcpy(x, row[k].from, sizeof x);
		/* both alone, and as they are used: one after the other */
		if (i % 2)
			crm_min_simplex(&m, x, 0.5, 1e-12, 2000);
		crm_min_bfgs(&m, x, NULL, 1e-9, 20000);
		for (unsigned j = 0; j < row[k].n; j++)
			if (!(fabs(x[j] - row[k].to[j]) < row[k].tol))
				fail_msg("%s: x%u is %g, not %g after %u",
				    row[k].name, j, x[j], row[k].to[j],
				    m.evals);
	}
}

static void
second_derivatives_and_inverses(void **state)
{
	struct crm_min m = {.fn = rosenbrock, .n = 2};
	double at[2] = {1, 1}, h[4], g[2];
	double bad[4] = {1, 2, 2, 1};

	(void)state;
	crm_min_gradient(&m, at, 1e-5, g);
	assert_true(fabs(g[0]) < 1e-6 && fabs(g[1]) < 1e-6);
	crm_min_hessian(&m, at, 1e-4, h);
	assert_true(close_to(h[0], 802, 1e-4) && close_to(h[1], -400, 1e-4) &&
		    close_to(h[3], 200, 1e-4) && h[1] == h[2]);
	assert_true(crm_invert(h, 2));
	assert_true(close_to(h[0], 0.5, 1e-3) && close_to(h[3], 2.005, 1e-3));
	assert_false(crm_invert(bad, 2));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		logarithms_of_gamma_are_those_of_factorials_and_of_pi),
	    cmocka_unit_test(small_differences_from_one_keep_their_digits),
	    cmocka_unit_test(hypergeometric_functions_that_have_a_simple_form),
	    cmocka_unit_test(incomplete_beta_functions_are_binomial_sums),
	    cmocka_unit_test(the_minimiser_finds_published_minima),
	    cmocka_unit_test(second_derivatives_and_inverses),
	};

	return cmocka_run_group_tests_name("special", tests, NULL, NULL);
}
