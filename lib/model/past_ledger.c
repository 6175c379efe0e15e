/*
 * past_ledger.c - the ledger as it was known at a revision.
 *
 * Made of the orders of then by the settings of then, one customer at a time,
 * never of the amounts that the ledger keeps.  It serves only to find the
 * orders: one that was not written since was the same customer's then, and
 * those that were are known from the log.  So it costs that customer's
 * orders, not all there are.
 */
#include <stdlib.h>

#include "ledger_parts.h"
#include "order_parts.h"
#include "past_parts.h"

struct crm_past_ledger {
	struct crm_txn *txn;
	struct crm_past *past;
	uint64_t customer; /* whose entries these are */
	bool all, begun;
	uint64_t *order;
	size_t n, cap, next;
	struct crm_buf entries; /* struct crm_ledger_entry */
	size_t pos;
	struct crm_arena arena;
};

static int
note_order(struct crm_past_ledger *l, uint64_t order, struct crm_err *err)
{
	if (!crm_grow(&l->order, &l->cap, l->n, sizeof *l->order))
		return crm_err_nomem(err);
	l->order[l->n++] = order;
	return CRM_OK;
}

/* Of the stored ledger: those that are as they were are all there.  Lifted. */
static int
orders_kept(struct crm_past_ledger *l, struct crm_err *err)
{
	struct crm_ledger *stored = NULL;
	struct crm_ledger_entry e;
	int r = crm_ledger_open(l->txn, l->customer, &stored, err);

	while (r == CRM_OK && (r = crm_ledger_next(stored, &e, err)) == CRM_OK)
		r = note_order(l, e.order, err);
	crm_ledger_close(stored);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

/* Of the log: those that were this customer's. */
static int
orders_changed(struct crm_past_ledger *l, struct crm_err *err)
{
	const struct crm_entries *all = &l->past->orders;
	char kb[8];
	struct crm_str who = crm_number_key(l->customer, kb), key;
	uint64_t order;
	int r = CRM_OK;

	for (size_t i = crm_entries_seek(all, who); r == CRM_OK && i < all->n;
	     i++) {
		key = crm_entries_key(all, i);
		if (!crm_str_starts(key, who))
			break;
		key = (struct crm_str){key.p + 8, 8};
		crm_take_be(&key, 8, &order);
		r = note_order(l, order, err);
	}
	return r;
}

static int
by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* All that can be the customer's, each once. */
static int
take_orders(struct crm_past_ledger *l, struct crm_err *err)
{
	size_t n = 0;
	int r;

	l->begun = true;
	l->n = l->next = 0;
	crm_txn_lift(l->txn);
	r = crm_past_know(l->past, l->txn, err);
	if (r == CRM_OK)
		r = orders_kept(l, err);
	crm_txn_lay(l->txn);
	if (r == CRM_OK)
		r = orders_changed(l, err);
	if (r == CRM_OK && l->n > 1)
		qsort(l->order, l->n, sizeof *l->order, by_number);
	/* the ledger has a place for each of an order's events */
	for (size_t i = 0; r == CRM_OK && i < l->n; i++)
		if (n == 0 || l->order[n - 1] != l->order[i])
			l->order[n++] = l->order[i];
	l->n = n;
	return r;
}

/* An order of the stored ledger that was not there: added later, or lost? */
static int
missing(struct crm_past_ledger *l, uint64_t order, struct crm_err *err)
{
	bool later;
	int r;

	crm_txn_lift(l->txn);
	r = crm_past_later(l->past, l->txn, CRM_K_ORDER, order, &later, err);
	crm_txn_lay(l->txn);
	if (r == CRM_OK && !later)
		r = crm_err_set(err, CRM_EDAMAGE,
		    "the ledger has order %llu, which is not there",
		    (unsigned long long)order);
	return r;
}

/* The next of them that was this customer's. */
static int
next_order(
    struct crm_past_ledger *l, struct crm_record **out, struct crm_err *err)
{
	const struct crm_kind *k = &l->past->schema->kind[CRM_K_ORDER];
	const struct crm_value *who;
	struct crm_record *rec;
	int r;

	while (l->next < l->n) {
		uint64_t order = l->order[l->next++];

		crm_arena_reset(&l->arena);
		rec = crm_record_new(k, &l->arena);
		if (rec == NULL)
			return crm_err_nomem(err);
		r = crm_record_read(l->txn, k, order, &crm_want_all, rec, err);
		if (r == CRM_NOTFOUND)
			r = missing(l, order, err);
		else if (r == CRM_OK) {
			who = &rec->v[CRM_O_CUSTOMER];
			*out = rec;
			if (who->type == CRM_T_ID &&
			    (uint64_t)who->i == l->customer)
				return CRM_OK;
		}
		if (r < 0)
			return r;
	}
	return CRM_NOTFOUND;
}

static int
take_entries(struct crm_past_ledger *l, struct crm_err *err)
{
	struct crm_record *rec;
	int r;

	l->pos = 0;
	crm_buf_clear(&l->entries);
	r = take_orders(l, err);
	while (r == CRM_OK && (r = next_order(l, &rec, err)) == CRM_OK)
		r = crm_order_entries(
		    l->past->schema, rec, INT64_MAX, &l->entries, err);
	if (l->entries.n > 0)
		qsort(l->entries.p,
		    l->entries.n / sizeof(struct crm_ledger_entry),
		    sizeof(struct crm_ledger_entry), crm_ledger_cmp);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

/* The next customer of whom the ledger or the log has orders. */
static int
next_customer(struct crm_past_ledger *l, struct crm_err *err)
{
	const struct crm_entries *all = &l->past->orders;
	struct crm_cursor *cur = NULL;
	char kb[8];
	struct crm_str after = crm_number_key(l->customer + 1, kb), k, v;
	uint64_t stored = UINT64_MAX, changed = UINT64_MAX;
	size_t i;
	int r;

	crm_txn_lift(l->txn);
	r = crm_past_know(l->past, l->txn, err);
	if (r == CRM_OK)
		r = crm_cursor_open(l->txn, CRM_TAB_SALES, &cur, err);
	if (r == CRM_OK)
		r = crm_cursor_seek(cur, after, &k, &v, err);
	if (r == CRM_OK && !crm_take_be(&k, 8, &stored))
		r = crm_err_set(
		    err, CRM_EDAMAGE, "the ledger has a key of %zu bytes", k.n);
	crm_cursor_close(cur);
	crm_txn_lay(l->txn);
	if (r < 0 && r != CRM_NOTFOUND)
		return r;
	i = crm_entries_seek(all, after);
	if (i < all->n) {
		k = crm_entries_key(all, i);
		crm_take_be(&k, 8, &changed);
	}
	if (changed < stored)
		stored = changed;
	if (stored == UINT64_MAX)
		return CRM_NOTFOUND;
	l->customer = stored;
	return take_entries(l, err);
}

int
crm_past_ledger_open(struct crm_txn *t, uint64_t customer,
    struct crm_past_ledger **out, struct crm_err *err)
{
	struct crm_past_ledger *l = calloc(1, sizeof *l);

	*out = l;
	if (l == NULL)
		return crm_err_nomem(err);
	l->txn = t;
	l->past = crm_past_of(t);
	l->customer = customer;
	l->all = customer == 0;
	return CRM_OK;
}

int
crm_past_ledger_next(struct crm_past_ledger *l, struct crm_ledger_entry *out,
    struct crm_err *err)
{
	int r;

	if (!l->all && !l->begun) {
		r = take_entries(l, err);
		if (r < 0)
			return r;
	}
	while (l->pos >= l->entries.n) {
		r = l->all ? next_customer(l, err) : CRM_NOTFOUND;
		if (r < 0)
			return r;
	}
	memcpy(out, l->entries.p + l->pos, sizeof *out);
	l->pos += sizeof *out;
	return CRM_OK;
}

int
crm_past_ledger_order(
    struct crm_past_ledger *l, struct crm_record **out, struct crm_err *err)
{
	int r = l->begun ? CRM_OK : take_orders(l, err);

	return r == CRM_OK ? next_order(l, out, err) : r;
}

void
crm_past_ledger_close(struct crm_past_ledger *l)
{
	if (l == NULL)
		return;
	crm_buf_release(&l->entries);
	crm_arena_release(&l->arena);
	free(l->order);
	free(l);
}
