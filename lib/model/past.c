/*
 * past.c - the store as it was known at a revision.
 *
 * A record carries the revision that wrote it.  One that is not later is what
 * it was; any other is walked back through the log when, and only when, it is
 * read: looking at one record of long ago costs the changes of that record.
 * Identities and indexes lead from values to records, so the log is looked
 * through for the records that changed: what the tables say of these is not
 * seen, and what follows from them as they were is seen beside.  Where other
 * settings have made these tables, all of it follows from all records.  Figures
 * are never those that are kept (past_ledger.c).
 *
 * Numbers are given by one writer at a time: whatever was added after one
 * that was added by a later change is later as well.  So a scan ends there.
 */
#include <stdlib.h>

#include <crm/upkeep.h>

#include "archive.h"
#include "change.h"
#include "past_parts.h"

/* ---- which revision ---- */

struct find {
	int64_t time;
	uint64_t found;
};

static int
find_revision(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	struct find *f = ctx;
	struct crm_log_head h = {0};
	struct crm_buf b = {0};
	uint64_t lo = 1, hi;
	int r = crm_txn_last(t, &hi, err);

	if (r == CRM_OK)
		r = crm_log_from(t, &lo, err);
	if (r == CRM_OK)
		r = crm_log_next(t, lo, &h, err);
	if (r == CRM_OK && h.time > f->time) {
		crm_time_put(&b, h.time);
		crm_err_set(err, CRM_NOTFOUND,
		    "nothing is known of that time: the log begins at %.*s",
		    (int)b.n, b.p);
		crm_buf_release(&b);
		return CRM_NOTFOUND;
	}
	/* the revision lo is not after the time */
	while (r == CRM_OK && lo < hi) {
		uint64_t mid = lo + (hi - lo + 1) / 2;

		r = crm_log_next(t, mid, &h, err);
		if (r == CRM_OK && h.time <= f->time)
			lo = h.revision;
		else if (r == CRM_OK || r == CRM_NOTFOUND) {
			hi = mid - 1;
			r = CRM_OK;
		}
	}
	f->found = lo;
	return r;
}

int
crm_past_find(
    struct crm_store *s, int64_t time, uint64_t *out, struct crm_err *err)
{
	struct find f = {.time = time};
	int r = crm_txn_run(s, CRM_READ, find_revision, &f, err);

	*out = f.found;
	return r;
}

/* ---- records ---- */

static bool
take_revision(struct crm_str value, uint64_t *out)
{
	uint64_t state;

	return crm_take_var(&value, &state) && crm_take_var(&value, out);
}

/* The walk came to where the record was added.  When that was by a later
 * change than ours, what has a higher number is later, too. */
static int
note_most(struct crm_past *p, struct crm_txn *t, struct crm_err *err)
{
	const struct crm_walk *w = &p->walk;
	struct crm_log_head h;
	uint64_t first, last;
	int r;

	if (p->settled == 0) {
		r = crm_log_change(t, p->revision, &first, &last, err);
		if (r == CRM_OK)
			r = crm_log_read(t, last, &h, err);
		if (r < 0)
			return r;
		p->settled = h.last ? last : UINT64_MAX;
	}
	if (w->revision > p->settled && w->number <= p->most[w->kind])
		p->most[w->kind] = w->number - 1;
	return CRM_OK;
}

static int
record_then(struct crm_past *p, struct crm_txn *t, unsigned table,
    struct crm_str key, struct crm_str *value, struct crm_buf *room,
    struct crm_err *err)
{
	unsigned kind = table - CRM_TAB_KIND;
	struct crm_str rest = key;
	uint64_t number, revision;
	int r;

	/* what cannot be read is for the reader to find */
	if (!take_revision(*value, &revision) ||
	    !crm_take_be(&rest, 8, &number) || revision <= p->revision)
		return CRM_OK;
	if (number > p->most[kind])
		return CRM_NOTFOUND;
	r = crm_walk_open(&p->walk, t, kind, number, err);
	if (r == CRM_OK)
		r = crm_walk_to(&p->walk, p->revision, err);
	if (r == CRM_NOTFOUND) {
		r = note_most(p, t, err);
		return r == CRM_OK ? CRM_NO : r;
	}
	if (r < 0)
		return r;
	crm_buf_putstr(room, crm_buf_str(&p->walk.now));
	crm_seal(table, key, room);
	*value = crm_buf_str(room);
	return crm_buf_check(room, err);
}

