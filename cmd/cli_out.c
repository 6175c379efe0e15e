/*
 * cli_out.c - streams in and records out, by the shared options.
 *
 * -f never takes away column 1: a stream without its id could not be piped
 * on.  --format value is for $(...), where only what was asked for is wanted.
 */
#include <unistd.h>

#include "cli_parts.h"

static const char *
bare_name(const struct cli *c)
{
	if (cli_opt.on)
		return cli_opt.on;
	return c->kind ? c->kind->fields[0].name : NULL;
}

int
cli_stream(
    struct cli *c, bool whole, struct crm_stream **out, struct crm_err *err)
{
	struct crm_stream_options opt = {
	    .name = "-",
	    .header = crm_str(cli_opt.header),
	    .whole_lines = whole,
	    .any_bytes = cli_opt.clean,
	};

	if (cli_opt.header && cli_opt.bare)
		return crm_err_set(
		    err, CRM_EUSAGE, "--header and --ids exclude each other");
	if (cli_opt.header && !cli_opt.header[0])
		return crm_err_set(err, CRM_EUSAGE,
		    "option --header wants names of columns after it");
	if (cli_opt.bare) {
		opt.bare = bare_name(c);
		if (!opt.bare)
			return crm_err_set(err, CRM_EUSAGE,
			    "--ids wants --on COLUMN beside it");
	}
	return crm_stream_open(out, STDIN_FILENO, &opt, err);
}

static int
out_format(enum crm_format *out, struct crm_err *err)
{
	int code = CRM_OK;

	*out = CRM_FMT_AUTO;
	if (cli_opt.format) {
		code = crm_format_parse(crm_str(cli_opt.format), out, err);
		if (code < 0)
			crm_err_field(err, "--format", 8);
	} else if (cli_opt.excel) {
		*out = CRM_FMT_CSV;
	}
	if (code == CRM_OK && cli_opt.excel && *out != CRM_FMT_CSV)
		code = crm_err_set(err, CRM_EUSAGE,
		    "--excel is for --format csv, not %s", cli_opt.format);
	return code;
}

int
cli_out(struct cli *c, const struct crm_field *fields, size_t n,
    struct crm_out **out, struct crm_err *err)
{
	struct crm_out_options opt = {
	    .fd = STDOUT_FILENO,
	    .no_header = cli_opt.no_header,
	    .excel = cli_opt.excel,
	    .tty = c->tty_out,
	    .width = c->width,
	    .spill_dir = c->spill_dir,
	    .schema = c->schema,
	};
	struct crm_column *column;
	int code = out_format(&opt.format, err);

	if (code < 0)
		return code;
	if (opt.format == CRM_FMT_AUTO)
		opt.format = c->tty_out ? CRM_FMT_TABLE : CRM_FMT_TSV;
	opt.brief = c->tty_out && opt.format == CRM_FMT_TABLE;
	column = crm_arena_alloc(&c->arena, (n ? n : 1) * sizeof *column);
	if (!column)
		return crm_err_nomem(err);
	for (size_t i = 0; i < n; i++)
		column[i] = (struct crm_column){
		    crm_str(fields[i].name), (enum crm_type)fields[i].type};
	return crm_out_open(out, &opt, column, n, err);
}

static int
field_index(const struct crm_field *fields, size_t n, struct crm_str name)
{
	for (size_t i = 0; i < n; i++)
		if (crm_str_is(name, fields[i].name))
			return (int)i;
	return -1;
}

/* What there is instead: the nearest name, else all of them. */
static void
hint_columns(struct cli *c, const struct crm_field *fields, size_t n,
    struct crm_str name, struct crm_err *err)
{
	const char **words =
	    crm_arena_alloc(&c->arena, (n + 1) * sizeof *words);
	const char *near = NULL;
	struct crm_buf b = {.max = 400};

	for (size_t i = 0; words && i < n; i++)
		words[i] = fields[i].name;
	if (words)
		near = crm_nearest(name, words, n);
	if (near) {
		crm_err_hint(err, "did you mean '%s'?", near);
	} else if (c->kind && fields == c->kind->fields) {
		crm_err_hint(err, "crm-fields %s lists them", c->kind->name);
	} else {
		for (size_t i = 0; i < n && b.n < 300; i++)
			crm_buf_putf(&b, "%s%s", i ? ", " : "", fields[i].name);
		crm_err_hint(err, "there are %.*s%s", (int)b.n, b.p ? b.p : "",
		    b.n < 300 ? "" : ", ...");
	}
	crm_buf_release(&b);
}

int
cli_column(struct cli *c, const struct crm_field *fields, size_t n,
    const char *option, struct crm_str name, struct crm_err *err)
{
	int i = field_index(fields, n, name);

	if (i >= 0)
		return i;
	crm_err_set(err, CRM_EUSAGE, "there is no column '%.*s' here",
	    (int)(name.n > 200 ? 200 : name.n), name.p);
	crm_err_field(err, option, strlen(option));
	hint_columns(c, fields, n, name, err);
	return CRM_EUSAGE;
}

