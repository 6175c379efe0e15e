/*
 * crm-rate - rates of exchange: a plain noun.
 */
#include "cli.h"

static const struct cli_command command = {"crm-rate",
    "what currencies were worth on a day", "rate",
    CLI_ADD | CLI_GET | CLI_LISTV | CLI_SET | CLI_RM | CLI_EDIT, NULL};

int
main(int argc, char **argv)
{
	return crm_main(&command, argc, argv);
}
