/*
 * store.h - ordered tables in one folder, transactions, records, the log.
 *
 * A store is a folder (0700) with crm.yaml, a lock file, and `data`, a
 * symbolic link to the current generation (a folder with LMDB's two files).
 * Only lib/store/env.c knows LMDB; everything else sees ordered tables of
 * byte keys (at most CRM_KEY_MAX, memcmp order) and values, so that a
 * distributed engine can take its place.
 *
 * Write through crm_txn_run: its function may be run again (the map grew, a
 * conflict elsewhere), so it must not read or write files, look at the clock
 * or change anything but its context, which it sets anew each time.  Read
 * through crm_txn_begin/end; a value is valid until the transaction ends (in a
 * write transaction until the next put).
 */
#ifndef CRM_STORE_H
#define CRM_STORE_H

#include <crm/schema.h>

#define CRM_KEY_MAX 511
#define CRM_FORMAT 3 /* of the store; others are refused */

/* Tables.  A kind's records are in CRM_TAB_KIND + its number.  No kind has
 * the number 0: in that place are the columns of all kinds. */
enum crm_table {
	CRM_TAB_META,
	CRM_TAB_LOG,
	CRM_TAB_IDENT,
	CRM_TAB_INDEX,
	CRM_TAB_SALES,
	CRM_TAB_TALLY,
	CRM_TAB_SOURCE,
	CRM_TAB_COLUMNS,
	CRM_TAB_KIND = CRM_TAB_COLUMNS,
	CRM_TABS = CRM_TAB_KIND + CRM_K_MAX
};

struct crm_store;
struct crm_txn;
struct crm_cursor;

struct crm_store_options {
	const char *path;
	bool write; /* else opened for reading only */
	bool scan; /* will read much: keep the kernel's read-ahead */
	bool few; /* for a few look-ups, see crm_store_whole */
	bool older; /* an older format is taken, for crm_store_upgrade */
	unsigned wait_ms; /* for the writers' lock */
	uint64_t map_bytes; /* 0: 256 GiB, halved while there is no room */
};

/*
 * Makes an empty store at path (made too, 0700), with the settings as
 * revision 1 (actor, now, program as in the header below).  CRM_ECREATE when
 * there is one or the folder cannot be made.
 */
struct crm_origin {
	int64_t now; /* the real clock */
	struct crm_str actor;
	struct crm_str program; /* "crm-customer add" */
	struct crm_str why;
};
int crm_store_create(const char *path, const struct crm_settings *settings,
    const struct crm_origin *by, struct crm_err *err);

/* CRM_ENOINPUT no store there, CRM_EDAMAGE, CRM_ECONFIG another format,
 * CRM_EPERM.  Settings and schema are read when first asked for. */
int crm_store_open(struct crm_store **out, const struct crm_store_options *opt,
    struct crm_err *err);
/* Ends transactions, releases memory, leaves the environment to the exit. */
void crm_store_close(struct crm_store *s);
/* Valid until crm_store_close. */
int crm_store_schema(
    struct crm_store *s, const struct crm_schema **out, struct crm_err *err);
const char *crm_store_path(const struct crm_store *s);

/*
 * A store that is opened for a few look-ups is opened without LMDB, which takes
 * a process longer than the look-ups: crm_get finds there what is there.  All
 * else, also that something is not there, is CRM_EBUSY and makes
 * crm_store_missed true: then nothing that was read in this transaction
 * counts, and is asked again after crm_store_whole, which opens the store as
 * any other.  No transaction may be open then; writers are never opened so, and
 * of any other store it does nothing.  As ever, a process has a store open
 * once: when one that is read so is closed, another one's locks would go, too.
 */
int crm_store_whole(struct crm_store *s, struct crm_err *err);
bool crm_store_missed(const struct crm_store *s);

struct crm_store_info {
	uint8_t uuid[16];
	uint32_t format;
	uint64_t revision; /* the last */
	uint64_t generation;
	uint64_t bytes_used, bytes_file, map_bytes;
	uint32_t readers, readers_max;
	char engine[64], unicode[16];
};
int crm_store_stat(
    struct crm_store *s, struct crm_store_info *out, struct crm_err *err);

