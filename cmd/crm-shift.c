/*
 * crm-shift.c - customers who buy otherwise than they used to.
 *
 * Only alarms are printed, unless --all is given: a list of who changed is what
 * somebody calls, and a list of everybody is for whoever doubts it.
 */
#include <stdlib.h>

#include "cli.h"
#include "cli_from.h"
#include "cli_noun.h"

static const char *alarm_text = "5%", *recent, *goods = "category";
static int64_t least = -1;
static bool all;

static const struct cli_option options[] = {
    {0, "recent", CLI_TEXT, &recent, "SPAN",
	"hold the orders of so long, 90d, 8w, 6mo, against those before; "
	"else each history is divided where it turns"},
    {0, "alarm", CLI_TEXT, &alarm_text, "SHARE",
	"of all alarms at most this share is false (5%)"},
    {0, "least", CLI_INT, &least, "N",
	"only customers with so many orders (6), of --recent before it (3)"},
    {0, "goods", CLI_TEXT, &goods, "COLUMN",
	"column of products that goods are grouped by (category)"},
    {0, "all", CLI_FLAG, &all, NULL, "all tests, not only the alarms"},
    {0},
};

enum {
	C_ID,
	C_WHAT,
	C_CHANGE,
	C_VALUE,
	C_BEFORE,
	C_RECENT,
	C_WAS,
	C_IS,
	C_P,
	C_Q,
	C_ALARM,
	C_WHY,
	C_SINCE,
	C_COUNT
};
static const struct crm_field columns[C_COUNT] = {
    {"customer_id", CRM_T_ID, CRM_K_CUSTOMER, 0, 0, NULL, "the customer"},
    {"what", CRM_T_TEXT, 0, 0, 0, NULL,
	"what was tested: rhythm, spend, basket, channel, goods"},
    {"change", CRM_T_TEXT, 0, 0, 0, NULL,
	"slower, faster, less, more, smaller, larger"},
    {"value", CRM_T_TEXT, 0, 0, 0, NULL,
	"the channel, or what goods, there is more or less of"},
    {"before", CRM_T_INT, 0, 0, 0, NULL,
	"orders before it; of rhythm days with orders after the first"},
    {"recent", CRM_T_INT, 0, 0, 0, NULL, "the same since"},
    {"was", CRM_T_DECIMAL, 0, 0, 0, NULL,
	"in 30 days; the median of an order; the share of orders"},
    {"is", CRM_T_DECIMAL, 0, 0, 0, NULL, "the same since"},
    {"p", CRM_T_DECIMAL, 0, 0, 0, NULL,
	"how probable so much is if nothing has changed"},
    {"q", CRM_T_DECIMAL, 0, 0, 0, NULL,
	"the share of false ones among alarms up to this one"},
    {"alarm", CRM_T_BOOL, 0, 0, 0, NULL, "is it one"},
    {"why", CRM_T_TEXT, 0, 0, 0, NULL, "in words"},
    {"since", CRM_T_DATE, 0, 0, 0, NULL, "from when it is otherwise"},
};

enum { PLACES = 4, PLACES_P = 12 };

struct work {
	struct cli *c;
	struct crm_sales sales;
	struct crm_shifts x;
	struct crm_shift_options opt;
	struct cli_rows *rows;
	struct crm_idmap ids;
	bool *chosen; /* of --from */
	unsigned digits;
	struct crm_buf why, since;
	uint64_t alarms;
};

/* ---- what is asked ---- */

static int
wrong(const char *option, const char *text, const char *wanted,
    struct crm_err *err)
{
	crm_err_set(err, CRM_EUSAGE, "'%s' is not %s", text, wanted);
	crm_err_field(err, option, strlen(option));
	return CRM_EUSAGE;
}

