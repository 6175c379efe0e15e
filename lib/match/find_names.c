/*
 * find_names.c - customers by the words of a name.
 *
 * For each word of the query the index gives the customers who have it, or a
 * word that begins so; only when that leaves nobody it is asked for words
 * with a letter wrong.  The lists are merged by customer.  The index only
 * says where to look: score and kind of match are made from the record's own
 * names, so an entry that should not be there finds nobody.
 *
 * A common name has more bearers than can be looked at: of many equally good
 * ones those who bought last go first, and of more than MOST those who came
 * last are looked at.
 */
#include <stdlib.h>

#include <crm/ledger.h>
#include <crm/utf8.h>

#include "finding.h"

enum {
	WORDS = 8, /* of a query; those behind are not looked for */
	MOST = 4096, /* whose figures are read */
	MOST_EXACT = 200000, /* entries of a word that are read */
	MOST_OTHER = 30000 /* of those that only begin so, or are near */
};

struct hit {
	uint64_t number;
	uint8_t quality; /* the sum of all words' */
	uint8_t least, words;
};
struct hits {
	struct hit *v;
	size_t n, cap;
	size_t other; /* that are not the same word */
};

struct names {
	struct crm_finding *f;
	struct crm_buf text; /* folded words, NULs between */
	struct crm_str word[WORDS];
	struct crm_near near[WORDS];
	struct hits list[WORDS], all;
	size_t n;
	unsigned common; /* a list was cut */
};

static int
add(struct hits *h, uint64_t number, unsigned quality, struct crm_err *err)
{
	if (!crm_grow(&h->v, &h->cap, h->n, sizeof *h->v))
		return crm_err_nomem(err);
	h->other += quality < 3;
	h->v[h->n++] =
	    (struct hit){number, (uint8_t)quality, (uint8_t)quality, 1};
	return CRM_OK;
}

/* ---- lists of a word ---- */

/* Those who have the word or one that begins so. */
static int
read_beginnings(
    struct names *q, struct crm_str word, struct hits *h, struct crm_err *err)
{
	struct crm_buf key = {.max = CRM_KEY_MAX};
	struct crm_cursor *cur = NULL;
	struct crm_str k, v, tail, prefix;
	uint64_t number;
	int r;

