/*
 * near_walk.c - words with a letter wrong, found in the index of words.
 *
 * The table of edit distances (optimal string alignment, so that swapped
 * neighbours count as one error) of the query is filled row by row along the
 * letters of the words of the index, which come in the order of their letters.
 * Where a row says that no word which begins so can be near any more, the
 * walk jumps to the next word that can: some two hundred seeks in a
 * dictionary of any size, and no entry is kept for the sake of errors, which
 * neighbourhoods of deletions would cost some ten for each word.
 */
#include <endian.h>
#include <string.h>

#include <crm/match.h>
#include <crm/utf8.h>

enum {
	ERRORS = 1,
	SHORTEST = 3,
	BEGINNING = 5, /* letters of which a beginning may have an error */
	FAR = ERRORS + 1
};

/* A distance of two letters and more is not told from others: of the first i
 * letters of a word only the first i - 1, i and i + 1 of the query can be
 * nearer, which are the three cells of a row. */
enum { BAND = 2 * ERRORS + 1 };

bool
crm_near_init(struct crm_near *a, struct crm_str word)
{
	size_t n;

	a->n = 0;
	while (word.n > 0) {
		if (a->n == CRM_NEAR_MAX)
			return false;
		n = crm_utf8_next(word, &a->q[a->n]);
		if (n == 0)
			return false;
		a->n++;
		word.p += n;
		word.n -= n;
	}
	a->row[0][0] = FAR;
	a->row[0][1] = 0;
	a->row[0][2] = 1;
	return a->n >= SHORTEST;
}

/* The row behind `depth` letters and c; false when all of it is too far. */
static bool
step(struct crm_near *a, size_t depth, int32_t c)
{
	const uint8_t *last = a->row[depth];
	uint8_t *now = a->row[depth + 1];
	bool alive = false;

	a->letter[depth] = c;
	for (size_t k = 0; k < BAND; k++) {
		size_t j = depth + k; /* letters of the query */
		unsigned v = FAR;

		if (j == 0)
			v = 1;
		else if (j <= a->n) {
			v = last[k] + (a->q[j - 1] == c ? 0U : 1U);
			if (k + 1 < BAND && last[k + 1] + 1U < v)
				v = last[k + 1] + 1U;
			if (k > 0 && now[k - 1] + 1U < v)
				v = now[k - 1] + 1U;
			if (depth > 0 && j > 1 && a->q[j - 2] == c &&
			    a->q[j - 1] == a->letter[depth - 1] &&
			    a->row[depth - 1][k] + 1U < v)
				v = a->row[depth - 1][k] + 1U;
		}
		now[k] = (uint8_t)(v < FAR ? v : FAR);
		alive |= v < FAR;
	}
	return alive;
}

/* Are so many letters near the whole query? */
static bool
arrived(const struct crm_near *a, size_t depth)
{
	size_t k = a->n + 1 - depth;

	return depth <= a->n + 1 && k < BAND && a->row[depth][k] < FAR;
}

/* Goes along a word.  *depth: letters that were taken, all alive but the last
 * when it is not. */
static unsigned
along(struct crm_near *a, struct crm_str query, struct crm_str word,
    size_t *depth, bool *alive)
{
	struct crm_str rest = word;
	bool begins = false;
	int32_t c;
	size_t n;

	*alive = true;
	*depth = 0;
	while (rest.n > 0 && *alive && *depth < a->n + FAR) {
		n = crm_utf8_next(rest, &c);
		if (n == 0)
			break;
		*alive = step(a, *depth, c);
		++*depth;
		rest.p += n;
		rest.n -= n;
		begins |= a->n >= BEGINNING && arrived(a, *depth);
	}
	if (crm_str_starts(word, query))
		return word.n == query.n ? 3 : 2;
	return begins || (rest.n == 0 && *alive && arrived(a, *depth));
}

unsigned
crm_near_match(struct crm_near *a, struct crm_str query, struct crm_str word)
{
	size_t depth;
	bool alive;

	if (crm_str_starts(word, query))
		return word.n == query.n ? 3 : 2;
	return a->n == 0 ? 0 : along(a, query, word, &depth, &alive);
}

/* ---- the walk ---- */

/* Without an error so far any letter may be next. */
static bool
free_to_go(const struct crm_near *a, size_t depth)
{
	return a->row[depth][1] == 0;
}

/* The smallest letter above c with which the row stays alive; false: none. */
static bool
next_letter(const struct crm_near *a, size_t depth, int32_t c, int32_t *out)
{
	const uint8_t *row = a->row[depth];
	int32_t best = INT32_MAX;

	if (free_to_go(a, depth)) {
		best = c + 1 == 0xd800 ? 0xe000 : c + 1;
	} else {
		/* what the query goes on with */
		for (size_t k = depth == 0; k < BAND; k++) {
			size_t j = depth + k;

			if (j <= a->n && row[k] < FAR && a->q[j - 1] > c &&
			    a->q[j - 1] < best)
				best = a->q[j - 1];
		}
		/* the letter before, where the one that was is its next */
		if (depth > 0 && depth < a->n && free_to_go(a, depth - 1) &&
		    a->q[depth] == a->letter[depth - 1] &&
		    a->q[depth - 1] > c && a->q[depth - 1] < best)
			best = a->q[depth - 1];
	}
	*out = best;
	return best <= 0x10ffff;
}