static int
parse_alarm(double *out, struct crm_err *err)
{
	struct crm_share s;
	int code = crm_share_parse(crm_str(alarm_text), false, &s, err);

	*out = code == CRM_OK ? crm_dec_double(s.v) : 0;
	if (code == CRM_OK && (*out <= 0 || *out >= 1))
		return wrong("--alarm", alarm_text,
		    "a share between 0 and 1, like 5% or 0.05", err);
	if (code < 0)
		crm_err_field(err, "--alarm", 7);
	return code;
}

static int
parse(struct work *w, struct crm_err *err)
{
	struct cli *c = w->c;
	int code = cli_operands(c, 0, 1, err);

	if (code == CRM_OK && cli_opt.from)
		code = cli_store_maybe(c, err);
	if (code == CRM_OK)
		code = cli_from_check(c, err);
	if (code == CRM_OK)
		code = parse_alarm(&w->opt.alarm, err);
	if (least < 0)
		least = recent ? 3 : 6;
	if (code == CRM_OK && (least < 2 || least > 1000000)) {
		code = crm_err_set(err, CRM_EUSAGE,
		    "'%lld' is not a number from 2 to 1000000",
		    (long long)least);
		crm_err_field(err, "--least", 7);
	}
	w->opt.least = (uint32_t)least;
	return code;
}

/* The moment time ends, and where the recent part of it begins. */
static int
set_times(struct work *w, int64_t at, struct crm_err *err)
{
	const char *text = recent;
	struct crm_span span;
	int code = CRM_OK;

	w->opt.at = at;
	w->opt.split = INT64_MIN;
	w->opt.calendar = &w->c->schema->calendar;
	if (!recent)
		return CRM_OK;
	if (crm_span_parse(crm_str(text), &span) < 0 ||
	    (span.months <= 0 && span.secs <= 0) ||
	    crm_moment_parse(crm_str(text), &w->c->schema->calendar, at,
		&w->opt.split) < 0 ||
	    w->opt.split >= at)
		code = wrong("--recent", text,
		    "a length of time, like 90d, 8w or 6mo", err);
	return code;
}

static int
read_stream(struct work *w, struct crm_err *err)
{
	struct cli_window window = {.since = INT64_MIN, .until = INT64_MAX};
	struct crm_sales *s = &w->sales;
	int code;

	s->want = CRM_SALES(CUSTOMER) | CRM_SALES(PLACED);
	s->may = CRM_SALES(TOTAL) | CRM_SALES(ORDER) | CRM_SALES(CHANNEL) |
		 CRM_SALES(PRODUCT) | CRM_SALES(QUANTITY);
	code = cli_from_read(w->c, s, &window, err);
	if (code == CRM_OK && s->anonymous > 0)
		cli_note(w->c, "%llu rows without a customer are left out",
		    (unsigned long long)s->anonymous);
	if (code == CRM_OK)
		code = cli_from_chosen(w->c, s, &w->chosen, NULL, err);
	w->digits = s->digits;
	if (code == CRM_OK)
		code = crm_shifts_sales(&w->x, s, &w->c->schema->calendar, err);
	return code;
}

static int
read_store(struct work *w, int64_t at, struct crm_err *err)
{
	struct cli *c = w->c;
	struct crm_txn *t = NULL;
	int category, code = cli_from_column(
			  c, CRM_K_PRODUCT, "--goods", goods, &category, err);

	w->digits = (unsigned)c->schema->digits;
	if (code == CRM_OK && c->noperand && !cli_stdin(c))
		code = crm_err_set(err, CRM_EUSAGE,
		    "'%s' is not -, the stream on stdin", c->operand[0]);
	if (code == CRM_OK && c->noperand)
		code = cli_selector(
		    c, NULL, &c->schema->kind[CRM_K_CUSTOMER], &w->ids, err);
	if (code == CRM_OK)
		code = crm_txn_begin(c->store, &t, err);
	if (code == CRM_OK)
		code = crm_shifts_store(&w->x, t, c->schema, at, category, err);
	if (t)
		crm_txn_end(t);
	return code;
}

