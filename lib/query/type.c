/*
 * type.c - the nodes of conditions, typed.
 *
 * A comparison of a field with a constant, which is nearly all there are, gets
 * a node of its own without kids.  A time beside a day becomes a range of
 * instants when it is compiled, so that no row asks the calendar.  `not in`
 * and `not between` are `not (...)`, as they are read; `!=` and `!~` are
 * comparisons and so are no where there is no value.
 */
#include <stdlib.h>

#include "query/query.h"

static struct qnode
node(unsigned op, size_t pos, int a, int b)
{
	return (struct qnode){.op = (uint8_t)op,
	    .type = CRM_T_BOOL,
	    .pos = (uint32_t)pos,
	    .a = a < 0 ? Q_NIL : (uint32_t)a,
	    .b = b < 0 ? Q_NIL : (uint32_t)b,
	    .c = Q_NIL};
}

int
crm_query_condition(struct qparse *p, int at)
{
	if (at < 0)
		return at;
	if (crm_query_soft(p, at)) {
		at = crm_query_coerce_type(p, at, CRM_T_BOOL);
		if (at < 0)
			return at;
	}
	if (p->e->node[at].type != CRM_T_BOOL)
		return crm_query_fail(p, p->e->node[at].from,
		    "wanted a condition, not %s",
		    crm_query_noun(p->e->node[at].type));
	return at;
}

/* How the two are compared; QC_NONE when they cannot be. */
static unsigned
pair_class(const struct qnode *l, const struct qnode *r, unsigned mask)
{
	bool ordered = mask != QM_SAME && mask != (QM_LESS | QM_MORE);
	unsigned a = l->type, b = r->type;

	if (crm_query_isnum(a) && crm_query_isnum(b))
		return QC_NUM;
	if (a == CRM_T_TEXT && b == CRM_T_TEXT)
		return QC_TEXT;
	if (a == CRM_T_ID && b == CRM_T_ID)
		return QC_ID;
	if (a == CRM_T_SPAN && b == CRM_T_SPAN)
		return QC_SPAN;
	if (a == b && (a == CRM_T_TIME || a == CRM_T_DATE))
		return QC_INT;
	if ((a == CRM_T_TIME && b == CRM_T_DATE) ||
	    (a == CRM_T_DATE && b == CRM_T_TIME))
		return QC_DAY;
	if (ordered)
		return QC_NONE;
	if (a == CRM_T_BOOL && b == CRM_T_BOOL)
		return QC_INT;
	if (a == CRM_T_ENUM && b == CRM_T_ENUM && l->values == r->values)
		return QC_INT;
	if ((a == CRM_T_ENUM || a == CRM_T_TEXT) &&
	    (b == CRM_T_ENUM || b == CRM_T_TEXT))
		return QC_TEXT;
	return QC_NONE;
}

static int
cannot_compare(struct qparse *p, const struct qnode *l, const struct qnode *r,
    unsigned mask, size_t pos)
{
	bool ordered = mask != QM_SAME && mask != (QM_LESS | QM_MORE);

	if (l->type == r->type ||
	    (ordered && (l->type == CRM_T_ENUM || r->type == CRM_T_ENUM)))
		return crm_query_fail(p, pos,
		    ordered ? "%s has no order: only = and != compare it"
			    : "%s cannot be compared with another",
		    crm_query_noun(l->type == CRM_T_ENUM ? l->type : r->type));
	return crm_query_fail(p, pos, "cannot compare %s with %s",
	    crm_query_noun(l->type), crm_query_noun(r->type));
}

