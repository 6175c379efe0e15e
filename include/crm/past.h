/*
 * past.h - the store as it was known at a revision: the second clock.
 *
 * Laid over an open store, a past makes every transaction for reading that
 * begins after that see the records as they were when that revision was the
 * last: later ones are not there, removed ones are, references, indexes,
 * ledger and figures are those of then, and so are the settings.  It is
 * independent of the moment that crm_scan and others are given.  Transactions
 * may follow each other, but not overlap.
 *
 *	crm_past_open(&p, store, 1873, err);
 *	schema = crm_past_schema(p);
 *	crm_txn_begin(store, &t, err);		... reads as ever
 *	crm_past_close(p);
 */
#ifndef CRM_PAST_H
#define CRM_PAST_H

#include <crm/store.h>

/* The last revision at or before a time.  CRM_NOTFOUND, with a message, when
 * there was no store yet. */
int crm_past_find(
    struct crm_store *s, int64_t time, uint64_t *out, struct crm_err *err);

/* CRM_NOTFOUND, with a message: no such revision.  CRM_EDATA: the log does not
 * reach so far back.  No transaction may be open, nor for crm_past_close. */
struct crm_past;
int crm_past_open(struct crm_past **out, struct crm_store *s, uint64_t revision,
    struct crm_err *err);
/* By the settings of then; valid until crm_past_close. */
const struct crm_schema *crm_past_schema(const struct crm_past *p);
void crm_past_close(struct crm_past *p);

#endif
