/*
 * utf8.c - text that enters, its folded forms, its width, how it is shown.
 *
 * Decomposing and composing come from utf8proc one code point and one array
 * at a time; ordering the marks between them is done here, because
 * utf8proc_decompose orders by neighbour swaps, which takes minutes for a
 * megabyte of marks that somebody chose for it.  Most text never gets that
 * far: printable ASCII is recognised eight bytes at a time, and code points
 * of `settled` ranges are in NFC whatever is beside them.
 */
#include <stdlib.h>

#include <utf8proc.h>

#include <crm/utf8.h>

#include "base/word.h"

/*
 * Decodes one code point.  Returns its length, or minus the length of the
 * longest prefix of a good sequence (at least 1) - what one U+FFFD stands
 * for (Unicode 15, section 3.9).  n > 0.
 */
static int
decode(const unsigned char *p, size_t n, int32_t *cp)
{
	unsigned lead = p[0];
	unsigned low = 0x80, high = 0xbf;
	int len, i;

	if (lead < 0x80) {
		*cp = (int32_t)lead;
		return 1;
	}
	if (lead < 0xc2 || lead > 0xf4)
		return -1;
	len = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
	/* The second byte rules out overlong forms, surrogates, > 10FFFF. */
	if (lead == 0xe0)
		low = 0xa0;
	else if (lead == 0xed)
		high = 0x9f;
	else if (lead == 0xf0)
		low = 0x90;
	else if (lead == 0xf4)
		high = 0x8f;
	*cp = (int32_t)(lead & (0x7fU >> len));
	for (i = 1; i < len; i++) {
		if ((size_t)i >= n || p[i] < low || p[i] > high)
			return -i;
		*cp = *cp << 6 | (p[i] & 0x3f);
		low = 0x80;
		high = 0xbf;
	}
	return len;
}

size_t
crm_utf8_next(struct crm_str s, int32_t *cp)
{
	int len;

	if (s.n == 0)
		return 0;
	len = decode((const unsigned char *)s.p, s.n, cp);
	return len > 0 ? (size_t)len : 0;
}

void
crm_utf8_put(struct crm_buf *b, int32_t cp)
{
	uint32_t c = (uint32_t)cp;
	char out[4];
	size_t n = 0;

	if (c < 0x80) {
		crm_buf_putc(b, (char)c);
		return;
	}
	if (c < 0x800) {
		out[n++] = (char)(unsigned char)(0xc0 | c >> 6);
	} else if (c < 0x10000) {
		out[n++] = (char)(unsigned char)(0xe0 | c >> 12);
		out[n++] = (char)(unsigned char)(0x80 | (c >> 6 & 0x3f));
	} else {
		out[n++] = (char)(unsigned char)(0xf0 | (c >> 18 & 7));
		out[n++] = (char)(unsigned char)(0x80 | (c >> 12 & 0x3f));
		out[n++] = (char)(unsigned char)(0x80 | (c >> 6 & 0x3f));
	}
	out[n++] = (char)(unsigned char)(0x80 | (c & 0x3f));
	crm_buf_put(b, out, n);
}

/* Whether a control character other than TAB and LF. */
static bool
is_control(int32_t cp)
{
	return (cp < 0x20 && cp != '\t' && cp != '\n') ||
	       (cp >= 0x7f && cp < 0xa0);
}

bool
crm_utf8_unsafe(int32_t cp)
{
	if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0))
		return true;
	return cp == 0x61c || cp == 0x200e || cp == 0x200f ||
	       (cp >= 0x2028 && cp <= 0x202e) || (cp >= 0x2066 && cp <= 0x2069);
}

/* Where bytes of w have their top bit, are below blank, or DEL: of the lowest
 * it is exact. */
static uint64_t
unprintable(uint64_t w)
{
	uint64_t del = w ^ CRM_ONES * 0x7f;

	return (w | (w - CRM_ONES * 0x20) | (del - CRM_ONES)) & CRM_TOPS;
}

