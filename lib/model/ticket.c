/*
 * ticket.c - a ticket as it is written: what follows for it, and what is told
 * of it.
 *
 * The record holds what is asked of many tickets (whose turn, since when, who
 * spoke last); each change of it is an event, and every word is one, so that
 * the record follows from the events at any past moment.  Whose turn it is
 * follows from who speaks: an answer waits for the customer, the customer's
 * word opens what waits or is closed.  A word that comes in late (an import)
 * is put where it belongs and turns nothing.
 */
#include <stdlib.h>

#include "ledger_parts.h"
#include "ticket_parts.h"

int
crm_ticket_bad(struct crm_err *err, const char *field, const char *text)
{
	crm_err_set(err, CRM_EDATA, "%s", text);
	crm_err_field(err, field, strlen(field));
	return CRM_EDATA;
}

static struct crm_value
enum_of(const struct crm_record *rec, int field, unsigned place)
{
	return crm_value_enum(rec->kind->fields[field].values, place);
}

static void
fill(struct crm_record *rec, int field, unsigned place)
{
	if (rec->v[field].type == CRM_T_NONE)
		rec->v[field] = enum_of(rec, field, place);
}

static bool
moved(const struct crm_record *old, const struct crm_record *rec, int field)
{
	return !crm_value_eq(&old->v[field], &rec->v[field]);
}

int
crm_ticket_prepare(struct crm_change *ch, const struct crm_record *old,
    struct crm_record *rec, struct crm_err *err)
{
	struct crm_value now = crm_value_num(CRM_T_TIME, crm_change_now(ch), 0);

	if (rec->v[CRM_TK_OPENED].type == CRM_T_NONE)
		rec->v[CRM_TK_OPENED] = now;
	fill(rec, CRM_TK_TYPE, 1);
	fill(rec, CRM_TK_PRIORITY, 2);
	fill(rec, CRM_TK_STATE, CRM_TICKET_NEW);
	if (old == NULL) {
		rec->v[CRM_TK_SINCE] = rec->v[CRM_TK_OPENED];
		return CRM_OK;
	}
	if (!moved(old, rec, CRM_TK_STATE))
		return CRM_OK;
	if (now.i < old->v[CRM_TK_SINCE].i) {
		char room[32];
		struct crm_buf b = {
		    .p = room, .cap = sizeof room, .max = sizeof room};

		crm_ticket_bad(err, "state",
		    "the ticket has its present state since a later time");
		crm_time_put(&b, old->v[CRM_TK_SINCE].i);
		crm_err_hint(err, "it is %.*s since %.*s",
		    (int)old->v[CRM_TK_STATE].s.n, old->v[CRM_TK_STATE].s.p,
		    (int)b.n, b.p);
		return CRM_EDATA;
	}
	rec->v[CRM_TK_SINCE] = now;
	if (old->v[CRM_TK_STATE].i == CRM_TICKET_CLOSED)
		rec->v[CRM_TK_REOPENED] =
		    crm_value_num(CRM_T_INT, old->v[CRM_TK_REOPENED].i + 1, 0);
	return CRM_OK;
}

/* What an event says of fields that are not there when it is new. */
static const int assigned[] = {CRM_TK_ASSIGNEE, CRM_TK_TEAM, CRM_TK_PRIORITY};
enum { ASSIGNED = sizeof assigned / sizeof *assigned };

int
crm_ticket_after(struct crm_change *ch, const struct crm_record *old,
    const struct crm_record *rec, struct crm_err *err)
{
	struct crm_event e = {.kind = CRM_K_TICKET,
	    .about = rec->id,
	    .reason = crm_change_why(ch)};
	int r = CRM_OK;

	if (old == NULL || moved(old, rec, CRM_TK_STATE)) {
		e.what = CRM_EVENT_STATE;
		e.at = rec->v[CRM_TK_SINCE].i;
		e.from = old ? old->v[CRM_TK_STATE].s : (struct crm_str){"", 0};
		e.to = rec->v[CRM_TK_STATE].s;
		r = crm_event_add(ch, &e, err);
	}
	for (int i = 0; i < ASSIGNED && r == CRM_OK; i++) {
		int f = assigned[i];

		if (old != NULL ? !moved(old, rec, f)
				: rec->v[f].type != CRM_T_TEXT)
			continue;
		e.what = CRM_EVENT_ASSIGN;
		e.at = old ? crm_change_now(ch) : rec->v[CRM_TK_OPENED].i;
		e.topic = crm_str(rec->kind->fields[f].name);
		e.from = old ? old->v[f].s : (struct crm_str){"", 0};
		e.to = rec->v[f].s;
		r = crm_event_add(ch, &e, err);
	}
	return r;
}

