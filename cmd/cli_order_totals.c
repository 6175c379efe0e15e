/*
 * cli_order_totals.c - crm-order totals: what was sold, in groups.
 *
 * The sums are of what orders booked, in the store's currency: a sale on the
 * day it was placed, a refund or cancellation on its own, so that a month that
 * was closed stays as it was.  What is not in them is counted beside them.
 */
#include <stdlib.h>

#include "cli_order.h"

static const char *by, *since, *until;
static bool tests;

const struct cli_option cli_order_totals_options[] = {
    {0, "by", CLI_TEXT, &by, "WHAT",
	"a row for each day, week, month, quarter or year, or each value of a "
	"column: channel"},
    {0, "since", CLI_TEXT, &since, "TIME", "only what was booked from then on"},
    {0, "until", CLI_TEXT, &until, "TIME", "only what was booked before"},
    {0, "test", CLI_FLAG, &tests, NULL, "with the orders that are tests"}, {0}};

enum { BY_ALL, BY_PERIOD, BY_FIELD };

static const struct crm_field columns[] = {
    {"by", CRM_T_TEXT, 0, 0, 0, NULL, "the group"},
    {"orders", CRM_T_INT, 0, 0, 0, NULL, "orders placed that count"},
    {"gross", CRM_T_MONEY, 0, 0, CRM_F_BASE, NULL, "goods without tax"},
    {"discount", CRM_T_MONEY, 0, 0, CRM_F_BASE, NULL, "discounts, coupons"},
    {"shipping", CRM_T_MONEY, 0, 0, CRM_F_BASE, NULL, "shipping"},
    {"fees", CRM_T_MONEY, 0, 0, CRM_F_BASE, NULL, "fees, tips, rounding"},
    {"tax", CRM_T_MONEY, 0, 0, CRM_F_BASE, NULL, "tax"},
    {"refunds", CRM_T_MONEY, 0, 0, CRM_F_BASE, NULL,
	"refunds, cancellations, credits"},
    {"net", CRM_T_MONEY, 0, 0, CRM_F_BASE, NULL, "the sum of these six"},
    {"revenue", CRM_T_MONEY, 0, 0, CRM_F_BASE, NULL,
	"goods without tax and shipping, after refunds"},
    {"credits", CRM_T_INT, 0, 0, 0, NULL, "credits placed"},
    {"left_out", CRM_T_INT, 0, 0, 0, NULL,
	"orders placed that do not count: carts, pending, cancelled, tests"},
    {"no_customer", CRM_T_INT, 0, 0, 0, NULL,
	"of the orders and credits those without a customer"},
    {"base_currency", CRM_T_TEXT, 0, 0, 0, NULL, "of all amounts"},
};
enum { COLUMNS = sizeof columns / sizeof *columns, MONEY = 8 };

struct group {
	struct crm_str name;
	int64_t orders, credits, left_out, no_customer;
	int64_t money[MONEY]; /* gross .. revenue */
};

struct totals {
	struct cli *c;
	int how, field;
	enum crm_period period;
	int64_t since, until, at;
	struct crm_map place; /* name -> index + 1 */
	struct group *group;
	size_t n, cap;
	struct crm_buf name, bookings;
	struct crm_expr *where;
};

/* ---- groups ---- */

/* The group of an order's booking; NULL when out of memory. */
static struct group *
group_of(struct totals *t, const struct crm_record *rec, int64_t time)
{
	struct crm_str name;
	uint64_t i;

	crm_buf_clear(&t->name);
	if (t->how == BY_FIELD)
		crm_value_put(t->c->schema, &t->name, &rec->v[t->field], false);
	else if (t->how == BY_ALL)
		crm_buf_puts(&t->name, "all");
	else
		crm_period_put(&t->name, t->period,
		    crm_period_of(
			t->period, crm_day_of(&t->c->schema->calendar, time)));
	name = crm_buf_str(&t->name);
	if (t->name.fail)
		return NULL;
	if (crm_map_get(&t->place, name, &i))
		return &t->group[i - 1];
	if (!crm_grow(&t->group, &t->cap, t->n, sizeof *t->group) ||
	    crm_map_put(&t->place, name, t->n + 1, NULL) < 0)
		return NULL;
	name = crm_arena_str(&t->c->arena, name);
	if (!name.p)
		return NULL;
	t->group[t->n] = (struct group){.name = name};
	return &t->group[t->n++];
}

