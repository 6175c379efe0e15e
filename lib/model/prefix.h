/*
 * prefix.h - the records behind an identity or a value of an index; inside
 * the room only.
 *
 *	struct crm_prefix p = crm_prefix_of(t, CRM_TAB_IDENT);
 *
 *	crm_ident_key(&p.key, kind, scheme, normal, 0);
 *	while ((r = crm_prefix_next(&p, &number, err)) == CRM_OK)
 *		...
 *	crm_prefix_close(&p);
 *
 * The loop ends with CRM_NOTFOUND, or with a failure.
 */
#ifndef CRM_MODEL_PREFIX_H
#define CRM_MODEL_PREFIX_H

#include <crm/model.h>

struct crm_prefix {
	struct crm_txn *txn;
	struct crm_cursor *cur; /* NULL: not begun */
	struct crm_buf key; /* what the keys begin with: the caller's to put */
	unsigned table; /* CRM_TAB_IDENT or CRM_TAB_INDEX */
	bool back; /* from the highest number down */
};

static inline struct crm_prefix
crm_prefix_of(struct crm_txn *t, unsigned table)
{
	return (struct crm_prefix){
	    .txn = t, .table = table, .key = {.max = CRM_KEY_MAX}};
}
/* The records of a kind whose indexed field has this value. */
struct crm_prefix crm_prefix_index(struct crm_txn *t, const struct crm_kind *k,
    const char *field, const struct crm_value *v);
/* The events about a record. */
struct crm_prefix crm_prefix_events(struct crm_txn *t,
    const struct crm_schema *s, unsigned kind, uint64_t number);
/* The next number.  Every entry's checksum is looked at. */
int crm_prefix_next(
    struct crm_prefix *p, uint64_t *number, struct crm_err *err);
/* The next number's record of kind k, all of it, in the arena; its texts
 * borrow the store.  One that is not there is CRM_EDAMAGE. */
int crm_prefix_record(struct crm_prefix *p, const struct crm_kind *k,
    struct crm_arena *a, struct crm_record **out, struct crm_err *err);
/* Whatever came of it; a zeroed one too. */
void crm_prefix_close(struct crm_prefix *p);

#endif
