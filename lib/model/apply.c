/*
 * apply.c - settings put in force.
 *
 * Settings shape stored figures, so a change of them is a revision like any
 * other, with both forms in the log.  What can be refused is refused before
 * anything is written.  Where something follows - orders whose revenue changes,
 * tables of identities, indexes, ledger and figures - it is done, with the
 * change itself, to a new generation of the data: all of it comes into force
 * at one moment, or nothing.
 *
 * A field is not taken away while records have values in it: they would be out
 * of sight, and gone with the record's next change.
 */
#include <stdlib.h>

#include <crm/expr.h>

#include "archive.h"
#include "change.h"
#include "keysort.h"
#include "order_parts.h"
#include "store/store_internal.h"

#define PART_RECORDS 1000

struct apply {
	struct crm_store *store;
	const struct crm_schema *old;
	struct crm_schema *now;
	const struct crm_settings *settings;
	const struct crm_origin *by;
	const struct crm_watch *watch;
	struct crm_buf before, after;
	uint64_t revision;
	bool orders, tables; /* what is to be made anew */
	bool parts; /* records are migrated: the change has parts */

	/* looking for values of fields that go, or that occur twice */
	const struct crm_kind *kind;
	uint64_t values[CRM_FIELDS_MAX];
	struct crm_keysort sort;
	bool idents;
	uint64_t unique[CRM_FIELDS_MAX / 64];
	struct crm_buf key;

	/* records under way, of `kind` */
	uint64_t next, migrated;
	struct crm_log_head head;
};

/* ---- may it be? ---- */

static const struct crm_field *
same_field(const struct crm_kind *k, const struct crm_field *f)
{
	for (unsigned i = 0; k->name != NULL && i < k->nfields; i++)
		if (k->fields[i].tag == f->tag && f->tag != 0)
			return &k->fields[i];
	return NULL;
}

/* Has the kind a field that is no longer there? */
static bool
drops(const struct apply *a, const struct crm_kind *old)
{
	const struct crm_kind *now = &a->now->kind[old->number];

	for (unsigned i = 1; old->name != NULL && i < old->nfields; i++)
		if ((old->fields[i].flags & CRM_F_CUSTOM) &&
		    same_field(now, &old->fields[i]) == NULL)
			return true;
	return false;
}

static int
count_values(void *ctx, struct crm_record *rec, struct crm_err *err)
{
	struct apply *a = ctx;

	(void)err;
	for (unsigned i = 1; i < rec->kind->nfields; i++)
		a->values[i] += rec->v[i].type != CRM_T_NONE;
	return CRM_OK;
}

/* Fields of a kind that go, with values. */
static int
check_dropped(struct apply *a, struct crm_txn *t, const struct crm_kind *k,
    struct crm_err *err)
{
	const struct crm_kind *now = &a->now->kind[k->number];
	int r;

	if (!drops(a, k))
		return CRM_OK;
	memset(a->values, 0, sizeof a->values);
	r = crm_upkeep_each(t, a->old, k, count_values, a, err);
	for (unsigned i = 1; i < k->nfields && r == CRM_OK; i++)
		if (a->values[i] > 0 && (k->fields[i].flags & CRM_F_CUSTOM) &&
		    same_field(now, &k->fields[i]) == NULL) {
			r = crm_err_set(err, CRM_ECONFIG,
			    "the field '%s' cannot go: %llu %ss have a value "
			    "in it",
			    k->fields[i].name, (unsigned long long)a->values[i],
			    k->name);
			crm_err_field(err, "fields", 6);
			crm_err_hint(err,
			    "clear it with crm-%s set, or say --force to lose "
			    "them",
			    k->name);
		}
	return r;
}

/* Keys of what is to be unique from now on. */
static int
sort_ident(void *ctx, struct crm_str scheme, struct crm_str normal, bool shared,
    const char *field, struct crm_err *err)
{
	struct apply *a = ctx;
	int r;

	(void)field;
	if (shared || !crm_ident_unique(scheme))
		return CRM_OK;
	crm_buf_clear(&a->key);
	crm_buf_putc(&a->key, 'i');
	crm_ident_key(&a->key, a->kind->number, scheme, normal, a->revision);
	r = crm_buf_check(&a->key, err);
	return r < 0 ? r
		     : crm_keysort_add(
			   &a->sort, crm_buf_str(&a->key), scheme, err);
}

