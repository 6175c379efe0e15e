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
#include <stdlib.h>

#include "commit.h"

#define PART_CHANGES 1000
#define PART_ADDS 20000
#define PART_BYTES ((size_t)16 << 20)

/* What counts towards the end of a part. */
struct measure {
	size_t adds, changes;
	size_t runs; /* of numbers: no fewer than the ranges they make */
	uint64_t last[CRM_K_MAX];
};

static bool
full(const struct crm_commit *c, const struct measure *m,
    const struct crm_op *op)
{
	if (c->ch->opt.key.n > 0)
		return false;
	if (op->what == 'a' && m->runs >= CRM_RANGES_MAX &&
	    m->last[op->kind] + 1 != op->number)
		return true;
	return m->changes >= PART_CHANGES || m->adds >= PART_ADDS ||
	       c->part.n >= PART_BYTES;
}

static void
measure(struct measure *m, const struct crm_op *op)
{
	m->changes += op->what == 'x' ? op->alone : op->what != 'a';
	if (op->what != 'a')
		return;
	m->adds++;
	m->runs +=
	    m->last[op->kind] + 1 != op->number || m->last[op->kind] == 0;
	m->last[op->kind] = op->number;
}

static int
part_read(struct crm_commit *c, uint64_t end, struct crm_err *err)
{
	struct crm_change *ch = c->ch;
	struct measure m = {0};
	size_t n;
	struct crm_op op;
	uint64_t latest;
	int r;

	crm_buf_clear(&c->part);
	c->nop = 0;
	while (c->off < end) {
		r = crm_spool_pread(&ch->spool, c->off, &op, sizeof op, err);
		if (r < 0)
			return r;
		/* entries stay with the record they were attached to */
		if ((op.what != 'x' || op.alone) && full(c, &m, &op))
			break;
		n = sizeof op + op.image + op.keys + op.effects;
		if (op.what != 'x' && ch->twice &&
		    crm_latest_get(ch, op.kind, op.number, &latest) &&
		    latest != c->off) {
			c->off += n; /* put again later */
			continue;
		}
		/* heads are copied out again: keep them aligned */
		while (c->part.n % 8 != 0)
			crm_buf_putc(&c->part, 0);
		if (!crm_grow(&c->op, &c->capop, c->nop, sizeof *c->op) ||
		    !crm_buf_room(&c->part, n))
			return crm_err_nomem(err);
		c->op[c->nop++] = c->part.n;
		r = crm_spool_pread(
		    &ch->spool, c->off, c->part.p + c->part.n, n, err);
		if (r < 0)
			return r;
		c->part.n += n;
		c->off += n;
		measure(&m, &op);
	}
	c->more = c->off < end;
	return crm_buf_check(&c->part, err);
}

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
	c->done += c->nop;
	if (c->ch->opt.progress != NULL)
		c->ch->opt.progress(
		    c->ch->opt.progress_ctx, c->done, c->ch->ops);
}

static void
release(struct crm_commit *c)
{
	unsigned k;

	crm_buf_release(&c->part);
	crm_buf_release(&c->effects);
	crm_buf_release(&c->value);
	crm_buf_release(&c->diff);
	free(c->op);
	free(c->entry);
	free(c->place);
	free(c->logged);
	free(c->slack);
	for (k = 0; k < CRM_K_MAX; k++)
		free(c->added[k]);
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
		r = part_read(c, ch->mark[i], err);
		if (r < 0 || c->nop == 0)
			continue;
		if (n++ > 0)
			crm_txn_advance(t);
		r = crm_commit_part(t, c, err);
	}
	return r;
}

int
crm_change_commit(
    struct crm_change *ch, uint64_t *revision, struct crm_err *err)
{
	struct crm_commit c = {.ch = ch};
	uint64_t last = 0;
	int r;

	if (revision != NULL)
		*revision = 0;
	r = crm_change_guard(ch, err);
	if (r < 0)
		return r;
	/* our own reader would keep every page that is written over */
	crm_txn_end(ch->txn);
	ch->txn = NULL;
	if (ch->nmark > 0) {
		r = crm_txn_run(ch->store, CRM_WRITE, marked, &c, err);
		last = c.revision;
	}
	while (r == CRM_OK && ch->nmark == 0 && c.off < ch->spool.size) {
		r = part_read(&c, ch->spool.size, err);
		if (r < 0 || c.nop == 0)
			break;
		r = crm_txn_run(ch->store, CRM_WRITE, crm_commit_part, &c, err);
		if (r < 0)
			break;
		last = c.revision;
		part_done(&c);
	}
	if (r < 0 && c.nparts > 0)
		crm_err_hint(err,
		    "committed as revisions %llu to %llu; the rest was not, "
		    "running the same command again completes it",
		    (unsigned long long)c.change, (unsigned long long)last);
	if (r == CRM_OK && revision != NULL)
		*revision = last;
	release(&c);
	return r;
}
