/*
 * cli_store.h - the verbs of crm-store that have files of their own, and what
 * they share.
 */
#ifndef CRM_CLI_STORE_H
#define CRM_CLI_STORE_H

#include "cli.h"

/* ---- cli_store_info.c ---- */
cli_fn cli_store_info;
int cli_no_operands(const struct cli *c, struct crm_err *err);
/* What a long job says of how far it is. */
struct crm_watch cli_watch(struct cli *c);

/* Rows of which -f chooses the columns, and nothing else. */
struct cli_picked {
	struct crm_out *out; /* NULL: nothing is printed */
	int *pick;
	size_t n;
};
int cli_picked_open(struct cli *c, const struct crm_field *fields, size_t n,
    struct cli_picked *r, struct crm_err *err);
int cli_picked_put(
    struct cli_picked *r, const struct crm_value *v, struct crm_err *err);
/* Ends the output when code is CRM_OK, else takes it back; the code. */
int cli_picked_close(struct cli_picked *r, int code, struct crm_err *err);

/* Faults, a row each: two columns, and a crm_fault_fn for struct
 * cli_picked. */
extern const struct crm_field cli_fault_fields[2];
int cli_fault_row(
    void *ctx, struct crm_str where, struct crm_str what, struct crm_err *err);

/* ---- cli_store_gen.c: what makes generations; hooks ---- */
cli_fn cli_store_compact, cli_store_restore, cli_store_upgrade, cli_store_hooks;
extern const struct cli_option cli_store_rebuild_options[];
extern const struct cli_option cli_store_compact_options[];
extern const struct cli_option cli_store_restore_options[];
extern const struct cli_option cli_store_hooks_options[];

#endif
