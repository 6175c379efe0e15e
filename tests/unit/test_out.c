/*
 * test_out.c - the formats of records, and outputs that block, fill or break.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#include <crm/out.h>

static struct crm_schema schema;

static int
new_file(void)
{
	int fd = memfd_create("out", MFD_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static const char *
content(int fd, struct crm_buf *b)
{
	char part[4096];
	ssize_t n;

	crm_buf_clear(b);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	while ((n = read(fd, part, sizeof part)) > 0)
		crm_buf_put(b, part, (size_t)n);
	close(fd);
	return crm_buf_cstr(b);
}

/* One row of each type, one of no values, one of text that is hard. */
static const struct crm_column columns[] = {
    {{"customer_id", 11}, CRM_T_ID},
    {{"name", 4}, CRM_T_TEXT},
    {{"items", 5}, CRM_T_INT},
    {{"size", 4}, CRM_T_DECIMAL},
    {{"total", 5}, CRM_T_MONEY},
    {{"placed", 6}, CRM_T_TIME},
    {{"since", 5}, CRM_T_DATE},
    {{"vip", 3}, CRM_T_BOOL},
    {{"tags", 4}, CRM_T_LIST},
};
enum { NCOL = sizeof columns / sizeof *columns };

static void
put_rows(struct crm_out *o)
{
	const struct crm_value rows[3][NCOL] = {
	    {crm_value_id(CRM_K_CUSTOMER, 42), crm_value_text(CRM_STR("Ann")),
		crm_value_num(CRM_T_INT, -7, 0),
		crm_value_num(CRM_T_DECIMAL, 255, 1),
		crm_value_num(CRM_T_MONEY, -1990, 2),
		crm_value_num(CRM_T_TIME, 0, 0),
		crm_value_num(CRM_T_DATE, 1, 0),
		crm_value_num(CRM_T_BOOL, 1, 0),
		{.type = CRM_T_LIST, .s = CRM_STR("a,b")}},
	    {{.type = CRM_T_NONE}},
	    {crm_value_id(CRM_K_CUSTOMER, 7),
		crm_value_text(CRM_STR("=\"x\ty\n\\z")), {.type = CRM_T_NONE},
		{.type = CRM_T_NONE}, {.type = CRM_T_NONE},
		{.type = CRM_T_NONE}, {.type = CRM_T_NONE},
		crm_value_num(CRM_T_BOOL, 0, 0), {.type = CRM_T_NONE}},
	};
	struct crm_err err;

	for (size_t i = 0; i < 3; i++)
		assert_int_equal(crm_out_row(o, rows[i], &err), CRM_OK);
}

struct row {
	struct crm_out_options opt;
	const char *want;
};

#define LINES                                                                  \
	"C0000000042\tAnn\t-7\t25.5\t-19.90\t1970-01-01T00:00:00Z\t1970-01-02" \
	"\tyes\ta,b\n\t\t\t\t\t\t\t\t\n"                                       \
	"C0000000007\t=\"x\\ty\\n\\\\z\t\t\t\t\t\tno\t\n"

