/*
 * test_scan_lines.c - lines and conditions of blocks against the records'.
 *
 * Whatever is asked, and of whatever form a block is, each record is tried and
 * written by itself too, from the table: the bytes must be the same.
 */
#include "unit/tmpstore.h"

#include <crm/columns.h>
#include <crm/expr.h>
#include <crm/hash.h>
#include <crm/model.h>
#include <crm/out.h>
#include <crm/stream.h>

#define RECORDS (5 * CRM_COLUMNS_RANGE + 700)
#define ORDERS (CRM_TAB_KIND + CRM_K_ORDER)
#define NOON INT64_C(1714564800) /* 2024-05-01 */

static struct tmpstore ts;
static struct crm_store *store;
static const struct crm_schema *schema;
static const struct crm_kind *kind;
static struct crm_rand rnd;
static struct crm_arena arena;
static struct crm_err failure;
static unsigned sort; /* of the range that is made */

static uint64_t
below(uint64_t n)
{
	return crm_rand_below(&rnd, n);
}

/* ---- records ---- */

static int64_t
any_number(unsigned type)
{
	static const int64_t odd[] = {0, -1, INT64_MIN + 1, INT64_MAX,
	    100000000, 99999999, 999999, 1000000, -(INT64_C(1) << 40)};

	if (sort == 1 && below(6) == 0)
		return odd[below(sizeof odd / sizeof *odd)];
	if (type == CRM_T_TIME)
		return NOON + (int64_t)below(4 * 86400);
	return (int64_t)below(sort == 2 ? 30 : 20000) - (sort == 3 ? 500 : 0);
}

static struct crm_str
any_text(const struct crm_field *f)
{
	static const char *const coin[] = {"EUR", "JPY", "KWD"};
	static const char *const word[] = {"web", "shop", "a\tb\\c", "phone"};
	char text[40];

	if (strcmp(f->name, "currency") == 0)
		return crm_str(
		    coin[sort == 0 || sort == 4 ? sort / 2 : below(3)]);
	if (strcmp(f->name, "channel") == 0)
		return crm_str(word[below(sort == 2 ? 2 : 4)]);
	snprintf(text, sizeof text, below(900) ? "S%u" : "x\n%u long and more",
	    (unsigned)below(100000));
	return crm_arena_str(&arena, crm_str(text));
}

static struct crm_value
any_value(const struct crm_field *f)
{
	struct crm_value v = {.type = f->type};

	switch (f->type) {
	case CRM_T_ID:
		v.kind = f->ref;
		v.i = 1 + (int64_t)below(sort == 1 ? 20000000000 : 50);
		break;
	case CRM_T_BOOL:
		v.i = (int64_t)below(2);
		break;
	case CRM_T_ENUM:
		return crm_value_enum(f->values,
		    1 + (unsigned)below(sort ? crm_enum_count(f->values) : 1));
	case CRM_T_TEXT:
	case CRM_T_LIST:
		v.s = any_text(f);
		break;
	default:
		v.i = any_number(f->type);
	}
	return v;
}

static int
make_records(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	static const unsigned empty[] = {0, 3, 10, 6, 0, 10};
	int code = CRM_OK;

	(void)ctx;
	for (uint64_t n = 1; code == CRM_OK && n <= RECORDS; n++) {
		struct crm_record *r = crm_record_new(kind, &arena);
		struct crm_buf b = {0};
		char key[8];
		struct crm_str k = crm_number_key(n, key);

		assert_non_null(r);
		sort = (unsigned)(n / CRM_COLUMNS_RANGE);
		r->id = n;
		r->revision = 1;
		for (int i = 1; i < kind->nfields; i++)
			if (kind->fields[i].tag > 0 &&
			    !(empty[sort] && below(empty[sort]) == 0))
				r->v[i] = any_value(&kind->fields[i]);
		if (sort != 4 && below(30) == 0)
			r->state = CRM_DELETED;
		crm_record_encode(r, &b);
		crm_seal(ORDERS, k, &b);
		code = crm_put(t, ORDERS, k, crm_buf_str(&b), 0, err);
		crm_buf_release(&b);
		if (arena.used > 1 << 20)
			crm_arena_reset(&arena);
	}
	return code;
}

/* ---- what is asked ---- */

