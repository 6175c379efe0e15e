/*
 * each.c - what a change would do, field by field, in words.
 */
#include "change.h"

struct each {
	struct crm_change *ch;
	crm_change_fn *fn;
	void *ctx;
	struct crm_change_row row;
	struct crm_buf old, new, name;
};

static int
say(struct each *e, struct crm_str field, const struct crm_value *old,
    const struct crm_value *new, struct crm_err *err)
{
	const struct crm_schema *s = e->ch->schema;

	if (old != NULL && new != NULL && crm_value_eq(old, new))
		return CRM_OK;
	if ((old == NULL || old->type == CRM_T_NONE) &&
	    (new == NULL || new->type == CRM_T_NONE))
		return CRM_OK;
	crm_buf_clear(&e->old);
	crm_buf_clear(&e->new);
	if (old != NULL)
		crm_value_put(s, &e->old, old, false);
	if (new != NULL)
		crm_value_put(s, &e->new, new, false);
	e->row.field = field;
	e->row.old = crm_buf_str(&e->old);
	e->row.new = crm_buf_str(&e->new);
	return e->fn(e->ctx, &e->row, err);
}

static int
say_row(struct each *e, const struct crm_part *part, uint32_t no,
    const struct crm_row *old, const struct crm_row *new, struct crm_err *err)
{
	size_t f;
	int r = CRM_OK;

	for (f = 0; f < part->nfields && r == CRM_OK; f++) {
		crm_buf_clear(&e->name);
		crm_buf_putf(
		    &e->name, "%s %u %s", part->name, no, part->fields[f].name);
		r = say(e, crm_buf_str(&e->name), old ? &old->v[f] : NULL,
		    new ? &new->v[f] : NULL, err);
	}
	return r;
}

static int
say_record(struct each *e, struct crm_record *old, struct crm_record *new,
    struct crm_err *err)
{
	const struct crm_kind *k = (new ? new : old)->kind;
	struct crm_row *mate;
	size_t i, p;
	int r = CRM_OK;

	for (i = 1; i < k->nfields && r == CRM_OK; i++)
		if (!(k->fields[i].flags & CRM_F_FIGURE))
			r = say(e, crm_str(k->fields[i].name),
			    old ? &old->v[i] : NULL, new ? &new->v[i] : NULL,
			    err);
	for (p = 0; p < k->nparts; p++) {
		for (i = 0; old && i < old->part[p].n && r == CRM_OK; i++) {
			struct crm_row *row = &old->part[p].row[i];

			mate =
			    new ? crm_record_row(new, (int)p, row->no) : NULL;
			r = say_row(e, &k->parts[p], row->no, row, mate, err);
		}
		for (i = 0; new &&i < new->part[p].n &&r == CRM_OK; i++) {
			struct crm_row *row = &new->part[p].row[i];

			if (old == NULL ||
			    crm_record_row(old, (int)p, row->no) == NULL)
				r = say_row(
				    e, &k->parts[p], row->no, NULL, row, err);
		}
	}
	return r;
}

static int
one(struct each *e, const struct crm_op *op, struct crm_err *err)
{
	const struct crm_kind *k = &e->ch->schema->kind[op->kind];
	struct crm_record *old = NULL, *new = NULL;
	int r = CRM_OK;

	if (op->what != 'a')
		r = crm_change_stored(e->ch, k, op->number, &old, err);
	if (r == CRM_OK && op->what != 'r')
		r = crm_change_get(e->ch, k, op->number, &new, err);
	if (r < 0)
		return r;
	e->row.op = op->what;
	e->row.id = crm_value_id(op->kind, op->number);
	return say_record(e, old, new, err);
}

int
crm_change_each(
    struct crm_change *ch, crm_change_fn *fn, void *ctx, struct crm_err *err)
{
	struct each e = {.ch = ch, .fn = fn, .ctx = ctx};
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
			r = one(&e, &op, err);
			crm_change_reset(ch);
		}
		off += sizeof op + op.image + op.keys + op.effects;
	}
	crm_buf_release(&e.old);
	crm_buf_release(&e.new);
	crm_buf_release(&e.name);
	return r;
}
