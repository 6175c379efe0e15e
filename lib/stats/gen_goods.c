/*
 * gen_goods.c - products, and what is in an order.
 *
 * A product's number says its category and how popular it is there, so that
 * an order can be drawn without a table of products; names, prices and costs
 * follow from the number whenever they are asked for.
 */
#include <stdio.h>

#include "gen_parts.h"

enum { LINES = 12, TRIES = 16 };

struct category {
	const char *name, *code;
	int cents; /* a middling price */
	unsigned tax;
	const char *noun[6];
};
static const struct category categories[GEN_CATEGORIES] = {
    {"food/tea", "TEA", 690, 7,
	{"Green tea", "Black tea", "Herbal tea", "Oolong", "Rooibos",
	    "White tea"}},
    {"food/coffee", "COF", 1190, 7,
	{"Espresso beans", "Filter coffee", "Decaf", "Cold brew", "House blend",
	    "Single origin"}},
    {"kitchen/cups", "CUP", 1490, 19,
	{"Mug", "Espresso cup", "Tea bowl", "Travel mug", "Glass", "Saucer"}},
    {"kitchen/pots", "POT", 3990, 19,
	{"Teapot", "Saucepan", "Kettle", "French press", "Milk jug",
	    "Casserole"}},
    {"books", "BOK", 1890, 7,
	{"Cookbook", "Novel", "Travel guide", "Picture book", "Notebook",
	    "Atlas"}},
    {"home/light", "LIG", 5990, 19,
	{"Desk lamp", "Candle", "Lantern", "Fairy lights", "Floor lamp",
	    "Night light"}},
    {"home/textiles", "TEX", 2990, 19,
	{"Blanket", "Cushion", "Towel", "Tablecloth", "Apron", "Curtain"}},
    {"garden", "GAR", 1790, 19,
	{"Flower pot", "Watering can", "Seeds", "Shears", "Trowel", "Hose"}},
    {"toys", "TOY", 2290, 19,
	{"Wooden train", "Puzzle", "Kite", "Building bricks", "Teddy bear",
	    "Board game"}},
    {"clothing", "CLO", 3490, 19,
	{"T-shirt", "Scarf", "Jumper", "Socks", "Cap", "Rain jacket"}},
    {"care", "CAR", 990, 19,
	{"Soap", "Hand cream", "Shampoo", "Bath salts", "Lip balm",
	    "Toothbrush"}},
    {"paper", "PAP", 590, 19,
	{"Greeting card", "Wrapping paper", "Calendar", "Envelopes",
	    "Pencil set", "Sketch pad"}},
};
const char *const crm_gen_category[GEN_CATEGORIES] = {"food/tea", "food/coffee",
    "kitchen/cups", "kitchen/pots", "books", "home/light", "home/textiles",
    "garden", "toys", "clothing", "care", "paper"};

static const char *const looks[] = {"blue", "red", "plain", "large", "small",
    "striped", "organic", "classic", "green", "grey", "deluxe", "mini"};

static const char *const campaigns[] = {
    "newsletter", "spring-sale", "search-ads", "influencer", "xmas"};

/* Cents into the smallest unit of the shop's currency. */
int64_t
crm_gen_minor(const struct crm_gen *g, int64_t cents)
{
	return g->digits > 2 ? cents * crm_pow10(g->digits - 2) : cents;
}

static void
make_product(const struct crm_gen *g, uint64_t number, struct gen_product *out)
{
	const struct category *cat = &categories[(number - 1) % GEN_CATEGORIES];
	uint64_t rank = (number - 1) / GEN_CATEGORIES, look;
	struct crm_rand r;
	double price;
	int64_t cents;

	/* Each look of a noun once in 72, and no look the first of all. */
	look = (rank / 6 + rank % 6 * 5) % 12;
	crm_gen_seed(g, &r, GEN_PRODUCT, number, 0);
	price = cat->cents * crm_exp(0.5 * crm_normal(&r));
	cents = (int64_t)(price / 50) * 50 + 45;
	out->number = number;
	out->price = crm_gen_minor(g, cents);
	out->cost = crm_gen_minor(
	    g, cents * (50 + (int64_t)crm_rand_below(&r, 25)) / 100);
	out->tax = cat->tax;
	out->category = cat->name;
	snprintf(out->sku, sizeof out->sku, "%s-%04llu", cat->code,
	    (unsigned long long)rank + 1);
	if (rank < 72)
		snprintf(out->name, sizeof out->name, "%s, %s",
		    cat->noun[rank % 6], looks[look]);
	else
		snprintf(out->name, sizeof out->name, "%s, %s, no. %llu",
		    cat->noun[rank % 6], looks[look],
		    (unsigned long long)rank / 72 + 1);
}

const struct gen_product *
crm_gen_product(const struct crm_gen *g, uint64_t number)
{
	struct gen_product *p = &g->shelf[number % GEN_SHELF];

	if (p->number != number)
		make_product(g, number, p);
	return p;
}

