/*
 * sha256.c - SHA-256 (FIPS 180-4) and HMAC with it (RFC 2104, FIPS 198-1).
 *
 * crm_hash64 is fast and tells values apart, but whoever has its result can
 * find a value for it.  What is left of people who were erased must not give
 * them away, so it is hashed with this and a salt.  Written for clarity: a
 * block costs about a microsecond, and a person has a few.
 */
#include <crm/hash.h>

#define BLOCK 64

/* First 32 bits of the fractional parts of the cube roots of the first 64
 * primes. */
static const uint32_t round_word[64] = {0x428a2f98, 0x71374491, 0xb5c0fbcf,
    0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98,
    0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7,
    0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
    0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8,
    0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85,
    0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e,
    0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819,
    0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c,
    0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee,
    0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
    0xc67178f2};

static uint32_t
turn(uint32_t v, unsigned n)
{
	return v >> n | v << (32 - n);
}

static void
compress(uint32_t h[8], const unsigned char *p)
{
	uint32_t w[64], s[8], t1, t2;

	for (unsigned i = 0; i < 16; i++, p += 4)
		w[i] = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
		       (uint32_t)p[2] << 8 | p[3];
	for (unsigned i = 16; i < 64; i++)
		w[i] =
		    w[i - 16] + w[i - 7] +
		    (turn(w[i - 15], 7) ^ turn(w[i - 15], 18) ^
			w[i - 15] >> 3) +
		    (turn(w[i - 2], 17) ^ turn(w[i - 2], 19) ^ w[i - 2] >> 10);
	memcpy(s, h, sizeof s);
	for (unsigned i = 0; i < 64; i++) {
		t1 = s[7] + (turn(s[4], 6) ^ turn(s[4], 11) ^ turn(s[4], 25)) +
		     ((s[4] & s[5]) ^ (~s[4] & s[6])) + round_word[i] + w[i];
		t2 = (turn(s[0], 2) ^ turn(s[0], 13) ^ turn(s[0], 22)) +
		     ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
		memmove(s + 1, s, 7 * sizeof *s);
		s[4] += t1;
		s[0] = t1 + t2;
	}
	for (unsigned i = 0; i < 8; i++)
		h[i] += s[i];
}

void
crm_sha256_init(struct crm_sha256 *s)
{
	static const uint32_t first[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372,
	    0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

	memset(s, 0, sizeof *s);
	memcpy(s->h, first, sizeof first);
}

void
crm_sha256_put(struct crm_sha256 *s, const void *p, size_t n)
{
	const unsigned char *from = p;
	size_t have = (size_t)(s->size % BLOCK), take;

	s->size += n;
	for (; n > 0; n -= take, from += take) {
		take = BLOCK - have < n ? BLOCK - have : n;
		memcpy(s->block + have, from, take);
		have += take;
		if (have < BLOCK)
			continue;
		compress(s->h, s->block);
		have = 0;
	}
}

void
crm_sha256_end(struct crm_sha256 *s, uint8_t out[CRM_SHA256])
{
	static const unsigned char pad[BLOCK] = {0x80};
	uint64_t bits = s->size * 8;
	unsigned char size[8];
	size_t have = (size_t)(s->size % BLOCK);

	for (unsigned i = 0; i < 8; i++)
		size[i] = (unsigned char)(bits >> (56 - 8 * i));
	crm_sha256_put(s, pad, have < 56 ? 56 - have : 120 - have);
	crm_sha256_put(s, size, sizeof size);
	for (unsigned i = 0; i < CRM_SHA256; i++)
		out[i] = (uint8_t)(s->h[i / 4] >> (24 - 8 * (i % 4)));
}

void
crm_hmac_sha256(const void *key, size_t nkey, const void *p, size_t n,
    uint8_t out[CRM_SHA256])
{
	unsigned char inner[BLOCK] = {0}, outer[BLOCK];
	struct crm_sha256 s;

	if (nkey > BLOCK) {
		crm_sha256_init(&s);
		crm_sha256_put(&s, key, nkey);
		crm_sha256_end(&s, inner);
	} else if (nkey > 0)
		memcpy(inner, key, nkey);
	for (unsigned i = 0; i < BLOCK; i++) {
		outer[i] = inner[i] ^ 0x5c;
		inner[i] ^= 0x36;
	}
	crm_sha256_init(&s);
	crm_sha256_put(&s, inner, sizeof inner);
	crm_sha256_put(&s, p, n);
	crm_sha256_end(&s, out);
	crm_sha256_init(&s);
	crm_sha256_put(&s, outer, sizeof outer);
	crm_sha256_put(&s, out, CRM_SHA256);
	crm_sha256_end(&s, out);
}
