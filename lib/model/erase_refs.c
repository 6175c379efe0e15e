/*
 * erase_refs.c - whose a record is, by the references in it.
 */
#include "erase.h"

static bool
takes(const struct crm_field *f, bool counted, struct crm_erase_ref *out)
{
	bool needed = (f->flags & CRM_F_REQUIRED) != 0;

	if (f->type != CRM_T_ID || (f->ref != 0 && f->ref != CRM_K_CUSTOMER))
		return false;
	*out = (struct crm_erase_ref){
	    .tag = f->tag, .how = CRM_ERASE_NAMED, .any = f->ref == 0};
	/* what is counted as one's is not another's by what it is about */
	if (strcmp(f->name, "about") == 0 && !counted)
		out->how = 0;
	else if (strcmp(f->name, "customer_id") == 0)
		out->how = CRM_ERASE_PERSONAL;
	else if (needed && !out->any)
		out->how = CRM_ERASE_ALL;
	out->export =
	    out->how != CRM_ERASE_NAMED || strcmp(f->name, "contact_id") == 0;
	return true;
}

void
crm_erase_refs(const struct crm_kind *k, struct crm_erase_refs *out)
{
	bool counted = crm_kind_field(k, CRM_STR("customer_id")) > 0;

	memset(out, 0, sizeof *out);
	/* customers and products say nothing of others by their references */
	if (k->number == CRM_K_CUSTOMER || k->number == CRM_K_PRODUCT)
		return;
	for (unsigned i = 1; i < k->nfields; i++) {
		const struct crm_field *f = &k->fields[i];

		if (out->n < CRM_ERASE_REFS && f->tag != 0 &&
		    takes(f, counted, &out->ref[out->n]))
			out->n++;
		if ((f->flags & CRM_F_REQUIRED) &&
		    (f->flags & CRM_F_PERSONAL) && f->type == CRM_T_TEXT)
			out->whole = true;
	}
}

int
crm_erase_named(const struct crm_erase_refs *refs, unsigned tag, unsigned wire,
    struct crm_str body, const struct crm_erase_ref **ref, unsigned *kind,
    uint64_t *number)
{
	int64_t i;

	for (unsigned n = 0; n < refs->n; n++) {
		*ref = &refs->ref[n];
		if ((*ref)->tag != tag || (*ref)->any != (wire == 1))
			continue;
		if (wire == 0) {
			*kind = CRM_K_CUSTOMER;
			if (!crm_take_zig(&body, &i))
				return CRM_NO;
			*number = (uint64_t)i;
			return CRM_OK;
		}
		if (wire != 1 || body.n < 2)
			return CRM_NO;
		*kind = (unsigned char)body.p[0];
		body.p++;
		body.n--;
		return crm_take_var(&body, number) ? CRM_OK : CRM_NO;
	}
	return CRM_NO;
}
