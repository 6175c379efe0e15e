/*
 * kinds.h - the built-in kinds, for the room schema only.
 */
#ifndef CRM_SCHEMA_KINDS_H
#define CRM_SCHEMA_KINDS_H

#include <crm/schema.h>

/* Ends with name NULL. */
extern const struct crm_kind crm_kinds_builtin[];

#endif
