/*
 * test_record.c - records to bytes and back.
 */
#include "unit/tmpstore.h"

#include <crm/hash.h>

/* A kind with a field of every sort, tags not in the table's order. */
static const struct crm_field line[] = {
    {"what", CRM_T_TEXT, 0, 3, 0, NULL, ""},
    {"qty", CRM_T_DECIMAL, 0, 1, 0, NULL, ""},
    {"price", CRM_T_MONEY, 0, 2, 0, NULL, ""},
    {"cost", CRM_T_MONEY, 0, 1030, CRM_F_BASE, NULL, ""},
};
static const struct crm_field step[] = {
    {"at", CRM_T_TIME, 0, 1, 0, NULL, ""},
    {"line_id", CRM_T_ID, 0, 2, 0, NULL, ""},
};
static const struct crm_part parts[] = {
    {"step", "e", 900, 2, step, ""},
    {"line", "", 20, 4, line, ""},
};
static const struct crm_field fields[] = {
    {"thing_id", CRM_T_ID, CRM_K_TICKET, 0, 0, NULL, ""},
    {"name", CRM_T_TEXT, 0, 9, 0, NULL, ""},
    {"total", CRM_T_MONEY, 0, 30, 0, NULL, ""},
    {"orders", CRM_T_INT, 0, 0, CRM_F_FIGURE, NULL, ""},
    {"early", CRM_T_MONEY, 0, 1, 0, NULL, ""},
    {"base", CRM_T_MONEY, 0, 2, CRM_F_BASE, NULL, ""},
    {"currency", CRM_T_TEXT, 0, 5, 0, NULL, ""},
    {"count", CRM_T_INT, 0, 3, 0, NULL, ""},
    {"rate", CRM_T_DECIMAL, 0, 4, 0, NULL, ""},
    {"day", CRM_T_DATE, 0, 6, 0, NULL, ""},
    {"time", CRM_T_TIME, 0, 7, 0, NULL, ""},
    {"yes", CRM_T_BOOL, 0, 8, 0, NULL, ""},
    {"colour", CRM_T_ENUM, 0, 127, 0, "red,green,blue", ""},
    {"tags", CRM_T_LIST, 0, 128, 0, NULL, ""},
    {"who", CRM_T_ID, CRM_K_CUSTOMER, 500, 0, NULL, ""},
    {"any", CRM_T_ID, 0, 501, 0, NULL, ""},
    {"custom", CRM_T_TEXT, 0, 1024, CRM_F_CUSTOM, NULL, ""},
    {"seen", CRM_T_TEXT, 0, 40, CRM_F_VIRTUAL, NULL, ""},
};
#define NFIELDS (sizeof(fields) / sizeof(fields[0]))
static const struct crm_kind thing = {
    "thing", "T", CRM_K_TICKET, 2, NFIELDS, fields, parts, NULL, ""};

struct world {
	struct crm_settings settings;
	struct crm_schema schema;
	struct crm_arena arena;
	struct crm_rand rand;
};

static void
world_make(struct world *w)
{
	memset(w, 0, sizeof(*w));
	w->settings = tmpstore_settings();
	assert_int_equal(
	    crm_schema_init(&w->schema, &w->settings, NULL), CRM_OK);
	crm_rand_seed(&w->rand, 7);
}

static void
world_end(struct world *w)
{
	crm_schema_release(&w->schema);
	crm_arena_release(&w->arena);
}

static int64_t
any_number(struct world *w)
{
	uint64_t bits = crm_rand_below(&w->rand, 64);

	return (int64_t)(crm_rand_next(&w->rand) >> bits) *
	       (crm_rand_below(&w->rand, 2) ? 1 : -1);
}

static struct crm_str
any_text(struct world *w, char first)
{
	size_t n = 1 + crm_rand_below(
			   &w->rand, crm_rand_below(&w->rand, 50) ? 12 : 400);
	char *p = crm_arena_alloc(&w->arena, n);

	for (size_t i = 0; i < n; i++)
		p[i] = (char)crm_rand_next(&w->rand);
	p[0] = first;
	return (struct crm_str){p, n};
}

