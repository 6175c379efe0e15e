/*
 * test_upgrade.c - a store of an older format, under programs that know no
 * other.
 */
#include "unit/tmpstore.h"

#include <crm/model.h>
#include <crm/upkeep.h>

static const struct crm_origin by = {.now = 1780308000,
    .actor = {"tester", 6},
    .program = {"crm-store upgrade", 17}};

/* The store as a program of format 1 had left it, its rebuild cut short: no
 * identity, and the mark. */
static int
make_older(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	static const char format[8] = {0, 0, 0, 1, 0, 0, 0, 0};
	struct crm_cursor *c;
	struct crm_str k, v;
	int code = crm_put(t, CRM_TAB_META, crm_meta_key("format"),
	    (struct crm_str){format, sizeof(format)}, 0, err);

	(void)ctx;
	if (code == CRM_OK)
		code = crm_put(t, CRM_TAB_META, crm_meta_key("pending"),
		    CRM_STR("rebuild"), 0, err);
	if (code == CRM_OK)
		code = crm_cursor_open(t, CRM_TAB_IDENT, &c, err);
	if (code == CRM_OK)
		code = crm_cursor_last(c, &k, &v, err);
	if (code == CRM_OK)
		code = crm_del(t, CRM_TAB_IDENT, k, err);
	return code;
}

static void
add_ann(struct crm_store *s)
{
	const struct crm_change_options opt = {.by = by, .now = by.now};
	const struct crm_schema *schema;
	struct crm_change *ch = NULL;
	struct crm_record *rec;
	struct crm_err err = {0};
	uint64_t revision;
	int code = crm_store_schema(s, &schema, &err);

	if (code == CRM_OK)
		code = crm_change_open(&ch, s, &opt, NULL, &err);
	if (code == CRM_OK)
		code = crm_change_new(
		    ch, &schema->kind[CRM_K_CUSTOMER], &rec, &err);
	if (code == CRM_OK) {
		*crm_record_at(rec, "name") = crm_value_text(CRM_STR("Ann"));
		*crm_record_at(rec, "email") =
		    crm_value_text(CRM_STR("ann@example.org"));
		code = crm_change_put(ch, rec, &err);
	}
	if (code == CRM_OK)
		code = crm_change_commit(ch, &revision, &err);
	if (code < 0)
		fail_msg("%s", err.text);
	crm_change_release(ch);
}

/* A program of format 1 that has the store open. */
static struct crm_store *
old_program(const struct tmpstore *ts, bool write)
{
	struct crm_store *s = tmpstore_open(ts, write);

	s->format = 1;
	return s;
}

static int
nothing(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	return crm_put(t, CRM_TAB_SOURCE, CRM_STR("x"),
		   CRM_STR("from the old one"), 0, err) +
	       (ctx != NULL);
}

static void
an_older_store_is_brought_up_under_old_readers_and_writers(void **state)
{
	struct crm_store_options opt = {.write = true};
	struct crm_store *s, *reader, *writer;
	struct crm_check_result found;
	const struct crm_check_options look = {0};
	struct crm_upgraded did;
	struct crm_err err = {0};
	struct tmpstore ts;
	struct crm_txn *t;
	uint64_t n;

	(void)state;
	tmpstore_make(&ts);
	s = tmpstore_open(&ts, true);
	add_ann(s);
	reader = old_program(&ts, false);
	writer = old_program(&ts, true);
	assert_int_equal(
	    crm_txn_run(s, CRM_WRITE, make_older, NULL, &err), CRM_OK);
	crm_store_close_env(s);

	opt.path = ts.path;
	assert_int_equal(crm_store_open(&s, &opt, &err), CRM_ECONFIG);
	assert_string_equal(err.hint, "crm-store upgrade brings it there");
	opt.older = true;
	assert_int_equal(crm_txn_begin(reader, &t, &err), CRM_OK);
	assert_int_equal(crm_store_open(&s, &opt, &err), CRM_OK);
	if (crm_store_upgrade(s, &by, NULL, &did, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(did.from, 1);
	assert_int_equal(did.to, CRM_FORMAT);
	assert_int_equal(did.generation, 2);
	assert_int_equal(did.revision, 3);
	assert_int_equal(crm_store_check(s, &look, &found, &err), CRM_OK);

	/* What was begun ends; then both are refused, and nothing is lost. */
	assert_int_equal(
	    crm_count(t, CRM_TAB_KIND + CRM_K_CUSTOMER, &n, &err), CRM_OK);
	assert_int_equal(n, 1);
	crm_txn_end(t);
	assert_int_equal(crm_txn_begin(reader, &t, &err), CRM_ECONFIG);
	assert_non_null(strstr(err.text, "this program knows up to 1"));
	assert_int_equal(
	    crm_txn_run(writer, CRM_WRITE, nothing, NULL, &err), CRM_ECONFIG);
	assert_int_equal(crm_store_check(s, &look, &found, &err), CRM_OK);
	assert_int_equal(crm_store_upgrade(s, &by, NULL, &did, &err), CRM_NO);
	crm_store_close(reader);
	crm_store_close(writer);
	crm_store_close_env(s);
	tmpstore_remove(&ts);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		an_older_store_is_brought_up_under_old_readers_and_writers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
