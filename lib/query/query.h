/*
 * query.h - inside the room query: tokens, nodes and who builds and runs them.
 *
 * An expression is a flat array of nodes that name each other by index; a node
 * is typed when it is made (type.c, arith.c, call.c) and folded at once when
 * all below it is constant, so evaluation (eval.c) never looks at types that
 * cannot occur.  `x between a and b` uses x twice: the array is a graph
 * without cycles, not a tree.
 */
#ifndef CRM_LIB_QUERY_H
#define CRM_LIB_QUERY_H

#include <crm/expr.h>

enum {
	QUERY_TEXT_MAX = 64 << 10,
	QUERY_DEPTH_MAX = 100, /* of parentheses, calls, not, minus */
	QUERY_HEIGHT_MAX = 1000, /* of nodes: 1 + 2 + 3 + ... */
	QUERY_LIST_MAX = 10000,
	QUERY_ARGS_MAX = 32,
	QUERY_RESULT_MAX = 1 << 20 /* bytes of a text that is made */
};

/* ---- tokens ---- */

enum qkind {
	QT_END,
	QT_NAME,
	QT_CONST, /* number, span, date, time: v */
	QT_TEXT, /* s, its escapes undone */
	QT_DEFINE, /* s the name after $ */
	QT_MARK /* mark, an operator or parenthesis */
};
struct qtoken {
	enum qkind kind;
	bool quoted; /* a name in back quotes: never a keyword */
	char mark[3];
	size_t pos, end;
	struct crm_str s;
	struct crm_value v;
};

/* ---- nodes ---- */

enum qop {
	Q_CONST,
	Q_FIELD,
	Q_ITEM, /* the item that Q_ANY is at */
	Q_AND, /* many */
	Q_OR, /* many */
	Q_NOT,
	Q_ANY, /* a list, b a condition with Q_ITEM */
	Q_EMPTY,
	Q_CMP, /* a, b by cls */
	Q_CMP_NUM, /* a field and a constant, and so on */
	Q_CMP_INT,
	Q_CMP_TEXT,
	Q_CMP_DAY, /* a time field and [k.i, hi), the instants of a day */
	Q_IN, /* a in set */
	Q_MATCH,
	Q_NEG,
	Q_ADD,
	Q_SUB,
	Q_MUL,
	Q_DIV,
	Q_JOIN, /* many */
	Q_CAST,
	Q_IF,
	Q_COALESCE, /* many */
	Q_CALL, /* many */
	Q_HOST /* many */
};

/* How two values are compared or calculated with. */
enum qclass {
	QC_NONE,
	QC_NUM,
	QC_INT, /* dates, times, enums, yes and no */
	QC_ID,
	QC_TEXT,
	QC_DAY, /* a time and a date */
	QC_SPAN,
	/* of arithmetic only */
	QC_SHIFT, /* a date or time and a span */
	QC_DIFF, /* two dates or times */
	QC_SCALE, /* a span and a number */
	QC_QUOTIENT /* a span by a span */
};

enum { QM_LESS = 1, QM_SAME = 2, QM_MORE = 4 };

enum {
	QF_QUOTED = 1, /* a constant in quotes or of -D: typed by context */
	QF_LOOSE = 2, /* text that may be read as something else */
	QF_MANY = 4, /* kids: list[a .. a + b) */
	QF_WORDS = 8, /* in quotes, not of -D */
	QF_PLAIN = 16 /* compares fields and constants, and no more */
};

#define Q_NIL UINT32_MAX

