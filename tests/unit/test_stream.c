/*
 * test_stream.c - reading the record stream, its escapes and archives.
 *
 * A stream is read whole, errors gone past, into a text: "a|b" for each
 * record, "!message" for each error; in pieces of several sizes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include <crm/hash.h>
#include <crm/stream.h>

#include "feed.h"

static void
put_record(struct crm_stream *s, struct crm_buf *out)
{
	for (size_t i = 0; i < crm_stream_columns(s); i++) {
		if (i > 0)
			crm_buf_putc(out, '|');
		crm_buf_putstr(out, crm_stream_field(s, i));
	}
	crm_buf_putc(out, '\n');
}

static void
put_records(struct crm_stream *s, struct crm_buf *out)
{
	for (;;) {
		struct crm_err err = {0};
		int code = crm_stream_next(s, &err);

		if (code == CRM_NOTFOUND)
			return;
		if (code == CRM_OK)
			put_record(s, out);
		else
			feed_put_error(out, &err);
		if (code < 0 && code != CRM_EDATA)
			return;
	}
}

/* The last hint, for cases that look at it. */
static char hint[CRM_ERR_TEXT];

static const char *
read_all(struct crm_str in, size_t step, struct crm_stream_options opt,
    struct crm_buf *out)
{
	struct feed f = {in, step};
	struct crm_stream *s = NULL;
	struct crm_err err = {0};

	crm_buf_clear(out);
	opt.read = feed_read;
	opt.read_ctx = &f;
	if (!opt.name)
		opt.name = "-";
	if (crm_stream_open(&s, -1, &opt, &err) < 0)
		feed_put_error(out, &err);
	else
		put_records(s, out);
	snprintf(hint, sizeof hint, "%s", err.hint);
	crm_stream_close(s);
	return crm_buf_cstr(out);
}

struct row {
	struct crm_str in;
	const char *want;
};

static void
check_rows(const struct row *rows, size_t n, struct crm_stream_options opt)
{
	static const size_t steps[] = {0, 1, 3, 8};
	struct crm_buf out = {0};

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < 4; j++) {
			const char *got =
			    read_all(rows[i].in, steps[j], opt, &out);

			if (strcmp(got, rows[i].want) != 0)
				fail_msg(
				    "row %zu by %zu:\n%s", i, steps[j], got);
		}
	crm_buf_release(&out);
}

#define CHECK(rows, ...)                                \
	check_rows(rows, sizeof(rows) / sizeof *(rows), \
	    (struct crm_stream_options){__VA_ARGS__})

static void
records_are_read_by_their_header(void **state)
{
	const struct row rows[] = {
	    {CRM_STR(""), ""},
	    {CRM_STR("\xef\xbb\xbf"), ""},
	    {CRM_STR("a\tb\n"), ""},
	    {CRM_STR("a\tb"), ""},
	    {CRM_STR("a\tb\n1\t2\n3\t4\n"), "1|2\n3|4\n"},
	    {CRM_STR("a\tb\n1\t2"), "1|2\n"},
	    {CRM_STR("\xef\xbb\xbf"
		     "a\n1\n"),
		"1\n"},
	    {CRM_STR("a\r\n1\r\n2\n"), "1\n2\n"},
	    {CRM_STR("a\n1\r\n"),
		"!stdin:2: the line ends in CR LF, the header in LF alone\n"},
	    {CRM_STR("a\n\n1\n"), "\n1\n"},
	    {CRM_STR("a\tb\tc\n\t\t\n"), "||\n"},
	    {CRM_STR("a\tb\n\\N\tx\\N\\\\N\n"),
		"!stdin:2: b: '\\N' is not an escape (known: \\t \\n \\r \\\\, "
		"and \\N alone for no value)\n"},
	    {CRM_STR("a\tb\n\\N\tx\n"), "|x\n"},
	    {CRM_STR("a\tb\n\\t\\\\t\tit\\'s\n"), "\t\\t|it's\n"},
	    {CRM_STR("customer_id\tb\nC1\tx\ncustomer_id\tb\nC2\ty\n"),
		"C1|x\nC2|y\n"},
	    {CRM_STR("name\tb\nname\tb\n"), "name|b\n"},
	    {CRM_STR("a\tb\n\xc3\xa4\xf0\x9f\x98\x80 long enough\t\xe4\xb8"
		     "\xad\n"),
		"\xc3\xa4\xf0\x9f\x98\x80 long enough|\xe4\xb8\xad\n"},
	};

	(void)state;
	CHECK(rows, .name = NULL);
}

