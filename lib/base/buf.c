/*
 * buf.c - views, growing buffers, the numbers put into and taken from them.
 *
 * There is always one byte more than cap says, so that a terminated string
 * costs no reallocation and is possible in a buffer at its maximum.
 * A failed buffer has cap cut down to n, so that the inline crm_buf_putc
 * needs one comparison and still does nothing after a failure.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <crm/buf.h>

int
crm_str_cmp(struct crm_str a, struct crm_str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = n ? memcmp(a.p, b.p, n) : 0;

	return c ? c : (a.n > b.n) - (a.n < b.n);
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

struct crm_str
crm_str_trim(struct crm_str s)
{
	while (s.n > 0 && is_blank(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n > 0 && is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

bool
crm_str_split(struct crm_str *rest, char sep, struct crm_str *out)
{
	const char *at;

	if (!rest->p)
		return false;
	at = rest->n ? memchr(rest->p, sep, rest->n) : NULL;
	if (!at) {
		*out = *rest;
		*rest = (struct crm_str){NULL, 0};
		return true;
	}
	*out = (struct crm_str){rest->p, (size_t)(at - rest->p)};
	rest->n -= out->n + 1;
	rest->p = at + 1;
	return true;
}

bool
crm_str_starts(struct crm_str s, struct crm_str prefix)
{
	return s.n >= prefix.n &&
	       (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

static bool
fail(struct crm_buf *b, int code)
{
	b->fail = code;
	b->cap = b->n;
	return false;
}

/* Grows to hold need bytes, which is at most max. */
static bool
grow_to(struct crm_buf *b, size_t need, size_t max)
{
	size_t cap = b->cap < 63 ? 63 : b->cap;
	char *p;

	while (cap < need)
		cap = cap > SIZE_MAX / 2 ? need : cap * 2 + 1;
	if (cap > max)
		cap = max;
	/* One byte more than cap, for a NUL. */
	p = cap < SIZE_MAX ? realloc(b->p, cap + 1) : NULL;
	if (!p)
		return fail(b, CRM_ENOMEM);
	b->p = p;
	b->cap = cap;
	return true;
}

bool
crm_buf_room(struct crm_buf *b, size_t n)
{
	size_t max = b->max ? b->max : CRM_BUF_MAX;

	if (b->fail)
		return false;
	if (b->n > max || n > max - b->n)
		return fail(b, CRM_EDATA);
	if (n <= b->cap - b->n)
		return true;
	return grow_to(b, b->n + n, max);
}

void
crm_buf_put(struct crm_buf *b, const void *p, size_t n)
{
	if (n == 0 || (n > b->cap - b->n && !crm_buf_room(b, n)))
		return;
	memcpy(b->p + b->n, p, n);
	b->n += n;
}

void
crm_buf_puts(struct crm_buf *b, const char *s)
{
	crm_buf_put(b, s, strlen(s));
}

void
crm_buf_putstr(struct crm_buf *b, struct crm_str s)
{
	crm_buf_put(b, s.p, s.n);
}

