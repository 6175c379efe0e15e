/*
 * stream.c - the reader of the record stream (crm-stream(5)).
 *
 * A line is looked at once, eight bytes at a time: that pass finds the TABs
 * and whether there is a backslash, a NUL or a byte that is not ASCII.  Only
 * a field with a backslash is copied, only a line with other bytes is checked
 * as UTF-8.  The word arithmetic is plain C, as the fields of real streams
 * are too short for a call of memchr each to pay.
 */
#include <stdlib.h>

#include <crm/utf8.h>

#include "base/word.h"
#include "text/reader.h"

enum { SEEN_NUL = 1, SEEN_HIGH = 2, SEEN_ESCAPE = 4 };

/*
 * Splits n bytes at TABs into at most max fields and returns how many there
 * are.  Reads up to CRM_INPUT_SLACK bytes past the end.
 */
static size_t
split(
    const char *p, size_t n, struct crm_str *field, size_t max, unsigned *seen)
{
	uint64_t high = 0, escape = 0, nul = 0;
	size_t count = 0, start = 0;

	for (size_t i = 0; i < n; i += 8) {
		uint64_t w = crm_word(p + i), tabs, y;

		if (n - i < 8) {
			uint64_t past = ~(uint64_t)0 << 8 * (n - i);

			w = (w & ~past) | (CRM_ONES * 'x' & past);
		}
		/* Whether there is any is exact without the byte's place. */
		y = w ^ CRM_ONES * '\\';
		escape |= (y - CRM_ONES) & ~y;
		nul |= (w - CRM_ONES) & ~w;
		high |= w;
		for (tabs = crm_word_match(w, '\t'); tabs; tabs &= tabs - 1) {
			size_t at = i + (size_t)__builtin_ctzll(tabs) / 8;

			if (count < max)
				field[count] =
				    (struct crm_str){p + start, at - start};
			count++;
			start = at + 1;
		}
	}
	if (count < max)
		field[count] = (struct crm_str){p + start, n - start};
	*seen = (nul & CRM_TOPS ? SEEN_NUL : 0U) |
		(high & CRM_TOPS ? SEEN_HIGH : 0U) |
		(escape & CRM_TOPS ? SEEN_ESCAPE : 0U);
	return count + 1;
}

/* Places an error at the current line, and names the column if there is one. */
static int
fault(struct crm_stream *s, size_t column, struct crm_err *err)
{
	crm_err_place(err, s->in.name, s->line);
	if (column < s->n)
		crm_err_field(err, s->name[column].p, s->name[column].n);
	return CRM_EDATA;
}

static size_t
column_of(struct crm_str line, size_t offset)
{
	size_t column = 0;

	for (size_t i = 0; i < offset; i++)
		column += line.p[i] == '\t';
	return column;
}

/* NUL and bad UTF-8. */
static int
check_bytes(struct crm_stream *s, struct crm_str line, unsigned seen,
    struct crm_err *err)
{
	size_t bad = 0;

	if (seen & SEEN_NUL) {
		bad =
		    (size_t)((const char *)memchr(line.p, 0, line.n) - line.p);
		crm_err_set(err, CRM_EDATA, "a NUL byte, byte %zu of the line",
		    bad + 1);
		return fault(s, column_of(line, bad), err);
	}
	if (seen & SEEN_HIGH && !s->any && !crm_utf8_valid(line, &bad)) {
		crm_err_set(err, CRM_EDATA,
		    "byte %zu of the line is not UTF-8 (0x%02x)", bad + 1,
		    (unsigned char)line.p[bad]);
		return fault(s, column_of(line, bad), err);
	}
	return CRM_OK;
}

int
crm_stream_take(struct crm_stream *s, struct crm_str *line, bool section,
    struct crm_err *err)
{
	bool ended, at_section;
	int code;

	code = crm_intake_line(&s->in, line, &ended, err);
	if (code == CRM_EDATA) {
		s->line++;
		s->raw = (struct crm_str){"", 0};
		return fault(s, SIZE_MAX, err);
	}
	if (code < 0)
		return code;
	at_section = s->archive && line->n >= 2 && line->p[0] == '\\' &&
		     line->p[1] == ':';
	if (at_section && !section)
		return CRM_NOTFOUND;
	crm_intake_take(&s->in, line->n + ended);
	s->line++;
	s->raw = *line;
	if (!ended && s->whole) {
		crm_err_set(err, CRM_EDATA,
		    "last line has no end: was the producer killed?");
		return fault(s, SIZE_MAX, err);
	}
	if (line->n > 0 && line->p[line->n - 1] == '\r') {
		if (s->line == 1)
			s->crlf = true;
		line->n--;
		s->raw = *line;
		/* the CR would end up in the last field */
		if (!s->crlf) {
			crm_err_set(err, CRM_EDATA,
			    "the line ends in CR LF, the header in LF alone");
			return fault(s, SIZE_MAX, err);
		}
	}
	s->raw = *line;
	return CRM_OK;
}

