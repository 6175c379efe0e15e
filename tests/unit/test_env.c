/*
 * test_env.c - the store: tables, transactions, locks, and what is refused.
 */
#include "unit/tmpstore.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define KIND(k) (CRM_TAB_KIND + (k))

/* ---- small functions for crm_txn_run ---- */

struct puts {
	uint64_t first, count;
	size_t size;
	unsigned table, flags;
	int answer; /* what the function returns at the end */
	int runs;
};

static int
put_numbers(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	struct puts *p = ctx;
	static const char zeros[70000];
	char key[8];
	int code = CRM_OK;

	p->runs++;
	for (uint64_t i = 0; code == CRM_OK && i < p->count; i++)
		code = crm_put(t, p->table, crm_number_key(p->first + i, key),
		    (struct crm_str){zeros, p->size}, p->flags, err);
	return code < 0 ? code : p->answer;
}

static int
put_some(struct crm_store *s, struct puts *p, struct crm_err *err)
{
	if (p->table == 0)
		p->table = KIND(CRM_K_CUSTOMER);
	return crm_txn_run(s, CRM_WRITE, put_numbers, p, err);
}

static uint64_t
count(struct crm_store *s, unsigned table)
{
	struct crm_txn *t;
	uint64_t n = 0;

	assert_int_equal(crm_txn_begin(s, &t, NULL), CRM_OK);
	assert_int_equal(crm_count(t, table, &n, NULL), CRM_OK);
	crm_txn_end(t);
	return n;
}

/* ---- creating and opening ---- */

