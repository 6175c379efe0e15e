/*
 * test_id.c - the text of ids, and the registry of letters.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <crm/schema.h>

static struct crm_schema schema;

static int
setup(void **state)
{
	(void)state;
	return crm_schema_init(&schema, NULL, NULL);
}

static int
teardown(void **state)
{
	(void)state;
	crm_schema_release(&schema);
	return 0;
}

static void
check_put(const struct crm_id *id, bool brief, const char *want)
{
	struct crm_buf b = {0};

	crm_id_put(&schema, &b, id, brief);
	if (!crm_str_is(crm_buf_str(&b), want))
		fail_msg("'%s': '%.*s'", want, (int)b.n, b.p);
	crm_buf_release(&b);
}

static void
ids_are_read_and_written_in_both_forms(void **state)
{
	static const struct {
		const char *in, *full, *brief;
	} rows[] = {
	    {"C42", "C0000000042", "C42"},
	    {"C0000000042", "C0000000042", "C42"},
	    {"C00000000000000000000042", "C0000000042", "C42"},
	    {"C9999999999", "C9999999999", "C9999999999"},
	    {"C12345678901", "C12345678901", "C12345678901"},
	    {"O9223372036854775807", "O9223372036854775807",
		"O9223372036854775807"},
	    {"O913-1", "O0000000913-1", "O913-1"},
	    {"O0000000913-e2", "O0000000913-e2", "O913-e2"},
	    {"O913-a4294967295", "O0000000913-a4294967295", "O913-a4294967295"},
	    {"QT7", "QT0000000007", "QT7"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct crm_id id;

		if (crm_id_parse(&schema, crm_str(rows[i].in), &id) != CRM_OK)
			fail_msg("row %zu: '%s' refused", i, rows[i].in);
		check_put(&id, false, rows[i].full);
		check_put(&id, true, rows[i].brief);
	}
}

static void
what_is_no_id_is_refused(void **state)
{
	static const char *const rows[] = {"", "C", "42", "C0", "c42", "C 42",
	    "C42 ", "C4x", "C-1", "ZZ1", "CUSTOMER1", "C9223372036854775808",
	    "C99999999999999999999", "O913-", "O913-0", "O913-1-1", "O913-z1",
	    "O913-E1", "O913-4294967296", "X1-1", "T1-1", "P1-1", "C+42",
	    "C42\n", "\xc3\x84 42"};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct crm_id id;

		if (crm_id_parse(&schema, crm_str(rows[i]), &id) != CRM_EDATA)
			fail_msg("'%s' was taken", rows[i]);
	}
}

static void
long_ids_sort_as_bytes(void **state)
{
	static const uint64_t number[] = {
	    1, 9, 10, 99, 100, 65536, 4294967296, 9999999999};
	struct crm_buf a = {0}, b = {0};

	(void)state;
	for (size_t i = 1; i < sizeof number / sizeof *number; i++) {
		const struct crm_id x = {
		    .kind = CRM_K_ORDER, .number = number[i - 1]};
		const struct crm_id y = {
		    .kind = CRM_K_ORDER, .number = number[i]};

		crm_buf_clear(&a);
		crm_buf_clear(&b);
		crm_id_put(&schema, &a, &x, false);
		crm_id_put(&schema, &b, &y, false);
		assert_true(crm_str_cmp(crm_buf_str(&a), crm_buf_str(&b)) < 0);
	}
	crm_buf_release(&a);
	crm_buf_release(&b);
}

static void
no_letter_and_no_name_is_given_twice(void **state)
{
	(void)state;
	for (const struct crm_letter *a = crm_letters; a->kind; a++) {
		assert_true(a->kind < CRM_K_MAX);
		for (const struct crm_letter *b = a + 1; b->kind; b++) {
			assert_int_not_equal(a->kind, b->kind);
			assert_string_not_equal(a->letter, b->letter);
			assert_string_not_equal(a->name, b->name);
		}
	}
	for (unsigned i = 0; i < CRM_K_MAX; i++) {
		const struct crm_kind *k = &schema.kind[i];
		const struct crm_letter *l = crm_letters;

		if (!k->name)
			continue;
		while (l->kind && l->kind != k->number)
			l++;
		assert_int_equal(l->kind, i);
		assert_string_equal(l->letter, k->letter);
		assert_string_equal(l->name, k->name);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ids_are_read_and_written_in_both_forms),
	    cmocka_unit_test(what_is_no_id_is_refused),
	    cmocka_unit_test(long_ids_sort_as_bytes),
	    cmocka_unit_test(no_letter_and_no_name_is_given_twice),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