/*
 * Walks all pages of the data file, without the engine: every page is used
 * once or free, is what its place says, has its keys in order.  Each fault is
 * given to fn, as crm_store_check does it ("page 17 of table log", "it has two
 * uses"); a code of fn ends the walk.  CRM_NO when there were faults.
 */
typedef int crm_page_fn(
    void *ctx, struct crm_str where, struct crm_str what, struct crm_err *err);
int crm_store_pages(struct crm_store *s, crm_page_fn *fn, void *ctx,
    uint64_t *pages, struct crm_err *err);

/* Takes the writers' lock ahead of transactions and keeps it until unlock or
 * close: nobody else changes the store meanwhile.  CRM_EBUSY after wait_ms. */
int crm_store_lock(struct crm_store *s, struct crm_err *err);
void crm_store_unlock(struct crm_store *s);

/* A consistent copy into a new folder `to` (a whole store: generation 1,
 * crm.yaml), 0700 and 0600, while others write; entry by entry, so that it
 * has nothing of what was deleted.  CRM_ECREATE when it is there. */
int crm_store_backup(struct crm_store *s, const char *to, struct crm_err *err);

/* ---- generations: a new data file in place of the old, while others read and
 * write.  It is made whole and on the disk beside the current one, under the
 * writers' lock; then the link `data` is renamed to it and the old one is
 * removed.  Who has the old one open reads it until the end of the transaction,
 * and then goes over; writers that waited go over before they begin.  A crash
 * leaves the old one or the new one; the next writer clears the rest away. */

/* How far it is: entries done, of so many. */
typedef void crm_count_fn(void *ctx, uint64_t done, uint64_t total);

struct crm_compacted {
	uint64_t generation, entries;
	uint64_t before, after; /* bytes of the data files */
};
/* Puts every entry into a new generation, in the order of keys: no bytes of
 * what was deleted or overwritten are in it.  s is open for writing and
 * without a transaction; it is open on the new generation afterwards.  May be
 * called under crm_store_lock.  watch may be NULL. */
int crm_store_compact(struct crm_store *s, crm_count_fn *watch, void *ctx,
    struct crm_compacted *out, struct crm_err *err);

/* Work on a generation that nobody else sees yet: transactions of s go there
 * meanwhile.  It may not call what makes a generation. */
typedef int crm_renew_fn(struct crm_store *s, void *ctx, struct crm_err *err);
struct crm_renew_options {
	unsigned without; /* tables that begin empty: bits of enum crm_table,
			     up to CRM_TAB_COLUMNS */
	crm_renew_fn *fn;
	void *fn_ctx;
	crm_count_fn *watch; /* may be NULL */
	void *ctx;
};
/*
 * As crm_store_compact, and runs fn on the new generation before it is the
 * current one: however many transactions that takes, others see all of them or
 * none.  When fn fails (CRM_NO too), or its process is killed, nothing has
 * changed.
 */
int crm_store_renew(struct crm_store *s, const struct crm_renew_options *opt,
    struct crm_compacted *out, struct crm_err *err);

struct crm_replace_options {
	const char *path; /* of the store; made when it is not there */
	struct crm_origin by;
	unsigned wait_ms;
	uint64_t past; /* the new revision is to be past this one too */
	bool force; /* what is there is not looked at: it may be another
		       store, or so damaged that reading it kills; revisions
		       past the backup's may then be given twice */
	/* What is to be done to the new generation before anybody sees it, as
	 * in crm_store_renew; CRM_NO: nothing was changed, else it is written
	 * anew once more, so that nothing of what was there is left in it. */
	crm_renew_fn *fn; /* may be NULL */
	void *fn_ctx;
	crm_count_fn *watch; /* may be NULL */
	void *ctx;
};
struct crm_replaced {
	uint64_t generation, entries;
	uint64_t revision; /* the new last one */
	uint64_t was; /* the last one before, 0: none could be read */
	uint64_t from; /* the last one of the copy */
	uint64_t erased; /* people who were erased since, and again */
};
/*
 * Makes what `from` holds (a backup, opened for reading; not checked here)
 * the next generation of the store at path.  The change is logged, in as many
 * revisions without entries as lead past every revision there has been, so
 * that none is given twice and a follower sees it.  Numbers given since the
 * backup are given again.  CRM_EDATA: a copy of another store.  CRM_EUSAGE:
 * from is the store itself.
 */
