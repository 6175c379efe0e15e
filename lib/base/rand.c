/*
 * rand.c - random numbers that are the same on every machine.
 *
 * Integer arithmetic only; the one double is an exact conversion.
 */
#include <crm/hash.h>

__extension__ typedef unsigned __int128 u128;

static uint64_t
rotate(uint64_t x, unsigned by)
{
	return x << by | x >> (64 - by);
}

void
crm_rand_seed(struct crm_rand *r, uint64_t seed)
{
	/* SplitMix64; four draws are never all zero. */
	for (int i = 0; i < 4; i++) {
		uint64_t z;

		seed += 0x9e3779b97f4a7c15;
		z = (seed ^ seed >> 30) * 0xbf58476d1ce4e5b9;
		z = (z ^ z >> 27) * 0x94d049bb133111eb;
		r->s[i] = z ^ z >> 31;
	}
}

uint64_t
crm_rand_next(struct crm_rand *r)
{
	uint64_t *s = r->s;
	uint64_t out = rotate(s[1] * 5, 7) * 9;
	uint64_t t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotate(s[3], 45);
	return out;
}

uint64_t
crm_rand_below(struct crm_rand *r, uint64_t n)
{
	/*
	 * Lemire 2019: the high word of draw * n; a low word under 2^64 mod n
	 * would favour some results and is drawn again.
	 */
	u128 p = (u128)crm_rand_next(r) * n;

	if ((uint64_t)p < n) {
		uint64_t bound = (0 - n) % n;

		while ((uint64_t)p < bound)
			p = (u128)crm_rand_next(r) * n;
	}
	return (uint64_t)(p >> 64);
}

double
crm_rand_unit(struct crm_rand *r)
{
	/*
	 * The odd multiples of 2^-53: 52 bits and a half, so that neither 0
	 * nor, by rounding, 1 can come out.
	 */
	return ((double)(crm_rand_next(r) >> 12) + 0.5) * 0x1p-52;
}
