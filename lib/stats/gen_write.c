/*
 * gen_write.c - the shop as sections of an archive.
 *
 * One row a section: its columns and the function that writes what one
 * customer, product or order has there.  Texts come from this room's own
 * lists and hold nothing that the stream would escape.
 */
#include <stdlib.h>

#include "gen_write.h"

enum {
	BLOCK = 1 << 16,
	PIECE = 5000 /* records of a section: readers hold one in memory */
};

enum source { CUSTOMERS, PRODUCTS, ORDERS };

/* ---- cells ---- */

void
crm_gen_end(struct gen_text *x)
{
	/* Out of memory is told by flush. */
	if (x->b.n > 0)
		x->b.p[x->b.n - 1] = '\n';
}

static void
text(struct gen_text *x, const char *s)
{
	crm_buf_puts(&x->b, s);
	crm_buf_putc(&x->b, '\t');
}

static void
id_digits(struct gen_text *x, char letter, uint64_t number)
{
	char d[11];

	d[0] = letter;
	for (int i = 10; i > 0; i--, number /= 10)
		d[i] = (char)('0' + number % 10);
	crm_buf_put(&x->b, d, sizeof d);
}

static void
id(struct gen_text *x, char letter, uint64_t number)
{
	if (number)
		id_digits(x, letter, number);
	crm_buf_putc(&x->b, '\t');
}

static void
part_id(struct gen_text *x, uint64_t order, const char *part, size_t row)
{
	id_digits(x, 'O', order);
	crm_buf_putc(&x->b, '-');
	crm_buf_puts(&x->b, part);
	crm_buf_putu(&x->b, row);
	crm_buf_putc(&x->b, '\t');
}

static void
number(struct gen_text *x, int64_t v)
{
	if (v)
		crm_buf_puti(&x->b, v);
	crm_buf_putc(&x->b, '\t');
}

void
crm_gen_money(struct gen_text *x, int64_t v)
{
	crm_money_put(&x->b, v, x->g->digits);
}

static void
money(struct gen_text *x, int64_t v)
{
	crm_gen_money(x, v);
	crm_buf_putc(&x->b, '\t');
}

static void
moment(struct gen_text *x, int64_t t)
{
	crm_time_put(&x->b, t);
	crm_buf_putc(&x->b, '\t');
}

static void
real(struct gen_text *x, double v)
{
	struct crm_dec d;

	if (crm_dec_from_double(v, 6, &d))
		crm_dec_put(&x->b, d);
	crm_buf_putc(&x->b, '\t');
}

/* ---- rows ---- */

static void
put_customer(struct gen_text *x, uint64_t n)
{
	struct gen_person p;
	struct gen_trait y;

	crm_gen_person(x->g, n, &p);
	crm_gen_trait(x->g, n, &y);
	id(x, 'C', n);
	text(x, p.name);
	text(x, p.company[0] ? "organisation" : "person");
	text(x, p.email);
	text(x, p.phone);
	text(x, p.country);
	text(x, p.city);
	text(x, p.given);
	text(x, p.family);
	text(x, p.company);
	text(x, p.street);
	text(x, p.postcode);
	text(x, p.region);
	text(x, p.language);
	if (p.birth != INT64_MIN)
		crm_date_put(&x->b, p.birth);
	text(x, "");
	text(x, p.channel);
	text(x, p.campaign);
	moment(x, crm_gen_time(x->g, y.arrive));
	crm_gen_end(x);
}

static void
put_product(struct gen_text *x, uint64_t n)
{
	const struct gen_product *p = crm_gen_product(x->g, n);

	id(x, 'P', n);
	text(x, p->sku);
	text(x, p->name);
	text(x, "good");
	text(x, p->category);
	money(x, p->price);
	money(x, p->cost);
	moment(x, x->g->opt.from * CRM_DAY);
	crm_gen_end(x);
}

