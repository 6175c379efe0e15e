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
		crm_cursor_close(hop);
		crm_cursor_close(seek);
	}
	crm_txn_end(t);
	crm_store_close_env(s);
	tmpstore_remove(&ts);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_order_of_look_ups_finds_what_is_there),
	    cmocka_unit_test(the_next_reader_looks_in_its_own_moment),
	    cmocka_unit_test(leaps_and_steps_come_to_what_seek_and_next_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
