/*
 * import_cell.c - from the text of a cell to a value.
 *
 * Money keeps the places it was written with until its order's currency is
 * known (import_merge.c), which may stand in another row.  What an expression
 * computed is in the toolkit's own notation, so the file's decimal comma is
 * not looked for in it.
 */
#include <stdio.h>

#include "import_parts.h"

static int
refuse(const struct crm_field *f, struct crm_str s, struct crm_err *err,
    const char *what)
{
	crm_err_set(err, CRM_EDATA, "'%.*s%s' %s", (int)(s.n > 80 ? 80 : s.n),
	    s.p, s.n > 80 ? "..." : "", what);
	if (f)
		crm_err_field(err, f->name, strlen(f->name));
	return CRM_EDATA;
}

/*
 * A number of the file's notation in ours: the point for its decimal sign,
 * without its thousands signs where they stand between digits.  False when
 * it cannot be one.
 */
bool
crm_imp_number_text(
    const struct crm_import_dialect *d, struct crm_str s, struct crm_buf *out)
{
	bool point = false;

	s = crm_str_trim(s);
	crm_buf_clear(out);
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == d->decimal && !point) {
			crm_buf_putc(out, '.');
			point = true;
		} else if (d->thousands && c == d->thousands && i > 0 &&
			   !point) {
			/* Groups have three digits. */
			if (i + 3 >= s.n || s.p[i - 1] < '0' ||
			    s.p[i - 1] > '9')
				return false;
			for (size_t k = 1; k <= 3; k++)
				if (s.p[i + k] < '0' || s.p[i + k] > '9')
					return false;
		} else if (c == '.' || c == ',') {
			return false;
		} else {
			crm_buf_putc(out, c);
		}
	}
	return out->n > 0;
}

/* ---- texts ---- */

static int
eval_text(struct crm_import *im, struct crm_expr *e, struct crm_str *out,
    bool *canonical, struct crm_err *err)
{
	struct crm_value v;
	struct crm_buf b = {0};
	int r = crm_expr_eval(e, im->row, &v, err);

	*out = (struct crm_str){"", 0};
	if (r < 0 || v.type == CRM_T_NONE)
		return r;
	*canonical = v.type != CRM_T_TEXT;
	if (v.type == CRM_T_TEXT || v.type == CRM_T_ENUM ||
	    v.type == CRM_T_LIST) {
		crm_buf_putstr(&b, v.s);
	} else {
		crm_value_put(im->schema, &b, &v, false);
	}
	r = crm_buf_check(&b, err);
	if (r == CRM_OK) {
		*out = crm_arena_str(&im->work, crm_buf_str(&b));
		if (!out->p)
			r = crm_err_nomem(err);
	}
	crm_buf_release(&b);
	return r;
}

static int
look_up(const struct crm_imp_table *t, struct crm_str *s, struct crm_err *err)
{
	uint64_t i;

	if (crm_map_get(&t->map, *s, &i))
		*s = t->to[i];
	else if (s->n == 0)
		return CRM_OK; /* only a key "" says what empty means */
	else if (t->other >= 0)
		*s = t->to[t->other];
	else
		return crm_err_set(err, CRM_EDATA,
		    "'%.*s' is not in the map's table '%.*s'",
		    (int)(s->n > 80 ? 80 : s->n), s->p, (int)t->name.n,
		    t->name.p);
	return CRM_OK;
}

int
crm_imp_cell_text(struct crm_import *im, const struct crm_imp_source *src,
    struct crm_str *out, bool *canonical, struct crm_err *err)
{
	const struct crm_imp_column *b = &im->bound[src->slot];
	int r = CRM_OK;

	*out = (struct crm_str){"", 0};
	*canonical = false;
	switch (src->how) {
	case CRM_IMP_COLUMN:
		if (b->column < 0)
			break;
		if ((size_t)b->column < im->ncolumn) {
			*out = im->row[b->column].s;
			*canonical = im->isnumber[b->column];
		} else if (im->row[b->column].type == CRM_T_TEXT) {
			*out = im->row[b->column].s;
		} else {
			struct crm_buf t = {0};

			*canonical = true;
			crm_value_put(
			    im->schema, &t, &im->row[b->column], false);
			*out = crm_arena_str(&im->work, crm_buf_str(&t));
			crm_buf_release(&t);
			if (!out->p)
				return crm_err_nomem(err);
		}
		break;
	case CRM_IMP_EXPR:
		r = eval_text(im, b->expr, out, canonical, err);
		break;
	case CRM_IMP_CONST:
		*out = src->text;
		*canonical = true;
		break;
	case CRM_IMP_NONE:
	case CRM_IMP_RECORD:
		break;
	}
	if (r == CRM_OK && src->table)
		r = look_up(src->table, out, err);
	if (r == CRM_OK && out->n == 0 && src->fallback.n > 0 && !im->defer) {
		*out = src->fallback;
		*canonical = true;
	}
	return r;
}

