/*
 * sales_read.c - sales from a record stream, or from the store's ledger.
 *
 * A stream says of money how many places it has only as it goes on, so
 * amounts read so far are taken to more places when one comes that has more;
 * that happens a few times at most.  The ledger nets each order: what was
 * refunded by the moment asked about is taken off its own order, and an order
 * that was all refunded stays one of 0.
 */
#include <stdlib.h>

#include <crm/model.h>

#include "stats/names.h"

enum type { ID, TIME, MONEY, QUANTITY };

static const struct {
	const char *name;
	enum type type;
} columns[CRM_SALES_COLUMNS] = {
    [CRM_SALES_CUSTOMER] = {"customer_id", ID},
    [CRM_SALES_ORDER] = {"order_id", ID},
    [CRM_SALES_PRODUCT] = {"product_id", ID},
    [CRM_SALES_CHANNEL] = {"channel", ID},
    [CRM_SALES_PLACED] = {"placed", TIME},
    [CRM_SALES_TOTAL] = {"total", MONEY},
    [CRM_SALES_QUANTITY] = {"quantity", QUANTITY},
    [CRM_SALES_ORDERS] = {"orders", QUANTITY},
    [CRM_SALES_COST] = {"cost", MONEY},
};

enum { MONEY_DIGITS = 2, MONEY_DIGITS_MAX = 6 };

/* ---- a stream ---- */

struct reader {
	struct crm_sales *x;
	struct crm_stream *s;
	const struct crm_sales_options *opt;
	struct crm_calendar utc;
	int at[CRM_SALES_COLUMNS]; /* columns of the stream, -1 */
	unsigned there; /* bits of those that are not -1 */
	int currency;
};

static int
fault(struct reader *r, unsigned column, struct crm_err *err)
{
	struct crm_str name = crm_stream_name(r->s, (size_t)r->at[column]);

	crm_err_place(err, crm_stream_file(r->s), crm_stream_line(r->s));
	crm_err_field(err, name.p, name.n);
	return CRM_EDATA;
}

static int
refuse(struct reader *r, unsigned column, struct crm_str v, const char *what,
    struct crm_err *err)
{
	crm_err_set(
	    err, CRM_EDATA, "'%.*s' %s", (int)(v.n > 80 ? 80 : v.n), v.p, what);
	return fault(r, column, err);
}

/* What a column is called in this stream: another name, when one was given. */
static int
find_name(
    struct reader *r, unsigned column, struct crm_str *out, struct crm_err *err)
{
	struct crm_str rest = r->opt->rename, one, from, to;

	*out = crm_str(columns[column].name);
	while (rest.n > 0 && crm_str_split(&rest, ',', &one)) {
		bool known = false;

		to = one;
		if (!crm_str_split(&to, '=', &from) || !to.p || to.n == 0)
			return crm_err_set(err, CRM_EUSAGE,
			    "'%.*s': NAME=COLUMN is wanted, as "
			    "placed=date",
			    (int)(one.n > 80 ? 80 : one.n), one.p);
		for (unsigned k = 0; k < CRM_SALES_COLUMNS; k++)
			known |= crm_str_is(from, columns[k].name);
		if (!known)
			return crm_err_set(err, CRM_EUSAGE,
			    "'%.*s' is not a column that is read",
			    (int)(from.n > 80 ? 80 : from.n), from.p);
		if (crm_str_is(from, columns[column].name))
			*out = to;
	}
	return CRM_OK;
}

static void
hint_columns(const struct crm_sales *x, struct crm_err *err)
{
	struct crm_buf b = {0};

	for (unsigned k = 0; k < CRM_SALES_COLUMNS; k++)
		if (x->want & CRM_SALES_BIT(k))
			crm_buf_putf(
			    &b, "%s%s", b.n ? ", " : "", columns[k].name);
	crm_err_hint(err,
	    "wanted are %s; --columns %s=NAME takes one of another name, "
	    "--header names the columns of a stream without header (sort one "
	    "by: crm-body sort ...)",
	    crm_buf_cstr(&b) ? crm_buf_cstr(&b) : "columns",
	    columns[CRM_SALES_PLACED].name);
	crm_buf_release(&b);
}

