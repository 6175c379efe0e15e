/*
 * test_env_check.c - pages of the data file that are not what they should be.
 */
#include "unit/tmpstore.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include <crm/hash.h>

#include "store/env_pages.h"

#define TABLE (CRM_TAB_KIND + CRM_K_TOUCH)
#define ENTRIES 300
#define PAGE 4096

static int
put_many(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	static char text[9000];
	struct crm_buf b = {0};
	char key[8];
	int code = CRM_OK;

	(void)ctx;
	memset(text, 'x', sizeof(text));
	for (uint64_t i = 1; i <= ENTRIES && code == CRM_OK; i++) {
		struct crm_str k = crm_number_key(i, key);

		crm_buf_clear(&b);
		crm_buf_put(&b, text, i % 100 == 50 ? 9000 : 60);
		crm_seal(TABLE, k, &b);
		code = crm_put(t, TABLE, k, crm_buf_str(&b), 0, err);
	}
	for (uint64_t i = 10; i <= 60 && code == CRM_OK; i += 10)
		code = crm_del(t, TABLE, crm_number_key(i, key), err);
	crm_buf_release(&b);
	return code;
}

struct file {
	struct tmpstore ts;
	char path[160];
	unsigned char *p;
	size_t n;
};

static void
file_make(struct file *f)
{
	struct crm_store *s;
	struct stat st;
	int fd;

	tmpstore_make(&f->ts);
	s = tmpstore_open(&f->ts, true);
	assert_int_equal(
	    crm_txn_run(s, CRM_WRITE, put_many, NULL, NULL), CRM_OK);
	crm_store_close_env(s);
	snprintf(
	    f->path, sizeof(f->path), "%s/gen-0000000001/data.mdb", f->ts.path);
	fd = open(f->path, O_RDONLY);
	assert_int_equal(fstat(fd, &st), 0);
	f->n = (size_t)st.st_size;
	f->p = malloc(f->n);
	assert_non_null(f->p);
	assert_int_equal(pread(fd, f->p, f->n, 0), (ssize_t)f->n);
	close(fd);
}

static void
file_save(const struct file *f, size_t n)
{
	int fd = open(f->path, O_WRONLY);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, f->p, n, 0), (ssize_t)n);
	assert_int_equal(ftruncate(fd, (off_t)n), 0);
	close(fd);
}

static void
file_remove(struct file *f)
{
	free(f->p);
	tmpstore_remove(&f->ts);
}

static int
count_fault(
    void *ctx, struct crm_str where, struct crm_str what, struct crm_err *err)
{
	(void)where;
	(void)what;
	(void)err;
	++*(unsigned *)ctx;
	return CRM_OK;
}

/* CRM_OK, CRM_NO when pages have faults, or why it was not opened. */
static int
look(const struct file *f)
{
	struct crm_store_options opt = {.path = f->ts.path};
	struct crm_store *s = NULL;
	struct crm_err err = {0};
	uint64_t pages;
	unsigned faults = 0;
	int code = crm_store_open(&s, &opt, &err);

	if (code == CRM_OK)
		code = crm_store_pages(s, count_fault, &faults, &pages, &err);
	if (code == CRM_OK)
		assert_int_equal(faults, 0);
	if (code == CRM_NO)
		assert_true(faults > 0);
	if (s)
		crm_store_close_env(s);
	return code;
}

static void
a_sound_file_has_no_faults_and_every_page_is_counted(void **state)
{
	struct crm_store_options opt = {0};
	struct crm_store *s;
	struct file f;
	uint64_t pages;

	(void)state;
	file_make(&f);
	assert_int_equal(look(&f), CRM_OK);
	opt.path = f.ts.path;
	assert_int_equal(crm_store_open(&s, &opt, NULL), CRM_OK);
	assert_int_equal(crm_store_pages(s, NULL, NULL, &pages, NULL), CRM_OK);
	assert_int_equal(pages, f.n / PAGE - 2);
	crm_store_close_env(s);
	file_remove(&f);
}

