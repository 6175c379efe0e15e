/*
 * test_check.c - every kind of damage is found, and named.
 *
 * A small shop is loaded, one thing in it is changed behind the back of the
 * code that keeps it whole, and the check must say where.
 */
#include "unit/tmpstore.h"

#include <crm/ledger.h>
#include <crm/upkeep.h>

#include "feed.h"

static const char shop[] =
    "\\:customer\t1\n"
    "customer_id\tname\temail\tphone\tparent_id\n"
    "C0000000001\tAnn\tann@example.org\t+4930123456\t\n"
    "C0000000002\tBo\tbo@example.org\t\tC0000000001\n"
    "C0000000003\tCy\t\t\t\n"
    "\\:product\t1\n"
    "product_id\tsku\tname\tprice\tcost\n"
    "P0000000001\tA1\tBall\t2.50\t1.00\n"
    "\\:order\t1\n"
    "order_id\tcustomer_id\tplaced\tnumber\n"
    "O0000000001\tC0000000001\t2026-01-05T10:00:00Z\t1001\n"
    "O0000000002\tC0000000002\t2026-01-06T10:00:00Z\t1002\n"
    "O0000000003\tC0000000001\t2026-01-07T10:00:00Z\t\n"
    "\\:line\t1\n"
    "line_id\tproduct_id\tquantity\tamount\n"
    "O0000000001-1\tP0000000001\t4\t10.00\n"
    "O0000000001-2\t\t1\t3.00\n"
    "O0000000002-1\tP0000000001\t2\t5.00\n"
    "O0000000003-1\tP0000000001\t1\t2.50\n"
    "\\:adjustment\t1\n"
    "adjustment_id\tadjustment\tadjusted\n"
    "O0000000001-a1\tshipping\t4.90\n"
    "O0000000001-a2\tdiscount\t-1.00\n"
    "\\:track\t1\n"
    "track_id\tat\twhat\tline\tquantity\tamount\n"
    "O0000000001-e1\t2026-01-05T10:00:00Z\tpay\t\t\t16.90\n"
    "O0000000001-e2\t2026-01-09T10:00:00Z\treturn\t1\t2\t4.62\n";

struct bench {
	struct tmpstore tmp;
	struct crm_store *store;
	const struct crm_schema *schema;
	struct crm_buf faults; /* "place: what\n" */
};

static void
make(struct bench *b)
{
	struct crm_settings set = tmpstore_settings();
	struct crm_load_options opt = {.settings = &set,
	    .by = {1780308000, CRM_STR("tester"), CRM_STR("test"), {"", 0}},
	    .now = 1780308000};
	struct feed feed = {{shop, sizeof shop - 1}, 1000};
	struct crm_stream_options in = {
	    .name = "shop", .read = feed_read, .read_ctx = &feed};
	struct crm_stream *s = NULL;
	struct crm_err err = {0};

	memset(b, 0, sizeof *b);
	tmpstore_folder(&b->tmp);
	opt.path = b->tmp.path;
	assert_int_equal(crm_archive_open(&s, -1, &in, &err), CRM_OK);
	if (crm_store_load(&opt, s, NULL, &err) < 0)
		fail_msg("%s: %s: %s", err.place, err.field, err.text);
	crm_stream_close(s);
	b->store = tmpstore_open(&b->tmp, true);
	assert_int_equal(crm_store_schema(b->store, &b->schema, &err), CRM_OK);
}

static void
drop(struct bench *b)
{
	crm_store_close_env(b->store);
	crm_buf_release(&b->faults);
	tmpstore_remove(&b->tmp);
}

static int
note(void *ctx, struct crm_str where, struct crm_str what, struct crm_err *err)
{
	struct bench *b = ctx;

	(void)err;
	crm_buf_putstr(&b->faults, where);
	crm_buf_puts(&b->faults, ": ");
	crm_buf_putstr(&b->faults, what);
	crm_buf_putc(&b->faults, '\n');
	return CRM_OK;
}

static int
check(struct bench *b)
{
	struct crm_check_options opt = {.fault = note, .ctx = b};
	struct crm_check_result found;
	struct crm_err err = {0};
	int r;

	crm_buf_clear(&b->faults);
	r = crm_store_check(b->store, &opt, &found, &err);
	if (r != CRM_OK && r != CRM_NO)
		fail_msg("the check ended: %s", err.text);
	return r;
}

/* ---- damage ---- */

