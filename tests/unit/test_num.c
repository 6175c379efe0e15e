/*
 * test_num.c - arithmetic, decimals, currencies, money.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>

#include <crm/hash.h>
#include <crm/num.h>

static void
sums_that_overflow_are_refused_and_change_nothing(void **state)
{
	int64_t v = 7;

	(void)state;
	assert_false(crm_add64(INT64_MAX, 1, &v));
	assert_false(crm_sub64(INT64_MIN, 1, &v));
	assert_false(crm_mul64(INT64_MIN, -1, &v));
	assert_false(crm_muldiv64(1, 1, 0, &v));
	assert_false(crm_muldiv64(INT64_MIN, 1, -1, &v));
	assert_false(crm_muldiv64(INT64_MAX, 3, 2, &v));
	assert_int_equal(v, 7);
	assert_true(crm_add64(INT64_MAX, INT64_MIN, &v));
	assert_int_equal(v, -1);
}

static void
muldiv_rounds_half_away_from_zero(void **state)
{
	static const struct {
		int64_t a, b, c, want;
	} rows[] = {
	    {5, 1, 2, 3},
	    {-5, 1, 2, -3},
	    {5, -1, 2, -3},
	    {5, 1, -2, -3},
	    {-5, -1, -2, -3},
	    {4, 1, 3, 1},
	    {1999, 19, 119, 319},
	    {INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX},
	    {INT64_MIN, INT64_MAX, INT64_MAX, INT64_MIN},
	    {INT64_MIN, INT64_MIN, INT64_MIN, INT64_MIN},
	    {0, INT64_MIN, 3, 0},
	};
	size_t i;
	int64_t v;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!crm_muldiv64(rows[i].a, rows[i].b, rows[i].c, &v))
			fail_msg("row %zu: overflow", i);
		if (v != rows[i].want)
			fail_msg("row %zu: %lld", i, (long long)v);
	}
}

static void
integers_are_read_whole_or_not_at_all(void **state)
{
	static const struct {
		const char *text;
		int64_t want;
		int code;
	} rows[] = {
	    {"0", 0, CRM_OK},
	    {"-0", 0, CRM_OK},
	    {"+17", 17, CRM_OK},
	    {"007", 7, CRM_OK},
	    {"9223372036854775807", INT64_MAX, CRM_OK},
	    {"-9223372036854775808", INT64_MIN, CRM_OK},
	    {"9223372036854775808", 0, CRM_EDATA},
	    {"-9223372036854775809", 0, CRM_EDATA},
	    {"99999999999999999999999", 0, CRM_EDATA},
	    {"", 0, CRM_EDATA},
	    {"-", 0, CRM_EDATA},
	    {"+-1", 0, CRM_EDATA},
	    {" 1", 0, CRM_EDATA},
	    {"1 ", 0, CRM_EDATA},
	    {"0x1F", 0, CRM_EDATA},
	    {"1.0", 0, CRM_EDATA},
	    {"1e3", 0, CRM_EDATA},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t v = 0;
		int code = crm_int_parse(crm_str(rows[i].text), &v);

		if (code != rows[i].code || v != rows[i].want)
			fail_msg(
			    "'%s': %d, %lld", rows[i].text, code, (long long)v);
	}
}

static void
decimals_are_read_exactly_and_written_canonically(void **state)
{
	/* NULL: refused. */
	static const struct {
		const char *text, *exact, *rounded;
	} rows[] = {
	    {"0", "0", "0"},
	    {"-0.00", "0", "0"},
	    {"2.55", "2.55", "2.55"},
	    {"2.5500", "2.55", "2.55"},
	    {"-0.5", "-0.5", "-0.5"},
	    {"+12.0", "12", "12"},
	    {"100", "100", "100"},
	    {"1e3", "1000", "1000"},
	    {"1.5E+2", "150", "150"},
	    {"25e-1", "2.5", "2.5"},
	    {"4.440892e-16", NULL, "0"},
	    {"-4.440892e-16", NULL, "0"},
	    {"0.000000000001", "0.000000000001", "0.000000000001"},
	    {"0.0000000000005", NULL, "0.000000000001"},
	    {"-0.0000000000005", NULL, "-0.000000000001"},
	    {"0.00000000000049999999999999", NULL, "0"},
	    {"1.0000000000000000000000", "1", "1"},
	    {"233935.240000000000001", NULL, "233935.24"},
	    {"12345678.900000000000000001", NULL, "12345678.9"},
	    {"12345678.123456789012", NULL, "12345678.12345678901"},
	    {"0.1234567890125", NULL, "0.123456789013"},
	    {"9223372036854775807", "9223372036854775807",
		"9223372036854775807"},
	    {"-9223372036854775808", "-9223372036854775808",
		"-9223372036854775808"},
	    {"9223372.036854775807", "9223372.036854775807",
		"9223372.036854775807"},
	    {"9223372036854775808", NULL, NULL},
	    {"9223372036854775807.5", NULL, NULL},
	    {"1e19", NULL, NULL},
	    {"1e999999999999999999999", NULL, NULL},
	    {"1e-999999999999999999999", NULL, "0"},
	    {"0e999999999999999999999", "0", "0"},
	    {"00000000000000000000000000001.5", "1.5", "1.5"},
	    {"", NULL, NULL},
	    {".5", NULL, NULL},
	    {"5.", NULL, NULL},
	    {"1,5", NULL, NULL},
	    {"1e", NULL, NULL},
	    {"1e+", NULL, NULL},
	    {"1.2.3", NULL, NULL},
	    {"nan", NULL, NULL},
	    {"- 1", NULL, NULL},
	};
	struct crm_buf b = {0};
	size_t i;
	int k;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (k = 0; k < 2; k++) {
			struct crm_str s = crm_str(rows[i].text);
			const char *want = k ? rows[i].rounded : rows[i].exact;
			struct crm_dec d = {0, 0};
			int code = k ? crm_dec_parse_round(s, &d)
				     : crm_dec_parse(s, &d);

			if (code != (want ? CRM_OK : CRM_EDATA))
				fail_msg("'%s' %d: %d", rows[i].text, k, code);
			if (want == NULL)
				continue;
			crm_buf_clear(&b);
			crm_dec_put(&b, d);
			if (!crm_str_is(crm_buf_str(&b), want))
				fail_msg("'%s' %d: %s", rows[i].text, k,
				    crm_buf_cstr(&b));
		}
	}
	crm_buf_release(&b);
}

