/*
 * profit.c - revenue less what it took, to the cent.
 *
 * One pass over the orders puts what they book into rows; contacts, tickets
 * and the winning of customers are then added to each customer's rows.  Amounts
 * are only ever split by crm_allocate, so that rows add up to what the ledger
 * has whatever they are rows of.  An order is booked by crm_order_book, as in
 * `crm-order totals`: there is no second definition of revenue to drift.
 */
#include <stdlib.h>

#include <crm/model.h>
#include <crm/order.h>
#include <crm/profit.h>

struct crm_profit_share {
	uint64_t customer;
	size_t row;
};

struct line_fields {
	int product, quantity, amount, tax, cost, returned, cancelled, discount,
	    type;
};

struct reader {
	struct crm_profits *x;
	struct crm_txn *t;
	const struct crm_schema *s;
	const struct crm_profit_options *opt;
	struct line_fields f;
	struct crm_buf text, bookings;
	int64_t delivery, back, ticket; /* rates */
	struct crm_idmap own; /* customer -> place in service */
	struct crm_profit_row *service;
	size_t nservice, servicecap;
	int64_t *room; /* for the lines of one order */
	size_t nroom;
};

static int
too_large(struct crm_err *err)
{
	return crm_err_set(
	    err, CRM_EDATA, "the sums are too large to be added");
}

bool
crm_profit_add(int64_t *to, const int64_t *v)
{
	bool ok = true;

	for (int i = 0; i < CRM_PROFIT_FIGURES; i++)
		ok = crm_add64(to[i], v[i], &to[i]) && ok;
	return ok;
}

/* ---- rows ---- */

static int
new_row(struct crm_profits *x, uint64_t id, struct crm_err *err)
{
	if (!crm_grow(&x->row, &x->cap, x->n, sizeof *x->row))
		return crm_err_nomem(err);
	x->row[x->n++] = (struct crm_profit_row){.id = id, .first = INT64_MAX};
	return CRM_OK;
}

static int
row_of_id(struct crm_profits *x, uint64_t id, size_t *out, struct crm_err *err)
{
	uint64_t at = x->n;
	int code = CRM_OK;

	if (!crm_idmap_get(&x->ids, id, &at)) {
		if (crm_idmap_put(&x->ids, id, at) == CRM_ENOMEM)
			return crm_err_nomem(err);
		code = new_row(x, id, err);
	}
	*out = (size_t)at;
	return code;
}

static int
row_of_text(struct crm_profits *x, struct crm_str text, size_t *out,
    struct crm_err *err)
{
	uint64_t at = x->n;
	int code = CRM_OK;

	if (!crm_map_get(&x->texts, text, &at)) {
		if (crm_map_put(&x->texts, text, at, NULL) == CRM_ENOMEM)
			return crm_err_nomem(err);
		code = new_row(x, 0, err);
	}
	*out = (size_t)at;
	return code;
}

static int
put_share(struct reader *r, uint64_t customer, size_t row, struct crm_err *err)
{
	struct crm_profits *x = r->x;

	if (!crm_grow(&x->share, &x->sharecap, x->nshare, sizeof *x->share))
		return crm_err_nomem(err);
	x->share[x->nshare++] = (struct crm_profit_share){customer, row};
	return CRM_OK;
}

/* ---- an order ---- */

static void
parcels(const struct crm_record *rec, int64_t at, int64_t *sent, int64_t *back)
{
	const struct crm_kind *k = rec->kind;
	const struct crm_rows *rows = &rec->part[2];
	int when = crm_part_field(&k->parts[2], CRM_STR("at"));
	int what = crm_part_field(&k->parts[2], CRM_STR("what"));
	int64_t delivered = 0;

	*sent = *back = 0;
	for (size_t i = 0; i < rows->n; i++) {
		const struct crm_value *v = rows->row[i].v;
		bool again = false;

		if (v[when].i >= at)
			continue;
		/* lines that leave together are one parcel */
		for (size_t j = 0; j < i && !again; j++)
			again = rows->row[j].v[when].i == v[when].i &&
				rows->row[j].v[what].i == v[what].i;
		if (again)
			continue;
		*sent += v[what].i == CRM_ORDER_SHIP;
		*back += v[what].i == CRM_ORDER_RETURN;
		delivered += v[what].i == CRM_ORDER_DELIVER;
	}
	if (*sent == 0)
		*sent = delivered > 0;
}

