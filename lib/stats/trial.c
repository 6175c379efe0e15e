/*
 * trial.c - tests of a change, exact where that is little work.
 *
 * All by functions that give the same bits everywhere.  Two-sided is twice the
 * smaller tail, also of skew distributions: simple, and never too small.
 */
#include <math.h>
#include <stdlib.h>

#include <crm/shift.h>
#include <crm/special.h>

double
crm_normal_tail(double z)
{
	double x = z < 0 ? -z : z, f, tail;

	if (x < 3) {
		/* x + x^3/3 + x^5/(3 5) + ... times the density */
		double term = x, sum = x;

		for (int i = 3; i < 200 && term > sum * 1e-17; i += 2) {
			term *= x * x / i;
			sum += term;
		}
		tail = 0.5 - sum * crm_exp(-0.5 * x * x) * 0.3989422804014327;
	} else {
		/* Laplace's continued fraction, from behind */
		f = x;
		for (int i = 60; i > 0; i--)
			f = x + i / f;
		tail = crm_exp(-0.5 * x * x) * 0.3989422804014327 / f;
	}
	return z < 0 ? 1 - tail : tail;
}

static double
both_sides(double low, double high)
{
	double p = 2 * (low < high ? low : high);

	return p > 1 ? 1 : p;
}

double
crm_test_poisson(uint64_t k, uint64_t n, double part)
{
	double a = (double)k, b = (double)(n - k), low = 1, high = 1;

	/* P(K >= k) = I_part(k, n - k + 1) */
	if (k > 0)
		high = crm_beta_inc(a, b + 1, part, 1 - part);
	if (k < n)
		low = crm_beta_inc(b, a + 1, 1 - part, part);
	return both_sides(low, high);
}

static double
log_choose(double n, double k)
{
	return crm_lgamma(n + 1) - crm_lgamma(k + 1) - crm_lgamma(n - k + 1);
}

double
crm_test_hyper(uint64_t x, uint64_t m, uint64_t k, uint64_t n)
{
	uint64_t most = k < m ? k : m;
	double all = log_choose((double)n, (double)m), sum = 0;

	if (x + n <= m + k) /* so many are in any draw */
		return 1;
	for (uint64_t i = most + 1; i-- > x;)
		sum +=
		    crm_exp(log_choose((double)k, (double)i) +
			    log_choose((double)(n - k), (double)(m - i)) - all);
	return sum > 1 ? 1 : sum;
}

/* ---- ranks ---- */

enum { WORK = 400000 };

struct ranked {
	int64_t v;
	size_t at;
};

static int
cmp_ranked(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->v != y->v)
		return x->v < y->v ? -1 : 1;
	return (x->at > y->at) - (x->at < y->at);
}

bool
crm_test_midranks(const int64_t *v, size_t n, size_t *rank2, double *ties)
{
	struct ranked *r = malloc(n * sizeof *r);

	if (!r)
		return false;
	for (size_t i = 0; i < n; i++)
		r[i] = (struct ranked){v[i], i};
	qsort(r, n, sizeof *r, cmp_ranked);
	*ties = 0;
	for (size_t i = 0, end; i < n; i = end) {
		double t;

		for (end = i; end < n && r[end].v == r[i].v; end++)
			;
		t = (double)(end - i);
		*ties += t * t * t - t;
		for (size_t j = i; j < end; j++)
			rank2[r[j].at] = i + end + 1;
	}
	free(r);
	return true;
}

/* The tails of the sum of k of the n doubled ranks at `sum`: how many of the
 * choices there are for each sum, one rank after the other. */
static bool
tails(const size_t *rank2, size_t n, size_t k, size_t sum, double *low,
    double *high)
{
	size_t most = n * (n + 1), row = most + 1;
	double *count = calloc((k + 1) * row, sizeof *count), all = 0;

	if (!count)
		return false;
	count[0] = 1;
	for (size_t i = 0; i < n; i++)
		for (size_t j = i + 1 < k ? i + 1 : k; j > 0; j--) {
			const double *from = count + (j - 1) * row;
			double *to = count + j * row;

			for (size_t s = most; s >= rank2[i]; s--)
				to[s] += from[s - rank2[i]];
		}
	*low = *high = 0;
	for (size_t s = 0; s <= most; s++) {
		double c = count[k * row + s];

		all += c;
		*low += s <= sum ? c : 0;
		*high += s >= sum ? c : 0;
	}
	*low /= all;
	*high /= all;
	free(count);
	return true;
}

/* Of the sum of k doubled ranks of n. */
static void
tails_normal(
    size_t n, size_t k, size_t sum, double ties, double *low, double *high)
{
	double N = (double)n, K = (double)k, s = (double)sum / 2, z;
	double mean = K * (N + 1) / 2;
	double var = K * (N - K) / 12 * (N + 1 - ties / (N * (N - 1)));
	double dev = var > 0 ? sqrt(var) : 0;

	*low = *high = 1;
	if (dev <= 0)
		return;
	z = (s - mean + 0.5) / dev;
	*low = crm_normal_tail(-z);
	z = (s - mean - 0.5) / dev;
	*high = crm_normal_tail(z);
}

int
crm_test_ranks(const int64_t *v, size_t m, size_t n, double *p, bool *more,
    struct crm_err *err)
{
	size_t few = n - m < m ? n - m : m, sum = 0;
	bool last = n - m <= m, ok;
	size_t *rank2 = malloc((n ? n : 1) * sizeof *rank2);
	double ties, low = 1, high = 1;

	ok = rank2 && crm_test_midranks(v, n, rank2, &ties);
	for (size_t i = 0; ok && i < few; i++)
		sum += rank2[last ? m + i : i];
	if (ok && n < 1000 && n * few * n * (n + 1) <= WORK)
		ok = tails(rank2, n, few, sum, &low, &high);
	else if (ok)
		tails_normal(n, few, sum, ties, &low, &high);
	*p = both_sides(low, high);
	*more = last == (high < low);
	free(rank2);
	return ok ? CRM_OK : crm_err_nomem(err);
}

void
crm_false_discovery(const double *p, size_t n, double *q)
{
	double least = 1;

	for (size_t i = n; i-- > 0;) {
		double v = p[i] * (double)n / (double)(i + 1);

		least = v < least ? v : least;
		q[i] = least;
	}
}
