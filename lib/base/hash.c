/*
 * hash.c - a 64-bit hash and two open-addressing maps.
 *
 * The hash folds 64x64 -> 128 bit products, reads its input as little
 * endian everywhere and takes no seed, since its value may be stored.
 * Nothing is ever removed from a map, so linear probing needs no marks for
 * removed slots.
 */
#include <stdlib.h>

#include <crm/hash.h>

__extension__ typedef unsigned __int128 u128;

/* Odd, about half their bits set: the fractions of the roots of 2, 3 and 5. */
static const uint64_t K0 = 0x6a09e667f3bcc909;
static const uint64_t K1 = 0xbb67ae8584caa73b;
static const uint64_t K2 = 0x3c6ef372fe94f82b;

static uint64_t
fold(uint64_t a, uint64_t b)
{
	u128 p = (u128)a * b;

	return (uint64_t)p ^ (uint64_t)(p >> 64);
}

static uint64_t
load64(const unsigned char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof v);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	v = __builtin_bswap64(v);
#endif
	return v;
}

static uint64_t
load32(const unsigned char *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof v);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	v = __builtin_bswap32(v);
#endif
	return v;
}

uint64_t
crm_hash64(const void *data, size_t n)
{
	const unsigned char *p = data;
	uint64_t h = K0 ^ (uint64_t)n * K2;
	uint64_t a = 0, b = 0;
	size_t left = n;

	for (; left > 16; left -= 16, p += 16)
		h = fold(load64(p) ^ K1, load64(p + 8) ^ h) + K2;
	/* The last 1..16 bytes as two words that may overlap. */
	if (left >= 8) {
		a = load64(p);
		b = load64(p + left - 8);
	} else if (left >= 4) {
		a = load32(p);
		b = load32(p + left - 4);
	} else if (left > 0) {
		a = (uint64_t)p[0] << 16 | (uint64_t)p[left / 2] << 8 |
		    p[left - 1];
	}
	h = fold(a ^ K1, b ^ h);
	return fold(h ^ K2, K0 ^ (uint64_t)n);
}

struct crm_map_slot {
	const char *key; /* NULL: free */
	uint32_t n;
	uint32_t hash;
	uint64_t value;
};

/* The slot key is in or would be put into; cap > 0. */
static struct crm_map_slot *
map_find(const struct crm_map *m, struct crm_str key, uint32_t hash)
{
	size_t mask = m->cap - 1;

	for (size_t i = hash & mask;; i = (i + 1) & mask) {
		struct crm_map_slot *s = &m->slot[i];

		if (!s->key)
			return s;
		if (s->hash == hash && s->n == key.n &&
		    memcmp(s->key, key.p, key.n) == 0)
			return s;
	}
}

/* The next capacity, or 0 when that is more than memory can hold. */
static size_t
next_cap(size_t cap, size_t size)
{
	if (cap == 0)
		return 16;
	return cap > SIZE_MAX / 4 / size ? 0 : cap * 2;
}

static bool
is_full(size_t n, size_t cap)
{
	return n >= cap / 10 * 7 + cap % 10 * 7 / 10;
}

static bool
map_grow(struct crm_map *m)
{
	size_t cap = next_cap(m->cap, sizeof *m->slot);
	struct crm_map_slot *slot = cap ? calloc(cap, sizeof *slot) : NULL;

	if (!slot)
		return false;
	for (size_t i = 0; i < m->cap; i++) {
		size_t at = m->slot[i].hash & (cap - 1);

		if (!m->slot[i].key)
			continue;
		while (slot[at].key)
			at = (at + 1) & (cap - 1);
		slot[at] = m->slot[i];
	}
	free(m->slot);
	m->slot = slot;
	m->cap = cap;
	return true;
}

static uint32_t
map_hash(struct crm_str key)
{
	uint64_t h = crm_hash64(key.p, key.n);

	return (uint32_t)(h ^ h >> 32);
}

int
crm_map_put(
    struct crm_map *m, struct crm_str key, uint64_t value, uint64_t *old)
{
	uint32_t hash = map_hash(key);
	struct crm_map_slot *s;
	struct crm_str kept;