static void
any_leaf(struct crm_buf *b)
{
	static const char *const op[] = {"=", "!=", "<", "<=", ">", ">="};
	static const char *const money[] = {
	    "total", "revenue", "paid", "base_total"};
	static const char *const fixed[] = {"status = \"delivered\"",
	    "status in (\"delivered\", \"cancelled\", \"cart\")",
	    "status != \"delivered\"", "channel in (\"web\", \"phone\")",
	    "channel > \"p\"", "currency = \"JPY\"", "currency != \"EUR\"",
	    "test", "guest = no", "customer_id is empty",
	    "channel is not empty", "total is empty", "number < \"S5\"",
	    "customer_id in (\"C7\", \"C8\", \"C9\")", "paid < total",
	    "placed = created", "state is empty", "order_id = \"O2500\"",
	    "length(number) > 5", "channel ~ \"^w\"", "total / 3 > 20",
	    "1 / (total - 5) > 0", "true",
	    "placed between 2024-05-02 and 2024-05-03",
	    "revenue between 3 and 70.5"};
	const char *o = op[below(6)];

	switch (below(5)) {
	case 0:
		crm_buf_putf(b, "%s %s %d.%02u%s", money[below(4)], o,
		    (int)below(220) - 10, (unsigned)below(100),
		    below(3) ? "" : "5");
		break;
	case 1:
		crm_buf_putf(b, "placed %s 2024-05-0%u%s", o,
		    1 + (unsigned)below(5), below(2) ? "" : "T11:30:00Z");
		break;
	case 2:
		crm_buf_putf(b, "customer_id %s \"C%u\"",
		    below(2) ? "=" : "!=", 1 + (unsigned)below(50));
		break;
	default:
		crm_buf_puts(b, fixed[below(sizeof fixed / sizeof *fixed)]);
	}
}

static void
any_condition(struct crm_buf *b, unsigned depth)
{
	unsigned what = depth == 0 ? 0 : (unsigned)below(5);

	if (what < 2) {
		any_leaf(b);
		return;
	}
	crm_buf_puts(b, what == 2 ? "not (" : "(");
	any_condition(b, depth - 1);
	for (uint64_t n = what == 2 ? 0 : 1 + below(3); n > 0; n--) {
		crm_buf_puts(b, what == 3 ? ") and (" : ") or (");
		any_condition(b, depth - 1);
	}
	crm_buf_putc(b, ')');
}

struct question {
	struct crm_buf text;
	struct crm_expr *where;
	struct crm_want want;
	int pick[8];
	size_t npick;
	int time, unless;
	int64_t since, until;
	bool has_since, has_until;
};

static bool
ask(struct question *q)
{
	struct crm_expr_env env = {.schema = schema,
	    .fields = kind->fields,
	    .nfields = kind->nfields,
	    .now = NOON};
	struct crm_err err = {0};

	*q = (struct question){.time = -1, .unless = -1};
	any_condition(&q->text, 3);
	if (crm_expr_compile(&q->where, crm_buf_str(&q->text), &env, &err) <
	    0) {
		fail_msg("%s: %s", crm_buf_cstr(&q->text), err.text);
		return false;
	}
	crm_expr_fields(q->where, q->want.fields);
	for (size_t n = below(8); q->npick < n;) {
		int i = (int)below(kind->nfields);

		if (i > 0 && !crm_columns_field(&kind->fields[i]))
			continue;
		q->pick[q->npick++] = i;
		crm_want_field(&q->want, i);
	}
	q->has_since = below(3) == 0;
	q->has_until = below(3) == 0;
	q->since = NOON + (int64_t)below(100000);
	q->until = q->since + (int64_t)below(200000);
	if (q->has_since || q->has_until)
		q->time = crm_kind_field(kind, CRM_STR("placed"));
	if (below(3) == 0)
		q->unless = crm_kind_field(kind, CRM_STR("test"));
	if (q->time >= 0)
		crm_want_field(&q->want, q->time);
	if (q->unless >= 0)
		crm_want_field(&q->want, q->unless);
	return true;
}

static void
forget(struct question *q)
{
	crm_expr_release(q->where);
	crm_buf_release(&q->text);
}

/* A row of text, when the record is wanted: 1, 0, or a code. */
static int
answer_record(struct question *q, const struct crm_value *v, struct crm_buf *b)
{
	bool yes;
	int code;

	if (q->unless >= 0 && v[q->unless].i == 1)
		return 0;
	if (q->time >= 0 && (v[q->time].type == CRM_T_NONE ||
				(q->has_since && v[q->time].i < q->since) ||
				(q->has_until && v[q->time].i >= q->until)))
		return 0;
	code = crm_expr_test(q->where, v, &yes, NULL);
	if (code < 0 || !yes)
		return code;
	for (size_t i = 0; i < q->npick; i++) {
		const struct crm_value *x = &v[q->pick[i]];

		if (i > 0)
			crm_buf_putc(b, '\t');
		if (x->type == CRM_T_TEXT || x->type == CRM_T_ENUM)
			crm_escape_put(b, x->s);
		else if (x->type != CRM_T_NONE)
			crm_value_put(schema, b, x, false);
	}
	if (q->npick > 0)
		crm_buf_putc(b, '\n');
	return 1;
}

