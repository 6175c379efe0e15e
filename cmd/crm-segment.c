/*
 * crm-segment - segments of customers: who is in them, why, who came and went.
 *
 * Every verb but snapshots and diff tries the conditions when it is asked;
 * nothing has to be refreshed, and nothing is out of date.
 */
#include <stdlib.h>

#include "cli_segment.h"

static const char *since;
static bool only_entered, only_left;

/* ---- shared ---- */

int
cli_segment_open(struct cli *c, struct crm_segments **out, struct crm_err *err)
{
	return crm_segments_open(
	    out, c->schema, cli_opt.at ? c->at : c->now, c->at, err);
}

int
cli_segment_customer(struct cli *c, struct crm_txn *t, struct crm_str ref,
    const struct crm_want *want, struct crm_arena *a, struct crm_record **out,
    struct crm_err *err)
{
	struct crm_value id;
	int r =
	    crm_ref_find(t, NULL, c->kind->number, c->schema, ref, &id, err);

	if (r < 0)
		return r;
	*out = crm_record_new(c->kind, a);
	if (!*out)
		return crm_err_nomem(err);
	r = crm_model_read_at(
	    t, c->schema, c->kind, (uint64_t)id.i, want, c->at, *out, err);
	(*out)->id = (uint64_t)id.i;
	(*out)->v[0] = crm_value_id(c->kind->number, (uint64_t)id.i);
	return r;
}

/* The operand that names a segment; the operands after it move up. */
static int
take_name(
    struct cli *c, struct crm_str *name, size_t *place, struct crm_err *err)
{
	*name = crm_str(c->operand[0]);
	c->operand++;
	c->noperand--;
	return place ? crm_segment_place(c->schema->settings, *name, place, err)
		     : CRM_OK;
}

static struct crm_value
number(uint64_t n)
{
	return crm_value_num(CRM_T_INT, (int64_t)n, 0);
}

/* A pass over the customers whose rows go out when all is read. */
struct pass {
	struct cli *c;
	struct crm_segments *sg;
	struct cli_rows *rows;
	struct crm_txn *t;
	struct crm_idmap ids;
	bool chosen; /* by ids */
	size_t place;
};

static void
pass_release(struct pass *p)
{
	crm_segments_close(p->sg);
	crm_idmap_release(&p->ids);
}

/* Runs over everybody, in a transaction in which rows may be given. */
static int
pass_run(struct pass *p, const struct crm_want *beside, crm_segments_fn *fn,
    struct crm_err *err)
{
	int r = crm_txn_begin(p->c->store, &p->t, err);

	if (r == CRM_OK)
		r = cli_rows_hold(p->rows, err);
	if (r == CRM_OK)
		r = crm_segments_each(p->sg, p->t, beside, fn, p, err);
	if (p->t)
		crm_txn_end(p->t);
	p->t = NULL;
	return r == CRM_NO ? CRM_OK : r;
}

static int
pass_finish(struct pass *p, int r, struct crm_err *err)
{
	if (r == CRM_OK)
		r = cli_rows_close(p->rows, err);
	else
		cli_rows_abort(p->rows);
	pass_release(p);
	return r;
}

/* ---- members, of ---- */

static int
put_member(void *ctx, struct crm_record *rec, struct crm_err *err)
{
	struct pass *p = ctx;
	uint64_t seen;
	bool yes;
	int r;

	if (p->chosen && !crm_idmap_get(&p->ids, rec->id, &seen))
		return CRM_OK;
	r = crm_segments_has(p->sg, p->place, &yes, err);
	return r < 0 || !yes ? r : cli_rows_put(p->rows, rec->v, err);
}

static int
members(struct cli *c, struct crm_err *err)
{
	struct pass p = {.c = c};
	struct crm_want want;
	struct crm_str name;
	int r = cli_operands(c, 1, 2, err);

	if (r == CRM_OK)
		r = take_name(c, &name, &p.place, err);
	if (r == CRM_OK && c->noperand == 1 && !cli_stdin(c)) {
		crm_err_set(err, CRM_EUSAGE, "'%s' is not -", c->operand[0]);
		crm_err_hint(err,
		    "members NAME prints all, members NAME - those on stdin; "
		    "of REF tells which segments one is in");
		r = CRM_EUSAGE;
	}
	if (r == CRM_OK)
		r = cli_segment_open(c, &p.sg, err);
	p.chosen = c->noperand == 1;
	if (r == CRM_OK && p.chosen)
		r = cli_selector(c, NULL, c->kind, &p.ids, err);
	if (r == CRM_OK)
		r = cli_rows_open(c, c->kind->fields, c->kind->nfields,
		    c->kind->time, &p.rows, err);
	if (r == CRM_OK) {
		cli_rows_want(p.rows, &want);
		crm_segments_need(p.sg, p.place);
		r = pass_run(&p, &want, put_member, err);
	}
	return pass_finish(&p, r, err);
}

