/*
 * test_time.c - the calendar, dates, times, spans and moments as text.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include <crm/hash.h>
#include <crm/time.h>

#define ROWS(r) (sizeof(r) / sizeof((r)[0]))

static void
every_day_of_ten_thousand_years_comes_back(void **state)
{
	int64_t day = -719162, n = 0;
	int y, m, d;

	(void)state;
	for (y = 1; y <= 9999; y++)
		for (m = 1; m <= 12; m++)
			for (d = 1; d <= 31; d++) {
				struct crm_civil c = {.year = y,
						     .month = m,
						     .day = d},
						 back;

				if (!crm_civil_valid(&c))
					continue;
				back = crm_civil_from_days(day);
				if (crm_days_from_civil(y, m, d) != day ||
				    back.year != y || back.month != m ||
				    back.day != d)
					fail_msg("%d-%d-%d", y, m, d);
				day++;
				n++;
			}
	assert_int_equal(n, 3652059);
	assert_int_equal(day, 2932897);
}

static void
days_and_weeks_agree_with_the_c_library(void **state)
{
	int64_t day;

	(void)state;
	for (day = -200000; day < 400000; day += 3) {
		time_t t = (time_t)(day * CRM_DAY + 5);
		struct crm_civil c = crm_civil_from_secs(t);
		struct tm tm;
		char text[16];
		int year, week;

		gmtime_r(&t, &tm);
		assert_int_equal(c.year, tm.tm_year + 1900);
		assert_int_equal(c.month, tm.tm_mon + 1);
		assert_int_equal(c.day, tm.tm_mday);
		assert_int_equal(c.second, 5);
		assert_int_equal(crm_weekday(day) % 7, tm.tm_wday);
		assert_int_equal(crm_secs_from_civil(&c), t);
		week = crm_iso_week(day, &year);
		assert_true(strftime(text, sizeof(text), "%G", &tm) > 0);
		assert_int_equal(year, strtol(text, NULL, 10));
		assert_true(strftime(text, sizeof(text), "%V", &tm) > 0);
		assert_int_equal(week, strtol(text, NULL, 10));
	}
}

static void
seconds_before_the_epoch_belong_to_the_day_before(void **state)
{
	struct crm_civil c = crm_civil_from_secs(-1);

	(void)state;
	assert_int_equal(c.year, 1969);
	assert_int_equal(c.hour, 23);
	assert_int_equal(c.second, 59);
	c = crm_civil_from_secs(INT64_MIN);
	c = crm_civil_from_secs(INT64_MAX);
	assert_true(c.year > 9999);
}

static void
adding_months_keeps_to_the_length_of_the_month(void **state)
{
	static const struct {
		const char *from;
		int64_t months;
		const char *want;
	} rows[] = {
	    {"2023-01-31", 1, "2023-02-28"},
	    {"2024-01-31", 1, "2024-02-29"},
	    {"2024-03-31", -1, "2024-02-29"},
	    {"2024-02-29", 12, "2025-02-28"},
	    {"2024-12-15", 1, "2025-01-15"},
	    {"2024-01-15", -1, "2023-12-15"},
	    {"2024-01-15", -25, "2021-12-15"},
	    {"2024-05-31", 0, "2024-05-31"},
	};
	struct crm_buf b = {0};
	int64_t day;
	size_t i;

	(void)state;
	for (i = 0; i < ROWS(rows); i++) {
		assert_int_equal(
		    crm_date_parse(crm_str(rows[i].from), &day), CRM_OK);
		crm_buf_clear(&b);
		crm_date_put(&b, crm_add_months(day, rows[i].months));
		if (!crm_str_is(crm_buf_str(&b), rows[i].want))
			fail_msg("%s %lld: %s", rows[i].from,
			    (long long)rows[i].months, crm_buf_cstr(&b));
	}
	crm_add_months(0, INT64_MAX);
	crm_add_months(INT64_MIN, INT64_MIN);
	crm_buf_release(&b);
}

static void
dates_that_do_not_exist_are_refused(void **state)
{
	static const char *const bad[] = {"2023-02-29", "2024-02-30",
	    "2024-13-01", "2024-00-10", "2024-04-31", "2024-01-00",
	    "0000-01-01", "1900-02-29", "2024-1-1", "2024/01/01", "24-01-01",
	    "2024-01-01 ", "2024-01-0x", "+024-01-01", "", "20240101",
	    "-024-01-01"};
	static const char *const good[] = {"0001-01-01", "9999-12-31",
	    "2000-02-29", "1969-12-31", "1970-01-01", "2024-02-29"};
	struct crm_buf b = {0};
	int64_t day = 7;
	size_t i;

	(void)state;
	for (i = 0; i < ROWS(bad); i++)
		if (crm_date_parse(crm_str(bad[i]), &day) != CRM_EDATA)
			fail_msg("'%s'", bad[i]);
	assert_int_equal(day, 7);
	for (i = 0; i < ROWS(good); i++) {
		crm_buf_clear(&b);
		if (crm_date_parse(crm_str(good[i]), &day) != CRM_OK)
			fail_msg("'%s'", good[i]);
		crm_date_put(&b, day);
		if (!crm_str_is(crm_buf_str(&b), good[i]))
			fail_msg("'%s': %s", good[i], crm_buf_cstr(&b));
	}
	crm_buf_release(&b);
}

static void
times_are_read_with_and_without_an_offset(void **state)
{
	/* NULL: refused; local: only with a calendar. */
	static const struct {
		const char *text, *want;
		bool local;
	} rows[] = {
	    {"2024-05-01T09:58:12Z", "2024-05-01T09:58:12Z", false},
	    {"2024-05-01t09:58:12z", "2024-05-01T09:58:12Z", false},
	    {"2024-05-01 09:58:12Z", "2024-05-01T09:58:12Z", false},
	    {"2024-05-01T09:58Z", "2024-05-01T09:58:00Z", false},
	    {"2024-05-01T09:58:12.999Z", "2024-05-01T09:58:12Z", false},
	    {"2024-05-01T09:58:12+02:00", "2024-05-01T07:58:12Z", false},
	    {"2024-05-01T09:58:12-0530", "2024-05-01T15:28:12Z", false},
	    {"2024-01-01T00:30:00+01:00", "2023-12-31T23:30:00Z", false},
	    {"2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z", false},
	    {"2017-01-01T08:59:60+09:00", "2017-01-01T00:00:00Z", false},
	    {"0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z", false},
	    {"9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z", false},
	    {"2024-05-01 09:58:12", "2024-05-01T09:58:12Z", true},
	    {"2024-05-01T09:58", "2024-05-01T09:58:00Z", true},
	    {"2024-05-01", "2024-05-01T00:00:00Z", true},
	    {"0001-01-01T00:00:00+01:00", NULL, false},
	    {"9999-12-31T23:59:59-01:00", NULL, false},
	    {"2024-05-01T09:58:60Z", NULL, false},
	    {"2024-05-01T24:00:00Z", NULL, false},
	    {"2024-05-01T09:60:00Z", NULL, false},
	    {"2024-02-30T09:00:00Z", NULL, false},
	    {"2024-05-01T09Z", NULL, false},
	    {"2024-05-01T09:58:Z", NULL, false},
	    {"2024-05-01T09:58:12.Z", NULL, false},
	    {"2024-05-01T09:58:12 Z", NULL, false},
	    {"2024-05-01T09:58:12+2", NULL, false},
	    {"2024-05-01T09:58:12+24:00", NULL, false},
	    {"2024-05-01T09:58:12+02:60", NULL, false},
	    {"2024-05-01T09:58:12Zx", NULL, false},
	    {"2024-05-01X09:58:12Z", NULL, false},
	    {"2024-05-01T", NULL, false},
	    {"2024-05-01T9:58:12Z", NULL, false},
	    {"1714557492", NULL, false},
	    {"", NULL, false},
	};
	struct crm_calendar utc = {0};
	struct crm_buf b = {0};
	int64_t t;
	size_t i;

	(void)state;
	for (i = 0; i < ROWS(rows); i++) {
		struct crm_str s = crm_str(rows[i].text);
		int want = rows[i].want ? CRM_OK : CRM_EDATA;

		if (crm_time_parse(s, &utc, &t) != want)
			fail_msg("'%s'", rows[i].text);
		if (want == CRM_OK) {
			crm_buf_clear(&b);
			crm_time_put(&b, t);
			if (!crm_str_is(crm_buf_str(&b), rows[i].want))
				fail_msg(
				    "'%s': %s", rows[i].text, crm_buf_cstr(&b));
		}
		if (rows[i].local)
			want = CRM_EDATA;
		if (crm_time_parse(s, NULL, &t) != want)
			fail_msg("'%s' with no calendar", rows[i].text);
	}
	crm_buf_release(&b);
}