static bool
add_money(struct group *g, const struct crm_order_booking *b)
{
	const int64_t v[MONEY] = {b->gross, b->discount, b->shipping, b->fees,
	    b->tax, b->refunds, b->net, b->revenue};

	for (int i = 0; i < MONEY; i++)
		if (!crm_add64(g->money[i], v[i], &g->money[i]))
			return false;
	return true;
}

static bool
in_span(const struct totals *t, int64_t time)
{
	return time >= t->since && time < t->until;
}

static int
add_order(struct totals *t, struct crm_record *rec, struct crm_err *err)
{
	struct crm_value *test = crm_record_at(rec, "test");
	const struct crm_value *placed = crm_record_get(rec, "placed");
	struct crm_order_booking b;
	int64_t orders = 0;
	bool credit = false, counts = false;
	struct group *g;
	int r;

	if (tests)
		*test = (struct crm_value){0};
	crm_buf_clear(&t->bookings);
	r = crm_order_book(t->c->schema, rec, t->at, &t->bookings, err);
	for (size_t i = 0; r == CRM_OK && i < t->bookings.n; i += sizeof b) {
		memcpy(&b, t->bookings.p + i, sizeof b);
		if (b.flags & CRM_L_VOID)
			continue;
		orders += b.orders;
		credit = b.flags & CRM_L_CREDIT;
		if (!in_span(t, b.time))
			continue;
		g = group_of(t, rec, b.time);
		if (!g)
			return crm_err_nomem(err);
		if (!add_money(g, &b))
			r = crm_err_set(err, CRM_EDATA,
			    "the sums are too large to be added");
	}
	if (r < 0 || t->bookings.n == 0 || !in_span(t, placed->i))
		return r;
	g = group_of(t, rec, placed->i);
	if (!g)
		return crm_err_nomem(err);
	counts = orders > 0 || credit;
	g->orders += orders > 0;
	g->credits += credit;
	g->left_out += !counts;
	g->no_customer +=
	    counts && crm_record_get(rec, "customer_id")->type == CRM_T_NONE;
	return CRM_OK;
}