struct qnode;
struct qcall {
	struct crm_expr *e;
	const struct qnode *n;
	const struct crm_value *arg;
	size_t narg;
	struct crm_value *out;
};
enum {
	QB_EMPTY = 1, /* called also when an argument has no value */
	QB_SAME = 2, /* the type is that of the arguments, made alike */
	QB_LOOSE = 4, /* its text may be read as something else */
	QB_READS = 8, /* reads text: a constant that does not parse is wrong */
	QB_KEEP = 16 /* the type is the first argument's */
};
struct qbuiltin {
	const char *name;
	const char *args; /* as crm_expr_fn's; also n any number, S span, W
			     date or time, N text or number, V text, date or
			     time, and + for the one before again */
	uint8_t type;
	uint8_t flags;
	int (*call)(struct qcall *c);
	const char *usage;
};

struct qset {
	struct crm_value *v;
	size_t n;
	bool sorted;
};

struct qnode {
	uint8_t op;
	uint8_t type; /* enum crm_type */
	uint8_t cls;
	uint8_t mask; /* QM_... of comparisons */
	uint8_t flags;
	uint8_t ref; /* of an id the kind, 0 any */
	uint16_t height;
	uint32_t pos; /* of the operator or name, for messages */
	uint32_t from; /* where the operand begins */
	uint32_t field;
	uint32_t a, b, c;
	const char *values; /* of an enum */
	struct crm_value k;
	int64_t hi;
	union {
		struct crm_regex *re;
		const struct qset *set;
		const struct qbuiltin *builtin;
		const struct crm_expr_fn *host;
	} u;
};

/* A condition as it is written, for crm_expr_explain. */
struct qspan {
	uint32_t node, from, to;
};

struct crm_expr {
	struct crm_arena arena; /* lives as long as the expression */
	struct crm_arena scratch;
	struct crm_buf buf;
	bool used; /* of scratch */
	struct crm_str text;
	struct crm_expr_env env;
	struct qnode *node;
	size_t nnode, capnode;
	uint32_t *list;
	size_t nlist, caplist;
	struct qspan *span; /* by rising node */
	size_t nspan, capspan;
	uint32_t root;
	uint64_t bits[2];
	struct crm_err *err; /* while it runs */
	struct crm_value item;
};

struct qparse {
	struct crm_expr *e;
	struct crm_err *err;
	struct qtoken tok;
	size_t at; /* where the next token is looked for */
	size_t last; /* where the token before this one ends */
	unsigned depth;
};

/* Growing list of nodes, in the parser only. */
struct qlist {
	uint32_t *v;
	size_t n, cap;
};

/* expr.c: messages.  A mistake in the text is CRM_EUSAGE, a fault of a row
 * CRM_EDATA; both get the line and the caret. */
