/*
 * cli_list.c - the common verb list, and rows of parts.
 */
#include "cli_noun.h"

int
cli_unless(const struct cli *c, struct crm_want *want)
{
	int f = c->unless ? crm_kind_field(c->kind, crm_str(c->unless)) : -1;

	if (f >= 0)
		crm_want_field(want, f);
	return f;
}

void
cli_keep_want(const struct cli *c, struct crm_want *want)
{
	const char *const *name = c->keep ? c->keep_fields : NULL;

	for (; name != NULL && *name != NULL; name++)
		crm_want_field(want, crm_kind_field(c->kind, crm_str(*name)));
}

struct list {
	struct cli *c;
	struct cli_rows *rows;
	struct crm_want want;
	struct crm_idmap ids;
	bool chosen;
	int64_t at;
};

/* CRM_NO: not by several threads. */
static int
list_lines(struct list *l, struct crm_txn *t, int unless, struct crm_err *err)
{
	struct crm_lines_job job = {.schema = l->c->schema,
	    .kind = l->c->kind,
	    .want = &l->want,
	    .unless = unless};

	if (l->chosen || l->at != INT64_MAX || l->c->keep ||
	    !cli_rows_job(l->rows, &job))
		return CRM_NO;
	return crm_scan_lines(t, &job, err);
}

static int
list_scan(struct list *l, struct crm_txn *t, struct crm_err *err)
{
	struct crm_scan *scan;
	struct crm_record *rec;
	uint64_t seen;
	int unless = l->chosen ? -1 : cli_unless(l->c, &l->want);
	int r;

	r = list_lines(l, t, unless, err);
	if (r != CRM_NO)
		return r;
	r = crm_scan_open(
	    t, l->c->schema, l->c->kind, &l->want, l->at, &scan, err);
	if (r < 0)
		return r;
	crm_scan_where(scan, cli_rows_where(l->rows));
	while ((r = crm_scan_next(scan, &rec, err)) == CRM_OK) {
		if (cli_left_out(unless, rec) || !cli_kept(l->c, rec) ||
		    (l->chosen && !crm_idmap_get(&l->ids, rec->id, &seen)))
			continue;
		r = cli_rows_put(l->rows, rec->v, err);
		if (r != CRM_OK)
			break;
	}
	crm_scan_close(scan);
	return r == CRM_NOTFOUND || r == CRM_NO ? CRM_OK : r;
}

int
cli_list(struct cli *c, struct crm_err *err)
{
	const struct crm_kind *k = c->kind;
	struct list l = {.c = c};
	struct crm_txn *t = NULL;
	int r;

	r = cli_operands(c, 0, 1, err);
	if (r == CRM_OK && c->noperand == 1 && !cli_stdin(c)) {
		crm_err_set(err, CRM_EUSAGE, "'%s' is no operand of list",
		    c->operand[0]);
		crm_err_hint(err, "records by reference: get; a stream of "
				  "ids on stdin: -");
		r = CRM_EUSAGE;
	}
	l.at = c->at;
	if (r == CRM_OK && c->noperand == 1) {
		l.chosen = true;
		r = cli_selector(c, NULL, k, &l.ids, err);
	}
	if (r == CRM_OK)
		r = cli_rows_open(
		    c, k->fields, k->nfields, k->time, &l.rows, err);
	if (r < 0)
		goto out;
	cli_rows_want(l.rows, &l.want);
	cli_keep_want(c, &l.want);
	r = crm_txn_begin(c->store, &t, err);
	if (r == CRM_OK)
		r = cli_rows_hold(l.rows, err);
	if (r == CRM_OK)
		r = list_scan(&l, t, err);
	if (t != NULL)
		crm_txn_end(t);
	if (r == CRM_OK)
		r = cli_rows_close(l.rows, err);
	else
		cli_rows_abort(l.rows);
out:
	crm_idmap_release(&l.ids);
	return r;
}

/* ---- parts ---- */

struct parts {
	struct cli *c;
	struct cli_rows *rows;
	struct crm_view view;
	struct crm_value *row;
	struct crm_want want;
	uint32_t only; /* the row with this number, 0: all */
};

static int
part_rows(struct parts *p, const struct crm_record *rec, struct crm_err *err)
{
	const struct crm_rows *rows = &rec->part[p->view.part];
	size_t i, f;
	int r = CRM_OK;

	for (i = 0; i < rows->n && r == CRM_OK; i++) {
		if (p->only != 0 && rows->row[i].no != p->only)
			continue;
		for (f = 0; f < p->view.kind.nfields; f++) {
			int from = p->view.from[f];

			if (from >= CRM_VIEW_PART)
				p->row[f] =
				    rows->row[i].v[from - CRM_VIEW_PART];
			else if (from >= 0)
				p->row[f] = rec->v[from];
		}
		p->row[0] = crm_value_id(rec->kind->number, rec->id);
		p->row[0].sub = rows->row[i].no;
		p->row[0].part = (uint8_t)(p->view.part + 1);
		r = cli_rows_put(p->rows, p->row, err);
	}
	return r;
}

