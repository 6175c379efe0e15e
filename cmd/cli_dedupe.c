/*
 * cli_dedupe.c - customers as records to compare; the rows of --from are read
 * by cli_dedupe_from.c.
 *
 * Everything is read before anything is compared: comparing may take its time,
 * and a transaction that lingers keeps old pages alive.
 */
#include <stdlib.h>

#include "cli_dedupe.h"
#include "cli_from.h"
#include "cli_noun.h"

const char *cli_dedupe_compare, *cli_dedupe_id;

/* ---- columns ---- */

static int
type_of(struct crm_str name)
{
	const char *t;

	for (int i = 0; (t = crm_dup_type_name(i)) != NULL; i++)
		if (crm_str_is(name, t))
			return i;
	return -1;
}

static int
bad_compare(struct crm_str item, const char *what, struct crm_err *err)
{
	struct crm_buf b = {.max = 400};

	for (int i = 0; crm_dup_type_name(i); i++)
		crm_buf_putf(&b, "%s%s", i ? " " : "", crm_dup_type_name(i));
	crm_err_set(err, CRM_EUSAGE, "'%.*s' %s",
	    (int)(item.n < 80 ? item.n : 80), item.p, what);
	crm_err_field(err, "--compare", 9);
	crm_err_hint(err, "it is COLUMN=TYPE,...; types are %s",
	    crm_buf_cstr(&b) ? crm_buf_cstr(&b) : "");
	crm_buf_release(&b);
	return CRM_EUSAGE;
}

int
cli_dedupe_columns(struct cli_dedupe *x, bool (*has)(void *, struct crm_str),
    void *ctx, struct crm_err *err)
{
	struct crm_str rest = crm_str(cli_dedupe_compare), item, name;
	int code = CRM_OK;

	while (code == CRM_OK && crm_str_split(&rest, ',', &item)) {
		struct crm_str type = crm_str_trim(item);
		int t;

		if (!crm_str_split(&type, '=', &name))
			name = type;
		name = crm_str_trim(name);
		t = type.n ? type_of(crm_str_trim(type))
			   : crm_dup_type_guess(name);
		if (t < 0)
			return bad_compare(item,
			    type.n ? "is not a type that is compared"
				   : "does not say how it is to be compared",
			    err);
		if (!has(ctx, name))
			return bad_compare(name, "is not a column", err);
		code = crm_dups_column(&x->d, name, t, err);
	}
	return code;
}

static bool
is_field(void *ctx, struct crm_str name)
{
	struct cli_dedupe *x = ctx;

	return crm_kind_field(&x->c->schema->kind[CRM_K_CUSTOMER], name) >= 0;
}

static int
customer_columns(struct cli_dedupe *x, struct crm_err *err)
{
	if (cli_dedupe_compare)
		return cli_dedupe_columns(x, is_field, x, err);
	return crm_dups_people(&x->d, err);
}

/* ---- customers ---- */

int
cli_dedupe_add(struct cli_dedupe *x, const struct crm_str *values,
    struct crm_str id, uint64_t number, struct crm_str name,
    struct crm_err *err)
{
	size_t i = x->n;

	if (!crm_grow(&x->id, &x->id_cap, i, sizeof *x->id) ||
	    !crm_grow(&x->number, &x->number_cap, i, sizeof *x->number) ||
	    !crm_grow(&x->name, &x->name_cap, i, sizeof *x->name))
		return crm_err_nomem(err);
	x->id[i] = crm_arena_str(&x->arena, id);
	x->name[i] = crm_arena_str(&x->arena, name);
	x->number[i] = number;
	if (!x->id[i].p || !x->name[i].p ||
	    (number && crm_idmap_put(&x->at, number, i) < 0))
		return crm_err_nomem(err);
	if (!number) {
		int code = crm_map_put(&x->text_at, id, i, NULL);

		if (code == CRM_NO)
			return crm_err_set(err, CRM_EDATA,
			    "'%.*s' is the id of more than one row",
			    (int)(id.n < 80 ? id.n : 80), id.p);
		if (code < 0)
			return crm_err_nomem(err);
	}
	x->n++;
	return crm_dups_add(&x->d, values, err);
}

