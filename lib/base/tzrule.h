/*
 * tzrule.h - POSIX TZ rules, for lib/base/zone.c only.
 */
#ifndef CRM_BASE_TZRULE_H
#define CRM_BASE_TZRULE_H

#include <crm/time.h>

/*
 * Reads "CET-1CEST,M3.5.0,M10.5.0/3", with the names in <> and the times of
 * up to 167 hours either way that RFC 8536 3.3.1 adds.  False when it is none.
 */
bool crm_tzrule_parse(struct crm_str s, struct crm_zone_rule *out);

/* Seconds east of UTC at t. */
int32_t crm_tzrule_offset(const struct crm_zone_rule *r, int64_t t);

/* The first change after t, INT64_MAX when there is none. */
int64_t crm_tzrule_next(const struct crm_zone_rule *r, int64_t t);

#endif
