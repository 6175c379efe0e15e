/*
 * import_map.c - a map's YAML into a checked struct.
 *
 * Everything that can be known without the file is checked here, with the
 * line of the map; columns and expressions wait for the file's header.  Keys
 * that no rule knows are refused: a misspelt `ignore` would otherwise be
 * found out by what is missing a month later.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "import_parts.h"

int
crm_imp_map_fail(const struct crm_import_map *m, const struct crm_node *n,
    struct crm_err *err, const char *fmt, ...)
{
	char text[CRM_ERR_TEXT];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	crm_node_err(n, m->file, err, "%s", text);
	if (err)
		err->code = CRM_ECONFIG;
	return CRM_ECONFIG;
}

int
crm_imp_map_keys(const struct crm_import_map *m, const struct crm_node *map,
    const char *const *words, struct crm_err *err)
{
	size_t n = 0;

	if (map->type != CRM_NODE_MAP)
		return crm_imp_map_fail(
		    m, map, err, "keys and values are wanted");
	while (words[n])
		n++;
	for (const struct crm_node *k = map->first; k; k = k->next) {
		const char *near;
		size_t i = 0;

		while (i < n && !crm_str_is(k->key, words[i]))
			i++;
		if (i < n)
			continue;
		near = crm_nearest(k->key, words, n);
		crm_imp_map_fail(m, k, err, "'%.*s' is not known here",
		    (int)(k->key.n > 60 ? 60 : k->key.n), k->key.p);
		if (near)
			crm_err_hint(err, "did you mean '%s'?", near);
		return CRM_ECONFIG;
	}
	return CRM_OK;
}

int
crm_imp_map_text(const struct crm_import_map *m, const struct crm_node *map,
    const char *key, struct crm_str *out, struct crm_err *err)
{
	const struct crm_node *n = crm_node_get(map, key);

	*out = (struct crm_str){"", 0};
	if (!n)
		return CRM_OK;
	if (n->type != CRM_NODE_SCALAR)
		return crm_imp_map_fail(m, n, err, "a text is wanted");
	*out = n->text;
	return CRM_OK;
}

int
crm_imp_map_bool(const struct crm_import_map *m, const struct crm_node *map,
    const char *key, bool *out, struct crm_err *err)
{
	const struct crm_node *n = crm_node_get(map, key);

	if (!n)
		return CRM_OK;
	if (n->type == CRM_NODE_SCALAR &&
	    (crm_str_is(n->text, "yes") || crm_str_is(n->text, "true")))
		*out = true;
	else if (n->type == CRM_NODE_SCALAR &&
		 (crm_str_is(n->text, "no") || crm_str_is(n->text, "false")))
		*out = false;
	else
		return crm_imp_map_fail(m, n, err, "yes or no is wanted");
	return CRM_OK;
}

int
crm_imp_map_names(struct crm_import_map *m, const struct crm_node *map,
    const char *key, struct crm_imp_names *out, struct crm_err *err)
{
	const struct crm_node *n = crm_node_get(map, key);
	size_t i = 0;

	*out = (struct crm_imp_names){0};
	if (!n || (n->type == CRM_NODE_SCALAR && n->text.n == 0))
		return CRM_OK;
	if (n->type == CRM_NODE_MAP)
		return crm_imp_map_fail(m, n, err, "a list of names is wanted");
	out->n = n->type == CRM_NODE_LIST ? n->count : 1;
	out->v = crm_arena_alloc(&m->arena, (out->n + 1) * sizeof *out->v);
	if (!out->v)
		return crm_err_nomem(err);
	if (n->type == CRM_NODE_SCALAR) {
		out->v[0] = n->text;
		return CRM_OK;
	}
	for (const struct crm_node *k = n->first; k && i < out->n;
	     k = k->next) {
		if (k->type != CRM_NODE_SCALAR)
			return crm_imp_map_fail(m, k, err, "a name is wanted");
		out->v[i++] = k->text;
	}
	out->n = i;
	return CRM_OK;
}

int
crm_imp_map_cond(struct crm_import_map *m, const struct crm_node *map,
    const char *key, struct crm_imp_cond *out, struct crm_err *err)
{
	const struct crm_node *n = crm_node_get(map, key);

	*out = (struct crm_imp_cond){0};
	if (!n)
		return CRM_OK;
	if (n->type != CRM_NODE_SCALAR || n->text.n == 0)
		return crm_imp_map_fail(m, n, err, "an expression is wanted");
	out->text = n->text;
	out->node = n;
	out->slot = m->ncond++;
	return CRM_OK;
}

bool
crm_imp_names_have(const struct crm_imp_names *l, struct crm_str s)
{
	for (size_t i = 0; i < l->n; i++)
		if (crm_str_eq(l->v[i], s))
			return true;
	return false;
}

/* ---- dialect ---- */

