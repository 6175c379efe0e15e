/*
 * crm-profit.c - what customers, segments, channels and products leave.
 *
 * Whatever is asked, the rows are cut from the same figures and add up to the
 * same sums; only segments overlap.  What nobody has told - a line without a
 * cost, no rates - is said on stderr, as it is counted as nothing.
 */
#include <stdlib.h>

#include "cli.h"
#include "cli_cohort.h"
#include "cli_from.h"
#include "cli_noun.h"

static const char *by = "customer", *period = "month";
static bool deciles;

static const struct cli_option options[] = {
    {0, "by", CLI_TEXT, &by, "WHAT",
	"rows of customer, product, segment, cohort, or a column of orders or "
	"customers: channel, country, customer.channel (customer)"},
    {0, "period", CLI_TEXT, &period, "WHAT",
	"cohorts by day, week, month, quarter or year (month)"},
    {0, "deciles", CLI_FLAG, &deciles, NULL,
	"a row for each tenth of the customers, the best first"},
    {0},
};

enum { C_KEY, C_FIGURES, C_MARGIN = C_FIGURES + CRM_PROFIT_FIGURES, C_COUNT };
#define MONEY(name, help)                                       \
	{                                                       \
		name, CRM_T_MONEY, 0, 0, CRM_F_BASE, NULL, help \
	}
static const struct crm_field columns[C_COUNT] = {
    {"by", CRM_T_TEXT, 0, 0, 0, NULL, "what the row is of"},
    {"orders", CRM_T_INT, 0, 0, 0, NULL, "orders that count"},
    MONEY("gross", "goods without tax"),
    MONEY("discounts", "discounts, coupons"),
    MONEY("returns", "refunds, cancellations, credits, gift cards, the part "
		     "of sellers"),
    MONEY("revenue", "the sum of these three"),
    MONEY("cost_of_goods", "of goods that stayed out"),
    MONEY("delivery", "parcels sent and taken back, at their rates"),
    MONEY("contacts", "touches, at their cost or rate"),
    MONEY("tickets", "at their rate"),
    MONEY("acquisition", "what it cost to win them"),
    MONEY("profit", "revenue less these five"),
    {"margin", CRM_T_DECIMAL, 0, 0, 0, NULL, "profit by revenue"},
};

enum {
	D_DECILE,
	D_CUSTOMERS,
	D_ORDERS,
	D_REVENUE,
	D_PROFIT,
	D_SHARE,
	D_SO_FAR,
	D_LEAST,
	D_COUNT
};
static const struct crm_field decile_columns[D_COUNT] = {
    {"decile", CRM_T_INT, 0, 0, 0, NULL, "1 is the best tenth"},
    {"customers", CRM_T_INT, 0, 0, 0, NULL, "how many are in it"},
    {"orders", CRM_T_INT, 0, 0, 0, NULL, "their orders"},
    MONEY("revenue", "their revenue"),
    MONEY("profit", "their profit"),
    {"share", CRM_T_DECIMAL, 0, 0, 0, NULL,
	"of all customers' profit; empty where that is not above 0"},
    {"share_so_far", CRM_T_DECIMAL, 0, 0, 0, NULL,
	"of this decile and those before"},
    MONEY("least", "profit of the last one in it"),
};

enum { PLACES = 4 };
enum how { BY_CUSTOMER, BY_PRODUCT, BY_ORDER, BY_SEGMENT, BY_COHORT, BY_WORD };

