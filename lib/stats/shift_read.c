/*
 * shift_read.c - orders for shift.c: of the store, or of any log.
 *
 * What was refunded is off an order's revenue and items, as everywhere: a
 * customer who sends everything back does spend less.
 */
#include <stdlib.h>

#include <crm/lines.h>
#include <crm/model.h>
#include <crm/order.h>
#include <crm/shift.h>

struct reader {
	struct crm_shifts *x;
	const struct crm_schema *s;
	int64_t at;
	uint64_t *goods; /* bits by number of product */
	size_t ngoods;
	int product; /* of a line */
};

/* The word of each product. */
static int
read_goods(
    struct reader *r, struct crm_txn *t, int category, struct crm_err *err)
{
	const struct crm_kind *k = &r->s->kind[CRM_K_PRODUCT];
	struct crm_want want = {{0}, 0};
	struct crm_buf text = {0};
	struct crm_scan *scan;
	struct crm_record *rec;
	int code;

	crm_want_field(&want, category);
	code = crm_scan_open(t, r->s, k, &want, INT64_MAX, &scan, err);
	if (code < 0)
		return code;
	while ((code = crm_scan_next(scan, &rec, err)) == CRM_OK) {
		while (rec->id >= r->ngoods) {
			size_t n = r->ngoods;

			if (!crm_grow(
				&r->goods, &r->ngoods, n, sizeof *r->goods))
				break;
			memset(r->goods + n, 0,
			    (r->ngoods - n) * sizeof *r->goods);
		}
		crm_buf_clear(&text);
		if (rec->v[category].type != CRM_T_NONE)
			crm_value_put(r->s, &text, &rec->v[category], false);
		if (rec->id >= r->ngoods || text.fail)
			code = crm_err_nomem(err);
		else
			code = crm_shift_word(&r->x->words[1],
			    crm_buf_str(&text), &r->goods[rec->id], err);
		if (code < 0)
			break;
	}
	crm_scan_close(scan);
	crm_buf_release(&text);
	return code == CRM_NOTFOUND ? CRM_OK : code;
}

static int
read_order(struct reader *r, struct crm_record *rec, struct crm_err *err)
{
	const struct crm_value *customer = crm_record_get(rec, "customer_id");
	const struct crm_value *channel = crm_record_get(rec, "channel");
	const struct crm_rows *lines = &rec->part[0];
	struct crm_shift_order o = {.order = rec->id};
	struct crm_tally y;
	int code;

	if (customer->type != CRM_T_ID)
		return CRM_OK;
	code = crm_order_tally(r->s, rec, r->at, &y, err);
	if (code < 0 || y.orders == 0)
		return code;
	o.customer = (uint64_t)customer->i;
	o.placed = crm_record_get(rec, "placed")->i;
	o.day = crm_day_of(&r->s->calendar, o.placed);
	o.total = y.revenue;
	if (!crm_dec_rescale(y.items, CRM_SALES_QUANTITY_SCALE, &o.items))
		return crm_err_set(err, CRM_EDATA,
		    "a quantity of order %llu is too large",
		    (unsigned long long)rec->id);
	if (channel->type == CRM_T_TEXT)
		code = crm_shift_word(
		    &r->x->words[0], channel->s, &o.words[0], err);
	for (size_t i = 0; r->goods && i < lines->n; i++) {
		const struct crm_value *p = &lines->row[i].v[r->product];

		if (p->type == CRM_T_ID && (uint64_t)p->i < r->ngoods)
			o.words[1] |= r->goods[p->i];
	}
	return code == CRM_OK ? crm_shifts_put(r->x, &o, err) : code;
}

