/*
 * crm-log - what happened, and taking it back.
 *
 * Every table of fields here is a stream of its own; -w, --sort and --format
 * work on all of them, as they do on records.
 */
#include <time.h>

#include "cli_noun.h"

static const char *feed_since, *feed_kind;
static bool feed_follow, full, whole;

/* A revision: 1873 or rev:1873. */
static bool
revision_parse(struct crm_str s, uint64_t *out)
{
	static const char prefix[] = "rev:";
	int64_t n;

	if (crm_str_starts(s, CRM_STR(prefix))) {
		s.p += sizeof prefix - 1;
		s.n -= sizeof prefix - 1;
	}
	if (crm_int_parse(s, &n) < 0 || n <= 0)
		return false;
	*out = (uint64_t)n;
	return true;
}

static int
revision_operand(struct cli *c, size_t i, uint64_t *out, struct crm_err *err)
{
	if (revision_parse(crm_str(c->operand[i]), out))
		return CRM_OK;
	crm_err_set(err, CRM_EUSAGE, "'%s' is not a revision", c->operand[i]);
	crm_err_hint(err, "its number is column 1 of `crm-log list`");
	return CRM_EUSAGE;
}

static struct crm_value
int_value(uint64_t n)
{
	return crm_value_num(CRM_T_INT, (int64_t)n, 0);
}

static struct crm_value
op_value(char op)
{
	return crm_value_enum(CRM_OP_NAMES, crm_op_place(op));
}

/* ---- list ---- */

enum {
	L_REVISION,
	L_CHANGE,
	L_TIME,
	L_ACTOR,
	L_COMMAND,
	L_WHY,
	L_ADDED,
	L_CHANGED,
	L_REMOVED,
	L_KEY,
	L_UNDONE_BY,
	L_PART,
	L_LAST,
	L_FIELDS
};
static const struct crm_field list_fields[] = {
    {"revision", CRM_T_INT, 0, 0, 0, NULL, "its number"},
    {"change", CRM_T_INT, 0, 0, 0, NULL, "the first revision of its change"},
    {"time", CRM_T_TIME, 0, 0, 0, NULL, "when it was written"},
    {"actor", CRM_T_TEXT, 0, 0, 0, NULL, "by whom"},
    {"command", CRM_T_TEXT, 0, 0, 0, NULL, "by which command and verb"},
    {"why", CRM_T_TEXT, 0, 0, 0, NULL, "the reason given"},
    {"added", CRM_T_INT, 0, 0, 0, NULL, "records added"},
    {"changed", CRM_T_INT, 0, 0, 0, NULL, "records changed or restored"},
    {"removed", CRM_T_INT, 0, 0, 0, NULL, "records removed"},
    {"key", CRM_T_TEXT, 0, 0, 0, NULL, "the --key of its change"},
    {"undone_by", CRM_T_INT, 0, 0, 0, NULL, "the revision that took it back"},
    {"part", CRM_T_INT, 0, 0, CRM_F_WIDE, NULL,
	"which part of its change, from 0"},
    {"last", CRM_T_BOOL, 0, 0, CRM_F_WIDE, NULL, "is it the last part"},
};

static void
list_row(const struct crm_log_head *h, const struct crm_idmap *undone,
    struct crm_value v[L_FIELDS])
{
	uint64_t by = 0;

	v[L_REVISION] = int_value(h->revision);
	v[L_CHANGE] = int_value(h->change);
	v[L_TIME] = crm_value_num(CRM_T_TIME, h->time, 0);
	v[L_ACTOR] = crm_value_text(h->actor);
	v[L_COMMAND] = crm_value_text(h->program);
	v[L_WHY] = crm_value_text(h->why);
	v[L_ADDED] = int_value(crm_log_added(h));
	v[L_CHANGED] = int_value(h->updated);
	v[L_REMOVED] = int_value(h->removed);
	v[L_KEY] = crm_value_text(h->key);
	v[L_UNDONE_BY] = crm_idmap_get(undone, h->change, &by) && by > 0
			     ? int_value(by)
			     : (struct crm_value){0};
	v[L_PART] = int_value(h->part);
	v[L_LAST] = crm_value_num(CRM_T_BOOL, h->last, 0);
}

