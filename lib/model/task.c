/*
 * task.c - what a task must be, and when the next of its series is due.
 *
 * What comes after a task follows from that task alone: its due time, the one
 * its series began with, and when it was closed - never from when somebody
 * looked.  So a machine that was off for a month makes the same tasks as one
 * that looked every minute.  Dates count from the first of the series: a month
 * after the 31st of January and another are the 31st of March again.
 */
#include <crm/task.h>

#include "hooks.h"

enum task_state { OPEN = 1 };
enum task_mode { FIXED = 1, AFTER, CATCH_UP };

/* More missed ones than that are a mistake in the date. */
#define MISSED_MAX 10000
/* The shortest time between two. */
#define EVERY_MIN 60
#define SPAN_YEARS 1000
/* The last second of 9999. */
#define TIME_MAX INT64_C(253402300799)

static int
bad(const char *field, struct crm_err *err, const char *text)
{
	crm_err_set(err, CRM_EDATA, "%s", text);
	crm_err_field(err, field, strlen(field));
	return CRM_EDATA;
}

/* ---- dates of a series ---- */

static bool
whole_days(const struct crm_span *p)
{
	return p->months > 0 || p->secs % CRM_DAY == 0;
}

/* n times the span after a moment; days and months by the zone's days. */
static int64_t
step(const struct crm_schema *s, int64_t from, const struct crm_span *p,
    int64_t n)
{
	int64_t local, day, secs;

	if (!whole_days(p))
		return from + n * p->secs;
	local = from + crm_zone_offset(&s->zone, from);
	day = local / CRM_DAY - (local % CRM_DAY < 0);
	secs = local - day * CRM_DAY;
	day = p->months > 0 ? crm_add_months(day, n * p->months)
			    : day + n * (p->secs / CRM_DAY);
	return crm_zone_utc(&s->zone, day * CRM_DAY + secs);
}

int64_t
crm_task_date(const struct crm_schema *s, int64_t starts,
    const struct crm_span *every, int64_t after)
{
	/* no span is longer: so many have passed at least, but for two that
	 * clocks and months may have moved */
	int64_t longest = every->months * 31 * CRM_DAY + every->secs;
	int64_t n = after > starts ? (after - starts) / longest - 1 : 1, t;

	if (n < 1)
		n = 1;
	while ((t = step(s, starts, every, n)) <= after)
		n++;
	return t;
}

/* CRM_NO: no such text; what prepare took can be read. */
static int
span_of(const struct crm_record *rec, const char *field, struct crm_span *out)
{
	const struct crm_value *v = crm_record_get(rec, field);

	*out = (struct crm_span){0};
	if (v->type == CRM_T_NONE || crm_span_parse(v->s, out) < 0)
		return CRM_NO;
	return CRM_OK;
}

int
crm_task_next(const struct crm_schema *s, const struct crm_record *task,
    int64_t *due, int64_t *from)
{
	const struct crm_value *when = crm_record_get(task, "due");
	const struct crm_value *starts = crm_record_get(task, "starts");
	const struct crm_value *closed = crm_record_get(task, "closed");
	int64_t mode = crm_record_get(task, "mode")->i;
	bool open = crm_record_get(task, "state")->i == OPEN;
	struct crm_span every, lead;

	if (span_of(task, "every", &every) != CRM_OK ||
	    when->type != CRM_T_TIME || starts->type != CRM_T_TIME ||
	    (mode != CATCH_UP && (open || closed->type != CRM_T_TIME)))
		return CRM_NO;
	if (mode == AFTER && !whole_days(&every)) {
		*due = closed->i + every.secs;
	} else if (mode == AFTER) {
		/* so many days after that day, at the hour of the first */
		int64_t end = closed->i + crm_zone_offset(&s->zone, closed->i);
		int64_t first =
		    starts->i + crm_zone_offset(&s->zone, starts->i);
		int64_t day = end / CRM_DAY - (end % CRM_DAY < 0);
		int64_t secs = ((first % CRM_DAY) + CRM_DAY) % CRM_DAY;

		*due = step(
		    s, crm_zone_utc(&s->zone, day * CRM_DAY + secs), &every, 1);
	} else if (mode == FIXED && closed->i > when->i) {
		*due = crm_task_date(s, starts->i, &every, closed->i);
	} else {
		*due = crm_task_date(s, starts->i, &every, when->i);
	}
	*from = *due;
	if (span_of(task, "lead", &lead) == CRM_OK)
		*from = step(s, *due, &lead, -1);
	return *due <= TIME_MAX ? CRM_OK : CRM_NO;
}

/* ---- what a task must be ---- */

static int
check_span(const struct crm_record *rec, const char *field, int64_t least,
    struct crm_err *err)
{
	const struct crm_value *v = crm_record_get(rec, field);
	struct crm_span span;

