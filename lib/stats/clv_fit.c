/*
 * clv_fit.c - parameters by maximum likelihood, or the reason why not.
 *
 * Parameters are searched as logarithms, in a wide box.  Several starts are
 * tried by simplex on at most some thousand customers; the best goes on by
 * BFGS on all.  An optimum counts when the observed information there is
 * positive definite and no parameter is known worse than by a factor of
 * e^8: otherwise the likelihood has no peak but a ridge to the boundary, and
 * whatever number the search stopped at would be its tolerance, not a figure
 * of the shop.
 */
#include <math.h>
#include <stdlib.h>

#include "stats/clv_groups.h"

const char *const crm_clv_params[2][CRM_CLV_PARAMS] = {
    {"r", "alpha", "a", "b"}, {"r", "alpha", "s", "beta"}};
const char *const crm_clv_money_params[CRM_CLV_MONEY] = {"p", "q", "gamma"};

enum {
	SAMPLE = 4000, /* customers the starts are tried on */
	STARTS = 4,
	LEAST = 20, /* customers, */
	LEAST_REPEATERS = 10
};
#define BOX 14.0 /* how far a logarithm may go from its centre */
#define VAGUE 8.0 /* a standard error of a logarithm that says nothing */

static double
absolute(double x)
{
	return x < 0 ? -x : x;
}

/* ---- the search, for both kinds of model ---- */

struct search {
	unsigned n;
	double centre[CRM_MIN_DIM]; /* of the box */
	double (*mean)(void *ctx, const double *p);
	void *ctx;
};

static double
objective(const double *x, void *ctx)
{
	const struct search *s = ctx;
	double p[CRM_MIN_DIM], far = 0;

	for (unsigned i = 0; i < s->n; i++) {
		double d = x[i] - s->centre[i];
		double over = absolute(d) - BOX;

		if (over > 0) {
			far += over * over;
			d = d < 0 ? -BOX : BOX;
		}
		p[i] = crm_exp(s->centre[i] + d);
	}
	return far - s->mean(s->ctx, p);
}

struct peak {
	double x[CRM_MIN_DIM], cov[CRM_MIN_DIM * CRM_MIN_DIM];
	double value; /* of the mean logarithm */
	double gradient, condition;
	unsigned evals;
	int edge; /* the parameter that runs away, -1 none */
	bool up; /* to infinity, not to 0 */
};

/* Largest over smallest pivot of the correlations: how near to a ridge. */
static double
condition_of(const double *cov, unsigned n)
{
	double c[CRM_MIN_DIM * CRM_MIN_DIM], low = 1;

	for (unsigned i = 0; i < n; i++)
		for (unsigned j = 0; j < n; j++)
			c[i * n + j] = cov[i * n + j] /
				       sqrt(cov[i * n + i] * cov[j * n + j]);
	if (!crm_cholesky(c, n))
		return HUGE_VAL;
	for (unsigned i = 0; i < n; i++)
		if (c[i * n + i] < low)
			low = c[i * n + i];
	return 1 / (low * low);
}

/* The parameter that has gone farthest from where others begin. */
static void
name_edge(const struct search *s, struct peak *k)
{
	double far = 0;

	for (unsigned i = 0; i < s->n; i++) {
		double d = k->x[i] - s->centre[i];

		if (absolute(d) > far) {
			far = absolute(d);
			k->edge = (int)i;
			k->up = d > 0;
		}
	}
	if (k->edge < 0)
		k->edge = 0;
}

/* Curvature at the peak, for so many customers. */
static void
judge(
    struct crm_min *m, const struct search *s, double customers, struct peak *k)
{
	double g[CRM_MIN_DIM] = {0};
	unsigned n = s->n;

	k->edge = -1;
	k->gradient = 0;
	crm_min_gradient(m, k->x, 6e-6, g);
	for (unsigned i = 0; i < n; i++)
		if (absolute(g[i]) > k->gradient)
			k->gradient = absolute(g[i]);
	crm_min_hessian(m, k->x, 2e-4, k->cov);
	for (unsigned i = 0; i < n * n; i++)
		k->cov[i] *= customers;
	if (!crm_invert(k->cov, n)) {
		name_edge(s, k);
		return;
	}
	k->condition = condition_of(k->cov, n);
	for (unsigned i = 0; i < n; i++)
		if (absolute(k->x[i] - s->centre[i]) > BOX - 1 ||
		    !(k->cov[i * n + i] < VAGUE * VAGUE))
			name_edge(s, k);
}

/* On all customers, from where the starts led. */
static void
climb(const struct search *s, double customers, const double *inverse,
    struct peak *k)
{
	struct crm_min m = {.fn = objective, .n = s->n};
	struct search mine = *s;

