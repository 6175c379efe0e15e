/*
 * quantile.c - exact quantiles of integers.
 *
 * A quantile of type 7 lies between two values, at a fraction with a small
 * denominator.  It is kept as floor and fraction, so that comparing a value
 * with it is comparing integers; a double would put customers on the wrong
 * side of a cut where money is large, and differently on other machines.
 */
#include <stdlib.h>

#include <crm/stats.h>

__extension__ typedef unsigned __int128 u128;
__extension__ typedef __int128 i128;

enum { DIGIT = 256, DIGITS = 8 };

/* The k-th byte of a key that sorts as the value does. */
static unsigned
digit(int64_t v, unsigned k)
{
	return ((uint64_t)v ^ (uint64_t)1 << 63) >> (8 * k) & 0xff;
}

/* One pass of the sort. */
static void
pass(const int64_t *from, int64_t *to, size_t n, unsigned k)
{
	size_t at[DIGIT] = {0}, sum = 0;

	for (size_t i = 0; i < n; i++)
		at[digit(from[i], k)]++;
	for (size_t i = 0; i < DIGIT; i++) {
		size_t count = at[i];

		at[i] = sum;
		sum += count;
	}
	for (size_t i = 0; i < n; i++)
		to[at[digit(from[i], k)]++] = from[i];
}

int
crm_sort_int(int64_t *v, size_t n, struct crm_err *err)
{
	int64_t *from = v, *to, *spare;
	uint64_t differ = 0;

	if (n < 2)
		return CRM_OK;
	/* Most values are small: bytes that all have need no pass. */
	for (size_t i = 1; i < n; i++)
		differ |= (uint64_t)v[i] ^ (uint64_t)v[0];
	if (differ == 0)
		return CRM_OK;
	spare = malloc(n * sizeof *spare);
	if (!spare)
		return crm_err_nomem(err);
	to = spare;
	for (unsigned k = 0; k < DIGITS; k++)
		if (differ >> (8 * k) & 0xff) {
			int64_t *swap = from;

			pass(from, to, n, k);
			from = to;
			to = swap;
		}
	if (from != v)
		memcpy(v, from, n * sizeof *v);
	free(spare);
	return CRM_OK;
}

struct crm_cut
crm_quantile(const int64_t *sorted, size_t n, uint32_t a, uint32_t b)
{
	u128 h = (u128)(n - 1) * a;
	size_t j = (size_t)(h / b);
	uint64_t part = (uint64_t)(h % b);
	struct crm_cut cut = {sorted[j], 0, b};
	uint64_t gap;
	u128 over;

	if (part == 0)
		return cut;
	gap = (uint64_t)sorted[j + 1] - (uint64_t)sorted[j];
	over = (u128)gap * part;
	cut.base = (int64_t)((uint64_t)cut.base + (uint64_t)(over / b));
	cut.num = (uint64_t)(over % b);
	return cut;
}

int
crm_cut_from_dec(
    struct crm_dec d, unsigned digits, struct crm_cut *out, struct crm_err *err)
{
	i128 v = d.v, base;
	int64_t den = 1;

	if (digits >= d.scale)
		v *= crm_pow10(digits - d.scale);
	else
		den = crm_pow10(d.scale - digits);
	base = v / den;
	if (v % den < 0)
		base--;
	if (base > INT64_MAX || base < INT64_MIN)
		return crm_err_set(err, CRM_EDATA, "a cut is too large");
	*out = (struct crm_cut){
	    (int64_t)base, (uint64_t)(v - base * den), (uint64_t)den};
	return CRM_OK;
}

bool
crm_cut_dec(const struct crm_cut *cut, unsigned digits, struct crm_dec *out)
{
	/* As many places as are exact, or as there is room for. */
	struct crm_dec d = {cut->base, (uint8_t)digits};
	uint64_t num = cut->num;

	while (num > 0 && d.scale < CRM_SCALE_MAX) {
		u128 next = (u128)num * 10;
		int64_t v;

		if (!crm_mul64(d.v, 10, &v) ||
		    !crm_add64(v, (int64_t)(next / cut->den), &v))
			return false;
		d.v = v;
		d.scale++;
		num = (uint64_t)(next % cut->den);
	}
	*out = crm_dec_canon(d);
	return true;
}
