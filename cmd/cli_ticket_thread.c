/*
 * cli_ticket_thread.c - crm-ticket thread and times.
 *
 * Both read the thread of each ticket asked for: the one prints its entries,
 * with what was said from the touches, the other how long it was in each
 * state.  Operands are read one by one; without any it is all tickets.
 */
#include "cli_ticket.h"

/* ---- which tickets ---- */

struct threads;
typedef int ticket_fn(struct threads *x, struct crm_txn *t,
    const struct crm_record *rec, struct crm_err *err);

struct threads {
	struct cli *c;
	struct cli_rows *rows;
	struct crm_idmap ids;
	struct crm_arena arena; /* of one ticket */
	int64_t until;
	ticket_fn *fn;
};

static int
one_operand(struct threads *x, struct crm_txn *t, const char *operand,
    struct crm_err *err)
{
	struct cli *c = x->c;
	struct crm_record *rec = crm_record_new(c->kind, &c->arena);
	struct crm_value id;
	int r = rec ? crm_ref_find(t, NULL, c->kind->number, c->schema,
			  crm_str(operand), &id, err)
		    : crm_err_nomem(err);

	if (r < 0)
		return r;
	r = crm_model_read_at(t, c->schema, c->kind, (uint64_t)id.i,
	    &crm_want_all, c->at, rec, err);
	rec->id = (uint64_t)id.i;
	return r == CRM_OK ? x->fn(x, t, rec, err) : r;
}

