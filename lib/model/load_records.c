/*
 * load_records.c - the records of an archive and the rows of their parts.
 *
 * A section of records is held in memory until the next one, as the sections
 * of parts behind it belong to it.
 */
#include <stdlib.h>

#include "archive.h"

enum { NO_FIELD = -1, REVISION = -2 };

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

static int
bind(struct crm_load *l, const struct crm_field *fields, size_t nfields,
    size_t first, int *to, struct crm_err *err)
{
	size_t n = crm_stream_columns(l->in);

	for (size_t c = 1; c < n; c++) {
		struct crm_str name = crm_stream_name(l->in, c);

		to[c] = NO_FIELD;
		for (size_t f = first; f < nfields; f++)
			if (crm_str_is(name, fields[f].name) &&
			    takes(l, &fields[f]))
				to[c] = (int)f;
		if (first == 1 && l->full && crm_str_is(name, "revision"))
			to[c] = REVISION;
		if (to[c] != NO_FIELD)
			continue;
		crm_err_set(err, CRM_EDATA,
		    "the header: '%.*s' is not a column of this section",
		    (int)name.n, name.p);
		crm_err_field(err, name.p, name.n);
		return crm_load_place(l, CRM_EDATA, err);
	}
	return CRM_OK;
}

/* Text was checked when it entered the store that was dumped. */
static int
parse_cell(struct crm_load *l, const struct crm_field *f, size_t column,
    int digits, struct crm_value *out, struct crm_err *err)
{
	struct crm_str text = crm_stream_field(l->in, column);
	struct crm_parse ctx = {
	    .schema = l->schema, .arena = &l->set->arena, .digits = digits};
	int r = CRM_OK;

	if (text.n == 0 && !(l->full && (f->flags & CRM_F_REQUIRED))) {
		*out = (struct crm_value){0};
		return CRM_OK;
	}
	if (f->type == CRM_T_TEXT && l->full)
		*out = crm_value_text(text);
	else
		r = crm_value_parse(f, text, &ctx, out, err);
	if (r == CRM_OK && l->full && out->type == CRM_T_ID && out->i == 0)
		return crm_load_bad(l, column, err, "an id");
	if (r < 0)
		return crm_load_place(l, r, err);
	if ((out->type == CRM_T_TEXT || out->type == CRM_T_LIST ||
		(out->type == CRM_T_ID && out->i == 0)) &&
	    out->s.n > 0) {
		out->s = crm_arena_str(&l->set->arena, out->s);
		if (out->s.p == NULL)
			return crm_err_nomem(err);
	}
	if (out->type == CRM_T_NONE && (f->flags & CRM_F_REQUIRED) && l->full) {
		crm_err_set(err, CRM_EDATA, "a value is needed");
		crm_err_field(err, f->name, strlen(f->name));
		return crm_load_place(l, CRM_EDATA, err);
	}
	return r;
}

static int
digits_of(struct crm_load *l)
{
	int c = crm_stream_find(l->in, CRM_STR("currency"));
	int digits = -1;

	if (c > 0)
		digits =
		    crm_currency_digits(crm_stream_field(l->in, (size_t)c));
	return digits < 0 ? l->schema->digits : digits;
}

static int
record_row(struct crm_load *l, const int *to, struct crm_err *err)
{
	struct crm_record *rec;
	struct crm_id id;
	uint64_t revision;
	int r, digits = digits_of(l);

	r = own_id(l, -1, &id, err);
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
	for (size_t c = 1; c < crm_stream_columns(l->in) && r == CRM_OK; c++)
		if (to[c] == REVISION) {
			if (!crm_load_u64(l, c, &revision) || revision == 0 ||
			    revision > l->revision)
				return crm_load_bad(
				    l, c, err, "a revision of this archive");
			rec->revision = revision;
		} else
			r = parse_cell(l, &l->kind->fields[to[c]], c, digits,
			    &rec->v[to[c]], err);
	return r;
}

int
crm_load_records(
    struct crm_load *l, const struct crm_kind *k, struct crm_err *err)
{
	int to[CRM_COLUMNS_MAX];
	int r;

	l->kind = k;
	if (crm_stream_columns(l->in) == 0 ||
	    !crm_str_is(crm_stream_name(l->in, 0), k->fields[0].name))
		return crm_load_section_bad(l, err,
		    "the first column of '%s' is '%s'", k->name,
		    k->fields[0].name);
	r = bind(l, k->fields, k->nfields, 1, to, err);
	if (r == CRM_OK && l->full &&
	    crm_stream_find(l->in, CRM_STR("revision")) < 0)
		r = crm_load_section_bad(
		    l, err, "the column 'revision' is missing");
	while (r == CRM_OK) {
		r = crm_stream_next(l->in, err);
		if (r == CRM_OK)
			r = record_row(l, to, err);
	}
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

/* The record of this section with a number. */
static struct crm_record *
find(const struct crm_load *l, uint64_t number)
{
	size_t low = 0, high = l->set->nlive;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (l->set->rec[mid].rec->id < number)
			low = mid + 1;
		else
			high = mid;
	}
	return low < l->set->nlive && l->set->rec[low].rec->id == number
		   ? l->set->rec[low].rec
		   : NULL;
}

int
crm_load_rows(struct crm_load *l, int part, struct crm_err *err)
{
	const struct crm_part *p = &l->kind->parts[part];
	int to[CRM_COLUMNS_MAX];
	struct crm_record *rec;
	struct crm_row *row;
	struct crm_id id;
	size_t columns = crm_stream_columns(l->in);
	int r = CRM_OK, digits = 0;

	rec = NULL;
	if (columns > 0)
		r = bind(l, p->fields, p->nfields, 0, to, err);
	while (r == CRM_OK && (r = crm_stream_next(l->in, err)) == CRM_OK) {
		r = own_id(l, part, &id, err);
		if (r < 0)
			return r;
		/* rows of a record lie together */
		if (rec == NULL || rec->id != id.number) {
			rec = find(l, id.number);
			if (rec == NULL)
				return crm_load_bad(l, 0, err,
				    "of a record in the section of records "
				    "before");
			digits = crm_money_digits(l->schema, rec);
		}
		if (crm_record_row(rec, part, id.sub) != NULL)
			return crm_load_bad(l, 0, err, "new: it occurs twice");
		row = crm_record_add(rec, part, id.sub);
		if (row == NULL)
			return crm_err_nomem(err);
		for (size_t c = 1; c < columns && r == CRM_OK; c++)
			r = parse_cell(l, &p->fields[to[c]], c, digits,
			    &row->v[to[c]], err);
	}
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

int
crm_load_given(struct crm_load *l, struct crm_err *err)
{
	struct crm_record *rec;
	struct crm_id id;
	uint64_t last;
	int part, r = CRM_OK;

	if (l->kind == NULL || crm_stream_columns(l->in) != 3)
		return crm_load_section_bad(
		    l, err, "the section 'given' is not behind records");
	while ((r = crm_stream_next(l->in, err)) == CRM_OK) {
		r = own_id(l, -1, &id, err);
		if (r < 0)
			return r;
		rec = find(l, id.number);
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
	uint64_t revision;
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
	if (!crm_load_u64(l, 3, &revision) || revision == 0 ||
	    revision > l->revision)
		return crm_load_bad(l, 3, err, "a revision of this archive");
	rec->revision = revision;
	return CRM_OK;
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

/* New records: the change numbers them, and an archive whose numbers are
 * others would refer to the wrong ones. */
int
crm_load_new(
    struct crm_load *l, const struct crm_load_set *set, struct crm_err *err)
{
	int r = CRM_OK;

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
