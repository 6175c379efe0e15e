/*
 * test_env_few.c - a few look-ups without LMDB: they find what others find, of
 * the moment others would see, or nothing at all.
 */
#include <fcntl.h>
#include <sys/wait.h>

#include "unit/tmpstore.h"

#include "store/env_pages.h"

#define ENTRIES 3000 /* on many pages */
#define LARGE 20000 /* bytes: a value with pages of its own */
#define TOLD_AT 48 /* in the lock file: the last commit told to readers */

static const unsigned tables[] = {
    CRM_TAB_KIND + 1, CRM_TAB_KIND + 2, CRM_TAB_KIND + 9};

struct puts {
	uint64_t from, to; /* numbers */
	unsigned version;
	size_t n; /* bytes of each value */
};

static void
value_of(
    unsigned table, uint64_t number, const struct puts *p, struct crm_buf *out)
{
	char key[8];

	crm_buf_clear(out);
	crm_buf_putf(out, "%u/%d version %u", table, (int)number, p->version);
	while (out->n < p->n)
		crm_buf_putc(out, (char)('a' + out->n % 26));
	crm_seal(table, crm_number_key(number, key), out);
}

static int
put_some(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	const struct puts *p = ctx;
	struct crm_buf b = {0};
	char key[8];
	int code = CRM_OK;

	for (size_t i = 0; i < 3; i++)
		for (uint64_t n = p->from; code == CRM_OK && n <= p->to; n++) {
			value_of(tables[i], n, p, &b);
			code = crm_put(t, tables[i], crm_number_key(n, key),
			    crm_buf_str(&b), 0, err);
		}
	crm_buf_release(&b);
	return code;
}

static void
commit(struct crm_store *s, uint64_t from, uint64_t to, unsigned version)
{
	struct puts p = {from, to, version, 30};
	struct crm_err err = {0};

	if (crm_txn_run(s, CRM_WRITE, put_some, &p, &err) != CRM_OK)
		fail_msg("%s", err.text);
}

static struct crm_store *
open_few(const struct tmpstore *ts)
{
	struct crm_store_options opt = {.path = ts->path, .few = true};
	struct crm_store *s = NULL;
	struct crm_err err = {0};

	if (crm_store_open(&s, &opt, &err) < 0)
		fail_msg("%s", err.text);
	return s;
}

/* The version of a value that is whole; 0: another answer, in *code. */
static unsigned
version_of(struct crm_txn *t, unsigned table, uint64_t number, int *code)
{
	struct crm_str v;
	char key[8], text[40];
	struct crm_str k = crm_number_key(number, key);
	const char *at;

	*code = crm_get(t, table, k, &v, NULL);
	if (*code != CRM_OK)
		return 0;
	assert_int_equal(crm_unseal(table, k, &v, NULL), CRM_OK);
	snprintf(text, sizeof text, "%.*s", (int)v.n, v.p);
	at = strstr(text, " version ");
	assert_non_null(at);
	return (unsigned)atoi(at + 9);
}

static void
finds(struct crm_txn *t, unsigned table, uint64_t number, unsigned version)
{
	int code;

	assert_int_equal(version_of(t, table, number, &code), version);
}

