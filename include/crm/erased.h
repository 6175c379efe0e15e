/*
 * erased.h - who was erased, remembered without saying who it was.
 *
 * The file `erased` in a store's folder (0600) lies outside the generations
 * of the data and is copied into each backup, so that neither a restore nor
 * tomorrow's import brings back somebody who asked to be forgotten.  It has a
 * block for each store it tells of (a restore may bring in another's): a salt
 * of 32 random bytes, HMAC-SHA256 hashes with it of what people were known by,
 * and the numbers of their records with the revision that gave them out, which
 * tells a number from the same one given again after a restore.
 *
 *	crm-erased 1
 *	store 5b0c...	(uuid, hexadecimal)
 *	salt 9f21...
 *	id 1 42 1873	(kind, number, revision)
 *	hash 3fa4...
 *
 * Only who holds the writers' lock writes it.
 */
#ifndef CRM_ERASED_H
#define CRM_ERASED_H

#include <crm/hash.h>
#include <crm/store.h>

#define CRM_ERASED_SALT 32

struct crm_erased_id {
	uint64_t number, revision;
	unsigned kind;
};
struct crm_erased_block {
	uint8_t uuid[16];
	uint8_t salt[CRM_ERASED_SALT];
	struct crm_map hash; /* of CRM_SHA256 bytes */
	struct crm_erased_id *id;
	size_t nid, capid;
};
/* Zeroed is empty. */
struct crm_erased {
	struct crm_erased_block *block;
	size_t n, cap;
	bool pending; /* the data has not been written anew since */
};

/* Reads the file of a store's folder; none is an empty list.  CRM_EDAMAGE
 * when it is not what it should be: who was erased could come back. */
int crm_erased_read(
    const char *folder, struct crm_erased *out, struct crm_err *err);
/* Puts it in the place of the file, whole and on the disk. */
int crm_erased_write(
    const char *folder, const struct crm_erased *e, struct crm_err *err);
/* The text of the file and back; take adds to what is there. */
void crm_erased_put(const struct crm_erased *e, struct crm_buf *out);
int crm_erased_take(
    struct crm_erased *e, struct crm_str text, struct crm_err *err);
/* The block of a store, made with a new salt when there is none. */
int crm_erased_block(struct crm_erased *e, const uint8_t uuid[16],
    struct crm_erased_block **out, struct crm_err *err);
int crm_erased_add(
    struct crm_erased_block *b, struct crm_str what, struct crm_err *err);
int crm_erased_add_id(struct crm_erased_block *b,
    const struct crm_erased_id *id, struct crm_err *err);
/* Is it in any block?  Costs a hash for each. */
bool crm_erased_has(const struct crm_erased *e, struct crm_str what);
void crm_erased_release(struct crm_erased *e);

#endif
