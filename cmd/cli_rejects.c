/*
 * cli_rejects.c - --keep-going, --rejects and --max-rejects.
 *
 * The file has the input's own lines and one more column, `rejected`, with
 * the reason.  It is made at the start, so that a folder that cannot be
 * written is told before the work, and it has the header even when nothing
 * was rejected.  When the input is such a file itself, the old reasons give
 * way to the new.  Only what is wrong with the data is passed over: a full
 * disk or a busy store ends the run.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli_parts.h"

enum { SHOWN_MAX = 10, FLUSH_AT = 64 * 1024 };

struct cli_rejects {
	struct cli *c;
	const char *file;
	int fd; /* -1: none */
	char sep; /* of CSV, 0 for the stream */
	bool headed, again;
	uint64_t count;
	struct crm_buf buf;
};

/* The input as the rejects file would be emptied before it is read. */
static bool
is_stdin(int fd)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && fstat(STDIN_FILENO, &b) == 0 &&
	       S_ISREG(a.st_mode) && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

static int
open_file(struct cli_rejects *r, struct crm_err *err)
{
	r->fd = open(r->file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (r->fd < 0)
		return crm_err_sys(err,
		    errno == EACCES || errno == EPERM ? CRM_EPERM : CRM_ECREATE,
		    errno, "--rejects: create '%s'", r->file);
	if (is_stdin(r->fd))
		return crm_err_set(err, CRM_EUSAGE,
		    "--rejects: '%s' is what stdin is read from", r->file);
	/* Pipes and devices have no length to cut. */
	if (ftruncate(r->fd, 0) != 0 && errno != EINVAL)
		return crm_err_sys(
		    err, CRM_EIO, errno, "--rejects: empty '%s'", r->file);
	return CRM_OK;
}

int
cli_rejects_open(struct cli *c, struct cli_rejects **out, struct crm_err *err)
{
	struct cli_rejects *r;
	int code = CRM_OK;

	*out = NULL;
	if ((cli_opt.rejects || cli_opt.has_max_rejects) &&
	    !cli_opt.keep_going && !cli_opt.dry_run)
		return crm_err_set(err, CRM_EUSAGE, "%s goes with --keep-going",
		    cli_opt.rejects ? "--rejects" : "--max-rejects");
	r = crm_arena_zalloc(&c->arena, sizeof *r);
	if (!r)
		return crm_err_nomem(err);
	r->c = c;
	r->fd = -1;
	r->file = cli_opt.rejects;
	if (r->file)
		code = open_file(r, err);
	if (code < 0) {
		if (r->fd >= 0)
			close(r->fd);
		return code;
	}
	*out = r;
	return CRM_OK;
}

void
cli_rejects_csv(struct cli_rejects *r, char sep)
{
	r->sep = sep;
}

uint64_t
cli_rejects_count(const struct cli_rejects *r)
{
	return r->count;
}

/* The line without its end; *end gets the end, LF where there was none. */
static struct crm_str
chomp(struct crm_str raw, const char **end)
{
	*end = "\n";
	if (raw.n > 0 && raw.p[raw.n - 1] == '\n') {
		raw.n--;
		if (raw.n > 0 && raw.p[raw.n - 1] == '\r') {
			raw.n--;
			*end = "\r\n";
		}
	}
	return raw;
}

/* Where the last field of a line begins. */
static size_t
last_field(const struct cli_rejects *r, struct crm_str line)
{
	char sep = r->sep ? r->sep : '\t';
	size_t i = line.n;

	if (r->sep && i > 1 && line.p[i - 1] == '"') {
		/* Back to the quote that opens: one not doubled. */
		for (i--; i > 0; i--) {
			if (line.p[i - 1] != '"')
				continue;
			if (i > 1 && line.p[i - 2] == '"')
				i--;
			else
				return i - 1;
		}
		return 0;
	}
	while (i > 0 && line.p[i - 1] != sep)
		i--;
	return i;
}

static int
flush(struct cli_rejects *r, size_t more_than, struct crm_err *err)
{
	int code = crm_buf_check(&r->buf, err);

	if (code == CRM_OK && r->buf.n > more_than) {
		code = cli_held_write(r->fd, r->buf.p, r->buf.n, r->file, err);
		crm_buf_clear(&r->buf);
	}
	return code;
}

/* One line of the file: the input's, and a last field. */
static int
put_line(struct cli_rejects *r, struct crm_str raw, struct crm_str last,
    struct crm_err *err)
{
	const char *end;
	struct crm_str line = chomp(raw, &end);

	if (r->again) {
		line.n = last_field(r, line);
		line.n -= line.n > 0;
	}
	crm_buf_putstr(&r->buf, line);
	crm_buf_putc(&r->buf, r->sep ? r->sep : '\t');
	if (r->sep)
		crm_csv_put(&r->buf, last, r->sep);
	else
		crm_escape_put(&r->buf, last);
	crm_buf_puts(&r->buf, end);
	return flush(r, FLUSH_AT, err);
}

int
cli_rejects_header(
    struct cli_rejects *r, struct crm_str raw, struct crm_err *err)
{
	const char *end;
	struct crm_str line = chomp(raw, &end);
	size_t at = last_field(r, line);
	struct crm_str name = {line.p + at, line.n - at};

	if (r->headed || r->fd < 0)
		return CRM_OK;
	r->headed = true;
	r->again = crm_str_is(name, CLI_REJECTED) ||
		   crm_str_is(name, "\"" CLI_REJECTED "\"");
	return put_line(r, raw, CRM_STR(CLI_REJECTED), err);
}

static int
put_reason(struct cli_rejects *r, struct crm_str raw, const struct crm_err *why,
    struct crm_err *err)
{
	struct crm_buf b = {0};
	int code;

	if (why->place[0]) {
		cli_safe_put(&b, why->place, false);
		crm_buf_puts(&b, ": ");
	}
	if (why->field[0]) {
		cli_safe_put(&b, why->field, false);
		crm_buf_puts(&b, ": ");
	}
	cli_safe_put(&b, why->text, false);
	code = crm_buf_check(&b, err);
	if (code == CRM_OK)
		code = put_line(r, raw, crm_buf_str(&b), err);
	crm_buf_release(&b);
	return code;
}

/* Said one by one, but with a file to look into only the first ones. */
static void
say_reason(struct cli_rejects *r, const struct crm_err *why)
{
	if (r->fd < 0 || r->count <= SHOWN_MAX)
		cli_error_print(r->c, why);
	if (r->fd >= 0 && r->count == SHOWN_MAX + 1)
		cli_note(r->c, "further reasons are in '%s' only", r->file);
}

int
cli_reject(struct cli_rejects *r, struct crm_str raw, struct crm_err *err)
{
	struct crm_err why;
	int code = err->code;

	if (!cli_opt.keep_going ||
	    (code != CRM_EDATA && code != CRM_NOTFOUND && code != CRM_NO))
		return code;
	why = *err;
	r->count++;
	if (cli_opt.has_max_rejects &&
	    r->count > (uint64_t)cli_opt.max_rejects) {
		crm_err_hint(err, "more than %lld rows are wrong",
		    (long long)cli_opt.max_rejects);
		return code;
	}
	say_reason(r, &why);
	*err = (struct crm_err){0};
	if (r->fd < 0)
		return CRM_OK;
	return put_reason(r, raw, &why, err);
}

int
cli_rejects_close(struct cli_rejects *r, struct crm_err *err)
{
	int code = CRM_OK;

	if (!r)
		return CRM_OK;
	if (r->fd >= 0) {
		code = flush(r, 0, err);
		if (cli_held_close(r->fd) != 0 && code == CRM_OK)
			code = crm_err_sys(
			    err, CRM_EIO, errno, "write '%s'", r->file);
		r->fd = -1;
	}
	crm_buf_release(&r->buf);
	return code;
}
