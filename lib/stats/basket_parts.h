/*
 * basket_parts.h - shared by the files about baskets.
 */
#ifndef CRM_STATS_BASKET_PARTS_H
#define CRM_STATS_BASKET_PARTS_H

#include <crm/basket.h>

/* Sorts a few numbers, rising. */
void crm_baskets_order(uint32_t *v, size_t n);

#endif
