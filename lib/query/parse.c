/*
 * parse.c - the grammar, by recursive descent.
 *
 *	or      = and { "or" and }
 *	and     = not { "and" not }
 *	not     = "not" not | test
 *	test    = sum [ op sum | ["not"] "in" "(" sum,... ")" | "~" text
 *	          | ["not"] "between" sum "and" sum | "is" ["not"] "empty" ]
 *	sum     = term { ("+" | "-" | "||") term }
 *	term    = factor { ("*" | "/") factor }
 *	factor  = "-" factor | constant | name | call | "(" or ")"
 *
 * Long chains of and, or and || are one node each, so only what is really
 * nested counts against the depth.  `in(vip)` where an operand is wanted is a
 * call of the host's function `in`; its bare word is text.
 */
#include <stdlib.h>

#include "query/query.h"

static int parse_or(struct qparse *p);
static int parse_sum(struct qparse *p);

static int
enter(struct qparse *p)
{
	if (++p->depth > QUERY_DEPTH_MAX)
		return crm_query_fail(
		    p, p->tok.pos, "nested more than %d deep", QUERY_DEPTH_MAX);
	return CRM_OK;
}

/* What stands here, for messages. */
static int
unexpected(struct qparse *p, const char *wanted)
{
	const struct qtoken *t = &p->tok;
	size_t n = t->end - t->pos;

	if (t->kind == QT_END)
		return crm_query_fail(
		    p, t->pos, "%s is wanted at the end", wanted);
	return crm_query_fail(p, t->pos, "%s is wanted, not '%.*s'", wanted,
	    (int)(n > 40 ? 40 : n), p->e->text.p + t->pos);
}

/* Passes a mark that must be here. */
static int
expect(struct qparse *p, const char *mark)
{
	char wanted[8] = {'\''};

	if (crm_query_mark(&p->tok, mark))
		return crm_query_next(p);
	memcpy(wanted + 1, mark, strlen(mark));
	wanted[1 + strlen(mark)] = '\'';
	return unexpected(p, wanted);
}

static bool
is_keyword(const struct qtoken *t)
{
	static const char *const word[] = {
	    "and", "or", "not", "in", "between", "is", "empty", "if"};

	for (size_t i = 0; i < sizeof(word) / sizeof(word[0]); i++)
		if (crm_query_is(t, word[i]))
			return true;
	return false;
}

/* ---- names ---- */

static int
unknown_name(struct qparse *p, const struct qtoken *t)
{
	const struct crm_expr_env *env = &p->e->env;
	struct qnear near = {.want = t->s};
	int n = (int)(t->s.n > 60 ? 60 : t->s.n);

	for (size_t i = 0; i < env->nfields; i++)
		crm_query_near(&near, crm_str(env->fields[i].name));
	if (near.dist > 0)
		return crm_query_fail(p, t->pos,
		    "there is no '%.*s'; did you mean '%.*s'?", n, t->s.p,
		    (int)near.best.n, near.best.p);
	if (crm_str_is(t->s, "null"))
		return crm_query_fail(p, t->pos,
		    "there is no 'null'; write 'is empty' or 'is not empty'");
	return crm_query_fail(p, t->pos,
	    "there is no '%.*s'; text is written in quotes", n, t->s.p);
}

static int
parse_field(struct qparse *p, const struct qtoken *t)
{
	const struct crm_expr_env *env = &p->e->env;
	struct qnode n = {.op = Q_FIELD,
	    .pos = (uint32_t)t->pos,
	    .a = Q_NIL,
	    .b = Q_NIL,
	    .c = Q_NIL};

	for (size_t i = 0; i < env->nfields; i++) {
		const struct crm_field *f = &env->fields[i];

		if (!crm_str_is(t->s, f->name))
			continue;
		n.field = (uint32_t)i;
		n.type = f->type;
		n.values = f->type == CRM_T_ENUM ? f->values : NULL;
		n.ref = f->ref;
		if (f->type == CRM_T_TEXT && (env->flags & CRM_EXPR_LOOSE))
			n.flags = QF_LOOSE;
		return crm_query_add(p, &n);
	}
	return unknown_name(p, t);
}