enum { O_CUSTOMER, O_SEGMENT, O_HELP, O_COUNT };
static const struct crm_field of_fields[O_COUNT] = {
    {"customer_id", CRM_T_ID, CRM_K_CUSTOMER, 0, 0, NULL, "the customer"},
    {"segment", CRM_T_TEXT, 0, 0, 0, NULL, "a segment she is in"},
    {"help", CRM_T_TEXT, 0, 0, 0, NULL, "what it is for"},
};

static int
put_segments(void *ctx, struct crm_record *rec, struct crm_err *err)
{
	struct pass *p = ctx;
	struct crm_value v[O_COUNT];
	uint64_t seen;
	int r = CRM_OK;

	if (p->chosen && !crm_idmap_get(&p->ids, rec->id, &seen))
		return CRM_OK;
	for (size_t i = 0; r == CRM_OK && i < crm_segments_count(p->sg); i++) {
		const struct crm_segment *def = crm_segments_def(p->sg, i);
		bool yes;

		r = crm_segments_has(p->sg, i, &yes, err);
		if (r < 0 || !yes)
			continue;
		v[O_CUSTOMER] = rec->v[0];
		v[O_SEGMENT] = crm_value_text(def->name);
		v[O_HELP] = crm_value_text(def->help);
		r = cli_rows_put(p->rows, v, err);
	}
	return r;
}

static int
of_operands(struct pass *p, struct crm_err *err)
{
	struct cli *c = p->c;
	struct crm_want want = {{0}, 0};
	struct crm_arena a = {0};
	struct crm_record *rec;
	int r = crm_txn_begin(c->store, &p->t, err);

	crm_segments_want(p->sg, &want);
	if (r == CRM_OK)
		r = crm_segments_begin(p->sg, p->t, true, err);
	for (size_t i = 0; r == CRM_OK && i < c->noperand; i++) {
		crm_arena_reset(&a);
		r = cli_segment_customer(
		    c, p->t, crm_str(c->operand[i]), &want, &a, &rec, err);
		if (r == CRM_OK)
			crm_segments_row(p->sg, rec);
		if (r == CRM_OK)
			r = put_segments(p, rec, err);
	}
	if (p->t)
		crm_txn_end(p->t);
	p->t = NULL;
	crm_arena_release(&a);
	return r == CRM_NO ? CRM_OK : r;
}

static int
of(struct cli *c, struct crm_err *err)
{
	struct pass p = {.c = c, .chosen = cli_stdin(c)};
	int r = cli_operands(c, 1, 0, err);

	if (r == CRM_OK)
		r = cli_segment_open(c, &p.sg, err);
	if (r == CRM_OK && p.chosen)
		r = cli_selector(c, NULL, c->kind, &p.ids, err);
	if (r == CRM_OK)
		r = cli_rows_open(c, of_fields, O_COUNT, NULL, &p.rows, err);
	if (r == CRM_OK) {
		crm_segments_need_all(p.sg);
		r = p.chosen ? pass_run(&p, NULL, put_segments, err)
			     : of_operands(&p, err);
	}
	return pass_finish(&p, r, err);
}

/* ---- snapshot, snapshots ---- */

enum { S_SEGMENT, S_MEMBERS, S_ENTERED, S_LEFT, S_COUNT };
static const struct crm_field snapshot_fields[S_COUNT] = {
    {"segment", CRM_T_TEXT, 0, 0, 0, NULL, "its name"},
    {"members", CRM_T_INT, 0, 0, 0, NULL, "how many are in it"},
    {"entered", CRM_T_INT, 0, 0, 0, NULL, "who came since the one before"},
    {"left", CRM_T_INT, 0, 0, 0, NULL, "who went since the one before"},
};

struct taken {
	struct cli_rows *rows;
	uint64_t entered, left;
};

static int
taken_row(void *ctx, const struct crm_snapshot *s, struct crm_err *err)
{
	struct taken *x = ctx;
	struct crm_value v[S_COUNT];
	int r = CRM_OK;

	x->entered += s->entered;
	x->left += s->left;
	v[S_SEGMENT] = crm_value_text(s->segment);
	v[S_MEMBERS] = number(s->members);
	v[S_ENTERED] = number(s->entered);
	v[S_LEFT] = number(s->left);
	if (x->rows)
		r = cli_rows_put(x->rows, v, err);
	return r == CRM_NO ? CRM_OK : r;
}

