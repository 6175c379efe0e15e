/*
 * test_columns.c - what is read from blocks is what the records are.
 */
#include "unit/tmpstore.h"

#include <crm/hash.h>
#include <crm/overlay.h>
#include <crm/upkeep.h>

#include "store/columns_wire.h"

#define RECORDS (2 * CRM_COLUMNS_RANGE + 700) /* ranges: two whole, a rest */
#define ORDERS (CRM_TAB_KIND + CRM_K_ORDER)

struct world {
	struct tmpstore ts;
	struct crm_store *store;
	const struct crm_schema *schema;
	const struct crm_kind *kind;
	struct crm_rand rand;
	struct crm_arena arena;
	unsigned sort; /* of the range that is made up */
	char text[400];
};

static void
world_make(struct world *w)
{
	struct crm_err err = {0};

	memset(w, 0, sizeof *w);
	tmpstore_make(&w->ts);
	w->store = tmpstore_open(&w->ts, true);
	assert_int_equal(crm_store_schema(w->store, &w->schema, &err), CRM_OK);
	w->kind = &w->schema->kind[CRM_K_ORDER];
	crm_rand_seed(&w->rand, 5);
	memset(w->text, 'x', sizeof w->text);
}

static void
world_end(struct world *w)
{
	crm_store_close_env(w->store);
	crm_arena_release(&w->arena);
	tmpstore_remove(&w->ts);
}

static uint64_t
below(struct world *w, uint64_t n)
{
	return crm_rand_below(&w->rand, n);
}

static int64_t
any_number(struct world *w)
{
	static const int64_t odd[] = {0, -1, INT64_MIN, INT64_MAX};

	if (w->sort == 1 && below(w, 8) == 0)
		return odd[below(w, 4)];
	return (int64_t)below(w, 100000) - 500;
}

static struct crm_str
any_text(struct world *w, const struct crm_field *f)
{
	static const char *const coin[] = {"EUR", "JPY", "KWD", "XXX"};
	static const char *const word[] = {"web", "shop", "phone"};
	char text[24];

	if (strcmp(f->name, "currency") == 0)
		return crm_str(coin[w->sort ? below(w, 4) : 0]);
	if (f->tag % 3 == 0)
		return crm_str(word[below(w, 3)]);
	if (w->sort == 1 && below(w, 50) == 0)
		return (struct crm_str){w->text, 250 + below(w, 150)};
	snprintf(text, sizeof text, "#%u", (unsigned)below(w, 1000000));
	return crm_arena_str(&w->arena, crm_str(text));
}

static struct crm_value
any_value(struct world *w, const struct crm_field *f)
{
	struct crm_value v = {.type = f->type};

	switch (f->type) {
	case CRM_T_ID:
		v.kind = f->ref;
		v.i = 1 + (int64_t)below(w, 5000);
		break;
	case CRM_T_BOOL:
		v.i = (int64_t)below(w, 2);
		break;
	case CRM_T_ENUM:
		return crm_value_enum(f->values,
		    1 + (unsigned)below(w, crm_enum_count(f->values)));
	case CRM_T_TEXT:
	case CRM_T_LIST:
		v.s = any_text(w, f);
		break;
	case CRM_T_DECIMAL:
		v.scale = 2;
		v.i = 150;
		break;
	default:
		v.i = any_number(w);
	}
	return v;
}

static void
any_rows(struct world *w, struct crm_record *r)
{
	const struct crm_part *line = &w->kind->parts[0];
	uint64_t n = below(w, w->sort ? 5 : 2) + (w->sort == 0);

	/* numbers with gaps */
	for (uint32_t no = 1; n > 0; n--) {
		struct crm_row *row;

		no += 1 + (uint32_t)below(w, 3);
		row = crm_record_add(r, 0, no);
		assert_non_null(row);
		for (int i = 0; i < line->nfields; i++) {
			const struct crm_field *f = &line->fields[i];

			if (w->sort == 0 ? i % 5 == 4 : below(w, 3) == 0)
				continue;
			row->v[i] = any_value(w, f);
			if (f->type == CRM_T_DECIMAL && w->sort > 0)
				row->v[i].scale = (uint8_t)below(w, 5);
		}
	}
}