/* ---- the header ---- */

/* Whether a would-be column name is rather a cell of a record. */
static bool
looks_like_data(struct crm_str s)
{
	size_t i = 0;

	if (s.n == 0 || s.p[0] < 'A' || (s.p[0] > 'Z' && s.p[0] < 'a') ||
	    s.p[0] > 'z')
		return s.n == 0 || s.p[0] != '#';
	while (i < s.n && s.p[i] >= 'A' && s.p[i] <= 'Z')
		i++;
	return i > 0 && i < s.n && s.p[i] >= '0' && s.p[i] <= '9';
}

static int
bad_name(
    struct crm_stream *s, struct crm_str name, bool option, struct crm_err *err)
{
	int show = name.n > 80 ? 80 : (int)name.n;
	bool data = false;

	if (option)
		return crm_err_set(err, CRM_EUSAGE,
		    "'%.*s' is not a column name (wanted: small letters, "
		    "digits and _, a letter first)",
		    show, name.p);
	crm_err_set(err, CRM_EDATA,
	    "the header: '%.*s' is not a column name (wanted: small letters, "
	    "digits and _, a letter first)",
	    show, name.p);
	for (size_t i = 0; i < s->n; i++)
		data = data || looks_like_data(s->name[i]);
	if (crm_str_starts(name, CRM_STR("\\:")))
		crm_err_hint(err, "this is an archive of several streams: "
				  "take one section, or crm-store load - all");
	else if (s->n == 1 && memchr(name.p ? name.p : "", ',', name.n))
		crm_err_hint(err, "fields are separated by TABs; crm-import "
				  "reads CSV, and mlr --icsv --otsv makes TSV "
				  "of it");
	else if (data)
		crm_err_hint(err, "did sort move the header? use: crm-body "
				  "sort ...");
	else
		crm_err_hint(err, "--header a,b,c names the columns of a "
				  "stream that has no header");
	return fault(s, SIZE_MAX, err);
}

/* Names are set: are they good ones?  option: they come from --header. */
static int
check_names(struct crm_stream *s, bool option, struct crm_err *err)
{
	for (size_t i = 0; i < s->n; i++)
		if (!crm_column_valid(s->name[i]))
			return bad_name(s, s->name[i], option, err);
	for (size_t i = 1; i < s->n; i++)
		for (size_t j = 0; j < i; j++) {
			int code = option ? CRM_EUSAGE : CRM_EDATA;

			if (!crm_str_eq(s->name[i], s->name[j]))
				continue;
			crm_err_set(err, code,
			    "%scolumn '%.*s' occurs twice (%zu and %zu)",
			    option ? "" : "the header: ", (int)s->name[i].n,
			    s->name[i].p, j + 1, i + 1);
			if (!option)
				fault(s, SIZE_MAX, err);
			return code;
		}
	s->repeated = s->n > 0 && s->name[0].n > 3 &&
		      memcmp(s->name[0].p + s->name[0].n - 3, "_id", 3) == 0;
	return CRM_OK;
}

/* Makes the columns of a header line separated by sep. */
static int
set_columns(struct crm_stream *s, struct crm_str line, char sep, bool option,
    struct crm_err *err)
{
	struct crm_str rest;
	size_t n = 1;

	for (size_t i = 0; i < line.n; i++)
		n += line.p[i] == sep;
	if (n > CRM_COLUMNS_MAX) {
		int code = option ? CRM_EUSAGE : CRM_EDATA;

		crm_err_set(err, code, "%zu columns, at most %d are possible",
		    n, CRM_COLUMNS_MAX);
		if (!option)
			fault(s, SIZE_MAX, err);
		return code;
	}
	s->header = crm_arena_str(&s->names, line);
	s->name = crm_arena_alloc(&s->names, n * sizeof *s->name);
	s->field = crm_arena_zalloc(&s->names, n * sizeof *s->field);
	if (!s->header.p || !s->name || !s->field)
		return crm_err_nomem(err);
	rest = s->header;
	for (s->n = 0; s->n < n; s->n++)
		crm_str_split(&rest, sep, &s->name[s->n]);
	return check_names(s, option, err);
}

/* The header line as it would stand in the stream, after --header a,b. */
static int
rejoin(struct crm_stream *s, struct crm_err *err)
{
	char *copy = crm_arena_alloc(&s->names, s->header.n + 1);

	if (!copy)
		return crm_err_nomem(err);
	for (size_t i = 0; i < s->header.n; i++)
		copy[i] = s->header.p[i] == ',' ? '\t' : s->header.p[i];
	s->header.p = copy;
	return CRM_OK;
}

