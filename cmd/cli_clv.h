/*
 * cli_clv.h - what crm-clv and crm-churn share: customers, models, records.
 */
#ifndef CRM_CLI_CLV_H
#define CRM_CLI_CLV_H

#include "cli_from.h"

struct cli_clv {
	struct cli *c;
	struct crm_sales sales;
	struct crm_clv_data data;
	uint64_t revision; /* of the store, 0 none */
};
/* What --model, --unit and --anyway say. */
int cli_clv_kind(enum crm_clv_kind *out, struct crm_err *err);
int cli_clv_how(struct crm_clv_how *out, struct crm_err *err);
/*
 * Reads all sales up to --at (of a stream: up to its last), as customers up to
 * the day `end` (INT64_MAX: the last day there is) with what followed until
 * then as hold-out.  CRM_NO: there is none.
 */
int cli_clv_read(struct cli_clv *x, int64_t end, struct crm_err *err);
/* The same up to the moment of --until, which has to be given, with a hold-out
 * that has days. */
int cli_clv_held(struct cli_clv *x, const char *until, struct crm_err *err);
void cli_clv_release(struct cli_clv *x);

/* Fits purchases and, unless --no-money or the sales had none, money. */
struct cli_clv_fitted {
	struct crm_clv_model m;
	struct crm_clv_fit buys, money;
	double correlation;
};
int cli_clv_fit(
    struct cli_clv *x, struct cli_clv_fitted *out, struct crm_err *err);
/* The fields of a record of kind model. */
int cli_clv_record(struct cli_clv *x, const struct cli_clv_fitted *f,
    struct crm_record *rec, struct crm_err *err);
/* The model of --params, --fitted or --use, the last one of the store, or
 * under --from one that is fitted now. */
int cli_clv_choose(
    struct cli_clv *x, struct crm_clv_model *out, struct crm_err *err);

/* The verb check of crm-clv, and its options. */
cli_fn cli_clv_check;
extern const char *cli_clv_until, *cli_clv_by;

/* A figure as a decimal of so many places, or as money; empty when it is no
 * number of that size. */
struct crm_value cli_figure(double v, unsigned places);
struct crm_value cli_figure_money(double v, unsigned digits);

#endif
