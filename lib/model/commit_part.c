/*
 * commit_part.c - one part of a change, as one transaction.
 *
 * May run again from the beginning (the map grew), so all it makes is made
 * anew each time.  Records are written in the order of the spool; entries of
 * other tables and of the log are sorted (commit_read.c), because keys that are
 * put in their order touch each page once; another thread sorts them while the
 * records are written.
 */
#include <pthread.h>
#include <stdlib.h>

#include <crm/history.h>

#include "commit.h"

/*
 * Records are appended, which leaves pages full to the last byte, and then a
 * first change that lengthens them would split every page and double the
 * table.  So each page is left with room for its records: one that would take
 * that room begins the next page.  For that it is written longer than there is
 * room, and written again as it is when its page is done.
 */
#define SLACK_EACH 10 /* a revision's digits and a word */
#define SLACK_MOST 400
#define SLACK_LONGEST 1500 /* no slack for values that fill pages */

static int
put_sealed(struct crm_txn *t, struct crm_commit *c, unsigned table,
    struct crm_str key, unsigned flags, struct crm_err *err)
{
	int r;

	crm_seal(table, key, &c->value);
	r = crm_buf_check(&c->value, err);
	if (r == CRM_OK)
		r = crm_put(t, table, key, crm_buf_str(&c->value), flags, err);
	return r;
}

/* Puts state and revision before the image's items: the image was encoded as
 * live and with revision 0, two bytes. */
static void
value_make(struct crm_commit *c, struct crm_str image)
{
	crm_buf_clear(&c->value);
	crm_buf_putvar(&c->value, CRM_LIVE);
	crm_buf_putvar(&c->value, c->revision);
	crm_buf_put(&c->value, image.p + 2, image.n - 2);
}

static int
by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* The ranges of the numbers given: a record that was put again lies behind
 * others in the spool, so they are sorted first. */
static int
ranges(struct crm_commit *c, struct crm_err *err)
{
	struct crm_log_head *h = &c->head;
	unsigned kind;
	size_t i;

	for (kind = 0; kind < CRM_K_MAX; kind++) {
		const uint64_t *n = c->added[kind];

		if (c->nadded[kind] == 0)
			continue;
		qsort(c->added[kind], c->nadded[kind], sizeof *n, by_number);
		for (i = 0; i < c->nadded[kind]; i++) {
			if (i > 0 && n[i] == n[i - 1] + 1) {
				h->range[h->nrange - 1].count++;
				continue;
			}
			if (h->nrange == CRM_RANGES_MAX)
				return crm_err_set(err, CRM_EBUG,
				    "the numbers of a part are in too many "
				    "ranges");
			h->range[h->nrange++] = (struct crm_range){
			    .kind = (uint8_t)kind, .first = n[i], .count = 1};
		}
	}
	return CRM_OK;
}

/* Bytes to be added to a record so that it begins a page. */
static size_t
slack_for(const struct crm_commit_fill *f, size_t n)
{
	size_t size = crm_leaf_size(sizeof(uint64_t), n);
	size_t slack = SLACK_EACH * (f->n + 1);

	if (slack > SLACK_MOST)
		slack = SLACK_MOST;
	if (n >= SLACK_LONGEST || size > f->room || size + slack <= f->room)
		return 0;
	return f->room - size + 2;
}

/* A record of n bytes was appended: to the page before, or to a new one. */
static void
fill_note(
    struct crm_txn *t, unsigned table, struct crm_commit_fill *f, size_t n)
{
	uint64_t leaves = crm_leaves(t, table);
	size_t size = crm_leaf_size(sizeof(uint64_t), n);

	if (f->leaves != 0 && f->leaves != leaves)
		*f = (struct crm_commit_fill){.room = CRM_LEAF_ROOM};
	f->leaves = leaves;
	f->room = size < f->room ? f->room - size : 0;
	f->n++;
}

static int
write_add(struct crm_txn *t, struct crm_commit *c, size_t i,
    const struct crm_op *op, struct crm_str image, bool append,
    struct crm_err *err)
{
	static const char zeros[SLACK_MOST + 2];
	unsigned table = CRM_TAB_KIND + op->kind;
	struct crm_commit_fill *f = &c->fill[op->kind];
	struct crm_str key;
	char kb[8];
	size_t slack;
	int r;