int
crm_ticket_effects(const struct crm_schema *s, const struct crm_record *rec,
    int sign, struct crm_buf *out, struct crm_err *err)
{
	struct crm_tally y = crm_tally_none();
	const struct crm_value *customer = &rec->v[CRM_TK_CUSTOMER];

	(void)s;
	if (customer->type != CRM_T_ID || rec->state != CRM_LIVE)
		return CRM_OK;
	y.tickets = 1;
	y.open_tickets = rec->v[CRM_TK_STATE].i != CRM_TICKET_CLOSED;
	return crm_ledger_effect((uint64_t)customer->i, sign, &y, out, err);
}

/* ---- as of a moment ---- */

static void
keep_words(struct crm_record *rec, const struct crm_ticket_clock *c)
{
	struct crm_value none = {.type = CRM_T_NONE};

	rec->v[CRM_TK_FIRST_ANSWER] = rec->v[CRM_TK_LAST_WORD] =
	    rec->v[CRM_TK_LAST_AT] = rec->v[CRM_TK_WORDS] = none;
	if (c->first_answer != INT64_MIN)
		rec->v[CRM_TK_FIRST_ANSWER] =
		    crm_value_num(CRM_T_TIME, c->first_answer, 0);
	if (c->words == 0)
		return;
	rec->v[CRM_TK_LAST_WORD] = enum_of(rec, CRM_TK_LAST_WORD, c->last_word);
	rec->v[CRM_TK_LAST_AT] = crm_value_num(CRM_T_TIME, c->last_at, 0);
	rec->v[CRM_TK_WORDS] = crm_value_num(CRM_T_INT, c->words, 0);
}

/* What a field was before the first change that came later. */
static void
assigned_at(struct crm_record *rec, const struct crm_thread *all, int64_t at)
{
	bool done[ASSIGNED] = {false};

	for (size_t i = 0; i < all->n; i++) {
		const struct crm_thread_entry *e = &all->v[i];

		if (e->what != CRM_EVENT_ASSIGN || e->at < at ||
		    e->ticket != rec->id)
			continue;
		for (int j = 0; j < ASSIGNED; j++) {
			const struct crm_field *f =
			    &rec->kind->fields[assigned[j]];

			if (done[j] || !crm_str_is(e->topic, f->name))
				continue;
			done[j] = true;
			rec->v[assigned[j]] =
			    f->type == CRM_T_ENUM
				? crm_value_enum(f->values,
				      crm_enum_place(f->values, e->from))
				: crm_value_text(e->from);
		}
	}
}

int
crm_ticket_at(struct crm_txn *t, const struct crm_schema *s, int64_t at,
    struct crm_record *rec, struct crm_err *err)
{
	struct crm_thread all, then;
	struct crm_ticket_clock c;
	int r;

	if (rec->v[CRM_TK_OPENED].i >= at)
		return CRM_NO;
	r = crm_thread_read(t, s, rec->id, INT64_MAX, rec->arena, &all, err);
	if (r == CRM_OK)
		r = crm_thread_read(t, s, rec->id, at, rec->arena, &then, err);
	if (r < 0)
		return r;
	crm_thread_clock(&then, rec->id, at, &c);
	keep_words(rec, &c);
	assigned_at(rec, &all, at);
	if (c.state == 0)
		return CRM_OK;
	rec->v[CRM_TK_STATE] = enum_of(rec, CRM_TK_STATE, c.state);
	rec->v[CRM_TK_SINCE] = crm_value_num(CRM_T_TIME, c.since, 0);
	rec->v[CRM_TK_REOPENED] = (struct crm_value){.type = CRM_T_NONE};
	if (c.reopened > 0)
		rec->v[CRM_TK_REOPENED] =
		    crm_value_num(CRM_T_INT, c.reopened, 0);
	return CRM_OK;
}

