/*
 * near_walk.c - words with a letter wrong, found in the index of words.
 *
 * With one error allowed it is where two words part: behind it they have to
 * go on alike, one a letter further on than the other, or both.  So there is
 * no table of distances (of optimal string alignment, by which swapped
 * neighbours count as one error), and of the words that part from the query
 * at a letter, and go on with a given one, four at most are near.  The walk
 * jumps from word to word that may be: some two hundred seeks in a dictionary
 * of any size, and no entry is kept for the sake of errors, which
 * neighbourhoods of deletions would cost some ten for each word.
 */
#include <endian.h>
#include <string.h>

#include <crm/match.h>
#include <crm/utf8.h>

enum {
	SHORTEST = 3,
	BEGINNING = 5, /* letters of which a beginning may have an error */
	LETTER = 4, /* bytes of one at most */
	BATCH = 128
};

bool
crm_near_init(struct crm_near *a, struct crm_str word)
{
	struct crm_str rest = word;
	int32_t c;

	*a = (struct crm_near){0};
	for (size_t n; rest.n > 0; rest.p += n, rest.n -= n) {
		n = crm_utf8_next(rest, &c);
		if (n == 0 || a->n == CRM_NEAR_MAX) {
			a->n = 0;
			return false;
		}
		a->at[a->n++] = (uint8_t)(word.n - rest.n);
	}
	a->at[a->n] = (uint8_t)word.n;
	return a->n >= SHORTEST;
}

/* ---- ways on from where a word and the query part ---- */

/* The query from letter i on. */
static struct crm_str
behind(const struct crm_near *a, struct crm_str query, size_t i)
{
	size_t at = a->at[i];

	return (struct crm_str){query.p + at, query.n - at};
}

/* How many letters both begin with. */
static size_t
common(const struct crm_near *a, struct crm_str query, struct crm_str word)
{
	size_t n = 0, i = 0;

	while (n < query.n && n < word.n && query.p[n] == word.p[n])
		n++;
	while (i < a->n && a->at[i + 1] <= n)
		i++;
	return i;
}

/* A letter of the query that is to come, or none, and what is behind it. */
struct way {
	struct crm_str letter, rest;
};
enum { WAYS = 4 };

/*
 * How a word goes on behind `next`, another letter than i of the query, if
 * that is its only error: instead of it, before it, without it, before it but
 * swapped.  How many ways.
 */
static size_t
ways_on(const struct crm_near *a, struct crm_str query, size_t i,
    struct crm_str next, struct way way[WAYS])
{
	struct crm_str here = behind(a, query, i), none = {"", 0}, rest;

	rest = behind(a, query, i + 1);
	here.n -= rest.n;
	way[0] = (struct way){none, rest};
	way[1] = (struct way){here, rest};
	if (i + 1 >= a->n || !crm_str_starts(rest, next) ||
	    next.n != (size_t)a->at[i + 2] - a->at[i + 1])
		return 2;
	rest = behind(a, query, i + 2);
	way[2] = (struct way){none, rest};
	way[3] = (struct way){here, rest};
	return WAYS;
}

/* Does a word go on so?  Of a long query it may have more behind. */
static bool
goes_on(const struct crm_near *a, struct crm_str word, struct crm_str rest)
{
	return (a->n >= BEGINNING || word.n == rest.n) &&
	       crm_str_starts(word, rest);
}

/* Where a word parts from the query: behind `letters` of it, with a letter
 * (n 0: it is at its end, or damaged) and a rest. */
struct parting {
	size_t letters;
	struct crm_str letter, rest;
};

static struct parting
part(const struct crm_near *a, struct crm_str query, struct crm_str word)
{
	struct parting p = {.letters = common(a, query, word)};
	size_t at = a->at[p.letters];
	int32_t c;

	p.letter = (struct crm_str){word.p + at, word.n - at};
	p.rest = p.letter;
	p.letter.n = crm_utf8_next(p.rest, &c);
	p.rest.p += p.letter.n;
	p.rest.n -= p.letter.n;
	return p;
}

/* Is it near, where it parts so? */
static bool
is_near(const struct crm_near *a, struct crm_str query, const struct parting *p)
{
	struct way way[WAYS];
	struct crm_str left = {p->letter.p, p->letter.n + p->rest.n};
	size_t n;

	/* the letter is left out */
	if (goes_on(a, left, behind(a, query, p->letters + 1)))
		return true;
	if (p->letter.n == 0)
		return false;
	n = ways_on(a, query, p->letters, p->letter, way);
	for (size_t k = 0; k < n; k++) {
		struct crm_str rest = p->rest;

		if (!crm_str_starts(rest, way[k].letter))
			continue;
		rest.p += way[k].letter.n;
		rest.n -= way[k].letter.n;
		if (goes_on(a, rest, way[k].rest))
			return true;
	}
	return false;
}

/* Of a word that does not begin with all of the query. */
static unsigned
match(const struct crm_near *a, struct crm_str query, struct crm_str word,
    struct parting *p)
{
	*p = part(a, query, word);
	return is_near(a, query, p);
}

unsigned
crm_near_match(
    const struct crm_near *a, struct crm_str query, struct crm_str word)
{
	struct parting p;

	if (crm_str_starts(word, query))
		return word.n == query.n ? 3 : 2;
	return a->n == 0 ? 0 : match(a, query, word, &p);
}