static int
measure(struct work *w, struct crm_err *err)
{
	int64_t at = 0;
	int code;

	if (cli_opt.from) {
		code = read_stream(w, err);
		if (code == CRM_OK && w->x.norder > 0)
			at = cli_from_end(w->c, &w->sales);
	} else {
		at = cli_from_end(w->c, NULL);
		code = read_store(w, at, err);
	}
	if (code == CRM_OK && w->x.norder == 0)
		code = crm_err_set(err, CRM_NO, "there are no orders");
	if (code == CRM_OK)
		code = set_times(w, at, err);
	if (code == CRM_OK)
		code = crm_shifts_test(&w->x, &w->opt, err);
	if (code == CRM_OK && w->x.n == 0) {
		code = crm_err_set(
		    err, CRM_NO, "no customer has orders enough to be tested");
		crm_err_hint(err,
		    "wanted are at least %lld%s (--least, --recent, --at), "
		    "and enough for an alarm to be possible",
		    (long long)least, recent ? " before what is recent" : "");
	}
	return code;
}

/* ---- printing ---- */

static void
put_real(struct crm_buf *b, double v, unsigned places)
{
	struct crm_dec d;

	if (crm_dec_from_double(v, places, &d))
		crm_dec_put(b, d);
}

static struct crm_value
real(double v, unsigned places)
{
	struct crm_dec d;

	if (!crm_dec_from_double(v, places, &d))
		return (struct crm_value){0};
	return crm_value_num(CRM_T_DECIMAL, d.v, d.scale);
}

/* Never 0: nothing is impossible. */
static struct crm_value
probability(double p)
{
	return real(p < 1e-12 ? 1e-12 : p, PLACES_P);
}

/* In the units people know: money, items. */
static double
unit(const struct work *w, const struct crm_shift *y)
{
	if (y->what == CRM_SHIFT_SPEND)
		return (double)crm_pow10(w->digits);
	if (y->what == CRM_SHIFT_BASKET)
		return (double)crm_pow10(CRM_SALES_QUANTITY_SCALE);
	return 1;
}

static struct crm_str
word(const struct work *w, const struct crm_shift *y, unsigned at)
{
	return w->x.words[y->what == CRM_SHIFT_GOODS].text[at];
}

static void
explain(struct work *w, const struct crm_shift *y)
{
	struct crm_buf *b = &w->why;
	double by = unit(w, y);
	const char *since;

	crm_buf_clear(b);
	crm_buf_clear(&w->since);
	crm_date_put(&w->since, y->since);
	since = crm_buf_cstr(&w->since);
	switch (y->what) {
	case CRM_SHIFT_RHYTHM:
		crm_buf_putf(
		    b, "bought on %u days since %s, ", y->recent, since);
		put_real(b, y->expected, 1);
		crm_buf_putf(b, " expected after %u before", y->before);
		return;
	case CRM_SHIFT_SPEND:
	case CRM_SHIFT_BASKET:
		crm_buf_puts(b, y->what == CRM_SHIFT_SPEND
				    ? "the median order came to "
				    : "the median order had ");
		put_real(b, y->is / by, w->digits);
		crm_buf_putf(b, "%s in %u since %s, ",
		    y->what == CRM_SHIFT_SPEND ? "" : " items", y->recent,
		    since);
		put_real(b, y->was / by, w->digits);
		crm_buf_putf(b, " in %u before", y->before);
		return;
	default:
		crm_buf_putstr(b, word(w, y, y->word));
		crm_buf_putf(b,
		    " in %.0f of %u orders since %s, in %.0f of %u "
		    "before",
		    y->is * y->recent, y->recent, since, y->was * y->before,
		    y->before);
		if (y->other != y->word) {
			crm_buf_puts(b, ", instead of ");
			crm_buf_putstr(b, word(w, y, y->other));
		}
	}
}

static const char *const what_name[CRM_SHIFTS] = {
    "rhythm", "spend", "basket", "channel", "goods"};

