/*
 * arith.c - arithmetic: which types go together, and calculating.
 *
 * Money is calculated with all its places and carries, in the value's `part`,
 * the places it is shown with: revenue / orders > 20 compares the exact
 * quotient, and only what leaves the expression is rounded.  Lengths of time
 * keep months apart from seconds, so that `today - 1mo` is a calendar's month.
 */
#include "query/query.h"

/* Years 1 to 9999. */
#define DAY_MIN (-719162)
#define DAY_MAX 2932896

static struct qnode
node(unsigned op, size_t pos, int a, int b)
{
	return (struct qnode){.op = (uint8_t)op,
	    .pos = (uint32_t)pos,
	    .a = a < 0 ? Q_NIL : (uint32_t)a,
	    .b = b < 0 ? Q_NIL : (uint32_t)b,
	    .c = Q_NIL};
}

static bool
is_moment(unsigned t)
{
	return t == CRM_T_DATE || t == CRM_T_TIME;
}

/* ---- types ---- */

/* What a soft operand becomes beside an operand of type `other`. */
static int
soften(struct qparse *p, int at, unsigned op, unsigned other, bool left)
{
	struct qnode *n = &p->e->node[at];
	bool quoted = (n->flags & QF_QUOTED) != 0;
	struct crm_value v;
	unsigned want = CRM_T_DECIMAL;

	if (is_moment(other)) {
		want = op == Q_SUB ? CRM_T_TIME : CRM_T_SPAN;
		if (op == Q_SUB && !left && quoted) {
			crm_query_read(p->e, n->k.s, CRM_T_SPAN, &v);
			want = v.type ? CRM_T_SPAN : CRM_T_TIME;
		}
	} else if (other == CRM_T_SPAN && (op == Q_ADD || op == Q_SUB)) {
		want = CRM_T_SPAN;
		if (quoted && (left || op == Q_ADD)) {
			crm_query_read(p->e, n->k.s, CRM_T_SPAN, &v);
			want = v.type ? CRM_T_SPAN : CRM_T_TIME;
		} else if (left) {
			want = CRM_T_TIME;
		}
	}
	return crm_query_coerce_type(p, at, want);
}

static int
settle(struct qparse *p, unsigned op, int *l, int *r)
{
	bool soft_l = crm_query_soft(p, *l), soft_r = crm_query_soft(p, *r);

	if (soft_l)
		*l = soften(
		    p, *l, op, soft_r ? CRM_T_NONE : p->e->node[*r].type, true);
	if (*l >= 0 && soft_r)
		*r = soften(p, *r, op,
		    soft_l ? CRM_T_NONE : p->e->node[*l].type, false);
	return *l < 0 ? *l : *r < 0 ? *r : CRM_OK;
}

static int
cannot(struct qparse *p, unsigned op, unsigned a, unsigned b, size_t pos)
{
	const char *x = crm_query_noun(a), *y = crm_query_noun(b);

	if ((op == Q_ADD || op == Q_SUB) && b != CRM_T_MONEY &&
	    crm_query_isnum(b) && (a == CRM_T_DATE || a == CRM_T_TIME))
		return crm_query_fail(p, pos,
		    "cannot %s %s; a length of time has a unit, as 90d",
		    op == Q_ADD ? "add a number to" : "subtract a number from",
		    x);
	switch (op) {
	case Q_ADD:
		if (a == CRM_T_TEXT && b == CRM_T_TEXT)
			return crm_query_fail(
			    p, pos, "cannot add text to text; || joins them");
		return crm_query_fail(p, pos, "cannot add %s to %s", y, x);
	case Q_SUB:
		return crm_query_fail(
		    p, pos, "cannot subtract %s from %s", y, x);
	case Q_MUL:
		return crm_query_fail(p, pos, "cannot multiply %s by %s", x, y);
	default:
		return crm_query_fail(p, pos, "cannot divide %s by %s", x, y);
	}
}

