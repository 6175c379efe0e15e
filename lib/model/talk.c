/*
 * talk.c - a customer's figures of tickets and touches, from the records.
 *
 * What is kept is of now; of any other moment they are counted by way of the
 * index from customers to their contacts and tickets.  A ticket is asked for
 * its thread only when its state is of later than that moment.
 */
#include "ledger_parts.h"
#include "ticket_parts.h"

static struct crm_prefix
of_customer(struct crm_txn *t, const struct crm_schema *s, unsigned kind,
    uint64_t customer)
{
	struct crm_value v = crm_value_id(CRM_K_CUSTOMER, customer);

	return crm_prefix_index(t, &s->kind[kind], "customer_id", &v);
}

static int
count_touches(struct crm_txn *t, const struct crm_schema *s, uint64_t customer,
    int64_t at, struct crm_tally *y, struct crm_err *err)
{
	struct crm_prefix p = of_customer(t, s, CRM_K_TOUCH, customer);
	struct crm_arena a = {0};
	struct crm_record *rec;
	int64_t when;
	int r = CRM_OK;

	y->touches = y->last_touch = 0;
	while (r == CRM_OK) {
		crm_arena_reset(&a);
		r = crm_prefix_record(&p, &s->kind[CRM_K_TOUCH], &a, &rec, err);
		if (r < 0)
			break;
		when = rec->v[CRM_TO_AT].i;
		if (when >= at)
			continue;
		if (y->touches++ == 0 || when > y->last_touch)
			y->last_touch = when;
	}
	crm_prefix_close(&p);
	crm_arena_release(&a);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

static int
state_at(struct crm_txn *t, const struct crm_schema *s,
    const struct crm_record *rec, int64_t at, struct crm_arena *a, int64_t *out,
    struct crm_err *err)
{
	struct crm_ticket_clock c;
	struct crm_thread th;
	int r;

	*out = rec->v[CRM_TK_STATE].i;
	if (rec->v[CRM_TK_SINCE].i < at)
		return CRM_OK;
	r = crm_thread_read(t, s, rec->id, at, a, &th, err);
	if (r < 0)
		return r;
	crm_thread_clock(&th, rec->id, at, &c);
	if (c.state != 0)
		*out = c.state;
	return CRM_OK;
}

static int
count_tickets(struct crm_txn *t, const struct crm_schema *s, uint64_t customer,
    int64_t at, struct crm_tally *y, struct crm_err *err)
{
	struct crm_prefix p = of_customer(t, s, CRM_K_TICKET, customer);
	struct crm_arena a = {0};
	struct crm_record *rec;
	int64_t state;
	int r = CRM_OK;

	y->tickets = y->open_tickets = 0;
	while (r == CRM_OK) {
		crm_arena_reset(&a);
		r = crm_prefix_record(
		    &p, &s->kind[CRM_K_TICKET], &a, &rec, err);
		if (r < 0 || rec->v[CRM_TK_OPENED].i >= at)
			continue;
		r = state_at(t, s, rec, at, &a, &state, err);
		y->tickets++;
		y->open_tickets += state != CRM_TICKET_CLOSED;
	}
	crm_prefix_close(&p);
	crm_arena_release(&a);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

int
crm_talk_at(struct crm_txn *t, const struct crm_schema *s, uint64_t customer,
    int64_t at, struct crm_tally *out, struct crm_err *err)
{
	int r = count_touches(t, s, customer, at, out, err);

	return r == CRM_OK ? count_tickets(t, s, customer, at, out, err) : r;
}

int
crm_talk_last(
    struct crm_txn *t, uint64_t customer, int64_t *out, struct crm_err *err)
{
	struct crm_tally y = crm_tally_none();
	const struct crm_schema *s;
	int r = crm_store_schema(crm_txn_store(t), &s, err);

	if (r == CRM_OK)
		r = count_touches(t, s, customer, INT64_MAX, &y, err);
	*out = y.last_touch;
	return r;
}
