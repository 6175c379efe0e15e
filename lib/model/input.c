/*
 * input.c - cells of named columns into a record's fields.
 *
 * A column that no field has is refused: `emial` must not be lost in
 * silence.  One that the programs keep is passed over, unless it says
 * something else than the store does: then somebody believes to have
 * changed it.
 */
#include <stdlib.h>

#include <crm/config.h>

#include "change.h"

enum what {
	IN_SKIP, /* a part's id: rows are numbered here; a rejects file's
		    reasons */
	IN_ID,
	IN_REVISION,
	IN_FIELD,
	IN_KEPT, /* read-only */
	IN_PART,
	IN_PART_KEPT
};

struct target {
	enum what what;
	int index;
	const struct crm_field *field;
};

struct crm_input {
	const struct crm_schema *schema;
	const struct crm_kind *kind;
	struct target *to;
	size_t n;
	int currency; /* its column, -1: read before money */
	bool figures;
};

static int
unknown(const struct crm_kind *k, struct crm_str name, bool rows,
    struct crm_err *err)
{
	const char *words[CRM_FIELDS_MAX + 64];
	const char *near;
	size_t n = 0, i;

	for (i = 0; i < k->nfields; i++)
		words[n++] = k->fields[i].name;
	for (i = 0; rows && i < k->parts[0].nfields &&
		    n < sizeof words / sizeof *words;
	     i++)
		words[n++] = k->parts[0].fields[i].name;
	near = crm_nearest(name, words, n);
	crm_err_set(err, CRM_EDATA, "%s %s has no field '%.*s'",
	    crm_article(k->name), k->name, (int)(name.n < 80 ? name.n : 80),
	    name.p);
	if (near != NULL)
		crm_err_hint(err, "did you mean '%s'?", near);
	else
		crm_err_hint(err, "crm-fields %s lists them", k->name);
	return CRM_EDATA;
}

static bool
part_id(const struct crm_kind *k, struct crm_str name)
{
	struct crm_str part = crm_str(k->parts[0].name);

	return name.n == part.n + 3 && crm_str_starts(name, part) &&
	       memcmp(name.p + part.n, "_id", 3) == 0;
}

static int
bind_one(struct crm_input *in, struct target *to, struct crm_str name,
    bool rows, struct crm_err *err)
{
	const struct crm_kind *k = in->kind;
	int i = crm_kind_field(k, name);

	if (crm_str_is(name, "revision")) {
		to->what = IN_REVISION;
		return CRM_OK;
	}
	if (i >= 0) {
		to->index = i;
		to->field = &k->fields[i];
		to->what = i == 0 ? IN_ID
			   : to->field->flags & (CRM_F_READONLY | CRM_F_FIGURE)
			       ? IN_KEPT
			       : IN_FIELD;
		if (to->field->flags & CRM_F_FIGURE)
			in->figures = true;
		return CRM_OK;
	}
	rows = rows && k->nparts > 0;
	if (crm_str_is(name, "rejected") || (rows && part_id(k, name))) {
		to->what = IN_SKIP;
		return CRM_OK;
	}
	if (rows && (i = crm_part_field(&k->parts[0], name)) >= 0) {
		to->index = i;
		to->field = &k->parts[0].fields[i];
		to->what =
		    to->field->flags & CRM_F_READONLY ? IN_PART_KEPT : IN_PART;
		return CRM_OK;
	}
	return unknown(k, name, rows, err);
}

int
crm_input_bind(struct crm_input **out, const struct crm_schema *s,
    const struct crm_kind *k, const struct crm_str *name, size_t n, bool rows,
    struct crm_err *err)
{
	struct crm_input *in;
	size_t i;
	int r = CRM_OK;

