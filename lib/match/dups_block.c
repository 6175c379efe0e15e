/*
 * dups_block.c - which pairs are worth comparing.
 *
 * Each rule gives every record a key of one or two coarse views of its columns,
 * and sorts the records by it; those with the same key are candidates.  One
 * rule's keys survive what spoils another's: a wrong letter in the name, a
 * moved house, a mistyped birthday.
 *
 * A pair that several rules find is taken from the first.  That is decided
 * from the records' places in the earlier orders, so no list of pairs is ever
 * kept: memory is a few words for each record and rule, whatever the data.
 */
#include <stdlib.h>
#include <string.h>

#include "dups.h"

/* The rules, by the types of their columns: one for each set of columns that
 * has them.  Two equal types name two different columns. */
static const struct {
	int type[2], half[2];
	bool either;
} ways[] = {
    {{CRM_DUP_CODE, -1}, {HALF_VALUE, HALF_NONE}, false},
    {{CRM_DUP_EMAIL, -1}, {HALF_VALUE, HALF_NONE}, false},
    {{CRM_DUP_PHONE, -1}, {HALF_VALUE, HALF_NONE}, false},
    {{CRM_DUP_FAMILY, CRM_DUP_GIVEN}, {HALF_SOUND, HALF_SOUND}, true},
    {{CRM_DUP_DATE, -1}, {HALF_VALUE, HALF_NONE}, false},
    {{CRM_DUP_FAMILY, CRM_DUP_DATE}, {HALF_HEAD, HALF_YEAR}, false},
    {{CRM_DUP_FAMILY, CRM_DUP_DATE}, {HALF_SOUND, HALF_DAY}, false},
    {{CRM_DUP_GIVEN, CRM_DUP_DATE}, {HALF_HEAD, HALF_DAY}, false},
    {{CRM_DUP_GIVEN, CRM_DUP_DATE}, {HALF_SOUND, HALF_YEAR}, false},
    {{CRM_DUP_FAMILY, CRM_DUP_POSTCODE}, {HALF_SOUND, HALF_VALUE}, false},
    {{CRM_DUP_GIVEN, CRM_DUP_POSTCODE}, {HALF_SOUND, HALF_VALUE}, false},
    {{CRM_DUP_FAMILY, CRM_DUP_PLACE}, {HALF_HEAD, HALF_HEAD}, false},
    {{CRM_DUP_STREET, CRM_DUP_GIVEN}, {HALF_HEAD, HALF_HEAD}, false},
    {{CRM_DUP_STREET, CRM_DUP_FAMILY}, {HALF_HEAD, HALF_HEAD}, false},
    {{CRM_DUP_STREET, CRM_DUP_POSTCODE}, {HALF_SOUND, HALF_VALUE}, false},
    {{CRM_DUP_STREET, CRM_DUP_DATE}, {HALF_SOUND, HALF_YEAR}, false},
    {{CRM_DUP_STREET, CRM_DUP_PLACE}, {HALF_SOUND, HALF_HEAD}, false},
    {{CRM_DUP_CODE, CRM_DUP_PLACE}, {HALF_HEAD, HALF_HEAD}, false},
    {{CRM_DUP_NAME, -1}, {HALF_VALUE, HALF_NONE}, false},
    {{CRM_DUP_NAME, CRM_DUP_DATE}, {HALF_SOUND, HALF_YEAR}, false},
    {{CRM_DUP_NAME, CRM_DUP_DATE}, {HALF_HEAD, HALF_DAY}, false},
    {{CRM_DUP_NAME, CRM_DUP_POSTCODE}, {HALF_SOUND, HALF_VALUE}, false},
    {{CRM_DUP_NAME, CRM_DUP_STREET}, {HALF_HEAD, HALF_HEAD}, false},
    {{CRM_DUP_NAME, CRM_DUP_PLACE}, {HALF_SOUND, HALF_HEAD}, false},
};

static uint64_t
half_key(const struct dup_value *v, int half)
{
	switch (half) {
	case HALF_SOUND:
		return v->sound;
	case HALF_HEAD:
		return v->head;
	case HALF_YEAR:
		return v->year;
	case HALF_DAY:
		return v->day;
	default:
		return v->n ? crm_hash64(v->p, v->n * sizeof *v->p) | 1 : 0;
	}
}

static uint64_t
key_of(const struct crm_dups *d, const struct crm_dup_rule *r, uint32_t record)
{
	uint64_t h[2] = {
	    half_key(dup_value(d, r->column[0], record), r->half[0]), 0};

	if (h[0] == 0 || r->half[1] == HALF_NONE)
		return h[0];
	h[1] = half_key(dup_value(d, r->column[1], record), r->half[1]);
	if (h[1] == 0)
		return 0;
	if (r->either && h[0] > h[1]) {
		uint64_t t = h[0];

		h[0] = h[1];
		h[1] = t;
	}
	return crm_hash64(h, sizeof h) | 1;
}

struct entry {
	uint64_t key, name;
	uint32_t record;
};

static int
by_key(const void *x, const void *y)
{
	const struct entry *a = x, *b = y;

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	if (a->name != b->name)
		return a->name < b->name ? -1 : 1;
	return a->record < b->record ? -1 : a->record > b->record;
}

/* What records of a large block are sorted by: first letters of the columns
 * that the key does not use, the first that says anything. */
