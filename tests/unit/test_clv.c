/*
 * test_clv.c - models of purchases at values from 40-digit arithmetic, at
 * published ones, and where parameters and customers are extreme.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <crm/clv.h>

static bool
close_to(double a, double b, double tol)
{
	return fabs(a - b) <= tol * (fabs(b) < 1 ? fabs(b) : 1) + tol * fabs(b);
}

static struct crm_clv_model
model(enum crm_clv_kind kind, double a, double b, double c, double d)
{
	return (struct crm_clv_model){
	    .kind = kind, .unit = 1, .p = {a, b, c, d}};
}

static void
likelihoods_are_those_of_exact_arithmetic(void **state)
{
	static const struct {
		double p[4];
		int x, tx, t;
		double bg, bg_alive, pareto, pareto_alive;
	} row[] = {
	    {{0.553, 10.578, 0.606, 11.669}, 2, 30, 38, -8.7858980306911887,
		0.929604803488316, -9.5055571613233499, 0.874816622367049},
	    {{0.553, 1000, 0.6, 0.1}, 0, 0, 300, -0.14508743825052255, 1.0,
		-0.0028953299990534199, 0.00711028738952878},
	    {{0.5, 0.01, 3, 500}, 200, 363, 364, -325.67788955823058,
		0.99260457962341, -326.31386568818922, 0.995377241635234},
	    {{5, 300, 0.0001, 1}, 200, 1, 2000, -274.65110549325441,
		1.79042118842045e-175, -270.08214696688033,
		1.85612356337701e-177},
	    {{0.2, 4, 20, 4}, 1, 1, 1, -3.2635045351310427, 0.166666666666667,
		-7.7263755614152378, 1.0},
	    {{50, 2, 8, 0.02}, 12, 5, 600, -55.319467323528928,
		1.58557806974874e-120, -83.904535963060496,
		1.82015456484991e-136},
	};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof row / sizeof *row; i++) {
		size_t k = i / 2;
		bool bg = i % 2 == 0;
		struct crm_clv_customer c = {
		    .x = (uint32_t)row[k].x, .last = row[k].tx};
		struct crm_clv_data d = {.v = &c, .n = 1, .end = row[k].t};
		struct crm_clv_model m = model(bg ? CRM_CLV_BG : CRM_CLV_PARETO,
		    row[k].p[0], row[k].p[1], row[k].p[2], row[k].p[3]);
		struct crm_clv_of of = crm_clv_of(&m, &d, &c);
		double v = 0;

		assert_int_equal(crm_clv_loglik(&d, &m, &v, NULL), CRM_OK);
		if (!(fabs(v - (bg ? row[k].bg : row[k].pareto)) < 1e-11))
			fail_msg("row %zu: %.17g", i, v);
		v = crm_clv_alive(&m, &of);
		if (!close_to(
			v, bg ? row[k].bg_alive : row[k].pareto_alive, 1e-11))
			fail_msg("row %zu: alive %.17g", i, v);
	}
}

static void
expectations_are_the_published_ones(void **state)
{
	/* On CDNOW: Fader, Hardie, Lee 2005 and the authors' notes. */
	struct crm_clv_model bg =
	    model(CRM_CLV_BG, 0.242595, 4.413602, 0.792922, 2.425907);
	struct crm_clv_model pareto =
	    model(CRM_CLV_PARETO, 0.553277, 10.577684, 0.606240, 11.668740);
	struct crm_clv_of of = {2, 30.43, 38.86, 22.35};
	struct crm_clv_of often = {26, 30.86, 31, 0};

	(void)state;
	assert_true(fabs(crm_clv_expected(&bg, &of, 39) - 1.226) < 5e-4);
	assert_true(fabs(crm_clv_expected_new(&pareto, 52) - 1.47343) < 1e-5);
	assert_true(
	    fabs(crm_clv_expected(&pareto, &often, 52) - 25.4563) < 1e-3);
	assert_true(fabs(crm_clv_alive(&pareto, &often) - 0.99792) < 1e-5);
	bg.g[0] = 6.25;
	bg.g[1] = 3.74;
	bg.g[2] = 15.44;
	assert_true(fabs(crm_clv_spend(&bg, &of) - 24.66) < 0.02);
}