	crm_word_key(&key, CRM_K_CUSTOMER, word, 0);
	r = crm_buf_check(&key, err);
	prefix = (struct crm_str){key.p, key.n - 1};
	if (r == CRM_OK)
		r = crm_cursor_open(q->f->txn, CRM_TAB_INDEX, &cur, err);
	if (r == CRM_OK)
		r = crm_cursor_seek(cur, prefix, &k, &v, err);
	while (
	    r == CRM_OK && crm_str_starts(k, prefix) && k.n >= prefix.n + 9) {
		tail = (struct crm_str){k.p + k.n - 8, 8};
		crm_take_be(&tail, 8, &number);
		if (h->n >= MOST_EXACT || h->other >= MOST_OTHER) {
			q->common++;
			break;
		}
		r = add(h, number, k.n == prefix.n + 9 ? 3 : 2, err);
		if (r == CRM_OK)
			r = crm_cursor_next(cur, &k, &v, err);
	}
	crm_cursor_close(cur);
	crm_buf_release(&key);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

static int
near_one(void *ctx, uint64_t number, unsigned quality, struct crm_err *err)
{
	struct hits *h = ctx;

	if (h->n >= MOST_EXACT || h->other >= MOST_OTHER)
		return CRM_NO;
	return add(h, number, quality, err);
}

static int
read_near(struct names *q, size_t i, struct crm_err *err)
{
	int r;

	q->list[i].n = q->list[i].other = 0;
	r = crm_near_walk(
	    q->f->txn, &q->near[i], q->word[i], near_one, &q->list[i], err);
	if (r != CRM_NO)
		return r;
	q->common++;
	return CRM_OK;
}

/* ---- lists merged ---- */

static int
by_number(const void *a, const void *b)
{
	const struct hit *x = a, *y = b;

	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return x->quality > y->quality ? -1 : x->quality < y->quality;
}

/* Each customer once, with the best of his words. */
static void
settle(struct hits *h)
{
	size_t n = 0, i;

	for (i = 1; i < h->n && by_number(&h->v[i - 1], &h->v[i]) <= 0; i++)
		;
	if (i < h->n)
		qsort(h->v, h->n, sizeof *h->v, by_number);
	for (i = 0; i < h->n; i++)
		if (n == 0 || h->v[n - 1].number != h->v[i].number)
			h->v[n++] = h->v[i];
	h->n = n;
}

/* all := all joined with the list of one word. */
static int
join(struct hits *all, const struct hits *list, struct crm_err *err)
{
	struct hits to = {0};
	size_t i = 0, j = 0;

	if (all->n + list->n == 0)
		return CRM_OK;
	to.cap = all->n + list->n;
	to.v = calloc(to.cap, sizeof *to.v);
	if (to.v == NULL)
		return crm_err_nomem(err);
	while (i < all->n || j < list->n) {
		struct hit *h = &to.v[to.n++];

		if (j == list->n ||
		    (i < all->n && all->v[i].number < list->v[j].number))
			*h = all->v[i++];
		else if (i == all->n || list->v[j].number < all->v[i].number)
			*h = list->v[j++];
		else {
			*h = all->v[i++];
			h->quality += list->v[j].quality;
			h->words++;
			if (list->v[j].quality < h->least)
				h->least = list->v[j].quality;
			j++;
		}
	}
	free(all->v);
	*all = to;
	return CRM_OK;
}

/* Those who have `words` of the words stay. */
static void
keep(struct hits *all, size_t words)
{
	size_t n = 0;

	for (size_t i = 0; i < all->n; i++)
		if (all->v[i].words >= words)
			all->v[n++] = all->v[i];
	all->n = n;
}

static int
merge(struct names *q, struct crm_err *err)
{
	int r = CRM_OK;

	q->all.n = 0;
	for (size_t i = 0; i < q->n && r == CRM_OK; i++) {
		settle(&q->list[i]);
		r = join(&q->all, &q->list[i], err);
	}
	return r;
}

/* How many have all words. */
static size_t
whole(const struct names *q)
{
	size_t n = 0;

	for (size_t i = 0; i < q->all.n; i++)
		n += q->all.v[i].words == q->n;
	return n;
}

/* Is there a letter in it?  In digits alone every near number is another. */
static bool
has_letter(struct crm_str word)
{
	for (size_t i = 0; i < word.n; i++)
		if (word.p[i] < '0' || word.p[i] > '9')
			return true;
	return false;
}

static int
read_lists(struct names *q, struct crm_err *err)
{
	bool letters = false, wrong;
	int r = CRM_OK;

	for (size_t i = 0; i < q->n && r == CRM_OK; i++) {
		letters |= has_letter(q->word[i]);
		r = read_beginnings(q, q->word[i], &q->list[i], err);
	}
	if (r == CRM_OK)
		r = merge(q, err);
	if (r < 0)
		return r;
	if (whole(q) == 0 || q->f->opt->near) {
		for (size_t i = 0; i < q->n && r == CRM_OK; i++) {
			wrong = crm_near_init(&q->near[i], q->word[i]) &&
				has_letter(q->word[i]);
			if (wrong)
				r = read_near(q, i, err);
			else
				q->near[i].n = 0;
		}
		if (r == CRM_OK)
			r = merge(q, err);
	}
	if (r == CRM_OK && (whole(q) > 0 || !letters))
		keep(&q->all, q->n);
	else if (r == CRM_OK)
		keep(&q->all, q->n > 1 ? q->n - 1 : 1);
	return r;
}

/* ---- the best of them ---- */

struct best {
	struct hit hit;
	int64_t last;
};

/* The kind of match by its worst word. */
static enum crm_how
how_of(unsigned least, bool all)
{
	static const enum crm_how how[] = {
	    CRM_HOW_PART, CRM_HOW_TYPO, CRM_HOW_BEGINNING, CRM_HOW_NAME};

	return all ? how[least] : CRM_HOW_PART;
}

static int
by_best(const void *a, const void *b)
{
	const struct best *x = a, *y = b;

	if (x->hit.words != y->hit.words)
		return x->hit.words > y->hit.words ? -1 : 1;
	if (x->hit.least != y->hit.least)
		return x->hit.least > y->hit.least ? -1 : 1;
	if (x->hit.quality != y->hit.quality)
		return x->hit.quality > y->hit.quality ? -1 : 1;
	if (x->last != y->last)
		return x->last > y->last ? -1 : 1;
	return x->hit.number < y->hit.number ? -1 : 1;
}

static int
by_found(const void *a, const void *b)
{
	const struct crm_found *x = a, *y = b;

	if (x->how != y->how)
		return x->how < y->how ? -1 : 1;
	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	if (x->last != y->last)
		return x->last > y->last ? -1 : 1;
	return x->number < y->number ? -1 : 1;
}

/* Of too many, those who match no worse than others, and of these the last. */
static void
thin(struct names *q)
{
	struct hits *h = &q->all;
	unsigned best = 0;
	size_t n = 0;

	if (h->n <= MOST)
		return;
	q->f->more = true;
	for (size_t i = 0; i < h->n; i++)
		if (h->v[i].quality > best)
			best = h->v[i].quality;
	for (size_t i = 0; i < h->n; i++)
		if (h->v[i].quality == best)
			h->v[n++] = h->v[i];
	h->n = n;
	if (n > MOST) {
		memmove(h->v, h->v + (n - MOST), MOST * sizeof *h->v);
		h->n = MOST;
	}
}

/* The words of a record's names as the index has them. */
static int
record_words(const struct crm_record *rec, struct crm_buf *out, size_t *named,
    struct crm_err *err)
{
	const struct crm_kind *k = rec->kind;
	int r = CRM_OK;

