/*
 * cli_card.h - verbs of crm-customer that show one customer.
 */
#ifndef CRM_CLI_CARD_H
#define CRM_CLI_CARD_H

#include "cli.h"

cli_fn cli_timeline, cli_card;

#endif
