/*
 * rules.c - looking into a tree of nodes, and what may stand in it.
 *
 * A key that is not known is an error, never passed over: a misspelt `revenue`
 * would else change every figure in silence.
 */
#include <stdarg.h>
#include <stdio.h>

#include <crm/config.h>

enum { WORD_MAX = 64, DISTANCE_MAX = 2 };

struct crm_node *
crm_node_get(const struct crm_node *map, const char *key)
{
	if (!map || map->type != CRM_NODE_MAP)
		return NULL;
	for (struct crm_node *n = map->first; n; n = n->next)
		if (crm_str_is(n->key, key))
			return n;
	return NULL;
}

int
crm_node_err(const struct crm_node *n, const char *name, struct crm_err *err,
    const char *fmt, ...)
{
	char text[CRM_ERR_TEXT];
	va_list ap;

	va_start(ap, fmt);
	if (vsnprintf(text, sizeof text, fmt, ap) < 0)
		text[0] = '\0';
	va_end(ap);
	crm_err_set(err, CRM_ECONFIG, "%s", text);
	crm_err_place(err, name, n->line);
	if (n->key.n > 0)
		crm_err_field(err, n->key.p, n->key.n);
	return CRM_ECONFIG;
}

/* What a node of the type is called in a message. */
static const char *
wanted(enum crm_node_type t)
{
	switch (t) {
	case CRM_NODE_LIST:
		return "a list";
	case CRM_NODE_MAP:
		return "a map (key: value)";
	default:
		return "a single value";
	}
}

/* A key with nothing behind it is an empty list or map too. */
static bool
fits(const struct crm_node *n, enum crm_node_type t)
{
	return n->type == t ||
	       (n->type == CRM_NODE_SCALAR && !n->quoted && n->text.n == 0);
}

static int
unknown_key(const struct crm_node *n, const struct crm_node_rule *rule,
    size_t nrule, const char *name, struct crm_err *err)
{
	const char *words[WORD_MAX], *near;
	size_t count = nrule < WORD_MAX ? nrule : WORD_MAX;
	struct crm_buf known = {.max = CRM_ERR_TEXT};

	crm_node_err(n, name, err, "a key that is not known here");
	for (size_t i = 0; i < count; i++) {
		words[i] = rule[i].key;
		crm_buf_putf(&known, "%s%s", i ? ", " : "", words[i]);
	}
	near = crm_nearest(n->key, words, count);
	if (near)
		crm_err_hint(err, "did you mean '%s'?", near);
	else if (known.n > 0)
		crm_err_hint(err, "known: %.*s", (int)known.n, known.p);
	crm_buf_release(&known);
	return CRM_ECONFIG;
}

int
crm_node_check(const struct crm_node *map, const struct crm_node_rule *rule,
    size_t n, const char *name, struct crm_err *err)
{
	if (!fits(map, CRM_NODE_MAP))
		return crm_node_err(
		    map, name, err, "wanted %s", wanted(CRM_NODE_MAP));
	for (const struct crm_node *c = map->first; c; c = c->next) {
		size_t i = 0;

		while (i < n && !crm_str_is(c->key, rule[i].key))
			i++;
		if (i == n)
			return unknown_key(c, rule, n, name, err);
		if (!fits(c, rule[i].type))
			return crm_node_err(
			    c, name, err, "wanted %s", wanted(rule[i].type));
	}
	for (size_t i = 0; i < n; i++)
		if (rule[i].required && !crm_node_get(map, rule[i].key))
			return crm_node_err(
			    map, name, err, "'%s' is missing", rule[i].key);
	return CRM_OK;
}

/* Edit distance, swaps of neighbours being one (optimal string alignment). */
static size_t
distance(struct crm_str a, struct crm_str b)
{
	size_t d[3][WORD_MAX + 1];

	for (size_t j = 0; j <= b.n; j++)
		d[0][j] = j;
	for (size_t i = 1; i <= a.n; i++) {
		size_t *row = d[i % 3], *up = d[(i + 2) % 3];
		const size_t *up2 = d[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= b.n; j++) {
			size_t best = up[j - 1] + (a.p[i - 1] != b.p[j - 1]);

			if (up[j] + 1 < best)
				best = up[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] &&
			    a.p[i - 2] == b.p[j - 1] && up2[j - 2] + 1 < best)
				best = up2[j - 2] + 1;
			row[j] = best;
		}
	}
	return d[a.n % 3][b.n];
}

const char *
crm_nearest(struct crm_str s, const char *const *words, size_t n)
{
	/* In a short word two changes leave nothing of it. */
	size_t best = (s.n < 4 ? 1 : DISTANCE_MAX) + 1;
	const char *near = NULL;

	if (s.n < 2 || s.n > WORD_MAX)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		struct crm_str w = crm_str(words[i]);
		size_t d;

		if (w.n == 0 || w.n > WORD_MAX)
			continue;
		d = distance(s, w);
		if (d < best) {
			best = d;
			near = words[i];
		}
	}
	return near;
}