/* Gives soft ones of the two the type of the other. */
static int
settle(struct qparse *p, int *l, int *r, unsigned mask, size_t pos)
{
	bool ordered = mask != QM_SAME && mask != (QM_LESS | QM_MORE);
	bool soft_l = crm_query_soft(p, *l), soft_r = crm_query_soft(p, *r);

	if (soft_l && !soft_r)
		*l = crm_query_coerce(p, *l, &p->e->node[*r]);
	else if (soft_r && !soft_l)
		*r = crm_query_coerce(p, *r, &p->e->node[*l]);
	else if (ordered && (p->e->node[*l].flags & QF_LOOSE) &&
		 (p->e->node[*r].flags & QF_LOOSE))
		return crm_query_fail(p, pos,
		    "two columns without types: say number(a) or date(a) to "
		    "compare them");
	return *l < 0 ? *l : *r < 0 ? *r : CRM_OK;
}

/* A constant empty text beside a comparison is a newcomer's `is empty`. */
static int
refuse_empty(struct qparse *p, int at)
{
	const struct qnode *n = &p->e->node[at];

	if (n->op == Q_CONST && (n->flags & QF_WORDS) && n->k.s.n == 0)
		return crm_query_fail(p, n->pos,
		    "\"\" is no value, and no value equals nothing; write 'is "
		    "empty' or 'is not empty'");
	return CRM_OK;
}

static unsigned
mirror(unsigned mask)
{
	return (mask & QM_SAME) | (mask & QM_LESS ? QM_MORE : 0) |
	       (mask & QM_MORE ? QM_LESS : 0);
}

/* The field's node made a comparison, where there is a special one. */
static bool
specialise(struct qparse *p, struct qnode *n)
{
	const struct crm_expr *e = p->e;
	const struct crm_calendar *cal = &e->env.schema->calendar;
	const struct qnode *f = &e->node[n->a], *k = &e->node[n->b];
	int64_t i;

	if (f->op != Q_FIELD || k->op != Q_CONST || k->k.type == CRM_T_NONE)
		return false;
	n->k = k->k;
	switch (n->cls) {
	case QC_NUM:
		n->op = Q_CMP_NUM;
		/* At the scale of the rows, so that none is aligned. */
		if (f->type == CRM_T_MONEY &&
		    k->k.scale < e->env.schema->digits &&
		    crm_dec_rescale(crm_query_dec(&k->k),
			(unsigned)e->env.schema->digits, &i)) {
			n->k.i = i;
			n->k.scale = (uint8_t)e->env.schema->digits;
		}
		break;
	case QC_INT:
		n->op = Q_CMP_INT;
		break;
	case QC_TEXT:
		if (f->type != CRM_T_TEXT)
			return false;
		n->op = Q_CMP_TEXT;
		break;
	case QC_DAY:
		if (f->type != CRM_T_TIME)
			return false;
		n->op = Q_CMP_DAY;
		n->k.i = crm_day_begin(cal, k->k.i);
		n->hi = crm_day_begin(cal, k->k.i + 1);
		break;
	default:
		return false;
	}
	n->field = f->field;
	n->from = f->from;
	n->a = n->b = Q_NIL;
	return true;
}

static int
compare_plain(struct qparse *p, int l, int r, unsigned mask, size_t pos)
{
	struct qnode n = node(Q_CMP, pos, l, r);
	int res = settle(p, &l, &r, mask, pos);

	if (res < 0)
		return res;
	n.cls = (uint8_t)pair_class(&p->e->node[l], &p->e->node[r], mask);
	if (n.cls == QC_NONE)
		return cannot_compare(
		    p, &p->e->node[l], &p->e->node[r], mask, pos);
	n.mask = (uint8_t)mask;
	if (p->e->node[l].op == Q_CONST && p->e->node[r].op != Q_CONST) {
		int swap = l;

		l = r;
		r = swap;
		n.mask = (uint8_t)mirror(mask);
	}
	n.a = (uint32_t)l;
	n.b = (uint32_t)r;
	specialise(p, &n);
	return crm_query_add(p, &n);
}

