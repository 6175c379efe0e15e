/*
 * cli_ticket.h - the verbs of crm-ticket, those that print threads in a file
 * of their own.
 */
#ifndef CRM_CLI_TICKET_H
#define CRM_CLI_TICKET_H

#include "cli_noun.h"

cli_fn cli_ticket_thread, cli_ticket_times;

#endif
