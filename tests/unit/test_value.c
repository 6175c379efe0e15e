/*
 * test_value.c - parsing values of each type, printing them again, comparing.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include <crm/hash.h>
#include <crm/schema.h>

#define ROWS(a) (sizeof(a) / sizeof(a)[0])

static struct crm_schema schema;
static struct crm_arena arena;

static int
setup(void **state)
{
	(void)state;
	return crm_schema_init(&schema, NULL, NULL);
}

static int
teardown(void **state)
{
	(void)state;
	crm_arena_release(&arena);
	crm_schema_release(&schema);
	return 0;
}

static const char values[] = "silver,gold,platinum";

/* What a row of the tables below is parsed with. */
struct row {
	enum crm_type type;
	unsigned ref;
	uint32_t flags;
	int digits;
	const char *in, *out; /* out NULL: refused */
	const char *text; /* of the error, or NULL */
};

static int
parse(
    const struct row *r, unsigned how, struct crm_value *v, struct crm_err *err)
{
	struct crm_field f = {.name = "column",
	    .type = (uint8_t)r->type,
	    .ref = (uint8_t)r->ref,
	    .flags = r->flags,
	    .values = r->type == CRM_T_ENUM ? values : NULL};
	struct crm_parse ctx = {.schema = &schema,
	    .arena = &arena,
	    .digits = r->digits,
	    .flags = how};

	return crm_value_parse(&f, crm_str(r->in), &ctx, v, err);
}

static void
check(const struct row *rows, size_t n, unsigned how)
{
	for (size_t i = 0; i < n; i++) {
		struct crm_value v;
		struct crm_err err = {0};
		struct crm_buf b = {0};
		int r = parse(&rows[i], how, &v, &err);

		if ((r == CRM_OK) != (rows[i].out != NULL))
			fail_msg(
			    "row %zu '%s': %d %s", i, rows[i].in, r, err.text);
		if (r == CRM_OK) {
			crm_value_put(&schema, &b, &v, false);
			if (!crm_str_is(crm_buf_str(&b), rows[i].out))
				fail_msg("row %zu '%s': '%.*s'", i, rows[i].in,
				    (int)b.n, b.p ? b.p : "");
		} else {
			assert_int_equal(r, CRM_EDATA);
			assert_string_equal(err.field, "column");
			assert_int_equal(v.type, CRM_T_NONE);
			if (rows[i].text)
				assert_string_equal(err.text, rows[i].text);
		}
		crm_buf_release(&b);
	}
}

