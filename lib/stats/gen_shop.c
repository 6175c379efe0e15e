/*
 * gen_shop.c - the shop's clock, its customers, who buys when.
 *
 * Time is drawn on a clock on which the shop is always equally busy, in years,
 * and mapped to the calendar by a weight for each day and hour: seasons then
 * change when people buy, but not the model they are drawn from.  Orders come
 * out in order of time from a heap of the customers who will buy again; a walk
 * can be repeated, so each section is made by a walk of its own and nothing
 * about an order is kept.
 */
#include <math.h>
#include <stdlib.h>

#include "gen_parts.h"

/* Busy months and weekdays (Monday first), in thousandths of the mean; the
 * hours of a day in ten thousandths. */
static const int month_weight[12] = {
    800, 820, 930, 950, 980, 930, 850, 880, 970, 1060, 1350, 1480};
static const int weekday_weight[7] = {1080, 1010, 980, 1000, 1010, 930, 990};
static const int hour_weight[24] = {60, 30, 20, 20, 30, 70, 180, 350, 500, 600,
    640, 650, 640, 600, 560, 560, 580, 630, 690, 740, 750, 620, 350, 130};

#define YEAR 365.25e6 /* weight of a mean year */

/* Shapes of the mixing distributions; their scales follow from how many
 * orders are wanted. */
#define RATE_SHAPE 0.6
#define DROP_SHAPE 0.8

void
crm_gen_seed(const struct crm_gen *g, struct crm_rand *r, enum gen_what what,
    uint64_t a, uint64_t b)
{
	uint64_t h = g->opt.seed, in[3] = {(uint64_t)what, a, b};

	for (int i = 0; i < 3; i++) {
		h = (h + in[i] + 0x632be59bd9b4e019) * 0xd6e8feb86659fd93;
		h ^= h >> 32;
	}
	crm_rand_seed(r, h * 0xd6e8feb86659fd93);
}

/* The weights of all days, summed up. */
static int
make_clock(struct crm_gen *g, struct crm_err *err)
{
	g->days = (size_t)(g->opt.until - g->opt.from);
	g->cum = malloc((g->days + 1) * sizeof *g->cum);
	if (!g->cum)
		return crm_err_nomem(err);
	g->cum[0] = 0;
	for (size_t i = 0; i < g->days; i++) {
		int64_t day = g->opt.from + (int64_t)i;
		int month = crm_civil_from_days(day).month;

		g->cum[i + 1] =
		    g->cum[i] + month_weight[month - 1] *
				    weekday_weight[crm_weekday(day) - 1];
	}
	g->end = (double)g->cum[g->days] / YEAR;
	return CRM_OK;
}

int64_t
crm_gen_time(const struct crm_gen *g, double t)
{
	double u = t * YEAR, part;
	size_t lo = 0, hi = g->days;
	int hour = 0;

	while (hi - lo > 1) {
		size_t mid = lo + (hi - lo) / 2;

		if ((double)g->cum[mid] <= u)
			lo = mid;
		else
			hi = mid;
	}
	part = (u - (double)g->cum[lo]) /
	       (double)(g->cum[lo + 1] - g->cum[lo]) * 10000;
	while (hour < 23 && part >= hour_weight[hour])
		part -= hour_weight[hour++];
	part = part / hour_weight[hour] * 3600;
	if (part > 3599)
		part = 3599;
	return (g->opt.from + (int64_t)lo) * CRM_DAY + hour * 3600 +
	       (int64_t)(part < 0 ? 0 : part);
}

/* u decides who changes, and what; without a share there are as few as in a
 * shop that nobody asks about them. */
static void
plant(double share, double u, struct gen_trait *out)
{
	if (share <= 0) {
		out->new_rate = u < 0.025;
		out->new_taste = !out->new_rate && u < 0.04;
		return;
	}
	out->new_rate = u < 0.4 * share;
	out->new_taste = !out->new_rate && u < 0.6 * share;
	out->new_spend = u >= 0.6 * share && u < 0.8 * share;
	out->new_channel = u >= 0.8 * share && u < share;
}

const char *
crm_gen_channel(const struct gen_trait *y)
{
	static const char *const name[] = {"phone", "market", "shop"};

	return name[y->other % 3];
}

static void
draw_taste(const struct crm_gen *g, uint64_t customer, struct crm_rand *r,
    struct gen_trait *out)
{
	double n = (double)g->opt.customers, u;

