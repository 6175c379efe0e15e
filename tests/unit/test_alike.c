/*
 * test_alike.c - likeness of words, against published examples.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <crm/dedupe.h>

/* ASCII, as code points. */
static struct crm_word
word(const char *s, uint32_t room[300])
{
	struct crm_word w = {room, 0};

	for (; s[w.n] && w.n < 300; w.n++)
		room[w.n] = (unsigned char)s[w.n];
	return w;
}

static void
jaro_winkler_gives_the_published_values(void **state)
{
	/* Winkler 1990 and 2006, table of names. */
	static const struct {
		const char *a, *b;
		double value;
	} rows[] = {
	    {"shackleford", "shackelford", 0.982},
	    {"dunningham", "cunnigham", 0.896},
	    {"nichleson", "nichulson", 0.956},
	    {"jones", "johnson", 0.832},
	    {"massey", "massie", 0.933},
	    {"abroms", "abrams", 0.922},
	    {"dwayne", "duane", 0.840},
	    {"martha", "marhta", 0.961},
	    {"dixon", "dicksonx", 0.813},
	    {"michelle", "michael", 0.921},
	    {"same", "same", 1},
	    {"abc", "xyz", 0},
	    {"", "abc", 0},
	    {"", "", 1},
	};
	uint32_t x[300], y[300];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct crm_word a = word(rows[i].a, x), b = word(rows[i].b, y);

		if (fabs(crm_word_jaro(a, b) - rows[i].value) > 0.0006)
			fail_msg("%s %s: %.4f", rows[i].a, rows[i].b,
			    crm_word_jaro(a, b));
		if (crm_word_jaro(a, b) != crm_word_jaro(b, a))
			fail_msg("%s %s: another the other way", rows[i].a,
			    rows[i].b);
	}
}

static void
edits_are_counted_up_to_a_limit(void **state)
{
	static const struct {
		const char *a, *b;
		size_t max, apart;
	} rows[] = {
	    {"kitten", "sitting", 5, 3},
	    {"kitten", "sitting", 2, 3},
	    {"abcd", "abdc", 5, 1},
	    {"ca", "abc", 5, 3}, /* 2 without the restriction of OSA */
	    {"", "abc", 5, 3},
	    {"abc", "", 2, 3},
	    {"same", "same", 0, 0},
	    {"a", "b", 0, 1},
	    {"5280", "5820", 2, 1},
	    {"meier", "mayer", 2, 2},
	    {"xxmeier", "meierxx", 9, 4},
	};
	uint32_t x[300], y[300];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct crm_word a = word(rows[i].a, x), b = word(rows[i].b, y);

		if (crm_word_apart(a, b, rows[i].max) != rows[i].apart ||
		    crm_word_apart(b, a, rows[i].max) != rows[i].apart)
			fail_msg("%s %s: %zu", rows[i].a, rows[i].b,
			    crm_word_apart(a, b, rows[i].max));
	}
}

static void
names_sound_as_postel_has_them(void **state)
{
	static const struct {
		const char *name, *sound;
	} rows[] = {
	    {"muellerluedenscheidt", "65752682"},
	    {"muller", "657"},
	    {"mueller", "657"},
	    {"wikipedia", "3412"},
	    {"breschnew", "17863"},
	    {"heithabu", "021"},
	    {"schmidt", "862"},
	    {"schmitt", "862"},
	    {"meyer", "67"},
	    {"maier", "67"},
	    {"philipp", "351"},
	    {"xaver", "4837"},
	    {"", ""},
	};
	uint32_t x[300];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct crm_buf b = {.max = 100};

		crm_word_sound(word(rows[i].name, x), &b);
		if (!crm_str_is(crm_buf_str(&b), rows[i].sound))
			fail_msg("%s: %.*s, not %s", rows[i].name, (int)b.n,
			    b.p, rows[i].sound);
		crm_buf_release(&b);
	}
}

static void
texts_of_any_length_are_cut_not_overrun(void **state)
{
	static uint32_t x[1000], y[1000];
	struct crm_word a = {x, 1000}, b = {y, 999};

	(void)state;
	for (uint32_t i = 0; i < 1000; i++) {
		x[i] = i % 7 + 'a';
		y[i] = i % 5 + 'a';
	}
	assert_true(crm_word_jaro(a, b) > 0 && crm_word_jaro(a, b) <= 1);
	assert_int_equal(crm_word_apart(a, b, 3), 4);
	assert_int_equal(crm_word_apart(a, a, 3), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(jaro_winkler_gives_the_published_values),
	    cmocka_unit_test(edits_are_counted_up_to_a_limit),
	    cmocka_unit_test(names_sound_as_postel_has_them),
	    cmocka_unit_test(texts_of_any_length_are_cut_not_overrun),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