static int
bind(struct reader *r, struct crm_err *err)
{
	struct crm_sales *x = r->x;
	struct crm_str name;
	int code = CRM_OK;

	for (unsigned k = 0; code == CRM_OK && k < CRM_SALES_COLUMNS; k++) {
		unsigned bit = CRM_SALES_BIT(k);

		r->at[k] = -1;
		if (!((x->want | x->may) & bit))
			continue;
		code = find_name(r, k, &name, err);
		if (code < 0)
			break;
		r->at[k] = crm_stream_find(r->s, name);
		if (r->at[k] >= 0) {
			x->has |= bit;
			r->there |= bit;
		} else if ((x->want & bit) && crm_stream_columns(r->s) > 0) {
			code = crm_err_set(err, CRM_EDATA,
			    "there is no column '%.*s'",
			    (int)(name.n > 80 ? 80 : name.n), name.p);
			crm_err_place(err, crm_stream_file(r->s), 1);
			hint_columns(x, err);
		} else if (x->want & bit) {
			/* no bytes are a stream of no records */
			x->has |= bit;
		}
	}
	r->currency = crm_stream_find(r->s, CRM_STR("currency"));
	x->digits = MONEY_DIGITS;
	return code;
}

static int
read_currency(struct reader *r, struct crm_err *err)
{
	struct crm_str v = crm_stream_field(r->s, (size_t)r->currency);
	struct crm_sales *x = r->x;
	int digits;

	if (v.n == 0 || crm_str_is(v, x->currency))
		return CRM_OK;
	digits = crm_currency_digits(v);
	if (digits < 0)
		crm_err_set(err, CRM_EDATA,
		    "'%.*s' is not an ISO 4217 currency",
		    (int)(v.n > 80 ? 80 : v.n), v.p);
	else if (x->currency[0]) {
		crm_err_set(err, CRM_EDATA,
		    "'%.*s' after '%s': money of one currency is wanted",
		    (int)v.n, v.p, x->currency);
		crm_err_hint(err, "--columns total=base_total takes amounts "
				  "in the store's currency, where the stream "
				  "has them, without its column currency");
	} else {
		memcpy(x->currency, v.p, 3);
		if (x->n == 0)
			x->digits = (unsigned)digits;
		return CRM_OK;
	}
	crm_err_place(err, crm_stream_file(r->s), crm_stream_line(r->s));
	crm_err_field(err, "currency", 8);
	return CRM_EDATA;
}

/* All amounts so far, those of this row too, in units of more places. */
static bool
more_digits(struct crm_sales *x, struct crm_sales_row *row, unsigned digits)
{
	static const unsigned money[] = {CRM_SALES_TOTAL, CRM_SALES_COST};
	int64_t by = crm_pow10(digits - x->digits);

	for (size_t k = 0; k < 2; k++) {
		int64_t *v = x->num[money[k]], *last = &row->num[money[k]];

		if (!(x->has & CRM_SALES_BIT(money[k])))
			continue;
		for (size_t i = 0; i < x->n; i++)
			if (!crm_mul64(v[i], by, &v[i]))
				return false;
		if (!crm_mul64(*last, by, last))
			return false;
	}
	x->digits = digits;
	return true;
}

static int
read_money(struct reader *r, unsigned k, struct crm_str v,
    struct crm_sales_row *row, struct crm_err *err)
{
	int64_t *out = &row->num[k];
	struct crm_dec d;

	if (crm_dec_parse(v, &d) < 0 || d.scale > MONEY_DIGITS_MAX)
		return refuse(r, k, v, "is not a money amount", err);
	if (d.v < 0 && !r->opt->signs) {
		refuse(r, k, v, "is below 0", err);
		crm_err_hint(err, "take a refund off the total of its order "
				  "before, or leave it out");
		return CRM_EDATA;
	}
	if (d.scale > r->x->digits && !more_digits(r->x, row, d.scale))
		return refuse(r, k, v, "has too many places", err);
	if (!crm_dec_rescale(d, r->x->digits, out))
		return refuse(r, k, v, "is too large", err);
	return CRM_OK;
}

static int
read_number(struct reader *r, unsigned k, struct crm_str v,
    struct crm_sales_row *row, struct crm_err *err)
{
	int64_t *out = &row->num[k];
	const struct crm_calendar *cal =
	    r->opt->calendar ? r->opt->calendar : &r->utc;
	struct crm_dec d;

