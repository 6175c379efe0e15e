/*
 * settings_fields.c - `fields:` of crm.yaml, the shop's own columns.
 *
 * A field's tag is its name on disk.  A field that is known keeps its tag; one
 * that is taken out of the file gives its number up for good, and when its
 * name comes back it is a new field without values: what was stored under the
 * old one may have been of another type, and was meant to be gone.
 */
#include <crm/hash.h>

#include "config/settings.h"

bool
crm_setup_name_ok(struct crm_str s)
{
	if (s.n == 0 || s.n > 63 || s.p[0] < 'a' || s.p[0] > 'z')
		return false;
	for (size_t i = 1; i < s.n; i++)
		if (!(s.p[i] >= 'a' && s.p[i] <= 'z') &&
		    !(s.p[i] >= '0' && s.p[i] <= '9') && s.p[i] != '_')
			return false;
	return true;
}

static int
shown(struct crm_str s)
{
	return s.n > 80 ? 80 : (int)s.n;
}

int
crm_setup_words(struct crm_setup *s, const struct crm_node *list,
    const char *what, bool (*ok)(const struct crm_setup *, struct crm_str),
    struct crm_str *out)
{
	struct crm_buf b = {.max = 1 << 20};
	struct crm_map seen = {0};
	int code = CRM_OK;

	for (const struct crm_node *n = list->first; n; n = n->next) {
		struct crm_str w = n->text;
		bool fits = n->type == CRM_NODE_SCALAR && w.n > 0 &&
			    !memchr(w.p, ',', w.n) && !memchr(w.p, '\n', w.n);

		if (!fits || crm_str_trim(w).n != w.n || (ok && !ok(s, w)))
			code = crm_node_err(n, s->name, s->err,
			    "'%.*s' is not %s", shown(w), w.p, what);
		else if ((code = crm_map_put(&seen, w, 0, NULL)) == CRM_NO)
			code = crm_node_err(n, s->name, s->err,
			    "'%.*s' occurs twice", shown(w), w.p);
		else if (code < 0)
			code = crm_err_nomem(s->err);
		if (code == CRM_ECONFIG)
			crm_err_field(s->err, list->key.p, list->key.n);
		if (code < 0)
			goto out;
		if (b.n > 0)
			crm_buf_putc(&b, ',');
		crm_buf_putstr(&b, w);
	}
	*out = crm_arena_str(s->arena, crm_buf_str(&b));
	if (b.fail || !out->p)
		code = crm_err_nomem(s->err);
out:
	crm_map_release(&seen);
	crm_buf_release(&b);
	return code;
}

/* yes, no; true and false as YAML knows them. */
static int
read_yes(struct crm_setup *s, const struct crm_node *n, bool *out)
{
	*out = crm_str_is(n->text, "yes") || crm_str_is(n->text, "true");
	if (*out || n->text.n == 0 || crm_str_is(n->text, "no") ||
	    crm_str_is(n->text, "false"))
		return CRM_OK;
	return crm_node_err(n, s->name, s->err, "'%.*s' is not yes or no",
	    shown(n->text), n->text.p);
}

static int
read_index(struct crm_setup *s, const struct crm_node *n, struct crm_custom *c)
{
	bool yes = false;
	int code;

	if (crm_str_is(n->text, "unique")) {
		c->flags |= CRM_F_INDEX | CRM_F_UNIQUE;
		return CRM_OK;
	}
	code = read_yes(s, n, &yes);
	if (code < 0)
		return crm_node_err(n, s->name, s->err,
		    "'%.*s' is not yes, no or unique", shown(n->text),
		    n->text.p);
	if (yes)
		c->flags |= CRM_F_INDEX;
	return CRM_OK;
}