/* Of two numbers; CRM_T_NONE when it has no meaning. */
static unsigned
number_result(unsigned op, unsigned a, unsigned b)
{
	bool money = a == CRM_T_MONEY || b == CRM_T_MONEY;

	if (op == Q_MUL && a == CRM_T_MONEY && b == CRM_T_MONEY)
		return CRM_T_NONE;
	if (op == Q_DIV)
		return a == CRM_T_MONEY && b != CRM_T_MONEY ? CRM_T_MONEY
							    : CRM_T_DECIMAL;
	if (money)
		return CRM_T_MONEY;
	return a == CRM_T_INT && b == CRM_T_INT ? CRM_T_INT : CRM_T_DECIMAL;
}

/* Sets type and class of n by its operands' types; false: none. */
static bool
result(struct qnode *n, unsigned a, unsigned b)
{
	unsigned op = n->op, type = CRM_T_NONE, cls = QC_NONE;
	bool sum = op == Q_ADD || op == Q_SUB;

	if (crm_query_isnum(a) && crm_query_isnum(b)) {
		cls = QC_NUM;
		type = number_result(op, a, b);
	} else if (sum && is_moment(a) && b == CRM_T_SPAN) {
		cls = QC_SHIFT;
		type = a;
	} else if (op == Q_SUB && is_moment(a) && is_moment(b)) {
		cls = QC_DIFF;
		type = CRM_T_SPAN;
	} else if (sum && a == CRM_T_SPAN && b == CRM_T_SPAN) {
		cls = QC_SPAN;
		type = CRM_T_SPAN;
	} else if (op == Q_DIV && a == CRM_T_SPAN && b == CRM_T_SPAN) {
		cls = QC_QUOTIENT;
		type = CRM_T_DECIMAL;
	} else if ((op == Q_MUL || op == Q_DIV) && a == CRM_T_SPAN &&
		   crm_query_isnum(b) && b != CRM_T_MONEY) {
		cls = QC_SCALE;
		type = CRM_T_SPAN;
	}
	n->type = (uint8_t)type;
	n->cls = (uint8_t)cls;
	return type != CRM_T_NONE;
}

int
crm_query_arith(struct qparse *p, unsigned op, int l, int r, size_t pos)
{
	struct qnode n;
	unsigned a, b;
	int res = settle(p, op, &l, &r);

	if (res < 0)
		return res;
	a = p->e->node[l].type;
	b = p->e->node[r].type;
	n = node(op, pos, l, r);
	/* 90d + date and 2 * 1h are turned round. */
	if ((op == Q_ADD && a == CRM_T_SPAN && is_moment(b)) ||
	    (op == Q_MUL && b == CRM_T_SPAN && crm_query_isnum(a))) {
		n.a = (uint32_t)r;
		n.b = (uint32_t)l;
		n.from = p->e->node[l].from;
	}
	if (!result(&n, p->e->node[n.a].type, p->e->node[n.b].type))
		return cannot(p, op, a, b, pos);
	if (n.cls == QC_SHIFT && n.type == CRM_T_DATE) {
		const struct qnode *k = &p->e->node[n.b];

		if (k->op == Q_CONST && k->k.i % CRM_DAY != 0)
			return crm_query_fail(p, k->from,
			    "a date has no hours: take whole days, or 'now' "
			    "or a time");
	}
	return crm_query_add(p, &n);
}

int
crm_query_negate(struct qparse *p, int x, size_t pos)
{
	struct qnode n;
	unsigned type;

	if (crm_query_soft(p, x))
		x = crm_query_coerce_type(p, x, CRM_T_DECIMAL);
	if (x < 0)
		return x;
	type = p->e->node[x].type;
	if (!crm_query_isnum(type) && type != CRM_T_SPAN)
		return crm_query_fail(
		    p, pos, "%s has no negative", crm_query_noun(type));
	n = node(Q_NEG, pos, x, -1);
	n.type = (uint8_t)type;
	n.cls = type == CRM_T_SPAN ? QC_SPAN : QC_NUM;
	return crm_query_add(p, &n);
}