static void
each_type_is_read_and_written_canonically(void **state)
{
	static const struct row rows[] = {
	    {CRM_T_TEXT, 0, 0, 2, "", "", NULL},
	    {CRM_T_MONEY, 0, 0, 2, "", "", NULL},
	    {CRM_T_TEXT, 0, 0, 2, " two  blanks ", " two  blanks ", NULL},
	    {CRM_T_TEXT, 0, 0, 2, "a\r\nb\rc", "a\nb\nc", NULL},
	    {CRM_T_TEXT, 0, 0, 2, "e\xcc\x81t\xc3\xa9", "\xc3\xa9t\xc3\xa9",
		NULL},
	    {CRM_T_TEXT, 0, CRM_F_FOLD, 2, "WELCOME-10", "welcome-10", NULL},
	    {CRM_T_TEXT, 0, CRM_F_FOLD, 2, "\xc3\x84X", "\xc3\xa4x", NULL},
	    {CRM_T_INT, 0, 0, 2, "+007", "7", NULL},
	    {CRM_T_INT, 0, 0, 2, "-9223372036854775808", "-9223372036854775808",
		NULL},
	    {CRM_T_DECIMAL, 0, 0, 2, "2.500", "2.5", NULL},
	    {CRM_T_DECIMAL, 0, 0, 2, "-0.0", "0", NULL},
	    {CRM_T_MONEY, 0, 0, 2, "19.9", "19.90", NULL},
	    {CRM_T_MONEY, 0, 0, 0, "20.00", "20", NULL},
	    {CRM_T_MONEY, 0, 0, 3, "-1", "-1.000", NULL},
	    {CRM_T_MONEY, 0, CRM_F_BASE, 3, "1.5", "1.50", NULL},
	    {CRM_T_MONEY, 0, 0, -1, "19.90", "19.90", NULL},
	    {CRM_T_MONEY, 0, 0, -1, "20", "20", NULL},
	    {CRM_T_TIME, 0, 0, 2, "2024-05-01T11:58:12+02:00",
		"2024-05-01T09:58:12Z", NULL},
	    {CRM_T_TIME, 0, 0, 2, "2024-05-01", "2024-05-01T00:00:00Z", NULL},
	    {CRM_T_DATE, 0, 0, 2, "2024-02-29", "2024-02-29", NULL},
	    {CRM_T_BOOL, 0, 0, 2, "yes", "yes", NULL},
	    {CRM_T_BOOL, 0, 0, 2, "true", "yes", NULL},
	    {CRM_T_BOOL, 0, 0, 2, "0", "no", NULL},
	    {CRM_T_ENUM, 0, 0, 2, "gold", "gold", NULL},
	    {CRM_T_LIST, 0, 0, 2, "a", "a", NULL},
	    {CRM_T_LIST, 0, 0, 2, "b,a", "b,a", NULL},
	    {CRM_T_LIST, 0, 0, 2, " b , a ", "b,a", NULL},
	    {CRM_T_LIST, 0, 0, 2, "a,b,a,c,b", "a,b,c", NULL},
	    {CRM_T_LIST, 0, 0, 2, "a, a", "a", NULL},
	    {CRM_T_LIST, 0, CRM_F_FOLD, 2, "Vip,vip,Xmas", "vip,xmas", NULL},
	};

	(void)state;
	check(rows, ROWS(rows), 0);
}

static void
bad_values_say_what_was_wanted(void **state)
{
	static const struct row rows[] = {
	    {CRM_T_INT, 0, 0, 2, "1.5", NULL, "'1.5' is not a whole number"},
	    {CRM_T_INT, 0, 0, 2, " 1", NULL, NULL},
	    {CRM_T_DECIMAL, 0, 0, 2, "1,5", NULL,
		"'1,5' is not a decimal number"},
	    {CRM_T_MONEY, 0, 0, 2, "12,5", NULL,
		"'12,5' is not a money amount"},
	    {CRM_T_MONEY, 0, 0, 2, "1.999", NULL,
		"'1.999' has more decimal places than its currency"},
	    {CRM_T_MONEY, 0, 0, 2, "9223372036854775807", NULL,
		"'9223372036854775807' is too large an amount"},
	    {CRM_T_TIME, 0, 0, 2, "1.5.2024", NULL,
		"'1.5.2024' is not a time like 2024-05-01T09:58:12Z"},
	    {CRM_T_DATE, 0, 0, 2, "2023-02-29", NULL,
		"'2023-02-29' is not a date like 2024-05-01"},
	    {CRM_T_BOOL, 0, 0, 2, "ja", NULL, "'ja' is not yes or no"},
	    {CRM_T_ENUM, 0, 0, 2, "gol", NULL,
		"'gol' is not one of silver, gold, platinum"},
	    {CRM_T_ENUM, 0, 0, 2, "silver,gold", NULL, NULL},
	    {CRM_T_LIST, 0, 0, 2, "a,,b", NULL, "'a,,b' has an empty item"},
	    {CRM_T_LIST, 0, 0, 2, ",", NULL, NULL},
	    {CRM_T_LIST, 0, 0, 2, " ", NULL, NULL},
	    {CRM_T_LIST, 0, 0, 2, "a\tb", NULL, NULL},
	    {CRM_T_LIST, 0, 0, 2, "a\nb", NULL, NULL},
	    {CRM_T_TEXT, 0, 0, 2, "bell\a", NULL, NULL},
	    {CRM_T_TEXT, 0, 0, 2, "\xff", NULL, NULL},
	};

	(void)state;
	check(rows, ROWS(rows), 0);
}

