/*
 * crm-product - products, their variants and bundles.
 */
#include "cli_noun.h"

static int
components(struct cli *c, struct crm_err *err)
{
	return cli_part_list(c, "component", err);
}

static const struct cli_verb verbs[] = {
    {"components", components, CLI_SCAN,
	CLI_LIST | CLI_IN | CLI_OUT | CLI_CLOCK, NULL, "[REF... | -]",
	"print what bundles are made of"},
    {0},
};

static const struct cli_command command = {"crm-product",
    "products, their variants and bundles", "product", CLI_COMMON, verbs};

int
main(int argc, char **argv)
{
	return crm_main(&command, argc, argv);
}
