/*
 * civil.c - the calendar: days and seconds to years, months, weeks and back.
 *
 * The arithmetic is Howard Hinnant's ("chrono-Compatible Low-Level Date
 * Algorithms"): years begin in March, so the leap day is a year's last, and
 * 400 years are always 146097 days.  Day numbers further than a million years
 * away are cut to that, so that no input overflows a year; whether a date is
 * one of ours (0001 to 9999) is for the callers that read and write text.
 */
#include <crm/time.h>

/* 0000-03-01 to 1970-01-01. */
#define EPOCH_SHIFT 719468
#define ERA 146097
#define DAYS_FAR ((int64_t)365242500)
#define YEAR_FAR 1000000

static int64_t
floor_div(int64_t a, int64_t b)
{
	int64_t q = a / b;

	return a % b < 0 ? q - 1 : q;
}

int64_t
crm_days_from_civil(int year, int month, int day)
{
	int64_t y = (int64_t)year - (month <= 2);
	int64_t era = floor_div(y, 400);
	int64_t yoe = y - era * 400;
	int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

	return era * ERA + doe - EPOCH_SHIFT;
}

struct crm_civil
crm_civil_from_days(int64_t days)
{
	struct crm_civil c = {0};
	int64_t era;
	unsigned doe, yoe, doy, mp;

	if (days < -DAYS_FAR)
		days = -DAYS_FAR;
	if (days > DAYS_FAR)
		days = DAYS_FAR;
	days += EPOCH_SHIFT;
	era = floor_div(days, ERA);
	doe = (unsigned)(days - era * ERA);
	yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	mp = (5 * doy + 2) / 153;
	c.day = (int)(doy - (153 * mp + 2) / 5 + 1);
	c.month = (int)(mp < 10 ? mp + 3 : mp - 9);
	c.year = (int)yoe + (int)era * 400 + (c.month <= 2);
	return c;
}

struct crm_civil
crm_civil_from_secs(int64_t secs)
{
	int64_t days = floor_div(secs, CRM_DAY);
	int rest = (int)((secs % CRM_DAY + CRM_DAY) % CRM_DAY);
	struct crm_civil c = crm_civil_from_days(days);

	c.hour = rest / 3600;
	c.minute = rest / 60 % 60;
	c.second = rest % 60;
	return c;
}

int64_t
crm_secs_from_civil(const struct crm_civil *c)
{
	return crm_days_from_civil(c->year, c->month, c->day) * CRM_DAY +
	       (int64_t)c->hour * 3600 + (int64_t)c->minute * 60 + c->second;
}

static int
month_days(int year, int month)
{
	static const char days[] = {
	    31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	if (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))
		return 29;
	return days[month - 1];
}

bool
crm_civil_valid(const struct crm_civil *c)
{
	return c->year >= 1 && c->year <= 9999 && c->month >= 1 &&
	       c->month <= 12 && c->day >= 1 &&
	       c->day <= month_days(c->year, c->month) && c->hour >= 0 &&
	       c->hour <= 23 && c->minute >= 0 && c->minute <= 59 &&
	       c->second >= 0 && c->second <= 59;
}

int
crm_weekday(int64_t days)
{
	/* Day 0 was a Thursday; the sum cannot overflow, as % comes first. */
	return (int)((days % 7 + 10) % 7) + 1;
}

/* The week belongs to the year its Thursday is in. */
int
crm_iso_week(int64_t days, int *year)
{
	int64_t thursday = days - crm_weekday(days) + 4;

	*year = crm_civil_from_days(thursday).year;
	return (int)((thursday - crm_days_from_civil(*year, 1, 1)) / 7) + 1;
}

int64_t
crm_add_months(int64_t days, int64_t months)
{
	struct crm_civil c = crm_civil_from_days(days);
	int64_t far = (int64_t)YEAR_FAR * 24, m, y;
	int last;

	if (months < -far)
		months = -far;
	if (months > far)
		months = far;
	m = (int64_t)c.year * 12 + c.month - 1 + months;
	y = floor_div(m, 12);
	c.month = (int)(m - y * 12) + 1;
	c.year = y < -YEAR_FAR ? -YEAR_FAR : y > YEAR_FAR ? YEAR_FAR : (int)y;
	last = month_days(c.year, c.month);
	return crm_days_from_civil(
	    c.year, c.month, c.day < last ? c.day : last);
}
