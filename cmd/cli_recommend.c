/*
 * cli_recommend.c - what the verbs of crm-recommend share: options, reading,
 * who and what is meant.
 */
#include <stdlib.h>

#include "cli_noun.h"
#include "cli_parts.h"
#include "cli_recommend.h"

int64_t cli_recommend_top = 10, cli_recommend_min = 2;
const char *cli_recommend_bought;
bool cli_recommend_fill, cli_recommend_explain;
static int64_t threads;
static const char *by = "llr", *among, *without, *since, *until;

#define COUNT                                                 \
	{                                                     \
		'n', "top", CLI_INT, &cli_recommend_top, "N", \
		    "so many of each (10)"                    \
	}
#define LEAST                                                               \
	{                                                                   \
		0, "min", CLI_INT, &cli_recommend_min, "N",                 \
		    "only what was bought together in N orders or more (2)" \
	}
#define ORDERS                                        \
	{0, "since", CLI_TEXT, &since, "TIME",        \
	    "by the orders from this time on"},       \
	{                                             \
		0, "until", CLI_TEXT, &until, "TIME", \
		    "by the orders before this time"  \
	}
#define CHOICE                                                               \
	{0, "among", CLI_TEXT, &among, "EXPR",                               \
	    "only products for which this holds; -: those on stdin"},        \
	{                                                                    \
		0, "not", CLI_TEXT, &without, "EXPR",                        \
		    "no products for which this holds; -: none of those on " \
		    "stdin"                                                  \
	}
#define BOUGHT                                                          \
	{                                                               \
		0, "bought", CLI_TEXT, &cli_recommend_bought, "yes|no", \
		    "only what they bought before, or only what not"    \
	}

const struct cli_option cli_recommend_also_options[] = {
    COUNT,
    LEAST,
    {0, "by", CLI_TEXT, &by, "FIGURE",
	"rank by llr, lift, cosine or together (llr)"},
    CHOICE,
    ORDERS,
    {0, "threads", CLI_INT, &threads, "N",
	"read and count with so many threads (all processors)"},
    {0},
};
const struct cli_option cli_recommend_similar_options[] = {
    COUNT, LEAST, ORDERS, {0}};
const struct cli_option cli_recommend_for_options[] = {COUNT, LEAST, BOUGHT,
    {0, "fill", CLI_FLAG, &cli_recommend_fill, NULL,
	"with what most people buy, where nothing else tells"},
    {0, "explain", CLI_FLAG, &cli_recommend_explain, NULL,
	"the counts of each in words, in place of columns"},
    CHOICE, ORDERS, {0}};

static unsigned
processors(void)
{
	return threads ? (unsigned)threads : crm_os_processors();
}

int
cli_recommend_pairs(
    struct cli_recommend *r, struct crm_pairs_options *opt, struct crm_err *err)
{
	static const char *const name[] = {"llr", "lift", "cosine", "together"};
	unsigned k = 0;

	(void)r;
	while (k < 4 && strcmp(by, name[k]) != 0)
		k++;
	if (k == 4)
		return crm_err_set(err, CRM_EUSAGE,
		    "--by: '%s' is none of llr, lift, cosine, together", by);
	if (cli_recommend_top < 1 || cli_recommend_top > 100000)
		return crm_err_set(
		    err, CRM_EUSAGE, "-n wants a number from 1 to 100000");
	if (cli_recommend_min < 1 || cli_recommend_min > UINT32_MAX)
		return crm_err_set(
		    err, CRM_EUSAGE, "--min wants a number from 1 on");
	if (cli_recommend_bought && strcmp(cli_recommend_bought, "yes") != 0 &&
	    strcmp(cli_recommend_bought, "no") != 0)
		return crm_err_set(err, CRM_EUSAGE,
		    "--bought: '%s' is neither yes nor no",
		    cli_recommend_bought);
	*opt = (struct crm_pairs_options){.by = (enum crm_pairs_by)k,
	    .top = (uint32_t)cli_recommend_top,
	    .min = (uint32_t)cli_recommend_min,
	    .threads = processors()};
	return CRM_OK;
}