static struct crm_value
any_value(struct world *w, const struct crm_field *f, int digits)
{
	struct crm_value v = {.type = f->type};

	switch (f->type) {
	case CRM_T_TEXT:
	case CRM_T_LIST:
		v.s = any_text(w, 'x');
		break;
	case CRM_T_BOOL:
		v.i = (int64_t)crm_rand_below(&w->rand, 2);
		break;
	case CRM_T_ENUM:
		v.i = 1 + (int64_t)crm_rand_below(&w->rand, 3);
		v.s = crm_enum_name(f->values, (unsigned)v.i);
		break;
	case CRM_T_ID:
		v.kind = f->ref ? f->ref : CRM_K_ORDER;
		v.i = 1 + (any_number(w) & INT64_MAX >> 1);
		if (crm_rand_below(&w->rand, 3) == 0)
			v.sub = 1 + (uint32_t)crm_rand_below(&w->rand, 300);
		break;
	case CRM_T_MONEY:
		v.i = any_number(w);
		v.scale = (uint8_t)(f->flags & CRM_F_BASE ? w->schema.digits
							  : digits);
		break;
	case CRM_T_DECIMAL:
		v.scale = (uint8_t)crm_rand_below(&w->rand, CRM_SCALE_MAX + 1);
		v.i = any_number(w);
		break;
	default:
		v.i = any_number(w);
		break;
	}
	return v;
}

static void
any_values(struct world *w, const struct crm_field *f, size_t from, size_t n,
    int digits, struct crm_value *v)
{
	for (size_t i = from; i < n; i++)
		if (f[i].tag != 0 && !(f[i].flags & CRM_F_VIRTUAL) &&
		    crm_rand_below(&w->rand, 3))
			v[i] = any_value(w, &f[i], digits);
}

static struct crm_record *
any_record(struct world *w)
{
	static const struct {
		const char *code;
		int digits;
	} cur[] = {{NULL, 2}, {"EUR", 2}, {"JPY", 0}, {"KWD", 3}};
	unsigned c = (unsigned)crm_rand_below(&w->rand, 4);
	struct crm_record *r = crm_record_new(&thing, &w->arena);

	r->id = 1 + crm_rand_below(&w->rand, 1000000);
	r->revision = crm_rand_next(&w->rand) >> crm_rand_below(&w->rand, 64);
	any_values(w, fields, 1, NFIELDS, cur[c].digits, r->v);
	r->v[0] = crm_value_id(CRM_K_TICKET, r->id);
	r->v[6] = crm_value_text(crm_str(cur[c].code));
	for (int p = 0; p < 2; p++) {
		size_t n = crm_rand_below(&w->rand, 6);

		while (n-- > 0) {
			struct crm_row *row = crm_record_add(r, p, 0);

			any_values(w, parts[p].fields, 0, parts[p].nfields,
			    cur[c].digits, row->v);
		}
		if (crm_rand_below(&w->rand, 2) && r->part[p].n)
			crm_record_drop(r, p,
			    1 + (uint32_t)crm_rand_below(
				    &w->rand, r->part[p].last));
	}
	return r;
}

static bool
same_value(const struct crm_value *a, const struct crm_value *b)
{
	return a->type == b->type && a->scale == b->scale &&
	       a->kind == b->kind && a->sub == b->sub && a->i == b->i &&
	       crm_str_eq(a->s, b->s);
}

static void
check_same(const struct crm_record *a, const struct crm_record *b,
    const struct crm_want *want, int round)
{
	static const struct crm_value none;

	if (a->state != b->state || a->revision != b->revision ||
	    a->into != b->into)
		fail_msg("round %d: head", round);
	for (int i = 0; i < (int)NFIELDS; i++) {
		const struct crm_value *v = &a->v[i];

		if (i > 0 && !crm_wants(want, i))
			v = &none;
		if (!same_value(v, &b->v[i]))
			fail_msg("round %d: %s", round, fields[i].name);
	}
	for (int p = 0; p < 2; p++) {
		bool wanted = want->parts >> p & 1;
		const struct crm_rows *x = &a->part[p], *y = &b->part[p];

		if (y->n != (wanted ? x->n : 0) ||
		    y->last != (wanted ? x->last : 0))
			fail_msg("round %d: rows of %s", round, parts[p].name);
		for (size_t i = 0; i < y->n; i++)
			for (size_t f = 0; f < parts[p].nfields; f++)
				if (x->row[i].no != y->row[i].no ||
				    !same_value(
					&x->row[i].v[f], &y->row[i].v[f]))
					fail_msg("round %d: %s %zu %s", round,
					    parts[p].name, i,
					    parts[p].fields[f].name);
	}
}

