/*
 * test_period.c - periods have numbers, first days and names.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <crm/time.h>

static void
a_day_has_its_period_by_name(void **state)
{
	static const struct {
		enum crm_period p;
		const char *day, *name, *first;
	} row[] = {
	    {CRM_BY_DAY, "2024-02-29", "2024-02-29", "2024-02-29"},
	    {CRM_BY_WEEK, "2024-12-30", "2025-W01", "2024-12-30"},
	    {CRM_BY_WEEK, "2024-12-29", "2024-W52", "2024-12-23"},
	    {CRM_BY_WEEK, "1970-01-01", "1970-W01", "1969-12-29"},
	    {CRM_BY_WEEK, "1969-12-28", "1969-W52", "1969-12-22"},
	    {CRM_BY_MONTH, "2024-02-29", "2024-02", "2024-02-01"},
	    {CRM_BY_MONTH, "2023-12-31", "2023-12", "2023-12-01"},
	    {CRM_BY_QUARTER, "2023-12-31", "2023-Q4", "2023-10-01"},
	    {CRM_BY_QUARTER, "2024-04-01", "2024-Q2", "2024-04-01"},
	    {CRM_BY_YEAR, "0001-06-01", "0001", "0001-01-01"},
	    {CRM_BY_YEAR, "9999-12-31", "9999", "9999-01-01"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct crm_buf b = {0};
		int64_t day, first, n;

		assert_int_equal(
		    crm_date_parse(crm_str(row[i].day), &day), CRM_OK);
		assert_int_equal(
		    crm_date_parse(crm_str(row[i].first), &first), CRM_OK);
		n = crm_period_of(row[i].p, day);
		crm_period_put(&b, row[i].p, n);
		if (!crm_str_is(crm_buf_str(&b), row[i].name) ||
		    crm_period_begin(row[i].p, n) != first)
			fail_msg("%s: %s", row[i].day, crm_buf_cstr(&b));
		crm_buf_release(&b);
	}
}

static void
periods_follow_each_other_without_gaps(void **state)
{
	(void)state;
	for (int p = 0; p < CRM_PERIODS; p++)
		for (int64_t day = -1000; day < 30000; day++) {
			enum crm_period by = (enum crm_period)p;
			int64_t n = crm_period_of(by, day);
			int64_t next = crm_period_of(by, day + 1);
			bool new = crm_period_begin(by, next) == day + 1;

			if (next != n + new || crm_period_begin(by, n) > day)
				fail_msg("%s, day %lld", crm_period_name(by),
				    (long long)day);
		}
}

static void
words_are_periods_or_are_refused(void **state)
{
	enum crm_period p;

	(void)state;
	for (int i = 0; i < CRM_PERIODS; i++) {
		assert_int_equal(
		    crm_period_parse(
			crm_str(crm_period_name((enum crm_period)i)), &p),
		    CRM_OK);
		assert_int_equal(p, i);
	}
	assert_int_equal(crm_period_parse(CRM_STR("moon"), &p), CRM_EDATA);
	assert_int_equal(crm_period_parse(CRM_STR(""), &p), CRM_EDATA);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_day_has_its_period_by_name),
	    cmocka_unit_test(periods_follow_each_other_without_gaps),
	    cmocka_unit_test(words_are_periods_or_are_refused),
	};

	return cmocka_run_group_tests_name("period", tests, NULL, NULL);
}
