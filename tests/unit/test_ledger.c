/*
 * test_ledger.c - ledger and figures against plain arrays, at random.
 *
 * The model is the list of the orders that live; what ledger and figures must
 * hold is computed from it anew after each batch.
 */
#include "unit/tmpstore.h"

#include <crm/hash.h>

#include <model/order_parts.h>

#define T0 1700000000
#define MOST 3000

struct sold {
	uint64_t customer; /* 0: not there */
	int64_t time, amount, refund, refund_time;
	bool test, credit, cancel;
};

struct bench {
	struct tmpstore tmp;
	struct crm_store *store;
	const struct crm_schema *schema;
	struct crm_rand rand;
	struct sold sold[MOST + 1]; /* by order */
	struct crm_buf effects;
};

static struct crm_record *
order_of(
    struct bench *b, uint64_t id, const struct sold *o, struct crm_arena *a)
{
	const struct crm_kind *k = &b->schema->kind[CRM_K_ORDER];
	struct crm_record *rec = crm_record_new(k, a);
	struct crm_row *row;

	assert_non_null(rec);
	rec->id = id;
	rec->v[0] = crm_value_id(CRM_K_ORDER, id);
	rec->v[CRM_O_CUSTOMER] = crm_value_id(CRM_K_CUSTOMER, o->customer);
	rec->v[CRM_O_PLACED] = crm_value_num(CRM_T_TIME, o->time, 0);
	if (o->test)
		rec->v[CRM_O_TEST] = crm_value_num(CRM_T_BOOL, 1, 0);
	if (o->credit)
		rec->v[CRM_O_TYPE] = crm_value_num(CRM_T_ENUM, 2, 0);
	row = crm_record_add(rec, CRM_O_LINE, 0);
	row->v[CRM_LINE_QUANTITY] = crm_value_num(CRM_T_DECIMAL, 1, 0);
	row->v[CRM_LINE_AMOUNT] = crm_value_num(CRM_T_MONEY, o->amount, 2);
	if (o->refund > 0 || o->cancel) {
		row = crm_record_add(rec, CRM_O_TRACK, 0);
		row->v[CRM_E_WHAT] = crm_value_num(CRM_T_ENUM,
		    o->cancel ? CRM_ORDER_CANCEL : CRM_ORDER_REFUND, 0);
		row->v[CRM_E_AT] = crm_value_num(CRM_T_TIME, o->refund_time, 0);
		if (!o->cancel)
			row->v[CRM_E_AMOUNT] =
			    crm_value_num(CRM_T_MONEY, o->refund, 2);
	}
	return rec;
}

static void
effect(struct bench *b, uint64_t id, int sign)
{
	struct crm_arena a = {0};
	struct crm_err err = {0};

	if (crm_ledger_effects(b->schema, order_of(b, id, &b->sold[id], &a),
		sign, &b->effects, &err) < 0)
		fail_msg("%s", err.text);
	crm_arena_release(&a);
}

static int
apply(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	struct bench *b = ctx;

	return crm_ledger_apply(t, crm_buf_str(&b->effects), err);
}

static void
commit(struct bench *b)
{
	struct crm_err err = {0};

	if (crm_txn_run(b->store, CRM_WRITE, apply, b, &err) < 0)
		fail_msg("%s", err.text);
	crm_buf_clear(&b->effects);
}

static void
draw(struct bench *b, struct sold *o, uint64_t customers, int64_t span)
{
	*o = (struct sold){.customer = 1 + crm_rand_below(&b->rand, customers),
	    .time = T0 + (int64_t)crm_rand_below(&b->rand, (uint64_t)span),
	    .amount = (int64_t)crm_rand_below(&b->rand, 100000)};
	if (crm_rand_below(&b->rand, 20) == 0)
		o->customer = INT64_MAX; /* the widest key */
	o->test = crm_rand_below(&b->rand, 10) == 0;
	o->credit = crm_rand_below(&b->rand, 10) == 0;
	if (o->credit)
		o->amount = -o->amount;
	o->cancel = crm_rand_below(&b->rand, 8) == 0;
	o->refund_time =
	    o->time + (int64_t)crm_rand_below(&b->rand, (uint64_t)span);
	if (!o->credit && crm_rand_below(&b->rand, 4) == 0)
		o->refund = o->amount / 2;
}

