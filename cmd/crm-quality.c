/*
 * crm-quality - how much of the data is there, right, and new.
 *
 * Percentages are rounded for printing only; a threshold is compared with the
 * fraction itself, so that 89.96 % is less than 90.
 */
#include "cli_noun.h"

#define MANY 20 /* people with one address or telephone number */

static const char *of, *fresh;
static struct cli_texts limits;
static bool by_source;
static int64_t many = MANY;

#define OF                                                \
	{                                                 \
		0, "of", CLI_TEXT, &of, "KIND",           \
		    "of this kind, when not of customers" \
	}
#define MANY_OF                                                             \
	{                                                                   \
		0, "many", CLI_INT, &many, "N",                             \
		    "an identity that N people have is wrong (20; 0: none)" \
	}

static const struct cli_option field_options[] = {
    OF,
    {0, "by-source", CLI_FLAG, &by_source, NULL, "a row for each source"},
    {0, "fresh", CLI_TEXT, &fresh, "TIME",
	"fresh is what was entered since then (365d)"},
    {0, "min", CLI_TEXTS, &limits, "FIELD[.MEASURE]=PERCENT",
	"exit 1 when it is less; completeness, validity or freshness"},
    MANY_OF,
    {0},
};
static const struct cli_option check_options[] = {
    {0, "fresh", CLI_TEXT, &fresh, "TIME",
	"fresh is what was entered since then (365d)"},
    MANY_OF,
    {0},
};
static const struct cli_option invalid_options[] = {
    OF,
    MANY_OF,
    {0},
};

/* ---- reading ---- */

struct run {
	struct cli *c;
	struct crm_quality_options opt;
	struct crm_quality q;
	struct cli_rows *rows;
	struct crm_txn *txn;
};

static int
options(struct run *x, struct crm_err *err)
{
	struct cli *c = x->c;
	int r = CRM_OK;

	if (c->noperand > 0)
		return crm_err_set(err, CRM_EUSAGE,
		    "'%s': no operands are wanted", c->operand[0]);
	x->opt = (struct crm_quality_options){
	    .kind = crm_schema_kind(c->schema, crm_str(of ? of : "customer")),
	    .at = c->at,
	    .now = cli_opt.at ? c->at : c->now,
	    .by_source = by_source,
	    .many = (uint64_t)many};
	if (!x->opt.kind) {
		crm_err_set(err, CRM_EUSAGE, "there is no kind '%s'", of);
		crm_err_field(err, "--of", 4);
		crm_err_hint(err, "crm-fields lists them");
		return CRM_EUSAGE;
	}
	r = cli_moment(
	    c, "--fresh", fresh ? fresh : "365d", &x->opt.since, err);
	return r;
}

static int
read_all(struct run *x, struct crm_err *err)
{
	int r = crm_txn_begin(x->c->store, &x->txn, err);

	if (r == CRM_OK)
		r = cli_rows_hold(x->rows, err);
	return r == CRM_OK
		   ? crm_quality_read(x->txn, x->c->schema, &x->opt, &x->q, err)
		   : r;
}

static int
finish(struct run *x, int r, struct crm_err *err)
{
	if (x->txn)
		crm_txn_end(x->txn);
	if (r == CRM_OK || (r == CRM_NO && x->rows))
		r = cli_rows_close(x->rows, err);
	else
		cli_rows_abort(x->rows);
	crm_quality_release(&x->q);
	return r;
}

/* ---- fields ---- */

enum {
	C_FIELD,
	C_KIND,
	C_SOURCE,
	C_RECORDS,
	C_FILLED,
	C_COMPLETENESS,
	C_INVALID,
	C_VALIDITY,
	C_FRESH,
	C_FRESHNESS,
	C_CHANGED,
	C_COUNT
};
static const struct crm_field columns[C_COUNT] = {
    {"field", CRM_T_TEXT, 0, 0, 0, NULL, "the field"},
    {"kind", CRM_T_TEXT, 0, 0, 0, NULL, "of this kind"},
    {"source", CRM_T_TEXT, 0, 0, 0, NULL, "of records from there"},
    {"records", CRM_T_INT, 0, 0, 0, NULL, "how many there are"},
    {"filled", CRM_T_INT, 0, 0, 0, NULL, "so many have a value"},
    {"completeness", CRM_T_DECIMAL, 0, 0, 0, NULL, "in per cent of records"},
    {"invalid", CRM_T_INT, 0, 0, 0, NULL, "values that are wrong"},
    {"validity", CRM_T_DECIMAL, 0, 0, 0, NULL,
	"values that are not, in per cent of filled"},
    {"fresh", CRM_T_INT, 0, 0, 0, NULL, "in records changed lately"},
    {"freshness", CRM_T_DECIMAL, 0, 0, 0, NULL, "in per cent of filled"},
    {"changed", CRM_T_TIME, 0, 0, CRM_F_WIDE, NULL,
	"when a record with a value was changed last"},
};

