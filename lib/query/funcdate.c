/*
 * funcdate.c - functions of dates and times.
 *
 * The parts of a time are those of the shop's day and zone, so `hour` of a
 * sale at 23:30 UTC in Berlin is 1, and its day the next one.  A day begins at
 * day_start: with 04:00, `hour` gives 2 for a sale whose day is yesterday.
 */
#include "query/query.h"

static int64_t
day(const struct qcall *c, const struct crm_value *v)
{
	if (v->type == CRM_T_DATE)
		return v->i;
	return crm_day_of(&c->e->env.schema->calendar, v->i);
}

static int
give_int(struct qcall *c, int64_t i)
{
	*c->out = crm_value_num(CRM_T_INT, i, 0);
	return CRM_OK;
}

static struct crm_civil
civil(const struct qcall *c)
{
	return crm_civil_from_days(day(c, &c->arg[0]));
}

static int
call_year(struct qcall *c)
{
	return give_int(c, civil(c).year);
}

static int
call_quarter(struct qcall *c)
{
	return give_int(c, (civil(c).month + 2) / 3);
}

static int
call_month(struct qcall *c)
{
	return give_int(c, civil(c).month);
}

static int
call_day(struct qcall *c)
{
	return give_int(c, civil(c).day);
}

static int
call_weekday(struct qcall *c)
{
	return give_int(c, crm_weekday(day(c, &c->arg[0])));
}

static int
call_week(struct qcall *c)
{
	int year;

	return give_int(c, crm_iso_week(day(c, &c->arg[0]), &year));
}

static int
call_hour(struct qcall *c)
{
	const struct crm_zone *zone = c->e->env.schema->calendar.zone;
	int64_t t = c->arg[0].i;

	if (zone)
		t += crm_zone_offset(zone, t);
	return give_int(c, crm_civil_from_secs(t).hour);
}

static int
call_days(struct qcall *c)
{
	if (crm_query_months(&c->arg[0]) != 0)
		return crm_query_fault(
		    c->e, c->n, "months have no fixed number of days");
	return give_int(c, c->arg[0].i / CRM_DAY);
}

/* By a pattern; what does not fit it is no value. */
static void
scan(struct qcall *c, bool want_time)
{
	const struct crm_calendar *cal = &c->e->env.schema->calendar;
	bool has_time, has_zone;
	int64_t t;

	if (crm_time_scan(crm_str_trim(c->arg[0].s), c->arg[1].s, &t, &has_time,
		&has_zone) < 0)
		return;
	if (want_time) {
		if (!has_zone && !has_time)
			t = crm_day_begin(
			    cal, crm_day_of(&(struct crm_calendar){0}, t));
		else if (!has_zone && cal->zone)
			t = crm_zone_utc(cal->zone, t);
		*c->out = crm_value_num(CRM_T_TIME, t, 0);
		return;
	}
	*c->out = crm_value_num(CRM_T_DATE,
	    crm_day_of(has_zone ? cal : &(struct crm_calendar){0}, t), 0);
}

static int
read_moment(struct qcall *c, enum crm_type want)
{
	const struct crm_calendar *cal = &c->e->env.schema->calendar;
	const struct crm_value *v = &c->arg[0];

	if (v->type == CRM_T_TEXT && c->narg > 1)
		scan(c, want == CRM_T_TIME);
	else if (v->type == CRM_T_TEXT)
		crm_query_read(c->e, v->s, want, c->out);
	else if (want == CRM_T_DATE)
		*c->out = crm_value_num(CRM_T_DATE, day(c, v), 0);
	else
		*c->out = crm_value_num(CRM_T_TIME,
		    v->type == CRM_T_TIME ? v->i : crm_day_begin(cal, v->i), 0);
	return CRM_OK;
}

static int
call_date(struct qcall *c)
{
	return read_moment(c, CRM_T_DATE);
}

static int
call_time(struct qcall *c)
{
	return read_moment(c, CRM_T_TIME);
}

const struct qbuiltin crm_query_dates[] = {
    {"year", "W", CRM_T_INT, 0, call_year, "year(date)"},
    {"quarter", "W", CRM_T_INT, 0, call_quarter, "quarter(date)"},
    {"month", "W", CRM_T_INT, 0, call_month, "month(date)"},
    {"day", "W", CRM_T_INT, 0, call_day, "day(date)"},
    {"weekday", "W", CRM_T_INT, 0, call_weekday, "weekday(date)"},
    {"week", "W", CRM_T_INT, 0, call_week, "week(date)"},
    {"hour", "T", CRM_T_INT, 0, call_hour, "hour(time)"},
    {"days", "S", CRM_T_INT, 0, call_days, "days(length of time)"},
    {"date", "Vt?", CRM_T_DATE, QB_READS, call_date,
	"date(time), date(text) or date(text, pattern)"},
    {"time", "Vt?", CRM_T_TIME, QB_READS, call_time,
	"time(text) or time(text, pattern)"},
    {0}};