struct answer {
	struct crm_buf b;
	uint64_t rows;
	int code;
};

/* Record by record. */
static void
answer_plainly(struct question *q, struct crm_txn *t, struct answer *a)
{
	struct crm_record *r;
	struct crm_arena own = {0};

	for (uint64_t n = 1; n <= RECORDS && a->code == CRM_OK; n++) {
		int yes;

		crm_arena_reset(&own);
		r = crm_record_new(kind, &own);
		if (crm_record_read(t, kind, n, &crm_want_all, r, NULL) < 0)
			continue; /* deleted */
		r->v[0] = crm_value_id(CRM_K_ORDER, n);
		yes = answer_record(q, r->v, &a->b);
		a->code = yes < 0 ? yes : CRM_OK;
		a->rows += yes > 0;
	}
	crm_arena_release(&own);
}

/* By a scan that may leave out what the condition does not want. */
static void
answer_sifted(struct question *q, struct crm_txn *t, struct answer *a)
{
	struct crm_record *r;
	struct crm_scan *sc;
	int code;

	assert_int_equal(
	    crm_scan_open(t, schema, kind, &q->want, INT64_MAX, &sc, NULL),
	    CRM_OK);
	crm_scan_where(sc, q->where);
	while ((code = crm_scan_next(sc, &r, NULL)) == CRM_OK) {
		int yes = answer_record(q, r->v, &a->b);

		a->code = yes < 0 ? yes : CRM_OK;
		a->rows += yes > 0;
		if (yes < 0)
			break;
	}
	assert_true(code == CRM_OK || code == CRM_NOTFOUND);
	crm_scan_close(sc);
}

static int
put(void *ctx, struct crm_str lines, uint64_t rows, struct crm_err *err)
{
	struct answer *a = ctx;

	(void)err;
	crm_buf_putstr(&a->b, lines);
	a->rows += rows;
	return CRM_OK;
}

static int
answer_by_lines(
    struct question *q, struct crm_txn *t, unsigned threads, struct answer *a)
{
	struct crm_lines_job job = {.schema = schema,
	    .kind = kind,
	    .want = &q->want,
	    .pick = q->pick,
	    .npick = q->npick,
	    .where = q->where,
	    .unless = q->unless,
	    .time = q->time,
	    .has_since = q->has_since,
	    .has_until = q->has_until,
	    .since = q->since,
	    .until = q->until,
	    .threads = threads,
	    .put = put,
	    .ctx = a};

	return crm_scan_lines(t, &job, &failure);
}

static void
same(const struct question *q, const struct answer *a, const struct answer *b,
    const char *how)
{
	if (a->code != b->code || a->rows != b->rows || a->b.n != b->b.n ||
	    (a->b.n > 0 && memcmp(a->b.p, b->b.p, a->b.n) != 0))
		fail_msg("%s: %.*s: %llu rows of %zu bytes (%d), should be "
			 "%llu of %zu (%d)",
		    how, (int)q->text.n, q->text.p, (unsigned long long)b->rows,
		    b->b.n, b->code, (unsigned long long)a->rows, a->b.n,
		    a->code);
}

static void
what_is_asked_of_blocks_is_answered_as_by_each_record(void **state)
{
	unsigned lines = 0, failed = 0;
	struct crm_txn *t;

	(void)state;
	for (int i = 0; i < 150; i++) {
		struct answer a = {{0}, 0, 0}, b = a, c = a;
		struct question q;
		int code;

		if (!ask(&q))
			continue;
		assert_int_equal(crm_txn_begin(store, &t, NULL), CRM_OK);
		answer_plainly(&q, t, &a);
		answer_sifted(&q, t, &b);
		same(&q, &a, &b, "sifted");
		code = answer_by_lines(&q, t, 1 + (unsigned)below(3), &c);
		if (code != CRM_OK && code != CRM_NO)
			fail_msg("%s: %d: %s", crm_buf_cstr(&q.text), code,
			    failure.text);
		assert_int_equal(code == CRM_OK, crm_expr_plain(q.where));
		if (code == CRM_OK)
			same(&q, &a, &c, "lines");
		lines += code == CRM_OK;
		failed += a.code < 0;
		crm_txn_end(t);
		crm_buf_release(&a.b);
		crm_buf_release(&b.b);
		crm_buf_release(&c.b);
		forget(&q);
	}
	assert_true(lines > 50);
	assert_true(failed > 0);
}

