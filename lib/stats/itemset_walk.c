/*
 * itemset_walk.c - looking at frequent itemsets that were found.
 *
 * Rules and closed sets ask of each set for all those with one item less.  To
 * look each up from the root would be a search for every item of it.  The
 * parts of a set are children of the parts of its parent, which the walk has
 * just found: so each is one short step further on.
 */
#include <stdlib.h>

#include <crm/basket.h>

/* The place among ranks that rise from `lo` to below `hi` where one belongs;
 * it is looked for at growing steps, as it is often near. */
static uint32_t
seek(const struct crm_itemset *node, uint32_t lo, uint32_t hi, uint32_t rank)
{
	for (uint32_t step = 1; step < hi - lo; step *= 2) {
		if (node[lo + step - 1].rank >= rank) {
			hi = lo + step - 1;
			break;
		}
		lo += step;
	}
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (node[mid].rank < rank)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

uint32_t
crm_itemsets_find(
    const struct crm_itemsets *s, const uint32_t *rank, unsigned n)
{
	uint32_t at = 0;

	for (unsigned i = 0; i < n; i++) {
		const struct crm_itemset *p = &s->node[at];
		uint32_t end = p->child + p->nchild;
		/* all that are frequent follow the empty set */
		uint32_t from = p->child + (at == 0 ? rank[i] : 0);

		at = from < end ? seek(s->node, from, end, rank[i]) : end;
		if (at >= end || s->node[at].rank != rank[i])
			return 0;
	}
	return at;
}

/* Where a walk is: the first items of the set, by how many they are. */
struct walk {
	uint32_t *rank, *next, *node;
	/* of each such set the ones without its i-th item, and where among
	 * their children the last one was found: rows of `wide` */
	uint32_t *part, *near;
	unsigned wide;
};

static bool
walk_open(struct walk *w, unsigned deepest, bool parts)
{
	size_t n = (size_t)deepest + 1;

	*w = (struct walk){.wide = deepest + 1};
	w->rank = malloc(n * sizeof *w->rank);
	w->next = calloc(n, sizeof *w->next);
	w->node = calloc(n, sizeof *w->node);
	if (parts) {
		w->part = calloc(n, n * sizeof *w->part);
		w->near = calloc(n, n * sizeof *w->near);
	}
	return w->rank && w->next && w->node &&
	       (!parts || (w->part && w->near));
}

static void
walk_close(struct walk *w)
{
	free(w->rank);
	free(w->next);
	free(w->node);
	free(w->part);
	free(w->near);
}

/*
 * The parts of the set of `depth` items from those of the set without its
 * last: theirs with that item more.  They are frequent as the whole is, and as
 * the last item rises so do their places.
 */
static const uint32_t *
find_parts(const struct crm_itemsets *s, struct walk *w, unsigned depth)
{
	uint32_t *part = w->part + (size_t)depth * w->wide;
	uint32_t *near = w->near + (size_t)depth * w->wide;
	const uint32_t *before = part - w->wide;
	uint32_t rank = w->rank[depth - 1];

	for (unsigned i = 0; i + 1 < depth; i++) {
		const struct crm_itemset *p = &s->node[before[i]];

		if (before[i] == 0) {
			part[i] = p->child + rank;
			continue;
		}
		if (w->next[depth - 1] == 1)
			near[i] = p->child;
		part[i] = near[i] =
		    seek(s->node, near[i], p->child + p->nchild, rank);
	}
	part[depth - 1] = w->node[depth - 1];
	return part;
}

static int
visit(const struct crm_itemsets *s, bool parts, crm_itemset_fn *fn,
    crm_itemset_parts_fn *fn_parts, void *ctx, struct crm_err *err)
{
	struct walk w;
	unsigned depth = 0;
	int code = CRM_OK;

	if (!walk_open(&w, s->deepest, parts))
		code = crm_err_nomem(err);
	while (code == CRM_OK && s->n > 0) {
		const struct crm_itemset *p = &s->node[w.node[depth]];

		if (w.next[depth] == p->nchild) {
			if (depth == 0)
				break;
			depth--;
			continue;
		}
		w.node[depth + 1] = p->child + w.next[depth]++;
		w.rank[depth] = s->node[w.node[depth + 1]].rank;
		w.next[++depth] = 0;
		if (parts)
			code = fn_parts(ctx, w.node[depth], w.rank, depth,
			    find_parts(s, &w, depth), err);
		else
			code = fn(ctx, w.node[depth], w.rank, depth, err);
	}
	walk_close(&w);
	return code;
}

int
crm_itemsets_each(const struct crm_itemsets *s, crm_itemset_fn *fn, void *ctx,
    struct crm_err *err)
{
	return visit(s, false, fn, NULL, ctx, err);
}

int
crm_itemsets_parts(const struct crm_itemsets *s, crm_itemset_parts_fn *fn,
    void *ctx, struct crm_err *err)
{
	return visit(s, true, NULL, fn, ctx, err);
}

struct superset {
	const struct crm_itemsets *s;
	uint8_t *mark;
};

static int
mark_parts(void *ctx, uint32_t node, const uint32_t *rank, unsigned n,
    const uint32_t *part, struct crm_err *err)
{
	struct superset *x = ctx;

	(void)rank;
	(void)err;
	for (unsigned i = 0; n > 1 && i < n; i++) {
		x->mark[part[i]] |= CRM_ITEMSET_INNER;
		if (x->s->node[part[i]].count == x->s->node[node].count)
			x->mark[part[i]] |= CRM_ITEMSET_OPEN;
	}
	return CRM_OK;
}

int
crm_itemsets_supersets(
    const struct crm_itemsets *s, uint8_t **out, struct crm_err *err)
{
	struct superset x = {.s = s};
	int code = CRM_OK;

	*out = NULL;
	x.mark = calloc(s->n + 1, 1);
	if (!x.mark)
		code = crm_err_nomem(err);
	if (code == CRM_OK)
		code = crm_itemsets_parts(s, mark_parts, &x, err);
	if (code < 0)
		free(x.mark);
	else
		*out = x.mark;
	return code;
}
