/*
 * cli_card.h - what shows one customer: verbs of crm-customer, and what others
 * are to them.
 */
#ifndef CRM_CLI_CARD_H
#define CRM_CLI_CARD_H

#include "cli.h"

cli_fn cli_timeline, cli_card;

/* Appends "supplies" or, of who is on the other side, "supplied by". */
void cli_relation_said(struct crm_buf *b, struct crm_str name, bool to);
/* What the one is to the other, the other is to the one. */
bool cli_relation_mutual(struct crm_str name);

#endif
