/*
 * itemset.c - frequent itemsets, depth first over projected baskets.
 *
 * The plan is that of FP-growth (Han, Pei, Yin 2000) and LCM (Uno, Kiyomi,
 * Arimura 2004): for each item the baskets that have it, reduced to the more
 * frequent items that are frequent among them, and so on.  Baskets are plain
 * arrays in order of rank instead of a tree: what lies before an item in one
 * is its projection, without a copy, and counting runs through memory in
 * order.  Where at most SMALL items are left no more is projected: the
 * baskets become bit masks, and sums over supersets (Yates's method) give the
 * counts of all subsets at once.
 *
 * All sets are kept: rules need the counts of parts, closed and maximal
 * sets those of larger ones.  16 bytes a set, up to a bound that is refused.
 */
#include <stdlib.h>

#include <crm/basket.h>

enum { SMALL = 7 };

/* Memory given back in the order of a stack.  Blocks stay where they are. */
struct block {
	struct block *before;
	size_t size, used;
	char data[];
};
struct stack {
	struct block *top, *spare;
};
struct mark {
	struct block *top;
	size_t used;
};

static void *
push(struct stack *s, size_t n)
{
	struct block *b = s->top;
	void *p;

	n = (n + 15) & ~(size_t)15;
	if (!b || b->size - b->used < n) {
		b = s->spare;
		s->spare = NULL;
		if (!b || b->size < n) {
			size_t size =
			    n > ((size_t)1 << 20) ? n : (size_t)1 << 20;

			free(b);
			b = malloc(sizeof *b + size);
			if (!b)
				return NULL;
			b->size = size;
		}
		b->used = 0;
		b->before = s->top;
		s->top = b;
	}
	p = b->data + b->used;
	b->used += n;
	return p;
}

/* What was pushed last turned out smaller. */
static void
shrink(struct stack *s, const void *p, size_t n)
{
	size_t at = (size_t)((const char *)p - s->top->data);

	s->top->used = at + ((n + 15) & ~(size_t)15);
}

static struct mark
marked(const struct stack *s)
{
	return (struct mark){s->top, s->top ? s->top->used : 0};
}

static void
pop(struct stack *s, struct mark m)
{
	while (s->top != m.top) {
		struct block *b = s->top;

		s->top = b->before;
		free(s->spare);
		s->spare = b;
	}
	if (s->top)
		s->top->used = m.used;
}

/* A basket, or several alike. */
struct tx {
	const uint32_t *item; /* rising */
	uint32_t n, weight;
};
struct db {
	const uint32_t *rank; /* of its items 0 .. k - 1, rising */
	uint32_t k;
	struct tx *tx;
	size_t n;
};
/* Where an item is: so many items of a basket lie before it. */
struct occ {
	uint32_t tx, before;
};
struct miner {
	struct crm_itemsets *out;
	uint32_t min;
	unsigned max_size;
	struct stack stack;
	uint32_t *sum; /* of the masks */
	struct crm_err *err;
};

static int
room(struct crm_itemsets *s, size_t k, struct crm_err *err)
{
	if (s->n + k > s->max || s->n + k > UINT32_MAX)
		return crm_err_set(err, CRM_EDATA,
		    "there are more than %zu frequent itemsets, which are "
		    "more than fit into %zu MiB",
		    s->max, (s->max * sizeof *s->node) >> 20);
	if (s->n + k > s->cap) {
		size_t cap = s->cap + s->cap / 2 + k + 1024;
		struct crm_itemset *more;

		if (cap > s->max)
			cap = s->max;
		more = realloc(s->node, cap * sizeof *more);
		if (!more)
			return crm_err_nomem(err);
		s->node = more;
		s->cap = cap;
	}
	return CRM_OK;
}

/* The children of a node from the masks' sums: the frequent ones among the
 * items below `top` that are added to those of `mask`. */
static int
small_children(struct miner *m, uint32_t parent, uint32_t mask, unsigned top,
    const uint32_t *rank, unsigned size)
{
	struct crm_itemsets *s = m->out;
	uint32_t first = (uint32_t)s->n, k = 0, at[SMALL];
	int code;

	if (m->max_size && size >= m->max_size)
		return CRM_OK;
	for (uint32_t i = 0; i < top; i++)
		if (m->sum[mask | 1u << i] >= m->min)
			at[k++] = i;
	if (k == 0)
		return CRM_OK;
	code = room(s, k, m->err);
	if (code < 0)
		return code;
	for (uint32_t i = 0; i < k; i++)
		s->node[first + i] = (struct crm_itemset){
		    rank[at[i]], m->sum[mask | 1u << at[i]], 0, 0};
	s->n += k;
	s->node[parent].child = first;
	s->node[parent].nchild = k;
	if (size + 1 > s->deepest)
		s->deepest = size + 1;
	for (uint32_t i = 1; code == CRM_OK && i < k; i++)
		code = small_children(
		    m, first + i, mask | 1u << at[i], at[i], rank, size + 1);
	return code;
}