static void *
read_zeros(void *code)
{
	char text[] = "2024-02-28T19:47:05Z";
	int64_t t;

	memset(text, 0, 10);
	*(int *)code = crm_time_parse((struct crm_str){text, 20}, NULL, &t);
	return NULL;
}

/* A thread that has read no time yet knows no day. */
static void
zeros_are_no_day_though_none_was_read_before(void **state)
{
	pthread_t thread;
	int code = CRM_OK;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, read_zeros, &code), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(code, CRM_EDATA);
}

/* What is written with Z is read by another way than with an offset. */
static void
times_in_utc_are_those_with_an_offset_of_nothing(void **state)
{
	static const char form[] = "2024-02-28T19:47:05Z";
	unsigned good = 0, bad = 0;
	struct crm_rand r;

	(void)state;
	crm_rand_seed(&r, 1);
	for (int i = 0; i < 300000; i++) {
		char z[sizeof form], offset[sizeof form + 5];
		int64_t t = 0, u = 0;
		int code;

		memcpy(z, form, sizeof z);
		for (uint64_t k = crm_rand_below(&r, 4); k > 0; k--) {
			size_t at = (size_t)crm_rand_below(&r, 19);

			z[at] = crm_rand_below(&r, 16) > 0
				    ? (char)('0' + crm_rand_below(&r, 10))
				    : (char)crm_rand_below(&r, 256);
		}
		memcpy(offset, z, 19);
		memcpy(offset + 19, "+00:00", 7);
		code = crm_time_parse((struct crm_str){offset, 25}, NULL, &u);
		if (crm_time_parse((struct crm_str){z, 20}, NULL, &t) != code ||
		    t != u)
			fail_msg("'%s'", z);
		good += code == CRM_OK;
		bad += code < 0;
	}
	assert_true(good > 50000);
	assert_true(bad > 50000);
}