static int
read_type(struct crm_setup *s, const struct crm_node *n, struct crm_custom *c)
{
	const char *words[CRM_TYPES], *near;
	size_t count = 0;

	for (int t = CRM_T_INT; t <= CRM_T_TEXT; t++)
		words[count++] = crm_type_name((enum crm_type)t);
	for (size_t i = 0; i < count; i++)
		if (crm_str_is(n->text, words[i])) {
			c->type = crm_str(words[i]);
			return CRM_OK;
		}
	crm_node_err(n, s->name, s->err,
	    "'%.*s' is not a type of a field (known: int, decimal, money, "
	    "time, date, bool, enum, list, text)",
	    shown(n->text), n->text.p);
	near = crm_nearest(n->text, words, count);
	if (near)
		crm_err_hint(s->err, "did you mean '%s'?", near);
	return CRM_ECONFIG;
}

static int
read_values(struct crm_setup *s, const struct crm_node *field,
    const struct crm_node *values, struct crm_custom *c)
{
	bool is_enum = crm_str_is(c->type, "enum");

	if (!is_enum)
		return values ? crm_node_err(values, s->name, s->err,
				    "only a field of type enum has values")
			      : CRM_OK;
	if (!values || values->count == 0)
		return crm_node_err(field, s->name, s->err,
		    "'%.*s' is an enum: its values are missing", shown(c->name),
		    c->name.p);
	return crm_setup_words(s, values,
	    "the name of a value (no comma, no "
	    "blank at its ends)",
	    NULL, &c->values);
}

static bool
taken(const struct crm_setup *s, const struct crm_kind *k, struct crm_str name)
{
	if (crm_kind_field(k, name) >= 0 || crm_schema_by_id(s->builtin, name))
		return true;
	/* `revision` in a stream is that of its record. */
	return crm_str_is(name, "revision");
}

static int
read_name(struct crm_setup *s, const struct crm_kind *k,
    const struct crm_node *n, struct crm_custom *c)
{
	struct crm_str name = n->text;

	if (!crm_setup_name_ok(name))
		return crm_node_err(n, s->name, s->err,
		    "'%.*s' is not a column name (wanted: small letters, "
		    "digits and _, a letter first)",
		    shown(name), name.p);
	if (taken(s, k, name))
		return crm_node_err(n, s->name, s->err,
		    "'%.*s' is a column that every store has", shown(name),
		    name.p);
	for (size_t i = 0; i < s->out->ncustom; i++) {
		const struct crm_custom *o = &s->out->custom[i];

		if (crm_str_is(o->kind, k->name) && crm_str_eq(o->name, name))
			return crm_node_err(n, s->name, s->err,
			    "'%.*s' occurs twice", shown(name), name.p);
	}
	c->name = name;
	return CRM_OK;
}

static const struct crm_custom *
find_applied(const struct crm_setup *s, const struct crm_custom *c)
{
	for (size_t i = 0; s->applied && i < s->applied->ncustom; i++) {
		const struct crm_custom *o = &s->applied->custom[i];

		if (crm_str_eq(o->kind, c->kind) &&
		    crm_str_eq(o->name, c->name))
			return o;
	}
	return NULL;
}

/* The tag that is known, or a new one. */
static int
give_tag(struct crm_setup *s, const struct crm_node *n, struct crm_custom *c)
{
	const struct crm_custom *old = find_applied(s, c);

	if (!old) {
		if (s->out->next_tag == UINT16_MAX)
			return crm_node_err(n, s->name, s->err,
			    "no number is left for another field");
		c->tag = s->out->next_tag++;
		return CRM_OK;
	}
	if (!crm_str_eq(old->type, c->type)) {
		crm_node_err(n, s->name, s->err,
		    "'%.*s' is of type %.*s in this store, which cannot "
		    "change to %.*s",
		    shown(c->name), c->name.p, shown(old->type), old->type.p,
		    shown(c->type), c->type.p);
		crm_err_hint(s->err, "declare another field and copy with set");
		return CRM_ECONFIG;
	}
	/* A stored value is a place in the list of values. */
	if (!crm_str_starts(c->values, old->values) ||
	    (c->values.n > old->values.n &&
		c->values.p[old->values.n] != ',')) {
		crm_node_err(n, s->name, s->err,
		    "'%.*s': values may only be added, at the end of '%.*s'",
		    shown(c->name), c->name.p, shown(old->values),
		    old->values.p);
		return CRM_ECONFIG;
	}
	c->tag = old->tag;
	return CRM_OK;
}

