/*
 * cli_card.c - one customer: what happened, and how it stands.
 *
 * The card is a stream too, a row for each thing to know, so that it can be
 * cut, filtered and shown on the web as it stands.  What is open is found by
 * way of the timeline: everything that could be has happened on it.
 */
#include <stdlib.h>

#include "cli_card.h"
#include "cli_noun.h"

enum { LAST_WORDS = 5, OPEN_ORDERS = 5 };

static int
find_one(struct cli *c, struct crm_txn *t, uint64_t *out, struct crm_err *err)
{
	struct crm_value id;
	int r = crm_ref_find(t, NULL, c->kind->number, c->schema,
	    crm_str(c->operand[0]), &id, err);

	if (r == CRM_OK)
		*out = (uint64_t)id.i;
	return r;
}

/* ---- timeline ---- */

enum {
	T_ID,
	T_AT,
	T_WHAT,
	T_TEXT,
	T_AMOUNT,
	T_CURRENCY,
	T_CHANNEL,
	T_ACTOR,
	T_ABOUT,
	T_REVISION,
	T_COUNT
};
static const struct crm_field time_fields[T_COUNT] = {
    {"id", CRM_T_ID, 0, 0, 0, NULL, "the record"},
    {"at", CRM_T_TIME, 0, 0, 0, NULL, "when it happened"},
    {"what", CRM_T_TEXT, 0, 0, 0, NULL, "what happened"},
    {"text", CRM_T_TEXT, 0, 0, 0, NULL, "in words"},
    {"amount", CRM_T_MONEY, 0, 0, 0, NULL, "money"},
    {"currency", CRM_T_TEXT, 0, 0, 0, NULL, "of the amount"},
    {"channel", CRM_T_TEXT, 0, 0, 0, NULL, "by which channel"},
    {"actor", CRM_T_TEXT, 0, 0, 0, NULL, "who of us did it"},
    {"about", CRM_T_ID, 0, 0, CRM_F_WIDE, NULL, "the record it is about"},
    {"revision", CRM_T_INT, 0, 0, CRM_F_WIDE, NULL,
	"of a change of the record"},
};

int
cli_timeline(struct cli *c, struct crm_err *err)
{
	struct crm_moment *m = NULL;
	struct cli_rows *rows;
	struct crm_txn *t;
	uint64_t number;
	size_t n = 0;
	int r = cli_operands(c, 1, 1, err);

	if (r == CRM_OK)
		r = cli_rows_open(c, time_fields, T_COUNT, "at", &rows, err);
	if (r < 0)
		return r;
	r = crm_txn_begin(c->store, &t, err);
	if (r == CRM_OK) {
		r = cli_rows_hold(rows, err);
		if (r == CRM_OK)
			r = find_one(c, t, &number, err);
		if (r == CRM_OK)
			r = crm_timeline(t, c->schema, number, c->at, &c->arena,
			    &m, &n, err);
		for (size_t i = 0; i < n && r == CRM_OK; i++) {
			struct crm_value v[T_COUNT] = {[T_ID] = m[i].id,
			    [T_AT] = crm_value_num(CRM_T_TIME, m[i].at, 0),
			    [T_WHAT] = crm_value_text(m[i].what),
			    [T_TEXT] = crm_value_text(m[i].text),
			    [T_AMOUNT] = m[i].amount,
			    [T_CURRENCY] = crm_value_text(m[i].currency),
			    [T_CHANNEL] = crm_value_text(m[i].channel),
			    [T_ACTOR] = crm_value_text(m[i].actor),
			    [T_ABOUT] = m[i].about,
			    [T_REVISION] =
				crm_value_num(CRM_T_INT, m[i].revision, 0)};

			if (m[i].revision == 0)
				v[T_REVISION] = (struct crm_value){0};
			r = cli_rows_put(rows, v, err);
		}
		crm_txn_end(t);
	}
	if (r == CRM_OK || r == CRM_NO)
		return cli_rows_close(rows, err);
	cli_rows_abort(rows);
	return r;
}

/* ---- the card ---- */