static int
sort_record(void *ctx, struct crm_record *rec, struct crm_err *err)
{
	struct apply *a = ctx;
	int r = CRM_OK;

	a->revision = rec->id; /* for the key of an identity */
	if (a->idents)
		r = crm_ident_each(a->now, rec, sort_ident, a, err);
	for (unsigned i = 1; i < rec->kind->nfields && r == CRM_OK; i++) {
		const struct crm_field *f = &rec->kind->fields[i];

		if (!(a->unique[i / 64] >> (i % 64) & 1) ||
		    rec->v[i].type == CRM_T_NONE)
			continue;
		crm_buf_clear(&a->key);
		crm_buf_putc(&a->key, 'u');
		crm_index_key(
		    &a->key, rec->kind->number, f->tag, &rec->v[i], rec->id);
		r = crm_buf_check(&a->key, err);
		if (r == CRM_OK)
			r = crm_keysort_add(&a->sort, crm_buf_str(&a->key),
			    crm_str(f->name), err);
	}
	return r;
}

static int
twice(struct apply *a, struct crm_str before, struct crm_str key,
    struct crm_str name, struct crm_err *err)
{
	const struct crm_kind *k =
	    &a->now->kind[(unsigned char)key.p[1] % CRM_K_MAX];
	struct crm_str x = {before.p + before.n - 8, 8};
	struct crm_str y = {key.p + key.n - 8, 8};
	uint64_t p = 0, q = 0;

	crm_take_be(&x, 8, &p);
	crm_take_be(&y, 8, &q);
	crm_err_set(err, CRM_ECONFIG,
	    "'%.*s' cannot be unique: %s%llu and %s%llu have the same",
	    (int)name.n, name.p, k->letter, (unsigned long long)p, k->letter,
	    (unsigned long long)q);
	crm_err_field(err, key.p[0] == 'i' ? "ignore" : "fields", 6);
	return CRM_ECONFIG;
}