static int
parse_define(struct qparse *p, const struct qtoken *t)
{
	const struct crm_expr_env *env = &p->e->env;
	struct qnear near = {.want = t->s};

	for (size_t i = 0; i < env->ndefine; i++) {
		if (crm_str_eq(t->s, env->define[i].name))
			return crm_query_const(p,
			    crm_value_text(env->define[i].value), QF_QUOTED,
			    t->pos);
		crm_query_near(&near, env->define[i].name);
	}
	return crm_query_fail(p, t->pos, "'$%.*s' is not defined%s%.*s%s",
	    (int)(t->s.n > 60 ? 60 : t->s.n), t->s.p,
	    near.dist ? "; did you mean '$" : ": give it by -D name=value",
	    (int)near.best.n, near.best.p ? near.best.p : "",
	    near.dist ? "'?" : "");
}

/* The words that are values; QT_NAME stays when it is none. */
static bool
word_value(struct qparse *p, struct crm_value *v)
{
	const struct crm_expr *e = p->e;
	const struct crm_calendar *cal = &e->env.schema->calendar;
	const struct qtoken *t = &p->tok;

	if (t->quoted)
		return false;
	if (crm_str_is(t->s, "yes") || crm_str_is(t->s, "true"))
		*v = crm_value_num(CRM_T_BOOL, 1, 0);
	else if (crm_str_is(t->s, "no") || crm_str_is(t->s, "false"))
		*v = crm_value_num(CRM_T_BOOL, 0, 0);
	else if (crm_str_is(t->s, "now"))
		*v = crm_value_num(CRM_T_TIME, e->env.now, 0);
	else if (crm_str_is(t->s, "today"))
		*v = crm_value_num(CRM_T_DATE, crm_day_of(cal, e->env.now), 0);
	else if (crm_str_is(t->s, "yesterday"))
		*v = crm_value_num(
		    CRM_T_DATE, crm_day_of(cal, e->env.now) - 1, 0);
	else
		return false;
	return true;
}

/* ---- calls ---- */

/* One argument; `words`: a bare name is text. */
static int
parse_arg(struct qparse *p, bool words)
{
	struct qtoken t = p->tok;
	int r;

	if (words && t.kind == QT_NAME) {
		r = crm_query_next(p);
		if (r < 0)
			return r;
		return crm_query_const(
		    p, crm_value_text(t.s), QF_QUOTED, t.pos);
	}
	return parse_or(p);
}

/* "(" a, b ")": pushes the nodes; the first parenthesis is here. */
static int
parse_args(struct qparse *p, struct qlist *l, size_t max, bool words)
{
	int r = expect(p, "(");

	if (r < 0)
		return r;
	if (crm_query_mark(&p->tok, ")"))
		return crm_query_next(p);
	for (;;) {
		if (l->n >= max)
			return crm_query_fail(p, p->tok.pos,
			    "more than %zu values in one list", max);
		r = parse_arg(p, words);
		if (r < 0)
			return r;
		if (!crm_query_push(l, r))
			return crm_err_nomem(p->err);
		if (!crm_query_mark(&p->tok, ","))
			break;
		r = crm_query_next(p);
		if (r < 0)
			return r;
	}
	if (!crm_query_mark(&p->tok, ")"))
		return unexpected(p, "',' or ')'");
	return crm_query_next(p);
}

static int
parse_call(struct qparse *p, const struct qtoken *name)
{
	struct qlist args = {0};
	int r = enter(p);

	if (r == CRM_OK)
		r = parse_args(
		    p, &args, QUERY_ARGS_MAX, crm_query_is(name, "in"));
	if (r == CRM_OK)
		r = crm_query_call(p, name->s, &args, name->pos);
	free(args.v);
	p->depth--;
	return r;
}

static bool
call_follows(const struct qparse *p)
{
	struct crm_str s = p->e->text;
	size_t at = p->at;

	while (at < s.n && (s.p[at] == ' ' || s.p[at] == '\t' ||
			       s.p[at] == '\n' || s.p[at] == '\r'))
		at++;
	return at < s.n && s.p[at] == '(';
}

