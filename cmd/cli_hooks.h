/*
 * cli_hooks.h - hooks.d, for main and for crm-store hooks.
 */
#ifndef CRM_CLI_HOOKS_H
#define CRM_CLI_HOOKS_H

#include "cli_parts.h"

#define CLI_HOOK_NAME 128

struct cli_hook {
	char name[CLI_HOOK_NAME];
	int64_t since; /* when it was put there */
	uint64_t at; /* the last revision it took */
	int fd; /* of its position; -1 not open */
	int code; /* of the last run: CRM_NO, somebody else runs it */
	bool failed;
};

/* After a change: gives every hook what it has not had yet.  Failures are
 * printed, not returned.  Nothing but one access() without hooks.d. */
void cli_hooks_run(struct cli *c);

/* Calls fn for each hook with how many revisions it is behind, after running
 * what is pending when run is set.  CRM_NO when one failed. */
typedef int cli_hook_fn(
    void *ctx, const struct cli_hook *h, uint64_t behind, struct crm_err *err);
int cli_hooks_list(
    struct cli *c, bool run, cli_hook_fn *fn, void *ctx, struct crm_err *err);
/* A hook is to go on with this revision. */
int cli_hooks_from(
    struct cli *c, const char *name, uint64_t revision, struct crm_err *err);
/* The highest revision any hook of a store has had; 0 none. */
uint64_t cli_hooks_past(const char *store);

#endif
