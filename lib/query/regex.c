/*
 * regex.c - running a pattern, in time linear in the text.
 *
 * A deterministic automaton is made while it is used (lazily, as in Thompson's
 * and Cox's accounts): a state is a set of places in the program, a row of it
 * says where each class of characters leads.  Two characters are of one class
 * when exactly the same sets of the pattern hold them, whatever the sets are
 * made of - that is all there is to Unicode and to folding here.  States are
 * thrown away when there are too many, so memory is fixed when the pattern is
 * compiled and matching cannot fail.
 */
#include <stdlib.h>

#include <crm/hash.h>
#include <crm/utf8.h>

#include "query/regex.h"

enum {
	STATES = 256,
	BUCKETS = 1024,
	SPARE = 24, /* classes that are not ASCII's */
	SEEN = 128 /* remembered code points past ASCII; a power of two */
};
/* Where a row leads: not known yet, accepted, nowhere, or 3 + a state. */
enum { TO_UNKNOWN, TO_MATCH, TO_DEAD, TO_STATE };

enum { AT_START = 1, AFTER_WORD = 2 };

struct state {
	uint32_t place, nplace; /* in pool */
	uint32_t hash;
	uint8_t flags;
};

struct crm_regex {
	struct regex_prog prog;
	/* classes: a bit for each set that holds its characters */
	uint64_t *sign;
	size_t words; /* of a class's bits */
	size_t nclass, maxclass;
	uint8_t ascii[128];
	struct {
		int32_t cp;
		uint8_t class;
	} seen[SEEN];
	/* states */
	struct state state[STATES];
	size_t nstate;
	uint16_t *to; /* [STATES][maxclass + 1] */
	uint16_t *pool;
	size_t npool, maxpool;
	uint16_t bucket[BUCKETS]; /* 1 + state */
	uint32_t epoch; /* of the states */
	/* for one step */
	uint32_t *mark;
	uint32_t gen;
	uint16_t *stack;
	uint64_t *next; /* bits of places */
};

/* ---- classes ---- */

static void
signature(struct crm_regex *r, int32_t cp, uint64_t *sign)
{
	memset(sign, 0, r->words * sizeof(*sign));
	for (size_t i = 0; i < r->prog.nset; i++)
		if (crm_regex_in_set(&r->prog, &r->prog.set[i], cp))
			sign[i / 64] |= (uint64_t)1 << (i % 64);
}

static uint64_t *
sign_of(const struct crm_regex *r, size_t class)
{
	return r->sign + class * r->words;
}

/*
 * The class of a code point; a new one is added while there is room.  The
 * last, maxclass, belongs to nobody: its bits are those of the character
 * asked for last, and rows do not keep what it led to.
 */
static size_t
find_class(struct crm_regex *r, int32_t cp)
{
	uint64_t *sign = sign_of(r, r->maxclass);
	size_t i;

	signature(r, cp, sign);
	for (i = 0; i < r->nclass; i++)
		if (memcmp(sign_of(r, i), sign, r->words * sizeof(*sign)) == 0)
			return i;
	if (r->nclass == r->maxclass)
		return r->maxclass;
	memcpy(sign_of(r, i), sign, r->words * sizeof(*sign));
	r->nclass++;
	return i;
}

static size_t
class_of(struct crm_regex *r, int32_t cp)
{
	size_t slot, class;

	if (cp < 128)
		return r->ascii[cp];
	slot = (size_t)cp & (SEEN - 1);
	if (r->seen[slot].cp == cp)
		return r->seen[slot].class;
	class = find_class(r, cp);
	if (class < r->maxclass) {
		r->seen[slot].cp = cp;
		r->seen[slot].class = (uint8_t) class;
	}
	return class;
}

static bool
has(const uint64_t *bits, size_t i)
{
	return (bits[i / 64] >> (i % 64) & 1) != 0;
}

/* ---- states ---- */

static void
flush(struct crm_regex *r)
{
	memset(r->bucket, 0, sizeof(r->bucket));
	r->nstate = 0;
	r->npool = 0;
	r->epoch++;
}

