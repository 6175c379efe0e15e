/*
 * clv_peak.c - the highest point of a mean log-likelihood, or its edge.
 *
 * Starts go by simplex and BFGS, on some customers; then on all by BFGS, and
 * by Newton's method to the end.  What is a peak, and what is a ridge that
 * rises for ever, Newton's steps tell: at a peak they become as nothing, on
 * a ridge that comes to its limit as e^-v each is as long as the one before,
 * and the curvature is that of a peak all along.  A peak may be as flat as
 * rounding allows: an `a` of 0.003 whose standard error is ten times that is
 * the maximum nonetheless, and others find the same one.
 */
#include <math.h>

#include "stats/clv_peak.h"

enum { NEWTON = 30, DIM = CRM_CLV_PARAMS };
#define STEP 1e-6 /* a step of logarithms that is none */
#define GAIN 1e-7 /* of the log-likelihood of all, which is none */
#define FLAT 1e-4 /* the same, of a walk along an edge */
#define LOSS 1e-3 /* of the same, for parameters that can be read */
#define FAR 30.0 /* where the idle ones are set out from */
#define BETTER 1e-2 /* for an edge to be preferred to a peak */

static double
absolute(double x)
{
	return x < 0 ? -x : x;
}

static double
objective(const double *x, void *ctx)
{
	const struct crm_clv_search *s = ctx;
	double p[DIM], far = 0;

	for (unsigned i = 0; i < s->n; i++) {
		double d = x[i] - s->centre[i];
		double over = absolute(d) - s->box[i];

		if (over > 0) {
			far += over * over;
			d = d < 0 ? -s->box[i] : s->box[i];
		}
		p[i] = crm_exp(s->centre[i] + d);
	}
	return far - s->mean(s->ctx, p);
}

/* ---- starts ---- */

void
crm_clv_scout(const struct crm_clv_search *s, struct crm_clv_peak *out)
{
	struct crm_clv_search mine = *s;
	struct crm_min m = {.fn = objective, .n = s->n, .ctx = &mine};
	double value[CRM_CLV_STARTS], best = -HUGE_VAL;

	for (int i = 0; i < CRM_CLV_STARTS; i++) {
		double x[CRM_MIN_DIM] = {0};

		for (unsigned j = 0; j < s->n; j++)
			x[j] = s->centre[j] + s->from[i][j];
		crm_min_simplex(&m, x, 0.7, 1e-9, 400);
		value[i] = -crm_min_bfgs(&m, x, NULL, 1e-7, 200);
		if (value[i] > best) {
			best = value[i];
			memcpy(out->x, x, sizeof out->x);
		}
	}
	for (int i = 0; i < CRM_CLV_STARTS; i++)
		out->agreed += best - value[i] < 1e-5 * (1 + absolute(best));
	out->evals += m.evals;
}

/* ---- the last steps ---- */

/* Derivatives to the fourth order of the width. */
static void
gradient(struct crm_min *m, const double *x, double *g)
{
	double wide[CRM_MIN_DIM] = {0};

	crm_min_gradient(m, x, 1e-3, g);
	crm_min_gradient(m, x, 2e-3, wide);
	for (unsigned i = 0; i < m->n; i++)
		g[i] = (4 * g[i] - wide[i]) / 3;
}

static void
hessian(struct crm_min *m, const double *x, double *h)
{
	double wide[DIM * DIM] = {0};

	crm_min_hessian(m, x, 1e-2, h);
	crm_min_hessian(m, x, 2e-2, wide);
	for (unsigned i = 0; i < m->n * m->n; i++)
		h[i] = (4 * h[i] - wide[i]) / 3;
}

/* The inverse of h, with as much added to its diagonal as makes it positive
 * definite; what that was, 0 nothing. */
static double
invert(const double *h, unsigned n, double *out)
{
	double more = 0;

	for (int tries = 0; tries < 14; tries++) {
		memcpy(out, h, n * n * sizeof *out);
		for (unsigned i = 0; i < n; i++)
			out[i * n + i] += more;
		if (crm_invert(out, n))
			return more;
		more = more > 0 ? more * 10 : 1e-10;
	}
	memset(out, 0, n * n * sizeof *out);
	for (unsigned i = 0; i < n; i++)
		out[i * n + i] = 1;
	return more;
}

