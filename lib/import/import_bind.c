/*
 * import_bind.c - a map and the header of a file: columns and expressions.
 *
 * In expressions a column goes by its name in lower case with _ for all that
 * is not a letter or digit, as headers like "Lineitem price" could not be
 * written there; in the rest of the map it goes by either.  A column the map
 * needs and the file lacks is an error, one the file has and the map does not
 * name is told: exports change, and nobody reads release notes.
 */
#include <stdio.h>

#include "import_parts.h"

#define REJECTED "rejected"

void
crm_imp_norm_name(struct crm_str name, struct crm_buf *out)
{
	bool gap = false;

	crm_buf_clear(out);
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
			(unsigned char)c >= 0x80)) {
			gap = out->n > 0;
			continue;
		}
		if (out->n == 0 && c >= '0' && c <= '9')
			crm_buf_puts(out, "c_");
		if (gap)
			crm_buf_putc(out, '_');
		gap = false;
		crm_buf_putc(out, c);
	}
	if (out->n == 0)
		crm_buf_putc(out, '_');
}

static int
field_at(struct crm_import *im, size_t n, struct crm_str name,
    enum crm_type type, struct crm_err *err)
{
	struct crm_str s;

	s = crm_arena_str(&im->arena, name);
	if (!s.p)
		return crm_err_nomem(err);
	im->field[n] = (struct crm_field){.name = s.p, .type = (uint8_t)type};
	return CRM_OK;
}

/* What a column is called in the map: by its aliases, else as it is. */
static struct crm_str
alias_of(const struct crm_import_map *m, struct crm_str name)
{
	for (const struct crm_imp_alias *a = m->alias; a; a = a->next)
		if (crm_imp_names_have(&a->from, name))
			return a->name;
	return name;
}

static bool
taken(const struct crm_import *im, size_t n, struct crm_str name)
{
	for (size_t i = 0; i < n; i++)
		if (crm_str_is(name, im->field[i].name))
			return true;
	return false;
}

/* The place of a column, -1. */
static int
find_column(struct crm_import *im, struct crm_str name)
{
	size_t i;

	for (i = 0; i < im->ncolumn; i++)
		if (crm_str_eq(im->head[i], name) ||
		    crm_str_eq(alias_of(im->map, im->head[i]), name))
			return (int)i;
	for (i = 0; i < im->ncolumn; i++)
		if (crm_str_is(name, im->field[i].name))
			return (int)i;
	crm_imp_norm_name(name, &im->scratch);
	for (i = 0; i < im->ncolumn; i++)
		if (crm_str_is(crm_buf_str(&im->scratch), im->field[i].name))
			return (int)i;
	/* row_number and lets */
	for (i = im->row_field; i < im->nfield; i++)
		if (im->field[i].name && crm_str_is(name, im->field[i].name))
			return (int)i;
	return -1;
}

static int
make_columns(struct crm_import *im, struct crm_err *err)
{
	size_t n = 0;
	int r;

	for (; n < im->ncolumn; n++) {
		crm_imp_norm_name(alias_of(im->map, im->head[n]), &im->scratch);
		for (int k = 2; taken(im, n, crm_buf_str(&im->scratch)); k++) {
			crm_imp_norm_name(
			    alias_of(im->map, im->head[n]), &im->scratch);
			crm_buf_putf(&im->scratch, "_%d", k);
		}
		r = field_at(im, n, crm_buf_str(&im->scratch), CRM_T_TEXT, err);
		if (r < 0)
			return r;
	}
	im->row_field = im->nfield = n;
	for (size_t i = 0; i < im->map->optional.n; i++) {
		if (find_column(im, im->map->optional.v[i]) >= 0)
			continue;
		crm_imp_norm_name(im->map->optional.v[i], &im->scratch);
		r = field_at(
		    im, n++, crm_buf_str(&im->scratch), CRM_T_TEXT, err);
		if (r < 0)
			return r;
	}
	r = field_at(im, n, CRM_STR("row_number"), CRM_T_INT, err);
	im->row_field = n++;
	im->first_let = im->nfield = n;
	return r;
}