/* A record of the range `sort`: of the first, little differs; of the second,
 * all does and much is empty; of the rest, some. */
static struct crm_record *
any_record(struct world *w, uint64_t number)
{
	struct crm_record *r = crm_record_new(w->kind, &w->arena);
	uint64_t empty = w->sort == 0 ? 0 : w->sort == 1 ? 3 : 10;

	assert_non_null(r);
	r->id = number;
	r->revision = 1;
	for (int i = 1; i < w->kind->nfields; i++) {
		const struct crm_field *f = &w->kind->fields[i];

		if (f->tag == 0 || (empty && below(w, empty) == 0) ||
		    (w->sort == 0 && i % 5 == 4))
			continue;
		r->v[i] = any_value(w, f);
	}
	any_rows(w, r);
	return r;
}

static int
put_record(struct crm_txn *t, struct crm_record *r)
{
	struct crm_buf b = {0};
	char key[8];
	struct crm_str k = crm_number_key(r->id, key);
	int code;

	crm_record_encode(r, &b);
	crm_seal(ORDERS, k, &b);
	code = crm_put(t, ORDERS, k, crm_buf_str(&b), 0, NULL);
	crm_buf_release(&b);
	return code;
}

static int
make_records(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	struct world *w = ctx;

	(void)err;
	for (uint64_t n = 1; n <= RECORDS; n++) {
		struct crm_record *r;

		w->sort = (unsigned)(n / CRM_COLUMNS_RANGE);
		r = any_record(w, n);
		if (below(w, 40) == 0)
			r->state = CRM_DELETED;
		assert_int_equal(put_record(t, r), CRM_OK);
		if (w->arena.used > 1 << 20)
			crm_arena_reset(&w->arena);
	}
	return CRM_OK;
}

static void
fill(struct world *w)
{
	struct crm_err err = {0};

	if (crm_columns_fill(w->store, &err) < 0)
		fail_msg("fill: %s", err.text);
}

static uint64_t
blocks(struct world *w)
{
	struct crm_txn *t;
	uint64_t n;

	assert_int_equal(crm_txn_begin(w->store, &t, NULL), CRM_OK);
	assert_int_equal(crm_count(t, CRM_TAB_COLUMNS, &n, NULL), CRM_OK);
	crm_txn_end(t);
	return n;
}

static void
world_fill(struct world *w)
{
	world_make(w);
	assert_int_equal(
	    crm_txn_run(w->store, CRM_WRITE, make_records, w, NULL), CRM_OK);
	fill(w);
}

/* Compares the values that are wanted with the record's. */
static void
compare(struct world *w, struct crm_txn *t, const struct crm_want *want,
    const struct crm_record *got)
{
	struct crm_record *r = crm_record_new(w->kind, &w->arena);

	assert_int_equal(
	    crm_record_read(t, w->kind, got->id, &crm_want_all, r, NULL),
	    CRM_OK);
	r->v[0] = crm_value_id(CRM_K_ORDER, got->id);
	for (int i = 0; i < w->kind->nfields; i++)
		if ((i == 0 || crm_wants(want, i)) &&
		    (got->v[i].type != r->v[i].type ||
			got->v[i].scale != r->v[i].scale ||
			!crm_value_eq(&got->v[i], &r->v[i])))
			fail_msg("O%llu: %s: %lld '%.*s', should be %lld "
				 "'%.*s'",
			    (unsigned long long)got->id,
			    w->kind->fields[i].name, (long long)got->v[i].i,
			    (int)got->v[i].s.n, got->v[i].s.p,
			    (long long)r->v[i].i, (int)r->v[i].s.n,
			    r->v[i].s.p);
	if (w->arena.used > 1 << 20)
		crm_arena_reset(&w->arena);
}

