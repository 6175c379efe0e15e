/*
 * timeline.c - everything that happened with a customer, in time.
 *
 * No kind but the order and the event is known here by name: a kind belongs
 * to a customer by an indexed field customer_id, to a record by an indexed
 * field about, and what it has to say stands in fields that are called the
 * same everywhere (subject, text, channel, agent).  So a new noun is on the
 * timeline when its table says so.
 */
#include <stdlib.h>

#include <crm/history.h>
#include <crm/ledger.h>
#include <crm/timeline.h>

#include "prefix.h"

struct line {
	struct crm_txn *txn;
	const struct crm_schema *schema;
	int64_t at;
	uint64_t customer;
	struct crm_arena *arena;
	struct crm_idmap seen; /* (kind, number) */
	struct crm_value *todo; /* records whose own records are looked for */
	size_t ntodo, captodo;
	struct crm_moment *v;
	size_t n, cap;
	struct crm_buf text;
};

static struct crm_str
keep(struct line *l)
{
	struct crm_str s = {"", 0};

	if (l->text.n > 0 && l->text.fail == 0)
		s = crm_arena_str(l->arena, crm_buf_str(&l->text));
	crm_buf_clear(&l->text);
	return s.p ? s : (struct crm_str){"", 0};
}

/* Room for a moment; NULL: no memory. */
static struct crm_moment *
moment(struct line *l, int64_t at, struct crm_str what)
{
	struct crm_moment *m;

	if (!crm_grow(&l->v, &l->cap, l->n, sizeof *l->v))
		return NULL;
	m = &l->v[l->n++];
	*m = (struct crm_moment){.at = at, .what = what};
	return m;
}

/* One text after another, with ": " between. */
static void
say(struct line *l, const struct crm_value *v)
{
	if (v->type == CRM_T_NONE)
		return;
	if (l->text.n > 0)
		crm_buf_puts(&l->text, ": ");
	crm_value_put(l->schema, &l->text, v, true);
}

/* The first of some fields that has a value. */
static struct crm_value
first_of(const struct crm_record *rec, const char *const *name)
{
	for (; *name != NULL; name++) {
		const struct crm_value *v = crm_record_get(rec, *name);

		if (v->type != CRM_T_NONE)
			return *v;
	}
	return (struct crm_value){0};
}

/* ---- what a record tells ---- */

/* What is bought: the first lines. */
static void
say_lines(struct line *l, const struct crm_record *rec)
{
	int part = crm_kind_part(rec->kind, CRM_STR("line"));
	const struct crm_part *p = &rec->kind->parts[part];
	const struct crm_rows *rows = &rec->part[part];
	int text = crm_part_field(p, CRM_STR("text"));
	int sku = crm_part_field(p, CRM_STR("sku"));
	int quantity = crm_part_field(p, CRM_STR("quantity"));

	say(l, crm_record_get(rec, "number"));
	for (size_t i = 0; i < rows->n && i < 3; i++) {
		const struct crm_value *v = rows->row[i].v;

		crm_buf_puts(&l->text, i > 0 ? ", " : l->text.n ? ": " : "");
		crm_value_put(l->schema, &l->text, &v[quantity], true);
		crm_buf_puts(&l->text, " x ");
		crm_value_put(l->schema, &l->text,
		    &v[v[text].type == CRM_T_NONE ? sku : text], true);
	}
	if (rows->n > 3)
		crm_buf_putf(&l->text, ", and %zu more", rows->n - 3);
}

static int
tell_track(struct line *l, const struct crm_record *rec, struct crm_err *err)
{
	static const char *const said[] = {
	    "line", "quantity", "method", "reference", "reason", NULL};
	int part = crm_kind_part(rec->kind, CRM_STR("track"));
	const struct crm_part *p = &rec->kind->parts[part];
	int at = crm_part_field(p, CRM_STR("at"));
	int what = crm_part_field(p, CRM_STR("what"));
	int amount = crm_part_field(p, CRM_STR("amount"));

	for (size_t i = 0; i < rec->part[part].n; i++) {
		const struct crm_row *row = &rec->part[part].row[i];
		struct crm_moment *m;

		if (row->v[at].i >= l->at)
			continue;
		m = moment(l, row->v[at].i, row->v[what].s);
		if (m == NULL)
			return crm_err_nomem(err);
		m->id = crm_value_id(rec->kind->number, rec->id);
		m->id.sub = row->no;
		m->id.part = (uint8_t)(part + 1);
		m->about = crm_value_id(rec->kind->number, rec->id);
		m->amount = row->v[amount];
		if (m->amount.type != CRM_T_NONE)
			m->currency = crm_record_get(rec, "currency")->s;
		for (size_t j = 0; said[j] != NULL; j++) {
			const struct crm_value *v =
			    &row->v[crm_part_field(p, crm_str(said[j]))];

			if (j < 2 && v->type != CRM_T_NONE)
				crm_buf_putf(&l->text, "%s%s ",
				    l->text.n ? ", " : "", said[j]);
			else if (v->type != CRM_T_NONE && l->text.n > 0)
				crm_buf_puts(&l->text, ": ");
			crm_value_put(l->schema, &l->text, v, true);
		}
		m->text = keep(l);
	}
	return CRM_OK;
}

