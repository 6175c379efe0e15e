/*
 * cli_add.c - the common verb add.
 *
 * A stream may have a row for each line of a record: rows follow each other
 * whose cells of the record are equal, or empty after the first.  Such a
 * record is added whole or not at all; with --keep-going all its rows are
 * rejected.
 */
#include <stdlib.h>

#include "cli_noun.h"

/* The record that has the identity --or-get names: CRM_NOTFOUND, none. */
static int
known_already(struct cli_work *w, const struct crm_record *rec, uint64_t *out,
    struct crm_err *err)
{
	struct crm_buf ref = {0};
	struct crm_value id;
	int i, r;

	i = crm_kind_field(rec->kind, crm_str(cli_or_get));
	if (i < 0 || !(rec->kind->fields[i].flags & CRM_F_IDENT)) {
		crm_err_set(err, CRM_EUSAGE, "'%s' is no identity of %s %s",
		    cli_or_get, crm_article(rec->kind->name), rec->kind->name);
		crm_err_field(err, "--or-get", 8);
		return CRM_EUSAGE;
	}
	if (rec->v[i].type == CRM_T_NONE)
		return CRM_NOTFOUND;
	crm_buf_putf(&ref, "%s:", cli_or_get);
	crm_buf_putstr(&ref, rec->v[i].s);
	r = crm_ref_find(crm_change_txn(w->change), w->change,
	    rec->kind->number, w->c->schema, crm_buf_str(&ref), &id, err);
	crm_buf_release(&ref);
	if (r == CRM_OK)
		*out = (uint64_t)id.i;
	return r;
}

static int
add_record(struct cli_work *w, struct crm_record *rec, struct crm_err *err)
{
	uint64_t known;
	int r;

	if (cli_or_get != NULL) {
		r = known_already(w, rec, &known, err);
		if (r == CRM_OK)
			return cli_work_touch(w, known, err);
		if (r != CRM_NOTFOUND)
			return r;
		if (err != NULL)
			memset(err, 0, sizeof *err);
	}
	return cli_work_put(w, rec, err);
}

static int
add_one(struct cli_work *w, struct crm_err *err)
{
	struct crm_record *rec;
	int r;

	if (w->c->nset == 0) {
		crm_err_set(err, CRM_EUSAGE, "nothing to add is given");
		crm_err_hint(err, "give fields as options, or - and a stream");
		return CRM_EUSAGE;
	}
	r = crm_change_new(w->change, w->c->kind, &rec, err);
	if (r == CRM_OK)
		r = cli_apply_options(w, rec, err);
	if (r == CRM_OK)
		r = add_record(w, rec, err);
	return r;
}

/* ---- rows of a stream ---- */

struct adding {
	struct cli_work *w;
	struct crm_stream *s;
	struct cli_rejects *rejects;
	struct crm_input *in;
	int id; /* the column of the record's own id, -1 */
	struct crm_str *cell;
	/* the record whose rows are being read */
	struct crm_record *rec;
	struct crm_buf raw; /* its lines, for the rejects */
	struct crm_buf cells; /* of its first row, one after the other */
	size_t *from, *len;
	size_t fromcap, lencap;
	unsigned long *line; /* of its rows */
	size_t linecap;
	size_t nrow; /* that are kept: the first, all under --each */
	bool bad; /* it was refused */
	bool rows; /* there are columns of rows */
};

static int
adding_open(struct adding *x, struct crm_err *err)
{
	const struct crm_kind *k = x->w->c->kind;
	struct crm_arena *a = &x->w->c->arena;
	size_t n = crm_stream_columns(x->s), i;
	struct crm_str *name = crm_arena_alloc(a, n * sizeof *name);
	int r;

	x->id = crm_stream_find(x->s, crm_str(k->fields[0].name));
	x->cell = crm_arena_alloc(a, n * sizeof *x->cell);
	if (name == NULL || x->cell == NULL)
		return crm_err_nomem(err);
	for (i = 0; i < n; i++)
		name[i] = crm_stream_name(x->s, i);
	r = crm_input_bind(&x->in, x->w->c->schema, k, name, n, true, err);
	if (r < 0)
		cli_place(err, x->s);
	for (i = 0; i < n && r == CRM_OK; i++)
		x->rows |= crm_input_is_part(x->in, i);
	return r;
}

static void
adding_close(struct adding *x)
{
	crm_input_release(x->in);
	crm_buf_release(&x->cells);
	crm_buf_release(&x->raw);
	free(x->from);
	free(x->len);
	free(x->line);
}

