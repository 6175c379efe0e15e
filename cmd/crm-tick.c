/*
 * crm-tick - what is to be done when its time has come, each once.
 *
 * A run that finds nothing due takes no lock, so that one every minute is in
 * nobody's way.  What is due is done in changes of a bounded size: who waits
 * for the lock gets it between two of them, and a run that is killed is
 * completed by the next.
 */
#include "cli_noun.h"

/* Of one change. */
#define AT_ONCE 500

enum { C_ID, C_DUTY, C_AT, C_DUE, C_TITLE, C_ASSIGNEE, C_ABOUT, C_COUNT };
static const struct crm_field columns[C_COUNT] = {
    {"id", CRM_T_ID, 0, 0, 0, NULL, "the record"},
    {"duty", CRM_T_TEXT, 0, 0, 0, NULL, "what is done about it"},
    {"at", CRM_T_TIME, 0, 0, 0, NULL, "when that is to be done"},
    {"due", CRM_T_TIME, 0, 0, 0, NULL, "when the record is due"},
    {"title", CRM_T_TEXT, 0, 0, 0, NULL, "its title"},
    {"assignee", CRM_T_TEXT, 0, 0, 0, NULL, "who is to do it"},
    {"about", CRM_T_ID, 0, 0, 0, NULL, "the record it is about"},
};

struct tick {
	struct cli *c;
	struct cli_rows *rows; /* NULL: nothing is printed */
	struct crm_value *v; /* rows of a change, until it is committed */
	size_t n;
	bool coming; /* of a series: the task that is to be made */
	uint64_t counted;
};

/* A row; copy: its texts are to live on. */
static int
fill(struct tick *t, const struct crm_tick *tick, struct crm_value *v,
    struct crm_err *err)
{
	static const char *const from[C_COUNT] = {[C_DUE] = "due",
	    [C_TITLE] = "title",
	    [C_ASSIGNEE] = "assignee",
	    [C_ABOUT] = "about"};
	int64_t due, made;

	for (int i = C_DUE; i < C_COUNT; i++) {
		v[i] = *crm_record_get(tick->rec, from[i]);
		if (v[i].type == CRM_T_TEXT) {
			v[i].s = crm_arena_str(&t->c->arena, v[i].s);
			if (!v[i].s.p)
				return crm_err_nomem(err);
		}
	}
	v[C_ID] = crm_value_id(tick->rec->kind->number, tick->rec->id);
	v[C_DUTY] = crm_value_text(crm_str(tick->duty->name));
	v[C_AT] = crm_value_num(CRM_T_TIME, tick->at, 0);
	if (t->coming && strcmp(tick->duty->name, "recur") == 0 &&
	    crm_task_next(t->c->schema, tick->rec, &due, &made) == CRM_OK)
		v[C_DUE].i = due;
	return CRM_OK;
}

static int
no_operands(const struct cli *c, struct crm_err *err)
{
	return c->noperand == 0
		   ? CRM_OK
		   : crm_err_set(err, CRM_EUSAGE,
			 "'%s': no operands are wanted", c->operand[0]);
}

/* ---- list ---- */

static int
list_one(void *ctx, const struct crm_tick *tick, struct crm_err *err)
{
	struct tick *t = ctx;
	struct crm_value v[C_COUNT];
	int r = fill(t, tick, v, err);

	return r == CRM_OK ? cli_rows_put(t->rows, v, err) : r;
}

static int
list(struct cli *c, struct crm_err *err)
{
	struct tick t = {.c = c, .coming = true};
	struct crm_txn *txn;
	int r = no_operands(c, err);

	if (r == CRM_OK)
		r = cli_rows_open(c, columns, C_COUNT, "at", &t.rows, err);
	if (r < 0)
		return r;
	r = crm_txn_begin(c->store, &txn, err);
	if (r == CRM_OK) {
		r = cli_rows_hold(t.rows, err);
		if (r == CRM_OK)
			r = crm_tick_each(
			    txn, c->schema, INT64_MAX, list_one, &t, err);
		crm_txn_end(txn);
	}
	if (r == CRM_OK)
		return cli_rows_close(t.rows, err);
	cli_rows_abort(t.rows);
	return r;
}

/* ---- run ---- */

