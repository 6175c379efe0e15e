/*
 * test_log.c - headers of revisions, and differences of records.
 */
#include "unit/tmpstore.h"

#include <crm/hash.h>

static void
a_header_comes_back(void **state)
{
	struct crm_log_head h = {
	    .revision = 1000,
	    .change = 998,
	    .part = 2,
	    .last = true,
	    .time = -5,
	    .actor = CRM_STR("ann"),
	    .program = CRM_STR("crm-order add"),
	    .why = CRM_STR("because\tof"),
	    .key = CRM_STR("k-1"),
	    .keyhash = 0xfedcba9876543210,
	    .updated = 7,
	    .removed = 9,
	    .nrange = 2,
	    .range = {{3, 10, 20}, {4, UINT64_MAX, 1}},
	};
	struct crm_log_head back;
	struct crm_buf b = {0};

	(void)state;
	crm_log_encode(&h, &b);
	assert_int_equal(crm_log_decode(crm_buf_str(&b), &back, NULL), CRM_OK);
	assert_int_equal(back.revision, 1000);
	assert_int_equal(back.change, 998);
	assert_int_equal(back.part, 2);
	assert_true(back.last);
	assert_int_equal(back.time, -5);
	assert_true(crm_str_eq(back.actor, h.actor));
	assert_true(crm_str_eq(back.program, h.program));
	assert_true(crm_str_eq(back.why, h.why));
	assert_true(crm_str_eq(back.key, h.key));
	assert_true(back.keyhash == h.keyhash);
	assert_int_equal(back.updated, 7);
	assert_int_equal(back.removed, 9);
	assert_int_equal(back.nrange, 2);
	assert_int_equal(back.range[0].kind, 3);
	assert_int_equal(back.range[0].first, 10);
	assert_int_equal(back.range[0].count, 20);
	assert_true(back.range[1].first == UINT64_MAX);
	for (size_t n = 0; n < b.n; n++)
		assert_int_equal(
		    crm_log_decode((struct crm_str){b.p, n}, &back, NULL),
		    CRM_EDAMAGE);
	/* what a later version adds is passed over */
	crm_buf_puts(&b, "more");
	assert_int_equal(crm_log_decode(crm_buf_str(&b), &back, NULL), CRM_OK);
	crm_buf_release(&b);
}

static void
log_keys_sort_by_revision_kind_and_number(void **state)
{
	static const struct {
		uint64_t revision;
		unsigned kind;
		uint64_t number;
	} rows[] = {
	    {1, 0, 0},
	    {1, 1, 5},
	    {1, 1, 256},
	    {1, 2, 1},
	    {2, 0, 0},
	    {256, 0, 0},
	    {UINT64_MAX, 63, UINT64_MAX},
	};
	char last[17] = {0}, key[17];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		crm_log_key(
		    rows[i].revision, rows[i].kind, rows[i].number, key);
		if (memcmp(last, key, sizeof(key)) >= 0)
			fail_msg("row %zu", i);
		memcpy(last, key, sizeof(key));
	}
}

/* ---- differences ---- */

/* A record's bytes: fields with rising tags, some of them several rows. */
static void
any_bytes(struct crm_rand *r, struct crm_buf *b)
{
	crm_buf_clear(b);
	if (crm_rand_below(r, 12) == 0)
		return; /* none */
	if (crm_rand_below(r, 12) == 0) {
		crm_buf_putvar(b, CRM_MERGED);
		crm_buf_putvar(b, crm_rand_below(r, 5));
		crm_buf_putvar(b, crm_rand_below(r, 1000));
		return;
	}
	crm_buf_putvar(b, CRM_LIVE);
	crm_buf_putvar(b, crm_rand_below(r, 5));
	for (uint64_t tag = 1; tag < 12; tag++) {
		static const char text[] = "\1abcdefghijklmnopqrstuvwxyz";
		uint64_t n = tag % 4 == 0 ? crm_rand_below(r, 6) : 1;

		if (crm_rand_below(r, 3) == 0)
			continue;
		for (uint64_t row = 1; row <= n; row++) {
			uint64_t wire = tag % 4 == 0 ? 1 : tag % 3;

			if (n > 1 && crm_rand_below(r, 3) == 0)
				continue;
			crm_buf_putvar(b, tag << 2 | wire);
			if (wire == 0) {
				crm_buf_putzig(
				    b, (int64_t)crm_rand_below(r, 3));
			} else if (wire == 2) {
				crm_buf_putvar(b, crm_rand_below(r, 2));
				crm_buf_putvar(b, crm_rand_below(r, 300));
			} else if (tag % 4 == 0) {
				size_t m = crm_rand_below(r, 3);

				crm_buf_putvar(b, m + 1);
				crm_buf_putvar(b, row);
				crm_buf_put(b, text, m);
			} else {
				size_t m = crm_rand_below(r, 27);

				crm_buf_putvar(b, m);
				crm_buf_put(b, text, m);
			}
		}
	}
}