static int
snapshot(struct cli *c, struct crm_err *err)
{
	bool print = cli_opt.print || cli_opt.dry_run;
	struct taken x = {0};
	struct cli_work w = {0};
	uint64_t revision = 0;
	int r = CRM_OK;

	if (c->noperand > 0)
		r = crm_err_set(err, CRM_EUSAGE, "snapshot takes no operands");
	if (r == CRM_OK)
		r = cli_rows_open(
		    c, snapshot_fields, S_COUNT, NULL, &x.rows, err);
	if (r < 0)
		return r;
	if (!print) {
		cli_rows_abort(x.rows);
		x.rows = NULL;
	}
	/* the rows are this command's own, and not those that were put */
	c->kind = NULL;
	r = cli_work_begin(c, false, &w, err);
	if (r == CRM_OK && x.rows)
		r = cli_rows_hold(x.rows, err);
	if (r == CRM_OK)
		r = crm_snapshot_take(w.change, c->at, taken_row, &x, err);
	if (r == CRM_OK && !cli_opt.dry_run)
		r = crm_change_commit(w.change, &revision, err);
	cli_work_release(&w);
	if (r == CRM_NO) /* --key was used before */
		r = CRM_OK;
	if (r == CRM_OK && x.rows)
		r = cli_rows_close(x.rows, err);
	else if (x.rows)
		cli_rows_abort(x.rows);
	if (r == CRM_OK && c->tty_err && !print)
		cli_note(c, "%llu entered, %llu left",
		    (unsigned long long)x.entered, (unsigned long long)x.left);
	return r;
}

static int
snapshots(struct cli *c, struct crm_err *err)
{
	c->kind = &c->schema->kind[CRM_K_SNAPSHOT];
	return cli_list(c, err);
}

/* ---- diff ---- */

enum { D_CUSTOMER, D_SEGMENT, D_CHANGE, D_AT, D_REVISION, D_COUNT };
static const char moves[] = "entered,left";
static const struct crm_field diff_fields[D_COUNT] = {
    {"customer_id", CRM_T_ID, CRM_K_CUSTOMER, 0, 0, NULL, "the customer"},
    {"segment", CRM_T_TEXT, 0, 0, 0, NULL, "the segment"},
    {"change", CRM_T_ENUM, 0, 0, 0, moves, "what became of them"},
    {"at", CRM_T_TIME, 0, 0, 0, NULL, "of the snapshot that found it"},
    {"revision", CRM_T_INT, 0, 0, 0, NULL, "of that snapshot"},
};

static const struct cli_option diff_options[] = {
    {0, "entered", CLI_FLAG, &only_entered, NULL, "only who came in"},
    {0, "left", CLI_FLAG, &only_left, NULL, "only who went out"},
    {0, "since", CLI_TEXT, &since, "TIME",
	"by snapshots from this time on, or from revision rev:N on"},
    {0},
};

/* Nobody is told of who is no longer there. */
static int
still_there(struct cli *c, struct crm_txn *t, uint64_t id, bool *yes,
    struct crm_err *err)
{
	static const struct crm_want nothing;
	struct crm_arena a = {0};
	struct crm_record *rec = crm_record_new(c->kind, &a);
	int r = rec ? crm_record_read(t, c->kind, id, &nothing, rec, err)
		    : crm_err_nomem(err);