/* The state of the places in r->next; they are cleared. */
static size_t
intern(struct crm_regex *r, unsigned flags)
{
	size_t words = (r->prog.ninst + 63) / 64, n = 0, b;
	uint16_t *place;
	uint32_t hash;

	if (r->npool + r->prog.ninst > r->maxpool)
		flush(r);
	place = r->pool + r->npool;
	for (size_t w = 0; w < words; w++) {
		uint64_t bits = r->next[w];

		r->next[w] = 0;
		for (; bits; bits &= bits - 1)
			place[n++] =
			    (uint16_t)(w * 64 + (size_t)__builtin_ctzll(bits));
	}
	hash = (uint32_t)crm_hash64(place, n * sizeof(*place)) + flags;
	for (b = hash % BUCKETS; r->bucket[b]; b = (b + 1) % BUCKETS) {
		const struct state *s = &r->state[r->bucket[b] - 1];

		if (s->hash == hash && s->flags == flags && s->nplace == n &&
		    memcmp(r->pool + s->place, place, n * sizeof(*place)) == 0)
			return (size_t)r->bucket[b] - 1;
	}
	if (r->nstate == STATES) {
		flush(r);
		memmove(r->pool, place, n * sizeof(*place));
		b = hash % BUCKETS;
	}
	r->state[r->nstate] = (struct state){
	    (uint32_t)r->npool, (uint32_t)n, hash, (uint8_t)flags};
	r->npool += n;
	memset(r->to + r->nstate * (r->maxclass + 1), 0,
	    (r->maxclass + 1) * sizeof(*r->to));
	r->bucket[b] = (uint16_t)(r->nstate + 1);
	return r->nstate++;
}

struct step {
	struct crm_regex *r;
	const uint64_t *sign; /* of the character that follows; NULL: end */
	unsigned flags;
	bool word; /* it is one of \w */
};

static bool
holds(const struct step *s, unsigned op)
{
	bool edge = ((s->flags & AFTER_WORD) != 0) != s->word;

	switch (op) {
	case RX_BEGIN:
		return (s->flags & AT_START) != 0;
	case RX_END:
		return s->sign == NULL;
	case RX_EDGE:
		return edge;
	default:
		return !edge;
	}
}

/* Follows all that takes no character from a place; true: accepted. */
static bool
follow(const struct step *s, uint16_t from)
{
	struct crm_regex *r = s->r;
	size_t n = 0;

	r->stack[n++] = from;
	while (n > 0) {
		uint16_t at = r->stack[--n];
		const struct regex_inst *i = &r->prog.inst[at];

		if (r->mark[at] == r->gen)
			continue;
		r->mark[at] = r->gen;
		switch (i->op) {
		case RX_MATCH:
			return true;
		case RX_SET:
			if (s->sign && has(s->sign, i->a))
				r->next[(at + 1) / 64] |= (uint64_t)1
							  << (at + 1) % 64;
			break;
		case RX_SPLIT:
			r->stack[n++] = i->a;
			r->stack[n++] = i->b;
			break;
		case RX_JUMP:
			r->stack[n++] = i->a;
			break;
		default:
			if (holds(s, i->op))
				r->stack[n++] = (uint16_t)(at + 1);
			break;
		}
	}
	return false;
}

/* Where a state leads by a class (column 1 + class, 0 the end of text). */
static unsigned
step(struct crm_regex *r, size_t state, size_t column)
{
	struct state st = r->state[state];
	struct step s = {.r = r, .flags = st.flags};
	size_t words = (r->prog.ninst + 63) / 64, to;
	bool any = false;

	if (column > 0) {
		s.sign = sign_of(r, column - 1);
		s.word = r->prog.edges && has(s.sign, r->prog.word);
	}
	if (++r->gen == 0) {
		memset(r->mark, 0, r->prog.ninst * sizeof(*r->mark));
		r->gen = 1;
	}
	for (uint32_t i = 0; i < st.nplace; i++)
		if (follow(&s, r->pool[st.place + i])) {
			memset(r->next, 0, words * sizeof(*r->next));
			return TO_MATCH;
		}
	if (!r->prog.anchored)
		r->next[0] |= 1;
	for (size_t w = 0; w < words; w++)
		any |= r->next[w] != 0;
	if (column == 0 || !any) {
		memset(r->next, 0, words * sizeof(*r->next));
		return TO_DEAD;
	}
	to = intern(r, s.word ? AFTER_WORD : 0);
	return (unsigned)(TO_STATE + to);
}

