/*
 * store_internal.h - what the files of lib/store share.
 *
 * Nothing here names LMDB: env_internal.h does, for env*.c alone.
 */
#ifndef STORE_INTERNAL_H
#define STORE_INTERNAL_H

#include <crm/store.h>

#define CRM_PATH_MAX 4096
/* A store's own path leaves room for the names below it. */
#define CRM_STORE_PATH_MAX (CRM_PATH_MAX - 128)
#define CRM_GEN_FIRST "gen-0000000001"
#define CRM_GEN_NAME sizeof(CRM_GEN_FIRST)

/* ---- folder.c: the file system ---- */

/* folder/name; both fit, as the store's path was checked when it came in. */
void crm_folder_path(
    char out[CRM_PATH_MAX], const char *folder, const char *name);
/* Copies path without slashes at its end.  CRM_EUSAGE when empty or long. */
int crm_folder_name(
    char out[CRM_STORE_PATH_MAX], const char *path, struct crm_err *err);
/* Refuses network file systems; says whether it is mounted read-only. */
int crm_folder_check(const char *path, bool *readonly, struct crm_err *err);
/* mkdir and open for writing with modes 0700 and 0600 whatever the umask. */
int crm_folder_make(const char *path, struct crm_err *err);
int crm_folder_create(const char *path, struct crm_err *err);
/* A new folder beside path, its name in out. */
/* Is a folder the other, or anywhere below it? */
bool crm_folder_below(const char *path, const char *above);
int crm_folder_temp(
    const char *path, char out[CRM_PATH_MAX], struct crm_err *err);
int crm_folder_sync(const char *path, struct crm_err *err);
int crm_folder_sync_parent(const char *path, struct crm_err *err);
/* Renames a folder to a name that must not be there.  CRM_ECREATE. */
int crm_folder_rename(const char *from, const char *to, struct crm_err *err);
/* Removes what a half-made store has in it, and it. */
void crm_folder_remove(const char *folder);
/* ENOSPC, and EIO where little room is left, as "disk full: ..."; else
 * the text with the reason.  Returns the code. */
int crm_folder_fail(
    const char *folder, int errnum, const char *what, struct crm_err *err);

/* ---- generation.c ---- */

/* The name `data` stands for.  CRM_ENOINPUT, CRM_EPERM, CRM_EDAMAGE. */
int crm_gen_read(
    const char *folder, char out[CRM_GEN_NAME], struct crm_err *err);
uint64_t crm_gen_number(const char *name);
/* Makes `data` stand for a generation, by one rename. */
int crm_gen_link(const char *folder, const char *name, struct crm_err *err);
/* Removes a generation's files and folder, if there. */
void crm_gen_remove(const char *folder, const char *name);
/* CRM_EDAMAGE when there are no more numbers. */
int crm_gen_name(uint64_t number, char out[CRM_GEN_NAME], struct crm_err *err);
/* Removes all generations but one (NULL: none is kept) and a link half made;
 * by who holds the writers' lock.  false when some are left. */
bool crm_gen_clean(const char *folder, const char *keep);

/* ---- lock.c: the writers' lock ---- */

struct crm_lock {
	int fd; /* -1: not open */
	bool held;
};
int crm_lock_take(struct crm_lock *l, const char *folder, unsigned wait_ms,
    struct crm_err *err);
void crm_lock_drop(struct crm_lock *l);
void crm_lock_close(struct crm_lock *l);
/* Says that generations other than the current one may lie about. */
void crm_lock_litter(struct crm_lock *l, bool litter);
bool crm_lock_littered(const struct crm_lock *l);

/* ---- erased.c: beside crm/erased.h ---- */

/* Adds to a folder's list what that of another folder has. */
int crm_erased_unite(const char *folder, const char *from, struct crm_err *err);
/* The data has been written anew: nothing is pending. */
int crm_erased_done(const char *folder, struct crm_err *err);

/* ---- the store ---- */

struct crm_store {
	struct crm_env *env;
	struct crm_txn *txns; /* that are open */
	struct crm_lock lock;
	bool write, scan;
	bool missed; /* more than a few look-ups were asked for */
	bool older; /* formats are taken */
	uint32_t format; /* the newest that is */
	bool held; /* by crm_store_lock */
	bool apart; /* on a generation that is not there for others yet */
	bool readonly; /* its file system */
	bool ready; /* schema */
	unsigned wait_ms;
	uint64_t map_bytes;
	uint64_t committed; /* the last revision that was */
	struct crm_arena arena; /* of the settings */
	struct crm_str said; /* the settings as stored, p NULL: not read */
	struct crm_settings settings;
	struct crm_schema schema;
	struct crm_overlay *over; /* over its read transactions */
	char path[]; /* without a slash at its end */
};
/* meta.c: CRM_ECONFIG for a store this program is too old for. */
int crm_meta_check(struct crm_txn *t, struct crm_err *err);
/* Writes the checksum of what the table holds now. */
int crm_meta_sum(struct crm_txn *t, struct crm_err *err);
void crm_meta_release(struct crm_store *s);
/* Programs that do not know a feature must not touch the store any more. */
#define CRM_FEATURE_COLUMNS 1U /* blocks are dropped with what they are of */
int crm_meta_needs(struct crm_txn *t, uint32_t feature, struct crm_err *err);

/* env_copy.c: makes a data file in a new folder, that nobody else sees yet,
 * and runs fn once in a transaction that is committed. */
int crm_env_make(
    const char *folder, crm_txn_fn *fn, void *ctx, struct crm_err *err);
/* The settings' file beside the data, if there is one, into a folder that has
 * none. */
int crm_env_copy_yaml(struct crm_store *s, const char *to, struct crm_err *err);
/* env_rewrite.c: all that s holds, in a snapshot, entry by entry into a new
 * data file in a folder that has none; on the disk when it returns.  Tables of
 * the bits in `without` (up to CRM_TAB_COLUMNS) are there and empty. */
int crm_env_rewrite(struct crm_store *s, const char *folder, unsigned without,
    crm_count_fn *watch, void *ctx, uint64_t *entries, struct crm_err *err);
/* env.c: opens the current generation in place of the one that is open. */
int crm_env_reopen(struct crm_store *s, struct crm_err *err);
/* env.c: opens a generation that nobody else knows, over what is open: all
 * transactions go there, under the writers' lock, until crm_env_leave. */
int crm_env_enter(struct crm_store *s, const char *gen, struct crm_err *err);
void crm_env_leave(struct crm_store *s);
/* The generation that is open. */
const char *crm_env_gen(const struct crm_store *s);
/* create.c: may a store be made in this folder? */
int crm_folder_vacant(const char *path, struct crm_err *err);
/* Does it read, and see what is stored? */
bool crm_txn_plain(const struct crm_txn *t);
/* Makes the table, empty, if it is not there. */
int crm_env_table_make(struct crm_txn *t, unsigned table, struct crm_err *err);
/* Adds the names of all tables there are to a checksum. */
int crm_env_names(struct crm_txn *t, uint32_t *sum, struct crm_err *err);
/* env_few.c */
int crm_few_entry(struct crm_txn *t, unsigned table, size_t i,
    struct crm_str *k, struct crm_str *v);
/* "log", "k03". */
void crm_env_table_name(unsigned table, char out[8]);

/* Appends the engine's name and version. */
void crm_env_engine(struct crm_buf *out);

/*
 * For tests that open many stores in one process: really closes the
 * environment.  Programs do not, as in LMDB 0.9.26 to 0.9.31 that breaks the
 * locks of other processes.
 */
void crm_store_close_env(struct crm_store *s);

#endif