static void
spans_have_a_number_and_one_unit(void **state)
{
	static const struct {
		const char *text;
		int64_t months, secs;
		int code;
	} rows[] = {
	    {"30s", 0, 30, CRM_OK},
	    {"15m", 0, 900, CRM_OK},
	    {"12h", 0, 43200, CRM_OK},
	    {"90d", 0, 90 * CRM_DAY, CRM_OK},
	    {"2w", 0, 14 * CRM_DAY, CRM_OK},
	    {"3mo", 3, 0, CRM_OK},
	    {"1y", 12, 0, CRM_OK},
	    {"0d", 0, 0, CRM_OK},
	    {"9223372036854775807s", 0, INT64_MAX, CRM_OK},
	    {"9223372036854775807d", 0, 0, CRM_EDATA},
	    {"9223372036854775807y", 0, 0, CRM_EDATA},
	    {"99999999999999999999s", 0, 0, CRM_EDATA},
	    {"", 0, 0, CRM_EDATA},
	    {"d", 0, 0, CRM_EDATA},
	    {"7", 0, 0, CRM_EDATA},
	    {"-7d", 0, 0, CRM_EDATA},
	    {"7 d", 0, 0, CRM_EDATA},
	    {"7days", 0, 0, CRM_EDATA},
	    {"1.5d", 0, 0, CRM_EDATA},
	    {"7D", 0, 0, CRM_EDATA},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ROWS(rows); i++) {
		struct crm_span s = {0};

		if (crm_span_parse(crm_str(rows[i].text), &s) != rows[i].code ||
		    s.months != rows[i].months || s.secs != rows[i].secs)
			fail_msg("'%s'", rows[i].text);
	}
}

