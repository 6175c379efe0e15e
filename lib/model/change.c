/*
 * change.c - a change: records validated one by one, written by commit.
 *
 * The writers' lock is held from open to release, so what was checked stays
 * true until it is written; readers are never kept waiting.  The records
 * wait in a spool (memory, then an unlinked file), so a change has no size
 * limit but the disk's.  A record that is put twice is written once, as it
 * was last.
 */
#include <stdlib.h>

#include "change.h"

#define SPOOL_KEEP ((size_t)64 << 20)

static int
key_known(struct crm_change *ch, uint64_t *done, struct crm_err *err)
{
	struct crm_prefix p = crm_prefix_of(ch->txn, CRM_TAB_IDENT);
	struct crm_log_head log;
	struct crm_str k, v;
	uint64_t revision;
	char logkey[17];
	int r;

	crm_ident_key(&p.key, 0, CRM_STR("key"), ch->opt.key, 0);
	r = crm_prefix_next(&p, &revision, err);
	crm_prefix_close(&p);
	if (r < 0)
		return r == CRM_NOTFOUND ? CRM_OK : r;
	crm_log_key(revision, 0, 0, logkey);
	k = (struct crm_str){logkey, sizeof logkey};
	r = crm_get(ch->txn, CRM_TAB_LOG, k, &v, err);
	if (r == CRM_OK)
		r = crm_unseal(CRM_TAB_LOG, k, &v, err);
	if (r == CRM_OK)
		r = crm_log_decode(v, &log, err);
	if (r == CRM_NOTFOUND)
		return crm_err_set(err, CRM_EDAMAGE,
		    "the log lacks revision %llu, which a key names",
		    (unsigned long long)revision);
	if (r < 0)
		return r;
	if (log.keyhash != ch->opt.keyhash) {
		crm_err_set(err, CRM_EDATA,
		    "the key '%.*s' was used for something else, revision %llu",
		    (int)(ch->opt.key.n < 120 ? ch->opt.key.n : 120),
		    ch->opt.key.p, (unsigned long long)revision);
		crm_err_field(err, "--key", 5);
		return CRM_EDATA;
	}
	if (done != NULL)
		*done = revision;
	return CRM_NO;
}

int
crm_change_open(struct crm_change **out, struct crm_store *store,
    const struct crm_change_options *opt, uint64_t *done, struct crm_err *err)
{
	struct crm_change *ch;
	int r;

	*out = NULL;
	ch = calloc(1, sizeof *ch);
	if (ch == NULL)
		return crm_err_nomem(err);
	ch->store = store;
	ch->opt = *opt;
	ch->spool.dir =
	    opt->spill_dir != NULL ? opt->spill_dir : crm_store_path(store);
	ch->spool.keep = SPOOL_KEEP;
	r = crm_store_lock(store, err);
	if (r == CRM_OK)
		r = crm_store_schema(store, &ch->schema, err);
	if (r == CRM_OK)
		r = crm_txn_begin(store, &ch->txn, err);
	if (r == CRM_OK && opt->key.n > 0)
		r = key_known(ch, done, err);
	if (r != CRM_OK) {
		crm_change_release(ch);
		return r;
	}
	*out = ch;
	return CRM_OK;
}

void
crm_change_release(struct crm_change *ch)
{
	if (ch == NULL)
		return;
	crm_along_free(ch->along);
	if (ch->txn != NULL)
		crm_txn_end(ch->txn);
	crm_store_unlock(ch->store);
	crm_spool_release(&ch->spool);
	crm_latest_release(ch);
	crm_idmap_release(&ch->removed);
	crm_idmap_release(&ch->merged);
	crm_idmap_release(&ch->thread);
	crm_idmap_release(&ch->before);
	crm_erased_release(&ch->erased);
	crm_map_release(&ch->idents);
	for (unsigned i = 0; i < CRM_K_MAX; i++)
		free(ch->known[i].w);
	crm_change_forget(ch);
	crm_arena_release(&ch->texts);
	free(ch->facts);
	crm_buf_release(&ch->image);
	crm_buf_release(&ch->keys);
	crm_buf_release(&ch->effects);
	free(ch->mark);
	crm_arena_release(&ch->keep);
	crm_arena_release(&ch->work);
	free(ch);
}

const struct crm_schema *
crm_change_schema(const struct crm_change *ch)
{
	return ch->schema;
}

int64_t
crm_change_now(const struct crm_change *ch)
{
	return ch->opt.now;
}

struct crm_str
crm_change_actor(const struct crm_change *ch)
{
	return ch->opt.by.actor;
}

struct crm_str
crm_change_why(const struct crm_change *ch)
{
	return ch->opt.by.why;
}

struct crm_txn *
crm_change_txn(struct crm_change *ch)
{
	return ch->txn;
}

size_t *
crm_change_cleaned(struct crm_change *ch)
{
	return &ch->cleaned;
}

