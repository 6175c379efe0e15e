/*
 * variate.c - draws from distributions, the same bits everywhere.
 *
 * One differing bit would change who is drawn next, so the logarithm and the
 * exponential are those of crm/num.h.
 */
#include <math.h>

#include <crm/stats.h>

double
crm_normal(struct crm_rand *r)
{
	double u, v, q;

	do {
		u = 2 * crm_rand_unit(r) - 1;
		v = 2 * crm_rand_unit(r) - 1;
		q = u * u + v * v;
	} while (q >= 1 || q == 0);
	return u * sqrt(-2 * crm_log(q) / q);
}

double
crm_exponential(struct crm_rand *r)
{
	return -crm_log(crm_rand_unit(r));
}

double
crm_gamma(struct crm_rand *r, double a)
{
	double d, c, x, v, u;

	/* Below 1 by the next shape up and a power of a uniform. */
	if (a < 1) {
		u = crm_rand_unit(r);
		return crm_gamma(r, a + 1) * crm_exp(crm_log(u) / a);
	}
	d = a - 1.0 / 3;
	c = 1 / sqrt(9 * d);
	for (;;) {
		do {
			x = crm_normal(r);
			v = 1 + c * x;
		} while (v <= 0);
		v = v * v * v;
		u = crm_rand_unit(r);
		if (crm_log(u) < 0.5 * x * x + d - d * v + d * crm_log(v))
			return d * v;
	}
}

double
crm_beta(struct crm_rand *r, double a, double b)
{
	double x = crm_gamma(r, a), y = crm_gamma(r, b);

	/* Both may be too small for a double where shapes are tiny. */
	return x + y > 0 ? x / (x + y) : 0.5;
}

uint64_t
crm_poisson(struct crm_rand *r, double mean)
{
	uint64_t n = 0;

	/* A sum of parts whose e^-mean is far from the smallest double. */
	while (mean > 0) {
		double part = mean > 16 ? 16 : mean, p = 1;
		double floor = crm_exp(-part);

		for (;;) {
			p *= crm_rand_unit(r);
			if (p <= floor)
				break;
			n++;
		}
		mean -= part;
	}
	return n;
}

/* The integral of x^-s from 1 to x, and its inverse. */
static double
area(double s, double x)
{
	if (s == 1)
		return crm_log(x);
	return (crm_exp((1 - s) * crm_log(x)) - 1) / (1 - s);
}

static double
place(double s, double y)
{
	double z;

	if (s == 1)
		return crm_exp(y);
	z = 1 + (1 - s) * y;
	return z > 0 ? crm_exp(crm_log(z) / (1 - s)) : HUGE_VAL;
}

static double
height(double s, double x)
{
	return crm_exp(-s * crm_log(x));
}

void
crm_zipf_init(struct crm_zipf *z, uint64_t n, double s)
{
	/* So near to 1 the difference of powers would lose its digits. */
	if (s > 1 - 1e-6 && s < 1 + 1e-6)
		s = 1;
	z->n = n;
	z->s = s;
	z->low = area(s, 1.5) - 1;
	z->high = area(s, (double)n + 0.5);
	z->sure = 2 - place(s, area(s, 2.5) - height(s, 2));
}

uint64_t
crm_zipf_draw(const struct crm_zipf *z, struct crm_rand *r)
{
	for (;;) {
		double u = z->high + crm_rand_unit(r) * (z->low - z->high);
		double x = place(z->s, u), k;
		uint64_t n;

		n = x + 0.5 < (double)z->n ? (uint64_t)(x + 0.5) : z->n;
		if (n < 1)
			n = 1;
		k = (double)n;
		if (k - x <= z->sure ||
		    u >= area(z->s, k + 0.5) - height(z->s, k))
			return n;
	}
}
