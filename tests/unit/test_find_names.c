/*
 * Customers by words of their names: what the lists of the index give is what
 * looking at every customer gives, with words that a few and that very many
 * have, cut off and with letters wrong.
 */
#include "unit/tmpstore.h"

#include <crm/hash.h>
#include <crm/ledger.h>
#include <crm/match.h>

enum {
	PEOPLE = 12000,
	WORDS = 150,
	OF_NAME = 3,
	HITS = 4096, /* whose figures are read */
	LIMIT = 200
};

static char word[WORDS][10];
static struct {
	unsigned n;
	uint8_t word[OF_NAME];
	int64_t last;
} people[PEOPLE];

static void
make_people(struct crm_rand *rnd)
{
	for (unsigned i = 0; i < WORDS; i++) {
		size_t n = 2 + crm_rand_below(rnd, 7);

		for (size_t j = 0; j < n; j++)
			word[i][j] = (char)('a' + crm_rand_below(rnd, 5));
	}
	for (unsigned i = 0; i < PEOPLE; i++) {
		people[i].n = 1 + (unsigned)crm_rand_below(rnd, OF_NAME);
		for (unsigned j = 0; j < people[i].n; j++) {
			double u = crm_rand_unit(rnd);

			/* the first has half of all names */
			people[i].word[j] =
			    (uint8_t)(u < .5 ? 0 : WORDS * u * u * u * u);
		}
		people[i].last = crm_rand_below(rnd, 4) == 0
				     ? INT64_MIN
				     : (int64_t)crm_rand_below(rnd, 5000);
	}
}

static int
put(struct crm_txn *t, unsigned table, struct crm_str key, struct crm_buf *v)
{
	int r;

	crm_seal(table, key, v);
	r = crm_put(t, table, key, crm_buf_str(v), 0, NULL);
	crm_buf_clear(v);
	return r;
}

static int
put_one(struct crm_txn *t, unsigned i, struct crm_record *rec)
{
	struct crm_buf v = {0}, name = {0}, key = {0};
	char number[8];
	int r = CRM_OK;

	for (unsigned j = 0; j < people[i].n && r == CRM_OK; j++) {
		crm_buf_puts(&name, j ? " " : "");
		crm_buf_puts(&name, word[people[i].word[j]]);
		crm_buf_clear(&key);
		crm_word_key(&key, CRM_K_CUSTOMER,
		    crm_str(word[people[i].word[j]]), i + 1);
		r = put(t, CRM_TAB_INDEX, crm_buf_str(&key), &v);
	}
	*crm_record_at(rec, "name") = crm_value_text(crm_buf_str(&name));
	rec->id = i + 1;
	crm_record_encode(rec, &v);
	crm_number_key(i + 1, number);
	if (r == CRM_OK)
		r = put(t, CRM_TAB_KIND + CRM_K_CUSTOMER,
		    crm_number_key(i + 1, number), &v);
	crm_buf_release(&v);
	crm_buf_release(&name);
	crm_buf_release(&key);
	return r;
}

static int
put_figures(struct crm_txn *t)
{
	struct crm_tally_block x = {0};
	struct crm_buf v = {0};
	char number[8];
	int r = CRM_OK;

	for (unsigned i = 0; i < PEOPLE && r == CRM_OK; i++) {
		unsigned at = i % CRM_TALLY_RANGE;

		if (at == 0)
			x = (struct crm_tally_block){.first = i + 1};
		x.live |= 1U << at;
		x.y[at] = (struct crm_tally){
		    .orders = 1, .first = 0, .last = people[i].last};
		if (people[i].last != INT64_MIN)
			x.have |= 1U << at;
		if (at + 1 < CRM_TALLY_RANGE && i + 1 < PEOPLE)
			continue;
		crm_tally_block_put(&x, &v);
		r = put(t, CRM_TAB_TALLY, crm_number_key(x.first, number), &v);
	}
	crm_buf_release(&v);
	return r;
}