static unsigned
lead(struct crm_regex *r, size_t state, size_t column)
{
	uint16_t *cell = r->to + state * (r->maxclass + 1) + column;
	uint32_t epoch = r->epoch;
	unsigned to;

	if (column > r->maxclass)
		return step(r, state, column);
	if (*cell != TO_UNKNOWN)
		return *cell;
	to = step(r, state, column);
	if (r->epoch == epoch)
		*cell = (uint16_t)to;
	return to;
}

static bool
run(struct crm_regex *r, struct crm_str s, bool start)
{
	size_t at = 0, state;
	unsigned to;

	r->next[0] |= 1;
	state = intern(r, start ? AT_START : 0);
	while (at < s.n) {
		unsigned char c = (unsigned char)s.p[at];
		size_t class, len = 1;

		if (c < 0x80) {
			class = r->ascii[c];
		} else {
			int32_t cp = 0xfffd;

			len = crm_utf8_next(
			    (struct crm_str){s.p + at, s.n - at}, &cp);
			if (len == 0) {
				len = 1;
				cp = 0xfffd;
			}
			class = class_of(r, cp);
		}
		at += len;
		to = lead(r, state, class + 1);
		if (to < TO_STATE)
			return to == TO_MATCH;
		state = to - TO_STATE;
	}
	return lead(r, state, 0) == TO_MATCH;
}

static bool
match_literal(const struct regex_prog *g, struct crm_str s)
{
	struct crm_str want = crm_buf_str(&g->prefix);

	if (s.n < want.n)
		return false;
	if (g->begin && g->end)
		return crm_str_eq(s, want);
	if (g->begin)
		return memcmp(s.p, want.p, want.n) == 0;
	if (g->end)
		return want.n == 0 ||
		       memcmp(s.p + s.n - want.n, want.p, want.n) == 0;
	return want.n == 0 || memmem(s.p, s.n, want.p, want.n) != NULL;
}

bool
crm_regex_match(struct crm_regex *r, struct crm_str text)
{
	const struct regex_prog *g = &r->prog;
	const char *at;

	if (text.n == 0)
		text.p = "";
	if (g->literal)
		return match_literal(g, text);
	if (g->prefix.n == 0 || g->anchored)
		return run(r, text, true);
	/* No assertion stands before the prefix, so starting there is safe. */
	at = memmem(text.p, text.n, g->prefix.p, g->prefix.n);
	if (!at)
		return false;
	text.n -= (size_t)(at - text.p);
	text.p = at;
	return run(r, text, false);
}

/* ---- making one ---- */

static int
prepare(struct crm_regex *r, struct crm_err *err)
{
	size_t n = r->prog.ninst, words = (n + 63) / 64;

	r->words = (r->prog.nset + 63) / 64 + 1;
	/* ASCII has at most 128 classes. */
	r->maxclass = 128 + SPARE;
	r->sign = calloc((r->maxclass + 1) * r->words, sizeof(*r->sign));
	if (!r->sign)
		return crm_err_nomem(err);
	for (int32_t c = 0; c < 128; c++)
		r->ascii[c] = (uint8_t)find_class(r, c);
	r->maxpool = n * 4 > 16384 ? n * 4 : 16384;
	r->to = malloc(STATES * (r->maxclass + 1) * sizeof(*r->to));
	r->pool = malloc(r->maxpool * sizeof(*r->pool));
	r->mark = calloc(n, sizeof(*r->mark));
	/* Each place is on the stack at most twice. */
	r->stack = malloc((2 * n + 2) * sizeof(*r->stack));
	r->next = calloc(words, sizeof(*r->next));
	if (!r->to || !r->pool || !r->mark || !r->stack || !r->next)
		return crm_err_nomem(err);
	return CRM_OK;
}

int
crm_regex_compile(struct crm_regex **out, struct crm_str pattern, bool fold,
    struct crm_err *err)
{
	struct crm_regex *r = calloc(1, sizeof(*r));
	int res;

	*out = NULL;
	if (!r)
		return crm_err_nomem(err);
	r->prog.fold = fold;
	res = crm_regex_parse(&r->prog, pattern, err);
	if (res == CRM_OK && !r->prog.literal)
		res = prepare(r, err);
	if (res < 0) {
		crm_regex_release(r);
		return res;
	}
	*out = r;
	return CRM_OK;
}

void
crm_regex_release(struct crm_regex *r)
{
	if (!r)
		return;
	crm_regex_prog_release(&r->prog);
	free(r->sign);
	free(r->to);
	free(r->pool);
	free(r->mark);
	free(r->stack);
	free(r->next);
	free(r);
}
