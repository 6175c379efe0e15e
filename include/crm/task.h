/*
 * task.h - tasks that come again, and what is due: the table of duties.
 *
 * A duty looks at records of one kind and says when something is to be done
 * about each; doing it puts a record that can be there once only, by a unique
 * field.  So it does not matter how often, by how many at a time, or how far
 * it is done before it is killed: what was done is seen by the next who looks,
 * and the store refuses a second.  A later rule is one more row in lib/model/
 * tick.c.
 *
 *	crm_tick_each(txn, schema, now, print, ctx, err);	what is due
 *	crm_tick_run(change, now, 1000, print, ctx, &n, err);	does it
 */
#ifndef CRM_TASK_H
#define CRM_TASK_H

#include <crm/model.h>

/*
 * When the task after this one is due.  fixed: the next date of the calendar
 * past this one's and past the moment it was closed, so that missed ones are
 * joined in the one that is open; after: as long after it was closed; catch_up:
 * the next date of the calendar.  Days are added to days and months to months
 * of the store's zone, at the hour of the first, and the 31st is the last of a
 * shorter month.  *from is when it is to be made: its lead before it is due.
 * CRM_NO: none comes, or not before this one is closed.
 */
int crm_task_next(const struct crm_schema *s, const struct crm_record *task,
    int64_t *due, int64_t *from);
/* The first of starts + n spans, n from 1 on, past `after`. */
int64_t crm_task_date(const struct crm_schema *s, int64_t starts,
    const struct crm_span *every, int64_t after);

/* ---- duties ---- */

struct crm_duty {
	const char *name; /* NULL ends the table */
	unsigned kind; /* of the records it looks at */
	const char *help;
	/* When it is to be done about this record; CRM_NO: never, not yet
	 * known, or done.  ch may be NULL. */
	int (*when)(struct crm_txn *t, struct crm_change *ch,
	    const struct crm_schema *s, const struct crm_record *rec,
	    int64_t *at, struct crm_err *err);
	/* Does it; *out is the record that is to be shown, *again whether
	 * the duty is to look at that one too. */
	int (*act)(struct crm_change *ch, const struct crm_record *rec,
	    int64_t at, struct crm_record **out, bool *again,
	    struct crm_err *err);
};
extern const struct crm_duty crm_duties[];

/* rec is borrowed for the call. */
struct crm_tick {
	const struct crm_duty *duty;
	const struct crm_record *rec;
	int64_t at; /* when it was to be done */
};
typedef int crm_tick_fn(
    void *ctx, const struct crm_tick *tick, struct crm_err *err);
/* Calls fn with what is to be done up to a moment (INT64_MAX: all that is
 * known), by duty and number; of a series the next only. */
int crm_tick_each(struct crm_txn *t, const struct crm_schema *s, int64_t until,
    crm_tick_fn *fn, void *ctx, struct crm_err *err);
/* Does what is due at a moment, at most max times; *n times.  fn (may be
 * NULL) is called with what was made, or reminded of. */
int crm_tick_run(struct crm_change *ch, int64_t now, uint64_t max,
    crm_tick_fn *fn, void *ctx, uint64_t *n, struct crm_err *err);

#endif
