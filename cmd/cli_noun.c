/*
 * cli_noun.c - the verbs that every noun has, and what they share.
 *
 * A noun is a kind's field table; nothing here knows what a customer is.
 */
#include <stdlib.h>

#include "cli_noun.h"

const char *cli_or_get;

static const struct cli_option add_options[] = {
    {0, "or-get", CLI_TEXT, &cli_or_get, "FIELD",
	"where a record has this identity already, give that one"},
    {0},
};

bool cli_ident_shared, cli_ident_remove;

static const struct cli_option identify_options[] = {
    {0, "shared", CLI_FLAG, &cli_ident_shared, NULL,
	"several records may have it"},
    {0, "remove", CLI_FLAG, &cli_ident_remove, NULL, "take it away again"},
    {0},
};

/* In the order of the bits of enum cli_common. */
const struct cli_verb cli_common_verbs[] = {
    {"add", cli_add, CLI_WRITE,
	CLI_FIELDS | CLI_CHANGE | CLI_BULK | CLI_EACH | CLI_IN | CLI_OUT,
	add_options, "[-]",
	"add a record, or one for each row of the stream on stdin"},
    {"get", cli_get, CLI_READ, CLI_IN | CLI_OUT | CLI_CLOCK, NULL, "REF... | -",
	"print records, or add their columns to the stream on stdin"},
    {"list", cli_list, CLI_SCAN, CLI_LIST | CLI_IN | CLI_OUT | CLI_CLOCK, NULL,
	"[-]", "print all records, or those whose ids are on stdin"},
    {"set", cli_set_verb, CLI_WRITE,
	CLI_FIELDS | CLI_CHANGE | CLI_BULK | CLI_EACH | CLI_IN | CLI_OUT, NULL,
	"REF... | -", "change fields"},
    {"rm", cli_rm, CLI_WRITE, CLI_CHANGE | CLI_BULK | CLI_IN | CLI_OUT, NULL,
	"REF... | -", "remove records that nothing refers to"},
    {"edit", cli_edit, CLI_WRITE, CLI_EXPR | CLI_CHANGE | CLI_OUT, NULL,
	"[REF...]", "change records in $EDITOR"},
    {"tag", cli_tag, CLI_WRITE,
	CLI_CHANGE | CLI_BULK | CLI_IN | CLI_OUT | CLI_SIGNED, NULL,
	"REF|- +TAG|-TAG...", "add and take away tags"},
    {"identify", cli_identify, CLI_WRITE,
	CLI_CHANGE | CLI_BULK | CLI_IN | CLI_OUT, identify_options,
	"REF SCHEME:VALUE... | -", "add other names a record is known by"},
    {0},
};

/* ---- shared by the verbs ---- */

int
cli_empty(enum crm_empty *out, struct crm_err *err)
{
	*out = CRM_EMPTY_REFUSE;
	if (cli_opt.empty == NULL)
		return CRM_OK;
	if (strcmp(cli_opt.empty, "clear") == 0)
		*out = CRM_EMPTY_CLEAR;
	else if (strcmp(cli_opt.empty, "keep") == 0)
		*out = CRM_EMPTY_KEEP;
	else {
		crm_err_set(err, CRM_EUSAGE, "'%s' is not clear or keep",
		    cli_opt.empty);
		crm_err_field(err, "--empty", 7);
		return CRM_EUSAGE;
	}
	return CRM_OK;
}

unsigned
cli_parse_flags(void)
{
	return cli_opt.clean ? CRM_PARSE_CLEAN : 0;
}

void
cli_place(struct crm_err *err, const struct crm_stream *s)
{
	if (err != NULL && err->place[0] == '\0')
		crm_err_place(err, crm_stream_file(s), crm_stream_line(s));
}