struct work {
	struct cli *c;
	struct crm_profits x;
	struct crm_profit_options opt;
	enum how how;
	int field; /* of customers */
	enum crm_period period;
	struct crm_sales sales; /* of --from */
	unsigned column; /* of them */
	unsigned digits;
	struct crm_members *set; /* of segments */
	struct crm_segments *sg;
	struct crm_idmap ids;
	bool chosen;
	struct cli_rows *rows;
	struct crm_buf name;
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

/* --from: what a log can be cut by. */
static int
parse_from(struct work *w, struct crm_err *err)
{
	struct crm_sales *s = &w->sales;

	if (strcmp(by, "channel") == 0)
		w->how = BY_ORDER;
	if (w->how == BY_SEGMENT || (w->how == BY_WORD)) {
		wrong("--by", by, "customer, product, channel or cohort", err);
		crm_err_hint(err, "--from knows the columns of its stream "
				  "only, and --columns channel=NAME takes "
				  "another for it");
		return CRM_EUSAGE;
	}
	w->column = w->how == BY_PRODUCT ? CRM_SALES_PRODUCT
		    : w->how == BY_ORDER ? CRM_SALES_CHANNEL
					 : CRM_SALES_CUSTOMER;
	s->want = CRM_SALES_BIT(w->column) | CRM_SALES(TOTAL);
	if (w->how == BY_COHORT || cli_opt.at)
		s->want |= CRM_SALES(PLACED);
	s->may = CRM_SALES(ORDER) | CRM_SALES(COST);
	return CRM_OK;
}

/* A column of orders, else of customers; customer.NAME is the latter's. */
static int
parse_column(struct work *w, struct crm_err *err)
{
	const struct crm_kind *order = &w->c->schema->kind[CRM_K_ORDER];
	const char *name = by;
	int f;

	w->how = BY_ORDER;
	f = crm_kind_field(order, crm_str(by));
	if (f > 0 && order->fields[f].type != CRM_T_MONEY) {
		w->opt.by = CRM_PROFIT_BY_FIELD;
		w->opt.field = f;
		return CRM_OK;
	}
	if (strncmp(by, "customer.", 9) == 0)
		name = by + 9;
	w->how = BY_WORD;
	return cli_from_column(
	    w->c, CRM_K_CUSTOMER, "--by", name, &w->field, err);
}

static int
parse(struct work *w, struct crm_err *err)
{
	static const char *const words[] = {
	    "customer", "product", NULL, "segment", "cohort"};
	struct cli *c = w->c;
	int code = cli_operands(c, 0, 1, err), i = 0;

	if (code == CRM_OK && c->noperand && !cli_stdin(c))
		code = crm_err_set(err, CRM_EUSAGE,
		    "'%s' is not -, the stream on stdin", c->operand[0]);
	if (code == CRM_OK && crm_period_parse(crm_str(period), &w->period) < 0)
		code = wrong("--period", period,
		    "day, week, month, quarter or year", err);
	if (code == CRM_OK && cli_opt.from)
		code = cli_store_maybe(c, err);
	if (code == CRM_OK)
		code = cli_from_check(c, err);
	w->digits = (unsigned)c->schema->digits;
	w->opt.at = INT64_MAX;
	if (!cli_opt.from && c->at != INT64_MAX)
		w->opt.at = cli_from_end(c, NULL);
	while (i < BY_WORD && (!words[i] || strcmp(by, words[i]) != 0))
		i++;
	w->how = (enum how)i;
	w->opt.by = w->how == BY_PRODUCT ? CRM_PROFIT_BY_PRODUCT
					 : CRM_PROFIT_BY_CUSTOMER;
	if (code == CRM_OK && cli_opt.from)
		code = parse_from(w, err);
	else if (code == CRM_OK && i == BY_WORD)
		code = parse_column(w, err);
	if (code == CRM_OK && deciles && w->how != BY_CUSTOMER)
		code = crm_err_set(err, CRM_EUSAGE,
		    "--deciles are of customers, without --by");
	w->chosen = code == CRM_OK && c->noperand;
	if (w->chosen &&
	    (w->opt.by != CRM_PROFIT_BY_CUSTOMER || w->how == BY_ORDER))
		code = crm_err_set(err, CRM_EUSAGE,
		    "a stream of customers goes with rows that are made of "
		    "customers, not with --by %s",
		    by);
	return code;
}

/* ---- reading ---- */

static int
read_segments(struct work *w, struct crm_txn *t, struct crm_err *err)
{
	struct cli *c = w->c;
	int code = crm_segments_open(
	    &w->sg, c->schema, cli_opt.at ? c->at : c->now, c->at, err);

	if (code == CRM_OK && crm_segments_count(w->sg) == 0) {
		code = crm_err_set(err, CRM_NO, "there are no segments");
		crm_err_hint(err, "crm.yaml defines them, see crm-segment(1)");
	}
	if (code == CRM_OK)
		crm_segments_need_all(w->sg);
	return code == CRM_OK ? crm_segments_sets(w->sg, t, &w->set, err)
			      : code;
}

/* Only those of the stream on stdin. */
static void
choose(struct work *w)
{
	size_t n = 0;
	uint64_t v;

	for (size_t i = 0; i < w->x.n; i++)
		if (crm_idmap_get(&w->ids, w->x.row[i].id, &v))
			w->x.row[n++] = w->x.row[i];
	w->x.n = n;
}

static int
read_stream(struct work *w, struct crm_err *err)
{
	struct cli_window window = {
	    .since = INT64_MIN, .until = INT64_MAX, .signs = true};
	struct crm_sales *s = &w->sales;
	bool *chosen = NULL;
	size_t n = 0;
	int code = cli_from_read(w->c, s, &window, err);

	if (code == CRM_OK && s->anonymous > 0)
		cli_note(w->c, "%llu rows without a customer are left out",
		    (unsigned long long)s->anonymous);
	if (code == CRM_OK && s->n == 0)
		code = crm_err_set(err, CRM_NO, "there are no sales");
	if (code == CRM_OK && !(s->has & CRM_SALES(COST)))
		cli_note(w->c, "there is no column 'cost': the goods are taken "
			       "to be free");
	if (code == CRM_OK && w->chosen)
		code = cli_from_chosen(w->c, s, &chosen, NULL, err);
	if (code == CRM_OK)
		code = crm_profits_sales(&w->x, s, w->column, err);
	w->digits = s->digits;
	for (size_t i = 0; code == CRM_OK && chosen && i < w->x.n; i++)
		if (chosen[w->x.row[i].id - 1])
			w->x.row[n++] = w->x.row[i];
	if (chosen)
		w->x.n = n;
	return code;
}

static int
measure(struct work *w, struct crm_err *err)
{
	struct cli *c = w->c;
	struct crm_txn *t;
	int code = CRM_OK;

	if (cli_opt.from)
		return read_stream(w, err);
	if (w->chosen)
		code = cli_selector(
		    c, NULL, &c->schema->kind[CRM_K_CUSTOMER], &w->ids, err);
	if (code == CRM_OK)
		code = crm_txn_begin(c->store, &t, err);
	if (code < 0)
		return code;
	code = crm_profits_read(&w->x, t, c->schema, &w->opt, err);
	if (code == CRM_OK && w->how == BY_SEGMENT)
		code = read_segments(w, t, err);
	crm_txn_end(t);
	if (code == CRM_OK && w->x.n == 0)
		code = crm_err_set(
		    err, CRM_NO, "there are no orders, and nothing that cost");
	if (code < 0)
		return code;
	if (c->schema->settings->costs.n == 0)
		cli_note(c, "crm.yaml has no costs: deliveries, tickets, "
			    "contacts and acquisition are taken to be free");
	if (w->x.without_cost > 0)
		cli_note(c,
		    "%llu lines have no cost: these goods are taken to "
		    "be free",
		    (unsigned long long)w->x.without_cost);
	if (w->chosen)
		choose(w);
	return CRM_OK;
}

/* ---- printing ---- */

static struct crm_value
share(int64_t a, int64_t b)
{
	int64_t v = 0;
	struct crm_dec d;

	if (b <= 0 || !crm_muldiv64(a, crm_pow10(PLACES), b, &v))
		return (struct crm_value){0};
	d = crm_dec_canon((struct crm_dec){v, PLACES});
	return crm_value_num(CRM_T_DECIMAL, d.v, d.scale);
}

static struct crm_value
money(const struct work *w, int64_t v)
{
	return crm_value_num(CRM_T_MONEY, v, w->digits);
}

/* What a log cannot know. */
static bool
unknown(const struct work *w, int figure)
{
	if (!cli_opt.from)
		return false;
	if (figure == CRM_PROFIT_COST)
		return !(w->sales.has & CRM_SALES(COST));
	return figure == CRM_PROFIT_DISCOUNTS ||
	       (figure >= CRM_PROFIT_DELIVERY && figure < CRM_PROFIT);
}

static int
print_row(
    struct work *w, struct crm_value key, const int64_t *y, struct crm_err *err)
{
	struct crm_value v[C_COUNT];

