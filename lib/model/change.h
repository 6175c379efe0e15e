/*
 * change.h - the inside of a change, for the room model only.
 */
#ifndef CRM_MODEL_CHANGE_H
#define CRM_MODEL_CHANGE_H

#include <crm/erased.h>
#include <crm/hash.h>
#include <crm/model.h>
#include <crm/os.h>

#include "bits.h"
#include "hooks.h"
#include "keysort.h"
#include "prefix.h"

/*
 * One operation as it lies in the spool: this head, then the image (the
 * record encoded with revision 0; empty when only entries are attached), the
 * derived entries (see derive.c) and the effects on the ledger.
 */
struct crm_op {
	uint8_t kind;
	char what; /* 'a' added, 'c' changed, 'r' removed, 'm' merged (the image
		    * is the number of the survivor), 'u' restored from its
		    * tombstone, 'x' entries only */
	uint8_t
	    alone; /* of 'x': may begin a part; else it stays with the record
			* before it */
	uint8_t pad[5];
	uint64_t number;
	uint64_t base; /* revision the record had when it was read */
	uint32_t image, keys, effects;
	uint32_t pad2;
};

/* Records added one after the other: offsets of their ops in the spool. */
struct crm_added {
	uint64_t first;
	uint64_t *off;
	size_t n, cap;
};

/* What lines copy of a product. */
struct crm_product_facts {
	struct crm_value sku, name, type, price, cost;
};

struct crm_change {
	struct crm_store *store;
	const struct crm_schema *schema;
	struct crm_txn *txn; /* the state before, while validating */
	struct crm_change_options opt;
	struct crm_arena keep; /* for the change's life */
	struct crm_arena work; /* until crm_change_reset */
	struct crm_spool spool;
	struct crm_added latest[CRM_K_MAX];
	struct crm_idmap others; /* see latest.c */
	struct crm_bits known[CRM_K_MAX]; /* numbers seen to exist */
	bool twice; /* a record was put again */
	/* identities and unique values this change has taken or given up:
	 * key -> who took it last, 0 nobody */
	struct crm_map idents;
	/* products that lines were copied from, until one is put:
	 * number -> place in facts */
	struct crm_idmap product;
	struct crm_product_facts *facts;
	size_t nfacts, capfacts;
	struct crm_arena texts; /* of facts */
	/* is there an identity of the kind in the store?  0: not asked yet */
	enum { IDENTS_UNKNOWN, IDENTS_NONE, IDENTS_SOME } stored[CRM_K_MAX];
	struct crm_buf image, keys, effects; /* of the record that is taken */
	uint64_t next[CRM_K_MAX];
	struct crm_change_count count[CRM_K_MAX];
	struct crm_idmap removed;
	struct crm_idmap merged; /* (kind, number) -> who survives it */
	/* events about tickets that this change adds: ticket -> the last one,
	 * event -> the one before it about the same ticket */
	struct crm_idmap thread, before;
	struct crm_erased erased; /* who was, when it has been read */
	bool erased_read;
	uint64_t refused_erased; /* times that something was refused */
	uint64_t ops;
	uint64_t *mark; /* where in the spool revisions end */
	size_t nmark, capmark;
	size_t cleaned;
	int depth; /* prepare may put events */
	struct crm_aside *aside; /* NULL: nothing is kept aside */
	struct crm_along *along; /* writes parts meanwhile, NULL: nobody */
};

/*
 * What follows from records that are all new, in a store that has none yet:
 * entries of these tables, and by customer what they do to ledger and figures,
 * to be put in the order of keys when all of it is there.
 */
struct crm_aside {
	struct crm_keysort ident, index, sales;
};

static inline struct crm_keysort *
crm_change_aside(const struct crm_change *ch, unsigned table)
{
	if (ch->aside == NULL)
		return NULL;
	return table == CRM_TAB_IDENT	? &ch->aside->ident
	       : table == CRM_TAB_INDEX ? &ch->aside->index
					: NULL;
}

static inline uint64_t
crm_op_slot(unsigned kind, uint64_t number)
{
	return ((uint64_t)kind << 56) | number;
}

/* The pending state of a record, when the change has touched it. */
bool crm_change_pending(const struct crm_change *ch, unsigned kind,
    uint64_t number, uint64_t *state);
/* The records that have an identity, as this change will leave it; but for
 * self (0 none), at most max.  *shared: one of them says that it is. */
int crm_change_holders(struct crm_change *ch, unsigned kind,
    struct crm_str scheme, struct crm_str normal, uint64_t self,
    uint64_t *found, size_t max, size_t *n, bool *shared, struct crm_err *err);
/* The record but for self with this value of a unique field (its key without
 * a number), else 0.  ch may be NULL. */
int crm_change_holder(struct crm_txn *t, struct crm_change *ch,
    struct crm_str prefix, uint64_t self, uint64_t *out, struct crm_err *err);
/* Does a record have an identity, and say that it is shared? */
int crm_change_has(struct crm_change *ch, const struct crm_record *rec,
    struct crm_str scheme, struct crm_str normal, bool *has, bool *shared,
    struct crm_err *err);
/*
 * Walks the heads of the operations that will be written: those whose records
 * were put again later, and entries alone, are passed over.  *off is 0 before
 * the first.  CRM_NOTFOUND at the end.
 */
