/*
 * quality.c - how much of the data is there, right, and new.
 *
 * What a record may not hold at all is refused when it is put; here is told
 * what could be read and is wrong all the same.  Only that is called wrong of
 * which no real value is: an unusual one is not.  How new a value is, is told
 * by the record's last revision, as the store keeps no time for each field but
 * in the log, which would have to be read from end to end.
 */
#include <stdlib.h>

#include <crm/history.h>
#include <crm/quality.h>

struct look {
	const struct crm_schema *s;
	const struct crm_quality_options *opt;
	struct crm_quality *out;
	uint64_t revision; /* from this one on it is fresh */
	struct crm_buf b;
	int source; /* field, -1 none */
};

/* ---- what is wrong ---- */

static const char *
bad_ident(struct look *l, const char *scheme, struct crm_str value)
{
	uint64_t n;

	crm_buf_clear(&l->b);
	if (crm_ident_normal(l->s, crm_str(scheme), value, &l->b, NULL) < 0)
		return "cannot be read";
	if (crm_ident_ignored(l->s, crm_str(scheme), crm_buf_str(&l->b)))
		return "is on the list of those that name nobody";
	crm_buf_clear(&l->b);
	crm_ident_key(&l->b, l->opt->kind->number, crm_str(scheme), value, 0);
	if (crm_map_get(&l->out->shared, crm_buf_str(&l->b), &n))
		return "is that of many people";
	return NULL;
}

static const char *
bad_email(struct look *l, const struct crm_value *v)
{
	const char *at = memchr(v->s.p, '@', v->s.n);
	struct crm_str domain;

	if (at) {
		domain = (struct crm_str){
		    at + 1, (size_t)(v->s.p + v->s.n - at - 1)};
		if (domain.n == 0 || memchr(domain.p, '.', domain.n) == NULL)
			return "has no domain with a dot";
	}
	return bad_ident(l, "email", v->s);
}

static const char *
bad_phone(struct look *l, const struct crm_value *v)
{
	if (!crm_phone_possible(v->s))
		return "cannot be a telephone number";
	return bad_ident(l, "phone", v->s);
}

static const char *
bad_country(struct look *l, const struct crm_value *v)
{
	char code[2];

	(void)l;
	return crm_country_normal(v->s, code, NULL) < 0 ||
		       memcmp(code, v->s.p, 2) != 0
		   ? "is no country code of ISO 3166-1"
		   : NULL;
}

static const char *
bad_birth(struct look *l, const struct crm_value *v)
{
	int64_t today = crm_day_of(&l->s->calendar, l->opt->now);

	return v->i > today ? "is still to come"
	       : v->i < crm_add_months(today, -12 * 125)
		   ? "is more than 125 years ago"
		   : NULL;
}

static const char *
bad_past(struct look *l, const struct crm_value *v)
{
	return v->i > l->opt->now ? "is still to come" : NULL;
}

/* Two or three letters, then parts behind dashes. */
static const char *
bad_language(struct look *l, const struct crm_value *v)
{
	size_t n = 0, part = 0;

	(void)l;
	for (size_t i = 0; i <= v->s.n; i++) {
		char c = i < v->s.n ? v->s.p[i] : '-';
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		if (c == '-') {
			if (n == 0 || n > 8 || (part == 0 && (n < 2 || n > 3)))
				return "is no language tag of BCP 47";
			n = 0;
			part++;
		} else if (letter || (part > 0 && c >= '0' && c <= '9')) {
			n++;
		} else {
			return "is no language tag of BCP 47";
		}
	}
	return NULL;
}

/* GS1: from the right, digits count 3 and 1 by turns. */
static const char *
bad_gtin(struct look *l, const struct crm_value *v)
{
	unsigned sum = 0;

	(void)l;
	if (v->s.n != 8 && (v->s.n < 12 || v->s.n > 14))
		return "has not 8, 12, 13 or 14 digits";
	for (size_t i = 0; i < v->s.n; i++) {
		char c = v->s.p[v->s.n - 1 - i];

		if (c < '0' || c > '9')
			return "has not 8, 12, 13 or 14 digits";
		sum += (unsigned)(c - '0') * (i % 2 ? 3u : 1u);
	}
	return sum % 10 ? "has a wrong check digit" : NULL;
}