static int
tell_order(struct line *l, const struct crm_record *rec, struct crm_err *err)
{
	const struct crm_value *type = crm_record_get(rec, "type");
	const struct crm_value *placed = crm_record_get(rec, "placed");
	struct crm_moment *m;

	if (placed->i < l->at) {
		m = moment(
		    l, placed->i, type->i > 1 ? type->s : CRM_STR("order"));
		if (m == NULL)
			return crm_err_nomem(err);
		m->id = crm_value_id(rec->kind->number, rec->id);
		m->about = crm_value_id(CRM_K_CUSTOMER, l->customer);
		m->channel = crm_record_get(rec, "channel")->s;
		m->amount = *crm_record_get(rec, "total");
		m->currency = crm_record_get(rec, "currency")->s;
		say_lines(l, rec);
		m->text = keep(l);
	}
	return tell_track(l, rec, err);
}

/* A stage, a consent, a note, what became of a ticket.  What was said in a
 * ticket is a contact of its own. */
static int
tell_event(struct line *l, const struct crm_record *rec, struct crm_err *err)
{
	const struct crm_value *what = crm_record_get(rec, "what");
	const struct crm_value *old = crm_record_get(rec, "old");
	const struct crm_value *source = crm_record_get(rec, "source");
	struct crm_moment *m;

	if (crm_str_is(what->s, "word") && source->type != CRM_T_NONE)
		return CRM_OK;
	if (crm_str_is(what->s, "state") && old->type == CRM_T_NONE)
		return CRM_OK; /* it was opened, which its record tells */
	m = moment(l, crm_record_get(rec, "at")->i, what->s);
	if (m == NULL)
		return crm_err_nomem(err);
	m->id = crm_value_id(rec->kind->number, rec->id);
	m->about = *crm_record_get(rec, "about");
	m->actor = crm_record_get(rec, "actor")->s;
	say(l, crm_record_get(rec, "topic"));
	say(l, old);
	if (old->type != CRM_T_NONE)
		crm_buf_puts(&l->text, " ->");
	if (old->type != CRM_T_NONE &&
	    crm_record_get(rec, "new")->type != CRM_T_NONE) {
		crm_buf_putc(&l->text, ' ');
		crm_value_put(
		    l->schema, &l->text, crm_record_get(rec, "new"), true);
	} else
		say(l, crm_record_get(rec, "new"));
	if (crm_str_is(what->s, "merge"))
		say(l, source);
	say(l, crm_record_get(rec, "reason"));
	m->text = keep(l);
	return CRM_OK;
}

/* Any other kind, by the names of its fields. */
static int
tell_other(struct line *l, const struct crm_record *rec, struct crm_err *err)
{
	static const char *const begins[] = {"at", "opened", "created", NULL};
	static const char *const actors[] = {
	    "agent", "assignee", "actor", NULL};
	static const char *const money[] = {"amount", "cost", NULL};
	static const char *const said[] = {"type", "direction", "title",
	    "subject", "text", "result", "note", NULL};
	struct crm_value at = first_of(rec, begins);
	struct crm_value closed = *crm_record_get(rec, "closed");
	struct crm_value about = *crm_record_get(rec, "about");
	struct crm_value actor = first_of(rec, actors);

	if (at.type != CRM_T_TIME && rec->kind->time != NULL)
		at = *crm_record_get(rec, rec->kind->time);
	for (int round = 0; round < 2; round++) {
		const struct crm_value *t = round ? &closed : &at;
		struct crm_moment *m;

		if (t->type != CRM_T_TIME || t->i >= l->at)
			continue;
		m = moment(l, t->i,
		    round ? crm_record_get(rec, "state")->s
			  : crm_str(rec->kind->name));
		if (m == NULL)
			return crm_err_nomem(err);
		m->id = crm_value_id(rec->kind->number, rec->id);
		m->about = about.type != CRM_T_NONE
			       ? about
			       : *crm_record_get(rec, "customer_id");
		m->channel = crm_record_get(rec, "channel")->s;
		m->actor = actor.s;
		m->amount = first_of(rec, money);
		if (m->amount.type != CRM_T_NONE && l->schema->settings)
			m->currency = l->schema->settings->currency;
		for (size_t i = 0; said[i] != NULL; i++)
			if (round > 0 || strcmp(said[i], "result") != 0)
				say(l, crm_record_get(rec, said[i]));
		m->text = keep(l);
	}
	return CRM_OK;
}

