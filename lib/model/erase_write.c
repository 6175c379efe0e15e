/*
 * erase_write.c - an erasure onto the disk.
 *
 * A record and all entries of its chain are written anew in one transaction,
 * so that the chain is whole at every commit.  The images of each revision are
 * scrubbed and the differences between them made again; what changed of the
 * record as it is now is an entry of the erasure's own revision, which tells
 * followers.  Rewriting the log breaks the rule that it is only added to, and
 * is done nowhere else.
 */
#include <stdlib.h>

#include "archive.h"
#include "erase.h"
#include "ledger_parts.h"

#define DIRTY_MOST 4000 /* pages of a transaction */

struct image {
	size_t was, nwas, is, nis; /* in the buffers */
	uint64_t revision;
	char op; /* of the entry that made it of the one before */
};

struct writing {
	struct crm_erase *e;
	struct image *image;
	size_t n, cap;
	struct crm_buf was, is, now, value, keys;
	size_t from, to; /* operations of this part */
	uint64_t change, part, revision, done;
	struct crm_log_head head;
};

static struct crm_str
before(const struct writing *w, size_t i)
{
	return (struct crm_str){w->was.p + w->image[i].was, w->image[i].nwas};
}

static struct crm_str
after(const struct writing *w, size_t i)
{
	return (struct crm_str){w->is.p + w->image[i].is, w->image[i].nis};
}

static int
put_sealed(struct crm_txn *t, unsigned table, struct crm_str key,
    struct crm_buf *value, struct crm_err *err)
{
	int r;

	crm_seal(table, key, value);
	r = crm_buf_check(value, err);
	return r < 0 ? r : crm_put(t, table, key, crm_buf_str(value), 0, err);
}

/* ---- one record ---- */

/* Its images from now to the first that is known, scrubbed beside. */
static int
read_images(struct crm_txn *t, struct writing *w, const struct crm_erase_op *op,
    struct crm_err *err)
{
	const struct crm_kind *k = &w->e->schema->kind[op->kind];
	struct crm_walk *walk = &w->e->walk;
	int r;

	w->n = 0;
	crm_buf_clear(&w->was);
	crm_buf_clear(&w->is);
	r = crm_walk_open(walk, t, op->kind, op->number, err);
	while (r == CRM_OK) {
		struct image *im;

		if (!crm_grow(&w->image, &w->cap, w->n, sizeof *w->image))
			return crm_err_nomem(err);
		im = &w->image[w->n++];
		*im = (struct image){.revision = walk->revision,
		    .was = w->was.n,
		    .nwas = walk->now.n,
		    .is = w->is.n};
		crm_buf_putstr(&w->was, crm_buf_str(&walk->now));
		r = crm_scrub(k, crm_buf_str(&walk->now),
		    (enum crm_erase_how)op->how, &w->e->sought, &w->is, err);
		im->nis = w->is.n - im->is;
		if (r == CRM_OK)
			r = crm_buf_check(&w->was, err);
		if (r == CRM_OK)
			r = crm_walk_back(walk, err);
		im->op = walk->op;
	}
	return r == CRM_NOTFOUND || r == CRM_NO ? CRM_OK : r;
}

/* The entry that leads from image i to the one before it, unless it is there
 * as it should be. */
static int
write_entry(struct crm_txn *t, struct writing *w, const struct crm_erase_op *op,
    size_t i, struct crm_err *err)
{
	char lk[17];
	struct crm_str key = {lk, sizeof lk}, v;
	int r;

	crm_buf_clear(&w->value);
	crm_buf_putvar(&w->value, w->image[i + 1].revision);
	crm_buf_putvar(&w->value, op->how == CRM_ERASE_ALL
				      ? (unsigned char)'e'
				      : (unsigned char)w->image[i].op);
	r = crm_diff_make(after(w, i + 1), after(w, i), &w->value, err);
	if (r == CRM_OK)
		r = crm_log_get(
		    t, w->image[i].revision, op->kind, op->number, &v, err);
	if (r < 0 || crm_str_eq(v, crm_buf_str(&w->value)))
		return r;
	crm_log_key(w->image[i].revision, op->kind, op->number, lk);
	w->done++;
	return put_sealed(t, CRM_TAB_LOG, key, &w->value, err);
}

