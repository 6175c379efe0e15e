/*
 * crm-customer - everybody the company deals with.
 */
#include "cli_card.h"
#include "cli_doubles.h"
#include "cli_noun.h"
#include "cli_person.h"

static const char *role, *at, *channel, *purpose, *source, *wording;
static bool grant, revoke;

static int
identities(struct cli *c, struct crm_err *err)
{
	return cli_part_list(c, "identity", err);
}

static int
roles(struct cli *c, struct crm_err *err)
{
	return cli_part_list(c, "role", err);
}

static int
when(struct cli *c, int64_t *out, struct crm_err *err)
{
	*out = c->now;
	return at ? cli_moment(c, "--at", at, out, err) : CRM_OK;
}

/* A cell of the stream goes before the option of its name. */
static struct crm_str
cell(const struct crm_stream *row, const char *name, const char *option)
{
	int i = row ? crm_stream_find(row, crm_str(name)) : -1;
	struct crm_str s = {"", 0};

	if (i >= 0)
		s = crm_str_trim(crm_stream_field(row, (size_t)i));
	return s.n > 0 ? s : crm_str(option);
}

static int
no_cell(const char *name, const char *text, int code, struct crm_err *err)
{
	crm_err_set(err, code, "%s", text);
	crm_err_field(err, name, strlen(name));
	return code;
}

/* When a row says that it happened. */
static int
cell_time(struct cli *c, const struct crm_stream *row, int64_t *t,
    struct crm_err *err)
{
	struct crm_str s = cell(row, "at", NULL);
	struct crm_buf b = {.max = 128};
	int r = CRM_OK;

	if (s.n == 0)
		return CRM_OK;
	crm_buf_putstr(&b, s);
	crm_buf_putc(&b, '\0');
	r = b.fail ? no_cell("at", "is not a time", CRM_EDATA, err)
		   : cli_moment(c, "at", b.p, t, err);
	crm_buf_release(&b);
	if (r == CRM_EUSAGE && err)
		err->code = r = CRM_EDATA;
	return r;
}

/* ---- stage ---- */

static const struct cli_option stage_options[] = {
    {0, "role", CLI_TEXT, &role, "ROLE",
	"in which role, when it is not that of a customer"},
    {0, "at", CLI_TEXT, &at, "TIME", "since when"},
    {0},
};

struct stage_ctx {
	struct crm_str stage;
	int64_t at;
};

static int
stage_each(struct cli_work *w, struct crm_str ref, struct crm_stream *row,
    void *ctx, struct crm_err *err)
{
	struct stage_ctx *x = ctx;
	struct crm_record *rec;
	int64_t t = x->at;
	int r = cell_time(w->c, row, &t, err);

	if (r == CRM_OK)
		r = cli_record(w, ref, &rec, err);
	if (r == CRM_OK)
		r = crm_customer_stage(w->change, rec,
		    role ? crm_str(role) : CRM_STR("customer"), x->stage, t,
		    err);
	if (r == CRM_OK)
		r = cli_work_touch(w, rec->id, err);
	return r;
}

static int
stage(struct cli *c, struct crm_err *err)
{
	struct stage_ctx x;
	struct cli_work w;
	int r;

	r = cli_operands(c, 2, 2, err);
	if (r == CRM_OK)
		r = when(c, &x.at, err);
	if (r < 0)
		return r;
	x.stage = crm_str(c->operand[1]);
	c->noperand = 1;
	r = cli_work_begin(c, cli_stdin(c), &w, err);
	if (r == CRM_OK)
		r = cli_each(&w, stage_each, &x, err);
	return cli_work_finish(&w, r, err);
}

/* ---- consent ---- */

static const struct cli_option consent_options[] = {
    {0, "channel", CLI_TEXT, &channel, "NAME",
	"by which channel: email, phone, post"},
    {0, "purpose", CLI_TEXT, &purpose, "NAME", "for what: offers, survey"},
    {0, "grant", CLI_FLAG, &grant, NULL, "they agree"},
    {0, "revoke", CLI_FLAG, &revoke, NULL, "they no longer do"},
    {0, "source", CLI_TEXT, &source, "TEXT", "where it was given"},
    {0, "wording", CLI_TEXT, &wording, "TEXT", "what they agreed to"},
    {0, "at", CLI_TEXT, &at, "TIME", "when"},
    {0, "as-of", CLI_TEXT, &cli_opt.as_of, "TIME",
	"ask by what was known then, or at revision rev:N"},
    {0},
};

static int
consent_each(struct cli_work *w, struct crm_str ref, struct crm_stream *row,
    void *ctx, struct crm_err *err)
{
	struct crm_str by = cell(row, "channel", channel);
	struct crm_str what = cell(row, "purpose", purpose);
	int64_t t = *(const int64_t *)ctx;
	struct crm_value id;
	int r = cell_time(w->c, row, &t, err);

	if (r < 0)
		return r;
	if (by.n == 0 || what.n == 0)
		return no_cell(by.n == 0 ? "channel" : "purpose",
		    "a value is needed", CRM_EDATA, err);
	r = crm_ref_find(crm_change_txn(w->change), w->change,
	    w->c->kind->number, w->c->schema, ref, &id, err);
	if (r == CRM_OK)
		r = crm_consent_put(w->change, (uint64_t)id.i, by, what, grant,
		    t, cell(row, "source", source),
		    cell(row, "wording", wording), err);
	if (r == CRM_OK)
		r = cli_work_touch(w, (uint64_t)id.i, err);
	return r;
}

