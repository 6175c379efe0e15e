/*
 * utf8.h - what text may enter, how wide it is, how it is shown.
 *
 * Text in the store is UTF-8 without NUL, in NFC, its only control
 * characters TAB and LF.  utf8proc does NFC, width and folding; only
 * lib/base/utf8.c includes it.
 */
#ifndef CRM_UTF8_H
#define CRM_UTF8_H

#include <crm/buf.h>

/*
 * Decodes one code point at s; its length in bytes, 0 at the end or for a
 * bad sequence (overlong, surrogate, past U+10FFFF).
 */
size_t crm_utf8_next(struct crm_str s, int32_t *cp);
/* Appends the code point. */
void crm_utf8_put(struct crm_buf *b, int32_t cp);
/* True when all of s is UTF-8.  *bad (may be NULL) gets the offset of the
 * first bad byte. */
bool crm_utf8_valid(struct crm_str s, size_t *bad);
/* True for what a terminal acts on instead of showing it: C0, DEL, C1, bidi
 * controls, line and paragraph separators. */
bool crm_utf8_unsafe(int32_t cp);

enum { CRM_TEXT_CLEAN = 1 };
/*
 * Text on its way into the store (stream.md, rule 12): CRLF and CR become
 * LF, control characters, DEL and bad UTF-8 are refused - or, with
 * CRM_TEXT_CLEAN, replaced by U+FFFD and counted in *cleaned (may be NULL) -
 * and the rest is put into NFC.  Appends to out.  ASCII is the fast path.
 * CRM_OK, CRM_EDATA (err says which byte and where), CRM_ENOMEM.
 */
int crm_text_enter(struct crm_str s, unsigned flags, size_t *cleaned,
    struct crm_buf *out, struct crm_err *err);
/* True when s would enter unchanged without work: printable ASCII, TAB, LF and
 * what of other letters NFC leaves alone.  Of some text that would it is false.
 */
bool crm_text_plain(struct crm_str s);

/* Case-folded (full folding) and NFC, for comparing.  Appends to out. */
int crm_text_fold(struct crm_str s, struct crm_buf *out, struct crm_err *err);
/* Folded and without accents (NFKD, marks dropped), for searching. */
int crm_text_search(struct crm_str s, struct crm_buf *out, struct crm_err *err);

/*
 * Appends the words of a text, each with a NUL after it, as they are searched
 * for: letters and digits, folded as by crm_text_search, at most CRM_WORD_MAX
 * bytes of each.  tails: where words are written without blanks between them
 * (Han, kana, Hangul), also what is left of a word from each character on.
 */
#define CRM_WORD_MAX 60
int crm_text_words(
    struct crm_str s, bool tails, struct crm_buf *out, struct crm_err *err);
/* Does part stand in s between blanks, so that its words are words of s?  No
 * is no answer; it saves the work where given and family make the name. */
bool crm_text_within(struct crm_str s, struct crm_str part);

/* Columns on a terminal; controls count as the width they are shown with. */
size_t crm_text_width(struct crm_str s);
/* Do terminals agree on its width?  They do not on emoji with a tone of skin or
 * made pictures by U+FE0F, nor on marks that take room of their own. */
bool crm_text_width_agreed(struct crm_str s);
/*
 * Appends s so that a terminal cannot be driven by it: C0, DEL, C1 and bidi
 * controls become visible (\t \n \e, <U+202E>), bad bytes <XX>.  At most
 * `width` columns when width > 0, cut with an ellipsis between grapheme
 * clusters.
 */
void crm_text_show(struct crm_buf *b, struct crm_str s, size_t width);

/* Simple case mapping of one code point. */
int32_t crm_utf8_lower(int32_t cp);
int32_t crm_utf8_upper(int32_t cp);
/* Bits of what a code point is; digits are 0 to 9 only. */
enum {
	CRM_CP_ALPHA = 1, /* letters, and the marks that belong to them */
	CRM_CP_DIGIT = 2,
	CRM_CP_UPPER = 4,
	CRM_CP_LOWER = 8,
	CRM_CP_SPACE = 16,
	CRM_CP_PUNCT = 32
};
unsigned crm_utf8_class(int32_t cp);

/* Unicode version of the normalisation data, "15.0.0"; static. */
const char *crm_unicode_version(void);

#endif