static int
one_char(const struct crm_import_map *m, const struct crm_node *map,
    const char *key, char *out, struct crm_err *err)
{
	static const struct {
		const char *word;
		char c;
	} words[] = {{"tab", '\t'}, {"comma", ','}, {"semicolon", ';'},
	    {"pipe", '|'}, {"point", '.'}, {"blank", ' '}, {"none", 0},
	    {"apostrophe", '\''}};
	const struct crm_node *n = crm_node_get(map, key);

	if (!n)
		return CRM_OK;
	if (n->type == CRM_NODE_SCALAR && n->text.n == 1 &&
	    (unsigned char)n->text.p[0] < 0x80) {
		*out = n->text.p[0];
		return CRM_OK;
	}
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (n->type == CRM_NODE_SCALAR &&
		    crm_str_is(n->text, words[i].word)) {
			*out = words[i].c;
			return CRM_OK;
		}
	return crm_imp_map_fail(m, n, err,
	    "one character is wanted, or tab, comma, semicolon, pipe, point, "
	    "blank, apostrophe, none");
}

static int
read_header_key(
    struct crm_import_map *m, const struct crm_node *d, struct crm_err *err)
{
	const struct crm_node *n = crm_node_get(d, "header");

	m->dialect.header = true;
	if (!n)
		return CRM_OK;
	if (n->type == CRM_NODE_LIST) {
		m->dialect.header = false;
		return crm_imp_map_names(m, d, "header", &m->names, err);
	}
	if (n->type == CRM_NODE_SCALAR &&
	    (crm_str_is(n->text, "none") || crm_str_is(n->text, "no")))
		m->dialect.header = false;
	else if (n->type != CRM_NODE_SCALAR || !crm_str_is(n->text, "yes"))
		return crm_imp_map_fail(
		    m, n, err, "a list of names, yes or none is wanted");
	return CRM_OK;
}

static int
read_dialect(
    struct crm_import_map *m, const struct crm_node *root, struct crm_err *err)
{
	static const char *const words[] = {"sep", "quote", "header", "skip",
	    "encoding", "decimal", "thousands", "trim", "ragged", "explode",
	    NULL};
	const struct crm_node *d = crm_node_get(root, "dialect"), *n;
	struct crm_import_dialect *dl = &m->dialect;
	struct crm_str item;
	int64_t skip = 0;
	int r;

