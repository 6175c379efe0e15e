/*
 * lane.h - the values of one field of many records, beside each other.
 *
 * What goes through all records for a few fields does better field by field:
 * a lane is a field's values as codes of a few bits, in the order of the
 * records, and what a code stands for.  Whoever makes a lane has made sure that
 * each of its codes can be read and stands for something.
 *
 *	crm_lane_numbers(&lane, 0, n, 0, out);
 */
#ifndef CRM_LANE_H
#define CRM_LANE_H

#include <crm/schema.h>

#define CRM_LANE_MOST 2048 /* values of a lane, at most */

enum crm_lane_how {
	CRM_LANE_NUMBER, /* base and the code */
	CRM_LANE_NAME, /* the same: a place in the names of an enum */
	CRM_LANE_WORD, /* word[base and the code], 0 no value */
	CRM_LANE_TEXT /* texts one after the other, a code is a length */
};

struct crm_lane {
	uint8_t how;
	bool sparse; /* of numbers and names: code 0 is no value, 1 is base */
	unsigned width; /* of a code in bits; 0: they are all 0 */
	const unsigned char *codes; /* eight bytes can be read from any */
	uint64_t mask, base;
	struct crm_value is; /* what its values have in common */
	const struct crm_str *word; /* by name's or word's place */
	unsigned nword; /* the last place */
	const char *text;
	const uint32_t *at; /* where in it each text begins, and the end */
	/* Money whose currencies differ: the lane of these, which is of words,
	 * and the digits by their places.  Else NULL. */
	const struct crm_lane *coin;
	const uint8_t *digits;
};

static inline uint64_t
crm_lane_load(const unsigned char *p)
{
	return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 |
	       (uint64_t)p[3] << 24 | (uint64_t)p[4] << 32 |
	       (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 |
	       (uint64_t)p[7] << 56;
}

/* The code of value i. */
static inline uint64_t
crm_lane_code(const struct crm_lane *l, size_t i)
{
	size_t bit = i * l->width;

	return l->mask & (crm_lane_load(l->codes + (bit >> 3)) >> (bit & 7));
}

/* What a code stands for; not of texts, nor of money whose currency it takes
 * to say. */
void crm_lane_decode(
    const struct crm_lane *l, uint64_t code, struct crm_value *out);
/* Value i, as the record has it. */
void crm_lane_value(const struct crm_lane *l, size_t i, struct crm_value *out);
/* Of n values from i on the numbers, as in i of values; of one that is not
 * there: none.  Not of texts and words. */
void crm_lane_numbers(
    const struct crm_lane *l, size_t i, size_t n, int64_t none, int64_t *out);
/* Sets the bits of n codes, from bit 0 of the first word on: is it from lo to
 * hi?  Bits behind them, in the last word, are 0. */
void crm_lane_within(const struct crm_lane *l, size_t n, uint64_t lo,
    uint64_t hi, uint64_t *bits);
/* Are all? */
bool crm_lane_every(
    const struct crm_lane *l, size_t n, uint64_t lo, uint64_t hi);
/* The same of numbers themselves; those that are not there are not. */
void crm_lane_between(
    const struct crm_lane *l, size_t n, int64_t lo, int64_t hi, uint64_t *bits);

/* n bits that are set, and none behind them in the last word. */
static inline void
crm_lane_all(size_t n, uint64_t *bits)
{
	for (size_t i = 0; i < n; i += 64)
		bits[i / 64] =
		    n - i < 64 ? ((uint64_t)1 << (n - i)) - 1 : UINT64_MAX;
}

#endif