/* Schemes of identities that several may have, as columns. */
static int
take_schemes(struct cli_dedupe *x, struct crm_txn *t, struct crm_err *err)
{
	const struct crm_schema *s = x->c->schema;
	const struct crm_kind *k = &s->kind[CRM_K_CUSTOMER];
	int part = crm_kind_part(k, CRM_STR("identity"));
	int scheme = crm_part_field(&k->parts[part], CRM_STR("scheme"));
	int shared = crm_part_field(&k->parts[part], CRM_STR("shared"));
	struct crm_map seen = {0};
	struct crm_want want = {.parts = 1u << part};
	struct crm_record *rec;
	struct crm_scan *sc;
	int code = crm_scan_open(t, s, k, &want, x->c->at, &sc, err);

	if (code < 0)
		return code;
	while (
	    code == CRM_OK && (code = crm_scan_next(sc, &rec, err)) == CRM_OK)
		for (size_t i = 0; code == CRM_OK && i < rec->part[part].n;
		     i++) {
			const struct crm_value *v = rec->part[part].row[i].v;
			struct crm_buf b = {.max = 100};
			uint64_t old;

			if (v[shared].type == CRM_T_NONE || v[shared].i == 0 ||
			    crm_str_is(v[scheme].s, "email") ||
			    crm_str_is(v[scheme].s, "phone") ||
			    x->d.columns == CRM_DUP_COLUMNS ||
			    crm_map_get(&seen, v[scheme].s, &old))
				continue;
			crm_buf_puts(&b, CRM_DUP_SCHEME);
			crm_buf_putstr(&b, v[scheme].s);
			if (crm_map_put(&seen, v[scheme].s, 1, NULL) < 0)
				code = crm_err_nomem(err);
			else
				code = crm_dups_column(
				    &x->d, crm_buf_str(&b), CRM_DUP_CODE, err);
			crm_buf_release(&b);
		}
	crm_scan_close(sc);
	crm_map_release(&seen);
	return code == CRM_NOTFOUND ? CRM_OK : code;
}

static int
read_customers(struct cli_dedupe *x, struct crm_txn *t, struct crm_err *err)
{
	const struct crm_schema *s = x->c->schema;
	const struct crm_kind *k = &s->kind[CRM_K_CUSTOMER];
	struct crm_str values[CRM_DUP_COLUMNS];
	struct crm_want want = {0};
	struct crm_record *rec;
	struct crm_scan *sc;
	uint64_t done = 0;
	int code;

	crm_dups_want(&x->d, k, &want);
	code = crm_scan_open(t, s, k, &want, x->c->at, &sc, err);
	if (code < 0)
		return code;
	while (
	    code == CRM_OK && (code = crm_scan_next(sc, &rec, err)) == CRM_OK) {
		code = crm_dups_person(&x->d, s, rec, &x->scratch, values, err);
		if (code == CRM_OK)
			code =
			    cli_dedupe_add(x, values, (struct crm_str){"", 0},
				rec->id, crm_record_get(rec, "name")->s, err);
		crm_arena_reset(&x->scratch);
		if (++done % 4096 == 0)
			cli_progress(x->c, "read", done, 0);
	}
	crm_scan_close(sc);
	return code == CRM_NOTFOUND ? CRM_OK : code;
}

/* Two numbers, whichever comes first, as bytes in room. */
static struct crm_str
pair_key(uint64_t a, uint64_t b, uint64_t room[2])
{
	room[0] = a < b ? a : b;
	room[1] = a < b ? b : a;
	return (struct crm_str){(const char *)room, 2 * sizeof *room};
}

int
cli_dedupe_know(
    struct cli_dedupe *x, uint64_t a, uint64_t b, struct crm_err *err)
{
	uint64_t room[2];

	return crm_map_put(&x->apart, pair_key(a, b, room), 1, NULL) ==
		       CRM_ENOMEM
		   ? crm_err_nomem(err)
		   : CRM_OK;
}

bool
cli_dedupe_known(const struct cli_dedupe *x, uint64_t a, uint64_t b)
{
	uint64_t room[2], v;

	return x->apart.n > 0 &&
	       crm_map_get(&x->apart, pair_key(a, b, room), &v);
}

bool
cli_dedupe_apart(const struct cli_dedupe *x, uint32_t a, uint32_t b)
{
	return cli_dedupe_known(x, x->number[a], x->number[b]);
}

int
cli_dedupe_read_apart(
    struct cli_dedupe *x, struct crm_txn *t, struct crm_err *err)
{
	const struct crm_schema *s = x->c->schema;
	const struct crm_kind *k = &s->kind[CRM_K_RELATION];
	struct crm_want want = {0};
	struct crm_record *rec;
	struct crm_scan *sc;
	int code;