static void
expectations_are_those_of_the_closed_form(void **state)
{
	/* its values in 40 digits, also beside its holes */
	static const struct {
		double p[4];
		struct crm_clv_of of;
		double t, want;
	} row[] = {
	    {{0.2426, 4.4136, 0.7929, 2.4259}, {2, 30, 38, 0}, 39,
		1.25282558360824},
	    {{0.2, 4, 0.3, 0.1}, {0, 0, 10, 0}, 50, 0.348491759079752},
	    {{2, 1, 0.999, 0.5}, {40, 100, 104, 0}, 520, 65.1327496846477},
	    {{0.8, 8, 0.000001, 5}, {200, 200, 200, 0}, 100, 96.5384411571385},
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct crm_clv_model m = model(CRM_CLV_BG, row[i].p[0],
		    row[i].p[1], row[i].p[2], row[i].p[3]);
		double v = crm_clv_expected(&m, &row[i].of, row[i].t);

		if (!close_to(v, row[i].want, 1e-12))
			fail_msg("row %zu: %.17g", i, v);
	}
}

/* Every figure of a customer is a number that can be one. */
static void
check_figures(const struct crm_clv_model *m, const struct crm_clv_of *of,
    double t, size_t row)
{
	static double p[4000];
	double alive = crm_clv_alive(m, of), sum = 0, mean = 0, top = 0;
	double e = crm_clv_expected(m, of, t), any = crm_clv_any(m, of, t);
	double less = crm_clv_discounted(m, of, t, 0.002);
	size_t n = crm_clv_counts(m, of, t, p, 4000);

	if (!(alive >= 0 && alive <= 1 && e >= 0 && e < 1e9 && any >= 0 &&
		any <= 1 + 1e-12 && less <= e * (1 + 1e-9) && less >= 0 &&
		any <= e + 1e-9))
		fail_msg("row %zu: alive %g e %g any %g less %g", row, alive, e,
		    any, less);
	for (size_t i = 0; i < n; i++) {
		sum += p[i];
		mean += (double)i * p[i];
		if (!(p[i] >= 0 && p[i] <= 1 + 1e-12))
			fail_msg("row %zu: P(%zu) is %g", row, i, p[i]);
	}
	top = crm_clv_value_quantile(m, of, p, n < 20 ? n : 20, 0.5);
	if (!(sum <= 1 + 1e-9 && top >= 0 && top < HUGE_VAL))
		fail_msg("row %zu: sum %g, median %g", row, sum, top);
	/* The sum of all counts is exact for the one, by quadrature for the
	 * other model. */
	if (n < 4000 && m->kind == CRM_CLV_BG &&
	    (!(fabs(1 - p[0] - any) < 1e-9) || !(fabs(mean - e) < 1e-5)))
		fail_msg("row %zu: P(0) %g any %g mean %g e %g", row, p[0], any,
		    mean, e);
	if (n < 4000 && m->kind == CRM_CLV_PARETO && m->p[2] > 0.01 &&
	    m->p[2] < 100 && !(fabs(1 - p[0] - any) < 2e-3))
		fail_msg("row %zu: P(0) %g any %g", row, p[0], any);
}

static void
no_customer_and_no_parameter_gives_a_nan(void **state)
{
	static const double part[] = {1e-4, 0.3, 1, 7, 2000};
	static const struct crm_clv_of of[] = {{0, 0, 0, 0}, {0, 0, 1, 0},
	    {0, 0, 5000, 0}, {1, 1, 1, 3}, {1, 1, 5000, 3}, {200, 364, 365, 9},
	    {200, 200, 200, 1e6}, {200, 2, 3000, 0.01}};
	size_t rows = 0;

	(void)state;
	for (unsigned i = 0; i < 5 * 5 * 5 * 5; i++)
		for (size_t k = 0; k < 2 * sizeof of / sizeof *of; k++) {
			struct crm_clv_model m = model(
			    k % 2 ? CRM_CLV_BG : CRM_CLV_PARETO, part[i % 5],
			    part[i / 5 % 5], part[i / 25 % 5], part[i / 125]);

			/* rates past any shop's make sums without end */
			if (m.p[0] / m.p[1] > 100 || m.p[1] < 0.1 || i % 3 != 0)
				continue;
			m.g[0] = 2;
			m.g[1] = 3;
			m.g[2] = 10;
			check_figures(&m, &of[k / 2], 30, rows++);
		}
	assert_in_range(rows, 500, 10000);
}