static void
ids_are_read_in_either_form_and_checked_for_their_kind(void **state)
{
	static const struct row rows[] = {
	    {CRM_T_ID, CRM_K_CUSTOMER, 0, 2, "C42", "C0000000042", NULL},
	    {CRM_T_ID, CRM_K_CUSTOMER, 0, 2, "customer/C42", "C0000000042",
		NULL},
	    {CRM_T_ID, CRM_K_CUSTOMER, 0, 2, "email:ann@example.org",
		"email:ann@example.org", NULL},
	    {CRM_T_ID, CRM_K_CUSTOMER, 0, 2, "customer/shopify:7", "shopify:7",
		NULL},
	    {CRM_T_ID, 0, 0, 2, "O913-e2", "O0000000913-e2", NULL},
	    {CRM_T_ID, 0, 0, 2, "order/shopify:2071", "shopify:2071", NULL},
	    {CRM_T_ID, CRM_K_CUSTOMER, 0, 2, "42", NULL,
		"'42' is not an id; C42?"},
	    {CRM_T_ID, CRM_K_ORDER, 0, 2, "0042", NULL,
		"'0042' is not an id; O42?"},
	    {CRM_T_ID, 0, 0, 2, "42", NULL, "'42' is not an id"},
	    {CRM_T_ID, CRM_K_ORDER, 0, 2, "0", NULL,
		"'0' is not an id (O42) or reference (scheme:value)"},
	    {CRM_T_ID, CRM_K_CUSTOMER, 0, 2, "O913", NULL,
		"'O913' is an id of kind order, not of kind customer"},
	    {CRM_T_ID, CRM_K_CUSTOMER, 0, 2, "T1", NULL,
		"'T1' is an id of kind ticket, not of kind customer"},
	    {CRM_T_ID, CRM_K_CUSTOMER, 0, 2, "order/shopify:7", NULL,
		"'order/shopify:7' is an id of kind order, not of kind "
		"customer"},
	    {CRM_T_ID, 0, 0, 2, "order/C42", NULL,
		"'order/C42' is an id of kind customer, not of kind order"},
	    {CRM_T_ID, CRM_K_ORDER, 0, 2, "O913-1", NULL,
		"'O913-1' is an id of kind line, not of kind order"},
	    {CRM_T_ID, CRM_K_CUSTOMER, 0, 2, "email:", NULL, NULL},
	    {CRM_T_ID, CRM_K_CUSTOMER, 0, 2, ":x", NULL, NULL},
	    {CRM_T_ID, CRM_K_CUSTOMER, 0, 2, "Ann", NULL, NULL},
	    {CRM_T_ID, CRM_K_CUSTOMER, 0, 2, "customer/", NULL, NULL},
	    {CRM_T_ID, CRM_K_CUSTOMER, 0, 2, "email:a\ab", NULL, NULL},
	};

	(void)state;
	check(rows, ROWS(rows), 0);
}

static void
a_reference_keeps_its_kind(void **state)
{
	static const struct row any = {
	    CRM_T_ID, 0, 0, 2, "order/shopify:2071", NULL, NULL};
	static const struct row none = {
	    CRM_T_ID, 0, 0, 2, "shopify:2071", NULL, NULL};
	static const struct row own = {
	    CRM_T_ID, CRM_K_PRODUCT, 0, 2, "sku:85123A", NULL, NULL};
	struct crm_value v;

	(void)state;
	assert_int_equal(parse(&any, 0, &v, NULL), CRM_OK);
	assert_int_equal(v.kind, CRM_K_ORDER);
	assert_int_equal(v.i, 0);
	assert_int_equal(parse(&none, 0, &v, NULL), CRM_OK);
	assert_int_equal(v.kind, 0);
	assert_int_equal(parse(&own, 0, &v, NULL), CRM_OK);
	assert_int_equal(v.kind, CRM_K_PRODUCT);
}

