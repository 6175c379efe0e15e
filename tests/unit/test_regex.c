/*
 * test_regex.c - patterns: a table, the C library's answers on random small
 * patterns, and time that stays linear.
 */
#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include <crm/expr.h>
#include <crm/hash.h>
#include <crm/utf8.h>

#define SIZE(a) (sizeof(a) / sizeof((a)[0]))

static void
patterns_match_anywhere(void **state)
{
	static const struct {
		const char *pattern, *yes[4], *no[4];
	} rows[] = {
	    {"", {"", "x"}, {0}},
	    {"abc", {"abc", "xabcx"}, {"", "ab", "aBc"}},
	    {"^abc", {"abc", "abcd"}, {"xabc"}},
	    {"abc$", {"abc", "xabc"}, {"abcx"}},
	    {"^abc$", {"abc"}, {"abcx", "xabc", ""}},
	    {"^$", {""}, {"x", "\n"}},
	    {"^", {"", "x"}, {0}},
	    {"$", {"", "x"}, {0}},
	    {"a.c", {"abc", "a\nc", "aüc", "a😀c"}, {"ac", "aüüc"}},
	    {"ab*c", {"ac", "abc", "abbbc"}, {"adc"}},
	    {"ab+c", {"abc", "abbc"}, {"ac"}},
	    {"ab?c", {"ac", "abc"}, {"abbc"}},
	    {"ab{2}c", {"abbc"}, {"abc", "abbbc"}},
	    {"ab{2,}c", {"abbc", "abbbbc"}, {"abc"}},
	    {"ab{1,2}c", {"abc", "abbc"}, {"ac", "abbbc"}},
	    {"ab{0}c", {"ac"}, {"abc"}},
	    {"^(ab){2,3}$", {"abab", "ababab"}, {"ab", "abababab"}},
	    {"^a{3}{2}$", {"aaaaaa"}, {"aaa", "aaaaa"}},
	    {"a{", {"a{"}, {"a"}},
	    {"a{x", {"a{x"}, {"ax"}},
	    {"x|yz", {"x", "ayz"}, {"y", "z", ""}},
	    {"^(x|yz)$", {"x", "yz"}, {"xyz", "y"}},
	    {"^(a|)b$", {"ab", "b"}, {"aab"}},
	    {"^(|a)+$", {"", "aaa"}, {"b"}},
	    {"^(?:ab)+$", {"ab", "abab"}, {"aba"}},
	    {"^(a*)*$", {"", "aaa"}, {"ab"}},
	    {"^(a*)+b$", {"b", "aab"}, {"a"}},
	    {"^((a|b)*c)*$", {"", "abc", "acbbc"}, {"a", "cab"}},
	    {"^[a-c]+$", {"abc"}, {"d", ""}},
	    {"^[^a-c]+$", {"d", "ü\n"}, {"a", ""}},
	    {"^[]a]+$", {"]a]"}, {"b"}},
	    {"^[^]a]+$", {"b"}, {"]", "a"}},
	    {"^[a-]+$", {"a-"}, {"b"}},
	    {"^[-a]+$", {"a-"}, {"b"}},
	    {"^[+--]+$", {"+,-"}, {"*", "."}},
	    {"^[ä-ü]+$", {"äöü"}, {"a", "z"}},
	    {"^[\\]\\\\]+$", {"]\\"}, {"["}},
	    {"^[\\w.-]+$", {"a.b-c_1ü"}, {"a b"}},
	    {"^[^\\d]+$", {"abc"}, {"a1"}},
	    {"^[\\D]+$", {"abc"}, {"1"}},
	    {"^[[:alpha:]]+$", {"abÜß東"}, {"a1", " "}},
	    {"^[[:digit:][:space:]]+$", {"1 2\t3"}, {"a"}},
	    {"^[[:upper:]]+$", {"ÄÖ"}, {"ä", "1"}},
	    {"^[[:lower:]]+$", {"äß"}, {"Ä"}},
	    {"^[[:alnum:]]+$", {"a1ü"}, {"_"}},
	    {"^[[:punct:]]+$", {".,;+$", "«»"}, {"a", " "}},
	    {"^[[:blank:]]+$", {" \t"}, {"\n"}},
	    {"^[[:xdigit:]]+$", {"0fF"}, {"g"}},
	    {"^[[:print:]]+$", {"a b"}, {"\t"}},
	    {"^[[:graph:]]+$", {"ab"}, {"a b"}},
	    {"[[:cntrl:]]", {"\001"}, {"a"}},
	    {"^[^[:alpha:]]$", {"1"}, {"a"}},
	    {"^\\d{3}$", {"123"}, {"12", "1234", "١٢٣"}},
	    {"^\\w+$", {"a_1ü"}, {"a-b"}},
	    {"^\\s$", {" ", "\n", "\xc2\xa0"}, {"x"}},
	    {"^\\S\\W\\D$", {"a.b"}, {" .b", "aab", "a.1"}},
	    {"\\bcat\\b", {"cat", "a cat!", "cat."}, {"cats", "concat"}},
	    {"\\Bcat", {"concat"}, {"cat", "a cat"}},
	    {"^\\b", {"a"}, {"", "."}},
	    {"\\bü", {"a ü"}, {"aü"}},
	    {"\\$\\.\\*\\(\\[\\^\\|\\{", {"$.*([^|{"}, {"a"}},
	    {"\\t\\n\\r", {"\t\n\r"}, {"tnr"}},
	    {"^\\+49", {"+491"}, {"49"}},
	    {"(?i)straße", {"STRAßE", "Straße"}, {"strasse"}},
	    {"(?i)^müller$", {"MÜLLER", "Müller"}, {"mueller"}},
	    {"(?i)^[a-c]+$", {"AbC"}, {"d"}},
	    {"(?i)^[^a]$", {"b"}, {"a", "A"}},
	    {"(?i)123", {"0123"}, {"12"}},
	    {"a^b", {0}, {"ab", "a^b"}},
	    {"a$b", {0}, {"ab", "a$b"}},
	    {"(^a|b$)", {"ax", "xb"}, {"xa", "bx", "xax"}},
	    {"(a+|b+)*c", {"aabbc", "c"}, {"aabb"}},
	    {"日本|東京", {"東京都", "日本"}, {"日", "京"}},
	    {"meyer.*burg$", {"meyer, hamburg"}, {"meyer, hamburg x"}},
	    {"a**", {"", "a"}, {0}},
	    {"x*?y", {"y", "xy"}, {"x"}},
	};

	(void)state;
	for (size_t i = 0; i < SIZE(rows); i++) {
		struct crm_regex *r;
		struct crm_err err = {0};

		if (crm_regex_compile(
			&r, crm_str(rows[i].pattern), false, &err) < 0)
			fail_msg("%s: %s", rows[i].pattern, err.text);
		for (size_t k = 0; k < 4; k++) {
			const char *yes = rows[i].yes[k], *no = rows[i].no[k];

			if (yes && !crm_regex_match(r, crm_str(yes)))
				fail_msg("'%s' does not match '%s'",
				    rows[i].pattern, yes);
			if (no && crm_regex_match(r, crm_str(no)))
				fail_msg(
				    "'%s' matches '%s'", rows[i].pattern, no);
		}
		crm_regex_release(r);
	}
}