/* ---- what happens to it ---- */

int
crm_ticket_put_at(struct crm_change *ch, struct crm_record *rec, int64_t at,
    struct crm_err *err)
{
	int64_t now = ch->opt.now;
	int r;

	ch->opt.now = at;
	r = crm_change_put(ch, rec, err);
	ch->opt.now = now;
	return r == CRM_NO ? CRM_OK : r;
}

int
crm_ticket_note(struct crm_change *ch, uint64_t ticket, struct crm_str text,
    int64_t at, struct crm_err *err)
{
	struct crm_event e = {.kind = CRM_K_TICKET,
	    .about = ticket,
	    .what = CRM_EVENT_NOTE,
	    .at = at,
	    .reason = text};

	return crm_event_add(ch, &e, err);
}

/* An id as it is in a text, in the change's work arena. */
static int
id_text(struct crm_change *ch, unsigned kind, uint64_t number,
    struct crm_str *out, struct crm_err *err)
{
	struct crm_buf b = {.max = 64};
	struct crm_id id = {.kind = (uint8_t)kind, .number = number};
	int r;

	crm_id_put(crm_change_schema(ch), &b, &id, false);
	r = crm_buf_keep(&b, &ch->work, out, err);
	crm_buf_release(&b);
	return r;
}

/* Whose turn it is when somebody has spoken; 0: as before. */
static unsigned
turn(const struct crm_record *ticket, bool agent)
{
	int64_t state = ticket->v[CRM_TK_STATE].i;

	if (agent)
		return state == CRM_TICKET_NEW || state == CRM_TICKET_OPEN
			   ? CRM_TICKET_WAITING
			   : 0;
	return state == CRM_TICKET_WAITING || state == CRM_TICKET_CLOSED
		   ? CRM_TICKET_OPEN
		   : 0;
}

int
crm_ticket_hear(struct crm_change *ch, uint64_t number,
    const struct crm_record *touch, struct crm_err *err)
{
	struct crm_value at = touch->v[CRM_TO_AT];
	bool agent = touch->v[CRM_TO_DIRECTION].i == CRM_TOUCH_OUT;
	struct crm_event e = {.kind = CRM_K_TICKET,
	    .about = number,
	    .what = CRM_EVENT_WORD,
	    .at = at.i,
	    .topic = agent ? CRM_STR("agent") : CRM_STR("customer"),
	    .to = touch->v[CRM_TO_CHANNEL].s,
	    .actor = touch->v[CRM_TO_AGENT].s};
	struct crm_value *first, *last;
	struct crm_record *rec;
	unsigned to;
	int r = id_text(ch, CRM_K_TOUCH, touch->id, &e.source, err);

	if (r == CRM_OK)
		r = crm_event_add(ch, &e, err);
	if (r == CRM_OK)
		r = crm_change_get(ch, &crm_change_schema(ch)->kind[e.kind],
		    number, &rec, err);
	if (r < 0)
		return r;
	first = &rec->v[CRM_TK_FIRST_ANSWER];
	last = &rec->v[CRM_TK_LAST_AT];
	rec->v[CRM_TK_WORDS] =
	    crm_value_num(CRM_T_INT, rec->v[CRM_TK_WORDS].i + 1, 0);
	if (agent && (first->type == CRM_T_NONE || at.i < first->i))
		*first = at;
	if (last->type == CRM_T_NONE || at.i >= last->i) {
		*last = at;
		rec->v[CRM_TK_LAST_WORD] = enum_of(rec, CRM_TK_LAST_WORD,
		    agent ? CRM_TICKET_AGENT : CRM_TICKET_CUSTOMER);
	}
	to = at.i >= rec->v[CRM_TK_SINCE].i ? turn(rec, agent) : 0;
	if (to != 0)
		rec->v[CRM_TK_STATE] = enum_of(rec, CRM_TK_STATE, to);
	return crm_ticket_put_at(ch, rec, at.i, err);
}

