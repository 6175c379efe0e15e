/*
 * tally_block.c - the figures of neighbours, figure beside figure.
 *
 * Who looks at the figures of all customers wants two or three of fifteen, and
 * an entry of its own for each customer costs more to step to than to read.
 * So an entry has the figures of CRM_TALLY_RANGE customers: which of them are
 * there (a record that lives), which have figures, and each figure as the
 * least of all and the distances from it, in as many bytes as the largest
 * needs.  A change of one writes the entry of all, which is in one page
 * as before; the same figures are the same bytes.
 */
#include <endian.h>

#include <crm/hash.h>

#include "ledger_parts.h"

enum {
	LAYOUT = 1,
	HEAD = 13,
	COLUMN = 11, /* its width and the least value, at most */
	MOST = HEAD + CRM_TALLY_FIGURES * (COLUMN + 8 * CRM_TALLY_RANGE) + 8
};

uint64_t
crm_tally_first(uint64_t customer)
{
	return customer == 0 ? 0 : customer - (customer - 1) % CRM_TALLY_RANGE;
}

static uint32_t
bit_of(uint64_t customer)
{
	return (uint32_t)1 << (customer - 1) % CRM_TALLY_RANGE;
}

/* Those before it that have figures. */
static unsigned
rank(uint32_t have, uint32_t bit)
{
	return (unsigned)__builtin_popcount(have & (bit - 1));
}

/* ---- numbers of some bytes ---- */

static inline uint64_t
load(const unsigned char *p, unsigned width)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < width; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

static inline void
load_all(const unsigned char *p, unsigned width, uint64_t base, unsigned n,
    int64_t *out)
{
	for (unsigned i = 0; i < n; i++)
		out[i] = (int64_t)(base + load(p + i * width, width));
}

void
crm_tally_column(const struct crm_tally_view *v, enum crm_tally_figure figure,
    int64_t out[CRM_TALLY_RANGE])
{
	const unsigned char *p = v->at[figure];
	uint64_t base = (uint64_t)v->base[figure];

	/* a width that is known is read at once */
	switch (v->width[figure]) {
	case 0:
		load_all(p, 0, base, v->n, out);
		break;
	case 1:
		load_all(p, 1, base, v->n, out);
		break;
	case 2:
		load_all(p, 2, base, v->n, out);
		break;
	case 3:
		load_all(p, 3, base, v->n, out);
		break;
	case 4:
		load_all(p, 4, base, v->n, out);
		break;
	default:
		load_all(p, v->width[figure], base, v->n, out);
	}
}

static int64_t
one_of(const struct crm_tally_view *v, enum crm_tally_figure figure, unsigned i)
{
	unsigned width = v->width[figure];

	return (int64_t)((uint64_t)v->base[figure] +
			 load(v->at[figure] + i * width, width));
}

/* ---- reading ---- */

static int
damaged(uint64_t first, struct crm_err *err)
{
	crm_err_set(err, CRM_EDAMAGE,
	    "the figures of customers from C%llu cannot be read",
	    (unsigned long long)first);
	crm_err_hint(err, "crm-store rebuild makes them anew");
	return CRM_EDAMAGE;
}

int
crm_tally_view(struct crm_str key, struct crm_str s, struct crm_tally_view *v,
    struct crm_err *err)
{
	const unsigned char *p = (const unsigned char *)s.p;

	if (key.n != 8 || !crm_take_be(&key, 8, &v->first) ||
	    v->first % CRM_TALLY_RANGE != 1)
		return crm_err_set(err, CRM_EDAMAGE,
		    "a key of the figures is not a number of theirs");
	if (s.n < HEAD || p[0] != LAYOUT)
		return damaged(v->first, err);
	v->live = (uint32_t)load(p + 1, 4);
	v->have = (uint32_t)load(p + 5, 4);
	v->ends = (uint32_t)load(p + 9, 4);
	v->n = (unsigned)__builtin_popcount(v->have);
	s.p += HEAD;
	s.n -= HEAD;
	if (v->ends & ~v->have)
		return damaged(v->first, err);
	for (int i = 0; v->have && i < CRM_TALLY_FIGURES; i++) {
		size_t bytes;

		if (s.n == 0 || (unsigned char)*s.p > 8)
			return damaged(v->first, err);
		v->width[i] = (uint8_t)*s.p++;
		s.n--;
		bytes = (size_t)v->width[i] * v->n;
		if (!crm_take_zig(&s, &v->base[i]) || s.n < bytes)
			return damaged(v->first, err);
		v->at[i] = (const unsigned char *)s.p;
		s.p += bytes;
		s.n -= bytes;
	}
	return s.n == 0 ? CRM_OK : damaged(v->first, err);
}

