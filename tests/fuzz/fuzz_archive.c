/*
 * fuzz_archive.c - any bytes as an archive: read section by section to the end,
 * alike in pieces of any size, with every third section passed over.
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

static uint64_t
read_all(struct crm_str in, size_t step)
{
	struct feed f = {in, step};
	struct crm_stream_options opt = {
	    .name = "f", .read = feed_read, .read_ctx = &f};
	struct crm_stream *s;
	struct crm_err err = {0};
	struct crm_str kind;
	unsigned version, sections = 0;
	uint64_t h = 0;
	int code;

	want(crm_archive_open(&s, -1, &opt, &err) == CRM_OK);
	while (
	    (code = crm_archive_section(s, &kind, &version, &err)) == CRM_OK) {
		want(crm_column_valid(kind) && version > 0);
		h = mix(h + version, kind);
		if (++sections % 3 == 0)
			continue;
		while ((code = crm_stream_next(s, &err)) != CRM_NOTFOUND) {
			want(code == CRM_OK || code == CRM_EDATA);
			h = mix(h, crm_stream_raw(s));
		}
	}
	want(code == CRM_NOTFOUND || code == CRM_EDATA);
	if (code < 0 && code != CRM_NOTFOUND)
		h = mix(h, crm_str(err.text));
	crm_stream_close(s);
	return h;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct crm_str in = {(const char *)p, n};
	uint64_t h = read_all(in, 0);

	want(read_all(in, 1) == h);
	want(read_all(in, 5) == h);
	return 0;
}
