/*
 * crm-rows.c - does to any stream on stdin what list does to a kind.
 *
 * A cell that nothing asks for is not read: it goes through as it came.  The
 * columns of the kind whose id is column 1, and those that a join added,
 * have that kind's types, and a wrong cell among those that -w or --sort
 * need is an error.  A name that only other kinds have is read by their
 * type where that is told by the name, and a cell of another form is no
 * value.  All the rest are texts that a condition takes as what they are
 * compared with, and --sort as numbers where they are some.
 */
#include "cli.h"

struct column {
	bool strict;
	bool wanted; /* typed, for -w and --sort */
	bool picked; /* printed */
};

struct rows {
	struct cli *c;
	struct crm_stream *in;
	size_t n;
	struct column *col;
	struct crm_field *typed, *shown;
	struct crm_value *v; /* n typed, n shown */
	struct crm_view *view; /* when column 1 is a part's id */
	const struct crm_kind *owner; /* of column 1, or NULL */
	int currency; /* index, -1 */
	bool render; /* values are printed by type, not as they came */
	struct crm_arena arena;
};

/* The kind with this id column; id columns of parts count as their kind's. */
static const struct crm_kind *
kind_of_id(const struct crm_schema *s, struct crm_str name, int *part)
{
	const struct crm_kind *k = crm_schema_by_id(s, name);

	*part = -1;
	if (k || name.n < 4 || memcmp(name.p + name.n - 3, "_id", 3) != 0)
		return k;
	name.n -= 3;
	for (int i = 0; i < CRM_K_MAX; i++)
		if (s->kind[i].name) {
			*part = crm_kind_part(&s->kind[i], name);
			if (*part >= 0)
				return &s->kind[i];
		}
	return NULL;
}

/* Whose stream is it?  identity_id is in several kinds' streams: the id of
 * the record beside it says which. */
static int
find_owner(struct rows *r, struct crm_err *err)
{
	const struct crm_schema *s = r->c->schema;
	struct crm_str name = crm_stream_name(r->in, 0);
	int part;

	r->owner = kind_of_id(s, name, &part);
	if (!r->owner || part < 0)
		return CRM_OK;
	name.n -= 3;
	for (int i = 0; i < CRM_K_MAX; i++) {
		const struct crm_kind *k = &s->kind[i];

		if (!k->name || crm_kind_part(k, name) < 0 ||
		    crm_stream_find(r->in, crm_str(k->fields[0].name)) < 0)
			continue;
		r->owner = k;
		part = crm_kind_part(k, name);
		break;
	}
	r->view = crm_arena_alloc(&r->c->arena, sizeof *r->view);
	if (!r->view)
		return crm_err_nomem(err);
	part = crm_schema_view(s, r->owner, part, &r->c->arena, r->view, err);
	r->owner = &r->view->kind;
	return part;
}

/* seller_name beside seller_id is a customer's name. */
static const struct crm_field *
joined(const struct rows *r, struct crm_str name)
{
	for (size_t i = 0; i < r->n; i++) {
		struct crm_str id = crm_str(r->typed[i].name);
		const struct crm_kind *k;
		int f;

		if (r->typed[i].type != CRM_T_ID || !r->typed[i].ref ||
		    r->typed[i].ref >= CRM_K_MAX || id.n < 4 ||
		    memcmp(id.p + id.n - 3, "_id", 3) != 0)
			continue;
		id.n -= 2;
		if (!crm_str_starts(name, id))
			continue;
		k = &r->c->schema->kind[r->typed[i].ref];
		f = k->name ? crm_kind_field(k, (struct crm_str){name.p + id.n,
						    name.n - id.n})
			    : -1;
		if (f > 0)
			return &k->fields[f];
	}
	return NULL;
}

/* By the name alone: when all kinds that have it agree, and it is a type
 * that has one form only. */
static enum crm_type
guess(const struct crm_schema *s, struct crm_str name)
{
	enum crm_type found = CRM_T_NONE;

	for (int i = 0; i < CRM_K_MAX; i++) {
		const struct crm_kind *k = &s->kind[i];
		int f = k->name ? crm_kind_field(k, name) : -1;
		enum crm_type t;

		for (int p = -1; p < k->nparts; p++) {
			t = CRM_T_NONE;
			if (p < 0 && f >= 0)
				t = (enum crm_type)k->fields[f].type;
			else if (p >= 0 &&
				 (f = crm_part_field(&k->parts[p], name)) >= 0)
				t = (enum crm_type)k->parts[p].fields[f].type;
			if (t == CRM_T_NONE)
				continue;
			if (found != CRM_T_NONE && found != t)
				return CRM_T_TEXT;
			found = t;
		}
	}
	return found > CRM_T_ID && found <= CRM_T_BOOL ? found : CRM_T_TEXT;
}