int
cli_id_column(struct cli *c, const struct crm_stream *s,
    const struct crm_kind *k, size_t *out, struct crm_err *err)
{
	const char *name = cli_opt.on ? cli_opt.on : k->fields[0].name;
	int i = crm_stream_find(s, crm_str(name));

	(void)c;
	if (i < 0) {
		crm_err_set(err, CRM_EDATA, "there is no column '%s'", name);
		crm_err_place(err, crm_stream_file(s), 1);
		crm_err_hint(err,
		    "--on COLUMN names the column with the ids; a header that "
		    "sort moved is kept in place by: crm-body sort ...");
		return CRM_EDATA;
	}
	*out = (size_t)i;
	return CRM_OK;
}

int
cli_record(struct cli_work *w, struct crm_str ref, struct crm_record **out,
    struct crm_err *err)
{
	struct cli *c = w->c;
	struct crm_value id;
	int r;

	r = crm_ref_find(crm_change_txn(w->change), w->change, c->kind->number,
	    c->schema, ref, &id, err);
	if (r == CRM_OK)
		r = crm_change_get(
		    w->change, c->kind, (uint64_t)id.i, out, err);
	return r;
}

/* A time that is given as an option may be a word or a length of time, as
 * --since takes it; in a stream it is a time. */
static int
set_option(struct cli_work *w, struct crm_record *rec, const char *name,
    const char *value, struct crm_err *err)
{
	int f = crm_kind_field(rec->kind, crm_str(name));
	char room[32];
	struct crm_buf b = {.p = room, .cap = sizeof room, .max = sizeof room};
	struct crm_str text = crm_str(value);
	struct crm_span span;
	int64_t t;
	int r;

	if (f >= 0 && rec->kind->fields[f].type == CRM_T_TIME &&
	    ((value[0] >= 'a' && value[0] <= 'z') ||
		crm_span_parse(text, &span) == CRM_OK)) {
		r = cli_moment(w->c, name, value, &t, err);
		if (r < 0) {
			/* as any value of a field that is wrong */
			if (err != NULL)
				err->code = CRM_EDATA;
			return CRM_EDATA;
		}
		crm_time_put(&b, t);
		text = crm_buf_str(&b);
	}
	return crm_input_set(w->change, rec, crm_str(name), text, err);
}

int
cli_apply_options(
    struct cli_work *w, struct crm_record *rec, struct crm_err *err)
{
	struct cli *c = w->c;
	size_t i, pass;
	int r = CRM_OK;

	/* the currency says how many digits money has: it goes first */
	for (pass = 0; pass < 2; pass++)
		for (i = 0; i < c->nset && r == CRM_OK; i++) {
			bool first = strcmp(c->set[i].name, "currency") == 0;

			if (first != (pass == 0))
				continue;
			r = set_option(
			    w, rec, c->set[i].name, c->set[i].value, err);
		}
	return r;
}

/* An operand that is not there is the answer no; in data it is bad data. */
static int
in_data(int r, struct crm_err *err)
{
	if (r == CRM_NOTFOUND) {
		if (err != NULL)
			err->code = CRM_EDATA;
		return CRM_EDATA;
	}
	return r;
}

static int
each_row(struct cli_work *w, cli_each_fn *fn, void *ctx, struct crm_stream *s,
    struct cli_rejects *rejects, struct crm_err *err)
{
	struct crm_str ref;
	size_t column;
	int r;

	if (crm_stream_columns(s) == 0)
		return CRM_OK;
	r = cli_id_column(w->c, s, w->c->kind, &column, err);
	while (r == CRM_OK) {
		r = cli_work_wait(w, s, err);
		if (r == CRM_OK)
			r = crm_stream_next(s, err);
		if (r == CRM_NOTFOUND)
			return CRM_OK;
		if (r == CRM_OK) {
			ref = crm_stream_field(s, column);
			r = cli_work_next(w, err);
			if (r == CRM_OK)
				r = in_data(fn(w, ref, s, ctx, err), err);
			r = cli_work_done(w, r == CRM_NO ? CRM_OK : r, err);
			if (r == CRM_EDATA)
				cli_place(err, s);
		}
		if (r == CRM_EDATA)
			r = cli_reject(rejects, crm_stream_raw(s), err);
	}
	return r;
}

