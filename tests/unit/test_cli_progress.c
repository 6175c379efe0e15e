/*
 * test_cli_progress.c - what is said on a terminal, and what is not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli_parts.h"

static const struct cli_command command = {"crm-x", "a command", NULL, 0, NULL};

/* What fn says on stderr. */
static void
said(void (*fn)(struct cli *), struct cli *c, char *out, size_t size)
{
	int was = dup(STDERR_FILENO), fd = crm_temp_file("/tmp", NULL);
	ssize_t n;

	assert_true(was >= 0 && fd >= 0);
	dup2(fd, STDERR_FILENO);
	fn(c);
	dup2(was, STDERR_FILENO);
	close(was);
	n = pread(fd, out, size - 1, 0);
	assert_true(n >= 0);
	out[n] = '\0';
	close(fd);
}

static void
work(struct cli *c)
{
	struct timespec nap = {0, 520000000};

	/* only what takes a while says how far it is */
	cli_progress(c, "records", 1, 0);
	cli_progress(c, "records", 2, 0);
	nanosleep(&nap, NULL);
	cli_progress(c, "rec\033ords", 1234567, 0);
	cli_progress(c, "records", 1234568, 0);
	nanosleep(&nap, NULL);
	cli_progress(c, "records", 2000000, 3000000);
	cli_note(c, "%s", "half of it");
}

static void
progress_is_for_terminals_and_goes_when_something_is_said(void **state)
{
	struct cli c = {.command = &command, .tty_err = true};
	char out[400];

	(void)state;
	said(work, &c, out, sizeof out);
	assert_string_equal(out, "\rcrm-x: rec?ords 1,234,567\033[K"
				 "\rcrm-x: records 2,000,000 of 3,000,000\033[K"
				 "\r\033[Kcrm-x: half of it\n");
	c.tty_err = false;
	said(work, &c, out, sizeof out);
	assert_string_equal(out, "crm-x: half of it\n");
	c.tty_err = true;
	cli_opt.quiet = true;
	said(work, &c, out, sizeof out);
	assert_string_equal(out, "");
	cli_opt.quiet = false;
}

static const struct row {
	const char *name, *place, *field, *text, *hint;
	int code;
	const char *want;
} rows[] = {
    {"all there is", "a.tsv:3", "total", "'x' is no number", "like 12.50",
	CRM_EDATA, "crm-x: a.tsv:3: total: 'x' is no number\nlike 12.50\n"},
    {"an answer", "", "", "", "", CRM_NO, ""},
    {"nobody there", "", "", "", "", CRM_NOTFOUND, ""},
    {"no memory", "", "", "", "", CRM_ENOMEM, "crm-x: out of memory\n"},
    {"no words", "", "", "", "", CRM_EIO, "crm-x: a fault without a message\n"},
    {"usage", "", "", "what?", "", CRM_EUSAGE,
	"crm-x: what?\nsee crm-x --help\n"},
    {"what a terminal would act on", "a\033b", "", "x\ny", "1\n2", CRM_EDATA,
	"crm-x: a?b: x?y\n1\n2\n"},
};
static const struct row *row;

static void
print(struct cli *c)
{
	struct crm_err err = {.code = row->code};

	snprintf(err.place, sizeof err.place, "%s", row->place);
	snprintf(err.field, sizeof err.field, "%s", row->field);
	snprintf(err.text, sizeof err.text, "%s", row->text);
	snprintf(err.hint, sizeof err.hint, "%s", row->hint);
	cli_error_print(c, &err);
}

static void
errors_say_where_and_what(void **state)
{
	struct cli c = {.command = &command};
	char out[400];

	(void)state;
	for (row = rows; row < rows + sizeof rows / sizeof *rows; row++) {
		said(print, &c, out, sizeof out);
		if (strcmp(out, row->want) != 0)
			fail_msg("%s: '%s'", row->name, out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		progress_is_for_terminals_and_goes_when_something_is_said),
	    cmocka_unit_test(errors_say_where_and_what),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
