/*
 * history_parts.h - a record's way back through the log; inside the room only.
 */
#ifndef CRM_MODEL_HISTORY_PARTS_H
#define CRM_MODEL_HISTORY_PARTS_H

#include <crm/history.h>

#include "hooks.h"

/*
 * A record at one of its revisions.  Zeroed is closed; open reads it as it is
 * stored, back goes to the revision before.
 */
struct crm_walk {
	struct crm_txn *txn;
	unsigned kind;
	uint64_t number;
	struct crm_buf now, old; /* its bytes here; room */
	uint64_t state, revision; /* said by these bytes */
	char op; /* of the step just taken back, 'a' when it was added */
	uint64_t from; /* crm_log_from, 0 not read yet */
};
/* CRM_NOTFOUND: there is no such number. */
int crm_walk_open(struct crm_walk *w, struct crm_txn *t, unsigned kind,
    uint64_t number, struct crm_err *err);
/* CRM_NOTFOUND: here it was added.  CRM_NO: what is older is not in the log.
 * CRM_EDAMAGE: the log does not lead on. */
int crm_walk_back(struct crm_walk *w, struct crm_err *err);
/* Back to how it was at a revision, inclusive; a tombstone's bytes where it was
 * gone by then.  CRM_NOTFOUND: it was not there yet.  CRM_EDATA: the log does
 * not reach so far back. */
int crm_walk_to(struct crm_walk *w, uint64_t revision, struct crm_err *err);
/* The record in the arena, its texts too; NULL in *out for a tombstone, whose
 * state is the walk's. */
int crm_walk_record(const struct crm_walk *w, const struct crm_schema *s,
    struct crm_str bytes, struct crm_arena *a, struct crm_record **out,
    struct crm_err *err);
void crm_walk_close(struct crm_walk *w);

/* Reads the sealed entry of a log key: CRM_NOTFOUND. */
int crm_log_get(struct crm_txn *t, uint64_t revision, unsigned kind,
    uint64_t number, struct crm_str *out, struct crm_err *err);
/* Did a revision give out this number? */
bool crm_log_gave(const struct crm_log_head *h, unsigned kind, uint64_t number);
/* "C42"; a view of b. */
struct crm_str crm_log_name(const struct crm_schema *s, unsigned kind,
    uint64_t number, struct crm_buf *b);

#endif