	m.ctx = &mine;
	k->value = -crm_min_bfgs(&m, k->x, inverse, 1e-9, 600);
	judge(&m, s, customers, k);
	/* BFGS stops where differences are rounding; a small simplex sees
	 * farther on a flat ridge, and BFGS ends from there. */
	if (k->edge < 0 && k->gradient < 1e-7)
		goto out;
	crm_min_simplex(&m, k->x, 0.02, 1e-14, 200);
	k->value = -crm_min_bfgs(&m, k->x, NULL, 1e-9, 600);
	judge(&m, s, customers, k);
out:
	k->evals += m.evals;
}

/* The best optimum of all starts, and what is known of the curvature there. */
struct start {
	double x[CRM_MIN_DIM], inverse[CRM_MIN_DIM * CRM_MIN_DIM];
	bool curved; /* inverse is there */
};

static void
scout(const struct search *s, const double from[][CRM_CLV_PARAMS],
    struct start *out, struct crm_clv_fit *fit)
{
	struct search mine = *s;
	struct crm_min m = {.fn = objective, .n = s->n, .ctx = &mine};
	double value[STARTS], best = -HUGE_VAL;

	for (int i = 0; i < STARTS; i++) {
		double x[CRM_MIN_DIM] = {0};

		for (unsigned j = 0; j < s->n; j++)
			x[j] = s->centre[j] + from[i][j];
		crm_min_simplex(&m, x, 0.7, 1e-9, 400);
		value[i] = -crm_min_bfgs(&m, x, NULL, 1e-7, 200);
		if (value[i] > best) {
			best = value[i];
			memcpy(out->x, x, sizeof x);
		}
	}
	fit->starts = STARTS;
	for (int i = 0; i < STARTS; i++)
		fit->agreed += best - value[i] < 1e-5 * (1 + absolute(best));
	crm_min_hessian(&m, out->x, 2e-4, out->inverse);
	out->curved = crm_invert(out->inverse, s->n);
	fit->evals += m.evals;
}

/* ---- what cannot be fitted ---- */

static int
too_few(const char *what, uint64_t n, uint64_t least, struct crm_err *err)
{
	crm_err_set(err, CRM_NO,
	    "%llu %s: at least %llu are wanted for a model of them",
	    (unsigned long long)n, what, (unsigned long long)least);
	crm_err_hint(err, "a longer time, or more customers: crm-rfm ranks "
			  "those there are without a model");
	return CRM_NO;
}

static int
at_edge(const struct peak *k, const char *const *name, const char *means,
    struct crm_err *err)
{
	crm_err_set(err, CRM_NO,
	    "these data cannot carry the model: its likelihood has no peak, "
	    "'%s' goes to %s",
	    name[k->edge], k->up ? "infinity" : "0");
	crm_err_hint(err, "%s; --anyway takes it as it is", means);
	return CRM_NO;
}

static const char *
meaning(enum crm_clv_kind kind, const struct peak *k)
{
	static const char *const same = "all customers seem to buy at one "
					"rate";

	/* Both of leaving's to infinity: their quotient stays. */
	if (k->edge >= 2 && k->up && k->x[2] > 4 && k->x[3] > 4)
		return "all customers seem to leave alike";
	switch (k->edge) {
	case 0:
		return k->up ? same : "nearly nobody buys again";
	case 1:
		return k->up ? same : "rates of buying have no scale";
	case 2:
		return k->up ? "all customers seem to leave alike"
		       : kind == CRM_CLV_BG
			   ? "as far as these tell nobody stops buying"
			   : "as far as these tell nobody leaves";
	default:
		return k->up ? kind == CRM_CLV_BG
				   ? "as far as these tell nobody stops buying"
				   : "as far as these tell nobody leaves"
			     : "most leave at once or never";
	}
}

static int
refuse_few(const struct crm_clv_data *d, struct crm_err *err)
{
	int64_t longest = 0;

	if (d->n < LEAST)
		return too_few("customers", d->n, LEAST, err);
	for (size_t i = 0; i < d->n; i++)
		if (d->end - d->v[i].first > longest)
			longest = d->end - d->v[i].first;
	if (longest == 0)
		return crm_err_set(err, CRM_NO,
		    "all purchases are of one day: no time has passed that "
		    "a model could be of");
	if (d->repeaters < LEAST_REPEATERS)
		return too_few("customers who bought again", d->repeaters,
		    LEAST_REPEATERS, err);
	return CRM_OK;
}

/* ---- purchases ---- */

static double
purchases_mean(void *ctx, const double *p)
{
	return crm_clv_work_mean(ctx, p);
}

/* From the moments: rates around x / T, ages around T. */
static void
set_centre(struct search *s, const struct crm_clv_groups *g,
    enum crm_clv_kind kind, unsigned unit)
{
	double age = g->mean_t / unit;

