/*
 * test_sha256.c - the examples of FIPS 180-4 and RFC 4231.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <crm/hash.h>

static void
hex(const uint8_t *p, char out[2 * CRM_SHA256 + 1])
{
	for (unsigned i = 0; i < CRM_SHA256; i++)
		snprintf(out + 2 * i, 3, "%02x", p[i]);
}

static void
is_hash(const char *row, const uint8_t *got, const char *want)
{
	char text[2 * CRM_SHA256 + 1];

	hex(got, text);
	if (strcmp(text, want) != 0)
		fail_msg("%s: %s, wanted %s", row, text, want);
}

static void
hashes_are_those_of_the_standard(void **state)
{
	static const struct {
		const char *text, *hash;
	} row[] = {
	    {"", "e3b0c44298fc1c149afbf4c8996fb924"
		 "27ae41e4649b934ca495991b7852b855"},
	    {"abc", "ba7816bf8f01cfea414140de5dae2223"
		    "b00361a396177a9cb410ff61f20015ad"},
	    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		"248d6a61d20638b8e5c026930c3e6039"
		"a33ce45964ff2167f6ecedd419db06c1"},
	    {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmno"
	     "ijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
		"cf5b16a778af8380036ce59e7b049237"
		"0b249b11e8f07a51afac45037afee9d1"},
	};
	uint8_t out[CRM_SHA256];
	struct crm_sha256 s;

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		size_t n = strlen(row[i].text);

		crm_sha256_init(&s);
		crm_sha256_put(&s, row[i].text, n);
		crm_sha256_end(&s, out);
		is_hash(row[i].text, out, row[i].hash);
		/* in two pieces, cut anywhere */
		for (size_t cut = 0; cut <= n; cut++) {
			crm_sha256_init(&s);
			crm_sha256_put(&s, row[i].text, cut);
			crm_sha256_put(&s, row[i].text + cut, n - cut);
			crm_sha256_end(&s, out);
			is_hash(row[i].text, out, row[i].hash);
		}
	}
}

static void
a_million_letters_have_their_hash(void **state)
{
	uint8_t out[CRM_SHA256];
	struct crm_sha256 s;
	char block[1000];

	(void)state;
	memset(block, 'a', sizeof block);
	crm_sha256_init(&s);
	for (int i = 0; i < 1000; i++)
		crm_sha256_put(&s, block, sizeof block);
	crm_sha256_end(&s, out);
	is_hash("a million", out,
	    "cdc76e5c9914fb9281a1c7e284d73e67"
	    "f1809a48a497200e046d39ccc7112cd0");
}

/* RFC 4231, cases 1 to 4, 6 and 7. */
static void
keyed_hashes_are_those_of_the_standard(void **state)
{
	static const struct {
		const char *name;
		int fill; /* of the key; 0: text, -1: 1, 2, 3... */
		size_t nkey;
		const char *key;
		int data; /* to repeat 50 times; 0: text */
		const char *text, *hash;
	} row[] = {
	    {"case 1", 0x0b, 20, NULL, 0, "Hi There",
		"b0344c61d8db38535ca8afceaf0bf12b"
		"881dc200c9833da726e9376c2e32cff7"},
	    {"case 2", 0, 4, "Jefe", 0, "what do ya want for nothing?",
		"5bdcc146bf60754e6a042426089575c7"
		"5a003f089d2739839dec58b964ec3843"},
	    {"case 3", 0xaa, 20, NULL, 0xdd, NULL,
		"773ea91e36800e46854db8ebd09181a7"
		"2959098b3ef8c122d9635514ced565fe"},
	    {"case 4", -1, 25, NULL, 0xcd, NULL,
		"82558a389a443c0ea4cc819899f2083a"
		"85f0faa3e578f8077a2e3ff46729665b"},
	    {"case 6", 0xaa, 131, NULL, 0,
		"Test Using Larger Than Block-Size Key - Hash Key First",
		"60e431591ee0b67f0d8a26aacbf5b77f"
		"8e0bc6213728c5140546040f0ee37f54"},
	    {"case 7", 0xaa, 131, NULL, 0,
		"This is a test using a larger than block-size key and a "
		"larger than block-size data. The key needs to be hashed "
		"before being used by the HMAC algorithm.",
		"9b09ffa71b942fcb27635fbcd5b0e944"
		"bfdc63644f0713938a7f51535c3a35e2"},
	};
	uint8_t out[CRM_SHA256];
	char key[131], data[50];

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		for (size_t j = 0; j < row[i].nkey; j++)
			key[j] = row[i].key	   ? row[i].key[j]
				 : row[i].fill < 0 ? (char)(j + 1)
						   : (char)row[i].fill;
		memset(data, row[i].data, sizeof data);
		crm_hmac_sha256(key, row[i].nkey,
		    row[i].text ? row[i].text : data,
		    row[i].text ? strlen(row[i].text) : sizeof data, out);
		is_hash(row[i].name, out, row[i].hash);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(hashes_are_those_of_the_standard),
	    cmocka_unit_test(a_million_letters_have_their_hash),
	    cmocka_unit_test(keyed_hashes_are_those_of_the_standard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