enum { D_ID, D_SECTION, D_WHAT, D_TEXT, D_AT, D_COUNT };
static const struct crm_field card_fields[D_COUNT] = {
    {"id", CRM_T_ID, 0, 0, 0, NULL, "the record"},
    {"section", CRM_T_TEXT, 0, 0, 0, NULL,
	"who, reach, figures, open, promised, last"},
    {"what", CRM_T_TEXT, 0, 0, 0, NULL, "a field, or what it is"},
    {"text", CRM_T_TEXT, 0, 0, 0, NULL, "its value"},
    {"at", CRM_T_TIME, 0, 0, 0, NULL, "since when, or by when"},
};

struct card {
	struct cli *c;
	struct crm_txn *txn;
	struct cli_rows *rows;
	struct crm_record *rec; /* the customer */
	struct crm_moment *m;
	size_t n;
	struct crm_idmap seen;
	struct crm_buf text;
};

static int
put(struct card *d, const struct crm_value *id, const char *section,
    struct crm_str what, struct crm_str text, const struct crm_value *at,
    struct crm_err *err)
{
	struct crm_value v[D_COUNT] = {[D_ID] = *id,
	    [D_SECTION] = crm_value_text(crm_str(section)),
	    [D_WHAT] = crm_value_text(what),
	    [D_TEXT] = crm_value_text(text),
	    [D_AT] = at ? *at : (struct crm_value){0}};

	return cli_rows_put(d->rows, v, err);
}

/* Fields of the customer that have a value, a row each. */
static int
put_fields(struct card *d, const char *section, const char *const *name,
    struct crm_err *err)
{
	struct crm_value id = crm_value_id(d->rec->kind->number, d->rec->id);
	int r = CRM_OK;

	for (; *name != NULL && r == CRM_OK; name++) {
		const struct crm_value *v = crm_record_get(d->rec, *name);

		if (v->type == CRM_T_NONE ||
		    (v->type == CRM_T_INT && v->i == 0 &&
			strcmp(*name, "orders") != 0))
			continue; /* what there never was */
		crm_buf_clear(&d->text);
		if (v->type != CRM_T_TIME)
			crm_value_put(d->c->schema, &d->text, v, true);
		if (v->type == CRM_T_MONEY && d->c->schema->settings)
			crm_buf_putf(&d->text, " %.*s",
			    (int)d->c->schema->settings->currency.n,
			    d->c->schema->settings->currency.p);
		r = put(d, &id, section, crm_str(*name), crm_buf_str(&d->text),
		    v->type == CRM_T_TIME ? v : NULL, err);
	}
	return r;
}

/* The segments they are in.  One that cannot be computed for them has them
 * not: crm-segment why tells the reason. */
static int
put_segments(struct card *d, struct crm_err *err)
{
	struct crm_value id = crm_value_id(d->rec->kind->number, d->rec->id);
	struct crm_segments *sg;
	int r = crm_segments_open(&sg, d->c->schema,
	    cli_opt.at ? d->c->at : d->c->now, d->c->at, err);

	if (r < 0)
		return r;
	crm_segments_need_all(sg);
	if (crm_segments_count(sg) > 0)
		r = crm_segments_begin(sg, d->txn, true, err);
	if (r == CRM_OK)
		crm_segments_row(sg, d->rec);
	for (size_t i = 0; i < crm_segments_count(sg) && r == CRM_OK; i++) {
		const struct crm_segment *def = crm_segments_def(sg, i);
		bool yes = false;

		r = crm_segments_has(sg, i, &yes, err);
		if (r == CRM_OK && yes)
			r = put(d, &id, "who", CRM_STR("segment"), def->name,
			    NULL, err);
		r = r == CRM_EDATA ? CRM_OK : r;
	}
	crm_segments_close(sg);
	return r;
}

