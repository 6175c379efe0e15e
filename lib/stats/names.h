/*
 * names.h - ids that come as texts, for sales.c.
 */
#ifndef STATS_NAMES_H
#define STATS_NAMES_H

#include <crm/sales.h>

/* The number of a text, a new one if need be.  false: no memory. */
bool crm_names_put(struct crm_names *x, struct crm_str text, uint32_t *out);
/* Numbers all in the order of their texts, which are listed, and puts the n
 * ids of rows right.  false: no memory. */
bool crm_names_sort(struct crm_names *x, uint32_t *id, size_t n);
void crm_names_release(struct crm_names *x);

#endif