static void
moments_count_whole_days_from_the_shops_day(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
	    {"now", "2026-03-31T02:30:00Z"},
	    {"today", "2026-03-30T04:00:00Z"},
	    {"yesterday", "2026-03-29T04:00:00Z"},
	    {"1d", "2026-03-29T04:00:00Z"},
	    {"0d", "2026-03-30T04:00:00Z"},
	    {"2w", "2026-03-16T04:00:00Z"},
	    {"1mo", "2026-02-28T04:00:00Z"},
	    {"1y", "2025-03-30T04:00:00Z"},
	    {"90m", "2026-03-31T01:00:00Z"},
	    {"24h", "2026-03-30T02:30:00Z"},
	    {"2026-01-01", "2026-01-01T04:00:00Z"},
	    {"2026-01-01T00:00:00+01:00", "2025-12-31T23:00:00Z"},
	    {"9999y", NULL},
	    {"9223372036854775807s", NULL},
	    {"100000000000000d", NULL},
	    {"tomorrow", NULL},
	    {"Now", NULL},
	    {"", NULL},
	};
	/* Days begin at four; it is half past two, still the day before. */
	struct crm_calendar cal = {.day_start = 4 * 3600};
	struct crm_buf b = {0};
	int64_t now, t;
	size_t i;

	(void)state;
	assert_int_equal(
	    crm_time_parse(CRM_STR("2026-03-31T02:30:00Z"), NULL, &now),
	    CRM_OK);
	for (i = 0; i < ROWS(rows); i++) {
		int code =
		    crm_moment_parse(crm_str(rows[i].text), &cal, now, &t);

		if (code != (rows[i].want ? CRM_OK : CRM_EDATA))
			fail_msg("'%s': %d", rows[i].text, code);
		if (code < 0)
			continue;
		crm_buf_clear(&b);
		crm_time_put(&b, t);
		if (!crm_str_is(crm_buf_str(&b), rows[i].want))
			fail_msg("'%s': %s", rows[i].text, crm_buf_cstr(&b));
	}
	crm_buf_release(&b);
}