	key = crm_number_key(op->number, kb);
	value_make(c, image);
	slack = append ? slack_for(f, c->value.n + CRM_SEAL) : 0;
	if (slack > 0) {
		if (!crm_grow(
			&c->slack, &c->capslack, c->nslack, sizeof *c->slack))
			return crm_err_nomem(err);
		c->slack[c->nslack++] = i;
		crm_buf_put(&c->value, zeros, slack);
	}
	r = put_sealed(
	    t, c, table, key, append ? CRM_PUT_APPEND : CRM_PUT_NEW, err);
	if (r == CRM_NO)
		return crm_err_set(err, CRM_EBUG, "number %llu is given twice",
		    (unsigned long long)op->number);
	if (append)
		fill_note(t, table, f, c->value.n - slack);
	else
		memset(f, 0, sizeof *f);
	return r;
}

static int
slack_off(struct crm_txn *t, struct crm_commit *c, struct crm_err *err)
{
	struct crm_str image, keys, effects;
	struct crm_op op;
	char kb[8];
	size_t i;
	int r = CRM_OK;

	for (i = 0; i < c->nslack && r == CRM_OK; i++) {
		op = crm_commit_op(
		    c->part, c->slack[i], &image, &keys, &effects);
		value_make(c, image);
		r = put_sealed(t, c, CRM_TAB_KIND + op.kind,
		    crm_number_key(op.number, kb), 0, err);
	}
	return r;
}

/* Room for an entry of the log, which is written in the order of keys when
 * all are there: its value is what is put at the end of diff. */
static struct crm_logged *
log_slot(struct crm_commit *c, unsigned kind, uint64_t number)
{
	struct crm_logged *l;

	if (!crm_grow(&c->logged, &c->caplogged, c->nlogged, sizeof *c->logged))
		return NULL;
	l = &c->logged[c->nlogged++];
	l->kind = (uint8_t)kind;
	l->number = number;
	l->off = c->diff.n;
	l->n = 0;
	return l;
}

static int
log_keep(struct crm_commit *c, const struct crm_op *op, uint64_t revision,
    struct crm_str was, struct crm_str is, struct crm_err *err)
{
	struct crm_logged *l = log_slot(c, op->kind, op->number);
	int r;

	if (l == NULL)
		return crm_err_nomem(err);
	crm_buf_putvar(&c->diff, revision);
	crm_buf_putvar(&c->diff, (unsigned char)op->what);
	r = crm_diff_make(was, is, &c->diff, err);
	l->n = c->diff.n - l->off;
	return r;
}

/* Puts the record or its tombstone; the difference goes into the log. */
static int
write_over(struct crm_txn *t, struct crm_commit *c, const struct crm_op *op,
    struct crm_str image, struct crm_err *err)
{
	unsigned table = CRM_TAB_KIND + op->kind;
	struct crm_buf old = {0};
	struct crm_str key, now, rest;
	uint64_t state = 0, revision = 0;
	char kb[8];
	int r;

	key = crm_number_key(op->number, kb);
	r = crm_get(t, table, key, &now, err);
	if (r == CRM_OK)
		r = crm_unseal(table, key, &now, err);
	if (r < 0)
		goto out;
	rest = now;
	if (!crm_take_var(&rest, &state) || !crm_take_var(&rest, &revision) ||
	    revision != op->base) {
		r = crm_err_set(err, CRM_EBUSY,
		    "the record %llu was changed meanwhile",
		    (unsigned long long)op->number);
		goto out;
	}
	crm_buf_putstr(&old, now);
	crm_buf_clear(&c->value);
	if (!crm_op_goes(op))
		value_make(c, image);
	else {
		crm_buf_putvar(
		    &c->value, op->what == 'm' ? CRM_MERGED : CRM_DELETED);
		crm_buf_putvar(&c->value, c->revision);
		crm_buf_putstr(&c->value, image);
	}
	r = crm_buf_check(&old, err);
	if (r == CRM_OK)
		r = log_keep(c, op, revision, crm_buf_str(&old),
		    crm_buf_str(&c->value), err);
	if (r == CRM_OK)
		r = put_sealed(t, c, table, key, 0, err);
out:
	crm_buf_release(&old);
	return r == CRM_NOTFOUND
		   ? crm_err_set(err, CRM_EDAMAGE, "record %llu is gone",
			 (unsigned long long)op->number)
		   : r;
}

/* Was the record behind what an import remembers added by this part? */
static bool
source_new(const struct crm_commit *c, const struct crm_entry *e)
{
	const char *nul = memchr(e->key.p, '\0', e->key.n);
	struct crm_str v = e->value;
	uint64_t number;
	unsigned kind;

	if (nul == NULL || nul + 1 == e->key.p + e->key.n ||
	    !crm_take_var(&v, &number))
		return false;
	kind = (unsigned char)nul[1];
	return kind < CRM_K_MAX && c->nadded[kind] > 0 &&
	       bsearch(&number, c->added[kind], c->nadded[kind], sizeof number,
		   by_number) != NULL;
}