static void
put_order(struct gen_text *x, const struct gen_order *o)
{
	struct gen_person p;

	id(x, 'O', o->number);
	id(x, 'C', o->customer);
	moment(x, o->placed);
	crm_buf_puts(&x->b, "S");
	crm_buf_putu(&x->b, 1000 + o->number);
	text(x, "");
	text(x, o->channel);
	crm_buf_putstr(&x->b, x->g->opt.currency);
	text(x, "");
	text(x, "order");
	text(x, o->pending ? "pending" : "open");
	text(x, o->campaign);
	text(x, o->store);
	text(x, "yes");
	if (o->customer && !*o->store) {
		crm_gen_person(x->g, o->customer, &p);
		text(x, p.name);
		text(x, p.street);
		text(x, p.postcode);
		text(x, p.city);
		text(x, p.country);
	} else {
		crm_buf_puts(&x->b, "\t\t\t\t\t");
	}
	crm_gen_end(x);
}

static void
put_lines(struct gen_text *x, const struct gen_order *o)
{
	for (size_t i = 0; i < o->nline; i++) {
		const struct gen_line *l = &o->line[i];
		const struct gen_product *p = crm_gen_product(x->g, l->product);

		part_id(x, o->number, "", i + 1);
		id(x, 'P', l->product);
		text(x, p->sku);
		text(x, p->name);
		number(x, l->quantity);
		crm_dec_put(&x->b, crm_dec_canon((struct crm_dec){
				       l->price, (uint8_t)x->g->digits}));
		text(x, "");
		money(x, l->amount);
		money(x, l->tax);
		money(x, l->cost);
		crm_gen_end(x);
	}
}

static void
put_adjustments(struct gen_text *x, const struct gen_order *o)
{
	size_t row = 0;

	if (o->coupon) {
		part_id(x, o->number, "a", ++row);
		text(x, "coupon");
		text(x, o->coupon);
		money(x, o->discount);
		money(x, o->discount_tax);
		crm_gen_end(x);
	}
	if (o->shipping) {
		part_id(x, o->number, "a", ++row);
		text(x, "shipping");
		text(x, "");
		money(x, o->shipping);
		money(x, o->shipping_tax);
		crm_gen_end(x);
	}
}

static void
put_track(struct gen_text *x, const struct gen_order *o)
{
	for (size_t i = 0; i < o->nevent; i++) {
		const struct gen_event *e = &o->event[i];

		part_id(x, o->number, "e", i + 1);
		moment(x, e->at);
		text(x, e->what);
		number(x, e->line);
		number(x, e->quantity);
		if (e->amount)
			crm_gen_money(x, e->amount);
		text(x, "");
		text(x, e->method ? e->method : "");
		text(x, e->reason ? e->reason : "");
		crm_gen_end(x);
	}
}

/* ---- the truth ---- */

static void
put_truth_customer(struct gen_text *x, uint64_t n)
{
	struct gen_trait y;
	double left;

	crm_gen_trait(x->g, n, &y);
	left = crm_gen_leave(x->g, n);
	id(x, 'C', n);
	text(x, y.buyer ? "yes" : "no");
	moment(x, crm_gen_time(x->g, y.arrive));
	real(x, y.buyer ? y.rate : 0);
	real(x, y.buyer ? y.drop : 0);
	if (left < x->g->end)
		crm_time_put(&x->b, crm_gen_time(x->g, left));
	text(x, "");
	crm_buf_puts(&x->b, crm_gen_category[y.taste[0]]);
	if (y.taste[1] != y.taste[0]) {
		crm_buf_putc(&x->b, ',');
		crm_buf_puts(&x->b, crm_gen_category[y.taste[1]]);
	}
	text(x, "");
	real(x, y.spend);
	crm_gen_end(x);
}

static void
put_truth_duplicate(struct gen_text *x, uint64_t n)
{
	uint64_t of = crm_gen_same(x->g, n);

	if (!of)
		return;
	id(x, 'C', n);
	id(x, 'C', of);
	crm_gen_end(x);
}

