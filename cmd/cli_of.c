/*
 * cli_of.c - records and rows of their parts, chosen by --of COLUMN -.
 *
 * The ids of a stream's column are a set: records whose own column of that name
 * is in it.  product_id is a column of an order's lines: an order has it when
 * one of its lines does.  Without --of these are the common verbs.
 */
#include "cli_noun.h"

const char *cli_of;

struct chosen {
	struct cli *c;
	struct cli_rows *rows;
	const struct crm_field *fields; /* of the rows */
	size_t nfields;
	struct crm_view view;
	struct crm_want want;
	struct crm_txn *txn;
	struct crm_idmap ids;
	struct crm_value *row;
	int part; /* -1: rows are records */
	int column; /* of the rows, -1: product_id of the lines */
	int product; /* that column of the lines, -1 none */
	unsigned ref; /* the kind of the ids */
	int64_t at;
};

static bool
is_chosen(const struct chosen *l, const struct crm_value *v)
{
	uint64_t seen;

	return v->type == CRM_T_ID && v->kind == l->ref &&
	       crm_idmap_get(&l->ids, (uint64_t)v->i, &seen);
}

/* What is about a record that was merged into a chosen one is about that. */
static int
leads_there(
    struct chosen *l, const struct crm_value *v, bool *yes, struct crm_err *err)
{
	struct crm_value live = *v;
	uint64_t number = (uint64_t)v->i;
	int r;