static int
put(struct crm_txn *t, unsigned table, struct crm_str key, struct crm_str v)
{
	struct crm_buf b = {0};
	int r;

	crm_buf_putstr(&b, v);
	crm_seal(table, key, &b);
	r = crm_put(t, table, key, crm_buf_str(&b), 0, NULL);
	crm_buf_release(&b);
	return r;
}

/* Changes a field of a record; text NULL takes it away. */
static int
set(struct crm_txn *t, unsigned kind, uint64_t number, const char *field,
    struct crm_value v)
{
	const struct crm_schema *s;
	struct crm_arena a = {0};
	struct crm_buf b = {0};
	struct crm_record *rec;
	char key[8];
	int r;

	crm_store_schema(crm_txn_store(t), &s, NULL);
	rec = crm_record_new(&s->kind[kind], &a);
	r = crm_record_read(t, rec->kind, number, &crm_want_all, rec, NULL);
	assert_int_equal(r, CRM_OK);
	*crm_record_at(rec, field) = v;
	crm_record_encode(rec, &b);
	r = put(t, CRM_TAB_KIND + kind, crm_number_key(number, key),
	    crm_buf_str(&b));
	crm_buf_release(&b);
	crm_arena_release(&a);
	return r;
}

/* Turns a bit of the value of the nth entry of a table. */
static int
flip(struct crm_txn *t, unsigned table, struct crm_str key)
{
	struct crm_buf b = {0};
	struct crm_str v;
	int r = crm_get(t, table, key, &v, NULL);

	assert_int_equal(r, CRM_OK);
	crm_buf_putstr(&b, v);
	b.p[b.n / 2] ^= 4;
	r = crm_put(t, table, key, crm_buf_str(&b), 0, NULL);
	crm_buf_release(&b);
	return r;
}

static struct crm_str
num(uint64_t n)
{
	static char key[8];

	return crm_number_key(n, key);
}

static struct crm_str
log_key(uint64_t revision)
{
	static char key[17];

	crm_log_key(revision, 0, 0, key);
	return (struct crm_str){key, sizeof key};
}

static struct crm_str
email_key(struct crm_buf *b, const char *email, uint64_t number)
{
	crm_ident_key(
	    b, CRM_K_CUSTOMER, CRM_STR("email"), crm_str(email), number);
	return crm_buf_str(b);
}

/* The entry of the figures of the first customers. */
static int
tallies_get(struct crm_txn *t, struct crm_tally_block *out)
{
	struct crm_tally_view view;
	struct crm_str v;
	int r = crm_get(t, CRM_TAB_TALLY, num(1), &v, NULL);

	if (r == CRM_OK)
		r = crm_unseal(CRM_TAB_TALLY, num(1), &v, NULL);
	if (r == CRM_OK)
		r = crm_tally_view(num(1), v, &view, NULL);
	return r == CRM_OK ? crm_tally_block(&view, out, NULL) : r;
}

static int
tallies_put(struct crm_txn *t, const struct crm_tally_block *x)
{
	struct crm_buf b = {0};
	int r;

	crm_tally_block_put(x, &b);
	r = put(t, CRM_TAB_TALLY, num(1), crm_buf_str(&b));
	crm_buf_release(&b);
	return r;
}

static int
damage_figures(struct crm_txn *t, int which)
{
	struct crm_tally_block x;

	if (which == 31)
		return crm_del(t, CRM_TAB_TALLY, num(1), NULL);
	if (which == 32)
		return flip(t, CRM_TAB_TALLY, num(1));
	tallies_get(t, &x);
	if (which == 29)
		x.live &= ~1U;
	else
		x.live |= 1U << 19;
	return tallies_put(t, &x);
}