static void
they_find_what_is_there_and_nothing_else(void **state)
{
	struct puts large = {ENTRIES + 10, ENTRIES + 10, 7, LARGE};
	struct crm_store *s, *few;
	struct tmpstore ts;
	struct crm_txn *t;
	int code;

	(void)state;
	tmpstore_make(&ts);
	s = tmpstore_open(&ts, true);
	commit(s, 1, ENTRIES, 1);
	assert_int_equal(crm_txn_run(s, CRM_WRITE, put_some, &large, NULL), 0);
	crm_store_close_env(s);
	few = open_few(&ts);
	assert_int_equal(crm_txn_begin(few, &t, NULL), CRM_OK);
	for (uint64_t n = 1; n <= ENTRIES; n++)
		finds(t, tables[n % 3], n, 1);
	finds(t, tables[1], ENTRIES + 10, 7);
	assert_false(crm_store_missed(few));
	/* what is not there might be elsewhere: LMDB tells */
	assert_int_equal(version_of(t, tables[0], ENTRIES + 1, &code), 0);
	assert_int_equal(code, CRM_EBUSY);
	assert_true(crm_store_missed(few));
	assert_int_equal(crm_store_whole(few, NULL), CRM_EBUSY);
	crm_txn_end(t);
	assert_int_equal(crm_store_whole(few, NULL), CRM_OK);
	assert_false(crm_store_missed(few));
	assert_int_equal(crm_txn_begin(few, &t, NULL), CRM_OK);
	assert_int_equal(version_of(t, tables[0], ENTRIES + 1, &code), 0);
	assert_int_equal(code, CRM_NOTFOUND);
	finds(t, tables[1], ENTRIES + 10, 7);
	crm_txn_end(t);
	assert_int_equal(crm_store_whole(few, NULL), CRM_OK);
	crm_store_close_env(few);
	tmpstore_remove(&ts);
}

static int
cursor_try(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	struct crm_cursor *c;
	int code = crm_cursor_open(t, tables[0], &c, err);

	(void)ctx;
	if (code == CRM_OK)
		crm_cursor_close(c);
	return code;
}

static void
all_else_is_refused_until_the_store_is_opened_as_any_other(void **state)
{
	struct crm_store_info info;
	struct crm_store *s, *few;
	struct tmpstore ts;
	struct crm_txn *t, *other;
	uint64_t n;

	(void)state;
	tmpstore_make(&ts);
	s = tmpstore_open(&ts, true);
	commit(s, 1, 10, 1);
	crm_store_close_env(s);
	few = open_few(&ts);
	assert_int_equal(
	    crm_txn_run(few, CRM_READ, cursor_try, NULL, NULL), CRM_EBUSY);
	assert_true(crm_store_missed(few));
	assert_int_equal(crm_txn_begin(few, &t, NULL), CRM_OK);
	assert_int_equal(crm_txn_last(t, &n, NULL), CRM_EBUSY);
	assert_int_equal(crm_txn_twin(t, &other, NULL), CRM_NO);
	/* two at once are fine */
	assert_int_equal(crm_txn_begin(few, &other, NULL), CRM_OK);
	finds(t, tables[0], 3, 1);
	finds(other, tables[0], 3, 1);
	crm_txn_end(t);
	finds(other, tables[0], 3, 1);
	crm_txn_end(other);
	assert_int_equal(crm_store_stat(few, &info, NULL), CRM_OK);
	assert_false(crm_store_missed(few));
	assert_int_equal(
	    crm_txn_run(few, CRM_READ, cursor_try, NULL, NULL), CRM_OK);
	crm_store_close_env(few);
	tmpstore_remove(&ts);
}

/* What one transaction found lies in memory of its own: the next one, at the
 * same address perhaps, does not take it for its own. */
static void
what_was_found_last_is_forgotten_with_its_transaction(void **state)
{
	enum { BLOCK = 1000 };
	struct crm_store *s, *few;
	struct tmpstore ts;
	struct crm_txn *t;
	void *other[4];

	(void)state;
	tmpstore_make(&ts);
	s = tmpstore_open(&ts, true);
	commit(s, 1, ENTRIES, 1);
	crm_store_close_env(s);
	few = open_few(&ts);
	for (int round = 0; round < 40; round++) {
		assert_int_equal(crm_txn_begin(few, &t, NULL), CRM_OK);
		finds(t, tables[0], 8, 1);
		finds(t, tables[0], 8, 1);
		crm_txn_end(t);
		for (int i = 0; i < 4; i++) {
			other[i] = malloc(BLOCK + 32 * (size_t)i);
			assert_non_null(other[i]);
			memset(other[i], 'x', BLOCK + 32 * (size_t)i);
		}
		for (int i = 0; i < 4; i++)
			free(other[i]);
	}
	assert_false(crm_store_missed(few));
	crm_store_close_env(few);
	tmpstore_remove(&ts);
}

