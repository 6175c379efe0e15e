/*
 * past_parts.h - the ledger of a past, for ledger.c; inside the room only.
 */
#ifndef CRM_MODEL_PAST_PARTS_H
#define CRM_MODEL_PAST_PARTS_H

#include <crm/hash.h>
#include <crm/overlay.h>
#include <crm/past.h>

#include "history_parts.h"

struct crm_past {
	struct crm_overlay over; /* first: it is what a transaction knows */
	struct crm_store *store;
	uint64_t revision;
	const struct crm_schema *schema; /* of then */
	struct crm_arena arena; /* the settings of then, if others */
	struct crm_settings settings;
	struct crm_schema own;
	bool owns;

	struct crm_walk walk; /* its buffers are used again */
	uint64_t settled; /* the last revision of the change it falls into; 0
			     not looked up, UINT64_MAX not settled yet */
	uint64_t most[CRM_K_MAX]; /* numbers above it are of later */

	/* What a snapshot of the store has to be looked through for. */
	bool known;
	uint64_t snapshot; /* the last revision in it */
	bool anew; /* derived tables are made of all records */
	struct crm_entries ident, index;
	struct crm_entries orders; /* (customer, order) of those that changed */
};

/* The past that is laid over a transaction, NULL none. */
static inline struct crm_past *
crm_past_of(const struct crm_txn *t)
{
	return (struct crm_past *)crm_txn_overlay(t);
}

/* Looks the snapshot through, once; lifted. */
int crm_past_know(struct crm_past *p, struct crm_txn *t, struct crm_err *err);
/* Was a stored record changed or added since?  Lifted.  What is not there was
 * not. */
int crm_past_later(struct crm_past *p, struct crm_txn *t, unsigned kind,
    uint64_t number, bool *out, struct crm_err *err);

/* past_ledger.c: as crm_ledger_*. */
struct crm_past_ledger;
int crm_past_ledger_open(struct crm_txn *t, uint64_t customer,
    struct crm_past_ledger **out, struct crm_err *err);
int crm_past_ledger_next(struct crm_past_ledger *l,
    struct crm_ledger_entry *out, struct crm_err *err);
/* A customer's orders, one by one, in place of entries; the record is valid
 * until the next call.  CRM_NOTFOUND at the end. */
int crm_past_ledger_order(
    struct crm_past_ledger *l, struct crm_record **out, struct crm_err *err);
void crm_past_ledger_close(struct crm_past_ledger *l);

#endif
