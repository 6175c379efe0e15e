/*
 * test_zone.c - time zones against the C library's, and the shop's days.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <crm/hash.h>
#include <crm/time.h>

#define ROWS(r) (sizeof(r) / sizeof((r)[0]))
#define HOUR 3600

/* The zone file in use. */
static struct crm_buf file;

static bool
have_zones(void)
{
	return access("/usr/share/zoneinfo/Europe/Berlin", R_OK) == 0;
}

static void
zone_at(struct crm_zone *z, struct crm_buf *b, const char *name)
{
	struct crm_err err = {0};

	crm_buf_clear(b);
	if (crm_zone_read(NULL, crm_str(name), b, &err) < 0 ||
	    crm_zone_parse(crm_buf_str(b), z, &err) < 0)
		fail_msg("%s: %s", name, err.text);
}

static int64_t
utc(const char *s)
{
	int64_t t = 0;

	if (crm_time_parse(crm_str(s), NULL, &t) < 0)
		fail_msg("'%s' is no time", s);
	return t;
}

/* The local second meant by a text without a zone. */
static int64_t
local(const char *s)
{
	struct crm_calendar cal = {0};
	int64_t t = 0;

	if (crm_time_parse(crm_str(s), &cal, &t) < 0)
		fail_msg("'%s' is no time", s);
	return t;
}

static long
libc_offset(int64_t t)
{
	time_t at = (time_t)t;
	struct tm tm;

	localtime_r(&at, &tm);
	return tm.tm_gmtoff;
}

/*
 * A TZif file of version 2 with one or more types, whose names are all "X",
 * an empty first block, and a footer.  Release out.
 */
static void
build(struct crm_buf *out, const int64_t *at, const char *idx, uint32_t count,
    const int32_t *off, uint32_t types, const char *footer)
{
	uint32_t i;

	crm_buf_clear(out);
	crm_buf_puts(out, "TZif2");
	for (i = 0; i < 15 + 24; i++)
		crm_buf_putc(out, 0);
	crm_buf_puts(out, "TZif2");
	for (i = 0; i < 15 + 12; i++)
		crm_buf_putc(out, 0);
	crm_buf_putbe(out, count, 4);
	crm_buf_putbe(out, types, 4);
	crm_buf_putbe(out, 2, 4);
	for (i = 0; i < count; i++)
		crm_buf_putbe(out, (uint64_t)at[i], 8);
	for (i = 0; i < count; i++)
		crm_buf_putc(out, (char)(idx[i] - '0'));
	for (i = 0; i < types; i++) {
		crm_buf_putbe(out, (uint32_t)off[i], 4);
		crm_buf_putbe(out, 0, 2);
	}
	crm_buf_put(out, "X", 2);
	crm_buf_putc(out, '\n');
	crm_buf_puts(out, footer);
	crm_buf_putc(out, '\n');
	assert_int_equal(crm_buf_check(out, NULL), CRM_OK);
}

static const char *const names[] = {"Europe/Berlin", "America/New_York",
    "Asia/Shanghai", "Australia/Lord_Howe", "Africa/Casablanca",
    "America/St_Johns", "Europe/Dublin", "America/Nuuk", "Pacific/Apia",
    "Asia/Kathmandu", "Africa/Monrovia", "UTC"};

static void
offsets_are_those_of_the_c_library(void **state)
{
	struct crm_rand r;
	size_t i;

	(void)state;
	if (!have_zones())
		skip();
	crm_rand_seed(&r, 42);
	for (i = 0; i < ROWS(names); i++) {
		/* 1850 to 2450: before the table and far after it. */
		int64_t t, from = -3786912000, to = 15147302400;
		struct crm_zone z;
		long last, off;

		zone_at(&z, &file, names[i]);
		setenv("TZ", names[i], 1);
		tzset();
		last = libc_offset(from);
		for (t = from; t < to;
		     t += (int64_t)crm_rand_below(&r, 40 * HOUR)) {
			off = libc_offset(t);
			if (crm_zone_offset(&z, t) != off)
				fail_msg("%s at %lld: %d, not %ld", names[i],
				    (long long)t, crm_zone_offset(&z, t), off);
			if (off != last && t > -1000000000) {
				/* The second of the change itself. */
				int64_t lo = t - 50 * HOUR, hi = t, mid;

				while (hi - lo > 1) {
					mid = lo + (hi - lo) / 2;
					if (libc_offset(mid) == off)
						hi = mid;
					else
						lo = mid;
				}
				if (crm_zone_offset(&z, hi) !=
					libc_offset(hi) ||
				    crm_zone_offset(&z, lo) != libc_offset(lo))
					fail_msg("%s: change at %lld", names[i],
					    (long long)hi);
			}
			last = off;
		}
	}
	setenv("TZ", "UTC", 1);
	tzset();
}