/* ---- whose they are ---- */

/* What they are to whom, from the day on which it was known. */
static int
tell_relation(struct line *l, const struct crm_record *rec, struct crm_err *err)
{
	static const char *const said[] = {"from_id", "relation", "to_id"};
	const struct crm_value *at = crm_record_get(rec, "created");
	const struct crm_value *from = crm_record_get(rec, "from_id");
	const struct crm_value *to = crm_record_get(rec, "to_id");
	struct crm_moment *m;

	if (at->type != CRM_T_TIME || at->i >= l->at)
		return CRM_OK;
	m = moment(l, at->i, CRM_STR("relation"));
	if (m == NULL)
		return crm_err_nomem(err);
	m->id = crm_value_id(rec->kind->number, rec->id);
	m->about = (uint64_t)from->i == l->customer ? *to : *from;
	for (size_t i = 0; i < 3; i++) {
		if (i > 0)
			crm_buf_putc(&l->text, ' ');
		crm_value_put(
		    l->schema, &l->text, crm_record_get(rec, said[i]), true);
	}
	m->text = keep(l);
	return CRM_OK;
}

/* Reads a record once, tells it, and remembers to look for its own. */
static int
take(struct line *l, const struct crm_kind *k, uint64_t number,
    struct crm_err *err)
{
	uint64_t slot = (uint64_t)k->number << 56 | number, seen;
	struct crm_record *rec;
	int r;

	if (crm_idmap_get(&l->seen, slot, &seen))
		return CRM_OK;
	rec = crm_record_new(k, l->arena);
	if (rec == NULL || crm_idmap_put(&l->seen, slot, 1) == CRM_ENOMEM ||
	    !crm_grow(&l->todo, &l->captodo, l->ntodo, sizeof *l->todo))
		return crm_err_nomem(err);
	r = crm_record_read(l->txn, k, number, &crm_want_all, rec, err);
	if (r == CRM_NOTFOUND)
		return CRM_OK;
	if (r < 0)
		return r;
	l->todo[l->ntodo++] = crm_value_id(k->number, number);
	if (k->number == CRM_K_ORDER)
		return tell_order(l, rec, err);
	if (k->number == CRM_K_RELATION)
		return tell_relation(l, rec, err);
	if (k->number != CRM_K_EVENT)
		return tell_other(l, rec, err);
	return crm_record_get(rec, "at")->i < l->at ? tell_event(l, rec, err)
						    : CRM_OK;
}

/* All records that name another in an indexed field. */
static int
take_by(struct line *l, const char *field, const struct crm_value *of,
    struct crm_err *err)
{
	int r = CRM_OK;

	for (unsigned i = 1; i < CRM_K_MAX && r == CRM_OK; i++) {
		const struct crm_kind *k = &l->schema->kind[i];
		int f = k->name ? crm_kind_field(k, crm_str(field)) : -1;
		struct crm_prefix p = crm_prefix_of(l->txn, CRM_TAB_INDEX);
		uint64_t number;

		if (f < 0 || !(k->fields[f].flags & CRM_F_INDEX))
			continue;
		crm_index_key(&p.key, i, k->fields[f].tag, of, 0);
		while (r == CRM_OK) {
			r = crm_prefix_next(&p, &number, err);
			if (r == CRM_OK)
				r = take(l, k, number, err);
		}
		crm_prefix_close(&p);
		r = r == CRM_NOTFOUND ? CRM_OK : r;
	}
	return r;
}

