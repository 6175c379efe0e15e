/*
 * yaml.c - YAML to a tree of nodes; the only file that knows libyaml.
 *
 * Only the part of YAML that a person writes is taken.  Anchors, aliases, tags
 * and further documents are refused: they make small files large and plain
 * files surprising.  A plain scalar stays the text it is: "NO" is Norway, and
 * 1.10 does not lose its nought.
 */
#include <yaml.h>

#include <crm/config.h>
#include <crm/hash.h>

enum { TEXT_MAX = 1 << 20, DEPTH_MAX = 32 };

struct reader {
	yaml_parser_t parser;
	yaml_event_t event;
	bool has_event;
	const char *name;
	struct crm_arena *arena;
	struct crm_err *err;
};

static int
fault(struct reader *r, yaml_mark_t at, const char *what)
{
	crm_err_set(r->err, CRM_ECONFIG, "%s (column %zu)", what,
	    (size_t)at.column + 1);
	crm_err_place(r->err, r->name, (unsigned long)at.line + 1);
	return CRM_ECONFIG;
}

static int
parse_fault(struct reader *r)
{
	const yaml_parser_t *p = &r->parser;
	char what[256];

	if (p->error == YAML_MEMORY_ERROR)
		return crm_err_nomem(r->err);
	if (p->error == YAML_READER_ERROR) {
		crm_err_set(r->err, CRM_ECONFIG, "byte %zu: %s",
		    (size_t)p->problem_offset + 1,
		    p->problem ? p->problem : "not UTF-8");
		crm_err_place(r->err, r->name, 0);
		return CRM_ECONFIG;
	}
	snprintf(what, sizeof what, "%s%s%s",
	    p->problem ? p->problem : "not YAML", p->context ? " " : "",
	    p->context ? p->context : "");
	return fault(r, p->problem_mark, what);
}

static int
next_event(struct reader *r)
{
	if (r->has_event)
		yaml_event_delete(&r->event);
	r->has_event = false;
	if (!yaml_parser_parse(&r->parser, &r->event))
		return parse_fault(r);
	r->has_event = true;
	return CRM_OK;
}

/* Anchors, aliases and tags, wherever they stand. */
static int
refuse_extras(struct reader *r)
{
	const yaml_event_t *e = &r->event;
	const yaml_char_t *anchor = NULL, *tag = NULL;

	switch (e->type) {
	case YAML_ALIAS_EVENT:
		return fault(r, e->start_mark,
		    "an alias, which is not taken "
		    "here: write it out");
	case YAML_SCALAR_EVENT:
		anchor = e->data.scalar.anchor;
		tag = e->data.scalar.tag;
		break;
	case YAML_SEQUENCE_START_EVENT:
		anchor = e->data.sequence_start.anchor;
		tag = e->data.sequence_start.tag;
		break;
	case YAML_MAPPING_START_EVENT:
		anchor = e->data.mapping_start.anchor;
		tag = e->data.mapping_start.tag;
		break;
	default:
		break;
	}
	if (anchor)
		return fault(
		    r, e->start_mark, "an anchor, which is not taken here");
	if (tag)
		return fault(
		    r, e->start_mark, "a tag, which is not taken here");
	return CRM_OK;
}

static bool
is_null(struct crm_str s)
{
	return crm_str_is(s, "~") || crm_str_is(s, "null") ||
	       crm_str_is(s, "Null") || crm_str_is(s, "NULL");
}

/* The text of the scalar the reader stands at, in the arena. */
static int
scalar_text(struct reader *r, struct crm_str *out, bool *quoted)
{
	const yaml_event_t *e = &r->event;
	struct crm_str s = {
	    (const char *)e->data.scalar.value, e->data.scalar.length};

	if (s.n > 0 && memchr(s.p, 0, s.n))
		return fault(r, e->start_mark, "a NUL character");
	*quoted = e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	if (!*quoted && is_null(s))
		s.n = 0;
	*out = crm_arena_str(r->arena, s);
	return out->p ? CRM_OK : crm_err_nomem(r->err);
}

static int read_node(struct reader *r, unsigned depth, struct crm_node **out);

static void
append(struct crm_node *parent, struct crm_node *child, struct crm_node **last)
{
	if (*last)
		(*last)->next = child;
	else
		parent->first = child;
	*last = child;
	parent->count++;
}

static int
read_list(struct reader *r, unsigned depth, struct crm_node *list)
{
	struct crm_node *last = NULL, *child;
	int code;

	for (;;) {
		code = next_event(r);
		if (code < 0 || r->event.type == YAML_SEQUENCE_END_EVENT)
			return code;
		code = read_node(r, depth + 1, &child);
		if (code < 0)
			return code;
		append(list, child, &last);
	}
}

/* One key of a map, which the reader stands at, and its value. */
static int
read_pair(struct reader *r, unsigned depth, struct crm_map *keys,
    struct crm_node **out)
{
	yaml_mark_t at = r->event.start_mark;
	struct crm_str key;
	uint64_t line = 0;
	bool quoted;
	char what[160];
	int code;

