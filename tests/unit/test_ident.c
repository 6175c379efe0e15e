/*
 * test_ident.c - the forms of identities, their keys, and references.
 */
#include "unit/tmpstore.h"

#include <crm/model.h>

static void
identities_have_one_form(void **state)
{
	static const struct {
		const char *scheme, *given, *wanted; /* or !the reason */
	} rows[] = {
	    {"email", "Ann@Example.ORG", "ann@example.org"},
	    {"email", "  ann@example.org ", "ann@example.org"},
	    {"email", "\xc3\x84nn@example.org", "\xc3\xa4nn@example.org"},
	    {"email", "a+b.c@x.co", "a+b.c@x.co"},
	    {"email", "ann", "!'ann' is not an e-mail address"},
	    {"email", "@x.org", "!is not an e-mail address"},
	    {"email", "a@", "!is not an e-mail address"},
	    {"email", "a@b@c", "!is not an e-mail address"},
	    {"email", "a@.b", "!is not an e-mail address"},
	    {"email", "a@b.", "!is not an e-mail address"},
	    {"email", "a b@c.org", "!is not an e-mail address"},
	    {"email", "a,b@c.org", "!is not an e-mail address"},
	    {"email", "Ann <a@c.org>", "!is not an e-mail address"},
	    {"email", "a\377@c.org", "!UTF-8"},
	    {"email", "a\177@c.org", "!control character"},
	    {"phone", "0171 5551234", "+491715551234"},
	    {"sku", " 85123A ", "85123A"},
	    {"sku", "85123a", "85123a"},
	    {"shopify", "2071", "2071"},
	    {"shopify", "e\xcc\x81", "\xc3\xa9"},
	    {"shopify", "", "!needs a value"},
	    {"shopify", "  ", "!needs a value"},
	    {"shopify", "a\001", "!control character"},
	    {"Shop", "1", "!'Shop' is not the name of a scheme"},
	    {"", "1", "!is not the name of a scheme"},
	    {"a-b", "1", "!is not the name of a scheme"},
	};
	struct crm_settings settings = tmpstore_settings();
	struct crm_schema schema = {.settings = &settings};
	char longest[400];
	struct crm_buf b = {0};
	struct crm_err err;
	size_t i;
	int r;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		crm_buf_clear(&b);
		err = (struct crm_err){0};
		r = crm_ident_normal(&schema, crm_str(rows[i].scheme),
		    crm_str(rows[i].given), &b, &err);
		if (rows[i].wanted[0] == '!') {
			if (r != CRM_EDATA ||
			    strstr(err.text, rows[i].wanted + 1) == NULL)
				fail_msg("%s:%s: %d '%s'", rows[i].scheme,
				    rows[i].given, r, err.text);
		} else if (r != CRM_OK ||
			   !crm_str_is(crm_buf_str(&b), rows[i].wanted))
			fail_msg("%s:%s: %.*s %s", rows[i].scheme,
			    rows[i].given, (int)b.n, b.p ? b.p : "", err.text);
	}
	memset(longest, 'x', sizeof longest);
	crm_buf_clear(&b);
	assert_int_equal(crm_ident_normal(&schema, CRM_STR("x"),
			     (struct crm_str){longest, 320}, &b, &err),
	    CRM_OK);
	crm_buf_clear(&b);
	assert_int_equal(crm_ident_normal(&schema, CRM_STR("x"),
			     (struct crm_str){longest, 321}, &b, &err),
	    CRM_EDATA);
	crm_buf_release(&b);
}

static void
some_identities_name_nobody(void **state)
{
	static const struct {
		const char *scheme, *normal;
		bool ignored;
	} rows[] = {
	    {"email", "noemail@shop.example", true},
	    {"email", "noemail2@x.org", true},
	    {"email", "ann@relay.example", true},
	    {"email", "ann@relay.example.org", false},
	    {"email", "none@none.example", true},
	    {"email", "xnone@none.example", false},
	    {"phone", "+490000000", true},
	    {"ebay", "none@none.example", false},
	};
	struct crm_settings settings = tmpstore_settings();
	struct crm_schema schema = {.settings = &settings};
	size_t i;

	(void)state;
	assert_false(crm_ident_ignored(
	    &schema, CRM_STR("email"), CRM_STR("noemail@shop.example")));
	settings.ignore = CRM_STR("email:noemail*,email:*@relay.example,"
				  "email:none@none.example,phone:+490000000,"
				  "nonsense");
	for (i = 0; i < sizeof rows / sizeof *rows; i++)
		if (crm_ident_ignored(&schema, crm_str(rows[i].scheme),
			crm_str(rows[i].normal)) != rows[i].ignored)
			fail_msg("%s:%s", rows[i].scheme, rows[i].normal);
}

static void
a_key_is_the_prefix_of_its_numbers(void **state)
{
	struct crm_buf a = {0}, b = {0}, c = {0};

	(void)state;
	crm_ident_key(&a, 1, CRM_STR("email"), CRM_STR("a@b.c"), 0);
	crm_ident_key(&b, 1, CRM_STR("email"), CRM_STR("a@b.c"), 7);
	crm_ident_key(&c, 1, CRM_STR("email"), CRM_STR("a@b.cd"), 7);
	assert_int_equal(b.n, a.n + 8);
	assert_true(crm_str_starts(crm_buf_str(&b), crm_buf_str(&a)));
	assert_false(crm_str_starts(crm_buf_str(&c), crm_buf_str(&a)));
	assert_true(crm_ident_unique(CRM_STR("email")));
	assert_true(crm_ident_unique(CRM_STR("shopify")));
	assert_false(crm_ident_unique(CRM_STR("phone")));
	crm_buf_release(&a);
	crm_buf_release(&b);
	crm_buf_release(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(identities_have_one_form),
	    cmocka_unit_test(some_identities_name_nobody),
	    cmocka_unit_test(a_key_is_the_prefix_of_its_numbers),
	};

	return cmocka_run_group_tests_name("ident", tests, NULL, NULL);
}
