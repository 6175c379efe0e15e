/*
 * pairs.c - pairs of items in baskets, item by item.
 *
 * Each item's count of the others is one array of counters, small enough for
 * the cache; what costs time is the way to the baskets, which lie far from each
 * other.  Where baskets are small, as orders are, an item's list holds what was
 * beside it and no way is gone, in two bytes each where that does, as it is
 * written all over; else it holds its baskets, which are asked for some steps
 * ahead.  Lists are made by threads that have a share of the baskets each, and
 * counted by threads that take items from a common counter; all write into
 * places of their own: no result depends on who was first.
 */
#include <stdatomic.h>
#include <stdlib.h>

#include <crm/os.h>
#include <crm/pairs.h>

enum {
	AHEAD = 12,
	PORTION = 16,
	TABLE = 4096,
	SMALL = 1 << 12, /* baskets that one thread lists */
	NEAR = 4 /* items beside one, on the average, at most */
};

struct crm_pairs {
	const struct crm_baskets *b;
	uint32_t *count; /* baskets of an item */
	size_t *start; /* of an item's list */
	void *list; /* baskets with at least two items, or (near) items */
	bool near;
	bool narrow; /* items in two bytes each; else all have four */
	double *entropy; /* x log x of small x */
	double whole; /* of all baskets */
	double *has, *lacks; /* of an item's count, and of the rest */
};

static double
entropy_of(uint64_t x)
{
	return x > 0 ? (double)x * crm_log((double)x) : 0;
}

static double
entropy(const struct crm_pairs *p, uint64_t x)
{
	return x < TABLE ? p->entropy[x] : entropy_of(x);
}

/* ---- lists, by threads ---- */

/* Some of the baskets: what is counted in them, and where it goes. */
struct share {
	struct crm_pairs *p;
	size_t from, to;
	uint32_t *count; /* baskets of an item */
	size_t *at; /* the length of its list, then where that ends */
};

static void
count_share(void *arg)
{
	struct share *s = arg;
	const struct crm_baskets *b = s->p->b;

	for (size_t k = s->from; k < s->to; k++) {
		uint32_t size = b->start[k + 1] - b->start[k];
		uint32_t each = s->p->near ? size - 1 : size > 1;

		for (uint32_t j = b->start[k]; j < b->start[k + 1]; j++) {
			s->count[b->item[j]]++;
			s->at[b->item[j]] += each;
		}
	}
}

/* What is beside each item of a basket, behind what is in its list. */
static inline void
put_beside(
    void *list, const bool narrow, const uint32_t *item, uint32_t n, size_t *at)
{
	for (uint32_t j = 0; j < n; j++) {
		size_t to = at[item[j]];

		at[item[j]] = to + n - 1;
		for (uint32_t i = 0; i + 1 < n; i++) {
			uint32_t other = item[i + (i >= j)];

			if (narrow)
				((uint16_t *)list)[to + i] = (uint16_t)other;
			else
				((uint32_t *)list)[to + i] = other;
		}
	}
}

static void
fill_share(void *arg)
{
	struct share *s = arg;
	const struct crm_baskets *b = s->p->b;
	void *list = s->p->list;

	for (size_t k = s->from; k < s->to; k++) {
		const uint32_t *item = b->item + b->start[k];
		uint32_t n = b->start[k + 1] - b->start[k];

		if (n < 2)
			continue;
		if (!s->p->near)
			for (uint32_t j = 0; j < n; j++)
				((uint32_t *)list)[s->at[item[j]]++] =
				    (uint32_t)k;
		else if (s->p->narrow)
			put_beside(list, true, item, n, s->at);
		else
			put_beside(list, false, item, n, s->at);
	}
}

/* Lists one behind the other, in each the shares in their order. */
static void
place_shares(struct crm_pairs *p, struct share *s, unsigned n)
{
	size_t sum = 0;

	for (uint32_t i = 0; i < p->b->nitems; i++) {
		p->start[i] = sum;
		for (unsigned k = 0; k < n; k++) {
			size_t length = s[k].at[i];

			s[k].at[i] = sum;
			sum += length;
			p->count[i] += s[k].count[i];
		}
	}
	p->start[p->b->nitems] = sum;
}

