/*
 * rebuild.c - what is derived, made anew from the records.
 *
 * That is many transactions, so they go to a new generation of the data, in
 * which these tables begin empty: nobody sees them half full, and a run that is
 * cut short has changed nothing.  Entries are put in the order of their keys.
 */
#include <stdlib.h>

#include <crm/columns.h>
#include <crm/history.h>

#include "archive.h"
#include "change.h"
#include "keysort.h"

struct rebuild {
	struct crm_store *store;
	const struct crm_schema *schema;
	const struct crm_watch *watch;
	struct crm_keysort ident, index, sales;
	struct crm_buf keys, effects;
	uint64_t records, orders;
};

/* ---- shared with apply and load ---- */

int
crm_upkeep_each(struct crm_txn *t, const struct crm_schema *s,
    const struct crm_kind *k, crm_each_fn *fn, void *ctx, struct crm_err *err)
{
	unsigned table = CRM_TAB_KIND + k->number;
	struct crm_arena arena = {0};
	struct crm_cursor *cur = NULL;
	struct crm_record *rec = crm_record_new(k, &arena);
	struct crm_str key, v, tail;
	int r;

	r = rec ? crm_cursor_open(t, table, &cur, err) : crm_err_nomem(err);
	if (r == CRM_OK)
		r = crm_cursor_seek(
		    cur, (struct crm_str){"", 0}, &key, &v, err);
	while (r == CRM_OK) {
		r = crm_unseal(table, key, &v, err);
		tail = key;
		if (r == CRM_OK && !crm_take_be(&tail, 8, &rec->id))
			r = crm_err_set(err, CRM_EDAMAGE,
			    "a key of the %ss is not a number", k->name);
		if (r == CRM_OK)
			r = crm_record_decode(s, v, &crm_want_all, rec, err);
		if (r == CRM_OK && rec->state == CRM_LIVE)
			r = fn(ctx, rec, err);
		if (arena.used > ((size_t)1 << 20)) {
			crm_arena_reset(&arena);
			rec = crm_record_new(k, &arena);
			if (rec == NULL)
				r = crm_err_nomem(err);
		}
		if (r == CRM_OK)
			r = crm_cursor_next(cur, &key, &v, err);
	}
	crm_cursor_close(cur);
	crm_arena_release(&arena);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

int
crm_upkeep_log(struct crm_txn *t, const struct crm_origin *by,
    const struct crm_log_head *more, struct crm_err *err)
{
	struct crm_log_head h = *more;
	struct crm_buf b = {0};
	char lk[17];
	struct crm_str key = {lk, sizeof lk};
	int r;

	h.revision = crm_txn_revision(t);
	if (h.change == 0)
		h.change = h.revision;
	h.actor = by->actor;
	h.program = by->program;
	h.why = by->why;
	r = crm_log_time(t, h.revision, by->now, &h.time, err);
	if (r < 0)
		return r;
	crm_log_key(h.revision, 0, 0, lk);
	crm_log_encode(&h, &b);
	crm_seal(CRM_TAB_LOG, key, &b);
	r = crm_buf_check(&b, err);
	if (r == CRM_OK)
		r = crm_put(t, CRM_TAB_LOG, key, crm_buf_str(&b), 0, err);
	crm_buf_release(&b);
	return r;
}

/* ---- reading the records ---- */

static int
take_entries(struct rebuild *b, struct crm_err *err)
{
	struct crm_str rest = crm_buf_str(&b->keys);
	struct crm_derived d;
	int r;

	while ((r = crm_derive_next(&rest, &d, err)) == CRM_OK) {
		r = crm_keysort_add(
		    d.table == CRM_TAB_IDENT ? &b->ident : &b->index, d.key,
		    d.value, err);
		if (r < 0)
			return r;
	}
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

static int
one_record(void *ctx, struct crm_record *rec, struct crm_err *err)
{
	struct rebuild *b = ctx;
	const struct crm_hooks *h = &crm_hooks[rec->kind->number];
	char key[16];
	int r;

	crm_buf_clear(&b->keys);
	r = crm_derive_keys(b->schema, rec, 1, &b->keys, err);
	if (r == CRM_OK)
		r = take_entries(b, err);
	if (r < 0)
		return r;
	if (h->effects != NULL) {
		crm_buf_clear(&b->effects);
		r = h->effects(b->schema, rec, 1, &b->effects, err);
		/* in the order of the customers: each is written once */
		crm_number_key(
		    rec->kind->number == CRM_K_CUSTOMER
			? rec->id
			: (uint64_t)crm_record_get(rec, "customer_id")->i,
		    key);
		crm_number_key(rec->id, key + 8);
		if (r == CRM_OK && b->effects.n > 0)
			r = crm_keysort_add(&b->sales,
			    (struct crm_str){key, sizeof key},
			    crm_buf_str(&b->effects), err);
		b->orders += rec->kind->number == CRM_K_ORDER;
	}
	if (++b->records % 65536 == 0 && b->watch && b->watch->fn)
		b->watch->fn(b->watch->ctx, "records", b->records, 0);
	return r;
}

/* The keys of changes (--key) are identities that follow from the log; what
 * was taken back has none. */
static int
read_log(struct rebuild *b, struct crm_txn *t, struct crm_err *err)
{
	static const char none[9];
	struct crm_cursor *cur = NULL;
	struct crm_idmap undone = {0};
	struct crm_log_head h;
	struct crm_str key, v;
	uint64_t by;
	int r;

	r = crm_undo_all(t, &undone, err);
	if (r == CRM_OK)
		r = crm_cursor_open(t, CRM_TAB_LOG, &cur, err);
	if (r == CRM_OK)
		r = crm_cursor_seek(
		    cur, (struct crm_str){"", 0}, &key, &v, err);
	while (r == CRM_OK) {
		if (key.n == 17 && memcmp(key.p + 8, none, 9) == 0) {
			r = crm_unseal(CRM_TAB_LOG, key, &v, err);
			if (r == CRM_OK)
				r = crm_log_decode(v, &h, err);
			if (!crm_idmap_get(&undone, h.change, &by))
				by = 0;
			if (r == CRM_OK && h.key.n > 0 && h.part == 0 &&
			    by == 0) {
				crm_buf_clear(&b->keys);
				crm_ident_key(&b->keys, 0, CRM_STR("key"),
				    h.key, h.revision);
				r = crm_keysort_add(&b->ident,
				    crm_buf_str(&b->keys),
				    (struct crm_str){"", 0}, err);
			}
		}
		if (r == CRM_OK)
			r = crm_cursor_next(cur, &key, &v, err);
	}
	crm_cursor_close(cur);
	crm_idmap_release(&undone);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

static int
read_all(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	struct rebuild *b = ctx;
	int r = read_log(b, t, err);

	for (unsigned i = 1; i < CRM_K_MAX && r == CRM_OK; i++)
		if (b->schema->kind[i].name != NULL)
			r = crm_upkeep_each(t, b->schema, &b->schema->kind[i],
			    one_record, b, err);
	return r;
}

/* ---- writing ---- */

int
crm_rebuild_tables(struct crm_store *s, const struct crm_watch *watch,
    struct crm_rebuild_result *out, struct crm_err *err)
{
	struct rebuild b = {.store = s, .watch = watch};
	const char *dir = crm_store_path(s);
	int r;

	b.ident.dir = b.index.dir = b.sales.dir = dir;
	r = crm_store_schema(s, &b.schema, err);
	if (r == CRM_OK)
		r = crm_txn_run(s, CRM_READ, read_all, &b, err);
	if (r == CRM_OK)
		r = crm_upkeep_fill(s, CRM_TAB_IDENT, &b.ident, err);
	if (r == CRM_OK)
		r = crm_upkeep_fill(s, CRM_TAB_INDEX, &b.index, err);
	if (r == CRM_OK)
		r = crm_upkeep_fill(s, CRM_TAB_SALES, &b.sales, err);
	if (r == CRM_OK)
		r = crm_columns_fill(s, err);
	if (r == CRM_OK && out != NULL)
		*out = (struct crm_rebuild_result){.identities = b.ident.total,
		    .indexes = b.index.total,
		    .orders = b.orders};
	crm_keysort_release(&b.ident);
	crm_keysort_release(&b.index);
	crm_keysort_release(&b.sales);
	crm_buf_release(&b.keys);
	crm_buf_release(&b.effects);
	return r;
}

/* ---- of a store ---- */

struct anew {
	const struct crm_origin *by;
	const struct crm_watch *watch;
	struct crm_rebuild_result result;
};

void
crm_upkeep_watch(void *ctx, uint64_t done, uint64_t total)
{
	const struct crm_watch *w = ctx;

	if (w != NULL && w->fn != NULL)
		w->fn(w->ctx, "entries written", done, total);
}

static int
finish(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	const struct crm_log_head h = {.last = true};
	struct anew *a = ctx;

	a->result.revision = crm_txn_revision(t);
	return crm_upkeep_log(t, a->by, &h, err);
}

static int
rebuild(struct crm_store *s, void *ctx, struct crm_err *err)
{
	struct anew *a = ctx;
	int r = crm_rebuild_tables(s, a->watch, &a->result, err);

	return r < 0 ? r : crm_txn_run(s, CRM_WRITE, finish, a, err);
}

int
crm_store_rebuild(struct crm_store *s, const struct crm_origin *by,
    const struct crm_watch *watch, struct crm_rebuild_result *out,
    struct crm_err *err)
{
	struct anew a = {.by = by, .watch = watch};
	const struct crm_renew_options opt = {.without = CRM_TABS_DERIVED,
	    .fn = rebuild,
	    .fn_ctx = &a,
	    .watch = crm_upkeep_watch,
	    .ctx = (void *)(uintptr_t)watch};
	struct crm_compacted made;
	int r = crm_store_renew(s, &opt, &made, err);

	if (out != NULL)
		*out = a.result;
	return r;
}
