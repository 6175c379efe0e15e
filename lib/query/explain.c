/*
 * explain.c - what a condition is made of, and what decided it.
 *
 * The parser has noted where each test stands; what is above them are the
 * words and, or, not.  `x between a and b` and `x in (..)` are tests, though
 * their nodes may be chains: a node that was noted is never looked into.
 */
#include "query/query.h"

/* ---- calls ---- */

int
crm_expr_calls(struct crm_expr *e, const char *name, crm_expr_call_fn *fn,
    void *ctx, struct crm_err *err)
{
	int r = CRM_OK;

	for (size_t i = 0; i < e->nnode && r == CRM_OK; i++) {
		const struct qnode *n = &e->node[i];
		struct crm_value arg[QUERY_ARGS_MAX] = {{0}};

		if (n->op != Q_HOST || strcmp(n->u.host->name, name) != 0)
			continue;
		for (size_t k = 0; k < n->b; k++) {
			const struct qnode *a = &e->node[e->list[n->a + k]];

			if (a->op == Q_CONST)
				arg[k] = a->k;
		}
		r = fn(ctx, arg, n->b, err);
		for (size_t k = 0; k < n->b; k++) {
			struct qnode *a = &e->node[e->list[n->a + k]];

			if (a->op == Q_CONST && a->type == CRM_T_TEXT)
				a->k.i = arg[k].i;
		}
		if (r == CRM_EUSAGE && err && err->hint[0] == '\0')
			crm_query_caret(e, n->pos, err);
	}
	return r;
}

/* ---- steps ---- */

struct explain {
	struct crm_expr *e;
	const struct crm_value *row;
	crm_expr_step_fn *fn;
	void *ctx;
	struct crm_err *err;
};

static const struct qspan *
find_span(const struct crm_expr *e, uint32_t at)
{
	for (size_t i = 0; i < e->nspan; i++)
		if (e->span[i].node == at)
			return &e->span[i];
	return NULL;
}

static void
fields_of(const struct crm_expr *e, uint32_t at, uint64_t bits[2])
{
	const struct qnode *n = &e->node[at];

	if ((n->op == Q_FIELD || (n->op >= Q_CMP_NUM && n->op <= Q_CMP_DAY)) &&
	    n->field < 128)
		bits[n->field / 64] |= (uint64_t)1 << (n->field % 64);
	for (size_t i = 0; i < crm_query_kids(n); i++)
		fields_of(e, crm_query_kid(e, n, i), bits);
}

/* Is it a word with conditions below? */
static bool
is_word(const struct crm_expr *e, uint32_t at)
{
	unsigned op = e->node[at].op;

	return (op == Q_AND || op == Q_OR || op == Q_NOT) && !find_span(e, at);
}

/* What is written is the operand of what was made of it. */
static uint32_t
written(const struct crm_expr *e, uint32_t at)
{
	while (e->node[at].op == Q_CAST && !find_span(e, at))
		at = e->node[at].a;
	return at;
}

static void
look_test(struct explain *x, uint32_t at, struct crm_expr_step *s)
{
	const struct crm_expr *e = x->e;
	const struct qspan *span = find_span(e, written(e, at));
	const struct qnode *n = &e->node[written(e, at)];

	s->what = CRM_STEP_TEST;
	if (span)
		s->text = (struct crm_str){
		    e->text.p + span->from, span->to - span->from};
	fields_of(e, at, s->fields);
	if (n->op != Q_HOST)
		return;
	s->call = crm_str(n->u.host->name);
	if (n->b > 0 && e->node[e->list[n->a]].op == Q_CONST)
		s->arg = &e->node[e->list[n->a]].k;
}

static int
step(struct explain *x, uint32_t at, unsigned depth)
{
	struct crm_expr_step s = {.depth = depth};
	const struct qnode *n = &x->e->node[at];
	bool word = is_word(x->e, at);
	int r;

	x->e->err = NULL;
	r = crm_query_test(x->e, at, x->row);
	if (r == CRM_ENOMEM)
		return crm_err_nomem(x->err);
	s.failed = r < 0;
	s.yes = r > 0;
	if (!word)
		look_test(x, at, &s);
	else
		s.what = n->op == Q_AND	 ? CRM_STEP_ALL
			 : n->op == Q_OR ? CRM_STEP_ANY
					 : CRM_STEP_NOT;
	r = x->fn(x->ctx, &s, x->err);
	for (size_t i = 0; word && r == CRM_OK && i < crm_query_kids(n); i++)
		r = step(x, crm_query_kid(x->e, n, i), depth + 1);
	return r;
}

int
crm_expr_explain(struct crm_expr *e, const struct crm_value *row,
    crm_expr_step_fn *fn, void *ctx, struct crm_err *err)
{
	struct explain x = {e, row, fn, ctx, err};

	return step(&x, e->root, 0);
}