/* ---- fitting ---- */

/* Customers drawn from the BG/NBD itself. */
static void
draw_seed(struct crm_clv_data *d, size_t n, double a, double b, unsigned seed)
{
	struct crm_rand k;

	crm_rand_seed(&k, seed);
	*d = (struct crm_clv_data){.end = 365, .hold = 365, .money = true};
	d->v = calloc(n, sizeof *d->v);
	d->digits = 2;
	for (d->n = 0; d->n < n; d->n++) {
		struct crm_clv_customer *c = &d->v[d->n];
		double rate = crm_gamma(&k, 0.8) / 60,
		       p = a > 0 ? crm_beta(&k, a, b) : 0;
		double t = c->first = (int32_t)crm_rand_below(&k, 180);
		double nu = crm_gamma(&k, 4) / 12;

		for (;;) {
			t += crm_exponential(&k) / rate;
			if (t > 365)
				break;
			if ((int32_t)t > c->last && (int32_t)t > c->first) {
				c->x++;
				c->last = (int32_t)t;
				c->spent +=
				    (int64_t)(100 * crm_gamma(&k, 6) / nu);
			}
			if (crm_rand_unit(&k) < p)
				break;
		}
		if (c->x == 0)
			c->last = c->first;
		d->repeats += c->x;
		d->repeaters += c->x > 0;
	}
}

static void
draw(struct crm_clv_data *d, size_t n, double a, double b)
{
	draw_seed(d, n, a, b, 5);
}

static void
what_was_drawn_from_a_model_gives_its_parameters(void **state)
{
	struct crm_clv_how how = {.unit = 1};
	struct crm_clv_model m;
	struct crm_clv_fit fit;
	struct crm_clv_data d;
	struct crm_err err = {0};
	double v = 0, correlation;

	(void)state;
	draw(&d, 6000, 0.7, 2.5);
	assert_int_equal(
	    crm_clv_fit(&d, CRM_CLV_BG, &how, &m, &fit, &err), CRM_OK);
	assert_true(fabs(log(m.p[0] / 0.8)) < 0.15);
	assert_true(fabs(log(m.p[1] / 60)) < 0.2);
	assert_true(fabs(log(m.p[2] / 0.7)) < 0.5);
	assert_int_equal(fit.agreed, fit.starts);
	assert_true(fit.gradient < 1e-7);
	assert_true(m.cov[0] > 0 && sqrt(m.cov[0]) < 0.1);
	assert_int_equal(crm_clv_loglik(&d, &m, &v, NULL), CRM_OK);
	assert_true(close_to(v, fit.loglik, 1e-12));
	/* in weeks the same customers are as likely, but for the unit */
	how.unit = 7;
	assert_int_equal(
	    crm_clv_fit(&d, CRM_CLV_BG, &how, &m, &fit, &err), CRM_OK);
	assert_true(close_to(fit.loglik, v + (double)d.repeats * log(7), 1e-9));
	assert_int_equal(
	    crm_clv_fit_money(&d, &how, &m, &fit, &correlation, &err), CRM_OK);
	assert_true(fabs(log(m.g[0] / 6)) < 0.3 && fabs(log(m.g[1] / 4)) < 0.3);
	assert_true(fabs(correlation) < 0.05);
	crm_clv_release(&d);
}

/* What the likelihood is where everybody stays: a is as good as 0. */
static double
without_leaving(const struct crm_clv_data *d, const struct crm_clv_model *m)
{
	struct crm_clv_model stay = *m;
	double v = 0;

	stay.p[2] = 1e-13;
	stay.p[3] = 1;
	assert_int_equal(crm_clv_loglik(d, &stay, &v, NULL), CRM_OK);
	return v;
}

