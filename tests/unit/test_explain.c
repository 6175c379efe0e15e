/*
 * test_explain.c - what a condition is made of, and what it calls.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <crm/expr.h>

#define SIZE(a) (sizeof(a) / sizeof((a)[0]))

static const struct crm_field fields[] = {
    {"orders", CRM_T_INT, 0, 1, 0, "", ""},
    {"country", CRM_T_TEXT, 0, 2, 0, "", ""},
    {"tags", CRM_T_LIST, 0, 3, 0, "", ""},
    {"tier", CRM_T_TEXT, 0, 4, 0, "", ""},
};
static struct crm_schema schema;
static struct crm_value row[SIZE(fields)];

static int
fn_in(void *ctx, const struct crm_value *of, const struct crm_value *arg,
    size_t n, struct crm_value *out, struct crm_arena *a, struct crm_err *err)
{
	(void)ctx;
	(void)n;
	(void)a;
	(void)err;
	/* what crm_expr_calls bound, and a field of the row */
	*out = crm_value_num(CRM_T_BOOL, arg[0].i == of[0].i, 0);
	return CRM_OK;
}

static const struct crm_expr_fn functions[] = {{"in", "t", CRM_T_BOOL, fn_in}};

static struct crm_expr *
compile(const char *text)
{
	const struct crm_expr_env env = {.schema = &schema,
	    .fields = fields,
	    .nfields = SIZE(fields),
	    .fn = functions,
	    .nfn = 1};
	struct crm_expr *e;
	struct crm_err err = {0};

	if (crm_expr_compile(&e, crm_str(text), &env, &err) < 0)
		fail_msg("%s: %s", text, err.text);
	return e;
}

static int
show(void *ctx, const struct crm_expr_step *s, struct crm_err *err)
{
	static const char *const words[] = {"all", "any", "not", ""};
	struct crm_buf *b = ctx;

	(void)err;
	for (unsigned i = 0; i < s->depth; i++)
		crm_buf_putc(b, '.');
	crm_buf_puts(b, words[s->what]);
	crm_buf_putstr(b, s->text);
	crm_buf_puts(b, s->failed ? " ?" : s->yes ? " +" : " -");
	for (unsigned i = 0; i < SIZE(fields); i++)
		if (s->fields[0] >> i & 1)
			crm_buf_putf(b, " %s", fields[i].name);
	if (s->call.n > 0)
		crm_buf_putf(b, " (%.*s %.*s)", (int)s->call.n, s->call.p,
		    s->arg ? (int)s->arg->s.n : 1, s->arg ? s->arg->s.p : "?");
	crm_buf_putc(b, '\n');
	return CRM_OK;
}

static void
conditions_are_taken_apart_at_their_words(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
	    {"orders >= 3", "orders >= 3 + orders\n"},
	    {"( orders >= 3 )", "orders >= 3 + orders\n"},
	    {"orders > 3 and country = \"DE\"",
		"all -\n.orders > 3 - orders\n.country = \"DE\" + country\n"},
	    {"orders > 3 or (country = \"DE\" and not tier is empty)",
		"any -\n.orders > 3 - orders\n.all -\n"
		"..country = \"DE\" + country\n..not -\n"
		"...tier is empty + tier\n"},
	    {"orders between 1 and 5 and orders not in (3, 4)",
		"all -\n.orders between 1 and 5 + orders\n"
		".orders not in (3, 4) - orders\n"},
	    {"tier is not empty", "tier is not empty - tier\n"},
	    {"tags = \"a\" or tags in (\"b\", \"c\")",
		"any +\n.tags = \"a\" + tags\n.tags in (\"b\", \"c\") + "
		"tags\n"},
	    {"(orders > 1) = yes", "(orders > 1) = yes + orders\n"},
	    {"if(orders > 1, country = \"DE\", no) and orders < 9",
		"all +\n.if(orders > 1, country = \"DE\", no) + orders "
		"country\n"
		".orders < 9 + orders\n"},
	    {"not (orders = 3 or in(vip))",
		"not -\n.any +\n..orders = 3 + orders\n"
		"..in(vip) - (in vip)\n"},
	    {"in(country)", "in(country) - (in country)\n"},
	    {"in(\"x\" || country)", "in(\"x\" || country) - country (in ?)\n"},
	    {"12 / (orders - 3) > 1 or country = \"DE\"",
		"any ?\n.12 / (orders - 3) > 1 ? orders\n"
		".country = \"DE\" + country\n"},
	    {"1 = 1 and orders = 3", "all +\n.1 = 1 +\n.orders = 3 + orders\n"},
	};

	(void)state;
	for (size_t i = 0; i < SIZE(rows); i++) {
		struct crm_expr *e = compile(rows[i].text);
		struct crm_buf b = {0};

		assert_int_equal(
		    crm_expr_explain(e, row, show, &b, NULL), CRM_OK);
		if (!crm_str_is(crm_buf_str(&b), rows[i].want))
			fail_msg("%s:\n%.*s", rows[i].text, (int)b.n, b.p);
		crm_buf_release(&b);
		crm_expr_release(e);
	}
}

