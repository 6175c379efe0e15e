/*
 * why.c - a segment's condition as a tree, with the values that decided.
 *
 * in(NAME) is opened where it stands.  The word `and` at the top of a
 * condition is left out: what is below the segment's name is what all must
 * be met.
 */
#include "segment_parts.h"

struct why {
	struct crm_segments *sg;
	crm_why_fn *fn;
	void *ctx;
	unsigned depth; /* of the condition under way */
	bool all; /* its first word is left out */
	struct crm_buf values;
};

static void
put_value(struct why *w, size_t field)
{
	const struct crm_kind *k = w->sg->kind;
	const struct crm_value *v = &w->sg->rec->v[field];
	bool quoted = v->type == CRM_T_TEXT || v->type == CRM_T_LIST ||
		      v->type == CRM_T_ENUM;

	if (w->values.n > 0)
		crm_buf_puts(&w->values, ", ");
	crm_buf_puts(&w->values, k->fields[field].name);
	if (v->type == CRM_T_NONE) {
		crm_buf_puts(&w->values, " is empty");
		return;
	}
	crm_buf_puts(&w->values, quoted ? " = \"" : " = ");
	crm_value_put(w->sg->schema, &w->values, v, false);
	if (quoted)
		crm_buf_putc(&w->values, '"');
}

static int line(struct why *w, unsigned depth, struct crm_str text, bool yes,
    bool failed, struct crm_err *err);
static int open_segment(
    struct why *w, size_t place, unsigned depth, struct crm_err *err);

static int
take_step(void *ctx, const struct crm_expr_step *s, struct crm_err *err)
{
	static const char *const words[] = {"all of", "any of", "not", "test"};
	struct why *w = ctx;
	unsigned depth = w->depth + s->depth, below = w->depth;
	struct crm_str text = s->text.n > 0 ? s->text : crm_str(words[s->what]);
	bool all = w->all;
	int r;

	if (s->depth == 0)
		w->all = all = s->what == CRM_STEP_ALL;
	if (all && s->depth == 0)
		return CRM_OK;
	depth -= all;
	crm_buf_clear(&w->values);
	for (unsigned i = 0; i < w->sg->kind->nfields; i++)
		if (s->fields[i / 64] >> (i % 64) & 1)
			put_value(w, i);
	r = line(w, depth, text, s->yes, s->failed, err);
	if (r < 0 || !crm_str_is(s->call, "in") || !s->arg)
		return r;
	r = open_segment(w, (size_t)s->arg->i, depth + 1, err);
	w->depth = below;
	w->all = all;
	return r;
}

static int
line(struct why *w, unsigned depth, struct crm_str text, bool yes, bool failed,
    struct crm_err *err)
{
	struct crm_why l = {depth, text, yes, failed, {"", 0}};
	int r = crm_buf_check(&w->values, err);

	l.values = crm_buf_str(&w->values);
	return r < 0 ? r : w->fn(w->ctx, &l, err);
}

static int
open_segment(struct why *w, size_t place, unsigned depth, struct crm_err *err)
{
	struct crm_segments *sg = w->sg;
	struct crm_seg *g = &sg->seg[place];
	int r = CRM_OK;

	crm_buf_clear(&w->values);
	if (!sg->counts && !g->parties) {
		put_value(w, (size_t)sg->roles);
		r = line(w, depth, CRM_STR("a customer"), false, false, err);
	}
	w->depth = depth;
	w->all = false;
	/* A chain of segments is opened to its end; a circle has been refused
	 * when it was applied, and is not entered here. */
	if (r == CRM_OK && sg->state[place] == CRM_SEG_TRYING)
		r = crm_err_set(
		    err, CRM_ECONFIG, "a segment depends on itself");
	if (r < 0)
		return r;
	sg->state[place] = CRM_SEG_TRYING;
	r = crm_expr_explain(g->e, sg->rec->v, take_step, w, err);
	sg->state[place] = CRM_SEG_UNKNOWN;
	return r;
}

int
crm_segments_why(struct crm_segments *sg, size_t place, crm_why_fn *fn,
    void *ctx, struct crm_err *err)
{
	struct why w = {.sg = sg, .fn = fn, .ctx = ctx};
	bool yes;
	int r = crm_segments_has(sg, place, &yes, err);

	if (r == CRM_EDATA)
		yes = false;
	if (r == CRM_OK || r == CRM_EDATA)
		r = line(&w, 0, sg->seg[place].def->name, yes, r < 0, err);
	if (r == CRM_OK)
		r = open_segment(&w, place, 1, err);
	crm_buf_release(&w.values);
	return r;
}
