/*
 * find_names.c - customers by the words of a name.
 *
 * For each word of the query the index gives the customers who have it, or a
 * word that begins so (find_lists.c); only when nobody has all words it is
 * asked for words with a letter wrong, and only when that finds nobody, for
 * all words but one.  Where one word is rare, its few bearers are looked at
 * and the long lists of the other words are not read.  The index only says
 * where to look: score and kind of match are made from the record's own
 * names, so an entry that should not be there finds nobody.
 *
 * A common name has more bearers than can be looked at: of many equally good
 * ones those who bought last go first, and of more than CRM_NAMING_HITS those
 * who came last are looked at.  Figures are read only of those who match well enough
 * to be among the best.
 */
#include <stdlib.h>

#include <crm/ledger.h>
#include <crm/utf8.h>

#include "finding.h"

enum {
	RARE = 128, /* of a word so few have, others' lists are not needed */
	FEW = 64, /* nor is a walk over the index for another word */
	FIRST =
	    4096, /* read at first of the word that is rarest as it stands */
	EACH = 24, /* entries of a list that are read while a record is */
	RANK_STEP = 3 * CRM_NAMING_WORDS + 1,
	RANKS = 4 * (CRM_NAMING_WORDS + 1) * RANK_STEP
};

struct names {
	struct crm_finding *f;
	size_t enough; /* of more hits the others cannot be among the best */
	bool namesakes; /* to be compared, not shown */
	bool verified; /* the hits: nobody else can be one */
	struct crm_buf text; /* folded words, NULs between */
	struct crm_naming q;
	const struct crm_kind *kind;
	struct crm_want want; /* the fields with words */
	struct crm_arena arena;
	struct crm_record *rec;
	struct crm_buf words; /* of rec */
	size_t named; /* how many of them are the name's, without tails */
};

/* ---- a record's words ---- */

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

/* Reads the words of a customer; CRM_NOTFOUND. */
static int
read_words(struct names *q, uint64_t number, struct crm_err *err)
{
	int r =
	    crm_record_read(q->f->txn, q->kind, number, &q->want, q->rec, err);

	return r == CRM_OK ? record_words(q->rec, &q->words, &q->named, err)
			   : r;
}

/* How well the words of the record have word i of the query. */
static unsigned
points_of(struct names *q, size_t i, unsigned *quality)
{
	struct crm_str rest = crm_buf_str(&q->words), w, word = q->q.word[i];
	unsigned best = 0;

	*quality = 0;
	while (rest.n > 0) {
		unsigned m, points = 0;

		crm_str_split(&rest, '\0', &w);
		m = crm_near_match(&q->q.near[i], word, w);
		if (m == 3)
			points = 100;
		else if (m == 2)
			points = 70 + (unsigned)(25 * word.n / w.n);
		else if (m == 1)
			points = 60;
		if (points > best) {
			best = points;
			*quality = m;
		}
	}
	return best;
}

/* ---- who has the words ---- */

/* Of the few in one list, those who have so many of the words, by their
 * records. */
static int
verify(struct names *q, size_t few, size_t words, struct crm_err *err)
{
	struct crm_naming_list *l = &q->q.list[few];
	int r = crm_naming_settle(l, err);
	unsigned quality;

	crm_naming_none(&q->q);
	for (size_t i = 0; r == CRM_OK && i < l->n; i++) {
		struct crm_hit h = {.number = l->v[i] >> 2, .least = 3};

		r = read_words(q, h.number, err);
		if (r == CRM_NOTFOUND) {
			r = CRM_OK;
			continue;
		}
		for (size_t j = 0; r == CRM_OK && j < q->q.n; j++) {
			if (points_of(q, j, &quality) == 0)
				continue;
			h.words++;
			h.quality += (uint8_t)quality;
			if (quality < h.least)
				h.least = (uint8_t)quality;
		}
		if (r == CRM_OK && h.words >= words)
			r = crm_naming_hit(&q->q, &h, err);
	}
	q->verified = true;
	return r;
}

/* How many of a word's are read, where `few` (n: none) is another. */
static size_t
worth(const struct names *q, size_t few)
{
	return few < q->q.n ? RARE + EACH * q->q.list[few].n : SIZE_MAX;
}

/* Those who have all words, from lists of at most max; from `few`, a short one
 * (n: there is none), when another is longer. */
