/*
 * crm-find - who is meant by a number, an address, a name.
 *
 * All operands are one query, so that a number with blanks needs no quotes.
 * On a terminal an answer is a line to be read while the telephone rings;
 * with -f or --format, and in a pipe, it is a stream like any other.
 */
#include <stdlib.h>

#include "cli_noun.h"

enum { LIMIT = 10, LIMIT_MAX = 1000 };

static bool one, near;
static int64_t limit = -1;

static const struct cli_option options[] = {
    {'1', "one", CLI_FLAG, &one, NULL,
	"exactly one, else an error that lists the candidates"},
    {0, "limit", CLI_INT, &limit, "N", "at most so many of a query (10)"},
    {0, "near", CLI_FLAG, &near, NULL,
	"names with a letter wrong, too, when there are others"},
    {0, "as-of", CLI_TEXT, &cli_opt.as_of, "TIME",
	"by what was known then, or at revision rev:N"},
    {0},
};

/* What stands behind the fields of a customer. */
enum { F_HOW, F_SCORE, F_VIA, F_QUERY, F_COUNT };
static const struct crm_field more_fields[F_COUNT] = {
    {"how", CRM_T_ENUM, 0, 0, 0, CRM_HOW_NAMES, "by what they were found"},
    {"score", CRM_T_INT, 0, 0, 0, NULL, "how good a match, 100 is exact"},
    {"via", CRM_T_ID, 0, 0, 0, NULL, "their order or ticket that was named"},
    {"query", CRM_T_TEXT, 0, 0, 0, NULL, "what was asked"},
};

struct find {
	struct cli *c;
	struct crm_field *fields;
	size_t nfields;
	int *pick;
	size_t npick;
	struct crm_want want;
	struct crm_out *out;
	bool lines; /* for people */
	struct crm_str *line; /* L_COUNT texts of each of nline */
	size_t nline, capline;
	struct crm_arena arena; /* of a query */
	struct crm_found *found;
	struct crm_find_options opt;
	struct crm_buf text;
};

/* ---- output ---- */

/* The columns by default: who it is, what they are worth, what is open. */
static const char *
default_fields(struct cli *c)
{
	static const char *const name[] = {"name", "stage", "tier", "orders",
	    "revenue", "last_order", "open_tickets"};
	struct crm_buf b = {.max = 400};
	struct crm_str kept = {NULL, 0};

	for (size_t i = 0; i < sizeof name / sizeof *name; i++)
		if (crm_kind_field(c->kind, crm_str(name[i])) > 0)
			crm_buf_putf(&b, "%s,", name[i]);
	crm_buf_puts(&b, "how,score,via");
	if (cli_stdin(c))
		crm_buf_puts(&b, ",query");
	if (crm_buf_keep(&b, &c->arena, &kept, NULL) < 0)
		kept.p = NULL;
	crm_buf_release(&b);
	return kept.p;
}

enum {
	L_ID,
	L_NAME,
	L_STAGE,
	L_TIER,
	L_ORDERS,
	L_REVENUE,
	L_LAST,
	L_OPEN,
	L_HOW,
	L_COUNT
};
static const struct crm_field line_fields[L_COUNT] = {
    {"customer_id", CRM_T_ID, CRM_K_CUSTOMER, 0, 0, NULL, ""},
    {"name", CRM_T_TEXT, 0, 0, 0, NULL, ""},
    {"stage", CRM_T_TEXT, 0, 0, 0, NULL, ""},
    {"tier", CRM_T_TEXT, 0, 0, 0, NULL, ""},
    {"orders", CRM_T_INT, 0, 0, 0, NULL, ""},
    {"revenue", CRM_T_MONEY, 0, 0, 0, NULL, ""},
    {"last_order", CRM_T_INT, 0, 0, 0, NULL, ""},
    {"open", CRM_T_INT, 0, 0, 0, NULL, ""},
    {"how", CRM_T_TEXT, 0, 0, 0, NULL, ""},
};

