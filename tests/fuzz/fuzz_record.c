/*
 * fuzz_record.c - any bytes as a record of any kind: damage, or values that
 * encode to what decodes the same again.
 */
#include <stdlib.h>

#include <crm/store.h>

#include "fuzz/fuzz.h"

static void
check(bool ok)
{
	if (!ok)
		abort();
}

static void
run(const struct crm_schema *s, const struct crm_kind *k, struct crm_str bytes)
{
	struct crm_arena a = {0};
	struct crm_buf one = {0}, two = {0};
	struct crm_record *r = crm_record_new(k, &a);
	struct crm_record *again = crm_record_new(k, &a);

	check(r && again);
	if (crm_record_decode(s, bytes, &crm_want_all, r, NULL) == CRM_OK) {
		crm_record_encode(r, &one);
		check(crm_buf_check(&one, NULL) == CRM_OK);
		check(crm_record_decode(s, crm_buf_str(&one), &crm_want_all,
			  again, NULL) == CRM_OK);
		crm_record_encode(again, &two);
		check(crm_str_eq(crm_buf_str(&one), crm_buf_str(&two)));
	}
	crm_buf_release(&one);
	crm_buf_release(&two);
	crm_arena_release(&a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct crm_schema schema; /* made once, kept to the end */
	struct crm_str bytes = {(const char *)p, n};

	if (!schema.kind[CRM_K_CUSTOMER].name)
		check(crm_schema_init(&schema, NULL, NULL) == CRM_OK);
	for (int i = 0; i < CRM_K_MAX; i++)
		if (schema.kind[i].name)
			run(&schema, &schema.kind[i], bytes);
	return 0;
}
