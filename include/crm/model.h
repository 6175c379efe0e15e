/*
 * model.h - customers, products, orders: what records mean.
 *
 * Reading is by transactions and crm_scan; references ("email:a@b.c") become
 * numbers by crm_ref_find.  Writing is by a change: it holds the writers'
 * lock from open to release, validates every record as it is put, keeps the
 * results in a spool, and commit writes them - small changes as one
 * transaction, large ones in parts that name the change.  Nothing is
 * written before commit, so whatever fails before it has changed nothing.
 *
 *	crm_change_open(&ch, store, &opt, err);
 *	crm_change_get(ch, kind, 42, &rec, err);	a copy to change
 *	*crm_record_at(rec, "tier") = crm_value_text(CRM_STR("gold"));
 *	crm_change_put(ch, rec, err);
 *	crm_change_commit(ch, &revision, err);
 *	crm_change_release(ch);
 */
#ifndef CRM_MODEL_H
#define CRM_MODEL_H

#include <crm/store.h>

/* ---- identities and references ---- */

/*
 * The form in which an identity is kept and looked up: e-mail folded, phone
 * E.164 by the store's country, anything else NFC without blanks around it.
 * Appends.  CRM_EDATA when it cannot be one ("'foo' is not an e-mail
 * address").
 */
int crm_ident_normal(const struct crm_schema *s, struct crm_str scheme,
    struct crm_str value, struct crm_buf *out, struct crm_err *err);
/* Can there be such a number in E.164's form?  Its country code must be one that
 * is given out, and the rest as long as one can be. */
bool crm_phone_possible(struct crm_str e164);
/* May only one record of a kind have it?  (phones: no) */
bool crm_ident_unique(struct crm_str scheme);
/* Is it on the settings' ignore list? */
bool crm_ident_ignored(
    const struct crm_schema *s, struct crm_str scheme, struct crm_str normal);
/* Key in CRM_TAB_IDENT of (kind, scheme, value, number); number 0: the
 * prefix of all of them.  Appends. */
void crm_ident_key(struct crm_buf *b, unsigned kind, struct crm_str scheme,
    struct crm_str normal, uint64_t number);
/* Key in CRM_TAB_INDEX of (kind, tag, value, number).  Appends. */
void crm_index_key(struct crm_buf *b, unsigned kind, unsigned tag,
    const struct crm_value *v, uint64_t number);

/* Key in CRM_TAB_INDEX of a folded word (crm_text_words) of a record's
 * names; number 0: the prefix of all that have it.  Appends. */
void crm_word_key(
    struct crm_buf *b, unsigned kind, struct crm_str word, uint64_t number);

struct crm_change;
/*
 * Makes an id of an id or reference, as anywhere one may stand.  kind 0: any
 * kind ("order/shopify:2071" names it).  A number that was merged answers the
 * survivor.  change may be NULL; else its pending records are seen too.
 * CRM_NOTFOUND (with a message: "no customer has email:x"), CRM_EDATA
 * (ambiguous: the candidates are listed; not an id or reference).
 */
int crm_ref_find(struct crm_txn *t, struct crm_change *change, unsigned kind,
    const struct crm_schema *s, struct crm_str ref, struct crm_value *out,
    struct crm_err *err);

/* The living record behind a number, merges followed; change may be NULL.
 * CRM_NOTFOUND. */
int crm_ref_live(struct crm_txn *t, struct crm_change *change,
    const struct crm_schema *s, unsigned kind, uint64_t *number,
    struct crm_err *err);

/* Is this the number of somebody who was erased?  Orders keep it. */
bool crm_ref_erased(struct crm_txn *t, unsigned kind, uint64_t number);

/* ---- reading ---- */

/* Reads one record with its virtual fields and, where wanted, figures. */
int crm_model_read(struct crm_txn *t, const struct crm_schema *s,
    const struct crm_kind *k, uint64_t number, const struct crm_want *want,
    struct crm_record *rec, struct crm_err *err);

/* The same as of a moment (INT64_MAX: now): what had happened by then.  A
 * record that was not there yet is read as it is. */
