/*
 * crm-clv.c - what customers will buy, and what that is worth.
 *
 * A model is fitted once and kept as a record; predicting reads it, so that
 * a list of this morning and one of tonight are by the same parameters and can
 * be told apart from a change of the customers.
 */
#include <math.h>

#include "cli_clv.h"
#include "cli_noun.h"

enum { COUNTS = 4000, YEAR = 365 };

/* ---- fit ---- */

/* Without a store the row is all there is of the model. */
static int
print_fitted(
    struct cli_clv *x, const struct cli_clv_fitted *f, struct crm_err *err)
{
	const struct crm_kind *k = &x->c->schema->kind[CRM_K_MODEL];
	struct crm_record *rec = crm_record_new(k, &x->c->arena);
	struct cli_rows *rows = NULL;
	int code = rec ? cli_clv_record(x, f, rec, err) : crm_err_nomem(err);

	if (code == CRM_OK)
		code = cli_rows_open(
		    x->c, k->fields, k->nfields, NULL, &rows, err);
	if (code == CRM_OK)
		code = cli_rows_put(rows, rec->v, err);
	if (code == CRM_OK)
		return cli_rows_close(rows, err);
	cli_rows_abort(rows);
	return code;
}

static int
keep_fitted(
    struct cli_clv *x, const struct cli_clv_fitted *f, struct crm_err *err)
{
	struct crm_record *rec;
	struct cli_work w;
	int code = cli_work_begin(x->c, false, &w, err);

	if (code == CRM_NO) {
		cli_work_release(&w);
		return CRM_OK;
	}
	if (code == CRM_OK)
		code = crm_change_new(w.change, x->c->kind, &rec, err);
	if (code == CRM_OK)
		code = cli_clv_record(x, f, rec, err);
	if (code == CRM_OK)
		code = cli_work_put(&w, rec, err);
	return cli_work_finish(&w, code, err);
}

static int
fit(struct cli *c, struct crm_err *err)
{
	struct cli_clv x = {.c = c};
	struct cli_clv_fitted f;
	int code = cli_operands(c, 0, 0, err);

	if (code == CRM_OK)
		code = cli_clv_read(&x, INT64_MAX, err);
	if (code == CRM_OK)
		code = cli_clv_fit(&x, &f, err);
	if (code == CRM_OK)
		code = cli_opt.from ? print_fitted(&x, &f, err)
				    : keep_fitted(&x, &f, err);
	cli_clv_release(&x);
	return code;
}

/* ---- predict ---- */

static int64_t days = -1;
static const char *discount, *level;

static const struct cli_option predict_options[] = {
    {0, "days", CLI_INT, &days, "N", "the days ahead (365)"},
    {0, "discount", CLI_TEXT, &discount, "PERCENT",
	"what money loses in a year (0)"},
    {0, "level", CLI_TEXT, &level, "P",
	"the part that lies between low and high (0.8)"},
    {0},
};

enum {
	P_ID,
	P_PURCHASES,
	P_ALIVE,
	P_ANY,
	P_SPEND,
	P_VALUE,
	P_REPEATS,
	P_LAST,
	P_AGE,
	P_ERROR,
	P_LOW,
	P_HIGH,
	P_VALUE_ERROR,
	P_VALUE_LOW,
	P_VALUE_HIGH,
	P_COUNT
};
#define WIDE CRM_F_WIDE
static const struct crm_field predicted[P_COUNT] = {
    {"customer_id", CRM_T_ID, CRM_K_CUSTOMER, 0, 0, NULL, "the customer"},
    {"purchases", CRM_T_DECIMAL, 0, 0, 0, NULL,
	"days with a purchase expected in the days ahead"},
    {"alive", CRM_T_DECIMAL, 0, 0, 0, NULL, "P(still active)"},
    {"any", CRM_T_DECIMAL, 0, 0, 0, NULL,
	"P(at least one purchase in the days ahead)"},
    {"spend", CRM_T_MONEY, 0, 0, CRM_F_BASE, NULL,
	"money expected of a purchase"},
    {"value", CRM_T_MONEY, 0, 0, CRM_F_BASE, NULL,
	"money expected in the days ahead"},
    {"repeats", CRM_T_INT, 0, 0, 0, NULL,
	"days with a purchase so far, after the first"},
    {"last_day", CRM_T_DATE, 0, 0, 0, NULL, "the last of them"},
    {"age", CRM_T_INT, 0, 0, 0, NULL, "days since the first purchase"},
    {"error", CRM_T_DECIMAL, 0, 0, WIDE, NULL,
	"standard error of purchases that comes of the parameters'"},
    {"low", CRM_T_INT, 0, 0, WIDE, NULL, "purchases at the lower end"},
    {"high", CRM_T_INT, 0, 0, WIDE, NULL, "purchases at the upper end"},
    {"value_error", CRM_T_MONEY, 0, 0, CRM_F_BASE | WIDE, NULL,
	"standard error of value that comes of the parameters'"},
    {"value_low", CRM_T_MONEY, 0, 0, CRM_F_BASE | WIDE, NULL,
	"value at the lower end"},
    {"value_high", CRM_T_MONEY, 0, 0, CRM_F_BASE | WIDE, NULL,
	"value at the upper end"},
};
#undef WIDE

