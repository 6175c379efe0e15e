/*
 * cli_clv.c - customers and models for crm-clv and crm-churn.
 *
 * A model is written to its record in decimals and read back before it is
 * used, also where no store is: what is predicted from the record a year later
 * is what was predicted when it was fitted.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli_clv.h"
#include "cli_noun.h"

enum { PLACES = 9, PLACES_COV = 12, QUIET_DAYS = 90 };

struct crm_value
cli_figure(double v, unsigned places)
{
	struct crm_dec d;

	if (!crm_dec_from_double(v, places, &d))
		return (struct crm_value){0};
	return crm_value_num(CRM_T_DECIMAL, d.v, d.scale);
}

struct crm_value
cli_figure_money(double v, unsigned digits)
{
	struct crm_dec d;
	int64_t minor;

	if (!crm_dec_from_double(v, digits, &d) ||
	    !crm_dec_rescale(d, digits, &minor))
		return (struct crm_value){0};
	return crm_value_num(CRM_T_MONEY, minor, digits);
}

/* ---- options ---- */

static int
wrong_word(const char *option, const char *word, const char *wanted,
    struct crm_err *err)
{
	crm_err_set(err, CRM_EUSAGE, "'%s' is not %s", word, wanted);
	crm_err_field(err, option, strlen(option));
	return CRM_EUSAGE;
}

int
cli_clv_kind(enum crm_clv_kind *out, struct crm_err *err)
{
	const char *name = cli_opt.model ? cli_opt.model : "bg-nbd";

	*out = strcmp(name, "pareto-nbd") == 0 ? CRM_CLV_PARETO : CRM_CLV_BG;
	if (*out == CRM_CLV_BG && strcmp(name, "bg-nbd") != 0)
		return wrong_word("--model", name, "bg-nbd or pareto-nbd", err);
	return CRM_OK;
}

int
cli_clv_how(struct crm_clv_how *out, struct crm_err *err)
{
	const char *unit = cli_opt.unit ? cli_opt.unit : "week";

	*out = (struct crm_clv_how){.anyway = cli_opt.anyway};
	out->unit = strcmp(unit, "day") == 0 ? 1 : 7;
	if (out->unit == 7 && strcmp(unit, "week") != 0)
		return wrong_word("--unit", unit, "day or week", err);
	return CRM_OK;
}

/* ---- customers ---- */

static int64_t
last_day(const struct cli_clv *x)
{
	const struct crm_calendar *cal = &x->c->schema->calendar;
	const int64_t *placed = x->sales.num[CRM_SALES_PLACED];
	int64_t last = INT64_MIN;

	for (size_t i = 0; i < x->sales.n; i++)
		if (placed[i] > last)
			last = placed[i];
	last = x->sales.n ? crm_day_of(cal, last) : 0;
	if (cli_opt.at || (!cli_opt.from && x->c->at != INT64_MAX))
		return crm_day_of(cal, x->c->at - 1);
	if (cli_opt.from)
		return last;
	/* An old log that was imported is a shop that lost everybody, unless
	 * it is said when its time ended. */
	if (x->sales.n && crm_day_of(cal, x->c->now) - last > QUIET_DAYS)
		cli_note(x->c,
		    "nobody has bought for %lld days: --at ends the time "
		    "earlier",
		    (long long)(crm_day_of(cal, x->c->now) - last));
	return crm_day_of(cal, x->c->now);
}

int
cli_clv_read(struct cli_clv *x, int64_t end, struct crm_err *err)
{
	struct cli_window w = {.since = INT64_MIN, .until = INT64_MAX};
	struct crm_txn *t;
	int64_t last;
	int code = CRM_OK;

	x->sales.want = CRM_SALES(CUSTOMER) | CRM_SALES(PLACED);
	if (cli_opt.no_money)
		x->sales.may = 0;
	else
		x->sales.want |= CRM_SALES(TOTAL);
	if (!cli_opt.from && !crm_txn_begin(x->c->store, &t, err)) {
		x->revision = crm_txn_revision(t);
		crm_txn_end(t);
	}
	code = cli_from_read(x->c, &x->sales, &w, err);
	if (code == CRM_OK && x->sales.anonymous > 0)
		cli_note(x->c, "%llu rows without a customer are left out",
		    (unsigned long long)x->sales.anonymous);
	if (code == CRM_OK && x->sales.n == 0)
		code = crm_err_set(err, CRM_NO, "there are no purchases");
	if (code == CRM_OK)
		code = crm_sales_group(&x->sales, CRM_SALES_CUSTOMER, err);
	if (code < 0)
		return code;
	last = last_day(x);
	if (end == INT64_MAX)
		end = last;
	if (end > last)
		return crm_err_set(err, CRM_EUSAGE,
		    "no days are left after the time of fitting");
	code = crm_clv_collect(
	    &x->data, &x->sales, &x->c->schema->calendar, end, last, err);
	if (code == CRM_OK && x->data.n == 0)
		code = crm_err_set(err, CRM_NO, "nobody had bought by then");
	return code;
}

