/*
 * test_yaml.c - YAML as a checked tree: what is read, what is refused and
 * where, and the nearest word.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <crm/config.h>

#include "feed.h"

/* The tree on one line: maps {k:v}, lists [a b], quoted text "a". */
static void
put_node(struct crm_buf *b, const struct crm_node *n)
{
	bool map = n->type == CRM_NODE_MAP;

	if (n->type == CRM_NODE_SCALAR) {
		crm_buf_puts(b, n->quoted ? "\"" : n->text.n ? "" : "~");
		crm_buf_putstr(b, n->text);
		crm_buf_puts(b, n->quoted ? "\"" : "");
		return;
	}
	crm_buf_putc(b, map ? '{' : '[');
	for (const struct crm_node *c = n->first; c; c = c->next) {
		if (c != n->first)
			crm_buf_putc(b, ' ');
		if (map) {
			crm_buf_putstr(b, c->key);
			crm_buf_putf(b, "@%u:", c->line);
		}
		put_node(b, c);
	}
	crm_buf_putc(b, map ? '}' : ']');
}

static const char *
parse(struct crm_str in, struct crm_buf *out)
{
	struct crm_arena a = {0};
	struct crm_node *root;
	struct crm_err err;

	crm_buf_clear(out);
	if (crm_yaml_parse(in, "f.yaml", &a, &root, &err) == CRM_OK)
		put_node(out, root);
	else
		feed_put_error(out, &err);
	crm_arena_release(&a);
	return crm_buf_cstr(out);
}

static void
trees_and_faults_have_their_places(void **state)
{
	const struct {
		struct crm_str in;
		const char *want;
	} rows[] = {
	    {CRM_STR(""), "{}"},
	    {CRM_STR("# only this\n"), "{}"},
	    {CRM_STR("---\n"), "{}"},
	    {CRM_STR("\xef\xbb\xbf"
		     "a: 1\n"),
		"{a@1:1}"},
	    {CRM_STR("a: 1\nb:\n  c: x y\n  d: [1, 'z', ~]\n"),
		"{a@1:1 b@2:{c@3:x y d@4:[1 \"z\" ~]}}"},
	    {CRM_STR("- NO\n- 1.10\n- yes\n- ''\n- null\n- 'null'\n"),
		"[NO 1.10 yes \"\" ~ \"null\"]"},
	    {CRM_STR("a: |\n  one\n  two\n"), "{a@1:\"one\ntwo\n\"}"},
	    {CRM_STR("a:\n  b: 1\na: 2\n"),
		"!f.yaml:3: 'a' occurs twice, first in line 1 (column 1)\n"},
	    {CRM_STR("a: &x 1\n"),
		"!f.yaml:1: an anchor, which is not taken here (column 4)\n"},
	    {CRM_STR("a: 1\nb: *a\n"), "!f.yaml:2: an alias, which is not "
				       "taken here: write it out (column 4)\n"},
	    {CRM_STR("a: !!str 1\n"),
		"!f.yaml:1: a tag, which is not taken here (column 4)\n"},
	    {CRM_STR("a: 1\n---\nb: 2\n"),
		"!f.yaml:2: a second document (column 1)\n"},
	    {CRM_STR("[a, b]: 1\n"),
		"!f.yaml:1: a key that is not a word (column 1)\n"},
	    {CRM_STR("a: \"x\\0y\"\n"),
		"!f.yaml:1: a NUL character (column 4)\n"},
	    {CRM_STR("a: 1\n b: 2\n"),
		"!f.yaml:2: mapping values are not allowed in this context "
		"(column 3)\n"},
	    {CRM_STR("a: [1, 2\nb: 3\n"),
		"!f.yaml:2: did not find expected ',' or ']' while parsing a "
		"flow sequence (column 2)\n"},
	    {CRM_STR("a: \xff\n"),
		"!f.yaml: byte 4: invalid leading UTF-8 octet\n"},
	    {CRM_STR("a: \x01\n"),
		"!f.yaml: byte 4: control characters are not allowed\n"},
	};
	struct crm_buf out = {0};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *got = parse(rows[i].in, &out);

		if (strcmp(got, rows[i].want) != 0)
			fail_msg("row %zu:\n%s", i, got);
	}
	crm_buf_release(&out);
}