static int
damage(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	static const struct crm_str none = {"", 0};
	const int *which = ctx;
	struct crm_buf b = {0};
	struct crm_cursor *c;
	struct crm_str k, v;
	struct crm_tally_block y;
	int r = CRM_EBUG;

	switch (*which) {
	case 0:
		r = flip(t, CRM_TAB_KIND + CRM_K_CUSTOMER, num(1));
		break;
	case 1:
		r = crm_del(t, CRM_TAB_KIND + CRM_K_CUSTOMER, num(3), err);
		break;
	case 2:
		r = crm_del(
		    t, CRM_TAB_IDENT, email_key(&b, "ann@example.org", 1), err);
		break;
	case 3:
		r = put(
		    t, CRM_TAB_IDENT, email_key(&b, "x@example.org", 2), none);
		break;
	case 4:
		crm_cursor_open(t, CRM_TAB_INDEX, &c, err);
		r = crm_cursor_seek(c, none, &k, &v, err);
		crm_buf_putstr(&b, k);
		crm_cursor_close(c);
		r = r < 0 ? r : crm_del(t, CRM_TAB_INDEX, crm_buf_str(&b), err);
		break;
	case 5:
		tallies_get(t, &y);
		y.y[0].revenue += 1;
		r = tallies_put(t, &y);
		break;
	case 6:
		tallies_get(t, &y);
		y.have &= ~2U;
		r = tallies_put(t, &y);
		break;
	case 7:
		crm_cursor_open(t, CRM_TAB_SALES, &c, err);
		r = crm_cursor_seek(c, none, &k, &v, err);
		crm_buf_putstr(&b, k);
		crm_cursor_close(c);
		r = r < 0 ? r : crm_del(t, CRM_TAB_SALES, crm_buf_str(&b), err);
		break;
	case 8:
		r = set(t, CRM_K_ORDER, 1, "total",
		    crm_value_num(CRM_T_MONEY, 1, 2));
		break;
	case 9:
		r = crm_del(t, CRM_TAB_LOG, log_key(2), err);
		break;
	case 10:
		r = flip(t, CRM_TAB_LOG, log_key(2));
		break;
	case 11:
		r = set(t, CRM_K_ORDER, 2, "contact_id",
		    crm_value_id(CRM_K_CUSTOMER, 9));
		break;
	case 12:
		crm_get(t, CRM_TAB_KIND + CRM_K_CUSTOMER, num(3), &v, err);
		crm_buf_put(&b, v.p, v.n - 4);
		r = put(
		    t, CRM_TAB_KIND + CRM_K_CUSTOMER, num(77), crm_buf_str(&b));
		break;
	case 13:
		r = crm_put(t, CRM_TAB_META, crm_meta_key("uuid"),
		    CRM_STR("short"), 0, err);
		break;
	case 14:
		r = set(t, CRM_K_CUSTOMER, 2, "email",
		    crm_value_text(CRM_STR("ann@example.org")));
		if (r == CRM_OK)
			r = crm_del(t, CRM_TAB_IDENT,
			    email_key(&b, "bo@example.org", 2), err);
		crm_buf_clear(&b);
		if (r == CRM_OK)
			r = put(t, CRM_TAB_IDENT,
			    email_key(&b, "ann@example.org", 2), none);
		break;
	case 15:
		r = set(t, CRM_K_CUSTOMER, 3, "name", (struct crm_value){0});
		break;
	case 16:
		r = put(t, CRM_TAB_SALES, num(1), CRM_STR("x"));
		break;
	case 17:
		r = set(t, CRM_K_ORDER, 3, "items",
		    crm_value_num(CRM_T_DECIMAL, 3, 0));
		break;
	case 18:
		r = set(t, CRM_K_ORDER, 3, "customer_id",
		    crm_value_id(CRM_K_CUSTOMER, 2));
		break;
	case 19:
		r = set(t, CRM_K_ORDER, 3, "prices_include_tax",
		    crm_value_num(CRM_T_BOOL, 1, 0));
		break;
	case 20:
		tallies_get(t, &y);
		y.y[0].items = (struct crm_dec){7, 0};
		r = tallies_put(t, &y);
		break;
	case 21:
		r = put(t, CRM_TAB_TALLY, num(1), CRM_STR("x"));
		break;
	case 22:
		crm_cursor_open(t, CRM_TAB_SALES, &c, err);
		r = crm_cursor_seek(c, none, &k, &v, err);
		crm_buf_putstr(&b, k);
		crm_cursor_close(c);
		if (r == CRM_OK)
			r = put(t, CRM_TAB_SALES, crm_buf_str(&b),
			    CRM_STR("\377\377\377"));
		break;
	case 23:
		r = put(t, CRM_TAB_KIND + CRM_K_CUSTOMER, num(2),
		    CRM_STR("\377\377"));
		break;
	case 24:
		r = put(t, CRM_TAB_INDEX, CRM_STR("z"), none);
		break;
	case 25:
		r = put(t, CRM_TAB_IDENT, CRM_STR("z"), none);
		break;
	case 26:
		r = put(t, CRM_TAB_LOG, log_key(2), CRM_STR("\377"));
		break;
	case 27:
		r = put(t, CRM_TAB_KIND + CRM_K_ORDER, CRM_STR("z"), none);
		break;
	case 28:
		r = set(t, CRM_K_CUSTOMER, 2, "email",
		    crm_value_text(CRM_STR("nobody")));
		break;
	default:
		r = damage_figures(t, *which);
		break;
	}
	crm_buf_release(&b);
	return r;
}