int
cli_clv_held(struct cli_clv *x, const char *until, struct crm_err *err)
{
	struct cli *c = x->c;
	int64_t end = 0;
	/* a moment is by the zone of the store, where one is there */
	int code = cli_opt.from ? cli_store_maybe(c, err) : CRM_OK;

	if (code == CRM_OK && !until)
		code = crm_err_set(err, CRM_EUSAGE,
		    "wanted is --until, the first day of the hold-out");
	if (code == CRM_OK)
		code = cli_moment(c, "--until", until, &end, err);
	if (code == CRM_OK)
		code = cli_clv_read(
		    x, crm_day_of(&c->schema->calendar, end - 1), err);
	if (code == CRM_OK && x->data.hold == x->data.end)
		code = crm_err_set(err, CRM_EUSAGE,
		    "no days are left after --until to compare with");
	return code;
}

void
cli_clv_release(struct cli_clv *x)
{
	crm_clv_release(&x->data);
	crm_sales_release(&x->sales);
}

/* ---- a model to a record ---- */

static int
put_figure(struct crm_record *rec, const char *field, double v, unsigned places,
    struct crm_err *err)
{
	struct crm_value value;

	/* of what is small as many digits, of what is large what fits */
	if (v < 1e-3 && v > -1e-3)
		places = PLACES_COV;
	do
		value = cli_figure(v, places);
	while (value.type == CRM_T_NONE && places-- > 0);
	if (value.type == CRM_T_NONE)
		return crm_err_set(err, CRM_NO,
		    "'%s' is too large for a record: %g", field, v);
	*crm_record_at(rec, field) = value;
	return CRM_OK;
}

static void
put_count(struct crm_record *rec, const char *field, uint64_t v)
{
	*crm_record_at(rec, field) = crm_value_num(CRM_T_INT, (int64_t)v, 0);
}

static void
put_word(struct crm_record *rec, const char *field, unsigned place)
{
	int i = crm_kind_field(rec->kind, crm_str(field));

	rec->v[i] = crm_value_enum(rec->kind->fields[i].values, place);
}

/* The lower triangle, by rows. */
static int
put_covariance(struct crm_record *rec, const char *field, const double *cov,
    unsigned n, struct crm_err *err)
{
	struct crm_buf b = {0};
	struct crm_dec d;
	struct crm_str s;
	bool ok = true;
	int code;

	for (unsigned i = 0; i < n; i++)
		for (unsigned j = 0; j <= i; j++) {
			ok = ok && crm_dec_from_double(
				       cov[i * n + j], PLACES_COV, &d);
			if (!ok)
				break;
			if (b.n > 0)
				crm_buf_putc(&b, ' ');
			crm_dec_put(&b, d);
		}
	code =
	    ok && cov[0] > 0 ? crm_buf_keep(&b, rec->arena, &s, err) : CRM_NO;
	crm_buf_release(&b);
	if (code == CRM_OK)
		*crm_record_at(rec, field) = crm_value_text(s);
	return code == CRM_NO ? CRM_OK : code;
}

static int
put_money(struct cli_clv *x, const struct cli_clv_fitted *f,
    struct crm_record *rec, struct crm_err *err)
{
	struct crm_str currency;
	int code = CRM_OK;

	for (unsigned i = 0; code == CRM_OK && i < CRM_CLV_MONEY; i++)
		code = put_figure(
		    rec, crm_clv_money_params[i], f->m.g[i], PLACES, err);
	if (code == CRM_OK)
		code = put_figure(rec, "spend_loglik", f->money.loglik, 6, err);
	if (code == CRM_OK)
		code = put_figure(rec, "correlation", f->correlation, 6, err);
	if (code == CRM_OK)
		code = put_covariance(
		    rec, "spend_covariance", f->m.gcov, CRM_CLV_MONEY, err);
	put_count(rec, "spenders", f->money.customers);
	currency = crm_arena_str(rec->arena, crm_str(x->sales.currency));
	*crm_record_at(rec, "currency") = crm_value_text(currency);
	return code;
}

