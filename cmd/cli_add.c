/*
 * cli_add.c - the common verbs add, set, rm, tag, identify: what writes.
 */
#include "cli_noun.h"

extern bool cli_ident_shared, cli_ident_remove;

/* ---- add ---- */

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
		crm_err_set(err, CRM_EUSAGE, "'%s' is no identity of a %s",
		    cli_or_get, rec->kind->name);
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

/* The rows of one record: its lines come as rows of their own, with the
 * record's cells equal or empty. */
struct group {
	struct crm_record *rec;
	struct crm_buf raw; /* lines, for the rejects */
	struct crm_buf cells; /* of the record's columns, as they were */
	size_t *from, *len;
	unsigned long line;
	bool bad;
};

static bool
same_group(const struct group *g, const struct crm_input *in,
    const struct crm_stream *s, size_t id)
{
	size_t i, n = crm_stream_columns(s);
	bool any = false;

	if (g->rec == NULL && !g->bad)
		return false;
	for (i = 0; i < n; i++) {
		struct crm_str cell = crm_stream_field(s, i);

		if (crm_input_is_part(in, i)) {
			any = true;
			continue;
		}
		if (i == id || cell.n == 0 || crm_input_is_passed(in, i))
			continue;
		if (!crm_str_eq(cell,
			(struct crm_str){g->cells.p + g->from[i], g->len[i]}))
			return false;
	}
	return any;
}

static void
group_keep(struct group *g, const struct crm_stream *s)
{
	size_t i, n = crm_stream_columns(s);

	crm_buf_clear(&g->cells);
	crm_buf_clear(&g->raw);
	for (i = 0; i < n; i++) {
		struct crm_str cell = crm_stream_field(s, i);

		g->from[i] = g->cells.n;
		g->len[i] = cell.n;
		crm_buf_putstr(&g->cells, cell);
	}
}

/* Puts the group's record, or rejects its lines. */
static int
group_end(struct cli_work *w, struct group *g, struct cli_rejects *rejects,
    const struct crm_stream *s, int r, struct crm_err *err)
{
	struct crm_str rest, line;

	if (r == CRM_OK && g->rec != NULL) {
		r = add_record(w, g->rec, err);
		if (r == CRM_EDATA || r == CRM_NOTFOUND) {
			r = CRM_EDATA;
			if (err != NULL && err->place[0] == '\0')
				crm_err_place(err, crm_stream_file(s), g->line);
			if (err != NULL && err->hint[0] == '\0' &&
			    strcmp(err->field, "number") == 0)
				crm_err_hint(err,
				    "rows of one order follow each other, and "
				    "what they say of it is equal or empty");
		}
	}
	if (r == CRM_EDATA) {
		rest = crm_buf_str(&g->raw);
		while (r == CRM_EDATA && crm_str_split(&rest, '\n', &line)) {
			if (line.n == 0)
				break;
			struct crm_err copy = *err;

			r = cli_reject(rejects, line, &copy);
			if (r == CRM_OK && rest.p != NULL && rest.n > 0)
				r = CRM_EDATA;
			else if (r < 0)
				*err = copy;
		}
		if (r == CRM_OK)
			memset(err, 0, sizeof *err);
	}
	g->rec = NULL;
	g->bad = false;
	crm_change_reset(w->change);
	return r;
}

static int
add_cells(struct cli_work *w, struct group *g, struct crm_input *in,
    struct crm_stream *s, bool first, struct crm_str *cell, struct crm_err *err)
{
	struct crm_row *row = NULL;
	size_t i, n = crm_stream_columns(s);
	bool any = false;
	int r;

	for (i = 0; i < n; i++) {
		cell[i] = crm_stream_field(s, i);
		any |= crm_input_is_part(in, i) && cell[i].n > 0;
	}
	if (any) {
		row = crm_record_add(g->rec, 0, 0);
		if (row == NULL)
			return crm_err_nomem(err);
	}
	r = crm_input_apply(in, w->change, cell, g->rec, row, CRM_EMPTY_KEEP,
	    cli_parse_flags(), err);
	if (r == CRM_OK && first)
		r = cli_apply_options(w, g->rec, err);
	return r;
}

