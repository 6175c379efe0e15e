/*
 * crm-fields.c - the columns of every kind of stream, as a stream.
 *
 * What the tables say is printed, custom fields of the store included when
 * there is a store.  A part (the lines of an order) is listed as its stream
 * has it: its own id, the record's id and fields, then its own.  It is
 * called order.line, as several kinds have parts of one name.
 */
#include "cli.h"

static const struct crm_field columns[] = {
    {"field", CRM_T_TEXT, 0, 0, 0, NULL, "its name"},
    {"kind", CRM_T_TEXT, 0, 0, 0, NULL, "the kind, or kind.part"},
    {"type", CRM_T_TEXT, 0, 0, 0, NULL, "its type"},
    {"ref", CRM_T_TEXT, 0, 0, 0, NULL, "of an id the kind it names"},
    {"flags", CRM_T_LIST, 0, 0, 0, NULL, "what else is true of it"},
    {"values", CRM_T_LIST, 0, 0, 0, NULL, "what an enum may be"},
    {"currency", CRM_T_TEXT, 0, 0, 0, NULL, "of money: row's or base"},
    {"help", CRM_T_TEXT, 0, 0, 0, NULL, "what it means"},
};
enum { COLUMNS = sizeof columns / sizeof columns[0] };

static const struct {
	uint32_t bit;
	const char *name;
} flag_names[] = {
    {CRM_F_REQUIRED, "required"},
    {CRM_F_READONLY, "readonly"},
    {CRM_F_PERSONAL, "personal"},
    {CRM_F_INDEX, "index"},
    {CRM_F_UNIQUE, "unique"},
    {CRM_F_IDENT, "identity"},
    {CRM_F_WIDE, "wide"},
    {CRM_F_FIXED, "fixed"},
    {CRM_F_FIGURE, "figure"},
    {CRM_F_VIRTUAL, "virtual"},
    {CRM_F_CUSTOM, "custom"},
    {CRM_F_WORDS, "words"},
};

static const struct cli_option options[] = {
    {0, "as-of", CLI_TEXT, &cli_opt.as_of, "TIME",
	"by the settings of then, or of revision rev:N"},
    {0},
};

struct lister {
	struct cli *c;
	struct cli_rows *rows;
	struct crm_buf flags;
	const char *want; /* the operand, NULL all */
	uint64_t kinds;
};

static const char *
ref_name(const struct crm_field *f)
{
	if (f->type != CRM_T_ID)
		return NULL;
	for (const struct crm_letter *l = crm_letters; l->name; l++)
		if (f->ref && l->kind == f->ref)
			return l->name;
	return "any";
}

static int
list_field(struct lister *l, const char *kind, const struct crm_field *f,
    struct crm_err *err)
{
	const char *ref = ref_name(f), *currency = NULL;
	struct crm_value row[COLUMNS];
	int code;

	crm_buf_clear(&l->flags);
	for (size_t i = 0; i < sizeof flag_names / sizeof flag_names[0]; i++)
		if (f->flags & flag_names[i].bit)
			crm_buf_putf(&l->flags, "%s%s", l->flags.n ? "," : "",
			    flag_names[i].name);
	code = crm_buf_check(&l->flags, err);
	if (code < 0)
		return code;
	if (f->type == CRM_T_MONEY)
		currency = f->flags & CRM_F_BASE ? "base" : "row";
	row[0] = crm_value_text(crm_str(f->name));
	row[1] = crm_value_text(crm_str(kind));
	row[2] = crm_value_text(crm_str(crm_type_name((enum crm_type)f->type)));
	row[3] = crm_value_text(crm_str(ref));
	row[4] = crm_value_text(crm_buf_str(&l->flags));
	row[5] = crm_value_text(crm_str(f->values));
	row[6] = crm_value_text(crm_str(currency));
	row[7] = crm_value_text(crm_str(f->help));
	for (size_t i = 4; i <= 5; i++)
		if (row[i].type == CRM_T_TEXT)
			row[i].type = CRM_T_LIST;
	return cli_rows_put(l->rows, row, err);
}

static int
list_kind(struct lister *l, const struct crm_kind *k, const char *name,
    struct crm_err *err)
{
	int code = CRM_OK;

	l->kinds++;
	for (int i = 0; i < k->nfields && code == CRM_OK; i++)
		code = list_field(l, name, &k->fields[i], err);
	return code;
}

