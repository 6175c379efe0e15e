/*
 * erase_learn.c - what somebody was known by, in every revision.
 *
 * A former address tells as much as today's, and tomorrow's import may bring
 * either.  What somebody else has as well (a family's telephone) tells nothing
 * of the one who is gone, and must not keep the other out.
 */
#include "erase.h"

struct known {
	struct crm_erase *e;
	unsigned kind;
	bool rows_only; /* the identities in rows, not in fields */
};

/* Does somebody else have the identity?  Then it says nothing of them. */
static int
others_have(struct crm_erase *e, unsigned kind, struct crm_str scheme,
    struct crm_str normal, bool *yes, struct crm_err *err)
{
	struct crm_cursor *cur = NULL;
	struct crm_str k, v, tail, prefix;
	uint64_t number, seen;
	int r;

	*yes = false;
	crm_buf_clear(&e->b2);
	crm_ident_key(&e->b2, kind, scheme, normal, 0);
	prefix = crm_buf_str(&e->b2);
	r = crm_cursor_open(e->txn, CRM_TAB_IDENT, &cur, err);
	if (r == CRM_OK)
		r = crm_cursor_seek(cur, prefix, &k, &v, err);
	while (r == CRM_OK && !*yes && k.n == prefix.n + 8 &&
	       crm_str_starts(k, prefix)) {
		tail = (struct crm_str){k.p + prefix.n, 8};
		crm_take_be(&tail, 8, &number);
		*yes = kind == CRM_K_CUSTOMER
			   ? !crm_idmap_get(&e->person, number, &seen)
			   : !crm_idmap_get(
				 &e->rec, crm_op_slot(kind, number), &seen);
		r = crm_cursor_next(cur, &k, &v, err);
	}
	crm_cursor_close(cur);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

static int
known_one(void *ctx, struct crm_str scheme, struct crm_str normal, bool shared,
    const char *field, struct crm_err *err)
{
	struct known *k = ctx;
	struct crm_erase *e = k->e;
	bool others;
	int r;

	(void)shared;
	if (k->rows_only && strcmp(field, "identity") != 0)
		return CRM_OK;
	r = others_have(e, k->kind, scheme, normal, &others, err);
	if (r < 0 || others)
		return r;
	crm_erased_ident(&e->b, k->kind, scheme, normal);
	r = crm_buf_check(&e->b, err);
	if (r == CRM_OK)
		r = crm_erased_add(e->block, crm_buf_str(&e->b), err);
	return r == CRM_OK && k->kind == CRM_K_CUSTOMER
		   ? crm_sought_add(&e->sought, normal, err)
		   : r;
}

static int
known_texts(
    struct crm_erase *e, const struct crm_record *rec, struct crm_err *err)
{
	static const char *const fields[] = {
	    "name", "street", "email", "phone"};
	int r;

	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		const struct crm_value *v = crm_record_get(rec, fields[i]);

		r = v->type == CRM_T_TEXT
			? crm_sought_add(&e->sought, v->s, err)
			: CRM_OK;
		if (r < 0)
			return r;
	}
	r = crm_erased_birth(&e->b, rec, err);
	if (r < 0)
		return r == CRM_NO ? CRM_OK : r;
	return crm_erased_add(e->block, crm_buf_str(&e->b), err);
}

/* Takes what there is to know of every image of a record. */
int
crm_erase_learn(struct crm_erase *e, unsigned kind, uint64_t number,
    uint64_t *first, struct crm_err *err)
{
	struct known k = {
	    .e = e, .kind = kind, .rows_only = kind != CRM_K_CUSTOMER};
	struct crm_walk *w = &e->walk;
	struct crm_record *rec;
	int r = crm_walk_open(w, e->txn, kind, number, err);

	if (r == CRM_NOTFOUND)
		return crm_err_set(err, CRM_NOTFOUND, "there is no %s %s%llu",
		    e->schema->kind[kind].name, e->schema->kind[kind].letter,
		    (unsigned long long)number);
	while (r == CRM_OK) {
		crm_arena_reset(&e->work);
		*first = w->revision;
		r = crm_walk_record(
		    w, e->schema, crm_buf_str(&w->now), &e->work, &rec, err);
		if (r == CRM_OK && rec != NULL)
			r = crm_ident_each(e->schema, rec, known_one, &k, err);
		/* an old value need not be what is valid today */
		if (r == CRM_EDATA)
			r = CRM_OK;
		if (r == CRM_OK && rec != NULL && kind == CRM_K_CUSTOMER)
			r = known_texts(e, rec, err);
		if (r == CRM_OK)
			r = crm_walk_back(w, err);
	}
	return r == CRM_NOTFOUND || r == CRM_NO ? CRM_OK : r;
}
