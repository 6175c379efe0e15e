/*
 * Grouping of items past memory, numbers of other notations, what a source
 * said last.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "import/import_parts.h"

enum { ITEMS = 5000, RECORDS = 300 };

/* Adds the same items to a group each time; far apart, of all sizes. */
static void
add_items(struct crm_imp_group *g)
{
	static char body[300];
	struct crm_rand rnd;

	memset(body, 'x', sizeof body);
	crm_rand_seed(&rnd, 7);
	for (uint64_t i = 0; i < ITEMS; i++) {
		char key[24];
		uint64_t ordinal = 1 + crm_rand_below(&rnd, RECORDS);
		struct crm_imp_view v = {.h = {.rank = (uint32_t)(ordinal % 3),
					     .ordinal = ordinal,
					     .row = i,
					     .line = i + 2}};

		snprintf(key, sizeof key, "k%llu", (unsigned long long)ordinal);
		v.key = crm_str(key);
		v.body = (struct crm_str){
		    body, (size_t)crm_rand_below(&rnd, sizeof body)};
		v.raw = (struct crm_str){body, i % 7};
		assert_int_equal(crm_imp_group_add(g, &v, NULL), CRM_OK);
	}
}

static void
check_group(const struct crm_imp_view *v, size_t n, size_t *items,
    struct crm_imp_item *last)
{
	char key[24];

	snprintf(key, sizeof key, "k%llu", (unsigned long long)v[0].h.ordinal);
	assert_true(
	    *items == 0 || last->rank < v[0].h.rank ||
	    (last->rank == v[0].h.rank && last->ordinal < v[0].h.ordinal));
	for (size_t i = 0; i < n; i++) {
		assert_true(crm_str_is(v[i].key, key));
		assert_int_equal(v[i].h.ordinal, v[0].h.ordinal);
		assert_int_equal(v[i].raw.n, v[i].h.row % 7);
		assert_true(i == 0 || v[i - 1].h.row < v[i].h.row);
	}
	*last = v[n - 1].h;
	*items += n;
}

static void
items_of_a_record_come_together_in_the_order_of_the_file(void **state)
{
	static const size_t memory[] = {64 << 20, 1 << 17, 1 << 14, 1};

	(void)state;
	for (size_t m = 0; m < sizeof memory / sizeof *memory; m++) {
		struct crm_imp_group g = {
		    .memory = memory[m], .spool = {.dir = "/tmp"}};
		struct crm_imp_item last = {0};
		size_t items = 0, groups = 0, n;
		struct crm_imp_view *v;
		int r;

		add_items(&g);
		while ((r = crm_imp_group_next(&g, &v, &n, NULL)) == CRM_OK) {
			check_group(v, n, &items, &last);
			groups++;
		}
		if (r != CRM_NOTFOUND || items != ITEMS || groups != RECORDS)
			fail_msg("memory %zu: code %d, %zu items, %zu groups",
			    memory[m], r, items, groups);
		crm_imp_group_release(&g);
	}
}

static void
no_items_are_no_records(void **state)
{
	struct crm_imp_group g = {.memory = 100};
	struct crm_imp_view *v;
	size_t n;

	(void)state;
	assert_int_equal(crm_imp_group_next(&g, &v, &n, NULL), CRM_NOTFOUND);
	crm_imp_group_release(&g);
}

