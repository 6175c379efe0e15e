/*
 * tzrule.c - POSIX TZ rules: the times after a zone's table of changes.
 *
 * A rule's "time" may lie days before or after its day (Nuuk, Gaza), so a
 * change of one year can happen in the next, even after that year's own.  Only
 * the order of the instants counts here; a rule read by the year alone, as some
 * libraries do, is wrong near the ends of a year.
 */
#include "tzrule.h"

#define HOUR 3600
/* Days into the next year that a change can be late: 167 hours and offsets. */
#define REACH 10

static bool
take_char(struct crm_str *s, char c)
{
	if (s->n == 0 || *s->p != c)
		return false;
	s->p++;
	s->n--;
	return true;
}

/* Digits, at most max. */
static bool
take_num(struct crm_str *s, int max, int *out)
{
	int v = 0, d;
	bool any = false;

	while (s->n > 0 && *s->p >= '0' && *s->p <= '9') {
		d = *s->p - '0';
		v = v * 10 + d;
		if (v > max)
			return false;
		any = true;
		s->p++;
		s->n--;
	}
	*out = v;
	return any;
}

static bool
alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* A name of three letters or more, or one in <> with digits and signs. */
static bool
take_name(struct crm_str *s)
{
	bool quoted = take_char(s, '<');
	size_t n = 0;

	while (n < s->n &&
	       (alpha(s->p[n]) ||
		   (quoted && (s->p[n] == '+' || s->p[n] == '-' ||
				  (s->p[n] >= '0' && s->p[n] <= '9')))))
		n++;
	s->p += n;
	s->n -= n;
	return n >= 3 && (!quoted || take_char(s, '>'));
}

/* [+-]h[h[h]][:mm[:ss]] in seconds. */
static bool
take_hms(struct crm_str *s, int hours, int32_t *out)
{
	bool neg = take_char(s, '-');
	int h, m = 0, sec = 0;

	if (!neg)
		take_char(s, '+');
	if (!take_num(s, hours, &h))
		return false;
	if (take_char(s, ':')) {
		if (!take_num(s, 59, &m))
			return false;
		if (take_char(s, ':') && !take_num(s, 59, &sec))
			return false;
	}
	*out = h * HOUR + m * 60 + sec;
	if (neg)
		*out = -*out;
	return true;
}

static bool
take_change(struct crm_str *s, struct crm_zone_change *c)
{
	int month, week, wday, day;

	*c = (struct crm_zone_change){.secs = 2 * HOUR};
	if (!take_char(s, ','))
		return false;
	if (take_char(s, 'M')) {
		if (!take_num(s, 12, &month) || month < 1 ||
		    !take_char(s, '.') || !take_num(s, 5, &week) || week < 1 ||
		    !take_char(s, '.') || !take_num(s, 6, &wday))
			return false;
		c->kind = 'M';
		c->month = (uint8_t)month;
		c->week = (uint8_t)week;
		c->wday = (uint8_t)wday;
	} else {
		c->kind = take_char(s, 'J') ? 'J' : 'D';
		if (!take_num(s, 365, &day) || (c->kind == 'J' && day < 1))
			return false;
		c->day = (int16_t)day;
	}
	return !take_char(s, '/') || take_hms(s, 167, &c->secs);
}

bool
crm_tzrule_parse(struct crm_str s, struct crm_zone_rule *out)
{
	struct crm_zone_rule r = {0};
	int32_t west;

	if (!take_name(&s) || !take_hms(&s, 24, &west))
		return false;
	r.std = -west;
	if (s.n > 0) {
		if (!take_name(&s))
			return false;
		r.has_dst = true;
		r.dst = r.std + HOUR;
		if (s.n > 0 && *s.p != ',') {
			if (!take_hms(&s, 24, &west))
				return false;
			r.dst = -west;
		}
		if (!take_change(&s, &r.on) || !take_change(&s, &r.off))
			return false;
	}
	*out = r;
	return s.n == 0;
}

static bool
is_leap(int y)
{
	return y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
}

/* The local second a change falls on in a year that begins on day jan1. */
static int64_t
change_local(const struct crm_zone_change *c, int year, int64_t jan1)
{
	int64_t day, next;

	if (c->kind == 'J') {
		day = jan1 + c->day - 1 + (c->day >= 60 && is_leap(year));
	} else if (c->kind == 'D') {
		day = jan1 + c->day;
	} else {
		day = crm_days_from_civil(year, c->month, 1);
		day += (c->wday - crm_weekday(day) % 7 + 7) % 7;
		day += (c->week - 1) * 7;
		next = c->month == 12
			   ? crm_days_from_civil(year + 1, 1, 1)
			   : crm_days_from_civil(year, c->month + 1, 1);
		if (day >= next)
			day -= 7;
	}
	return day * CRM_DAY + c->secs;
}

/* The instants of the two changes of a year that begins on day jan1. */
static void
changes(const struct crm_zone_rule *r, int year, int64_t jan1, int64_t *on,
    int64_t *off)
{
	*on = change_local(&r->on, year, jan1) - r->std;
	*off = change_local(&r->off, year, jan1) - r->dst;
}

/*
 * The last change at or before t decides.  Years are looked at backwards until
 * one has a change that none of an earlier year can follow.
 */
int32_t
crm_tzrule_offset(const struct crm_zone_rule *r, int64_t t)
{
	int64_t on, off, jan1, best = INT64_MIN;
	struct crm_civil c;
	bool dst = false;
	int y;

	if (!r->has_dst)
		return r->std;
	c = crm_civil_from_secs(t + r->std);
	for (y = c.month == 12 ? c.year + 1 : c.year; y >= c.year - 2; y--) {
		jan1 = crm_days_from_civil(y, 1, 1);
		changes(r, y, jan1, &on, &off);
		if (off <= t && off > best) {
			best = off;
			dst = false;
		}
		/* Where both meet, standard time has no length. */
		if (on <= t && (on > best || (on == best && on == off))) {
			best = on;
			dst = true;
		}
		if (best >= (jan1 + REACH) * CRM_DAY)
			break;
	}
	return dst ? r->dst : r->std;
}

int64_t
crm_tzrule_next(const struct crm_zone_rule *r, int64_t t)
{
	int64_t next = INT64_MAX, on, off;
	int y, year;

	if (!r->has_dst)
		return next;
	year = crm_civil_from_secs(t + r->std).year;
	for (y = year - 1; y <= year + 2; y++) {
		changes(r, y, crm_days_from_civil(y, 1, 1), &on, &off);
		if (on > t && on < next)
			next = on;
		if (off > t && off < next)
			next = off;
	}
	return next;
}