/* The columns -f names, after the ones that are there already. */
static int
pick_named(struct cli *c, const struct crm_field *fields, size_t n, int *pick,
    size_t *npick, struct crm_err *err)
{
	struct crm_str rest = crm_str(cli_opt.fields), name;
	size_t forced = *npick;

	if (rest.n == 0)
		return crm_err_set(err, CRM_EUSAGE,
		    "option --fields wants names of columns after it");
	while (crm_str_split(&rest, ',', &name)) {
		int i;
		size_t k;

		name = crm_str_trim(name);
		i = cli_column(c, fields, n, "-f", name, err);
		if (i < 0)
			return i;
		for (k = 0; k < *npick && pick[k] != i; k++)
			;
		if (k < *npick && k >= forced)
			return crm_err_set(err, CRM_EUSAGE,
			    "-f names '%s' twice", fields[i].name);
		if (k == *npick)
			pick[(*npick)++] = i;
		else
			forced = 0;
	}
	return CRM_OK;
}

int
cli_pick(struct cli *c, const struct crm_field *fields, size_t n, int **out,
    size_t *nout, struct crm_err *err)
{
	enum crm_format format;
	int code = out_format(&format, err);
	int *pick = crm_arena_alloc(&c->arena, (n + 1) * sizeof *pick);

	*nout = 0;
	*out = pick;
	if (code < 0)
		return code;
	if (!pick)
		return crm_err_nomem(err);
	if (format != CRM_FMT_VALUE && n > 0)
		pick[(*nout)++] = 0;
	if (cli_opt.fields)
		return pick_named(c, fields, n, pick, nout, err);
	for (size_t i = 1; i < n; i++)
		if (!(fields[i].flags & CRM_F_WIDE))
			pick[(*nout)++] = (int)i;
	return CRM_OK;
}

static int
take_defines(struct cli *c, struct crm_expr_env *env, struct crm_err *err)
{
	const struct cli_texts *t = &cli_opt.define;
	struct crm_define *d;

	d = crm_arena_alloc(&c->arena, (t->n ? t->n : 1) * sizeof *d);
	if (!d)
		return crm_err_nomem(err);
	for (size_t i = 0; i < t->n; i++) {
		const char *eq = strchr(t->v[i], '=');

		d[i].name =
		    (struct crm_str){t->v[i], eq ? (size_t)(eq - t->v[i]) : 0};
		if (!eq || !crm_column_valid(d[i].name)) {
			crm_err_set(
			    err, CRM_EUSAGE, "'%s' is not NAME=VALUE", t->v[i]);
			crm_err_field(err, "-D", 2);
			return CRM_EUSAGE;
		}
		d[i].value = crm_str(eq + 1);
	}
	env->define = d;
	env->ndefine = t->n;
	return CRM_OK;
}

/* A reference in an expression, looked up once when it is compiled. */
static int
resolve(void *ctx, struct crm_str ref, unsigned kind, struct crm_value *out,
    struct crm_err *err)
{
	struct cli *c = ctx;
	struct crm_txn *t;
	int code = crm_txn_begin(c->store, &t, err);

	if (code < 0)
		return code;
	code = crm_ref_find(t, NULL, kind, c->schema, ref, out, err);
	crm_txn_end(t);
	return code;
}

static int
compile(struct cli *c, const char *text, const struct crm_field *fields,
    size_t n, struct crm_expr **out, struct crm_err *err)
{
	struct crm_expr_env *env;
	int code;

	*out = NULL;
	if (!text)
		return CRM_OK;
	env = crm_arena_zalloc(&c->arena, sizeof *env);
	if (!env)
		return crm_err_nomem(err);
	if (c->expr)
		*env = *c->expr;
	env->schema = c->schema;
	env->fields = fields;
	env->nfields = n;
	env->now = c->now;
	if (!env->resolve && c->store) {
		env->resolve = resolve;
		env->resolve_ctx = c;
	}
	/* What `today` means is part of the question. */
	if (cli_opt.at)
		env->now = c->at;
	code = take_defines(c, env, err);
	if (code == CRM_OK)
		code = cli_segments_env(c, fields, n, env, err);
	if (code < 0)
		return code;
	code = crm_expr_compile(out, crm_str(text), env, err);
	if (code == CRM_OK && crm_expr_type(*out) != CRM_T_BOOL) {
		code = crm_err_set(err, CRM_EUSAGE,
		    "a condition is wanted, this is %s",
		    crm_type_name(crm_expr_type(*out)));
	}
	if (code == CRM_OK)
		code = cli_segments_load(c, env, *out, err);
	if (code < 0) {
		crm_expr_release(*out);
		*out = NULL;
		crm_err_field(err, "-w", 2);
	}
	return code;
}

int
cli_where(struct cli *c, const struct crm_field *fields, size_t n,
    struct crm_expr **out, struct crm_err *err)
{
	return compile(c, cli_opt.where, fields, n, out, err);
}

int
cli_also(struct cli *c, const struct crm_field *fields, size_t n,
    struct crm_expr **out, struct crm_err *err)
{
	return compile(c, c->also, fields, n, out, err);
}
