/*
 * crm-cohort.c - what became of the customers who came in the same month.
 *
 * A row for each cohort and period, which any tool can pivot, and --wide for
 * people.  What a period that has not passed would say is left empty: a month
 * of three days is not a bad month.
 */
#include <stdlib.h>

#include "cli.h"
#include "cli_cohort.h"
#include "cli_from.h"
#include "cli_noun.h"

static int64_t horizon = -1;
static const char *by = "month", *period, *wide, *since, *until;
static bool calendar;

static const struct cli_option options[] = {
    {0, "by", CLI_TEXT, &by, "WHAT",
	"cohorts by day, week, month, quarter or year of the first order, or "
	"by "
	"a column of customers (month)"},
    {0, "period", CLI_TEXT, &period, "WHAT",
	"periods: day, week, month, quarter or year (as --by, else month)"},
    {0, "calendar", CLI_FLAG, &calendar, NULL,
	"periods of the calendar, not those since the first order"},
    {0, "horizon", CLI_INT, &horizon, "N",
	"only the first period and N more of each cohort"},
    {0, "since", CLI_TEXT, &since, "TIME",
	"only customers whose first order was then or later"},
    {0, "until", CLI_TEXT, &until, "TIME",
	"only customers whose first order was before"},
    {0, "wide", CLI_TEXT, &wide, "COLUMN",
	"a row for each cohort, this figure of each period beside the others"},
    {0},
};

enum {
	C_COHORT,
	C_CUSTOMERS,
	C_ELAPSED,
	C_BEGINS,
	C_COMPLETE,
	C_OBSERVED,
	C_ACTIVE,
	C_ORDERS,
	C_REVENUE,
	C_RETENTION,
	C_REPEAT,
	C_TOTAL,
	C_EACH,
	C_COUNT
};
static const struct crm_field columns[C_COUNT] = {
    {"cohort", CRM_T_TEXT, 0, 0, 0, NULL,
	"the period of the first order, or the value of the column"},
    {"customers", CRM_T_INT, 0, 0, 0, NULL, "how many are in it"},
    {"elapsed", CRM_T_INT, 0, 0, 0, NULL,
	"periods since each one's own first, which is 0"},
    {"begins", CRM_T_DATE, 0, 0, 0, NULL,
	"the period's first day, where all have the same"},
    {"complete", CRM_T_BOOL, 0, 0, 0, NULL,
	"has the period passed for all of them"},
    {"observed", CRM_T_INT, 0, 0, 0, NULL,
	"for how many it has: the others are in none of the figures"},
    {"active", CRM_T_INT, 0, 0, 0, NULL, "how many of those ordered in it"},
    {"orders", CRM_T_INT, 0, 0, 0, NULL, "how often"},
    {"revenue", CRM_T_MONEY, 0, 0, CRM_F_BASE, NULL,
	"what was booked in it: sales, less refunds"},
    {"retention", CRM_T_DECIMAL, 0, 0, 0, NULL, "active of observed"},
    {"repeat_rate", CRM_T_DECIMAL, 0, 0, 0, NULL,
	"of observed, who had ordered twice by its end"},
    {"total", CRM_T_MONEY, 0, 0, CRM_F_BASE, NULL,
	"revenue from the first order to its end"},
    {"per_customer", CRM_T_MONEY, 0, 0, CRM_F_BASE, NULL, "total by observed"},
};
static const struct crm_field column_period = {
    "period", CRM_T_TEXT, 0, 0, 0, NULL, "the period of the calendar"};

enum { WIDE_MAX = 120, PLACES = 4 };

struct work {
	struct cli *c;
	struct crm_sales x;
	struct crm_cohorts k;
	struct crm_cohort_options opt;
	struct cli_cohort_words words;
	struct cli_rows *rows;
	struct crm_buf name, label;
	bool money, by_time;
	int field; /* of --by */
};

/* ---- what is asked ---- */

static int
wrong(const char *option, const char *value, const char *wanted,
    struct crm_err *err)
{
	crm_err_set(err, CRM_EUSAGE, "'%s' is not %s", value, wanted);
	crm_err_field(err, option, strlen(option));
	return CRM_EUSAGE;
}