static void
rules_alone_give_what_the_c_library_makes_of_them(void **state)
{
	static const char *const rules[] = {"CET-1CEST,M3.5.0,M10.5.0/3",
	    "EST5EDT,M3.2.0,M11.1.0", "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",
	    "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "IST-1GMT0,M10.5.0,M3.5.0/1",
	    "IST-2IDT,M3.4.4/26,M10.5.0", "XXX3YYY,J60/0,J300/0",
	    "XXX-3YYY,59/1:30,299/4:05:06", "CST-8", "<+0545>-5:45",
	    "EET-2EEST,M3.4.4/50,M10.4.4/50"};
	int32_t zero = 0;
	struct crm_buf b = {0};
	size_t i;

	(void)state;
	for (i = 0; i < ROWS(rules); i++) {
		struct crm_zone z;
		struct crm_err err;
		int64_t t;

		build(&b, NULL, "", 0, &zero, 1, rules[i]);
		if (crm_zone_parse(crm_buf_str(&b), &z, &err) < 0)
			fail_msg("%s: %s", rules[i], err.text);
		setenv("TZ", rules[i], 1);
		tzset();
		for (t = 0; t < (int64_t)130 * 366 * CRM_DAY; t += 6 * HOUR + 7)
			if (crm_zone_offset(&z, t) != libc_offset(t))
				fail_msg("%s at %lld: %d, not %ld", rules[i],
				    (long long)t, crm_zone_offset(&z, t),
				    libc_offset(t));
	}
	setenv("TZ", "UTC", 1);
	tzset();
	crm_buf_release(&b);
}

static void
a_rule_may_reach_into_the_next_year(void **state)
{
	static const struct {
		const char *rule, *at;
		int32_t want;
	} rows[] = {
	    /* Always on: each year's end meets the next one's beginning. */
	    {"EST5EDT,0/0,J365/25", "2023-12-31T23:59:59Z", -4 * HOUR},
	    {"EST5EDT,0/0,J365/25", "2024-01-01T02:00:00Z", -4 * HOUR},
	    {"EST5EDT,0/0,J365/25", "2024-01-01T04:59:59Z", -4 * HOUR},
	    {"EST5EDT,0/0,J365/25", "2024-01-01T05:00:00Z", -4 * HOUR},
	    {"EST5EDT,0/0,J365/25", "2024-07-01T00:00:00Z", -4 * HOUR},
	    /* On from six days after Christmas' Sunday: in January. */
	    {"XXX0YYY,M12.5.0/167,M6.1.0", "2024-01-06T22:59:59Z", 0},
	    {"XXX0YYY,M12.5.0/167,M6.1.0", "2024-01-06T23:00:00Z", HOUR},
	    {"XXX0YYY,M12.5.0/167,M6.1.0", "2023-12-31T12:00:00Z", 0},
	    {"XXX0YYY,M12.5.0/167,M6.1.0", "2024-05-31T12:00:00Z", HOUR},
	    /* On before the year it is of begins. */
	    {"XXX0YYY,J1/-48,M6.1.0", "2023-12-29T23:59:59Z", 0},
	    {"XXX0YYY,J1/-48,M6.1.0", "2023-12-30T00:00:00Z", HOUR},
	};
	int32_t zero = 0;
	struct crm_buf b = {0};
	size_t i;

	(void)state;
	for (i = 0; i < ROWS(rows); i++) {
		struct crm_zone z;

		build(&b, NULL, "", 0, &zero, 1, rows[i].rule);
		assert_int_equal(
		    crm_zone_parse(crm_buf_str(&b), &z, NULL), CRM_OK);
		if (crm_zone_offset(&z, utc(rows[i].at)) != rows[i].want)
			fail_msg("%s at %s: %d", rows[i].rule, rows[i].at,
			    crm_zone_offset(&z, utc(rows[i].at)));
	}
	crm_buf_release(&b);
}

