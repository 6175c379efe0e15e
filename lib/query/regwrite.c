/*
 * regwrite.c - the tree of a pattern to a program.
 *
 * What all matches begin with is also kept as bytes, so that text without it
 * is passed over by memmem.
 */
#include <crm/utf8.h>

#include "query/regex.h"

static int
emit(struct regex_parser *p, unsigned op, size_t a, size_t b)
{
	struct regex_prog *g = p->g;

	if (g->ninst >= REGEX_PROG_MAX)
		return crm_err_set(p->err, CRM_EUSAGE,
		    "the pattern is too large: its counts make it more than "
		    "%d steps",
		    REGEX_PROG_MAX);
	if (!crm_grow(&g->inst, &g->capinst, g->ninst, sizeof(*g->inst)))
		return crm_err_nomem(p->err);
	g->inst[g->ninst] =
	    (struct regex_inst){(uint8_t)op, (uint16_t)a, (uint16_t)b};
	return (int)g->ninst++;
}

static int write_tree(struct regex_parser *p, uint32_t at);

static int
write_alt(struct regex_parser *p, const struct regex_tree *t)
{
	size_t jump = UINT16_MAX; /* chain of jumps to the end, by b */
	uint32_t kid;
	int r;

	for (kid = t->first; p->t[kid].next != RN_NIL; kid = p->t[kid].next) {
		int split = emit(p, RX_SPLIT, p->g->ninst + 1, 0);

		if (split < 0)
			return split;
		r = write_tree(p, kid);
		if (r >= 0)
			r = emit(p, RX_JUMP, 0, jump);
		if (r < 0)
			return r;
		jump = (size_t)r;
		p->g->inst[split].b = (uint16_t)p->g->ninst;
	}
	r = write_tree(p, kid);
	while (r >= 0 && jump != UINT16_MAX) {
		size_t next = p->g->inst[jump].b;

		p->g->inst[jump].a = (uint16_t)p->g->ninst;
		jump = next;
	}
	return r < 0 ? r : CRM_OK;
}

static int
write_repeat(struct regex_parser *p, const struct regex_tree *t)
{
	size_t chain = UINT16_MAX; /* of splits that end here, by their b */
	int r = CRM_OK, split;

	for (int i = 0; i < t->min && r >= 0; i++)
		r = write_tree(p, t->first);
	if (r < 0)
		return r;
	if (t->max < 0) {
		split = emit(p, RX_SPLIT, p->g->ninst + 1, 0);
		if (split < 0)
			return split;
		r = write_tree(p, t->first);
		if (r >= 0)
			r = emit(p, RX_JUMP, (size_t)split, 0);
		p->g->inst[split].b = (uint16_t)p->g->ninst;
		return r < 0 ? r : CRM_OK;
	}
	for (int i = t->min; i < t->max; i++) {
		split = emit(p, RX_SPLIT, p->g->ninst + 1, chain);
		if (split < 0)
			return split;
		chain = (size_t)split;
		r = write_tree(p, t->first);
		if (r < 0)
			return r;
	}
	while (chain != UINT16_MAX) {
		size_t next = p->g->inst[chain].b;

		p->g->inst[chain].b = (uint16_t)p->g->ninst;
		chain = next;
	}
	return CRM_OK;
}

static int
write_tree(struct regex_parser *p, uint32_t at)
{
	const struct regex_tree *t = &p->t[at];
	int r = CRM_OK;

	/* (){1000}{1000}... writes nothing, very often. */
	if (++p->work > 20 * (size_t)REGEX_PROG_MAX)
		return crm_err_set(
		    p->err, CRM_EUSAGE, "the pattern is too large");
	switch (t->kind) {
	case RN_CHAR:
	case RN_SET:
		r = emit(p, RX_SET, t->set, 0);
		break;
	case RN_ASSERT:
		r = emit(p, t->op, 0, 0);
		break;
	case RN_CAT:
		for (uint32_t k = t->first; k != RN_NIL && r >= 0;
		     k = p->t[k].next)
			r = write_tree(p, k);
		break;
	case RN_ALT:
		return write_alt(p, t);
	case RN_REPEAT:
		return write_repeat(p, t);
	default:
		break;
	}
	return r < 0 ? r : CRM_OK;
}

/* What every match begins with, and whether there is more than that. */
static int
find_prefix(struct regex_parser *p, uint32_t root)
{
	struct regex_prog *g = p->g;
	uint32_t k;

	if (p->t[root].kind != RN_CAT)
		return CRM_OK;
	k = p->t[root].first;
	if (k != RN_NIL && p->t[k].kind == RN_ASSERT &&
	    p->t[k].op == RX_BEGIN) {
		g->begin = g->anchored = true;
		k = p->t[k].next;
	}
	for (; k != RN_NIL && p->t[k].kind == RN_CHAR; k = p->t[k].next) {
		int32_t cp = p->t[k].cp;

		if (g->fold &&
		    (crm_utf8_lower(cp) != cp || crm_utf8_upper(cp) != cp))
			break;
		crm_utf8_put(&g->prefix, cp);
	}
	if (k != RN_NIL && p->t[k].kind == RN_ASSERT && p->t[k].op == RX_END &&
	    p->t[k].next == RN_NIL) {
		g->end = true;
		k = RN_NIL;
	}
	g->literal = k == RN_NIL;
	return crm_buf_check(&g->prefix, p->err);
}

int
crm_regex_write(struct regex_parser *p, uint32_t root)
{
	int r = find_prefix(p, root);

	p->work = 0;
	if (r == CRM_OK)
		r = write_tree(p, root);
	if (r == CRM_OK)
		r = emit(p, RX_MATCH, 0, 0);
	return r < 0 ? r : CRM_OK;
}