/* Each bit of each page's header, and of some offsets of entries. */
static void
bent_headers_are_found(void **state)
{
	struct file f;
	unsigned tried = 0;

	(void)state;
	file_make(&f);
	for (size_t at = 2 * PAGE; at < f.n; at += PAGE) {
		unsigned flags = f.p[at + 10];

		/* The rest of long values, and pages that are free. */
		if ((flags != 1 && flags != 2) ||
		    f.p[at] + 256U * f.p[at + 1] != at / PAGE)
			continue;
		for (size_t bit = 0; bit < 24 * 8; bit += 5) {
			size_t byte = at + bit / 8;
			int code;

			if (bit / 8 == 8 || bit / 8 == 9)
				continue; /* not used */
			f.p[byte] ^= (unsigned char)(1U << bit % 8);
			file_save(&f, f.n);
			code = look(&f);
			f.p[byte] ^= (unsigned char)(1U << bit % 8);
			/* a page that is no longer used may say anything */
			if (code == CRM_OK)
				continue;
			assert_true(code == CRM_NO || code == CRM_EDAMAGE);
			tried++;
		}
	}
	assert_true(tried > 100);
	file_save(&f, f.n);
	assert_int_equal(look(&f), CRM_OK);
	file_remove(&f);
}

static void
meta_pages_are_looked_at_before_they_are_used(void **state)
{
	/* Of the page's header, magic, version, size and number of a commit:
	 * a state long gone is not to come back. */
	static const size_t at[] = {10, 16, 20, 40, 41, 44, 144, 150};
	struct file f;

	(void)state;
	file_make(&f);
	for (size_t page = 0; page < 2; page++)
		for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
			size_t byte = page * PAGE + at[i];

			f.p[byte] ^= 0x10;
			file_save(&f, f.n);
			if (look(&f) != CRM_EDAMAGE)
				fail_msg("byte %zu of page %zu", at[i], page);
			f.p[byte] ^= 0x10;
		}
	file_remove(&f);
}

static void
a_file_is_refused_only_without_pages_that_are_used(void **state)
{
	struct file f;
	unsigned sound = 0;

	(void)state;
	file_make(&f);
	/* Whatever the length: sound, or refused, and never read past. */
	for (size_t n = f.n; n >= 4 * PAGE; n -= PAGE) {
		int code;

		file_save(&f, n);
		code = look(&f);
		sound += code == CRM_OK;
		assert_true(code == CRM_OK || code == CRM_EDAMAGE);
		file_save(&f, f.n);
	}
	assert_true(sound >= 1 && sound < f.n / PAGE - 3);
	file_remove(&f);
}

/* A bent key leads a search astray; what is there is not "not found". */
static void
a_search_led_astray_says_so(void **state)
{
	struct file f;
	unsigned told = 0;

	(void)state;
	file_make(&f);
	for (uint64_t i = 100; i < 200; i += 7) {
		char key[8], other[8];
		struct crm_str k = crm_number_key(i, key), v;
		struct crm_store *s;
		struct crm_txn *t;

		memcpy(other, key, 8);
		other[3] ^= 0x20;
		for (size_t at = 2 * PAGE; at + 8 < f.n; at++)
			if (memcmp(f.p + at, key, 8) == 0)
				memcpy(f.p + at, other, 8);
		file_save(&f, f.n);
		s = tmpstore_open(&f.ts, false);
		assert_int_equal(crm_txn_begin(s, &t, NULL), CRM_OK);
		for (uint64_t j = 90; j < 210; j++) {
			int code;

			k = crm_number_key(j, key);
			code = crm_get(t, TABLE, k, &v, NULL);
			if (code == CRM_NOTFOUND)
				fail_msg("%llu is there, %llu is bent",
				    (unsigned long long)j,
				    (unsigned long long)i);
			told += code == CRM_EDAMAGE;
		}
		crm_txn_end(t);
		crm_store_close_env(s);
		crm_number_key(i, key);
		for (size_t at = 2 * PAGE; at + 8 < f.n; at++)
			if (memcmp(f.p + at, other, 8) == 0)
				memcpy(f.p + at, key, 8);
	}
	assert_true(told >= 15);
	file_remove(&f);
}

