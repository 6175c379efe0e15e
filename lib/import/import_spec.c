/*
 * import_spec.c - the records of a map: what is set from where.
 *
 * The most a map says is `field: Column`; so a bare text is a column and
 * everything else is a map of its own.  Orders are records like others whose
 * id is called `key` and whose rows gather; they come last, as they refer to
 * the others.
 */
#include "import_parts.h"

static int
shift_of(struct crm_import_map *m, const struct crm_node *map,
    struct crm_imp_source *out, struct crm_err *err)
{
	const struct crm_node *n = crm_node_get(map, "shift");
	int64_t v;

	if (!n)
		return CRM_OK;
	if (n->type != CRM_NODE_SCALAR || crm_int_parse(n->text, &v) < 0 ||
	    v < 0 || v > CRM_SCALE_MAX)
		return crm_imp_map_fail(m, n, err,
		    "decimal places, 0 to %d, are wanted", CRM_SCALE_MAX);
	out->shift = (unsigned)v;
	return CRM_OK;
}

static int
how_of(struct crm_import_map *m, const struct crm_node *map,
    struct crm_imp_source *out, struct crm_err *err)
{
	static const struct {
		const char *key;
		enum crm_imp_how how;
	} hows[] = {{"column", CRM_IMP_COLUMN}, {"expr", CRM_IMP_EXPR},
	    {"const", CRM_IMP_CONST}, {"record", CRM_IMP_RECORD}};

	for (size_t i = 0; i < sizeof hows / sizeof *hows; i++) {
		const struct crm_node *n = crm_node_get(map, hows[i].key);

		if (!n)
			continue;
		if (out->how != CRM_IMP_NONE)
			return crm_imp_map_fail(m, n, err,
			    "one of column, expr, const, record is wanted");
		if (n->type != CRM_NODE_SCALAR ||
		    (n->text.n == 0 && hows[i].how != CRM_IMP_CONST))
			return crm_imp_map_fail(m, n, err, "a text is wanted");
		out->how = hows[i].how;
		out->text = n->text;
		out->node = n;
	}
	if (out->how == CRM_IMP_NONE)
		return crm_imp_map_fail(m, map, err,
		    "one of column, expr, const, record is wanted");
	return CRM_OK;
}

static int
table_of(struct crm_import_map *m, const struct crm_node *map,
    struct crm_imp_source *out, struct crm_err *err)
{
	const struct crm_node *n = crm_node_get(map, "map");

	if (!n)
		return CRM_OK;
	if (n->type == CRM_NODE_SCALAR)
		for (struct crm_imp_table *t = m->table; t; t = t->next)
			if (crm_str_eq(t->name, n->text)) {
				out->table = t;
				return CRM_OK;
			}
	return crm_imp_map_fail(
	    m, n, err, "the name of a table under 'values' is wanted");
}

static int
formats_of(struct crm_import_map *m, const struct crm_node *map,
    struct crm_imp_source *out, struct crm_err *err)
{
	struct crm_imp_names l;
	int r = crm_imp_map_names(m, map, "format", &l, err);

	if (r < 0)
		return r;
	if (l.n > CRM_IMP_FORMATS)
		return crm_imp_map_fail(m, crm_node_get(map, "format"), err,
		    "at most %d formats are allowed", CRM_IMP_FORMATS);
	for (size_t i = 0; i < l.n; i++)
		out->format[i] = l.v[i];
	out->nformat = l.n;
	return CRM_OK;
}

/* n NULL leaves it without a source. */
static int
read_source(struct crm_import_map *m, const struct crm_node *n,
    struct crm_imp_source *out, struct crm_err *err)
{
	static const char *const words[] = {"column", "expr", "const", "record",
	    "format", "map", "shift", "round", "negate", "total", "required",
	    "default", "last", "lenient", "weak", NULL};
	int r;

