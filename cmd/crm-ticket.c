/*
 * crm-ticket - what customers want settled, from opening to closing.
 *
 * What is said is a contact (crm-touch) about the ticket; open and reply log
 * one, and whose turn it is follows from who spoke.  A state that is named
 * goes before that.
 */
#include "cli_ticket.h"

static const char *at, *text, *subject, *direction, *channel, *agent, *cost,
    *duration, *state, *team, *priority;
static bool internal, open_only, mine;

#define AT                                                               \
	{                                                                \
		0, "at", CLI_TEXT, &at, "TIME", "when, if it is not now" \
	}
/* What a contact takes. */
#define SAID                                                           \
	{0, "text", CLI_TEXT, &text, "TEXT", "what was said"},         \
	    {0, "direction", CLI_TEXT, &direction, "in|out",           \
		"in: they turned to us; out: we to them"},             \
	    {0, "agent", CLI_TEXT, &agent, "WHO",                      \
		"who of us it was with; CRM_ACTOR"},                   \
	    {0, "cost", CLI_TEXT, &cost, "AMOUNT", "what it cost us"}, \
	{                                                              \
		0, "duration", CLI_TEXT, &duration, "SECONDS",         \
		    "how long it took"                                 \
	}

static int
when(struct cli *c, int64_t *out, struct crm_err *err)
{
	*out = c->now;
	return at ? cli_moment(c, "--at", at, out, err) : CRM_OK;
}

/* ---- what is said ---- */

struct word {
	uint64_t ticket;
	const char *direction, *channel, *subject;
	const char *agent;
	int64_t at;
};

static int
say(struct cli_work *w, const struct word *x, struct crm_err *err)
{
	const struct crm_kind *k = &w->c->schema->kind[CRM_K_TOUCH];
	const struct {
		const char *field, *value;
	} given[] = {{"direction", x->direction}, {"channel", x->channel},
	    {"subject", x->subject}, {"text", text}, {"agent", x->agent},
	    {"cost", cost}, {"duration", duration}};
	struct crm_record *rec;
	int r = crm_change_new(w->change, k, &rec, err);

	if (r < 0)
		return r;
	*crm_record_at(rec, "at") = crm_value_num(CRM_T_TIME, x->at, 0);
	*crm_record_at(rec, "about") = crm_value_id(CRM_K_TICKET, x->ticket);
	for (size_t i = 0; i < sizeof given / sizeof *given && r == CRM_OK; i++)
		if (given[i].value != NULL)
			r = crm_input_set(w->change, rec,
			    crm_str(given[i].field), crm_str(given[i].value),
			    err);
	return r == CRM_OK ? crm_change_put(w->change, rec, err) : r;
}

static bool
is_out(const char *d)
{
	return d != NULL && strcmp(d, "out") == 0;
}

/* ---- open ---- */

static const struct cli_option open_options[] = {SAID, {0}};

static int
open_ticket(struct cli_work *w, struct crm_err *err)
{
	struct word x = {.direction = direction ? direction : "in",
	    .agent = agent ? agent : w->c->actor};
	struct crm_buf b = {.max = 64};
	struct crm_record *rec;
	struct crm_str name;
	uint64_t number;
	int r = crm_change_new(w->change, w->c->kind, &rec, err);

	if (r == CRM_OK)
		r = cli_apply_options(w, rec, err);
	if (r == CRM_OK && text == NULL &&
	    crm_record_get(rec, "subject")->type == CRM_T_NONE) {
		r = crm_err_set(
		    err, CRM_EUSAGE, "--subject or --text is wanted");
		crm_err_hint(err, "crm-ticket open --customer REF --channel "
				  "phone --subject TEXT");
	}
	if (r == CRM_OK)
		r = cli_work_put(w, rec, err);
	if (r < 0 || (text == NULL && direction == NULL))
		return r;
	number = rec->id;
	x.ticket = number;
	x.at = crm_record_get(rec, "opened")->i;
	name = crm_record_get(rec, "channel")->s;
	crm_buf_putstr(&b, name);
	crm_buf_putc(&b, '\0');
	r = crm_buf_check(&b, err);
	if (r == CRM_OK && name.n > 0)
		x.channel = b.p;
	if (r == CRM_OK)
		r = say(w, &x, err);
	crm_buf_release(&b);
	return r;
}

