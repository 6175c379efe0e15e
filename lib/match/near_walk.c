/*
 * near_walk.c - words with a letter wrong, found in the index of words.
 *
 * The table of edit distances (optimal string alignment, so that swapped
 * neighbours count as one error) of the query is filled row by row along the
 * letters of the words of the index, which come in the order of their letters.
 * Where a row says that no word which begins so can be near any more, the
 * walk jumps to the next beginning that can: a few hundred seeks in a
 * dictionary of any size, and no entry is kept for the sake of errors, which
 * neighbourhoods of deletions would cost some ten for each word.
 */
#include <crm/match.h>
#include <crm/utf8.h>

enum {
	ERRORS = 1,
	SHORTEST = 3,
	BEGINNING = 5, /* letters of which a beginning may have an error */
	FAR = ERRORS + 1
};

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
	for (size_t j = 0; j <= a->n; j++)
		a->row[0][j] = (uint8_t)(j < FAR ? j : FAR);
	return a->n >= SHORTEST;
}

/* The row behind `depth` letters and c; false when all of it is too far. */
static bool
step(struct crm_near *a, size_t depth, int32_t c)
{
	const uint8_t *last = a->row[depth];
	uint8_t *now = a->row[depth + 1];
	bool alive;

	a->letter[depth] = c;
	now[0] = (uint8_t)(depth + 1 < FAR ? depth + 1 : FAR);
	alive = now[0] < FAR;
	for (size_t j = 1; j <= a->n; j++) {
		unsigned v = last[j - 1] + (a->q[j - 1] == c ? 0U : 1U);

		if (last[j] + 1U < v)
			v = last[j] + 1U;
		if (now[j - 1] + 1U < v)
			v = now[j - 1] + 1U;
		if (depth > 0 && j > 1 && a->q[j - 2] == c &&
		    a->q[j - 1] == a->letter[depth - 1] &&
		    a->row[depth - 1][j - 2] + 1U < v)
			v = a->row[depth - 1][j - 2] + 1U;
		now[j] = (uint8_t)(v < FAR ? v : FAR);
		alive |= v < FAR;
	}
	return alive;
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
		begins |= a->n >= BEGINNING && a->row[*depth][a->n] < FAR;
	}
	if (crm_str_starts(word, query))
		return word.n == query.n ? 3 : 2;
	return begins || (rest.n == 0 && *alive && a->row[*depth][a->n] < FAR);
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

/* The smallest letter above c with which the row stays alive; false: none. */
static bool
next_letter(struct crm_near *a, size_t depth, int32_t c, int32_t *out)
{
	int32_t best = INT32_MAX, keep = a->letter[depth];
	bool any = step(a, depth, -1); /* a letter that is not in it */

	if (any)
		best = c + 1 == 0xd800 ? 0xe000 : c + 1;
	for (size_t j = 0; !any && j < a->n; j++)
		if (a->q[j] > c && a->q[j] < best && step(a, depth, a->q[j]))
			best = a->q[j];
	a->letter[depth] = keep;
	*out = best;
	return best <= 0x10ffff;
}

/* Puts the first beginning behind the path of `depth` letters that may still
 * lead to a near word behind the key's head; false: there is none.  last is
 * the letter the path may not go on with or below. */
static bool
jump(struct crm_near *a, size_t depth, int32_t last, struct crm_buf *key)
{
	int32_t c;

	for (;;) {
		if (next_letter(a, depth, last, &c)) {
			for (size_t i = 0; i < depth; i++)
				crm_utf8_put(key, a->letter[i]);
			crm_utf8_put(key, c);
			return true;
		}
		if (depth == 0)
			return false;
		last = a->letter[--depth];
	}
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

/* Is this the word before?  Keeps it. */
static bool
same_word(struct crm_buf *last, struct crm_str word)
{
	if (crm_str_eq(crm_buf_str(last), word))
		return true;
	crm_buf_clear(last);
	crm_buf_putstr(last, word);
	return false;
}

int
crm_near_walk(struct crm_txn *t, struct crm_near *a, struct crm_str query,
    unsigned flags, crm_near_fn *fn, void *ctx, struct crm_err *err)
{
	struct crm_buf key = {.max = CRM_KEY_MAX}, last = {0};
	struct crm_cursor *cur = NULL;
	struct crm_str k, v, word;
	unsigned quality = 0;
	uint64_t number;
	size_t depth, head = 0;
	bool alive;
	int r;

	crm_word_key(&key, CRM_K_CUSTOMER, (struct crm_str){"", 0}, 0);
	r = crm_buf_check(&key, err);
	if (r == CRM_OK) {
		head = --key.n; /* without the NUL */
		r = crm_cursor_open(t, CRM_TAB_INDEX, &cur, err);
	}
	if (r == CRM_OK)
		r = crm_cursor_seek(cur, crm_buf_str(&key), &k, &v, err);
	while (r == CRM_OK && k.n > head && memcmp(k.p, key.p, head) == 0) {
		if (!entry_of(k, head, &word, &number)) {
			r = crm_err_set(err, CRM_EDAMAGE,
			    "the index of words has a key without a number");
			break;
		}
		if (!same_word(&last, word))
			quality = along(a, query, word, &depth, &alive);
		if (quality == 1 ||
		    (quality > 0 && !(flags & CRM_NEAR_WRONG))) {
			r = fn(ctx, number, quality, err);
			if (r == CRM_OK)
				r = crm_cursor_next(cur, &k, &v, err);
			continue;
		}
		key.n = head;
		if (quality > 0) { /* behind all that begin with it */
			crm_buf_putstr(&key, query);
			crm_buf_putc(&key, (char)0xff);
		} else if (alive ? !jump(a, depth, 0, &key)
				 : !jump(a, depth - 1, a->letter[depth - 1],
				       &key))
			break;
		r = crm_buf_check(&key, err);
		if (r == CRM_OK)
			r = crm_cursor_seek(
			    cur, crm_buf_str(&key), &k, &v, err);
	}
	crm_cursor_close(cur);
	crm_buf_release(&key);
	crm_buf_release(&last);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}
