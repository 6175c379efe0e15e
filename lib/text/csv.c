/*
 * csv.c - CSV (RFC 4180 and its dialects).
 *
 * A quote means something only at the beginning of a field; elsewhere it is
 * a character, and so is what follows a closing quote: real exports hold
 * both.  A row is found whole before it is split.  Where a quote is never
 * closed reading goes on after the line on which the row began: that line is
 * the one to reject, not the rest of the file.
 */
#include <stdlib.h>

#include <crm/utf8.h>

#include "text/intake.h"

struct crm_csv {
	struct crm_intake in;
	char sep, quote;
	bool ragged, trim, any;
	unsigned skip;
	struct crm_str *field;
	size_t n, cap;
	size_t want; /* fields of the first row */
	struct crm_buf text; /* fields with a quote inside */
	struct crm_str raw;
	unsigned long line; /* of the row */
	unsigned long next; /* the line after it */
};

int
crm_csv_open(struct crm_csv **out, const struct crm_csv_options *opt,
    struct crm_err *err)
{
	struct crm_csv *c = calloc(1, sizeof *c);
	int code;

	*out = NULL;
	if (!c)
		return crm_err_nomem(err);
	c->sep = opt->sep ? opt->sep : ',';
	c->quote = opt->quote;
	c->ragged = opt->ragged;
	c->trim = opt->trim;
	c->any = opt->any_bytes;
	c->skip = opt->skip;
	c->next = 1;
	c->raw = (struct crm_str){"", 0};
	c->text.max = CRM_LINE_MAX + 1;
	code = crm_intake_open(
	    &c->in, opt->name, 0, opt->read, opt->read_ctx, err);
	if (code < 0)
		crm_csv_close(c);
	else
		*out = c;
	return code;
}

void
crm_csv_close(struct crm_csv *c)
{
	if (!c)
		return;
	crm_intake_release(&c->in);
	crm_buf_release(&c->text);
	free(c->field);
	free(c);
}

static bool
is_blank(const struct crm_csv *c, char ch)
{
	return (ch == ' ' || ch == '\t') && ch != c->sep;
}

/*
 * Past the quoted field whose first byte after the quote is at i: the place
 * after the closing quote.  False when that is not among the n bytes.
 */
static bool
skip_quoted(const struct crm_csv *c, const char *p, size_t n, size_t *i)
{
	while (*i < n) {
		const char *q = memchr(p + *i, c->quote, n - *i);
		size_t at;

		if (!q)
			break;
		at = (size_t)(q - p) + 1;
		if (at < n && p[at] == c->quote) {
			*i = at + 1;
			continue;
		}
		*i = at;
		/* A quote that is the last byte may be half of two. */
		return at < n || c->in.eof;
	}
	*i = n;
	return false;
}

static void
skip_bare(const struct crm_csv *c, const char *p, size_t n, size_t *i)
{
	while (*i < n && p[*i] != c->sep && p[*i] != '\n')
		++*i;
}

enum { ROW_WHOLE, ROW_MORE, ROW_LONG };

/* Where the row that begins at p ends, its LF not counted. */
static int
row_end(const struct crm_csv *c, const char *p, size_t n, size_t *end)
{
	size_t i = 0, start;

	for (;; i++) {
		start = i;
		while (c->trim && i < n && is_blank(c, p[i]))
			i++;
		if (i < n && p[i] == c->quote) {
			i++;
			if (!skip_quoted(c, p, n, &i))
				return i - start > CRM_FIELD_MAX ? ROW_LONG
								 : ROW_MORE;
		}
		skip_bare(c, p, n, &i);
		*end = i;
		if (i >= n)
			return c->in.eof ? ROW_WHOLE : ROW_MORE;
		if (p[i] == '\n')
			return ROW_WHOLE;
	}
}

static int
fault(struct crm_csv *c, struct crm_err *err)
{
	return crm_intake_fault(&c->in, CRM_EDATA, c->line, err);
}

