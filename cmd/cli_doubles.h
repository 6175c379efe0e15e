/*
 * cli_doubles.h - telling whoever adds customers that they look like known
 * ones.
 */
#ifndef CRM_CLI_DOUBLES_H
#define CRM_CLI_DOUBLES_H

#include "cli.h"

#define CLI_DOUBLES 20 /* customers told of at most */
#define CLI_DOUBLE_NOTE 0.9 /* probability from which they are */

/* The record the options of a verb describe, not put; in the run's arena. */
int cli_doubles_record(
    struct cli *c, struct crm_record **out, struct crm_err *err);

/* --unless-known of `crm-customer add`. */
extern const char *cli_unless_known;
/* `crm-customer add`: says whom the new customer looks like; refuses him under
 * --unless-known. */
cli_fn cli_customer_add;

/* The highest number of a customer, 0 when there is none. */
int cli_doubles_last(struct cli *c, uint64_t *out, struct crm_err *err);
/* Says how many customers past that number look like others, unless there are
 * more than `most` of them, or there was none before. */
int cli_doubles_count(
    struct cli *c, uint64_t last, uint64_t most, struct crm_err *err);

#endif
