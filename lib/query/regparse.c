/*
 * regparse.c - a pattern to a tree.
 *
 * The tree exists because {m,n} writes its operand several times (regwrite.c).
 * A character is a set of one, so the program knows nothing but sets; what is
 * in a set is asked here, folding included.
 */
#include <stdlib.h>

#include <crm/utf8.h>

#include "query/regex.h"

static int
wrong(struct regex_parser *p, const char *what)
{
	size_t at = p->all.n - p->s.n;

	return crm_err_set(p->err, CRM_EUSAGE,
	    "%s, at byte %zu of the pattern '%.*s'", what, at + 1,
	    (int)(p->all.n > 80 ? 80 : p->all.n), p->all.p);
}

static int
add(struct regex_parser *p, struct regex_tree t)
{
	if (!crm_grow(&p->t, &p->cap, p->n, sizeof(*p->t)))
		return crm_err_nomem(p->err);
	p->t[p->n] = t;
	return (int)p->n++;
}

static bool
peek(const struct regex_parser *p, char c)
{
	return p->s.n > 0 && p->s.p[0] == c;
}

static void
skip(struct regex_parser *p, size_t n)
{
	p->s.p += n;
	p->s.n -= n;
}

static bool
take(struct regex_parser *p, char c)
{
	if (!peek(p, c))
		return false;
	skip(p, 1);
	return true;
}

static int32_t
take_cp(struct regex_parser *p)
{
	int32_t cp = 0xfffd;
	size_t n = crm_utf8_next(p->s, &cp);

	skip(p, n ? n : 1);
	return cp;
}

/* ---- sets ---- */

/* A new set, its ranges to follow; -1 and below: no memory. */
static int
new_set(struct regex_parser *p)
{
	struct regex_prog *g = p->g;

	if (!crm_grow(&g->set, &g->capset, g->nset, sizeof(*g->set)))
		return crm_err_nomem(p->err);
	g->set[g->nset] = (struct regex_set){.range = (uint32_t)g->nrange};
	return (int)g->nset++;
}

/* Adds to the set that was made last. */
static int
add_range(struct regex_parser *p, int32_t lo, int32_t hi)
{
	struct regex_prog *g = p->g;

	if (!crm_grow(&g->range, &g->caprange, g->nrange, sizeof(*g->range)))
		return crm_err_nomem(p->err);
	g->range[g->nrange++] = (struct regex_range){lo, hi};
	g->set[g->nset - 1].nrange++;
	return CRM_OK;
}

/* \d \w \s and their opposites; false for another letter. */
static bool
add_escape(struct regex_parser *p, char c, int *r)
{
	struct regex_set *s = &p->g->set[p->g->nset - 1];

	*r = CRM_OK;
	switch (c) {
	case 'd':
		s->class |= CRM_CP_DIGIT;
		return true;
	case 's':
		s->class |= CRM_CP_SPACE;
		return true;
	case 'w':
		s->class |= CRM_CP_ALPHA | CRM_CP_DIGIT;
		*r = add_range(p, '_', '_');
		return true;
	case 'D':
		s->not |= RX_NOT_DIGIT;
		return true;
	case 'S':
		s->not |= RX_NOT_SPACE;
		return true;
	case 'W':
		s->not |= RX_NOT_WORD;
		return true;
	default:
		return false;
	}
}

static bool
in_ranges(const struct regex_prog *g, const struct regex_set *s, int32_t cp)
{
	unsigned class;

	for (uint32_t i = 0; i < s->nrange; i++)
		if (cp >= g->range[s->range + i].lo &&
		    cp <= g->range[s->range + i].hi)
			return true;
	if (!s->class && !s->not )
		return false;
	class = crm_utf8_class(cp);
	if (class & s->class)
		return true;
	return ((s->not &RX_NOT_DIGIT) && !(class & CRM_CP_DIGIT)) ||
	       ((s->not &RX_NOT_SPACE) && !(class & CRM_CP_SPACE)) ||
	       ((s->not &RX_NOT_WORD) && cp != '_' &&
		   !(class & (CRM_CP_ALPHA | CRM_CP_DIGIT)));
}

bool
crm_regex_in_set(
    const struct regex_prog *g, const struct regex_set *s, int32_t cp)
{
	bool in = in_ranges(g, s, cp);

	if (!in && g->fold)
		in = in_ranges(g, s, crm_utf8_lower(cp)) ||
		     in_ranges(g, s, crm_utf8_upper(cp));
	return in != s->negate;
}

