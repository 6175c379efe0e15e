/*
 * clv_like.c - how likely purchases are under BG/NBD and Pareto/NBD.
 *
 * Everything is in logarithms, and each likelihood is a sum of two positive
 * terms: nothing is subtracted that could be nearly equal.  For the
 * Pareto/NBD that takes a form of its own.  With
 *
 *	P(t) = (alpha + t)^-(r+x) (beta + t)^-s,
 *	J(t) = integral from t on of s (alpha+y)^-(r+x) (beta+y)^-(s+1) dy
 *
 * the likelihood is Gamma(r+x)/Gamma(r) alpha^r beta^s (P(T) + J(t_x) -
 * J(T)), equation (A) of Schmittlein, Morrison and Colombo 1987.  Euler's
 * transformation of their 2F1 makes J(t) = kappa(t) P(t) with
 *
 *	kappa = s/(r+s+x) 2F1(1, r+x; r+s+x+1; (alpha-beta)/(alpha+t))
 *
 * for alpha >= beta, and for alpha < beta
 *
 *	kappa = s/(r+s+x) (alpha+t)/(beta+t)
 *	        2F1(1, s+1; r+s+x+1; (beta-alpha)/(beta+t)),
 *
 * both between 0 and 1, so that the last factor is P(T) (1 - kappa(T)) +
 * P(t_x) kappa(t_x).  alpha^r and beta^s are divided into P, as the powers of
 * 1 + t/alpha and 1 + t/beta that then are there keep their digits where
 * parameters go to infinity together.
 */
#include <math.h>
#include <stdlib.h>

#include "stats/clv_groups.h"

double
crm_clv_kappa(const double *p, double x, double t)
{
	double r = p[0], alpha = p[1], s = p[2], beta = p[3];
	double all = r + s + x, k;

	if (alpha >= beta)
		k = crm_hyper1(
		    r + x, all + 1, (alpha - beta) / (alpha + t), NULL);
	else
		k = (alpha + t) / (beta + t) *
		    crm_hyper1(
			s + 1, all + 1, (beta - alpha) / (beta + t), NULL);
	k *= s / all;
	return k < 1 ? k : 1;
}

static bool
make(double **v, size_t n)
{
	*v = malloc((n ? n : 1) * sizeof **v);
	return *v != NULL;
}

int
crm_clv_work_open(const struct crm_clv_groups *g, enum crm_clv_kind kind,
    unsigned unit, struct crm_clv_work *out, struct crm_err *err)
{
	*out = (struct crm_clv_work){.g = g, .kind = kind, .unit = unit};
	if (make(&out->of_x, g->nx) && make(&out->of_x2, g->nx) &&
	    make(&out->log_a, g->nt) && make(&out->log_b, g->nt) &&
	    make(&out->log_p, g->npair) && make(&out->kappa, g->npair))
		return CRM_OK;
	crm_clv_work_release(out);
	return crm_err_nomem(err);
}

void
crm_clv_work_release(struct crm_clv_work *w)
{
	free(w->of_x);
	free(w->of_x2);
	free(w->log_a);
	free(w->log_b);
	free(w->log_p);
	free(w->kappa);
	*w = (struct crm_clv_work){0};
}

/*
 * By xs: log of Gamma(r+x)/Gamma(r) alpha^-x and, with a > 0, of B(a, b+x) /
 * B(a, b).  As sums over the purchases: differences of lgamma would lose the
 * digits that say how near to 0 a is, or how far off b.
 */
static void
fill_xs(struct crm_clv_work *w, double r, double alpha, double a, double b)
{
	const struct crm_clv_groups *g = w->g;
	double log_alpha = crm_log(alpha);
	struct crm_clv_sum sum = {0};
	int64_t x = 0;

	for (size_t i = 0; i < g->nx; i++) {
		for (; x < g->xs[i]; x++) {
			crm_clv_add(&sum, crm_log(r + (double)x) - log_alpha);
			if (a > 0)
				crm_clv_add(
				    &sum, -crm_log1p(a / (b + (double)x)));
		}
		w->of_x[i] = sum.sum + sum.lost;
	}
}