static void
local_times_that_repeat_or_are_missing_have_one_instant(void **state)
{
	static const struct {
		const char *zone, *local, *want;
	} rows[] = {
	    {"Europe/Berlin", "2024-07-01T12:00", "2024-07-01T10:00:00Z"},
	    {"Europe/Berlin", "2024-03-31T01:59:59", "2024-03-31T00:59:59Z"},
	    {"Europe/Berlin", "2024-03-31T02:00", "2024-03-31T01:00:00Z"},
	    {"Europe/Berlin", "2024-03-31T02:30", "2024-03-31T01:30:00Z"},
	    {"Europe/Berlin", "2024-03-31T03:00", "2024-03-31T01:00:00Z"},
	    {"Europe/Berlin", "2024-10-27T02:00", "2024-10-27T00:00:00Z"},
	    {"Europe/Berlin", "2024-10-27T02:59:59", "2024-10-27T00:59:59Z"},
	    {"Europe/Berlin", "2024-10-27T03:00", "2024-10-27T02:00:00Z"},
	    {"Europe/Berlin", "2100-03-28T02:30", "2100-03-28T01:30:00Z"},
	    {"Europe/Berlin", "2100-10-31T02:30", "2100-10-31T00:30:00Z"},
	    {"America/New_York", "2024-03-10T02:30", "2024-03-10T07:30:00Z"},
	    {"America/New_York", "2024-11-03T01:30", "2024-11-03T05:30:00Z"},
	    {"Australia/Lord_Howe", "2024-10-06T02:15", "2024-10-05T15:45:00Z"},
	    {"Australia/Lord_Howe", "2024-04-07T01:45", "2024-04-06T14:45:00Z"},
	    /* A whole day that Samoa left out. */
	    {"Pacific/Apia", "2011-12-30T12:00", "2011-12-30T22:00:00Z"},
	    {"Pacific/Apia", "2011-12-31T00:00", "2011-12-30T10:00:00Z"},
	};
	size_t i;

	(void)state;
	if (!have_zones())
		skip();
	for (i = 0; i < ROWS(rows); i++) {
		struct crm_zone z;
		int64_t got;

		zone_at(&z, &file, rows[i].zone);
		got = crm_zone_utc(&z, local(rows[i].local));
		if (got != utc(rows[i].want))
			fail_msg("%s %s: %lld, not %lld", rows[i].zone,
			    rows[i].local, (long long)got,
			    (long long)utc(rows[i].want));
	}
}

static void
an_instant_comes_back_from_its_local_time(void **state)
{
	struct crm_rand r;
	size_t i;
	int k;

	(void)state;
	if (!have_zones())
		skip();
	crm_rand_seed(&r, 7);
	for (i = 0; i < ROWS(names); i++) {
		struct crm_zone z;

		zone_at(&z, &file, names[i]);
		for (k = 0; k < 30000; k++) {
			int64_t t = (int64_t)crm_rand_below(&r, 9000000000) -
				    2500000000;
			int64_t at = t + crm_zone_offset(&z, t);
			int64_t back = crm_zone_utc(&z, at);

			/* The first of equal local times. */
			if (back > t || back < t - 25 * HOUR ||
			    back + crm_zone_offset(&z, back) != at)
				fail_msg("%s: %lld came back as %lld", names[i],
				    (long long)t, (long long)back);
		}
	}
}