/* The words anew, from all there are and will be. */
static int
fold_again(struct crm_change *ch, struct crm_record *rec, struct crm_err *err)
{
	struct crm_ticket_clock c;
	struct crm_thread th;
	int r = crm_thread_gather(ch->txn, ch, crm_change_schema(ch), rec->id,
	    INT64_MAX, &ch->work, &th, err);

	if (r < 0)
		return r;
	crm_thread_clock(&th, rec->id, INT64_MIN, &c);
	keep_words(rec, &c);
	r = crm_change_put(ch, rec, err);
	return r == CRM_NO ? CRM_OK : r;
}

int
crm_ticket_lose(struct crm_change *ch, uint64_t number, uint64_t to,
    const struct crm_record *touch, struct crm_err *err)
{
	/* it was never said here: at no past moment either */
	struct crm_event e = {.kind = CRM_K_TICKET,
	    .about = number,
	    .what = CRM_EVENT_MOVED,
	    .at = touch->v[CRM_TO_AT].i};
	struct crm_record *rec;
	int r = id_text(ch, CRM_K_TOUCH, touch->id, &e.source, err);

	if (r == CRM_OK && to != 0)
		r = id_text(ch, CRM_K_TICKET, to, &e.to, err);
	if (r == CRM_OK)
		r = crm_event_add(ch, &e, err);
	if (r == CRM_OK)
		r = crm_change_get(ch, &crm_change_schema(ch)->kind[e.kind],
		    number, &rec, err);
	return r == CRM_OK ? fold_again(ch, rec, err) : r;
}

/* ---- merging and splitting ---- */

/* Other names go over, so that they lead to the survivor. */
static int
take_names(
    const struct crm_record *from, struct crm_record *into, struct crm_err *err)
{
	int part = crm_kind_part(into->kind, CRM_STR("identity"));

	for (size_t i = 0; i < from->part[part].n; i++) {
		struct crm_row *row = crm_record_add(into, part, 0);

		if (row == NULL)
			return crm_err_nomem(err);
		memcpy(row->v, from->part[part].row[i].v,
		    into->kind->parts[part].nfields * sizeof *row->v);
	}
	return CRM_OK;
}

/* What the customer said last in a ticket that was ours to answer is not lost
 * in one that waits for them, or is closed. */
static int
take_turn(struct crm_change *ch, const struct crm_record *from,
    struct crm_record *into, struct crm_err *err)
{
	unsigned was = (unsigned)from->v[CRM_TK_STATE].i;
	unsigned is = (unsigned)into->v[CRM_TK_STATE].i;

	if ((was != CRM_TICKET_NEW && was != CRM_TICKET_OPEN) ||
	    (is != CRM_TICKET_WAITING && is != CRM_TICKET_CLOSED) ||
	    !crm_str_is(into->v[CRM_TK_LAST_WORD].s, "customer") ||
	    into->v[CRM_TK_LAST_AT].i < into->v[CRM_TK_SINCE].i)
		return CRM_OK;
	into->v[CRM_TK_STATE] = enum_of(into, CRM_TK_STATE, CRM_TICKET_OPEN);
	return crm_ticket_put_at(ch, into, ch->opt.now, err);
}

int
crm_ticket_merge(
    struct crm_change *ch, uint64_t from, uint64_t into, struct crm_err *err)
{
	const struct crm_kind *k = &crm_change_schema(ch)->kind[CRM_K_TICKET];
	struct crm_event e = {.kind = CRM_K_TICKET,
	    .about = into,
	    .what = CRM_EVENT_MERGE,
	    .reason = crm_change_why(ch)};
	struct crm_record *a, *b;
	int r;