int
crm_stream_header(struct crm_stream *s, struct crm_err *err)
{
	struct crm_str line;
	unsigned seen;
	int code;

	s->n = 0;
	s->header = (struct crm_str){NULL, 0};
	code = crm_stream_take(s, &line, false, err);
	if (code == CRM_NOTFOUND)
		return CRM_OK;
	if (code < 0)
		return code;
	split(line.p, line.n, NULL, 0, &seen);
	code = check_bytes(s, line, seen, err);
	if (code < 0)
		return code;
	return set_columns(s, line, '\t', false, err);
}

int
crm_stream_new(struct crm_stream **out, int fd,
    const struct crm_stream_options *opt, struct crm_err *err)
{
	struct crm_stream *s = calloc(1, sizeof *s);
	int code;

	*out = NULL;
	if (!s)
		return crm_err_nomem(err);
	s->whole = opt->whole_lines;
	s->any = opt->any_bytes;
	s->text.max = CRM_LINE_MAX + 1;
	s->raw = (struct crm_str){"", 0};
	code = crm_intake_open(
	    &s->in, opt->name, fd, opt->read, opt->read_ctx, err);
	if (code < 0)
		crm_stream_close(s);
	else
		*out = s;
	return code;
}

int
crm_stream_open(struct crm_stream **out, int fd,
    const struct crm_stream_options *opt, struct crm_err *err)
{
	int code = crm_stream_new(out, fd, opt, err);

	if (code < 0)
		return code;
	if (opt->bare)
		code = set_columns(*out, crm_str(opt->bare), ',', true, err);
	else if (opt->header.p) {
		code = set_columns(*out, opt->header, ',', true, err);
		if (code == CRM_OK)
			code = rejoin(*out, err);
	} else
		code = crm_stream_header(*out, err);
	if (code < 0) {
		crm_stream_close(*out);
		*out = NULL;
	}
	return code;
}

void
crm_stream_close(struct crm_stream *s)
{
	if (!s)
		return;
	crm_intake_release(&s->in);
	crm_arena_release(&s->names);
	crm_buf_release(&s->text);
	free(s);
}

/* ---- records ---- */

static int
bad_escape(
    struct crm_stream *s, size_t column, size_t offset, struct crm_err *err)
{
	struct crm_str f = s->field[column], after;
	size_t len = 1;
	int32_t cp;

	after = (struct crm_str){f.p + offset + 1, f.n - offset - 1};
	if (after.n > 0)
		len += crm_utf8_next(after, &cp);
	if (column == 0 && offset == 0 && len == 2 && after.p[0] == ':')
		crm_err_set(err, CRM_EDATA,
		    "a section line of an archive, where one stream is wanted");
	else
		crm_err_set(err, CRM_EDATA,
		    "'%.*s' is not an escape (known: \\t \\n \\r \\\\, and \\N "
		    "alone for no value)",
		    (int)len, f.p + offset);
	return fault(s, column, err);
}

static int
unescape_fields(struct crm_stream *s, struct crm_err *err)
{
	/* Room for all at once: the fields are views of it. */
	crm_buf_clear(&s->text);
	if (!crm_buf_room(&s->text, s->raw.n))
		return crm_err_nomem(err);
	for (size_t i = 0; i < s->n; i++) {
		struct crm_str *f = &s->field[i];
		size_t start = s->text.n, bad = 0;

		if (f->n == 0 || !memchr(f->p, '\\', f->n))
			continue;
		if (crm_unescape(*f, &s->text, &bad) < 0)
			return bad_escape(s, i, bad, err);
		*f = (struct crm_str){s->text.p + start, s->text.n - start};
	}
	return CRM_OK;
}

static int
ragged(struct crm_stream *s, size_t count, struct crm_err *err)
{
	if (s->raw.n == 0)
		crm_err_set(err, CRM_EDATA,
		    "a blank line, the header has %zu "
		    "fields",
		    s->n);
	else
		crm_err_set(err, CRM_EDATA, "%zu field%s, the header has %zu",
		    count, count == 1 ? "" : "s", s->n);
	return fault(s, SIZE_MAX, err);
}

bool
crm_stream_ready(const struct crm_stream *s)
{
	const char *p = s->in.p + s->in.at;
	size_t n = s->in.end - s->in.at;
	const char *lf = n > 0 ? memchr(p, '\n', n) : NULL;

	/* what is passed over is followed by a read */
	return lf && !(s->repeated &&
			 crm_str_starts((struct crm_str){p, n}, s->header));
}

/* What the bytes of a line are, put together a word at a time. */
struct look {
	uint64_t other; /* a top bit: a byte is not ASCII, or DEL */
	uint64_t escape; /* a top bit: one is a backslash */
};

