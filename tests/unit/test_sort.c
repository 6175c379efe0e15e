/*
 * test_sort.c - sorting rows: beside a plain stable sort, in memory, by the
 * heap of a limit, and spilled in many runs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <crm/expr.h>
#include <crm/hash.h>

#include "query/query.h"

#define SIZE(a) (sizeof(a) / sizeof((a)[0]))

static const struct crm_field fields[] = {{"row", CRM_T_INT, 0, 1, 0, "", ""},
    {"name", CRM_T_TEXT, 0, 2, 0, "", ""},
    {"total", CRM_T_MONEY, 0, 3, 0, "", ""},
    {"weight", CRM_T_DECIMAL, 0, 4, 0, "", ""}};
enum { N = SIZE(fields), ROWS = 3000 };

struct sample {
	struct crm_value v[N];
	char name[40];
};

static struct sample *
make_rows(uint64_t seed)
{
	struct sample *s = calloc(ROWS, sizeof(*s));
	struct crm_rand rnd;

	assert_non_null(s);
	crm_rand_seed(&rnd, seed);
	for (int i = 0; i < ROWS; i++) {
		size_t n = crm_rand_below(&rnd, 4);

		/* Few values, so that many are equal, and some missing. */
		for (size_t k = 0; k < n; k++)
			s[i].name[k] = (char)('a' + crm_rand_below(&rnd, 3));
		if (n == 3 && i % 50 == 0) {
			memset(s[i].name + 3, 'x', 30);
			n = 33;
		}
		s[i].v[0] = crm_value_num(CRM_T_INT, i, 0);
		s[i].v[1] = crm_value_text((struct crm_str){s[i].name, n});
		if (crm_rand_below(&rnd, 9))
			s[i].v[2] = crm_value_num(CRM_T_MONEY,
			    (int64_t)crm_rand_below(&rnd, 20) - 10, 2);
		s[i].v[3] = crm_value_num(CRM_T_DECIMAL,
		    (int64_t)crm_rand_below(&rnd, 30),
		    (unsigned)crm_rand_below(&rnd, 2));
	}
	return s;
}

struct way {
	const char *spec;
	int column[3]; /* 1-based, falling when < 0, 0 the end */
};
static const struct way ways[] = {{"", {0}}, {"row", {1}}, {"-row", {-1}},
    {"name", {2}}, {"-name", {-2}}, {"-total,name", {-3, 2}},
    {"weight, -total , +name", {4, -3, 2}}, {"-weight", {-4}}};

static int
by_way(const void *a, const void *b, void *ctx)
{
	const struct sample *x = a, *y = b;
	const struct way *w = ctx;

	for (int i = 0; i < 3 && w->column[i]; i++) {
		int c = abs(w->column[i]) - 1;
		int r = crm_value_cmp(&x->v[c], &y->v[c]);

		if (r != 0)
			return w->column[i] < 0 ? -r : r;
	}
	return (int)(x->v[0].i - y->v[0].i);
}

static void
check_sorted(const struct sample *rows, const struct sample *want,
    const char *spec, uint64_t limit, size_t memory)
{
	struct crm_err err = {0};
	struct crm_sort *s;
	const struct crm_value *got;
	uint64_t n = 0;
	int r;

	assert_int_equal(
	    crm_sort_open(&s, fields, N, crm_str(spec), limit, "/tmp", &err),
	    CRM_OK);
	if (memory)
		crm_query_sort_memory(s, memory);
	for (int i = 0; i < ROWS; i++) {
		/* A copy that is gone: the sort keeps its own. */
		struct sample one = rows[i];

		one.v[1].s.p = one.name;
		assert_int_equal(crm_sort_add(s, one.v, &err), CRM_OK);
		memset(&one, 0x55, sizeof(one));
	}
	while ((r = crm_sort_next(s, &got, &err)) == CRM_OK) {
		for (int c = 0; c < N; c++)
			if (!crm_value_eq(&got[c], &want[n].v[c]))
				fail_msg("'%s' limit %d memory %zu: row %d, "
					 "column %s: %d, not %d",
				    spec, (int)limit, memory, (int)n,
				    fields[c].name, (int)got[0].i,
				    (int)want[n].v[0].i);
		n++;
	}
	assert_int_equal(r, CRM_NOTFOUND);
	assert_int_equal(n, limit > 0 && limit < ROWS ? limit : ROWS);
	assert_int_equal(crm_sort_next(s, &got, &err), CRM_NOTFOUND);
	crm_sort_release(s);
}

