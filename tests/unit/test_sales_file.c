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

/* Lines of orders that were there before, now and then. */
static void
in_pieces(struct crm_buf *b, int i)
{
	crm_buf_putf(b, "O%010d\tP%06d\n", (i % 700 < 2 ? i / 9 : i / 3) + 1,
	    i % 977 * 7);
}

/* As two that write in turn would leave it: an order is cut in two. */
static void
in_stretches(struct crm_buf *b, int i)
{
	int of = i / 5000 % 2 ? 5000 : 0, at = i / 10000 * 5000 + i % 5000;

	crm_buf_putf(
	    b, "%d\tP%d\n", (at + (of ? ROWS / 2 : 0)) / 3, i * 7 % 30011);
}

static void
falling(struct crm_buf *b, int i)
{
	crm_buf_putf(b, "O%08d\t%s%d\n", (ROWS - i) / 3,
	    i % 20011 == 20010 ? "set-" : "P", i % 977 * 7);
}

static void
swapped(struct crm_buf *b, int i)
{
	crm_buf_putf(b, "P%06d\tO%010d\n", i % 977 * 7, i / 3 + 1);
}

static void
with_more(struct crm_buf *b, int i)
{
	crm_buf_putf(b, "O%010d\t%d\tP%06d\n", i / 3 + 1, i, i % 977 * 7);
}

static const char *
head_of(void (*put)(struct crm_buf *b, int i))
{
	if (put == swapped)
		return "product_id\torder_id\n";
	if (put == with_more)
		return "order_id\tline\tproduct_id\n";
	return put == ends_cr_lf ? "order_id\tproduct_id\r\n"
				 : "order_id\tproduct_id\n";
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

/* Baskets, in whatever order, and their products; or the message. */
static uint64_t
baskets_hash(const struct crm_sales *x, const struct crm_baskets *b, int code,
    const struct crm_err *err)
{
	const struct crm_names *names = &x->names[CRM_SALES_PRODUCT];
	uint64_t h = 0xcbf29ce484222325, sum = b->n;

	add(&h, &code, sizeof code);
	if (code < 0) {
		add(&h, err->place, strlen(err->place));
		add(&h, err->field, strlen(err->field));
		add(&h, err->text, strlen(err->text));
		return h;
	}
	for (size_t i = 0; i < names->n; i++)
		add(&h, names->text[i].p, names->text[i].n);
	for (size_t i = 0; i < b->n; i++) {
		uint64_t one = 0xcbf29ce484222325;

		for (uint32_t k = b->start[i]; k < b->start[i + 1]; k++) {
			assert_true(
			    k == b->start[i] || b->item[k] > b->item[k - 1]);
			assert_true(b->item[k] < b->nitems);
			add(&one, &b->item[k], sizeof b->item[k]);
		}
		sum += one * one;
	}
	add(&h, &b->nitems, sizeof b->nitems);
	add(&h, &sum, sizeof sum);
	return h;
}

/* threads 0: from rows; else orders are not numbered, or they have to be. */
static uint64_t
read_baskets(const char *path, unsigned threads, bool *numbered)
{
	struct crm_baskets b = {0};
	struct crm_sales x = {.want = CRM_SALES(ORDER) | CRM_SALES(PRODUCT),
	    .baskets = threads ? &b : NULL};
	struct crm_sales_options opt = {.since = INT64_MIN, .until = INT64_MAX};
	struct crm_stream_options from = {.name = "log.tsv"};
	struct crm_err err = {0};
	FILE *f = fopen(path, "r");
	uint64_t h;
	int code;

	assert_non_null(f);
	code = crm_sales_file(&x, fileno(f), &from, &opt, threads, &err);
	if (code == CRM_OK && threads == 0)
		code = crm_baskets_gather(&b, x.id[CRM_SALES_ORDER],
		    x.id[CRM_SALES_PRODUCT], x.n, x.names[CRM_SALES_ORDER].n,
		    NULL, &err);
	assert_true(threads == 0 || code < 0 || x.n == 0);
	*numbered = x.names[CRM_SALES_ORDER].n > 0;
	h = baskets_hash(&x, &b, code, &err);
	crm_sales_release(&x);
	crm_baskets_release(&b);
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
		bool direct; /* orders need no numbers */
	} row[] = {
	    {"texts that look alike", alike, ROWS, true},
	    {"numbers without zeros before them", not_padded, ROWS, true},
	    {"orders in any order", by_chance, ROWS, false},
	    {"ids that look otherwise later", another_look, ROWS, false},
	    {"any texts, with escapes", texts, ROWS, false},
	    {"numbers far apart", far_apart, ROWS, false},
	    {"the header again and again", again, ROWS, false},
	    {"a row that is too short", faulty, 0, false},
	    {"a cell without a value", without_value, 0, false},
	    {"ends of lines of two sorts", ends_of_two_sorts, 0, false},
	    {"CR LF", ends_cr_lf, ROWS, false},
	    {"orders in pieces", in_pieces, ROWS, true},
	    {"stretches of orders", in_stretches, ROWS, true},
	    {"the newest first", falling, ROWS, true},
	    {"products first", swapped, ROWS, true},
	    {"a third column", with_more, ROWS, true},
	    {"a mark before each line", marked, ROWS, false},
	};
	char path[] = "sales_file.XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		FILE *f = fopen(path, "w");
		struct crm_buf b = {0};
		uint64_t one;
		bool numbered;
		size_t n;

		assert_non_null(f);
		crm_buf_puts(&b, head_of(row[i].put));
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
		one = read_baskets(path, 0, &numbered);
		for (unsigned threads = 1; threads < 4; threads++)
			if (read_baskets(path, threads, &numbered) != one ||
			    (row[i].direct && numbered))
				fail_msg("%s: other baskets by %u threads",
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
