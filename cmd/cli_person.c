/*
 * cli_person.c - crm-customer export and erase.
 *
 * Erasing ends in a new generation of the data, as what was erased is in free
 * pages until then; --defer leaves that to crm-store compact, for who erases
 * many one by one.  There is no question asked: --dry-run says what would go.
 */
#include <stdlib.h>
#include <unistd.h>

#include "cli_noun.h"
#include "cli_person.h"

static bool defer;

const struct cli_option cli_erase_options[] = {
    {'n', "dry-run", CLI_FLAG, &cli_opt.dry_run, NULL,
	"count what would go, change nothing"},
    {0, "defer", CLI_FLAG, &defer, NULL,
	"leave the bytes in free pages to a later crm-store compact"},
    {0, "why", CLI_TEXT, &cli_opt.why, "TEXT", "the reason, for the log"},
    {0, "wait", CLI_TEXT, &cli_opt.wait, "TIME",
	"how long to wait for another writer (60s)"},
    {0, NULL, CLI_FLAG, NULL, NULL, NULL},
};

/* An id may be that of somebody who is gone, as their past is in the log; one
 * that was merged is the survivor's, here as everywhere. */
static int
find(struct cli *c, struct crm_txn *t, struct crm_str ref, uint64_t *out,
    struct crm_err *err)
{
	struct crm_value v;
	struct crm_id id;
	int r;

	if (crm_id_parse(c->schema, crm_str_trim(ref), &id) == CRM_OK &&
	    id.kind == c->kind->number && id.part == 0) {
		*out = id.number;
		r = crm_ref_live(t, NULL, c->schema, id.kind, out, err);
		return r == CRM_NOTFOUND ? CRM_OK : r;
	}
	r = crm_ref_find(t, NULL, c->kind->number, c->schema, ref, &v, err);
	if (r == CRM_OK)
		*out = (uint64_t)v.i;
	return r;
}

/* ---- export ---- */

int
cli_person_export(struct cli *c, struct crm_err *err)
{
	struct crm_out_options opt = {.fd = STDOUT_FILENO,
	    .format = CRM_FMT_TSV,
	    .tty = c->tty_out,
	    .spill_dir = c->spill_dir,
	    .schema = c->schema};
	struct crm_out *out;
	struct crm_txn *t;
	uint64_t number;
	int r = cli_operands(c, 1, 1, err);

	if (r == CRM_OK)
		r = crm_txn_begin(c->store, &t, err);
	if (r < 0)
		return r;
	r = find(c, t, crm_str(c->operand[0]), &number, err);
	crm_txn_end(t);
	if (r == CRM_OK)
		r = crm_out_open(&out, &opt, NULL, 0, err);
	if (r < 0)
		return r;
	r = crm_person_export(c->store, number, out, err);
	if (r == CRM_OK)
		return crm_out_close(out, err);
	crm_out_abort(out);
	return r;
}

/* ---- erase ---- */

struct people {
	uint64_t *v;
	size_t n, cap;
};

static int
add(struct cli *c, struct crm_txn *t, struct crm_str ref, struct people *p,
    struct crm_err *err)
{
	uint64_t number;
	int r = find(c, t, ref, &number, err);

	if (r < 0)
		return r;
	if (!crm_grow(&p->v, &p->cap, p->n, sizeof *p->v))
		return crm_err_nomem(err);
	p->v[p->n++] = number;
	return CRM_OK;
}

static int
from_stream(
    struct cli *c, struct crm_txn *t, struct people *p, struct crm_err *err)
{
	struct crm_stream *s = NULL;
	size_t col = 0;
	int r = cli_stream(c, true, &s, err);

