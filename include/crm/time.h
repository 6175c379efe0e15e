/*
 * time.h - instants, days, zones.
 *
 * An instant is int64_t seconds since 1970-01-01T00:00:00Z; a date the
 * number of days since 1970-01-01 (proleptic Gregorian).  The shop's days
 * are those of its own zone and day_start (a struct crm_calendar), never
 * TZ's.  Years 0001 to 9999.  Zone rules are TZif data (RFC 8536) that the
 * store keeps, so a program needs no zone files to run.
 */
#ifndef CRM_TIME_H
#define CRM_TIME_H

#include <crm/buf.h>

#define CRM_DAY 86400

struct crm_civil {
	int year, month, day; /* 1.. */
	int hour, minute, second;
};

int64_t crm_days_from_civil(int year, int month, int day);
/* The date of a day number; h, m, s zero. */
struct crm_civil crm_civil_from_days(int64_t days);
/* Date and time of seconds since the epoch, no zone applied. */
struct crm_civil crm_civil_from_secs(int64_t secs);
int64_t crm_secs_from_civil(const struct crm_civil *c);
bool crm_civil_valid(const struct crm_civil *c);
/* ISO weekday, Monday 1 .. Sunday 7. */
int crm_weekday(int64_t days);
/* ISO 8601 week: *year and 1..53. */
int crm_iso_week(int64_t days, int *year);
/* Adds months, the day cut to the month's length (Jan 31 + 1 -> Feb 28). */
int64_t crm_add_months(int64_t days, int64_t months);

/* The POSIX TZ rule a TZif file ends with, read by crm_zone_parse. */
struct crm_zone_change {
	char kind; /* 'J' day 1..365 without Feb 29, 'D' day 0..365, 'M' */
	uint8_t month, week, wday; /* of 'M': Sunday is 0, week 5 the last */
	int16_t day;
	int32_t secs; /* after midnight of that day, -167h .. 167h */
};
struct crm_zone_rule {
	int32_t std, dst; /* seconds east of UTC */
	bool has_dst;
	struct crm_zone_change on, off;
};

/* A zone.  Zeroed is UTC. */
struct crm_zone {
	const char *tzif; /* borrowed by parse; must outlive the zone */
	size_t n;
	uint32_t count; /* transitions */
	uint32_t types; /* local time types */
	const unsigned char *at, *idx, *type;
	struct crm_str footer; /* POSIX TZ rule for later times */
	struct crm_zone_rule rule; /* the footer, when it is not empty */
};

/*
 * Reads the TZif file of a zone name ("Europe/Berlin") below dir (NULL:
 * /usr/share/zoneinfo) into out.  Names are letters, digits, _ + - and /
 * without "..".  CRM_ECONFIG for no such zone.
 */
int crm_zone_read(const char *dir, struct crm_str name, struct crm_buf *out,
    struct crm_err *err);
/* Checks TZif bytes and makes *zone a view of them; borrows. */
int crm_zone_parse(
    struct crm_str tzif, struct crm_zone *zone, struct crm_err *err);
/* Seconds east of UTC at an instant. */
int32_t crm_zone_offset(const struct crm_zone *zone, int64_t t);
/* The instant of a local civil second; a time that occurs twice is the
 * first, one that does not occur (spring) is moved by the gap. */
int64_t crm_zone_utc(const struct crm_zone *zone, int64_t local);

/* The shop's days: zone NULL is UTC, day_start seconds after midnight. */
struct crm_calendar {
	const struct crm_zone *zone;
	int32_t day_start;
};
/* The shop's day an instant falls on. */
int64_t crm_day_of(const struct crm_calendar *cal, int64_t t);
/* The instant a shop's day begins. */
int64_t crm_day_begin(const struct crm_calendar *cal, int64_t day);

/* ---- periods: numbered, each one more than the one before ---- */

enum crm_period {
	CRM_BY_DAY,
	CRM_BY_WEEK, /* ISO 8601, from Monday */
	CRM_BY_MONTH,
	CRM_BY_QUARTER,
	CRM_BY_YEAR,
	CRM_PERIODS
};
/* "week" and back; CRM_EDATA for another word. */
const char *crm_period_name(enum crm_period p);
int crm_period_parse(struct crm_str s, enum crm_period *out);
/* The period a day is in, and a period's first day. */
int64_t crm_period_of(enum crm_period p, int64_t day);
int64_t crm_period_begin(enum crm_period p, int64_t n);
/* 2026-05-01, 2026-W18, 2026-05, 2026-Q2, 2026 */
void crm_period_put(struct crm_buf *b, enum crm_period p, int64_t n);

/* YYYY-MM-DD.  CRM_OK or CRM_EDATA (also for dates that do not exist). */
int crm_date_parse(struct crm_str s, int64_t *out);
void crm_date_put(struct crm_buf *b, int64_t days);
/*
 * RFC 3339 with Z or an offset; without either it is local time in zone
 * (NULL: refused).  'T' or a blank between; seconds may be left out,
 * fractions are cut.  A date alone is its shop day's beginning when cal is
 * given (NULL: refused).  CRM_OK or CRM_EDATA.
 */
int crm_time_parse(
    struct crm_str s, const struct crm_calendar *cal, int64_t *out);
/* 2024-05-01T09:58:12Z */
void crm_time_put(struct crm_buf *b, int64_t t);

/* A length of time: months are apart, as they have no fixed length. */
struct crm_span {
	int64_t months;
	int64_t secs;
};
/* 30s 15m 12h 90d 2w 3mo 1y (m is minutes, mo months).  CRM_OK, CRM_EDATA */
int crm_span_parse(struct crm_str s, struct crm_span *out);
/*
 * A moment as options take it: a time or date as above, `now`, `today`,
 * `yesterday`, or a span, meaning that long before now - whole days and
 * more from the beginning of the shop's day.  CRM_OK, CRM_EDATA.
 */
int crm_moment_parse(struct crm_str s, const struct crm_calendar *cal,
    int64_t now, int64_t *out);

/*
 * Reads a date and time by a pattern: %Y %m %d %H %M %S %y %b (English
 * month name) %p (AM/PM) %I %z (offset) %s (epoch) %e (day without zero),
 * other bytes stand for themselves, a blank for any blanks.  *has_time says
 * whether %H %I or %s occurred, *has_zone whether %z or %s: *local is then
 * the instant.  CRM_OK, CRM_EDATA.
 */
int crm_time_scan(struct crm_str s, struct crm_str pattern, int64_t *local,
    bool *has_time, bool *has_zone);

#endif