static int
check_unique(struct apply *a, struct crm_txn *t, struct crm_err *err)
{
	struct crm_buf last = {0};
	struct crm_str key, name, before;
	int r = CRM_OK;

	a->idents = !crm_str_eq(a->old->settings->ignore, a->settings->ignore);
	for (unsigned n = 1; n < CRM_K_MAX && r == CRM_OK; n++) {
		const struct crm_kind *k = &a->now->kind[n];
		bool any = a->idents;

		memset(a->unique, 0, sizeof a->unique);
		for (unsigned i = 1; k->name != NULL && i < k->nfields; i++) {
			const struct crm_field *was =
			    same_field(&a->old->kind[n], &k->fields[i]);

			if (!(k->fields[i].flags & CRM_F_UNIQUE) ||
			    was == NULL || (was->flags & CRM_F_UNIQUE))
				continue;
			a->unique[i / 64] |= (uint64_t)1 << (i % 64);
			any = true;
		}
		a->kind = k;
		if (k->name != NULL && any)
			r = crm_upkeep_each(t, a->now, k, sort_record, a, err);
	}
	a->revision = 0;
	if (r == CRM_OK)
		r = crm_keysort_finish(&a->sort, err);
	while (r == CRM_OK &&
	       (r = crm_keysort_next(&a->sort, &key, &name, err)) == CRM_OK) {
		before = crm_buf_str(&last);
		if (before.n == key.n &&
		    memcmp(before.p, key.p, key.n - 8) == 0 &&
		    memcmp(before.p, key.p, key.n) != 0)
			r = twice(a, before, key, name, err);
		crm_buf_clear(&last);
		crm_buf_putstr(&last, key);
	}
	crm_keysort_release(&a->sort);
	crm_buf_release(&last);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

struct may {
	struct apply *a;
	bool drop;
};

static int
may_be(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	struct may *m = ctx;
	int r = CRM_OK;

	for (unsigned n = 1; n < CRM_K_MAX && r == CRM_OK; n++)
		if (m->a->old->kind[n].name != NULL && !m->drop)
			r = check_dropped(m->a, t, &m->a->old->kind[n], err);
	return r < 0 ? r : check_unique(m->a, t, err);
}

/* ---- writing ---- */

/* The settings before and after are an entry of the revision: kind 0, number
 * 1. */
static int
write_settings(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	struct apply *a = ctx;
	struct crm_log_head h = {.last = !a->parts};
	struct crm_buf b = {0};
	char lk[17];
	struct crm_str key = {lk, sizeof lk};
	int r;

	a->revision = crm_txn_revision(t);
	r = crm_put(t, CRM_TAB_META, crm_meta_key("settings"),
	    crm_buf_str(&a->after), 0, err);
	if (r == CRM_OK)
		r = crm_upkeep_log(t, a->by, &h, err);
	crm_log_key(a->revision, 0, 1, lk);
	crm_buf_putvar(&b, a->before.n);
	crm_buf_putstr(&b, crm_buf_str(&a->before));
	crm_buf_putvar(&b, a->after.n);
	crm_buf_putstr(&b, crm_buf_str(&a->after));
	crm_seal(CRM_TAB_LOG, key, &b);
	if (r == CRM_OK)
		r = crm_buf_check(&b, err);
	if (r == CRM_OK)
		r = crm_put(t, CRM_TAB_LOG, key, crm_buf_str(&b), 0, err);
	crm_buf_release(&b);
	return r;
}

/* Writes the record and its difference when it is another under the new
 * settings: fields are gone, or an order's kept fields change. */
static int
migrate_one(struct crm_txn *t, struct apply *a, struct crm_record *rec,
    struct crm_str was, struct crm_err *err)
{
	unsigned kind = rec->kind->number, table = CRM_TAB_KIND + kind;
	uint64_t base = rec->revision, now = crm_txn_revision(t);
	struct crm_buf old = {0}, value = {0}, diff = {0};
	char kb[8], lk[17];
	struct crm_str key = crm_number_key(rec->id, kb), log;
	int r;

	crm_buf_putstr(&old, was);
	r = crm_buf_check(&old, err);
	if (r == CRM_OK && kind == CRM_K_ORDER)
		r = crm_order_keep(a->now, rec, err);
	if (r < 0)
		goto out;
	crm_record_encode(rec, &value);
	if (crm_str_eq(crm_buf_str(&old), crm_buf_str(&value)))
		goto out;
	rec->revision = now;
	crm_buf_clear(&value);
	crm_record_encode(rec, &value);
	crm_buf_putvar(&diff, base);
	crm_buf_putvar(&diff, 'c');
	r = crm_buf_check(&value, err);
	if (r == CRM_OK)
		r = crm_diff_make(
		    crm_buf_str(&old), crm_buf_str(&value), &diff, err);
	crm_seal(table, key, &value);
	crm_log_key(now, kind, rec->id, lk);
	log = (struct crm_str){lk, sizeof lk};
	crm_seal(CRM_TAB_LOG, log, &diff);
	if (r == CRM_OK)
		r = crm_buf_check(&value, err);
	if (r == CRM_OK)
		r = crm_buf_check(&diff, err);
	if (r == CRM_OK)
		r = crm_put(t, table, key, crm_buf_str(&value), 0, err);
	if (r == CRM_OK)
		r = crm_put(t, CRM_TAB_LOG, log, crm_buf_str(&diff), 0, err);
	a->head.updated++;
out:
	crm_buf_release(&old);
	crm_buf_release(&value);
	crm_buf_release(&diff);
	return r;
}

/* Records from a->next on, until enough were written; the place to go on from
 * is kept only when that is committed. */
struct migrate {
	struct apply *a;
	uint64_t next, seen;
	bool end;
};

static int
migrate_some(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	struct migrate *m = ctx;
	struct apply *a = m->a;
	const struct crm_kind *k = a->kind;
	unsigned table = CRM_TAB_KIND + k->number;
	struct crm_arena arena = {0};
	struct crm_cursor *cur = NULL;
	struct crm_record *rec;
	struct crm_str key, v, rest;
	char kb[8];
	int r;

	a->head = (struct crm_log_head){.change = a->revision};
	m->next = a->next;
	m->seen = 0;
	m->end = false;
	r = crm_cursor_open(t, table, &cur, err);
	while (r == CRM_OK && a->head.updated < PART_RECORDS &&
	       m->seen < 100 * PART_RECORDS) {
		r = crm_cursor_seek(
		    cur, crm_number_key(m->next, kb), &key, &v, err);
		if (r == CRM_OK)
			r = crm_unseal(table, key, &v, err);
		if (r < 0)
			break;
		crm_arena_reset(&arena);
		rec = crm_record_new(k, &arena);
		rest = key;
		if (rec == NULL || !crm_take_be(&rest, 8, &rec->id)) {
			r = crm_err_nomem(err);
			break;
		}
		m->next = rec->id + 1;
		m->seen++;
		r = crm_record_decode(a->now, v, &crm_want_all, rec, err);
		if (r == CRM_OK && rec->state == CRM_LIVE)
			r = migrate_one(t, a, rec, v, err);
	}
	if (r == CRM_NOTFOUND) {
		m->end = true;
		r = CRM_OK;
	}
	crm_cursor_close(cur);
	crm_arena_release(&arena);
	if (r == CRM_OK && a->head.updated > 0) {
		a->head.part = a->migrated + 1;
		r = crm_upkeep_log(t, a->by, &a->head, err);
	}
	return r;
}

static int
migrate_kind(struct apply *a, struct crm_err *err)
{
	struct migrate m = {.a = a};
	int r = CRM_OK;

	a->next = 0;
	while (r == CRM_OK && !m.end) {
		r = crm_txn_run(a->store, CRM_WRITE, migrate_some, &m, err);
		if (r == CRM_OK) {
			a->next = m.next;
			a->migrated += a->head.updated > 0;
		}
	}
	return r;
}

/* Are the kind's records to be looked at? */
static bool
migrates(const struct apply *a, unsigned n)
{
	return a->now->kind[n].name != NULL &&
	       (drops(a, &a->old->kind[n]) || (n == CRM_K_ORDER && a->orders));
}

static int
migrate(struct apply *a, struct crm_err *err)
{
	int r = CRM_OK;

	for (unsigned n = 1; n < CRM_K_MAX && r == CRM_OK; n++) {
		a->kind = &a->now->kind[n];
		if (migrates(a, n))
			r = migrate_kind(a, err);
	}
	return r;
}

/* How many parts there are is known when all is done: the last has no
 * entries. */
static int
write_last(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	struct apply *a = ctx;
	const struct crm_log_head h = {
	    .change = a->revision, .part = a->migrated + 1, .last = true};

	return crm_upkeep_log(t, a->by, &h, err);
}

static int
follow(void *ctx, const struct crm_setting_row *row, struct crm_err *err)
{
	struct apply *a = ctx;

	(void)err;
	a->tables = a->tables || row->follows.n > 0;
	a->orders = a->orders || crm_str_is(row->what, "revenue.statuses");
	return CRM_OK;
}

static int
apply_all(struct crm_store *s, void *ctx, struct crm_err *err)
{
	struct crm_rebuild_result built;
	struct apply *a = ctx;
	int r = crm_txn_run(s, CRM_WRITE, write_settings, a, err);

	if (r == CRM_OK)
		r = migrate(a, err);
	/* from here on the store's own schema is the new one */
	crm_meta_release(s);
	if (r == CRM_OK && a->tables)
		r = crm_rebuild_tables(s, a->watch, &built, err);
	if (r == CRM_OK && a->parts)
		r = crm_txn_run(s, CRM_WRITE, write_last, a, err);
	return r;
}

static int
apply_locked(struct apply *a, unsigned flags, struct crm_err *err)
{
	struct may may = {a, (flags & CRM_APPLY_DROP) != 0};
	const struct crm_renew_options opt = {.without = CRM_TABS_DERIVED,
	    .fn = apply_all,
	    .fn_ctx = a,
	    .watch = crm_upkeep_watch,
	    .ctx = (void *)(uintptr_t)a->watch};
	struct crm_compacted made;
	int r = crm_txn_run(a->store, CRM_READ, may_be, &may, err);

	if (r < 0 || (flags & CRM_APPLY_DRY))
		return r;
	r = a->tables ? crm_store_renew(a->store, &opt, &made, err)
		      : apply_all(a->store, a, err);
	if (r < 0) /* the old ones are in force */
		crm_meta_release(a->store);
	return r;
}

int
crm_settings_apply(struct crm_store *s, const struct crm_settings *now,
    const struct crm_origin *by, unsigned flags, const struct crm_watch *watch,
    uint64_t *revision, struct crm_err *err)
{
	struct apply a = {
	    .store = s, .settings = now, .by = by, .watch = watch};
	bool same;
	int r = crm_settings_check_segments(now, err);

	if (r < 0)
		return r;
	a.sort.dir = crm_store_path(s);
	if (!(flags & CRM_APPLY_DRY))
		r = crm_store_lock(s, err);
	if (r < 0)
		return r;
	a.now = calloc(1, sizeof *a.now);
	r = a.now ? crm_schema_init(a.now, now, err) : crm_err_nomem(err);
	if (r == CRM_OK)
		r = crm_store_schema(s, &a.old, err);
	if (r == CRM_OK) {
		crm_settings_encode(a.old->settings, &a.before);
		crm_settings_encode(now, &a.after);
		r = crm_buf_check(&a.before, err);
	}
	if (r == CRM_OK)
		r = crm_buf_check(&a.after, err);
	same = r == CRM_OK &&
	       crm_str_eq(crm_buf_str(&a.before), crm_buf_str(&a.after));
	if (r == CRM_OK && !same)
		r = crm_settings_diff(a.old->settings, now, follow, &a, err);
	if (r == CRM_NO) /* it lies in their numbers only */
		r = CRM_OK;
	for (unsigned n = 1; n < CRM_K_MAX && r == CRM_OK; n++) {
		a.tables = a.tables || drops(&a, &a.old->kind[n]);
		a.parts = a.parts || migrates(&a, n);
	}
	if (r == CRM_OK)
		r = same ? CRM_NO : apply_locked(&a, flags, err);
	if (revision != NULL)
		*revision = r == CRM_OK ? a.revision : 0;
	if (!(flags & CRM_APPLY_DRY))
		crm_store_unlock(s);
	if (a.now != NULL)
		crm_schema_release(a.now);
	free(a.now);
	crm_buf_release(&a.before);
	crm_buf_release(&a.after);
	crm_buf_release(&a.key);
	return r;
}
