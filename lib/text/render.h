/*
 * render.h - the inside of a struct crm_out: formats and where bytes go.
 *
 * A format is a row of functions that put text into o->buf; sink.c takes the
 * buffer to the descriptor or the spill file.  Failures of memory stay in the
 * buffers until a flush looks.
 */
#ifndef TEXT_RENDER_H
#define TEXT_RENDER_H

#include <crm/out.h>

/* A value as text, with what it is. */
struct crm_cell {
	uint8_t type;
	struct crm_str text;
};

struct crm_render {
	const char *name;
	void (*begin)(struct crm_out *o);
	void (*row)(struct crm_out *o, const struct crm_cell *cell);
	void (*end)(struct crm_out *o);
};
extern const struct crm_render crm_render_csv, crm_render_json,
    crm_render_jsonl, crm_render_table, crm_render_vertical;
const struct crm_render *crm_render_of(enum crm_format f);

enum crm_way {
	CRM_WAY_UNKNOWN, /* not looked at yet */
	CRM_WAY_WRITE, /* never blocks: a file, /dev/null */
	CRM_WAY_NOWAIT, /* pwritev2(RWF_NOWAIT) */
	CRM_WAY_POLL, /* poll, then at most PIPE_BUF */
	CRM_WAY_OTHER, /* a non-blocking descriptor of our own */
	CRM_WAY_SPILL /* blocked once: all to the spill file */
};

struct crm_out {
	struct crm_out_options opt;
	const struct crm_render *render;
	bool direct; /* TSV without a terminal: values go straight to buf */
	struct crm_arena arena; /* of the columns */
	struct crm_column *col;
	struct crm_cell *cell; /* the current row */
	struct crm_str *line; /* texts of a table's row */
	size_t *width; /* of a table's columns; [0] vertical's names */
	size_t n;
	uint64_t rows; /* in all */
	uint64_t section; /* since the last begin */
	bool begun;
	struct crm_buf buf;
	struct crm_buf scratch; /* texts of the row's values */
	struct crm_buf shown; /* one cell, made safe */

	/* a table's first rows, until the widths are fixed */
	struct crm_arena kept;
	struct crm_str *keep; /* n texts of each of nkeep rows */
	size_t nkeep, capkeep, keepbytes;
	bool fixed;
	size_t fit; /* so many columns are shown */
	bool unsure; /* the row has a text whose width is in doubt */

	bool held;
	enum crm_way way;
	int spill; /* when way is CRM_WAY_SPILL, else -1 */
	int other; /* when way is CRM_WAY_OTHER, else -1 */
	int code; /* of the first failure, which err tells */
	struct crm_err err;
	struct crm_behind *behind; /* makes rows text, NULL: we do */
	bool alone; /* there is to be none */
};

/* Texts are in s of these; of the others crm_value_put makes text. */
static inline bool
crm_value_is_text(const struct crm_value *v)
{
	return v->type == CRM_T_TEXT || v->type == CRM_T_LIST ||
	       v->type == CRM_T_ENUM || (v->type == CRM_T_ID && v->i == 0);
}
/* A row of a direct output into buf, which is flushed when it is long. */
int crm_out_direct(
    struct crm_out *o, const struct crm_value *v, struct crm_err *err);
/* Writes what is in buf; sticky failures. */
int crm_sink_flush(struct crm_out *o, struct crm_err *err);
/* The same of other bytes, when buf is empty. */
int crm_sink_write(
    struct crm_out *o, struct crm_str bytes, struct crm_err *err);

/* out_behind.c: a thread for the rows of a direct output, if there can be one;
 * a row for it; when wait is done all rows are in buf or written, and the
 * output is the caller's until the next row. */
void crm_behind_start(struct crm_out *o);
int crm_behind_row(
    struct crm_out *o, const struct crm_value *v, struct crm_err *err);
void crm_behind_wait(struct crm_out *o);
void crm_behind_stop(struct crm_out *o);

/* Numbers stand to the right and are numbers in JSON and to spreadsheets. */
bool crm_type_is_number(unsigned type);
/* Appends s as one line, escaped, and safe for a terminal when it is one. */
void crm_out_put_line(struct crm_out *o, struct crm_buf *b, struct crm_str s);

#endif
