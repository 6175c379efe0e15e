/*
 * test_trips.c - baskets in the order of time, needs and wishes counted by
 * hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <crm/suggest.h>

struct line {
	const char *customer, *order, *product;
	int day;
};

/* Sales of lines; days from 1970 on. */
static void
fill(struct crm_sales *x, const struct line *line, size_t n)
{
	*x = (struct crm_sales){0};
	x->want = x->has = CRM_SALES(CUSTOMER) | CRM_SALES(ORDER) |
			   CRM_SALES(PRODUCT) | CRM_SALES(PLACED);
	for (size_t i = 0; i < n; i++) {
		struct crm_sales_row row = {0};

		row.text[CRM_SALES_CUSTOMER] = crm_str(line[i].customer);
		row.text[CRM_SALES_ORDER] = crm_str(line[i].order);
		row.text[CRM_SALES_PRODUCT] = crm_str(line[i].product);
		row.num[CRM_SALES_PLACED] = (int64_t)line[i].day * 86400;
		assert_int_equal(crm_sales_add(x, &row, NULL), CRM_OK);
	}
	assert_int_equal(crm_sales_done(x, NULL), CRM_OK);
}

/* Milk every ten days by two, once by a third; a lamp by all once. */
static const struct line shop[] = {
    {"ann", "1", "milk", 100},
    {"ann", "2", "milk", 110},
    {"bob", "4", "lamp", 100},
    {"ann", "3", "milk", 120},
    {"bob", "4", "milk", 100},
    {"bob", "5", "milk", 110},
    {"bob", "6", "milk", 120},
    {"bob", "7", "milk", 135},
    {"cat", "8", "milk", 130},
    {"cat", "8", "lamp", 130},
    {"ann", "9", "lamp", 105},
    {"ann", "9", "lamp", 105},
    {"dan", "10", "tea", 90},
    {"dan", "11", "tea", 97},
};
enum { LINES = sizeof shop / sizeof *shop };
enum { ANN, BOB, CAT, DAN };
enum { LAMP, MILK, TEA };

static void
trips_are_in_order_of_time(void **state)
{
	static const uint32_t first[] = {0, 4, 8, 9, 11};
	struct crm_sales x;
	struct crm_trips t = {0}, early;

	(void)state;
	fill(&x, shop, LINES);
	assert_int_equal(crm_trips_make(&t, &x, NULL), CRM_OK);
	assert_int_equal(t.ncustomers, 4);
	assert_memory_equal(t.first, first, sizeof first);
	assert_int_equal(t.time[1], 105 * 86400);
	assert_int_equal(t.b.item[t.b.start[1]], LAMP);
	assert_int_equal(t.b.start[2] - t.b.start[1], 1);
	assert_int_equal(t.b.start[5] - t.b.start[4], 2);
	assert_int_equal(
	    crm_trips_before(&early, &t, (int64_t)110 * 86400, NULL), CRM_OK);
	assert_int_equal(early.b.n, 5);
	assert_int_equal(early.first[CAT], 3);
	assert_int_equal(early.first[DAN], 3);
	crm_trips_release(&early);
	crm_trips_release(&t);
	crm_sales_release(&x);
}

static const struct crm_need *
need_of(const struct crm_needs *needs, uint32_t customer, uint32_t item)
{
	for (size_t i = 0; i < needs->n; i++)
		if (needs->v[i].customer == customer &&
		    needs->v[i].item == item)
			return &needs->v[i];
	return NULL;
}

static void
gaps_are_drawn_to_those_of_all(void **state)
{
	struct crm_calendar utc = {0};
	struct crm_needs needs = {0};
	const struct crm_need *n;
	struct crm_sales x;
	struct crm_trips t = {0};

	(void)state;
	fill(&x, shop, LINES);
	assert_int_equal(crm_trips_make(&t, &x, NULL), CRM_OK);
	assert_int_equal(crm_needs_find(&needs, &t, &utc, NULL, NULL), CRM_OK);
	/* all: 5 gaps of 55 days, mean 11; ann: 2 of 20: (20 + 22) / 4 */
	n = need_of(&needs, ANN, MILK);
	assert_non_null(n);
	assert_int_equal(n->gaps, 2);
	assert_int_equal(n->all_gaps, 5);
	assert_int_equal(n->all_days, 55);
	assert_int_equal(n->buyers, 3);
	assert_int_equal(n->again, 2);
	assert_int_equal(n->due, 120 + 11); /* 10.5, half up */
	/* bob: 3 of 35: (35 + 22) / 5 = 11.4 */
	assert_int_equal(need_of(&needs, BOB, MILK)->due, 135 + 11);
	/* cat has no gap of her own, but two of three buyers came again */
	assert_int_equal(need_of(&needs, CAT, MILK)->due, 130 + 11);
	/* nobody bought a lamp again; of tea there is one gap */
	assert_null(need_of(&needs, ANN, LAMP));
	assert_null(need_of(&needs, DAN, TEA));
	assert_int_equal(needs.unknown, 4);
	crm_needs_release(&needs);
	crm_trips_release(&t);
	crm_sales_release(&x);
}

