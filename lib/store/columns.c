/*
 * columns.c - records read from the blocks of their columns.
 *
 * What is the same for all records of a block is put into the caller's record
 * once, when the block begins; for each record only what differs is written.
 * Places and widths are looked at when the block is opened, so that no code
 * read later lies outside of it; what a code stands for is looked at where it
 * is read, as lengths and words are not known before.
 */
#include <stdlib.h>

#include "store/columns_wire.h"
#include "store/store_internal.h"

enum mode {
	MODE_NUMBER,
	MODE_SPARSE,
	MODE_NAMED, /* an enum's */
	MODE_WORD,
	MODE_TEXT
};

struct column {
	const struct crm_field *f;
	int field; /* in the record */
	bool coin; /* money of the record's currency */
	bool there; /* in this block */
	bool sparse;
	enum mode mode;
	unsigned width;
	const unsigned char *codes;
	uint64_t bit, mask; /* where the next code is */
	uint64_t base;
	struct crm_value is; /* what its values have in common */
	struct crm_str *word; /* from 1; of an enum or of a list */
	uint64_t nword;
	uint64_t last; /* place of the word that was read last */
	const char *text, *end; /* the next one */
};

/* The rows of the first part. */
struct crm_columns_rows {
	bool wanted, there;
	struct column count, cell[COLUMNS_CELLS];
	size_t ncells, nvaried;
	struct column *varied[COLUMNS_CELLS];
	size_t most; /* of a record of the block */
};

struct crm_columns {
	const struct crm_schema *schema;
	const struct crm_kind *kind;
	struct crm_cursor *cursor; /* NULL: of no store */
	bool begun;
	bool any; /* what a block has not is done without */
	bool fresh; /* no record of the block was read */
	bool coins; /* there is money of the record's currency */
	bool varied; /* and the currency differs */
	uint64_t first;
	const unsigned char *live;
	uint64_t bits; /* of the numbers that are left in this word */
	unsigned at; /* the word after it */
	size_t n; /* columns; those that vary are the first */
	size_t nvaried;
	uint8_t digits[COLUMNS_WORDS + 1]; /* by currency */
	unsigned entries; /* of the block's range and 1; 0: not told */
	uint64_t seek; /* where the first block is looked for */
	struct crm_columns_rows rows;
	struct column *column[CRM_FIELDS_MAX];
	struct column all[]; /* the currency is the first, if there is money */
};

struct crm_str
crm_columns_key(unsigned kind, uint64_t number, char out[CRM_COLUMNS_KEY])
{
	out[0] = (char)kind;
	crm_number_key(number - number % CRM_COLUMNS_RANGE, out + 1);
	return (struct crm_str){out, CRM_COLUMNS_KEY};
}

/* ---- opening ---- */

static void
add_column(struct crm_columns *c, int field)
{
	struct column *x = &c->all[c->n++];

	x->field = field;
	x->f = &c->kind->fields[field];
	x->coin = x->f->type == CRM_T_MONEY && !(x->f->flags & CRM_F_BASE);
}

static bool
choose_rows(struct crm_columns *c, uint64_t cells)
{
	const struct crm_part *part = &c->kind->parts[0];
	struct crm_columns_rows *r = &c->rows;

	if (c->kind->nparts == 0 || cells == 0)
		return false;
	r->wanted = true;
	for (int i = 0; i < 64 && cells >> i; i++) {
		if (!(cells >> i & 1))
			continue;
		if (i >= part->nfields || !crm_columns_cell(&part->fields[i]) ||
		    r->ncells == COLUMNS_CELLS)
			return false;
		r->cell[r->ncells].f = &part->fields[i];
		r->cell[r->ncells++].field = i;
	}
	return true;
}

/* The columns for what is wanted (NULL: for what there is); false when they do
 * not do. */
