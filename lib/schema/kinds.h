/*
 * kinds.h - the built-in kinds, for the room schema only.
 */
#ifndef CRM_SCHEMA_KINDS_H
#define CRM_SCHEMA_KINDS_H

#include <crm/schema.h>

/* Ends with name NULL. */
extern const struct crm_kind crm_kinds_builtin[];

/* Tables of fields in files of their own: kinds_model.c. */
#define CRM_KIND_MODEL 32
extern const struct crm_field crm_kind_model[CRM_KIND_MODEL];

#endif