int crm_store_replace(const struct crm_replace_options *opt,
    struct crm_store *from, struct crm_replaced *out, struct crm_err *err);

enum crm_mode { CRM_READ, CRM_WRITE };
typedef int crm_txn_fn(struct crm_txn *, void *, struct crm_err *);
/*
 * Runs fn in a transaction and commits when it returns CRM_OK (or CRM_NO),
 * else takes everything back.  Returns fn's code, or the commit's.
 */
int crm_txn_run(struct crm_store *s, enum crm_mode mode, crm_txn_fn *fn,
    void *ctx, struct crm_err *err);
/* The last revision that was committed through s, 0 when none was: what a
 * command that fails afterwards has to tell. */
uint64_t crm_store_committed(const struct crm_store *s);
/* A read transaction of the caller's. */
int crm_txn_begin(
    struct crm_store *s, struct crm_txn **out, struct crm_err *err);
void crm_txn_end(struct crm_txn *t);
/*
 * Another one that reads the same state as t, for another thread: what reads
 * by it (get, cursors, scans of what is stored) may run while the first is
 * read from.  Begun and ended by the thread that begins all others of the store.
 * CRM_NO: the store has changed since t began, t writes or is overlaid; then
 * err may have been touched.
 */
int crm_txn_twin(struct crm_txn *t, struct crm_txn **out, struct crm_err *err);
struct crm_store *crm_txn_store(struct crm_txn *t);
/* Which state a read transaction sees: its generation and commit.  Two of one
 * store that give the same read the same. */
void crm_txn_state(const struct crm_txn *t, uint64_t out[2]);

/* The revision: of the last commit (read), of this one to be (write). */
uint64_t crm_txn_revision(struct crm_txn *t);
/* In a write: what follows is of the next revision, durable at the same
 * moment. */
void crm_txn_advance(struct crm_txn *t);
/* The same, with the reason when it cannot be read (the one above is 0 then,
 * a revision no store has). */
int crm_txn_last(struct crm_txn *t, uint64_t *out, struct crm_err *err);
/* The next number of a kind: one past the highest ever given. */
int crm_txn_next(
    struct crm_txn *t, unsigned kind, uint64_t *out, struct crm_err *err);

/*
 * What is looked up in a reader by crm_get from here on lies far apart: for
 * some hundred look-ups pages are read, not mapped, which takes a third of the
 * time for a page that is looked at once.  Changes no answer, but a value, and
 * what is borrowed from it, is valid until the next look-up.  Ends with _end, or t.
 */
void crm_txn_apart(struct crm_txn *t);
void crm_txn_apart_end(struct crm_txn *t);

/* CRM_NOTFOUND when there is none (err untouched). */
int crm_get(struct crm_txn *t, unsigned table, struct crm_str key,
    struct crm_str *value, struct crm_err *err);
enum {
	CRM_PUT_APPEND = 1, /* key is past the last: faster, CRM_EBUG if not */
	CRM_PUT_NEW = 2 /* CRM_NO when the key is there */
};
int crm_put(struct crm_txn *t, unsigned table, struct crm_str key,
    struct crm_str value, unsigned flags, struct crm_err *err);
/* CRM_NOTFOUND when there was none. */
int crm_del(
    struct crm_txn *t, unsigned table, struct crm_str key, struct crm_err *err);
/* Number of entries of a table. */
int crm_count(
    struct crm_txn *t, unsigned table, uint64_t *out, struct crm_err *err);
/* Leaf pages of a table, in a write transaction that has put into it. */
uint64_t crm_leaves(struct crm_txn *t, unsigned table);
/* Bytes an entry takes of a leaf, and those there are of it. */
#define CRM_LEAF_ROOM 4080
size_t crm_leaf_size(size_t key, size_t value);
/* Estimated pages this write transaction has made dirty. */
size_t crm_txn_dirty(struct crm_txn *t);