static void
bad_lines_are_named_and_passed(void **state)
{
	const struct row rows[] = {
	    {CRM_STR("a\tb\n1\t2\t3\n4\t5\n"),
		"!stdin:2: 3 fields, the header has 2\n4|5\n"},
	    {CRM_STR("a\tb\n1\n4\t5\n"),
		"!stdin:2: 1 field, the header has 2\n4|5\n"},
	    {CRM_STR("a\tb\n\n4\t5\n"),
		"!stdin:2: a blank line, the header has 2 fields\n4|5\n"},
	    {CRM_STR("a\tb\n1\t2\\q\n4\t5\n"),
		"!stdin:2: b: '\\q' is not an escape (known: \\t \\n \\r \\\\, "
		"and \\N alone for no value)\n4|5\n"},
	    {CRM_STR("a\tb\n1\t2\\\n4\t5\n"),
		"!stdin:2: b: '\\' is not an escape (known: \\t \\n \\r \\\\, "
		"and \\N alone for no value)\n4|5\n"},
	    {CRM_STR("a\tb\n1\t\xff\n4\t5\n"),
		"!stdin:2: b: byte 3 of the line is not UTF-8 (0xff)\n4|5\n"},
	    {CRM_STR("a\tb\n1\t2\0\n4\t5\n"),
		"!stdin:2: b: a NUL byte, byte 4 of the line\n4|5\n"},
	    {CRM_STR("a\tb\n\\:order\t1\n4\t5\n"),
		"!stdin:2: a: a section line of an archive, where one stream "
		"is wanted\n4|5\n"},
	};

	(void)state;
	CHECK(rows, .name = "-");
}

static void
a_last_line_without_end_is_refused_where_it_matters(void **state)
{
	const struct row rows[] = {
	    {CRM_STR("a\n1\n2"), "1\n!x.tsv:3: last line has no end: was the "
				 "producer killed?\n"},
	    {CRM_STR("a"),
		"!x.tsv:1: last line has no end: was the producer killed?\n"},
	    {CRM_STR("a\n1\n"), "1\n"},
	    {CRM_STR(""), ""},
	};

	(void)state;
	CHECK(rows, .name = "x.tsv", .whole_lines = true);
}

static void
headers_at_fault_say_what_is_wrong(void **state)
{
	const struct {
		struct crm_str in;
		const char *want, *hint;
	} rows[] = {
	    {CRM_STR("a\ta\n"),
		"!stdin:1: the header: column 'a' occurs twice (1 and 2)\n",
		""},
	    {CRM_STR("a\tFoo Bar\n"),
		"!stdin:1: the header: 'Foo Bar' is not a column name (wanted: "
		"small letters, digits and _, a letter first)\n",
		"--header a,b,c names the columns of a stream that has no "
		"header"},
	    {CRM_STR("#a\tb\n"),
		"!stdin:1: the header: '#a' is not a column name (wanted: "
		"small letters, digits and _, a letter first)\n",
		"--header a,b,c names the columns of a stream that has no "
		"header"},
	    {CRM_STR("C0000000042\tAnn\n"),
		"!stdin:1: the header: 'C0000000042' is not a column name "
		"(wanted: small letters, digits and _, a letter first)\n",
		"did sort move the header? use: crm-body sort ..."},
	    {CRM_STR("ann\t\t19.90\n"),
		"!stdin:1: the header: '' is not a column name (wanted: small "
		"letters, digits and _, a letter first)\n",
		"did sort move the header? use: crm-body sort ..."},
	    {CRM_STR("Name,City\n"),
		"!stdin:1: the header: 'Name,City' is not a column name "
		"(wanted: small letters, digits and _, a letter first)\n",
		"fields are separated by TABs; crm-import reads CSV, and "
		"mlr --icsv --otsv makes TSV of it"},
	    {CRM_STR("a\t\xff\n"),
		"!stdin:1: byte 3 of the line is not UTF-8 (0xff)\n", ""},
	};
	struct crm_buf out = {0};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *got = read_all(
		    rows[i].in, 0, (struct crm_stream_options){0}, &out);

		if (strcmp(got, rows[i].want) != 0 ||
		    strcmp(hint, rows[i].hint) != 0)
			fail_msg("row %zu: %s%s", i, got, hint);
	}
	crm_buf_release(&out);
}

