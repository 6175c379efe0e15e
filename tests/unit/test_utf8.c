/*
 * test_utf8.c - what text may enter, its folded forms, its width and how it
 * is shown.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <crm/utf8.h>

static void
code_points_come_back_from_their_bytes(void **state)
{
	static const int32_t edges[] = {0, 1, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff,
	    0xe000, 0xfffd, 0xffff, 0x10000, 0x10ffff};
	struct crm_buf b = {0};

	(void)state;
	for (size_t i = 0; i < sizeof edges / sizeof *edges; i++) {
		int32_t cp = -1;
		size_t n;

		crm_buf_clear(&b);
		crm_utf8_put(&b, edges[i]);
		n = crm_utf8_next(crm_buf_str(&b), &cp);
		if (n != b.n || cp != edges[i])
			fail_msg("U+%04X: %zu bytes, U+%04X", edges[i], n, cp);
		for (size_t k = 0; k < b.n; k++)
			assert_int_equal(
			    crm_utf8_next((struct crm_str){b.p, k}, &cp), 0);
	}
	crm_buf_release(&b);
}

static void
bad_utf8_is_found_where_it_is(void **state)
{
	const struct {
		struct crm_str s;
		size_t bad; /* SIZE_MAX: none */
	} rows[] = {
	    {CRM_STR(""), SIZE_MAX},
	    {CRM_STR("plain and a \xc3\xa9"), SIZE_MAX},
	    {CRM_STR("\xf0\x9f\x98\x80"), SIZE_MAX},
	    {CRM_STR("longer than eight bytes \xff"), 24},
	    {CRM_STR("\x80"), 0},
	    {CRM_STR("a\xc0\xaf"), 1}, /* overlong */
	    {CRM_STR("a\xe0\x80\xaf"), 1}, /* overlong */
	    {CRM_STR("a\xf0\x80\x80\xaf"), 1}, /* overlong */
	    {CRM_STR("\xed\xa0\x80"), 0}, /* surrogate */
	    {CRM_STR("\xf4\x90\x80\x80"), 0}, /* past U+10FFFF */
	    {CRM_STR("\xf5\x80\x80\x80"), 0},
	    {CRM_STR("ab\xe2\x82"), 2}, /* cut */
	    {CRM_STR("\xc3"
		     "a"),
		0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		size_t bad = SIZE_MAX;
		bool ok = crm_utf8_valid(rows[i].s, &bad);

		if (ok != (rows[i].bad == SIZE_MAX) || bad != rows[i].bad)
			fail_msg("row %zu: %d at %zu", i, ok, bad);
	}
}

#define LONG16 "sixteen bytes ok"

static void
text_enters_in_one_form(void **state)
{
	const struct {
		struct crm_str in, out;
	} rows[] = {
	    {CRM_STR(""), CRM_STR("")},
	    {CRM_STR("a\tb\nc"), CRM_STR("a\tb\nc")},
	    {CRM_STR("a\r\nb\rc\r"), CRM_STR("a\nb\nc\n")},
	    {CRM_STR("\r\r\n\n"), CRM_STR("\n\n\n")},
	    {CRM_STR("\\N =1+1 0x1F"), CRM_STR("\\N =1+1 0x1F")},
	    {CRM_STR("caf\xc3\xa9"), CRM_STR("caf\xc3\xa9")},
	    {CRM_STR("cafe\xcc\x81"), CRM_STR("caf\xc3\xa9")},
	    {CRM_STR(LONG16 "e\xcc\x81" LONG16),
		CRM_STR(LONG16 "\xc3\xa9" LONG16)},
	    /* a settled letter, then one that composes, then settled ones */
	    {CRM_STR("\xc3\xa9\xe4\xb8\xad"
		     "e\xcc\x81\xe4\xb8\xad"),
		CRM_STR("\xc3\xa9\xe4\xb8\xad\xc3\xa9\xe4\xb8\xad")},
	    /* marks out of order: U+0323 below goes before U+0307 above */
	    {CRM_STR("q\xcc\x87\xcc\xa3"), CRM_STR("q\xcc\xa3\xcc\x87")},
	    /* Hangul jamo, the Angstrom sign, a composition exclusion */
	    {CRM_STR("\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab"),
		CRM_STR("\xed\x95\x9c")},
	    {CRM_STR("\xed\x95\x98\xe1\x86\xab"), CRM_STR("\xed\x95\x9c")},
	    /* U+11A7 is no trailing consonant, though it lies beside them */
	    {CRM_STR("\xed\x95\x98\xe1\x86\xa7\xe1\x86\xa8"),
		CRM_STR("\xed\x95\x98\xe1\x86\xa7\xe1\x86\xa8")},
	    {CRM_STR("\xe2\x84\xab"), CRM_STR("\xc3\x85")},
	    {CRM_STR("\xe0\xa5\x98"), CRM_STR("\xe0\xa4\x95\xe0\xa4\xbc")},
	    {CRM_STR("\xe3\x81\x8b\xe3\x82\x99"), CRM_STR("\xe3\x81\x8c")},
	    {CRM_STR("\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7"),
		CRM_STR("\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7")},
	    {CRM_STR("\xcc\x81"
		     "a"),
		CRM_STR("\xcc\x81"
			"a")},
	    {CRM_STR("\xef\xac\x81"), CRM_STR("\xef\xac\x81")}, /* fi stays */
	};
	struct crm_buf b = {0};
	struct crm_err err = {0};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int code;

		crm_buf_clear(&b);
		crm_buf_puts(&b, "e"); /* is not composed with */
		code = crm_text_enter(rows[i].in, 0, NULL, &b, &err);
		if (code != CRM_OK)
			fail_msg("row %zu: %s", i, err.text);
		if (b.n != rows[i].out.n + 1 ||
		    memcmp(b.p + 1, rows[i].out.p, b.n - 1) != 0)
			fail_msg("row %zu gives '%s'", i, crm_buf_cstr(&b));
	}
	crm_buf_release(&b);
}

