/*
 * sheet.c - rows of lanes as lines of the stream.
 *
 * The bytes are those that crm_out_row makes of the same values, which all
 * that is rare is left to.  What of a column can be known before its rows is
 * worked out once for a block: what each word looks like, that no text needs an
 * escape, how long a line can become; then nothing is asked again, and there is
 * no call for a cell.
 */
#include <stdlib.h>

#include <crm/stream.h>

#include "text/render.h"

#define DAY 86400
#define EIGHT 100000000U
#define LAST_TIME INT64_C(253402300799) /* of the year 9999 */
#define ZEROS UINT64_C(0x3030303030303030)

enum {
	CODES = 256, /* of words that are made text before */
	PLAIN_MOST = 80, /* bytes of a cell that is no text, at most */
	OVER = 16 /* bytes that may be written behind a cell */
};

enum how {
	HOW_OWN, /* the record's number */
	HOW_ID,
	HOW_INT,
	HOW_CENTS,
	HOW_TIME,
	HOW_TEXT,
	HOW_TABLE,
	HOW_ANY
};

struct cell {
	enum how how;
	char end; /* behind it */
	const struct crm_lane *lane;
	char letter[2];
	size_t nletter;
	int64_t day; /* of a time that was put, and its text */
	char date[OVER];
	size_t ndate;
	uint64_t hundred; /* of ids that were put last, and its text */
	char head[OVER];
	struct entry {
		uint32_t at, n; /* in words, with the end */
	} entry[CODES]; /* of a table */
};

struct crm_sheet {
	const struct crm_schema *schema;
	size_t ncells;
	const uint64_t *number;
	uint8_t kind;
	struct crm_buf words, scratch;
	struct cell cell[];
};

int
crm_sheet_open(struct crm_sheet **out, const struct crm_schema *s, size_t n,
    struct crm_err *err)
{
	struct crm_sheet *l = calloc(1, sizeof *l + n * sizeof *l->cell);

	*out = l;
	if (!l)
		return crm_err_nomem(err);
	l->schema = s;
	l->ncells = n;
	for (size_t i = 0; i < n; i++)
		l->cell[i].end = i + 1 < n ? '\t' : '\n';
	return CRM_OK;
}

void
crm_sheet_close(struct crm_sheet *l)
{
	if (!l)
		return;
	crm_buf_release(&l->words);
	crm_buf_release(&l->scratch);
	free(l);
}

/* ---- before the rows ---- */

static void
set_letters(struct cell *c, unsigned kind)
{
	const char *letter = crm_letter_of(kind)->letter;

	c->nletter = strlen(letter);
	if (c->nletter > sizeof c->letter)
		c->how = HOW_ANY;
	else
		memcpy(c->letter, letter, c->nletter);
}

static void
put_value(
    const struct crm_sheet *l, struct crm_buf *b, const struct crm_value *v)
{
	if (crm_value_is_text(v))
		crm_escape_put(b, v->s);
	else if (v->type != CRM_T_NONE)
		crm_value_put(l->schema, b, v, false);
}

/* All that its codes stand for; how long the longest is. */
static size_t
make_table(struct crm_sheet *l, struct cell *c)
{
	const struct crm_lane *x = c->lane;
	uint64_t most = x->mask;
	size_t longest = 0;

	/* those that occur are not above it */
	if (x->how != CRM_LANE_NUMBER && most > x->nword - x->base + x->sparse)
		most = x->nword - x->base + x->sparse;
	for (uint64_t code = 0; code <= most; code++) {
		struct crm_value v;
		size_t at = l->words.n;

		crm_lane_decode(x, code, &v);
		put_value(l, &l->words, &v);
		crm_buf_putc(&l->words, c->end);
		c->entry[code] =
		    (struct entry){(uint32_t)at, (uint32_t)(l->words.n - at)};
		if (longest < l->words.n - at)
			longest = l->words.n - at;
	}
	return longest;
}

static enum how
how_of(const struct crm_lane *x)
{
	if (x->how == CRM_LANE_TEXT)
		return HOW_TEXT;
	if (x->coin)
		return HOW_ANY;
	if (x->how == CRM_LANE_WORD || x->width == 0 ||
	    x->how == CRM_LANE_NAME || x->is.type == CRM_T_BOOL)
		return x->mask < CODES ? HOW_TABLE : HOW_ANY;
	switch (x->is.type) {
	case CRM_T_ID:
		return HOW_ID;
	case CRM_T_INT:
		return HOW_INT;
	case CRM_T_MONEY:
		return x->is.scale == 2	  ? HOW_CENTS
		       : x->is.scale == 0 ? HOW_INT
					  : HOW_ANY;
	case CRM_T_TIME:
		return HOW_TIME;
	default:
		return HOW_ANY;
	}
}