/* And the rows. */
static void
compare_rows(struct world *w, struct crm_txn *t, uint64_t cells,
    const struct crm_record *got)
{
	struct crm_record *r = crm_record_new(w->kind, &w->arena);
	const struct crm_rows *x = &got->part[0], *y = &r->part[0];
	uint64_t n;

	assert_int_equal(
	    crm_record_read(t, w->kind, got->id, &crm_want_all, r, NULL),
	    CRM_OK);
	assert_int_equal(x->n, y->n);
	for (n = 0; n < x->n; n++)
		for (int i = 0; i < w->kind->parts[0].nfields; i++)
			if (cells >> i & 1 &&
			    (x->row[n].v[i].type != y->row[n].v[i].type ||
				!crm_value_eq(
				    &x->row[n].v[i], &y->row[n].v[i])))
				fail_msg("O%llu, row %u: field %d",
				    (unsigned long long)got->id, (unsigned)n,
				    i);
}

/* All blocks that have what is wanted; the records in them. */
static size_t
read_blocks(
    struct world *w, const struct crm_want *want, uint64_t cells, unsigned *n)
{
	struct crm_columns *c;
	struct crm_arena arena = {0};
	struct crm_record *got = crm_record_new(w->kind, &arena);
	struct crm_txn *t;
	struct crm_err err = {0};
	uint64_t first, before = 0;
	size_t records = 0;
	int code;

	*n = 0;
	assert_int_equal(crm_txn_begin(w->store, &t, NULL), CRM_OK);
	assert_int_equal(
	    crm_columns_open(t, w->schema, w->kind, want, cells, &c, &err),
	    CRM_OK);
	while ((code = crm_columns_block(c, &first, &err)) == CRM_OK) {
		++*n;
		while ((code = crm_columns_next(c, got, &err)) == CRM_OK) {
			assert_true(got->id > before && got->id >= first);
			before = got->id;
			records++;
			compare(w, t, want, got);
			if (want->parts)
				compare_rows(w, t, cells, got);
		}
		assert_int_equal(code, CRM_NOTFOUND);
	}
	if (code != CRM_NOTFOUND)
		fail_msg("%s", err.text);
	crm_columns_close(c);
	crm_txn_end(t);
	crm_arena_release(&arena);
	return records;
}

static void
what_is_read_from_blocks_is_what_the_records_are(void **state)
{
	struct crm_want want, all = {{0}, 0};
	struct world w;
	unsigned n;
	size_t records;

	(void)state;
	world_fill(&w);
	assert_int_equal(blocks(&w), 2);
	/* each field by itself, none, and any of them together */
	for (int i = 0; i < w.kind->nfields; i++) {
		want = (struct crm_want){{0}, 0};
		if (i > 0 && !crm_columns_field(&w.kind->fields[i]))
			continue;
		if (i > 0)
			crm_want_field(&want, i);
		records = read_blocks(&w, &want, 0, &n);
		/* numbers too far apart are not in the second */
		if (n == 1 && w.kind->fields[i].type != CRM_T_INT &&
		    w.kind->fields[i].type != CRM_T_TIME &&
		    w.kind->fields[i].type != CRM_T_MONEY)
			fail_msg("no column %s", w.kind->fields[i].name);
		assert_true(records > n * (CRM_COLUMNS_RANGE * 9 / 10));
		if (n == 2)
			crm_want_field(&all, i);
	}
	for (int k = 0; k < 20; k++) {
		want = (struct crm_want){{0}, 0};
		for (int i = 1; i < w.kind->nfields; i++)
			if (crm_wants(&all, i) && below(&w, 3) == 0)
				crm_want_field(&want, i);
		read_blocks(&w, &want, 0, &n);
		assert_int_equal(n, 2);
	}
	world_end(&w);
}