static int
find_all(struct names *q, bool near, size_t few, struct crm_err *err)
{
	size_t max = worth(q, few);
	bool all = true;
	int r = CRM_OK;

	for (size_t i = 0; i < q->q.n && all && r == CRM_OK; i++) {
		r = crm_naming_read(&q->q, i, near, max, err);
		all = r == CRM_OK;
	}
	if (r == CRM_NO)
		return verify(q, few, q->q.n, err);
	return r == CRM_OK ? crm_naming_meet(&q->q, err) : r;
}

/* Those who have all words as they stand, or words that begin so. */
static int
find_whole(struct names *q, struct crm_err *err)
{
	size_t n = q->q.n, few = n;
	int r = CRM_OK;

	for (size_t i = 0; i < n && (r == CRM_OK || r == CRM_NO); i++) {
		r = crm_naming_read(&q->q, i, false, RARE, err);
		if (r == CRM_OK &&
		    (few == n || q->q.list[i].n < q->q.list[few].n))
			few = i;
		if (r == CRM_OK && q->q.list[i].n == 0)
			return CRM_OK; /* nobody has all words */
	}
	return r < 0 && r != CRM_NO ? r : find_all(q, false, few, err);
}

/* Are there so many hits of a quality that worse ones do not matter? */
static bool
are_enough(const struct names *q, unsigned quality)
{
	size_t n = 0;

	for (size_t i = 0; i < q->q.nhit; i++)
		n += q->q.hit[i].quality >= quality;
	return n > q->enough;
}

/* The word that fewest have as it stands; *n: how many, as far as RARE. */
static int
rarest(struct names *q, size_t *out, size_t *n, struct crm_err *err)
{
	int r = CRM_OK;

	*n = SIZE_MAX;
	for (size_t i = 0; i < q->q.n && (r == CRM_OK || r == CRM_NO); i++) {
		size_t have;

		r = crm_naming_read(&q->q, i, false, RARE, err);
		have = r == CRM_OK ? q->q.list[i].n : RARE;
		if (have < *n) {
			*n = have;
			*out = i;
		}
	}
	return r == CRM_NO ? CRM_OK : r;
}

/*
 * Those who have all words, with a letter wrong, too.  A walk over the index
 * costs more than all else, so the rarest word goes first: mostly it is the
 * one that is wrong, and the few near it, or those who have the others as
 * they stand, say who it is.
 */
static int
find_near(struct names *q, struct crm_err *err)
{
	size_t n = q->q.n, few = n, first = 0, have;
	int r = rarest(q, &first, &have, err);

	for (size_t k = 0; k < n && (r == CRM_OK || r == CRM_NO); k++) {
		size_t i = (first + k) % n, max = RARE;

		if (k == 0)
			max = n > 1 ? FIRST : SIZE_MAX;
		else if (k + 1 == n) /* it is needed if it is not rare, too */
			max = worth(q, few);
		r = crm_naming_read(&q->q, i, true, max, err);
		if (r != CRM_OK || (k > 0 && q->q.list[i].n >= RARE))
			continue;
		if (q->q.list[i].n == 0)
			return CRM_OK; /* nobody has all words */
		if (few == n || q->q.list[i].n < q->q.list[few].n)
			few = i;
		if (n > 1 && q->q.list[i].n <= FEW)
			return verify(q, i, n, err);
		if (n == 1 || k > 0 || have > 0)
			continue;
		/* Nobody has this one as it stands, so that whoever has
		 * another with a letter wrong has two and comes last. */
		r = find_all(q, false, few, err);
		if (r < 0 || q->verified ||
		    are_enough(q, (unsigned)(3 * n - 3)))
			return r;
	}
	return r < 0 && r != CRM_NO ? r : find_all(q, true, few, err);
}

/* Where nobody has one of the words, who is to have all but one has the word
 * that fewest of the others have; n: everybody has some. */
static size_t
without(const struct names *q)
{
	size_t few = q->q.n;
	bool none = false;

	for (size_t i = 0; i < q->q.n; i++) {
		const struct crm_naming_list *l = &q->q.list[i];

		if (l->neared && l->n == 0)
			none = true;
		else if (few == q->q.n || l->n < q->q.list[few].n)
			few = i;
	}
	return none ? few : q->q.n;
}

/* Those who have all words but one; near: with a letter wrong, too. */
static int
join(struct names *q, bool near, struct crm_err *err)
{
	int r = CRM_OK;

	for (size_t i = 0; i < q->q.n && r == CRM_OK; i++)
		r = crm_naming_read(&q->q, i, near, SIZE_MAX, err);
	return r == CRM_OK ? crm_naming_join(&q->q, q->q.n - 1, err) : r;
}