	*out = (struct crm_imp_source){0};
	if (!n)
		return CRM_OK;
	out->slot = m->nsource++;
	out->round = m->round;
	if (n->type == CRM_NODE_SCALAR && n->text.n > 0) {
		out->how = CRM_IMP_COLUMN;
		out->text = n->text;
		out->node = n;
		return CRM_OK;
	}
	if (n->type != CRM_NODE_MAP)
		return crm_imp_map_fail(m, n, err,
		    "a column's name or {column:, expr:, const:} is wanted");
	r = crm_imp_map_keys(m, n, words, err);
	if (r == CRM_OK)
		r = how_of(m, n, out, err);
	if (r == CRM_OK)
		r = table_of(m, n, out, err);
	if (r == CRM_OK)
		r = formats_of(m, n, out, err);
	if (r == CRM_OK)
		r = shift_of(m, n, out, err);
	if (r == CRM_OK)
		r = crm_imp_map_text(m, n, "default", &out->fallback, err);
	if (r == CRM_OK)
		r = crm_imp_map_bool(m, n, "round", &out->round, err);
	if (r == CRM_OK)
		r = crm_imp_map_bool(m, n, "negate", &out->negate, err);
	if (r == CRM_OK)
		r = crm_imp_map_bool(m, n, "total", &out->total, err);
	if (r == CRM_OK)
		r = crm_imp_map_bool(m, n, "last", &out->last, err);
	if (r == CRM_OK)
		r = crm_imp_map_bool(m, n, "lenient", &out->lenient, err);
	if (r == CRM_OK)
		r = crm_imp_map_bool(m, n, "weak", &out->weak, err);
	if (r == CRM_OK)
		r = crm_imp_map_bool(m, n, "required", &out->required, err);
	return r;
}

static const struct crm_field *
find_field(const struct crm_field *f, size_t n, struct crm_str name, int *at)
{
	for (size_t i = 0; i < n; i++)
		if (crm_str_is(name, f[i].name)) {
			*at = (int)i;
			return &f[i];
		}
	return NULL;
}

static int
unknown_field(const struct crm_import_map *m, const struct crm_node *n,
    const char *what, const struct crm_field *f, size_t nf, struct crm_err *err)
{
	const char *words[CRM_FIELDS_MAX], *near;
	size_t i;

	for (i = 0; i < nf && i < CRM_FIELDS_MAX; i++)
		words[i] = f[i].name;
	near = crm_nearest(n->key, words, i);
	crm_imp_map_fail(m, n, err, "'%.*s' is not a field of the kind %s",
	    (int)(n->key.n > 60 ? 60 : n->key.n), n->key.p, what);
	if (near)
		crm_err_hint(err, "did you mean '%s'?", near);
	else
		crm_err_hint(err, "custom fields are declared in crm.yaml and "
				  "put in force by crm-store apply");
	return CRM_ECONFIG;
}

static int
read_sets(struct crm_import_map *m, const struct crm_node *map,
    const char *what, const struct crm_field *fields, size_t nfields,
    struct crm_imp_set **out, size_t *nout, struct crm_err *err)
{
	const struct crm_node *s = crm_node_get(map, "set");
	int r = CRM_OK;

	*nout = 0;
	if (!s)
		return CRM_OK;
	if (s->type != CRM_NODE_MAP)
		return crm_imp_map_fail(m, s, err, "field: column is wanted");
	*out = crm_arena_zalloc(&m->arena, (s->count + 1) * sizeof **out);
	if (!*out)
		return crm_err_nomem(err);
	for (const struct crm_node *n = s->first; r == CRM_OK && n;
	     n = n->next) {
		struct crm_imp_set *set = &(*out)[(*nout)++];

		set->f = find_field(fields, nfields, n->key, &set->field);
		if (!set->f)
			return unknown_field(m, n, what, fields, nfields, err);
		if (set->f->flags & (CRM_F_READONLY | CRM_F_FIGURE))
			return crm_imp_map_fail(
			    m, n, err, "is kept by the programs");
		r = read_source(m, n, &set->src, err);
		if (r == CRM_OK && set->src.how == CRM_IMP_RECORD &&
		    set->f->type != CRM_T_ID)
			return crm_imp_map_fail(
			    m, n, err, "a record can be set into an id only");
	}
	return r;
}

