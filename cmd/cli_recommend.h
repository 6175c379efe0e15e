/*
 * cli_recommend.h - what the verbs of crm-recommend share.
 */
#ifndef CRM_CLI_RECOMMEND_H
#define CRM_CLI_RECOMMEND_H

#include "cli_lines.h"

cli_fn cli_recommend_also, cli_recommend_build, cli_recommend_similar,
    cli_recommend_for, cli_recommend_due, cli_recommend_next,
    cli_recommend_eval;
extern const struct cli_option cli_recommend_also_options[],
    cli_recommend_similar_options[], cli_recommend_for_options[],
    cli_recommend_due_options[], cli_recommend_next_options[],
    cli_recommend_eval_options[];

/* What options say, and what was read. */
struct cli_recommend {
	struct cli *c;
	struct crm_sales x;
	struct crm_baskets b; /* by cli_recommend_baskets */
	struct crm_trips trips; /* by cli_recommend_trips */
	struct crm_pairs *pairs;
	struct cli_rows *rows;
	const struct crm_field *fields;
	uint32_t *picked; /* operands, in the run's arena */
	size_t npicked;
	bool *allowed; /* products, NULL: all */
	struct crm_want want; /* columns, of for */
	struct crm_buf why;
	bool some; /* a row was printed */
};
extern int64_t cli_recommend_top, cli_recommend_min;
extern const char *cli_recommend_bought;
extern bool cli_recommend_fill, cli_recommend_explain;

/* All orders with their products, and the pairs in them. */
int cli_recommend_baskets(struct cli_recommend *r, struct crm_err *err);
/* The orders of customers, in the order of time, and the pairs in them. */
int cli_recommend_trips(struct cli_recommend *r, struct crm_err *err);
/*
 * Operands, or the stream of `-`, as numbers of a column (PRODUCT, CUSTOMER):
 * picked.  Who is not in the orders is told of; all: without operands
 * everybody.
 */
int cli_recommend_pick(struct cli_recommend *r, enum crm_sales_column column,
    bool all, struct crm_err *err);
/* --among and --not. */
int cli_recommend_allow(struct cli_recommend *r, struct crm_err *err);
/* --min, --top, --by, --threads. */
int cli_recommend_pairs(struct cli_recommend *r, struct crm_pairs_options *opt,
    struct crm_err *err);
/* Opens the rows: ids are texts under --from. */
int cli_recommend_open(struct cli_recommend *r, const struct crm_field *fields,
    size_t n, struct crm_err *err);
/* Ends the verb: closes the rows or gives them up, releases all. */
int cli_recommend_end(struct cli_recommend *r, int code, struct crm_err *err);
/* How a number of a column is called in a message; in the run's arena. */
const char *cli_recommend_name(
    struct cli_recommend *r, enum crm_sales_column column, uint32_t i);

/* ---- values ---- */
struct crm_value cli_recommend_id(const struct cli_recommend *r,
    enum crm_sales_column column, uint32_t i); /* UINT32_MAX: none */
static inline struct crm_value
cli_recommend_int(int64_t n)
{
	return crm_value_num(CRM_T_INT, n, 0);
}
struct crm_value cli_recommend_figure(double x);

#endif