static void
near(const char *what, double got, double want)
{
	double d = got < want ? want - got : got - want;

	if (!(d < 1e-12))
		fail_msg("%s: %.17g, not %.17g", what, got, want);
}

static void
wishes_are_habits_and_what_goes_with_them(void **state)
{
	struct crm_taste_options opt = {.min = 1};
	struct crm_wishes w = {0};
	struct crm_pairs *pairs;
	struct crm_taste *taste;
	struct crm_sales x;
	struct crm_trips t = {0};
	double mean, rate, again;

	(void)state;
	fill(&x, shop, LINES);
	assert_int_equal(crm_trips_make(&t, &x, NULL), CRM_OK);
	assert_int_equal(crm_pairs_open(&pairs, &t.b, 1, NULL), CRM_OK);
	assert_int_equal(crm_taste_open(&taste, &t, pairs, &opt, NULL), CRM_OK);
	assert_int_equal(crm_taste_of(taste, ANN, 5, &w, NULL), CRM_OK);
	assert_int_equal(w.trips, 4);
	assert_int_equal(w.items, 2);
	assert_int_equal(w.n, 2);
	assert_int_equal(w.v[0].item, MILK);
	/* Bought again of chances: milk 2 + 3 of 3 + 3 (ann's lamp trip is
	 * one), lamp 0 of 2 + 3, tea 1 of 1. */
	mean = 6.0 / 12;
	rate = (5 + 20 * mean) / (6 + 20);
	/* ann's trips back: 120 1, 110 .9, 105 .81, 100 .729 (the first) */
	again = (1 + .9 + 10 * rate) / (1 + .9 + .81 + 10);
	near("again", w.v[0].again, again);
	assert_int_equal(w.v[0].bought, 3);
	assert_int_equal(w.v[0].last, (int64_t)120 * 86400);
	/* Lamp and milk are together twice in 11 baskets, with 3 and 8 of
	 * them: less than chance, so they do not go together. */
	near("with", w.v[0].with, 0);
	near("score", w.v[0].score, again);
	crm_taste_close(taste);

	opt.bought = -1;
	assert_int_equal(crm_taste_open(&taste, &t, pairs, &opt, NULL), CRM_OK);
	assert_int_equal(crm_taste_of(taste, ANN, 5, &w, NULL), CRM_OK);
	assert_int_equal(w.n, 0);
	crm_taste_close(taste);

	opt.fill = true;
	assert_int_equal(crm_taste_open(&taste, &t, pairs, &opt, NULL), CRM_OK);
	assert_int_equal(crm_taste_of(taste, ANN, 5, &w, NULL), CRM_OK);
	assert_int_equal(w.n, 1);
	assert_int_equal(w.v[0].item, TEA);
	near("popular", w.v[0].score, 2.0 / 11);
	crm_taste_close(taste);
	crm_wishes_release(&w);
	crm_pairs_close(pairs);
	crm_trips_release(&t);
	crm_sales_release(&x);
}

static void
a_trial_tells_what_was_right(void **state)
{
	struct crm_taste_options opt = {.min = 1};
	struct crm_trial trial;
	struct crm_sales x;
	struct crm_trips t = {0};

	(void)state;
	fill(&x, shop, LINES);
	assert_int_equal(crm_trips_make(&t, &x, NULL), CRM_OK);
	/* ann and bob have a trip before day 115 and one after, with milk;
	 * cat has none before, dan none after */
	assert_int_equal(
	    crm_taste_try(&trial, &t, (int64_t)115 * 86400, 1, &opt, NULL),
	    CRM_OK);
	assert_int_equal(trial.customers, 2);
	assert_int_equal(trial.none, 1);
	assert_int_equal(trial.wanted, 2);
	for (int m = 0; m < CRM_METHODS; m++) {
		assert_int_equal(trial.hits[m], 2);
		assert_int_equal(trial.found[m], 2);
		near("ndcg", trial.ndcg[m], 2);
	}
	crm_trips_release(&t);
	crm_sales_release(&x);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(trips_are_in_order_of_time),
	    cmocka_unit_test(gaps_are_drawn_to_those_of_all),
	    cmocka_unit_test(wishes_are_habits_and_what_goes_with_them),
	    cmocka_unit_test(a_trial_tells_what_was_right),
	};

	return cmocka_run_group_tests_name("trips", tests, NULL, NULL);
}