static int
parse(struct work *w, struct crm_err *err)
{
	struct crm_cohort_options *o = &w->opt;
	struct cli *c = w->c;
	int code = cli_operands(c, 0, 1, err);

	/* the days of a store that is there */
	if (code == CRM_OK && cli_opt.from)
		code = cli_store_maybe(c, err);
	*o = (struct crm_cohort_options){.by = CRM_BY_MONTH,
	    .calendar = calendar,
	    .horizon = horizon,
	    .since = INT64_MIN,
	    .until = INT64_MAX,
	    .days = &c->schema->calendar};
	w->by_time = crm_period_parse(crm_str(by), &o->by) == CRM_OK;
	o->period = w->by_time ? o->by : CRM_BY_MONTH;
	if (code == CRM_OK && period &&
	    crm_period_parse(crm_str(period), &o->period) < 0)
		code = wrong("--period", period,
		    "day, week, month, quarter or year", err);
	if (code == CRM_OK && !w->by_time && cli_opt.from)
		code = wrong("--by", by,
		    "day, week, month, quarter or year: --from knows no "
		    "columns of customers",
		    err);
	if (code == CRM_OK && !w->by_time)
		code = cli_from_column(
		    c, CRM_K_CUSTOMER, "--by", by, &w->field, err);
	if (code == CRM_OK && since)
		code = cli_moment(c, "--since", since, &o->since, err);
	if (code == CRM_OK && until)
		code = cli_moment(c, "--until", until, &o->until, err);
	return code;
}

static int
measure(struct work *w, struct crm_err *err)
{
	struct cli_window window = {.since = INT64_MIN,
	    .until = INT64_MAX,
	    .signs = true,
	    .bookings = true};
	struct crm_sales *x = &w->x;
	uint64_t unknown = 0;
	bool *chosen;
	int code;

	x->want = CRM_SALES(CUSTOMER) | CRM_SALES(PLACED);
	x->may = CRM_SALES(ORDER) | CRM_SALES(TOTAL) | CRM_SALES(ORDERS);
	/* of the store nothing later than now is known, of a stream all */
	if (!cli_opt.from)
		window.until = cli_from_end(w->c, x);
	code = cli_from_read(w->c, x, &window, err);
	if (code == CRM_OK && x->anonymous > 0)
		cli_note(w->c, "%llu rows without a customer are left out",
		    (unsigned long long)x->anonymous);
	if (code == CRM_OK && x->n == 0)
		code = crm_err_set(err, CRM_NO, "there are no orders");
	if (code == CRM_OK)
		code = crm_cohorts_orders(x, err);
	if (code == CRM_OK)
		code = cli_from_chosen(w->c, x, &chosen, &unknown, err);
	if (code < 0)
		return code;
	w->money = x->has & CRM_SALES(TOTAL);
	w->opt.chosen = chosen;
	w->opt.at = cli_from_end(w->c, x);
	if (!w->by_time)
		code = cli_cohort_words(w->c, &x->names[CRM_SALES_CUSTOMER],
		    w->field, &w->words, err);
	w->opt.group = w->words.group;
	w->opt.groups = w->words.n;
	if (code == CRM_OK)
		code = crm_cohorts_make(&w->k, x, &w->opt, err);
	if (code == CRM_OK && w->k.customers == 0)
		code = crm_err_set(err, CRM_NO,
		    "none of the customers has ordered in that time");
	return code;
}

/* ---- printing ---- */

static struct crm_value
number(int64_t v)
{
	return crm_value_num(CRM_T_INT, v, 0);
}

static struct crm_value
money(const struct work *w, int64_t v)
{
	if (!w->money)
		return (struct crm_value){0};
	return crm_value_num(CRM_T_MONEY, v, w->x.digits);
}

/* a of b, b not 0. */
static struct crm_value
share(int64_t a, int64_t b)
{
	struct crm_dec d = {0};
	int64_t v = 0;

	crm_muldiv64(a, crm_pow10(PLACES), b, &v);
	d = crm_dec_canon((struct crm_dec){v, PLACES});
	return crm_value_num(CRM_T_DECIMAL, d.v, d.scale);
}

/* The figures of a cell; without one it has not passed for anybody. */
static void
put_cell(const struct work *w, const struct crm_cohort *k, size_t i,
    struct crm_value *v)
{
	const struct crm_cohort_cell *a = &k->cell[i];
	int64_t each = 0;