/* A cursor; valid until closed or its transaction ends (close it first). */
int crm_cursor_open(struct crm_txn *t, unsigned table, struct crm_cursor **out,
    struct crm_err *err);
void crm_cursor_close(struct crm_cursor *c);
/* The first entry at or after key / the next / the one before / the last.
 * CRM_NOTFOUND past the end. */
int crm_cursor_seek(struct crm_cursor *c, struct crm_str key, struct crm_str *k,
    struct crm_str *v, struct crm_err *err);
int crm_cursor_next(struct crm_cursor *c, struct crm_str *k, struct crm_str *v,
    struct crm_err *err);
int crm_cursor_prev(struct crm_cursor *c, struct crm_str *k, struct crm_str *v,
    struct crm_err *err);
int crm_cursor_last(struct crm_cursor *c, struct crm_str *k, struct crm_str *v,
    struct crm_err *err);
/* As seek and next, for what leaps forward through a table and looks at keys
 * only; what is on the page of the entry before costs no search of the tree.
 * A cursor is used with these two or with those above. */
int crm_cursor_hop(struct crm_cursor *c, struct crm_str key, struct crm_str *k,
    struct crm_err *err);
int crm_cursor_step(
    struct crm_cursor *c, struct crm_str *k, struct crm_err *err);
/* Of an entry that hop or step came to, and whose key ends in a number of eight
 * bytes: those behind it, as far as they are at hand, whose keys are like it but
 * for a higher number.  Their numbers, *n and at most max of them; the last is
 * come to. */
int crm_cursor_numbers(struct crm_cursor *c, uint64_t *out, size_t max,
    size_t *n, struct crm_err *err);

/* ---- checked values: every stored value but meta's ends in 4 bytes of
 * CRC-32C over table number, key and content ---- */

#define CRM_SEAL 4
/* Appends the checksum to b, which holds the content. */
void crm_seal(unsigned table, struct crm_str key, struct crm_buf *b);
/* Takes it off; CRM_EDAMAGE when it does not fit. */
int crm_unseal(unsigned table, struct crm_str key, struct crm_str *value,
    struct crm_err *err);

/* ---- records on disk ---- */

/*
 * A record's bytes: varint state, varint revision, [varint into], then
 * items in rising (tag, row) order: varint (tag << 2 | wire) and
 *	wire 0	zig-zag varint	(int money time date bool enum, id of one kind;
 *		of a part: the highest row number given, when no row has it)
 *	wire 1	varint length, bytes	(text list; id of any kind or of a row:
 *		kind, varint number, [varint row]; a part's row: varint row
 *		number, then items)
 *	wire 2	varint scale, zig-zag varint	(decimal)
 * Money of a row has the digits of its currency, told by crm_money_digits.
 * Unknown tags are kept by nobody and an error to nobody.
 */
void crm_record_encode(const struct crm_record *r, struct crm_buf *out);
/* Which fields and parts to decode: bits by index. */
struct crm_want {
	uint64_t fields[CRM_FIELDS_MAX / 64];
	uint32_t parts;
};
extern const struct crm_want crm_want_all;
static inline void
crm_want_field(struct crm_want *w, int field)
{
	w->fields[field / 64] |= (uint64_t)1 << (field % 64);
}
static inline bool
crm_wants(const struct crm_want *w, int field)
{
	return (w->fields[field / 64] >> (field % 64)) & 1;
}
/* Fills r (made by crm_record_new, or used before: cleared; its id is the
 * caller's to set).  Texts borrow bytes.  CRM_EDAMAGE. */
int crm_record_decode(const struct crm_schema *s, struct crm_str bytes,
    const struct crm_want *want, struct crm_record *r, struct crm_err *err);
/*
 * The same for many records of a kind: what follows from the kind and from
 * what is wanted is found out once.  Borrows the schema and the kind; may be
 * moved, and used by one thread at a time.
 */