/* LMDB keeps nothing for them.  One commit later the moment is still there,
 * two later it is gone, and said to be. */
static void
they_read_one_moment_or_say_that_it_is_gone(void **state)
{
	struct crm_store *s, *few;
	struct tmpstore ts;
	struct crm_txn *t;
	int code;

	(void)state;
	tmpstore_make(&ts);
	s = tmpstore_open(&ts, true);
	commit(s, 1, ENTRIES, 1);
	few = open_few(&ts);
	assert_int_equal(crm_txn_begin(few, &t, NULL), CRM_OK);
	finds(t, tables[0], 1, 1);
	commit(s, 1, ENTRIES, 2);
	for (uint64_t n = 1; n <= ENTRIES; n++)
		finds(t, tables[n % 3], n, 1);
	commit(s, 1, ENTRIES, 3);
	for (uint64_t n = 1; n <= ENTRIES; n += 100) {
		assert_int_equal(version_of(t, tables[2], n, &code), 0);
		assert_int_equal(code, CRM_EBUSY);
	}
	assert_true(crm_store_missed(few));
	crm_txn_end(t);
	/* the next transaction is of now */
	assert_int_equal(crm_txn_begin(few, &t, NULL), CRM_OK);
	finds(t, tables[2], 1, 3);
	crm_txn_end(t);
	crm_store_close_env(few);
	crm_store_close_env(s);
	tmpstore_remove(&ts);
}

/* In a process of its own, as locks are those of a process. */
static unsigned
version_elsewhere(const struct tmpstore *ts)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		struct crm_store *few = open_few(ts);
		struct crm_txn *t;
		int code;

		if (crm_txn_begin(few, &t, NULL) != CRM_OK)
			_exit(100);
		_exit((int)version_of(t, tables[0], 5, &code));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return (unsigned)WEXITSTATUS(status);
}

/* A commit is on the disk a moment before readers are told of it.  While its
 * writer is there they read the one before, as those of LMDB do; where nobody
 * is, nobody is going to tell. */
static void
what_readers_were_not_told_of_is_read_only_when_nobody_is_there(void **state)
{
	char path[200];
	uint64_t told, before;
	struct crm_store *s;
	struct tmpstore ts;
	int fd;

	(void)state;
	tmpstore_make(&ts);
	s = tmpstore_open(&ts, true);
	commit(s, 1, ENTRIES, 1);
	commit(s, 5, 5, 2);
	assert_int_equal(version_elsewhere(&ts), 2);
	snprintf(path, sizeof path, "%s/data/lock.mdb", ts.path);
	fd = open(path, O_RDWR);
	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &told, sizeof told, TOLD_AT), sizeof told);
	before = told - 1;
	assert_int_equal(
	    pwrite(fd, &before, sizeof before, TOLD_AT), sizeof before);
	assert_int_equal(version_elsewhere(&ts), 1);
	crm_store_close_env(s);
	assert_int_equal(version_elsewhere(&ts), 2);
	close(fd);
	tmpstore_remove(&ts);
}

/* A look that falls into the writing of a meta page may see its number, and
 * before it what was there. */
static void
a_meta_page_that_was_read_while_it_was_written_is_not_believed(void **state)
{
	enum { META = 4096, ENTRIES_AT = 120 };
	struct crm_page_meta m[2];
	uint64_t other;
	struct crm_store *s, *few;
	struct tmpstore ts;
	struct crm_txn *t;
	char path[200];
	off_t at;
	int fd;

	(void)state;
	tmpstore_make(&ts);
	s = tmpstore_open(&ts, true);
	commit(s, 1, ENTRIES, 1);
	crm_store_close_env(s);
	few = open_few(&ts);
	snprintf(path, sizeof path, "%s/data/data.mdb", ts.path);
	fd = open(path, O_RDWR);
	assert_true(fd >= 0);
	assert_null(crm_page_metas(fd, m));
	for (int i = 0; i < 2; i++)
		if (m[i].txn > m[1 - i].txn) {
			at = i * META + ENTRIES_AT;
			other = m[i].main.entries - 1;
			assert_int_equal(
			    pwrite(fd, &other, sizeof other, at), sizeof other);
		}
	assert_true(crm_txn_begin(few, &t, NULL) != CRM_OK);
	close(fd);
	crm_store_close_env(few);
	tmpstore_remove(&ts);
}