static void
columns_can_be_named_by_an_option(void **state)
{
	const struct row given[] = {
	    {CRM_STR("C1\tx\n"), "C1|x\n"},
	    {CRM_STR("C1\tx\r\nC2\ty\r\n"), "C1|x\nC2|y\n"},
	    {CRM_STR("customer_id\tb\nC1\tx\n"), "C1|x\n"},
	    {CRM_STR(""), ""},
	};
	const struct row bare[] = {
	    {CRM_STR("C1\nC2\n"), "C1\nC2\n"},
	    {CRM_STR("C1\tx\n"), "!stdin:1: 2 fields, the header has 1\n"},
	};
	const struct row twice[] = {
	    {CRM_STR(""), "!column 'a' occurs twice (1 and 3)\n"}};
	const struct row bad[] = {
	    {CRM_STR(""), "!'' is not a column name (wanted: small letters, "
			  "digits and _, a letter first)\n"}};

	(void)state;
	CHECK(given, .header = CRM_STR("customer_id,b"));
	CHECK(bare, .bare = "customer_id");
	CHECK(twice, .header = CRM_STR("a,b,a"));
	CHECK(bad, .header = CRM_STR("a,,b"));
}

static char *
filled(size_t n, char c)
{
	char *p = malloc(n + 1);

	assert_non_null(p);
	memset(p, c, n);
	p[n] = '\0';
	return p;
}

static void
long_fields_and_lines_are_refused_and_passed(void **state)
{
	static const struct {
		size_t n;
		const char *want; /* NULL: read as it is */
	} rows[] = {
	    {CRM_FIELD_MAX, NULL},
	    {CRM_FIELD_MAX + 1,
		"!stdin:2: a: 1048577 bytes, a field has at most 1048576\nx\n"},
	    {CRM_LINE_MAX,
		"!stdin:2: a: 8388608 bytes, a field has at most 1048576\nx\n"},
	    {CRM_LINE_MAX + 1, "!stdin:2: line longer than 8 MiB\nx\n"},
	    {CRM_LINE_MAX * 3, "!stdin:2: line longer than 8 MiB\nx\n"},
	};
	struct crm_buf out = {0}, in = {0};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *p = filled(rows[i].n, 'y');
		const char *got;

		crm_buf_clear(&in);
		crm_buf_puts(&in, "a\n");
		crm_buf_puts(&in, p);
		crm_buf_puts(&in, "\nx\n");
		got = read_all(crm_buf_str(&in), 65536,
		    (struct crm_stream_options){0}, &out);
		if (rows[i].want ? strcmp(got, rows[i].want) != 0
				 : strlen(got) != rows[i].n + 3)
			fail_msg("row %zu: %.80s", i, got);
		free(p);
	}
	crm_buf_release(&in);
	crm_buf_release(&out);
}

static void
a_stream_knows_its_columns_lines_and_bytes(void **state)
{
	struct feed f = {CRM_STR("a_id\tb\n1\tx\\ty\n"), 0};
	struct crm_stream *s;
	struct crm_err err;

	(void)state;
	assert_int_equal(
	    crm_stream_open(&s, -1,
		&(struct crm_stream_options){.read = feed_read, .read_ctx = &f},
		&err),
	    CRM_OK);
	assert_int_equal(crm_stream_columns(s), 2);
	assert_true(crm_str_is(crm_stream_name(s, 1), "b"));
	assert_int_equal(crm_stream_find(s, CRM_STR("b")), 1);
	assert_int_equal(crm_stream_find(s, CRM_STR("c")), -1);
	assert_int_equal(crm_stream_bytes(s), 7);
	assert_int_equal(crm_stream_next(s, &err), CRM_OK);
	assert_true(crm_str_is(crm_stream_raw(s), "1\tx\\ty"));
	assert_int_equal(crm_stream_line(s), 2);
	assert_int_equal(crm_stream_bytes(s), 14);
	assert_string_equal(crm_stream_file(s), "stdin");
	assert_int_equal(crm_stream_next(s, &err), CRM_NOTFOUND);
	assert_int_equal(crm_stream_next(s, NULL), CRM_NOTFOUND);
	crm_stream_close(s);
}