static void
random_records_come_back_whole_and_in_part(void **state)
{
	struct world w;
	struct crm_arena keep = {0};
	struct crm_record *back = crm_record_new(&thing, &keep);
	struct crm_buf b = {0}, again = {0};

	(void)state;
	world_make(&w);
	for (int round = 0; round < 3000; round++) {
		struct crm_want want = crm_want_all;
		struct crm_record *r = any_record(&w);

		crm_buf_clear(&b);
		crm_record_encode(r, &b);
		assert_int_equal(crm_buf_check(&b, NULL), CRM_OK);
		back->id = r->id;
		assert_int_equal(crm_record_decode(&w.schema, crm_buf_str(&b),
				     &want, back, NULL),
		    CRM_OK);
		check_same(r, back, &want, round);
		crm_buf_clear(&again);
		crm_record_encode(back, &again);
		assert_true(crm_str_eq(crm_buf_str(&b), crm_buf_str(&again)));
		want.fields[0] = crm_rand_next(&w.rand) &
				 crm_rand_next(&w.rand) &
				 crm_rand_next(&w.rand);
		want.parts = (uint32_t)crm_rand_below(&w.rand, 4);
		assert_int_equal(crm_record_decode(&w.schema, crm_buf_str(&b),
				     &want, back, NULL),
		    CRM_OK);
		check_same(r, back, &want, round);
		crm_arena_reset(&w.arena);
	}
	crm_buf_release(&b);
	crm_buf_release(&again);
	crm_arena_release(&keep);
	world_end(&w);
}

/* Of the rows of a part, or of both. */
static void
cells_that_are_wanted_are_those_of_the_whole(void **state)
{
	struct world w;
	struct crm_arena keep = {0};
	struct crm_record *back = crm_record_new(&thing, &keep);
	struct crm_buf b = {0};

	(void)state;
	world_make(&w);
	for (int round = 0; round < 3000; round++) {
		struct crm_want want = {.fields = {0}};
		struct crm_record *r = any_record(&w);
		uint64_t cells = 1 + crm_rand_below(&w.rand, 15);
		struct crm_plan plan;

		want.parts = 1 + (uint32_t)crm_rand_below(&w.rand, 3);
		crm_plan_make(&plan, &w.schema, &thing, &want);
		crm_plan_cells(&plan, cells);
		crm_buf_clear(&b);
		crm_record_encode(r, &b);
		back->id = r->id;
		assert_int_equal(
		    crm_plan_decode(&plan, crm_buf_str(&b), back, NULL),
		    CRM_OK);
		for (int p = 0; p < 2; p++) {
			struct crm_rows *x = &r->part[p], *y = &back->part[p];

			assert_int_equal(y->n, want.parts >> p & 1 ? x->n : 0);
			for (size_t i = 0; i < y->n; i++)
				for (size_t f = 0; f < parts[p].nfields; f++)
					if ((cells >> f & 1) &&
					    !same_value(&x->row[i].v[f],
						&y->row[i].v[f]))
						fail_msg("round %d: %s %zu %s",
						    round, parts[p].name, i,
						    parts[p].fields[f].name);
		}
		crm_arena_reset(&w.arena);
	}
	crm_buf_release(&b);
	crm_arena_release(&keep);
	world_end(&w);
}

static void
a_record_that_is_cut_anywhere_is_damage_or_shorter(void **state)
{
	struct world w;
	struct crm_record *r, *back;
	struct crm_buf b = {0};

	(void)state;
	world_make(&w);
	back = crm_record_new(&thing, &w.arena);
	r = any_record(&w);
	crm_record_encode(r, &b);
	for (size_t n = 0; n < b.n; n++) {
		char *p = malloc(n ? n : 1); /* so that a sanitizer sees */
		int code;

		memcpy(p, b.p, n);
		code = crm_record_decode(&w.schema, (struct crm_str){p, n},
		    &crm_want_all, back, NULL);
		assert_true(code == CRM_EDAMAGE || (n > 0 && code == CRM_OK));
		free(p);
	}
	crm_buf_release(&b);
	world_end(&w);
}

