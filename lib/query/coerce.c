/*
 * coerce.c - giving a type to what has none of its own.
 *
 * Quoted text and $names take the type of what stands beside them, when the
 * expression is compiled, and must then be right.  Columns of imports
 * (CRM_EXPR_LOOSE) do so for each row, and a cell that does not parse is no
 * value.  Such nodes are called soft.
 */
#include "query/query.h"

bool
crm_query_soft(const struct qparse *p, int n)
{
	return (p->e->node[n].flags & (QF_QUOTED | QF_LOOSE)) != 0;
}

static struct crm_value
none(void)
{
	return (struct crm_value){0};
}

/* A day or an instant; the words too. */
static struct crm_value
read_moment(const struct crm_expr *e, struct crm_str s)
{
	const struct crm_calendar *cal = &e->env.schema->calendar;
	int64_t today = crm_day_of(cal, e->env.now), v;

	if (crm_date_parse(s, &v) == CRM_OK)
		return crm_value_num(CRM_T_DATE, v, 0);
	if (crm_time_parse(s, cal, &v) == CRM_OK)
		return crm_value_num(CRM_T_TIME, v, 0);
	if (crm_str_is(s, "today"))
		return crm_value_num(CRM_T_DATE, today, 0);
	if (crm_str_is(s, "yesterday"))
		return crm_value_num(CRM_T_DATE, today - 1, 0);
	if (crm_str_is(s, "now"))
		return crm_value_num(CRM_T_TIME, e->env.now, 0);
	return none();
}

static struct crm_value
read_bool(struct crm_str s)
{
	if (crm_str_is(s, "yes") || crm_str_is(s, "true") || crm_str_is(s, "1"))
		return crm_value_num(CRM_T_BOOL, 1, 0);
	if (crm_str_is(s, "no") || crm_str_is(s, "false") || crm_str_is(s, "0"))
		return crm_value_num(CRM_T_BOOL, 0, 0);
	return none();
}

static struct crm_value
read_span(struct crm_str s)
{
	struct crm_value v;
	struct crm_span span;

	if (crm_span_parse(s, &span) < 0 || span.months > INT32_MAX)
		return none();
	v = crm_value_num(CRM_T_SPAN, span.secs, 0);
	v.sub = (uint32_t)span.months;
	return v;
}

void
crm_query_read(const struct crm_expr *e, struct crm_str s, unsigned type,
    struct crm_value *out)
{
	const struct crm_calendar *cal = &e->env.schema->calendar;
	struct crm_dec d;

	s = crm_str_trim(s);
	*out = none();
	switch (type) {
	case CRM_T_INT:
	case CRM_T_DECIMAL:
	case CRM_T_MONEY:
		if (crm_dec_parse_round(s, &d) == CRM_OK)
			*out = crm_value_num((enum crm_type)type, d.v, d.scale);
		break;
	case CRM_T_DATE:
	case CRM_T_TIME:
		*out = read_moment(e, s);
		if (out->type == CRM_T_TIME && type == CRM_T_DATE)
			out->i = crm_day_of(cal, out->i);
		else if (out->type == CRM_T_DATE && type == CRM_T_TIME)
			out->i = crm_day_begin(cal, out->i);
		if (out->type != CRM_T_NONE)
			out->type = (uint8_t)type;
		break;
	case CRM_T_BOOL:
		*out = read_bool(s);
		break;
	case CRM_T_SPAN:
		*out = read_span(s);
		break;
	default:
		*out = crm_value_text(s);
		break;
	}
}

int
crm_query_cast(struct qparse *p, int at, unsigned type, unsigned ref)
{
	const struct qnode *k = &p->e->node[at];
	struct qnode n = {.op = Q_CAST,
	    .type = (uint8_t)type,
	    .ref = (uint8_t)ref,
	    .pos = k->pos,
	    .from = k->from,
	    .a = (uint32_t)at,
	    .b = Q_NIL,
	    .c = Q_NIL};

	if (k->type == type)
		return at;
	return crm_query_add(p, &n);
}