/* Derived entries: those to be put, or those to be taken away. */
static int
apply_keys(struct crm_txn *t, struct writing *w, bool put, struct crm_err *err)
{
	struct crm_str rest = crm_buf_str(&w->keys);
	struct crm_derived d;
	int r;

	while ((r = crm_derive_next(&rest, &d, err)) == CRM_OK) {
		if (d.put != put)
			continue;
		crm_buf_clear(&w->value);
		crm_buf_putstr(&w->value, d.value);
		if (put)
			r = put_sealed(t, d.table, d.key, &w->value, err);
		else
			r = crm_del(t, d.table, d.key, err);
		if (r < 0 && r != CRM_NOTFOUND) /* not there: `check` tells */
			return r;
	}
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

static int
derive(struct crm_txn *t, struct writing *w, struct crm_str was,
    struct crm_str is, struct crm_err *err)
{
	struct crm_erase *e = w->e;
	struct crm_record *rec;
	int r;

	crm_buf_clear(&w->keys);
	crm_arena_reset(&e->work);
	r = crm_walk_record(&e->walk, e->schema, was, &e->work, &rec, err);
	if (r == CRM_OK && rec != NULL)
		r = crm_derive_keys(e->schema, rec, -1, &w->keys, err);
	if (r == CRM_OK)
		r = crm_walk_record(
		    &e->walk, e->schema, is, &e->work, &rec, err);
	if (r == CRM_OK && rec != NULL)
		r = crm_derive_keys(e->schema, rec, 1, &w->keys, err);
	if (r == CRM_OK)
		r = apply_keys(t, w, false, err);
	return r == CRM_OK ? apply_keys(t, w, true, err) : r;
}

/* A customer who was there is not any more. */
static int
leaves(struct crm_txn *t, struct writing *w, const struct crm_erase_op *op,
    struct crm_err *err)
{
	struct crm_str was = before(w, 0);

	if (op->kind != CRM_K_CUSTOMER || op->how != CRM_ERASE_ALL ||
	    was.n == 0 || was.p[0] != CRM_LIVE)
		return CRM_OK;
	crm_buf_clear(&w->value);
	crm_ledger_live(op->number, -1, &w->value);
	return crm_ledger_apply(t, crm_buf_str(&w->value), err);
}

/* The record as it is from this revision on. */
static int
write_now(struct crm_txn *t, struct writing *w, const struct crm_erase_op *op,
    struct crm_err *err)
{
	unsigned table = CRM_TAB_KIND + op->kind;
	struct crm_str key, rest = after(w, 0);
	uint64_t state, revision;
	char kb[8], lk[17];
	bool all = op->how == CRM_ERASE_ALL;
	int r;

	crm_take_var(&rest, &state);
	crm_take_var(&rest, &revision);
	crm_buf_clear(&w->now);
	crm_buf_putvar(&w->now, state);
	crm_buf_putvar(&w->now, w->revision);
	crm_buf_putstr(&w->now, rest);
	r = crm_buf_check(&w->now, err);
	if (r == CRM_OK)
		r = derive(t, w, before(w, 0), crm_buf_str(&w->now), err);
	if (r == CRM_OK)
		r = leaves(t, w, op, err);
	crm_buf_clear(&w->value);
	crm_buf_putstr(&w->value, crm_buf_str(&w->now));
	key = crm_number_key(op->number, kb);
	if (r == CRM_OK)
		r = put_sealed(t, table, key, &w->value, err);
	crm_buf_clear(&w->value);
	crm_buf_putvar(&w->value, w->image[0].revision);
	crm_buf_putvar(&w->value, (unsigned char)(all ? 'e' : 'c'));
	if (r == CRM_OK)
		r = crm_diff_make(
		    after(w, 0), crm_buf_str(&w->now), &w->value, err);
	crm_log_key(w->revision, op->kind, op->number, lk);
	if (r == CRM_OK)
		r = put_sealed(t, CRM_TAB_LOG, (struct crm_str){lk, sizeof lk},
		    &w->value, err);
	w->head.removed += all;
	w->head.updated += !all;
	w->done++;
	return r;
}

static int
write_record(struct crm_txn *t, struct writing *w,
    const struct crm_erase_op *op, struct crm_err *err)
{
	int r = read_images(t, w, op, err);
	bool moved;

	if (r < 0)
		return r;
	moved = !crm_str_eq(before(w, 0), after(w, 0));
	for (size_t i = 0; i + 1 < w->n && r == CRM_OK; i++)
		r = write_entry(t, w, op, i, err);
	return r == CRM_OK && moved ? write_now(t, w, op, err) : r;
}

/* ---- what is of no record ---- */

static int
write_head(struct crm_txn *t, struct writing *w, const struct crm_erase_op *op,
    struct crm_err *err)
{
	static const struct crm_str none = {"", 0};
	struct crm_buf key = {.max = CRM_KEY_MAX};
	struct crm_log_head h;
	struct crm_str v;
	char lk[17];
	int r;

	r = crm_log_get(t, op->revision, 0, 0, &v, err);
	if (r == CRM_OK)
		r = crm_log_decode(v, &h, err);
	if (r < 0)
		return r;
	if (op->how & CRM_ERASE_KEY) {
		crm_ident_key(&key, 0, CRM_STR("key"), h.key, op->revision);
		r = crm_buf_check(&key, err);
		h.key = none;
		h.keyhash = 0;
	}
	if (op->how & CRM_ERASE_WHY)
		h.why = CRM_STR("erased");
	if (op->how & CRM_ERASE_ACTOR)
		h.actor = CRM_STR("erased");
	crm_buf_clear(&w->value);
	crm_log_encode(&h, &w->value);
	crm_log_key(op->revision, 0, 0, lk);
	if (r == CRM_OK)
		r = put_sealed(t, CRM_TAB_LOG, (struct crm_str){lk, sizeof lk},
		    &w->value, err);
	if (r == CRM_OK && key.n > 0) {
		r = crm_del(t, CRM_TAB_IDENT, crm_buf_str(&key), err);
		if (r == CRM_NOTFOUND)
			r = CRM_OK; /* of a change that was taken back */
	}
	w->done++;
	crm_buf_release(&key);
	return r;
}

static int
drop(struct crm_txn *t, struct writing *w, unsigned table, struct crm_str key,
    struct crm_err *err)
{
	int r = crm_del(t, table, key, err);

	w->done += r == CRM_OK;
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

static int
write_op(struct crm_txn *t, struct writing *w, const struct crm_erase_op *op,
    struct crm_err *err)
{
	char lk[17];

	switch (op->what) {
	case 'r':
		return write_record(t, w, op, err);
	case 's':
		return drop(t, w, CRM_TAB_SOURCE, op->key, err);
	case 'x':
		crm_log_key(op->revision, 0, op->number, lk);
		return drop(
		    t, w, CRM_TAB_LOG, (struct crm_str){lk, sizeof lk}, err);
	default:
		return write_head(t, w, op, err);
	}
}

/* ---- all of it ---- */

static int
part_write(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	struct writing *w = ctx;
	struct crm_erase *e = w->e;
	int r = CRM_OK;

	w->revision = crm_txn_revision(t);
	w->done = 0;
	memset(&w->head, 0, sizeof w->head);
	for (w->to = w->from; w->to < e->nop && r == CRM_OK; w->to++) {
		if (w->to > w->from && crm_txn_dirty(t) > DIRTY_MOST)
			break;
		r = write_op(t, w, &e->op[w->to], err);
	}
	/* nothing to tell, unless a part before waits for its end */
	if (r < 0 || (w->done == 0 && (w->part == 0 || w->to < e->nop)))
		return r;
	w->done++;
	w->head.change = w->change;
	w->head.part = w->part;
	w->head.last = w->to == e->nop;
	return crm_upkeep_log(t, &e->opt->by, &w->head, err);
}

int
crm_erase_write(struct crm_erase *e, struct crm_err *err)
{
	struct writing w = {.e = e};
	int r = CRM_OK;

	while (w.to < e->nop && r == CRM_OK) {
		w.from = w.to;
		r = crm_txn_run(e->store, CRM_WRITE, part_write, &w, err);
		if (r < 0)
			break;
		if (w.done > 0) {
			e->out->revision = w.revision;
			if (w.part++ == 0)
				w.change = w.revision;
		}
		if (e->opt->watch.fn != NULL)
			e->opt->watch.fn(e->opt->watch.ctx, "steps of erasing",
			    w.to, e->nop);
	}
	free(w.image);
	crm_buf_release(&w.was);
	crm_buf_release(&w.is);
	crm_buf_release(&w.now);
	crm_buf_release(&w.value);
	crm_buf_release(&w.keys);
	return r;
}