static struct crm_dec
dec(const char *s)
{
	struct crm_dec d = {0, 0};

	assert_int_equal(crm_dec_parse(crm_str(s), &d), CRM_OK);
	return d;
}

static void
decimal_arithmetic_gives_the_expected(void **state)
{
	static const struct {
		const char *a;
		char op;
		const char *b, *want; /* NULL: overflow */
	} rows[] = {
	    {"0.1", '+', "0.2", "0.3"},
	    {"0.5", '+', "0.5", "1"},
	    {"1.5", '-', "1.50", "0"},
	    {"9223372036854775807", '+', "1", NULL},
	    {"9223372036854775807", '+', "0.1", NULL},
	    {"922337203685477580.5", '+', "0.5", "922337203685477581"},
	    {"922337203685477580.7", '+', "0.01", NULL},
	    {"-9223372036854775808", '-', "1", NULL},
	    {"2.55", '*', "3", "7.65"},
	    {"0.000001", '*', "0.000001", "0.000000000001"},
	    {"0.0000001", '*', "0.000005", "0.000000000001"},
	    {"0.0000001", '*', "-0.000005", "-0.000000000001"},
	    {"0.0000001", '*', "0.000004", "0"},
	    {"9223372036854775807", '*', "2", NULL},
	    {"9223372036854775807", '*', "-1", "-9223372036854775807"},
	    {"1", '/', "3", "0.333333333333"},
	    {"2", '/', "3", "0.666666666667"},
	    {"-2", '/', "3", "-0.666666666667"},
	    {"10", '/', "4", "2.5"},
	    {"1", '/', "0", NULL},
	    {"1000000000", '/', "3", "333333333.3333333333"},
	    {"9223372036854775807", '/', "1", "9223372036854775807"},
	    {"-9223372036854775808", '/', "1", "-9223372036854775808"},
	    {"-9223372036854775808", '/', "-1", NULL},
	    {"9223372036854775807", '/', "0.000000000001", NULL},
	    {"9", '/', "0.000000000001", "9000000000000"},
	    {"0.000000000001", '/', "9223372036854775807", "0"},
	};
	struct crm_buf b = {0};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct crm_dec x, y, r;
		bool ok;

		x = dec(rows[i].a);
		y = dec(rows[i].b);
		ok = rows[i].op == '+'	 ? crm_dec_add(x, y, &r)
		     : rows[i].op == '-' ? crm_dec_sub(x, y, &r)
		     : rows[i].op == '*' ? crm_dec_mul(x, y, &r)
					 : crm_dec_div(x, y, &r);
		if (ok != (rows[i].want != NULL))
			fail_msg("row %zu: %s %c %s", i, rows[i].a, rows[i].op,
			    rows[i].b);
		if (!ok)
			continue;
		crm_buf_clear(&b);
		crm_dec_put(&b, r);
		if (!crm_str_is(crm_buf_str(&b), rows[i].want))
			fail_msg("row %zu: %s %c %s is %s", i, rows[i].a,
			    rows[i].op, rows[i].b, crm_buf_cstr(&b));
	}
	crm_buf_release(&b);
}

