/*
 * test_schema.c - the tables, custom fields, views, records, settings.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <crm/hash.h>
#include <crm/schema.h>

#define ROWS(a) (sizeof(a) / sizeof(a)[0])

/* ---- the built-in tables ---- */

static void
check_fields(const char *of, const struct crm_field *f, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (f[i].type == CRM_T_NONE || f[i].type >= CRM_T_SPAN ||
		    !f[i].help || f[i].tag >= CRM_TAG_CUSTOM)
			fail_msg("%s: field %s", of, f[i].name);
		if ((f[i].type == CRM_T_ENUM) != (f[i].values != NULL))
			fail_msg("%s: values of %s", of, f[i].name);
		for (size_t j = 0; j < i; j++)
			if (strcmp(f[i].name, f[j].name) == 0 ||
			    (f[i].tag && f[i].tag == f[j].tag))
				fail_msg(
				    "%s: %s and %s", of, f[i].name, f[j].name);
	}
}

static void
check_parts(const struct crm_schema *s, const struct crm_kind *k)
{
	struct crm_arena a = {0};

	assert_true(k->nparts <= CRM_PARTS_MAX);
	for (int i = 0; i < k->nparts; i++) {
		struct crm_view v;
		struct crm_err err = {0};

		check_fields(
		    k->parts[i].name, k->parts[i].fields, k->parts[i].nfields);
		if (crm_schema_view(s, k, i, &a, &v, &err) < 0)
			fail_msg("%s", err.text);
		for (int j = 0; j < k->nfields; j++)
			assert_int_not_equal(k->fields[j].tag, k->parts[i].tag);
		for (int j = 0; j < i; j++) {
			assert_string_not_equal(
			    k->parts[i].letter, k->parts[j].letter);
			assert_int_not_equal(k->parts[i].tag, k->parts[j].tag);
		}
	}
	crm_arena_release(&a);
}

static void
the_built_in_tables_are_sound(void **state)
{
	struct crm_schema s;

	(void)state;
	assert_int_equal(crm_schema_init(&s, NULL, NULL), CRM_OK);
	assert_int_equal(s.digits, 2);
	assert_null(s.arena.head);
	for (unsigned i = 0; i < CRM_K_MAX; i++) {
		const struct crm_kind *k = &s.kind[i];

		if (!k->name)
			continue;
		assert_int_equal(k->number, i);
		assert_true(k->nfields <= CRM_FIELDS_MAX);
		check_fields(k->name, k->fields, k->nfields);
		check_parts(&s, k);
		assert_int_equal(k->fields[0].type, CRM_T_ID);
		assert_int_equal(k->fields[0].ref, i);
		assert_true(
		    !k->time || crm_kind_field(k, crm_str(k->time)) >= 0);
	}
	crm_schema_release(&s);
}

static void
kinds_fields_and_parts_are_found_by_name(void **state)
{
	const struct crm_kind *k;
	struct crm_schema s;

	(void)state;
	assert_int_equal(crm_schema_init(&s, NULL, NULL), CRM_OK);
	k = crm_schema_kind(&s, CRM_STR("order"));
	assert_ptr_equal(k, &s.kind[CRM_K_ORDER]);
	assert_ptr_equal(crm_schema_by_id(&s, CRM_STR("order_id")), k);
	assert_null(crm_schema_by_id(&s, CRM_STR("seller_id")));
	assert_null(crm_schema_kind(&s, CRM_STR("orders")));
	assert_null(crm_schema_kind(&s, CRM_STR("")));
	assert_int_equal(crm_kind_field(k, CRM_STR("order_id")), 0);
	assert_int_equal(crm_kind_field(k, CRM_STR("order_id\0")), -1);
	assert_int_equal(crm_kind_field(k, CRM_STR("order")), -1);
	assert_int_equal(crm_kind_part(k, CRM_STR("line")), 0);
	assert_int_equal(crm_kind_part(k, CRM_STR("lines")), -1);
	assert_int_equal(
	    crm_part_field(&k->parts[0], CRM_STR("product_id")), 0);
	crm_schema_release(&s);
}

/* ---- custom fields ---- */

static struct crm_custom
custom(const char *kind, const char *name, const char *type, const char *values,
    unsigned tag)
{
	return (struct crm_custom){.kind = crm_str(kind),
	    .name = crm_str(name),
	    .type = crm_str(type),
	    .values = crm_str(values),
	    .help = CRM_STR("help"),
	    .tag = (uint16_t)tag};
}