static void
a_new_store_has_its_revision_settings_and_modes(void **state)
{
	struct tmpstore ts;
	struct crm_store *s;
	struct crm_store_info info;
	const struct crm_schema *schema;
	struct stat st;
	char path[256];
	struct crm_err err = {0};
	mode_t mask = umask(0777);

	(void)state;
	tmpstore_make(&ts);
	umask(mask);
	s = tmpstore_open(&ts, false);
	assert_int_equal(crm_store_stat(s, &info, &err), CRM_OK);
	assert_int_equal(info.revision, 1);
	assert_int_equal(info.format, CRM_FORMAT);
	assert_int_equal(info.generation, 1);
	assert_int_equal(info.uuid[6] >> 4, 4);
	assert_memory_equal(info.engine, "LMDB ", 5);
	assert_true(info.bytes_used > 0 && info.bytes_used <= info.bytes_file);
	assert_int_equal(crm_store_schema(s, &schema, &err), CRM_OK);
	assert_true(crm_str_is(schema->settings->currency, "EUR"));
	assert_string_equal(crm_store_path(s), ts.path);
	assert_int_equal(stat(ts.path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	for (int i = 0; i < 3; i++) {
		static const char *const names[] = {
		    "lock", "data/data.mdb", "data/lock.mdb"};

		snprintf(path, sizeof(path), "%s/%s", ts.path, names[i]);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
	}
	crm_store_close_env(s);
	tmpstore_remove(&ts);
}

static void
the_first_revision_says_who_and_why(void **state)
{
	struct tmpstore ts;
	struct crm_store *s;
	struct crm_txn *t;
	struct crm_log_head head;
	char key[17];
	struct crm_str k = {key, sizeof(key)}, v;

	(void)state;
	tmpstore_make(&ts);
	s = tmpstore_open(&ts, false);
	assert_int_equal(crm_txn_begin(s, &t, NULL), CRM_OK);
	crm_log_key(1, 0, 0, key);
	assert_int_equal(crm_get(t, CRM_TAB_LOG, k, &v, NULL), CRM_OK);
	assert_int_equal(crm_unseal(CRM_TAB_LOG, k, &v, NULL), CRM_OK);
	assert_int_equal(crm_log_decode(v, &head, NULL), CRM_OK);
	assert_true(crm_str_is(head.actor, "tester"));
	assert_true(crm_str_is(head.why, "a test"));
	assert_int_equal(head.time, 1780308000);
	assert_true(head.last);
	crm_txn_end(t);
	crm_store_close_env(s);
	tmpstore_remove(&ts);
}

static void
a_store_is_not_made_over_another_or_among_files(void **state)
{
	struct tmpstore ts;
	struct crm_err err = {0};
	char path[256];
	int fd;

	(void)state;
	tmpstore_make(&ts);
	assert_int_equal(tmpstore_create(ts.path, &err), CRM_ECREATE);
	assert_non_null(strstr(err.text, "there is a store"));
	crm_folder_remove(ts.path);
	assert_int_equal(mkdir(ts.path, 0755), 0);
	snprintf(path, sizeof(path), "%s/notes", ts.path);
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(tmpstore_create(ts.path, &err), CRM_ECREATE);
	assert_non_null(strstr(err.text, "'notes'"));
	assert_int_equal(tmpstore_create(path, &err), CRM_ECREATE);
	unlink(path);
	snprintf(path, sizeof(path), "%s/no/such", ts.path);
	assert_int_equal(tmpstore_create(path, &err), CRM_ECREATE);
	tmpstore_remove(&ts);
}

static void
a_store_is_made_in_an_empty_folder_that_is_there(void **state)
{
	struct tmpstore ts;
	struct crm_store *s;
	struct stat st;
	char path[256];
	struct crm_err err = {0};

	(void)state;
	tmpstore_folder(&ts);
	assert_int_equal(mkdir(ts.path, 0755), 0);
	/* and what a try that was killed left is no hindrance */
	snprintf(path, sizeof(path), "%s/%s", ts.path, CRM_GEN_FIRST);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/%s/data.mdb", ts.path, CRM_GEN_FIRST);
	close(open(path, O_CREAT | O_WRONLY, 0600));
	if (tmpstore_create(ts.path, &err) < 0)
		fail_msg("%s", err.text);
	s = tmpstore_open(&ts, true);
	crm_store_close_env(s);
	assert_int_equal(stat(ts.path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	tmpstore_remove(&ts);
}

static void
what_is_not_a_store_is_not_opened(void **state)
{
	struct tmpstore ts;
	struct crm_store *s = NULL;
	struct crm_err err = {0};
	struct crm_store_options opt = {0};
	const struct {
		const char *path;
		int code;
	} rows[] = {
	    {NULL, CRM_EUSAGE},
	    {"", CRM_EUSAGE},
	    {"/nonexistent/store", CRM_ENOINPUT},
	    {"/dev/null", CRM_ENOINPUT},
	    {ts.dir, CRM_ENOINPUT},
	};

	(void)state;
	tmpstore_folder(&ts);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		opt.path = rows[i].path;
		if (crm_store_open(&s, &opt, &err) != rows[i].code)
			fail_msg("row %zu: %s", i, err.text);
		assert_null(s);
	}
	assert_int_equal(rmdir(ts.dir), 0);
}

static int
set_format(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	return crm_put(t, CRM_TAB_META, crm_meta_key("format"),
	    *(struct crm_str *)ctx, 0, err);
}

static void
another_format_or_feature_is_refused_with_words(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		int code;
		const char *says;
	} rows[] = {
	    {"\0\0\0\4\0\0\0\0", 8, CRM_ECONFIG, "has format 4"},
	    {"\0\0\0\1\0\0\0\0", 8, CRM_ECONFIG, "format 1, wanted 3"},
	    {"\0\0\0\3\0\0\0\4", 8, CRM_ECONFIG, "features (0x4)"},
	    {"\0\0\0\0\0\0\0\0", 8, CRM_EDAMAGE, "format is not said"},
	    {"\0\0\0\1", 4, CRM_EDAMAGE, "format is not said"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct crm_str bytes = {rows[i].bytes, rows[i].n};
		struct crm_store_options opt = {0};
		struct crm_store *s;
		struct tmpstore ts;
		struct crm_err err = {0};

		tmpstore_make(&ts);
		s = tmpstore_open(&ts, true);
		assert_int_equal(
		    crm_txn_run(s, CRM_WRITE, set_format, &bytes, &err),
		    CRM_OK);
		crm_store_close_env(s);
		opt.path = ts.path;
		assert_int_equal(crm_store_open(&s, &opt, &err), rows[i].code);
		if (!strstr(err.text, rows[i].says))
			fail_msg("row %zu: %s", i, err.text);
		tmpstore_remove(&ts);
	}
}

/* ---- damage ---- */

static void
a_truncated_file_is_refused_and_not_read(void **state)
{
	struct puts p = {.first = 1, .count = 2000, .size = 100};
	struct tmpstore ts;
	struct crm_store *s;
	struct stat st;
	char path[256];

	(void)state;
	tmpstore_make(&ts);
	s = tmpstore_open(&ts, true);
	assert_int_equal(put_some(s, &p, NULL), CRM_OK);
	crm_store_close_env(s);
	snprintf(path, sizeof(path), "%s/data/data.mdb", ts.path);
	assert_int_equal(stat(path, &st), 0);
	/* Shorter and shorter, down to nothing; first by a single byte. */
	for (int i = 0; i <= 8; i++) {
		off_t size = i == 0 ? st.st_size - 1 : st.st_size * (8 - i) / 8;
		struct crm_store_options opt = {
		    .path = ts.path, .write = i & 1};
		struct crm_err err = {0};
		struct stat now;

		assert_int_equal(truncate(path, size), 0);
		if (crm_store_open(&s, &opt, &err) != CRM_EDAMAGE)
			fail_msg("%lld bytes: %s", (long long)size, err.text);
		assert_int_equal(stat(path, &now), 0);
		assert_int_equal(now.st_size, size);
	}
	tmpstore_remove(&ts);
}

static void
missing_data_is_damage_and_is_not_made_anew(void **state)
{
	struct tmpstore ts;
	struct crm_store *s;
	char path[256];

	(void)state;
	tmpstore_make(&ts);
	snprintf(path, sizeof(path), "%s/data/data.mdb", ts.path);
	assert_int_equal(unlink(path), 0);
	for (int i = 0; i < 2; i++) {
		struct crm_store_options opt = {.path = ts.path, .write = i};

		assert_int_equal(crm_store_open(&s, &opt, NULL), CRM_EDAMAGE);
		assert_int_equal(access(path, F_OK), -1);
	}
	tmpstore_remove(&ts);
}

static void
a_damaged_value_does_not_pass_under_its_key_or_another(void **state)
{
	struct crm_buf b = {0};
	struct crm_str key = CRM_STR("key"), v;

	(void)state;
	crm_buf_puts(&b, "some content, long enough to matter");
	crm_seal(CRM_TAB_IDENT, key, &b);
	v = crm_buf_str(&b);
	assert_int_equal(crm_unseal(CRM_TAB_IDENT, key, &v, NULL), CRM_OK);
	assert_true(crm_str_is(v, "some content, long enough to matter"));
	v = crm_buf_str(&b);
	assert_int_equal(crm_unseal(CRM_TAB_INDEX, key, &v, NULL), CRM_EDAMAGE);
	assert_int_equal(
	    crm_unseal(CRM_TAB_IDENT, CRM_STR("kez"), &v, NULL), CRM_EDAMAGE);
	for (size_t i = 0; i < b.n; i++)
		for (int bit = 0; bit < 8; bit++) {
			b.p[i] = (char)(b.p[i] ^ 1 << bit);
			v = crm_buf_str(&b);
			if (crm_unseal(CRM_TAB_IDENT, key, &v, NULL) !=
			    CRM_EDAMAGE)
				fail_msg("byte %zu bit %d", i, bit);
			b.p[i] = (char)(b.p[i] ^ 1 << bit);
		}
	for (size_t n = 0; n < b.n; n++) {
		v = (struct crm_str){b.p, n};
		assert_int_equal(
		    crm_unseal(CRM_TAB_IDENT, key, &v, NULL), CRM_EDAMAGE);
	}
	crm_buf_release(&b);
}

/* ---- transactions ---- */

static void
what_fails_leaves_nothing_and_no_is_kept(void **state)
{
	struct puts p = {.first = 1, .count = 10, .size = 5};
	struct tmpstore ts;
	struct crm_store *s;

	(void)state;
	tmpstore_make(&ts);
	s = tmpstore_open(&ts, true);
	p.answer = CRM_EDATA;
	assert_int_equal(put_some(s, &p, NULL), CRM_EDATA);
	assert_int_equal(count(s, p.table), 0);
	p.answer = CRM_NO;
	assert_int_equal(put_some(s, &p, NULL), CRM_NO);
	assert_int_equal(count(s, p.table), 10);
	crm_store_close_env(s);
	s = tmpstore_open(&ts, false);
	assert_int_equal(count(s, p.table), 10);
	assert_int_equal(put_some(s, &p, NULL), CRM_EBUG);
	crm_store_close_env(s);
	tmpstore_remove(&ts);
}

static void
a_reader_sees_its_own_moment(void **state)
{
	struct puts p = {.first = 1, .count = 10, .size = 5};
	struct puts more = {.first = 11, .count = 10, .size = 5};
	struct tmpstore ts;
	struct crm_store *s;
	struct crm_txn *t, *u;
	uint64_t n;

	(void)state;
	tmpstore_make(&ts);
	s = tmpstore_open(&ts, true);
	assert_int_equal(put_some(s, &p, NULL), CRM_OK);
	assert_int_equal(crm_txn_begin(s, &t, NULL), CRM_OK);
	assert_int_equal(put_some(s, &more, NULL), CRM_OK);
	assert_int_equal(crm_txn_begin(s, &u, NULL), CRM_OK);
	assert_int_equal(crm_count(t, p.table, &n, NULL), CRM_OK);
	assert_int_equal(n, 10);
	assert_int_equal(crm_count(u, p.table, &n, NULL), CRM_OK);
	assert_int_equal(n, 20);
	crm_txn_end(t);
	crm_txn_end(u);
	crm_store_close_env(s);
	tmpstore_remove(&ts);
}

static void
a_table_that_is_not_there_is_empty_and_is_made_by_a_put(void **state)
{
	struct puts p = {
	    .first = 1, .count = 3, .size = 5, .table = KIND(CRM_K_MAX - 1)};
	struct puts q = {
	    .first = 1, .count = 4, .size = 5, .table = KIND(CRM_K_MAX - 2)};
	struct tmpstore ts;
	struct crm_store *s, *r;
	struct crm_txn *t;
	struct crm_cursor *c;
	struct crm_str k, v;
	uint64_t n;

	(void)state;
	tmpstore_make(&ts);
	s = tmpstore_open(&ts, true);
	r = tmpstore_open(&ts, false);
	assert_int_equal(crm_txn_begin(s, &t, NULL), CRM_OK);
	assert_int_equal(
	    crm_get(t, p.table, CRM_STR("x"), &v, NULL), CRM_NOTFOUND);
	assert_int_equal(crm_cursor_open(t, p.table, &c, NULL), CRM_OK);
	assert_int_equal(crm_cursor_next(c, &k, &v, NULL), CRM_NOTFOUND);
	crm_cursor_close(c);
	p.answer = CRM_EDATA;
	assert_int_equal(put_some(s, &p, NULL), CRM_EDATA);
	p.answer = CRM_OK;
	assert_int_equal(put_some(s, &q, NULL), CRM_OK);
	assert_int_equal(put_some(s, &p, NULL), CRM_OK);
	/* the older reader still has none */
	assert_int_equal(crm_count(t, p.table, &n, NULL), CRM_OK);
	assert_int_equal(n, 0);
	crm_txn_end(t);
	assert_int_equal(count(s, p.table), 3);
	assert_int_equal(count(s, q.table), 4);
	/* nor is it missed by who opened before it was made */
	assert_int_equal(count(r, p.table), 3);
	assert_int_equal(count(r, q.table), 4);
	crm_store_close(r); /* the same file is open twice here: */
	crm_store_close_env(s); /* only one may let go of its locks */
	tmpstore_remove(&ts);
}

struct numbers {
	uint64_t got[6];
	uint64_t revision;
};

static int
take_numbers(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	struct numbers *n = ctx;
	char key[8];
	int code = CRM_OK;

	n->revision = crm_txn_revision(t);
	for (int i = 0; code == CRM_OK && i < 3; i++)
		code = crm_txn_next(t, CRM_K_ORDER, &n->got[i], err);
	if (code == CRM_OK)
		code = crm_put(t, KIND(CRM_K_ORDER), crm_number_key(50, key),
		    CRM_STR("x"), 0, err);
	for (int i = 3; code == CRM_OK && i < 6; i++)
		code = crm_txn_next(t, CRM_K_ORDER, &n->got[i], err);
	return code;
}

static void
numbers_go_on_from_the_highest_ever_given(void **state)
{
	struct tmpstore ts;
	struct crm_store *s;
	struct numbers n = {0};
	static const uint64_t first[] = {1, 2, 3, 51, 52, 53};
	static const uint64_t second[] = {51, 52, 53, 54, 55, 56};

	(void)state;
	tmpstore_make(&ts);
	s = tmpstore_open(&ts, true);
	assert_int_equal(
	    crm_txn_run(s, CRM_WRITE, take_numbers, &n, NULL), CRM_OK);
	assert_memory_equal(n.got, first, sizeof(first));
	assert_int_equal(n.revision, 2);
	assert_int_equal(
	    crm_txn_run(s, CRM_WRITE, take_numbers, &n, NULL), CRM_OK);
	assert_memory_equal(n.got, second, sizeof(second));
	assert_int_equal(n.revision, 2); /* nobody has logged one */
	crm_store_close_env(s);
	tmpstore_remove(&ts);
}

static void
a_full_map_grows_and_the_function_runs_again(void **state)
{
	struct puts p = {.first = 1, .count = 3000, .size = 3000};
	struct tmpstore ts;
	struct crm_store *s;
	struct crm_store_info info;
	struct crm_err err = {0};

	(void)state;
	tmpstore_make(&ts);
	s = tmpstore_open_at(ts.path, true, 1 << 20);
	if (put_some(s, &p, &err) < 0)
		fail_msg("%s", err.text);
	assert_true(p.runs > 1);
	assert_int_equal(count(s, p.table), 3000);
	assert_int_equal(crm_store_stat(s, &info, &err), CRM_OK);
	assert_true(info.map_bytes >= 12 << 20);
	crm_store_close_env(s);
	tmpstore_remove(&ts);
}

static void
growth_by_another_process_is_adopted(void **state)
{
	struct puts p = {.first = 1, .count = 3000, .size = 3000};
	struct puts q = {.first = 5000, .count = 5, .size = 10};
	struct tmpstore ts;
	struct crm_store *s;
	struct crm_err err = {0};
	int status;
	pid_t pid;

	(void)state;
	tmpstore_make(&ts);
	pid = fork();
	if (pid == 0) {
		/* waits in the other's way until it is told */
		int code;

		raise(SIGSTOP);
		s = tmpstore_open_at(ts.path, true, 64 << 20);
		code = put_some(s, &p, NULL);
		_exit(code == CRM_OK ? 0 : 1);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
	s = tmpstore_open_at(ts.path, true, 1 << 20);
	assert_int_equal(count(s, KIND(CRM_K_CUSTOMER)), 0);
	kill(pid, SIGCONT);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(count(s, KIND(CRM_K_CUSTOMER)), 3000);
	if (put_some(s, &q, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(count(s, KIND(CRM_K_CUSTOMER)), 3005);
	crm_store_close_env(s);
	tmpstore_remove(&ts);
}

static void
puts_append_replace_and_refuse(void **state)
{
	struct puts p = {.first = 10, .count = 5, .size = 5};
	struct tmpstore ts;
	struct crm_store *s;

	(void)state;
	tmpstore_make(&ts);
	s = tmpstore_open(&ts, true);
	p.flags = CRM_PUT_APPEND;
	assert_int_equal(put_some(s, &p, NULL), CRM_OK);
	assert_int_equal(put_some(s, &p, NULL), CRM_EBUG);
	p.count = 1;
	p.flags = CRM_PUT_NEW;
	assert_int_equal(put_some(s, &p, NULL), CRM_NO);
	p.flags = 0;
	assert_int_equal(put_some(s, &p, NULL), CRM_OK);
	assert_int_equal(count(s, p.table), 5);
	crm_store_close_env(s);
	tmpstore_remove(&ts);
}

/* Searches look at the checksums of what they come by. */
static int
put_sealed(struct crm_txn *t, unsigned table, uint64_t number, const char *text,
    struct crm_err *err)
{
	struct crm_buf b = {0};
	char bytes[8];
	struct crm_str key = crm_number_key(number, bytes);
	int code;

	crm_buf_puts(&b, text);
	crm_seal(table, key, &b);
	code = crm_put(t, table, key, crm_buf_str(&b), CRM_PUT_NEW, err);
	crm_buf_release(&b);
	return code;
}

static int
walk(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	struct crm_cursor *c;
	struct crm_str k, v;
	char key[8];
	uint64_t n = 0;
	const unsigned table = KIND(CRM_K_PRODUCT);

	(void)ctx;
	for (uint64_t i = 10; i <= 50; i += 10)
		assert_int_equal(put_sealed(t, table, i, "v", err), CRM_OK);
	assert_int_equal(put_sealed(t, table, 10, "w", err), CRM_NO);
	assert_int_equal(crm_cursor_open(t, table, &c, err), CRM_OK);
	assert_int_equal(
	    crm_cursor_seek(c, crm_number_key(25, key), &k, &v, err), CRM_OK);
	assert_true(crm_take_be(&k, 8, &n) && n == 30);
	assert_int_equal(crm_cursor_prev(c, &k, &v, err), CRM_OK);
	assert_true(crm_take_be(&k, 8, &n) && n == 20);
	assert_int_equal(crm_cursor_last(c, &k, &v, err), CRM_OK);
	assert_true(crm_take_be(&k, 8, &n) && n == 50);
	assert_int_equal(crm_cursor_next(c, &k, &v, err), CRM_NOTFOUND);
	assert_int_equal(
	    crm_cursor_seek(c, crm_number_key(51, key), &k, &v, err),
	    CRM_NOTFOUND);
	assert_int_equal(crm_cursor_seek(c, CRM_STR(""), &k, &v, err), CRM_OK);
	assert_true(crm_take_be(&k, 8, &n) && n == 10);
	assert_true(v.n == 5 && v.p[0] == 'v');
	crm_cursor_close(c);
	assert_int_equal(
	    crm_del(t, table, crm_number_key(30, key), err), CRM_OK);
	assert_int_equal(
	    crm_del(t, table, crm_number_key(30, key), err), CRM_NOTFOUND);
	assert_int_equal(crm_count(t, table, &n, err), CRM_OK);
	assert_int_equal(n, 4);
	assert_true(crm_txn_dirty(t) >= 1 && crm_txn_dirty(t) < 10);
	assert_int_equal(
	    crm_put(t, table, CRM_STR(""), CRM_STR("v"), 0, err), CRM_EBUG);
	/* a cursor left open is closed with its transaction */
	return crm_cursor_open(t, table, &c, err);
}

static void
cursors_seek_step_and_end(void **state)
{
	struct tmpstore ts;
	struct crm_store *s;

	(void)state;
	tmpstore_make(&ts);
	s = tmpstore_open(&ts, true);
	assert_int_equal(crm_txn_run(s, CRM_WRITE, walk, NULL, NULL), CRM_OK);
	crm_store_close_env(s);
	tmpstore_remove(&ts);
}

/* ---- one writer at a time ---- */

static void
a_second_writer_is_told_busy_and_gets_in_after(void **state)
{
	struct puts p = {.first = 1, .count = 1, .size = 5};
	struct crm_store_options opt = {.write = true, .wait_ms = 30};
	struct tmpstore ts;
	struct crm_store *s;
	struct crm_err err = {0};
	char go;
	int to[2], from[2], status;
	pid_t pid;

	(void)state;
	tmpstore_make(&ts);
	assert_int_equal(pipe(to) | pipe(from), 0);
	pid = fork();
	if (pid == 0) {
		close(to[1]);
		close(from[0]);
		s = tmpstore_open(&ts, true);
		if (crm_store_lock(s, NULL) < 0 || write(from[1], "g", 1) != 1)
			_exit(1);
		_exit(read(to[0], &go, 1) == 0 ? 0 : 1);
	}
	assert_true(pid > 0);
	close(to[0]);
	close(from[1]);
	assert_int_equal(read(from[0], &go, 1), 1);
	opt.path = ts.path;
	assert_int_equal(crm_store_open(&s, &opt, &err), CRM_OK);
	assert_int_equal(put_some(s, &p, &err), CRM_EBUSY);
	assert_non_null(strstr(err.text, "another program is writing"));
	assert_int_equal(p.runs, 0);
	assert_int_equal(count(s, p.table), 0); /* reading goes on */
	close(to[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(put_some(s, &p, &err), CRM_OK);
	close(from[0]);
	crm_store_close_env(s);
	tmpstore_remove(&ts);
}

static void
a_writer_follows_to_the_current_generation(void **state)
{
	struct puts p = {.first = 1, .count = 7, .size = 5};
	struct puts q = {.first = 8, .count = 1, .size = 5};
	struct tmpstore ts;
	struct crm_store *s, *b;
	struct crm_store_info info;
	struct crm_err err = {0};
	char copy[256], from[300], to[256];

	(void)state;
	tmpstore_make(&ts);
	s = tmpstore_open(&ts, true);
	assert_int_equal(put_some(s, &p, NULL), CRM_OK);
	snprintf(copy, sizeof(copy), "%s/copy", ts.dir);
	assert_int_equal(crm_store_backup(s, copy, &err), CRM_OK);
	snprintf(from, sizeof(from), "%s/%s", copy, CRM_GEN_FIRST);
	snprintf(to, sizeof(to), "%s/gen-0000000002", ts.path);
	assert_int_equal(rename(from, to), 0);
	assert_int_equal(crm_gen_link(ts.path, "gen-0000000002", &err), CRM_OK);
	assert_int_equal(put_some(s, &q, NULL), CRM_OK);
	b = tmpstore_open(&ts, false);
	assert_int_equal(crm_store_stat(b, &info, &err), CRM_OK);
	assert_int_equal(info.generation, 2);
	assert_int_equal(count(b, q.table), 8);
	crm_store_close(b);
	crm_store_close_env(s);
	crm_folder_remove(copy);
	crm_gen_remove(ts.path, "gen-0000000002");
	tmpstore_remove(&ts);
}

static void
a_backup_is_a_store_of_its_own(void **state)
{
	struct puts p = {.first = 1, .count = 500, .size = 500};
	struct puts q = {.first = 501, .count = 1, .size = 5};
	struct tmpstore ts;
	struct crm_store *s, *b;
	struct crm_err err = {0};
	struct stat st;
	char copy[256], path[300];
	int fd;
	mode_t mask;

	(void)state;
	tmpstore_make(&ts);
	snprintf(path, sizeof(path), "%s/crm.yaml", ts.path);
	fd = open(path, O_CREAT | O_WRONLY, 0644);
	assert_int_equal(write(fd, "currency: EUR\n", 14), 14);
	close(fd);
	s = tmpstore_open(&ts, true);
	assert_int_equal(put_some(s, &p, NULL), CRM_OK);
	snprintf(copy, sizeof(copy), "%s/copy", ts.dir);
	mask = umask(0);
	if (crm_store_backup(s, copy, &err) < 0)
		fail_msg("%s", err.text);
	umask(mask);
	assert_int_equal(crm_store_backup(s, copy, &err), CRM_ECREATE);
	assert_int_equal(put_some(s, &q, NULL), CRM_OK);
	b = tmpstore_open_at(copy, true, 0);
	assert_int_equal(count(b, p.table), 500);
	assert_int_equal(put_some(b, &q, NULL), CRM_OK);
	crm_store_close_env(b);
	for (int i = 0; i < 5; i++) {
		static const char *const names[] = {
		    "", "data/data.mdb", "crm.yaml", "lock", "data"};

		snprintf(path, sizeof(path), "%s/%s", copy, names[i]);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(
		    st.st_mode & 0777, S_ISDIR(st.st_mode) ? 0700 : 0600);
	}
	crm_store_close_env(s);
	crm_folder_remove(copy);
	tmpstore_remove(&ts);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_new_store_has_its_revision_settings_and_modes),
	    cmocka_unit_test(the_first_revision_says_who_and_why),
	    cmocka_unit_test(a_store_is_not_made_over_another_or_among_files),
	    cmocka_unit_test(a_store_is_made_in_an_empty_folder_that_is_there),
	    cmocka_unit_test(what_is_not_a_store_is_not_opened),
	    cmocka_unit_test(another_format_or_feature_is_refused_with_words),
	    cmocka_unit_test(a_truncated_file_is_refused_and_not_read),
	    cmocka_unit_test(missing_data_is_damage_and_is_not_made_anew),
	    cmocka_unit_test(
		a_damaged_value_does_not_pass_under_its_key_or_another),
	    cmocka_unit_test(what_fails_leaves_nothing_and_no_is_kept),
	    cmocka_unit_test(a_reader_sees_its_own_moment),
	    cmocka_unit_test(
		a_table_that_is_not_there_is_empty_and_is_made_by_a_put),
	    cmocka_unit_test(numbers_go_on_from_the_highest_ever_given),
	    cmocka_unit_test(a_full_map_grows_and_the_function_runs_again),
	    cmocka_unit_test(growth_by_another_process_is_adopted),
	    cmocka_unit_test(puts_append_replace_and_refuse),
	    cmocka_unit_test(cursors_seek_step_and_end),
	    cmocka_unit_test(a_second_writer_is_told_busy_and_gets_in_after),
	    cmocka_unit_test(a_writer_follows_to_the_current_generation),
	    cmocka_unit_test(a_backup_is_a_store_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
