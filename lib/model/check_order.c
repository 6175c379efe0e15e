/*
 * check_order.c - an order's kept fields, ledger and figures.
 *
 * What an order comes to at each moment is added up by check_fold.c; here it
 * becomes entries of the ledger and sums of its customer, to be compared with
 * what is kept.
 */
#include <stdlib.h>

#include <crm/hash.h>
#include <crm/ledger.h>

#include "check_fold.h"
#include "order_parts.h" /* the places of fields only */

/* ---- the ledger ---- */

uint64_t
crm_check_entry_hash(const struct crm_ledger_entry *e)
{
	const uint64_t w[4] = {
	    e->order, (uint64_t)e->time, (uint64_t)e->amount, e->flags};

	return crm_hash64(w, sizeof w) * 0x9e3779b97f4a7c15U;
}

static uint32_t
flags_of(const struct crm_fold *f)
{
	return (f->credit ? (uint32_t)CRM_L_CREDIT : 0) |
	       (f->test ? (uint32_t)CRM_L_TEST : 0) |
	       (f->seller ? (uint32_t)CRM_L_SELLER : 0) |
	       (crm_fold_yes(crm_fold_field(f, CRM_FOLD_RECURRING))
		       ? (uint32_t)CRM_L_RECURRING
		       : 0) |
	       (crm_fold_yes(crm_fold_field(f, CRM_FOLD_GUEST))
		       ? (uint32_t)CRM_L_GUEST
		       : 0) |
	       (crm_fold_field(f, CRM_FOLD_REPLACES)->type == CRM_T_ID
		       ? (uint32_t)CRM_L_REPLACES
		       : 0);
}

/* Walks through the moments; at the end f is as of the last.  Adds hashes of
 * the entries to *sum.  as_if: the entries of an order that never counts.
 * False: it never counts. */
static bool
walk(struct crm_fold *f, bool as_if, uint64_t *sum)
{
	struct crm_ledger_entry e = {.order = f->rec->id};
	uint32_t flags = flags_of(f) | (as_if ? (uint32_t)CRM_L_VOID : 0);
	int64_t time = f->placed, was = 0, is, orders = 0, now;
	bool begun = false, ever = false, counts;
	size_t next = 0;

	f->counts = false;
	for (;;) {
		crm_fold_as_of(f, time);
		counts = f->counts;
		ever = ever || counts;
		if (as_if)
			counts = f->status != CANCELLED || !begun;
		is = counts ? crm_fold_base(f, f->revenue) : 0;
		now = counts && !f->credit;
		if ((counts && !begun) ||
		    (begun && (is != was || now != orders))) {
			e.time = begun ? time : f->placed;
			e.amount = (int64_t)((uint64_t)is - (uint64_t)was);
			e.flags = flags;
			if (now > orders)
				e.flags |= CRM_L_SALE;
			if (now < orders && !as_if)
				e.flags |= CRM_L_GONE;
			*sum += crm_check_entry_hash(&e);
			begun = true;
			was = is;
			orders = now;
		}
		while (next < f->nevent && f->event[next].at <= time)
			next++;
		if (next == f->nevent)
			return ever;
		time = f->event[next].at;
	}
}

/* ---- comparing ---- */

static int
kept(struct crm_check *ck, const struct crm_fold *f, int field, int64_t should,
    struct crm_err *err)
{
	const char *name = f->rec->kind->fields[field].name;
	const struct crm_value *v = &f->rec->v[field];
	int64_t is = v->type == CRM_T_NONE ? 0 : v->i;

	if (is == should)
		return CRM_OK;
	return crm_check_at(ck, err, f->rec->kind, f->rec->id,
	    "%s: kept is %lld, lines and events give %lld", name, (long long)is,
	    (long long)should);
}

static int
kept_line(struct crm_check *ck, const struct crm_fold *f, size_t i,
    struct crm_err *err)
{
	const struct crm_row *row = &f->rec->part[LINE].row[i];
	const struct crm_fold_line *l = &f->line[i];
	const char *name = NULL;