struct predict {
	struct cli_clv x;
	struct crm_clv_model m;
	double t, rate, tail; /* in units; a unit; outside on each side */
	struct crm_want want;
	struct cli_rows *rows;
	bool *chosen;
	double *p; /* COUNTS probabilities */
	uint64_t meanless; /* customers whose money has no mean */
};

static int
take_number(const char *option, const char *text, double low, double high,
    double *out, struct crm_err *err)
{
	struct crm_dec d;

	if (!text)
		return CRM_OK;
	if (crm_dec_parse(crm_str(text), &d) == CRM_OK) {
		*out = crm_dec_double(d);
		if (*out >= low && *out < high)
			return CRM_OK;
	}
	crm_err_set(err, CRM_EUSAGE, "'%s' is not a number from %g to below %g",
	    text, low, high);
	crm_err_field(err, option, strlen(option));
	return CRM_EUSAGE;
}

static int
take_options(struct predict *r, struct crm_err *err)
{
	double percent = 0, inside = 0.8;
	int code;

	if (days == 0 || days > 36500)
		return crm_err_set(err, CRM_EUSAGE,
		    "--days: '%lld' is not a number from 1 to 36500",
		    (long long)days);
	code = take_number("--discount", discount, 0, 1000, &percent, err);
	if (code == CRM_OK && level) {
		struct crm_share part = {0};

		code = crm_share_parse(crm_str(level), false, &part, err);
		if (code == CRM_OK && crm_dec_double(part.v) >= 1)
			code = crm_err_set(err, CRM_EUSAGE,
			    "'%s' is no share above 0 and below 1", level);
		if (code < 0)
			crm_err_field(err, "--level", 7);
		inside = crm_dec_double(part.v);
	}
	r->rate = crm_log1p(percent / 100) / YEAR; /* a day */
	r->tail = (1 - inside) / 2;
	return code;
}

static void
money_figures(struct predict *r, const struct crm_clv_of *of, double sum,
    size_t n, struct crm_value *v)
{
	unsigned digits = r->x.data.digits;
	double spend = crm_clv_spend(&r->m, of);
	double plain = sum, scale = 1;

	v[P_SPEND] = cli_figure_money(spend, digits);
	v[P_VALUE] = cli_figure_money(spend * sum, digits);
	if (spend == HUGE_VAL)
		r->meanless++;
	if (crm_wants(&r->want, P_VALUE_ERROR) && r->m.cov[0] > 0 &&
	    r->m.gcov[0] > 0)
		v[P_VALUE_ERROR] = cli_figure_money(
		    crm_clv_error(&r->m, of, r->t, r->rate, true), digits);
	if (n == 0)
		return;
	/* The interval is of the money as it comes in; discounted as its
	 * mean is. */
	if (r->rate > 0)
		plain = crm_clv_expected(&r->m, of, r->t);
	if (plain > 0)
		scale = sum / plain;
	if (crm_wants(&r->want, P_VALUE_LOW))
		v[P_VALUE_LOW] = cli_figure_money(
		    scale * crm_clv_value_quantile(&r->m, of, r->p, n, r->tail),
		    digits);
	if (crm_wants(&r->want, P_VALUE_HIGH))
		v[P_VALUE_HIGH] =
		    cli_figure_money(scale * crm_clv_value_quantile(&r->m, of,
						 r->p, n, 1 - r->tail),
			digits);
}

static int
print_one(
    struct predict *r, const struct crm_clv_customer *c, struct crm_err *err)
{
	const struct crm_names *names = &r->x.sales.names[CRM_SALES_CUSTOMER];
	struct crm_clv_of of = crm_clv_of(&r->m, &r->x.data, c);
	struct crm_value v[P_COUNT] = {{0}};
	double sum = crm_clv_discounted(&r->m, &of, r->t, r->rate), plain = sum;
	size_t n = 0;

