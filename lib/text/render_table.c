/*
 * render_table.c - columns for people.
 *
 * The first rows are kept until there are KEEP_ROWS of them, then their widths
 * stand and the rest streams: a list of a million rows is not held in memory
 * for the sake of one wide name.  Only on a terminal is text cut, the widest
 * columns first, and only text: half a number would be a wrong number.  Where
 * that is not enough the last columns are left out, and say so by an ellipsis:
 * lines that wrap are no table.
 *
 * Terminals do not agree on how wide some emoji and marks are.  Behind such a
 * text the next column is not reached by blanks but by its number.
 */
#include <stdlib.h>

#include <crm/utf8.h>

#include "text/render.h"

enum {
	KEEP_ROWS = 1000,
	KEEP_BYTES = 4 << 20,
	PAD_MAX = 100, /* a wider value stands out rather than pad the rest */
	CUT_MIN = 8, /* narrower columns tell nothing */
	GAP = 2
};

static bool
can_cut(unsigned type)
{
	return type == CRM_T_TEXT || type == CRM_T_LIST || type == CRM_T_ENUM ||
	       type == CRM_T_NONE;
}

static void
widen(struct crm_out *o, size_t i, struct crm_str text)
{
	size_t w = crm_text_width(text);

	if (w > PAD_MAX)
		w = PAD_MAX;
	if (w > o->width[i])
		o->width[i] = w;
}

static size_t
total_width(const struct crm_out *o, size_t cap)
{
	size_t sum = o->n > 0 ? (o->n - 1) * GAP : 0;

	for (size_t i = 0; i < o->n; i++)
		sum += can_cut(o->col[i].type) && o->width[i] > cap
			   ? cap
			   : o->width[i];
	return sum;
}

/* The widest texts shrink until a line fits the terminal; then as many columns
 * stay as do. */
static void
shrink(struct crm_out *o)
{
	size_t cap = PAD_MAX, end = 0;

	o->fit = o->n;
	if (o->opt.width == 0)
		return;
	while (cap > CUT_MIN && total_width(o, cap) > o->opt.width)
		cap--;
	for (size_t i = 0; i < o->n; i++)
		if (can_cut(o->col[i].type) && o->width[i] > cap)
			o->width[i] = cap;
	if (total_width(o, cap) <= o->opt.width)
		return;
	for (o->fit = 0; o->fit < o->n; o->fit++) {
		end += o->width[o->fit] + (o->fit > 0 ? GAP : 0);
		if (o->fit > 0 && end + GAP + 1 > o->opt.width)
			break;
	}
}

static void
pad(struct crm_buf *b, size_t n)
{
	while (n-- > 0)
		crm_buf_putc(b, ' ');
}

static void
put_cell(struct crm_out *o, size_t i, struct crm_str text)
{
	bool right = crm_type_is_number(o->col[i].type);
	bool cut = o->opt.width > 0 && can_cut(o->col[i].type);
	size_t w;

	crm_buf_clear(&o->shown);
	crm_text_show(&o->shown, text, cut ? o->width[i] : 0);
	w = crm_text_width(crm_buf_str(&o->shown));
	w = w < o->width[i] ? o->width[i] - w : 0;
	o->unsure |= o->opt.tty && !crm_text_width_agreed(text);
	if (right)
		pad(&o->buf, w);
	crm_buf_putstr(&o->buf, crm_buf_str(&o->shown));
	if (!right)
		pad(&o->buf, w);
}

static void
put_row(struct crm_out *o, const struct crm_str *text)
{
	size_t start = o->buf.n, column = 1;

	o->unsure = false;
	for (size_t i = 0; i < o->fit; i++) {
		if (i > 0)
			pad(&o->buf, GAP);
		if (o->unsure && text[i].n > 0)
			crm_buf_putf(&o->buf, "\033[%zuG", column);
		put_cell(o, i, text[i]);
		column += o->width[i] + GAP;
	}
	if (o->fit < o->n) {
		pad(&o->buf, GAP);
		if (o->unsure)
			crm_buf_putf(&o->buf, "\033[%zuG", column);
		crm_buf_puts(&o->buf, "\xe2\x80\xa6");
	}
	if (o->buf.fail)
		return;
	while (o->buf.n > start && o->buf.p[o->buf.n - 1] == ' ')
		o->buf.n--;
	crm_buf_putc(&o->buf, '\n');
}

/* Fixes the widths and puts what was kept. */
static void
put_kept(struct crm_out *o)
{
	if (o->fixed)
		return;
	o->fixed = true;
	shrink(o);
	if (!o->opt.no_header && o->n > 0) {
		for (size_t i = 0; i < o->n; i++)
			o->line[i] = o->col[i].name;
		put_row(o, o->line);
	}
	for (size_t i = 0; i < o->nkeep; i++)
		put_row(o, o->keep + i * o->n);
	o->nkeep = o->keepbytes = 0;
	crm_arena_reset(&o->kept);
}

static void
table_begin(struct crm_out *o)
{
	o->fixed = false;
	for (size_t i = 0; i < o->n; i++) {
		o->width[i] = 0;
		if (!o->opt.no_header)
			widen(o, i, o->col[i].name);
	}
}

/* False when there is no memory; the caller's buffer then fails. */
static bool
keep_row(struct crm_out *o, const struct crm_cell *cell)
{
	size_t at = o->nkeep * o->n;

	if (!crm_grow(&o->keep, &o->capkeep, at + o->n, sizeof *o->keep))
		return false;
	for (size_t i = 0; i < o->n; i++) {
		struct crm_str copy = crm_arena_str(&o->kept, cell[i].text);

		if (!copy.p)
			return false;
		o->keep[at + i] = copy;
		o->keepbytes += copy.n;
		widen(o, i, copy);
	}
	o->nkeep++;
	return true;
}

static void
table_row(struct crm_out *o, const struct crm_cell *cell)
{
	if (!o->fixed) {
		if (!keep_row(o, cell))
			o->shown.fail = CRM_ENOMEM;
		else if (o->nkeep >= KEEP_ROWS || o->keepbytes >= KEEP_BYTES)
			put_kept(o);
		return;
	}
	for (size_t i = 0; i < o->n; i++)
		o->line[i] = cell[i].text;
	put_row(o, o->line);
}

const struct crm_render crm_render_table = {
    "table", table_begin, table_row, put_kept};