static void
text_that_may_not_enter_is_refused_or_cleaned(void **state)
{
	const struct {
		struct crm_str in, out;
		size_t count;
		const char *message;
	} rows[] = {
	    {CRM_STR("a\0b"),
		CRM_STR("a\xef\xbf\xbd"
			"b"),
		1,
		"control character U+0000 at offset 1: only tab and newline "
		"may be in text"},
	    {CRM_STR("12345678\x7f"), CRM_STR("12345678\xef\xbf\xbd"), 1,
		"control character U+007F at offset 8: only tab and newline "
		"may be in text"},
	    {CRM_STR("\x1b[1m"), CRM_STR("\xef\xbf\xbd[1m"), 1,
		"control character U+001B at offset 0: only tab and newline "
		"may be in text"},
	    {CRM_STR("\xc2\x85"), CRM_STR("\xef\xbf\xbd"), 1,
		"control character U+0085 at offset 0: only tab and newline "
		"may be in text"},
	    {CRM_STR("M\xfcller"), CRM_STR("M\xef\xbf\xbdller"), 1,
		"byte 0xFC at offset 1 is not UTF-8"},
	    /* a cut sequence is one fault, a surrogate three */
	    {CRM_STR("\xe2\x82"
		     "a"),
		CRM_STR("\xef\xbf\xbd"
			"a"),
		1, "byte 0xE2 at offset 0 is not UTF-8"},
	    {CRM_STR("\xed\xa0\x80"),
		CRM_STR("\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"), 3,
		"byte 0xED at offset 0 is not UTF-8"},
	};
	struct crm_buf b = {0};
	struct crm_err err;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		size_t count = 0;

		crm_buf_clear(&b);
		crm_buf_puts(&b, "x");
		if (crm_text_enter(rows[i].in, 0, NULL, &b, &err) !=
			CRM_EDATA ||
		    strcmp(err.text, rows[i].message) != 0 || b.n != 1)
			fail_msg("row %zu: %s", i, err.text);
		b.n = 0;
		assert_int_equal(crm_text_enter(rows[i].in, CRM_TEXT_CLEAN,
				     &count, &b, &err),
		    CRM_OK);
		if (!crm_str_eq(crm_buf_str(&b), rows[i].out) ||
		    count != rows[i].count)
			fail_msg("row %zu cleans %zu to '%s'", i, count,
			    crm_buf_cstr(&b));
	}
	crm_buf_release(&b);
}

static void
text_past_the_buffers_maximum_is_refused(void **state)
{
	struct crm_buf b = {.max = 6};
	struct crm_err err;

	(void)state;
	assert_int_equal(
	    crm_text_enter(CRM_STR("1234567"), 0, NULL, &b, &err), CRM_EDATA);
	crm_buf_clear(&b);
	assert_int_equal(
	    crm_text_enter(CRM_STR("12345\xc3\xa9"), 0, NULL, &b, &err),
	    CRM_EDATA);
	crm_buf_clear(&b);
	assert_int_equal(
	    crm_text_enter(CRM_STR("1234\xc3\xa9"), 0, NULL, &b, &err), CRM_OK);
	crm_buf_release(&b);
}

/*
 * Every code point alone and after a letter it might compose with: entering
 * again must change nothing, which is what the settled ranges promise.
 */
