/*
 * undo.c - taking a change back, as a change of its own.
 *
 * A record is put as it was before, past the rules for new input: it has
 * passed them once, and rules that fill or stamp would make it another.  What
 * may have become wrong since is looked at when all is in the spool, as the
 * records of one change may depend on each other: values that must be unique,
 * and what is referred to.  That this is an undo, and of what, is said by the
 * program in the log's header: dumps keep it, and nothing else is needed.
 */
#include <stdio.h>

#include "change.h"
#include "history_parts.h"
#include "order_parts.h"

#define UNDO "crm-log undo "

struct undo {
	struct crm_change *ch;
	struct crm_txn *txn;
	uint64_t first, last;
	struct crm_walk walk;
	struct crm_buf name, name2, image, keys, effects, now;
	struct crm_idmap added; /* what the change had added */
	struct crm_undone out;
};

/* ---- what undoes what ---- */

bool
crm_undo_of(const struct crm_log_head *h, uint64_t *change)
{
	struct crm_str s = h->program;
	int64_t n;

	if (!crm_str_starts(s, CRM_STR(UNDO)))
		return false;
	s.p += sizeof UNDO - 1;
	s.n -= sizeof UNDO - 1;
	if (crm_int_parse(s, &n) < 0 || n <= 0 || (uint64_t)n >= h->change)
		return false;
	*change = (uint64_t)n;
	return true;
}

/*
 * Taking back X makes what X had taken back hold again, and so on: fn is
 * called with each, gone or there again.
 */
typedef int chain_fn(
    void *ctx, const struct crm_log_head *h, bool gone, struct crm_err *err);

static int
chain(struct crm_txn *t, uint64_t change, chain_fn *fn, void *ctx,
    struct crm_err *err)
{
	struct crm_log_head h;
	bool gone = true;
	int r;

	do {
		r = crm_log_read(t, change, &h, err);
		if (r == CRM_OK)
			r = fn(ctx, &h, gone, err);
		gone = !gone;
	} while (r == CRM_OK && crm_undo_of(&h, &change));
	return r;
}

struct all {
	struct crm_idmap *map;
	uint64_t by;
};

static int
all_one(void *ctx, const struct crm_log_head *h, bool gone, struct crm_err *err)
{
	struct all *a = ctx;

	return crm_idmap_put(a->map, h->change, gone ? a->by : 0) == CRM_ENOMEM
		   ? crm_err_nomem(err)
		   : CRM_OK;
}