/* [:name:], its first two bytes are here. */
static int
parse_class(struct regex_parser *p)
{
	static const struct {
		const char *name;
		uint8_t class;
		struct regex_range r[3];
	} all[] = {{"alpha", CRM_CP_ALPHA, {{0, 0}}},
	    {"digit", CRM_CP_DIGIT, {{0, 0}}},
	    {"alnum", CRM_CP_ALPHA | CRM_CP_DIGIT, {{0, 0}}},
	    {"upper", CRM_CP_UPPER, {{0, 0}}},
	    {"lower", CRM_CP_LOWER, {{0, 0}}},
	    {"space", CRM_CP_SPACE, {{0, 0}}},
	    {"punct", CRM_CP_PUNCT, {{0, 0}}},
	    {"blank", 0, {{' ', ' '}, {'\t', '\t'}}},
	    {"cntrl", 0, {{1, 0x1f}, {0x7f, 0x9f}}},
	    {"print", 0, {{0x20, 0x7e}, {0xa0, 0x10ffff}}},
	    {"graph", 0, {{0x21, 0x7e}, {0xa1, 0x10ffff}}},
	    {"xdigit", 0, {{'0', '9'}, {'a', 'f'}, {'A', 'F'}}}};
	struct crm_str name = {p->s.p + 2, 0};

	while (name.n + 3 < p->s.n && name.p[name.n] >= 'a' &&
	       name.p[name.n] <= 'z')
		name.n++;
	if (name.n + 4 > p->s.n || memcmp(name.p + name.n, ":]", 2) != 0)
		return wrong(p, "a class is written [:alpha:]");
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (!crm_str_is(name, all[i].name))
			continue;
		skip(p, name.n + 4);
		p->g->set[p->g->nset - 1].class |= all[i].class;
		for (size_t k = 0; k < 3 && all[i].r[k].hi > 0; k++) {
			int r = add_range(p, all[i].r[k].lo, all[i].r[k].hi);

			if (r < 0)
				return r;
		}
		return CRM_OK;
	}
	return wrong(p, "there is no class of this name");
}

/* An escaped character that stands for itself or a control; -1: none. */
static int32_t
escaped(int32_t c)
{
	if (c == 't')
		return '\t';
	if (c == 'n')
		return '\n';
	if (c == 'r')
		return '\r';
	if (c == 'f')
		return '\f';
	if (c == 'v')
		return '\v';
	if (c < 0x80 && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			    (c >= '0' && c <= '9')))
		return -1;
	return c;
}

/* One end of a range, or a single character. */
static int
parse_end(struct regex_parser *p, int32_t *cp)
{
	if (p->s.n == 0)
		return wrong(p, "a '[' is not closed");
	if (p->s.n > 1 && peek(p, '[') &&
	    (p->s.p[1] == '=' || p->s.p[1] == '.' || p->s.p[1] == ':'))
		return wrong(p, "no class can stand here");
	if (take(p, '\\')) {
		if (p->s.n == 0)
			return wrong(p, "a '[' is not closed");
		*cp = escaped(take_cp(p));
		return *cp < 0 ? wrong(p, "unknown escape") : CRM_OK;
	}
	*cp = take_cp(p);
	return CRM_OK;
}

static int
parse_element(struct regex_parser *p)
{
	int32_t lo, hi;
	int r;

	if (p->s.n > 1 && p->s.p[0] == '[' && p->s.p[1] == ':')
		return parse_class(p);
	if (p->s.n > 1 && p->s.p[0] == '\\' && add_escape(p, p->s.p[1], &r)) {
		skip(p, 2);
		return r;
	}
	r = parse_end(p, &lo);
	if (r < 0)
		return r;
	hi = lo;
	if (p->s.n > 1 && p->s.p[0] == '-' && p->s.p[1] != ']') {
		skip(p, 1);
		r = parse_end(p, &hi);
		if (r < 0)
			return r;
		if (hi < lo)
			return wrong(p, "a range that goes down");
	}
	return add_range(p, lo, hi);
}

