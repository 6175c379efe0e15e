/*
 * taste.c - what a customer wants next, from their habits and from what goes
 * with them; and how well that would have done.
 *
 * Habits come first: in shops where people buy the same again a customer's
 * own frequencies, later trips counting more, are hard to beat (Hu et al.
 * 2020).  Most customers have few trips, and most products are not bought
 * again: so a habit is drawn to how often the product is, without which
 * whoever bought one toaster would be sold another.  What goes with what they
 * buy ranks what they never bought (Linden, Smith, York 2003).
 */
#include <stdlib.h>

#include <crm/suggest.h>

enum { NEAR = 50, PRIOR = 10, PRIOR_ALL = 20 };
#define DECAY 0.9

struct crm_taste {
	const struct crm_trips *t;
	const struct crm_pairs *pairs;
	struct crm_taste_options opt;
	struct crm_pair *near; /* NEAR of each product */
	uint32_t *nnear; /* UINT32_MAX: not looked up */
	double *rate; /* by product: how often it is bought again */
	uint32_t *popular; /* the most frequent first */
	size_t npopular;
	/* by product, while one customer is looked at */
	double *own, *since, *weight, *with, *most;
	uint32_t *bought, *because, *together;
	int64_t *last;
	uint32_t *met; /* those to be cleared */
	size_t nmet;
	bool *seen;
};

/*
 * How often a product is bought again: over all customers the trips with it
 * after the first of theirs, of all trips after that; drawn to the mean of
 * all products by PRIOR_ALL trips' worth.
 */
static int
learn_rates(struct crm_taste *x)
{
	const struct crm_trips *t = x->t;
	size_t n = t->b.nitems;
	uint64_t *again = calloc(n + 1, sizeof *again);
	uint64_t *chances = calloc(n + 1, sizeof *chances);
	uint64_t all = 0, of = 0;
	double mean;

	if (!again || !chances) {
		free(again);
		free(chances);
		return CRM_ENOMEM;
	}
	for (size_t c = 0; c < t->ncustomers; c++) {
		uint32_t end = t->first[c + 1];

		/* seen: bought by this customer before */
		for (uint32_t i = t->first[c]; i < end; i++)
			for (uint32_t j = t->b.start[i]; j < t->b.start[i + 1];
			     j++) {
				uint32_t item = t->b.item[j];

				if (x->seen[item]) {
					again[item]++;
					continue;
				}
				x->seen[item] = true;
				x->met[x->nmet++] = item;
				chances[item] += end - i - 1;
			}
		while (x->nmet > 0)
			x->seen[x->met[--x->nmet]] = false;
	}
	for (size_t i = 0; i < n; i++) {
		all += again[i];
		of += chances[i];
	}
	mean = of ? (double)all / (double)of : 0;
	for (size_t i = 0; i < n; i++)
		x->rate[i] = ((double)again[i] + PRIOR_ALL * mean) /
			     ((double)chances[i] + PRIOR_ALL);
	free(again);
	free(chances);
	return CRM_OK;
}

struct counted {
	uint32_t item, count;
};

static int
by_count(const void *a, const void *b)
{
	const struct counted *x = a, *y = b;

	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return x->item < y->item ? -1 : x->item > y->item;
}

static int
rank_popular(struct crm_taste *x)
{
	uint32_t n = x->t->b.nitems;
	struct counted *v = malloc(((size_t)n + 1) * sizeof *v);

	if (!v)
		return CRM_ENOMEM;
	for (uint32_t i = 0; i < n; i++)
		v[i] = (struct counted){i, crm_pairs_count(x->pairs, i)};
	qsort(v, n, sizeof *v, by_count);
	for (uint32_t i = 0; i < n && v[i].count > 0; i++)
		x->popular[x->npopular++] = v[i].item;
	free(v);
	return CRM_OK;
}

int
crm_taste_open(struct crm_taste **out, const struct crm_trips *t,
    const struct crm_pairs *pairs, const struct crm_taste_options *opt,
    struct crm_err *err)
{
	struct crm_taste *x = calloc(1, sizeof *x);
	size_t n = (size_t)t->b.nitems + 1;