/* What an order leaves; *booked false: nothing of it counts. */
static int
order_figures(struct reader *r, struct crm_record *rec, int64_t *v,
    bool *booked, struct crm_err *err)
{
	struct crm_order_booking b;
	struct crm_tally y;
	int64_t sent, back, cost;
	bool ok = true;
	int code;

	*booked = false;
	memset(v, 0, CRM_PROFIT_FIGURES * sizeof *v);
	crm_buf_clear(&r->bookings);
	code = crm_order_book(r->s, rec, r->opt->at, &r->bookings, err);
	if (code < 0)
		return code;
	for (size_t i = 0; i < r->bookings.n; i += sizeof b) {
		memcpy(&b, r->bookings.p + i, sizeof b);
		if (b.flags & CRM_L_VOID)
			continue;
		*booked = true;
		v[CRM_PROFIT_ORDERS] += b.orders;
		ok = ok &&
		     crm_add64(
			 v[CRM_PROFIT_GROSS], b.gross, &v[CRM_PROFIT_GROSS]) &&
		     crm_add64(v[CRM_PROFIT_DISCOUNTS], b.discount,
			 &v[CRM_PROFIT_DISCOUNTS]) &&
		     crm_add64(v[CRM_PROFIT_REVENUE], b.revenue,
			 &v[CRM_PROFIT_REVENUE]);
	}
	if (!*booked)
		return CRM_OK;
	code = crm_order_tally(r->s, rec, r->opt->at, &y, err);
	if (code < 0)
		return code;
	parcels(rec, r->opt->at, &sent, &back);
	v[CRM_PROFIT_COST] = y.cost;
	ok = ok && crm_mul64(sent, r->delivery, &v[CRM_PROFIT_DELIVERY]) &&
	     crm_mul64(back, r->back, &cost) &&
	     crm_add64(v[CRM_PROFIT_DELIVERY], cost, &v[CRM_PROFIT_DELIVERY]) &&
	     crm_sub64(v[CRM_PROFIT_REVENUE], v[CRM_PROFIT_GROSS],
		 &v[CRM_PROFIT_RETURNS]) &&
	     crm_sub64(v[CRM_PROFIT_RETURNS], v[CRM_PROFIT_DISCOUNTS],
		 &v[CRM_PROFIT_RETURNS]) &&
	     crm_sub64(
		 v[CRM_PROFIT_REVENUE], v[CRM_PROFIT_COST], &v[CRM_PROFIT]) &&
	     crm_sub64(v[CRM_PROFIT], v[CRM_PROFIT_DELIVERY], &v[CRM_PROFIT]);
	return ok ? CRM_OK : too_large(err);
}

static int64_t
num(const struct crm_value *v)
{
	return v->type == CRM_T_NONE ? 0 : v->i;
}

/* The part of an amount that is of units neither cancelled nor returned. */
static int64_t
what_stays(const struct reader *r, const struct crm_value *v, int64_t amount)
{
	const int field[3] = {r->f.quantity, r->f.cancelled, r->f.returned};
	struct crm_dec d[3], left;
	int64_t a, b, out = 0;
	unsigned scale = 0;

	for (int i = 0; i < 3; i++) {
		const struct crm_value *x = &v[field[i]];

		d[i] = x->type == CRM_T_DECIMAL
			   ? (struct crm_dec){x->i, x->scale}
			   : (struct crm_dec){0, 0};
	}
	if (!crm_dec_sub(d[0], d[1], &left) || !crm_dec_sub(left, d[2], &left))
		return 0;
	scale = left.scale > d[0].scale ? left.scale : d[0].scale;
	if (d[0].v == 0 || !crm_dec_rescale(left, scale, &a) ||
	    !crm_dec_rescale(d[0], scale, &b) ||
	    !crm_muldiv64(amount, a, b, &out))
		return d[0].v == 0 ? amount : 0;
	return out;
}

