/*
 * functext.c - functions of text.
 *
 * Places and lengths count code points, never bytes.  Results are made in the
 * expression's buffer, which has a limit, and copied to the scratch arena;
 * parts of an argument are views of it.
 */
#include <crm/utf8.h>

#include "query/query.h"

/* Bytes of the code point at the start; a bad byte counts as one. */
static size_t
step(struct crm_str s)
{
	int32_t cp;
	size_t n = crm_utf8_next(s, &cp);

	return n ? n : 1;
}

static size_t
count(struct crm_str s)
{
	size_t n = 0;

	for (; s.n > 0; n++) {
		size_t len = step(s);

		s.p += len;
		s.n -= len;
	}
	return n;
}

/* s from code point `from` (0 the first), at most n of them. */
static struct crm_str
part(struct crm_str s, int64_t from, int64_t n)
{
	struct crm_str r;

	for (; from > 0 && s.n > 0; from--) {
		size_t len = step(s);

		s.p += len;
		s.n -= len;
	}
	r = (struct crm_str){s.p, 0};
	for (; n > 0 && s.n > 0; n--) {
		size_t len = step(s);

		r.n += len;
		s.p += len;
		s.n -= len;
	}
	return r;
}

/* The buffer's bytes as the result. */
static int
give(struct qcall *c)
{
	struct crm_buf *b = &c->e->buf;
	char *p;

	if (b->fail == CRM_EDATA)
		return crm_query_fault(c->e, c->n, "the text is too long");
	if (b->fail)
		return crm_err_nomem(c->e->err);
	p = crm_query_scratch(c->e, b->n);
	if (!p)
		return CRM_ENOMEM;
	if (b->n > 0)
		memcpy(p, b->p, b->n);
	*c->out = crm_value_text((struct crm_str){p, b->n});
	return CRM_OK;
}

static int
give_bool(struct qcall *c, bool yes)
{
	*c->out = crm_value_num(CRM_T_BOOL, yes, 0);
	return CRM_OK;
}

static int
map_case(struct qcall *c, int32_t (*map)(int32_t))
{
	struct crm_buf *b = &c->e->buf;
	struct crm_str s = c->arg[0].s;

	crm_buf_clear(b);
	while (s.n > 0) {
		int32_t cp;
		size_t len = crm_utf8_next(s, &cp);

		if (len == 0) {
			len = 1;
			cp = 0xfffd;
		}
		cp = map(cp);
		if (cp < 0x80)
			crm_buf_putc(b, (char)cp);
		else
			crm_utf8_put(b, cp);
		s.p += len;
		s.n -= len;
	}
	return give(c);
}

static int
call_lower(struct qcall *c)
{
	return map_case(c, crm_utf8_lower);
}

static int
call_upper(struct qcall *c)
{
	return map_case(c, crm_utf8_upper);
}

static int
call_length(struct qcall *c)
{
	*c->out = crm_value_num(CRM_T_INT, (int64_t)count(c->arg[0].s), 0);
	return CRM_OK;
}

static int
call_trim(struct qcall *c)
{
	struct crm_str s = c->arg[0].s;
	int32_t cp;

	while (s.n > 0 && crm_utf8_next(s, &cp) > 0 &&
	       (crm_utf8_class(cp) & CRM_CP_SPACE)) {
		size_t len = step(s);

		s.p += len;
		s.n -= len;
	}
	while (s.n > 0) {
		size_t at = s.n - 1;
		struct crm_str last;

		while (at > 0 && ((unsigned char)s.p[at] & 0xc0) == 0x80)
			at--;
		last = (struct crm_str){s.p + at, s.n - at};
		if (crm_utf8_next(last, &cp) == 0 ||
		    !(crm_utf8_class(cp) & CRM_CP_SPACE))
			break;
		s.n = at;
	}
	*c->out = crm_value_text(s);
	return CRM_OK;
}

static int
call_left(struct qcall *c)
{
	*c->out = crm_value_text(part(c->arg[0].s, 0, c->arg[1].i));
	return CRM_OK;
}

static int
call_right(struct qcall *c)
{
	struct crm_str s = c->arg[0].s;
	int64_t all = (int64_t)count(s), n = c->arg[1].i;

	if (n > 0)
		*c->out = crm_value_text(part(s, n < all ? all - n : 0, all));
	return CRM_OK;
}

static int
call_mid(struct qcall *c)
{
	int64_t from = c->arg[1].i;
	int64_t n = c->narg > 2 ? c->arg[2].i : INT64_MAX;

	if (from < 1)
		return crm_query_fault(
		    c->e, c->n, "'%s' counts from 1", c->n->u.builtin->name);
	*c->out = crm_value_text(part(c->arg[0].s, from - 1, n));
	return CRM_OK;
}

/* Where b is in a, or NULL. */
static const char *
find(struct crm_str a, struct crm_str b)
{
	return a.n < b.n ? NULL : memmem(a.p, a.n, b.p, b.n);
}

static int
call_replace(struct qcall *c)
{
	struct crm_buf *b = &c->e->buf;
	struct crm_str s = c->arg[0].s, from = c->arg[1].s, to = c->arg[2].s;
	const char *at;

	/* Nothing to put in is the usual case; nothing else may be empty. */
	if (s.n == 0 || from.n == 0) {
		*c->out = c->arg[0];
		return CRM_OK;
	}
	crm_buf_clear(b);
	while ((at = find(s, from)) != NULL) {
		size_t n = (size_t)(at - s.p);

		crm_buf_put(b, s.p, n);
		crm_buf_putstr(b, to);
		s.p += n + from.n;
		s.n -= n + from.n;
	}
	crm_buf_putstr(b, s);
	return give(c);
}

