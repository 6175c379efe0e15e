/*
 * time.c - dates, times and spans as text.
 *
 * Written by hand rather than with strptime and strftime: they depend on the
 * locale, take half of RFC 3339, and cost ten times as much in a stream of a
 * million rows.  Input is one form, so that `01/02/2024` is refused here and
 * an import map must say which part is the month.
 */
#include <crm/time.h>

#include <crm/num.h>

#include "base/word.h"

/* 0001-01-01 and 9999-12-31. */
#define DATE_MIN (-719162)
#define DATE_MAX 2932896
#define TIME_MIN ((int64_t)DATE_MIN * CRM_DAY)
#define TIME_MAX ((int64_t)DATE_MAX * CRM_DAY + CRM_DAY - 1)

/* Two digits at p, or -1. */
static int
two(const char *p)
{
	unsigned a = (unsigned)(unsigned char)p[0] - '0';
	unsigned b = (unsigned)(unsigned char)p[1] - '0';

	return a > 9 || b > 9 ? -1 : (int)(a * 10 + b);
}

/* The date at the front of s, which has 10 bytes. */
static bool
date_at(const char *p, struct crm_civil *c)
{
	int hi = two(p), lo = two(p + 2);

	*c = (struct crm_civil){0};
	if (hi < 0 || lo < 0 || p[4] != '-' || p[7] != '-')
		return false;
	c->year = hi * 100 + lo;
	c->month = two(p + 5);
	c->day = two(p + 8);
	return crm_civil_valid(c);
}

int
crm_date_parse(struct crm_str s, int64_t *out)
{
	struct crm_civil c;

	if (s.n != 10 || !date_at(s.p, &c))
		return CRM_EDATA;
	*out = crm_days_from_civil(c.year, c.month, c.day);
	return CRM_OK;
}

static char *
put_two(char *p, int v)
{
	p[0] = (char)('0' + v / 10);
	p[1] = (char)('0' + v % 10);
	return p + 2;
}

static char *
put_day(char *p, int64_t days)
{
	struct crm_civil c = crm_civil_from_days(days < DATE_MIN   ? DATE_MIN
						 : days > DATE_MAX ? DATE_MAX
								   : days);

	p = put_two(p, c.year / 100);
	p = put_two(p, c.year % 100);
	*p++ = '-';
	p = put_two(p, c.month);
	*p++ = '-';
	return put_two(p, c.day);
}

/* Records come in the order of time, mostly: the day is that of the last. */
static char *
put_date(char *p, int64_t days)
{
	static _Thread_local int64_t day = INT64_MIN;
	static _Thread_local char text[10];

	if (days != day)
		put_day(text, days);
	day = days;
	memcpy(p, text, sizeof(text));
	return p + sizeof(text);
}

void
crm_date_put(struct crm_buf *b, int64_t days)
{
	char text[10];

	put_date(text, days);
	crm_buf_put(b, text, sizeof(text));
}

void
crm_time_put(struct crm_buf *b, int64_t t)
{
	char own[20], *at = crm_buf_at(b, own, sizeof own), *p;
	int64_t days;
	int rest;

	t = t < TIME_MIN ? TIME_MIN : t > TIME_MAX ? TIME_MAX : t;
	days = (t - TIME_MIN) / CRM_DAY + DATE_MIN;
	rest = (int)(t - days * CRM_DAY);
	p = put_date(at, days);
	*p++ = 'T';
	p = put_two(p, rest / 3600);
	*p++ = ':';
	p = put_two(p, rest / 60 % 60);
	*p++ = ':';
	p = put_two(p, rest % 60);
	*p++ = 'Z';
	crm_buf_upto(b, at, own, p);
}

/* Z, +hh:mm or +hhmm and nothing after it. */
static bool
offset_at(const char *p, const char *end, int *out)
{
	int h, m;

	if (end - p == 1 && (*p == 'Z' || *p == 'z')) {
		*out = 0;
		return true;
	}
	if (*p != '+' && *p != '-')
		return false;
	if (end - p == 6 && p[3] == ':')
		m = two(p + 4);
	else if (end - p == 5)
		m = two(p + 3);
	else
		return false;
	h = two(p + 1);
	if (h < 0 || h > 23 || m < 0 || m > 59)
		return false;
	*out = (h * 3600 + m * 60) * (*p == '-' ? -1 : 1);
	return true;
}

/* HH:MM[:SS[.fraction]] at *p; moves it past. */
static bool
clock_at(const char **at, const char *end, struct crm_civil *c)
{
	const char *p = *at;

	if (end - p < 5 || p[2] != ':')
		return false;
	c->hour = two(p);
	c->minute = two(p + 3);
	p += 5;
	if (end - p >= 3 && *p == ':') {
		c->second = two(p + 1);
		p += 3;
		if (p < end && *p == '.') {
			const char *frac = ++p;

			while (p < end && *p >= '0' && *p <= '9')
				p++;
			if (p == frac)
				return false;
		}
	}
	*at = p;
	return c->hour >= 0 && c->hour <= 23 && c->minute >= 0 &&
	       c->minute <= 59 && c->second >= 0 && c->second <= 60;
}

/* The seconds that HH:MM:SS at p are of a day; false when it is none, or in
 * a leap second. */
