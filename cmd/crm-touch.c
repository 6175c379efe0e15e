/*
 * crm-touch - every contact with customers, by whatever channel.
 *
 * The gap of an incoming contact ends with the next outgoing one to the same
 * customer, whatever the channel: a mail may be answered by a call.  Where
 * both say what they are about they have to agree.  Somebody who was talked
 * to while they called (phone, shop, chat, with a duration) has had an answer.
 */
#include <stdlib.h>

#include "cli_noun.h"

/* ---- log ---- */

static int
log_one(
    struct cli_work *w, const struct crm_value *customer, struct crm_err *err)
{
	struct crm_record *rec;
	int r = crm_change_new(w->change, w->c->kind, &rec, err);

	if (r == CRM_OK)
		r = cli_apply_options(w, rec, err);
	if (r < 0)
		return r;
	if (customer != NULL)
		*crm_record_at(rec, "customer_id") = *customer;
	if (crm_record_get(rec, "agent")->type == CRM_T_NONE)
		*crm_record_at(rec, "agent") =
		    crm_value_text(crm_str(w->c->actor));
	return cli_work_put(w, rec, err);
}

static int
log_each(struct cli_work *w, struct crm_str ref, struct crm_stream *row,
    void *ctx, struct crm_err *err)
{
	struct crm_value id;
	int r = crm_ref_find(crm_change_txn(w->change), w->change,
	    CRM_K_CUSTOMER, w->c->schema, ref, &id, err);

	(void)row;
	(void)ctx;
	return r == CRM_OK ? log_one(w, &id, err) : r;
}

/* A column that says something of the contact would be lost: the stream is one
 * of customers.  Of another kind's records it is theirs. */
static int
log_bind(
    struct cli_work *w, struct crm_stream *s, void *ctx, struct crm_err *err)
{
	const struct crm_kind *customer = &w->c->schema->kind[CRM_K_CUSTOMER];

	(void)ctx;
	if (!crm_str_is(crm_stream_name(s, 0), "customer_id"))
		return CRM_OK;
	for (size_t i = 1; i < crm_stream_columns(s); i++) {
		struct crm_str name = crm_stream_name(s, i);

		if (crm_kind_field(w->c->kind, name) < 0 ||
		    crm_kind_field(customer, name) >= 0)
			continue;
		crm_err_set(err, CRM_EDATA,
		    "log takes customers, and '%.*s' of each from an option",
		    (int)name.n, name.p);
		crm_err_place(err, crm_stream_file(s), 1);
		crm_err_hint(err, "crm-touch add - takes a row for each "
				  "contact");
		return CRM_EDATA;
	}
	return CRM_OK;
}

static int
log_verb(struct cli *c, struct crm_err *err)
{
	struct cli_work w;
	int r;

	/* the stream is one of customers */
	if (cli_opt.on == NULL)
		cli_opt.on = "customer_id";
	r = cli_work_begin(c, cli_stdin(c), &w, err);
	if (r == CRM_OK)
		r = c->noperand == 0
			? log_one(&w, NULL, err)
			: cli_each_bound(&w, log_bind, log_each, NULL, err);
	return cli_work_finish(&w, r, err);
}

/* ---- gap ---- */

static const struct crm_field gap_fields[] = {
    {"touch_id", CRM_T_ID, CRM_K_TOUCH, 0, 0, NULL, "the incoming contact"},
    {"customer_id", CRM_T_ID, CRM_K_CUSTOMER, 0, 0, NULL, "whom it was with"},
    {"at", CRM_T_TIME, 0, 0, 0, NULL, "when it came"},
    {"channel", CRM_T_TEXT, 0, 0, 0, NULL, "by what"},
    {"about", CRM_T_ID, 0, 0, 0, NULL, "what it was about"},
    {"subject", CRM_T_TEXT, 0, 0, 0, NULL, "in a few words"},
    {"answered", CRM_T_TIME, 0, 0, 0, NULL, "when it was; empty: not yet"},
    {"answer_id", CRM_T_ID, CRM_K_TOUCH, 0, 0, NULL, "by which contact"},
    {"answer_channel", CRM_T_TEXT, 0, 0, 0, NULL, "by what"},
    {"agent", CRM_T_TEXT, 0, 0, 0, NULL, "who answered"},
    {"gap", CRM_T_INT, 0, 0, 0, NULL, "seconds between the two"},
};
enum { GAPS = sizeof gap_fields / sizeof *gap_fields };