int crm_model_read_at(struct crm_txn *t, const struct crm_schema *s,
    const struct crm_kind *k, uint64_t number, const struct crm_want *want,
    int64_t at, struct crm_record *rec, struct crm_err *err);

/* The same for many records of a kind: what is to be read is worked out once,
 * when it is opened.  Release with crm_lookup_close. */
struct crm_lookup;
int crm_lookup_open(struct crm_store *store, const struct crm_schema *s,
    const struct crm_kind *k, const struct crm_want *want, int64_t at,
    struct crm_lookup **out, struct crm_err *err);
int crm_lookup_read(struct crm_lookup *l, struct crm_txn *t, uint64_t number,
    struct crm_record *rec, struct crm_err *err);
void crm_lookup_close(struct crm_lookup *l);

/*
 * All live records of a kind in order of number.  at: INT64_MAX, or the moment
 * they are as of: orders placed by then, with what had happened to them;
 * customers that were known or had ordered; figures and stages of then.  The
 * record is reused; its texts are valid until the next call.
 */
struct crm_scan;
int crm_scan_open(struct crm_txn *t, const struct crm_schema *s,
    const struct crm_kind *k, const struct crm_want *want, int64_t at,
    struct crm_scan **out, struct crm_err *err);
/* Of the rows of the one part that is wanted only these fields are read, bits by
 * index; the others are not to be looked at.  Before the first record. */
void crm_scan_cells(struct crm_scan *sc, uint64_t cells);
/* Records that do not meet a condition on them may be left out, but for those
 * at which its test fails.  Borrows it until the scan is closed.  Before the
 * first record. */
struct crm_expr;
void crm_scan_where(struct crm_scan *sc, struct crm_expr *e);
/* CRM_NOTFOUND at the end. */
int crm_scan_next(
    struct crm_scan *sc, struct crm_record **rec, struct crm_err *err);
/* The same, but blocks of columns come as a whole: then *block is one, and
 * *rec is nothing. */
struct crm_columns;
int crm_scan_step(struct crm_scan *sc, struct crm_columns **block,
    struct crm_record **rec, struct crm_err *err);
void crm_scan_close(struct crm_scan *sc);
/* Only numbers from `from` to before `to`, 0: to the end.  What comes next is
 * the first of these. */
void crm_scan_range(struct crm_scan *sc, uint64_t from, uint64_t to);
/* Entries come to so far, with those of records that are gone. */
uint64_t crm_scan_entries(const struct crm_scan *sc);

/*
 * All live records of a kind in parts, each read by a thread of its own.  Part i
 * is given to fn with ctx[i], in order of number, and all its numbers come
 * before those of part i + 1: whoever joins what the parts left, in order, has
 * the same as of one part.  There are fewer parts than asked for where the
 * kind has few records, and one where that is needed: of a moment of the past,
 * or with values that are looked up elsewhere.  The first part's error counts.
 */
typedef int crm_scan_fn(void *ctx, struct crm_record *rec, struct crm_err *err);
typedef int crm_scan_block_fn(
    void *ctx, struct crm_columns *block, struct crm_err *err);
#define CRM_SCAN_PARTS 16
struct crm_scan_job {
	const struct crm_schema *schema;
	const struct crm_kind *kind;
	const struct crm_want *want;
	uint64_t cells; /* as of crm_scan_cells, 0: all */
	int64_t at;
	crm_scan_fn *fn;
	crm_scan_block_fn *block; /* is given what is a block; NULL: fn is */
	void *ctx[CRM_SCAN_PARTS];
	unsigned parts; /* at most; 0 is 1 */
};
int crm_scan_parts(
    struct crm_txn *t, const struct crm_scan_job *job, struct crm_err *err);

/*
 * All live records of a kind as lines of the stream, in order of number; made by
 * several threads, of blocks of columns where there are.  put is given the
 * lines of some rows, by one thread at a time.  CRM_NO, and nothing is put:
 * there are none, or few records, or it cannot be done so.
 */
