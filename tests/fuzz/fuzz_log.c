/*
 * fuzz_log.c - any bytes as a header, and as a record and a difference: the
 * first two bytes say where they are cut.  What applies must apply back.
 */
#include <stdlib.h>

#include <crm/store.h>

#include "fuzz/fuzz.h"

static void
check(bool ok)
{
	if (!ok)
		abort();
}

static void
run_head(struct crm_str bytes)
{
	struct crm_log_head h, back;
	struct crm_buf b = {0};

	if (crm_log_decode(bytes, &h, NULL) == CRM_OK) {
		crm_log_encode(&h, &b);
		check(crm_log_decode(crm_buf_str(&b), &back, NULL) == CRM_OK);
		check(back.revision == h.revision && back.change == h.change);
		check(crm_str_eq(back.why, h.why));
		check(back.nrange == h.nrange && back.removed == h.removed);
	}
	crm_buf_release(&b);
}

static void
run_apply(struct crm_str record, struct crm_str diff)
{
	struct crm_buf there = {0}, back = {0};

	/* What stays of a record need not be items, but what is there
	 * backwards must be taken apart, too, and that may fail. */
	if (crm_diff_apply(record, diff, false, &there, NULL) == CRM_OK &&
	    crm_diff_apply(crm_buf_str(&there), diff, true, &back, NULL) ==
		CRM_OK)
		check(crm_str_eq(crm_buf_str(&back), record));
	crm_buf_release(&there);
	crm_buf_release(&back);
}

static void
run_make(struct crm_str a, struct crm_str b)
{
	struct crm_buf d = {0}, out = {0};

	if (crm_diff_make(a, b, &d, NULL) == CRM_OK) {
		check(crm_diff_apply(a, crm_buf_str(&d), false, &out, NULL) ==
		      CRM_OK);
		check(crm_str_eq(crm_buf_str(&out), b));
		crm_buf_clear(&out);
		check(crm_diff_apply(b, crm_buf_str(&d), true, &out, NULL) ==
		      CRM_OK);
		check(crm_str_eq(crm_buf_str(&out), a));
	}
	crm_buf_release(&d);
	crm_buf_release(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct crm_str bytes = {(const char *)p, n};
	struct crm_str first, second;
	size_t cut;

	run_head(bytes);
	if (n < 2)
		return 0;
	cut = ((size_t)p[0] << 8 | p[1]) % (n - 1);
	first = (struct crm_str){bytes.p + 2, cut};
	second = (struct crm_str){bytes.p + 2 + cut, n - 2 - cut};
	run_apply(first, second);
	run_make(first, second);
	return 0;
}
