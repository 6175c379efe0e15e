/*
 * fuzz_tally_block.c - any bytes as an entry with the figures of neighbours:
 * damage, or figures that are the same read together and one by one, and that
 * written once more are read as the same.
 */
#include <stdlib.h>

#include <crm/hash.h>
#include <crm/ledger.h>

#include "fuzz/fuzz.h"

enum { FIRST = 33 };

static void
check(bool ok)
{
	if (!ok)
		abort();
}

static void
check_same(const struct crm_tally *a, const struct crm_tally *b)
{
	struct crm_buf x = {0}, y = {0};

	crm_tally_encode(a, &x);
	crm_tally_encode(b, &y);
	check(crm_str_eq(crm_buf_str(&x), crm_buf_str(&y)));
	crm_buf_release(&x);
	crm_buf_release(&y);
}

/* Customers one by one, and a figure of all. */
static void
check_each(const struct crm_tally_view *v, const struct crm_tally_block *b)
{
	int64_t orders[CRM_TALLY_RANGE];
	struct crm_tally one;
	unsigned n = 0;

	if (v->have)
		crm_tally_column(v, CRM_TALLY_ORDERS, orders);
	for (unsigned i = 0; i < CRM_TALLY_RANGE; i++) {
		check(crm_tally_one(v, FIRST + i, &one, NULL) == CRM_OK);
		if (!(b->have >> i & 1))
			continue;
		check_same(&one, &b->y[i]);
		check(orders[n++] == one.orders);
	}
	check(n == v->n);
}

/* Reads the entry.  False: damage. */
static bool
take(struct crm_str bytes, struct crm_tally_view *v, struct crm_tally_block *b)
{
	char key[8];

	return crm_tally_view(crm_number_key(FIRST, key), bytes, v, NULL) ==
		   CRM_OK &&
	       crm_tally_block(v, b, NULL) == CRM_OK;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct crm_tally_block b, again;
	struct crm_tally_view v;
	struct crm_buf one = {0}, two = {0};

	if (!take((struct crm_str){(const char *)p, n}, &v, &b))
		return 0;
	check(b.first == FIRST && b.live == v.live && b.have == v.have);
	check_each(&v, &b);
	/* the same figures are the same bytes */
	crm_tally_block_put(&b, &one);
	check(crm_buf_check(&one, NULL) == CRM_OK);
	check(take(crm_buf_str(&one), &v, &again));
	check_each(&v, &again);
	crm_tally_block_put(&again, &two);
	check(crm_str_eq(crm_buf_str(&one), crm_buf_str(&two)));
	crm_buf_release(&one);
	crm_buf_release(&two);
	return 0;
}