static int
put_people(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	const struct crm_schema *s;
	struct crm_arena a = {0};
	struct crm_record *rec;
	int r = crm_store_schema(crm_txn_store(t), &s, err);

	(void)ctx;
	rec = crm_record_new(&s->kind[CRM_K_CUSTOMER], &a);
	for (unsigned i = 0; i < PEOPLE && r == CRM_OK; i++)
		r = put_one(t, i, rec);
	crm_arena_release(&a);
	return r == CRM_OK ? put_figures(t) : r;
}

/* ---- every customer looked at ---- */

struct seen {
	struct crm_found found;
	unsigned words, least, quality;
};
static struct seen seen[PEOPLE];
static size_t nseen;

struct query {
	char text[64];
	unsigned n;
	uint8_t match[OF_NAME][WORDS]; /* of each word of the query */
	uint8_t points[OF_NAME][WORDS];
};

static void
match_words(struct query *q, bool near)
{
	struct crm_str rest = crm_str(q->text), w;

	for (q->n = 0; crm_str_split(&rest, ' ', &w); q->n++) {
		struct crm_near a;

		if (!near || !crm_near_init(&a, w))
			a.n = 0;
		for (unsigned i = 0; i < WORDS; i++) {
			unsigned m = crm_near_match(&a, w, crm_str(word[i]));

			q->match[q->n][i] = (uint8_t)m;
			q->points[q->n][i] =
			    (uint8_t)(m == 3   ? 100
				      : m == 2 ? 70 + 25 * w.n / strlen(word[i])
				      : m == 1 ? 60
					       : 0);
		}
	}
}

static void
look_at(const struct query *q, unsigned i, unsigned words)
{
	static const enum crm_how how[] = {
	    CRM_HOW_PART, CRM_HOW_TYPO, CRM_HOW_BEGINNING, CRM_HOW_NAME};
	struct seen x = {.least = 3};
	unsigned sum = 0, missed;

	for (unsigned j = 0; j < q->n; j++) {
		unsigned m = 0, points = 0;

		for (unsigned k = 0; k < people[i].n; k++) {
			unsigned w = people[i].word[k];

			m = q->match[j][w] > m ? q->match[j][w] : m;
			points =
			    q->points[j][w] > points ? q->points[j][w] : points;
		}
		x.words += m > 0;
		x.quality += m;
		x.least = m > 0 && m < x.least ? m : x.least;
		sum += points;
	}
	if (x.words < words)
		return;
	missed = people[i].n > q->n ? people[i].n - q->n : 0;
	x.found.number = i + 1;
	x.found.last = people[i].last;
	x.found.how = x.words == q->n ? how[x.least] : CRM_HOW_PART;
	x.found.score = sum / q->n;
	x.found.score -= x.found.score * missed * 2 / 100;
	seen[nseen++] = x;
}

static size_t
look(struct query *q, bool near, unsigned missing)
{
	match_words(q, near);
	nseen = 0;
	for (unsigned i = 0; i < PEOPLE && missing < q->n; i++)
		look_at(q, i, q->n - missing);
	return nseen;
}

static void
thin(void)
{
	unsigned best = 0;
	size_t n = 0;

	if (nseen <= HITS)
		return;
	for (size_t i = 0; i < nseen; i++)
		best = seen[i].quality > best ? seen[i].quality : best;
	for (size_t i = 0; i < nseen; i++)
		if (seen[i].quality == best)
			seen[n++] = seen[i];
	nseen = n;
	if (n > HITS) {
		memmove(seen, seen + (n - HITS), HITS * sizeof *seen);
		nseen = HITS;
	}
}

static int
latest(const struct crm_found *x, const struct crm_found *y)
{
	if (x->last != y->last)
		return x->last > y->last ? -1 : 1;
	return x->number < y->number ? -1 : 1;
}

static int
by_match(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;

	if (x->words != y->words)
		return x->words > y->words ? -1 : 1;
	if (x->least != y->least)
		return x->least > y->least ? -1 : 1;
	if (x->quality != y->quality)
		return x->quality > y->quality ? -1 : 1;
	return latest(&x->found, &y->found);
}

