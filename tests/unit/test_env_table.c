/*
 * test_env_table.c - look-ups in a reader, which begin where the one before
 * ended; walks that leap from key to key.
 */
#include "unit/tmpstore.h"

#define ENTRIES 3000 /* of even numbers, on many pages */

/* Those of the first and the last share a place for where look-ups ended. */
static const unsigned tables[] = {
    CRM_TAB_KIND + 1, CRM_TAB_KIND + 2, CRM_TAB_KIND + 9};

static int
put_all(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	struct crm_buf b = {0};
	char key[8];
	int code = CRM_OK;

	(void)ctx;
	for (size_t i = 0; i < 3; i++)
		for (uint64_t n = 2; code == CRM_OK && n <= 2 * ENTRIES;
		     n += 2) {
			struct crm_str k = crm_number_key(n, key);

			crm_buf_clear(&b);
			crm_buf_putf(
			    &b, "%u/%d of some length", tables[i], (int)n);
			crm_seal(tables[i], k, &b);
			code =
			    crm_put(t, tables[i], k, crm_buf_str(&b), 0, err);
		}
	crm_buf_release(&b);
	return code;
}

static void
look(struct crm_txn *t, unsigned table, uint64_t number)
{
	struct crm_str v = {0};
	struct crm_err err = {0};
	char key[8], text[64];
	struct crm_str k = crm_number_key(number, key);
	int code = crm_get(t, table, k, &v, &err);
	bool there = number % 2 == 0 && number >= 2 && number <= 2 * ENTRIES;

	if (code != (there ? CRM_OK : CRM_NOTFOUND))
		fail_msg("table %u, number %d: %d %s", table, (int)number, code,
		    err.text);
	if (!there)
		return;
	assert_int_equal(crm_unseal(table, k, &v, &err), CRM_OK);
	snprintf(text, sizeof text, "%u/%d of some length", table, (int)number);
	if (!crm_str_is(v, text))
		fail_msg("number %d: '%.*s'", (int)number, (int)v.n, v.p);
}

static void
each_order_of_look_ups_finds_what_is_there(void **state)
{
	struct tmpstore ts;
	struct crm_store *s;
	struct crm_txn *t;
	uint64_t draw = 1;

	(void)state;
	tmpstore_make(&ts);
	s = tmpstore_open(&ts, true);
	assert_int_equal(crm_txn_run(s, CRM_WRITE, put_all, NULL, NULL), 0);
	assert_int_equal(crm_txn_begin(s, &t, NULL), CRM_OK);
	for (uint64_t n = 0; n <= 2 * ENTRIES + 2; n++)
		look(t, tables[0], n);
	for (uint64_t n = 2 * ENTRIES + 3; n-- > 0;)
		look(t, tables[0], n);
	for (uint64_t n = 0; n <= 2 * ENTRIES + 2; n++)
		look(t, tables[n % 3], n / 3);
	for (int i = 0; i < 20000; i++) {
		draw = draw * 6364136223846793005U + 1442695040888963407U;
		look(t, tables[draw >> 62 & 1],
		    (draw >> 33) % (2 * ENTRIES + 4));
	}
	crm_txn_end(t);
	crm_store_close_env(s);
	tmpstore_remove(&ts);
}

/* A reader that has ended is used again for the next one. */
static void
the_next_reader_looks_in_its_own_moment(void **state)
{
	struct tmpstore ts;
	struct crm_store *s;
	struct crm_txn *t;
	struct crm_str v;
	char key[8];

	(void)state;
	tmpstore_make(&ts);
	s = tmpstore_open(&ts, true);
	assert_int_equal(crm_txn_begin(s, &t, NULL), CRM_OK);
	for (int i = 0; i < 3; i++)
		assert_int_equal(
		    crm_get(t, tables[1], crm_number_key(4, key), &v, NULL),
		    CRM_NOTFOUND);
	crm_txn_end(t);
	assert_int_equal(crm_txn_run(s, CRM_WRITE, put_all, NULL, NULL), 0);
	assert_int_equal(crm_txn_begin(s, &t, NULL), CRM_OK);
	for (uint64_t n = 2; n < 200; n++)
		look(t, tables[1], n);
	crm_txn_end(t);
	crm_store_close_env(s);
	tmpstore_remove(&ts);
}

/* More than are read: the others are looked for in the map. */
static void
look_ups_that_lie_apart_find_the_same(void **state)
{
	struct tmpstore ts;
	struct crm_store *s;
	struct crm_txn *t;
	uint64_t draw = 1;

	(void)state;
	tmpstore_make(&ts);
	s = tmpstore_open(&ts, true);
	assert_int_equal(crm_txn_run(s, CRM_WRITE, put_all, NULL, NULL), 0);
	assert_int_equal(crm_txn_begin(s, &t, NULL), CRM_OK);
	for (int i = 0; i < 1500; i++) {
		draw = draw * 6364136223846793005U + 1442695040888963407U;
		if (i % 100 == 0)
			crm_txn_apart(t);
		if (i % 100 == 70)
			crm_txn_apart_end(t);
		look(t, tables[(draw >> 61) % 3],
		    (draw >> 33) % (2 * ENTRIES + 4));
	}
	crm_txn_end(t);
	crm_store_close_env(s);
	tmpstore_remove(&ts);
}

