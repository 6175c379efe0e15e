/*
 * period.c - days, weeks, months, quarters and years, numbered.
 *
 * A period is a number that grows by one from each to the next, so that what
 * lies between two of them is a subtraction; its name is made of the number.
 */
#include <crm/time.h>

static const char *const names[CRM_PERIODS] = {
    "day", "week", "month", "quarter", "year"};

const char *
crm_period_name(enum crm_period p)
{
	return names[p];
}

int
crm_period_parse(struct crm_str s, enum crm_period *out)
{
	for (int i = 0; i < CRM_PERIODS; i++)
		if (crm_str_is(s, names[i])) {
			*out = (enum crm_period)i;
			return CRM_OK;
		}
	return CRM_EDATA;
}

/* Rounded down, below 0 too. */
static int64_t
floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

int64_t
crm_period_of(enum crm_period p, int64_t day)
{
	struct crm_civil d;

	if (p == CRM_BY_DAY)
		return day;
	/* 1970-01-01 was a Thursday: week 0 began on the Monday before. */
	if (p == CRM_BY_WEEK)
		return floor_div(day + 3, 7);
	d = crm_civil_from_days(day);
	if (p == CRM_BY_MONTH)
		return (int64_t)d.year * 12 + d.month - 1;
	if (p == CRM_BY_QUARTER)
		return (int64_t)d.year * 4 + (d.month - 1) / 3;
	return d.year;
}

int64_t
crm_period_begin(enum crm_period p, int64_t n)
{
	switch (p) {
	case CRM_BY_WEEK:
		return n * 7 - 3;
	case CRM_BY_MONTH:
		return crm_days_from_civil(
		    (int)floor_div(n, 12), (int)(n % 12) + 1, 1);
	case CRM_BY_QUARTER:
		return crm_days_from_civil(
		    (int)floor_div(n, 4), (int)(n % 4) * 3 + 1, 1);
	case CRM_BY_YEAR:
		return crm_days_from_civil((int)n, 1, 1);
	default:
		return n;
	}
}

void
crm_period_put(struct crm_buf *b, enum crm_period p, int64_t n)
{
	int64_t day = crm_period_begin(p, n);
	struct crm_civil d = crm_civil_from_days(day);
	int year, week;

	switch (p) {
	case CRM_BY_WEEK:
		week = crm_iso_week(day, &year);
		crm_buf_putf(b, "%04d-W%02d", year, week);
		break;
	case CRM_BY_MONTH:
		crm_buf_putf(b, "%04d-%02d", d.year, d.month);
		break;
	case CRM_BY_QUARTER:
		crm_buf_putf(b, "%04d-Q%d", d.year, (d.month - 1) / 3 + 1);
		break;
	case CRM_BY_YEAR:
		crm_buf_putf(b, "%04d", d.year);
		break;
	default:
		crm_date_put(b, day);
		break;
	}
}