struct contact {
	uint64_t number, customer;
	int64_t at;
	struct crm_value channel, about;
	struct crm_str subject, agent;
	bool in, talked;
};

struct gaps {
	struct cli *c;
	struct contact *v;
	size_t n, cap;
	struct crm_idmap ids;
};

static int
take_contact(struct gaps *g, const struct crm_record *rec, struct crm_err *err)
{
	struct crm_arena *a = &g->c->arena;
	struct crm_str channel = crm_record_get(rec, "channel")->s;
	struct contact *t;

	if (crm_record_get(rec, "customer_id")->type != CRM_T_ID)
		return CRM_OK; /* nobody who could have been answered */
	if (!crm_grow(&g->v, &g->cap, g->n, sizeof *g->v))
		return crm_err_nomem(err);
	t = &g->v[g->n++];
	*t = (struct contact){.number = rec->id,
	    .customer = (uint64_t)crm_record_get(rec, "customer_id")->i,
	    .at = crm_record_get(rec, "at")->i,
	    .channel = *crm_record_get(rec, "channel"),
	    .about = *crm_record_get(rec, "about"),
	    .subject = crm_arena_str(a, crm_record_get(rec, "subject")->s),
	    .agent = crm_arena_str(a, crm_record_get(rec, "agent")->s),
	    .in = crm_str_is(crm_record_get(rec, "direction")->s, "in")};
	t->talked =
	    crm_record_get(rec, "duration")->i > 0 &&
	    (crm_str_is(channel, "phone") || crm_str_is(channel, "shop") ||
		crm_str_is(channel, "chat"));
	/* names of enums are the schema's own */
	return t->subject.p && t->agent.p ? CRM_OK : crm_err_nomem(err);
}

static int
by_customer(const void *pa, const void *pb)
{
	const struct contact *a = pa, *b = pb;

	if (a->customer != b->customer)
		return a->customer < b->customer ? -1 : 1;
	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	return a->number < b->number ? -1 : a->number > b->number;
}

static bool
answers(const struct contact *in, const struct contact *out)
{
	return !out->in &&
	       (in->about.type == CRM_T_NONE || out->about.type == CRM_T_NONE ||
		   crm_value_eq(&in->about, &out->about));
}

static int
gap_row(struct gaps *g, size_t i, struct cli_rows *rows, struct crm_err *err)
{
	const struct contact *in = &g->v[i], *out = in->talked ? in : NULL;
	struct crm_value v[GAPS] = {{0}};

	for (size_t j = i + 1; out == NULL && j < g->n; j++) {
		if (g->v[j].customer != in->customer)
			break;
		if (answers(in, &g->v[j]))
			out = &g->v[j];
	}
	v[0] = crm_value_id(CRM_K_TOUCH, in->number);
	v[1] = crm_value_id(CRM_K_CUSTOMER, in->customer);
	v[2] = crm_value_num(CRM_T_TIME, in->at, 0);
	v[3] = crm_value_text(in->channel.s);
	v[4] = in->about;
	v[5] = crm_value_text(in->subject);
	if (out != NULL) {
		v[6] = crm_value_num(CRM_T_TIME, out->at, 0);
		v[7] = crm_value_id(CRM_K_TOUCH, out->number);
		v[8] = crm_value_text(out->channel.s);
		v[9] = crm_value_text(out->agent);
		v[10] = crm_value_num(CRM_T_INT, out->at - in->at, 0);
	}
	return cli_rows_put(rows, v, err);
}

