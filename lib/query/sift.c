/*
 * sift.c - a condition tried on the rows of a block at once.
 *
 * Only what cannot fail is tried, and the condition's beginning of it: so a
 * row at which the test of rows would fail is left for it to fail at.  What a
 * row would answer is never worked out anew.  Of words, each that occurs is
 * tested as a row would be.  Of numbers, the places where the row's own
 * comparison with the constant turns are found by halving: scales of money,
 * days and zones are its affair.  What is neither is tested row by row.
 */
#include "query/query.h"

enum {
	WORDS = CRM_LANE_MOST / 64,
	DEEP = 32, /* of nodes; each has bits of its own */
	CODES = 256 /* of words that are tested one by one */
};

struct sift {
	struct crm_expr *e;
	const struct crm_lane *const *lane;
	size_t nlane, n;
	unsigned depth;
	struct crm_value row[CRM_FIELDS_MAX]; /* the fields of a leaf */
};

static bool
is_operand(const struct crm_expr *e, uint32_t at)
{
	return e->node[at].op == Q_FIELD || e->node[at].op == Q_CONST;
}

static bool
find_plain(const struct crm_expr *e, const struct qnode *n)
{
	switch (n->op) {
	case Q_CONST:
	case Q_FIELD:
	case Q_CMP_NUM:
	case Q_CMP_INT:
	case Q_CMP_TEXT:
	case Q_CMP_DAY:
		return true;
	case Q_CMP:
		return is_operand(e, n->a) && is_operand(e, n->b);
	case Q_IN:
	case Q_EMPTY:
		return is_operand(e, n->a);
	case Q_NOT:
		return e->node[n->a].flags & QF_PLAIN;
	case Q_AND:
	case Q_OR:
		for (size_t i = 0; i < n->b; i++)
			if (!(e->node[e->list[n->a + i]].flags & QF_PLAIN))
				return false;
		return true;
	default:
		return false;
	}
}

/* What a node is made of stands before it. */
void
crm_query_note_plain(struct crm_expr *e)
{
	for (size_t i = 0; i < e->nnode; i++)
		if (find_plain(e, &e->node[i]))
			e->node[i].flags |= QF_PLAIN;
}

bool
crm_expr_plain(const struct crm_expr *e)
{
	return e->node[e->root].flags & QF_PLAIN;
}

/* The fields that a leaf reads, at most two; false: too far, or not told. */
static bool
leaf_fields(const struct sift *s, const struct qnode *n, uint32_t field[2],
    size_t *count)
{
	const struct qnode *kid[2] = {n, NULL};

	if (n->op == Q_CMP || n->op == Q_IN || n->op == Q_EMPTY)
		kid[0] = &s->e->node[n->a];
	if (n->op == Q_CMP)
		kid[1] = &s->e->node[n->b];
	*count = 0;
	for (size_t i = 0; i < 2 && kid[i]; i++) {
		if (kid[i]->op == Q_CONST)
			continue;
		if (kid[i]->field >= s->nlane ||
		    kid[i]->field >= CRM_FIELDS_MAX || !s->lane[kid[i]->field])
			return false;
		field[(*count)++] = kid[i]->field;
	}
	return true;
}

static void
no_bits(const struct sift *s, uint64_t *bits)
{
	memset(bits, 0, (s->n + 63) / 64 * sizeof *bits);
}

/* Row by row. */
static void
sift_rows(struct sift *s, uint32_t at, const uint32_t *field, size_t nfield,
    uint64_t *bits)
{
	no_bits(s, bits);
	for (size_t i = 0; i < s->n; i++) {
		for (size_t k = 0; k < nfield; k++)
			crm_lane_value(s->lane[field[k]], i, &s->row[field[k]]);
		if (crm_query_test(s->e, at, s->row) > 0)
			bits[i / 64] |= (uint64_t)1 << i % 64;
	}
}

/* Code by code, where there are few. */
static void
sift_codes(struct sift *s, uint32_t at, uint32_t field, uint64_t *bits)
{
	const struct crm_lane *l = s->lane[field];
	/* those that occur stand for something */
	uint64_t most = l->nword - l->base + l->sparse;
	size_t lo = CODES, hi = 0, met = 0;
	bool yes[CODES] = {false};

	for (uint64_t code = 0; code <= l->mask && code <= most; code++) {
		crm_lane_decode(l, code, &s->row[field]);
		yes[code] = crm_query_test(s->e, at, s->row) > 0;
		if (!yes[code])
			continue;
		lo = lo < code ? lo : code;
		hi = code;
		met++;
	}
	if (met == 0 || met == hi - lo + 1) {
		crm_lane_within(l, s->n, met ? lo : 1, hi, bits);
		return;
	}
	no_bits(s, bits);
	for (size_t i = 0; i < s->n; i++)
		bits[i / 64] |= (uint64_t)yes[crm_lane_code(l, i)] << i % 64;
}

/* The first code from lo to below hi whose value is on one of these sides of
 * the constant, which it and all behind it are; else hi. */