static struct crm_value
number(uint64_t n)
{
	return crm_value_num(CRM_T_INT, (int64_t)n, 0);
}

static struct crm_value
percent(uint64_t part, uint64_t whole)
{
	struct crm_dec d = {0, 1};

	if (whole == 0)
		return (struct crm_value){.type = CRM_T_NONE};
	d.v = crm_quality_percent(part, whole);
	if (d.v % 10 == 0)
		d = (struct crm_dec){d.v / 10, 0};
	return crm_value_num(CRM_T_DECIMAL, d.v, d.scale);
}

static int
put_field(struct run *x, const struct crm_quality_row *row, struct crm_err *err)
{
	const struct crm_kind *k = x->opt.kind;
	struct crm_value v[C_COUNT];
	struct crm_log_head h;
	int r = CRM_OK;

	v[C_FIELD] = crm_value_text(crm_str(k->fields[row->field].name));
	v[C_KIND] = crm_value_text(crm_str(k->name));
	v[C_SOURCE] = crm_value_text(row->source);
	v[C_RECORDS] = number(row->records);
	v[C_FILLED] = number(row->filled);
	v[C_COMPLETENESS] = percent(row->filled, row->records);
	v[C_INVALID] = number(row->invalid);
	v[C_VALIDITY] = percent(row->filled - row->invalid, row->filled);
	v[C_FRESH] = number(row->fresh);
	v[C_FRESHNESS] = percent(row->fresh, row->filled);
	v[C_CHANGED] = (struct crm_value){.type = CRM_T_NONE};
	if (row->revision > 0) {
		r = crm_log_next(x->txn, row->revision, &h, err);
		if (r == CRM_OK)
			v[C_CHANGED] = crm_value_num(CRM_T_TIME, h.time, 0);
	}
	return r == CRM_OK || r == CRM_NOTFOUND ? cli_rows_put(x->rows, v, err)
						: r;
}

/* ---- thresholds ---- */

static int
not_measured(const struct crm_limit *m, const char *from, struct crm_err *err)
{
	crm_err_set(err, CRM_EUSAGE, "%s %s has no field '%.*s' to measure",
	    crm_article(m->kind->name), m->kind->name,
	    (int)(m->name.n < 60 ? m->name.n : 60), m->name.p);
	crm_err_field(err, from, strlen(from));
	return CRM_EUSAGE;
}

static int
take_limit(
    struct run *x, const char *text, struct crm_limit *out, struct crm_err *err)
{
	int r = crm_limit_parse(x->c->schema, x->opt.kind, crm_str(text), out);

	if (r == CRM_NOTFOUND ||
	    (r == CRM_OK && !crm_quality_takes(&out->kind->fields[out->field])))
		return not_measured(out, "--min", err);
	if (r == CRM_OK && out->kind == x->opt.kind)
		return CRM_OK;
	crm_err_set(err, CRM_EUSAGE, "'%s' is not FIELD=PERCENT", text);
	crm_err_field(err, "--min", 5);
	crm_err_hint(err, "write email=90%%, email.validity=99.5%%, "
			  "phone.freshness=50%%");
	return CRM_EUSAGE;
}

/* part / whole < least / 100, exactly. */
static bool
too_little(uint64_t part, uint64_t whole, struct crm_dec least)
{
	int64_t a = 100, b;

	for (unsigned i = 0; i < least.scale; i++)
		a *= 10;
	return !crm_mul64((int64_t)part, a, &a) ||
	       !crm_mul64((int64_t)whole, least.v, &b) || a < b;
}

/* Of all sources together: how many there are, of how many. */
static void
count(const struct run *x, const struct crm_limit *m, uint64_t *part,
    uint64_t *whole)
{
	struct crm_quality_row all = {0};

	for (size_t i = 0; i < x->q.n; i++) {
		const struct crm_quality_row *row = &x->q.row[i];

		if (row->field != m->field)
			continue;
		all.records += row->records;
		all.filled += row->filled;
		all.invalid += row->invalid;
		all.fresh += row->fresh;
	}
	*whole = m->what == CRM_COMPLETENESS ? all.records : all.filled;
	*part = m->what == CRM_COMPLETENESS ? all.filled
		: m->what == CRM_VALIDITY   ? all.filled - all.invalid
					    : all.fresh;
}

