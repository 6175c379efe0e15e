/*
 * test_sales.c - a log of sales from streams: ids, times, money, what is wrong.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <crm/sales.h>

#include "feed.h"

#define CPT (CRM_SALES(CUSTOMER) | CRM_SALES(PLACED) | CRM_SALES(TOTAL))

static struct crm_sales_options
open_window(void)
{
	return (struct crm_sales_options){
	    .since = INT64_MIN, .until = INT64_MAX};
}

static int
read_text(struct crm_sales *x, const char *text,
    const struct crm_sales_options *opt, struct crm_err *err)
{
	struct feed f = {crm_str(text), 0};
	struct crm_stream_options how = {
	    .name = "log.tsv", .read = feed_read, .read_ctx = &f};
	struct crm_stream *s;
	int code = crm_stream_open(&s, -1, &how, err);

	if (code == CRM_OK)
		code = crm_sales_stream(x, s, opt, err);
	crm_stream_close(s);
	return code;
}

/* Rows by customer as "id day amount;". */
static void
put_rows(struct crm_buf *b, const struct crm_sales *x)
{
	const struct crm_names *names = &x->names[CRM_SALES_CUSTOMER];

	for (size_t c = 0; c < names->n; c++)
		for (size_t i = x->start[c]; i < x->start[c + 1]; i++) {
			crm_buf_putstr(b, crm_names_value(names, c).s);
			crm_buf_putc(b, ' ');
			crm_date_put(b, x->num[CRM_SALES_PLACED][i] / CRM_DAY);
			crm_buf_putc(b, ' ');
			crm_money_put(b, x->num[CRM_SALES_TOTAL][i], x->digits);
			crm_buf_putc(b, ';');
		}
}