/* What runs away to where, of both models. */
static int
put_edge(
    const struct cli_clv_fitted *f, struct crm_record *rec, struct crm_err *err)
{
	const char *buys = f->buys.edge, *money = f->money.edge;
	struct crm_str s;
	struct crm_buf b = {0};
	int code;

	if (!buys && !money)
		return CRM_OK;
	crm_buf_putf(&b, "%s%s%s", buys ? buys : "", buys && money ? "; " : "",
	    money ? money : "");
	code = crm_buf_keep(&b, rec->arena, &s, err);
	crm_buf_release(&b);
	if (code == CRM_OK)
		*crm_record_at(rec, "edge") = crm_value_text(s);
	return code;
}

int
cli_clv_record(struct cli_clv *x, const struct cli_clv_fitted *f,
    struct crm_record *rec, struct crm_err *err)
{
	const struct crm_clv_model *m = &f->m;
	int code = CRM_OK;

	put_word(rec, "model", m->kind == CRM_CLV_BG ? 1 : 2);
	put_word(rec, "unit", m->unit == 1 ? 1 : 2);
	*crm_record_at(rec, "until") =
	    crm_value_num(CRM_T_DATE, x->data.end, 0);
	put_count(rec, "customers", x->data.n);
	put_count(rec, "repeaters", x->data.repeaters);
	put_count(rec, "repeats", x->data.repeats);
	for (unsigned i = 0; code == CRM_OK && i < CRM_CLV_PARAMS; i++)
		code = put_figure(
		    rec, crm_clv_params[m->kind][i], m->p[i], PLACES, err);
	if (code == CRM_OK)
		code = put_figure(rec, "loglik", f->buys.loglik, 6, err);
	if (code == CRM_OK)
		code = put_figure(
		    rec, "gradient", f->buys.gradient, PLACES_COV, err);
	if (code == CRM_OK && f->buys.condition > 0 && f->buys.condition < 1e9)
		code = put_figure(rec, "condition", f->buys.condition, 1, err);
	if (code == CRM_OK)
		code = put_covariance(
		    rec, "covariance", m->cov, CRM_CLV_PARAMS, err);
	put_count(rec, "starts", f->buys.starts);
	put_count(rec, "agreed", f->buys.agreed);
	if (code == CRM_OK && m->money)
		code = put_money(x, f, rec, err);
	if (code == CRM_OK)
		code = put_edge(f, rec, err);
	if (x->revision)
		put_count(rec, "data_revision", x->revision);
	*crm_record_at(rec, "created") =
	    crm_value_num(CRM_T_TIME, x->c->now, 0);
	return code;
}

/* ---- a record to a model ---- */

static bool
take_figure(const struct crm_record *rec, const char *field, double *out)
{
	const struct crm_value *v = crm_record_get(rec, field);

	if (v->type != CRM_T_DECIMAL || v->i <= 0)
		return false;
	*out = crm_dec_double((struct crm_dec){v->i, v->scale});
	return true;
}

static void
take_covariance(
    const struct crm_record *rec, const char *field, double *cov, unsigned n)
{
	struct crm_str rest = crm_record_get(rec, field)->s, one;
	struct crm_dec d;

	for (unsigned i = 0; rest.n > 0 && i < n; i++)
		for (unsigned j = 0; j <= i; j++) {
			if (!crm_str_split(&rest, ' ', &one) ||
			    crm_dec_parse(one, &d) < 0) {
				memset(cov, 0, n * n * sizeof *cov);
				return;
			}
			cov[i * n + j] = cov[j * n + i] = crm_dec_double(d);
		}
}

static int
take_model(
    const struct crm_record *rec, struct crm_clv_model *m, struct crm_err *err)
{
	const char *missing = NULL;
	double g[CRM_CLV_MONEY];
	bool money = true;

	*m = (struct crm_clv_model){0};
	m->kind =
	    crm_record_get(rec, "model")->i == 2 ? CRM_CLV_PARETO : CRM_CLV_BG;
	m->unit = crm_record_get(rec, "unit")->i == 1 ? 1 : 7;
	for (unsigned i = 0; i < CRM_CLV_PARAMS; i++)
		if (!take_figure(rec, crm_clv_params[m->kind][i], &m->p[i]))
			missing = crm_clv_params[m->kind][i];
	if (missing)
		return crm_err_set(
		    err, CRM_EDATA, "the model has no '%s' above 0", missing);
	for (unsigned i = 0; i < CRM_CLV_MONEY; i++)
		money &= take_figure(rec, crm_clv_money_params[i], &g[i]);
	if (money) {
		m->money = true;
		memcpy(m->g, g, sizeof g);
		take_covariance(
		    rec, "spend_covariance", m->gcov, CRM_CLV_MONEY);
	}
	take_covariance(rec, "covariance", m->cov, CRM_CLV_PARAMS);
	return CRM_OK;
}

