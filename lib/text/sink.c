/*
 * sink.c - where an output's bytes go, and what happens when a pipe blocks.
 *
 * While the caller holds a read transaction a pipe that takes nothing must not
 * block: the rest goes to a file of no name until the transaction has ended.
 * O_NONBLOCK would be simpler, but it belongs to the open file, which the
 * other programs of a pipeline share; so a pipe is asked by pwritev2 with
 * RWF_NOWAIT, and where that is not known by poll and writes so small that
 * a ready pipe takes them whole.  A terminal says ready when it has room for
 * one byte: it is opened once more, so that the flag is ours alone.  After the first refusal all goes to the file:
 * the order is kept, and a reader that is slow now will be slow again.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>

#include <crm/os.h>

#include "text/render.h"

enum { COPY = 256 * 1024 };

static const char *
sink_name(const struct crm_out *o)
{
	return o->opt.fd == STDOUT_FILENO ? "stdout" : "output";
}

static int
failed(struct crm_out *o, int errnum, struct crm_err *err)
{
	if (errnum == ENOSPC || errnum == EDQUOT)
		return crm_err_set(
		    err, CRM_EIO, "write '%s': disk full", sink_name(o));
	return crm_err_sys(err, CRM_EIO, errnum, "write '%s'", sink_name(o));
}

/* Waits as long as it takes; also where somebody set O_NONBLOCK. */
static int
write_waiting(struct crm_out *o, const char *p, size_t n, struct crm_err *err)
{
	while (n > 0) {
		ssize_t put = write(o->opt.fd, p, n);

		if (put < 0 && errno == EAGAIN) {
			struct pollfd pfd = {o->opt.fd, POLLOUT, 0};

			if (poll(&pfd, 1, -1) < 0 && errno != EINTR)
				return failed(o, errno, err);
			continue;
		}
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return failed(o, errno, err);
		p += put;
		n -= (size_t)put;
	}
	return CRM_OK;
}

/* One write that does not block: bytes taken, or -1 and errno. */
static ssize_t
write_polled(struct crm_out *o, const char *p, size_t n)
{
	struct pollfd pfd = {o->opt.fd, POLLOUT, 0};
	ssize_t put;
	int ready;

	put = send(o->opt.fd, p, n, MSG_DONTWAIT);
	if (put >= 0 || errno != ENOTSOCK)
		return put;
	ready = poll(&pfd, 1, 0);
	if (ready == 0)
		errno = EAGAIN;
	if (ready <= 0)
		return -1;
	return write(o->opt.fd, p, n < PIPE_BUF ? n : PIPE_BUF);
}

static ssize_t
write_once(struct crm_out *o, const char *p, size_t n)
{
	struct iovec part = {(void *)(uintptr_t)p, n};
	ssize_t put;

	if (o->way == CRM_WAY_WRITE)
		return write(o->opt.fd, p, n);
	if (o->way == CRM_WAY_OTHER)
		return write(o->other, p, n);
	if (o->way == CRM_WAY_NOWAIT) {
		put = pwritev2(o->opt.fd, &part, 1, -1, RWF_NOWAIT);
		if (put >= 0 ||
		    (errno != EOPNOTSUPP && errno != ENOSYS && errno != EINVAL))
			return put;
		o->way = CRM_WAY_POLL;
	}
	return write_polled(o, p, n);
}

static int
start_spill(struct crm_out *o, struct crm_err *err)
{
	int fd = crm_temp_file(o->opt.spill_dir, err);

	if (fd < 0)
		return fd;
	o->spill = fd;
	o->way = CRM_WAY_SPILL;
	return CRM_OK;
}

/* Opens a terminal once more, not to block. */
static bool
open_other(struct crm_out *o)
{
	char path[32];

	snprintf(path, sizeof path, "/proc/self/fd/%d", o->opt.fd);
	o->other = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return o->other >= 0;
}

