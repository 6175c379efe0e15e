/*
 * fuzz_money.c - money of every number of digits, and its fair division.
 */
#include <stdlib.h>

#include <crm/num.h>

#include "fuzz/fuzz.h"

static void
want(bool ok)
{
	if (!ok)
		abort();
}

static void
shared(const int64_t *v, size_t n)
{
	int64_t out[64], sum = 0;
	size_t i;

	if (n < 2 || crm_allocate(v[0], v + 1, n - 1, out, NULL) < 0)
		return;
	for (i = 0; i + 1 < n; i++)
		want(crm_add64(sum, out[i], &sum));
	want(sum == v[0]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct crm_str rest = {(const char *)p, n}, s;
	struct crm_buf b = {0};
	int64_t all[64], v, back;
	size_t count = 0;
	unsigned digits;

	while (crm_str_split(&rest, '\n', &s)) {
		for (digits = 0; digits <= 18; digits += digits < 4 ? 1 : 7) {
			struct crm_dec d;

			if (crm_money_parse(s, digits, &v) < 0)
				continue;
			crm_buf_clear(&b);
			crm_money_put(&b, v, digits);
			want(crm_money_parse(crm_buf_str(&b), digits, &back) ==
			     CRM_OK);
			want(back == v);
			/* A decimal of the same text is the same amount. */
			if (crm_dec_parse(s, &d) == CRM_OK)
				want(crm_dec_rescale(d, digits, &back) &&
				     back == v);
			if (count < 64)
				all[count++] = v;
		}
		crm_currency_digits(s);
	}
	shared(all, count);
	crm_buf_release(&b);
	return 0;
}
