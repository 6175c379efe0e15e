/*
 * cli_held.c - what is said while the writers' lock is held.
 *
 * A pipe may be blocked by a program that waits for that very lock, or by one
 * that nobody reads; every writer would wait with us.  So what goes to a pipe
 * meanwhile is kept, and written when the lock is given back.  It has to stay
 * in memory: past HELD_MAX it is written after all.  Files and terminals are
 * written to at once.
 */
#include <sys/stat.h>
#include <unistd.h>

#include "cli_parts.h"

enum { HELD = 2, HELD_MAX = 16 << 20 };

static bool holding;
static struct held {
	struct crm_buf b;
	const char *name;
	int fd;
	bool closed; /* by who wrote to it: it is ours */
} held[HELD];

static struct held *
slot(int fd)
{
	struct stat st;

	for (int i = 0; i < HELD; i++)
		if (held[i].b.n > 0 && held[i].fd == fd)
			return &held[i];
	if (fstat(fd, &st) != 0 ||
	    !(S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode)))
		return NULL;
	for (int i = 0; i < HELD; i++)
		if (held[i].b.n == 0)
			return &held[i];
	return NULL;
}

static int
let_go(struct held *h, struct crm_err *err)
{
	int r = CRM_OK;

	if (h->b.n > 0)
		r = crm_write_all(h->fd, h->b.p, h->b.n, h->name, err);
	if (h->closed)
		close(h->fd);
	crm_buf_release(&h->b);
	*h = (struct held){0};
	return r;
}

void
cli_held_begin(void)
{
	holding = true;
}

int
cli_held_end(struct crm_err *err)
{
	int r = CRM_OK;

	holding = false;
	for (int i = 0; i < HELD; i++) {
		bool said = held[i].fd == STDERR_FILENO;
		int one = let_go(&held[i], said ? NULL : err);

		/* When stderr fails there is nobody left to tell. */
		if (!said && one < 0)
			r = one;
	}
	return r;
}

int
cli_held_write(
    int fd, const char *p, size_t n, const char *name, struct crm_err *err)
{
	struct held *h = holding ? slot(fd) : NULL;
	int r;

	if (h && h->b.n + n <= HELD_MAX && crm_buf_room(&h->b, n)) {
		crm_buf_put(&h->b, p, n);
		h->fd = fd;
		h->name = name;
		return CRM_OK;
	}
	r = h ? let_go(h, err) : CRM_OK;
	return r < 0 ? r : crm_write_all(fd, p, n, name, err);
}

int
cli_held_close(int fd)
{
	for (int i = 0; i < HELD; i++)
		if (held[i].b.n > 0 && held[i].fd == fd) {
			held[i].closed = true;
			return 0;
		}
	return close(fd);
}
