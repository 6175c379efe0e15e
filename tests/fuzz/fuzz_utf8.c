/*
 * fuzz_utf8.c - any bytes: entering refuses them or gives text that enters
 * again unchanged; cleaning never refuses; what is shown cannot drive a
 * terminal and is no wider than asked.  The first byte is the width.
 */
#include <stdlib.h>

#include <crm/utf8.h>

#include "fuzz/fuzz.h"

static void
must(bool ok)
{
	if (!ok)
		abort();
}

/* Text of the store: UTF-8, no control but TAB and LF, NFC. */
static void
check_entered(struct crm_str s)
{
	struct crm_buf again = {0};
	struct crm_str rest = s;
	struct crm_err err;

	must(crm_utf8_valid(s, NULL));
	while (rest.n > 0) {
		int32_t cp;
		size_t n = crm_utf8_next(rest, &cp);

		must(cp == '\t' || cp == '\n' ||
		     (cp >= 0x20 && (cp < 0x7f || cp > 0x9f)));
		rest.p += n;
		rest.n -= n;
	}
	must(crm_text_enter(s, 0, NULL, &again, &err) == CRM_OK);
	must(crm_str_eq(s, crm_buf_str(&again)));
	crm_buf_clear(&again);
	must(crm_text_fold(s, &again, &err) == CRM_OK);
	must(crm_utf8_valid(crm_buf_str(&again), NULL));
	crm_buf_clear(&again);
	must(crm_text_search(s, &again, &err) == CRM_OK);
	must(crm_utf8_valid(crm_buf_str(&again), NULL));
	crm_buf_clear(&again);
	must(crm_text_words(s, true, &again, &err) == CRM_OK);
	must(crm_utf8_valid(crm_buf_str(&again), NULL));
	for (size_t i = 0; i < again.n; i += strlen(again.p + i) + 1)
		must(again.p[i] != '\0' && strlen(again.p + i) <= CRM_WORD_MAX);
	crm_buf_release(&again);
}

static void
check_shown(struct crm_str s, size_t width)
{
	struct crm_buf b = {0};
	struct crm_str rest;

	crm_text_show(&b, s, width);
	/* A mark after an escape joins its last letter: narrower, if at all. */
	must(width > 0 || crm_text_width(s) >= crm_text_width(crm_buf_str(&b)));
	must(width == 0 || crm_text_width(crm_buf_str(&b)) <= width);
	for (rest = crm_buf_str(&b); rest.n > 0;) {
		int32_t cp;
		size_t n = crm_utf8_next(rest, &cp);

		must(n > 0 && !crm_utf8_unsafe(cp));
		rest.p += n;
		rest.n -= n;
	}
	crm_buf_release(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct crm_buf out = {0}, clean = {0};
	struct crm_str s;
	struct crm_err err;
	size_t count = 0;
	bool ok;

	if (n == 0)
		return 0;
	s = (struct crm_str){(const char *)p + 1, n - 1};
	ok = crm_text_enter(s, 0, NULL, &out, &err) == CRM_OK;
	must(crm_text_enter(s, CRM_TEXT_CLEAN, &count, &clean, &err) == CRM_OK);
	must(ok == (count == 0));
	if (ok)
		must(crm_str_eq(crm_buf_str(&out), crm_buf_str(&clean)));
	must(!crm_text_plain(s) || crm_str_eq(s, crm_buf_str(&out)));
	check_entered(crm_buf_str(&clean));
	check_shown(s, 0);
	check_shown(s, p[0]);
	crm_buf_release(&out);
	crm_buf_release(&clean);
	return 0;
}