struct crm_arena *
crm_change_arena(struct crm_change *ch)
{
	return &ch->work;
}

void
crm_change_reset(struct crm_change *ch)
{
	if (ch->depth == 0)
		crm_arena_reset(&ch->work);
}

int
crm_change_mark(struct crm_change *ch, struct crm_err *err)
{
	if (ch->along != NULL)
		return crm_err_set(
		    err, CRM_EBUG, "parts cannot end where they are told to");
	if (!crm_grow(&ch->mark, &ch->capmark, ch->nmark, sizeof *ch->mark))
		return crm_err_nomem(err);
	ch->mark[ch->nmark++] = ch->spool.size;
	return CRM_OK;
}

struct crm_change_count
crm_change_counted(const struct crm_change *ch, unsigned kind)
{
	return ch->count[kind];
}

bool
crm_change_pending(const struct crm_change *ch, unsigned kind, uint64_t number,
    uint64_t *state)
{
	uint64_t off;

	if (!crm_latest_get(ch, kind, number, &off))
		return false;
	*state = crm_idmap_get(&ch->removed, crm_op_slot(kind, number), &off)
		     ? CRM_DELETED
		     : CRM_LIVE;
	return true;
}

/* ---- records in and out ---- */

int
crm_change_next(struct crm_change *ch, uint64_t *off, struct crm_op *op,
    struct crm_err *err)
{
	uint64_t latest, at;
	int r;

	while (*off < ch->spool.size) {
		at = *off;
		r = crm_spool_pread(&ch->spool, at, op, sizeof *op, err);
		if (r < 0)
			return r;
		*off += sizeof *op + op->image + op->keys + op->effects;
		if (op->what != 'x' &&
		    crm_latest_get(ch, op->kind, op->number, &latest) &&
		    latest == at)
			return CRM_OK;
	}
	return CRM_NOTFOUND;
}

int
crm_change_op(struct crm_change *ch, uint64_t off, struct crm_op *op,
    struct crm_buf *b, struct crm_err *err)
{
	size_t n;
	int r;

	r = crm_spool_pread(&ch->spool, off, op, sizeof *op, err);
	if (r < 0)
		return r;
	n = (size_t)op->image + op->keys + op->effects;
	crm_buf_clear(b);
	if (!crm_buf_room(b, n))
		return crm_buf_check(b, err);
	r = crm_spool_pread(&ch->spool, off + sizeof *op, b->p, n, err);
	if (r == CRM_OK)
		b->n = n;
	return r;
}

int
crm_change_new(struct crm_change *ch, const struct crm_kind *k,
    struct crm_record **out, struct crm_err *err)
{
	*out = crm_record_new(k, &ch->work);
	return *out ? CRM_OK : crm_err_nomem(err);
}

/* The record as it is stored, in the work arena; texts borrow the store. */
int
crm_change_stored(struct crm_change *ch, const struct crm_kind *k,
    uint64_t number, struct crm_record **out, struct crm_err *err)
{
	int r;

	r = crm_change_new(ch, k, out, err);
	if (r == CRM_OK)
		r = crm_record_read(
		    ch->txn, k, number, &crm_want_all, *out, err);
	if (r == CRM_OK && crm_hooks[k->number].compute != NULL)
		crm_hooks[k->number].compute(ch->schema, *out);
	return r;
}

static int
pending(struct crm_change *ch, const struct crm_kind *k, uint64_t number,
    uint64_t off, struct crm_record **out, struct crm_err *err)
{
	struct crm_buf b = {0};
	struct crm_str image;
	struct crm_op op;
	int r;

	r = crm_change_op(ch, off, &op, &b, err);
	if (r == CRM_OK && crm_op_goes(&op))
		r = CRM_NOTFOUND;
	if (r < 0)
		goto out;
	image = crm_arena_str(&ch->work, (struct crm_str){b.p, op.image});
	r = image.p == NULL ? crm_err_nomem(err)
			    : crm_change_new(ch, k, out, err);
	if (r < 0)
		goto out;
	r = crm_record_decode(ch->schema, image, &crm_want_all, *out, err);
	(*out)->revision = op.base;
	(*out)->id = number;
	(*out)->v[0] = crm_value_id(k->number, number);
	if (r == CRM_OK && crm_hooks[k->number].compute != NULL)
		crm_hooks[k->number].compute(ch->schema, *out);
out:
	crm_buf_release(&b);
	return r;
}

int
crm_change_get(struct crm_change *ch, const struct crm_kind *k, uint64_t number,
    struct crm_record **out, struct crm_err *err)
{
	uint64_t off;
	int r;

	if (crm_latest_get(ch, k->number, number, &off))
		r = pending(ch, k, number, off, out, err);
	else
		r = crm_change_stored(ch, k, number, out, err);
	if (r == CRM_NOTFOUND)
		return crm_err_set(err, CRM_NOTFOUND, "there is no %s %s%llu",
		    k->name, k->letter, (unsigned long long)number);
	return r;
}
