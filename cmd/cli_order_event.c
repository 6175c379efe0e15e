/*
 * cli_order_event.c - crm-order pay, ship, deliver, cancel, return, refund.
 *
 * One function for all: the verb's name is the event's.  What options give is
 * for every order; the cells of a stream's row go before them.  A stream of
 * order lines names the lines meant, and its quantity and amount are the
 * line's, not the event's: `crm-order lines -w ... | crm-order return -` takes
 * back what is left of them.
 */
#include <stdio.h>

#include "cli_order.h"

enum { GIVEN = 7 };

static const char *given[GIVEN];
static bool with_refund;

/* The track's fields that an event takes, in the order of given[]. */
static const char *const names[GIVEN] = {
    "line", "quantity", "amount", "method", "reference", "reason", "at"};

#define LINE                                                        \
	{                                                           \
		0, "line", CLI_TEXT, &given[0], "N", "of this line" \
	}
#define QUANTITY                                                            \
	{                                                                   \
		0, "quantity", CLI_TEXT, &given[1], "Q", "of so many units" \
	}
#define AMOUNT                                                         \
	{                                                              \
		0, "amount", CLI_TEXT, &given[2], "M", "so much money" \
	}
#define METHOD                                            \
	{                                                 \
		0, "method", CLI_TEXT, &given[3], "TEXT", \
		    "means of payment, or carrier"        \
	}
#define REST                                                   \
	{0, "reference", CLI_TEXT, &given[4], "TEXT",          \
	    "number of the transaction or parcel"},            \
	    {0, "reason", CLI_TEXT, &given[5], "TEXT", "why"}, \
	{                                                      \
		0, "at", CLI_TEXT, &given[6], "TIME",          \
		    "when it happened, if not now"             \
	}

const struct cli_option cli_order_money_options[] = {
    LINE, QUANTITY, AMOUNT, METHOD, REST, {0}};

const struct cli_option cli_order_goods_options[] = {
    LINE, QUANTITY, METHOD, REST, {0}};

const struct cli_option cli_order_back_options[] = {LINE, QUANTITY, AMOUNT,
    METHOD, REST,
    {0, "refund", CLI_FLAG, &with_refund, NULL,
	"give back what these units came to, with tax"},
    {0}};

/* ---- hashing own options, shared with add ---- */

int
cli_order_hash(
    struct cli *c, const char *option, const char *value, struct crm_err *err)
{
	struct cli_set *set;

	if (!value)
		return CRM_OK;
	set = crm_arena_alloc(&c->arena, (c->nset + 1) * sizeof *set);
	if (!set)
		return crm_err_nomem(err);
	if (c->nset > 0)
		memcpy(set, c->set, c->nset * sizeof *set);
	set[c->nset] = (struct cli_set){option, value};
	c->set = set;
	c->nset++;
	return CRM_OK;
}

int
cli_order_begin(
    struct cli *c, size_t n, bool many, struct cli_work *w, struct crm_err *err)
{
	int r = cli_work_begin(c, many, w, err);

	c->nset = n;
	return r;
}

/* ---- one event ---- */

struct event {
	enum crm_order_what what;
	const struct crm_part *track;
	int column[GIVEN]; /* of the stream, -1 */
	int line_id;
	bool bound;
};

static int
refuse_column(
    const struct crm_stream *s, struct crm_str name, struct crm_err *err)
{
	crm_err_set(err, CRM_EDATA, "the column is not known");
	crm_err_field(err, name.p, name.n);
	crm_err_place(err, crm_stream_file(s), 1);
	crm_err_hint(err,
	    "an event takes line, quantity, amount, method, reference, "
	    "reason, at");
	return CRM_EDATA;
}

/* Columns of the event; those of orders and their lines are passed over. */
static int
bind(struct event *e, const struct crm_kind *k, const struct crm_stream *s,
    struct crm_err *err)
{
	const struct crm_part *line = &k->parts[0];