static int
list_scan(struct crm_txn *t, struct cli_rows *rows, uint64_t from,
    uint64_t until, struct crm_err *err)
{
	struct crm_idmap undone = {0};
	struct crm_value v[L_FIELDS];
	struct crm_log_head h;
	int r;

	r = crm_undo_all(t, &undone, err);
	while (r == CRM_OK && from < until) {
		r = crm_log_next(t, from, &h, err);
		if (r < 0 || h.revision >= until)
			break;
		list_row(&h, &undone, v);
		r = cli_rows_put(rows, v, err);
		from = h.revision + 1;
	}
	crm_idmap_release(&undone);
	return r == CRM_NOTFOUND || r == CRM_NO ? CRM_OK : r;
}

/* Rows given in a transaction of their own; fn may answer CRM_NO. */
struct job {
	struct cli *c;
	struct cli_rows *rows;
	struct crm_txn *txn;
	uint64_t from, until;
};
typedef int job_fn(struct job *j, struct crm_err *err);

static int
job_run(struct job *j, const struct crm_field *fields, size_t n,
    const char *time, job_fn *fn, struct crm_err *err)
{
	int r = cli_rows_open(j->c, fields, n, time, &j->rows, err);

	if (r < 0)
		return r;
	r = crm_txn_begin(j->c->store, &j->txn, err);
	if (r == CRM_OK)
		r = cli_rows_hold(j->rows, err);
	if (r == CRM_OK)
		r = fn(j, err);
	if (j->txn != NULL)
		crm_txn_end(j->txn);
	if (r == CRM_OK || r == CRM_NO)
		return cli_rows_close(j->rows, err);
	cli_rows_abort(j->rows);
	return r;
}

static int
list_job(struct job *j, struct crm_err *err)
{
	return list_scan(j->txn, j->rows, j->from, j->until, err);
}

/* --since rev:N and --until rev:N are taken off the shared options: the log is
 * read from there on, and not filtered. */
static void
take_revision(const char **option, uint64_t *out)
{
	if (*option != NULL &&
	    crm_str_starts(crm_str(*option), CRM_STR("rev:")) &&
	    revision_parse(crm_str(*option), out))
		*option = NULL;
}

static int
list(struct cli *c, struct crm_err *err)
{
	struct job j = {.c = c, .from = 1, .until = UINT64_MAX};
	int r = cli_operands(c, 0, 0, err);

	if (r < 0 || c->noperand > 0) {
		crm_err_set(err, CRM_EUSAGE, "'%s' is no operand of list",
		    c->noperand ? c->operand[0] : "");
		crm_err_hint(err,
		    "one revision: crm-log show N; some: -w 'revision > N'");
		return CRM_EUSAGE;
	}
	take_revision(&cli_opt.since, &j.from);
	take_revision(&cli_opt.until, &j.until);
	return job_run(&j, list_fields, L_FIELDS, "time", list_job, err);
}

/* ---- show ---- */

enum { S_ID, S_FIELD, S_OLD, S_NEW, S_OP, S_REVISION, S_FIELDS };
static const struct crm_field show_fields[] = {
    {"id", CRM_T_ID, 0, 0, 0, NULL, "the record"},
    {"field", CRM_T_TEXT, 0, 0, 0, NULL, "what changed"},
    {"old", CRM_T_TEXT, 0, 0, 0, NULL, "its value before"},
    {"new", CRM_T_TEXT, 0, 0, 0, NULL, "its value after"},
    {"op", CRM_T_ENUM, 0, 0, 0, CRM_OP_NAMES, "what was done to the record"},
    {"revision", CRM_T_INT, 0, 0, 0, NULL, "by which revision"},
};

static int
show_row(void *ctx, const struct crm_log_head *h,
    const struct crm_change_row *row, struct crm_err *err)
{
	struct job *j = ctx;
	struct crm_value v[S_FIELDS];

	v[S_ID] = row->id;
	v[S_FIELD] = crm_value_text(row->field);
	v[S_OLD] = crm_value_text(row->old);
	v[S_NEW] = crm_value_text(row->new);
	v[S_OP] = op_value(row->op);
	v[S_REVISION] = int_value(h->revision);
	return cli_rows_put(j->rows, v, err);
}

static int
show_job(struct job *j, struct crm_err *err)
{
	uint64_t at, last = j->from;
	int r = CRM_OK;

	if (whole)
		r = crm_log_change(j->txn, j->from, &j->from, &last, err);
	for (at = j->from; at <= last && r == CRM_OK; at++)
		r = crm_history_show(
		    j->txn, j->c->schema, at, full, show_row, j, err);
	return r;
}