static bool
fill(struct crm_pairs *p, unsigned threads)
{
	struct share s[CRM_THREADS] = {{0}};
	size_t many = (size_t)p->b->nitems + 1;
	unsigned n = threads < CRM_THREADS ? threads : CRM_THREADS;
	bool ok = true;

	if (n < 1 || p->b->n < SMALL)
		n = 1;
	for (unsigned i = 0; i < n; i++) {
		s[i] = (struct share){.p = p,
		    .from = p->b->n / n * i,
		    .to = i + 1 < n ? p->b->n / n * (i + 1) : p->b->n,
		    .count = calloc(many, sizeof *s[i].count),
		    .at = calloc(many, sizeof *s[i].at)};
		ok &= s[i].count && s[i].at;
	}
	if (ok) {
		crm_threads(count_share, s, sizeof *s, n);
		place_shares(p, s, n);
		p->list = crm_large_alloc(
		    (p->start[p->b->nitems] + 1) *
		    (p->narrow ? sizeof(uint16_t) : sizeof(uint32_t)));
		ok = p->list != NULL;
	}
	if (ok)
		crm_threads(fill_share, s, sizeof *s, n);
	for (unsigned i = 0; i < n; i++) {
		free(s[i].count);
		free(s[i].at);
	}
	return ok;
}

int
crm_pairs_open(struct crm_pairs **out, const struct crm_baskets *b,
    unsigned threads, struct crm_err *err)
{
	struct crm_pairs *p = calloc(1, sizeof *p);
	size_t many = (size_t)b->nitems + 1, n = 0;
	uint64_t beside = 0;

	*out = NULL;
	if (!p)
		return crm_err_nomem(err);
	p->b = b;
	p->count = calloc(many, sizeof *p->count);
	p->start = calloc(many, sizeof *p->start);
	p->has = malloc(many * sizeof *p->has);
	p->lacks = malloc(many * sizeof *p->lacks);
	p->entropy = malloc(TABLE * sizeof *p->entropy);
	for (size_t k = 0; k < b->n; k++) {
		uint64_t size = b->start[k + 1] - b->start[k];

		n += size > 1 ? size : 0;
		beside += size * (size - 1);
	}
	p->near = beside / NEAR <= n;
	p->narrow = p->near && b->nitems <= UINT16_MAX + 1;
	if (!p->count || !p->start || !p->has || !p->lacks || !p->entropy ||
	    !fill(p, threads)) {
		crm_pairs_close(p);
		return crm_err_nomem(err);
	}
	for (uint64_t i = 0; i < TABLE; i++)
		p->entropy[i] = entropy_of(i);
	p->whole = entropy_of(b->n);
	for (uint32_t i = 0; i < b->nitems; i++) {
		p->has[i] = entropy_of(p->count[i]);
		p->lacks[i] = entropy_of(b->n - p->count[i]);
	}
	*out = p;
	return CRM_OK;
}

void
crm_pairs_close(struct crm_pairs *p)
{
	if (!p)
		return;
	free(p->count);
	free(p->start);
	free(p->list);
	free(p->entropy);
	free(p->has);
	free(p->lacks);
	free(p);
}

uint32_t
crm_pairs_count(const struct crm_pairs *p, uint32_t item)
{
	return item < p->b->nitems ? p->count[item] : 0;
}

/* ---- the best of an item ---- */

struct job {
	const struct crm_pairs *p;
	const uint32_t *item;
	size_t n;
	const struct crm_pairs_options *opt;
	struct crm_pair *out;
	uint32_t *nout;
	atomic_size_t next;
};
struct worker {
	struct job *job;
	uint32_t *seen; /* how often, by item, past base */
	uint32_t base; /* no count of an item before this one is higher */
	uint32_t *met; /* the items that were often enough */
};

/* One more of an item that was met: is it often enough now? */
static inline bool
meet(struct worker *w, uint32_t other, uint32_t enough)
{
	uint32_t now = w->seen[other];

	now = (now > w->base ? now : w->base) + 1;
	w->seen[other] = now;
	return now == enough;
}

/*
 * The counts of an item begin where those of the one before may have ended, so
 * that none has to be set back.
 */
static uint32_t
count_others(struct worker *w, uint32_t item)
{
	const struct crm_pairs *p = w->job->p;
	const uint32_t *start = p->b->start, *items = p->b->item;
	const uint16_t *narrow = (const uint16_t *)p->list + p->start[item];
	const uint32_t *list = (const uint32_t *)p->list + p->start[item];
	size_t n = p->start[item + 1] - p->start[item];
	uint32_t enough = w->base + w->job->opt->min, k = 0;

	for (size_t i = 0; p->narrow && i < n; i++) {
		w->met[k] = narrow[i];
		k += meet(w, narrow[i], enough);
	}
	for (size_t i = 0; p->near && !p->narrow && i < n; i++) {
		w->met[k] = list[i];
		k += meet(w, list[i], enough);
	}
	for (size_t i = 0; !p->near && i < n; i++) {
		uint32_t from = start[list[i]], to = start[list[i] + 1];

		if (i + 2 * AHEAD < n)
			__builtin_prefetch(&start[list[i + 2 * AHEAD]]);
		if (i + AHEAD < n)
			__builtin_prefetch(&items[start[list[i + AHEAD]]]);
		for (uint32_t j = from; j < to; j++) {
			w->met[k] = items[j];
			k += meet(w, items[j], enough);
		}
	}
	return k;
}