	*out = NULL;
	if (!x)
		return crm_err_nomem(err);
	x->t = t;
	x->pairs = pairs;
	x->opt = *opt;
	x->near = malloc(n * NEAR * sizeof *x->near);
	x->nnear = malloc(n * sizeof *x->nnear);
	x->rate = calloc(n, sizeof *x->rate);
	x->popular = malloc(n * sizeof *x->popular);
	x->own = calloc(n, sizeof *x->own);
	x->since = calloc(n, sizeof *x->since);
	x->weight = calloc(n, sizeof *x->weight);
	x->with = calloc(n, sizeof *x->with);
	x->most = calloc(n, sizeof *x->most);
	x->bought = calloc(n, sizeof *x->bought);
	x->because = calloc(n, sizeof *x->because);
	x->together = calloc(n, sizeof *x->together);
	x->last = calloc(n, sizeof *x->last);
	x->met = malloc(n * sizeof *x->met);
	x->seen = calloc(n, sizeof *x->seen);
	if (!x->near || !x->nnear || !x->rate || !x->popular || !x->own ||
	    !x->since || !x->weight || !x->with || !x->most || !x->bought ||
	    !x->because || !x->together || !x->last || !x->met || !x->seen) {
		crm_taste_close(x);
		return crm_err_nomem(err);
	}
	for (size_t i = 0; i < n; i++)
		x->nnear[i] = UINT32_MAX;
	if (learn_rates(x) < 0 || rank_popular(x) < 0) {
		crm_taste_close(x);
		return crm_err_nomem(err);
	}
	*out = x;
	return CRM_OK;
}

void
crm_taste_close(struct crm_taste *x)
{
	if (!x)
		return;
	free(x->near);
	free(x->nnear);
	free(x->rate);
	free(x->popular);
	free(x->own);
	free(x->since);
	free(x->weight);
	free(x->with);
	free(x->most);
	free(x->bought);
	free(x->because);
	free(x->together);
	free(x->last);
	free(x->met);
	free(x->seen);
	free(x);
}

static void
meet(struct crm_taste *x, uint32_t item)
{
	if (x->seen[item])
		return;
	x->seen[item] = true;
	x->met[x->nmet++] = item;
	x->own[item] = x->since[item] = x->with[item] = x->most[item] = 0;
	x->bought[item] = x->together[item] = 0;
	x->because[item] = UINT32_MAX;
	x->last[item] = INT64_MIN;
}

/* own, since, bought, last of the products of a customer: weights of the trips
 * with them, and of all trips since the first with them; the first is none. */
static void
look_back(struct crm_taste *x, uint32_t customer)
{
	const struct crm_trips *t = x->t;
	double weight = 1, sum = 0;

	for (uint32_t i = t->first[customer + 1]; i > t->first[customer]; i--) {
		for (uint32_t j = t->b.start[i - 1]; j < t->b.start[i]; j++) {
			uint32_t item = t->b.item[j];

			meet(x, item);
			x->own[item] += weight;
			x->since[item] = sum;
			x->weight[item] = weight;
			if (x->bought[item]++ == 0)
				x->last[item] = t->time[i - 1];
		}
		sum += weight;
		weight *= DECAY;
	}
}

/* The neighbours of the products met that are not known yet. */
static int
look_up(struct crm_taste *x, size_t n, struct crm_err *err)
{
	struct crm_pairs_options opt = {.by = CRM_PAIRS_LLR,
	    .top = NEAR,
	    .min = x->opt.min ? x->opt.min : 1,
	    .threads = 1};
	int code = CRM_OK;

	for (size_t i = 0; code == CRM_OK && i < n; i++) {
		uint32_t item = x->met[i];

		if (x->nnear[item] == UINT32_MAX)
			code = crm_pairs_top(x->pairs, &item, 1, &opt,
			    x->near + (size_t)item * NEAR, &x->nnear[item],
			    err);
	}
	return code;
}

/* What goes with what they bought. */
static void
look_around(struct crm_taste *x, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += x->own[x->met[i]];
	for (size_t i = 0; i < n; i++) {
		uint32_t p = x->met[i];
		const struct crm_pair *near = x->near + (size_t)p * NEAR;
		double orders = (double)crm_pairs_count(x->pairs, p);

		for (uint32_t k = 0; k < x->nnear[p]; k++) {
			uint32_t q = near[k].item;
			double part =
			    x->own[p] / sum * (double)near[k].together / orders;

			meet(x, q);
			x->with[q] += part;
			if (part > x->most[q]) {
				x->most[q] = part;
				x->because[q] = p;
				x->together[q] = near[k].together;
			}
		}
	}
}

