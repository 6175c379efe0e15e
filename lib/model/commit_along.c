/*
 * commit_along.c - the parts of a change, written while it goes on.
 *
 * For a store that nobody sees before all of it is there, and records that are
 * not put again: what is put goes into a part besides the spool, and when the
 * part is full a second thread writes it while the change fills the next.
 * Only that thread writes to the store then; the change goes on to see it as
 * it was.  The parts are those that crm_change_commit would make.
 *
 * What keeps the thread from writing a part (no memory, a map that cannot grow
 * while the change reads) is no failure yet: that part and all behind it are
 * left to crm_change_commit, which meets it again if it is still so.
 */
#include <pthread.h>
#include <stdlib.h>

#include "commit.h"

struct crm_along {
	struct crm_commit c; /* its part: the one to be written */
	struct crm_commit_part *fill; /* the other one */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t turn;
	bool given; /* a part, which is not written yet */
	bool stop;
	bool ended; /* nothing more is put into parts */
	bool runs;
	bool failed; /* the part could not be written */
	int code; /* it was, but what is kept aside of it is not whole */
	struct crm_err err;
};

static void
write_part(struct crm_along *a)
{
	bool written = false;
	int r = crm_commit_sort(&a->c, a->c.part, &a->err);

	if (r == CRM_OK)
		r = crm_commit_write(&a->c, &written, &a->err);
	a->failed = r < 0 && !written;
	if (r < 0 && written)
		a->code = r;
}

static void *
along(void *arg)
{
	struct crm_along *a = arg;

	pthread_mutex_lock(&a->lock);
	for (;;) {
		while (!a->given && !a->stop)
			pthread_cond_wait(&a->turn, &a->lock);
		if (!a->given)
			break;
		pthread_mutex_unlock(&a->lock);
		write_part(a);
		pthread_mutex_lock(&a->lock);
		a->given = false;
		pthread_cond_signal(&a->turn);
	}
	pthread_mutex_unlock(&a->lock);
	return NULL;
}

int
crm_change_along(struct crm_change *ch, struct crm_err *err)
{
	struct crm_along *a;

	if (crm_os_processors() < 2)
		return CRM_OK;
	a = calloc(1, sizeof *a);
	if (a == NULL)
		return crm_err_nomem(err);
	a->c.ch = ch;
	a->c.part = &a->c.parts[1];
	a->fill = &a->c.parts[0];
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->turn, NULL);
	a->runs = pthread_create(&a->thread, NULL, along, a) == 0;
	if (a->runs)
		ch->along = a;
	else
		crm_along_free(a);
	return CRM_OK;
}

void
crm_change_along_end(struct crm_change *ch)
{
	if (ch->along != NULL)
		ch->along->ended = true;
}

/* Gives the part to the thread.  false: it could not write the one before. */
static bool
hand_over(struct crm_along *a)
{
	bool ok;

	a->fill->more = true;
	pthread_mutex_lock(&a->lock);
	while (a->given)
		pthread_cond_wait(&a->turn, &a->lock);
	ok = !a->failed && a->code == CRM_OK;
	if (ok) {
		struct crm_commit_part *written = a->c.part;

		a->c.part = a->fill;
		a->fill = written;
		a->given = true;
		pthread_cond_signal(&a->turn);
	}
	pthread_mutex_unlock(&a->lock);
	return ok;
}

int
crm_along_take(struct crm_change *ch, const struct crm_op *op,
    struct crm_str image, struct crm_str keys, struct crm_str effects,
    struct crm_err *err)
{
	struct crm_along *a = ch->along;
	uint64_t was;

	if (op->what != 'x' && crm_latest_get(ch, op->kind, op->number, &was) &&
	    was < a->c.off)
		return crm_err_set(err, CRM_EBUG,
		    "a record that is being written is put again");
	if (!a->ended)
		a->ended =
		    (crm_commit_full(&a->c, a->fill, op) && !hand_over(a)) ||
		    !crm_commit_take(a->fill, op, image, keys, effects);
	if (!a->ended)
		a->c.off = ch->spool.size;
	return CRM_OK;
}

static void
join(struct crm_along *a)
{
	if (!a->runs)
		return;
	pthread_mutex_lock(&a->lock);
	a->stop = true;
	pthread_cond_signal(&a->turn);
	pthread_mutex_unlock(&a->lock);
	pthread_join(a->thread, NULL);
	a->runs = false;
}

int
crm_along_join(struct crm_along *a, struct crm_commit **out, bool *unwritten,
    struct crm_err *err)
{
	join(a);
	*out = &a->c;
	*unwritten = a->failed;
	if (!a->failed)
		a->c.part = a->fill;
	if (a->code < 0 && err != NULL)
		*err = a->err;
	return a->code;
}

void
crm_along_free(struct crm_along *a)
{
	if (a == NULL)
		return;
	join(a);
	pthread_mutex_destroy(&a->lock);
	pthread_cond_destroy(&a->turn);
	crm_commit_release(&a->c);
	free(a);
}
