/*
 * pre_record.c - preloaded: keeps what is done to the files of a store, and
 * when it was synced, for images of power cuts.
 *
 * Whatever is written, made, renamed or removed below the folder
 * CRM_TRACE_DIR adds one record to the file CRM_TRACE (trace.h).  A write
 * through a descriptor opened with O_DSYNC, as LMDB's pages that make a commit
 * valid are written, says so.  Files without a name are passed over.
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
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "trace.h"

static int trace = -1;
static const char *dir;
static size_t ndir;

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

	dir = getenv("CRM_TRACE_DIR");
	if (path == NULL || dir == NULL)
		return;
	ndir = strlen(dir);
	trace = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
}

/* The name below the folder: "" for itself, NULL for what lies elsewhere. */
static const char *
below(const char *path)
{
	if (trace < 0 || strncmp(path, dir, ndir) != 0)
		return NULL;
	if (path[ndir] == '\0')
		return path + ndir;
	return path[ndir] == '/' ? path + ndir + 1 : NULL;
}

/* A file with a name, or a folder, below it: its number. */
static bool
watched(int fd, uint64_t *ino)
{
	char link[64], path[512];
	struct stat st;
	ssize_t n;

	if (trace < 0 || fd == trace || fstat(fd, &st) < 0 ||
	    (!S_ISDIR(st.st_mode) && st.st_nlink == 0))
		return false;
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof path - 1);
	if (n <= 0)
		return false;
	path[n] = '\0';
	*ino = st.st_ino;
	return below(path) != NULL;
}

static void
keep(struct trace_op op, const char *name, const char *other,
    const struct iovec *v, int nv)
{
	struct iovec all[68];
	size_t left = op.what == TRACE_WRITE ? op.n : 0;
	size_t total = sizeof op;
	int was = errno, used = 3;
	ssize_t (*go)(int, const struct iovec *, int);

	next(&go, "writev");
	op.name = (uint32_t)strlen(name);
	op.other = (uint32_t)strlen(other);
	all[0] = (struct iovec){&op, sizeof op};
	all[1] = (struct iovec){(void *)(uintptr_t)name, op.name};
	all[2] = (struct iovec){(void *)(uintptr_t)other, op.other};
	total += op.name + op.other;
	for (int i = 0; i < nv && left > 0 && used < 68; i++) {
		all[used] = v[i];
		if (all[used].iov_len > left)
			all[used].iov_len = left;
		left -= all[used].iov_len;
		total += all[used].iov_len;
		used++;
	}
	if (left > 0 || go(trace, all, used) != (ssize_t)total)
		_exit(125);
	errno = was;
}

/* ---- files ---- */

static void
keep_fd(enum trace_what what, int fd, const struct iovec *v, int nv, off_t at,
    size_t n)
{
	struct trace_op op = {.what = what, .n = n, .at = at};
	int was = errno, flags = fcntl(fd, F_GETFL);

	op.synced = flags >= 0 && (flags & (O_DSYNC | O_SYNC)) != 0;
	if (watched(fd, &op.ino))
		keep(op, "", "", v, nv);
	errno = was;
}

ssize_t
pwrite(int fd, const void *p, size_t n, off_t at)
{
	ssize_t (*go)(int, const void *, size_t, off_t);

	next(&go, "pwrite");
	struct iovec v = {(void *)(uintptr_t)p, n};
	ssize_t r = go(fd, p, n, at);

	if (r > 0)
		keep_fd(TRACE_WRITE, fd, &v, 1, at, (size_t)r);
	return r;
}

ssize_t
pwrite64(int fd, const void *p, size_t n, off64_t at)
{
	return pwrite(fd, p, n, at);
}

ssize_t
writev(int fd, const struct iovec *v, int n)
{
	ssize_t (*go)(int, const struct iovec *, int);
	uint64_t ino;

	next(&go, "writev");
	off_t at = watched(fd, &ino) ? lseek(fd, 0, SEEK_CUR) : 0;
	ssize_t r = go(fd, v, n);

	if (r > 0)
		keep_fd(TRACE_WRITE, fd, v, n, at, (size_t)r);
	return r;
}

