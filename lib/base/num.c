/*
 * num.c - checked 64-bit arithmetic, integers as text, fair division.
 *
 * Every sum of stored amounts goes through here.  Products are taken in 128
 * bits, a compiler extension that gcc and clang have on all 64-bit machines:
 * the alternative is 60 lines of long multiplication that nobody would trust.
 * Rounding is half away from zero, what an invoice means by rounding.
 */
#include <crm/num.h>

#include <stdlib.h>

__extension__ typedef __int128 i128;
__extension__ typedef unsigned __int128 u128;

bool
crm_mul64(int64_t a, int64_t b, int64_t *out)
{
	int64_t r;

	if (__builtin_mul_overflow(a, b, &r))
		return false;
	*out = r;
	return true;
}

/* |v|, also of INT64_MIN. */
static uint64_t
magnitude(int64_t v)
{
	return v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
}

/* Magnitude and sign to a number; false when it does not fit. */
static bool
with_sign(u128 m, bool neg, int64_t *out)
{
	if (m > (u128)INT64_MAX + (neg ? 1 : 0))
		return false;
	*out = (int64_t)(neg ? 0 - (uint64_t)m : (uint64_t)m);
	return true;
}

bool
crm_muldiv64(int64_t a, int64_t b, int64_t c, int64_t *out)
{
	u128 p, d, q, r;

	if (c == 0)
		return false;
	p = (u128)magnitude(a) * magnitude(b);
	d = magnitude(c);
	q = p / d;
	r = p % d;
	if (r * 2 >= d)
		q++;
	return with_sign(q, ((a < 0) != (b < 0)) != (c < 0), out);
}

int64_t
crm_pow10(unsigned n)
{
	static const int64_t pow10[] = {1, 10, 100, 1000, 10000, 100000,
	    1000000, 10000000, 100000000, 1000000000, 10000000000, 100000000000,
	    1000000000000, 10000000000000, 100000000000000, 1000000000000000,
	    10000000000000000, 100000000000000000, 1000000000000000000};

	return n <= 18 ? pow10[n] : 0;
}

int
crm_int_parse(struct crm_str s, int64_t *out)
{
	const char *p = s.p, *end = p + s.n;
	bool neg = false;
	uint64_t v = 0;

	if (s.n == 0)
		return CRM_EDATA;
	if (*p == '-' || *p == '+')
		neg = *p++ == '-';
	if (p == end)
		return CRM_EDATA;
	for (; p < end; p++) {
		unsigned d = (unsigned)(unsigned char)*p - '0';

		if (d > 9 || v > (UINT64_MAX - 9) / 10)
			return CRM_EDATA;
		v = v * 10 + d;
	}
	return with_sign(v, neg, out) ? CRM_OK : CRM_EDATA;
}

struct share {
	u128 rem;
	size_t i;
};

/* Largest remainder first, the earlier part first among equals. */
static int
share_cmp(const void *pa, const void *pb)
{
	const struct share *a = pa, *b = pb;

	if (a->rem != b->rem)
		return a->rem > b->rem ? -1 : 1;
	return a->i < b->i ? -1 : a->i > b->i;
}

/* The sum of |weight|, 0 when all are; false for mixed signs. */
static bool
weigh(const int64_t *weight, size_t n, u128 *sum)
{
	bool pos = false, neg = false;
	size_t i;

	*sum = 0;
	for (i = 0; i < n; i++) {
		pos = pos || weight[i] > 0;
		neg = neg || weight[i] < 0;
		*sum += magnitude(weight[i]);
	}
	return !(pos && neg);
}

int
crm_allocate(int64_t total, const int64_t *weight, size_t n, int64_t *out,
    struct crm_err *err)
{
	struct share small[16], *share = small;
	bool equal, neg = total < 0;
	u128 sum, given = 0, left;
	size_t i;

	if (!weigh(weight, n, &sum))
		return crm_err_set(
		    err, CRM_EDATA, "weights of both signs cannot share");
	if (n == 0)
		return total == 0 ? CRM_OK
				  : crm_err_set(err, CRM_EDATA,
					"an amount with no parts to share it");
	if (n > sizeof(small) / sizeof(small[0])) {
		share = n <= SIZE_MAX / sizeof(*share)
			    ? malloc(n * sizeof(*share))
			    : NULL;
		if (share == NULL)
			return crm_err_nomem(err);
	}
	equal = sum == 0;
	if (equal)
		sum = n;
	for (i = 0; i < n; i++) {
		u128 p =
		    (u128)magnitude(total) * (equal ? 1 : magnitude(weight[i]));
		uint64_t q = (uint64_t)(p / sum);

		share[i] = (struct share){p % sum, i};
		given += q;
		out[i] = (int64_t)(neg ? 0 - q : q);
	}
	/* Fewer units are left than parts that have a remainder. */
	left = magnitude(total) - given;
	if (left > 0)
		qsort(share, n, sizeof(*share), share_cmp);
	for (i = 0; i < n && left > 0; i++, left--)
		out[share[i].i] += neg ? -1 : 1;
	if (share != small)
		free(share);
	return CRM_OK;
}
