/*
 * lock.c - one writer at a time, with a time-out.
 *
 * LMDB has a writers' mutex of its own, but waits on it for ever.  Ours is a
 * lock of the open file description: it goes away with the process however
 * that ends, and is asked for again and again because there is no waiting
 * with a time-out for it.  The monotonic clock only measures that waiting.
 *
 * The file's first byte says that generations of the data may lie about that
 * are not the current one: the next writer removes them.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "store/store_internal.h"

#define NAP_FIRST 200000L /* ns */
#define NAP_MOST 20000000L /* ns */

static int64_t
now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static int
lock_open(struct crm_lock *l, const char *folder, struct crm_err *err)
{
	char path[CRM_PATH_MAX];

	crm_folder_path(path, folder, "lock");
	l->fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (l->fd < 0 && errno == ENOENT) {
		l->fd =
		    open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_CREAT, 0600);
		if (l->fd >= 0 && fchmod(l->fd, 0600) < 0) {
			close(l->fd);
			l->fd = -1;
		}
	}
	if (l->fd >= 0)
		return CRM_OK;
	return crm_folder_fail(folder, errno, "cannot write to", err);
}

/* 1 taken, 0 another has it, -1 an error in errno. */
static int
lock_try(int fd)
{
	struct flock fl = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	while (fcntl(fd, F_OFD_SETLK, &fl) < 0) {
		if (errno == EAGAIN || errno == EACCES)
			return 0;
		if (errno != EINTR)
			return -1;
	}
	return 1;
}

int
crm_lock_take(struct crm_lock *l, const char *folder, unsigned wait_ms,
    struct crm_err *err)
{
	int64_t until = 0;
	int64_t nap = NAP_FIRST;
	int code, got;

	if (l->held)
		return CRM_OK;
	if (l->fd < 0 && (code = lock_open(l, folder, err)) < 0)
		return code;
	while ((got = lock_try(l->fd)) == 0) {
		int64_t now = now_ns();
		struct timespec ts = {0};

		if (until == 0)
			until = now + (int64_t)wait_ms * 1000000;
		if (now >= until)
			return crm_err_set(err, CRM_EBUSY,
			    "busy: another program is writing to '%s'", folder);
		if (nap > until - now)
			nap = until - now;
		ts.tv_nsec = (long)nap;
		nanosleep(&ts, NULL);
		nap = nap * 2 > NAP_MOST ? NAP_MOST : nap * 2;
	}
	if (got < 0)
		return crm_err_sys(
		    err, CRM_EIO, errno, "cannot lock '%s'", folder);
	l->held = true;
	return CRM_OK;
}

void
crm_lock_drop(struct crm_lock *l)
{
	struct flock fl = {.l_type = F_UNLCK, .l_whence = SEEK_SET};

	if (!l->held)
		return;
	l->held = false;
	/* Cannot fail for a descriptor that holds it; closing it would be
	 * the other way and costs opening it again. */
	(void)fcntl(l->fd, F_OFD_SETLK, &fl);
}

void
crm_lock_close(struct crm_lock *l)
{
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
	l->held = false;
}

void
crm_lock_litter(struct crm_lock *l, bool litter)
{
	char mark = litter ? 'g' : '-';

	/* Without it they lie there until the next generation is made; a
	 * power cut is to leave it where it leaves them. */
	if (l->fd < 0 || pwrite(l->fd, &mark, 1, 0) != 1 || !litter)
		return;
	(void)fdatasync(l->fd);
}

bool
crm_lock_littered(const struct crm_lock *l)
{
	char mark = 0;

	return l->fd >= 0 && pread(l->fd, &mark, 1, 0) == 1 && mark == 'g';
}
