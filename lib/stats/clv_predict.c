/*
 * clv_predict.c - what a model says of a customer's next purchases.
 *
 * The published expectation of the BG/NBD has 1/(a - 1) and a 2F1 that is
 * infinite where a + b + x is 1, both harmless only together.  Here it is
 * counted out instead: who is active makes, if they never left, N purchases
 * in a time t, negative binomial; the k-th of them is made if they stayed
 * after the k - 1 before it, which has the probability B(a, b+x+k-1) /
 * B(a, b+x) and does not depend on N.  So
 *
 *	P(at least k) = P(active) P(N >= k) (b+x)_{k-1} / (a+b+x)_{k-1}
 *
 * and the expectation is the sum over k: all terms positive, any a and b.
 * Of the Pareto/NBD the expectation has a closed form; the distribution of
 * counts is summed over when they leave, by Gauss's rule.
 */
#include <math.h>
#include <stdlib.h>

#include <crm/clv.h>

#include "stats/clv_groups.h"

enum { TERMS = 20000000, NODES = 8, PANELS = 4 };

/* Gauss and Legendre, 8 nodes on (-1, 1). */
static const double node[NODES / 2] = {0.1834346424956498, 0.5255324099163290,
    0.7966664774136267, 0.9602898564975363};
static const double weight[NODES / 2] = {0.3626837833783620, 0.3137066458778873,
    0.2223810344533745, 0.1012285362903763};

/* The i-th of NODES * panels points of (0, 1), and its weight. */
static double
point(unsigned i, unsigned panels, double *w)
{
	unsigned k = i % NODES, panel = i / NODES;
	double x =
	    k < NODES / 2 ? -node[NODES / 2 - 1 - k] : node[k - NODES / 2];

	*w = (k < NODES / 2 ? weight[NODES / 2 - 1 - k]
			    : weight[k - NODES / 2]) /
	     2 / panels;
	return (panel + (1 + x) / 2) / panels;
}

/* ---- negative binomial: n purchases at a gamma rate in a time ---- */

struct counts {
	double rho, w; /* shape, t / (alpha + t) */
	double scaled, scale; /* P(n) = scaled e^scale */
	double n;
};

static void
counts_begin(struct counts *c, double rho, double alpha, double t)
{
	*c = (struct counts){.rho = rho, .w = t / (alpha + t), .scaled = 1};
	c->scale = -rho * crm_log1p(t / alpha);
}

static double
counts_p(const struct counts *c)
{
	if (c->scale < -740)
		return 0;
	return c->scaled * crm_exp(c->scale);
}

static void
counts_next(struct counts *c)
{
	c->scaled *= (c->rho + c->n) / (c->n + 1) * c->w;
	c->n++;
	/* The first probabilities of a large count are below any double. */
	if (c->scaled > 1e250) {
		c->scaled *= 1e-250;
		c->scale += 575.6462732485114210044;
	}
}

/* Can what is past n be neglected, of a sum that has come to so much?  grow:
 * by what a term is more than its probability. */
static bool
counts_over(const struct counts *c, double grow, double sum)
{
	double ratio = (c->rho + c->n) / (c->n + 1) * c->w;

	if (c->n >= TERMS)
		return true;
	if (ratio >= 1 || c->scale < -700)
		return false;
	return counts_p(c) * grow <= 1e-15 * (1 - ratio) * (1 - ratio) * sum;
}

/* Purchases expected of an active customer by the BG/NBD. */
static double
bg_active(double rho, double alpha, double a, double b, double t)
{
	struct counts c;
	double stay = 1, made = 0, sum = 0;

	if (!(t > 0))
		return 0;
	counts_begin(&c, rho, alpha, t);
	do {
		counts_next(&c);
		made += stay;
		stay *= (b + c.n - 1) / (a + b + c.n - 1);
		sum += counts_p(&c) * made;
	} while (!counts_over(&c, made + 1, sum));
	return sum;
}

/* The same by the Pareto/NBD; (1 - q^-(s-1)) / (s - 1) has no hole at 1. */
static double
pareto_active(double rho, double alpha, double s, double beta, double t)
{
	double l = crm_log1p(t / beta), k = (s - 1) * l;
	double gone = k == 0 ? l : -crm_expm1(-k) / (s - 1);

	return rho * beta / alpha * gone;
}

static double
bg_alive(const double *p, const struct crm_clv_of *c)
{
	double odds;

	if (!(c->x > 0))
		return 1;
	odds = crm_log(p[2]) - crm_log(p[3] + c->x - 1) +
	       (p[0] + c->x) * (crm_log(p[1] + c->t) - crm_log(p[1] + c->tx));
	return 1 / (1 + crm_exp(odds));
}