static int
arrays(struct crm_import *im, struct crm_err *err)
{
	const struct crm_import_map *m = im->map;
	struct crm_arena *a = &im->arena;
	size_t n = im->ncolumn + m->optional.n + 1 + m->nlet + 1;

	im->field = crm_arena_zalloc(a, n * sizeof *im->field);
	im->row = crm_arena_zalloc(a, n * sizeof *im->row);
	im->used = crm_arena_zalloc(a, n * sizeof *im->used);
	im->fills = crm_arena_zalloc(a, n * sizeof *im->fills);
	im->isnumber = crm_arena_zalloc(a, n * sizeof *im->isnumber);
	im->fill = crm_arena_zalloc(a, n * sizeof *im->fill);
	im->number_text = crm_arena_zalloc(a, n * sizeof *im->number_text);
	im->bound = crm_arena_zalloc(a, (m->nsource + 1) * sizeof *im->bound);
	im->cond = crm_arena_zalloc(a, (m->ncond + 1) * sizeof(void *));
	if (!im->field || !im->row || !im->used || !im->fills ||
	    !im->isnumber || !im->fill || !im->number_text || !im->bound ||
	    !im->cond)
		return crm_err_nomem(err);
	return CRM_OK;
}

static int
no_column(struct crm_import *im, struct crm_str name, struct crm_err *err)
{
	const char *words[CRM_COLUMNS_MAX], *near;
	size_t n = 0;

	for (; n < im->ncolumn && n < CRM_COLUMNS_MAX; n++) {
		struct crm_str s = crm_arena_str(&im->work, im->head[n]);

		if (!s.p)
			return crm_err_nomem(err);
		words[n] = s.p;
	}
	near = crm_nearest(name, words, n);
	crm_err_set(err, CRM_EDATA, "there is no column '%.*s'",
	    (int)(name.n > 80 ? 80 : name.n), name.p);
	crm_err_place(err, im->opt.name, 0);
	if (near)
		crm_err_hint(err,
		    "there is '%s': name it by 'aliases' in the map", near);
	else
		crm_err_hint(err,
		    "the map %s wants it; 'optional' in a map lets it be "
		    "missing",
		    im->map->name);
	return CRM_EDATA;
}

static int
compile(struct crm_import *im, struct crm_str text, const struct crm_node *node,
    bool test, struct crm_expr **out, struct crm_err *err)
{
	struct crm_expr_env env = {.schema = im->schema,
	    .fields = im->field,
	    .nfields = im->nfield,
	    .now = im->opt.now,
	    .flags = CRM_EXPR_LOOSE};
	uint64_t bits[2] = {0, 0};
	int r;

	r = crm_expr_compile(out, text, &env, err);
	if (r < 0) {
		if (r == CRM_EUSAGE && err) {
			/* The map is wrong, not the command's words. */
			err->code = r = CRM_ECONFIG;
			crm_err_place(err, im->map->file, node->line);
			crm_err_field(err, node->key.p, node->key.n);
		}
		return r;
	}
	crm_expr_fields(*out, bits);
	for (size_t i = 0; i < im->nfield; i++)
		if (i >= 128 || bits[i / 64] >> (i % 64) & 1)
			im->used[i] = true;
	if (test && crm_expr_type(*out) != CRM_T_BOOL)
		return crm_imp_map_fail(im->map, node, err,
		    "a condition is wanted, this is a %s",
		    crm_type_name(crm_expr_type(*out)));
	return CRM_OK;
}

static int
bind_source(struct crm_import *im, const struct crm_imp_source *src,
    struct crm_err *err)
{
	struct crm_imp_column *b = &im->bound[src->slot];

	b->column = -1;
	switch (src->how) {
	case CRM_IMP_COLUMN:
		b->column = find_column(im, src->text);
		if (b->column >= 0)
			im->used[b->column] = true;
		else if (!crm_imp_names_have(&im->map->optional, src->text))
			return no_column(im, src->text, err);
		return CRM_OK;
	case CRM_IMP_EXPR:
		return compile(im, src->text, src->node, false, &b->expr, err);
	case CRM_IMP_RECORD:
		for (size_t i = 0; i < im->map->nspec; i++)
			if (crm_str_eq(im->map->spec[i].as, src->text))
				b->spec = (int)i;
		return CRM_OK;
	case CRM_IMP_NONE:
	case CRM_IMP_CONST:
		break;
	}
	return CRM_OK;
}

static int
bind_cond(
    struct crm_import *im, const struct crm_imp_cond *c, struct crm_err *err)
{
	if (!c->text.p)
		return CRM_OK;
	return compile(im, c->text, c->node, true, &im->cond[c->slot], err);
}

static int
bind_sets(struct crm_import *im, const struct crm_imp_set *set, size_t n,
    struct crm_err *err)
{
	int r = CRM_OK;

	for (size_t i = 0; r == CRM_OK && i < n; i++)
		r = bind_source(im, &set[i].src, err);
	return r;
}

static int
bind_spec(
    struct crm_import *im, const struct crm_imp_spec *s, struct crm_err *err)
{
	int r = bind_cond(im, &s->when, err);