static void
put_truth_change(struct gen_text *x, uint64_t n)
{
	struct gen_trait y;

	crm_gen_trait(x->g, n, &y);
	if (!y.new_rate && !y.new_taste && !y.new_spend && !y.new_channel)
		return;
	id(x, 'C', n);
	moment(x, crm_gen_time(x->g, y.change_at));
	if (y.new_rate) {
		text(x, "rate");
		real(x, y.rate);
		real(x, y.rate * y.change_by);
	} else if (y.new_spend) {
		text(x, "spend");
		real(x, y.spend);
		real(x, y.spend * y.change_by);
	} else if (y.new_channel) {
		text(x, "channel");
		text(x, "web");
		text(x, crm_gen_channel(&y));
	} else {
		text(x, "taste");
		text(x, crm_gen_category[y.taste[0]]);
		text(x, crm_gen_category[y.other]);
	}
	crm_gen_end(x);
}

/* ---- sections ---- */

struct section {
	const char *name;
	enum source source;
	void (*one)(struct gen_text *x, uint64_t number);
	void (*order)(struct gen_text *x, const struct gen_order *o);
	const char *columns;
};
static const struct section sections[] = {
    {"customer", CUSTOMERS, put_customer, NULL,
	"customer_id\tname\ttype\temail\tphone\tcountry\tcity\tgiven\tfamily\t"
	"company\tstreet\tpostcode\tregion\tlanguage\tbirth_date\tchannel\t"
	"campaign\tcreated\n"},
    {"product", PRODUCTS, put_product, NULL,
	"product_id\tsku\tname\ttype\tcategory\tprice\tcost\tcreated\n"},
    {"order", ORDERS, NULL, put_order,
	"order_id\tcustomer_id\tplaced\tnumber\tchannel\tcurrency\ttype\t"
	"state\tcampaign\tbranch\tprices_include_tax\tship_name\tship_street\t"
	"ship_postcode\tship_city\tship_country\n"},
    {"line", ORDERS, NULL, put_lines,
	"line_id\tproduct_id\tsku\ttext\tquantity\tprice\tamount\t"
	"line_tax\tline_cost\n"},
    {"adjustment", ORDERS, NULL, put_adjustments,
	"adjustment_id\tadjustment\tcode\tadjusted\t"
	"adjustment_tax\n"},
    {"track", ORDERS, NULL, put_track,
	"track_id\tat\twhat\tline\tquantity\tamount\tmethod\t"
	"reason\n"},
    {"truth_customer", CUSTOMERS, put_truth_customer, NULL,
	"customer_id\tbuyer\tarrived\trate\tdropout\tleft\ttastes\tspend\n"},
    {"truth_duplicate", CUSTOMERS, put_truth_duplicate, NULL,
	"customer_id\tof\n"},
    {"truth_change", CUSTOMERS, put_truth_change, NULL,
	"customer_id\tat\twhat\told\tnew\n"},
};
enum { SECTIONS = sizeof sections / sizeof *sections };

const char *
crm_gen_section_name(size_t i)
{
	return i < SECTIONS ? sections[i].name : NULL;
}

/* Gives what has been written on, when it is much or the last. */
int
crm_gen_flush(struct gen_text *x, bool last, struct crm_err *err)
{
	int code;

	if (!last && x->b.n < BLOCK)
		return CRM_OK;
	code = crm_buf_check(&x->b, err);
	if (code == CRM_OK && x->b.n)
		code = x->write(x->ctx, crm_buf_str(&x->b), err);
	crm_buf_clear(&x->b);
	return code;
}

int
crm_gen_orders(struct gen_text *x,
    void (*one)(struct gen_text *x, const struct gen_order *o),
    struct crm_err *err)
{
	struct gen_visit visit;
	struct gen_order o;
	int code;