static void
a_plain_record_is_one_a_writer_would_write_so(void **state)
{
	struct feed f = {CRM_STR("a_id\tb\n1\tx\\ty\n1\tx y\n\t\n1\tx\ry\n"
				 "1\t\xc3\xa9\n1\tx\x7fy\n"
				 "1\tlast, and with room behind it"),
	    0};
	/* plain is known to be printable ASCII */
	const bool want[] = {false, true, true, false, false, false, false};
	struct crm_stream *s;
	struct crm_err err;

	(void)state;
	assert_int_equal(
	    crm_stream_open(&s, -1,
		&(struct crm_stream_options){.read = feed_read, .read_ctx = &f},
		&err),
	    CRM_OK);
	for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
		assert_int_equal(crm_stream_next(s, &err), CRM_OK);
		/* the last bytes of what was read are not looked at so fast */
		if (crm_stream_plain(s) && !want[i])
			fail_msg("record %zu is not plain", i + 1);
		if (i == 1)
			assert_true(crm_stream_plain(s));
	}
	crm_stream_close(s);
}

/* A line of two fields in which now and then something is odd. */
static void
put_line(struct crm_rand *r, struct crm_buf *b)
{
	static const char *const odd[] = {"\xc3\xa9", "\xe4\xb8\xad", "\x7f",
	    "\\t", "\\x", "\xff", "\xc3", "\r", "\x01", "\t", "\n",
	    "a_id\tb\n"};
	size_t n = (size_t)crm_rand_below(r, 30);

	for (size_t i = 0; i < n; i++) {
		if (i == n / 2)
			crm_buf_putc(b, '\t');
		if (crm_rand_below(r, 60) == 0)
			crm_buf_puts(b, odd[crm_rand_below(r, 12)]);
		else
			crm_buf_putc(b, (char)(' ' + crm_rand_below(r, 60)));
	}
	crm_buf_putc(b, '\n');
}

/* What comes in whole is split in one pass, what comes byte by byte is not. */
static void
lines_are_the_same_however_they_come(void **state)
{
	struct crm_buf in = {0}, whole = {0}, bytes = {0};
	struct crm_rand r;

	(void)state;
	crm_rand_seed(&r, 1);
	for (int round = 0; round < 400; round++) {
		struct crm_stream_options opt = {.any_bytes = round % 4 == 0};

		crm_buf_clear(&in);
		crm_buf_puts(&in, "a_id\tb\n");
		for (int i = 0; i < 50; i++)
			put_line(&r, &in);
		read_all(crm_buf_str(&in), 0, opt, &whole);
		read_all(crm_buf_str(&in), 1, opt, &bytes);
		if (!crm_str_eq(crm_buf_str(&whole), crm_buf_str(&bytes)))
			fail_msg("round %d:\n%s\nbyte by byte:\n%s", round,
			    crm_buf_cstr(&whole), crm_buf_cstr(&bytes));
	}
	crm_buf_release(&in);
	crm_buf_release(&whole);
	crm_buf_release(&bytes);
}

static long
failing_read(void *ctx, void *p, size_t n, struct crm_err *err)
{
	int *calls = ctx;

	(void)n;
	if (++*calls > 1)
		return crm_err_set(err, CRM_EIO, "read: it broke");
	memcpy(p, "a\n1\n2", 5);
	return 5;
}

static void
a_read_that_fails_ends_the_stream(void **state)
{
	struct crm_stream *s;
	struct crm_err err;
	int calls = 0;

	(void)state;
	assert_int_equal(
	    crm_stream_open(&s, -1,
		&(struct crm_stream_options){
		    .name = "x", .read = failing_read, .read_ctx = &calls},
		&err),
	    CRM_OK);
	assert_int_equal(crm_stream_next(s, &err), CRM_OK);
	assert_int_equal(crm_stream_next(s, &err), CRM_EIO);
	assert_string_equal(err.place, "x");
	assert_int_equal(crm_stream_next(s, &err), CRM_NOTFOUND);
	crm_stream_close(s);
}