/* ---- values ---- */

static int
number_value(struct crm_import *im, const struct crm_imp_source *src,
    const struct crm_field *f, struct crm_str text, bool canonical,
    struct crm_value *out, struct crm_err *err)
{
	struct crm_str s = crm_str_trim(text);
	struct crm_dec d;

	if (!canonical) {
		if (!crm_imp_number_text(&im->map->dialect, s, &im->scratch2))
			return refuse(f, text, err, "is not a number");
		s = crm_buf_str(&im->scratch2);
	}
	if ((src->round ? crm_dec_parse_round(s, &d) : crm_dec_parse(s, &d)) <
	    0)
		return refuse(f, text, err,
		    f->type == CRM_T_MONEY ? "is not a money amount"
					   : "is not a number");
	if (src->negate && !crm_sub64(0, d.v, &d.v))
		return refuse(f, text, err, "is too large an amount");
	if (src->shift > 0) {
		unsigned scale = d.scale + src->shift;

		while (scale > CRM_SCALE_MAX) {
			if (d.v % 10 != 0 && !src->round)
				return refuse(
				    f, text, err, "has too many places");
			crm_dec_rescale(d, d.scale - 1u, &d.v);
			d.scale--;
			scale--;
		}
		d.scale = (uint8_t)scale;
		d = crm_dec_canon(d);
	}
	if (f->type == CRM_T_INT && d.scale > 0) {
		if (!src->round)
			return refuse(f, text, err, "is not a whole number");
		if (!crm_dec_rescale(d, 0, &d.v))
			return refuse(f, text, err, "is too large");
		d.scale = 0;
	}
	*out = crm_value_num((enum crm_type)f->type, d.v, d.scale);
	return CRM_OK;
}

static int
scan_time(struct crm_import *im, const struct crm_imp_source *src,
    struct crm_str text, int64_t *out, bool date)
{
	bool has_time, has_zone;
	int64_t local;

	for (size_t i = 0; i < src->nformat; i++) {
		if (crm_time_scan(
			text, src->format[i], &local, &has_time, &has_zone) < 0)
			continue;
		if (has_zone && date)
			*out = crm_day_of(&im->cal, local);
		else if (has_zone)
			*out = local;
		else if (date || !has_time)
			*out = (local - (local % CRM_DAY + CRM_DAY) % CRM_DAY) /
			       CRM_DAY;
		else
			*out = crm_zone_utc(im->cal.zone, local);
		if (!has_time && !has_zone && !date)
			*out = crm_day_begin(&im->cal, *out);
		return CRM_OK;
	}
	return CRM_EDATA;
}

static int
time_value(struct crm_import *im, const struct crm_imp_source *src,
    const struct crm_field *f, struct crm_str text, bool canonical,
    struct crm_value *out, struct crm_err *err)
{
	struct crm_str s = crm_str_trim(text);
	bool date = f->type == CRM_T_DATE;
	int64_t t;
	int r;

	if (src->nformat > 0 && !canonical) {
		r = scan_time(im, src, s, &t, date);
	} else if (date) {
		r = crm_date_parse(s, &t);
		if (r < 0 && crm_time_parse(s, &im->cal, &t) == CRM_OK) {
			t = crm_day_of(&im->cal, t);
			r = CRM_OK;
		}
	} else {
		r = crm_time_parse(s, &im->cal, &t);
	}
	if (r < 0 && src->nformat > 0 && !canonical) {
		refuse(f, text, err, "is not a time of the map's formats");
		crm_err_hint(err, "the first is '%.*s'",
		    (int)(src->format[0].n > 60 ? 60 : src->format[0].n),
		    src->format[0].p);
		return CRM_EDATA;
	}
	if (r < 0)
		return refuse(f, text, err,
		    date ? "is not a date like 2024-05-01"
			 : "is not a time like 2024-05-01 09:58:12");
	*out = crm_value_num((enum crm_type)f->type, t, 0);
	return CRM_OK;
}

static void
record_value(struct crm_import *im, const struct crm_imp_source *src,
    struct crm_value *out)
{
	int spec = im->bound[src->slot].spec;
	const struct crm_imp_stage *st = &im->stage[spec];

	if (!st->on)
		return;
	*out = crm_value_id(im->map->spec[spec].k->number, st->ordinal);
	out->part = CRM_IMP_ORDINAL;
}

static int
parse(struct crm_import *im, const struct crm_imp_source *src,
    const struct crm_field *f, struct crm_str text, bool canonical,
    struct crm_value *out, struct crm_err *err)
{
	struct crm_parse ctx = {.schema = im->schema,
	    .arena = &im->work,
	    .digits = -1,
	    .flags = im->opt.clean ? CRM_PARSE_CLEAN : 0};
	int r;