/* What tells a sub's rows from those of another: it must stay the same when
 * the map is edited elsewhere. */
static uint32_t
stem_of(const struct crm_imp_sub *u, size_t index)
{
	struct crm_str s = u->as;

	for (size_t i = 0; s.n == 0 && i < u->nset; i++)
		if (u->set[i].src.how == CRM_IMP_CONST &&
		    u->set[i].f->type == CRM_T_ENUM)
			s = u->set[i].src.text;
	if (s.n > 0)
		return crm_crc32c(0, s.p, s.n);
	return (uint32_t)index + 1;
}

static int
read_sub(struct crm_import_map *m, const struct crm_imp_spec *s, int part,
    const struct crm_node *n, size_t index, struct crm_imp_sub *u,
    struct crm_err *err)
{
	static const char *const words[] = {
	    "as", "when", "id", "of", "line", "per", "set", NULL};
	struct crm_str of, per;
	int r;

	u->part = part;
	u->p = &s->k->parts[part];
	u->line_field = crm_part_field(u->p, CRM_STR("line"));
	u->per_row = u->line_field < 0;
	r = crm_imp_map_keys(m, n, words, err);
	if (r == CRM_OK)
		r = crm_imp_map_text(m, n, "as", &u->as, err);
	if (r == CRM_OK)
		r = crm_imp_map_cond(m, n, "when", &u->when, err);
	if (r == CRM_OK)
		r = read_source(m, crm_node_get(n, "id"), &u->id, err);
	if (r == CRM_OK)
		r = read_source(m, crm_node_get(n, "line"), &u->line, err);
	if (r == CRM_OK)
		r = crm_imp_map_text(m, n, "of", &of, err);
	if (r == CRM_OK)
		r = crm_imp_map_text(m, n, "per", &per, err);
	if (r == CRM_OK)
		r = read_sets(m, n, u->p->name, u->p->fields, u->p->nfields,
		    &u->set, &u->nset, err);
	if (r < 0)
		return r;
	if (of.n > 0 && !crm_str_is(of, "line"))
		return crm_imp_map_fail(m, crm_node_get(n, "of"), err,
		    "'line' is wanted: the line the same row makes");
	if ((of.n > 0 || u->line.how) && u->line_field < 0)
		return crm_imp_map_fail(m, n, err, "has no line");
	u->of_row = of.n > 0;
	u->per_row |= u->of_row || u->line.how || u->id.how;
	if (per.n > 0) {
		if (!crm_str_is(per, "row") && !crm_str_is(per, "record"))
			return crm_imp_map_fail(m, crm_node_get(n, "per"), err,
			    "'row' or 'record' is wanted");
		u->per_row = crm_str_is(per, "row");
	}
	u->stem = stem_of(u, index);
	return u->nset ? CRM_OK
		       : crm_imp_map_fail(m, n, err, "'set' is missing");
}

static int
read_subs(struct crm_import_map *m, const struct crm_node *map,
    struct crm_imp_spec *s, struct crm_err *err)
{
	static const struct {
		const char *key, *part;
	} parts[] = {{"lines", "line"}, {"adjustments", "adjustment"},
	    {"events", "track"}, {"identities", "identity"}, {"roles", "role"},
	    {"components", "component"}};
	int r = CRM_OK;

	s->sub = crm_arena_zalloc(&m->arena, CRM_IMP_SUBS * sizeof *s->sub);
	if (!s->sub)
		return crm_err_nomem(err);
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		const struct crm_node *l = crm_node_get(map, parts[i].key), *n;
		int part = crm_kind_part(s->k, crm_str(parts[i].part));
		size_t index = 0;