static bool
choose(struct crm_columns *c, const struct crm_want *want, uint64_t cells)
{
	const struct crm_kind *k = c->kind;
	struct crm_want all = {{0}, 0};
	int coin = crm_kind_field(k, CRM_STR("currency"));

	for (int i = 1; i < k->nfields && !want; i++)
		if (crm_columns_field(&k->fields[i]))
			crm_want_field(&all, i);
	c->any = !want;
	if (!want) {
		cells = crm_columns_cells(k);
		all.parts = cells != 0;
		want = &all;
	}
	if (want->parts > 1 || (want->parts && !choose_rows(c, cells)))
		return false;

	for (int i = 1; i < k->nfields; i++) {
		const struct crm_field *f = &k->fields[i];

		if (!crm_wants(want, i))
			continue;
		if (!crm_columns_field(f))
			return false;
		c->coins |= f->type == CRM_T_MONEY && !(f->flags & CRM_F_BASE);
	}
	if (c->coins && (coin < 0 || !crm_columns_field(&k->fields[coin])))
		return false;
	if (c->coins)
		add_column(c, coin);
	for (int i = 1; i < k->nfields; i++)
		if (crm_wants(want, i) && !(c->coins && i == coin))
			add_column(c, i);
	return true;
}

/* Room for the words of a list, or the names of an enum. */
static int
make_words(struct column *x, struct crm_err *err)
{
	bool named = x->f->type == CRM_T_ENUM;

	if (!named && x->f->type != CRM_T_TEXT)
		return CRM_OK;
	if (named)
		x->nword = crm_enum_count(x->f->values);
	x->word =
	    calloc((named ? x->nword : COLUMNS_WORDS) + 1, sizeof *x->word);
	if (!x->word)
		return crm_err_nomem(err);
	for (unsigned i = 1; named && i <= x->nword; i++)
		x->word[i] = crm_enum_name(x->f->values, i);
	return CRM_OK;
}

int
crm_columns_make(const struct crm_schema *s, const struct crm_kind *k,
    const struct crm_want *want, uint64_t cells, struct crm_columns **out,
    struct crm_err *err)
{
	struct crm_columns *c =
	    calloc(1, sizeof *c + CRM_FIELDS_MAX * sizeof *c->all);
	int code = CRM_OK;

	*out = NULL;
	if (!c)
		return crm_err_nomem(err);
	c->schema = s;
	c->kind = k;
	if (!choose(c, want, cells))
		code = CRM_NO;
	for (size_t i = 0; i < c->n && code == CRM_OK; i++)
		code = make_words(&c->all[i], err);
	if (code != CRM_OK) {
		crm_columns_close(c);
		return code;
	}
	*out = c;
	return CRM_OK;
}

void
crm_columns_close(struct crm_columns *c)
{
	if (!c)
		return;
	crm_cursor_close(c->cursor);
	for (size_t i = 0; i < c->n; i++)
		free(c->all[i].word);
	free(c);
}

/* The next value of a column; false when it cannot be. */
static inline bool
take_value(struct column *x, struct crm_value *v)
{
	uint64_t code =
	    columns_load(x->codes + (x->bit >> 3)) >> (x->bit & 7) & x->mask;

	x->bit += x->width;
	switch (x->mode) {
	case MODE_NUMBER:
		v->i = (int64_t)(x->base + code);
		return true;
	case MODE_SPARSE:
		*v = (struct crm_value){0};
		if (code > 0) {
			*v = x->is;
			v->i = (int64_t)(x->base + code - 1);
		}
		return true;
	case MODE_NAMED:
		*v = (struct crm_value){0};
		if (x->sparse && code == 0)
			return true;
		code += x->base - x->sparse;
		if (code < 1 || code > x->nword)
			return false;
		*v = x->is;
		v->i = (int64_t)code;
		v->s = x->word[code];
		return true;
	case MODE_WORD:
		/* the only one has no codes */
		if (x->width == 0)
			code = x->nword;
		if (code > x->nword)
			return false;
		x->last = code;
		v->type = code > 0 ? CRM_T_TEXT : CRM_T_NONE;
		v->s = x->word[code];
		return true;
	default:
		if (code > (uint64_t)(x->end - x->text))
			return false;
		v->type = code > 0 ? CRM_T_TEXT : CRM_T_NONE;
		v->s = (struct crm_str){x->text, (size_t)code};
		x->text += code;
		return true;
	}
}

