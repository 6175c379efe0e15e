/*
 * test_import_map.c - what is wrong with a map of an import, and where.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <crm/import.h>

/* What is put after the head of a map that is right, or the whole (all). */
#define HEAD "map: m\nsource: shop\n"
#define REST \
	"records:\n  - kind: customer\n    id: no\n    set:\n      name: a\n"

static const struct {
	const char *text, *says;
	unsigned line;
} rows[] = {
    /* the head */
    {"- a\n", "keys and values are wanted", 1},
    {"source: shop\n" REST, "'map', its name, is missing", 1},
    {"map: [m]\n" REST, "a text is wanted", 1},
    {"map: m\n" REST, "'source', what the records' ids are of, is missing", 1},
    {"map: m\nsource: a shop\n" REST, "'a shop' is not a name of letters", 2},
    {HEAD "currency: EURO\n" REST, "'EURO' is not an ISO 4217 currency", 3},
    {HEAD "zone: Mars/Base\n" REST, "no time zone 'Mars/Base'", 3},
    {HEAD "zone: ../etc\n" REST, "is not the name of a time zone", 3},
    {HEAD "ground: yes\n" REST, "'ground' is not known here", 3},
    {HEAD "round: perhaps\n" REST, "yes or no is wanted", 3},
    {HEAD "round: [yes]\n" REST, "yes or no is wanted", 3},
    {HEAD "match: {a: b}\n" REST, "a list of names is wanted", 3},
    {HEAD "match: [a, [b]]\n" REST, "a name is wanted", 3},
    {HEAD "when: []\n" REST, "an expression is wanted", 3},
    {HEAD, "'records' or 'orders' is missing", 1},
    {HEAD "records: some\n", "a list is wanted", 3},
    /* the dialect */
    {HEAD "dialect: [a]\n" REST, "keys and values are wanted", 3},
    {HEAD "dialect: {sep: both}\n" REST, "one character is wanted", 3},
    {HEAD "dialect: {sep: ''}\n" REST, "one character is wanted", 3},
    {HEAD "dialect: {sep: none}\n" REST, "must be a character other than", 3},
    {HEAD "dialect: {sep: '\"'}\n" REST, "must be a character other than", 3},
    {HEAD "dialect: {decimal: pipe}\n" REST, "point or comma is wanted", 3},
    {HEAD "dialect: {header: 3}\n" REST, "a list of names, yes or none", 3},
    {HEAD "dialect: {header: none}\n" REST, "without header needs names", 3},
    {HEAD "dialect: {skip: -1}\n" REST, "a number of lines is wanted", 3},
    {HEAD "dialect: {skip: some}\n" REST, "a number of lines is wanted", 3},
    {HEAD "dialect: {explode: x}\n" REST, "goes with header: none", 3},
    /* tables, names */
    {HEAD "values: some\n" REST, "named tables are wanted", 3},
    {HEAD "values: {t: some}\n" REST, "from: to pairs are wanted", 3},
    {HEAD "values: {t: {a: [b]}}\n" REST, "a text is wanted", 3},
    {HEAD "aliases: some\n" REST, "name: [others] is wanted", 3},
    {HEAD "let: some\n" REST, "name: EXPRESSION is wanted", 3},
    {HEAD "let: {A-B: x}\n" REST, "a name has letters a-z", 3},
    {HEAD "let: {a: []}\n" REST, "an expression is wanted", 3},
    /* records */
    {HEAD "records: {id: no}\n", "'kind' must be customer, product", 3},
    {HEAD "records: {kind: order, id: no}\n", "'kind' must be customer", 3},
    {HEAD "orders: {kind: product, key: no}\n", "'kind' must be order", 3},
    {HEAD "records: {kind: customer}\n", "'id', what its source calls it", 3},
    {HEAD "orders: {set: {note: a}}\n", "'key', what its source calls it", 3},
    {HEAD "records: {kind: customer, id: []}\n", "a column is wanted", 3},
    {HEAD "records: {kind: customer, id: [a, b, c, d, e, f, g, h, i]}\n",
	"at most 8 are allowed", 3},
    {HEAD "records: {kind: customer, id: no, only: some}\n",
	"'new' or 'known' is wanted", 3},
    {HEAD "records: {kind: customer, id: no, set: [name]}\n",
	"field: column is wanted", 3},
    {HEAD "records: {kind: customer, id: no, set: {citi: a}}\n",
	"'citi' is not a field of the kind customer", 3},
    {HEAD "records: {kind: customer, id: no, set: {qqqqqqqq: a}}\n",
	"'qqqqqqqq' is not a field of the kind customer", 3},
    {HEAD "records: {kind: customer, id: no, set: {revision: a}}\n",
	"is kept by the programs", 3},
    {HEAD "records: {kind: customer, id: no, components: {set: {n: a}}}\n",
	"a customer has none", 3},
    /* sources of a value */
    {HEAD "records: {kind: customer, id: {}}\n",
	"one of column, expr, const, record is wanted", 3},
    {HEAD "records: {kind: customer, id: {column: a, const: b}}\n",
	"one of column, expr, const, record is wanted", 3},
    {HEAD "records: {kind: customer, id: {column: []}}\n", "a text is wanted",
	3},
    {HEAD "records: {kind: customer, id: no, set: {name: []}}\n",
	"a column's name or {column:, expr:, const:} is wanted", 3},
    {HEAD "records: {kind: customer, id: {column: a, map: t}}\n",
	"the name of a table under 'values' is wanted", 3},
    {HEAD "records: {kind: customer, id: {column: a, shift: 99}}\n",
	"decimal places, 0 to", 3},
    {HEAD "records: {kind: customer, id: {column: a, shift: x}}\n",
	"decimal places, 0 to", 3},
    {HEAD "records: {kind: customer, id: {column: a, format: [a, b, c, d, e, "
	  "f, g, h, i]}}\n",
	"formats are allowed", 3},
    {HEAD "records: {kind: customer, id: {column: a, weak: 3}}\n",
	"yes or no is wanted", 3},
    {HEAD "records: {kind: customer, id: no, set: {name: {record: x}}}\n",
	"a record can be set into an id only", 3},
    {HEAD "orders: {key: no, set: {customer_id: {record: x}}}\n",
	"'x' is not the name (as, kind) of a record of this map", 3},
    {HEAD "records: {kind: product, id: no, set: {sku: a}}\n"
	  "orders: {key: no, set: {customer_id: {record: product}}}\n",
	"'product' is a product, which is not wanted here", 4},
    /* parts */
    {HEAD "orders: {key: no, lines: {of: order, set: {amount: a}}}\n",
	"'line' is wanted: the line the same row makes", 3},
    {HEAD "orders: {key: no, lines: {of: line, set: {amount: a}}}\n",
	"has no line", 3},
    {HEAD "orders: {key: no, events: {per: day, set: {amount: a}}}\n",
	"'row' or 'record' is wanted", 3},
    {HEAD "orders: {key: no, lines: {as: x}}\n", "'set' is missing", 3},
};

