/*
 * cli_print.c - records by number onto the output, as they are stored now.
 *
 * What a change wrote is read again to be printed: only what is stored is an
 * answer.  Where records are committed one by one each is written out at
 * once, as whoever waits for it may send the next one only then.
 */
#include "cli_noun.h"

int
cli_printer_open(struct cli *c, struct cli_printer *p, struct crm_err *err)
{
	const struct crm_kind *k = c->kind;
	struct crm_field *shown;
	size_t i;
	int r;

	memset(p, 0, sizeof *p);
	p->c = c;
	r = cli_pick(c, k->fields, k->nfields, &p->pick, &p->npick, err);
	if (r < 0)
		return r;
	shown = crm_arena_alloc(&c->arena, (p->npick + 1) * sizeof *shown);
	p->row = crm_arena_alloc(&c->arena, (p->npick + 1) * sizeof *p->row);
	if (shown == NULL || p->row == NULL)
		return crm_err_nomem(err);
	for (i = 0; i < p->npick; i++) {
		shown[i] = k->fields[p->pick[i]];
		crm_want_field(&p->want, p->pick[i]);
	}
	return cli_out(c, shown, p->npick, &p->out, err);
}

static int
print_one(struct cli_printer *p, struct crm_txn *t, uint64_t number,
    struct crm_err *err)
{
	struct cli *c = p->c;
	/* what was just written is shown whole, also when it is dated ahead */
	int64_t at = c->verb->mode == CLI_WRITE ? INT64_MAX : c->at;
	struct crm_record *rec;
	size_t i;
	int r;

	crm_arena_reset(&p->arena);
	rec = crm_record_new(c->kind, &p->arena);
	if (rec == NULL)
		return crm_err_nomem(err);
	r = crm_model_read_at(
	    t, c->schema, c->kind, number, &p->want, at, rec, err);
	if (r < 0) /* CRM_NOTFOUND: removed by this very change */
		return r == CRM_NOTFOUND ? CRM_OK : r;
	rec->v[0] = crm_value_id(c->kind->number, number);
	for (i = 0; i < p->npick; i++)
		p->row[i] = rec->v[p->pick[i]];
	return crm_out_row(p->out, p->row, err);
}

int
cli_printer_hold(struct cli_printer *p, struct crm_txn *t,
    const uint64_t *number, size_t n, struct crm_err *err)
{
	int r = crm_out_hold(p->out, err);

	for (size_t i = 0; i < n && r == CRM_OK; i++)
		r = print_one(p, t, number[i], err);
	return r;
}

int
cli_printer_put(struct cli_printer *p, const uint64_t *number, size_t n,
    struct crm_err *err)
{
	struct crm_txn *t = NULL;
	int r = crm_txn_begin(p->c->store, &t, err);

	if (r < 0)
		return r;
	r = cli_printer_hold(p, t, number, n, err);
	crm_txn_end(t);
	return r == CRM_OK ? crm_out_drain(p->out, err) : r;
}

int
cli_printer_close(struct cli_printer *p, int r, struct crm_err *err)
{
	crm_arena_release(&p->arena);
	if (p->out == NULL)
		return r;
	if (r == CRM_OK)
		return crm_out_close(p->out, err);
	crm_out_abort(p->out);
	return r;
}

int
cli_print_records(
    struct cli *c, const uint64_t *number, size_t n, struct crm_err *err)
{
	struct cli_printer p;
	int r = cli_printer_open(c, &p, err);

	if (r == CRM_OK)
		r = cli_printer_put(&p, number, n, err);
	return cli_printer_close(&p, r, err);
}