static int
check_limit(struct run *x, const struct crm_limit *m)
{
	struct crm_buf got = {.max = 64}, want = {.max = 64};
	const char *name = m->kind->fields[m->field].name;
	uint64_t part, whole;
	bool less;

	count(x, m, &part, &whole);
	crm_dec_put(&want, m->least);
	less = whole == 0 || too_little(part, whole, m->least);
	if (whole == 0) {
		cli_note(x->c, "%s: %s: there is nothing to measure", name,
		    crm_measures[m->what]);
	} else if (less) {
		struct crm_value v = percent(part, whole);

		crm_dec_put(&got, (struct crm_dec){v.i, v.scale});
		cli_note(x->c,
		    "%s: %s is %.*s %% (%llu of %llu), %.*s %% is wanted", name,
		    crm_measures[m->what], (int)got.n, got.p,
		    (unsigned long long)part, (unsigned long long)whole,
		    (int)want.n, want.p);
	}
	crm_buf_release(&got);
	crm_buf_release(&want);
	return less ? CRM_NO : CRM_OK;
}

static int
fields(struct cli *c, struct crm_err *err)
{
	struct run x = {.c = c};
	struct crm_limit *limit = NULL;
	int r = options(&x, err), no = CRM_OK;

	if (r == CRM_OK) {
		limit =
		    crm_arena_alloc(&c->arena, (limits.n + 1) * sizeof *limit);
		r = limit ? CRM_OK : crm_err_nomem(err);
	}
	for (size_t i = 0; i < limits.n && r == CRM_OK; i++)
		r = take_limit(&x, limits.v[i], &limit[i], err);
	if (r == CRM_OK)
		r = cli_rows_open(c, columns, C_COUNT, NULL, &x.rows, err);
	if (r < 0)
		return r;
	r = read_all(&x, err);
	for (size_t i = 0; i < x.q.n && r == CRM_OK; i++)
		/* nothing comes without a source when all have one */
		if (!by_source || x.q.row[i].records > 0)
			r = put_field(&x, &x.q.row[i], err);
	for (size_t i = 0; i < limits.n && (r == CRM_OK || r == CRM_NO); i++)
		if (check_limit(&x, &limit[i]) == CRM_NO)
			no = CRM_NO;
	r = finish(&x, r, err);
	return r == CRM_OK ? no : r;
}

/* ---- check: the limits that are applied ---- */

enum { L_FIELD, L_KIND, L_MEASURE, L_PERCENT, L_WANTED, L_MET, L_COUNT };
static const struct crm_field limit_columns[L_COUNT] = {
    {"field", CRM_T_TEXT, 0, 0, 0, NULL, "the field"},
    {"kind", CRM_T_TEXT, 0, 0, 0, NULL, "of this kind"},
    {"measure", CRM_T_TEXT, 0, 0, 0, NULL, "completeness, validity, freshness"},
    {"percent", CRM_T_DECIMAL, 0, 0, 0, NULL, "how much it is"},
    {"wanted", CRM_T_DECIMAL, 0, 0, 0, NULL, "how much is wanted"},
    {"met", CRM_T_BOOL, 0, 0, 0, NULL, "whether that is so"},
};

static int
put_limit(struct run *x, const struct crm_limit *m, bool *all_met,
    struct crm_err *err)
{
	bool met = check_limit(x, m) == CRM_OK;
	struct crm_value v[L_COUNT];
	uint64_t part, whole;

	count(x, m, &part, &whole);
	v[L_FIELD] = crm_value_text(crm_str(m->kind->fields[m->field].name));
	v[L_KIND] = crm_value_text(crm_str(m->kind->name));
	v[L_MEASURE] = crm_value_text(crm_str(crm_measures[m->what]));
	v[L_PERCENT] = percent(part, whole);
	v[L_WANTED] = crm_value_num(CRM_T_DECIMAL, m->least.v, m->least.scale);
	v[L_MET] = crm_value_num(CRM_T_BOOL, met, 0);
	*all_met = *all_met && met;
	return cli_rows_put(x->rows, v, err);
}

static int
take_applied(
    struct run *x, struct crm_limit **out, size_t *n, struct crm_err *err)
{
	const struct crm_schema *s = x->c->schema;
	struct crm_str rest =
	    s->settings ? s->settings->quality : (struct crm_str){"", 0};
	struct crm_str word;

