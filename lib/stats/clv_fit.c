/*
 * clv_fit.c - parameters by maximum likelihood, or the reason why not.
 *
 * A likelihood that is highest at an edge is no refusal: where nobody seems
 * to leave, or all customers seem to buy at one rate, the model has a limit
 * that is a model too, and what it predicts is as good.  What was found there
 * is given, and named.  Refused is what has no such limit: money that is all
 * the same, or a search that ends nowhere.
 */
#include <math.h>
#include <stdlib.h>

#include "stats/clv_peak.h"

const char *const crm_clv_params[2][CRM_CLV_PARAMS] = {
    {"r", "alpha", "a", "b"}, {"r", "alpha", "s", "beta"}};
const char *const crm_clv_money_params[CRM_CLV_MONEY] = {"p", "q", "gamma"};

enum {
	SAMPLE = 4000, /* customers the starts are tried on */
	LEAST = 20, /* customers, */
	LEAST_REPEATERS = 10
};
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

/*
 * A peak, or the point at an edge that is named; else CRM_NO: where it ended
 * is no figure of the shop but of the search.
 */
static int
name_end(const struct crm_clv_peak *k, const struct crm_clv_how *how,
    struct crm_clv_fit *fit, struct crm_err *err)
{
	if (k->settled)
		return CRM_OK;
	fit->edge = k->edge ? k->edge->name : "no peak was found";
	fit->means = k->edge ? k->edge->means
			     : "what is given is where the search ended";
	if ((k->edge && !k->edge->endless) || how->anyway)
		return CRM_OK;
	crm_err_set(err, CRM_NO,
	    "these data cannot carry the model: its likelihood has no peak%s%s",
	    k->edge ? ", " : "", k->edge ? k->edge->name : "");
	if (k->edge)
		crm_err_hint(
		    err, "%s; --anyway takes it as it is", k->edge->means);
	else
		crm_err_hint(err, "--anyway takes it where the search ended");
	return CRM_NO;
}

static int
refuse_few(const struct crm_clv_data *d, const struct crm_clv_how *how,
    struct crm_err *err)
{
	uint64_t least = how->anyway ? 1 : LEAST;
	uint64_t repeaters = how->anyway ? 1 : LEAST_REPEATERS;
	int64_t longest = 0;

	if (d->n < least)
		return too_few("customers", d->n, least, err);
	for (size_t i = 0; i < d->n; i++)
		if (d->end - d->v[i].first > longest)
			longest = d->end - d->v[i].first;
	if (longest == 0)
		return crm_err_set(err, CRM_NO,
		    "all purchases are of one day: no time has passed that "
		    "a model could be of");
	if (d->repeaters < repeaters)
		return too_few(
		    "customers who bought again", d->repeaters, repeaters, err);
	return CRM_OK;
}

static void
give(const struct crm_clv_search *s, const struct crm_clv_peak *k, double *p,
    double *cov)
{
	unsigned n = s->n;

	for (unsigned i = 0; i < n; i++)
		p[i] = crm_exp(k->x[i]);
	for (unsigned i = 0; i < n * n; i++)
		cov[i] = k->settled ? k->cov[i] : 0;
}

static void
report(const struct crm_clv_peak *k, double customers, struct crm_clv_fit *fit)
{
	fit->loglik = k->value * customers;
	fit->gradient = k->gradient;
	fit->condition = k->settled ? k->condition : 0;
	fit->starts = CRM_CLV_STARTS;
	fit->agreed = k->agreed;
	fit->evals = k->evals;
	fit->customers = (uint64_t)customers;
}

/* ---- purchases ---- */

static double
purchases_mean(void *ctx, const double *p)
{
	return crm_clv_work_mean(ctx, p);
}

