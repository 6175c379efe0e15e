/*
 * fuzz_expr.c - any bytes as an expression: it compiles and runs over a full
 * and an empty row, or says where it is wrong; test and eval agree.
 *
 * The first byte chooses loose columns.
 */
#include <stdlib.h>
#include <string.h>

#include <crm/expr.h>

#include "fuzz/fuzz.h"

#define SIZE(a) (sizeof(a) / sizeof((a)[0]))

static const struct crm_field fields[] = {
    {"customer_id", CRM_T_ID, CRM_K_CUSTOMER, 1, 0, "", ""},
    {"name", CRM_T_TEXT, 0, 2, 0, "", ""},
    {"revenue", CRM_T_MONEY, 0, 3, 0, "", ""},
    {"orders", CRM_T_INT, 0, 4, 0, "", ""},
    {"last", CRM_T_TIME, 0, 5, 0, "", ""},
    {"born", CRM_T_DATE, 0, 6, 0, "", ""},
    {"tier", CRM_T_ENUM, 0, 7, 0, "bronze,silver,gold", ""},
    {"tags", CRM_T_LIST, 0, 8, 0, "", ""}, {"vip", CRM_T_BOOL, 0, 9, 0, "", ""},
    {"size", CRM_T_DECIMAL, 0, 10, 0, "", ""}};

static int
fn_in(void *ctx, const struct crm_value *of, const struct crm_value *arg,
    size_t n, struct crm_value *out, struct crm_arena *a, struct crm_err *err)
{
	(void)ctx;
	(void)of;
	(void)a;
	(void)err;
	*out = crm_value_num(CRM_T_BOOL, n > 0 && arg[0].s.n > 3, 0);
	return CRM_OK;
}

/* The first step is the whole condition, and says what it said. */
static int
take_step(void *ctx, const struct crm_expr_step *s, struct crm_err *err)
{
	const struct crm_expr_step *want = ctx;

	(void)err;
	if (s->depth == 0 && (s->yes != want->yes || s->failed != want->failed))
		abort();
	if (s->what == CRM_STEP_TEST && s->text.n > 0)
		(void)crm_str_cmp(s->text, CRM_STR("x"));
	return CRM_OK;
}

static void
fill_row(struct crm_value *row)
{
	row[0] = crm_value_id(CRM_K_CUSTOMER, 42);
	row[1] = crm_value_text(CRM_STR("Ann M\xc3\xbcller"));
	row[2] = crm_value_num(CRM_T_MONEY, 120450, 2);
	row[3] = crm_value_num(CRM_T_INT, 11, 0);
	row[4] = crm_value_num(CRM_T_TIME, 1714606200, 0);
	row[5] = crm_value_num(CRM_T_DATE, 3711, 0);
	row[6] = crm_value_num(CRM_T_ENUM, 3, 0);
	row[6].s = CRM_STR("gold");
	row[7] = crm_value_text(CRM_STR("new,vip,b2b"));
	row[7].type = CRM_T_LIST;
	row[8] = crm_value_num(CRM_T_BOOL, 1, 0);
	row[9] = crm_value_num(CRM_T_DECIMAL, 425, 1);
}

static void
check_run(struct crm_expr *e, const struct crm_value *row)
{
	struct crm_err err = {0};
	struct crm_expr_step explained = {.depth = 0};
	struct crm_value v;
	bool yes;
	int r = crm_expr_eval(e, row, &v, &err);

	if (r < 0 && (r != CRM_EDATA || !err.text[0] || !strchr(err.hint, '^')))
		abort();
	if (crm_expr_type(e) == CRM_T_BOOL) {
		if (crm_expr_test(e, row, &yes, &err) != r)
			abort();
		if (r == CRM_OK && yes != (v.type == CRM_T_BOOL && v.i != 0))
			abort();
		explained.yes = r == CRM_OK && yes;
		explained.failed = r < 0;
		if (crm_expr_explain(e, row, take_step, &explained, &err) < 0)
			abort();
	}
	/* Read what the result points to, for the sanitizer's sake. */
	if (r == CRM_OK && v.s.n > 0)
		(void)crm_str_cmp(v.s, CRM_STR("x"));
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const struct crm_define defines[] = {{CRM_STR("n"), CRM_STR("500")},
	    {CRM_STR("t"), CRM_STR("a.c")},
	    {CRM_STR("d"), CRM_STR("2024-05-01")},
	    {CRM_STR("s"), CRM_STR("2w")}, {CRM_STR("none"), CRM_STR("")}};
	static const struct crm_expr_fn fns[] = {
	    {"in", "t", CRM_T_BOOL, fn_in}};
	static struct crm_schema schema;
	static bool ready;
	struct crm_value full[SIZE(fields)] = {{0}}, none[SIZE(fields)] = {{0}};
	struct crm_field field[SIZE(fields)];
	struct crm_expr_env env = {.schema = &schema,
	    .fields = field,
	    .nfields = SIZE(fields),
	    .now = 1714816800,
	    .define = defines,
	    .ndefine = SIZE(defines),
	    .fn = fns,
	    .nfn = SIZE(fns)};
	struct crm_err err = {0};
	struct crm_expr *e;
	int r;

	if (n == 0)
		return 0;
	if (!ready && crm_schema_init(&schema, NULL, NULL) < 0)
		abort();
	ready = true;
	memcpy(field, fields, sizeof(field));
	fill_row(full);
	if (p[0] == 'L') {
		env.flags = CRM_EXPR_LOOSE;
		for (size_t i = 0; i < SIZE(fields); i++) {
			field[i].type = CRM_T_TEXT;
			full[i] = crm_value_text(CRM_STR("12.50"));
		}
	}
	r = crm_expr_compile(
	    &e, (struct crm_str){(const char *)p + 1, n - 1}, &env, &err);
	if (r < 0) {
		if (e || r != CRM_EUSAGE || !err.text[0])
			abort();
		return 0;
	}
	check_run(e, full);
	check_run(e, none);
	crm_expr_release(e);
	return 0;
}