/* The address as one line. */
static int
put_address(struct card *d, struct crm_err *err)
{
	static const char *const part[] = {
	    "street", "postcode", "city", "region", "country"};
	struct crm_value id = crm_value_id(d->rec->kind->number, d->rec->id);

	crm_buf_clear(&d->text);
	for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
		struct crm_str s = crm_record_get(d->rec, part[i])->s;

		if (s.n == 0)
			continue;
		if (d->text.n > 0)
			crm_buf_puts(&d->text, i == 2 ? " " : ", ");
		crm_buf_putstr(&d->text, s);
	}
	return d->text.n == 0 ? CRM_OK
			      : put(d, &id, "reach", CRM_STR("address"),
				    crm_buf_str(&d->text), NULL, err);
}

/* The other names they are known by, and whether they may be written to. */
static int
put_ways(struct card *d, struct crm_err *err)
{
	struct crm_value id = crm_value_id(d->rec->kind->number, d->rec->id);
	int part = crm_kind_part(d->rec->kind, CRM_STR("identity"));
	int r = put_address(d, err);

	for (size_t i = 0; i < d->rec->part[part].n && r == CRM_OK; i++) {
		const struct crm_value *v = d->rec->part[part].row[i].v;

		r = put(d, &id, "reach", v[0].s, v[1].s, NULL, err);
	}
	/* the last word on each consent, latest first */
	for (size_t i = d->n; i > 0 && r == CRM_OK; i--) {
		const struct crm_moment *m = &d->m[i - 1];
		struct crm_value at = crm_value_num(CRM_T_TIME, m->at, 0);
		const char *colon =
		    m->text.n ? memchr(m->text.p, ':', m->text.n) : NULL;
		uint64_t seen;

		if (!crm_str_is(m->what, "consent") || colon == NULL)
			continue;
		seen = crm_hash64(m->text.p, (size_t)(colon - m->text.p)) |
		       (uint64_t)1 << 63;
		if (crm_idmap_get(&d->seen, seen, &(uint64_t){0}))
			continue;
		if (crm_idmap_put(&d->seen, seen, 1) == CRM_ENOMEM)
			return crm_err_nomem(err);
		r = put(d, &m->id, "reach", m->what, m->text, &at, err);
	}
	return r;
}

/* What others are to them on the day of the card, and they to others. */
static int
put_relations(struct card *d, struct crm_err *err)
{
	const struct crm_kind *k = &d->c->schema->kind[CRM_K_RELATION];
	int64_t today = crm_day_of(
	    &d->c->schema->calendar, cli_opt.at ? d->c->at : d->c->now);
	int r = CRM_OK;

	for (size_t i = 0; i < d->n && r == CRM_OK; i++) {
		struct crm_record *rec, *other;
		const struct crm_value *since, *until;
		struct crm_value id = d->m[i].id, whom = d->m[i].about;
		struct crm_buf what = {.max = 1024};

		if (id.kind != CRM_K_RELATION || d->m[i].revision != 0)
			continue;
		rec = crm_record_new(k, &d->c->arena);
		other = crm_record_new(d->c->kind, &d->c->arena);
		if (rec == NULL || other == NULL)
			return crm_err_nomem(err);
		r = crm_model_read_at(d->txn, d->c->schema, k, (uint64_t)id.i,
		    &crm_want_all, d->c->at, rec, err);
		if (r == CRM_OK)
			r = crm_model_read_at(d->txn, d->c->schema, d->c->kind,
			    (uint64_t)whom.i, &crm_want_all, d->c->at, other,
			    err);
		if (r == CRM_NOTFOUND) {
			r = CRM_OK;
			continue;
		}
		since = crm_record_get(rec, "since");
		until = crm_record_get(rec, "until");
		if (r < 0 || (since->type == CRM_T_DATE && since->i > today) ||
		    (until->type == CRM_T_DATE && until->i <= today))
			continue;
		cli_relation_said(&what, crm_record_get(rec, "relation")->s,
		    (uint64_t)crm_record_get(rec, "from_id")->i == d->rec->id);
		crm_buf_clear(&d->text);
		crm_value_put(d->c->schema, &d->text, &whom, true);
		crm_buf_putc(&d->text, ' ');
		crm_buf_putstr(&d->text, crm_record_get(other, "name")->s);
		r = put(d, &id, "who", crm_buf_str(&what),
		    crm_buf_str(&d->text), NULL, err);
		crm_buf_release(&what);
	}
	return r;
}

