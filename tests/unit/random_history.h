/*
 * random_history.h - changes of a store, for tests of its past and of undo.
 *
 * A record is changed or added; addresses are few, so that they are given up
 * and taken again, and what is refused is part of it.  The functions that end
 * in a change say whether one was taken.
 */
#ifndef RANDOM_HISTORY_H
#define RANDOM_HISTORY_H

#include "unit/tmpstore.h"

#include <crm/history.h>
#include <crm/upkeep.h>

#include <model/order_parts.h>

#define NOW 1780308000

struct history {
	struct tmpstore tmp;
	struct crm_store *store;
	const struct crm_schema *schema;
	struct crm_rand rand;
	struct crm_change *ch;
	uint64_t n[CRM_K_MAX]; /* numbers given */
	unsigned long seed;
};

static inline uint64_t
history_below(struct history *h, uint64_t n)
{
	return crm_rand_below(&h->rand, n);
}

static inline void
history_begin(struct history *h, const struct crm_change_options *more)
{
	struct crm_change_options opt = *more;
	struct crm_err err = {0};

	opt.by = (struct crm_origin){
	    NOW, CRM_STR("tester"), CRM_STR("test"), {"", 0}};
	opt.now = NOW;
	if (crm_change_open(&h->ch, h->store, &opt, NULL, &err) != CRM_OK)
		fail_msg("seed %lu: open: %s", h->seed, err.text);
}

/* The revision, 0 when nothing was to be done, or was refused. */
static inline uint64_t
history_commit(struct history *h)
{
	struct crm_err err = {0};
	uint64_t revision = 0;
	int r = crm_change_commit(h->ch, &revision, &err);

	crm_change_release(h->ch);
	h->ch = NULL;
	if (r == CRM_EDATA)
		return 0; /* something refers to what was removed */
	if (r < 0)
		fail_msg("seed %lu: commit: %s", h->seed, err.text);
	return revision;
}

static inline struct crm_record *
history_record(struct history *h, unsigned kind, bool new)
{
	const struct crm_kind *k = &h->schema->kind[kind];
	struct crm_record *rec = NULL;

	if (new || h->n[kind] == 0)
		assert_int_equal(crm_change_new(h->ch, k, &rec, NULL), 0);
	else
		crm_change_get(
		    h->ch, k, 1 + history_below(h, h->n[kind]), &rec, NULL);
	return rec;
}

static inline void
history_text(struct history *h, struct crm_record *rec, const char *field,
    const char *fmt, uint64_t of)
{
	char text[40];
	int n = snprintf(
	    text, sizeof text, fmt, (unsigned long long)history_below(h, of));

	*crm_record_at(rec, field) = crm_value_text(crm_arena_str(
	    crm_change_arena(h->ch), (struct crm_str){text, (size_t)n}));
}

static inline bool
history_put(struct history *h, struct crm_record *rec)
{
	unsigned kind = rec->kind->number;
	struct crm_err err = {0};
	int r = crm_change_put(h->ch, rec, &err);

	if (r < 0 && r != CRM_NO && r != CRM_EDATA && r != CRM_NOTFOUND)
		fail_msg("seed %lu: put: %s", h->seed, err.text);
	if (r == CRM_OK && rec->id > h->n[kind])
		h->n[kind] = rec->id;
	return r == CRM_OK;
}

static inline bool
history_party(struct history *h, bool new)
{
	struct crm_record *rec = history_record(h, CRM_K_CUSTOMER, new);
	struct crm_err err = {0};

	if (rec == NULL)
		return false;
	if (rec->id == 0 || history_below(h, 2))
		history_text(h, rec, "name", "Name %llu", 50);
	/* few addresses: they are given up and taken again */
	if (history_below(h, 2))
		history_text(h, rec, "email", "a%llu@example.org", 12);
	if (history_below(h, 3) == 0)
		history_text(h, rec, "tier", "tier%llu", 4);
	if (h->n[CRM_K_CUSTOMER] > 0 && history_below(h, 6) == 0)
		*crm_record_at(rec, "parent_id") = crm_value_id(
		    CRM_K_CUSTOMER, 1 + history_below(h, h->n[CRM_K_CUSTOMER]));
	if (history_below(h, 4) == 0)
		crm_record_at(rec, "email")->type = CRM_T_NONE;
	if (history_below(h, 4) == 0)
		crm_input_set(h->ch, rec, CRM_STR("stage"),
		    history_below(h, 2) ? CRM_STR("established")
					: CRM_STR("broken"),
		    &err);
	return history_put(h, rec);
}