	if (crm_wants(&r->want, P_LOW) || crm_wants(&r->want, P_HIGH) ||
	    crm_wants(&r->want, P_VALUE_LOW) ||
	    crm_wants(&r->want, P_VALUE_HIGH))
		n = crm_clv_counts(&r->m, &of, r->t, r->p, COUNTS);
	if (r->rate > 0)
		plain = crm_clv_expected(&r->m, &of, r->t);
	v[P_ID] = crm_names_value(names, c->who);
	v[P_PURCHASES] = cli_figure(plain, 4);
	v[P_ALIVE] = cli_figure(crm_clv_alive(&r->m, &of), 4);
	v[P_ANY] = cli_figure(crm_clv_any(&r->m, &of, r->t), 4);
	v[P_REPEATS] = crm_value_num(CRM_T_INT, c->x, 0);
	v[P_LAST] = crm_value_num(CRM_T_DATE, c->last, 0);
	v[P_AGE] = crm_value_num(CRM_T_INT, r->x.data.end - c->first, 0);
	if (crm_wants(&r->want, P_ERROR) && r->m.cov[0] > 0)
		v[P_ERROR] =
		    cli_figure(crm_clv_error(&r->m, &of, r->t, 0, false), 4);
	if (n > 0) {
		v[P_LOW] = crm_value_num(CRM_T_INT,
		    (int64_t)crm_clv_count_quantile(r->p, n, r->tail), 0);
		v[P_HIGH] = crm_value_num(CRM_T_INT,
		    (int64_t)crm_clv_count_quantile(r->p, n, 1 - r->tail), 0);
	}
	if (r->m.money)
		money_figures(r, &of, sum, n, v);
	return cli_rows_put(r->rows, v, err);
}

static int
run_predict(struct predict *r, struct crm_err *err)
{
	struct cli *c = r->x.c;
	const struct crm_field *fields;
	uint64_t without = 0;
	int code = cli_operands(c, 0, 1, err);

	if (cli_opt.bare && !cli_opt.on)
		cli_opt.on = "customer_id";
	if (code == CRM_OK)
		code = take_options(r, err);
	if (code == CRM_OK)
		code = cli_clv_read(&r->x, INT64_MAX, err);
	if (code == CRM_OK)
		code = cli_clv_choose(&r->x, &r->m, err);
	if (code == CRM_OK)
		code = cli_from_fields(c, predicted, P_COUNT, &fields, err);
	if (code == CRM_OK)
		code = cli_rows_open(c, fields, P_COUNT, NULL, &r->rows, err);
	if (code == CRM_OK)
		code =
		    cli_from_chosen(c, &r->x.sales, &r->chosen, &without, err);
	if (code < 0)
		return code;
	if (without > 0)
		cli_note(c,
		    "%llu of them have not bought: nothing is said of "
		    "them",
		    (unsigned long long)without);
	r->p = crm_arena_alloc(&c->arena, COUNTS * sizeof *r->p);
	if (!r->p)
		return crm_err_nomem(err);
	cli_rows_want(r->rows, &r->want);
	r->t = (double)(days < 0 ? YEAR : days) / r->m.unit;
	r->rate *= r->m.unit;
	for (size_t i = 0; code == CRM_OK && i < r->x.data.n; i++) {
		const struct crm_clv_customer *one = &r->x.data.v[i];

		if (!r->chosen || r->chosen[one->who])
			code = print_one(r, one, err);
	}
	if (r->meanless > 0)
		cli_note(c,
		    "the money of %llu of them has no mean: spend and value "
		    "are empty",
		    (unsigned long long)r->meanless);
	return code;
}

static int
predict(struct cli *c, struct crm_err *err)
{
	struct predict r = {.x = {.c = c}};
	int code = run_predict(&r, err);

	if (r.rows && (code == CRM_OK || (code == CRM_NO && !err->text[0])))
		code = cli_rows_close(r.rows, err);
	else
		cli_rows_abort(r.rows);
	cli_clv_release(&r.x);
	return code;
}

/* ---- the command ---- */

static const struct cli_option check_options[] = {
    {0, "until", CLI_TEXT, &cli_clv_until, "TIME",
	"fit on what was bought before, hold out the rest"},
    {0, "by", CLI_TEXT, &cli_clv_by, "frequency|week|error",
	"what the rows are of (frequency)"},
    {0},
};

static const struct cli_verb verbs[] = {
    {"fit", fit, CLI_WRITE,
	CLI_FIT | CLI_CHANGE | CLI_OUT | CLI_CLOCK | CLI_FROM, NULL, "",
	"fit a model to the purchases so far, and keep it"},
    {"predict", predict, CLI_SCAN,
	CLI_OUT | CLI_LIST | CLI_NOTIME | CLI_IN | CLI_CLOCK | CLI_FROM |
	    CLI_FIT | CLI_USE,
	predict_options, "[-]", "print what customers are expected to buy"},
    {"check", cli_clv_check, CLI_SCAN,
	CLI_OUT | CLI_LIST | CLI_NOTIME | CLI_CLOCK | CLI_FROM | CLI_FIT,
	check_options, "", "fit on the past and compare with what came after"},
    {0},
};

int
main(int argc, char **argv)
{
	static const struct cli_command command = {"crm-clv",
	    "what customers will buy, and what that is worth", "model",
	    CLI_GET | CLI_LISTV | CLI_RM, verbs};

	return crm_main(&command, argc, argv);
}