static int
open_out(struct find *f, struct crm_err *err)
{
	struct cli *c = f->c;
	const struct crm_kind *k = c->kind;
	struct crm_field *shown;
	int r;

	f->lines = c->tty_out && !cli_opt.format && !cli_opt.fields;
	f->nfields = k->nfields + F_COUNT;
	f->fields = crm_arena_alloc(&c->arena, f->nfields * sizeof *f->fields);
	if (f->fields == NULL)
		return crm_err_nomem(err);
	memcpy(f->fields, k->fields, k->nfields * sizeof *f->fields);
	memcpy(f->fields + k->nfields, more_fields, sizeof more_fields);
	if (cli_opt.fields == NULL) {
		cli_opt.fields = default_fields(c);
		if (cli_opt.fields == NULL)
			return crm_err_nomem(err);
	}
	r = cli_pick(c, f->fields, f->nfields, &f->pick, &f->npick, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < f->npick; i++)
		if (f->pick[i] < k->nfields)
			crm_want_field(&f->want, f->pick[i]);
	crm_want_field(&f->want, crm_kind_field(k, CRM_STR("name")));
	if (f->lines)
		return CRM_OK;
	shown = crm_arena_alloc(&c->arena, f->npick * sizeof *shown);
	if (shown == NULL)
		return crm_err_nomem(err);
	for (size_t i = 0; i < f->npick; i++)
		shown[i] = f->fields[f->pick[i]];
	return cli_out(c, shown, f->npick, &f->out, err);
}

/* 1204.50 -> 1,204.50 */
static void
put_grouped(struct crm_buf *b, int64_t v, unsigned digits)
{
	struct crm_buf plain = {.max = 64};
	size_t whole, at;

	crm_money_put(&plain, v, digits);
	whole = plain.n - (digits > 0 ? digits + 1 : 0);
	at = whole > 0 && plain.p[0] == '-' ? 1 : 0;
	for (size_t i = 0; i < plain.n; i++) {
		if (i > at && i < whole && (whole - i) % 3 == 0)
			crm_buf_putc(b, ',');
		crm_buf_putc(b, plain.p[i]);
	}
	crm_buf_release(&plain);
}

/* Ends the text of a line that began at `from`, and keeps it in the arena. */
static struct crm_str
keep(struct find *f)
{
	struct crm_str s = crm_arena_str(&f->c->arena, crm_buf_str(&f->text));

	crm_buf_clear(&f->text);
	return s.p ? s : (struct crm_str){"", 0};
}

static void
put_days(struct find *f, int64_t last)
{
	const struct crm_calendar *cal = &f->c->schema->calendar;
	int64_t days = crm_day_of(cal, f->c->now) - crm_day_of(cal, last);

	if (days <= 0)
		crm_buf_puts(&f->text, "last today");
	else
		crm_buf_putf(&f->text, "last %lld d ago", (long long)days);
}

static int
put_tickets(struct find *f, struct crm_txn *t, uint64_t customer, int64_t n,
    struct crm_err *err)
{
	struct crm_value ticket;
	int r = crm_find_ticket(t, f->c->schema, customer, &ticket, err);

	crm_buf_putf(
	    &f->text, "%lld open ticket%s", (long long)n, n == 1 ? "" : "s");
	if (r == CRM_OK && ticket.type == CRM_T_ID) {
		crm_buf_puts(&f->text, " (");
		crm_value_put(f->c->schema, &f->text, &ticket, true);
		crm_buf_putc(&f->text, ')');
	}
	return r;
}

/* A line for people: its texts are kept until all are known, so that columns
 * without any are left out. */
