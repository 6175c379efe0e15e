/*
 * cli_set.c - the common verbs set, rm, tag, identify: what changes records
 * that are there, one for each operand or row.
 */
#include "cli_noun.h"

/* ---- set ---- */

struct set_ctx {
	struct crm_input *in;
	struct crm_str *cell;
	enum crm_empty empty;
};

/* Wrong columns are not the data of one row: --keep-going does not help. */
static int
set_bind(
    struct cli_work *w, struct crm_stream *s, void *ctx, struct crm_err *err)
{
	struct set_ctx *x = ctx;
	size_t n = crm_stream_columns(s), i;
	struct crm_str *name;
	int r;

	name = crm_arena_alloc(&w->c->arena, n * sizeof *name);
	x->cell = crm_arena_alloc(&w->c->arena, n * sizeof *x->cell);
	if (name == NULL || x->cell == NULL)
		return crm_err_nomem(err);
	for (i = 0; i < n; i++)
		name[i] = crm_stream_name(s, i);
	r = crm_input_bind(
	    &x->in, w->c->schema, w->c->kind, name, n, false, err);
	if (r < 0)
		crm_err_place(err, crm_stream_file(s), 1);
	return r;
}

static int
set_each(struct cli_work *w, struct crm_str ref, struct crm_stream *s,
    void *ctx, struct crm_err *err)
{
	struct set_ctx *x = ctx;
	struct crm_record *rec;
	size_t i;
	int r;

	r = cli_record(w, ref, &rec, err);
	if (r == CRM_OK && s != NULL) {
		for (i = 0; i < crm_stream_columns(s); i++)
			x->cell[i] = crm_stream_field(s, i);
		r = crm_input_apply(x->in, w->change, x->cell, rec, NULL,
		    x->empty, cli_parse_flags(), err);
	}
	if (r == CRM_OK)
		r = cli_apply_options(w, rec, err);
	if (r == CRM_OK)
		r = cli_work_put(w, rec, err);
	return r;
}

int
cli_set_verb(struct cli *c, struct crm_err *err)
{
	struct set_ctx x = {NULL, NULL, CRM_EMPTY_REFUSE};
	struct cli_work w;
	int r;

	r = cli_operands(c, 1, 0, err);
	if (r == CRM_OK)
		r = cli_empty(&x.empty, err);
	if (r == CRM_OK && !cli_stdin(c) && c->nset == 0) {
		crm_err_set(err, CRM_EUSAGE, "no field to set is given");
		crm_err_hint(err, "give fields as options: --tier gold");
		r = CRM_EUSAGE;
	}
	if (r < 0)
		return r;
	r = cli_work_begin(c, cli_stdin(c) || c->noperand > 1, &w, err);
	if (r == CRM_OK)
		r = cli_each_bound(&w, set_bind, set_each, &x, err);
	crm_input_release(x.in);
	return cli_work_finish(&w, r, err);
}

/* ---- rm ---- */

static int
rm_each(struct cli_work *w, struct crm_str ref, struct crm_stream *s, void *ctx,
    struct crm_err *err)
{
	struct crm_value id;
	int r;

	(void)s;
	(void)ctx;
	r = crm_ref_find(crm_change_txn(w->change), w->change,
	    w->c->kind->number, w->c->schema, ref, &id, err);
	if (r == CRM_OK)
		r = crm_change_remove(
		    w->change, w->c->kind, (uint64_t)id.i, err);
	return r;
}

int
cli_rm(struct cli *c, struct crm_err *err)
{
	struct cli_work w;
	int r;

	r = cli_operands(c, 1, 0, err);
	if (r < 0)
		return r;
	r = cli_work_begin(c, true, &w, err);
	if (r == CRM_OK)
		r = cli_each(&w, rm_each, NULL, err);
	return cli_work_finish(&w, r, err);
}

/* ---- tag ---- */

static int
tag_change(struct crm_value *v, struct crm_str tag, bool add,
    struct crm_arena *a, struct crm_err *err)
{
	struct crm_buf b = {0};
	struct crm_str rest = v->s, item, all;
	bool there = false;
	int r;

