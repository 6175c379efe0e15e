/*
 * bits.h - a bit for each number of a kind; inside the room only.
 */
#ifndef CRM_MODEL_BITS_H
#define CRM_MODEL_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zeroed is empty; free w. */
struct crm_bits {
	uint64_t *w;
	size_t n;
};
static inline bool
crm_bits_get(const struct crm_bits *b, uint64_t i)
{
	return i / 64 < b->n && (b->w[i / 64] >> (i % 64) & 1);
}
/* False when out of memory. */
bool crm_bits_set(struct crm_bits *b, uint64_t i);

#endif
