/*
 * columns_wire.h - the bytes of a block, numbers with the lowest byte first:
 *
 *	2	version
 *	2	records
 *	2	columns
 *	2	entries of the range and 1, with those of records that are
 *		gone; 0: not told
 *	RANGE/8	a bit for each number of the range: is it a record?
 *	16	for each column, in rising order of tags:
 *		tag 2, how 1, width 1, place of its codes 4, base 8
 *	...	what they hold
 *	8	0, so that eight bytes can be read from any place
 *
 * A column has a code of `width` bits for each record, one after the other, which
 * is by `how`
 *	NUMBER	the distance from base
 *	SPARSE	the same and one more; 0 no value
 *	WORD	the place from 1 of one of `base` words; 0 no value; of 0 bits:
 *		of all the only one, if there is one.  Behind the codes the
 *		words' lengths, a byte each, and the words
 *	TEXT	a length; 0 no value.  Behind the codes the texts
 *
 * The rows of the first part have a column with the part's tag, the count of
 * each record's, and a column for each of their fields that is kept, with
 * COLUMNS_CELL and the field's tag: a code for each row, all rows of the block
 * one after the other.  Those of decimals have in the high half of `how` the
 * digits behind the point, the same for all.
 */
#ifndef COLUMNS_WIRE_H
#define COLUMNS_WIRE_H

#include <crm/columns.h>

#define COLUMNS_VERSION 1
#define COLUMNS_HEAD 8
#define COLUMNS_LIVE (CRM_COLUMNS_RANGE / 8)
#define COLUMNS_ENTRY 16
#define COLUMNS_TAIL 8
#define COLUMNS_WORDS 255
#define COLUMNS_CELL 0x8000U
#define COLUMNS_CELLS 4 /* at most */
#define COLUMNS_ROWS 255 /* of a record, at most; else its block has no rows */
/* Codes of more bits than these, but for all 64, cannot be read at once. */
#define COLUMNS_WIDTH 57

enum columns_how { HOW_NUMBER, HOW_SPARSE, HOW_WORD, HOW_TEXT, HOWS };

static inline unsigned
columns_load2(const unsigned char *p)
{
	return (unsigned)p[0] | (unsigned)p[1] << 8;
}

static inline uint64_t
columns_mask(unsigned width)
{
	return width == 64 ? UINT64_MAX : ((uint64_t)1 << width) - 1;
}

/* Bytes of so many codes. */
static inline size_t
columns_bytes(size_t n, unsigned width)
{
	return (n * width + 7) / 8;
}

/* ---- columns_pack.c: a block from records ---- */

struct crm_pack;
/* NULL: no memory. */
struct crm_pack *crm_pack_new(const struct crm_kind *k);
void crm_pack_free(struct crm_pack *p);
void crm_pack_begin(struct crm_pack *p, uint64_t first);
/* Texts are borrowed until crm_pack_end. */
void crm_pack_add(struct crm_pack *p, const struct crm_record *r);
/* Appends the block's bytes, not sealed.  entries: see above. */
void crm_pack_end(struct crm_pack *p, unsigned entries, struct crm_buf *out);

/* ---- columns.c ---- */

/* The block of bytes that are not sealed, as crm_columns_block opens one of the
 * store; c comes from crm_columns_make.  CRM_NO: it has not all. */
int crm_columns_take(struct crm_columns *c, uint64_t first,
    struct crm_str bytes, struct crm_err *err);
/* One without a store. */
int crm_columns_make(const struct crm_schema *s, const struct crm_kind *k,
    const struct crm_want *want, uint64_t cells, struct crm_columns **out,
    struct crm_err *err);

#endif
