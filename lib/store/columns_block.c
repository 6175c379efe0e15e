/*
 * columns_block.c - a block from its bytes.
 *
 * All that could be wrong with a column is looked for when the block is
 * opened: places and widths, and where not every code can stand for something,
 * all codes.  So whoever reads values later, in whatever order, need not ask.
 */
#include "store/columns_parts.h"
#include "store/store_internal.h"

_Static_assert(CRM_COLUMNS_RANGE <= CRM_LANE_MOST, "a lane has room for them");

struct block {
	const unsigned char *p, *end; /* without the tail */
	const unsigned char *dir;
	unsigned rows, columns, entries;
};

static bool
take_block(struct crm_str bytes, struct block *b)
{
	const unsigned char *p = (const unsigned char *)bytes.p;
	unsigned live = 0;

	if (bytes.n < COLUMNS_HEAD + COLUMNS_LIVE + COLUMNS_TAIL ||
	    columns_load2(p) != COLUMNS_VERSION)
		return false;
	b->p = p;
	b->end = p + bytes.n - COLUMNS_TAIL;
	b->rows = columns_load2(p + 2);
	b->columns = columns_load2(p + 4);
	b->entries = columns_load2(p + 6);
	b->dir = p + COLUMNS_HEAD + COLUMNS_LIVE;
	for (unsigned i = 0; i < COLUMNS_LIVE; i += 8)
		live += (unsigned)__builtin_popcountll(
		    crm_lane_load(p + COLUMNS_HEAD + i));
	return live == b->rows &&
	       (size_t)(b->end - b->dir) / COLUMNS_ENTRY >= b->columns;
}

/* A list of words behind the codes: each of these must name one. */
static bool
take_words(struct column *x, size_t n, const unsigned char *p,
    const unsigned char *end)
{
	const unsigned char *length = p;
	struct crm_lane *l = &x->lane;

	if (l->base > COLUMNS_WORDS || (uint64_t)(end - p) < l->base ||
	    (l->width == 0 && l->base > 1))
		return false;
	l->nword = (unsigned)l->base;
	p += l->base;
	for (unsigned i = 1; i <= l->nword; i++) {
		size_t size = length[i - 1];

		if (size == 0 || (size_t)(end - p) < size)
			return false;
		x->word[i] = (struct crm_str){(const char *)p, size};
		p += size;
	}
	/* the only one has no codes */
	if (l->width > 0)
		l->base = 0;
	return crm_lane_every(l, n, 0, l->nword);
}

/* Each must have a place among the names. */
static bool
take_names(const struct crm_lane *l, size_t n)
{
	if (n == 0 || (l->sparse && l->width == 0))
		return true;
	return l->base >= 1 && l->base <= l->nword &&
	       crm_lane_every(l, n, 0, l->nword - l->base + l->sparse);
}

/* Texts behind the codes. */
static bool
take_texts(struct column *x, size_t n, const unsigned char *p,
    const unsigned char *end)
{
	uint64_t at = 0, most = (uint64_t)(end - p);

	x->lane.text = (const char *)p;
	for (size_t i = 0; i < n; i++) {
		uint64_t size = crm_lane_code(&x->lane, i);

		if (size > most - at)
			return false;
		x->at[i] = (uint32_t)at;
		at += size;
	}
	x->at[n] = (uint32_t)at;
	return at <= UINT32_MAX;
}

/* What is behind the codes, and whether these may be. */
static bool
take_rest(struct column *x, size_t n, const unsigned char *p,
    const unsigned char *end)
{
	if (x->lane.how == CRM_LANE_NUMBER)
		return true;
	/* of rows, of which there can be more, only numbers are kept */
	if (n > CRM_COLUMNS_RANGE)
		return false;
	switch ((enum crm_lane_how)x->lane.how) {
	case CRM_LANE_WORD:
		return take_words(x, n, p, end);
	case CRM_LANE_NAME:
		return take_names(&x->lane, n);
	case CRM_LANE_TEXT:
		return take_texts(x, n, p, end);
	case CRM_LANE_NUMBER:
		break;
	}
	return true;
}

/* The one of this tag, of n codes.  CRM_OK, CRM_NO not there, CRM_EDAMAGE. */
static int
take_column(const struct crm_columns *c, struct column *x,
    const struct block *b, unsigned tag, size_t n)
{
	const unsigned char *e = b->dir, *codes;
	bool text = x->f->type == CRM_T_TEXT;
	struct crm_lane *l = &x->lane;
	unsigned i, how;
	int digits = 0;
	uint64_t at;

	for (i = 0; i < b->columns && columns_load2(e) != tag; i++)
		e += COLUMNS_ENTRY;
	if (i == b->columns)
		return CRM_NO;
	how = e[2];
	if (x->f->type == CRM_T_DECIMAL) {
		digits = (int)(how >> 4);
		how &= 15;
	}
	l->width = e[3];
	at = crm_lane_load(e + 4) & UINT32_MAX;
	l->base = crm_lane_load(e + 8);
	codes = b->dir + (size_t)b->columns * COLUMNS_ENTRY;
	if (how >= HOWS || digits > CRM_SCALE_MAX ||
	    (how >= HOW_WORD) != text ||
	    (l->width > COLUMNS_WIDTH && l->width != 64) ||
	    (uint64_t)(b->end - codes) < at)
		return CRM_EDAMAGE;
	codes += at;
	if ((size_t)(b->end - codes) < columns_bytes(n, l->width))
		return CRM_EDAMAGE;
	l->codes = codes;
	l->mask = columns_mask(l->width);
	l->sparse = how == HOW_SPARSE;
	l->how = how == HOW_WORD	    ? CRM_LANE_WORD
		 : how == HOW_TEXT	    ? CRM_LANE_TEXT
		 : x->f->type == CRM_T_ENUM ? CRM_LANE_NAME
					    : CRM_LANE_NUMBER;
	l->is = (struct crm_value){.type = x->f->type,
	    .kind = x->f->type == CRM_T_ID ? x->f->ref : 0,
	    .scale = (uint8_t)(x->f->type == CRM_T_MONEY ? c->schema->digits
							 : digits)};
	l->coin = NULL;
	codes += columns_bytes(n, l->width);
	return take_rest(x, n, codes, b->end) ? CRM_OK : CRM_EDAMAGE;
}