static void
what_stands_behind_the_last_wanted_item_is_not_looked_at(void **state)
{
	struct world w;
	struct crm_want want = {.fields = {0}};
	struct crm_record *r;
	struct crm_buf b = {0};

	(void)state;
	world_make(&w);
	r = crm_record_new(&thing, &w.arena);
	r->v[7] = crm_value_num(CRM_T_INT, 42, 0);
	crm_record_encode(r, &b);
	crm_buf_putvar(&b, 4000 << 2 | 3); /* there is no wire 3 */
	crm_want_field(&want, 7);
	assert_int_equal(
	    crm_record_decode(&w.schema, crm_buf_str(&b), &want, r, NULL),
	    CRM_OK);
	assert_int_equal(r->v[7].i, 42);
	crm_buf_release(&b);
	world_end(&w);
}

static void
bad_items_are_damage(void **state)
{
	static const struct {
		const char *why, *bytes;
		size_t n;
	} rows[] = {
	    {"nothing", "", 0},
	    {"no such state", "\4\1", 2},
	    {"no revision", "\0", 1},
	    {"merged into nothing", "\2\1", 2},
	    {"a deleted one with items", "\1\1\x0c\2", 4},
	    {"wire 3", "\0\1\x0f\2", 4},
	    {"falling tags", "\0\1\x0c\2\x08\2", 6},
	    {"a field twice", "\0\1\x0c\2\x0c\2", 6},
	    {"a number as text", "\0\1\x0d\1x", 5},
	    {"a decimal as number", "\0\1\x10\2", 4},
	    {"a text past the end", "\0\1\x25\5abc", 7},
	    {"a bool of 2", "\0\1\x20\4", 4},
	    {"scale 13", "\0\1\x12\x0d\2", 5},
	    {"enum value 4", "\0\1\xfc\3\x08", 5},
	    {"enum value 0", "\0\1\xfc\3\0", 5},
	    {"a varint without an end", "\0\1\x0c\xff\xff", 5},
	    {"a varint of 70 bits",
		"\0\1\x0c\xff\xff\xff\xff\xff\xff\xff\xff\xff\2", 13},
	    {"an id of number 0", "\0\1\xd0\x0f\0", 5},
	    {"an id of any kind with no number", "\0\1\xd5\x0f\1\3", 6},
	    {"row number 0", "\0\1\x51\1\0", 5},
	    {"rows of one number", "\0\1\x51\1\1\x51\1\1", 8},
	    {"a row past its end", "\0\1\x51\3\1\x0a\1\0", 8},
	    {"falling tags in a row", "\0\1\x51\5\1\x08\2\x08\2", 9},
	};
	struct world w;
	struct crm_record *r;

	(void)state;
	world_make(&w);
	r = crm_record_new(&thing, &w.arena);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct crm_str s = {rows[i].bytes, rows[i].n};
		struct crm_err err = {0};

		if (crm_record_decode(&w.schema, s, &crm_want_all, r, &err) !=
		    CRM_EDAMAGE)
			fail_msg("%s", rows[i].why);
		assert_non_null(strstr(err.text, "damaged"));
	}
	world_end(&w);
}

static void
an_unknown_tag_is_passed_over(void **state)
{
	struct world w;
	struct crm_record *r;
	static const char bytes[] = "\0\1\x0c\x0e" /* count 7 */
				    "\xa5\1\2hi" /* tag 41: a text */
				    "\x81\x7d\3abc"; /* tag 4000 */

	(void)state;
	world_make(&w);
	r = crm_record_new(&thing, &w.arena);
	assert_int_equal(crm_record_decode(&w.schema,
			     (struct crm_str){bytes, sizeof(bytes) - 1},
			     &crm_want_all, r, NULL),
	    CRM_OK);
	assert_int_equal(r->v[7].i, 7);
	world_end(&w);
}

static void
what_must_not_be_stored_is_refused(void **state)
{
	struct world w;
	struct crm_record *r;
	struct crm_buf b = {0};

	(void)state;
	world_make(&w);
	r = crm_record_new(&thing, &w.arena);
	r->v[14] = (struct crm_value){
	    .type = CRM_T_ID, .s = CRM_STR("email:a@b.c")}; /* unresolved */
	crm_record_encode(r, &b);
	assert_int_equal(crm_buf_check(&b, NULL), CRM_EBUG);
	crm_buf_clear(&b);
	r->v[14] = (struct crm_value){0};
	r->v[7] = crm_value_num(CRM_T_MONEY, 1, 2); /* in a field of int */
	crm_record_encode(r, &b);
	assert_int_equal(crm_buf_check(&b, NULL), CRM_EBUG);
	crm_buf_release(&b);
	world_end(&w);
}

/* ---- in a store ---- */

struct reading {
	struct crm_record *r;
	struct crm_buf *b;
};