static void
custom_fields_stand_behind_the_built_in_ones(void **state)
{
	struct crm_custom c[] = {
	    custom("customer", "vat_id", "text", "", 1024),
	    custom("order", "gift", "bool", "", 1025),
	    custom("customer", "size_class", "enum", "s,m,l", 1026),
	    custom("customer", "referred_by_id", "id", "customer", 1027),
	    custom("order", "product_id_seen", "id", "", 1028),
	};
	struct crm_settings set = {.currency = CRM_STR("KWD"),
	    .day_start = 4 * 3600,
	    .custom = c,
	    .ncustom = ROWS(c)};
	const struct crm_field *f;
	const struct crm_kind *k;
	struct crm_schema plain, s;

	(void)state;
	c[0].flags = CRM_F_INDEX | CRM_F_UNIQUE;
	assert_int_equal(crm_schema_init(&plain, NULL, NULL), CRM_OK);
	assert_int_equal(crm_schema_init(&s, &set, NULL), CRM_OK);
	assert_int_equal(s.digits, 3);
	assert_int_equal(s.calendar.day_start, 4 * 3600);
	assert_ptr_equal(s.calendar.zone, &s.zone);
	k = &s.kind[CRM_K_CUSTOMER];
	assert_int_equal(k->nfields, plain.kind[CRM_K_CUSTOMER].nfields + 3);
	f = &k->fields[plain.kind[CRM_K_CUSTOMER].nfields];
	assert_string_equal(f[0].name, "vat_id");
	assert_int_equal(f[0].flags, CRM_F_INDEX | CRM_F_UNIQUE | CRM_F_CUSTOM);
	assert_int_equal(f[0].tag, 1024);
	assert_string_equal(f[0].help, "help");
	assert_string_equal(f[1].values, "s,m,l");
	assert_int_equal(f[2].ref, CRM_K_CUSTOMER);
	k = &s.kind[CRM_K_ORDER];
	assert_int_equal(k->nfields, plain.kind[CRM_K_ORDER].nfields + 2);
	assert_int_equal(k->fields[k->nfields - 1].ref, 0);
	assert_ptr_equal(
	    s.kind[CRM_K_PRODUCT].fields, plain.kind[CRM_K_PRODUCT].fields);
	crm_schema_release(&s);
	crm_schema_release(&plain);
}

static void
custom_fields_that_cannot_be_are_refused(void **state)
{
	const struct {
		struct crm_custom c;
		const char *text;
	} rows[] = {
	    {custom("shop", "x", "text", "", 1024),
		"custom field 'x' of 'shop' is of a kind that is not known"},
	    {custom("customer", "name", "text", "", 1024),
		"custom field 'name' of 'customer' has a name that is taken"},
	    {custom("order", "sku", "text", "", 1024),
		"custom field 'sku' of 'order' has a name that is taken"},
	    {custom("order", "line_id", "text", "", 1024),
		"custom field 'line_id' of 'order' has a name that is taken"},
	    {custom("customer", "Shoe", "text", "", 1024),
		"custom field 'Shoe' of 'customer' has a name that cannot be a "
		"column's"},
	    {custom("customer", "", "text", "", 1024), NULL},
	    {custom("customer", "x", "number", "", 1024),
		"custom field 'x' of 'customer' has a type that is not known"},
	    {custom("customer", "x", "span", "", 1024), NULL},
	    {custom("customer", "x", "enum", "", 1024),
		"custom field 'x' of 'customer' is an enum without values"},
	    {custom("customer", "x", "id", "shop", 1024),
		"custom field 'x' of 'customer' names a kind that is not "
		"known"},
	    {custom("customer", "order_id", "text", "", 1024),
		"custom field 'order_id' of 'customer' has the name of another "
		"kind's id"},
	    {custom("customer", "x", "text", "", 7),
		"custom field 'x' of 'customer' has no tag of its own"},
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct crm_custom c = rows[i].c;
		struct crm_settings set = {.custom = &c, .ncustom = 1};
		struct crm_err err = {0};
		struct crm_schema s;

		if (crm_schema_init(&s, &set, &err) != CRM_ECONFIG)
			fail_msg("row %zu was taken", i);
		if (rows[i].text)
			assert_string_equal(err.text, rows[i].text);
	}
}

