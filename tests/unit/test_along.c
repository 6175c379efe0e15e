/*
 * test_along.c - parts of a change that are written while it goes on: the
 * store is the same as when all are written at its end.
 */
#include "unit/tmpstore.h"

#include <crm/hash.h>
#include <crm/model.h>

#include "model/change.h"

#define NOW 1780308000

enum { CUSTOMERS = 10000, PLAIN = 0, ALONG = 1 };
#define PART ((uint64_t)16 << 20) /* bytes of operations in a part, or more */

struct shop {
	struct tmpstore tmp;
	struct crm_store *store;
	struct crm_change *ch;
	const struct crm_kind *kind; /* customer */
	struct crm_aside aside;
};

static void
shop_open(struct shop *s, uint64_t map, int how)
{
	struct crm_change_options opt = {
	    .by = {NOW, CRM_STR("ann"), CRM_STR("test"), CRM_STR("why")},
	    .now = NOW};
	struct crm_err err = {0};

	tmpstore_make(&s->tmp);
	s->store = tmpstore_open_at(s->tmp.path, true, map);
	assert_int_equal(
	    crm_change_open(&s->ch, s->store, &opt, NULL, &err), CRM_OK);
	s->aside.ident = s->aside.index = s->aside.sales =
	    (struct crm_keysort){.dir = s->tmp.dir, .memory = (size_t)1 << 20};
	s->ch->aside = &s->aside;
	s->kind = &crm_change_schema(s->ch)->kind[CRM_K_CUSTOMER];
	if (how == ALONG)
		assert_int_equal(crm_change_along(s->ch, &err), CRM_OK);
}

static void
shop_close(struct shop *s)
{
	crm_change_release(s->ch);
	crm_keysort_release(&s->aside.ident);
	crm_keysort_release(&s->aside.index);
	crm_keysort_release(&s->aside.sales);
	crm_store_close(s->store);
	tmpstore_remove(&s->tmp);
}

static int
put(struct shop *s, uint64_t number, const char *what)
{
	struct crm_record *rec;
	struct crm_err err = {0};
	char text[80], note[4000]; /* all are as long: so are the operations */
	int r = number > 0 ? crm_change_get(s->ch, s->kind, number, &rec, &err)
			   : crm_change_new(s->ch, s->kind, &rec, &err);

	assert_int_equal(r, CRM_OK);
	snprintf(text, sizeof text, "%3s %08llu", what,
	    (unsigned long long)crm_change_counted(s->ch, CRM_K_CUSTOMER)
		.added);
	memset(note, 'x', sizeof note);
	*crm_record_at(rec, "note") =
	    crm_value_text((struct crm_str){note, sizeof note});
	*crm_record_at(rec, "name") = crm_value_text(crm_str(text));
	r = crm_change_put(s->ch, rec, &err);
	crm_change_reset(s->ch);
	return r;
}

static void
put_many(struct shop *s, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(put(s, 0, "Ann"), CRM_OK);
}

static uint64_t
sum_table(struct crm_txn *t, unsigned table, uint64_t sum, size_t *n)
{
	struct crm_cursor *c;
	struct crm_str k, v;
	int r = crm_cursor_open(t, table, &c, NULL);

	assert_int_equal(r, CRM_OK);
	r = crm_cursor_seek(c, (struct crm_str){"", 0}, &k, &v, NULL);
	for (; r == CRM_OK; r = crm_cursor_next(c, &k, &v, NULL), ++*n) {
		sum = sum * 31 + crm_hash64(k.p, k.n);
		sum = sum * 31 + crm_hash64(v.p, v.n);
	}
	crm_cursor_close(c);
	return sum;
}