static int
add_rows(struct cli_work *w, struct crm_stream *s, struct cli_rejects *rejects,
    struct crm_err *err)
{
	const struct crm_kind *k = w->c->kind;
	size_t n = crm_stream_columns(s), i;
	struct crm_arena *a = &w->c->arena;
	struct crm_str *name = crm_arena_alloc(a, n * sizeof *name);
	struct crm_str *cell = crm_arena_alloc(a, n * sizeof *cell);
	int id = crm_stream_find(s, crm_str(k->fields[0].name));
	struct crm_input *in = NULL;
	struct group g = {0};
	bool first;
	int r;

	g.from = crm_arena_zalloc(a, n * sizeof *g.from);
	g.len = crm_arena_zalloc(a, n * sizeof *g.len);
	if (name == NULL || cell == NULL || g.from == NULL || g.len == NULL)
		return crm_err_nomem(err);
	for (i = 0; i < n; i++)
		name[i] = crm_stream_name(s, i);
	r = crm_input_bind(&in, w->c->schema, k, name, n, true, err);
	if (r < 0) {
		cli_place(err, s);
		return r;
	}
	while (r == CRM_OK) {
		r = crm_stream_next(s, err);
		if (r == CRM_EDATA) {
			int was = group_end(
			    w, &g, rejects, s, CRM_OK, &(struct crm_err){0});

			r = was < 0
				? was
				: cli_reject(rejects, crm_stream_raw(s), err);
			continue;
		}
		if (r < 0)
			break;
		if (id >= 0 && crm_stream_field(s, (size_t)id).n > 0) {
			crm_err_set(err, CRM_EDATA,
			    "add gives the numbers itself, leave it empty");
			crm_err_field(
			    err, k->fields[0].name, strlen(k->fields[0].name));
			crm_err_hint(err, "to change known records: set");
			cli_place(err, s);
			r = cli_reject(rejects, crm_stream_raw(s), err);
			continue;
		}
		first = !same_group(&g, in, s, (size_t)id);
		if (first) {
			r = group_end(w, &g, rejects, s, CRM_OK, err);
			if (r < 0)
				break;
			group_keep(&g, s);
			g.line = crm_stream_line(s);
			r = crm_change_new(w->change, k, &g.rec, err);
			if (r < 0)
				break;
		}
		crm_buf_putstr(&g.raw, crm_stream_raw(s));
		crm_buf_putc(&g.raw, '\n');
		if (g.bad) {
			crm_err_set(err, CRM_EDATA,
			    "another row of the same %s is refused", k->name);
			cli_place(err, s);
			r = cli_reject(rejects, crm_stream_raw(s), err);
			continue;
		}
		r = add_cells(w, &g, in, s, first, cell, err);
		if (r == CRM_EDATA || r == CRM_NOTFOUND) {
			cli_place(err, s);
			r = group_end(w, &g, rejects, s, CRM_EDATA, err);
			g.bad = true;
		}
	}
	if (r == CRM_NOTFOUND)
		r = group_end(w, &g, rejects, s, CRM_OK, err);
	crm_input_release(in);
	crm_buf_release(&g.cells);
	crm_buf_release(&g.raw);
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

/* Commits what a stream gave, keeping its "done in part". */
static int
finish(struct cli_work *w, int r, struct crm_err *err)
{
	int end;

	if (r == CRM_OK || r == CRM_PARTLY) {
		end = cli_work_end(w, err);
		if (end < 0)
			r = end;
	}
	cli_work_release(w);
	return r;
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
	else if (r == CRM_NO) {
		cli_work_release(&w);
		return CRM_OK;
	}
	return finish(&w, r, err);
}

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
	if (r == CRM_NO) {
		cli_work_release(&w);
		return CRM_OK;
	}
	if (r == CRM_OK)
		r = cli_each_bound(&w, set_bind, set_each, &x, err);
	crm_input_release(x.in);
	return finish(&w, r, err);
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
	if (r == CRM_NO) {
		cli_work_release(&w);
		return CRM_OK;
	}
	if (r == CRM_OK)
		r = cli_each(&w, rm_each, NULL, err);
	return finish(&w, r, err);
}