static void
a_descriptor_is_read_through(void **state)
{
	struct crm_stream *s;
	struct crm_err err;
	int fd[2];

	(void)state;
	assert_int_equal(pipe(fd), 0);
	assert_int_equal(write(fd[1], "a\nx\n", 4), 4);
	close(fd[1]);
	assert_int_equal(crm_stream_open(&s, fd[0],
			     &(struct crm_stream_options){.name = "-"}, &err),
	    CRM_OK);
	assert_int_equal(crm_stream_next(s, &err), CRM_OK);
	assert_int_equal(crm_stream_next(s, &err), CRM_NOTFOUND);
	crm_stream_close(s);
	close(fd[0]);
	assert_int_equal(crm_stream_open(&s, fd[0],
			     &(struct crm_stream_options){.name = "-"}, &err),
	    CRM_EIO);
}

/* ---- archives ---- */

static const char *
read_archive(struct crm_str in, size_t step, struct crm_buf *out)
{
	struct feed f = {in, step};
	struct crm_stream *s;
	struct crm_err err = {0};
	struct crm_str kind;
	unsigned version;
	int code;

	crm_buf_clear(out);
	assert_int_equal(crm_archive_open(&s, -1,
			     &(struct crm_stream_options){.name = "a",
				 .whole_lines = true,
				 .read = feed_read,
				 .read_ctx = &f},
			     &err),
	    CRM_OK);
	while (
	    (code = crm_archive_section(s, &kind, &version, &err)) == CRM_OK) {
		crm_buf_putf(out, "<%.*s %u>\n", (int)kind.n, kind.p, version);
		if (!crm_str_is(kind, "skip"))
			put_records(s, out);
	}
	if (code != CRM_NOTFOUND)
		feed_put_error(out, &err);
	crm_stream_close(s);
	return crm_buf_cstr(out);
}

static void
archives_are_read_section_by_section(void **state)
{
	const struct row rows[] = {
	    {CRM_STR(""), ""},
	    {CRM_STR("\\:one\t1\na\n1\n\\:two\t20\nb\tc\n2\t3\n"),
		"<one 1>\n1\n<two 20>\n2|3\n"},
	    {CRM_STR("\\:skip\t1\na\n1\n2\n\\:two\t2\nb\n2\n"),
		"<skip 1>\n<two 2>\n2\n"},
	    {CRM_STR("\\:one\t1\n\\:two\t2\nb\n"), "<one 1>\n<two 2>\n"},
	    {CRM_STR("\\:one\t1\na\n1\t2\n3\n"),
		"<one 1>\n!a:3: 2 fields, the header has 1\n3\n"},
	    {CRM_STR("a\n1\n"),
		"!a:1: 'a' is not a section line (wanted: '\\:', a kind, TAB "
		"and a version)\n"},
	    {CRM_STR("\\:one\n"),
		"!a:1: '\\:one' is not a section line (wanted: '\\:', a kind, "
		"TAB and a version)\n"},
	    {CRM_STR("\\:one\t01\n"),
		"!a:1: '\\:one?01' is not a section line (wanted: '\\:', a "
		"kind, TAB and a version)\n"},
	    {CRM_STR("\\:one\t1"),
		"!a:1: last line has no end: was the producer killed?\n"},
	    {CRM_STR("\\:one\t1\nA\n"),
		"!a:2: the header: 'A' is not a column name (wanted: small "
		"letters, digits and _, a letter first)\n"},
	};
	static const size_t steps[] = {0, 1, 5};
	struct crm_buf out = {0};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (size_t j = 0; j < 3; j++) {
			const char *got =
			    read_archive(rows[i].in, steps[j], &out);

			if (strcmp(got, rows[i].want) != 0)
				fail_msg(
				    "row %zu by %zu: %s", i, steps[j], got);
		}
	crm_buf_release(&out);
}

/* ---- escapes and names ---- */

