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

/* Amounts with two places that are not large, which most are: dividing by what
 * is known takes a tenth. */
static char *
put_cents(char *p, unsigned m)
{
	unsigned whole = m / 100, cents = m - whole * 100;

	if (whole < 10)
		*p++ = (char)('0' + whole);
	else
		p = crm_digits_at(p, whole, 1);
	p[0] = '.';
	p[1] = (char)('0' + cents / 10);
	p[2] = (char)('0' + cents % 10);
	return p + 3;
}

void
crm_money_put(struct crm_buf *b, int64_t v, unsigned digits)
{
	char own[48], *at = crm_buf_at(b, own, sizeof own), *p = at;
	uint64_t m = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;

	if (v < 0)
		*p++ = '-';
	if (digits > 18)
		digits = 18;
	if (digits == 2 && m <= UINT32_MAX) {
		p = put_cents(p, (unsigned)m);
	} else if (digits > 0) {
		uint64_t one = (uint64_t)crm_pow10(digits);

		p = crm_digits_at(p, m / one, 1);
		*p++ = '.';
		p = crm_digits_at(p, m % one, digits);
	} else {
		p = crm_digits_at(p, m, 1);
	}
	crm_buf_upto(b, at, own, p);
}