/* One that was bent would pass for a table that is not made yet. */
static void
the_name_of_a_table_is_no_other(void **state)
{
	static const struct {
		const char *was, *is;
	} rows[] = {
	    {"sales", "salgs"},
	    {"tally", "4ally"},
	    {"k01", "k09"},
	    {"k01", "ko1"},
	    {"log", "lo'"},
	};
	struct file f;

	(void)state;
	file_make(&f);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t n = strlen(rows[i].was);

		for (size_t at = 2 * PAGE; at + n < f.n; at++)
			if (memcmp(f.p + at, rows[i].was, n) == 0)
				memcpy(f.p + at, rows[i].is, n);
		file_save(&f, f.n);
		if (look(&f) != CRM_EDAMAGE)
			fail_msg("%s for %s", rows[i].is, rows[i].was);
		for (size_t at = 2 * PAGE; at + n < f.n; at++)
			if (memcmp(f.p + at, rows[i].is, n) == 0)
				memcpy(f.p + at, rows[i].was, n);
	}
	file_remove(&f);
}

/* Takes the last entry out of each leaf, or branch, of the table: flags are
 * those of the page. */
static unsigned
hide_last(struct file *f, unsigned flags)
{
	unsigned n = 0;

	for (size_t at = 2 * PAGE; at < f->n; at += PAGE) {
		unsigned char *p = f->p + at;
		size_t second = p[18] + 256U * p[19];

		if (p[10] != flags || p[13] != 0 || p[12] < 22 ||
		    second + 8 >= PAGE || f->p[at + second + 6] != 8)
			continue; /* keys of the table have 8 bytes */
		p[12] = (unsigned char)(p[12] - 2);
		n++;
	}
	return n;
}

/* A page that hides its last entry hides it from a search, and from a walk
 * that begins in the middle, whose end nobody counts. */
static void
what_a_page_leaves_out_is_missed(void **state)
{
	struct crm_str k, v;
	struct crm_cursor *c;
	struct crm_store *s;
	struct crm_txn *t;
	struct file f;
	char key[8];
	int code;

	(void)state;
	for (unsigned flags = 1; flags <= 2; flags++) {
		unsigned told = 0;

		file_make(&f);
		assert_true(hide_last(&f, flags) > 0);
		file_save(&f, f.n);
		s = tmpstore_open(&f.ts, false);
		assert_int_equal(crm_txn_begin(s, &t, NULL), CRM_OK);
		for (uint64_t i = 61; i <= ENTRIES; i++) {
			code =
			    crm_get(t, TABLE, crm_number_key(i, key), &v, NULL);
			if (code == CRM_NOTFOUND)
				fail_msg(
				    "%llu is there", (unsigned long long)i);
			told += code == CRM_EDAMAGE;
		}
		assert_true(told > 0);
		crm_txn_end(t);
		assert_int_equal(crm_txn_begin(s, &t, NULL), CRM_OK);
		assert_int_equal(crm_cursor_open(t, TABLE, &c, NULL), CRM_OK);
		code = crm_cursor_seek(c, crm_number_key(5, key), &k, &v, NULL);
		while (code == CRM_OK)
			code = crm_cursor_next(c, &k, &v, NULL);
		assert_int_equal(code, CRM_EDAMAGE);
		assert_int_equal(crm_cursor_last(c, &k, &v, NULL), CRM_EDAMAGE);
		crm_cursor_close(c);
		crm_txn_end(t);
		crm_store_close_env(s);
		file_remove(&f);
	}
}

/* Lets an entry of a branch of the table lead to the leaf of another one. */
static bool
lead_to(struct file *f, size_t entry, size_t other)
{
	for (size_t at = 2 * PAGE; at < f->n; at += PAGE) {
		unsigned char *p = f->p + at;
		size_t a = 16 + 2 * entry, b = 16 + 2 * other;

		if (p[10] != 1 || p[13] != 0 || p[12] <= a || p[12] <= b)
			continue;
		a = p[a] + 256U * p[a + 1];
		b = p[b] + 256U * p[b + 1];
		if (p[a + 6] != 8)
			continue; /* keys of the table have 8 bytes */
		memcpy(p + a, p + b, 4);
		return true;
	}
	return false;
}

