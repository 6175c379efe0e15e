/*
 * test_hash.c - checksums against published vectors, maps against a plain
 * array, random numbers against published streams.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <crm/hash.h>

static void
crc32c_gives_the_vectors_of_rfc_3720(void **state)
{
	unsigned char zeros[32] = {0}, ones[32], up[32], down[32];
	static const unsigned char scsi[48] = {0x01, 0xc0, 0, 0, 0, 0, 0, 0, 0,
	    0, 0, 0, 0, 0, 0, 0, 0x14, 0, 0, 0, 0, 0, 0x04, 0, 0, 0, 0, 0x14, 0,
	    0, 0, 0x18, 0x28, 0, 0, 0, 0, 0, 0, 0, 0x02, 0, 0, 0, 0, 0, 0, 0};
	const struct {
		const void *p;
		size_t n;
		uint32_t crc;
	} rows[] = {{zeros, 32, 0x8a9136aa}, {ones, 32, 0x62a8ab43},
	    {up, 32, 0x46dd794e}, {down, 32, 0x113fdb5c},
	    {scsi, 48, 0xd9963a56}, {"123456789", 9, 0xe3069283}, {"", 0, 0}};

	(void)state;
	memset(ones, 0xff, sizeof ones);
	for (unsigned i = 0; i < 32; i++) {
		up[i] = (unsigned char)i;
		down[i] = (unsigned char)(31 - i);
	}
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint32_t hard = crm_crc32c(0, rows[i].p, rows[i].n);
		uint32_t soft = crm_crc32c_soft(0, rows[i].p, rows[i].n);

		if (hard != rows[i].crc || soft != rows[i].crc)
			fail_msg("row %zu: %08x and %08x, not %08x", i, hard,
			    soft, rows[i].crc);
	}
}

static void
crc32c_continues_and_agrees_with_itself(void **state)
{
	unsigned char p[300];
	struct crm_rand r;

	(void)state;
	crm_rand_seed(&r, 1);
	for (size_t i = 0; i < sizeof p; i++)
		p[i] = (unsigned char)crm_rand_next(&r);
	for (size_t n = 0; n <= sizeof p; n++) {
		size_t cut = (size_t)crm_rand_below(&r, n + 1);
		uint32_t whole = crm_crc32c(0, p, n);

		if (crm_crc32c(crm_crc32c(0, p, cut), p + cut, n - cut) !=
			whole ||
		    crm_crc32c_soft(0, p, n) != whole)
			fail_msg("%zu bytes cut at %zu", n, cut);
	}
}

/* What is long is summed by several at once. */
static void
crc32c_of_what_is_long_agrees_too(void **state)
{
	enum { MOST = 80000 };
	unsigned char *p = malloc(MOST);
	struct crm_rand r;

	(void)state;
	assert_non_null(p);
	crm_rand_seed(&r, 2);
	for (size_t i = 0; i < MOST; i++)
		p[i] = (unsigned char)crm_rand_next(&r);
	for (int i = 0; i < 200; i++) {
		size_t from = (size_t)crm_rand_below(&r, 20);
		size_t n = (size_t)crm_rand_below(&r, MOST - from);
		uint32_t sum = (uint32_t)crm_rand_next(&r);

		if (i < 40)
			n = 16384 - 20 + (size_t)i;
		if (crm_crc32c(sum, p + from, n) !=
		    crm_crc32c_soft(sum, p + from, n))
			fail_msg("%zu bytes from %zu", n, from);
	}
	free(p);
}

/* Stored values depend on these: a change is a change of the format. */
static void
the_hash_is_the_same_everywhere(void **state)
{
	static const struct {
		const char *s;
		uint64_t hash;
	} rows[] = {
	    {"", 0x8637948910430871},
	    {"a", 0x2dc60936e0283284},
	    {"ann", 0x27eab5b3e0f3c65f},
	    {"ann@example.org", 0x37b46e784f14df8d},
	    {"a customer who bought more than seventeen things",
		0xff6394a09e88fca6},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint64_t h = crm_hash64(rows[i].s, strlen(rows[i].s));

		if (h != rows[i].hash)
			fail_msg("row %zu: 0x%016jx", i, (uintmax_t)h);
	}
}

static void
the_hash_spreads_keys_that_differ_little(void **state)
{
	enum { KEYS = 1 << 16, CELLS = 1 << 16 };
	static unsigned char cell[2][CELLS];
	unsigned most[2] = {0};

	(void)state;
	for (unsigned i = 0; i < KEYS; i++) {
		char key[32];
		int n = snprintf(key, sizeof key, "customer-%u", i);
		uint64_t h = crm_hash64(key, (size_t)n);
		size_t at[2] = {h & (CELLS - 1), h >> 48};

		for (int k = 0; k < 2; k++)
			if (++cell[k][at[k]] > most[k])
				most[k] = cell[k][at[k]];
	}
	/* 65536 balls in as many cells: more than 12 in one is very rare. */
	assert_in_range(most[0], 1, 12);
	assert_in_range(most[1], 1, 12);
}

