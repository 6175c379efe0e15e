/*
 * crm-rfm.c - recency, frequency and monetary value of customers, scored.
 *
 * A stream on stdin says who is printed, not against whom they are scored:
 * that a customer is among the best fifth is said of the shop, unless
 * --within asks for the set itself.
 */
#include <stdlib.h>

#include "cli.h"
#include "cli_from.h"
#include "cli_noun.h"

static int64_t bins = -1;
static const char *cuts[CRM_RFM_FIGURES], *since, *until;
static bool within, cells;

static const struct cli_option options[] = {
    {0, "bins", CLI_INT, &bins, "N", "scores from 1 to N (5)"},
    {0, "cuts-recency", CLI_TEXT, &cuts[CRM_RFM_R], "DAYS",
	"fixed cuts, rising, separated by commas, in place of quantiles"},
    {0, "cuts-frequency", CLI_TEXT, &cuts[CRM_RFM_F], "ORDERS",
	"the same for the number of orders"},
    {0, "cuts-monetary", CLI_TEXT, &cuts[CRM_RFM_M], "AMOUNTS",
	"the same for revenue, in the store's currency"},
    {0, "since", CLI_TEXT, &since, "TIME", "only orders from this time on"},
    {0, "until", CLI_TEXT, &until, "TIME", "only orders before this time"},
    {0, "within", CLI_FLAG, &within, NULL,
	"score the customers on stdin among themselves"},
    {0, "cells", CLI_FLAG, &cells, NULL,
	"a row for each pair of recency and frequency scores"},
    {0},
};

enum {
	C_ID,
	C_RECENCY,
	C_FREQUENCY,
	C_MONETARY,
	C_R,
	C_F,
	C_M,
	C_SCORE,
	C_COUNT
};
static const struct crm_field columns[C_COUNT] = {
    {"customer_id", CRM_T_ID, CRM_K_CUSTOMER, 0, 0, NULL, "the customer"},
    {"recency", CRM_T_INT, 0, 0, 0, NULL, "days since the last order"},
    {"frequency", CRM_T_INT, 0, 0, 0, NULL, "number of orders"},
    {"monetary", CRM_T_MONEY, 0, 0, CRM_F_BASE, NULL, "revenue"},
    {"r", CRM_T_INT, 0, 0, 0, NULL, "score of recency"},
    {"f", CRM_T_INT, 0, 0, 0, NULL, "score of frequency"},
    {"m", CRM_T_INT, 0, 0, 0, NULL, "score of monetary"},
    {"score", CRM_T_INT, 0, 0, 0, NULL, "the three side by side"},
};

enum { G_CELL, G_R, G_F, G_CUSTOMERS, G_ORDERS, G_REVENUE, G_COUNT };
static const struct crm_field grid[G_COUNT] = {
    {"cell", CRM_T_TEXT, 0, 0, 0, NULL, "the two scores"},
    {"r", CRM_T_INT, 0, 0, 0, NULL, "score of recency"},
    {"f", CRM_T_INT, 0, 0, 0, NULL, "score of frequency"},
    {"customers", CRM_T_INT, 0, 0, 0, NULL, "how many have them"},
    {"orders", CRM_T_INT, 0, 0, 0, NULL, "their orders"},
    {"revenue", CRM_T_MONEY, 0, 0, CRM_F_BASE, NULL, "their revenue"},
};

struct rfm {
	struct cli *c;
	struct crm_rfm x;
	struct crm_rfm_window window;
	struct crm_sales sales; /* of --from */
	unsigned digits;
	struct crm_idmap ids;
	bool chosen; /* by ids */
	struct cli_rows *rows;
};

static int
take_window(struct rfm *r, struct crm_err *err)
{
	struct cli *c = r->c;
	struct crm_rfm_window *w = &r->window;
	int code = CRM_OK;

	*w = (struct crm_rfm_window){INT64_MIN, INT64_MAX, c->at, 0};
	w->today = crm_day_of(&c->schema->calendar, c->now);
	if (cli_opt.at)
		w->today = crm_day_of(&c->schema->calendar, w->at);
	if (code == CRM_OK && since)
		code = cli_moment(c, "--since", since, &w->since, err);
	if (code == CRM_OK && until)
		code = cli_moment(c, "--until", until, &w->until, err);
	return code;
}

static int
take_cuts(struct rfm *r, struct crm_err *err)
{
	static const char *const name[] = {
	    "--cuts-recency", "--cuts-frequency", "--cuts-monetary"};

	if (bins >= 0 && (bins < 2 || bins > CRM_RFM_BINS)) {
		crm_err_set(err, CRM_EUSAGE,
		    "'%lld' is not a number from 2 to %d", (long long)bins,
		    CRM_RFM_BINS);
		crm_err_field(err, "--bins", 6);
		return CRM_EUSAGE;
	}
	for (int k = 0; k < CRM_RFM_FIGURES; k++) {
		unsigned digits = k == CRM_RFM_M ? r->digits : 0;

		if (cuts[k] &&
		    crm_rfm_fix(&r->x, k, crm_str(cuts[k]), digits, err) < 0) {
			crm_err_field(err, name[k], strlen(name[k]));
			return CRM_EUSAGE;
		}
	}
	return CRM_OK;
}

