/*
 * columns.c - records read from the blocks of their columns.
 *
 * What is the same for all records of a block is put into the caller's record
 * once, when the block begins; for each record only what differs is written.
 */
#include <stdlib.h>

#include "store/columns_parts.h"
#include "store/store_internal.h"

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

/* Room for the words of a list, or the names of an enum; for texts' places. */
static int
make_words(struct column *x, struct crm_err *err)
{
	bool named = x->f->type == CRM_T_ENUM;
	unsigned n = COLUMNS_WORDS;

	if (!named && x->f->type != CRM_T_TEXT)
		return CRM_OK;
	if (named)
		n = crm_enum_count(x->f->values);
	else if (!(x->at = malloc((CRM_COLUMNS_RANGE + 1) * sizeof *x->at)))
		return crm_err_nomem(err);
	x->word = calloc(n + 1, sizeof *x->word);
	if (!x->word)
		return crm_err_nomem(err);
	for (unsigned i = 1; named && i <= n; i++)
		x->word[i] = crm_enum_name(x->f->values, i);
	x->lane.word = x->word;
	x->lane.nword = n;
	x->lane.at = x->at;
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
	for (size_t i = 0; i < c->n; i++) {
		free(c->all[i].word);
		free(c->all[i].at);
	}
	free(c);
}

/* ---- its records ---- */

/* Value i of a column; of a number that all have only what differs. */
static inline void
take_value(const struct column *x, size_t i, struct crm_value *v)
{
	const struct crm_lane *l = &x->lane;

	if (l->how == CRM_LANE_NUMBER && !l->sparse && !l->coin)
		v->i = (int64_t)(l->base + crm_lane_code(l, i));
	else
		crm_lane_value(l, i, v);
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
			if (y->lane.how == CRM_LANE_NUMBER)
				row->v[y->field] = y->lane.is;
			if (y->lane.width == 0)
				take_value(y, 0, &row->v[y->field]);
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
		if (x->lane.how == CRM_LANE_NUMBER)
			r->v[x->field] = x->lane.is;
		if (x->lane.width == 0)
			take_value(x, 0, &r->v[x->field]);
	}
	c->fresh = false;
	return c->rows.there ? begin_rows(c, r, err) : CRM_OK;
}

/* The rows of a record. */
static void
next_rows(struct crm_columns_rows *x, size_t record, struct crm_rows *rows)
{
	const struct crm_lane *l = &x->count.lane;

	rows->n = (size_t)(l->base + crm_lane_code(l, record));
	for (size_t k = 0; k < x->nvaried; k++) {
		struct column *y = x->varied[k];

		for (size_t i = 0; i < rows->n; i++)
			take_value(y, x->row + i, &rows->row[i].v[y->field]);
	}
	x->row += rows->n;
}

/* The first of the chosen from this one on. */
static size_t
next_chosen(const struct crm_columns *c, size_t i)
{
	while (i < c->records) {
		uint64_t bits = c->only[i / 64] >> i % 64;

		if (bits != 0)
			return i + (unsigned)__builtin_ctzll(bits);
		i = (i / 64 + 1) * 64;
	}
	return c->records;
}

int
crm_columns_next(
    struct crm_columns *c, struct crm_record *r, struct crm_err *err)
{
	size_t i = c->chosen ? next_chosen(c, c->record) : c->record;
	int code;

	if (i >= c->records)
		return CRM_NOTFOUND;
	if (c->fresh) {
		code = begin(c, r, err);
		if (code < 0)
			return code;
	}
	c->record = i + 1;
	r->id = c->first + (c->whole ? c->start + i : c->place[i]);
	r->v[0].i = (int64_t)r->id;
	for (size_t k = 0; k < c->nvaried; k++)
		take_value(c->column[k], i, &r->v[c->column[k]->field]);
	if (c->rows.there)
		next_rows(&c->rows, i, &r->part[0]);
	return CRM_OK;
}

/* ---- a block as a whole ---- */

size_t
crm_columns_records(const struct crm_columns *c)
{
	return c->records;
}

void
crm_columns_numbers(const struct crm_columns *c, uint64_t *out)
{
	uint64_t from = c->first + c->start;

	for (size_t i = 0; i < c->records && c->whole; i++)
		out[i] = from + i;
	for (size_t i = 0; i < c->records && !c->whole; i++)
		out[i] = c->first + c->place[i];
}

void
crm_columns_only(struct crm_columns *c, const uint64_t *bits)
{
	memcpy(c->only, bits, (c->records + 63) / 64 * sizeof *bits);
	c->chosen = true;
}

const struct crm_lane *
crm_columns_lane(const struct crm_columns *c, int field)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->all[i].field == field && c->all[i].there)
			return &c->all[i].lane;
	return NULL;
}

const struct crm_lane *
crm_columns_cell_lane(const struct crm_columns *c, int field, size_t *n)
{
	const struct crm_columns_rows *r = &c->rows;

	*n = field < 0 ? c->records : r->n;
	if (field < 0)
		return r->there ? &r->count.lane : NULL;
	for (size_t i = 0; r->there && i < r->ncells; i++)
		if (r->cell[i].field == field && r->cell[i].there)
			return &r->cell[i].lane;
	return NULL;
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
	size_t n;

	return crm_columns_cell_lane(c, field, &n) != NULL;
}

bool
crm_columns_has(const struct crm_columns *c, int field)
{
	return crm_columns_lane(c, field) != NULL;
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
crm_columns_range(struct crm_columns *c, uint64_t from, uint64_t to)
{
	/* forwards by what is between: a search is dear */
	if (from < c->seek)
		c->begun = false;
	c->seek = from;
	c->to = to;
}

/* Comes to the next block's bytes, and number. */
static int
step(struct crm_columns *c, struct crm_err *err)
{
	struct crm_str k, v, rest;
	char key[CRM_COLUMNS_KEY];
	int code;

	c->ahead.p = NULL;
	if (!c->begun)
		code = crm_cursor_seek(c->cursor,
		    crm_columns_key(
			c->kind->number, c->seek + CRM_COLUMNS_RANGE - 1, key),
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
	(void)crm_take_be(&rest, 8, &c->next);
	c->ahead = v;
	return CRM_OK;
}

int
crm_columns_block(struct crm_columns *c, uint64_t *first, struct crm_err *err)
{
	char key[CRM_COLUMNS_KEY];
	struct crm_str v;
	int code = CRM_OK;

	do {
		/* one behind the end of a range may be of the next range */
		if (!c->begun || !c->ahead.p)
			code = step(c, err);
		while (code == CRM_OK && c->next < c->seek)
			code = step(c, err);
		if (code < 0)
			return code;
		if (c->to &&
		    (c->next >= c->to || c->to - c->next < CRM_COLUMNS_RANGE))
			return CRM_NOTFOUND;
		v = c->ahead;
		c->ahead.p = NULL;
		key[0] = (char)c->kind->number;
		crm_number_key(c->next, key + 1);
		code = crm_unseal(CRM_TAB_COLUMNS,
		    (struct crm_str){key, sizeof key}, &v, err);
		if (code < 0)
			return code;
		*first = c->next;
		code = crm_columns_take(c, *first, v, err);
	} while (code == CRM_NO);
	return code;
}
