/*
 * history_show.c - a revision, and a record through time, in words.
 *
 * What a revision left is read as it was then, not as it is now: the way back
 * from the present costs a step for each revision of the record since.
 */
#include <stdlib.h>

#include "history_parts.h"

struct show {
	struct crm_txn *txn;
	const struct crm_schema *schema;
	struct crm_log_head head;
	crm_history_fn *fn;
	void *ctx;
	bool full;
	uint64_t said;
	struct crm_arena arena;
	struct crm_walk walk;
};

static int
show_row(void *ctx, const struct crm_change_row *row, struct crm_err *err)
{
	struct show *sh = ctx;

	sh->said++;
	return sh->fn(sh->ctx, &sh->head, row, err);
}

/* The fields; the record alone when none differs. */
static int
show_pair(struct show *sh, const struct crm_log_entry *e,
    struct crm_record *old, struct crm_record *new, struct crm_err *err)
{
	static const struct crm_str none = {"", 0};
	struct crm_change_row row = {
	    .op = e->op, .id = crm_value_id(e->kind, e->number)};
	int r;

	sh->said = 0;
	r = crm_record_differ(sh->schema, old, new, &row, show_row, sh, err);
	if (r != CRM_OK || sh->said > 0)
		return r;
	row.field = row.old = row.new = none;
	return sh->fn(sh->ctx, &sh->head, &row, err);
}

static int
show_entry(void *ctx, const struct crm_log_entry *e, struct crm_err *err)
{
	struct crm_record *old = NULL, *new = NULL;
	struct show *sh = ctx;
	struct crm_walk *w = &sh->walk;
	int r;

	if (e->op == 'a' && !sh->full)
		return show_pair(sh, e, NULL, NULL, err);
	crm_arena_reset(&sh->arena);
	r = crm_walk_open(w, sh->txn, e->kind, e->number, err);
	if (r == CRM_OK)
		r = crm_walk_to(w, e->revision, err);
	if (r == CRM_OK)
		r = crm_walk_record(
		    w, sh->schema, crm_buf_str(&w->now), &sh->arena, &new, err);
	if (r == CRM_OK && e->op != 'a') {
		r = crm_walk_back(w, err);
		if (r == CRM_OK)
			r = crm_walk_record(w, sh->schema, crm_buf_str(&w->now),
			    &sh->arena, &old, err);
	}
	if (r == CRM_NOTFOUND || r == CRM_NO)
		return crm_err_set(err, CRM_EDAMAGE,
		    "the store is damaged: revision %llu does not lead to "
		    "record %llu",
		    (unsigned long long)e->revision,
		    (unsigned long long)e->number);
	return r == CRM_OK ? show_pair(sh, e, old, new, err) : r;
}

int
crm_history_show(struct crm_txn *t, const struct crm_schema *s,
    uint64_t revision, bool full, crm_history_fn *fn, void *ctx,
    struct crm_err *err)
{
	struct show sh = {
	    .txn = t, .schema = s, .fn = fn, .ctx = ctx, .full = full};
	int r;

	r = crm_log_read(t, revision, &sh.head, err);
	if (r == CRM_OK)
		r = crm_log_entries(t, revision, show_entry, &sh, err);
	crm_walk_close(&sh.walk);
	crm_arena_release(&sh.arena);
	return r;
}

/* ---- a record ---- */

struct past {
	struct crm_str bytes; /* as it was from this revision on */
	uint64_t revision;
	char op;
};

/* From the newest to the oldest. */
static int
collect(struct show *sh, struct crm_arena *keep, struct past **out, size_t *n,
    struct crm_err *err)
{
	struct crm_walk *w = &sh->walk;
	size_t cap = 0;
	int r;

	do {
		struct past *p;

		if (!crm_grow(out, &cap, *n, sizeof **out))
			return crm_err_nomem(err);
		p = &(*out)[(*n)++];
		p->revision = w->revision;
		p->bytes = crm_arena_str(keep, crm_buf_str(&w->now));
		if (p->bytes.p == NULL)
			return crm_err_nomem(err);
		r = crm_walk_back(w, err);
		p->op = w->op;
	} while (r == CRM_OK);
	if (r != CRM_NO)
		return r == CRM_NOTFOUND ? CRM_OK : r;
	/* what is older is not in the log: its first known state is no event */
	if (*n > 0)
		(*out)[*n - 1].op = 0;
	return CRM_OK;
}

static int
show_past(struct show *sh, const struct past *p, size_t n, struct crm_err *err)
{
	struct crm_log_entry e = {
	    .kind = sh->walk.kind, .number = sh->walk.number};
	struct crm_record *old, *new;
	int r = CRM_OK;

	while (n-- > 0 && r == CRM_OK) {
		if (p[n].op == 0)
			continue;
		crm_arena_reset(&sh->arena);
		old = new = NULL;
		e.revision = p[n].revision;
		e.op = p[n].op;
		r = crm_log_read(sh->txn, e.revision, &sh->head, err);
		if (r == CRM_OK)
			r = crm_walk_record(&sh->walk, sh->schema, p[n].bytes,
			    &sh->arena, &new, err);
		if (r == CRM_OK && e.op != 'a')
			r = crm_walk_record(&sh->walk, sh->schema,
			    p[n + 1].bytes, &sh->arena, &old, err);
		if (r == CRM_OK)
			r = show_pair(sh, &e, old, new, err);
	}
	return r;
}

int
crm_history_record(struct crm_txn *t, const struct crm_schema *s, unsigned kind,
    uint64_t number, crm_history_fn *fn, void *ctx, struct crm_err *err)
{
	struct show sh = {.txn = t, .schema = s, .fn = fn, .ctx = ctx};
	struct crm_arena keep = {0};
	struct past *past = NULL;
	size_t n = 0;
	int r;

	r = crm_walk_open(&sh.walk, t, kind, number, err);
	if (r == CRM_NOTFOUND)
		crm_err_set(err, CRM_NOTFOUND, "there is no %s %s%llu",
		    s->kind[kind].name, s->kind[kind].letter,
		    (unsigned long long)number);
	if (r == CRM_OK)
		r = collect(&sh, &keep, &past, &n, err);
	if (r == CRM_OK)
		r = show_past(&sh, past, n, err);
	free(past);
	crm_walk_close(&sh.walk);
	crm_arena_release(&sh.arena);
	crm_arena_release(&keep);
	return r;
}