/* How many bytes of s at its start are printable ASCII, TAB or LF. */
static inline size_t
plain_prefix(struct crm_str s)
{
	size_t i = 0;

	while (i < s.n) {
		size_t rest = s.n - i;
		uint64_t odd =
		    unprintable(rest >= 8 ? crm_word(s.p + i)
					  : crm_word_of(s.p + i, rest) |
						CRM_ONES * ' ' << 8 * rest);

		if (odd == 0) {
			i += 8;
			continue;
		}
		i += (size_t)__builtin_ctzll(odd) / 8;
		if (s.p[i] != '\t' && s.p[i] != '\n')
			return i;
		i++;
	}
	return s.n;
}

bool
crm_utf8_valid(struct crm_str s, size_t *bad)
{
	size_t at = 0;

	while (at < s.n) {
		const char *p = s.p + at;
		size_t rest = s.n - at;
		uint64_t high =
		    CRM_TOPS & (rest >= 8 ? crm_word(p) : crm_word_of(p, rest));
		int32_t cp;
		int len;

		if (high == 0) {
			at += 8;
			continue;
		}
		at += (size_t)__builtin_ctzll(high) / 8;
		len = decode((const unsigned char *)s.p + at, s.n - at, &cp);
		if (len < 0) {
			if (bad)
				*bad = at;
			return false;
		}
		at += (size_t)len;
	}
	return true;
}

/*
 * Ranges whose every code point has combining class 0, is its own NFC and
 * composes with nothing before it: text cut before one of them can be put
 * into NFC part by part.  Not all there are, but most of what is written.
 */
static bool
is_settled(int32_t cp)
{
	static const struct {
		int32_t first, last;
	} range[] = {
	    {0x388, 0x3ff}, /* Greek letters */
	    {0x400, 0x482}, /* Cyrillic */
	    {0x48a, 0x52f}, {0x5d0, 0x5ea}, /* Hebrew letters */
	    {0x622, 0x64a}, /* Arabic letters */
	    {0xe01, 0xe30}, /* Thai consonants */
	    {0x2010, 0x2027}, /* punctuation */
	    {0x2030, 0x205e}, {0x20a0, 0x20c0}, /* currency */
	    {0x3000, 0x3029}, /* CJK punctuation */
	    {0x3041, 0x3096}, /* kana */
	    {0x309b, 0x30ff}, {0x4e00, 0x9fff}, /* Han */
	    {0xac00, 0xd7a3}, /* Hangul syllables */
	    {0xff01, 0xffee}, /* full and half width */
	    {0xfffd, 0xfffd}, {0x1f300, 0x1faff} /* emoji */
	};

	if (cp < 0x300)
		return true;
	for (size_t i = 0; i < sizeof range / sizeof *range; i++)
		if (cp <= range[i].last)
			return cp >= range[i].first;
	return false;
}

bool
crm_text_plain(struct crm_str s)
{
	for (;;) {
		size_t n = plain_prefix(s);
		int32_t cp;
		int len;

		if (n == s.n)
			return true;
		s.p += n;
		s.n -= n;
		len = decode((const unsigned char *)s.p, s.n, &cp);
		if (len < 0 || is_control(cp) || !is_settled(cp))
			return false;
		s.p += len;
		s.n -= (size_t)len;
	}
}

/* An array of code points, on the stack while it is short. */
struct points {
	int32_t *p;
	size_t n, cap;
	int32_t few[384];
};

static void
points_init(struct points *v)
{
	v->p = v->few;
	v->n = 0;
	v->cap = sizeof v->few / sizeof *v->few;
}

static void
points_release(struct points *v)
{
	if (v->p != v->few)
		free(v->p);
}

