/*
 * special.h - special functions and a minimiser, the same bits everywhere.
 *
 * As in crm/stats.h nothing but additions, multiplications, divisions and
 * square roots in a fixed order, by crm_log and crm_exp: a model that is
 * fitted gives the same digits by any compiler on any processor.
 */
#ifndef CRM_SPECIAL_H
#define CRM_SPECIAL_H

#include <crm/stats.h>

/* log(1 + x) and e^x - 1 that keep their digits near 0. */
double crm_log1p(double x);
double crm_expm1(double x);
/* log(e^a + e^b); -infinity is a zero. */
double crm_logsum(double a, double b);
/* log Gamma(x), x > 0: Stirling's series after shifting x above 10. */
double crm_lgamma(double x);
/* log B(a, b), a and b > 0, to the digits that it has itself where one of them
 * is large. */
double crm_lbeta(double a, double b);
/*
 * 2F1(1, b; c; z) for 0 <= z < 1, b > 0, c > 1, c > b (or c > b - 1): Gauss's
 * continued fraction (DLMF 15.7), by the modified method of Lentz (Thompson
 * and Barnett 1986).  It converges as ((1 - w) / (1 + w))^n with w the root
 * of 1 - z, where the series would as z^n.  *steps (may be NULL) is how many
 * it took.
 */
double crm_hyper1(double b, double c, double z, unsigned *steps);
/* The regularised incomplete beta function I_x(a, b), and 1 - I_x(a, b)
 * without cancellation as I_{1-x}(b, a): y is 1 - x, given apart for that. */
double crm_beta_inc(double a, double b, double x, double y);

/* ---- minimising ---- */

#define CRM_MIN_DIM 8
typedef double crm_min_fn(const double *x, void *ctx);
/*
 * A function of n <= CRM_MIN_DIM variables; where it has no value it may
 * answer infinity.
 */
struct crm_min {
	crm_min_fn *fn;
	void *ctx;
	unsigned n;
	unsigned evals; /* counted here */
};
/* Nelder and Mead 1965, from x with edges of length step; until all corners
 * agree to tol (in value and place) or max evaluations.  The value at *x. */
double crm_min_simplex(
    struct crm_min *m, double *x, double step, double tol, unsigned max);
/* BFGS (Nocedal and Wright 2006, 6.1), gradients by central differences,
 * steps halved until the value falls; until the gradient's largest part is
 * below tol or nothing falls any more.  inverse: of the Hessian as far as it
 * is known (n x n), NULL: not at all. */
double crm_min_bfgs(struct crm_min *m, double *x, const double *inverse,
    double tol, unsigned max);
/* Gradient and Hessian (n x n, by rows) by central differences of step h. */
void crm_min_gradient(struct crm_min *m, const double *x, double h, double *g);
void crm_min_hessian(struct crm_min *m, const double *x, double h, double *out);

/* The lower triangle of the Cholesky factor of a, in place (by rows); false
 * when a is not positive definite. */
bool crm_cholesky(double *a, unsigned n);
/* The inverse of a positive definite matrix in place; false: it is none. */
bool crm_invert(double *a, unsigned n);

#endif
