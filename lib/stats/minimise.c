/*
 * minimise.c - a small minimiser: simplex to come near, BFGS to arrive.
 *
 * Functions here are sums over all customers whose value has 14 good digits,
 * so central differences give 9 of the gradient: enough for parameters to
 * 1e-6, and a derivation by hand less to get wrong.  Both are deterministic:
 * the same start takes the same path.
 */
#include <math.h>

#include <crm/special.h>

#define N CRM_MIN_DIM

static double
eval(struct crm_min *m, const double *x)
{
	double v = m->fn(x, m->ctx);

	m->evals++;
	return v == v ? v : HUGE_VAL;
}

static double
absolute(double x)
{
	return x < 0 ? -x : x;
}

static double
larger(double a, double b)
{
	return a > b ? a : b;
}

/* ---- simplex ---- */

struct simplex {
	struct crm_min *m;
	double x[N + 1][N];
	double v[N + 1];
	double mid[N]; /* of all corners but the worst */
	unsigned n;
};

/* Corners from best to worst; of equal ones the earlier stays earlier. */
static void
sort_corners(struct simplex *s)
{
	for (unsigned i = 1; i <= s->n; i++)
		for (unsigned j = i; j > 0 && s->v[j] < s->v[j - 1]; j--) {
			double v = s->v[j], x[N];

			memcpy(x, s->x[j], sizeof x);
			memcpy(s->x[j], s->x[j - 1], sizeof x);
			memcpy(s->x[j - 1], x, sizeof x);
			s->v[j] = s->v[j - 1];
			s->v[j - 1] = v;
		}
}

/* The value at mid + k (mid - worst). */
static double
try_at(struct simplex *s, double k, double *x)
{
	for (unsigned i = 0; i < s->n; i++)
		x[i] = s->mid[i] + k * (s->mid[i] - s->x[s->n][i]);
	return eval(s->m, x);
}

static void
take_corner(struct simplex *s, const double *x, double v)
{
	memcpy(s->x[s->n], x, s->n * sizeof *x);
	s->v[s->n] = v;
}

static void
shrink(struct simplex *s)
{
	for (unsigned j = 1; j <= s->n; j++) {
		for (unsigned i = 0; i < s->n; i++)
			s->x[j][i] =
			    s->x[0][i] + 0.5 * (s->x[j][i] - s->x[0][i]);
		s->v[j] = eval(s->m, s->x[j]);
	}
}

static void
move(struct simplex *s)
{
	double a[N] = {0}, b[N] = {0}, va, vb;
	unsigned n = s->n;

	for (unsigned i = 0; i < n; i++) {
		s->mid[i] = 0;
		for (unsigned j = 0; j < n; j++)
			s->mid[i] += s->x[j][i];
		s->mid[i] /= n;
	}
	va = try_at(s, 1, a);
	if (va < s->v[0]) {
		vb = try_at(s, 2, b);
		take_corner(s, vb < va ? b : a, vb < va ? vb : va);
	} else if (va < s->v[n - 1]) {
		take_corner(s, a, va);
	} else {
		bool outside = va < s->v[n];

		vb = try_at(s, outside ? 0.5 : -0.5, b);
		if (vb < (outside ? va : s->v[n]))
			take_corner(s, b, vb);
		else
			shrink(s);
	}
	sort_corners(s);
}

static bool
agreed(const struct simplex *s, double tol)
{
	double far = 0;

	if (!(s->v[s->n] - s->v[0] <= tol * (1 + absolute(s->v[0]))))
		return false;
	for (unsigned j = 1; j <= s->n; j++)
		for (unsigned i = 0; i < s->n; i++)
			far = larger(far, absolute(s->x[j][i] - s->x[0][i]) /
					      (1 + absolute(s->x[0][i])));
	return far <= sqrt(tol);
}

double
crm_min_simplex(
    struct crm_min *m, double *x, double step, double tol, unsigned max)
{
	struct simplex s = {.m = m, .n = m->n};
	unsigned until = m->evals + max;

	for (unsigned j = 0; j <= s.n; j++) {
		memcpy(s.x[j], x, s.n * sizeof *x);
		if (j > 0)
			s.x[j][j - 1] += step;
		s.v[j] = eval(m, s.x[j]);
	}
	sort_corners(&s);
	while (m->evals < until && !agreed(&s, tol))
		move(&s);
	memcpy(x, s.x[0], s.n * sizeof *x);
	return s.v[0];
}

/* ---- derivatives ---- */

void
crm_min_gradient(struct crm_min *m, const double *x, double h, double *g)
{
	double y[N];

	memcpy(y, x, m->n * sizeof *y);
	for (unsigned i = 0; i < m->n; i++) {
		double up, down;

		y[i] = x[i] + h;
		up = eval(m, y);
		y[i] = x[i] - h;
		down = eval(m, y);
		y[i] = x[i];
		g[i] = (up - down) / (2 * h);
	}
}

