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

/* Texts are copied into an arena, or borrowed where there is none. */
static bool
keep(struct crm_arena *a, const struct crm_record *p, const char *field,
    struct crm_value *out)
{
	*out = *crm_record_get(p, field);
	if (a && out->s.n > 0 && out->type != CRM_T_ENUM)
		out->s = crm_arena_str(a, out->s);
	return out->s.n == 0 || out->s.p != NULL;
}

static bool
keep_all(struct crm_arena *a, const struct crm_record *p,
    struct crm_product_facts *f)
{
	return keep(a, p, "sku", &f->sku) && keep(a, p, "name", &f->name) &&
	       keep(a, p, "type", &f->type) && keep(a, p, "price", &f->price) &&
	       keep(a, p, "cost", &f->cost);
}

/* Lines that were filled in borrow from what is kept: it is not given up for
 * more, which are read each time. */
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
	if (!crm_grow(&ch->facts, &ch->capfacts, ch->nfacts, sizeof *ch->facts))
		return crm_err_nomem(err);
	f = &ch->facts[ch->nfacts];
	*out = f;
	if (ch->nfacts == FACTS_MAX) {
		(void)keep_all(NULL, p, f);
		return CRM_OK;
	}
	if (!keep_all(&ch->texts, p, f) ||
	    crm_idmap_put(&ch->product, product, ch->nfacts) == CRM_ENOMEM)
		return crm_err_nomem(err);
	ch->nfacts++;
	return CRM_OK;
}
