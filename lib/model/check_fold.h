/*
 * check_fold.h - an order added up for the check; inside the room only.
 */
#ifndef CRM_MODEL_CHECK_FOLD_H
#define CRM_MODEL_CHECK_FOLD_H

#include "check.h"

enum { LINE, ADJUSTMENT, TRACK };
/* by the names of the tables in lib/schema/kinds.c */
enum { PAY = 1, SHIP, DELIVER, CANCEL, RETURN, REFUND };
enum { DISCOUNT = 1, COUPON, SHIPPING, FEE, TIP, ROUNDING, COMMISSION };
enum {
	CART = 1,
	PENDING,
	PLACED,
	PAID,
	SHIPPED,
	DELIVERED,
	RETURNED,
	CANCELLED
};

struct crm_fold_line {
	crm_i128 quantity, cancelled, returned, shipped, delivered; /* e-12 */
	int64_t amount, discount, net, tax, cost;
	uint32_t no;
	bool gift;
};
/* An event, its cells found once: every moment goes through all of them. */
struct crm_fold_event {
	int64_t at, what;
	const struct crm_value *of, *quantity, *amount;
	uint32_t no;
};
struct crm_fold {
	const struct crm_schema *schema;
	const struct crm_fold_places *places;
	const struct crm_record *rec;
	struct crm_fold_line *line;
	size_t n;
	struct crm_fold_event *event; /* by time */
	struct crm_str state;
	size_t nevent;
	bool tax_in, credit, test, seller, foreign;
	int64_t placed, num, den;
	/* as ordered */
	int64_t goods, discount, shipping, tax, total;
	int64_t shipping_net, fees_net, commission, loose_net, loose_tax;
	/* as of a moment */
	int64_t paid, refunded, refunded_lines, revenue, kept, cost;
	crm_i128 items;
	size_t npay;
	bool cancel, cancel_all, back, ship, ship_all, deliver, deliver_all;
	bool done, counts;
	unsigned status, payment, fulfilment;
	bool bad; /* too large */
};

/* Zero, set schema, places and rec, load; free line and event. */
int crm_fold_load(struct crm_fold *f, struct crm_err *err);
/* Everything up to and including `until`; f->counts says whether it counted
 * before, then whether it does. */
void crm_fold_as_of(struct crm_fold *f, int64_t until);
/* In the store's currency. */
int64_t crm_fold_base(struct crm_fold *f, crm_i128 v);
/* A field of the record; a cell of a row of the part it is of. */
const struct crm_value *crm_fold_field(
    const struct crm_fold *f, enum crm_fold_field field);
const struct crm_value *crm_fold_cell(const struct crm_fold *f,
    const struct crm_row *row, enum crm_fold_cell cell);
/* A decimal with 12 places. */
crm_i128 crm_fold_units(const struct crm_value *v);
bool crm_fold_yes(const struct crm_value *v);

#endif