static void
a_store_that_cannot_be_opened_as_any_other_is_not_read(void **state)
{
	struct crm_store *s, *few;
	struct tmpstore ts;
	struct crm_txn *t;
	char path[200];

	(void)state;
	tmpstore_make(&ts);
	s = tmpstore_open(&ts, true);
	commit(s, 1, ENTRIES, 1);
	crm_store_close_env(s);
	few = open_few(&ts);
	snprintf(path, sizeof path, "%s/data/data.mdb", ts.path);
	assert_int_equal(truncate(path, 16384), 0);
	assert_int_equal(crm_store_whole(few, NULL), CRM_EDAMAGE);
	for (int i = 0; i < 2; i++) {
		assert_true(crm_store_whole(few, NULL) < 0);
		assert_true(crm_txn_begin(few, &t, NULL) < 0);
	}
	crm_store_close_env(few);
	tmpstore_remove(&ts);
}

/* A writer that never rests, and readers that are not kept for: what they find
 * is whole (checksums), and of one moment. */
static void
they_are_right_beside_a_writer(void **state)
{
	enum { ROUNDS = 200 };
	struct crm_store *few;
	struct tmpstore ts;
	struct crm_txn *t;
	unsigned last = 1, answers = 0;
	int status;
	pid_t pid;

	(void)state;
	tmpstore_make(&ts);
	few = tmpstore_open(&ts, true);
	commit(few, 1, 200, 1);
	crm_store_close_env(few);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct crm_store *s = tmpstore_open(&ts, true);

		for (unsigned i = 2; i < 2 + ROUNDS; i++)
			commit(s, 1, 200, i);
		_exit(0);
	}
	while (waitpid(pid, &status, WNOHANG) == 0) {
		unsigned one, all = 0;
		int code = CRM_OK;

		few = open_few(&ts);
		assert_int_equal(crm_txn_begin(few, &t, NULL), CRM_OK);
		for (uint64_t n = 1; n <= 200 && code == CRM_OK; n += 13) {
			one = version_of(t, tables[n % 3], n, &code);
			if (code == CRM_OK && all > 0)
				assert_int_equal(one, all);
			if (code == CRM_OK)
				all = one;
		}
		assert_true(code == CRM_OK || crm_store_missed(few));
		if (code == CRM_OK) {
			assert_true(all >= last);
			last = all;
			answers++;
		}
		crm_txn_end(t);
		crm_store_close_env(few);
	}
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	assert_true(answers > 0);
	assert_int_equal(version_elsewhere(&ts), 1 + ROUNDS);
	tmpstore_remove(&ts);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(they_find_what_is_there_and_nothing_else),
	    cmocka_unit_test(
		all_else_is_refused_until_the_store_is_opened_as_any_other),
	    cmocka_unit_test(
		what_was_found_last_is_forgotten_with_its_transaction),
	    cmocka_unit_test(they_read_one_moment_or_say_that_it_is_gone),
	    cmocka_unit_test(
		what_readers_were_not_told_of_is_read_only_when_nobody_is_there),
	    cmocka_unit_test(
		a_meta_page_that_was_read_while_it_was_written_is_not_believed),
	    cmocka_unit_test(
		a_store_that_cannot_be_opened_as_any_other_is_not_read),
	    cmocka_unit_test(they_are_right_beside_a_writer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
