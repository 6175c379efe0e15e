/*
 * likely.c - is somebody known who looks like this?
 *
 * Asked for one customer at a time, so nothing is estimated: candidates come
 * from the indexes of identities and words of names, and are weighed by what
 * is usual in a shop of this size.  A common name has many bearers, and all
 * of them cannot be compared letter by letter; those go first who also have
 * something else that is written just so.
 */
#include <stdlib.h>
#include <string.h>

#include <crm/dedupe.h>
#include <crm/err.h>
#include <crm/utf8.h>

#include "dups.h"
#include "finding.h"

enum {
	NAME_BYTES = 1000, /* of a name, that namesakes are looked for by */
	CANDIDATES = 64, /* compared, of one question */
	NAMESAKES = 256, /* looked at for them */
	COMPARED = 3 * CANDIDATES
};

struct asking {
	struct crm_txn *txn;
	const struct crm_schema *s;
	struct crm_record *rec; /* of who is looked at */
	uint64_t number[COMPARED];
	size_t n;
	uint64_t namesake[NAMESAKES];
	size_t namesakes;
};

/* A namesake, and what speaks for it at first sight. */
struct sight {
	uint64_t number;
	double odds;
	struct crm_str *values; /* of all columns */
};

/* Of the namesakes that were looked at, the most promising first. */
struct sights {
	struct sight best[CANDIDATES];
	size_t n, looked;
	size_t same[CRM_DUP_COLUMNS]; /* how many have the record's value */
};

static void
take(struct asking *x, uint64_t number, uint64_t self)
{
	for (size_t k = 0; k < x->n; k++)
		if (x->number[k] == number)
			return;
	if (x->n < COMPARED && number != self)
		x->number[x->n++] = number;
}

/* Those with an address or a telephone. */
static int
ask(struct asking *x, struct crm_str query, uint64_t self, struct crm_err *err)
{
	struct crm_find_options opt = {.limit = CANDIDATES, .near = true};
	struct crm_found found[CANDIDATES];
	size_t n = 0;
	bool more;
	int code;

	if (query.n == 0)
		return CRM_OK;
	code = crm_find(x->txn, x->s, query, &opt, found, &n, &more, err);
	for (size_t i = 0; i < n && code == CRM_OK; i++)
		take(x, found[i].number, self);
	return code;
}

