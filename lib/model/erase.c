/*
 * erase.c - erasing people: who and what belongs to them.
 *
 * There is no index from a person to all that was ever theirs: an order may
 * have been removed, or be another's by now, and still be in the log as it was.
 * So the orders, the events and the log are read from end to end, which costs
 * no more than the new generation that follows.  Everything is found before
 * anything is written, under the writers' lock.
 */
#include <stdlib.h>

#include "erase.h"

/* ---- people ---- */

static int
add_person(struct crm_erase *e, uint64_t number, struct crm_err *err)
{
	struct crm_erase_result *out = e->out;
	uint64_t seen;

	if (crm_idmap_get(&e->person, number, &seen))
		return CRM_OK;
	if (!crm_grow(&out->person, &e->cap, out->n, sizeof *out->person))
		return crm_err_nomem(err);
	out->person[out->n++] = (struct crm_erase_person){.number = number};
	return crm_idmap_put(&e->person, number, out->n) == CRM_ENOMEM
		   ? crm_err_nomem(err)
		   : CRM_OK;
}

/* Who was merged into one of them, and who into those. */
static int
add_merged(struct crm_erase *e, struct crm_err *err)
{
	unsigned table = CRM_TAB_KIND + CRM_K_CUSTOMER;
	struct crm_cursor *cur = NULL;
	struct crm_str k, v, key;
	uint64_t state, revision, into, number, seen;
	size_t had;
	int r;

	do {
		had = e->out->n;
		r = crm_cursor_open(e->txn, table, &cur, err);
		if (r == CRM_OK)
			r = crm_cursor_seek(
			    cur, (struct crm_str){"", 0}, &k, &v, err);
		while (r == CRM_OK) {
			key = k;
			if (v.n > 0 && v.p[0] == CRM_MERGED &&
			    crm_unseal(table, k, &v, NULL) == CRM_OK &&
			    crm_take_var(&v, &state) &&
			    crm_take_var(&v, &revision) &&
			    crm_take_var(&v, &into) &&
			    crm_take_be(&key, 8, &number) &&
			    crm_idmap_get(&e->person, into, &seen))
				r = add_person(e, number, err);
			if (r == CRM_OK)
				r = crm_cursor_next(cur, &k, &v, err);
		}
		crm_cursor_close(cur);
		cur = NULL;
	} while (r == CRM_NOTFOUND && e->out->n > had);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

static int
add_op(struct crm_erase *e, const struct crm_erase_op *op, struct crm_err *err)
{
	if (!crm_grow(&e->op, &e->capop, e->nop, sizeof *e->op))
		return crm_err_nomem(err);
	e->op[e->nop++] = *op;
	return CRM_OK;
}

static int
learn_people(struct crm_erase *e, struct crm_err *err)
{
	int r = CRM_OK;

	for (size_t i = 0; i < e->out->n && r == CRM_OK; i++) {
		struct crm_erased_id id = {
		    .kind = CRM_K_CUSTOMER, .number = e->out->person[i].number};

		r = crm_erase_learn(e, id.kind, id.number, &id.revision, err);
		if (r == CRM_OK)
			r = crm_erased_add_id(e->block, &id, err);
		if (r == CRM_OK &&
		    crm_idmap_put(&e->rec, crm_op_slot(id.kind, id.number),
			CRM_ERASE_ALL) == CRM_ENOMEM)
			r = crm_err_nomem(err);
	}
	return r;
}

/* ---- their orders, events and the rest ---- */

struct find {
	struct crm_erase *e;
	unsigned kind;
	enum crm_erase_how how; /* 0: not theirs */
	uint64_t person;
};

static void
found(struct find *f, enum crm_erase_how how, uint64_t person)
{
	if (f->how != 0 && f->how <= how)
		return;
	f->how = how;
	f->person = person;
}

static int
find_item(void *ctx, unsigned tag, unsigned wire, struct crm_str body,
    struct crm_err *err)
{
	struct find *f = ctx;
	struct crm_erase *e = f->e;
	const struct crm_erase_ref *ref;
	uint64_t number, slot, how, person;
	unsigned kind;

	(void)err;
	if (crm_erase_named(&e->refs[f->kind], tag, wire, body, &ref, &kind,
		&number) != CRM_OK ||
	    kind >= CRM_K_MAX)
		return CRM_OK;
	slot = crm_op_slot(kind, number);
	if (!crm_idmap_get(&e->rec, slot, &how))
		return CRM_OK;
	if (kind == CRM_K_CUSTOMER)
		person = number;
	else if (!crm_idmap_get(&e->whose, slot, &person))
		person = 0;
	if (ref->how != 0)
		how = ref->how;
	found(f,
	    e->refs[f->kind].whole ? CRM_ERASE_ALL : (enum crm_erase_how)how,
	    person);
	return CRM_OK;
}

static int
take_record(
    struct crm_erase *e, struct find *f, uint64_t number, struct crm_err *err)
{
	uint64_t slot = crm_op_slot(f->kind, number), had = 0;

	if (f->how == 0 ||
	    (crm_idmap_get(&e->rec, slot, &had) && had <= (uint64_t)f->how))
		return CRM_OK;
	e->taken++;
	if (crm_idmap_put(&e->rec, slot, f->how) == CRM_ENOMEM)
		return crm_err_nomem(err);
	return crm_idmap_put(&e->whose, slot, f->person) == CRM_ENOMEM
		   ? crm_err_nomem(err)
		   : CRM_OK;
}

/* All places of a difference: what was there and what is there now. */
static int
find_in_diff(struct find *f, struct crm_str v, struct crm_err *err)
{
	uint64_t n, was, is;
	struct crm_str a, b;
	bool head = true;
	int r = CRM_OK;

	if (!crm_take_var(&v, &n) || !crm_take_var(&v, &n))
		return CRM_OK; /* `check` tells */
	while (r == CRM_OK && v.n > 0) {
		if (!crm_take_var(&v, &n) || !crm_take_var(&v, &was) ||
		    !crm_take_var(&v, &is) || was > v.n ||
		    !crm_take_bytes(&v, (size_t)was, &a) || is > v.n ||
		    !crm_take_bytes(&v, (size_t)is, &b))
			return crm_err_set(err, CRM_EDAMAGE,
			    "the store is damaged: a difference in the log "
			    "cannot be read");
		if (!head)
			r = crm_items_each(a, false, find_item, f, err);
		if (!head && r == CRM_OK)
			r = crm_items_each(b, false, find_item, f, err);
		head = false;
	}
	return r;
}

/* Of the records as they are now. */
static int
find_now(struct crm_erase *e, unsigned kind, struct crm_err *err)
{
	unsigned table = CRM_TAB_KIND + kind;
	struct crm_cursor *cur = NULL;
	struct crm_str k, v, key;
	uint64_t number;
	int r;

	r = crm_cursor_open(e->txn, table, &cur, err);
	if (r == CRM_OK)
		r = crm_cursor_seek(cur, (struct crm_str){"", 0}, &k, &v, err);
	while (r == CRM_OK) {
		struct find f = {.e = e, .kind = kind};

		key = k;
		r = crm_unseal(table, k, &v, err);
		if (r == CRM_OK && v.n > 0 && v.p[0] == CRM_LIVE)
			r = crm_items_each(v, true, find_item, &f, err);
		if (r == CRM_OK && crm_take_be(&key, 8, &number))
			r = take_record(e, &f, number, err);
		if (r == CRM_OK)
			r = crm_cursor_next(cur, &k, &v, err);
	}
	crm_cursor_close(cur);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

/* Calls fn for every entry of the log, headers included. */
typedef int log_fn(struct crm_erase *e, uint64_t revision, unsigned kind,
    uint64_t number, struct crm_str v, struct crm_err *err);

static int
log_each(struct crm_erase *e, log_fn *fn, struct crm_err *err)
{
	struct crm_cursor *cur = NULL;
	struct crm_str k, v, key;
	uint64_t revision, kind, number;
	int r;

	r = crm_cursor_open(e->txn, CRM_TAB_LOG, &cur, err);
	if (r == CRM_OK)
		r = crm_cursor_seek(cur, (struct crm_str){"", 0}, &k, &v, err);
	while (r == CRM_OK) {
		key = k;
		r = crm_unseal(CRM_TAB_LOG, k, &v, err);
		if (r == CRM_OK && crm_take_be(&key, 8, &revision) &&
		    crm_take_be(&key, 1, &kind) &&
		    crm_take_be(&key, 8, &number) && kind < CRM_K_MAX)
			r = fn(e, revision, (unsigned)kind, number, v, err);
		if (r == CRM_OK)
			r = crm_cursor_next(cur, &k, &v, err);
	}
	crm_cursor_close(cur);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

static int
find_past(struct crm_erase *e, uint64_t revision, unsigned kind,
    uint64_t number, struct crm_str v, struct crm_err *err)
{
	struct find f = {.e = e, .kind = kind};
	int r;

	(void)revision;
	if (kind == 0 || e->refs[kind].n == 0)
		return CRM_OK;
	r = find_in_diff(&f, v, err);
	return r == CRM_OK ? take_record(e, &f, number, err) : r;
}

/* ---- what imports remember ---- */

/* Is a row, or what the log has of one, of a record of theirs? */
static int
take_source(struct crm_erase *e, struct crm_str key, struct crm_str value,
    struct crm_err *err)
{
	const char *nul = key.n ? memchr(key.p, '\0', key.n) : NULL;
	uint64_t number, how;
	int r;

	if (nul == NULL || nul + 1 == key.p + key.n ||
	    !crm_take_var(&value, &number) ||
	    !crm_idmap_get(
		&e->rec, crm_op_slot((unsigned char)nul[1], number), &how) ||
	    how == CRM_ERASE_NAMED)
		return CRM_OK;
	r = crm_map_put(&e->source, key, 1, NULL);
	if (r != CRM_OK)
		return r == CRM_NO ? CRM_OK : crm_err_nomem(err);
	e->out->sources++;
	crm_erased_source(&e->b, key);
	r = crm_buf_check(&e->b, err);
	return r < 0 ? r : crm_erased_add(e->block, crm_buf_str(&e->b), err);
}

/* The row's key of an entry that is of no record; what is left is 1 and its
 * value, or nothing. */
static bool
logged_source(struct crm_str *v, struct crm_str *key)
{
	uint64_t n;

	return crm_take_var(v, &n) && crm_take_var(v, &n) && n == 'x' &&
	       crm_take_var(v, &n) && n <= v->n &&
	       crm_take_bytes(v, (size_t)n, key);
}

static int
past_source(struct crm_erase *e, uint64_t revision, unsigned kind,
    uint64_t number, struct crm_str v, struct crm_err *err)
{
	struct crm_str key;

	(void)revision;
	if (kind == 0 && number >= CRM_LOG_SOURCE && logged_source(&v, &key) &&
	    v.n > 1)
		return take_source(
		    e, key, (struct crm_str){v.p + 1, v.n - 1}, err);
	return CRM_OK;
}

static int
find_sources(struct crm_erase *e, struct crm_err *err)
{
	struct crm_cursor *cur = NULL;
	struct crm_str k, v;
	int r;

	r = crm_cursor_open(e->txn, CRM_TAB_SOURCE, &cur, err);
	if (r == CRM_OK)
		r = crm_cursor_seek(cur, (struct crm_str){"", 0}, &k, &v, err);
	while (r == CRM_OK) {
		r = crm_unseal(CRM_TAB_SOURCE, k, &v, err);
		if (r == CRM_OK)
			r = take_source(e, k, v, err);
		if (r == CRM_OK)
			r = crm_cursor_next(cur, &k, &v, err);
	}
	crm_cursor_close(cur);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

/* ---- reasons and keys ---- */

static bool
theirs(struct crm_erase *e, unsigned kind, uint64_t number)
{
	uint64_t how;

	return crm_idmap_get(&e->rec, crm_op_slot(kind, number), &how) &&
	       how != CRM_ERASE_NAMED;
}

static int
one_else(void *ctx, const struct crm_log_entry *en, struct crm_err *err)
{
	(void)err;
	return theirs(ctx, en->kind, en->number) ? CRM_OK : CRM_NO;
}

/* CRM_OK: it touched records of theirs and nobody else's. */
static int
touched_only_them(
    struct crm_erase *e, const struct crm_log_head *h, struct crm_err *err)
{
	uint64_t added = crm_log_added(h);

	if (added + h->updated + h->removed == 0 || added > e->rec.n)
		return CRM_NO;
	return crm_log_entries(e->txn, h->revision, one_else, e, err);
}

static int
look_head(struct crm_erase *e, uint64_t revision, struct crm_str v,
    struct crm_err *err)
{
	struct crm_erase_op op = {.what = 'h', .revision = revision};
	struct crm_log_head h;
	int only, r = crm_log_decode(v, &h, err);

	if (r < 0 || (h.why.n == 0 && h.key.n == 0 && h.actor.n == 0))
		return r;
	only = h.why.n + h.key.n > 0 ? touched_only_them(e, &h, err) : CRM_NO;
	if (only < 0 && only != CRM_NO)
		return only;
	if (h.why.n > 0 && !crm_str_is(h.why, "erased") &&
	    (only == CRM_OK || crm_sought_in(&e->sought, h.why)))
		op.how |= CRM_ERASE_WHY;
	if (h.key.n > 0 && (only == CRM_OK || crm_sought_in(&e->sought, h.key)))
		op.how |= CRM_ERASE_KEY;
	if (crm_sought_in(&e->sought, h.actor))
		op.how |= CRM_ERASE_ACTOR;
	if (op.how == 0)
		return CRM_OK;
	e->out->texts++;
	return add_op(e, &op, err);
}

static int
rest_of_log(struct crm_erase *e, uint64_t revision, unsigned kind,
    uint64_t number, struct crm_str v, struct crm_err *err)
{
	struct crm_erase_op op = {
	    .what = 'x', .revision = revision, .number = number};
	struct crm_str key;
	uint64_t seen;

	if (kind != 0)
		return CRM_OK;
	if (number == 0)
		return look_head(e, revision, v, err);
	if (number < CRM_LOG_SOURCE || !logged_source(&v, &key) ||
	    !crm_map_get(&e->source, key, &seen))
		return CRM_OK;
	return add_op(e, &op, err);
}

/* ---- all of it ---- */

static void
count_one(struct crm_erase *e, unsigned kind, uint64_t number)
{
	uint64_t at;

	if (!crm_idmap_get(&e->whose, crm_op_slot(kind, number), &at) ||
	    !crm_idmap_get(&e->person, at, &at))
		return;
	switch (kind) {
	case CRM_K_CUSTOMER:
		break;
	case CRM_K_EVENT:
		e->out->person[at - 1].events++;
		break;
	case CRM_K_TOUCH:
		e->out->person[at - 1].touches++;
		break;
	case CRM_K_TICKET:
		e->out->person[at - 1].tickets++;
		break;
	case CRM_K_ORDER:
		e->out->person[at - 1].orders++;
		break;
	default:
		e->out->person[at - 1].others++;
	}
}

static int
list_kind(struct crm_erase *e, unsigned kind, struct crm_err *err)
{
	const struct crm_kind *k = &e->schema->kind[kind];
	struct crm_erase_op op = {.what = 'r', .kind = (uint8_t)kind};
	bool known = kind != CRM_K_CUSTOMER &&
		     crm_kind_part(k, CRM_STR("identity")) >= 0;
	uint64_t top, how, first;
	int r = crm_txn_next(e->txn, kind, &top, err);

	for (op.number = 1; r == CRM_OK && op.number < top; op.number++) {
		if (!crm_idmap_get(&e->rec, crm_op_slot(kind, op.number), &how))
			continue;
		op.how = (uint8_t)how;
		if (known && how != CRM_ERASE_NAMED)
			r = crm_erase_learn(e, kind, op.number, &first, err);
		if (r == CRM_OK)
			r = add_op(e, &op, err);
		if (how != CRM_ERASE_NAMED)
			count_one(e, kind, op.number);
	}
	return r;
}

/* Events first and customers last: while what they are about is there, the
 * rest of a run that was cut short is found again. */
static int
list_records(struct crm_erase *e, struct crm_err *err)
{
	int r = list_kind(e, CRM_K_EVENT, err);

	for (unsigned i = CRM_K_MAX; i-- > 1 && r == CRM_OK;)
		if (i != CRM_K_EVENT && e->schema->kind[i].name != NULL)
			r = list_kind(e, i, err);
	return r;
}

static int
list_sources(struct crm_erase *e, struct crm_err *err)
{
	struct crm_erase_op op = {.what = 's'};
	uint64_t seen;
	size_t at = 0;
	int r = CRM_OK;

	while (r == CRM_OK && crm_map_next(&e->source, &at, &op.key, &seen))
		r = add_op(e, &op, err);
	return r;
}

/* Once more while there is more: a task is about a ticket that is about an
 * order of theirs. */
static int
find_theirs(struct crm_erase *e, struct crm_err *err)
{
	uint64_t had;
	int r = CRM_OK;

	do {
		had = e->taken;
		for (unsigned i = 1; i < CRM_K_MAX && r == CRM_OK; i++)
			if (e->refs[i].n > 0)
				r = find_now(e, i, err);
		if (r == CRM_OK)
			r = log_each(e, find_past, err);
	} while (r == CRM_OK && e->taken > had);
	return r;
}

static int
collect(struct crm_erase *e, struct crm_err *err)
{
	int r;

	for (unsigned i = 1; i < CRM_K_MAX; i++)
		if (e->schema->kind[i].name != NULL)
			crm_erase_refs(&e->schema->kind[i], &e->refs[i]);
	r = add_merged(e, err);
	if (r == CRM_OK)
		r = learn_people(e, err);
	if (r == CRM_OK)
		r = find_theirs(e, err);
	if (r == CRM_OK)
		r = log_each(e, past_source, err);
	if (r == CRM_OK)
		r = find_sources(e, err);
	if (r == CRM_OK)
		r = list_records(e, err);
	if (r == CRM_OK)
		r = list_sources(e, err);
	return r == CRM_OK ? log_each(e, rest_of_log, err) : r;
}

static void
release(struct crm_erase *e)
{
	crm_idmap_release(&e->person);
	crm_idmap_release(&e->rec);
	crm_idmap_release(&e->whose);
	crm_map_release(&e->source);
	crm_sought_release(&e->sought);
	crm_erased_release(&e->list);
	free(e->op);
	crm_arena_release(&e->work);
	crm_walk_close(&e->walk);
	crm_buf_release(&e->b);
	crm_buf_release(&e->b2);
}

/* The list is on the disk before anything is changed: who is on it and there
 * is erased by the next run. */
static int
run(struct crm_erase *e, struct crm_err *err)
{
	int r = collect(e, err);

	crm_txn_end(e->txn);
	e->txn = NULL;
	if (r < 0 || e->opt->dry_run)
		return r;
	e->list.pending = true;
	r = crm_erased_write(crm_store_path(e->store), &e->list, err);
	return r == CRM_OK ? crm_erase_write(e, err) : r;
}

static int
begin(struct crm_erase *e, struct crm_store *s,
    const struct crm_erase_options *opt, struct crm_erase_result *out,
    struct crm_store_info *info, struct crm_err *err)
{
	int r;

	memset(e, 0, sizeof *e);
	memset(out, 0, sizeof *out);
	e->store = s;
	e->opt = opt;
	e->out = out;
	r = crm_store_lock(s, err);
	if (r == CRM_OK)
		r = crm_store_schema(s, &e->schema, err);
	if (r == CRM_OK)
		r = crm_store_stat(s, info, err);
	if (r == CRM_OK)
		r = crm_erased_read(crm_store_path(s), &e->list, err);
	return r == CRM_OK ? crm_txn_begin(s, &e->txn, err) : r;
}

static int
end(struct crm_erase *e, int r)
{
	crm_txn_end(e->txn);
	release(e);
	if (r < 0) {
		free(e->out->person);
		memset(e->out, 0, sizeof *e->out);
	}
	return r;
}

int
crm_erase(struct crm_store *s, const uint64_t *number, size_t n,
    const struct crm_erase_options *opt, struct crm_erase_result *out,
    struct crm_err *err)
{
	struct crm_store_info info;
	struct crm_erase e;
	int r = begin(&e, s, opt, out, &info, err);

	if (r == CRM_OK)
		r = crm_erased_block(&e.list, info.uuid, &e.block, err);
	for (size_t i = 0; i < n && r == CRM_OK; i++)
		r = add_person(&e, number[i], err);
	return end(&e, r == CRM_OK ? run(&e, err) : r);
}

static int
back_again(void *ctx, const struct crm_erased_id *id, struct crm_err *err)
{
	return id->kind == CRM_K_CUSTOMER ? add_person(ctx, id->number, err)
					  : CRM_OK;
}

int
crm_erase_listed(struct crm_store *s, const struct crm_erase_options *opt,
    struct crm_erase_result *out, struct crm_err *err)
{
	struct crm_store_info info;
	struct crm_erase e;
	int r = begin(&e, s, opt, out, &info, err);

	if (r == CRM_OK)
		r = crm_erased_back(
		    e.txn, &e.list, info.uuid, back_again, &e, err);
	if (r < 0 || out->n == 0)
		return end(&e, r);
	r = crm_erased_block(&e.list, info.uuid, &e.block, err);
	return end(&e, r == CRM_OK ? run(&e, err) : r);
}
