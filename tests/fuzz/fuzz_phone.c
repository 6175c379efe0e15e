/*
 * fuzz_phone.c - any text as a telephone number.
 *
 * The first byte chooses the store's country.  What is taken has the form of
 * E.164 and is its own normal form, whatever the country.
 */
#include <stdlib.h>

#include <crm/model.h>

#include "fuzz/fuzz.h"

static void
must(bool ok)
{
	if (!ok)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const char *const countries[] = {
	    "DE", "US", "IT", "RU", "GB", "HU", "MX", "SG", "BY", "JP", ""};
	static struct crm_schema schema;
	static struct crm_settings settings;
	struct crm_buf one = {0}, two = {0};
	struct crm_err err = {0};
	struct crm_str text;
	size_t i;

	if (n < 1)
		return 0;
	schema.settings = &settings;
	settings.country =
	    crm_str(countries[p[0] % (sizeof countries / sizeof *countries)]);
	text = (struct crm_str){(const char *)p + 1, n - 1};
	if (crm_ident_normal(&schema, CRM_STR("phone"), text, &one, &err) < 0) {
		must(err.code == CRM_EDATA && err.text[0] != '\0');
		goto out;
	}
	must(one.n >= 7 && one.n <= 16 && one.p[0] == '+' && one.p[1] != '0');
	for (i = 1; i < one.n; i++)
		must(one.p[i] >= '0' && one.p[i] <= '9');
	settings.country = CRM_STR("");
	must(crm_ident_normal(&schema, CRM_STR("phone"), crm_buf_str(&one),
		 &two, &err) == CRM_OK);
	must(crm_str_eq(crm_buf_str(&one), crm_buf_str(&two)));
out:
	crm_buf_release(&one);
	crm_buf_release(&two);
	return 0;
}