/* Nodes for the items of a projection; their first. */
static int
add_children(struct miner *m, uint32_t parent, const uint32_t *rank,
    const uint32_t *count, uint32_t k, unsigned size, uint32_t *first)
{
	struct crm_itemsets *s = m->out;
	int code = room(s, k, m->err);

	if (code < 0)
		return code;
	*first = (uint32_t)s->n;
	for (uint32_t i = 0; i < k; i++)
		s->node[s->n++] = (struct crm_itemset){rank[i], count[i], 0, 0};
	s->node[parent].child = *first;
	s->node[parent].nchild = k;
	if (size > s->deepest)
		s->deepest = size;
	return CRM_OK;
}

/* Counts what lies before the occurrences of an item, and what is frequent
 * there: *k items, map from the old to the new (UINT32_MAX: none). */
static void
count_before(const struct miner *m, const struct db *d, const struct occ *occ,
    size_t nocc, uint32_t below, uint32_t *map, uint32_t *kept, uint32_t *count,
    uint32_t *k)
{
	memset(map, 0, below * sizeof *map);
	for (size_t i = 0; i < nocc; i++) {
		const struct tx *t = &d->tx[occ[i].tx];

		for (uint32_t j = 0; j < occ[i].before; j++)
			map[t->item[j]] += t->weight;
	}
	*k = 0;
	for (uint32_t j = 0; j < below; j++) {
		uint32_t c = map[j];

		map[j] = UINT32_MAX;
		if (c < m->min)
			continue;
		count[*k] = c;
		kept[*k] = d->rank[j];
		map[j] = (*k)++;
	}
}

static int
small_project(struct miner *m, const struct db *d, const struct occ *occ,
    size_t nocc, const uint32_t *map, const uint32_t *rank, uint32_t k,
    uint32_t parent, unsigned size)
{
	uint32_t *sum = m->sum;

	memset(sum, 0, ((size_t)1 << k) * sizeof *sum);
	for (size_t i = 0; i < nocc; i++) {
		const struct tx *t = &d->tx[occ[i].tx];
		uint32_t mask = 0;

		for (uint32_t j = 0; j < occ[i].before; j++)
			if (map[t->item[j]] != UINT32_MAX)
				mask |= 1u << map[t->item[j]];
		sum[mask] += t->weight;
	}
	for (uint32_t bit = 1; bit < 1u << k; bit <<= 1)
		for (uint32_t s = 0; s < 1u << k; s += 2 * bit)
			for (uint32_t i = s; i < s + bit; i++)
				sum[i] += sum[i + bit];
	return small_children(m, parent, 0, k, rank, size);
}

/* Baskets alike become one: a table of what was seen in this projection. */
static size_t
join_alike(struct miner *m, struct tx *tx, size_t n)
{
	size_t cap = 64, out = 0;
	struct mark mark = marked(&m->stack);
	uint32_t *seen;

	while (cap < 2 * n)
		cap *= 2;
	seen = push(&m->stack, cap * sizeof *seen);
	if (!seen)
		return n;
	memset(seen, 0xff, cap * sizeof *seen);
	for (size_t i = 0; i < n; i++) {
		uint64_t h = tx[i].n;
		size_t at;

		for (uint32_t j = 0; j < tx[i].n; j++)
			h = (h ^ tx[i].item[j]) * 0x9e3779b97f4a7c15u;
		for (at = (size_t)(h >> 24) & (cap - 1); seen[at] != UINT32_MAX;
		     at = (at + 1) & (cap - 1)) {
			struct tx *t = &tx[seen[at]];

			if (t->n == tx[i].n &&
			    memcmp(t->item, tx[i].item,
				t->n * sizeof *t->item) == 0) {
				t->weight += tx[i].weight;
				break;
			}
		}
		if (seen[at] != UINT32_MAX)
			continue;
		seen[at] = (uint32_t)out;
		tx[out++] = tx[i];
	}
	pop(&m->stack, mark);
	return out;
}