	crm_arena_release(&a);
	*yes = r == CRM_OK;
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

static int
diff_rows(struct cli *c, struct crm_txn *t, struct crm_str name,
    const struct crm_moves *m, struct cli_rows *rows, struct crm_err *err)
{
	struct crm_value v[D_COUNT];
	int r = CRM_OK;

	for (size_t i = 0; r == CRM_OK && i < m->n; i++) {
		const struct crm_moved *x = &m->v[i];
		bool yes;

		if (x->at >= c->at ||
		    (only_entered != only_left && x->entered != only_entered))
			continue;
		r = still_there(c, t, x->customer, &yes, err);
		if (r < 0 || !yes)
			continue;
		v[D_CUSTOMER] = crm_value_id(CRM_K_CUSTOMER, x->customer);
		v[D_SEGMENT] = crm_value_text(name);
		v[D_CHANGE] = crm_value_enum(moves, x->entered ? 1 : 2);
		v[D_AT] = crm_value_num(CRM_T_TIME, x->at, 0);
		v[D_REVISION] = number(x->revision);
		r = cli_rows_put(rows, v, err);
	}
	return r == CRM_NO ? CRM_OK : r;
}

static int
take_since(struct cli *c, int64_t *at, uint64_t *revision, struct crm_err *err)
{
	int64_t n;

	*at = INT64_MIN;
	*revision = 0;
	if (!since)
		return CRM_OK;
	if (!crm_str_starts(crm_str(since), CRM_STR("rev:")))
		return cli_moment(c, "--since", since, at, err);
	if (crm_int_parse(crm_str(since + 4), &n) < 0 || n < 0) {
		crm_err_set(err, CRM_EUSAGE, "'%s' is not a revision", since);
		crm_err_field(err, "--since", 7);
		crm_err_hint(err, "write rev:42; crm-segment snapshots has "
				  "them");
		return CRM_EUSAGE;
	}
	*revision = (uint64_t)n;
	return CRM_OK;
}

/* Nobody was ever found in it: that is nothing for a job at night, but may be
 * why somebody at a terminal sees no rows. */
static int
never(struct cli *c, struct crm_str name, struct crm_err *err)
{
	size_t place;
	int r = crm_segment_place(c->schema->settings, name, &place, err);

	if (r == CRM_OK && c->tty_err)
		cli_note(c,
		    "no snapshot has found anybody in '%.*s' yet; "
		    "crm-segment list counts who is in it now",
		    (int)name.n, name.p);
	return r;
}

static int
diff(struct cli *c, struct crm_err *err)
{
	struct cli_rows *rows = NULL;
	struct crm_moves m = {0};
	struct crm_txn *t = NULL;
	struct crm_str name;
	uint64_t revision;
	int64_t at;
	int r = cli_operands(c, 1, 1, err);

	if (r == CRM_OK)
		r = take_name(c, &name, NULL, err);
	if (r == CRM_OK)
		r = take_since(c, &at, &revision, err);
	if (r == CRM_OK)
		r = cli_rows_open(c, diff_fields, D_COUNT, NULL, &rows, err);
	if (r == CRM_OK)
		r = crm_txn_begin(c->store, &t, err);
	if (r == CRM_OK)
		r = crm_snapshot_moves(
		    t, c->schema, name, at, revision, &m, err);
	if (r == CRM_NOTFOUND)
		r = never(c, name, err);
	if (r == CRM_OK)
		r = cli_rows_hold(rows, err);
	if (r == CRM_OK)
		r = diff_rows(c, t, name, &m, rows, err);
	if (t)
		crm_txn_end(t);
	if (r == CRM_OK)
		r = cli_rows_close(rows, err);
	else
		cli_rows_abort(rows);
	free(m.v);
	return r;
}

#define SHOWN (CLI_LIST | CLI_NOTIME | CLI_OUT | CLI_CLOCK)

static const struct cli_verb verbs[] = {
    {"list", cli_segment_list, CLI_SCAN, SHOWN, NULL, "",
	"print all segments: how many are in them, and their revenue"},
    {"members", members, CLI_SCAN, CLI_LIST | CLI_IN | CLI_OUT | CLI_CLOCK,
	NULL, "NAME [-]",
	"print the customers in a segment, or those of them on stdin"},
    {"of", of, CLI_SCAN, SHOWN | CLI_IN, NULL, "REF... | -",
	"print which segments customers are in"},
    {"why", cli_segment_why, CLI_READ, CLI_OUT | CLI_CLOCK,
	cli_segment_why_options, "NAME REF...",
	"print a condition as a tree, with the values that decide"},
    {"check", cli_segment_check, CLI_SCAN, SHOWN, NULL, "",
	"try every definition; exit 1 when one is empty or has everybody"},
    {"snapshot", snapshot, CLI_WRITE, CLI_CHANGE | CLI_OUT, NULL, "",
	"record who came into segments and who went since the last one"},
    {"snapshots", snapshots, CLI_SCAN, CLI_LIST | CLI_IN | CLI_OUT | CLI_CLOCK,
	NULL, "[-]", "print what snapshots have recorded"},
    {"diff", diff, CLI_SCAN, SHOWN, diff_options, "NAME",
	"print who came in and who went out, by snapshots"},
    {0},
};

static const struct cli_command command = {"crm-segment",
    "groups of customers by what is known of them", "customer", 0, verbs};

int
main(int argc, char **argv)
{
	return crm_main(&command, argc, argv);
}