/* ---- reading ---- */

static int
read_lines(struct cli_recommend *r, struct crm_err *err)
{
	struct cli_window w = {.since = INT64_MIN, .until = INT64_MAX};
	struct cli *c = r->c;
	int code = CRM_OK;

	if (since)
		code = cli_moment(c, "--since", since, &w.since, err);
	if (code == CRM_OK && until)
		code = cli_moment(c, "--until", until, &w.until, err);
	if (since || until || cli_opt.at)
		r->x.want |= CRM_SALES(PLACED);
	if (code == CRM_OK)
		code =
		    cli_lines_read(c, &r->x, &w, NULL, (unsigned)threads, err);
	if (code == CRM_OK && r->x.n == 0 && r->b.n == 0)
		cli_note(c, "there are no orders with products%s",
		    r->x.anonymous ? " of customers" : "");
	return code;
}

/* What has been taken over is not needed in the sales any more. */
static void
drop(struct crm_sales *x, enum crm_sales_column column)
{
	if (column < CRM_SALES_IDS) {
		free(x->id[column]);
		x->id[column] = NULL;
	} else {
		free(x->num[column]);
		x->num[column] = NULL;
	}
	x->has &= ~CRM_SALES_BIT(column);
}

int
cli_recommend_baskets(struct cli_recommend *r, struct crm_err *err)
{
	struct crm_sales *x = &r->x;
	int code;

	x->want |= CRM_SALES(ORDER) | CRM_SALES(PRODUCT);
	x->baskets = &r->b;
	code = read_lines(r, err);
	return code == CRM_OK
		   ? crm_pairs_open(&r->pairs, &r->b, processors(), err)
		   : code;
}

int
cli_recommend_trips(struct cli_recommend *r, struct crm_err *err)
{
	struct crm_sales *x = &r->x;
	int code;

	x->want |= CRM_SALES(CUSTOMER) | CRM_SALES(ORDER) | CRM_SALES(PRODUCT) |
		   CRM_SALES(PLACED);
	code = read_lines(r, err);
	if (code == CRM_OK)
		code = crm_trips_make(&r->trips, x, err);
	drop(x, CRM_SALES_ORDER);
	drop(x, CRM_SALES_PRODUCT);
	drop(x, CRM_SALES_CUSTOMER);
	drop(x, CRM_SALES_PLACED);
	return code == CRM_OK
		   ? crm_pairs_open(&r->pairs, &r->trips.b, processors(), err)
		   : code;
}

/* ---- who is meant ---- */

static unsigned
kind_of(enum crm_sales_column column)
{
	return column == CRM_SALES_PRODUCT ? CRM_K_PRODUCT : CRM_K_CUSTOMER;
}

static int
find_one(struct cli_recommend *r, struct crm_txn *t,
    enum crm_sales_column column, struct crm_str ref, size_t *at,
    struct crm_err *err)
{
	const struct crm_names *names = &r->x.names[column];
	struct crm_value v;
	int code;

	if (!cli_opt.from) {
		code = crm_ref_find(
		    t, NULL, kind_of(column), r->c->schema, ref, &v, err);
		if (code < 0)
			return code;
		return crm_names_number(names, (uint64_t)v.i, at) ? CRM_OK
								  : CRM_NO;
	}
	if (crm_names_find(names, ref, at))
		return CRM_OK;
	return crm_err_set(err, CRM_EDATA, "'%.*s' is no %s of %s",
	    (int)(ref.n > 80 ? 80 : ref.n), ref.p,
	    r->c->schema->kind[kind_of(column)].name, cli_opt.from);
}

static int
pick_operands(
    struct cli_recommend *r, enum crm_sales_column column, struct crm_err *err)
{
	struct cli *c = r->c;
	struct crm_txn *t = NULL;
	int code = CRM_OK;