/* Is the row another one of the record that is being read? */
static bool
same_record(const struct adding *x)
{
	const char *cells = crm_buf_str(&x->cells).p;
	size_t i, n = crm_stream_columns(x->s);
	bool any = false;

	if (x->nrow == 0)
		return false;
	for (i = 0; i < n; i++) {
		struct crm_str cell = crm_stream_field(x->s, i);

		if (crm_input_is_part(x->in, i)) {
			any = true;
			continue;
		}
		if ((int)i == x->id || cell.n == 0 ||
		    crm_input_is_passed(x->in, i))
			continue;
		if (!crm_str_eq(
			cell, (struct crm_str){cells + x->from[i], x->len[i]}))
			return false;
	}
	return any;
}

/* Keeps the cells of a row, to compare those that follow with. */
static int
keep_row(struct adding *x, struct crm_err *err)
{
	size_t i, n = crm_stream_columns(x->s), at = x->nrow * n;

	if (!crm_grow(&x->from, &x->fromcap, at + n, sizeof *x->from) ||
	    !crm_grow(&x->len, &x->lencap, at + n, sizeof *x->len) ||
	    !crm_grow(&x->line, &x->linecap, x->nrow, sizeof *x->line))
		return crm_err_nomem(err);
	for (i = 0; i < n; i++) {
		struct crm_str cell = crm_stream_field(x->s, i);

		x->from[at + i] = x->cells.n;
		x->len[at + i] = cell.n;
		crm_buf_putstr(&x->cells, cell);
	}
	x->line[x->nrow++] = crm_stream_line(x->s);
	return crm_buf_check(&x->cells, err);
}

static void
forget_rows(struct adding *x)
{
	crm_buf_clear(&x->cells);
	crm_buf_clear(&x->raw);
	x->nrow = 0;
}

/* Each row is told, and given to the rejects, with the one reason. */
static int
reject_rows(struct adding *x, struct crm_err *err)
{
	struct crm_str rest = crm_buf_str(&x->raw), line;
	struct crm_err why = *err;
	int r = CRM_OK;

	while (r == CRM_OK && rest.n > 0 && crm_str_split(&rest, '\n', &line)) {
		*err = why;
		r = cli_reject(x->rejects, line, err);
	}
	return r;
}

/* Puts the record, unless something is wrong with it (r CRM_EDATA). */
static int
end_record(struct adding *x, int r, struct crm_err *err)
{
	if (r == CRM_OK && x->rec != NULL) {
		r = add_record(x->w, x->rec, err);
		if (r == CRM_EDATA || r == CRM_NOTFOUND) {
			r = CRM_EDATA;
			if (err->place[0] == '\0')
				crm_err_place(
				    err, crm_stream_file(x->s), x->line[0]);
			if (err->hint[0] == '\0' &&
			    strcmp(err->field, "number") == 0)
				crm_err_hint(err,
				    "rows of one order follow each other, and "
				    "what they say of it is equal or empty");
		}
	}
	if (r == CRM_EDATA) {
		err->code = r;
		r = reject_rows(x, err);
	}
	x->rec = NULL;
	x->bad = false;
	x->nrow = 0;
	return cli_work_done(x->w, r, err);
}

static int
add_cells(struct adding *x, bool first, struct crm_err *err)
{
	struct crm_row *row = NULL;
	size_t i, n = crm_stream_columns(x->s);
	bool any = false;
	int r;

	for (i = 0; i < n; i++)
		any |= crm_input_is_part(x->in, i) && x->cell[i].n > 0;
	if (any) {
		row = crm_record_add(x->rec, 0, 0);
		if (row == NULL)
			return crm_err_nomem(err);
	}
	r = crm_input_apply(x->in, x->w->change, x->cell, x->rec, row,
	    CRM_EMPTY_KEEP, cli_parse_flags(), err);
	if (r == CRM_OK && first)
		r = cli_apply_options(x->w, x->rec, err);
	return r;
}

static int
has_id(struct adding *x, struct crm_err *err)
{
	const char *id = x->w->c->kind->fields[0].name;

	crm_err_set(
	    err, CRM_EDATA, "add gives the numbers itself, leave it empty");
	crm_err_field(err, id, strlen(id));
	crm_err_hint(err, "to change known records: set");
	cli_place(err, x->s);
	return cli_reject(x->rejects, crm_stream_raw(x->s), err);
}

/* Under --each: the rows that were kept become a record of a change of its
 * own.  Nothing is read meanwhile. */
static int
add_kept(struct adding *x, struct crm_err *err)
{
	size_t i, row, n = crm_stream_columns(x->s);
	int r;

	if (x->nrow == 0)
		return CRM_OK;
	r = cli_work_next(x->w, err);
	if (r == CRM_OK)
		r = crm_change_new(x->w->change, x->w->c->kind, &x->rec, err);
	if (r < 0)
		return r;
	for (row = 0; row < x->nrow && r == CRM_OK; row++) {
		for (i = 0; i < n; i++)
			x->cell[i] = (struct crm_str){
			    crm_buf_str(&x->cells).p + x->from[row * n + i],
			    x->len[row * n + i]};
		r = add_cells(x, row == 0, err);
		if ((r == CRM_EDATA || r == CRM_NOTFOUND) &&
		    err->place[0] == '\0')
			crm_err_place(err, crm_stream_file(x->s), x->line[row]);
	}
	return end_record(x, r == CRM_NOTFOUND ? CRM_EDATA : r, err);
}

