/*
 * pre_fail.c - preloaded: makes the N-th allocation, or the N-th call to the
 * kernel, fail.
 *
 *	CRM_FAULT=alloc:17		the 17th malloc, calloc or realloc
 *	CRM_FAULT=call:4:5		the 4th call, with error 5 (EIO)
 *	CRM_FAULT=pwrite:1:28:20	every pwrite from the first on, of
 *					20 at most
 *	CRM_FAULT_COUNT=FILE		at the end: allocations, calls, how
 *					many failed, what was not released
 *	CRM_FAULT_STOP=1		stop there, for a debugger
 *
 * Calls are counted over all kinds, in the order they are made.  What libc
 * does inside (stdio, opendir) does not come by here.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);
void __libc_free(void *p);

static struct {
	bool armed;
	char what[16];
	long at, most;
	int error;
	long allocs, calls, named, fired, live;
} f;

static bool
due(long seen)
{
	if (!f.armed || f.at == 0 || seen < f.at || f.fired >= f.most)
		return false;
	f.fired++;
	if (getenv("CRM_FAULT_STOP") != NULL)
		raise(SIGTRAP);
	return true;
}

static bool
alloc_fails(void)
{
	if (!f.armed)
		return false;
	f.allocs++;
	if (f.what[0] != 'a' || !due(f.allocs))
		return false;
	errno = ENOMEM;
	return true;
}

static bool
call_fails(const char *name)
{
	if (!f.armed)
		return false;
	f.calls++;
	if (strcmp(f.what, name) == 0
		? !due(++f.named)
		: strcmp(f.what, "call") != 0 || !due(f.calls))
		return false;
	errno = f.error;
	return true;
}

/* Sets a pointer to the function that would have been called. */
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
	const char *v = getenv("CRM_FAULT");
	char *end;
	size_t n;

	if (v != NULL && (n = strcspn(v, ":")) < sizeof f.what) {
		memcpy(f.what, v, n);
		f.at = v[n] ? strtol(v + n + 1, &end, 10) : 0;
		f.error = v[n] && *end ? (int)strtol(end + 1, &end, 10) : EIO;
		f.most = v[n] && *end ? strtol(end + 1, &end, 10) : 1;
	}
	f.armed = true;
}

__attribute__((destructor)) static void
finish(void)
{
	const char *path = getenv("CRM_FAULT_COUNT");
	char line[96];
	int fd, n;

	f.armed = false;
	if (path == NULL)
		return;
	n = snprintf(line, sizeof line, "%ld %ld %ld %ld\n", f.allocs, f.calls,
	    f.fired, f.live);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || write(fd, line, (size_t)n) != n)
		_exit(126);
	close(fd);
}

/*
 * What is done after main has returned is not the program's: gcov writes down
 * what it has counted, and dies of a failed allocation.
 */
static int (*real_main)(int, char **, char **);

static int
main_only(int argc, char **argv, char **env)
{
	int status = real_main(argc, argv, env);

	f.armed = false;
	return status;
}

int __libc_start_main(int (*)(int, char **, char **), int, char **,
    void (*)(void), void (*)(void), void (*)(void), void *);

int
__libc_start_main(int (*run)(int, char **, char **), int argc, char **argv,
    void (*init)(void), void (*fini)(void), void (*end)(void), void *stack)
{
	int (*go)(int (*)(int, char **, char **), int, char **, void (*)(void),
	    void (*)(void), void (*)(void), void *);

	next(&go, "__libc_start_main");
	real_main = run;
	return go(main_only, argc, argv, init, fini, end, stack);
}

/* ---- memory ---- */

void *
malloc(size_t n)
{
	void *p = alloc_fails() ? NULL : __libc_malloc(n);

	f.live += p != NULL;
	return p;
}

void *
calloc(size_t n, size_t size)
{
	void *p = alloc_fails() ? NULL : __libc_calloc(n, size);

	f.live += p != NULL;
	return p;
}

void *
realloc(void *old, size_t n)
{
	void *p = alloc_fails() ? NULL : __libc_realloc(old, n);

	f.live += p != NULL && old == NULL;
	return p;
}

void
free(void *p)
{
	f.live -= p != NULL;
	__libc_free(p);
}

/* ---- files ---- */

static int
open_as(const char *name, const char *real, const char *path, int flags,
    mode_t mode)
{
	int (*go)(const char *, int, ...);

	next(&go, real);

	return call_fails(name) ? -1 : go(path, flags, mode);
}

int
open(const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	return open_as("open", "open", path, flags, mode);
}

int
open64(const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	return open_as("open", "open64", path, flags, mode);
}

int
openat(int dir, const char *path, int flags, ...)
{
	int (*go)(int, const char *, int, ...);

	next(&go, "openat");
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	return call_fails("openat") ? -1 : go(dir, path, flags, mode);
}

int
close(int fd)
{
	int (*go)(int);

	next(&go, "close");
	int r = go(fd);

	/* As the kernel does: closed, and an error. */
	return call_fails("close") ? -1 : r;
}