void
crm_buf_putf(struct crm_buf *b, const char *fmt, ...)
{
	char small[256];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(small, sizeof small, fmt, ap);
	va_end(ap);
	if (n < 0) {
		if (!b->fail)
			fail(b, CRM_ENOMEM);
		return;
	}
	if ((size_t)n < sizeof small) {
		crm_buf_put(b, small, (size_t)n);
		return;
	}
	if (!crm_buf_room(b, (size_t)n))
		return;
	va_start(ap, fmt);
	vsnprintf(b->p + b->n, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->n += (size_t)n;
}

/* The digits of v, and zeros before them, in the n places before end. */
static inline void
put_digits(char *end, uint64_t v, unsigned n)
{
	static const char two[] = "00010203040506070809"
				  "10111213141516171819"
				  "20212223242526272829"
				  "30313233343536373839"
				  "40414243444546474849"
				  "50515253545556575859"
				  "60616263646566676869"
				  "70717273747576777879"
				  "80818283848586878889"
				  "90919293949596979899";

	for (; n >= 2; n -= 2, v /= 100)
		memcpy(end -= 2, two + v % 100 * 2, 2);
	if (n > 0)
		end[-1] = (char)('0' + v);
}

static inline unsigned
count_digits(uint64_t v, unsigned least)
{
	static const uint64_t ten[] = {1U, 10U, 100U, 1000U, 10000U, 100000U,
	    1000000U, 10000000U, 100000000U, 1000000000U, 10000000000U,
	    100000000000U, 1000000000000U, 10000000000000U, 100000000000000U,
	    1000000000000000U, 10000000000000000U, 100000000000000000U,
	    1000000000000000000U, 10000000000000000000U};
	/* 1233 / 4096 is the logarithm of 2, as near as 64 bits need */
	unsigned n = (64 - (unsigned)__builtin_clzll(v | 1)) * 1233 >> 12;

	n += v >= ten[n];
	return n < least ? least : n;
}

char *
crm_digits(char *end, uint64_t v, unsigned least)
{
	unsigned n = count_digits(v, least);

	put_digits(end, v, n);
	return end - n;
}

char *
crm_digits_at(char *p, uint64_t v, unsigned least)
{
	unsigned n = count_digits(v, least);

	put_digits(p + n, v, n);
	return p + n;
}

void
crm_buf_putu(struct crm_buf *b, uint64_t v)
{
	char text[20], *end = text + sizeof text, *p = crm_digits(end, v, 1);

	crm_buf_put(b, p, (size_t)(end - p));
}

void
crm_buf_puti(struct crm_buf *b, int64_t v)
{
	char text[21], *end = text + sizeof text;
	char *p = crm_digits(end, v < 0 ? 0 - (uint64_t)v : (uint64_t)v, 1);

	if (v < 0)
		*--p = '-';
	crm_buf_put(b, p, (size_t)(end - p));
}

void
crm_buf_putvar_long(struct crm_buf *b, uint64_t v)
{
	char bytes[10], *to = bytes;
	size_t n = 0;

	if (b->cap - b->n >= sizeof bytes)
		to = b->p + b->n;
	for (; v >= 0x80; v >>= 7)
		to[n++] = (char)(unsigned char)(v | 0x80);
	to[n++] = (char)v;
	if (to == bytes)
		crm_buf_put(b, bytes, n);
	else
		b->n += n;
}

void
crm_buf_putzig(struct crm_buf *b, int64_t v)
{
	uint64_t u = (uint64_t)v << 1;

	crm_buf_putvar(b, v < 0 ? ~u : u);
}

void
crm_buf_putbe(struct crm_buf *b, uint64_t v, unsigned bytes)
{
	char out[8];

	for (unsigned i = 0; i < 8; i++)
		out[i] = (char)(unsigned char)(v >> (56 - 8 * i));
	crm_buf_put(b, out + (8 - bytes), bytes);
}

int
crm_buf_check(const struct crm_buf *b, struct crm_err *err)
{
	if (b->fail == 0)
		return CRM_OK;
	if (b->fail == CRM_EDATA)
		return crm_err_set(err, CRM_EDATA,
		    "longer than the %zu bytes allowed",
		    b->max ? b->max : CRM_BUF_MAX);
	if (b->fail == CRM_EBUG)
		return crm_err_set(
		    err, CRM_EBUG, "a value does not fit its field");
	return crm_err_nomem(err);
}

const char *
crm_buf_cstr(struct crm_buf *b)
{
	if (b->fail || (!b->p && !crm_buf_room(b, 1)))
		return NULL;
	b->p[b->n] = '\0';
	return b->p;
}

void
crm_buf_clear(struct crm_buf *b)
{
	b->n = 0;
	b->fail = 0;
}

void
crm_buf_release(struct crm_buf *b)
{
	size_t max = b->max;

	free(b->p);
	*b = (struct crm_buf){.max = max};
}

bool
crm_take_var_long(struct crm_str *s, uint64_t *out)
{
	uint64_t v = 0;

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	/* Money and times have four to six bytes: all of them at once. */
	if (s->n >= sizeof v) {
		uint64_t ends;

		memcpy(&v, s->p, sizeof v);
		ends = ~v & 0x8080808080808080U;
		if (ends) {
			size_t n = ((size_t)__builtin_ctzll(ends) + 1) / 8;

			/* Keeps the bytes up to the one that ends it, and puts
			 * their seven bits together, two, four, eight. */
			v &= (ends ^ (ends - 1)) & 0x7f7f7f7f7f7f7f7fU;
			v = (v & 0x007f007f007f007fU) |
			    (v & 0x7f007f007f007f00U) >> 1;
			v = (v & 0x00003fff00003fffU) |
			    (v & 0x3fff00003fff0000U) >> 2;
			*out = (v & 0x000000000fffffffU) |
			       (v & 0x0fffffff00000000U) >> 4;
			s->p += n;
			s->n -= n;
			return true;
		}
		v = 0;
	}
#endif
	for (size_t i = 0; i < s->n && i < 10; i++) {
		uint64_t byte = (unsigned char)s->p[i];

		/* The tenth byte has room for one bit. */
		if (i == 9 && byte > 1)
			return false;
		v |= (byte & 0x7f) << (7 * i);
		if (byte < 0x80) {
			s->p += i + 1;
			s->n -= i + 1;
			*out = v;
			return true;
		}
	}
	return false;
}

bool
crm_take_bytes(struct crm_str *s, size_t n, struct crm_str *out)
{
	if (n > s->n)
		return false;
	*out = (struct crm_str){s->p, n};
	if (n > 0) {
		s->p += n;
		s->n -= n;
	}
	return true;
}

bool
crm_take_be(struct crm_str *s, unsigned bytes, uint64_t *out)
{
	uint64_t v = 0;

	if (bytes > s->n || bytes > 8)
		return false;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	if (bytes == 8) {
		memcpy(&v, s->p, 8);
		*out = __builtin_bswap64(v);
		s->p += 8;
		s->n -= 8;
		return true;
	}
#endif
	for (unsigned i = 0; i < bytes; i++)
		v = v << 8 | (unsigned char)s->p[i];
	s->p += bytes;
	s->n -= bytes;
	*out = v;
	return true;
}

bool
crm_grow(void *p, size_t *cap, size_t n, size_t size)
{
	size_t want = *cap < 8 ? 8 : *cap;
	void *old, *new;

	if (n < *cap)
		return true;
	while (want <= n) {
		if (want > SIZE_MAX / 2)
			return false;
		want *= 2;
	}
	if (size > 0 && want > SIZE_MAX / size)
		return false;
	/* The pointer is of any object type: moved as bytes, not by a cast. */
	memcpy(&old, p, sizeof old);
	new = realloc(old, want * size);
	if (!new)
		return false;
	memcpy(p, &new, sizeof new);
	*cap = want;
	return true;
}
