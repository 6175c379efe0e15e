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

/* ---- values at some places ---- */

enum { BINS = 4096 };

struct ranked {
	const int64_t *v;
	size_t n;
	int64_t least;
	unsigned shift; /* of the distance from the least to its bin */
	size_t count[BINS]; /* of values, then those before the bin */
	size_t at[BINS]; /* where values of a bin that is wanted go */
};

static size_t
bin_of(const struct ranked *r, int64_t v)
{
	return (size_t)(((uint64_t)v - (uint64_t)r->least) >> r->shift);
}

/* The bins' counts, then how many are before each. */
static void
count(struct ranked *r)
{
	int64_t least = r->v[0], most = r->v[0];
	size_t sum = 0;

	for (size_t i = 1; i < r->n; i++) {
		least = r->v[i] < least ? r->v[i] : least;
		most = r->v[i] > most ? r->v[i] : most;
	}
	r->least = least;
	r->shift = 0;
	while (((uint64_t)most - (uint64_t)least) >> r->shift >= BINS)
		r->shift++;
	memset(r->count, 0, sizeof r->count);
	for (size_t i = 0; i < r->n; i++)
		r->count[bin_of(r, r->v[i])]++;
	for (size_t i = 0; i < BINS; i++) {
		size_t n = r->count[i];

		r->count[i] = sum;
		sum += n;
	}
}

static size_t
end_of(const struct ranked *r, size_t bin)
{
	return bin + 1 < BINS ? r->count[bin + 1] : r->n;
}

/* The values of the bins that have a place, each bin's together. */
static int64_t *
gather(struct ranked *r, const size_t *place, size_t nplace)
{
	size_t n = 0, p = 0;
	int64_t *some;

	for (size_t i = 0; i < BINS; i++) {
		size_t end = end_of(r, i);

		r->at[i] = SIZE_MAX;
		if (p == nplace || place[p] >= end)
			continue;
		while (p < nplace && place[p] < end)
			p++;
		r->at[i] = n;
		n += end - r->count[i];
	}
	some = malloc(n * sizeof *some);
	for (size_t i = 0; some && i < r->n; i++) {
		size_t bin = bin_of(r, r->v[i]);

		if (r->at[bin] != SIZE_MAX)
			some[r->at[bin]++] = r->v[i];
	}
	return some;
}

int
crm_ranked(const int64_t *v, size_t n, const size_t *place, size_t nplace,
    int64_t *out, struct crm_err *err)
{
	struct ranked *r = malloc(sizeof *r);
	int64_t *some = NULL;
	size_t from = 0, p = 0, end;
	int code = r ? CRM_OK : crm_err_nomem(err);

	if (code == CRM_OK) {
		r->v = v;
		r->n = n;
		count(r);
		some = r->shift ? gather(r, place, nplace) : NULL;
		if (r->shift && !some)
			code = crm_err_nomem(err);
	}
	for (size_t i = 0; code == CRM_OK && i < BINS; i++) {
		size_t before = r->count[i], first = p;

		for (end = end_of(r, i); p < nplace && place[p] < end; p++)
			out[p] = r->least + (int64_t)i;
		if (p == first || r->shift == 0)
			continue;
		/* few of all, unless one lies far from the others */
		code = crm_sort_int(some + from, end - before, err);
		for (; first < p; first++)
			out[first] = some[from + place[first] - before];
		from += end - before;
	}
	free(some);
	free(r);
	return code;
}

size_t
crm_quantile_place(size_t n, uint32_t a, uint32_t b)
{
	return (size_t)((u128)(n - 1) * a / b);
}

struct crm_cut
crm_quantile_between(
    int64_t low, int64_t high, size_t n, uint32_t a, uint32_t b)
{
	uint64_t part = (uint64_t)((u128)(n - 1) * a % b);
	uint64_t gap = (uint64_t)high - (uint64_t)low;
	struct crm_cut cut = {low, 0, b};
	u128 over = (u128)gap * part;

	if (part == 0)
		return cut;
	cut.base = (int64_t)((uint64_t)cut.base + (uint64_t)(over / b));
	cut.num = (uint64_t)(over % b);
	return cut;
}

struct crm_cut
crm_quantile(const int64_t *sorted, size_t n, uint32_t a, uint32_t b)
{
	size_t j = crm_quantile_place(n, a, b);

	return crm_quantile_between(
	    sorted[j], sorted[j + 1 < n ? j + 1 : j], n, a, b);
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