/* The same operations as in crm_together_llr, so the same bits. */
static double
llr(const struct crm_pairs *p, uint32_t item, uint32_t other, uint64_t both)
{
	uint64_t n = p->b->n, a = p->count[item], b = p->count[other];
	double g = entropy(p, both) + entropy(p, a - both) +
		   entropy(p, b - both) + entropy_of(n - a - b + both) +
		   p->whole;

	g = 2 * (g - p->has[item] - p->lacks[item] - p->has[other] -
		    p->lacks[other]);
	return g > 0 ? g : 0;
}

static double
score(const struct job *j, uint32_t item, uint32_t other, uint64_t both)
{
	struct crm_together t = {.n = j->p->b->n,
	    .a = j->p->count[item],
	    .b = j->p->count[other],
	    .both = both};

	switch (j->opt->by) {
	case CRM_PAIRS_LIFT:
		return crm_together_lift(&t);
	case CRM_PAIRS_COSINE:
		return crm_together_cosine(&t);
	case CRM_PAIRS_TOGETHER:
		return (double)both;
	default:
		return llr(j->p, item, other, both);
	}
}

static bool
better(const struct crm_pair *x, const struct crm_pair *y)
{
	if (x->score != y->score)
		return x->score > y->score;
	if (x->together != y->together)
		return x->together > y->together;
	return x->item < y->item;
}

/* Puts a pair into the best so far, which are in order. */
static void
keep(struct crm_pair *best, uint32_t *n, uint32_t top, struct crm_pair pair)
{
	uint32_t at = *n;

	if (at == top) {
		if (!better(&pair, &best[at - 1]))
			return;
		at--;
	} else {
		(*n)++;
	}
	for (; at > 0 && better(&pair, &best[at - 1]); at--)
		best[at] = best[at - 1];
	best[at] = pair;
}

static void
do_item(struct worker *w, size_t i)
{
	const struct job *j = w->job;
	uint32_t item = j->item[i], top = j->opt->top, k, n = 0;
	struct crm_pair *best = j->out + i * top;
	uint64_t all = j->p->b->n, a = j->p->count[item];

	j->nout[i] = 0;
	if (j->opt->min > a)
		return;
	if (a >= UINT32_MAX - w->base) {
		memset(w->seen, 0, j->p->b->nitems * sizeof *w->seen);
		w->base = 0;
	}
	k = count_others(w, item);
	for (uint32_t m = 0; m < k; m++) {
		uint32_t other = w->met[m], both = w->seen[other] - w->base;
		uint64_t b = j->p->count[other];

		if (other == item ||
		    (double)both * (double)all <= (double)a * (double)b)
			continue;
		keep(best, &n, top,
		    (struct crm_pair){
			other, both, score(j, item, other, both)});
	}
	w->base += (uint32_t)a;
	j->nout[i] = n;
}

static void
work(void *arg)
{
	struct worker *w = arg;
	struct job *j = w->job;

	for (;;) {
		size_t from = atomic_fetch_add(&j->next, PORTION);
		size_t to = from + PORTION;

		if (from >= j->n)
			return;
		if (to > j->n)
			to = j->n;
		for (size_t i = from; i < to; i++)
			do_item(w, i);
	}
}

int
crm_pairs_top(const struct crm_pairs *p, const uint32_t *item, size_t n,
    const struct crm_pairs_options *opt, struct crm_pair *out, uint32_t *nout,
    struct crm_err *err)
{
	struct job j = {p, item, n, opt, out, nout, 0};
	struct worker w[CRM_THREADS] = {{0}};
	unsigned threads = opt->threads ? opt->threads : 1;
	int code = CRM_OK;

	if (threads > CRM_THREADS)
		threads = CRM_THREADS;
	if (n <= PORTION)
		threads = 1;
	for (unsigned i = 0; code == CRM_OK && i < threads; i++) {
		w[i].job = &j;
		w[i].seen = calloc((size_t)p->b->nitems + 1, sizeof(uint32_t));
		w[i].met =
		    malloc(((size_t)p->b->nitems + 1) * sizeof(uint32_t));
		if (!w[i].seen || !w[i].met)
			code = crm_err_nomem(err);
	}
	if (code == CRM_OK)
		crm_threads(work, w, sizeof *w, threads);
	for (unsigned i = 0; i < threads; i++) {
		free(w[i].seen);
		free(w[i].met);
	}
	return code;
}
