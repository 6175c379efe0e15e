/*
 * stats.h - quantiles, and random variates that are the same everywhere.
 *
 * Quantiles of integers (days, counts, minor units of money) are exact
 * fractions: whether a value lies above one never depends on rounding.
 *
 * What is drawn must give the same bytes on every machine for the same seed: it
 * uses crm_log and crm_exp of crm/num.h, and no libm but the square root
 * (which IEEE 754 defines to the last bit).
 *
 *	struct crm_rand r;
 *	crm_rand_seed(&r, 42);
 *	rate = crm_gamma(&r, 0.55) / 10.58;
 */
#ifndef CRM_STATS_H
#define CRM_STATS_H

#include <crm/hash.h>
#include <crm/num.h>

/* ---- quantiles ---- */

/* Sorts, rising.  Radix by bytes that differ: linear.  CRM_ENOMEM. */
int crm_sort_int(int64_t *v, size_t n, struct crm_err *err);

/*
 * The values that would stand at these places (rising, some may be equal) of
 * n > 0 values, were they sorted; they are left as they are.  By counting:
 * linear, whatever they are.  CRM_ENOMEM.
 */
int crm_ranked(const int64_t *v, size_t n, const size_t *place, size_t nplace,
    int64_t *out, struct crm_err *err);

/* A point on the line of integers: base + num/den, 0 <= num < den. */
struct crm_cut {
	int64_t base;
	uint64_t num, den;
};
/*
 * The a/b quantile (0 <= a <= b, b > 0) of n > 0 sorted values, type 7 of
 * Hyndman and Fan 1996 (R's default): with h = (n - 1) a / b, x[floor h] +
 * (h - floor h) (x[floor h + 1] - x[floor h]).  Exact.
 */
struct crm_cut crm_quantile(
    const int64_t *sorted, size_t n, uint32_t a, uint32_t b);
/* The same of the two values between which it lies: those at the place that
 * crm_quantile_place answers, and at the next (the last, when there is none).*/
size_t crm_quantile_place(size_t n, uint32_t a, uint32_t b);
struct crm_cut crm_quantile_between(
    int64_t low, int64_t high, size_t n, uint32_t a, uint32_t b);
/* d * 10^digits as a point: "297.4" days (digits 0), "255.8" EUR in cents
 * (digits 2).  CRM_EDATA when it does not fit. */
int crm_cut_from_dec(struct crm_dec d, unsigned digits, struct crm_cut *out,
    struct crm_err *err);
/* <0, 0, >0 as v is below, at or above the point. */
static inline int
crm_cut_cmp(int64_t v, const struct crm_cut *cut)
{
	if (v != cut->base)
		return v < cut->base ? -1 : 1;
	return cut->num > 0 ? -1 : 0;
}
/* The point as a decimal of at most CRM_SCALE_MAX places, in units of
 * 10^-digits; false when it does not fit. */
bool crm_cut_dec(
    const struct crm_cut *cut, unsigned digits, struct crm_dec *out);

/* ---- variates ---- */

/* Mean 0, deviation 1 (Marsaglia and Bray 1964, polar). */
double crm_normal(struct crm_rand *r);
/* Mean 1. */
double crm_exponential(struct crm_rand *r);
/* Shape a > 0, rate 1 (Marsaglia and Tsang 2000). */
double crm_gamma(struct crm_rand *r, double a);
double crm_beta(struct crm_rand *r, double a, double b);
/* Counts of the given mean (>= 0); takes time in proportion to it. */
uint64_t crm_poisson(struct crm_rand *r, double mean);

/* Zipf: k in 1..n with probability in proportion to k^-s, s > 0, by rejection
 * and inversion (Hoermann and Derflinger 1996); no table. */
struct crm_zipf {
	uint64_t n;
	double s, low, high, sure;
};
void crm_zipf_init(struct crm_zipf *z, uint64_t n, double s);
uint64_t crm_zipf_draw(const struct crm_zipf *z, struct crm_rand *r);

#endif