static void
changes_close_together_are_all_seen(void **state)
{
	/* 0, +2h from 1000000, -3h from 1003600, 0 from 1010000. */
	static const int64_t at[] = {1000000, 1003600, 1010000};
	static const int32_t off[] = {0, 2 * HOUR, -3 * HOUR};
	struct crm_buf b = {0};
	struct crm_zone z;
	int64_t x;

	(void)state;
	build(&b, at, "120", 3, off, 3, "");
	assert_int_equal(crm_zone_parse(crm_buf_str(&b), &z, NULL), CRM_OK);
	assert_int_equal(crm_zone_offset(&z, 999999), 0);
	assert_int_equal(crm_zone_offset(&z, 1000000), 2 * HOUR);
	assert_int_equal(crm_zone_offset(&z, 1010000), 0);
	assert_int_equal(crm_zone_offset(&z, INT64_MAX), 0);
	for (x = 980000; x < 1030000; x += 50) {
		int64_t t, first = INT64_MAX;

		for (t = x - 4 * HOUR; t <= x + 4 * HOUR; t += 50)
			if (t + crm_zone_offset(&z, t) == x && t < first)
				first = t;
		if (first != INT64_MAX)
			assert_int_equal(crm_zone_utc(&z, x), first);
	}
	crm_buf_release(&b);
}

static void
a_zeroed_zone_is_utc(void **state)
{
	struct crm_zone z = {0};
	struct crm_calendar cal = {0};

	(void)state;
	assert_int_equal(crm_zone_offset(&z, 1714557492), 0);
	assert_int_equal(crm_zone_offset(NULL, 1714557492), 0);
	assert_int_equal(crm_zone_utc(&z, 1714557492), 1714557492);
	assert_int_equal(crm_day_of(&cal, -1), -1);
	assert_int_equal(crm_day_of(NULL, CRM_DAY), 1);
	assert_int_equal(crm_day_begin(&cal, -1), -CRM_DAY);
	crm_day_of(&cal, INT64_MIN);
	crm_day_begin(&cal, INT64_MAX);
	crm_zone_utc(&z, INT64_MIN);
}

static void
the_shops_day_begins_when_the_calendar_says(void **state)
{
	static const struct {
		const char *zone;
		int32_t start;
		const char *at, *day;
	} rows[] = {
	    {"Europe/Berlin", 0, "2024-06-30T21:59:59Z", "2024-06-30"},
	    {"Europe/Berlin", 0, "2024-06-30T22:00:00Z", "2024-07-01"},
	    {"Europe/Berlin", 4 * HOUR, "2024-07-01T01:59:59Z", "2024-06-30"},
	    {"Europe/Berlin", 4 * HOUR, "2024-07-01T02:00:00Z", "2024-07-01"},
	    {"Europe/Berlin", 4 * HOUR, "2024-03-31T01:59:59Z", "2024-03-30"},
	    {"Europe/Berlin", 4 * HOUR, "2024-03-31T02:00:00Z", "2024-03-31"},
	    {"America/New_York", 0, "2024-07-01T03:59:59Z", "2024-06-30"},
	    {"America/New_York", 0, "2024-07-01T04:00:00Z", "2024-07-01"},
	    {"Asia/Shanghai", 0, "2024-06-30T16:00:00Z", "2024-07-01"},
	};
	size_t i;

	(void)state;
	if (!have_zones())
		skip();
	for (i = 0; i < ROWS(rows); i++) {
		struct crm_zone z;
		struct crm_calendar cal = {&z, rows[i].start};
		int64_t day;

		zone_at(&z, &file, rows[i].zone);
		assert_int_equal(
		    crm_date_parse(crm_str(rows[i].day), &day), CRM_OK);
		if (crm_day_of(&cal, utc(rows[i].at)) != day)
			fail_msg("%s %s", rows[i].zone, rows[i].at);
	}
}

