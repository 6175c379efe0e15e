/*
 * cli_clv_check.c - crm-clv check: what was expected beside what came.
 *
 * The model is fitted on the days before --until and asked about those after
 * it, which it has not seen.  It has to be better than what costs nothing: that
 * everybody goes on at their own rate, at the shop's, or as in the last such
 * time.  Who first bought in the hold-out is nobody's prediction and not
 * counted.
 */
#include <stdlib.h>

#include "cli_clv.h"

enum { MOST = 7, WEEK = 7 }; /* 7 and more repeats are one row */

const char *cli_clv_until, *cli_clv_by;

enum { F_REPEATS, F_CUSTOMERS, F_OBS, F_EXP, F_OBS_MEAN, F_EXP_MEAN, F_COUNT };
static const struct crm_field frequency[F_COUNT] = {
    {"repeats", CRM_T_TEXT, 0, 0, 0, NULL,
	"days with a purchase after the first, before the hold-out"},
    {"customers", CRM_T_INT, 0, 0, 0, NULL, "customers who had as many"},
    {"observed", CRM_T_INT, 0, 0, 0, NULL,
	"their days with a purchase in the hold-out"},
    {"expected", CRM_T_DECIMAL, 0, 0, 0, NULL, "as the model expects them"},
    {"observed_mean", CRM_T_DECIMAL, 0, 0, 0, NULL, "of a customer"},
    {"expected_mean", CRM_T_DECIMAL, 0, 0, 0, NULL, "of a customer"},
};

enum { W_WEEK, W_END, W_HELD, W_OBS, W_EXP, W_OBS_ALL, W_EXP_ALL, W_COUNT };
static const struct crm_field weekly[W_COUNT] = {
    {"week", CRM_T_INT, 0, 0, 0, NULL, "weeks from the first purchase of all"},
    {"last_day", CRM_T_DATE, 0, 0, 0, NULL, "its last day"},
    {"held", CRM_T_BOOL, 0, 0, 0, NULL, "is it in the hold-out"},
    {"observed", CRM_T_INT, 0, 0, 0, NULL, "repeat purchases in it"},
    {"expected", CRM_T_DECIMAL, 0, 0, 0, NULL, "as the model expects them"},
    {"observed_total", CRM_T_INT, 0, 0, 0, NULL, "from the beginning"},
    {"expected_total", CRM_T_DECIMAL, 0, 0, 0, NULL, "from the beginning"},
};

enum { E_METHOD, E_WHAT, E_OBS, E_EXP, E_OFF, E_MAE, E_RMSE, E_COUNT };
static const struct crm_field errors[E_COUNT] = {
    {"method", CRM_T_TEXT, 0, 0, 0, NULL, "the model, or a naive guess"},
    {"what", CRM_T_TEXT, 0, 0, 0, NULL, "purchases or value"},
    {"observed", CRM_T_DECIMAL, 0, 0, 0, NULL, "what came in the hold-out"},
    {"expected", CRM_T_DECIMAL, 0, 0, 0, NULL, "what was said to come"},
    {"off", CRM_T_DECIMAL, 0, 0, 0, NULL, "percent too much or too little"},
    {"mae", CRM_T_DECIMAL, 0, 0, 0, NULL, "mean absolute error of a customer"},
    {"rmse", CRM_T_DECIMAL, 0, 0, 0, NULL,
	"root of the mean squared error of a customer"},
};

struct check {
	struct cli_clv x;
	struct crm_clv_model m;
	struct cli_rows *rows;
	double t; /* units of the hold-out */
};

static double
whole_units(int64_t minor, unsigned digits)
{
	return crm_dec_double((struct crm_dec){minor, (uint8_t)digits});
}

/* ---- by frequency ---- */

static int
by_frequency(struct check *k, struct crm_err *err)
{
	static const char *const label[MOST + 1] = {
	    "0", "1", "2", "3", "4", "5", "6", "7+"};
	const struct crm_clv_data *d = &k->x.data;
	uint64_t customers[MOST + 1] = {0}, observed[MOST + 1] = {0};
	double expected[MOST + 1] = {0};
	int code = CRM_OK;

	for (size_t i = 0; i < d->n; i++) {
		const struct crm_clv_customer *c = &d->v[i];
		struct crm_clv_of of = crm_clv_of(&k->m, d, c);
		unsigned at = c->x < MOST ? c->x : MOST;

		customers[at]++;
		observed[at] += c->later;
		expected[at] += crm_clv_expected(&k->m, &of, k->t);
	}
	for (unsigned i = 0; code == CRM_OK && i <= MOST; i++) {
		struct crm_value v[F_COUNT] = {{0}};
		double n = (double)customers[i];

		v[F_REPEATS] = crm_value_text(crm_str(label[i]));
		v[F_CUSTOMERS] =
		    crm_value_num(CRM_T_INT, (int64_t)customers[i], 0);
		v[F_OBS] = crm_value_num(CRM_T_INT, (int64_t)observed[i], 0);
		v[F_EXP] = cli_figure(expected[i], 2);
		if (customers[i] > 0) {
			v[F_OBS_MEAN] = cli_figure((double)observed[i] / n, 4);
			v[F_EXP_MEAN] = cli_figure(expected[i] / n, 4);
		}
		code = cli_rows_put(k->rows, v, err);
	}
	return code;
}