static bool
points_room(struct points *v, size_t more)
{
	size_t cap = v->cap;
	int32_t *p;

	if (more <= v->cap - v->n)
		return true;
	while (cap < v->n + more)
		cap *= 2;
	if (cap > SIZE_MAX / sizeof *p)
		return false;
	p = realloc(v->p == v->few ? NULL : v->p, cap * sizeof *p);
	if (!p)
		return false;
	if (v->p == v->few)
		memcpy(p, v->few, v->n * sizeof *p);
	v->p = p;
	v->cap = cap;
	return true;
}

static int
ccc(int32_t cp)
{
	return cp < 0x300 ? 0 : utf8proc_get_property(cp)->combining_class;
}

/* Orders n marks by combining class, equal ones as they stood. */
static bool
order_run(int32_t *p, size_t n)
{
	size_t start[256] = {0}, sum = 0;
	int32_t *copy;

	if (n <= 32) {
		for (size_t i = 1; i < n; i++) {
			int32_t cp = p[i];
			size_t k = i;

			for (; k > 0 && ccc(p[k - 1]) > ccc(cp); k--)
				p[k] = p[k - 1];
			p[k] = cp;
		}
		return true;
	}
	copy = malloc(n * sizeof *copy);
	if (!copy)
		return false;
	memcpy(copy, p, n * sizeof *copy);
	for (size_t i = 0; i < n; i++)
		start[ccc(copy[i]) & 0xff]++;
	for (size_t i = 0; i < 256; i++) {
		size_t count = start[i];

		start[i] = sum;
		sum += count;
	}
	for (size_t i = 0; i < n; i++)
		p[start[ccc(copy[i]) & 0xff]++] = copy[i];
	free(copy);
	return true;
}

static bool
order_marks(struct points *v)
{
	for (size_t i = 0; i < v->n;) {
		size_t end = i;

		while (end < v->n && ccc(v->p[end]) > 0)
			end++;
		if (end - i > 1 && !order_run(v->p + i, end - i))
			return false;
		i = end + 1;
	}
	return true;
}

static int
bad_utf8(size_t at, unsigned byte, struct crm_err *err)
{
	return crm_err_set(
	    err, CRM_EDATA, "byte 0x%02X at offset %zu is not UTF-8", byte, at);
}

/*
 * Composes v, part by part between occurrences of U+11A7.  That one is no
 * trailing consonant and composes with nothing, but utf8proc 2.8 takes it
 * for one and loses it after a Hangul syllable.
 */
static void
compose(struct points *v, utf8proc_option_t opt)
{
	size_t from = 0, put = 0;

	while (from < v->n) {
		size_t end = from + 1;
		utf8proc_ssize_t n;

		while (end < v->n && v->p[end] != 0x11a7)
			end++;
		n = utf8proc_normalize_utf32(
		    v->p + from, (utf8proc_ssize_t)(end - from), opt);
		memmove(v->p + put, v->p + from, (size_t)n * sizeof *v->p);
		put += (size_t)n;
		from = end;
	}
	v->n = put;
}

/* Appends s in the form the options of utf8proc name. */
static int
normalise(
    struct crm_str s, int options, struct crm_buf *out, struct crm_err *err)
{
	utf8proc_option_t opt = (utf8proc_option_t)options;
	struct points v;
	utf8proc_ssize_t n;
	int code = CRM_ENOMEM;
	int boundclass = 0;

	points_init(&v);
	for (size_t at = 0; at < s.n;) {
		int32_t cp;
		int len =
		    decode((const unsigned char *)s.p + at, s.n - at, &cp);

		if (len < 0) {
			code = bad_utf8(at, (unsigned char)s.p[at], err);
			goto out;
		}
		at += (size_t)len;
		/* The longest decomposition has 18 code points. */
		if (!points_room(&v, 32))
			goto out;
		n = utf8proc_decompose_char(
		    cp, v.p + v.n, 32, opt, &boundclass);
		if (n < 0 || n > 32) {
			code = crm_err_set(err, CRM_EBUG,
			    "no normal form of U+%04X", (unsigned)cp);
			goto out;
		}
		v.n += (size_t)n;
	}
	if (!order_marks(&v))
		goto out;
	if (options & UTF8PROC_COMPOSE)
		compose(&v, opt);
	crm_buf_room(out, v.n);
	for (size_t i = 0; i < v.n; i++)
		crm_utf8_put(out, v.p[i]);
	code = crm_buf_check(out, err);
out:
	points_release(&v);
	return code == CRM_ENOMEM ? crm_err_nomem(err) : code;
}

