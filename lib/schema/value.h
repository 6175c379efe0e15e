/*
 * value.h - what value.c and reference.c share, for the room schema only.
 */
#ifndef CRM_SCHEMA_VALUE_H
#define CRM_SCHEMA_VALUE_H

#include <crm/schema.h>

/* "'TEXT' WHAT" with the field named.  CRM_EDATA. */
int crm_value_refuse(const struct crm_field *f, struct crm_err *err,
    struct crm_str text, const char *what);
/* Text by the rules for entering; borrows text or is in the arena. */
int crm_value_enter(const struct crm_field *f, struct crm_str text,
    struct crm_parse *ctx, struct crm_str *out, struct crm_err *err);

/* The place of a name among the values of an enum (0 none), and the name as it
 * stands there. */
unsigned crm_enum_find(
    const char *values, struct crm_str name, struct crm_str *out);

/* A crm_value_fn for ids. */
int crm_value_read_id(const struct crm_field *f, struct crm_str text,
    struct crm_parse *ctx, struct crm_value *out);
int crm_value_parse_id(const struct crm_field *f, struct crm_str text,
    struct crm_parse *ctx, struct crm_value *out, struct crm_err *err);
int crm_value_parse_list(const struct crm_field *f, struct crm_str text,
    struct crm_parse *ctx, struct crm_value *out, struct crm_err *err);

#endif
