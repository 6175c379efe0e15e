/*
 * settings.h - the inside of reading crm.yaml.
 */
#ifndef CONFIG_SETTINGS_H
#define CONFIG_SETTINGS_H

#include <crm/config.h>

struct crm_setup {
	const char *name; /* of the file */
	const struct crm_settings *applied;
	const struct crm_schema *builtin;
	struct crm_arena *arena;
	struct crm_settings *out;
	struct crm_err *err;
};
/* The map of `fields:`: makes out->custom, tags included. */
int crm_setup_fields(struct crm_setup *s, const struct crm_node *map);
/* The map of `costs:` (NULL: none): makes out->costs. */
int crm_setup_costs(struct crm_setup *s, const struct crm_node *map);
/* [a-z][a-z0-9_]*, at most 63 bytes. */
bool crm_setup_name_ok(struct crm_str name);
/* The items of a list of words, joined by commas, each checked by ok (NULL:
 * anything without a comma); `what` is for the message. */
int crm_setup_words(struct crm_setup *s, const struct crm_node *list,
    const char *what, bool (*ok)(const struct crm_setup *, struct crm_str),
    struct crm_str *out);

#endif