/* The baskets before the occurrences, with the frequent items only.  Those
 * left with less than two have no pair to count. */
static int
project(struct miner *m, const struct db *d, const struct occ *occ, size_t nocc,
    const uint32_t *map, struct db *out)
{
	struct tx *tx = push(&m->stack, (nocc + 1) * sizeof *tx);
	uint32_t *item;
	size_t n = 0, used = 0, most = 0;

	if (!tx)
		return crm_err_nomem(m->err);
	for (size_t i = 0; i < nocc; i++)
		most += occ[i].before;
	item = push(&m->stack, (most + 1) * sizeof *item);
	if (!item)
		return crm_err_nomem(m->err);
	for (size_t i = 0; i < nocc; i++) {
		const struct tx *t = &d->tx[occ[i].tx];
		uint32_t *to = item + used;
		uint32_t many = 0;

		for (uint32_t j = 0; j < occ[i].before; j++) {
			to[many] = map[t->item[j]];
			many += to[many] != UINT32_MAX;
		}
		if (many < 2)
			continue;
		tx[n++] = (struct tx){to, many, t->weight};
		used += many;
	}
	shrink(&m->stack, item, used * sizeof *item);
	out->tx = tx;
	out->n = n > 8 ? join_alike(m, tx, n) : n;
	return CRM_OK;
}

/* The occurrences of each item, item by item. */
static int
deliver(struct miner *m, const struct db *d, size_t **start, struct occ **occ)
{
	size_t *at = push(&m->stack, (d->k + 2) * sizeof *at), sum = 0;

	*start = at;
	if (!at)
		return crm_err_nomem(m->err);
	memset(at, 0, (d->k + 2) * sizeof *at);
	for (size_t t = 0; t < d->n; t++)
		for (uint32_t j = 1; j < d->tx[t].n; j++)
			at[d->tx[t].item[j] + 2]++;
	for (uint32_t i = 0; i < d->k + 2; i++)
		at[i] = sum += at[i];
	*occ = push(&m->stack, (sum + 1) * sizeof **occ);
	if (!*occ)
		return crm_err_nomem(m->err);
	for (uint32_t t = 0; t < d->n; t++)
		for (uint32_t j = 1; j < d->tx[t].n; j++)
			(*occ)[at[d->tx[t].item[j] + 1]++] = (struct occ){t, j};
	return CRM_OK;
}

/* Sets with one item more than the nodes from `first` on, one for each item
 * of d; their size is given. */
static int
grow(struct miner *m, const struct db *d, uint32_t first, unsigned size)
{
	struct mark whole = marked(&m->stack);
	size_t *start = NULL;
	struct occ *occ = NULL;
	uint32_t *map, *kept, *count;
	int code;

	if (m->max_size && size >= m->max_size)
		return CRM_OK;
	code = deliver(m, d, &start, &occ);
	map = push(&m->stack, (d->k + 1) * sizeof *map);
	kept = push(&m->stack, (d->k + 1) * sizeof *kept);
	count = push(&m->stack, (d->k + 1) * sizeof *count);
	if (code == CRM_OK && (!map || !kept || !count))
		code = crm_err_nomem(m->err);
	for (uint32_t i = 1; code == CRM_OK && i < d->k; i++) {
		struct mark mark = marked(&m->stack);
		const struct occ *of = occ + start[i];
		size_t nocc = start[i + 1] - start[i];
		struct db next = {.rank = kept};
		uint32_t child;

		if (nocc == 0)
			continue;
		count_before(m, d, of, nocc, i, map, kept, count, &next.k);
		if (next.k == 0)
			continue;
		if (next.k <= SMALL && next.k > 1) {
			code = small_project(
			    m, d, of, nocc, map, kept, next.k, first + i, size);
			continue;
		}
		code = add_children(
		    m, first + i, kept, count, next.k, size + 1, &child);
		if (code == CRM_OK && next.k > 1)
			code = project(m, d, of, nocc, map, &next);
		if (code == CRM_OK && next.k > 1)
			code = grow(m, &next, child, size + 1);
		pop(&m->stack, mark);
	}
	pop(&m->stack, whole);
	return code;
}

struct ranked {
	uint32_t item, count;
};

static int
by_count(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return x->item < y->item ? -1 : x->item > y->item;
}