static int
wrong_word(struct qparse *p, const struct qnode *k, const struct qnode *like)
{
	unsigned n = crm_enum_count(like->values);
	char all[300];
	size_t at = 0;

	all[0] = '\0';
	for (unsigned i = 1; i <= n; i++) {
		struct crm_str s = crm_enum_name(like->values, i);

		if (at + s.n + 8 > sizeof(all)) {
			memcpy(all + at, ", ...", 6);
			break;
		}
		if (at > 0) {
			memcpy(all + at, ", ", 2);
			at += 2;
		}
		memcpy(all + at, s.p, s.n);
		at += s.n;
		all[at] = '\0';
	}
	return crm_query_fail(p, k->pos, "'%.*s' is not one of %s",
	    (int)(k->k.s.n > 60 ? 60 : k->k.s.n), k->k.s.p, all);
}

/* A quoted id or reference.  crm_value_parse knows what ids look like; what it
 * leaves unresolved the caller may know. */
static int
literal_id(struct qparse *p, const struct qnode *k, const struct qnode *like,
    struct crm_value *out)
{
	const struct crm_expr_env *env = &p->e->env;
	/* The name says of which part an id is: line_id. */
	struct crm_field f = {
	    .name = like->op == Q_FIELD ? env->fields[like->field].name : "",
	    .type = CRM_T_ID,
	    .ref = like->ref,
	    .help = ""};
	struct crm_parse ctx = {
	    .schema = env->schema, .arena = &p->e->arena, .digits = -1};
	int shown = (int)(k->k.s.n > 120 ? 120 : k->k.s.n);
	int r = crm_value_parse(&f, k->k.s, &ctx, out, p->err);

	if (r == CRM_ENOMEM)
		return r;
	if (r < 0) {
		if (!p->err)
			return CRM_EUSAGE;
		p->err->field[0] = '\0';
		p->err->code = CRM_EUSAGE;
		crm_query_caret(p->e, k->pos, p->err);
		return CRM_EUSAGE;
	}
	if (out->i != 0)
		return CRM_OK;
	if (!env->resolve)
		return crm_query_fail(p, k->pos,
		    "'%.*s' is a reference, which cannot be looked up here; "
		    "write the id",
		    shown, k->k.s.p);
	r = env->resolve(env->resolve_ctx, k->k.s, like->ref, out, p->err);
	if (r == CRM_NOTFOUND)
		return crm_query_fail(
		    p, k->pos, "'%.*s' names nothing known", shown, k->k.s.p);
	if (r < 0)
		crm_query_caret(p->e, k->pos, p->err);
	return r;
}

static int
literal(struct qparse *p, int at, const struct qnode *like)
{
	struct qnode k = p->e->node[at];
	struct crm_value v = none();
	unsigned type = like->type;
	int r;

	if (k.k.s.n == 0) {
		v = none();
	} else if (type == CRM_T_ID) {
		r = literal_id(p, &k, like, &v);
		if (r < 0)
			return r;
	} else if (type == CRM_T_ENUM) {
		v.type = CRM_T_ENUM;
		v.i = crm_enum_place(like->values, k.k.s);
		v.s = k.k.s;
		if (v.i == 0)
			return wrong_word(p, &k, like);
	} else if (type == CRM_T_TIME || type == CRM_T_DATE) {
		/* Stays what it is: a time may stand beside a day. */
		v = read_moment(p->e, crm_str_trim(k.k.s));
	} else {
		crm_query_read(p->e, k.k.s, type, &v);
		if (crm_query_isnum(v.type))
			v.type = v.scale > 0 ? CRM_T_DECIMAL : CRM_T_INT;
	}
	if (k.k.s.n > 0 && v.type == CRM_T_NONE)
		return crm_query_fail(p, k.pos, "'%.*s' is not %s",
		    (int)(k.k.s.n > 60 ? 60 : k.k.s.n), k.k.s.p,
		    type == CRM_T_BOOL ? "yes or no"
		    : type == CRM_T_DATE || type == CRM_T_TIME
			? "a date or time"
			: crm_query_noun(
			      type == CRM_T_MONEY ? CRM_T_INT : type));
	k.k = v;
	k.type = v.type ? v.type : (uint8_t)type;
	k.values = type == CRM_T_ENUM ? like->values : NULL;
	k.flags = 0;
	return crm_query_add(p, &k);
}

