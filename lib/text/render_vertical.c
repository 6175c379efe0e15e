/*
 * render_vertical.c - a block of "name: value" lines for each record.
 *
 * Values begin in one column, that after the longest name, and the further
 * lines of a text are indented by as much: so a text with lines of its own can
 * be read back, which `edit` does.  Only a terminal gets controls made visible.
 */
#include <crm/utf8.h>

#include "text/render.h"

static size_t
indent(const struct crm_out *o)
{
	return o->width[0] + 2;
}

static void
pad(struct crm_buf *b, size_t n)
{
	while (n-- > 0)
		crm_buf_putc(b, ' ');
}

/* width[0] is that of the longest name. */
static void
vertical_begin(struct crm_out *o)
{
	o->width[0] = 0;
	for (size_t i = 0; i < o->n; i++)
		if (o->col[i].name.n > o->width[0])
			o->width[0] = o->col[i].name.n;
}

static void
put_text(struct crm_out *o, struct crm_str s)
{
	struct crm_str line;
	bool first = true;

	while (crm_str_split(&s, '\n', &line)) {
		if (!first) {
			/* An empty line too: without its blanks it would
			 * end the block. */
			crm_buf_putc(&o->buf, '\n');
			pad(&o->buf, indent(o));
		}
		first = false;
		if (o->opt.tty)
			crm_text_show(&o->buf, line, 0);
		else
			crm_buf_putstr(&o->buf, line);
	}
}

static void
vertical_row(struct crm_out *o, const struct crm_cell *cell)
{
	if (o->section > 0)
		crm_buf_putc(&o->buf, '\n');
	for (size_t i = 0; i < o->n; i++) {
		struct crm_str name = o->col[i].name;

		crm_buf_putstr(&o->buf, name);
		crm_buf_putc(&o->buf, ':');
		if (cell[i].text.n > 0) {
			pad(&o->buf, indent(o) - name.n - 1);
			put_text(o, cell[i].text);
		}
		crm_buf_putc(&o->buf, '\n');
	}
}

static void
vertical_end(struct crm_out *o)
{
	(void)o;
}

const struct crm_render crm_render_vertical = {
    "vertical", vertical_begin, vertical_row, vertical_end};