/*
 * What an import remembered goes into the log before it is written over, so
 * that undo gives it back.  What it comes to remember of a record that it
 * adds needs no entry: it goes when the record goes.
 */
static int
log_source(struct crm_txn *t, struct crm_commit *c, const struct crm_entry *e,
    struct crm_err *err)
{
	struct crm_str was;
	struct crm_logged *l;
	int r;

	r = crm_get(t, e->table, e->key, &was, err);
	if (r == CRM_OK)
		r = crm_unseal(e->table, e->key, &was, err);
	if ((r < 0 && r != CRM_NOTFOUND) ||
	    (r == CRM_NOTFOUND && source_new(c, e)))
		return r == CRM_NOTFOUND ? CRM_OK : r;
	l = log_slot(c, 0, CRM_LOG_SOURCE + c->nsource++);
	if (l == NULL)
		return crm_err_nomem(err);
	crm_buf_putvar(&c->diff, 0);
	crm_buf_putvar(&c->diff, 'x');
	crm_buf_putvar(&c->diff, e->key.n);
	crm_buf_putstr(&c->diff, e->key);
	if (r == CRM_OK) {
		crm_buf_putc(&c->diff, 1);
		crm_buf_putstr(&c->diff, was);
	}
	l->n = c->diff.n - l->off;
	return crm_buf_check(&c->diff, err);
}

/*
 * What the entries of one key come to.  A record gives up what it had, then
 * takes what it has, and may name one thing twice (an address of its own that
 * is also among the shared ones), so they are not to be added up: the last
 * says what stays, the first what was there.
 */
static int
write_entry(struct crm_txn *t, struct crm_commit *c,
    const struct crm_entry *first, const struct crm_entry *last,
    struct crm_err *err)
{
	int r = CRM_OK;

	if (last->table == CRM_TAB_SOURCE)
		r = log_source(t, c, last, err);
	if (r < 0)
		return r;
	if (last->sign < 0) {
		r = crm_del(t, last->table, last->key, err);
		return r == CRM_NOTFOUND ? CRM_OK : r; /* `check` tells */
	}
	if (first->sign < 0 && last->value.n == 0)
		return CRM_OK;
	crm_buf_clear(&c->value);
	crm_buf_putstr(&c->value, last->value);
	return put_sealed(t, c, last->table, last->key, 0, err);
}

static int
write_entries(struct crm_txn *t, struct crm_commit *c, struct crm_err *err)
{
	const struct crm_commit_part *p = c->part;
	size_t i, j;
	int r = CRM_OK;

	for (i = 0; i < p->nentry && r == CRM_OK; i = j) {
		const struct crm_entry *e = &p->entry[p->place[i].at],
				       *last = e;

		for (j = i + 1;
		     j < p->nentry && p->place[j].next == p->place[i].next &&
		     p->place[j].head == p->place[i].head &&
		     p->place[j].group == p->place[i].group &&
		     crm_str_eq(p->entry[p->place[j].at].key, e->key);
		     j++)
			last = &p->entry[p->place[j].at];
		if (crm_change_aside(c->ch, e->table) == NULL)
			r = write_entry(t, c, e, last, err);
	}
	return r;
}

static int
write_head(struct crm_txn *t, struct crm_commit *c, struct crm_err *err)
{
	struct crm_change *ch = c->ch;
	struct crm_log_head *h = &c->head;
	struct crm_buf key = {.max = CRM_KEY_MAX};
	char lk[17];
	int r;

	h->revision = c->revision;
	h->change = c->nparts == 0 ? c->revision : c->change;
	h->part = c->nparts;
	h->last = !c->part->more;
	h->actor = ch->opt.by.actor;
	h->program = ch->opt.by.program;
	h->why = ch->opt.by.why;
	h->key = ch->opt.key;
	h->keyhash = ch->opt.keyhash;
	r = crm_log_time(t, c->revision, ch->opt.by.now, &h->time, err);
	if (r < 0)
		return r;
	crm_buf_clear(&c->value);
	crm_log_encode(h, &c->value);
	crm_log_key(c->revision, 0, 0, lk);
	r = put_sealed(t, c, CRM_TAB_LOG, (struct crm_str){lk, sizeof lk},
	    CRM_PUT_APPEND, err);
	if (r == CRM_OK && ch->opt.key.n > 0 && c->nparts == 0) {
		crm_ident_key(
		    &key, 0, CRM_STR("key"), ch->opt.key, c->revision);
		r = crm_buf_check(&key, err);
		crm_buf_clear(&c->value);
		if (r == CRM_OK)
			r = put_sealed(
			    t, c, CRM_TAB_IDENT, crm_buf_str(&key), 0, err);
	}
	crm_buf_release(&key);
	return r;
}