static int
show(struct cli *c, struct crm_err *err)
{
	struct job j = {.c = c};
	int r = cli_operands(c, 1, 1, err);

	if (r == CRM_OK)
		r = revision_operand(c, 0, &j.from, err);
	return r < 0 ? r
		     : job_run(&j, show_fields, S_FIELDS, NULL, show_job, err);
}

static const struct cli_option show_options[] = {
    {0, "full", CLI_FLAG, &full, NULL,
	"records that were added with all their fields, not named only"},
    {0, "change", CLI_FLAG, &whole, NULL,
	"all parts of the change the revision belongs to"},
    {0},
};

/* ---- history ---- */

enum {
	H_REVISION,
	H_TIME,
	H_ACTOR,
	H_COMMAND,
	H_OP,
	H_FIELD,
	H_OLD,
	H_NEW,
	H_WHY,
	H_ID,
	H_FIELDS
};
static const struct crm_field history_fields[] = {
    {"revision", CRM_T_INT, 0, 0, 0, NULL, "its number"},
    {"time", CRM_T_TIME, 0, 0, 0, NULL, "when it was written"},
    {"actor", CRM_T_TEXT, 0, 0, 0, NULL, "by whom"},
    {"command", CRM_T_TEXT, 0, 0, 0, NULL, "by which command and verb"},
    {"op", CRM_T_ENUM, 0, 0, 0, CRM_OP_NAMES, "what was done to the record"},
    {"field", CRM_T_TEXT, 0, 0, 0, NULL, "what changed"},
    {"old", CRM_T_TEXT, 0, 0, 0, NULL, "its value before"},
    {"new", CRM_T_TEXT, 0, 0, 0, NULL, "its value after"},
    {"why", CRM_T_TEXT, 0, 0, 0, NULL, "the reason given"},
    {"id", CRM_T_ID, 0, 0, 0, NULL, "the record"},
};

static int
history_row(void *ctx, const struct crm_log_head *h,
    const struct crm_change_row *row, struct crm_err *err)
{
	struct job *j = ctx;
	struct crm_value v[H_FIELDS];

	v[H_REVISION] = int_value(h->revision);
	v[H_TIME] = crm_value_num(CRM_T_TIME, h->time, 0);
	v[H_ACTOR] = crm_value_text(h->actor);
	v[H_COMMAND] = crm_value_text(h->program);
	v[H_OP] = op_value(row->op);
	v[H_FIELD] = crm_value_text(row->field);
	v[H_OLD] = crm_value_text(row->old);
	v[H_NEW] = crm_value_text(row->new);
	v[H_WHY] = crm_value_text(h->why);
	v[H_ID] = row->id;
	return cli_rows_put(j->rows, v, err);
}

/* An id is taken as it is: what is gone has a history too. */
static int
history_find(struct job *j, const char *text, unsigned *kind, uint64_t *number,
    struct crm_err *err)
{
	const struct crm_schema *s = j->c->schema;
	struct crm_value v;
	struct crm_id id;
	int r;

	if (crm_id_parse(s, crm_str(text), &id) == CRM_OK) {
		*kind = id.kind;
		*number = id.number;
		return CRM_OK;
	}
	r = crm_ref_find(j->txn, NULL, 0, s, crm_str(text), &v, err);
	if (r == CRM_OK) {
		*kind = v.kind;
		*number = (uint64_t)v.i;
	}
	return r;
}

static int
history_job(struct job *j, struct crm_err *err)
{
	uint64_t number;
	unsigned kind;
	int r = CRM_OK;

	for (size_t i = 0; i < j->c->noperand && r == CRM_OK; i++) {
		r = history_find(j, j->c->operand[i], &kind, &number, err);
		if (r == CRM_OK)
			r = crm_history_record(j->txn, j->c->schema, kind,
			    number, history_row, j, err);
	}
	return r;
}

static int
history(struct cli *c, struct crm_err *err)
{
	struct job j = {.c = c};
	int r = cli_operands(c, 1, 0, err);

	return r < 0 ? r
		     : job_run(&j, history_fields, H_FIELDS, "time",
			   history_job, err);
}

/* ---- undo ---- */