/* Largest over smallest pivot of the correlations: how near to a ridge. */
static double
condition_of(const double *cov, unsigned n)
{
	double c[DIM * DIM], low = 1;

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

static bool
is_outside(const struct crm_clv_search *s, const double *x)
{
	for (unsigned i = 0; i < s->n; i++)
		if (absolute(x[i] - s->centre[i]) > s->box[i] - 0.1)
			return true;
	return false;
}

/* Is there a peak where the curvature's inverse is this?  Rounding alone
 * makes curvatures of 1e-9, and what is near the box has run into it. */
static bool
is_peak(const struct crm_clv_search *s, const struct crm_clv_peak *k,
    const double *inverse)
{
	for (unsigned i = 0; i < s->n; i++)
		if (absolute(k->x[i] - s->centre[i]) > s->box[i] - 1 ||
		    !(inverse[i * s->n + i] < 1e9))
			return false;
	return true;
}

/* One step of at most 2 that does not fall: its length, 0 none. */
static double
take_step(struct crm_min *m, const double *d, double most, double *x, double *v)
{
	double k = most > 2 ? 2 / most : 1, to[CRM_MIN_DIM] = {0}, w;

	for (int tries = 0; tries < 12; tries++) {
		for (unsigned i = 0; i < m->n; i++)
			to[i] = x[i] + k * d[i];
		w = m->fn(to, m->ctx);
		m->evals++;
		if (w < *v || (most < 1e-3 && w - *v < 1e-13)) {
			*v = w;
			memcpy(x, to, m->n * sizeof *x);
			return k * most;
		}
		k *= 0.5;
	}
	return 0;
}

static void
settle(
    struct crm_min *m, const struct crm_clv_search *s, struct crm_clv_peak *k)
{
	double g[CRM_MIN_DIM] = {0}, h[DIM * DIM] = {0}, inv[DIM * DIM];
	double v = -k->value;
	unsigned n = s->n;

	k->settled = false;
	for (int i = 0; i < NEWTON && !is_outside(s, k->x); i++) {
		double d[CRM_MIN_DIM] = {0}, most = 0, gain = 0, more;

		gradient(m, k->x, g);
		hessian(m, k->x, h);
		more = invert(h, n, inv);
		k->gradient = 0;
		for (unsigned a = 0; a < n; a++) {
			for (unsigned b = 0; b < n; b++)
				d[a] -= inv[a * n + b] * g[b];
			gain -= d[a] * g[a] / 2;
			if (absolute(d[a]) > most)
				most = absolute(d[a]);
			if (absolute(g[a]) > k->gradient)
				k->gradient = absolute(g[a]);
		}
		if (more == 0 && most < STEP) {
			k->settled = is_peak(s, k, inv);
			break;
		}
		if (gain * s->customers < GAIN && (more > 0 || most > 0.3))
			break;
		if (take_step(m, d, most, k->x, &v) == 0 || is_outside(s, k->x))
			break;
	}
	k->value = -v;
	if (!k->settled)
		return;
	for (unsigned i = 0; i < n * n; i++)
		k->cov[i] = inv[i] / s->customers;
	k->condition = condition_of(k->cov, n);
}

/* ---- edges ---- */

/* Of all customers, past the box if need be. */
static double
total(struct crm_min *m, const struct crm_clv_search *s, const double *x,
    const double *way, double far)
{
	double p[DIM];

	for (unsigned i = 0; i < s->n; i++)
		p[i] = crm_exp(x[i] + far * way[i]);
	m->evals++;
	return s->mean(s->ctx, p) * s->customers;
}

/* Does this edge go on from k->x, or from where its idle parameter is as
 * others begin?  The point, into x. */
static bool
is_edge(struct crm_min *m, const struct crm_clv_search *s,
    const struct crm_clv_peak *k, const struct crm_clv_edge *e, double *x)
{
	double least = k->value * s->customers - FLAT;

	memcpy(x, k->x, sizeof k->x);
	if (e->idle) {
		x[2] = s->centre[2] + FAR * e->way[2];
		x[3] = s->centre[3];
	}
	for (unsigned i = 0; i < s->n; i++)
		if (e->way[i] != 0 && (x[i] - s->centre[i]) * e->way[i] < 2)
			return false;
	return total(m, s, x, e->way, 0) > least &&
	       total(m, s, x, e->way, 2) > least;
}

/*
 * Names the edge along which nothing is lost any more, and goes back along it
 * as far as that costs next to nothing: parameters of 1e-13 or 1e9 say no
 * more than those, with digits that a record does not have.
 */
static void
name_edge(
    struct crm_min *m, const struct crm_clv_search *s, struct crm_clv_peak *k)
{
	double x[DIM], least, far = 0; /* back */

	k->edge = NULL;
	for (const struct crm_clv_edge *e = s->edges; !k->edge && e->name; e++)
		if (is_edge(m, s, k, e, x))
			k->edge = e;
	if (!k->edge || k->edge->endless)
		return;
	/* farther than the box, where that still gains */
	least = total(m, s, x, k->edge->way, 0);
	while (-far < s->past) {
		double more = total(m, s, x, k->edge->way, 1 - far);

		if (!(more - least > LOSS / 10))
			break;
		least = more;
		far--;
	}
	least -= LOSS;
	while (far < FAR && total(m, s, x, k->edge->way, -far - 1) > least)
		far++;
	for (unsigned i = 0; i < s->n; i++)
		k->x[i] = x[i] - far * k->edge->way[i];
	k->value = total(m, s, k->x, k->edge->way, 0) / s->customers;
}

/*
 * Where BFGS went to an edge there may be a low peak nearer by, which the
 * sample did not have or which was stepped over: the best of a grid of
 * parameters of leaving, with the other ones as they are.
 */
static void
look_inside(struct crm_min *m, const struct crm_clv_search *s,
    const struct crm_clv_peak *k, double *x)
{
	double best = HUGE_VAL, v;

	memcpy(x, k->x, sizeof k->x);
	for (int i = 0; i < 6; i++)
		for (int j = 0; j < 6; j++) {
			double y[CRM_MIN_DIM] = {k->x[0], k->x[1]};

			y[2] = -0.7 - 2 * i;
			y[3] = s->centre[3] - 5 + 2 * j;
			v = objective(y, m->ctx);
			m->evals++;
			if (v < best) {
				best = v;
				memcpy(x, y, sizeof k->x);
			}
		}
}

/* The best corner where both parameters of leaving are next to 0: a second
 * mountain beside many a flat peak. */
static void
look_outside(struct crm_min *m, const struct crm_clv_search *s,
    const struct crm_clv_peak *k, double *x)
{
	double best = HUGE_VAL;

	for (int i = 1; i < 12; i++) {
		double y[CRM_MIN_DIM] = {k->x[0], k->x[1]}, v;

		y[3] = s->centre[3] - 6;
		y[2] = y[3] - 0.7 * i;
		v = objective(y, m->ctx);
		m->evals++;
		if (v < best) {
			best = v;
			memcpy(x, y, sizeof k->x);
		}
	}
}

void
crm_clv_climb(const struct crm_clv_search *s, struct crm_clv_peak *k)
{
	struct crm_clv_search mine = *s;
	struct crm_min m = {.fn = objective, .n = s->n, .ctx = &mine};
	struct crm_clv_peak other = *k;

	k->value = -crm_min_bfgs(&m, k->x, NULL, 1e-9, 600);
	settle(&m, s, k);
	if (!k->settled && s->leaving) {
		look_inside(&m, s, k, other.x);
		other.value = -objective(other.x, m.ctx);
		settle(&m, s, &other);
		if (other.value > k->value ||
		    (other.settled &&
			(k->value - other.value) * s->customers < GAIN))
			*k = other;
	}
	if (k->settled && s->leaving && k->cov[2 * s->n + 2] > 4) {
		other = *k;
		look_outside(&m, s, k, other.x);
		other.value = -objective(other.x, m.ctx);
		settle(&m, s, &other);
		if ((other.value - k->value) * s->customers > BETTER)
			*k = other;
	}
	if (!k->settled)
		name_edge(&m, s, k);
	k->evals += m.evals;
}