static int
scan(struct threads *x, struct crm_txn *t, struct crm_err *err)
{
	struct cli *c = x->c;
	struct crm_scan *sc;
	struct crm_record *rec;
	uint64_t seen;
	int r = crm_scan_open(
	    t, c->schema, c->kind, &crm_want_all, c->at, &sc, err);

	if (r < 0)
		return r;
	while ((r = crm_scan_next(sc, &rec, err)) == CRM_OK) {
		if (cli_stdin(c) && !crm_idmap_get(&x->ids, rec->id, &seen))
			continue;
		r = x->fn(x, t, rec, err);
		if (r != CRM_OK)
			break;
	}
	crm_scan_close(sc);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

static int
print(struct cli *c, const struct crm_field *fields, size_t n, const char *time,
    ticket_fn *fn, struct crm_err *err)
{
	struct threads x = {
	    .c = c, .fn = fn, .until = cli_opt.at ? c->at : c->now};
	struct crm_txn *t = NULL;
	int r = CRM_OK;

	if (cli_stdin(c))
		r = cli_selector(c, NULL, c->kind, &x.ids, err);
	if (r == CRM_OK)
		r = cli_rows_open(c, fields, n, time, &x.rows, err);
	if (r < 0)
		goto out;
	r = crm_txn_begin(c->store, &t, err);
	if (r == CRM_OK)
		r = cli_rows_hold(x.rows, err);
	if (r == CRM_OK && (c->noperand == 0 || cli_stdin(c)))
		r = scan(&x, t, err);
	else
		for (size_t i = 0; i < c->noperand && r == CRM_OK; i++)
			r = one_operand(&x, t, c->operand[i], err);
	if (t != NULL)
		crm_txn_end(t);
	if (r == CRM_OK || r == CRM_NO)
		r = cli_rows_close(x.rows, err);
	else
		cli_rows_abort(x.rows);
out:
	crm_idmap_release(&x.ids);
	crm_arena_release(&x.arena);
	return r;
}

/* ---- thread ---- */

static const struct crm_field thread_fields[] = {
    {"event_id", CRM_T_ID, CRM_K_EVENT, 0, 0, NULL, "the entry"},
    {"ticket_id", CRM_T_ID, CRM_K_TICKET, 0, 0, NULL,
	"the ticket, or the one merged into it"},
    {"at", CRM_T_TIME, 0, 0, 0, NULL, "when it happened"},
    {"what", CRM_T_TEXT, 0, 0, 0, NULL,
	"state, assign, word, note, moved, merge"},
    {"topic", CRM_T_TEXT, 0, 0, 0, NULL,
	"who spoke: customer, agent; or the field that changed"},
    {"actor", CRM_T_TEXT, 0, 0, 0, NULL, "who of us it was, or entered it"},
    {"old", CRM_T_TEXT, 0, 0, 0, NULL, "from"},
    {"new", CRM_T_TEXT, 0, 0, 0, NULL, "to; of a word its channel"},
    {"touch_id", CRM_T_ID, CRM_K_TOUCH, 0, 0, NULL, "the contact of a word"},
    {"subject", CRM_T_TEXT, 0, 0, 0, NULL, "of the contact"},
    {"text", CRM_T_TEXT, 0, 0, 0, NULL, "what was said, noted, or why"},
};
enum { THREAD = sizeof thread_fields / sizeof *thread_fields };

/* What was said; the contact may have been removed since. */
static int
said(struct threads *x, struct crm_txn *t, uint64_t touch, struct crm_value *v,
    struct crm_err *err)
{
	const struct crm_kind *k = &x->c->schema->kind[CRM_K_TOUCH];
	struct crm_record *rec = crm_record_new(k, &x->arena);
	int r = rec ? crm_record_read(t, k, touch, &crm_want_all, rec, err)
		    : crm_err_nomem(err);

	if (r == CRM_OK) {
		v[8] = crm_value_id(CRM_K_TOUCH, touch);
		v[9] = *crm_record_get(rec, "subject");
		v[10] = *crm_record_get(rec, "text");
	}
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

static int
thread_one(struct threads *x, struct crm_txn *t, const struct crm_record *rec,
    struct crm_err *err)
{
	const struct crm_kind *k = &x->c->schema->kind[CRM_K_EVENT];
	const char *what = k->fields[crm_kind_field(k, CRM_STR("what"))].values;
	struct crm_thread th;
	int r;

	crm_arena_reset(&x->arena);
	r = crm_thread_read(
	    t, x->c->schema, rec->id, x->c->at, &x->arena, &th, err);
	for (size_t i = 0; i < th.n && r == CRM_OK; i++) {
		const struct crm_thread_entry *e = &th.v[i];
		struct crm_value v[THREAD] = {{0}};

		v[0] = crm_value_id(CRM_K_EVENT, e->event);
		v[1] = crm_value_id(CRM_K_TICKET, e->ticket);
		v[2] = crm_value_num(CRM_T_TIME, e->at, 0);
		v[3] = crm_value_text(crm_enum_name(what, e->what));
		v[4] = crm_value_text(e->topic);
		v[5] = crm_value_text(e->actor);
		v[6] = crm_value_text(e->from);
		v[7] = crm_value_text(e->to);
		v[10] = crm_value_text(e->reason);
		if (e->touch != 0)
			r = said(x, t, e->touch, v, err);
		else if (v[6].type == CRM_T_NONE)
			v[6] = crm_value_text(e->source);
		if (r == CRM_OK)
			r = cli_rows_put(x->rows, v, err);
	}
	return r;
}

int
cli_ticket_thread(struct cli *c, struct crm_err *err)
{
	return print(c, thread_fields, THREAD, "at", thread_one, err);
}

/* ---- times ---- */

static const struct crm_field times_fields[] = {
    {"ticket_id", CRM_T_ID, CRM_K_TICKET, 0, 0, NULL, "the ticket"},
    {"customer_id", CRM_T_ID, CRM_K_CUSTOMER, 0, 0, NULL, "whose it is"},
    {"opened", CRM_T_TIME, 0, 0, 0, NULL, "when it was opened"},
    {"type", CRM_T_TEXT, 0, 0, 0, NULL, "what is wanted"},
    {"priority", CRM_T_TEXT, 0, 0, 0, NULL, "how pressing"},
    {"team", CRM_T_TEXT, 0, 0, 0, NULL, "whose work it is"},
    {"state", CRM_T_TEXT, 0, 0, 0, NULL, "its state"},
    {"answer", CRM_T_INT, 0, 0, 0, NULL,
	"seconds from opening to the first answer"},
    {"settled", CRM_T_INT, 0, 0, 0, NULL,
	"seconds from opening to closing, if it is closed"},
    {"in_new", CRM_T_INT, 0, 0, 0, NULL, "seconds in the state new"},
    {"in_open", CRM_T_INT, 0, 0, 0, NULL, "seconds in the state open"},
    {"in_waiting", CRM_T_INT, 0, 0, 0, NULL, "seconds in the state waiting"},
    {"in_held", CRM_T_INT, 0, 0, 0, NULL, "seconds in the state held"},
    {"in_closed", CRM_T_INT, 0, 0, 0, NULL, "seconds in the state closed"},
    {"reopened", CRM_T_INT, 0, 0, 0, NULL, "how often it was closed in vain"},
};
enum { TIMES = sizeof times_fields / sizeof *times_fields };

static struct crm_value
seconds(int64_t from, int64_t to)
{
	return to == INT64_MIN ? (struct crm_value){0}
			       : crm_value_num(CRM_T_INT, to - from, 0);
}

static int
times_one(struct threads *x, struct crm_txn *t, const struct crm_record *rec,
    struct crm_err *err)
{
	struct crm_value v[TIMES] = {{0}};
	struct crm_ticket_clock c;
	struct crm_thread th;
	int r;

	crm_arena_reset(&x->arena);
	r = crm_thread_read(
	    t, x->c->schema, rec->id, x->c->at, &x->arena, &th, err);
	if (r < 0)
		return r;
	crm_thread_clock(&th, rec->id, x->until, &c);
	v[0] = crm_value_id(CRM_K_TICKET, rec->id);
	for (int i = 1; i < 7; i++)
		v[i] = *crm_record_get(rec, times_fields[i].name);
	v[7] = seconds(c.begun, c.first_answer);
	if (c.state == CRM_TICKET_CLOSED)
		v[8] = seconds(c.begun, c.since);
	for (int i = CRM_TICKET_NEW; i <= CRM_TICKET_CLOSED; i++)
		v[8 + i] = crm_value_num(CRM_T_INT, c.in[i], 0);
	v[TIMES - 1] = crm_value_num(CRM_T_INT, c.reopened, 0);
	return cli_rows_put(x->rows, v, err);
}

int
cli_ticket_times(struct cli *c, struct crm_err *err)
{
	return print(c, times_fields, TIMES, "opened", times_one, err);
}