/* ---- calculating ---- */

static int
too_large(struct crm_expr *e, const struct qnode *n)
{
	return crm_query_fault(e, n, "the result is too large");
}

static int
by_zero(struct crm_expr *e, const struct qnode *n)
{
	return crm_query_fault(e, n, "division by zero");
}

static int
calc_num(struct crm_expr *e, const struct qnode *n, const struct crm_value *a,
    const struct crm_value *b, struct crm_value *out)
{
	struct crm_dec x = crm_query_dec(a), y = crm_query_dec(b), r = {0, 0};
	uint8_t places = 0;
	bool ok;

	if (n->op == Q_DIV && y.v == 0)
		return by_zero(e, n);
	if (n->op == Q_ADD)
		ok = crm_dec_add(x, y, &r);
	else if (n->op == Q_SUB)
		ok = crm_dec_sub(x, y, &r);
	else if (n->op == Q_MUL)
		ok = crm_dec_mul(x, y, &r);
	else
		ok = crm_dec_div(x, y, &r);
	if (!ok)
		return too_large(e, n);
	if (n->type == CRM_T_MONEY) {
		places = a->type == CRM_T_MONEY ? a->part : 0;
		if (b->type == CRM_T_MONEY && b->part > places)
			places = b->part;
	}
	*out = crm_value_num((enum crm_type)n->type, r.v, r.scale);
	out->part = places;
	return CRM_OK;
}

static int
put_span(struct crm_expr *e, const struct qnode *n, int64_t months,
    int64_t secs, struct crm_value *out)
{
	if (months > INT32_MAX || months < INT32_MIN)
		return too_large(e, n);
	*out = crm_value_num(CRM_T_SPAN, secs, 0);
	out->sub = (uint32_t)(int32_t)months;
	return CRM_OK;
}

static int
calc_spans(struct crm_expr *e, const struct qnode *n, const struct crm_value *a,
    const struct crm_value *b, struct crm_value *out)
{
	int64_t m = crm_query_months(a), k = crm_query_months(b), secs;
	bool ok;

	if (n->op == Q_ADD)
		ok = crm_add64(a->i, b->i, &secs);
	else
		ok = crm_sub64(a->i, b->i, &secs);
	if (!ok)
		return too_large(e, n);
	return put_span(e, n, n->op == Q_ADD ? m + k : m - k, secs, out);
}

static int
calc_scale(struct crm_expr *e, const struct qnode *n, const struct crm_value *a,
    const struct crm_value *b, struct crm_value *out)
{
	struct crm_dec f = crm_query_dec(b), m = {crm_query_months(a), 0};
	struct crm_dec s = {a->i, 0};
	int64_t months, secs;
	bool ok;

	if (n->op == Q_DIV && f.v == 0)
		return by_zero(e, n);
	ok = n->op == Q_MUL ? crm_dec_mul(m, f, &m) && crm_dec_mul(s, f, &s)
			    : crm_dec_div(m, f, &m) && crm_dec_div(s, f, &s);
	if (!ok || !crm_dec_rescale(m, 0, &months) ||
	    !crm_dec_rescale(s, 0, &secs))
		return too_large(e, n);
	if (m.scale > 0)
		return crm_query_fault(e, n, "a part of a month has no length");
	return put_span(e, n, months, secs, out);
}

static int
calc_quotient(struct crm_expr *e, const struct qnode *n,
    const struct crm_value *a, const struct crm_value *b, struct crm_value *out)
{
	int64_t ma = crm_query_months(a), mb = crm_query_months(b);
	struct crm_dec x = {a->i, 0}, y = {b->i, 0}, r;

	/* Years by months are exact; else a month is its mean length. */
	if (a->i == 0 && b->i == 0) {
		x.v = ma;
		y.v = mb;
	} else if (!crm_add64(a->i, ma * 2629746, &x.v) ||
		   !crm_add64(b->i, mb * 2629746, &y.v)) {
		return too_large(e, n);
	}
	if (y.v == 0)
		return by_zero(e, n);
	if (!crm_dec_div(x, y, &r))
		return too_large(e, n);
	*out = crm_value_num(CRM_T_DECIMAL, r.v, r.scale);
	return CRM_OK;
}