static void
rows_that_are_read_from_blocks_are_those_of_the_records(void **state)
{
	struct crm_want want = {{0}, 1};
	struct world w;
	uint64_t cells;
	unsigned n;

	(void)state;
	world_fill(&w);
	cells = crm_columns_cells(w.kind);
	assert_int_equal(__builtin_popcountll(cells), 4);
	/* of the second range some are too far apart for all */
	for (uint64_t left = cells; left; left &= left - 1) {
		assert_true(read_blocks(&w, &want, left & -left, &n) > 0);
		assert_true(n >= 1);
	}
	assert_true(read_blocks(&w, &want, cells, &n) > 0);
	crm_want_field(&want, crm_kind_field(w.kind, CRM_STR("status")));
	assert_true(read_blocks(&w, &want, cells, &n) > 0);
	world_end(&w);
}

static int
put_many_rows(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	struct world *w = ctx;
	struct crm_record *r = any_record(w, 40);

	(void)err;
	while (r->part[0].n < w->sort)
		assert_non_null(crm_record_add(r, 0, 0));
	return put_record(t, r);
}

static void
an_order_with_too_many_rows_leaves_its_block_without_any(void **state)
{
	struct crm_want want = {{0}, 1};
	struct world w;
	unsigned n, before;

	(void)state;
	world_fill(&w);
	(void)read_blocks(&w, &want, 1, &before);
	assert_true(before > 0);
	for (unsigned k = 0; k < 2; k++) {
		w.sort = COLUMNS_ROWS + k;
		assert_int_equal(
		    crm_txn_run(w.store, CRM_WRITE, put_many_rows, &w, NULL),
		    CRM_OK);
		fill(&w);
		assert_int_equal(blocks(&w), 2);
		(void)read_blocks(&w, &want, 1, &n);
		assert_int_equal(n, before - k);
	}
	world_end(&w);
}

/* As a version made it that kept no rows: the fields' columns only. */
static int
make_old(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	char key[CRM_COLUMNS_KEY];
	struct crm_str k = crm_columns_key(CRM_K_ORDER, 5, key), v;
	struct crm_buf b = {0};
	const unsigned char *dir;
	int code = crm_get(t, CRM_TAB_COLUMNS, k, &v, err);

	(void)ctx;
	assert_int_equal(code, CRM_OK);
	crm_buf_put(&b, v.p, v.n - 4);
	b.p[6] = b.p[7] = 0;
	/* a tag that nobody asks for */
	dir = (const unsigned char *)b.p + COLUMNS_HEAD + COLUMNS_LIVE;
	for (unsigned i = 0; i < columns_load2((unsigned char *)b.p + 4); i++)
		if (columns_load2(dir + i * COLUMNS_ENTRY) >= 1000)
			b.p[COLUMNS_HEAD + COLUMNS_LIVE + i * COLUMNS_ENTRY] =
			    (char)0xfe;
	crm_seal(CRM_TAB_COLUMNS, k, &b);
	code = crm_put(t, CRM_TAB_COLUMNS, k, crm_buf_str(&b), 0, err);
	crm_buf_release(&b);
	return code;
}

static void
a_block_without_rows_is_read_for_fields_and_made_anew(void **state)
{
	struct crm_want rows = {{0}, 1}, none = {{0}, 0};
	struct world w;
	unsigned n, before;

	(void)state;
	world_fill(&w);
	(void)read_blocks(&w, &rows, 1, &before);
	assert_int_equal(
	    crm_txn_run(w.store, CRM_WRITE, make_old, &w, NULL), CRM_OK);
	(void)read_blocks(&w, &rows, 1, &n);
	assert_int_equal(n, before - 1);
	(void)read_blocks(&w, &none, 0, &n);
	assert_int_equal(n, 2);
	fill(&w);
	(void)read_blocks(&w, &rows, 1, &n);
	assert_int_equal(n, before);
	world_end(&w);
}

static int
change_some(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	struct world *w = ctx;
	char key[8];

	if (w->sort == 0)
		return put_record(t, any_record(w, 17));
	if (w->sort == 1)
		return crm_del(
		    t, ORDERS, crm_number_key(CRM_COLUMNS_RANGE, key), err);
	if (w->sort == 2)
		return put_record(t, any_record(w, RECORDS + 1));
	(void)put_record(t, any_record(w, 18));
	return CRM_EDATA;
}

