/*
 * cli_rows.c - rows through --where --since --sort --limit --count --format.
 *
 * Without --sort a row is printed as it comes.  With it only the values of
 * the sort's columns and of those to be printed are kept.  A row is tried
 * in the order of cost: time, condition, then the rest.
 */
#include <sched.h>
#include <unistd.h>

#include "cli_parts.h"

struct cli_rows {
	struct cli *c;
	const struct crm_field *fields;
	size_t n;
	size_t shown; /* where the values to be shown begin: 0, or n */
	int *pick; /* indexes below n */
	size_t npick;
	int *key; /* of --sort */
	size_t nkey;
	struct crm_expr *where, *also;
	int time; /* index, -1 none */
	bool has_since, has_until;
	int64_t since, until;
	int revision; /* index, -1: revisions are not asked about */
	int64_t rev_since, rev_until;
	struct crm_sort *sort;
	struct crm_out *out; /* NULL: only counted */
	struct crm_value *row; /* keys, then what is printed */
	uint64_t rows;
	bool held;
};

/* The columns of --sort, each once. */
static int
take_keys(struct cli_rows *r, struct crm_err *err)
{
	struct crm_str rest = crm_str(cli_opt.sort), name;

	if (rest.n == 0)
		return crm_err_set(err, CRM_EUSAGE,
		    "option --sort wants names of columns after it");
	while (crm_str_split(&rest, ',', &name)) {
		size_t k;
		int i;

		if (name.n > 0 && (name.p[0] == '-' || name.p[0] == '+')) {
			name.p++;
			name.n--;
		}
		i = cli_column(r->c, r->fields, r->n, "--sort", name, err);
		if (i < 0)
			return i;
		for (k = 0; k < r->nkey && r->key[k] != i; k++)
			;
		if (k < r->nkey)
			return crm_err_set(err, CRM_EUSAGE,
			    "--sort names '%s' twice", r->fields[i].name);
		r->key[r->nkey++] = i;
	}
	return CRM_OK;
}

/* --since rev:N: what has changed since, by the column revision. */
static int
take_revision(struct cli_rows *r, const char *option, const char *text,
    int64_t *out, struct crm_err *err)
{
	if (crm_int_parse(crm_str(text + 4), out) < 0 || *out < 0) {
		crm_err_set(err, CRM_EUSAGE, "'%s' is not a revision", text);
		crm_err_field(err, option, strlen(option));
		crm_err_hint(err, "write rev:42; crm-log list has them");
		return CRM_EUSAGE;
	}
	for (size_t i = 0; i < r->n; i++)
		if (strcmp(r->fields[i].name, "revision") == 0)
			r->revision = (int)i;
	if (r->revision >= 0)
		return CRM_OK;
	crm_err_set(err, CRM_EUSAGE, "these records have no revision");
	crm_err_field(err, option, strlen(option));
	crm_err_hint(err,
	    "list the whole ones with %s %s, and give their "
	    "ids to this by -",
	    option, text);
	return CRM_EUSAGE;
}

static int
take_time(struct cli_rows *r, const char *option, const char *text,
    const char *time_field, int64_t *out, struct crm_err *err)
{
	if (!time_field) {
		crm_err_set(err, CRM_EUSAGE,
		    "%s: these records have no time of their own", option);
		crm_err_hint(err, "name a column: -w 'at >= 2024-05-01'");
		return CRM_EUSAGE;
	}
	r->time =
	    cli_column(r->c, r->fields, r->n, option, crm_str(time_field), err);
	return r->time < 0 ? r->time : cli_moment(r->c, option, text, out, err);
}

static int
take_times(struct cli_rows *r, const char *time_field, struct crm_err *err)
{
	const char *since = cli_opt.since, *until = cli_opt.until;
	int code = CRM_OK;

	r->time = r->revision = -1;
	r->rev_until = INT64_MAX;
	if (since && crm_str_starts(crm_str(since), CRM_STR("rev:")))
		code = take_revision(r, "--since", since, &r->rev_since, err);
	else if (since)
		code =
		    take_time(r, "--since", since, time_field, &r->since, err);
	r->has_since = since && r->time >= 0;
	if (code < 0 || !until)
		return code;
	if (crm_str_starts(crm_str(until), CRM_STR("rev:")))
		return take_revision(r, "--until", until, &r->rev_until, err);
	r->has_until = true;
	return take_time(r, "--until", until, time_field, &r->until, err);
}

/* The sorter's rows: the keys, then what is printed. */
static int
open_sort(
    struct cli_rows *r, const struct crm_field *shown, struct crm_err *err)
{
	size_t n = r->nkey + r->npick;
	struct crm_field *f = crm_arena_alloc(&r->c->arena, n * sizeof *f);

	if (!f)
		return crm_err_nomem(err);
	for (size_t i = 0; i < r->nkey; i++)
		f[i] = r->fields[r->key[i]];
	for (size_t i = 0; i < r->npick; i++)
		f[r->nkey + i] = shown[r->pick[i]];
	return crm_sort_open(&r->sort, f, n, crm_str(cli_opt.sort),
	    cli_opt.has_limit ? (uint64_t)cli_opt.limit : 0, r->c->spill_dir,
	    err);
}