/* ---- tag ---- */

static int
tag_change(struct crm_value *v, struct crm_str tag, bool add,
    struct crm_arena *a, struct crm_err *err)
{
	struct crm_buf b = {0};
	struct crm_str rest = v->s, item;
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
	r = crm_buf_check(&b, err);
	if (r == CRM_OK && b.n > 0) {
		struct crm_str text = crm_arena_str(a, crm_buf_str(&b));

		*v = crm_value_text(text);
		v->type = CRM_T_LIST;
		if (text.p == NULL)
			r = crm_err_nomem(err);
	} else if (r == CRM_OK) {
		*v = (struct crm_value){.type = CRM_T_NONE};
	}
	crm_buf_release(&b);
	return r;
}

/* The operands after the first, and stdin's rows under `-`. */
struct tag_ctx {
	char **tag;
	size_t n;
};

static int
tag_each(struct cli_work *w, struct crm_str ref, struct crm_stream *s,
    void *ctx, struct crm_err *err)
{
	struct tag_ctx *x = ctx;
	struct crm_arena *a = crm_change_arena(w->change);
	struct crm_buf b = {0};
	struct crm_record *rec;
	struct crm_str tag;
	size_t i;
	int r;

	(void)s;
	r = cli_record(w, ref, &rec, err);
	for (i = 0; i < x->n && r == CRM_OK; i++) {
		char sign = x->tag[i][0];

		if (sign != '+' && sign != '-') {
			r = crm_err_set(err, CRM_EUSAGE,
			    "'%s' is not +TAG or -TAG", x->tag[i]);
			break;
		}
		crm_buf_clear(&b);
		r = crm_text_enter(
		    crm_str_trim(crm_str(x->tag[i] + 1)), 0, NULL, &b, err);
		if (r < 0)
			break;
		tag = crm_arena_str(a, crm_buf_str(&b));
		r = tag.p == NULL ? crm_err_nomem(err)
				  : tag_change(crm_record_at(rec, "tags"), tag,
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
	struct tag_ctx x;
	struct cli_work w;
	int r;

	if (crm_kind_field(c->kind, CRM_STR("tags")) < 0)
		return crm_err_set(
		    err, CRM_EUSAGE, "a %s has no tags", c->kind->name);
	r = cli_operands(c, 2, 0, err);
	if (r < 0)
		return r;
	x.tag = c->operand + 1;
	x.n = c->noperand - 1;
	c->noperand = 1;
	r = cli_work_begin(c, cli_stdin(c), &w, err);
	if (r == CRM_NO) {
		cli_work_release(&w);
		return CRM_OK;
	}
	if (r == CRM_OK)
		r = cli_each(&w, tag_each, &x, err);
	return finish(&w, r, err);
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
	struct crm_buf normal = {0};
	struct crm_row *row = NULL;
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
	row->v[0] =
	    crm_value_text(crm_arena_str(crm_change_arena(w->change), scheme));
	row->v[1] = crm_value_text(
	    crm_arena_str(crm_change_arena(w->change), crm_buf_str(&normal)));
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
	struct tag_ctx *x = ctx;
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
		r = identify_text(w, rec, crm_str(x->tag[i]), err);
	if (r == CRM_OK)
		r = cli_work_put(w, rec, err);
	return r;
}

int
cli_identify(struct cli *c, struct crm_err *err)
{
	struct tag_ctx x;
	struct cli_work w;
	int r;

	if (crm_kind_part(c->kind, CRM_STR("identity")) < 0)
		return crm_err_set(
		    err, CRM_EUSAGE, "a %s has no identities", c->kind->name);
	r = cli_operands(c, cli_stdin(c) ? 1 : 2, 0, err);
	if (r < 0)
		return r;
	x.tag = c->operand + 1;
	x.n = c->noperand - 1;
	c->noperand = 1;
	r = cli_work_begin(c, cli_stdin(c), &w, err);
	if (r == CRM_NO) {
		cli_work_release(&w);
		return CRM_OK;
	}
	if (r == CRM_OK)
		r = cli_each_bound(&w, identify_bind, identify_each, &x, err);
	return finish(&w, r, err);
}