	for (size_t i = 0; r == CRM_OK && i < s->nkey; i++)
		r = bind_source(im, &s->key[i], err);
	if (r == CRM_OK && s->version.how)
		r = bind_source(im, &s->version, err);
	if (r == CRM_OK)
		r = bind_sets(im, s->set, s->nset, err);
	for (size_t i = 0; r == CRM_OK && i < s->nsub; i++) {
		const struct crm_imp_sub *u = &s->sub[i];

		r = bind_cond(im, &u->when, err);
		if (r == CRM_OK && u->id.how)
			r = bind_source(im, &u->id, err);
		if (r == CRM_OK && u->line.how)
			r = bind_source(im, &u->line, err);
		if (r == CRM_OK)
			r = bind_sets(im, u->set, u->nset, err);
	}
	return r;
}

static int
bind_lets(struct crm_import *im, struct crm_err *err)
{
	for (const struct crm_imp_let *l = im->map->let; l; l = l->next) {
		struct crm_expr **e = &im->cond[l->expr.slot];
		int r = compile(im, l->expr.text, l->expr.node, false, e, err);

		if (r == CRM_OK && taken(im, im->nfield, l->name))
			return crm_imp_map_fail(im->map, l->expr.node, err,
			    "is the name of a column already");
		if (r == CRM_OK)
			r = field_at(
			    im, im->nfield, l->name, crm_expr_type(*e), err);
		if (r < 0)
			return r;
		im->nfield++;
	}
	return CRM_OK;
}

static int
mark(struct crm_import *im, const struct crm_imp_names *l, bool *what, bool use,
    struct crm_err *err)
{
	for (size_t i = 0; i < l->n; i++) {
		int c = find_column(im, l->v[i]);

		if (c < 0 || (size_t)c >= im->ncolumn) {
			if (use &&
			    !crm_imp_names_have(&im->map->optional, l->v[i]))
				return no_column(im, l->v[i], err);
			continue;
		}
		what[c] = true;
		im->used[c] |= use;
	}
	return CRM_OK;
}

/* Tells of columns that the map does not name. */
static void
tell_unused(struct crm_import *im)
{
	struct crm_buf b = {0};
	size_t n = 0;

	for (size_t i = 0; i < im->ncolumn; i++) {
		if (im->used[i] ||
		    crm_imp_names_have(&im->map->ignore, im->head[i]) ||
		    crm_imp_names_have(&im->map->optional, im->head[i]))
			continue;
		crm_buf_puts(&b, n++ ? ", '" : "'");
		crm_buf_putstr(&b, im->head[i]);
		crm_buf_putc(&b, '\'');
	}
	if (n > 0 && im->opt.note) {
		struct crm_buf all = {0};

		crm_buf_putf(&all, "%s: the map %s does not name the column%s ",
		    im->opt.name, im->map->name, n > 1 ? "s" : "");
		crm_buf_putstr(&all, crm_buf_str(&b));
		if (crm_buf_cstr(&all))
			im->opt.note(im->opt.ctx, all.p);
		crm_buf_release(&all);
	}
	crm_buf_release(&b);
}

int
crm_imp_bind(struct crm_import *im, const struct crm_str *name, size_t n,
    struct crm_err *err)
{
	const struct crm_import_map *m = im->map;
	int r;

	if (n > 0 && crm_str_is(name[n - 1], REJECTED) && m->dialect.header) {
		im->drop_last = true;
		n--;
	}
	im->ncolumn = n;
	im->head = crm_arena_alloc(&im->arena, (n + 1) * sizeof *im->head);
	if (!im->head)
		return crm_err_nomem(err);
	for (size_t i = 0; i < n; i++) {
		im->head[i] = crm_arena_str(&im->arena, name[i]);
		if (!im->head[i].p)
			return crm_err_nomem(err);
	}
	r = arrays(im, err);
	if (r == CRM_OK)
		r = make_columns(im, err);
	if (r == CRM_OK)
		r = mark(im, &m->fill_down, im->fills, true, err);
	if (r == CRM_OK)
		r = mark(im, &m->numbers, im->isnumber, false, err);
	if (r == CRM_OK)
		r = bind_lets(im, err);
	if (r == CRM_OK)
		r = bind_cond(im, &m->when, err);
	for (size_t i = 0; r == CRM_OK && i < m->nspec; i++)
		r = bind_spec(im, &m->spec[i], err);
	if (r == CRM_OK)
		tell_unused(im);
	/* An expression lacks a column that files of this map have: then this
	 * file is wrong, not the map. */
	for (size_t i = 0; r == CRM_ECONFIG && i < m->match.n; i++)
		if (find_column(im, m->match.v[i]) < 0)
			r = no_column(im, m->match.v[i], err);
	return r;
}