/* The item of a list that the condition is asked of. */
static int
item_of(struct qparse *p, int list)
{
	struct qnode n = node(Q_ITEM, p->e->node[list].pos, -1, -1);

	n.from = p->e->node[list].from;
	n.type = CRM_T_TEXT;
	return crm_query_add(p, &n);
}

static int
any_of(struct qparse *p, int list, int condition, size_t pos)
{
	struct qnode n;

	if (condition < 0)
		return condition;
	n = node(Q_ANY, pos, list, condition);
	return crm_query_add(p, &n);
}

static bool
is_list(const struct qparse *p, int at)
{
	return p->e->node[at].type == CRM_T_LIST;
}

int
crm_query_compare(struct qparse *p, int l, int r, unsigned mask, size_t pos)
{
	int res = refuse_empty(p, l), item;

	if (res == CRM_OK)
		res = refuse_empty(p, r);
	if (res < 0)
		return res;
	if (is_list(p, l) && is_list(p, r))
		return crm_query_fail(
		    p, pos, "cannot compare a list with a list");
	if (is_list(p, r)) {
		int swap = l;

		l = r;
		r = swap;
		mask = mirror(mask);
	}
	if (!is_list(p, l))
		return compare_plain(p, l, r, mask, pos);
	item = item_of(p, l);
	if (item < 0)
		return item;
	return any_of(p, l, compare_plain(p, item, r, mask, pos), pos);
}

int
crm_query_between(struct qparse *p, int x, int lo, int hi, size_t pos)
{
	struct qnode n = node(Q_AND, pos, -1, -1);
	struct qlist both = {0};
	int item = x, r = CRM_ENOMEM, a, b;

	if (is_list(p, x))
		item = item_of(p, x);
	if (item < 0)
		return item;
	a = crm_query_compare(p, item, lo, QM_MORE | QM_SAME, pos);
	b = a < 0 ? a : crm_query_compare(p, item, hi, QM_LESS | QM_SAME, pos);
	if (b < 0)
		return b;
	if (crm_query_push(&both, a) && crm_query_push(&both, b))
		r = crm_query_many(p, &n, &both);
	else
		crm_err_nomem(p->err);
	free(both.v);
	return r >= 0 && is_list(p, x) ? any_of(p, x, r, pos) : r;
}

/* ---- in (a, b, c) ---- */

struct order {
	const struct crm_expr *e;
	unsigned cls;
};

static int
by_class(const void *a, const void *b, void *ctx)
{
	const struct order *o = ctx;

	return crm_query_cmp(o->e, o->cls, a, b);
}

/* All items constants of one class: their set, else NULL in *out. */
static int
make_set(struct qparse *p, int x, const struct qlist *items, unsigned *cls,
    struct qset **out)
{
	struct crm_expr *e = p->e;
	struct qset *set = crm_arena_zalloc(&e->arena, sizeof(*set));
	struct order o = {.e = e};

	*out = NULL;
	if (set)
		set->v = crm_arena_alloc(&e->arena, items->n * sizeof(*set->v));
	if (!set || !set->v)
		return crm_err_nomem(p->err);
	for (size_t i = 0; i < items->n; i++) {
		const struct qnode *k = &e->node[items->v[i]];
		unsigned c = pair_class(&e->node[x], k, QM_SAME);

		if (i == 0)
			*cls = c;
		if (c == QC_NONE)
			return cannot_compare(
			    p, &e->node[x], k, QM_SAME, k->from);
		if (k->op != Q_CONST || c != *cls)
			return CRM_OK;
		if (k->k.type != CRM_T_NONE)
			set->v[set->n++] = k->k;
	}
	if (*cls == QC_DAY && e->node[x].type == CRM_T_DATE)
		return CRM_OK;
	o.cls = *cls == QC_DAY ? QC_INT : *cls;
	set->sorted = set->n > 8;
	if (set->sorted)
		qsort_r(set->v, set->n, sizeof(*set->v), by_class, &o);
	*out = set;
	return CRM_OK;
}

