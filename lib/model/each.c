/*
 * each.c - what a change would do, field by field, in words.
 */
#include <crm/history.h>

#include "change.h"

static int
one(struct crm_change *ch, const struct crm_op *op, crm_change_fn *fn,
    void *ctx, struct crm_err *err)
{
	const struct crm_kind *k = &ch->schema->kind[op->kind];
	struct crm_change_row row = {
	    .op = op->what, .id = crm_value_id(op->kind, op->number)};
	struct crm_record *old = NULL, *new = NULL;
	int r = CRM_OK;

	if (op->what == 'c' || crm_op_goes(op))
		r = crm_change_stored(ch, k, op->number, &old, err);
	if (r == CRM_OK && !crm_op_goes(op))
		r = crm_change_get(ch, k, op->number, &new, err);
	if (r == CRM_NOTFOUND)
		return crm_err_set(err, CRM_EDAMAGE, "%s%llu is gone",
		    k->letter, (unsigned long long)op->number);
	if (r < 0)
		return r;
	return crm_record_differ(ch->schema, old, new, &row, fn, ctx, err);
}

int
crm_change_each(
    struct crm_change *ch, crm_change_fn *fn, void *ctx, struct crm_err *err)
{
	struct crm_op op;
	uint64_t off = 0;
	int r;

	r = crm_change_guard(ch, err);
	while (r == CRM_OK &&
	       (r = crm_change_next(ch, &off, &op, err)) == CRM_OK) {
		r = one(ch, &op, fn, ctx, err);
		crm_change_reset(ch);
	}
	return r == CRM_NOTFOUND ? CRM_OK : r;
}
