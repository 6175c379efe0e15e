/*
 * special.c - gamma, beta and hypergeometric functions, the same bits
 * everywhere.
 *
 * Of 2F1 only the one with a 1 among its parameters is here: the integrals of
 * the Pareto/NBD model and the incomplete beta function can all be brought to
 * it (by Euler's transformation), with every term positive, and its continued
 * fraction needs a few dozen steps where the series needs thousands.
 */
#include <math.h>

#include <crm/special.h>

#define HALF_LOG_2PI 0x1.d67f1c864beb5p-1
#define TINY 1e-300
#define EPS 0x1p-53

double
crm_log1p(double x)
{
	double u = 1 + x;

	/* What rounding took from 1 + x is put back (Kahan). */
	if (u == 1)
		return x;
	return u > 2 ? crm_log(u) : crm_log(u) * x / (u - 1);
}

double
crm_expm1(double x)
{
	double u = crm_exp(x);

	if (u == 1)
		return x;
	if (u - 1 == -1)
		return -1;
	return x > 1 ? u - 1 : (u - 1) * x / crm_log(u);
}

double
crm_logsum(double a, double b)
{
	double hi = a > b ? a : b, lo = a > b ? b : a;

	if (!(lo > -HUGE_VAL))
		return hi;
	return hi + crm_log1p(crm_exp(lo - hi));
}

/* What Stirling's formula lacks, x >= 10. */
static double
stirling_rest(double x)
{
	double w = 1 / (x * x);

	return (1.0 / 12 -
		   w * (1.0 / 360 -
			   w * (1.0 / 1260 -
				   w * (1.0 / 1680 -
					   w * (1.0 / 1188 -
						   w * (691.0 / 360360 -
							   w / 156)))))) /
	       x;
}

double
crm_lgamma(double x)
{
	double shift = 1;

	if (!(x > 0))
		return HUGE_VAL;
	if (x > 1e300)
		return x;
	while (x < 10) {
		shift *= x;
		x += 1;
	}
	return (x - 0.5) * crm_log(x) - x + HALF_LOG_2PI + stirling_rest(x) -
	       crm_log(shift);
}

double
crm_lbeta(double a, double b)
{
	double z = a > b ? a : b, d = a > b ? b : a;

	if (!(z >= 10))
		return crm_lgamma(z) + crm_lgamma(d) - crm_lgamma(z + d);
	/* Gamma(z) / Gamma(z + d) without the size of either */
	return crm_lgamma(d) - (z - 0.5) * crm_log1p(d / z) -
	       d * crm_log(z + d) + d + stirling_rest(z) - stirling_rest(z + d);
}

/* The k-th coefficient of the continued fraction, from 1 on; c is the third
 * parameter less 1. */
static double
coefficient(double b, double c, unsigned k)
{
	unsigned half = k / 2;
	double n = half;

	if (k % 2)
		return (b + n) * (c + n) / ((c + 2 * n) * (c + 2 * n + 1));
	return n * (c - b + n) / ((c + 2 * n - 1) * (c + 2 * n));
}

double
crm_hyper1(double b, double c, double z, unsigned *steps)
{
	double f = 1, top = 1, under = 0, change;
	unsigned k = 0;

	if (z > 0)
		do {
			double a = -coefficient(b, c - 1, ++k) * z;

			under = 1 + a * under;
			top = 1 + a / top;
			if (under < TINY && under > -TINY)
				under = TINY;
			if (top < TINY && top > -TINY)
				top = TINY;
			under = 1 / under;
			change = top * under;
			f *= change;
		} while ((change > 1 + EPS || change < 1 - EPS) && k < 200000);
	if (steps)
		*steps = k;
	return 1 / f;
}

double
crm_beta_inc(double a, double b, double x, double y)
{
	double front;

	if (!(x > 0))
		return 0;
	if (!(y > 0))
		return 1;
	if (x > (a + 1) / (a + b + 2))
		return 1 - crm_beta_inc(b, a, y, x);
	front = crm_lgamma(a + b) - crm_lgamma(a + 1) - crm_lgamma(b) +
		a * crm_log(x) + b * crm_log(y);
	return crm_exp(front) * crm_hyper1(a + b, a + 1, x, NULL);
}
