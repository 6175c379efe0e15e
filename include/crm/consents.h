/*
 * consents.h - the consents of all customers as of a moment, read at once.
 *
 *	struct crm_consents c = {0};
 *
 *	crm_consents_load(&c, txn, schema, INT64_MAX, err);
 *	crm_consents_any(&c, 42);	by any channel, for anything
 *	crm_consents_release(&c);
 */
#ifndef CRM_CONSENTS_H
#define CRM_CONSENTS_H

#include <crm/hash.h>
#include <crm/model.h>

struct crm_consents {
	struct crm_map topic; /* "email/offers" -> its place */
	struct crm_idmap last; /* (topic, customer) -> time and what was said */
	struct crm_buf key;
};
int crm_consents_load(struct crm_consents *c, struct crm_txn *t,
    const struct crm_schema *s, int64_t at, struct crm_err *err);
int crm_consents_has(struct crm_consents *c, uint64_t customer,
    struct crm_str channel, struct crm_str purpose, bool *yes,
    struct crm_err *err);
/* Is there consent by any channel for any purpose? */
bool crm_consents_any(const struct crm_consents *c, uint64_t customer);
void crm_consents_release(struct crm_consents *c);

#endif
