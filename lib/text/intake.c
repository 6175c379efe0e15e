/*
 * intake.c - one buffer between read(2) and whoever splits lines.
 *
 * No stdio: getline copies every line once more and locks the stream.  The
 * buffer grows only for a line that does not fit, up to CRM_LINE_MAX; a longer
 * line is dropped up to its LF, so that reading can go on after it.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "text/intake.h"

enum { BUFFER = 256 * 1024 };

long
crm_read_fd(void *ctx, void *p, size_t n, struct crm_err *err)
{
	const int *fd = ctx;
	ssize_t got;

	do
		got = read(*fd, p, n);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return crm_err_sys(err, CRM_EIO, errno, "read");
	return (long)got;
}

int
crm_intake_open(struct crm_intake *in, const char *name, int fd,
    crm_read_fn *read_fn, void *ctx, struct crm_err *err)
{
	if (!name || strcmp(name, "-") == 0)
		name = "stdin";
	*in = (struct crm_intake){.read = read_fn, .ctx = ctx, .fd = fd};
	in->name = strdup(name);
	in->p = malloc(BUFFER + CRM_INPUT_SLACK);
	in->cap = BUFFER;
	if (!in->name || !in->p)
		return crm_err_nomem(err);
	return CRM_OK;
}

void
crm_intake_release(struct crm_intake *in)
{
	free(in->name);
	free(in->p);
	*in = (struct crm_intake){0};
}

int
crm_intake_fault(const struct crm_intake *in, int code, unsigned long line,
    struct crm_err *e)
{
	crm_err_place(e, in->name, line);
	return code;
}

/* Makes room behind the unread bytes. */
static int
make_room(struct crm_intake *in, struct crm_err *err)
{
	size_t n = in->end - in->at, cap;
	char *p;

	if (in->end < in->cap)
		return CRM_OK;
	if (in->at > 0) {
		memmove(in->p, in->p + in->at, n);
		in->at = 0;
		in->end = n;
		return CRM_OK;
	}
	/* One byte more than the longest line: its LF. */
	if (in->cap > CRM_LINE_MAX)
		return crm_err_set(err, CRM_EDATA, "line longer than %zu MiB",
		    CRM_LINE_MAX >> 20);
	cap = in->cap * 2;
	if (cap > CRM_LINE_MAX)
		cap = CRM_LINE_MAX + 1;
	p = realloc(in->p, cap + CRM_INPUT_SLACK);
	if (!p)
		return crm_err_nomem(err);
	in->p = p;
	in->cap = cap;
	return CRM_OK;
}

int
crm_intake_more(struct crm_intake *in, struct crm_err *err)
{
	void *ctx = in->read ? in->ctx : &in->fd;
	crm_read_fn *from = in->read ? in->read : crm_read_fd;
	int code;
	long got;

	if (in->eof)
		return CRM_NOTFOUND;
	if (in->at == in->end)
		in->at = in->end = 0;
	code = make_room(in, err);
	if (code < 0)
		return code;
	got = from(ctx, in->p + in->end, in->cap - in->end, err);
	if (got < 0) {
		/* What came of the line is not to be taken for the line. */
		in->at = in->end;
		in->eof = true;
		return crm_intake_fault(in, (int)got, 0, err);
	}
	if (got == 0) {
		in->eof = true;
		return CRM_NOTFOUND;
	}
	in->end += (size_t)got;
	in->total += (uint64_t)got;
	return CRM_OK;
}

/* Drops a leading byte-order mark. */
static int
begin(struct crm_intake *in, struct crm_err *err)
{
	int code = CRM_OK;

	in->begun = true;
	/* Only while what came can still be a mark is there a wait. */
	while (in->end < 3 && code == CRM_OK &&
	       memcmp("\xef\xbb\xbf", in->p, in->end) == 0)
		code = crm_intake_more(in, err);
	if (code < 0 && code != CRM_NOTFOUND)
		return code;
	if (in->end >= 3 && memcmp(in->p, "\xef\xbb\xbf", 3) == 0)
		in->at = 3;
	return CRM_OK;
}

/* Drops the rest of a line that is too long; err is set already. */
static int
drop_line(struct crm_intake *in, struct crm_err *err)
{
	for (;;) {
		struct crm_err io = {0};
		const char *lf;
		int code;

		in->at = in->end = in->seen = 0;
		code = crm_intake_more(in, &io);
		if (code == CRM_NOTFOUND)
			return CRM_EDATA;
		if (code < 0) {
			if (err)
				*err = io;
			return code;
		}
		lf = memchr(in->p, '\n', in->end);
		if (lf) {
			in->at = (size_t)(lf - in->p) + 1;
			return CRM_EDATA;
		}
	}
}

int
crm_intake_line(struct crm_intake *in, struct crm_str *line, bool *ended,
    struct crm_err *err)
{
	int code;

	if (!in->begun && (code = begin(in, err)) < 0)
		return code;
	for (;;) {
		const char *p = in->p + in->at;
		size_t n = in->end - in->at;
		const char *lf = NULL;

		if (n > in->seen)
			lf = memchr(p + in->seen, '\n', n - in->seen);
		if (lf) {
			*line = (struct crm_str){p, (size_t)(lf - p)};
			*ended = true;
			/* Looking again finds it at once. */
			in->seen = line->n;
			return CRM_OK;
		}
		in->seen = n;
		code = crm_intake_more(in, err);
		if (code == CRM_EDATA && !in->eof)
			return drop_line(in, err);
		if (code == CRM_NOTFOUND && n > 0) {
			*line = (struct crm_str){in->p + in->at, n};
			*ended = false;
			return CRM_OK;
		}
		if (code < 0)
			return code;
	}
}

void
crm_intake_take(struct crm_intake *in, size_t n)
{
	in->at += n;
	in->seen = 0;
}