static int
or_of(struct qparse *p, int x, const struct qlist *items, size_t pos)
{
	struct qnode n = node(Q_OR, pos, -1, -1);
	struct qlist conds = {0};
	int r = CRM_OK;

	for (size_t i = 0; i < items->n && r >= 0; i++) {
		r = compare_plain(p, x, (int)items->v[i], QM_SAME, pos);
		if (r >= 0 && !crm_query_push(&conds, r))
			r = crm_err_nomem(p->err);
	}
	if (r >= 0)
		r = crm_query_many(p, &n, &conds);
	free(conds.v);
	return r;
}

static int
in_plain(struct qparse *p, int x, struct qlist *items, size_t pos)
{
	struct qnode n = node(Q_IN, pos, -1, -1);
	struct qset *set;
	unsigned cls = QC_NONE;
	int r;

	/* `$n in (1, 2)`: the first item that has a type decides. */
	for (size_t i = 0; i < items->n && crm_query_soft(p, x); i++)
		if (!crm_query_soft(p, (int)items->v[i])) {
			x = crm_query_coerce(p, x, &p->e->node[items->v[i]]);
			break;
		}
	if (x < 0)
		return x;
	for (size_t i = 0; i < items->n; i++) {
		r = refuse_empty(p, (int)items->v[i]);
		if (r == CRM_OK && crm_query_soft(p, (int)items->v[i]))
			r = crm_query_coerce(
			    p, (int)items->v[i], &p->e->node[x]);
		else if (r == CRM_OK)
			r = (int)items->v[i];
		if (r < 0)
			return r;
		items->v[i] = (uint32_t)r;
	}
	r = make_set(p, x, items, &cls, &set);
	if (r < 0)
		return r;
	if (!set)
		return or_of(p, x, items, pos);
	if (cls == QC_DAY) {
		x = crm_query_cast(p, x, CRM_T_DATE, 0);
		cls = QC_INT;
		if (x < 0)
			return x;
	}
	n.a = (uint32_t)x;
	n.cls = (uint8_t)cls;
	n.u.set = set;
	return crm_query_add(p, &n);
}

int
crm_query_in(struct qparse *p, int x, struct qlist *items, size_t pos)
{
	int item;

	if (!is_list(p, x))
		return in_plain(p, x, items, pos);
	item = item_of(p, x);
	if (item < 0)
		return item;
	return any_of(p, x, in_plain(p, item, items, pos), pos);
}

/* ---- ~ and is empty ---- */

static int
match_plain(struct qparse *p, int x, int pattern, bool not, size_t pos)
{
	const struct qnode *k = &p->e->node[pattern];
	struct qnode n = node(Q_MATCH, pos, x, -1);
	unsigned type = p->e->node[x].type;
	int r;

	if (type != CRM_T_TEXT && type != CRM_T_ENUM)
		return crm_query_fail(p, pos,
		    "a pattern is matched with text, not with %s",
		    crm_query_noun(type));
	if (k->op != Q_CONST || k->type != CRM_T_TEXT)
		return crm_query_fail(
		    p, k->from, "a pattern is a quoted text or a $name");
	r = crm_regex_compile(&n.u.re, k->k.s, false, p->err);
	if (r < 0) {
		crm_query_caret(p->e, k->pos, p->err);
		return r;
	}
	n.mask = not ;
	return crm_query_add(p, &n);
}

int
crm_query_match(struct qparse *p, int x, int pattern, bool not, size_t pos)
{
	int item;

	if (!is_list(p, x))
		return match_plain(p, x, pattern, not, pos);
	item = item_of(p, x);
	if (item < 0)
		return item;
	return any_of(p, x, match_plain(p, item, pattern, not, pos), pos);
}

int
crm_query_empty(struct qparse *p, int x, size_t pos)
{
	struct qnode n = node(Q_EMPTY, pos, x, -1);

	return crm_query_add(p, &n);
}