void
crm_min_hessian(struct crm_min *m, const double *x, double h, double *out)
{
	unsigned n = m->n;
	double y[N], mid = eval(m, x);

	memcpy(y, x, n * sizeof *y);
	for (unsigned i = 0; i < n; i++)
		for (unsigned j = 0; j <= i; j++) {
			double v = 0;

			for (int k = 0; k < 4; k++) {
				double a = k & 1 ? h : -h, b = k & 2 ? h : -h;

				if (i == j && k != 0 && k != 3)
					continue;
				y[i] += a;
				if (i != j)
					y[j] += b;
				v += (k == 0 || k == 3 ? 1 : -1) * eval(m, y);
				y[i] = x[i];
				y[j] = x[j];
			}
			v = i == j ? (v - 2 * mid) / (h * h) : v / (4 * h * h);
			out[i * n + j] = out[j * n + i] = v;
		}
}

/* ---- BFGS ---- */

/* The estimate of the inverse Hessian after a step s that changed the
 * gradient by y. */
static void
update(double *b, unsigned n, const double *s, const double *y)
{
	double by[N] = {0}, sy = 0, yby = 0;

	for (unsigned i = 0; i < n; i++) {
		for (unsigned j = 0; j < n; j++)
			by[i] += b[i * n + j] * y[j];
		sy += s[i] * y[i];
	}
	/* without curvature along s there is nothing to learn */
	if (!(sy > 1e-14))
		return;
	for (unsigned i = 0; i < n; i++)
		yby += y[i] * by[i];
	for (unsigned i = 0; i < n; i++)
		for (unsigned j = 0; j < n; j++)
			b[i * n + j] += (1 + yby / sy) * s[i] * s[j] / sy -
					(by[i] * s[j] + s[i] * by[j]) / sy;
}

static void
unit(double *b, unsigned n)
{
	for (unsigned i = 0; i < n * n; i++)
		b[i] = i % (n + 1) ? 0 : 1;
}

/* A step down along d; its length, 0 when there is none. */
static double
step_down(struct crm_min *m, const double *x, const double *d, double slope,
    double *v, double *to)
{
	double most = 0, k = 1;

	for (unsigned i = 0; i < m->n; i++)
		most = larger(most, absolute(d[i]));
	/* parameters are logarithms here: e^2 at once is enough */
	if (most > 2)
		k = 2 / most;
	for (int tries = 0; tries < 50; tries++) {
		double w;

		for (unsigned i = 0; i < m->n; i++)
			to[i] = x[i] + k * d[i];
		w = eval(m, to);
		if (w <= *v + 1e-4 * k * slope && w < *v) {
			*v = w;
			return k;
		}
		k *= 0.5;
	}
	return 0;
}

double
crm_min_bfgs(struct crm_min *m, double *x, const double *inverse, double tol,
    unsigned max)
{
	const double h = 6e-6;
	unsigned n = m->n, until = m->evals + max;
	double b[N * N], g[N] = {0}, g1[N] = {0}, d[N], to[N] = {0}, s[N];
	double v = eval(m, x);
	bool fresh = !inverse;

	unit(b, n);
	if (inverse)
		memcpy(b, inverse, n * n * sizeof *b);
	crm_min_gradient(m, x, h, g);
	while (m->evals < until) {
		double slope = 0, most = 0;

		for (unsigned i = 0; i < n; i++) {
			d[i] = 0;
			for (unsigned j = 0; j < n; j++)
				d[i] -= b[i * n + j] * g[j];
			slope += d[i] * g[i];
			most = larger(most, absolute(g[i]));
		}
		if (most < tol)
			break;
		if (!(slope < 0) || step_down(m, x, d, slope, &v, to) == 0) {
			/* once more straight down, then that is it */
			if (fresh)
				break;
			unit(b, n);
			fresh = true;
			continue;
		}
		crm_min_gradient(m, to, h, g1);
		for (unsigned i = 0; i < n; i++) {
			s[i] = to[i] - x[i];
			d[i] = g1[i] - g[i];
			x[i] = to[i];
			g[i] = g1[i];
		}
		update(b, n, s, d);
		fresh = false;
	}
	return v;
}

/* ---- matrices ---- */

bool
crm_cholesky(double *a, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		for (unsigned j = 0; j <= i; j++) {
			double v = a[i * n + j];

			for (unsigned k = 0; k < j; k++)
				v -= a[i * n + k] * a[j * n + k];
			if (i == j && !(v > 0))
				return false;
			a[i * n + j] = i == j ? sqrt(v) : v / a[j * n + j];
		}
	return true;
}

bool
crm_invert(double *a, unsigned n)
{
	double l[N * N], out[N * N];

	memcpy(l, a, n * n * sizeof *l);
	if (n > N || !crm_cholesky(l, n))
		return false;
	for (unsigned c = 0; c < n; c++) {
		double y[N];

		for (unsigned i = 0; i < n; i++) {
			y[i] = i == c;
			for (unsigned k = 0; k < i; k++)
				y[i] -= l[i * n + k] * y[k];
			y[i] /= l[i * n + i];
		}
		for (unsigned i = n; i-- > 0;) {
			for (unsigned k = i + 1; k < n; k++)
				y[i] -= l[k * n + i] * y[k];
			y[i] /= l[i * n + i];
		}
		for (unsigned i = 0; i < n; i++)
			out[i * n + c] = y[i];
	}
	memcpy(a, out, n * n * sizeof *out);
	return true;
}
