/*
 * fuzz_settings.c - any bytes as crm.yaml: refused with a message, or settings
 * that a schema can be made of, that are stored and read back the same, and
 * written as a crm.yaml that says the same - with themselves applied too.
 */
#include <stdlib.h>

#include <crm/config.h>

#include "fuzz/fuzz.h"

static void
want(bool ok)
{
	if (!ok)
		abort();
}

static bool
same(const struct crm_settings *a, const struct crm_settings *b)
{
	struct crm_buf one = {0}, two = {0};
	bool yes;

	crm_settings_encode(a, &one);
	crm_settings_encode(b, &two);
	yes = crm_str_eq(crm_buf_str(&one), crm_buf_str(&two));
	crm_buf_release(&one);
	crm_buf_release(&two);
	return yes;
}

static void
check(const struct crm_settings *s, struct crm_arena *a)
{
	struct crm_settings back;
	struct crm_schema schema;
	struct crm_buf b = {0};

	want(crm_schema_init(&schema, s, NULL) == CRM_OK);
	crm_schema_release(&schema);
	crm_settings_encode(s, &b);
	want(crm_settings_decode(crm_buf_str(&b), a, &back, NULL) == CRM_OK);
	want(same(s, &back));
	crm_buf_clear(&b);
	crm_settings_write(s, &b);
	/* A file of very many escapes may be too long to be read. */
	if (b.n <= 1 << 20) {
		want(crm_settings_read(crm_buf_str(&b), "f", s, NULL, a, &back,
			 NULL) == CRM_OK);
		want(same(s, &back));
	}
	crm_buf_release(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct crm_arena a = {0};
	struct crm_settings s;
	struct crm_err err = {0};
	int code;

	code = crm_settings_read((struct crm_str){(const char *)p, n}, "f",
	    NULL, NULL, &a, &s, &err);
	if (code == CRM_OK)
		check(&s, &a);
	else
		want(code == CRM_ECONFIG && err.text[0]);
	crm_arena_release(&a);
	return 0;
}