ssize_t
read(int fd, void *p, size_t n)
{
	ssize_t (*go)(int, void *, size_t);

	next(&go, "read");

	return call_fails("read") ? -1 : go(fd, p, n);
}

ssize_t
write(int fd, const void *p, size_t n)
{
	ssize_t (*go)(int, const void *, size_t);

	next(&go, "write");

	return call_fails("write") ? -1 : go(fd, p, n);
}

ssize_t
writev(int fd, const struct iovec *v, int n)
{
	ssize_t (*go)(int, const struct iovec *, int);

	next(&go, "writev");

	return call_fails("write") ? -1 : go(fd, v, n);
}

ssize_t
pread(int fd, void *p, size_t n, off_t at)
{
	ssize_t (*go)(int, void *, size_t, off_t);

	next(&go, "pread");

	return call_fails("pread") ? -1 : go(fd, p, n, at);
}

ssize_t
pread64(int fd, void *p, size_t n, off64_t at)
{
	return pread(fd, p, n, at);
}

ssize_t
pwrite(int fd, const void *p, size_t n, off_t at)
{
	ssize_t (*go)(int, const void *, size_t, off_t);

	next(&go, "pwrite");

	return call_fails("pwrite") ? -1 : go(fd, p, n, at);
}

ssize_t
pwrite64(int fd, const void *p, size_t n, off64_t at)
{
	return pwrite(fd, p, n, at);
}

ssize_t
pwritev2(int fd, const struct iovec *v, int n, off_t at, int flags)
{
	ssize_t (*go)(int, const struct iovec *, int, off_t, int);

	next(&go, "pwritev2");

	return call_fails("pwritev2") ? -1 : go(fd, v, n, at, flags);
}

ssize_t
pwritev64v2(int fd, const struct iovec *v, int n, off64_t at, int flags)
{
	return pwritev2(fd, v, n, at, flags);
}

int
fsync(int fd)
{
	int (*go)(int);

	next(&go, "fsync");

	return call_fails("fsync") ? -1 : go(fd);
}

int
fdatasync(int fd)
{
	int (*go)(int);

	next(&go, "fdatasync");

	return call_fails("fdatasync") ? -1 : go(fd);
}

int
ftruncate(int fd, off_t n)
{
	int (*go)(int, off_t);

	next(&go, "ftruncate");

	return call_fails("ftruncate") ? -1 : go(fd, n);
}

int
ftruncate64(int fd, off64_t n)
{
	return ftruncate(fd, n);
}

off_t
lseek(int fd, off_t at, int whence)
{
	off_t (*go)(int, off_t, int);

	next(&go, "lseek");

	return call_fails("lseek") ? -1 : go(fd, at, whence);
}

off64_t
lseek64(int fd, off64_t at, int whence)
{
	return lseek(fd, at, whence);
}

void *
mmap(void *at, size_t n, int prot, int flags, int fd, off_t off)
{
	void *(*go)(void *, size_t, int, int, int, off_t);

	next(&go, "mmap");

	return call_fails("mmap") ? MAP_FAILED
				  : go(at, n, prot, flags, fd, off);
}

void *
mmap64(void *at, size_t n, int prot, int flags, int fd, off64_t off)
{
	return mmap(at, n, prot, flags, fd, off);
}

int
rename(const char *from, const char *to)
{
	int (*go)(const char *, const char *);

	next(&go, "rename");

	return call_fails("rename") ? -1 : go(from, to);
}

int
renameat2(int a, const char *from, int b, const char *to, unsigned flags)
{
	int (*go)(int, const char *, int, const char *, unsigned);

	next(&go, "renameat2");

	return call_fails("rename") ? -1 : go(a, from, b, to, flags);
}

int
symlink(const char *what, const char *at)
{
	int (*go)(const char *, const char *);

	next(&go, "symlink");

	return call_fails("symlink") ? -1 : go(what, at);
}

ssize_t
readlink(const char *path, char *out, size_t n)
{
	ssize_t (*go)(const char *, char *, size_t);

	next(&go, "readlink");

	return call_fails("readlink") ? -1 : go(path, out, n);
}

int
mkdir(const char *path, mode_t mode)
{
	int (*go)(const char *, mode_t);

	next(&go, "mkdir");

	return call_fails("mkdir") ? -1 : go(path, mode);
}

static int
fcntl_as(const char *real, int fd, int what, void *arg)
{
	int (*go)(int, int, ...);

	next(&go, real);

	return call_fails("fcntl") ? -1 : go(fd, what, arg);
}

int
fcntl(int fd, int what, ...)
{
	va_list ap;
	void *arg;

	va_start(ap, what);
	arg = va_arg(ap, void *);
	va_end(ap);
	return fcntl_as("fcntl", fd, what, arg);
}

int
fcntl64(int fd, int what, ...)
{
	va_list ap;
	void *arg;

	va_start(ap, what);
	arg = va_arg(ap, void *);
	va_end(ap);
	return fcntl_as("fcntl64", fd, what, arg);
}
