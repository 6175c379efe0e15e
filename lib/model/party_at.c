/*
 * party_at.c - a party as of a moment of the past.
 *
 * A past that was imported today can be looked at: whoever had an order by
 * then was there, whenever the record was made.  What has dates is as it was
 * (figures, stages); tier, country and the like have none and keep their value.
 */
#include "hooks.h"

#define WHAT_STAGE 1

/* The part `role`. */
enum { ROLE, STAGE, SINCE };

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

/* Takes the event for a role's stage when it is the latest before `at`. */
static int
stage_event(struct crm_txn *t, const struct crm_kind *k, uint64_t number,
    int64_t at, const struct crm_kind *party, struct crm_row *role,
    struct crm_arena *a, struct crm_err *err)
{
	const char *values = party->parts[crm_kind_part(party, CRM_STR("role"))]
				 .fields[STAGE]
				 .values;
	struct crm_record *e = crm_record_new(k, a);
	const struct crm_value *when, *now;
	int r;

	if (e == NULL)
		return crm_err_nomem(err);
	r = crm_record_read(t, k, number, &crm_want_all, e, err);
	if (r < 0)
		return r;
	when = crm_record_get(e, "at");
	now = crm_record_get(e, "new");
	if (crm_record_get(e, "what")->i != WHAT_STAGE ||
	    !crm_str_eq(crm_record_get(e, "topic")->s, role->v[ROLE].s) ||
	    when->i >= at ||
	    (role->v[SINCE].type == CRM_T_TIME && when->i < role->v[SINCE].i))
		return CRM_OK;
	role->v[STAGE].type = now->s.n > 0 ? CRM_T_ENUM : CRM_T_NONE;
	role->v[STAGE].i = (int64_t)crm_enum_place(values, now->s);
	role->v[STAGE].s =
	    now->s.n > 0 ? crm_enum_name(values, (unsigned)role->v[STAGE].i)
			 : (struct crm_str){"", 0};
	role->v[SINCE] = *when;
	return CRM_OK;
}

/* The stage a role had, from the events about the party. */
static int
stage_at(struct crm_txn *t, const struct crm_schema *s, int64_t at,
    struct crm_record *rec, struct crm_row *role, struct crm_err *err)
{
	const struct crm_kind *k = &s->kind[CRM_K_EVENT];
	struct crm_value about = crm_value_id(CRM_K_CUSTOMER, rec->id);
	struct crm_buf prefix = {.max = CRM_KEY_MAX};
	struct crm_cursor *cur = NULL;
	struct crm_str key, v, tail;
	uint64_t number;
	int r;

	role->v[STAGE] = role->v[SINCE] =
	    (struct crm_value){.type = CRM_T_NONE};
	crm_index_key(&prefix, CRM_K_EVENT,
	    k->fields[crm_kind_field(k, CRM_STR("about"))].tag, &about, 0);
	r = crm_cursor_open(t, CRM_TAB_INDEX, &cur, err);
	if (r == CRM_OK)
		r = crm_cursor_seek(cur, crm_buf_str(&prefix), &key, &v, err);
	while (r == CRM_OK && key.n == prefix.n + 8 &&
	       crm_str_starts(key, crm_buf_str(&prefix))) {
		tail = (struct crm_str){key.p + prefix.n, 8};
		crm_take_be(&tail, 8, &number);
		r = stage_event(
		    t, k, number, at, rec->kind, role, rec->arena, err);
		if (r == CRM_OK)
			r = crm_cursor_next(cur, &key, &v, err);
	}
	crm_cursor_close(cur);
	crm_buf_release(&prefix);
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
	for (size_t i = 0; r == CRM_OK && i < roles->n; i++) {
		struct crm_row *role = &roles->row[i];

		if (role->v[SINCE].type == CRM_T_TIME && role->v[SINCE].i >= at)
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