/* country = "de" means DE, and "Germany" would find nobody. */
static int
literal_country(struct qparse *p, int at)
{
	struct qnode k = p->e->node[at];
	char code[2];

	if (k.k.s.n == 0)
		return at;
	if (crm_country_normal(k.k.s, code, p->err) < 0) {
		return crm_query_fail(p, k.pos,
		    "'%.*s' is not a country code of two letters",
		    (int)(k.k.s.n > 60 ? 60 : k.k.s.n), k.k.s.p);
	}
	k.k.s = crm_arena_str(&p->e->arena, (struct crm_str){code, 2});
	return k.k.s.p ? crm_query_add(p, &k) : crm_err_nomem(p->err);
}

int
crm_query_coerce(struct qparse *p, int at, const struct qnode *like)
{
	/* Copied: adding nodes moves them. */
	struct qnode want = *like;
	unsigned type = want.type;

	if (type == CRM_T_TEXT && want.op == Q_FIELD &&
	    (p->e->node[at].flags & QF_QUOTED) &&
	    (p->e->env.fields[want.field].flags & CRM_F_COUNTRY))
		return literal_country(p, at);
	if (type == CRM_T_TEXT || type == CRM_T_LIST || type == CRM_T_NONE)
		return at;
	if (p->e->node[at].flags & QF_QUOTED)
		return literal(p, at, &want);
	if (type == CRM_T_ENUM)
		return at;
	if (crm_query_isnum(type))
		type = CRM_T_DECIMAL;
	return crm_query_cast(p, at, type, want.ref);
}

int
crm_query_coerce_type(struct qparse *p, int at, unsigned type)
{
	struct qnode like = {.type = (uint8_t)type};

	return crm_query_coerce(p, at, &like);
}

/* The type of two numbers together. */
static uint8_t
wider(uint8_t a, uint8_t b)
{
	if (a == CRM_T_MONEY || b == CRM_T_MONEY)
		return CRM_T_MONEY;
	return a == CRM_T_DECIMAL || b == CRM_T_DECIMAL ? CRM_T_DECIMAL
							: CRM_T_INT;
}

static bool
is_texty(unsigned type)
{
	return type == CRM_T_TEXT || type == CRM_T_ENUM || type == CRM_T_LIST;
}

/* The type of the nodes that have one; CRM_T_NONE when all are soft. */
static int
common_type(struct qparse *p, const struct qlist *l, struct qnode *n)
{
	n->type = CRM_T_NONE;
	for (size_t i = 0; i < l->n; i++) {
		const struct qnode *k = &p->e->node[l->v[i]];

		if (crm_query_soft(p, (int)l->v[i]))
			continue;
		if (n->type == CRM_T_NONE) {
			n->type = k->type;
			n->values = k->values;
			n->ref = k->ref;
		} else if (crm_query_isnum(n->type) &&
			   crm_query_isnum(k->type)) {
			n->type = wider(n->type, k->type);
		} else if (n->type == CRM_T_ENUM && k->type == CRM_T_ENUM &&
			   n->values == k->values) {
			continue;
		} else if (is_texty(n->type) && is_texty(k->type)) {
			n->type = CRM_T_TEXT;
			n->values = NULL;
		} else if (n->type != k->type) {
			return crm_query_fail(p, k->from,
			    "cannot choose between %s and %s",
			    crm_query_noun(n->type), crm_query_noun(k->type));
		} else if (n->ref != k->ref) {
			n->ref = 0;
		}
	}
	return CRM_OK;
}

int
crm_query_unify(struct qparse *p, struct qlist *l, struct qnode *n)
{
	int r = common_type(p, l, n);

	if (r < 0)
		return r;
	for (size_t i = 0; i < l->n; i++) {
		int at = (int)l->v[i];

		if (n->type == CRM_T_NONE && (p->e->node[at].flags & QF_LOOSE))
			n->flags |= QF_LOOSE;
		if (crm_query_soft(p, at) && n->type != CRM_T_NONE) {
			at = crm_query_coerce(p, at, n);
			if (at < 0)
				return at;
		}
		/* "2024-05-01" beside a time is a day: make it its start. */
		if (n->type == CRM_T_TIME || n->type == CRM_T_DATE ||
		    n->type == CRM_T_TEXT)
			at = crm_query_cast(p, at, n->type, 0);
		if (at < 0)
			return at;
		/* An amount beside money makes the result money. */
		if (crm_query_isnum(n->type))
			n->type = wider(n->type, p->e->node[at].type);
		l->v[i] = (uint32_t)at;
	}
	if (n->type == CRM_T_NONE)
		n->type = CRM_T_TEXT;
	return CRM_OK;
}
