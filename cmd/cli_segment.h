/*
 * cli_segment.h - what the files of crm-segment tell each other.
 */
#ifndef CRM_CLI_SEGMENT_H
#define CRM_CLI_SEGMENT_H

#include "cli_noun.h"

/* The segments of the store as of what is asked about. */
int cli_segment_open(
    struct cli *c, struct crm_segments **out, struct crm_err *err);
/* A customer by reference, with what is wanted, in the arena. */
int cli_segment_customer(struct cli *c, struct crm_txn *t, struct crm_str ref,
    const struct crm_want *want, struct crm_arena *a, struct crm_record **out,
    struct crm_err *err);

/* cli_segment_list.c */
cli_fn cli_segment_list;
cli_fn cli_segment_check;
/* cli_segment_why.c */
cli_fn cli_segment_why;
extern const struct cli_option cli_segment_why_options[];

#endif