		if (!l)
			continue;
		if (part < 0)
			return crm_imp_map_fail(
			    m, l, err, "a %s has none", s->k->name);
		/* One map stands for a list of one. */
		n = l->type == CRM_NODE_LIST ? l->first : l;
		for (; r == CRM_OK && n; n = n == l ? NULL : n->next) {
			if (s->nsub == CRM_IMP_SUBS)
				return crm_imp_map_fail(m, n, err,
				    "at most %d are allowed", CRM_IMP_SUBS);
			r = read_sub(
			    m, s, part, n, index++, &s->sub[s->nsub], err);
			s->nsub++;
		}
	}
	return r;
}

static int
read_key(struct crm_import_map *m, const struct crm_node *map, const char *word,
    struct crm_imp_spec *s, struct crm_err *err)
{
	const struct crm_node *n = crm_node_get(map, word), *k;
	int r = CRM_OK;

	if (!n)
		return crm_imp_map_fail(m, map, err,
		    "'%s', what its source calls it, is missing", word);
	k = n->type == CRM_NODE_LIST ? n->first : n;
	for (; r == CRM_OK && k; k = k == n ? NULL : k->next) {
		if (s->nkey == CRM_IMP_KEYS)
			return crm_imp_map_fail(
			    m, k, err, "at most %d are allowed", CRM_IMP_KEYS);
		r = read_source(m, k, &s->key[s->nkey++], err);
	}
	if (r == CRM_OK && s->nkey == 0)
		return crm_imp_map_fail(m, n, err, "a column is wanted");
	return r;
}

static int
only_of(struct crm_import_map *m, const struct crm_node *map,
    struct crm_imp_spec *s, struct crm_err *err)
{
	struct crm_str only;
	int r = crm_imp_map_text(m, map, "only", &only, err);

	if (r < 0 || only.n == 0)
		return r;
	if (crm_str_is(only, "new"))
		s->only = CRM_IMP_NEW;
	else if (crm_str_is(only, "known"))
		s->only = CRM_IMP_KNOWN;
	else
		return crm_imp_map_fail(m, crm_node_get(map, "only"), err,
		    "'new' or 'known' is wanted");
	return CRM_OK;
}

static unsigned
rank_of(struct crm_import_map *m, const struct crm_imp_spec *s)
{
	for (const struct crm_imp_spec *o = m->spec; o < s; o++)
		if (o->k == s->k)
			return o->rank;
	return m->nrank++;
}

static int
kind_of(struct crm_import_map *m, const struct crm_node *n, bool order,
    struct crm_imp_spec *s, struct crm_err *err)
{
	struct crm_str kind;
	int r = crm_imp_map_text(m, n, "kind", &kind, err);

	if (r < 0)
		return r;
	if (order && kind.n == 0)
		kind = CRM_STR("order");
	s->k = crm_schema_kind(m->schema, kind);
	if (!s->k || order != (s->k->number == CRM_K_ORDER))
		return crm_imp_map_fail(m, n, err, "'kind' must be %s",
		    order ? "order here" : "customer, product or the like");
	return CRM_OK;
}

static int
read_spec(struct crm_import_map *m, const struct crm_node *n, bool order,
    struct crm_err *err)
{
	static const char *const words[] = {"kind", "as", "when", "id", "key",
	    "occurrence", "identity", "partial", "only", "version", "set",
	    "lines", "adjustments", "events", "identities", "roles",
	    "components", NULL};
	struct crm_imp_spec *s = &m->spec[m->nspec];
	int r;

