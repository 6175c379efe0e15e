/*
 * eval.c - running an expression over a row.
 *
 * Conditions give an int and not a value: nearly every expression is one, and
 * its nodes are comparisons of a field with a constant, answered here without
 * touching anything else.  Nothing is allocated unless a function makes text;
 * that goes to the scratch arena, emptied before the next row.
 */
#include "query/query.h"

/* A mask of what was found: QM_LESS, QM_SAME or QM_MORE. */
static inline unsigned
found(int cmp)
{
	return cmp < 0 ? QM_LESS : cmp > 0 ? QM_MORE : QM_SAME;
}

static inline int
cmp_int(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static inline int
cmp_num(const struct crm_value *a, const struct crm_value *b)
{
	if (a->scale == b->scale)
		return cmp_int(a->i, b->i);
	return crm_dec_cmp(crm_query_dec(a), crm_query_dec(b));
}

/* A month counts 365.2425 / 12 days where lengths must be compared. */
static int
cmp_span(const struct crm_value *a, const struct crm_value *b)
{
	__extension__ typedef __int128 wide;
	wide x = (wide)crm_query_months(a) * 2629746 + a->i;
	wide y = (wide)crm_query_months(b) * 2629746 + b->i;

	return (x > y) - (x < y);
}

int
crm_query_cmp(const struct crm_expr *e, unsigned cls, const struct crm_value *a,
    const struct crm_value *b)
{
	const struct crm_calendar *cal = &e->env.schema->calendar;
	int64_t x = a->i, y = b->i;

	switch (cls) {
	case QC_NUM:
		return cmp_num(a, b);
	case QC_TEXT:
		return crm_str_cmp(a->s, b->s);
	case QC_DAY:
		if (a->type == CRM_T_TIME)
			x = crm_day_of(cal, x);
		if (b->type == CRM_T_TIME)
			y = crm_day_of(cal, y);
		return cmp_int(x, y);
	case QC_SPAN:
		return cmp_span(a, b);
	case QC_ID:
		return crm_value_cmp(a, b);
	default:
		return cmp_int(x, y);
	}
}

char *
crm_query_scratch(struct crm_expr *e, size_t n)
{
	char *p = crm_arena_alloc(&e->scratch, n ? n : 1);

	e->used = true;
	if (!p)
		crm_err_nomem(e->err);
	return p;
}

/* ---- conditions ---- */

static int
test_pair(
    struct crm_expr *e, const struct qnode *n, const struct crm_value *row)
{
	struct crm_value a, b;
	int r = crm_query_eval(e, n->a, row, &a);

	if (r == CRM_OK)
		r = crm_query_eval(e, n->b, row, &b);
	if (r < 0)
		return r;
	if (crm_query_none(&a) || crm_query_none(&b))
		return 0;
	return (found(crm_query_cmp(e, n->cls, &a, &b)) & n->mask) != 0;
}

static int
test_in(struct crm_expr *e, const struct qnode *n, const struct crm_value *row)
{
	const struct qset *set = n->u.set;
	size_t lo = 0, hi = set->n;
	struct crm_value v;
	int r = crm_query_eval(e, n->a, row, &v);

	if (r < 0)
		return r;
	if (crm_query_none(&v))
		return 0;
	if (!set->sorted) {
		for (size_t i = 0; i < set->n; i++)
			if (crm_query_cmp(e, n->cls, &v, &set->v[i]) == 0)
				return 1;
		return 0;
	}
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int c = crm_query_cmp(e, n->cls, &v, &set->v[mid]);

		if (c == 0)
			return 1;
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return 0;
}

static int
test_any(struct crm_expr *e, const struct qnode *n, const struct crm_value *row)
{
	struct crm_value list;
	struct crm_str rest, item;
	int r = crm_query_eval(e, n->a, row, &list);

	if (r < 0 || crm_query_none(&list))
		return r < 0 ? r : 0;
	rest = list.s;
	while (crm_str_split(&rest, ',', &item)) {
		e->item = crm_value_text(item);
		r = crm_query_test(e, n->b, row);
		if (r != 0)
			return r;
	}
	return 0;
}

static int
test_match(
    struct crm_expr *e, const struct qnode *n, const struct crm_value *row)
{
	struct crm_value v;
	int r = crm_query_eval(e, n->a, row, &v);

	if (r < 0)
		return r;
	if (crm_query_none(&v))
		return 0;
	return crm_regex_match(n->u.re, v.s) != (n->mask != 0);
}

static int
test_text(const struct qnode *n, const struct crm_value *v)
{
	if (v->s.n == 0)
		return 0;
	if (n->mask == QM_SAME)
		return crm_str_eq(v->s, n->k.s);
	return (found(crm_str_cmp(v->s, n->k.s)) & n->mask) != 0;
}

/* The day [k.i, hi) beside an instant. */
static unsigned
side_of_day(const struct qnode *n, int64_t t)
{
	return t < n->k.i ? QM_LESS : t >= n->hi ? QM_MORE : QM_SAME;
}

unsigned
crm_query_side(const struct qnode *n, const struct crm_value *v)
{
	switch (n->op) {
	case Q_CMP_NUM:
		return found(cmp_num(v, &n->k));
	case Q_CMP_DAY:
		return side_of_day(n, v->i);
	default:
		return found(cmp_int(v->i, n->k.i));
	}
}

static int
test_value(struct crm_expr *e, uint32_t at, const struct crm_value *row)
{
	struct crm_value v;
	int r = crm_query_eval(e, at, row, &v);

	return r < 0 ? r : v.type != CRM_T_NONE && v.i != 0;
}

static int
test_chain(
    struct crm_expr *e, const struct qnode *n, const struct crm_value *row)
{
	for (size_t i = 0; i < n->b; i++) {
		int r = crm_query_test(e, e->list[n->a + i], row);

		if (r < 0 || (r != 0) == (n->op == Q_OR))
			return r;
	}
	return n->op == Q_AND;
}

int
crm_query_test(struct crm_expr *e, uint32_t at, const struct crm_value *row)
{
	const struct qnode *n = &e->node[at];
	const struct crm_value *v;
	struct crm_value x;
	int r;

	switch (n->op) {
	case Q_AND:
	case Q_OR:
		return test_chain(e, n, row);
	case Q_NOT:
		r = crm_query_test(e, n->a, row);
		return r < 0 ? r : !r;
	case Q_CMP_NUM:
		v = &row[n->field];
		return v->type != CRM_T_NONE &&
		       (found(cmp_num(v, &n->k)) & n->mask) != 0;
	case Q_CMP_INT:
		v = &row[n->field];
		return v->type != CRM_T_NONE &&
		       (found(cmp_int(v->i, n->k.i)) & n->mask) != 0;
	case Q_CMP_TEXT:
		return test_text(n, &row[n->field]);
	case Q_CMP_DAY:
		v = &row[n->field];
		return v->type != CRM_T_NONE &&
		       (side_of_day(n, v->i) & n->mask) != 0;
	case Q_CMP:
		return test_pair(e, n, row);
	case Q_IN:
		return test_in(e, n, row);
	case Q_MATCH:
		return test_match(e, n, row);
	case Q_ANY:
		return test_any(e, n, row);
	case Q_EMPTY:
		r = crm_query_eval(e, n->a, row, &x);
		return r < 0 ? r : crm_query_none(&x);
	default:
		return test_value(e, at, row);
	}
}

/* ---- values ---- */

static int
eval_field(
    const struct qnode *n, const struct crm_value *row, struct crm_value *out)
{
	*out = row[n->field];
	if (crm_query_none(out)) {
		*out = (struct crm_value){0};
	} else if (out->type == CRM_T_MONEY) {
		/* The places it is shown with, whatever is calculated. */
		out->part = out->scale;
	} else if (out->type == CRM_T_ENUM && out->s.n == 0 && n->values) {
		out->s = crm_enum_name(n->values, (unsigned)out->i);
	}
	return CRM_OK;
}

static int
cast_id(struct crm_expr *e, const struct qnode *n, struct crm_value *v)
{
	struct crm_field f = {
	    .name = "", .type = CRM_T_ID, .ref = n->ref, .help = ""};
	struct crm_parse ctx = {
	    .schema = e->env.schema, .arena = &e->scratch, .digits = -1};
	struct crm_value id;

	e->used = true;
	if (crm_value_parse(&f, crm_str_trim(v->s), &ctx, &id, NULL) < 0 ||
	    id.i == 0)
		id = (struct crm_value){0};
	*v = id;
	return CRM_OK;
}

static int
cast_text(struct crm_expr *e, struct crm_value *v)
{
	char *p;

	if (v->type != CRM_T_ENUM && v->type != CRM_T_LIST) {
		crm_buf_clear(&e->buf);
		crm_query_show(e, v);
		if (crm_buf_check(&e->buf, e->err) < 0)
			return e->buf.fail;
		p = crm_query_scratch(e, e->buf.n);
		if (!p)
			return CRM_ENOMEM;
		memcpy(p, e->buf.p, e->buf.n);
		v->s = (struct crm_str){p, e->buf.n};
	}
	*v = crm_value_text(v->s);
	return CRM_OK;
}

static int
eval_cast(struct crm_expr *e, const struct qnode *n,
    const struct crm_value *row, struct crm_value *out)
{
	const struct crm_calendar *cal = &e->env.schema->calendar;
	struct crm_str s;
	int r = crm_query_eval(e, n->a, row, out);

	if (r < 0 || out->type == CRM_T_NONE)
		return r;
	if (n->type == CRM_T_TEXT)
		return cast_text(e, out);
	if (out->type == CRM_T_TEXT) {
		if (n->type == CRM_T_ID)
			return cast_id(e, n, out);
		s = out->s;
		crm_query_read(e, s, n->type, out);
	} else if (n->type == CRM_T_MONEY && out->type != CRM_T_MONEY) {
		out->part = crm_query_places(e, out->scale);
	} else if (n->type == CRM_T_INT && out->scale > 0) {
		*out = (struct crm_value){0};
	} else if (out->type == CRM_T_TIME && n->type == CRM_T_DATE) {
		out->i = crm_day_of(cal, out->i);
	} else if (out->type == CRM_T_DATE && n->type == CRM_T_TIME) {
		out->i = crm_day_begin(cal, out->i);
	}
	if (out->type != CRM_T_NONE)
		out->type = n->type;
	return CRM_OK;
}

/* Room for `more` bytes after n, by doubling; the old bytes are copied. */
static char *
join_room(struct crm_expr *e, char *p, size_t *cap, size_t n, size_t more)
{
	char *q;

	if (n + more <= *cap)
		return p;
	while (*cap < n + more)
		*cap *= 2;
	q = crm_query_scratch(e, *cap);
	if (q && n > 0)
		memcpy(q, p, n);
	return q;
}

static int
eval_join(struct crm_expr *e, const struct qnode *n,
    const struct crm_value *row, struct crm_value *out)
{
	size_t total = 0, cap = 64;
	char *text = crm_query_scratch(e, cap);

	for (size_t i = 0; i < n->b && text; i++) {
		struct crm_value part;
		int r = crm_query_eval(e, e->list[n->a + i], row, &part);

		if (r < 0)
			return r;
		if (crm_query_none(&part))
			continue;
		if (total + part.s.n > QUERY_RESULT_MAX)
			return crm_query_fault(e, n, "the text is too long");
		text = join_room(e, text, &cap, total, part.s.n);
		if (text && part.s.n > 0)
			memcpy(text + total, part.s.p, part.s.n);
		total += part.s.n;
	}
	*out = crm_value_text((struct crm_str){text, total});
	return text ? CRM_OK : CRM_ENOMEM;
}

static void
number_type(
    const struct crm_expr *e, const struct qnode *n, struct crm_value *v)
{
	if (!crm_query_isnum(v->type) || !crm_query_isnum(n->type))
		return;
	if (n->type == CRM_T_MONEY && v->type != CRM_T_MONEY)
		v->part = crm_query_places(e, v->scale);
	v->type = n->type;
}

static int
eval_choice(struct crm_expr *e, const struct qnode *n,
    const struct crm_value *row, struct crm_value *out)
{
	int r = CRM_OK;

	if (n->op == Q_IF) {
		r = crm_query_test(e, n->a, row);
		if (r >= 0)
			r = crm_query_eval(e, r ? n->b : n->c, row, out);
	} else {
		*out = (struct crm_value){0};
		for (size_t i = 0; i < n->b && r == CRM_OK; i++) {
			r = crm_query_eval(e, e->list[n->a + i], row, out);
			if (r < 0 || out->type != CRM_T_NONE)
				break;
		}
	}
	if (r == CRM_OK)
		number_type(e, n, out);
	return r;
}

static int
eval_calc(struct crm_expr *e, const struct qnode *n,
    const struct crm_value *row, struct crm_value *out)
{
	struct crm_value a, b = {0};
	int r = crm_query_eval(e, n->a, row, &a);

	if (r == CRM_OK && n->b != Q_NIL)
		r = crm_query_eval(e, n->b, row, &b);
	*out = (struct crm_value){0};
	if (r < 0 || a.type == CRM_T_NONE ||
	    (n->b != Q_NIL && b.type == CRM_T_NONE))
		return r;
	return crm_query_calc(e, n, &a, &b, out);
}

int
crm_query_eval(struct crm_expr *e, uint32_t at, const struct crm_value *row,
    struct crm_value *out)
{
	const struct qnode *n = &e->node[at];
	int r;

	switch (n->op) {
	case Q_CONST:
		*out = n->k;
		return CRM_OK;
	case Q_FIELD:
		return eval_field(n, row, out);
	case Q_ITEM:
		*out = e->item;
		return CRM_OK;
	case Q_NEG:
	case Q_ADD:
	case Q_SUB:
	case Q_MUL:
	case Q_DIV:
		return eval_calc(e, n, row, out);
	case Q_JOIN:
		return eval_join(e, n, row, out);
	case Q_CAST:
		return eval_cast(e, n, row, out);
	case Q_IF:
	case Q_COALESCE:
		return eval_choice(e, n, row, out);
	case Q_CALL:
	case Q_HOST:
		return crm_query_run(e, n, row, out);
	default:
		r = crm_query_test(e, at, row);
		*out = crm_value_num(CRM_T_BOOL, r > 0, 0);
		return r < 0 ? r : CRM_OK;
	}
}