	*dl = (struct crm_import_dialect){
	    .sep = ',', .quote = '"', .decimal = '.', .header = true};
	if (!d)
		return CRM_OK;
	r = crm_imp_map_keys(m, d, words, err);
	if (r == CRM_OK)
		r = one_char(m, d, "sep", &dl->sep, err);
	if (r == CRM_OK)
		r = one_char(m, d, "quote", &dl->quote, err);
	if (r == CRM_OK)
		r = one_char(m, d, "decimal", &dl->decimal, err);
	if (r == CRM_OK)
		r = one_char(m, d, "thousands", &dl->thousands, err);
	if (r == CRM_OK)
		r = read_header_key(m, d, err);
	if (r == CRM_OK)
		r = crm_imp_map_text(m, d, "encoding", &dl->encoding, err);
	if (r == CRM_OK)
		r = crm_imp_map_bool(m, d, "trim", &dl->trim, err);
	if (r == CRM_OK)
		r = crm_imp_map_bool(m, d, "ragged", &dl->ragged, err);
	if (r == CRM_OK)
		r = crm_imp_map_text(m, d, "explode", &item, err);
	if (r < 0)
		return r;
	if (dl->decimal != '.' && dl->decimal != ',')
		return crm_imp_map_fail(m, crm_node_get(d, "decimal"), err,
		    "point or comma is wanted");
	if (dl->sep == 0 || dl->sep == '\n' || dl->sep == dl->quote)
		return crm_imp_map_fail(m, d, err,
		    "the separator must be a character other than the quote");
	n = crm_node_get(d, "skip");
	if (n &&
	    (n->type != CRM_NODE_SCALAR || crm_int_parse(n->text, &skip) < 0 ||
		skip < 0 || skip > 1000000))
		return crm_imp_map_fail(
		    m, n, err, "a number of lines is wanted");
	dl->skip = (unsigned)skip;
	if (item.n > 0) {
		if (dl->header)
			return crm_imp_map_fail(m, crm_node_get(d, "explode"),
			    err, "goes with header: none");
		dl->explode = dl->ragged = true;
		m->names.v = crm_arena_alloc(&m->arena, sizeof *m->names.v);
		if (!m->names.v)
			return crm_err_nomem(err);
		m->names.v[0] = item;
		m->names.n = 1;
	}
	if (!dl->header && m->names.n == 0)
		return crm_imp_map_fail(m, d, err,
		    "a file without header needs names: header: [a, b], or "
		    "explode: item");
	return CRM_OK;
}

/* ---- values, aliases, let ---- */

static int
read_table(
    struct crm_import_map *m, const struct crm_node *n, struct crm_err *err)
{
	struct crm_imp_table *t = crm_arena_zalloc(&m->arena, sizeof *t);

	if (n->type != CRM_NODE_MAP)
		return crm_imp_map_fail(m, n, err, "from: to pairs are wanted");
	if (!t)
		return crm_err_nomem(err);
	t->next = m->table;
	m->table = t; /* first, so that its map is released */
	t->name = n->key;
	t->other = -1;
	t->to = crm_arena_alloc(&m->arena, (n->count + 1) * sizeof *t->to);
	if (!t->to)
		return crm_err_nomem(err);
	for (const struct crm_node *k = n->first; k; k = k->next) {
		if (k->type != CRM_NODE_SCALAR)
			return crm_imp_map_fail(m, k, err, "a text is wanted");
		if (crm_str_is(k->key, "*"))
			t->other = (int)t->n;
		else if (crm_map_put(&t->map, k->key, t->n, NULL) == CRM_ENOMEM)
			return crm_err_nomem(err);
		t->to[t->n++] = k->text;
	}
	return CRM_OK;
}

static int
read_values(
    struct crm_import_map *m, const struct crm_node *root, struct crm_err *err)
{
	const struct crm_node *v = crm_node_get(root, "values");
	int r = CRM_OK;

	if (v && v->type != CRM_NODE_MAP)
		return crm_imp_map_fail(m, v, err, "named tables are wanted");
	for (const struct crm_node *n = v ? v->first : NULL; r == CRM_OK && n;
	     n = n->next)
		r = read_table(m, n, err);
	return r;
}

static int
read_aliases(
    struct crm_import_map *m, const struct crm_node *root, struct crm_err *err)
{
	const struct crm_node *v = crm_node_get(root, "aliases");
	int r = CRM_OK;

	if (v && v->type != CRM_NODE_MAP)
		return crm_imp_map_fail(m, v, err, "name: [others] is wanted");
	for (const struct crm_node *n = v ? v->first : NULL; r == CRM_OK && n;
	     n = n->next) {
		struct crm_imp_alias *a =
		    crm_arena_zalloc(&m->arena, sizeof *a);
		struct crm_buf key = {0};

		if (!a)
			return crm_err_nomem(err);
		crm_buf_putstr(&key, n->key);
		a->name = n->key;
		r = crm_buf_cstr(&key)
			? crm_imp_map_names(m, v, key.p, &a->from, err)
			: crm_err_nomem(err);
		crm_buf_release(&key);
		a->next = m->alias;
		m->alias = a;
	}
	return r;
}

