/*
 * columns_pack.c - blocks of columns from records.
 *
 * A column is written as it comes out shortest of what is simple: numbers by
 * their distance from the least, texts by their place in a list of words where
 * few differ.  A column with a value that does not fit (an id of a row, a
 * distance of more than 64 bits) is left out of its block, and who wants it
 * reads the records.
 *
 * Of the rows of a part a few fields are kept, not all: what an analysis of
 * what was bought goes through.  A block is summed as a whole, so that each one
 * more costs those who do not want it.
 */
#include <stdlib.h>

#include "store/columns_wire.h"

/* The rows of the first part, of all records one after the other. */
struct pack_rows {
	const struct crm_part *part; /* NULL: none */
	size_t n, cap, ncells;
	bool many; /* a record has too many: they are left out */
	int field[COLUMNS_CELLS]; /* by rising tag */
	struct crm_value *cell[COLUMNS_CELLS];
	struct crm_value count[CRM_COLUMNS_RANGE];
};

struct crm_pack {
	const struct crm_kind *kind;
	bool nomem;
	struct pack_rows rows;
	uint64_t first;
	size_t n; /* records */
	size_t ncolumns;
	int field[CRM_FIELDS_MAX]; /* of each column, by rising tag */
	struct crm_value *cell; /* a column after the other */
	uint64_t *code; /* of as many as there are, records or rows */
	struct crm_str word[COLUMNS_WORDS];
	unsigned char live[COLUMNS_LIVE];
	struct crm_buf data; /* behind the directory */
};

bool
crm_columns_of(unsigned kind)
{
	return kind == CRM_K_ORDER;
}

bool
crm_columns_field(const struct crm_field *f)
{
	if (f->tag == 0 || f->tag >= CRM_TAG_CUSTOM ||
	    (f->flags &
		(CRM_F_PERSONAL | CRM_F_FIGURE | CRM_F_VIRTUAL | CRM_F_CUSTOM)))
		return false;
	switch (f->type) {
	case CRM_T_ID:
		return f->ref != 0;
	case CRM_T_INT:
	case CRM_T_MONEY:
	case CRM_T_TIME:
	case CRM_T_DATE:
	case CRM_T_BOOL:
	case CRM_T_ENUM:
	case CRM_T_TEXT:
		return true;
	default:
		return false;
	}
}

bool
crm_columns_cell(const struct crm_field *f)
{
	static const char *const kept[] = {
	    "product_id", "quantity", "returned", "cancelled"};

	for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
		if (strcmp(f->name, kept[i]) == 0)
			return true;
	return false;
}

uint64_t
crm_columns_cells(const struct crm_kind *k)
{
	uint64_t cells = 0;

	for (int i = 0; k->nparts > 0 && i < k->parts[0].nfields; i++)
		if (crm_columns_cell(&k->parts[0].fields[i]))
			cells |= UINT64_C(1) << i;
	return cells;
}

static void
choose_cells(struct pack_rows *r, const struct crm_part *part)
{
	r->part = part;
	for (int i = 0; i < part->nfields; i++) {
		size_t at = r->ncells;

		if (!crm_columns_cell(&part->fields[i]) || at == COLUMNS_CELLS)
			continue;
		for (; at > 0 &&
		       part->fields[r->field[at - 1]].tag > part->fields[i].tag;
		     at--)
			r->field[at] = r->field[at - 1];
		r->field[at] = i;
		r->ncells++;
	}
}

struct crm_pack *
crm_pack_new(const struct crm_kind *k)
{
	struct crm_pack *p = calloc(1, sizeof *p);

	if (!p)
		return NULL;
	p->kind = k;
	for (int i = 1; i < k->nfields; i++) {
		size_t at = p->ncolumns;

		if (!crm_columns_field(&k->fields[i]))
			continue;
		while (at > 0 &&
		       k->fields[p->field[at - 1]].tag > k->fields[i].tag) {
			p->field[at] = p->field[at - 1];
			at--;
		}
		p->field[at] = i;
		p->ncolumns++;
	}
	if (k->nparts > 0)
		choose_cells(&p->rows, &k->parts[0]);
	p->code = calloc(CRM_COLUMNS_RANGE, sizeof *p->code);
	p->cell =
	    calloc((p->ncolumns + 1) * CRM_COLUMNS_RANGE, sizeof *p->cell);
	if (!p->cell || !p->code) {
		crm_pack_free(p);
		return NULL;
	}
	return p;
}

void
crm_pack_free(struct crm_pack *p)
{
	if (!p)
		return;
	crm_buf_release(&p->data);
	for (size_t i = 0; i < COLUMNS_CELLS; i++)
		free(p->rows.cell[i]);
	free(p->code);
	free(p->cell);
	free(p);
}

void
crm_pack_begin(struct crm_pack *p, uint64_t first)
{
	p->first = first;
	p->n = 0;
	p->rows.n = 0;
	p->rows.many = false;
	memset(p->live, 0, sizeof p->live);
	crm_buf_clear(&p->data);
}

