/*
 * find_lists.c - the customers who have the words of a query.
 *
 * The index has a word's customers in the order of their numbers, one word's
 * behind the other's; so a list is a few ascending runs, which are merged
 * rather than sorted.  Who has all words is found from the shortest list on,
 * by steps that double through the longer ones (Bentley and Yao 1976).
 */
#include <stdlib.h>

#include "finding.h"

enum {
	MOST_EXACT = 200000, /* entries of a word that are read */
	MOST_OTHER = 40000, /* of those that only begin so, or are near */
	BLOCK = 8,
	BATCH = 128
};

/* ---- reading ---- */

struct reading {
	struct crm_naming *q;
	struct crm_naming_list *l;
	size_t max, other;
};

/* Some of one word; CRM_NO: enough. */
static int
put(void *ctx, const uint64_t *number, size_t n, unsigned quality,
    struct crm_err *err)
{
	struct reading *r = ctx;
	struct crm_naming_list *l = r->l;

	size_t room = l->n < r->max ? r->max - l->n : 0, left, take = n;

	left = l->n < MOST_EXACT ? MOST_EXACT - l->n : 0;
	if (r->other >= MOST_OTHER)
		left = 0;
	else if (quality < 3 && left > MOST_OTHER - r->other)
		left = MOST_OTHER - r->other;
	if (take > room)
		take = room;
	if (take > left)
		take = left;
	if (!crm_grow(&l->v, &l->cap, l->n + take, sizeof *l->v))
		return crm_err_nomem(err);
	for (size_t i = 0; i < take; i++)
		l->v[l->n + i] = number[i] << 2 | (3 - quality);
	l->n += take;
	r->other += quality < 3 ? take : 0;
	r->q->cut |= take < n && take < room;
	return take < n ? CRM_NO : CRM_OK;
}