	if (tag.n == 0 || memchr(tag.p, ',', tag.n) != NULL)
		return crm_err_set(err, CRM_EUSAGE,
		    "a tag has letters, and no comma: +xmas -summer");
	while (v->s.n > 0 && crm_str_split(&rest, ',', &item)) {
		bool same = crm_str_eq(item, tag);

		there |= same;
		if (same && !add)
			continue;
		if (b.n > 0)
			crm_buf_putc(&b, ',');
		crm_buf_putstr(&b, item);
	}
	if (add && !there) {
		if (b.n > 0)
			crm_buf_putc(&b, ',');
		crm_buf_putstr(&b, tag);
	}
	r = crm_buf_keep(&b, a, &all, err);
	*v = crm_value_text(all);
	if (v->type != CRM_T_NONE)
		v->type = CRM_T_LIST;
	crm_buf_release(&b);
	return r;
}

/* The operands after the first, for each record the first one names, or the
 * rows of stdin under `-`. */
struct words {
	char **word;
	size_t n;
};

static int
each_with_words(struct cli *c, size_t least, cli_bind_fn *bind,
    cli_each_fn *each, struct crm_err *err)
{
	struct words x;
	struct cli_work w;
	int r = cli_operands(c, least, 0, err);

	if (r < 0)
		return r;
	x = (struct words){c->operand + 1, c->noperand - 1};
	c->noperand = 1;
	r = cli_work_begin(c, cli_stdin(c), &w, err);
	if (r == CRM_OK)
		r = cli_each_bound(&w, bind, each, &x, err);
	return cli_work_finish(&w, r, err);
}

static int
tag_each(struct cli_work *w, struct crm_str ref, struct crm_stream *s,
    void *ctx, struct crm_err *err)
{
	const struct words *x = ctx;
	struct crm_arena *a = crm_change_arena(w->change);
	struct crm_buf b = {0};
	struct crm_record *rec;
	struct crm_str tag;
	size_t i;
	int r;

	(void)s;
	r = cli_record(w, ref, &rec, err);
	for (i = 0; i < x->n && r == CRM_OK; i++) {
		char sign = x->word[i][0];

		if (sign != '+' && sign != '-') {
			r = crm_err_set(err, CRM_EUSAGE,
			    "'%s' is not +TAG or -TAG", x->word[i]);
			break;
		}
		crm_buf_clear(&b);
		r = crm_text_enter(
		    crm_str_trim(crm_str(x->word[i] + 1)), 0, NULL, &b, err);
		if (r == CRM_OK)
			r = crm_buf_keep(&b, a, &tag, err);
		if (r == CRM_OK)
			r = tag_change(crm_record_at(rec, "tags"), tag,
			    sign == '+', a, err);
	}
	crm_buf_release(&b);
	if (r == CRM_OK)
		r = cli_work_put(w, rec, err);
	return r;
}

int
cli_tag(struct cli *c, struct crm_err *err)
{
	if (crm_kind_field(c->kind, CRM_STR("tags")) < 0)
		return crm_err_set(err, CRM_EUSAGE, "%s %s has no tags",
		    crm_article(c->kind->name), c->kind->name);
	return each_with_words(c, 2, NULL, tag_each, err);
}

/* ---- identify ---- */

/* The primary one is a field, which is changed as others are. */
static int
not_known(const struct crm_record *rec, struct crm_str scheme,
    struct crm_str normal, struct crm_err *err)
{
	int f = crm_kind_field(rec->kind, scheme);

	crm_err_set(err, CRM_NOTFOUND, "it is not known as '%.*s:%.*s'",
	    (int)scheme.n, scheme.p, (int)normal.n, normal.p);
	if (f > 0 && crm_str_eq(rec->v[f].s, normal)) {
		crm_err_set(err, CRM_NOTFOUND,
		    "'%.*s:%.*s' is its field %s, not one of its identities",
		    (int)scheme.n, scheme.p, (int)normal.n, normal.p,
		    rec->kind->fields[f].name);
		crm_err_hint(err, "give it another: set --%s ...",
		    rec->kind->fields[f].name);
	}
	return CRM_NOTFOUND;
}

static int
identify_one(struct cli_work *w, struct crm_record *rec, struct crm_str scheme,
    struct crm_str value, bool shared, struct crm_err *err)
{
	int part = crm_kind_part(rec->kind, CRM_STR("identity"));
	struct crm_arena *arena = crm_change_arena(w->change);
	struct crm_buf normal = {0};
	struct crm_row *row = NULL;
	struct crm_str name, kept;
	size_t i;
	int r;