#define CRM_PLAN_WORDS 32
struct crm_plan {
	const struct crm_schema *schema;
	const struct crm_kind *kind;
	struct crm_want want;
	unsigned last; /* the highest tag that is wanted */
	unsigned parts; /* the lowest tag of a part */
	unsigned others; /* tags from here on are not in the table */
	unsigned coin; /* the tag of the currency, 0 none */
	uint64_t cells; /* fields of rows that are wanted, bits; 0: all */
	/* Of the rows of the one part that is wanted, when their tags allow
	 * it: the highest tag of those cells, 0 not so, and 1 + the field of
	 * a tag that is one of them. */
	unsigned cell_last;
	uint8_t cell[32];
	/* What is stepped over without a closer look, of items and of cells. */
	struct crm_plan_easy {
		uint32_t stop; /* not these of the tags below 32, bits */
		unsigned far, parts; /* all between these */
	} easy, cell_easy;
	uint8_t place[CRM_TAGS]; /* 1 + the field of a tag, 0 not wanted */
	/* words of enums that were looked up, by field and value */
	struct {
		const char *values;
		int64_t i;
		struct crm_str s;
	} word[CRM_PLAN_WORDS];
};
void crm_plan_make(struct crm_plan *p, const struct crm_schema *s,
    const struct crm_kind *k, const struct crm_want *want);
/* Of the rows of the one part that is wanted only these fields, bits by index;
 * the others of a row are left as they were.  Of more parts all are read. */
void crm_plan_cells(struct crm_plan *p, uint64_t cells);
int crm_plan_decode(struct crm_plan *p, struct crm_str bytes,
    struct crm_record *r, struct crm_err *err);
/* Digits of the money in a record that is not in the base currency: by its
 * field `currency`, else the base's. */
int crm_money_digits(const struct crm_schema *s, const struct crm_record *r);
/* The same by the currency. */
int crm_coin_digits(const struct crm_schema *s, struct crm_str currency);

/*
 * Reads the record of a kind and number into r, texts borrowed from the
 * store until the transaction ends.  CRM_NOTFOUND: never given or gone
 * (deleted, merged, erased: r->state and r->into say which and r has no
 * values; never given is CRM_LIVE with revision 0).  CRM_EDAMAGE.
 */
int crm_record_read(struct crm_txn *t, const struct crm_kind *k,
    uint64_t number, const struct crm_want *want, struct crm_record *r,
    struct crm_err *err);
/* The same by a plan made before, for many records of its kind. */
int crm_plan_read(struct crm_plan *p, struct crm_txn *t, uint64_t number,
    struct crm_record *r, struct crm_err *err);
/* The key of a number: 8 bytes big-endian, static per call site: in out. */
struct crm_str crm_number_key(uint64_t number, char out[8]);

/* ---- the log ---- */

/*
 * Header of a revision, key (revision, 0, 0); entries of it have keys
 * (revision, kind, number): varint previous revision, varint op, then the
 * difference of the record's items.  Inserts have no entry, only the range
 * of numbers in the header.
 */
struct crm_range {
	uint8_t kind;
	uint64_t first, count;
};
struct crm_log_head {
	uint64_t revision;
	uint64_t change; /* the first revision of the command's change */
	uint64_t part; /* 0.. within the change */
	bool last; /* of the change */
	int64_t time;
	struct crm_str actor, program, why, key;
	uint64_t keyhash; /* of what the change was asked to do */
	/* numbers that a change gives to a kind follow each other */
	struct crm_range range[CRM_K_MAX];
	size_t nrange;
	uint64_t updated, removed; /* entries that follow */
};
void crm_log_key(
    uint64_t revision, unsigned kind, uint64_t number, char out[17]);
void crm_log_encode(const struct crm_log_head *h, struct crm_buf *out);
int crm_log_decode(
    struct crm_str bytes, struct crm_log_head *out, struct crm_err *err);
/* The difference of two encoded records (sealing taken off), head included, as
 * before and after images of items; either may be empty.  apply makes `after` from
 * `before` (or, backwards, before from after). */
int crm_diff_make(struct crm_str before, struct crm_str after,
    struct crm_buf *out, struct crm_err *err);
int crm_diff_apply(struct crm_str record, struct crm_str diff, bool backwards,
    struct crm_buf *out, struct crm_err *err);

/* ---- meta ---- */
struct crm_str crm_meta_key(const char *name); /* a view of the name */

#endif