	if (r < 0)
		return r;
	if (crm_stream_columns(s) > 0)
		r = cli_id_column(c, s, c->kind, &col, err);
	while (r == CRM_OK && (r = crm_stream_next(s, err)) == CRM_OK) {
		r = add(c, t, crm_stream_field(s, col), p, err);
		if (r == CRM_NOTFOUND) {
			if (err != NULL)
				err->code = CRM_EDATA;
			r = CRM_EDATA;
		}
		if (r < 0)
			cli_place(err, s);
	}
	crm_stream_close(s);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

static int
collect(struct cli *c, struct people *p, struct crm_err *err)
{
	struct crm_txn *t;
	int r = cli_operands(c, 1, 0, err);

	/* nothing is read while a transaction is open */
	if (r == CRM_OK && cli_stdin(c))
		r = cli_slurp(c, err);
	if (r == CRM_OK)
		r = crm_store_lock(c->store, err);
	if (r == CRM_OK)
		r = crm_txn_begin(c->store, &t, err);
	if (r < 0)
		return r;
	if (cli_stdin(c))
		r = from_stream(c, t, p, err);
	for (size_t i = 0; !cli_stdin(c) && i < c->noperand && r == CRM_OK; i++)
		r = add(c, t, crm_str(c->operand[i]), p, err);
	crm_txn_end(t);
	return r;
}

static void
watch_entries(void *ctx, uint64_t done, uint64_t total)
{
	cli_progress(ctx, "entries written", done, total);
}

static const struct crm_field erase_fields[] = {
    {"customer_id", CRM_T_ID, CRM_K_CUSTOMER, 0, 0, NULL, "who was erased"},
    {"orders", CRM_T_INT, 0, 0, 0, NULL, "orders that were theirs"},
    {"events", CRM_T_INT, 0, 0, 0, NULL,
	"events about them, their orders and tickets"},
    {"touches", CRM_T_INT, 0, 0, 0, NULL, "contacts with them"},
    {"tickets", CRM_T_INT, 0, 0, 0, NULL, "tickets that were theirs"},
    {"others", CRM_T_INT, 0, 0, 0, NULL,
	"tasks, relations and whatever else was about them"},
};
enum { ERASE_FIELDS = sizeof erase_fields / sizeof *erase_fields };

static int
print(struct cli_picked *rows, const struct crm_erase_result *done,
    struct crm_err *err)
{
	struct crm_value v[ERASE_FIELDS];
	int r = CRM_OK;

	for (size_t i = 0; i < done->n && r == CRM_OK; i++) {
		const struct crm_erase_person *p = &done->person[i];

		v[0] = crm_value_id(CRM_K_CUSTOMER, p->number);
		v[1] = crm_value_num(CRM_T_INT, (int64_t)p->orders, 0);
		v[2] = crm_value_num(CRM_T_INT, (int64_t)p->events, 0);
		v[3] = crm_value_num(CRM_T_INT, (int64_t)p->touches, 0);
		v[4] = crm_value_num(CRM_T_INT, (int64_t)p->tickets, 0);
		v[5] = crm_value_num(CRM_T_INT, (int64_t)p->others, 0);
		r = cli_picked_put(rows, v, err);
	}
	return r;
}

static int
erase(struct cli *c, const struct people *p, struct crm_erase_result *done,
    struct crm_err *err)
{
	struct crm_erase_options opt = {.by = cli_origin(c),
	    .dry_run = cli_opt.dry_run,
	    .watch = cli_watch(c)};
	struct crm_compacted made;
	int r = crm_erase(c->store, p->v, p->n, &opt, done, err);

	if (r < 0 || cli_opt.dry_run || p->n == 0)
		return r;
	if (!defer)
		r = crm_store_compact(c->store, watch_entries, c, &made, err);
	if (r < 0)
		crm_err_hint(err,
		    "they are erased, but not from the free pages of the data "
		    "yet: crm-store compact does that");
	return r;
}

int
cli_person_erase(struct cli *c, struct crm_err *err)
{
	struct crm_erase_result done = {0};
	struct cli_picked rows = {0};
	struct people p = {0};
	int r = cli_picked_open(c, erase_fields, ERASE_FIELDS, &rows, err);

	if (r == CRM_OK)
		r = collect(c, &p, err);
	if (r == CRM_OK)
		r = erase(c, &p, &done, err);
	crm_store_unlock(c->store);
	if (r == CRM_OK)
		r = print(&rows, &done, err);
	r = cli_picked_close(&rows, r, err);
	if (r == CRM_OK && defer && !cli_opt.dry_run && done.n > 0)
		cli_note(c, "crm-store compact is to be run yet");
	free(done.person);
	free(p.v);
	return r;
}
