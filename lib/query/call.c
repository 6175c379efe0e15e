/*
 * call.c - function calls: finding, checking the arguments, calling.
 *
 * Built-in functions and those of the caller are rows of the same shape and
 * are checked by the same code; only `if` and `coalesce`, which leave arguments
 * unevaluated, are nodes of their own.
 */
#include "query/query.h"

/* No function has as many arguments that can be left out. */
#define ARGS_FEW 6

static struct qnode
node(unsigned op, size_t pos)
{
	return (struct qnode){.op = (uint8_t)op,
	    .pos = (uint32_t)pos,
	    .a = Q_NIL,
	    .b = Q_NIL,
	    .c = Q_NIL};
}

static const struct qbuiltin *const tables[] = {
    crm_query_texts, crm_query_numbers, crm_query_dates};

static const struct qbuiltin *
find_builtin(struct crm_str name)
{
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		for (const struct qbuiltin *f = tables[i]; f->name; f++)
			if (crm_str_is(name, f->name))
				return f;
	return NULL;
}

static int
unknown_function(struct qparse *p, struct crm_str name, size_t pos)
{
	const struct crm_expr_env *env = &p->e->env;
	struct qnear near = {.want = name};
	int n = (int)(name.n > 60 ? 60 : name.n);

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		for (const struct qbuiltin *f = tables[i]; f->name; f++)
			crm_query_near(&near, crm_str(f->name));
	for (size_t i = 0; i < env->nfn; i++)
		crm_query_near(&near, crm_str(env->fn[i].name));
	crm_query_near(&near, CRM_STR("coalesce"));
	if (near.dist > 0)
		return crm_query_fail(p, pos,
		    "there is no function '%.*s'; did you mean '%.*s'?", n,
		    name.p, (int)near.best.n, near.best.p);
	return crm_query_fail(p, pos, "there is no function '%.*s'", n, name.p);
}

/* ---- arguments ---- */

/* What an argument's letter asks for. */
static const char *
letter_noun(char letter)
{
	switch (letter) {
	case 't':
		return "text";
	case 'i':
		return "a whole number";
	case 'd':
	case 'n':
	case 'm':
		return "a number";
	case 'W':
		return "a date or time";
	case 'T':
		return "a time";
	case 'D':
		return "a date";
	case 'S':
		return "a length of time";
	case 'N':
		return "text or a number";
	case 'V':
		return "text, a date or a time";
	default:
		return "a condition";
	}
}

/* The type a soft argument takes. */
static unsigned
letter_type(char letter)
{
	switch (letter) {
	case 'i':
	case 'd':
	case 'n':
	case 'm':
		return CRM_T_DECIMAL;
	case 'W':
	case 'T':
		return CRM_T_TIME;
	case 'D':
		return CRM_T_DATE;
	case 'S':
		return CRM_T_SPAN;
	case 'b':
		return CRM_T_BOOL;
	default:
		return CRM_T_TEXT;
	}
}

static bool
letter_takes(char letter, unsigned type)
{
	bool moment = type == CRM_T_TIME || type == CRM_T_DATE;

	switch (letter) {
	case 't':
		return type == CRM_T_TEXT || type == CRM_T_ENUM ||
		       type == CRM_T_LIST;
	case 'i':
		return type == CRM_T_INT;
	case 'd':
		return type == CRM_T_INT || type == CRM_T_DECIMAL;
	case 'n':
	case 'm':
		return crm_query_isnum(type);
	case 'W':
	case 'T':
	case 'D':
		return moment;
	case 'S':
		return type == CRM_T_SPAN;
	case 'N':
		return type == CRM_T_TEXT || crm_query_isnum(type);
	case 'V':
		return moment || type == CRM_T_TEXT;
	case 'b':
		return type == CRM_T_BOOL;
	default:
		return true;
	}
}