/* By what a figure is shared among the lines. */
static int64_t
weight_of(const struct reader *r, const struct crm_record *rec,
    const struct crm_value *v, int figure)
{
	bool gift = v[r->f.type].type == CRM_T_ENUM && v[r->f.type].i == 3;
	bool in = crm_record_get(rec, "prices_include_tax")->i == 1;
	int64_t amount = num(&v[r->f.amount]), tax = num(&v[r->f.tax]);

	if (in && !crm_sub64(amount, tax, &amount))
		return 0;
	switch (figure) {
	case CRM_PROFIT_GROSS:
		return amount;
	case CRM_PROFIT_DISCOUNTS:
		return num(&v[r->f.discount]);
	case CRM_PROFIT_REVENUE:
		if (gift || !crm_add64(amount, num(&v[r->f.discount]), &amount))
			return 0;
		return what_stays(r, v, amount);
	case CRM_PROFIT_COST:
		return what_stays(r, v, num(&v[r->f.cost]));
	default:
		return 1;
	}
}

/* Weights of both signs cannot share: the larger sort does. */
static void
one_sign(int64_t *w, size_t n)
{
	bool above = false;

	for (size_t i = 0; i < n; i++)
		above = above || w[i] > 0;
	for (size_t i = 0; i < n; i++)
		if (above && w[i] < 0)
			w[i] = 0;
}

static int
share_lines(struct reader *r, const struct crm_record *rec, const int64_t *v,
    int64_t *part, size_t n, struct crm_err *err)
{
	const struct crm_rows *lines = &rec->part[0];
	int64_t *w = part + n * CRM_PROFIT_FIGURES, *out = w + n;
	int code = CRM_OK;

	for (int k = 0; code == CRM_OK && k < CRM_PROFIT_FIGURES; k++) {
		/* an order with a product is one of that product's */
		if (k == CRM_PROFIT_RETURNS || k == CRM_PROFIT ||
		    k == CRM_PROFIT_ORDERS)
			continue;
		for (size_t i = 0; i < n; i++)
			w[i] = weight_of(r, rec, lines->row[i].v, k);
		one_sign(w, n);
		code = crm_allocate(v[k], w, n, out, err);
		for (size_t i = 0; code == CRM_OK && i < n; i++)
			part[i * CRM_PROFIT_FIGURES + (size_t)k] = out[i];
	}
	for (size_t i = 0; code == CRM_OK && i < n; i++) {
		int64_t *p = part + i * CRM_PROFIT_FIGURES;

		p[CRM_PROFIT_ORDERS] = 0;
		p[CRM_PROFIT_RETURNS] = p[CRM_PROFIT_REVENUE] -
					p[CRM_PROFIT_GROSS] -
					p[CRM_PROFIT_DISCOUNTS];
		p[CRM_PROFIT] = p[CRM_PROFIT_REVENUE] - p[CRM_PROFIT_COST] -
				p[CRM_PROFIT_DELIVERY];
	}
	return code;
}

/* An order counts once for each product in it. */
static bool
seen_before(const struct reader *r, const struct crm_rows *lines, size_t i)
{
	const struct crm_value *p = &lines->row[i].v[r->f.product];

	for (size_t j = 0; j < i; j++) {
		const struct crm_value *q = &lines->row[j].v[r->f.product];

		if (q->type == p->type &&
		    (p->type == CRM_T_NONE || q->i == p->i))
			return true;
	}
	return false;
}

static int
add_lines(struct reader *r, const struct crm_record *rec, uint64_t customer,
    const int64_t *v, struct crm_err *err)
{
	const struct crm_rows *lines = &rec->part[0];
	size_t n = lines->n, need = n * (CRM_PROFIT_FIGURES + 2), at;
	int code = CRM_OK;

	while (r->nroom < need)
		if (!crm_grow(&r->room, &r->nroom, r->nroom, sizeof *r->room))
			return crm_err_nomem(err);
	code = share_lines(r, rec, v, r->room, n, err);
	for (size_t i = 0; code == CRM_OK && i < n; i++) {
		const struct crm_value *p = &lines->row[i].v[r->f.product];
		int64_t *one = r->room + i * CRM_PROFIT_FIGURES;

		if (!seen_before(r, lines, i))
			one[CRM_PROFIT_ORDERS] = v[CRM_PROFIT_ORDERS];
		code = row_of_id(
		    r->x, p->type == CRM_T_ID ? (uint64_t)p->i : 0, &at, err);
		if (code == CRM_OK && !crm_profit_add(r->x->row[at].v, one))
			code = too_large(err);
		if (code == CRM_OK && customer)
			code = put_share(r, customer, at, err);
	}
	return code;
}