static const struct crm_clv_edge bg_edges[] = {
    {{1, 1, -1, 0}, "r and alpha to infinity, a to 0",
	"all customers seem to buy at one rate, and nobody to stop", true,
	false},
    {{1, 1, 1, 1}, "r, alpha, a and b to infinity",
	"all customers seem to buy and to leave alike", false, false},
    {{1, 1, -1, -1}, "r and alpha to infinity, a and b to 0",
	"all customers seem to buy at one rate, and most leave at once or "
	"never",
	false, false},
    {{0, 0, -1, 0}, "a to 0", "as far as these tell nobody stops buying", true,
	false},
    {{0, 0, 1, 1}, "a and b to infinity", "all customers seem to leave alike",
	false, false},
    {{0, 0, -1, -1}, "a and b to 0", "most leave at once or never", false,
	false},
    {{1, 1, 0, 0}, "r and alpha to infinity",
	"all customers seem to buy at one rate", false, false},
    {{0, 0, 1, 0}, "a to infinity", "everybody leaves after one repeat", false,
	false},
    {{0}, NULL, NULL, false, false},
};
static const struct crm_clv_edge pareto_edges[] = {
    {{1, 1, -1, 0}, "r and alpha to infinity, s to 0",
	"all customers seem to buy at one rate, and nobody to stop", true,
	false},
    {{1, 1, 1, 1}, "r, alpha, s and beta to infinity",
	"all customers seem to buy and to leave alike", false, false},
    {{1, 1, -1, -1}, "r and alpha to infinity, s and beta to 0",
	"all customers seem to buy at one rate, and some leave at once, others "
	"never",
	false, false},
    {{0, 0, -1, 0}, "s to 0", "as far as these tell nobody leaves", true,
	false},
    {{0, 0, 1, 1}, "s and beta to infinity",
	"all customers seem to leave alike", false, false},
    {{0, 0, -1, -1}, "s and beta to 0", "some leave at once, others never",
	false, false},
    {{1, 1, 0, 0}, "r and alpha to infinity",
	"all customers seem to buy at one rate", false, false},
    {{0}, NULL, NULL, false, false},
};
/* From the moments: rates around x / T, ages around T. */
static void
set_centre(struct crm_clv_search *s, const struct crm_clv_groups *g,
    enum crm_clv_kind kind, unsigned unit)
{
	/* as logarithms, from the centre */
	static const double from[CRM_CLV_STARTS][CRM_CLV_PARAMS] = {
	    {-1, -1, -0.5, 1}, {0, 0, 0, 0}, {0.5, 0.5, -3, 2},
	    {-0.5, 0, 1, 3}};
	double age = g->mean_t / unit;

	if (!(age > 0))
		age = 1;
	s->n = CRM_CLV_PARAMS;
	for (unsigned i = 0; i < s->n; i++)
		s->box[i] = kind == CRM_CLV_BG ? 20 : 14;
	/* The 2F1 of the Pareto/NBD takes as many steps as the root of
	 * alpha / beta, or of its inverse, is large. */
	if (kind == CRM_CLV_PARETO)
		s->box[1] = s->box[3] = 7;
	s->past = 8;
	s->customers = g->customers;
	s->edges = kind == CRM_CLV_BG ? bg_edges : pareto_edges;
	s->leaving = true;
	memcpy(s->from, from, sizeof from);
	memset(s->centre, 0, sizeof s->centre);
	s->centre[1] = crm_log(age / (g->mean_x + 0.5));
	if (kind == CRM_CLV_PARETO)
		s->centre[3] = crm_log(age);
}

static int
find_start(const struct crm_clv_data *d, enum crm_clv_kind kind, unsigned unit,
    struct crm_clv_peak *out, struct crm_err *err)
{
	struct crm_clv_groups g;
	struct crm_clv_work w = {0};
	struct crm_clv_search s = {.mean = purchases_mean, .ctx = &w};
	int code = crm_clv_group(d, d->n / SAMPLE + 1, &g, err);

	if (code == CRM_OK)
		code = crm_clv_work_open(&g, kind, unit, &w, err);
	if (code == CRM_OK) {
		set_centre(&s, &g, kind, unit);
		crm_clv_scout(&s, out);
	}
	crm_clv_work_release(&w);
	crm_clv_group_release(&g);
	return code;
}

int
crm_clv_fit(const struct crm_clv_data *d, enum crm_clv_kind kind,
    const struct crm_clv_how *how, struct crm_clv_model *out,
    struct crm_clv_fit *fit, struct crm_err *err)
{
	struct crm_clv_groups g = {0};
	struct crm_clv_work w = {0};
	struct crm_clv_search s = {.mean = purchases_mean, .ctx = &w};
	struct crm_clv_peak k = {.settled = false};
	int code = refuse_few(d, how, err);

	*out = (struct crm_clv_model){.kind = kind, .unit = how->unit};
	*fit = (struct crm_clv_fit){0};
	if (code == CRM_OK)
		code = find_start(d, kind, how->unit, &k, err);
	if (code == CRM_OK)
		code = crm_clv_group(d, 1, &g, err);
	if (code == CRM_OK)
		code = crm_clv_work_open(&g, kind, how->unit, &w, err);
	if (code == CRM_OK) {
		set_centre(&s, &g, kind, how->unit);
		crm_clv_climb(&s, &k);
		give(&s, &k, out->p, out->cov);
		report(&k, g.customers, fit);
		code = name_end(&k, how, fit, err);
	}
	crm_clv_work_release(&w);
	crm_clv_group_release(&g);
	return code;
}