	e->bound = true;
	e->line_id = crm_stream_find(s, CRM_STR("line_id"));
	for (int i = 0; i < GIVEN; i++) {
		struct crm_str name = crm_str(names[i]);

		e->column[i] = crm_stream_find(s, name);
		if (e->line_id >= 0 && crm_part_field(line, name) >= 0)
			e->column[i] = -1;
	}
	for (size_t i = 0; i < crm_stream_columns(s); i++) {
		struct crm_str name = crm_stream_name(s, i);
		bool known =
		    (int)i == e->line_id || crm_kind_field(k, name) >= 0 ||
		    (e->line_id >= 0 && crm_part_field(line, name) >= 0);

		for (int j = 0; j < GIVEN; j++)
			known = known || e->column[j] == (int)i;
		if (!known && !crm_str_is(name, CLI_REJECTED) &&
		    !(cli_opt.on && crm_str_is(name, cli_opt.on)))
			return refuse_column(s, name, err);
	}
	return CRM_OK;
}

/* "O913-2": the order, and its line. */
static int
split_ref(struct cli_work *w, struct crm_str *ref, uint32_t *line,
    struct crm_err *err)
{
	struct crm_id id;
	struct crm_buf b = {0};

	if (crm_id_parse(w->c->schema, *ref, &id) < 0 || id.sub == 0)
		return CRM_OK;
	if (id.kind != w->c->kind->number || id.part != 1)
		return crm_err_set(err, CRM_EDATA,
		    "'%.*s' is not an order or one of its lines", (int)ref->n,
		    ref->p);
	*line = id.sub;
	id.sub = 0;
	id.part = 0;
	crm_id_put(w->c->schema, &b, &id, false);
	*ref = crm_arena_str(crm_change_arena(w->change), crm_buf_str(&b));
	crm_buf_release(&b);
	return ref->p ? CRM_OK : crm_err_nomem(err);
}

/* The event's values by the track's fields. */
static int
values(struct cli_work *w, const struct event *e, struct crm_stream *row,
    const struct crm_record *rec, uint32_t line, struct crm_value *v,
    struct crm_err *err)
{
	struct crm_parse ctx = {.schema = w->c->schema,
	    .arena = crm_change_arena(w->change),
	    .digits = crm_money_digits(w->c->schema, rec),
	    .flags = cli_parse_flags()};
	int r = CRM_OK;

	for (int i = 0; r == CRM_OK && i < GIVEN; i++) {
		int f = crm_part_field(e->track, crm_str(names[i]));
		struct crm_str text = {"", 0};

		if (row && e->column[i] >= 0)
			text = crm_stream_field(row, (size_t)e->column[i]);
		if (text.n > 0) {
			r = crm_value_parse(
			    &e->track->fields[f], text, &ctx, &v[f], err);
		} else if (given[i] && i == GIVEN - 1) {
			v[f] = crm_value_num(CRM_T_TIME, 0, 0);
			r = cli_moment(w->c, "--at", given[i], &v[f].i, err);
		} else if (given[i]) {
			r = crm_value_parse(&e->track->fields[f],
			    crm_str(given[i]), &ctx, &v[f], err);
		}
		if (i == 0 && r == CRM_OK && line > 0) {
			if (v[f].type == CRM_T_INT && v[f].i != line)
				r = crm_err_set(err, CRM_EDATA,
				    "line '%lld' is not line '%u'",
				    (long long)v[f].i, line);
			v[f] = crm_value_num(CRM_T_INT, line, 0);
		}
	}
	return r;
}

/* --refund: the amount is what the units came to. */
static int
worth(struct cli_work *w, const struct event *e, const struct crm_record *rec,
    struct crm_value *v, struct crm_err *err)
{
	const struct crm_part *p = e->track;
	struct crm_value *amount = &v[crm_part_field(p, CRM_STR("amount"))];
	const struct crm_value *q = &v[crm_part_field(p, CRM_STR("quantity"))];
	const struct crm_value *line = &v[crm_part_field(p, CRM_STR("line"))];
	struct crm_dec units = {q->i, q->scale};
	int64_t m;
	int r;

