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

/* ---- cli_store_gen.c: what makes generations; hooks ---- */
cli_fn cli_store_compact, cli_store_restore, cli_store_upgrade, cli_store_hooks;
extern const struct cli_option cli_store_rebuild_options[];
extern const struct cli_option cli_store_compact_options[];
extern const struct cli_option cli_store_restore_options[];
extern const struct cli_option cli_store_hooks_options[];

#endif