	crm_gen_seed(g, r, GEN_TRAIT, customer, 0);
	*out = (struct gen_trait){0};
	/* In order of their numbers, evenly. */
	out->arrive = ((double)(customer - 1) + crm_rand_unit(r)) / n * g->end;
	out->buyer = crm_rand_unit(r) < g->buyers;
	out->taste[0] = (uint8_t)crm_rand_below(r, GEN_CATEGORIES);
	out->taste[1] = (uint8_t)crm_rand_below(r, GEN_CATEGORIES);
	out->other = (uint8_t)crm_rand_below(r, GEN_CATEGORIES - 1);
	if (out->other >= out->taste[0])
		out->other++;
	u = crm_rand_unit(r);
	plant(g->opt.changes, out->buyer ? u : 1, out);
	out->change_by = crm_rand_unit(r) < 0.6 ? 0.25 : 4;
	out->change_at = out->arrive + (g->end - out->arrive) *
					   (0.3 + 0.4 * crm_rand_unit(r));
	out->spend = crm_exp(0.35 * crm_normal(r));
}

void
crm_gen_taste(const struct crm_gen *g, uint64_t customer, struct gen_trait *out)
{
	struct crm_rand r;

	draw_taste(g, customer, &r, out);
}

void
crm_gen_trait(const struct crm_gen *g, uint64_t customer, struct gen_trait *out)
{
	struct crm_rand r;

	draw_taste(g, customer, &r, out);
	if (!out->buyer)
		return;
	out->rate = crm_gamma(&r, RATE_SHAPE) * g->scale;
	out->drop = crm_beta(&r, DROP_SHAPE, g->beta);
}

/* The customer's next purchase; false when there is none in the period: they
 * left (*left) or it comes too late. */
static bool
advance(const struct crm_gen *g, struct gen_node *n, bool *left)
{
	struct crm_rand r;
	double e, t = n->t;

	crm_gen_seed(g, &r, GEN_PURCHASE, n->customer, n->k);
	*left = crm_rand_unit(&r) < n->drop;
	if (*left)
		return false;
	e = crm_exponential(&r);
	if (n->change) {
		struct gen_trait y;
		double room;

		crm_gen_trait(g, n->customer, &y);
		room = t < y.change_at ? (y.change_at - t) * y.rate : 0;
		if (t < y.change_at && e < room)
			t += e / y.rate;
		else
			t = (t < y.change_at ? y.change_at : t) +
			    (e - room) / (y.rate * y.change_by);
	} else {
		t += e / n->rate;
	}
	n->t = t;
	n->k++;
	return t < g->end;
}

static struct gen_node
first_node(uint64_t customer, const struct gen_trait *y)
{
	return (struct gen_node){.t = y->arrive,
	    .rate = y->rate,
	    .drop = y->drop,
	    .customer = (uint32_t)customer,
	    .change = y->new_rate};
}

double
crm_gen_leave(const struct crm_gen *g, uint64_t customer)
{
	struct gen_trait y;
	struct gen_node n;
	bool left = false;

	crm_gen_trait(g, customer, &y);
	n = first_node(customer, &y);
	while (y.buyer && advance(g, &n, &left))
		;
	return left ? n.t : g->end + 1;
}

/* ---- how often, so that there are as many orders as wanted ---- */

/* Orders of every step-th customer at a scale, times step; stops past most. */
static double
count_orders(struct crm_gen *g, double scale, uint64_t step, double most)
{
	double count = 0;
	bool left;

	g->scale = scale;
	for (uint64_t c = 1; c <= g->opt.customers && count <= most;
	     c += step) {
		struct gen_trait y;
		struct gen_node n;

		crm_gen_trait(g, c, &y);
		if (!y.buyer)
			continue;
		n = first_node(c, &y);
		do
			count += (double)step;
		while (count <= most && advance(g, &n, &left));
	}
	return count;
}

