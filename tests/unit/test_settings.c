/*
 * test_settings.c - crm.yaml: what it sets, what it refuses, and that what is
 * written reads back the same.
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

static const char whole[] =
    "currency: EUR\n"
    "timezone: UTC\n"
    "country: 'NO'\n"
    "day_start: 04:00\n"
    "revenue: { statuses: [paid, shipped, delivered] }\n"
    "ignore: ['email:none@example.com', '0000000']\n"
    "quality: [email=90%, phone.validity=99.5, product.gtin=10]\n"
    "fields:\n"
    "  customer:\n"
    "    - { name: vat_id, type: text, index: unique, help: VAT number }\n"
    "    - { name: shoe_size, type: decimal, index: yes, personal: yes }\n"
    "    - { name: size, type: enum, values: [s, m, l] }\n"
    "  order:\n"
    "    - { name: gift, type: bool }\n"
    "segments:\n"
    "  vip: { where: 'revenue >= 1000 and orders >= 5', help: big }\n"
    "  lapsing: { where: 'last_order < today - 90d' }\n"
    "costs:\n"
    "  touch: { mail: 0.5, phone: 2 }\n"
    "  channel: { 'a.b c': 1 }\n"
    "  ticket: 5\n";

static const char *
text(struct crm_str s)
{
	static char copy[4][256];
	static unsigned at;
	char *p = copy[at++ % 4];

	snprintf(p, sizeof copy[0], "%.*s", (int)s.n, s.p);
	return p;
}

static void
a_whole_file_is_read(void **state)
{
	struct crm_arena a = {0};
	struct crm_settings s;
	struct crm_err err;

	(void)state;
	if (crm_settings_read(
		crm_str(whole), "crm.yaml", NULL, NULL, &a, &s, &err) < 0)
		fail_msg("%s: %s: %s", err.place, err.field, err.text);
	assert_string_equal(text(s.costs),
	    "ticket=5.00,touch.mail=0.50,touch.phone=2.00,channel.a.b c=1.00");
	assert_string_equal(text(s.currency), "EUR");
	assert_string_equal(text(s.timezone), "UTC");
	assert_int_equal(s.tzif.n, 0);
	assert_string_equal(text(s.country), "NO");
	assert_int_equal(s.day_start, 4 * 3600);
	assert_string_equal(text(s.statuses), "paid,shipped,delivered");
	assert_string_equal(text(s.ignore), "email:none@example.com,0000000");
	assert_string_equal(
	    text(s.quality), "email=90%,phone.validity=99.5,product.gtin=10");
	assert_int_equal(s.ncustom, 4);
	assert_string_equal(text(s.custom[0].kind), "customer");
	assert_string_equal(text(s.custom[0].name), "vat_id");
	assert_string_equal(text(s.custom[0].help), "VAT number");
	assert_int_equal(
	    s.custom[0].flags, CRM_F_CUSTOM | CRM_F_INDEX | CRM_F_UNIQUE);
	assert_int_equal(
	    s.custom[1].flags, CRM_F_CUSTOM | CRM_F_INDEX | CRM_F_PERSONAL);
	assert_string_equal(text(s.custom[2].values), "s,m,l");
	assert_string_equal(text(s.custom[3].kind), "order");
	for (uint16_t i = 0; i < 4; i++)
		assert_int_equal(s.custom[i].tag, CRM_TAG_CUSTOM + i);
	assert_int_equal(s.next_tag, CRM_TAG_CUSTOM + 4);
	assert_int_equal(s.nsegment, 2);
	assert_string_equal(text(s.segment[1].name), "lapsing");
	assert_string_equal(
	    text(s.segment[1].where), "last_order < today - 90d");
	crm_arena_release(&a);
}

static void
a_zone_brings_its_rules(void **state)
{
	struct crm_arena a = {0};
	struct crm_settings s, again;
	struct crm_err err;
	int code;

	(void)state;
	code = crm_settings_read(
	    CRM_STR("currency: EUR\ntimezone: Europe/Berlin\n"), "f", NULL,
	    NULL, &a, &s, &err);
	if (code < 0) {
		crm_arena_release(&a);
		skip(); /* a machine without zone files */
	}
	assert_true(s.tzif.n > 100);
	/* Without zone files the rules of the store stay. */
	assert_int_equal(crm_settings_read(CRM_STR(""), "f", &s, "/nowhere", &a,
			     &again, &err),
	    CRM_OK);
	assert_string_equal(text(again.timezone), "Europe/Berlin");
	assert_true(crm_str_eq(again.tzif, s.tzif));
	assert_int_equal(crm_settings_read(CRM_STR("timezone: Europe/Paris"),
			     "f", &s, "/nowhere", &a, &again, &err),
	    CRM_ECONFIG);
	assert_string_equal(err.place, "f:1");
	assert_string_equal(err.field, "timezone");
	crm_arena_release(&a);
}

