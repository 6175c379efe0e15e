/*
 * basket.c - baskets as arrays, shares of them, how much two items have to do
 * with each other.
 *
 * A threshold is compared as a decimal with whole counts, never as a double:
 * of 9,835 baskets .001 are 9.835, which 10 reach and 9 do not, and of 1,000
 * they are 1 exactly.  Figures are doubles of plain IEEE 754 operations in
 * a fixed order, the same everywhere.
 */
#include <math.h>
#include <stdlib.h>

#include <crm/basket.h>
#include <crm/os.h>
#include <crm/stats.h>

__extension__ typedef unsigned __int128 u128;

/* ---- baskets ---- */

static int
by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

void
crm_baskets_order(uint32_t *v, size_t n)
{
	if (n > 32) {
		qsort(v, n, sizeof *v, by_number);
		return;
	}
	for (size_t i = 1; i < n; i++) {
		uint32_t x = v[i];
		size_t at = i;

		for (; at > 0 && v[at - 1] > x; at--)
			v[at] = v[at - 1];
		v[at] = x;
	}
}

/* Rising, each once. */
static size_t
put_in_order(uint32_t *v, size_t n)
{
	size_t out = 0;

	crm_baskets_order(v, n);
	for (size_t i = 0; i < n; i++)
		if (out == 0 || v[out - 1] != v[i])
			v[out++] = v[i];
	return out;
}

bool
crm_baskets_room(struct crm_baskets *b, size_t items, size_t baskets)
{
	b->item = crm_large_alloc(items * sizeof *b->item);
	b->start = crm_large_alloc((baskets + 1) * sizeof *b->start);
	b->itemcap = items;
	b->cap = baskets + 1;
	return b->item && b->start;
}

int
crm_baskets_add(struct crm_baskets *b, uint32_t item, struct crm_err *err)
{
	if (item >= CRM_ITEM_MAX || b->ntaken >= UINT32_MAX)
		return crm_err_set(err, CRM_EDATA,
		    "there are more items than this program can number");
	if (!crm_grow(&b->item, &b->itemcap, b->ntaken, sizeof *b->item))
		return crm_err_nomem(err);
	b->item[b->ntaken++] = item;
	if (item >= b->nitems)
		b->nitems = item + 1;
	return CRM_OK;
}

int
crm_baskets_end(struct crm_baskets *b, struct crm_err *err)
{
	size_t from = b->n ? b->start[b->n] : 0;

	if (b->ntaken == from)
		return CRM_NO;
	if (!crm_grow(&b->start, &b->cap, b->n + 1, sizeof *b->start))
		return crm_err_nomem(err);
	b->ntaken = from + put_in_order(b->item + from, b->ntaken - from);
	b->start[0] = 0;
	b->start[++b->n] = (uint32_t)b->ntaken;
	return CRM_OK;
}

/* Lines that come basket after basket need not be dealt. */
static bool
in_order(const uint32_t *basket, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (basket[i] < basket[i - 1])
			return false;
	return true;
}

/* Where the lines of each basket end, and their items there. */
static int
deal(const uint32_t *basket, const uint32_t *item, size_t n, size_t nbaskets,
    uint32_t *at, uint32_t *to)
{
	uint32_t sum = 0;

	if (!at || !to)
		return CRM_ENOMEM;
	if (in_order(basket, n)) {
		for (size_t i = 0, k = 0; i < nbaskets; i++) {
			while (k < n && basket[k] == i)
				k++;
			at[i] = (uint32_t)k;
		}
		if (n > 0)
			memcpy(to, item, n * sizeof *to);
		return CRM_OK;
	}
	for (size_t i = 0; i < n; i++)
		at[basket[i]]++;
	for (size_t i = 0; i <= nbaskets; i++) {
		uint32_t count = at[i];

		at[i] = sum;
		sum += count;
	}
	for (size_t i = 0; i < n; i++)
		to[at[basket[i]]++] = item[i];
	return CRM_OK;
}

int
crm_baskets_gather(struct crm_baskets *b, const uint32_t *basket,
    const uint32_t *item, size_t n, size_t nbaskets, uint32_t *place,
    struct crm_err *err)
{
	uint32_t *end, *to;
	size_t from = 0, out = 0, used = 0;

	if (n >= UINT32_MAX || nbaskets >= UINT32_MAX)
		return crm_err_set(err, CRM_EDATA,
		    "there are more lines than this program can number");
	end = calloc(nbaskets + 1, sizeof *end);
	to = malloc((n + 1) * sizeof *to);
	if (deal(basket, item, n, nbaskets, end, to) < 0) {
		free(end);
		free(to);
		return crm_err_nomem(err);
	}
	for (size_t i = 0; i < n; i++)
		if (item[i] >= b->nitems)
			b->nitems = item[i] + 1;
	/* The ends move up as the baskets do. */
	for (size_t i = 0; i < nbaskets; i++) {
		size_t kept = put_in_order(to + from, end[i] - from);

		if (place)
			place[i] = kept ? (uint32_t)used : UINT32_MAX;
		memmove(to + out, to + from, kept * sizeof *to);
		from = end[i];
		out += kept;
		if (kept)
			end[used++] = (uint32_t)out;
	}
	memmove(end + 1, end, used * sizeof *end);
	end[0] = 0;
	free(b->item);
	free(b->start);
	b->item = to;
	b->start = end;
	b->n = used;
	b->cap = nbaskets + 1;
	b->ntaken = out;
	b->itemcap = n + 1;
	return CRM_OK;
}

struct joined {
	struct crm_baskets *to;
	const struct crm_baskets_part *from;
	size_t at, nth; /* where its items go, and its baskets */
};