	if (!with_refund || amount->type != CRM_T_NONE)
		return CRM_OK;
	if (line->type == CRM_T_INT && (line->i < 1 || line->i > UINT32_MAX))
		return crm_err_set(err, CRM_EDATA,
		    "the order has no line '%lld'", (long long)line->i);
	r = crm_order_worth(w->c->schema, rec,
	    line->type == CRM_T_INT ? (uint32_t)line->i : 0,
	    q->type == CRM_T_DECIMAL ? &units : NULL, &m, err);
	if (r == CRM_OK && m > 0)
		*amount = crm_value_num(CRM_T_MONEY, m,
		    (unsigned)crm_money_digits(w->c->schema, rec));
	return r;
}

/* An error is about this event, of this order: nobody knows its number yet. */
static int
explain(struct crm_str ref, bool operand, uint32_t no, int code,
    struct crm_err *err)
{
	char own[32];
	int n = snprintf(own, sizeof own, "track %u ", no);
	size_t len = n > 0 ? (size_t)n : 0;

	if (err && strncmp(err->field, own, len) == 0)
		memmove(
		    err->field, err->field + len, strlen(err->field + len) + 1);
	if (err && strcmp(err->field, "what") == 0)
		err->field[0] = '\0';
	if (err && operand && !err->place[0]) {
		struct crm_buf b = {.max = 64};

		crm_buf_putstr(&b, ref);
		crm_buf_putc(&b, '\0');
		if (!b.fail)
			crm_err_place(err, b.p, 0);
		crm_buf_release(&b);
	}
	return code;
}

static int
event_each(struct cli_work *w, struct crm_str given_ref, struct crm_stream *row,
    void *ctx, struct crm_err *err)
{
	struct event *e = ctx;
	struct crm_str ref = given_ref;
	const struct crm_kind *k = w->c->kind;
	struct crm_order_event ev = {.what = e->what};
	struct crm_value v[16] = {{0}};
	struct crm_record *rec;
	struct crm_row *added;
	struct crm_str line_ref;
	uint32_t line = 0, no;
	int part = crm_kind_part(k, CRM_STR("track")), r = CRM_OK;

	if (row && !e->bound)
		r = bind(e, k, row, err);
	if (r == CRM_OK && row && e->line_id >= 0) {
		line_ref = crm_stream_field(row, (size_t)e->line_id);
		r = split_ref(w, &line_ref, &line, err);
	}
	if (r == CRM_OK)
		r = split_ref(w, &ref, &line, err);
	if (r == CRM_OK)
		r = cli_record(w, ref, &rec, err);
	if (r < 0)
		return r;
	r = values(w, e, row, rec, line, v, err);
	if (r == CRM_OK)
		r = worth(w, e, rec, v, err);
	if (r == CRM_OK)
		r = crm_order_event_add(w->c->schema, rec, &ev, err);
	if (r < 0)
		return explain(given_ref, row == NULL, 0, r, err);
	added = crm_record_row(rec, part, rec->part[part].last);
	for (int i = 0; i < GIVEN; i++) {
		int f = crm_part_field(e->track, crm_str(names[i]));

		added->v[f] = v[f];
	}
	no = added->no;
	r = cli_work_put(w, rec, err);
	return r == CRM_OK ? r : explain(given_ref, row == NULL, no, r, err);
}

int
cli_order_event(struct cli *c, struct crm_err *err)
{
	int part = crm_kind_part(c->kind, CRM_STR("track"));
	struct event e = {.track = &c->kind->parts[part], .line_id = -1};
	size_t n = c->nset;
	struct cli_work w;
	int what = crm_part_field(e.track, CRM_STR("what"));
	int r = cli_operands(c, 1, 0, err);

	e.what = (enum crm_order_what)crm_enum_place(
	    e.track->fields[what].values, crm_str(c->verb->name));
	for (int i = 0; r == CRM_OK && i < GIVEN; i++)
		r = cli_order_hash(c, names[i], given[i], err);
	if (r == CRM_OK && with_refund)
		r = cli_order_hash(c, "refund", "yes", err);
	if (r < 0)
		return r;
	r = cli_order_begin(c, n, cli_stdin(c), &w, err);
	if (r == CRM_OK)
		r = cli_each(&w, event_each, &e, err);
	return cli_work_finish(&w, r, err);
}
