/*
 * cli.h - what all commands share: tables of verbs and options, one main.
 *
 * A command is a table of verbs; main is `return crm_main(&command, argc,
 * argv)`.  A verb is a function that gets a struct cli with everything
 * parsed and opened; it never sees argv, never prints an error, never exits.
 * A command that names a kind has the common verbs (add get list set rm edit
 * tag identify) from cli_noun*.c; its own table adds to them.  Commands
 * include <crm.h> and this file only.
 */
#ifndef CRM_CLI_H
#define CRM_CLI_H

#include <crm.h>

enum cli_type {
	CLI_FLAG, /* to: bool */
	CLI_TEXT, /* to: const char * */
	CLI_INT, /* to: int64_t, >= 0 */
	CLI_TEXTS, /* to: struct cli_texts, may be given more than once */
	CLI_COUNT, /* to: int, one more each time */
	CLI_NAMES, /* to: const char *, names given again are more of them */
	CLI_ONCE /* to: const char *, an error when given again */
};
struct cli_texts {
	const char **v;
	size_t n, cap;
};
/* One option a row; a table ends with name NULL.  to points to static
 * memory of the command (or to a member of cli_opt). */
struct cli_option {
	char letter; /* 0: long only */
	const char *name;
	enum cli_type type;
	void *to;
	const char *arg; /* as help shows it; NULL for flags */
	const char *help;
};

/* Groups of shared options (tables in cli_options.c) a verb takes. */
enum cli_group {
	CLI_OUT = 1, /* --format -f --no-header --excel */
	CLI_LIST = 2, /* -w -D --since --until --sort --limit --count -e */
	CLI_IN = 4, /* -i --header --on --missing (streams on stdin) */
	CLI_CHANGE = 8, /* -n --why --key --wait --print */
	CLI_BULK =
	    16, /* --keep-going --rejects --max-rejects --clean --empty */
	CLI_CLOCK = 32, /* --at --as-of */
	CLI_FIELDS = 64, /* --FIELD VALUE for each field that can be written */
	CLI_EXPR = 128, /* -w -D only */
	CLI_WORDS = 256, /* no options: they end at the first operand */
	CLI_SIGNED = 512, /* no options: past the first operand -word (two
			     letters and more) is an operand: tag - -xmas */
	CLI_NOTIME = 1024, /* CLI_LIST without --since and --until */
	CLI_EACH = 4096, /* --each: a commit for each record of a stream */
	CLI_FROM = 2048, /* --from --columns (cli_from.h); no store is opened
			    where it is given */
	CLI_FIT = 8192, /* --model --unit --no-money --anyway (cli_clv.h) */
	CLI_USE = 16384 /* --use --fitted --params: a model that is there */
};

enum cli_mode {
	CLI_NONE,
	CLI_READ, /* look-ups */
	CLI_SCAN, /* reads much: read-ahead on */
	CLI_WRITE
};

struct cli;
typedef int cli_fn(struct cli *c, struct crm_err *err);

struct cli_verb {
	const char *name; /* "" for a command without verbs; NULL ends */
	cli_fn *fn;
	enum cli_mode mode;
	unsigned groups;
	const struct cli_option *options; /* may be NULL */
	const char *operands; /* "REF..." for the usage line */
	const char *summary;
};

/* Which of the common verbs a noun has. */
enum cli_common {
	CLI_ADD = 1,
	CLI_GET = 2,
	CLI_LISTV = 4,
	CLI_SET = 8,
	CLI_RM = 16,
	CLI_EDIT = 32,
	CLI_TAG = 64,
	CLI_IDENTIFY = 128,
	CLI_COMMON = 255
};

struct cli_command {
	const char *name; /* "crm-customer" */
	const char *summary;
	const char *kind; /* "customer", or NULL */
	unsigned common;
	const struct cli_verb *verbs; /* may be NULL */
};
/* In cli_noun.c: the common verbs, ended by name NULL, and the bit of each. */
extern const struct cli_verb cli_common_verbs[];

/* Every shared option's value; what was not given is zero. */
struct cli_opt {
	/* OUT */
	const char *format, *fields;
	bool no_header, excel;
	/* LIST */
	const char *where, *since, *until, *sort;
	struct cli_texts define;
	int64_t limit;
	bool has_limit, count, exists;
	/* IN */
	bool bare;
	const char *header, *on, *missing;
	/* CHANGE */
	bool dry_run, print;
	const char *why, *key, *wait;
	/* BULK */
	bool keep_going, clean, allow_erased;
	const char *rejects, *empty;
	int64_t max_rejects;
	bool has_max_rejects;
	/* EACH */
	bool each;
	/* CLOCK */
	const char *at, *as_of;
	/* FROM */
	const char *from, *columns;
	/* FIT, USE */
	const char *model, *unit, *use, *fitted, *params;
	bool no_money, anyway;
	/* always */
	bool quiet;
	const char *store; /* --store */
};
extern struct cli_opt cli_opt;