/* Each way to a key finds it, or says that it cannot. */
static unsigned
count_astray(struct crm_txn *t, struct crm_str key)
{
	struct crm_cursor *c;
	struct crm_str k, v;
	unsigned told;
	int code = crm_get(t, TABLE, key, &v, NULL);

	assert_true(code == CRM_OK || code == CRM_EDAMAGE);
	told = code == CRM_EDAMAGE;
	assert_int_equal(crm_cursor_open(t, TABLE, &c, NULL), CRM_OK);
	code = crm_cursor_seek(c, key, &k, &v, NULL);
	assert_true(
	    code == CRM_EDAMAGE || (code == CRM_OK && crm_str_eq(k, key)));
	told += code == CRM_EDAMAGE;
	crm_cursor_close(c);
	assert_int_equal(crm_cursor_open(t, TABLE, &c, NULL), CRM_OK);
	code = crm_cursor_hop(c, key, &k, NULL);
	assert_true(
	    code == CRM_EDAMAGE || (code == CRM_OK && crm_str_eq(k, key)));
	told += code == CRM_EDAMAGE;
	crm_cursor_close(c);
	return told;
}

/* All pages are in order, and each entry lies between its neighbours; only that
 * a leaf is not the one for these keys. */
static void
a_leaf_that_is_another_one_is_noticed(void **state)
{
	static const size_t to[] = {0, 1, 2, 4, 5};

	(void)state;
	for (size_t i = 0; i < sizeof to / sizeof *to; i++) {
		struct crm_store *s;
		struct crm_txn *t;
		struct file f;
		unsigned told = 0;
		char key[8];

		file_make(&f);
		assert_true(lead_to(&f, 3, to[i]));
		file_save(&f, f.n);
		s = tmpstore_open(&f.ts, false);
		assert_int_equal(crm_txn_begin(s, &t, NULL), CRM_OK);
		for (uint64_t n = 61; n <= ENTRIES; n++)
			told += count_astray(t, crm_number_key(n, key));
		assert_true(told > 0);
		crm_txn_end(t);
		crm_store_close_env(s);
		file_remove(&f);
	}
}

/* Every entry is found, or damage is; what was deleted is not. */
static void
read_all(struct crm_store *s)
{
	struct crm_txn *t;
	struct crm_cursor *c;
	struct crm_str v, k;
	char kb[8];

	assert_int_equal(crm_txn_begin(s, &t, NULL), CRM_OK);
	assert_int_equal(crm_cursor_open(t, TABLE, &c, NULL), CRM_OK);
	for (uint64_t i = 1; i <= ENTRIES; i++) {
		bool gone = i <= 60 && i % 10 == 0;
		struct crm_str key = crm_number_key(i, kb);
		int code = crm_get(t, TABLE, key, &v, NULL);

		if (code == CRM_OK)
			code = crm_unseal(TABLE, key, &v, NULL);
		assert_true(code == (gone ? CRM_NOTFOUND : CRM_OK) ||
			    code == CRM_EDAMAGE);
		code = crm_cursor_hop(c, key, &k, NULL);
		assert_true(code == CRM_EDAMAGE ||
			    (code == CRM_OK && crm_str_eq(k, key) == !gone));
	}
	crm_cursor_close(c);
	crm_txn_end(t);
}