static int
keep_line(struct find *f, struct crm_txn *t, const struct crm_record *rec,
    const struct crm_found *x, struct crm_err *err)
{
	const struct crm_settings *set = f->c->schema->settings;
	int64_t orders = crm_record_get(rec, "orders")->i;
	const struct crm_value *last = crm_record_get(rec, "last_order");
	const struct crm_value *open = crm_record_get(rec, "open_tickets");
	struct crm_id id = {.kind = CRM_K_CUSTOMER, .number = x->number};
	struct crm_str *s;
	int r = CRM_OK;

	if (!crm_grow(&f->line, &f->capline, (f->nline + 1) * L_COUNT,
		sizeof *f->line))
		return crm_err_nomem(err);
	s = f->line + f->nline++ * L_COUNT;
	memset(s, 0, L_COUNT * sizeof *s);

	crm_id_put(f->c->schema, &f->text, &id, true);
	s[L_ID] = keep(f);
	s[L_NAME] = crm_arena_str(&f->c->arena, crm_record_get(rec, "name")->s);
	s[L_STAGE] = crm_record_get(rec, "stage")->s; /* the table's */
	s[L_TIER] = crm_arena_str(&f->c->arena, crm_record_get(rec, "tier")->s);
	crm_buf_putf(&f->text, "%lld order%s", (long long)orders,
	    orders == 1 ? "" : "s");
	s[L_ORDERS] = keep(f);
	put_grouped(&f->text, crm_record_get(rec, "revenue")->i,
	    (unsigned)f->c->schema->digits);
	if (set)
		crm_buf_putf(
		    &f->text, " %.*s", (int)set->currency.n, set->currency.p);
	s[L_REVENUE] = keep(f);
	if (last->type == CRM_T_TIME)
		put_days(f, last->i);
	s[L_LAST] = keep(f);
	if (open->i > 0)
		r = put_tickets(f, t, x->number, open->i, err);
	s[L_OPEN] = keep(f);
	if (x->via.type == CRM_T_ID) {
		crm_buf_puts(&f->text, "by ");
		crm_value_put(f->c->schema, &f->text, &x->via, true);
	} else if (x->how > CRM_HOW_NAME) {
		struct crm_str how = crm_enum_name(CRM_HOW_NAMES, x->how);

		crm_buf_putf(&f->text, "by %.*s", (int)how.n, how.p);
	}
	s[L_HOW] = keep(f);
	return r;
}

static int
print_lines(struct find *f, struct crm_err *err)
{
	struct crm_field shown[L_COUNT];
	struct crm_str cell[L_COUNT];
	size_t of[L_COUNT], n = 0;
	int r;

	for (size_t i = 0; i < L_COUNT; i++) {
		bool any = false;

		for (size_t j = 0; j < f->nline; j++)
			any |= f->line[j * L_COUNT + i].n > 0;
		if (!any)
			continue;
		of[n] = i;
		shown[n++] = line_fields[i];
	}
	cli_opt.no_header = true;
	f->c->width = 0; /* all of it: who is calling must not be cut */
	r = cli_out(f->c, shown, n, &f->out, err);
	for (size_t j = 0; j < f->nline && r == CRM_OK; j++) {
		for (size_t i = 0; i < n; i++) {
			cell[i] = f->line[j * L_COUNT + of[i]];
			if (cell[i].p == NULL)
				cell[i].p = "";
		}
		r = crm_out_texts(f->out, cell, err);
	}
	return r;
}

static int
put_row(struct find *f, const struct crm_record *rec, struct crm_str query,
    const struct crm_found *x, struct crm_err *err)
{
	const struct crm_kind *k = f->c->kind;
	struct crm_value more[F_COUNT], *v;

	more[F_HOW] = crm_value_enum(CRM_HOW_NAMES, x->how);
	more[F_SCORE] = crm_value_num(CRM_T_INT, x->score, 0);
	more[F_VIA] = x->via;
	more[F_QUERY] = crm_value_text(query);
	if (x->number == 0) /* nobody */
		more[F_HOW] = more[F_SCORE] = (struct crm_value){0};
	v = crm_arena_alloc(&f->arena, f->npick * sizeof *v);
	if (v == NULL)
		return crm_err_nomem(err);
	for (size_t i = 0; i < f->npick; i++)
		v[i] = f->pick[i] < k->nfields ? rec->v[f->pick[i]]
					       : more[f->pick[i] - k->nfields];
	return crm_out_row(f->out, v, err);
}

/* ---- a query ---- */

static int
read_one(struct find *f, struct crm_txn *t, uint64_t number,
    struct crm_record **rec, struct crm_err *err)
{
	*rec = crm_record_new(f->c->kind, &f->arena);
	if (*rec == NULL)
		return crm_err_nomem(err);
	if (number == 0)
		return CRM_OK;
	return crm_model_read_at(
	    t, f->c->schema, f->c->kind, number, &f->want, f->c->at, *rec, err);
}

