/*
 * facts.c - what lines copy of products, kept while a change goes on.
 *
 * A shop's orders name the same products over and over, and to read and decode
 * one for each line was a fifth of what it took to put an order.  All that is
 * kept is forgotten when a product is put or removed by the change.
 */
#include "change.h"

#define FACTS_MAX ((size_t)1 << 16)

void
crm_change_forget(struct crm_change *ch)
{
	crm_idmap_release(&ch->product);
	crm_arena_reset(&ch->texts);
	ch->nfacts = 0;
}

static bool
keep(struct crm_change *ch, const struct crm_record *p, const char *field,
    struct crm_value *out)
{
	*out = *crm_record_get(p, field);
	if (out->s.n > 0 && out->type != CRM_T_ENUM)
		out->s = crm_arena_str(&ch->texts, out->s);
	return out->s.n == 0 || out->s.p != NULL;
}

int
crm_change_facts(struct crm_change *ch, uint64_t product,
    const struct crm_product_facts **out, struct crm_err *err)
{
	struct crm_product_facts *f;
	struct crm_record *p;
	uint64_t at;
	int r;

	if (crm_idmap_get(&ch->product, product, &at)) {
		*out = &ch->facts[at];
		return CRM_OK;
	}
	r = crm_change_get(
	    ch, &ch->schema->kind[CRM_K_PRODUCT], product, &p, err);
	if (r < 0)
		return r;
	if (ch->nfacts == FACTS_MAX)
		crm_change_forget(ch);
	if (!crm_grow(&ch->facts, &ch->capfacts, ch->nfacts, sizeof *ch->facts))
		return crm_err_nomem(err);
	f = &ch->facts[ch->nfacts];
	if (!keep(ch, p, "sku", &f->sku) || !keep(ch, p, "name", &f->name) ||
	    !keep(ch, p, "type", &f->type) ||
	    !keep(ch, p, "price", &f->price) ||
	    !keep(ch, p, "cost", &f->cost) ||
	    crm_idmap_put(&ch->product, product, ch->nfacts) == CRM_ENOMEM)
		return crm_err_nomem(err);
	ch->nfacts++;
	*out = f;
	return CRM_OK;
}
