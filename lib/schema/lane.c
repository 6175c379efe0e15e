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

void
crm_lane_within(const struct crm_lane *l, size_t n, uint64_t lo, uint64_t hi,
    uint64_t *bits)
{
	const unsigned char *codes = l->codes;
	size_t bit = 0, width = l->width;
	uint64_t mask = l->mask, far = hi - lo;

	if (lo > hi || lo > mask) {
		memset(bits, 0, (n + 63) / 64 * sizeof *bits);
		return;
	}
	if (lo == 0 && hi >= mask) {
		crm_lane_all(n, bits);
		return;
	}
	for (size_t i = 0; i < n; i += 64) {
		size_t most = n - i < 64 ? n - i : 64;
		uint64_t word = 0;

		for (size_t k = 0; k < most; k++, bit += width) {
			uint64_t code =
			    crm_lane_load(codes + (bit >> 3)) >> (bit & 7) &
			    mask;

			word |= (uint64_t)(code - lo <= far) << k;
		}
		bits[i / 64] = word;
	}
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