/* ---- money ---- */

struct spender {
	double x, mean, log_mean;
};
struct spenders {
	struct spender *v;
	size_t n;
};

/* Fader and Hardie 2013, equation (1a), as powers of 1 + gamma/(x m) and of
 * its inverse: they keep their digits where p, or q and gamma, are large. */
static double
money_mean(void *ctx, const double *g)
{
	const struct spenders *s = ctx;
	double p = g[0], q = g[1], gamma = g[2], last = -1, of_x = 0;
	struct crm_clv_sum sum = {0};

	for (size_t i = 0; i < s->n; i++) {
		const struct spender *y = &s->v[i];
		double all = y->x * y->mean;

		if (y->x != last)
			of_x = crm_lbeta(p * y->x, q);
		last = y->x;
		crm_clv_add(&sum, -of_x - y->log_mean -
				      p * y->x * crm_log1p(gamma / all) -
				      q * crm_log1p(all / gamma));
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
			s->v[s->n++] =
			    (struct spender){of.x, of.mean, crm_log(of.mean)};
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

static const struct crm_clv_edge money_edges[] = {
    {{1, 1, 0}, "p and q to infinity", "all spend the same", false, true},
    {{0, 1, 1}, "q and gamma to infinity",
	"customers do not differ in what they spend", false, false},
    {{1, 0, -1}, "p to infinity, gamma to 0",
	"each customer always spends the same", false, false},
    {{0}, NULL, NULL, false, false},
};

/* The starts, on every so many of them, which are sorted by x: all sorts are
 * there. */
static int
find_money_start(const struct spenders *all, const struct crm_clv_search *s,
    struct crm_clv_peak *out, struct crm_err *err)
{
	size_t step = all->n / SAMPLE + 1;
	struct spenders few = {
	    .v = malloc((all->n / step + 1) * sizeof *few.v)};
	struct crm_clv_search mine = *s;

	if (!few.v)
		return crm_err_nomem(err);
	for (size_t i = 0; i < all->n; i += step)
		few.v[few.n++] = all->v[i];
	mine.ctx = &few;
	crm_clv_scout(&mine, out);
	free(few.v);
	return CRM_OK;
}

static int
climb_money(struct spenders *s, const struct crm_clv_how *how,
    struct crm_clv_model *out, struct crm_clv_fit *fit, struct crm_err *err)
{
	struct crm_clv_search q = {.n = CRM_CLV_MONEY,
	    .box = {14, 14, 14},
	    .customers = (double)s->n,
	    .edges = money_edges,
	    .from = {{1, 1, 0}, {0, 0.5, 0}, {2, 2, 1}, {-1, 1, 1}},
	    .mean = money_mean,
	    .ctx = s};
	struct crm_clv_peak k = {.settled = false};
	double mean = 0;
	int code;

	for (size_t i = 0; i < s->n; i++)
		mean += s->v[i].mean / (double)s->n;
	q.centre[2] = crm_log(mean);
	code = find_money_start(s, &q, &k, err);
	if (code < 0)
		return code;
	crm_clv_climb(&q, &k);
	give(&q, &k, out->g, out->gcov);
	report(&k, (double)s->n, fit);
	out->money = true;
	return name_end(&k, how, fit, err);
}

static bool
all_alike(const struct spenders *s)
{
	for (size_t i = 1; i < s->n; i++)
		if (s->v[i].mean != s->v[0].mean)
			return false;
	return true;
}

int
crm_clv_fit_money(const struct crm_clv_data *d, const struct crm_clv_how *how,
    struct crm_clv_model *out, struct crm_clv_fit *fit, double *correlation,
    struct crm_err *err)
{
	size_t least = how->anyway ? 1 : LEAST_REPEATERS;
	struct spenders s;
	int code = take_spenders(d, &s, correlation, err);

	*fit = (struct crm_clv_fit){0};
	if (code == CRM_OK && s.n < least)
		code = too_few(
		    "customers who bought again for money", s.n, least, err);
	if (code == CRM_OK && all_alike(&s) && !how->anyway) {
		code = crm_err_set(err, CRM_NO,
		    "all customers spend the same: there is nothing for a "
		    "model of money to tell");
		crm_err_hint(err, "--no-money fits the purchases alone");
	}
	if (code == CRM_OK)
		code = climb_money(&s, how, out, fit, err);
	free(s.v);
	return code;
}