/* Makes argument i what its letter asks for. */
static int
check_arg(struct qparse *p, struct crm_str name, char letter, int at, size_t i)
{
	struct qnode *k;
	unsigned want = letter_type(letter);

	if (crm_query_soft(p, at) && letter != '*' && letter != 'V' &&
	    letter != 'N') {
		at = crm_query_coerce_type(p, at, want);
		if (at < 0)
			return at;
	}
	k = &p->e->node[at];
	/* Whether a row's number is whole is seen then; if not, no value. */
	if (letter == 'i' && k->type == CRM_T_DECIMAL &&
	    (k->op != Q_CONST || k->k.scale == 0))
		return crm_query_cast(p, at, CRM_T_INT, 0);
	if (!letter_takes(letter, k->type))
		return crm_query_fail(p, k->from,
		    "'%.*s' wants %s as argument %zu, not %s",
		    (int)(name.n > 60 ? 60 : name.n), name.p,
		    letter_noun(letter), i + 1, crm_query_noun(k->type));
	if (letter == 'm')
		return crm_query_cast(p, at, CRM_T_MONEY, 0);
	if (letter == 't' || letter == 'T' || letter == 'D')
		return crm_query_cast(p, at, want, 0);
	return at;
}

/* The letter of argument i, and how many there must and may be. */
static char
letter_at(const char *args, size_t i)
{
	const char *a = args;

	while (*a && i > 0 && a[1] != '+') {
		a += a[1] == '?' ? 2 : 1;
		i--;
	}
	return *a;
}

static void
count_args(const char *args, size_t *least, size_t *most)
{
	*least = *most = 0;
	for (const char *a = args; *a; a++) {
		if (*a == '?') {
			--*least;
		} else if (*a == '+') {
			*most = QUERY_ARGS_MAX;
		} else {
			++*least;
			++*most;
		}
	}
}

static int
check_args(struct qparse *p, struct crm_str name, const char *args,
    const char *usage, struct qlist *l, size_t pos)
{
	size_t least, most;

	count_args(args, &least, &most);
	if (usage && (l->n < least || l->n > most))
		return crm_query_fail(p, pos, "write %s", usage);
	if (l->n < least || l->n > most)
		return crm_query_fail(p, pos, "'%.*s' wants %s%zu argument%s",
		    (int)(name.n > 60 ? 60 : name.n), name.p,
		    least == most  ? ""
		    : l->n < least ? "at least "
				   : "at most ",
		    l->n < least ? least : most,
		    (l->n < least ? least : most) == 1 ? "" : "s");
	for (size_t i = 0; i < l->n; i++) {
		int r = check_arg(p, name, letter_at(args, i), (int)l->v[i], i);

		if (r < 0)
			return r;
		l->v[i] = (uint32_t)r;
	}
	return CRM_OK;
}

/* ---- the nodes ---- */

static int
make_if(struct qparse *p, struct qlist *l, size_t pos)
{
	struct qnode n = node(Q_IF, pos);
	uint32_t both[2];
	struct qlist pair = {.v = both, .n = 2, .cap = 2};
	int r;

	if (l->n < 2 || l->n > 3)
		return crm_query_fail(
		    p, pos, "write if(condition, then, else)");
	r = crm_query_condition(p, (int)l->v[0]);
	if (r < 0)
		return r;
	n.a = (uint32_t)r;
	both[0] = l->v[1];
	if (l->n == 3)
		both[1] = l->v[2];
	else
		r = crm_query_const(p, (struct crm_value){0}, QF_QUOTED, pos);
	if (r < 0)
		return r;
	if (l->n == 2)
		both[1] = (uint32_t)r;
	r = crm_query_unify(p, &pair, &n);
	if (r < 0)
		return r;
	n.b = both[0];
	n.c = both[1];
	return crm_query_add(p, &n);
}

static int
make_coalesce(struct qparse *p, struct qlist *l, size_t pos)
{
	struct qnode n = node(Q_COALESCE, pos);
	int r;

	if (l->n == 0)
		return crm_query_fail(p, pos, "write coalesce(a, b, ...)");
	r = crm_query_unify(p, l, &n);
	return r < 0 ? r : crm_query_many(p, &n, l);
}