static void
decimals_compare_across_scales(void **state)
{
	(void)state;
	assert_true(crm_dec_cmp(dec("2.5"), dec("2.49")) > 0);
	assert_true(crm_dec_cmp(dec("-2.5"), dec("-2.49")) < 0);
	assert_int_equal(
	    crm_dec_cmp((struct crm_dec){250, 2}, (struct crm_dec){25, 1}), 0);
	assert_true(
	    crm_dec_cmp(dec("9223372036854775807"), dec("0.000000000001")) > 0);
}

static void
a_decimal_at_another_scale_is_rounded(void **state)
{
	int64_t v;

	(void)state;
	assert_true(crm_dec_rescale((struct crm_dec){255, 2}, 1, &v));
	assert_int_equal(v, 26);
	assert_true(crm_dec_rescale((struct crm_dec){-255, 2}, 1, &v));
	assert_int_equal(v, -26);
	assert_true(crm_dec_rescale((struct crm_dec){254, 2}, 1, &v));
	assert_int_equal(v, 25);
	assert_true(crm_dec_rescale((struct crm_dec){2, 0}, 6, &v));
	assert_int_equal(v, 2000000);
	assert_false(crm_dec_rescale((struct crm_dec){INT64_MAX, 0}, 1, &v));
	assert_true(crm_dec_rescale((struct crm_dec){0, 0}, 40, &v));
	assert_int_equal(v, 0);
}

static void
a_double_becomes_the_nearest_decimal(void **state)
{
	static const struct {
		double x;
		unsigned scale;
		int64_t v;
		uint8_t at;
	} rows[] = {
	    {0.1, 6, 1, 1},
	    {2.5, 0, 3, 0},
	    {-2.5, 0, -3, 0},
	    {2.675, 2, 267, 2}, /* the double is a little less */
	    {1e-300, 12, 0, 0},
	    {5e-324, 12, 0, 0},
	    {1e18, 0, 1000000000000000000, 0},
	    {-9007199254740993.0, 0, -9007199254740992, 0},
	    {0.0, 3, 0, 0},
	    {-0.0, 3, 0, 0},
	};
	struct crm_dec d;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!crm_dec_from_double(rows[i].x, rows[i].scale, &d) ||
		    d.v != rows[i].v || d.scale != rows[i].at)
			fail_msg(
			    "row %zu: %lld, %d", i, (long long)d.v, d.scale);
	}
	assert_false(crm_dec_from_double(NAN, 2, &d));
	assert_false(crm_dec_from_double(INFINITY, 2, &d));
	assert_false(crm_dec_from_double(1e19, 0, &d));
	assert_false(crm_dec_from_double(1e18, 2, &d));
	assert_false(crm_dec_from_double(1e300, 0, &d));
	assert_true(crm_dec_double((struct crm_dec){255, 2}) == 2.55);
}