/* By its number it is known where the map begins. */
static void
a_number_bent_after_opening_does_not_lead_out_of_the_map(void **state)
{
	struct crm_page_meta m[2];
	struct file f;
	size_t at;
	int fd;

	(void)state;
	file_make(&f);
	fd = open(f.path, O_RDWR);
	assert_null(crm_page_metas(fd, m));
	at = m[m[1].txn > m[0].txn].main.root * PAGE;
	for (unsigned bit = 0; bit < 64; bit++) {
		struct crm_store *s = tmpstore_open(&f.ts, false);
		unsigned char byte = f.p[at + bit / 8];

		read_all(s);
		byte ^= (unsigned char)(1U << bit % 8);
		assert_int_equal(
		    pwrite(fd, &byte, 1, (off_t)(at + bit / 8)), 1);
		read_all(s);
		assert_int_equal(pwrite(fd, f.p + at, 8, (off_t)at), 8);
		crm_store_close_env(s);
	}
	close(fd);
	file_remove(&f);
}

/* Where a leaf of the file has the key of an entry; 0: none has. */
static size_t
key_at(const struct file *f, uint64_t number)
{
	char key[8];

	crm_number_key(number, key);
	for (size_t at = 2 * PAGE; at < f->n; at += PAGE) {
		const unsigned char *p = f->p + at;
		size_t lower = p[12] + 256U * p[13];

		for (size_t i = 16; p[10] == 2 && i < lower; i += 2) {
			size_t node = p[i] + 256U * p[i + 1];

			if (p[node + 6] == 8 && p[node] == 64 &&
			    memcmp(p + node + 8, key, 8) == 0)
				return at + node + 8;
		}
	}
	return 0;
}

/* Goes over all that is from a number on, as who stops at any; CRM_NOTFOUND at
 * the end. */
static int
go_over(struct crm_cursor *c, uint64_t from)
{
	uint64_t number, at;
	struct crm_str k;
	char key[8];
	size_t n;
	int code = crm_cursor_hop(c, crm_number_key(from, key), &k, NULL);

	while (code == CRM_OK) {
		assert_true(crm_take_be(&k, 8, &at));
		assert_int_equal(at, from++);
		code = crm_cursor_numbers(c, &number, 1, &n, NULL);
		if (code == CRM_OK && n > 0)
			assert_int_equal(number, from++);
		if (code == CRM_OK)
			code = crm_cursor_step(c, &k, NULL);
	}
	if (code == CRM_NOTFOUND)
		assert_int_equal(from, ENTRIES + 1);
	return code;
}

/* Its neighbours may still be on either side of it. */
static void
a_key_that_was_bent_is_not_gone_past(void **state)
{
	struct file f;
	size_t at;

	(void)state;
	file_make(&f);
	for (uint64_t number = 95; number < 160; number += 16) {
		at = key_at(&f, number);
		assert_true(at > 0);
		for (unsigned bit = 0; bit < 64; bit++) {
			struct crm_cursor *c;
			struct crm_store *s;
			struct crm_txn *t;

			f.p[at + bit / 8] ^= (unsigned char)(1U << bit % 8);
			file_save(&f, f.n);
			f.p[at + bit / 8] ^= (unsigned char)(1U << bit % 8);
			s = tmpstore_open(&f.ts, false);
			assert_int_equal(crm_txn_begin(s, &t, NULL), CRM_OK);
			assert_int_equal(
			    crm_cursor_open(t, TABLE, &c, NULL), CRM_OK);
			assert_int_equal(go_over(c, 61), CRM_EDAMAGE);
			crm_cursor_close(c);
			crm_txn_end(t);
			crm_store_close_env(s);
		}
	}
	file_remove(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		a_sound_file_has_no_faults_and_every_page_is_counted),
	    cmocka_unit_test(bent_headers_are_found),
	    cmocka_unit_test(meta_pages_are_looked_at_before_they_are_used),
	    cmocka_unit_test(
		a_file_is_refused_only_without_pages_that_are_used),
	    cmocka_unit_test(a_search_led_astray_says_so),
	    cmocka_unit_test(the_name_of_a_table_is_no_other),
	    cmocka_unit_test(what_a_page_leaves_out_is_missed),
	    cmocka_unit_test(a_leaf_that_is_another_one_is_noticed),
	    cmocka_unit_test(
		a_number_bent_after_opening_does_not_lead_out_of_the_map),
	    cmocka_unit_test(a_key_that_was_bent_is_not_gone_past),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