	*out = NULL;
	in = calloc(1, sizeof *in);
	if (in != NULL)
		in->to = calloc(n ? n : 1, sizeof *in->to);
	if (in == NULL || in->to == NULL) {
		free(in);
		return crm_err_nomem(err);
	}
	in->schema = s;
	in->kind = k;
	in->n = n;
	in->currency = -1;
	for (i = 0; i < n && r == CRM_OK; i++) {
		r = bind_one(in, &in->to[i], name[i], rows, err);
		if (r == CRM_OK && crm_str_is(name[i], "currency"))
			in->currency = (int)i;
	}
	if (r < 0) {
		crm_input_release(in);
		return r;
	}
	*out = in;
	return CRM_OK;
}

void
crm_input_release(struct crm_input *in)
{
	if (in == NULL)
		return;
	free(in->to);
	free(in);
}

bool
crm_input_is_part(const struct crm_input *in, size_t column)
{
	return in->to[column].what == IN_PART ||
	       in->to[column].what == IN_PART_KEPT;
}

bool
crm_input_is_passed(const struct crm_input *in, size_t column)
{
	return in->to[column].what == IN_SKIP;
}

/* ---- one cell ---- */

static int
parse(struct crm_change *ch, const struct crm_record *rec,
    const struct crm_field *f, struct crm_str text, unsigned flags,
    struct crm_value *out, struct crm_err *err)
{
	struct crm_parse ctx = {.schema = ch->schema,
	    .arena = &ch->work,
	    .digits =
		f->type == CRM_T_MONEY ? crm_money_digits(ch->schema, rec) : -1,
	    .flags = flags | ch->opt.parse_flags};
	int r;

	r = crm_value_parse(f, text, &ctx, out, err);
	ch->cleaned += ctx.cleaned;
	if (r < 0)
		return r;
	/* what is borrowed must outlive the caller's line */
	if (out->s.n > 0 && out->s.p >= text.p && out->s.p < text.p + text.n) {
		out->s = crm_arena_str(&ch->work, out->s);
		if (out->s.p == NULL)
			return crm_err_nomem(err);
	}
	return CRM_OK;
}

static int
would_erase(struct crm_change *ch, const struct crm_field *f,
    const struct crm_value *v, struct crm_err *err)
{
	struct crm_buf b = {.max = 1 << 20};

	crm_value_put(ch->schema, &b, v, true);
	crm_err_set(err, CRM_EDATA, "the empty cell would erase '%.*s'",
	    (int)(b.n < 120 ? b.n : 120), b.p ? b.p : "");
	crm_err_field(err, f->name, strlen(f->name));
	crm_err_hint(err, "--empty clear erases, --empty keep passes over");
	crm_buf_release(&b);
	return CRM_EDATA;
}

static int
set_value(struct crm_change *ch, struct crm_record *rec, struct crm_value *v,
    const struct crm_field *f, struct crm_str text, enum crm_empty empty,
    unsigned flags, struct crm_err *err)
{
	struct crm_value none = {.type = CRM_T_NONE};

	if (text.n == 0) {
		if (v->type == CRM_T_NONE || empty == CRM_EMPTY_KEEP)
			return CRM_OK;
		if (empty == CRM_EMPTY_REFUSE)
			return would_erase(ch, f, v, err);
		*v = none;
		return CRM_OK;
	}
	return parse(ch, rec, f, text, flags, v, err);
}

/* A read-only cell: may repeat what the store says, nothing else. */
static int
same_value(struct crm_change *ch, const struct crm_record *rec,
    const struct crm_value *v, const struct crm_field *f, struct crm_str text,
    struct crm_err *err)
{
	struct crm_buf b = {.max = 1 << 20};
	struct crm_value given;
	int r;

	if (text.n == 0)
		return CRM_OK;
	r = parse(ch, rec, f, text, 0, &given, err);
	if (r < 0)
		return r;
	if (crm_value_eq(&given, v))
		return CRM_OK;
	crm_value_put(ch->schema, &b, v, true);
	crm_err_set(err, CRM_EDATA,
	    "'%.*s' cannot be set: the programs keep it, and it is '%.*s'",
	    (int)(text.n < 80 ? text.n : 80), text.p,
	    (int)(b.n < 80 ? b.n : 80), b.p ? b.p : "");
	crm_err_field(err, f->name, strlen(f->name));
	crm_buf_release(&b);
	return CRM_EDATA;
}

