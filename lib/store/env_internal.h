/*
 * env_internal.h - what the files that know LMDB share.
 */
#ifndef ENV_INTERNAL_H
#define ENV_INTERNAL_H

#include <lmdb.h>

#include <crm/columns.h>
#include <crm/overlay.h>

#include "store/store_internal.h"

#define CRM_ENV_READERS 2048
#define CRM_ENV_FEW 16
#define CRM_ENV_MANY 2048
#define CRM_ENV_NEAR 8
#define CRM_ENV_LEVELS 4

/*
 * An open environment.  Handles of LMDB's named databases are opened all at
 * once, in a transaction of their own, when the environment is: a few
 * microseconds, and afterwards transactions may overlap freely.  A table that
 * appears later is opened in the transaction that wants it, see env_table.
 */
struct crm_env {
	MDB_env *mdb; /* NULL: for a few look-ups, see env_few.c */
	struct crm_env *old; /* left behind by a reopen */
	size_t map;
	size_t page; /* its size; 0: of a format that is not looked at */
	MDB_dbi dbi[CRM_TABS]; /* 0: not open (0 is one of LMDB's own) */
	MDB_dbi limit; /* one past the highest handle that is kept */
	MDB_dbi top; /* of the list of tables */
	unsigned ntxn;
	MDB_txn *idle; /* of a reader that has ended, for the next one */
	const struct crm_txn *opener; /* has handles that are not kept yet */
	struct crm_few *few; /* instead of mdb */
	char gen[CRM_GEN_NAME];
};

struct crm_cursor {
	struct crm_txn *txn;
	MDB_cursor *mdb; /* NULL: of a table that is not there */
	unsigned table;
	/* Entries since the first, while only `next` was called; 0: not so. */
	uint64_t seen;
	MDB_val last; /* key of the entry before, in a read transaction */
	const void *leaf; /* that was looked at */
	struct { /* the leaf that hop and step are in, NULL none */
		const unsigned char *page;
		size_t at, n; /* the entry they came to, and how many */
		bool full; /* it was looked at whole */
		struct crm_str to; /* its keys are before it; or not known */
	} run;
	struct crm_over *over; /* of a table that is overlaid */
	struct crm_cursor *next;
};

struct crm_txn {
	struct crm_store *store;
	struct crm_env *env;
	MDB_txn *mdb; /* NULL: for a few look-ups */
	struct crm_txn *next;
	struct crm_cursor *cursors;
	MDB_dbi limit; /* handles below it may be used */
	uint64_t opened[2]; /* tables it opened itself, bits */
	bool write;
	bool full; /* the map was: to be run again */
	int failed; /* code of a write that failed */
	uint64_t revision; /* 0: not looked up */
	struct { /* pages that are whole, by page; branches with bit 0 */
		uintptr_t few[CRM_ENV_FEW];
		uintptr_t *many; /* once so many were looked at */
		unsigned n;
	} seen;
	struct { /* the tree whose leaves are looked at */
		const unsigned char *base; /* of the map; NULL: none was */
		unsigned table, depth;
		uint64_t root, last; /* page of the map */
	} way;
	/* Of a reader, by table modulo their number: how many look-ups there
	 * were, and the leaf where the last one ended. */
	struct {
		unsigned table, looks;
		const unsigned char *page; /* NULL: none */
		size_t at, n; /* entry, and how many */
	} near[CRM_ENV_NEAR];
	struct { /* look-ups that lie apart */
		bool on;
		unsigned looks; /* that were read, not mapped */
		struct {
			unsigned char *page; /* the last, in the arena */
			uint64_t at; /* its number, 0 none */
		} level[CRM_ENV_LEVELS]; /* of a tree, from its root */
	} apart;
	size_t pages; /* of large and appended values */
	size_t bytes;
	struct crm_txn_write *w;
	struct crm_overlay *over, *lifted; /* what lies, or lay, over it */
	struct crm_arena values; /* of entries as the overlay shows them */
};
/* What only a write transaction needs. */
struct crm_txn_write {
	uint64_t given[CRM_K_MAX]; /* numbers: the highest so far */
	uint32_t puts[CRM_TABS]; /* into the middle, and deletes */
	bool logged; /* it is a revision */
	char dropped[CRM_COLUMNS_KEY]; /* the block that was last */
	/* Where the last put into a table ended, from which the next one goes
	 * on; LMDB closes what is left open when the transaction ends. */
	struct {
		MDB_cursor *mdb;
		enum { PUT_NONE, PUT_APPEND, PUT_ANY } how;
	} at[CRM_TABS];
};

