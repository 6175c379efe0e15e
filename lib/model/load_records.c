/*
 * load_records.c - the records of an archive and the rows of their parts.
 *
 * A section of records is held in memory until the next one, as the sections
 * of parts behind it belong to it.
 */
#include <stdlib.h>

#include "archive.h"
#include "base/word.h"

static int
add(struct crm_load *l, uint64_t number, struct crm_record **out,
    struct crm_err *err)
{
	struct crm_record *rec = crm_record_new(l->kind, &l->set->arena);

	if (rec == NULL || !crm_grow(&l->set->rec, &l->set->caprec,
			       l->set->nrec, sizeof *l->set->rec))
		return crm_err_nomem(err);
	rec->id = number;
	rec->v[0] = crm_value_id(l->kind->number, number);
	l->set->rec[l->set->nrec].line = crm_stream_line(l->in);
	l->set->rec[l->set->nrec++].rec = rec;
	*out = rec;
	return CRM_OK;
}

/* The id in column 1: of this kind, and of a row of this part (-1 none). */
static int
own_id(struct crm_load *l, int part, struct crm_id *out, struct crm_err *err)
{
	if (crm_id_parse(l->schema, crm_stream_field(l->in, 0), out) < 0 ||
	    out->kind != l->kind->number || out->part != part + 1 ||
	    out->number == 0)
		return crm_load_bad(l, 0, err, "an id of this section");
	return CRM_OK;
}

/* Is the field taken from this archive? */
static bool
takes(const struct crm_load *l, const struct crm_field *f)
{
	if (l->full)
		return crm_archive_field(f);
	return !(f->flags & (CRM_F_READONLY | CRM_F_FIGURE));
}

/* Where the cells of a section go. */
struct column {
	const struct crm_field *field; /* NULL: the revision */
	crm_value_fn *read; /* what it mostly holds */
	size_t to; /* the place of the value */
};
struct binding {
	struct column *column; /* in the set's arena; the first is the id */
	size_t n;
	int currency; /* the column of a record's, -1 none */
};

/* Text of a dump was checked when it entered the store. */
static int
read_dumped(const struct crm_field *f, struct crm_str text,
    struct crm_parse *ctx, struct crm_value *out)
{
	(void)f;
	(void)ctx;
	*out = crm_value_text(text);
	return CRM_OK;
}

static crm_value_fn *
reader_of(const struct crm_load *l, const struct crm_field *f)
{
	return l->full && f->type == CRM_T_TEXT ? read_dumped
						: crm_value_reader(f);
}

static int
bind_one(struct crm_load *l, const struct crm_field *fields, size_t nfields,
    size_t first, size_t c, struct column *out, struct crm_err *err)
{
	struct crm_str name = crm_stream_name(l->in, c);

	for (size_t f = first; f < nfields; f++)
		if (crm_str_is(name, fields[f].name) && takes(l, &fields[f])) {
			*out = (struct column){
			    &fields[f], reader_of(l, &fields[f]), f};
			return CRM_OK;
		}
	if (first == 1 && l->full && crm_str_is(name, "revision"))
		return CRM_OK;
	crm_err_set(err, CRM_EDATA,
	    "the header: '%.*s' is not a column of this section", (int)name.n,
	    name.p);
	crm_err_field(err, name.p, name.n);
	return crm_load_place(l, CRM_EDATA, err);
}

static int
bind(struct crm_load *l, const struct crm_field *fields, size_t nfields,
    size_t first, struct binding *b, struct crm_err *err)
{
	int r = CRM_OK;

	b->n = crm_stream_columns(l->in);
	b->currency = crm_stream_find(l->in, CRM_STR("currency"));
	b->column =
	    crm_arena_zalloc(&l->set->arena, (b->n + 1) * sizeof *b->column);
	if (b->column == NULL)
		return crm_err_nomem(err);
	for (size_t c = 1; c < b->n && r == CRM_OK; c++)
		r = bind_one(l, fields, nfields, first, c, &b->column[c], err);
	return r;
}