	v[C_KEY] = key;
	v[C_FIGURES] = crm_value_num(CRM_T_INT, y[CRM_PROFIT_ORDERS], 0);
	for (int i = 1; i < CRM_PROFIT_FIGURES; i++)
		v[C_FIGURES + i] =
		    unknown(w, i) ? (struct crm_value){0} : money(w, y[i]);
	v[C_MARGIN] = share(y[CRM_PROFIT], y[CRM_PROFIT_REVENUE]);
	return cli_rows_put(w->rows, v, err);
}

static struct crm_value
text(struct crm_str s)
{
	return s.n > 0 ? crm_value_text(s) : (struct crm_value){0};
}

static int
print_rows(struct work *w, struct crm_err *err)
{
	unsigned kind = w->how == BY_PRODUCT ? CRM_K_PRODUCT : CRM_K_CUSTOMER;
	int code = CRM_OK;

	for (size_t i = 0; code == CRM_OK && i < w->x.n; i++) {
		const struct crm_profit_row *y = &w->x.row[i];
		struct crm_value key = {0};

		if (cli_opt.from)
			key = crm_names_value(
			    &w->sales.names[w->column], (size_t)(y->id - 1));
		else if (w->how == BY_ORDER)
			key = text(y->text);
		else if (y->id)
			key = crm_value_id(kind, y->id);
		code = print_row(w, key, y->v, err);
	}
	return code;
}

static int
too_large(struct crm_err *err)
{
	return crm_err_set(
	    err, CRM_EDATA, "the sums are too large to be added");
}

static int
print_segments(struct work *w, struct crm_err *err)
{
	int code = CRM_OK;

	for (size_t k = 0; code == CRM_OK && k < crm_segments_count(w->sg);
	     k++) {
		int64_t sum[CRM_PROFIT_FIGURES] = {0};

		for (size_t i = 0; i < w->x.n; i++)
			if (w->x.row[i].id &&
			    crm_members_has(&w->set[k], w->x.row[i].id) &&
			    !crm_profit_add(sum, w->x.row[i].v))
				return too_large(err);
		code = print_row(w,
		    crm_value_text(crm_segments_def(w->sg, k)->name), sum, err);
	}
	return code;
}

struct group {
	int64_t key;
	size_t row;
};

static int
cmp_group(const void *a, const void *b)
{
	const struct group *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return (x->row > y->row) - (x->row < y->row);
}

/* The rows' sums by key; INT64_MIN is none. */
static int
print_groups(struct work *w, struct group *g, const struct crm_str *word,
    struct crm_err *err)
{
	int code = CRM_OK;

