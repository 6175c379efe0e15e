/*
 * os.c - files and descriptors.
 *
 * A spilled spool keeps one window of its file in mem: while writing, the
 * tail that is not in the file yet; while reading on and on, what was read
 * ahead.  Records are a few dozen bytes, so a system call each would be most
 * of the time of a large import.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <crm/os.h>

enum {
	WINDOW = 256 * 1024,
	READ_STEP = 64 * 1024,
	IN_A_ROW = 4 /* reads that are no single look at a record */
};

void *
crm_large_alloc(size_t n)
{
	const size_t page = (size_t)2 << 20;
	void *p;

	if (n < 2 * page || n > SIZE_MAX - page)
		return malloc(n ? n : 1);
	n = (n + page - 1) / page * page;
	p = aligned_alloc(page, n);
	/* a fault for each small page costs more than to fill it */
	if (p)
		(void)madvise(p, n, MADV_HUGEPAGE);
	return p;
}

struct thing {
	void (*fn)(void *);
	void *arg;
	pthread_t thread;
	bool runs;
};

static void *
begin(void *arg)
{
	struct thing *t = arg;

	t->fn(t->arg);
	return NULL;
}

void
crm_threads(void (*fn)(void *), void *things, size_t size, unsigned n)
{
	struct thing t[CRM_THREADS];

	for (unsigned i = 0; i < n; i++) {
		t[i] = (struct thing){fn, (char *)things + i * size, 0, false};
		t[i].runs = i > 0 && pthread_create(
					 &t[i].thread, NULL, begin, &t[i]) == 0;
	}
	for (unsigned i = 0; i < n; i++)
		if (!t[i].runs)
			fn(t[i].arg);
	for (unsigned i = 0; i < n; i++)
		if (t[i].runs)
			pthread_join(t[i].thread, NULL);
}

static int
write_failed(int errnum, const char *name, struct crm_err *err)
{
	if (errnum == ENOSPC || errnum == EDQUOT)
		return crm_err_set(err, CRM_EIO, "write '%s': disk full", name);
	return crm_err_sys(err, CRM_EIO, errnum, "write '%s'", name);
}

int
crm_write_all(
    int fd, const void *p, size_t n, const char *name, struct crm_err *err)
{
	const char *at = p;

	while (n > 0) {
		ssize_t put = write(fd, at, n);

		if (put < 0) {
			if (errno == EINTR)
				continue;
			return write_failed(errno, name, err);
		}
		at += put;
		n -= (size_t)put;
	}
	return CRM_OK;
}

static int
open_code(int errnum)
{
	switch (errnum) {
	case ENOENT:
	case ENOTDIR:
	case ELOOP:
	case ENAMETOOLONG:
		return CRM_ENOINPUT;
	case EACCES:
	case EPERM:
		return CRM_EPERM;
	default:
		return CRM_EIO;
	}
}

int
crm_read_file(
    const char *path, size_t max, struct crm_buf *out, struct crm_err *err)
{
	size_t start = out->n, step = READ_STEP;
	struct stat st;
	int code, fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return crm_err_sys(
		    err, open_code(errno), errno, "open '%s'", path);
	/* One step for a file of known size, and one byte to see its end. */
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size >= 0 &&
	    (uint64_t)st.st_size < max)
		step = (size_t)st.st_size + 1;
	for (;;) {
		size_t left = max - (out->n - start);
		ssize_t got;
		char over;

		/* At the limit one byte more tells whether it is too large. */
		if (left > 0 && !crm_buf_room(out, left < step ? left : step)) {
			code = crm_buf_check(out, err);
			break;
		}
		if (left == 0)
			got = read(fd, &over, 1);
		else
			got = read(
			    fd, out->p + out->n, left < step ? left : step);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			code =
			    crm_err_sys(err, CRM_EIO, errno, "read '%s'", path);
			break;
		}
		if (got == 0) {
			code = CRM_OK;
			break;
		}
		if (left == 0) {
			code = crm_err_set(err, CRM_EDATA,
			    "'%s' is larger than the %zu bytes allowed", path,
			    max);
			break;
		}
		out->n += (size_t)got;
		step = READ_STEP;
	}
	close(fd);
	if (code < 0)
		out->n = start;
	return code;
}

static int
temp_failed(int errnum, const char *dir, struct crm_err *err)
{
	int code =
	    errnum == EACCES || errnum == EPERM ? CRM_EPERM : CRM_ECREATE;

	return crm_err_sys(
	    err, code, errnum, "create a temporary file in '%s'", dir);
}

int
crm_temp_file(const char *dir, struct crm_err *err)
{
	struct crm_buf path = {0};
	int fd, code;

	fd = open(dir, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0)
		return fd;
	/* Some file systems have no O_TMPFILE; old kernels say EISDIR. */
	if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)
		return temp_failed(errno, dir, err);
	crm_buf_puts(&path, dir);
	crm_buf_puts(&path, "/crm-XXXXXX");
	if (!crm_buf_cstr(&path)) {
		code = crm_err_nomem(err);
		goto out;
	}
	code = mkostemp(path.p, O_CLOEXEC);
	if (code < 0)
		code = temp_failed(errno, dir, err);
	else
		unlink(path.p);
out:
	crm_buf_release(&path);
	return code;
}

/* Puts what is only in the window into the file. */
static int
spool_flush(struct crm_spool *s, struct crm_err *err)
{
	size_t done = 0;

	while (s->dirty && done < s->mem.n) {
		ssize_t put = pwrite(s->fd, s->mem.p + done, s->mem.n - done,
		    (off_t)(s->base + done));

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return write_failed(errno, "temporary file", err);
		done += (size_t)put;
	}
	s->dirty = false;
	return CRM_OK;
}