static void
random_pairs_come_back_forwards_and_backwards(void **state)
{
	struct crm_buf a = {0}, b = {0}, d = {0}, out = {0};
	struct crm_rand r;

	(void)state;
	crm_rand_seed(&r, 11);
	for (int round = 0; round < 20000; round++) {
		any_bytes(&r, &a);
		any_bytes(&r, &b);
		crm_buf_clear(&d);
		assert_int_equal(
		    crm_diff_make(crm_buf_str(&a), crm_buf_str(&b), &d, NULL),
		    CRM_OK);
		crm_buf_clear(&out);
		if (crm_diff_apply(crm_buf_str(&a), crm_buf_str(&d), false,
			&out, NULL) < 0 ||
		    !crm_str_eq(crm_buf_str(&out), crm_buf_str(&b)))
			fail_msg("round %d: forwards", round);
		crm_buf_clear(&out);
		if (crm_diff_apply(crm_buf_str(&b), crm_buf_str(&d), true, &out,
			NULL) < 0 ||
		    !crm_str_eq(crm_buf_str(&out), crm_buf_str(&a)))
			fail_msg("round %d: backwards", round);
	}
	crm_buf_release(&a);
	crm_buf_release(&b);
	crm_buf_release(&d);
	crm_buf_release(&out);
}

static void
a_difference_is_as_small_as_what_changed(void **state)
{
	/* live, revision, a text of tag 1, rows 1 to 3 of tag 2, tag 3 */
	static const char before[] = "\0\5\5\3abc"
				     "\x09\2\1A\x09\2\2B\x09\2\3C"
				     "\x0c\7";
	static const char after[] = "\0\6\5\3abc"
				    "\x09\2\1A\x09\2\3C\x09\2\4D"
				    "\x0c\7";
	/* head 3 + 4; 2 stay, row 2 goes: 3 + 4; 1 stays, row 4: 3 + 4 */
	struct crm_buf d = {0};

	(void)state;
	assert_int_equal(
	    crm_diff_make((struct crm_str){before, sizeof(before) - 1},
		(struct crm_str){after, sizeof(after) - 1}, &d, NULL),
	    CRM_OK);
	assert_int_equal(d.n, 21);
	crm_buf_release(&d);
}

static void
a_difference_does_not_fit_another_record(void **state)
{
	struct crm_buf a = {0}, b = {0}, c = {0}, d = {0}, out = {0};
	struct crm_rand r;
	int refused = 0;

	(void)state;
	crm_rand_seed(&r, 13);
	for (int round = 0; round < 2000; round++) {
		any_bytes(&r, &a);
		any_bytes(&r, &b);
		any_bytes(&r, &c);
		crm_buf_clear(&d);
		crm_buf_clear(&out);
		crm_diff_make(crm_buf_str(&a), crm_buf_str(&b), &d, NULL);
		if (crm_str_eq(crm_buf_str(&a), crm_buf_str(&c)))
			continue;
		if (crm_diff_apply(crm_buf_str(&c), crm_buf_str(&d), false,
			&out, NULL) == CRM_EDAMAGE)
			refused++;
	}
	assert_true(refused > 1800);
	/* cut anywhere it is refused, or has lost whole places */
	for (size_t n = 0; n < d.n; n++) {
		int code;

		crm_buf_clear(&out);
		code = crm_diff_apply(crm_buf_str(&a), (struct crm_str){d.p, n},
		    false, &out, NULL);
		assert_true(code == CRM_OK || code == CRM_EDAMAGE);
	}
	crm_buf_release(&a);
	crm_buf_release(&b);
	crm_buf_release(&c);
	crm_buf_release(&d);
	crm_buf_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_header_comes_back),
	    cmocka_unit_test(log_keys_sort_by_revision_kind_and_number),
	    cmocka_unit_test(random_pairs_come_back_forwards_and_backwards),
	    cmocka_unit_test(a_difference_is_as_small_as_what_changed),
	    cmocka_unit_test(a_difference_does_not_fit_another_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