int
crm_gen_calibrate(struct crm_gen *g, struct crm_err *err)
{
	double orders = (double)g->opt.orders, customers, want, more, lo, hi;
	uint64_t step = g->opt.customers / 20000 + 1;
	int code = make_clock(g, err);

	if (code < 0)
		return code;
	customers = (double)g->opt.customers;
	g->counter = g->opt.orders / 33;
	want = orders - (double)g->counter;
	g->buyers = want > 1.25 * customers ? 0.97 : 0.8 * want / customers;
	more = g->buyers > 0 ? want / (g->buyers * customers) - 1 : 0;
	g->beta = DROP_SHAPE * (1.5 + 0.6 * more);
	lo = 0;
	hi = 1;
	while (hi < 1e9 && count_orders(g, hi, step, 4 * want) < want) {
		lo = hi;
		hi *= 4;
	}
	for (int i = 0; i < 30 && hi - lo > hi * 1e-4; i++) {
		double mid = lo + (hi - lo) / 2;

		if (count_orders(g, mid, step, 4 * want) < want)
			lo = mid;
		else
			hi = mid;
	}
	/*
	 * A sample was counted where there are many; now all of them.  A few
	 * more than wanted are cut off at the end of the walk.
	 */
	for (int i = 0; i < 10 && want > 0; i++) {
		double n = count_orders(g, hi, 1, 4 * want);

		if (n >= want && n <= want * 1.002 + 3)
			break;
		hi *= 1 + 1.5 * (want * 1.001 + 1 - n) / want;
	}
	g->scale = hi;
	return CRM_OK;
}

/* ---- the walk ---- */

static bool
sooner(const struct gen_node *a, const struct gen_node *b)
{
	return a->t != b->t ? a->t < b->t : a->customer < b->customer;
}

static void
sift_down(struct crm_gen *g)
{
	struct gen_node n = g->heap[0];
	size_t i = 0, child;

	while ((child = 2 * i + 1) < g->nheap) {
		if (child + 1 < g->nheap &&
		    sooner(&g->heap[child + 1], &g->heap[child]))
			child++;
		if (!sooner(&g->heap[child], &n))
			break;
		g->heap[i] = g->heap[child];
		i = child;
	}
	g->heap[i] = n;
}

static int
push(struct crm_gen *g, const struct gen_node *n, struct crm_err *err)
{
	size_t i = g->nheap;

	if (!crm_grow(&g->heap, &g->cap, g->nheap, sizeof *g->heap))
		return crm_err_nomem(err);
	g->nheap++;
	for (; i > 0 && sooner(n, &g->heap[(i - 1) / 2]); i = (i - 1) / 2)
		g->heap[i] = g->heap[(i - 1) / 2];
	g->heap[i] = *n;
	return CRM_OK;
}

void
crm_gen_begin(struct crm_gen *g)
{
	g->nheap = 0;
	g->arrived = g->met = g->made = 0;
}

/* When the n-th customer without a name comes to the counter. */
static double
counter_time(const struct crm_gen *g, uint64_t n)
{
	struct crm_rand r;

	if (n >= g->counter)
		return HUGE_VAL;
	crm_gen_seed(g, &r, GEN_COUNTER, n, 0);
	return ((double)n + crm_rand_unit(&r)) / (double)g->counter * g->end;
}

/* Lets in all who arrive before the next purchase known so far. */
static int
admit(struct crm_gen *g, double before, struct crm_err *err)
{
	int code = CRM_OK;

	while (code == CRM_OK && g->arrived < g->opt.customers) {
		struct gen_trait y;
		struct gen_node n;

		/* They come in order, none before its share of the time. */
		if ((double)g->arrived / (double)g->opt.customers * g->end >=
		    (g->nheap && g->heap[0].t < before ? g->heap[0].t : before))
			break;
		crm_gen_trait(g, ++g->arrived, &y);
		n = first_node(g->arrived, &y);
		if (y.buyer && y.arrive < g->end)
			code = push(g, &n, err);
	}
	return code;
}

int
crm_gen_next(struct crm_gen *g, struct gen_visit *out, struct crm_err *err)
{
	double counter = counter_time(g, g->met);
	int code = admit(g, counter, err);
	bool left;

	if (code < 0)
		return code;
	if (g->made == g->opt.orders || (g->nheap == 0 && counter > g->end))
		return CRM_NOTFOUND;
	out->order = ++g->made;
	if (g->nheap == 0 || counter < g->heap[0].t) {
		out->t = counter;
		out->customer = 0;
		g->met++;
		return CRM_OK;
	}
	out->t = g->heap[0].t;
	out->customer = g->heap[0].customer;
	if (!advance(g, &g->heap[0], &left))
		g->heap[0] = g->heap[--g->nheap];
	if (g->nheap > 0)
		sift_down(g);
	return CRM_OK;
}
