/*
 * history.c - revisions, and records as they were.
 *
 * Nothing but the difference of each step is kept, so a record's past is read
 * backwards from what it is now.  A step that does not apply to the very
 * bytes it should is damage, never a guess.
 */
#include "history_parts.h"

#include "archive.h"

unsigned
crm_op_place(char op)
{
	static const char ops[] = "acrume";
	const char *p = op ? strchr(ops, op) : NULL;

	return p ? (unsigned)(p - ops) + 1 : 0;
}

int
crm_log_get(struct crm_txn *t, uint64_t revision, unsigned kind,
    uint64_t number, struct crm_str *out, struct crm_err *err)
{
	char lk[17];
	struct crm_str key = {lk, sizeof lk};
	int r;

	crm_log_key(revision, kind, number, lk);
	r = crm_get(t, CRM_TAB_LOG, key, out, err);
	return r == CRM_OK ? crm_unseal(CRM_TAB_LOG, key, out, err) : r;
}

int
crm_log_from(struct crm_txn *t, uint64_t *out, struct crm_err *err)
{
	struct crm_str v;
	int r;

	*out = 1;
	r = crm_get(t, CRM_TAB_META, crm_meta_key(CRM_META_LOG_FROM), &v, err);
	if (r == CRM_OK && !crm_take_be(&v, 8, out))
		return crm_err_set(err, CRM_EDAMAGE,
		    "the store is damaged: where its log begins cannot be "
		    "read");
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

int
crm_log_next(struct crm_txn *t, uint64_t revision, struct crm_log_head *out,
    struct crm_err *err)
{
	struct crm_cursor *cur = NULL;
	struct crm_str k, v, tail;
	uint64_t at = 0;
	char lk[17];
	int r;

	/* Most often it is there: a look-up is cheaper than a cursor. */
	r = crm_log_get(t, revision, 0, 0, &v, err);
	if (r == CRM_OK)
		return crm_log_decode(v, out, err);
	if (r != CRM_NOTFOUND)
		return r;
	crm_log_key(revision, 0, 0, lk);
	r = crm_cursor_open(t, CRM_TAB_LOG, &cur, err);
	if (r == CRM_OK)
		r = crm_cursor_seek(
		    cur, (struct crm_str){lk, sizeof lk}, &k, &v, err);
	if (r == CRM_OK) {
		tail = k;
		crm_take_be(&tail, 8, &at);
	}
	crm_cursor_close(cur);
	if (r < 0)
		return r;
	r = crm_log_get(t, at, 0, 0, &v, err);
	if (r == CRM_NOTFOUND)
		return crm_err_set(err, CRM_EDAMAGE,
		    "the store is damaged: revision %llu has no header",
		    (unsigned long long)at);
	return r == CRM_OK ? crm_log_decode(v, out, err) : r;
}

int
crm_log_read(struct crm_txn *t, uint64_t revision, struct crm_log_head *out,
    struct crm_err *err)
{
	struct crm_str v;
	int r;

	r = crm_log_get(t, revision, 0, 0, &v, err);
	if (r == CRM_NOTFOUND) {
		crm_err_set(err, CRM_NOTFOUND, "there is no revision %llu",
		    (unsigned long long)revision);
		crm_err_hint(err, "the last one is %llu",
		    (unsigned long long)crm_txn_revision(t));
		return CRM_NOTFOUND;
	}
	return r == CRM_OK ? crm_log_decode(v, out, err) : r;
}

int
crm_log_time(struct crm_txn *t, uint64_t revision, int64_t now, int64_t *out,
    struct crm_err *err)
{
	struct crm_log_head h;
	struct crm_str v;
	int r = crm_log_get(t, revision - 1, 0, 0, &v, err);

	*out = now;
	if (r == CRM_OK)
		r = crm_log_decode(v, &h, err);
	if (r == CRM_OK && h.time > now)
		*out = h.time;
	/* the log may begin here */
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

int
crm_log_change(struct crm_txn *t, uint64_t revision, uint64_t *first,
    uint64_t *last, struct crm_err *err)
{
	struct crm_log_head h;
	uint64_t end;
	int r;

	r = crm_txn_last(t, &end, err);
	if (r == CRM_OK)
		r = crm_log_read(t, revision, &h, err);
	if (r < 0)
		return r;
	*first = h.change;
	*last = revision;
	while (!h.last && *last < end) {
		r = crm_log_read(t, *last + 1, &h, err);
		if (r < 0)
			return r;
		/* a change that was cut short has no last part */
		if (h.change != *first)
			break;
		++*last;
	}
	return CRM_OK;
}

uint64_t
crm_log_added(const struct crm_log_head *h)
{
	uint64_t n = 0;

	for (size_t i = 0; i < h->nrange; i++)
		n += h->range[i].count;
	return n;
}

bool
crm_log_gave(const struct crm_log_head *h, unsigned kind, uint64_t number)
{
	for (size_t i = 0; i < h->nrange; i++)
		if (h->range[i].kind == kind && number >= h->range[i].first &&
		    number - h->range[i].first < h->range[i].count)
			return true;
	return false;
}

static int
entries_added(const struct crm_log_head *h, crm_log_fn *fn, void *ctx,
    struct crm_err *err)
{
	struct crm_log_entry e = {.revision = h->revision, .op = 'a'};
	int r = CRM_OK;

	for (size_t i = 0; i < h->nrange && r == CRM_OK; i++) {
		e.kind = h->range[i].kind;
		for (uint64_t n = 0; n < h->range[i].count && r == CRM_OK;
		     n++) {
			e.number = h->range[i].first + n;
			r = fn(ctx, &e, err);
		}
	}
	return r;
}

int
crm_log_entries(struct crm_txn *t, uint64_t revision, crm_log_fn *fn, void *ctx,
    struct crm_err *err)
{
	struct crm_log_entry e = {.revision = revision};
	struct crm_cursor *cur = NULL;
	struct crm_log_head h;
	struct crm_str k, v, rest;
	uint64_t at, kind, op;
	char lk[17];
	int r;

	r = crm_log_read(t, revision, &h, err);
	if (r == CRM_OK)
		r = entries_added(&h, fn, ctx, err);
	if (r != CRM_OK)
		return r;
	/* behind the header and what is of no record */
	crm_log_key(revision, 1, 0, lk);
	r = crm_cursor_open(t, CRM_TAB_LOG, &cur, err);
	if (r == CRM_OK)
		r = crm_cursor_seek(
		    cur, (struct crm_str){lk, sizeof lk}, &k, &v, err);
	while (r == CRM_OK) {
		rest = k;
		if (!crm_take_be(&rest, 8, &at) || at != revision)
			break;
		r = crm_unseal(CRM_TAB_LOG, k, &v, err);
		if (r < 0)
			break;
		if (!crm_take_be(&rest, 1, &kind) ||
		    !crm_take_be(&rest, 8, &e.number) || kind >= CRM_K_MAX ||
		    !crm_take_var(&v, &e.previous) || !crm_take_var(&v, &op)) {
			r = crm_err_set(err, CRM_EDAMAGE,
			    "the store is damaged: an entry of revision %llu "
			    "cannot be read",
			    (unsigned long long)revision);
			break;
		}
		e.kind = (unsigned)kind;
		e.op = (char)op;
		r = fn(ctx, &e, err);
		if (r == CRM_OK)
			r = crm_cursor_next(cur, &k, &v, err);
	}
	crm_cursor_close(cur);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

/* ---- a record's way back ---- */

static bool
take_head(struct crm_walk *w)
{
	struct crm_str s = crm_buf_str(&w->now);

	return crm_take_var(&s, &w->state) && crm_take_var(&s, &w->revision);
}

static int
lost(const struct crm_walk *w, const char *what, struct crm_err *err)
{
	return crm_err_set(err, CRM_EDAMAGE,
	    "the store is damaged: the log of revision %llu %s record %llu",
	    (unsigned long long)w->revision, what,
	    (unsigned long long)w->number);
}

int
crm_walk_open(struct crm_walk *w, struct crm_txn *t, unsigned kind,
    uint64_t number, struct crm_err *err)
{
	unsigned table = CRM_TAB_KIND + kind;
	struct crm_str key, v;
	char kb[8];
	int r;

	w->txn = t;
	w->kind = kind;
	w->number = number;
	w->op = 0;
	crm_buf_clear(&w->now);
	key = crm_number_key(number, kb);
	r = crm_get(t, table, key, &v, err);
	if (r == CRM_OK)
		r = crm_unseal(table, key, &v, err);
	if (r < 0)
		return r;
	crm_buf_putstr(&w->now, v);
	r = crm_buf_check(&w->now, err);
	if (r == CRM_OK && !take_head(w))
		r = crm_err_set(err, CRM_EDAMAGE,
		    "the store is damaged: record %llu cannot be read",
		    (unsigned long long)number);
	if (r == CRM_OK && w->from == 0)
		r = crm_log_from(t, &w->from, err);
	return r;
}

/* No entry: the revision gave out the number, or it is damage. */
static int
walk_added(struct crm_walk *w, struct crm_err *err)
{
	struct crm_log_head h;
	int r;

	r = crm_log_read(w->txn, w->revision, &h, err);
	if (r < 0)
		return r == CRM_NOTFOUND ? lost(w, "is missing, for", err) : r;
	if (!crm_log_gave(&h, w->kind, w->number))
		return lost(w, "does not know", err);
	w->op = 'a';
	return CRM_NOTFOUND;
}

int
crm_walk_back(struct crm_walk *w, struct crm_err *err)
{
	uint64_t before, op, at = w->revision;
	struct crm_buf swap;
	struct crm_str v;
	int r;

	if (at < w->from)
		return CRM_NO;
	r = crm_log_get(w->txn, at, w->kind, w->number, &v, err);
	if (r == CRM_NOTFOUND)
		return walk_added(w, err);
	if (r < 0)
		return r;
	if (!crm_take_var(&v, &before) || !crm_take_var(&v, &op) ||
	    before >= at)
		return lost(w, "cannot be read, for", err);
	crm_buf_clear(&w->old);
	if (crm_diff_apply(crm_buf_str(&w->now), v, true, &w->old, err) < 0)
		return lost(w, "does not fit", err);
	swap = w->now;
	w->now = w->old;
	w->old = swap;
	if (!take_head(w) || w->revision != before) {
		w->revision = at;
		return lost(
		    w, "leads to another revision than it says, for", err);
	}
	w->op = (char)op;
	return CRM_OK;
}

int
crm_walk_to(struct crm_walk *w, uint64_t revision, struct crm_err *err)
{
	int r = CRM_OK;

	while (r == CRM_OK && w->revision > revision)
		r = crm_walk_back(w, err);
	if (r == CRM_NO)
		r = crm_err_set(err, CRM_EDATA,
		    "the log begins with revision %llu",
		    (unsigned long long)w->from);
	return r;
}

int
crm_walk_record(const struct crm_walk *w, const struct crm_schema *s,
    struct crm_str bytes, struct crm_arena *a, struct crm_record **out,
    struct crm_err *err)
{
	const struct crm_kind *k = &s->kind[w->kind];
	struct crm_record *rec;
	int r;

	*out = NULL;
	if (k->name == NULL)
		return crm_err_set(err, CRM_EDAMAGE,
		    "the store is damaged: there is no kind %u", w->kind);
	if (bytes.n > 0 && bytes.p[0] != CRM_LIVE)
		return CRM_OK;
	bytes = crm_arena_str(a, bytes);
	rec = crm_record_new(k, a);
	if (bytes.p == NULL || rec == NULL)
		return crm_err_nomem(err);
	r = crm_record_decode(s, bytes, &crm_want_all, rec, err);
	if (r < 0)
		return r;
	rec->id = w->number;
	rec->v[0] = crm_value_id(w->kind, w->number);
	if (crm_hooks[w->kind].compute != NULL)
		crm_hooks[w->kind].compute(s, rec);
	*out = rec;
	return CRM_OK;
}

void
crm_walk_close(struct crm_walk *w)
{
	crm_buf_release(&w->now);
	crm_buf_release(&w->old);
}

struct crm_str
crm_log_name(const struct crm_schema *s, unsigned kind, uint64_t number,
    struct crm_buf *b)
{
	struct crm_id id = {.kind = (uint8_t)kind, .number = number};

	crm_buf_clear(b);
	if (kind < CRM_K_MAX && s->kind[kind].name != NULL)
		crm_id_put(s, b, &id, true);
	else
		crm_buf_putf(
		    b, "record %u:%llu", kind, (unsigned long long)number);
	return crm_buf_str(b);
}