static int
by_found(const void *a, const void *b)
{
	const struct crm_found *x = &((const struct seen *)a)->found;
	const struct crm_found *y = &((const struct seen *)b)->found;

	if (x->how != y->how)
		return x->how < y->how ? -1 : 1;
	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	return latest(x, y);
}

static void
expect(struct query *q, const struct crm_find_options *opt)
{
	size_t most = 4 * opt->limit + 64;

	if ((opt->near || look(q, false, 0) == 0) && look(q, true, 0) == 0)
		look(q, true, 1);
	thin();
	qsort(seen, nseen, sizeof *seen, by_match);
	nseen = nseen < most ? nseen : most;
	qsort(seen, nseen, sizeof *seen, by_found);
	nseen = nseen < opt->limit ? nseen : opt->limit;
}

/* ---- */

/* One to three words, as they are, cut off, or with a letter wrong. */
static void
ask(struct crm_rand *rnd, struct query *q)
{
	unsigned n = 1 + (unsigned)crm_rand_below(rnd, OF_NAME);
	char *p = q->text;

	for (unsigned j = 0; j < n; j++) {
		double u = crm_rand_unit(rnd);
		const char *w = word[(unsigned)(WORDS * u * u * u)];
		size_t len = strlen(w);

		if (j > 0)
			*p++ = ' ';
		memcpy(p, w, len);
		switch (crm_rand_below(rnd, 6)) {
		case 0:
			len = 1 + crm_rand_below(rnd, len);
			break;
		case 1:
		case 2:
			p[crm_rand_below(rnd, len)] =
			    (char)('a' + crm_rand_below(rnd, 7));
			break;
		}
		p += len;
	}
	*p = '\0';
}

static void
lists_find_who_looking_at_everybody_finds(void **state)
{
	static struct crm_found found[LIMIT];
	static struct query q;
	size_t kinds[CRM_HOW_PART + 1] = {0}, many = 0;
	const struct crm_schema *schema;
	struct tmpstore folder;
	struct crm_store *s;
	struct crm_rand rnd;
	struct crm_txn *t;
	struct crm_err err = {0};

	(void)state;
	crm_rand_seed(&rnd, 7);
	make_people(&rnd);
	tmpstore_make(&folder);
	s = tmpstore_open(&folder, true);
	assert_int_equal(
	    crm_txn_run(s, CRM_WRITE, put_people, NULL, &err), CRM_OK);
	assert_int_equal(crm_store_schema(s, &schema, &err), CRM_OK);
	assert_int_equal(crm_txn_begin(s, &t, &err), CRM_OK);
	for (unsigned round = 0; round < 250; round++) {
		struct crm_find_options opt = {
		    .limit = round % 3 ? 10 : LIMIT, .near = round % 5 == 0};
		bool more;
		size_t n;

		ask(&rnd, &q);
		expect(&q, &opt);
		if (crm_find(t, schema, crm_str(q.text), &opt, found, &n, &more,
			&err) < 0)
			fail_msg("'%s': %s", q.text, err.text);
		if (n != nseen)
			fail_msg("'%s': %zu, not %zu", q.text, n, nseen);
		many += more;
		for (size_t i = 0; i < n; i++) {
			const struct crm_found *x = &seen[i].found;

			kinds[x->how]++;
			if (found[i].number != x->number ||
			    found[i].how != x->how ||
			    found[i].score != x->score ||
			    found[i].last != x->last)
				fail_msg("'%s', %zu: %u by %d with %u, "
					 "not %u by %d with %u",
				    q.text, i, (unsigned)found[i].number,
				    (int)found[i].how, found[i].score,
				    (unsigned)x->number, (int)x->how, x->score);
		}
	}
	for (unsigned how = CRM_HOW_NAME; how <= CRM_HOW_PART; how++)
		if (kinds[how] < 100)
			fail_msg("only %zu of kind %u", kinds[how], how);
	assert_true(many > 50);
	crm_txn_end(t);
	crm_store_close(s);
	tmpstore_remove(&folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lists_find_who_looking_at_everybody_finds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