static int
put_record(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	struct reading *x = ctx;
	unsigned table = CRM_TAB_KIND + x->r->kind->number;
	char key[8];
	struct crm_str k = crm_number_key(x->r->id, key);

	crm_buf_clear(x->b);
	crm_record_encode(x->r, x->b);
	crm_seal(table, k, x->b);
	return crm_put(t, table, k, crm_buf_str(x->b), 0, err);
}

static int
put_flipped(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	struct crm_buf *b = ctx;
	char key[8];

	return crm_put(t, CRM_TAB_KIND + CRM_K_CUSTOMER, crm_number_key(5, key),
	    crm_buf_str(b), 0, err);
}

static void
a_stored_record_is_read_gone_or_damaged_never_wrong(void **state)
{
	struct tmpstore ts;
	struct crm_arena a = {0};
	struct crm_buf b = {0};
	struct crm_store *s;
	struct crm_txn *t;
	const struct crm_schema *schema;
	const struct crm_kind *k;
	struct reading x = {.b = &b};

	(void)state;
	tmpstore_make(&ts);
	s = tmpstore_open(&ts, true);
	assert_int_equal(crm_store_schema(s, &schema, NULL), CRM_OK);
	k = crm_schema_kind(schema, CRM_STR("customer"));
	x.r = crm_record_new(k, &a);
	assert_int_equal(crm_txn_begin(s, &t, NULL), CRM_OK);
	assert_int_equal(
	    crm_record_read(t, k, 5, &crm_want_all, x.r, NULL), CRM_NOTFOUND);
	assert_int_equal(x.r->state, CRM_LIVE); /* never given */
	assert_int_equal(x.r->revision, 0);
	crm_txn_end(t);
	*crm_record_at(x.r, "name") = crm_value_text(CRM_STR("Bo Li"));
	x.r->revision = 2;
	assert_int_equal(
	    crm_txn_run(s, CRM_WRITE, put_record, &x, NULL), CRM_OK);
	assert_int_equal(crm_txn_begin(s, &t, NULL), CRM_OK);
	assert_int_equal(
	    crm_record_read(t, k, 5, &crm_want_all, x.r, NULL), CRM_OK);
	assert_true(crm_str_is(crm_record_get(x.r, "name")->s, "Bo Li"));
	assert_int_equal(x.r->v[0].i, 5);
	crm_txn_end(t);
	for (size_t i = 0; i < b.n; i++) {
		b.p[i] = (char)(b.p[i] ^ 0x10);
		assert_int_equal(
		    crm_txn_run(s, CRM_WRITE, put_flipped, &b, NULL), CRM_OK);
		assert_int_equal(crm_txn_begin(s, &t, NULL), CRM_OK);
		if (crm_record_read(t, k, 5, &crm_want_all, x.r, NULL) !=
		    CRM_EDAMAGE)
			fail_msg("byte %zu", i);
		crm_txn_end(t);
		b.p[i] = (char)(b.p[i] ^ 0x10);
	}
	x.r->state = CRM_MERGED;
	x.r->into = 77;
	assert_int_equal(
	    crm_txn_run(s, CRM_WRITE, put_record, &x, NULL), CRM_OK);
	assert_int_equal(crm_txn_begin(s, &t, NULL), CRM_OK);
	assert_int_equal(
	    crm_record_read(t, k, 5, &crm_want_all, x.r, NULL), CRM_NOTFOUND);
	assert_int_equal(x.r->state, CRM_MERGED);
	assert_int_equal(x.r->into, 77);
	assert_int_equal(crm_record_get(x.r, "name")->type, CRM_T_NONE);
	crm_txn_end(t);
	crm_store_close_env(s);
	crm_buf_release(&b);
	crm_arena_release(&a);
	tmpstore_remove(&ts);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(random_records_come_back_whole_and_in_part),
	    cmocka_unit_test(cells_that_are_wanted_are_those_of_the_whole),
	    cmocka_unit_test(
		a_record_that_is_cut_anywhere_is_damage_or_shorter),
	    cmocka_unit_test(
		what_stands_behind_the_last_wanted_item_is_not_looked_at),
	    cmocka_unit_test(bad_items_are_damage),
	    cmocka_unit_test(an_unknown_tag_is_passed_over),
	    cmocka_unit_test(what_must_not_be_stored_is_refused),
	    cmocka_unit_test(
		a_stored_record_is_read_gone_or_damaged_never_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