static int
calc_diff(struct crm_expr *e, const struct qnode *n, const struct crm_value *a,
    const struct crm_value *b, struct crm_value *out)
{
	const struct crm_calendar *cal = &e->env.schema->calendar;
	int64_t x = a->i, y = b->i, secs;

	if (a->type == CRM_T_DATE && b->type == CRM_T_DATE) {
		if (!crm_sub64(x, y, &secs) || !crm_mul64(secs, CRM_DAY, &secs))
			return too_large(e, n);
		return put_span(e, n, 0, secs, out);
	}
	if (a->type == CRM_T_DATE)
		x = crm_day_begin(cal, x);
	if (b->type == CRM_T_DATE)
		y = crm_day_begin(cal, y);
	if (!crm_sub64(x, y, &secs))
		return too_large(e, n);
	return put_span(e, n, 0, secs, out);
}

/* The same local time of day so many months on. */
static int64_t
shift_local(const struct crm_zone *zone, int64_t t, int64_t months)
{
	int64_t local = zone ? t + crm_zone_offset(zone, t) : t;
	int64_t day = local / CRM_DAY, rest = local % CRM_DAY;

	if (rest < 0) {
		rest += CRM_DAY;
		day--;
	}
	local = crm_add_months(day, months) * CRM_DAY + rest;
	return zone ? crm_zone_utc(zone, local) : local;
}

static int
calc_shift(struct crm_expr *e, const struct qnode *n, const struct crm_value *a,
    const struct crm_value *b, struct crm_value *out)
{
	const struct crm_calendar *cal = &e->env.schema->calendar;
	bool date = a->type == CRM_T_DATE;
	int64_t unit = date ? 1 : CRM_DAY, v = a->i, more = b->i;
	int64_t months = crm_query_months(b);

	if (date)
		more /= CRM_DAY;
	if (n->op == Q_SUB) {
		months = -months;
		if (!crm_sub64(0, more, &more))
			return too_large(e, n);
	}
	if (v < DAY_MIN * unit || v / unit > DAY_MAX)
		return too_large(e, n);
	if (months != 0 && (months > 120000 || months < -120000))
		return crm_query_fault(e, n, "the date is out of range");
	if (months != 0)
		v = date ? crm_add_months(v, months)
			 : shift_local(cal->zone, v, months);
	if (!crm_add64(v, more, &v) || v < DAY_MIN * unit || v / unit > DAY_MAX)
		return crm_query_fault(e, n, "the date is out of range");
	*out = crm_value_num((enum crm_type)n->type, v, 0);
	return CRM_OK;
}

static int
calc_neg(struct crm_expr *e, const struct qnode *n, const struct crm_value *a,
    struct crm_value *out)
{
	*out = *a;
	if (!crm_sub64(0, a->i, &out->i))
		return too_large(e, n);
	if (n->cls == QC_SPAN)
		return put_span(
		    e, n, -(int64_t)crm_query_months(a), out->i, out);
	return CRM_OK;
}

int
crm_query_calc(struct crm_expr *e, const struct qnode *n,
    const struct crm_value *a, const struct crm_value *b, struct crm_value *out)
{
	if (n->op == Q_NEG)
		return calc_neg(e, n, a, out);
	switch (n->cls) {
	case QC_NUM:
		return calc_num(e, n, a, b, out);
	case QC_SHIFT:
		return calc_shift(e, n, a, b, out);
	case QC_DIFF:
		return calc_diff(e, n, a, b, out);
	case QC_SPAN:
		return calc_spans(e, n, a, b, out);
	case QC_SCALE:
		return calc_scale(e, n, a, b, out);
	default:
		return calc_quotient(e, n, a, b, out);
	}
}