int
crm_past_later(struct crm_past *p, struct crm_txn *t, unsigned kind,
    uint64_t number, bool *out, struct crm_err *err)
{
	struct crm_str v;
	uint64_t revision;
	char kb[8];
	int r = crm_get(
	    t, CRM_TAB_KIND + kind, crm_number_key(number, kb), &v, err);

	*out = r == CRM_OK && take_revision(v, &revision) &&
	       revision > p->revision;
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

/* ---- identities and indexes ---- */

/* Both kinds of keys begin with the kind and end with the number. */
static int
derived_then(struct crm_past *p, struct crm_txn *t, struct crm_str key,
    struct crm_err *err)
{
	struct crm_str tail = key;
	uint64_t number;
	unsigned kind;
	bool later;
	int r = crm_past_know(p, t, err);

	if (r < 0)
		return r;
	if (p->anew)
		return CRM_NOTFOUND;
	if (key.n < 9)
		return CRM_OK;
	kind = (unsigned char)key.p[0];
	tail.p += key.n - 8;
	tail.n = 8;
	crm_take_be(&tail, 8, &number);
	if (kind == 0) /* the key of a change: its number is the revision */
		return number > p->revision ? CRM_NO : CRM_OK;
	if (kind >= CRM_K_MAX)
		return CRM_OK;
	r = crm_past_later(p, t, kind, number, &later, err);
	return r == CRM_OK && later ? CRM_NO : r;
}

static int
entry_then(struct crm_overlay *o, struct crm_txn *t, unsigned table,
    struct crm_str key, struct crm_str *value, struct crm_buf *room,
    struct crm_err *err)
{
	struct crm_past *p = (struct crm_past *)o;

	if (table >= CRM_TAB_KIND)
		return record_then(p, t, table, key, value, room, err);
	if (table == CRM_TAB_IDENT || table == CRM_TAB_INDEX)
		return derived_then(p, t, key, err);
	return crm_err_set(
	    err, CRM_EBUG, "figures that are kept, read in the past");
}

static int
beside_then(struct crm_overlay *o, struct crm_txn *t, unsigned table,
    const struct crm_entries **out, struct crm_err *err)
{
	struct crm_past *p = (struct crm_past *)o;

	*out = NULL;
	if (table != CRM_TAB_IDENT && table != CRM_TAB_INDEX)
		return CRM_OK;
	*out = table == CRM_TAB_IDENT ? &p->ident : &p->index;
	return crm_past_know(p, t, err);
}

/* ---- looking a snapshot through ---- */

struct know {
	struct crm_past *p;
	struct crm_buf keys, value;
	uint64_t *slot; /* records with an entry in the log */
	size_t n, cap;
};

static int
note_keys(struct know *k, const struct crm_record *rec, struct crm_err *err)
{
	struct crm_derived d;
	struct crm_str rest;
	int r;

	crm_buf_clear(&k->keys);
	r = crm_derive_keys(k->p->schema, rec, 1, &k->keys, err);
	if (r < 0)
		return r;
	rest = crm_buf_str(&k->keys);
	while ((r = crm_derive_next(&rest, &d, err)) == CRM_OK) {
		crm_buf_clear(&k->value);
		crm_buf_putstr(&k->value, d.value);
		crm_seal(d.table, d.key, &k->value);
		r = crm_buf_check(&k->value, err);
		if (r == CRM_OK)
			r = crm_entries_add(d.table == CRM_TAB_IDENT
						? &k->p->ident
						: &k->p->index,
			    d.key, crm_buf_str(&k->value), err);
		if (r < 0)
			return r;
	}
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

static int
note_record(void *ctx, struct crm_record *rec, struct crm_err *err)
{
	return note_keys(ctx, rec, err);
}

static int
note_order(struct know *k, const struct crm_record *rec, struct crm_err *err)
{
	const struct crm_value *v = crm_record_get(rec, "customer_id");
	char key[16];

	if (v->type != CRM_T_ID)
		return CRM_OK;
	crm_number_key((uint64_t)v->i, key);
	crm_number_key(rec->id, key + 8);
	return crm_entries_add(&k->p->orders, (struct crm_str){key, sizeof key},
	    (struct crm_str){"", 0}, err);
}

/* All records that the log has changes of. */
static int
read_log(struct know *k, struct crm_txn *t, struct crm_err *err)
{
	struct crm_cursor *cur = NULL;
	struct crm_str key, v, tail;
	uint64_t number;
	char lk[17];
	int r;

	crm_log_key(k->p->revision + 1, 0, 0, lk);
	r = crm_cursor_open(t, CRM_TAB_LOG, &cur, err);
	if (r == CRM_OK)
		r = crm_cursor_seek(
		    cur, (struct crm_str){lk, sizeof lk}, &key, &v, err);
	while (r == CRM_OK) {
		unsigned kind = key.n == 17 ? (unsigned char)key.p[8] : 0;

		if (kind > 0 && kind < CRM_K_MAX) {
			tail = (struct crm_str){key.p + 9, 8};
			crm_take_be(&tail, 8, &number);
			if (!crm_grow(&k->slot, &k->cap, k->n, sizeof *k->slot))
				r = crm_err_nomem(err);
			else
				k->slot[k->n++] = crm_op_slot(kind, number);
		}
		if (r == CRM_OK)
			r = crm_cursor_next(cur, &key, &v, err);
	}
	crm_cursor_close(cur);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

static int
by_slot(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* What follows from the records that changed, as they were. */
static int
read_changed(struct know *k, struct crm_txn *t, struct crm_err *err)
{
	struct crm_past *p = k->p;
	struct crm_walk *w = &p->walk;
	struct crm_arena a = {0};
	struct crm_record *rec;
	int r = read_log(k, t, err);

	if (r == CRM_OK && k->n > 1)
		qsort(k->slot, k->n, sizeof *k->slot, by_slot);
	for (size_t i = 0; r == CRM_OK && i < k->n; i++) {
		if (i > 0 && k->slot[i] == k->slot[i - 1])
			continue;
		r = crm_walk_open(w, t, (unsigned)(k->slot[i] >> 56),
		    k->slot[i] & UINT64_MAX >> 8, err);
		if (r == CRM_OK)
			r = crm_walk_to(w, p->revision, err);
		if (r == CRM_NOTFOUND) { /* added later */
			r = CRM_OK;
			continue;
		}
		crm_arena_reset(&a);
		rec = NULL;
		if (r == CRM_OK)
			r = crm_walk_record(
			    w, p->schema, crm_buf_str(&w->now), &a, &rec, err);
		if (rec != NULL && w->kind == CRM_K_ORDER)
			r = note_order(k, rec, err);
		if (r == CRM_OK && rec != NULL && !p->anew)
			r = note_keys(k, rec, err);
	}
	crm_arena_release(&a);
	return r;
}

static int
follows(void *ctx, const struct crm_setting_row *row, struct crm_err *err)
{
	(void)err;
	*(bool *)ctx |= row->follows.n > 0;
	return CRM_OK;
}

/* Are the stored tables made by settings other than those of then? */
static int
see_settings(struct crm_past *p, struct crm_txn *t, struct crm_err *err)
{
	struct crm_settings now;
	struct crm_arena a = {0};
	struct crm_str v;
	int r;

	p->anew = false;
	r = crm_get(t, CRM_TAB_META, crm_meta_key("settings"), &v, err);
	if (r == CRM_OK)
		r = crm_settings_decode(v, &a, &now, err);
	if (r == CRM_OK)
		r = crm_settings_diff(
		    p->schema->settings, &now, follows, &p->anew, err);
	crm_arena_release(&a);
	return r == CRM_NO ? CRM_OK : r;
}

static void
forget(struct crm_past *p)
{
	crm_entries_release(&p->ident);
	crm_entries_release(&p->index);
	crm_entries_release(&p->orders);
	p->known = false;
}

int
crm_past_know(struct crm_past *p, struct crm_txn *t, struct crm_err *err)
{
	struct know k = {.p = p};
	uint64_t last;
	int r = crm_txn_last(t, &last, err);

	/* one look serves many transactions, as long as nobody writes */
	if (r < 0 || (p->known && p->snapshot == last))
		return r;
	forget(p);
	r = see_settings(p, t, err);
	if (r == CRM_OK)
		r = read_changed(&k, t, err);
	crm_txn_lay(t);
	for (unsigned i = 1; r == CRM_OK && p->anew && i < CRM_K_MAX; i++)
		if (p->schema->kind[i].name != NULL)
			r = crm_upkeep_each(t, p->schema, &p->schema->kind[i],
			    note_record, &k, err);
	crm_txn_lift(t);
	crm_entries_sort(&p->ident);
	crm_entries_sort(&p->index);
	crm_entries_sort(&p->orders);
	p->known = r == CRM_OK;
	p->snapshot = last;
	crm_buf_release(&k.keys);
	crm_buf_release(&k.value);
	free(k.slot);
	return r;
}

/* ---- opening ---- */

/* The settings of then are in the first apply that came later: what it found.
 * CRM_NOTFOUND: there was none. */
static int
read_settings(struct crm_past *p, struct crm_txn *t, struct crm_err *err)
{
	struct crm_str v, bytes;
	uint64_t last, i, n;
	int r = crm_txn_last(t, &last, err);

	if (r == CRM_OK)
		r = CRM_NOTFOUND;
	for (i = p->revision + 1; r == CRM_NOTFOUND && i <= last; i++)
		r = crm_log_get(t, i, 0, 1, &v, err);
	if (r < 0)
		return r;
	if (!crm_take_var(&v, &n) || !crm_take_bytes(&v, (size_t)n, &bytes))
		return crm_err_set(err, CRM_EDAMAGE,
		    "the store is damaged: the settings in revision %llu "
		    "cannot be read",
		    (unsigned long long)i - 1);
	bytes = crm_arena_str(&p->arena, bytes);
	return bytes.p
		   ? crm_settings_decode(bytes, &p->arena, &p->settings, err)
		   : crm_err_nomem(err);
}

static int
look_back(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	struct crm_past *p = ctx;
	struct crm_log_head h;
	uint64_t from;
	int r = crm_log_from(t, &from, err);

	if (r == CRM_OK && p->revision + 1 < from)
		return crm_err_set(err, CRM_EDATA,
		    "the log begins with revision %llu",
		    (unsigned long long)from);
	/* what is right before the log is known, but has no header */
	if (r == CRM_OK && p->revision >= from)
		r = crm_log_read(t, p->revision, &h, err);
	else if (p->revision < from)
		p->settled = p->revision;
	if (r < 0)
		return r;
	r = read_settings(p, t, err);
	if (r == CRM_NOTFOUND)
		return CRM_OK;
	if (r == CRM_OK)
		r = crm_schema_init(&p->own, &p->settings, err);
	p->owns = r == CRM_OK;
	return r;
}

int
crm_past_open(struct crm_past **out, struct crm_store *s, uint64_t revision,
    struct crm_err *err)
{
	struct crm_past *p = calloc(1, sizeof *p);
	int r;

	*out = NULL;
	if (p == NULL)
		return crm_err_nomem(err);
	p->store = s;
	p->revision = revision;
	p->over.entry = entry_then;
	p->over.beside = beside_then;
	crm_overlay_table(&p->over, CRM_TAB_IDENT);
	crm_overlay_table(&p->over, CRM_TAB_INDEX);
	crm_overlay_table(&p->over, CRM_TAB_SALES);
	crm_overlay_table(&p->over, CRM_TAB_TALLY);
	for (unsigned i = 0; i < CRM_K_MAX; i++) {
		p->most[i] = UINT64_MAX;
		if (i > 0)
			crm_overlay_table(&p->over, CRM_TAB_KIND + i);
	}
	r = crm_txn_run(s, CRM_READ, look_back, p, err);
	if (r == CRM_OK && p->owns)
		p->schema = &p->own;
	else if (r == CRM_OK)
		r = crm_store_schema(s, &p->schema, err);
	if (r < 0) {
		crm_past_close(p);
		return r;
	}
	p->over.schema = p->schema;
	crm_store_overlay(s, &p->over);
	*out = p;
	return CRM_OK;
}

const struct crm_schema *
crm_past_schema(const struct crm_past *p)
{
	return p->schema;
}

void
crm_past_close(struct crm_past *p)
{
	if (p == NULL)
		return;
	crm_store_overlay(p->store, NULL);
	forget(p);
	crm_walk_close(&p->walk);
	if (p->owns)
		crm_schema_release(&p->own);
	crm_arena_release(&p->arena);
	free(p);
}