/* The numbers that are at hand behind an entry, as next comes to them. */
static size_t
compare_numbers(struct crm_cursor *hop, struct crm_cursor *seek, size_t max,
    struct crm_str *k)
{
	uint64_t number[64], at;
	struct crm_str v, rest;
	size_t n;

	assert_int_equal(
	    crm_cursor_numbers(hop, number, max, &n, NULL), CRM_OK);
	assert_true(n <= max);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(crm_cursor_next(seek, k, &v, NULL), CRM_OK);
		rest = *k;
		assert_true(crm_take_be(&rest, 8, &at));
		assert_true(at == number[i]);
	}
	return n;
}

/* As seek and next do, in any steps, to the end and past it. */
static void
leaps_and_steps_come_to_what_seek_and_next_do(void **state)
{
	struct crm_cursor *hop, *seek;
	struct crm_str a, b, v;
	struct tmpstore ts;
	struct crm_store *s;
	struct crm_txn *t;
	uint64_t draw = 1;
	size_t numbers = 0;
	char key[8];

	(void)state;
	tmpstore_make(&ts);
	s = tmpstore_open(&ts, true);
	assert_int_equal(crm_txn_run(s, CRM_WRITE, put_all, NULL, NULL), 0);
	assert_int_equal(crm_txn_begin(s, &t, NULL), CRM_OK);
	for (int round = 0; round < 60; round++) {
		uint64_t at = 0;
		int x = CRM_OK, y = CRM_OK;

		assert_int_equal(
		    crm_cursor_open(t, tables[round % 3], &hop, NULL), CRM_OK);
		assert_int_equal(
		    crm_cursor_open(t, tables[round % 3], &seek, NULL), CRM_OK);
		while (x == CRM_OK) {
			draw =
			    draw * 6364136223846793005U + 1442695040888963407U;
			at += (draw >> 40) % (1U << (draw >> 60));
			x = crm_cursor_hop(
			    hop, crm_number_key(at, key), &a, NULL);
			y = crm_cursor_seek(
			    seek, crm_number_key(at, key), &b, &v, NULL);
			for (uint64_t n = draw >> 33 & 63;
			     x == CRM_OK && y == CRM_OK && n > 0; n--) {
				assert_true(crm_str_eq(a, b));
				if (n % 5 == 0)
					numbers +=
					    compare_numbers(hop, seek, n, &b);
				x = crm_cursor_step(hop, &a, NULL);
				y = crm_cursor_next(seek, &b, &v, NULL);
			}
			assert_int_equal(x, y);
			if (x == CRM_OK) {
				struct crm_str rest = b;

				assert_true(crm_str_eq(a, b));
				assert_true(crm_take_be(&rest, 8, &at));
			}
		}
		assert_int_equal(x, CRM_NOTFOUND);
		assert_true(numbers > 0);
		crm_cursor_close(hop);
		crm_cursor_close(seek);
	}
	crm_txn_end(t);
	crm_store_close_env(s);
	tmpstore_remove(&ts);
}

struct leaf {
	size_t key, value, entries;
};

/* As many as should fill one leaf, and one more. */
static int
fill_leaf(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	static const char zeros[3000];
	const struct leaf *l = ctx;
	uint64_t leaves = 0;
	size_t room = CRM_LEAF_ROOM;
	int code = CRM_OK;

	for (size_t n = 1; code == CRM_OK; n++) {
		char key[32] = {0};
		size_t size = crm_leaf_size(l->key, l->value);

		crm_number_key(n, key);
		code = crm_put(t, CRM_TAB_SOURCE, (struct crm_str){key, l->key},
		    (struct crm_str){zeros, l->value}, CRM_PUT_APPEND, err);
		leaves = crm_leaves(t, CRM_TAB_SOURCE);
		if (size > room) {
			assert_int_equal(n, l->entries + 1);
			break;
		}
		room -= size;
		assert_int_equal(leaves, 1);
	}
	assert_int_equal(leaves, 2);
	return code == CRM_OK ? CRM_EDATA : code; /* all is taken back */
}