	if (v->type == CRM_T_NONE)
		return CRM_OK;
	if (crm_span_parse(v->s, &span) == CRM_OK &&
	    span.months <= 12 * SPAN_YEARS &&
	    span.secs <= (int64_t)SPAN_YEARS * 366 * CRM_DAY &&
	    (span.months > 0 || span.secs >= least))
		return CRM_OK;
	crm_err_set(err, CRM_EDATA, "'%.*s' is not a length of time of %s",
	    v->s.n > 40 ? 40 : (int)v->s.n, v->s.p,
	    least > 0 ? "a minute or more" : "0 or more");
	crm_err_field(err, field, strlen(field));
	crm_err_hint(err, "write 12h, 1d, 2w, 1mo or 1y");
	return CRM_EDATA;
}

static struct crm_value
enum_of(const struct crm_record *rec, const char *field, unsigned place)
{
	int f = crm_kind_field(rec->kind, crm_str(field));

	return crm_value_enum(rec->kind->fields[f].values, place);
}

/* A series: the date it counts from, and how many were missed. */
static int
series(struct crm_change *ch, const struct crm_record *old,
    struct crm_record *rec, struct crm_err *err)
{
	const struct crm_value *due = crm_record_get(rec, "due");
	struct crm_value *starts = crm_record_at(rec, "starts");
	struct crm_value *mode = crm_record_at(rec, "mode");
	struct crm_span every;

	if (span_of(rec, "every", &every) != CRM_OK) {
		if (mode->type != CRM_T_NONE &&
		    crm_field_differs(old, rec, "mode"))
			return bad("mode", err,
			    "says how a task comes again: it wants --every");
		return CRM_OK;
	}
	if (due->type != CRM_T_TIME)
		return bad("due", err,
		    "a task that comes again needs to be due some time");
	if (mode->type == CRM_T_NONE)
		*mode = enum_of(rec, "mode", FIXED);
	/* who moves its date moves those after it; one that crm_tick_run adds
	 * brings the date its series began with */
	if (starts->type == CRM_T_NONE ||
	    (old && (crm_field_differs(old, rec, "due") ||
			crm_field_differs(old, rec, "every"))))
		*starts = *due;
	if (mode->i == CATCH_UP &&
	    (crm_field_differs(old, rec, "due") ||
		crm_field_differs(old, rec, "every") ||
		crm_field_differs(old, rec, "mode")) &&
	    step(crm_change_schema(ch), due->i, &every, MISSED_MAX) <
		crm_change_now(ch)) {
		crm_err_set(err, CRM_EDATA,
		    "more than %d dates have passed since then", MISSED_MAX);
		crm_err_field(err, "due", 3);
		crm_err_hint(err, "the modes fixed and after make one task of "
				  "what was missed");
		return CRM_EDATA;
	}
	return CRM_OK;
}

int
crm_task_prepare(struct crm_change *ch, const struct crm_record *old,
    struct crm_record *rec, struct crm_err *err)
{
	struct crm_value *state = crm_record_at(rec, "state");
	struct crm_value *priority = crm_record_at(rec, "priority");
	struct crm_value *created = crm_record_at(rec, "created");
	struct crm_value *closed = crm_record_at(rec, "closed");
	int r;

	if (state->type == CRM_T_NONE)
		*state = enum_of(rec, "state", OPEN);
	if (priority->type == CRM_T_NONE)
		*priority = enum_of(rec, "priority", 2);
	if (created->type == CRM_T_NONE && old == NULL)
		*created = crm_value_num(CRM_T_TIME, crm_change_now(ch), 0);
	if (state->i == OPEN)
		*closed = (struct crm_value){.type = CRM_T_NONE};
	else if (closed->type == CRM_T_NONE)
		*closed = crm_value_num(CRM_T_TIME, crm_change_now(ch), 0);
	r = check_span(rec, "every", EVERY_MIN, err);
	if (r == CRM_OK)
		r = check_span(rec, "lead", 0, err);
	return r == CRM_OK ? series(ch, old, rec, err) : r;
}

/* A task was there from the day it was entered, and open until it was closed. */
int
crm_task_at(struct crm_txn *t, const struct crm_schema *s, int64_t at,
    struct crm_record *rec, struct crm_err *err)
{
	const struct crm_value *created = crm_record_get(rec, "created");
	struct crm_value *closed = crm_record_at(rec, "closed");

	(void)t;
	(void)s;
	(void)err;
	if (created->type == CRM_T_TIME && created->i >= at)
		return CRM_NO;
	if (closed->type == CRM_T_TIME && closed->i >= at) {
		*closed = (struct crm_value){.type = CRM_T_NONE};
		*crm_record_at(rec, "state") = enum_of(rec, "state", OPEN);
		*crm_record_at(rec, "result") =
		    (struct crm_value){.type = CRM_T_NONE};
	}
	return CRM_OK;
}