	if (!(age > 0))
		age = 1;
	s->n = CRM_CLV_PARAMS;
	memset(s->centre, 0, sizeof s->centre);
	s->centre[1] = crm_log(age / (g->mean_x + 0.5));
	if (kind == CRM_CLV_PARETO)
		s->centre[3] = crm_log(age);
}

static int
find_start(const struct crm_clv_data *d, enum crm_clv_kind kind, unsigned unit,
    struct start *out, struct crm_clv_fit *fit, struct crm_err *err)
{
	/* as logarithms, from the centre */
	static const double from[STARTS][CRM_CLV_PARAMS] = {{-1, -1, -0.5, 1},
	    {0, 0, 0, 0}, {0.5, 0.5, -3, 2}, {-0.5, 0, 1, 3}};
	struct crm_clv_groups g;
	struct crm_clv_work w = {0};
	struct search s = {.mean = purchases_mean, .ctx = &w};
	int code = crm_clv_group(d, d->n / SAMPLE + 1, &g, err);

	if (code == CRM_OK)
		code = crm_clv_work_open(&g, kind, unit, &w, err);
	if (code == CRM_OK) {
		set_centre(&s, &g, kind, unit);
		scout(&s, from, out, fit);
	}
	crm_clv_work_release(&w);
	crm_clv_group_release(&g);
	return code;
}

static void
give(const struct search *s, const struct peak *k, double *p, double *cov)
{
	unsigned n = s->n;

	for (unsigned i = 0; i < n; i++)
		p[i] = crm_exp(k->x[i]);
	for (unsigned i = 0; i < n * n; i++)
		cov[i] = k->edge < 0 ? k->cov[i] : 0;
}

static void
report(const struct peak *k, double customers, struct crm_clv_fit *fit)
{
	fit->loglik = k->value * customers;
	fit->gradient = k->gradient;
	fit->condition = k->condition;
	fit->evals += k->evals;
	fit->customers = (uint64_t)customers;
}

int
crm_clv_fit(const struct crm_clv_data *d, enum crm_clv_kind kind,
    const struct crm_clv_how *how, struct crm_clv_model *out,
    struct crm_clv_fit *fit, struct crm_err *err)
{
	struct crm_clv_groups g = {0};
	struct crm_clv_work w = {0};
	struct search s = {.mean = purchases_mean, .ctx = &w};
	struct start start = {.curved = false};
	struct peak k = {.edge = -1};
	int code = refuse_few(d, err);

	*out = (struct crm_clv_model){.kind = kind, .unit = how->unit};
	*fit = (struct crm_clv_fit){0};
	if (code == CRM_OK)
		code = find_start(d, kind, how->unit, &start, fit, err);
	if (code == CRM_OK)
		code = crm_clv_group(d, 1, &g, err);
	if (code == CRM_OK)
		code = crm_clv_work_open(&g, kind, how->unit, &w, err);
	if (code == CRM_OK) {
		set_centre(&s, &g, kind, how->unit);
		memcpy(k.x, start.x, sizeof k.x);
		climb(&s, g.customers, start.curved ? start.inverse : NULL, &k);
		give(&s, &k, out->p, out->cov);
		report(&k, g.customers, fit);
		if (k.edge >= 0 && !how->anyway)
			code = at_edge(
			    &k, crm_clv_params[kind], meaning(kind, &k), err);
	}
	crm_clv_work_release(&w);
	crm_clv_group_release(&g);
	return code;
}

/* ---- money ---- */

struct spender {
	double x, mean, log_x, log_mean;
};
struct spenders {
	struct spender *v;
	size_t n;
};

/* Fader and Hardie 2013, equation (1a), by lgamma of beta functions. */
static double
money_mean(void *ctx, const double *g)
{
	const struct spenders *s = ctx;
	double p = g[0], q = g[1], gamma = g[2], last = -1, of_x = 0;
	struct crm_clv_sum sum = {0};

	for (size_t i = 0; i < s->n; i++) {
		const struct spender *y = &s->v[i];
		double px = p * y->x;

		if (y->x != last)
			of_x = crm_lgamma(px + q) - crm_lgamma(px) -
			       crm_lgamma(q) + q * crm_log(gamma);
		last = y->x;
		crm_clv_add(
		    &sum, of_x + (px - 1) * y->log_mean + px * y->log_x -
			      (px + q) * crm_log(gamma + y->x * y->mean));
	}
	return (sum.sum + sum.lost) / (double)s->n;
}

static int
cmp_spender(const void *a, const void *b)
{
	const struct spender *x = a, *y = b;

	if (x->x != y->x)
		return x->x < y->x ? -1 : 1;
	return (x->mean > y->mean) - (x->mean < y->mean);
}