static bool
better(const struct crm_wish *a, const struct crm_wish *b)
{
	if (a->score != b->score)
		return a->score > b->score;
	return a->item < b->item;
}

static int
keep(struct crm_wishes *out, size_t top, const struct crm_wish *w,
    struct crm_err *err)
{
	size_t at = out->n;

	if (at == top) {
		if (top == 0 || !better(w, &out->v[at - 1]))
			return CRM_OK;
		at--;
	} else {
		if (!crm_grow(&out->v, &out->cap, out->n, sizeof *out->v))
			return crm_err_nomem(err);
		out->n++;
	}
	for (; at > 0 && better(w, &out->v[at - 1]); at--)
		out->v[at] = out->v[at - 1];
	out->v[at] = *w;
	return CRM_OK;
}

static struct crm_wish
wish(const struct crm_taste *x, uint32_t q)
{
	struct crm_wish w = {
	    .item = q, .last = INT64_MIN, .because = UINT32_MAX};
	double n = (double)x->t->b.n;

	w.orders = crm_pairs_count(x->pairs, q);
	if (x->seen[q]) {
		w.with = x->with[q];
		w.bought = x->bought[q];
		w.last = x->last[q];
		w.because = x->because[q];
		w.together = x->together[q];
	}
	if (w.bought > 0)
		w.again = (x->own[q] - x->weight[q] + PRIOR * x->rate[q]) /
			  (x->since[q] + PRIOR);
	w.score = w.bought > 0 ? w.again : (double)w.orders / n;
	w.score += w.with / 2;
	return w;
}

static bool
fits(const struct crm_taste *x, const struct crm_wish *w)
{
	if (x->opt.allowed && !x->opt.allowed[w->item])
		return false;
	return x->opt.bought == 0 || (x->opt.bought > 0) == (w->bought > 0);
}

int
crm_taste_of(struct crm_taste *x, uint32_t customer, size_t top,
    struct crm_wishes *out, struct crm_err *err)
{
	size_t n;
	int code;

	out->n = 0;
	x->nmet = 0;
	look_back(x, customer);
	n = x->nmet;
	out->trips = x->t->first[customer + 1] - x->t->first[customer];
	out->items = (uint32_t)n;
	code = look_up(x, n, err);
	if (code == CRM_OK)
		look_around(x, n);
	for (size_t i = 0; code == CRM_OK && i < x->nmet; i++) {
		struct crm_wish w = wish(x, x->met[i]);

		if (fits(x, &w))
			code = keep(out, top, &w, err);
	}
	/* The most popular of the rest: top of them are more than enough. */
	for (size_t i = 0, k = 0;
	     code == CRM_OK && x->opt.fill && i < x->npopular && k < top; i++) {
		struct crm_wish w = {0};

		if (x->seen[x->popular[i]])
			continue;
		w = wish(x, x->popular[i]);
		if (!fits(x, &w))
			continue;
		code = keep(out, top, &w, err);
		k++;
	}
	for (size_t i = 0; i < x->nmet; i++)
		x->seen[x->met[i]] = false;
	return code;
}

void
crm_wishes_release(struct crm_wishes *w)
{
	free(w->v);
	*w = (struct crm_wishes){0};
}

/* ---- how well it would have done ---- */

struct trial {
	struct crm_trial *out;
	const struct crm_trips *all;
	struct crm_trips before;
	const struct crm_taste_options *opt;
	size_t k;
	const struct crm_taste *taste;
	bool *test, *known; /* by product */
	uint32_t *list;
	double *gain; /* 1 / log2(place + 1) */
};

static bool
suits(const struct trial *r, uint32_t item)
{
	if (r->opt->allowed && !r->opt->allowed[item])
		return false;
	return r->opt->bought == 0 || (r->opt->bought > 0) == r->known[item];
}

static void
mark(struct trial *r, uint32_t c, bool yes)
{
	const struct crm_trips *t = &r->before;

	for (uint32_t i = t->first[c]; i < t->first[c + 1]; i++)
		for (uint32_t j = t->b.start[i]; j < t->b.start[i + 1]; j++)
			r->known[t->b.item[j]] = yes;
}

static size_t
list_popular(struct trial *r)
{
	const struct crm_taste *x = r->taste;
	size_t n = 0;

	for (size_t i = 0; i < x->npopular && n < r->k; i++)
		if (suits(r, x->popular[i]))
			r->list[n++] = x->popular[i];
	return n;
}