static bool
word_clock(const char *p, int64_t *out)
{
	/* as HH:MM:SS lies in a word: two digits, then what is between */
	const uint64_t zeros = 0x30303a30303a3030, tens = 0xf0f000f0f000f0f0,
		       six = 0x0606000606000606, exact = 0x0000ff0000ff0000;
	uint64_t x = crm_word(p) ^ zeros, y;
	unsigned h, m, sec;

	if (((x | (x + six)) & tens) | (x & exact))
		return false;
	y = x * 10 + (x >> 8);
	h = y & 0xff;
	m = y >> 24 & 0xff;
	sec = y >> 48 & 0xff;
	*out = h * 3600 + m * 60 + sec;
	return h <= 23 && m <= 59 && sec <= 59;
}

/*
 * YYYY-MM-DDTHH:MM:SSZ, as we write it ourselves.  Records come in the order of
 * time, mostly: the day is that of the last.
 */
static bool
own_form(const char *p, int64_t *out)
{
	static _Thread_local char last[10] = "1970-01-01";
	static _Thread_local int64_t day;
	struct crm_civil c;
	int64_t rest;

	if (p[10] != 'T' || p[19] != 'Z' || !word_clock(p + 11, &rest))
		return false;
	if (memcmp(p, last, sizeof last) != 0) {
		if (!date_at(p, &c))
			return false;
		day = crm_days_from_civil(c.year, c.month, c.day);
		memcpy(last, p, sizeof last);
	}
	*out = day * CRM_DAY + rest;
	return true;
}

int
crm_time_parse(struct crm_str s, const struct crm_calendar *cal, int64_t *out)
{
	const char *p = s.p, *end = p + s.n;
	struct crm_civil c;
	int64_t t;
	int off;

	if (s.n == 20 && own_form(p, out))
		return CRM_OK;
	if (s.n < 10 || !date_at(p, &c))
		return CRM_EDATA;
	if (s.n == 10) {
		if (cal == NULL)
			return CRM_EDATA;
		t = crm_day_begin(
		    cal, crm_days_from_civil(c.year, c.month, c.day));
	} else {
		p += 10;
		if (*p != 'T' && *p != 't' && *p != ' ')
			return CRM_EDATA;
		p++;
		if (!clock_at(&p, end, &c))
			return CRM_EDATA;
		t = crm_secs_from_civil(&c);
		if (p == end) {
			if (cal == NULL)
				return CRM_EDATA;
			t = crm_zone_utc(cal->zone, t);
		} else if (offset_at(p, end, &off)) {
			t -= off;
		} else {
			return CRM_EDATA;
		}
		/* A leap second is the end of a UTC day; POSIX time counts it
		 * as the next. */
		if (c.second == 60 && t % CRM_DAY != 0)
			return CRM_EDATA;
	}
	if (t < TIME_MIN || t > TIME_MAX)
		return CRM_EDATA;
	*out = t;
	return CRM_OK;
}

/* Units, the longer name first; whole: counted in the shop's days. */
static const struct unit {
	const char *name;
	int months;
	int secs;
	bool whole;
} units[] = {
    {"mo", 1, 0, true},
    {"y", 12, 0, true},
    {"w", 0, 7 * CRM_DAY, true},
    {"d", 0, CRM_DAY, true},
    {"h", 0, 3600, false},
    {"m", 0, 60, false},
    {"s", 0, 1, false},
};

static bool
span(struct crm_str s, struct crm_span *out, bool *whole)
{
	struct crm_span r = {0};
	struct crm_str num = s, unit;
	size_t n = 0, i;
	int64_t v;

	while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9')
		n++;
	num.n = n;
	if (n == 0 || crm_int_parse(num, &v) < 0)
		return false;
	unit = (struct crm_str){s.p + n, s.n - n};
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (crm_str_is(unit, units[i].name))
			break;
	if (i == sizeof(units) / sizeof(units[0]) ||
	    !crm_mul64(v, units[i].months, &r.months) ||
	    !crm_mul64(v, units[i].secs, &r.secs))
		return false;
	*out = r;
	*whole = units[i].whole;
	return true;
}

int
crm_span_parse(struct crm_str s, struct crm_span *out)
{
	bool whole;

	return span(s, out, &whole) ? CRM_OK : CRM_EDATA;
}

int
crm_moment_parse(
    struct crm_str s, const struct crm_calendar *cal, int64_t now, int64_t *out)
{
	struct crm_span r;
	int64_t t, day;
	bool whole;

	if (crm_str_is(s, "now")) {
		t = now;
	} else if (crm_str_is(s, "today")) {
		t = crm_day_begin(cal, crm_day_of(cal, now));
	} else if (crm_str_is(s, "yesterday")) {
		t = crm_day_begin(cal, crm_day_of(cal, now) - 1);
	} else if (!span(s, &r, &whole)) {
		return crm_time_parse(s, cal, out);
	} else if (!whole) {
		if (!crm_sub64(now, r.secs, &t))
			return CRM_EDATA;
	} else {
		day = crm_day_of(cal, now);
		if (r.months > 0)
			day = crm_add_months(day, -r.months);
		else if (!crm_sub64(day, r.secs / CRM_DAY, &day))
			return CRM_EDATA;
		t = crm_day_begin(cal, day);
	}
	if (t < TIME_MIN || t > TIME_MAX)
		return CRM_EDATA;
	*out = t;
	return CRM_OK;
}
