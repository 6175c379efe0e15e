/*
 * fuzz_columns.c - any bytes as a block of columns: damage, or records that
 * packed once more are read as the same.
 */
#include <stdlib.h>

#include "fuzz/fuzz.h"
#include "store/columns_wire.h"

#define FIRST CRM_COLUMNS_RANGE

static void
check(bool ok)
{
	if (!ok)
		abort();
}

/* The rows of two records. */
static void
check_rows(const struct crm_columns *c, const struct crm_columns *d,
    const struct crm_record *r, const struct crm_record *s)
{
	const struct crm_part *part = &r->kind->parts[0];

	if (!crm_columns_has_cell(c, -1) || !crm_columns_has_cell(d, -1))
		return;
	check(r->part[0].n == s->part[0].n);
	for (size_t i = 0; i < r->part[0].n; i++)
		for (int f = 0; f < part->nfields; f++)
			check(!crm_columns_has_cell(c, f) ||
			      !crm_columns_has_cell(d, f) ||
			      crm_value_eq(&r->part[0].row[i].v[f],
				  &s->part[0].row[i].v[f]));
}

static void
again(struct crm_columns *c, struct crm_columns *d, struct crm_str bytes,
    const struct crm_kind *k)
{
	struct crm_arena a = {0};
	struct crm_pack *pack = crm_pack_new(k);
	struct crm_record *r = crm_record_new(k, &a);
	struct crm_record *s = crm_record_new(k, &a);
	struct crm_buf block = {0};
	int code;

	check(pack && r && s);
	crm_pack_begin(pack, FIRST);
	while ((code = crm_columns_next(c, r, NULL)) == CRM_OK)
		crm_pack_add(pack, r);
	crm_pack_end(pack, CRM_COLUMNS_RANGE, &block);
	check(crm_buf_check(&block, NULL) == CRM_OK);
	check(crm_columns_take(d, FIRST, crm_buf_str(&block), NULL) == CRM_OK);
	check(crm_columns_take(c, FIRST, bytes, NULL) == CRM_OK);
	while (code == CRM_NOTFOUND && crm_columns_next(c, r, NULL) == CRM_OK) {
		check(crm_columns_next(d, s, NULL) == CRM_OK);
		check(r->id == s->id);
		for (int i = 0; i < k->nfields; i++)
			check(!crm_columns_has(c, i) ||
			      !crm_columns_has(d, i) ||
			      crm_value_eq(&r->v[i], &s->v[i]));
		check_rows(c, d, r, s);
	}
	crm_buf_release(&block);
	crm_pack_free(pack);
	crm_arena_release(&a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct crm_schema schema; /* made once, kept to the end */
	const struct crm_kind *k = &schema.kind[CRM_K_ORDER];
	struct crm_str bytes = {(const char *)p, n};
	struct crm_columns *c, *d;

	if (!k->name)
		check(crm_schema_init(&schema, NULL, NULL) == CRM_OK);
	check(crm_columns_make(&schema, k, NULL, 0, &c, NULL) == CRM_OK);
	check(crm_columns_make(&schema, k, NULL, 0, &d, NULL) == CRM_OK);
	if (crm_columns_take(c, FIRST, bytes, NULL) == CRM_OK)
		again(c, d, bytes, k);
	crm_columns_close(c);
	crm_columns_close(d);
	return 0;
}