enum { NFC = UTF8PROC_STABLE | UTF8PROC_COMPOSE };

static int
enter_refused(
    size_t at, unsigned byte, int32_t cp, bool bad, struct crm_err *err)
{
	if (bad)
		return bad_utf8(at, byte, err);
	return crm_err_set(err, CRM_EDATA,
	    "control character U+%04X at offset %zu: only tab and newline may "
	    "be in text",
	    (unsigned)cp, at);
}

/*
 * Appends s from `at` on with its line ends and controls settled, not yet in
 * NFC.  *loose gets the place in out from which NFC has work to do, or
 * SIZE_MAX.
 */
static int
enter_points(struct crm_str s, size_t at, unsigned flags, size_t *cleaned,
    struct crm_buf *out, size_t *loose, struct crm_err *err)
{
	size_t settled = out->n;

	*loose = SIZE_MAX;
	while (at < s.n) {
		int32_t cp = 0;
		int len =
		    decode((const unsigned char *)s.p + at, s.n - at, &cp);
		size_t step = (size_t)(len < 0 ? -len : len);

		if (cp == '\r' && len > 0) {
			if (at + 1 < s.n && s.p[at + 1] == '\n')
				step = 2;
			cp = '\n';
		} else if (len < 0 || is_control(cp)) {
			if (!(flags & CRM_TEXT_CLEAN))
				return enter_refused(at, (unsigned char)s.p[at],
				    cp, len < 0, err);
			if (cleaned)
				++*cleaned;
			cp = 0xfffd;
		}
		if (*loose == SIZE_MAX) {
			if (is_settled(cp))
				settled = out->n;
			else
				*loose = settled;
		}
		crm_utf8_put(out, cp);
		at += step;
	}
	return CRM_OK;
}

int
crm_text_enter(struct crm_str s, unsigned flags, size_t *cleaned,
    struct crm_buf *out, struct crm_err *err)
{
	size_t start = out->n, plain = plain_prefix(s), loose;
	struct crm_buf copy = {0};
	int code;

	if (plain == s.n) {
		crm_buf_put(out, s.p, s.n);
		return crm_buf_check(out, err);
	}
	/* The last plain byte may be what a mark after it composes with. */
	if (plain > 0)
		plain--;
	crm_buf_put(out, s.p, plain);
	code = enter_points(s, plain, flags, cleaned, out, &loose, err);
	if (code == CRM_OK)
		code = crm_buf_check(out, err);
	if (code == CRM_OK && loose != SIZE_MAX) {
		crm_buf_put(&copy, out->p + loose, out->n - loose);
		code = crm_buf_check(&copy, err);
		if (code == CRM_OK) {
			out->n = loose;
			code = normalise(crm_buf_str(&copy), NFC, out, err);
		}
	}
	crm_buf_release(&copy);
	if (code < 0)
		out->n = start;
	return code;
}

/* Appends s in small letters when all of it is ASCII. */
static bool
fold_ascii(struct crm_str s, struct crm_buf *out)
{
	unsigned all = 0;

	for (size_t i = 0; i < s.n; i++)
		all |= (unsigned char)s.p[i];
	if (all >= 0x80)
		return false;
	if (s.n == 0 || !crm_buf_room(out, s.n))
		return true;
	for (size_t i = 0; i < s.n; i++) {
		unsigned c = (unsigned char)s.p[i];

		out->p[out->n + i] = (char)(c - 'A' < 26 ? c | 0x20 : c);
	}
	out->n += s.n;
	return true;
}

