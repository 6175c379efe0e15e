/*
 * crm-task - what is to be done, by whom, when.
 *
 * The next task of a series is made by crm-tick alone, not by `done`: one place
 * makes them, and what it makes follows from the tasks.
 */
#include "cli_noun.h"

enum { OPEN = 1, DONE, DROPPED };

static const char *result, *at;
static bool last, open_only, mine, due;

/* ---- list ---- */

static const struct cli_option list_options[] = {
    {0, "open", CLI_FLAG, &open_only, NULL, "only what is still to be done"},
    {0, "mine", CLI_FLAG, &mine, NULL, "only what CRM_ACTOR is to do"},
    {0, "due", CLI_FLAG, &due, NULL,
	"only what is open, due by the end of today and not put off"},
    {0},
};

static void
quote(struct crm_buf *b, const char *s)
{
	crm_buf_putc(b, '"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			crm_buf_putc(b, '\\');
		crm_buf_putc(b, *s);
	}
	crm_buf_putc(b, '"');
}

static int
list(struct cli *c, struct crm_err *err)
{
	struct crm_buf b = {.max = 4096};
	struct crm_str text;
	int r;

	if (open_only || due)
		crm_buf_puts(&b, "state = \"open\"");
	if (due)
		crm_buf_puts(&b, " and due <= today and "
				 "(snoozed is empty or snoozed <= today)");
	if (mine) {
		crm_buf_puts(&b, b.n ? " and assignee = " : "assignee = ");
		quote(&b, c->actor);
	}
	crm_buf_putc(&b, '\0');
	r = crm_buf_keep(&b, &c->arena, &text, err);
	if (r == CRM_OK && text.n > 1)
		c->also = text.p;
	crm_buf_release(&b);
	return r == CRM_OK ? cli_list(c, err) : r;
}

/* ---- times to come ---- */

/* A moment that is ahead: a length of time is from now on, 1d this time
 * tomorrow. */
static int
ahead(struct cli *c, const char *option, const char *text, int64_t *out,
    struct crm_err *err)
{
	struct crm_span span;
	int64_t day;
	int r;

	if (crm_span_parse(crm_str(text), &span) == CRM_OK) {
		*out = span.secs + span.months <= 0
			   ? c->now
			   : crm_task_date(c->schema, c->now, &span, c->now);
		return CRM_OK;
	}
	if (strcmp(text, "tomorrow") == 0) {
		day = crm_day_of(&c->schema->calendar, c->now) + 1;
		*out = crm_day_begin(&c->schema->calendar, day);
		return CRM_OK;
	}
	r = cli_moment(c, option, text, out, err);
	if (r < 0)
		crm_err_hint(err, "write 2026-05-04, '2026-05-04 09:00', "
				  "today, tomorrow, or how long from now on: "
				  "2h, 3d, 1w");
	return r;
}

/* --due and --remind take what `snooze` takes. */
static int
take_times(struct cli *c, struct crm_err *err)
{
	struct crm_buf b = {.max = 64};
	struct crm_str kept;
	int64_t t;
	int r = CRM_OK;

	for (size_t i = 0; i < c->nset && r == CRM_OK; i++) {
		struct cli_set *s = &c->set[i];

		if ((strcmp(s->name, "due") != 0 &&
			strcmp(s->name, "remind") != 0) ||
		    s->value[0] == '\0')
			continue;
		crm_buf_clear(&b);
		r = ahead(c, s->name, s->value, &t, err);
		if (r < 0)
			break;
		crm_time_put(&b, t);
		crm_buf_putc(&b, '\0');
		r = crm_buf_keep(&b, &c->arena, &kept, err);
		s->value = kept.p;
	}
	crm_buf_release(&b);
	return r;
}

static int
add(struct cli *c, struct crm_err *err)
{
	int r = take_times(c, err);

	return r == CRM_OK ? cli_add(c, err) : r;
}

static int
set(struct cli *c, struct crm_err *err)
{
	int r = take_times(c, err);

	return r == CRM_OK ? cli_set_verb(c, err) : r;
}

/* ---- done, drop, snooze, assign ---- */

static const struct cli_option done_options[] = {
    {0, "result", CLI_TEXT, &result, "TEXT", "what came of it"},
    {0, "at", CLI_TEXT, &at, "TIME", "when it was done, when not now"},
    {0},
};
static const struct cli_option drop_options[] = {
    {0, "result", CLI_TEXT, &result, "TEXT", "why it was dropped"},
    {0, "at", CLI_TEXT, &at, "TIME", "when, when not now"},
    {0, "last", CLI_FLAG, &last, NULL, "no further task of its series is made"},
    {0},
};

struct act {
	unsigned state; /* 0: it stays open */
	int64_t time;
	const char *who; /* assign */
};

static int
refuse_closed(const struct crm_record *rec, struct crm_err *err)
{
	const struct crm_value *state = crm_record_get(rec, "state");

	crm_err_set(err, CRM_EDATA, "%s%llu is %.*s", rec->kind->letter,
	    (unsigned long long)rec->id, (int)state->s.n, state->s.p);
	crm_err_hint(err, "to open it again: crm-task set %s%llu --state open",
	    rec->kind->letter, (unsigned long long)rec->id);
	return CRM_EDATA;
}

