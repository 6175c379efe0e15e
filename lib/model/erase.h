/*
 * erase.h - what the files of an erasure share; inside the room only.
 */
#ifndef CRM_MODEL_ERASE_H
#define CRM_MODEL_ERASE_H

#include <crm/erased.h>
#include <crm/person.h>

#include "change.h"
#include "history_parts.h"

/* What becomes of a record. */
enum crm_erase_how {
	CRM_ERASE_ALL = 1, /* the person, and what is about them */
	CRM_ERASE_PERSONAL, /* their orders, touches, tickets: personal fields,
			       and texts with what they were known by */
	CRM_ERASE_NAMED /* of others: only such texts */
};

/* Texts to search for, folded, at least CRM_SOUGHT_MIN bytes each. */
#define CRM_SOUGHT_MIN 5
struct crm_sought {
	struct crm_map all; /* each once */
	struct crm_map head; /* first bytes -> 1 + index of the last one */
	struct crm_sought_one {
		struct crm_str text;
		size_t next; /* 1 + index of another that begins so */
	} * v;
	size_t n, cap;
	struct crm_arena arena;
	struct crm_buf fold;
};
int crm_sought_add(
    struct crm_sought *s, struct crm_str text, struct crm_err *err);
/* Is one of them in the text?  Bytes that are no text have none. */
bool crm_sought_in(struct crm_sought *s, struct crm_str text);
void crm_sought_release(struct crm_sought *s);

/*
 * Appends what is left of a record's bytes (without checksum), head included.
 * Items of fields that the schema does not know any more go too.
 */
int crm_scrub(const struct crm_kind *k, struct crm_str record,
    enum crm_erase_how how, struct crm_sought *sought, struct crm_buf *out,
    struct crm_err *err);
/* Calls fn for each item of a record's own, behind its head; or of a piece of
 * a difference (head false).  A code ends it. */
typedef int crm_item_fn(void *ctx, unsigned tag, unsigned wire,
    struct crm_str body, struct crm_err *err);
int crm_items_each(struct crm_str bytes, bool head, crm_item_fn *fn, void *ctx,
    struct crm_err *err);

/* What is hashed for the list of who was erased; b is cleared first. */
void crm_erased_ident(struct crm_buf *b, unsigned kind, struct crm_str scheme,
    struct crm_str normal);
/* CRM_NO: name or date of birth is missing. */
int crm_erased_birth(
    struct crm_buf *b, const struct crm_record *rec, struct crm_err *err);
void crm_erased_source(struct crm_buf *b, struct crm_str key);

/*
 * The fields of a kind that say whose a record is, told by the table of fields:
 * what has a `customer_id` is counted and stays, without what is personal; what
 * else is `about` something shares its lot, and what must name a customer is
 * nothing without them.  Any other reference makes it no part of theirs.  A record that
 * must have a personal text cannot lose that alone, and goes.
 */
#define CRM_ERASE_REFS 8
struct crm_erase_ref {
	uint16_t tag;
	uint8_t how; /* 0: as the record it names */
	bool any; /* it names any kind, not customers only */
	bool export; /* it makes the record one of theirs */
};
struct crm_erase_refs {
	struct crm_erase_ref ref[CRM_ERASE_REFS];
	unsigned n;
	bool whole; /* it has such a text */
};
void crm_erase_refs(const struct crm_kind *k, struct crm_erase_refs *out);
/* What an item names: CRM_NO when it is none of these. */
int crm_erase_named(const struct crm_erase_refs *refs, unsigned tag,
    unsigned wire, struct crm_str body, const struct crm_erase_ref **ref,
    unsigned *kind, uint64_t *number);

/* One thing to be done. */
struct crm_erase_op {
	char what; /* 'r' record, 's' source row, 'x' what the log has of one,
		      'h' header */
	uint8_t kind;
	uint8_t how; /* of a header: bits below */
	uint64_t number; /* of a record or an entry */
	uint64_t revision;
	struct crm_str key; /* of a source row */
};
enum { CRM_ERASE_WHY = 1, CRM_ERASE_KEY = 2, CRM_ERASE_ACTOR = 4 };

struct crm_erase {
	struct crm_store *store;
	const struct crm_schema *schema;
	struct crm_txn *txn;
	const struct crm_erase_options *opt;
	struct crm_erase_result *out;
	struct crm_idmap person; /* number -> 1 + place in out->person */
	size_t cap;
	struct crm_idmap rec; /* (kind, number) -> how */
	struct crm_idmap whose; /* the same -> number of the person */
	struct crm_map source; /* keys of rows */
	struct crm_sought sought;
	struct crm_erased list;
	struct crm_erased_block *block; /* of this store, in list */
	struct crm_erase_op *op;
	size_t nop, capop;
	struct crm_arena work;
	struct crm_walk walk;
	struct crm_buf b, b2;
	struct crm_erase_refs refs[CRM_K_MAX];
	uint64_t taken; /* records found to be theirs, or more so */
};
/* Takes what there is to know from every image of a record: onto the list, and
 * of people what to search for.  *first: its first revision.  CRM_NOTFOUND
 * with a message. */
int crm_erase_learn(struct crm_erase *e, unsigned kind, uint64_t number,
    uint64_t *first, struct crm_err *err);
/* Does what op says, in as many revisions as it takes. */
int crm_erase_write(struct crm_erase *e, struct crm_err *err);

#endif
