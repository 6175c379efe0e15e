/*
 * lex.c - the tokens of an expression.
 *
 * A date is a token of its own, so `2024-05-01` is a day and not a
 * subtraction: nobody subtracts months written with a leading zero.  In quoted
 * text a backslash before anything but \ " ' t n stands for itself, so that
 * patterns can be written as they are: "^\+49\d+".
 */
#include "query/query.h"

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       (unsigned char)c >= 0x80;
}

bool
crm_query_is(const struct qtoken *t, const char *word)
{
	char upper[16];
	size_t i;

	if (t->kind != QT_NAME || t->quoted)
		return false;
	if (crm_str_is(t->s, word))
		return true;
	for (i = 0; word[i] && i < sizeof(upper); i++)
		upper[i] = (char)(word[i] - 'a' + 'A');
	return t->s.n == i && memcmp(t->s.p, upper, i) == 0;
}

bool
crm_query_mark(const struct qtoken *t, const char *mark)
{
	return t->kind == QT_MARK && strcmp(t->mark, mark) == 0;
}

/* How many digits are at `at`. */
static size_t
digits(struct crm_str s, size_t at)
{
	size_t n = 0;

	while (at + n < s.n && is_digit(s.p[at + n]))
		n++;
	return n;
}

static bool
is_at(struct crm_str s, size_t at, char c)
{
	return at < s.n && s.p[at] == c;
}

static int
lex_time(struct qparse *p, size_t n)
{
	struct crm_str s = p->e->text, lit;
	size_t at = p->tok.pos + n + 1;
	int64_t v;

	while (at < s.n && (is_digit(s.p[at]) || s.p[at] == ':'))
		at++;
	if (is_at(s, at, '.') && digits(s, at + 1) > 0)
		at += 1 + digits(s, at + 1);
	if (is_at(s, at, 'Z'))
		at++;
	else if ((is_at(s, at, '+') || is_at(s, at, '-')) &&
		 digits(s, at + 1) == 2 && is_at(s, at + 3, ':') &&
		 digits(s, at + 4) == 2)
		at += 6;
	lit = (struct crm_str){s.p + p->tok.pos, at - p->tok.pos};
	if (crm_time_parse(lit, &p->e->env.schema->calendar, &v) < 0)
		return crm_query_fail(p, p->tok.pos, "'%.*s' is not a time",
		    (int)(lit.n > 60 ? 60 : lit.n), lit.p);
	p->tok.v = crm_value_num(CRM_T_TIME, v, 0);
	p->at = at;
	return CRM_OK;
}

static int
lex_date(struct qparse *p)
{
	struct crm_str s = p->e->text, lit = {s.p + p->tok.pos, 10};
	int64_t v;

	if (crm_date_parse(lit, &v) < 0)
		return crm_query_fail(
		    p, p->tok.pos, "'%.10s' is not a date", lit.p);
	if (is_at(s, p->tok.pos + 10, 'T'))
		return lex_time(p, 10);
	p->tok.v = crm_value_num(CRM_T_DATE, v, 0);
	p->at = p->tok.pos + 10;
	return CRM_OK;
}

static int
lex_span(struct qparse *p, size_t end)
{
	struct crm_str s = p->e->text, lit;
	struct crm_span span;

	while (end < s.n && (is_letter(s.p[end]) || is_digit(s.p[end])))
		end++;
	lit = (struct crm_str){s.p + p->tok.pos, end - p->tok.pos};
	if (crm_span_parse(lit, &span) < 0 || span.months > INT32_MAX)
		return crm_query_fail(p, p->tok.pos,
		    "'%.*s' is not a length of time (30s 15m 12h 90d 2w 3mo "
		    "1y)",
		    (int)(lit.n > 60 ? 60 : lit.n), lit.p);
	p->tok.v = crm_value_num(CRM_T_SPAN, span.secs, 0);
	p->tok.v.sub = (uint32_t)span.months;
	p->at = end;
	return CRM_OK;
}

static int
lex_number(struct qparse *p)
{
	struct crm_str s = p->e->text, lit;
	size_t at = p->tok.pos, n = digits(s, at);
	struct crm_dec d;

	p->tok.kind = QT_CONST;
	if (n == 4 && is_at(s, at + 4, '-') && digits(s, at + 5) == 2 &&
	    is_at(s, at + 7, '-') && digits(s, at + 8) == 2)
		return lex_date(p);
	at += n;
	if (at < s.n && is_letter(s.p[at]))
		return lex_span(p, at);
	if (is_at(s, at, '.') && digits(s, at + 1) > 0)
		at += 1 + digits(s, at + 1);
	lit = (struct crm_str){s.p + p->tok.pos, at - p->tok.pos};
	if (at < s.n && (is_letter(s.p[at]) || s.p[at] == '.'))
		return crm_query_fail(p, p->tok.pos, "'%.*s%c' is not a number",
		    (int)(lit.n > 60 ? 60 : lit.n), lit.p, s.p[at]);
	if (crm_dec_parse(lit, &d) < 0)
		return crm_query_fail(p, p->tok.pos,
		    "the number '%.*s' is too large or has more than %d "
		    "places",
		    (int)(lit.n > 60 ? 60 : lit.n), lit.p, CRM_SCALE_MAX);
	p->tok.v = crm_value_num(
	    d.scale > 0 ? CRM_T_DECIMAL : CRM_T_INT, d.v, d.scale);
	p->at = at;
	return CRM_OK;
}