static void
custom_fields_are_limited_in_number_and_do_not_share(void **state)
{
	static char name[CRM_FIELDS_MAX][8];
	static struct crm_custom c[CRM_FIELDS_MAX];
	struct crm_settings set = {.custom = c, .ncustom = ROWS(c)};
	struct crm_schema s;

	(void)state;
	for (size_t i = 0; i < ROWS(c); i++) {
		struct crm_buf b = {0};

		crm_buf_putf(&b, "f%zu", i);
		memcpy(name[i], b.p, b.n);
		crm_buf_release(&b);
		c[i] = custom("rate", name[i], "int", "", 1024 + (unsigned)i);
	}
	assert_int_equal(crm_schema_init(&s, &set, NULL), CRM_ECONFIG);
	set.ncustom = 100;
	assert_int_equal(crm_schema_init(&s, &set, NULL), CRM_OK);
	crm_schema_release(&s);
	c[99].tag = 1024;
	assert_int_equal(crm_schema_init(&s, &set, NULL), CRM_ECONFIG);
	c[99] = c[0];
	assert_int_equal(crm_schema_init(&s, &set, NULL), CRM_ECONFIG);
}

static void
settings_that_make_no_sense_are_refused(void **state)
{
	const struct crm_settings rows[] = {
	    {.currency = CRM_STR("EURO")},
	    {.day_start = -1},
	    {.day_start = CRM_DAY},
	    {.tzif = CRM_STR("no zone")},
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct crm_schema s;

		if (crm_schema_init(&s, &rows[i], NULL) >= 0)
			fail_msg("row %zu was taken", i);
	}
}

/* ---- views ---- */

static void
the_view_of_lines_has_ids_first_and_rows_last(void **state)
{
	const struct crm_kind *k;
	struct crm_arena a = {0};
	struct crm_schema s;
	struct crm_parse ctx = {.schema = &s, .arena = &a};
	struct crm_value value;
	struct crm_view v;

	(void)state;
	assert_int_equal(crm_schema_init(&s, NULL, NULL), CRM_OK);
	k = &s.kind[CRM_K_ORDER];
	assert_int_equal(crm_schema_view(&s, k, 0, &a, &v, NULL), CRM_OK);
	assert_string_equal(v.kind.name, "line");
	assert_string_equal(v.kind.fields[0].name, "line_id");
	assert_int_equal(v.from[0], -1);
	assert_string_equal(v.kind.fields[1].name, "order_id");
	assert_int_equal(v.from[1], 0);
	assert_string_equal(v.kind.fields[2].name, "customer_id");
	assert_string_equal(v.kind.time, "placed");
	for (int i = 1; i < v.kind.nfields; i++) {
		const struct crm_field *f =
		    v.from[i] >= CRM_VIEW_PART
			? &k->parts[0].fields[v.from[i] - CRM_VIEW_PART]
			: &k->fields[v.from[i]];

		assert_string_equal(v.kind.fields[i].name, f->name);
	}
	assert_int_equal(v.from[v.kind.nfields - 1],
	    CRM_VIEW_PART + k->parts[0].nfields - 1);
	/* Its first column takes a row's id, and nothing else. */
	assert_int_equal(crm_value_parse(&v.kind.fields[0], CRM_STR("O913-2"),
			     &ctx, &value, NULL),
	    CRM_OK);
	assert_int_equal(value.sub, 2);
	assert_int_equal(crm_value_parse(&v.kind.fields[0], CRM_STR("O913"),
			     &ctx, &value, NULL),
	    CRM_EDATA);
	assert_int_equal(crm_value_parse(&v.kind.fields[0], CRM_STR("O913-e2"),
			     &ctx, &value, NULL),
	    CRM_EDATA);
	assert_int_equal(
	    crm_schema_view(&s, k, k->nparts, &a, &v, NULL), CRM_EBUG);
	crm_arena_release(&a);
	crm_schema_release(&s);
}

/* ---- records ---- */