static void
rows_come_back_in_order_however_it_is_done(void **state)
{
	static const uint64_t limits[] = {0, 1, 10, 500, ROWS, 70000};

	(void)state;
	for (size_t w = 0; w < SIZE(ways); w++) {
		struct sample *rows = make_rows(w + 1);
		struct sample *want = make_rows(w + 1);

		for (int i = 0; i < ROWS; i++)
			want[i].v[1].s.p = rows[i].name;
		qsort_r(want, ROWS, sizeof(*want), by_way,
		    (void *)(uintptr_t)&ways[w]);
		for (size_t i = 0; i < SIZE(limits); i++) {
			check_sorted(rows, want, ways[w].spec, limits[i], 0);
			check_sorted(
			    rows, want, ways[w].spec, limits[i], 20000);
		}
		check_sorted(rows, want, ways[w].spec, 0, 2000);
		check_sorted(rows, want, ways[w].spec, 0, 1);
		free(rows);
		free(want);
	}
}

static void
large_texts_survive_the_runs(void **state)
{
	static const struct crm_field one[] = {
	    {"t", CRM_T_TEXT, 0, 1, 0, "", ""}};
	enum { BIG = 200000 };
	char *text = malloc(BIG);
	struct crm_sort *s;
	const struct crm_value *got;

	(void)state;
	assert_non_null(text);
	memset(text, 'y', BIG);
	assert_int_equal(
	    crm_sort_open(&s, one, 1, CRM_STR("t"), 0, "/tmp", NULL), CRM_OK);
	crm_query_sort_memory(s, 1);
	for (int i = 9; i >= 0; i--) {
		struct crm_value v;

		text[0] = (char)('a' + i);
		v = crm_value_text(
		    (struct crm_str){text, (size_t)(BIG - i * 1000)});
		assert_int_equal(crm_sort_add(s, &v, NULL), CRM_OK);
	}
	for (int i = 0; i < 10; i++) {
		assert_int_equal(crm_sort_next(s, &got, NULL), CRM_OK);
		assert_int_equal(got[0].s.p[0], 'a' + i);
		assert_int_equal(got[0].s.n, BIG - i * 1000);
		assert_int_equal(got[0].s.p[got[0].s.n - 1], 'y');
	}
	assert_int_equal(crm_sort_next(s, &got, NULL), CRM_NOTFOUND);
	crm_sort_release(s);
	free(text);
}

static void
nothing_sorts_to_nothing(void **state)
{
	struct crm_sort *s;
	const struct crm_value *got;

	(void)state;
	for (uint64_t limit = 0; limit < 2; limit++) {
		assert_int_equal(crm_sort_open(&s, fields, N, CRM_STR("name"),
				     limit, NULL, NULL),
		    CRM_OK);
		assert_int_equal(crm_sort_next(s, &got, NULL), CRM_NOTFOUND);
		crm_sort_release(s);
	}
	crm_sort_release(NULL);
}

static void
unknown_columns_are_named(void **state)
{
	static const struct {
		const char *spec, *text;
	} rows[] = {
	    {"-totl", "there is no 'totl' to sort by; did you mean 'total'?"},
	    {"name,zz", "there is no 'zz' to sort by"},
	    {"name,", "there is no '' to sort by"}};
	struct crm_sort *s;

	(void)state;
	for (size_t i = 0; i < SIZE(rows); i++) {
		struct crm_err err = {0};

		assert_int_equal(crm_sort_open(&s, fields, N,
				     crm_str(rows[i].spec), 0, NULL, &err),
		    CRM_EUSAGE);
		assert_string_equal(err.text, rows[i].text);
	}
}

static void
a_folder_that_is_not_there_is_an_error(void **state)
{
	struct crm_value v[N] = {{0}};
	struct crm_err err = {0};
	struct crm_sort *s;
	int r = CRM_OK;

	(void)state;
	assert_int_equal(crm_sort_open(&s, fields, N, CRM_STR("row"), 0,
			     "/nonexistent", &err),
	    CRM_OK);
	crm_query_sort_memory(s, 1000);
	for (int i = 0; i < 100 && r == CRM_OK; i++)
		r = crm_sort_add(s, v, &err);
	assert_true(r < 0);
	crm_sort_release(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rows_come_back_in_order_however_it_is_done),
	    cmocka_unit_test(large_texts_survive_the_runs),
	    cmocka_unit_test(nothing_sorts_to_nothing),
	    cmocka_unit_test(unknown_columns_are_named),
	    cmocka_unit_test(a_folder_that_is_not_there_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