static int
add_order(struct reader *r, struct crm_record *rec, struct crm_err *err)
{
	const struct crm_value *who = crm_record_get(rec, "customer_id");
	uint64_t customer = who->type == CRM_T_ID ? (uint64_t)who->i : 0;
	const struct crm_rows *lines = &rec->part[0];
	int64_t v[CRM_PROFIT_FIGURES];
	struct crm_profits *x = r->x;
	bool booked;
	size_t at = 0;
	int code = order_figures(r, rec, v, &booked, err);

	if (code < 0 || !booked)
		return code;
	for (size_t i = 0; i < lines->n; i++)
		x->without_cost +=
		    lines->row[i].v[r->f.cost].type == CRM_T_NONE;
	if (r->opt->by == CRM_PROFIT_BY_PRODUCT && r->opt->at != INT64_MAX)
		code = crm_order_lines_at(r->s, rec, r->opt->at, err);
	if (code < 0)
		return code;
	if (r->opt->by == CRM_PROFIT_BY_PRODUCT && lines->n > 0)
		return add_lines(r, rec, customer, v, err);
	if (r->opt->by == CRM_PROFIT_BY_FIELD) {
		crm_buf_clear(&r->text);
		crm_value_put(r->s, &r->text, &rec->v[r->opt->field], false);
		code = crm_buf_check(&r->text, err);
		if (code == CRM_OK)
			code = row_of_text(x, crm_buf_str(&r->text), &at, err);
	} else {
		code = row_of_id(x,
		    r->opt->by == CRM_PROFIT_BY_CUSTOMER ? customer : 0, &at,
		    err);
	}
	if (code == CRM_OK && !crm_profit_add(x->row[at].v, v))
		code = too_large(err);
	if (code == CRM_OK && v[CRM_PROFIT_ORDERS] > 0 &&
	    rec->v[crm_kind_field(rec->kind, CRM_STR("placed"))].i <
		x->row[at].first)
		x->row[at].first = crm_record_get(rec, "placed")->i;
	if (code == CRM_OK && customer && r->opt->by != CRM_PROFIT_BY_CUSTOMER)
		code = put_share(r, customer, at, err);
	return code;
}

/* ---- what a customer costs beside ---- */

static int
serve(struct reader *r, uint64_t customer, int figure, int64_t cost,
    struct crm_err *err)
{
	uint64_t at = r->nservice;
	int64_t *v;

	if (cost == 0)
		return CRM_OK;
	if (!crm_idmap_get(&r->own, customer, &at)) {
		if (!crm_grow(&r->service, &r->servicecap, r->nservice,
			sizeof *r->service) ||
		    crm_idmap_put(&r->own, customer, at) == CRM_ENOMEM)
			return crm_err_nomem(err);
		r->service[r->nservice++] =
		    (struct crm_profit_row){.id = customer};
	}
	v = r->service[at].v;
	if (!crm_add64(v[figure], cost, &v[figure]) ||
	    !crm_sub64(v[CRM_PROFIT], cost, &v[CRM_PROFIT]))
		return too_large(err);
	return CRM_OK;
}

static uint64_t
whose(const struct crm_record *rec)
{
	const struct crm_value *who = crm_record_get(rec, "customer_id");

	return who->type == CRM_T_ID ? (uint64_t)who->i : 0;
}

static int
add_touch(struct reader *r, struct crm_record *rec, struct crm_err *err)
{
	const struct crm_settings *set = r->s->settings;
	const struct crm_value *cost = crm_record_get(rec, "cost");
	const struct crm_value *channel = crm_record_get(rec, "channel");
	const struct crm_value *secs = crm_record_get(rec, "duration");
	unsigned digits = (unsigned)r->s->digits;
	int f = crm_kind_field(rec->kind, CRM_STR("channel"));
	int64_t all = num(cost), minute, talk = 0;
	struct crm_str name;

	if (crm_record_get(rec, "at")->i >= r->opt->at)
		return CRM_OK;
	if (cost->type == CRM_T_NONE && channel->type == CRM_T_ENUM) {
		name = crm_enum_name(
		    rec->kind->fields[f].values, (unsigned)channel->i);
		crm_settings_cost(set, "touch", name, digits, &all);
		crm_settings_cost(set, "minute", name, digits, &minute);
		if (!crm_muldiv64(minute, num(secs), 60, &talk) ||
		    !crm_add64(all, talk, &all))
			return too_large(err);
	}
	return serve(r, whose(rec), CRM_PROFIT_CONTACTS, all, err);
}