	if (crm_fold_units(crm_fold_cell(f, row, CRM_FOLD_L_RETURNED)) !=
	    l->returned)
		name = "returned";
	else if (crm_fold_units(crm_fold_cell(f, row, CRM_FOLD_L_CANCELLED)) !=
		 l->cancelled)
		name = "cancelled";
	else if (crm_fold_cell(f, row, CRM_FOLD_L_DISCOUNT)->i != l->discount)
		name = "line_discount";
	if (name == NULL)
		return CRM_OK;
	return crm_check_at(ck, err, f->rec->kind, f->rec->id,
	    "line %u %s: kept is not what adjustments and events give", l->no,
	    name);
}

static int
compare(struct crm_check *ck, struct crm_fold *f, struct crm_err *err)
{
	const struct {
		int field;
		int64_t should;
	} row[] = {{CRM_O_STATUS, f->status}, {CRM_O_PAYMENT, f->payment},
	    {CRM_O_FULFILMENT, f->fulfilment}, {CRM_O_TOTAL, f->total},
	    {CRM_O_BASE_TOTAL, crm_fold_base(f, f->total)},
	    {CRM_O_REVENUE, f->counts ? crm_fold_base(f, f->revenue) : 0},
	    {CRM_O_PAID, f->paid}, {CRM_O_REFUNDED, f->refunded},
	    {CRM_O_GOODS, f->goods}, {CRM_O_DISCOUNT, f->discount},
	    {CRM_O_SHIPPING, f->shipping}, {CRM_O_TAX, f->tax},
	    {CRM_O_LINES, (int64_t)f->n}};
	int r = CRM_OK;

	for (size_t i = 0; i < sizeof row / sizeof *row; i++)
		if (r == CRM_OK)
			r = kept(ck, f, row[i].field, row[i].should, err);
	if (r == CRM_OK &&
	    crm_fold_units(crm_fold_field(f, CRM_FOLD_ITEMS)) != f->items)
		r = crm_check_at(ck, err, f->rec->kind, f->rec->id,
		    "items: kept is not what lines and events give");
	for (size_t i = 0; i < f->n && r == CRM_OK; i++)
		r = kept_line(ck, f, i, err);
	return r;
}

/* A sum that is too large is not what the figures say either. */
static void
wrap(int64_t *to, int64_t v)
{
	*to = (int64_t)((uint64_t)*to + (uint64_t)v);
}

static void
add_sums(struct crm_check *ck, struct crm_fold *f, uint64_t ledger)
{
	uint64_t customer = (uint64_t)crm_fold_field(f, CRM_FOLD_CUSTOMER)->i;
	struct crm_check_sum *s;

	if (customer < ck->low || customer >= ck->high || customer == 0)
		return;
	s = &ck->sums[customer - ck->low];
	s->ledger += ledger;
	if (!f->counts)
		return;
	if (!f->credit) {
		s->orders++;
		if (s->first == INT64_MIN || f->placed < s->first)
			s->first = f->placed;
		if (f->placed > s->last)
			s->last = f->placed;
		s->returns += f->back;
	}
	wrap(&s->revenue, crm_fold_base(f, f->revenue));
	wrap(&s->spent, crm_fold_base(f, f->kept));
	wrap(&s->refunded, f->credit ? -crm_fold_base(f, f->total)
				     : crm_fold_base(f, f->refunded));
	wrap(&s->discounts, -crm_fold_base(f, f->discount));
	wrap(&s->cost, f->cost);
	s->items += f->items;
}

int
crm_check_order(struct crm_check *ck, const struct crm_record *rec, bool report,
    struct crm_err *err)
{
	struct crm_fold f = {
	    .schema = ck->schema, .places = &ck->places, .rec = rec};
	uint64_t ledger = 0, none = 0;
	int r = crm_fold_load(&f, err);

	if (r == CRM_OK && !f.bad && !walk(&f, false, &ledger)) {
		ledger = 0;
		walk(&f, true, &ledger);
		walk(&f, false, &none); /* its state is the real one */
	}
	if (r == CRM_OK && f.bad && report)
		r = crm_check_at(ck, err, rec->kind, rec->id,
		    "its amounts are too large to be added up");
	if (r == CRM_OK && report && !f.bad)
		r = compare(ck, &f, err);
	if (r == CRM_OK && !f.bad)
		add_sums(ck, &f, ledger);
	free(f.line);
	free(f.event);
	return r;
}