/* ---- by week ---- */

struct weeks {
	int64_t first; /* day */
	size_t n;
	uint64_t *observed; /* in each week */
	uint64_t *came; /* customers by the day of their first purchase */
	double *expected; /* of somebody after so many days */
	size_t days;
};

/* Days with a purchase after the first of the customers who are followed. */
static void
count_weeks(struct check *k, struct weeks *w)
{
	const struct crm_sales *s = &k->x.sales;
	const struct crm_calendar *cal = &k->x.c->schema->calendar;

	for (size_t i = 0; i < k->x.data.n; i++) {
		const struct crm_clv_customer *c = &k->x.data.v[i];
		int64_t before = c->first;

		w->came[c->first - w->first]++;
		for (size_t j = s->start[c->who]; j < s->start[c->who + 1];
		     j++) {
			int64_t day =
			    crm_day_of(cal, s->num[CRM_SALES_PLACED][j]);

			if (day > k->x.data.hold)
				break;
			if (day > before)
				w->observed[(day - w->first) / WEEK]++;
			before = day;
		}
	}
}

static int
print_weeks(struct check *k, const struct weeks *w, struct crm_err *err)
{
	double total = 0;
	uint64_t seen = 0;
	int code = CRM_OK;

	for (size_t i = 0; code == CRM_OK && i < w->n; i++) {
		struct crm_value v[W_COUNT];
		int64_t end = w->first + (int64_t)(i + 1) * WEEK - 1;
		double now = 0;

		if (end > k->x.data.hold)
			end = k->x.data.hold;
		for (size_t d = 0; d < w->days; d++)
			if (w->came[d] && w->first + (int64_t)d < end)
				now +=
				    (double)w->came[d] *
				    w->expected[(size_t)(end - w->first) - d];
		seen += w->observed[i];
		v[W_WEEK] = crm_value_num(CRM_T_INT, (int64_t)i + 1, 0);
		v[W_END] = crm_value_num(CRM_T_DATE, end, 0);
		v[W_HELD] = crm_value_num(CRM_T_BOOL, end > k->x.data.end, 0);
		v[W_OBS] = crm_value_num(CRM_T_INT, (int64_t)w->observed[i], 0);
		v[W_EXP] = cli_figure(now - total, 2);
		v[W_OBS_ALL] = crm_value_num(CRM_T_INT, (int64_t)seen, 0);
		v[W_EXP_ALL] = cli_figure(now, 2);
		total = now;
		code = cli_rows_put(k->rows, v, err);
	}
	return code;
}

static int
by_week(struct check *k, struct crm_err *err)
{
	const struct crm_clv_data *d = &k->x.data;
	struct crm_arena *a = &k->x.c->arena;
	struct weeks w = {.first = INT64_MAX};

	for (size_t i = 0; i < d->n; i++)
		if (d->v[i].first < w.first)
			w.first = d->v[i].first;
	w.days = (size_t)(d->hold - w.first) + 1;
	w.n = (w.days + WEEK - 1) / WEEK;
	w.observed = crm_arena_zalloc(a, w.n * sizeof *w.observed);
	w.came = crm_arena_zalloc(a, w.days * sizeof *w.came);
	w.expected = crm_arena_zalloc(a, w.days * sizeof *w.expected);
	if (!w.observed || !w.came || !w.expected)
		return crm_err_nomem(err);
	count_weeks(k, &w);
	for (size_t i = 1; i < w.days; i++)
		w.expected[i] =
		    crm_clv_expected_new(&k->m, (double)i / k->m.unit);
	return print_weeks(k, &w, err);
}

/* ---- errors ---- */

enum { MODEL, SAME_RATE, AVERAGE, AS_BEFORE, METHODS };

struct score {
	double observed, expected, absolute, squared;
};

static void
score(struct score *s, double expected, double observed)
{
	double d = expected - observed;

	s->expected += expected;
	s->observed += observed;
	s->absolute += d < 0 ? -d : d;
	s->squared += d * d;
}

/* Days with a purchase in as long a time before the hold-out. */
static double
before(const struct check *k, const struct crm_clv_customer *c, double *money)
{
	const struct crm_sales *s = &k->x.sales;
	const struct crm_calendar *cal = &k->x.c->schema->calendar;
	const struct crm_clv_data *d = &k->x.data;
	int64_t from = d->end - (d->hold - d->end), last = INT64_MIN;
	double n = 0;

	*money = 0;
	for (size_t i = s->start[c->who]; i < s->start[c->who + 1]; i++) {
		int64_t day = crm_day_of(cal, s->num[CRM_SALES_PLACED][i]);

		if (day > d->end)
			break;
		if (day <= from)
			continue;
		n += day != last;
		last = day;
		if (d->money)
			*money +=
			    whole_units(s->num[CRM_SALES_TOTAL][i], d->digits);
	}
	return n;
}