static const struct row formats[] = {
    {{.format = CRM_FMT_TSV},
	"customer_"
	"id\tname\titems\tsize\ttotal\tplaced\tsince\tvip\ttags\n" LINES},
    {{.format = CRM_FMT_AUTO, .no_header = true}, LINES},
    {{.format = CRM_FMT_VALUE}, LINES},
    {{.format = CRM_FMT_JSONL},
	"{\"customer_id\":\"C0000000042\",\"name\":\"Ann\",\"items\":-7,"
	"\"size\":25.5,\"total\":\"-19.90\",\"placed\":\"1970-01-01T00:00:00Z"
	"\",\"since\":\"1970-01-02\",\"vip\":true,\"tags\":[\"a\",\"b\"]}\n"
	"{\"customer_id\":null,\"name\":null,\"items\":null,\"size\":null,"
	"\"total\":null,\"placed\":null,\"since\":null,\"vip\":null,"
	"\"tags\":null}\n"
	"{\"customer_id\":\"C0000000007\",\"name\":\"=\\\"x\\ty\\n\\\\z\","
	"\"items\":null,\"size\":null,\"total\":null,\"placed\":null,"
	"\"since\":null,\"vip\":false,\"tags\":null}\n"},
    {{.format = CRM_FMT_CSV},
	"customer_id,name,items,size,total,placed,since,vip,tags\n"
	"C0000000042,Ann,-7,25.5,-19.90,1970-01-01T00:00:00Z,1970-01-02,yes,"
	"\"a,b\"\n,,,,,,,,\nC0000000007,\"=\"\"x\ty\n\\z\",,,,,,no,\n"},
    {{.format = CRM_FMT_CSV, .excel = true, .brief = true},
	"\xef\xbb\xbf"
	"customer_id,name,items,size,total,placed,since,vip,tags\r\n"
	"C42,Ann,-7,25.5,-19.90,1970-01-01T00:00:00Z,1970-01-02,yes,"
	"\"a,b\"\r\n,,,,,,,,\r\nC7,\"'=\"\"x\ty\n\\z\",,,,,,no,\r\n"},
    {{.format = CRM_FMT_TABLE},
	"customer_id  name        items  size   total  placed              "
	"  since       vip  tags\n"
	"C0000000042  Ann            -7  25.5  -19.90  1970-01-01T00:00:00Z"
	"  1970-01-02  yes  a,b\n"
	"\n"
	"C0000000007  =\"x\\ty\\n\\z                                    "
	"                     no\n"},
    {{.format = CRM_FMT_VERTICAL},
	"customer_id: C0000000042\nname:        Ann\nitems:       -7\n"
	"size:        25.5\ntotal:       -19.90\n"
	"placed:      1970-01-01T00:00:00Z\nsince:       1970-01-02\n"
	"vip:         yes\ntags:        a,b\n\n"
	"customer_id:\nname:\nitems:\nsize:\ntotal:\nplaced:\nsince:\nvip:\n"
	"tags:\n\n"
	"customer_id: C0000000007\nname:        =\"x\ty\n             \\z\n"
	"items:\nsize:\ntotal:\nplaced:\nsince:\nvip:         no\ntags:\n"},
};

static const char *
run(struct crm_out_options opt, const struct crm_column *col, size_t n,
    void (*put)(struct crm_out *o), struct crm_buf *b)
{
	struct crm_out *o;
	struct crm_err err;

	opt.fd = new_file();
	opt.schema = &schema;
	assert_int_equal(crm_out_open(&o, &opt, col, n, &err), CRM_OK);
	if (put)
		put(o);
	assert_int_equal(crm_out_close(o, &err), CRM_OK);
	return content(opt.fd, b);
}

static void
each_format_renders_the_same_values(void **state)
{
	struct crm_buf b = {0};

	(void)state;
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
		const char *got =
		    run(formats[i].opt, columns, NCOL, put_rows, &b);

		if (strcmp(got, formats[i].want) != 0)
			fail_msg("row %zu:\n%s", i, got);
	}
	crm_buf_release(&b);
}

static void
put_two(struct crm_out *o)
{
	const struct crm_str a[] = {
	    CRM_STR("007"), CRM_STR("-1.5"), CRM_STR("yes"), CRM_STR("x")};
	const struct crm_str b[] = {CRM_STR("12"), CRM_STR("-+"),
	    CRM_STR("maybe"), CRM_STR("\x01\xe2\x80\xae\xff")};
	struct crm_err err;

	assert_int_equal(crm_out_texts(o, a, &err), CRM_OK);
	assert_int_equal(crm_out_texts(o, b, &err), CRM_OK);
}

static const struct crm_column mixed[] = {
    {{"i", 1}, CRM_T_INT},
    {{"d", 1}, CRM_T_DECIMAL},
    {{"b", 1}, CRM_T_BOOL},
    {{"t", 1}, CRM_T_TEXT},
};

static void
texts_are_rendered_by_their_columns_type(void **state)
{
	static const struct row rows[] = {
	    {{.format = CRM_FMT_JSON},
		"[\n{\"i\":\"007\",\"d\":-1.5,\"b\":true,\"t\":\"x\"},\n"
		"{\"i\":12,\"d\":\"-+\",\"b\":\"maybe\",\"t\":\"\\u0001"
		"\xe2\x80\xae\\ufffd\"}\n]\n"},
	    {{.format = CRM_FMT_JSON, .tty = true},
		"[\n{\"i\":\"007\",\"d\":-1.5,\"b\":true,\"t\":\"x\"},\n"
		"{\"i\":12,\"d\":\"-+\",\"b\":\"maybe\",\"t\":\"\\u0001"
		"\\u202e\\ufffd\"}\n]\n"},
	    {{.format = CRM_FMT_CSV, .excel = true, .no_header = true},
		"\xef\xbb\xbf"
		"007,-1.5,yes,x\r\n12,'-+,maybe,\x01\xe2\x80\xae\xff\r\n"},
	    {{.format = CRM_FMT_TSV, .tty = true, .no_header = true},
		"007\t-1.5\tyes\tx\n12\t-+\tmaybe\t<U+0001><U+202E><FF>\n"},
	};
	struct crm_buf b = {0};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *got = run(rows[i].opt, mixed, 4, put_two, &b);

		if (strcmp(got, rows[i].want) != 0)
			fail_msg("row %zu:\n%s", i, got);
	}
	crm_buf_release(&b);
}

