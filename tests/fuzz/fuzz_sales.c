/*
 * fuzz_sales.c - any bytes as a log of sales: whatever is taken has as many
 * rows as it says, each of an id that has a name, grouped in order.
 *
 * The first byte chooses the columns, the rest is the stream.
 */
#include <stdlib.h>

#include <crm/sales.h>

#include "feed.h"
#include "fuzz/fuzz.h"

static void
want(bool ok)
{
	if (!ok)
		abort();
}

static void
check(struct crm_sales *x, unsigned column)
{
	const struct crm_names *names = &x->names[column];
	size_t back;

	if (!(x->has & CRM_SALES_BIT(column)))
		return;
	want(crm_sales_group(x, column, NULL) == CRM_OK);
	want(x->start[0] == 0 && x->start[names->n] == x->n);
	for (size_t g = 0; g < names->n; g++) {
		want(x->start[g] < x->start[g + 1]);
		want(
		    column == CRM_SALES_ORDER ||
		    crm_names_find(names, crm_names_value(names, g).s, &back) ||
		    names->text[g].n == 0);
		for (size_t i = x->start[g]; i < x->start[g + 1]; i++)
			want(x->id[column][i] == g);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct feed f = {{(const char *)p + 1, n - 1}, 0};
	struct crm_stream_options how = {
	    .name = "f", .read = feed_read, .read_ctx = &f};
	struct crm_sales_options opt = {
	    .since = INT64_MIN, .until = INT64_MAX, .signs = true};
	struct crm_sales x = {0};
	struct crm_stream *s;
	struct crm_err err = {0};
	int code;

	if (n == 0)
		return 0;
	x.want = p[0] & 0x7f;
	x.may = p[0] & 0x80 ? 0x7f : 0;
	if (crm_stream_open(&s, -1, &how, &err) < 0)
		return 0;
	code = crm_sales_stream(&x, s, &opt, &err);
	want(code == CRM_OK || code == CRM_EDATA);
	for (unsigned k = 0; code == CRM_OK && k < CRM_SALES_IDS; k++)
		check(&x, k);
	crm_stream_close(s);
	crm_sales_release(&x);
	return 0;
}
