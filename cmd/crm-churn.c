/*
 * crm-churn.c - who is about to be lost, and why that is said.
 *
 * Two views that can contradict each other are printed side by side: the
 * model of purchases knows that people leave, and the customer's own gaps know
 * how regular they are.  Gaps are fitted by the same Gamma-Gamma as money: a
 * customer with two of them is taken to be much as the shop, one with fifty as
 * themselves.
 */
#include <stdlib.h>

#include "cli_clv.h"
#include "cli_noun.h"

enum { DAYS = 90, DECILES = 10 };

static int64_t days = -1;
static const char *until, *by;

struct churn {
	struct cli_clv x;
	struct crm_clv_model m, gaps;
	struct cli_rows *rows;
	bool *chosen;
	double t;
};

/* ---- gaps between purchases ---- */

/* The days between purchases in place of their money. */
static int
fit_gaps(struct churn *r, struct crm_err *err)
{
	enum { LEAST = 10 };
	struct crm_clv_how how = {.unit = 1, .anyway = true};
	struct crm_clv_data d = r->x.data;
	struct crm_clv_fit fit;
	double correlation;
	int code;

	if (d.repeaters < LEAST)
		return crm_err_set(err, CRM_NO,
		    "%llu who bought again: at least %d are wanted to tell "
		    "what gaps are usual",
		    (unsigned long long)d.repeaters, LEAST);
	d.v = malloc((d.n + 1) * sizeof *d.v);
	if (!d.v)
		return crm_err_nomem(err);
	d.digits = 0;
	for (size_t i = 0; i < d.n; i++) {
		d.v[i] = r->x.data.v[i];
		d.v[i].spent = d.v[i].last - d.v[i].first;
	}
	r->gaps = (struct crm_clv_model){.unit = 1};
	code = crm_clv_fit_money(&d, &how, &r->gaps, &fit, &correlation, err);
	free(d.v);
	/* Gaps without a mean are no fault: only quantiles are asked for. */
	if (code == CRM_NO && r->gaps.money) {
		*err = (struct crm_err){0};
		code = CRM_OK;
	}
	return code;
}

/* P(a gap of theirs is at most so many days); beta prime. */
static double
gap_within(
    const struct churn *r, const struct crm_clv_customer *c, double elapsed)
{
	const double *g = r->gaps.g;
	double scale = g[2] + (c->last - c->first);

	return crm_beta_inc(g[0], g[1] + g[0] * c->x,
	    elapsed / (scale + elapsed), scale / (scale + elapsed));
}