static void
no_records_leave_a_header_or_an_empty_array(void **state)
{
	static const struct row rows[] = {
	    {{.format = CRM_FMT_TSV}, "i\td\tb\tt\n"},
	    {{.format = CRM_FMT_TSV, .no_header = true}, ""},
	    {{.format = CRM_FMT_TABLE}, "i  d  b  t\n"},
	    {{.format = CRM_FMT_JSON}, "[]\n"},
	    {{.format = CRM_FMT_JSONL}, ""},
	    {{.format = CRM_FMT_CSV}, "i,d,b,t\n"},
	    {{.format = CRM_FMT_VERTICAL}, ""},
	    {{.format = CRM_FMT_VALUE}, ""},
	};
	struct crm_buf b = {0};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *got = run(rows[i].opt, mixed, 4, NULL, &b);

		if (strcmp(got, rows[i].want) != 0)
			fail_msg("row %zu:\n%s", i, got);
	}
	crm_buf_release(&b);
}

static void
put_in_parts(struct crm_out *o)
{
	const struct crm_value hard = crm_value_text(CRM_STR("b\tc\\"));
	struct crm_str part[2] = {CRM_STR("C0000000042\t"), {0}};
	struct crm_buf b = {0};
	struct crm_err err;

	assert_true(crm_out_plain(o));
	assert_int_equal(
	    crm_out_row(o,
		(struct crm_value[]){crm_value_text(CRM_STR("x")), hard}, &err),
	    CRM_OK);
	crm_out_cell(o, &b, &hard);
	part[1] = crm_buf_str(&b);
	assert_int_equal(crm_out_line(o, part, 2, &err), CRM_OK);
	assert_int_equal(crm_out_line(o, &CRM_STR("\t"), 1, &err), CRM_OK);
	crm_buf_release(&b);
}

static void
lines_of_ready_parts_stand_among_rows(void **state)
{
	static const struct crm_column two[] = {
	    {{"a", 1}, CRM_T_TEXT}, {{"b", 1}, CRM_T_TEXT}};
	struct crm_buf b = {0};
	struct crm_out *o;
	struct crm_err err;

	(void)state;
	assert_string_equal(run((struct crm_out_options){.format = CRM_FMT_TSV},
				two, 2, put_in_parts, &b),
	    "a\tb\nx\tb\\tc\\\\\nC0000000042\tb\\tc\\\\\n\t\n");
	crm_buf_release(&b);
	for (int f = CRM_FMT_TABLE; f < CRM_FMTS; f++) {
		struct crm_out_options opt = {
		    .fd = -1, .format = (enum crm_format)f};

		assert_int_equal(crm_out_open(&o, &opt, two, 2, &err), CRM_OK);
		assert_false(crm_out_plain(o));
		crm_out_abort(o);
	}
}

static void
put_one_empty(struct crm_out *o)
{
	struct crm_err err;

	assert_int_equal(
	    crm_out_texts(o, &(struct crm_str){"", 0}, &err), CRM_OK);
}

static void
a_row_of_one_empty_field_is_a_row(void **state)
{
	static const struct crm_column one[] = {{{"a", 1}, CRM_T_TEXT}};
	struct crm_buf b = {0};

	(void)state;
	assert_string_equal(run((struct crm_out_options){.format = CRM_FMT_CSV},
				one, 1, put_one_empty, &b),
	    "a\n\"\"\n");
	assert_string_equal(run((struct crm_out_options){.format = CRM_FMT_TSV},
				one, 1, put_one_empty, &b),
	    "a\n\n");
	crm_buf_release(&b);
}

