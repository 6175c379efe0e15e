/*
 * sales.h - a log of sales in memory: what the analyses read.
 *
 * It is filled from the store's ledger, or from a record stream whose ids are
 * any texts; the analysis sees no difference.  Ids become small numbers, from
 * 0 on without gaps, in the order of their texts; each wanted column is an
 * array of its own.
 *
 *	struct crm_sales x = {.want = CRM_SALES(CUSTOMER) | ...};
 *	crm_sales_stream(&x, stream, &opt, err);   or crm_sales_ledger(...)
 *	crm_sales_group(&x, CRM_SALES_CUSTOMER, err);
 *	for (i = x.start[c]; i < x.start[c + 1]; i++)
 *		use(x.num[CRM_SALES_PLACED][i]);    of customer c, by time
 *	crm_sales_release(&x);
 */
#ifndef CRM_SALES_H
#define CRM_SALES_H

#include <crm/basket.h>
#include <crm/hash.h>
#include <crm/ledger.h>
#include <crm/stream.h>

/* The columns there are; the table in sales.c says how each is read. */
enum crm_sales_column {
	CRM_SALES_CUSTOMER,
	CRM_SALES_ORDER,
	CRM_SALES_PRODUCT,
	CRM_SALES_CHANNEL,
	CRM_SALES_IDS, /* those above are ids, those below numbers */
	CRM_SALES_PLACED = CRM_SALES_IDS, /* seconds */
	CRM_SALES_TOTAL, /* units of 10^-digits */
	CRM_SALES_QUANTITY, /* millionths */
	CRM_SALES_ORDERS, /* 0: the row is money only, no order */
	CRM_SALES_COST, /* as TOTAL */
	CRM_SALES_COLUMNS
};
#define CRM_SALES_BIT(column) (1U << (column))
#define CRM_SALES(name) CRM_SALES_BIT(CRM_SALES_##name)
#define CRM_SALES_QUANTITY_SCALE 6

/* Ids by their numbers from 0 on: records of a kind, or texts.  Orders that
 * came as texts are only numbered: text[] is NULL. */
struct crm_codes;
struct crm_names {
	size_t n;
	unsigned kind; /* not 0: number[] holds a kind's numbers */
	uint64_t *number;
	struct crm_str *text;
	size_t cap;
	struct crm_codes *codes; /* texts that are letters and a number, */
	struct crm_map map; /* and the others */
};
/* The id of i as a value of a row; borrows from the names. */
struct crm_value crm_names_value(const struct crm_names *x, size_t i);
/* The number of a text or of a kind's record; false: there is none.  Records
 * are looked up where they came in order: not orders of the ledger. */
bool crm_names_find(
    const struct crm_names *x, struct crm_str text, size_t *out);
bool crm_names_number(const struct crm_names *x, uint64_t number, size_t *out);

/* Zeroed, with want set, is empty. */
struct crm_sales {
	unsigned want; /* CRM_SALES_BIT of columns that must be there */
	unsigned may; /* and of those that are taken when they are */
	unsigned has; /* those that were */
	size_t n, cap;
	uint32_t *id[CRM_SALES_IDS];
	int64_t *num[CRM_SALES_COLUMNS]; /* from PLACED on */
	struct crm_names names[CRM_SALES_IDS];
	unsigned digits; /* of TOTAL */
	char currency[4]; /* of TOTAL, "" when not told */
	size_t *start; /* by crm_sales_group: names[].n + 1 */
	/* NULL, or empty ones: crm_sales_file and crm_sales_lines, of which
	 * ORDER and PRODUCT are wanted then, fill these with what was in each
	 * order, and keep no rows. */
	struct crm_baskets *baskets;
	/* rows that were left out: without customer, outside the window */
	uint64_t anonymous, outside;
};

/*
 * since <= placed < until; INT64_MIN and INT64_MAX are open ends.  signs: a
 * negative total is taken, as an analysis does that nets the rows of an order;
 * else it is an error.
 */
struct crm_sales_options {
	int64_t since, until;
	const struct crm_calendar *calendar; /* of a date alone; NULL: UTC */
	/* Columns under other names: "placed=date,total=sales"; n 0: none. */
	struct crm_str rename;
	bool signs;
};

/*
 * Reads a stream to its end.  Rows without a customer, where one is wanted,
 * are counted and left out; every other wanted cell must have a value.  With a
 * column `currency` all rows must have the same.  CRM_EDATA with file, line,
 * column and value; CRM_EUSAGE for a wrong rename.
 */
int crm_sales_stream(struct crm_sales *x, struct crm_stream *s,
    const struct crm_sales_options *opt, struct crm_err *err);

/*
 * The same of a file from its beginning, by so many threads at most (0 is 1);
 * what is no file, or has something unusual in it, by one.  from as
 * crm_stream_open takes it, its read NULL.
 */
int crm_sales_file(struct crm_sales *x, int fd,
    const struct crm_stream_options *from, const struct crm_sales_options *opt,
    unsigned threads, struct crm_err *err);

/*
 * Reads the ledger: a row for each order that counted at `until` (the moment
 * --at means, exclusive) and was placed from since on, its total the revenue
 * in the base currency after what was refunded by then.  Tests, carts and
 * cancelled orders are left out; so are credits that name no order, and
 * customers who are not there any more unless `gone`.  Columns: CUSTOMER,
 * ORDER, PLACED, TOTAL.  CRM_EBUG when another is wanted.
 */
int crm_sales_ledger(struct crm_sales *x, struct crm_txn *t,
    const struct crm_schema *s, int64_t since, int64_t until, bool gone,
    struct crm_err *err);

/*
 * The same, a row for each entry: a sale at its time, what was refunded at its
 * own.  ORDERS is 1 for an order, of which more rows may follow that are its
 * money only; credits are money.  Orders that were cancelled by then are left
 * out, customers that are not there any more are not.
 */
int crm_sales_bookings(struct crm_sales *x, struct crm_txn *t,
    const struct crm_schema *s, int64_t until, struct crm_err *err);

/* One more row, for other sources: ids by text, numbers by column.  Rows are
 * in `has`'s columns; crm_sales_done afterwards. */
struct crm_sales_row {
	struct crm_str text[CRM_SALES_IDS]; /* of names without a kind */
	uint64_t number[CRM_SALES_IDS]; /* of names with a kind */
	int64_t num[CRM_SALES_COLUMNS];
};
int crm_sales_add(
    struct crm_sales *x, const struct crm_sales_row *row, struct crm_err *err);
/* The rows of an order whose products are the n texts that are not empty, for
 * the columns ORDER (of a kind) and PRODUCT (of none) alone. */
int crm_sales_add_basket(struct crm_sales *x, uint64_t order,
    const struct crm_str *product, size_t n, struct crm_err *err);
/* Numbers the ids in the order of their texts (orders: as they came). */
int crm_sales_done(struct crm_sales *x, struct crm_err *err);

/*
 * Puts the rows of each id of a column together, in order of ids, those of one
 * id by time when PLACED is there (else as they were); fills start.
 */
int crm_sales_group(
    struct crm_sales *x, enum crm_sales_column column, struct crm_err *err);

void crm_sales_release(struct crm_sales *x);

#endif