/* Commits; a sum over what is stored of records and log. */
static uint64_t
commit(struct shop *s, size_t *records, size_t *log)
{
	struct crm_err err = {0};
	struct crm_txn *t;
	uint64_t revision, sum;

	*records = *log = 0;
	if (crm_change_commit(s->ch, &revision, &err) != CRM_OK)
		fail_msg("commit: %s", err.text);
	assert_int_equal(crm_txn_begin(s->store, &t, &err), CRM_OK);
	sum = sum_table(t, CRM_TAB_KIND + CRM_K_CUSTOMER, revision, records);
	sum = sum_table(t, CRM_TAB_LOG, sum, log);
	crm_txn_end(t);
	return sum;
}

/* How many operations are in a part; n are in the spool. */
static uint64_t
records_in_part(const struct shop *s, unsigned n)
{
	uint64_t all = s->ch->spool.size;

	return (PART * n + all - 1) / all;
}

static uint64_t
made(uint64_t map, int how, unsigned along, unsigned behind)
{
	struct shop s = {0};
	size_t records, log;
	uint64_t sum, in_part;

	shop_open(&s, map, how);
	put_many(&s, along);
	if (how == ALONG)
		crm_change_along_end(s.ch);
	put_many(&s, behind);
	in_part = records_in_part(&s, along + behind);
	if (behind > 0)
		assert_int_equal(put(&s, along + behind, "Bo"), CRM_OK);
	sum = commit(&s, &records, &log);
	assert_int_equal(records, along + behind);
	assert_int_equal(log, 1 + (along + behind + in_part - 1) / in_part);
	shop_close(&s);
	return sum;
}

static void
the_store_is_the_same(void **state)
{
	uint64_t want = made(0, PLAIN, CUSTOMERS, 0);
	struct shop s = {0};
	unsigned part;

	(void)state;
	assert_true(made(0, ALONG, CUSTOMERS, 0) == want);
	/* a part that ends where the change does, and one record more */
	shop_open(&s, 0, PLAIN);
	put_many(&s, 3000);
	part = (unsigned)records_in_part(&s, 3000);
	shop_close(&s);
	assert_in_range(part, 1000, CUSTOMERS / 2);
	for (unsigned n = 2 * part; n <= 2 * part + 1; n++)
		assert_true(made(0, PLAIN, n, 0) == made(0, ALONG, n, 0));
}

static void
what_is_put_behind_the_end_is_written_by_commit(void **state)
{
	uint64_t want = made(0, PLAIN, 6000, 4000);

	(void)state;
	assert_true(made(0, ALONG, 6000, 4000) == want);
	want = made(0, PLAIN, 100, 6000);
	assert_true(made(0, ALONG, 100, 6000) == want);
	assert_true(made(0, ALONG, 0, 6100) == want);
}

/* It cannot grow while the change reads, and does when it is committed. */
static void
a_map_that_is_full_meanwhile_is_grown_at_the_end(void **state)
{
	uint64_t want = made(0, PLAIN, CUSTOMERS, 0);

	(void)state;
	for (uint64_t map = 256 << 10; map <= (uint64_t)8 << 20; map *= 4)
		assert_true(made(map, ALONG, CUSTOMERS, 0) == want);
}

static void
a_record_that_is_being_written_is_not_put_again(void **state)
{
	struct shop s = {0};

	(void)state;
	shop_open(&s, 0, ALONG);
	put_many(&s, 10);
	if (s.ch->along != NULL) /* there are two processors */
		assert_int_equal(put(&s, 5, "Bo"), CRM_EBUG);
	shop_close(&s);
}

static void
a_change_that_is_given_up_ends_the_thread(void **state)
{
	struct shop s = {0};

	(void)state;
	shop_open(&s, 0, ALONG);
	put_many(&s, 5000);
	shop_close(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_store_is_the_same),
	    cmocka_unit_test(what_is_put_behind_the_end_is_written_by_commit),
	    cmocka_unit_test(a_map_that_is_full_meanwhile_is_grown_at_the_end),
	    cmocka_unit_test(a_record_that_is_being_written_is_not_put_again),
	    cmocka_unit_test(a_change_that_is_given_up_ends_the_thread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