static void
a_day_is_the_time_from_its_beginning_to_the_next(void **state)
{
	static const char *const some[] = {"Europe/Berlin", "America/New_York",
	    "Asia/Shanghai", "Australia/Lord_Howe", "Africa/Casablanca",
	    "America/Nuuk", "Africa/Cairo", "America/Sao_Paulo"};
	static const int32_t starts[] = {
	    0, 4 * HOUR, 9000, -2 * HOUR, 23 * HOUR};
	size_t i, k;

	(void)state;
	if (!have_zones())
		skip();
	for (i = 0; i < ROWS(some); i++)
		for (k = 0; k < ROWS(starts); k++) {
			struct crm_zone z;
			struct crm_calendar cal = {&z, starts[k]};
			int64_t day, begin, next;

			zone_at(&z, &file, some[i]);
			/* 2012 to 2090 */
			for (day = 15340; day < 43830; day++) {
				begin = crm_day_begin(&cal, day);
				next = crm_day_begin(&cal, day + 1);
				if (next - begin < 22 * HOUR ||
				    next - begin > 26 * HOUR ||
				    crm_day_of(&cal, begin) != day ||
				    crm_day_of(&cal, begin - 1) != day - 1)
					fail_msg("%s from %d: day %lld",
					    some[i], starts[k], (long long)day);
			}
		}
}

static void
a_day_whose_midnight_is_skipped_begins_with_the_jump(void **state)
{
	/* From 23:30 the clock goes to 00:30. */
	static const int64_t at[] = {CRM_DAY - HOUR / 2};
	static const int32_t off[] = {0, HOUR};
	struct crm_buf b = {0};
	struct crm_zone z;
	struct crm_calendar cal = {&z, 0};

	(void)state;
	build(&b, at, "1", 1, off, 2, "");
	assert_int_equal(crm_zone_parse(crm_buf_str(&b), &z, NULL), CRM_OK);
	assert_int_equal(crm_day_begin(&cal, 1), at[0]);
	assert_int_equal(crm_day_of(&cal, at[0]), 1);
	assert_int_equal(crm_day_of(&cal, at[0] - 1), 0);
	/* The time itself is moved by the length of the gap. */
	assert_int_equal(crm_zone_utc(&z, CRM_DAY), CRM_DAY);
	crm_buf_release(&b);
}

static void
damaged_zone_data_is_refused_at_every_length(void **state)
{
	static const int64_t at[] = {0, 1000};
	static const int32_t off[] = {0, HOUR};
	struct crm_err err = {0};
	struct crm_buf b = {0};
	struct crm_zone z;
	size_t n;

	(void)state;
	build(&b, at, "10", 2, off, 2, "CET-1");
	assert_int_equal(crm_zone_parse(crm_buf_str(&b), &z, &err), CRM_OK);
	for (n = 0; n < b.n; n++) {
		char *copy = malloc(n + 1);

		assert_non_null(copy);
		memcpy(copy, b.p, n);
		if (crm_zone_parse((struct crm_str){copy, n}, &z, &err) !=
		    CRM_ECONFIG)
			fail_msg("the first %zu bytes", n);
		assert_true(err.text[0] != '\0');
		free(copy);
	}
	crm_buf_release(&b);
}

static void
wrong_zone_data_is_refused(void **state)
{
	static const struct {
		int64_t at[2];
		const char *idx;
		int32_t off;
		const char *footer;
	} rows[] = {
	    {{1000, 1000}, "00", 0, ""},
	    {{1000, 999}, "00", 0, ""},
	    {{1, 2}, "01", 0, ""},
	    {{1, 2}, "00", 93600, ""},
	    {{1, 2}, "00", INT32_MIN, ""},
	    {{1, 2}, "00", 0, "CE-1"},
	    {{1, 2}, "00", 0, "CET"},
	    {{1, 2}, "00", 0, "CET-25"},
	    {{1, 2}, "00", 0, "CET-1:60"},
	    {{1, 2}, "00", 0, "CET-1CEST"},
	    {{1, 2}, "00", 0, "CET-1CEST,M3.5.0"},
	    {{1, 2}, "00", 0, "CET-1CEST,M3.6.0,M10.5.0"},
	    {{1, 2}, "00", 0, "CET-1CEST,M13.5.0,M10.5.0"},
	    {{1, 2}, "00", 0, "CET-1CEST,M3.5.7,M10.5.0"},
	    {{1, 2}, "00", 0, "CET-1CEST,M3.5.0/168,M10.5.0"},
	    {{1, 2}, "00", 0, "CET-1CEST,J0,J366"},
	    {{1, 2}, "00", 0, "CET-1CEST,0,366"},
	    {{1, 2}, "00", 0, "<CET-1"},
	    {{1, 2}, "00", 0, "CET-1CEST,M3.5.0,M10.5.0x"},
	    {{1, 2}, "00", 0, "CET-99999999999999999999"},
	};
	struct crm_buf b = {0};
	struct crm_zone z;
	size_t i;

	(void)state;
	for (i = 0; i < ROWS(rows); i++) {
		build(&b, rows[i].at, rows[i].idx, 2, &rows[i].off, 1,
		    rows[i].footer);
		if (crm_zone_parse(crm_buf_str(&b), &z, NULL) != CRM_ECONFIG)
			fail_msg("row %zu", i);
	}
	build(&b, NULL, "", 0, &(int32_t){0}, 1, "UTC0");
	b.p[4] = '\0';
	assert_int_equal(
	    crm_zone_parse(crm_buf_str(&b), &z, NULL), CRM_ECONFIG);
	crm_buf_release(&b);
}

