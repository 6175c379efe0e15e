/*
 * touch.c - contacts.
 *
 * What was said about a ticket is a word in its thread: put when the contact
 * is, moved when it turns out to be about another.  So whatever logs contacts
 * (a shell loop, an import, a mail) keeps the clocks of tickets right without
 * knowing of them.
 */
#include "ledger_parts.h"
#include "ticket_parts.h"

static uint64_t
ticket_of(const struct crm_record *rec)
{
	const struct crm_value *v = &rec->v[CRM_TO_ABOUT];

	return v->type == CRM_T_ID && v->kind == CRM_K_TICKET ? (uint64_t)v->i
							      : 0;
}

/* Whom it was with, from what it is about. */
static int
customer_of(struct crm_change *ch, struct crm_record *rec, struct crm_err *err)
{
	const struct crm_schema *s = crm_change_schema(ch);
	const struct crm_value *about = &rec->v[CRM_TO_ABOUT];
	const struct crm_kind *k;
	struct crm_record *it;
	int f, r;

	if (rec->v[CRM_TO_CUSTOMER].type != CRM_T_NONE ||
	    about->type != CRM_T_ID || about->kind >= CRM_K_MAX)
		return CRM_OK;
	k = &s->kind[about->kind];
	if (k->number == CRM_K_CUSTOMER) {
		rec->v[CRM_TO_CUSTOMER] = *about;
		return CRM_OK;
	}
	f = crm_kind_field(k, CRM_STR("customer_id"));
	if (f < 0)
		return CRM_OK;
	r = crm_change_get(ch, k, (uint64_t)about->i, &it, err);
	/* who was erased is nobody to talk to */
	if (r == CRM_OK && it->v[f].type == CRM_T_ID &&
	    !crm_ref_erased(ch->txn, CRM_K_CUSTOMER, (uint64_t)it->v[f].i))
		rec->v[CRM_TO_CUSTOMER] = it->v[f];
	return r;
}

static int
not_below_0(const struct crm_record *rec, int field, struct crm_err *err)
{
	return rec->v[field].type != CRM_T_NONE && rec->v[field].i < 0
		   ? crm_ticket_bad(err, rec->kind->fields[field].name,
			 "0 or more is wanted")
		   : CRM_OK;
}

int
crm_touch_prepare(struct crm_change *ch, const struct crm_record *old,
    struct crm_record *rec, struct crm_err *err)
{
	int r;

	if (rec->v[CRM_TO_AT].type == CRM_T_NONE)
		rec->v[CRM_TO_AT] =
		    crm_value_num(CRM_T_TIME, crm_change_now(ch), 0);
	if (old != NULL && ticket_of(old) != 0) {
		if (!crm_value_eq(&old->v[CRM_TO_AT], &rec->v[CRM_TO_AT]))
			return crm_ticket_bad(err, "at",
			    "it is a word in a ticket's thread, which is not "
			    "changed");
		if (!crm_value_eq(
			&old->v[CRM_TO_DIRECTION], &rec->v[CRM_TO_DIRECTION]))
			return crm_ticket_bad(err, "direction",
			    "it is a word in a ticket's thread, which is not "
			    "changed");
	}
	r = not_below_0(rec, CRM_TO_COST, err);
	if (r == CRM_OK)
		r = not_below_0(rec, CRM_TO_DURATION, err);
	return r == CRM_OK ? customer_of(ch, rec, err) : r;
}

int
crm_touch_after(struct crm_change *ch, const struct crm_record *old,
    const struct crm_record *rec, struct crm_err *err)
{
	uint64_t was = old ? ticket_of(old) : 0, is = ticket_of(rec);
	int r = CRM_OK;

	/* what was said of a merged one is about the other */
	if (was != 0 && was != is)
		r = crm_ref_live(ch->txn, ch, crm_change_schema(ch),
		    CRM_K_TICKET, &was, err);
	if (r == CRM_NOTFOUND)
		was = 0;
	else if (r < 0)
		return r;
	if (was == is)
		return CRM_OK;
	r = was != 0 ? crm_ticket_lose(ch, was, is, rec, err) : CRM_OK;
	return r == CRM_OK && is != 0 ? crm_ticket_hear(ch, is, rec, err) : r;
}

int
crm_touch_effects(const struct crm_schema *s, const struct crm_record *rec,
    int sign, struct crm_buf *out, struct crm_err *err)
{
	struct crm_tally y = crm_tally_none();
	const struct crm_value *customer = &rec->v[CRM_TO_CUSTOMER];

	(void)s;
	if (customer->type != CRM_T_ID || rec->state != CRM_LIVE)
		return CRM_OK;
	y.touches = 1;
	y.last_touch = rec->v[CRM_TO_AT].i;
	return crm_ledger_effect((uint64_t)customer->i, sign, &y, out, err);
}