/* How often the check says so. */
static int
times(struct bench *b, const char *what)
{
	const char *at = crm_buf_cstr(&b->faults);
	int n = 0;

	for (; (at = strstr(at, what)) != NULL; at++)
		n++;
	return n;
}

static void
all_damage_is_found_and_named(void **state)
{
	static const struct {
		const char *what;
		const char *says[3];
	} rows[] = {
	    {"a bit of a record", {"C1: wrong checksum\n"}},
	    {"a record is gone", {"C3: it was given out and is missing\n"}},
	    {"an identity is gone",
		{"identity email:ann@example.org of C1: the record has it, the "
		 "table does not\n"}},
	    {"an identity too many",
		{"identity email:x@example.org of C2: the table has it, the "
		 "record does not\n"}},
	    {"an index entry is gone",
		{"index customer.parent_id of C2: the record has it"}},
	    {"a figure is another",
		{"C1: its figure revenue is 989, the records give 988"}},
	    {"figures are gone",
		{"C2: its figure orders is 0, the records give 1\n",
		    "C2: its figure first_order is"}},
	    {"a run of the ledger is gone",
		{"C1: its ledger is not what its orders give\n"}},
	    {"a kept field is another",
		{"O1: total: kept is 1, lines and events give 1690\n"}},
	    {"a revision is gone", {"C1: its revision 2 is not one of",
				       "C1: it was never given out"}},
	    {"a bit of the log", {"revision 2: wrong checksum of entry 0:0\n"}},
	    {"a reference to nobody",
		{"O2: contact_id: it refers to C9, which is not there\n"}},
	    {"a number that was not given",
		{"C77: it was never given out and yet there\n"}},
	    {"a name of the store", {"meta: the store's uuid is not 16"}},
	    {"an address of two",
		{"identity email:ann@example.org of C2: number 1 of its kind "
		 "has it too\n"}},
	    {"a value that is needed", {"C3: name: a value is needed\n"}},
	    {"a key of the ledger", {"a key of the wrong length\n"}},
	    {"units of an order",
		{"O3: items: kept is not what lines and events give\n"}},
	    {"an order of another",
		{"C1: its figure orders is 2, the records give 1\n",
		    "C2: its figure orders is 1, the records give 2\n",
		    "C2: its ledger is not"}},
	    {"nothing that shows", {NULL}},
	    {"items of the figures",
		{"C1: its figure items is not what the orders give\n"}},
	    {"figures that are none", {"figures of C1: they cannot be read\n"}},
	    {"a run of the ledger that is none",
		{"ledger: it cannot be read behind customer 0\n"}},
	    {"a record that is none",
		{"C2: its state cannot be read\n", "C2: it cannot be read\n"}},
	    {"a key of the indexes", {"indexes: a key has only 1 bytes\n"}},
	    {"a key of the identities",
		{"identities: a key has only 1 bytes\n"}},
	    {"a revision that is none",
		{"revision 2: its header cannot be read\n",
		    "C1: its revision 2 is not in the log\n"}},
	    {"a key of the records", {"order: a key has 1 bytes, not 8\n"}},
	    {"an address that is none",
		{"C2: its identity 'email:nobody' cannot be one\n"}},
	    {"a customer who is not said to be there",
		{"C1: its figures do not say that it is there\n"}},
	    {"nobody who is said to be there",
		{"C20: its figures say it is there, and it is not\n"}},
	    {"figures of all are gone",
		{"C1: its figure orders is 0, the records give 2\n",
		    "C2: its figure orders is 0, the records give 1\n",
		    "C3: its figures do not say that it is there\n"}},
	    {"a bit of the figures", {"figures of C1: wrong checksum\n"}},
	};

	(void)state;
	for (int i = 0; i < (int)(sizeof rows / sizeof *rows); i++) {
		struct crm_err err = {0};
		struct bench b;

		make(&b);
		if (check(&b) != CRM_OK)
			fail_msg("not clean: %s", crm_buf_cstr(&b.faults));
		if (crm_txn_run(b.store, CRM_WRITE, damage, &i, &err) < 0)
			fail_msg("%s: cannot: %s", rows[i].what, err.text);
		assert_int_equal(check(&b), rows[i].says[0] ? CRM_NO : CRM_OK);
		for (int j = 0; j < 3 && rows[i].says[j]; j++)
			if (times(&b, rows[i].says[j]) != 1)
				fail_msg("%s: not once '%s' in:\n%s",
				    rows[i].what, rows[i].says[j],
				    crm_buf_cstr(&b.faults));
		drop(&b);
	}
}