static int
open_out(struct cli_rows *r, const struct crm_field *shown, struct crm_err *err)
{
	struct crm_field *f =
	    crm_arena_alloc(&r->c->arena, (r->npick + 1) * sizeof *f);

	if (!f)
		return crm_err_nomem(err);
	for (size_t i = 0; i < r->npick; i++)
		f[i] = shown[r->pick[i]];
	return cli_out(r->c, f, r->npick, &r->out, err);
}

static int
open_rows(struct cli_rows *r, const struct crm_field *shown,
    const char *time_field, struct crm_err *err)
{
	bool quiet = cli_opt.count || cli_opt.exists;
	int code = take_times(r, time_field, err);

	/* Options are checked whether they matter or not. */
	if (code == CRM_OK)
		code =
		    cli_pick(r->c, r->fields, r->n, &r->pick, &r->npick, err);
	if (code == CRM_OK && cli_opt.sort)
		code = take_keys(r, err);
	if (code == CRM_OK)
		code = cli_where(r->c, r->fields, r->n, &r->where, err);
	if (code == CRM_OK)
		code = cli_also(r->c, r->fields, r->n, &r->also, err);
	if (quiet)
		r->nkey = r->npick = 0;
	else if (code == CRM_OK && cli_opt.sort)
		code = open_sort(r, shown, err);
	if (code == CRM_OK && !quiet)
		code = open_out(r, shown, err);
	return code;
}

int
cli_rows_open_shown(struct cli *c, const struct crm_field *fields,
    const struct crm_field *shown, size_t n, const char *time_field,
    struct cli_rows **out, struct crm_err *err)
{
	struct cli_rows *r = crm_arena_zalloc(&c->arena, sizeof *r);
	int code;

	*out = NULL;
	if (!r)
		return crm_err_nomem(err);
	r->c = c;
	r->fields = fields;
	r->n = n;
	r->shown = shown == fields ? 0 : n;
	r->key = crm_arena_alloc(&c->arena, (n + 1) * sizeof *r->key);
	r->row = crm_arena_alloc(&c->arena, (2 * n + 1) * sizeof *r->row);
	if (!r->key || !r->row)
		return crm_err_nomem(err);
	code = open_rows(r, shown, time_field, err);
	if (code < 0) {
		cli_rows_abort(r);
		return code;
	}
	*out = r;
	return CRM_OK;
}

int
cli_rows_open(struct cli *c, const struct crm_field *fields, size_t n,
    const char *time_field, struct cli_rows **out, struct crm_err *err)
{
	return cli_rows_open_shown(c, fields, fields, n, time_field, out, err);
}

void
cli_rows_want(const struct cli_rows *r, struct crm_want *want)
{
	uint64_t bits[2] = {0};

	*want = (struct crm_want){0};
	if (r->where)
		crm_expr_fields(r->where, want->fields);
	if (r->also)
		crm_expr_fields(r->also, bits);
	want->fields[0] |= bits[0];
	want->fields[1] |= bits[1];
	if (r->time >= 0 && r->time < CRM_FIELDS_MAX)
		crm_want_field(want, r->time);
	if (r->revision >= 0 && r->revision < CRM_FIELDS_MAX)
		crm_want_field(want, r->revision);
	for (size_t i = 0; i < r->nkey; i++)
		if (r->key[i] < CRM_FIELDS_MAX)
			crm_want_field(want, r->key[i]);
	for (size_t i = 0; i < r->npick && r->shown == 0; i++)
		if (r->pick[i] < CRM_FIELDS_MAX)
			crm_want_field(want, r->pick[i]);
}

struct crm_expr *
cli_rows_where(struct cli_rows *r)
{
	return r->where;
}

static bool
in_time(const struct cli_rows *r, const struct crm_value *v)
{
	int64_t t = v->i;

	if (v->type == CRM_T_DATE)
		t = crm_day_begin(&r->c->schema->calendar, t);
	else if (v->type != CRM_T_TIME)
		return false;
	return !(r->has_since && t < r->since) &&
	       !(r->has_until && t >= r->until);
}

static bool
in_revisions(const struct cli_rows *r, const struct crm_value *v)
{
	int64_t n = v->i;

	if (v->type != CRM_T_INT &&
	    (v->type != CRM_T_TEXT || crm_int_parse(v->s, &n) < 0))
		return false;
	return n >= r->rev_since && n < r->rev_until;
}

/* Columns that no table knows hold numbers as texts. */
static struct crm_value
sort_value(const struct cli_rows *r, const struct crm_value *v)
{
	struct crm_dec d;

	if (r->shown && v->type == CRM_T_TEXT &&
	    crm_dec_parse(v->s, &d) == CRM_OK)
		return crm_value_num(CRM_T_DECIMAL, d.v, d.scale);
	return *v;
}