/* Room for the rows of one more record. */
static bool
make_rows(struct crm_pack *p)
{
	struct pack_rows *r = &p->rows;
	size_t cap = r->cap + r->cap / 2 + CRM_COLUMNS_RANGE + COLUMNS_ROWS;
	void *v;

	if (r->n + COLUMNS_ROWS <= r->cap)
		return true;
	v = realloc(p->code, cap * sizeof *p->code);
	if (!v)
		return false;
	p->code = v;
	for (size_t i = 0; i < r->ncells; i++) {
		v = realloc(r->cell[i], cap * sizeof *r->cell[i]);
		if (!v)
			return false;
		r->cell[i] = v;
	}
	r->cap = cap;
	return true;
}

static void
add_rows(struct crm_pack *p, const struct crm_record *rec)
{
	struct pack_rows *r = &p->rows;
	const struct crm_rows *from = &rec->part[0];

	r->many |= from->n > COLUMNS_ROWS;
	if (r->many || p->nomem)
		return;
	if (!make_rows(p)) {
		p->nomem = true;
		return;
	}
	r->count[p->n] = crm_value_num(CRM_T_INT, (int64_t)from->n, 0);
	for (size_t i = 0; i < from->n; i++, r->n++)
		for (size_t c = 0; c < r->ncells; c++)
			r->cell[c][r->n] = from->row[i].v[r->field[c]];
}

void
crm_pack_add(struct crm_pack *p, const struct crm_record *r)
{
	size_t at = (size_t)(r->id - p->first);

	for (size_t c = 0; c < p->ncolumns; c++)
		p->cell[c * CRM_COLUMNS_RANGE + p->n] = r->v[p->field[c]];
	p->live[at / 8] |= (unsigned char)(1U << (at % 8));
	if (p->rows.part)
		add_rows(p, r);
	p->n++;
}

/* Lowest byte first. */
static void
put_low(struct crm_buf *b, uint64_t v, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		crm_buf_putc(b, (char)(v >> (8 * i)));
}

static unsigned
width_of(uint64_t most)
{
	unsigned w = most == 0 ? 0 : 64 - (unsigned)__builtin_clzll(most);

	return w > COLUMNS_WIDTH ? 64 : w;
}

static void
put_codes(struct crm_pack *p, size_t n, unsigned width)
{
	unsigned have = 0;
	uint64_t bits = 0;

	for (size_t i = 0; i < n && width > 0; i++) {
		if (width == 64) {
			put_low(&p->data, p->code[i], 8);
			continue;
		}
		bits |= p->code[i] << have;
		for (have += width; have >= 8; have -= 8, bits >>= 8)
			crm_buf_putc(&p->data, (char)bits);
	}
	if (have > 0)
		crm_buf_putc(&p->data, (char)bits);
}

struct shape {
	enum columns_how how;
	unsigned width;
	uint64_t base;
};

/* Of n values.  False: it is to be left out. */
static bool
shape_numbers(struct crm_pack *p, const struct crm_field *f,
    const struct crm_value *v, size_t n, struct shape *out)
{
	int64_t least = INT64_MAX, most = INT64_MIN;
	size_t none = 0;
	uint64_t far;

	for (size_t i = 0; i < n; i++) {
		if (v[i].type == CRM_T_NONE) {
			none++;
			continue;
		}
		if (v[i].type != f->type ||
		    (f->type == CRM_T_ID &&
			(v[i].kind != f->ref || v[i].sub || v[i].part)))
			return false;
		least = v[i].i < least ? v[i].i : least;
		most = v[i].i > most ? v[i].i : most;
	}
	if (none == n)
		least = most = 0;
	far = (uint64_t)most - (uint64_t)least;
	if (none > 0 && far == UINT64_MAX)
		return false;
	out->how = none > 0 || n == 0 ? HOW_SPARSE : HOW_NUMBER;
	out->base = (uint64_t)least;
	for (size_t i = 0; i < n; i++)
		p->code[i] = v[i].type == CRM_T_NONE
				 ? 0
				 : (uint64_t)v[i].i - out->base + (none > 0);
	out->width = none == n ? 0 : width_of(far + (none > 0));
	return true;
}

/* The place of a word, from 1; 0 when there are too many. */
static unsigned
word_place(struct crm_pack *p, unsigned *n, struct crm_str s)
{
	if (s.n > UINT8_MAX)
		return 0;
	for (unsigned i = 0; i < *n; i++)
		if (crm_str_eq(p->word[i], s))
			return i + 1;
	if (*n == COLUMNS_WORDS)
		return 0;
	p->word[(*n)++] = s;
	return *n;
}