static void
a_change_drops_its_block_and_no_other_one(void **state)
{
	/* by sort of the change: blocks that are left */
	static const uint64_t left[] = {1, 1, 2, 2};
	struct world w;

	(void)state;
	world_fill(&w);
	for (unsigned i = 0; i < 4; i++) {
		w.sort = i;
		fill(&w);
		assert_int_equal(blocks(&w), 2);
		assert_int_equal(
		    crm_txn_run(w.store, CRM_WRITE, change_some, &w, NULL),
		    i < 3 ? CRM_OK : CRM_EDATA);
		if (blocks(&w) != left[i])
			fail_msg("change %u", i);
	}
	world_end(&w);
}

static int
try_open(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	struct world *w = ctx;
	struct crm_want want = {{0}, 0};
	struct crm_columns *c;

	return crm_columns_open(t, w->schema, w->kind, &want, 0, &c, err);
}

static void
what_writes_or_sees_the_past_reads_records(void **state)
{
	struct crm_overlay past = {0};
	struct crm_want want = {{0}, 1};
	struct crm_columns *c;
	struct crm_txn *t;
	struct world w;

	(void)state;
	world_fill(&w);
	assert_int_equal(
	    crm_txn_run(w.store, CRM_WRITE, try_open, &w, NULL), CRM_NO);
	crm_store_overlay(w.store, &past);
	assert_int_equal(
	    crm_txn_run(w.store, CRM_READ, try_open, &w, NULL), CRM_NO);
	crm_store_overlay(w.store, NULL);
	assert_int_equal(crm_txn_begin(w.store, &t, NULL), CRM_OK);
	/* parts */
	assert_int_equal(
	    crm_columns_open(t, w.schema, w.kind, &want, 0, &c, NULL), CRM_NO);
	/* a personal field, a list, one that is computed */
	for (int i = 1; i < w.kind->nfields; i++) {
		want = (struct crm_want){{0}, 0};
		crm_want_field(&want, i);
		if (!crm_columns_field(&w.kind->fields[i]))
			assert_int_equal(crm_columns_open(t, w.schema, w.kind,
					     &want, 0, &c, NULL),
			    CRM_NO);
	}
	/* customers have none */
	want = (struct crm_want){{0}, 0};
	assert_int_equal(
	    crm_columns_open(t, w.schema, &w.schema->kind[CRM_K_CUSTOMER],
		&want, 0, &c, NULL),
	    CRM_NO);
	crm_txn_end(t);
	world_end(&w);
}

static int
delete_range(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	struct world *w = ctx;

	(void)err;
	for (uint64_t n = 1; n < CRM_COLUMNS_RANGE; n++) {
		struct crm_record *r = crm_record_new(w->kind, &w->arena);

		r->id = n;
		r->revision = 1;
		r->state = CRM_DELETED;
		assert_int_equal(put_record(t, r), CRM_OK);
	}
	return CRM_OK;
}

static void
a_range_of_which_all_are_gone_has_a_block_without_records(void **state)
{
	struct crm_want want = {{0}, 0};
	struct world w;
	unsigned n;
	size_t before, after;

	(void)state;
	world_fill(&w);
	for (int i = 1; i < w.kind->nfields; i++)
		if (w.kind->fields[i].type == CRM_T_ENUM ||
		    w.kind->fields[i].type == CRM_T_BOOL)
			crm_want_field(&want, i);
	before = read_blocks(&w, &want, 0, &n);
	assert_int_equal(
	    crm_txn_run(w.store, CRM_WRITE, delete_range, &w, NULL), CRM_OK);
	fill(&w);
	after = read_blocks(&w, &want, 0, &n);
	assert_int_equal(n, 2);
	assert_true(after > 0 && after < before);
	world_end(&w);
}

