/*
 * remove.c - taking records out, and refusing to when something needs them.
 *
 * A removed record leaves a tombstone; the events about it go with it.  What
 * refers to it is looked for once for all removed records, when the change
 * is about to be written.
 */
#include "change.h"

/* A record goes and leaves a tombstone; gone notes what became of it. */
static int
leave(struct crm_change *ch, const struct crm_record *old, char what,
    struct crm_str image, struct crm_idmap *gone, uint64_t became,
    struct crm_err *err)
{
	struct crm_buf keys = {0}, effects = {0};
	struct crm_op op = {.kind = old->kind->number,
	    .what = what,
	    .number = old->id,
	    .base = old->revision};
	int r;

	r = crm_change_derive(ch, old, NULL, &keys, &effects, err);
	if (r == CRM_OK)
		r = crm_change_spool(ch, &op, image, crm_buf_str(&keys),
		    crm_buf_str(&effects), err);
	if (r == CRM_OK && crm_idmap_put(gone, crm_op_slot(op.kind, op.number),
			       became) == CRM_ENOMEM)
		r = crm_err_nomem(err);
	if (r == CRM_OK)
		r = crm_change_unique(ch, old, -1, err);
	if (r == CRM_OK)
		ch->count[op.kind].removed++;
	crm_buf_release(&keys);
	crm_buf_release(&effects);
	return r;
}

int
crm_change_take_out(
    struct crm_change *ch, const struct crm_record *old, struct crm_err *err)
{
	return leave(
	    ch, old, 'r', (struct crm_str){"", 0}, &ch->removed, 1, err);
}

/* The events about a record go with it: they are its own history. */
static int
remove_events(struct crm_change *ch, const struct crm_kind *k, uint64_t number,
    struct crm_err *err)
{
	struct crm_prefix p =
	    crm_prefix_events(ch->txn, ch->schema, k->number, number);
	struct crm_record *event;
	uint64_t gone;
	int r = CRM_OK;

	while (r == CRM_OK) {
		r = crm_prefix_record(
		    &p, &ch->schema->kind[CRM_K_EVENT], &ch->work, &event, err);
		if (r == CRM_OK &&
		    !crm_idmap_get(&ch->removed,
			crm_op_slot(CRM_K_EVENT, event->id), &gone))
			r = crm_change_take_out(ch, event, err);
	}
	crm_prefix_close(&p);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

/* The stored record, which this change may not have touched yet. */
static int
untouched(struct crm_change *ch, const struct crm_kind *k, uint64_t number,
    const char *what, struct crm_record **old, struct crm_err *err)
{
	uint64_t off;
	int r;

	if (crm_latest_get(ch, k->number, number, &off))
		return crm_err_set(err, CRM_EDATA,
		    "%s%llu is changed and %s in one command", k->letter,
		    (unsigned long long)number, what);
	r = crm_change_stored(ch, k, number, old, err);
	if (r == CRM_NOTFOUND)
		return crm_err_set(err, CRM_NOTFOUND, "there is no %s %s%llu",
		    k->name, k->letter, (unsigned long long)number);
	return r;
}

int
crm_change_remove(struct crm_change *ch, const struct crm_kind *k,
    uint64_t number, struct crm_err *err)
{
	struct crm_record *old;
	uint64_t off;
	int r;

	if (crm_idmap_get(&ch->removed, crm_op_slot(k->number, number), &off))
		return CRM_NO;
	r = untouched(ch, k, number, "removed", &old, err);
	if (r == CRM_OK && k->number != CRM_K_EVENT)
		r = remove_events(ch, k, number, err);
	if (r == CRM_OK)
		r = crm_change_take_out(ch, old, err);
	return r;
}

int
crm_change_merge(struct crm_change *ch, const struct crm_kind *k,
    uint64_t number, uint64_t into, struct crm_err *err)
{
	struct crm_buf image = {0};
	struct crm_record *old;
	int r = untouched(ch, k, number, "merged", &old, err);

	if (r < 0)
		return r;
	crm_buf_putvar(&image, into);
	r = crm_buf_check(&image, err);
	if (r == CRM_OK)
		r = leave(
		    ch, old, 'm', crm_buf_str(&image), &ch->merged, into, err);
	crm_buf_release(&image);
	return r;
}

/* ---- the guard ---- */

static bool
is_removed(const struct crm_change *ch, const struct crm_value *v)
{
	uint64_t gone;

	return v->type == CRM_T_ID &&
	       crm_idmap_get(
		   &ch->removed, crm_op_slot(v->kind, (uint64_t)v->i), &gone);
}

static int
referred(const struct crm_change *ch, const struct crm_value *v,
    const struct crm_record *by, const char *field, struct crm_err *err)
{
	struct crm_buf what = {.max = 64}, who = {.max = 64};
	struct crm_id id = {.kind = v->kind, .number = (uint64_t)v->i};
	struct crm_id from = {.kind = by->kind->number, .number = by->id};

	crm_id_put(ch->schema, &what, &id, true);
	crm_id_put(ch->schema, &who, &from, true);
	crm_err_set(err, CRM_EDATA, "%.*s cannot be removed: %.*s refers to it",
	    (int)what.n, what.p ? what.p : "", (int)who.n, who.p ? who.p : "");
	crm_err_field(err, field, strlen(field));
	crm_buf_release(&what);
	crm_buf_release(&who);
	return CRM_EDATA;
}

static int
guard_record(const struct crm_change *ch, const struct crm_record *rec,
    struct crm_err *err)
{
	const struct crm_kind *k = rec->kind;
	uint64_t gone;
	size_t i, p, row;

