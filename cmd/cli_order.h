/*
 * cli_order.h - the verbs of crm-order, each in a file of its own.
 */
#ifndef CRM_CLI_ORDER_H
#define CRM_CLI_ORDER_H

#include "cli_noun.h"

cli_fn cli_order_add, cli_order_event, cli_order_totals;

extern const struct cli_option cli_order_add_options[],
    cli_order_money_options[], cli_order_goods_options[],
    cli_order_back_options[], cli_order_totals_options[];

/*
 * What is asked by options of the verb's own, for --key: the same key must
 * mean the same.  hash adds one to c->set, where cli_work_begin looks;
 * c->nset is to be set back after it.
 */
int cli_order_hash(
    struct cli *c, const char *option, const char *value, struct crm_err *err);
/* Begins a run whose own options are hashed already; n: c->nset before. */
int cli_order_begin(struct cli *c, size_t n, bool many, struct cli_work *w,
    struct crm_err *err);

#endif