static size_t
list_repeat(struct trial *r, uint32_t c)
{
	const struct crm_trips *t = &r->before;
	size_t n = 0;

	for (uint32_t i = t->first[c + 1]; i > t->first[c]; i--)
		for (uint32_t j = t->b.start[i - 1]; j < t->b.start[i]; j++) {
			size_t at = 0;

			while (at < n && r->list[at] != t->b.item[j])
				at++;
			if (at < n || !suits(r, t->b.item[j]))
				continue;
			if (n == r->k)
				return n;
			r->list[n++] = t->b.item[j];
		}
	return n;
}

static void
judge(struct trial *r, enum crm_method m, size_t n, size_t wanted)
{
	double got = 0, best = 0;
	bool hit = false;

	for (size_t i = 0; i < n; i++)
		if (r->test[r->list[i]]) {
			hit = true;
			r->out->found[m]++;
			got += r->gain[i];
		}
	for (size_t i = 0; i < r->k && i < wanted; i++)
		best += r->gain[i];
	r->out->hits[m] += hit;
	r->out->ndcg[m] += got / best;
}

/* The basket that is to be told: the first from the split on. */
static int
try_customer(struct trial *r, struct crm_taste *taste, uint32_t c,
    struct crm_wishes *w, struct crm_err *err)
{
	const struct crm_trips *t = r->all;
	uint32_t had = r->before.first[c + 1] - r->before.first[c];
	uint32_t i = t->first[c] + had;
	size_t wanted = 0;
	int code = CRM_OK;

	if (i == t->first[c + 1])
		return CRM_OK;
	if (had == 0) {
		r->out->none++;
		return CRM_OK;
	}
	mark(r, c, true);
	for (uint32_t j = t->b.start[i]; j < t->b.start[i + 1]; j++)
		if (suits(r, t->b.item[j])) {
			r->test[t->b.item[j]] = true;
			wanted++;
		}
	if (wanted > 0) {
		r->out->customers++;
		r->out->wanted += wanted;
		code = crm_taste_of(taste, c, r->k, w, err);
		for (size_t k = 0; k < w->n; k++)
			r->list[k] = w->v[k].item;
		judge(r, CRM_METHOD_TASTE, w->n, wanted);
		judge(r, CRM_METHOD_POPULAR, list_popular(r), wanted);
		judge(r, CRM_METHOD_REPEAT, list_repeat(r, c), wanted);
	}
	for (uint32_t j = t->b.start[i]; j < t->b.start[i + 1]; j++)
		r->test[t->b.item[j]] = false;
	mark(r, c, false);
	return code;
}

int
crm_taste_try(struct crm_trial *out, const struct crm_trips *t, int64_t split,
    size_t k, const struct crm_taste_options *opt, struct crm_err *err)
{
	struct trial r = {.out = out, .all = t, .opt = opt, .k = k};
	size_t n = (size_t)t->b.nitems + 1;
	struct crm_pairs *pairs = NULL;
	struct crm_taste *taste = NULL;
	struct crm_wishes w = {0};
	int code = crm_trips_before(&r.before, t, split, err);

	*out = (struct crm_trial){0};
	r.test = calloc(n, sizeof *r.test);
	r.known = calloc(n, sizeof *r.known);
	r.list = malloc((k + 1) * sizeof *r.list);
	r.gain = malloc((k + 1) * sizeof *r.gain);
	if (code == CRM_OK && (!r.test || !r.known || !r.list || !r.gain))
		code = crm_err_nomem(err);
	for (size_t i = 0; code == CRM_OK && i < k; i++)
		r.gain[i] = crm_log(2) / crm_log((double)i + 2);
	if (code == CRM_OK)
		code = crm_pairs_open(&pairs, &r.before.b, 1, err);
	if (code == CRM_OK)
		code = crm_taste_open(&taste, &r.before, pairs, opt, err);
	r.taste = taste;
	for (uint32_t c = 0; code == CRM_OK && c < t->ncustomers; c++)
		code = try_customer(&r, taste, c, &w, err);
	crm_wishes_release(&w);
	crm_taste_close(taste);
	crm_pairs_close(pairs);
	crm_trips_release(&r.before);
	free(r.test);
	free(r.known);
	free(r.list);
	free(r.gain);
	return code;
}