/* ---- the walk ---- */

/* What the walk is at: an entry of the index, and the word it is of. */
struct walk {
	struct crm_cursor *cur;
	const struct crm_near *near;
	struct crm_str query;
	struct crm_buf key, last;
	size_t head; /* of key, before the word */
	struct crm_str k;
	unsigned quality;
	struct parting parting;
};

/* Appends the first way on that is behind rest (NULL: the first), where a word
 * goes on with `next` behind where the last parted.  False: there is none. */
static bool
put_way(struct walk *w, struct crm_str next, const struct crm_str *rest)
{
	char room[WAYS][LETTER * (CRM_NEAR_MAX + 1)];
	struct crm_str text[WAYS];
	struct way way[WAYS];
	size_t n = ways_on(w->near, w->query, w->parting.letters, next, way);
	size_t best = n;

	for (size_t k = 0; k < n; k++) {
		const struct way *x = &way[k];

		memcpy(room[k], x->letter.p, x->letter.n);
		memcpy(room[k] + x->letter.n, x->rest.p, x->rest.n);
		text[k] = (struct crm_str){room[k], x->letter.n + x->rest.n};
		if ((!rest || crm_str_cmp(text[k], *rest) > 0) &&
		    (best == n || crm_str_cmp(text[k], text[best]) < 0))
			best = k;
	}
	if (best < n)
		crm_buf_putstr(&w->key, text[best]);
	return best < n;
}

/*
 * Appends to the key's head where the next word may be that is near, behind
 * one that is not: one that parts from the query at the same letter and with
 * the same one, or with the next.
 */
static void
put_next(struct walk *w)
{
	const struct parting *p = &w->parting;
	struct crm_str here, next;
	int32_t c = 0;
	size_t mark;

	crm_buf_put(&w->key, w->query.p, w->near->at[p->letters]);
	mark = w->key.n;
	if (p->letter.n > 0) {
		crm_buf_putstr(&w->key, p->letter);
		if (put_way(w, p->letter, &p->rest))
			return;
		w->key.n = mark;
		(void)crm_utf8_next(p->letter, &c);
	}
	if (++c > 0x10ffff) {
		crm_buf_putc(&w->key, (char)0xff);
		return;
	}
	crm_utf8_put(&w->key, c == 0xd800 ? 0xe000 : c);
	next = (struct crm_str){w->key.p + mark, w->key.n - mark};
	here = behind(w->near, w->query, p->letters);
	here.n -= behind(w->near, w->query, p->letters + 1).n;
	if (!crm_str_eq(next, here))
		(void)put_way(w, next, NULL);
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

/* Looks at the word of an entry; CRM_NOTFOUND behind the last. */
static int
look(struct walk *w, uint64_t *number, struct crm_err *err)
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
	/* what points to the word is of the copy, which stays */
	word.p = w->last.p + w->head;
	if (w->last.fail)
		return crm_buf_check(&w->last, err);
	if (crm_str_starts(word, w->query)) {
		w->quality = word.n == w->query.n ? 3 : 2;
		return CRM_OK;
	}
	w->quality = match(w->near, w->query, word, &w->parting);
	if (w->parting.letter.n == 0 && w->parting.rest.n > 0)
		return crm_err_set(err, CRM_EDAMAGE,
		    "the index of words has a word that is no text");
	return CRM_OK;
}

/* To the next word that may be near; CRM_NOTFOUND. */
static int
leap(struct walk *w, struct crm_err *err)
{
	int r;

	w->key.n = w->head;
	if (w->quality > 0) { /* behind all that begin with it */
		crm_buf_putstr(&w->key, w->query);
		crm_buf_putc(&w->key, (char)0xff);
	} else {
		put_next(w);
	}
	r = crm_buf_check(&w->key, err);
	return r == CRM_OK
		   ? crm_cursor_hop(w->cur, crm_buf_str(&w->key), &w->k, err)
		   : r;
}

/* Gives the entry that the walk is at, and those of its word that lie with
 * it, and goes on. */
static int
give(struct walk *w, uint64_t number, crm_near_fn *fn, void *ctx,
    struct crm_err *err)
{
	uint64_t all[BATCH] = {number};
	size_t n;
	int r = crm_cursor_numbers(w->cur, all + 1, BATCH - 1, &n, err);

	if (r == CRM_OK)
		r = fn(ctx, all, n + 1, w->quality, err);
	return r == CRM_OK ? crm_cursor_step(w->cur, &w->k, err) : r;
}

int
crm_near_walk(struct crm_txn *t, const struct crm_near *a, struct crm_str query,
    unsigned flags, crm_near_fn *fn, void *ctx, struct crm_err *err)
{
	struct walk w = {
	    .near = a, .query = query, .key = {.max = CRM_KEY_MAX}};
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
		r = look(&w, &number, err);
		if (r < 0)
			break;
		if (w.quality == 1 ||
		    (w.quality > 0 && !(flags & CRM_NEAR_WRONG)))
			r = give(&w, number, fn, ctx, err);
		else
			r = leap(&w, err);
	}
	crm_cursor_close(w.cur);
	crm_buf_release(&w.key);
	crm_buf_release(&w.last);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}