static void
when_hardly_anybody_leaves_the_best_there_is_is_given(void **state)
{
	/* a b edge: of an independent maximisation (lgamma, simplex from
	 * other starts) the log-likelihood, and at a peak a and b */
	static const struct {
		double a, b;
		unsigned seed;
		double loglik, fit_a, fit_b;
		const char *edge;
	} row[] = {
	    {0.1, 0.5, 1, -19203.097030, 0.111627, 0.554125, NULL},
	    {0.03, 0.5, 3, -20921.027582, 0.038694, 0.664514, NULL},
	    {0.01, 0.5, 1, -21562.283930, 0, 0, "a and b to 0"},
	    {0.01, 0.5, 2, -22023.113627, 0.002290, 0.461239, NULL},
	    {0.003, 0.5, 1, -21767.969357, 0, 0, "a to 0"},
	    {0.003, 0.5, 4, -21723.957398, 0.050543, 5.373790, NULL},
	    {0.001, 0.5, 2, -22419.881612, 0, 0, "a to 0"},
	    {0.001, 0.5, 4, -21841.214417, 0.036419, 4.239620, NULL},
	    {0, 0.5, 1, -21673.299635, 0.006030, 2.484270, NULL},
	    {0, 0.5, 2, -22425.108389, 0, 0, "a and b to 0"},
	    {0, 0.5, 4, -22736.519386, 0, 0, "a to 0"},
	};
	struct crm_clv_how how = {.unit = 7};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct crm_clv_data d;
		struct crm_clv_model m;
		struct crm_clv_fit fit;
		struct crm_err err = {0};
		double v = 0;

		draw_seed(&d, 2000, row[i].a, row[i].b, row[i].seed);
		if (crm_clv_fit(&d, CRM_CLV_BG, &how, &m, &fit, &err) < 0)
			fail_msg("row %zu: %s", i, err.text);
		crm_clv_loglik(&d, &m, &v, NULL);
		if (!(fabs(v - row[i].loglik) < 2e-3) || v != fit.loglik ||
		    v < without_leaving(&d, &m) - 2e-3)
			fail_msg("row %zu: %.6f not %.6f", i, v, row[i].loglik);
		if (!row[i].edge != !fit.edge ||
		    (fit.edge && strcmp(fit.edge, row[i].edge) != 0) ||
		    (m.cov[0] > 0) != !fit.edge)
			fail_msg("row %zu: edge %s", i,
			    fit.edge ? fit.edge : "none");
		if (!fit.edge && (!(fabs(m.p[2] - row[i].fit_a) < 5e-4) ||
				     !(fabs(m.p[3] - row[i].fit_b) < 5e-4)))
			fail_msg("row %zu: a %.6f b %.6f", i, m.p[2], m.p[3]);
		crm_clv_release(&d);
	}
}

static void
the_order_of_customers_changes_no_bit(void **state)
{
	struct crm_clv_how how = {.unit = 7};
	struct crm_clv_model m[2];
	struct crm_clv_fit fit;
	struct crm_clv_data d;
	double correlation;

	(void)state;
	draw(&d, 9000, 0.7, 2.5);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(
		    crm_clv_fit(&d, CRM_CLV_BG, &how, &m[i], &fit, NULL), 0);
		assert_int_equal(crm_clv_fit_money(
				     &d, &how, &m[i], &fit, &correlation, NULL),
		    0);
		for (size_t k = 0; k < d.n / 2; k++) {
			struct crm_clv_customer c = d.v[k];

			d.v[k] = d.v[d.n - 1 - k];
			d.v[d.n - 1 - k] = c;
		}
	}
	assert_memory_equal(m[0].p, m[1].p, sizeof m[0].p);
	assert_memory_equal(m[0].cov, m[1].cov, sizeof m[0].cov);
	assert_memory_equal(m[0].g, m[1].g, sizeof m[0].g);
	crm_clv_release(&d);
}

/* Customers of whom nothing differs but what a row says. */
static void
alike(struct crm_clv_data *d, size_t n, int x, int last, int end)
{
	*d = (struct crm_clv_data){
	    .end = end, .hold = end, .n = n, .money = true, .digits = 2};
	d->v = calloc(n, sizeof *d->v);
	for (size_t i = 0; i < n; i++)
		d->v[i] = (struct crm_clv_customer){
		    .x = (uint32_t)x, .last = last, .spent = 1000 * x};
	d->repeaters = x > 0 ? n : 0;
	d->repeats = n * (uint64_t)x;
}

