/*
 * test_os.c - whole files, temporary files, spools in memory and on disk.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <crm/hash.h>
#include <crm/os.h>

static const char *
temp_dir(void)
{
	const char *dir = getenv("TMPDIR");

	return dir && *dir ? dir : "/tmp";
}

/* A file with n bytes of x; its name in path. */
static void
make_file(char *path, size_t size, size_t n)
{
	struct crm_buf b = {0};
	struct crm_err err;
	int fd;

	snprintf(path, size, "%s/crm-test-XXXXXX", temp_dir());
	fd = mkstemp(path);
	assert_true(fd >= 0);
	for (size_t i = 0; i < n; i++)
		crm_buf_putc(&b, 'x');
	assert_int_equal(crm_write_all(fd, b.p, b.n, path, &err), CRM_OK);
	close(fd);
	crm_buf_release(&b);
}

static void
a_file_is_read_up_to_its_maximum(void **state)
{
	static const size_t sizes[] = {0, 1, 1000, 65535, 65536, 200000};
	struct crm_buf b = {0};
	struct crm_err err;
	char path[256];

	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		size_t n = sizes[i];

		make_file(path, sizeof path, n);
		crm_buf_clear(&b);
		crm_buf_puts(&b, "ab");
		assert_int_equal(crm_read_file(path, n, &b, &err), CRM_OK);
		assert_int_equal(b.n, n + 2);
		assert_int_equal(crm_read_file(path, n + 9, &b, &err), CRM_OK);
		assert_int_equal(b.n, 2 * n + 2);
		if (n > 0)
			assert_int_equal(
			    crm_read_file(path, n - 1, &b, &err), CRM_EDATA);
		assert_int_equal(b.n, 2 * n + 2);
		unlink(path);
	}
	crm_buf_release(&b);
}

static void
a_file_that_cannot_be_read_says_why(void **state)
{
	struct crm_buf b = {0};
	struct crm_err err;

	(void)state;
	assert_int_equal(
	    crm_read_file("/nonexistent/x", 10, &b, &err), CRM_ENOINPUT);
	assert_string_equal(
	    err.text, "open '/nonexistent/x': No such file or directory");
	assert_int_equal(
	    crm_read_file("/dev/null/x", 10, &b, &err), CRM_ENOINPUT);
	assert_int_equal(crm_read_file(temp_dir(), 10, &b, &err), CRM_EIO);
	crm_buf_release(&b);
}

static void
a_full_disk_is_called_so(void **state)
{
	struct crm_err err;
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

	(void)state;
	if (fd < 0)
		skip();
	assert_int_equal(crm_write_all(fd, "x", 1, "out.tsv", &err), CRM_EIO);
	assert_string_equal(err.text, "write 'out.tsv': disk full");
	assert_int_equal(crm_write_all(fd, "", 0, "out.tsv", &err), CRM_OK);
	close(fd);
}

static void
a_temporary_file_is_private_and_has_no_name(void **state)
{
	struct crm_err err;
	struct stat st;
	int fd = crm_temp_file(temp_dir(), &err);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_nlink, 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
	assert_int_equal(crm_temp_file("/nonexistent", &err), CRM_ECREATE);
}

/* Record i of a spool: its length before it, every byte a function of i. */
static size_t
make_record(unsigned char *p, size_t max, struct crm_rand *r)
{
	size_t n = (size_t)crm_rand_below(
	    r, crm_rand_below(r, 40) == 0 ? max - 4 : 60);

	for (size_t i = 0; i < n; i++)
		p[4 + i] = (unsigned char)(n + i);
	for (int i = 0; i < 4; i++)
		p[i] = (unsigned char)(n >> (8 * i));
	return n + 4;
}

static void
check_records(struct crm_spool *s, unsigned count, uint64_t seed)
{
	enum { MAX = 400000 };
	unsigned char *want = malloc(MAX), *got = malloc(MAX);
	struct crm_err err;
	struct crm_rand r;
	const char *seen;
	uint64_t at = 0;

	assert_non_null(want);
	assert_non_null(got);
	crm_rand_seed(&r, seed);
	for (unsigned i = 0; i < count; i++) {
		size_t n = make_record(want, MAX, &r);

		assert_int_equal(crm_spool_pread(s, at, got, 4, &err), CRM_OK);
		assert_int_equal(
		    crm_spool_pread(s, at + 4, got + 4, n - 4, &err), CRM_OK);
		assert_memory_equal(got, want, n);
		seen = crm_spool_view(s, at, n);
		assert_int_equal(seen == NULL, s->spilled);
		if (seen != NULL)
			assert_memory_equal(seen, want, n);
		at += n;
	}
	assert_int_equal(crm_spool_pread(s, at, got, 1, &err), CRM_EIO);
	assert_null(crm_spool_view(s, at, 1));
	free(want);
	free(got);
}