static void
a_stream_says_whether_it_would_wait(void **state)
{
	struct crm_stream_options opt = {.name = "-"};
	struct crm_stream *s = NULL;
	struct crm_err err = {0};
	const char *text = "customer_id\nC1\nC2\ncustomer_id\nC3\nC";
	int p[2];

	(void)state;
	assert_int_equal(pipe(p), 0);
	assert_int_equal(write(p[1], text, strlen(text)), strlen(text));
	assert_int_equal(crm_stream_open(&s, p[0], &opt, &err), CRM_OK);
	assert_true(crm_stream_ready(s));
	assert_int_equal(crm_stream_next(s, &err), CRM_OK);
	assert_true(crm_stream_ready(s));
	assert_int_equal(crm_stream_next(s, &err), CRM_OK);
	assert_false(crm_stream_ready(s)); /* the header again */
	assert_int_equal(crm_stream_next(s, &err), CRM_OK);
	assert_true(crm_str_is(crm_stream_field(s, 0), "C3"));
	assert_false(crm_stream_ready(s)); /* half a line */
	assert_int_equal(close(p[1]), 0);
	assert_int_equal(crm_stream_next(s, &err), CRM_OK);
	assert_false(crm_stream_ready(s));
	assert_int_equal(crm_stream_next(s, &err), CRM_NOTFOUND);
	crm_stream_close(s);
	close(p[0]);
}

static void
escaping_and_back_changes_nothing(void **state)
{
	const struct {
		struct crm_str in;
		const char *want;
	} rows[] = {
	    {CRM_STR(""), ""},
	    {CRM_STR("plain and longer than eight"),
		"plain and longer than eight"},
	    {CRM_STR("a\tb\nc\rd\\e"), "a\\tb\\nc\\rd\\\\e"},
	    {CRM_STR("\\N"), "\\\\N"},
	    {CRM_STR("eight..\tmore after it"), "eight..\\tmore after it"},
	    {CRM_STR("\t\t"), "\\t\\t"},
	    {CRM_STR("\x01\x0b \xc3\xa4\xe2\x82\xac\x7f....."),
		"\x01\x0b \xc3\xa4\xe2\x82\xac\x7f....."},
	};
	struct crm_buf out = {0}, back = {0};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		size_t bad = 0;

		crm_buf_clear(&out);
		crm_buf_clear(&back);
		crm_escape_put(&out, rows[i].in);
		if (!crm_str_is(crm_buf_str(&out), rows[i].want))
			fail_msg("row %zu: %s", i, crm_buf_cstr(&out));
		assert_int_equal(
		    crm_unescape(crm_buf_str(&out), &back, &bad), CRM_OK);
		assert_true(crm_str_eq(crm_buf_str(&back), rows[i].in));
	}
	crm_buf_release(&out);
	crm_buf_release(&back);
}

static void
column_names_are_checked(void **state)
{
	static const struct {
		const char *name;
		bool ok;
	} rows[] = {
	    {"a", true},
	    {"customer_id", true},
	    {"a1_", true},
	    {"", false},
	    {"_a", false},
	    {"1a", false},
	    {"A", false},
	    {"a b", false},
	    {"a#", false},
	    {"\xc3\xa4", false},
	    {"a23456789012345678901234567890123456789012345678901234567890123",
		true},
	    {"a234567890123456789012345678901234567890123456789012345678901234",
		false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (crm_column_valid(crm_str(rows[i].name)) != rows[i].ok)
			fail_msg("row %zu: '%s'", i, rows[i].name);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(records_are_read_by_their_header),
	    cmocka_unit_test(bad_lines_are_named_and_passed),
	    cmocka_unit_test(
		a_last_line_without_end_is_refused_where_it_matters),
	    cmocka_unit_test(headers_at_fault_say_what_is_wrong),
	    cmocka_unit_test(columns_can_be_named_by_an_option),
	    cmocka_unit_test(long_fields_and_lines_are_refused_and_passed),
	    cmocka_unit_test(a_stream_knows_its_columns_lines_and_bytes),
	    cmocka_unit_test(a_plain_record_is_one_a_writer_would_write_so),
	    cmocka_unit_test(lines_are_the_same_however_they_come),
	    cmocka_unit_test(a_read_that_fails_ends_the_stream),
	    cmocka_unit_test(a_descriptor_is_read_through),
	    cmocka_unit_test(archives_are_read_section_by_section),
	    cmocka_unit_test(a_stream_says_whether_it_would_wait),
	    cmocka_unit_test(escaping_and_back_changes_nothing),
	    cmocka_unit_test(column_names_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
