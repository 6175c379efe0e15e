/*
 * product.c - what a product record must be.
 */
#include "hooks.h"

static int
check_components(struct crm_record *rec, struct crm_err *err)
{
	int part = crm_kind_part(rec->kind, CRM_STR("component"));
	int f = crm_part_field(&rec->kind->parts[part], CRM_STR("component"));

	for (size_t i = 0; i < rec->part[part].n; i++) {
		const struct crm_value *v = &rec->part[part].row[i].v[f];

		if (v->type != CRM_T_ID || (uint64_t)v->i != rec->id)
			continue;
		crm_err_set(err, CRM_EDATA, "a bundle is no part of itself");
		crm_err_field(err, "component", 9);
		return CRM_EDATA;
	}
	return CRM_OK;
}

int
crm_product_prepare(struct crm_change *ch, const struct crm_record *old,
    struct crm_record *rec, struct crm_err *err)
{
	static const char *const money[] = {"price", "cost"};
	struct crm_value *type = crm_record_at(rec, "type");
	struct crm_value *created = crm_record_at(rec, "created");
	const struct crm_value *parent = crm_record_get(rec, "parent_id");
	size_t i;

	if (type->type == CRM_T_NONE) {
		type->type = CRM_T_ENUM;
		type->i = 1;
		type->s = CRM_STR("good");
	}
	if (created->type == CRM_T_NONE && old == NULL)
		*created = crm_value_num(CRM_T_TIME, crm_change_now(ch), 0);
	for (i = 0; i < 2; i++) {
		const struct crm_value *v = crm_record_get(rec, money[i]);

		if (v->type == CRM_T_MONEY && v->i < 0) {
			crm_err_set(err, CRM_EDATA, "cannot be negative");
			crm_err_field(err, money[i], strlen(money[i]));
			return CRM_EDATA;
		}
	}
	if (parent->type == CRM_T_ID && (uint64_t)parent->i == rec->id) {
		crm_err_set(
		    err, CRM_EDATA, "a product is no variant of itself");
		crm_err_field(err, "parent_id", 9);
		return CRM_EDATA;
	}
	return check_components(rec, err);
}
