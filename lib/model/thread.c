/*
 * thread.c - the thread of a ticket, from its events.
 *
 * Events are never moved: a ticket that was merged into another keeps its own,
 * and an event about the other names it, so that undo has nothing to bring
 * back but that one.  What was moved to another ticket is left out by a later
 * event which says so.  A thread is short, so it is read whole.
 */
#include <stdlib.h>

#include "ticket_parts.h"

struct gather {
	struct crm_txn *txn;
	struct crm_change *ch; /* may be NULL */
	const struct crm_schema *s;
	struct crm_arena *a;
	int64_t at;
	struct crm_thread_entry *v;
	size_t n, cap;
	uint64_t *ticket; /* those to be read */
	size_t ntickets, captickets;
};

static int
add_ticket(struct gather *g, uint64_t ticket, struct crm_err *err)
{
	for (size_t i = 0; i < g->ntickets; i++)
		if (g->ticket[i] == ticket)
			return CRM_OK;
	if (!crm_grow(
		&g->ticket, &g->captickets, g->ntickets, sizeof *g->ticket))
		return crm_err_nomem(err);
	g->ticket[g->ntickets++] = ticket;
	return CRM_OK;
}

static struct crm_str
keep(struct gather *g, const struct crm_record *e, const char *field)
{
	return crm_arena_str(g->a, crm_record_get(e, field)->s);
}

/* The number a text names, when it is an id of this kind. */
static uint64_t
number_in(const struct crm_schema *s, struct crm_str text, unsigned kind)
{
	struct crm_id id;

	if (text.n == 0 || crm_id_parse(s, text, &id) < 0 || id.kind != kind)
		return 0;
	return id.number;
}

static int
add_entry(struct gather *g, const struct crm_record *e, uint64_t ticket,
    struct crm_err *err)
{
	struct crm_thread_entry *x;
	uint64_t merged;
	int64_t at = crm_record_get(e, "at")->i;

	if (at >= g->at)
		return CRM_OK;
	if (!crm_grow(&g->v, &g->cap, g->n, sizeof *g->v))
		return crm_err_nomem(err);
	x = &g->v[g->n++];
	*x = (struct crm_thread_entry){.event = e->id,
	    .ticket = ticket,
	    .at = at,
	    .what = (unsigned)crm_record_get(e, "what")->i,
	    .topic = keep(g, e, "topic"),
	    .from = keep(g, e, "old"),
	    .to = keep(g, e, "new"),
	    .reason = keep(g, e, "reason"),
	    .source = keep(g, e, "source"),
	    .actor = keep(g, e, "actor")};
	if (!x->topic.p || !x->from.p || !x->to.p || !x->reason.p ||
	    !x->source.p || !x->actor.p)
		return crm_err_nomem(err);
	x->touch = number_in(g->s, x->source, CRM_K_TOUCH);
	merged = x->what == CRM_EVENT_MERGE
		     ? number_in(g->s, x->source, CRM_K_TICKET)
		     : 0;
	return merged != 0 ? add_ticket(g, merged, err) : CRM_OK;
}