static void
mistakes_in_patterns_are_named(void **state)
{
	static const struct {
		const char *pattern, *text;
	} rows[] = {
	    {"(ab", "a '(' is not closed, at byte 4 of the pattern '(ab'"},
	    {"ab)", "a ')' without '(', at byte 3 of the pattern 'ab)'"},
	    {"[ab", "a '[' is not closed, at byte 4 of the pattern '[ab'"},
	    {"[", "a '[' is not closed, at byte 2 of the pattern '['"},
	    {"[\\", "a '[' is not closed, at byte 3 of the pattern '[\\'"},
	    {"*a", "nothing to repeat, at byte 1 of the pattern '*a'"},
	    {"a|*b", "nothing to repeat, at byte 3 of the pattern 'a|*b'"},
	    {"(+)", "nothing to repeat, at byte 2 of the pattern '(+)'"},
	    {"a{2,1}",
		"a count that goes down, at byte 7 of the pattern 'a{2,1}'"},
	    {"a{2000}",
		"a count above 1000, at byte 8 of the pattern 'a{2000}'"},
	    {"a{2,x}", "'{' wants {m}, {m,} or {m,n}, at byte 5 of the "
		       "pattern 'a{2,x}'"},
	    {"(a)\\1", "there are no references back, at byte 5 of the pattern "
		       "'(a)\\1'"},
	    {"a\\", "a backslash at the end, at byte 3 of the pattern 'a\\'"},
	    {"\\q", "unknown escape, at byte 3 of the pattern '\\q'"},
	    {"[\\q]", "unknown escape, at byte 4 of the pattern '[\\q]'"},
	    {"[b-a]", "a range that goes down, at byte 5 of the pattern "
		      "'[b-a]'"},
	    {"[[:letter:]]",
		"there is no class of this name, at byte 2 of the pattern "
		"'[[:letter:]]'"},
	    {"[[:alpha]]",
		"a class is written [:alpha:], at byte 2 of the pattern "
		"'[[:alpha]]'"},
	    {"[[=a=]]", "no class can stand here, at byte 2 of the pattern "
			"'[[=a=]]'"},
	    {"(?=a)",
		"only (?: and, first of all, (?i) are known, at byte 2 of the "
		"pattern '(?=a)'"},
	    {"a\xff", "the pattern is not UTF-8"},
	    {"((a{1000}){1000}){1000}",
		"the pattern is too large: its counts make it more than 4096 "
		"steps"},
	    {"((((){1000}){1000}){1000}){1000}", "the pattern is too large"},
	};

	(void)state;
	for (size_t i = 0; i < SIZE(rows); i++) {
		struct crm_regex *r = NULL;
		struct crm_err err = {0};
		int code = crm_regex_compile(
		    &r, crm_str(rows[i].pattern), false, &err);

		if (code != CRM_EUSAGE || r)
			fail_msg("'%s' gave %d", rows[i].pattern, code);
		if (strcmp(err.text, rows[i].text) != 0)
			fail_msg("'%s' said: %s", rows[i].pattern, err.text);
	}
}

