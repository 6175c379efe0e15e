/*
 * names.h - what the sales*.c files share: rows as they come, and ids that
 * come as texts.
 */
#ifndef STATS_NAMES_H
#define STATS_NAMES_H

#include <crm/sales.h>

/* The number of a text, a new one if need be.  false: no memory. */
bool crm_names_put(struct crm_names *x, struct crm_str text, uint32_t *out);
/* The same of a text that looks like the first, a letter or two and a number;
 * false: it does not, or there is no memory. */
bool crm_names_put_code(
    struct crm_names *x, struct crm_str text, uint32_t *out);
/* Numbers all in the order of their texts, which are listed, and puts the n
 * ids of rows right.  false: no memory. */
bool crm_names_sort(struct crm_names *x, uint32_t *id, size_t n);
/* Puts those of y behind those of x, in their order; now[i] is the number in
 * x of y's i.  Before either is sorted.  false: no memory. */
bool crm_names_join(struct crm_names *x, struct crm_names *y, uint32_t *now);
/* The number in the text of i, if i's is one that looks like the first. */
bool crm_names_code(const struct crm_names *x, uint32_t i, uint32_t *out);
/* Calls fn with the code of each text that both have and its numbers; false: fn
 * was, or there are texts without a code, or codes of another sort. */
typedef bool crm_names_fn(
    void *ctx, uint32_t code, uint32_t in_x, uint32_t in_y);
bool crm_names_shared(const struct crm_names *x, const struct crm_names *y,
    crm_names_fn *fn, void *ctx);
void crm_names_release(struct crm_names *x);

/* Room for cap rows in all.  false: no memory. */
bool crm_sales_room(struct crm_sales *x, size_t cap);
/* Where the columns are in a stream, -1: not there. */
int crm_sales_columns(struct crm_sales *x, struct crm_stream *s,
    const struct crm_sales_options *opt, int at[CRM_SALES_COLUMNS],
    struct crm_err *err);
/* A stream to its end, without crm_sales_done. */
int crm_sales_rows(struct crm_sales *x, struct crm_stream *s,
    const struct crm_sales_options *opt, struct crm_err *err);

/* ---- sales_baskets.c: baskets from a file that has order after order ---- */

struct crm_piece;
/* An order's id, to be compared fast. */
struct crm_piece_key {
	uint64_t n, head, tail;
};
/* Of a part of it.  Zeroed is empty. */
struct crm_pieces {
	struct crm_baskets b; /* by the orders' numbers */
	struct crm_names order, product; /* as they came */
	struct crm_piece_key last; /* the order of the last line, */
	uint32_t code; /* its code, */
	bool again; /* and whether it was there before */
	struct crm_piece *piece;
	size_t n, cap;
};
/* A stream, of so many bytes, to its end; order and product are columns.
 * CRM_NO: it is no such file, or there is no memory. */
int crm_pieces_read(struct crm_pieces *p, struct crm_stream *s, size_t order,
    size_t product, size_t bytes, struct crm_err *err);
/* The same of n bytes of lines with these two fields alone, swapped: the product
 * is the first.  *used of them are done; crm_baskets_end(&p->b) at the end. */
int crm_pieces_plain(struct crm_pieces *p, const char *at, size_t n,
    bool swapped, size_t bytes, size_t *used, struct crm_err *err);
/* The n parts, fewer than CRM_THREADS, as x's baskets and products; they are
 * to be released all the same.  CRM_NO: as above, x is as it was. */
int crm_pieces_join(
    struct crm_sales *x, struct crm_pieces *p, unsigned n, struct crm_err *err);
void crm_pieces_release(struct crm_pieces *p);

#endif