	r->picked =
	    crm_arena_alloc(&c->arena, (c->noperand + 1) * sizeof *r->picked);
	if (!r->picked)
		return crm_err_nomem(err);
	if (!cli_opt.from)
		code = crm_txn_begin(c->store, &t, err);
	for (size_t i = 0; code == CRM_OK && i < c->noperand; i++) {
		size_t at;

		code = find_one(r, t, column, crm_str(c->operand[i]), &at, err);
		if (code == CRM_OK)
			r->picked[r->npicked++] = (uint32_t)at;
		if (code != CRM_NO)
			continue;
		cli_note(c, "%s: %s", c->operand[i],
		    column == CRM_SALES_PRODUCT ? "nobody bought it"
						: "has bought nothing");
		code = CRM_OK;
	}
	if (t)
		crm_txn_end(t);
	return code;
}

/* Flags of those in the stream on stdin. */
static int
read_flags(struct cli_recommend *r, enum crm_sales_column column, bool *flag,
    struct crm_err *err)
{
	struct cli *c = r->c;
	const struct crm_kind *k = &c->schema->kind[kind_of(column)];
	const struct crm_names *names = &r->x.names[column];
	struct crm_idmap ids = {0};
	struct crm_stream *s = NULL;
	size_t at = 0, id = 0;
	uint64_t v;
	int code;

	if (!cli_opt.from) {
		code = cli_selector(c, NULL, k, &ids, err);
		for (size_t i = 0; code == CRM_OK && i < names->n; i++)
			flag[i] = crm_idmap_get(&ids, names->number[i], &v);
		crm_idmap_release(&ids);
		return code;
	}
	code = cli_stream(c, false, &s, err);
	if (code == CRM_OK && crm_stream_columns(s) > 0)
		code = cli_id_column(c, s, k, &id, err);
	while (code == CRM_OK && (code = crm_stream_next(s, err)) == CRM_OK) {
		/* Who is not in the file has no row, as none of theirs is. */
		if (crm_names_find(names, crm_stream_field(s, id), &at))
			flag[at] = true;
	}
	crm_stream_close(s);
	return code == CRM_NOTFOUND ? CRM_OK : code;
}

int
cli_recommend_pick(struct cli_recommend *r, enum crm_sales_column column,
    bool all, struct crm_err *err)
{
	struct cli *c = r->c;
	size_t n = r->x.names[column].n;
	bool *flag;
	int code;

	if (c->noperand > 0 && !cli_stdin(c))
		return pick_operands(r, column, err);
	flag = crm_arena_zalloc(&c->arena, n + 1);
	r->picked = crm_arena_alloc(&c->arena, (n + 1) * sizeof *r->picked);
	if (!flag || !r->picked)
		return crm_err_nomem(err);
	memset(flag, all && c->noperand == 0, n);
	code = c->noperand ? read_flags(r, column, flag, err) : CRM_OK;
	for (size_t i = 0; code == CRM_OK && i < n; i++)
		if (flag[i])
			r->picked[r->npicked++] = (uint32_t)i;
	return code;
}

/* ---- what may be recommended ---- */

static int
try_products(struct cli_recommend *r, struct crm_expr *e, struct crm_txn *t,
    bool *yes, struct crm_err *err)
{
	const struct crm_kind *k = &r->c->schema->kind[CRM_K_PRODUCT];
	const struct crm_names *names = &r->x.names[CRM_SALES_PRODUCT];
	struct crm_want want = {{0}, 0};
	struct crm_scan *scan;
	struct crm_record *rec;
	uint64_t bits[2] = {0};
	size_t at;
	int code;

	crm_expr_fields(e, bits);
	want.fields[0] = bits[0];
	want.fields[1] = bits[1];
	code = crm_scan_open(t, r->c->schema, k, &want, INT64_MAX, &scan, err);
	if (code < 0)
		return code;
	while ((code = crm_scan_next(scan, &rec, err)) == CRM_OK) {
		bool holds = false;

		if (!crm_names_number(names, rec->id, &at))
			continue;
		code = crm_expr_test(e, rec->v, &holds, err);
		if (code < 0)
			break;
		yes[at] = holds;
	}
	crm_scan_close(scan);
	return code == CRM_NOTFOUND ? CRM_OK : code;
}

