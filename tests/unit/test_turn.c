/*
 * test_turn.c - is p of a search what it says?  Against counts of all that can
 * be, and against many histories without a change.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <crm/shift.h>
#include <crm/stats.h>

enum { MANY = 20000 };

/* So large a share of p is at most a level, but for chance (4 deviations)? */
static void
at_most(const char *what, size_t n, double level, double share)
{
	double v = level * (1 - level) / MANY;

	if (share > level && (share - level) * (share - level) > 16 * v)
		fail_msg("%s of %zu: p <= %g in %g", what, n, level, share);
}

static int
cmp_real(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void
events_anywhere_seem_to_turn_as_often_as_p_says(void **state)
{
	static const size_t size[] = {2, 3, 6, 20, 70};
	struct crm_turns x = {0};
	struct crm_rand r;
	double u[70];

	(void)state;
	crm_rand_seed(&r, 11);
	for (size_t k = 0; k < sizeof size / sizeof *size; k++) {
		size_t n = size[k], few[3] = {0};

		for (int i = 0; i < MANY; i++) {
			struct crm_turn y;

			for (size_t j = 0; j < n; j++)
				u[j] = crm_rand_unit(&r);
			qsort(u, n, sizeof *u, cmp_real);
			assert_int_equal(
			    crm_turn_events(&x, u, n, &y, NULL), CRM_OK);
			few[0] += y.p <= 0.2;
			few[1] += y.p <= 0.05;
			few[2] += y.p <= 0.002;
		}
		at_most("events", n, 0.2, (double)few[0] / MANY);
		at_most("events", n, 0.05, (double)few[1] / MANY);
		at_most("events", n, 0.002, (double)few[2] / MANY);
		/* and not much more seldom: it is exact */
		if (few[0] < MANY * 18 / 100 || few[1] < MANY * 42 / 1000)
			fail_msg("%zu: %zu, %zu", n, few[0], few[1]);
	}
	crm_turns_release(&x);
}

static void
events_turn_where_they_do(void **state)
{
	static const struct {
		double u[8];
		size_t n, before;
		bool more;
	} row[] = {
	    {{0.1, 0.2, 0.3, 0.4}, 4, 4, false},
	    {{0.6, 0.7, 0.8, 0.9}, 4, 0, true},
	    {{0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.9}, 7, 6, false},
	    {{0.5, 0.91, 0.92, 0.93, 0.94, 0.942}, 6, 1, true},
	};
	struct crm_turns x = {0};
	struct crm_turn y;

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		assert_int_equal(
		    crm_turn_events(&x, row[i].u, row[i].n, &y, NULL), CRM_OK);
		if (y.before != row[i].before || y.more != row[i].more)
			fail_msg("row %zu: %zu before, %s", i, y.before,
			    y.more ? "more" : "less");
		assert_true(y.p > 0 && y.p < 0.25);
	}
	crm_turns_release(&x);
}

/* All sequences of `all` words in n orders: is p the share of those that are
 * as striking as each of them? */
static void
words_are_counted_exactly(void **state)
{
	const size_t n = 11, all = 4;
	double p[330];
	size_t count = 0, equal;
	struct crm_turns x = {0};
	bool has[11];

	(void)state;
	for (unsigned set = 0; set < 1U << n; set++) {
		struct crm_turn y;
		size_t with = 0;

		for (size_t i = 0; i < n; i++) {
			has[i] = set >> i & 1;
			with += has[i];
		}
		if (with != all)
			continue;
		assert_int_equal(crm_turn_word(&x, has, n, &y, NULL), CRM_OK);
		p[count++] = y.p;
	}
	assert_int_equal(count, 330);
	qsort(p, count, sizeof *p, cmp_real);
	for (size_t i = 0; i < count; i = equal) {
		double want, d;

		for (equal = i; equal < count && p[equal] <= p[i] + 1e-9;
		     equal++)
			;
		want = (double)equal / (double)count;
		d = p[i] - want;
		if (d > 1e-9 || d < -1e-9)
			fail_msg("%zu: %.12g, not %.12g", i, p[i], want);
	}
	assert_true(p[0] < 0.01);
	crm_turns_release(&x);
}

static void
one_word_in_place_of_another_is_found(void **state)
{
	struct crm_turns x = {0};
	struct crm_turn_words y;
	uint64_t words[20];

	(void)state;
	for (int i = 0; i < 20; i++) /* always 2; 0 and then 5 */
		words[i] = 4 | (i < 12 ? 1 : 32) | (i % 7 == 0 ? 8 : 0);
	assert_int_equal(crm_turn_words(&x, words, 20, 6, &y, NULL), CRM_OK);
	assert_int_equal(y.before, 12);
	assert_int_equal(y.word, 5);
	assert_true(y.p < 0.001 && y.more && y.other == 0);
	for (int i = 0; i < 20; i++) /* the same, and who buys neither */
		words[i] = i % 5 == 4 ? 16 : words[i];
	assert_int_equal(crm_turn_words(&x, words, 20, 6, &y, NULL), CRM_OK);
	assert_int_equal(y.before, 12);
	assert_true(y.word == 5 && y.other == 0 && y.p < 0.01 && y.more);
	for (int i = 0; i < 20; i++)
		words[i] = i < 2 ? 1 : 0;
	assert_int_equal(crm_turn_words(&x, words, 20, 6, &y, NULL), CRM_OK);
	assert_true(y.least > 1); /* nothing that three have */
	crm_turns_release(&x);
}

static void
ranks_seem_to_turn_no_more_often_than_p_says(void **state)
{
	static const struct {
		size_t n;
		uint64_t values; /* how many different ones */
	} row[] = {{8, 1000000}, {8, 3}, {20, 1000000}, {20, 2}, {60, 1000000},
	    {60, 4}};
	struct crm_rand r;
	int64_t v[60];
	double least;

	(void)state;
	crm_rand_seed(&r, 12);
	for (size_t k = 0; k < sizeof row / sizeof *row; k++) {
		size_t few[3] = {0};

		for (int i = 0; i < MANY; i++) {
			struct crm_turn y;

			for (size_t j = 0; j < row[k].n; j++)
				v[j] =
				    (int64_t)crm_rand_below(&r, row[k].values);
			assert_int_equal(
			    crm_turn_ranks(v, row[k].n, &least, &y, NULL),
			    CRM_OK);
			assert_true(y.p >= least * (1 - 1e-12));
			few[0] += y.p <= 0.2;
			few[1] += y.p <= 0.05;
			few[2] += y.p <= 0.002;
		}
		at_most("ranks", row[k].n, 0.2, (double)few[0] / MANY);
		at_most("ranks", row[k].n, 0.05, (double)few[1] / MANY);
		at_most("ranks", row[k].n, 0.002, (double)few[2] / MANY);
	}
	for (int j = 0; j < 40; j++)
		v[j] = j % 5 + (j < 25 ? 0 : 10);
	{
		struct crm_turn y;

		assert_int_equal(
		    crm_turn_ranks(v, 40, &least, &y, NULL), CRM_OK);
		assert_true(y.before == 24 || y.before == 25);
		assert_true(y.more && y.p < 0.001);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(events_anywhere_seem_to_turn_as_often_as_p_says),
	    cmocka_unit_test(events_turn_where_they_do),
	    cmocka_unit_test(words_are_counted_exactly),
	    cmocka_unit_test(one_word_in_place_of_another_is_found),
	    cmocka_unit_test(ranks_seem_to_turn_no_more_often_than_p_says),
	};

	return cmocka_run_group_tests_name("turn", tests, NULL, NULL);
}
