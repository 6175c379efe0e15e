/*
 * test_task.c - when the next task of a series is due.
 */
#include "unit/tmpstore.h"

#include <crm/task.h>

/* A schema in Berlin, whose clocks change on 2026-03-29 and 2026-10-25. */
struct town {
	struct crm_settings set;
	struct crm_schema schema;
	struct crm_buf tzif;
	struct crm_arena arena;
};

static int
setup(void **state)
{
	static struct town w;
	struct crm_err err = {0};

	memset(&w, 0, sizeof w);
	w.set = tmpstore_settings();
	w.set.timezone = CRM_STR("Europe/Berlin");
	if (crm_zone_read(NULL, w.set.timezone, &w.tzif, &err) < 0)
		fail_msg("%s", err.text);
	w.set.tzif = crm_buf_str(&w.tzif);
	assert_int_equal(crm_schema_init(&w.schema, &w.set, &err), CRM_OK);
	*state = &w;
	return 0;
}

static int
teardown(void **state)
{
	struct town *w = *state;

	crm_schema_release(&w->schema);
	crm_buf_release(&w->tzif);
	crm_arena_release(&w->arena);
	return 0;
}

static int64_t
when(struct town *w, const char *text)
{
	int64_t t = 0;

	if (crm_time_parse(crm_str(text), &w->schema.calendar, &t) < 0)
		fail_msg("'%s' is not a time", text);
	return t;
}

static void
is_time(struct town *w, const char *row, int64_t got, const char *want)
{
	struct crm_buf b = {0};

	if (got != when(w, want)) {
		crm_time_put(&b, got);
		fail_msg("%s: %.*s, not %s", row, (int)b.n, b.p, want);
	}
}

static void
dates_count_from_the_first_in_the_zone(void **state)
{
	static const struct {
		const char *starts, *every, *after, *want;
	} rows[] = {
	    {"2026-05-04 09:00", "1d", "2026-05-04 09:00", "2026-05-05 09:00"},
	    {"2026-05-04 09:00", "1d", "2026-05-04 08:00", "2026-05-05 09:00"},
	    {"2026-05-04 09:00", "1w", "2026-05-18 08:59", "2026-05-18 09:00"},
	    {"2026-05-04 09:00", "1w", "2026-05-18 09:00", "2026-05-25 09:00"},
	    /* the hour stays when clocks change */
	    {"2026-03-28 09:00", "1d", "2026-03-28 09:00", "2026-03-29 09:00"},
	    {"2026-10-01 09:00", "1mo", "2026-10-20", "2026-11-01 09:00"},
	    /* but hours are hours */
	    {"2026-03-28 21:00", "12h", "2026-03-28 21:00", "2026-03-29 10:00"},
	    /* an hour that is not there is moved, once */
	    {"2026-03-28 02:30", "1d", "2026-03-28 12:00", "2026-03-29 03:30"},
	    {"2026-03-28 02:30", "1d", "2026-03-29 12:00", "2026-03-30 02:30"},
	    /* the last of short months, not of all after them */
	    {"2026-01-31", "1mo", "2026-01-31", "2026-02-28"},
	    {"2026-01-31", "1mo", "2026-02-28", "2026-03-31"},
	    {"2024-02-29", "1y", "2024-02-29", "2025-02-28"},
	    {"2024-02-29", "1y", "2027-02-28", "2028-02-29"},
	    {"1926-01-01", "1d", "2026-05-04", "2026-05-05"},
	    {"2026-05-04 09:00", "90s", "2026-05-04 09:01",
		"2026-05-04T09:01:30+02:00"},
	};
	struct town *w = *state;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct crm_span every;
		char name[64];

		assert_int_equal(
		    crm_span_parse(crm_str(rows[i].every), &every), CRM_OK);
		snprintf(name, sizeof name, "row %zu", i);
		is_time(w, name,
		    crm_task_date(&w->schema, when(w, rows[i].starts), &every,
			when(w, rows[i].after)),
		    rows[i].want);
	}
}

