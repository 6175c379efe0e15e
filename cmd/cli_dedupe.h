/*
 * cli_dedupe.h - customers, or the rows of --from, as records to compare.
 */
#ifndef CRM_CLI_DEDUPE_H
#define CRM_CLI_DEDUPE_H

#include "cli.h"

struct cli_dedupe {
	struct cli *c;
	struct crm_dups d;
	struct crm_arena arena; /* ids and names */
	struct crm_arena scratch; /* the values of one record */
	struct crm_str *id; /* of each record: as text under --from */
	uint64_t *number; /* else its number */
	struct crm_str *name; /* what to show it as */
	size_t n, id_cap, number_cap, name_cap;
	struct crm_idmap at; /* number -> index */
	struct crm_map text_at; /* id -> index, under --from */
	struct crm_map apart; /* pairs that are known not to be the same */
};

/* --compare and --id of those that read records. */
extern const char *cli_dedupe_compare, *cli_dedupe_id;

/* The columns of --compare: has is asked once for each, in order, whether there
 * is one of that name. */
int cli_dedupe_columns(struct cli_dedupe *x,
    bool (*has)(void *ctx, struct crm_str name), void *ctx,
    struct crm_err *err);
/* A record: its values, and its number, or 0 and its text as id. */
int cli_dedupe_add(struct cli_dedupe *x, const struct crm_str *values,
    struct crm_str id, uint64_t number, struct crm_str name,
    struct crm_err *err);
/* Reads the rows of --from. */
int cli_dedupe_from(struct cli_dedupe *x, struct crm_err *err);
/* Reads all records, as of --at, and what is known of pairs. */
int cli_dedupe_read(struct cli_dedupe *x, struct crm_err *err);
/* The index of what an operand names. */
int cli_dedupe_find(struct cli_dedupe *x, const char *operand, uint32_t *out,
    struct crm_err *err);
/* Was it said that these two are not the same? */
bool cli_dedupe_apart(const struct cli_dedupe *x, uint32_t a, uint32_t b);
/* What was said of pairs, by the relation not_same; and whether it was. */
int cli_dedupe_read_apart(
    struct cli_dedupe *x, struct crm_txn *t, struct crm_err *err);
bool cli_dedupe_known(const struct cli_dedupe *x, uint64_t a, uint64_t b);
int cli_dedupe_know(
    struct cli_dedupe *x, uint64_t a, uint64_t b, struct crm_err *err);
/* "family+7.1 given-3.0": what each column says, in bits. */
void cli_dedupe_why(
    struct crm_buf *b, const struct crm_dups *d, const struct crm_dup_pair *p);
/* An option that is a probability between 0 and 1; leaves *out alone when it
 * was not given. */
int cli_dedupe_probability(
    const char *option, const char *text, double *out, struct crm_err *err);
/* A number as a decimal of so many places. */
struct crm_value cli_dedupe_rounded(double v, unsigned scale);
void cli_dedupe_release(struct cli_dedupe *x);

/* The verb check: its options are the fields of customers. */
cli_fn cli_dedupe_check;
extern const struct cli_option cli_dedupe_check_options[];

/* The verbs that change something. */
cli_fn cli_dedupe_merge, cli_dedupe_unmerge;
extern const struct cli_option cli_dedupe_merge_options[];

#endif