static int
bind(void *ctx, struct crm_value *arg, size_t n, struct crm_err *err)
{
	struct crm_buf *b = ctx;

	if (n != 1 || arg[0].type != CRM_T_TEXT)
		return crm_err_set(err, CRM_EUSAGE, "a name is wanted");
	crm_buf_putstr(b, arg[0].s);
	crm_buf_putc(b, ' ');
	arg[0].i = (int64_t)arg[0].s.n;
	return CRM_OK;
}

static void
calls_are_told_and_bound(void **state)
{
	struct crm_expr *e = compile("in(vip) and not in(\"old\") or in(late)");
	struct crm_buf b = {0};
	struct crm_err err = {0};
	bool yes;

	(void)state;
	assert_int_equal(crm_expr_calls(e, "in", bind, &b, &err), CRM_OK);
	assert_string_equal(crm_buf_cstr(&b), "vip old late ");
	crm_buf_clear(&b);
	assert_int_equal(crm_expr_calls(e, "out", bind, &b, &err), CRM_OK);
	assert_int_equal(b.n, 0);
	/* three orders: "vip" has three letters, "late" has not */
	assert_int_equal(crm_expr_test(e, row, &yes, &err), CRM_OK);
	assert_false(yes);
	crm_expr_release(e);
	e = compile("in(vip) and not in(late)");
	assert_int_equal(crm_expr_calls(e, "in", bind, &b, &err), CRM_OK);
	assert_int_equal(crm_expr_test(e, row, &yes, &err), CRM_OK);
	assert_true(yes);
	crm_expr_release(e);
	crm_buf_release(&b);
}

static void
a_call_that_is_refused_has_a_caret(void **state)
{
	struct crm_expr *e = compile("orders = 3 and in(\"x\" || country)");
	struct crm_buf b = {0};
	struct crm_err err = {0};

	(void)state;
	assert_int_equal(crm_expr_calls(e, "in", bind, &b, &err), CRM_EUSAGE);
	assert_string_equal(
	    err.hint, "orders = 3 and in(\"x\" || country)\n               ^");
	crm_expr_release(e);
	crm_buf_release(&b);
}

static int
setup(void **state)
{
	(void)state;
	row[0] = crm_value_num(CRM_T_INT, 3, 0);
	row[1] = crm_value_text(CRM_STR("DE"));
	row[2] = (struct crm_value){.type = CRM_T_LIST, .s = CRM_STR("a,b")};
	return crm_schema_init(&schema, NULL, NULL);
}

static int
teardown(void **state)
{
	(void)state;
	crm_schema_release(&schema);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(conditions_are_taken_apart_at_their_words),
	    cmocka_unit_test(calls_are_told_and_bound),
	    cmocka_unit_test(a_call_that_is_refused_has_a_caret),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