/* Those who have the word or one that begins so. */
static int
read_beginnings(struct reading *x, struct crm_str word, struct crm_err *err)
{
	struct crm_buf key = {.max = CRM_KEY_MAX};
	struct crm_cursor *cur = NULL;
	struct crm_str k, tail, prefix;
	uint64_t number[BATCH];
	size_t n;
	int r;

	crm_word_key(&key, CRM_K_CUSTOMER, word, 0);
	r = crm_buf_check(&key, err);
	prefix = (struct crm_str){key.p, key.n - 1};
	if (r == CRM_OK)
		r = crm_cursor_open(x->q->txn, CRM_TAB_INDEX, &cur, err);
	if (r == CRM_OK)
		r = crm_cursor_hop(cur, prefix, &k, err);
	while (
	    r == CRM_OK && crm_str_starts(k, prefix) && k.n >= prefix.n + 9) {
		tail = (struct crm_str){k.p + k.n - 8, 8};
		crm_take_be(&tail, 8, number);
		r = crm_cursor_numbers(cur, number + 1, BATCH - 1, &n, err);
		if (r == CRM_OK)
			r = put(
			    x, number, n + 1, k.n == prefix.n + 9 ? 3 : 2, err);
		if (r == CRM_OK)
			r = crm_cursor_step(cur, &k, err);
	}
	crm_cursor_close(cur);
	crm_buf_release(&key);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

int
crm_naming_read(
    struct crm_naming *q, size_t i, bool near, size_t max, struct crm_err *err)
{
	struct crm_naming_list *l = &q->list[i];
	struct reading x = {.q = q, .l = l, .max = max};
	int r = CRM_OK;

	near &= q->near[i].n > 0;
	if (l->begun && (l->neared || !near))
		return CRM_OK;
	if ((l->begun && l->n >= max) || (near && l->least >= max))
		return CRM_NO;
	if (!l->begun) {
		r = read_beginnings(&x, q->word[i], err);
		l->settled = false;
	}
	if ((r == CRM_OK || r == CRM_NO) && l->n < max)
		l->begun = true;
	if (l->begun && near && !l->neared) {
		x.other = 0;
		r = crm_near_walk(q->txn, &q->near[i], q->word[i],
		    CRM_NEAR_WRONG, put, &x, err);
		l->settled = false;
		l->neared = l->n < max;
	}
	if (r < 0 && r != CRM_NO)
		return r;
	if (l->begun && (l->neared || !near))
		return CRM_OK;
	if (near)
		l->least = l->n;
	l->n = 0;
	l->begun = l->neared = false;
	return CRM_NO;
}

/* ---- order ---- */

/* The end of the run that begins at i. */
static size_t
run_end(const uint64_t *v, size_t i, size_t n)
{
	while (++i < n && v[i - 1] <= v[i])
		;
	return i;
}

/* Merges v and w.  Mostly a long run and a short one: what stands together is
 * moved so. */
static void
merge_runs(
    const uint64_t *v, size_t n, const uint64_t *w, size_t m, uint64_t *to)
{
	const uint64_t *vend = v + n, *wend = w + m;

	while (v < vend && w < wend) {
		if (vend - v >= BLOCK && v[BLOCK - 1] <= *w) {
			memcpy(to, v, BLOCK * sizeof *v);
			to += BLOCK;
			v += BLOCK;
		} else if (wend - w >= BLOCK && w[BLOCK - 1] < *v) {
			memcpy(to, w, BLOCK * sizeof *w);
			to += BLOCK;
			w += BLOCK;
		} else
			*to++ = *w < *v ? *w++ : *v++;
	}
	memcpy(to, v, (size_t)(vend - v) * sizeof *v);
	to += vend - v;
	memcpy(to, w, (size_t)(wend - w) * sizeof *w);
}

/* Merges the runs of v two by two until there is one; in v or in w, which is as
 * large. */
static uint64_t *
merge_all(uint64_t *v, uint64_t *w, size_t n)
{
	size_t i, mid, end;

	while (run_end(v, 0, n) < n) {
		uint64_t *t = v;

		for (i = 0; i < n; i = end) {
			mid = run_end(v, i, n);
			end = mid < n ? run_end(v, mid, n) : mid;
			merge_runs(v + i, mid - i, v + mid, end - mid, w + i);
		}
		v = w;
		w = t;
	}
	return v;
}

/* The longest run of a list, mostly of the word as it stands. */
static void
longest_run(const struct crm_naming_list *l, size_t *from, size_t *end)
{
	size_t to;

	*from = *end = 0;
	for (size_t i = 0; i < l->n; i = to) {
		to = run_end(l->v, i, l->n);
		if (to - i > *end - *from) {
			*from = i;
			*end = to;
		}
	}
}

/* Puts a list in order: the many short runs by themselves, then the longest,
 * which is moved once. */
static int
order(struct crm_naming_list *l, struct crm_err *err)
{
	size_t from, end, rest;
	uint64_t *out, *v;

	longest_run(l, &from, &end);
	rest = l->n - (end - from);
	if (rest == 0)
		return CRM_OK;
	/* the result, the others, room to merge them in */
	out = malloc((l->n + 2 * rest) * sizeof *out);
	if (out == NULL)
		return crm_err_nomem(err);
	v = out + l->n;
	memcpy(v, l->v, from * sizeof *v);
	memcpy(v + from, l->v + end, (l->n - end) * sizeof *v);
	v = merge_all(v, v + rest, rest);
	merge_runs(l->v + from, end - from, v, rest, out);
	free(l->v);
	l->v = out;
	l->cap = l->n;
	return CRM_OK;
}

int
crm_naming_settle(struct crm_naming_list *l, struct crm_err *err)
{
	size_t n = 0;
	int r;

	if (l->settled)
		return CRM_OK;
	r = order(l, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < l->n; i++)
		if (n == 0 || l->v[n - 1] >> 2 != l->v[i] >> 2)
			l->v[n++] = l->v[i];
	l->n = n;
	l->settled = true;
	return CRM_OK;
}

static int
settle_all(struct crm_naming *q, struct crm_err *err)
{
	int r = CRM_OK;

	for (size_t i = 0; i < q->n && r == CRM_OK; i++)
		r = crm_naming_settle(&q->list[i], err);
	crm_naming_none(q);
	return r;
}

/* ---- hits ---- */

void
crm_naming_none(struct crm_naming *q)
{
	q->nhit = 0;
	q->best = 0;
	q->many = false;
}

void
crm_naming_thin(struct crm_naming *q)
{
	size_t n = 0;

	if (q->nhit <= CRM_NAMING_HITS && !q->many)
		return;
	q->many = true;
	for (size_t i = 0; i < q->nhit; i++)
		if (q->hit[i].quality == q->best)
			q->hit[n++] = q->hit[i];
	q->nhit = n;
	if (n > CRM_NAMING_HITS) {
		q->nhit = CRM_NAMING_HITS;
		memmove(q->hit, q->hit + (n - q->nhit),
		    CRM_NAMING_HITS * sizeof *q->hit);
	}
}

int
crm_naming_hit(
    struct crm_naming *q, const struct crm_hit *h, struct crm_err *err)
{
	if (q->many && h->quality < q->best)
		return CRM_OK;
	if (q->nhit == q->caphit &&
	    !crm_grow(&q->hit, &q->caphit, q->nhit, sizeof *q->hit))
		return crm_err_nomem(err);
	if (h->quality > q->best)
		q->best = h->quality;
	q->hit[q->nhit++] = *h;
	if (q->nhit == 2 * (size_t)CRM_NAMING_HITS) /* will be thinned anyway */
		crm_naming_thin(q);
	return CRM_OK;
}

static void
also(struct crm_hit *h, uint64_t entry)
{
	uint8_t quality = (uint8_t)(3 - (entry & 3));

	h->quality += quality;
	h->words++;
	if (h->words == 1 || quality < h->least)
		h->least = quality;
}

/* The first place at or behind *at whose number is not below; the one that is
 * looked for is mostly near. */
static bool
advance(const struct crm_naming_list *l, size_t *at, uint64_t number)
{
	size_t lo = *at, step = 1, hi;

	for (size_t n = 0; n < BLOCK && lo < l->n; n++, lo++)
		if (l->v[lo] >> 2 >= number) {
			*at = lo;
			return l->v[lo] >> 2 == number;
		}
	hi = lo;
	while (hi < l->n && l->v[hi] >> 2 < number) {
		lo = hi + 1;
		hi += step;
		step *= 2;
	}
	if (hi > l->n)
		hi = l->n;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (l->v[mid] >> 2 < number)
			lo = mid + 1;
		else
			hi = mid;
	}
	*at = lo;
	return lo < l->n && l->v[lo] >> 2 == number;
}

