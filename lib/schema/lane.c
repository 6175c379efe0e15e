/*
 * lane.c - values from a lane.
 *
 * A code begins at any bit, and is cut out of the eight bytes that it lies in:
 * simpler than a loop for each width, and no compiler has to see anything in
 * it.
 */
#include <crm/lane.h>

static void
money_digits(const struct crm_lane *l, size_t i, struct crm_value *v)
{
	if (l->coin)
		v->scale = l->digits[l->coin->base + crm_lane_code(l->coin, i)];
}

void
crm_lane_value(const struct crm_lane *l, size_t i, struct crm_value *out)
{
	uint64_t code = crm_lane_code(l, i);

	*out = (struct crm_value){0};
	switch ((enum crm_lane_how)l->how) {
	case CRM_LANE_NUMBER:
	case CRM_LANE_NAME:
		if (l->sparse && code == 0)
			return;
		code += l->base - l->sparse;
		*out = l->is;
		out->i = (int64_t)code;
		if (l->how == CRM_LANE_NAME)
			out->s = l->word[code];
		money_digits(l, i, out);
		return;
	case CRM_LANE_WORD:
		out->s = l->word[l->base + code];
		break;
	case CRM_LANE_TEXT:
		out->s = (struct crm_str){l->text + l->at[i], (size_t)code};
		break;
	}
	out->type = out->s.n > 0 ? CRM_T_TEXT : CRM_T_NONE;
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

	for (size_t i = 0; i < n; i += 64) {
		size_t most = n - i < 64 ? n - i : 64;
		uint64_t word = 0;

		for (size_t k = 0; k < most; k++, bit += width) {
			uint64_t code =
			    crm_lane_load(codes + (bit >> 3)) >> (bit & 7) &
			    mask;

			word |= (uint64_t)(code - lo <= far) << k;
		}
		bits[i / 64] = lo <= hi ? word : 0;
	}
}