static inline void
look_at(struct look *l, uint64_t w)
{
	uint64_t y = w ^ CRM_ONES * '\\';

	l->other |= w | (w + CRM_ONES);
	l->escape |= (y - CRM_ONES) & ~y;
}

/* Takes the line of n bytes whose fields are set, unless it wants a second
 * look. */
static bool
take_plain(struct crm_stream *s, size_t n, const struct look *l)
{
	struct crm_str line = {s->in.p + s->in.at, n};
	bool ascii = !(l->other & CRM_TOPS);

	if ((l->escape & CRM_TOPS) || n > CRM_FIELD_MAX ||
	    (s->repeated && crm_str_eq(line, s->header)) ||
	    (!ascii && !s->any && !crm_utf8_valid(line, NULL)))
		return false;
	s->raw = line;
	s->plain = ascii;
	s->line++;
	crm_intake_take(&s->in, n + 1);
	return true;
}

/*
 * The next line, when it is all there and has nothing in it that wants a
 * second look: one pass finds its end and its TABs, which are nearly all the
 * control characters there are.  false: nothing was taken, go the long way.
 */
static bool
next_plain(struct crm_stream *s)
{
	const char *line = s->in.p + s->in.at, *end = s->in.p + s->in.end;
	const char *start = line;
	struct crm_str *field = s->field, *last = field + s->n;
	struct look l = {0, 0};

	if (!s->in.begun)
		return false;
	for (const char *p = line; end - p >= 8; p += 8) {
		uint64_t w = crm_word(p);
		uint64_t low = (w & ~CRM_TOPS) + CRM_ONES * 0x60;

		/* the bytes below blank */
		for (low = ~(low | w) & CRM_TOPS; low; low &= low - 1) {
			const char *at = p + __builtin_ctzll(low) / 8;

			if (field == last)
				return false;
			*field++ =
			    (struct crm_str){start, (size_t)(at - start)};
			start = at + 1;
			if (*at == '\t')
				continue;
			/* what is behind the end is of the next line */
			look_at(&l, w & (low ^ (low - 1)));
			return *at == '\n' && field == last &&
			       take_plain(s, (size_t)(at - line), &l);
		}
		look_at(&l, w);
	}
	return false;
}

/* The next line, whatever is the matter with it. */
static int
next_any(struct crm_stream *s, struct crm_err *err)
{
	struct crm_str line;
	unsigned seen = 0;
	size_t count;
	int code;

	s->plain = false;
	do {
		code = crm_stream_take(s, &line, false, err);
		if (code < 0)
			return code;
	} while (s->repeated && crm_str_eq(line, s->header));
	count = split(line.p, line.n, s->field, s->n, &seen);
	if (seen & (SEEN_NUL | SEEN_HIGH)) {
		code = check_bytes(s, line, seen, err);
		if (code < 0)
			return code;
	}
	if (count != s->n)
		return ragged(s, count, err);
	if (seen & SEEN_ESCAPE) {
		code = unescape_fields(s, err);
		if (code < 0)
			return code;
	}
	if (line.n <= CRM_FIELD_MAX)
		return CRM_OK;
	for (size_t i = 0; i < s->n; i++)
		if (s->field[i].n > CRM_FIELD_MAX) {
			crm_err_set(err, CRM_EDATA,
			    "%zu bytes, a field has at most %zu", s->field[i].n,
			    CRM_FIELD_MAX);
			return fault(s, i, err);
		}
	return CRM_OK;
}

int
crm_stream_next(struct crm_stream *s, struct crm_err *err)
{
	if (s->n == 0)
		return CRM_NOTFOUND;
	return next_plain(s) ? CRM_OK : next_any(s, err);
}

size_t
crm_stream_columns(const struct crm_stream *s)
{
	return s->n;
}

struct crm_str
crm_stream_name(const struct crm_stream *s, size_t column)
{
	return s->name[column];
}

int
crm_stream_find(const struct crm_stream *s, struct crm_str name)
{
	for (size_t i = 0; i < s->n; i++)
		if (crm_str_eq(s->name[i], name))
			return (int)i;
	return -1;
}

struct crm_str
crm_stream_field(const struct crm_stream *s, size_t column)
{
	return s->field[column];
}

const struct crm_str *
crm_stream_fields(const struct crm_stream *s)
{
	return s->field;
}

struct crm_str
crm_stream_raw(const struct crm_stream *s)
{
	return s->raw;
}

bool
crm_stream_plain(const struct crm_stream *s)
{
	return s->plain;
}

unsigned long
crm_stream_line(const struct crm_stream *s)
{
	return s->line;
}

uint64_t
crm_stream_bytes(const struct crm_stream *s)
{
	return crm_intake_taken(&s->in);
}

const char *
crm_stream_file(const struct crm_stream *s)
{
	return s->in.name;
}