/* After '['. */
static int
parse_bracket(struct regex_parser *p)
{
	int set = new_set(p), r;
	bool first = true;

	if (set < 0)
		return set;
	p->g->set[set].negate = take(p, '^');
	while (first || !peek(p, ']')) {
		if (p->s.n == 0)
			return wrong(p, "a '[' is not closed");
		r = parse_element(p);
		if (r < 0)
			return r;
		first = false;
	}
	skip(p, 1);
	return add(p, (struct regex_tree){.kind = RN_SET,
			  .set = (uint16_t)set,
			  .first = RN_NIL,
			  .next = RN_NIL});
}

static int
make_char(struct regex_parser *p, int32_t cp)
{
	int set = new_set(p), r;

	if (set < 0)
		return set;
	r = add_range(p, cp, cp);
	if (r < 0)
		return r;
	return add(p, (struct regex_tree){.kind = RN_CHAR,
			  .set = (uint16_t)set,
			  .cp = cp,
			  .first = RN_NIL,
			  .next = RN_NIL});
}

/* ---- the grammar ---- */

static int parse_alt(struct regex_parser *p);

static int
make_assert(struct regex_parser *p, unsigned op)
{
	if (op == RX_EDGE || op == RX_INNER)
		p->g->edges = true;
	return add(p, (struct regex_tree){.kind = RN_ASSERT,
			  .op = (uint8_t)op,
			  .first = RN_NIL,
			  .next = RN_NIL});
}

/* After a backslash. */
static int
parse_escape(struct regex_parser *p)
{
	int32_t cp;
	int set, r;

	if (p->s.n == 0)
		return wrong(p, "a backslash at the end");
	if (peek(p, 'b') || peek(p, 'B')) {
		unsigned op = peek(p, 'b') ? RX_EDGE : RX_INNER;

		skip(p, 1);
		return make_assert(p, op);
	}
	if (strchr("dwsDWS", p->s.p[0]) && p->s.p[0]) {
		set = new_set(p);
		if (set < 0)
			return set;
		add_escape(p, p->s.p[0], &r);
		skip(p, 1);
		return r < 0 ? r
			     : add(p, (struct regex_tree){.kind = RN_SET,
					  .set = (uint16_t)set,
					  .first = RN_NIL,
					  .next = RN_NIL});
	}
	if (p->s.p[0] >= '1' && p->s.p[0] <= '9')
		return wrong(p, "there are no references back");
	cp = escaped(take_cp(p));
	return cp < 0 ? wrong(p, "unknown escape") : make_char(p, cp);
}

static int
parse_group(struct regex_parser *p)
{
	int r;

	if (p->s.n > 1 && p->s.p[0] == '?') {
		if (p->s.p[1] != ':')
			return wrong(p, "only (?: and, first of all, (?i) are "
					"known");
		skip(p, 2);
	}
	if (++p->depth > REGEX_DEPTH_MAX)
		return wrong(p, "too deeply nested");
	r = parse_alt(p);
	p->depth--;
	if (r < 0)
		return r;
	return take(p, ')') ? r : wrong(p, "a '(' is not closed");
}

static int
parse_atom(struct regex_parser *p)
{
	char c = p->s.p[0];

	if (c == '*' || c == '+' || c == '?')
		return wrong(p, "nothing to repeat");
	if (c == '(' || c == '[' || c == '\\' || c == '^' || c == '$' ||
	    c == '.')
		skip(p, 1);
	switch (c) {
	case '(':
		return parse_group(p);
	case '[':
		return parse_bracket(p);
	case '\\':
		return parse_escape(p);
	case '^':
		return make_assert(p, RX_BEGIN);
	case '$':
		return make_assert(p, RX_END);
	case '.': {
		int set = new_set(p);

		if (set < 0)
			return set;
		p->g->set[set].negate = true; /* of nothing */
		return add(p, (struct regex_tree){.kind = RN_SET,
				  .set = (uint16_t)set,
				  .first = RN_NIL,
				  .next = RN_NIL});
	}
	default:
		return make_char(p, take_cp(p));
	}
}

static bool
take_count(struct regex_parser *p, int *out)
{
	int v = 0;
	bool any = false;

	while (p->s.n > 0 && p->s.p[0] >= '0' && p->s.p[0] <= '9') {
		v = v * 10 + (p->s.p[0] - '0');
		if (v > REGEX_COUNT_MAX)
			v = REGEX_COUNT_MAX + 1;
		any = true;
		skip(p, 1);
	}
	*out = v;
	return any;
}