/* The ledger knows whose an order is. */
static int
take_orders(struct line *l, struct crm_err *err)
{
	const struct crm_kind *k = &l->schema->kind[CRM_K_ORDER];
	struct crm_ledger_entry e;
	struct crm_ledger *ledger;
	int r = crm_ledger_open(l->txn, l->customer, &ledger, err);

	if (r < 0)
		return r;
	while (r == CRM_OK) {
		r = crm_ledger_next(ledger, &e, err);
		if (r == CRM_OK)
			r = take(l, k, e.order, err);
	}
	crm_ledger_close(ledger);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

/* ---- what became of the record itself ---- */

static int
history_row(void *ctx, const struct crm_log_head *h,
    const struct crm_change_row *row, struct crm_err *err)
{
	struct line *l = ctx;
	struct crm_moment *m = l->n ? &l->v[l->n - 1] : NULL;

	if (h->time >= l->at)
		return CRM_OK;
	if (m == NULL || m->revision != (int64_t)h->revision) {
		m = moment(l, h->time,
		    crm_enum_name(CRM_OP_NAMES, crm_op_place(row->op)));
		if (m == NULL)
			return crm_err_nomem(err);
		m->revision = (int64_t)h->revision;
		m->id = m->about = crm_value_id(CRM_K_CUSTOMER, l->customer);
		m->actor = crm_arena_str(l->arena, h->actor);
		crm_buf_putstr(&l->text, h->why);
		m->text = keep(l);
	}
	if (row->field.n == 0)
		return CRM_OK;
	crm_buf_putstr(&l->text, m->text);
	if (l->text.n > 0)
		crm_buf_puts(&l->text, "; ");
	crm_buf_putstr(&l->text, row->field);
	if (row->old.n > 0)
		crm_buf_putf(&l->text, " %.*s ->", (int)row->old.n, row->old.p);
	crm_buf_putf(
	    &l->text, " %.*s", (int)row->new.n, row->new.n ? row->new.p : "");
	m->text = keep(l);
	return CRM_OK;
}

static int
by_time(const void *a, const void *b)
{
	const struct crm_moment *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	/* what became of something goes behind it */
	if ((x->id.kind == CRM_K_EVENT) != (y->id.kind == CRM_K_EVENT))
		return x->id.kind == CRM_K_EVENT ? 1 : -1;
	if (x->id.kind != y->id.kind)
		return x->id.kind < y->id.kind ? -1 : 1;
	if (x->id.i != y->id.i)
		return x->id.i < y->id.i ? -1 : 1;
	if (x->id.sub != y->id.sub)
		return x->id.sub < y->id.sub ? -1 : 1;
	return x->revision < y->revision ? -1 : x->revision > y->revision;
}

int
crm_timeline(struct crm_txn *t, const struct crm_schema *s, uint64_t customer,
    int64_t at, struct crm_arena *a, struct crm_moment **out, size_t *n,
    struct crm_err *err)
{
	struct line l = {.txn = t,
	    .schema = s,
	    .at = at,
	    .customer = customer,
	    .arena = a,
	    .text = {.max = 1 << 24}};
	struct crm_value self = crm_value_id(CRM_K_CUSTOMER, customer), of;
	int r;

	*out = NULL;
	*n = 0;
	r = crm_history_record(
	    t, s, CRM_K_CUSTOMER, customer, history_row, &l, err);
	if (r == CRM_OK)
		r = take_orders(&l, err);
	if (r == CRM_OK)
		r = take_by(&l, "customer_id", &self, err);
	if (r == CRM_OK)
		r = take_by(&l, "about", &self, err);
	if (r == CRM_OK)
		r = take_by(&l, "from_id", &self, err);
	if (r == CRM_OK)
		r = take_by(&l, "to_id", &self, err);
	for (size_t i = 0; i < l.ntodo && r == CRM_OK; i++) {
		of = l.todo[i];
		if (of.kind != CRM_K_EVENT)
			r = take_by(&l, "about", &of, err);
	}
	if (r == CRM_OK && l.n > 0) {
		qsort(l.v, l.n, sizeof *l.v, by_time);
		*out = crm_arena_alloc(a, l.n * sizeof *l.v);
		if (*out == NULL)
			r = crm_err_nomem(err);
		else
			memcpy(*out, l.v, l.n * sizeof *l.v);
		*n = l.n;
	}
	free(l.v);
	free(l.todo);
	crm_idmap_release(&l.seen);
	crm_buf_release(&l.text);
	return r;
}
