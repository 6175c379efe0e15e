/*
 * fuzz_settings_codec.c - stored settings: what is read is written back as the
 * same bytes, and a schema is made of it or refused.
 */
#include <stdlib.h>

#include <crm/hash.h>
#include <crm/schema.h>

#include "fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct crm_str bytes;
	struct crm_buf in = {0};
	struct crm_arena a = {0};
	struct crm_buf b = {0};
	struct crm_settings set;
	struct crm_schema s;

	/* the checksum is put right, or nothing behind it would be tried */
	crm_buf_put(&in, p, n);
	crm_buf_putbe(&in, crm_crc32c(0, p, n), 4);
	bytes = crm_buf_str(&in);
	if (crm_settings_decode(bytes, &a, &set, NULL) == CRM_OK) {
		crm_settings_encode(&set, &b);
		if (!crm_str_eq(bytes, crm_buf_str(&b)))
			abort();
		if (crm_schema_init(&s, &set, NULL) == CRM_OK)
			crm_schema_release(&s);
	}
	crm_buf_release(&in);
	crm_buf_release(&b);
	crm_arena_release(&a);
	return 0;
}
