/*
 * seal.c - the checksum at the end of every stored value.
 *
 * The table and the key are part of what is summed: a value that a damaged
 * page shows under another key, or in another table, does not pass either.
 */
#include <crm/hash.h>

#include "store/store_internal.h"

static uint32_t
seal_sum(unsigned table, struct crm_str key, struct crm_str content)
{
	unsigned char head[64];
	uint32_t crc;

	head[0] = (unsigned char)table;
	if (key.n < sizeof(head)) {
		/* The usual keys are short: one call for both. */
		if (key.n)
			memcpy(head + 1, key.p, key.n);
		crc = crm_crc32c(0, head, key.n + 1);
	} else {
		crc = crm_crc32c(0, head, 1);
		crc = crm_crc32c(crc, key.p, key.n);
	}
	return crm_crc32c(crc, content.p, content.n);
}

void
crm_seal(unsigned table, struct crm_str key, struct crm_buf *b)
{
	crm_buf_putbe(b, seal_sum(table, key, crm_buf_str(b)), CRM_SEAL);
}

static int
seal_broken(unsigned table, struct crm_str key, struct crm_err *err)
{
	char name[8];
	uint64_t number;
	struct crm_str k = key;

	crm_env_table_name(table, name);
	if (key.n == 8 && crm_take_be(&k, 8, &number))
		return crm_err_set(err, CRM_EDAMAGE,
		    "the store is damaged: entry %llu of table '%s' has a wrong"
		    " checksum",
		    (unsigned long long)number, name);
	return crm_err_set(err, CRM_EDAMAGE,
	    "the store is damaged: an entry of table '%s' has a wrong checksum",
	    name);
}

int
crm_unseal(unsigned table, struct crm_str key, struct crm_str *value,
    struct crm_err *err)
{
	const unsigned char *p;
	struct crm_str content = *value;
	uint32_t sum;

	if (content.n < CRM_SEAL)
		return seal_broken(table, key, err);
	content.n -= CRM_SEAL;
	p = (const unsigned char *)content.p + content.n;
	sum = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	      (uint32_t)p[2] << 8 | p[3];
	if (sum != seal_sum(table, key, content))
		return seal_broken(table, key, err);
	*value = content;
	return CRM_OK;
}
