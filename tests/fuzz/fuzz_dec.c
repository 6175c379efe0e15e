/*
 * fuzz_dec.c - decimals and integers: what is read is written canonically and
 * read back as the same; arithmetic on it agrees with itself.
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
same_again(struct crm_dec d)
{
	struct crm_buf b = {0};
	struct crm_dec back = {1, 1};

	want(d.scale <= CRM_SCALE_MAX);
	want(d.scale == 0 || d.v % 10 != 0);
	crm_dec_put(&b, d);
	want(crm_dec_parse(crm_buf_str(&b), &back) == CRM_OK);
	want(back.v == d.v && back.scale == d.scale);
	crm_buf_release(&b);
}

static void
arithmetic(struct crm_dec x, struct crm_dec y)
{
	struct crm_dec r, back;
	int64_t v;

	if (crm_dec_add(x, y, &r)) {
		same_again(r);
		want(!crm_dec_sub(r, y, &back) || crm_dec_cmp(back, x) == 0);
	}
	if (crm_dec_sub(x, y, &r)) {
		same_again(r);
		want((crm_dec_cmp(x, y) < 0) == (r.v < 0));
	}
	if (crm_dec_mul(x, y, &r))
		same_again(r);
	if (crm_dec_div(x, y, &r))
		same_again(r);
	if (crm_dec_rescale(x, 2, &v) && x.scale <= 2)
		want(crm_dec_cmp((struct crm_dec){v, 2}, x) == 0);
	if (crm_dec_from_double(crm_dec_double(x), x.scale, &r))
		same_again(r);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct crm_str rest = {(const char *)p, n}, s;
	struct crm_dec d, last = {3, 1};
	int64_t v;

	while (crm_str_split(&rest, '\n', &s)) {
		int exact = crm_dec_parse(s, &d);

		if (exact == CRM_OK) {
			struct crm_dec r;

			same_again(d);
			arithmetic(d, last);
			want(crm_dec_parse_round(s, &r) == CRM_OK);
			want(crm_dec_cmp(d, r) == 0);
			last = d;
		} else if (crm_dec_parse_round(s, &d) == CRM_OK) {
			same_again(d);
			arithmetic(last, d);
		}
		if (crm_int_parse(s, &v) == CRM_OK)
			want(exact == CRM_OK && d.v == v && d.scale == 0);
	}
	return 0;
}