	*named = 0;
	crm_buf_clear(out);
	for (size_t i = 0; i < k->nfields && r == CRM_OK; i++) {
		if (!(k->fields[i].flags & CRM_F_WORDS) ||
		    rec->v[i].type != CRM_T_TEXT)
			continue;
		if (*named == 0) { /* of the name alone, without tails */
			r = crm_text_words(rec->v[i].s, false, out, err);
			for (size_t p = 0; r == CRM_OK && p < out->n; p++)
				*named += out->p[p] == '\0';
			crm_buf_clear(out);
		}
		if (r == CRM_OK)
			r = crm_text_words(rec->v[i].s, true, out, err);
	}
	return r;
}

/*
 * What a record is worth: of each word its share of the word that has it, and
 * a little less for each word of the name that was not said.
 */
static void
judge(
    struct names *q, struct crm_str words, size_t named, struct crm_found *out)
{
	unsigned least = 3, sum = 0, have = 0;

	for (size_t i = 0; i < q->n; i++) {
		unsigned best = 0, quality = 0;
		struct crm_str rest = words, w;

		while (rest.n > 0) {
			unsigned m, points = 0;

			crm_str_split(&rest, '\0', &w);
			m = crm_near_match(&q->near[i], q->word[i], w);
			if (m == 3)
				points = 100;
			else if (m == 2)
				points =
				    70 + (unsigned)(25 * q->word[i].n / w.n);
			else if (m == 1)
				points = 60;
			if (points > best) {
				best = points;
				quality = m;
			}
		}
		sum += best;
		have += best > 0;
		if (quality < least && best > 0)
			least = quality;
	}
	out->how = how_of(least, have == q->n);
	out->score = sum / (unsigned)q->n;
	if (have < q->n && have + 1 < q->n)
		out->score = 0;
	if (have == 0)
		out->score = 0;
	if (named > q->n) {
		unsigned missed =
		    named - q->n > 9 ? 9 : (unsigned)(named - q->n);

		out->score -= out->score * missed * 2 / 100;
	}
}

static int
read_best(struct names *q, const struct best *b, size_t n,
    struct crm_found *found, size_t *nfound, struct crm_err *err)
{
	const struct crm_kind *k = &q->f->schema->kind[CRM_K_CUSTOMER];
	struct crm_want want = {{0}, 0};
	struct crm_arena arena = {0};
	struct crm_record *rec;
	struct crm_buf words = {0};
	size_t named = 0;
	int r = CRM_OK;