static int
gap_read(struct gaps *g, struct crm_txn *t, struct crm_err *err)
{
	struct crm_scan *scan;
	struct crm_record *rec;
	int r = crm_scan_open(
	    t, g->c->schema, g->c->kind, &crm_want_all, g->c->at, &scan, err);

	if (r < 0)
		return r;
	while ((r = crm_scan_next(scan, &rec, err)) == CRM_OK) {
		r = take_contact(g, rec, err);
		if (r < 0)
			break;
	}
	crm_scan_close(scan);
	r = r == CRM_NOTFOUND ? CRM_OK : r;
	/* a ticket that was merged is the other one */
	for (size_t i = 0; i < g->n && r == CRM_OK; i++) {
		struct crm_value *about = &g->v[i].about;
		uint64_t number = (uint64_t)about->i;

		if (about->type != CRM_T_ID || about->kind != CRM_K_TICKET)
			continue;
		r = crm_ref_live(
		    t, NULL, g->c->schema, CRM_K_TICKET, &number, err);
		about->i = (int64_t)number;
		r = r == CRM_NOTFOUND ? CRM_OK : r;
	}
	if (g->n > 1)
		qsort(g->v, g->n, sizeof *g->v, by_customer);
	return r;
}

static int
gap_rows(struct gaps *g, struct cli_rows *rows, struct crm_err *err)
{
	uint64_t seen;
	int r = CRM_OK;

	for (size_t i = 0; i < g->n && r == CRM_OK; i++)
		if (g->v[i].in &&
		    (!cli_stdin(g->c) ||
			crm_idmap_get(&g->ids, g->v[i].customer, &seen)))
			r = gap_row(g, i, rows, err);
	return r == CRM_NO ? CRM_OK : r;
}

static int
gap(struct cli *c, struct crm_err *err)
{
	struct gaps g = {.c = c};
	struct cli_rows *rows = NULL;
	struct crm_txn *t = NULL;
	int r = cli_operands(c, 0, 1, err);

	if (r == CRM_OK && c->noperand == 1 && !cli_stdin(c)) {
		r = crm_err_set(err, CRM_EUSAGE, "'%s' is no operand of gap",
		    c->operand[0]);
		crm_err_hint(err, "- takes a stream of customers");
	}
	if (r == CRM_OK && cli_stdin(c))
		r = cli_selector(
		    c, NULL, &c->schema->kind[CRM_K_CUSTOMER], &g.ids, err);
	if (r == CRM_OK)
		r = cli_rows_open(c, gap_fields, GAPS, "at", &rows, err);
	if (r < 0)
		goto out;
	r = crm_txn_begin(c->store, &t, err);
	if (r == CRM_OK)
		r = gap_read(&g, t, err);
	if (t != NULL)
		crm_txn_end(t);
	if (r == CRM_OK)
		r = gap_rows(&g, rows, err);
	if (r == CRM_OK)
		r = cli_rows_close(rows, err);
	else
		cli_rows_abort(rows);
out:
	crm_idmap_release(&g.ids);
	free(g.v);
	return r;
}

static int
identities(struct cli *c, struct crm_err *err)
{
	return cli_part_list(c, "identity", err);
}

static const struct cli_option of_options[] = {CLI_OF_OPTION, {0}};

static const struct cli_verb verbs[] = {
    {"log", log_verb, CLI_WRITE,
	CLI_FIELDS | CLI_CHANGE | CLI_BULK | CLI_IN | CLI_OUT, NULL,
	"[CUSTOMER... | -]", "record a contact, with each of these customers"},
    {"list", cli_of_list, CLI_SCAN, CLI_LIST | CLI_IN | CLI_OUT | CLI_CLOCK,
	of_options, "[-]",
	"print all contacts, or those chosen by the ids on stdin"},
    {"gap", gap, CLI_SCAN, CLI_LIST | CLI_IN | CLI_OUT | CLI_CLOCK, NULL, "[-]",
	"print how long incoming contacts waited for an answer"},
    {"identities", identities, CLI_SCAN,
	CLI_LIST | CLI_IN | CLI_OUT | CLI_CLOCK, NULL, "[REF... | -]",
	"print the other names they are known by"},
    {0},
};

static const struct cli_command command = {"crm-touch",
    "every contact with customers, by whatever channel", "touch", CLI_COMMON,
    verbs};

int
main(int argc, char **argv)
{
	return crm_main(&command, argc, argv);
}
