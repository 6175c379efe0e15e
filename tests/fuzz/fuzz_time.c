/*
 * fuzz_time.c - the first line is a pattern, the others are read as every kind
 * of date and time; what is read is written and read back as the same.
 */
#include <stdlib.h>

#include <crm/time.h>

#include "fuzz/fuzz.h"

static void
want(bool ok)
{
	if (!ok)
		abort();
}

static void
same_again(int64_t t)
{
	struct crm_buf b = {0};
	struct crm_civil c = crm_civil_from_secs(t);
	int64_t back;

	crm_time_put(&b, t);
	want(b.n == 20);
	want(crm_time_parse(crm_buf_str(&b), NULL, &back) == CRM_OK);
	want(back == t);
	want(crm_civil_valid(&c) && crm_secs_from_civil(&c) == t);
	crm_buf_release(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct crm_calendar cal = {.day_start = 4 * 3600};
	struct crm_str rest = {(const char *)p, n}, pattern = {0}, s;
	struct crm_span span;
	bool has_time, has_zone;
	int64_t t, back;

	crm_str_split(&rest, '\n', &pattern);
	while (crm_str_split(&rest, '\n', &s)) {
		if (crm_time_parse(s, &cal, &t) == CRM_OK) {
			same_again(t);
			want(crm_moment_parse(s, &cal, 0, &back) == CRM_OK);
			want(back == t);
		}
		if (crm_time_parse(s, NULL, &t) == CRM_OK)
			same_again(t);
		if (crm_date_parse(s, &t) == CRM_OK) {
			struct crm_buf b = {0};
			int year, week = crm_iso_week(t, &year);

			want(week >= 1 && week <= 53);
			crm_date_put(&b, t);
			want(crm_str_eq(crm_buf_str(&b), s));
			crm_buf_release(&b);
		}
		if (crm_span_parse(s, &span) == CRM_OK)
			want(span.months >= 0 && span.secs >= 0);
		if (crm_moment_parse(s, &cal, 1800000000, &t) == CRM_OK)
			same_again(t);
		if (crm_time_scan(s, pattern, &t, &has_time, &has_zone) ==
		    CRM_OK)
			same_again(t);
	}
	return 0;
}
