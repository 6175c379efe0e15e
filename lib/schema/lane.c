/*
 * lane.c - values from a lane.
 *
 * A code begins at any bit, and is cut out of the eight bytes that it lies in:
 * simpler than a loop for each width, and no compiler has to see anything in
 * it.
 */
#include <crm/lane.h>

void
crm_lane_decode(const struct crm_lane *l, uint64_t code, struct crm_value *out)
{
	*out = (struct crm_value){0};
	if (l->how == CRM_LANE_WORD) {
		*out = crm_value_text(l->word[l->base + code]);
		return;
	}
	if (l->sparse && code == 0)
		return;
	code += l->base - l->sparse;
	*out = l->is;
	out->i = (int64_t)code;
	if (l->how == CRM_LANE_NAME)
		out->s = l->word[code];
}

void
crm_lane_value(const struct crm_lane *l, size_t i, struct crm_value *out)
{
	uint64_t code = crm_lane_code(l, i);

	if (l->how == CRM_LANE_TEXT) {
		*out = crm_value_text(
		    (struct crm_str){l->text + l->at[i], (size_t)code});
		return;
	}
	crm_lane_decode(l, code, out);
	if (l->coin && out->type != CRM_T_NONE)
		out->scale =
		    l->digits[l->coin->base + crm_lane_code(l->coin, i)];
}

void
crm_lane_numbers(
    const struct crm_lane *l, size_t i, size_t n, int64_t none, int64_t *out)
{
	const unsigned char *codes = l->codes;
	size_t bit = i * l->width, width = l->width;
	uint64_t mask = l->mask, base = l->base;

	if (!l->sparse) {
		for (size_t k = 0; k < n; k++, bit += width)
			out[k] = (int64_t)(base +
					   (crm_lane_load(codes + (bit >> 3)) >>
						   (bit & 7) &
					       mask));
		return;
	}
	for (size_t k = 0; k < n; k++, bit += width) {
		uint64_t code =
		    crm_lane_load(codes + (bit >> 3)) >> (bit & 7) & mask;

		out[k] = code > 0 ? (int64_t)(base + code - 1) : none;
	}
}

/* Bit k of eight codes that begin with a byte. */
static inline uint64_t
is_within(const unsigned char *p, size_t bit, uint64_t mask, uint64_t lo,
    uint64_t far)
{
	uint64_t code = crm_lane_load(p + (bit >> 3)) >> (bit & 7) & mask;

	return code - lo <= far;
}

static inline uint64_t
eight_within(const unsigned char *p, size_t width, uint64_t mask, uint64_t lo,
    uint64_t far)
{
	return is_within(p, 0, mask, lo, far) |
	       is_within(p, width, mask, lo, far) << 1 |
	       is_within(p, 2 * width, mask, lo, far) << 2 |
	       is_within(p, 3 * width, mask, lo, far) << 3 |
	       is_within(p, 4 * width, mask, lo, far) << 4 |
	       is_within(p, 5 * width, mask, lo, far) << 5 |
	       is_within(p, 6 * width, mask, lo, far) << 6 |
	       is_within(p, 7 * width, mask, lo, far) << 7;
}

/* The same where all eight are in as many bytes. */
static inline uint64_t
eight_short(uint64_t x, size_t width, uint64_t mask, uint64_t lo, uint64_t far)
{
	uint64_t bits = 0;

	for (unsigned k = 0; k < 8; k++, x >>= width)
		bits |= (uint64_t)((x & mask) - lo <= far) << k;
	return bits;
}

void
crm_lane_within(const struct crm_lane *l, size_t n, uint64_t lo, uint64_t hi,
    uint64_t *bits)
{
	const unsigned char *p = l->codes;
	size_t width = l->width, i;
	uint64_t mask = l->mask, far = hi - lo;

	if (lo == 0 && hi >= mask) {
		crm_lane_all(n, bits);
		return;
	}
	memset(bits, 0, (n + 63) / 64 * sizeof *bits);
	if (lo > hi || lo > mask)
		return;
	/* eight codes are as many bytes as one has bits */
	for (i = 0; i + 8 <= n && width <= 8; i += 8, p += width)
		bits[i / 64] |=
		    eight_short(crm_lane_load(p), width, mask, lo, far)
		    << i % 64;
	for (; i + 8 <= n; i += 8, p += width)
		bits[i / 64] |= eight_within(p, width, mask, lo, far) << i % 64;
	for (; i < n; i++)
		bits[i / 64] |= (uint64_t)(crm_lane_code(l, i) - lo <= far)
				<< i % 64;
}

bool
crm_lane_every(const struct crm_lane *l, size_t n, uint64_t lo, uint64_t hi)
{
	uint64_t bits[CRM_LANE_MOST / 64], all[CRM_LANE_MOST / 64];

	crm_lane_within(l, n, lo, hi, bits);
	crm_lane_all(n, all);
	return memcmp(bits, all, (n + 63) / 64 * sizeof *bits) == 0;
}

void
crm_lane_between(
    const struct crm_lane *l, size_t n, int64_t lo, int64_t hi, uint64_t *bits)
{
	int64_t base = (int64_t)l->base;
	uint64_t from, to;

	/* what is below the base or above all codes is cut off */
	from = lo > base ? (uint64_t)lo - l->base : 0;
	to = (uint64_t)hi - l->base;
	if (lo > hi || hi < base || from > l->mask - l->sparse) {
		memset(bits, 0, (n + 63) / 64 * sizeof *bits);
		return;
	}
	if (to > l->mask - l->sparse)
		to = l->mask - l->sparse;
	crm_lane_within(l, n, from + l->sparse, to + l->sparse, bits);
}
