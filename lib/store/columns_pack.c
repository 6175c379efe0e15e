/*
 * columns_pack.c - blocks of columns from records.
 *
 * A column is written as it comes out shortest of what is simple: numbers by
 * their distance from the least, texts by their place in a list of words where
 * few differ.  A column with a value that does not fit (an id of a row, a
 * distance of more than 64 bits) is left out of its block, and who wants it
 * reads the records.
 */
#include <stdlib.h>

#include "store/columns_wire.h"

struct crm_pack {
	const struct crm_kind *kind;
	uint64_t first;
	size_t n; /* records */
	size_t ncolumns;
	int field[CRM_FIELDS_MAX]; /* of each column, by rising tag */
	struct crm_value *cell; /* a column after the other */
	uint64_t code[CRM_COLUMNS_RANGE];
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
	p->cell =
	    calloc((p->ncolumns + 1) * CRM_COLUMNS_RANGE, sizeof *p->cell);
	if (!p->cell) {
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
	free(p->cell);
	free(p);
}

void
crm_pack_begin(struct crm_pack *p, uint64_t first)
{
	p->first = first;
	p->n = 0;
	memset(p->live, 0, sizeof p->live);
	crm_buf_clear(&p->data);
}

void
crm_pack_add(struct crm_pack *p, const struct crm_record *r)
{
	size_t at = (size_t)(r->id - p->first);

	for (size_t c = 0; c < p->ncolumns; c++)
		p->cell[c * CRM_COLUMNS_RANGE + p->n] = r->v[p->field[c]];
	p->live[at / 8] |= (unsigned char)(1U << (at % 8));
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
put_codes(struct crm_pack *p, unsigned width)
{
	unsigned have = 0;
	uint64_t bits = 0;

	for (size_t i = 0; i < p->n && width > 0; i++) {
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

/* False: it is to be left out. */
static bool
shape_numbers(struct crm_pack *p, const struct crm_field *f,
    const struct crm_value *v, struct shape *out)
{
	int64_t least = INT64_MAX, most = INT64_MIN;
	size_t none = 0;
	uint64_t far;

	for (size_t i = 0; i < p->n; i++) {
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
	if (none == p->n)
		least = most = 0;
	far = (uint64_t)most - (uint64_t)least;
	if (none > 0 && far == UINT64_MAX)
		return false;
	out->how = none > 0 || p->n == 0 ? HOW_SPARSE : HOW_NUMBER;
	out->base = (uint64_t)least;
	for (size_t i = 0; i < p->n; i++)
		p->code[i] = v[i].type == CRM_T_NONE
				 ? 0
				 : (uint64_t)v[i].i - out->base + (none > 0);
	out->width = none == p->n ? 0 : width_of(far + (none > 0));
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

/* Appends a column's data, and its entry to the directory. */
static bool
pack_column(struct crm_pack *p, size_t c, struct crm_buf *dir)
{
	const struct crm_field *f = &p->kind->fields[p->field[c]];
	const struct crm_value *v = p->cell + c * CRM_COLUMNS_RANGE;
	struct shape s = {HOW_NUMBER, 0, 0};

	if (f->type != CRM_T_TEXT) {
		if (!shape_numbers(p, f, v, &s))
			return false;
	} else if (!shape_words(p, v, &s))
		shape_texts(p, v, &s);
	put_low(dir, f->tag, 2);
	put_low(dir, s.how, 1);
	put_low(dir, s.width, 1);
	put_low(dir, p->data.n, 4);
	put_low(dir, s.base, 8);
	put_codes(p, s.width);
	for (size_t i = 0; s.how == HOW_WORD && i < s.base; i++)
		put_low(&p->data, p->word[i].n, 1);
	for (size_t i = 0; s.how == HOW_WORD && i < s.base; i++)
		crm_buf_putstr(&p->data, p->word[i]);
	for (size_t i = 0; s.how == HOW_TEXT && i < p->n; i++)
		crm_buf_putstr(&p->data, v[i].s);
	return true;
}

void
crm_pack_end(struct crm_pack *p, struct crm_buf *out)
{
	struct crm_buf dir = {0};
	size_t n = 0;

	for (size_t c = 0; c < p->ncolumns; c++)
		n += pack_column(p, c, &dir);
	put_low(out, COLUMNS_VERSION, 2);
	put_low(out, p->n, 2);
	put_low(out, n, 2);
	put_low(out, 0, 2);
	crm_buf_put(out, p->live, sizeof p->live);
	crm_buf_putstr(out, crm_buf_str(&dir));
	crm_buf_putstr(out, crm_buf_str(&p->data));
	put_low(out, 0, COLUMNS_TAIL);
	if ((dir.fail || p->data.fail) && !out->fail)
		out->fail = dir.fail ? dir.fail : p->data.fail;
	crm_buf_release(&dir);
}