/* ---- fitting ---- */

/* What is not refused, but has to be known. */
static void
tell(struct cli *c, const struct cli_clv_fitted *f)
{
	const struct crm_clv_fit *all[] = {&f->buys, &f->money};

	for (int i = 0; i < 2; i++)
		if (all[i]->edge)
			cli_note(c,
			    "the model fits best at its edge, %s: %s; no "
			    "standard errors can be given",
			    all[i]->edge, all[i]->means);
	if (f->m.money && f->m.g[1] <= 1)
		cli_note(c,
		    "the money of a purchase has no mean: 'q' is %.3f, not "
		    "above 1: who has bought little gets no value",
		    f->m.g[1]);
}

int
cli_clv_fit(struct cli_clv *x, struct cli_clv_fitted *f, struct crm_err *err)
{
	enum crm_clv_kind kind = CRM_CLV_BG;
	struct crm_clv_how how;
	struct crm_record *rec;
	struct crm_clv_model money;
	int code = cli_clv_kind(&kind, err);

	*f = (struct cli_clv_fitted){.buys = {0}};
	if (code == CRM_OK)
		code = cli_clv_how(&how, err);
	if (code == CRM_OK)
		code = crm_clv_fit(&x->data, kind, &how, &f->m, &f->buys, err);
	if (code == CRM_OK && x->data.money && !cli_opt.no_money) {
		money = f->m;
		code = crm_clv_fit_money(
		    &x->data, &how, &money, &f->money, &f->correlation, err);
		if (code == CRM_OK)
			f->m = money;
		else if (code == CRM_NO && !err->hint[0])
			crm_err_hint(
			    err, "--no-money fits the purchases alone");
	}
	if (code < 0)
		return code;
	tell(x->c, f);
	/* the digits a record has */
	rec = crm_record_new(&x->c->schema->kind[CRM_K_MODEL], &x->c->arena);
	code = rec ? cli_clv_record(x, f, rec, err) : crm_err_nomem(err);
	return code < 0 ? code : take_model(rec, &f->m, err);
}

/* ---- a model that is there ---- */

/* A field that says something of a model, by its name and text. */
static int
set_field(struct cli *c, struct crm_record *rec, struct crm_str name,
    struct crm_str text, struct crm_err *err)
{
	const struct crm_kind *k = rec->kind;
	struct crm_parse ctx = {
	    .schema = c->schema, .arena = &c->arena, .digits = -1};
	int i = crm_kind_field(k, name);

	if (i <= 0)
		return crm_err_set(err, CRM_EUSAGE, "'%.*s' is not a parameter",
		    (int)(name.n > 80 ? 80 : name.n), name.p);
	text = crm_arena_str(&c->arena, text);
	if (!text.p)
		return crm_err_nomem(err);
	return crm_value_parse(&k->fields[i], text, &ctx, &rec->v[i], err);
}

static int
from_params(struct cli *c, struct crm_record *rec, struct crm_err *err)
{
	struct crm_str rest = crm_str(cli_opt.params), one, name;
	enum crm_clv_kind kind = CRM_CLV_BG;
	struct crm_clv_how how = {.unit = 7};
	int code = cli_clv_kind(&kind, err);

	if (code == CRM_OK)
		code = cli_clv_how(&how, err);
	while (code == CRM_OK && crm_str_split(&rest, ',', &one)) {
		struct crm_str text = crm_str_trim(one);

		if (!crm_str_split(&text, '=', &name) || !text.p)
			code = crm_err_set(err, CRM_EUSAGE,
			    "'%.*s': NAME=NUMBER is wanted",
			    (int)(one.n > 80 ? 80 : one.n), one.p);
		else
			code = set_field(c, rec, crm_str_trim(name),
			    crm_str_trim(text), err);
		if (code == CRM_OK && crm_str_is(name, "s"))
			kind = CRM_CLV_PARETO;
	}
	put_word(rec, "model", kind == CRM_CLV_BG ? 1 : 2);
	put_word(rec, "unit", how.unit == 1 ? 1 : 2);
	if (code == CRM_EDATA) /* an option's word */
		code = err->code = CRM_EUSAGE;
	if (code == CRM_EUSAGE && !err->field[0])
		crm_err_field(err, "--params", 8);
	return code;
}