/* What became of it: the revisions it was written as. */
static int
undo_print(struct cli *c, uint64_t last, struct crm_err *err)
{
	struct job j = {.c = c, .from = last, .until = last + 1};
	uint64_t end;
	int r;

	r = crm_txn_begin(c->store, &j.txn, err);
	if (r < 0)
		return r;
	r = crm_log_change(j.txn, last, &j.from, &end, err);
	crm_txn_end(j.txn);
	j.txn = NULL;
	if (r == CRM_OK && cli_opt.print)
		r = job_run(&j, show_fields, S_FIELDS, NULL, show_job, err);
	else if (r == CRM_OK)
		r = job_run(&j, list_fields, L_FIELDS, "time", list_job, err);
	if (r < 0 && err != NULL && err->hint[0] == '\0')
		crm_err_hint(err, "committed as revision %llu",
		    (unsigned long long)last);
	return r;
}

static int
undo(struct cli *c, struct crm_err *err)
{
	struct crm_undone done = {0};
	struct cli_work w = {0};
	uint64_t revision, last = 0;
	size_t npick;
	int *pick, r = cli_operands(c, 1, 1, err);

	if (r == CRM_OK)
		r = revision_operand(c, 0, &revision, err);
	/* What cannot be printed must be known before it is committed. */
	if (r == CRM_OK && !cli_opt.dry_run)
		r = cli_pick(c, cli_opt.print ? show_fields : list_fields,
		    cli_opt.print ? S_FIELDS : L_FIELDS, &pick, &npick, err);
	if (r < 0)
		return r;
	r = cli_work_begin(c, false, &w, err);
	if (r == CRM_NO)
		return CRM_OK;
	if (r == CRM_OK)
		r = crm_undo_put(w.change, revision, &done, err);
	if (r == CRM_OK && cli_opt.dry_run)
		r = cli_work_end(&w, err);
	else if (r == CRM_OK)
		r = crm_change_commit(w.change, &last, err);
	/* before the pipe, which may be blocked */
	cli_work_release(&w);
	if (r < 0 || last == 0)
		return r;
	whole = full = true;
	return undo_print(c, last, err);
}

/* ---- follow ---- */

