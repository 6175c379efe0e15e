/*
 * cli_apply.h - crm-store apply, and who would enter and leave segments by
 * other settings.
 */
#ifndef CRM_CLI_APPLY_H
#define CRM_CLI_APPLY_H

#include "cli.h"

/* cli_apply.c: the verb; the file it reads (the operand, CRM_CONFIG, the one
 * beside the data), and what it says. */
cli_fn cli_store_apply;
extern const struct cli_option cli_store_apply_options[];
int cli_config_path(struct cli *c, const char **out, struct crm_err *err);
int cli_config_read(struct cli *c, const char *path, struct crm_settings *out,
    struct crm_err *err);

/* cli_effects.c */
struct cli_effect {
	struct crm_str segment;
	struct crm_members enter, leave;
};
struct cli_effects {
	struct cli_effect *v;
	size_t n;
};
/* Tries the segments of the store's settings and those of `now`.  Nothing
 * when no segment differs.  Release with cli_effects_release. */
int cli_effects_find(struct cli *c, const struct crm_settings *now,
    struct cli_effects *out, struct crm_err *err);
void cli_effects_release(struct cli_effects *e);
/* "3 enter, 1 leaves" appended; nothing of a segment nobody moves in. */
void cli_effect_put(const struct cli_effect *e, struct crm_buf *out);
/* The effect on a segment; NULL: none. */
const struct cli_effect *cli_effects_of(
    const struct cli_effects *e, struct crm_str segment);
/* A row for each customer and segment. */
int cli_effects_print(
    struct cli *c, const struct cli_effects *e, struct crm_err *err);

#endif
