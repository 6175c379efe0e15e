/*
 * party_at.c - a party as of a moment of the past.
 *
 * A past that was imported today can be looked at: whoever had an order, a
 * contact or a ticket by then was there, whenever the record was made.  What
 * has dates is as it was (figures, stages); tier, country and the like have
 * none and keep their value.
 */
#include "party_parts.h"

/* Was there a contact or a ticket? */
static int
talked_by(struct crm_txn *t, const struct crm_schema *s, uint64_t customer,
    int64_t at, struct crm_err *err)
{
	struct crm_tally y;
	int r = crm_talk_at(t, s, customer, at, &y, err);

	return r == CRM_OK && y.touches + y.tickets == 0 ? CRM_NO : r;
}

static int
bought_by(struct crm_txn *t, uint64_t customer, int64_t at, struct crm_err *err)
{
	struct crm_ledger_entry first;
	struct crm_ledger *l;
	int r;

	r = crm_ledger_open(t, customer, &l, err);
	if (r < 0)
		return r;
	r = crm_ledger_next(l, &first, err);
	crm_ledger_close(l);
	if (r == CRM_NOTFOUND)
		return CRM_NO;
	return r == CRM_OK && first.time >= at ? CRM_NO : r;
}

/* Takes an event for the role's stage when it is the latest before `at`. */
static void
stage_event(const struct crm_record *e, int64_t at, const char *values,
    struct crm_row *role)
{
	const struct crm_value *when = crm_record_get(e, "at");
	struct crm_str now = crm_record_get(e, "new")->s;
	struct crm_value *stage = &role->v[CRM_R_STAGE];
	struct crm_value *since = &role->v[CRM_R_SINCE];

	if (crm_record_get(e, "what")->i != CRM_EVENT_STAGE ||
	    !crm_str_eq(crm_record_get(e, "topic")->s, role->v[CRM_R_ROLE].s) ||
	    when->i >= at || (since->type == CRM_T_TIME && when->i < since->i))
		return;
	*stage = crm_value_enum(values, crm_enum_place(values, now));
	*since = *when;
}

/* The stage a role had, from the events about the party. */
static int
stage_at(struct crm_txn *t, const struct crm_schema *s, int64_t at,
    struct crm_record *rec, struct crm_row *role, struct crm_err *err)
{
	const struct crm_part *part =
	    &rec->kind->parts[crm_kind_part(rec->kind, CRM_STR("role"))];
	struct crm_prefix p = crm_prefix_events(t, s, CRM_K_CUSTOMER, rec->id);
	struct crm_record *e;
	int r;

	role->v[CRM_R_STAGE] = role->v[CRM_R_SINCE] =
	    (struct crm_value){.type = CRM_T_NONE};
	while ((r = crm_prefix_record(
		    &p, &s->kind[CRM_K_EVENT], rec->arena, &e, err)) == CRM_OK)
		stage_event(e, at, part->fields[CRM_R_STAGE].values, role);
	crm_prefix_close(&p);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

int
crm_customer_at(struct crm_txn *t, const struct crm_schema *s, int64_t at,
    struct crm_record *rec, struct crm_err *err)
{
	const struct crm_value *created = crm_record_get(rec, "created");
	struct crm_rows *roles =
	    &rec->part[crm_kind_part(rec->kind, CRM_STR("role"))];
	int r = CRM_OK;

	if (created->type == CRM_T_TIME && created->i >= at)
		r = bought_by(t, rec->id, at, err);
	if (r == CRM_NO)
		r = talked_by(t, s, rec->id, at, err);
	for (size_t i = 0; r == CRM_OK && i < roles->n; i++) {
		struct crm_row *role = &roles->row[i];

		if (role->v[CRM_R_SINCE].type == CRM_T_TIME &&
		    role->v[CRM_R_SINCE].i >= at)
			r = stage_at(t, s, at, rec, role, err);
	}
	return r;
}

/* Products have no dates but that of their record, which says little: what
 * was sold in a year was there then. */
int
crm_product_at(struct crm_txn *t, const struct crm_schema *s, int64_t at,
    struct crm_record *rec, struct crm_err *err)
{
	(void)t;
	(void)s;
	(void)at;
	(void)rec;
	(void)err;
	return CRM_OK;
}
