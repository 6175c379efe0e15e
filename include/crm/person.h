/*
 * person.h - all that is known of a person: given out, or forgotten.
 *
 * Who asks is given one archive.  Who is erased is gone from the records, the
 * orders, touches, tickets, events, tasks and relations, the log and what
 * imports remember, in all revisions; the number stays, as a tombstone of state CRM_ERASED, so that orders, ledger,
 * figures and cohorts stay as they were.  The log's entries are written anew
 * with what is left, so that chains are whole; of the person's own record and
 * events nothing is left in them but that they were erased.  What the data
 * file has in free pages goes with crm_store_compact, which is the caller's to
 * call.  Who was erased is on the list of crm/erased.h before anything is
 * changed, so that a run that was cut short is completed by crm_erase_listed.
 *
 *	crm_store_lock(s, err);
 *	crm_erase(s, &number, 1, &opt, &done, err);
 *	crm_store_compact(s, NULL, NULL, &compacted, err);
 */
#ifndef CRM_PERSON_H
#define CRM_PERSON_H

#include <crm/upkeep.h>

/* Writes a customer as an archive: the record and those merged into it, their
 * orders, touches, tickets, events (consents among them), tasks and relations,
 * what imports remember, and what the log tells of all of these.  out is open for plain bytes.  CRM_NOTFOUND with
 * a message. */
int crm_person_export(struct crm_store *s, uint64_t number, struct crm_out *out,
    struct crm_err *err);

/* How much of one there was. */
struct crm_erase_person {
	uint64_t number, orders, events, touches, tickets;
	uint64_t others; /* tasks, relations and the like */
};
struct crm_erase_options {
	struct crm_origin by;
	bool dry_run; /* count only */
	struct crm_watch watch;
};
struct crm_erase_result {
	struct crm_erase_person *person; /* merged ones too; free() it */
	size_t n;
	uint64_t sources; /* rows that imports remembered */
	uint64_t texts; /* revisions whose reason or key went */
	uint64_t revision; /* the last one written, 0: there was nothing */
};
/*
 * Erases customers, living or gone.  A text outside their own records is
 * searched for what they were known by (name, street, identities of five bytes
 * or more): in the reasons, keys and actors of all revisions, and in all texts
 * of their orders.  A reason or key of a revision that touched nobody else
 * goes in any case.  CRM_NOTFOUND: a number was never given.
 */
int crm_erase(struct crm_store *s, const uint64_t *number, size_t n,
    const struct crm_erase_options *opt, struct crm_erase_result *out,
    struct crm_err *err);
/* Erases again who is on the store's list and yet there: after a restore of
 * an older backup, or a run that was cut short. */
int crm_erase_listed(struct crm_store *s, const struct crm_erase_options *opt,
    struct crm_erase_result *out, struct crm_err *err);

#endif