/* What a dump must have. */
static int
check_dumped(struct crm_load *l, const struct crm_field *f, size_t column,
    const struct crm_value *v, struct crm_err *err)
{
	if (v->type == CRM_T_ID && v->i == 0)
		return crm_load_bad(l, column, err, "an id");
	if (v->type != CRM_T_NONE || !(f->flags & CRM_F_REQUIRED))
		return CRM_OK;
	crm_err_set(err, CRM_EDATA, "a value is needed");
	crm_err_field(err, f->name, strlen(f->name));
	return crm_load_place(l, CRM_EDATA, err);
}

static int
parse_revision(
    struct crm_load *l, size_t column, uint64_t *out, struct crm_err *err)
{
	if (!crm_load_u64(l, column, out) || *out == 0 || *out > l->revision)
		return crm_load_bad(
		    l, column, err, "a revision of this archive");
	return CRM_OK;
}

static int
parse_cell(struct crm_load *l, struct crm_parse *ctx, const struct column *c,
    struct crm_str text, struct crm_value *out, struct crm_err *err)
{
	int r;

	if (c->read(c->field, text, ctx, out) == CRM_OK)
		return CRM_OK;
	r = crm_value_parse(c->field, text, ctx, out, err);
	return r < 0 ? crm_load_place(l, r, err) : r;
}

/* A row's line in the arena, so that its values may borrow their text. */
struct line {
	struct crm_str raw; /* as it lies in the stream */
	const char *copy;
};

/* A cell where it stays: in the line, or apart when an escape was undone. */
static inline struct crm_str
kept(const struct line *line, struct crm_arena *a, struct crm_str cell)
{
	size_t at = (uintptr_t)cell.p - (uintptr_t)line->raw.p;

	if (at >= line->raw.n)
		return crm_arena_str(a, cell);
	return (struct crm_str){line->copy + at, cell.n};
}

/* The cells of a row, which has no values yet. */
static int
parse_cells(struct crm_load *l, const struct binding *b, int digits,
    struct crm_value *v, uint64_t *revision, struct crm_err *err)
{
	const struct crm_str *cell = crm_stream_fields(l->in);
	const bool full = l->full;
	struct line line = {.raw = crm_stream_raw(l->in)};
	struct crm_parse ctx = {.schema = l->schema,
	    .arena = &l->set->arena,
	    .digits = digits,
	    .flags = crm_stream_plain(l->in) ? CRM_PARSE_PLAIN : 0};
	int r = CRM_OK;

	line.copy = crm_arena_str(ctx.arena, line.raw).p;
	if (line.copy == NULL)
		return crm_err_nomem(err);
	for (size_t i = 1; i < b->n; i++) {
		const struct column *c = &b->column[i];
		struct crm_str text = cell[i];

		if (c->field == NULL)
			r = parse_revision(l, i, revision, err);
		else if (text.n > 0) {
			text = kept(&line, ctx.arena, text);
			if (text.p == NULL)
				return crm_err_nomem(err);
			r = parse_cell(l, &ctx, c, text, &v[c->to], err);
		}
		if (full && r == CRM_OK && c->field != NULL)
			r = check_dumped(l, c->field, i, &v[c->to], err);
		if (r < 0)
			return r;
	}
	return CRM_OK;
}

static int
digits_of(struct crm_load *l, const struct binding *b)
{
	int digits = -1;

	if (b->currency > 0)
		digits = crm_currency_digits(
		    crm_stream_field(l->in, (size_t)b->currency));
	return digits < 0 ? l->schema->digits : digits;
}

