/*
 * fuzz_yaml.c - any bytes as YAML: refused with a message, or a tree that is
 * no deeper than it may be, counts its children and has no key twice.
 */
#include <stdlib.h>

#include <crm/config.h>

#include "fuzz/fuzz.h"

static void
want(bool ok)
{
	if (!ok)
		abort();
}

static void
look(const struct crm_node *n, unsigned depth)
{
	size_t count = 0;

	want(depth <= 32 && n->line > 0 && n->column > 0 && n->text.p);
	want(n->type != CRM_NODE_SCALAR || !n->first);
	for (const struct crm_node *c = n->first; c; c = c->next) {
		if (n->type == CRM_NODE_MAP && count < 50) {
			char key[64] = {0};

			if (c->key.n < sizeof key) {
				memcpy(key, c->key.p, c->key.n);
				want(crm_node_get(n, key) == c);
			}
		}
		look(c, depth + 1);
		count++;
	}
	want(count == n->count);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const struct crm_node_rule rules[] = {
	    {"a", CRM_NODE_SCALAR, false}, {"list", CRM_NODE_LIST, false}};
	struct crm_arena a = {0};
	struct crm_node *root = NULL;
	struct crm_err err = {0};
	int code;

	code = crm_yaml_parse(
	    (struct crm_str){(const char *)p, n}, "f", &a, &root, &err);
	if (code == CRM_OK) {
		look(root, 1);
		code = crm_node_check(root, rules, 2, "f", &err);
	}
	want(code == CRM_OK || (code == CRM_ECONFIG && err.text[0]));
	crm_arena_release(&a);
	return 0;
}