static void
a_map_keeps_what_was_put(void **state)
{
	enum { N = 5000 };
	struct crm_map m = {0};
	uint64_t v = 0, old = 0;
	size_t pos = 0, seen = 0;
	struct crm_str key;
	char text[32];

	(void)state;
	assert_false(crm_map_get(&m, CRM_STR("x"), &v));
	for (unsigned i = 0; i < N; i++) {
		int n = snprintf(text, sizeof text, "%u", i);

		key = (struct crm_str){text, (size_t)n};
		assert_int_equal(crm_map_put(&m, key, i, NULL), CRM_OK);
	}
	assert_int_equal(m.n, N);
	assert_true(m.n * 10 <= m.cap * 7);
	for (unsigned i = 0; i < N; i += 2) {
		int n = snprintf(text, sizeof text, "%u", i);

		key = (struct crm_str){text, (size_t)n};
		assert_int_equal(crm_map_put(&m, key, i + 1, &old), CRM_NO);
		assert_int_equal(old, i);
	}
	while (crm_map_next(&m, &pos, &key, &v)) {
		assert_int_equal(strtoul(key.p, NULL, 10) | 1, v | 1);
		seen++;
	}
	assert_int_equal(seen, N);
	assert_false(crm_map_get(&m, CRM_STR("5000"), &v));
	assert_true(crm_map_get(&m, CRM_STR("4998"), &v));
	assert_int_equal(v, 4999);
	crm_map_release(&m);
	crm_map_release(&m);
}

static void
a_map_takes_the_empty_key_and_keys_with_nul(void **state)
{
	struct crm_map m = {0};
	uint64_t v = 0;

	(void)state;
	assert_int_equal(crm_map_put(&m, crm_str(NULL), 1, NULL), CRM_OK);
	assert_int_equal(crm_map_put(&m, CRM_STR(""), 2, NULL), CRM_NO);
	assert_int_equal(crm_map_put(&m, CRM_STR("a\0b"), 3, NULL), CRM_OK);
	assert_true(crm_map_get(&m, CRM_STR(""), &v));
	assert_int_equal(v, 2);
	assert_false(crm_map_get(&m, CRM_STR("a"), &v));
	assert_true(crm_map_get(&m, CRM_STR("a\0b"), NULL));
	crm_map_release(&m);
}

static void
an_idmap_takes_every_number(void **state)
{
	static const uint64_t odd[] = {0, 1, UINT64_MAX, (uint64_t)1 << 63};
	struct crm_idmap m = {0};
	uint64_t v = 0;

	(void)state;
	assert_false(crm_idmap_get(&m, 0, &v));
	assert_int_equal(crm_idmap_put(&m, 1, 1), CRM_OK);
	assert_false(crm_idmap_get(&m, 0, &v));
	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
		assert_int_equal(crm_idmap_put(&m, odd[i], odd[i] + 1),
		    i == 1 ? CRM_NO : CRM_OK);
	for (uint64_t i = 2; i < 5000; i++)
		assert_int_equal(crm_idmap_put(&m, i << 32, i), CRM_OK);
	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
		assert_true(crm_idmap_get(&m, odd[i], &v));
		assert_true(v == odd[i] + 1);
	}
	for (uint64_t i = 2; i < 5000; i++) {
		assert_true(crm_idmap_get(&m, i << 32, &v));
		assert_int_equal(v, i);
	}
	assert_false(crm_idmap_get(&m, 77, &v));
	assert_int_equal(m.n, 4 + 4998);
	crm_idmap_release(&m);
	crm_idmap_release(&m);
}

static void
random_numbers_are_the_published_streams(void **state)
{
	/* SplitMix64 from 0; xoshiro256** from the state 1, 2, 3, 4. */
	static const uint64_t split[] = {0xe220a8397b1dcdaf, 0x6e789e6aa1b965f4,
	    0x06c45d188009454f, 0xf88bb8a8724c81ec};
	static const uint64_t draws[] = {
	    11520, 0, 1509978240, 1215971899390074240};
	struct crm_rand r;

	(void)state;
	crm_rand_seed(&r, 0);
	for (int i = 0; i < 4; i++)
		assert_true(r.s[i] == split[i]);
	r = (struct crm_rand){{1, 2, 3, 4}};
	for (int i = 0; i < 4; i++)
		assert_true(crm_rand_next(&r) == draws[i]);
}

static void
random_numbers_stay_in_their_bounds(void **state)
{
	struct crm_rand r;
	unsigned count[3] = {0};
	double sum = 0;

	(void)state;
	crm_rand_seed(&r, 42);
	for (int i = 0; i < 30000; i++) {
		double u = crm_rand_unit(&r);

		count[crm_rand_below(&r, 3)]++;
		assert_int_equal(crm_rand_below(&r, 1), 0);
		assert_true(crm_rand_below(&r, UINT64_MAX) < UINT64_MAX);
		assert_true(u > 0 && u < 1);
		sum += u;
	}
	for (int i = 0; i < 3; i++)
		assert_in_range(count[i], 9600, 10400);
	assert_true(sum > 14700 && sum < 15300);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(crc32c_gives_the_vectors_of_rfc_3720),
	    cmocka_unit_test(crc32c_continues_and_agrees_with_itself),
	    cmocka_unit_test(crc32c_of_what_is_long_agrees_too),
	    cmocka_unit_test(the_hash_is_the_same_everywhere),
	    cmocka_unit_test(the_hash_spreads_keys_that_differ_little),
	    cmocka_unit_test(a_map_keeps_what_was_put),
	    cmocka_unit_test(a_map_takes_the_empty_key_and_keys_with_nul),
	    cmocka_unit_test(an_idmap_takes_every_number),
	    cmocka_unit_test(random_numbers_are_the_published_streams),
	    cmocka_unit_test(random_numbers_stay_in_their_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