static int
read_features(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	struct crm_str v;
	int code = crm_get(t, CRM_TAB_META, crm_meta_key("format"), &v, err);

	if (code == CRM_OK)
		*(char *)ctx = v.p[7];
	return code;
}

static void
a_store_says_that_it_has_blocks_and_one_that_has_few_records_has_none(
    void **state)
{
	struct world w;
	char features;

	(void)state;
	world_make(&w);
	fill(&w);
	assert_int_equal(blocks(&w), 0);
	crm_txn_run(w.store, CRM_READ, read_features, &features, NULL);
	assert_int_equal(features, 0);
	world_end(&w);
	world_fill(&w);
	crm_txn_run(w.store, CRM_READ, read_features, &features, NULL);
	assert_int_equal(features, CRM_FEATURE_COLUMNS);
	world_end(&w);
}

/* The first block's bytes, without their checksum. */
static int
read_block(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	char key[CRM_COLUMNS_KEY];
	struct crm_str v;
	int code = crm_get(t, CRM_TAB_COLUMNS,
	    crm_columns_key(CRM_K_ORDER, CRM_COLUMNS_RANGE, key), &v, err);

	if (code == CRM_OK)
		crm_buf_put(ctx, v.p, v.n - 4);
	return code;
}

static void
bytes_that_are_no_block_are_damage_and_nothing_worse(void **state)
{
	struct crm_buf b = {0};
	struct crm_columns *c;
	struct crm_record *r;
	struct crm_arena arena = {0};
	struct world w;
	size_t bad = 0;

	(void)state;
	world_fill(&w);
	assert_int_equal(
	    crm_txn_run(w.store, CRM_READ, read_block, &b, NULL), CRM_OK);
	assert_int_equal(
	    crm_columns_make(w.schema, w.kind, NULL, 0, &c, NULL), CRM_OK);
	r = crm_record_new(w.kind, &arena);
	for (int i = 0; i < 3000; i++) {
		/* mostly where places and widths are said */
		size_t at = below(&w, i % 4 ? 900 : b.n);
		size_t n = i % 5 ? b.n : below(&w, b.n);
		char *copy = malloc(n ? n : 1), was = b.p[at];
		int code;

		assert_non_null(copy);
		b.p[at] = (char)(was ^ (1 << below(&w, 8)));
		memcpy(copy, b.p, n);
		b.p[at] = was;
		code = crm_columns_take(
		    c, CRM_COLUMNS_RANGE, (struct crm_str){copy, n}, NULL);
		while (code == CRM_OK)
			code = crm_columns_next(c, r, NULL);
		bad += code == CRM_EDAMAGE;
		assert_true(code == CRM_EDAMAGE || code == CRM_NOTFOUND);
		free(copy);
	}
	assert_true(bad > 500);
	crm_columns_close(c);
	crm_buf_release(&b);
	crm_arena_release(&arena);
	world_end(&w);
}

/* ---- what the check says ---- */

/* The base of the rows' products. */
static void
bend_rows(struct crm_buf *b)
{
	unsigned char *e = (unsigned char *)b->p + COLUMNS_HEAD + COLUMNS_LIVE;

	while (columns_load2(e) != (COLUMNS_CELL | 1))
		e += COLUMNS_ENTRY;
	e[8] ^= 1;
}