static int
open_verb(struct cli *c, struct crm_err *err)
{
	struct cli_work w;
	int r;

	if (c->noperand > 0) {
		r = crm_err_set(err, CRM_EUSAGE, "'%s' is no operand of open",
		    c->operand[0]);
		crm_err_hint(err, "open takes options, as --customer REF; a "
				  "stream of tickets: crm-ticket add -");
		return r;
	}
	r = cli_work_begin(c, false, &w, err);
	if (r == CRM_OK)
		r = open_ticket(&w, err);
	return cli_work_finish(&w, r, err);
}

/* ---- reply ---- */

static const struct cli_option reply_options[] = {SAID,
    {0, "channel", CLI_TEXT, &channel, "WORD",
	"by what; else that of the ticket"},
    {0, "subject", CLI_TEXT, &subject, "TEXT", "in a few words"},
    {0, "state", CLI_TEXT, &state, "WORD",
	"the state it has then; else waiting, after the customer's word open"},
    {0, "internal", CLI_FLAG, &internal, NULL,
	"a note for us, which is no contact"},
    AT, {0}};

/* Gives a ticket a state at a time. */
static int
turn(struct cli_work *w, uint64_t number, const char *to, int64_t t,
    struct crm_err *err)
{
	struct crm_record *rec;
	int r = crm_change_get(w->change, w->c->kind, number, &rec, err);

	if (r == CRM_OK)
		r = crm_input_set(
		    w->change, rec, CRM_STR("state"), crm_str(to), err);
	if (r == CRM_OK)
		r = crm_ticket_put_at(w->change, rec, t, err);
	return r == CRM_OK ? cli_work_touch(w, number, err) : r;
}

static int
note(struct cli_work *w, uint64_t number, int64_t t, struct crm_err *err)
{
	struct crm_buf b = {.max = 1 << 20};
	int r;

	if (text == NULL || text[0] == '\0')
		return crm_err_set(err, CRM_EUSAGE, "--internal wants --text");
	r = crm_text_enter(crm_str(text), 0, NULL, &b, err);
	if (r == CRM_OK)
		r = crm_ticket_note(w->change, number, crm_buf_str(&b), t, err);
	crm_buf_release(&b);
	return r;
}

static int
reply_each(struct cli_work *w, struct crm_str ref, struct crm_stream *row,
    void *ctx, struct crm_err *err)
{
	struct word x = {.direction = direction ? direction : "out",
	    .channel = channel,
	    .subject = subject,
	    .agent = agent,
	    .at = *(const int64_t *)ctx};
	struct crm_buf b = {.max = 64};
	struct crm_record *rec;
	int r = cli_record(w, ref, &rec, err);

	(void)row;
	if (r < 0)
		return r;
	x.ticket = rec->id;
	crm_buf_putstr(&b, crm_record_get(rec, "channel")->s);
	if (x.channel == NULL && b.n > 0) {
		crm_buf_putc(&b, '\0');
		x.channel = b.p;
	}
	if (x.agent == NULL && is_out(x.direction))
		x.agent = w->c->actor;
	r = crm_buf_check(&b, err);
	if (r == CRM_OK)
		r = internal ? note(w, x.ticket, x.at, err) : say(w, &x, err);
	if (r == CRM_OK && state != NULL)
		r = turn(w, x.ticket, state, x.at, err);
	if (r == CRM_OK)
		r = cli_work_touch(w, x.ticket, err);
	crm_buf_release(&b);
	return r;
}

/* Operands or a stream of tickets, each at the time of --at. */
static int
each(struct cli *c, cli_each_fn *fn, struct crm_err *err)
{
	struct cli_work w;
	int64_t t;
	int r = cli_operands(c, 1, 0, err);

	if (r == CRM_OK)
		r = when(c, &t, err);
	if (r < 0)
		return r;
	r = cli_work_begin(c, cli_stdin(c), &w, err);
	if (r == CRM_OK)
		r = cli_each(&w, fn, &t, err);
	return cli_work_finish(&w, r, err);
}

static int
reply(struct cli *c, struct crm_err *err)
{
	if (text == NULL && subject == NULL)
		return crm_err_set(
		    err, CRM_EUSAGE, "--text is wanted, or at least --subject");
	return each(c, reply_each, err);
}

/* ---- close, reopen ---- */

static const struct cli_option at_options[] = {AT, {0}};

static int
close_each(struct cli_work *w, struct crm_str ref, struct crm_stream *row,
    void *ctx, struct crm_err *err)
{
	struct crm_record *rec;
	int r = cli_record(w, ref, &rec, err);

	(void)row;
	return r == CRM_OK
		   ? turn(w, rec->id, "closed", *(const int64_t *)ctx, err)
		   : r;
}

