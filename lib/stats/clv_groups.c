/*
 * clv_groups.c - customers who are the same to a model, counted.
 *
 * A million customers have perhaps half a million different (x, t_x, T), but
 * only some ten thousand different (x, t) and a thousand different t: the
 * functions that cost are evaluated once for each of those.
 */
#include <stdlib.h>

#include "stats/clv_groups.h"

enum { BITS = 21, MASK = (1 << BITS) - 1 };

/* Sorts and keeps one of each; their number. */
static int
unique(int64_t *v, size_t n, size_t *out, struct crm_err *err)
{
	size_t m = 0;
	int code = crm_sort_int(v, n, err);

	for (size_t i = 0; code == CRM_OK && i < n; i++)
		if (m == 0 || v[m - 1] != v[i])
			v[m++] = v[i];
	*out = m;
	return code;
}

static uint32_t
place(const int64_t *v, size_t n, int64_t key)
{
	size_t lo = 0, hi = n;

	while (lo + 1 < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (v[mid] <= key)
			lo = mid;
		else
			hi = mid;
	}
	return (uint32_t)lo;
}

/* The different values of a list of keys' low or high parts. */
static int
list(const int64_t *pair, size_t n, unsigned shift, int64_t **out, size_t *nout,
    struct crm_err *err)
{
	int64_t *v = malloc((n ? n : 1) * sizeof *v);

	*out = v;
	if (!v)
		return crm_err_nomem(err);
	for (size_t i = 0; i < n; i++)
		v[i] = pair[i] >> shift & MASK;
	return unique(v, n, nout, err);
}

static int
make_pairs(struct crm_clv_groups *g, const int64_t *pair, struct crm_err *err)
{
	int code = list(pair, g->npair, BITS, &g->xs, &g->nx, err);

	if (code == CRM_OK)
		code = list(pair, g->npair, 0, &g->ts, &g->nt, err);
	if (code < 0)
		return code;
	g->pair = malloc((g->npair ? g->npair : 1) * sizeof *g->pair);
	if (!g->pair)
		return crm_err_nomem(err);
	for (size_t i = 0; i < g->npair; i++)
		g->pair[i] = (struct crm_clv_pair){
		    place(g->xs, g->nx, pair[i] >> BITS & MASK),
		    place(g->ts, g->nt, pair[i] & MASK)};
	return CRM_OK;
}

/* Of sorted keys x, t_x, T. */
static int
make_groups(
    struct crm_clv_groups *g, const int64_t *key, size_t n, struct crm_err *err)
{
	int64_t *pair = malloc((2 * n + 1) * sizeof *pair);
	size_t m = 0;
	int code = CRM_OK;

	g->group = malloc((n ? n : 1) * sizeof *g->group);
	if (!pair || !g->group) {
		free(pair);
		return crm_err_nomem(err);
	}
	for (size_t i = 0; i < n; i++)
		if (i == 0 || key[i] != key[i - 1]) {
			int64_t x = key[i] >> 2 * BITS;

			pair[m++] = x << BITS | (key[i] >> BITS & MASK);
			pair[m++] = x << BITS | (key[i] & MASK);
		}
	code = unique(pair, m, &g->npair, err);
	for (size_t i = 0; code == CRM_OK && i < n; i++) {
		int64_t x = key[i] >> 2 * BITS;

		if (i > 0 && key[i] == key[i - 1]) {
			g->group[g->n - 1].count++;
			continue;
		}
		g->group[g->n++] = (struct crm_clv_group){
		    place(pair, g->npair, x << BITS | (key[i] >> BITS & MASK)),
		    place(pair, g->npair, x << BITS | (key[i] & MASK)), 1};
	}
	if (code == CRM_OK)
		code = make_pairs(g, pair, err);
	free(pair);
	return code;
}

int
crm_clv_group(const struct crm_clv_data *d, size_t step,
    struct crm_clv_groups *out, struct crm_err *err)
{
	int64_t *key = malloc((d->n + 1) * sizeof *key);
	double sum_t = 0, sum_x = 0;
	size_t n = 0;
	int code = CRM_OK;

	*out = (struct crm_clv_groups){0};
	if (!key)
		return crm_err_nomem(err);
	for (size_t i = 0; i < d->n; i++) {
		const struct crm_clv_customer *c = &d->v[i];
		int64_t tx = c->last - c->first, t = d->end - c->first;

		if (t > MASK) {
			code = crm_err_set(err, CRM_EDATA,
			    "%lld days between the first purchase and the "
			    "last day",
			    (long long)t);
			break;
		}
		key[n++] = (int64_t)c->x << 2 * BITS | tx << BITS | t;
	}
	if (code == CRM_OK)
		code = crm_sort_int(key, n, err);
	/* Sorted, so that which ones are taken is not by their order. */
	for (size_t i = 0; i < n; i += step) {
		key[i / step] = key[i];
		sum_t += (double)(key[i] & MASK);
		sum_x += (double)(key[i] >> 2 * BITS);
	}
	n = n / step + (n % step > 0);
	if (code == CRM_OK)
		code = make_groups(out, key, n, err);
	out->customers = (double)n;
	out->mean_t = n ? sum_t / (double)n : 0;
	out->mean_x = n ? sum_x / (double)n : 0;
	free(key);
	return code;
}

void
crm_clv_group_release(struct crm_clv_groups *g)
{
	free(g->xs);
	free(g->ts);
	free(g->pair);
	free(g->group);
	*g = (struct crm_clv_groups){0};
}