static const struct check {
	unsigned kind;
	const char *field;
	const char *(*bad)(struct look *l, const struct crm_value *v);
} checks[] = {
    {CRM_K_CUSTOMER, "email", bad_email},
    {CRM_K_CUSTOMER, "phone", bad_phone},
    {CRM_K_CUSTOMER, "country", bad_country},
    {CRM_K_CUSTOMER, "birth_date", bad_birth},
    {CRM_K_CUSTOMER, "language", bad_language},
    {CRM_K_CUSTOMER, "created", bad_past},
    {CRM_K_PRODUCT, "gtin", bad_gtin},
    {CRM_K_ORDER, "placed", bad_past},
    {CRM_K_ORDER, "bill_country", bad_country},
    {CRM_K_ORDER, "ship_country", bad_country},
    {CRM_K_TOUCH, "at", bad_past},
    {CRM_K_TICKET, "opened", bad_past},
};

/* ---- values that collect many ---- */

static int
take_many(struct look *l, struct crm_str value, uint64_t n, struct crm_err *err)
{
	if (n < l->opt->many)
		return CRM_OK;
	return crm_map_put(&l->out->shared, value, n, NULL) == CRM_ENOMEM
		   ? crm_err_nomem(err)
		   : CRM_OK;
}

/* Identities lie in the order of their values: those of one are together. */
static int
find_many(struct look *l, struct crm_txn *t, struct crm_err *err)
{
	char first = (char)l->opt->kind->number;
	struct crm_cursor *cur = NULL;
	struct crm_str k, v;
	struct crm_buf was = {0};
	uint64_t n = 0;
	int r = crm_cursor_open(t, CRM_TAB_IDENT, &cur, err);

	if (r == CRM_OK)
		r = crm_cursor_seek(
		    cur, (struct crm_str){&first, 1}, &k, &v, err);
	while (r == CRM_OK && k.n > 8 && k.p[0] == first) {
		k.n -= 8;
		if (!crm_str_eq(k, crm_buf_str(&was))) {
			r = take_many(l, crm_buf_str(&was), n, err);
			crm_buf_clear(&was);
			crm_buf_putstr(&was, k);
			n = 0;
		}
		n++;
		if (r == CRM_OK)
			r = crm_buf_check(&was, err);
		if (r == CRM_OK)
			r = crm_cursor_next(cur, &k, &v, err);
	}
	crm_cursor_close(cur);
	if (r == CRM_OK || r == CRM_NOTFOUND)
		r = take_many(l, crm_buf_str(&was), n, err);
	crm_buf_release(&was);
	return r;
}

/* ---- how new ---- */

/* The first revision at or after a moment: times do not go back. */
static int
find_fresh(struct look *l, struct crm_txn *t, struct crm_err *err)
{
	uint64_t lo, hi = 0;
	struct crm_log_head h;
	int r = crm_log_from(t, &lo, err);

	if (r == CRM_OK)
		r = crm_txn_last(t, &hi, err);
	for (hi++; r == CRM_OK && lo < hi;) {
		uint64_t mid = lo + (hi - lo) / 2;

		r = crm_log_next(t, mid, &h, err);
		if (r == CRM_NOTFOUND ||
		    (r == CRM_OK && h.time >= l->opt->since))
			hi = mid;
		else
			lo = h.revision + 1;
		if (r == CRM_NOTFOUND)
			r = CRM_OK;
	}
	l->revision = lo;
	return r;
}

/* ---- counting ---- */

bool
crm_quality_takes(const struct crm_field *f)
{
	return f->tag != 0 &&
	       !(f->flags & (CRM_F_READONLY | CRM_F_FIGURE | CRM_F_VIRTUAL));
}