/* Fader, Hardie, Lee 2005, equation (6), as two terms: still active at T; left
 * after the last purchase. */
static double
bg(struct crm_clv_work *w, const double *p)
{
	const struct crm_clv_groups *g = w->g;
	double r = p[0], a = p[2], b = p[3], log_a = crm_log(a);
	struct crm_clv_sum sum = {0};

	fill_xs(w, r, p[1], a, b);
	for (size_t i = 0; i < g->nx; i++)
		w->of_x2[i] = g->xs[i] > 0
				  ? log_a - crm_log(b + (double)g->xs[i] - 1)
				  : -HUGE_VAL;
	for (size_t i = 0; i < g->npair; i++) {
		const struct crm_clv_pair *k = &g->pair[i];

		w->log_p[i] = -(r + (double)g->xs[k->x]) * w->log_a[k->t];
	}
	for (size_t i = 0; i < g->n; i++) {
		const struct crm_clv_group *k = &g->group[i];
		uint32_t x = g->pair[k->at_end].x;

		crm_clv_add(&sum,
		    k->count *
			(w->of_x[x] + crm_logsum(w->log_p[k->at_end],
					  w->of_x2[x] + w->log_p[k->at_last])));
	}
	return (sum.sum + sum.lost) / g->customers;
}

static double
pareto(struct crm_clv_work *w, const double *p)
{
	const struct crm_clv_groups *g = w->g;
	double r = p[0], s = p[2];
	struct crm_clv_sum sum = {0};

	fill_xs(w, r, p[1], 0, 0);
	for (size_t i = 0; i < g->nt; i++)
		w->log_b[i] = crm_log1p((double)g->ts[i] / w->unit / p[3]);
	for (size_t i = 0; i < g->npair; i++) {
		const struct crm_clv_pair *k = &g->pair[i];
		double x = (double)g->xs[k->x];

		w->log_p[i] = -(r + x) * w->log_a[k->t] - s * w->log_b[k->t];
		w->kappa[i] =
		    crm_clv_kappa(p, x, (double)g->ts[k->t] / w->unit);
	}
	for (size_t i = 0; i < g->n; i++) {
		const struct crm_clv_group *k = &g->group[i];
		/* t_x is not past T: P(t_x) is the larger one. */
		double top = w->log_p[k->at_last];
		double rest = (1 - w->kappa[k->at_end]) *
			      crm_exp(w->log_p[k->at_end] - top);

		crm_clv_add(
		    &sum, k->count * (w->of_x[g->pair[k->at_end].x] + top +
					 crm_log(w->kappa[k->at_last] + rest)));
	}
	return (sum.sum + sum.lost) / g->customers;
}

double
crm_clv_work_mean(struct crm_clv_work *w, const double *p)
{
	for (size_t i = 0; i < w->g->nt; i++)
		w->log_a[i] = crm_log1p((double)w->g->ts[i] / w->unit / p[1]);
	return w->kind == CRM_CLV_BG ? bg(w, p) : pareto(w, p);
}

int
crm_clv_loglik(const struct crm_clv_data *d, const struct crm_clv_model *m,
    double *out, struct crm_err *err)
{
	struct crm_clv_groups g;
	struct crm_clv_work w = {0};
	int code = crm_clv_group(d, 1, &g, err);

	if (code == CRM_OK)
		code = crm_clv_work_open(&g, m->kind, m->unit, &w, err);
	if (code == CRM_OK && d->n == 0)
		*out = 0;
	else if (code == CRM_OK)
		*out = crm_clv_work_mean(&w, m->p) * g.customers;
	crm_clv_work_release(&w);
	crm_clv_group_release(&g);
	return code;
}