static int
emit(struct cli_rows *r, const struct crm_value *row, struct crm_err *err)
{
	size_t n = 0;

	for (size_t i = 0; i < r->nkey; i++)
		r->row[n++] = sort_value(r, &row[r->key[i]]);
	for (size_t i = 0; i < r->npick; i++)
		r->row[n++] = row[r->shown + (size_t)r->pick[i]];
	if (r->sort)
		return crm_sort_add(r->sort, r->row, err);
	return r->out ? crm_out_row(r->out, r->row, err) : CRM_OK;
}

int
cli_rows_put(
    struct cli_rows *r, const struct crm_value *row, struct crm_err *err)
{
	uint64_t limit = (uint64_t)cli_opt.limit;
	bool bounded = cli_opt.has_limit && !r->sort, yes = true;
	int code;

	if (bounded && r->rows >= limit)
		return CRM_NO;
	if (r->time >= 0 && !in_time(r, &row[r->time]))
		return CRM_OK;
	if (r->revision >= 0 && !in_revisions(r, &row[r->revision]))
		return CRM_OK;
	if (r->where) {
		code = crm_expr_test(r->where, row, &yes, err);
		if (code < 0 || !yes)
			return code;
	}
	if (r->also) {
		code = crm_expr_test(r->also, row, &yes, err);
		if (code < 0 || !yes)
			return code;
	}
	code = emit(r, row, err);
	if (code < 0)
		return code;
	r->rows++;
	if (cli_opt.exists || (bounded && r->rows >= limit))
		return CRM_NO;
	return CRM_OK;
}

bool
cli_rows_plain(const struct cli_rows *r)
{
	if (!r->out || !crm_out_plain(r->out) || r->sort || r->where ||
	    r->also || r->time >= 0 || r->revision >= 0 || r->npick != r->n ||
	    cli_opt.has_limit || cli_opt.exists)
		return false;
	for (size_t i = 0; i < r->n; i++)
		if (r->pick[i] != (int)i)
			return false;
	return true;
}

static int
put_lines(void *ctx, struct crm_str lines, uint64_t rows, struct crm_err *err)
{
	return cli_rows_lines(ctx, lines, rows, err);
}

bool
cli_rows_job(struct cli_rows *r, struct crm_lines_job *job)
{
	cpu_set_t cpus;

	if (!r->out || !crm_out_plain(r->out) || r->sort || r->revision >= 0 ||
	    r->shown || cli_opt.has_limit || cli_opt.exists)
		return false;
	job->pick = r->pick;
	job->npick = r->npick;
	job->where = r->where;
	job->also = r->also;
	job->time = r->time;
	job->has_since = r->has_since;
	job->has_until = r->has_until;
	job->since = r->since;
	job->until = r->until;
	job->put = put_lines;
	job->ctx = r;
	job->threads = 1;
	if (sched_getaffinity(0, sizeof cpus, &cpus) == 0)
		job->threads = (unsigned)CPU_COUNT(&cpus);
	return true;
}

int
cli_rows_lines(
    struct cli_rows *r, struct crm_str lines, uint64_t n, struct crm_err *err)
{
	r->rows += n;
	return crm_out_bytes(r->out, lines, err);
}

int
cli_rows_hold(struct cli_rows *r, struct crm_err *err)
{
	/* What is sorted or counted is printed when all has been read. */
	if (!r->out || r->sort)
		return CRM_OK;
	r->held = !r->held;
	return r->held ? crm_out_hold(r->out, err) : crm_out_drain(r->out, err);
}

static int
print_sorted(struct cli_rows *r, struct crm_err *err)
{
	const struct crm_value *row;
	int code = CRM_OK;

	if (cli_opt.has_limit && cli_opt.limit == 0)
		return CRM_OK;
	while (code == CRM_OK) {
		code = crm_sort_next(r->sort, &row, err);
		if (code == CRM_OK)
			code = crm_out_row(r->out, row + r->nkey, err);
	}
	return code == CRM_NOTFOUND ? CRM_OK : code;
}

static int
print_count(uint64_t rows, struct crm_err *err)
{
	struct crm_buf b = {0};
	int code;

	crm_buf_putu(&b, rows);
	crm_buf_putc(&b, '\n');
	code = crm_buf_check(&b, err);
	if (code == CRM_OK)
		code = crm_write_all(STDOUT_FILENO, b.p, b.n, "stdout", err);
	crm_buf_release(&b);
	return code;
}

int
cli_rows_close(struct cli_rows *r, struct crm_err *err)
{
	int code = CRM_OK;

	if (r->sort)
		code = print_sorted(r, err);
	if (code == CRM_OK && r->out) {
		code = crm_out_close(r->out, err);
		r->out = NULL;
	}
	if (code == CRM_OK && cli_opt.exists)
		code = r->rows ? CRM_OK : CRM_NO;
	else if (code == CRM_OK && cli_opt.count)
		code = print_count(r->rows, err);
	cli_rows_abort(r);
	return code;
}

void
cli_rows_abort(struct cli_rows *r)
{
	if (!r)
		return;
	if (r->out)
		crm_out_abort(r->out);
	if (r->sort)
		crm_sort_release(r->sort);
	if (r->where)
		crm_expr_release(r->where);
	if (r->also)
		crm_expr_release(r->also);
	r->out = NULL;
	r->sort = NULL;
	r->where = r->also = NULL;
}