static int
find_part(struct names *q, struct crm_err *err)
{
	size_t n = q->q.n, few;
	int r = join(q, false, err);

	if (r < 0 || are_enough(q, (unsigned)(3 * n - 4)))
		return r;
	few = n > 2 ? without(q) : n;
	if (few < n) {
		r = crm_naming_read(&q->q, few, true, SIZE_MAX, err);
		if (r < 0 || q->q.list[few].n <= FEW)
			return r < 0 ? r : verify(q, few, n - 1, err);
	}
	return join(q, true, err);
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
find_hits(struct names *q, struct crm_err *err)
{
	bool letters = false, letter;
	int r = CRM_OK;

	if (!q->f->opt->near || q->namesakes)
		r = find_whole(q, err);
	if (r < 0 || (q->namesakes ? q->q.nhit >= q->enough : q->q.nhit > 0))
		return r;
	if (q->namesakes && q->q.n > 2) {
		/* one whose other name is wrong, left out, or was not known
		 * is among those who have all but one as they stand */
		r = join(q, false, err);
		if (r < 0 || are_enough(q, (unsigned)(3 * q->q.n - 4)))
			return r;
	}
	for (size_t i = 0; i < q->q.n; i++) {
		letter = has_letter(q->q.word[i]);
		letters |= letter;
		if (!crm_near_init(&q->q.near[i], q->q.word[i]) || !letter)
			q->q.near[i].n = 0;
	}
	r = find_near(q, err);
	if (r < 0 || q->q.nhit > 0 || !letters || q->q.n == 1)
		return r;
	return find_part(q, err);
}

/* ---- the best of them ---- */

/* The kind of match by its worst word. */
static enum crm_how
how_of(unsigned least, bool all)
{
	static const enum crm_how how[] = {
	    CRM_HOW_PART, CRM_HOW_TYPO, CRM_HOW_BEGINNING, CRM_HOW_NAME};

	return all ? how[least] : CRM_HOW_PART;
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

/*
 * What a record is worth: of each word its share of the word that has it, and
 * a little less for each word of the name that was not said.
 */
static void
judge(struct names *q, struct crm_found *out)
{
	unsigned least = 3, sum = 0, have = 0, n = (unsigned)q->q.n;

	for (size_t i = 0; i < n; i++) {
		unsigned quality, points = points_of(q, i, &quality);

		sum += points;
		have += points > 0;
		if (quality < least && points > 0)
			least = quality;
	}
	out->how = how_of(least, have == n);
	out->score = have > 0 && have + 1 >= n ? sum / n : 0;
	if (q->named > n) {
		unsigned missed =
		    q->named - n > 9 ? 9 : (unsigned)(q->named - n);

		out->score -= out->score * missed * 2 / 100;
	}
}

struct best {
	uint64_t number;
	int64_t last;
	unsigned rank;
};

/* Of hits, what says which is better before any figures are read. */
static unsigned
rank_of(const struct crm_hit *h)
{
	return (h->words * 4U + h->least) * RANK_STEP + h->quality;
}

static int
by_best(const void *a, const void *b)
{
	const struct best *x = a, *y = b;

	if (x->rank != y->rank)
		return x->rank > y->rank ? -1 : 1;
	if (x->last != y->last)
		return x->last > y->last ? -1 : 1;
	return x->number < y->number ? -1 : 1;
}

/* The rank below which nobody can be among the first `most`. */
static unsigned
lowest_rank(const struct crm_naming *a, size_t most)
{
	size_t count[RANKS] = {0}, n = 0;
	unsigned rank = RANKS;

	for (size_t i = 0; i < a->nhit; i++)
		count[rank_of(&a->hit[i])]++;
	while (rank > 0 && n < most)
		n += count[--rank];
	return rank;
}

/* The best `most` of the hits, in order, as far as figures tell. */
static int
rank_hits(struct names *q, size_t most, struct best *b, size_t *n,
    struct crm_err *err)
{
	unsigned lowest = lowest_rank(&q->q, most);
	struct crm_tally y;
	int r = CRM_OK;

	*n = 0;
	for (size_t i = 0; i < q->q.nhit && r == CRM_OK; i++) {
		const struct crm_hit *h = &q->q.hit[i];

		if (rank_of(h) < lowest)
			continue;
		r = crm_tally_read(q->f->txn, h->number, &y, err);
		b[(*n)++] = (struct best){h->number, y.last, rank_of(h)};
	}
	qsort(b, *n, sizeof *b, by_best);
	if (q->q.nhit > most)
		q->f->more = true;
	if (*n > most)
		*n = most;
	return r;
}

/* Reads the names of the n best, and judges by them. */
static int
read_best(struct names *q, const struct best *b, size_t n,
    struct crm_found *found, size_t *nfound, struct crm_err *err)
{
	int r = CRM_OK;

	*nfound = 0;
	for (size_t i = 0; i < n && r == CRM_OK; i++) {
		struct crm_found *x = &found[*nfound];

		r = read_words(q, b[i].number, err);
		if (r == CRM_NOTFOUND) {
			r = CRM_OK;
			continue;
		}
		if (r < 0)
			break;
		*x = (struct crm_found){
		    .number = b[i].number, .last = b[i].last};
		judge(q, x);
		*nfound += x->score > 0;
	}
	return r;
}

/* How many of the hits are looked at, to show the best. */
static size_t
best_of(const struct crm_find_options *opt)
{
	return 4 * opt->limit + 64;
}

static int
choose(struct names *q, struct crm_err *err)
{
	struct crm_finding *f = q->f;
	size_t most = best_of(f->opt), n;
	struct crm_found *found;
	struct best *b;
	int r = CRM_OK;

	crm_naming_thin(&q->q);
	f->more |= q->q.many;
	b = calloc(q->q.nhit + 1, sizeof *b);
	found = calloc(most, sizeof *found);
	if (b == NULL || found == NULL)
		r = crm_err_nomem(err);
	if (r == CRM_OK)
		r = rank_hits(q, most, b, &n, err);
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

/* Instead of the best: those to compare with, no more than there is room for.
 * Of equally good ones the last who came. */
static void
take(struct names *q, uint64_t *out, size_t room, size_t *n)
{
	unsigned lowest;
	size_t above = 0;

	crm_naming_thin(&q->q);
	lowest = lowest_rank(&q->q, room);
	for (size_t i = 0; i < q->q.nhit; i++)
		above += rank_of(&q->q.hit[i]) > lowest;
	*n = 0;
	for (size_t i = q->q.nhit; i-- > 0;) {
		const struct crm_hit *h = &q->q.hit[i];
		bool better = rank_of(h) > lowest;

		if (better || (rank_of(h) == lowest && room > above)) {
			out[(*n)++] = h->number;
			room -= !better;
		}
	}
}

/* The words of a text, and who has them. */
static int
names_open(struct names *q, struct crm_finding *f, struct crm_str text,
    struct crm_err *err)
{
	const struct crm_kind *k = &f->schema->kind[CRM_K_CUSTOMER];
	struct crm_str rest;
	int r;

	q->f = f;
	q->kind = k;
	q->q.txn = f->txn;
	for (size_t i = 0; i < k->nfields; i++)
		if (k->fields[i].flags & CRM_F_WORDS)
			crm_want_field(&q->want, (int)i);
	q->rec = crm_record_new(k, &q->arena);
	r = q->rec ? CRM_OK : crm_err_nomem(err);
	if (r == CRM_OK)
		r = crm_text_words(text, false, &q->text, err);
	rest = crm_buf_str(&q->text);
	while (r == CRM_OK && rest.n > 0 && q->q.n < CRM_NAMING_WORDS)
		crm_str_split(&rest, '\0', &q->q.word[q->q.n++]);
	return r == CRM_OK && q->q.n > 0 ? find_hits(q, err) : r;
}

static void
names_close(struct names *q)
{
	crm_naming_release(&q->q);
	crm_buf_release(&q->words);
	crm_buf_release(&q->text);
	crm_arena_release(&q->arena);
	free(q);
}

int
crm_find_names(struct crm_finding *f, struct crm_str text, struct crm_err *err)
{
	struct names *q = calloc(1, sizeof *q);
	int r;

	if (q == NULL)
		return crm_err_nomem(err);
	q->enough = best_of(f->opt);
	r = names_open(q, f, text, err);
	if (r == CRM_OK && q->q.nhit > 0)
		r = choose(q, err);
	f->more |= q->q.cut && f->n > 0;
	names_close(q);
	return r;
}

int
crm_find_namesakes(struct crm_txn *t, const struct crm_schema *s,
    struct crm_str text, size_t enough, uint64_t *out, size_t max, size_t *n,
    struct crm_err *err)
{
	const struct crm_find_options opt = {.limit = max, .near = true};
	struct crm_finding f = {.txn = t, .schema = s, .opt = &opt};
	struct names *q = calloc(1, sizeof *q);
	int r;

	*n = 0;
	if (q == NULL)
		return crm_err_nomem(err);
	q->namesakes = true;
	q->enough = enough;
	r = names_open(q, &f, text, err);
	if (r == CRM_OK)
		take(q, out, max, n);
	names_close(q);
	return r;
}
