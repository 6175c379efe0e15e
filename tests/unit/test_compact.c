/*
 * test_compact.c - generations: what is copied, what is not, who goes over.
 */
#include "unit/tmpstore.h"

#include <fcntl.h>
#include <sys/stat.h>

#define CANARY "canary-4711-of-a-person"
#define TABLE (CRM_TAB_KIND + CRM_K_CUSTOMER)

struct job {
	uint64_t first, count;
	size_t size;
	bool del;
	const char *text;
};

static int
do_job(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	const struct job *j = ctx;
	char value[9000], key[8];
	int code = CRM_OK;

	memset(value, 'x', sizeof(value));
	if (j->text)
		memcpy(value + j->size - strlen(j->text), j->text,
		    strlen(j->text));
	for (uint64_t i = j->first; code == CRM_OK && i < j->first + j->count;
	     i++)
		code = j->del ? crm_del(t, TABLE, crm_number_key(i, key), err)
			      : crm_put(t, TABLE, crm_number_key(i, key),
				    (struct crm_str){value, j->size}, 0, err);
	return code;
}

static void
run(struct crm_store *s, struct job j)
{
	struct crm_err err = {0};

	if (crm_txn_run(s, CRM_WRITE, do_job, &j, &err) < 0)
		fail_msg("%s", err.text);
}

static uint64_t
count(struct crm_store *s)
{
	struct crm_txn *t;
	uint64_t n = 0;

	assert_int_equal(crm_txn_begin(s, &t, NULL), CRM_OK);
	assert_int_equal(crm_count(t, TABLE, &n, NULL), CRM_OK);
	crm_txn_end(t);
	return n;
}

static struct crm_compacted
compact(struct crm_store *s)
{
	struct crm_compacted did;
	struct crm_err err = {0};

	if (crm_store_compact(s, NULL, NULL, &did, &err) < 0)
		fail_msg("%s", err.text);
	return did;
}

static bool
has_canary(const char *folder)
{
	char path[300], cmd[400];

	snprintf(path, sizeof(path), "%s/data/data.mdb", folder);
	snprintf(cmd, sizeof(cmd), "grep -q '%s' '%s'", CANARY, path);
	return system(cmd) == 0;
}

static void
nothing_of_what_was_deleted_is_in_the_new_file(void **state)
{
	struct tmpstore ts;
	struct crm_store *s;
	struct crm_err err = {0};
	char copy[200];

	(void)state;
	tmpstore_make(&ts);
	s = tmpstore_open(&ts, true);
	/* small values, in the gaps of leaves, and large ones, in the tails of
	 * pages of their own */
	run(s, (struct job){1, 400, 60, false, CANARY});
	run(s, (struct job){1001, 50, 8500, false, CANARY});
	run(s, (struct job){1, 400, 40, false, NULL});
	run(s, (struct job){1001, 25, 5000, false, NULL});
	run(s, (struct job){1026, 25, 0, true, NULL});
	assert_true(has_canary(ts.path));
	compact(s);
	assert_false(has_canary(ts.path));
	assert_int_equal(count(s), 425);
	snprintf(copy, sizeof(copy), "%s/copy", ts.dir);
	run(s, (struct job){5001, 1, 60, false, CANARY});
	run(s, (struct job){5001, 1, 0, true, NULL});
	assert_int_equal(crm_store_backup(s, copy, &err), CRM_OK);
	assert_false(has_canary(copy));
	crm_store_close_env(s);
	crm_folder_remove(copy);
	tmpstore_remove(&ts);
}

static void
entries_of_many_parts_are_all_there_and_take_less_room(void **state)
{
	struct tmpstore ts;
	struct crm_store *s;
	struct crm_compacted did;

	(void)state;
	tmpstore_make(&ts);
	s = tmpstore_open(&ts, true);
	for (uint64_t i = 0; i < 5; i++)
		run(s, (struct job){1 + i * 1000, 1000, 8000, false, NULL});
	run(s, (struct job){1, 1000, 0, true, NULL});
	did = compact(s);
	assert_int_equal(did.generation, 2);
	assert_true(did.after < did.before);
	assert_true(did.entries >= 4000);
	assert_int_equal(count(s), 4000);
	did = compact(s);
	assert_int_equal(did.generation, 3);
	assert_int_equal(count(s), 4000);
	crm_store_close_env(s);
	tmpstore_remove(&ts);
}

static void
a_reader_keeps_its_moment_and_goes_over_after(void **state)
{
	struct tmpstore ts;
	struct crm_store *s, *reader, *writer;
	struct crm_store_info info;
	struct crm_txn *t;
	uint64_t n;

	(void)state;
	tmpstore_make(&ts);
	s = tmpstore_open(&ts, true);
	writer = tmpstore_open(&ts, true);
	run(s, (struct job){1, 10, 10, false, NULL});
	reader = tmpstore_open(&ts, false);
	assert_int_equal(crm_txn_begin(reader, &t, NULL), CRM_OK);
	compact(s);
	run(writer, (struct job){11, 1, 10, false, NULL});
	assert_int_equal(crm_count(t, TABLE, &n, NULL), CRM_OK);
	assert_int_equal(n, 10);
	crm_txn_end(t);
	assert_int_equal(count(reader), 11);
	assert_int_equal(count(s), 11);
	assert_int_equal(crm_store_stat(reader, &info, NULL), CRM_OK);
	assert_int_equal(info.generation, 2);
	crm_store_close(reader);
	crm_store_close(writer);
	crm_store_close_env(s);
	tmpstore_remove(&ts);
}

