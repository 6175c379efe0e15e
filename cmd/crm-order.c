/*
 * crm-order - orders: lines, adjustments, and what happened to them.
 */
#include "cli_order.h"

static bool tests;

static const struct cli_option of_options[] = {CLI_OF_OPTION,
    {0, "test", CLI_FLAG, &tests, NULL, "with the orders that are tests"}, {0}};

static int
list(struct cli *c, struct crm_err *err)
{
	c->unless = tests ? NULL : "test";
	return cli_of_list(c, err);
}

static int
part(struct cli *c, const char *name, struct crm_err *err)
{
	c->unless = tests ? NULL : "test";
	return cli_of_part(c, name, err);
}

static int
lines(struct cli *c, struct crm_err *err)
{
	return part(c, "line", err);
}

static int
adjustments(struct cli *c, struct crm_err *err)
{
	return part(c, "adjustment", err);
}

static int
track(struct cli *c, struct crm_err *err)
{
	return part(c, "track", err);
}

static int
identities(struct cli *c, struct crm_err *err)
{
	return cli_part_list(c, "identity", err);
}

#define WRITES (CLI_CHANGE | CLI_BULK | CLI_EACH | CLI_IN | CLI_OUT)

static const struct cli_verb verbs[] = {
    {"add", cli_order_add, CLI_WRITE, CLI_FIELDS | WRITES,
	cli_order_add_options, "[-]",
	"add an order, or those of the stream on stdin, a row for each line"},
    {"list", list, CLI_SCAN, CLI_LIST | CLI_IN | CLI_OUT | CLI_CLOCK,
	of_options, "[-]",
	"print all orders, or those chosen by the ids on stdin"},
    {"pay", cli_order_event, CLI_WRITE, WRITES, cli_order_money_options,
	"REF... | -", "record a payment; without --amount all that is open"},
    {"ship", cli_order_event, CLI_WRITE, WRITES, cli_order_goods_options,
	"REF... | -", "record that goods left"},
    {"deliver", cli_order_event, CLI_WRITE, WRITES, cli_order_goods_options,
	"REF... | -", "record that goods arrived"},
    {"cancel", cli_order_event, CLI_WRITE, WRITES, cli_order_back_options,
	"REF... | -", "cancel orders, or units of a line"},
    {"return", cli_order_event, CLI_WRITE, WRITES, cli_order_back_options,
	"REF... | -", "record that goods came back"},
    {"refund", cli_order_event, CLI_WRITE, WRITES, cli_order_money_options,
	"REF... | -",
	"record money given back; without --amount all that was paid"},
    {"lines", lines, CLI_SCAN, CLI_LIST | CLI_IN | CLI_OUT | CLI_CLOCK,
	of_options, "[REF... | -]", "print a row for each line"},
    {"adjustments", adjustments, CLI_SCAN,
	CLI_LIST | CLI_IN | CLI_OUT | CLI_CLOCK, of_options, "[REF... | -]",
	"print discounts, shipping and fees"},
    {"track", track, CLI_SCAN, CLI_LIST | CLI_IN | CLI_OUT | CLI_CLOCK,
	of_options, "[REF... | -]",
	"print what happened, a row for each event"},
    {"identities", identities, CLI_SCAN,
	CLI_LIST | CLI_IN | CLI_OUT | CLI_CLOCK, NULL, "[REF... | -]",
	"print the other names they are known by"},
    {"totals", cli_order_totals, CLI_SCAN, CLI_EXPR | CLI_OUT | CLI_CLOCK,
	cli_order_totals_options, "", "print what was sold, in groups"},
    {0},
};

static const struct cli_command command = {"crm-order",
    "orders: lines, adjustments, and what happened to them", "order",
    CLI_COMMON, verbs};

int
main(int argc, char **argv)
{
	return crm_main(&command, argc, argv);
}
