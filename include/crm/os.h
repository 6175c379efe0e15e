/*
 * os.h - files and descriptors, the few system calls that need care.
 */
#ifndef CRM_OS_H
#define CRM_OS_H

#include <sys/types.h>
#include <crm/buf.h>

/* Room for an array that is filled from one end to the other, or hit all over:
 * of much memory in large pages where there are some.  NULL: no memory.
 * free() it. */
void *crm_large_alloc(size_t n);
/*
 * Calls fn with each of n things of this size, each in a thread of its own and
 * the first in this one; a thread that cannot be had leaves its thing to this
 * one too.  Returns when all are done.
 */
#define CRM_THREADS 16 /* at most */
void crm_threads(void (*fn)(void *), void *things, size_t size, unsigned n);
/* Writes all of it, through EINTR and short writes.  CRM_EIO with errno's
 * reason ("disk full" for ENOSPC, EDQUOT); name is for the message. */
int crm_write_all(
    int fd, const void *p, size_t n, const char *name, struct crm_err *err);
/* Reads a whole file of at most max bytes.  CRM_ENOINPUT, CRM_EPERM, CRM_EIO,
 * CRM_EDATA (too large). */
int crm_read_file(
    const char *path, size_t max, struct crm_buf *out, struct crm_err *err);
/* An unlinked 0600 file in dir, close-on-exec: its descriptor, or a code. */
int crm_temp_file(const char *dir, struct crm_err *err);
/*
 * A spool: bytes written one after the other, read back anywhere; in memory up
 * to `keep` bytes, past that in an unlinked 0600 file in dir.  Zero, then
 * set dir (borrowed) and keep.
 */
struct crm_spool {
	const char *dir;
	size_t keep;
	struct crm_buf mem;
	int fd; /* valid when spilled */
	bool spilled;
	uint64_t size; /* bytes written */
	/* Inside, once spilled: mem is a window of the file from base on. */
	uint64_t base;
	bool dirty; /* mem is not in the file yet */
	uint64_t last, next; /* of the read before: where it began and ended */
	unsigned row; /* reads that went on where the one before was */
};
int crm_spool_write(
    struct crm_spool *s, const void *p, size_t n, struct crm_err *err);
/* Reads n bytes at off; CRM_EIO when there are fewer. */
int crm_spool_pread(
    struct crm_spool *s, uint64_t off, void *p, size_t n, struct crm_err *err);
/* The same where they lie, valid until the spool is written to or released;
 * NULL when they are not in memory. */
const char *crm_spool_view(const struct crm_spool *s, uint64_t off, size_t n);
void crm_spool_release(struct crm_spool *s);

/* Processors this process may run on, at least 1. */
unsigned crm_os_processors(void);

#endif