struct crm_lines_job {
	const struct crm_schema *schema;
	const struct crm_kind *kind;
	const struct crm_want *want; /* also what is only tested */
	const int *pick; /* fields of the lines */
	size_t npick;
	struct crm_expr *where,
	    *also; /* plain ones (crm_expr_plain), NULL none */
	int unless; /* a field: those with yes in it are left out; -1 */
	int time; /* a field of times: from since to before until; -1 */
	bool has_since, has_until;
	int64_t since, until;
	unsigned threads;
	int (*put)(void *ctx, struct crm_str lines, uint64_t rows,
	    struct crm_err *err);
	void *ctx;
};
int crm_scan_lines(
    struct crm_txn *t, const struct crm_lines_job *job, struct crm_err *err);

/* ---- changes ---- */

struct crm_change_options {
	struct crm_origin by; /* real clock, actor, program, why */
	int64_t now; /* CRM_NOW: for created, stage_since, events */
	struct crm_str key; /* --key, n 0 none */
	uint64_t keyhash; /* of what was asked: same key, other content
				   is CRM_EDATA */
	unsigned parse_flags; /* of every text that is taken */
	const char *spill_dir; /* NULL: the store's folder */
	bool allow_erased; /* who was erased may come in again */
	void (*progress)(void *ctx, uint64_t done, uint64_t total);
	void *progress_ctx;
};
/*
 * Takes the lock.  CRM_NO: the key is known and its change complete; *done
 * (may be NULL) gets its revision and there is no change to release.
 */
int crm_change_open(struct crm_change **out, struct crm_store *store,
    const struct crm_change_options *opt, uint64_t *done, struct crm_err *err);
const struct crm_schema *crm_change_schema(const struct crm_change *ch);
int64_t crm_change_now(const struct crm_change *ch);
struct crm_str crm_change_actor(const struct crm_change *ch);
struct crm_str crm_change_why(const struct crm_change *ch);
/* A read transaction on the state before the change; until commit. */
struct crm_txn *crm_change_txn(struct crm_change *ch);
/* Memory until the next crm_change_reset (after each input record, say). */
struct crm_arena *crm_change_arena(struct crm_change *ch);
/* How many characters CRM_PARSE_CLEAN has replaced; callers add theirs. */
size_t *crm_change_cleaned(struct crm_change *ch);
void crm_change_reset(struct crm_change *ch);

/* A new record without a number yet. */
int crm_change_new(struct crm_change *ch, const struct crm_kind *k,
    struct crm_record **out, struct crm_err *err);
/* A copy of the record as it will be (pending, else stored).  CRM_NOTFOUND
 * with a message. */
int crm_change_get(struct crm_change *ch, const struct crm_kind *k,
    uint64_t number, struct crm_record **out, struct crm_err *err);
/*
 * Takes a record: resolves its references, fills defaults and kept fields,
 * checks all of it; a new one gets its number.  CRM_NO when nothing differs.
 * CRM_EDATA with field and message; the change can go on without it.
 */
int crm_change_put(
    struct crm_change *ch, struct crm_record *rec, struct crm_err *err);
/* An entry of another derived table (an import's source row) that is written
 * in the same transaction as the record put last; an empty value takes the
 * entry away.  Sealed by the commit. */
int crm_change_attach(struct crm_change *ch, unsigned table, struct crm_str key,
    struct crm_str value, struct crm_err *err);
/* Removes, and the events about it; what refers to it is found at commit or
 * crm_change_each and makes them CRM_EDATA. */
int crm_change_remove(struct crm_change *ch, const struct crm_kind *k,
    uint64_t number, struct crm_err *err);
/* A record that redirects to another of its kind for ever; what refers to it is
 * left as it is.  CRM_EDATA when this change has touched it already. */
int crm_change_merge(struct crm_change *ch, const struct crm_kind *k,
    uint64_t number, uint64_t into, struct crm_err *err);
/* What a commit would do, in order: op 'a' added, 'c' changed, 'r' removed,
 * 'm' merged;
 * for each field: texts before and after.  For --dry-run and --print. */
struct crm_change_row {
	char op;
	struct crm_value id;
	struct crm_str field; /* "tier", "line 2 amount" */
	struct crm_str old, new;
};
typedef int crm_change_fn(
    void *ctx, const struct crm_change_row *row, struct crm_err *err);