	*yes = is_chosen(l, v);
	if (*yes || v->type != CRM_T_ID || v->kind != l->ref ||
	    l->fields[l->column].ref != 0)
		return CRM_OK;
	r = crm_ref_live(l->txn, NULL, l->c->schema, l->ref, &number, err);
	live.i = (int64_t)number;
	if (r == CRM_OK)
		*yes = is_chosen(l, &live);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

static int
put_record(struct chosen *l, const struct crm_record *rec, struct crm_err *err)
{
	bool yes = false;
	int r = CRM_OK;

	if (l->column >= 0)
		r = leads_there(l, &rec->v[l->column], &yes, err);
	if (r < 0)
		return r;
	for (size_t i = 0; l->column < 0 && !yes && i < rec->part[0].n; i++)
		yes = is_chosen(l, &rec->part[0].row[i].v[l->product]);
	return yes ? cli_rows_put(l->rows, rec->v, err) : CRM_OK;
}

static int
put_parts(struct chosen *l, const struct crm_record *rec, struct crm_err *err)
{
	const struct crm_rows *rows = &rec->part[l->part];
	int r = CRM_OK;

	for (size_t i = 0; r == CRM_OK && i < rows->n; i++) {
		for (size_t f = 1; f < l->nfields; f++) {
			int from = l->view.from[f];

			l->row[f] = from >= CRM_VIEW_PART
					? rows->row[i].v[from - CRM_VIEW_PART]
					: rec->v[from];
		}
		l->row[0] = crm_value_id(rec->kind->number, rec->id);
		l->row[0].sub = rows->row[i].no;
		l->row[0].part = (uint8_t)(l->part + 1);
		if (is_chosen(l, &l->row[l->column]))
			r = cli_rows_put(l->rows, l->row, err);
	}
	return r;
}

static int
scan(struct chosen *l, struct crm_txn *t, struct crm_err *err)
{
	struct crm_scan *s;
	struct crm_record *rec;
	int unless = cli_unless(l->c, &l->want);
	int r = crm_scan_open(
	    t, l->c->schema, l->c->kind, &l->want, l->at, &s, err);

	l->txn = t;

	if (r < 0)
		return r;
	while ((r = crm_scan_next(s, &rec, err)) == CRM_OK) {
		if (cli_left_out(unless, rec) || !cli_kept(l->c, rec))
			continue;
		r = l->part < 0 ? put_record(l, rec, err)
				: put_parts(l, rec, err);
		if (r != CRM_OK)
			break;
	}
	crm_scan_close(s);
	return r == CRM_NOTFOUND || r == CRM_NO ? CRM_OK : r;
}

/* The hint lists those there are. */
static int
no_column(const struct chosen *l, struct crm_err *err)
{
	struct crm_buf b = {.max = 400};
	const struct crm_kind *k = l->c->kind;

	for (size_t i = 0; i < l->nfields; i++)
		if (l->fields[i].type == CRM_T_ID && (i > 0 || l->part < 0))
			crm_buf_putf(
			    &b, "%s%s", b.n ? ", " : "", l->fields[i].name);
	if (l->part < 0 && l->product >= 0)
		crm_buf_puts(&b, ", product_id");
	crm_err_set(err, CRM_EUSAGE, "'%s' is no column of ids of %s%s %s",
	    cli_of, l->part < 0 ? "" : "a row of ", crm_article(k->name),
	    k->name);
	crm_err_field(err, "--of", 4);
	crm_err_hint(err, "one of %.*s", (int)b.n, b.p ? b.p : "");
	crm_buf_release(&b);
	return CRM_EUSAGE;
}

/* The column of the rows, and the kind whose ids are in it. */
static int
find_column(struct chosen *l, const struct crm_kind **kind, struct crm_err *err)
{
	const struct crm_kind *k = l->c->kind;
	unsigned ref = 0;
	bool known = false;

	*kind = NULL;
	l->column = l->product = -1;
	if (k->nparts > 0)
		l->product =
		    crm_part_field(&k->parts[0], CRM_STR("product_id"));
	for (size_t i = 0; i < l->nfields; i++)
		if (strcmp(l->fields[i].name, cli_of) == 0)
			l->column = (int)i;
	if (l->column >= 0) {
		known = l->fields[l->column].type == CRM_T_ID &&
			(l->column > 0 || l->part < 0);
		ref = l->fields[l->column].ref;
	} else if (l->part < 0 && l->product >= 0 &&
		   strcmp(cli_of, "product_id") == 0) {
		known = true;
		ref = CRM_K_PRODUCT;
		l->want.parts |= 1;
	}
	/* of any kind: the stream's column says of which */
	if (known && ref == 0)
		*kind = crm_schema_by_id(l->c->schema, crm_str(cli_opt.on));
	if (known && ref > 0 && ref < CRM_K_MAX)
		*kind = &l->c->schema->kind[ref];
	if (*kind) {
		l->ref = (*kind)->number;
		return CRM_OK;
	}
	if (known) {
		crm_err_set(err, CRM_EUSAGE,
		    "'%s' holds ids of any kind: --on names the column of the "
		    "stream",
		    cli_of);
		crm_err_field(err, "--of", 4);
		return CRM_EUSAGE;
	}
	return no_column(l, err);
}

/* What is to be read of a record for the rows' fields wanted. */
static void
add_want(struct chosen *l)
{
	struct crm_want rows = {{0}, 0};

	cli_rows_want(l->rows, &rows);
	if (l->column >= 0)
		crm_want_field(&rows, l->column);
	if (l->part >= 0)
		l->want.parts |= 1u << l->part;
	for (int f = 0; f < (int)l->nfields; f++) {
		int from = l->part < 0 ? f : l->view.from[f];

		if (crm_wants(&rows, f) && from >= 0 && from < CRM_VIEW_PART)
			crm_want_field(&l->want, from);
	}
}

static int
print(struct chosen *l, struct crm_err *err)
{
	const struct crm_kind *kind;
	struct crm_txn *t = NULL;
	int r = find_column(l, &kind, err);

	if (r == CRM_OK)
		r = cli_selector(
		    l->c, cli_opt.on ? cli_opt.on : cli_of, kind, &l->ids, err);
	if (r == CRM_OK)
		r = cli_rows_open(l->c, l->fields, l->nfields, l->c->kind->time,
		    &l->rows, err);
	if (r < 0)
		return r;
	add_want(l);
	cli_keep_want(l->c, &l->want);
	r = crm_txn_begin(l->c->store, &t, err);
	if (r == CRM_OK)
		r = cli_rows_hold(l->rows, err);
	if (r == CRM_OK)
		r = scan(l, t, err);
	if (t)
		crm_txn_end(t);
	if (r == CRM_OK)
		return cli_rows_close(l->rows, err);
	cli_rows_abort(l->rows);
	return r;
}

static int
need_stdin(struct cli *c, struct crm_err *err)
{
	if (cli_stdin(c))
		return CRM_OK;
	crm_err_set(err, CRM_EUSAGE, "--of wants a stream of ids");
	crm_err_hint(err, "give it on stdin, and - as the operand");
	return CRM_EUSAGE;
}

int
cli_of_list(struct cli *c, struct crm_err *err)
{
	struct chosen l = {.c = c,
	    .part = -1,
	    .at = c->at,
	    .fields = c->kind->fields,
	    .nfields = c->kind->nfields};
	int r;

	if (!cli_of)
		return cli_list(c, err);
	r = need_stdin(c, err);
	if (r == CRM_OK)
		r = print(&l, err);
	crm_idmap_release(&l.ids);
	return r;
}

int
cli_of_part(struct cli *c, const char *part, struct crm_err *err)
{
	struct chosen l = {
	    .c = c, .part = crm_kind_part(c->kind, crm_str(part)), .at = c->at};
	int r;

	if (!cli_of)
		return cli_part_list(c, part, err);
	r = need_stdin(c, err);
	if (r == CRM_OK)
		r = crm_schema_view(
		    c->schema, c->kind, l.part, &c->arena, &l.view, err);
	if (r < 0)
		return r;
	l.fields = l.view.kind.fields;
	l.nfields = l.view.kind.nfields;
	l.row = crm_arena_zalloc(&c->arena, l.nfields * sizeof *l.row);
	r = l.row ? print(&l, err) : crm_err_nomem(err);
	crm_idmap_release(&l.ids);
	return r;
}