	for (int f = C_ACTIVE; f < C_COUNT; f++)
		v[f] = (struct crm_value){0};
	v[C_OBSERVED] = number(i < k->n ? a->observed : 0);
	v[C_COMPLETE] = crm_value_num(
	    CRM_T_BOOL, i < k->n && a->observed == k->customers, 0);
	if (i >= k->n || a->observed == 0)
		return;
	v[C_ACTIVE] = number(a->active);
	v[C_ORDERS] = number(a->orders);
	v[C_REVENUE] = money(w, a->revenue);
	v[C_RETENTION] = share(a->active, a->observed);
	v[C_REPEAT] = share(a->repeaters, a->observed);
	v[C_TOTAL] = money(w, a->total);
	crm_muldiv64(a->total, 1, a->observed, &each);
	v[C_EACH] = money(w, each);
}

static void
put_head(struct work *w, const struct crm_cohort *k, struct crm_value *v)
{
	crm_buf_clear(&w->name);
	if (w->by_time) {
		crm_period_put(&w->name, w->opt.by, k->key);
		v[C_COHORT] = crm_value_text(crm_buf_str(&w->name));
	} else {
		v[C_COHORT] = crm_value_text(w->words.text[k->key]);
	}
	if (v[C_COHORT].s.n == 0)
		v[C_COHORT] = (struct crm_value){0};
	v[C_CUSTOMERS] = number(k->customers);
}

static void
put_period(
    struct work *w, const struct crm_cohort *k, size_t i, struct crm_value *v)
{
	int64_t p = k->first + (int64_t)i;

	v[C_BEGINS] = (struct crm_value){0};
	if (calendar || (w->by_time && w->opt.by == w->opt.period))
		v[C_BEGINS] = crm_value_num(
		    CRM_T_DATE, crm_period_begin(w->opt.period, p), 0);
	v[C_ELAPSED] = number((int64_t)i);
	if (!calendar)
		return;
	crm_buf_clear(&w->label);
	crm_period_put(&w->label, w->opt.period, p);
	v[C_ELAPSED] = crm_value_text(crm_buf_str(&w->label));
}

static int
print_long(struct work *w, struct crm_err *err)
{
	struct crm_value v[C_COUNT];
	int code = CRM_OK;

	for (size_t i = 0; code == CRM_OK && i < w->k.n; i++) {
		const struct crm_cohort *k = &w->k.cohort[i];

		put_head(w, k, v);
		for (size_t j = 0; code == CRM_OK && j < k->n + k->running;
		     j++) {
			put_period(w, k, j, v);
			put_cell(w, k, j, v);
			code = cli_rows_put(w->rows, v, err);
		}
	}
	return code;
}

/* ---- side by side ---- */

struct wide {
	int figure;
	int64_t first; /* period of the first column, by the calendar */
	size_t n; /* columns of periods */
	struct crm_field *field;
};

static int
size_wide(const struct work *w, struct wide *x, struct crm_err *err)
{
	int64_t last = INT64_MIN;

	x->first = INT64_MAX;
	for (size_t i = 0; i < w->k.n; i++) {
		const struct crm_cohort *k = &w->k.cohort[i];
		int64_t end = (calendar ? k->first : 0) + (int64_t)k->n;

		if (calendar && k->first < x->first)
			x->first = k->first;
		last = end > last ? end : last;
	}
	if (!calendar)
		x->first = 0;
	x->n = last > x->first ? (size_t)(last - x->first) : 0;
	if (x->n <= WIDE_MAX)
		return CRM_OK;
	crm_err_set(err, CRM_EUSAGE,
	    "%zu periods are too many columns (at most %d)", x->n, WIDE_MAX);
	crm_err_field(err, "--wide", 6);
	crm_err_hint(
	    err, "--horizon N bounds them, --period asks for longer ones");
	return CRM_EUSAGE;
}

