/*
 * cli_sets.h - the rows of crm-basket: sets and rules, with their figures.
 */
#ifndef CRM_CLI_SETS_H
#define CRM_CLI_SETS_H

#include "cli.h"

/* Zeroed is empty. */
struct cli_sets {
	struct cli *c;
	struct cli_rows *rows;
	bool rules;
	bool plain; /* rows are written by hand */
	struct cli_label *label; /* of the frequent items */
	struct crm_buf labels;
	size_t nglue;
	struct crm_buf left, right; /* lines, where rows are plain */
	uint64_t nlines;
	struct cli_tail *tail; /* the ends of the last rows, by their counts */
};

int cli_sets_open(
    struct cli_sets *s, struct cli *c, bool rules, struct crm_err *err);
/* Before the first row: what the items are called, and what is put between
 * them. */
int cli_sets_name(struct cli_sets *s, const struct crm_names *names,
    const struct crm_itemsets *sets, const char *glue, struct crm_err *err);
/*
 * A row: of a set its items and none on the right, with t->n baskets and the
 * t->both that have it; of a rule those of the left side, then those of the
 * right one.  Orders each side.  CRM_NO when no more rows are wanted.
 */
int cli_sets_put(struct cli_sets *s, uint32_t *item, size_t nleft,
    size_t nright, const struct crm_together *t, struct crm_err *err);
int cli_sets_close(struct cli_sets *s, struct crm_err *err);
void cli_sets_abort(struct cli_sets *s);

#endif