static int
bend(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	const struct world *w = ctx;
	char key[CRM_COLUMNS_KEY], number[8];
	struct crm_str k = crm_columns_key(CRM_K_ORDER, 5, key), v;
	struct crm_buf b = {0};
	int code = crm_get(t, CRM_TAB_COLUMNS, k, &v, err);

	assert_int_equal(code, CRM_OK);
	crm_buf_put(&b, v.p, v.n - 4);
	if (w->sort == 0) /* a bit and no checksum for it */
		crm_buf_putbe(&b, 0, 4);
	if (w->sort == 1) /* another one's block */
		k = crm_columns_key(CRM_K_ORDER, CRM_COLUMNS_RANGE, key);
	if (w->sort == 2) { /* one that was deleted for one that lives */
		size_t i = 1;

		while (b.p[COLUMNS_HEAD + i / 8] >> (i % 8) & 1)
			i++;
		b.p[COLUMNS_HEAD + i / 8] |= (char)(1 << (i % 8));
		b.p[COLUMNS_HEAD] &= ~2;
	}
	if (w->sort == 7) /* entries */
		b.p[6]++;
	if (w->sort == 8)
		bend_rows(&b);
	if (w->sort == 6) /* more of them than it says */
		b.p[COLUMNS_HEAD] |= 1;
	if (w->sort == 3) /* an entry that is none */
		k = crm_number_key(1, number);
	if (w->sort == 4) /* two bytes of the values */
		for (size_t i = b.n / 2; i < b.n / 2 + 8; i++)
			b.p[i] = (char)~b.p[i];
	if (w->sort == 5) /* it begins in the middle of a range */
		key[CRM_COLUMNS_KEY - 1] = 7;
	if (w->sort > 0)
		crm_seal(CRM_TAB_COLUMNS, k, &b);
	code = crm_put(t, CRM_TAB_COLUMNS, k, crm_buf_str(&b), 0, err);
	crm_buf_release(&b);
	return code;
}

static int
note_fault(
    void *ctx, struct crm_str where, struct crm_str what, struct crm_err *err)
{
	char line[300];

	(void)err;
	snprintf(line, sizeof line, "%.*s: %.*s\n", (int)where.n, where.p,
	    (int)what.n, what.p);
	crm_buf_puts(ctx, line);
	return CRM_OK;
}

static void
the_check_compares_blocks_with_their_records(void **state)
{
	static const char *const says[] = {"columns: wrong checksum\n",
	    "in the columns is another\n",
	    "it is in the columns and no record\n",
	    "columns: there are entries that are no blocks\n",
	    "in the columns is another\n",
	    "columns from O7: no range begins here\n",
	    "columns: a block cannot be read\n",
	    "of so many entries it is not\n",
	    "of a line in the columns is another\n"};

	(void)state;
	for (unsigned i = 0; i <= sizeof says / sizeof *says; i++) {
		struct crm_buf said = {0};
		struct crm_check_options opt = {
		    .fault = note_fault, .ctx = &said};
		struct crm_check_result found;
		struct world w;
		const char *text;
		bool whole = i == sizeof says / sizeof *says;

		world_fill(&w);
		w.sort = i;
		if (!whole)
			assert_int_equal(
			    crm_txn_run(w.store, CRM_WRITE, bend, &w, NULL),
			    CRM_OK);
		(void)crm_store_check(w.store, &opt, &found, NULL);
		text = crm_buf_cstr(&said);
		/* the records are made up, and do not please it either */
		if (whole && strstr(text, "columns"))
			fail_msg("said of what is whole: %s", text);
		if (!whole && !strstr(text, says[i]))
			fail_msg("row %u: not said: %s", i, says[i]);
		crm_buf_release(&said);
		world_end(&w);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_read_from_blocks_is_what_the_records_are),
	    cmocka_unit_test(
		rows_that_are_read_from_blocks_are_those_of_the_records),
	    cmocka_unit_test(
		an_order_with_too_many_rows_leaves_its_block_without_any),
	    cmocka_unit_test(
		a_block_without_rows_is_read_for_fields_and_made_anew),
	    cmocka_unit_test(a_change_drops_its_block_and_no_other_one),
	    cmocka_unit_test(
		a_range_of_which_all_are_gone_has_a_block_without_records),
	    cmocka_unit_test(what_writes_or_sees_the_past_reads_records),
	    cmocka_unit_test(
		a_store_says_that_it_has_blocks_and_one_that_has_few_records_has_none),
	    cmocka_unit_test(
		bytes_that_are_no_block_are_damage_and_nothing_worse),
	    cmocka_unit_test(the_check_compares_blocks_with_their_records),
	};

	return cmocka_run_group_tests_name("columns", tests, NULL, NULL);
}