/* Figures of i-th, as `of` answers each. */
static bool
fill(struct crm_tally *y, bool ends, const int64_t f[CRM_TALLY_FIGURES])
{
	*y = crm_tally_none();
	y->orders = f[CRM_TALLY_ORDERS];
	y->revenue = f[CRM_TALLY_REVENUE];
	y->spent = f[CRM_TALLY_SPENT];
	y->refunded = f[CRM_TALLY_REFUNDED];
	y->discounts = f[CRM_TALLY_DISCOUNTS];
	y->cost = f[CRM_TALLY_COST];
	y->returns = f[CRM_TALLY_RETURNS];
	y->tickets = f[CRM_TALLY_TICKETS];
	y->open_tickets = f[CRM_TALLY_OPEN_TICKETS];
	y->touches = f[CRM_TALLY_TOUCHES];
	if (y->touches != 0)
		y->last_touch = f[CRM_TALLY_LAST_TOUCH];
	if (ends) {
		y->first = f[CRM_TALLY_FIRST];
		y->last =
		    (int64_t)((uint64_t)y->first + (uint64_t)f[CRM_TALLY_SPAN]);
	}
	y->items.v = f[CRM_TALLY_ITEMS];
	y->items.scale = (uint8_t)f[CRM_TALLY_SCALE];
	return f[CRM_TALLY_SCALE] >= 0 && f[CRM_TALLY_SCALE] <= CRM_SCALE_MAX;
}

int
crm_tally_one(const struct crm_tally_view *v, uint64_t customer,
    struct crm_tally *out, struct crm_err *err)
{
	uint32_t bit = bit_of(customer);
	int64_t f[CRM_TALLY_FIGURES];
	unsigned at = rank(v->have, bit);

	*out = crm_tally_none();
	if (!(v->have & bit))
		return CRM_OK;
	for (int i = 0; i < CRM_TALLY_FIGURES; i++)
		f[i] = one_of(v, (enum crm_tally_figure)i, at);
	return fill(out, v->ends & bit, f) ? CRM_OK : damaged(v->first, err);
}

int
crm_tally_block(const struct crm_tally_view *v, struct crm_tally_block *out,
    struct crm_err *err)
{
	int64_t f[CRM_TALLY_FIGURES][CRM_TALLY_RANGE];
	unsigned n = 0;

	out->first = v->first;
	out->live = v->live;
	out->have = v->have;
	for (int i = 0; v->have && i < CRM_TALLY_FIGURES; i++)
		crm_tally_column(v, (enum crm_tally_figure)i, f[i]);
	for (unsigned i = 0; i < CRM_TALLY_RANGE; i++) {
		int64_t one[CRM_TALLY_FIGURES];

		if (!(v->have >> i & 1))
			continue;
		for (int k = 0; k < CRM_TALLY_FIGURES; k++)
			one[k] = f[k][n];
		n++;
		if (!fill(&out->y[i], v->ends >> i & 1, one))
			return damaged(v->first, err);
	}
	return CRM_OK;
}

/* ---- writing ---- */

static void
take_figures(const struct crm_tally *y, int64_t f[CRM_TALLY_FIGURES])
{
	f[CRM_TALLY_ORDERS] = y->orders;
	f[CRM_TALLY_REVENUE] = y->revenue;
	f[CRM_TALLY_SPENT] = y->spent;
	f[CRM_TALLY_REFUNDED] = y->refunded;
	f[CRM_TALLY_DISCOUNTS] = y->discounts;
	f[CRM_TALLY_COST] = y->cost;
	f[CRM_TALLY_RETURNS] = y->returns;
	f[CRM_TALLY_TICKETS] = y->tickets;
	f[CRM_TALLY_OPEN_TICKETS] = y->open_tickets;
	f[CRM_TALLY_TOUCHES] = y->touches;
	f[CRM_TALLY_LAST_TOUCH] = y->last_touch;
	f[CRM_TALLY_FIRST] = y->first;
	f[CRM_TALLY_SPAN] = (int64_t)((uint64_t)y->last - (uint64_t)y->first);
	f[CRM_TALLY_ITEMS] = y->items.v;
	f[CRM_TALLY_SCALE] = y->items.scale;
}

static char *
put_zig(char *p, int64_t v)
{
	uint64_t u = (uint64_t)v << 1;

	if (v < 0)
		u = ~u;
	for (; u >= 0x80; u >>= 7)
		*p++ = (char)(unsigned char)(u | 0x80);
	*p++ = (char)u;
	return p;
}

/* A figure of n: those that have none of it (not in `with`) are as the least,
 * so that they cost nothing. */
