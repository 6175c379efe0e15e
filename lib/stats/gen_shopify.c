/*
 * gen_shopify.c - the shop's orders as Shopify exports them.
 *
 * A row for each line of an order, in order of time; what belongs to the order
 * stands on its first row only.  The columns are those of the export that
 * Shopify's help describes; the ones this shop has nothing for are empty.
 */
#include <crm/stream.h>

#include "gen_write.h"

static const char header[] =
    "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,"
    "Accepts Marketing,Currency,Subtotal,Shipping,Taxes,Total,Discount Code,"
    "Discount Amount,Shipping Method,Created at,Lineitem quantity,"
    "Lineitem name,Lineitem price,Lineitem compare at price,Lineitem sku,"
    "Lineitem requires shipping,Lineitem taxable,Lineitem fulfillment status,"
    "Billing Name,Billing Street,Billing Address1,Billing Address2,"
    "Billing Company,Billing City,Billing Zip,Billing Province,"
    "Billing Country,Billing Phone,Shipping Name,Shipping Street,"
    "Shipping Address1,Shipping Address2,Shipping Company,Shipping City,"
    "Shipping Zip,Shipping Province,Shipping Country,Shipping Phone,Notes,"
    "Note Attributes,Cancelled at,Payment Method,Payment Reference,"
    "Refunded Amount,Vendor,Outstanding Balance,Employee,Location,Device ID,"
    "Id,Tags,Risk Level,Source,Lineitem discount,Tax 1 Name,Tax 1 Value,"
    "Phone\n";

static void
cell(struct gen_text *x, const char *s)
{
	crm_csv_put(&x->b, crm_str(s), ',');
	crm_buf_putc(&x->b, ',');
}

static void
empty(struct gen_text *x, int n)
{
	while (n-- > 0)
		crm_buf_putc(&x->b, ',');
}

static void
money(struct gen_text *x, int64_t v)
{
	crm_gen_money(x, v);
	crm_buf_putc(&x->b, ',');
}

/* 2025-03-01 10:11:12 +0000; nothing for 0 */
static void
moment(struct gen_text *x, int64_t t)
{
	if (t) {
		size_t at = x->b.n;

		crm_time_put(&x->b, t);
		if (x->b.n == at + 20) {
			x->b.p[at + 10] = ' ';
			x->b.n--;
			crm_buf_puts(&x->b, " +0000");
		}
	}
	crm_buf_putc(&x->b, ',');
}

static void
name(struct gen_text *x, const struct gen_order *o)
{
	crm_buf_puts(&x->b, "#");
	crm_buf_putu(&x->b, 1000 + o->number);
	crm_buf_putc(&x->b, ',');
}

static const char *
financial(const struct gen_order *o)
{
	if (o->cancelled_at && !o->paid)
		return "voided";
	if (!o->paid)
		return "pending";
	if (!o->refunded)
		return "paid";
	return o->refunded < o->paid ? "partially_refunded" : "refunded";
}

static const char *
fulfilment(const struct gen_order *o)
{
	for (size_t i = 0; i < o->nevent; i++)
		if (strcmp(o->event[i].what, "deliver") == 0)
			return "fulfilled";
	return o->shipped_at ? "fulfilled" : "unfulfilled";
}

static void
head_cells(
    struct gen_text *x, const struct gen_order *o, const struct gen_person *p)
{
	name(x, o);
	cell(x, p->email);
	cell(x, financial(o));
	moment(x, o->paid_at);
	cell(x, fulfilment(o));
	moment(x, *o->store ? o->placed : o->shipped_at);
	cell(x, o->number % 3 ? "no" : "yes");
	crm_csv_put(&x->b, x->g->opt.currency, ',');
	empty(x, 1);
	money(x, o->goods + o->discount);
	money(x, o->shipping);
	money(x, o->tax);
	money(x, o->total);
	cell(x, o->coupon ? o->coupon : "");
	money(x, -o->discount);
	cell(x, o->shipping ? "Standard" : "");
	moment(x, o->placed);
}

static void
line_cells(
    struct gen_text *x, const struct gen_order *o, const struct gen_line *l)
{
	const struct gen_product *p = crm_gen_product(x->g, l->product);

	crm_buf_puti(&x->b, l->quantity);
	empty(x, 1);
	cell(x, p->name);
	money(x, l->price);
	empty(x, 1);
	cell(x, p->sku);
	cell(x, "true");
	cell(x, "true");
	cell(x,
	    strcmp(fulfilment(o), "fulfilled") == 0 ? "fulfilled" : "pending");
}

static void
address_cells(struct gen_text *x, const struct gen_person *p)
{
	cell(x, p->name);
	cell(x, p->street);
	cell(x, p->street);
	empty(x, 1);
	cell(x, p->company);
	cell(x, p->city);
	cell(x, p->postcode);
	cell(x, p->region);
	cell(x, p->country);
	cell(x, p->phone);
}

static void
tail_cells(
    struct gen_text *x, const struct gen_order *o, const struct gen_person *p)
{
	if (o->customer) {
		address_cells(x, p);
		address_cells(x, p);
	} else {
		empty(x, 20);
	}
	empty(x, 2);
	moment(x, o->cancelled_at);
	cell(x, o->method);
	empty(x, 1);
	money(x, o->refunded);
	empty(x, 1);
	money(x, o->cancelled_at || o->paid ? 0 : o->total);
	empty(x, 1);
	cell(x, o->store);
	empty(x, 1);
	crm_buf_putu(&x->b, 450789469 + 1031 * o->number);
	empty(x, 2);
	cell(x, "Low");
	cell(x, strcmp(o->channel, "shop") == 0 ? "pos" : o->channel);
	money(x, 0);
	cell(x, "VAT");
	money(x, o->tax);
	crm_buf_puts(&x->b, o->customer ? p->phone : "");
	crm_buf_putc(&x->b, '\n');
}

static void
put_rows(struct gen_text *x, const struct gen_order *o)
{
	struct gen_person p = {0};

	if (o->customer)
		crm_gen_person(x->g, o->customer, &p);
	head_cells(x, o, &p);
	line_cells(x, o, &o->line[0]);
	tail_cells(x, o, &p);
	for (size_t i = 1; i < o->nline; i++) {
		name(x, o);
		cell(x, p.email);
		empty(x, 13);
		moment(x, o->placed);
		line_cells(x, o, &o->line[i]);
		empty(x, 35);
		money(x, 0);
		empty(x, 2);
		crm_buf_putc(&x->b, '\n');
	}
}

int
crm_gen_shopify(
    struct crm_gen *g, crm_gen_write *write, void *ctx, struct crm_err *err)
{
	struct gen_text x = {.g = g, .write = write, .ctx = ctx};
	int code;

	crm_buf_puts(&x.b, header);
	code = crm_gen_orders(&x, put_rows, err);
	if (code == CRM_OK)
		code = crm_gen_flush(&x, true, err);
	crm_buf_release(&x.b);
	return code;
}