static int
act_each(struct cli_work *w, struct crm_str ref, struct crm_stream *row,
    void *ctx, struct crm_err *err)
{
	const struct act *a = ctx;
	struct crm_record *rec;
	struct crm_value *state;
	int r = cli_record(w, ref, &rec, err);

	(void)row;
	if (r < 0)
		return r;
	state = crm_record_at(rec, "state");
	if (state->i == (int64_t)a->state && !last && !result)
		return cli_work_touch(w, rec->id, err);
	if (state->i != OPEN && state->i != (int64_t)a->state)
		return refuse_closed(rec, err);
	if (a->state && state->i == OPEN) {
		int f = crm_kind_field(rec->kind, CRM_STR("state"));

		*state = crm_value_enum(rec->kind->fields[f].values, a->state);
		*crm_record_at(rec, "closed") =
		    crm_value_num(CRM_T_TIME, a->time, 0);
	} else if (a->who) {
		r = crm_input_set(
		    w->change, rec, CRM_STR("assignee"), crm_str(a->who), err);
	} else if (!a->state) {
		*crm_record_at(rec, "snoozed") =
		    crm_value_num(CRM_T_TIME, a->time, 0);
	}
	if (r == CRM_OK && result)
		r = crm_input_set(
		    w->change, rec, CRM_STR("result"), crm_str(result), err);
	if (last)
		*crm_record_at(rec, "every") = *crm_record_at(rec, "mode") =
		    (struct crm_value){.type = CRM_T_NONE};
	return r == CRM_OK ? cli_work_put(w, rec, err) : r;
}

static int
act(struct cli *c, struct act *a, struct crm_err *err)
{
	struct cli_work w;
	int r = cli_work_begin(c, cli_stdin(c) || c->noperand > 1, &w, err);

	if (r == CRM_OK)
		r = cli_each(&w, act_each, a, err);
	return cli_work_finish(&w, r, err);
}

static int
close_as(struct cli *c, unsigned state, struct crm_err *err)
{
	struct act a = {.state = state, .time = c->now};
	int r = cli_operands(c, 1, 0, err);

	if (r == CRM_OK && at)
		r = cli_moment(c, "--at", at, &a.time, err);
	if (r == CRM_OK && a.time > c->now) {
		crm_err_set(err, CRM_EUSAGE, "'%s' is still to come", at);
		crm_err_field(err, "--at", 4);
		r = CRM_EUSAGE;
	}
	return r == CRM_OK ? act(c, &a, err) : r;
}

static int
done(struct cli *c, struct crm_err *err)
{
	return close_as(c, DONE, err);
}

static int
drop(struct cli *c, struct crm_err *err)
{
	return close_as(c, DROPPED, err);
}

static int
snooze(struct cli *c, struct crm_err *err)
{
	struct act a = {0};
	const char *when;
	int r = cli_operands(c, 2, 2, err);

	if (r < 0)
		return r;
	when = c->operand[1];
	c->noperand = 1;
	r = ahead(c, "snooze", when, &a.time, err);
	if (r == CRM_OK && a.time <= c->now)
		r = crm_err_set(
		    err, CRM_EUSAGE, "'%s' is not later than now", when);
	return r == CRM_OK ? act(c, &a, err) : r;
}

static int
assign(struct cli *c, struct crm_err *err)
{
	struct act a = {0};
	int r = cli_operands(c, 2, 2, err);

	if (r < 0)
		return r;
	a.who = c->operand[1];
	c->noperand = 1;
	return act(c, &a, err);
}

#define WRITES (CLI_CHANGE | CLI_BULK | CLI_IN | CLI_OUT)

static const struct cli_verb verbs[] = {
    {"add", add, CLI_WRITE,
	CLI_FIELDS | CLI_CHANGE | CLI_BULK | CLI_IN | CLI_OUT, NULL, "[-]",
	"add a record, or one for each row of the stream on stdin"},
    {"set", set, CLI_WRITE,
	CLI_FIELDS | CLI_CHANGE | CLI_BULK | CLI_IN | CLI_OUT, NULL,
	"REF... | -", "change fields"},
    {"list", list, CLI_SCAN, CLI_LIST | CLI_IN | CLI_OUT | CLI_CLOCK,
	list_options, "[-]",
	"print all records, or those whose ids are on stdin"},
    {"done", done, CLI_WRITE, WRITES, done_options, "REF... | -",
	"say that something was done"},
    {"drop", drop, CLI_WRITE, WRITES, drop_options, "REF... | -",
	"say that something will not be done"},
    {"snooze", snooze, CLI_WRITE, WRITES, NULL, "REF|- WHEN",
	"put something off until a time, or for so long"},
    {"assign", assign, CLI_WRITE, WRITES, NULL, "REF|- WHO",
	"say who is to do it"},
    {"events", cli_events, CLI_SCAN, CLI_LIST | CLI_IN | CLI_OUT | CLI_CLOCK,
	NULL, "[REF... | -]", "print what was recorded about them: reminders"},
    {0},
};

static const struct cli_command command = {"crm-task",
    "what is to be done, by whom, when", "task",
    CLI_ADD | CLI_GET | CLI_LISTV | CLI_SET | CLI_RM | CLI_EDIT, verbs};

int
main(int argc, char **argv)
{
	return crm_main(&command, argc, argv);
}
