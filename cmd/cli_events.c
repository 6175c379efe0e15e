/*
 * cli_events.c - the verb `events` of a noun: what was recorded about its
 * records.
 *
 * All events are read, also for one record: the index of what events are
 * about leads to a few of them, but the answer is in the order of their
 * numbers, and commands that want one record's past fast have verbs of their
 * own (timeline, thread).
 */
#include "cli_noun.h"

struct events {
	struct cli *c;
	const struct crm_kind *k;
	struct cli_rows *rows;
	struct crm_want want;
	struct crm_idmap ids;
	bool chosen;
	int about;
};

static int
events_of(struct events *e, struct crm_txn *t, struct crm_err *err)
{
	struct cli *c = e->c;
	struct crm_value id;
	int r = CRM_OK;

	for (size_t i = 0; r == CRM_OK && i < c->noperand; i++) {
		r = crm_ref_find(t, NULL, c->kind->number, c->schema,
		    crm_str(c->operand[i]), &id, err);
		if (r == CRM_OK &&
		    crm_idmap_put(&e->ids, (uint64_t)id.i, 1) == CRM_ENOMEM)
			r = crm_err_nomem(err);
	}
	return r;
}

static int
events_scan(struct events *e, struct crm_txn *t, struct crm_err *err)
{
	struct crm_scan *scan;
	struct crm_record *rec;
	uint64_t seen;
	int r = crm_scan_open(
	    t, e->c->schema, e->k, &e->want, e->c->at, &scan, err);

	if (r < 0)
		return r;
	while ((r = crm_scan_next(scan, &rec, err)) == CRM_OK) {
		const struct crm_value *about = &rec->v[e->about];

		if (about->type != CRM_T_ID ||
		    about->kind != e->c->kind->number ||
		    (e->chosen &&
			!crm_idmap_get(&e->ids, (uint64_t)about->i, &seen)))
			continue;
		r = cli_rows_put(e->rows, rec->v, err);
		if (r != CRM_OK)
			break;
	}
	crm_scan_close(scan);
	return r == CRM_NOTFOUND || r == CRM_NO ? CRM_OK : r;
}

int
cli_events(struct cli *c, struct crm_err *err)
{
	struct events e = {.c = c,
	    .k = &c->schema->kind[CRM_K_EVENT],
	    .chosen = c->noperand > 0};
	struct crm_txn *t = NULL;
	int r = CRM_OK;

	e.about = crm_kind_field(e.k, CRM_STR("about"));
	if (cli_stdin(c))
		r = cli_selector(c, NULL, c->kind, &e.ids, err);
	if (r == CRM_OK)
		r = cli_rows_open(
		    c, e.k->fields, e.k->nfields, e.k->time, &e.rows, err);
	if (r < 0)
		goto out;
	cli_rows_want(e.rows, &e.want);
	crm_want_field(&e.want, e.about);
	r = crm_txn_begin(c->store, &t, err);
	if (r == CRM_OK && !cli_stdin(c))
		r = events_of(&e, t, err);
	if (r == CRM_OK)
		r = cli_rows_hold(e.rows, err);
	if (r == CRM_OK)
		r = events_scan(&e, t, err);
	if (t)
		crm_txn_end(t);
	if (r == CRM_OK)
		r = cli_rows_close(e.rows, err);
	else
		cli_rows_abort(e.rows);
out:
	crm_idmap_release(&e.ids);
	return r;
}