static int
ambiguous(struct find *f, struct crm_txn *t, struct crm_str query, size_t n,
    bool more, struct crm_err *err)
{
	struct crm_buf list = {.max = 2000};
	struct crm_record *rec;
	int r = CRM_OK;

	for (size_t i = 0; i < n && i < 5 && r == CRM_OK; i++) {
		r = read_one(f, t, f->found[i].number, &rec, err);
		if (r < 0)
			break;
		crm_buf_puts(&list, i ? ", " : "");
		crm_value_put(f->c->schema, &list,
		    &(struct crm_value){.type = CRM_T_ID,
			.kind = CRM_K_CUSTOMER,
			.i = (int64_t)f->found[i].number},
		    true);
		crm_buf_putf(&list, " %.*s",
		    (int)crm_record_get(rec, "name")->s.n,
		    crm_record_get(rec, "name")->s.p);
	}
	if (n > 5 || more)
		crm_buf_puts(&list, ", ...");
	if (r == CRM_OK)
		r = crm_err_set(err, CRM_EDATA,
		    "'%.*s' may be one of several: %.*s",
		    (int)(query.n < 80 ? query.n : 80), query.p, (int)list.n,
		    list.p ? list.p : "");
	crm_buf_release(&list);
	return r;
}

/* Is the first alone in its kind of match, or the only exact one? */
static bool
is_one(const struct find *f, size_t n)
{
	if (n == 1)
		return true;
	if (f->found[1].how != f->found[0].how)
		return true;
	return f->found[0].score == 100 && f->found[1].score < 100;
}

static int
nobody(struct find *f, struct crm_str query, struct crm_err *err)
{
	const struct crm_settings *set = f->c->schema->settings;
	size_t digits = 0, letters = 0;

	crm_err_set(err, CRM_NOTFOUND, "nobody is known by '%.*s'",
	    (int)(query.n < 80 ? query.n : 80), query.p);
	for (size_t i = 0; i < query.n; i++) {
		digits += query.p[i] >= '0' && query.p[i] <= '9';
		letters += (query.p[i] | 0x20) >= 'a' || query.p[i] == '+';
	}
	if (digits >= 6 && letters == 0 && set && set->country.n == 0)
		crm_err_hint(err, "the store has no country: a telephone "
				  "number is to begin with +");
	return CRM_NOTFOUND;
}

/* Finds, and prints; CRM_NOTFOUND with a message. */
static int
ask(struct find *f, struct crm_txn *t, struct crm_str query,
    struct crm_err *err)
{
	struct crm_record *rec;
	bool more;
	size_t n;
	int r;

	crm_arena_reset(&f->arena);
	r = crm_find(t, f->c->schema, query, &f->opt, f->found, &n, &more, err);
	if (r == CRM_OK && n == 0)
		return nobody(f, query, err);
	if (r == CRM_OK && one && !is_one(f, n))
		r = ambiguous(f, t, query, n, more, err);
	if (r == CRM_OK && one)
		n = 1;
	else if (r == CRM_OK && more && f->c->tty_err)
		cli_note(f->c,
		    "there are more: another word or a larger --limit tells");
	for (size_t i = 0; i < n && r == CRM_OK; i++) {
		r = read_one(f, t, f->found[i].number, &rec, err);
		if (r == CRM_OK)
			r = f->lines
				? keep_line(f, t, rec, &f->found[i], err)
				: put_row(f, rec, query, &f->found[i], err);
	}
	return r;
}

/* ---- queries of a stream ---- */

static int
query_column(const struct crm_stream *s, size_t *out, struct crm_err *err)
{
	int i = crm_stream_find(
	    s, cli_opt.on ? crm_str(cli_opt.on) : CRM_STR("query"));

	if (i < 0 && !cli_opt.on && crm_stream_columns(s) == 1)
		i = 0;
	if (i >= 0) {
		*out = (size_t)i;
		return CRM_OK;
	}
	crm_err_set(err, CRM_EDATA, "there is no column '%s'",
	    cli_opt.on ? cli_opt.on : "query");
	crm_err_place(err, crm_stream_file(s), 1);
	crm_err_hint(err, "--on COLUMN names the one with what is asked for");
	return CRM_EDATA;
}

/* What --missing says of queries that find nobody. */
static int
missing(struct find *f, struct crm_txn *t, struct crm_str query,
    struct crm_err *err)
{
	static const struct crm_found none = {0};
	struct crm_record *rec;
	int r;

	if (cli_opt.missing == NULL)
		return CRM_EDATA;
	if (strcmp(cli_opt.missing, "drop") == 0 || f->lines)
		return CRM_OK;
	r = read_one(f, t, 0, &rec, err);
	return r == CRM_OK ? put_row(f, rec, query, &none, err) : r;
}