	switch (f->type) {
	case CRM_T_INT:
	case CRM_T_DECIMAL:
	case CRM_T_MONEY:
		return number_value(im, src, f, text, canonical, out, err);
	case CRM_T_TIME:
	case CRM_T_DATE:
		return time_value(im, src, f, text, canonical, out, err);
	case CRM_T_TEXT:
		break;
	default:
		text = crm_str_trim(text);
		break;
	}
	r = crm_value_parse(f, text, &ctx, out, err);
	im->count.cleaned += ctx.cleaned;
	return r;
}

/* An e-mail or phone that cannot be one. */
static bool
no_identity(
    struct crm_import *im, const struct crm_field *f, const struct crm_value *v)
{
	struct crm_err err = {0};

	if (!(f->flags & CRM_F_IDENT) || v->type != CRM_T_TEXT)
		return false;
	crm_buf_clear(&im->scratch2);
	return crm_ident_normal(im->schema, crm_str(f->name), v->s,
		   &im->scratch2, &err) == CRM_EDATA;
}

int
crm_imp_cell_value(struct crm_import *im, const struct crm_imp_source *src,
    const struct crm_field *f, struct crm_value *out, struct crm_err *err)
{
	bool canonical, any;
	struct crm_str text;
	int r = CRM_OK;

	*out = (struct crm_value){0};
	if (src->how == CRM_IMP_RECORD) {
		record_value(im, src, out);
		any = out->type != CRM_T_NONE;
	} else {
		r = crm_imp_cell_text(im, src, &text, &canonical, err);
		any = r == CRM_OK && text.n > 0;
		if (any)
			r = parse(im, src, f, text, canonical, out, err);
		if (src->lenient &&
		    (r == CRM_EDATA || no_identity(im, f, out))) {
			if (err)
				*err = (struct crm_err){0};
			*out = (struct crm_value){0};
			r = CRM_OK;
		}
	}
	if (r == CRM_OK && !any && src->required)
		r = crm_err_set(err, CRM_EDATA, "a value is wanted");
	if (r < 0 && err && err->field[0] == '\0')
		crm_err_field(err, f->name, strlen(f->name));
	return r;
}

int
crm_imp_cell_default(struct crm_import *im, const struct crm_imp_source *src,
    const struct crm_field *f, struct crm_value *out, struct crm_err *err)
{
	*out = (struct crm_value){0};
	return src->fallback.n
		   ? parse(im, src, f, src->fallback, true, out, err)
		   : CRM_OK;
}

/* ---- values in items ---- */

void
crm_imp_value_put(struct crm_buf *b, const struct crm_value *v)
{
	crm_buf_putc(b, (char)v->type);
	switch (v->type) {
	case CRM_T_NONE:
		break;
	case CRM_T_TEXT:
	case CRM_T_LIST:
		crm_buf_putvar(b, v->s.n);
		crm_buf_putstr(b, v->s);
		break;
	case CRM_T_ID:
		crm_buf_putc(b, (char)v->kind);
		crm_buf_putc(b, (char)v->part);
		crm_buf_putvar(b, v->sub);
		crm_buf_putzig(b, v->i);
		crm_buf_putvar(b, v->s.n);
		crm_buf_putstr(b, v->s);
		break;
	default:
		crm_buf_putc(b, (char)v->scale);
		crm_buf_putzig(b, v->i);
		break;
	}
}

int
crm_imp_value_take(struct crm_str *s, const struct crm_field *f,
    struct crm_value *out, struct crm_err *err)
{
	uint64_t type, a = 0, b = 0, n = 0;
	bool good;

	*out = (struct crm_value){0};
	good = crm_take_be(s, 1, &type);
	switch (type) {
	case CRM_T_NONE:
		break;
	case CRM_T_TEXT:
	case CRM_T_LIST:
		good = good && crm_take_var(s, &n) &&
		       crm_take_bytes(s, (size_t)n, &out->s);
		break;
	case CRM_T_ID:
		good = good && crm_take_be(s, 1, &a) && crm_take_be(s, 1, &b) &&
		       crm_take_var(s, &n);
		out->kind = (uint8_t)a;
		out->part = (uint8_t)b;
		out->sub = (uint32_t)n;
		good = good && crm_take_zig(s, &out->i) &&
		       crm_take_var(s, &n) &&
		       crm_take_bytes(s, (size_t)n, &out->s);
		break;
	default:
		good =
		    good && crm_take_be(s, 1, &a) && crm_take_zig(s, &out->i);
		out->scale = (uint8_t)a;
		if (type == CRM_T_ENUM)
			out->s = crm_enum_name(f->values, (unsigned)out->i);
		break;
	}
	if (!good)
		return crm_err_set(
		    err, CRM_EBUG, "an item of an import is cut off");
	out->type = (uint8_t)type;
	return CRM_OK;
}