static int
any_one(void *ctx, const struct crm_tick *tick, struct crm_err *err)
{
	(void)tick;
	(void)err;
	*(bool *)ctx = true;
	return CRM_NO;
}

static int
anything(struct cli *c, bool *yes, struct crm_err *err)
{
	struct crm_txn *txn;
	int r = crm_txn_begin(c->store, &txn, err);

	*yes = false;
	if (r == CRM_OK) {
		r = crm_tick_each(txn, c->schema, c->now, any_one, yes, err);
		crm_txn_end(txn);
	}
	return r;
}

static int
keep_one(void *ctx, const struct crm_tick *tick, struct crm_err *err)
{
	struct tick *t = ctx;

	return t->rows ? fill(t, tick, t->v + C_COUNT * t->n++, err) : CRM_OK;
}

/* One change; *more: there may be another. */
static int
once(struct tick *t, bool *more, struct crm_err *err)
{
	struct cli_work w;
	uint64_t n = 0;
	int r = cli_work_begin(t->c, true, &w, err);

	*more = false;
	t->n = 0;
	if (r == CRM_OK)
		r = crm_tick_run(w.change, t->c->now,
		    cli_opt.dry_run ? UINT64_MAX : AT_ONCE,
		    cli_opt.dry_run ? NULL : keep_one, t, &n, err);
	t->counted += n;
	*more = r == CRM_OK && n > 0 && !cli_opt.dry_run && !cli_opt.key;
	r = cli_work_finish(&w, r, err);
	for (size_t i = 0; r == CRM_OK && i < t->n; i++)
		r = cli_rows_put(t->rows, t->v + C_COUNT * i, err);
	return r;
}

static int
run(struct cli *c, struct crm_err *err)
{
	struct tick t = {.c = c};
	bool more = false;
	int r = no_operands(c, err);

	if (r == CRM_OK)
		r = anything(c, &more, err);
	if (r == CRM_OK && cli_opt.print && !cli_opt.dry_run) {
		t.v =
		    crm_arena_alloc(&c->arena, AT_ONCE * C_COUNT * sizeof *t.v);
		r = t.v ? cli_rows_open(c, columns, C_COUNT, NULL, &t.rows, err)
			: crm_err_nomem(err);
	}
	more = more || cli_opt.dry_run;
	while (r == CRM_OK && more)
		r = once(&t, &more, err);
	if (t.rows && r == CRM_OK)
		return cli_rows_close(t.rows, err);
	cli_rows_abort(t.rows);
	return r;
}

/* ---- duties ---- */

static const struct crm_field duty_columns[] = {
    {"duty", CRM_T_TEXT, 0, 0, 0, NULL, "its name"},
    {"kind", CRM_T_TEXT, 0, 0, 0, NULL, "the records it looks at"},
    {"help", CRM_T_TEXT, 0, 0, 0, NULL, "what it does"},
};

static int
duties(struct cli *c, struct crm_err *err)
{
	struct cli_rows *rows = NULL;
	int r = no_operands(c, err);

	if (r == CRM_OK)
		r = cli_rows_open(c, duty_columns, 3, NULL, &rows, err);
	for (const struct crm_duty *d = crm_duties; r == CRM_OK && d->name;
	     d++) {
		struct crm_value v[3];

		v[0] = crm_value_text(crm_str(d->name));
		v[1] = crm_value_text(crm_str(c->schema->kind[d->kind].name));
		v[2] = crm_value_text(crm_str(d->help));
		r = cli_rows_put(rows, v, err);
	}
	if (r == CRM_OK || (r == CRM_NO && rows))
		return cli_rows_close(rows, err);
	cli_rows_abort(rows);
	return r;
}

static const struct cli_verb verbs[] = {
    {"run", run, CLI_WRITE, CLI_CHANGE | CLI_OUT, NULL, "",
	"do what is due, each once"},
    {"list", list, CLI_SCAN, CLI_LIST | CLI_OUT, NULL, "",
	"print what is due and what will be"},
    {"duties", duties, CLI_READ, CLI_LIST | CLI_NOTIME | CLI_OUT, NULL, "",
	"print what it does at all"},
    {0},
};

int
main(int argc, char **argv)
{
	static const struct cli_command command = {"crm-tick",
	    "do what is due: tasks that come again, reminders", NULL, 0, verbs};

	return crm_main(&command, argc, argv);
}