static int
same_revision(
    const struct crm_record *rec, struct crm_str text, struct crm_err *err)
{
	int64_t n;

	if (text.n == 0 || rec->id == 0)
		return CRM_OK;
	if (crm_int_parse(text, &n) < 0 || n < 0)
		crm_err_set(err, CRM_EDATA, "'%.*s' is not a revision",
		    (int)(text.n < 40 ? text.n : 40), text.p);
	else if ((uint64_t)n == rec->revision)
		return CRM_OK;
	else
		crm_err_set(err, CRM_EDATA,
		    "the record was changed since revision %lld, it is at %llu",
		    (long long)n, (unsigned long long)rec->revision);
	crm_err_field(err, "revision", 8);
	return CRM_EDATA;
}

static int
figures(struct crm_change *ch, struct crm_record *rec, struct crm_err *err)
{
	const struct crm_hooks *h = &crm_hooks[rec->kind->number];

	if (rec->id == 0 || rec->revision == 0 || h->figures == NULL)
		return CRM_OK;
	return h->figures(
	    ch->txn, ch->schema, INT64_MAX, &crm_want_all, rec, err);
}

static int
apply_one(struct crm_change *ch, const struct target *to, struct crm_str cell,
    struct crm_record *rec, struct crm_row *row, enum crm_empty empty,
    unsigned flags, struct crm_err *err)
{
	switch (to->what) {
	case IN_FIELD:
		return set_value(ch, rec, &rec->v[to->index], to->field, cell,
		    empty, flags, err);
	case IN_KEPT:
		/* of a new record nothing is kept yet */
		if (rec->revision == 0)
			return CRM_OK;
		return same_value(
		    ch, rec, &rec->v[to->index], to->field, cell, err);
	case IN_PART:
		if (row == NULL)
			return CRM_OK;
		return set_value(ch, rec, &row->v[to->index], to->field, cell,
		    empty, flags, err);
	case IN_REVISION:
		return same_revision(rec, cell, err);
	case IN_SKIP:
	case IN_ID:
	case IN_PART_KEPT:
		break;
	}
	return CRM_OK;
}

int
crm_input_apply(struct crm_input *in, struct crm_change *ch,
    const struct crm_str *cell, struct crm_record *rec, struct crm_row *row,
    enum crm_empty empty, unsigned parse_flags, struct crm_err *err)
{
	size_t i;
	int r = CRM_OK;

	if (in->figures)
		r = figures(ch, rec, err);
	if (r == CRM_OK && in->currency >= 0)
		r = apply_one(ch, &in->to[in->currency], cell[in->currency],
		    rec, row, empty, parse_flags, err);
	for (i = 0; i < in->n && r == CRM_OK; i++)
		if ((int)i != in->currency)
			r = apply_one(ch, &in->to[i], cell[i], rec, row, empty,
			    parse_flags, err);
	return r;
}

int
crm_input_set(struct crm_change *ch, struct crm_record *rec,
    struct crm_str name, struct crm_str text, struct crm_err *err)
{
	int i = crm_kind_field(rec->kind, name);

	if (i < 0)
		return unknown(rec->kind, name, false, err);
	if (rec->kind->fields[i].flags & (CRM_F_READONLY | CRM_F_FIGURE)) {
		crm_err_set(err, CRM_EDATA, "is kept by the programs");
		crm_err_field(err, name.p, name.n);
		return CRM_EDATA;
	}
	return set_value(ch, rec, &rec->v[i], &rec->kind->fields[i], text,
	    CRM_EMPTY_CLEAR, 0, err);
}
