/*
 * test_buf.c - errors, views, buffers, numbers in bytes, arenas.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <crm/buf.h>

static void
an_error_keeps_its_code_and_text(void **state)
{
	struct crm_err err = {0};

	(void)state;
	assert_int_equal(
	    crm_err_set(&err, CRM_EDATA, "'%s' is not it", "x"), CRM_EDATA);
	assert_int_equal(err.code, CRM_EDATA);
	assert_string_equal(err.text, "'x' is not it");
	crm_err_place(&err, "orders.tsv", 17);
	crm_err_field(&err, "total and more", 5);
	crm_err_hint(&err, "try %d", 3);
	assert_string_equal(err.place, "orders.tsv:17");
	assert_string_equal(err.field, "total");
	assert_string_equal(err.hint, "try 3");
	crm_err_set(&err, CRM_EIO, "row: %s", err.text);
	assert_string_equal(err.text, "row: 'x' is not it");
	assert_string_equal(err.place, "");
	assert_string_equal(err.hint, "");
	crm_err_place(&err, "x", 0);
	assert_string_equal(err.place, "x");
}

static void
an_error_may_be_null(void **state)
{
	(void)state;
	assert_int_equal(crm_err_set(NULL, CRM_NO, "no"), CRM_NO);
	assert_int_equal(crm_err_sys(NULL, CRM_EIO, 2, "x"), CRM_EIO);
	assert_int_equal(crm_err_nomem(NULL), CRM_ENOMEM);
	crm_err_place(NULL, "x", 1);
	crm_err_field(NULL, "x", 1);
	crm_err_hint(NULL, "x");
}

static void
an_error_cannot_drive_a_terminal(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
	    {"a\x1b[31mb", "a?[31mb"},
	    {"a\nb\tc\x7f", "a?b?c?"},
	    {"\xc2\x9b"
	     "0m",
		"?0m"},
	    {"\xe2\x80\xae"
	     "abc",
		"?abc"},
	    {"\xff\xc3", "??"},
	    {"caf\xc3\xa9", "caf\xc3\xa9"},
	};
	struct crm_err err;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		crm_err_set(&err, CRM_EDATA, "%s", rows[i].in);
		if (strcmp(err.text, rows[i].out) != 0)
			fail_msg("row %zu gives '%s'", i, err.text);
		crm_err_place(&err, rows[i].in, 0);
		assert_string_equal(err.place, rows[i].out);
	}
}

static void
a_long_error_is_cut_between_characters(void **state)
{
	struct crm_err err;
	char text[2000];

	(void)state;
	for (size_t shift = 0; shift < 2; shift++) {
		memset(text, 'x', sizeof text);
		for (size_t i = shift; i + 2 < sizeof text; i += 2)
			memcpy(text + i, "\xc3\xa9", 2);
		text[sizeof text - 1] = '\0';
		crm_err_set(&err, CRM_EDATA, "%s", text);
		assert_true(strlen(err.text) >= CRM_ERR_TEXT - 3);
		assert_memory_equal(err.text, text, strlen(err.text));
		assert_int_equal((strlen(err.text) - shift) % 2, 0);
		crm_err_place(&err, text, 123456);
		assert_non_null(strstr(err.place, ":123456"));
	}
}

static void
a_system_error_names_its_reason(void **state)
{
	struct crm_err err;

	(void)state;
	crm_err_sys(&err, CRM_ENOINPUT, 2, "open '%s'", "f");
	assert_string_equal(err.text, "open 'f': No such file or directory");
}

static void
codes_have_the_exit_status_of_the_contract(void **state)
{
	static const struct {
		int code, status;
	} rows[] = {{CRM_OK, 0}, {CRM_NOTFOUND, 1}, {CRM_NO, 1},
	    {CRM_PARTLY, 2}, {CRM_EUSAGE, 64}, {CRM_EDATA, 65},
	    {CRM_ENOINPUT, 66}, {CRM_EHELPER, 69}, {CRM_EBUG, 70},
	    {CRM_ENOMEM, 75}, {CRM_ECREATE, 73}, {CRM_EIO, 74}, {CRM_EBUSY, 75},
	    {CRM_EDAMAGE, 74}, {CRM_EPERM, 77}, {CRM_ECONFIG, 78}, {-1000, 70},
	    {5, 70}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (crm_code_exit(rows[i].code) != rows[i].status)
			fail_msg("code %d exits %d", rows[i].code,
			    crm_code_exit(rows[i].code));
}

static void
views_compare_trim_and_split(void **state)
{
	struct crm_str rest = crm_str("a,,b"), part;
	struct crm_str blank = crm_str_trim(CRM_STR(" \t "));

	(void)state;
	assert_true(crm_str_cmp(CRM_STR("ab"), CRM_STR("abc")) < 0);
	assert_true(crm_str_cmp(CRM_STR("b"), CRM_STR("abc")) > 0);
	assert_true(crm_str_cmp(CRM_STR("\xff"), CRM_STR("a")) > 0);
	assert_int_equal(crm_str_cmp(crm_str(NULL), CRM_STR("")), 0);
	assert_int_equal(blank.n, 0);
	assert_true(crm_str_is(crm_str_trim(CRM_STR(" a b\t")), "a b"));
	assert_true(crm_str_starts(CRM_STR("abc"), CRM_STR("ab")));
	assert_true(crm_str_starts(CRM_STR("abc"), crm_str(NULL)));
	assert_false(crm_str_starts(CRM_STR("a"), CRM_STR("ab")));

	assert_true(crm_str_split(&rest, ',', &part));
	assert_true(crm_str_is(part, "a"));
	assert_true(crm_str_split(&rest, ',', &part));
	assert_true(crm_str_is(part, ""));
	assert_true(crm_str_split(&rest, ',', &part));
	assert_true(crm_str_is(part, "b"));
	assert_false(crm_str_split(&rest, ',', &part));
	rest = crm_str("a,");
	assert_true(crm_str_split(&rest, ',', &part));
	assert_true(crm_str_split(&rest, ',', &part));
	assert_int_equal(part.n, 0);
	assert_false(crm_str_split(&rest, ',', &part));
}

static void
a_buffer_puts_text_and_numbers(void **state)
{
	struct crm_buf b = {0};
	struct crm_err err;
	char wide[400];

	(void)state;
	crm_buf_putc(&b, '<');
	crm_buf_puts(&b, "a");
	crm_buf_putstr(&b, crm_str(NULL));
	crm_buf_putu(&b, 0);
	crm_buf_putc(&b, ' ');
	crm_buf_putu(&b, UINT64_MAX);
	crm_buf_putc(&b, ' ');
	crm_buf_puti(&b, INT64_MIN);
	crm_buf_puti(&b, 7);
	crm_buf_putf(&b, " %d%s", 4, "x");
	assert_string_equal(crm_buf_cstr(&b),
	    "<a0 18446744073709551615 -92233720368547758087 4x");
	assert_int_equal(crm_buf_check(&b, &err), CRM_OK);

	memset(wide, 'w', sizeof wide);
	wide[sizeof wide - 1] = '\0';
	crm_buf_clear(&b);
	crm_buf_putf(&b, "%s!", wide);
	assert_int_equal(b.n, sizeof wide);
	assert_int_equal(b.p[b.n - 1], '!');
	crm_buf_release(&b);
	crm_buf_release(&b);
	assert_int_equal(crm_buf_str(&b).n, 0);
	assert_non_null(crm_buf_str(&b).p);
}

static void
a_full_buffer_fails_once_and_stays_failed(void **state)
{
	struct crm_buf b = {.max = 300};
	struct crm_err err;
	char wide[301];

	(void)state;
	memset(wide, 'w', sizeof wide - 1);
	wide[sizeof wide - 1] = '\0';
	crm_buf_putf(&b, "%s", wide);
	assert_int_equal(b.fail, 0);
	assert_int_equal(b.n, 300);
	assert_non_null(crm_buf_cstr(&b));
	crm_buf_putc(&b, 'x');
	assert_int_equal(b.fail, CRM_EDATA);
	crm_buf_puts(&b, "x");
	crm_buf_putf(&b, "x");
	assert_int_equal(b.n, 300);
	assert_int_equal(crm_buf_check(&b, &err), CRM_EDATA);
	assert_null(crm_buf_cstr(&b));

	crm_buf_clear(&b);
	crm_buf_puts(&b, "again");
	assert_int_equal(crm_buf_check(&b, &err), CRM_OK);
	assert_string_equal(crm_buf_cstr(&b), "again");
	/* A put that would not fit leaves room that putc must not use. */
	crm_buf_put(&b, wide, 299);
	crm_buf_putc(&b, 'x');
	assert_int_equal(b.n, 5);
	crm_buf_release(&b);
	assert_int_equal(b.max, 300);
}

