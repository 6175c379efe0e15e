/*
 * cli_get.c - the common verb get: records by reference.
 */
#include "cli_noun.h"

struct named {
	uint64_t *number; /* of those that are there */
	size_t n, nmissing;
	struct crm_err missing; /* the first */
};

static int
named_find(
    struct cli *c, struct crm_txn *t, struct named *to, struct crm_err *err)
{
	struct crm_value id;
	int r = CRM_OK;

	to->n = to->nmissing = 0;
	for (size_t i = 0; i < c->noperand && r == CRM_OK; i++) {
		r = crm_ref_find(t, NULL, c->kind->number, c->schema,
		    crm_str(c->operand[i]), &id, err);
		if (r == CRM_OK)
			to->number[to->n++] = (uint64_t)id.i;
		else if (r == CRM_NOTFOUND) {
			if (to->nmissing++ == 0)
				to->missing = *err;
			r = CRM_OK;
		}
	}
	return r;
}

/* Nothing is written before the transaction has ended. */
static int
named_hold(
    struct cli *c, struct cli_printer *p, struct named *to, struct crm_err *err)
{
	struct crm_txn *t;
	int r = crm_txn_begin(c->store, &t, err);

	if (r < 0)
		return r;
	r = named_find(c, t, to, err);
	if (r == CRM_OK && to->n > 0)
		r = cli_printer_open(c, p, err);
	if (r == CRM_OK && to->n > 0)
		r = cli_printer_hold(p, t, to->number, to->n, err);
	crm_txn_end(t);
	return r;
}

static int
get_operands(struct cli *c, struct crm_err *err)
{
	struct named to = {.number = crm_arena_alloc(
			       &c->arena, c->noperand * sizeof *to.number)};
	struct cli_printer p = {0};
	int r;

	if (to.number == NULL)
		return crm_err_nomem(err);
	r = named_hold(c, &p, &to, err);
	if (crm_store_missed(c->store)) {
		cli_printer_close(&p, CRM_EBUSY, NULL);
		p = (struct cli_printer){0};
		*err = (struct crm_err){0};
		r = crm_store_whole(c->store, err);
		if (r == CRM_OK)
			r = named_hold(c, &p, &to, err);
	}
	if (r == CRM_OK && to.n > 0)
		r = crm_out_drain(p.out, err);
	r = cli_printer_close(&p, r, err);
	if (r == CRM_OK && to.nmissing > 0) {
		*err = to.missing;
		if (to.nmissing > 1)
			crm_err_hint(err, "and %zu more", to.nmissing - 1);
		r = CRM_NOTFOUND;
	}
	return r;
}

int
cli_get(struct cli *c, struct crm_err *err)
{
	int r;

	r = cli_operands(c, 1, 0, err);
	if (r < 0)
		return r;
	return cli_stdin(c) ? cli_join(c, err) : get_operands(c, err);
}