static void
strict_parsing_takes_only_what_would_be_written(void **state)
{
	static const struct row rows[] = {
	    {CRM_T_ID, CRM_K_CUSTOMER, 0, 2, "C0000000042", "C0000000042",
		NULL},
	    {CRM_T_ID, CRM_K_CUSTOMER, 0, 2, "C42", NULL,
		"'C42' is not written the way it is kept"},
	    {CRM_T_ID, CRM_K_CUSTOMER, 0, 2, "email:a@b.c", NULL, NULL},
	    {CRM_T_INT, 0, 0, 2, "7", "7", NULL},
	    {CRM_T_INT, 0, 0, 2, "+7", NULL, NULL},
	    {CRM_T_DECIMAL, 0, 0, 2, "2.50", NULL, NULL},
	    {CRM_T_MONEY, 0, 0, 2, "2.5", NULL, NULL},
	    {CRM_T_MONEY, 0, 0, 2, "2.50", "2.50", NULL},
	    {CRM_T_TIME, 0, 0, 2, "2024-05-01", NULL, NULL},
	    {CRM_T_TIME, 0, 0, 2, "2024-05-01T09:58:12Z",
		"2024-05-01T09:58:12Z", NULL},
	    {CRM_T_BOOL, 0, 0, 2, "true", NULL, NULL},
	    {CRM_T_BOOL, 0, 0, 2, "no", "no", NULL},
	    {CRM_T_ENUM, 0, 0, 2, "gold", "gold", NULL},
	    {CRM_T_LIST, 0, 0, 2, "a,a", NULL, NULL},
	    {CRM_T_LIST, 0, 0, 2, "a, b", NULL, NULL},
	    {CRM_T_LIST, 0, 0, 2, "a,b", "a,b", NULL},
	    {CRM_T_TEXT, 0, 0, 2, "a\r\n", NULL, NULL},
	    {CRM_T_TEXT, 0, CRM_F_FOLD, 2, "A", NULL, NULL},
	    {CRM_T_TEXT, 0, 0, 2, "A", "A", NULL},
	};

	(void)state;
	check(rows, ROWS(rows), CRM_PARSE_STRICT);
}

static void
cleaning_replaces_and_counts(void **state)
{
	const struct crm_field f = {.name = "note", .type = CRM_T_TEXT};
	struct crm_parse ctx = {
	    .schema = &schema, .arena = &arena, .flags = CRM_PARSE_CLEAN};
	struct crm_value v;

	(void)state;
	assert_int_equal(
	    crm_value_parse(&f, CRM_STR("a\ab\x7f"), &ctx, &v, NULL), CRM_OK);
	assert_int_equal(ctx.cleaned, 2);
	assert_int_equal(
	    crm_value_parse(&f, CRM_STR("\a"), &ctx, &v, NULL), CRM_OK);
	assert_int_equal(ctx.cleaned, 3);
}

static void
plain_text_is_borrowed(void **state)
{
	static const char text[] = "a plain name";
	static const char list[] = "a,b,c";
	const struct crm_field f = {.name = "name", .type = CRM_T_TEXT};
	const struct crm_field l = {.name = "tags", .type = CRM_T_LIST};
	struct crm_arena empty = {0};
	struct crm_parse ctx = {.schema = &schema, .arena = &empty};
	struct crm_value v;

	(void)state;
	assert_int_equal(
	    crm_value_parse(&f, crm_str(text), &ctx, &v, NULL), CRM_OK);
	assert_ptr_equal(v.s.p, text);
	assert_int_equal(
	    crm_value_parse(&l, crm_str(list), &ctx, &v, NULL), CRM_OK);
	assert_ptr_equal(v.s.p, list);
	assert_null(empty.head);
}

static void
long_lists_lose_their_duplicates_too(void **state)
{
	const struct crm_field f = {.name = "tags", .type = CRM_T_LIST};
	struct crm_parse ctx = {.schema = &schema, .arena = &arena};
	struct crm_buf in = {0}, want = {0};
	struct crm_value v;

	(void)state;
	for (unsigned i = 0; i < 2000; i++)
		crm_buf_putf(&in, "%st%u", i ? "," : "", i % 777);
	for (unsigned i = 0; i < 777; i++)
		crm_buf_putf(&want, "%st%u", i ? "," : "", i);
	assert_int_equal(
	    crm_value_parse(&f, crm_buf_str(&in), &ctx, &v, NULL), CRM_OK);
	assert_true(crm_str_eq(v.s, crm_buf_str(&want)));
	crm_buf_release(&in);
	crm_buf_release(&want);
}

