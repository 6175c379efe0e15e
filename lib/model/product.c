/*
 * product.c - what a product record must be.
 *
 * Parents are followed upwards to find a circle, which would make every
 * roll-up endless; what stands so deep that it would not end is one too.
 */
#include "hooks.h"

#define PARENTS 100

/* Bundles within bundles; more is a mistake, and would be endless. */
#define BUNDLES 16

/* Is the product `self` somewhere in this one?  Then CRM_NO. */
static int
contains(struct crm_change *ch, struct crm_record *rec, uint64_t self,
    unsigned depth, struct crm_err *err)
{
	int part = crm_kind_part(rec->kind, CRM_STR("component"));
	int f = crm_part_field(&rec->kind->parts[part], CRM_STR("component"));
	struct crm_record *in;
	int r = CRM_OK;

	for (size_t i = 0; r == CRM_OK && i < rec->part[part].n; i++) {
		const struct crm_value *v = &rec->part[part].row[i].v[f];

		if (v->type != CRM_T_ID)
			continue;
		if ((uint64_t)v->i == self || depth == 0)
			return CRM_NO;
		r = crm_change_get(ch, rec->kind, (uint64_t)v->i, &in, err);
		if (r == CRM_OK)
			r = contains(ch, in, self, depth - 1, err);
		else if (r == CRM_NOTFOUND)
			r = CRM_OK;
	}
	return r;
}

static int
check_components(
    struct crm_change *ch, struct crm_record *rec, struct crm_err *err)
{
	int r = contains(ch, rec, rec->id, BUNDLES, err);

	if (r != CRM_NO)
		return r;
	crm_err_set(err, CRM_EDATA, "a bundle is no part of itself");
	crm_err_field(err, "component", 9);
	return CRM_EDATA;
}

int
crm_parent_check(
    struct crm_change *ch, const struct crm_record *rec, struct crm_err *err)
{
	const struct crm_value *v = crm_record_get(rec, "parent_id");
	struct crm_record *up;
	unsigned hops = 0;
	int r;

	while (v->type == CRM_T_ID) {
		if ((uint64_t)v->i == rec->id || ++hops > PARENTS) {
			crm_err_set(
			    err, CRM_EDATA, "a record cannot be above itself");
			crm_err_field(err, "parent_id", 9);
			return CRM_EDATA;
		}
		r = crm_change_get(ch, rec->kind, (uint64_t)v->i, &up, err);
		if (r < 0)
			return r == CRM_NOTFOUND ? CRM_OK : r;
		v = crm_record_get(up, "parent_id");
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
	size_t i;
	int r;

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
	r = crm_parent_check(ch, rec, err);
	if (r < 0)
		return r;
	return check_components(ch, rec, err);
}
