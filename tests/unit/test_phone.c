/*
 * test_phone.c - telephone numbers as people write them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "model/phone.h"

struct row {
	const char *country, *given, *wanted; /* or !the reason */
};

static const struct row rows[] = {
    {"DE", "+49 171 5551234", "+491715551234"},
    {"DE", "0171/555 12-34", "+491715551234"},
    {"DE", "0049 171 5551234", "+491715551234"},
    {"DE", "+49 (0)171 5551234", "+491715551234"},
    {"DE", "0049 (0)171 5551234", "+491715551234"},
    {"DE", "(0171) 555.1234", "+491715551234"},
    {"DE", "171 5551234", "+491715551234"},
    {"DE", "+86 138 0013 8000", "+8613800138000"},
    {"DE", "\t030 123456\t", "+4930123456"},
    {"IT", "06 698 12345", "+390669812345"},
    {"ES", "612 345 678", "+34612345678"},
    {"HU", "06 20 123 4567", "+36201234567"},
    {"US", "(212) 555-0100", "+12125550100"},
    {"US", "1-212-555-0100", "+12125550100"},
    {"US", "011 49 30 123456", "+4930123456"},
    {"GB", "020 7946 0000", "+442079460000"},
    {"GB", "00 1 212 555 0100", "+12125550100"},
    {"JP", "010 1 212 555 0100", "+12125550100"},
    {"JP", "03-1234-5678", "+81312345678"},
    {"CN", "0086 10 1234 5678", "+861012345678"},
    {"RU", "8 (495) 123-45-67", "+74951234567"},
    {"RU", "810 49 30 123456", "+4930123456"},
    {"SG", "6123 4567", "+6561234567"},
    {"", "+4930123456", "+4930123456"},
    {"ZZ", "004930123456", "+4930123456"},
    {"", "030123456", "!the store has no country"},
    {"DE", "", "!too short"},
    {"DE", "+", "!too short"},
    {"DE", "12", "!too short"},
    {"DE", "00", "!too short"},
    {"DE", "+49 30 1234567890123", "!more than 15 digits"},
    {"DE", "11111111111111111111111111111111111111111111111111",
	"!more than 15 digits"},
    {"DE", "+0301234567", "!no country has a code with 0"},
    {"DE", "000 12345678", "!no country has a code with 0"},
    {"DE", "0171 CALL ME", "!digits, and + ( ) - . / between them, wanted"},
    {"DE", "49+30123456", "!digits, and"},
    {"DE", "++4930123456", "!digits, and"},
    {"DE", "0171\n5551234", "!digits, and"},
};

static void
numbers_are_brought_into_one_form(void **state)
{
	struct crm_settings settings = {0};
	struct crm_schema schema = {.settings = &settings};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct row *row = &rows[i];
		struct crm_buf b = {0};
		struct crm_err err = {0};
		int r;

		settings.country = crm_str(row->country);
		r = crm_phone_normal(&schema, crm_str(row->given), &b, &err);
		if (row->wanted[0] == '!') {
			if (r != CRM_EDATA ||
			    strstr(err.text, row->wanted + 1) == NULL)
				fail_msg("%s '%s': %d '%s'", row->country,
				    row->given, r, err.text);
		} else if (r != CRM_OK ||
			   !crm_str_is(crm_buf_str(&b), row->wanted))
			fail_msg("%s '%s': %.*s %s", row->country, row->given,
			    (int)b.n, b.p ? b.p : "", err.text);
		crm_buf_release(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(numbers_are_brought_into_one_form),
	};

	return cmocka_run_group_tests_name("phone", tests, NULL, NULL);
}
