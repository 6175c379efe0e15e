/*
 * render_csv.c - csv, plain and for spreadsheets.
 *
 * A spreadsheet runs a cell that begins with = + - or @, whatever quotes are
 * around it: with `excel` such a text gets a ' in front.  What is a number
 * stays one, also of a column that no table knows, or no column of refunds
 * could be summed: -5 runs nothing.  TAB
 * and CR count too, as spreadsheets drop them and then look.
 */
#include <crm/stream.h>
#include <crm/utf8.h>

#include "text/render.h"

static bool
is_amount(struct crm_str s)
{
	size_t i = s.n > 0 && s.p[0] == '-';
	bool digit = false;

	for (; i < s.n; i++) {
		if (s.p[i] >= '0' && s.p[i] <= '9')
			digit = true;
		else if (s.p[i] != '.')
			return false;
	}
	return digit;
}

static bool
would_run(const struct crm_cell *c)
{
	static const char first[] = {'=', '+', '-', '@', '\t', '\r'};

	if (c->text.n == 0 || !memchr(first, c->text.p[0], sizeof first))
		return false;
	return !is_amount(c->text);
}

static void
end_line(struct crm_out *o)
{
	crm_buf_puts(&o->buf, o->opt.excel ? "\r\n" : "\n");
}

static void
sheet_begin(struct crm_out *o)
{
	if (o->opt.excel && o->rows == 0)
		crm_buf_puts(&o->buf, "\xef\xbb\xbf");
	if (o->opt.no_header)
		return;
	for (size_t i = 0; i < o->n; i++) {
		if (i > 0)
			crm_buf_putc(&o->buf, ',');
		crm_csv_put(&o->buf, o->col[i].name, ',');
	}
	end_line(o);
}

static void
put_field(struct crm_out *o, const struct crm_cell *c)
{
	bool defuse = o->opt.excel && would_run(c);
	struct crm_str s = c->text;

	if (defuse || o->opt.tty) {
		crm_buf_clear(&o->shown);
		if (defuse)
			crm_buf_putc(&o->shown, '\'');
		if (o->opt.tty)
			crm_text_show(&o->shown, s, 0);
		else
			crm_buf_putstr(&o->shown, s);
		s = crm_buf_str(&o->shown);
	}
	crm_csv_put(&o->buf, s, ',');
}

static void
sheet_row(struct crm_out *o, const struct crm_cell *cell)
{
	for (size_t i = 0; i < o->n; i++) {
		if (i > 0)
			crm_buf_putc(&o->buf, ',');
		put_field(o, &cell[i]);
	}
	/* An empty line would be no row to a reader. */
	if (o->n == 1 && cell[0].text.n == 0)
		crm_buf_puts(&o->buf, "\"\"");
	end_line(o);
}

static void
sheet_end(struct crm_out *o)
{
	(void)o;
}

const struct crm_render crm_render_csv = {
    "csv", sheet_begin, sheet_row, sheet_end};
