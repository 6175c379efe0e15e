/*
 * test_shift.c - shops in which nobody changes, and shops in which it is known
 * who does: how often is there a false alarm, how many are found?  The table
 * it prints is the one of crm-shift(1).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <crm/shift.h>
#include <crm/stats.h>

enum { DAYS = 730, CUSTOMERS = 1000, CHANGED = 100 };
static const struct crm_calendar utc;

/* A shop: customers of about `orders` each, of whom the first so many change
 * one thing at some time in the middle. */
struct shop {
	double orders, by;
	enum crm_shift_what what;
	size_t customers, changed;
};

static void
put_order(struct crm_shifts *x, const struct shop *s, uint64_t customer,
    double day, bool late, struct crm_rand *r)
{
	struct crm_shift_order o = {.customer = customer,
	    .order = x->norder,
	    .placed = (int64_t)(day * CRM_DAY)};
	double by = late && s->what == CRM_SHIFT_SPEND ? s->by : 1;
	uint64_t taste = customer % 12, n = 1 + crm_poisson(r, 0.9);

	if (late && s->what == CRM_SHIFT_GOODS)
		taste = (taste + 5) % 12;
	o.day = o.placed / CRM_DAY;
	o.total = (int64_t)(3000 * by * crm_exp(0.6 * crm_normal(r)));
	o.items = (int64_t)(n + crm_poisson(r, 0.3));
	for (uint64_t i = 0; i < n; i++) {
		double u = crm_rand_unit(r);
		uint64_t c = crm_rand_below(r, 12);

		c = u < 0.5 ? taste : u < 0.75 ? (customer / 12) % 12 : c;
		o.words[1] |= (uint64_t)1 << c;
	}
	{
		double u = crm_rand_unit(r);
		bool other = late && s->what == CRM_SHIFT_CHANNEL &&
			     crm_rand_unit(r) < 0.6;

		o.words[0] = other ? 8 : u < 0.75 ? 1 : u < 0.9 ? 2 : 4;
	}
	assert_int_equal(crm_shifts_put(x, &o, NULL), CRM_OK);
}

static void
fill(struct crm_shifts *x, const struct shop *s, uint64_t seed)
{
	struct crm_rand r;

	crm_rand_seed(&r, seed);
	*x = (struct crm_shifts){.has = (1U << CRM_SHIFTS) - 1};
	x->words[0].n = 4;
	x->words[1].n = 12;
	for (uint64_t c = 1; c <= s->customers; c++) {
		double day = DAYS / 2.0 * crm_rand_unit(&r), span = DAYS - day;
		double turn = day + span * (0.3 + 0.4 * crm_rand_unit(&r));
		double rate = s->orders / span;
		bool changes = c <= s->changed;

		if (s->orders <= 0) /* of all sizes */
			rate = (4 + 80 * crm_rand_unit(&r)) / span;
		while (day < DAYS) {
			double e = crm_exponential(&r), room;
			bool late = changes && day >= turn;

			put_order(x, s, c, day, late, &r);
			if (!changes || s->what != CRM_SHIFT_RHYTHM) {
				day += e / rate;
				continue;
			}
			room = late ? 0 : (turn - day) * rate;
			day = e < room ? day + e / rate
				       : (late ? day : turn) +
					     (e - room) / (rate * s->by);
		}
	}
}

static void
test(struct crm_shifts *x, double alarm)
{
	const struct crm_shift_options opt = {.split = INT64_MIN,
	    .at = (int64_t)DAYS * CRM_DAY,
	    .calendar = &utc,
	    .least = 6,
	    .alarm = alarm};

	assert_int_equal(crm_shifts_test(x, &opt, NULL), CRM_OK);
}

/* p is below a level no more often than it says, and a shop in which nobody
 * changes has an alarm of a sort once in twenty times. */
