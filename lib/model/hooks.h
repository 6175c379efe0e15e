/*
 * hooks.h - what a kind does beyond its field table; inside the room only.
 *
 * Every pointer may be NULL.  The table crm_hooks[] (hooks.c) is by kind
 * number; a kind without a row is a plain noun.
 */
#ifndef CRM_MODEL_HOOKS_H
#define CRM_MODEL_HOOKS_H

#include <crm/ledger.h>
#include <crm/model.h>

struct crm_hooks {
	/*
	 * Before a record is checked and taken: defaults, virtual fields into
	 * parts, kept (read-only) fields computed, and what only this kind
	 * forbids.  References are resolved already.  old is NULL for a new
	 * record, else the record as it was before: as stored, or as this
	 * change has put it already.
	 */
	int (*prepare)(struct crm_change *ch, const struct crm_record *old,
	    struct crm_record *rec, struct crm_err *err);
	/* After it was taken: what else is to be put (events). */
	int (*after)(struct crm_change *ch, const struct crm_record *old,
	    const struct crm_record *rec, struct crm_err *err);
	/* After reading: virtual fields from parts. */
	void (*compute)(const struct crm_schema *s, struct crm_record *rec);
	/* Derived data beyond identities and indexes (ledger, figures). */
	int (*effects)(const struct crm_schema *s, const struct crm_record *rec,
	    int sign, struct crm_buf *out, struct crm_err *err);
	/*
	 * As of a moment (never INT64_MAX), after reading all of a record:
	 * takes out what had not happened by then.  CRM_NO: the record itself
	 * had not.  Without this hook the kind's time field decides.
	 */
	int (*as_at)(struct crm_txn *t, const struct crm_schema *s, int64_t at,
	    struct crm_record *rec, struct crm_err *err);
	/* Fills FIGURE fields on reading; at INT64_MAX now. */
	int (*figures)(struct crm_txn *t, const struct crm_schema *s,
	    int64_t at, const struct crm_want *want, struct crm_record *rec,
	    struct crm_err *err);
};
extern const struct crm_hooks crm_hooks[CRM_K_MAX];

/* lib/model/party.c, product.c, order.c, rate.c */
int crm_customer_prepare(struct crm_change *ch, const struct crm_record *old,
    struct crm_record *rec, struct crm_err *err);
int crm_customer_after(struct crm_change *ch, const struct crm_record *old,
    const struct crm_record *rec, struct crm_err *err);
void crm_customer_compute(const struct crm_schema *s, struct crm_record *rec);
int crm_customer_figures(struct crm_txn *t, const struct crm_schema *s,
    int64_t at, const struct crm_want *want, struct crm_record *rec,
    struct crm_err *err);
int crm_customer_effects(const struct crm_schema *s,
    const struct crm_record *rec, int sign, struct crm_buf *out,
    struct crm_err *err);
int crm_customer_at(struct crm_txn *t, const struct crm_schema *s, int64_t at,
    struct crm_record *rec, struct crm_err *err);
int crm_product_at(struct crm_txn *t, const struct crm_schema *s, int64_t at,
    struct crm_record *rec, struct crm_err *err);
int crm_order_at(struct crm_txn *t, const struct crm_schema *s, int64_t at,
    struct crm_record *rec, struct crm_err *err);
int crm_product_prepare(struct crm_change *ch, const struct crm_record *old,
    struct crm_record *rec, struct crm_err *err);
int crm_order_prepare(struct crm_change *ch, const struct crm_record *old,
    struct crm_record *rec, struct crm_err *err);
int crm_rate_prepare(struct crm_change *ch, const struct crm_record *old,
    struct crm_record *rec, struct crm_err *err);
int crm_event_prepare(struct crm_change *ch, const struct crm_record *old,
    struct crm_record *rec, struct crm_err *err);
/* relation.c, task.c */
int crm_relation_prepare(struct crm_change *ch, const struct crm_record *old,
    struct crm_record *rec, struct crm_err *err);
int crm_relation_at(struct crm_txn *t, const struct crm_schema *s, int64_t at,
    struct crm_record *rec, struct crm_err *err);
int crm_task_prepare(struct crm_change *ch, const struct crm_record *old,
    struct crm_record *rec, struct crm_err *err);
int crm_task_at(struct crm_txn *t, const struct crm_schema *s, int64_t at,
    struct crm_record *rec, struct crm_err *err);

/* lib/model/ticket.c, touch.c */
int crm_ticket_prepare(struct crm_change *ch, const struct crm_record *old,
    struct crm_record *rec, struct crm_err *err);
int crm_ticket_after(struct crm_change *ch, const struct crm_record *old,
    const struct crm_record *rec, struct crm_err *err);
int crm_ticket_at(struct crm_txn *t, const struct crm_schema *s, int64_t at,
    struct crm_record *rec, struct crm_err *err);
int crm_ticket_effects(const struct crm_schema *s, const struct crm_record *rec,
    int sign, struct crm_buf *out, struct crm_err *err);
int crm_touch_prepare(struct crm_change *ch, const struct crm_record *old,
    struct crm_record *rec, struct crm_err *err);
int crm_touch_after(struct crm_change *ch, const struct crm_record *old,
    const struct crm_record *rec, struct crm_err *err);
int crm_touch_effects(const struct crm_schema *s, const struct crm_record *rec,
    int sign, struct crm_buf *out, struct crm_err *err);

/* Is a field another than before, or given to a new record? (party.c) */
bool crm_field_differs(const struct crm_record *old,
    const struct crm_record *rec, const char *field);
/* Refuses a parent_id that would make a circle (product.c). */
int crm_parent_check(
    struct crm_change *ch, const struct crm_record *rec, struct crm_err *err);
/* Base currency for one unit of `currency` on the shop's day of `at`, from the
 * rate records (at most 7 days old); CRM_EDATA when missing or stale. */
int crm_rate_find(struct crm_change *ch, struct crm_str currency, int64_t at,
    struct crm_dec *out, struct crm_err *err);

/* scan_parts.c: the highest number of a table, 0: none; whether so many
 * entries are all of a kind's. */
int crm_parts_last(
    struct crm_txn *t, unsigned table, uint64_t *out, struct crm_err *err);
int crm_parts_count(struct crm_txn *t, const struct crm_kind *k, uint64_t sum,
    struct crm_err *err);

#endif