int
crm_shifts_store(struct crm_shifts *x, struct crm_txn *t,
    const struct crm_schema *s, int64_t at, int category, struct crm_err *err)
{
	const struct crm_kind *k = &s->kind[CRM_K_ORDER];
	struct reader r = {.x = x, .s = s, .at = at};
	struct crm_scan *scan = NULL;
	struct crm_record *rec;
	int code = CRM_OK;

	r.product = crm_part_field(&k->parts[0], CRM_STR("product_id"));
	if (category >= 0)
		code = read_goods(&r, t, category, err);
	x->has = (1U << CRM_SHIFTS) - 1;
	if (category < 0)
		x->has &= ~(1U << CRM_SHIFT_GOODS);
	if (code == CRM_OK)
		code = crm_scan_open(
		    t, s, k, &crm_want_all, INT64_MAX, &scan, err);
	while (code == CRM_OK) {
		code = crm_scan_next(scan, &rec, err);
		if (code == CRM_OK)
			code = read_order(&r, rec, err);
	}
	crm_scan_close(scan);
	free(r.goods);
	return code == CRM_NOTFOUND ? CRM_OK : code;
}

/* ---- a log ---- */

static int
by_order(const void *a, const void *b)
{
	const struct crm_shift_order *x = a, *y = b;

	if (x->customer != y->customer)
		return x->customer < y->customer ? -1 : 1;
	if (x->order != y->order)
		return x->order < y->order ? -1 : 1;
	return (x->placed > y->placed) - (x->placed < y->placed);
}

static int
join_rows(struct crm_shifts *x, struct crm_err *err)
{
	size_t n = 0;

	if (x->norder > 1)
		qsort(x->order, x->norder, sizeof *x->order, by_order);
	for (size_t i = 0; i < x->norder; i++) {
		struct crm_shift_order *to = &x->order[n > 0 ? n - 1 : 0];
		const struct crm_shift_order *o = &x->order[i];

		if (n == 0 || to->customer != o->customer ||
		    to->order != o->order) {
			x->order[n++] = *o;
			continue;
		}
		if (!crm_add64(to->total, o->total, &to->total) ||
		    !crm_add64(to->items, o->items, &to->items))
			return crm_err_set(err, CRM_EDATA,
			    "the total of an order is too large");
		to->words[1] |= o->words[1];
	}
	x->norder = n;
	return CRM_OK;
}

static int
word_of(struct crm_shift_words *w, const struct crm_sales *s, unsigned column,
    size_t i, uint64_t *bit, struct crm_err *err)
{
	if (!(s->has & CRM_SALES_BIT(column)))
		return CRM_OK;
	return crm_shift_word(
	    w, s->names[column].text[s->id[column][i]], bit, err);
}

int
crm_shifts_sales(struct crm_shifts *x, const struct crm_sales *s,
    const struct crm_calendar *days, struct crm_err *err)
{
	bool money = s->has & CRM_SALES(TOTAL);
	bool items = s->has & CRM_SALES(QUANTITY);
	int code = CRM_OK;

	x->has = 1U << CRM_SHIFT_RHYTHM | (unsigned)money << CRM_SHIFT_SPEND |
		 (unsigned)items << CRM_SHIFT_BASKET;
	if (s->has & CRM_SALES(CHANNEL))
		x->has |= 1U << CRM_SHIFT_CHANNEL;
	if (s->has & CRM_SALES(PRODUCT))
		x->has |= 1U << CRM_SHIFT_GOODS;
	for (size_t i = 0; code == CRM_OK && i < s->n; i++) {
		struct crm_shift_order o = {
		    .customer = s->id[CRM_SALES_CUSTOMER][i], .order = i};

		if (s->has & CRM_SALES(ORDER))
			o.order = s->id[CRM_SALES_ORDER][i];
		o.placed = s->num[CRM_SALES_PLACED][i];
		o.day = crm_day_of(days, o.placed);
		o.total = money ? s->num[CRM_SALES_TOTAL][i] : 0;
		o.items = items ? s->num[CRM_SALES_QUANTITY][i] : 0;
		code = word_of(
		    &x->words[0], s, CRM_SALES_CHANNEL, i, &o.words[0], err);
		if (code == CRM_OK)
			code = word_of(&x->words[1], s, CRM_SALES_PRODUCT, i,
			    &o.words[1], err);
		if (code == CRM_OK)
			code = crm_shifts_put(x, &o, err);
	}
	return code == CRM_OK ? join_rows(x, err) : code;
}