/* Is a matter open: not closed, and of an order, not yet sent? */
static bool
is_open(const struct crm_record *rec)
{
	struct crm_str state = crm_record_get(rec, "state")->s;
	struct crm_str status = crm_record_get(rec, "status")->s;

	if (rec->kind->number == CRM_K_ORDER)
		return crm_str_is(status, "pending") ||
		       crm_str_is(status, "placed") ||
		       crm_str_is(status, "paid");
	return state.n > 0 && !crm_str_is(state, "closed") &&
	       !crm_str_is(state, "done") && !crm_str_is(state, "dropped");
}

static void
say(struct card *d, const struct crm_record *rec, const char *const *name)
{
	for (; *name != NULL; name++) {
		const struct crm_value *v = crm_record_get(rec, *name);

		if (v->type == CRM_T_NONE)
			continue;
		if (d->text.n > 0)
			crm_buf_puts(&d->text, ", ");
		crm_value_put(d->c->schema, &d->text, v, true);
	}
}

struct matter {
	struct crm_value id, at;
	struct crm_str what, text;
};

/* A record of a moment that is open, once; promised: what is due. */
static int
take_open(struct card *d, const struct crm_moment *m, bool promised,
    struct matter *out, struct crm_err *err)
{
	static const char *const order[] = {
	    "number", "status", "total", "currency", "payment", NULL};
	static const char *const other[] = {"title", "subject", "type",
	    "priority", "state", "last_word", "assignee", NULL};
	const struct crm_kind *k = &d->c->schema->kind[m->id.kind];
	uint64_t slot = (uint64_t)m->id.kind << 48 | (uint64_t)m->id.i;
	struct crm_record *rec;
	int r;

	if (m->id.kind == CRM_K_CUSTOMER || m->id.kind == CRM_K_EVENT ||
	    (crm_kind_field(k, CRM_STR("due")) >= 0) != promised ||
	    crm_idmap_get(&d->seen, slot, &(uint64_t){0}))
		return CRM_NO;
	rec = crm_record_new(k, &d->c->arena);
	if (rec == NULL || crm_idmap_put(&d->seen, slot, 1) == CRM_ENOMEM)
		return crm_err_nomem(err);
	r = crm_model_read_at(d->txn, d->c->schema, k, (uint64_t)m->id.i,
	    &crm_want_all, d->c->at, rec, err);
	if (r == CRM_NOTFOUND || (r == CRM_OK && !is_open(rec)))
		return CRM_NO;
	if (r < 0)
		return r;
	crm_buf_clear(&d->text);
	say(d, rec, k->number == CRM_K_ORDER ? order : other);
	out->id = crm_value_id(k->number, (uint64_t)m->id.i);
	out->what = crm_str(k->name);
	out->at = *crm_record_get(rec, k->time ? k->time : "created");
	return crm_buf_keep(&d->text, &d->c->arena, &out->text, err);
}

/* Those without a time last. */
static int
by_due(const void *a, const void *b)
{
	const struct matter *x = a, *y = b;

	if (x->at.type != y->at.type)
		return x->at.type > y->at.type ? -1 : 1;
	if (x->at.i != y->at.i)
		return x->at.i < y->at.i ? -1 : 1;
	return x->id.i < y->id.i ? -1 : x->id.i > y->id.i;
}

/* What is open, the latest first, as a shop may never say that it has sent its
 * orders; what was promised by when it is due. */
static int
put_matters(struct card *d, bool promised, struct crm_err *err)
{
	struct matter *v = NULL;
	size_t n = 0, cap = 0, orders = 0;
	int r = CRM_OK;

	for (size_t i = d->n; i > 0 && r == CRM_OK; i--) {
		if (!crm_grow(&v, &cap, n, sizeof *v)) {
			r = crm_err_nomem(err);
			break;
		}
		r = take_open(d, &d->m[i - 1], promised, &v[n], err);
		if (r == CRM_OK &&
		    (v[n].id.kind != CRM_K_ORDER || ++orders <= OPEN_ORDERS))
			n++;
		r = r == CRM_NO ? CRM_OK : r;
	}
	if (promised && n > 1)
		qsort(v, n, sizeof *v, by_due);
	for (size_t i = 0; i < n && r == CRM_OK; i++)
		r = put(d, &v[i].id, promised ? "promised" : "open", v[i].what,
		    v[i].text, &v[i].at, err);
	free(v);
	return r;
}