int
crm_text_fold(struct crm_str s, struct crm_buf *out, struct crm_err *err)
{
	if (fold_ascii(s, out))
		return crm_buf_check(out, err);
	return normalise(s, NFC | UTF8PROC_CASEFOLD, out, err);
}

int
crm_text_search(struct crm_str s, struct crm_buf *out, struct crm_err *err)
{
	if (fold_ascii(s, out))
		return crm_buf_check(out, err);
	return normalise(s,
	    UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT |
		UTF8PROC_CASEFOLD | UTF8PROC_STRIPMARK | UTF8PROC_IGNORE,
	    out, err);
}

/* One thing on the screen: a grapheme cluster or an escape. */
struct unit {
	size_t len; /* bytes of the text */
	size_t width; /* columns */
	char shown[12]; /* what is written instead, or empty */
	size_t shown_n;
};

static void
escape(struct unit *u, int len, unsigned byte, int32_t cp)
{
	static const char from[] = "\t\n\r\033", to[] = "tnre";
	static const char hex[] = "0123456789ABCDEF";
	char *p = u->shown;

	u->len = (size_t)(len < 0 ? 1 : len);
	if (len < 0) {
		*p++ = '<';
		*p++ = hex[byte >> 4];
		*p++ = hex[byte & 15];
		*p++ = '>';
	} else {
		for (size_t i = 0; i < 4; i++)
			if (cp == from[i]) {
				*p++ = '\\';
				*p++ = to[i];
			}
		if (p == u->shown) {
			*p++ = '<';
			*p++ = 'U';
			*p++ = '+';
			for (int shift = 12; shift >= 0; shift -= 4)
				*p++ = hex[cp >> shift & 15];
			*p++ = '>';
		}
	}
	u->shown_n = (size_t)(p - u->shown);
	u->width = u->shown_n;
}

/* Whether U+FE0F after cp may make an emoji of it; keycaps are ASCII. */
static bool
has_picture(int32_t cp)
{
	return cp >= 0x80 || (cp >= '0' && cp <= '9') || cp == '#' || cp == '*';
}

/*
 * Takes the next unit; s.n > 0.  A cluster is as wide as its parts together
 * but never wider than 2: a family of emoji is one picture, a flag is two
 * letters of one column each.
 */
static void
unit_next(struct crm_str s, struct unit *u)
{
	const unsigned char *p = (const unsigned char *)s.p;
	int32_t cp = 0, next = 0, state = 0;
	int len = decode(p, s.n, &cp);

	u->shown_n = 0;
	if (len < 0 || crm_utf8_unsafe(cp)) {
		escape(u, len, p[0], cp);
		return;
	}
	u->len = (size_t)len;
	u->width = cp < 0x7f ? 1 : (size_t)utf8proc_charwidth(cp);
	/* An ASCII byte before another is a cluster: the usual case. */
	if (cp < 0x7f && (s.n == 1 || p[1] < 0x80))
		return;
	while (u->len < s.n) {
		len = decode(p + u->len, s.n - u->len, &next);
		if (len < 0 || crm_utf8_unsafe(next) ||
		    utf8proc_grapheme_break_stateful(cp, next, &state))
			break;
		u->len += (size_t)len;
		if (next == 0xfe0f && has_picture(cp))
			u->width = 2;
		else
			u->width += (size_t)utf8proc_charwidth(next);
		if (u->width > 2)
			u->width = 2;
		cp = next;
	}
}

/* Whether every byte is a column: most cells of a table are like that. */
static bool
is_columns(struct crm_str s)
{
	bool yes = true;

	for (size_t i = 0; i < s.n; i++)
		yes &= s.p[i] >= 0x20 && s.p[i] < 0x7f;
	return yes;
}