/* How many bytes a cell takes at most, without its texts. */
static size_t
begin_cell(struct crm_sheet *l, struct cell *c)
{
	const struct crm_lane *x = c->lane;
	bool words = x && (x->how == CRM_LANE_NAME || x->how == CRM_LANE_WORD);
	size_t most = PLAIN_MOST;

	c->hundred = UINT64_MAX;
	if (!x) {
		c->how = HOW_OWN;
		set_letters(c, l->kind);
		return most;
	}
	c->how = how_of(x);
	c->day = INT64_MIN;
	if (c->how == HOW_ID)
		set_letters(c, x->is.kind);
	if (c->how == HOW_TABLE)
		return make_table(l, c);
	for (unsigned i = 1; words && i <= x->nword; i++)
		most = most > 2 * x->word[i].n ? most : 2 * x->word[i].n;
	return most;
}

/* Bytes of all rows, at most. */
static size_t
begin(struct crm_sheet *l, const struct crm_lane *const *lane, size_t n,
    size_t rows)
{
	size_t row = 0, texts = 0;

	crm_buf_clear(&l->words);
	for (size_t i = 0; i < l->ncells; i++) {
		struct cell *c = &l->cell[i];
		struct crm_str s;

		c->lane = lane[i];
		row += begin_cell(l, c);
		if (c->how != HOW_TEXT)
			continue;
		s = (struct crm_str){c->lane->text, c->lane->at[n]};
		texts += 2 * s.n;
		if (crm_escape_run(s) < s.n)
			c->how = HOW_ANY;
	}
	/* entries are copied by so many bytes */
	for (size_t i = 0; i < OVER; i++)
		crm_buf_putc(&l->words, 0);
	return rows * row + texts + OVER;
}

/* ---- a cell ---- */

/* Each of four numbers below 100 in its 16 bits as two digits, the first in the
 * lower byte. */
static inline uint64_t
pairs(uint64_t x)
{
	uint64_t ten = (x * 103 >> 10) & UINT64_C(0x000f000f000f000f);

	return ten | (x - 10 * ten) << 8;
}

/* Eight digits of a number below EIGHT, the first in the lowest byte. */
static inline uint64_t
eight_digits(uint32_t v)
{
	uint64_t x, hundred;

	/* two numbers of four digits, then four of two */
	x = (uint64_t)(v / 10000) | (uint64_t)(v % 10000) << 32;
	hundred = (x * 10486 >> 20) & UINT64_C(0x0000007f0000007f);
	return pairs(hundred | (x - 100 * hundred) << 16);
}

static inline void
store_eight(char *p, uint64_t x)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	memcpy(p, &x, sizeof x);
#else
	for (int i = 0; i < 8; i++)
		p[i] = (char)(x >> (8 * i) & 0xff);
#endif
}

/* Zeros before the last of eight digits. */
static inline unsigned
zeros_of(uint64_t x)
{
	return (unsigned)__builtin_ctzll(x | (uint64_t)1 << 56) / 8;
}

static char *
put_end(const struct cell *c, char *p)
{
	*p = c->end;
	return p + 1;
}

/* What is rare. */
static char *
put_any(struct crm_sheet *l, const struct cell *c, size_t i, char *p)
{
	struct crm_value v;

	if (c->lane)
		crm_lane_value(c->lane, i, &v);
	else
		v = crm_value_id(l->kind, l->number[i]);
	l->scratch.n = 0; /* that it failed once is known at the end */
	put_value(l, &l->scratch, &v);
	if (l->scratch.n > 0)
		memcpy(p, l->scratch.p, l->scratch.n);
	return put_end(c, p + l->scratch.n);
}

static inline char *
put_int(
    struct crm_sheet *l, const struct cell *c, uint64_t v, size_t i, char *p)
{
	uint64_t x;
	unsigned zeros;

	if (v >= EIGHT)
		return put_any(l, c, i, p);
	x = eight_digits((uint32_t)v);
	zeros = zeros_of(x);
	store_eight(p, (x | ZEROS) >> (8 * zeros));
	return put_end(c, p + 8 - zeros);
}

/* Letters and ten digits. */
static inline char *
put_id(struct crm_sheet *l, const struct cell *c, uint64_t v, size_t i, char *p)
{
	if (v == 0 || v >= EIGHT)
		return put_any(l, c, i, p);
	p[0] = c->letter[0];
	p[1] = c->letter[1];
	p += c->nletter;
	p[0] = p[1] = '0';
	store_eight(p + 2, eight_digits((uint32_t)v) | ZEROS);
	return put_end(c, p + 10);
}

/* The ids of the rows follow each other: mostly two digits differ. */
static inline char *
put_own(struct crm_sheet *l, struct cell *c, size_t i, char *p)
{
	uint64_t v = l->number[i], hundred = v / 100, x;

	if (hundred != c->hundred) {
		char *end = put_id(l, c, v, i, p);

		if (v < EIGHT) {
			c->hundred = hundred;
			memcpy(c->head, p, OVER);
		}
		return end;
	}
	memcpy(p, c->head, OVER);
	p += c->nletter + 8;
	x = pairs(v - 100 * hundred);
	p[0] = (char)('0' + (x & 15));
	p[1] = (char)('0' + (x >> 8));
	return put_end(c, p + 2);
}

/* Mostly six digits, with a point before the last two. */
static inline char *
put_cents(
    struct crm_sheet *l, const struct cell *c, uint64_t v, size_t i, char *p)
{
	uint64_t x, hundred = v / 100, myriad = hundred / 100;
	unsigned zeros;