static int
take_spenders(const struct crm_clv_data *d, struct spenders *s,
    double *correlation, struct crm_err *err)
{
	struct crm_clv_model any = {.unit = 1};
	double mx = 0, mm = 0, xx = 0, xm = 0, m2 = 0;

	*s = (struct spenders){.v = malloc((d->n + 1) * sizeof *s->v)};
	if (!s->v)
		return crm_err_nomem(err);
	for (size_t i = 0; i < d->n; i++) {
		struct crm_clv_of of = crm_clv_of(&any, d, &d->v[i]);

		if (of.mean > 0)
			s->v[s->n++] = (struct spender){
			    of.x, of.mean, crm_log(of.x), crm_log(of.mean)};
	}
	qsort(s->v, s->n, sizeof *s->v, cmp_spender);
	for (size_t i = 0; i < s->n; i++) {
		mx += s->v[i].x / (double)s->n;
		mm += s->v[i].mean / (double)s->n;
	}
	for (size_t i = 0; i < s->n; i++) {
		double a = s->v[i].x - mx, b = s->v[i].mean - mm;

		xx += a * a;
		m2 += b * b;
		xm += a * b;
	}
	*correlation = xx > 0 && m2 > 0 ? xm / sqrt(xx * m2) : 0;
	return CRM_OK;
}

/* Every so many of them, which are sorted by x: all sorts are there. */
static int
find_money_start(const struct spenders *all, const struct search *s,
    struct start *out, struct crm_clv_fit *fit, struct crm_err *err)
{
	static const double from[STARTS][CRM_CLV_PARAMS] = {
	    {1, 1, 0}, {0, 0.5, 0}, {2, 2, 1}, {-1, 1, 1}};
	size_t step = all->n / SAMPLE + 1;
	struct spenders few = {
	    .v = malloc((all->n / step + 1) * sizeof *few.v)};
	struct search mine = *s;

	if (!few.v)
		return crm_err_nomem(err);
	for (size_t i = 0; i < all->n; i += step)
		few.v[few.n++] = all->v[i];
	mine.ctx = &few;
	scout(&mine, from, out, fit);
	free(few.v);
	return CRM_OK;
}

static int
climb_money(struct spenders *s, const struct crm_clv_how *how,
    struct crm_clv_model *out, struct crm_clv_fit *fit, struct crm_err *err)
{
	struct search q = {.n = CRM_CLV_MONEY, .mean = money_mean, .ctx = s};
	struct start start = {.curved = false};
	struct peak k = {.edge = -1};
	double mean = 0;
	int code;

	for (size_t i = 0; i < s->n; i++)
		mean += s->v[i].mean / (double)s->n;
	q.centre[2] = crm_log(mean);
	code = find_money_start(s, &q, &start, fit, err);
	if (code < 0)
		return code;
	memcpy(k.x, start.x, sizeof k.x);
	climb(&q, (double)s->n, start.curved ? start.inverse : NULL, &k);
	give(&q, &k, out->g, out->gcov);
	report(&k, (double)s->n, fit);
	out->money = true;
	if (k.edge >= 0 && !how->anyway)
		return at_edge(&k, crm_clv_money_params,
		    "customers do not differ in what they spend, or not "
		    "by chance; --no-money fits the purchases alone",
		    err);
	if (out->g[1] > 1)
		return CRM_OK;
	crm_err_set(err, CRM_NO,
	    "the money of a purchase has no mean: 'q' is %.3f, above 1 is "
	    "wanted",
	    out->g[1]);
	crm_err_hint(err, "a few amounts are far above all others: look at "
			  "them; --no-money fits the purchases alone");
	return CRM_NO;
}

int
crm_clv_fit_money(const struct crm_clv_data *d, const struct crm_clv_how *how,
    struct crm_clv_model *out, struct crm_clv_fit *fit, double *correlation,
    struct crm_err *err)
{
	struct spenders s;
	int code = take_spenders(d, &s, correlation, err);

	*fit = (struct crm_clv_fit){0};
	if (code == CRM_OK && s.n < LEAST_REPEATERS)
		code = too_few("customers who bought again for money", s.n,
		    LEAST_REPEATERS, err);
	if (code == CRM_OK)
		code = climb_money(&s, how, out, fit, err);
	free(s.v);
	return code;
}

int
crm_clv_loglik_money(const struct crm_clv_data *d,
    const struct crm_clv_model *m, double *out, struct crm_err *err)
{
	struct spenders s;
	double correlation;
	int code = take_spenders(d, &s, &correlation, err);

	if (code == CRM_OK)
		*out = s.n ? money_mean(&s, m->g) * (double)s.n : 0;
	free(s.v);
	return code;
}
