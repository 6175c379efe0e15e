/*
 * import.c - an import from its opening to its counts: the reading half.
 *
 * Two passes, the second over items and not over the file, so that stdin
 * will do.  A file without a header may begin with one all the same: that of
 * a rejects file, which is what an import wrote before.
 */
#include <stdio.h>
#include <stdlib.h>

#include "import_parts.h"

enum { MEMORY = 64 << 20, PROGRESS_EACH = 4096 };

static int
copy_row(struct crm_import *im, const struct crm_str *f, size_t n,
    struct crm_err *err)
{
	im->first = crm_arena_alloc(&im->arena, (n + 1) * sizeof *im->first);
	if (!im->first)
		return crm_err_nomem(err);
	for (size_t i = 0; i < n; i++) {
		im->first[i] = crm_arena_str(&im->arena, f[i]);
		if (!im->first[i].p)
			return crm_err_nomem(err);
	}
	im->nfirst = n;
	im->first_raw = crm_arena_str(&im->arena, crm_csv_raw(im->csv));
	im->first_line = crm_csv_line(im->csv);
	return im->first_raw.p ? CRM_OK : crm_err_nomem(err);
}

/* Without a header the map's names are the columns. */
static int
open_bare(struct crm_import *im, struct crm_err *err)
{
	const struct crm_imp_names *l = &im->map->names;
	struct crm_str *f;
	struct crm_buf head = {0};
	size_t n;
	int r, q;

	r = crm_imp_bind(im, l->v, l->n, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < l->n; i++) {
		if (i > 0)
			crm_buf_putc(&head, im->map->dialect.sep);
		crm_csv_put(&head, l->v[i], im->map->dialect.sep);
	}
	crm_buf_putc(&head, '\n');
	/* A first row that is wrong is told when rows are read. */
	q = crm_csv_next(im->csv, &f, &n, &im->first_err);
	im->first_code = q;
	if (q == CRM_OK) {
		r = copy_row(im, f, n, err);
		if (r == CRM_OK && n == l->n + 1 &&
		    crm_str_is(f[n - 1], "rejected") &&
		    crm_str_eq(f[0], l->v[0])) {
			im->drop_last = true;
			im->first = NULL;
			crm_buf_clear(&head);
			crm_buf_putstr(&head, crm_csv_raw(im->csv));
		}
	} else if (q == CRM_EDATA) {
		im->first_raw = crm_arena_str(&im->arena, crm_csv_raw(im->csv));
		im->first_line = crm_csv_line(im->csv);
	}
	if (r == CRM_OK)
		r = crm_buf_check(&head, err);
	if (r == CRM_OK && im->opt.header)
		r = im->opt.header(im->opt.ctx, crm_buf_str(&head), err);
	crm_buf_release(&head);
	return r;
}

static int
open_headed(struct crm_import *im, struct crm_err *err)
{
	struct crm_str *f;
	size_t n;
	int r = crm_csv_next(im->csv, &f, &n, err);

	if (r == CRM_NOTFOUND) {
		crm_err_set(err, CRM_EDATA, "there is no header line");
		crm_err_place(err, im->opt.name, 1);
		return CRM_EDATA;
	}
	if (r == CRM_OK)
		r = crm_imp_bind(im, f, n, err);
	if (r == CRM_OK && im->opt.header)
		r = im->opt.header(im->opt.ctx, crm_csv_raw(im->csv), err);
	return r;
}

int
crm_import_open(struct crm_import **out, const struct crm_import_options *opt,
    struct crm_err *err)
{
	const struct crm_import_dialect *d = &opt->map->dialect;
	struct crm_csv_options csv = {.name = opt->name,
	    .read = opt->read,
	    .read_ctx = opt->read_ctx,
	    .sep = d->sep,
	    .quote = d->quote,
	    .ragged = d->ragged,
	    .trim = d->trim,
	    .any_bytes = opt->clean,
	    .skip = d->skip};
	struct crm_import *im = calloc(1, sizeof *im);
	int r;