	switch (columns[k].type) {
	case TIME:
		if (crm_time_parse(v, cal, out) < 0)
			return refuse(r, k, v,
			    "is not a time (wanted: 2024-05-01 or "
			    "2024-05-01T09:58:12Z)",
			    err);
		return CRM_OK;
	case MONEY:
		return read_money(r, k, v, row, err);
	default:
		if (crm_dec_parse(v, &d) < 0 ||
		    d.scale > CRM_SALES_QUANTITY_SCALE ||
		    !crm_dec_rescale(d, CRM_SALES_QUANTITY_SCALE, out))
			return refuse(r, k, v, "is not a quantity", err);
		return CRM_OK;
	}
}

/* CRM_NO: the row is not one of those wanted. */
static int
read_row(struct reader *r, struct crm_sales_row *row, struct crm_err *err)
{
	struct crm_sales *x = r->x;
	int code = CRM_OK;

	if (r->at[CRM_SALES_CUSTOMER] >= 0 &&
	    crm_stream_field(r->s, (size_t)r->at[CRM_SALES_CUSTOMER]).n == 0) {
		x->anonymous++;
		return CRM_NO;
	}
	if (r->currency >= 0 && r->at[CRM_SALES_TOTAL] >= 0 &&
	    !crm_str_starts(
		crm_stream_name(r->s, (size_t)r->at[CRM_SALES_TOTAL]),
		CRM_STR("base_")))
		code = read_currency(r, err);
	row->num[CRM_SALES_TOTAL] = row->num[CRM_SALES_COST] = 0;
	for (unsigned bits = r->there; code == CRM_OK && bits;
	     bits &= bits - 1) {
		unsigned k = (unsigned)__builtin_ctz(bits);
		struct crm_str v;

		v = crm_stream_field(r->s, (size_t)r->at[k]);
		if (v.n == 0 && (x->want & CRM_SALES_BIT(k))) {
			crm_err_set(err, CRM_EDATA, "has no value");
			return fault(r, k, err);
		}
		if (columns[k].type == ID)
			row->text[k] = v;
		else if (v.n == 0)
			row->num[k] = 0;
		else
			code = read_number(r, k, v, row, err);
	}
	if (code == CRM_OK && r->at[CRM_SALES_PLACED] >= 0 &&
	    (row->num[CRM_SALES_PLACED] < r->opt->since ||
		row->num[CRM_SALES_PLACED] >= r->opt->until)) {
		x->outside++;
		return CRM_NO;
	}
	return code;
}

int
crm_sales_columns(struct crm_sales *x, struct crm_stream *s,
    const struct crm_sales_options *opt, int at[CRM_SALES_COLUMNS],
    struct crm_err *err)
{
	struct reader r = {.x = x, .s = s, .opt = opt};
	int code = bind(&r, err);

	memcpy(at, r.at, sizeof r.at);
	return code;
}

int
crm_sales_rows(struct crm_sales *x, struct crm_stream *s,
    const struct crm_sales_options *opt, struct crm_err *err)
{
	struct reader r = {.x = x, .s = s, .opt = opt};
	struct crm_sales_row row = {0};
	int code = bind(&r, err);

	while (code == CRM_OK) {
		code = crm_stream_next(s, err);
		if (code == CRM_OK)
			code = read_row(&r, &row, err);
		if (code == CRM_OK)
			code = crm_sales_add(x, &row, err);
		else if (code == CRM_NO)
			code = CRM_OK;
	}
	return code == CRM_NOTFOUND ? CRM_OK : code;
}

int
crm_sales_stream(struct crm_sales *x, struct crm_stream *s,
    const struct crm_sales_options *opt, struct crm_err *err)
{
	int code = crm_sales_rows(x, s, opt, err);

	return code == CRM_OK ? crm_sales_done(x, err) : code;
}

/* ---- the ledger ---- */

struct folder {
	struct crm_sales *x;
	struct crm_txn *t;
	const struct crm_schema *s;
	int64_t since;
	bool gone;
	struct crm_ledger_entry *e; /* of one customer */
	size_t n, cap;
	struct crm_arena arena;
	struct crm_record *rec;
};

