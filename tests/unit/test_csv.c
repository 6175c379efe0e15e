/*
 * test_csv.c - reading CSV and its dialects, and writing a field.
 *
 * A file is read whole, errors gone past, into a text: "line:a|b" for each row,
 * "!message" for each error; in pieces of several sizes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <crm/stream.h>

#include "feed.h"

static const char *
read_all(struct crm_str in, size_t step, struct crm_csv_options opt,
    struct crm_buf *out, struct crm_buf *raw)
{
	struct feed f = {in, step};
	struct crm_csv *c;
	struct crm_err err = {0};

	crm_buf_clear(out);
	crm_buf_clear(raw);
	opt.read = feed_read;
	opt.read_ctx = &f;
	opt.name = "f.csv";
	assert_int_equal(crm_csv_open(&c, &opt, &err), CRM_OK);
	for (;;) {
		struct crm_str *field;
		size_t n;
		int code = crm_csv_next(c, &field, &n, &err);

		if (code == CRM_NOTFOUND)
			break;
		crm_buf_putstr(raw, crm_csv_raw(c));
		if (code < 0) {
			feed_put_error(out, &err);
			continue;
		}
		crm_buf_putf(out, "%lu:", crm_csv_line(c));
		for (size_t i = 0; i < n; i++) {
			if (i > 0)
				crm_buf_putc(out, '|');
			crm_buf_putstr(out, field[i]);
		}
		crm_buf_putc(out, '\n');
	}
	assert_int_equal(crm_csv_bytes(c), in.n);
	crm_csv_close(c);
	return crm_buf_cstr(out);
}

struct row {
	struct crm_str in;
	const char *want;
};

static void
check_rows(const struct row *rows, size_t n, struct crm_csv_options opt)
{
	static const size_t steps[] = {0, 1, 3, 8};
	struct crm_buf out = {0}, raw = {0};

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < 4; j++) {
			const char *got =
			    read_all(rows[i].in, steps[j], opt, &out, &raw);

			if (strcmp(got, rows[i].want) != 0)
				fail_msg(
				    "row %zu by %zu:\n%s", i, steps[j], got);
		}
	crm_buf_release(&out);
	crm_buf_release(&raw);
}

#define CHECK(rows, ...)                                \
	check_rows(rows, sizeof(rows) / sizeof *(rows), \
	    (struct crm_csv_options){__VA_ARGS__})

static void
rows_are_read_as_rfc_4180_has_them(void **state)
{
	const struct row rows[] = {
	    {CRM_STR(""), ""},
	    {CRM_STR("a,b\n1,2\n"), "1:a|b\n2:1|2\n"},
	    {CRM_STR("a,b\r\n1,2"), "1:a|b\n2:1|2\n"},
	    {CRM_STR("\xef\xbb\xbf\"a\",b\n"), "1:a|b\n"},
	    {CRM_STR("\"a,b\",\"c\"\"d\"\n"), "1:a,b|c\"d\n"},
	    {CRM_STR("\"a\nb\",c\n1,2\n"), "1:a\nb|c\n3:1|2\n"},
	    {CRM_STR("\"a\"\n\"\"\n\"b\""), "1:a\n2:\n3:b\n"},
	    {CRM_STR(",\n,\n"), "1:|\n2:|\n"},
	    {CRM_STR("a\n\n\r\nb\n"), "1:a\n4:b\n"},
	    {CRM_STR("\"\"\"\",\"\"\n"), "1:\"|\n"},
	    {CRM_STR("\"a\"\r\n\"b\r\nc\"\r\n"), "1:a\n2:b\r\nc\n"},
	};

	(void)state;
	CHECK(rows, .sep = ',', .quote = '"');
}

static void
quotes_out_of_place_are_characters(void **state)
{
	const struct row rows[] = {
	    {CRM_STR("5\" disk,x\n"), "1:5\" disk|x\n"},
	    {CRM_STR("\"ab\"cd,x\n"), "1:abcd|x\n"},
	    {CRM_STR("\"ab\"c\"d\",x\n"), "1:abc\"d\"|x\n"},
	    {CRM_STR(" \"ab\",x\n"), "1: \"ab\"|x\n"},
	};

	(void)state;
	CHECK(rows, .sep = ',', .quote = '"');
}

static void
dialects_differ_in_separator_quote_and_blanks(void **state)
{
	const struct row semi[] = {{CRM_STR("a;'b;c'\n"), "1:a|b;c\n"}};
	const struct row tabs[] = {{CRM_STR("\"a\t b\n"), "1:\"a| b\n"}};
	const struct row trim[] = {
	    {CRM_STR(" a , \"b \" ,c\t\n"), "1:a|b |c\n"},
	    {CRM_STR("  ,\n"), "1:|\n"}};
	const struct row skip[] = {{CRM_STR("title \"x\n\na,b\n"), "3:a|b\n"}};
	const struct row ragged[] = {{CRM_STR("a\nb,c\n"), "1:a\n2:b|c\n"}};

	(void)state;
	CHECK(semi, .sep = ';', .quote = '\'');
	CHECK(tabs, .sep = '\t');
	CHECK(trim, .sep = ',', .quote = '"', .trim = true);
	CHECK(skip, .sep = ',', .quote = '"', .skip = 2);
	CHECK(ragged, .sep = ',', .quote = '"', .ragged = true);
}

static void
bad_rows_are_named_and_passed(void **state)
{
	const struct row rows[] = {
	    {CRM_STR("a,b\n1\n2,3,4\n5,6\n"),
		"1:a|b\n!f.csv:2: 1 field, the first row has 2\n"
		"!f.csv:3: 3 fields, the first row has 2\n4:5|6\n"},
	    {CRM_STR("a,b\n1,\"2\n3,4\n"),
		"1:a|b\n!f.csv:2: a quote that is never closed\n3:3|4\n"},
	    {CRM_STR("a,b\n1,\xff\n3,4\n"),
		"1:a|b\n!f.csv:2: byte 3 of the row is not UTF-8 (0xff)\n"
		"3:3|4\n"},
	    {CRM_STR("a,b\n1,\0\n3,4\n"),
		"1:a|b\n!f.csv:2: a NUL byte\n3:3|4\n"},
	};

	(void)state;
	CHECK(rows, .sep = ',', .quote = '"');
}

static void
raw_rows_put_together_are_the_file(void **state)
{
	struct crm_str in =
	    CRM_STR("a,b\r\n\"x\ny\",2\n1\n1,\"2\n\xff,4\nlast,row");
	struct crm_buf out = {0}, raw = {0};

	(void)state;
	for (size_t step = 0; step < 9; step++) {
		read_all(in, step,
		    (struct crm_csv_options){.sep = ',', .quote = '"'}, &out,
		    &raw);
		assert_true(crm_str_eq(crm_buf_str(&raw), in));
	}
	crm_buf_release(&out);
	crm_buf_release(&raw);
}

static void
long_fields_are_refused_and_passed(void **state)
{
	static const struct {
		size_t n;
		const char *quote, *want;
	} rows[] = {
	    {CRM_FIELD_MAX + 1, "",
		"!f.csv:1: field 1 has 1048577 bytes, at most 1048576 are "
		"allowed\n2:x\n"},
	    {CRM_LINE_MAX + 1, "", "!f.csv:1: line longer than 8 MiB\n2:x\n"},
	    {CRM_FIELD_MAX * 3, "\"",
		"!f.csv:1: a quoted field of more than 1 MiB: is its quote "
		"closed?\n2:x\n"},
	};
	struct crm_buf in = {0}, out = {0}, raw = {0};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *got;

		crm_buf_clear(&in);
		crm_buf_puts(&in, rows[i].quote);
		for (size_t j = 0; j < rows[i].n; j++)
			crm_buf_putc(&in, 'y');
		crm_buf_puts(&in, "\nx\n");
		got = read_all(crm_buf_str(&in), 65536,
		    (struct crm_csv_options){.sep = ',', .quote = '"'}, &out,
		    &raw);
		if (strcmp(got, rows[i].want) != 0)
			fail_msg("row %zu: %.200s", i, got);
	}
	crm_buf_release(&in);
	crm_buf_release(&out);
	crm_buf_release(&raw);
}

static void
fields_are_quoted_where_needed(void **state)
{
	static const struct {
		const char *in, *want;
	} rows[] = {
	    {"", ""},
	    {"a b", "a b"},
	    {"a,b", "\"a,b\""},
	    {"a\"b", "\"a\"\"b\""},
	    {"a\nb", "\"a\nb\""},
	    {" a", "\" a\""},
	    {"a;b", "a;b"},
	};
	struct crm_buf out = {0};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		crm_buf_clear(&out);
		crm_csv_put(&out, crm_str(rows[i].in), ',');
		assert_string_equal(crm_buf_cstr(&out), rows[i].want);
	}
	crm_buf_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rows_are_read_as_rfc_4180_has_them),
	    cmocka_unit_test(quotes_out_of_place_are_characters),
	    cmocka_unit_test(dialects_differ_in_separator_quote_and_blanks),
	    cmocka_unit_test(bad_rows_are_named_and_passed),
	    cmocka_unit_test(raw_rows_put_together_are_the_file),
	    cmocka_unit_test(long_fields_are_refused_and_passed),
	    cmocka_unit_test(fields_are_quoted_where_needed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
