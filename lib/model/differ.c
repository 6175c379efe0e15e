/*
 * differ.c - in which fields two records differ, in words.
 *
 * Rows of a part are matched by their numbers, which are never given twice.
 */
#include <crm/history.h>

struct differ {
	const struct crm_schema *schema;
	struct crm_change_row *row;
	crm_change_fn *fn;
	void *ctx;
	struct crm_buf old, new, name;
};

static int
say(struct differ *d, struct crm_str field, const struct crm_value *old,
    const struct crm_value *new, struct crm_err *err)
{
	if (old != NULL && new != NULL && crm_value_eq(old, new))
		return CRM_OK;
	if ((old == NULL || old->type == CRM_T_NONE) &&
	    (new == NULL || new->type == CRM_T_NONE))
		return CRM_OK;
	crm_buf_clear(&d->old);
	crm_buf_clear(&d->new);
	if (old != NULL)
		crm_value_put(d->schema, &d->old, old, false);
	if (new != NULL)
		crm_value_put(d->schema, &d->new, new, false);
	d->row->field = field;
	d->row->old = crm_buf_str(&d->old);
	d->row->new = crm_buf_str(&d->new);
	return d->fn(d->ctx, d->row, err);
}

static int
say_row(struct differ *d, const struct crm_part *part, uint32_t no,
    const struct crm_row *old, const struct crm_row *new, struct crm_err *err)
{
	size_t f;
	int r = CRM_OK;

	for (f = 0; f < part->nfields && r == CRM_OK; f++) {
		crm_buf_clear(&d->name);
		crm_buf_putf(
		    &d->name, "%s %u %s", part->name, no, part->fields[f].name);
		r = say(d, crm_buf_str(&d->name), old ? &old->v[f] : NULL,
		    new ? &new->v[f] : NULL, err);
	}
	return r;
}

static int
say_part(struct differ *d, const struct crm_kind *k, int part,
    struct crm_record *old, struct crm_record *new, struct crm_err *err)
{
	size_t i;
	int r = CRM_OK;

	for (i = 0; old != NULL && i < old->part[part].n && r == CRM_OK; i++) {
		const struct crm_row *row = &old->part[part].row[i];

		r = say_row(d, &k->parts[part], row->no, row,
		    new ? crm_record_row(new, part, row->no) : NULL, err);
	}
	for (i = 0; new != NULL &&i < new->part[part].n &&r == CRM_OK; i++) {
		const struct crm_row *row = &new->part[part].row[i];

		if (old == NULL || crm_record_row(old, part, row->no) == NULL)
			r = say_row(
			    d, &k->parts[part], row->no, NULL, row, err);
	}
	return r;
}

int
crm_record_differ(const struct crm_schema *s, struct crm_record *old,
    struct crm_record *new, struct crm_change_row *row, crm_change_fn *fn,
    void *ctx, struct crm_err *err)
{
	struct differ d = {.schema = s, .row = row, .fn = fn, .ctx = ctx};
	const struct crm_kind *k;
	int r = CRM_OK;

	if (old == NULL && new == NULL)
		return CRM_OK;
	k = (new ? new : old)->kind;
	for (size_t i = 1; i < k->nfields && r == CRM_OK; i++)
		if (!(k->fields[i].flags & CRM_F_FIGURE))
			r = say(&d, crm_str(k->fields[i].name),
			    old ? &old->v[i] : NULL, new ? &new->v[i] : NULL,
			    err);
	for (int p = 0; p < k->nparts && r == CRM_OK; p++)
		r = say_part(&d, k, p, old, new, err);
	crm_buf_release(&d.old);
	crm_buf_release(&d.new);
	crm_buf_release(&d.name);
	return r;
}