static int
end_rows(struct adding *x, struct crm_err *err)
{
	return x->w->to ? add_kept(x, err) : end_record(x, CRM_OK, err);
}

static int
add_row(struct adding *x, struct crm_err *err)
{
	bool first = !same_record(x);
	size_t i, n = crm_stream_columns(x->s);
	int r = CRM_OK;

	if (x->id >= 0 && crm_stream_field(x->s, (size_t)x->id).n > 0)
		return has_id(x, err);
	if (first) {
		r = end_rows(x, err);
		forget_rows(x);
		if (r == CRM_OK && !x->w->to)
			r = crm_change_new(
			    x->w->change, x->w->c->kind, &x->rec, err);
	}
	if (r == CRM_OK && (first || x->w->to))
		r = keep_row(x, err);
	if (r < 0)
		return r;
	crm_buf_putstr(&x->raw, crm_stream_raw(x->s));
	crm_buf_putc(&x->raw, '\n');
	if (x->bad) {
		crm_err_set(err, CRM_EDATA,
		    "another row of the same %s is refused",
		    x->w->c->kind->name);
		cli_place(err, x->s);
		return cli_reject(x->rejects, crm_stream_raw(x->s), err);
	}
	r = crm_buf_check(&x->raw, err);
	if (r == CRM_OK && x->w->to && !x->rows)
		return end_rows(x, err); /* no row to wait for */
	if (r < 0 || x->w->to)
		return r;
	for (i = 0; i < n; i++)
		x->cell[i] = crm_stream_field(x->s, i);
	r = add_cells(x, first, err);
	if (r == CRM_EDATA || r == CRM_NOTFOUND) {
		cli_place(err, x->s);
		r = end_record(x, CRM_EDATA, err);
		x->bad = true;
		x->nrow = 1; /* whose cells are those of its other rows */
	}
	return r;
}

/* A line that is no row: what came before it is put, or told, first. */
static int
bad_line(struct adding *x, struct crm_err *err)
{
	struct crm_err why = *err;
	int r = end_rows(x, err);

	if (r < 0)
		return r;
	*err = why;
	return cli_reject(x->rejects, crm_stream_raw(x->s), err);
}

static int
add_rows(struct cli_work *w, struct crm_stream *s, struct cli_rejects *rejects,
    struct crm_err *err)
{
	struct adding x = {.w = w, .s = s, .rejects = rejects};
	int r = adding_open(&x, err);

	w->together = true;

	while (r == CRM_OK) {
		r = cli_work_wait(w, s, err);
		if (r == CRM_OK)
			r = crm_stream_next(s, err);
		if (r == CRM_NOTFOUND) {
			r = end_rows(&x, err);
			break;
		}
		if (r == CRM_OK)
			r = add_row(&x, err);
		else if (r == CRM_EDATA)
			r = bad_line(&x, err);
	}
	adding_close(&x);
	return r;
}

static int
add_stream(struct cli_work *w, struct crm_err *err)
{
	struct cli_rejects *rejects = NULL;
	struct crm_stream *s = NULL;
	uint64_t rejected = 0;
	int r, closed = CRM_OK;

	r = cli_stream(w->c, true, &s, err);
	if (r == CRM_OK)
		r = cli_rejects_open(w->c, &rejects, err);
	if (r == CRM_OK && crm_stream_columns(s) > 0) {
		r = cli_rejects_header(rejects, crm_stream_raw(s), err);
		if (r == CRM_OK)
			r = add_rows(w, s, rejects, err);
	}
	if (rejects != NULL) {
		rejected = cli_rejects_count(rejects);
		closed = cli_rejects_close(rejects, r < 0 ? NULL : err);
	}
	crm_stream_close(s);
	if (r == CRM_OK)
		r = closed;
	return r == CRM_OK && rejected > 0 ? CRM_PARTLY : r;
}

int
cli_add(struct cli *c, struct crm_err *err)
{
	struct cli_work w;
	int r;

	r = cli_operands(c, 0, 1, err);
	if (r < 0)
		return r;
	if (c->noperand == 1 && !cli_stdin(c)) {
		crm_err_set(err, CRM_EUSAGE, "'%s' is no operand of add",
		    c->operand[0]);
		crm_err_hint(err, "give fields as options, or - and a stream");
		return CRM_EUSAGE;
	}
	r = cli_work_begin(c, cli_stdin(c), &w, err);
	if (r == CRM_OK)
		r = cli_stdin(c) ? add_stream(&w, err) : add_one(&w, err);
	return cli_work_finish(&w, r, err);
}
