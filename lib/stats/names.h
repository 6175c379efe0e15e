/*
 * names.h - what the sales*.c files share: rows as they come, and ids that
 * come as texts.
 */
#ifndef STATS_NAMES_H
#define STATS_NAMES_H

#include <crm/sales.h>

/* The number of a text, a new one if need be.  false: no memory. */
bool crm_names_put(struct crm_names *x, struct crm_str text, uint32_t *out);
/* Numbers all in the order of their texts, which are listed, and puts the n
 * ids of rows right.  false: no memory. */
bool crm_names_sort(struct crm_names *x, uint32_t *id, size_t n);
/* Puts those of y behind those of x, in their order; now[i] is the number in
 * x of y's i.  Before either is sorted.  false: no memory. */
bool crm_names_join(struct crm_names *x, struct crm_names *y, uint32_t *now);
void crm_names_release(struct crm_names *x);

/* Room for cap rows in all.  false: no memory. */
bool crm_sales_room(struct crm_sales *x, size_t cap);
/* A stream to its end, without crm_sales_done. */
int crm_sales_rows(struct crm_sales *x, struct crm_stream *s,
    const struct crm_sales_options *opt, struct crm_err *err);

#endif
