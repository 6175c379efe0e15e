/*
 * words.c - the words of a text, folded, as they are searched for.
 *
 * Case and accents go (crm_text_search); letters that Unicode takes for
 * letters of their own though people type another for them (Polish l with a
 * stroke) become that one.  An apostrophe joins, as O'Neill is one word and
 * is typed without it.  Scripts written without blanks have no words: there a
 * word is entered again from each of its characters on, so that the end of a
 * name is a beginning too, and a search for beginnings finds any part.
 */
#include <crm/utf8.h>

enum { TAILS = 8 }; /* of one word; a name has fewer characters */

/* What is typed for letters without a decomposition. */
static const struct {
	int32_t cp;
	const char *text;
} plain[] = {
    {0xe6, "ae"},
    {0xf0, "d"},
    {0xf8, "o"},
    {0xfe, "th"},
    {0x111, "d"},
    {0x127, "h"},
    {0x131, "i"},
    {0x142, "l"},
    {0x14b, "n"},
    {0x153, "oe"},
    {0x167, "t"},
};

static bool
is_apostrophe(int32_t cp)
{
	return cp == '\'' || cp == 0x2019 || cp == 0x2bc || cp == 0x2bb ||
	       cp == 0x60;
}

/* May a search begin with this character inside a word?  Of Hangul, which
 * is decomposed here, with the first letter of a syllable. */
static bool
begins_tail(int32_t cp)
{
	return (cp >= 0x3040 && cp <= 0x30ff) ||
	       (cp >= 0x3400 && cp <= 0x9fff) ||
	       (cp >= 0xf900 && cp <= 0xfaff) ||
	       (cp >= 0x20000 && cp <= 0x3ffff) ||
	       (cp >= 0x1100 && cp <= 0x1112);
}

static void
put_letter(struct crm_buf *b, struct crm_str bytes, int32_t cp)
{
	if (cp >= 0xe6 && cp <= 0x167)
		for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
			if (plain[i].cp == cp) {
				crm_buf_puts(b, plain[i].text);
				return;
			}
	crm_buf_putstr(b, bytes);
}

/* Ends the word that begins at `at`: cut between characters, its tails
 * behind it. */
static void
end_word(struct crm_buf *b, size_t at, bool tails)
{
	size_t end = b->n, step;
	unsigned n = 0;
	int32_t cp;

	if (b->fail || end == at)
		return;
	if (end - at > CRM_WORD_MAX)
		for (end = at + CRM_WORD_MAX; (b->p[end] & 0xc0) == 0x80;)
			end--;
	b->n = end;
	crm_buf_putc(b, '\0');
	for (size_t i = at; tails && !b->fail && i < end && n < TAILS;
	     i += step) {
		step = crm_utf8_next((struct crm_str){b->p + i, end - i}, &cp);
		if (step == 0)
			break;
		if (i == at || !begins_tail(cp) ||
		    !crm_buf_room(b, end - i + 1))
			continue;
		crm_buf_put(b, b->p + i, end - i);
		crm_buf_putc(b, '\0');
		n++;
	}
}

int
crm_text_words(
    struct crm_str s, bool tails, struct crm_buf *out, struct crm_err *err)
{
	struct crm_buf folded = {0};
	struct crm_str rest;
	size_t at = out->n, n;
	int32_t cp;
	int r = crm_text_search(s, &folded, err);

	for (rest = crm_buf_str(&folded); r == CRM_OK && rest.n > 0;
	     rest.p += n, rest.n -= n) {
		n = crm_utf8_next(rest, &cp);
		if (n == 0)
			break;
		if (cp >= 'a' && cp <= 'z')
			crm_buf_putc(out, (char)cp);
		else if (crm_utf8_class(cp) & (CRM_CP_ALPHA | CRM_CP_DIGIT))
			put_letter(out, (struct crm_str){rest.p, n}, cp);
		else if (!is_apostrophe(cp)) {
			end_word(out, at, tails);
			at = out->n;
		}
	}
	if (r == CRM_OK)
		end_word(out, at, tails);
	crm_buf_release(&folded);
	return r == CRM_OK ? crm_buf_check(out, err) : r;
}

bool
crm_text_within(struct crm_str s, struct crm_str part)
{
	const char *at, *end = s.p + s.n;

	if (part.n == 0 || s.n < part.n)
		return part.n == 0;
	at = memmem(s.p, s.n, part.p, part.n);
	return at != NULL && (at == s.p || at[-1] == ' ') &&
	       (at + part.n == end || at[part.n] == ' ');
}
