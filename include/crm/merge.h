/*
 * merge.h - customers that are the same, made one.
 *
 * Whoever is merged redirects to the survivor for ever: his number is still
 * understood, and answers the other.  All that names him names the survivor
 * then: orders, tickets, contacts, relations, tasks, consents, whatever kind
 * has a column of customers; figures follow, as they are made from those.  It
 * is a change like any other and undone like any other (crm/history.h).
 *
 *	struct crm_merge m = {.keep = CRM_KEEP_SURVIVOR};
 *	crm_merge_want(&m, 57, 42, err);	57 into 42
 *	crm_merge_put(&m, change, err);
 *	crm_merge_release(&m);
 */
#ifndef CRM_MERGE_H
#define CRM_MERGE_H

#include <crm/hash.h>
#include <crm/model.h>

/* Whose value stays where both have one. */
enum crm_keep {
	CRM_KEEP_SURVIVOR,
	CRM_KEEP_NEWEST, /* of the record that was changed last */
	CRM_KEEP_LONGEST /* the longer text */
};

/* Zeroed is empty. */
struct crm_merge {
	enum crm_keep keep;
	struct crm_idmap into; /* number -> who survives it */
	uint64_t *from; /* the numbers, in the order they came */
	size_t n, cap;
	uint64_t moved; /* records that name the survivor now */
};
/*
 * One goes into the other, or into whoever that one goes into.  CRM_NO when
 * they are one already; CRM_ENOMEM.
 */
int crm_merge_want(
    struct crm_merge *m, uint64_t from, uint64_t into, struct crm_err *err);
/* Who survives a number: itself when nothing was said of it. */
uint64_t crm_merge_survivor(const struct crm_merge *m, uint64_t number);
/*
 * Puts all of it into a change.  What only one has is kept, what both have is
 * decided by keep; lists and identities are united; a relation of the two with
 * each other is removed.  CRM_EDATA: they were said not to be the same.
 */
int crm_merge_put(
    struct crm_merge *m, struct crm_change *ch, struct crm_err *err);
void crm_merge_release(struct crm_merge *m);

#endif