static int
record_row(struct crm_load *l, const struct binding *b, struct crm_err *err)
{
	struct crm_record *rec;
	struct crm_id id;
	int r = own_id(l, -1, &id, err);

	if (r < 0)
		return r;
	if (id.number <= l->after[l->kind->number])
		return crm_load_bad(l, 0, err, "greater than the id before it");
	l->after[l->kind->number] = id.number;
	if (l->set->nrec >= CRM_ARCHIVE_MOST)
		return crm_load_section_bad(l, err,
		    "a section has at most %d records: begin another one",
		    CRM_ARCHIVE_MOST);
	r = add(l, id.number, &rec, err);
	l->set->nlive = l->set->nrec;
	if (r == CRM_OK)
		r = parse_cells(
		    l, b, digits_of(l, b), rec->v, &rec->revision, err);
	return r;
}

int
crm_load_records(
    struct crm_load *l, const struct crm_kind *k, struct crm_err *err)
{
	struct binding b;
	int r;

	l->kind = k;
	if (crm_stream_columns(l->in) == 0 ||
	    !crm_str_is(crm_stream_name(l->in, 0), k->fields[0].name))
		return crm_load_section_bad(l, err,
		    "the first column of '%s' is '%s'", k->name,
		    k->fields[0].name);
	r = bind(l, k->fields, k->nfields, 1, &b, err);
	if (r == CRM_OK && l->full &&
	    crm_stream_find(l->in, CRM_STR("revision")) < 0)
		r = crm_load_section_bad(
		    l, err, "the column 'revision' is missing");
	while (r == CRM_OK) {
		r = crm_stream_next(l->in, err);
		if (r == CRM_OK)
			r = record_row(l, &b, err);
	}
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

/* The record of this section with a number; *near is the place of the one
 * found last, as rows come in the order of their records. */
static struct crm_record *
find(const struct crm_load *l, uint64_t number, size_t *near)
{
	const struct crm_load_rec *rec = l->set->rec;
	size_t low = 0, high = l->set->nlive;

	for (size_t i = *near; i < high && i < *near + 8; i++)
		if (rec[i].rec->id == number) {
			*near = i;
			return rec[i].rec;
		}
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (rec[mid].rec->id < number)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == l->set->nlive || rec[low].rec->id != number)
		return NULL;
	*near = low;
	return rec[low].rec;
}

/* The record whose rows are read. */
struct owner {
	struct crm_record *rec; /* NULL: no row was read yet */
	int digits; /* of its money */
	size_t near; /* its place in the set */
	char id[24]; /* how the ids of its rows begin: up to their numbers */
	size_t n; /* bytes of it, 0: too long */
};

/* Rows of a record lie together: is the id that of the row above, but for the
 * row's number? */
static bool
same_owner(const struct owner *o, struct crm_str id, uint32_t *no)
{
	uint64_t v;
	unsigned places;

	if (o->n == 0 || id.n <= o->n || memcmp(id.p, o->id, o->n) != 0 ||
	    !crm_word_number(id.p + o->n, id.n - o->n, &v, &places) ||
	    places > 0 || v == 0)
		return false;
	*no = (uint32_t)v;
	return true;
}

static int
find_owner(struct crm_load *l, int part, struct owner *o, uint32_t *no,
    struct crm_err *err)
{
	struct crm_str text = crm_stream_field(l->in, 0);
	struct crm_id id;
	int r;

	if (same_owner(o, text, no))
		return CRM_OK;
	r = own_id(l, part, &id, err);
	if (r < 0)
		return r;
	*no = id.sub;
	o->rec = find(l, id.number, &o->near);
	if (o->rec == NULL)
		return crm_load_bad(
		    l, 0, err, "of a record in the section of records before");
	o->digits = crm_money_digits(l->schema, o->rec);
	for (o->n = text.n; text.p[o->n - 1] >= '0' && text.p[o->n - 1] <= '9';)
		o->n--;
	if (o->n > sizeof o->id)
		o->n = 0;
	memcpy(o->id, text.p, o->n);
	return CRM_OK;
}

/* A row that is new to its record. */
static int
add_row(struct crm_load *l, struct crm_record *rec, int part, uint32_t no,
    struct crm_row **out, struct crm_err *err)
{
	size_t before = rec->part[part].n;