static void
put_wide(struct crm_out *o)
{
	const struct crm_str a[] = {CRM_STR("123456789012"), CRM_STR("2"),
	    CRM_STR("yes"),
	    CRM_STR("a long text that does not fit the terminal at all")};
	const struct crm_str wide[] = {CRM_STR("1"), CRM_STR("2"),
	    CRM_STR("no"), CRM_STR("\xe4\xb8\xad\xe6\x96\x87")};
	struct crm_err err;

	assert_int_equal(crm_out_texts(o, a, &err), CRM_OK);
	assert_int_equal(crm_out_texts(o, wide, &err), CRM_OK);
}

static void
a_table_is_cut_to_the_terminal(void **state)
{
	struct crm_buf b = {0};

	(void)state;
	assert_string_equal(run((struct crm_out_options){.format = CRM_FMT_AUTO,
				    .tty = true,
				    .width = 40},
				mixed, 4, put_wide, &b),
	    "           i  d  b    t\n"
	    "123456789012  2  yes  a long text that \xe2\x80\xa6\n"
	    "           1  2  no   \xe4\xb8\xad\xe6\x96\x87\n");
	crm_buf_clear(&b);
	assert_string_equal(run((struct crm_out_options){.format = CRM_FMT_AUTO,
				    .tty = true,
				    .width = 19},
				mixed, 4, put_wide, &b),
	    "           i  d  \xe2\x80\xa6\n"
	    "123456789012  2  \xe2\x80\xa6\n"
	    "           1  2  \xe2\x80\xa6\n");
	crm_buf_release(&b);
}

/* A thumb with a tone of skin is 2 columns, or 4. */
static void
put_thumbs(struct crm_out *o)
{
	struct crm_str a[] = {
	    CRM_STR("\xf0\x9f\x91\x8d\xf0\x9f\x8f\xbd"), CRM_STR("b")};
	struct crm_str c[] = {CRM_STR("\xe4\xb8\xad"), CRM_STR("b")};
	struct crm_err err;

	assert_int_equal(crm_out_texts(o, a, &err), CRM_OK);
	assert_int_equal(crm_out_texts(o, c, &err), CRM_OK);
}

static void
behind_text_of_doubtful_width_a_column_has_a_number(void **state)
{
	const struct crm_column two[] = {
	    {CRM_STR("t"), CRM_T_TEXT}, {CRM_STR("u"), CRM_T_TEXT}};
	struct crm_buf b = {0};

	(void)state;
	assert_string_equal(run((struct crm_out_options){.format = CRM_FMT_AUTO,
				    .tty = true,
				    .width = 40},
				two, 2, put_thumbs, &b),
	    "t   u\n"
	    "\xf0\x9f\x91\x8d\xf0\x9f\x8f\xbd  \033[5Gb\n"
	    "\xe4\xb8\xad  b\n");
	crm_buf_clear(&b);
	assert_string_equal(
	    run((struct crm_out_options){.format = CRM_FMT_TABLE}, two, 2,
		put_thumbs, &b),
	    "t   u\n"
	    "\xf0\x9f\x91\x8d\xf0\x9f\x8f\xbd  b\n"
	    "\xe4\xb8\xad  b\n");
	crm_buf_release(&b);
}

static void
put_many(struct crm_out *o)
{
	struct crm_err err;

	for (int i = 0; i < 1500; i++) {
		struct crm_str row[] = {CRM_STR("1"), CRM_STR("2"),
		    CRM_STR("no"), CRM_STR("short")};

		if (i == 1200)
			row[1] = CRM_STR("12345");
		assert_int_equal(crm_out_texts(o, row, &err), CRM_OK);
	}
}

static void
a_long_table_streams_with_the_widths_of_its_beginning(void **state)
{
	struct crm_buf b = {0};
	const char *got;
	size_t lines = 0;

	(void)state;
	got = run((struct crm_out_options){.format = CRM_FMT_TABLE}, mixed, 4,
	    put_many, &b);
	for (const char *p = got; *p; p++)
		lines += *p == '\n';
	assert_int_equal(lines, 1501);
	assert_non_null(strstr(got, "\n1  2  no  short\n1  12345  no  short"));
	crm_buf_release(&b);
}

