/*
 * out.c - records on their way out.
 *
 * Every format but tsv gets cells: a text and its type.  A tsv row is put
 * straight into the buffer, as lists of millions of rows end up in a pipe.
 */
#include <stdlib.h>

#include <crm/stream.h>

#include "text/render.h"

/* A thread is not worth its start for less than some thousand rows. */
enum { FLUSH_AT = 256 * 1024, BEHIND_FROM = 4096 };

static int
set_columns(struct crm_out *o, const struct crm_column *columns, size_t n,
    struct crm_err *err)
{
	crm_arena_reset(&o->arena);
	o->n = 0;
	o->col = crm_arena_alloc(&o->arena, (n + 1) * sizeof *o->col);
	o->cell = crm_arena_zalloc(&o->arena, (n + 1) * sizeof *o->cell);
	o->line = crm_arena_zalloc(&o->arena, (n + 1) * sizeof *o->line);
	o->width = crm_arena_zalloc(&o->arena, (n + 1) * sizeof *o->width);
	if (!o->col || !o->cell || !o->line || !o->width)
		return crm_err_nomem(err);
	for (size_t i = 0; i < n; i++) {
		o->col[i].type = columns[i].type;
		o->col[i].name = crm_arena_str(&o->arena, columns[i].name);
		if (!o->col[i].name.p)
			return crm_err_nomem(err);
	}
	o->n = n;
	o->begun = n == 0;
	o->section = 0;
	return CRM_OK;
}

int
crm_out_open(struct crm_out **out, const struct crm_out_options *opt,
    const struct crm_column *columns, size_t n, struct crm_err *err)
{
	struct crm_out *o = calloc(1, sizeof *o);
	int code = CRM_OK;

	*out = NULL;
	if (!o)
		return crm_err_nomem(err);
	o->opt = *opt;
	o->opt.spill_dir = NULL;
	o->spill = o->other = -1;
	if (opt->format == CRM_FMT_AUTO)
		o->opt.format = opt->tty ? CRM_FMT_TABLE : CRM_FMT_TSV;
	o->render = crm_render_of(o->opt.format);
	o->direct = !opt->tty && (o->opt.format == CRM_FMT_TSV ||
				     o->opt.format == CRM_FMT_VALUE);
	if (opt->spill_dir && !(o->opt.spill_dir = strdup(opt->spill_dir)))
		code = crm_err_nomem(err);
	if (code == CRM_OK)
		code = set_columns(o, columns, n, err);
	if (code < 0)
		crm_out_abort(o);
	else
		*out = o;
	return code;
}

static void
begin(struct crm_out *o)
{
	o->begun = true;
	o->render->begin(o);
}

/* A row is in the buffer. */
static int
row_done(struct crm_out *o, struct crm_err *err)
{
	o->rows++;
	o->section++;
	if (o->buf.n < FLUSH_AT && !o->code && !o->buf.fail &&
	    !o->scratch.fail && !o->shown.fail)
		return CRM_OK;
	return crm_sink_flush(o, err);
}

static inline void
put_cell(const struct crm_out *o, struct crm_buf *b, const struct crm_value *v)
{
	if (crm_value_is_text(v))
		crm_escape_put(b, v->s);
	else if (v->type != CRM_T_NONE)
		crm_value_put(o->opt.schema, b, v, o->opt.brief);
}

int
crm_out_direct(
    struct crm_out *o, const struct crm_value *v, struct crm_err *err)
{
	for (size_t i = 0; i < o->n; i++) {
		if (i > 0)
			crm_buf_putc(&o->buf, '\t');
		put_cell(o, &o->buf, &v[i]);
	}
	crm_buf_putc(&o->buf, '\n');
	return row_done(o, err);
}

bool
crm_out_plain(const struct crm_out *o)
{
	return o->direct && o->opt.format == CRM_FMT_TSV;
}

void
crm_out_cell(
    const struct crm_out *o, struct crm_buf *b, const struct crm_value *v)
{
	put_cell(o, b, v);
}

int
crm_out_line(struct crm_out *o, const struct crm_str *part, size_t n,
    struct crm_err *err)
{
	crm_behind_wait(o);
	if (!o->begun)
		begin(o);
	for (size_t i = 0; i < n; i++)
		crm_buf_putstr(&o->buf, part[i]);
	crm_buf_putc(&o->buf, '\n');
	return row_done(o, err);
}

int
crm_out_row(struct crm_out *o, const struct crm_value *v, struct crm_err *err)
{
	if (o->behind)
		return crm_behind_row(o, v, err);
	if (!o->begun)
		begin(o);
	if (o->direct) {
		if (o->rows == BEHIND_FROM && !o->alone && o->n > 0)
			crm_behind_start(o);
		return crm_out_direct(o, v, err);
	}
	/* Lengths first: the scratch may move while it grows. */
	crm_buf_clear(&o->scratch);
	for (size_t i = 0; i < o->n; i++) {
		size_t start = o->scratch.n;

		o->cell[i].type = v[i].type;
		o->cell[i].text = v[i].s;
		if (crm_value_is_text(&v[i]))
			continue;
		if (v[i].type != CRM_T_NONE)
			crm_value_put(
			    o->opt.schema, &o->scratch, &v[i], o->opt.brief);
		o->cell[i].text = (struct crm_str){NULL, o->scratch.n - start};
	}
	for (size_t i = 0, at = 0; i < o->n; i++) {
		if (crm_value_is_text(&v[i]))
			continue;
		o->cell[i].text.p = o->scratch.p ? o->scratch.p + at : "";
		at += o->cell[i].text.n;
	}
	o->render->row(o, o->cell);
	return row_done(o, err);
}

int
crm_out_texts(struct crm_out *o, const struct crm_str *s, struct crm_err *err)
{
	crm_behind_wait(o);
	if (!o->begun)
		begin(o);
	for (size_t i = 0; i < o->n; i++) {
		o->cell[i].type = (uint8_t)o->col[i].type;
		o->cell[i].text = s[i];
	}
	o->render->row(o, o->cell);
	return row_done(o, err);
}

/* Ends what was begun: a header that is due, kept rows, brackets. */
static void
finish(struct crm_out *o)
{
	if (!o->begun)
		begin(o);
	if (o->n > 0)
		o->render->end(o);
}

int
crm_out_bytes(struct crm_out *o, struct crm_str bytes, struct crm_err *err)
{
	crm_behind_wait(o);
	if (!o->begun)
		begin(o);
	if (o->opt.format == CRM_FMT_TABLE)
		o->render->end(o);
	if (bytes.n >= FLUSH_AT) {
		int code = crm_sink_flush(o, err);

		return code < 0 ? code : crm_sink_write(o, bytes, err);
	}
	crm_buf_putstr(&o->buf, bytes);
	if (o->buf.n < FLUSH_AT && !o->buf.fail && !o->code)
		return CRM_OK;
	return crm_sink_flush(o, err);
}

int
crm_out_section(struct crm_out *o, const struct crm_column *columns, size_t n,
    struct crm_err *err)
{
	crm_behind_wait(o);
	crm_behind_stop(o);
	finish(o);
	return set_columns(o, columns, n, err);
}

int
crm_out_close(struct crm_out *o, struct crm_err *err)
{
	int code;

	crm_behind_wait(o);
	finish(o);
	/* Zero bytes are a stream, but no JSON. */
	if (o->n == 0 && o->opt.format == CRM_FMT_JSON)
		crm_buf_puts(&o->buf, "[]\n");
	code = crm_sink_flush(o, err);
	if (code == CRM_OK)
		code = crm_out_drain(o, err);
	crm_out_abort(o);
	return code;
}