/* The first revision at or after a time. */
static int
since_time(struct cli *c, uint64_t *out, struct crm_err *err)
{
	struct crm_log_head h;
	struct crm_txn *t;
	int64_t from;
	int r = cli_moment(c, "--since", feed_since, &from, err);

	if (r == CRM_OK)
		r = crm_txn_begin(c->store, &t, err);
	if (r < 0)
		return r;
	*out = 1;
	while ((r = crm_log_next(t, *out, &h, err)) == CRM_OK && h.time < from)
		*out = h.revision + 1;
	crm_txn_end(t);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

static int
follow_options(struct cli *c, struct crm_feed_options *opt, struct crm_err *err)
{
	const struct crm_kind *k;
	bool plain =
	    cli_opt.fields == NULL && !cli_opt.no_header && !cli_opt.excel &&
	    (cli_opt.format == NULL || strcmp(cli_opt.format, "tsv") == 0);

	opt->since = 1;
	if (feed_since != NULL &&
	    !revision_parse(crm_str(feed_since), &opt->since)) {
		int r = since_time(c, &opt->since, err);

		if (r < 0)
			return r;
	}
	if (feed_kind == NULL) {
		if (plain) {
			cli_opt.format = "tsv";
			return CRM_OK;
		}
		crm_err_set(err, CRM_EUSAGE,
		    "an archive has one form: -f and --format are for a "
		    "stream of one kind");
		crm_err_hint(err, "name it: --kind customer");
		return CRM_EUSAGE;
	}
	k = crm_schema_kind(c->schema, crm_str(feed_kind));
	if (k == NULL) {
		crm_err_set(err, CRM_EUSAGE, "'%s' names no kind", feed_kind);
		crm_err_field(err, "--kind", 6);
		crm_err_hint(err, "crm-fields lists them");
		return CRM_EUSAGE;
	}
	if (cli_opt.fields != NULL)
		return crm_err_set(err, CRM_EUSAGE,
		    "rows of the feed have all columns: choose with crm-rows "
		    "-f");
	opt->kind = k->number;
	return CRM_OK;
}

static int
follow_once(struct cli *c, struct crm_feed_options *opt, struct crm_err *err)
{
	struct crm_field *fields = NULL;
	struct crm_out *out;
	size_t n = 0;
	int r = CRM_OK;

	if (opt->kind != 0)
		r = crm_feed_fields(
		    &c->schema->kind[opt->kind], &c->arena, &fields, &n, err);
	if (r == CRM_OK)
		r = cli_out(c, fields, n, &out, err);
	if (r < 0)
		return r;
	r = crm_feed_write(c->store, opt, out, &opt->since, err);
	if (r == CRM_OK)
		return crm_out_close(out, err);
	crm_out_abort(out);
	return r;
}

static int
follow(struct cli *c, struct crm_err *err)
{
	static const struct timespec pause = {.tv_nsec = 500000000};
	struct crm_feed_options opt = {0};
	struct crm_txn *t;
	uint64_t last;
	int r = CRM_OK;

	if (c->noperand > 0)
		r = crm_err_set(err, CRM_EUSAGE, "'%s' is no operand of follow",
		    c->operand[0]);
	if (r == CRM_OK)
		r = follow_options(c, &opt, err);
	if (r == CRM_OK)
		r = follow_once(c, &opt, err);
	/* the header was given; later ones would be in the middle */
	cli_opt.no_header = opt.kind != 0;
	while (r == CRM_OK && feed_follow) {
		nanosleep(&pause, NULL);
		r = crm_txn_begin(c->store, &t, err);
		if (r < 0)
			break;
		last = crm_txn_revision(t);
		crm_txn_end(t);
		if (last >= opt.since)
			r = follow_once(c, &opt, err);
	}
	return r;
}

static const struct cli_option follow_table[] = {
    {0, "since", CLI_TEXT, &feed_since, "N|TIME",
	"from this revision on, or from the first of this time"},
    {0, "kind", CLI_TEXT, &feed_kind, "KIND",
	"a plain stream of this kind only"},
    {'F', "follow", CLI_FLAG, &feed_follow, NULL,
	"go on with what will happen, until killed"},
    {0},
};

/* ---- verify ---- */

static int
verify(struct cli *c, struct crm_err *err)
{
	struct crm_log_verified found = {0};
	struct crm_txn *t = NULL;
	struct cli_picked rows = {0};
	int r = CRM_OK, end;

	if (c->noperand > 0)
		return crm_err_set(err, CRM_EUSAGE,
		    "'%s' is no operand of verify", c->operand[0]);
	r = cli_picked_open(c, cli_fault_fields, 2, &rows, err);
	if (r == CRM_OK)
		r = crm_txn_begin(c->store, &t, err);
	if (r == CRM_OK)
		r = crm_out_hold(rows.out, err);
	if (r == CRM_OK)
		r = crm_log_verify(
		    t, c->schema, cli_fault_row, &rows, &found, err);
	if (t != NULL)
		crm_txn_end(t);
	if (r != CRM_OK && r != CRM_NO)
		return cli_picked_close(&rows, r, err);
	end = cli_picked_close(&rows, CRM_OK, err);
	cli_note(c, "%llu revisions, %llu records, %llu entries: %llu faults",
	    (unsigned long long)found.revisions,
	    (unsigned long long)found.records,
	    (unsigned long long)found.entries,
	    (unsigned long long)found.faults);
	return end < 0 ? end : r;
}

static const struct cli_verb verbs[] = {
    {"list", list, CLI_SCAN, CLI_LIST | CLI_OUT, NULL, "",
	"print a row for each revision"},
    {"show", show, CLI_READ, CLI_LIST | CLI_NOTIME | CLI_OUT, show_options, "N",
	"print what a revision changed, field by field"},
    {"history", history, CLI_READ, CLI_LIST | CLI_OUT, NULL, "REF...",
	"print what happened to a record, from its beginning"},
    {"undo", undo, CLI_WRITE, CLI_CHANGE | CLI_OUT, NULL, "N",
	"take a change back, as a change"},
    {"follow", follow, CLI_SCAN, CLI_OUT, follow_table, "",
	"print the records that changed since, as the changes left them"},
    {"verify", verify, CLI_SCAN, CLI_OUT, NULL, "",
	"check that the history of every record is whole"},
    {0},
};

static const struct cli_command command = {
    "crm-log", "what happened to records, and taking it back", NULL, 0, verbs};

int
main(int argc, char **argv)
{
	return crm_main(&command, argc, argv);
}