static void
customers_who_are_all_the_same_give_figures(void **state)
{
	static const struct {
		int x, last, end;
	} row[] = {
	    {1, 1, 1},
	    {1, 1, 2000},
	    {3, 30, 30},
	    {3, 30, 300},
	    {200, 200, 200},
	    {250, 1999, 2000},
	    {900, 900, 901},
	    {200, 300, 5000},
	};
	struct crm_clv_how how = {.unit = 7};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof row / sizeof *row; i++) {
		enum crm_clv_kind kind = i % 2 ? CRM_CLV_PARETO : CRM_CLV_BG;
		struct crm_clv_data d;
		struct crm_clv_model m;
		struct crm_clv_fit fit;
		struct crm_clv_of of;
		struct crm_err err = {0};
		double correlation;
		int code;

		alike(&d, 40, row[i / 2].x, row[i / 2].last, row[i / 2].end);
		code = crm_clv_fit(&d, kind, &how, &m, &fit, &err);
		if (code == CRM_NO && err.text[0])
			goto next;
		if (code < 0 || !fit.edge || !(fit.loglik < 1e9))
			fail_msg(
			    "row %zu: %d %s %g", i, code, err.text, fit.loglik);
		m.g[0] = 2;
		m.g[1] = 3;
		m.g[2] = 10;
		of = crm_clv_of(&m, &d, d.v);
		check_figures(&m, &of, 4, i);
	next:
		assert_int_equal(
		    crm_clv_fit_money(&d, &how, &m, &fit, &correlation, &err),
		    CRM_NO);
		assert_non_null(strstr(err.text, "spend the same"));
		crm_clv_release(&d);
	}
}

static void
what_cannot_carry_a_model_is_refused_with_the_reason(void **state)
{
	struct crm_clv_how how = {.unit = 7};
	struct crm_clv_model m;
	struct crm_clv_fit fit;
	struct crm_clv_data d, few;
	struct crm_err err = {0};

	(void)state;
	draw(&d, 3000, 0.7, 2.5);
	few = d;
	few.n = 19;
	assert_int_equal(
	    crm_clv_fit(&few, CRM_CLV_BG, &how, &m, &fit, &err), CRM_NO);
	assert_string_equal(err.text,
	    "19 customers: at least 20 are wanted for a model of them");
	few.n = 500;
	few.repeaters = 9;
	assert_int_equal(
	    crm_clv_fit(&few, CRM_CLV_BG, &how, &m, &fit, &err), CRM_NO);
	assert_non_null(strstr(err.text, "9 customers who bought again"));
	/* who insists gets what there is, but not of nothing */
	how.anyway = true;
	few.n = 10;
	assert_int_equal(
	    crm_clv_fit(&few, CRM_CLV_BG, &how, &m, &fit, &err), CRM_OK);
	assert_true(fit.loglik < 0);
	few.repeaters = 0;
	assert_int_equal(
	    crm_clv_fit(&few, CRM_CLV_BG, &how, &m, &fit, &err), CRM_NO);
	assert_non_null(strstr(err.text, "0 customers who bought again"));
	crm_clv_release(&d);
}

static void
money_without_a_mean_is_infinite_until_a_mean_is_known(void **state)
{
	struct crm_clv_model m = model(CRM_CLV_BG, 1, 1, 1, 1);
	struct crm_clv_of of = {0};

	(void)state;
	m.g[0] = 2;
	m.g[1] = 0.5;
	m.g[2] = 10;
	assert_true(crm_clv_spend(&m, &of) == HUGE_VAL);
	of.x = 1;
	of.mean = 20;
	assert_true(fabs(crm_clv_spend(&m, &of) - 40) < 1e-12);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(likelihoods_are_those_of_exact_arithmetic),
	    cmocka_unit_test(expectations_are_the_published_ones),
	    cmocka_unit_test(expectations_are_those_of_the_closed_form),
	    cmocka_unit_test(no_customer_and_no_parameter_gives_a_nan),
	    cmocka_unit_test(what_was_drawn_from_a_model_gives_its_parameters),
	    cmocka_unit_test(
		when_hardly_anybody_leaves_the_best_there_is_is_given),
	    cmocka_unit_test(the_order_of_customers_changes_no_bit),
	    cmocka_unit_test(customers_who_are_all_the_same_give_figures),
	    cmocka_unit_test(
		money_without_a_mean_is_infinite_until_a_mean_is_known),
	    cmocka_unit_test(
		what_cannot_carry_a_model_is_refused_with_the_reason),
	};

	return cmocka_run_group_tests_name("clv", tests, NULL, NULL);
}