int
crm_undo_all(struct crm_txn *t, struct crm_idmap *out, struct crm_err *err)
{
	struct crm_log_head h;
	struct all a = {.map = out};
	uint64_t at = 1, change;
	int r;

	while ((r = crm_log_next(t, at, &h, err)) == CRM_OK) {
		at = h.revision + 1;
		/* one that was killed has taken back a part only */
		if (!h.last || !crm_undo_of(&h, &change))
			continue;
		a.by = h.change;
		r = chain(t, change, all_one, &a, err);
		if (r == CRM_NOTFOUND)
			r = CRM_OK; /* older than the log */
		if (r < 0)
			return r;
	}
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

/* ---- refusing ---- */

static struct crm_str
name_of(struct undo *u, unsigned kind, uint64_t number)
{
	return crm_log_name(u->ch->schema, kind, number, &u->name);
}

static int
refuse_moved(struct undo *u, const struct crm_log_entry *e, uint64_t by,
    struct crm_err *err)
{
	struct crm_str name = name_of(u, e->kind, e->number);

	crm_err_set(err, CRM_EDATA,
	    "%.*s is no longer as revision %llu left it: revision %llu has "
	    "changed it",
	    (int)name.n, name.p, (unsigned long long)e->revision,
	    (unsigned long long)by);
	crm_err_hint(err,
	    "`crm-log history %.*s` tells what happened since; undo that first",
	    (int)name.n, name.p);
	return CRM_EDATA;
}

static int
refuse(struct undo *u, unsigned kind, uint64_t number, const char *why,
    struct crm_err *err)
{
	struct crm_str name = name_of(u, kind, number);

	return crm_err_set(err, CRM_EDATA, "%.*s %s", (int)name.n, name.p, why);
}

/* Settings have revisions, and no records. */
static int
check_change(struct undo *u, struct crm_err *err)
{
	struct crm_log_head h;
	uint64_t rev, from, touched = 0;
	int r;

	r = crm_log_from(u->txn, &from, err);
	if (r == CRM_OK && u->first < from)
		return crm_err_set(err, CRM_EDATA,
		    "the log begins with revision %llu, what was before cannot "
		    "be taken back",
		    (unsigned long long)from);
	for (rev = u->first; rev <= u->last && r == CRM_OK; rev++) {
		r = crm_log_read(u->txn, rev, &h, err);
		if (r == CRM_OK)
			touched += crm_log_added(&h) + h.updated + h.removed;
	}
	if (r < 0)
		return r;
	if (crm_str_starts(h.program, CRM_STR("crm-store apply")) ||
	    crm_str_starts(h.program, CRM_STR("crm-store init"))) {
		crm_err_set(err, CRM_EDATA,
		    "revision %llu changed the settings, which undo does not "
		    "take back",
		    (unsigned long long)u->first);
		crm_err_hint(err,
		    "write the former ones into crm.yaml and run `crm-store "
		    "apply`");
		return CRM_EDATA;
	}
	if (crm_str_starts(h.program, CRM_STR("crm-customer erase")))
		return crm_err_set(err, CRM_EDATA,
		    "revision %llu erased people, which is final",
		    (unsigned long long)u->first);
	if (touched == 0)
		return crm_err_set(err, CRM_EDATA,
		    "revision %llu (%.*s) changed no records: there is nothing "
		    "to take back",
		    (unsigned long long)u->first,
		    (int)(h.program.n < 80 ? h.program.n : 80), h.program.p);
	return CRM_OK;
}

/* An undo of this change that was cut short has done this record already. */
static int
done_before(struct undo *u, uint64_t by, bool *out, struct crm_err *err)
{
	uint64_t change, first, last;
	struct crm_log_head h;
	int r;

	*out = false;
	r = crm_log_read(u->txn, by, &h, err);
	if (r < 0 || !crm_undo_of(&h, &change) || change != u->first)
		return r;
	r = crm_log_change(u->txn, by, &first, &last, err);
	if (r == CRM_OK)
		r = crm_log_read(u->txn, last, &h, err);
	if (r == CRM_OK)
		*out = !h.last;
	return r;
}

/* What a record holds, whichever revision wrote it; a tombstone its state. */
static struct crm_str
content(struct crm_str s)
{
	struct crm_str all = s;
	uint64_t state = 0, revision;

	if (!crm_take_var(&s, &state) || !crm_take_var(&s, &revision))
		return all;
	return state == CRM_LIVE ? s : (struct crm_str){all.p, 1};
}

/*
 * A record that others have changed and put back (by undo, say) is as it was
 * left.  CRM_NO: another undo that was cut short has done it.
 */
static int
as_left(struct undo *u, const struct crm_log_entry *e, struct crm_err *err)
{
	struct crm_walk *w = &u->walk;
	uint64_t by = w->revision;
	bool done;
	int r;

	r = done_before(u, by, &done, err);
	if (r < 0 || done)
		return r < 0 ? r : CRM_NO;
	crm_buf_clear(&u->now);
	crm_buf_putstr(&u->now, crm_buf_str(&w->now));
	r = crm_buf_check(&u->now, err);
	if (r == CRM_OK)
		r = crm_walk_to(w, e->revision, err);
	if (r == CRM_OK && !crm_str_eq(content(crm_buf_str(&u->now)),
			       content(crm_buf_str(&w->now))))
		r = refuse_moved(u, e, by, err);
	return r;
}

/* ---- one record ---- */

static int
restore(struct undo *u, const struct crm_log_entry *e, bool living,
    uint64_t base, struct crm_err *err)
{
	struct crm_change *ch = u->ch;
	struct crm_op op = {.kind = (uint8_t)e->kind,
	    .what = living ? 'c' : 'u',
	    .number = e->number,
	    .base = base};
	struct crm_record *old = NULL, *rec;
	int r;

	r = crm_walk_record(&u->walk, ch->schema, crm_buf_str(&u->walk.now),
	    &ch->work, &rec, err);
	if (r == CRM_OK && living)
		r = crm_change_stored(
		    ch, &ch->schema->kind[e->kind], e->number, &old, err);
	/* what is kept of it follows today's settings */
	if (r == CRM_OK && e->kind == CRM_K_ORDER)
		r = crm_order_keep(ch->schema, rec, err);
	if (r < 0)
		return r;
	rec->revision = 0;
	crm_buf_clear(&u->image);
	crm_buf_clear(&u->keys);
	crm_buf_clear(&u->effects);
	crm_record_encode(rec, &u->image);
	r = crm_buf_check(&u->image, err);
	if (r == CRM_OK)
		r = crm_change_derive(ch, old, rec, &u->keys, &u->effects, err);
	if (r == CRM_OK)
		r = crm_change_spool(ch, &op, crm_buf_str(&u->image),
		    crm_buf_str(&u->keys), crm_buf_str(&u->effects), err);
	if (r == CRM_OK && old != NULL)
		r = crm_change_unique(ch, old, -1, err);
	if (r == CRM_OK)
		r = crm_change_unique(ch, rec, 1, err);
	if (r == CRM_OK)
		ch->count[e->kind].changed++;
	return r;
}

static int
was_added(struct undo *u, const struct crm_log_entry *e, struct crm_err *err)
{
	return crm_idmap_put(&u->added, crm_op_slot(e->kind, e->number), 1) ==
		       CRM_ENOMEM
		   ? crm_err_nomem(err)
		   : CRM_OK;
}

static int
take_out(struct undo *u, const struct crm_log_entry *e, struct crm_err *err)
{
	struct crm_record *old;
	int r;

	r = crm_change_stored(
	    u->ch, &u->ch->schema->kind[e->kind], e->number, &old, err);
	return r < 0 ? r : crm_change_take_out(u->ch, old, err);
}

/* Back to before the change: CRM_NOTFOUND when it was added by it. */
static int
before(struct undo *u, const struct crm_log_entry *e, struct crm_err *err)
{
	int r = CRM_OK;

	while (r == CRM_OK && u->walk.revision >= u->first) {
		r = crm_walk_back(&u->walk, err);
	}
	if (r == CRM_NO)
		return refuse(u, e->kind, e->number,
		    "was there before the log begins", err);
	return r;
}

static int
undo_entry(void *ctx, const struct crm_log_entry *e, struct crm_err *err)
{
	struct undo *u = ctx;
	struct crm_walk *w = &u->walk;
	uint64_t base;
	bool living;
	int r;

	r = crm_walk_open(w, u->txn, e->kind, e->number, err);
	if (r == CRM_NOTFOUND)
		return crm_err_set(err, CRM_EDAMAGE,
		    "the store is damaged: record %llu is gone",
		    (unsigned long long)e->number);
	if (r < 0)
		return r;
	if (w->state == CRM_ERASED)
		return refuse(
		    u, e->kind, e->number, "was erased, which is final", err);
	base = w->revision;
	living = w->state == CRM_LIVE;
	if (base > u->last) {
		r = as_left(u, e, err);
		if (r == CRM_NO)
			return e->op == 'a' ? was_added(u, e, err) : CRM_OK;
		if (r < 0)
			return r;
	}
	if (w->revision != e->revision)
		return CRM_OK; /* a later part of the change has it too */
	r = before(u, e, err);
	if (r == CRM_NOTFOUND || (r == CRM_OK && w->state == CRM_DELETED)) {
		r = r == CRM_NOTFOUND ? was_added(u, e, err) : CRM_OK;
		if (r == CRM_OK && living)
			r = take_out(u, e, err);
	} else if (r == CRM_OK && w->state == CRM_LIVE)
		r = restore(u, e, living, base, err);
	else if (r == CRM_OK)
		r = refuse(u, e->kind, e->number,
		    "was merged before: merge it again instead", err);
	if (r == CRM_OK)
		u->out.records++;
	crm_change_reset(u->ch);
	return r;
}

/* ---- what may have become wrong ---- */

/* Was it merged already when the record referred to it? */
static bool
merged_before(struct undo *u, unsigned kind, uint64_t number)
{
	struct crm_record *rec =
	    crm_record_new(&u->ch->schema->kind[kind], &u->ch->work);

	return rec != NULL &&
	       crm_record_read(u->txn, rec->kind, number, &crm_want_all, rec,
		   NULL) == CRM_NOTFOUND &&
	       rec->state == CRM_MERGED && rec->revision < u->first;
}

static int
check_value(struct undo *u, const struct crm_record *rec,
    const struct crm_field *f, const struct crm_value *v, struct crm_err *err)
{
	uint64_t number = (uint64_t)v->i;
	struct crm_str what, who;
	int r;

	if (v->type != CRM_T_ID)
		return CRM_OK;
	r = crm_ref_live(u->txn, u->ch, u->ch->schema, v->kind, &number, err);
	if (r == CRM_OK && number == (uint64_t)v->i)
		return CRM_OK;
	if (r < 0 && r != CRM_NOTFOUND)
		return r;
	if (r == CRM_OK && merged_before(u, v->kind, (uint64_t)v->i))
		return CRM_OK;
	if (r == CRM_NOTFOUND &&
	    crm_ref_erased(u->txn, v->kind, (uint64_t)v->i))
		return CRM_OK; /* an order keeps its number */
	who = name_of(u, rec->kind->number, rec->id);
	what = crm_log_name(u->ch->schema, v->kind, (uint64_t)v->i, &u->name2);
	crm_err_set(err, CRM_EDATA, "%.*s would refer to %.*s, which %s",
	    (int)who.n, who.p, (int)what.n, what.p,
	    r == CRM_OK ? "is merged into another" : "is gone");
	crm_err_field(err, f->name, strlen(f->name));
	return CRM_EDATA;
}

static int
check_record(struct undo *u, const struct crm_record *rec, struct crm_err *err)
{
	const struct crm_kind *k = rec->kind;
	size_t i, p, row;
	int r = CRM_OK;

	for (i = 1; i < k->nfields && r == CRM_OK; i++)
		r = check_value(u, rec, &k->fields[i], &rec->v[i], err);
	for (p = 0; p < k->nparts; p++)
		for (row = 0; row < rec->part[p].n; row++)
			for (i = 0; i < k->parts[p].nfields && r == CRM_OK; i++)
				r = check_value(u, rec, &k->parts[p].fields[i],
				    &rec->part[p].row[row].v[i], err);
	return r == CRM_OK ? crm_change_unique(u->ch, rec, 0, err) : r;
}

static int
check_all(struct undo *u, struct crm_err *err)
{
	struct crm_change *ch = u->ch;
	struct crm_record *rec;
	struct crm_op op;
	uint64_t off = 0;
	int r;

	while ((r = crm_change_next(ch, &off, &op, err)) == CRM_OK) {
		if (op.what != 'c' && op.what != 'u')
			continue;
		r = crm_change_get(
		    ch, &ch->schema->kind[op.kind], op.number, &rec, err);
		if (r == CRM_OK)
			r = check_record(u, rec, err);
		crm_change_reset(ch);
		if (r < 0)
			return r;
	}
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

/* ---- keys, and what imports remember ---- */

static int
key_taken(struct undo *u, const struct crm_log_head *h, struct crm_err *err)
{
	struct crm_prefix p = crm_prefix_of(u->txn, CRM_TAB_IDENT);
	uint64_t by = 0;
	int r;

	crm_ident_key(&p.key, 0, CRM_STR("key"), h->key, 0);
	r = crm_prefix_next(&p, &by, err);
	crm_prefix_close(&p);
	if (r == CRM_NOTFOUND || (r == CRM_OK && by == h->revision))
		return CRM_OK;
	if (r < 0)
		return r;
	return crm_err_set(err, CRM_EDATA,
	    "the key '%.*s' of revision %llu was used again by revision %llu",
	    (int)(h->key.n < 120 ? h->key.n : 120), h->key.p,
	    (unsigned long long)h->revision, (unsigned long long)by);
}

/* One entry of another table: taken (sign 1) or taken away. */
static int
attach(struct undo *u, int sign, unsigned table, struct crm_str key,
    struct crm_str value, struct crm_err *err)
{
	static const struct crm_str none = {"", 0};
	struct crm_op op = {.what = 'x', .alone = 1};
	int r;

	crm_buf_clear(&u->keys);
	crm_derive_put(&u->keys, sign, table, key, value);
	r = crm_buf_check(&u->keys, err);
	return r < 0 ? r
		     : crm_change_spool(
			   u->ch, &op, none, crm_buf_str(&u->keys), none, err);
}

static int
key_one(void *ctx, const struct crm_log_head *h, bool gone, struct crm_err *err)
{
	static const struct crm_str none = {"", 0};
	struct crm_buf key = {.max = CRM_KEY_MAX};
	struct undo *u = ctx;
	int r = CRM_OK;

	if (h->key.n == 0)
		return CRM_OK;
	if (!gone)
		r = key_taken(u, h, err);
	crm_ident_key(&key, 0, CRM_STR("key"), h->key, h->change);
	if (r == CRM_OK)
		r = crm_buf_check(&key, err);
	if (r == CRM_OK)
		r = attach(u, gone ? -1 : 1, CRM_TAB_IDENT, crm_buf_str(&key),
		    none, err);
	crm_buf_release(&key);
	return r;
}

/* What imports remember of records that the change had added. */
static int
sources_gone(struct undo *u, struct crm_err *err)
{
	static const struct crm_str none = {"", 0};
	struct crm_cursor *cur = NULL;
	struct crm_str k, v;
	uint64_t number, seen;
	int r;

	if (u->added.n == 0)
		return CRM_OK;
	r = crm_cursor_open(u->txn, CRM_TAB_SOURCE, &cur, err);
	if (r == CRM_OK)
		r = crm_cursor_seek(cur, none, &k, &v, err);
	while (r == CRM_OK) {
		const char *nul = memchr(k.p, '\0', k.n);

		r = crm_unseal(CRM_TAB_SOURCE, k, &v, err);
		if (r == CRM_OK && nul != NULL && nul + 1 < k.p + k.n &&
		    crm_take_var(&v, &number) &&
		    crm_idmap_get(&u->added,
			crm_op_slot((unsigned char)nul[1], number), &seen)) {
			r = attach(u, -1, CRM_TAB_SOURCE, k, none, err);
			u->out.sources++;
		}
		if (r == CRM_OK)
			r = crm_cursor_next(cur, &k, &v, err);
	}
	crm_cursor_close(cur);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

/* What they remembered before one part of the change. */
static int
sources_back(struct undo *u, uint64_t revision, struct crm_err *err)
{
	struct crm_cursor *cur = NULL;
	struct crm_str k, v, rest, key;
	uint64_t at, kind, n, op;
	char lk[17];
	int r;

	crm_log_key(revision, 0, CRM_LOG_SOURCE, lk);
	r = crm_cursor_open(u->txn, CRM_TAB_LOG, &cur, err);
	if (r == CRM_OK)
		r = crm_cursor_seek(
		    cur, (struct crm_str){lk, sizeof lk}, &k, &v, err);
	while (r == CRM_OK) {
		rest = k;
		if (!crm_take_be(&rest, 8, &at) ||
		    !crm_take_be(&rest, 1, &kind) || at != revision ||
		    kind != 0)
			break;
		r = crm_unseal(CRM_TAB_LOG, k, &v, err);
		if (r < 0)
			break;
		if (!crm_take_var(&v, &n) || !crm_take_var(&v, &op) ||
		    op != 'x' || !crm_take_var(&v, &n) || n > v.n ||
		    !crm_take_bytes(&v, (size_t)n, &key)) {
			r = crm_err_set(err, CRM_EDAMAGE,
			    "the store is damaged: what revision %llu says of "
			    "an import cannot be read",
			    (unsigned long long)revision);
			break;
		}
		if (v.n > 0) { /* past the 1 before the value */
			v.p++;
			v.n--;
		}
		r = attach(u, v.n > 0 ? 1 : -1, CRM_TAB_SOURCE, key, v, err);
		u->out.sources++;
		if (r == CRM_OK)
			r = crm_cursor_next(cur, &k, &v, err);
	}
	crm_cursor_close(cur);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

/* ---- all of it ---- */

static int
undo_all(struct undo *u, struct crm_err *err)
{
	uint64_t rev;
	int r = check_change(u, err);

	for (rev = u->first; rev <= u->last && r == CRM_OK; rev++)
		r = crm_log_entries(u->txn, rev, undo_entry, u, err);
	if (r == CRM_OK)
		r = check_all(u, err);
	if (r == CRM_OK)
		r = sources_gone(u, err);
	/* the first part is the last to speak: it says how it was before */
	for (rev = u->last; rev >= u->first && r == CRM_OK; rev--)
		r = sources_back(u, rev, err);
	if (r == CRM_OK)
		r = chain(u->txn, u->first, key_one, u, err);
	return r;
}

int
crm_undo_put(struct crm_change *ch, uint64_t revision, struct crm_undone *out,
    struct crm_err *err)
{
	struct undo u = {.ch = ch, .txn = ch->txn};
	char program[48];
	int n, r;

	r = crm_log_change(u.txn, revision, &u.first, &u.last, err);
	if (r < 0)
		return r;
	n = snprintf(
	    program, sizeof program, UNDO "%llu", (unsigned long long)u.first);
	ch->opt.by.program =
	    crm_arena_str(&ch->keep, (struct crm_str){program, (size_t)n});
	r = ch->opt.by.program.p == NULL ? crm_err_nomem(err)
					 : undo_all(&u, err);
	u.out.change = u.first;
	u.out.last = u.last;
	if (out != NULL)
		*out = u.out;
	crm_walk_close(&u.walk);
	crm_buf_release(&u.name);
	crm_buf_release(&u.name2);
	crm_buf_release(&u.image);
	crm_buf_release(&u.keys);
	crm_buf_release(&u.effects);
	crm_buf_release(&u.now);
	crm_idmap_release(&u.added);
	return r;
}