static int
from_file(struct cli *c, struct crm_record *rec, struct crm_err *err)
{
	struct crm_stream_options opt = {.name = cli_opt.fitted};
	struct crm_stream *s = NULL;
	bool is_stdin = strcmp(cli_opt.fitted, "-") == 0;
	int fd = is_stdin ? STDIN_FILENO
			  : open(cli_opt.fitted, O_RDONLY | O_CLOEXEC);
	int code;

	if (fd < 0) {
		crm_err_set(
		    err, CRM_ENOINPUT, "cannot open '%s'", cli_opt.fitted);
		return CRM_ENOINPUT;
	}
	code = crm_stream_open(&s, fd, &opt, err);
	if (code == CRM_OK)
		code = crm_stream_next(s, err);
	if (code == CRM_NOTFOUND) {
		code = crm_err_set(err, CRM_EDATA, "there is no model");
		crm_err_place(err, crm_stream_file(s), 1);
	}
	for (size_t i = 0; code == CRM_OK && i < crm_stream_columns(s); i++) {
		struct crm_str name = crm_stream_name(s, i);

		if (crm_kind_field(rec->kind, name) <= 0)
			continue;
		code = set_field(c, rec, name, crm_stream_field(s, i), err);
		if (code < 0)
			cli_place(err, s);
	}
	crm_stream_close(s);
	if (!is_stdin)
		close(fd);
	return code;
}

static int
from_store(struct cli *c, struct crm_record *rec, struct crm_err *err)
{
	const struct crm_kind *k = rec->kind;
	struct crm_scan *scan = NULL;
	struct crm_record *one;
	struct crm_value id;
	struct crm_txn *t;
	uint64_t last = 0;
	int code = crm_txn_begin(c->store, &t, err);

	if (code < 0)
		return code;
	if (cli_opt.use) {
		code = crm_ref_find(t, NULL, k->number, c->schema,
		    crm_str(cli_opt.use), &id, err);
		last = code == CRM_OK ? (uint64_t)id.i : 0;
	} else {
		code = crm_scan_open(
		    t, c->schema, k, &crm_want_all, INT64_MAX, &scan, err);
		while (code == CRM_OK &&
		       (code = crm_scan_next(scan, &one, err)) == CRM_OK)
			last = one->id;
		crm_scan_close(scan);
		code = code == CRM_NOTFOUND ? CRM_OK : code;
	}
	if (code == CRM_OK && last == 0) {
		code = crm_err_set(err, CRM_NO, "no model has been fitted");
		crm_err_hint(err, "crm-clv fit makes one");
	}
	if (code == CRM_OK)
		code = crm_model_read(
		    t, c->schema, k, last, &crm_want_all, rec, err);
	crm_txn_end(t);
	return code;
}

int
cli_clv_choose(
    struct cli_clv *x, struct crm_clv_model *out, struct crm_err *err)
{
	struct cli *c = x->c;
	struct crm_record *rec;
	struct cli_clv_fitted f;
	int given = !!cli_opt.params + !!cli_opt.fitted + !!cli_opt.use;
	const struct crm_value *until;
	int code;

	if (given > 1)
		return crm_err_set(err, CRM_EUSAGE,
		    "--use, --fitted and --params exclude each other");
	if (cli_opt.from && cli_opt.use)
		return crm_err_set(err, CRM_EUSAGE,
		    "--use is about the store, --from reads none");
	if (!given && cli_opt.from) {
		code = cli_clv_fit(x, &f, err);
		*out = f.m;
		return code;
	}
	rec = crm_record_new(&c->schema->kind[CRM_K_MODEL], &c->arena);
	if (!rec)
		return crm_err_nomem(err);
	code = cli_opt.params	? from_params(c, rec, err)
	       : cli_opt.fitted ? from_file(c, rec, err)
				: from_store(c, rec, err);
	if (code == CRM_OK)
		code = take_model(rec, out, err);
	until = crm_record_get(rec, "until");
	if (code == CRM_OK && until->type == CRM_T_DATE &&
	    until->i > x->data.end)
		cli_note(c, "the model was fitted on days after those asked "
			    "about: it knows what came");
	return code;
}
