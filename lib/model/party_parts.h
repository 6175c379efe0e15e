/*
 * party_parts.h - what party.c and party_at.c share; inside the room only.
 *
 * The places are those of the table in lib/schema/kinds.c, to which rows are
 * only added at the end.
 */
#ifndef CRM_MODEL_PARTY_PARTS_H
#define CRM_MODEL_PARTY_PARTS_H

#include "event_parts.h"
#include "hooks.h"
#include "prefix.h"

/* Columns of the part `role`. */
enum crm_role_field { CRM_R_ROLE, CRM_R_STAGE, CRM_R_SINCE, CRM_R_OWNER };

#endif