	if (from == into)
		return crm_err_set(
		    err, CRM_EDATA, "a ticket cannot be merged into itself");
	r = crm_change_get(ch, k, from, &b, err);
	if (r == CRM_OK)
		r = crm_change_get(ch, k, into, &a, err);
	if (r == CRM_OK)
		r = id_text(ch, CRM_K_TICKET, from, &e.source, err);
	/* what was said in it counts from when it was said */
	if (r == CRM_OK) {
		e.at = b->v[CRM_TK_OPENED].i < a->v[CRM_TK_OPENED].i
			   ? b->v[CRM_TK_OPENED].i
			   : a->v[CRM_TK_OPENED].i;
		r = crm_event_add(ch, &e, err);
	}
	if (r == CRM_OK)
		r = crm_change_merge(ch, k, from, into, err);
	if (r == CRM_OK)
		r = take_names(b, a, err);
	if (r == CRM_OK && a->v[CRM_TK_CUSTOMER].type == CRM_T_NONE)
		a->v[CRM_TK_CUSTOMER] = b->v[CRM_TK_CUSTOMER];
	if (r == CRM_OK)
		r = fold_again(ch, a, err);
	return r == CRM_OK ? take_turn(ch, b, a, err) : r;
}

/* A touch to be split off, with the time that puts them in order. */
struct part {
	uint64_t touch;
	int64_t at;
};

static int
by_at(const void *pa, const void *pb)
{
	const struct part *a = pa, *b = pb;

	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	return a->touch < b->touch ? -1 : a->touch > b->touch;
}

static int
find_parts(struct crm_change *ch, uint64_t ticket, const uint64_t *touch,
    size_t n, struct part *part, struct crm_err *err)
{
	const struct crm_schema *s = crm_change_schema(ch);
	struct crm_thread th;
	int r = crm_thread_gather(
	    ch->txn, ch, s, ticket, INT64_MAX, &ch->work, &th, err);

	for (size_t i = 0; i < n && r == CRM_OK; i++) {
		size_t j = 0;

		while (j < th.n && (th.v[j].what != CRM_EVENT_WORD ||
				       th.v[j].touch != touch[i]))
			j++;
		if (j == th.n)
			return crm_err_set(err, CRM_EDATA,
			    "H%llu is no word of T%llu's thread",
			    (unsigned long long)touch[i],
			    (unsigned long long)ticket);
		part[i] = (struct part){touch[i], th.v[j].at};
	}
	return r;
}

int
crm_ticket_split(struct crm_change *ch, uint64_t ticket, const uint64_t *touch,
    size_t n, struct crm_record *rec, struct crm_err *err)
{
	static const int same[] = {CRM_TK_CUSTOMER, CRM_TK_SUBJECT, CRM_TK_TYPE,
	    CRM_TK_PRIORITY, CRM_TK_ASSIGNEE, CRM_TK_TEAM, CRM_TK_CHANNEL,
	    CRM_TK_ABOUT};
	const struct crm_schema *s = crm_change_schema(ch);
	struct part *part = crm_arena_alloc(&ch->work, (n + 1) * sizeof *part);
	struct crm_record *old, *word;
	int r = part ? find_parts(ch, ticket, touch, n, part, err)
		     : crm_err_nomem(err);

	if (r == CRM_OK)
		r = crm_change_get(
		    ch, &s->kind[CRM_K_TICKET], ticket, &old, err);
	if (r < 0)
		return r;
	qsort(part, n, sizeof *part, by_at);
	for (size_t i = 0; i < sizeof same / sizeof *same; i++)
		if (rec->v[same[i]].type == CRM_T_NONE)
			rec->v[same[i]] = old->v[same[i]];
	if (n > 0)
		rec->v[CRM_TK_OPENED] =
		    crm_value_num(CRM_T_TIME, part[0].at, 0);
	r = crm_change_put(ch, rec, err);
	for (size_t i = 0; i < n && r == CRM_OK; i++) {
		r = crm_change_get(
		    ch, &s->kind[CRM_K_TOUCH], part[i].touch, &word, err);
		if (r < 0)
			break;
		word->v[CRM_TO_ABOUT] = crm_value_id(CRM_K_TICKET, rec->id);
		r = crm_change_put(ch, word, err);
	}
	return r;
}