static void
names_that_are_no_zone_are_refused(void **state)
{
	static const char *const bad[] = {"", "/etc/passwd", "../../etc/passwd",
	    "Europe/..", "Europe/Berlin/", "Europe", "Nowhere/Atall",
	    "Europe/Ber lin", "tzdata.zi", "Europe\nBerlin"};
	struct crm_buf b = {0};
	struct crm_err err;
	size_t i;

	(void)state;
	for (i = 0; i < ROWS(bad); i++) {
		err = (struct crm_err){0};
		if (crm_zone_read(NULL, crm_str(bad[i]), &b, &err) !=
			CRM_ECONFIG ||
		    err.text[0] == '\0')
			fail_msg("'%s'", bad[i]);
	}
	assert_int_equal(
	    crm_zone_read("/nonexistent", CRM_STR("Europe/Berlin"), &b, &err),
	    CRM_ECONFIG);
	crm_buf_release(&b);
}

static void
a_time_without_an_offset_is_the_shops(void **state)
{
	struct crm_zone z;
	struct crm_calendar cal = {&z, 4 * HOUR};
	int64_t t;

	(void)state;
	if (!have_zones())
		skip();
	zone_at(&z, &file, "Europe/Berlin");
	assert_int_equal(
	    crm_time_parse(CRM_STR("2024-07-01 12:00"), &cal, &t), CRM_OK);
	assert_int_equal(t, utc("2024-07-01T10:00:00Z"));
	assert_int_equal(
	    crm_time_parse(CRM_STR("2024-07-01"), &cal, &t), CRM_OK);
	assert_int_equal(t, utc("2024-07-01T02:00:00Z"));
	/* Ninety days back over the change of clocks: the same time of day. */
	assert_int_equal(crm_moment_parse(CRM_STR("3mo"), &cal,
			     utc("2024-06-15T10:00:00Z"), &t),
	    CRM_OK);
	assert_int_equal(t, utc("2024-03-15T03:00:00Z"));
}

static int
release_file(void **state)
{
	(void)state;
	crm_buf_release(&file);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(offsets_are_those_of_the_c_library),
	    cmocka_unit_test(rules_alone_give_what_the_c_library_makes_of_them),
	    cmocka_unit_test(a_rule_may_reach_into_the_next_year),
	    cmocka_unit_test(
		local_times_that_repeat_or_are_missing_have_one_instant),
	    cmocka_unit_test(an_instant_comes_back_from_its_local_time),
	    cmocka_unit_test(changes_close_together_are_all_seen),
	    cmocka_unit_test(a_zeroed_zone_is_utc),
	    cmocka_unit_test(the_shops_day_begins_when_the_calendar_says),
	    cmocka_unit_test(a_day_is_the_time_from_its_beginning_to_the_next),
	    cmocka_unit_test(
		a_day_whose_midnight_is_skipped_begins_with_the_jump),
	    cmocka_unit_test(damaged_zone_data_is_refused_at_every_length),
	    cmocka_unit_test(wrong_zone_data_is_refused),
	    cmocka_unit_test(names_that_are_no_zone_are_refused),
	    cmocka_unit_test(a_time_without_an_offset_is_the_shops),
	};

	return cmocka_run_group_tests_name("zone", tests, NULL, release_file);
}