/* ---- a block ---- */

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
		    columns_load(p + COLUMNS_HEAD + i));
	return live == b->rows &&
	       (size_t)(b->end - b->dir) / COLUMNS_ENTRY >= b->columns;
}

/* A list of words behind the codes. */
static bool
take_words(struct column *x, const unsigned char *p, const unsigned char *end)
{
	const unsigned char *length = p;

	if (x->base > COLUMNS_WORDS || (uint64_t)(end - p) < x->base ||
	    (x->width == 0 && x->base > 1))
		return false;
	x->nword = x->base;
	p += x->base;
	for (unsigned i = 1; i <= x->nword; i++) {
		size_t n = length[i - 1];

		if (n == 0 || (size_t)(end - p) < n)
			return false;
		x->word[i] = (struct crm_str){(const char *)p, n};
		p += n;
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
	x->width = e[3];
	at = columns_load(e + 4) & UINT32_MAX;
	x->base = columns_load(e + 8);
	codes = b->dir + (size_t)b->columns * COLUMNS_ENTRY;
	if (how >= HOWS || digits > CRM_SCALE_MAX ||
	    (how >= HOW_WORD) != text ||
	    (x->width > COLUMNS_WIDTH && x->width != 64) ||
	    (uint64_t)(b->end - codes) < at)
		return CRM_EDAMAGE;
	codes += at;
	if ((size_t)(b->end - codes) < columns_bytes(n, x->width))
		return CRM_EDAMAGE;
	x->codes = codes;
	x->bit = 0;
	x->mask = columns_mask(x->width);
	x->sparse = how == HOW_SPARSE;
	x->mode = how == HOW_WORD	     ? MODE_WORD
		  : how == HOW_TEXT	     ? MODE_TEXT
		  : x->f->type == CRM_T_ENUM ? MODE_NAMED
		  : x->sparse		     ? MODE_SPARSE
					     : MODE_NUMBER;
	codes += columns_bytes(n, x->width);
	x->text = (const char *)codes;
	x->end = (const char *)b->end;
	x->is = (struct crm_value){.type = x->f->type,
	    .kind = x->f->type == CRM_T_ID ? x->f->ref : 0,
	    .scale = (uint8_t)(x->f->type == CRM_T_MONEY ? c->schema->digits
							 : digits)};
	return how == HOW_WORD && !take_words(x, codes, b->end) ? CRM_EDAMAGE
								: CRM_OK;
}

/* The digits of money, by the words of the currency. */
static bool
take_coins(struct crm_columns *c)
{
	const struct column *x = &c->all[0];

	c->varied = false;
	if (!c->coins)
		return true;
	if (!x->there || x->mode != MODE_WORD) {
		for (size_t i = 0; i < c->n; i++)
			c->all[i].there &= !c->all[i].coin;
		return false;
	}
	c->digits[0] = (uint8_t)c->schema->digits;
	for (unsigned i = 1; i <= x->nword; i++)
		c->digits[i] = (uint8_t)crm_coin_digits(c->schema, x->word[i]);
	c->varied = x->width > 0;
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
sum_counts(struct crm_columns_rows *r, unsigned records, size_t *out)
{
	struct column x = r->count;

	*out = r->most = 0;
	if (x.mode != MODE_NUMBER || x.width > 8 || x.base > COLUMNS_ROWS)
		return false;
	for (unsigned i = 0; i < records; i++) {
		struct crm_value v;

		(void)take_value(&x, &v);
		if (v.i > COLUMNS_ROWS)
			return false;
		*out += (size_t)v.i;
		r->most = (size_t)v.i > r->most ? (size_t)v.i : r->most;
	}
	return true;
}

static int
take_rows(struct crm_columns *c, const struct block *b)
{
	static const struct crm_field number = {.type = CRM_T_INT};
	struct crm_columns_rows *r = &c->rows;
	size_t n;
	int code;

	r->count.f = &number;
	r->nvaried = 0;
	code = take_column(c, &r->count, b, c->kind->parts[0].tag, b->rows);
	r->there = code == CRM_OK;
	for (size_t i = 0; i < r->ncells; i++)
		r->cell[i].there = false;
	if (r->there && !sum_counts(r, b->rows, &n))
		return CRM_EDAMAGE;
	for (size_t i = 0; i < r->ncells && r->there; i++) {
		struct column *x = &r->cell[i];

		code = take_column(c, x, b, COLUMNS_CELL | x->f->tag, n);
		x->there = code == CRM_OK;
		if (x->there && x->width > 0)
			r->varied[r->nvaried++] = x;
		if (code == CRM_EDAMAGE || (code == CRM_NO && !c->any))
			break;
	}
	return code == CRM_NO && c->any ? CRM_OK : code;
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
	c->at = 0;
	c->bits = 0;
	if (!take_block(bytes, &b))
		return damaged(c, err);
	c->live = b.p + COLUMNS_HEAD;
	c->entries = b.entries;
	for (size_t i = 0; i < c->n && code == CRM_OK; i++) {
		struct column *x = &c->all[i];

		code = take_column(c, x, &b, x->f->tag, b.rows);
		x->there = code == CRM_OK;
		if (x->there && x->width > 0)
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

/* ---- its records ---- */

/* Where records have different currencies. */
static void
set_digits(const struct crm_columns *c, struct crm_record *r)
{
	for (size_t i = 1; i < c->n; i++) {
		struct crm_value *v = &r->v[c->all[i].field];

		if (c->all[i].coin && v->type == CRM_T_MONEY)
			v->scale = c->digits[c->all[0].last];
	}
}

/* Room for as many rows as a record of the block has, and what all of them
 * have in common. */
static int
begin_rows(struct crm_columns *c, struct crm_record *r, struct crm_err *err)
{
	struct crm_columns_rows *x = &c->rows;
	struct crm_rows *rows = &r->part[0];
	size_t nfields = c->kind->parts[0].nfields;

	if (x->most > rows->cap) {
		struct crm_row *row =
		    crm_arena_zalloc(r->arena, x->most * sizeof *row);

		if (!row)
			return crm_err_nomem(err);
		if (rows->cap > 0)
			memcpy(row, rows->row, rows->cap * sizeof *row);
		rows->row = row;
		rows->cap = x->most;
	}
	for (size_t i = 0; i < x->most; i++) {
		struct crm_row *row = &rows->row[i];

		row->no = 0;
		if (!row->v)
			row->v = crm_arena_alloc(
			    r->arena, (nfields + 1) * sizeof *row->v);
		if (!row->v)
			return crm_err_nomem(err);
		memset(row->v, 0, nfields * sizeof *row->v);
		for (size_t k = 0; k < x->ncells; k++) {
			struct column *y = &x->cell[k];

			if (!y->there)
				continue;
			if (y->mode == MODE_NUMBER)
				row->v[y->field] = y->is;
			if (y->width == 0)
				(void)take_value(y, &row->v[y->field]);
		}
	}
	return CRM_OK;
}

/* What all records of the block have in common. */
static int
begin(struct crm_columns *c, struct crm_record *r, struct crm_err *err)
{
	memset(r->v, 0, c->kind->nfields * sizeof *r->v);
	r->revision = r->into = 0;
	r->state = CRM_LIVE;
	for (int i = 0; i < c->kind->nparts; i++)
		r->part[i].n = r->part[i].last = 0;
	r->v[0] = crm_value_id(c->kind->number, 1);
	for (size_t i = 0; i < c->n; i++) {
		struct column *x = &c->all[i];

		if (!x->there)
			continue;
		if (x->coin && !c->varied)
			x->is.scale = c->digits[c->all[0].nword];
		if (x->mode == MODE_NUMBER)
			r->v[x->field] = x->is;
		if (x->width == 0 && !take_value(x, &r->v[x->field]))
			return damaged(c, err);
	}
	c->fresh = false;
	return c->rows.there ? begin_rows(c, r, err) : CRM_OK;
}

/* The rows of the next record. */
static void
next_rows(struct crm_columns_rows *x, struct crm_rows *rows)
{
	struct crm_value n = {0};

	(void)take_value(&x->count, &n);
	rows->n = (size_t)n.i;
	for (size_t k = 0; k < x->nvaried; k++) {
		struct column *y = x->varied[k];

		for (size_t i = 0; i < rows->n; i++)
			(void)take_value(y, &rows->row[i].v[y->field]);
	}
}

int
crm_columns_next(
    struct crm_columns *c, struct crm_record *r, struct crm_err *err)
{
	uint64_t number;
	int code;

	if (c->fresh) {
		code = begin(c, r, err);
		if (code < 0)
			return code;
	}
	while (c->bits == 0) {
		if (c->at == CRM_COLUMNS_RANGE / 64)
			return CRM_NOTFOUND;
		c->bits = columns_load(c->live + 8 * c->at++);
	}
	number = c->first + 64 * (uint64_t)(c->at - 1) +
		 (unsigned)__builtin_ctzll(c->bits);
	c->bits &= c->bits - 1;
	r->id = number;
	r->v[0].i = (int64_t)number;
	for (size_t i = 0; i < c->nvaried; i++)
		if (!take_value(c->column[i], &r->v[c->column[i]->field]))
			return damaged(c, err);
	if (c->varied)
		set_digits(c, r);
	if (c->rows.there)
		next_rows(&c->rows, &r->part[0]);
	return CRM_OK;
}

bool
crm_columns_entries(const struct crm_columns *c, uint64_t *out)
{
	*out = c->entries > 0 ? c->entries - 1 : 0;
	return c->entries > 0;
}

bool
crm_columns_has_cell(const struct crm_columns *c, int field)
{
	for (size_t i = 0; c->rows.there && i < c->rows.ncells; i++)
		if (c->rows.cell[i].field == field)
			return c->rows.cell[i].there;
	return c->rows.there && field < 0;
}

bool
crm_columns_has(const struct crm_columns *c, int field)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->all[i].field == field)
			return c->all[i].there;
	return false;
}

/* ---- of a store ---- */

int
crm_columns_open(struct crm_txn *t, const struct crm_schema *s,
    const struct crm_kind *k, const struct crm_want *want, uint64_t cells,
    struct crm_columns **out, struct crm_err *err)
{
	int code;

	*out = NULL;
	if (!crm_columns_of(k->number) || !crm_txn_plain(t))
		return CRM_NO;
	code = crm_columns_make(s, k, want, cells, out, err);
	if (code != CRM_OK)
		return code;
	code = crm_cursor_open(t, CRM_TAB_COLUMNS, &(*out)->cursor, err);
	if (code < 0) {
		crm_columns_close(*out);
		*out = NULL;
	}
	return code;
}

void
crm_columns_from(struct crm_columns *c, uint64_t number)
{
	c->seek = number;
	c->begun = false;
}

int
crm_columns_block(struct crm_columns *c, uint64_t *first, struct crm_err *err)
{
	struct crm_str k, v, rest;
	char key[CRM_COLUMNS_KEY];
	int code;

	do {
		if (!c->begun)
			code = crm_cursor_seek(c->cursor,
			    crm_columns_key(c->kind->number,
				c->seek + CRM_COLUMNS_RANGE - 1, key),
			    &k, &v, err);
		else
			code = crm_cursor_next(c->cursor, &k, &v, err);
		c->begun = true;
		if (code < 0)
			return code;
		rest = k;
		if (k.n != CRM_COLUMNS_KEY ||
		    (unsigned char)rest.p[0] != c->kind->number)
			return CRM_NOTFOUND;
		rest.p++;
		rest.n--;
		code = crm_unseal(CRM_TAB_COLUMNS, k, &v, err);
		if (code < 0)
			return code;
		(void)crm_take_be(&rest, 8, first);
		code = crm_columns_take(c, *first, v, err);
	} while (code == CRM_NO);
	return code;
}
