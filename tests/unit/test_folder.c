/*
 * test_folder.c - names, modes and failures of the file system.
 */
#include "unit/tmpstore.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static void
names_lose_slashes_and_have_a_limit(void **state)
{
	static const struct {
		const char *path, *is; /* NULL: refused */
	} rows[] = {
	    {"shop", "shop"},
	    {"/a/b///", "/a/b"},
	    {"/", "/"},
	    {"///", "/"},
	    {"", NULL},
	};
	char out[CRM_STORE_PATH_MAX], path[CRM_PATH_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int code = crm_folder_name(out, rows[i].path, NULL);

		if (!rows[i].is)
			assert_int_equal(code, CRM_EUSAGE);
		else
			assert_string_equal(out, rows[i].is);
	}
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(crm_folder_name(out, path, NULL), CRM_EUSAGE);
	assert_int_equal(crm_folder_temp(path, path, NULL), CRM_EUSAGE);
}

static void
what_is_made_is_for_its_owner_only(void **state)
{
	struct tmpstore ts;
	struct stat st;
	char path[200], other[200];
	mode_t was = umask(0);
	int fd;

	(void)state;
	tmpstore_folder(&ts);
	assert_int_equal(crm_folder_make(ts.path, NULL), CRM_OK);
	assert_int_equal(crm_folder_make(ts.path, NULL), CRM_ECREATE);
	assert_int_equal(stat(ts.path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	snprintf(path, sizeof(path), "%s/lock", ts.path);
	umask(0777);
	fd = crm_folder_create(path, NULL);
	umask(was);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(crm_folder_create(path, NULL), CRM_ECREATE);
	/* no name is taken from another */
	snprintf(other, sizeof(other), "%s/other", ts.dir);
	assert_int_equal(mkdir(other, 0700), 0);
	assert_int_equal(crm_folder_rename(ts.path, other, NULL), CRM_ECREATE);
	assert_int_equal(rmdir(other), 0);
	assert_int_equal(crm_folder_rename(ts.path, other, NULL), CRM_OK);
	assert_int_equal(crm_folder_rename(ts.path, other, NULL), CRM_ECREATE);
	assert_int_equal(crm_folder_sync(other, NULL), CRM_OK);
	assert_int_equal(crm_folder_sync_parent(other, NULL), CRM_OK);
	assert_int_equal(crm_folder_sync_parent("here", NULL), CRM_OK);
	assert_int_equal(crm_folder_sync_parent("/top", NULL), CRM_OK);
	assert_int_equal(crm_folder_sync("/nowhere", NULL), CRM_EIO);
	crm_folder_remove(other);
	assert_int_equal(stat(other, &st), -1);
	tmpstore_remove(&ts);
}

static void
failures_say_what_they_are(void **state)
{
	static const struct {
		const char *folder;
		int error, code;
		const char *says;
	} rows[] = {
	    {"/tmp", ENOSPC, CRM_EIO, "disk full: '/tmp' has "},
	    {"/tmp", EDQUOT, CRM_EIO, "free, but the quota is used up"},
	    {"/nowhere", ENOSPC, CRM_EIO, "'/nowhere' has 0 MiB free"},
	    {"/tmp", EIO, CRM_EIO, "cannot write to '/tmp'"},
	    /* a full disk may be shown as that */
	    {"/proc", EIO, CRM_EIO, "disk full: '/proc' has 0 MiB free"},
	    {"/tmp", EACCES, CRM_EPERM, "cannot write to '/tmp'"},
	    {"/tmp", EROFS, CRM_EPERM, "cannot write to '/tmp'"},
	    {"/tmp", EPERM, CRM_EPERM, "cannot write to '/tmp'"},
	    {"/tmp", ENOMEM, CRM_ENOMEM, "cannot write to '/tmp'"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct crm_err err = {0};
		int code = crm_folder_fail(
		    rows[i].folder, rows[i].error, "cannot write to", &err);

		if (code != rows[i].code || !strstr(err.text, rows[i].says))
			fail_msg("row %zu: %d %s", i, code, err.text);
	}
}

static void
a_folder_is_looked_at(void **state)
{
	struct crm_err err = {0};
	bool readonly = true;

	(void)state;
	assert_int_equal(crm_folder_check("/tmp", &readonly, &err), CRM_OK);
	assert_false(readonly);
	assert_int_equal(
	    crm_folder_check("/nowhere", &readonly, &err), CRM_ENOINPUT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_lose_slashes_and_have_a_limit),
	    cmocka_unit_test(what_is_made_is_for_its_owner_only),
	    cmocka_unit_test(failures_say_what_they_are),
	    cmocka_unit_test(a_folder_is_looked_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