static int
read_stream(struct rfm *r, struct crm_err *err)
{
	struct cli_window window = {
	    .since = r->window.since, .until = r->window.until, .signs = true};
	const struct crm_calendar *days = &r->c->schema->calendar;
	struct crm_sales *s = &r->sales;
	bool *chosen = NULL;
	int code;

	s->want = CRM_SALES(CUSTOMER) | CRM_SALES(PLACED) | CRM_SALES(TOTAL);
	s->may = CRM_SALES(ORDER);
	code = cli_from_read(r->c, s, &window, err);
	if (code == CRM_OK && s->anonymous > 0)
		cli_note(r->c, "%llu rows without a customer are left out",
		    (unsigned long long)s->anonymous);
	if (code == CRM_OK && r->chosen)
		code = cli_from_chosen(r->c, s, &chosen, NULL, err);
	for (size_t i = 0;
	     code == CRM_OK && chosen && i < s->names[CRM_SALES_CUSTOMER].n;
	     i++)
		if (chosen[i] && crm_idmap_put(&r->ids, i, 0) == CRM_ENOMEM)
			code = crm_err_nomem(err);
	r->digits = s->digits;
	if (code == CRM_OK && s->n > 0)
		code = crm_rfm_sales(&r->x, s, days,
		    crm_day_of(days, cli_from_end(r->c, s)), err);
	return code;
}

static int
read_store(struct rfm *r, struct crm_err *err)
{
	struct crm_txn *t;
	int code = CRM_OK;

	if (r->chosen)
		code = cli_selector(r->c, NULL,
		    &r->c->schema->kind[CRM_K_CUSTOMER], &r->ids, err);
	if (code == CRM_OK)
		code = crm_txn_begin(r->c->store, &t, err);
	if (code < 0)
		return code;
	code = crm_rfm_read(t, r->c->schema, &r->window, &r->x, err);
	/* All figures are in memory: what is printed can take its time. */
	crm_txn_end(t);
	return code;
}

static int
measure(struct rfm *r, struct crm_err *err)
{
	int code = cli_opt.from ? read_stream(r, err) : read_store(r, err);

	/* the places of money are known now */
	if (code == CRM_OK && cli_opt.from)
		code = take_cuts(r, err);
	if (code == CRM_OK && r->x.n == 0)
		code = crm_err_set(err, CRM_NO, "there are no orders%s",
		    since || until || cli_opt.at ? " in that time" : "");
	if (code == CRM_OK && within)
		crm_rfm_within(&r->x, &r->ids);
	for (int k = 0; code == CRM_OK && k < CRM_RFM_FIGURES; k++)
		if (!cuts[k])
			code = crm_rfm_quantiles(
			    &r->x, k, bins < 0 ? 5 : (unsigned)bins, err);
	if (code == CRM_OK && r->chosen && !within)
		crm_rfm_within(&r->x, &r->ids);
	return code;
}

static struct crm_value
number(int64_t v)
{
	return crm_value_num(CRM_T_INT, v, 0);
}

static int
put_lines(void *ctx, struct crm_str lines, uint64_t rows, struct crm_err *err)
{
	struct rfm *r = ctx;

	return cli_rows_lines(r->rows, lines, rows, err);
}

static unsigned
score(const struct rfm *r, int figure, size_t i)
{
	return crm_rfm_score(&r->x, figure, r->x.figure[figure][i]);
}

static int
print_customers(struct rfm *r, struct crm_err *err)
{
	const struct crm_rfm *x = &r->x;
	int code = CRM_OK;

	/* rows that go out as they are are made by several threads */
	if (!cli_opt.from && cli_rows_plain(r->rows))
		return crm_rfm_lines(
		    x, r->digits, crm_os_processors(), put_lines, r, err);
	for (size_t i = 0; code == CRM_OK && i < x->n; i++) {
		int64_t a = score(r, CRM_RFM_R, i), b = score(r, CRM_RFM_F, i);
		int64_t c = score(r, CRM_RFM_M, i);
		struct crm_value v[C_COUNT];

		v[C_ID] =
		    cli_opt.from
			? crm_names_value(&r->sales.names[CRM_SALES_CUSTOMER],
			      (size_t)x->customer[i])
			: crm_value_id(CRM_K_CUSTOMER, x->customer[i]);
		v[C_RECENCY] = number(x->figure[CRM_RFM_R][i]);
		v[C_FREQUENCY] = number(x->figure[CRM_RFM_F][i]);
		v[C_MONETARY] = crm_value_num(
		    CRM_T_MONEY, x->figure[CRM_RFM_M][i], r->digits);
		v[C_R] = number(a);
		v[C_F] = number(b);
		v[C_M] = number(c);
		v[C_SCORE] = number(crm_rfm_side(x, a, b, c));
		code = cli_rows_put(r->rows, v, err);
	}
	return code;
}

