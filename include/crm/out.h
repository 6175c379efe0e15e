/*
 * out.h - writing records: tsv table json jsonl csv vertical value.
 *
 * Only the rendering differs (stream.md, rule 13).  While a read transaction
 * is open a blocked pipe must not keep it open: after crm_out_hold the writer
 * writes what the pipe takes and spills the rest to an unlinked file in
 * `spill_dir` (NULL: hold does nothing); crm_out_drain, called after the
 * transaction has ended, copies the rest out.
 *
 *	crm_out_open(&o, &opt, columns, n, err);
 *	crm_out_row(o, values, err); ...
 *	crm_out_close(o, err);	(flushes, frees; reports a full disk)
 */
#ifndef CRM_OUT_H
#define CRM_OUT_H

#include <crm/lane.h>

enum crm_format {
	CRM_FMT_AUTO, /* table on a terminal, tsv elsewhere */
	CRM_FMT_TSV,
	CRM_FMT_TABLE,
	CRM_FMT_JSON,
	CRM_FMT_JSONL,
	CRM_FMT_CSV,
	CRM_FMT_VERTICAL,
	CRM_FMT_VALUE,
	CRM_FMTS
};
/* By name; CRM_EUSAGE lists the names. */
int crm_format_parse(
    struct crm_str name, enum crm_format *out, struct crm_err *err);

struct crm_column {
	struct crm_str name;
	enum crm_type type;
};
struct crm_out_options {
	int fd;
	enum crm_format format;
	bool no_header;
	bool excel; /* csv: BOM, CRLF, formulas defused */
	bool tty; /* fd is a terminal: make controls visible */
	bool brief; /* short ids (set for tables on terminals) */
	unsigned width; /* columns of the terminal, 0 unknown */
	const char *spill_dir;
	const struct crm_schema *schema; /* for ids' letters */
};
struct crm_out;
/* Copies the columns.  Nothing is written before the first row or close.  n 0
 * is an output of plain bytes, or an archive before its first section. */
int crm_out_open(struct crm_out **out, const struct crm_out_options *opt,
    const struct crm_column *columns, size_t n, struct crm_err *err);
/* n values as at open.  CRM_EIO (disk full, /dev/full); a closed pipe with
 * SIGPIPE ignored is CRM_EIO too. */
int crm_out_row(
    struct crm_out *o, const struct crm_value *v, struct crm_err *err);
/* The same for ready texts, unescaped. */
int crm_out_texts(
    struct crm_out *o, const struct crm_str *s, struct crm_err *err);
/*
 * Are rows lines of the stream and nothing else (TSV, to no terminal)?  Then
 * whoever writes the same cells again and again makes them text once, and gives
 * rows in parts, which are put one behind the other, without the line's end.
 */
bool crm_out_plain(const struct crm_out *o);
void crm_out_cell(
    const struct crm_out *o, struct crm_buf *b, const struct crm_value *v);
int crm_out_line(struct crm_out *o, const struct crm_str *part, size_t n,
    struct crm_err *err);
/* Writes the rows so far (a table's and JSON's wait for the end). */
int crm_out_flush(struct crm_out *o, struct crm_err *err);
int crm_out_hold(struct crm_out *o, struct crm_err *err);
int crm_out_drain(struct crm_out *o, struct crm_err *err);
/* Plain bytes (archives' section lines, trees); goes the same way, behind a
 * header that is due. */
int crm_out_bytes(struct crm_out *o, struct crm_str bytes, struct crm_err *err);
/* A new header in the same output: the next section of an archive. */
int crm_out_section(struct crm_out *o, const struct crm_column *columns,
    size_t n, struct crm_err *err);
int crm_out_close(struct crm_out *o, struct crm_err *err);
/* Frees without writing (after an error). */
void crm_out_abort(struct crm_out *o);

/*
 * Rows of lanes as lines, for an output that is plain (crm_out_bytes): the same
 * bytes as of crm_out_row.  put appends those of the n rows whose bits are
 * set, and answers how many; row one of values.  A lane for each of the columns, NULL: the
 * record's own id, of this kind and these numbers.  A failure stays in out.
 */
struct crm_sheet;
int crm_sheet_open(struct crm_sheet **out, const struct crm_schema *s, size_t n,
    struct crm_err *err);
size_t crm_sheet_put(struct crm_sheet *l, const struct crm_lane *const *lane,
    unsigned kind, const uint64_t *number, size_t n, const uint64_t *bits,
    struct crm_buf *out);
void crm_sheet_row(
    struct crm_sheet *l, const struct crm_value *v, struct crm_buf *out);
void crm_sheet_close(struct crm_sheet *l);

#endif