static void
a_leaf_is_full_when_it_is_said_to_be(void **state)
{
	static const struct leaf leaf[] = {{8, 263, 14}, {9, 0, 204},
	    {24, 1990, 2}, {8, 2022, 2}, {8, 2023, 156}, {8, 3000, 156}};
	struct tmpstore tmp;

	(void)state;
	tmpstore_make(&tmp);
	for (size_t i = 0; i < sizeof leaf / sizeof *leaf; i++) {
		struct crm_store *s = tmpstore_open(&tmp, true);
		struct leaf l = leaf[i];
		struct crm_err err = {0};
		int code = crm_txn_run(s, CRM_WRITE, fill_leaf, &l, &err);

		if (code != CRM_EDATA)
			fail_msg("leaf %d: %d %s", (int)i, code, err.text);
		crm_store_close(s);
	}
	tmpstore_remove(&tmp);
}

static int
no_fault(
    void *ctx, struct crm_str where, struct crm_str what, struct crm_err *err)
{
	(void)ctx;
	(void)err;
	fail_msg("%.*s: %.*s", (int)where.n, where.p, (int)what.n, what.p);
	return CRM_OK;
}

enum { MIXED = 4000 };

/* What a mix of appended, put and deleted entries comes to: the size of each
 * number's value, 0 none. */
struct mix {
	uint32_t state;
	size_t size[MIXED + 1];
	uint64_t last;
};

static uint32_t
mix_below(struct mix *m, uint32_t n)
{
	m->state = m->state * 1664525 + 1013904223;
	return (m->state >> 8) % n;
}

static int
mix_put(struct crm_txn *t, struct mix *m, uint64_t number, unsigned flags,
    struct crm_err *err)
{
	static const char zeros[400];
	char key[8];
	size_t n = 1 + mix_below(m, sizeof zeros);

	m->size[number] = n;
	return crm_put(t, CRM_TAB_SOURCE, crm_number_key(number, key),
	    (struct crm_str){zeros, n}, flags, err);
}

/* Stretches of one sort of put each, as a commit has them. */
static int
mix_all(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	struct mix *m = ctx;
	uint32_t seed = m->state;
	int code = CRM_OK;

	memset(m, 0, sizeof *m);
	m->state = seed;
	while (code == CRM_OK && m->last + 20 < MIXED) {
		uint32_t what = mix_below(m, 4), n = 1 + mix_below(m, 12);
		uint64_t from = 1 + mix_below(m, MIXED - 20);
		char key[8];

		for (uint32_t i = 0; code == CRM_OK && i < n; i++) {
			uint64_t at = from + i;

			if (what == 0 || m->last == 0)
				code = mix_put(
				    t, m, ++m->last, CRM_PUT_APPEND, err);
			else if (what == 1 && at < m->last)
				code = mix_put(t, m, at, 0, err);
			else if (what == 2)
				code =
				    mix_put(t, m, m->last += 1 + i % 2, 0, err);
			else if (at < m->last && m->size[at] > 0) {
				m->size[at] = 0;
				code = crm_del(t, CRM_TAB_SOURCE,
				    crm_number_key(at, key), err);
			}
		}
	}
	return code;
}

static void
puts_in_any_mix_leave_what_was_put(void **state)
{
	static struct mix m;

	(void)state;
	for (uint32_t seed = 1; seed <= 20; seed++) {
		struct tmpstore tmp;
		struct crm_store *s;
		struct crm_txn *t;
		struct crm_cursor *c;
		struct crm_str k, v;
		struct crm_err err = {0};
		uint64_t pages, number = 0, next;

		tmpstore_make(&tmp);
		s = tmpstore_open(&tmp, true);
		m.state = seed;
		if (crm_txn_run(s, CRM_WRITE, mix_all, &m, &err) != CRM_OK)
			fail_msg("seed %u: %s", (unsigned)seed, err.text);
		assert_int_equal(
		    crm_store_pages(s, no_fault, NULL, &pages, &err), CRM_OK);
		assert_int_equal(crm_txn_begin(s, &t, &err), CRM_OK);
		assert_int_equal(
		    crm_cursor_open(t, CRM_TAB_SOURCE, &c, &err), CRM_OK);
		while (crm_cursor_next(c, &k, &v, &err) == CRM_OK) {
			assert_true(crm_take_be(&k, 8, &next));
			assert_true(next > number && next <= m.last);
			while (++number < next)
				assert_int_equal(m.size[number], 0);
			assert_int_equal(v.n, m.size[number]);
		}
		while (++number <= m.last)
			assert_int_equal(m.size[number], 0);
		crm_cursor_close(c);
		crm_txn_end(t);
		crm_store_close(s);
		tmpstore_remove(&tmp);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_order_of_look_ups_finds_what_is_there),
	    cmocka_unit_test(the_next_reader_looks_in_its_own_moment),
	    cmocka_unit_test(a_leaf_is_full_when_it_is_said_to_be),
	    cmocka_unit_test(puts_in_any_mix_leave_what_was_put),
	    cmocka_unit_test(look_ups_that_lie_apart_find_the_same),
	    cmocka_unit_test(leaps_and_steps_come_to_what_seek_and_next_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