static int
read_lets(
    struct crm_import_map *m, const struct crm_node *root, struct crm_err *err)
{
	const struct crm_node *v = crm_node_get(root, "let");

	if (v && v->type != CRM_NODE_MAP)
		return crm_imp_map_fail(
		    m, v, err, "name: EXPRESSION is wanted");
	for (const struct crm_node *n = v ? v->first : NULL; n; n = n->next) {
		struct crm_imp_let *l = crm_arena_zalloc(&m->arena, sizeof *l);

		if (!l)
			return crm_err_nomem(err);
		if (!crm_column_valid(n->key))
			return crm_imp_map_fail(m, n, err,
			    "a name has letters a-z, digits and _ only");
		if (n->type != CRM_NODE_SCALAR || n->text.n == 0)
			return crm_imp_map_fail(
			    m, n, err, "an expression is wanted");
		l->name = n->key;
		l->expr = (struct crm_imp_cond){n->text, n, m->ncond++};
		if (m->let_last)
			m->let_last->next = l;
		else
			m->let = l;
		m->let_last = l;
		m->nlet++;
	}
	return CRM_OK;
}

/* ---- the head and the rest ---- */

static int
cstr(struct crm_import_map *m, struct crm_str s, const char **out,
    struct crm_err *err)
{
	s = crm_arena_str(&m->arena, s);
	*out = s.p;
	return s.p ? CRM_OK : crm_err_nomem(err);
}

static int
read_head(
    struct crm_import_map *m, const struct crm_node *root, struct crm_err *err)
{
	static const char *const words[] = {"map", "help", "source", "match",
	    "dialect", "zone", "currency", "round", "ignore", "optional",
	    "fill_down", "numbers", "aliases", "values", "let", "when",
	    "records", "orders", NULL};
	struct crm_str name, help;
	int r = crm_imp_map_keys(m, root, words, err);

	if (r == CRM_OK)
		r = crm_imp_map_text(m, root, "map", &name, err);
	if (r == CRM_OK && name.n == 0)
		return crm_imp_map_fail(
		    m, root, err, "'map', its name, is missing");
	if (r == CRM_OK)
		r = cstr(m, name, &m->name, err);
	if (r == CRM_OK)
		r = crm_imp_map_text(m, root, "help", &help, err);
	if (r == CRM_OK)
		r = cstr(m, help, &m->help, err);
	if (r == CRM_OK)
		r = crm_imp_map_names(m, root, "match", &m->match, err);
	if (r == CRM_OK)
		r = crm_imp_map_names(m, root, "ignore", &m->ignore, err);
	if (r == CRM_OK)
		r = read_aliases(m, root, err);
	if (r == CRM_OK)
		r = read_dialect(m, root, err);
	return r;
}

static int
read_place(struct crm_import_map *m, const struct crm_node *root,
    const char *zoneinfo, struct crm_err *err)
{
	struct crm_str zone;
	int r;

	r = crm_imp_map_text(m, root, "source", &m->source, err);
	if (r < 0)
		return r;
	if (m->source.n == 0)
		return crm_imp_map_fail(m, root, err,
		    "'source', what the records' ids are of, is missing");
	if (!crm_column_valid(m->source))
		return crm_imp_map_fail(m, crm_node_get(root, "source"), err,
		    "'%.*s' is not a name of letters a-z, digits and _",
		    (int)(m->source.n > 60 ? 60 : m->source.n), m->source.p);
	r = crm_imp_map_text(m, root, "currency", &m->currency, err);
	if (r < 0)
		return r;
	if (m->currency.n > 0 && crm_currency_digits(m->currency) < 0)
		return crm_imp_map_fail(m, crm_node_get(root, "currency"), err,
		    "'%.*s' is not an ISO 4217 currency",
		    (int)(m->currency.n > 20 ? 20 : m->currency.n),
		    m->currency.p);
	r = crm_imp_map_text(m, root, "zone", &zone, err);
	if (r < 0 || zone.n == 0)
		return r;
	r = crm_zone_read(zoneinfo, zone, &m->tzif, err);
	if (r == CRM_OK)
		r = crm_zone_parse(crm_buf_str(&m->tzif), &m->zone, err);
	if (r < 0 && err && r != CRM_ENOMEM) {
		char text[CRM_ERR_TEXT];

		snprintf(text, sizeof text, "%s", err->text);
		return crm_imp_map_fail(
		    m, crm_node_get(root, "zone"), err, "%s", text);
	}
	m->has_zone = r == CRM_OK;
	return r;
}

