/*
 * crm-dedupe.c - the same customer twice: found, explained, merged, taken
 * apart again.
 *
 * scan and review print pairs as a stream that merge reads, with a column
 * `decision` in between that is left empty: what is merged is decided by
 * whoever fills it in, or by the probability that merge is told to accept.
 */
#include <stdlib.h>

#include "cli_dedupe.h"
#include "cli_from.h"
#include "cli_noun.h"

static const char *least_text, *most_text;

static const struct cli_option scan_options[] = {
    {0, "least", CLI_TEXT, &least_text, "P",
	"only pairs of at least this probability (0.7)"},
    {0, "compare", CLI_TEXT, &cli_dedupe_compare, "COLUMN=TYPE,...",
	"compare these columns, as given, family, name, text, street, place, "
	"postcode, date, code, phone or email"},
    {0, "id", CLI_TEXT, &cli_dedupe_id, "COLUMN",
	"the column of --from that names a row; the first if not given"},
    {0},
};
static const struct cli_option review_options[] = {
    {0, "least", CLI_TEXT, &least_text, "P",
	"only pairs of at least this probability (0.1)"},
    {0, "most", CLI_TEXT, &most_text, "P", "and below this one (0.99)"},
    {0, "compare", CLI_TEXT, &cli_dedupe_compare, "COLUMN=TYPE,...",
	"compare these columns, as crm-dedupe scan does"},
    {0, "id", CLI_TEXT, &cli_dedupe_id, "COLUMN",
	"the column of --from that names a row; the first if not given"},
    {0},
};
static const struct cli_option explain_options[] = {
    {0, "compare", CLI_TEXT, &cli_dedupe_compare, "COLUMN=TYPE,...",
	"compare these columns, as crm-dedupe scan does"},
    {0, "id", CLI_TEXT, &cli_dedupe_id, "COLUMN",
	"the column of --from that names a row; the first if not given"},
    {0},
};

/* ---- pairs ---- */

enum {
	P_ID,
	P_OTHER,
	P_DECISION,
	P_PROBABILITY,
	P_BITS,
	P_NAME,
	P_OTHER_NAME,
	P_WHY,
	P_COUNT
};
static const struct crm_field pair_fields[P_COUNT] = {
    {"customer_id", CRM_T_ID, CRM_K_CUSTOMER, 0, 0, NULL, "one customer"},
    {"other_id", CRM_T_ID, CRM_K_CUSTOMER, 0, 0, NULL, "the other"},
    {"decision", CRM_T_TEXT, 0, 0, 0, NULL,
	"empty; same or not is to be written here"},
    {"probability", CRM_T_DECIMAL, 0, 0, 0, NULL, "that they are the same"},
    {"bits", CRM_T_DECIMAL, 0, 0, 0, NULL, "the log-odds of it, base 2"},
    {"name", CRM_T_TEXT, 0, 0, 0, NULL, "the one's name"},
    {"other_name", CRM_T_TEXT, 0, 0, 0, NULL, "the other's"},
    {"why", CRM_T_TEXT, 0, 0, 0, NULL,
	"each column's bits; above 0 speaks for it"},
};

struct pair {
	uint32_t a, b;
	double bits, probability;
};
struct pairs {
	struct cli_dedupe x;
	struct pair *p;
	size_t n, cap;
	double most;
	struct cli_rows *rows;
	const struct crm_field *fields;
};

static int
keep(void *ctx, const struct crm_dup_pair *p)
{
	struct pairs *x = ctx;

	if (p->probability >= x->most || cli_dedupe_apart(&x->x, p->a, p->b))
		return CRM_OK;
	if (!crm_grow(&x->p, &x->cap, x->n, sizeof *x->p))
		return CRM_ENOMEM;
	x->p[x->n++] = (struct pair){p->a, p->b, p->bits, p->probability};
	return CRM_OK;
}

static int
by_bits(const void *x, const void *y)
{
	const struct pair *p = x, *q = y;

	if (p->bits != q->bits)
		return p->bits > q->bits ? -1 : 1;
	if (p->a != q->a)
		return p->a < q->a ? -1 : 1;
	return p->b < q->b ? -1 : p->b > q->b;
}

static struct crm_value
id_value(const struct cli_dedupe *x, uint32_t i)
{
	return cli_opt.from ? crm_value_text(x->id[i])
			    : crm_value_id(CRM_K_CUSTOMER, x->number[i]);
}