	if (crm_idmap_get(&ch->removed, crm_op_slot(k->number, rec->id), &gone))
		return CRM_OK;
	for (i = 1; i < k->nfields; i++)
		if (is_removed(ch, &rec->v[i]))
			return referred(
			    ch, &rec->v[i], rec, k->fields[i].name, err);
	for (p = 0; p < k->nparts; p++)
		for (row = 0; row < rec->part[p].n; row++)
			for (i = 0; i < k->parts[p].nfields; i++) {
				const struct crm_value *v =
				    &rec->part[p].row[row].v[i];

				if (is_removed(ch, v))
					return referred(ch, v, rec,
					    k->parts[p].fields[i].name, err);
			}
	return CRM_OK;
}

/* The fields and parts of a kind that may name a removed kind. */
static bool
guard_wants(const struct crm_change *ch, const struct crm_kind *k,
    struct crm_want *want)
{
	bool any = false;
	size_t i, p;

	memset(want, 0, sizeof *want);
	for (i = 1; i < k->nfields; i++) {
		const struct crm_field *f = &k->fields[i];

		if (f->type == CRM_T_ID &&
		    (f->ref == 0 || ch->count[f->ref].removed > 0)) {
			crm_want_field(want, (int)i);
			any = true;
		}
	}
	for (p = 0; p < k->nparts; p++)
		for (i = 0; i < k->parts[p].nfields; i++) {
			const struct crm_field *f = &k->parts[p].fields[i];

			if (f->type == CRM_T_ID &&
			    (f->ref == 0 || ch->count[f->ref].removed > 0)) {
				want->parts |= 1u << p;
				any = true;
			}
		}
	return any;
}

/* The records this change puts, as they will be. */
static int
guard_pending(struct crm_change *ch, struct crm_err *err)
{
	struct crm_record *rec;
	struct crm_op op;
	uint64_t off = 0;
	int r;

	while ((r = crm_change_next(ch, &off, &op, err)) == CRM_OK) {
		if (crm_op_goes(&op))
			continue;
		r = crm_change_get(
		    ch, &ch->schema->kind[op.kind], op.number, &rec, err);
		if (r == CRM_OK)
			r = guard_record(ch, rec, err);
		crm_change_reset(ch);
		if (r < 0)
			return r;
	}
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

int
crm_change_guard(struct crm_change *ch, struct crm_err *err)
{
	struct crm_scan *scan;
	struct crm_record *rec;
	struct crm_want want;
	uint64_t off;
	unsigned kind;
	int r;

	if (ch->removed.n == 0)
		return CRM_OK;
	r = guard_pending(ch, err);
	if (r < 0)
		return r;
	for (kind = 1; kind < CRM_K_MAX; kind++) {
		const struct crm_kind *k = &ch->schema->kind[kind];

		if (k->name == NULL || !guard_wants(ch, k, &want))
			continue;
		r = crm_scan_open(
		    ch->txn, ch->schema, k, &want, INT64_MAX, &scan, err);
		if (r < 0)
			return r;
		while ((r = crm_scan_next(scan, &rec, err)) == CRM_OK) {
			/* what it will refer to was looked at */
			if (crm_latest_get(ch, kind, rec->id, &off))
				continue;
			r = guard_record(ch, rec, err);
			if (r < 0)
				break;
		}
		crm_scan_close(scan);
		if (r < 0 && r != CRM_NOTFOUND)
			return r;
	}
	return CRM_OK;
}
