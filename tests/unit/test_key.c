/*
 * test_key.c - index keys: their byte order is the order of values.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <crm/hash.h>
#include <crm/schema.h>

enum { ROUNDS = 20000, KEY_MAX = 200 };

static struct crm_rand rnd;

/* Numbers near each other and near the ends, where order goes wrong. */
static int64_t
some_number(void)
{
	uint64_t x = crm_rand_next(&rnd);

	switch (crm_rand_below(&rnd, 5)) {
	case 0:
		return (int64_t)(x % 5) - 2;
	case 1:
		return INT64_MAX - (int64_t)(x % 3);
	case 2:
		return INT64_MIN + (int64_t)(x % 3);
	case 3:
		return (int64_t)(x >> (x % 64));
	default:
		return (int64_t)x;
	}
}

/* Short texts over few bytes, NUL and 1 among them. */
static struct crm_str
some_text(char *room, size_t max)
{
	static const char byte[] = {0, 1, 2, 'a', 'b', (char)0xff};
	size_t n = crm_rand_below(&rnd, max + 1);

	for (size_t i = 0; i < n; i++)
		room[i] = byte[crm_rand_below(&rnd, sizeof byte)];
	return (struct crm_str){room, n};
}

static struct crm_value
some_value(enum crm_type t, char *room, size_t max)
{
	struct crm_value v = {.type = (uint8_t)t};

	switch (t) {
	case CRM_T_ID:
		v.kind = (uint8_t)(1 + crm_rand_below(&rnd, 2));
		v.i = some_number() & INT64_MAX;
		if (v.i == 0) {
			v.s = some_text(room, max);
		} else if (crm_rand_below(&rnd, 2)) {
			v.sub = (uint32_t)(1 + crm_rand_below(&rnd, 3));
			v.part = (uint8_t)(1 + crm_rand_below(&rnd, 2));
		}
		break;
	case CRM_T_DECIMAL:
	case CRM_T_MONEY:
		v.scale = (uint8_t)crm_rand_below(&rnd, CRM_SCALE_MAX + 1);
		v.i = some_number();
		break;
	case CRM_T_BOOL:
		v.i = (int64_t)crm_rand_below(&rnd, 2);
		break;
	case CRM_T_ENUM:
		v.i = (int64_t)(1 + crm_rand_below(&rnd, 600));
		break;
	case CRM_T_LIST:
	case CRM_T_TEXT:
		v.s = some_text(room, max);
		break;
	default:
		v.i = some_number();
		break;
	}
	return v;
}

static int
sign(int c)
{
	return (c > 0) - (c < 0);
}

static bool
is_prefix(struct crm_str a, struct crm_str b)
{
	return a.n < b.n && crm_str_starts(b, a);
}

static void
keys_sort_as_their_values_do(void **state)
{
	struct crm_buf a = {0}, b = {0};
	char ra[8], rb[8];

	(void)state;
	crm_rand_seed(&rnd, 42);
	for (int t = CRM_T_ID; t <= CRM_T_TEXT; t++)
		for (int i = 0; i < ROUNDS; i++) {
			struct crm_value x, y;
			struct crm_str ka, kb;

			x = some_value((enum crm_type)t, ra, sizeof ra);
			y = some_value((enum crm_type)t, rb, sizeof rb);
			crm_buf_clear(&a);
			crm_buf_clear(&b);
			crm_value_key(&a, &x);
			crm_value_key(&b, &y);
			ka = crm_buf_str(&a);
			kb = crm_buf_str(&b);
			if (sign(crm_str_cmp(ka, kb)) !=
			    sign(crm_value_cmp(&x, &y)))
				fail_msg("%s, round %d: out of order",
				    crm_type_name((enum crm_type)t), i);
			if (is_prefix(ka, kb) || is_prefix(kb, ka))
				fail_msg("%s, round %d: a prefix",
				    crm_type_name((enum crm_type)t), i);
		}
	crm_buf_release(&a);
	crm_buf_release(&b);
}

static void
long_text_is_cut_and_stays_in_order(void **state)
{
	struct crm_buf a = {0}, b = {0};
	char ra[240], rb[240];

	(void)state;
	crm_rand_seed(&rnd, 43);
	for (int i = 0; i < ROUNDS; i++) {
		struct crm_value x = some_value(CRM_T_TEXT, ra, sizeof ra);
		struct crm_value y = x;
		size_t at = crm_rand_below(&rnd, sizeof rb);
		int c, want;

		memcpy(rb, ra, sizeof rb);
		rb[at] = (char)(rb[at] ^ 1);
		y.s.p = rb;
		crm_buf_clear(&a);
		crm_buf_clear(&b);
		crm_value_key(&a, &x);
		crm_value_key(&b, &y);
		assert_true(a.n <= KEY_MAX && b.n <= KEY_MAX);
		c = sign(crm_str_cmp(crm_buf_str(&a), crm_buf_str(&b)));
		want = sign(crm_value_cmp(&x, &y));
		if (c != want && c != 0)
			fail_msg("round %d: out of order", i);
	}
	crm_buf_release(&a);
	crm_buf_release(&b);
}

static void
no_value_has_no_key(void **state)
{
	struct crm_value none = {0};
	struct crm_buf b = {0};

	(void)state;
	crm_value_key(&b, &none);
	assert_int_equal(b.n, 0);
	crm_buf_release(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(keys_sort_as_their_values_do),
	    cmocka_unit_test(long_text_is_cut_and_stays_in_order),
	    cmocka_unit_test(no_value_has_no_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