static void
mistakes_are_answered_with_their_place(void **state)
{
	static const struct {
		const char *in, *want, *hint;
	} rows[] = {
	    {"", "!f:1: 'currency' is missing, wanted one like EUR\n", ""},
	    {"currency: eur",
		"!f:1: currency: 'eur' is not an ISO 4217 currency, wanted one "
		"like EUR\n",
		""},
	    {"curency: EUR", "!f:1: curency: a key that is not known here\n",
		"did you mean 'currency'?"},
	    {"currency: EUR\ncountry: DEU",
		"!f:2: country: 'DEU' is not an ISO 3166 country, wanted one "
		"like DE\n",
		""},
	    {"currency: EUR\ncountry: AX\nday_start: 4",
		"!f:3: day_start: '4' is not a time of day, wanted one like "
		"04:00\n",
		""},
	    {"currency: EUR\nday_start: 24:00",
		"!f:2: day_start: '24:00' is not a time of day, wanted one "
		"like 04:00\n",
		""},
	    {"currency: EUR\nrevenue: {statuses: [paid, shiped]}",
		"!f:2: statuses: 'shiped' is not a status of an order\n", ""},
	    {"currency: EUR\nignore: ['a,b']",
		"!f:2: ignore: 'a,b' is not an identity (no comma)\n", ""},
	    {"currency: EUR\nquality: [emial=90]",
		"!f: quality: a customer has no field 'emial'\n", ""},
	    {"currency: EUR\nquality: [email.validty=90]",
		"!f: quality: 'email.validty=90' is not a limit like "
		"email=90 or product.gtin.validity=99.5\n",
		""},
	    {"currency: EUR\nignore: [a, a]",
		"!f:2: ignore: 'a' occurs twice\n", ""},
	    {"currency: EUR\nfields: {custmer: []}",
		"!f:2: custmer: a kind that is not known\n",
		"did you mean 'customer'?"},
	    {"currency: EUR\nfields: {customer: x}",
		"!f:2: customer: wanted a list of fields\n", ""},
	    {"currency: EUR\nfields: {customer: [{name: a}]}",
		"!f:2: 'type' is missing\n", ""},
	    {"currency: EUR\nfields: {customer: [{name: A, type: text}]}",
		"!f:2: name: 'A' is not a column name (wanted: small letters, "
		"digits and _, a letter first)\n",
		""},
	    {"currency: EUR\nfields: {customer: [{name: name, type: text}]}",
		"!f:2: name: 'name' is a column that every store has\n", ""},
	    {"currency: EUR\n"
	     "fields: {customer: [{name: order_id, type: text}]}",
		"!f:2: name: 'order_id' is a column that every store has\n",
		""},
	    {"currency: EUR\nfields: {customer: [{name: a, type: txt}]}",
		"!f:2: type: 'txt' is not a type of a field (known: int, "
		"decimal, money, time, date, bool, enum, list, text)\n",
		"did you mean 'text'?"},
	    {"currency: EUR\nfields: {customer: [{name: a, type: enum}]}",
		"!f:2: 'a' is an enum: its values are missing\n", ""},
	    {"currency: EUR\n"
	     "fields: {customer: [{name: a, type: int, values: [x]}]}",
		"!f:2: values: only a field of type enum has values\n", ""},
	    {"currency: EUR\n"
	     "fields: {customer: [{name: a, type: int, index: maybe}]}",
		"!f:2: index: 'maybe' is not yes, no or unique\n", ""},
	    {"currency: EUR\nfields:\n  customer:\n"
	     "    - {name: a, type: int}\n    - {name: a, type: int}\n",
		"!f:5: name: 'a' occurs twice\n", ""},
	    {"currency: EUR\nsegments: {Vip: {where: x}}",
		"!f:2: Vip: not a name for a segment (wanted: small letters, "
		"digits and _, a letter first)\n",
		""},
	    {"currency: EUR\nsegments: {vip: {help: x}}",
		"!f:2: vip: 'where' is missing\n", ""},
	    {"currency: EUR\nsegments: {vip: {where: }}",
		"!f:2: where: the segment 'vip' needs a condition\n", ""},
	};
	struct crm_buf out = {0};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct crm_arena a = {0};
		struct crm_settings s;
		struct crm_err err = {0};

		crm_buf_clear(&out);
		if (crm_settings_read(
			crm_str(rows[i].in), "f", NULL, NULL, &a, &s, &err) < 0)
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
tags_stay_with_their_fields(void **state)
{
	struct crm_arena a = {0};
	struct crm_settings one, two, three;
	struct crm_err err = {0};

	(void)state;
	assert_int_equal(
	    crm_settings_read(crm_str(whole), "f", NULL, NULL, &a, &one, &err),
	    CRM_OK);
	/* In another order, one taken out, one new. */
	assert_int_equal(
	    crm_settings_read(
		CRM_STR(
		    "fields:\n  order: [{name: gift, type: bool}]\n"
		    "  customer:\n"
		    "    - {name: size, type: enum, values: [s, m, l, xl]}\n"
		    "    - {name: new, type: text}\n"
		    "    - {name: vat_id, type: text}\n"),
		"f", &one, NULL, &a, &two, &err),
	    CRM_OK);
	assert_string_equal(text(two.currency), "EUR");
	assert_string_equal(text(two.country), "NO");
	assert_int_equal(two.statuses.n, 0);
	assert_int_equal(two.custom[0].tag, CRM_TAG_CUSTOM + 3);
	assert_int_equal(two.custom[1].tag, CRM_TAG_CUSTOM + 2);
	assert_int_equal(two.custom[2].tag, CRM_TAG_CUSTOM + 4);
	assert_int_equal(two.custom[3].tag, CRM_TAG_CUSTOM + 0);
	assert_int_equal(two.next_tag, CRM_TAG_CUSTOM + 5);
	/* What was taken out comes back as another field. */
	assert_int_equal(crm_settings_read(
			     crm_str(whole), "f", &two, NULL, &a, &three, &err),
	    CRM_ECONFIG);
	assert_string_equal(err.text,
	    "'size': values may only be added, at the end of 's,m,l,xl'");
	assert_int_equal(
	    crm_settings_read(
		CRM_STR("fields: {customer: [{name: shoe_size, type: int}]}"),
		"f", &two, NULL, &a, &three, &err),
	    CRM_OK);
	assert_int_equal(three.custom[0].tag, CRM_TAG_CUSTOM + 5);
	crm_arena_release(&a);
}

static void
what_a_store_holds_does_not_change_its_meaning(void **state)
{
	static const struct {
		const char *in, *want;
	} rows[] = {
	    {"currency: USD", "!f:1: currency: the currency of this store is "
			      "EUR, which cannot change to USD\n"},
	    {"fields: {order: [{name: gift, type: int}]}",
		"!f:1: 'gift' is of type bool in this store, which cannot "
		"change to int\n"},
	    {"fields: {customer: [{name: size, type: enum, values: [m, s]}]}",
		"!f:1: 'size': values may only be added, at the end of "
		"'s,m,l'\n"},
	    {"fields: {customer: [{name: size, type: enum, values: [s, m, "
	     "lx]}]}",
		"!f:1: 'size': values may only be added, at the end of "
		"'s,m,l'\n"},
	    {"currency: EUR", ""},
	};
	struct crm_arena a = {0};
	struct crm_settings s, next;
	struct crm_buf out = {0};
	struct crm_err err = {0};

	(void)state;
	assert_int_equal(
	    crm_settings_read(crm_str(whole), "f", NULL, NULL, &a, &s, &err),
	    CRM_OK);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		crm_buf_clear(&out);
		if (crm_settings_read(crm_str(rows[i].in), "f", &s, NULL, &a,
			&next, &err) < 0)
			feed_put_error(&out, &err);
		if (!crm_str_is(crm_buf_str(&out), rows[i].want))
			fail_msg("row %zu: %s", i, crm_buf_cstr(&out));
	}
	crm_buf_release(&out);
	crm_arena_release(&a);
}

