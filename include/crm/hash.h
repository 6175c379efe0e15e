/*
 * hash.h - checksums, hashes and a hash map from bytes to a number.
 *
 *	struct crm_map m = {0};
 *	crm_map_put(&m, CRM_STR("ann"), 42, NULL);
 *	crm_map_get(&m, CRM_STR("ann"), &v);	-> true, 42
 *	crm_map_release(&m);
 */
#ifndef CRM_HASH_H
#define CRM_HASH_H

#include <crm/buf.h>

/*
 * CRC-32C (Castagnoli, RFC 3720 appendix B.4), by the processor's
 * instruction where it has one, by table (slice by 8) elsewhere; continue
 * with the previous result as crc, start with 0.
 */
uint32_t crm_crc32c(uint32_t crc, const void *p, size_t n);
/* The same, always by table: what other machines do, and what the
 * instruction is checked against. */
uint32_t crm_crc32c_soft(uint32_t crc, const void *p, size_t n);

/* A 64-bit hash (wyhash-like or FNV-1a mixed); the same on every machine, so
 * it may be stored. */
uint64_t crm_hash64(const void *p, size_t n);

/*
 * SHA-256 (FIPS 180-4), and HMAC with it (RFC 2104): for what must not be
 * found again from its hash.
 */
#define CRM_SHA256 32
struct crm_sha256 {
	uint32_t h[8];
	uint64_t size; /* bytes put */
	unsigned char block[64];
};
void crm_sha256_init(struct crm_sha256 *s);
void crm_sha256_put(struct crm_sha256 *s, const void *p, size_t n);
/* s is used up. */
void crm_sha256_end(struct crm_sha256 *s, uint8_t out[CRM_SHA256]);
void crm_hmac_sha256(const void *key, size_t nkey, const void *p, size_t n,
    uint8_t out[CRM_SHA256]);

/* Copies keys into its own memory.  Zeroed is empty. */
struct crm_map {
	struct crm_map_slot *slot;
	size_t n;
	size_t cap;
	struct crm_arena keys;
};
/* Sets key to value; *old gets the former value when there was one (may be
 * NULL).  CRM_OK, CRM_NO when the key was there (value replaced),
 * CRM_ENOMEM. */
int crm_map_put(
    struct crm_map *m, struct crm_str key, uint64_t value, uint64_t *old);
bool crm_map_get(const struct crm_map *m, struct crm_str key, uint64_t *value);
/* Walks the map in an order fixed by the history of puts.  Start with *pos 0;
 * false at the end. */
bool crm_map_next(
    const struct crm_map *m, size_t *pos, struct crm_str *key, uint64_t *value);
void crm_map_release(struct crm_map *m);

/* The same for 64-bit keys (ids); no key memory. */
struct crm_idmap {
	struct crm_idmap_slot *slot;
	size_t n;
	size_t cap;
};
int crm_idmap_put(struct crm_idmap *m, uint64_t key, uint64_t value);
bool crm_idmap_get(const struct crm_idmap *m, uint64_t key, uint64_t *value);
void crm_idmap_release(struct crm_idmap *m);

/*
 * Random numbers that are the same everywhere: SplitMix64 (Steele, Lea,
 * Flood 2014) for seeding, xoshiro256** (Blackman, Vigna 2021) to draw.
 */
struct crm_rand {
	uint64_t s[4];
};
void crm_rand_seed(struct crm_rand *r, uint64_t seed);
uint64_t crm_rand_next(struct crm_rand *r);
/* Uniform in [0, n), n > 0, without bias. */
uint64_t crm_rand_below(struct crm_rand *r, uint64_t n);
/* Uniform in (0, 1), 53 bits. */
double crm_rand_unit(struct crm_rand *r);

#endif
