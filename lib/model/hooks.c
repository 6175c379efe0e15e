/*
 * hooks.c - which kind does what beyond its field table: one row each.
 */
#include "hooks.h"

const struct crm_hooks crm_hooks[CRM_K_MAX] = {
    [CRM_K_CUSTOMER] = {.prepare = crm_customer_prepare,
	.after = crm_customer_after,
	.compute = crm_customer_compute,
	.as_at = crm_customer_at,
	.effects = crm_customer_effects,
	.figures = crm_customer_figures},
    [CRM_K_PRODUCT] = {.prepare = crm_product_prepare, .as_at = crm_product_at},
    [CRM_K_ORDER] = {.prepare = crm_order_prepare,
	.as_at = crm_order_at,
	.effects = crm_ledger_effects},
    [CRM_K_EVENT] = {.prepare = crm_event_prepare},
    [CRM_K_RATE] = {.prepare = crm_rate_prepare},
    [CRM_K_TICKET] = {.prepare = crm_ticket_prepare,
	.after = crm_ticket_after,
	.as_at = crm_ticket_at,
	.effects = crm_ticket_effects},
    [CRM_K_TOUCH] = {.prepare = crm_touch_prepare,
	.after = crm_touch_after,
	.effects = crm_touch_effects},
    [CRM_K_RELATION] = {.prepare = crm_relation_prepare,
	.as_at = crm_relation_at},
    [CRM_K_TASK] = {.prepare = crm_task_prepare, .as_at = crm_task_at},
};
