/*
 * expr.h - the expression language of crm-expr(7), and sorting of rows.
 *
 * An expression is compiled once against the fields it may name, is typed
 * then, and evaluated for each row of values.  Comparing with no value is
 * false and `not` makes it true: two-valued logic.  At most 64 KiB of text,
 * 100 deep; evaluation takes bounded time and memory.
 *
 *	crm_expr_compile(&e, CRM_STR("revenue > 500 and country = \"DE\""),
 *	    &env, err);
 *	if (crm_expr_test(e, row, &yes, err) == CRM_OK && yes) ...
 */
#ifndef CRM_EXPR_H
#define CRM_EXPR_H

#include <crm/lane.h>

struct crm_expr;

/* A $name of -D name=value. */
struct crm_define {
	struct crm_str name, value;
};
/*
 * A function of the caller's: called with evaluated arguments, and the row
 * under way.  args are types ("tt" two texts; see crm-expr(7)); ctx is env's.
 */
struct crm_expr_fn {
	const char *name;
	const char *args; /* t text d decimal i int m money T time D date b
			     bool * any; ? after it: may be left out */
	enum crm_type type;
	int (*call)(void *ctx, const struct crm_value *row,
	    const struct crm_value *arg, size_t n, struct crm_value *out,
	    struct crm_arena *a, struct crm_err *err);
};
struct crm_expr_env {
	const struct crm_schema *schema; /* letters, calendar, digits */
	const struct crm_field *fields; /* names, by index in the row */
	size_t nfields;
	int64_t now;
	const struct crm_define *define;
	size_t ndefine;
	const struct crm_expr_fn *fn;
	size_t nfn;
	void *fn_ctx;
	uint64_t fn_fields[2]; /* bits of what they read of the row */
	/* makes an id of a reference in an expression ("email:a@b.c" beside
	 * an id field); NULL: references are errors */
	int (*resolve)(void *ctx, struct crm_str ref, unsigned kind,
	    struct crm_value *out, struct crm_err *err);
	void *resolve_ctx;
	unsigned flags;
};
enum {
	/* Columns of unknown types (import rows): compared as what the other
	 * side is; text that does not parse is no value. */
	CRM_EXPR_LOOSE = 1
};

/*
 * Compiles; borrows env's tables until release.  A mistake is CRM_EUSAGE with
 * the message, and a hint of two lines: the expression's line and a caret
 * under the place (columns counted as a terminal shows them).
 */
int crm_expr_compile(struct crm_expr **out, struct crm_str text,
    const struct crm_expr_env *env, struct crm_err *err);
enum crm_type crm_expr_type(const struct crm_expr *e);
/* Bits of the fields (indexes below 128) it reads. */
void crm_expr_fields(const struct crm_expr *e, uint64_t bits[2]);
/*
 * Texts in out are borrowed from the row, the expression or its scratch
 * arena, valid until the next evaluation.  A span has its seconds in i and its
 * months in sub (as int32_t); money has the places it is written with.
 * CRM_EDATA: overflow, division by zero (the message names the place).
 */
int crm_expr_eval(struct crm_expr *e, const struct crm_value *row,
    struct crm_value *out, struct crm_err *err);
/* For expressions of type bool. */
int crm_expr_test(struct crm_expr *e, const struct crm_value *row, bool *yes,
    struct crm_err *err);
void crm_expr_release(struct crm_expr *e);

/*
 * Does it only compare, so that it cannot fail, and several threads may test
 * it at once?
 */
bool crm_expr_plain(const struct crm_expr *e);
/*
 * Tries n rows at once, whose fields are lanes, by their indexes below nlane;
 * NULL: it is not said.  Clears the bits of rows that do not meet the
 * condition; answers whether all that are left do, else each has to be tested.
 * Also where testing a row could fail no bit of one before which it does is
 * cleared, nor its own.
 */
bool crm_expr_sift(struct crm_expr *e, const struct crm_lane *const *lane,
    size_t nlane, size_t n, uint64_t *bits);

/*
 * Calls fn for each call of env's function `name`: its constant arguments
 * (CRM_T_NONE: not constant).  What fn sets in i of a text the function gets
 * with it from then on: the place of what is named, say.  When fn answers CRM_EUSAGE with an error, the
 * caret is put under the call.
 */
typedef int crm_expr_call_fn(
    void *ctx, struct crm_value *arg, size_t n, struct crm_err *err);
int crm_expr_calls(struct crm_expr *e, const char *name, crm_expr_call_fn *fn,
    void *ctx, struct crm_err *err);

/*
 * Why a condition is met or not: fn is called for the condition and, below
 * each `and`, `or` and `not`, for what it is made of, in the order in which it
 * is written.  All of it is tried, also what crm_expr_test would not come to.
 */
enum crm_step {
	CRM_STEP_ALL, /* of what is below */
	CRM_STEP_ANY,
	CRM_STEP_NOT,
	CRM_STEP_TEST /* nothing is below */
};
struct crm_expr_step {
	enum crm_step what;
	unsigned depth; /* 0 the condition itself */
	bool yes;
	bool failed; /* it cannot be said: an overflow, a division by zero */
	struct crm_str text; /* of a test, as it is written */
	uint64_t fields[2]; /* that a test reads */
	struct crm_str call; /* a test that is a call of env's: its name */
	const struct crm_value *arg; /* and first argument, when constant */
};
typedef int crm_expr_step_fn(
    void *ctx, const struct crm_expr_step *step, struct crm_err *err);
int crm_expr_explain(struct crm_expr *e, const struct crm_value *row,
    crm_expr_step_fn *fn, void *ctx, struct crm_err *err);

/* ---- regular expressions: linear time, no back-references ---- */
struct crm_regex;
/* POSIX ERE without back-references, over code points: . [] [^] [:class:] * +
 * ? {m,n} | () ^ $ and \ escapes (\d \w \s \b too).  CRM_EUSAGE. */
int crm_regex_compile(struct crm_regex **out, struct crm_str pattern, bool fold,
    struct crm_err *err);
bool crm_regex_match(struct crm_regex *r, struct crm_str text);
void crm_regex_release(struct crm_regex *r);

/* ---- sorting rows ---- */

/*
 * Collects rows of values (copied) and gives them back sorted by the columns
 * of spec ("-total,name"; - is falling), stable; with limit > 0 only the first
 * ones are kept, in memory of their size.  Past 256 MiB runs are spilled to
 * unlinked files in dir and merged.
 */
struct crm_sort;
int crm_sort_open(struct crm_sort **out, const struct crm_field *fields,
    size_t n, struct crm_str spec, uint64_t limit, const char *dir,
    struct crm_err *err);
int crm_sort_add(
    struct crm_sort *s, const struct crm_value *row, struct crm_err *err);
/* CRM_NOTFOUND at the end; the row is valid until the next call. */
int crm_sort_next(
    struct crm_sort *s, const struct crm_value **row, struct crm_err *err);
void crm_sort_release(struct crm_sort *s);

#endif