static int
candidates(struct asking *x, const struct crm_record *rec, struct crm_err *err)
{
	struct crm_buf name = {0};
	struct crm_str given = crm_record_get(rec, "given")->s, begin;
	struct crm_str family = crm_record_get(rec, "family")->s;
	int code;

	crm_buf_putstr(&name, given);
	if (given.n > 0 && family.n > 0)
		crm_buf_putc(&name, ' ');
	crm_buf_putstr(&name, family);
	if (name.n == 0)
		crm_buf_putstr(&name, crm_record_get(rec, "name")->s);
	code = crm_buf_check(&name, err);
	/* who is called so long is known by the beginning */
	begin = crm_buf_str(&name);
	if (begin.n > NAME_BYTES)
		begin.n = NAME_BYTES;
	while (begin.n > 0 && !crm_utf8_valid(begin, NULL))
		begin.n--;
	if (code == CRM_OK)
		code = ask(x, crm_record_get(rec, "email")->s, rec->id, err);
	if (code == CRM_OK)
		code = ask(x, crm_record_get(rec, "phone")->s, rec->id, err);
	if (code == CRM_OK)
		code = crm_find_namesakes(x->txn, x->s, begin, CANDIDATES,
		    x->namesake, NAMESAKES, &x->namesakes, err);
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

/* The odds that values written just so speak for; only the strongest of an
 * area counts, as it will in the end. */
static double
first_sight(
    const struct crm_dups *d, const struct crm_str *a, const struct crm_str *b)
{
	double odds = 1, area = 1;

	for (size_t i = 0; i < d->columns; i++) {
		double part =
		    d->model.m[i][CRM_DUP_EXACT] / d->model.u[i][CRM_DUP_EXACT];

		if (a[i].n == 0 || !crm_str_eq(a[i], b[i]))
			continue;
		if (!crm_dup_area(d->column[i].type))
			odds *= part;
		else if (part > area)
			area = part;
	}
	return odds * area;
}

/* Reads a customer as it is compared; CRM_NOTFOUND. */
static int
look(struct asking *x, struct crm_dups *d, struct crm_lookup *l,
    uint64_t number, struct crm_arena *a, struct crm_str *values,
    struct crm_err *err)
{
	int code = crm_lookup_read(l, x->txn, number, x->rec, err);

	return code == CRM_OK ? crm_dups_person(d, x->s, x->rec, a, values, err)
			      : code;
}

static bool
better(const struct sight *x, const struct sight *y)
{
	return x->odds != y->odds ? x->odds > y->odds : x->number > y->number;
}

/* Copies the values of one who is kept, over those of one who is not. */
static int
keep(size_t columns, const struct crm_str *values, struct crm_arena *a,
    struct sight *out, struct crm_err *err)
{
	if (!out->values)
		out->values = crm_arena_alloc(a, columns * sizeof *out->values);
	for (size_t i = 0; i < columns && out->values; i++) {
		out->values[i] = (struct crm_str){"", 0};
		if (values[i].n == 0)
			continue;
		out->values[i] = crm_arena_str(a, values[i]);
		if (!out->values[i].p)
			return crm_err_nomem(err);
	}
	return out->values ? CRM_OK : crm_err_nomem(err);
}

/* Puts a namesake among the others, if it is one of the best. */
static int
see(struct sights *s, const struct crm_dups *d, const struct crm_str *self,
    uint64_t number, const struct crm_str *values, struct crm_arena *a,
    struct crm_err *err)
{
	struct sight x = {number, first_sight(d, self, values), NULL};
	size_t at;
	int code;

	s->looked++;
	for (size_t i = 0; i < d->columns; i++)
		s->same[i] += crm_str_eq(self[i], values[i]);
	if (s->n == CANDIDATES) {
		if (better(&s->best[s->n - 1], &x))
			return CRM_OK;
		x.values = s->best[--s->n].values;
	}
	code = keep(d->columns, values, a, &x, err);
	if (code < 0)
		return code;
	for (at = s->n++; at > 0 && better(&x, &s->best[at - 1]); at--)
		s->best[at] = s->best[at - 1];
	s->best[at] = x;
	return CRM_OK;
}

/*
 * Those who were chosen have more in common with the record than is usual, so
 * they do not tell how frequent its values are: all namesakes do, as if so
 * many of them had been taken by chance as were chosen.
 */
static void
count_all(struct crm_dups *d, const struct sights *s)
{
	for (size_t i = 0; i < d->columns; i++) {
		struct dup_value *v = &d->column[i].value[d->of[i]];
		size_t same = s->same[i], n = s->looked;

		same = same > 0 && same * CANDIDATES < n
			   ? 1
			   : same * CANDIDATES / n;
		if (d->of[i] > 0 && v->count > same + 1)
			v->count = (uint32_t)same + 1;
	}
}

/* Adds the most promising of the namesakes. */
static int
add_namesakes(struct asking *x, struct crm_dups *d, const struct crm_str *self,
    uint64_t id, struct crm_lookup *l, struct crm_arena *a, struct crm_err *err)
{
	struct crm_str values[CRM_DUP_COLUMNS];
	struct sights s = {.n = 0};
	size_t known = x->n;
	int code = CRM_OK;

	for (size_t i = 0; i < x->namesakes && code == CRM_OK; i++) {
		size_t k = 0;

		while (k < known && x->number[k] != x->namesake[i])
			k++;
		if (k < known || x->namesake[i] == id)
			continue;
		code = look(x, d, l, x->namesake[i], a, values, err);
		if (code == CRM_OK)
			code = see(&s, d, self, x->namesake[i], values, a, err);
		else if (code == CRM_NOTFOUND)
			code = CRM_OK;
	}
	for (size_t i = 0; i < s.n && code == CRM_OK; i++) {
		x->number[x->n++] = s.best[i].number;
		code = crm_dups_add(d, s.best[i].values, err);
	}
	if (code == CRM_OK && s.looked > CANDIDATES)
		count_all(d, &s);
	return code;
}

/* Adds those whom an identity told; who is not there any more falls out. */
static int
add_known(struct asking *x, struct crm_dups *d, struct crm_lookup *l,
    struct crm_arena *a, struct crm_err *err)
{
	struct crm_str values[CRM_DUP_COLUMNS];
	size_t n = x->n;
	int code = CRM_OK;

	x->n = 0;
	for (size_t i = 0; i < n && code == CRM_OK; i++) {
		code = look(x, d, l, x->number[i], a, values, err);
		if (code == CRM_OK) {
			x->number[x->n++] = x->number[i];
			code = crm_dups_add(d, values, err);
		}
		code = code == CRM_NOTFOUND ? CRM_OK : code;
	}
	return code;
}

/* What of the others is to be read: what the record has no value for cannot be
 * compared.  Names may be in each other's place. */
static void
wanted(struct crm_dups *d, const struct crm_kind *k, const struct crm_str *self,
    struct crm_want *want)
{
	const struct crm_dup_fields *f = &d->fields;

	crm_dups_want(d, k, want);
	for (size_t i = 0; i < d->columns; i++) {
		int field = f->column[i];

		if (self[i].n == 0 && field >= 0 && field != f->given &&
		    field != f->family && field != f->company)
			want->fields[field / 64] &=
			    ~((uint64_t)1 << field % 64);
	}
}

/* Puts the record and its candidates into d, the record first. */
static int
compare(struct asking *x, struct crm_dups *d, const struct crm_record *rec,
    struct crm_arena *a, struct crm_err *err)
{
	const struct crm_kind *k = &x->s->kind[CRM_K_CUSTOMER];
	struct crm_str values[CRM_DUP_COLUMNS];
	struct crm_lookup *l = NULL;
	struct crm_want want = {0};
	uint64_t all = 0;
	int code = crm_dups_people(d, err);

	if (code == CRM_OK)
		code =
		    crm_count(x->txn, CRM_TAB_KIND + CRM_K_CUSTOMER, &all, err);
	if (code == CRM_OK)
		code = crm_dups_person(d, x->s, rec, a, values, err);
	if (code == CRM_OK)
		code = crm_dups_add(d, values, err);
	x->rec = crm_record_new(k, a);
	if (code == CRM_OK && !x->rec)
		code = crm_err_nomem(err);
	if (code == CRM_OK)
		wanted(d, k, values, &want);
	if (code == CRM_OK)
		code = crm_lookup_open(
		    crm_txn_store(x->txn), x->s, k, &want, INT64_MAX, &l, err);
	crm_dups_assume(d, (double)all + 2);
	crm_txn_apart(x->txn);
	if (code == CRM_OK)
		code = add_known(x, d, l, a, err);
	if (code == CRM_OK)
		code = add_namesakes(x, d, values, rec->id, l, a, err);
	crm_txn_apart_end(x->txn);
	crm_lookup_close(l);
	d->model.records = d->n;
	return code;
}

int
crm_dups_likely(struct crm_txn *t, const struct crm_schema *s,
    const struct crm_record *rec, double probability, struct crm_dups *d,
    struct crm_likely *out, size_t max, size_t *n, struct crm_err *err)
{
	struct crm_likely all[COMPARED];
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
