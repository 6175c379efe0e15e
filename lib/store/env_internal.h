/*
 * env_internal.h - what the files that know LMDB share.
 */
#ifndef ENV_INTERNAL_H
#define ENV_INTERNAL_H

#include <lmdb.h>

#include "store/store_internal.h"

/*
 * An open environment.  Handles of LMDB's named databases are opened all at
 * once, in a transaction of their own, when the environment is: a few
 * microseconds, and afterwards transactions may overlap freely.  A table that
 * appears later is opened in the transaction that wants it, see env_table.
 */
struct crm_env {
	MDB_env *mdb;
	struct crm_env *old; /* left behind by a reopen */
	size_t map;
	MDB_dbi dbi[CRM_TABS]; /* 0: not open (0 is one of LMDB's own) */
	MDB_dbi limit; /* one past the highest handle that is kept */
	unsigned ntxn;
	const struct crm_txn *opener; /* has handles that are not kept yet */
	char gen[CRM_GEN_NAME];
};

struct crm_cursor {
	struct crm_txn *txn;
	MDB_cursor *mdb; /* NULL: of a table that is not there */
	struct crm_cursor *next;
};

struct crm_txn {
	struct crm_store *store;
	struct crm_env *env;
	MDB_txn *mdb;
	struct crm_txn *next;
	struct crm_cursor *cursors;
	MDB_dbi limit; /* handles below it may be used */
	uint64_t opened[2]; /* tables it opened itself, bits */
	bool write;
	bool full; /* the map was: to be run again */
	int failed; /* code of a write that failed */
	uint64_t revision; /* 0: not looked up */
	size_t pages; /* of large and appended values */
	size_t bytes;
	struct crm_txn_write *w;
};
/* What only a write transaction needs. */
struct crm_txn_write {
	uint64_t given[CRM_K_MAX]; /* numbers: the highest so far */
	uint32_t puts[CRM_TABS]; /* into the middle, and deletes */
};

/* env.c */
int crm_env_fail(
    const struct crm_store *s, int rc, const char *what, struct crm_err *err);
int crm_env_open(struct crm_store *s, struct crm_err *err);
int crm_env_reopen(struct crm_store *s, struct crm_err *err);
/* After MDB_MAP_FULL or MDB_MAP_RESIZED; no transaction may be open. */
int crm_env_grow(struct crm_store *s, bool full, struct crm_err *err);
/* Lengthens the file to its last page. */
void crm_env_fill(struct crm_env *env);

/* env_txn.c */
int crm_env_begin(
    struct crm_store *s, bool write, struct crm_txn **out, struct crm_err *err);
/* Ends it; keeps what was written when commit is set. */
int crm_env_end(struct crm_txn *t, bool commit, struct crm_err *err);

/* env_table.c: the table's handle.  CRM_NOTFOUND: no such table yet. */
int crm_env_table(struct crm_txn *t, unsigned table, bool create, MDB_dbi *out,
    struct crm_err *err);
/* Opens all tables there are. */
int crm_env_tables(struct crm_txn *t, struct crm_err *err);

#endif
