/*
 * render_json.c - json, one array with a record a line, and jsonl.
 *
 * Money is a string: a JSON number becomes a double in most readers, and
 * 0.10 + 0.20 then is not 0.30.  Decimals and integers are numbers, as a
 * reader of those wants to count.  A value that does not have the form of its
 * column's type (a text of another program) is a string.
 */
#include <crm/utf8.h>

#include "text/render.h"

static void
put_unicode(struct crm_buf *b, int32_t cp)
{
	if (cp > 0xffff) {
		cp -= 0x10000;
		crm_buf_putf(b, "\\u%04x\\u%04x", 0xd800U + (unsigned)cp / 1024,
		    0xdc00U + (unsigned)cp % 1024);
	} else
		crm_buf_putf(b, "\\u%04x", (unsigned)cp);
}

static void
put_ascii(struct crm_buf *b, char c)
{
	switch (c) {
	case '"':
	case '\\':
		crm_buf_putc(b, '\\');
		crm_buf_putc(b, c);
		break;
	case '\n':
		crm_buf_puts(b, "\\n");
		break;
	case '\r':
		crm_buf_puts(b, "\\r");
		break;
	case '\t':
		crm_buf_puts(b, "\\t");
		break;
	default:
		put_unicode(b, (unsigned char)c);
		break;
	}
}

static bool
is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

static void
put_string(struct crm_out *o, struct crm_str s)
{
	struct crm_buf *b = &o->buf;
	size_t i = 0, run = 0;

	crm_buf_putc(b, '"');
	while (i < s.n) {
		unsigned char c = (unsigned char)s.p[i];
		struct crm_str rest = {s.p + i, s.n - i};
		int32_t cp = c;
		size_t len = 1;

		if (is_plain(c)) {
			i++;
			continue;
		}
		if (c >= 0x80) {
			len = crm_utf8_next(rest, &cp);
			if (len > 0 && !(o->opt.tty && crm_utf8_unsafe(cp))) {
				i += len;
				continue;
			}
		}
		crm_buf_put(b, s.p + run, i - run);
		if (c < 0x80)
			put_ascii(b, (char)c);
		else
			put_unicode(b, len > 0 ? cp : 0xfffd);
		i += len > 0 ? len : 1;
		run = i;
	}
	crm_buf_put(b, s.p + run, s.n - run);
	crm_buf_putc(b, '"');
}

static size_t
digits(struct crm_str s, size_t i)
{
	size_t start = i;

	while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9')
		i++;
	return i - start;
}

/* Is it a number as JSON writes them (no exponent)? */
static bool
is_number(struct crm_str s)
{
	size_t i = s.n > 0 && s.p[0] == '-', n = digits(s, i);

	if (n == 0 || (n > 1 && s.p[i] == '0'))
		return false;
	i += n;
	if (i == s.n)
		return true;
	return s.p[i] == '.' && (n = digits(s, i + 1)) > 0 && i + 1 + n == s.n;
}

static void
put_list(struct crm_out *o, struct crm_str s)
{
	struct crm_str item;
	bool first = true;

	crm_buf_putc(&o->buf, '[');
	while (crm_str_split(&s, ',', &item)) {
		if (!first)
			crm_buf_putc(&o->buf, ',');
		first = false;
		put_string(o, item);
	}
	crm_buf_putc(&o->buf, ']');
}

static void
put_value(struct crm_out *o, const struct crm_cell *c)
{
	struct crm_str s = c->text;

	if (s.n == 0)
		crm_buf_puts(&o->buf, "null");
	else if ((c->type == CRM_T_INT || c->type == CRM_T_DECIMAL) &&
		 is_number(s))
		crm_buf_putstr(&o->buf, s);
	else if (c->type == CRM_T_BOOL && crm_str_is(s, "yes"))
		crm_buf_puts(&o->buf, "true");
	else if (c->type == CRM_T_BOOL && crm_str_is(s, "no"))
		crm_buf_puts(&o->buf, "false");
	else if (c->type == CRM_T_LIST)
		put_list(o, s);
	else
		put_string(o, s);
}

static void
put_object(struct crm_out *o, const struct crm_cell *cell)
{
	crm_buf_putc(&o->buf, '{');
	for (size_t i = 0; i < o->n; i++) {
		if (i > 0)
			crm_buf_putc(&o->buf, ',');
		put_string(o, o->col[i].name);
		crm_buf_putc(&o->buf, ':');
		put_value(o, &cell[i]);
	}
	crm_buf_putc(&o->buf, '}');
}

static void
array_begin(struct crm_out *o)
{
	crm_buf_putc(&o->buf, '[');
}

static void
array_row(struct crm_out *o, const struct crm_cell *cell)
{
	crm_buf_puts(&o->buf, o->section > 0 ? ",\n" : "\n");
	put_object(o, cell);
}

static void
array_end(struct crm_out *o)
{
	crm_buf_puts(&o->buf, o->section > 0 ? "\n]\n" : "]\n");
}

static void
lines_row(struct crm_out *o, const struct crm_cell *cell)
{
	put_object(o, cell);
	crm_buf_putc(&o->buf, '\n');
}

static void
nothing(struct crm_out *o)
{
	(void)o;
}

const struct crm_render crm_render_json = {
    "json", array_begin, array_row, array_end};
const struct crm_render crm_render_jsonl = {
    "jsonl", nothing, lines_row, nothing};