/* Text up to the same quote; no escapes in a name's back quotes. */
static int
lex_quoted(struct qparse *p, char quote)
{
	struct crm_str s = p->e->text;
	size_t at = p->tok.pos + 1, end = at, n = 0;
	char *out;

	while (end < s.n && s.p[end] != quote)
		end += s.p[end] == '\\' && quote != '`' ? 2 : 1;
	if (end >= s.n)
		return crm_query_fail(
		    p, p->tok.pos, "the quote %c is not closed", quote);
	out = crm_arena_alloc(&p->e->arena, end - at + 1);
	if (!out)
		return crm_err_nomem(p->err);
	for (; at < end; at++) {
		if (s.p[at] == '\\' && quote != '`' &&
		    strchr("\\\"'tn", s.p[at + 1])) {
			at++;
			out[n++] = s.p[at] == 't'   ? '\t'
				   : s.p[at] == 'n' ? '\n'
						    : s.p[at];
		} else {
			out[n++] = s.p[at];
		}
	}
	p->tok.s = (struct crm_str){out, n};
	p->tok.kind = quote == '`' ? QT_NAME : QT_TEXT;
	p->tok.quoted = quote == '`';
	p->at = at + 1;
	return CRM_OK;
}

static int
lex_mark(struct qparse *p)
{
	static const char *const wrong[][2] = {{"==", "="}, {"<>", "!="},
	    {"&&", "and"}, {"=~", "~"}, {"=>", ">="}, {"=<", "<="}};
	static const char *const two[] = {"!=", "<=", ">=", "!~", "||"};
	struct crm_str s = p->e->text;
	const char *at = s.p + p->tok.pos;
	size_t left = s.n - p->tok.pos;

	p->tok.kind = QT_MARK;
	for (size_t i = 0; left > 1 && i < sizeof(wrong) / sizeof(wrong[0]);
	     i++)
		if (memcmp(at, wrong[i][0], 2) == 0)
			return crm_query_fail(p, p->tok.pos,
			    "'%s' is not known here; write '%s'", wrong[i][0],
			    wrong[i][1]);
	for (size_t i = 0; left > 1 && i < sizeof(two) / sizeof(two[0]); i++)
		if (memcmp(at, two[i], 2) == 0) {
			memcpy(p->tok.mark, at, 2);
			p->at += 2;
			return CRM_OK;
		}
	if (*at == '\0' || !strchr("(),+-*/=<>~", *at))
		return crm_query_fail(p, p->tok.pos,
		    "'%c' has no meaning here%s", *at > 0x20 ? *at : '?',
		    *at == '!'	 ? "; write 'not'"
		    : *at == '.' ? "; a number begins with a digit, as 0.5"
				 : "");
	p->tok.mark[0] = *at;
	p->at++;
	return CRM_OK;
}

static size_t
name_end(struct crm_str s, size_t at)
{
	while (at < s.n && (is_letter(s.p[at]) || is_digit(s.p[at])))
		at++;
	return at;
}

/* Any token that begins with c. */
static int
lex(struct qparse *p, char c)
{
	struct crm_str s = p->e->text;
	size_t from = p->at + (c == '$');

	if (is_digit(c))
		return lex_number(p);
	if (c == '"' || c == '\'' || c == '`')
		return lex_quoted(p, c);
	if (!is_letter(c) && c != '$')
		return lex_mark(p);
	p->at = name_end(s, from);
	p->tok.kind = c == '$' ? QT_DEFINE : QT_NAME;
	p->tok.s = (struct crm_str){s.p + from, p->at - from};
	if (p->at == from)
		return crm_query_fail(
		    p, p->tok.pos, "a name is wanted after '$'");
	return CRM_OK;
}

int
crm_query_next(struct qparse *p)
{
	struct crm_str s = p->e->text;
	size_t end = p->last = p->tok.end;
	int r;

	while (p->at < s.n && memchr(" \t\n\r", s.p[p->at], 4))
		p->at++;
	p->tok = (struct qtoken){.pos = p->at};
	if (p->at >= s.n) {
		/* What is missing is missing right after the last word. */
		p->tok.kind = QT_END;
		p->tok.pos = p->tok.end = end;
		return CRM_OK;
	}
	r = lex(p, s.p[p->at]);
	p->tok.end = p->at;
	return r;
}
