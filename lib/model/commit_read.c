/*
 * commit_read.c - a part of a change read from the spool, its entries sorted.
 *
 * Nothing of the store is looked at, and of the commit only the place in the
 * spool, so that a thread may read a part while the one before is written, and
 * sort its entries while its records are.  A part that adds is as large as
 * memory allows: what is put in the order of keys touches each page once, and
 * leaves those full that are new.
 */
#include <stdlib.h>

#include "commit.h"

#define PART_CHANGES 1000
#define PART_ADDS 100000
#define PART_BYTES ((size_t)16 << 20) /* of a copy */
#define PART_KEYS ((size_t)8 << 20) /* bytes of entries; each takes about 60 */

/* Does the number of a record that is added not follow the last of its kind? */
static bool
begins_run(const struct crm_commit_part *p, const struct crm_op *op)
{
	uint64_t last = p->last[op->kind];

	return last == 0 || last + 1 != op->number;
}

bool
crm_commit_full(const struct crm_commit *c, const struct crm_commit_part *p,
    const struct crm_op *op)
{
	/* entries stay with the record they were attached to */
	if (c->ch->opt.key.n > 0 || (op->what == 'x' && !op->alone))
		return false;
	if (op->what == 'a' && p->runs >= CRM_RANGES_MAX && begins_run(p, op))
		return true;
	return p->changes >= PART_CHANGES || p->adds >= PART_ADDS ||
	       p->keys >= PART_KEYS || p->copied >= PART_BYTES;
}

/* What counts towards the end of a part. */
static void
measure(struct crm_commit_part *p, const struct crm_op *op)
{
	p->keys += op->keys;
	p->changes += op->what == 'x' ? op->alone : op->what != 'a';
	if (op->what != 'a')
		return;
	p->adds++;
	p->runs += begins_run(p, op);
	p->last[op->kind] = op->number;
}

void
crm_commit_clear(struct crm_commit_part *p)
{
	crm_buf_clear(&p->bytes);
	p->base = NULL;
	p->nop = 0;
	p->adds = p->changes = p->keys = p->runs = p->copied = 0;
	p->view = p->sorted = false;
	memset(p->last, 0, sizeof p->last);
}

static size_t
op_bytes(const struct crm_op *op)
{
	return sizeof *op + op->image + op->keys + op->effects;
}

/* Where the bytes of an operation are to go, its head first; NULL: there is no
 * memory. */
static char *
op_room(struct crm_commit_part *p, const struct crm_op *op)
{
	size_t n = op_bytes(op), at = p->bytes.n;

	if (!crm_grow(&p->op, &p->capop, p->nop, sizeof *p->op) ||
	    !crm_buf_room(&p->bytes, n))
		return NULL;
	p->base = p->bytes.p;
	p->op[p->nop++] = at;
	p->bytes.n += n;
	p->copied += n;
	measure(p, op);
	return p->bytes.p + at;
}

bool
crm_commit_take(struct crm_commit_part *p, const struct crm_op *op,
    struct crm_str image, struct crm_str keys, struct crm_str effects)
{
	char *at = op_room(p, op);

	if (at == NULL)
		return false;
	memcpy(at, op, sizeof *op);
	at += sizeof *op;
	if (image.n > 0)
		memcpy(at, image.p, image.n);
	if (keys.n > 0)
		memcpy(at + image.n, keys.p, keys.n);
	if (effects.n > 0)
		memcpy(at + image.n + keys.n, effects.p, effects.n);
	return true;
}

/* The operation at c->off: its place in the spool's memory, or a copy. */
static int
op_take(struct crm_commit *c, struct crm_commit_part *p,
    const struct crm_op *op, struct crm_err *err)
{
	char *to;

	if (!p->view) {
		to = op_room(p, op);
		return to == NULL ? crm_err_nomem(err)
				  : crm_spool_pread(&c->ch->spool, c->off, to,
					op_bytes(op), err);
	}
	if (!crm_grow(&p->op, &p->capop, p->nop, sizeof *p->op))
		return crm_err_nomem(err);
	p->op[p->nop++] = (size_t)c->off;
	/* a part that is written along is a copy: these are to be the same */
	if (c->ch->aside != NULL)
		p->copied += op_bytes(op);
	measure(p, op);
	return CRM_OK;
}

int
crm_commit_read(struct crm_commit *c, struct crm_commit_part *p, uint64_t end,
    struct crm_err *err)
{
	struct crm_change *ch = c->ch;
	struct crm_op op;
	uint64_t latest;
	int r;