	crm_gen_begin(x->g);
	while ((code = crm_gen_next(x->g, &visit, err)) == CRM_OK) {
		crm_gen_order(x->g, &visit, &o);
		one(x, &o);
		code = crm_gen_flush(x, false, err);
		if (code < 0)
			return code;
	}
	return code == CRM_NOTFOUND ? CRM_OK : code;
}

/* The rows of customers or products from one number to another. */
static int
put_range(struct gen_text *x, const struct section *s, uint64_t from,
    uint64_t to, struct crm_err *err)
{
	int code = CRM_OK;

	for (uint64_t i = from; code == CRM_OK && i <= to; i++) {
		s->one(x, i);
		code = crm_gen_flush(x, false, err);
	}
	return code;
}

static uint64_t
how_many(const struct gen_text *x, const struct section *s)
{
	return s->source == CUSTOMERS ? x->g->opt.customers
				      : x->g->opt.products;
}

static int
no_section(struct crm_str name, struct crm_err *err)
{
	struct crm_buf names = {0};

	for (size_t i = 0; i < SECTIONS; i++)
		crm_buf_putf(&names, "%s%s", i ? ", " : "", sections[i].name);
	crm_err_set(err, CRM_EUSAGE, "there is no section '%.*s'",
	    (int)(name.n > 80 ? 80 : name.n), name.p);
	if (crm_buf_cstr(&names))
		crm_err_hint(err, "the sections are %s", crm_buf_cstr(&names));
	crm_buf_release(&names);
	return CRM_EUSAGE;
}

int
crm_gen_section(struct crm_gen *g, struct crm_str name, crm_gen_write *write,
    void *ctx, struct crm_err *err)
{
	struct gen_text x = {.g = g, .write = write, .ctx = ctx};
	const struct section *s = sections;
	int code;

	while (s < sections + SECTIONS && !crm_str_is(name, s->name))
		s++;
	if (s == sections + SECTIONS)
		return no_section(name, err);
	crm_buf_puts(&x.b, s->columns);
	if (s->source == ORDERS)
		code = crm_gen_orders(&x, s->order, err);
	else
		code = put_range(&x, s, 1, how_many(&x, s), err);
	if (code == CRM_OK)
		code = crm_gen_flush(&x, true, err);
	crm_buf_release(&x.b);
	return code;
}

/* ---- the archive ---- */

static void
begin_section(struct gen_text *x, const struct section *s)
{
	crm_buf_putf(&x->b, "\\:%s\t1\n", s->name);
	crm_buf_puts(&x->b, s->columns);
}

/* Orders in pieces, each with its parts behind it. */
static int
put_pieces(
    struct gen_text *x, const struct section *s, size_t n, struct crm_err *err)
{
	struct gen_order *o = malloc(PIECE * sizeof *o);
	struct gen_visit visit;
	int code = o ? CRM_OK : crm_err_nomem(err);

	crm_gen_begin(x->g);
	while (code == CRM_OK) {
		size_t count = 0;

		while (count < PIECE &&
		       (code = crm_gen_next(x->g, &visit, err)) == CRM_OK)
			crm_gen_order(x->g, &visit, &o[count++]);
		if (code == CRM_NOTFOUND && count > 0)
			code = CRM_OK;
		for (size_t i = 0; code == CRM_OK && i < n; i++) {
			begin_section(x, &s[i]);
			for (size_t k = 0; code == CRM_OK && k < count; k++) {
				s[i].order(x, &o[k]);
				code = crm_gen_flush(x, false, err);
			}
		}
		if (code == CRM_OK && count < PIECE)
			code = CRM_NOTFOUND;
	}
	free(o);
	return code == CRM_NOTFOUND ? CRM_OK : code;
}

