/*
 * load_behind.c - a second thread that puts new records into the change.
 *
 * To read a section and to put the records of the one before take about as
 * long, and know nothing of each other: the change, the store and the set of
 * records that was given are the thread's until crm_load_wait, the stream and
 * the other set the reader's.  Sets are put in the order in which they were
 * read, and what is wrong with one is told before what is wrong further on, so
 * that the answer is the same as without the thread, which is what there is on
 * one processor.
 */
#include <pthread.h>
#include <stdlib.h>

#include <crm/os.h>

#include "archive.h"

struct crm_load_behind {
	struct crm_load *load;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t turn;
	const struct crm_load_set *given; /* NULL: it has nothing to do */
	bool stop;
	int code; /* of the first failure, which err tells */
	struct crm_err err;
};

static void *
behind(void *ctx)
{
	struct crm_load_behind *b = ctx;

	pthread_mutex_lock(&b->lock);
	for (;;) {
		while (!b->given && !b->stop)
			pthread_cond_wait(&b->turn, &b->lock);
		if (!b->given)
			break;
		pthread_mutex_unlock(&b->lock);
		if (b->code == CRM_OK)
			b->code = crm_load_new(b->load, b->given, &b->err);
		pthread_mutex_lock(&b->lock);
		b->given = NULL;
		pthread_cond_signal(&b->turn);
	}
	pthread_mutex_unlock(&b->lock);
	return NULL;
}

static void
release(struct crm_load_behind *b)
{
	pthread_mutex_destroy(&b->lock);
	pthread_cond_destroy(&b->turn);
	free(b);
}

static void
start(struct crm_load *l)
{
	struct crm_load_behind *b;

	l->alone = true; /* is not tried again */
	if (crm_os_processors() < 2)
		return;
	b = calloc(1, sizeof *b);
	if (b == NULL)
		return;
	b->load = l;
	pthread_mutex_init(&b->lock, NULL);
	pthread_cond_init(&b->turn, NULL);
	if (pthread_create(&b->thread, NULL, behind, b) != 0) {
		release(b);
		return;
	}
	l->behind = b;
}

int
crm_load_wait(struct crm_load *l, struct crm_err *err)
{
	struct crm_load_behind *b = l->behind;

	if (b == NULL)
		return CRM_OK;
	pthread_mutex_lock(&b->lock);
	while (b->given)
		pthread_cond_wait(&b->turn, &b->lock);
	pthread_mutex_unlock(&b->lock);
	if (b->code < 0 && err != NULL)
		*err = b->err;
	return b->code;
}

int
crm_load_give(struct crm_load *l, struct crm_err *err)
{
	struct crm_load_behind *b;
	int r;

	if (!l->alone)
		start(l);
	b = l->behind;
	if (b == NULL)
		return crm_load_new(l, l->set, err);
	r = crm_load_wait(l, err);
	if (r < 0)
		return r;
	pthread_mutex_lock(&b->lock);
	b->given = l->set;
	pthread_cond_signal(&b->turn);
	pthread_mutex_unlock(&b->lock);
	l->set = l->set == &l->sets[0] ? &l->sets[1] : &l->sets[0];
	return CRM_OK;
}

void
crm_load_end(struct crm_load *l)
{
	struct crm_load_behind *b = l->behind;

	if (b == NULL)
		return;
	pthread_mutex_lock(&b->lock);
	b->stop = true;
	pthread_cond_signal(&b->turn);
	pthread_mutex_unlock(&b->lock);
	pthread_join(b->thread, NULL);
	release(b);
	l->behind = NULL;
}