static void
varints_come_back(void **state)
{
	static const struct {
		uint64_t v;
		size_t n;
	} rows[] = {{0, 1}, {1, 1}, {127, 1}, {128, 2}, {16383, 2}, {16384, 3},
	    {UINT32_MAX, 5}, {(uint64_t)1 << 63, 10}, {UINT64_MAX, 10}};
	static const int64_t signs[] = {
	    0, -1, 1, -64, 64, INT32_MIN, INT64_MIN, INT64_MAX};
	struct crm_buf b = {0};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct crm_str s;
		uint64_t v = 0;

		crm_buf_clear(&b);
		crm_buf_putvar(&b, rows[i].v);
		if (b.n != rows[i].n)
			fail_msg("row %zu takes %zu bytes", i, b.n);
		for (size_t n = 0; n < b.n; n++) {
			s = (struct crm_str){b.p, n};
			assert_false(crm_take_var(&s, &v));
			assert_int_equal(s.n, n);
		}
		s = crm_buf_str(&b);
		assert_true(crm_take_var(&s, &v));
		assert_int_equal(s.n, 0);
		if (v != rows[i].v)
			fail_msg("row %zu comes back as %ju", i, (uintmax_t)v);
	}
	for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
		struct crm_str s;
		int64_t v = 0;

		crm_buf_clear(&b);
		crm_buf_putzig(&b, signs[i]);
		s = crm_buf_str(&b);
		assert_true(crm_take_zig(&s, &v));
		if (v != signs[i])
			fail_msg("row %zu comes back as %jd", i, (intmax_t)v);
	}
	crm_buf_release(&b);
}