static void
currencies_are_those_of_the_standard(void **state)
{
	static const struct {
		const char *code;
		int digits;
	} rows[] = {
	    {"AED", 2},
	    {"ZWG", 2},
	    {"EUR", 2},
	    {"USD", 2},
	    {"JPY", 0},
	    {"KRW", 0},
	    {"ISK", 0},
	    {"KWD", 3},
	    {"TND", 3},
	    {"CLF", 4},
	    {"UYW", 4},
	    {"XCG", 2},
	    {"XOF", 0},
	    {"HRK", -1},
	    {"ANG", -1},
	    {"ZWL", -1},
	    {"DEM", -1},
	    {"XAU", -1},
	    {"eur", -1},
	    {"EU", -1},
	    {"EURO", -1},
	    {"", -1},
	    {"2 A", -1},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int d = crm_currency_digits(crm_str(rows[i].code));

		if (d != rows[i].digits)
			fail_msg("'%s': %d", rows[i].code, d);
	}
}

static void
every_currency_is_found_where_the_table_has_it(void **state)
{
	char code[3];
	int n = 0;

	(void)state;
	for (code[0] = 'A'; code[0] <= 'Z'; code[0]++)
		for (code[1] = 'A'; code[1] <= 'Z'; code[1]++)
			for (code[2] = 'A'; code[2] <= 'Z'; code[2]++)
				n += crm_currency_digits(
					 (struct crm_str){code, 3}) >= 0;
	assert_int_equal(n, 165);
}

static void
money_has_no_more_places_than_its_currency(void **state)
{
	static const struct {
		const char *text;
		unsigned digits;
		int code;
		int64_t want;
	} rows[] = {
	    {"19.90", 2, CRM_OK, 1990},
	    {"19.9", 2, CRM_OK, 1990},
	    {"19", 2, CRM_OK, 1900},
	    {"-0.01", 2, CRM_OK, -1},
	    {"+1.00", 2, CRM_OK, 100},
	    {"-0.00", 2, CRM_OK, 0},
	    {"19.900", 2, CRM_OK, 1990},
	    {"19.901", 2, CRM_EDATA, 0},
	    {"100", 0, CRM_OK, 100},
	    {"100.0", 0, CRM_OK, 100},
	    {"100.5", 0, CRM_EDATA, 0},
	    {"1.234", 3, CRM_OK, 1234},
	    {"92233720368547758.07", 2, CRM_OK, INT64_MAX},
	    {"-92233720368547758.08", 2, CRM_OK, INT64_MIN},
	    {"92233720368547758.08", 2, CRM_EDATA, 0},
	    {"9223372036854775807", 2, CRM_EDATA, 0},
	    {"99999999999999999999999999", 2, CRM_EDATA, 0},
	    {"12,5", 2, CRM_EDATA, 0},
	    {"1,234.50", 2, CRM_EDATA, 0},
	    {"1e2", 2, CRM_EDATA, 0},
	    {"", 2, CRM_EDATA, 0},
	    {"-", 2, CRM_EDATA, 0},
	    {".50", 2, CRM_EDATA, 0},
	    {"5.", 2, CRM_EDATA, 0},
	    {"5..0", 2, CRM_EDATA, 0},
	    {"EUR 5", 2, CRM_EDATA, 0},
	    {"5 ", 2, CRM_EDATA, 0},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t v = 0;
		int code =
		    crm_money_parse(crm_str(rows[i].text), rows[i].digits, &v);

		if (code != rows[i].code || v != rows[i].want)
			fail_msg("'%s' at %u: %d, %lld", rows[i].text,
			    rows[i].digits, code, (long long)v);
	}
}

static void
money_is_written_with_exactly_its_places(void **state)
{
	static const struct {
		int64_t v;
		unsigned digits;
		const char *want;
	} rows[] = {
	    {1990, 2, "19.90"},
	    {5, 2, "0.05"},
	    {-5, 2, "-0.05"},
	    {0, 2, "0.00"},
	    {0, 0, "0"},
	    {-1234, 3, "-1.234"},
	    {INT64_MIN, 2, "-92233720368547758.08"},
	    {INT64_MAX, 0, "9223372036854775807"},
	};
	struct crm_buf b = {0};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		crm_buf_clear(&b);
		crm_money_put(&b, rows[i].v, rows[i].digits);
		if (!crm_str_is(crm_buf_str(&b), rows[i].want))
			fail_msg("row %zu: %s", i, crm_buf_cstr(&b));
	}
	crm_buf_release(&b);
}