static int
ask_stream(struct find *f, struct crm_err *err)
{
	struct crm_stream *s = NULL;
	struct crm_txn *t = NULL;
	struct crm_str query;
	size_t column = 0;
	int r;

	r = cli_slurp(f->c, err);
	if (r == CRM_OK)
		r = cli_stream(f->c, false, &s, err);
	if (r == CRM_OK && crm_stream_columns(s) > 0)
		r = query_column(s, &column, err);
	if (r == CRM_OK)
		r = crm_txn_begin(f->c->store, &t, err);
	if (r == CRM_OK && !f->lines)
		r = crm_out_hold(f->out, err);
	while (r == CRM_OK && crm_stream_columns(s) > 0 &&
	       (r = crm_stream_next(s, err)) == CRM_OK) {
		query = crm_stream_field(s, column);
		if (query.n == 0)
			continue;
		r = ask(f, t, query, err);
		if (r == CRM_NOTFOUND)
			r = missing(f, t, query, err);
		if (r == CRM_EDATA) {
			if (err != NULL)
				err->code = r;
			cli_place(err, s);
		}
	}
	if (r == CRM_NOTFOUND)
		r = CRM_OK; /* the end of the stream */
	if (t != NULL)
		crm_txn_end(t);
	if (r == CRM_OK && !f->lines)
		r = crm_out_drain(f->out, err);
	crm_stream_close(s);
	return r;
}

static int
ask_operands(struct find *f, struct crm_err *err)
{
	struct crm_buf query = {.max = 100000};
	struct crm_txn *t;
	int r;

	for (size_t i = 0; i < f->c->noperand; i++) {
		crm_buf_puts(&query, i ? " " : "");
		crm_buf_puts(&query, f->c->operand[i]);
	}
	r = crm_buf_check(&query, err);
	if (r == CRM_OK)
		r = crm_txn_begin(f->c->store, &t, err);
	if (r == CRM_OK) {
		r = f->lines ? CRM_OK : crm_out_hold(f->out, err);
		if (r == CRM_OK)
			r = ask(f, t, crm_str_trim(crm_buf_str(&query)), err);
		crm_txn_end(t);
		if (r == CRM_OK && !f->lines)
			r = crm_out_drain(f->out, err);
	}
	crm_buf_release(&query);
	return r;
}

static int
take_options(struct find *f, struct crm_err *err)
{
	const char *m = cli_opt.missing;

	if (limit == 0 || limit > LIMIT_MAX) {
		crm_err_set(err, CRM_EUSAGE,
		    "'%lld' is not a number from 1 to %d", (long long)limit,
		    LIMIT_MAX);
		crm_err_field(err, "--limit", 7);
		return CRM_EUSAGE;
	}
	if (m != NULL && strcmp(m, "keep") != 0 && strcmp(m, "drop") != 0) {
		crm_err_set(err, CRM_EUSAGE, "'%s' is not keep or drop", m);
		crm_err_field(err, "--missing", 9);
		return CRM_EUSAGE;
	}
	/* --one is to see who else there is */
	f->opt.limit = one || limit < 0 ? LIMIT : (size_t)limit;
	f->opt.near = near;
	f->found =
	    crm_arena_zalloc(&f->c->arena, f->opt.limit * sizeof *f->found);
	return f->found ? CRM_OK : crm_err_nomem(err);
}

static int
find(struct cli *c, struct crm_err *err)
{
	struct find f = {.c = c, .text = {.max = 1 << 20}};
	int r = cli_operands(c, 1, 0, err);

	if (r == CRM_OK)
		r = take_options(&f, err);
	if (r == CRM_OK)
		r = open_out(&f, err);
	if (r < 0)
		return r;
	r = cli_stdin(c) ? ask_stream(&f, err) : ask_operands(&f, err);
	if (r == CRM_OK && f.nline > 0)
		r = print_lines(&f, err);
	if (r == CRM_OK && f.out)
		r = crm_out_close(f.out, err);
	else if (f.out)
		crm_out_abort(f.out);
	free(f.line);
	crm_arena_release(&f.arena);
	crm_buf_release(&f.text);
	return r;
}

static const struct cli_verb verbs[] = {
    {"", find, CLI_READ, CLI_IN | CLI_OUT, options, "QUERY... | -",
	"find customers by a number, an address, a name"},
    {0},
};

static const struct cli_command command = {"crm-find",
    "who is meant by a number, an address, a name", "customer", 0, verbs};

int
main(int argc, char **argv)
{
	return crm_main(&command, argc, argv);
}