static char *
put_column(char *p, const int64_t *f, unsigned n, uint32_t with)
{
	int64_t least = INT64_MAX, most = INT64_MIN;
	uint64_t span;
	unsigned width = 0;

	for (unsigned i = 0; i < n; i++) {
		if (!(with >> i & 1))
			continue;
		least = f[i] < least ? f[i] : least;
		most = f[i] > most ? f[i] : most;
	}
	if (least > most)
		least = most = 0;
	for (span = (uint64_t)most - (uint64_t)least; span != 0; span >>= 8)
		width++;
	*p++ = (char)width;
	p = put_zig(p, least);
	for (unsigned i = 0; width > 0 && i < n; i++) {
		uint64_t v = 0;

		if (with >> i & 1)
			v = htole64((uint64_t)f[i] - (uint64_t)least);
		memcpy(p, &v, 8); /* the next is put over what is too much */
		p += width;
	}
	return p;
}

static char *
put_bits(char *p, uint32_t bits)
{
	bits = htole32(bits);
	memcpy(p, &bits, 4);
	return p + 4;
}

void
crm_tally_block_put(const struct crm_tally_block *x, struct crm_buf *out)
{
	int64_t f[CRM_TALLY_FIGURES][CRM_TALLY_RANGE];
	uint32_t ends = 0, with_ends = 0, with_touch = 0;
	char bytes[MOST], *p = bytes;
	unsigned n = 0;

	for (unsigned i = 0; i < CRM_TALLY_RANGE; i++) {
		const struct crm_tally *y = &x->y[i];
		int64_t one[CRM_TALLY_FIGURES];

		if (!(x->have >> i & 1))
			continue;
		take_figures(y, one);
		for (int k = 0; k < CRM_TALLY_FIGURES; k++)
			f[k][n] = one[k];
		ends |= (uint32_t)(y->first != INT64_MIN) << i;
		with_ends |= (uint32_t)(y->first != INT64_MIN) << n;
		with_touch |= (uint32_t)(y->touches != 0) << n;
		n++;
	}
	*p++ = LAYOUT;
	p = put_bits(p, x->live);
	p = put_bits(p, x->have);
	p = put_bits(p, ends);
	for (int k = 0; n > 0 && k < CRM_TALLY_FIGURES; k++)
		p = put_column(p, f[k], n,
		    k == CRM_TALLY_FIRST || k == CRM_TALLY_SPAN ? with_ends
		    : k == CRM_TALLY_LAST_TOUCH			? with_touch
								: UINT32_MAX);
	crm_buf_put(out, bytes, (size_t)(p - bytes));
}

/* ---- one customer's, and all ---- */

int
crm_tally_find(struct crm_txn *t, uint64_t customer, struct crm_tally_view *v,
    struct crm_err *err)
{
	char key[8];
	struct crm_str k = crm_number_key(crm_tally_first(customer), key), s;
	int r = crm_get(t, CRM_TAB_TALLY, k, &s, err);

	if (r == CRM_OK)
		r = crm_unseal(CRM_TAB_TALLY, k, &s, err);
	return r == CRM_OK ? crm_tally_view(k, s, v, err) : r;
}

int
crm_tallies_open(struct crm_tallies *x, struct crm_txn *t, uint64_t customer,
    struct crm_err *err)
{
	*x = (struct crm_tallies){.from = customer};
	return crm_cursor_open(t, CRM_TAB_TALLY, &x->cursor, err);
}

int
crm_tallies_next(
    struct crm_tallies *x, struct crm_tally_view *out, struct crm_err *err)
{
	struct crm_str k, v;
	char key[8];
	int r;

	if (x->begun)
		r = crm_cursor_next(x->cursor, &k, &v, err);
	else
		r = crm_cursor_seek(x->cursor,
		    x->from ? crm_number_key(crm_tally_first(x->from), key)
			    : (struct crm_str){"", 0},
		    &k, &v, err);
	x->begun = true;
	if (r == CRM_OK)
		r = crm_unseal(CRM_TAB_TALLY, k, &v, err);
	return r == CRM_OK ? crm_tally_view(k, v, out, err) : r;
}

int
crm_tallies_to(struct crm_tallies *x, uint64_t customer, struct crm_tally *out,
    struct crm_err *err)
{
	uint64_t first = crm_tally_first(customer);
	int r = CRM_OK;

	*out = crm_tally_none();
	if (!x->begun)
		x->from = customer;
	while (!x->end && (!x->begun || x->block.first < first)) {
		struct crm_tally_view v;

		r = crm_tallies_next(x, &v, err);
		x->end = r == CRM_NOTFOUND;
		if (r == CRM_OK)
			r = crm_tally_block(&v, &x->block, err);
		if (r < 0)
			break;
	}
	if (r == CRM_OK && !x->end && x->block.first == first &&
	    (x->block.have & bit_of(customer)))
		*out = x->block.y[(customer - 1) % CRM_TALLY_RANGE];
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

void
crm_tallies_close(struct crm_tallies *x)
{
	crm_cursor_close(x->cursor);
	x->cursor = NULL;
}