static void
put_archive(struct crm_out *o)
{
	static const struct crm_column a[] = {{{"a", 1}, CRM_T_TEXT}};
	const struct crm_str x = CRM_STR("x");
	struct crm_err err;

	assert_int_equal(
	    crm_out_bytes(o, CRM_STR("\\:one\t1\n"), &err), CRM_OK);
	assert_int_equal(crm_out_section(o, a, 1, &err), CRM_OK);
	assert_int_equal(crm_out_texts(o, &x, &err), CRM_OK);
	assert_int_equal(
	    crm_out_bytes(o, CRM_STR("\\:two\t1\n"), &err), CRM_OK);
	assert_int_equal(crm_out_section(o, mixed, 4, &err), CRM_OK);
	assert_int_equal(
	    crm_out_bytes(o, CRM_STR("\\:three\t1\n"), &err), CRM_OK);
	assert_int_equal(crm_out_section(o, a, 1, &err), CRM_OK);
}

static void
sections_follow_each_other_even_without_records(void **state)
{
	struct crm_buf b = {0};

	(void)state;
	assert_string_equal(run((struct crm_out_options){.format = CRM_FMT_TSV},
				NULL, 0, put_archive, &b),
	    "\\:one\t1\na\nx\n\\:two\t1\ni\td\tb\tt\n\\:three\t1\na\n");
	crm_buf_release(&b);
}

static void
formats_are_known_by_name(void **state)
{
	enum crm_format f;
	struct crm_err err;

	(void)state;
	assert_int_equal(crm_format_parse(CRM_STR("jsonl"), &f, &err), CRM_OK);
	assert_int_equal(f, CRM_FMT_JSONL);
	assert_int_equal(
	    crm_format_parse(CRM_STR("xml"), &f, &err), CRM_EUSAGE);
	assert_string_equal(err.text,
	    "'xml' is not a format (known: tsv, table, json, jsonl, csv, "
	    "vertical, value)");
}

/* ---- outputs that block, fill or break ---- */

enum { ROWS = 40000 };

static void
put_number(struct crm_out *o, int from, int to)
{
	struct crm_err err = {0};

	for (int i = from; i < to; i++) {
		char text[64];
		struct crm_str s = {text, 0};

		s.n = (size_t)snprintf(
		    text, sizeof text, "%d some text of a row", i);
		if (crm_out_texts(o, &s, &err) < 0)
			fail_msg("row %d: %s", i, err.text);
	}
}

struct reader {
	int fd;
	struct crm_buf got;
};

static void *
read_slowly(void *arg)
{
	struct reader *r = arg;
	char part[1000];
	ssize_t n;

	while ((n = read(r->fd, part, sizeof part)) > 0)
		crm_buf_put(&r->got, part, (size_t)n);
	return NULL;
}

static void
check_numbers(struct crm_str got)
{
	struct crm_str line;
	char want[64];

	assert_true(crm_str_split(&got, '\n', &line));
	assert_true(crm_str_is(line, "a"));
	for (int i = 0; i < ROWS; i++) {
		snprintf(want, sizeof want, "%d some text of a row", i);
		assert_true(crm_str_split(&got, '\n', &line));
		if (!crm_str_is(line, want))
			fail_msg("row %d: %.*s", i, (int)line.n, line.p);
	}
	assert_int_equal(got.n, 0);
}

/* Nobody reads before the rows are written: the writer must not wait. */
static void
hold_and_drain(int out, int in)
{
	static const struct crm_column a[] = {{{"a", 1}, CRM_T_TEXT}};
	struct crm_out_options opt = {
	    .fd = out, .format = CRM_FMT_TSV, .spill_dir = "/tmp"};
	struct reader r = {.fd = in};
	struct crm_out *o;
	struct crm_err err;
	pthread_t thread;

	assert_int_equal(crm_out_open(&o, &opt, a, 1, &err), CRM_OK);
	assert_int_equal(crm_out_hold(o, &err), CRM_OK);
	put_number(o, 0, ROWS - 10);
	assert_int_equal(pthread_create(&thread, NULL, read_slowly, &r), 0);
	assert_int_equal(crm_out_drain(o, &err), CRM_OK);
	put_number(o, ROWS - 10, ROWS);
	assert_int_equal(crm_out_close(o, &err), CRM_OK);
	close(out);
	pthread_join(thread, NULL);
	close(in);
	check_numbers(crm_buf_str(&r.got));
	crm_buf_release(&r.got);
}

static void
a_held_pipe_that_is_full_does_not_block(void **state)
{
	int fd[2];

	(void)state;
	assert_int_equal(pipe(fd), 0);
	hold_and_drain(fd[1], fd[0]);
}