/* env.c */
int crm_env_fail(
    const struct crm_store *s, int rc, const char *what, struct crm_err *err);
int crm_env_open(struct crm_store *s, struct crm_err *err);
/* After MDB_MAP_FULL or MDB_MAP_RESIZED; no transaction may be open. */
int crm_env_grow(struct crm_store *s, bool full, struct crm_err *err);
/* env_check.c: what is wrong with the meta pages of a file that is to be
 * opened, NULL when nothing is. */
const char *crm_env_metas(int fd);
/* Is the list of tables sound, and the file long enough?  CRM_NO: the snapshot
 * is too old to tell, begin again. */
int crm_env_look(struct crm_txn *t, struct crm_err *err);
/* Lengthens the file to its last page. */
void crm_env_fill(struct crm_env *env);

/* env_copy.c: makes the lock file of a generation nobody else sees yet, with
 * its mode and all of its room on the disk. */
int crm_env_make_locks(
    struct crm_store *s, const char *folder, struct crm_err *err);

/* env_txn.c */
int crm_env_begin(
    struct crm_store *s, bool write, struct crm_txn **out, struct crm_err *err);
/* Ends it; keeps what was written when commit is set. */
int crm_env_end(struct crm_txn *t, bool commit, struct crm_err *err);

/* env_table.c: the table's handle.  CRM_NOTFOUND: no such table yet. */
int crm_env_table(struct crm_txn *t, unsigned table, bool create, MDB_dbi *out,
    struct crm_err *err);
/* env_place.c: a look-up in a reader, where it has had some in the table.
 * CRM_OK, or CRM_NO: LMDB is to be asked. */
int crm_env_near(struct crm_txn *t, unsigned table, struct crm_str key,
    struct crm_str *value);
/* May key be where a search ended that did not find it?
 * CRM_EDAMAGE when not. */
int crm_env_place(struct crm_txn *t, unsigned table, MDB_dbi dbi,
    struct crm_str key, struct crm_err *err);
/* May the entry k, v a cursor came to be the first at or after key? */
int crm_env_first(struct crm_cursor *c, struct crm_str key, const MDB_val *k,
    const MDB_val *v, struct crm_err *err);
/* Is what leads to the leaf of an entry that a cursor came to whole? */
int crm_env_leaf(struct crm_cursor *c, const MDB_val *k, struct crm_err *err);
/* The entry a cursor came to by `next`, or its end (k NULL). */
int crm_env_step(struct crm_cursor *c, const MDB_val *k, struct crm_err *err);
/* env_overlay.c: a table as its overlay shows it. */
static inline bool
crm_over_has(const struct crm_txn *t, unsigned table)
{
	return t->over && table < CRM_TABS &&
	       (t->over->tables[table / 64] >> (table % 64) & 1);
}
int crm_over_get(struct crm_txn *t, unsigned table, struct crm_str key,
    struct crm_str *value, struct crm_err *err);
int crm_over_open(struct crm_cursor *c, struct crm_err *err);
int crm_over_seek(struct crm_cursor *c, struct crm_str key, struct crm_str *k,
    struct crm_str *v, struct crm_err *err);
int crm_over_next(struct crm_cursor *c, struct crm_str *k, struct crm_str *v,
    struct crm_err *err);
int crm_over_backwards(const struct crm_cursor *c, struct crm_err *err);
void crm_over_close(struct crm_over *o);
/*
 * env_few.c: a store that is opened for a few look-ups, without LMDB.  _open
 * and _begin answer CRM_OK, or CRM_NO: as any other.  A look-up answers CRM_OK,
 * or CRM_NO: LMDB would have to be asked.  Entry i of a table of one page:
 * CRM_NOTFOUND past the last; valid until the next look-up.  _forget: the
 * transaction ends, and what it found with it.
 */
int crm_few_open(struct crm_store *s);
int crm_few_begin(struct crm_store *s, struct crm_txn **out);
int crm_few_get(struct crm_txn *t, unsigned table, struct crm_str key,
    struct crm_str *value);
void crm_few_forget(struct crm_txn *t);
bool crm_few_names(struct crm_txn *t, uint32_t *sum);
/* Closes its files: that of locks before LMDB has locks on it, which a process
 * loses with the first descriptor it closes. */
void crm_few_shut(struct crm_few *f);
void crm_few_free(struct crm_few *f);
/* env_table.c: which table is so called; CRM_TABS when it is none of ours. */
unsigned crm_env_table_of(struct crm_str name);
/* Opens all tables there are. */
int crm_env_tables(struct crm_txn *t, struct crm_err *err);

#endif
