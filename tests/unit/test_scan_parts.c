/*
 * test_scan_parts.c - records read by several threads, in parts.
 */
#include <crm/model.h>

#include "unit/tmpstore.h"

enum { RECORDS = 45000, GONE = 7 }; /* every seventh was deleted */

static struct tmpstore ts;
static struct crm_store *store;

/* ctx: the first number and the last. */
static int
put_some(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	const uint64_t *range = ctx;
	unsigned table = CRM_TAB_KIND + CRM_K_PRODUCT;
	struct crm_buf b = {0};
	char key[8];
	int code = CRM_OK;

	for (uint64_t n = range[0]; code == CRM_OK && n <= range[1]; n++) {
		struct crm_str k = crm_number_key(n, key);

		crm_buf_clear(&b);
		crm_buf_putvar(&b, n % GONE == 0 ? CRM_DELETED : CRM_LIVE);
		crm_buf_putvar(&b, 1);
		crm_seal(table, k, &b);
		code =
		    crm_put(t, table, k, crm_buf_str(&b), CRM_PUT_APPEND, err);
	}
	crm_buf_release(&b);
	return code;
}

static int
setup(void **state)
{
	uint64_t range[2] = {1, RECORDS};

	(void)state;
	tmpstore_make(&ts);
	store = tmpstore_open(&ts, true);
	return crm_txn_run(store, CRM_WRITE, put_some, range, NULL);
}

static int
teardown(void **state)
{
	(void)state;
	crm_store_close(store);
	tmpstore_remove(&ts);
	return 0;
}

struct sum {
	uint64_t first, last, n;
	uint64_t fail; /* at this number */
};

static int
take(void *ctx, struct crm_record *rec, struct crm_err *err)
{
	struct sum *s = ctx;

	if (s->fail && rec->id >= s->fail)
		return crm_err_set(err, CRM_EDATA, "number %d", (int)rec->id);
	if (s->n > 0 && rec->id <= s->last)
		return crm_err_set(err, CRM_EBUG, "not in order");
	if (s->n++ == 0)
		s->first = rec->id;
	s->last = rec->id;
	return CRM_OK;
}

/* How many parts there were, by their sums. */
static unsigned
run(struct crm_txn *t, unsigned parts, struct sum *sum, int want,
    struct crm_err *err)
{
	static const struct crm_want nothing;
	const struct crm_schema *s;
	struct crm_scan_job job = {
	    .want = &nothing, .at = INT64_MAX, .fn = take, .parts = parts};
	unsigned n = 0;

	assert_int_equal(crm_store_schema(store, &s, NULL), CRM_OK);
	job.schema = s;
	job.kind = &s->kind[CRM_K_PRODUCT];
	for (unsigned i = 0; i < CRM_SCAN_PARTS; i++)
		job.ctx[i] = &sum[i];
	assert_int_equal(crm_scan_parts(t, &job, err), want);
	while (n < CRM_SCAN_PARTS && sum[n].n > 0)
		n++;
	return n;
}

static void
parts_follow_each_other_and_have_all_that_is_there(void **state)
{
	static const unsigned want[][2] = {
	    {0, 1}, {1, 1}, {2, 2}, {3, 3}, {4, 4}, {9, 4}};
	struct crm_err err = {0};

	(void)state;
	for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
		struct sum sum[CRM_SCAN_PARTS] = {{0}};
		struct crm_txn *t;
		uint64_t n = 0, last = 0;
		unsigned parts;

		assert_int_equal(crm_txn_begin(store, &t, &err), CRM_OK);
		parts = run(t, want[i][0], sum, CRM_OK, &err);
		crm_txn_end(t);
		if (parts != want[i][1])
			fail_msg("%u asked for: %u", want[i][0], parts);
		for (unsigned k = 0; k < parts; k++) {
			assert_true(sum[k].first > last);
			last = sum[k].last;
			n += sum[k].n;
		}
		assert_int_equal(n, RECORDS - RECORDS / GONE);
		assert_int_equal(last, RECORDS);
	}
}

static void
the_first_part_that_fails_says_why(void **state)
{
	struct sum sum[CRM_SCAN_PARTS] = {{0}};
	struct crm_err err = {0};
	struct crm_txn *t;

	(void)state;
	for (unsigned i = 0; i < CRM_SCAN_PARTS; i++)
		sum[i].fail = 20001;
	assert_int_equal(crm_txn_begin(store, &t, &err), CRM_OK);
	run(t, 4, sum, CRM_EDATA, &err);
	crm_txn_end(t);
	assert_string_equal(err.text, "number 20001");
}

static void
what_was_written_meanwhile_is_not_read(void **state)
{
	uint64_t range[2] = {RECORDS + 1, RECORDS + 10};
	struct sum sum[CRM_SCAN_PARTS] = {{0}};
	struct crm_err err = {0};
	struct crm_txn *t, *twin;

	(void)state;
	assert_int_equal(crm_txn_begin(store, &t, &err), CRM_OK);
	assert_int_equal(crm_txn_twin(t, &twin, &err), CRM_OK);
	crm_txn_end(twin);
	assert_int_equal(
	    crm_txn_run(store, CRM_WRITE, put_some, range, &err), CRM_OK);
	assert_int_equal(crm_txn_twin(t, &twin, &err), CRM_NO);
	assert_null(twin);
	/* another state is not to be had: one part, of the state that was */
	assert_int_equal(run(t, 4, sum, CRM_OK, &err), 1);
	assert_int_equal(sum[0].last, RECORDS);
	crm_txn_end(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		parts_follow_each_other_and_have_all_that_is_there),
	    cmocka_unit_test(the_first_part_that_fails_says_why),
	    cmocka_unit_test(what_was_written_meanwhile_is_not_read),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