/* A field given as an option: --shoe-size 44 -> "shoe_size", "44". */
struct cli_set {
	const char *name, *value;
};

struct cli {
	const struct cli_command *command;
	const struct cli_verb *verb;
	char program[64]; /* "crm-customer add", for the log */
	char **operand;
	size_t noperand; /* a verb whose further operands are no records may
			    lower it */
	size_t ngiven; /* as many as were given */
	struct cli_set *set;
	size_t nset;
	const char *actor;
	int64_t now; /* CRM_NOW, else the clock */
	const char *unless; /* lists leave out records with yes in it */
	/* lists leave out records that it does not want; it reads fields of
	 * these names (NULL ends them) only */
	bool (*keep)(const struct cli *c, const struct crm_record *rec);
	const char *const *keep_fields;
	int64_t at; /* --at, else just past CRM_NOW, else INT64_MAX */
	int64_t real_now; /* the clock, for the log */
	unsigned wait_ms; /* --wait, default 60 s */
	bool tty_out, tty_err;
	unsigned width;
	const char *spill_dir; /* the store's folder or TMPDIR */
	struct crm_store *store; /* mode not NONE */
	struct crm_past *past; /* laid over it by --as-of, NULL */
	const struct crm_schema *schema; /* the store's, or the built-in */
	const struct crm_kind *kind; /* command->kind's */
	struct crm_arena arena; /* for the whole run */
	/* The functions, references and flags of -w; NULL: none.  A verb sets
	 * it before cli_where or cli_rows_open, which add the rest. */
	const struct crm_expr_env *expr;
	const char *also; /* a condition of the verb's own, beside -w */
	struct cli_segments *segments; /* that conditions ask about */
};

/*
 * Parses, opens the store, runs the verb, closes, prints the error as
 * `NAME: place: field: text` (control bytes as ?) with the hint on further
 * lines, returns the exit status.
 */
int crm_main(const struct cli_command *command, int argc, char **argv);

/* Reads the clock again, for a run that waits for its input. */
int cli_env_tick(struct cli *c, struct crm_err *err);
/* The store's folder by --store, CRM_STORE, XDG_DATA_HOME, HOME. */
int cli_store_path(struct cli *c, const char **out, struct crm_err *err);
/* For verbs of mode NONE: opens the store for reading, and takes its schema,
 * when there is one that may be read; else c->store stays NULL and the schema
 * is the built-in one.  A store named by --store must be there. */
int cli_store_maybe(struct cli *c, struct crm_err *err);
/* For verbs of mode NONE: opens the store for writing. */
int cli_store_write(struct cli *c, struct crm_err *err);
/* Requires between min and max operands (max 0: any number). */
int cli_operands(struct cli *c, size_t min, size_t max, struct crm_err *err);
/* True when the only operand is "-". */
bool cli_stdin(const struct cli *c);
/* Opens stdin as a stream by the options of CLI_IN; whole: a last line
 * without LF is refused (commands that change the store). */
int cli_stream(
    struct cli *c, bool whole, struct crm_stream **out, struct crm_err *err);
/* Opens the output by the options of CLI_OUT for these fields. */
int cli_out(struct cli *c, const struct crm_field *fields, size_t n,
    struct crm_out **out, struct crm_err *err);
/*
 * -f: indexes into fields of the columns asked for (the first always there),
 * or the default ones (not WIDE).  Unknown names are CRM_EUSAGE with a hint.
 * In the run's arena.
 */
int cli_pick(struct cli *c, const struct crm_field *fields, size_t n, int **out,
    size_t *nout, struct crm_err *err);
/* Compiles -w (NULL when it was not given) with -D. */
int cli_where(struct cli *c, const struct crm_field *fields, size_t n,
    struct crm_expr **out, struct crm_err *err);
/* --since, --until, --at and the like: an instant, by the store's zone. */
int cli_moment(struct cli *c, const char *option, const char *text,
    int64_t *out, struct crm_err *err);
/* The log's origin by actor, program, --why. */
struct crm_origin cli_origin(const struct cli *c);