static int
scan(struct totals *t, struct crm_txn *txn, struct crm_err *err)
{
	struct crm_scan *s;
	struct crm_record *rec;
	bool yes;
	int r = crm_scan_open(
	    txn, t->c->schema, t->c->kind, &crm_want_all, INT64_MAX, &s, err);

	if (r < 0)
		return r;
	while ((r = crm_scan_next(s, &rec, err)) == CRM_OK) {
		yes = true;
		if (t->where)
			r = crm_expr_test(t->where, rec->v, &yes, err);
		if (r == CRM_OK && yes)
			r = add_order(t, rec, err);
		if (r < 0)
			break;
	}
	crm_scan_close(s);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

/* ---- printing ---- */

static int
cmp_group(const void *pa, const void *pb)
{
	const struct group *a = pa, *b = pb;

	return crm_str_cmp(a->name, b->name);
}

static int
print(struct totals *t, struct crm_err *err)
{
	const struct crm_settings *set = t->c->schema->settings;
	unsigned digits = (unsigned)t->c->schema->digits;
	struct crm_field own[COLUMNS], shown[COLUMNS];
	struct crm_value v[COLUMNS], row[COLUMNS];
	struct crm_out *out;
	size_t n;
	int *pick, r;

	memcpy(own, columns, sizeof own);
	if (t->how != BY_ALL)
		own[0].name = by;
	r = cli_pick(t->c, own, COLUMNS, &pick, &n, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n && i < COLUMNS; i++)
		shown[i] = own[pick[i]];
	r = cli_out(t->c, shown, n, &out, err);
	if (r < 0)
		return r;
	if (t->n > 1)
		qsort(t->group, t->n, sizeof *t->group, cmp_group);
	for (size_t i = 0; r == CRM_OK && i < t->n; i++) {
		const struct group *g = &t->group[i];

		v[0] = crm_value_text(g->name);
		v[1] = crm_value_num(CRM_T_INT, g->orders, 0);
		for (int m = 0; m < MONEY; m++)
			v[2 + m] =
			    crm_value_num(CRM_T_MONEY, g->money[m], digits);
		v[10] = crm_value_num(CRM_T_INT, g->credits, 0);
		v[11] = crm_value_num(CRM_T_INT, g->left_out, 0);
		v[12] = crm_value_num(CRM_T_INT, g->no_customer, 0);
		v[13] = crm_value_text(
		    set ? set->currency : (struct crm_str){"", 0});
		for (size_t j = 0; j < n && j < COLUMNS; j++)
			row[j] = v[pick[j]];
		r = crm_out_row(out, row, err);
	}
	if (r == CRM_OK)
		return crm_out_close(out, err);
	crm_out_abort(out);
	return r;
}

/* ---- what is asked ---- */

static int
parse_by(struct totals *t, struct crm_err *err)
{
	const struct crm_kind *k = t->c->kind;

	t->how = BY_ALL;
	if (!by || strcmp(by, "all") == 0)
		return CRM_OK;
	t->how = BY_PERIOD;
	if (crm_period_parse(crm_str(by), &t->period) == CRM_OK)
		return CRM_OK;
	t->how = BY_FIELD;
	t->field = crm_kind_field(k, crm_str(by));
	for (int i = 0; i < COLUMNS; i++)
		if (strcmp(by, columns[i].name) == 0)
			t->field = -1;
	if (t->field > 0)
		return CRM_OK;
	crm_err_set(err, CRM_EUSAGE,
	    "'%s' is not day, week, month, quarter, year or a column to group "
	    "by",
	    by);
	crm_err_field(err, "--by", 4);
	return CRM_EUSAGE;
}

int
cli_order_totals(struct cli *c, struct crm_err *err)
{
	struct totals t = {
	    .c = c, .since = INT64_MIN, .until = INT64_MAX, .at = c->at};
	struct crm_txn *txn = NULL;
	int r = CRM_OK;

	if (c->noperand > 0)
		r = crm_err_set(err, CRM_EUSAGE, "'%s' is no operand of totals",
		    c->operand[0]);
	if (r == CRM_OK)
		r = parse_by(&t, err);
	if (r == CRM_OK && since)
		r = cli_moment(c, "--since", since, &t.since, err);
	if (r == CRM_OK && until)
		r = cli_moment(c, "--until", until, &t.until, err);
	if (r == CRM_OK)
		r = cli_where(
		    c, c->kind->fields, c->kind->nfields, &t.where, err);
	if (r == CRM_OK)
		r = crm_txn_begin(c->store, &txn, err);
	if (r == CRM_OK)
		r = scan(&t, txn, err);
	if (txn)
		crm_txn_end(txn);
	/* The total of nothing is 0, not no answer. */
	if (r == CRM_OK && t.how == BY_ALL && t.n == 0 &&
	    !group_of(&t, NULL, 0))
		r = crm_err_nomem(err);
	if (r == CRM_OK)
		r = print(&t, err);
	crm_expr_release(t.where);
	crm_map_release(&t.place);
	crm_buf_release(&t.name);
	crm_buf_release(&t.bookings);
	free(t.group);
	return r;
}
