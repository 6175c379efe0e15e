/*
 * quality.h - how much of the data is there, right, and new.
 *
 * For each field of a kind, of all sources or of each: how many records there
 * are, have a value, have one that is wrong though it could be read, and were
 * changed since a moment.  What is wrong is a row in a table of
 * lib/stats/quality.c.
 *
 *	struct crm_quality q = {0};
 *
 *	crm_quality_read(txn, schema, &opt, &q, err);
 *	for (i = 0; i < q.n; i++)	q.row[i].filled of q.row[i].records
 *	crm_quality_release(&q);
 */
#ifndef CRM_QUALITY_H
#define CRM_QUALITY_H

#include <crm/hash.h>
#include <crm/model.h>

struct crm_quality_row {
	int field; /* of the kind */
	struct crm_str source; /* n 0: records that name none, or all */
	uint64_t records, filled, invalid, fresh;
	uint64_t revision; /* the last one of a record that has a value */
};
/* A value that is wrong: of a record's field, and why. */
typedef int crm_quality_fn(void *ctx, const struct crm_record *rec, int field,
    const char *why, struct crm_err *err);
struct crm_quality_options {
	const struct crm_kind *kind;
	int64_t at; /* INT64_MAX: now */
	int64_t now;
	int64_t since; /* fresh is what the store was told since */
	bool by_source;
	uint64_t many; /* so many people with one value are too many */
	crm_quality_fn *fn; /* may be NULL */
	void *ctx;
};
struct crm_quality {
	struct crm_quality_row *row; /* by source, then field */
	size_t n, cap;
	struct crm_map source; /* -> its first row */
	struct crm_map shared; /* identities of too many */
	struct crm_arena arena;
};
/* Fields that are stored and can be given; a kind's id, figures and what is
 * computed are not looked at. */
bool crm_quality_takes(const struct crm_field *f);
int crm_quality_read(struct crm_txn *t, const struct crm_schema *s,
    const struct crm_quality_options *opt, struct crm_quality *out,
    struct crm_err *err);
void crm_quality_release(struct crm_quality *q);

/* Part of 100, in tenths, rounded: 2 of 3 is 667.  whole > 0. */
int64_t crm_quality_percent(uint64_t part, uint64_t whole);

#endif