/* p0, p1, ... or p2026_03, ... */
static int
name_wide(struct work *w, struct wide *x, struct crm_err *err)
{
	struct crm_field *f =
	    crm_arena_alloc(&w->c->arena, (x->n + 2) * sizeof *f);

	if (!f)
		return crm_err_nomem(err);
	x->field = f;
	memcpy(f, columns, 2 * sizeof *f);
	for (size_t i = 0; i < x->n; i++) {
		struct crm_str name;

		crm_buf_clear(&w->label);
		crm_buf_putc(&w->label, 'p');
		if (calendar)
			crm_period_put(
			    &w->label, w->opt.period, x->first + (int64_t)i);
		else
			crm_buf_putf(&w->label, "%zu", i);
		crm_buf_putc(&w->label, '\0');
		name = crm_arena_str(&w->c->arena, crm_buf_str(&w->label));
		if (w->label.fail || !name.p)
			return crm_err_nomem(err);
		/* a name is small letters, digits and _ */
		for (char *p = (char *)(uintptr_t)name.p; *p; p++) {
			if (*p == '-')
				*p = '_';
			else if (*p == 'W' || *p == 'Q')
				*p = (char)(*p - 'A' + 'a');
		}
		f[i + 2] = columns[x->figure];
		f[i + 2].name = name.p;
	}
	return CRM_OK;
}

static int
print_wide(struct work *w, struct crm_err *err)
{
	struct wide x = {.figure = C_OBSERVED};
	struct crm_value v[C_COUNT], row[WIDE_MAX + 2];
	int code;

	while (x.figure < C_COUNT && strcmp(columns[x.figure].name, wide) != 0)
		x.figure++;
	code = size_wide(w, &x, err);
	if (code == CRM_OK)
		code = name_wide(w, &x, err);
	if (code == CRM_OK)
		code =
		    cli_rows_open(w->c, x.field, x.n + 2, NULL, &w->rows, err);
	for (size_t i = 0; code == CRM_OK && i < w->k.n; i++) {
		const struct crm_cohort *k = &w->k.cohort[i];
		size_t off = calendar ? (size_t)(k->first - x.first) : 0;

		memset(row, 0, sizeof row);
		put_head(w, k, row);
		for (size_t j = 0; j < k->n && off + j < x.n; j++) {
			put_cell(w, k, j, v);
			row[off + j + 2] = v[x.figure];
		}
		code = cli_rows_put(w->rows, row, err);
	}
	return code;
}

static int
check_wide(struct crm_err *err)
{
	int i = C_OBSERVED;

	while (wide && i < C_COUNT && strcmp(columns[i].name, wide) != 0)
		i++;
	if (i < C_COUNT)
		return CRM_OK;
	return wrong("--wide", wide,
	    "observed, active, orders, revenue, retention, repeat_rate, total "
	    "or per_customer",
	    err);
}

static int
run(struct work *w, struct crm_err *err)
{
	struct crm_field f[C_COUNT];
	int code = parse(w, err);

	memcpy(f, columns, sizeof f);
	if (calendar)
		f[C_ELAPSED] = column_period;
	if (code == CRM_OK)
		code = check_wide(err);
	if (code == CRM_OK && !wide)
		code = cli_rows_open(w->c, f, C_COUNT, NULL, &w->rows, err);
	if (code == CRM_OK)
		code = measure(w, err);
	if (code == CRM_OK)
		code = wide ? print_wide(w, err) : print_long(w, err);
	if (code == CRM_OK || (code == CRM_NO && w->k.n > 0 && w->rows))
		return cli_rows_close(w->rows, err);
	cli_rows_abort(w->rows);
	return code;
}

static int
cohort(struct cli *c, struct crm_err *err)
{
	struct work w = {.c = c};
	int code = run(&w, err);

	crm_cohorts_release(&w.k);
	crm_sales_release(&w.x);
	cli_cohort_words_release(&w.words);
	crm_buf_release(&w.name);
	crm_buf_release(&w.label);
	return code;
}

static const struct cli_verb verbs[] = {
    {"", cohort, CLI_SCAN,
	CLI_OUT | CLI_LIST | CLI_NOTIME | CLI_FROM | CLI_CLOCK | CLI_IN,
	options, "[-]", NULL},
    {0},
};

int
main(int argc, char **argv)
{
	static const struct cli_command command = {"crm-cohort",
	    "retention, revenue and repeat rate of those who came together",
	    "customer", 0, verbs};

	return crm_main(&command, argc, argv);
}