	for (size_t i = 0; i < k->nfields; i++)
		if (k->fields[i].flags & CRM_F_WORDS)
			crm_want_field(&want, (int)i);
	rec = crm_record_new(k, &arena);
	if (rec == NULL)
		r = crm_err_nomem(err);
	*nfound = 0;
	for (size_t i = 0; i < n && r == CRM_OK; i++) {
		struct crm_found *x = &found[*nfound];

		r = crm_record_read(
		    q->f->txn, k, b[i].hit.number, &want, rec, err);
		if (r == CRM_NOTFOUND) {
			r = CRM_OK;
			continue;
		}
		if (r == CRM_OK)
			r = record_words(rec, &words, &named, err);
		if (r < 0)
			break;
		*x = (struct crm_found){
		    .number = b[i].hit.number, .last = b[i].last};
		judge(q, crm_buf_str(&words), named, x);
		*nfound += x->score > 0;
	}
	crm_buf_release(&words);
	crm_arena_release(&arena);
	return r;
}

static int
choose(struct names *q, struct crm_err *err)
{
	struct crm_finding *f = q->f;
	size_t most = 4 * f->opt->limit + 64, n, i;
	struct crm_found *found = NULL;
	struct crm_tally y;
	struct best *b;
	int r = CRM_OK;

	thin(q);
	n = q->all.n;
	b = calloc(n + 1, sizeof *b);
	if (b == NULL)
		return crm_err_nomem(err);
	for (i = 0; i < n && r == CRM_OK; i++) {
		r = crm_tally_read(f->txn, q->all.v[i].number, &y, err);
		b[i] = (struct best){q->all.v[i], y.last};
	}
	qsort(b, n, sizeof *b, by_best);
	if (n > most) {
		n = most;
		f->more = true;
	}
	if (r == CRM_OK)
		found = calloc(n + 1, sizeof *found);
	if (r == CRM_OK && found == NULL)
		r = crm_err_nomem(err);
	if (r == CRM_OK)
		r = read_best(q, b, n, found, &n, err);
	if (r == CRM_OK) {
		qsort(found, n, sizeof *found, by_found);
		if (n > f->opt->limit) {
			n = f->opt->limit;
			f->more = true;
		}
		memcpy(f->out, found, n * sizeof *found);
		f->n = n;
	}
	free(found);
	free(b);
	return r;
}

int
crm_find_names(struct crm_finding *f, struct crm_str text, struct crm_err *err)
{
	struct names *q = calloc(1, sizeof *q);
	struct crm_str rest;
	int r;

	if (q == NULL)
		return crm_err_nomem(err);
	q->f = f;
	r = crm_text_words(text, false, &q->text, err);
	rest = crm_buf_str(&q->text);
	while (r == CRM_OK && rest.n > 0 && q->n < WORDS)
		crm_str_split(&rest, '\0', &q->word[q->n++]);
	if (r == CRM_OK && q->n > 0)
		r = read_lists(q, err);
	if (r == CRM_OK && q->all.n > 0)
		r = choose(q, err);
	f->more |= q->common > 0 && f->n > 0;
	for (size_t i = 0; i < q->n; i++)
		free(q->list[i].v);
	free(q->all.v);
	crm_buf_release(&q->text);
	free(q);
	return r;
}