	if (key.n > UINT32_MAX)
		return CRM_ENOMEM;
	if (!key.p)
		key.p = "";
	if (is_full(m->n, m->cap) && !map_grow(m))
		return CRM_ENOMEM;
	s = map_find(m, key, hash);
	if (s->key) {
		if (old)
			*old = s->value;
		s->value = value;
		return CRM_NO;
	}
	kept = crm_arena_str(&m->keys, key);
	if (!kept.p)
		return CRM_ENOMEM;
	*s = (struct crm_map_slot){kept.p, (uint32_t)kept.n, hash, value};
	m->n++;
	return CRM_OK;
}

bool
crm_map_get(const struct crm_map *m, struct crm_str key, uint64_t *value)
{
	struct crm_map_slot *s;

	if (m->n == 0)
		return false;
	if (!key.p)
		key.p = "";
	s = map_find(m, key, map_hash(key));
	if (!s->key)
		return false;
	if (value)
		*value = s->value;
	return true;
}

bool
crm_map_next(
    const struct crm_map *m, size_t *pos, struct crm_str *key, uint64_t *value)
{
	for (; *pos < m->cap; (*pos)++) {
		const struct crm_map_slot *s = &m->slot[*pos];

		if (!s->key)
			continue;
		if (key)
			*key = (struct crm_str){s->key, s->n};
		if (value)
			*value = s->value;
		(*pos)++;
		return true;
	}
	return false;
}

void
crm_map_release(struct crm_map *m)
{
	free(m->slot);
	crm_arena_release(&m->keys);
	*m = (struct crm_map){0};
}

/*
 * Key 0 marks a free slot; the value of key 0 itself is kept in one more
 * slot at the end, whose key is 1 when it is set.
 */
struct crm_idmap_slot {
	uint64_t key;
	uint64_t value;
};

static struct crm_idmap_slot *
idmap_find(struct crm_idmap_slot *slot, size_t cap, uint64_t key)
{
	uint64_t h = key * 0x9e3779b97f4a7c15; /* 2^64 / golden ratio */
	size_t mask = cap - 1;

	for (size_t i = (size_t)(h ^ h >> 32) & mask;; i = (i + 1) & mask)
		if (slot[i].key == key || slot[i].key == 0)
			return &slot[i];
}

static bool
idmap_grow(struct crm_idmap *m)
{
	size_t cap = next_cap(m->cap, sizeof *m->slot);
	struct crm_idmap_slot *slot =
	    cap ? calloc(cap + 1, sizeof *slot) : NULL;

	if (!slot)
		return false;
	for (size_t i = 0; i < m->cap; i++)
		if (m->slot[i].key != 0)
			*idmap_find(slot, cap, m->slot[i].key) = m->slot[i];
	if (m->slot)
		slot[cap] = m->slot[m->cap];
	free(m->slot);
	m->slot = slot;
	m->cap = cap;
	return true;
}

int
crm_idmap_put(struct crm_idmap *m, uint64_t key, uint64_t value)
{
	struct crm_idmap_slot *s;
	int code;

	if (is_full(m->n, m->cap) && !idmap_grow(m))
		return CRM_ENOMEM;
	s = key ? idmap_find(m->slot, m->cap, key) : &m->slot[m->cap];
	code = s->key ? CRM_NO : CRM_OK;
	if (code == CRM_OK)
		m->n++;
	s->key = key ? key : 1;
	s->value = value;
	return code;
}

bool
crm_idmap_get(const struct crm_idmap *m, uint64_t key, uint64_t *value)
{
	const struct crm_idmap_slot *s;

	if (m->n == 0)
		return false;
	s = key ? idmap_find(m->slot, m->cap, key) : &m->slot[m->cap];
	if (!s->key)
		return false;
	if (value)
		*value = s->value;
	return true;
}

void
crm_idmap_release(struct crm_idmap *m)
{
	free(m->slot);
	*m = (struct crm_idmap){0};
}
