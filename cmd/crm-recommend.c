/*
 * crm-recommend.c - what goes with a product, what a customer wants, when they
 * need it again, what to do next.
 */
#include "cli_recommend.h"

#define READS (CLI_OUT | CLI_LIST | CLI_NOTIME | CLI_FROM | CLI_CLOCK | CLI_IN)

static const struct cli_verb verbs[] = {
    {"also", cli_recommend_also, CLI_SCAN, READS, cli_recommend_also_options,
	"PRODUCT... | -", "what is bought together with a product"},
    {"build", cli_recommend_build, CLI_SCAN,
	CLI_OUT | CLI_LIST | CLI_NOTIME | CLI_FROM | CLI_CLOCK,
	cli_recommend_also_options, "", "the same of all products"},
    {"similar", cli_recommend_similar, CLI_SCAN,
	CLI_OUT | CLI_LIST | CLI_NOTIME | CLI_CLOCK,
	cli_recommend_similar_options, "PRODUCT...",
	"products like one, also those nobody has bought yet"},
    {"for", cli_recommend_for, CLI_SCAN, READS, cli_recommend_for_options,
	"CUSTOMER... | -", "what a customer wants next"},
    {"due", cli_recommend_due, CLI_SCAN, READS, cli_recommend_due_options,
	"[CUSTOMER... | -]", "what they need again, and when"},
    {"next", cli_recommend_next, CLI_SCAN, READS, cli_recommend_next_options,
	"[CUSTOMER... | -]", "what to do next about a customer"},
    {"eval", cli_recommend_eval, CLI_SCAN,
	CLI_OUT | CLI_LIST | CLI_NOTIME | CLI_FROM | CLI_CLOCK,
	cli_recommend_eval_options, "",
	"how well that would have done, beside what is simpler"},
    {0},
};

int
main(int argc, char **argv)
{
	static const struct cli_command command = {"crm-recommend",
	    "what goes with a product, and what a customer wants next", NULL, 0,
	    verbs};

	return crm_main(&command, argc, argv);
}
