/*
 * money.c - money as text: minor units of a currency with so many digits.
 *
 * Both directions run once for every amount of every stream, so they work
 * digit by digit and know nothing of decimals.  No exponent and no thousands
 * separators: an import map says what its file means, here it is one form.
 */
#include <crm/num.h>

int
crm_money_parse(struct crm_str s, unsigned digits, int64_t *out)
{
	const char *p = s.p, *end = p + s.n;
	unsigned d, seen = 0;
	bool neg = false;
	uint64_t v = 0, max;

	if (s.n == 0 || digits > 18)
		return CRM_EDATA;
	if (*p == '-' || *p == '+')
		neg = *p++ == '-';
	if (p == end || *p == '.')
		return CRM_EDATA;
	for (; p < end && (d = (unsigned)(unsigned char)*p - '0') <= 9; p++) {
		if (v > (UINT64_MAX - 9) / 10)
			return CRM_EDATA;
		v = v * 10 + d;
	}
	if (p < end) {
		if (*p++ != '.' || p == end)
			return CRM_EDATA;
		for (; p < end; p++) {
			d = (unsigned)(unsigned char)*p - '0';
			if (d > 9 || v > (UINT64_MAX - 9) / 10)
				return CRM_EDATA;
			if (seen < digits) {
				v = v * 10 + d;
				seen++;
			} else if (d != 0) {
				return CRM_EDATA;
			}
		}
	}
	if (seen < digits &&
	    __builtin_mul_overflow(v, (uint64_t)crm_pow10(digits - seen), &v))
		return CRM_EDATA;
	max = (uint64_t)INT64_MAX + (neg ? 1 : 0);
	if (v > max)
		return CRM_EDATA;
	*out = (int64_t)(neg ? 0 - v : v);
	return CRM_OK;
}

void
crm_money_put(struct crm_buf *b, int64_t v, unsigned digits)
{
	char text[48], *end = text + sizeof(text), *p = end;
	uint64_t m = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;

	if (digits > 18)
		digits = 18;
	/* One place of each is moved to make room for the point. */
	p = crm_digits(end, m, digits + 1);
	if (digits > 0) {
		memmove(p - 1, p, (size_t)(end - p) - digits);
		p--;
		end[-(ptrdiff_t)digits - 1] = '.';
	}
	if (v < 0)
		*--p = '-';
	crm_buf_put(b, p, (size_t)(end - p));
}
