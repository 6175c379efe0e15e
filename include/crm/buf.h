/*
 * buf.h - strings with a length, growing buffers, arenas.
 *
 * A struct crm_str is a view: never assumed terminated, never owning.  A
 * struct crm_buf owns its bytes and grows to a stated maximum; a failed put
 * sets `fail` and later puts do nothing, so callers check once, at the end:
 *
 *	struct crm_buf b = {.max = 1 << 20};
 *	crm_buf_puts(&b, "hello");
 *	crm_buf_put(&b, s.p, s.n);
 *	if (crm_buf_check(&b, err) < 0) ...
 *	crm_buf_release(&b);
 *
 * An arena hands out memory that is all released at once.
 */
#ifndef CRM_BUF_H
#define CRM_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <crm/err.h>

struct crm_str {
	const char *p;
	size_t n;
};

/* A view of a literal. */
#define CRM_STR(lit) ((struct crm_str){(lit), sizeof(lit) - 1})

/* A view of a terminated string; NULL is the empty view. */
static inline struct crm_str
crm_str(const char *s)
{
	return (struct crm_str){s, s ? strlen(s) : 0};
}

static inline bool
crm_str_eq(struct crm_str a, struct crm_str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool
crm_str_is(struct crm_str a, const char *s)
{
	return crm_str_eq(a, crm_str(s));
}

/* Byte order (memcmp, shorter first).  <0, 0, >0. */
int crm_str_cmp(struct crm_str a, struct crm_str b);
/* Without leading and trailing blanks and tabs. */
struct crm_str crm_str_trim(struct crm_str s);
/*
 * Takes the part of *rest before the next sep into *out and moves *rest
 * past it.  False when *rest is used up (rest->p NULL).
 */
bool crm_str_split(struct crm_str *rest, char sep, struct crm_str *out);
bool crm_str_starts(struct crm_str s, struct crm_str prefix);

/* A buffer; zeroed is empty.  max 0 means CRM_BUF_MAX.  Release with
 * crm_buf_release. */
#define CRM_BUF_MAX ((size_t)1 << 32)
struct crm_buf {
	char *p;
	size_t n;
	size_t cap;
	size_t max;
	int fail; /* 0, CRM_ENOMEM, CRM_EDATA past max, or its writer's
		     CRM_EBUG */
};

/* Makes room for n more bytes; false (and fail set) when it cannot. */
bool crm_buf_room(struct crm_buf *b, size_t n);
void crm_buf_put(struct crm_buf *b, const void *p, size_t n);
void crm_buf_puts(struct crm_buf *b, const char *s);
void crm_buf_putstr(struct crm_buf *b, struct crm_str s);
static inline void
crm_buf_putc(struct crm_buf *b, char c)
{
	if (b->n < b->cap || crm_buf_room(b, 1))
		b->p[b->n++] = c;
}
/*
 * Where at most n bytes may be written by hand: behind what is in b or, where
 * that has no room for them, in `own`, n bytes of the caller's.
 * crm_buf_upto takes those before `end`.
 */
static inline char *
crm_buf_at(const struct crm_buf *b, char *own, size_t n)
{
	return b->cap - b->n >= n ? b->p + b->n : own;
}
static inline void
crm_buf_upto(
    struct crm_buf *b, const char *at, const char *own, const char *end)
{
	if (at == own)
		crm_buf_put(b, own, (size_t)(end - own));
	else
		b->n += (size_t)(end - at);
}
void crm_buf_putf(struct crm_buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Writes the decimal digits of v, at least so many, so that they end before
 * `end` (room for 20, or for `least`); answers the first. */
char *crm_digits(char *end, uint64_t v, unsigned least);
/* The same, so that they begin at p; answers the place after the last. */
char *crm_digits_at(char *p, uint64_t v, unsigned least);
/* Decimal digits of v, faster than putf. */
void crm_buf_putu(struct crm_buf *b, uint64_t v);
void crm_buf_puti(struct crm_buf *b, int64_t v);
/* LEB128 varint; zig-zag for signed. */
void crm_buf_putvar_long(struct crm_buf *b, uint64_t v);
/* Most numbers of a record have a byte or two. */
static inline void
crm_buf_putvar(struct crm_buf *b, uint64_t v)
{
	if (v < 0x80 && b->n < b->cap)
		b->p[b->n++] = (char)v;
	else if (v < 0x4000 && b->cap - b->n >= 2) {
		b->p[b->n] = (char)(v | 0x80);
		b->p[b->n + 1] = (char)(v >> 7);
		b->n += 2;
	} else
		crm_buf_putvar_long(b, v);
}
void crm_buf_putzig(struct crm_buf *b, int64_t v);
/* Big-endian fixed width. */
void crm_buf_putbe(struct crm_buf *b, uint64_t v, unsigned bytes);
/* CRM_OK, or the sticky failure with a message. */
int crm_buf_check(const struct crm_buf *b, struct crm_err *err);
/* The bytes so far as a view, valid until the next put. */
static inline struct crm_str
crm_buf_str(const struct crm_buf *b)
{
	return (struct crm_str){b->p ? b->p : "", b->n};
}
/* A terminated C string of the content; NULL when out of memory. */
const char *crm_buf_cstr(struct crm_buf *b);
/* Empties, keeps the memory, clears fail. */
void crm_buf_clear(struct crm_buf *b);
void crm_buf_release(struct crm_buf *b);

/*
 * Reads what putvar and putzig wrote: takes from *s, advances it.  False at
 * the end of the bytes or for a number of more than 64 bits.
 */
bool crm_take_var_long(struct crm_str *s, uint64_t *out);
/* Most numbers have a byte or two. */
static inline bool
crm_take_var(struct crm_str *s, uint64_t *out)
{
	if (s->n > 0 && (unsigned char)s->p[0] < 0x80) {
		*out = (unsigned char)s->p[0];
		s->p++;
		s->n--;
		return true;
	}
	if (s->n > 1 && (unsigned char)s->p[1] < 0x80) {
		*out = ((unsigned char)s->p[0] & 0x7fU) |
		       (unsigned)(unsigned char)s->p[1] << 7;
		s->p += 2;
		s->n -= 2;
		return true;
	}
	return crm_take_var_long(s, out);
}
static inline bool
crm_take_zig(struct crm_str *s, int64_t *out)
{
	uint64_t u;

	if (!crm_take_var(s, &u))
		return false;
	*out = (int64_t)(u & 1 ? ~(u >> 1) : u >> 1);
	return true;
}
bool crm_take_bytes(struct crm_str *s, size_t n, struct crm_str *out);
bool crm_take_be(struct crm_str *s, unsigned bytes, uint64_t *out);

/*
 * An arena; zeroed is empty.  Memory is aligned to 16, not zeroed by alloc,
 * zeroed by zalloc, valid until reset or release.  reset keeps the largest
 * block.  Built with -DCRM_ARENA_DEBUG each object is a malloc of its own.
 */
struct crm_arena {
	struct crm_arena_block *head;
	size_t used; /* in head */
};
void *crm_arena_alloc(struct crm_arena *a, size_t n);
void *crm_arena_zalloc(struct crm_arena *a, size_t n);
/* A copy of s, with a NUL after it; p is NULL when out of memory. */
struct crm_str crm_arena_str(struct crm_arena *a, struct crm_str s);
/* The content of a buffer in the arena; its sticky failure, or no memory. */
int crm_buf_keep(const struct crm_buf *b, struct crm_arena *a,
    struct crm_str *out, struct crm_err *err);
void crm_arena_reset(struct crm_arena *a);
void crm_arena_release(struct crm_arena *a);

/*
 * A growing array kept by its caller: ensures room for n + 1 elements of
 * size bytes in *p (capacity *cap).  False when out of memory.
 */
bool crm_grow(void *p, size_t *cap, size_t n, size_t size);

#endif