static uint64_t
turn(const struct qnode *n, const struct crm_lane *l, uint64_t lo, uint64_t hi,
    unsigned sides)
{
	while (lo < hi) {
		uint64_t mid = lo + (hi - lo) / 2;
		struct crm_value v;

		crm_lane_decode(l, mid, &v);
		if (crm_query_side(n, &v) & sides)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

/* Numbers beside a constant: they rise with their codes. */
static void
sift_numbers(const struct sift *s, const struct qnode *n,
    const struct crm_lane *l, uint64_t *bits)
{
	uint64_t far = (uint64_t)INT64_MAX - l->base, not [WORDS];
	uint64_t first = l->sparse, end, same, more, lo, hi;

	/* one that would be too large is none that occurs */
	end = (l->mask - first < far ? l->mask - first : far) + first + 1;
	same = turn(n, l, first, end, QM_SAME | QM_MORE);
	more = turn(n, l, same, end, QM_MORE);
	lo = n->mask & QM_LESS ? first : n->mask & QM_SAME ? same : more;
	hi = n->mask & QM_MORE ? end : n->mask & QM_SAME ? more : same;
	if (lo >= hi) {
		no_bits(s, bits);
		return;
	}
	crm_lane_within(l, s->n, lo, hi - 1, bits);
	if (n->mask != (QM_LESS | QM_MORE) || same == more)
		return;
	crm_lane_within(l, s->n, same, more - 1, not );
	for (size_t i = 0; i < (s->n + 63) / 64; i++)
		bits[i] &= ~not [i];
}

static bool
sift_leaf(struct sift *s, uint32_t at, uint64_t *bits)
{
	const struct qnode *n = &s->e->node[at];
	const struct crm_lane *l;
	uint32_t field[2];
	size_t nfield;

	if (!leaf_fields(s, n, field, &nfield))
		return false;
	l = nfield == 1 ? s->lane[field[0]] : NULL;
	if (nfield == 0 ||
	    (l && l->width == 0 && l->how != CRM_LANE_TEXT && !l->coin)) {
		if (l)
			crm_lane_value(l, 0, &s->row[field[0]]);
		crm_lane_all(s->n, bits);
		if (crm_query_test(s->e, at, s->row) <= 0)
			no_bits(s, bits);
	} else if (l && (l->how == CRM_LANE_WORD || l->how == CRM_LANE_NAME) &&
		   l->mask < CODES) {
		sift_codes(s, at, field[0], bits);
	} else if (l && l->how == CRM_LANE_NUMBER && !l->coin &&
		   l->width < 64 && n->op >= Q_CMP_NUM && n->op <= Q_CMP_DAY &&
		   n->op != Q_CMP_TEXT) {
		sift_numbers(s, n, l, bits);
	} else {
		sift_rows(s, at, field, nfield, bits);
	}
	return true;
}

static bool sift_node(struct sift *s, uint32_t at, uint64_t *bits);

/* The bits of those that meet all, or any. */
static bool
sift_chain(struct sift *s, const struct qnode *n, uint64_t *bits)
{
	uint64_t one[WORDS];

	for (size_t k = 0; k < n->b; k++) {
		if (!sift_node(s, s->e->list[n->a + k], k ? one : bits))
			return false;
		for (size_t i = 0; k && i < (s->n + 63) / 64; i++)
			bits[i] = n->op == Q_AND ? bits[i] & one[i]
						 : bits[i] | one[i];
	}
	return true;
}

/* False: it cannot be told. */
static bool
sift_node(struct sift *s, uint32_t at, uint64_t *bits)
{
	const struct qnode *n = &s->e->node[at];
	uint64_t all[WORDS];
	bool told;

	if (!(n->flags & QF_PLAIN) || s->depth == DEEP)
		return false;
	s->depth++;
	if (n->op == Q_NOT) {
		crm_lane_all(s->n, all);
		told = sift_node(s, n->a, bits);
		for (size_t i = 0; told && i < (s->n + 63) / 64; i++)
			bits[i] = all[i] & ~bits[i];
	} else if ((n->op == Q_AND || n->op == Q_OR) && n->b > 0) {
		told = sift_chain(s, n, bits);
	} else {
		told = sift_leaf(s, at, bits);
	}
	s->depth--;
	return told;
}

static bool
any_bit(const struct sift *s, const uint64_t *bits)
{
	uint64_t any = 0;

	for (size_t i = 0; i < (s->n + 63) / 64; i++)
		any |= bits[i];
	return any != 0;
}

bool
crm_expr_sift(struct crm_expr *e, const struct crm_lane *const *lane,
    size_t nlane, size_t n, uint64_t *bits)
{
	const struct qnode *root = &e->node[e->root];
	struct sift s = {.e = e, .lane = lane, .nlane = nlane, .n = n};
	bool chain = root->op == Q_AND;
	uint64_t one[WORDS];

	if (n > CRM_LANE_MOST)
		return false;
	for (size_t k = 0; k < (chain ? root->b : 1) && any_bit(&s, bits);
	     k++) {
		uint32_t at = chain ? e->list[root->a + k] : e->root;

		if (!sift_node(&s, at, one))
			return false;
		for (size_t i = 0; i < (n + 63) / 64; i++)
			bits[i] &= one[i];
	}
	return true;
}