	if (v >= 1000000)
		return put_any(l, c, i, p);
	x = pairs(myriad | (hundred - 100 * myriad) << 16 |
		  (v - 100 * hundred) << 32);
	zeros = (unsigned)__builtin_ctzll(x | 1 << 24) / 8;
	x |= ZEROS;
	/* the last of eight bytes is what ends the cell */
	x = (x & UINT32_MAX) | (uint64_t)'.' << 32 | (x >> 32 & 0xffff) << 40 |
	    (uint64_t)(unsigned char)c->end << 56;
	store_eight(p, x >> (8 * zeros));
	return p + 8 - zeros;
}

static inline char *
put_time(struct crm_sheet *l, struct cell *c, int64_t t, size_t i, char *p)
{
	int64_t day = t / DAY;
	uint64_t x, s, m;

	if (t < 0 || t > LAST_TIME)
		return put_any(l, c, i, p);
	if (day != c->day) {
		c->day = day;
		s = (uint64_t)(put_any(l, c, i, p) - p);
		memcpy(c->date, p, OVER);
		return p + s;
	}
	s = (uint64_t)(t - day * DAY);
	m = s / 60;
	x = m / 60;
	x = pairs(x | (m - 60 * x) << 16 | (s - 60 * m) << 32) | ZEROS;
	x = (x & 0xffff) | (uint64_t)':' << 16 | (x >> 16 & 0xffff) << 24 |
	    (uint64_t)':' << 40 | (x >> 32) << 48;
	memcpy(p, c->date, OVER);
	store_eight(p + 11, x);
	p[19] = 'Z';
	return put_end(c, p + 20);
}

/* By eight bytes: so many can be read behind any text of a lane. */
static inline char *
put_text(const struct cell *c, size_t i, size_t n, char *p)
{
	const char *s = c->lane->text + c->lane->at[i];

	for (size_t k = 0; k < n; k += 8)
		memcpy(p + k, s + k, 8);
	return put_end(c, p + n);
}

static inline char *
put_entry(const struct crm_sheet *l, const struct entry *e, char *p)
{
	const char *s = l->words.p + e->at;

	memcpy(p, s, OVER);
	if (e->n > OVER)
		memcpy(p + OVER, s + OVER, e->n - OVER);
	return p + e->n;
}

/* A number, as it has a value. */
static inline char *
put_number(struct crm_sheet *l, struct cell *c, size_t i, char *p)
{
	const struct crm_lane *x = c->lane;
	uint64_t code = crm_lane_code(x, i), v = x->base + code - x->sparse;

	if (x->sparse && code == 0)
		return put_end(c, p);
	switch (c->how) {
	case HOW_CENTS:
		return put_cents(l, c, v, i, p);
	case HOW_ID:
		return put_id(l, c, v, i, p);
	case HOW_TIME:
		return put_time(l, c, (int64_t)v, i, p);
	default:
		return put_int(l, c, v, i, p);
	}
}

static inline char *
put_cell(struct crm_sheet *l, struct cell *c, size_t i, char *p)
{
	switch (c->how) {
	case HOW_TABLE:
		return put_entry(l, &c->entry[crm_lane_code(c->lane, i)], p);
	case HOW_TEXT:
		return put_text(c, i, (size_t)crm_lane_code(c->lane, i), p);
	case HOW_OWN:
		return put_own(l, c, i, p);
	case HOW_ANY:
		return put_any(l, c, i, p);
	default:
		return put_number(l, c, i, p);
	}
}

static size_t
count(size_t n, const uint64_t *bits)
{
	size_t rows = 0;

	for (size_t i = 0; i < n; i += 64)
		rows += (size_t)__builtin_popcountll(bits[i / 64]);
	return rows;
}

size_t
crm_sheet_put(struct crm_sheet *l, const struct crm_lane *const *lane,
    unsigned kind, const uint64_t *number, size_t n, const uint64_t *bits,
    struct crm_buf *out)
{
	size_t rows = count(n, bits);
	char *p;

	l->kind = (uint8_t)kind;
	l->number = number;
	if (rows == 0 || l->ncells == 0 ||
	    !crm_buf_room(out, begin(l, lane, n, rows)))
		return rows;
	p = out->p + out->n;
	for (size_t w = 0; w < (n + 63) / 64 && !l->words.fail; w++)
		for (uint64_t b = bits[w]; b != 0; b &= b - 1) {
			size_t i = 64 * w + (unsigned)__builtin_ctzll(b);

			for (size_t k = 0; k < l->ncells; k++)
				p = put_cell(l, &l->cell[k], i, p);
		}
	out->n = (size_t)(p - out->p);
	if (l->words.fail || l->scratch.fail)
		out->fail = CRM_ENOMEM;
	return rows;
}

void
crm_sheet_row(
    struct crm_sheet *l, const struct crm_value *v, struct crm_buf *out)
{
	for (size_t i = 0; i < l->ncells; i++) {
		put_value(l, out, &v[i]);
		crm_buf_putc(out, l->cell[i].end);
	}
}
