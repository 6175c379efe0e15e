/*
 * commit.h - what commit.c and commit_part.c share; inside the room only.
 */
#ifndef CRM_MODEL_COMMIT_H
#define CRM_MODEL_COMMIT_H

#include "change.h"
#include "ledger_parts.h"

#define CRM_RANGES_MAX \
	(sizeof((struct crm_log_head){0}).range / sizeof(struct crm_range))

/* One entry of the log, its value in the commit's buffer. */
struct crm_logged {
	uint64_t number;
	size_t off, n;
	uint8_t kind;
};

/* One derived entry, pointing into the part's bytes. */
struct crm_entry {
	struct crm_str key, value;
	uint8_t table;
	signed char sign;
};

/* The place of an entry in the order of tables and keys: the table and the
 * key's first 19 bytes as numbers, which tell most of them apart. */
struct crm_entry_place {
	uint64_t head, next;
	uint32_t group, at;
};

/* What a transaction writes, as it was read from the spool. */
struct crm_commit_part {
	const char *base; /* operations: the spool's memory, or bytes */
	struct crm_buf bytes; /* of a spool that is not in memory */
	size_t *op; /* offsets of the live ones from base */
	size_t nop, capop;
	bool view; /* base is the spool's */
	/* what makes it full */
	size_t adds, changes;
	size_t keys, copied; /* bytes */
	size_t runs; /* of numbers: no fewer than the ranges they make */
	uint64_t last[CRM_K_MAX];
	bool sorted; /* what follows is made of the operations */
	struct crm_entry *entry;
	size_t nentry, capentry;
	struct crm_entry_place *place; /* of entries, sorted */
	size_t capplace;
	struct crm_buf effects; /* of all, one after the other */
	struct crm_ledger_batch ledger; /* what they come to */
	bool more; /* it is not the last */
};

/* The leaf that records of a kind are appended to: the room left (0 while it
 * is not known, before the part began one) and its records. */
struct crm_commit_fill {
	uint64_t leaves; /* of the table; 0 not known */
	size_t room, n;
};

struct crm_commit {
	struct crm_change *ch;
	struct crm_commit_part parts[2], *part; /* the one to be written */
	struct crm_logged *logged;
	size_t nlogged, caplogged;
	struct crm_commit_fill fill[CRM_K_MAX];
	size_t *slack; /* operations whose records were written longer */
	size_t nslack, capslack;
	struct crm_buf value, diff;
	uint64_t off; /* in the spool */
	uint64_t done; /* operations */
	struct crm_log_head head;
	uint64_t change; /* first revision */
	uint64_t nparts;
	uint64_t revision, last; /* of the part under way; committed */
	uint64_t nsource; /* entries of its imports' rows */
	uint64_t top[CRM_K_MAX]; /* numbers written by the parts before */
	uint64_t *added[CRM_K_MAX]; /* numbers of the part under way */
	size_t nadded[CRM_K_MAX], capadded[CRM_K_MAX];
};

/*
 * commit.c: writes the part, which is sorted, keeps aside what is to be, and
 * clears it.  A failure with *written is one of what is kept aside; without it
 * nothing has happened.
 */
int crm_commit_write(struct crm_commit *c, bool *written, struct crm_err *err);
void crm_commit_release(struct crm_commit *c);

/* commit_along.c */
/* Ends the thread.  *out goes on where it was; *unwritten: its part is full,
 * and not sorted. */
int crm_along_join(struct crm_along *a, struct crm_commit **out,
    bool *unwritten, struct crm_err *err);

/* commit_read.c */
void crm_commit_clear(struct crm_commit_part *p);
/* Is the part at its end before this operation? */
bool crm_commit_full(const struct crm_commit *c,
    const struct crm_commit_part *p, const struct crm_op *op);
/* Puts an operation into a part that is not full.  false: no memory for it. */
bool crm_commit_take(struct crm_commit_part *p, const struct crm_op *op,
    struct crm_str image, struct crm_str keys, struct crm_str effects);
/* Operations from c->off on, up to `end`, until the part is full; it has none
 * when there were none any more.  One that had none borrows the spool, which
 * is not written to any more. */
int crm_commit_read(struct crm_commit *c, struct crm_commit_part *p,
    uint64_t end, struct crm_err *err);
/* Takes its entries and effects off its operations, and sorts them, once. */
int crm_commit_sort(
    const struct crm_commit *c, struct crm_commit_part *p, struct crm_err *err);
struct crm_op crm_commit_op(const struct crm_commit_part *p, size_t i,
    struct crm_str *image, struct crm_str *keys, struct crm_str *effects);
/* Writes the part that was read; a crm_txn_fn, ctx the commit. */
int crm_commit_part(struct crm_txn *t, void *ctx, struct crm_err *err);

#endif