static void
depth_and_size_are_bounded(void **state)
{
	struct crm_buf in = {0}, out = {0};

	(void)state;
	for (int i = 0; i < 32; i++)
		crm_buf_putc(&in, '[');
	for (int i = 0; i < 32; i++)
		crm_buf_putc(&in, ']');
	assert_true(parse(crm_buf_str(&in), &out)[0] == '[');
	crm_buf_clear(&in);
	for (int i = 0; i < 500000; i++)
		crm_buf_putc(&in, '[');
	assert_string_equal(parse(crm_buf_str(&in), &out),
	    "!f.yaml:1: nested deeper than 32 (column 33)\n");
	crm_buf_clear(&in);
	for (int i = 0; i < 200000; i++)
		crm_buf_puts(&in, "- - -\n");
	assert_string_equal(parse(crm_buf_str(&in), &out),
	    "!f.yaml: 1200000 bytes, at most 1048576 are taken\n");
	/* Many keys are no slower than few. */
	crm_buf_clear(&in);
	for (int i = 0; i < 80000; i++)
		crm_buf_putf(&in, "k%d: 1\n", i);
	assert_true(parse(crm_buf_str(&in), &out)[0] == '{');
	crm_buf_release(&in);
	crm_buf_release(&out);
}

static void
an_alias_bomb_is_refused_at_its_first_anchor(void **state)
{
	struct crm_buf out = {0};

	(void)state;
	assert_string_equal(
	    parse(CRM_STR("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"), &out),
	    "!f.yaml:1: an anchor, which is not taken here (column 4)\n");
	crm_buf_release(&out);
}

static const struct crm_node_rule rules[] = {
    {"name", CRM_NODE_SCALAR, true},
    {"columns", CRM_NODE_LIST, false},
    {"options", CRM_NODE_MAP, false},
};

static void
maps_are_checked_by_rules(void **state)
{
	static const struct {
		const char *in, *want, *hint;
	} rows[] = {
	    {"name: x", "", ""},
	    {"name: x\ncolumns: [a]\noptions: {b: c}", "", ""},
	    {"name: x\ncolumns:\noptions: ~", "", ""},
	    {"columns: [a]", "!f:1: 'name' is missing\n", ""},
	    {"name: x\ncolumsn: [a]",
		"!f:2: columsn: a key that is not known here\n",
		"did you mean 'columns'?"},
	    {"name: x\nzebra: [a]",
		"!f:2: zebra: a key that is not known here\n",
		"known: name, columns, options"},
	    {"name: [x]", "!f:1: name: wanted a single value\n", ""},
	    {"name: x\ncolumns: a", "!f:2: columns: wanted a list\n", ""},
	    {"name: x\noptions: [a]",
		"!f:2: options: wanted a map (key: value)\n", ""},
	    {"- a", "!f:1: wanted a map (key: value)\n", ""},
	};
	struct crm_buf out = {0};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct crm_arena a = {0};
		struct crm_node *root;
		struct crm_err err = {0};

		crm_buf_clear(&out);
		assert_int_equal(
		    crm_yaml_parse(crm_str(rows[i].in), "f", &a, &root, &err),
		    CRM_OK);
		if (crm_node_check(root, rules, 3, "f", &err) < 0)
			feed_put_error(&out, &err);
		if (!crm_str_is(crm_buf_str(&out), rows[i].want) ||
		    strcmp(err.hint, rows[i].hint) != 0)
			fail_msg(
			    "row %zu: %s%s", i, crm_buf_cstr(&out), err.hint);
		crm_arena_release(&a);
	}
	crm_buf_release(&out);
}

static void
nodes_are_found_by_key(void **state)
{
	struct crm_arena a = {0};
	struct crm_node *root;

	(void)state;
	assert_int_equal(
	    crm_yaml_parse(CRM_STR("a: 1\nb: 2\n"), "f", &a, &root, NULL),
	    CRM_OK);
	assert_true(crm_str_is(crm_node_get(root, "b")->text, "2"));
	assert_null(crm_node_get(root, "c"));
	assert_null(crm_node_get(NULL, "c"));
	assert_null(crm_node_get(root->first, "c"));
	crm_arena_release(&a);
}

static void
the_nearest_word_is_at_most_two_changes_away(void **state)
{
	static const char *const words[] = {
	    "email", "name", "tier", "id", "timezone"};
	static const struct {
		const char *in, *want;
	} rows[] = {
	    {"emial", "email"},
	    {"e-mail", "email"},
	    {"mail", "email"},
	    {"nmae", "name"},
	    {"teir", "tier"},
	    {"time_zone", "timezone"},
	    {"timzne", "timezone"},
	    {"tz", NULL},
	    {"x", NULL},
	    {"ix", "id"},
	    {"phone", NULL},
	    {"", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *got = crm_nearest(crm_str(rows[i].in), words, 5);

		if (got != rows[i].want &&
		    (!got || !rows[i].want || strcmp(got, rows[i].want) != 0))
			fail_msg("'%s': %s", rows[i].in, got ? got : "none");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(trees_and_faults_have_their_places),
	    cmocka_unit_test(depth_and_size_are_bounded),
	    cmocka_unit_test(an_alias_bomb_is_refused_at_its_first_anchor),
	    cmocka_unit_test(maps_are_checked_by_rules),
	    cmocka_unit_test(nodes_are_found_by_key),
	    cmocka_unit_test(the_nearest_word_is_at_most_two_changes_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