/* The rows of a source, one for each field. */
static int
rows_of(
    struct look *l, struct crm_str source, uint64_t *first, struct crm_err *err)
{
	const struct crm_kind *k = l->opt->kind;
	struct crm_quality *q = l->out;

	if (crm_map_get(&q->source, source, first))
		return CRM_OK;
	*first = q->n;
	source = crm_arena_str(&q->arena, source);
	if (!source.p || crm_map_put(&q->source, source, q->n, NULL) < 0)
		return crm_err_nomem(err);
	for (int i = 1; i < k->nfields; i++) {
		if (!crm_quality_takes(&k->fields[i]))
			continue;
		if (!crm_grow(&q->row, &q->cap, q->n, sizeof *q->row))
			return crm_err_nomem(err);
		q->row[q->n++] =
		    (struct crm_quality_row){.field = i, .source = source};
	}
	return CRM_OK;
}

static const struct check *
check_of(const struct crm_kind *k, const struct crm_field *f)
{
	for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
		if (checks[i].kind == k->number &&
		    strcmp(checks[i].field, f->name) == 0)
			return &checks[i];
	return NULL;
}

static int
count(struct look *l, const struct crm_record *rec, struct crm_quality_row *row,
    struct crm_err *err)
{
	const struct crm_value *v = &rec->v[row->field];
	const struct check *c =
	    check_of(rec->kind, &rec->kind->fields[row->field]);
	const char *why = NULL;

	row->records++;
	if (v->type == CRM_T_NONE)
		return CRM_OK;
	row->filled++;
	if (rec->revision > row->revision)
		row->revision = rec->revision;
	row->fresh += rec->revision >= l->revision;
	if (c)
		why = c->bad(l, v);
	if (!why)
		return CRM_OK;
	row->invalid++;
	return l->opt->fn ? l->opt->fn(l->opt->ctx, rec, row->field, why, err)
			  : CRM_OK;
}

static int
count_all(struct look *l, struct crm_txn *t, struct crm_err *err)
{
	const struct crm_kind *k = l->opt->kind;
	struct crm_scan *scan = NULL;
	struct crm_want want = {{0}, 0};
	struct crm_record *rec;
	uint64_t first = 0;
	int r;

	for (int i = 1; i < k->nfields; i++)
		if (crm_quality_takes(&k->fields[i]))
			crm_want_field(&want, i);
	l->source = crm_kind_field(k, CRM_STR("source"));
	r = rows_of(l, (struct crm_str){"", 0}, &first, err);
	if (r == CRM_OK)
		r = crm_scan_open(t, l->s, k, &want, l->opt->at, &scan, err);
	while (r == CRM_OK && (r = crm_scan_next(scan, &rec, err)) == CRM_OK) {
		struct crm_str source = {"", 0};

		if (l->opt->by_source && l->source > 0)
			source = rec->v[l->source].s;
		r = rows_of(l, source, &first, err);
		for (size_t i = (size_t)first; r == CRM_OK && i < l->out->n &&
					       crm_str_eq(l->out->row[i].source,
						   l->out->row[first].source);
		     i++)
			r = count(l, rec, &l->out->row[i], err);
	}
	crm_scan_close(scan);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

int
crm_quality_read(struct crm_txn *t, const struct crm_schema *s,
    const struct crm_quality_options *opt, struct crm_quality *out,
    struct crm_err *err)
{
	struct look l = {.s = s, .opt = opt, .out = out};
	int r = CRM_OK;

	if (opt->many > 0)
		r = find_many(&l, t, err);
	if (r == CRM_OK)
		r = find_fresh(&l, t, err);
	if (r == CRM_OK)
		r = count_all(&l, t, err);
	crm_buf_release(&l.b);
	return r;
}

void
crm_quality_release(struct crm_quality *q)
{
	free(q->row);
	crm_map_release(&q->source);
	crm_map_release(&q->shared);
	crm_arena_release(&q->arena);
}

int64_t
crm_quality_percent(uint64_t part, uint64_t whole)
{
	int64_t out = 0;

	crm_muldiv64((int64_t)part, 1000, (int64_t)whole, &out);
	return out;
}