	if (rest.n == 0) {
		crm_err_set(err, CRM_EUSAGE, "the settings have no limits");
		crm_err_hint(err,
		    "write quality: [email=90, phone.validity=99] into "
		    "crm.yaml, and crm-store apply; or see fields --min");
		return CRM_EUSAGE;
	}
	*out = crm_arena_alloc(&x->c->arena, rest.n * sizeof **out);
	if (*out == NULL)
		return crm_err_nomem(err);
	for (*n = 0; rest.n > 0; ++*n) {
		struct crm_limit *m = &(*out)[*n];

		crm_str_split(&rest, ',', &word);
		if (crm_limit_parse(s, &s->kind[CRM_K_CUSTOMER], word, m) !=
			CRM_OK ||
		    !crm_quality_takes(&m->kind->fields[m->field]))
			return not_measured(m, "quality", err);
	}
	return CRM_OK;
}

static int
check(struct cli *c, struct crm_err *err)
{
	struct run x = {.c = c};
	struct crm_limit *m = NULL;
	size_t n = 0;
	bool met = true;
	int r = options(&x, err);

	if (r == CRM_OK)
		r = take_applied(&x, &m, &n, err);
	if (r == CRM_OK)
		r = cli_rows_open(
		    c, limit_columns, L_COUNT, NULL, &x.rows, err);
	if (r < 0)
		return r;
	r = crm_txn_begin(c->store, &x.txn, err);
	if (r == CRM_OK)
		r = cli_rows_hold(x.rows, err);
	/* each kind is read once, where its first limit is */
	for (size_t i = 0; i < n && r == CRM_OK; i++) {
		x.opt.kind = m[i].kind;
		for (size_t j = 0; j < i; j++)
			if (m[j].kind == m[i].kind)
				x.opt.kind = NULL;
		if (x.opt.kind == NULL)
			continue;
		crm_quality_release(&x.q);
		x.q = (struct crm_quality){0};
		r = crm_quality_read(x.txn, c->schema, &x.opt, &x.q, err);
		for (size_t j = i; j < n && r == CRM_OK; j++)
			if (m[j].kind == m[i].kind)
				r = put_limit(&x, &m[j], &met, err);
	}
	r = finish(&x, r, err);
	return r == CRM_OK && !met ? CRM_NO : r;
}

/* ---- invalid ---- */

enum { I_ID, I_FIELD, I_VALUE, I_WHY, I_COUNT };

static int
invalid_one(void *ctx, const struct crm_record *rec, int field, const char *why,
    struct crm_err *err)
{
	struct run *x = ctx;
	struct crm_buf text = {.max = 1 << 16};
	struct crm_value v[I_COUNT];
	int r;

	crm_value_put(x->c->schema, &text, &rec->v[field], false);
	r = crm_buf_check(&text, err);
	v[I_ID] = crm_value_id(rec->kind->number, rec->id);
	v[I_FIELD] = crm_value_text(crm_str(rec->kind->fields[field].name));
	v[I_VALUE] = crm_value_text(crm_buf_str(&text));
	v[I_WHY] = crm_value_text(crm_str(why));
	if (r == CRM_OK)
		r = cli_rows_put(x->rows, v, err);
	crm_buf_release(&text);
	return r;
}

static int
invalid(struct cli *c, struct crm_err *err)
{
	struct crm_field f[I_COUNT] = {
	    [I_FIELD] = {"field", CRM_T_TEXT, 0, 0, 0, NULL, "the field"},
	    [I_VALUE] = {"value", CRM_T_TEXT, 0, 0, 0, NULL, "its value"},
	    [I_WHY] = {"why", CRM_T_TEXT, 0, 0, 0, NULL, "what is wrong"}};
	struct run x = {.c = c};
	int r = options(&x, err);

	if (r < 0)
		return r;
	f[I_ID] = x.opt.kind->fields[0];
	x.opt.fn = invalid_one;
	x.opt.ctx = &x;
	r = cli_rows_open(c, f, I_COUNT, NULL, &x.rows, err);
	return r < 0 ? r : finish(&x, read_all(&x, err), err);
}

/* ---- orphans ---- */

