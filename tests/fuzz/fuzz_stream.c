/*
 * fuzz_stream.c - any bytes as a stream: read to the end whatever they are,
 * alike in pieces of any size, every field fit to be written again.
 *
 * The first byte chooses the options, the rest is the stream.
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

static void
check_field(struct crm_str f)
{
	struct crm_buf b = {0}, back = {0};
	size_t bad;

	crm_escape_put(&b, f);
	for (size_t i = 0; i < b.n; i++)
		want(b.p[i] != '\t' && b.p[i] != '\n' && b.p[i] != '\r');
	want(crm_unescape(crm_buf_str(&b), &back, &bad) == CRM_OK);
	want(crm_str_eq(crm_buf_str(&back), f));
	crm_buf_release(&b);
	crm_buf_release(&back);
}

static uint64_t
mix(uint64_t h, struct crm_str s)
{
	return h * 0x9e3779b97f4a7c15U + crm_hash64(s.p, s.n) + s.n;
}

/* Reads it all; a number that stands for all there was. */
static uint64_t
read_all(struct crm_str in, unsigned flags, size_t step)
{
	struct feed f = {in, step};
	struct crm_stream_options opt = {.name = "f",
	    .whole_lines = flags & 1,
	    .read = feed_read,
	    .read_ctx = &f};
	struct crm_stream *s;
	struct crm_err err = {0};
	uint64_t h = 0;
	int code;

	if (flags & 2)
		opt.header = CRM_STR("a_id,b,c");
	if (flags & 4)
		opt.bare = "a_id";
	code = crm_stream_open(&s, -1, &opt, &err);
	if (code < 0)
		return mix(h, crm_str(err.text));
	while ((code = crm_stream_next(s, &err)) != CRM_NOTFOUND) {
		want(code == CRM_OK || code == CRM_EDATA);
		want(crm_stream_line(s) <= in.n + 1);
		h = mix(h, crm_stream_raw(s));
		if (code < 0)
			h = mix(h, crm_str(err.text));
		for (size_t i = 0; code == 0 && i < crm_stream_columns(s);
		     i++) {
			h = mix(h, crm_stream_field(s, i));
			if (step == 0)
				check_field(crm_stream_field(s, i));
		}
	}
	want(crm_stream_bytes(s) == in.n || crm_stream_columns(s) == 0);
	crm_stream_close(s);
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
