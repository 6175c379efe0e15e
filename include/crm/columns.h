/*
 * columns.h - records once more, field beside field.
 *
 * To go through all records of a kind for a few of their fields, most of what is
 * read, summed and stepped over is not wanted.  So kinds of which there are many
 * have a table that is derived from their records: for CRM_COLUMNS_RANGE numbers
 * that follow each other one entry, a block, in which the values of each field
 * lie together, as differences in as few bits as they need.  It is for reading
 * all of them only; whoever looks up a record reads the record.
 *
 * A range has its block or has none, and then its records are read.  A block is
 * made when all numbers of its range have been given out (crm_columns_fill); a
 * put or a deletion of a record drops the block it is in, in the same
 * transaction.  So a block that is there is what its records are.  Fields that
 * are personal, computed or custom are in no block.  Of the rows of the first
 * part, the lines of an order, there are some: what was bought, and how many.
 *
 *	crm_columns_open(t, schema, kind, &want, 0, &c, &err);
 *	while (crm_columns_block(c, &first, &err) == CRM_OK)
 *		while (crm_columns_next(c, rec, &err) == CRM_OK)
 *			use(rec);
 *	crm_columns_close(c);
 */
#ifndef CRM_COLUMNS_H
#define CRM_COLUMNS_H

#include <crm/lane.h>
#include <crm/store.h>

#define CRM_COLUMNS_RANGE 2048

/* Do records of this kind have blocks? */
bool crm_columns_of(unsigned kind);
/* Is this field in them? */
bool crm_columns_field(const struct crm_field *f);
/* Is this field of the rows of the first part? */
bool crm_columns_cell(const struct crm_field *f);
/* All of them, bits by index. */
uint64_t crm_columns_cells(const struct crm_kind *k);

struct crm_columns;
/*
 * CRM_NO: not for what is wanted, or not in this transaction: one that writes,
 * or has an overlay.  want NULL: all that is there, see crm_columns_has.
 * cells: of the rows of the first part, if it is wanted, these fields, bits by
 * index.  Borrows schema and kind; close it before the transaction ends.
 */
int crm_columns_open(struct crm_txn *t, const struct crm_schema *s,
    const struct crm_kind *k, const struct crm_want *want, uint64_t cells,
    struct crm_columns **out, struct crm_err *err);
/* The next block is the first from this number on; to: the last one whose
 * range ends before this number, 0: of all. */
void crm_columns_range(struct crm_columns *c, uint64_t from, uint64_t to);
/* Goes on to the next block that has all that is wanted: *first is the first
 * number of its range.  CRM_NOTFOUND behind the last.  CRM_EDAMAGE. */
int crm_columns_block(
    struct crm_columns *c, uint64_t *first, struct crm_err *err);
/* The next living record of the block, in the order of their numbers, into r:
 * the same one for all records of a block, which keeps what all have in common.
 * Texts borrow the store's bytes.  Rows come in their order, without their
 * numbers; decimals are equal to the record's, but may have more digits.
 * CRM_NOTFOUND behind the last. */
int crm_columns_next(
    struct crm_columns *c, struct crm_record *r, struct crm_err *err);
/* Has the block this field? */
bool crm_columns_has(const struct crm_columns *c, int field);
/* And this field of rows?  -1: the rows' count. */
bool crm_columns_has_cell(const struct crm_columns *c, int field);
/*
 * The block as a whole, instead of record by record: its records and their
 * numbers; the values of a field as a lane of so many, NULL when the block has
 * it not; the same of rows, n of them, -1 their count of each record, n
 * records.  Valid until the next block.
 */
size_t crm_columns_records(const struct crm_columns *c);
void crm_columns_numbers(const struct crm_columns *c, uint64_t *out);
const struct crm_lane *crm_columns_lane(const struct crm_columns *c, int field);
const struct crm_lane *crm_columns_cell_lane(
    const struct crm_columns *c, int field, size_t *n);
/* crm_columns_next gives only those of the block's records whose bits are set,
 * the first one's is bit 0 of the first word; not where rows are wanted. */
void crm_columns_only(struct crm_columns *c, const uint64_t *bits);
/* Entries of the block's range, with those of records that are gone; false:
 * the block, made by an earlier version, does not say. */
bool crm_columns_entries(const struct crm_columns *c, uint64_t *out);
void crm_columns_close(struct crm_columns *c);

/* Makes the blocks that are not there and may be.  One of records that cannot be
 * read is not made: they are for the check to find. */
int crm_columns_fill(struct crm_store *s, struct crm_err *err);

/* The key of a block, by any number of its range. */
#define CRM_COLUMNS_KEY 9
struct crm_str crm_columns_key(
    unsigned kind, uint64_t number, char out[CRM_COLUMNS_KEY]);

#endif