static inline bool
history_product(struct history *h, bool new)
{
	struct crm_record *rec = history_record(h, CRM_K_PRODUCT, new);

	if (rec == NULL)
		return false;
	if (rec->id == 0 || history_below(h, 3) == 0)
		history_text(h, rec, "sku", "S%llu", 20);
	*crm_record_at(rec, "price") =
	    crm_value_num(CRM_T_MONEY, (int64_t)history_below(h, 5000), 2);
	return history_put(h, rec);
}

static inline void
history_event(
    struct history *h, struct crm_record *rec, unsigned what, int64_t amount)
{
	struct crm_row *row = crm_record_add(rec, CRM_O_TRACK, 0);
	const struct crm_field *f =
	    &rec->kind->parts[CRM_O_TRACK].fields[CRM_E_WHAT];

	row->v[CRM_E_WHAT] = crm_value_num(CRM_T_ENUM, what, 0);
	row->v[CRM_E_WHAT].s = crm_enum_name(f->values, what);
	row->v[CRM_E_AT] = crm_value_num(
	    CRM_T_TIME, NOW - (int64_t)history_below(h, 86400), 0);
	if (amount != 0)
		row->v[CRM_E_AMOUNT] = crm_value_num(CRM_T_MONEY, amount, 2);
}

static inline bool
history_order(struct history *h, bool new)
{
	struct crm_record *rec = history_record(h, CRM_K_ORDER, new);
	uint64_t lines = 1 + history_below(h, 3);

	if (rec == NULL)
		return false;
	if (rec->id == 0) {
		rec->v[CRM_O_PLACED] = crm_value_num(CRM_T_TIME,
		    NOW - 86400 * (int64_t)(1 + history_below(h, 400)), 0);
		while (lines-- > 0) {
			struct crm_row *row =
			    crm_record_add(rec, CRM_O_LINE, 0);

			row->v[CRM_LINE_QUANTITY] = crm_value_num(CRM_T_DECIMAL,
			    (int64_t)(1 + history_below(h, 5)), 0);
			row->v[CRM_LINE_AMOUNT] = crm_value_num(CRM_T_MONEY,
			    (int64_t)(1 + history_below(h, 9000)), 2);
			if (h->n[CRM_K_PRODUCT] > 0 && history_below(h, 2))
				row->v[0] = crm_value_id(CRM_K_PRODUCT,
				    1 + history_below(h, h->n[CRM_K_PRODUCT]));
		}
	}
	if (h->n[CRM_K_CUSTOMER] > 0 && history_below(h, 3) > 0)
		rec->v[CRM_O_CUSTOMER] = crm_value_id(
		    CRM_K_CUSTOMER, 1 + history_below(h, h->n[CRM_K_CUSTOMER]));
	if (rec->id != 0 && history_below(h, 2))
		history_event(h, rec, CRM_ORDER_PAY,
		    (int64_t)(1 + history_below(h, 500)));
	if (rec->id != 0 && history_below(h, 4) == 0)
		history_event(h, rec, CRM_ORDER_REFUND,
		    (int64_t)(1 + history_below(h, 100)));
	if (rec->id != 0 && history_below(h, 10) == 0)
		history_event(h, rec, CRM_ORDER_CANCEL, 0);
	if (rec->id != 0 && history_below(h, 8) == 0)
		crm_record_drop(rec, CRM_O_TRACK, 1);
	return history_put(h, rec);
}

static inline bool
history_remove(struct history *h)
{
	unsigned kind = (unsigned)(1 + history_below(h, 3));

	return h->n[kind] > 0 &&
	       crm_change_remove(h->ch, &h->schema->kind[kind],
		   1 + history_below(h, h->n[kind]), NULL) == CRM_OK;
}

#endif
