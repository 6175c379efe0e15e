/*
 * cli_order_list.c - orders and rows of their parts, chosen by --of COLUMN -.
 *
 * The ids of a stream's column are a set: orders whose own column of that name
 * is in it.  product_id is a column of lines: an order has it when one of its
 * lines does.  Without --of these are the common verbs.
 */
#include "cli_order.h"

static const char *of;

static bool tests;

const struct cli_option cli_order_of_options[] = {
    {0, "of", CLI_TEXT, &of, "COLUMN",
	"only those whose COLUMN is among the ids of the stream on stdin"},
    {0, "test", CLI_FLAG, &tests, NULL, "with the orders that are tests"}, {0}};

struct chosen {
	struct cli *c;
	struct cli_rows *rows;
	const struct crm_field *fields; /* of the rows */
	size_t nfields;
	struct crm_view view;
	struct crm_want want;
	struct crm_idmap ids;
	struct crm_value *row;
	int part; /* -1: rows are orders */
	int column; /* of the rows, -1: product_id of the lines */
	int64_t at;
};

static bool
is_chosen(const struct chosen *l, const struct crm_value *v)
{
	uint64_t seen;

	return v->type == CRM_T_ID &&
	       crm_idmap_get(&l->ids, (uint64_t)v->i, &seen);
}

static int
put_order(struct chosen *l, const struct crm_record *rec, struct crm_err *err)
{
	const struct crm_part *line = &rec->kind->parts[0];
	int product = crm_part_field(line, CRM_STR("product_id"));
	bool yes = false;

	if (l->column >= 0)
		yes = is_chosen(l, &rec->v[l->column]);
	for (size_t i = 0; l->column < 0 && !yes && i < rec->part[0].n; i++)
		yes = is_chosen(l, &rec->part[0].row[i].v[product]);
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

	if (r < 0)
		return r;
	while ((r = crm_scan_next(s, &rec, err)) == CRM_OK) {
		if (cli_left_out(unless, rec))
			continue;
		r = l->part < 0 ? put_order(l, rec, err)
				: put_parts(l, rec, err);
		if (r != CRM_OK)
			break;
	}
	crm_scan_close(s);
	return r == CRM_NOTFOUND || r == CRM_NO ? CRM_OK : r;
}

/* The column of the rows, and the kind whose ids are in it. */
static int
find_column(struct chosen *l, const struct crm_kind **kind, struct crm_err *err)
{
	const struct crm_kind *k = l->c->kind;
	unsigned ref = 0;
	bool known = false;

	*kind = NULL;
	l->column = -1;
	for (size_t i = 0; i < l->nfields; i++)
		if (strcmp(l->fields[i].name, of) == 0)
			l->column = (int)i;
	if (l->column >= 0) {
		known = l->fields[l->column].type == CRM_T_ID &&
			(l->column > 0 || l->part < 0);
		ref = l->fields[l->column].ref;
	} else if (l->part < 0 && strcmp(of, "product_id") == 0) {
		known = true;
		ref = CRM_K_PRODUCT;
		l->want.parts |= 1;
	}
	if (known && ref > 0 && ref < CRM_K_MAX)
		*kind = &l->c->schema->kind[ref];
	if (*kind)
		return CRM_OK;
	crm_err_set(err, CRM_EUSAGE, "'%s' is no column of ids of %s %s", of,
	    l->part < 0 ? "an" : "a row of an", k->name);
	crm_err_field(err, "--of", 4);
	crm_err_hint(err, "one of customer_id, order_id, product_id, "
			  "contact_id, seller_id, replaces_id");
	return CRM_EUSAGE;
}

/* What is to be read of an order for the rows' fields wanted. */
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
		    l->c, cli_opt.on ? cli_opt.on : of, kind, &l->ids, err);
	if (r == CRM_OK)
		r = cli_rows_open(l->c, l->fields, l->nfields, l->c->kind->time,
		    &l->rows, err);
	if (r < 0)
		return r;
	add_want(l);
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
cli_order_list(struct cli *c, struct crm_err *err)
{
	struct chosen l = {.c = c,
	    .part = -1,
	    .at = c->at,
	    .fields = c->kind->fields,
	    .nfields = c->kind->nfields};
	int r;

	c->unless = tests ? NULL : "test";
	if (!of)
		return cli_list(c, err);
	r = need_stdin(c, err);
	if (r == CRM_OK)
		r = print(&l, err);
	crm_idmap_release(&l.ids);
	return r;
}

int
cli_order_part(struct cli *c, const char *part, struct crm_err *err)
{
	struct chosen l = {
	    .c = c, .part = crm_kind_part(c->kind, crm_str(part)), .at = c->at};
	int r;

	c->unless = tests ? NULL : "test";
	if (!of)
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