/* ---- what is expected ---- */

static int
cmp_entry(const void *pa, const void *pb)
{
	const struct crm_ledger_entry *x = pa, *y = pb;

	if (x->customer != y->customer)
		return x->customer < y->customer ? -1 : 1;
	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	if (x->order != y->order)
		return x->order < y->order ? -1 : 1;
	return x->flags < y->flags ? -1 : x->flags > y->flags;
}

static struct crm_buf
expected(struct bench *b)
{
	struct crm_arena a = {0};
	struct crm_buf out = {0};
	struct crm_err err = {0};

	for (uint64_t id = 1; id <= MOST; id++) {
		crm_arena_reset(&a);
		if (b->sold[id].customer == 0)
			continue;
		assert_int_equal(crm_order_entries(b->schema,
				     order_of(b, id, &b->sold[id], &a),
				     INT64_MAX, &out, &err),
		    CRM_OK);
	}
	crm_arena_release(&a);
	if (out.n > 0)
		qsort(out.p, out.n / sizeof(struct crm_ledger_entry),
		    sizeof(struct crm_ledger_entry), cmp_entry);
	return out;
}

static void
check_ledger(struct bench *b, struct crm_txn *t)
{
	struct crm_buf want = expected(b);
	struct crm_ledger_entry e, w;
	struct crm_ledger *l;
	struct crm_err err = {0};
	size_t i = 0;
	int r;

	assert_int_equal(crm_ledger_open(t, 0, &l, &err), CRM_OK);
	while ((r = crm_ledger_next(l, &e, &err)) == CRM_OK) {
		assert_true(i < want.n);
		memcpy(&w, want.p + i, sizeof w);
		i += sizeof w;
		if (cmp_entry(&e, &w) != 0 || e.amount != w.amount)
			fail_msg("entry %zu: order %llu, wanted %llu",
			    i / sizeof w, (unsigned long long)e.order,
			    (unsigned long long)w.order);
	}
	if (r != CRM_NOTFOUND)
		fail_msg("%s", err.text);
	assert_int_equal(i, want.n);
	crm_ledger_close(l);
	crm_buf_release(&want);
}

