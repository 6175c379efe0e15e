/*
 * test_members.c - sets of customers, and their text.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <crm/hash.h>
#include <crm/segment.h>

#include "model/party_parts.h"

static void
put(struct crm_members *m, uint64_t number)
{
	assert_int_equal(crm_members_put(m, number, NULL), CRM_OK);
}

static void
the_text_has_runs_in_turn(void **state)
{
	struct crm_members m = {0}, again = {0};
	struct crm_buf b = {0};
	uint64_t n = 0;

	(void)state;
	put(&m, 50);
	put(&m, 41);
	put(&m, 42);
	put(&m, 42);
	assert_int_equal(m.count, 3);
	assert_int_equal(crm_members_text(&m, 0, 1000, &b, &n), UINT64_MAX);
	assert_string_equal(crm_buf_cstr(&b), "41 2 7 1");
	assert_int_equal(n, 3);
	assert_int_equal(
	    crm_members_take(&again, crm_buf_str(&b), true, NULL), CRM_OK);
	assert_int_equal(again.count, 3);
	assert_true(crm_members_has(&again, 50));
	assert_false(crm_members_has(&again, 43));
	crm_buf_release(&b);
	crm_members_release(&m);
	crm_members_release(&again);
}

/* Sets of every density, in pieces of every size. */
static void
pieces_of_a_set_add_up_to_it(void **state)
{
	static const unsigned per_mille[] = {0, 1, 20, 500, 990, 1000};
	struct crm_rand rand;

	(void)state;
	crm_rand_seed(&rand, 3);
	for (size_t d = 0; d < sizeof per_mille / sizeof *per_mille; d++)
		for (size_t most = 1; most < 3000; most = most * 3 + 1) {
			struct crm_members m = {0}, sum = {0};
			uint64_t from = 0, n = 0, a, b;

			for (uint64_t i = 1; i < 2000; i++)
				if (crm_rand_below(&rand, 1000) < per_mille[d])
					put(&m, i);
			while (from != UINT64_MAX) {
				struct crm_buf text = {0};

				from =
				    crm_members_text(&m, from, most, &text, &n);
				assert_int_equal(
				    crm_members_take(
					&sum, crm_buf_str(&text), true, NULL),
				    CRM_OK);
				crm_buf_release(&text);
			}
			crm_members_less(&m, &sum, NULL, &a, NULL);
			crm_members_less(&sum, &m, NULL, &b, NULL);
			if (a != 0 || b != 0 || n != m.count ||
			    sum.count != m.count)
				fail_msg("%u of 1000, pieces of %zu bytes",
				    per_mille[d], most);
			crm_members_release(&m);
			crm_members_release(&sum);
		}
}

static void
what_is_taken_out_is_gone(void **state)
{
	struct crm_members m = {0}, gone = {0};
	uint64_t n;

	(void)state;
	assert_int_equal(
	    crm_members_take(&m, CRM_STR("0 200"), true, NULL), CRM_OK);
	assert_int_equal(
	    crm_members_take(&m, CRM_STR("60 70 1000 5"), false, NULL), CRM_OK);
	assert_int_equal(m.count, 130);
	assert_int_equal(crm_members_next(&m, 60), 130);
	assert_int_equal(crm_members_next(&m, 200), UINT64_MAX);
	crm_members_drop(&m, 130);
	crm_members_drop(&m, 130);
	crm_members_drop(&m, 1000000);
	assert_int_equal(m.count, 129);
	put(&gone, 7);
	put(&gone, 500);
	assert_int_equal(crm_members_less(&gone, &m, NULL, &n, NULL), CRM_OK);
	assert_int_equal(n, 1);
	crm_members_release(&m);
	crm_members_release(&gone);
}

static void
a_text_that_is_none_is_refused(void **state)
{
	static const char *const rows[] = {"1", "1 2 3", "x 1", "1 x", "1  1",
	    "-1 1", "1 0", "1 -1", " 1 1", "1 1 ", "0 1073741825",
	    "1073741824 1", "9223372036854775807 1", "1 99999999999999999999"};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct crm_members m = {0};
		struct crm_err err = {0};

		if (crm_members_take(&m, crm_str(rows[i]), true, &err) !=
			CRM_EDAMAGE ||
		    err.text[0] == '\0')
			fail_msg("'%s' was taken", rows[i]);
		crm_members_release(&m);
	}
}

static void
a_number_past_any_shop_is_refused(void **state)
{
	struct crm_members m = {0};
	struct crm_err err = {0};

	(void)state;
	assert_int_equal(crm_members_put(&m, UINT64_MAX, &err), CRM_EDATA);
	assert_int_equal(m.count, 0);
}

/* What the model fills by place is what the table has there. */
static void
fields_filled_by_place_are_where_they_are_thought(void **state)
{
	static const struct {
		int place;
		const char *name;
	} rows[] = {{CRM_C_STAGE, "stage"}, {CRM_C_ORDERS, "orders"},
	    {CRM_C_FIRST_ORDER, "first_order"},
	    {CRM_C_LAST_ORDER, "last_order"}, {CRM_C_REVENUE, "revenue"},
	    {CRM_C_ROLES, "roles"}, {CRM_C_STAGE_SINCE, "stage_since"},
	    {CRM_C_OWNER, "owner"}, {CRM_C_SPENT, "spent"},
	    {CRM_C_REFUNDED, "refunded"}, {CRM_C_DISCOUNTS, "discounts"},
	    {CRM_C_COST, "cost"}, {CRM_C_ITEMS, "items"},
	    {CRM_C_RETURNS, "returns"}, {CRM_C_OPEN_TICKETS, "open_tickets"},
	    {CRM_C_TICKETS, "tickets"}, {CRM_C_TOUCHES, "touches"},
	    {CRM_C_LAST_TOUCH, "last_touch"}};
	static struct crm_schema schema;
	const struct crm_kind *k = &schema.kind[CRM_K_CUSTOMER];

	(void)state;
	assert_int_equal(crm_schema_init(&schema, NULL, NULL), CRM_OK);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_string_equal(
		    k->fields[rows[i].place].name, rows[i].name);
	assert_int_equal(crm_kind_part(k, CRM_STR("role")), CRM_C_PART_ROLE);
	crm_schema_release(&schema);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_text_has_runs_in_turn),
	    cmocka_unit_test(pieces_of_a_set_add_up_to_it),
	    cmocka_unit_test(what_is_taken_out_is_gone),
	    cmocka_unit_test(a_text_that_is_none_is_refused),
	    cmocka_unit_test(a_number_past_any_shop_is_refused),
	    cmocka_unit_test(fields_filled_by_place_are_where_they_are_thought),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
