/*
 * crm-body.c - prints the header and runs a command on the rest.
 *
 * Not one byte past line 1 may be read, since the command reads the same
 * descriptor: `(head -n1; sort)` on a pipe loses records that way.  A file is
 * looked into without moving its offset; a pipe is read byte by byte, which
 * for one line costs less than to copy all the rest through a process.  The
 * command then takes this one's place.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"

enum { STEP = 4096 };

static int
too_long(struct crm_err *err)
{
	crm_err_set(err, CRM_EDATA, "the header is longer than %zu bytes",
	    CRM_LINE_MAX);
	crm_err_place(err, "stdin", 1);
	return CRM_EDATA;
}

static int
read_failed(struct crm_err *err)
{
	return crm_err_sys(err, CRM_EIO, errno, "read 'stdin'");
}

static int
pipe_line(struct crm_buf *line, struct crm_err *err)
{
	char c = 0;

	while (c != '\n' && line->n < CRM_LINE_MAX) {
		ssize_t got = read(STDIN_FILENO, &c, 1);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return read_failed(err);
		if (got == 0)
			return CRM_OK;
		crm_buf_putc(line, c);
	}
	return c == '\n' ? CRM_OK : too_long(err);
}

static int
file_line(struct crm_buf *line, off_t at, struct crm_err *err)
{
	const char *end = NULL;
	ssize_t got = 1;

	while (got > 0 && !end) {
		if (line->n >= CRM_LINE_MAX)
			return too_long(err);
		if (!crm_buf_room(line, STEP))
			return crm_err_nomem(err);
		got = pread(
		    STDIN_FILENO, line->p + line->n, STEP, at + (off_t)line->n);
		if (got < 0 && errno == EINTR) {
			got = 1;
			continue;
		}
		if (got < 0)
			return read_failed(err);
		end = memchr(line->p + line->n, '\n', (size_t)got);
		line->n += (size_t)got;
	}
	if (end)
		line->n = (size_t)(end - line->p) + 1;
	if (lseek(STDIN_FILENO, at + (off_t)line->n, SEEK_SET) < 0)
		return read_failed(err);
	return CRM_OK;
}

/* Line 1 with its end, as it is; empty when there is no input. */
static int
take_line(struct crm_buf *line, struct crm_err *err)
{
	struct stat st;
	off_t at;
	int code;

	if (fstat(STDIN_FILENO, &st) == 0 && S_ISREG(st.st_mode) &&
	    (at = lseek(STDIN_FILENO, 0, SEEK_CUR)) >= 0)
		code = file_line(line, at, err);
	else
		code = pipe_line(line, err);
	return code == CRM_OK ? crm_buf_check(line, err) : code;
}

/*
 * The file that would be run: a header that is printed cannot be taken back,
 * so a missing command is to be known before.
 */
static int
find_command(const char *name, struct crm_buf *out, struct crm_err *err)
{
	const char *path = getenv("PATH");
	struct crm_str rest = crm_str(path ? path : "/usr/bin:/bin"), dir;

	if (strchr(name, '/')) {
		crm_buf_puts(out, name);
		if (crm_buf_cstr(out) && access(out->p, X_OK) == 0)
			return CRM_OK;
		return crm_err_sys(err, CRM_EHELPER, errno, "run '%s'", name);
	}
	while (name[0] && crm_str_split(&rest, ':', &dir)) {
		struct stat st;

		crm_buf_clear(out);
		crm_buf_putstr(out, dir.n ? dir : CRM_STR("."));
		crm_buf_putf(out, "/%s", name);
		if (!crm_buf_cstr(out))
			return crm_err_nomem(err);
		if (stat(out->p, &st) == 0 && S_ISREG(st.st_mode) &&
		    access(out->p, X_OK) == 0)
			return CRM_OK;
	}
	return crm_err_set(
	    err, CRM_EHELPER, "there is no command '%s' in PATH", name);
}

static int
body(struct cli *c, struct crm_err *err)
{
	struct crm_buf line = {0}, file = {0};
	int code = cli_operands(c, 1, 0, err);

	if (code == CRM_OK)
		code = find_command(c->operand[0], &file, err);
	if (code == CRM_OK)
		code = take_line(&line, err);
	if (code == CRM_OK)
		code =
		    crm_write_all(STDOUT_FILENO, line.p, line.n, "stdout", err);
	if (code == CRM_OK) {
		c->operand[c->noperand] = NULL;
		execv(file.p, c->operand);
		code = crm_err_sys(
		    err, CRM_EHELPER, errno, "run '%s'", c->operand[0]);
	}
	crm_buf_release(&line);
	crm_buf_release(&file);
	return code;
}

static const struct cli_verb verbs[] = {
    {"", body, CLI_NONE, CLI_WORDS, NULL, "CMD [ARG...]", NULL},
    {0},
};

int
main(int argc, char **argv)
{
	static const struct cli_command command = {"crm-body",
	    "print the header, run a command on the records", NULL, 0, verbs};

	return crm_main(&command, argc, argv);
}