	r = crm_ident_normal(w->c->schema, scheme, value, &normal, err);
	if (r < 0)
		goto out;
	for (i = 0; i < rec->part[part].n; i++)
		if (crm_str_eq(rec->part[part].row[i].v[0].s, scheme) &&
		    crm_str_eq(
			rec->part[part].row[i].v[1].s, crm_buf_str(&normal)))
			row = &rec->part[part].row[i];
	if (cli_ident_remove) {
		if (row == NULL) {
			r = not_known(rec, scheme, crm_buf_str(&normal), err);
			goto out;
		}
		crm_record_drop(rec, part, row->no);
		goto out;
	}
	if (row == NULL)
		row = crm_record_add(rec, part, 0);
	if (row == NULL) {
		r = crm_err_nomem(err);
		goto out;
	}
	name = crm_arena_str(arena, scheme);
	r = name.p ? crm_buf_keep(&normal, arena, &kept, err)
		   : crm_err_nomem(err);
	if (r < 0)
		goto out;
	row->v[0] = crm_value_text(name);
	row->v[1] = crm_value_text(kept);
	if (shared)
		row->v[2] = crm_value_num(CRM_T_BOOL, 1, 0);
out:
	crm_buf_release(&normal);
	return r;
}

static int
identify_text(struct cli_work *w, struct crm_record *rec, struct crm_str text,
    struct crm_err *err)
{
	const char *colon = text.n ? memchr(text.p, ':', text.n) : NULL;
	struct crm_str scheme, value;

	if (colon == NULL)
		return crm_err_set(err, CRM_EUSAGE,
		    "'%.*s' is not SCHEME:VALUE",
		    (int)(text.n < 120 ? text.n : 120), text.p);
	scheme = (struct crm_str){text.p, (size_t)(colon - text.p)};
	value = (struct crm_str){colon + 1, text.n - scheme.n - 1};
	return identify_one(w, rec, scheme, value, cli_ident_shared, err);
}

static int
identify_bind(
    struct cli_work *w, struct crm_stream *s, void *ctx, struct crm_err *err)
{
	static const char *const wanted[] = {"scheme", "value"};
	size_t i;

	(void)w;
	(void)ctx;
	for (i = 0; i < 2; i++)
		if (crm_stream_find(s, crm_str(wanted[i])) < 0) {
			crm_err_set(err, CRM_EDATA, "there is no column '%s'",
			    wanted[i]);
			crm_err_place(err, crm_stream_file(s), 1);
			crm_err_hint(err,
			    "identify takes the columns %s_id, scheme and "
			    "value, as `identities` prints them",
			    w->c->kind->name);
			return CRM_EDATA;
		}
	return CRM_OK;
}

static int
identify_each(struct cli_work *w, struct crm_str ref, struct crm_stream *s,
    void *ctx, struct crm_err *err)
{
	const struct words *x = ctx;
	struct crm_record *rec;
	size_t i;
	int r;

	r = cli_record(w, ref, &rec, err);
	if (s != NULL && r == CRM_OK) {
		int scheme = crm_stream_find(s, CRM_STR("scheme"));
		int value = crm_stream_find(s, CRM_STR("value"));
		int shared = crm_stream_find(s, CRM_STR("shared"));

		r = identify_one(w, rec, crm_stream_field(s, (size_t)scheme),
		    crm_stream_field(s, (size_t)value),
		    cli_ident_shared ||
			(shared >= 0 &&
			    crm_str_is(
				crm_stream_field(s, (size_t)shared), "yes")),
		    err);
	}
	for (i = 0; i < x->n && r == CRM_OK; i++)
		r = identify_text(w, rec, crm_str(x->word[i]), err);
	if (r == CRM_OK)
		r = cli_work_put(w, rec, err);
	return r;
}

int
cli_identify(struct cli *c, struct crm_err *err)
{
	if (crm_kind_part(c->kind, CRM_STR("identity")) < 0)
		return crm_err_set(err, CRM_EUSAGE, "%s %s has no identities",
		    crm_article(c->kind->name), c->kind->name);
	return each_with_words(
	    c, cli_stdin(c) ? 1 : 2, identify_bind, identify_each, err);
}