static int
add_ticket(struct reader *r, struct crm_record *rec, struct crm_err *err)
{
	if (crm_record_get(rec, "opened")->i >= r->opt->at)
		return CRM_OK;
	return serve(r, whose(rec), CRM_PROFIT_TICKETS, r->ticket, err);
}

/* What winning them cost: by campaign, else by channel. */
static int
add_customer(struct reader *r, struct crm_record *rec, struct crm_err *err)
{
	static const char *const group[] = {"campaign", "channel"};
	int64_t cost = 0;

	for (int i = 0; i < 2; i++) {
		const struct crm_value *v = crm_record_get(rec, group[i]);

		if (v->type == CRM_T_TEXT && v->s.n > 0 &&
		    crm_settings_cost(r->s->settings, group[i], v->s,
			(unsigned)r->s->digits, &cost))
			break;
	}
	return serve(r, rec->id, CRM_PROFIT_ACQUISITION, cost, err);
}

typedef int add_fn(
    struct reader *r, struct crm_record *rec, struct crm_err *err);

static int
scan(struct reader *r, unsigned kind, const char *const *names, int64_t at,
    add_fn *add, struct crm_err *err)
{
	const struct crm_kind *k = &r->s->kind[kind];
	struct crm_want want = {{0}, 0};
	struct crm_scan *sc;
	struct crm_record *rec;
	int code;

	for (size_t i = 0; names && names[i]; i++)
		crm_want_field(&want, crm_kind_field(k, crm_str(names[i])));
	code = crm_scan_open(
	    r->t, r->s, k, names ? &want : &crm_want_all, at, &sc, err);
	if (code < 0)
		return code;
	while ((code = crm_scan_next(sc, &rec, err)) == CRM_OK) {
		code = add(r, rec, err);
		if (code < 0)
			break;
	}
	crm_scan_close(sc);
	return code == CRM_NOTFOUND ? CRM_OK : code;
}

/* ---- to the rows ---- */

static int
cmp_share(const void *a, const void *b)
{
	const struct crm_profit_share *x = a, *y = b;

	if (x->customer != y->customer)
		return x->customer < y->customer ? -1 : 1;
	return (x->row > y->row) - (x->row < y->row);
}

/* A customer's costs to their shares from..end, each alike. */
static int
split_service(struct reader *r, const struct crm_profit_row *own, size_t from,
    size_t end, struct crm_err *err)
{
	struct crm_profits *x = r->x;
	size_t n = end - from;
	int64_t *w = calloc(2 * n, sizeof *w), *out = w ? w + n : NULL;
	int code = w ? CRM_OK : crm_err_nomem(err);

	for (int k = CRM_PROFIT_CONTACTS; code == CRM_OK && k < CRM_PROFIT;
	     k++) {
		code = crm_allocate(own->v[k], w, n, out, err);
		for (size_t i = 0; code == CRM_OK && i < n; i++) {
			int64_t *v = x->row[x->share[from + i].row].v;

			if (!crm_add64(v[k], out[i], &v[k]) ||
			    !crm_sub64(v[CRM_PROFIT], out[i], &v[CRM_PROFIT]))
				code = too_large(err);
		}
	}
	free(w);
	return code;
}

