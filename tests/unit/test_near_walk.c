/*
 * Words with a letter wrong: the walk over the index finds what trying every
 * word finds, and that is what the definition says.
 */
#include "unit/tmpstore.h"

#include <crm/hash.h>
#include <crm/match.h>
#include <crm/utf8.h>

static void
one_letter_may_be_wrong(void **state)
{
	static const struct {
		const char *query, *word;
		unsigned quality;
	} rows[] = {
	    {"meyer", "meyer", 3},
	    {"mey", "meyer", 2},
	    {"meier", "meyer", 1},
	    {"meyr", "meyer", 1},
	    {"meeyer", "meyer", 1},
	    {"emyer", "meyer", 1},
	    {"meyre", "meyer", 1},
	    {"eyer", "meyer", 1},
	    {"meierh", "meyerhoff", 1}, /* the beginning of one */
	    {"meirr", "meyer", 0},
	    {"mieyr", "meyer", 0},
	    {"meyer", "mey", 0},
	    {"ann", "anna", 2},
	    {"ann", "an", 1},
	    {"ann", "nan", 1},
	    {"amn", "anna", 0}, /* short words: no beginnings */
	    {"an", "am", 0},
	    {"\xce\xb3\xce\xb9\xcf\x89", "\xce\xb3\xce\xb9\xce\xbf", 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct crm_near a;
		unsigned got;

		if (!crm_near_init(&a, crm_str(rows[i].query)))
			a.n = 0;
		got = crm_near_match(
		    &a, crm_str(rows[i].query), crm_str(rows[i].word));
		if (got != rows[i].quality)
			fail_msg(
			    "%s, %s: %u", rows[i].query, rows[i].word, got);
	}
}

static void
words_are_folded_and_joined_by_apostrophes(void **state)
{
	static const struct {
		const char *text;
		bool tails;
		const char *words; /* | between */
	} rows[] = {
	    {"Ann Meyer", true, "ann|meyer|"},
	    {"", true, ""},
	    {" -- ", true, ""},
	    {"O'Neill \xe2\x80\x99t", false, "oneill|t|"},
	    {"Stra\xc3\x9f"
	     "e 7b",
		true, "strasse|7b|"},
	    {"\xc5\x81ukasz", false, "lukasz|"},
	    {"\xe7\x8e\x8b\xe6\x98\x8e", false, "\xe7\x8e\x8b\xe6\x98\x8e|"},
	    {"\xe7\x8e\x8b\xe6\x98\x8e", true,
		"\xe7\x8e\x8b\xe6\x98\x8e|\xe6\x98\x8e|"},
	    {"A-B.c_d", false, "a|b|c|d|"},
	};
	struct crm_buf b = {0};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		crm_buf_clear(&b);
		assert_int_equal(crm_text_words(crm_str(rows[i].text),
				     rows[i].tails, &b, NULL),
		    CRM_OK);
		for (size_t j = 0; j < b.n; j++)
			b.p[j] = (char)(b.p[j] ? b.p[j] : '|');
		if (!crm_str_is(crm_buf_str(&b), rows[i].words))
			fail_msg("row %zu: '%s'", i, crm_buf_cstr(&b));
	}
	crm_buf_release(&b);
}

static void
long_words_are_cut_between_characters(void **state)
{
	struct crm_buf in = {0}, out = {0};

	(void)state;
	for (int i = 0; i < 200; i++)
		crm_buf_puts(&in, "a\xe6\x98\x8e");
	assert_int_equal(
	    crm_text_words(crm_buf_str(&in), true, &out, NULL), CRM_OK);
	assert_int_equal(strlen(out.p), CRM_WORD_MAX);
	for (size_t at = 0; at < out.n; at += strlen(out.p + at) + 1) {
		struct crm_str word = crm_str(out.p + at);

		assert_true(word.n <= CRM_WORD_MAX);
		assert_true(crm_utf8_valid(word, NULL));
	}
	crm_buf_release(&in);
	crm_buf_release(&out);
}

/* ---- the walk, against every word tried ---- */

enum { WORDS = 3000 };
static char words[WORDS][12];

static int
put_words(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	struct crm_buf key = {0}, sum = {0};
	int r = CRM_OK;

	(void)ctx;
	for (unsigned i = 0; i < WORDS && r == CRM_OK; i++) {
		crm_buf_clear(&key);
		crm_word_key(&key, CRM_K_CUSTOMER, crm_str(words[i]), i + 1);
		crm_buf_clear(&sum);
		crm_seal(CRM_TAB_INDEX, crm_buf_str(&key), &sum);
		r = crm_put(t, CRM_TAB_INDEX, crm_buf_str(&key),
		    crm_buf_str(&sum), 0, err);
	}
	crm_buf_release(&key);
	crm_buf_release(&sum);
	return r;
}

static int
note(void *ctx, const uint64_t *number, size_t n, unsigned quality,
    struct crm_err *err)
{
	(void)err;
	for (size_t i = 0; i < n; i++)
		((unsigned char *)ctx)[number[i]] = (unsigned char)quality;
	return CRM_OK;
}

static void
the_walk_finds_what_trying_every_word_finds(void **state)
{
	static const char letters[] = "abcde";
	static unsigned char found[WORDS + 1];
	struct tmpstore folder;
	struct crm_store *s;
	struct crm_rand rnd;
	struct crm_txn *t;
	struct crm_err err = {0};
	size_t hits = 0;

	(void)state;
	tmpstore_make(&folder);
	s = tmpstore_open(&folder, true);
	crm_rand_seed(&rnd, 5);
	for (unsigned i = 0; i < WORDS; i++) {
		size_t n = 1 + crm_rand_below(&rnd, 9);

		for (size_t j = 0; j < n; j++)
			words[i][j] = letters[crm_rand_below(&rnd, 5)];
	}
	assert_int_equal(
	    crm_txn_run(s, CRM_WRITE, put_words, NULL, &err), CRM_OK);
	assert_int_equal(crm_txn_begin(s, &t, &err), CRM_OK);
	for (unsigned round = 0; round < 300; round++) {
		char q[12] = "";
		struct crm_near a;
		size_t n = 3 + crm_rand_below(&rnd, 6);

		for (size_t j = 0; j < n; j++)
			q[j] = letters[crm_rand_below(&rnd, 5)];
		assert_true(crm_near_init(&a, crm_str(q)));
		memset(found, 0, sizeof found);
		if (crm_near_walk(t, &a, crm_str(q), 0, note, found, &err) < 0)
			fail_msg("%s: %s", q, err.text);
		for (unsigned i = 0; i < WORDS; i++) {
			unsigned m =
			    crm_near_match(&a, crm_str(q), crm_str(words[i]));

			hits += m > 0;
			if (m != found[i + 1])
				fail_msg("%s, %s: %u, found %u", q, words[i], m,
				    found[i + 1]);
		}
	}
	assert_true(hits > 1000);
	crm_txn_end(t);
	crm_store_close(s);
	tmpstore_remove(&folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_letter_may_be_wrong),
	    cmocka_unit_test(words_are_folded_and_joined_by_apostrophes),
	    cmocka_unit_test(long_words_are_cut_between_characters),
	    cmocka_unit_test(the_walk_finds_what_trying_every_word_finds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
