/*
 * test_check_parts.c - a check by several threads tells what one would.
 *
 * The orders are enough for each of two threads to have a range.  More of the
 * second's are at fault than are kept until the first is done, so that it has
 * to stop and the first goes on where it did.
 */
#include "unit/tmpstore.h"

#include <sched.h>

#include <crm/hash.h>
#include <crm/upkeep.h>

#include "feed.h"

enum { ORDERS = 44000, SECTION = 20000, WRONG = 21500 };

struct faults {
	uint64_t n, hash; /* of all, in their order */
	struct crm_buf some; /* those of few orders, a line each */
};

static void
shop(struct crm_buf *b)
{
	crm_buf_puts(b, "\\:customer\t1\ncustomer_id\tname\n"
			"C0000000001\tAnn\nC0000000002\tBo\n");
	for (int i = 1; i <= ORDERS; i++) {
		if (i % SECTION == 1)
			crm_buf_puts(b, "\\:order\t1\n"
					"order_id\tcustomer_id\tplaced\n");
		crm_buf_putf(b,
		    "O%010d\tC000000000%d\t2026-01-%02dT10:00:00Z\n", i,
		    1 + i % 2, 1 + i % 28);
	}
}

static int
note(void *ctx, struct crm_str where, struct crm_str what, struct crm_err *err)
{
	struct faults *f = ctx;

	(void)err;
	f->n++;
	f->hash = f->hash * 31 + crm_hash64(where.p, where.n);
	f->hash = f->hash * 31 + crm_hash64(what.p, what.n);
	if (crm_str_is(where, "O7") || crm_str_is(where, "O22001") ||
	    crm_str_starts(where, CRM_STR("C"))) {
		crm_buf_putstr(&f->some, where);
		crm_buf_puts(&f->some, ": ");
		crm_buf_putstr(&f->some, what);
		crm_buf_putc(&f->some, '\n');
	}
	return CRM_OK;
}

/* The totals of one of the first and of all from WRONG on. */
static int
damage(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	const struct crm_kind *k = ctx;
	struct crm_arena a = {0};
	struct crm_record *rec = crm_record_new(k, &a);
	struct crm_buf b = {0};
	char kb[8];
	int r = CRM_OK;

	for (uint64_t i = 7; i <= ORDERS && r == CRM_OK;
	     i = i < WRONG ? WRONG : i + 1) {
		unsigned table = CRM_TAB_KIND + CRM_K_ORDER;
		struct crm_str key = crm_number_key(i, kb);

		r = crm_record_read(t, k, i, &crm_want_all, rec, err);
		*crm_record_at(rec, "total") = crm_value_num(CRM_T_MONEY, 5, 2);
		crm_buf_clear(&b);
		crm_record_encode(rec, &b);
		crm_seal(table, key, &b);
		if (r == CRM_OK)
			r = crm_put(t, table, key, crm_buf_str(&b), 0, err);
	}
	crm_buf_release(&b);
	crm_arena_release(&a);
	return r;
}

static void
check(struct crm_store *s, struct faults *f, int want)
{
	struct crm_check_options opt = {.fault = note, .ctx = f};
	struct crm_err err = {0};

	memset(f, 0, sizeof *f);
	if (crm_store_check(s, &opt, NULL, &err) != want)
		fail_msg("the check ends otherwise: %s", err.text);
}

static void
what_is_found_comes_in_the_order_of_the_records(void **state)
{
	struct crm_settings set = tmpstore_settings();
	struct crm_load_options opt = {.settings = &set,
	    .by = {1780308000, CRM_STR("tester"), CRM_STR("test"), {"", 0}},
	    .now = 1780308000};
	struct crm_buf text = {0};
	struct tmpstore tmp;
	struct crm_stream *in = NULL;
	struct crm_store *store;
	const struct crm_schema *schema;
	struct faults sound, many, one;
	struct crm_err err = {0};
	cpu_set_t all, first;

	(void)state;
	shop(&text);
	struct feed feed = {crm_buf_str(&text), 65536};
	struct crm_stream_options from = {
	    .name = "shop", .read = feed_read, .read_ctx = &feed};

	tmpstore_folder(&tmp);
	opt.path = tmp.path;
	assert_int_equal(crm_archive_open(&in, -1, &from, &err), CRM_OK);
	if (crm_store_load(&opt, in, NULL, &err) < 0)
		fail_msg("%s: %s: %s", err.place, err.field, err.text);
	crm_stream_close(in);
	store = tmpstore_open(&tmp, true);
	assert_int_equal(crm_store_schema(store, &schema, &err), CRM_OK);

	check(store, &sound, CRM_OK);
	assert_int_equal(sound.n, 0);
	assert_int_equal(
	    crm_txn_run(store, CRM_WRITE, damage,
		(void *)(uintptr_t)&schema->kind[CRM_K_ORDER], &err),
	    CRM_OK);
	check(store, &many, CRM_NO);
	assert_string_equal(crm_buf_cstr(&many.some),
	    "O7: total: kept is 5, lines and events give 0\n"
	    "O22001: total: kept is 5, lines and events give 0\n");
	assert_int_equal(many.n, ORDERS - WRONG + 2);

	assert_int_equal(sched_getaffinity(0, sizeof all, &all), 0);
	CPU_ZERO(&first);
	for (size_t i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, &all) && CPU_COUNT(&first) == 0)
			CPU_SET(i, &first);
	assert_int_equal(sched_setaffinity(0, sizeof first, &first), 0);
	check(store, &one, CRM_NO);
	assert_int_equal(sched_setaffinity(0, sizeof all, &all), 0);
	assert_int_equal(one.n, many.n);
	assert_true(one.hash == many.hash);

	crm_store_close_env(store);
	tmpstore_remove(&tmp);
	crm_buf_release(&many.some);
	crm_buf_release(&one.some);
	crm_buf_release(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_found_comes_in_the_order_of_the_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
