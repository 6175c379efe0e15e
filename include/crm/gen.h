/*
 * gen.h - a synthetic shop of any size, with its truth.
 *
 * People of several countries and scripts, products, and orders with lines,
 * discounts, shipping, payments, shipments, cancellations, returns and
 * refunds.  Buying is that of the BG/NBD model (Fader, Hardie, Lee 2005): a
 * customer buys first on arriving, then at a rate of their own (gamma), and
 * may leave for good after each purchase (beta), over a clock that runs
 * faster before Christmas and on Mondays.  What is known about each customer,
 * duplicates and planted changes, is given as sections of its own, so that
 * an analysis can be held against the truth.
 *
 * Everything follows from the seed by the functions of crm/stats.h: the same
 * options give the same bytes on every machine.  Memory grows with the
 * customers (32 bytes each), never with the orders.
 *
 *	crm_gen_open(&g, &(struct crm_gen_options){.customers = 1000,
 *	    .orders = 5000, .products = 200, .seed = 1, .from = 20089,
 *	    .until = 20454, .currency = CRM_STR("EUR")}, err);
 *	crm_gen_archive(g, write, ctx, err);
 *	crm_gen_close(g);
 */
#ifndef CRM_GEN_H
#define CRM_GEN_H

#include <crm/stats.h>
#include <crm/time.h>

struct crm_gen_options {
	uint64_t customers; /* 1 .. 1,000,000,000 */
	uint64_t orders; /* so many, those without a customer included */
	uint64_t products; /* 1 .. 1,000,000,000 */
	uint64_t seed;
	/* Share of the buyers who change, by rate, taste, spend or channel; 0:
	 * 4 %, by rate or taste. */
	double changes;
	/* Lines of an order on the average, 1 .. 20; 0: about 1.9, where what
	 * is picked twice is one line. */
	double lines;
	int64_t from, until; /* days (crm/time.h), until excluded; UTC */
	struct crm_str currency; /* ISO 4217; borrowed until close */
};

struct crm_gen;
/* Takes the bytes; a code ends the generation and is its result. */
typedef int crm_gen_write(void *ctx, struct crm_str bytes, struct crm_err *err);

/* CRM_EUSAGE for options out of range.  Release with crm_gen_close. */
int crm_gen_open(struct crm_gen **out, const struct crm_gen_options *opt,
    struct crm_err *err);
void crm_gen_close(struct crm_gen *g);

/* Names of the archive's sections in its order; NULL past the last. */
const char *crm_gen_section_name(size_t i);
/* One section as a stream; CRM_EUSAGE with the names for another name. */
int crm_gen_section(struct crm_gen *g, struct crm_str name,
    crm_gen_write *write, void *ctx, struct crm_err *err);
/* All sections, each behind its section line (crm-stream(5)); customers,
 * products, and orders with their parts behind them in pieces of 5,000, as
 * crm_store_load takes them. */
int crm_gen_archive(
    struct crm_gen *g, crm_gen_write *write, void *ctx, struct crm_err *err);
/* The orders as a CSV with the columns of Shopify's export of orders: a row
 * for each line, what is the order's on its first row only. */
int crm_gen_shopify(
    struct crm_gen *g, crm_gen_write *write, void *ctx, struct crm_err *err);

#endif
