/*
 * cli_maps.h - where import maps are found, for crm-import.
 */
#ifndef CRM_CLI_MAPS_H
#define CRM_CLI_MAPS_H

#include "cli.h"

/* Reads the map of a name, or of a file when there is a / or .yaml in it.
 * schema NULL: its head only.  CRM_ENOINPUT lists where was looked. */
int cli_map_load(struct cli *c, const char *name,
    const struct crm_schema *schema, struct crm_import_map **out,
    struct crm_err *err);
/* Calls fn for each map that can be read (its head), by name; where a name
 * occurs twice the first place counts.  Others are told as a notice. */
typedef int cli_map_fn(void *ctx, const struct crm_import_map *m,
    const char *file, struct crm_err *err);
int cli_map_each(struct cli *c, cli_map_fn *fn, void *ctx, struct crm_err *err);

#endif
