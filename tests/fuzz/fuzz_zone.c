/*
 * fuzz_zone.c - any bytes as a zone file: refused, or a zone in which every
 * lookup ends and a local time leads to an instant that shows it, or to the
 * jump that left it out.
 */
#include <stdlib.h>
#include <string.h>

#include <crm/time.h>

#include "fuzz/fuzz.h"

static void
want(bool ok)
{
	if (!ok)
		abort();
}

static void
look(const struct crm_zone *z, int64_t t)
{
	struct crm_calendar cal = {z, 4 * 3600};
	int32_t off = crm_zone_offset(z, t);
	int64_t back, local, begin;

	want(off > -100000 && off < 100000);
	/* Far away instants are cut; only these are anybody's. */
	if (t < -((int64_t)1 << 44) || t > (int64_t)1 << 44) {
		crm_zone_utc(z, t);
		crm_day_begin(&cal, crm_day_of(&cal, t));
		return;
	}
	local = t + off;
	back = crm_zone_utc(z, local);
	want(back <= t && back + crm_zone_offset(z, back) == local);
	begin = crm_day_begin(&cal, crm_day_of(&cal, t));
	want(begin <= t + 200000 && begin >= t - 400000);
}

/* The same bytes in memory of their own, so that reading past them shows. */
static void
parse(const uint8_t *p, size_t n)
{
	char *copy = malloc(n ? n : 1);
	struct crm_zone z;
	int64_t t;
	uint32_t i;

	if (copy == NULL)
		return;
	if (n > 0)
		memcpy(copy, p, n);
	if (crm_zone_parse((struct crm_str){copy, n}, &z, NULL) == CRM_OK) {
		for (i = 0; i < z.count && i < 64; i++) {
			const unsigned char *at = z.at + 8 * (size_t)i;
			uint64_t v = 0;
			int k;

			for (k = 0; k < 8; k++)
				v = v << 8 | at[k];
			look(&z, (int64_t)v);
			if ((int64_t)v > INT64_MIN)
				look(&z, (int64_t)v - 1);
		}
		for (t = -3000000000; t < 9000000000; t += 86400 * 91)
			look(&z, t);
		look(&z, INT64_MIN);
		look(&z, INT64_MAX);
	}
	free(copy);
}

/*
 * A rule is a matter of text, and text that is a rule is rarely found inside
 * a file: the input is tried as the footer of a plain file as well.
 */
int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const char head[44] = "TZif2", types[8] = {0};
	struct crm_buf b = {0};

	parse(p, n);
	crm_buf_put(&b, head, sizeof(head));
	crm_buf_put(&b, head, 36);
	crm_buf_putbe(&b, 1, 4);
	crm_buf_putbe(&b, 2, 4);
	crm_buf_put(&b, types, sizeof(types));
	crm_buf_putc(&b, '\n');
	crm_buf_put(&b, p, n);
	crm_buf_putc(&b, '\n');
	if (crm_buf_check(&b, NULL) == CRM_OK)
		parse((const uint8_t *)b.p, b.n);
	crm_buf_release(&b);
	return 0;
}