/* ---- operands ---- */

static int
parse_parens(struct qparse *p)
{
	int r = enter(p), res;

	if (r == CRM_OK)
		r = crm_query_next(p);
	if (r == CRM_OK)
		r = parse_or(p);
	p->depth--;
	if (r < 0)
		return r;
	res = expect(p, ")");
	return res < 0 ? res : r;
}

static int
parse_name(struct qparse *p)
{
	struct qtoken t = p->tok;
	struct crm_value v;
	bool call = !t.quoted && call_follows(p);
	int r;

	if (is_keyword(&t) &&
	    !(call && (crm_query_is(&t, "in") || crm_query_is(&t, "if"))))
		return unexpected(p, "a value");
	if (!call && word_value(p, &v)) {
		r = crm_query_next(p);
		return r < 0 ? r : crm_query_const(p, v, 0, t.pos);
	}
	r = crm_query_next(p);
	if (r < 0)
		return r;
	return call ? parse_call(p, &t) : parse_field(p, &t);
}

static int
parse_factor(struct qparse *p)
{
	struct qtoken t = p->tok;
	int r, n;

	switch (t.kind) {
	case QT_NAME:
		return parse_name(p);
	case QT_CONST:
	case QT_TEXT:
	case QT_DEFINE:
		r = crm_query_next(p);
		if (r < 0)
			return r;
		if (t.kind == QT_DEFINE)
			return parse_define(p, &t);
		return t.kind == QT_CONST
			   ? crm_query_const(p, t.v, 0, t.pos)
			   : crm_query_const(p, crm_value_text(t.s),
				 QF_QUOTED | QF_WORDS, t.pos);
	case QT_MARK:
		if (crm_query_mark(&t, "("))
			return parse_parens(p);
		if (!crm_query_mark(&t, "-"))
			break;
		r = enter(p);
		if (r == CRM_OK)
			r = crm_query_next(p);
		n = r < 0 ? r : parse_factor(p);
		p->depth--;
		return n < 0 ? n : crm_query_negate(p, n, t.pos);
	case QT_END:
	default:
		break;
	}
	return unexpected(p, "a value");
}

static int
parse_term(struct qparse *p)
{
	int l = parse_factor(p);

	while (l >= 0 &&
	       (crm_query_mark(&p->tok, "*") || crm_query_mark(&p->tok, "/"))) {
		unsigned op = p->tok.mark[0] == '*' ? Q_MUL : Q_DIV;
		size_t pos = p->tok.pos;
		int r = crm_query_next(p);

		if (r == CRM_OK)
			r = parse_factor(p);
		l = r < 0 ? r : crm_query_arith(p, op, l, r, pos);
	}
	return l;
}

/* a || b || c is one node; l is a. */
static int
parse_join(struct qparse *p, int l)
{
	struct qnode n = {
	    .op = Q_JOIN, .type = CRM_T_TEXT, .pos = (uint32_t)p->tok.pos};
	struct qlist kids = {0};
	int r = l;

	for (;;) {
		if (p->e->node[r].type != CRM_T_TEXT)
			r = crm_query_cast(p, r, CRM_T_TEXT, 0);
		if (r >= 0 && !crm_query_push(&kids, r))
			r = crm_err_nomem(p->err);
		if (r < 0 || !crm_query_mark(&p->tok, "||"))
			break;
		r = crm_query_next(p);
		if (r == CRM_OK)
			r = parse_term(p);
		if (r < 0)
			break;
	}
	if (r >= 0)
		r = crm_query_many(p, &n, &kids);
	free(kids.v);
	return r;
}

static int
parse_sum(struct qparse *p)
{
	int l = parse_term(p);

	while (l >= 0) {
		unsigned op;
		size_t pos = p->tok.pos;
		int r;

		if (crm_query_mark(&p->tok, "||")) {
			l = parse_join(p, l);
			continue;
		}
		if (crm_query_mark(&p->tok, "+"))
			op = Q_ADD;
		else if (crm_query_mark(&p->tok, "-"))
			op = Q_SUB;
		else
			break;
		r = crm_query_next(p);
		if (r == CRM_OK)
			r = parse_term(p);
		l = r < 0 ? r : crm_query_arith(p, op, l, r, pos);
	}
	return l;
}