	*out = NULL;
	if (!im)
		return crm_err_nomem(err);
	im->opt = *opt;
	im->map = opt->map;
	im->schema = opt->schema;
	im->cal = opt->schema->calendar;
	if (im->map->has_zone)
		im->cal.zone = &im->map->zone;
	im->group.memory = opt->memory ? opt->memory : MEMORY;
	im->group.spool.dir = opt->spill_dir;
	r = crm_csv_open(&im->csv, &csv, err);
	if (r == CRM_OK)
		r = d->header ? open_headed(im, err) : open_bare(im, err);
	if (r < 0)
		crm_import_release(im);
	else
		*out = im;
	return r;
}

/* ---- rows ---- */

/* Under --clean a cell that is no UTF-8 is made text for conditions too; of a
 * row that is refused it is none. */
static int
clean_cell(struct crm_import *im, struct crm_str *s, struct crm_err *err)
{
	struct crm_buf b = {0};
	size_t bad, cleaned = 0;
	int r;

	if (crm_utf8_valid(*s, &bad))
		return CRM_OK;
	if (!im->opt.clean) {
		*s = (struct crm_str){"", 0};
		return CRM_OK;
	}
	r = crm_text_enter(*s, CRM_TEXT_CLEAN, &cleaned, &b, err);
	if (r == CRM_OK) {
		*s = crm_arena_str(&im->work, crm_buf_str(&b));
		r = s->p ? CRM_OK : crm_err_nomem(err);
	}
	im->count.cleaned += cleaned;
	crm_buf_release(&b);
	return r;
}

static int
set_cell(struct crm_import *im, size_t i, struct crm_str s, struct crm_err *err)
{
	if (clean_cell(im, &s, err) < 0)
		return err->code;
	if (im->fills[i]) {
		if (s.n > 0) {
			crm_buf_clear(&im->fill[i]);
			crm_buf_putstr(&im->fill[i], s);
			if (crm_buf_check(&im->fill[i], err) < 0)
				return CRM_ENOMEM;
		} else {
			s = crm_buf_str(&im->fill[i]);
		}
	}
	/* What is no number stays as it is, for the message. */
	if (im->isnumber[i] && s.n > 0 &&
	    crm_imp_number_text(&im->map->dialect, s, &im->number_text[i]))
		s = crm_buf_str(&im->number_text[i]);
	im->row[i] = crm_value_text(s);
	if (s.n == 0)
		im->row[i].s = (struct crm_str){"", 0};
	return CRM_OK;
}

static int
set_row(struct crm_import *im, const struct crm_str *f, size_t n,
    struct crm_err *err)
{
	int r = CRM_OK;

	if (n > im->ncolumn && !im->map->dialect.explode)
		for (size_t i = im->ncolumn; i < n; i++)
			if (f[i].n > 0)
				return crm_err_set(err, CRM_EDATA,
				    "%zu fields, there are %zu columns", n,
				    im->ncolumn);
	if (n < im->ncolumn && !im->map->dialect.ragged)
		return crm_err_set(err, CRM_EDATA,
		    "%zu field%s, there are %zu columns", n, n == 1 ? "" : "s",
		    im->ncolumn);
	for (size_t i = 0; r == CRM_OK && i < im->ncolumn; i++)
		r = set_cell(
		    im, i, i < n ? f[i] : (struct crm_str){"", 0}, err);
	im->row[im->row_field] =
	    crm_value_num(CRM_T_INT, (int64_t)im->count.rows, 0);
	return r;
}

static int
reject(struct crm_import *im, struct crm_str raw, struct crm_err *err)
{
	im->count.rejected++;
	return im->opt.reject(im->opt.ctx, raw, err);
}

/*
 * A row that cannot be taken whole.  Its orders are to know as far as its
 * cells tell which they are: without its line they would be others.
 */
static int
bad_row(struct crm_import *im, const struct crm_str *f, size_t n,
    struct crm_str raw, unsigned long line, struct crm_err *err)
{
	struct crm_err why = *err;
	int r = CRM_OK;

	*err = (struct crm_err){0};
	if (n == 0 || im->map->dialect.explode)
		return reject(im, raw, &why);
	for (size_t i = 0; r == CRM_OK && i < im->ncolumn; i++)
		r = set_cell(
		    im, i, i < n ? f[i] : (struct crm_str){"", 0}, err);
	im->row[im->row_field] =
	    crm_value_num(CRM_T_INT, (int64_t)im->count.rows, 0);
	return r == CRM_OK ? crm_imp_row(im, raw, line, &why, err) : r;
}

