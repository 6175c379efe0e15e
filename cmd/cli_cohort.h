/*
 * cli_cohort.h - groups of customers by a column of their records.
 */
#ifndef CRM_CLI_COHORT_H
#define CRM_CLI_COHORT_H

#include "cli.h"

/* Words in the order of their bytes, and each customer's. */
struct cli_cohort_words {
	uint32_t *group; /* of each of the names */
	struct crm_str *text;
	size_t n;
	struct crm_map map;
};
/* names: customers of the store, in rising order.  Who is not there any more
 * is in the group without a value. */
int cli_cohort_words(struct cli *c, const struct crm_names *names, int field,
    struct cli_cohort_words *out, struct crm_err *err);
void cli_cohort_words_release(struct cli_cohort_words *w);

#endif
