/*
 * check_figures.c - ledger and figures against orders, tickets, touches.
 *
 * Sums are kept for a million customers at a time, whose numbers lie
 * together; a larger shop's orders are read more than once.  The entries of a
 * customer's ledger are compared by the sum of their hashes.
 */
#include <stdio.h>
#include <stdlib.h>

#include <crm/ledger.h>

#include "check.h"

int
crm_check_sums(struct crm_check *ck, uint64_t low, struct crm_err *err)
{
	uint64_t most = 64 * ck->here[CRM_K_CUSTOMER].n;

	if (most > low + CRM_CHECK_CUSTOMERS || most <= low)
		most = low + CRM_CHECK_CUSTOMERS;
	free(ck->sums);
	ck->low = low;
	ck->high = most;
	ck->sums = calloc((size_t)(most - low), sizeof *ck->sums);
	if (ck->sums == NULL)
		return crm_err_nomem(err);
	for (uint64_t i = 0; i < most - low; i++)
		ck->sums[i].first = ck->sums[i].last = INT64_MIN;
	return CRM_OK;
}

/* Checksums, and lengths of keys, of a table whose content is looked at by
 * its own reader. */
int
crm_check_sealed(struct crm_check *ck, unsigned table, const char *name,
    size_t bytes, struct crm_err *err)
{
	struct crm_cursor *cur = NULL;
	struct crm_str key, v, rest;
	uint64_t number;
	char where[64];
	int r;

	r = crm_cursor_open(ck->txn, table, &cur, err);
	if (r == CRM_OK)
		r = crm_cursor_seek(
		    cur, (struct crm_str){"", 0}, &key, &v, err);
	while (r == CRM_OK) {
		bool length = bytes == 0 || key.n == bytes;
		bool seal = crm_unseal(table, key, &v, NULL) == CRM_OK;

		ck->out.entries++;
		if (!length || !seal) {
			rest = key;
			number = 0;
			if (bytes >= 8)
				crm_take_be(&rest, 8, &number);
			snprintf(where, sizeof where,
			    bytes ? "%s of C%llu" : "%s", name,
			    (unsigned long long)number);
			if (table == CRM_TAB_SALES)
				ck->ledger_bad = true;
			r = crm_check_fault(ck, err, where, "%s",
			    seal ? "a key of the wrong length"
				 : "wrong checksum");
		}
		if (r == CRM_OK)
			r = crm_cursor_next(cur, &key, &v, err);
	}
	crm_cursor_close(cur);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

static int
differs(struct crm_check *ck, uint64_t customer, const char *name, int64_t is,
    int64_t should, struct crm_err *err)
{
	const struct crm_kind *k = &ck->schema->kind[CRM_K_CUSTOMER];

	if (is == should)
		return CRM_OK;
	return crm_check_at(ck, err, k, customer,
	    "its figure %s is %lld, the records give %lld", name, (long long)is,
	    (long long)should);
}

static crm_i128
at_12(struct crm_dec d)
{
	return (crm_i128)d.v * crm_pow10(12U - (d.scale > 12 ? 12U : d.scale));
}

static int
compare_tally(struct crm_check *ck, uint64_t customer,
    const struct crm_tally *y, struct crm_err *err)
{
	const struct crm_check_sum *s = &ck->sums[customer - ck->low];
	const struct {
		const char *name;
		int64_t is, should;
	} row[] = {{"orders", y->orders, s->orders},
	    {"first_order", y->first, s->first},
	    {"last_order", y->last, s->last},
	    {"revenue", y->revenue, s->revenue}, {"spent", y->spent, s->spent},
	    {"refunded", y->refunded, s->refunded},
	    {"discounts", y->discounts, s->discounts},
	    {"cost", y->cost, s->cost}, {"returns", y->returns, s->returns},
	    {"tickets", y->tickets, s->tickets},
	    {"open_tickets", y->open_tickets, s->open},
	    {"touches", y->touches, s->touches},
	    {"last_touch", y->last_touch, s->last_touch}};
	int r = CRM_OK;

	for (size_t i = 0; i < sizeof row / sizeof *row; i++)
		if (r == CRM_OK)
			r = differs(ck, customer, row[i].name, row[i].is,
			    row[i].should, err);
	if (r == CRM_OK && at_12(y->items) != s->items)
		r = crm_check_at(ck, err, &ck->schema->kind[CRM_K_CUSTOMER],
		    customer, "its figure items is not what the orders give");
	return r;
}

/* A customer's figures, y NULL: none, and whether they are there. */
static int
compare_one(struct crm_check *ck, uint64_t customer, const struct crm_tally *y,
    bool live, struct crm_err *err)
{
	static const struct crm_tally none = {
	    .first = INT64_MIN, .last = INT64_MIN};
	const struct crm_kind *k = &ck->schema->kind[CRM_K_CUSTOMER];
	bool should = crm_bits_get(&ck->living, customer);
	int r = compare_tally(ck, customer, y ? y : &none, err);

	if (r < 0 || live == should)
		return r;
	return crm_check_at(ck, err, k, customer,
	    live ? "its figures say it is there, and it is not"
		 : "its figures do not say that it is there");
}

/* Customers from *next on up to an entry, and those of it. */
static int
compare_entry(struct crm_check *ck, uint64_t *next, uint64_t end,
    const struct crm_tally_block *x, struct crm_err *err)
{
	int r = CRM_OK;

	for (; *next < end && *next < ck->high && r == CRM_OK; ++*next) {
		uint64_t i = x ? *next - x->first : CRM_TALLY_RANGE;
		bool in = i < CRM_TALLY_RANGE;

		r = compare_one(ck, *next,
		    in && (x->have >> i & 1) ? &x->y[i] : NULL,
		    in && (x->live >> i & 1), err);
	}
	return r;
}

static int
check_tallies(struct crm_check *ck, struct crm_err *err)
{
	struct crm_tally_block *x = malloc(sizeof *x);
	struct crm_cursor *cur = NULL;
	struct crm_tally_view view;
	struct crm_str key, v;
	uint64_t next = ck->low, first;
	char where[64];
	int r = x ? CRM_OK : crm_err_nomem(err);

	if (r == CRM_OK)
		r = crm_cursor_open(ck->txn, CRM_TAB_TALLY, &cur, err);
	/* from the first on: a search for another would end at one that is
	 * damaged, where going on tells of it */
	if (r == CRM_OK)
		r = crm_cursor_seek(
		    cur, (struct crm_str){"", 0}, &key, &v, err);
	for (; r == CRM_OK; r = crm_cursor_next(cur, &key, &v, err)) {
		struct crm_tally_block *found = x;
		struct crm_str rest = key;

		if (key.n != 8 || !crm_take_be(&rest, 8, &first))
			continue; /* said already */
		if (first + CRM_TALLY_RANGE <= ck->low)
			continue;
		if (first >= ck->high)
			break;
		r = compare_entry(ck, &next, first, NULL, err);
		if (r < 0)
			break;
		if (crm_unseal(CRM_TAB_TALLY, key, &v, NULL) < 0) {
			found = NULL; /* said already */
		} else if (crm_tally_view(key, v, &view, NULL) < 0 ||
			   crm_tally_block(&view, x, NULL) < 0) {
			found = NULL;
			snprintf(where, sizeof where, "figures of C%llu",
			    (unsigned long long)first);
			r = crm_check_fault(
			    ck, err, where, "they cannot be read");
		}
		if (found)
			r = compare_entry(
			    ck, &next, first + CRM_TALLY_RANGE, found, err);
		else if (next < first + CRM_TALLY_RANGE)
			next = first + CRM_TALLY_RANGE;
		if (r < 0)
			break;
	}
	crm_cursor_close(cur);
	if (r == CRM_NOTFOUND || r == CRM_OK)
		r = compare_entry(ck, &next, ck->high, NULL, err);
	free(x);
	return r;
}

static int
compare_ledger(
    struct crm_check *ck, uint64_t customer, uint64_t sum, struct crm_err *err)
{
	if (sum == ck->sums[customer - ck->low].ledger)
		return CRM_OK;
	return crm_check_at(ck, err, &ck->schema->kind[CRM_K_CUSTOMER],
	    customer, "its ledger is not what its orders give");
}

struct ledger_state {
	struct crm_ledger *l;
	struct crm_ledger_entry e;
	bool have;
};

static int
ledger_step(struct crm_check *ck, struct ledger_state *st, struct crm_err *err)
{
	struct crm_ledger_entry before = st->e;
	int r = crm_ledger_next(st->l, &st->e, err);

	if (r == CRM_EDAMAGE) {
		ck->ledger_bad = true;
		st->have = false;
		return crm_check_fault(ck, err, "ledger",
		    "it cannot be read behind customer %llu",
		    (unsigned long long)before.customer);
	}
	if (r == CRM_OK && st->have && before.customer == st->e.customer &&
	    before.time > st->e.time)
		r = crm_check_at(ck, err, &ck->schema->kind[CRM_K_CUSTOMER],
		    st->e.customer, "its ledger is out of order");
	else if (r == CRM_OK && st->have && before.customer > st->e.customer)
		r = crm_check_fault(
		    ck, err, "ledger", "customers are out of order");
	st->have = r == CRM_OK;
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

static int
check_ledger(struct crm_check *ck, struct ledger_state *st, struct crm_err *err)
{
	int r = CRM_OK;

	for (uint64_t c = ck->low; c < ck->high && r == CRM_OK; c++) {
		uint64_t sum = 0;

		while (r == CRM_OK && st->have && st->e.customer <= c &&
		       !ck->ledger_bad) {
			if (st->e.customer == c)
				sum += crm_check_entry_hash(&st->e);
			r = ledger_step(ck, st, err);
		}
		if (r == CRM_OK && !ck->ledger_bad)
			r = compare_ledger(ck, c, sum, err);
	}
	return r;
}

static int
add_order(
    struct crm_check *ck, const struct crm_record *rec, struct crm_err *err)
{
	return crm_check_order(ck, rec, false, err);
}

static int
add_ticket(
    struct crm_check *ck, const struct crm_record *rec, struct crm_err *err)
{
	return crm_check_ticket(ck, rec, false, err);
}

/* The sums of the next customers, from all that adds to them. */
static int
add_all(struct crm_check *ck, struct crm_err *err)
{
	const struct crm_kind *k = ck->schema->kind;
	int r = crm_check_each(ck, &k[CRM_K_ORDER], add_order, err);

	if (r == CRM_OK)
		r = crm_check_each(ck, &k[CRM_K_TICKET], add_ticket, err);
	if (r == CRM_OK)
		r = crm_check_each(ck, &k[CRM_K_TOUCH], crm_check_touch, err);
	return r;
}

int
crm_check_figures(struct crm_check *ck, struct crm_err *err)
{
	uint64_t most = 64 * ck->here[CRM_K_CUSTOMER].n;
	struct ledger_state st = {0};
	int r;

	r = crm_check_sealed(ck, CRM_TAB_SALES, "ledger", 24, err);
	if (r == CRM_OK)
		r = crm_check_sealed(ck, CRM_TAB_TALLY, "figures", 8, err);
	if (r == CRM_OK)
		r = crm_check_sealed(ck, CRM_TAB_SOURCE, "source", 0, err);
	if (r == CRM_OK)
		r = crm_ledger_open(ck->txn, 0, &st.l, err);
	if (r == CRM_OK && !ck->ledger_bad)
		r = ledger_step(ck, &st, err);
	while (r == CRM_OK) {
		r = check_tallies(ck, err);
		if (r == CRM_OK && !ck->ledger_bad)
			r = check_ledger(ck, &st, err);
		if (r < 0 || ck->high >= most)
			break;
		r = crm_check_sums(ck, ck->high, err);
		if (r == CRM_OK)
			r = add_all(ck, err);
	}
	if (r == CRM_OK && st.have && !ck->ledger_bad)
		r = crm_check_fault(ck, err, "ledger",
		    "it has entries of customer %llu, who never was",
		    (unsigned long long)st.e.customer);
	crm_ledger_close(st.l);
	return r;
}
