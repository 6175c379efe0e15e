/*
 * test_cli_rejects.c - what --keep-going passes over, and the file of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli_parts.h"

static const struct cli_command command = {"crm-x", "a command", NULL, 0, NULL};
static char path[] = "/tmp/crm-rejects-XXXXXX";

static int
setup(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int
teardown(void **state)
{
	(void)state;
	return unlink(path);
}

/* A line that is wrong; stderr is kept quiet. */
static int
reject(struct cli_rejects *r, const char *raw, int code, struct crm_err *err)
{
	int fd = dup(STDERR_FILENO), null = crm_temp_file("/tmp", NULL);

	assert_true(fd >= 0 && null >= 0);
	dup2(null, STDERR_FILENO);
	crm_err_set(err, code, "'12,5' is not a decimal");
	crm_err_field(err, "total", 5);
	code = cli_reject(r, crm_str(raw), err);
	dup2(fd, STDERR_FILENO);
	close(fd);
	close(null);
	return code;
}

static void
rejects_keep_the_form_of_the_input(void **state)
{
	static const struct {
		const char *name;
		char sep;
		const char *head, *raw, *want;
	} row[] = {
	    {"a stream", 0, "id\ttotal", "1\t12,5",
		"id\ttotal\trejected\n1\t12,5\ttotal: '12,5' is not a "
		"decimal\n"},
	    {"csv with its ends", ',', "id,total\r\n", "1,\"12,5\"\r\n",
		"id,total,rejected\r\n1,\"12,5\",\"total: '12,5' is not a "
		"decimal\"\r\n"},
	    {"csv with semicolons", ';', "id;total\n", "1;12,5\n",
		"id;total;rejected\n1;12,5;total: '12,5' is not a decimal\n"},
	    {"a last line cut", ',', "id\n", "1",
		"id,rejected\n1,\"total: '12,5' is not a decimal\"\n"},
	    {"rejects again", ',', "id,rejected\n", "1,\"a \"\"b\"\", c\"\n",
		"id,rejected\n1,\"total: '12,5' is not a decimal\"\n"},
	    {"a stream again", 0, "id\trejected", "1\told",
		"id\trejected\n1\ttotal: '12,5' is not a decimal\n"},
	    {"no header", 0, NULL, "1\t2",
		"1\t2\ttotal: '12,5' is not a decimal\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct cli c = {.command = &command};
		struct crm_err err = {0};
		struct crm_buf got = {0};
		struct cli_rejects *r;

		cli_opt = (struct cli_opt){.keep_going = true, .rejects = path};
		assert_int_equal(cli_rejects_open(&c, &r, &err), CRM_OK);
		if (row[i].sep)
			cli_rejects_csv(r, row[i].sep);
		if (row[i].head)
			assert_int_equal(
			    cli_rejects_header(r, crm_str(row[i].head), &err),
			    CRM_OK);
		assert_int_equal(reject(r, row[i].raw, CRM_EDATA, &err), 0);
		assert_int_equal(err.text[0], 0);
		assert_int_equal(cli_rejects_count(r), 1);
		assert_int_equal(cli_rejects_close(r, &err), CRM_OK);
		assert_int_equal(crm_read_file(path, 9999, &got, &err), CRM_OK);
		if (strcmp(crm_buf_cstr(&got), row[i].want) != 0)
			fail_msg("%s: '%s', wanted '%s'", row[i].name, got.p,
			    row[i].want);
		crm_buf_release(&got);
		crm_arena_release(&c.arena);
	}
}

static void
only_wrong_data_is_passed_over_and_only_when_asked(void **state)
{
	static const struct {
		bool keep_going;
		int code, want;
	} row[] = {
	    {true, CRM_EDATA, CRM_OK},
	    {true, CRM_NOTFOUND, CRM_OK},
	    {true, CRM_EIO, CRM_EIO},
	    {true, CRM_ENOMEM, CRM_ENOMEM},
	    {true, CRM_EBUSY, CRM_EBUSY},
	    {true, CRM_EUSAGE, CRM_EUSAGE},
	    {false, CRM_EDATA, CRM_EDATA},
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct cli c = {.command = &command};
		struct crm_err err = {0};
		struct cli_rejects *r;

		cli_opt = (struct cli_opt){.keep_going = row[i].keep_going};
		assert_int_equal(cli_rejects_open(&c, &r, &err), CRM_OK);
		assert_int_equal(
		    reject(r, "x", row[i].code, &err), row[i].want);
		assert_int_equal(cli_rejects_count(r), row[i].want == CRM_OK);
		cli_rejects_close(r, NULL);
		crm_arena_release(&c.arena);
	}
}

static void
more_than_the_maximum_ends_the_run(void **state)
{
	struct cli c = {.command = &command};
	struct crm_err err = {0};
	struct cli_rejects *r;

	(void)state;
	cli_opt = (struct cli_opt){
	    .keep_going = true, .has_max_rejects = true, .max_rejects = 2};
	assert_int_equal(cli_rejects_open(&c, &r, &err), CRM_OK);
	assert_int_equal(reject(r, "1", CRM_EDATA, &err), CRM_OK);
	assert_int_equal(reject(r, "2", CRM_EDATA, &err), CRM_OK);
	assert_int_equal(reject(r, "3", CRM_EDATA, &err), CRM_EDATA);
	assert_string_equal(err.hint, "more than 2 rows are wrong");
	cli_rejects_close(r, NULL);
	crm_arena_release(&c.arena);
}

static void
a_rejects_file_wants_keep_going(void **state)
{
	struct cli c = {.command = &command};
	struct crm_err err = {0};
	struct cli_rejects *r;

	(void)state;
	cli_opt = (struct cli_opt){.rejects = path};
	assert_int_equal(cli_rejects_open(&c, &r, &err), CRM_EUSAGE);
	assert_string_equal(err.text, "--rejects goes with --keep-going");
	cli_opt =
	    (struct cli_opt){.keep_going = true, .rejects = "/nonexistent/x"};
	assert_int_equal(cli_rejects_open(&c, &r, &err), CRM_ECREATE);
	crm_arena_release(&c.arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rejects_keep_the_form_of_the_input),
	    cmocka_unit_test(
		only_wrong_data_is_passed_over_and_only_when_asked),
	    cmocka_unit_test(more_than_the_maximum_ends_the_run),
	    cmocka_unit_test(a_rejects_file_wants_keep_going),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