static void
set_type(struct rows *r, size_t i, const struct crm_field *f)
{
	const char *name = r->typed[i].name;

	r->typed[i] = *f;
	r->typed[i].name = name;
	r->col[i].strict = true;
}

/* First the ids and what the owner has, then what a join may have added. */
static int
find_types(struct rows *r, struct crm_err *err)
{
	const struct crm_schema *s = r->c->schema;

	for (size_t i = 0; i < r->n; i++) {
		struct crm_str name = crm_stream_name(r->in, i);
		int part, f = r->owner ? crm_kind_field(r->owner, name) : -1;
		const struct crm_kind *k = kind_of_id(s, name, &part);
		struct crm_str own = crm_arena_str(&r->c->arena, name);

		if (!own.p)
			return crm_err_nomem(err);
		r->typed[i] = (struct crm_field){
		    .name = own.p, .type = CRM_T_TEXT, .help = ""};
		if (f >= 0) {
			set_type(r, i, &r->owner->fields[f]);
		} else if (k) {
			r->typed[i].type = CRM_T_ID;
			r->typed[i].ref = k->number;
			r->col[i].strict = true;
		}
	}
	for (size_t i = 0; i < r->n; i++) {
		struct crm_str name = crm_str(r->typed[i].name);
		const struct crm_field *f;

		if (r->col[i].strict)
			continue;
		f = joined(r, name);
		if (f)
			set_type(r, i, f);
		else
			r->typed[i].type = (uint8_t)guess(s, name);
	}
	return CRM_OK;
}

/* What is printed keeps its type where the form of the output shows it. */
static int
find_shown(struct rows *r, struct crm_err *err)
{
	enum crm_format f = CRM_FMT_AUTO;
	int code = CRM_OK, *pick;
	size_t npick;

	if (cli_opt.format)
		code = crm_format_parse(crm_str(cli_opt.format), &f, err);
	if (code < 0) {
		crm_err_field(err, "--format", 8);
		return code;
	}
	r->render =
	    cli_opt.excel ||
	    (f == CRM_FMT_AUTO ? r->c->tty_out
			       : f != CRM_FMT_TSV && f != CRM_FMT_VALUE);
	for (size_t i = 0; i < r->n; i++) {
		/* Columns are all printed: none is wide here. */
		r->typed[i].flags = 0;
		r->shown[i] = r->typed[i];
		if (!r->render)
			r->shown[i].type = CRM_T_TEXT;
	}
	code = cli_pick(r->c, r->typed, r->n, &pick, &npick, err);
	for (size_t i = 0; i < npick && code == CRM_OK; i++)
		r->col[pick[i]].picked = true;
	return code;
}

/* The places of a money column; -1: as many as are written. */
static int
digits(const struct rows *r, bool base)
{
	int d = r->c->store ? r->c->schema->digits : -1;

	if (!base && r->currency >= 0)
		return crm_currency_digits(
		    crm_stream_field(r->in, (size_t)r->currency));
	return d;
}

/* One cell by its type.  Without strict another form is no value. */
static int
cell(struct rows *r, size_t i, bool base, bool strict, struct crm_value *out,
    struct crm_err *err)
{
	struct crm_str text = crm_stream_field(r->in, i);
	struct crm_parse ctx = {.schema = r->c->schema, .arena = &r->arena};
	int code;

	if (r->typed[i].type == CRM_T_TEXT) {
		*out = crm_value_text(text);
		return CRM_OK;
	}
	ctx.digits = digits(r, base);
	code = crm_value_parse(&r->typed[i], text, &ctx, out, err);
	if (code < 0 && code != CRM_ENOMEM && !strict) {
		*out = (struct crm_value){0};
		return CRM_OK;
	}
	if (code < 0)
		crm_err_place(
		    err, crm_stream_file(r->in), crm_stream_line(r->in));
	return code;
}

static int
read_row(struct rows *r, const bool *base, struct crm_err *err)
{
	struct crm_value *v = r->v;
	int code = CRM_OK;

	crm_arena_reset(&r->arena);
	for (size_t i = 0; i < r->n && code == CRM_OK; i++) {
		if (r->col[i].wanted)
			code =
			    cell(r, i, base[i], r->col[i].strict, &v[i], err);
		if (code < 0 || !r->col[i].picked)
			continue;
		v[r->n + i] = (struct crm_value){0};
		if (r->render)
			code = cell(r, i, base[i], false, &v[r->n + i], err);
		/* What has another form is shown as it is. */
		if (v[r->n + i].type == CRM_T_NONE)
			v[r->n + i] =
			    crm_value_text(crm_stream_field(r->in, i));
	}
	return code;
}