static uint64_t
pick_product(const struct crm_gen *g, const struct gen_trait *y, double t,
    struct crm_rand *r)
{
	uint64_t cats =
	    g->opt.products < GEN_CATEGORIES ? g->opt.products : GEN_CATEGORIES;
	double u = crm_rand_unit(r);
	uint64_t c = crm_rand_below(r, cats);

	if (u < 0.5)
		c = y->new_taste && t >= y->change_at ? y->other : y->taste[0];
	else if (u < 0.75)
		c = y->taste[1];
	c %= cats;
	return c + 1 + GEN_CATEGORIES * (crm_zipf_draw(&g->popular[c], r) - 1);
}

static struct gen_line *
find_line(struct gen_order *o, uint64_t product)
{
	struct gen_line *l = o->line;

	while (l < o->line + o->nline && l->product != product)
		l++;
	return l;
}

static void
add_line(const struct crm_gen *g, struct gen_order *o, uint64_t product,
    int64_t quantity)
{
	const struct gen_product *p = crm_gen_product(g, product);
	struct gen_line *l = find_line(o, product);

	if (l == o->line + (g->opt.lines > 0 ? GEN_LINES : LINES))
		return;
	if (l == o->line + o->nline) {
		*l = (struct gen_line){.product = product};
		o->nline++;
	}
	l->quantity += quantity;
	l->price = p->price;
	l->amount = l->quantity * p->price;
	crm_muldiv64(l->amount, p->tax, 100 + p->tax, &l->tax);
	l->cost = l->quantity * p->cost;
}

/*
 * How many are picked: one, and more by the spend of who buys.  Where lines
 * are asked for, the mean of the spend, exp(.35^2 / 2), is taken out again.
 */
static uint64_t
draw_count(const struct crm_gen *g, double spend, struct crm_rand *r)
{
	if (g->opt.lines > 0)
		return 1 + crm_poisson(r,
			       (g->opt.lines - 1) * spend / crm_exp(0.06125));
	return 1 + crm_poisson(r, 0.9 * spend);
}

/* Where lines are asked for one more is one more product, unless there are so
 * few that it is found in the order again and again. */
static uint64_t
pick_another(const struct crm_gen *g, const struct gen_trait *y, double t,
    struct crm_rand *r, struct gen_order *o)
{
	uint64_t product = pick_product(g, y, t, r);

	for (int i = 0; g->opt.lines > 0 && i < TRIES &&
			find_line(o, product) < o->line + o->nline;
	     i++)
		product = pick_product(g, y, t, r);
	return product;
}

/* What is bought, and what it costs. */
static void
fill_lines(const struct crm_gen *g, const struct gen_trait *y, double t,
    struct crm_rand *r, struct gen_order *o)
{
	double by = y->new_spend && t >= y->change_at ? y->change_by : 1;
	uint64_t n = draw_count(g, y->spend * by, r);
	int64_t tax = 0;

	for (uint64_t i = 0; i < n; i++) {
		uint64_t product = pick_another(g, y, t, r, o);
		int64_t quantity = 1;

		if (crm_rand_unit(r) < 0.22)
			quantity += 1 + (int64_t)crm_poisson(r, 0.8);
		add_line(g, o, product, quantity);
	}
	for (size_t i = 0; i < o->nline; i++) {
		o->goods += o->line[i].amount;
		tax += o->line[i].tax;
	}
	if (crm_rand_unit(r) < 0.11) {
		o->coupon = crm_rand_unit(r) < 0.5 ? "WELCOME10" : "THANKYOU10";
		crm_muldiv64(o->goods, -1, 10, &o->discount);
		crm_muldiv64(tax, -1, 10, &o->discount_tax);
	}
	if (strcmp(o->channel, "shop") != 0 &&
	    o->goods < crm_gen_minor(g, 5000)) {
		o->shipping = crm_gen_minor(g, 490);
		crm_muldiv64(o->shipping, 19, 119, &o->shipping_tax);
	}
	o->tax = tax + o->discount_tax + o->shipping_tax;
	o->total = o->goods + o->discount + o->shipping;
}

static struct gen_event *
add_event(struct gen_order *o, const char *what, int64_t at)
{
	size_t i = o->nevent++;

	/* In order of time; what is given first comes first. */
	for (; i > 0 && o->event[i - 1].at > at; i--)
		o->event[i] = o->event[i - 1];
	o->event[i] = (struct gen_event){.at = at, .what = what};
	return &o->event[i];
}

static void
pay(struct gen_order *o, int64_t at, int64_t until)
{
	struct gen_event *e;

	if (at >= until)
		return;
	e = add_event(o, "pay", at);
	e->method = o->method;
	e->amount = o->paid = o->total;
	o->paid_at = at;
}

