/*
 * format.c - the names of formats, and the two that are lines of TABs.
 *
 * `value` is tsv without a header: its values are escaped too, because a
 * script that reads lines must get one line for each record.
 */
#include <crm/stream.h>
#include <crm/utf8.h>

#include "text/render.h"

static void
tsv_begin(struct crm_out *o)
{
	if (o->opt.no_header)
		return;
	for (size_t i = 0; i < o->n; i++) {
		if (i > 0)
			crm_buf_putc(&o->buf, '\t');
		crm_buf_putstr(&o->buf, o->col[i].name);
	}
	crm_buf_putc(&o->buf, '\n');
}

void
crm_out_put_line(struct crm_out *o, struct crm_buf *b, struct crm_str s)
{
	if (!o->opt.tty) {
		crm_escape_put(b, s);
		return;
	}
	crm_buf_clear(&o->shown);
	crm_escape_put(&o->shown, s);
	crm_text_show(b, crm_buf_str(&o->shown), 0);
}

static void
tsv_row(struct crm_out *o, const struct crm_cell *cell)
{
	for (size_t i = 0; i < o->n; i++) {
		if (i > 0)
			crm_buf_putc(&o->buf, '\t');
		crm_out_put_line(o, &o->buf, cell[i].text);
	}
	crm_buf_putc(&o->buf, '\n');
}

static void
nothing(struct crm_out *o)
{
	(void)o;
}

static const struct crm_render render_tsv = {
    "tsv", tsv_begin, tsv_row, nothing};
static const struct crm_render render_value = {
    "value", nothing, tsv_row, nothing};

static const struct crm_render *const renders[CRM_FMTS] = {
    [CRM_FMT_TSV] = &render_tsv,
    [CRM_FMT_TABLE] = &crm_render_table,
    [CRM_FMT_JSON] = &crm_render_json,
    [CRM_FMT_JSONL] = &crm_render_jsonl,
    [CRM_FMT_CSV] = &crm_render_csv,
    [CRM_FMT_VERTICAL] = &crm_render_vertical,
    [CRM_FMT_VALUE] = &render_value,
};

const struct crm_render *
crm_render_of(enum crm_format f)
{
	return renders[f];
}

int
crm_format_parse(struct crm_str name, enum crm_format *out, struct crm_err *err)
{
	for (int i = CRM_FMT_TSV; i < CRM_FMTS; i++)
		if (crm_str_is(name, renders[i]->name)) {
			*out = (enum crm_format)i;
			return CRM_OK;
		}
	return crm_err_set(err, CRM_EUSAGE,
	    "'%.*s' is not a format (known: tsv, table, json, jsonl, csv, "
	    "vertical, value)",
	    name.n > 80 ? 80 : (int)name.n, name.p ? name.p : "");
}

bool
crm_type_is_number(unsigned type)
{
	return type == CRM_T_INT || type == CRM_T_DECIMAL ||
	       type == CRM_T_MONEY;
}
