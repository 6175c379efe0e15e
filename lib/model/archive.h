/*
 * archive.h - what dump.c and load.c agree on; inside the room only.
 */
#ifndef CRM_MODEL_ARCHIVE_H
#define CRM_MODEL_ARCHIVE_H

#include <crm/upkeep.h>

#include "change.h"

#define CRM_ARCHIVE_VERSION 1
#define CRM_ARCHIVE_PATH 4096
/* Records of a section: a dump writes so many; a load takes so many. */
#define CRM_ARCHIVE_CHUNK 5000
#define CRM_ARCHIVE_MOST 20000
/* Bytes of one row of the section `entry`; longer ones go on in the next. */
#define CRM_ARCHIVE_ENTRY ((size_t)256 << 10)

/* What load.c needs of dump.c's decisions: is the field in an archive? */
static inline bool
crm_archive_field(const struct crm_field *f)
{
	return f->tag != 0 && !(f->flags & (CRM_F_FIGURE | CRM_F_VIRTUAL));
}

/* meta keys of upkeep */
#define CRM_META_LOG_FROM "logfrom" /* what is older has no log, 8 bytes */

/* The states as archives name them, by enum crm_state. */
static const char *const crm_archive_states[] = {
    "live", "deleted", "merged", "erased"};

/* Writes these records, in rising order, as sections of a dump (dump.c). */
int crm_dump_records(struct crm_txn *t, const struct crm_schema *s,
    struct crm_out *out, const struct crm_kind *k, const uint64_t *number,
    size_t n, struct crm_err *err);

/* ---- load.c's parts ---- */

struct crm_load_rec {
	struct crm_record *rec;
	unsigned long line;
};
/* The records read last, to be written together. */
struct crm_load_set {
	struct crm_arena arena;
	struct crm_load_rec
	    *rec; /* living ones by rising number, then others */
	size_t nrec, caprec, nlive;
};
struct crm_load {
	const struct crm_load_options *opt;
	struct crm_stream *in;
	struct crm_store *store; /* the new one, under its temporary name */
	const struct crm_schema *schema;
	struct crm_change *change; /* of new records, else NULL */
	struct crm_aside aside; /* of these */
	struct crm_arena keep; /* settings */
	struct crm_settings settings;
	bool full; /* the archive began with `store` */
	bool has_log;
	bool events; /* there were some */
	bool started; /* there is a store to load into */
	char temp[CRM_ARCHIVE_PATH];
	uint64_t revision, log_from;
	uint64_t head; /* the last revision of the log */
	uint8_t uuid[16];
	int64_t created;
	size_t capfields, capsegments;

	const struct crm_kind *kind; /* of the section */
	struct crm_load_set sets[2], *set; /* the one that is read into */
	struct crm_load_behind *behind; /* puts the other one, NULL: nobody */
	bool alone; /* there is to be nobody */
	uint64_t after[CRM_K_MAX]; /* the highest number so far */

	/* entries to be written together: table, key, value, each counted */
	struct crm_buf batch, value;
	/* numbers, for the log of an archive without one */
	struct crm_range *range;
	size_t nrange, caprange;
	struct crm_load_result result;
};

/* load_records.c */
int crm_load_records(
    struct crm_load *l, const struct crm_kind *k, struct crm_err *err);
int crm_load_rows(struct crm_load *l, int part, struct crm_err *err);
int crm_load_given(struct crm_load *l, struct crm_err *err);
int crm_load_gone(struct crm_load *l, struct crm_err *err);
/* Writes the records there are, or puts them into the change. */
int crm_load_flush(struct crm_load *l, struct crm_err *err);

/* Puts the new records of a set into the change. */
int crm_load_new(
    struct crm_load *l, const struct crm_load_set *set, struct crm_err *err);
/*
 * load_behind.c: has the set put that was read, by a second thread where there
 * can be one, and goes on with the other one; waits until all that was given
 * is put, and answers what came of it; ends the thread.
 */
int crm_load_give(struct crm_load *l, struct crm_err *err);
int crm_load_wait(struct crm_load *l, struct crm_err *err);
void crm_load_end(struct crm_load *l);

/* load_settings.c */
int crm_load_store(struct crm_load *l, struct crm_err *err);
int crm_load_settings(struct crm_load *l, struct crm_err *err);
int crm_load_fields(struct crm_load *l, struct crm_err *err);
int crm_load_segments(struct crm_load *l, struct crm_err *err);

/* load_log.c */
int crm_load_heads(struct crm_load *l, struct crm_err *err);
int crm_load_entries(struct crm_load *l, struct crm_err *err);
int crm_load_sources(struct crm_load *l, struct crm_err *err);
int crm_load_erased(struct crm_load *l, struct crm_err *err);
/* Heads that say which numbers were given, where the archive has none. */
int crm_load_make_log(struct crm_load *l, struct crm_err *err);

/* load.c, for both */
int crm_load_put(struct crm_load *l, unsigned table, struct crm_str key,
    struct crm_str value, struct crm_err *err);
int crm_load_write(struct crm_load *l, struct crm_err *err);
/* The section's columns are exactly these; CRM_EDATA. */
int crm_load_columns(
    struct crm_load *l, const char *const *name, size_t n, struct crm_err *err);
/* A fault in column i of the row. */
int crm_load_bad(
    struct crm_load *l, size_t column, struct crm_err *err, const char *wanted);
int crm_load_place(struct crm_load *l, int code, struct crm_err *err);
int crm_load_section_bad(struct crm_load *l, struct crm_err *err,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));
bool crm_load_u64(struct crm_load *l, size_t column, uint64_t *out);
bool crm_load_hex(struct crm_load *l, size_t column, struct crm_buf *out);

/* ---- fill.c, for load and rebuild ---- */

/* Sorts what was added to it and puts it into a table that has no entries, in
 * transactions; of CRM_TAB_SALES what is sorted are effects. */
int crm_upkeep_fill(struct crm_store *s, unsigned table,
    struct crm_keysort *from, struct crm_err *err);

/* ---- rebuild.c, for load and apply ---- */

/* Every living record of a kind, all of it but figures; the record is used
 * again. */
typedef int crm_each_fn(void *ctx, struct crm_record *rec, struct crm_err *err);
int crm_upkeep_each(struct crm_txn *t, const struct crm_schema *s,
    const struct crm_kind *k, crm_each_fn *fn, void *ctx, struct crm_err *err);
/* The header of a revision of its own, put into the log. */
int crm_upkeep_log(struct crm_txn *t, const struct crm_origin *by,
    const struct crm_log_head *more, struct crm_err *err);
/* Tables that follow from the records. */
#define CRM_TABS_DERIVED                                                   \
	(1U << CRM_TAB_IDENT | 1U << CRM_TAB_INDEX | 1U << CRM_TAB_SALES | \
	    1U << CRM_TAB_TALLY | 1U << CRM_TAB_COLUMNS)
/* Fills them, where they are empty. */
int crm_rebuild_tables(struct crm_store *s, const struct crm_watch *watch,
    struct crm_rebuild_result *out, struct crm_err *err);
/* A crm_count_fn for a struct crm_watch (or NULL) as ctx. */
void crm_upkeep_watch(void *ctx, uint64_t done, uint64_t total);

#endif