static int
read_stored(struct gather *g, uint64_t ticket, struct crm_err *err)
{
	struct crm_prefix p =
	    crm_prefix_events(g->txn, g->s, CRM_K_TICKET, ticket);
	struct crm_arena a = {0};
	struct crm_record *e;
	int r = CRM_OK;

	while (r == CRM_OK) {
		crm_arena_reset(&a);
		r = crm_prefix_record(
		    &p, &g->s->kind[CRM_K_EVENT], &a, &e, err);
		if (r == CRM_OK)
			r = add_entry(g, e, ticket, err);
	}
	crm_prefix_close(&p);
	crm_arena_release(&a);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

/* Those that the change adds. */
static int
read_pending(struct gather *g, uint64_t ticket, struct crm_err *err)
{
	const struct crm_kind *k = &g->s->kind[CRM_K_EVENT];
	struct crm_record *e;
	uint64_t event;
	bool more =
	    g->ch != NULL && crm_idmap_get(&g->ch->thread, ticket, &event);
	int r = CRM_OK;

	while (more && r == CRM_OK) {
		r = crm_change_get(g->ch, k, event, &e, err);
		if (r == CRM_OK)
			r = add_entry(g, e, ticket, err);
		more = crm_idmap_get(&g->ch->before, event, &event);
	}
	return r;
}

static int
by_event(const void *pa, const void *pb)
{
	const struct crm_thread_entry *a = pa, *b = pb;

	return a->event < b->event ? -1 : a->event > b->event;
}

static int
by_time(const void *pa, const void *pb)
{
	const struct crm_thread_entry *a = pa, *b = pb;

	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	return by_event(pa, pb);
}

/* Takes out the words that were moved away, as they were said to be: a word
 * may come back. */
static void
drop_moved(struct gather *g)
{
	size_t n = 0;

	for (size_t i = 0; i < g->n; i++) {
		struct crm_thread_entry e = g->v[i];

		if (e.what == CRM_EVENT_MOVED)
			for (size_t j = n; j-- > 0;)
				if (g->v[j].what == CRM_EVENT_WORD &&
				    g->v[j].touch == e.touch) {
					memmove(g->v + j, g->v + j + 1,
					    (n - j - 1) * sizeof *g->v);
					n--;
					break;
				}
		g->v[n++] = e;
	}
	g->n = n;
}

int
crm_thread_gather(struct crm_txn *t, struct crm_change *ch,
    const struct crm_schema *s, uint64_t ticket, int64_t at,
    struct crm_arena *a, struct crm_thread *out, struct crm_err *err)
{
	struct gather g = {.txn = t, .ch = ch, .s = s, .a = a, .at = at};
	int r = add_ticket(&g, ticket, err);

	memset(out, 0, sizeof *out);
	for (size_t i = 0; i < g.ntickets && r == CRM_OK; i++) {
		r = read_stored(&g, g.ticket[i], err);
		if (r == CRM_OK)
			r = read_pending(&g, g.ticket[i], err);
	}
	if (r == CRM_OK && g.n > 0) {
		qsort(g.v, g.n, sizeof *g.v, by_event);
		drop_moved(&g);
		qsort(g.v, g.n, sizeof *g.v, by_time);
		out->v = crm_arena_alloc(a, g.n * sizeof *g.v);
		if (out->v == NULL)
			r = crm_err_nomem(err);
		else
			memcpy(out->v, g.v, g.n * sizeof *g.v);
		out->n = out->v != NULL ? g.n : 0;
	}
	free(g.v);
	free(g.ticket);
	return r;
}

int
crm_thread_read(struct crm_txn *t, const struct crm_schema *s, uint64_t ticket,
    int64_t at, struct crm_arena *a, struct crm_thread *out,
    struct crm_err *err)
{
	return crm_thread_gather(t, NULL, s, ticket, at, a, out, err);
}

static void
hear(struct crm_ticket_clock *c, const struct crm_thread_entry *e)
{
	bool agent = crm_str_is(e->topic, "agent");

	c->words++;
	c->last_word = agent ? CRM_TICKET_AGENT : CRM_TICKET_CUSTOMER;
	c->last_at = e->at;
	if (agent && c->first_answer == INT64_MIN)
		c->first_answer = e->at;
}

void
crm_thread_clock(const struct crm_thread *th, uint64_t ticket, int64_t until,
    struct crm_ticket_clock *c)
{
	static const char states[] = "new,open,waiting,held,closed";

	*c = (struct crm_ticket_clock){.since = INT64_MIN,
	    .begun = th->n > 0 ? th->v[0].at : INT64_MIN,
	    .first_answer = INT64_MIN,
	    .last_at = INT64_MIN};
	for (size_t i = 0; i < th->n; i++) {
		const struct crm_thread_entry *e = &th->v[i];

		if (e->what == CRM_EVENT_WORD)
			hear(c, e);
		if (e->what != CRM_EVENT_STATE || e->ticket != ticket)
			continue;
		if (c->state != 0)
			c->in[c->state] += e->at - c->since;
		if (c->state == CRM_TICKET_CLOSED)
			c->reopened++;
		c->state = crm_enum_place(states, e->to);
		c->since = e->at;
	}
	if (c->state != 0 && until > c->since)
		c->in[c->state] += until - c->since;
}