static int
read_rest(struct crm_import_map *m, const struct crm_node *root,
    const char *zoneinfo, struct crm_err *err)
{
	int r = read_place(m, root, zoneinfo, err);

	if (r == CRM_OK)
		r = crm_imp_map_bool(m, root, "round", &m->round, err);
	if (r == CRM_OK)
		r = crm_imp_map_names(m, root, "optional", &m->optional, err);
	if (r == CRM_OK)
		r = crm_imp_map_names(m, root, "fill_down", &m->fill_down, err);
	if (r == CRM_OK)
		r = crm_imp_map_names(m, root, "numbers", &m->numbers, err);
	if (r == CRM_OK)
		r = read_values(m, root, err);
	if (r == CRM_OK)
		r = read_lets(m, root, err);
	if (r == CRM_OK)
		r = crm_imp_map_cond(m, root, "when", &m->when, err);
	if (r == CRM_OK)
		r = crm_imp_map_specs(m, root, err);
	return r;
}

int
crm_import_map_read(struct crm_import_map **out, struct crm_str yaml,
    const char *file, const struct crm_schema *schema, const char *zoneinfo,
    struct crm_err *err)
{
	struct crm_import_map *m = calloc(1, sizeof *m);
	struct crm_node *root;
	int r;

	*out = NULL;
	if (!m)
		return crm_err_nomem(err);
	m->schema = schema;
	r = cstr(m, crm_str(file), &m->file, err);
	/* Nodes may be views of the text they were read from. */
	if (r == CRM_OK) {
		yaml = crm_arena_str(&m->arena, yaml);
		if (!yaml.p)
			r = crm_err_nomem(err);
	}
	if (r == CRM_OK)
		r = crm_yaml_parse(yaml, m->file, &m->arena, &root, err);
	if (r == CRM_OK)
		r = read_head(m, root, err);
	if (r == CRM_OK && schema)
		r = read_rest(m, root, zoneinfo, err);
	if (r < 0)
		crm_import_map_release(m);
	else
		*out = m;
	return r;
}

void
crm_import_map_release(struct crm_import_map *m)
{
	if (!m)
		return;
	for (struct crm_imp_table *t = m->table; t; t = t->next)
		crm_map_release(&t->map);
	crm_buf_release(&m->tzif);
	crm_arena_release(&m->arena);
	free(m);
}

const char *
crm_import_map_name(const struct crm_import_map *m)
{
	return m->name;
}

const char *
crm_import_map_help(const struct crm_import_map *m)
{
	return m->help;
}

const struct crm_import_dialect *
crm_import_map_dialect(const struct crm_import_map *m)
{
	return &m->dialect;
}

static bool
alias_has(const struct crm_import_map *m, struct crm_str want,
    const struct crm_imp_names *head)
{
	for (const struct crm_imp_alias *a = m->alias; a; a = a->next)
		if (crm_str_eq(a->name, want))
			for (size_t i = 0; i < a->from.n; i++)
				if (crm_imp_names_have(head, a->from.v[i]))
					return true;
	return false;
}

size_t
crm_import_map_match(
    const struct crm_import_map *m, const struct crm_str *name, size_t n)
{
	struct crm_imp_names head = {(struct crm_str *)(uintptr_t)name, n};
	size_t score = 1;

	if (m->match.n == 0)
		return 0;
	for (size_t i = 0; i < m->match.n; i++)
		if (!crm_imp_names_have(&head, m->match.v[i]) &&
		    !alias_has(m, m->match.v[i], &head))
			return 0;
	for (size_t i = 0; i < n; i++)
		score += crm_imp_names_have(&m->match, name[i]) ||
			 crm_imp_names_have(&m->ignore, name[i]);
	return score;
}