static double
pareto_alive(const double *p, const struct crm_clv_of *c)
{
	double later =
	    -(p[0] + c->x) * (crm_log(p[1] + c->t) - crm_log(p[1] + c->tx)) -
	    p[2] * (crm_log(p[3] + c->t) - crm_log(p[3] + c->tx));
	double gone;

	/* P(T) over P(T) (1 - kappa(T)) + P(t_x) kappa(t_x). */
	gone = crm_clv_kappa(p, c->x, c->tx) * crm_exp(-later);
	return 1 / (1 - crm_clv_kappa(p, c->x, c->t) + gone);
}

double
crm_clv_alive(const struct crm_clv_model *m, const struct crm_clv_of *c)
{
	double v =
	    m->kind == CRM_CLV_BG ? bg_alive(m->p, c) : pareto_alive(m->p, c);

	return v < 1 ? v : 1;
}

static double
active(const struct crm_clv_model *m, const struct crm_clv_of *c, double t)
{
	const double *p = m->p;

	if (!(t > 0))
		return 0;
	return m->kind == CRM_CLV_BG
		   ? bg_active(p[0] + c->x, p[1] + c->t, p[2], p[3] + c->x, t)
		   : pareto_active(
			 p[0] + c->x, p[1] + c->t, p[2], p[3] + c->t, t);
}

double
crm_clv_expected(
    const struct crm_clv_model *m, const struct crm_clv_of *c, double t)
{
	return crm_clv_alive(m, c) * active(m, c, t);
}

double
crm_clv_expected_new(const struct crm_clv_model *m, double t)
{
	static const struct crm_clv_of new;

	return active(m, &new, t);
}

double
crm_clv_discounted(const struct crm_clv_model *m, const struct crm_clv_of *c,
    double t, double rate)
{
	double sum = 0, w;

	if (!(rate > 0))
		return crm_clv_expected(m, c, t);
	/* By parts: E(t) e^-rt + r * integral of E(u) e^-ru. */
	for (unsigned i = 0; i < NODES; i++) {
		double u = point(i, 1, &w) * t;

		sum += w * t * active(m, c, u) * crm_exp(-rate * u);
	}
	return crm_clv_alive(m, c) *
	       (active(m, c, t) * crm_exp(-rate * t) + rate * sum);
}

double
crm_clv_any(const struct crm_clv_model *m, const struct crm_clv_of *c, double t)
{
	const double *p = m->p;
	double rho = p[0] + c->x, alpha = p[1] + c->t, some, beta, later;

	if (!(t > 0))
		return 0;
	if (m->kind == CRM_CLV_BG) {
		some = -crm_expm1(-rho * crm_log1p(t / alpha));
	} else {
		beta = p[3] + c->t;
		later = crm_exp(
		    -rho * crm_log1p(t / alpha) - p[2] * crm_log1p(t / beta));
		/* those who would buy before they leave, less those who
		 * would after t */
		some = 1 - crm_clv_kappa(p, c->x, c->t) -
		       later * (1 - crm_clv_kappa(p, c->x, c->t + t));
	}
	some *= crm_clv_alive(m, c);
	return some > 0 ? some : 0;
}

/* ---- how many, not only on average ---- */

static size_t
bg_counts(const struct crm_clv_model *m, const struct crm_clv_of *of, double t,
    double *p, size_t max)
{
	const double *q = m->p;
	double alive = crm_clv_alive(m, of), stay = 1, least = 1, left;
	struct counts c;
	size_t n = 0;

	counts_begin(&c, q[0] + of->x, q[1] + of->t, t);
	/* left: P(N > n); least: P(at least n) */
	left = 1 - counts_p(&c);
	for (; n < max && (n == 0 || least > 1e-9); n++) {
		double more = alive * (left > 0 ? left : 0) * stay;

		p[n] = least > more ? least - more : 0;
		least = more;
		stay *= (q[3] + of->x + c.n) / (q[2] + q[3] + of->x + c.n);
		counts_next(&c);
		left -= counts_p(&c);
	}
	return n;
}