static void
entering_twice_changes_nothing(void **state)
{
	static const char *const before[] = {"", "a", "\xe4\xb8\xad",
	    "\xe1\x84\x92", "\xed\x95\x98", "e\xcc\xa3"};
	struct crm_buf in = {0}, once = {0}, twice = {0}, folded = {0};
	struct crm_err err;

	(void)state;
	for (int32_t cp = 0xa0; cp < 0x20000; cp++) {
		size_t i = (size_t)cp % (sizeof before / sizeof *before);

		if (cp >= 0xd800 && cp < 0xe000)
			continue;
		for (size_t round = 0; round < 2; round++, i = 0) {
			crm_buf_clear(&in);
			crm_buf_clear(&once);
			crm_buf_clear(&twice);
			crm_buf_clear(&folded);
			crm_buf_puts(&in, before[i]);
			crm_utf8_put(&in, cp);
			crm_text_enter(crm_buf_str(&in), 0, NULL, &once, &err);
			crm_text_enter(
			    crm_buf_str(&once), 0, NULL, &twice, &err);
			if (crm_text_plain(crm_buf_str(&in)) &&
			    !crm_str_eq(crm_buf_str(&in), crm_buf_str(&once)))
				fail_msg("U+%04X is not plain", cp);
			if (!crm_str_eq(
				crm_buf_str(&once), crm_buf_str(&twice)))
				fail_msg("U+%04X after '%s'", cp, before[i]);
			/* U+034F after it sends all of it through NFC. */
			crm_buf_puts(&once, "\xcd\x8f");
			crm_text_enter(
			    crm_buf_str(&once), 0, NULL, &folded, &err);
			if (!crm_str_eq(
				crm_buf_str(&once), crm_buf_str(&folded)))
				fail_msg("U+%04X is not settled", cp);
		}
	}
	crm_buf_release(&in);
	crm_buf_release(&once);
	crm_buf_release(&twice);
	crm_buf_release(&folded);
}

static void
a_long_run_of_marks_is_ordered_soon(void **state)
{
	enum { RUN = 200000 };
	struct crm_buf b = {0}, out = {0};
	struct crm_err err;

	(void)state;
	crm_buf_putc(&b, 'q');
	for (int i = 0; i < RUN; i++)
		crm_buf_puts(&b, i % 2 ? "\xcc\xa3" : "\xcc\x87");
	assert_int_equal(
	    crm_text_enter(crm_buf_str(&b), 0, NULL, &out, &err), CRM_OK);
	assert_int_equal(out.n, b.n);
	assert_memory_equal(out.p + 1, "\xcc\xa3\xcc\xa3", 4);
	assert_memory_equal(out.p + out.n - 4, "\xcc\x87\xcc\x87", 4);
	crm_buf_release(&b);
	crm_buf_release(&out);
}

static void
plain_text_is_recognised_at_any_place(void **state)
{
	char text[40];

	(void)state;
	for (int c = 0; c < 256; c++) {
		bool plain = (c >= 0x20 && c < 0x7f) || c == '\t' || c == '\n';

		for (size_t at = 0; at < sizeof text; at++) {
			memset(text, 'x', sizeof text);
			text[at] = (char)c;
			if (crm_text_plain(
				(struct crm_str){text, sizeof text}) != plain)
				fail_msg("byte %d at %zu", c, at);
		}
	}
}

static void
folding_ignores_case_and_searching_accents(void **state)
{
	static const struct {
		const char *in, *fold, *search;
	} rows[] = {
	    {"", "", ""},
	    {"Ann @[`{ ZOE", "ann @[`{ zoe", "ann @[`{ zoe"},
	    {"\xc3\x89LAN", "\xc3\xa9lan", "elan"},
	    {"Stra\xc3\x9f"
	     "e",
		"strasse", "strasse"},
	    {"E\xcc\x81", "\xc3\xa9", "e"},
	    {"\xce\xa3\xce\xaf\xcf\x82", "\xcf\x83\xce\xaf\xcf\x83",
		"\xcf\x83\xce\xb9\xcf\x83"},
	    {"\xd0\x99\xd0\x98", "\xd0\xb9\xd0\xb8", "\xd0\xb8\xd0\xb8"},
	    {"\xef\xac\x81 \xe2\x84\xa2", "fi \xe2\x84\xa2", "fi tm"},
	    {"co\xc2\xad"
	     "op \xc3\xa9",
		"co\xc2\xad"
		"op \xc3\xa9",
		"coop e"},
	    {"\xe4\xb8\xad", "\xe4\xb8\xad", "\xe4\xb8\xad"},
	};
	struct crm_buf b = {0};
	struct crm_err err;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		crm_buf_clear(&b);
		assert_int_equal(
		    crm_text_fold(crm_str(rows[i].in), &b, &err), CRM_OK);
		if (!crm_str_is(crm_buf_str(&b), rows[i].fold))
			fail_msg("row %zu folds to '%s'", i, crm_buf_cstr(&b));
		crm_buf_clear(&b);
		assert_int_equal(
		    crm_text_search(crm_str(rows[i].in), &b, &err), CRM_OK);
		if (!crm_str_is(crm_buf_str(&b), rows[i].search))
			fail_msg("row %zu searches '%s'", i, crm_buf_cstr(&b));
	}
	assert_int_equal(crm_text_fold(CRM_STR("\xff"), &b, &err), CRM_EDATA);
	crm_buf_release(&b);
}

