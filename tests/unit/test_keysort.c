/*
 * test_keysort.c - entries come back in the order of their keys, and of their
 * coming, whether they fit into memory or not.
 */
#include "unit/tmpstore.h"

#include <crm/hash.h>

#include "model/keysort.h"

/* The key of the ith of n entries: all values of 0 to n / 4, four times. */
static struct crm_str
key_of(struct crm_rand *r, size_t n, char out[24])
{
	int length = snprintf(out, 24, "%08llu",
	    (unsigned long long)crm_rand_below(r, n / 4 + 1));

	return (struct crm_str){out, (size_t)length};
}

static void
sorts(size_t memory, size_t n, size_t large)
{
	struct crm_keysort k = {.dir = "/tmp", .memory = memory};
	struct crm_str key, value;
	struct crm_buf last = {0}, text = {0};
	struct crm_rand r;
	size_t seen = 0;
	uint64_t order = 0, sum = 0;
	char name[24];
	int code;

	crm_rand_seed(&r, n);
	for (size_t i = 0; i < n; i++) {
		crm_buf_clear(&text);
		crm_buf_putbe(&text, i, 8);
		/* some values are larger than what is read at once */
		for (size_t j = 0; i % 100 == 7 && j < large; j++)
			crm_buf_putc(&text, (char)('a' + j % 26));
		assert_int_equal(crm_keysort_add(&k, key_of(&r, n, name),
				     crm_buf_str(&text), NULL),
		    CRM_OK);
	}
	assert_int_equal(crm_keysort_finish(&k, NULL), CRM_OK);
	assert_int_equal(k.total, n);
	while ((code = crm_keysort_next(&k, &key, &value, NULL)) == CRM_OK) {
		int cmp = crm_str_cmp(crm_buf_str(&last), key);
		uint64_t at;

		assert_true(crm_take_be(&value, 8, &at));
		if (cmp > 0 || (cmp == 0 && seen > 0 && at <= order))
			fail_msg("entry %zu of %zu is out of order", seen, n);
		assert_int_equal(value.n, at % 100 == 7 ? large : 0);
		if (value.n > 0)
			assert_int_equal(
			    value.p[value.n - 1], 'a' + (value.n - 1) % 26);
		crm_buf_clear(&last);
		crm_buf_putstr(&last, key);
		order = at;
		sum += at;
		seen++;
	}
	assert_int_equal(code, CRM_NOTFOUND);
	assert_int_equal(seen, n);
	assert_int_equal(sum, n == 0 ? 0 : n * (n - 1) / 2);
	crm_keysort_release(&k);
	crm_buf_release(&last);
	crm_buf_release(&text);
}

static void
entries_come_in_the_order_of_keys_and_of_coming(void **state)
{
	static const struct {
		size_t memory, n, large;
	} rows[] = {
	    {0, 0, 0}, {0, 1, 0}, {0, 5000, 40},
	    {1, 50, 0}, /* a run for each entry */
	    {4096, 5000, 40}, {100000, 20000, 0},
	    {1 << 20, 900, 300000}, /* more than is read at once */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		sorts(rows[i].memory, rows[i].n, rows[i].large);
}

static void
a_folder_that_cannot_be_written_is_said(void **state)
{
	struct crm_keysort k = {.dir = "/nowhere", .memory = 10};
	struct crm_err err = {0};
	int code = CRM_OK;

	(void)state;
	for (int i = 0; i < 3 && code == CRM_OK; i++)
		code =
		    crm_keysort_add(&k, CRM_STR("key"), CRM_STR("value"), &err);
	assert_true(code == CRM_ECREATE || code == CRM_EIO);
	assert_non_null(strstr(err.text, "/nowhere"));
	crm_keysort_release(&k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(entries_come_in_the_order_of_keys_and_of_coming),
	    cmocka_unit_test(a_folder_that_cannot_be_written_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