static int
reopen_each(struct cli_work *w, struct crm_str ref, struct crm_stream *row,
    void *ctx, struct crm_err *err)
{
	struct crm_record *rec;
	int r = cli_record(w, ref, &rec, err);

	(void)row;
	if (r == CRM_OK &&
	    !crm_str_is(crm_record_get(rec, "state")->s, "closed"))
		return crm_err_set(err, CRM_EDATA, "T%llu is not closed",
		    (unsigned long long)rec->id);
	return r == CRM_OK
		   ? turn(w, rec->id, "open", *(const int64_t *)ctx, err)
		   : r;
}

static int
close_verb(struct cli *c, struct crm_err *err)
{
	return each(c, close_each, err);
}

static int
reopen(struct cli *c, struct crm_err *err)
{
	return each(c, reopen_each, err);
}

/* ---- assign ---- */

static const struct cli_option assign_options[] = {
    {0, "team", CLI_TEXT, &team, "TEAM", "whose work it is"},
    {0, "priority", CLI_TEXT, &priority, "WORD", "how pressing it is"}, AT,
    {0}};

struct assign {
	const char *to; /* NULL: as it is */
	int64_t at;
};

static int
assign_each(struct cli_work *w, struct crm_str ref, struct crm_stream *row,
    void *ctx, struct crm_err *err)
{
	const struct assign *x = ctx;
	const struct {
		const char *field, *value;
	} given[] = {
	    {"assignee", x->to}, {"team", team}, {"priority", priority}};
	struct crm_record *rec;
	int r = cli_record(w, ref, &rec, err);

	(void)row;
	for (size_t i = 0; i < 3 && r == CRM_OK; i++)
		if (given[i].value != NULL)
			r = crm_input_set(w->change, rec,
			    crm_str(given[i].field), crm_str(given[i].value),
			    err);
	if (r == CRM_OK)
		r = crm_ticket_put_at(w->change, rec, x->at, err);
	return r == CRM_OK ? cli_work_touch(w, rec->id, err) : r;
}

static int
assign(struct cli *c, struct crm_err *err)
{
	struct assign x = {NULL, 0};
	struct cli_work w;
	int r = cli_operands(c, 1, 2, err);

	if (r == CRM_OK)
		r = when(c, &x.at, err);
	if (r < 0)
		return r;
	if (c->noperand == 2) {
		x.to = c->operand[1];
		c->noperand = 1;
	}
	if (x.to == NULL && team == NULL && priority == NULL) {
		r = crm_err_set(
		    err, CRM_EUSAGE, "to whom is it to be assigned?");
		crm_err_hint(err, "crm-ticket assign T7 ann, or --team TEAM; "
				  "'' takes it from them");
		return r;
	}
	r = cli_work_begin(c, cli_stdin(c), &w, err);
	if (r == CRM_OK)
		r = cli_each(&w, assign_each, &x, err);
	return cli_work_finish(&w, r, err);
}

/* ---- merge, split ---- */

static int
number_of(struct cli_work *w, unsigned kind, const char *ref, uint64_t *out,
    struct crm_err *err)
{
	struct crm_value id;
	int r = crm_ref_find(crm_change_txn(w->change), w->change, kind,
	    w->c->schema, crm_str(ref), &id, err);

	*out = r == CRM_OK ? (uint64_t)id.i : 0;
	return r;
}

static int
merge_each(struct cli_work *w, struct crm_str ref, struct crm_stream *row,
    void *ctx, struct crm_err *err)
{
	const uint64_t *into = ctx;
	struct crm_value id;
	int r = crm_ref_find(crm_change_txn(w->change), w->change, CRM_K_TICKET,
	    w->c->schema, ref, &id, err);

	(void)row;
	return r == CRM_OK
		   ? crm_ticket_merge(w->change, (uint64_t)id.i, *into, err)
		   : r;
}

static int
merge(struct cli *c, struct crm_err *err)
{
	struct cli_work w;
	const char *last;
	uint64_t into = 0;
	int r = cli_operands(c, 2, 0, err);

	if (r < 0)
		return r;
	last = c->operand[--c->noperand];
	r = cli_work_begin(c, cli_stdin(c), &w, err);
	if (r == CRM_OK)
		r = number_of(&w, CRM_K_TICKET, last, &into, err);
	if (r == CRM_OK)
		r = cli_each(&w, merge_each, &into, err);
	if (r == CRM_OK)
		r = cli_work_touch(&w, into, err);
	return cli_work_finish(&w, r, err);
}