	code = refuse_extras(r);
	if (code < 0)
		return code;
	if (r->event.type != YAML_SCALAR_EVENT)
		return fault(r, at, "a key that is not a word");
	code = scalar_text(r, &key, &quoted);
	if (code < 0)
		return code;
	code = crm_map_put(keys, key, (uint64_t)at.line + 1, &line);
	if (code == CRM_NO) {
		snprintf(what, sizeof what,
		    "'%.*s' occurs twice, first in line %llu",
		    key.n > 60 ? 60 : (int)key.n, key.p,
		    (unsigned long long)line);
		return fault(r, at, what);
	}
	if (code < 0)
		return crm_err_nomem(r->err);
	code = next_event(r);
	if (code == CRM_OK)
		code = read_node(r, depth + 1, out);
	if (code < 0)
		return code;
	/* A map's value is where its key is: there people look for it. */
	(*out)->key = key;
	(*out)->line = (unsigned)at.line + 1;
	(*out)->column = (unsigned)at.column + 1;
	return CRM_OK;
}

static int
read_map(struct reader *r, unsigned depth, struct crm_node *map)
{
	struct crm_node *last = NULL, *child;
	struct crm_map keys = {0};
	int code;

	for (;;) {
		code = next_event(r);
		if (code < 0 || r->event.type == YAML_MAPPING_END_EVENT)
			break;
		code = read_pair(r, depth, &keys, &child);
		if (code < 0)
			break;
		append(map, child, &last);
	}
	crm_map_release(&keys);
	return code;
}

/* The node that the reader stands at the beginning of. */
static int
read_node(struct reader *r, unsigned depth, struct crm_node **out)
{
	yaml_mark_t at = r->event.start_mark;
	struct crm_node *n;
	int code = refuse_extras(r);

	if (code < 0)
		return code;
	if (depth > DEPTH_MAX)
		return fault(r, at, "nested deeper than 32");
	n = crm_arena_zalloc(r->arena, sizeof *n);
	if (!n)
		return crm_err_nomem(r->err);
	n->line = (unsigned)at.line + 1;
	n->column = (unsigned)at.column + 1;
	n->key = n->text = (struct crm_str){"", 0};
	*out = n;
	switch (r->event.type) {
	case YAML_SEQUENCE_START_EVENT:
		n->type = CRM_NODE_LIST;
		return read_list(r, depth, n);
	case YAML_MAPPING_START_EVENT:
		n->type = CRM_NODE_MAP;
		return read_map(r, depth, n);
	default:
		n->type = CRM_NODE_SCALAR;
		return scalar_text(r, &n->text, &n->quoted);
	}
}

static struct crm_node *
empty_map(struct crm_arena *a)
{
	struct crm_node *n = crm_arena_zalloc(a, sizeof *n);

	if (n) {
		n->type = CRM_NODE_MAP;
		n->line = n->column = 1;
		n->key = n->text = (struct crm_str){"", 0};
	}
	return n;
}

/* The first document, and that there is no second. */
static int
read_stream(struct reader *r, struct crm_node **out)
{
	int code;

	do {
		code = next_event(r);
		if (code < 0)
			return code;
	} while (r->event.type == YAML_STREAM_START_EVENT);
	if (r->event.type == YAML_STREAM_END_EVENT)
		return CRM_OK;
	code = next_event(r);
	if (code == CRM_OK)
		code = read_node(r, 1, out);
	/* The end of the document, then of the stream. */
	for (int i = 0; i < 2 && code == CRM_OK; i++)
		code = next_event(r);
	if (code == CRM_OK && r->event.type != YAML_STREAM_END_EVENT)
		return fault(r, r->event.start_mark, "a second document");
	return code;
}

int
crm_yaml_parse(struct crm_str text, const char *name, struct crm_arena *a,
    struct crm_node **out, struct crm_err *err)
{
	struct reader r = {.name = name, .arena = a, .err = err};
	struct crm_node *root = NULL;
	int code;

	if (text.n > TEXT_MAX) {
		crm_err_set(err, CRM_ECONFIG, "%zu bytes, at most %d are taken",
		    text.n, TEXT_MAX);
		crm_err_place(err, name, 0);
		return CRM_ECONFIG;
	}
	if (!yaml_parser_initialize(&r.parser))
		return crm_err_nomem(err);
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(
	    &r.parser, (const unsigned char *)(text.p ? text.p : ""), text.n);
	code = read_stream(&r, &root);
	if (r.has_event)
		yaml_event_delete(&r.event);
	yaml_parser_delete(&r.parser);
	if (code < 0)
		return code;
	if (!root || (root->type == CRM_NODE_SCALAR && root->text.n == 0 &&
			 !root->quoted))
		root = empty_map(a);
	*out = root;
	return root ? CRM_OK : crm_err_nomem(err);
}
