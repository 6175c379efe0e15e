/*
 * likely.c - is somebody known who looks like this?
 *
 * Asked for one customer at a time, so nothing is estimated: candidates come
 * from the indexes of identities and words of names, and are weighed by what
 * is usual in a shop of this size.
 */
#include <stdlib.h>
#include <string.h>

#include <crm/dedupe.h>
#include <crm/err.h>
#include <crm/match.h>

/* Customers looked at for one question. */
enum { CANDIDATES = 64, LOOKED_AT = 3 * CANDIDATES };

struct asking {
	struct crm_txn *txn;
	const struct crm_schema *s;
	uint64_t number[LOOKED_AT];
	size_t n;
};

static int
ask(struct asking *x, struct crm_str query, uint64_t self, struct crm_err *err)
{
	struct crm_find_options opt = {.limit = CANDIDATES, .near = true};
	struct crm_found found[CANDIDATES];
	size_t n = 0, k;
	bool more;
	int code;

	if (query.n == 0)
		return CRM_OK;
	code = crm_find(x->txn, x->s, query, &opt, found, &n, &more, err);
	for (size_t i = 0; i < n && code == CRM_OK; i++) {
		for (k = 0; k < x->n && x->number[k] != found[i].number;)
			k++;
		if (k == x->n && x->n < LOOKED_AT && found[i].number != self)
			x->number[x->n++] = found[i].number;
	}
	return code;
}

static int
candidates(struct asking *x, const struct crm_record *rec, struct crm_err *err)
{
	struct crm_buf name = {.max = 1 << 12};
	struct crm_str given = crm_record_get(rec, "given")->s;
	struct crm_str family = crm_record_get(rec, "family")->s;
	int code;

	crm_buf_putstr(&name, given);
	if (given.n > 0 && family.n > 0)
		crm_buf_putc(&name, ' ');
	crm_buf_putstr(&name, family);
	if (name.n == 0)
		crm_buf_putstr(&name, crm_record_get(rec, "name")->s);
	code = crm_buf_check(&name, err);
	if (code == CRM_OK)
		code = ask(x, crm_record_get(rec, "email")->s, rec->id, err);
	if (code == CRM_OK)
		code = ask(x, crm_record_get(rec, "phone")->s, rec->id, err);
	if (code == CRM_OK)
		code = ask(x, crm_buf_str(&name), rec->id, err);
	crm_buf_release(&name);
	return code;
}

static int
by_bits(const void *x, const void *y)
{
	const struct crm_likely *a = x, *b = y;

	if (a->pair.bits != b->pair.bits)
		return a->pair.bits > b->pair.bits ? -1 : 1;
	return a->number < b->number ? -1 : a->number > b->number;
}

/* Puts the record and its candidates into d, the record first. */
static int
compare(struct asking *x, struct crm_dups *d, const struct crm_record *rec,
    struct crm_arena *a, struct crm_err *err)
{
	const struct crm_kind *k = &x->s->kind[CRM_K_CUSTOMER];
	struct crm_str values[CRM_DUP_COLUMNS];
	struct crm_want want = {0};
	struct crm_record *other;
	uint64_t all = 0;
	int code = crm_dups_people(d, err);

	if (code == CRM_OK)
		code =
		    crm_count(x->txn, CRM_TAB_KIND + CRM_K_CUSTOMER, &all, err);
	if (code == CRM_OK)
		code = crm_dups_person(d, x->s, rec, a, values, err);
	if (code == CRM_OK)
		code = crm_dups_add(d, values, err);
	crm_dups_want(d, k, &want);
	for (size_t i = 0; i < x->n && code == CRM_OK; i++) {
		other = crm_record_new(k, a);
		if (!other)
			return crm_err_nomem(err);
		code = crm_model_read(
		    x->txn, x->s, k, x->number[i], &want, other, err);
		if (code == CRM_OK)
			code = crm_dups_person(d, x->s, other, a, values, err);
		if (code == CRM_OK)
			code = crm_dups_add(d, values, err);
	}
	crm_dups_assume(d, (double)all + 2);
	return code;
}

int
crm_dups_likely(struct crm_txn *t, const struct crm_schema *s,
    const struct crm_record *rec, double probability, struct crm_dups *d,
    struct crm_likely *out, size_t max, size_t *n, struct crm_err *err)
{
	struct crm_likely all[LOOKED_AT];
	struct asking x = {.txn = t, .s = s};
	struct crm_arena a = {0};
	int code = candidates(&x, rec, err);

	*n = 0;
	if (code == CRM_OK)
		code = compare(&x, d, rec, &a, err);
	for (size_t i = 0; i < x.n && code == CRM_OK; i++) {
		struct crm_likely *y = &all[*n];

		crm_dups_weigh(d, 0, (uint32_t)i + 1, &y->pair);
		y->number = x.number[i];
		*n += y->pair.probability >= probability;
	}
	if (code == CRM_OK && *n > 0)
		qsort(all, *n, sizeof *all, by_bits);
	if (*n > max)
		*n = max;
	if (code == CRM_OK)
		memcpy(out, all, *n * sizeof *out);
	crm_arena_release(&a);
	return code;
}