static int
each_stream(struct cli_work *w, cli_bind_fn *bind, cli_each_fn *fn, void *ctx,
    struct crm_err *err)
{
	struct cli_rejects *rejects = NULL;
	struct crm_stream *s = NULL;
	uint64_t rejected;
	int r, closed;

	r = cli_stream(w->c, true, &s, err);
	if (r == CRM_OK && bind != NULL && crm_stream_columns(s) > 0)
		r = bind(w, s, ctx, err);
	if (r == CRM_OK)
		r = cli_rejects_open(w->c, &rejects, err);
	if (r == CRM_OK && crm_stream_columns(s) > 0)
		r = cli_rejects_header(rejects, crm_stream_raw(s), err);
	if (r == CRM_OK)
		r = each_row(w, fn, ctx, s, rejects, err);
	rejected = rejects ? cli_rejects_count(rejects) : 0;
	closed =
	    rejects ? cli_rejects_close(rejects, r < 0 ? NULL : err) : CRM_OK;
	crm_stream_close(s);
	if (r == CRM_OK)
		r = closed;
	return r == CRM_OK && rejected > 0 ? CRM_PARTLY : r;
}

int
cli_each(struct cli_work *w, cli_each_fn *fn, void *ctx, struct crm_err *err)
{
	return cli_each_bound(w, NULL, fn, ctx, err);
}

int
cli_each_bound(struct cli_work *w, cli_bind_fn *bind, cli_each_fn *fn,
    void *ctx, struct crm_err *err)
{
	size_t i;
	int r = CRM_OK;

	if (cli_stdin(w->c))
		return each_stream(w, bind, fn, ctx, err);
	for (i = 0; i < w->c->noperand && r == CRM_OK; i++) {
		r = fn(w, crm_str(w->c->operand[i]), NULL, ctx, err);
		if (r == CRM_NO)
			r = CRM_OK;
		crm_change_reset(w->change);
	}
	return r;
}

bool
cli_is_erased(struct cli *c, struct crm_txn *t, const struct crm_kind *k,
    struct crm_str ref)
{
	struct crm_id id;

	return crm_id_parse(c->schema, crm_str_trim(ref), &id) == CRM_OK &&
	       id.kind == k->number && crm_ref_erased(t, id.kind, id.number);
}

int
cli_selector(struct cli *c, const char *column, const struct crm_kind *k,
    struct crm_idmap *out, struct crm_err *err)
{
	struct crm_stream *s = NULL;
	struct crm_txn *t = NULL;
	struct crm_value id;
	struct crm_str ref;
	const char *on = cli_opt.on;
	size_t i;
	int r;

	r = cli_slurp(c, err);
	if (r == CRM_OK)
		r = cli_stream(c, false, &s, err);
	if (r < 0 || crm_stream_columns(s) == 0)
		goto out;
	if (column != NULL)
		cli_opt.on = column;
	r = cli_id_column(c, s, k, &i, err);
	cli_opt.on = on;
	if (r == CRM_OK)
		r = crm_txn_begin(c->store, &t, err);
	while (r == CRM_OK && (r = crm_stream_next(s, err)) == CRM_OK) {
		ref = crm_stream_field(s, i);
		if (ref.n == 0)
			continue;
		r = crm_ref_find(t, NULL, k->number, c->schema, ref, &id, err);
		if (r == CRM_NOTFOUND &&
		    ((cli_opt.missing != NULL &&
			 strcmp(cli_opt.missing, "drop") == 0) ||
			cli_is_erased(c, t, k, ref))) {
			r = CRM_OK;
			continue;
		}
		r = in_data(r, err);
		if (r == CRM_EDATA)
			cli_place(err, s);
		if (r == CRM_OK &&
		    crm_idmap_put(out, (uint64_t)id.i, 1) == CRM_ENOMEM)
			r = crm_err_nomem(err);
	}
	if (r == CRM_NOTFOUND)
		r = CRM_OK;
out:
	if (t != NULL)
		crm_txn_end(t);
	crm_stream_close(s);
	return r;
}