/* ---- conditions ---- */

static unsigned
comparison(const struct qtoken *t)
{
	static const struct {
		const char *mark;
		unsigned mask;
	} all[] = {{"=", QM_SAME}, {"!=", QM_LESS | QM_MORE}, {"<", QM_LESS},
	    {"<=", QM_LESS | QM_SAME}, {">", QM_MORE},
	    {">=", QM_MORE | QM_SAME}};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (crm_query_mark(t, all[i].mark))
			return all[i].mask;
	return 0;
}

static int
parse_between(struct qparse *p, int x, size_t pos)
{
	int r = crm_query_next(p), lo, hi;

	if (r < 0)
		return r;
	lo = parse_sum(p);
	if (lo < 0)
		return lo;
	if (!crm_query_is(&p->tok, "and"))
		return unexpected(p, "'and' and the upper end of 'between'");
	r = crm_query_next(p);
	hi = r < 0 ? r : parse_sum(p);
	return hi < 0 ? hi : crm_query_between(p, x, lo, hi, pos);
}

static int
parse_in(struct qparse *p, int x, size_t pos)
{
	struct qlist items = {0};
	int r = crm_query_next(p);

	if (r == CRM_OK && !crm_query_mark(&p->tok, "("))
		r = unexpected(p, "'(' and the values of 'in'");
	if (r == CRM_OK)
		r = enter(p);
	if (r == CRM_OK) {
		r = parse_args(p, &items, QUERY_LIST_MAX, false);
		p->depth--;
	}
	if (r == CRM_OK && items.n == 0)
		r = crm_query_fail(p, pos, "'in ()' names no values");
	if (r == CRM_OK)
		r = crm_query_in(p, x, &items, pos);
	free(items.v);
	return r;
}

static int
make_not(struct qparse *p, int x, size_t pos)
{
	struct qnode n = {.op = Q_NOT,
	    .type = CRM_T_BOOL,
	    .pos = (uint32_t)pos,
	    .b = Q_NIL,
	    .c = Q_NIL};

	if (x < 0)
		return x;
	n.a = (uint32_t)x;
	return crm_query_add(p, &n);
}

/* `not in`, `not between`; the word not is here. */
static int
parse_not_in(struct qparse *p, int x)
{
	size_t pos = p->tok.pos;
	int r = crm_query_next(p);

	if (r < 0)
		return r;
	if (crm_query_is(&p->tok, "in"))
		return make_not(p, parse_in(p, x, pos), pos);
	if (crm_query_is(&p->tok, "between"))
		return make_not(p, parse_between(p, x, pos), pos);
	return unexpected(p, "'in' or 'between'");
}

static int
parse_is(struct qparse *p, int x)
{
	size_t pos = p->tok.pos;
	bool not = false;
	int r = crm_query_next(p);

	if (r == CRM_OK && crm_query_is(&p->tok, "not")) {
		not = true;
		r = crm_query_next(p);
	}
	if (r < 0)
		return r;
	if (!crm_query_is(&p->tok, "empty"))
		return unexpected(p, "'empty' or 'not empty'");
	r = crm_query_next(p);
	if (r < 0)
		return r;
	r = crm_query_empty(p, x, pos);
	return not ? make_not(p, r, pos) : r;
}

static int
parse_match(struct qparse *p, int x, bool not )
{
	size_t pos = p->tok.pos;
	int r = crm_query_next(p);

	if (r == CRM_OK)
		r = parse_sum(p);
	return r < 0 ? r : crm_query_match(p, x, r, not, pos);
}

static int
parse_compare(struct qparse *p, int x, unsigned mask)
{
	size_t pos = p->tok.pos;
	int r = crm_query_next(p);

	if (r == CRM_OK)
		r = parse_sum(p);
	if (r >= 0)
		r = crm_query_compare(p, x, r, mask, pos);
	if (r >= 0 && comparison(&p->tok))
		return crm_query_fail(p, p->tok.pos,
		    "comparisons do not chain; write 'x between a and b' or "
		    "join two by 'and'");
	return r;
}