static uint64_t
name_of(const struct crm_dups *d, const struct crm_dup_rule *r, uint32_t record)
{
	uint64_t out = 0;
	unsigned room = 4;

	for (size_t i = 0; i < d->columns && room > 0; i++) {
		uint64_t two = 0;
		const struct dup_value *v = dup_value(d, i, record);

		if (v->n == 0 || i == r->column[0] ||
		    (i == r->column[1] && r->half[1] != HALF_NONE))
			continue;
		for (size_t k = 0; k < 2; k++)
			two = two << 8 | (k < v->n ? v->p[k] & 0xff : 0);
		out |= two << (16 * --room);
	}
	return out;
}

static int
sort_rule(struct crm_dups *d, size_t rule, struct entry *e, struct crm_err *err)
{
	struct crm_dup_rule *r = &d->rule[rule];
	uint32_t block = 0;

	for (uint32_t i = 0; i < d->n; i++) {
		uint64_t key = key_of(d, r, i);

		if (key != 0)
			e[r->n++] = (struct entry){key, name_of(d, r, i), i};
	}
	qsort(e, r->n, sizeof *e, by_key);
	r->order = malloc((r->n + 1) * sizeof *r->order);
	if (!r->order)
		return crm_err_nomem(err);
	for (size_t i = 0, end; i < r->n; i = end) {
		for (end = i; end < r->n && e[end].key == e[i].key;)
			end++;
		block++;
		for (size_t k = i; k < end; k++) {
			r->order[k] = e[k].record;
			d->place[e[k].record * d->rules + rule] =
			    (struct crm_dup_place){
				end - i > DUP_BLOCK ? block | DUP_LARGE : block,
				(uint32_t)k};
		}
	}
	return CRM_OK;
}

/* The rules of a way: one for each choice of columns. */
static int
add_way(struct crm_dups *d, size_t way, size_t *cap, struct crm_err *err)
{
	struct crm_dup_rule r = {.either = ways[way].either};

	for (int i = 0; i < 2; i++)
		r.half[i] = (uint8_t)ways[way].half[i];
	for (size_t i = 0; i < d->columns; i++) {
		size_t seconds = r.half[1] == HALF_NONE ? 1 : d->columns;

		if (d->column[i].type != ways[way].type[0])
			continue;
		r.column[0] = (uint8_t)i;
		for (size_t k = 0; k < seconds; k++) {
			if (r.half[1] != HALF_NONE &&
			    d->column[k].type != ways[way].type[1])
				continue;
			r.column[1] = (uint8_t)k;
			if (!crm_grow(
				&d->rule, cap, d->rules + 1, sizeof *d->rule))
				return crm_err_nomem(err);
			d->rule[d->rules++] = r;
		}
	}
	return CRM_OK;
}

int
crm_dup_block(struct crm_dups *d, struct crm_err *err)
{
	struct entry *e = NULL;
	size_t cap = 0;
	int code = crm_dup_view(d, err);

	for (size_t w = 0; w < sizeof ways / sizeof *ways && code == CRM_OK;
	     w++)
		code = add_way(d, w, &cap, err);
	if (code == CRM_OK) {
		e = malloc((d->n + 1) * sizeof *e);
		d->place = calloc(d->n * d->rules + 1, sizeof *d->place);
		if (!e || !d->place)
			code = crm_err_nomem(err);
	}
	for (size_t r = 0; r < d->rules && code == CRM_OK; r++)
		code = sort_rule(d, r, e, err);
	free(e);
	return code;
}

bool
crm_dup_first(const struct crm_dups *d, size_t rule, uint32_t a, uint32_t b)
{
	const struct crm_dup_place *x = &d->place[a * d->rules];
	const struct crm_dup_place *y = &d->place[b * d->rules];

	for (size_t r = 0; r < rule; r++) {
		uint32_t apart =
		    x[r].at > y[r].at ? x[r].at - y[r].at : y[r].at - x[r].at;

		if (x[r].block != 0 && x[r].block == y[r].block &&
		    (!(x[r].block & DUP_LARGE) || apart <= DUP_WINDOW))
			return false;
	}
	return true;
}

/* How many records after the one at place i are its candidates. */
static size_t
reach(const struct crm_dups *d, size_t rule, size_t i)
{
	const struct crm_dup_rule *r = &d->rule[rule];
	uint32_t block = d->place[r->order[i] * d->rules + rule].block;
	size_t max = block & DUP_LARGE ? DUP_WINDOW : DUP_BLOCK;
	size_t n = 0;

	while (n < max && i + n + 1 < r->n &&
	       d->place[r->order[i + n + 1] * d->rules + rule].block == block)
		n++;
	return n;
}

double
crm_dup_count(const struct crm_dups *d, size_t rule)
{
	double n = 0;

	for (size_t i = 0; i < d->rule[rule].n; i++)
		n += (double)reach(d, rule, i);
	return n;
}

int
crm_dup_pairs(const struct crm_dups *d, size_t rule, uint64_t stride,
    int (*fn)(void *ctx, uint32_t a, uint32_t b), void *ctx)
{
	const struct crm_dup_rule *r = &d->rule[rule];
	int code = CRM_OK;

	for (size_t i = 0; i < r->n && code == CRM_OK; i++) {
		size_t n = reach(d, rule, i);

		for (size_t k = 1; k <= n && code == CRM_OK; k++) {
			uint32_t a = r->order[i], b = r->order[i + k], t;

			if (a > b) {
				t = a;
				a = b;
				b = t;
			}
			if (stride > 1) {
				uint64_t h = (uint64_t)a << 32 | b;

				if (crm_hash64(&h, sizeof h) % stride != 0)
					continue;
			}
			code = fn(ctx, a, b);
		}
	}
	return code;
}