int crm_change_each(
    struct crm_change *ch, crm_change_fn *fn, void *ctx, struct crm_err *err);
struct crm_change_count {
	uint64_t added, changed, removed;
};
struct crm_change_count crm_change_counted(
    const struct crm_change *ch, unsigned kind);
/*
 * What was put since the last mark becomes a revision and a change of its own,
 * to be undone by itself; the commit is one transaction all the same.  For
 * records that are added, and all of the change or none of it is marked.
 */
int crm_change_mark(struct crm_change *ch, struct crm_err *err);
/* Writes everything; *revision (may be NULL) the last revision, 0 when there
 * was nothing to do.  Once it answers CRM_OK it is durable.  CRM_EIO after
 * some parts were committed says up to which revision. */
int crm_change_commit(
    struct crm_change *ch, uint64_t *revision, struct crm_err *err);
/* Releases the lock and all memory; without commit nothing has changed. */
void crm_change_release(struct crm_change *ch);

/* ---- input rows ---- */

/*
 * Cells of named columns into records.  Bind once: each column must be a
 * field of the kind (or, rows == true, of its first part: a row for each line),
 * else CRM_EDATA with the nearest name; `rejected`, the reasons of a rejects
 * file, is passed over.  Read-only columns are passed over
 * unless they differ from the record.  The column `revision` is honoured: a
 * record changed since is CRM_EDATA.
 */
enum crm_empty {
	CRM_EMPTY_REFUSE, /* an empty cell where there is a value */
	CRM_EMPTY_CLEAR,
	CRM_EMPTY_KEEP
};
struct crm_input;
int crm_input_bind(struct crm_input **out, const struct crm_schema *s,
    const struct crm_kind *k, const struct crm_str *name, size_t n, bool rows,
    struct crm_err *err);
/* Does column i set a field of the record / of its part? */
bool crm_input_is_part(const struct crm_input *in, size_t column);
/* Is column i passed over: ids of rows, the reasons of a rejects file? */
bool crm_input_is_passed(const struct crm_input *in, size_t column);
/* Sets rec's fields (and, in a part row, the row's; part < 0 none). */
int crm_input_apply(struct crm_input *in, struct crm_change *ch,
    const struct crm_str *cell, struct crm_record *rec, struct crm_row *row,
    enum crm_empty empty, unsigned parse_flags, struct crm_err *err);
void crm_input_release(struct crm_input *in);
/* One field by its text, as --FIELD VALUE does. */
int crm_input_set(struct crm_change *ch, struct crm_record *rec,
    struct crm_str name, struct crm_str text, struct crm_err *err);

/* ---- what parties are ---- */

/* Records a stage of a role (an event, the change's why its reason) and sets
 * it. */
int crm_customer_stage(struct crm_change *ch, struct crm_record *rec,
    struct crm_str role, struct crm_str stage, int64_t at, struct crm_err *err);
/* Grants or revokes consent for a channel and purpose; append-only. */
int crm_consent_put(struct crm_change *ch, uint64_t customer,
    struct crm_str channel, struct crm_str purpose, bool granted, int64_t at,
    struct crm_str source, struct crm_str wording, struct crm_err *err);
/* Is there consent at that time?  Absent means no. */
int crm_consent_get(struct crm_txn *t, const struct crm_schema *s,
    uint64_t customer, struct crm_str channel, struct crm_str purpose,
    int64_t at, bool *out, struct crm_err *err);

/* ---- segments: see crm/segment.h; here what settings are checked by ---- */

struct crm_expr;
/* The place of a segment among those of the settings.  CRM_EUSAGE, with the
 * one that was meant as hint. */
int crm_segment_place(const struct crm_settings *s, struct crm_str name,
    size_t *out, struct crm_err *err);
/* Which segments a compiled condition names (uses, one for each; may have some
 * already), and whether it asks for consents by names that can be; in() gets
 * the place of the segment in i of its argument.  CRM_EUSAGE with a caret. */
int crm_segment_calls(const struct crm_settings *s, struct crm_expr *e,
    bool *uses, struct crm_err *err);

/* ---- orders: see crm/order.h, ledger and figures: crm/ledger.h ---- */

#endif