int
crm_naming_meet(struct crm_naming *q, struct crm_err *err)
{
	size_t at[CRM_NAMING_WORDS] = {0}, least = 0;
	int r = settle_all(q, err);

	for (size_t i = 1; i < q->n; i++)
		if (q->list[i].n < q->list[least].n)
			least = i;
	for (size_t i = 0; r == CRM_OK && i < q->list[least].n; i++) {
		uint64_t entry = q->list[least].v[i];
		struct crm_hit h = {.number = entry >> 2};
		bool all = true;

		for (size_t j = 0; j < q->n && all; j++)
			all = j == least ||
			      advance(&q->list[j], &at[j], h.number);
		for (size_t j = 0; j < q->n && all; j++)
			also(&h, j == least ? entry : q->list[j].v[at[j]]);
		if (all)
			r = crm_naming_hit(q, &h, err);
	}
	return r;
}

/* The number at a place of a list; behind its end one that none has. */
static uint64_t
number_at(const struct crm_naming_list *l, size_t at)
{
	return at < l->n ? l->v[at] >> 2 : UINT64_MAX;
}

/* Goes past a number in all lists that have it. */
static int
join_one(struct crm_naming *q, uint64_t number, size_t words, size_t *at,
    uint64_t *next, struct crm_err *err)
{
	struct crm_hit h = {.number = number};

	for (size_t j = 0; j < q->n; j++) {
		if (next[j] != number)
			continue;
		also(&h, q->list[j].v[at[j]]);
		next[j] = number_at(&q->list[j], ++at[j]);
	}
	return h.words >= words ? crm_naming_hit(q, &h, err) : CRM_OK;
}

int
crm_naming_join(struct crm_naming *q, size_t words, struct crm_err *err)
{
	size_t at[CRM_NAMING_WORDS] = {0};
	uint64_t next[CRM_NAMING_WORDS];
	int r = settle_all(q, err);

	for (size_t j = 0; j < q->n && r == CRM_OK; j++)
		next[j] = number_at(&q->list[j], 0);
	while (r == CRM_OK) {
		uint64_t least = UINT64_MAX;
		size_t have = 0, one = 0;

		for (size_t j = 0; j < q->n; j++) {
			if (next[j] < least) {
				least = next[j];
				have = 0;
				one = j;
			}
			have += next[j] == least;
		}
		if (least == UINT64_MAX)
			break;
		if (have == 1 && words > 1) { /* as most are */
			next[one] = number_at(&q->list[one], ++at[one]);
			continue;
		}
		r = join_one(q, least, words, at, next, err);
	}
	return r;
}

void
crm_naming_release(struct crm_naming *q)
{
	for (size_t i = 0; i < q->n; i++)
		free(q->list[i].v);
	free(q->hit);
}
