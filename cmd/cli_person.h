/*
 * cli_person.h - verbs of crm-customer about all that is known of a person.
 */
#ifndef CRM_CLI_PERSON_H
#define CRM_CLI_PERSON_H

#include "cli.h"

extern const struct cli_option cli_erase_options[];
cli_fn cli_person_export, cli_person_erase;

#endif
