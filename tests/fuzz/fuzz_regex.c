/*
 * fuzz_regex.c - a line that is a pattern and, below it, a text.
 *
 * A pattern in a group takes none of the short ways (literals, prefixes), so
 * both must say the same.  Lengths are bounded to keep a run short; that time
 * is linear in the text is what a timeout here would disprove.
 */
#include <stdlib.h>
#include <string.h>

#include <crm/expr.h>

#include "fuzz/fuzz.h"

enum { PATTERN_MAX = 500, INPUT_MAX = 20000 };

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const char *s = (const char *)p;
	const char *line = n ? memchr(p, '\n', n) : NULL;
	struct crm_str pattern, text;
	struct crm_buf b = {0};
	struct crm_regex *r, *group;
	struct crm_err err = {0};
	bool fold;

	if (!line || line - s > PATTERN_MAX || n > INPUT_MAX)
		return 0;
	pattern = (struct crm_str){s, (size_t)(line - s)};
	text = (struct crm_str){line + 1, n - pattern.n - 1};
	if (crm_regex_compile(&r, pattern, false, &err) < 0) {
		if (r || err.code != CRM_EUSAGE || !err.text[0])
			abort();
		return 0;
	}
	fold = crm_str_starts(pattern, CRM_STR("(?i)"));
	crm_buf_puts(&b, "(");
	crm_buf_put(&b, pattern.p + (fold ? 4 : 0), pattern.n - (fold ? 4 : 0));
	crm_buf_puts(&b, ")");
	if (crm_regex_compile(&group, crm_buf_str(&b), fold, NULL) == CRM_OK) {
		bool yes = crm_regex_match(r, text);

		if (crm_regex_match(group, text) != yes ||
		    crm_regex_match(r, text) != yes)
			abort();
		crm_regex_release(group);
	}
	crm_buf_release(&b);
	crm_regex_release(r);
	return 0;
}