/* The gap that half of theirs are within. */
static double
gap_median(const struct churn *r, const struct crm_clv_customer *c)
{
	double lo = 0, hi = 1;

	while (hi < 1e6 && gap_within(r, c, hi) < 0.5)
		hi *= 2;
	for (int i = 0; i < 40; i++) {
		double mid = (lo + hi) / 2;

		if (gap_within(r, c, mid) < 0.5)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

/* ---- a row for each customer ---- */

enum {
	C_ID,
	C_RISK,
	C_GONE,
	C_OVERDUE,
	C_ELAPSED,
	C_GAP,
	C_REPEATS,
	C_REASONS,
	C_COUNT
};
static const struct crm_field columns[C_COUNT] = {
    {"customer_id", CRM_T_ID, CRM_K_CUSTOMER, 0, 0, NULL, "the customer"},
    {"risk", CRM_T_DECIMAL, 0, 0, 0, NULL, "P(no purchase in the days ahead)"},
    {"gone", CRM_T_DECIMAL, 0, 0, 0, NULL, "P(not active any more)"},
    {"overdue", CRM_T_DECIMAL, 0, 0, 0, NULL,
	"the part of their gaps that are shorter than the present one"},
    {"elapsed", CRM_T_INT, 0, 0, 0, NULL, "days since the last purchase"},
    {"gap", CRM_T_DECIMAL, 0, 0, 0, NULL,
	"days that half of their gaps are within"},
    {"repeats", CRM_T_INT, 0, 0, 0, NULL,
	"days with a purchase after the first"},
    {"reasons", CRM_T_TEXT, 0, 0, 0, NULL, "what speaks for and against"},
};

static void
put_percent(struct crm_buf *b, double part)
{
	struct crm_dec d;

	if (crm_dec_from_double(100 * part, 0, &d))
		crm_dec_put(b, d);
	crm_buf_puts(b, " %");
}

static void
put_reasons(const struct churn *r, const struct crm_clv_customer *c,
    double gone, double overdue, double gap, struct crm_buf *b)
{
	struct crm_dec d;
	int64_t elapsed = r->x.data.end - c->last;

	crm_buf_clear(b);
	if (c->x == 0) {
		crm_buf_putf(
		    b, "bought once, %lld days ago; ", (long long)elapsed);
		put_percent(b, overdue);
		crm_buf_puts(b, " of first gaps in the shop are shorter");
	} else {
		crm_buf_putf(
		    b, "silent for %lld days, usual are ", (long long)elapsed);
		if (crm_dec_from_double(gap, 0, &d))
			crm_dec_put(b, d);
		crm_buf_puts(b, "; ");
		put_percent(b, overdue);
		crm_buf_putf(
		    b, " of gaps like their %lld are shorter", (long long)c->x);
	}
	crm_buf_puts(b, gone >= 0.5 ? "; likely gone" : "; likely active");
}

static int
print_one(struct churn *r, const struct crm_clv_customer *c, struct crm_buf *b,
    struct crm_err *err)
{
	struct crm_clv_of of = crm_clv_of(&r->m, &r->x.data, c);
	struct crm_value v[C_COUNT];
	double elapsed = (double)(r->x.data.end - c->last);
	double gone = 1 - crm_clv_alive(&r->m, &of);
	double overdue = gap_within(r, c, elapsed), gap = gap_median(r, c);

	put_reasons(r, c, gone, overdue, gap, b);
	v[C_ID] =
	    crm_names_value(&r->x.sales.names[CRM_SALES_CUSTOMER], c->who);
	v[C_RISK] = cli_figure(1 - crm_clv_any(&r->m, &of, r->t), 4);
	v[C_GONE] = cli_figure(gone, 4);
	v[C_OVERDUE] = cli_figure(overdue, 4);
	v[C_ELAPSED] = crm_value_num(CRM_T_INT, (int64_t)elapsed, 0);
	v[C_GAP] = cli_figure(gap, 1);
	v[C_REPEATS] = crm_value_num(CRM_T_INT, c->x, 0);
	v[C_REASONS] = crm_value_text(crm_buf_str(b));
	return cli_rows_put(r->rows, v, err);
}

static int
check_days(struct crm_err *err)
{
	if (days != 0 && days <= 36500)
		return CRM_OK;
	return crm_err_set(err, CRM_EUSAGE,
	    "--days: '%lld' is not a number from 1 to 36500", (long long)days);
}

static int
run_list(struct churn *r, struct crm_err *err)
{
	struct cli *c = r->x.c;
	const struct crm_field *fields;
	struct crm_buf b = {0};
	uint64_t without = 0;
	int code = cli_operands(c, 0, 1, err);

	cli_opt.no_money = true;
	if (code == CRM_OK)
		code = check_days(err);
	if (code == CRM_OK)
		code = cli_clv_read(&r->x, INT64_MAX, err);
	if (code == CRM_OK)
		code = cli_clv_choose(&r->x, &r->m, err);
	if (code == CRM_OK)
		code = fit_gaps(r, err);
	if (code == CRM_OK)
		code = cli_from_fields(c, columns, C_COUNT, &fields, err);
	if (code == CRM_OK)
		code = cli_rows_open(c, fields, C_COUNT, NULL, &r->rows, err);
	if (code == CRM_OK)
		code =
		    cli_from_chosen(c, &r->x.sales, &r->chosen, &without, err);
	if (code == CRM_OK && without > 0)
		cli_note(c,
		    "%llu of them have not bought: nothing is said of "
		    "them",
		    (unsigned long long)without);
	r->t = (double)(days < 0 ? DAYS : days) / r->m.unit;
	for (size_t i = 0; code == CRM_OK && i < r->x.data.n; i++) {
		const struct crm_clv_customer *one = &r->x.data.v[i];

		if (!r->chosen || r->chosen[one->who])
			code = print_one(r, one, &b, err);
	}
	crm_buf_release(&b);
	return code;
}

/* ---- check ---- */

enum { D_DECILE, D_CUSTOMERS, D_EXPECTED, D_OBSERVED, D_RECENCY, D_COUNT };
static const struct crm_field deciles[D_COUNT] = {
    {"decile", CRM_T_INT, 0, 0, 0, NULL, "tenth of the customers by risk"},
    {"customers", CRM_T_INT, 0, 0, 0, NULL, "customers in it"},
    {"expected", CRM_T_DECIMAL, 0, 0, 0, NULL,
	"mean risk: the part that should buy nothing"},
    {"observed", CRM_T_DECIMAL, 0, 0, 0, NULL, "the part that bought nothing"},
    {"recency", CRM_T_DECIMAL, 0, 0, 0, NULL,
	"the same of the tenth by days since the last purchase"},
};

enum { A_SCORE, A_CUSTOMERS, A_LOST, A_AUC, A_COUNT };
static const struct crm_field areas[A_COUNT] = {
    {"score", CRM_T_TEXT, 0, 0, 0, NULL, "risk, gone, overdue, or recency"},
    {"customers", CRM_T_INT, 0, 0, 0, NULL, "customers compared"},
    {"lost", CRM_T_INT, 0, 0, 0, NULL, "who bought nothing in the hold-out"},
    {"auc", CRM_T_DECIMAL, 0, 0, 0, NULL,
	"P(of one lost and one kept the lost has the higher score)"},
};

struct scored {
	double score;
	bool lost;
	size_t at;
};

static int
by_score(const void *a, const void *b)
{
	const struct scored *x = a, *y = b;

	if (x->score < y->score || x->score > y->score)
		return x->score < y->score ? -1 : 1;
	return (x->at > y->at) - (x->at < y->at);
}

enum { RISK, GONE, OVERDUE, RECENCY, SCORES };

static struct scored *
score_all(const struct churn *r, int which)
{
	const struct crm_clv_data *d = &r->x.data;
	struct scored *v = malloc((d->n + 1) * sizeof *v);

	for (size_t i = 0; v && i < d->n; i++) {
		const struct crm_clv_customer *c = &d->v[i];
		struct crm_clv_of of = crm_clv_of(&r->m, d, c);
		double elapsed = (double)(d->end - c->last);

		v[i] = (struct scored){.lost = c->later == 0, .at = i};
		v[i].score = which == RISK   ? 1 - crm_clv_any(&r->m, &of, r->t)
			     : which == GONE ? 1 - crm_clv_alive(&r->m, &of)
			     : which == OVERDUE ? gap_within(r, c, elapsed)
						: elapsed;
	}
	if (v)
		qsort(v, d->n, sizeof *v, by_score);
	return v;
}

/* By ranks, equal scores their mean (Mann and Whitney 1947). */
static int
print_area(struct churn *r, int which, struct crm_err *err)
{
	static const char *const name[SCORES] = {
	    "risk", "gone", "overdue", "recency"};
	struct scored *s = score_all(r, which);
	struct crm_value v[A_COUNT] = {{0}};
	size_t n = r->x.data.n, lost = 0;
	double ranks = 0;
	int code;

	if (!s)
		return crm_err_nomem(err);
	for (size_t i = 0, end; i < n; i = end) {
		size_t here = 0;

		for (end = i; end < n && !(s[end].score > s[i].score); end++)
			here += s[end].lost;
		lost += here;
		ranks += (double)here * ((double)(i + end) + 1) / 2;
	}
	free(s);
	v[A_SCORE] = crm_value_text(crm_str(name[which]));
	v[A_CUSTOMERS] = crm_value_num(CRM_T_INT, (int64_t)n, 0);
	v[A_LOST] = crm_value_num(CRM_T_INT, (int64_t)lost, 0);
	if (lost > 0 && lost < n)
		v[A_AUC] =
		    cli_figure((ranks - (double)lost * ((double)lost + 1) / 2) /
				   ((double)lost * (double)(n - lost)),
			4);
	code = cli_rows_put(r->rows, v, err);
	return code;
}

static int
print_areas(struct churn *r, struct crm_err *err)
{
	int code = CRM_OK;

	for (int i = 0; code == CRM_OK && i < SCORES; i++)
		code = print_area(r, i, err);
	return code;
}

static int
print_deciles(struct churn *r, struct crm_err *err)
{
	struct scored *s = score_all(r, RISK), *z = score_all(r, RECENCY);
	size_t n = r->x.data.n, from, to;
	int code = s && z ? CRM_OK : crm_err_nomem(err);

	for (size_t k = 0; code == CRM_OK && k < DECILES; k++) {
		struct crm_value v[D_COUNT] = {{0}};
		double risk = 0, lost = 0, naive = 0, m;

		from = n * k / DECILES;
		to = n * (k + 1) / DECILES;
		m = (double)(to - from);
		for (size_t i = from; i < to; i++) {
			risk += s[i].score;
			lost += s[i].lost;
			naive += z[i].lost;
		}
		v[D_DECILE] = crm_value_num(CRM_T_INT, (int64_t)k + 1, 0);
		v[D_CUSTOMERS] =
		    crm_value_num(CRM_T_INT, (int64_t)(to - from), 0);
		if (to > from) {
			v[D_EXPECTED] = cli_figure(risk / m, 4);
			v[D_OBSERVED] = cli_figure(lost / m, 4);
			v[D_RECENCY] = cli_figure(naive / m, 4);
		}
		code = cli_rows_put(r->rows, v, err);
	}
	free(s);
	free(z);
	return code;
}

static int
run_check(struct churn *r, struct crm_err *err)
{
	struct cli *c = r->x.c;
	struct cli_clv_fitted f;
	bool auc = by && strcmp(by, "auc") == 0;
	int code = cli_operands(c, 0, 0, err);

	cli_opt.no_money = true;
	if (code == CRM_OK && by && !auc && strcmp(by, "decile") != 0) {
		crm_err_set(err, CRM_EUSAGE, "'%s' is not decile or auc", by);
		crm_err_field(err, "--by", 4);
		return CRM_EUSAGE;
	}
	if (code == CRM_OK)
		code = cli_clv_held(&r->x, until, err);
	if (code == CRM_OK)
		code = cli_clv_fit(&r->x, &f, err);
	if (code < 0)
		return code;
	r->m = f.m;
	r->t = (double)(r->x.data.hold - r->x.data.end) / r->m.unit;
	code = fit_gaps(r, err);
	if (code == CRM_OK)
		code = cli_rows_open(c, auc ? areas : deciles,
		    auc ? A_COUNT : D_COUNT, NULL, &r->rows, err);
	if (code == CRM_OK)
		code = auc ? print_areas(r, err) : print_deciles(r, err);
	return code;
}

/* ---- the command ---- */

static int
finish(struct churn *r, int code, struct crm_err *err)
{
	if (r->rows && (code == CRM_OK || (code == CRM_NO && !err->text[0])))
		code = cli_rows_close(r->rows, err);
	else
		cli_rows_abort(r->rows);
	cli_clv_release(&r->x);
	return code;
}

static int
list(struct cli *c, struct crm_err *err)
{
	struct churn r = {.x = {.c = c}};

	return finish(&r, run_list(&r, err), err);
}

static int
check(struct cli *c, struct crm_err *err)
{
	struct churn r = {.x = {.c = c}};

	return finish(&r, run_check(&r, err), err);
}

static const struct cli_option list_options[] = {
    {0, "days", CLI_INT, &days, "N", "the days ahead (90)"},
    {0},
};

static const struct cli_option check_options[] = {
    {0, "until", CLI_TEXT, &until, "TIME",
	"fit on what was bought before, hold out the rest"},
    {0, "by", CLI_TEXT, &by, "decile|auc", "what the rows are of (decile)"},
    {0},
};

static const struct cli_verb verbs[] = {
    {"list", list, CLI_SCAN,
	CLI_OUT | CLI_LIST | CLI_NOTIME | CLI_IN | CLI_CLOCK | CLI_FROM |
	    CLI_FIT | CLI_USE,
	list_options, "[-]", "print each customer's risk, with reasons"},
    {"check", check, CLI_SCAN,
	CLI_OUT | CLI_LIST | CLI_NOTIME | CLI_CLOCK | CLI_FROM | CLI_FIT,
	check_options, "", "compare risks with who came back"},
    {0},
};

int
main(int argc, char **argv)
{
	static const struct cli_command command = {"crm-churn",
	    "who is about to be lost, and why", "customer", 0, verbs};

	return crm_main(&command, argc, argv);
}