	p->sorted = false;
	if (p->nop == 0) {
		p->base = crm_spool_view(&ch->spool, 0, (size_t)ch->spool.size);
		p->view = p->base != NULL;
	}
	while (c->off < end) {
		r = crm_spool_pread(&ch->spool, c->off, &op, sizeof op, err);
		if (r < 0)
			return r;
		if (crm_commit_full(c, p, &op))
			break;
		/* but those that were put again later */
		if (op.what == 'x' || !ch->twice ||
		    !crm_latest_get(ch, op.kind, op.number, &latest) ||
		    latest == c->off)
			r = op_take(c, p, &op, err);
		if (r < 0)
			return r;
		c->off += op_bytes(&op);
	}
	p->more = c->off < end;
	return CRM_OK;
}

struct crm_op
crm_commit_op(const struct crm_commit_part *p, size_t i, struct crm_str *image,
    struct crm_str *keys, struct crm_str *effects)
{
	const char *at = p->base + p->op[i];
	struct crm_op op;

	memcpy(&op, at, sizeof op);
	at += sizeof op;
	*image = (struct crm_str){at, op.image};
	*keys = (struct crm_str){at + op.image, op.keys};
	*effects = (struct crm_str){at + op.image + op.keys, op.effects};
	return op;
}

static int
entries_take(
    struct crm_commit_part *p, struct crm_str keys, struct crm_err *err)
{
	struct crm_derived d;
	int r;

	while ((r = crm_derive_next(&keys, &d, err)) == CRM_OK) {
		if (!crm_grow(
			&p->entry, &p->capentry, p->nentry, sizeof *p->entry))
			return crm_err_nomem(err);
		p->entry[p->nentry] = (struct crm_entry){.key = d.key,
		    .value = d.value,
		    .table = (uint8_t)d.table,
		    .sign = d.put ? 1 : -1};
		p->nentry++;
	}
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

/* Up to eight bytes from `at` on, as a number that compares like them. */
static uint64_t
key_head(struct crm_str key, size_t at)
{
	unsigned char b[8] = {0};

	if (at < key.n)
		memcpy(b, key.p + at, key.n - at < 8 ? key.n - at : 8);
	return (uint64_t)b[0] << 56 | (uint64_t)b[1] << 48 |
	       (uint64_t)b[2] << 40 | (uint64_t)b[3] << 32 |
	       (uint64_t)b[4] << 24 | (uint64_t)b[5] << 16 |
	       (uint64_t)b[6] << 8 | b[7];
}

static int
place_cmp(const void *a, const void *b, void *ctx)
{
	const struct crm_entry_place *x = a, *y = b;
	const struct crm_entry *entry = ctx;
	int r;

	if (x->group != y->group)
		return x->group < y->group ? -1 : 1;
	if (x->head != y->head)
		return x->head < y->head ? -1 : 1;
	if (x->next != y->next)
		return x->next < y->next ? -1 : 1;
	/* a key that ends here has zeros as one that goes on may have */
	r = crm_str_cmp(entry[x->at].key, entry[y->at].key);
	if (r != 0)
		return r;
	return x->at < y->at ? -1 : x->at > y->at;
}

/* Entries as they were taken from the operations; sorted, their keys are looked
 * at only where their first 19 bytes are the same. */
static int
entries_sort(struct crm_commit_part *p, struct crm_err *err)
{
	size_t n = p->nentry;

	if (n > p->capplace) {
		free(p->place);
		p->capplace = 0;
		p->place = malloc(n * sizeof *p->place);
		if (p->place == NULL)
			return crm_err_nomem(err);
		p->capplace = n;
	}
	for (size_t i = 0; i < n; i++)
		p->place[i] = (struct crm_entry_place){
		    .head = key_head(p->entry[i].key, 3),
		    .next = key_head(p->entry[i].key, 11),
		    .group = (uint32_t)p->entry[i].table << 24 |
			     (uint32_t)(key_head(p->entry[i].key, 0) >> 40),
		    .at = (uint32_t)i};
	if (n > 1)
		qsort_r(p->place, n, sizeof *p->place, place_cmp, p->entry);
	return CRM_OK;
}

int
crm_commit_sort(
    const struct crm_commit *c, struct crm_commit_part *p, struct crm_err *err)
{
	struct crm_str image, keys, effects;
	int r = CRM_OK;

	if (p->sorted)
		return CRM_OK;
	p->nentry = 0;
	crm_buf_clear(&p->effects);
	for (size_t i = 0; i < p->nop && r == CRM_OK; i++) {
		(void)crm_commit_op(p, i, &image, &keys, &effects);
		r = entries_take(p, keys, err);
		if (c->ch->aside == NULL)
			crm_buf_putstr(&p->effects, effects);
	}
	if (r == CRM_OK)
		r = crm_buf_check(&p->effects, err);
	if (r == CRM_OK)
		r = crm_ledger_batch_make(
		    &p->ledger, crm_buf_str(&p->effects), err);
	if (r == CRM_OK)
		r = entries_sort(p, err);
	p->sorted = r == CRM_OK;
	return r;
}