#define FAMILY                                                                 \
	"\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91" \
	"\xa7"
#define DOTS "\xe2\x80\xa6"

static void
text_is_shown_safe_and_cut_between_clusters(void **state)
{
	const struct {
		struct crm_str in;
		size_t width;
		const char *out;
		size_t columns; /* of all of in */
	} rows[] = {
	    {CRM_STR("plain"), 0, "plain", 5},
	    {CRM_STR("plain"), 5, "plain", 5},
	    {CRM_STR("plain"), 4, "pla" DOTS, 5},
	    {CRM_STR("plain"), 1, DOTS, 5},
	    {CRM_STR("a\tb\nc\r\x1b[m"), 0, "a\\tb\\nc\\r\\e[m", 13},
	    {CRM_STR("\0\x07\x7f"), 0, "<U+0000><U+0007><U+007F>", 24},
	    {CRM_STR("\xc2\x9b"), 0, "<U+009B>", 8},
	    {CRM_STR("a\xe2\x80\xae"
		     "b"),
		0, "a<U+202E>b", 10},
	    {CRM_STR("\xd8\x9c\xe2\x81\xa6\xe2\x80\xa8"), 0,
		"<U+061C><U+2066><U+2028>", 24},
	    {CRM_STR("\xff\xc3"), 0, "<FF><C3>", 8},
	    {CRM_STR("ab\x1b"), 3, "ab" DOTS, 4},
	    {CRM_STR("\x1b\x1b"), 3, "\\e" DOTS, 4},
	    {CRM_STR("\xe4\xb8\xad\xe6\x96\x87"), 4, "\xe4\xb8\xad\xe6\x96\x87",
		4},
	    {CRM_STR("\xe4\xb8\xad\xe6\x96\x87"), 3, "\xe4\xb8\xad" DOTS, 4},
	    {CRM_STR("\xe4\xb8\xad\xe6\x96\x87"), 2, DOTS, 4},
	    {CRM_STR("e\xcc\x81"
		     "bc"),
		2, "e\xcc\x81" DOTS, 3},
	    {CRM_STR(FAMILY), 2, FAMILY, 2},
	    {CRM_STR(FAMILY FAMILY "x"), 4, FAMILY DOTS, 5},
	    {CRM_STR("1\xef\xb8\x8f\xe2\x83\xa3"), 0,
		"1\xef\xb8\x8f\xe2\x83\xa3", 2},
	};
	struct crm_buf b = {0};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		size_t columns = crm_text_width(rows[i].in);

		crm_buf_clear(&b);
		crm_text_show(&b, rows[i].in, rows[i].width);
		if (!crm_str_is(crm_buf_str(&b), rows[i].out))
			fail_msg("row %zu: '%s'", i, crm_buf_cstr(&b));
		if (columns != rows[i].columns)
			fail_msg("row %zu has %zu columns", i, columns);
	}
	crm_buf_release(&b);
}

static void
the_unicode_version_is_known(void **state)
{
	(void)state;
	assert_true(strtoul(crm_unicode_version(), NULL, 10) >= 14);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(code_points_come_back_from_their_bytes),
	    cmocka_unit_test(bad_utf8_is_found_where_it_is),
	    cmocka_unit_test(text_enters_in_one_form),
	    cmocka_unit_test(text_that_may_not_enter_is_refused_or_cleaned),
	    cmocka_unit_test(text_past_the_buffers_maximum_is_refused),
	    cmocka_unit_test(entering_twice_changes_nothing),
	    cmocka_unit_test(a_long_run_of_marks_is_ordered_soon),
	    cmocka_unit_test(plain_text_is_recognised_at_any_place),
	    cmocka_unit_test(folding_ignores_case_and_searching_accents),
	    cmocka_unit_test(text_is_shown_safe_and_cut_between_clusters),
	    cmocka_unit_test(the_unicode_version_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
