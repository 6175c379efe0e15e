/*
 * cli_noun.h - what the common verbs of nouns are made of, for commands that
 * have a verb of their own of the same make.
 */
#ifndef CRM_CLI_NOUN_H
#define CRM_CLI_NOUN_H

#include "cli.h"

/*
 * Copies stdin to an unlinked file, unless it is one, so that nothing is read
 * while the writers' lock is held: `writer | writer` would wait for ever.
 */
int cli_slurp(struct cli *c, struct crm_err *err);

/*
 * A writing run: the change, and what was touched by it.  begin takes the
 * lock; CRM_NO: --key was used before, the records it made have been
 * printed and the verb is done (answer CRM_OK).  Without a single record
 * (many) rows are printed only under --print.
 */
struct cli_printer;
struct cli_work {
	struct cli *c;
	struct crm_change *change;
	struct crm_change_options opt; /* it is opened with */
	uint64_t *touched; /* numbers of c->kind, in order */
	size_t n, cap;
	size_t cleaned; /* characters, by changes that are done */
	struct cli_printer *to; /* under --each */
	size_t waiting; /* records that wait for the commit */
	bool many;
	bool together; /* records may be committed together */
};
int cli_work_begin(
    struct cli *c, bool many, struct cli_work *w, struct crm_err *err);
/*
 * Around each record of a stream.  Under --each (which begin has looked at:
 * stdin is a stream, and read as it comes) next opens a change for it and done
 * ends it; wait, before a row is read, commits and prints what has ended.
 * Where they may be committed together that is left until the next row is one
 * to be waited for: a disk writes a hundred records as quickly as one.
 * Without --each there is one change, which begin opened, and done only takes
 * back the memory.  done answers r when that is a failure.
 */
int cli_work_next(struct cli_work *w, struct crm_err *err);
int cli_work_done(struct cli_work *w, int r, struct crm_err *err);
int cli_work_wait(
    struct cli_work *w, const struct crm_stream *s, struct crm_err *err);
/* Puts the record; notes that it is to be printed. */
int cli_work_put(
    struct cli_work *w, struct crm_record *rec, struct crm_err *err);
int cli_work_touch(struct cli_work *w, uint64_t number, struct crm_err *err);
/* Prints what would change (--dry-run), or commits and prints the records. */
int cli_work_end(struct cli_work *w, struct crm_err *err);
void cli_work_release(struct cli_work *w);
/*
 * The end of a verb: r is what begin or the work after it answered.  Ends the
 * run when all went well, or under --keep-going in part; releases it.
 */
int cli_work_finish(struct cli_work *w, int r, struct crm_err *err);

/* An operand or cell that names a record of c->kind: a copy to change. */
int cli_record(struct cli_work *w, struct crm_str ref, struct crm_record **out,
    struct crm_err *err);
/* The fields given as options, and --clean, --empty. */
int cli_apply_options(
    struct cli_work *w, struct crm_record *rec, struct crm_err *err);
int cli_empty(enum crm_empty *out, struct crm_err *err);
unsigned cli_parse_flags(void);
/* The column of a stream that carries the ids of a kind: --on, else the
 * kind's own id column; CRM_EDATA with a hint when it is not there. */
int cli_id_column(struct cli *c, const struct crm_stream *s,
    const struct crm_kind *k, size_t *out, struct crm_err *err);
/* A line of a stream as place of an error. */
void cli_place(struct crm_err *err, const struct crm_stream *s);
/* Is a reference the id of somebody who was erased?  In a stream they are
 * nobody: orders keep the number. */
bool cli_is_erased(struct cli *c, struct crm_txn *t, const struct crm_kind *k,
    struct crm_str ref);
/*
 * The set of numbers in a stream's column of ids (a selector).  References
 * are looked up; unknown ones are CRM_EDATA unless --missing drop.
 */
int cli_selector(struct cli *c, const char *column, const struct crm_kind *k,
    struct crm_idmap *out, struct crm_err *err);
/* Prints what a change would do, field by field, and releases it: the lock is
 * not held while a pipe is blocked. */
int cli_print_changes(
    struct cli *c, struct crm_change **change, struct crm_err *err);
/* Prints records by number with -f and --format, some at a time.  close after
 * open, whatever that answered; it answers r unless it fails itself. */
struct cli_printer {
	struct cli *c;
	struct crm_out *out;
	struct crm_want want;
	struct crm_arena arena;
	struct crm_value *row;
	int *pick;
	size_t npick;
};
int cli_printer_open(struct cli *c, struct cli_printer *p, struct crm_err *err);
int cli_printer_put(struct cli_printer *p, const uint64_t *number, size_t n,
    struct crm_err *err);
/* The rows are made in a transaction, and held back until it has ended and
 * crm_out_drain was called. */
int cli_printer_hold(struct cli_printer *p, struct crm_txn *t,
    const uint64_t *number, size_t n, struct crm_err *err);
int cli_printer_close(struct cli_printer *p, int r, struct crm_err *err);
/* All at once. */
int cli_print_records(
    struct cli *c, const uint64_t *number, size_t n, struct crm_err *err);
/* Calls fn for each operand, or each row of the stream under `-`: ref is the
 * record's reference.  With --keep-going rows that fail are rejected. */
typedef int cli_each_fn(struct cli_work *w, struct crm_str ref,
    struct crm_stream *row, void *ctx, struct crm_err *err);
int cli_each(
    struct cli_work *w, cli_each_fn *fn, void *ctx, struct crm_err *err);
/* The same; bind (may be NULL) is called with a stream before its first row:
 * what it refuses is not passed over. */
typedef int cli_bind_fn(
    struct cli_work *w, struct crm_stream *s, void *ctx, struct crm_err *err);
int cli_each_bound(struct cli_work *w, cli_bind_fn *bind, cli_each_fn *fn,
    void *ctx, struct crm_err *err);

/* The field c->unless names, which is then wanted; -1 when nothing is left
 * out.  Records with yes in it are not listed unless asked for by id. */
int cli_unless(const struct cli *c, struct crm_want *want);
static inline bool
cli_left_out(int unless, const struct crm_record *rec)
{
	return unless >= 0 && rec->v[unless].i == 1;
}

/* c->keep: what it reads is added to want; does it want the record listed? */
void cli_keep_want(const struct cli *c, struct crm_want *want);
static inline bool
cli_kept(const struct cli *c, const struct crm_record *rec)
{
	return c->keep == NULL || c->keep(c, rec);
}

/* The common verbs' functions. */
cli_fn cli_add, cli_get, cli_list, cli_set_verb, cli_rm, cli_edit, cli_tag,
    cli_identify;
/* cli_join.c: get on a stream. */
int cli_join(struct cli *c, struct crm_err *err);
/* --or-get of add; --shared and --remove of identify. */
extern const char *cli_or_get;
extern bool cli_ident_shared, cli_ident_remove;

/* A row for each row of a part: of all records, of operands, or of a stream
 * of ids under `-`. */
int cli_part_list(struct cli *c, const char *part, struct crm_err *err);

/* The verb list, and rows of a part, with --of COLUMN (cli_of) - too. */
extern const char *cli_of;
#define CLI_OF_OPTION                                                  \
	{                                                              \
		0, "of", CLI_TEXT, &cli_of, "COLUMN",                  \
		    "only those whose COLUMN is among the ids of the " \
		    "stream on stdin"                                  \
	}
cli_fn cli_of_list;
int cli_of_part(struct cli *c, const char *part, struct crm_err *err);

/* The verb `events`: what was recorded about records of the command's kind. */
int cli_events(struct cli *c, struct crm_err *err);

#endif