static void
join(void *arg)
{
	struct joined *j = arg;
	const struct crm_baskets *b = &j->from->b;
	uint32_t *item = j->to->item + j->at, *start = j->to->start + j->nth;
	uint32_t at = 0;

	for (size_t i = 0; i < b->n; i++) {
		const uint32_t *from = b->item + b->start[i];
		uint32_t n = b->start[i + 1] - b->start[i];

		if (*from == UINT32_MAX)
			continue;
		for (uint32_t k = 0; k < n; k++)
			item[at + k] =
			    j->from->now ? j->from->now[from[k]] : from[k];
		crm_baskets_order(item + at, n);
		at += n;
		*++start = (uint32_t)j->at + at;
	}
}

int
crm_baskets_join(struct crm_baskets *out, const struct crm_baskets_part *part,
    unsigned n, uint32_t nitems, struct crm_err *err)
{
	struct joined j[CRM_THREADS];
	struct crm_baskets b = {.nitems = nitems};

	for (unsigned i = 0; i < n; i++) {
		j[i] = (struct joined){&b, &part[i], b.ntaken, b.n};
		b.ntaken += part[i].b.ntaken - part[i].ngone;
		b.n += part[i].b.n - part[i].gone;
	}
	if (b.ntaken >= UINT32_MAX || b.n >= UINT32_MAX)
		return crm_err_set(err, CRM_EDATA,
		    "there are more lines than this program can number");
	if (!crm_baskets_room(&b, b.ntaken, b.n)) {
		crm_baskets_release(&b);
		return crm_err_nomem(err);
	}
	b.start[0] = 0;
	crm_threads(join, j, sizeof *j, n);
	*out = b;
	return CRM_OK;
}

void
crm_baskets_release(struct crm_baskets *b)
{
	free(b->item);
	free(b->start);
	*b = (struct crm_baskets){0};
}

/* ---- shares ---- */

int
crm_share_parse(struct crm_str text, bool counts, struct crm_share *out,
    struct crm_err *err)
{
	bool percent = text.n > 0 && text.p[text.n - 1] == '%', whole = counts;
	struct crm_dec one = {1, 0};
	char number[64]; /* with a zero in front: people write .001 */
	size_t zero = text.n > 0 && text.p[0] == '.', n = text.n - percent;
	bool ok = n + zero <= sizeof number;

	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] < '0' || text.p[i] > '9')
			whole = false;
	number[0] = '0';
	if (ok && n > 0)
		memcpy(number + zero, text.p, n);
	ok = ok &&
	     crm_dec_parse((struct crm_str){number, n + zero}, &out->v) ==
		 CRM_OK &&
	     (!percent || out->v.scale + 2 <= CRM_SCALE_MAX);
	if (ok && percent) {
		out->v.scale = (uint8_t)(out->v.scale + 2);
		out->v = crm_dec_canon(out->v);
	}
	out->count = whole;
	if (ok && out->v.v > 0 && (whole || crm_dec_cmp(out->v, one) <= 0))
		return CRM_OK;
	return crm_err_set(err, CRM_EUSAGE,
	    "'%.*s' is no share above 0 and up to 1%s",
	    (int)(text.n > 80 ? 80 : text.n), text.p,
	    counts ? ", like .001 or 0.1%, nor a whole number of baskets"
		   : ", like .5 or 50%");
}

uint64_t
crm_share_of(const struct crm_share *s, uint64_t n)
{
	uint64_t den = (uint64_t)crm_pow10(s->v.scale), least;

	if (s->count)
		return (uint64_t)s->v.v;
	least = (uint64_t)(((u128)n * (uint64_t)s->v.v + den - 1) / den);
	return least ? least : 1;
}

bool
crm_share_reached(const struct crm_share *s, uint64_t k, uint64_t n)
{
	if (s->count)
		return k >= (uint64_t)s->v.v;
	return (u128)k * (uint64_t)crm_pow10(s->v.scale) >=
	       (u128)n * (uint64_t)s->v.v;
}

/* ---- measures ---- */

double
crm_together_lift(const struct crm_together *t)
{
	return (double)t->both * (double)t->n / ((double)t->a * (double)t->b);
}

double
crm_together_leverage(const struct crm_together *t)
{
	double n = (double)t->n;

	return (double)t->both / n - (double)t->a / n * ((double)t->b / n);
}

double
crm_together_conviction(const struct crm_together *t)
{
	if (t->both >= t->a)
		return -1;
	return (double)(t->n - t->b) * (double)t->a /
	       ((double)t->n * (double)(t->a - t->both));
}

double
crm_together_chi_square(const struct crm_together *t)
{
	double n = (double)t->n, a = (double)t->a, b = (double)t->b;
	double d = (double)t->both * n - a * b;

	if (t->a == t->n || t->b == t->n || t->a == 0 || t->b == 0)
		return -1;
	return d / (a * b) * (d / ((n - a) * (n - b))) * n;
}

double
crm_together_cosine(const struct crm_together *t)
{
	return (double)t->both / sqrt((double)t->a * (double)t->b);
}

/* x log x, 0 at 0. */
static double
entropy(double x)
{
	return x > 0 ? x * crm_log(x) : 0;
}

double
crm_together_llr(const struct crm_together *t)
{
	double n = (double)t->n, a = (double)t->a, b = (double)t->b;
	double both = (double)t->both, neither = n - a - b + both;
	double g;

	g = entropy(both) + entropy(a - both) + entropy(b - both) +
	    entropy(neither) + entropy(n);
	g = 2 * (g - entropy(a) - entropy(n - a) - entropy(b) - entropy(n - b));
	/* Where all is as expected rounding may leave less than nothing. */
	return g > 0 ? g : 0;
}
