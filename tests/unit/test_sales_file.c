/*
 * test_sales_file.c - a file read by several threads is what one has read:
 * numbers, texts, counts and messages, whatever is in it and wherever the
 * threads meet.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include <crm/sales.h>

enum { ROWS = 220000 };

/* The i-th row of each sort of file. */
static void
alike(struct crm_buf *b, int i)
{
	crm_buf_putf(b, "O%010d\tP%06d\n", i / 3 + 1, i % 977 * 7);
}

static void
not_padded(struct crm_buf *b, int i)
{
	crm_buf_putf(
	    b, "%d\tP%d%s\n", i / 3, i * 7 % 30011, i % 5 ? "" : "0000000");
}

static void
by_chance(struct crm_buf *b, int i)
{
	uint32_t x = (uint32_t)i * 2654435761U;

	crm_buf_putf(b, "O%09u\tP%u\n", x % 70000, x >> 20);
}

static void
another_look(struct crm_buf *b, int i)
{
	crm_buf_putf(b, i < ROWS / 2 - 9 ? "A%08d\t%04d-x\n" : "bill-%d\tp%d\n",
	    i / 2, i % 641);
}

static void
texts(struct crm_buf *b, int i)
{
	crm_buf_putf(
	    b, "#%x-\tcaf\xc3\xa9\\t%dx\n", (unsigned)i / 4 * 99, i % 1013);
}

static void
far_apart(struct crm_buf *b, int i)
{
	crm_buf_putf(b, "O%lld\tP%d\n", (long long)i * 16411 % 4000000007, i);
}

static void
again(struct crm_buf *b, int i)
{
	alike(b, i);
	if (i % 5 == 0)
		crm_buf_putstr(b, crm_str("order_id\tproduct_id\n"));
}

static void
faulty(struct crm_buf *b, int i)
{
	crm_buf_putf(
	    b, i == ROWS * 3 / 4 ? "O1\n" : "O%06d\tP%04d-of-it\n", i, i % 977);
}

static void
without_value(struct crm_buf *b, int i)
{
	crm_buf_putf(
	    b, "O%06d\tP%.*s\n", i, i % 99000 == 98000 ? 0 : 4, "1234");
	if (i % 99000 == 98000)
		b->n -= 2, crm_buf_putc(b, '\n');
}

static void
ends_of_two_sorts(struct crm_buf *b, int i)
{
	crm_buf_putf(
	    b, "O%09d\tP%04d%s\n", i, i % 977, i > ROWS / 2 ? "\r" : "");
}

static void
ends_cr_lf(struct crm_buf *b, int i)
{
	crm_buf_putf(b, "O%09d\tP%04d\r\n", i, i % 977);
}

static void
marked(struct crm_buf *b, int i)
{
	crm_buf_putf(b, "\xef\xbb\xbfO%06d\tP%04d\n", i / 2, i % 977);
}

static void
add(uint64_t *h, const void *p, size_t n)
{
	const unsigned char *c = p;

	for (size_t i = 0; i < n; i++)
		*h = (*h ^ c[i]) * 0x100000001b3;
}

/* All that was read, or the message. */
static uint64_t
read_file(const char *path, unsigned threads, size_t *rows)
{
	struct crm_sales x = {.want = CRM_SALES(ORDER) | CRM_SALES(PRODUCT)};
	struct crm_sales_options opt = {.since = INT64_MIN, .until = INT64_MAX};
	struct crm_stream_options from = {.name = "log.tsv"};
	struct crm_names *names = &x.names[CRM_SALES_PRODUCT];
	struct crm_err err = {0};
	uint64_t h = 0xcbf29ce484222325;
	FILE *f = fopen(path, "r");
	int code;

	assert_non_null(f);
	code = crm_sales_file(&x, fileno(f), &from, &opt, threads, &err);
	add(&h, &code, sizeof code);
	if (code < 0) {
		add(&h, err.place, strlen(err.place));
		add(&h, err.field, strlen(err.field));
		add(&h, err.text, strlen(err.text));
	}
	for (unsigned k = CRM_SALES_ORDER; code == 0 && k <= CRM_SALES_PRODUCT;
	     k++) {
		add(&h, x.id[k], x.n * sizeof *x.id[k]);
		add(&h, &x.names[k].n, sizeof x.names[k].n);
	}
	for (size_t i = 0; code == 0 && i < names->n; i++) {
		size_t at = SIZE_MAX;

		add(&h, names->text[i].p, names->text[i].n);
		assert_true(crm_names_find(names, names->text[i], &at));
		assert_int_equal(at, i);
	}
	*rows = code == 0 ? x.n : 0;
	crm_sales_release(&x);
	fclose(f);
	return h;
}

static void
threads_read_what_one_reads(void **state)
{
	static const struct {
		const char *what;
		void (*put)(struct crm_buf *b, int i);
		size_t rows; /* 0: an error */
	} row[] = {
	    {"texts that look alike", alike, ROWS},
	    {"numbers without zeros before them", not_padded, ROWS},
	    {"orders in any order", by_chance, ROWS},
	    {"ids that look otherwise later", another_look, ROWS},
	    {"any texts, with escapes", texts, ROWS},
	    {"numbers far apart", far_apart, ROWS},
	    {"the header again and again", again, ROWS},
	    {"a row that is too short", faulty, 0},
	    {"a cell without a value", without_value, 0},
	    {"ends of lines of two sorts", ends_of_two_sorts, 0},
	    {"CR LF", ends_cr_lf, ROWS},
	    {"a mark before each line", marked, ROWS},
	};
	char path[] = "sales_file.XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		FILE *f = fopen(path, "w");
		struct crm_buf b = {0};
		uint64_t one;
		size_t n;

		assert_non_null(f);
		crm_buf_putf(&b, "order_id\tproduct_id%s\n",
		    row[i].put == ends_cr_lf ? "\r" : "");
		for (int k = 0; k < ROWS; k++)
			row[i].put(&b, k);
		assert_int_equal(fwrite(b.p, 1, b.n, f), b.n);
		assert_true(b.n > (size_t)2 << 20);
		fclose(f);
		crm_buf_release(&b);
		one = read_file(path, 1, &n);
		if (n != row[i].rows)
			fail_msg("%s: %zu rows", row[i].what, n);
		for (unsigned threads = 2; threads < 5; threads++)
			if (read_file(path, threads, &n) != one)
				fail_msg("%s: otherwise by %u threads",
				    row[i].what, threads);
	}
	close(fd);
	unlink(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(threads_read_what_one_reads),
	};

	return cmocka_run_group_tests_name("sales_file", tests, NULL, NULL);
}
