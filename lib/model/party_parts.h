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

/* Fields of a customer that are filled for each one that is read. */
enum crm_customer_field {
	CRM_C_STAGE = 7,
	CRM_C_ORDERS = 10,
	CRM_C_FIRST_ORDER,
	CRM_C_LAST_ORDER,
	CRM_C_REVENUE,
	CRM_C_ROLES = 23,
	CRM_C_STAGE_SINCE,
	CRM_C_OWNER,
	CRM_C_SPENT = 32,
	CRM_C_REFUNDED,
	CRM_C_DISCOUNTS,
	CRM_C_COST,
	CRM_C_ITEMS,
	CRM_C_RETURNS,
	CRM_C_OPEN_TICKETS = 39,
	CRM_C_TICKETS,
	CRM_C_TOUCHES,
	CRM_C_LAST_TOUCH
};
/* Its part `role`, and columns of that. */
enum { CRM_C_PART_ROLE = 1 };
/* Columns of the part `role`. */
enum crm_role_field { CRM_R_ROLE, CRM_R_STAGE, CRM_R_SINCE, CRM_R_OWNER };

#endif