ssize_t
write(int fd, const void *p, size_t n)
{
	ssize_t (*go)(int, const void *, size_t);
	uint64_t ino;

	next(&go, "write");
	struct iovec v = {(void *)(uintptr_t)p, n};
	off_t at = watched(fd, &ino) ? lseek(fd, 0, SEEK_CUR) : 0;
	ssize_t r = go(fd, p, n);

	if (r > 0)
		keep_fd(TRACE_WRITE, fd, &v, 1, at, (size_t)r);
	return r;
}

ssize_t
pwritev(int fd, const struct iovec *v, int n, off_t at)
{
	ssize_t (*go)(int, const struct iovec *, int, off_t);

	next(&go, "pwritev");
	ssize_t r = go(fd, v, n, at);

	if (r > 0)
		keep_fd(TRACE_WRITE, fd, v, n, at, (size_t)r);
	return r;
}

int
ftruncate(int fd, off_t n)
{
	int (*go)(int, off_t);

	next(&go, "ftruncate");
	int r = go(fd, n);

	if (r == 0)
		keep_fd(TRACE_LENGTH, fd, NULL, 0, n, 0);
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

	if (r == 0)
		keep_fd(TRACE_SYNC, fd, NULL, 0, 0, 0);
	return r;
}

int
fdatasync(int fd)
{
	int (*go)(int);

	next(&go, "fdatasync");
	int r = go(fd);

	if (r == 0)
		keep_fd(TRACE_SYNC, fd, NULL, 0, 0, 0);
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

/* ---- names ---- */

static void
keep_name(enum trace_what what, const char *path, const char *other)
{
	struct trace_op op = {.what = what};
	struct stat st;
	int was = errno;

	if (below(path) == NULL)
		return;
	if (lstat(what == TRACE_RENAME ? other : path, &st) == 0)
		op.ino = st.st_ino;
	if (what == TRACE_RENAME)
		other = below(other);
	keep(op, below(path), other != NULL ? other : "", NULL, 0);
	errno = was;
}

static int
opened(const char *name, const char *path, int flags, va_list ap)
{
	int (*go)(const char *, int, ...);
	mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(ap, mode_t) : 0;
	struct stat st;
	bool there = lstat(path, &st) == 0;
	int fd;

	next(&go, name);
	fd = go(path, flags, mode);
	if (fd < 0 || (flags & O_TMPFILE) == O_TMPFILE)
		return fd;
	if ((flags & O_CREAT) && !there)
		keep_name(TRACE_CREATE, path, "");
	else if (flags & O_TRUNC)
		keep_fd(TRACE_LENGTH, fd, NULL, 0, 0, 0);
	return fd;
}

int
open(const char *path, int flags, ...)
{
	va_list ap;
	int fd;

	va_start(ap, flags);
	fd = opened("open", path, flags, ap);
	va_end(ap);
	return fd;
}

int
open64(const char *path, int flags, ...)
{
	va_list ap;
	int fd;

	va_start(ap, flags);
	fd = opened("open64", path, flags, ap);
	va_end(ap);
	return fd;
}

int
mkdir(const char *path, mode_t mode)
{
	int (*go)(const char *, mode_t);

	next(&go, "mkdir");
	int r = go(path, mode);

	if (r == 0)
		keep_name(TRACE_MKDIR, path, "");
	return r;
}

int
symlink(const char *to, const char *path)
{
	int (*go)(const char *, const char *);

	next(&go, "symlink");
	int r = go(to, path);

	if (r == 0)
		keep_name(TRACE_LINK, path, to);
	return r;
}

int
rename(const char *from, const char *to)
{
	int (*go)(const char *, const char *);

	next(&go, "rename");
	int r = go(from, to);

	if (r == 0)
		keep_name(TRACE_RENAME, from, to);
	return r;
}

int
unlink(const char *path)
{
	int (*go)(const char *);

	next(&go, "unlink");
	int r = go(path);

	if (r == 0)
		keep_name(TRACE_UNLINK, path, "");
	return r;
}

int
rmdir(const char *path)
{
	int (*go)(const char *);

	next(&go, "rmdir");
	int r = go(path);

	if (r == 0)
		keep_name(TRACE_RMDIR, path, "");
	return r;
}