/* Same settings are the same bytes. */
static void
check_written(const struct crm_settings *s)
{
	struct crm_arena a = {0};
	struct crm_buf yaml = {0}, one = {0}, two = {0};
	struct crm_settings back;
	struct crm_err err = {0};

	crm_settings_write(s, &yaml);
	if (crm_settings_read(
		crm_buf_str(&yaml), "f", NULL, NULL, &a, &back, &err) < 0)
		fail_msg("%s: %s: %s\n%s", err.place, err.field, err.text,
		    crm_buf_cstr(&yaml));
	crm_settings_encode(s, &one);
	crm_settings_encode(&back, &two);
	if (!crm_str_eq(crm_buf_str(&one), crm_buf_str(&two)))
		fail_msg("not the same:\n%s", crm_buf_cstr(&yaml));
	crm_buf_release(&yaml);
	crm_buf_release(&one);
	crm_buf_release(&two);
	crm_arena_release(&a);
}

static void
what_is_written_reads_back_the_same(void **state)
{
	const struct crm_segment odd[] = {
	    {CRM_STR("a"), CRM_STR("name ~ \"it's\"\nand # no\ttab"),
		CRM_STR("\xc3\xa4 \xe2\x80\xa8 \xef\xbb\xbf \x7f \\ 'x'")},
	    {CRM_STR("null"), CRM_STR("null"), CRM_STR("~")},
	    {CRM_STR("no"), CRM_STR("- a: b"), CRM_STR(" blanks ")},
	};
	struct crm_arena a = {0};
	struct crm_settings s;
	struct crm_err err;

	(void)state;
	assert_int_equal(crm_settings_read(CRM_STR("currency: JPY"), "f", NULL,
			     NULL, &a, &s, &err),
	    CRM_OK);
	check_written(&s);
	assert_int_equal(
	    crm_settings_read(crm_str(whole), "f", NULL, NULL, &a, &s, &err),
	    CRM_OK);
	check_written(&s);
	s.segment = (struct crm_segment *)(uintptr_t)odd;
	s.nsegment = 3;
	check_written(&s);
	crm_arena_release(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_whole_file_is_read),
	    cmocka_unit_test(a_zone_brings_its_rules),
	    cmocka_unit_test(mistakes_are_answered_with_their_place),
	    cmocka_unit_test(tags_stay_with_their_fields),
	    cmocka_unit_test(what_a_store_holds_does_not_change_its_meaning),
	    cmocka_unit_test(what_is_written_reads_back_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