static int
parse_tail(struct qparse *p, int x)
{
	unsigned mask = comparison(&p->tok);

	if (mask)
		return parse_compare(p, x, mask);
	if (crm_query_mark(&p->tok, "~") || crm_query_mark(&p->tok, "!~"))
		return parse_match(p, x, p->tok.mark[0] == '!');
	if (crm_query_is(&p->tok, "in"))
		return parse_in(p, x, p->tok.pos);
	if (crm_query_is(&p->tok, "between"))
		return parse_between(p, x, p->tok.pos);
	if (crm_query_is(&p->tok, "not"))
		return parse_not_in(p, x);
	if (crm_query_is(&p->tok, "is"))
		return parse_is(p, x);
	return x;
}

/* Notes where a test stands.  A chain in parentheses is none, and has noted
 * its own already, as has a test in parentheses. */
static int
note_span(struct qparse *p, int r, bool plain, size_t from)
{
	struct crm_expr *e = p->e;
	unsigned op = r < 0 ? 0 : e->node[r].op;

	if (r < 0 ||
	    (plain && (op == Q_AND || op == Q_OR || op == Q_NOT ||
			  (e->nspan > 0 &&
			      e->span[e->nspan - 1].node == (uint32_t)r))))
		return r;
	/* `(x > 1) = yes` ends what is in it */
	while (e->nspan > 0 && e->span[e->nspan - 1].from >= from)
		e->nspan--;
	if (!crm_grow(&e->span, &e->capspan, e->nspan, sizeof(*e->span)))
		return crm_err_nomem(p->err);
	e->span[e->nspan++] =
	    (struct qspan){(uint32_t)r, (uint32_t)from, (uint32_t)p->last};
	return r;
}

static int
parse_test(struct qparse *p)
{
	size_t from = p->tok.pos;
	int x = parse_sum(p), r;

	if (x < 0)
		return x;
	r = parse_tail(p, x);
	return note_span(p, r, r == x, from);
}

static int
parse_not(struct qparse *p)
{
	size_t pos = p->tok.pos;
	int r;

	if (!crm_query_is(&p->tok, "not"))
		return parse_test(p);
	r = enter(p);
	if (r == CRM_OK)
		r = crm_query_next(p);
	if (r == CRM_OK)
		r = crm_query_condition(p, parse_not(p));
	p->depth--;
	return make_not(p, r, pos);
}

/* A chain of one word: all its conditions in one node. */
static int
parse_chain(struct qparse *p, const char *word, unsigned op,
    int (*operand)(struct qparse *))
{
	struct qnode n = {
	    .op = (uint8_t)op, .type = CRM_T_BOOL, .pos = (uint32_t)p->tok.pos};
	struct qlist kids = {0};
	int r = operand(p);

	if (r < 0 || !crm_query_is(&p->tok, word))
		return r;
	for (;;) {
		r = crm_query_condition(p, r);
		if (r >= 0 && !crm_query_push(&kids, r))
			r = crm_err_nomem(p->err);
		if (r < 0 || !crm_query_is(&p->tok, word))
			break;
		r = crm_query_next(p);
		if (r == CRM_OK)
			r = operand(p);
		if (r < 0)
			break;
	}
	if (r >= 0)
		r = crm_query_many(p, &n, &kids);
	free(kids.v);
	return r;
}

static int
parse_and(struct qparse *p)
{
	return parse_chain(p, "and", Q_AND, parse_not);
}

static int
parse_or(struct qparse *p)
{
	return parse_chain(p, "or", Q_OR, parse_and);
}

int
crm_query_parse(struct qparse *p)
{
	int r = crm_query_next(p);

	if (r == CRM_OK)
		r = parse_or(p);
	if (r >= 0 && p->tok.kind != QT_END)
		return unexpected(p, "'and', 'or' or the end");
	return r;
}