static void
a_spool_gives_back_what_was_written(void **state)
{
	enum { MAX = 400000, COUNT = 400 };
	static const size_t keeps[] = {0, 100, 300000, 1 << 20, 1 << 30};
	unsigned char *record = malloc(MAX);
	uint64_t place[COUNT];
	struct crm_err err;

	(void)state;
	assert_non_null(record);
	for (size_t k = 0; k < sizeof keeps / sizeof *keeps; k++) {
		struct crm_spool s = {.dir = temp_dir(), .keep = keeps[k]};
		struct crm_rand r, again;
		unsigned char head[4];

		crm_rand_seed(&r, k);
		again = r;
		for (unsigned i = 0; i < COUNT; i++) {
			size_t n = make_record(record, MAX, &r);

			place[i] = s.size;
			assert_int_equal(
			    crm_spool_write(&s, record, n, &err), CRM_OK);
			/* Looking back does not disturb the writing. */
			assert_int_equal(
			    crm_spool_pread(&s, place[i / 2], head, 4, &err),
			    CRM_OK);
		}
		assert_true(s.spilled == (s.size > keeps[k]));
		check_records(&s, COUNT, k);
		for (unsigned i = 0; i < COUNT; i++) {
			size_t n = make_record(record, MAX, &again);

			assert_int_equal(
			    crm_spool_pread(&s, place[i], head, 4, &err),
			    CRM_OK);
			assert_memory_equal(head, record, 4);
			assert_true(n >= 4);
		}
		crm_spool_release(&s);
		crm_spool_release(&s);
		assert_int_equal(s.size, 0);
	}
	free(record);
}

static void
a_spool_can_be_written_on_after_reading(void **state)
{
	struct crm_spool s = {.dir = temp_dir(), .keep = 2};
	struct crm_err err;
	char got[12] = "";

	(void)state;
	assert_int_equal(crm_spool_write(&s, "abcdefgh", 8, &err), CRM_OK);
	/* So many in a row that it reads ahead. */
	for (unsigned i = 0; i < 7; i++)
		assert_int_equal(
		    crm_spool_pread(&s, i, &got[i], 1, &err), CRM_OK);
	assert_int_equal(crm_spool_write(&s, "ijk", 3, &err), CRM_OK);
	assert_int_equal(crm_spool_pread(&s, 7, got + 7, 4, &err), CRM_OK);
	assert_string_equal(got, "abcdefghijk");
	crm_spool_release(&s);
}

static void
a_spool_refuses_to_read_past_its_end(void **state)
{
	struct crm_spool s = {.keep = 100};
	struct crm_err err;
	char got[8];

	(void)state;
	assert_int_equal(crm_spool_pread(&s, 0, got, 1, &err), CRM_EIO);
	assert_int_equal(crm_spool_write(&s, "abc", 3, &err), CRM_OK);
	assert_int_equal(crm_spool_pread(&s, 0, got, 4, &err), CRM_EIO);
	assert_int_equal(crm_spool_pread(&s, 2, got, 2, &err), CRM_EIO);
	assert_int_equal(
	    crm_spool_pread(&s, UINT64_MAX, got, 2, &err), CRM_EIO);
	assert_int_equal(crm_spool_pread(&s, 1, got, 2, &err), CRM_OK);
	assert_memory_equal(got, "bc", 2);
	crm_spool_release(&s);
}

static void
a_spool_without_a_folder_fails_whole(void **state)
{
	struct crm_spool s = {.dir = "/nonexistent", .keep = 2};
	struct crm_err err;

	(void)state;
	assert_int_equal(crm_spool_write(&s, "ab", 2, &err), CRM_OK);
	assert_int_equal(crm_spool_write(&s, "c", 1, &err), CRM_ECREATE);
	assert_int_equal(s.size, 2);
	crm_spool_release(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_file_is_read_up_to_its_maximum),
	    cmocka_unit_test(a_file_that_cannot_be_read_says_why),
	    cmocka_unit_test(a_full_disk_is_called_so),
	    cmocka_unit_test(a_temporary_file_is_private_and_has_no_name),
	    cmocka_unit_test(a_spool_gives_back_what_was_written),
	    cmocka_unit_test(a_spool_can_be_written_on_after_reading),
	    cmocka_unit_test(a_spool_refuses_to_read_past_its_end),
	    cmocka_unit_test(a_spool_without_a_folder_fails_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