/* Without --grant and --revoke it is a question: exit 1 means no. */
static int
consent_ask(struct cli *c, int64_t t, struct crm_err *err)
{
	struct crm_value id;
	struct crm_txn *txn;
	bool yes = false;
	int r;

	r = crm_txn_begin(c->store, &txn, err);
	if (r < 0)
		return r;
	r = crm_ref_find(txn, NULL, c->kind->number, c->schema,
	    crm_str(c->operand[0]), &id, err);
	if (r == CRM_OK)
		r = crm_consent_get(txn, c->schema, (uint64_t)id.i,
		    crm_str(channel), crm_str(purpose), at ? t : c->at, &yes,
		    err);
	crm_txn_end(txn);
	return r == CRM_OK && !yes ? CRM_NO : r;
}

static int
consent(struct cli *c, struct crm_err *err)
{
	struct cli_work w;
	int64_t t;
	int r;

	r = cli_operands(c, 1, 0, err);
	if (r == CRM_OK && !cli_stdin(c) &&
	    (channel == NULL || purpose == NULL)) {
		crm_err_set(
		    err, CRM_EUSAGE, "--channel and --purpose are wanted");
		r = CRM_EUSAGE;
	}
	if (r == CRM_OK && grant && revoke)
		r = crm_err_set(
		    err, CRM_EUSAGE, "--grant and --revoke exclude each other");
	if (r == CRM_OK && cli_opt.as_of && (grant || revoke))
		r = crm_err_set(
		    err, CRM_EUSAGE, "--as-of asks; what was cannot be set");
	if (r == CRM_OK)
		r = when(c, &t, err);
	if (r < 0)
		return r;
	if (!grant && !revoke) {
		r = cli_operands(c, 1, 1, err);
		if (r == CRM_OK && cli_stdin(c)) {
			crm_err_set(err, CRM_EUSAGE, "a question is about one");
			crm_err_hint(err, "--grant or --revoke takes a stream");
			r = CRM_EUSAGE;
		}
		return r == CRM_OK ? consent_ask(c, t, err) : r;
	}
	r = cli_work_begin(c, cli_stdin(c), &w, err);
	if (r == CRM_OK)
		r = cli_each(&w, consent_each, &t, err);
	return cli_work_finish(&w, r, err);
}

static const struct cli_option add_options[] = {
    {0, "or-get", CLI_TEXT, &cli_or_get, "FIELD",
	"where a record has this identity already, give that one"},
    {0, "unless-known", CLI_TEXT, &cli_unless_known, "P",
	"refuse somebody who is known with at least this probability"},
    {0},
};

static const struct cli_verb verbs[] = {
    {"add", cli_customer_add, CLI_WRITE,
	CLI_FIELDS | CLI_CHANGE | CLI_BULK | CLI_EACH | CLI_IN | CLI_OUT,
	add_options, "[-]",
	"add a record, or one for each row of the stream on stdin"},
    {"stage", stage, CLI_WRITE, CLI_CHANGE | CLI_BULK | CLI_IN | CLI_OUT,
	stage_options, "REF|- STAGE",
	"move a relationship to another stage of its life"},
    {"consent", consent, CLI_WRITE, CLI_CHANGE | CLI_BULK | CLI_IN | CLI_OUT,
	consent_options, "REF... | -",
	"record consent given or revoked, or ask whether there is any"},
    {"identities", identities, CLI_SCAN,
	CLI_LIST | CLI_IN | CLI_OUT | CLI_CLOCK, NULL, "[REF... | -]",
	"print the other names they are known by"},
    {"roles", roles, CLI_SCAN, CLI_LIST | CLI_IN | CLI_OUT | CLI_CLOCK, NULL,
	"[REF... | -]", "print their roles, each with its stage"},
    {"export", cli_person_export, CLI_SCAN, 0, NULL, "REF",
	"write all that is known of somebody, as an archive"},
    {"erase", cli_person_erase, CLI_WRITE, CLI_IN | CLI_OUT, cli_erase_options,
	"REF... | -", "erase somebody, everywhere and for ever"},
    {"timeline", cli_timeline, CLI_READ, CLI_LIST | CLI_OUT | CLI_CLOCK, NULL,
	"REF", "print everything that happened with somebody, in time"},
    {"show", cli_card, CLI_READ, CLI_LIST | CLI_NOTIME | CLI_OUT | CLI_CLOCK,
	NULL, "REF", "print the card of one customer"},
    {"events", cli_events, CLI_SCAN, CLI_LIST | CLI_IN | CLI_OUT | CLI_CLOCK,
	NULL, "[REF... | -]", "print what happened: stages, consents"},
    {0},
};

static const struct cli_command command = {"crm-customer",
    "everybody the company deals with", "customer", CLI_COMMON, verbs};

int
main(int argc, char **argv)
{
	return crm_main(&command, argc, argv);
}
