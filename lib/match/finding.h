/*
 * finding.h - what the files that find somebody share; inside the room only.
 */
#ifndef CRM_MATCH_FINDING_H
#define CRM_MATCH_FINDING_H

#include <crm/match.h>

/* The customers found so far; out has room for the limit of the options. */
struct crm_finding {
	struct crm_txn *txn;
	const struct crm_schema *schema;
	const struct crm_find_options *opt;
	struct crm_found *out;
	size_t n;
	bool more;
};

/* find_names.c: by words of names. */
int crm_find_names(
    struct crm_finding *f, struct crm_str text, struct crm_err *err);

#endif