static const char *
change_name(const struct crm_shift *y)
{
	static const char *const name[CRM_SHIFTS][2] = {{"slower", "faster"},
	    {"less", "more"}, {"smaller", "larger"}, {"less", "more"},
	    {"less", "more"}};

	return name[y->what][y->more];
}

static bool
wanted(const struct work *w, const struct crm_shift *y)
{
	uint64_t v;

	if (w->chosen)
		return w->chosen[y->customer];
	return cli_opt.from || !w->c->noperand ||
	       crm_idmap_get(&w->ids, y->customer, &v);
}

static int
print_row(struct work *w, const struct crm_shift *y, struct crm_err *err)
{
	bool alarm = y->q <= w->opt.alarm;
	double by = unit(w, y);
	struct crm_value v[C_COUNT];

	if (!wanted(w, y))
		return CRM_OK;
	w->alarms += alarm;
	if (!alarm && !all)
		return CRM_OK;
	explain(w, y);
	v[C_ID] = cli_opt.from
		      ? crm_names_value(&w->sales.names[CRM_SALES_CUSTOMER],
			    (size_t)y->customer)
		      : crm_value_id(CRM_K_CUSTOMER, y->customer);
	v[C_WHAT] = crm_value_text(crm_str(what_name[y->what]));
	v[C_CHANGE] = crm_value_text(crm_str(change_name(y)));
	v[C_VALUE] = y->what >= CRM_SHIFT_CHANNEL
			 ? crm_value_text(word(w, y, y->word))
			 : (struct crm_value){0};
	v[C_BEFORE] = crm_value_num(CRM_T_INT, y->before, 0);
	v[C_RECENT] = crm_value_num(CRM_T_INT, y->recent, 0);
	v[C_WAS] = real(y->was / by, PLACES);
	v[C_IS] = real(y->is / by, PLACES);
	v[C_P] = probability(y->p);
	v[C_Q] = probability(y->q);
	v[C_ALARM] = crm_value_num(CRM_T_BOOL, alarm, 0);
	v[C_WHY] = crm_value_text(crm_buf_str(&w->why));
	v[C_SINCE] = crm_value_num(CRM_T_DATE, y->since, 0);
	return cli_rows_put(w->rows, v, err);
}

static int
run(struct work *w, struct crm_err *err)
{
	const struct crm_field *f;
	int code = parse(w, err);

	if (code == CRM_OK)
		code = cli_from_fields(w->c, columns, C_COUNT, &f, err);
	if (code == CRM_OK)
		code = cli_rows_open(w->c, f, C_COUNT, NULL, &w->rows, err);
	if (code == CRM_OK)
		code = measure(w, err);
	if (code < 0) {
		cli_rows_abort(w->rows);
		return code;
	}
	for (size_t i = 0; code == CRM_OK && i < w->x.n; i++)
		code = print_row(w, &w->x.row[i], err);
	if (code == CRM_OK && w->alarms == 0)
		cli_note(w->c,
		    "nothing has changed, by %zu tests of %zu customers",
		    w->x.n, w->x.customers);
	if (code == CRM_OK || code == CRM_NO)
		return cli_rows_close(w->rows, err);
	cli_rows_abort(w->rows);
	return code;
}

static int
shift(struct cli *c, struct crm_err *err)
{
	struct work w = {.c = c};
	int code = run(&w, err);

	crm_shifts_release(&w.x);
	crm_sales_release(&w.sales);
	crm_idmap_release(&w.ids);
	crm_buf_release(&w.why);
	crm_buf_release(&w.since);
	return code;
}

static const struct cli_verb verbs[] = {
    {"", shift, CLI_SCAN,
	CLI_OUT | CLI_LIST | CLI_NOTIME | CLI_FROM | CLI_CLOCK | CLI_IN,
	options, "[-]", NULL},
    {0},
};

int
main(int argc, char **argv)
{
	static const struct cli_command command = {"crm-shift",
	    "customers who buy otherwise than they used to", "customer", 0,
	    verbs};

	return crm_main(&command, argc, argv);
}