/* ---- what goes wrong ---- */

static int
put_fails(void *ctx, struct crm_str lines, uint64_t rows, struct crm_err *err)
{
	uint64_t *left = ctx;

	(void)lines;
	if (rows >= *left)
		return crm_err_set(err, CRM_EIO, "no more");
	*left -= rows;
	return CRM_OK;
}

static void
the_first_failure_ends_it(void **state)
{
	static const int pick[] = {0};
	static const struct crm_want nothing;

	(void)state;
	for (unsigned i = 0; i < 40; i++) {
		uint64_t left = 300 * i;
		struct crm_lines_job job = {.schema = schema,
		    .kind = kind,
		    .want = &nothing,
		    .pick = pick,
		    .npick = 1,
		    .unless = -1,
		    .time = -1,
		    .threads = 1 + i % 4,
		    .put = put_fails,
		    .ctx = &left};
		struct crm_err err = {0};
		struct crm_txn *t;
		int code;

		assert_int_equal(crm_txn_begin(store, &t, NULL), CRM_OK);
		code = crm_scan_lines(t, &job, &err);
		crm_txn_end(t);
		assert_int_equal(code, left ? code : CRM_EIO);
		if (code < 0)
			assert_string_equal(err.text, "no more");
	}
}

static int
bend(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	char key[CRM_COLUMNS_KEY];
	struct crm_str k = crm_columns_key(
			   CRM_K_ORDER, 3 * CRM_COLUMNS_RANGE, key),
		       v;
	struct crm_buf b = {0};
	int code = crm_get(t, CRM_TAB_COLUMNS, k, &v, err);

	assert_int_equal(code, CRM_OK);
	crm_buf_putstr(&b, v);
	b.p[*(size_t *)ctx] ^= 1;
	code = crm_put(t, CRM_TAB_COLUMNS, k, crm_buf_str(&b), 0, err);
	crm_buf_release(&b);
	return code;
}

static void
a_damaged_block_ends_it_after_what_is_before(void **state)
{
	static const int pick[] = {0};
	static const struct crm_want nothing;
	size_t at = 5000;

	(void)state;
	assert_int_equal(
	    crm_txn_run(store, CRM_WRITE, bend, &at, NULL), CRM_OK);
	for (unsigned threads = 1; threads < 5; threads++) {
		struct answer a = {{0}, 0, 0};
		struct crm_lines_job job = {.schema = schema,
		    .kind = kind,
		    .want = &nothing,
		    .pick = pick,
		    .npick = 1,
		    .unless = -1,
		    .time = -1,
		    .threads = threads,
		    .put = put,
		    .ctx = &a};
		struct crm_txn *t;

		assert_int_equal(crm_txn_begin(store, &t, NULL), CRM_OK);
		assert_int_equal(crm_scan_lines(t, &job, NULL), CRM_EDAMAGE);
		crm_txn_end(t);
		/* a stretch is two blocks */
		assert_true(a.rows > 0 && a.rows < 2 * CRM_COLUMNS_RANGE);
		crm_buf_release(&a.b);
	}
	assert_int_equal(
	    crm_txn_run(store, CRM_WRITE, bend, &at, NULL), CRM_OK);
}

static int
setup(void **state)
{
	struct crm_err err = {0};

	(void)state;
	tmpstore_make(&ts);
	store = tmpstore_open(&ts, true);
	assert_int_equal(crm_store_schema(store, &schema, &err), CRM_OK);
	kind = &schema->kind[CRM_K_ORDER];
	crm_rand_seed(&rnd, 9);
	if (crm_txn_run(store, CRM_WRITE, make_records, NULL, &err) < 0 ||
	    crm_columns_fill(store, &err) < 0)
		fail_msg("%s", err.text);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	crm_store_close_env(store);
	crm_arena_release(&arena);
	tmpstore_remove(&ts);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		what_is_asked_of_blocks_is_answered_as_by_each_record),
	    cmocka_unit_test(the_first_failure_ends_it),
	    cmocka_unit_test(a_damaged_block_ends_it_after_what_is_before),
	};

	return cmocka_run_group_tests_name(
	    "scan_lines", tests, setup, teardown);
}
