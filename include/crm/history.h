/*
 * history.h - what the log tells: revisions, records through time, undo, feed.
 *
 * Every write transaction is a revision; a command's change is one revision
 * or several (its parts).  A record carries the revision that wrote it, and
 * the log's entry of that revision leads to the bytes it had before: so any
 * record can be taken back, revision by revision, to the one that added it.
 *
 *	crm_change_open(&ch, store, &opt, NULL, err);
 *	crm_undo_put(ch, 1873, &undone, err);
 *	crm_change_commit(ch, &revision, err);
 *
 * Entries (revision, 0, CRM_LOG_SOURCE + n) are of no record: they hold what
 * an import had remembered (a row of CRM_TAB_SOURCE) before that revision
 * changed it or took it away: varint 0, varint 'x', varint length, the row's
 * key, then, where there was one, 1 and its value.
 */
#ifndef CRM_HISTORY_H
#define CRM_HISTORY_H

#include <crm/hash.h>
#include <crm/model.h>
#include <crm/out.h>

/* ---- revisions ---- */

/* Operations as entries have them: 'c' changed, 'r' removed, 'u' restored (a
 * tombstone that lives again), 'm' merged, 'e' erased; and 'a' added, which has
 * no entry.  The words as an enum's values; the place of an op, 0 unknown. */
#define CRM_OP_NAMES "added,changed,removed,restored,merged,erased"
unsigned crm_op_place(char op);

#define CRM_LOG_SOURCE ((uint64_t)1 << 62)

/* The first revision whose entries are there; a store that was loaded without
 * its log has none of what is older.  1 usually. */
int crm_log_from(struct crm_txn *t, uint64_t *out, struct crm_err *err);
/* The header of the first revision at or after the one given.  Texts are
 * valid until the transaction ends.  CRM_NOTFOUND past the last. */
int crm_log_next(struct crm_txn *t, uint64_t revision, struct crm_log_head *out,
    struct crm_err *err);
/* The header of a revision; CRM_NOTFOUND with a message. */
int crm_log_read(struct crm_txn *t, uint64_t revision, struct crm_log_head *out,
    struct crm_err *err);
/* The time of a revision that is being written: now, but not before that of the
 * one before it.  Times of revisions never go back, though clocks do. */
int crm_log_time(struct crm_txn *t, uint64_t revision, int64_t now,
    int64_t *out, struct crm_err *err);
/* First and last revision of the change that a revision belongs to. */
int crm_log_change(struct crm_txn *t, uint64_t revision, uint64_t *first,
    uint64_t *last, struct crm_err *err);
/* How many numbers the revision gave out. */
uint64_t crm_log_added(const struct crm_log_head *h);

/* One record that a revision touched. */
struct crm_log_entry {
	uint64_t revision, number;
	unsigned kind;
	char op;
	uint64_t previous; /* the record's revision before, 0 when added */
};
typedef int crm_log_fn(
    void *ctx, const struct crm_log_entry *e, struct crm_err *err);
/* Every record of a revision: added ones by kind and number, then those that
 * were there.  A code of fn ends it. */
int crm_log_entries(struct crm_txn *t, uint64_t revision, crm_log_fn *fn,
    void *ctx, struct crm_err *err);

/* ---- what changed ---- */

/* The fields in which two records differ (either NULL), as rows with op and
 * id as given.  Figures are no part of a record. */
int crm_record_differ(const struct crm_schema *s, struct crm_record *old,
    struct crm_record *new, struct crm_change_row *row, crm_change_fn *fn,
    void *ctx, struct crm_err *err);

/* One field of a record that a revision touched.  A row whose field is empty
 * names the record only. */
typedef int crm_history_fn(void *ctx, const struct crm_log_head *head,
    const struct crm_change_row *row, struct crm_err *err);
/* A revision field by field; records it added are named only, unless full. */
int crm_history_show(struct crm_txn *t, const struct crm_schema *s,
    uint64_t revision, bool full, crm_history_fn *fn, void *ctx,
    struct crm_err *err);
/* A record from its first revision to the last, field by field.
 * CRM_NOTFOUND with a message when its number was never given. */
int crm_history_record(struct crm_txn *t, const struct crm_schema *s,
    unsigned kind, uint64_t number, crm_history_fn *fn, void *ctx,
    struct crm_err *err);

/* One fault: its place ("C42", "revision 7") and what is wrong, valid during
 * the call.  A code ends it. */
typedef int crm_log_fault_fn(
    void *ctx, struct crm_str place, struct crm_str what, struct crm_err *err);
struct crm_log_verified {
	uint64_t revisions, entries, records, faults;
};
/*
 * Goes through the log and every record's chain of revisions: headers follow
 * each other, say what their entries are, every difference applies and leads
 * to the revision before, every number that was given has a record, and no
 * entry is apart from all chains.  CRM_NO when there are faults.
 */
int crm_log_verify(struct crm_txn *t, const struct crm_schema *s,
    crm_log_fault_fn *fn, void *ctx, struct crm_log_verified *out,
    struct crm_err *err);

/* ---- undo ---- */

struct crm_undone {
	uint64_t change, last; /* the revisions that are taken back */
	uint64_t records; /* that change by it */
	uint64_t sources; /* rows imports remembered, given back or released */
};
/*
 * Puts what takes a change back, all its parts, into an open change, which
 * becomes "crm-log undo N" in the log.  Records it added are removed, those it
 * removed are restored under their number, values it set are as before; its
 * key may be used again (undoing an undo takes it again); what imports
 * remembered is as before.  CRM_EDATA, with the reason, when a record is not
 * as the change left it, something refers to what it added, a value has been
 * taken since, what it referred to is gone, or it is nothing that can be
 * taken back (settings, a rebuild, an erasure).  CRM_NOTFOUND: no revision.
 */
int crm_undo_put(struct crm_change *ch, uint64_t revision,
    struct crm_undone *out, struct crm_err *err);
/* Is this a change that took another back?  Which. */
bool crm_undo_of(const struct crm_log_head *h, uint64_t *change);
/* All changes that are taken back now: first revision of each -> the change
 * that did it.  One that was undone and done again is not among them: the
 * value of its entry is 0. */
int crm_undo_all(struct crm_txn *t, struct crm_idmap *out, struct crm_err *err);

/* ---- the feed ---- */

/*
 * Everything from a revision on, in the order of revisions, as full
 * after-images.  kind 0: an archive; for each revision a section `revision`
 * with its header, then for each kind of record it touched a section of the
 * kind (id, op, revision, the stored fields) and of its parts (row id, op,
 * revision, fields); such a row stands for the whole record, so that what was
 * known of its parts before goes.  Removed and erased ones have no fields.
 * Else a plain stream of that kind, without parts; the output then must have
 * been opened with crm_feed_fields.  Who reads on from the last revision he
 * has seen gets everything at least once.
 */
struct crm_feed_options {
	uint64_t since; /* first revision to give */
	uint64_t until; /* the last one, 0: all there are */
	unsigned kind;
};
/* *next: the revision to go on with.  No transaction is open while a blocked
 * pipe is waited for. */
int crm_feed_write(struct crm_store *store, const struct crm_feed_options *opt,
    struct crm_out *out, uint64_t *next, struct crm_err *err);
/* The columns of a kind's rows; in the arena. */
int crm_feed_fields(const struct crm_kind *k, struct crm_arena *a,
    struct crm_field **out, size_t *n, struct crm_err *err);

#endif