	crm_want_field(&want, crm_kind_field(k, CRM_STR("from_id")));
	crm_want_field(&want, crm_kind_field(k, CRM_STR("to_id")));
	crm_want_field(&want, crm_kind_field(k, CRM_STR("relation")));
	code = crm_scan_open(t, s, k, &want, x->c->at, &sc, err);
	if (code < 0)
		return code;
	while (
	    code == CRM_OK && (code = crm_scan_next(sc, &rec, err)) == CRM_OK)
		if (crm_str_is(crm_record_get(rec, "relation")->s, "not_same"))
			code = cli_dedupe_know(x,
			    (uint64_t)crm_record_get(rec, "from_id")->i,
			    (uint64_t)crm_record_get(rec, "to_id")->i, err);
	crm_scan_close(sc);
	return code == CRM_NOTFOUND ? CRM_OK : code;
}

/* ---- both ---- */

int
cli_dedupe_read(struct cli_dedupe *x, struct crm_err *err)
{
	struct crm_txn *t;
	int code = cli_from_check(x->c, err);

	if (code < 0)
		return code;
	if (cli_opt.columns)
		return crm_err_set(err, CRM_EUSAGE,
		    "--columns is for sales; --compare names columns here");
	if (cli_opt.from)
		return cli_dedupe_from(x, err);
	code = customer_columns(x, err);
	if (code == CRM_OK)
		code = crm_txn_begin(x->c->store, &t, err);
	if (code < 0)
		return code;
	if (!cli_dedupe_compare)
		code = take_schemes(x, t, err);
	if (code == CRM_OK)
		code = read_customers(x, t, err);
	if (code == CRM_OK)
		code = cli_dedupe_read_apart(x, t, err);
	crm_txn_end(t);
	return code;
}

int
cli_dedupe_find(struct cli_dedupe *x, const char *operand, uint32_t *out,
    struct crm_err *err)
{
	struct crm_value id;
	struct crm_txn *t;
	uint64_t at;
	int code;

	if (cli_opt.from) {
		if (!crm_map_get(&x->text_at, crm_str(operand), &at))
			return crm_err_set(err, CRM_NOTFOUND,
			    "'%s' is no row of %s", operand, cli_opt.from);
		*out = (uint32_t)at;
		return CRM_OK;
	}
	code = crm_txn_begin(x->c->store, &t, err);
	if (code < 0)
		return code;
	code = crm_ref_find(
	    t, NULL, CRM_K_CUSTOMER, x->c->schema, crm_str(operand), &id, err);
	crm_txn_end(t);
	if (code < 0)
		return code;
	if (!crm_idmap_get(&x->at, (uint64_t)id.i, &at))
		return crm_err_set(
		    err, CRM_NOTFOUND, "'%s' is not there then", operand);
	*out = (uint32_t)at;
	return CRM_OK;
}

void
cli_dedupe_why(
    struct crm_buf *b, const struct crm_dups *d, const struct crm_dup_pair *p)
{
	for (size_t i = 0; i < d->columns; i++) {
		if (p->level[i] == CRM_DUP_MISSING)
			continue;
		crm_buf_putf(b, "%s%s%+.1f", b->n ? " " : "",
		    crm_dups_name(d, i), p->part[i]);
	}
	if (p->household <= -0.05)
		crm_buf_putf(b, " household%+.1f", p->household);
}

int
cli_dedupe_probability(
    const char *option, const char *text, double *out, struct crm_err *err)
{
	struct crm_share p;

	if (!text)
		return CRM_OK;
	if (crm_share_parse(crm_str(text), false, &p, NULL) == CRM_OK) {
		*out = crm_dec_double(p.v);
		if (*out < 1)
			return CRM_OK;
	}
	crm_err_set(
	    err, CRM_EUSAGE, "'%s' is not a probability between 0 and 1", text);
	crm_err_field(err, option, strlen(option));
	return CRM_EUSAGE;
}

struct crm_value
cli_dedupe_rounded(double v, unsigned scale)
{
	double unit = 1;

	for (unsigned i = 0; i < scale; i++)
		unit *= 10;
	v = v * unit + (v < 0 ? -0.5 : 0.5);
	return crm_value_num(CRM_T_DECIMAL, (int64_t)v, scale);
}

void
cli_dedupe_release(struct cli_dedupe *x)
{
	crm_dups_release(&x->d);
	crm_arena_release(&x->arena);
	crm_arena_release(&x->scratch);
	crm_idmap_release(&x->at);
	crm_map_release(&x->text_at);
	crm_map_release(&x->apart);
	free(x->id);
	free(x->number);
	free(x->name);
}