static const struct crm_node_rule field_rules[] = {
    {"name", CRM_NODE_SCALAR, true},
    {"type", CRM_NODE_SCALAR, true},
    {"index", CRM_NODE_SCALAR, false},
    {"values", CRM_NODE_LIST, false},
    {"help", CRM_NODE_SCALAR, false},
    {"personal", CRM_NODE_SCALAR, false},
};

static int
read_field(struct crm_setup *s, const struct crm_kind *k,
    const struct crm_node *n, struct crm_custom *c)
{
	const struct crm_node *help, *index, *personal;
	bool yes = false;
	int code;

	code = crm_node_check(n, field_rules,
	    sizeof field_rules / sizeof *field_rules, s->name, s->err);
	if (code < 0)
		return code;
	*c = (struct crm_custom){.kind = crm_str(k->name),
	    .values = {"", 0},
	    .help = {"", 0},
	    .flags = CRM_F_CUSTOM};
	code = read_name(s, k, crm_node_get(n, "name"), c);
	if (code == CRM_OK)
		code = read_type(s, crm_node_get(n, "type"), c);
	if (code == CRM_OK)
		code = read_values(s, n, crm_node_get(n, "values"), c);
	index = crm_node_get(n, "index");
	if (code == CRM_OK && index)
		code = read_index(s, index, c);
	personal = crm_node_get(n, "personal");
	if (code == CRM_OK && personal)
		code = read_yes(s, personal, &yes);
	if (yes)
		c->flags |= CRM_F_PERSONAL;
	help = crm_node_get(n, "help");
	if (help)
		c->help = help->text;
	return code < 0 ? code : give_tag(s, n, c);
}

static int
read_kind(struct crm_setup *s, const struct crm_node *list)
{
	const struct crm_kind *k = crm_schema_kind(s->builtin, list->key);
	const char *words[CRM_K_MAX], *near;
	size_t count = 0;

	if (!k || k->nfields == 0) {
		for (int i = 0; i < CRM_K_MAX; i++)
			if (s->builtin->kind[i].nfields > 0)
				words[count++] = s->builtin->kind[i].name;
		crm_node_err(list, s->name, s->err, "a kind that is not known");
		near = crm_nearest(list->key, words, count);
		if (near)
			crm_err_hint(s->err, "did you mean '%s'?", near);
		return CRM_ECONFIG;
	}
	if (list->type != CRM_NODE_LIST && list->text.n > 0)
		return crm_node_err(
		    list, s->name, s->err, "wanted a list of fields");
	if (k->nfields + list->count > CRM_FIELDS_MAX)
		return crm_node_err(list, s->name, s->err,
		    "%zu fields, there is room for %d", list->count,
		    CRM_FIELDS_MAX - k->nfields);
	for (const struct crm_node *n = list->first; n; n = n->next) {
		int code =
		    read_field(s, k, n, &s->out->custom[s->out->ncustom]);

		if (code < 0)
			return code;
		s->out->ncustom++;
	}
	return CRM_OK;
}

int
crm_setup_fields(struct crm_setup *s, const struct crm_node *map)
{
	size_t total = 0;

	for (const struct crm_node *n = map->first; n; n = n->next)
		total += n->count;
	s->out->custom =
	    crm_arena_zalloc(s->arena, (total + 1) * sizeof *s->out->custom);
	if (!s->out->custom)
		return crm_err_nomem(s->err);
	for (const struct crm_node *n = map->first; n; n = n->next) {
		int code = read_kind(s, n);

		if (code < 0)
			return code;
	}
	return CRM_OK;
}