static void
a_varint_of_more_than_64_bits_is_refused(void **state)
{
	struct crm_str s = CRM_STR("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02");
	uint64_t v;

	(void)state;
	assert_false(crm_take_var(&s, &v));
	s = CRM_STR("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01");
	assert_false(crm_take_var(&s, &v));
}

static void
big_endian_numbers_sort_as_bytes(void **state)
{
	struct crm_buf b = {0};
	struct crm_str s, part;
	uint64_t v = 0;

	(void)state;
	crm_buf_putbe(&b, 0x0102030405060708, 8);
	crm_buf_putbe(&b, 0x0102, 2);
	assert_memory_equal(b.p, "\1\2\3\4\5\6\7\10\1\2", 10);
	s = crm_buf_str(&b);
	assert_true(crm_take_be(&s, 8, &v));
	assert_true(v == 0x0102030405060708);
	assert_false(crm_take_be(&s, 3, &v));
	assert_true(crm_take_bytes(&s, 1, &part));
	assert_memory_equal(part.p, "\1", 1);
	assert_true(crm_take_be(&s, 1, &v));
	assert_int_equal(v, 2);
	assert_false(crm_take_bytes(&s, 1, &part));
	assert_true(crm_take_bytes(&s, 0, &part));
	crm_buf_release(&b);
}

static void
an_array_grows_and_keeps_its_elements(void **state)
{
	uint64_t *v = NULL;
	size_t cap = 0;

	(void)state;
	for (size_t i = 0; i < 1000; i++) {
		assert_true(crm_grow(&v, &cap, i, sizeof *v));
		v[i] = i;
	}
	for (size_t i = 0; i < 1000; i++)
		assert_int_equal(v[i], i);
	assert_false(crm_grow(&v, &cap, SIZE_MAX / 4, sizeof *v));
	assert_int_equal(v[999], 999);
	free(v);
}

static void
an_arena_hands_out_apart_and_aligned_memory(void **state)
{
	struct crm_arena a = {0};
	unsigned char *p[200];

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < 200; i++) {
			size_t n = i % 50 == 49 ? 100000 : i * 7;

			p[i] = i % 2 ? crm_arena_alloc(&a, n)
				     : crm_arena_zalloc(&a, n);
			assert_non_null(p[i]);
			assert_int_equal((uintptr_t)p[i] % 16, 0);
			for (size_t k = 0; i % 2 == 0 && k < n; k++)
				assert_int_equal(p[i][k], 0);
			memset(p[i], (int)i, n);
		}
		for (size_t i = 0; i < 200; i++)
			for (size_t k = 0; k < i * 7 && i % 50 != 49; k++)
				assert_int_equal(p[i][k], i);
		crm_arena_reset(&a);
	}
	crm_arena_release(&a);
	crm_arena_release(&a);
}

static void
an_arena_copies_strings_with_a_nul(void **state)
{
	struct crm_arena a = {0};
	struct crm_str x = crm_arena_str(&a, (struct crm_str){"abcd", 2});
	struct crm_str y = crm_arena_str(&a, crm_str(NULL));

	(void)state;
	assert_string_equal(x.p, "ab");
	assert_int_equal(x.n, 2);
	assert_string_equal(y.p, "");
	assert_int_equal((uintptr_t)crm_arena_alloc(&a, 3) % 16, 0);
	assert_null(crm_arena_alloc(&a, SIZE_MAX - 4));
	assert_null(crm_arena_str(&a, (struct crm_str){"", SIZE_MAX}).p);
	crm_arena_release(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_error_keeps_its_code_and_text),
	    cmocka_unit_test(an_error_may_be_null),
	    cmocka_unit_test(an_error_cannot_drive_a_terminal),
	    cmocka_unit_test(a_long_error_is_cut_between_characters),
	    cmocka_unit_test(a_system_error_names_its_reason),
	    cmocka_unit_test(codes_have_the_exit_status_of_the_contract),
	    cmocka_unit_test(views_compare_trim_and_split),
	    cmocka_unit_test(a_buffer_puts_text_and_numbers),
	    cmocka_unit_test(a_full_buffer_fails_once_and_stays_failed),
	    cmocka_unit_test(varints_come_back),
	    cmocka_unit_test(a_varint_of_more_than_64_bits_is_refused),
	    cmocka_unit_test(big_endian_numbers_sort_as_bytes),
	    cmocka_unit_test(an_array_grows_and_keeps_its_elements),
	    cmocka_unit_test(an_arena_hands_out_apart_and_aligned_memory),
	    cmocka_unit_test(an_arena_copies_strings_with_a_nul),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