	if (m->nspec == CRM_IMP_SPECS)
		return crm_imp_map_fail(
		    m, n, err, "at most %d records are allowed", CRM_IMP_SPECS);
	r = crm_imp_map_keys(m, n, words, err);
	if (r == CRM_OK)
		r = kind_of(m, n, order, s, err);
	if (r < 0)
		return r;
	s->rank = rank_of(m, s);
	s->identity = true;
	m->nspec++;
	r = crm_imp_map_text(m, n, "as", &s->as, err);
	if (s->as.n == 0)
		s->as = crm_str(s->k->name);
	if (r == CRM_OK)
		r = crm_imp_map_cond(m, n, "when", &s->when, err);
	if (r == CRM_OK)
		r = read_key(m, n, order ? "key" : "id", s, err);
	if (r == CRM_OK)
		r = crm_imp_map_bool(m, n, "occurrence", &s->occurrence, err);
	if (r == CRM_OK)
		r = crm_imp_map_bool(m, n, "identity", &s->identity, err);
	if (r == CRM_OK)
		r = crm_imp_map_bool(m, n, "partial", &s->partial, err);
	if (r == CRM_OK)
		r = only_of(m, n, s, err);
	if (r == CRM_OK)
		r = read_source(
		    m, crm_node_get(n, "version"), &s->version, err);
	if (r == CRM_OK)
		r = read_sets(m, n, s->k->name, s->k->fields, s->k->nfields,
		    &s->set, &s->nset, err);
	if (r == CRM_OK)
		r = read_subs(m, n, s, err);
	return r;
}

/* What {record: x} names must be there, and of the kind that is wanted. */
static int
check_record(struct crm_import_map *m, const struct crm_imp_source *src,
    const struct crm_field *f, struct crm_err *err)
{
	if (src->how != CRM_IMP_RECORD)
		return CRM_OK;
	for (size_t i = 0; i < m->nspec; i++) {
		const struct crm_imp_spec *s = &m->spec[i];

		if (!crm_str_eq(s->as, src->text))
			continue;
		if (f->ref && f->ref != s->k->number)
			return crm_imp_map_fail(m, src->node, err,
			    "'%.*s' is a %s, which is not wanted here",
			    (int)src->text.n, src->text.p, s->k->name);
		return CRM_OK;
	}
	return crm_imp_map_fail(m, src->node, err,
	    "'%.*s' is not the name (as, kind) of a record of this map",
	    (int)(src->text.n > 60 ? 60 : src->text.n), src->text.p);
}

static int
check_records(struct crm_import_map *m, struct crm_err *err)
{
	int r = CRM_OK;

	for (size_t i = 0; i < m->nspec; i++) {
		const struct crm_imp_spec *s = &m->spec[i];

		for (size_t j = 0; r == CRM_OK && j < s->nset; j++)
			r = check_record(m, &s->set[j].src, s->set[j].f, err);
		for (size_t u = 0; u < s->nsub; u++)
			for (size_t j = 0; r == CRM_OK && j < s->sub[u].nset;
			     j++)
				r = check_record(m, &s->sub[u].set[j].src,
				    s->sub[u].set[j].f, err);
	}
	return r;
}

static int
read_list(struct crm_import_map *m, const struct crm_node *root,
    const char *key, bool order, struct crm_err *err)
{
	const struct crm_node *l = crm_node_get(root, key), *n;
	int r = CRM_OK;

	if (!l)
		return CRM_OK;
	if (l->type == CRM_NODE_SCALAR)
		return crm_imp_map_fail(m, l, err, "a list is wanted");
	n = l->type == CRM_NODE_LIST ? l->first : l;
	for (; r == CRM_OK && n; n = n == l ? NULL : n->next)
		r = read_spec(m, n, order, err);
	return r;
}

int
crm_imp_map_specs(
    struct crm_import_map *m, const struct crm_node *root, struct crm_err *err)
{
	int r = read_list(m, root, "records", false, err);

	if (r == CRM_OK)
		r = read_list(m, root, "orders", true, err);
	if (r == CRM_OK && m->nspec == 0)
		return crm_imp_map_fail(
		    m, root, err, "'records' or 'orders' is missing");
	return r == CRM_OK ? check_records(m, err) : r;
}