static int
part_scan(struct parts *p, struct crm_txn *t, const struct crm_idmap *ids,
    struct crm_err *err)
{
	struct crm_scan *scan;
	struct crm_record *rec;
	uint64_t seen;
	int unless = ids ? -1 : cli_unless(p->c, &p->want);
	int r;

	r = crm_scan_open(
	    t, p->c->schema, p->c->kind, &p->want, p->c->at, &scan, err);
	if (r < 0)
		return r;
	while ((r = crm_scan_next(scan, &rec, err)) == CRM_OK) {
		if (cli_left_out(unless, rec) ||
		    (ids != NULL && !crm_idmap_get(ids, rec->id, &seen)))
			continue;
		r = part_rows(p, rec, err);
		if (r != CRM_OK)
			break;
	}
	crm_scan_close(scan);
	return r == CRM_NOTFOUND || r == CRM_NO ? CRM_OK : r;
}

/* An operand may be the id of a row, which is then meant alone. */
static int
part_only(struct parts *p, struct crm_record *rec, const struct crm_value *id,
    const char *operand, struct crm_err *err)
{
	const struct crm_kind *k = p->c->kind;
	const struct crm_part *part = &k->parts[p->view.part];

	p->only = id->sub;
	if (id->sub == 0)
		return CRM_OK;
	if (id->part != p->view.part + 1)
		return crm_err_set(err, CRM_EDATA,
		    "'%s' is no id of this part of %s, %s_id", operand, k->name,
		    part->name);
	if (crm_record_row(rec, p->view.part, id->sub) == NULL)
		return crm_err_set(err, CRM_NOTFOUND, "there is no %s %s",
		    part->name, operand);
	return CRM_OK;
}

static int
part_operands(struct parts *p, struct crm_txn *t, struct crm_err *err)
{
	struct cli *c = p->c;
	struct crm_record *rec;
	struct crm_value id;
	size_t i;
	int r = CRM_OK;

	for (i = 0; i < c->noperand && r == CRM_OK; i++) {
		r = crm_ref_find(t, NULL, c->kind->number, c->schema,
		    crm_str(c->operand[i]), &id, err);
		if (r < 0)
			return r;
		rec = crm_record_new(c->kind, &c->arena);
		if (rec == NULL)
			return crm_err_nomem(err);
		r = crm_model_read_at(t, c->schema, c->kind, (uint64_t)id.i,
		    &p->want, c->at, rec, err);
		rec->v[0] = crm_value_id(c->kind->number, (uint64_t)id.i);
		if (r == CRM_OK)
			r = part_only(p, rec, &id, c->operand[i], err);
		if (r == CRM_OK)
			r = part_rows(p, rec, err);
	}
	return r == CRM_NO ? CRM_OK : r;
}

int
cli_part_list(struct cli *c, const char *part, struct crm_err *err)
{
	const struct crm_kind *k = c->kind;
	int no = crm_kind_part(k, crm_str(part)), r;
	struct crm_idmap ids = {0};
	struct parts p = {.c = c};
	struct crm_txn *t = NULL;
	struct crm_want view = {{0}, 0};
	size_t f;

	r = crm_schema_view(c->schema, k, no, &c->arena, &p.view, err);
	if (r == CRM_OK && cli_stdin(c))
		r = cli_selector(c, NULL, k, &ids, err);
	if (r == CRM_OK)
		r = cli_rows_open(c, p.view.kind.fields, p.view.kind.nfields,
		    p.view.kind.time, &p.rows, err);
	if (r < 0)
		goto out;
	p.row =
	    crm_arena_zalloc(&c->arena, p.view.kind.nfields * sizeof *p.row);
	if (p.row == NULL) {
		cli_rows_abort(p.rows);
		r = crm_err_nomem(err);
		goto out;
	}
	cli_rows_want(p.rows, &view);
	p.want.parts = 1u << no;
	for (f = 0; f < p.view.kind.nfields; f++)
		if (crm_wants(&view, (int)f) && p.view.from[f] >= 0 &&
		    p.view.from[f] < CRM_VIEW_PART)
			crm_want_field(&p.want, p.view.from[f]);
	r = crm_txn_begin(c->store, &t, err);
	if (r == CRM_OK)
		r = cli_rows_hold(p.rows, err);
	if (r == CRM_OK)
		r = c->noperand > 0 && !cli_stdin(c)
			? part_operands(&p, t, err)
			: part_scan(&p, t, cli_stdin(c) ? &ids : NULL, err);
	if (t != NULL)
		crm_txn_end(t);
	if (r == CRM_OK)
		r = cli_rows_close(p.rows, err);
	else
		cli_rows_abort(p.rows);
out:
	crm_idmap_release(&ids);
	return r;
}