/* What happened last, but for changes of the record. */
static int
put_last(struct card *d, struct crm_err *err)
{
	size_t left = LAST_WORDS;
	int r = CRM_OK;

	for (size_t i = d->n; i > 0 && left > 0 && r == CRM_OK; i--) {
		const struct crm_moment *m = &d->m[i - 1];
		struct crm_value at = crm_value_num(CRM_T_TIME, m->at, 0);

		if (m->revision != 0 || m->id.kind == CRM_K_RELATION ||
		    (m->id.kind == CRM_K_EVENT &&
			!crm_str_is(m->what, "stage") &&
			!crm_str_is(m->what, "note")))
			continue;
		crm_buf_clear(&d->text);
		crm_buf_putstr(&d->text, m->text);
		if (m->amount.type != CRM_T_NONE) {
			crm_buf_puts(&d->text, d->text.n > 0 ? ", " : "");
			crm_value_put(d->c->schema, &d->text, &m->amount, true);
			crm_buf_putf(&d->text, " %.*s", (int)m->currency.n,
			    m->currency.p);
		}
		r = put(d, &m->id, "last", m->what, crm_buf_str(&d->text), &at,
		    err);
		left--;
	}
	return r;
}

static int
card(struct card *d, uint64_t number, struct crm_err *err)
{
	static const char *const who[] = {"name", "type", "company", "stage",
	    "tier", "tags", "owner", "language", "birth_date", "note", NULL};
	static const char *const reach[] = {"email", "phone", NULL};
	static const char *const figures[] = {"orders", "revenue",
	    "first_order", "last_order", "returns", "open_tickets", "touches",
	    "last_touch", NULL};
	struct cli *c = d->c;
	int r;

	d->rec = crm_record_new(c->kind, &c->arena);
	if (d->rec == NULL)
		return crm_err_nomem(err);
	r = crm_model_read_at(d->txn, c->schema, c->kind, number, &crm_want_all,
	    c->at, d->rec, err);
	if (r == CRM_OK)
		r = crm_timeline(d->txn, c->schema, number, c->at, &c->arena,
		    &d->m, &d->n, err);
	d->rec->id = number;
	if (r == CRM_OK)
		r = put_fields(d, "who", who, err);
	if (r == CRM_OK)
		r = put_segments(d, err);
	if (r == CRM_OK)
		r = put_relations(d, err);
	if (r == CRM_OK)
		r = put_fields(d, "reach", reach, err);
	if (r == CRM_OK)
		r = put_ways(d, err);
	if (r == CRM_OK)
		r = put_fields(d, "figures", figures, err);
	if (r == CRM_OK)
		r = put_matters(d, false, err);
	if (r == CRM_OK)
		r = put_matters(d, true, err);
	return r == CRM_OK ? put_last(d, err) : r;
}

int
cli_card(struct cli *c, struct crm_err *err)
{
	struct card d = {.c = c, .text = {.max = 1 << 20}};
	uint64_t number;
	int r = cli_operands(c, 1, 1, err);

	if (r == CRM_OK)
		r = cli_rows_open(c, card_fields, D_COUNT, NULL, &d.rows, err);
	if (r < 0)
		return r;
	r = crm_txn_begin(c->store, &d.txn, err);
	if (r == CRM_OK) {
		r = cli_rows_hold(d.rows, err);
		if (r == CRM_OK)
			r = find_one(c, d.txn, &number, err);
		if (r == CRM_OK)
			r = card(&d, number, err);
		crm_txn_end(d.txn);
	}
	crm_idmap_release(&d.seen);
	crm_buf_release(&d.text);
	if (r == CRM_OK || r == CRM_NO)
		return cli_rows_close(d.rows, err);
	cli_rows_abort(d.rows);
	return r;
}