static int
print_pairs(struct pairs *x, struct crm_err *err)
{
	struct crm_buf why = {.max = 1 << 16};
	int code = CRM_OK;

	for (size_t i = 0; i < x->n && code == CRM_OK; i++) {
		const struct pair *p = &x->p[i];
		struct crm_value v[P_COUNT] = {0};
		struct crm_dup_pair w;

		crm_dups_weigh(&x->x.d, p->a, p->b, &w);
		crm_buf_clear(&why);
		cli_dedupe_why(&why, &x->x.d, &w);
		v[P_ID] = id_value(&x->x, p->a);
		v[P_OTHER] = id_value(&x->x, p->b);
		v[P_PROBABILITY] = cli_dedupe_rounded(p->probability, 4);
		v[P_BITS] = cli_dedupe_rounded(p->bits, 1);
		v[P_NAME] = crm_value_text(x->x.name[p->a]);
		v[P_OTHER_NAME] = crm_value_text(x->x.name[p->b]);
		v[P_WHY] = crm_value_text(crm_buf_str(&why));
		code = crm_buf_check(&why, err);
		if (code == CRM_OK)
			code = cli_rows_put(x->rows, v, err);
	}
	crm_buf_release(&why);
	return code;
}

static int
find_pairs(struct pairs *x, double least, struct crm_err *err)
{
	struct cli *c = x->x.c;
	int code = cli_operands(c, 0, 0, err);

	if (code == CRM_OK && c->noperand)
		code = crm_err_set(err, CRM_EUSAGE,
		    "'%s': no operand is wanted", c->operand[0]);
	if (code == CRM_OK)
		code =
		    cli_dedupe_probability("--least", least_text, &least, err);
	if (code == CRM_OK)
		code =
		    cli_dedupe_probability("--most", most_text, &x->most, err);
	if (code == CRM_OK)
		code =
		    cli_from_fields(c, pair_fields, P_COUNT, &x->fields, err);
	if (code == CRM_OK)
		code =
		    cli_rows_open(c, x->fields, P_COUNT, NULL, &x->rows, err);
	if (code == CRM_OK)
		code = cli_dedupe_read(&x->x, err);
	if (code == CRM_OK)
		code = crm_dups_fit(&x->x.d, err);
	if (code == CRM_OK) {
		cli_progress(c, "compare", 0, 0);
		code = crm_dups_scan(&x->x.d, least, keep, x);
		if (code < 0)
			code = crm_err_nomem(err);
	}
	if (code == CRM_OK && x->x.n < 2)
		cli_note(c, "%zu record%s: there is nothing to compare", x->x.n,
		    x->x.n == 1 ? "" : "s");
	else if (code == CRM_OK && x->n == 0)
		cli_note(c,
		    "of %zu records no two are the same with a "
		    "probability of %g and more%s",
		    x->x.n, least, x->most < 1 ? ", and below --most" : "");
	if (code == CRM_OK && x->n > 0)
		qsort(x->p, x->n, sizeof *x->p, by_bits);
	if (code == CRM_OK)
		code = print_pairs(x, err);
	return code;
}

static int
pairs(struct cli *c, double least, double most, struct crm_err *err)
{
	struct pairs x = {.x = {.c = c}, .most = most};
	int code = find_pairs(&x, least, err);

	if (code == CRM_OK || (code == CRM_NO && x.rows))
		code = cli_rows_close(x.rows, err);
	else
		cli_rows_abort(x.rows);
	free(x.p);
	cli_dedupe_release(&x.x);
	return code;
}

static int
scan(struct cli *c, struct crm_err *err)
{
	return pairs(c, 0.7, 2, err);
}

static int
review(struct cli *c, struct crm_err *err)
{
	return pairs(c, 0.1, 0.99, err);
}

/* ---- explain ---- */

enum { E_COLUMN, E_VALUE, E_OTHER, E_LEVEL, E_BITS, E_COUNT };
static const struct crm_field explain_fields[E_COUNT] = {
    {"column", CRM_T_TEXT, 0, 0, 0, NULL,
	"what is compared; prior, household and sum in the last rows"},
    {"value", CRM_T_TEXT, 0, 0, 0, NULL, "the one's, as it is compared"},
    {"other", CRM_T_TEXT, 0, 0, 0, NULL, "the other's"},
    {"level", CRM_T_TEXT, 0, 0, 0, NULL,
	"exact, close, partly, differ or missing"},
    {"bits", CRM_T_DECIMAL, 0, 0, 0, NULL,
	"what it says for (above 0) or against it"},
};
static const char *const levels[] = {
    "differ", "partly", "close", "exact", "missing"};

static int
explain_rows(struct cli_dedupe *x, uint32_t a, uint32_t b,
    struct cli_rows *rows, struct crm_err *err)
{
	struct crm_value v[E_COUNT];
	struct crm_dup_pair w;
	struct crm_buf p = {.max = 100};
	int code = CRM_OK;