/*
 * Rows that come out of --where --sort --limit --count --since --until
 * --format -f, all at once: open, give every row (values by `fields`), close.
 * Used by list, crm-rows and every report.  The fields -w, --sort and -f
 * need are in want (bits), to be read before the first row.
 */
struct cli_rows;
int cli_rows_open(struct cli *c, const struct crm_field *fields, size_t n,
    const char *time_field, struct cli_rows **out, struct crm_err *err);
/*
 * The same for rows of 2n values: the first n by `fields`, for -w and --sort,
 * then n as they are to be shown, by `shown`.  Sorting takes texts of such a
 * row that are numbers as numbers.
 */
int cli_rows_open_shown(struct cli *c, const struct crm_field *fields,
    const struct crm_field *shown, size_t n, const char *time_field,
    struct cli_rows **out, struct crm_err *err);
void cli_rows_want(const struct cli_rows *r, struct crm_want *want);
/* The condition of -w, NULL: none.  Rows that do not meet it need not be put. */
struct crm_expr *cli_rows_where(struct cli_rows *r);
/* Whether rows come out as they are put, as lines, of all that there are: then
 * cli_rows_lines may be given those that crm_scan_lines makes by what this puts
 * into the job. */
bool cli_rows_job(struct cli_rows *r, struct crm_lines_job *job);
/* CRM_NO when no more rows are wanted (--limit without --sort). */
int cli_rows_put(
    struct cli_rows *r, const struct crm_value *row, struct crm_err *err);
/* Whether every row goes out as TSV, whole and as it is; then n rows may be
 * given as lines: cells escaped, with tabs between and an end of line. */
bool cli_rows_plain(const struct cli_rows *r);
int cli_rows_lines(
    struct cli_rows *r, struct crm_str lines, uint64_t n, struct crm_err *err);
/* Before a read transaction that rows are given in, and after its end (each
 * second call is the end of what the one before began). */
int cli_rows_hold(struct cli_rows *r, struct crm_err *err);
int cli_rows_close(struct cli_rows *r, struct crm_err *err);
void cli_rows_abort(struct cli_rows *r);

/* Rows of which -f chooses the columns, and nothing else. */
struct cli_picked {
	struct crm_out *out; /* NULL: nothing is printed */
	int *pick;
	size_t n;
};
int cli_picked_open(struct cli *c, const struct crm_field *fields, size_t n,
    struct cli_picked *r, struct crm_err *err);
int cli_picked_put(
    struct cli_picked *r, const struct crm_value *v, struct crm_err *err);
/* Ends the output when code is CRM_OK, else takes it back; the code. */
int cli_picked_close(struct cli_picked *r, int code, struct crm_err *err);

/* Faults, a row each: two columns, and a crm_fault_fn for struct
 * cli_picked. */
extern const struct crm_field cli_fault_fields[2];
int cli_fault_row(
    void *ctx, struct crm_str where, struct crm_str what, struct crm_err *err);

/* Progress on a terminal's stderr, at most twice a second: "NAME: WHAT 1,234
 * of 5,678"; silent elsewhere and under --quiet. */
void cli_progress(
    struct cli *c, const char *what, uint64_t done, uint64_t total);
/* The same of a long job of the library. */
struct crm_watch cli_watch(struct cli *c);
/* A line on stderr: "NAME: text" (dry-run counts, notices); not under -q. */
void cli_note(struct cli *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* While the writers' lock is held what is said to a pipe waits until it is
 * given back: then it is written.  The code is of what is not stderr. */
void cli_held_begin(void);
int cli_held_end(struct crm_err *err);

/* --rejects FILE and --keep-going: counts, keeps lines with reasons. */
struct cli_rejects;
int cli_rejects_open(
    struct cli *c, struct cli_rejects **out, struct crm_err *err);
/* Under --keep-going: takes the error (prints it, writes raw to the file in
 * the input's own form with the reason as a last column), clears it and
 * answers CRM_OK; else, or past --max-rejects, answers the error's code. */
int cli_reject(struct cli_rejects *r, struct crm_str raw, struct crm_err *err);
/* The input is CSV with this separator (a line may bring its end along);
 * without this call it is a record stream. */
void cli_rejects_csv(struct cli_rejects *r, char sep);
/* The column added to rejected lines.  Whoever reads a rejects file again
 * passes over it; what it said is replaced. */
#define CLI_REJECTED "rejected"
/* The header the rejects file begins with, once. */
int cli_rejects_header(
    struct cli_rejects *r, struct crm_str raw, struct crm_err *err);
uint64_t cli_rejects_count(const struct cli_rejects *r);
int cli_rejects_close(struct cli_rejects *r, struct crm_err *err);

#endif
