/*
 * event_parts.h - putting events; inside the room only.
 */
#ifndef CRM_MODEL_EVENT_PARTS_H
#define CRM_MODEL_EVENT_PARTS_H

#include "hooks.h"
#include "prefix.h"

/* Values of an event's `what`, by the table in lib/schema/kinds.c. */
enum crm_event_what {
	CRM_EVENT_STAGE = 1,
	CRM_EVENT_CONSENT,
	CRM_EVENT_NOTE,
	CRM_EVENT_REMIND, /* of a task */
	CRM_EVENT_STATE, /* from, to */
	CRM_EVENT_ASSIGN, /* topic: the field; from, to */
	CRM_EVENT_WORD, /* topic: customer or agent; source: the touch */
	CRM_EVENT_MOVED, /* source: the touch; to: the ticket it is about now */
	CRM_EVENT_MERGE /* source: the ticket that is part of this one now */
};

struct crm_event {
	unsigned kind; /* what it is about */
	uint64_t about;
	enum crm_event_what what;
	int64_t at;
	struct crm_str topic, from, to, reason, source;
	struct crm_str actor; /* n 0: whose change it is */
};
/* Puts a new event; copies nothing, the texts live as long as the change's
 * work arena. */
int crm_event_add(
    struct crm_change *ch, const struct crm_event *e, struct crm_err *err);

#endif
