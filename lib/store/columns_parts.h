/*
 * columns_parts.h - a block that is open.
 */
#ifndef COLUMNS_PARTS_H
#define COLUMNS_PARTS_H

#include "store/columns_wire.h"

struct column {
	const struct crm_field *f;
	int field; /* in the record */
	bool coin; /* money of the record's currency */
	bool there; /* in this block */
	struct crm_lane lane;
	struct crm_str *word; /* from 1; of an enum or of a list */
	uint32_t *at; /* room for the places of texts */
};

/* The rows of the first part. */
struct crm_columns_rows {
	bool wanted, there;
	struct column count, cell[COLUMNS_CELLS];
	size_t ncells, nvaried;
	struct column *varied[COLUMNS_CELLS];
	size_t most; /* of a record of the block */
	size_t n; /* in the block */
	size_t row; /* the next one */
};

struct crm_columns {
	const struct crm_schema *schema;
	const struct crm_kind *kind;
	struct crm_cursor *cursor; /* NULL: of no store */
	bool begun;
	bool any; /* what a block has not is done without */
	bool fresh; /* no record of the block was read */
	bool coins; /* there is money of the record's currency */
	uint64_t first;
	const unsigned char *live;
	size_t records; /* of the block */
	size_t record; /* the next one's place among them */
	bool whole; /* they follow each other, from start on */
	uint64_t start;
	bool chosen; /* only those with a bit in only */
	uint64_t only[CRM_COLUMNS_RANGE / 64];
	size_t n; /* columns; those that vary are the first */
	size_t nvaried;
	uint8_t digits[COLUMNS_WORDS + 1]; /* by currency */
	unsigned entries; /* of the block's range and 1; 0: not told */
	uint64_t seek; /* where the first block is looked for */
	uint64_t next; /* the first number of one that was come to */
	struct crm_str ahead; /* and its bytes; p NULL: of none */
	uint64_t to; /* numbers from it on are not wanted; 0: no end */
	struct crm_columns_rows rows;
	uint16_t place[CRM_COLUMNS_RANGE]; /* unless whole, in the range */
	struct column *column[CRM_FIELDS_MAX];
	struct column all[]; /* the currency is the first, if there is money */
};

#endif