static void
a_held_socket_that_is_full_does_not_block(void **state)
{
	int fd[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	hold_and_drain(fd[1], fd[0]);
}

/* Terminals know no RWF_NOWAIT: this goes by poll. */
static void
a_held_terminal_that_is_full_does_not_block(void **state)
{
	int in = posix_openpt(O_RDWR | O_NOCTTY), out;
	struct termios raw;
	char name[64];

	(void)state;
	if (in < 0 || grantpt(in) < 0 || unlockpt(in) < 0 ||
	    ptsname_r(in, name, sizeof name) != 0)
		skip();
	out = open(name, O_RDWR | O_NOCTTY);
	assert_true(out >= 0);
	assert_int_equal(tcgetattr(out, &raw), 0);
	cfmakeraw(&raw);
	assert_int_equal(tcsetattr(out, TCSANOW, &raw), 0);
	hold_and_drain(out, in);
}

static void
a_held_file_is_written_directly(void **state)
{
	static const struct crm_column a[] = {{{"a", 1}, CRM_T_TEXT}};
	struct crm_out_options opt = {
	    .fd = new_file(), .format = CRM_FMT_TSV, .spill_dir = "/nowhere"};
	struct crm_buf b = {0};
	struct crm_out *o;
	struct crm_err err;

	(void)state;
	assert_int_equal(crm_out_open(&o, &opt, a, 1, &err), CRM_OK);
	assert_int_equal(crm_out_hold(o, &err), CRM_OK);
	put_number(o, 0, ROWS);
	assert_int_equal(crm_out_close(o, &err), CRM_OK);
	content(opt.fd, &b);
	check_numbers(crm_buf_str(&b));
	crm_buf_release(&b);
}

static void
a_spill_that_cannot_be_made_is_an_error(void **state)
{
	static const struct crm_column a[] = {{{"a", 1}, CRM_T_TEXT}};
	struct crm_out_options opt = {
	    .format = CRM_FMT_TSV, .spill_dir = "/nowhere"};
	struct crm_out *o;
	struct crm_err err = {0};
	int fd[2], code = CRM_OK;

	(void)state;
	assert_int_equal(pipe(fd), 0);
	opt.fd = fd[1];
	assert_int_equal(crm_out_open(&o, &opt, a, 1, &err), CRM_OK);
	assert_int_equal(crm_out_hold(o, &err), CRM_OK);
	for (int i = 0; i < ROWS && code == CRM_OK; i++)
		code = crm_out_texts(o, &CRM_STR("some text of a row"), &err);
	assert_true(code < 0);
	/* It stays so. */
	assert_int_equal(crm_out_texts(o, &CRM_STR("x"), NULL), code);
	assert_int_equal(crm_out_close(o, &err), code);
	close(fd[0]);
	close(fd[1]);
}

static void
a_full_disk_and_a_closed_pipe_are_errors(void **state)
{
	static const struct crm_column a[] = {{{"a", 1}, CRM_T_TEXT}};
	struct crm_out_options opt = {.format = CRM_FMT_TSV};
	struct crm_out *o;
	struct crm_err err;
	int fd[2];

	(void)state;
	opt.fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	assert_true(opt.fd >= 0);
	assert_int_equal(crm_out_open(&o, &opt, a, 1, &err), CRM_OK);
	assert_int_equal(crm_out_close(o, &err), CRM_EIO);
	assert_string_equal(err.text, "write 'output': disk full");
	close(opt.fd);
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(fd), 0);
	close(fd[0]);
	opt.fd = fd[1];
	assert_int_equal(crm_out_open(&o, &opt, a, 1, &err), CRM_OK);
	assert_int_equal(crm_out_close(o, &err), CRM_EIO);
	close(fd[1]);
	signal(SIGPIPE, SIG_DFL);
}

/* Two columns of a row: a number, and a text whose bytes go at once. */
static int
put_numbered(struct crm_out *o, int i, struct crm_err *err)
{
	struct crm_buf text = {0};
	struct crm_value v[2];
	int r;

	crm_buf_putf(&text, "row\t%d%s", i, i % 1000 ? "" : " of a thousand");
	v[0] = crm_value_num(CRM_T_INT, i, 0);
	v[1] = crm_value_text(i % 7 ? crm_buf_str(&text) : CRM_STR(""));
	r = crm_out_row(o, v, err);
	if (text.p)
		memset(text.p, '!', text.n);
	crm_buf_release(&text);
	return r;
}

