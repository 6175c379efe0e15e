/*
 * fuzz_value.c - any text as a value of any type.
 *
 * The first byte chooses the type, the second flags and the currency's digits.
 * What is taken must be written so that strict parsing takes it again as the
 * same value; its key must keep to the limit.
 */
#include <stdlib.h>

#include <crm/schema.h>

#include "fuzz/fuzz.h"

static void
must(bool ok)
{
	if (!ok)
		abort();
}

static void
again(
    const struct crm_field *f, struct crm_parse *ctx, const struct crm_value *v)
{
	struct crm_buf b = {0};
	struct crm_value w;
	bool reference = v->type == CRM_T_ID && v->i == 0;

	crm_value_put(ctx->schema, &b, v, false);
	ctx->flags = reference ? 0 : CRM_PARSE_STRICT;
	must(crm_value_parse(f, crm_buf_str(&b), ctx, &w, NULL) == CRM_OK);
	must(crm_value_eq(v, &w));
	crm_buf_clear(&b);
	crm_value_key(&b, v);
	must(b.n <= 200);
	crm_buf_release(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct crm_schema schema;
	struct crm_arena arena = {0};
	struct crm_field f = {.name = "f", .values = "silver,gold"};
	struct crm_parse ctx = {.schema = &schema, .arena = &arena};
	struct crm_value v;
	struct crm_err err = {0};
	struct crm_str text;

	if (!schema.kind[CRM_K_ORDER].name)
		must(crm_schema_init(&schema, NULL, NULL) == CRM_OK);
	if (n < 2)
		return 0;
	f.type = (uint8_t)(CRM_T_ID + p[0] % (CRM_T_TEXT - CRM_T_ID + 1));
	if (f.type == CRM_T_ID && (p[0] & 0x80))
		f.ref = CRM_K_ORDER;
	if (p[1] & 0x10)
		f.flags = CRM_F_FOLD;
	if (p[1] & 0x20)
		ctx.flags = CRM_PARSE_CLEAN;
	ctx.digits = p[1] % 6 - 1;
	text = (struct crm_str){(const char *)p + 2, n - 2};
	if (crm_value_parse(&f, text, &ctx, &v, &err) == CRM_OK) {
		/* A reference whose kind was given is put without it. */
		if (v.type == CRM_T_ID && v.i == 0)
			f.ref = v.kind;
		again(&f, &ctx, &v);
	} else {
		must(err.text[0] != '\0' && err.field[0] == 'f');
	}
	crm_arena_release(&arena);
	return 0;
}