static void
shares_go_to_the_largest_remainders(void **state)
{
	static const struct {
		int64_t total, w[4];
		size_t n;
		int64_t want[4];
	} rows[] = {
	    {100, {1, 1, 1}, 3, {34, 33, 33}},
	    {-100, {1, 1, 1}, 3, {-34, -33, -33}},
	    {100, {-1, -1, -1}, 3, {34, 33, 33}},
	    {100, {0, 0, 0}, 3, {34, 33, 33}},
	    {10, {1, 2, 3, 4}, 4, {1, 2, 3, 4}},
	    {5, {1, 0, 1, 0}, 4, {3, 0, 2, 0}},
	    {7, {10, 20, 70}, 3, {1, 1, 5}},
	    {0, {1, 2, 3}, 3, {0, 0, 0}},
	    {INT64_MIN, {INT64_MAX, INT64_MAX}, 2,
		{INT64_MIN / 2, INT64_MIN / 2}},
	    {INT64_MAX, {INT64_MIN, INT64_MIN}, 2,
		{INT64_MAX / 2 + 1, INT64_MAX / 2}},
	    {INT64_MIN, {1}, 1, {INT64_MIN}},
	};
	struct crm_err err;
	int64_t out[4];
	size_t i, k;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(crm_allocate(rows[i].total, rows[i].w,
				     rows[i].n, out, &err),
		    CRM_OK);
		for (k = 0; k < rows[i].n; k++)
			if (out[k] != rows[i].want[k])
				fail_msg("row %zu part %zu: %lld", i, k,
				    (long long)out[k]);
	}
	assert_int_equal(
	    crm_allocate(1, (int64_t[]){1, -1}, 2, out, &err), CRM_EDATA);
	assert_int_equal(crm_allocate(1, NULL, 0, out, &err), CRM_EDATA);
	assert_int_equal(crm_allocate(0, NULL, 0, out, &err), CRM_OK);
}

static void
parts_always_sum_to_the_total(void **state)
{
	struct crm_rand r;
	int64_t w[100], out[100];
	int round;

	(void)state;
	crm_rand_seed(&r, 1);
	for (round = 0; round < 2000; round++) {
		size_t n = 1 + (size_t)crm_rand_below(&r, 100), i;
		int64_t total = (int64_t)(crm_rand_next(&r) >> 20), sum = 0;

		if (round % 2)
			total = -total;
		for (i = 0; i < n; i++)
			w[i] = (int64_t)(crm_rand_next(&r) >>
					 (1 + crm_rand_below(&r, 63)));
		assert_int_equal(crm_allocate(total, w, n, out, NULL), CRM_OK);
		for (i = 0; i < n; i++) {
			assert_true(total < 0 ? out[i] <= 0 : out[i] >= 0);
			sum += out[i];
		}
		assert_true(sum == total);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sums_that_overflow_are_refused_and_change_nothing),
	    cmocka_unit_test(muldiv_rounds_half_away_from_zero),
	    cmocka_unit_test(integers_are_read_whole_or_not_at_all),
	    cmocka_unit_test(decimals_are_read_exactly_and_written_canonically),
	    cmocka_unit_test(decimal_arithmetic_gives_the_expected),
	    cmocka_unit_test(decimals_compare_across_scales),
	    cmocka_unit_test(a_decimal_at_another_scale_is_rounded),
	    cmocka_unit_test(a_double_becomes_the_nearest_decimal),
	    cmocka_unit_test(currencies_are_those_of_the_standard),
	    cmocka_unit_test(every_currency_is_found_where_the_table_has_it),
	    cmocka_unit_test(money_has_no_more_places_than_its_currency),
	    cmocka_unit_test(money_is_written_with_exactly_its_places),
	    cmocka_unit_test(shares_go_to_the_largest_remainders),
	    cmocka_unit_test(parts_always_sum_to_the_total),
	};

	return cmocka_run_group_tests_name("num", tests, NULL, NULL);
}