size_t
crm_text_width(struct crm_str s)
{
	size_t width = 0;

	if (is_columns(s))
		return s.n;
	while (s.n > 0) {
		struct unit u;

		unit_next(s, &u);
		width += u.width;
		s.p += u.len;
		s.n -= u.len;
	}
	return width;
}

bool
crm_text_width_agreed(struct crm_str s)
{
	int32_t cp;
	size_t n;

	while (s.n > 0) {
		if ((unsigned char)s.p[0] < 0x80) {
			s.p++;
			s.n--;
			continue;
		}
		n = crm_utf8_next(s, &cp);
		if (n == 0)
			return true; /* is shown as <XX> */
		if (cp == 0xfe0f || cp == 0x200d ||
		    (cp >= 0x1f3fb && cp <= 0x1f3ff) ||
		    utf8proc_category(cp) == UTF8PROC_CATEGORY_MC)
			return false;
		s.p += n;
		s.n -= n;
	}
	return true;
}

void
crm_text_show(struct crm_buf *b, struct crm_str s, size_t width)
{
	size_t used = 0, cut = b->n;

	if ((width == 0 || s.n <= width) && is_columns(s)) {
		crm_buf_put(b, s.p, s.n);
		return;
	}
	if (width > 0 && s.n > width &&
	    is_columns((struct crm_str){s.p, width + 1})) {
		crm_buf_put(b, s.p, width - 1);
		crm_buf_puts(b, "\xe2\x80\xa6");
		return;
	}
	while (s.n > 0) {
		struct unit u;

		unit_next(s, &u);
		if (width > 0 && used + u.width > width) {
			/* cut is where an ellipsis still fits. */
			if (b->fail == 0)
				b->n = cut;
			crm_buf_puts(b, "\xe2\x80\xa6");
			return;
		}
		if (u.shown_n > 0)
			crm_buf_put(b, u.shown, u.shown_n);
		else
			crm_buf_put(b, s.p, u.len);
		used += u.width;
		if (used < width)
			cut = b->n;
		s.p += u.len;
		s.n -= u.len;
	}
}

int32_t
crm_utf8_lower(int32_t cp)
{
	return utf8proc_tolower(cp);
}

int32_t
crm_utf8_upper(int32_t cp)
{
	return utf8proc_toupper(cp);
}

unsigned
crm_utf8_class(int32_t cp)
{
	if (cp >= '0' && cp <= '9')
		return CRM_CP_DIGIT;
	if (cp >= '\t' && cp <= '\r')
		return CRM_CP_SPACE;
	switch (utf8proc_category(cp)) {
	case UTF8PROC_CATEGORY_LU:
	case UTF8PROC_CATEGORY_LT:
		return CRM_CP_ALPHA | CRM_CP_UPPER;
	case UTF8PROC_CATEGORY_LL:
		return CRM_CP_ALPHA | CRM_CP_LOWER;
	case UTF8PROC_CATEGORY_LM:
	case UTF8PROC_CATEGORY_LO:
	case UTF8PROC_CATEGORY_MN:
	case UTF8PROC_CATEGORY_MC:
		return CRM_CP_ALPHA;
	case UTF8PROC_CATEGORY_ZS:
	case UTF8PROC_CATEGORY_ZL:
	case UTF8PROC_CATEGORY_ZP:
		return CRM_CP_SPACE;
	case UTF8PROC_CATEGORY_PC:
	case UTF8PROC_CATEGORY_PD:
	case UTF8PROC_CATEGORY_PS:
	case UTF8PROC_CATEGORY_PE:
	case UTF8PROC_CATEGORY_PI:
	case UTF8PROC_CATEGORY_PF:
	case UTF8PROC_CATEGORY_PO:
		return CRM_CP_PUNCT;
	default:
		/* $ + < and the like count as punctuation in POSIX. */
		return cp > 0x20 && cp < 0x7f ? CRM_CP_PUNCT : 0;
	}
}

const char *
crm_unicode_version(void)
{
	return utf8proc_unicode_version();
}
