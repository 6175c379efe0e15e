/*
 * expr.c - compiling and running an expression; messages with a caret.
 *
 * The two lines of a hint are written into err->hint directly, because
 * crm_err_hint makes every control character '?', the line feed between them
 * too.  What is quoted of the expression goes through crm_text_show, which
 * also fixes where the caret belongs.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <crm/utf8.h>

#include "query/query.h"

/* Columns of the expression before the caret, and in all. */
#define BEFORE_MAX 48
#define LINE_MAX_COLUMNS 76

static struct crm_str
line_at(struct crm_str s, size_t *pos)
{
	size_t from = *pos, to = *pos;

	while (from > 0 && s.p[from - 1] != '\n')
		from--;
	while (to < s.n && s.p[to] != '\n' && s.p[to] != '\r')
		to++;
	*pos -= from;
	return (struct crm_str){s.p + from, to - from};
}

void
crm_query_caret(const struct crm_expr *e, size_t pos, struct crm_err *err)
{
	struct crm_str line, before, after;
	struct crm_buf b = {0};
	size_t column;
	int32_t cp;

	if (!err)
		return;
	if (pos > e->text.n)
		pos = e->text.n;
	line = line_at(e->text, &pos);
	before = (struct crm_str){line.p, pos};
	after = (struct crm_str){line.p + pos, line.n - pos};
	column = crm_text_width(before);
	if (column > BEFORE_MAX) {
		while (crm_text_width(before) > BEFORE_MAX - 3) {
			size_t len = crm_utf8_next(before, &cp);

			before.p += len ? len : 1;
			before.n -= len ? len : 1;
		}
		crm_buf_puts(&b, "...");
		column = 3 + crm_text_width(before);
	}
	crm_text_show(&b, before, 0);
	if (after.n > 0)
		crm_text_show(&b, after, LINE_MAX_COLUMNS - column);
	if (b.fail == 0)
		snprintf(err->hint, sizeof(err->hint), "%.*s\n%*s^", (int)b.n,
		    b.p ? b.p : "", (int)column, "");
	crm_buf_release(&b);
}

int
crm_query_fail(struct qparse *p, size_t pos, const char *fmt, ...)
{
	char text[CRM_ERR_TEXT];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	crm_err_set(p->err, CRM_EUSAGE, "%s", text);
	crm_query_caret(p->e, pos, p->err);
	return CRM_EUSAGE;
}

int
crm_query_fault(struct crm_expr *e, const struct qnode *n, const char *fmt, ...)
{
	char text[CRM_ERR_TEXT];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	crm_err_set(e->err, CRM_EDATA, "%s, at byte %u of the expression", text,
	    n->pos + 1);
	crm_query_caret(e, n->pos, e->err);
	return CRM_EDATA;
}

static void
note_fields(struct crm_expr *e)
{
	for (size_t i = 0; i < e->nnode; i++) {
		const struct qnode *n = &e->node[i];

		if ((n->op == Q_FIELD ||
			(n->op >= Q_CMP_NUM && n->op <= Q_CMP_DAY)) &&
		    n->field < 128)
			e->bits[n->field / 64] |= (uint64_t)1
						  << (n->field % 64);
		for (int w = 0; w < 2 && n->op == Q_HOST; w++)
			e->bits[w] |= e->env.fn_fields[w];
	}
}

/* What can be refused before the first token. */
static int
check_text(struct qparse *p)
{
	struct crm_str s = p->e->text;
	size_t bad;

	if (s.n > QUERY_TEXT_MAX)
		return crm_err_set(p->err, CRM_EUSAGE,
		    "the expression is longer than %d bytes", QUERY_TEXT_MAX);
	if (!crm_utf8_valid(s, &bad))
		return crm_err_set(p->err, CRM_EUSAGE,
		    "the expression is not UTF-8 at byte %zu", bad + 1);
	if (crm_str_trim(s).n == 0)
		return crm_err_set(
		    p->err, CRM_EUSAGE, "the expression is empty");
	return CRM_OK;
}

int
crm_expr_compile(struct crm_expr **out, struct crm_str text,
    const struct crm_expr_env *env, struct crm_err *err)
{
	struct crm_expr *e = calloc(1, sizeof(*e));
	struct qparse p = {.e = e, .err = err};
	int r;

	*out = NULL;
	if (!e)
		return crm_err_nomem(err);
	e->env = *env;
	e->buf.max = QUERY_RESULT_MAX;
	e->text = text;
	r = check_text(&p);
	if (r < 0)
		goto out;
	e->text = crm_arena_str(&e->arena, text);
	if (!e->text.p) {
		r = crm_err_nomem(err);
		goto out;
	}
	r = crm_query_parse(&p);
	if (r < 0)
		goto out;
	e->root = (uint32_t)r;
	note_fields(e);
	crm_query_note_plain(e);
	*out = e;
	e = NULL;
	r = CRM_OK;
out:
	crm_expr_release(e);
	return r;
}

enum crm_type
crm_expr_type(const struct crm_expr *e)
{
	return (enum crm_type)e->node[e->root].type;
}

void
crm_expr_fields(const struct crm_expr *e, uint64_t bits[2])
{
	bits[0] = e->bits[0];
	bits[1] = e->bits[1];
}

static void
begin(struct crm_expr *e, struct crm_err *err)
{
	e->err = err;
	if (e->used) {
		crm_arena_reset(&e->scratch);
		e->used = false;
	}
}

int
crm_expr_eval(struct crm_expr *e, const struct crm_value *row,
    struct crm_value *out, struct crm_err *err)
{
	int r;

	begin(e, err);
	r = crm_query_eval(e, e->root, row, out);
	if (r < 0) {
		*out = (struct crm_value){0};
		return r;
	}
	if (crm_query_none(out)) {
		*out = (struct crm_value){0};
	} else if (out->type == CRM_T_MONEY) {
		/* Inside all places count; what comes out has the money's. */
		if (!crm_dec_rescale(crm_query_dec(out), out->part, &out->i))
			return crm_query_fault(
			    e, &e->node[e->root], "the result is too large");
		out->scale = out->part;
		out->part = 0;
	}
	return CRM_OK;
}

int
crm_expr_test(struct crm_expr *e, const struct crm_value *row, bool *yes,
    struct crm_err *err)
{
	int r;

	*yes = false;
	if (crm_expr_type(e) != CRM_T_BOOL) {
		r = crm_err_set(err, CRM_EUSAGE, "wanted a condition, not %s",
		    crm_query_noun(crm_expr_type(e)));
		crm_query_caret(e, e->node[e->root].from, err);
		return r;
	}
	/* a plain one uses nothing that a thread could take from another */
	if (!crm_expr_plain(e))
		begin(e, err);
	r = crm_query_test(e, e->root, row);
	if (r < 0)
		return r;
	*yes = r != 0;
	return CRM_OK;
}

void
crm_expr_release(struct crm_expr *e)
{
	if (!e)
		return;
	for (size_t i = 0; i < e->nnode; i++)
		if (e->node[i].op == Q_MATCH)
			crm_regex_release(e->node[i].u.re);
	free(e->node);
	free(e->list);
	free(e->span);
	crm_buf_release(&e->buf);
	crm_arena_release(&e->scratch);
	crm_arena_release(&e->arena);
	free(e);
}