static int
add_services(struct reader *r, struct crm_err *err)
{
	struct crm_profits *x = r->x;
	bool customers = r->opt->by == CRM_PROFIT_BY_CUSTOMER;
	int code = CRM_OK;

	if (x->nshare > 1)
		qsort(x->share, x->nshare, sizeof *x->share, cmp_share);
	for (size_t i = 0; code == CRM_OK && i < r->nservice; i++) {
		const struct crm_profit_row *own = &r->service[i];
		size_t lo = 0, hi = x->nshare, end, at;

		while (lo < hi) {
			size_t mid = lo + (hi - lo) / 2;

			if (x->share[mid].customer < own->id)
				lo = mid + 1;
			else
				hi = mid;
		}
		for (end = lo;
		     end < x->nshare && x->share[end].customer == own->id;
		     end++)
			;
		if (end > lo) {
			code = split_service(r, own, lo, end, err);
			continue;
		}
		/* who has ordered nothing: the row of nothing */
		if (r->opt->by == CRM_PROFIT_BY_FIELD)
			code =
			    row_of_text(x, (struct crm_str){"", 0}, &at, err);
		else
			code = row_of_id(x, customers ? own->id : 0, &at, err);
		if (code == CRM_OK && !crm_profit_add(x->row[at].v, own->v))
			code = too_large(err);
	}
	return code;
}

static int
cmp_row(const void *a, const void *b)
{
	const struct crm_profit_row *x = a, *y = b;

	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return crm_str_cmp(x->text, y->text);
}

static void
sort_rows(struct crm_profits *x)
{
	struct crm_str key;
	uint64_t at;
	size_t pos = 0;

	for (size_t i = 0; i < x->n; i++)
		x->row[i].text = (struct crm_str){"", 0};
	while (crm_map_next(&x->texts, &pos, &key, &at))
		x->row[at].text = key;
	if (x->n > 1)
		qsort(x->row, x->n, sizeof *x->row, cmp_row);
}

static void
bind(struct reader *r)
{
	const struct crm_part *line = &r->s->kind[CRM_K_ORDER].parts[0];
	const struct crm_settings *set = r->s->settings;
	const struct crm_str none = {"", 0};
	unsigned digits = (unsigned)r->s->digits;

	r->f.product = crm_part_field(line, CRM_STR("product_id"));
	r->f.quantity = crm_part_field(line, CRM_STR("quantity"));
	r->f.amount = crm_part_field(line, CRM_STR("amount"));
	r->f.tax = crm_part_field(line, CRM_STR("line_tax"));
	r->f.cost = crm_part_field(line, CRM_STR("line_cost"));
	r->f.returned = crm_part_field(line, CRM_STR("returned"));
	r->f.cancelled = crm_part_field(line, CRM_STR("cancelled"));
	r->f.discount = crm_part_field(line, CRM_STR("line_discount"));
	r->f.type = crm_part_field(line, CRM_STR("line_type"));
	crm_settings_cost(set, "delivery", none, digits, &r->delivery);
	crm_settings_cost(set, "return", none, digits, &r->back);
	crm_settings_cost(set, "ticket", none, digits, &r->ticket);
}

int
crm_profits_read(struct crm_profits *x, struct crm_txn *t,
    const struct crm_schema *s, const struct crm_profit_options *opt,
    struct crm_err *err)
{
	static const char *const touch[] = {
	    "customer_id", "at", "channel", "cost", "duration", NULL};
	static const char *const ticket[] = {"customer_id", "opened", NULL};
	static const char *const customer[] = {"channel", "campaign", NULL};
	struct reader r = {.x = x, .t = t, .s = s, .opt = opt};
	int code;

	bind(&r);
	code = scan(&r, CRM_K_ORDER, NULL, INT64_MAX, add_order, err);
	if (code == CRM_OK)
		code = scan(&r, CRM_K_TOUCH, touch, INT64_MAX, add_touch, err);
	if (code == CRM_OK)
		code =
		    scan(&r, CRM_K_TICKET, ticket, INT64_MAX, add_ticket, err);
	if (code == CRM_OK)
		code = scan(
		    &r, CRM_K_CUSTOMER, customer, opt->at, add_customer, err);
	if (code == CRM_OK)
		code = add_services(&r, err);
	if (code == CRM_OK)
		sort_rows(x);
	crm_buf_release(&r.text);
	crm_buf_release(&r.bookings);
	crm_idmap_release(&r.own);
	free(r.service);
	free(r.room);
	return code;
}

void
crm_profits_release(struct crm_profits *x)
{
	free(x->row);
	free(x->share);
	crm_idmap_release(&x->ids);
	crm_map_release(&x->texts);
	*x = (struct crm_profits){0};
}
