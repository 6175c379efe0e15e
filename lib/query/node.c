/*
 * node.c - the nodes of an expression, and folding.
 *
 * A node whose kids are all constants is run once, here, by the evaluator
 * itself: `today - 90d` is a date before the first row is seen, and a division
 * by zero in constants is a mistake in the text and not in a row.
 */
#include <stdlib.h>

#include "query/query.h"

const char *
crm_query_noun(unsigned type)
{
	static const char *const noun[CRM_TYPES] = {[CRM_T_NONE] = "no value",
	    [CRM_T_ID] = "an id",
	    [CRM_T_INT] = "a number",
	    [CRM_T_DECIMAL] = "a number",
	    [CRM_T_MONEY] = "money",
	    [CRM_T_TIME] = "a time",
	    [CRM_T_DATE] = "a date",
	    [CRM_T_BOOL] = "a yes or no",
	    [CRM_T_ENUM] = "an enum",
	    [CRM_T_LIST] = "a list",
	    [CRM_T_TEXT] = "text",
	    [CRM_T_SPAN] = "a length of time"};

	return type < CRM_TYPES ? noun[type] : "a value";
}

size_t
crm_query_kids(const struct qnode *n)
{
	if (n->flags & QF_MANY)
		return n->b;
	return (size_t)(n->a != Q_NIL) + (n->b != Q_NIL) + (n->c != Q_NIL);
}

uint32_t
crm_query_kid(const struct crm_expr *e, const struct qnode *n, size_t i)
{
	if (n->flags & QF_MANY)
		return e->list[n->a + i];
	return i == 0 ? n->a : i == 1 ? n->b : n->c;
}

bool
crm_query_push(struct qlist *l, int index)
{
	if (!crm_grow(&l->v, &l->cap, l->n, sizeof(*l->v)))
		return false;
	l->v[l->n++] = (uint32_t)index;
	return true;
}

static bool
foldable(const struct crm_expr *e, const struct qnode *n)
{
	size_t kids = crm_query_kids(n);

	if (n->op == Q_HOST || kids == 0)
		return false;
	for (size_t i = 0; i < kids; i++)
		if (e->node[crm_query_kid(e, n, i)].op != Q_CONST)
			return false;
	return true;
}

/* Runs the node at `at` and puts its value in its place. */
static int
fold(struct qparse *p, size_t at)
{
	struct crm_expr *e = p->e;
	struct crm_value v;
	struct qnode *n;
	int r;

	e->err = p->err;
	r = crm_query_eval(e, (uint32_t)at, NULL, &v);
	if (r == CRM_EDATA) {
		/* Here it is the expression that is wrong. */
		if (p->err)
			p->err->code = CRM_EUSAGE;
		return CRM_EUSAGE;
	}
	if (r < 0)
		return r;
	if (v.s.n > 0) {
		v.s = crm_arena_str(&e->arena, v.s);
		if (!v.s.p)
			return crm_err_nomem(p->err);
	}
	n = &e->node[at];
	if (n->op == Q_MATCH) {
		crm_regex_release(n->u.re);
		n->u.re = NULL;
	}
	n->op = Q_CONST;
	n->k = v;
	n->a = n->b = n->c = Q_NIL;
	n->flags &= (uint8_t) ~(QF_MANY | QF_LOOSE);
	n->height = 1;
	return CRM_OK;
}

int
crm_query_add(struct qparse *p, struct qnode *n)
{
	struct crm_expr *e = p->e;
	size_t kids = crm_query_kids(n), at = e->nnode;
	uint16_t height = 0;
	int r;

	if (n->from == 0 || n->from > n->pos)
		n->from = n->pos;
	for (size_t i = 0; i < kids; i++) {
		const struct qnode *k = &e->node[crm_query_kid(e, n, i)];

		if (k->height > height)
			height = k->height;
		/* x - 1 begins where x does, f(x) at f. */
		if (i == 0 && n->op >= Q_CMP && n->op <= Q_JOIN &&
		    k->from < n->from)
			n->from = k->from;
	}
	n->height = (uint16_t)(height + 1);
	if (n->height > QUERY_HEIGHT_MAX) {
		if (n->op == Q_MATCH)
			crm_regex_release(n->u.re);
		return crm_query_fail(p, n->pos,
		    "more than %d operators one in another", QUERY_HEIGHT_MAX);
	}
	if (!crm_grow(&e->node, &e->capnode, e->nnode, sizeof(*e->node))) {
		if (n->op == Q_MATCH)
			crm_regex_release(n->u.re);
		return crm_err_nomem(p->err);
	}
	e->node[e->nnode++] = *n;
	if (foldable(e, n)) {
		r = fold(p, at);
		if (r < 0)
			return r;
	}
	return (int)at;
}

int
crm_query_many(struct qparse *p, struct qnode *n, const struct qlist *kids)
{
	struct crm_expr *e = p->e;

	n->a = (uint32_t)e->nlist;
	n->b = (uint32_t)kids->n;
	n->c = Q_NIL;
	n->flags |= QF_MANY;
	for (size_t i = 0; i < kids->n; i++) {
		if (!crm_grow(
			&e->list, &e->caplist, e->nlist, sizeof(*e->list)))
			return crm_err_nomem(p->err);
		e->list[e->nlist++] = kids->v[i];
	}
	return crm_query_add(p, n);
}

int
crm_query_const(
    struct qparse *p, struct crm_value v, unsigned flags, size_t pos)
{
	struct qnode n = {.op = Q_CONST,
	    .type = v.type,
	    .flags = (uint8_t)flags,
	    .pos = (uint32_t)pos,
	    .a = Q_NIL,
	    .b = Q_NIL,
	    .c = Q_NIL,
	    .k = v};

	/* Quoted nothing is text that is not there. */
	if (v.type == CRM_T_NONE)
		n.type = CRM_T_TEXT;
	return crm_query_add(p, &n);
}
