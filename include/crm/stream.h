/*
 * stream.h - reading the record stream (crm-stream(5)) and CSV.
 *
 *	struct crm_stream *s;
 *	crm_stream_open(&s, 0, &(struct crm_stream_options){.name = "-"}, err);
 *	while ((r = crm_stream_next(s, err)) == CRM_OK)
 *		use(crm_stream_field(s, i));
 *	crm_stream_close(s);
 *
 * Errors carry the file's name and the line; the field where it is known.
 */
#ifndef CRM_STREAM_H
#define CRM_STREAM_H

#include <crm/buf.h>

#define CRM_FIELD_MAX ((size_t)1 << 20) /* bytes of one field */
#define CRM_LINE_MAX ((size_t)8 << 20)
#define CRM_COLUMNS_MAX 1024

/* Where bytes come from: fills p with up to n; 0 at the end; a code. */
typedef long crm_read_fn(void *ctx, void *p, size_t n, struct crm_err *err);
/* Reads the descriptor that ctx (an int *) points to; through EINTR. */
long crm_read_fd(void *ctx, void *p, size_t n, struct crm_err *err);

struct crm_stream;

struct crm_stream_options {
	const char *name; /* for messages; "-" is shown as "stdin" */
	struct crm_str header; /* --header a,b,c: the stream has none */
	const char *bare; /* -i: bare ids, a single column so named */
	bool whole_lines; /* a last line without LF is refused */
	bool any_bytes; /* bad UTF-8 is left to whoever takes the values */
	crm_read_fn *read; /* instead of the descriptor */
	void *read_ctx;
};
/* Reads the header.  Zero bytes are a stream of no columns and no records.
 * CRM_EDATA, CRM_EIO. */
int crm_stream_open(struct crm_stream **out, int fd,
    const struct crm_stream_options *opt, struct crm_err *err);
/*
 * The next record; CRM_NOTFOUND at the end.  A line equal to the header is
 * passed over when column 1 is an id.  Ragged lines, bad escapes, NUL, bad
 * UTF-8, and lines past the maximum are CRM_EDATA with line and column; the
 * stream can go on after such a line (--keep-going).
 */
int crm_stream_next(struct crm_stream *s, struct crm_err *err);
/* Has the next record come in whole, so that next will not wait for it? */
bool crm_stream_ready(const struct crm_stream *s);
size_t crm_stream_columns(const struct crm_stream *s);
struct crm_str crm_stream_name(const struct crm_stream *s, size_t column);
/* Index of a column, -1. */
int crm_stream_find(const struct crm_stream *s, struct crm_str name);
/* The unescaped field of the current record, valid until the next one. */
struct crm_str crm_stream_field(const struct crm_stream *s, size_t column);
/* All of them, one for each column. */
const struct crm_str *crm_stream_fields(const struct crm_stream *s);
/* The current record's bytes as they came, without the line's end; after
 * CRM_EDATA those of the line at fault (none when it was too long). */
struct crm_str crm_stream_raw(const struct crm_stream *s);
/* Would a writer write the current record in these very bytes?  Then they are
 * printable ASCII and TABs between the fields; of some that it would it is not
 * known. */
bool crm_stream_plain(const struct crm_stream *s);
unsigned long crm_stream_line(const struct crm_stream *s);
uint64_t crm_stream_bytes(const struct crm_stream *s); /* read so far */
/* The name as messages show it. */
const char *crm_stream_file(const struct crm_stream *s);
/*
 * Archives: sections, each a line "\:KIND<TAB>VERSION" and a stream.  open
 * reads nothing; section takes the next section line, records before it
 * passed over, and reads the header behind it; next then gives the section's
 * records and CRM_NOTFOUND at its end.  kind is valid until the next section.
 * CRM_NOTFOUND at the archive's end.
 */
int crm_archive_open(struct crm_stream **out, int fd,
    const struct crm_stream_options *opt, struct crm_err *err);
int crm_archive_section(struct crm_stream *s, struct crm_str *kind,
    unsigned *version, struct crm_err *err);
void crm_stream_close(struct crm_stream *s);

/* Is this a column name of the contract: [a-z][a-z0-9_]*, at most 63. */
bool crm_column_valid(struct crm_str name);
/* Appends s escaped as a field of the stream. */
void crm_escape_put(struct crm_buf *b, struct crm_str s);
/* How many bytes at the start need no escape. */
size_t crm_escape_run(struct crm_str s);
/* Undoes the escapes; appends.  CRM_EDATA for another escape, *bad its
 * offset. */
int crm_unescape(struct crm_str s, struct crm_buf *out, size_t *bad);

/* ---- CSV (RFC 4180 and its dialects) and separated text ---- */

struct crm_csv;
struct crm_csv_options {
	const char *name;
	crm_read_fn *read; /* gives UTF-8 (conversion is the caller's) */
	void *read_ctx;
	char sep; /* ',' ';' '\t' '|' ... */
	char quote; /* '"', 0 none */
	bool ragged; /* rows may differ in length */
	bool trim; /* blanks around fields dropped */
	bool any_bytes; /* bad UTF-8 is left to whoever takes the fields */
	unsigned skip; /* lines before the header or first row */
};
int crm_csv_open(struct crm_csv **out, const struct crm_csv_options *opt,
    struct crm_err *err);
/* The next row: its fields and count, valid until the next.  Blank lines are
 * passed over.  CRM_NOTFOUND at the end; CRM_EDATA: an open quote, bad UTF-8
 * or NUL, a field past the maximum (goes on after the row; after an open
 * quote on the line behind the one where the row began).  Of a row that could
 * be split *fields and *n are given with CRM_EDATA too, else *n is 0. */
int crm_csv_next(
    struct crm_csv *c, struct crm_str **fields, size_t *n, struct crm_err *err);
/* Line on which the current row began; its original bytes with its end, also
 * after CRM_EDATA (none for a line past CRM_LINE_MAX). */
unsigned long crm_csv_line(const struct crm_csv *c);
struct crm_str crm_csv_raw(const struct crm_csv *c);
uint64_t crm_csv_bytes(const struct crm_csv *c);
void crm_csv_close(struct crm_csv *c);
/* Appends a field of CSV, quoted where needed. */
void crm_csv_put(struct crm_buf *b, struct crm_str s, char sep);

#endif