int crm_change_next(struct crm_change *ch, uint64_t *off, struct crm_op *op,
    struct crm_err *err);
/* Reads the op at an offset into b (head apart). */
int crm_change_op(struct crm_change *ch, uint64_t off, struct crm_op *op,
    struct crm_buf *b, struct crm_err *err);

/* The record as it is stored, its virtual fields filled, in the work arena.
 * CRM_NOTFOUND without a message. */
int crm_change_stored(struct crm_change *ch, const struct crm_kind *k,
    uint64_t number, struct crm_record **out, struct crm_err *err);
/* latest.c: the offset of the last op of a record, if the change has one. */
bool crm_latest_get(
    const struct crm_change *ch, unsigned kind, uint64_t number, uint64_t *off);
int crm_latest_put(struct crm_change *ch, unsigned kind, uint64_t number,
    uint64_t off, struct crm_err *err);
void crm_latest_release(struct crm_change *ch);
/* facts.c: those of a product as this change has it, until it asks for another
 * one; their texts until it puts one, or crm_change_reset.  CRM_NOTFOUND with a
 * message. */
int crm_change_facts(struct crm_change *ch, uint64_t product,
    const struct crm_product_facts **out, struct crm_err *err);
void crm_change_forget(struct crm_change *ch);
/* Puts an operation at the end of the spool. */
int crm_change_spool(struct crm_change *ch, struct crm_op *op,
    struct crm_str image, struct crm_str keys, struct crm_str effects,
    struct crm_err *err);
/*
 * commit_along.c: what is put from now on is written meanwhile, where there are
 * processors; in a new store that nobody else sees, with what is to be aside
 * set.  No record may be put twice until crm_change_along_end, after which all
 * is left to crm_change_commit again, and there are no marks.  opt.progress is called by another
 * thread.
 */
int crm_change_along(struct crm_change *ch, struct crm_err *err);
void crm_change_along_end(struct crm_change *ch);
/* What the spool has been given as its last. */
int crm_along_take(struct crm_change *ch, const struct crm_op *op,
    struct crm_str image, struct crm_str keys, struct crm_str effects,
    struct crm_err *err);
void crm_along_free(struct crm_along *a);
/* Derived entries and effects of the old and the new record; either NULL. */
int crm_change_derive(struct crm_change *ch, const struct crm_record *old,
    const struct crm_record *rec, struct crm_buf *keys, struct crm_buf *effects,
    struct crm_err *err);
/* Unique values of a record: sign 0 checks that they are free or its own, 1
 * takes them, -1 gives them up. */
int crm_change_unique(struct crm_change *ch, const struct crm_record *rec,
    int sign, struct crm_err *err);

/*
 * Derived entries of a record, appended to b: signed char +1 or -1, table
 * byte, varint length, key, varint length, value.  Identities and indexes.
 */
int crm_derive_keys(const struct crm_schema *s, const struct crm_record *rec,
    int sign, struct crm_buf *b, struct crm_err *err);
void crm_derive_put(struct crm_buf *b, int sign, unsigned table,
    struct crm_str key, struct crm_str value);
struct crm_derived {
	struct crm_str key, value; /* borrowed from the entries */
	unsigned table;
	bool put; /* false: it is taken away */
};
/* Takes the next entry off their beginning.  CRM_NOTFOUND: there is none. */
int crm_derive_next(
    struct crm_str *rest, struct crm_derived *out, struct crm_err *err);
/* One identity of a record. */
typedef int crm_ident_fn(void *ctx, struct crm_str scheme,
    struct crm_str normal, bool shared, const char *field, struct crm_err *err);
int crm_ident_each(const struct crm_schema *s, const struct crm_record *rec,
    crm_ident_fn *fn, void *ctx, struct crm_err *err);

/* erase_refuse.c: refuses what somebody who was erased was known by, unless the
 * record had it before. */
int crm_change_erased(struct crm_change *ch, const struct crm_record *prev,
    const struct crm_record *rec, struct crm_err *err);
/* Is a source's row that of somebody who was erased? */
int crm_change_erased_source(
    struct crm_change *ch, struct crm_str key, bool *yes, struct crm_err *err);
/* A reference that names nobody: refused if it is that of such a one. */
int crm_change_erased_ref(struct crm_change *ch, unsigned kind,
    struct crm_str ref, struct crm_err *err);
/* Calls fn for everybody on the list of a store who is there all the same. */
typedef int crm_erased_back_fn(
    void *ctx, const struct crm_erased_id *id, struct crm_err *err);
int crm_erased_back(struct crm_txn *t, const struct crm_erased *list,
    const uint8_t uuid[16], crm_erased_back_fn *fn, void *ctx,
    struct crm_err *err);

/* Removes a record as it is stored, and nothing that is about it. */
int crm_change_take_out(
    struct crm_change *ch, const struct crm_record *old, struct crm_err *err);
static inline bool
crm_op_goes(const struct crm_op *op)
{
	return op->what == 'r' || op->what == 'm';
}
/* Refuses to remove what something still refers to (remove.c). */
int crm_change_guard(struct crm_change *ch, struct crm_err *err);

#endif