static int
find_products(struct cli_recommend *r, const char *option, const char *text,
    bool *yes, struct crm_err *err)
{
	struct cli *c = r->c;
	const struct crm_kind *k = &c->schema->kind[CRM_K_PRODUCT];
	struct crm_expr *e = NULL;
	struct crm_txn *t;
	int code;

	if (strcmp(text, "-") == 0)
		return read_flags(r, CRM_SALES_PRODUCT, yes, err);
	if (cli_opt.from)
		return crm_err_set(err, CRM_EUSAGE,
		    "%s: --from has no products' fields to try '%s' on; give a "
		    "stream of product_id by %s -",
		    option, text, option);
	c->also = text;
	code = cli_also(c, k->fields, k->nfields, &e, err);
	c->also = NULL;
	if (code < 0)
		crm_err_field(err, option, strlen(option));
	if (code == CRM_OK)
		code = crm_txn_begin(c->store, &t, err);
	if (code == CRM_OK) {
		code = try_products(r, e, t, yes, err);
		crm_txn_end(t);
	}
	crm_expr_release(e);
	return code;
}

int
cli_recommend_allow(struct cli_recommend *r, struct crm_err *err)
{
	struct cli *c = r->c;
	size_t n = r->x.names[CRM_SALES_PRODUCT].n;
	int stdins = (among && strcmp(among, "-") == 0) +
		     (without && strcmp(without, "-") == 0) +
		     (c->noperand && cli_stdin(c));
	bool *no;
	int code = CRM_OK;

	if (!among && !without)
		return CRM_OK;
	if (stdins > 1)
		return crm_err_set(err, CRM_EUSAGE,
		    "one of --among, --not and the operand can be -, stdin");
	r->allowed = crm_arena_zalloc(&c->arena, n + 1);
	no = crm_arena_zalloc(&c->arena, n + 1);
	if (!r->allowed || !no)
		return crm_err_nomem(err);
	memset(r->allowed, !among, n);
	if (among)
		code = find_products(r, "--among", among, r->allowed, err);
	if (code == CRM_OK && without)
		code = find_products(r, "--not", without, no, err);
	for (size_t i = 0; i < n; i++)
		r->allowed[i] &= !no[i];
	return code;
}

/* ---- rows ---- */

int
cli_recommend_open(struct cli_recommend *r, const struct crm_field *fields,
    size_t n, struct crm_err *err)
{
	int code = cli_from_fields(r->c, fields, n, &r->fields, err);

	return code < 0
		   ? code
		   : cli_rows_open(r->c, r->fields, n, NULL, &r->rows, err);
}

int
cli_recommend_end(struct cli_recommend *r, int code, struct crm_err *err)
{
	/* --limit was reached */
	if (code == CRM_NO && r->rows)
		code = CRM_OK;
	if (code == CRM_OK && r->rows)
		code = cli_rows_close(r->rows, err);
	else
		cli_rows_abort(r->rows);
	crm_pairs_close(r->pairs);
	crm_trips_release(&r->trips);
	crm_baskets_release(&r->b);
	crm_buf_release(&r->why);
	crm_sales_release(&r->x);
	return code;
}

const char *
cli_recommend_name(
    struct cli_recommend *r, enum crm_sales_column column, uint32_t i)
{
	struct crm_value v = crm_names_value(&r->x.names[column], i);
	struct crm_buf b = {0};
	struct crm_str s;

	crm_value_put(r->c->schema, &b, &v, true);
	s = crm_arena_str(&r->c->arena, crm_buf_str(&b));
	crm_buf_release(&b);
	return s.p ? s.p : "";
}

struct crm_value
cli_recommend_id(
    const struct cli_recommend *r, enum crm_sales_column column, uint32_t i)
{
	if (i == UINT32_MAX)
		return (struct crm_value){0};
	return crm_names_value(&r->x.names[column], i);
}

struct crm_value
cli_recommend_figure(double x)
{
	struct crm_dec d;

	if (!crm_dec_from_double(x, 6, &d))
		return (struct crm_value){0};
	return crm_value_num(CRM_T_DECIMAL, d.v, d.scale);
}
