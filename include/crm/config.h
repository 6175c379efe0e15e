/*
 * config.h - YAML as a checked tree, and crm.yaml.
 *
 * Only lib/config/yaml.c includes libyaml.  Input is at most 1 MiB, 32 deep;
 * duplicate keys, anchors and aliases, tags and several documents are refused;
 * every node knows its line, so that a typo is answered with its place.
 */
#ifndef CRM_CONFIG_H
#define CRM_CONFIG_H

#include <crm/schema.h>

enum crm_node_type { CRM_NODE_SCALAR, CRM_NODE_LIST, CRM_NODE_MAP };
struct crm_node {
	enum crm_node_type type;
	bool quoted; /* a scalar in quotes: text, never null */
	unsigned line, column; /* 1.. */
	struct crm_str key; /* in a map */
	struct crm_str text; /* of a scalar; "" or ~ or null: no value, n 0 */
	struct crm_node *first, *next; /* children, siblings */
	size_t count;
};
/* The root (never NULL when CRM_OK; an empty text is an empty map).  All in
 * the arena.  name is for messages.  CRM_ECONFIG, CRM_ENOMEM. */
int crm_yaml_parse(struct crm_str text, const char *name, struct crm_arena *a,
    struct crm_node **out, struct crm_err *err);
struct crm_node *crm_node_get(const struct crm_node *map, const char *key);
/* An error at a node: sets place (name:line) and field (key). */
int crm_node_err(const struct crm_node *n, const char *name,
    struct crm_err *err, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/*
 * What may stand in a map: rows of key and type; `check` refuses others with
 * the nearest known key as a hint.
 */
struct crm_node_rule {
	const char *key;
	enum crm_node_type type;
	bool required;
};
int crm_node_check(const struct crm_node *map, const struct crm_node_rule *rule,
    size_t n, const char *name, struct crm_err *err);
/* The known word nearest to s by edit distance (at most 2), or NULL. */
const char *crm_nearest(struct crm_str s, const char *const *words, size_t n);

/*
 * Reads crm.yaml.  `applied` (may be NULL) gives tags of custom fields that
 * are known, and the currency and zone where the file is silent.  Loads the
 * zone's rules from zoneinfo (NULL: the system's).  All memory in the arena.
 * Checks currency, country, zone, names and types of fields, that a field
 * does not change its type.  Segments' expressions are checked by the caller.
 */
int crm_settings_read(struct crm_str yaml, const char *name,
    const struct crm_settings *applied, const char *zoneinfo,
    struct crm_arena *a, struct crm_settings *out, struct crm_err *err);
/* The text of a crm.yaml with these settings, with comments. */
void crm_settings_write(const struct crm_settings *s, struct crm_buf *out);

#endif
