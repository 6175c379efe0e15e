/*
 * timeline.h - everything that happened with a customer, in time.
 *
 * Orders and what happened to them, and whatever names the customer or is
 * about one of these: contacts, tickets, tasks, stages, consents, whichever
 * kinds there are; and the revisions of the customer's own record.
 */
#ifndef CRM_TIMELINE_H
#define CRM_TIMELINE_H

#include <crm/model.h>

struct crm_moment {
	int64_t at;
	struct crm_value id; /* of what happened, and of what that is about */
	struct crm_value about;
	struct crm_str what; /* order, pay, stage, touch, changed */
	struct crm_str text, channel, actor;
	struct crm_value amount; /* none, or money */
	struct crm_str currency;
	int64_t revision; /* of changed: which; else 0 */
};
/*
 * All moments before `at` (INT64_MAX: all there are), in order of time; of one
 * time in the order of ids.  The array and its texts are in the arena, or are
 * the transaction's.
 */
int crm_timeline(struct crm_txn *t, const struct crm_schema *s,
    uint64_t customer, int64_t at, struct crm_arena *a, struct crm_moment **out,
    size_t *n, struct crm_err *err);

#endif