static void
rows_keep_their_numbers(void **state)
{
	struct crm_arena a = {0};
	struct crm_schema s;
	struct crm_record *r, *c;
	struct crm_value *v;

	(void)state;
	assert_int_equal(crm_schema_init(&s, NULL, NULL), CRM_OK);
	r = crm_record_new(&s.kind[CRM_K_ORDER], &a);
	for (uint32_t i = 1; i <= 20; i++)
		assert_int_equal(crm_record_add(r, 0, 0)->no, i);
	assert_true(crm_record_drop(r, 0, 20));
	assert_false(crm_record_drop(r, 0, 20));
	assert_true(crm_record_drop(r, 0, 3));
	assert_null(crm_record_row(r, 0, 3));
	assert_null(crm_record_row(r, 0, 20));
	assert_int_equal(crm_record_row(r, 0, 4)->no, 4);
	assert_int_equal(crm_record_add(r, 0, 0)->no, 21);
	v = crm_record_add(r, 0, 3)->v;
	assert_ptr_equal(crm_record_add(r, 0, 3)->v, v);
	assert_int_equal(r->part[0].n, 20);
	for (size_t i = 1; i < r->part[0].n; i++)
		assert_true(r->part[0].row[i].no > r->part[0].row[i - 1].no);
	assert_int_equal(r->part[0].last, 21);
	c = crm_record_copy(r, &a);
	crm_record_row(c, 0, 3)->v[0] = crm_value_id(CRM_K_PRODUCT, 7);
	crm_record_drop(c, 0, 4);
	assert_int_equal(v[0].type, CRM_T_NONE);
	assert_int_equal(r->part[0].n, 20);
	assert_int_equal(crm_record_add(c, 0, 0)->no, 22);
	assert_int_equal(r->part[0].last, 21);
	assert_non_null(crm_record_add(r, 1, UINT32_MAX));
	assert_null(crm_record_add(r, 1, 0));
	crm_arena_release(&a);
	crm_schema_release(&s);
}

static void
values_are_reached_by_name(void **state)
{
	struct crm_arena a = {0};
	struct crm_schema s;
	struct crm_record *r, *c;

	(void)state;
	assert_int_equal(crm_schema_init(&s, NULL, NULL), CRM_OK);
	r = crm_record_new(&s.kind[CRM_K_CUSTOMER], &a);
	*crm_record_at(r, "name") = crm_value_text(CRM_STR("Ann"));
	c = crm_record_copy(r, &a);
	*crm_record_at(c, "name") = crm_value_text(CRM_STR("Bo"));
	assert_true(crm_str_is(crm_record_get(r, "name")->s, "Ann"));
	assert_true(crm_str_is(crm_record_get(c, "name")->s, "Bo"));
	assert_int_equal(crm_record_get(r, "city")->type, CRM_T_NONE);
	assert_int_equal(crm_record_get(r, "nothing")->type, CRM_T_NONE);
	assert_null(crm_record_at(r, "nothing"));
	crm_arena_release(&a);
	crm_schema_release(&s);
}

/* ---- the stored settings ---- */

static void
settings_come_back_as_they_went(void **state)
{
	struct crm_custom c[] = {
	    custom("customer", "vat_id", "text", "", 1024),
	    custom("order", "gift", "enum", "a,b", 65535),
	};
	struct crm_segment g[] = {
	    {CRM_STR("vip"), CRM_STR("revenue >= 1000"), CRM_STR("big")},
	    {CRM_STR("none"), CRM_STR(""), CRM_STR("")},
	};
	const struct crm_settings set = {.currency = CRM_STR("EUR"),
	    .timezone = CRM_STR("Europe/Berlin"),
	    .country = CRM_STR("DE"),
	    .tzif = CRM_STR("TZif\0\0"),
	    .day_start = 14400,
	    .statuses = CRM_STR("paid,shipped"),
	    .ignore = CRM_STR("noemail@example.org"),
	    .custom = c,
	    .ncustom = 2,
	    .segment = g,
	    .nsegment = 2,
	    .next_tag = 1025};
	struct crm_buf b = {0}, again = {0};
	struct crm_arena a = {0};
	struct crm_settings out;

	(void)state;
	c[1].flags = UINT32_MAX;
	crm_settings_encode(&set, &b);
	assert_int_equal(
	    crm_settings_decode(crm_buf_str(&b), &a, &out, NULL), CRM_OK);
	assert_true(crm_str_is(out.timezone, "Europe/Berlin"));
	assert_int_equal(out.day_start, 14400);
	assert_int_equal(out.custom[1].flags, UINT32_MAX);
	assert_true(crm_str_is(out.segment[0].where, "revenue >= 1000"));
	crm_settings_encode(&out, &again);
	assert_true(crm_str_eq(crm_buf_str(&b), crm_buf_str(&again)));
	for (size_t n = 0; n < b.n; n++) {
		struct crm_str cut = {b.p, n};

		if (crm_settings_decode(cut, &a, &out, NULL) != CRM_EDAMAGE)
			fail_msg("%zu of %zu bytes were taken", n, b.n);
	}
	crm_buf_putc(&b, '\0');
	assert_int_equal(
	    crm_settings_decode(crm_buf_str(&b), &a, &out, NULL), CRM_EDAMAGE);
	crm_arena_release(&a);
	crm_buf_release(&b);
	crm_buf_release(&again);
}