/* False: they are too many. */
static bool
shape_words(struct crm_pack *p, const struct crm_value *v, struct shape *out)
{
	size_t none = 0;
	unsigned n = 0;

	for (size_t i = 0; i < p->n; i++) {
		p->code[i] = v[i].s.n > 0 ? word_place(p, &n, v[i].s) : 0;
		if (p->code[i] == 0 && v[i].s.n > 0)
			return false;
		none += v[i].s.n == 0;
	}
	out->how = HOW_WORD;
	out->base = n;
	out->width = n == 1 && none == 0 ? 0 : width_of(n);
	return true;
}

static void
shape_texts(struct crm_pack *p, const struct crm_value *v, struct shape *out)
{
	uint64_t most = 0;

	for (size_t i = 0; i < p->n; i++) {
		p->code[i] = v[i].s.n;
		most = p->code[i] > most ? p->code[i] : most;
	}
	out->how = HOW_TEXT;
	out->width = width_of(most);
}

/* Appends an entry to the directory, and the codes. */
static void
put_column(struct crm_pack *p, unsigned tag, unsigned digits, size_t n,
    const struct shape *s, struct crm_buf *dir)
{
	put_low(dir, tag, 2);
	put_low(dir, s->how | digits << 4, 1);
	put_low(dir, s->width, 1);
	put_low(dir, p->data.n, 4);
	put_low(dir, s->base, 8);
	put_codes(p, n, s->width);
}

/* Appends a column's data, and its entry to the directory. */
static bool
pack_column(struct crm_pack *p, size_t c, struct crm_buf *dir)
{
	const struct crm_field *f = &p->kind->fields[p->field[c]];
	const struct crm_value *v = p->cell + c * CRM_COLUMNS_RANGE;
	struct shape s = {HOW_NUMBER, 0, 0};

	if (f->type != CRM_T_TEXT) {
		if (!shape_numbers(p, f, v, p->n, &s))
			return false;
	} else if (!shape_words(p, v, &s))
		shape_texts(p, v, &s);
	put_column(p, f->tag, 0, p->n, &s, dir);
	for (size_t i = 0; s.how == HOW_WORD && i < s.base; i++)
		put_low(&p->data, p->word[i].n, 1);
	for (size_t i = 0; s.how == HOW_WORD && i < s.base; i++)
		crm_buf_putstr(&p->data, p->word[i]);
	for (size_t i = 0; s.how == HOW_TEXT && i < p->n; i++)
		crm_buf_putstr(&p->data, v[i].s);
	return true;
}

/* Gives all decimals as many digits as one has; false: one is too large. */
static bool
same_digits(struct crm_value *v, size_t n, unsigned *digits)
{
	*digits = 0;
	for (size_t i = 0; i < n; i++)
		if (v[i].scale > *digits)
			*digits = v[i].scale;
	for (size_t i = 0; i < n; i++)
		if (v[i].type == CRM_T_DECIMAL && v[i].scale < *digits &&
		    !crm_dec_rescale(
			(struct crm_dec){v[i].i, v[i].scale}, *digits, &v[i].i))
			return false;
	return *digits <= CRM_SCALE_MAX;
}

/* The rows' columns: how many of them there are. */
static unsigned
pack_rows(struct crm_pack *p, struct crm_buf *dir)
{
	static const struct crm_field number = {.type = CRM_T_INT};
	struct pack_rows *r = &p->rows;
	struct shape s = {HOW_NUMBER, 0, 0};
	unsigned columns = 1;

	if (!r->part || r->many || p->nomem || p->n == 0 ||
	    !shape_numbers(p, &number, r->count, p->n, &s))
		return 0;
	put_column(p, r->part->tag, 0, p->n, &s, dir);
	for (size_t c = 0; c < r->ncells; c++) {
		const struct crm_field *f = &r->part->fields[r->field[c]];
		unsigned digits = 0;

		if ((f->type == CRM_T_DECIMAL &&
			!same_digits(r->cell[c], r->n, &digits)) ||
		    !shape_numbers(p, f, r->cell[c], r->n, &s))
			continue;
		put_column(p, COLUMNS_CELL | f->tag, digits, r->n, &s, dir);
		columns++;
	}
	return columns;
}

void
crm_pack_end(struct crm_pack *p, unsigned entries, struct crm_buf *out)
{
	struct crm_buf dir = {0};
	size_t n = 0;

	for (size_t c = 0; c < p->ncolumns; c++)
		n += pack_column(p, c, &dir);
	n += pack_rows(p, &dir);
	put_low(out, COLUMNS_VERSION, 2);
	put_low(out, p->n, 2);
	put_low(out, n, 2);
	put_low(out, entries + 1, 2);
	crm_buf_put(out, p->live, sizeof p->live);
	crm_buf_putstr(out, crm_buf_str(&dir));
	crm_buf_putstr(out, crm_buf_str(&p->data));
	put_low(out, 0, COLUMNS_TAIL);
	if ((dir.fail || p->data.fail) && !out->fail)
		out->fail = dir.fail ? dir.fail : p->data.fail;
	if (p->nomem && !out->fail)
		out->fail = CRM_ENOMEM;
	crm_buf_release(&dir);
}
