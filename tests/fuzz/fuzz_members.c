/*
 * fuzz_members.c - any text as the members in a snapshot.
 *
 * What is taken can be written again, in pieces of any size, and these give
 * the same set; taken out, nothing of it is left.  A set is as long as its
 * highest number, so long numbers would only fill memory: they are left out.
 */
#include <stdlib.h>

#include <crm/segment.h>

#include "fuzz/fuzz.h"

static void
must(bool ok)
{
	if (!ok)
		abort();
}

/* Is a number of more than six digits in it? */
static bool
vast(const uint8_t *p, size_t n)
{
	size_t run = 0;

	for (size_t i = 0; i < n && run <= 6; i++)
		run = p[i] >= '0' && p[i] <= '9' ? run + 1 : 0;
	return run > 6;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct crm_members one = {0}, two = {0};
	struct crm_buf text = {0};
	struct crm_err err = {0};
	uint64_t from = 0, count = 0, differ;

	if (n < 1 || vast(p + 1, n - 1))
		return 0;
	if (crm_members_take(&one, (struct crm_str){(const char *)p + 1, n - 1},
		true, &err) < 0) {
		must(err.code == CRM_EDAMAGE && err.text[0] != '\0');
		goto out;
	}
	while (from != UINT64_MAX) {
		crm_buf_clear(&text);
		from = crm_members_text(&one, from, p[0], &text, &count);
		if (p[0] == 0)
			break;
		must(crm_members_take(&two, crm_buf_str(&text), true, &err) ==
		     CRM_OK);
	}
	if (p[0] > 0) {
		must(count == one.count && two.count == one.count);
		must(crm_members_less(&one, &two, NULL, &differ, &err) == 0 &&
		     differ == 0);
	}
	must(
	    crm_members_take(&one, (struct crm_str){(const char *)p + 1, n - 1},
		false, &err) == CRM_OK);
	must(one.count == 0 && crm_members_next(&one, 0) == UINT64_MAX);
out:
	crm_members_release(&one);
	crm_members_release(&two);
	crm_buf_release(&text);
	return 0;
}