/* Decodes bytes with the checksum they should have. */
static int
decode_summed(
    struct crm_str bytes, struct crm_arena *a, struct crm_settings *out)
{
	struct crm_buf b = {0};
	int code;

	crm_buf_putstr(&b, bytes);
	crm_buf_putbe(&b, crm_crc32c(0, bytes.p, bytes.n), 4);
	code = crm_settings_decode(crm_buf_str(&b), a, out, NULL);
	crm_buf_release(&b);
	return code;
}

static void
damaged_settings_are_refused(void **state)
{
	static const struct {
		const char *what;
		struct crm_str bytes;
	} rows[] = {
	    {"nothing", {"", 0}},
	    {"another version", {"\2\0\0\0\0\0\0\0\0\0\0", 11}},
	    {"a number in a longer form", {"\1\0\0\0\0\200\0\0\0\0\0\0", 12}},
	    {"a string past the end", {"\1\177", 2}},
	    {"too many custom fields", {"\1\0\0\0\0\0\0\0\0\177\0", 11}},
	};
	static const struct crm_str least = {"\1\0\0\0\0\0\0\0\0\0\0", 11};
	struct crm_arena a = {0};
	struct crm_settings out;

	(void)state;
	assert_int_equal(decode_summed(least, &a, &out), CRM_OK);
	assert_int_equal(
	    crm_settings_decode(least, &a, &out, NULL), CRM_EDAMAGE);
	for (size_t i = 0; i < ROWS(rows); i++)
		if (decode_summed(rows[i].bytes, &a, &out) != CRM_EDAMAGE)
			fail_msg("%s was taken", rows[i].what);
	crm_arena_release(&a);
}

/* None of these fields is an id or has one of the flags. */
static void
assert_plain(const struct crm_kind *k, unsigned from, unsigned to)
{
	const uint32_t flags = CRM_F_REQUIRED | CRM_F_INDEX | CRM_F_UNIQUE |
			       CRM_F_IDENT | CRM_F_WORDS;

	for (; from < to; from++)
		if (k->fields[from].type == CRM_T_ID ||
		    (k->fields[from].flags & flags))
			fail_msg("%s %s is passed over", k->name,
			    k->fields[from].name);
}

/* What is not noted has all of its fields, and so has another's kind. */
static void
special_fields_are_those_that_more_is_made_of(void **state)
{
	struct crm_schema s, other;
	struct crm_err err = {0};

	(void)state;
	assert_int_equal(crm_schema_init(&s, NULL, &err), CRM_OK);
	assert_int_equal(crm_schema_init(&other, NULL, &err), CRM_OK);
	crm_schema_note(&s);
	for (unsigned n = 0; n < CRM_K_MAX; n++) {
		const struct crm_kind *k = &s.kind[n];
		struct crm_kind own = *k;
		struct crm_field_set set = crm_kind_special(&s, k);
		unsigned at, next = 1;

		if (k->name == NULL)
			continue;
		while (crm_field_take(&set, &at)) {
			assert_true(at >= next && at < k->nfields);
			assert_plain(k, next, at);
			next = at + 1;
		}
		assert_plain(k, next, k->nfields);
		own.fields = k->fields + 1;
		own.nfields--;
		set = crm_kind_special(&s, &own);
		for (next = 1; crm_field_take(&set, &at); next++)
			assert_int_equal(at, next);
		assert_int_equal(next, own.nfields);
		set = crm_kind_special(&other, k);
		for (next = 1; crm_field_take(&set, &at); next++)
			assert_int_equal(at, next);
		assert_int_equal(next, k->nfields);
	}
	crm_schema_release(&s);
	crm_schema_release(&other);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_built_in_tables_are_sound),
	    cmocka_unit_test(special_fields_are_those_that_more_is_made_of),
	    cmocka_unit_test(kinds_fields_and_parts_are_found_by_name),
	    cmocka_unit_test(custom_fields_stand_behind_the_built_in_ones),
	    cmocka_unit_test(custom_fields_that_cannot_be_are_refused),
	    cmocka_unit_test(
		custom_fields_are_limited_in_number_and_do_not_share),
	    cmocka_unit_test(settings_that_make_no_sense_are_refused),
	    cmocka_unit_test(the_view_of_lines_has_ids_first_and_rows_last),
	    cmocka_unit_test(rows_keep_their_numbers),
	    cmocka_unit_test(values_are_reached_by_name),
	    cmocka_unit_test(settings_come_back_as_they_went),
	    cmocka_unit_test(damaged_settings_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