static int
explode(struct crm_import *im, const struct crm_str *f, size_t n,
    struct crm_str raw, unsigned long line, struct crm_err *err)
{
	int r = CRM_OK;

	im->row[im->row_field] =
	    crm_value_num(CRM_T_INT, (int64_t)im->count.rows, 0);
	for (size_t i = 0; r == CRM_OK && i < n; i++) {
		if (f[i].n == 0)
			continue;
		r = set_cell(im, 0, f[i], err);
		if (r == CRM_OK)
			r = crm_imp_row(im, raw, line, NULL, err);
		raw.n = 0;
	}
	return r;
}

static int
take_row(struct crm_import *im, const struct crm_str *f, size_t n,
    struct crm_str raw, unsigned long line, struct crm_err *err)
{
	int r;

	crm_arena_reset(&im->work);
	im->count.rows++;
	if (im->drop_last && n > 0)
		n--;
	if (im->map->dialect.explode)
		return explode(im, f, n, raw, line, err);
	r = set_row(im, f, n, err);
	if (r == CRM_OK)
		return crm_imp_row(im, raw, line, NULL, err);
	crm_err_place(err, im->opt.name, line);
	return r == CRM_EDATA && im->opt.keep_going
		   ? bad_row(im, f, n, raw, line, err)
		   : r;
}

static int
first_row(struct crm_import *im, struct crm_err *err)
{
	if (im->first_code == CRM_EDATA) {
		im->count.rows++;
		*err = im->first_err;
		if (!im->opt.keep_going)
			return CRM_EDATA;
		return reject(im, im->first_raw, err);
	}
	if (im->first_code < 0 || !im->first)
		return im->first_code;
	return take_row(
	    im, im->first, im->nfirst, im->first_raw, im->first_line, err);
}

int
crm_import_read(struct crm_import *im, struct crm_err *err)
{
	struct crm_str *f = NULL;
	size_t n = 0;
	int r = CRM_OK;

	if (!im->map->dialect.header) {
		r = first_row(im, err);
		if (r == CRM_NOTFOUND)
			return CRM_OK;
		if (r < 0 && im->first_err.code == r)
			*err = im->first_err;
	}
	while (r == CRM_OK) {
		if (im->opt.limit && im->count.rows >= im->opt.limit)
			break;
		r = crm_csv_next(im->csv, &f, &n, err);
		if (r == CRM_NOTFOUND)
			return CRM_OK;
		if (r == CRM_EDATA && im->opt.keep_going) {
			crm_arena_reset(&im->work);
			im->count.rows++;
			r = bad_row(im, f, n, crm_csv_raw(im->csv),
			    crm_csv_line(im->csv), err);
			continue;
		}
		if (r == CRM_OK)
			r = take_row(im, f, n, crm_csv_raw(im->csv),
			    crm_csv_line(im->csv), err);
		if (im->opt.progress && im->count.rows % PROGRESS_EACH == 0)
			im->opt.progress(im->opt.ctx, "row", im->count.rows, 0);
	}
	return r;
}

struct crm_import_count
crm_import_counted(const struct crm_import *im)
{
	return im->count;
}

void
crm_import_release(struct crm_import *im)
{
	if (!im)
		return;
	for (size_t i = 0; im->fill && i < im->ncolumn; i++) {
		crm_buf_release(&im->fill[i]);
		crm_buf_release(&im->number_text[i]);
	}
	for (size_t i = 0; im->bound && i < im->map->nsource; i++)
		crm_expr_release(im->bound[i].expr);
	for (size_t i = 0; im->cond && i < im->map->ncond; i++)
		crm_expr_release(im->cond[i]);
	for (size_t i = 0; i < CRM_IMP_SPECS; i++) {
		crm_buf_release(&im->stage[i].key);
		crm_buf_release(&im->stage[i].body);
		free(im->numbers[i].v);
	}
	crm_idmap_release(&im->ordinal);
	crm_idmap_release(&im->times);
	crm_idmap_release(&im->content);
	crm_idmap_release(&im->told);
	crm_buf_release(&im->scratch);
	crm_buf_release(&im->scratch2);
	crm_imp_group_release(&im->group);
	if (im->csv)
		crm_csv_close(im->csv);
	crm_arena_release(&im->work);
	crm_arena_release(&im->arena);
	free(im);
}
