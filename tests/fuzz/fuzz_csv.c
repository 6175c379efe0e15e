/*
 * fuzz_csv.c - any bytes as CSV: read to the end, alike in pieces of any size,
 * no byte of the file in two rows; a field that is written reads back.
 *
 * The first byte chooses the dialect, the rest is the file.
 */
#include <stdlib.h>

#include <crm/hash.h>

#include "feed.h"
#include "fuzz/fuzz.h"

static void
want(bool ok)
{
	if (!ok)
		abort();
}

static uint64_t
mix(uint64_t h, struct crm_str s)
{
	return h * 0x9e3779b97f4a7c15U + crm_hash64(s.p, s.n) + s.n;
}

/* Written as the only field of a row and read again. */
static void
check_field(struct crm_str field)
{
	struct crm_buf b = {0};
	struct feed f;
	struct crm_csv_options opt = {
	    .name = "f", .read = feed_read, .read_ctx = &f, .quote = '"'};
	struct crm_csv *c;
	struct crm_str *got;
	size_t n;

	crm_csv_put(&b, field, ',');
	crm_buf_puts(&b, ",x\n");
	/* A byte-order mark at the beginning of a file is none of its row. */
	if (field.n >= 3 && memcmp(field.p, "\xef\xbb\xbf", 3) == 0)
		goto out;
	f = (struct feed){crm_buf_str(&b), 0};
	want(crm_csv_open(&c, &opt, NULL) == CRM_OK);
	want(crm_csv_next(c, &got, &n, NULL) == CRM_OK && n == 2);
	want(crm_str_eq(got[0], field));
	crm_csv_close(c);
out:
	crm_buf_release(&b);
}

static uint64_t
read_all(struct crm_str in, unsigned flags, size_t step)
{
	struct feed f = {in, step};
	struct crm_csv_options opt = {.name = "f",
	    .read = feed_read,
	    .read_ctx = &f,
	    .sep = flags & 1 ? '\t' : ',',
	    .quote = flags & 2 ? 0 : '"',
	    .ragged = flags & 4,
	    .trim = flags & 8,
	    .skip = flags >> 4 & 3};
	struct crm_csv *c;
	struct crm_err err = {0};
	struct crm_str *field;
	size_t n, raw = 0;
	uint64_t h = 0;
	int code;

	want(crm_csv_open(&c, &opt, &err) == CRM_OK);
	while ((code = crm_csv_next(c, &field, &n, &err)) != CRM_NOTFOUND) {
		want(code == CRM_OK || code == CRM_EDATA);
		raw += crm_csv_raw(c).n;
		want(raw <= in.n && crm_csv_line(c) <= in.n);
		h = mix(h + crm_csv_line(c), crm_csv_raw(c));
		if (code < 0)
			h = mix(h, crm_str(err.text));
		for (size_t i = 0; code == CRM_OK && i < n; i++) {
			h = mix(h, field[i]);
			if (step == 0)
				check_field(field[i]);
		}
	}
	want(crm_csv_bytes(c) == in.n);
	crm_csv_close(c);
	return h;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct crm_str in = {(const char *)p + 1, n - 1};
	uint64_t h;

	if (n == 0)
		return 0;
	h = read_all(in, p[0], 0);
	want(read_all(in, p[0], 1) == h);
	want(read_all(in, p[0], 7) == h);
	return 0;
}