static void
close_own(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Files take what they are given, and so does /dev/null (1, 3 on Linux). */
static bool
never_blocks(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return false;
	if (S_ISREG(st.st_mode) || S_ISBLK(st.st_mode))
		return true;
	return S_ISCHR(st.st_mode) && major(st.st_rdev) == 1;
}

/* The descriptor is looked at when there is something for it: most look-ups
 * end before. */
static int
find_way(struct crm_out *o, struct crm_err *err)
{
	o->way = never_blocks(o->opt.fd) ? CRM_WAY_WRITE : CRM_WAY_NOWAIT;
	if (!isatty(o->opt.fd))
		return CRM_OK;
	o->way = CRM_WAY_OTHER;
	return open_other(o) ? CRM_OK : start_spill(o, err);
}

static int
write_held(struct crm_out *o, const char *p, size_t n, struct crm_err *err)
{
	int found = o->way == CRM_WAY_UNKNOWN ? find_way(o, err) : CRM_OK;

	if (found < 0)
		return found;
	while (n > 0 && o->way != CRM_WAY_SPILL) {
		ssize_t put = write_once(o, p, n);
		int code;

		if (put >= 0) {
			p += put;
			n -= (size_t)put;
		} else if (errno == EAGAIN) {
			code = start_spill(o, err);
			if (code < 0)
				return code;
		} else if (errno != EINTR)
			return failed(o, errno, err);
	}
	return crm_write_all(o->spill, p, n, o->opt.spill_dir, err);
}

/* Keeps the first failure: later calls answer it again. */
static int
stick(struct crm_out *o, int code, struct crm_err *err)
{
	if (!o->code) {
		o->code = code;
		if (err)
			o->err = *err;
	} else if (err)
		*err = o->err;
	return o->code;
}

int
crm_sink_write(struct crm_out *o, struct crm_str bytes, struct crm_err *err)
{
	int code;

	if (o->code)
		return stick(o, o->code, err);
	if (o->held)
		code = write_held(o, bytes.p, bytes.n, err);
	else
		code = write_waiting(o, bytes.p, bytes.n, err);
	return code < 0 ? stick(o, code, err) : CRM_OK;
}

int
crm_sink_flush(struct crm_out *o, struct crm_err *err)
{
	int code;

	if (o->code)
		return stick(o, o->code, err);
	if (o->buf.fail || o->scratch.fail || o->shown.fail)
		return stick(o, crm_err_nomem(err), err);
	code = crm_sink_write(o, crm_buf_str(&o->buf), err);
	crm_buf_clear(&o->buf);
	return code;
}

int
crm_out_flush(struct crm_out *o, struct crm_err *err)
{
	crm_behind_wait(o);
	return crm_sink_flush(o, err);
}

int
crm_out_hold(struct crm_out *o, struct crm_err *err)
{
	crm_behind_wait(o);
	if (o->code)
		return stick(o, o->code, err);
	if (o->held || !o->opt.spill_dir)
		return CRM_OK;
	o->held = true;
	o->way = CRM_WAY_UNKNOWN;
	return CRM_OK;
}

static int
copy_spill(struct crm_out *o, struct crm_err *err)
{
	off_t at = 0;

	crm_buf_clear(&o->buf);
	if (!crm_buf_room(&o->buf, COPY))
		return crm_err_nomem(err);
	for (;;) {
		ssize_t got = pread(o->spill, o->buf.p, COPY, at);
		int code;

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return crm_err_sys(err, CRM_EIO, errno,
			    "read back what was spilled in '%s'",
			    o->opt.spill_dir);
		if (got == 0)
			return CRM_OK;
		code = write_waiting(o, o->buf.p, (size_t)got, err);
		if (code < 0)
			return code;
		at += got;
	}
}

int
crm_out_drain(struct crm_out *o, struct crm_err *err)
{
	int code = CRM_OK;

	crm_behind_wait(o);
	if (o->code)
		return stick(o, o->code, err);
	if (!o->held)
		return CRM_OK;
	/* What is in the buffer comes after what was spilled. */
	if (o->way == CRM_WAY_SPILL) {
		code = crm_sink_flush(o, err);
		if (code == CRM_OK)
			code = copy_spill(o, err);
		close_own(&o->spill);
	}
	close_own(&o->other);
	o->held = false;
	return code < 0 ? stick(o, code, err) : CRM_OK;
}

void
crm_out_abort(struct crm_out *o)
{
	if (!o)
		return;
	crm_behind_stop(o);
	close_own(&o->spill);
	close_own(&o->other);
	crm_arena_release(&o->arena);
	crm_arena_release(&o->kept);
	crm_buf_release(&o->buf);
	crm_buf_release(&o->scratch);
	crm_buf_release(&o->shown);
	free(o->keep);
	free((void *)(uintptr_t)o->opt.spill_dir);
	free(o);
}
