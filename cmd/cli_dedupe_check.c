/*
 * cli_dedupe_check.c - is a new customer somebody who is known?
 *
 * Asked before the customer is added, so the record is made of the options as
 * `crm-customer add` would, but not put.
 */
#include "cli_dedupe.h"
#include "cli_doubles.h"

static const char *least_text;

const struct cli_option cli_dedupe_check_options[] = {
    {0, "least", CLI_TEXT, &least_text, "P",
	"only customers of at least this probability (0.5)"},
    {0},
};

enum { C_ID, C_PROBABILITY, C_BITS, C_NAME, C_WHY, C_COUNT };
static const struct crm_field fields[C_COUNT] = {
    {"customer_id", CRM_T_ID, CRM_K_CUSTOMER, 0, 0, NULL, "who it may be"},
    {"probability", CRM_T_DECIMAL, 0, 0, 0, NULL, "that it is"},
    {"bits", CRM_T_DECIMAL, 0, 0, 0, NULL, "the log-odds of it, base 2"},
    {"name", CRM_T_TEXT, 0, 0, 0, NULL, "the name"},
    {"why", CRM_T_TEXT, 0, 0, 0, NULL, "each column's bits"},
};

static int
print(struct cli *c, struct crm_txn *t, const struct crm_dups *d,
    const struct crm_likely *x, struct cli_rows *rows, struct crm_err *err)
{
	const struct crm_kind *k = &c->schema->kind[CRM_K_CUSTOMER];
	struct crm_record *rec = crm_record_new(k, &c->arena);
	struct crm_value v[C_COUNT] = {0};
	struct crm_buf why = {.max = 1 << 12};
	struct crm_want want = {0};
	int code;

	if (!rec)
		return crm_err_nomem(err);
	crm_want_field(&want, crm_kind_field(k, CRM_STR("name")));
	code = crm_model_read(t, c->schema, k, x->number, &want, rec, err);
	cli_dedupe_why(&why, d, &x->pair);
	v[C_ID] = crm_value_id(CRM_K_CUSTOMER, x->number);
	v[C_PROBABILITY] = cli_dedupe_rounded(x->pair.probability, 4);
	v[C_BITS] = cli_dedupe_rounded(x->pair.bits, 1);
	v[C_NAME] = *crm_record_get(rec, "name");
	v[C_NAME].s = crm_arena_str(&c->arena, v[C_NAME].s);
	v[C_WHY] = crm_value_text(crm_buf_str(&why));
	if (code == CRM_OK && !v[C_NAME].s.p)
		code = crm_err_nomem(err);
	if (code == CRM_OK)
		code = crm_buf_check(&why, err);
	if (code == CRM_OK)
		code = cli_rows_put(rows, v, err);
	crm_buf_release(&why);
	return code;
}

int
cli_dedupe_check(struct cli *c, struct crm_err *err)
{
	struct crm_likely found[CLI_DOUBLES];
	struct cli_rows *rows = NULL;
	struct crm_record *rec = NULL;
	struct crm_dups d = {0};
	struct crm_txn *t = NULL;
	double least = 0.5;
	size_t n = 0;
	int code = CRM_OK;

	if (c->noperand > 0)
		code = crm_err_set(err, CRM_EUSAGE,
		    "'%s': fields are given as options", c->operand[0]);
	if (code == CRM_OK && c->nset == 0) {
		code = crm_err_set(err, CRM_EUSAGE, "nobody is described");
		crm_err_hint(err, "give fields as options, as crm-customer add "
				  "takes them");
	}
	if (code == CRM_OK)
		code =
		    cli_dedupe_probability("--least", least_text, &least, err);
	if (code == CRM_OK)
		code = cli_rows_open(c, fields, C_COUNT, NULL, &rows, err);
	if (code == CRM_OK)
		code = cli_doubles_record(c, &rec, err);
	if (code == CRM_OK)
		code = crm_txn_begin(c->store, &t, err);
	if (code == CRM_OK)
		code = crm_dups_likely(
		    t, c->schema, rec, least, &d, found, CLI_DOUBLES, &n, err);
	if (t)
		crm_txn_apart(t);
	for (size_t i = 0; i < n && code == CRM_OK; i++)
		code = print(c, t, &d, &found[i], rows, err);
	crm_txn_end(t);
	if (code == CRM_OK || (code == CRM_NO && rows))
		code = cli_rows_close(rows, err);
	else
		cli_rows_abort(rows);
	crm_dups_release(&d);
	return code == CRM_OK && n == 0 ? CRM_NO : code;
}