static void
who_does_not_change_gives_no_more_alarms_than_stated(void **state)
{
	const struct shop s = {.customers = 3000};
	size_t alarms = 0, sorts = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 4; seed++) {
		size_t n[CRM_SHIFTS] = {0}, low[CRM_SHIFTS] = {0};
		bool alarm[CRM_SHIFTS] = {false};
		struct crm_shifts x;

		fill(&x, &s, seed);
		test(&x, 0.05);
		for (size_t i = 0; i < x.n; i++) {
			n[x.row[i].what]++;
			low[x.row[i].what] += x.row[i].p <= 0.05;
			alarm[x.row[i].what] |= x.row[i].q <= 0.05;
		}
		for (int k = 0; k < CRM_SHIFTS; k++) {
			double of = (double)n[k],
			       d = (double)low[k] - 0.05 * of;

			print_message("# seed %d, sort %d: p <= .05 in %zu of "
				      "%zu, %s\n",
			    (int)seed, k, low[k], n[k],
			    alarm[k] ? "alarms" : "no alarm");
			if (d > 0 && d * d > 9 * 0.0475 * of)
				fail_msg("%d: %zu of %zu", k, low[k], n[k]);
			assert_true(n[k] > 2000);
			alarms += alarm[k];
			sorts++;
		}
		crm_shifts_release(&x);
	}
	/* 20 sorts, of which one is expected to have one; four are not */
	assert_int_equal(sorts, 20);
	assert_true(alarms <= 3);
}

static void
how_many_are_found(void **state)
{
	static const struct {
		enum crm_shift_what what;
		const char *name;
		double by;
		/* of 100, at least; of 10, 20, 40, 80 orders */
		unsigned least[4];
	} row[] = {
	    {CRM_SHIFT_RHYTHM, "rhythm x 1/4", 0.25, {0, 0, 12, 65}},
	    {CRM_SHIFT_RHYTHM, "rhythm x 1/2", 0.5, {0, 0, 0, 2}},
	    {CRM_SHIFT_RHYTHM, "rhythm x 2", 2, {0, 0, 5, 40}},
	    {CRM_SHIFT_RHYTHM, "rhythm x 4", 4, {10, 65, 95, 98}},
	    {CRM_SHIFT_SPEND, "spend x 1/2", 0.5, {0, 0, 5, 70}},
	    {CRM_SHIFT_SPEND, "spend x 2", 2, {0, 0, 5, 60}},
	    {CRM_SHIFT_CHANNEL, "another channel", 1, {0, 3, 75, 95}},
	    {CRM_SHIFT_GOODS, "other goods", 1, {0, 25, 92, 95}},
	};
	static const double orders[4] = {10, 20, 40, 80};
	size_t false_ = 0, alarms = 0;

	(void)state;
	for (size_t k = 0; k < sizeof row / sizeof *row; k++) {
		size_t found[4] = {0}, wrong = 0, all = 0;

		for (int j = 0; j < 4; j++) {
			const struct shop s = {.orders = orders[j],
			    .by = row[k].by,
			    .what = row[k].what,
			    .customers = CUSTOMERS,
			    .changed = CHANGED};
			struct crm_shifts x;

			fill(&x, &s, 100 + (uint64_t)j);
			test(&x, 0.05);
			for (size_t i = 0; i < x.n; i++) {
				const struct crm_shift *y = &x.row[i];

				if (y->what != row[k].what || y->q > 0.05)
					continue;
				found[j] += y->customer <= CHANGED;
				wrong += y->customer > CHANGED;
				all++;
			}
			crm_shifts_release(&x);
		}
		print_message("# %-16s %3zu %3zu %3zu %3zu  false %zu of %zu\n",
		    row[k].name, found[0], found[1], found[2], found[3], wrong,
		    all);
		for (int j = 0; j < 4; j++)
			if (found[j] < row[k].least[j])
				fail_msg("%s: %zu of 100 with %g orders",
				    row[k].name, found[j], orders[j]);
		false_ += wrong;
		alarms += all;
	}
	/* about 1 in 20 */
	print_message("# false: %zu of %zu alarms\n", false_, alarms);
	assert_true(alarms > 400 && false_ * 14 <= alarms);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		who_does_not_change_gives_no_more_alarms_than_stated),
	    cmocka_unit_test(how_many_are_found),
	};

	return cmocka_run_group_tests_name("shift", tests, NULL, NULL);
}