static size_t
pareto_counts(const struct crm_clv_model *m, const struct crm_clv_of *of,
    double t, double *p, size_t max)
{
	enum { ALL = NODES * PANELS + 1 };
	const double *q = m->p;
	double alive = crm_clv_alive(m, of), rho = q[0] + of->x;
	double alpha = q[1] + of->t, beta = q[3] + of->t, rest = 1;
	double leave = -crm_expm1(-q[2] * crm_log1p(t / beta));
	struct counts c[ALL];
	double w[ALL];
	size_t n = 0;

	for (unsigned i = 0; i + 1 < ALL; i++) {
		double u = point(i, PANELS, &w[i]) * leave, when;

		when = beta * crm_expm1(-crm_log1p(-u) / q[2]);
		w[i] *= leave;
		counts_begin(&c[i], rho, alpha, when < t ? when : t);
	}
	w[ALL - 1] = 1 - leave;
	counts_begin(&c[ALL - 1], rho, alpha, t);
	for (; n < max && (n == 0 || rest > 1e-9); n++) {
		p[n] = n == 0 ? 1 - alive : 0;
		for (unsigned i = 0; i < ALL; i++) {
			p[n] += alive * w[i] * counts_p(&c[i]);
			counts_next(&c[i]);
		}
		rest -= p[n];
	}
	return n;
}

size_t
crm_clv_counts(const struct crm_clv_model *m, const struct crm_clv_of *c,
    double t, double *p, size_t max)
{
	if (max == 0)
		return 0;
	if (!(t > 0)) {
		p[0] = 1;
		return 1;
	}
	return m->kind == CRM_CLV_BG ? bg_counts(m, c, t, p, max)
				     : pareto_counts(m, c, t, p, max);
}

size_t
crm_clv_count_quantile(const double *p, size_t n, double q)
{
	double sum = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		sum += p[i];
		/* a rounding below is not a purchase more */
		if (sum >= q - 1e-12)
			return i;
	}
	return n;
}

/* ---- money ---- */

/* Fader and Hardie 2013, equation (5). */
double
crm_clv_spend(const struct crm_clv_model *m, const struct crm_clv_of *c)
{
	double p = m->g[0], q = m->g[1], gamma = m->g[2];
	double x = c->mean > 0 ? c->x : 0;

	if (!(p * x + q > 1))
		return HUGE_VAL;
	return p * (gamma + x * c->mean) / (p * x + q - 1);
}

/*
 * The money of n purchases is gamma with shape p n at the customer's own rate,
 * which given the past is gamma (q + p x, gamma + x mean): their quotient is
 * beta prime.
 */
static double
value_below(const struct crm_clv_model *m, const struct crm_clv_of *c,
    const double *p, size_t n, double part)
{
	double x = c->mean > 0 ? c->x : 0;
	double shape = m->g[1] + m->g[0] * x, sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += i == 0 ? p[0]
			      : p[i] * crm_beta_inc(m->g[0] * (double)i, shape,
					   part, 1 - part);
	return sum;
}

double
crm_clv_value_quantile(const struct crm_clv_model *m,
    const struct crm_clv_of *c, const double *p, size_t n, double q)
{
	double x = c->mean > 0 ? c->x : 0;
	double scale = m->g[2] + x * c->mean, lo = 0, hi = 1;

	if (n == 0 || p[0] >= q - 1e-12)
		return 0;
	for (int i = 0; i < 50; i++) {
		double mid = (lo + hi) / 2;

		if (value_below(m, c, p, n, mid) < q)
			lo = mid;
		else
			hi = mid;
	}
	return lo < 1 ? scale * lo / (1 - lo) : scale * 1e15;
}

/* ---- what is not known of the parameters ---- */

static double
figure(const struct crm_clv_model *m, const struct crm_clv_of *c, double t,
    double rate, bool money)
{
	double v = crm_clv_discounted(m, c, t, rate);

	return money ? v * crm_clv_spend(m, c) : v;
}

/* The variance by a group of parameters: g' C g. */
static double
variance(struct crm_clv_model *m, double *p, unsigned n, const double *cov,
    const struct crm_clv_of *c, double t, double rate, bool money)
{
	double g[CRM_CLV_PARAMS], sum = 0;
	const double h = 1e-4;

	for (unsigned i = 0; i < n; i++) {
		double at = p[i], up, down;

		p[i] = at * crm_exp(h);
		up = figure(m, c, t, rate, money);
		p[i] = at * crm_exp(-h);
		down = figure(m, c, t, rate, money);
		p[i] = at;
		g[i] = (up - down) / (2 * h);
	}
	for (unsigned i = 0; i < n; i++)
		for (unsigned j = 0; j < n; j++)
			sum += g[i] * cov[i * n + j] * g[j];
	return sum > 0 ? sum : 0;
}

double
crm_clv_error(const struct crm_clv_model *m, const struct crm_clv_of *c,
    double t, double rate, bool money)
{
	struct crm_clv_model mine = *m;
	double v;

	v = variance(&mine, mine.p, CRM_CLV_PARAMS, m->cov, c, t, rate, money);
	if (money)
		v += variance(
		    &mine, mine.g, CRM_CLV_MONEY, m->gcov, c, t, rate, money);
	return sqrt(v);
}