static void
values_sort_by_size_with_no_value_first(void **state)
{
	/* Each is less than the next. */
	const struct crm_value rising[] = {
	    {.type = CRM_T_NONE},
	    crm_value_num(CRM_T_INT, INT64_MIN, 0),
	    crm_value_num(CRM_T_DECIMAL, -1, 12),
	    crm_value_num(CRM_T_MONEY, 0, 2),
	    crm_value_num(CRM_T_DECIMAL, 199, 1),
	    crm_value_num(CRM_T_MONEY, 1991, 2),
	    crm_value_num(CRM_T_INT, 20, 0),
	    crm_value_num(CRM_T_INT, INT64_MAX, 0),
	    crm_value_text(CRM_STR("10")),
	    crm_value_text(CRM_STR("9")),
	    crm_value_text(CRM_STR("9 ")),
	};
	const struct crm_value a = crm_value_num(CRM_T_MONEY, 1990, 2);
	const struct crm_value b = crm_value_num(CRM_T_DECIMAL, 199, 1);

	(void)state;
	for (size_t i = 0; i < ROWS(rising); i++)
		for (size_t j = 0; j < ROWS(rising); j++) {
			int c = crm_value_cmp(&rising[i], &rising[j]);

			if ((c > 0) - (c < 0) != (i > j) - (i < j))
				fail_msg("%zu and %zu: %d", i, j, c);
		}
	assert_true(crm_value_eq(&a, &b));
}

/* What the parser of a type makes of text, by no reader. */
static int
long_way(const struct crm_field *f, struct crm_str text, int digits,
    struct crm_value *out)
{
	struct crm_dec d;

	*out = (struct crm_value){.type = f->type};
	switch (f->type) {
	case CRM_T_INT:
		return crm_int_parse(text, &out->i);
	case CRM_T_MONEY:
		out->scale = (uint8_t)digits;
		return crm_money_parse(text, (unsigned)digits, &out->i);
	default:
		if (crm_dec_parse(text, &d) < 0)
			return CRM_EDATA;
		out->i = d.v;
		out->scale = d.scale;
		return CRM_OK;
	}
}

/* Text that is nearly a number, 1 to 10 bytes. */
static struct crm_str
near_number(struct crm_rand *r, char *p)
{
	static const char rare[] = "..--+eE,/: x\t\xb1";
	size_t n = 1 + (size_t)crm_rand_below(r, 10);

	for (size_t i = 0; i < n; i++)
		p[i] = crm_rand_below(r, 8) > 0
			   ? (char)('0' + crm_rand_below(r, 10))
			   : rare[crm_rand_below(r, sizeof rare)];
	if (n > 3 && crm_rand_below(r, 2) > 0)
		p[n - 3] = '.';
	return (struct crm_str){p, n};
}

static void
a_reader_gives_what_the_parser_of_its_type_does(void **state)
{
	static const enum crm_type type[] = {
	    CRM_T_INT, CRM_T_DECIMAL, CRM_T_MONEY};
	unsigned taken = 0, refused = 0;
	struct crm_rand r;

	(void)state;
	crm_rand_seed(&r, 1);
	for (int i = 0; i < 300000; i++) {
		struct crm_field f = {
		    .name = "column", .type = (uint8_t)type[i % 3]};
		struct crm_parse ctx = {.schema = &schema,
		    .arena = &arena,
		    .digits = (int)crm_rand_below(&r, 5)};
		struct crm_value v, w;
		char p[10];
		struct crm_str text = near_number(&r, p);
		int code = long_way(&f, text, ctx.digits, &w);

		if (crm_value_reader(&f)(&f, text, &ctx, &v) == CRM_OK) {
			taken++;
			if (code < 0 || v.type != w.type || v.i != w.i ||
			    v.scale != w.scale || v.s.n > 0)
				fail_msg("'%.*s' as %s", (int)text.n, text.p,
				    crm_type_name(f.type));
		}
		refused += code < 0;
		if (crm_value_parse(&f, text, &ctx, &v, NULL) != code ||
		    (code == CRM_OK && (v.i != w.i || v.scale != w.scale)))
			fail_msg("'%.*s' parsed as %s", (int)text.n, text.p,
			    crm_type_name(f.type));
	}
	assert_true(taken > 50000);
	assert_true(refused > 50000);
}