static int
logged_cmp(const void *a, const void *b)
{
	const struct crm_logged *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

static int
write_log(struct crm_txn *t, struct crm_commit *c, struct crm_err *err)
{
	char lk[17];
	size_t i;
	int r;

	r = write_head(t, c, err);
	if (c->nlogged > 0)
		qsort(c->logged, c->nlogged, sizeof *c->logged, logged_cmp);
	for (i = 0; i < c->nlogged && r == CRM_OK; i++) {
		const struct crm_logged *l = &c->logged[i];

		crm_log_key(c->revision, l->kind, l->number, lk);
		crm_buf_clear(&c->value);
		crm_buf_put(&c->value, c->diff.p + l->off, l->n);
		r = put_sealed(t, c, CRM_TAB_LOG,
		    (struct crm_str){lk, sizeof lk}, CRM_PUT_APPEND, err);
	}
	return r;
}

static int
write_op(struct crm_txn *t, struct crm_commit *c, size_t i,
    const struct crm_op *op, struct crm_str image, uint64_t *top,
    struct crm_err *err)
{
	unsigned k = op->kind;
	int r;

	if (op->what != 'a') {
		c->head.updated += !crm_op_goes(op);
		c->head.removed += crm_op_goes(op);
		return write_over(t, c, op, image, err);
	}
	if (!crm_grow(&c->added[k], &c->capadded[k], c->nadded[k],
		sizeof *c->added[k]))
		return crm_err_nomem(err);
	c->added[k][c->nadded[k]++] = op->number;
	r = write_add(t, c, i, op, image, op->number > top[k], err);
	if (op->number > top[k])
		top[k] = op->number;
	return r;
}

/* ---- its entries, sorted meanwhile ---- */

#define BESIDE_LEAST 500 /* operations, for a thread to be worth its start */

struct beside {
	const struct crm_commit *c;
	struct crm_commit_part *part;
	pthread_t thread;
	bool runs;
	int code;
	struct crm_err err;
};

static void *
sort_beside(void *arg)
{
	struct beside *b = arg;

	b->code = crm_commit_sort(b->c, b->part, &b->err);
	return NULL;
}

static void
beside_begin(struct beside *b)
{
	b->runs = !b->part->sorted && b->part->nop >= BESIDE_LEAST &&
		  crm_os_processors() > 1 &&
		  pthread_create(&b->thread, NULL, sort_beside, b) == 0;
}

/* Sorts them now, where no thread did. */
static int
beside_end(struct beside *b, int r, struct crm_err *err)
{
	if (!b->runs)
		return r == CRM_OK ? crm_commit_sort(b->c, b->part, err) : r;
	pthread_join(b->thread, NULL);
	if (r == CRM_OK && b->code < 0 && err != NULL)
		*err = b->err;
	return r == CRM_OK ? b->code : r;
}

static int
write_ops(struct crm_txn *t, struct crm_commit *c, struct crm_err *err)
{
	struct crm_str image, keys, effects;
	uint64_t top[CRM_K_MAX];
	struct crm_op op;
	int r = CRM_OK;

	memcpy(top, c->top, sizeof top);
	for (size_t i = 0; i < c->part->nop && r == CRM_OK; i++) {
		op = crm_commit_op(c->part, i, &image, &keys, &effects);
		if (op.what != 'x')
			r = write_op(t, c, i, &op, image, top, err);
	}
	return r == CRM_OK ? slack_off(t, c, err) : r;
}

int
crm_commit_part(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	struct crm_commit *c = ctx;
	struct beside beside = {.c = c, .part = c->part};
	int r;

	c->revision = crm_txn_revision(t);
	c->nlogged = c->nslack = 0;
	memset(c->fill, 0, sizeof c->fill);
	c->nsource = 0;
	crm_buf_clear(&c->diff);
	memset(&c->head, 0, sizeof c->head);
	memset(c->nadded, 0, sizeof c->nadded);
	beside_begin(&beside);
	r = beside_end(&beside, write_ops(t, c, err), err);
	if (r == CRM_OK)
		r = ranges(c, err);
	if (r == CRM_OK)
		r = write_entries(t, c, err);
	if (r == CRM_OK)
		r = crm_ledger_batch_apply(t, &c->part->ledger, err);
	if (r == CRM_OK)
		r = write_log(t, c, err);
	return r;
}