static void
refund(struct gen_order *o, int64_t at, int64_t amount, int64_t until)
{
	struct gen_event *e;

	/* Invoices may be paid after some of it came back. */
	if (at < o->paid_at)
		at = o->paid_at + 3600;
	if (at >= until || amount <= 0 || o->paid < amount)
		return;
	e = add_event(o, "refund", at);
	e->method = o->method;
	e->amount = o->refunded = amount;
}

/* One line comes back, some of it or all, and is paid back. */
static void
give_back(struct gen_order *o, int64_t at, int64_t until, struct crm_rand *r)
{
	static const char *const why[] = {
	    "damaged", "too small", "not as described", "changed mind"};
	size_t line = (size_t)crm_rand_below(r, o->nline);
	const struct gen_line *l = &o->line[line];
	struct gen_event *e;
	int64_t amount,
	    quantity = 1 + (int64_t)crm_rand_below(r, (uint64_t)l->quantity);
	size_t reason = (size_t)crm_rand_below(r, 4);
	int64_t later = at + 3600 * (4 + (int64_t)crm_rand_below(r, 80));

	if (at >= until)
		return;
	e = add_event(o, "return", at);
	e->line = (int)line + 1;
	e->quantity = quantity;
	e->reason = why[reason];
	crm_muldiv64(l->amount, quantity, l->quantity, &amount);
	if (o->coupon)
		crm_muldiv64(amount, 9, 10, &amount);
	refund(o, later, amount, until);
}

/* What happens to the order, as far as the period goes. */
static void
fill_events(const struct crm_gen *g, struct crm_rand *r, struct gen_order *o)
{
	int64_t until = g->opt.until * CRM_DAY, at = o->placed, hour = 3600;
	double fate = crm_rand_unit(r);
	int64_t ship = at + hour * (8 + (int64_t)crm_rand_below(r, 40));
	int64_t deliver = ship + hour * (20 + (int64_t)crm_rand_below(r, 60));

	if (strcmp(o->channel, "shop") == 0) {
		pay(o, at, until);
		add_event(o, "deliver", at);
		if (fate > 0.97)
			give_back(o, at + 90 * hour, until, r);
		return;
	}
	if (fate < 0.012) {
		o->pending = true;
		return;
	}
	if (strcmp(o->method, "invoice") == 0)
		pay(o, deliver + hour * (24 + (int64_t)crm_rand_below(r, 400)),
		    until);
	else
		pay(o, at + (int64_t)crm_rand_below(r, 90), until);
	if (fate < 0.032) {
		int64_t when = at + hour + (int64_t)crm_rand_below(r, 20000);

		if (o->paid_at > when)
			o->nevent = 0, o->paid = o->paid_at = 0;
		if (when < until) {
			add_event(o, "cancel", when)->reason = "customer";
			o->cancelled_at = when;
			refund(o, when + hour, o->paid, until);
		}
		return;
	}
	if (ship < until) {
		add_event(o, "ship", ship)->method = "parcel";
		o->shipped_at = ship;
	}
	if (deliver < until)
		add_event(o, "deliver", deliver);
	if (fate > 0.94)
		give_back(o,
		    deliver + hour * (10 + (int64_t)crm_rand_below(r, 300)),
		    until, r);
}

void
crm_gen_order(const struct crm_gen *g, const struct gen_visit *visit,
    struct gen_order *out)
{
	struct gen_trait y = {.spend = 1};
	struct crm_rand r;
	double u;

	crm_gen_seed(g, &r, GEN_ORDER, visit->order, 0);
	*out = (struct gen_order){.number = visit->order,
	    .customer = visit->customer,
	    .placed = crm_gen_time(g, visit->t)};
	u = crm_rand_unit(&r);
	y.taste[0] = (uint8_t)crm_rand_below(&r, GEN_CATEGORIES);
	y.taste[1] = (uint8_t)crm_rand_below(&r, GEN_CATEGORIES);
	if (visit->customer)
		crm_gen_taste(g, visit->customer, &y);
	else
		u = 1;
	out->channel = u < 0.74	  ? "web"
		       : u < 0.84 ? "phone"
		       : u < 0.94 ? "market"
				  : "shop";
	/* a draw of its own: other customers' orders stay what they are */
	if (y.new_channel && visit->t >= y.change_at && crm_rand_unit(&r) < 0.6)
		out->channel = crm_gen_channel(&y);
	out->store = strcmp(out->channel, "shop") != 0 ? ""
		     : crm_rand_unit(&r) < 0.7	       ? "Berlin"
						       : "Hamburg";
	u = crm_rand_unit(&r);
	out->method = strcmp(out->channel, "phone") == 0 ? "invoice"
		      : *out->store ? (u < 0.5 ? "cash" : "card")
		      : u < 0.5	    ? "card"
		      : u < 0.9	    ? "paypal"
				    : "invoice";
	out->campaign = "";
	if (!*out->store && crm_rand_unit(&r) < 0.2)
		out->campaign = campaigns[crm_rand_below(&r, 5)];
	fill_lines(g, &y, visit->t, &r, out);
	fill_events(g, &r, out);
}