static void
a_reader_of_text_takes_what_enters_unchanged(void **state)
{
	static const struct {
		const char *text;
		unsigned how;
		bool taken;
	} rows[] = {
	    {"Green tea", 0, true},
	    {"J\xc3\xb6rg \xce\xbb\xcf\x8c\xce\xb3\xce\xbf\xcf\x82", 0, true},
	    {"Jo\xcc\x88rg", 0, false}, /* NFC makes one letter of two */
	    {"a\x7f", 0, false},
	    {"a\rb", 0, false},
	    {"a\xff", 0, false},
	    {"\xc2\x85", 0, false},
	    {"what was looked at", CRM_PARSE_PLAIN, true},
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct crm_field f = {.name = "column", .type = CRM_T_TEXT};
		struct crm_parse ctx = {
		    .schema = &schema, .arena = &arena, .flags = rows[i].how};
		struct crm_str text = crm_str(rows[i].text);
		struct crm_value v;
		bool taken = crm_value_reader(&f)(&f, text, &ctx, &v) == CRM_OK;

		if (taken != rows[i].taken ||
		    (taken && (v.type != CRM_T_TEXT || v.s.p != text.p ||
				  v.s.n != text.n)))
			fail_msg("'%s'", rows[i].text);
		f.flags = CRM_F_FOLD;
		assert_int_not_equal(
		    crm_value_reader(&f)(&f, text, &ctx, &v), CRM_OK);
	}
}

static void
enums_are_counted_named_and_placed(void **state)
{
	(void)state;
	assert_int_equal(crm_enum_count(NULL), 0);
	assert_int_equal(crm_enum_count("a"), 1);
	assert_int_equal(crm_enum_count(values), 3);
	assert_true(crm_str_is(crm_enum_name(values, 3), "platinum"));
	assert_int_equal(crm_enum_name(values, 0).n, 0);
	assert_int_equal(crm_enum_name(values, 4).n, 0);
	assert_int_equal(crm_enum_place(values, CRM_STR("silver")), 1);
	assert_int_equal(crm_enum_place(values, CRM_STR("platinum")), 3);
	assert_int_equal(crm_enum_place(values, CRM_STR("plat")), 0);
	assert_int_equal(crm_enum_place(values, CRM_STR("gold,")), 0);
	assert_int_equal(crm_enum_place(values, CRM_STR("silver,gold")), 0);
	assert_int_equal(crm_enum_place(values, CRM_STR("golden")), 0);
	assert_int_equal(crm_enum_place(values, CRM_STR("platinum\0")), 0);
	assert_int_equal(crm_enum_place(values, CRM_STR("")), 0);
	assert_int_equal(crm_enum_place(NULL, CRM_STR("x")), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_type_is_read_and_written_canonically),
	    cmocka_unit_test(bad_values_say_what_was_wanted),
	    cmocka_unit_test(
		ids_are_read_in_either_form_and_checked_for_their_kind),
	    cmocka_unit_test(a_reference_keeps_its_kind),
	    cmocka_unit_test(strict_parsing_takes_only_what_would_be_written),
	    cmocka_unit_test(cleaning_replaces_and_counts),
	    cmocka_unit_test(plain_text_is_borrowed),
	    cmocka_unit_test(long_lists_lose_their_duplicates_too),
	    cmocka_unit_test(a_reader_gives_what_the_parser_of_its_type_does),
	    cmocka_unit_test(a_reader_of_text_takes_what_enters_unchanged),
	    cmocka_unit_test(values_sort_by_size_with_no_value_first),
	    cmocka_unit_test(enums_are_counted_named_and_placed),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