static void
check_tally(struct bench *b, struct crm_txn *t, uint64_t customer, int64_t at)
{
	struct crm_tally want = {.first = INT64_MIN, .last = INT64_MIN}, y, got;
	struct crm_arena a = {0};
	struct crm_err err = {0};

	for (uint64_t id = 1; id <= MOST; id++) {
		crm_arena_reset(&a);
		if (b->sold[id].customer != customer)
			continue;
		assert_int_equal(
		    crm_order_tally(b->schema,
			order_of(b, id, &b->sold[id], &a), at, &y, &err),
		    CRM_OK);
		want.orders += y.orders;
		want.revenue += y.revenue;
		want.spent += y.spent;
		want.refunded += y.refunded;
		assert_true(crm_dec_add(want.items, y.items, &want.items));
		if (y.orders > 0 &&
		    (want.first == INT64_MIN || y.first < want.first))
			want.first = y.first;
		if (y.orders > 0 && y.last > want.last)
			want.last = y.last;
	}
	crm_arena_release(&a);
	if (crm_tally_read(t, customer, &got, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(got.orders, want.orders);
	assert_int_equal(got.revenue, want.revenue);
	assert_int_equal(got.spent, want.spent);
	assert_int_equal(got.refunded, want.refunded);
	assert_int_equal(crm_dec_cmp(got.items, want.items), 0);
	assert_int_equal(got.first, want.first);
	assert_int_equal(got.last, want.last);
}

/* No run is much over its size; the mean of many is not small. */
static void
check_runs(struct crm_txn *t, bool dense)
{
	struct crm_cursor *c;
	struct crm_str k, v;
	size_t n = 0, bytes = 0;
	int r;

	assert_int_equal(crm_cursor_open(t, CRM_TAB_SALES, &c, NULL), CRM_OK);
	for (r = crm_cursor_seek(c, (struct crm_str){"", 0}, &k, &v, NULL);
	     r == CRM_OK; r = crm_cursor_next(c, &k, &v, NULL)) {
		assert_int_equal(k.n, 24);
		assert_true(v.n <= 1064);
		n++;
		bytes += v.n;
	}
	crm_cursor_close(c);
	if (dense)
		assert_true(bytes / n > 900);
}

static void
check_all(struct bench *b, uint64_t customers)
{
	struct crm_txn *t;

	assert_int_equal(crm_txn_begin(b->store, &t, NULL), CRM_OK);
	check_ledger(b, t);
	check_runs(t, false);
	for (uint64_t c = 1; c <= customers; c++)
		check_tally(b, t, c, INT64_MAX);
	check_tally(b, t, INT64_MAX, INT64_MAX);
	crm_txn_end(t);
}

static struct bench *
bench_make(void)
{
	struct bench *b = calloc(1, sizeof *b);
	struct crm_err err = {0};

	assert_non_null(b);
	tmpstore_make(&b->tmp);
	b->store = tmpstore_open(&b->tmp, true);
	if (crm_store_schema(b->store, &b->schema, &err) < 0)
		fail_msg("%s", err.text);
	crm_rand_seed(&b->rand, 7);
	return b;
}

static void
bench_free(struct bench *b)
{
	crm_store_close(b->store);
	tmpstore_remove(&b->tmp);
	crm_buf_release(&b->effects);
	free(b);
}

static uint64_t
count(struct bench *b, unsigned table)
{
	struct crm_txn *t;
	uint64_t n = 99;

	assert_int_equal(crm_txn_begin(b->store, &t, NULL), CRM_OK);
	assert_int_equal(crm_count(t, table, &n, NULL), CRM_OK);
	crm_txn_end(t);
	return n;
}

/* ---- the cases ---- */

static void
random_changes_leave_what_the_orders_say(void **state)
{
	static const struct {
		uint64_t customers;
		int64_t span;
	} shops[] = {{1, 1000}, {4, 50}, {300, 100000000}};

	(void)state;
	for (size_t shop = 0; shop < 3; shop++) {
		struct bench *b = bench_make();

		for (int batch = 0; batch < 25; batch++) {
			uint64_t n = 1 + crm_rand_below(&b->rand, 300);

			for (uint64_t i = 0; i < n; i++) {
				uint64_t id =
				    1 + crm_rand_below(&b->rand, MOST);

				if (b->sold[id].customer)
					effect(b, id, -1);
				b->sold[id].customer = 0;
				if (crm_rand_below(&b->rand, 4) == 0)
					continue;
				draw(b, &b->sold[id], shops[shop].customers,
				    shops[shop].span);
				effect(b, id, 1);
			}
			commit(b);
			check_all(b, shops[shop].customers);
		}
		for (uint64_t id = 1; id <= MOST; id++)
			if (b->sold[id].customer) {
				effect(b, id, -1);
				b->sold[id].customer = 0;
			}
		commit(b);
		assert_int_equal(count(b, CRM_TAB_SALES), 0);
		assert_int_equal(count(b, CRM_TAB_TALLY), 0);
		bench_free(b);
	}
}

static void
orders_in_time_order_fill_their_runs(void **state)
{
	struct bench *b = bench_make();
	struct crm_txn *t;

	(void)state;
	for (uint64_t id = 1; id <= MOST; id++) {
		b->sold[id] = (struct sold){.customer = 5,
		    .time = T0 + (int64_t)id * 3600,
		    .amount = 1999};
		effect(b, id, 1);
		if (id % 100 == 0)
			commit(b);
	}
	assert_int_equal(crm_txn_begin(b->store, &t, NULL), CRM_OK);
	check_ledger(b, t);
	check_runs(t, true);
	crm_txn_end(t);
	bench_free(b);
}

static void
one_customer_is_read_alone(void **state)
{
	struct bench *b = bench_make();
	struct crm_ledger_entry e;
	struct crm_ledger *l;
	struct crm_txn *t;
	int n = 0;

	(void)state;
	for (uint64_t id = 1; id <= 300; id++) {
		b->sold[id] = (struct sold){
		    .customer = id % 3 + 1, .time = T0, .amount = 1};
		effect(b, id, 1);
	}
	commit(b);
	assert_int_equal(crm_txn_begin(b->store, &t, NULL), CRM_OK);
	assert_int_equal(crm_ledger_open(t, 2, &l, NULL), CRM_OK);
	while (crm_ledger_next(l, &e, NULL) == CRM_OK) {
		assert_int_equal(e.customer, 2);
		n++;
	}
	assert_int_equal(n, 100);
	crm_ledger_close(l);
	assert_int_equal(crm_ledger_open(t, 9, &l, NULL), CRM_OK);
	assert_int_equal(crm_ledger_next(l, &e, NULL), CRM_NOTFOUND);
	crm_ledger_close(l);
	crm_txn_end(t);
	bench_free(b);
}

static void
a_removal_of_what_is_not_there_is_damage(void **state)
{
	struct bench *b = bench_make();
	struct crm_err err = {0};

	(void)state;
	b->sold[1] = (struct sold){.customer = 2, .time = T0, .amount = 5};
	effect(b, 1, -1);
	assert_int_equal(
	    crm_txn_run(b->store, CRM_WRITE, apply, b, &err), CRM_EDAMAGE);
	assert_string_equal(
	    err.text, "the ledger of customer 2 lacks an entry of order 1");
	crm_buf_clear(&b->effects);
	crm_buf_puts(&b->effects, "+nonsense");
	assert_int_equal(
	    crm_txn_run(b->store, CRM_WRITE, apply, b, &err), CRM_EBUG);
	bench_free(b);
}

static void
figures_come_back_as_they_were_kept(void **state)
{
	struct crm_tally rows[] = {{.first = INT64_MIN, .last = INT64_MIN},
	    {3, -5, 7, -100, 200, 300, 400, 500, {12345, 3}, 2, 5, 1, 3,
		-86400},
	    {1, INT64_MIN + 1, INT64_MAX, INT64_MIN, INT64_MAX, 0, 0, 0,
		{-1, 12}, 0, 0, 0, 0, 0}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct crm_buf b = {0};
		struct crm_tally y;

		crm_tally_encode(&rows[i], &b);
		assert_int_equal(
		    crm_tally_decode(crm_buf_str(&b), &y, NULL), CRM_OK);
		assert_int_equal(y.orders, rows[i].orders);
		assert_int_equal(y.first, rows[i].first);
		assert_int_equal(y.last, rows[i].last);
		assert_int_equal(y.revenue, rows[i].revenue);
		assert_int_equal(y.spent, rows[i].spent);
		assert_int_equal(y.cost, rows[i].cost);
		assert_int_equal(y.items.v, rows[i].items.v);
		assert_int_equal(y.items.scale, rows[i].items.scale);
		assert_int_equal(y.returns, rows[i].returns);
		assert_int_equal(y.tickets, rows[i].tickets);
		assert_int_equal(y.open_tickets, rows[i].open_tickets);
		assert_int_equal(y.touches, rows[i].touches);
		assert_int_equal(y.last_touch, rows[i].last_touch);
		for (size_t n = 0; n < b.n; n++)
			assert_int_equal(
			    crm_tally_decode(
				(struct crm_str){b.p, n}, &y, NULL),
			    CRM_EDAMAGE);
		crm_buf_release(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(random_changes_leave_what_the_orders_say),
	    cmocka_unit_test(orders_in_time_order_fill_their_runs),
	    cmocka_unit_test(one_customer_is_read_alone),
	    cmocka_unit_test(a_removal_of_what_is_not_there_is_damage),
	    cmocka_unit_test(figures_come_back_as_they_were_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
