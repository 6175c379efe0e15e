/*
 * order_line.c - lines as they are written: defaults, and the amount.
 *
 * The amount is what counts, whatever price times quantity is: 32,623 units can
 * cost 75.00.  Only an amount that is exactly price times quantity, in a line
 * whose price or quantity was changed and whose amount was not, follows them.
 */
#include "change.h"
#include "order_parts.h"

enum { PRICE_PLACES = 6 };

static int
multiply(const struct crm_value *quantity, const struct crm_value *price,
    unsigned digits, int64_t *out)
{
	struct crm_dec d;

	if (!crm_dec_mul((struct crm_dec){quantity->i, quantity->scale},
		(struct crm_dec){price->i, price->scale}, &d) ||
	    !crm_dec_rescale(d, digits, out))
		return CRM_EDATA;
	return CRM_OK;
}

/* Sku, name, price, cost and type, as they are at the time. */
static int
copy_product(struct crm_change *ch, const struct crm_record *rec,
    struct crm_row *row, struct crm_err *err)
{
	const struct crm_schema *s = crm_change_schema(ch);
	const struct crm_product_facts *p;
	const struct crm_value *cost, *price;
	struct crm_value *v = row->v;
	int64_t whole;
	int r;

	r = crm_change_facts(ch, (uint64_t)v[CRM_LINE_PRODUCT].i, &p, err);
	if (r < 0) {
		crm_err_field(err, "product_id", 10);
		return r == CRM_NOTFOUND ? CRM_EDATA : r;
	}
	price = &p->price;
	cost = &p->cost;
	if (v[CRM_LINE_SKU].type == CRM_T_NONE)
		v[CRM_LINE_SKU] = p->sku;
	if (v[CRM_LINE_TEXT].type == CRM_T_NONE)
		v[CRM_LINE_TEXT] = p->name;
	/* A list price is in the store's currency. */
	if (v[CRM_LINE_PRICE].type == CRM_T_NONE &&
	    v[CRM_LINE_AMOUNT].type == CRM_T_NONE &&
	    price->type == CRM_T_MONEY &&
	    rec->v[CRM_O_RATE].type == CRM_T_NONE) {
		struct crm_dec d =
		    crm_dec_canon((struct crm_dec){price->i, price->scale});

		v[CRM_LINE_PRICE] = crm_value_num(CRM_T_DECIMAL, d.v, d.scale);
	}
	if (v[CRM_LINE_TYPE].type == CRM_T_NONE)
		v[CRM_LINE_TYPE] = p->type;
	if (v[CRM_LINE_COST].type == CRM_T_NONE && cost->type == CRM_T_MONEY &&
	    multiply(&v[CRM_LINE_QUANTITY], cost, (unsigned)s->digits,
		&whole) == CRM_OK)
		v[CRM_LINE_COST] =
		    crm_value_num(CRM_T_MONEY, whole, (unsigned)s->digits);
	return CRM_OK;
}

static bool
product_is_new(const struct crm_row *old, const struct crm_row *row)
{
	if (row->v[CRM_LINE_PRODUCT].type != CRM_T_ID)
		return false;
	return !old || old->v[CRM_LINE_PRODUCT].type != CRM_T_ID ||
	       old->v[CRM_LINE_PRODUCT].i != row->v[CRM_LINE_PRODUCT].i;
}

/* Did the amount follow from price and quantity, and has one of these been
 * changed alone? */
static bool
follows(const struct crm_row *old, const struct crm_row *row, unsigned digits)
{
	const struct crm_value *was, *is = row->v;
	int64_t product;

	if (!old)
		return false;
	was = old->v;
	if (!crm_value_eq(&was[CRM_LINE_AMOUNT], &is[CRM_LINE_AMOUNT]) ||
	    (crm_value_eq(&was[CRM_LINE_QUANTITY], &is[CRM_LINE_QUANTITY]) &&
		crm_value_eq(&was[CRM_LINE_PRICE], &is[CRM_LINE_PRICE])))
		return false;
	return was[CRM_LINE_PRICE].type == CRM_T_DECIMAL &&
	       is[CRM_LINE_PRICE].type == CRM_T_DECIMAL &&
	       multiply(&was[CRM_LINE_QUANTITY], &was[CRM_LINE_PRICE], digits,
		   &product) == CRM_OK &&
	       product == was[CRM_LINE_AMOUNT].i;
}

static int
set_amount(struct crm_row *row, unsigned digits, struct crm_err *err)
{
	struct crm_value *v = row->v;
	int64_t amount;

	if (v[CRM_LINE_PRICE].type == CRM_T_NONE)
		return crm_order_refuse(err, "line", row->no, "amount",
		    "an amount or a price is wanted");
	if (multiply(
		&v[CRM_LINE_QUANTITY], &v[CRM_LINE_PRICE], digits, &amount) < 0)
		return crm_order_refuse(err, "line", row->no, "amount",
		    "quantity times price is too large an amount");
	v[CRM_LINE_AMOUNT] = crm_value_num(CRM_T_MONEY, amount, digits);
	return CRM_OK;
}

static int
prepare_line(struct crm_change *ch, const struct crm_record *rec,
    unsigned digits, const struct crm_row *old, struct crm_row *row,
    struct crm_err *err)
{
	struct crm_value *v = row->v, *price = &v[CRM_LINE_PRICE];
	int r;

	if (v[CRM_LINE_QUANTITY].type == CRM_T_NONE)
		v[CRM_LINE_QUANTITY] = crm_value_num(CRM_T_DECIMAL, 1, 0);
	if (price->type == CRM_T_DECIMAL && price->scale > PRICE_PLACES) {
		struct crm_dec d = {price->i, price->scale};

		crm_dec_rescale(d, PRICE_PLACES, &d.v);
		d.scale = PRICE_PLACES;
		d = crm_dec_canon(d);
		*price = crm_value_num(CRM_T_DECIMAL, d.v, d.scale);
	}
	if (product_is_new(old, row)) {
		r = copy_product(ch, rec, row, err);
		if (r < 0)
			return r;
	}
	if (v[CRM_LINE_AMOUNT].type == CRM_T_NONE || follows(old, row, digits))
		return set_amount(row, digits, err);
	return CRM_OK;
}

int
crm_order_lines(struct crm_change *ch, const struct crm_record *old,
    struct crm_record *rec, struct crm_err *err)
{
	const struct crm_rows *rows = &rec->part[CRM_O_LINE];
	const struct crm_rows *was = old ? &old->part[CRM_O_LINE] : NULL;
	unsigned digits =
	    (unsigned)crm_money_digits(crm_change_schema(ch), rec);
	size_t j = 0;
	int r = CRM_OK;

	for (size_t i = 0; r == CRM_OK && i < rows->n; i++) {
		while (was && j < was->n && was->row[j].no < rows->row[i].no)
			j++;
		r = prepare_line(ch, rec, digits,
		    was && j < was->n && was->row[j].no == rows->row[i].no
			? &was->row[j]
			: NULL,
		    &rows->row[i], err);
	}
	return r;
}