struct cell {
	int64_t customers, orders, revenue;
};

static int
print_cell(struct rfm *r, unsigned a, unsigned b, const struct cell *cell,
    struct crm_err *err)
{
	struct crm_value v[G_COUNT];
	struct crm_buf name = {0};
	int code;

	crm_buf_putf(&name, "%u-%u", a, b);
	v[G_CELL] = crm_value_text(crm_buf_str(&name));
	v[G_R] = number(a);
	v[G_F] = number(b);
	v[G_CUSTOMERS] = number(cell->customers);
	v[G_ORDERS] = number(cell->orders);
	v[G_REVENUE] = crm_value_num(CRM_T_MONEY, cell->revenue, r->digits);
	code = cli_rows_put(r->rows, v, err);
	crm_buf_release(&name);
	return code;
}

static int
print_cells(struct rfm *r, struct crm_err *err)
{
	unsigned nr = r->x.bins[CRM_RFM_R], nf = r->x.bins[CRM_RFM_F];
	struct cell *cell =
	    crm_arena_zalloc(&r->c->arena, nr * nf * sizeof *cell);
	int code = CRM_OK;

	if (!cell)
		return crm_err_nomem(err);
	for (size_t i = 0; i < r->x.n; i++) {
		struct cell *at = &cell[(score(r, CRM_RFM_R, i) - 1) * nf +
					score(r, CRM_RFM_F, i) - 1];

		at->customers++;
		if (!crm_add64(
			at->orders, r->x.figure[CRM_RFM_F][i], &at->orders) ||
		    !crm_add64(
			at->revenue, r->x.figure[CRM_RFM_M][i], &at->revenue))
			return crm_err_set(err, CRM_EDATA,
			    "the revenue of a cell is too large");
	}
	for (unsigned a = nr; code == CRM_OK && a >= 1; a--)
		for (unsigned b = nf; code == CRM_OK && b >= 1; b--)
			code = print_cell(
			    r, a, b, &cell[(a - 1) * nf + b - 1], err);
	return code;
}

static int
run(struct rfm *r, struct crm_err *err)
{
	struct cli *c = r->c;
	const struct crm_field *f = columns;
	int code = cli_operands(c, 0, 1, err);

	if (code == CRM_OK && cli_opt.from)
		code = cli_store_maybe(c, err);
	if (code == CRM_OK)
		code = cli_from_check(c, err);
	r->digits = (unsigned)c->schema->digits;
	if (code == CRM_OK && c->noperand && !cli_stdin(c))
		code = crm_err_set(err, CRM_EUSAGE,
		    "'%s' is not -, the stream on stdin", c->operand[0]);
	r->chosen = code == CRM_OK && c->noperand;
	if (code == CRM_OK && within && !r->chosen)
		code = crm_err_set(
		    err, CRM_EUSAGE, "--within wants a stream of customers: -");
	if (code == CRM_OK)
		code = take_window(r, err);
	if (code == CRM_OK && !cli_opt.from)
		code = take_cuts(r, err);
	if (code == CRM_OK)
		code = cli_from_fields(c, columns, C_COUNT, &f, err);
	if (code == CRM_OK)
		code =
		    cells ? cli_rows_open(c, grid, G_COUNT, NULL, &r->rows, err)
			  : cli_rows_open(c, f, C_COUNT, NULL, &r->rows, err);
	if (code == CRM_OK)
		code = measure(r, err);
	if (code == CRM_OK)
		code = cells ? print_cells(r, err) : print_customers(r, err);
	return code;
}

static int
rfm(struct cli *c, struct crm_err *err)
{
	struct rfm *r = crm_arena_zalloc(&c->arena, sizeof *r);
	int code;

	if (!r)
		return crm_err_nomem(err);
	r->c = c;
	code = run(r, err);
	if (code == CRM_OK || (code == CRM_NO && r->rows && r->x.n > 0))
		code = cli_rows_close(r->rows, err);
	else
		cli_rows_abort(r->rows);
	crm_rfm_release(&r->x);
	crm_sales_release(&r->sales);
	crm_idmap_release(&r->ids);
	return code;
}

static const struct cli_verb verbs[] = {
    {"", rfm, CLI_SCAN,
	CLI_OUT | CLI_LIST | CLI_NOTIME | CLI_FROM | CLI_IN | CLI_CLOCK,
	options, "[-]", NULL},
    {0},
};

int
main(int argc, char **argv)
{
	static const struct cli_command command = {"crm-rfm",
	    "score customers by recency, frequency and revenue", "customer", 0,
	    verbs};

	return crm_main(&command, argc, argv);
}
