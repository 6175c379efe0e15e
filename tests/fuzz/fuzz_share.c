/*
 * fuzz_share.c - shares: what is read lies above 0, and the count that reaches
 * it is the least that does.
 */
#include <stdlib.h>

#include <crm/basket.h>

#include "fuzz/fuzz.h"

static void
want(bool ok)
{
	if (!ok)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct crm_str rest = {(const char *)p, n}, s;
	struct crm_share x;

	while (crm_str_split(&rest, '\n', &s)) {
		struct crm_dec part, least;

		if (crm_share_parse(s, false, &x, NULL) != CRM_OK)
			continue;
		want(!x.count && x.v.v > 0);
		want(crm_share_of(&x, 1000000) <= 1000000);
		least =
		    (struct crm_dec){(int64_t)crm_share_of(&x, 1000) - 1, 3};
		part = x.v;
		want(crm_dec_cmp(least, part) < 0);
		want(crm_share_parse(s, true, &x, NULL) == CRM_OK);
	}
	return 0;
}