/* Takes the first line of a row whose quote does not close. */
static int
open_quote(struct crm_csv *c, bool too_long, struct crm_err *err)
{
	const char *p = c->in.p + c->in.at;
	const char *lf = memchr(p, '\n', c->in.end - c->in.at);

	c->raw.p = p;
	c->raw.n = lf ? (size_t)(lf - p) + 1 : c->in.end - c->in.at;
	crm_intake_take(&c->in, c->raw.n);
	c->next = c->line + 1;
	if (too_long)
		crm_err_set(err, CRM_EDATA,
		    "a quoted field of more than %zu MiB: is its quote closed?",
		    CRM_FIELD_MAX >> 20);
	else
		crm_err_set(err, CRM_EDATA, "a quote that is never closed");
	return fault(c, err);
}

/* Finds a row with quotes; raw is it with its end, *n without. */
static int
find_quoted(struct crm_csv *c, size_t *n, struct crm_err *err)
{
	size_t have, lines = 0;
	const char *p;
	int found;

	for (;;) {
		int code;

		p = c->in.p + c->in.at;
		have = c->in.end - c->in.at;
		found = row_end(c, p, have, n);
		if (found == ROW_WHOLE)
			break;
		if (found == ROW_LONG || c->in.eof)
			return open_quote(c, found == ROW_LONG, err);
		code = crm_intake_more(&c->in, err);
		if (code == CRM_EDATA)
			return open_quote(c, true, err);
		if (code < 0 && code != CRM_NOTFOUND)
			return code;
	}
	c->raw = (struct crm_str){p, *n + (*n < have)};
	for (size_t i = 0; i < c->raw.n; i++)
		lines += p[i] == '\n';
	c->next = c->line + (lines ? lines : 1);
	crm_intake_take(&c->in, c->raw.n);
	return CRM_OK;
}

/* Finds the next row that is not blank. */
static int
find_row(
    struct crm_csv *c, struct crm_str *row, bool *quoted, struct crm_err *err)
{
	bool ended;
	int code;

	for (;;) {
		c->line = c->next;
		code = crm_intake_line(&c->in, row, &ended, err);
		if (code == CRM_EDATA) {
			c->next++;
			c->raw = (struct crm_str){"", 0};
			return fault(c, err);
		}
		if (code < 0)
			return code;
		*quoted = c->quote && c->skip == 0 && row->n > 0 &&
			  memchr(row->p, c->quote, row->n);
		if (*quoted) {
			code = find_quoted(c, &row->n, err);
			row->p = c->raw.p;
		} else {
			c->next++;
			c->raw = (struct crm_str){row->p, row->n + ended};
			crm_intake_take(&c->in, c->raw.n);
		}
		if (code < 0)
			return code;
		if (row->n > 0 && row->p[row->n - 1] == '\r')
			row->n--;
		if (c->skip > 0)
			c->skip--;
		else if (row->n > 0)
			return CRM_OK;
	}
}

static struct crm_str
trimmed(const struct crm_csv *c, struct crm_str f)
{
	while (f.n > 0 && is_blank(c, f.p[0])) {
		f.p++;
		f.n--;
	}
	while (f.n > 0 && is_blank(c, f.p[f.n - 1]))
		f.n--;
	return f;
}

/* The content of a field that begins with a quote. */
static struct crm_str
unquoted(struct crm_csv *c, struct crm_str f)
{
	size_t start = c->text.n, i = 1;
	bool open = true;

	/* Without a quote inside, it is a view of the row. */
	if (f.n >= 2 && memchr(f.p + 1, c->quote, f.n - 1) == f.p + f.n - 1)
		return (struct crm_str){f.p + 1, f.n - 2};
	for (; i < f.n; i++) {
		if (open && f.p[i] == c->quote) {
			i++;
			open = i < f.n && f.p[i] == c->quote;
			if (i >= f.n)
				break;
		}
		crm_buf_putc(&c->text, f.p[i]);
	}
	return (struct crm_str){c->text.p + start, c->text.n - start};
}

/* A row without quotes, whose fields are as they stand. */
static int
split_plain(struct crm_csv *c, struct crm_str row, struct crm_err *err)
{
	const char *start = row.p, *end = row.p + row.n, sep = c->sep;

	for (const char *p = start;; p++) {
		if (p < end && *p != sep)
			continue;
		if (c->n == c->cap &&
		    !crm_grow(&c->field, &c->cap, c->n, sizeof *c->field))
			return crm_err_nomem(err);
		c->field[c->n++] = (struct crm_str){start, (size_t)(p - start)};
		if (p == end)
			return CRM_OK;
		start = p + 1;
	}
}