static int
each_row(
    struct rows *r, struct cli_rows *to, const bool *base, struct crm_err *err)
{
	int code = CRM_OK;

	while (code == CRM_OK) {
		code = crm_stream_next(r->in, err);
		if (code == CRM_OK)
			code = read_row(r, base, err);
		if (code == CRM_OK)
			code = cli_rows_put(to, r->v, err);
	}
	return code == CRM_NOTFOUND || code == CRM_NO ? CRM_OK : code;
}

static int
make_room(struct rows *r, struct crm_err *err)
{
	struct crm_arena *a = &r->c->arena;

	r->n = crm_stream_columns(r->in);
	r->col = crm_arena_zalloc(a, (r->n + 1) * sizeof *r->col);
	r->typed = crm_arena_zalloc(a, (r->n + 1) * sizeof *r->typed);
	r->shown = crm_arena_zalloc(a, (r->n + 1) * sizeof *r->shown);
	r->v = crm_arena_zalloc(a, (2 * r->n + 1) * sizeof *r->v);
	if (!r->col || !r->typed || !r->shown || !r->v)
		return crm_err_nomem(err);
	r->currency = crm_stream_find(r->in, CRM_STR("currency"));
	return CRM_OK;
}

/* Zero bytes have no columns that an option could name. */
static int
no_columns(struct rows *r, struct crm_err *err)
{
	struct cli_rows *to;
	int code;

	cli_opt.where = cli_opt.sort = cli_opt.fields = NULL;
	cli_opt.since = cli_opt.until = NULL;
	code = cli_rows_open(r->c, r->typed, 0, NULL, &to, err);
	return code < 0 ? code : cli_rows_close(to, err);
}

static const char *
time_field(const struct rows *r)
{
	const char *time = r->owner ? r->owner->time : NULL;

	return time && crm_stream_find(r->in, crm_str(time)) >= 0 ? time : NULL;
}

static int
filter(struct rows *r, struct crm_err *err)
{
	static const struct crm_expr_env loose = {.flags = CRM_EXPR_LOOSE};
	struct cli_rows *to = NULL;
	struct crm_want want;
	bool *base;
	int code = make_room(r, err);

	if (code == CRM_OK && r->n == 0)
		return no_columns(r, err);
	base = crm_arena_zalloc(&r->c->arena, r->n * sizeof *base);
	if (code == CRM_OK && !base)
		code = crm_err_nomem(err);
	if (code == CRM_OK)
		code = find_owner(r, err);
	if (code == CRM_OK)
		code = find_types(r, err);
	for (size_t i = 0; i < r->n && code == CRM_OK; i++)
		base[i] = (r->typed[i].flags & CRM_F_BASE) != 0;
	if (code == CRM_OK)
		code = find_shown(r, err);
	r->c->expr = &loose;
	if (code == CRM_OK)
		code = cli_rows_open_shown(
		    r->c, r->typed, r->shown, r->n, time_field(r), &to, err);
	if (code < 0)
		return code;
	cli_rows_want(to, &want);
	/* There may be more columns than there are bits. */
	for (size_t i = 0; i < r->n; i++)
		r->col[i].wanted =
		    i >= CRM_FIELDS_MAX || crm_wants(&want, (int)i);
	code = each_row(r, to, base, err);
	if (code == CRM_OK)
		return cli_rows_close(to, err);
	cli_rows_abort(to);
	return code;
}

static int
rows(struct cli *c, struct crm_err *err)
{
	struct rows r = {.c = c, .currency = -1};
	int code = cli_operands(c, 0, 1, err);

	if (code == CRM_OK && c->noperand && !cli_stdin(c)) {
		crm_err_set(err, CRM_EUSAGE, "'%s' is an operand too many",
		    c->operand[0]);
		crm_err_hint(err, "the stream is read from stdin");
		return CRM_EUSAGE;
	}
	if (code == CRM_OK)
		code = cli_store_maybe(c, err);
	if (code == CRM_OK)
		code = cli_stream(c, false, &r.in, err);
	if (code == CRM_OK)
		code = filter(&r, err);
	crm_stream_close(r.in);
	crm_arena_release(&r.arena);
	return code;
}

static const struct cli_option options[] = {
    {0, "header", CLI_TEXT, &cli_opt.header, "NAMES",
	"the columns of a stream that has no header"},
    {0},
};

static const struct cli_verb verbs[] = {
    {"", rows, CLI_NONE, CLI_OUT | CLI_LIST, options, "[-]", NULL},
    {0},
};

int
main(int argc, char **argv)
{
	static const struct cli_command command = {"crm-rows",
	    "choose, sort, count and format the records of a stream", NULL, 0,
	    verbs};

	return crm_main(&command, argc, argv);
}