static int
spool_spill(struct crm_spool *s, struct crm_err *err)
{
	int fd = crm_temp_file(s->dir, err);

	if (fd < 0)
		return fd;
	s->fd = fd;
	s->spilled = true;
	s->base = 0;
	s->dirty = true;
	return CRM_OK;
}

/* Writes what is no use to keep in the window, straight from the caller. */
static int
spool_write_large(
    struct crm_spool *s, const char *p, size_t n, struct crm_err *err)
{
	uint64_t at = s->size;

	while (n > 0) {
		ssize_t put = pwrite(s->fd, p, n, (off_t)at);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return write_failed(errno, "temporary file", err);
		p += put;
		n -= (size_t)put;
		at += (uint64_t)put;
	}
	s->size = at;
	return CRM_OK;
}

int
crm_spool_write(
    struct crm_spool *s, const void *p, size_t n, struct crm_err *err)
{
	int code;

	if (!s->spilled) {
		if (s->mem.n <= s->keep && n <= s->keep - s->mem.n)
			goto append;
		code = spool_spill(s, err);
		if (code < 0)
			return code;
	}
	if (!s->dirty) {
		crm_buf_clear(&s->mem);
		s->base = s->size;
		s->dirty = true;
	}
	if (n >= WINDOW || s->mem.n >= WINDOW - n) {
		code = spool_flush(s, err);
		if (code < 0)
			return code;
		/* What was kept before the spill may be far larger. */
		if (s->mem.cap > 2 * (size_t)WINDOW)
			crm_buf_release(&s->mem);
		crm_buf_clear(&s->mem);
		if (n >= WINDOW)
			return spool_write_large(s, p, n, err);
		s->base = s->size;
		s->dirty = true;
	}
append:
	s->mem.max = SIZE_MAX;
	crm_buf_put(&s->mem, p, n);
	code = crm_buf_check(&s->mem, err);
	if (code < 0) {
		/* The bytes before are whole: only this write failed. */
		s->mem.fail = 0;
		return code;
	}
	s->size += n;
	return CRM_OK;
}

static int
read_at(int fd, uint64_t off, char *p, size_t n, struct crm_err *err)
{
	while (n > 0) {
		ssize_t got = pread(fd, p, n, (off_t)off);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return crm_err_sys(
			    err, CRM_EIO, errno, "read 'temporary file'");
		if (got == 0)
			return crm_err_set(
			    err, CRM_EIO, "the temporary file ends early");
		p += got;
		n -= (size_t)got;
		off += (uint64_t)got;
	}
	return CRM_OK;
}

/* The window from off on; off < size. */
static int
spool_fill(struct crm_spool *s, uint64_t off, struct crm_err *err)
{
	uint64_t left = s->size - off;
	size_t n = left < READ_STEP ? (size_t)left : READ_STEP;
	int code = spool_flush(s, err);

	if (code < 0)
		return code;
	if (s->mem.cap > 2 * (size_t)WINDOW)
		crm_buf_release(&s->mem);
	crm_buf_clear(&s->mem);
	if (!crm_buf_room(&s->mem, n))
		return crm_err_nomem(err);
	code = read_at(s->fd, off, s->mem.p, n, err);
	if (code < 0)
		return code;
	s->mem.n = n;
	s->base = off;
	return CRM_OK;
}

static bool
in_window(const struct crm_spool *s, uint64_t off, size_t n)
{
	uint64_t base = s->spilled ? s->base : 0;

	return off >= base && off - base <= s->mem.n &&
	       n <= s->mem.n - (off - base);
}

int
crm_spool_pread(
    struct crm_spool *s, uint64_t off, void *p, size_t n, struct crm_err *err)
{
	int code;

	if (off > s->size || n > s->size - off)
		return crm_err_set(err, CRM_EIO,
		    "nothing at %ju of a spool of %ju bytes", (uintmax_t)off,
		    (uintmax_t)s->size);
	if (n == 0)
		return CRM_OK;
	if (off >= s->last && off <= s->next)
		s->row++;
	else
		s->row = 0;
	s->last = off;
	s->next = off + n;
	if (s->row >= IN_A_ROW && n < READ_STEP && !in_window(s, off, n)) {
		code = spool_fill(s, off, err);
		if (code < 0)
			return code;
	}
	if (in_window(s, off, n)) {
		memcpy(p, s->mem.p + (off - (s->spilled ? s->base : 0)), n);
		return CRM_OK;
	}
	if (s->dirty && off + n > s->base) {
		code = spool_flush(s, err);
		if (code < 0)
			return code;
	}
	return read_at(s->fd, off, p, n, err);
}

const char *
crm_spool_view(const struct crm_spool *s, uint64_t off, size_t n)
{
	/* one that nothing was written to has no memory yet */
	return s->mem.p && !s->spilled && in_window(s, off, n) ? s->mem.p + off
							       : NULL;
}

void
crm_spool_release(struct crm_spool *s)
{
	if (s->spilled)
		close(s->fd);
	crm_buf_release(&s->mem);
	*s = (struct crm_spool){.dir = s->dir, .keep = s->keep};
}

unsigned
crm_os_processors(void)
{
	cpu_set_t cpus;

	if (sched_getaffinity(0, sizeof cpus, &cpus) < 0 ||
	    CPU_COUNT(&cpus) < 1)
		return 1;
	return (unsigned)CPU_COUNT(&cpus);
}
