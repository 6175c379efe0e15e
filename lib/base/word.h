/*
 * word.h - eight bytes of text at a time, for the library's own files.
 *
 * The first byte of the text is the lowest of the word on every machine.  It
 * is plain C: what a compiler makes of it costs a tenth of a loop over bytes,
 * and no jump is guessed wrong because one number is longer than another.
 */
#ifndef CRM_BASE_WORD_H
#define CRM_BASE_WORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define CRM_ONES ((uint64_t)0x0101010101010101)
#define CRM_TOPS (CRM_ONES * 0x80)
#define CRM_ZEROS (CRM_ONES * '0')

/* The eight bytes at p. */
static inline uint64_t
crm_word(const char *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof w);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	w = __builtin_bswap64(w);
#endif
	return w;
}

static inline uint64_t
crm_word_half(const char *p)
{
	uint32_t w;

	memcpy(&w, p, sizeof w);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	w = __builtin_bswap32(w);
#endif
	return w;
}

/* The n bytes at p, 1 to 8, zeros behind them; reads no other byte. */
static inline uint64_t
crm_word_of(const char *p, size_t n)
{
	const unsigned char *u = (const unsigned char *)p;

	if (n == 8)
		return crm_word(p);
	/* those in the middle are read twice */
	if (n >= 4)
		return crm_word_half(p) | crm_word_half(p + n - 4)
					      << 8 * (n - 4);
	return u[0] | (uint64_t)u[n / 2] << 8 * (n / 2) |
	       (uint64_t)u[n - 1] << 8 * (n - 1);
}

/* The top bit of each byte of w that is c, exactly. */
static inline uint64_t
crm_word_match(uint64_t w, unsigned char c)
{
	uint64_t y = w ^ CRM_ONES * c;

	return ~(((y & ~CRM_TOPS) + ~CRM_TOPS) | y | ~CRM_TOPS);
}

/* The number that eight digits are, given less '0' each (Lemire 2018); false
 * when one is none. */
static inline bool
crm_word_digits(uint64_t w, uint64_t *out)
{
	if ((w | (w + CRM_ONES * 6)) & CRM_ONES * 0xf0)
		return false;
	w = w * 10 + (w >> 8);
	*out = (uint32_t)(((w & 0x000000ff000000ff) * 0x000f424000000064 +
			      (w >> 16 & 0x000000ff000000ff) *
				  0x0000271000000001) >>
			  32);
	return true;
}

/*
 * The number in n bytes, at most eight: digits, and perhaps one '.' between
 * two of them, behind which *places digits follow; *out is without the '.'.
 * false: it is another, or none, and the long way says which.
 */
static inline bool
crm_word_number(const char *p, size_t n, uint64_t *out, unsigned *places)
{
	const uint64_t dots = CRM_ONES * ('.' ^ '0');
	uint64_t w, dot;

	*places = 0;
	if (n - 1 > 7)
		return false;
	w = crm_word_of(p, n) ^ CRM_ZEROS;
	/* of the first it is exact, and another is no digit */
	dot = ((w ^ dots) - CRM_ONES) & ~(w ^ dots) & CRM_TOPS;
	if (dot != 0) {
		unsigned at = (unsigned)__builtin_ctzll(dot) & ~7U;
		uint64_t before = ((uint64_t)1 << at) - 1;

		n--;
		*places = (unsigned)n - at / 8;
		if (at == 0 || *places == 0)
			return false;
		w = (w & before) | (w >> 8 & ~before);
	}
	/* zeros come in front, and what is behind the text falls out */
	return crm_word_digits(w << 8 * (8 - n), out);
}

#endif
