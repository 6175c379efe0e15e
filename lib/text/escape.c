/*
 * escape.c - the escapes of the stream, and what a column may be called.
 *
 * Most fields hold nothing to escape: that is found out eight bytes at a time
 * in one pass, after which the run is copied whole.
 */
#include <crm/stream.h>

#include "base/word.h"

bool
crm_column_valid(struct crm_str name)
{
	if (name.n == 0 || name.n > 63 || name.p[0] < 'a' || name.p[0] > 'z')
		return false;
	for (size_t i = 1; i < name.n; i++) {
		char c = name.p[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') &&
		    c != '_')
			return false;
	}
	return true;
}

static char
letter_of(char c)
{
	switch (c) {
	case '\t':
		return 't';
	case '\n':
		return 'n';
	case '\r':
		return 'r';
	case '\\':
		return '\\';
	default:
		return 0;
	}
}

/* No byte below 0x10, and no backslash. */
static bool
plain(uint64_t w)
{
	uint64_t y = w ^ CRM_ONES * '\\';

	return !(
	    (((w - CRM_ONES * 0x10) & ~w) | ((y - CRM_ONES) & ~y)) & CRM_TOPS);
}

/* Of four bytes and more the last may be looked at twice. */
static bool
plain_end(const char *p, size_t n)
{
	uint32_t a, b;
	uint64_t w;

	if (n >= 8) {
		memcpy(&w, p + n - 8, sizeof w);
		return plain(w);
	}
	if (n < 4)
		return false;
	memcpy(&a, p, sizeof a);
	memcpy(&b, p + n - 4, sizeof b);
	return plain((uint64_t)a << 32 | b);
}

static size_t
plain_run(const char *p, size_t n)
{
	size_t i = 0;
	uint64_t w;

	for (; i + 8 <= n; i += 8) {
		memcpy(&w, p + i, sizeof w);
		if (!plain(w))
			break;
	}
	if (n - i < 8 && plain_end(p, n))
		return n;
	while (i < n && !letter_of(p[i]))
		i++;
	return i;
}

/* A short text that needs no escape, copied as it is looked at: few bytes are
 * put twice, and none beside it. */
static bool
put_short(struct crm_buf *b, struct crm_str s)
{
	char *to = b->p + b->n;
	const char *from = s.p;
	uint64_t w, x;
	uint32_t h, i;

	if (s.n >= 8) {
		memcpy(&w, from, 8);
		memcpy(&x, from + s.n - 8, 8);
		if (!plain(w) || !plain(x))
			return false;
		memcpy(to, &w, 8);
		memcpy(to + s.n - 8, &x, 8);
	} else if (s.n >= 4) {
		memcpy(&h, from, 4);
		memcpy(&i, from + s.n - 4, 4);
		if (!plain((uint64_t)h << 32 | i))
			return false;
		memcpy(to, &h, 4);
		memcpy(to + s.n - 4, &i, 4);
	} else {
		unsigned char a = (unsigned char)from[0];
		unsigned char m = (unsigned char)from[s.n / 2];
		unsigned char z = (unsigned char)from[s.n - 1];

		/* the rest of the eight are letters */
		if (!plain(CRM_ONES * 'a' << 24 | (uint64_t)a << 16 |
			   (uint64_t)m << 8 | z))
			return false;
		to[0] = (char)a;
		to[s.n / 2] = (char)m;
		to[s.n - 1] = (char)z;
	}
	b->n += s.n;
	return true;
}

void
crm_escape_put(struct crm_buf *b, struct crm_str s)
{
	if (s.n > 0 && s.n <= 16 && b->cap - b->n >= s.n && put_short(b, s))
		return;
	while (s.n > 0) {
		size_t run = plain_run(s.p, s.n);

		crm_buf_put(b, s.p, run);
		if (run == s.n)
			return;
		crm_buf_putc(b, '\\');
		crm_buf_putc(b, letter_of(s.p[run]));
		s.p += run + 1;
		s.n -= run + 1;
	}
}

static bool
meaning_of(char letter, char *out)
{
	switch (letter) {
	case 't':
		*out = '\t';
		return true;
	case 'n':
		*out = '\n';
		return true;
	case 'r':
		*out = '\r';
		return true;
	case '\\':
	case '\'': /* ClickHouse writes it */
		*out = letter;
		return true;
	default:
		return false;
	}
}

int
crm_unescape(struct crm_str s, struct crm_buf *out, size_t *bad)
{
	size_t at = 0;

	if (s.n == 2 && s.p[0] == '\\' && s.p[1] == 'N')
		return CRM_OK;
	while (at < s.n) {
		const char *next = memchr(s.p + at, '\\', s.n - at);
		size_t end = next ? (size_t)(next - s.p) : s.n;
		char c;

		crm_buf_put(out, s.p + at, end - at);
		if (!next)
			break;
		if (end + 1 >= s.n || !meaning_of(s.p[end + 1], &c)) {
			*bad = end;
			return CRM_EDATA;
		}
		crm_buf_putc(out, c);
		at = end + 2;
	}
	return CRM_OK;
}

size_t
crm_escape_run(struct crm_str s)
{
	return plain_run(s.p, s.n);
}