/* Work on the next generation, of which a reader hears nothing. */
struct work {
	struct crm_store *reader;
	uint64_t there; /* that the reader sees, when it has been done */
	int code;
};

static int
work_on(struct crm_store *s, void *ctx, struct crm_err *err)
{
	struct job j = {1001, 5, 100, false, CANARY};
	struct crm_compacted did;
	struct work *w = ctx;
	int code = crm_txn_run(s, CRM_WRITE, do_job, &j, err);

	j = (struct job){1006, 5, 10, false, NULL};
	if (code == CRM_OK)
		code = crm_txn_run(s, CRM_WRITE, do_job, &j, err);
	assert_int_equal(count(s), 20);
	assert_int_equal(
	    crm_store_compact(s, NULL, NULL, &did, NULL), CRM_EBUG);
	w->there = count(w->reader);
	return code == CRM_OK ? w->code : code;
}

static void
work_on_a_new_generation_is_seen_whole_or_not_at_all(void **state)
{
	struct work w = {.code = CRM_EDATA};
	const struct crm_renew_options opt = {
	    .without = 1U << CRM_TAB_TALLY, .fn = work_on, .fn_ctx = &w};
	struct tmpstore ts;
	struct crm_compacted did;
	struct crm_store *s;

	(void)state;
	tmpstore_make(&ts);
	s = tmpstore_open(&ts, true);
	run(s, (struct job){1, 10, 10, false, NULL});
	w.reader = tmpstore_open(&ts, false);
	assert_int_equal(crm_store_renew(s, &opt, &did, NULL), CRM_EDATA);
	assert_int_equal(w.there, 10);
	assert_int_equal(count(s), 10);
	assert_false(has_canary(ts.path));
	/* who was refused goes on in the old one */
	run(s, (struct job){11, 1, 10, false, NULL});
	run(s, (struct job){11, 1, 10, true, NULL});
	w.code = CRM_OK;
	assert_int_equal(crm_store_renew(s, &opt, &did, NULL), CRM_OK);
	assert_int_equal(did.generation, 2);
	assert_int_equal(w.there, 10);
	assert_int_equal(count(s), 20);
	assert_int_equal(count(w.reader), 20);
	crm_store_close(w.reader);
	crm_store_close_env(s);
	tmpstore_remove(&ts);
}

static void
it_is_refused_within_a_transaction(void **state)
{
	struct tmpstore ts;
	struct crm_compacted did;
	struct crm_store *s;
	struct crm_txn *t;

	(void)state;
	tmpstore_make(&ts);
	s = tmpstore_open(&ts, true);
	assert_int_equal(crm_txn_begin(s, &t, NULL), CRM_OK);
	assert_int_equal(
	    crm_store_compact(s, NULL, NULL, &did, NULL), CRM_EBUG);
	crm_txn_end(t);
	assert_int_equal(crm_store_lock(s, NULL), CRM_OK);
	assert_int_equal(crm_store_compact(s, NULL, NULL, &did, NULL), CRM_OK);
	assert_true(s->lock.held);
	crm_store_unlock(s);
	crm_store_close_env(s);
	tmpstore_remove(&ts);
}

static void
the_next_writer_clears_away_what_was_left(void **state)
{
	struct tmpstore ts;
	struct crm_store *s;
	struct crm_lock lock = {.fd = -1};
	struct stat st;
	char path[300];
	int fd;

	(void)state;
	tmpstore_make(&ts);
	/* as after a kill in the middle */
	assert_int_equal(crm_lock_take(&lock, ts.path, 0, NULL), CRM_OK);
	crm_lock_litter(&lock, true);
	crm_lock_close(&lock);
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s-0000000002", ts.path,
		    i ? "gen" : "old");
		assert_int_equal(mkdir(path, 0700), 0);
		strncat(path, "/data.mdb", 10);
		fd = open(path, O_CREAT | O_WRONLY, 0600);
		assert_true(fd >= 0);
		close(fd);
	}
	s = tmpstore_open(&ts, true);
	run(s, (struct job){1, 1, 10, false, NULL});
	assert_int_equal(stat(path, &st), -1);
	crm_store_close_env(s);
	tmpstore_remove(&ts);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_of_what_was_deleted_is_in_the_new_file),
	    cmocka_unit_test(
		entries_of_many_parts_are_all_there_and_take_less_room),
	    cmocka_unit_test(a_reader_keeps_its_moment_and_goes_over_after),
	    cmocka_unit_test(
		work_on_a_new_generation_is_seen_whole_or_not_at_all),
	    cmocka_unit_test(it_is_refused_within_a_transaction),
	    cmocka_unit_test(the_next_writer_clears_away_what_was_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