	qsort(g, w->x.n, sizeof *g, cmp_group);
	for (size_t i = 0, end; code == CRM_OK && i < w->x.n; i = end) {
		int64_t sum[CRM_PROFIT_FIGURES] = {0};

		for (end = i; end < w->x.n && g[end].key == g[i].key; end++)
			if (!crm_profit_add(sum, w->x.row[g[end].row].v))
				return too_large(err);
		crm_buf_clear(&w->name);
		if (word)
			crm_buf_putstr(&w->name, word[g[i].key]);
		else if (g[i].key != INT64_MIN)
			crm_period_put(&w->name, w->period, g[i].key);
		code = print_row(w, text(crm_buf_str(&w->name)), sum, err);
	}
	return code;
}

static int
print_cohorts(struct work *w, struct group *g, struct crm_err *err)
{
	const struct crm_calendar *days = &w->c->schema->calendar;

	for (size_t i = 0; i < w->x.n; i++) {
		int64_t first = w->x.row[i].id ? w->x.row[i].first : INT64_MAX;

		g[i] = (struct group){INT64_MIN, i};
		if (first != INT64_MAX)
			g[i].key =
			    crm_period_of(w->period, crm_day_of(days, first));
	}
	return print_groups(w, g, NULL, err);
}

static int
print_words(struct work *w, struct group *g, struct crm_err *err)
{
	struct cli_cohort_words words = {0};
	struct crm_names names = {.kind = CRM_K_CUSTOMER, .n = w->x.n};
	int code;

	names.number =
	    crm_arena_alloc(&w->c->arena, w->x.n * sizeof *names.number);
	if (!names.number)
		return crm_err_nomem(err);
	for (size_t i = 0; i < w->x.n; i++)
		names.number[i] = w->x.row[i].id;
	code = cli_cohort_words(w->c, &names, w->field, &words, err);
	for (size_t i = 0; code == CRM_OK && i < w->x.n; i++)
		g[i] = (struct group){(int64_t)words.group[i], i};
	if (code == CRM_OK)
		code = print_groups(w, g, words.text, err);
	cli_cohort_words_release(&words);
	return code;
}

static int
by_profit(const void *a, const void *b)
{
	const struct crm_profit_row *x = a, *y = b;

	if (x->v[CRM_PROFIT] != y->v[CRM_PROFIT])
		return x->v[CRM_PROFIT] > y->v[CRM_PROFIT] ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

/* Tenths of fewer than ten would be empty. */
static int
check_deciles(const struct work *w, struct crm_err *err)
{
	size_t n = w->x.n - (w->x.n > 0 && w->x.row[0].id == 0);

	if (n >= 10)
		return CRM_OK;
	return crm_err_set(err, CRM_NO,
	    "%zu customer%s: at least 10 are wanted for tenths of them", n,
	    n == 1 ? "" : "s");
}

static int
print_deciles(struct work *w, struct crm_err *err)
{
	int64_t all[CRM_PROFIT_FIGURES] = {0}, far = 0;
	struct crm_profit_row *row = w->x.row;
	size_t n = w->x.n;
	int code = CRM_OK;

	/* who has no name is nobody's decile */
	if (n > 0 && row[0].id == 0) {
		row++;
		n--;
	}
	for (size_t i = 0; i < n; i++)
		if (!crm_profit_add(all, row[i].v))
			return too_large(err);
	if (all[CRM_PROFIT] <= 0)
		cli_note(
		    w->c, "there is no profit in all that could be shared");
	qsort(row, n, sizeof *row, by_profit);
	for (size_t d = 0; code == CRM_OK && d < 10; d++) {
		size_t from = d * n / 10, end = (d + 1) * n / 10;
		int64_t sum[CRM_PROFIT_FIGURES] = {0};
		struct crm_value v[D_COUNT] = {{0}};

		for (size_t i = from; i < end; i++)
			crm_profit_add(sum, row[i].v);
		far += sum[CRM_PROFIT];
		v[D_DECILE] = crm_value_num(CRM_T_INT, (int64_t)d + 1, 0);
		v[D_CUSTOMERS] =
		    crm_value_num(CRM_T_INT, (int64_t)(end - from), 0);
		v[D_ORDERS] =
		    crm_value_num(CRM_T_INT, sum[CRM_PROFIT_ORDERS], 0);
		v[D_REVENUE] = money(w, sum[CRM_PROFIT_REVENUE]);
		v[D_PROFIT] = money(w, sum[CRM_PROFIT]);
		v[D_SHARE] = share(sum[CRM_PROFIT], all[CRM_PROFIT]);
		v[D_SO_FAR] = share(far, all[CRM_PROFIT]);
		if (end > from)
			v[D_LEAST] = money(w, row[end - 1].v[CRM_PROFIT]);
		code = cli_rows_put(w->rows, v, err);
	}
	return code;
}

static int
print(struct work *w, struct crm_err *err)
{
	struct group *g;

	if (deciles)
		return print_deciles(w, err);
	if (w->how < BY_SEGMENT)
		return print_rows(w, err);
	if (w->how == BY_SEGMENT)
		return print_segments(w, err);
	g = crm_arena_alloc(&w->c->arena, (w->x.n + 1) * sizeof *g);
	if (!g)
		return crm_err_nomem(err);
	return w->how == BY_COHORT ? print_cohorts(w, g, err)
				   : print_words(w, g, err);
}

static int
open_rows(struct work *w, struct crm_err *err)
{
	struct crm_field f[C_COUNT];

	if (deciles)
		return cli_rows_open(
		    w->c, decile_columns, D_COUNT, NULL, &w->rows, err);
	memcpy(f, columns, sizeof f);
	if (w->how == BY_CUSTOMER)
		f[C_KEY] = (struct crm_field){"customer_id", CRM_T_ID,
		    CRM_K_CUSTOMER, 0, 0, NULL,
		    "the customer; empty: orders of nobody known"};
	else if (w->how == BY_PRODUCT)
		f[C_KEY] = (struct crm_field){"product_id", CRM_T_ID,
		    CRM_K_PRODUCT, 0, 0, NULL, "the product; empty: of none"};
	else if (w->how == BY_ORDER && cli_opt.from)
		f[C_KEY].name = "channel";
	else if (w->how == BY_ORDER)
		f[C_KEY].name =
		    w->c->schema->kind[CRM_K_ORDER].fields[w->opt.field].name;
	else if (w->how == BY_WORD)
		f[C_KEY].name =
		    w->c->schema->kind[CRM_K_CUSTOMER].fields[w->field].name;
	else
		f[C_KEY].name = by;
	if (cli_opt.from) {
		f[C_KEY].type = CRM_T_TEXT;
		f[C_KEY].ref = 0;
	}
	/* "orders" is a figure here */
	for (int i = 1; i < C_COUNT; i++)
		if (strcmp(f[C_KEY].name, f[i].name) == 0)
			return wrong("--by", by, "a column to group by", err);
	return cli_rows_open(w->c, f, C_COUNT, NULL, &w->rows, err);
}

static int
profit(struct cli *c, struct crm_err *err)
{
	struct work w = {.c = c};
	bool read = false;
	int code = parse(&w, err);

	if (code == CRM_OK)
		code = open_rows(&w, err);
	if (code == CRM_OK)
		code = measure(&w, err);
	if (code == CRM_OK && deciles)
		code = check_deciles(&w, err);
	read = code == CRM_OK;
	if (read)
		code = print(&w, err);
	if (code == CRM_OK || (read && code == CRM_NO))
		code = cli_rows_close(w.rows, err);
	else
		cli_rows_abort(w.rows);
	if (w.sg)
		crm_sets_release(w.set, crm_segments_count(w.sg));
	crm_segments_close(w.sg);
	crm_profits_release(&w.x);
	crm_sales_release(&w.sales);
	crm_idmap_release(&w.ids);
	crm_buf_release(&w.name);
	return code;
}

static const struct cli_verb verbs[] = {
    {"", profit, CLI_SCAN,
	CLI_OUT | CLI_LIST | CLI_NOTIME | CLI_FROM | CLI_CLOCK | CLI_IN,
	options, "[-]", NULL},
    {0},
};

int
main(int argc, char **argv)
{
	static const struct cli_command command = {"crm-profit",
	    "what customers, channels and products leave after all costs",
	    "customer", 0, verbs};

	return crm_main(&command, argc, argv);
}