static void
times_are_scanned_by_a_pattern(void **state)
{
	/* flags: t has_time, z has_zone */
	static const struct {
		const char *text, *pattern, *want, *flags;
	} rows[] = {
	    {"12/1/2010 8:26", "%m/%d/%Y %H:%M", "2010-12-01T08:26:00Z", "t"},
	    {"01.02.2024", "%d.%m.%Y", "2024-02-01T00:00:00Z", ""},
	    {"19970101", "%Y%m%d", "1997-01-01T00:00:00Z", ""},
	    {"970101", "%y%m%d", "1997-01-01T00:00:00Z", ""},
	    {"68-01-01", "%y-%m-%d", "2068-01-01T00:00:00Z", ""},
	    {"Mar  5, 2024", "%b %e, %Y", "2024-03-05T00:00:00Z", ""},
	    {"MARCH 5 2024", "%b %d %Y", "2024-03-05T00:00:00Z", ""},
	    {"May 5 2024", "%b %d %Y", "2024-05-05T00:00:00Z", ""},
	    {"5/1/24 12:05 AM", "%m/%d/%y %I:%M %p", "2024-05-01T00:05:00Z",
		"t"},
	    {"5/1/24 12:05pm", "%m/%d/%y %I:%M %p", "2024-05-01T12:05:00Z",
		"t"},
	    {"2024-05-01 09:58:12 +0200", "%Y-%m-%d %H:%M:%S %z",
		"2024-05-01T07:58:12Z", "tz"},
	    {"2024-05-01T09:58:12.123Z", "%Y-%m-%dT%H:%M:%S%z",
		"2024-05-01T09:58:12Z", "tz"},
	    {"2024-05-01T09:58:12-05:30", "%Y-%m-%dT%H:%M:%S%z",
		"2024-05-01T15:28:12Z", "tz"},
	    {"1714557492", "%s", "2024-05-01T09:58:12Z", "tz"},
	    {"-1", "%s", "1969-12-31T23:59:59Z", "tz"},
	    {"100% 2024-05-01", "100%% %Y-%m-%d", "2024-05-01T00:00:00Z", ""},
	    {"31.02.2024", "%d.%m.%Y", NULL, ""},
	    {"24-05-01", "%Y-%m-%d", NULL, ""},
	    {"2024-05", "%Y-%m", NULL, ""},
	    {"2024-05-01 ", "%Y-%m-%d", NULL, ""},
	    {"2024-05-01", "%Y-%m-%d %H", NULL, ""},
	    {"2024-05-01 25:00", "%Y-%m-%d %H:%M", NULL, ""},
	    {"2024-05-01 08:00", "%Y-%m-%d %I:%M", NULL, ""},
	    {"2024-05-01 13:00 PM", "%Y-%m-%d %I:%M %p", NULL, ""},
	    {"2024-05-01 +02:", "%Y-%m-%d %z", NULL, ""},
	    {"Mai 5 2024", "%b %d %Y", NULL, ""},
	    {"2024-05-01", "%Y-%m-%d%", NULL, ""},
	    {"2024-05-01", "%Y-%m-%Q", NULL, ""},
	    {"99999999999999999999", "%s", NULL, ""},
	    {"999999999999", "%s", NULL, ""},
	    {"", "%Y-%m-%d", NULL, ""},
	};
	struct crm_buf b = {0};
	bool has_time, has_zone;
	int64_t t;
	size_t i;

	(void)state;
	for (i = 0; i < ROWS(rows); i++) {
		int code = crm_time_scan(crm_str(rows[i].text),
		    crm_str(rows[i].pattern), &t, &has_time, &has_zone);

		if (code != (rows[i].want ? CRM_OK : CRM_EDATA))
			fail_msg("'%s' by '%s': %d", rows[i].text,
			    rows[i].pattern, code);
		if (code < 0)
			continue;
		crm_buf_clear(&b);
		crm_time_put(&b, t);
		if (!crm_str_is(crm_buf_str(&b), rows[i].want) ||
		    has_time != (strchr(rows[i].flags, 't') != NULL) ||
		    has_zone != (strchr(rows[i].flags, 'z') != NULL))
			fail_msg("'%s' by '%s': %s", rows[i].text,
			    rows[i].pattern, crm_buf_cstr(&b));
	}
	crm_buf_release(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_day_of_ten_thousand_years_comes_back),
	    cmocka_unit_test(days_and_weeks_agree_with_the_c_library),
	    cmocka_unit_test(seconds_before_the_epoch_belong_to_the_day_before),
	    cmocka_unit_test(adding_months_keeps_to_the_length_of_the_month),
	    cmocka_unit_test(dates_that_do_not_exist_are_refused),
	    cmocka_unit_test(times_are_read_with_and_without_an_offset),
	    cmocka_unit_test(zeros_are_no_day_though_none_was_read_before),
	    cmocka_unit_test(times_in_utc_are_those_with_an_offset_of_nothing),
	    cmocka_unit_test(spans_have_a_number_and_one_unit),
	    cmocka_unit_test(moments_count_whole_days_from_the_shops_day),
	    cmocka_unit_test(times_are_scanned_by_a_pattern),
	};

	return cmocka_run_group_tests_name("time", tests, NULL, NULL);
}
