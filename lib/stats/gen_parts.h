/*
 * gen_parts.h - what the gen*.c files tell each other; inside the room only.
 */
#ifndef CRM_STATS_GEN_PARTS_H
#define CRM_STATS_GEN_PARTS_H

#include <crm/gen.h>

enum {
	GEN_CATEGORIES = 12,
	GEN_LINES = 64, /* of an order, at most */
	GEN_EVENTS = 6,
	GEN_SHELF = 4096
};

/* What a random stream is for: each draw depends on the seed, this, and the
 * number of the thing only, so that every section can be made alone. */
enum gen_what {
	GEN_TRAIT = 1,
	GEN_PURCHASE,
	GEN_PERSON,
	GEN_DUPLICATE,
	GEN_PRODUCT,
	GEN_ORDER,
	GEN_COUNTER
};

struct gen_node { /* a customer who will buy again, in the heap */
	double t; /* when next, on the shop's own clock */
	double rate, drop;
	uint32_t customer;
	uint32_t k : 31, change : 1;
};

struct crm_gen {
	struct crm_gen_options opt;
	unsigned digits;
	double end; /* of the period on the shop's clock, in years */
	double scale; /* of rates */
	double beta; /* second shape of the chance to leave */
	double buyers; /* share of customers who ever buy */
	uint64_t counter; /* orders without a customer */
	size_t days;
	int64_t *cum; /* days + 1: weight of the days before */
	struct crm_zipf popular[GEN_CATEGORIES];
	struct gen_product *shelf; /* GEN_SHELF of those asked for last */
	/* the walk through all orders */
	struct gen_node *heap;
	size_t nheap, cap;
	uint64_t arrived, met, made; /* customers, at the counter, orders */
};

/* A customer as the model has them. */
struct gen_trait {
	bool buyer;
	double arrive, rate, drop, spend;
	uint8_t taste[2];
	bool new_rate, new_taste, new_spend, new_channel; /* one is planted */
	double change_at, change_by;
	uint8_t other; /* the new first taste */
};

struct gen_visit { /* somebody buys */
	double t;
	uint64_t customer, order;
};

struct gen_line {
	uint64_t product;
	int64_t quantity, price, amount, tax, cost;
};
struct gen_event {
	int64_t at;
	const char *what, *method, *reason;
	int line;
	int64_t quantity, amount; /* 0: none */
};
struct gen_order {
	uint64_t number, customer;
	int64_t placed, goods, discount, discount_tax, shipping, shipping_tax;
	int64_t tax, total, paid, refunded;
	int64_t paid_at, shipped_at, cancelled_at; /* 0: not */
	bool pending;
	const char *channel, *store, *campaign, *coupon, *method;
	struct gen_line line[GEN_LINES];
	size_t nline;
	struct gen_event event[GEN_EVENTS];
	size_t nevent;
};

struct gen_product {
	uint64_t number;
	char sku[24], name[96];
	const char *category;
	int64_t price, cost;
	unsigned tax; /* percent, in the price */
};

struct gen_person {
	char name[128], given[64], family[64], company[96];
	char email[128], phone[24], street[96], postcode[16];
	const char *city, *region, *country, *language;
	int64_t birth;
	const char *channel, *campaign;
};

/* gen_shop.c: the clock, the customers, who buys when */
void crm_gen_seed(const struct crm_gen *g, struct crm_rand *r,
    enum gen_what what, uint64_t a, uint64_t b);
int64_t crm_gen_time(const struct crm_gen *g, double t);
void crm_gen_trait(
    const struct crm_gen *g, uint64_t customer, struct gen_trait *out);
/* The same without rate and drop. */
void crm_gen_taste(
    const struct crm_gen *g, uint64_t customer, struct gen_trait *out);
void crm_gen_begin(struct crm_gen *g);
/* CRM_NOTFOUND after the last. */
int crm_gen_next(struct crm_gen *g, struct gen_visit *out, struct crm_err *err);
/* When the customer leaves, or a time past g->end. */
double crm_gen_leave(const struct crm_gen *g, uint64_t customer);
/* What a customer who goes to another channel goes to. */
const char *crm_gen_channel(const struct gen_trait *y);
int crm_gen_calibrate(struct crm_gen *g, struct crm_err *err);

/* gen_goods.c: products and what is in an order */
extern const char *const crm_gen_category[GEN_CATEGORIES];
/* Valid until the next call. */
const struct gen_product *crm_gen_product(
    const struct crm_gen *g, uint64_t number);
void crm_gen_order(const struct crm_gen *g, const struct gen_visit *visit,
    struct gen_order *out);

/* gen_people.c */
/* The person a record is a duplicate of; 0: of nobody. */
uint64_t crm_gen_same(const struct crm_gen *g, uint64_t customer);
void crm_gen_person(
    const struct crm_gen *g, uint64_t customer, struct gen_person *out);
int64_t crm_gen_minor(const struct crm_gen *g, int64_t cents);

#endif