static int
by_order(const void *a, const void *b)
{
	const struct crm_ledger_entry *x = a, *y = b;

	if (x->order != y->order)
		return x->order < y->order ? -1 : 1;
	return (x->time > y->time) - (x->time < y->time);
}

static int
is_there(struct folder *f, uint64_t customer, struct crm_err *err)
{
	static const struct crm_want nothing;

	return f->gone ? CRM_OK
		       : crm_record_read(f->t, &f->s->kind[CRM_K_CUSTOMER],
			     customer, &nothing, f->rec, err);
}

/* The orders of one customer, as rows. */
static int
fold(struct folder *f, struct crm_err *err)
{
	struct crm_sales_row row = {0};
	size_t end;
	int code;

	if (f->n == 0)
		return CRM_OK;
	code = is_there(f, f->e[0].customer, err);
	if (code < 0)
		return code == CRM_NOTFOUND ? CRM_OK : code;
	qsort(f->e, f->n, sizeof *f->e, by_order);
	row.number[CRM_SALES_CUSTOMER] = f->e[0].customer;
	for (size_t i = 0; code == CRM_OK && i < f->n; i = end) {
		int64_t count = 0, sum = 0, placed = INT64_MAX;

		for (end = i; end < f->n && f->e[end].order == f->e[i].order;
		     end++) {
			const struct crm_ledger_entry *y = &f->e[end];

			count += (y->flags & CRM_L_SALE ? 1 : 0) -
				 (y->flags & CRM_L_GONE ? 1 : 0);
			if ((y->flags & CRM_L_SALE) && y->time < placed)
				placed = y->time;
			if (!crm_add64(sum, y->amount, &sum))
				return crm_err_set(err, CRM_EDATA,
				    "the revenue of customer %llu is too "
				    "large",
				    (unsigned long long)y->customer);
		}
		if (count <= 0)
			continue;
		if (placed < f->since) {
			f->x->outside++;
			continue;
		}
		row.number[CRM_SALES_ORDER] = f->e[i].order;
		row.num[CRM_SALES_PLACED] = placed;
		row.num[CRM_SALES_TOTAL] = sum;
		code = crm_sales_add(f->x, &row, err);
	}
	return code;
}

static int
read_entries(struct folder *f, int64_t until, struct crm_err *err)
{
	struct crm_ledger *l = NULL;
	struct crm_ledger_entry y;
	int code = crm_ledger_open(f->t, 0, &l, err);

	while (code == CRM_OK) {
		code = crm_ledger_next(l, &y, err);
		if (code < 0)
			break;
		if (f->n > 0 && f->e[0].customer != y.customer) {
			code = fold(f, err);
			f->n = 0;
		}
		if (code < 0 || y.time >= until ||
		    (y.flags & (CRM_L_VOID | CRM_L_CREDIT | CRM_L_TEST)))
			continue;
		if (!crm_grow(&f->e, &f->cap, f->n, sizeof *f->e))
			code = crm_err_nomem(err);
		else
			f->e[f->n++] = y;
	}
	if (code == CRM_NOTFOUND)
		code = fold(f, err);
	crm_ledger_close(l);
	return code;
}

int
crm_sales_ledger(struct crm_sales *x, struct crm_txn *t,
    const struct crm_schema *s, int64_t since, int64_t until, bool gone,
    struct crm_err *err)
{
	const unsigned can = CRM_SALES(CUSTOMER) | CRM_SALES(ORDER) |
			     CRM_SALES(PLACED) | CRM_SALES(TOTAL);
	struct folder f = {
	    .x = x, .t = t, .s = s, .since = since, .gone = gone};
	int code;

	if (x->want & ~can)
		return crm_err_set(
		    err, CRM_EBUG, "the ledger has no such column");
	x->has = x->want | (x->may & can);
	x->digits = (unsigned)s->digits;
	if (s->settings && s->settings->currency.n == 3)
		memcpy(x->currency, s->settings->currency.p, 3);
	x->names[CRM_SALES_CUSTOMER].kind = CRM_K_CUSTOMER;
	x->names[CRM_SALES_ORDER].kind = CRM_K_ORDER;
	f.rec = crm_record_new(&s->kind[CRM_K_CUSTOMER], &f.arena);
	code = f.rec ? read_entries(&f, until, err) : crm_err_nomem(err);
	free(f.e);
	crm_arena_release(&f.arena);
	return code;
}