enum { O_ID, O_NAME, O_MISSING, O_COUNT };
static const struct crm_field orphan_columns[O_COUNT] = {
    {"customer_id", CRM_T_ID, CRM_K_CUSTOMER, 0, 0, NULL, "who"},
    {"name", CRM_T_TEXT, 0, 0, 0, NULL, "their name"},
    {"lacks", CRM_T_LIST, 0, 0, 0, NULL, "of owner, consent, reach"},
};

static const char *const reached[] = {
    "name", "owner", "email", "phone", "street", "city"};
enum { NAME, OWNER, EMAIL, PHONE, STREET, CITY, REACHED };

/* An address that names nobody reaches nobody. */
static bool
reaches(
    const struct crm_schema *s, const char *scheme, const struct crm_value *v)
{
	return v->type != CRM_T_NONE &&
	       !crm_ident_ignored(s, crm_str(scheme), v->s);
}

static int
orphan_one(struct run *x, const struct crm_consents *consents,
    const struct crm_record *rec, const int *f, struct crm_err *err)
{
	const struct crm_schema *s = x->c->schema;
	struct crm_value v[O_COUNT];
	char room[32];
	struct crm_buf b = {.p = room, .cap = sizeof room, .max = sizeof room};

	if (rec->v[f[OWNER]].type == CRM_T_NONE)
		crm_buf_puts(&b, "owner");
	if (!crm_consents_any(consents, rec->id))
		crm_buf_puts(&b, b.n ? ",consent" : "consent");
	if (!reaches(s, "email", &rec->v[f[EMAIL]]) &&
	    !reaches(s, "phone", &rec->v[f[PHONE]]) &&
	    (rec->v[f[STREET]].type == CRM_T_NONE ||
		rec->v[f[CITY]].type == CRM_T_NONE))
		crm_buf_puts(&b, b.n ? ",reach" : "reach");
	if (b.n == 0)
		return CRM_OK;
	v[O_ID] = crm_value_id(CRM_K_CUSTOMER, rec->id);
	v[O_NAME] = rec->v[f[NAME]];
	v[O_MISSING] =
	    (struct crm_value){.type = CRM_T_LIST, .s = crm_buf_str(&b)};
	return cli_rows_put(x->rows, v, err);
}

static int
orphans_scan(struct run *x, struct crm_consents *consents, struct crm_err *err)
{
	const struct crm_kind *k = &x->c->schema->kind[CRM_K_CUSTOMER];
	struct crm_want want = {{0}, 0};
	struct crm_scan *scan;
	struct crm_record *rec;
	int f[REACHED], r;

	for (int i = 0; i < REACHED; i++) {
		f[i] = crm_kind_field(k, crm_str(reached[i]));
		crm_want_field(&want, f[i]);
	}
	r = crm_scan_open(x->txn, x->c->schema, k, &want, x->c->at, &scan, err);
	while (r == CRM_OK && (r = crm_scan_next(scan, &rec, err)) == CRM_OK)
		r = orphan_one(x, consents, rec, f, err);
	crm_scan_close(scan);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

static int
orphans(struct cli *c, struct crm_err *err)
{
	struct crm_consents consents = {0};
	struct run x = {.c = c};
	int r = options(&x, err);

	if (r == CRM_OK)
		r = cli_rows_open(
		    c, orphan_columns, O_COUNT, NULL, &x.rows, err);
	if (r < 0)
		return r;
	r = crm_txn_begin(c->store, &x.txn, err);
	if (r == CRM_OK)
		r = cli_rows_hold(x.rows, err);
	if (r == CRM_OK)
		r = crm_consents_load(&consents, x.txn, c->schema, c->at, err);
	if (r == CRM_OK)
		r = orphans_scan(&x, &consents, err);
	crm_consents_release(&consents);
	return finish(&x, r, err);
}

#define READS (CLI_LIST | CLI_NOTIME | CLI_OUT | CLI_CLOCK)

static const struct cli_verb verbs[] = {
    {"fields", fields, CLI_SCAN, READS, field_options, "",
	"print how much of each field is there, right, and new"},
    {"check", check, CLI_SCAN, READS, check_options, "",
	"measure what crm.yaml wants; exit 1 when something is less"},
    {"invalid", invalid, CLI_SCAN, READS, invalid_options, "",
	"print the values that are wrong, and why"},
    {"orphans", orphans, CLI_SCAN, READS, NULL, "",
	"print customers without an owner, a consent or an address"},
    {0},
};

int
main(int argc, char **argv)
{
	static const struct cli_command command = {"crm-quality",
	    "how much of the data is there, right, and new", NULL, 0, verbs};

	return crm_main(&command, argc, argv);
}
