/*
 * pre_record.c - preloaded: keeps what is written to data.mdb, and when it was
 * synced, for images of power cuts.
 *
 * Each call adds one record to the file CRM_TRACE, a struct trace_op (trace.h)
 * and the bytes.  A write through a descriptor opened with O_DSYNC, as LMDB's
 * pages that make a commit valid are written, says so.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "trace.h"

static int trace = -1;

static void
next(void *go, const char *name)
{
	int was = errno;
	void *p = dlsym(RTLD_NEXT, name);

	if (p == NULL)
		_exit(126);
	errno = was;
	memcpy(go, &p, sizeof p);
}

__attribute__((constructor)) static void
begin(void)
{
	const char *path = getenv("CRM_TRACE");

	if (path != NULL)
		trace = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
}

/* Is it the data file of a store, and not by a way of writing that the
 * kernel keeps from a file (a second name would be another file)? */
static bool
is_data(int fd)
{
	char link[64], path[512];
	ssize_t n;

	if (trace < 0 || fd == trace)
		return false;
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof path);
	return n > 9 && memcmp(path + n - 9, "/data.mdb", 9) == 0;
}

static void
keep(enum trace_what what, int fd, const struct iovec *v, int nv, off_t at,
    size_t n)
{
	struct trace_op op = {.what = what, .n = n, .at = at};
	struct iovec all[65];
	int was = errno;
	int flags = fcntl(fd, F_GETFL);
	size_t total = sizeof op;
	int used = 1;
	ssize_t (*go)(int, const struct iovec *, int);

	next(&go, "writev");

	op.synced = flags >= 0 && (flags & (O_DSYNC | O_SYNC)) != 0;
	all[0] = (struct iovec){&op, sizeof op};
	for (int i = 0; i < nv && n > 0 && used < 65; i++) {
		all[used] = v[i];
		if (all[used].iov_len > n)
			all[used].iov_len = n;
		n -= all[used].iov_len;
		total += all[used].iov_len;
		used++;
	}
	if (n > 0 || go(trace, all, used) != (ssize_t)total)
		_exit(125);
	errno = was;
}

ssize_t
pwrite(int fd, const void *p, size_t n, off_t at)
{
	ssize_t (*go)(int, const void *, size_t, off_t);

	next(&go, "pwrite");
	struct iovec v = {(void *)(uintptr_t)p, n};
	ssize_t r = go(fd, p, n, at);

	if (r > 0 && is_data(fd))
		keep(TRACE_WRITE, fd, &v, 1, at, (size_t)r);
	return r;
}

ssize_t
pwrite64(int fd, const void *p, size_t n, off64_t at)
{
	return pwrite(fd, p, n, at);
}

ssize_t
write(int fd, const void *p, size_t n)
{
	ssize_t (*go)(int, const void *, size_t);

	next(&go, "write");
	struct iovec v = {(void *)(uintptr_t)p, n};
	bool data = is_data(fd);
	off_t at = data ? lseek(fd, 0, SEEK_CUR) : 0;
	ssize_t r = go(fd, p, n);

	if (r > 0 && data)
		keep(TRACE_WRITE, fd, &v, 1, at, (size_t)r);
	return r;
}

ssize_t
writev(int fd, const struct iovec *v, int n)
{
	ssize_t (*go)(int, const struct iovec *, int);

	next(&go, "writev");
	bool data = is_data(fd);
	off_t at = data ? lseek(fd, 0, SEEK_CUR) : 0;
	ssize_t r = go(fd, v, n);

	if (r > 0 && data)
		keep(TRACE_WRITE, fd, v, n, at, (size_t)r);
	return r;
}

ssize_t
pwritev(int fd, const struct iovec *v, int n, off_t at)
{
	ssize_t (*go)(int, const struct iovec *, int, off_t);

	next(&go, "pwritev");
	ssize_t r = go(fd, v, n, at);

	if (r > 0 && is_data(fd))
		keep(TRACE_WRITE, fd, v, n, at, (size_t)r);
	return r;
}

int
ftruncate(int fd, off_t n)
{
	int (*go)(int, off_t);

	next(&go, "ftruncate");
	int r = go(fd, n);

	if (r == 0 && is_data(fd))
		keep(TRACE_LENGTH, fd, NULL, 0, n, 0);
	return r;
}

int
ftruncate64(int fd, off64_t n)
{
	return ftruncate(fd, n);
}

int
fsync(int fd)
{
	int (*go)(int);

	next(&go, "fsync");
	int r = go(fd);

	if (r == 0 && is_data(fd))
		keep(TRACE_SYNC, fd, NULL, 0, 0, 0);
	return r;
}

int
fdatasync(int fd)
{
	int (*go)(int);

	next(&go, "fdatasync");
	int r = go(fd);

	if (r == 0 && is_data(fd))
		keep(TRACE_SYNC, fd, NULL, 0, 0, 0);
	return r;
}

/* The data is never mapped for writing: if it were, none of this would hold. */
int
msync(void *p, size_t n, int flags)
{
	int (*go)(void *, size_t, int);

	next(&go, "msync");

	if (trace >= 0)
		_exit(124);
	return go(p, n, flags);
}