static void
score_all(struct check *k, struct score *buys, struct score *value)
{
	const struct crm_clv_data *d = &k->x.data;
	double all_x = 0, all_t = 0, all_spent = 0;

	for (size_t i = 0; i < d->n; i++) {
		all_x += d->v[i].x;
		all_t += (double)(d->end - d->v[i].first) / k->m.unit;
		all_spent += whole_units(d->v[i].spent, d->digits);
	}
	for (size_t i = 0; i < d->n; i++) {
		const struct crm_clv_customer *c = &d->v[i];
		struct crm_clv_of of = crm_clv_of(&k->m, d, c);
		double e[METHODS], v[METHODS];
		double spent = whole_units(c->later_spent, d->digits);

		e[MODEL] = crm_clv_expected(&k->m, &of, k->t);
		e[SAME_RATE] = of.t > 0 ? of.x / of.t * k->t : 0;
		e[AVERAGE] = all_t > 0 ? all_x / all_t * k->t : 0;
		e[AS_BEFORE] = before(k, c, &v[AS_BEFORE]);
		v[MODEL] =
		    k->m.money ? e[MODEL] * crm_clv_spend(&k->m, &of) : 0;
		v[SAME_RATE] = e[SAME_RATE] * of.mean;
		v[AVERAGE] = all_t > 0 ? all_spent / all_t * k->t : 0;
		for (int j = 0; j < METHODS; j++) {
			score(&buys[j], e[j], c->later);
			score(&value[j], v[j], spent);
		}
	}
}

static int
print_score(struct check *k, const char *method, const char *what,
    const struct score *s, struct crm_err *err)
{
	struct crm_value v[E_COUNT] = {{0}};
	double n = (double)k->x.data.n;

	v[E_METHOD] = crm_value_text(crm_str(method));
	v[E_WHAT] = crm_value_text(crm_str(what));
	v[E_OBS] = cli_figure(s->observed, 2);
	v[E_EXP] = cli_figure(s->expected, 2);
	if (s->observed > 0)
		v[E_OFF] = cli_figure(
		    100 * (s->expected - s->observed) / s->observed, 2);
	v[E_MAE] = cli_figure(s->absolute / n, 4);
	v[E_RMSE] = cli_figure(
	    s->squared > 0 ? crm_exp(crm_log(s->squared / n) / 2) : 0, 4);
	return cli_rows_put(k->rows, v, err);
}

static int
by_error(struct check *k, struct crm_err *err)
{
	static const char *const name[METHODS] = {
	    "", "same_rate", "average", "as_before"};
	struct score buys[METHODS] = {{0}}, value[METHODS] = {{0}};
	const char *model = k->m.kind == CRM_CLV_BG ? "bg-nbd" : "pareto-nbd";
	int code = CRM_OK;

	score_all(k, buys, value);
	for (int j = 0; code == CRM_OK && j < METHODS; j++)
		code = print_score(
		    k, j ? name[j] : model, "purchases", &buys[j], err);
	for (int j = 0; code == CRM_OK && k->m.money && j < METHODS; j++)
		code = print_score(
		    k, j ? name[j] : model, "value", &value[j], err);
	return code;
}

/* ---- the verb ---- */

static const struct way {
	const char *name;
	const struct crm_field *fields;
	size_t n;
	int (*print)(struct check *k, struct crm_err *err);
} ways[] = {
    {"frequency", frequency, F_COUNT, by_frequency},
    {"week", weekly, W_COUNT, by_week},
    {"error", errors, E_COUNT, by_error},
};

static int
find_way(const struct way **out, struct crm_err *err)
{
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
		if (strcmp(cli_clv_by ? cli_clv_by : "frequency",
			ways[i].name) == 0) {
			*out = &ways[i];
			return CRM_OK;
		}
	crm_err_set(err, CRM_EUSAGE, "'%s' is not frequency, week or error",
	    cli_clv_by);
	crm_err_field(err, "--by", 4);
	return CRM_EUSAGE;
}

static int
run_check(struct check *k, struct crm_err *err)
{
	struct cli *c = k->x.c;
	const struct way *way = NULL;
	struct cli_clv_fitted f;
	int code = find_way(&way, err);

	if (code == CRM_OK)
		code = cli_clv_held(&k->x, cli_clv_until, err);
	if (code == CRM_OK)
		code = cli_clv_fit(&k->x, &f, err);
	if (code < 0)
		return code;
	k->m = f.m;
	/* without a mean there is nothing to compare */
	k->m.money &= k->m.g[1] > 1;
	k->t = (double)(k->x.data.hold - k->x.data.end) / k->m.unit;
	code = cli_rows_open(c, way->fields, way->n, NULL, &k->rows, err);
	return code < 0 ? code : way->print(k, err);
}

int
cli_clv_check(struct cli *c, struct crm_err *err)
{
	struct check k = {.x = {.c = c}};
	int code = cli_operands(c, 0, 0, err);

	if (code == CRM_OK)
		code = run_check(&k, err);
	if (k.rows && (code == CRM_OK || (code == CRM_NO && !err->text[0])))
		code = cli_rows_close(k.rows, err);
	else
		cli_rows_abort(k.rows);
	cli_clv_release(&k.x);
	return code;
}