/* kind.part, or NULL when out of memory. */
static const char *
part_name(struct lister *l, const struct crm_kind *k, const struct crm_part *p)
{
	struct crm_buf b = {0};
	struct crm_str s = {0};

	crm_buf_putf(&b, "%s.%s", k->name, p->name);
	if (!b.fail)
		s = crm_arena_str(&l->c->arena, crm_buf_str(&b));
	crm_buf_release(&b);
	return s.p;
}

/* The parts asked for: order.line, or line in any kind. */
static int
list_parts(struct lister *l, const struct crm_kind *k, struct crm_err *err)
{
	struct crm_view *v;
	int code = CRM_OK;

	for (int i = 0; i < k->nparts && code == CRM_OK; i++) {
		const char *name = part_name(l, k, &k->parts[i]);

		if (!name)
			return crm_err_nomem(err);
		if (l->want && strcmp(l->want, name) != 0 &&
		    strcmp(l->want, k->parts[i].name) != 0)
			continue;
		v = crm_arena_alloc(&l->c->arena, sizeof *v);
		if (!v)
			return crm_err_nomem(err);
		code =
		    crm_schema_view(l->c->schema, k, i, &l->c->arena, v, err);
		if (code == CRM_OK)
			code = list_kind(l, &v->kind, name, err);
	}
	return code;
}

static void
hint_kinds(const struct crm_schema *s, struct crm_err *err)
{
	struct crm_buf b = {.max = 400};

	for (int i = 0; i < CRM_K_MAX; i++)
		if (s->kind[i].name)
			crm_buf_putf(
			    &b, "%s%s", b.n ? ", " : "", s->kind[i].name);
	crm_err_hint(err, "there are %.*s", (int)b.n, b.p ? b.p : "");
	crm_buf_release(&b);
}

static int
no_kind(const struct crm_schema *s, const char *want, struct crm_err *err)
{
	const char *words[CRM_K_MAX * (1 + CRM_PARTS_MAX)], *near;
	size_t n = 0;

	for (int i = 0; i < CRM_K_MAX; i++) {
		if (!s->kind[i].name)
			continue;
		words[n++] = s->kind[i].name;
		for (int p = 0; p < s->kind[i].nparts; p++)
			words[n++] = s->kind[i].parts[p].name;
	}
	near = crm_nearest(crm_str(want), words, n);
	crm_err_set(err, CRM_EUSAGE, "there is no kind '%s'", want);
	if (near)
		crm_err_hint(err, "did you mean '%s'?", near);
	else
		hint_kinds(s, err);
	return CRM_EUSAGE;
}

static int
list(struct lister *l, struct crm_err *err)
{
	const struct crm_schema *s = l->c->schema;
	bool whole = false;
	int code = CRM_OK;

	/* A kind's name before a part's: event is a kind. */
	for (int i = 0; l->want && i < CRM_K_MAX; i++)
		if (s->kind[i].name && strcmp(s->kind[i].name, l->want) == 0)
			whole = true;
	for (int i = 0; i < CRM_K_MAX && code == CRM_OK; i++) {
		const struct crm_kind *k = &s->kind[i];

		if (!k->name)
			continue;
		if (!l->want || (whole && strcmp(k->name, l->want) == 0))
			code = list_kind(l, k, k->name, err);
		if (!whole && code == CRM_OK)
			code = list_parts(l, k, err);
	}
	if (code == CRM_OK && l->want && !l->kinds)
		code = no_kind(s, l->want, err);
	return code;
}

static int
fields(struct cli *c, struct crm_err *err)
{
	struct lister l = {.c = c};
	int code = cli_operands(c, 0, 1, err);

	if (code == CRM_OK)
		code = cli_store_maybe(c, err);
	if (code == CRM_OK && cli_opt.as_of && !c->store)
		code = crm_err_set(err, CRM_EUSAGE,
		    "--as-of is about a store, and there is none");
	if (code == CRM_OK)
		code = cli_rows_open(c, columns, COLUMNS, NULL, &l.rows, err);
	if (code < 0)
		return code;
	l.want = c->noperand ? c->operand[0] : NULL;
	code = list(&l, err);
	if (code == CRM_OK || code == CRM_NO)
		code = cli_rows_close(l.rows, err);
	else
		cli_rows_abort(l.rows);
	crm_buf_release(&l.flags);
	return code;
}

static const struct cli_verb verbs[] = {
    {"", fields, CLI_NONE, CLI_OUT | CLI_LIST | CLI_NOTIME, options, "[KIND]",
	NULL},
    {0},
};

int
main(int argc, char **argv)
{
	static const struct cli_command command = {"crm-fields",
	    "print the columns of records, their types and meaning", NULL, 0,
	    verbs};

	return crm_main(&command, argc, argv);
}