/* The digits of money, by the words of the currency. */
static bool
take_coins(struct crm_columns *c)
{
	const struct column *x = &c->all[0];
	const struct crm_lane *l = &x->lane;

	if (!c->coins)
		return true;
	if (!x->there || l->how != CRM_LANE_WORD) {
		for (size_t i = 0; i < c->n; i++)
			c->all[i].there &= !c->all[i].coin;
		return false;
	}
	c->digits[0] = (uint8_t)c->schema->digits;
	for (unsigned i = 1; i <= l->nword; i++)
		c->digits[i] = (uint8_t)crm_coin_digits(c->schema, l->word[i]);
	for (size_t i = 1; i < c->n; i++) {
		struct crm_lane *m = &c->all[i].lane;

		if (!c->all[i].coin || !c->all[i].there)
			continue;
		m->is.scale = c->digits[l->width > 0 ? 0 : l->nword];
		m->coin = l->width > 0 ? l : NULL;
		m->digits = c->digits;
	}
	return true;
}

static int
damaged(const struct crm_columns *c, struct crm_err *err)
{
	return crm_err_set(err, CRM_EDAMAGE,
	    "the store is damaged: the columns of the %ss from %llu cannot be "
	    "read",
	    c->kind->name, (unsigned long long)c->first);
}

/* Their sum, and the most. */
static bool
sum_counts(struct crm_columns_rows *r, unsigned records)
{
	const struct crm_lane *l = &r->count.lane;

	r->n = r->most = 0;
	if (l->how != CRM_LANE_NUMBER || l->sparse || l->width > 8 ||
	    l->base > COLUMNS_ROWS)
		return false;
	for (unsigned i = 0; i < records; i++) {
		size_t n = (size_t)(l->base + crm_lane_code(l, i));

		r->n += n;
		r->most = n > r->most ? n : r->most;
	}
	return r->most <= COLUMNS_ROWS;
}

static int
take_rows(struct crm_columns *c, const struct block *b)
{
	static const struct crm_field number = {.type = CRM_T_INT};
	struct crm_columns_rows *r = &c->rows;
	int code;

	r->row = 0;
	r->count.f = &number;
	r->nvaried = 0;
	code = take_column(c, &r->count, b, c->kind->parts[0].tag, b->rows);
	r->there = code == CRM_OK;
	for (size_t i = 0; i < r->ncells; i++)
		r->cell[i].there = false;
	if (r->there && !sum_counts(r, b->rows))
		return CRM_EDAMAGE;
	for (size_t i = 0; i < r->ncells && r->there; i++) {
		struct column *x = &r->cell[i];

		code = take_column(c, x, b, COLUMNS_CELL | x->f->tag, r->n);
		x->there = code == CRM_OK;
		if (x->there && x->lane.width > 0)
			r->varied[r->nvaried++] = x;
		if (code == CRM_EDAMAGE || (code == CRM_NO && !c->any))
			break;
	}
	return code == CRM_NO && c->any ? CRM_OK : code;
}

/* Where the records are in the range: mostly one after the other. */
static void
take_places(struct crm_columns *c)
{
	size_t last = 0, n = 0;

	c->start = CRM_COLUMNS_RANGE;
	for (unsigned w = 0; w < CRM_COLUMNS_RANGE / 64; w++) {
		uint64_t bits = crm_lane_load(c->live + (size_t)8 * w);

		if (bits == 0)
			continue;
		if (c->start == CRM_COLUMNS_RANGE)
			c->start = 64 * w + (unsigned)__builtin_ctzll(bits);
		last = 64 * w + 63 - (unsigned)__builtin_clzll(bits);
	}
	c->whole = c->records == 0 || last - c->start + 1 == c->records;
	for (unsigned w = 0; w < CRM_COLUMNS_RANGE / 64 && !c->whole; w++) {
		uint64_t bits = crm_lane_load(c->live + (size_t)8 * w);

		for (; bits != 0; bits &= bits - 1)
			c->place[n++] =
			    (uint16_t)(64 * w +
				       (unsigned)__builtin_ctzll(bits));
	}
}

int
crm_columns_take(struct crm_columns *c, uint64_t first, struct crm_str bytes,
    struct crm_err *err)
{
	struct block b;
	int code = CRM_OK;

	c->first = first;
	c->fresh = true;
	c->nvaried = 0;
	c->record = 0;
	c->chosen = false;
	if (!take_block(bytes, &b))
		return damaged(c, err);
	c->live = b.p + COLUMNS_HEAD;
	c->records = b.rows;
	take_places(c);
	c->entries = b.entries;
	for (size_t i = 0; i < c->n && code == CRM_OK; i++) {
		struct column *x = &c->all[i];

		code = take_column(c, x, &b, x->f->tag, b.rows);
		x->there = code == CRM_OK;
		if (x->there && x->lane.width > 0)
			c->column[c->nvaried++] = x;
		else if (code == CRM_NO && c->any)
			code = CRM_OK;
	}
	if (code == CRM_OK && !take_coins(c) && !c->any)
		code = CRM_NO;
	if (code == CRM_OK && c->rows.wanted)
		code = take_rows(c, &b);
	return code == CRM_EDAMAGE ? damaged(c, err) : code;
}