/* The frequent items by rank: most frequent first, then as numbered. */
static int
rank_items(struct miner *m, const struct crm_baskets *b, uint32_t *count,
    uint32_t *rank_of, uint32_t *k)
{
	struct crm_itemsets *s = m->out;
	struct ranked *r = malloc(((size_t)b->nitems + 1) * sizeof *r);
	int code;

	*k = 0;
	if (!r)
		return crm_err_nomem(m->err);
	for (size_t i = 0; i < b->ntaken; i++)
		count[b->item[i]]++;
	for (uint32_t i = 0; i < b->nitems; i++) {
		rank_of[i] = UINT32_MAX;
		if (count[i] >= m->min)
			r[(*k)++] = (struct ranked){i, count[i]};
	}
	qsort(r, *k, sizeof *r, by_count);
	s->nranks = *k;
	s->item = malloc(((size_t)*k + 1) * sizeof *s->item);
	code = s->item ? CRM_OK : crm_err_nomem(m->err);
	for (uint32_t i = 0; code == CRM_OK && i < *k; i++) {
		s->item[i] = r[i].item;
		rank_of[r[i].item] = i;
		/* counts by rank from here on: never past the item's own */
	}
	for (uint32_t i = 0; code == CRM_OK && i < *k; i++)
		count[i] = r[i].count;
	free(r);
	return code;
}

/* The baskets by rank, without what is not frequent. */
static int
load(struct miner *m, const struct crm_baskets *b, const uint32_t *rank_of,
    struct db *d)
{
	struct tx *tx = push(&m->stack, (b->n + 1) * sizeof *tx);
	uint32_t *item = push(&m->stack, (b->ntaken + 1) * sizeof *item);
	uint32_t *rank = push(&m->stack, (d->k + 1) * sizeof *rank);
	size_t used = 0;

	if (!tx || !item || !rank)
		return crm_err_nomem(m->err);
	for (size_t i = 0; i < b->n; i++) {
		uint32_t *to = item + used;
		uint32_t n = 0;

		for (uint32_t j = b->start[i]; j < b->start[i + 1]; j++)
			if (rank_of[b->item[j]] != UINT32_MAX)
				to[n++] = rank_of[b->item[j]];
		if (n < 2)
			continue;
		crm_baskets_order(to, n);
		tx[d->n++] = (struct tx){to, n, 1};
		used += n;
	}
	for (uint32_t i = 0; i < d->k; i++)
		rank[i] = i;
	d->rank = rank;
	d->tx = tx;
	return CRM_OK;
}

int
crm_itemsets_mine(struct crm_itemsets *out, const struct crm_baskets *b,
    const struct crm_itemset_options *opt, struct crm_err *err)
{
	struct miner m = {.out = out, .max_size = opt->max_size, .err = err};
	uint32_t *count = calloc((size_t)b->nitems + 1, sizeof *count);
	uint32_t *rank_of = malloc(((size_t)b->nitems + 1) * sizeof *rank_of);
	uint32_t first = 0;
	struct db d = {0};
	int code = CRM_OK;

	*out = (struct crm_itemsets){0};
	out->max = UINT32_MAX;
	if (opt->max_bytes && opt->max_bytes / sizeof *out->node < out->max)
		out->max = opt->max_bytes / sizeof *out->node;
	m.min =
	    opt->min_count > UINT32_MAX ? UINT32_MAX : (uint32_t)opt->min_count;
	m.sum = malloc(((size_t)1 << SMALL) * sizeof *m.sum);
	if (!count || !rank_of || !m.sum)
		code = crm_err_nomem(err);
	if (code == CRM_OK)
		code = rank_items(&m, b, count, rank_of, &d.k);
	if (code == CRM_OK)
		code = room(out, 1, err);
	if (code == CRM_OK) {
		out->node[out->n++] =
		    (struct crm_itemset){UINT32_MAX, (uint32_t)b->n, 0, 0};
		code = load(&m, b, rank_of, &d);
	}
	if (code == CRM_OK && d.k > 0)
		code = add_children(&m, 0, d.rank, count, d.k, 1, &first);
	if (code == CRM_OK)
		code = grow(&m, &d, first, 1);
	pop(&m.stack, (struct mark){NULL, 0});
	free(m.stack.spare);
	free(m.sum);
	free(count);
	free(rank_of);
	if (code < 0)
		crm_itemsets_release(out);
	return code;
}

void
crm_itemsets_release(struct crm_itemsets *s)
{
	free(s->node);
	free(s->item);
	*s = (struct crm_itemsets){0};
}