/*
 * Puts the first word behind the path of `depth` letters that may still be
 * near behind the key's head; false: there is none.  last is the letter the
 * path may not go on with or below.  Behind its error a word goes on as the
 * query does, so that most of it is known.
 */
static bool
jump(struct crm_near *a, size_t depth, int32_t last, struct crm_buf *key)
{
	int32_t c;

	while (!next_letter(a, depth, last, &c)) {
		if (depth == 0)
			return false;
		last = a->letter[--depth];
	}
	do
		step(a, depth++, c);
	while (!free_to_go(a, depth) && !arrived(a, depth) &&
	       next_letter(a, depth, 0, &c));
	for (size_t i = 0; i < depth; i++)
		crm_utf8_put(key, a->letter[i]);
	return true;
}

/* The number behind the NUL of an entry's word. */
static bool
entry_of(
    struct crm_str key, size_t head, struct crm_str *word, uint64_t *number)
{
	struct crm_str tail;

	if (key.n < head + 9)
		return false;
	*word = (struct crm_str){key.p + head, key.n - head - 9};
	tail = (struct crm_str){key.p + key.n - 8, 8};
	return word->n > 0 && word->p[word->n] == '\0' &&
	       crm_take_be(&tail, 8, number);
}

/* Is this a key of the word before?  Keeps what is before its number. */
static bool
same_word(struct crm_buf *last, struct crm_str key)
{
	struct crm_str word = {key.p, key.n < 8 ? 0 : key.n - 8};

	if (crm_str_eq(crm_buf_str(last), word))
		return true;
	crm_buf_clear(last);
	crm_buf_putstr(last, word);
	return false;
}

/* What the walk is at: an entry of the index, and the word it is of. */
struct walk {
	struct crm_cursor *cur;
	struct crm_buf key, last;
	size_t head; /* of key, before the word */
	struct crm_str k;
	unsigned quality;
	size_t depth;
	bool alive;
};

/* Goes along the word of a new entry; CRM_NOTFOUND behind the last. */
static int
look(struct walk *w, struct crm_near *a, struct crm_str query, uint64_t *number,
    struct crm_err *err)
{
	struct crm_str word;

	if (same_word(&w->last, w->k)) {
		memcpy(number, w->k.p + w->k.n - 8, 8);
		*number = be64toh(*number);
		return CRM_OK;
	}
	if (w->k.n <= w->head || memcmp(w->k.p, w->key.p, w->head) != 0)
		return CRM_NOTFOUND;
	if (!entry_of(w->k, w->head, &word, number))
		return crm_err_set(err, CRM_EDAMAGE,
		    "the index of words has a key without a number");
	w->quality = along(a, query, word, &w->depth, &w->alive);
	return CRM_OK;
}

/* To the next word that may be near; CRM_NOTFOUND. */
static int
leap(struct walk *w, struct crm_near *a, struct crm_str query,
    struct crm_err *err)
{
	bool any = true;
	int r;

	w->key.n = w->head;
	if (w->quality > 0) { /* behind all that begin with it */
		crm_buf_putstr(&w->key, query);
		crm_buf_putc(&w->key, (char)0xff);
	} else if (w->alive) {
		any = jump(a, w->depth, 0, &w->key);
	} else {
		any = jump(a, w->depth - 1, a->letter[w->depth - 1], &w->key);
	}
	r = any ? crm_buf_check(&w->key, err) : CRM_NOTFOUND;
	return r == CRM_OK
		   ? crm_cursor_hop(w->cur, crm_buf_str(&w->key), &w->k, err)
		   : r;
}

int
crm_near_walk(struct crm_txn *t, struct crm_near *a, struct crm_str query,
    unsigned flags, crm_near_fn *fn, void *ctx, struct crm_err *err)
{
	struct walk w = {.key = {.max = CRM_KEY_MAX}};
	uint64_t number;
	int r;

	crm_word_key(&w.key, CRM_K_CUSTOMER, (struct crm_str){"", 0}, 0);
	r = crm_buf_check(&w.key, err);
	if (r == CRM_OK) {
		w.head = --w.key.n; /* without the NUL */
		r = crm_cursor_open(t, CRM_TAB_INDEX, &w.cur, err);
	}
	if (r == CRM_OK)
		r = crm_cursor_hop(w.cur, crm_buf_str(&w.key), &w.k, err);
	while (r == CRM_OK) {
		r = look(&w, a, query, &number, err);
		if (r < 0)
			break;
		if (w.quality == 1 ||
		    (w.quality > 0 && !(flags & CRM_NEAR_WRONG))) {
			r = fn(ctx, number, w.quality, err);
			if (r == CRM_OK)
				r = crm_cursor_step(w.cur, &w.k, err);
		} else {
			r = leap(&w, a, query, err);
		}
	}
	crm_cursor_close(w.cur);
	crm_buf_release(&w.key);
	crm_buf_release(&w.last);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}