	crm_dups_weigh(&x->d, a, b, &w);
	for (size_t i = 0; i < x->d.columns && code == CRM_OK; i++) {
		struct crm_buf one = {.max = 1 << 12}, two = {.max = 1 << 12};

		crm_dups_text(&x->d, i, a, &one);
		crm_dups_text(&x->d, i, b, &two);
		memset(v, 0, sizeof v);
		v[E_COLUMN] = crm_value_text(crm_str(crm_dups_name(&x->d, i)));
		v[E_VALUE] = crm_value_text(crm_buf_str(&one));
		v[E_OTHER] = crm_value_text(crm_buf_str(&two));
		v[E_LEVEL] = crm_value_text(crm_str(levels[w.level[i]]));
		v[E_BITS] = cli_dedupe_rounded(w.part[i], 1);
		code = cli_rows_put(rows, v, err);
		crm_buf_release(&one);
		crm_buf_release(&two);
	}
	memset(v, 0, sizeof v);
	v[E_COLUMN] = crm_value_text(CRM_STR("prior"));
	v[E_BITS] = cli_dedupe_rounded(x->d.model.prior, 1);
	if (code == CRM_OK)
		code = cli_rows_put(rows, v, err);
	v[E_COLUMN] = crm_value_text(CRM_STR("household"));
	v[E_BITS] = cli_dedupe_rounded(w.household, 1);
	if (code == CRM_OK && x->d.model.homes > 0)
		code = cli_rows_put(rows, v, err);
	v[E_COLUMN] = crm_value_text(CRM_STR("sum"));
	v[E_BITS] = cli_dedupe_rounded(w.bits, 1);
	{
		struct crm_value q = cli_dedupe_rounded(w.probability, 4);

		crm_buf_puts(&p, "probability ");
		crm_value_put(x->c->schema, &p, &q, true);
		v[E_LEVEL] = crm_value_text(crm_buf_str(&p));
	}
	if (code == CRM_OK)
		code = cli_rows_put(rows, v, err);
	crm_buf_release(&p);
	return code;
}

static int
explain(struct cli *c, struct crm_err *err)
{
	struct cli_dedupe x = {.c = c};
	struct cli_rows *rows = NULL;
	uint32_t a = 0, b = 0;
	int code = cli_operands(c, 2, 2, err);

	if (code == CRM_OK)
		code =
		    cli_rows_open(c, explain_fields, E_COUNT, NULL, &rows, err);
	if (code == CRM_OK)
		code = cli_dedupe_read(&x, err);
	if (code == CRM_OK)
		code = cli_dedupe_find(&x, c->operand[0], &a, err);
	if (code == CRM_OK)
		code = cli_dedupe_find(&x, c->operand[1], &b, err);
	if (code == CRM_OK && a == b)
		code = crm_err_set(err, CRM_EUSAGE, "'%s' and '%s' are one",
		    c->operand[0], c->operand[1]);
	if (code == CRM_OK)
		code = crm_dups_fit(&x.d, err);
	if (code == CRM_OK)
		code = explain_rows(&x, a, b, rows, err);
	if (code == CRM_OK || (code == CRM_NO && rows))
		code = cli_rows_close(rows, err);
	else
		cli_rows_abort(rows);
	cli_dedupe_release(&x);
	return code;
}

static const struct cli_verb verbs[] = {
    {"scan", scan, CLI_SCAN,
	CLI_OUT | CLI_LIST | CLI_NOTIME | CLI_FROM | CLI_CLOCK, scan_options,
	"", "find pairs that are probably the same"},
    {"review", review, CLI_SCAN,
	CLI_OUT | CLI_LIST | CLI_NOTIME | CLI_FROM | CLI_CLOCK, review_options,
	"", "print the pairs that somebody has to decide"},
    {"explain", explain, CLI_SCAN,
	CLI_OUT | CLI_LIST | CLI_NOTIME | CLI_FROM | CLI_CLOCK, explain_options,
	"REF REF", "print what speaks for and against a pair"},
    {"check", cli_dedupe_check, CLI_READ,
	CLI_FIELDS | CLI_OUT | CLI_LIST | CLI_NOTIME, cli_dedupe_check_options,
	"", "is somebody known who looks like this new customer?"},
    {"merge", cli_dedupe_merge, CLI_WRITE, CLI_CHANGE | CLI_IN | CLI_OUT,
	cli_dedupe_merge_options, "REF REF... | -",
	"make one customer of several"},
    {"unmerge", cli_dedupe_unmerge, CLI_WRITE, CLI_CHANGE | CLI_OUT, NULL, "ID",
	"take a merge back"},
    {0},
};

int
main(int argc, char **argv)
{
	static const struct cli_command command = {"crm-dedupe",
	    "find, explain and merge customers that are the same", "customer",
	    0, verbs};

	return crm_main(&command, argc, argv);
}
