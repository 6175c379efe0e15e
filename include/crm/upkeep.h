/*
 * upkeep.h - keeping a store in order: check, rebuild, dump, load, apply.
 *
 * The records are the only truth; identities, indexes, the ledger and the
 * figures follow from them.  check says where they do not, by code that did
 * not write them; rebuild makes them anew; dump and load carry a store as
 * text; apply puts settings in force.
 *
 *	struct crm_check_options opt = {.fault = print, .ctx = stdout};
 *	if (crm_store_check(store, &opt, &result, err) == CRM_NO)
 *		... result.faults lines were printed
 */
#ifndef CRM_UPKEEP_H
#define CRM_UPKEEP_H

#include <crm/model.h>
#include <crm/out.h>
#include <crm/stream.h>

/* How far a long job is: what it does now, done of total (0: unknown). */
struct crm_watch {
	void (*fn)(void *ctx, const char *what, uint64_t done, uint64_t total);
	void *ctx;
};

/* ---- check ---- */

/* One fault: where it is ("C42", "identity email:ann@b.c", "revision 7") and
 * what is wrong; both valid during the call.  A code ends the check. */
typedef int crm_fault_fn(
    void *ctx, struct crm_str where, struct crm_str what, struct crm_err *err);
struct crm_check_options {
	crm_fault_fn *fault;
	void *ctx;
	struct crm_watch watch;
	bool backup; /* who was erased may be there: restore erases them */
};
struct crm_check_result {
	uint64_t faults;
	uint64_t records; /* tombstones included */
	uint64_t entries; /* identities, indexes, runs, figures, sources */
	uint64_t revisions; /* in the log */
};
/*
 * Looks at everything: all pages of the data file, and unless one of them is
 * broken the rest in one snapshot: checksums, the order of keys,
 * numbers that were given and are gone, the log and each record's chain of
 * revisions, references, identities and indexes in both directions, kept
 * fields of orders, ledger and figures.  Others may write meanwhile.  Memory
 * is a few bits for each record and at most some 100 MiB more.  CRM_NO when
 * there are faults.
 */
int crm_store_check(struct crm_store *s, const struct crm_check_options *opt,
    struct crm_check_result *out, struct crm_err *err);

/* ---- rebuild ---- */

struct crm_rebuild_result {
	uint64_t identities, indexes, orders;
	uint64_t revision; /* that names it */
};
/*
 * Makes identities, indexes, ledger and figures anew from the records, in a
 * new generation of the data (crm_store_renew): one that fails or is cut short
 * has changed nothing.  CRM_EDAMAGE when a record cannot be read.
 */
int crm_store_rebuild(struct crm_store *s, const struct crm_origin *by,
    const struct crm_watch *watch, struct crm_rebuild_result *out,
    struct crm_err *err);

/* ---- upgrade ---- */

struct crm_upgraded {
	uint32_t from, to; /* formats */
	uint64_t generation, revision;
};
/*
 * Brings a store of an older format (opened with .older, for writing) to the
 * one this library writes, as a new generation, while programs of the older
 * format read on and are refused afterwards.  CRM_NO when it has that format.
 */
int crm_store_upgrade(struct crm_store *s, const struct crm_origin *by,
    const struct crm_watch *watch, struct crm_upgraded *out,
    struct crm_err *err);

/* ---- dump and load: crm-store(5) has the text ---- */

/*
 * Writes the store as one archive; out is open for plain bytes (no columns,
 * CRM_FMT_TSV).  The snapshot ends before a blocked pipe is waited for.
 */
int crm_store_dump(struct crm_store *s, struct crm_out *out, bool log,
    const struct crm_watch *watch, struct crm_err *err);

struct crm_load_options {
	const char *path; /* where the new store is to be */
	struct crm_origin by;
	int64_t now; /* for created and the like, see crm_change_options */
	/* For an archive without settings; NULL: such a one is refused. */
	const struct crm_settings *settings;
	struct crm_watch watch;
};
struct crm_load_result {
	uint64_t records;
	uint64_t revision; /* the last */
};
/*
 * Makes a store of an archive (opened by crm_archive_open, from its
 * beginning).  It is made beside its place and renamed, so that it is there
 * complete or not at all.  A dump is checked whole before.  An archive that
 * does not begin with the section `store` holds new records (what crm-gen
 * writes): they pass everything a record that is added does, which leaves
 * nothing to be found by a check; with sections `event` it is checked all the
 * same.  CRM_ECREATE when there is a store, CRM_EDATA with file, line and
 * field.
 */
int crm_store_load(const struct crm_load_options *opt,
    struct crm_stream *archive, struct crm_load_result *out,
    struct crm_err *err);

/* ---- restore ---- */

struct crm_restore_options {
	const char *from; /* a folder made by crm_store_backup */
	struct crm_replace_options to; /* watch and ctx are set here */
	crm_fault_fn *fault; /* faults of the backup */
	void *ctx;
	struct crm_watch watch;
};
/* Checks a backup, and makes it the next generation of a store
 * (crm_store_replace), under running readers and writers.  CRM_NO when it has
 * faults: nothing has changed then. */
int crm_store_restore(const struct crm_restore_options *opt,
    struct crm_replaced *out, struct crm_err *err);

/* ---- settings ---- */

/* One difference: what it is about ("timezone", "field customer.vat_id"),
 * before and after, and what follows from it ("figures are recomputed", "").
 * A code ends it. */
struct crm_setting_row {
	struct crm_str what, old, new, follows;
};
typedef int crm_setting_fn(
    void *ctx, const struct crm_setting_row *row, struct crm_err *err);
/* Calls fn for each difference of two settings; fn may be NULL.  CRM_NO when
 * there is none. */
int crm_settings_diff(const struct crm_settings *old,
    const struct crm_settings *now, crm_setting_fn *fn, void *ctx,
    struct crm_err *err);
/* Compiles the conditions of the segments, and looks whether one depends on
 * itself.  CRM_ECONFIG names the segment, with the caret of crm-expr(7) as
 * hint. */
int crm_settings_check_segments(
    const struct crm_settings *s, struct crm_err *err);

enum {
	CRM_APPLY_DRY = 1, /* check only */
	CRM_APPLY_DROP = 2 /* fields that have values may go */
};
/*
 * Puts settings in force, as a revision of the log: checks segments, that
 * what is to be unique is, and that no field with values goes; then migrates
 * orders whose revenue changes and rebuilds what is derived, in a new
 * generation of the data.  CRM_NO when there is nothing to do.  One that fails
 * or is cut short has changed nothing.  The store's schema is the new one
 * afterwards.
 */
int crm_settings_apply(struct crm_store *s, const struct crm_settings *now,
    const struct crm_origin *by, unsigned flags, const struct crm_watch *watch,
    uint64_t *revision, struct crm_err *err);

#endif
