/*
 * segment.h - segments of customers: named conditions of the settings.
 *
 * A segment is a condition over a customer's fields and figures that may also
 * ask in(NAME), is she in another segment, and consent(CHANNEL, PURPOSE).
 * Nothing is kept of who is in one: it is tried when it is asked, all
 * segments in one pass over the customers.  Who is not a live record is in
 * none, nor is a party that has roles but not that of a customer - unless the
 * condition names the field `roles` and so says itself whom it looks at.
 *
 *	crm_segments_open(&sg, schema, now, INT64_MAX, err);
 *	crm_segments_need(sg, place);
 *	crm_segments_sets(sg, t, &set, err);	set[place] has the members
 *	crm_segments_close(sg);
 */
#ifndef CRM_SEGMENT_H
#define CRM_SEGMENT_H

#include <crm/expr.h>
#include <crm/ledger.h>
#include <crm/model.h>

/* ---- sets of numbers: a bit each ---- */

/* Zeroed is empty.  Release with crm_members_release. */
struct crm_members {
	uint64_t *bits;
	size_t words;
	uint64_t count;
};
int crm_members_put(
    struct crm_members *m, uint64_t number, struct crm_err *err);
void crm_members_drop(struct crm_members *m, uint64_t number);
static inline bool
crm_members_has(const struct crm_members *m, uint64_t number)
{
	return number / 64 < m->words &&
	       (m->bits[number / 64] >> (number % 64) & 1);
}
/* The first at or after a number; UINT64_MAX when there is none. */
uint64_t crm_members_next(const struct crm_members *m, uint64_t from);
void crm_members_release(struct crm_members *m);
/*
 * As text: numbers with blanks between, in turn how many are not in it, from
 * 0 on, and how many are: "41 2 7 1" is 41, 42 and 50.  put stops past `most`
 * bytes and answers the number to go on from, UINT64_MAX when all is written;
 * *n is added to.  take adds (or takes away) what a text has.  CRM_EDAMAGE.
 */
uint64_t crm_members_text(const struct crm_members *m, uint64_t from,
    size_t most, struct crm_buf *out, uint64_t *n);
int crm_members_take(
    struct crm_members *m, struct crm_str text, bool in, struct crm_err *err);
/* How many of the one are not in the other; the difference into out, NULL:
 * only counted. */
int crm_members_less(const struct crm_members *a, const struct crm_members *b,
    struct crm_members *out, uint64_t *n, struct crm_err *err);

/* ---- the segments of a store ---- */

struct crm_segments;
/*
 * Compiles all segments of the schema's settings; now is what `today` is of,
 * at the moment customers are looked at as of (INT64_MAX: as they are).
 * Borrows the schema.  CRM_ECONFIG names the segment.
 */
int crm_segments_open(struct crm_segments **out, const struct crm_schema *s,
    int64_t now, int64_t at, struct crm_err *err);
void crm_segments_close(struct crm_segments *sg);
size_t crm_segments_count(const struct crm_segments *sg);
const struct crm_segment *crm_segments_def(
    const struct crm_segments *sg, size_t place);
/* It will be asked for, and with it those it names. */
void crm_segments_need(struct crm_segments *sg, size_t place);
void crm_segments_need_all(struct crm_segments *sg);
/* The consents of customers will be asked for, by a caller's condition. */
void crm_segments_need_consents(struct crm_segments *sg);
/* Adds what is to be read of a customer for those needed. */
void crm_segments_want(const struct crm_segments *sg, struct crm_want *want);
/* Before customers are tried, in their transaction.  few: their consents are
 * looked up one by one; else all are read at once. */
int crm_segments_begin(
    struct crm_segments *sg, struct crm_txn *t, bool few, struct crm_err *err);
/* A customer to be tried: read with what was wanted, until the next. */
void crm_segments_row(struct crm_segments *sg, const struct crm_record *rec);
/* Is she in it?  CRM_EDATA: the condition cannot be computed for her. */
int crm_segments_has(
    struct crm_segments *sg, size_t place, bool *yes, struct crm_err *err);
/* Consent of a customer, when consents were needed. */
int crm_segments_consent(struct crm_segments *sg, uint64_t customer,
    struct crm_str channel, struct crm_str purpose, bool *yes,
    struct crm_err *err);

/* All customers, once; figures wanted beside are in rec.  A code of fn ends
 * it. */
typedef int crm_segments_fn(
    void *ctx, struct crm_record *rec, struct crm_err *err);
int crm_segments_each(struct crm_segments *sg, struct crm_txn *t,
    const struct crm_want *beside, crm_segments_fn *fn, void *ctx,
    struct crm_err *err);
/* The same in parts, as crm_scan_parts has them, with segments of its own for
 * each; one where consents are needed. */
typedef int crm_segments_part_fn(void *ctx, struct crm_segments *sg,
    struct crm_record *rec, struct crm_err *err);
int crm_segments_parts(struct crm_segments *sg, struct crm_txn *t,
    const struct crm_want *beside, crm_segments_part_fn *fn, void *const *ctx,
    unsigned parts, struct crm_err *err);
/* The members of those needed, by place.  Release with crm_sets_release. */
int crm_segments_sets(struct crm_segments *sg, struct crm_txn *t,
    struct crm_members **out, struct crm_err *err);
void crm_sets_release(struct crm_members *set, size_t n);

/* ---- why ---- */

/* A line of the tree, in the order in which it is printed.  Valid during the
 * call. */
struct crm_why {
	unsigned depth; /* 0 the segment itself */
	struct crm_str text; /* "orders >= 3", "any of", "not" */
	bool yes, failed;
	struct crm_str values; /* "orders = 11" */
};
typedef int crm_why_fn(
    void *ctx, const struct crm_why *line, struct crm_err *err);
/* Of the customer of crm_segments_row, read whole. */
int crm_segments_why(struct crm_segments *sg, size_t place, crm_why_fn *fn,
    void *ctx, struct crm_err *err);

/* ---- snapshots: who came and who went, in records of the kind `snapshot`.
 * Who was in a segment is what its records add up to, so that a part of them
 * that was not written is written by the next one. ---- */

struct crm_snapshot {
	struct crm_str segment;
	uint64_t members, entered, left;
};
typedef int crm_snapshot_fn(
    void *ctx, const struct crm_snapshot *s, struct crm_err *err);
/* Puts what differs from the snapshots before into the change; fn is called
 * for each segment, changed or not. */
int crm_snapshot_take(struct crm_change *ch, int64_t at, crm_snapshot_fn *fn,
    void *ctx, struct crm_err *err);

struct crm_moved {
	uint64_t customer;
	uint64_t revision;
	int64_t at;
	bool entered;
};
struct crm_moves {
	struct crm_moved *v;
	size_t n, cap;
};
/*
 * The last move of each customer among the snapshots of a segment whose time
 * is not before since and whose revision is not below; by customer.
 * CRM_NOTFOUND when there never was a snapshot of it.  Release with free.
 */
int crm_snapshot_moves(struct crm_txn *t, const struct crm_schema *s,
    struct crm_str segment, int64_t since, uint64_t revision,
    struct crm_moves *out, struct crm_err *err);

#endif