/* {m} {m,} {m,n} */
static int
parse_bounds(struct regex_parser *p, struct regex_tree *t)
{
	if (!take_count(p, &t->min))
		return wrong(p, "'{' wants {m}, {m,} or {m,n}");
	t->max = t->min;
	if (take(p, ',') && !take_count(p, &t->max))
		t->max = -1;
	if (!take(p, '}'))
		return wrong(p, "'{' wants {m}, {m,} or {m,n}");
	if (t->min > REGEX_COUNT_MAX || t->max > REGEX_COUNT_MAX)
		return wrong(p, "a count above 1000");
	if (t->max >= 0 && t->max < t->min)
		return wrong(p, "a count that goes down");
	return CRM_OK;
}

static int
parse_repeat(struct regex_parser *p)
{
	int at = parse_atom(p), r;

	p->work = 0;
	while (at >= 0 && p->s.n > 0) {
		struct regex_tree t = {
		    .kind = RN_REPEAT, .max = -1, .next = RN_NIL};

		if (take(p, '*')) {
			t.min = 0;
		} else if (take(p, '+')) {
			t.min = 1;
		} else if (take(p, '?')) {
			t.max = 1;
		} else if (p->s.n > 1 && p->s.p[0] == '{' && p->s.p[1] >= '0' &&
			   p->s.p[1] <= '9') {
			skip(p, 1);
			r = parse_bounds(p, &t);
			if (r < 0)
				return r;
		} else {
			break;
		}
		/* A chain of them is as deep as it is long. */
		if (++p->work > 10)
			return wrong(p, "too many repeats");
		t.first = (uint32_t)at;
		at = add(p, t);
	}
	return at;
}

static int
parse_cat(struct regex_parser *p)
{
	int cat = add(p, (struct regex_tree){
			     .kind = RN_CAT, .first = RN_NIL, .next = RN_NIL});
	uint32_t last = RN_NIL;

	while (cat >= 0 && p->s.n > 0 && !peek(p, '|') &&
	       !(peek(p, ')') && p->depth > 0)) {
		int at;

		if (peek(p, ')'))
			return wrong(p, "a ')' without '('");
		at = parse_repeat(p);
		if (at < 0)
			return at;
		if (last == RN_NIL)
			p->t[cat].first = (uint32_t)at;
		else
			p->t[last].next = (uint32_t)at;
		last = (uint32_t)at;
	}
	return cat;
}

static int
parse_alt(struct regex_parser *p)
{
	int alt = parse_cat(p), at;
	uint32_t last = (uint32_t)alt;

	if (alt < 0 || !peek(p, '|'))
		return alt;
	alt = add(p,
	    (struct regex_tree){.kind = RN_ALT, .first = last, .next = RN_NIL});
	while (alt >= 0 && take(p, '|')) {
		at = parse_cat(p);
		if (at < 0)
			return at;
		p->t[last].next = (uint32_t)at;
		last = (uint32_t)at;
	}
	return alt;
}

/* ---- all of it ---- */

static int
word_set(struct regex_parser *p)
{
	int set = new_set(p), r;

	if (set < 0)
		return set;
	p->g->word = (uint16_t)set;
	add_escape(p, 'w', &r);
	return r;
}

int
crm_regex_parse(
    struct regex_prog *g, struct crm_str pattern, struct crm_err *err)
{
	struct regex_parser p = {
	    .g = g, .s = pattern, .all = pattern, .err = err};
	int root, r;

	if (pattern.n > REGEX_TEXT_MAX)
		return crm_err_set(err, CRM_EUSAGE,
		    "the pattern is longer than %d bytes", REGEX_TEXT_MAX);
	if (!crm_utf8_valid(pattern, NULL))
		return crm_err_set(err, CRM_EUSAGE, "the pattern is not UTF-8");
	if (crm_str_starts(pattern, CRM_STR("(?i)"))) {
		g->fold = true;
		skip(&p, 4);
	}
	root = parse_alt(&p);
	r = root < 0 ? root : crm_regex_write(&p, (uint32_t)root);
	if (r == CRM_OK && g->edges)
		r = word_set(&p);
	free(p.t);
	return r;
}

void
crm_regex_prog_release(struct regex_prog *g)
{
	free(g->inst);
	free(g->set);
	free(g->range);
	crm_buf_release(&g->prefix);
}
