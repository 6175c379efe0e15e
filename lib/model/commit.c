/*
 * commit.c - a change onto the disk.
 *
 * The operations are read from the spool in parts; each part is one
 * transaction and one revision, and all name the first as their change.  A
 * part is small where records are changed (the pages they were on are free
 * only when the transaction has ended; a store would grow by all of them)
 * and larger where they are added.  A change with a key is always a single
 * transaction, so that the key stands for all of it or nothing.
 */
#include <pthread.h>
#include <stdlib.h>

#include "commit.h"
#include "keysort.h"

/* The part is on the disk; its numbers are sorted. */
static void
part_done(struct crm_commit *c)
{
	unsigned k;

	for (k = 0; k < CRM_K_MAX; k++) {
		size_t n = c->nadded[k];

		if (n > 0 && c->added[k][n - 1] > c->top[k])
			c->top[k] = c->added[k][n - 1];
	}
	if (c->nparts++ == 0)
		c->change = c->revision;
	c->last = c->revision;
	c->done += c->part->nop;
	if (c->ch->opt.progress != NULL)
		c->ch->opt.progress(
		    c->ch->opt.progress_ctx, c->done, c->ch->ops);
}

void
crm_commit_release(struct crm_commit *c)
{
	unsigned k;

	for (k = 0; k < 2; k++) {
		crm_buf_release(&c->parts[k].bytes);
		crm_buf_release(&c->parts[k].effects);
		crm_ledger_batch_release(&c->parts[k].ledger);
		free(c->parts[k].op);
		free(c->parts[k].entry);
		free(c->parts[k].place);
	}
	crm_buf_release(&c->value);
	crm_buf_release(&c->diff);
	free(c->logged);
	free(c->slack);
	for (k = 0; k < CRM_K_MAX; k++)
		free(c->added[k]);
	*c = (struct crm_commit){.ch = c->ch};
}

/* Each marked stretch of the spool, as a revision of its own.  May run again
 * from the beginning, as a part does. */
static int
marked(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	struct crm_commit *c = ctx;
	const struct crm_change *ch = c->ch;
	size_t i, n = 0;
	int r = CRM_OK;

	c->off = 0;
	for (i = 0; i < ch->nmark && r == CRM_OK; i++) {
		crm_commit_clear(c->part);
		r = crm_commit_read(c, c->part, ch->mark[i], err);
		if (r < 0 || c->part->nop == 0)
			continue;
		if (n++ > 0)
			crm_txn_advance(t);
		r = crm_commit_part(t, c, err);
	}
	return r;
}

/* What the operations do to ledger and figures, by customer. */
static int
effects_aside(const struct crm_commit_part *p, struct crm_keysort *to,
    struct crm_err *err)
{
	struct crm_str image, keys, effects;
	struct crm_op op;
	char key[16];
	int r = CRM_OK;

	for (size_t i = 0; i < p->nop && r == CRM_OK; i++) {
		op = crm_commit_op(p, i, &image, &keys, &effects);
		if (effects.n == 0)
			continue;
		if (op.what != 'a')
			return crm_err_set(
			    err, CRM_EBUG, "a record that is not new changes");
		crm_number_key(crm_ledger_customer(effects), key);
		crm_number_key(op.number, key + 8);
		r = crm_keysort_add(
		    to, (struct crm_str){key, sizeof key}, effects, err);
	}
	return r;
}

/* What of the part is not put one by one. */
static int
set_aside(const struct crm_commit *c, struct crm_err *err)
{
	const struct crm_commit_part *p = c->part;
	struct crm_aside *aside = c->ch->aside;
	int r = aside ? effects_aside(p, &aside->sales, err) : CRM_OK;

	for (size_t i = 0; i < p->nentry && r == CRM_OK; i++) {
		const struct crm_entry *e = &p->entry[p->place[i].at];
		struct crm_keysort *to = crm_change_aside(c->ch, e->table);

		if (to != NULL && e->sign < 0)
			r = crm_err_set(
			    err, CRM_EBUG, "an entry that is not there goes");
		else if (to != NULL)
			r = crm_keysort_add(to, e->key, e->value, err);
	}
	return r;
}

int
crm_commit_write(struct crm_commit *c, bool *written, struct crm_err *err)
{
	int r = crm_txn_run(c->ch->store, CRM_WRITE, crm_commit_part, c, err);

	*written = r == CRM_OK;
	if (r == CRM_OK)
		r = set_aside(c, err);
	if (r < 0)
		return r;
	part_done(c);
	crm_commit_clear(c->part);
	return CRM_OK;
}

/* Reads the part behind the one that is being written. */
struct ahead {
	struct crm_commit *c;
	struct crm_commit_part *part;
	pthread_t thread;
	bool runs;
	int code;
	struct crm_err err;
};

static void *
read_ahead(void *arg)
{
	struct ahead *a = arg;

	a->code = crm_commit_read(a->c, a->part, a->c->ch->spool.size, &a->err);
	return NULL;
}

/*
 * Writes the part that was read, while another thread reads and sorts the
 * next: only that one knows the spool then, only this one the store.  Without
 * a thread the next is read afterwards, as it would be anyway.
 */
static int
part_write(struct crm_commit *c, struct crm_err *err)
{
	struct crm_commit_part *next =
	    c->part == &c->parts[0] ? &c->parts[1] : &c->parts[0];
	struct ahead a = {.c = c, .part = next};
	bool more = c->part->more, written;
	int r;

	a.runs = more && crm_os_processors() > 1 &&
		 pthread_create(&a.thread, NULL, read_ahead, &a) == 0;
	r = crm_commit_write(c, &written, err);
	if (a.runs)
		pthread_join(a.thread, NULL);
	if (r < 0)
		return r;
	if (a.runs && a.code < 0 && err != NULL)
		*err = a.err;
	if (a.runs)
		r = a.code;
	else if (more)
		r = crm_commit_read(c, next, c->ch->spool.size, err);
	c->part = next;
	return r;
}

/* All there is from c->off on, behind what its part has. */
static int
write_parts(struct crm_commit *c, bool unwritten, struct crm_err *err)
{
	int r = unwritten ? crm_commit_sort(c, c->part, err)
			  : crm_commit_read(c, c->part, c->ch->spool.size, err);

	while (r == CRM_OK && c->part->nop > 0)
		r = part_write(c, err);
	return r;
}

int
crm_change_commit(
    struct crm_change *ch, uint64_t *revision, struct crm_err *err)
{
	struct crm_commit own = {.ch = ch}, *c = &own;
	bool unwritten = false;
	int r;

	if (revision != NULL)
		*revision = 0;
	own.part = &own.parts[0];
	r = crm_change_guard(ch, err);
	if (r == CRM_OK && ch->along != NULL)
		r = crm_along_join(ch->along, &c, &unwritten, err);
	if (r < 0)
		return r;
	/* our own reader would keep every page that is written over */
	crm_txn_end(ch->txn);
	ch->txn = NULL;
	if (ch->nmark > 0) {
		r = crm_txn_run(ch->store, CRM_WRITE, marked, c, err);
		c->last = c->revision;
	} else
		r = write_parts(c, unwritten, err);
	if (r < 0 && c->nparts > 0)
		crm_err_hint(err,
		    "committed as revisions %llu to %llu; the rest was not, "
		    "running the same command again completes it",
		    (unsigned long long)c->change, (unsigned long long)c->last);
	if (r == CRM_OK && revision != NULL)
		*revision = c->last;
	crm_commit_release(c);
	return r;
}