static int
call_concat(struct qcall *c)
{
	struct crm_buf *b = &c->e->buf;

	crm_buf_clear(b);
	for (size_t i = 0; i < c->narg; i++)
		if (c->arg[i].type != CRM_T_NONE)
			crm_query_show(c->e, &c->arg[i]);
	return give(c);
}

static int
call_starts(struct qcall *c)
{
	return give_bool(c, crm_str_starts(c->arg[0].s, c->arg[1].s));
}

static int
call_ends(struct qcall *c)
{
	struct crm_str s = c->arg[0].s, end = c->arg[1].s;

	return give_bool(
	    c, s.n >= end.n && memcmp(s.p + s.n - end.n, end.p, end.n) == 0);
}

static int
call_contains(struct qcall *c)
{
	return give_bool(c, find(c->arg[0].s, c->arg[1].s) != NULL);
}

/* The n-th piece between separators, from the end when n < 0. */
static int
call_split(struct qcall *c)
{
	struct crm_str s = c->arg[0].s, sep = c->arg[1].s, piece = s;
	int64_t n = c->arg[2].i, all = 1;
	const char *at;

	if (n < 0) {
		for (; (at = find(piece, sep)) != NULL; all++) {
			piece.n -= (size_t)(at - piece.p) + sep.n;
			piece.p = at + sep.n;
		}
		n = all + n + 1;
	}
	for (; n > 1; n--) {
		at = find(s, sep);
		if (!at)
			return CRM_OK;
		s.n -= (size_t)(at - s.p) + sep.n;
		s.p = at + sep.n;
	}
	if (n < 1)
		return CRM_OK;
	at = find(s, sep);
	if (at)
		s.n = (size_t)(at - s.p);
	*c->out = crm_value_text(s);
	return CRM_OK;
}

static int
call_pad(struct qcall *c)
{
	struct crm_buf *b = &c->e->buf;
	struct crm_str s = c->arg[0].s, fill = CRM_STR(" ");
	int64_t want = c->arg[1].i, have = (int64_t)count(s);

	if (c->narg > 2)
		fill = part(c->arg[2].s, 0, 1);
	if (want > QUERY_RESULT_MAX)
		return crm_query_fault(c->e, c->n, "the text is too long");
	crm_buf_clear(b);
	for (; have < want; have++)
		crm_buf_putstr(b, fill);
	crm_buf_putstr(b, s);
	return give(c);
}

/* Lengths of time in their largest whole unit. */
static void
show_span(struct crm_buf *b, const struct crm_value *v)
{
	static const struct {
		int64_t secs;
		const char *unit;
	} all[] = {{CRM_DAY, "d"}, {3600, "h"}, {60, "m"}, {1, "s"}};
	int32_t months = crm_query_months(v);
	size_t i = 0;

	if (months != 0) {
		crm_buf_puti(b, months);
		crm_buf_puts(b, "mo");
	}
	if (v->i == 0 && months != 0)
		return;
	while (v->i % all[i].secs != 0)
		i++;
	crm_buf_puti(b, v->i / all[i].secs);
	crm_buf_puts(b, all[i].unit);
}

void
crm_query_show(struct crm_expr *e, const struct crm_value *v)
{
	int64_t i;

	if (v->type == CRM_T_SPAN) {
		show_span(&e->buf, v);
	} else if (v->type == CRM_T_MONEY &&
		   crm_dec_rescale(crm_query_dec(v), v->part, &i)) {
		crm_money_put(&e->buf, i, v->part);
	} else if (v->type != CRM_T_NONE) {
		crm_value_put(e->env.schema, &e->buf, v, false);
	}
}

static int
call_text(struct qcall *c)
{
	crm_buf_clear(&c->e->buf);
	crm_query_show(c->e, &c->arg[0]);
	return give(c);
}

const struct qbuiltin crm_query_texts[] = {
    {"lower", "t", CRM_T_TEXT, QB_LOOSE, call_lower, "lower(text)"},
    {"upper", "t", CRM_T_TEXT, QB_LOOSE, call_upper, "upper(text)"},
    {"length", "t", CRM_T_INT, 0, call_length, "length(text)"},
    {"trim", "t", CRM_T_TEXT, QB_LOOSE, call_trim, "trim(text)"},
    {"left", "ti", CRM_T_TEXT, QB_LOOSE, call_left, "left(text, n)"},
    {"right", "ti", CRM_T_TEXT, QB_LOOSE, call_right, "right(text, n)"},
    {"mid", "tii?", CRM_T_TEXT, QB_LOOSE, call_mid,
	"mid(text, from, n) or mid(text, from)"},
    {"substr", "tii?", CRM_T_TEXT, QB_LOOSE, call_mid,
	"substr(text, from, n) or substr(text, from)"},
    {"replace", "ttt", CRM_T_TEXT, QB_LOOSE | QB_EMPTY, call_replace,
	"replace(text, old, new)"},
    {"concat", "*+", CRM_T_TEXT, QB_EMPTY, call_concat, "concat(a, b, ...)"},
    {"starts", "tt", CRM_T_BOOL, 0, call_starts, "starts(text, begin)"},
    {"ends", "tt", CRM_T_BOOL, 0, call_ends, "ends(text, end)"},
    {"contains", "tt", CRM_T_BOOL, 0, call_contains, "contains(text, part)"},
    {"split", "tti", CRM_T_TEXT, QB_LOOSE, call_split,
	"split(text, separator, n)"},
    {"pad", "tit?", CRM_T_TEXT, 0, call_pad,
	"pad(text, width, fill) or pad(text, width)"},
    {"text", "*", CRM_T_TEXT, 0, call_text, "text(value)"}, {0}};