static void
numbers_of_other_notations_become_ours(void **state)
{
	static const struct {
		char decimal, thousands;
		const char *text, *want; /* NULL: none */
	} rows[] = {
	    {'.', 0, "12.5", "12.5"},
	    {'.', 0, " -3 ", "-3"},
	    {'.', 0, "1,5", NULL},
	    {'.', ',', "1,234.50", "1234.50"},
	    {'.', ',', "1,23.50", NULL},
	    {'.', ',', ",123", NULL},
	    {'.', ',', "1,234", "1234"},
	    {',', '.', "1.234,50", "1234.50"},
	    {',', '.', "1.234.567,5", "1234567.5"},
	    {',', '.', "1.5", NULL},
	    {',', 0, "1.5", NULL},
	    {',', 0, "0,333", "0.333"},
	    {',', 0, "1,2,3", NULL},
	    {',', ' ', "12 345,6", "12345.6"},
	    {',', '\'', "12'345,6", "12345.6"},
	    {',', '.', "4,440892e-16", "4.440892e-16"},
	    {'.', 0, "", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct crm_import_dialect d = {
		    .decimal = rows[i].decimal, .thousands = rows[i].thousands};
		struct crm_buf b = {0};
		bool good = crm_imp_number_text(&d, crm_str(rows[i].text), &b);

		if (good != (rows[i].want != NULL) ||
		    (good && !crm_str_is(crm_buf_str(&b), rows[i].want)))
			fail_msg("row %zu, '%s': %d '%.*s'", i, rows[i].text,
			    good, (int)b.n, b.p ? b.p : "");
		crm_buf_release(&b);
	}
}

static void
a_value_comes_back_from_an_item(void **state)
{
	static const struct crm_field text = {.name = "x", .type = CRM_T_TEXT};
	struct crm_value in[] = {{0}, crm_value_text(CRM_STR("tab\tülé")),
	    crm_value_num(CRM_T_MONEY, -123456, 2),
	    crm_value_num(CRM_T_DECIMAL, INT64_MIN, 12),
	    crm_value_num(CRM_T_TIME, 1700000000, 0),
	    crm_value_id(CRM_K_CUSTOMER, 42)};
	struct crm_buf b = {0};
	struct crm_str s;

	(void)state;
	in[5].part = CRM_IMP_ORDINAL;
	for (size_t i = 0; i < sizeof in / sizeof *in; i++)
		crm_imp_value_put(&b, &in[i]);
	s = crm_buf_str(&b);
	for (size_t i = 0; i < sizeof in / sizeof *in; i++) {
		struct crm_value v;

		assert_int_equal(
		    crm_imp_value_take(&s, &text, &v, NULL), CRM_OK);
		assert_int_equal(v.type, in[i].type);
		assert_int_equal(v.part, in[i].part);
		assert_true(crm_value_eq(&v, &in[i]));
		assert_int_equal(crm_imp_hash(&v), crm_imp_hash(&in[i]));
	}
	assert_int_equal(s.n, 0);
	crm_buf_release(&b);
}

static void
what_a_source_takes_back_is_not_kept(void **state)
{
	struct crm_arena a = {0};
	struct crm_imp_said s = {.number = 7};
	struct crm_imp_said_row *row;
	struct crm_buf b = {0};
	uint32_t old;
	size_t full;

	(void)state;
	for (uint32_t tag = 1; tag <= 20; tag++)
		assert_int_equal(
		    crm_imp_said_field(&s, tag, tag * 3, &old, &a), CRM_OK);
	row = crm_imp_said_add(&s, 2, 99, &a);
	assert_non_null(row);
	row->no = 4;
	crm_imp_said_encode(&s, &b);
	full = b.n;
	assert_int_equal(crm_imp_said_field(&s, 5, 0, &old, &a), CRM_OK);
	assert_int_equal(old, 15);
	assert_ptr_equal(crm_imp_said_find(&s, 2, 99), row);
	row->no = 0;
	assert_null(crm_imp_said_find(&s, 2, 99));
	crm_buf_clear(&b);
	crm_imp_said_encode(&s, &b);
	assert_true(b.n < full);
	crm_buf_release(&b);
	crm_arena_release(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		items_of_a_record_come_together_in_the_order_of_the_file),
	    cmocka_unit_test(no_items_are_no_records),
	    cmocka_unit_test(numbers_of_other_notations_become_ours),
	    cmocka_unit_test(a_value_comes_back_from_an_item),
	    cmocka_unit_test(what_a_source_takes_back_is_not_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