/* Long enough for a thread to make text of the rows. */
static void
a_long_output_is_whole_in_order_and_tells_what_failed(void **state)
{
	static const struct crm_column a[] = {
	    {{"n", 1}, CRM_T_INT}, {{"t", 1}, CRM_T_TEXT}};
	struct crm_out_options opt = {.fd = new_file(),
	    .format = CRM_FMT_TSV,
	    .schema = &schema,
	    .spill_dir = "/tmp"};
	struct crm_buf b = {0}, want = {0};
	struct crm_out *o;
	struct crm_err err;
	int i, r = CRM_OK;

	(void)state;
	crm_buf_puts(&want, "n\tt\n");
	assert_int_equal(crm_out_open(&o, &opt, a, 2, &err), CRM_OK);
	for (i = 0; i < 20000; i++) {
		/* held and let go, as a join does for each of its batches */
		if (i % 3000 == 0)
			assert_int_equal(crm_out_hold(o, &err), CRM_OK);
		if (i % 3000 == 2000)
			assert_int_equal(crm_out_drain(o, &err), CRM_OK);
		if (i == 10000)
			assert_int_equal(
			    crm_out_bytes(o, CRM_STR("#\n"), &err), CRM_OK);
		assert_int_equal(put_numbered(o, i, &err), CRM_OK);
		if (i == 10000)
			crm_buf_puts(&want, "#\n");
		crm_buf_putf(&want, "%d\t", i);
		if (i % 7)
			crm_buf_putf(&want, "row\\t%d%s", i,
			    i % 1000 ? "" : " of a thousand");
		crm_buf_putc(&want, '\n');
	}
	assert_int_equal(crm_out_close(o, &err), CRM_OK);
	assert_string_equal(content(opt.fd, &b), crm_buf_cstr(&want));
	crm_buf_release(&b);
	crm_buf_release(&want);
	/* what fails behind the caller's back is told, and ends it */
	opt.fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	assert_int_equal(crm_out_open(&o, &opt, a, 2, &err), CRM_OK);
	for (i = 0; i < 1000000 && r == CRM_OK; i++)
		r = put_numbered(o, i, &err);
	assert_int_equal(r, CRM_EIO);
	assert_true(i > 4096);
	assert_string_equal(err.text, "write 'output': disk full");
	assert_int_equal(crm_out_close(o, &err), CRM_EIO);
	close(opt.fd);
}

static void
an_aborted_output_writes_nothing_more(void **state)
{
	struct crm_out_options opt = {
	    .fd = new_file(), .format = CRM_FMT_TSV, .schema = &schema};
	struct crm_buf b = {0};
	struct crm_out *o;
	struct crm_err err;

	(void)state;
	assert_int_equal(crm_out_open(&o, &opt, columns, NCOL, &err), CRM_OK);
	put_rows(o);
	crm_out_abort(o);
	assert_string_equal(content(opt.fd, &b), "");
	crm_buf_release(&b);
	crm_out_abort(NULL);
}

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
	crm_schema_release(&schema);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_format_renders_the_same_values),
	    cmocka_unit_test(texts_are_rendered_by_their_columns_type),
	    cmocka_unit_test(no_records_leave_a_header_or_an_empty_array),
	    cmocka_unit_test(a_row_of_one_empty_field_is_a_row),
	    cmocka_unit_test(lines_of_ready_parts_stand_among_rows),
	    cmocka_unit_test(a_table_is_cut_to_the_terminal),
	    cmocka_unit_test(
		behind_text_of_doubtful_width_a_column_has_a_number),
	    cmocka_unit_test(
		a_long_table_streams_with_the_widths_of_its_beginning),
	    cmocka_unit_test(sections_follow_each_other_even_without_records),
	    cmocka_unit_test(formats_are_known_by_name),
	    cmocka_unit_test(a_held_pipe_that_is_full_does_not_block),
	    cmocka_unit_test(a_held_socket_that_is_full_does_not_block),
	    cmocka_unit_test(a_held_terminal_that_is_full_does_not_block),
	    cmocka_unit_test(a_held_file_is_written_directly),
	    cmocka_unit_test(a_spill_that_cannot_be_made_is_an_error),
	    cmocka_unit_test(a_full_disk_and_a_closed_pipe_are_errors),
	    cmocka_unit_test(
		a_long_output_is_whole_in_order_and_tells_what_failed),
	    cmocka_unit_test(an_aborted_output_writes_nothing_more),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