static void
depth_and_length_are_bounded(void **state)
{
	struct crm_buf b = {0};
	struct crm_regex *r;

	(void)state;
	for (int i = 0; i < 101; i++)
		crm_buf_putc(&b, '(');
	for (int i = 0; i < 101; i++)
		crm_buf_putc(&b, ')');
	assert_int_equal(
	    crm_regex_compile(&r, crm_buf_str(&b), false, NULL), CRM_EUSAGE);
	crm_buf_clear(&b);
	for (int i = 0; i < 4097; i++)
		crm_buf_putc(&b, 'a');
	assert_int_equal(
	    crm_regex_compile(&r, crm_buf_str(&b), false, NULL), CRM_EUSAGE);
	b.n = 4000;
	assert_int_equal(
	    crm_regex_compile(&r, crm_buf_str(&b), true, NULL), CRM_OK);
	assert_true(crm_regex_match(r, crm_buf_str(&b)));
	crm_regex_release(r);
	crm_buf_release(&b);
	crm_regex_release(NULL);
}

/* ---- beside the C library ---- */

static void
make_pattern(struct crm_rand *rnd, struct crm_buf *b, unsigned depth)
{
	static const char *const atoms[] = {
	    "a", "b", "c", ".", "[ab]", "[^a]", "[b-c]"};
	static const char *const repeats[] = {
	    "*", "+", "?", "{2}", "{1,2}", "{2,}", "{0,3}"};
	unsigned n = 1 + (unsigned)crm_rand_below(rnd, 4);

	for (unsigned i = 0; i < n; i++) {
		uint64_t what = crm_rand_below(rnd, 12);

		if (what < 2 && depth > 0) {
			crm_buf_putc(b, '(');
			make_pattern(rnd, b, depth - 1);
			if (what == 1) {
				crm_buf_putc(b, '|');
				make_pattern(rnd, b, depth - 1);
			}
			crm_buf_putc(b, ')');
		} else {
			crm_buf_puts(
			    b, atoms[crm_rand_below(rnd, SIZE(atoms))]);
		}
		if (crm_rand_below(rnd, 3) == 0)
			crm_buf_puts(
			    b, repeats[crm_rand_below(rnd, SIZE(repeats))]);
	}
}