static void
what_is_derived_can_be_rebuilt(void **state)
{
	static const int derived[] = {2, 3, 4, 5, 6, 7, 16, 29, 30};
	struct crm_origin by = {
	    1780308000, CRM_STR("tester"), CRM_STR("test"), {"", 0}};
	struct crm_rebuild_result built;
	struct crm_err err = {0};
	struct bench b;

	(void)state;
	make(&b);
	for (size_t i = 0; i < sizeof derived / sizeof *derived; i++) {
		int which = derived[i];

		if (crm_txn_run(b.store, CRM_WRITE, damage, &which, &err) < 0)
			fail_msg("damage %d: %s", which, err.text);
	}
	assert_int_equal(check(&b), CRM_NO);
	if (crm_store_rebuild(b.store, &by, NULL, &built, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(built.orders, 3);
	assert_int_equal(built.revision, 3);
	if (check(&b) != CRM_OK)
		fail_msg("not clean: %s", crm_buf_cstr(&b.faults));
	drop(&b);
}

static void
a_rebuild_of_damaged_records_changes_nothing(void **state)
{
	struct crm_origin by = {
	    1780308000, CRM_STR("tester"), CRM_STR("test"), {"", 0}};
	struct crm_err err = {0};
	struct bench b;
	int which = 0;

	(void)state;
	make(&b);
	assert_int_equal(
	    crm_txn_run(b.store, CRM_WRITE, damage, &which, &err), CRM_OK);
	assert_int_equal(
	    crm_store_rebuild(b.store, &by, NULL, NULL, &err), CRM_EDAMAGE);
	assert_int_equal(check(&b), CRM_NO);
	assert_null(strstr(crm_buf_cstr(&b.faults), "the table does not"));
	drop(&b);
}

static void
an_apply_brings_all_that_follows_or_nothing(void **state)
{
	struct crm_settings set = tmpstore_settings();
	struct crm_origin by = {
	    1780308000, CRM_STR("tester"), CRM_STR("test"), {"", 0}};
	struct crm_err err = {0};
	struct bench b;
	uint64_t revision = 0;
	int which = 0; /* a bit of a customer */

	(void)state;
	set.statuses = CRM_STR("shipped,delivered");
	make(&b);
	assert_int_equal(
	    crm_txn_run(b.store, CRM_WRITE, damage, &which, &err), CRM_OK);
	assert_int_equal(
	    crm_settings_apply(b.store, &set, &by, 0, NULL, &revision, &err),
	    CRM_EDAMAGE);
	assert_int_equal(revision, 0);
	/* nobody is left with settings that are not in force */
	assert_int_equal(crm_store_schema(b.store, &b.schema, &err), CRM_OK);
	assert_true(crm_str_is(b.schema->settings->statuses, ""));
	assert_int_equal(
	    crm_txn_run(b.store, CRM_WRITE, damage, &which, &err), CRM_OK);
	if (check(&b) != CRM_OK)
		fail_msg("not as it was: %s", crm_buf_cstr(&b.faults));
	if (crm_settings_apply(b.store, &set, &by, 0, NULL, &revision, &err) <
	    0)
		fail_msg("%s", err.text);
	assert_int_equal(revision, 3);
	if (check(&b) != CRM_OK)
		fail_msg("not clean: %s", crm_buf_cstr(&b.faults));
	assert_int_equal(
	    crm_settings_apply(b.store, &set, &by, 0, NULL, &revision, &err),
	    CRM_NO);
	assert_int_equal(revision, 0);
	drop(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_damage_is_found_and_named),
	    cmocka_unit_test(what_is_derived_can_be_rebuilt),
	    cmocka_unit_test(a_rebuild_of_damaged_records_changes_nothing),
	    cmocka_unit_test(an_apply_brings_all_that_follows_or_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