	*out = crm_record_add(rec, part, no);
	if (*out == NULL)
		return crm_err_nomem(err);
	if (rec->part[part].n == before)
		return crm_load_bad(l, 0, err, "new: it occurs twice");
	return CRM_OK;
}

int
crm_load_rows(struct crm_load *l, int part, struct crm_err *err)
{
	const struct crm_part *p = &l->kind->parts[part];
	struct binding b = {0};
	struct owner o = {0};
	struct crm_row *row;
	uint32_t no;
	int r = CRM_OK;

	if (crm_stream_columns(l->in) > 0)
		r = bind(l, p->fields, p->nfields, 0, &b, err);
	while (r == CRM_OK && (r = crm_stream_next(l->in, err)) == CRM_OK) {
		r = find_owner(l, part, &o, &no, err);
		if (r == CRM_OK)
			r = add_row(l, o.rec, part, no, &row, err);
		if (r == CRM_OK)
			r = parse_cells(l, &b, o.digits, row->v, NULL, err);
	}
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

int
crm_load_given(struct crm_load *l, struct crm_err *err)
{
	struct crm_record *rec;
	struct crm_id id;
	uint64_t last;
	size_t near = 0;
	int part, r = CRM_OK;

	if (l->kind == NULL || crm_stream_columns(l->in) != 3)
		return crm_load_section_bad(
		    l, err, "the section 'given' is not behind records");
	while ((r = crm_stream_next(l->in, err)) == CRM_OK) {
		r = own_id(l, -1, &id, err);
		if (r < 0)
			return r;
		rec = find(l, id.number, &near);
		part = crm_kind_part(l->kind, crm_stream_field(l->in, 1));
		if (rec == NULL)
			return crm_load_bad(
			    l, 0, err, "in the section of records before");
		if (part < 0)
			return crm_load_bad(l, 1, err, "a part of its kind");
		if (!crm_load_u64(l, 2, &last) || last > UINT32_MAX ||
		    last < rec->part[part].last)
			return crm_load_bad(
			    l, 2, err, "a number past those of the rows");
		rec->part[part].last = (uint32_t)last;
	}
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

static int
gone_row(struct crm_load *l, struct crm_err *err)
{
	struct crm_str state = crm_stream_field(l->in, 1);
	struct crm_record *rec;
	struct crm_id id, into;
	int r = own_id(l, -1, &id, err);

	if (r == CRM_OK)
		r = add(l, id.number, &rec, err);
	if (r < 0)
		return r;
	for (unsigned i = CRM_DELETED; i <= CRM_ERASED; i++)
		if (crm_str_is(state, crm_archive_states[i]))
			rec->state = (enum crm_state)i;
	if (rec->state == CRM_LIVE)
		return crm_load_bad(
		    l, 1, err, "one of deleted, merged, erased");
	if (rec->state == CRM_MERGED) {
		if (crm_id_parse(l->schema, crm_stream_field(l->in, 2), &into) <
			0 ||
		    into.kind != l->kind->number || into.part != 0)
			return crm_load_bad(l, 2, err, "an id of this kind");
		rec->into = into.number;
	} else if (crm_stream_field(l->in, 2).n > 0)
		return crm_load_bad(l, 2, err, "empty");
	return parse_revision(l, 3, &rec->revision, err);
}

int
crm_load_gone(struct crm_load *l, struct crm_err *err)
{
	int r = CRM_OK;

	if (l->kind == NULL || crm_stream_columns(l->in) != 4)
		return crm_load_section_bad(
		    l, err, "the section 'gone' is not behind records");
	while (r == CRM_OK) {
		r = crm_stream_next(l->in, err);
		if (r == CRM_OK)
			r = gone_row(l, err);
	}
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

/* ---- writing ---- */

static int
rec_cmp(const void *a, const void *b)
{
	const struct crm_load_rec *x = a, *y = b;

	return x->rec->id < y->rec->id ? -1 : x->rec->id > y->rec->id;
}

static int
note_number(
    struct crm_load *l, unsigned kind, uint64_t number, struct crm_err *err)
{
	struct crm_range *last = l->nrange ? &l->range[l->nrange - 1] : NULL;

	if (last != NULL && last->kind == kind &&
	    last->first + last->count == number) {
		last->count++;
		return CRM_OK;
	}
	if (!crm_grow(&l->range, &l->caprange, l->nrange, sizeof *l->range))
		return crm_err_nomem(err);
	l->range[l->nrange++] = (struct crm_range){
	    .kind = (uint8_t)kind, .first = number, .count = 1};
	return CRM_OK;
}

static int
flush_full(struct crm_load *l, struct crm_err *err)
{
	unsigned kind = l->kind->number;
	struct crm_buf b = {0};
	uint64_t before = 0;
	char key[8];
	int r = CRM_OK;

	qsort(l->set->rec, l->set->nrec, sizeof *l->set->rec, rec_cmp);
	for (size_t i = 0; i < l->set->nrec && r == CRM_OK; i++) {
		const struct crm_record *rec = l->set->rec[i].rec;

		if (rec->id == before) {
			r = crm_err_set(err, CRM_EDATA, "%s%llu occurs twice",
			    l->kind->letter, (unsigned long long)rec->id);
			crm_err_place(
			    err, crm_stream_file(l->in), l->set->rec[i].line);
			break;
		}
		before = rec->id;
		crm_buf_clear(&b);
		crm_record_encode(rec, &b);
		r = crm_buf_check(&b, err);
		if (r == CRM_OK)
			r = note_number(l, kind, rec->id, err);
		if (r == CRM_OK)
			r = crm_load_put(l, CRM_TAB_KIND + kind,
			    crm_number_key(rec->id, key), crm_buf_str(&b), err);
	}
	if (before > l->after[kind])
		l->after[kind] = before;
	crm_buf_release(&b);
	return r == CRM_OK ? crm_load_write(l, err) : r;
}

/* Is a record of the kind never put again for one that comes behind it? */
static bool
stays(const struct crm_kind *k)
{
	switch (k->number) {
	case CRM_K_CUSTOMER:
	case CRM_K_PRODUCT:
	case CRM_K_ORDER:
	case CRM_K_RATE:
	case CRM_K_RELATION:
		return true;
	default: /* words change their tickets */
		return false;
	}
}

/* New records: the change numbers them, and an archive whose numbers are
 * others would refer to the wrong ones. */
int
crm_load_new(
    struct crm_load *l, const struct crm_load_set *set, struct crm_err *err)
{
	int r = CRM_OK;

	if (set->nrec > 0 && !stays(set->rec[0].rec->kind))
		crm_change_along_end(l->change);
	for (size_t i = 0; i < set->nrec && r == CRM_OK; i++) {
		struct crm_record *rec = set->rec[i].rec;
		const struct crm_kind *k = rec->kind;
		uint64_t number = rec->id;

		rec->id = 0;
		rec->v[0] = (struct crm_value){0};
		r = crm_change_put(l->change, rec, err);
		if (r == CRM_OK && rec->id != number) {
			r = crm_err_set(err, CRM_EDATA,
			    "'%s%llu' is not the next id, which is %s%llu",
			    k->letter, (unsigned long long)number, k->letter,
			    (unsigned long long)rec->id);
			crm_err_field(
			    err, k->fields[0].name, strlen(k->fields[0].name));
		}
		if (r < 0)
			crm_err_place(
			    err, crm_stream_file(l->in), set->rec[i].line);
		crm_change_reset(l->change);
	}
	return r;
}

int
crm_load_flush(struct crm_load *l, struct crm_err *err)
{
	int r = CRM_OK;

	l->result.records += l->set->nrec;
	if (l->set->nrec > 0)
		r = l->full ? flush_full(l, err) : crm_load_give(l, err);
	l->set->nrec = l->set->nlive = 0;
	crm_arena_reset(&l->set->arena);
	if (l->opt->watch.fn != NULL)
		l->opt->watch.fn(
		    l->opt->watch.ctx, "records", l->result.records, 0);
	return r;
}
