/*
 * crm-gen.c - writes a synthetic shop, with its truth, as an archive.
 *
 * Nothing it writes depends on the clock: the period has a default of its
 * own, so that the same words give the same bytes on any day.
 */
#include <unistd.h>

#include "cli.h"

static int64_t customers = -1, orders = -1, products = -1, seed = 1;
static const char *from = "2025-01-01", *until = "2026-01-01";
static const char *currency = "EUR", *section, *format = "archive";
static const char *changes, *lines;

static const struct cli_option options[] = {
    {0, "customers", CLI_INT, &customers, "N", "so many customers (1000)"},
    {0, "orders", CLI_INT, &orders, "N",
	"so many orders (5 for each customer)"},
    {0, "products", CLI_INT, &products, "N", "so many products (240)"},
    {0, "lines", CLI_TEXT, &lines, "N",
	"so many lines an order on the average (about 1.9)"},
    {0, "seed", CLI_INT, &seed, "N", "another number, another shop (1)"},
    {0, "changes", CLI_TEXT, &changes, "SHARE",
	"of the buyers change, by rate, taste, spend or channel (4%, by rate "
	"or taste)"},
    {0, "from", CLI_TEXT, &from, "DATE", "the first day (2025-01-01)"},
    {0, "until", CLI_TEXT, &until, "DATE",
	"the day after the last (2026-01-01)"},
    {0, "currency", CLI_TEXT, &currency, "CODE", "ISO 4217 (EUR)"},
    {0, "section", CLI_TEXT, &section, "NAME",
	"only this section, as a stream"},
    {0, "format", CLI_TEXT, &format, "FORMAT",
	"archive, or shopify: a CSV like Shopify's export of orders"},
    {0},
};

static int
put(void *ctx, struct crm_str bytes, struct crm_err *err)
{
	(void)ctx;
	return crm_write_all(STDOUT_FILENO, bytes.p, bytes.n, "stdout", err);
}

static int
take_day(
    const char *option, const char *text, int64_t *out, struct crm_err *err)
{
	if (crm_date_parse(crm_str(text), out) == CRM_OK)
		return CRM_OK;
	crm_err_set(err, CRM_EUSAGE, "'%s' is not a date", text);
	crm_err_field(err, option, strlen(option));
	crm_err_hint(err, "dates are written 2025-12-31");
	return CRM_EUSAGE;
}

static int
take_share(double *out, struct crm_err *err)
{
	struct crm_share s;
	int code;

	if (!changes)
		return CRM_OK;
	code = crm_share_parse(crm_str(changes), false, &s, err);
	if (code == CRM_OK)
		*out = crm_dec_double(s.v);
	else
		crm_err_field(err, "--changes", 9);
	return code;
}

static int
take_lines(double *out, struct crm_err *err)
{
	const struct crm_dec least = {1, 0}, most = {20, 0};
	struct crm_dec d;

	if (!lines)
		return CRM_OK;
	if (crm_dec_parse(crm_str(lines), &d) < 0 ||
	    crm_dec_cmp(d, least) < 0 || crm_dec_cmp(d, most) > 0)
		return crm_err_set(err, CRM_EUSAGE,
		    "--lines: '%s' is not a number from 1 to 20, like 2.5",
		    lines);
	*out = crm_dec_double(d);
	return CRM_OK;
}

static int
generate(struct cli *c, struct crm_err *err)
{
	struct crm_gen_options opt = {
	    .customers = customers < 0 ? 1000 : (uint64_t)customers,
	    .products = products < 0 ? 240 : (uint64_t)products,
	    .seed = (uint64_t)seed,
	    .currency = crm_str(currency)};
	bool shopify = strcmp(format, "shopify") == 0;
	struct crm_gen *g = NULL;
	int code = cli_operands(c, 0, 0, err);

	if (code == CRM_OK && c->noperand)
		code = crm_err_set(err, CRM_EUSAGE,
		    "'%s': no operands are wanted", c->operand[0]);
	if (code == CRM_OK && !shopify && strcmp(format, "archive") != 0)
		code = crm_err_set(err, CRM_EUSAGE,
		    "--format: '%s' is not archive or shopify", format);
	if (code == CRM_OK && shopify && section)
		code = crm_err_set(err, CRM_EUSAGE,
		    "--section is for archives, not for shopify");
	opt.orders = orders < 0 ? 5 * opt.customers : (uint64_t)orders;
	if (code == CRM_OK)
		code = take_day("--from", from, &opt.from, err);
	if (code == CRM_OK)
		code = take_day("--until", until, &opt.until, err);
	if (code == CRM_OK)
		code = take_share(&opt.changes, err);
	if (code == CRM_OK)
		code = take_lines(&opt.lines, err);
	if (code == CRM_OK)
		code = crm_gen_open(&g, &opt, err);
	if (code == CRM_OK && shopify)
		code = crm_gen_shopify(g, put, NULL, err);
	else if (code == CRM_OK && section)
		code = crm_gen_section(g, crm_str(section), put, NULL, err);
	else if (code == CRM_OK)
		code = crm_gen_archive(g, put, NULL, err);
	crm_gen_close(g);
	return code;
}

static const struct cli_verb verbs[] = {
    {"", generate, CLI_NONE, 0, options, "", "write a synthetic shop"},
    {0},
};

static const struct cli_command command = {
    "crm-gen", "write a synthetic shop with its truth", NULL, 0, verbs};

int
main(int argc, char **argv)
{
	return crm_main(&command, argc, argv);
}
