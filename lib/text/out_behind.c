/*
 * out_behind.c - rows that are made text by a second thread.
 *
 * To make a row text, and to write that, takes as long as to read the record:
 * of a long list both are done at once.  Rows are handed over by the batch,
 * with their texts, so that what the caller lent may go.  Between
 * crm_behind_wait and the next row the output is the caller's alone; so order,
 * errors and where bytes go are the same with the thread and without it, which
 * is what happens where there is one processor or no memory.
 */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "text/render.h"

enum { ROWS = 512, TEXT = 1 << 20 };

struct batch {
	struct crm_value *v;
	size_t n; /* rows */
	struct crm_buf text; /* of its values, one after the other */
};

struct crm_behind {
	struct crm_out *out;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t turn;
	struct batch batch[2];
	unsigned fill; /* the one that the caller fills */
	bool given; /* the other one is the thread's */
	bool stop;
};

static void
write_batch(struct crm_out *o, struct batch *b)
{
	const char *text = crm_buf_str(&b->text).p;
	struct crm_err err;

	for (size_t i = 0; i < b->n && !o->code; i++) {
		struct crm_value *v = b->v + i * o->n;

		for (size_t k = 0; k < o->n; k++)
			if (crm_value_is_text(&v[k])) {
				v[k].s.p = text;
				text += v[k].s.n;
			}
		/* What fails is kept in the output. */
		(void)crm_out_direct(o, v, &err);
	}
}

static void *
behind(void *ctx)
{
	struct crm_behind *x = ctx;

	pthread_mutex_lock(&x->lock);
	for (;;) {
		while (!x->given && !x->stop)
			pthread_cond_wait(&x->turn, &x->lock);
		if (!x->given)
			break;
		pthread_mutex_unlock(&x->lock);
		write_batch(x->out, &x->batch[!x->fill]);
		pthread_mutex_lock(&x->lock);
		x->given = false;
		pthread_cond_signal(&x->turn);
	}
	pthread_mutex_unlock(&x->lock);
	return NULL;
}

static void
release(struct crm_behind *x)
{
	for (int i = 0; i < 2; i++) {
		free(x->batch[i].v);
		crm_buf_release(&x->batch[i].text);
	}
	pthread_mutex_destroy(&x->lock);
	pthread_cond_destroy(&x->turn);
	free(x);
}

void
crm_behind_start(struct crm_out *o)
{
	struct crm_behind *x;
	cpu_set_t cpus;

	o->alone = true; /* is not tried again */
	if (sched_getaffinity(0, sizeof cpus, &cpus) < 0 ||
	    CPU_COUNT(&cpus) < 2)
		return;
	x = calloc(1, sizeof *x);
	if (!x)
		return;
	x->out = o;
	pthread_mutex_init(&x->lock, NULL);
	pthread_cond_init(&x->turn, NULL);
	for (int i = 0; i < 2; i++)
		x->batch[i].v = calloc(ROWS * o->n, sizeof *x->batch[i].v);
	if (!x->batch[0].v || !x->batch[1].v ||
	    pthread_create(&x->thread, NULL, behind, x) != 0) {
		release(x);
		return;
	}
	o->alone = false;
	o->behind = x;
}

static void
wait_turn(struct crm_behind *x)
{
	pthread_mutex_lock(&x->lock);
	while (x->given)
		pthread_cond_wait(&x->turn, &x->lock);
	pthread_mutex_unlock(&x->lock);
}

static void
give(struct crm_behind *x)
{
	struct batch *next = &x->batch[!x->fill];

	next->n = 0;
	crm_buf_clear(&next->text);
	pthread_mutex_lock(&x->lock);
	x->fill = !x->fill;
	x->given = true;
	pthread_cond_signal(&x->turn);
	pthread_mutex_unlock(&x->lock);
}

int
crm_behind_row(
    struct crm_out *o, const struct crm_value *v, struct crm_err *err)
{
	struct crm_behind *x = o->behind;
	struct batch *b = &x->batch[x->fill];

	memcpy(b->v + b->n * o->n, v, o->n * sizeof *v);
	for (size_t i = 0; i < o->n; i++)
		if (crm_value_is_text(&v[i]))
			crm_buf_putstr(&b->text, v[i].s);
	b->n++;
	if (b->n < ROWS && b->text.n < TEXT && !b->text.fail)
		return CRM_OK;
	wait_turn(x);
	if (b->text.fail)
		return crm_err_nomem(err);
	if (o->code)
		return crm_sink_flush(o, err);
	give(x);
	return CRM_OK;
}

void
crm_behind_wait(struct crm_out *o)
{
	struct crm_behind *x = o->behind;

	if (!x)
		return;
	wait_turn(x);
	if (x->batch[x->fill].n == 0)
		return;
	give(x);
	wait_turn(x);
}

void
crm_behind_stop(struct crm_out *o)
{
	struct crm_behind *x = o->behind;

	if (!x)
		return;
	pthread_mutex_lock(&x->lock);
	x->stop = true;
	pthread_cond_signal(&x->turn);
	pthread_mutex_unlock(&x->lock);
	pthread_join(x->thread, NULL);
	release(x);
	o->behind = NULL;
}
