/*
 * test_country.c - country codes: capitals, and only those there are.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <crm/num.h>

static void
codes_are_known_in_any_case(void **state)
{
	static const struct {
		const char *text, *want; /* NULL: refused */
	} rows[] = {{"DE", "DE"}, {"de", "DE"}, {"dE", "DE"}, {"AD", "AD"},
	    {"zw", "ZW"}, {"XK", "XK"}, {"GB", "GB"}, {"UK", NULL},
	    {"EL", NULL}, {"AA", NULL}, {"ZZ", NULL}, {"D", NULL}, {"", NULL},
	    {"DEU", NULL}, {"Germany", NULL}, {"D ", NULL}, {"\xc3\x84", NULL}};
	char out[2];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct crm_err err = {0};
		int r = crm_country_normal(crm_str(rows[i].text), out, &err);

		if (r != (rows[i].want ? CRM_OK : CRM_EDATA))
			fail_msg("'%s': %d %s", rows[i].text, r, err.text);
		if (r == CRM_OK && memcmp(out, rows[i].want, 2) != 0)
			fail_msg("'%s': %.2s", rows[i].text, out);
		if (r < 0 && strstr(err.text, rows[i].text) == NULL)
			fail_msg("'%s': %s", rows[i].text, err.text);
	}
}

static void
there_are_250_of_them(void **state)
{
	unsigned n = 0;
	char out[2], text[2];

	(void)state;
	for (text[0] = 'A'; text[0] <= 'Z'; text[0]++)
		for (text[1] = 'A'; text[1] <= 'Z'; text[1]++)
			n += crm_country_normal((struct crm_str){text, 2}, out,
				 NULL) == CRM_OK;
	assert_int_equal(n, 250);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(codes_are_known_in_any_case),
	    cmocka_unit_test(there_are_250_of_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
