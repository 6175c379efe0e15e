/*
 * ticket_parts.h - what ticket.c, touch.c and thread.c share; inside the room
 * only.  The places are those of the tables in lib/schema/kinds.c, to which
 * rows are only added at the end.
 */
#ifndef CRM_MODEL_TICKET_PARTS_H
#define CRM_MODEL_TICKET_PARTS_H

#include <crm/ticket.h>

#include "change.h"
#include "event_parts.h"

enum crm_ticket_field {
	CRM_TK_CUSTOMER = 1,
	CRM_TK_OPENED,
	CRM_TK_SUBJECT,
	CRM_TK_TYPE,
	CRM_TK_PRIORITY,
	CRM_TK_STATE,
	CRM_TK_SINCE,
	CRM_TK_ASSIGNEE,
	CRM_TK_TEAM,
	CRM_TK_FIRST_ANSWER,
	CRM_TK_LAST_WORD,
	CRM_TK_LAST_AT,
	CRM_TK_CHANNEL,
	CRM_TK_ABOUT,
	CRM_TK_WORDS,
	CRM_TK_REOPENED
};

enum crm_touch_field {
	CRM_TO_CUSTOMER = 1,
	CRM_TO_AT,
	CRM_TO_CHANNEL,
	CRM_TO_DIRECTION,
	CRM_TO_SUBJECT,
	CRM_TO_ABOUT,
	CRM_TO_AGENT,
	CRM_TO_COST,
	CRM_TO_DURATION
};
enum crm_touch_direction { CRM_TOUCH_IN = 1, CRM_TOUCH_OUT };

/* crm_thread_read; with a change what it has pending is seen too. */
int crm_thread_gather(struct crm_txn *t, struct crm_change *ch,
    const struct crm_schema *s, uint64_t ticket, int64_t at,
    struct crm_arena *a, struct crm_thread *out, struct crm_err *err);

/* Somebody said something: the word, and what follows for the ticket. */
int crm_ticket_hear(struct crm_change *ch, uint64_t ticket,
    const struct crm_record *touch, struct crm_err *err);
/* A word went to another ticket. */
int crm_ticket_lose(struct crm_change *ch, uint64_t ticket, uint64_t to,
    const struct crm_record *touch, struct crm_err *err);

/* Refuses a value of a field. */
int crm_ticket_bad(struct crm_err *err, const char *field, const char *text);

#endif