static void
streams_become_rows_by_customer_and_time(void **state)
{
	static const struct {
		const char *what, *text, *rename, *want;
	} row[] = {
	    {"customers in order, each by time",
		"placed\tcustomer_id\ttotal\n2024-01-05\tzoe\t2\n"
		"2024-01-03\tann\t1.50\n2024-01-01\tzoe\t7\n",
		NULL,
		"ann 2024-01-03 1.50;zoe 2024-01-01 7.00;"
		"zoe 2024-01-05 2.00;"},
	    {"rows of one moment stay in order",
		"placed\tcustomer_id\ttotal\n2024-01-05\ta\t2\n"
		"2024-01-05\ta\t1\n2024-01-01\ta\t0\n",
		NULL,
		"a 2024-01-01 0.00;a 2024-01-05 2.00;"
		"a 2024-01-05 1.00;"},
	    {"money takes as many places as it needs",
		"customer_id\tplaced\ttotal\na\t2024-01-01\t1\n"
		"a\t2024-01-02\t0.1234\n",
		NULL, "a 2024-01-01 1.0000;a 2024-01-02 0.1234;"},
	    {"a currency says how many there are",
		"customer_id\tplaced\ttotal\tcurrency\n"
		"a\t2024-01-01T10:00:00Z\t100\tJPY\n",
		NULL, "a 2024-01-01 100;"},
	    {"other names", "who\tday\tsales\na\t2024-01-01\t3\n",
		"customer_id=who,placed=day,total=sales", "a 2024-01-01 3.00;"},
	    {"rows without a customer are left out",
		"customer_id\tplaced\ttotal\n\t2024-01-01\t3\n"
		"b\t2024-01-01\t4\n",
		NULL, "b 2024-01-01 4.00;"},
	    {"nothing at all", "", NULL, ""},
	    {"a header", "customer_id\tplaced\ttotal\n", NULL, ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct crm_sales x = {.want = CPT};
		struct crm_sales_options opt = open_window();
		struct crm_buf b = {0};
		struct crm_err err = {0};

		opt.rename = crm_str(row[i].rename);
		if (read_text(&x, row[i].text, &opt, &err) < 0)
			fail_msg("%s: %s", row[i].what, err.text);
		assert_int_equal(
		    crm_sales_group(&x, CRM_SALES_CUSTOMER, NULL), CRM_OK);
		put_rows(&b, &x);
		if (!crm_str_is(crm_buf_str(&b), row[i].want))
			fail_msg("%s: %s", row[i].what, crm_buf_cstr(&b));
		crm_buf_release(&b);
		crm_sales_release(&x);
	}
}

static void
what_is_wrong_is_named_by_file_line_column_and_value(void **state)
{
	static const struct {
		const char *text, *rename, *want;
	} row[] = {
	    {"customer_id\ttotal\na\t1\n", NULL,
		"!log.tsv:1: there is no column 'placed'\n"},
	    {"customer_id\tplaced\ttotal\na\t2024-01-01\t1\n"
	     "a\t01.02.2024\t1\n",
		NULL,
		"!log.tsv:3: placed: '01.02.2024' is not a time (wanted: "
		"2024-05-01 or 2024-05-01T09:58:12Z)\n"},
	    {"customer_id\tplaced\ttotal\na\t2024-01-01\t12,50\n", NULL,
		"!log.tsv:2: total: '12,50' is not a money amount\n"},
	    {"customer_id\tplaced\ttotal\na\t2024-01-01\t0.1234567\n", NULL,
		"!log.tsv:2: total: '0.1234567' is not a money amount\n"},
	    {"customer_id\tplaced\ttotal\na\t2024-01-01\t-3\n", NULL,
		"!log.tsv:2: total: '-3' is below 0\n"},
	    {"customer_id\tplaced\ttotal\na\t2024-01-01\t\n", NULL,
		"!log.tsv:2: total: has no value\n"},
	    {"customer_id\tplaced\ttotal\na\t2024-01-01\t"
	     "9223372036854775807\n",
		NULL,
		"!log.tsv:2: total: '9223372036854775807' is too large\n"},
	    {"customer_id\tplaced\ttotal\na\t2024-01-01\t"
	     "90000000000000000\na\t2024-01-01\t0.123456\n",
		NULL, "!log.tsv:3: total: '0.123456' has too many places\n"},
	    {"customer_id\tplaced\ttotal\tcurrency\na\t2024-01-01\t1\tEUR\n"
	     "a\t2024-01-01\t1\tUSD\n",
		NULL,
		"!log.tsv:3: currency: 'USD' after 'EUR': money of one "
		"currency is wanted\n"},
	    {"customer_id\tplaced\ttotal\tcurrency\n"
	     "a\t2024-01-01\t1\tEuro\n",
		NULL,
		"!log.tsv:2: currency: 'Euro' is not an ISO 4217 "
		"currency\n"},
	    {"customer_id\tplaced\ttotal\n", "placed",
		"!'placed': NAME=COLUMN is wanted, as placed=date\n"},
	    {"customer_id\tplaced\ttotal\n", "plcaed=date",
		"!'plcaed' is not a column that is read\n"},
	    {"customer_id\tplaced\ttotal\n", "placed=date",
		"!log.tsv:1: there is no column 'date'\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct crm_sales x = {.want = CPT};
		struct crm_sales_options opt = open_window();
		struct crm_buf b = {0};
		struct crm_err err = {0};

		opt.rename = crm_str(row[i].rename);
		if (read_text(&x, row[i].text, &opt, &err) >= 0)
			fail_msg("row %zu is taken", i);
		feed_put_error(&b, &err);
		if (!crm_str_is(crm_buf_str(&b), row[i].want))
			fail_msg("row %zu: %s", i, crm_buf_cstr(&b));
		crm_buf_release(&b);
		crm_sales_release(&x);
	}
}

static void
a_window_has_its_first_moment_and_not_its_last(void **state)
{
	struct crm_sales x = {.want = CPT};
	struct crm_sales_options opt = open_window();
	struct crm_err err = {0};

	(void)state;
	opt.since = crm_days_from_civil(2024, 1, 2) * CRM_DAY;
	opt.until = crm_days_from_civil(2024, 1, 4) * CRM_DAY;
	assert_int_equal(read_text(&x,
			     "customer_id\tplaced\ttotal\na\t2024-01-01\t1\n"
			     "a\t2024-01-02\t2\na\t2024-01-03\t3\n"
			     "a\t2024-01-04\t4\n",
			     &opt, &err),
	    CRM_OK);
	assert_int_equal(x.n, 2);
	assert_int_equal(x.outside, 2);
	assert_int_equal(x.num[CRM_SALES_TOTAL][0], 200);
	crm_sales_release(&x);
}

static void
columns_that_may_be_there_are_taken_when_they_are(void **state)
{
	struct crm_sales x = {.want = CRM_SALES(ORDER) | CRM_SALES(PRODUCT),
	    .may = CRM_SALES(QUANTITY) | CRM_SALES(PLACED)};
	struct crm_sales_options opt = open_window();
	struct crm_err err = {0};
	size_t i;

	(void)state;
	assert_int_equal(read_text(&x,
			     "order_id\tproduct_id\tquantity\nO2\tmilk\t2\n"
			     "O1\tham\t1.5\nO2\tham\t\n",
			     &opt, &err),
	    CRM_OK);
	assert_int_equal(x.has, x.want | CRM_SALES(QUANTITY));
	assert_true(
	    crm_names_find(&x.names[CRM_SALES_PRODUCT], CRM_STR("milk"), &i));
	assert_int_equal(i, 1);
	assert_false(
	    crm_names_find(&x.names[CRM_SALES_PRODUCT], CRM_STR("beer"), &i));
	assert_int_equal(crm_sales_group(&x, CRM_SALES_PRODUCT, NULL), CRM_OK);
	assert_int_equal(x.start[1], 2);
	assert_int_equal(x.num[CRM_SALES_QUANTITY][0], 1500000);
	assert_int_equal(x.num[CRM_SALES_QUANTITY][1], 0);
	assert_int_equal(x.num[CRM_SALES_QUANTITY][2], 2000000);
	/* orders keep the numbers they came with */
	assert_int_equal(x.id[CRM_SALES_ORDER][0], 1);
	crm_sales_release(&x);
}

static void
ids_are_in_the_order_of_their_texts_however_they_look(void **state)
{
	static const struct {
		const char *what, *ids, *want;
	} row[] = {
	    {"padded", "C0000000300 C0000000002 C0000000300 C0000009001",
		"C0000000002 C0000000300 C0000009001"},
	    {"not padded", "9 10 8 100 9", "10 100 8 9"},
	    {"of one width", "12345 99999 12345 10000", "10000 12345 99999"},
	    {"padded by one and by two", "05 5 005 5 05", "005 05 5"},
	    {"a zero", "0 1 00 0 10", "0 00 1 10"},
	    {"with and without letters", "A1 1 B1 A1 A A2 1", "1 A A1 A2 B1"},
	    {"one that is no number", "milk A1 ham milk", "A1 ham milk"},
	    {"eight and more digits", "12345678 123456789 1234567890 12345678",
		"12345678 123456789 1234567890"},
	    {"more than a number holds",
		"4294967295 4294967294 9999999999 4294967295",
		"4294967294 4294967295 9999999999"},
	    {"more digits than a number has",
		"12345678901234 12345678901235 1234 12345678901234",
		"1234 12345678901234 12345678901235"},
	    {"what is near the digits",
		"order:12 order/12 order:1: order:/1 order:12 order:12345678",
		"order/12 order:/1 order:12 order:12345678 order:1:"},
	    {"other bytes among the digits",
		"A12345678 A1234567\xc3\xa4 A1\xc3\xa4"
		"34567 A12345678",
		"A12345678 A1234567\xc3\xa4 A1\xc3\xa4"
		"34567"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct crm_sales x = {.want = CRM_SALES(PRODUCT)};
		struct crm_names *names = &x.names[CRM_SALES_PRODUCT];
		struct crm_sales_options opt = open_window();
		struct crm_str rest = crm_str(row[i].ids), id;
		struct crm_buf text = {0}, got = {0};
		size_t at, n = 0;

		crm_buf_puts(&text, "product_id\n");
		while (crm_str_split(&rest, ' ', &id)) {
			crm_buf_putstr(&text, id);
			crm_buf_putc(&text, '\n');
		}
		if (read_text(&x, crm_buf_cstr(&text), &opt, NULL) != CRM_OK)
			fail_msg("%s: not read", row[i].what);
		for (size_t k = 0; k < names->n; k++) {
			crm_buf_puts(&got, k ? " " : "");
			crm_buf_putstr(&got, names->text[k]);
			if (!crm_names_find(names, names->text[k], &at) ||
			    at != k)
				fail_msg("%s: %zu is not found again",
				    row[i].what, k);
		}
		assert_string_equal(crm_buf_cstr(&got), row[i].want);
		rest = crm_str(row[i].ids);
		while (crm_str_split(&rest, ' ', &id)) {
			assert_true(crm_names_find(names, id, &at));
			assert_int_equal(x.id[CRM_SALES_PRODUCT][n++], at);
		}
		assert_false(crm_names_find(names, CRM_STR("C77"), &at));
		crm_buf_release(&text);
		crm_buf_release(&got);
		crm_sales_release(&x);
	}
}

/* Numbers far from each other open pages until there are too many. */
static void
ids_far_apart_are_told_apart(void **state)
{
	struct crm_sales x = {.want = CRM_SALES(PRODUCT)};
	struct crm_names *names = &x.names[CRM_SALES_PRODUCT];
	struct crm_sales_options opt = open_window();
	struct crm_buf text = {0};
	const unsigned n = 12000;

	(void)state;
	crm_buf_puts(&text, "product_id\n");
	for (unsigned i = 0; i < 2 * n; i++)
		crm_buf_putf(&text, "K%010llu\n", (i * 7ULL % n) * 300007ULL);
	assert_int_equal(
	    read_text(&x, crm_buf_cstr(&text), &opt, NULL), CRM_OK);
	assert_int_equal(names->n, n);
	for (unsigned i = 0; i < 2 * n; i++)
		assert_int_equal(x.id[CRM_SALES_PRODUCT][i], i * 7ULL % n);
	crm_buf_release(&text);
	crm_sales_release(&x);
}

static void
baskets_of_nothing_take_no_number(void **state)
{
	const struct crm_str goods[] = {
	    CRM_STR("tea"), CRM_STR(""), CRM_STR("ale"), CRM_STR("tea")};
	static const uint32_t product[] = {1, 0, 1, 1}, order[] = {0, 0, 0, 1};
	struct crm_sales x = {0};

	(void)state;
	x.has = CRM_SALES(ORDER) | CRM_SALES(PRODUCT);
	x.names[CRM_SALES_ORDER].kind = 1;
	assert_int_equal(crm_sales_add_basket(&x, 5, goods, 4, NULL), CRM_OK);
	assert_int_equal(
	    crm_sales_add_basket(&x, 6, goods + 1, 1, NULL), CRM_OK);
	assert_int_equal(crm_sales_add_basket(&x, 7, goods, 1, NULL), CRM_OK);
	assert_int_equal(crm_sales_done(&x, NULL), CRM_OK);
	assert_int_equal(x.n, 4);
	assert_int_equal(x.names[CRM_SALES_ORDER].n, 2);
	assert_int_equal(x.names[CRM_SALES_ORDER].number[1], 7);
	for (size_t i = 0; i < x.n; i++) {
		assert_int_equal(x.id[CRM_SALES_PRODUCT][i], product[i]);
		assert_int_equal(x.id[CRM_SALES_ORDER][i], order[i]);
	}
	crm_sales_release(&x);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(streams_become_rows_by_customer_and_time),
	    cmocka_unit_test(
		what_is_wrong_is_named_by_file_line_column_and_value),
	    cmocka_unit_test(a_window_has_its_first_moment_and_not_its_last),
	    cmocka_unit_test(
		ids_are_in_the_order_of_their_texts_however_they_look),
	    cmocka_unit_test(ids_far_apart_are_told_apart),
	    cmocka_unit_test(baskets_of_nothing_take_no_number),
	    cmocka_unit_test(columns_that_may_be_there_are_taken_when_they_are),
	};

	return cmocka_run_group_tests_name("sales", tests, NULL, NULL);
}