void crm_query_caret(const struct crm_expr *e, size_t pos, struct crm_err *err);
int crm_query_fail(struct qparse *p, size_t pos, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
int crm_query_fault(struct crm_expr *e, const struct qnode *n, const char *fmt,
    ...) __attribute__((format(printf, 3, 4)));

/* near.c: the name that was meant. */
struct qnear {
	struct crm_str want, best;
	size_t dist; /* 0: nothing yet */
};
void crm_query_near(struct qnear *n, struct crm_str candidate);

/* lex.c */
int crm_query_next(struct qparse *p);
bool crm_query_is(const struct qtoken *t, const char *word);
bool crm_query_mark(const struct qtoken *t, const char *mark);

/* parse.c */
int crm_query_parse(struct qparse *p);

/* node.c: these give the index of a node, or a negative code. */
int crm_query_add(struct qparse *p, struct qnode *n);
int crm_query_many(struct qparse *p, struct qnode *n, const struct qlist *kids);
int crm_query_const(
    struct qparse *p, struct crm_value v, unsigned flags, size_t pos);
bool crm_query_push(struct qlist *l, int index);
uint32_t crm_query_kid(
    const struct crm_expr *e, const struct qnode *n, size_t i);
size_t crm_query_kids(const struct qnode *n);
const char *crm_query_noun(unsigned type);

/* coerce.c */
bool crm_query_soft(const struct qparse *p, int n);
/* Makes a soft node what `like` is (type, values, ref). */
int crm_query_coerce(struct qparse *p, int n, const struct qnode *like);
int crm_query_coerce_type(struct qparse *p, int n, unsigned type);
int crm_query_cast(struct qparse *p, int n, unsigned type, unsigned ref);
/* Text to a value of a type, as at run time: CRM_T_NONE when it is none. */
void crm_query_read(const struct crm_expr *e, struct crm_str s, unsigned type,
    struct crm_value *out);
/* Makes all of l one type, which goes into n->type, values, ref. */
int crm_query_unify(struct qparse *p, struct qlist *l, struct qnode *n);

/* type.c: nodes of conditions. */
int crm_query_condition(struct qparse *p, int n);
int crm_query_compare(
    struct qparse *p, int l, int r, unsigned mask, size_t pos);
int crm_query_between(struct qparse *p, int x, int lo, int hi, size_t pos);
int crm_query_in(struct qparse *p, int x, struct qlist *items, size_t pos);
int crm_query_match(struct qparse *p, int x, int pattern, bool not, size_t pos);
int crm_query_empty(struct qparse *p, int x, size_t pos);

/* arith.c: nodes of arithmetic, and running them. */
int crm_query_arith(struct qparse *p, unsigned op, int l, int r, size_t pos);
int crm_query_negate(struct qparse *p, int x, size_t pos);
int crm_query_calc(struct crm_expr *e, const struct qnode *n,
    const struct crm_value *a, const struct crm_value *b,
    struct crm_value *out);

/* call.c: calls of functions */
int crm_query_call(
    struct qparse *p, struct crm_str name, struct qlist *args, size_t pos);
int crm_query_run(struct crm_expr *e, const struct qnode *n,
    const struct crm_value *row, struct crm_value *out);

/* functext.c, funcnum.c: tables that end with a row without a name. */
extern const struct qbuiltin crm_query_texts[];
extern const struct qbuiltin crm_query_numbers[];
extern const struct qbuiltin crm_query_dates[];
void crm_query_show(struct crm_expr *e, const struct crm_value *v);

/* eval.c */
int crm_query_eval(struct crm_expr *e, uint32_t at, const struct crm_value *row,
    struct crm_value *out);
/* 1, 0 or a code. */
int crm_query_test(
    struct crm_expr *e, uint32_t at, const struct crm_value *row);
/* Beside the constant of Q_CMP_NUM, Q_CMP_INT, Q_CMP_DAY: a bit of QM_... */
unsigned crm_query_side(const struct qnode *n, const struct crm_value *v);
int crm_query_cmp(const struct crm_expr *e, unsigned cls,
    const struct crm_value *a, const struct crm_value *b);
/* sift.c: finds the nodes that are plain. */
void crm_query_note_plain(struct crm_expr *e);
/* Bytes of the scratch arena; NULL sets the error. */
char *crm_query_scratch(struct crm_expr *e, size_t n);

static inline bool
crm_query_isnum(unsigned type)
{
	return type == CRM_T_INT || type == CRM_T_DECIMAL ||
	       type == CRM_T_MONEY;
}

static inline bool
crm_query_none(const struct crm_value *v)
{
	return v->type == CRM_T_NONE ||
	       ((v->type == CRM_T_TEXT || v->type == CRM_T_LIST) &&
		   v->s.n == 0);
}

static inline struct crm_dec
crm_query_dec(const struct crm_value *v)
{
	return (struct crm_dec){v->i, v->scale};
}

/* The places a bare number is shown with when it becomes money. */
static inline uint8_t
crm_query_places(const struct crm_expr *e, unsigned scale)
{
	int digits = e->env.schema->digits;

	return (uint8_t)((int)scale > digits ? (int)scale : digits);
}

static inline int32_t
crm_query_months(const struct crm_value *v)
{
	return (int32_t)v->sub;
}

/* sort.c: for tests, runs of so few bytes. */
void crm_query_sort_memory(struct crm_sort *s, size_t bytes);

#endif