static int
split_row(
    struct crm_csv *c, struct crm_str row, bool quoted, struct crm_err *err)
{
	size_t i = 0;

	c->n = 0;
	if (!quoted && !c->trim)
		return split_plain(c, row, err);
	crm_buf_clear(&c->text);
	if (quoted && !crm_buf_room(&c->text, row.n))
		return crm_err_nomem(err);
	for (;; i++) {
		size_t start = i, first;
		struct crm_str f;

		if (!crm_grow(&c->field, &c->cap, c->n, sizeof *c->field))
			return crm_err_nomem(err);
		while (c->trim && i < row.n && is_blank(c, row.p[i]))
			i++;
		first = i;
		if (quoted && i < row.n && row.p[i] == c->quote) {
			i++;
			skip_quoted(c, row.p, row.n, &i);
		}
		while (i < row.n && row.p[i] != c->sep)
			i++;
		f = (struct crm_str){row.p + start, i - start};
		if (c->trim)
			f = trimmed(c, f);
		if (quoted && first < i && row.p[first] == c->quote)
			f = unquoted(c, f);
		c->field[c->n++] = f;
		if (i >= row.n)
			return CRM_OK;
	}
}

static int
check_row(struct crm_csv *c, struct crm_str row, struct crm_err *err)
{
	size_t bad = 0;

	if (memchr(row.p, 0, row.n)) {
		crm_err_set(err, CRM_EDATA, "a NUL byte");
		return fault(c, err);
	}
	if (!c->any && !crm_utf8_valid(row, &bad)) {
		crm_err_set(err, CRM_EDATA,
		    "byte %zu of the row is not UTF-8 (0x%02x)", bad + 1,
		    (unsigned char)row.p[bad]);
		return fault(c, err);
	}
	for (size_t i = 0; row.n > CRM_FIELD_MAX && i < c->n; i++)
		if (c->field[i].n > CRM_FIELD_MAX) {
			crm_err_set(err, CRM_EDATA,
			    "field %zu has %zu bytes, at most %zu are allowed",
			    i + 1, c->field[i].n, CRM_FIELD_MAX);
			return fault(c, err);
		}
	if (c->want == 0)
		c->want = c->n;
	if (!c->ragged && c->n != c->want) {
		crm_err_set(err, CRM_EDATA,
		    "%zu field%s, the first row has %zu", c->n,
		    c->n == 1 ? "" : "s", c->want);
		return fault(c, err);
	}
	return CRM_OK;
}

int
crm_csv_next(
    struct crm_csv *c, struct crm_str **fields, size_t *n, struct crm_err *err)
{
	bool quoted = false;
	struct crm_str row;
	int code;

	*n = 0;
	code = find_row(c, &row, &quoted, err);
	if (code < 0)
		return code;
	code = split_row(c, row, quoted, err);
	if (code < 0)
		return code;
	*fields = c->field;
	*n = c->n;
	return check_row(c, row, err);
}

unsigned long
crm_csv_line(const struct crm_csv *c)
{
	return c->line;
}

struct crm_str
crm_csv_raw(const struct crm_csv *c)
{
	return c->raw;
}

uint64_t
crm_csv_bytes(const struct crm_csv *c)
{
	return crm_intake_taken(&c->in);
}

void
crm_csv_put(struct crm_buf *b, struct crm_str s, char sep)
{
	bool quote = s.n > 0 && (s.p[0] == ' ' || s.p[s.n - 1] == ' ');

	for (size_t i = 0; i < s.n && !quote; i++)
		quote = s.p[i] == sep || s.p[i] == '"' || s.p[i] == '\n' ||
			s.p[i] == '\r';
	if (!quote) {
		crm_buf_putstr(b, s);
		return;
	}
	crm_buf_putc(b, '"');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"')
			crm_buf_putc(b, '"');
		crm_buf_putc(b, s.p[i]);
	}
	crm_buf_putc(b, '"');
}
