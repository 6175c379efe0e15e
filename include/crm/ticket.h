/*
 * ticket.h - the threads of tickets, and the clocks that follow from them.
 *
 * A thread is the events about a ticket: what state it had from when on, who
 * worked on it, who said something when.  What was said is a touch (a contact
 * about the ticket); its word in the thread is put with it.  Every clock is a
 * fold over these entries, and what a ticket's record keeps (first_answer,
 * last_word, ...) is that fold, kept up to date.
 *
 *	crm_thread_read(t, schema, 7, INT64_MAX, &arena, &thread, err);
 *	crm_thread_clock(&thread, 7, now, &clock);
 *	wait = clock.first_answer - clock.begun;
 */
#ifndef CRM_TICKET_H
#define CRM_TICKET_H

#include <crm/model.h>

/* Places of the ticket's enums. */
enum crm_ticket_state {
	CRM_TICKET_NEW = 1,
	CRM_TICKET_OPEN,
	CRM_TICKET_WAITING,
	CRM_TICKET_HELD,
	CRM_TICKET_CLOSED
};
enum crm_ticket_who { CRM_TICKET_CUSTOMER = 1, CRM_TICKET_AGENT };

struct crm_thread_entry {
	uint64_t event;
	uint64_t ticket; /* the one, or one that was merged into it */
	uint64_t touch; /* of a word, 0 none */
	int64_t at;
	unsigned what; /* place in the values of an event's field `what` */
	struct crm_str topic, from, to, reason, source, actor;
};
struct crm_thread {
	struct crm_thread_entry *v;
	size_t n;
};
/*
 * The entries of a ticket and of those merged into it before `at` (INT64_MAX:
 * all), in time order; words that were moved to another ticket are left out.
 * All memory is the arena's.
 */
int crm_thread_read(struct crm_txn *t, const struct crm_schema *s,
    uint64_t ticket, int64_t at, struct crm_arena *a, struct crm_thread *out,
    struct crm_err *err);

/* Times are INT64_MIN where there is none. */
struct crm_ticket_clock {
	int64_t in[CRM_TICKET_CLOSED + 1]; /* seconds in each state, by place */
	unsigned state; /* 0: no entry says */
	int64_t since;
	int64_t begun; /* the first entry: of it, or of one merged into it */
	int64_t first_answer, last_at;
	enum crm_ticket_who last_word; /* 0: nothing was said */
	int64_t words, reopened;
};
/* until: the time in the last state is counted up to there. */
void crm_thread_clock(const struct crm_thread *th, uint64_t ticket,
    int64_t until, struct crm_ticket_clock *out);

/* ---- changes ---- */

/* Puts a ticket that changed (its state, who works on it) at a time of its
 * own: not before it has its present state. */
int crm_ticket_put_at(struct crm_change *ch, struct crm_record *rec, int64_t at,
    struct crm_err *err);
/* A remark that the customer does not see. */
int crm_ticket_note(struct crm_change *ch, uint64_t ticket, struct crm_str text,
    int64_t at, struct crm_err *err);
/* `from` is `into` from now on: it redirects, its thread is part of the other.
 * Identities go over.  CRM_EDATA with a message. */
int crm_ticket_merge(
    struct crm_change *ch, uint64_t from, uint64_t into, struct crm_err *err);
/* A new ticket (rec, not put yet: what is empty is that of the old one) of
 * some of a ticket's words, named by their touches. */
int crm_ticket_split(struct crm_change *ch, uint64_t ticket,
    const uint64_t *touch, size_t n, struct crm_record *rec,
    struct crm_err *err);

#endif