static int
split_off(struct cli_work *w, struct crm_err *err)
{
	struct cli *c = w->c;
	size_t n = c->noperand - 1;
	uint64_t *touch = crm_arena_alloc(&c->arena, n * sizeof *touch);
	struct crm_record *rec;
	uint64_t ticket;
	int r = touch ? number_of(w, CRM_K_TICKET, c->operand[0], &ticket, err)
		      : crm_err_nomem(err);

	for (size_t i = 0; i < n && r == CRM_OK; i++)
		r = number_of(
		    w, CRM_K_TOUCH, c->operand[i + 1], &touch[i], err);
	if (r == CRM_OK)
		r = crm_change_new(w->change, c->kind, &rec, err);
	if (r == CRM_OK)
		r = cli_apply_options(w, rec, err);
	if (r == CRM_OK)
		r = crm_ticket_split(w->change, ticket, touch, n, rec, err);
	return r == CRM_OK ? cli_work_touch(w, rec->id, err) : r;
}

static int
split(struct cli *c, struct crm_err *err)
{
	struct cli_work w;
	int r = cli_operands(c, 2, 0, err);

	if (r < 0)
		return r;
	r = cli_work_begin(c, false, &w, err);
	if (r == CRM_OK)
		r = split_off(&w, err);
	return cli_work_finish(&w, r, err);
}

/* ---- list ---- */

static const struct cli_option list_options[] = {CLI_OF_OPTION,
    {0, "open", CLI_FLAG, &open_only, NULL, "only those that are not closed"},
    {0, "mine", CLI_FLAG, &mine, NULL, "only those assigned to CRM_ACTOR"},
    {0}};

static bool
keep(const struct cli *c, const struct crm_record *rec)
{
	if (open_only && crm_str_is(crm_record_get(rec, "state")->s, "closed"))
		return false;
	return !mine ||
	       crm_str_is(crm_record_get(rec, "assignee")->s, c->actor);
}

static int
list(struct cli *c, struct crm_err *err)
{
	static const char *const fields[] = {"state", "assignee", NULL};

	c->keep = keep;
	c->keep_fields = fields;
	return cli_of_list(c, err);
}

static int
identities(struct cli *c, struct crm_err *err)
{
	return cli_part_list(c, "identity", err);
}

#define WRITES (CLI_CHANGE | CLI_BULK | CLI_IN | CLI_OUT)
#define LISTS (CLI_LIST | CLI_IN | CLI_OUT | CLI_CLOCK)

static const struct cli_verb verbs[] = {
    {"open", open_verb, CLI_WRITE, CLI_FIELDS | CLI_CHANGE | CLI_OUT,
	open_options, "", "open a ticket, with what was said"},
    {"reply", reply, CLI_WRITE, WRITES, reply_options, "REF... | -",
	"record what was said about it, by us or them"},
    {"assign", assign, CLI_WRITE, WRITES, assign_options, "REF|- [WHO]",
	"say who works on it"},
    {"list", list, CLI_SCAN, LISTS, list_options, "[-]",
	"print all tickets, or those chosen by the ids on stdin"},
    {"close", close_verb, CLI_WRITE, WRITES, at_options, "REF... | -",
	"the matter is settled"},
    {"reopen", reopen, CLI_WRITE, WRITES, at_options, "REF... | -",
	"it is not settled after all"},
    {"merge", merge, CLI_WRITE, WRITES, NULL, "REF...|- INTO",
	"make tickets part of another, to which they lead from then on"},
    {"split", split, CLI_WRITE, CLI_FIELDS | CLI_CHANGE | CLI_OUT, NULL,
	"REF TOUCH...", "make a new ticket of a part of what was said"},
    {"thread", cli_ticket_thread, CLI_SCAN, LISTS, NULL, "[REF... | -]",
	"print what happened and what was said, in time"},
    {"times", cli_ticket_times, CLI_SCAN, LISTS, NULL, "[REF... | -]",
	"print the time in each state, and to the first answer"},
    {"identities", identities, CLI_SCAN, LISTS, NULL, "[REF... | -]",
	"print the other names they are known by"},
    {0},
};

static const struct cli_command command = {"crm-ticket",
    "what customers want settled, from opening to closing", "ticket",
    CLI_COMMON, verbs};

int
main(int argc, char **argv)
{
	return crm_main(&command, argc, argv);
}