static void
what_is_wrong_with_a_map_is_said_with_its_line(void **state)
{
	struct crm_schema s;

	(void)state;
	assert_int_equal(crm_schema_init(&s, NULL, NULL), CRM_OK);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct crm_import_map *m = NULL;
		struct crm_err err = {0};
		char place[24];
		int r = crm_import_map_read(
		    &m, crm_str(rows[i].text), "m.yaml", &s, NULL, &err);

		snprintf(place, sizeof place, "m.yaml:%u", rows[i].line);
		if (r != CRM_ECONFIG || strstr(err.text, rows[i].says) == NULL)
			fail_msg("%s: %d %s", rows[i].text, r, err.text);
		if (strcmp(err.place, place) != 0)
			fail_msg("%s: at %s", rows[i].text, err.place);
		crm_import_map_release(m);
	}
	crm_schema_release(&s);
}

static void
what_a_map_may_say_is_taken(void **state)
{
	static const char *const maps[] = {
	    HEAD REST,
	    HEAD "zone: Europe/Berlin\ncurrency: EUR\nround: yes\n" REST,
	    HEAD "dialect: {header: no, explode: item, sep: blank}\n" REST,
	    HEAD "dialect: {header: [a, no], skip: 2, trim: true}\n" REST,
	    HEAD "dialect: {header: yes, ragged: false, quote: none}\n" REST,
	    HEAD "values: {t: {a: b, '*': c}}\naliases: {a: [b, c], no: d}\n"
		 "let: {x: 'a', y: 'x'}\nmatch: a\nignore: ''\n" REST,
	    HEAD "records: {kind: customer, id: [no, a], only: new}\n",
	    HEAD "records: {kind: customer, id: no, only: known}\n",
	    HEAD "records: {kind: product, id: no, set: {sku: a}}\n"
		 "orders: {key: no, lines: {set: {product_id: "
		 "{record: product}, amount: a}}, events: {per: record, "
		 "set: {what: {const: pay}, amount: b}}}\n",
	};
	struct crm_schema s;

	(void)state;
	assert_int_equal(crm_schema_init(&s, NULL, NULL), CRM_OK);
	for (size_t i = 0; i < sizeof maps / sizeof *maps; i++) {
		struct crm_import_map *m = NULL;
		struct crm_err err = {0};

		if (crm_import_map_read(
			&m, crm_str(maps[i]), "m.yaml", &s, NULL, &err) < 0)
			fail_msg("%s: %s", maps[i], err.text);
		assert_string_equal(crm_import_map_name(m), "m");
		crm_import_map_release(m);
	}
	crm_schema_release(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_wrong_with_a_map_is_said_with_its_line),
	    cmocka_unit_test(what_a_map_may_say_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
