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

	if (op->what == 'c' || op->what == 'r')
		r = crm_change_stored(ch, k, op->number, &old, err);
	if (r == CRM_OK && op->what != 'r')
		r = crm_change_get(ch, k, op->number, &new, err);
	if (r < 0)
		return r;
	return crm_record_differ(ch->schema, old, new, &row, fn, ctx, err);
}

int
crm_change_each(
    struct crm_change *ch, crm_change_fn *fn, void *ctx, struct crm_err *err)
{
	uint64_t off = 0, latest;
	struct crm_op op;
	int r;

	r = crm_change_guard(ch, err);
	while (r == CRM_OK && off < ch->spool.size) {
		r = crm_spool_pread(&ch->spool, off, &op, sizeof op, err);
		if (r < 0)
			break;
		if (op.what != 'x' &&
		    crm_idmap_get(&ch->latest, crm_op_slot(op.kind, op.number),
			&latest) &&
		    latest == off + 1) {
			r = one(ch, &op, fn, ctx, err);
			crm_change_reset(ch);
		}
		off += sizeof op + op.image + op.keys + op.effects;
	}
	return r;
}