static void
small_patterns_agree_with_the_c_library(void **state)
{
	struct crm_buf b = {0};
	struct crm_rand rnd;

	(void)state;
	crm_rand_seed(&rnd, 7);
	for (int i = 0; i < 4000; i++) {
		struct crm_regex *r;
		regex_t posix;
		const char *p;

		crm_buf_clear(&b);
		if (crm_rand_below(&rnd, 3) == 0)
			crm_buf_putc(&b, '^');
		make_pattern(&rnd, &b, 2);
		if (crm_rand_below(&rnd, 3) == 0)
			crm_buf_putc(&b, '$');
		p = crm_buf_cstr(&b);
		if (crm_regex_compile(&r, crm_str(p), false, NULL) < 0)
			fail_msg("'%s' does not compile", p);
		assert_int_equal(
		    regcomp(&posix, p, REG_EXTENDED | REG_NOSUB), 0);
		for (int k = 0; k < 30; k++) {
			char text[12];
			size_t n = crm_rand_below(&rnd, sizeof(text));

			for (size_t c = 0; c < n; c++)
				text[c] = (char)('a' + crm_rand_below(&rnd, 4));
			text[n] = '\0';
			if (crm_regex_match(r, (struct crm_str){text, n}) !=
			    (regexec(&posix, text, 0, NULL, 0) == 0))
				fail_msg("'%s' on '%s' differs", p, text);
		}
		regfree(&posix);
		crm_regex_release(r);
	}
	crm_buf_release(&b);
}

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Patterns that take backtracking matchers for ever, and this one's caches. */
static void
time_is_linear_whatever_the_pattern(void **state)
{
	static const char *const patterns[] = {"^(a*)*$", "^(a|aa)+$",
	    "^(a|a?)+$", "(x+x+)+y", "(a?){50}a{50}", "(a|b)*a(a|b){12}$",
	    "(.*)(.*)(.*)(.*)(.*)[^a]$", "\\b(\\w*\\b)*!"};
	struct crm_buf b = {0};
	struct crm_rand rnd;
	double begin = seconds();

	(void)state;
	crm_rand_seed(&rnd, 3);
	for (int i = 0; i < 100000; i++)
		crm_buf_putc(&b, crm_rand_below(&rnd, 2) ? 'a' : 'b');
	for (size_t i = 0; i < SIZE(patterns); i++) {
		struct crm_regex *r;

		assert_int_equal(
		    crm_regex_compile(&r, crm_str(patterns[i]), false, NULL),
		    CRM_OK);
		crm_regex_match(r, crm_buf_str(&b));
		crm_regex_release(r);
	}
	if (seconds() - begin > 20)
		fail_msg("took %.1f s", seconds() - begin);
	crm_buf_release(&b);
}

/* More classes of characters than are kept, and bad bytes. */
static void
many_classes_of_characters_are_told_apart(void **state)
{
	struct crm_buf b = {0};
	struct crm_regex *r;

	(void)state;
	for (int i = 0; i < 200; i++) {
		crm_buf_puts(&b, i ? "|" : "^(");
		crm_utf8_put(&b, 0x4e00 + i);
	}
	crm_buf_puts(&b, ")+$");
	assert_int_equal(
	    crm_regex_compile(&r, crm_buf_str(&b), false, NULL), CRM_OK);
	for (int round = 0; round < 3; round++)
		for (int i = 0; i < 210; i++) {
			crm_buf_clear(&b);
			crm_utf8_put(&b, 0x4e00 + (i * 7) % 200);
			crm_utf8_put(&b, 0x4e00 + i);
			if (crm_regex_match(r, crm_buf_str(&b)) != (i < 200))
				fail_msg("U+%X", 0x4e00 + i);
		}
	assert_false(crm_regex_match(r, CRM_STR("\xff\xfe")));
	crm_regex_release(r);
	crm_buf_release(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(patterns_match_anywhere),
	    cmocka_unit_test(mistakes_in_patterns_are_named),
	    cmocka_unit_test(depth_and_length_are_bounded),
	    cmocka_unit_test(small_patterns_agree_with_the_c_library),
	    cmocka_unit_test(time_is_linear_whatever_the_pattern),
	    cmocka_unit_test(many_classes_of_characters_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