/* A constant that a reading function could not read. */
static int
check_read(struct qparse *p, const struct qbuiltin *f, int at, int arg)
{
	const struct qnode *n = &p->e->node[at], *k = &p->e->node[arg];

	if (n->op != Q_CONST || n->k.type != CRM_T_NONE || k->op != Q_CONST ||
	    k->k.type != CRM_T_TEXT)
		return at;
	return crm_query_fail(p, k->from, "'%.*s' is not %s",
	    (int)(k->k.s.n > 60 ? 60 : k->k.s.n), k->k.s.p,
	    crm_query_noun(f->type == CRM_T_MONEY ? CRM_T_INT : f->type));
}

static int
make_builtin(
    struct qparse *p, const struct qbuiltin *f, struct qlist *l, size_t pos)
{
	struct qnode n = node(Q_CALL, pos);
	int r = check_args(p, crm_str(f->name), f->args, f->usage, l, pos);
	int first;

	if (r < 0)
		return r;
	n.type = f->type;
	n.u.builtin = f;
	if (f->flags & QB_SAME) {
		r = crm_query_unify(p, l, &n);
		if (r < 0)
			return r;
		n.cls = crm_query_isnum(n.type) ? QC_NUM
			: n.type == CRM_T_TEXT	? QC_TEXT
			: n.type == CRM_T_SPAN	? QC_SPAN
			: n.type == CRM_T_ID	? QC_ID
						: QC_INT;
	} else if (f->flags & QB_KEEP) {
		n.type = p->e->node[l->v[0]].type;
	}
	if ((f->flags & QB_LOOSE) && (p->e->env.flags & CRM_EXPR_LOOSE))
		n.flags |= QF_LOOSE;
	first = l->n > 0 ? (int)l->v[0] : -1;
	r = crm_query_many(p, &n, l);
	if (r >= 0 && (f->flags & QB_READS) && first >= 0)
		return check_read(p, f, r, first);
	return r;
}

static int
make_host(
    struct qparse *p, const struct crm_expr_fn *f, struct qlist *l, size_t pos)
{
	struct qnode n = node(Q_HOST, pos);
	int r = check_args(p, crm_str(f->name), f->args, NULL, l, pos);

	if (r < 0)
		return r;
	n.type = (uint8_t)f->type;
	n.u.host = f;
	return crm_query_many(p, &n, l);
}

int
crm_query_call(
    struct qparse *p, struct crm_str name, struct qlist *args, size_t pos)
{
	const struct crm_expr_env *env = &p->e->env;
	const struct qbuiltin *f;

	for (size_t i = 0; i < env->nfn; i++)
		if (crm_str_is(name, env->fn[i].name))
			return make_host(p, &env->fn[i], args, pos);
	if (crm_str_is(name, "if"))
		return make_if(p, args, pos);
	if (crm_str_is(name, "coalesce"))
		return make_coalesce(p, args, pos);
	f = find_builtin(name);
	if (f)
		return make_builtin(p, f, args, pos);
	return unknown_function(p, name, pos);
}

/* ---- running ---- */

int
crm_query_run(struct crm_expr *e, const struct qnode *n,
    const struct crm_value *row, struct crm_value *out)
{
	struct crm_value arg[QUERY_ARGS_MAX];
	const struct crm_expr_fn *host = n->u.host;
	struct qcall c = {.e = e, .n = n, .arg = arg, .narg = n->b, .out = out};
	bool empty = false;
	int r;

	/* those that may be left out are read as having no value */
	memset(arg, 0, (n->b < ARGS_FEW ? ARGS_FEW : n->b) * sizeof(*arg));
	for (size_t i = 0; i < n->b; i++) {
		r = crm_query_eval(e, e->list[n->a + i], row, &arg[i]);
		if (r < 0)
			return r;
		empty |= arg[i].type == CRM_T_NONE;
	}
	*out = (struct crm_value){0};
	if (n->op == Q_HOST) {
		e->used = true;
		r = host->call(
		    e->env.fn_ctx, row, arg, n->b, out, &e->scratch, e->err);
		if (r < 0 && e->err && e->err->hint[0] == '\0')
			crm_query_caret(e, n->pos, e->err);
		if (out->type == CRM_T_MONEY)
			out->part = out->scale;
		return r;
	}
	if (empty && !(n->u.builtin->flags & QB_EMPTY))
		return CRM_OK;
	return n->u.builtin->call(&c);
}