static struct crm_value
moment(struct town *w, const char *text)
{
	return text ? crm_value_num(CRM_T_TIME, when(w, text), 0)
		    : (struct crm_value){.type = CRM_T_NONE};
}

static void
what_comes_follows_from_mode_and_closing(void **state)
{
	enum { OPEN = 1, DONE, FIXED = 1, AFTER, CATCH_UP };
	static const struct {
		unsigned mode, state;
		const char *due, *closed, *lead, *want, *from;
	} rows[] = {
	    {FIXED, OPEN, "2026-05-04 09:00", NULL, NULL, NULL, NULL},
	    {FIXED, DONE, "2026-05-04 09:00", "2026-05-04 12:00", NULL,
		"2026-05-11 09:00", "2026-05-11 09:00"},
	    {FIXED, DONE, "2026-05-04 09:00", "2026-05-01", NULL,
		"2026-05-11 09:00", "2026-05-11 09:00"},
	    {FIXED, DONE, "2026-05-04 09:00", "2026-05-20", "1d",
		"2026-05-25 09:00", "2026-05-24 09:00"},
	    {AFTER, OPEN, "2026-05-04 09:00", NULL, NULL, NULL, NULL},
	    {AFTER, DONE, "2026-05-04 09:00", "2026-05-20 16:00", "12h",
		"2026-05-27 09:00", "2026-05-26 21:00"},
	    {CATCH_UP, OPEN, "2026-05-04 09:00", NULL, NULL, "2026-05-11 09:00",
		"2026-05-11 09:00"},
	    {CATCH_UP, DONE, "2026-05-11 09:00", "2026-06-01", "1mo",
		"2026-05-18 09:00", "2026-04-18 09:00"},
	};
	struct town *w = *state;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct crm_record *k =
		    crm_record_new(&w->schema.kind[CRM_K_TASK], &w->arena);
		int64_t due, from;
		char name[64];
		int r;

		assert_non_null(k);
		snprintf(name, sizeof name, "row %zu", i);
		*crm_record_at(k, "due") = moment(w, rows[i].due);
		*crm_record_at(k, "starts") = moment(w, "2026-05-04 09:00");
		*crm_record_at(k, "closed") = moment(w, rows[i].closed);
		*crm_record_at(k, "every") = crm_value_text(CRM_STR("1w"));
		*crm_record_at(k, "lead") =
		    crm_value_text(crm_str(rows[i].lead));
		crm_record_at(k, "mode")->i = rows[i].mode;
		crm_record_at(k, "state")->i = rows[i].state;
		r = crm_task_next(&w->schema, k, &due, &from);
		if (r != (rows[i].want ? CRM_OK : CRM_NO))
			fail_msg("%s: %d", name, r);
		if (r != CRM_OK)
			continue;
		is_time(w, name, due, rows[i].want);
		is_time(w, name, from, rows[i].from);
	}
}

static void
what_does_not_recur_has_no_next(void **state)
{
	struct town *w = *state;
	struct crm_record *k =
	    crm_record_new(&w->schema.kind[CRM_K_TASK], &w->arena);
	int64_t due, from;

	assert_non_null(k);
	*crm_record_at(k, "due") = moment(w, "2026-05-04 09:00");
	assert_int_equal(crm_task_next(&w->schema, k, &due, &from), CRM_NO);
	/* nor what would be due after the year 9999 */
	*crm_record_at(k, "every") = crm_value_text(CRM_STR("1000y"));
	*crm_record_at(k, "starts") = moment(w, "9500-01-01");
	*crm_record_at(k, "due") = moment(w, "9500-01-01");
	crm_record_at(k, "mode")->i = 3;
	assert_int_equal(crm_task_next(&w->schema, k, &due, &from), CRM_NO);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(dates_count_from_the_first_in_the_zone),
	    cmocka_unit_test(what_comes_follows_from_mode_and_closing),
	    cmocka_unit_test(what_does_not_recur_has_no_next),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