static int
put_things(struct gen_text *x, const struct section *s, struct crm_err *err)
{
	uint64_t n = how_many(x, s), piece = n, from = 1;
	int code = CRM_OK;

	/* The truth is for reading, not for loading: it stays whole. */
	if (!crm_str_starts(crm_str(s->name), CRM_STR("truth_")))
		piece = PIECE;
	for (; code == CRM_OK && from <= n; from += piece) {
		begin_section(x, s);
		code = put_range(
		    x, s, from, n - from < piece ? n : from + piece - 1, err);
	}
	return code;
}

int
crm_gen_archive(
    struct crm_gen *g, crm_gen_write *write, void *ctx, struct crm_err *err)
{
	struct gen_text x = {.g = g, .write = write, .ctx = ctx};
	int code = CRM_OK;

	for (size_t i = 0, n; code == CRM_OK && i < SECTIONS; i += n) {
		n = 1;
		if (sections[i].source != ORDERS) {
			code = put_things(&x, &sections[i], err);
			continue;
		}
		while (i + n < SECTIONS && sections[i + n].source == ORDERS)
			n++;
		code = put_pieces(&x, &sections[i], n, err);
	}
	if (code == CRM_OK)
		code = crm_gen_flush(&x, true, err);
	crm_buf_release(&x.b);
	return code;
}

/* ---- open, close ---- */

static int
check_options(const struct crm_gen_options *o, struct crm_err *err)
{
	const uint64_t most = 1000000000;

	if (o->customers < 1 || o->customers > most)
		return crm_err_set(err, CRM_EUSAGE,
		    "'%llu' customers: between 1 and 1000000000 are wanted",
		    (unsigned long long)o->customers);
	if (o->products < 1 || o->products > most)
		return crm_err_set(err, CRM_EUSAGE,
		    "'%llu' products: between 1 and 1000000000 are wanted",
		    (unsigned long long)o->products);
	if (o->orders > most)
		return crm_err_set(err, CRM_EUSAGE,
		    "'%llu' orders: at most 1000000000 are wanted",
		    (unsigned long long)o->orders);
	if (!(o->changes >= 0 && o->changes <= 1))
		return crm_err_set(
		    err, CRM_EUSAGE, "the share of changes is from 0 to 1");
	if (o->until <= o->from || o->until - o->from > 100000)
		return crm_err_set(err, CRM_EUSAGE,
		    "the period has to end after it begins, and within 273 "
		    "years");
	if (o->lines != 0 && !(o->lines >= 1 && o->lines <= 20))
		return crm_err_set(err, CRM_EUSAGE,
		    "the lines of an order are between 1 and 20 on the "
		    "average");
	if (crm_currency_digits(o->currency) < 0)
		return crm_err_set(err, CRM_EUSAGE,
		    "'%.*s' is not a currency of ISO 4217",
		    (int)(o->currency.n > 20 ? 20 : o->currency.n),
		    o->currency.p);
	return CRM_OK;
}

int
crm_gen_open(struct crm_gen **out, const struct crm_gen_options *opt,
    struct crm_err *err)
{
	struct crm_gen *g;
	int code = check_options(opt, err);

	*out = NULL;
	if (code < 0)
		return code;
	g = calloc(1, sizeof *g);
	if (!g)
		return crm_err_nomem(err);
	g->opt = *opt;
	g->digits = (unsigned)crm_currency_digits(opt->currency);
	for (uint64_t c = 0; c < GEN_CATEGORIES && c < opt->products; c++)
		crm_zipf_init(&g->popular[c],
		    (opt->products - c - 1) / GEN_CATEGORIES + 1, 1.05);
	g->shelf = calloc(GEN_SHELF, sizeof *g->shelf);
	code = g->shelf ? crm_gen_calibrate(g, err) : crm_err_nomem(err);
	if (code < 0) {
		crm_gen_close(g);
		return code;
	}
	*out = g;
	return CRM_OK;
}

void
crm_gen_close(struct crm_gen *g)
{
	if (!g)
		return;
	free(g->cum);
	free(g->shelf);
	free(g->heap);
	free(g);
}
