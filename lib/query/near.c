/*
 * near.c - the name that was probably meant.
 *
 * Edit distance with swaps of neighbours (optimal string alignment), by bytes,
 * on names of at most 63 bytes.  A third of the letters may be wrong, at least
 * one: `emial` finds `email`, `x` finds nothing.
 */
#include "query/query.h"

#define NAME_MAX_N 63

static size_t
min3(size_t a, size_t b, size_t c)
{
	if (b < a)
		a = b;
	return c < a ? c : a;
}

static size_t
distance(struct crm_str a, struct crm_str b)
{
	size_t row[3][NAME_MAX_N + 1];

	for (size_t j = 0; j <= b.n; j++)
		row[0][j] = j;
	for (size_t i = 1; i <= a.n; i++) {
		size_t *now = row[i % 3], *last = row[(i + 2) % 3];
		size_t *before = row[(i + 1) % 3];

		now[0] = i;
		for (size_t j = 1; j <= b.n; j++) {
			size_t same = a.p[i - 1] == b.p[j - 1] ? 0 : 1;

			now[j] = min3(
			    last[j] + 1, now[j - 1] + 1, last[j - 1] + same);
			if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] &&
			    a.p[i - 2] == b.p[j - 1] &&
			    before[j - 2] + 1 < now[j])
				now[j] = before[j - 2] + 1;
		}
	}
	return row[a.n % 3][b.n];
}

void
crm_query_near(struct qnear *n, struct crm_str candidate)
{
	size_t most = n->want.n < 6 ? 1 : n->want.n / 3;
	size_t d;

	if (n->want.n < 2 || n->want.n > NAME_MAX_N ||
	    candidate.n > NAME_MAX_N || candidate.n == 0)
		return;
	d = distance(n->want, candidate);
	if (d == 0 || d > most || (n->dist > 0 && d >= n->dist))
		return;
	n->dist = d;
	n->best = candidate;
}
