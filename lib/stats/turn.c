/*
 * turn.c - where a customer's history turns, if it does anywhere.
 *
 * Whoever looks for the most striking place among many finds one in any
 * history.  So p is not that of the place but of the search: how probable it
 * is that a history without a change has a place so striking anywhere.  For
 * events in time and for words that is counted exactly, as the probability
 * that a random walk leaves a band; for ranks it is bounded from above.  No
 * random numbers are drawn: the same history has the same p on every day.
 */
#include <math.h>
#include <stdlib.h>

#include <crm/shift.h>
#include <crm/special.h>

/* Events: no turn is looked for so near an end, in parts of the time; p is
 * kept by steps of 1 / GRID of the statistic. */
#define EDGE 0.05
enum { GRID = 64, CELLS = 30 * GRID, KEPT = 512 };

/* ---- events in time ---- */

/* The logarithm of the likelihood ratio of two rates against one, k of n
 * events before t. */
static double
ratio(size_t k, size_t n, double t)
{
	double a = (double)k, b = (double)(n - k), all = (double)n, sum = 0;

	if (k > 0)
		sum += a * crm_log(a / (all * t));
	if (k < n)
		sum += b * crm_log(b / (all * (1 - t)));
	return sum;
}

/* The t below k / n where the ratio is m, k > 0.  As a function of log t it is
 * convex and falls: Newton's steps from the left never pass the root. */
static double
root(size_t k, size_t n, double m)
{
	double a = (double)k, b = (double)(n - k), all = (double)n;
	double rest = k < n ? b * crm_log(b / all) : 0;
	double s = crm_log(a / all) - (m - rest) / a;

	if (k == n)
		return crm_exp(-m / all);
	for (int i = 0; i < 60; i++) {
		double t = crm_exp(s), f, slope, step;

		f = a * (crm_log(a / all) - s) + rest - b * crm_log1p(-t) - m;
		slope = b * t / (1 - t) - a;
		if (slope >= 0)
			break;
		step = -f / slope;
		if (step < 1e-13)
			break;
		s += step;
	}
	return crm_exp(s);
}

/* From the numbers in f[*low..*high] to those after a time in which lambda
 * events are expected, kept where they are from low to high. */
static void
walk(double *f, double *to, size_t *from, size_t *until, size_t low,
    size_t high, double lambda)
{
	double zero = crm_exp(-lambda);

	for (size_t k = low; k <= high; k++)
		to[k] = 0;
	for (size_t k = *from; k <= *until; k++) {
		double weight = f[k] * zero;

		for (size_t j = k; j <= high && weight > 0; j++) {
			if (j >= low)
				to[j] += weight;
			weight *= lambda / (double)(j - k + 1);
		}
	}
	for (size_t k = low; k <= high; k++)
		f[k] = to[k];
	*from = low;
	*until = high;
}

/*
 * P(some t from EDGE to 1 - EDGE has a ratio of m or more), n events anywhere:
 * k events before t are too few from high[k] on, too many up to low[k].  What
 * is between is followed from one such place to the next; Poisson processes
 * given n of them in all are n events anywhere.
 */
static int
leaves_band(size_t n, double m, double *p, struct crm_err *err)
{
	size_t i = 0, j = 0, from = 0, until = 0, fewest = 0, most = 0;
	double *low = calloc(4 * (n + 2), sizeof *low), *high, *f, *room;
	double at = 0, sum = 0, part;

	if (!low)
		return crm_err_nomem(err);
	high = low + n + 2;
	f = high + n + 2;
	room = f + n + 2;
	for (size_t k = 1; k <= n; k++)
		low[k] = root(k, n, m);
	for (size_t k = 0; k <= n; k++)
		high[k] = k < n ? 1 - low[n - k] : 2;
	low[n + 1] = high[n + 1] = 2;
	f[0] = 1;
	while (at < 1 - EDGE) {
		double c = low[i] < high[j] ? low[i++] : high[j++];

		if (c <= EDGE && (low[i] > EDGE && high[j] > EDGE))
			c = EDGE;
		if (c < EDGE)
			continue;
		if (c > 1 - EDGE)
			c = 1 - EDGE;
		while (fewest < n && high[fewest] <= c)
			fewest++;
		while (most < n && low[most + 1] < c)
			most++;
		if (fewest > most)
			break;
		walk(
		    f, room, &from, &until, fewest, most, (double)n * (c - at));
		at = c;
	}
	/* the rest of them come after the last place */
	for (size_t k = from; at >= 1 - EDGE && k <= until; k++)
		sum += f[k] *
		       crm_exp((double)(n - k) * crm_log((double)n * (1 - at)) -
			       (double)n * (1 - at) -
			       crm_lgamma((double)(n - k) + 1));
	part = (double)n * crm_log((double)n) - (double)n -
	       crm_lgamma((double)n + 1);
	*p = 1 - sum * crm_exp(-part);
	*p = *p < 1e-12 ? 1e-12 : *p > 1 ? 1 : *p;
	free(low);
	return CRM_OK;
}

/* p is rounded up: to that of the step of the statistic below. */
static int
events_p(
    struct crm_turns *x, size_t n, double m, double *p, struct crm_err *err)
{
	size_t cell =
	    m >= (double)CELLS / GRID ? CELLS - 1 : (size_t)(m * GRID);
	int code = CRM_OK;

	*p = 1;
	if (cell == 0)
		return CRM_OK;
	if (n >= KEPT)
		return leaves_band(n, (double)cell / GRID, p, err);
	if (!x->events) {
		x->events = calloc(KEPT, sizeof *x->events);
		if (!x->events)
			return crm_err_nomem(err);
	}
	if (!x->events[n]) {
		x->events[n] = calloc(CELLS, sizeof **x->events);
		if (!x->events[n])
			return crm_err_nomem(err);
	}
	if (x->events[n][cell] <= 0)
		code = leaves_band(
		    n, (double)cell / GRID, &x->events[n][cell], err);
	*p = x->events[n][cell];
	return code;
}

int
crm_turn_events(struct crm_turns *x, const double *u, size_t n,
    struct crm_turn *out, struct crm_err *err)
{
	double most = -1;
	size_t first = 0, last = 0;

	*out = (struct crm_turn){.p = 1, .event = n};
	for (size_t i = 0; i < n; i++) {
		first += u[i] <= EDGE;
		last += u[i] <= 1 - EDGE;
	}
	/* between two events the ratio is largest at one of them */
	for (size_t i = 0; i < 2 * n + 2; i++) {
		size_t k = i < 2 * n ? (i + 1) / 2 : i == 2 * n ? first : last;
		double t = i < 2 * n ? u[i / 2] : i == 2 * n ? EDGE : 1 - EDGE;
		double r;

		if (t < EDGE || t > 1 - EDGE)
			continue;
		r = ratio(k, n, t);
		if (r <= most)
			continue;
		most = r;
		out->before = k;
		out->at = t;
		out->event = i < 2 * n ? i / 2 : n;
		out->more = (double)k < (double)n * t;
	}
	return n > 0 ? events_p(x, n, most, &out->p, err) : CRM_OK;
}

/* ---- words ---- */

/* x log x of whole numbers up to n, and room for a walk. */
static int
make_room(struct crm_turns *x, size_t n, struct crm_err *err)
{
	while (x->cap <= n)
		if (!crm_grow(&x->xlogx, &x->cap, x->cap, sizeof *x->xlogx))
			return crm_err_nomem(err);
	while (x->walkcap <= n)
		if (!crm_grow(
			&x->walk, &x->walkcap, x->walkcap, sizeof *x->walk))
			return crm_err_nomem(err);
	for (; x->n <= n; x->n++)
		x->xlogx[x->n] =
		    x->n ? (double)x->n * crm_log((double)x->n) : 0;
	return CRM_OK;
}

size_t
crm_turn_edge(size_t n)
{
	return n / 20 > 3 ? n / 20 : 3;
}

/* The logarithm of the likelihood ratio of two shares against one, c of the
 * first i and all of n. */
static double
shares(const double *l, size_t n, size_t all, size_t i, size_t c)
{
	return l[c] + l[i - c] + l[all - c] + l[n - i - all + c] - l[i] -
	       l[n - i] - l[all] - l[n - all] + l[n];
}

int
crm_turn_word(struct crm_turns *x, const bool *has, size_t n,
    struct crm_turn *out, struct crm_err *err)
{
	size_t all = 0, edge = crm_turn_edge(n), c = 0;
	const double *l;
	double most = -1, r, *f;
	int code = make_room(x, n, err);

	*out = (struct crm_turn){.p = 1};
	if (code < 0)
		return code;
	for (size_t i = 0; i < n; i++)
		all += has[i];
	l = x->xlogx;
	f = x->walk;
	for (size_t i = 0; i <= n; i++) {
		r = i >= edge && i + edge <= n ? shares(l, n, all, i, c) : -1;
		if (r > most) {
			most = r;
			out->before = i;
			out->more = c * (n - i) < (all - c) * i;
		}
		c += i < n && has[i];
	}
	if (most <= 0)
		return CRM_OK;
	most -= 1e-9 * most; /* other ways to the same number */
	for (size_t k = 0; k <= all; k++)
		f[k] = 0;
	f[0] = 1;
	out->p = 0;
	/* every order of the words is as probable as any other */
	for (size_t i = 0; i <= n; i++) {
		size_t low = i + all > n ? i + all - n : 0;
		size_t high = i < all ? i : all;
		double left = (double)(n - i);

		if (i >= edge && i + edge <= n)
			for (size_t k = low; k <= high; k++)
				if (shares(l, n, all, i, k) >= most) {
					out->p += f[k];
					f[k] = 0;
				}
		for (size_t k = high + 1; i < n && k-- > low;) {
			double with = (double)(all - k);

			if (k < all)
				f[k + 1] += f[k] * with / left;
			f[k] *= (left - with) / left;
		}
	}
	out->p = out->p > 1 ? 1 : out->p;
	return CRM_OK;
}

/* ---- the words of orders ---- */

enum { TRIED = 4, FEWEST = 3 };

struct search {
	struct crm_turns *x;
	const uint64_t *words; /* of each order: its bits */
	size_t n;
	bool *has;
	size_t *order; /* of has[]: which it is of */
	unsigned tried;
	struct crm_turn_words *best;
	struct crm_err *err;
};

/* The words that say most, whenever they were said. */
static unsigned
choose(const struct search *y, unsigned nword, unsigned *word)
{
	uint64_t weight[TRIED + 1] = {0};
	unsigned found = 0;

	for (unsigned k = 0; k < nword; k++) {
		uint64_t all = 0, w;
		unsigned at = found;

		for (size_t i = 0; i < y->n; i++)
			all += y->words[i] >> k & 1;
		if (all < FEWEST || all + FEWEST > y->n)
			continue;
		w = all * (y->n - all);
		for (; at > 0 && weight[at - 1] < w; at--)
			if (at < TRIED) {
				weight[at] = weight[at - 1];
				word[at] = word[at - 1];
			}
		if (at < TRIED) {
			weight[at] = w;
			word[at] = k;
			found += found < TRIED;
		}
	}
	return found;
}

/* Orders with a word against those without, or against those with another:
 * then who has both or neither says nothing.  CRM_NOTFOUND: that all have one
 * of the two, and it is the same as without the other. */
static int
try_words(struct search *y, unsigned word, unsigned other)
{
	struct crm_turn turn;
	size_t n = 0, with = 0;
	double least = 2;
	int code;

	for (size_t i = 0; i < y->n; i++) {
		bool a = y->words[i] >> word & 1;

		if (other != word && a == (y->words[i] >> other & 1))
			continue;
		with += a;
		y->order[n] = i;
		y->has[n++] = a;
	}
	if (other != word && n == y->n)
		return CRM_NOTFOUND;
	if (with < FEWEST || with + FEWEST > n)
		return CRM_OK;
	y->tried++;
	for (size_t i = 0; i < with; i++)
		least *= (double)(with - i) / (double)(n - i);
	if (least < y->best->least)
		y->best->least = least;
	code = crm_turn_word(y->x, y->has, n, &turn, y->err);
	if (code < 0 || turn.p >= y->best->p)
		return code;
	y->best->p = turn.p;
	y->best->before = y->order[turn.before];
	y->best->more = turn.more || other != word;
	y->best->word = turn.more ? word : other;
	y->best->other = turn.more ? other : word;
	return CRM_OK;
}

/* Less of a word is more of the only other one. */
static void
replace(struct crm_turn_words *y, unsigned word, unsigned other)
{
	if (y->word != word || y->other != word)
		return;
	y->word = y->more ? word : other;
	y->other = y->more ? other : word;
	y->more = true;
}

int
crm_turn_words(struct crm_turns *x, const uint64_t *words, size_t n,
    unsigned nword, struct crm_turn_words *out, struct crm_err *err)
{
	unsigned word[TRIED + 1], found;
	struct search y = {
	    .x = x, .words = words, .n = n, .best = out, .err = err};
	int code = CRM_OK;

	*out = (struct crm_turn_words){.p = 2, .least = 2};
	found = choose(&y, nword, word);
	if (found == 0)
		return CRM_OK;
	y.has = malloc(n * sizeof *y.has);
	y.order = malloc(n * sizeof *y.order);
	if (!y.has || !y.order)
		code = crm_err_nomem(err);
	for (unsigned a = 0; code == CRM_OK && a < found; a++) {
		code = try_words(&y, word[a], word[a]);
		for (unsigned b = a + 1; code == CRM_OK && b < found; b++) {
			code = try_words(&y, word[a], word[b]);
			if (code != CRM_NOTFOUND)
				continue;
			code = CRM_OK;
			replace(out, word[a], word[b]);
			for (unsigned k = b--; ++k < found;)
				word[k - 1] = word[k];
			found--;
		}
	}
	out->p = out->p * y.tried < 1 ? out->p * y.tried : 1;
	out->least = out->least * y.tried < 1 ? out->least * y.tried : 1;
	free(y.has);
	free(y.order);
	return code;
}

/* ---- ranks ---- */

/* P(the largest of the standardised sums is b or more), at most: of the first
 * one, and of each that is when the one before is not (Worsley 1982, as Lausen
 * and Schumacher 1992 have it). */
static double
ranks_p(size_t n, double b)
{
	size_t edge = crm_turn_edge(n);
	double sum = 0, p, N = (double)n;

	if (b <= 0)
		return 1;
	b = b > 7 ? 7 : b; /* the normal distribution ends to be one */
	for (size_t i = edge; i + edge < n; i++) {
		double a = (double)i, t2, t;

		t2 = 1 - a * (N - a - 1) / ((N - a) * (a + 1));
		t = sqrt(t2);
		p = t - (b * b / 4 - 1) * t * t2 / 6;
		sum += p > t / 3 ? p : t / 3;
	}
	p = 2 * crm_normal_tail(b) +
	    sum * crm_exp(-0.5 * b * b) * 0.3183098861837907;
	return p > 1 ? 1 : p;
}

int
crm_turn_ranks(const int64_t *v, size_t n, double *least, struct crm_turn *out,
    struct crm_err *err)
{
	size_t *rank2 = malloc((n ? n : 1) * sizeof *rank2);
	size_t edge = crm_turn_edge(n), sum = 0;
	double N = (double)n, ties, most = -1, var;

	*out = (struct crm_turn){.p = 1};
	*least = 1;
	if (!rank2 || !crm_test_midranks(v, n, rank2, &ties)) {
		free(rank2);
		return crm_err_nomem(err);
	}
	var = n > 1 ? (N + 1 - ties / (N * (N - 1))) / 12 : 0;
	for (size_t i = 0; i + edge <= n && var > 0; i++) {
		double k = (double)i, d, dev = sqrt(var * k * (N - k)), b;

		if (i >= edge) {
			d = (double)sum / 2 - k * (N + 1) / 2;
			b = ((d < 0 ? -d : d) - 0.5) / dev;
			if (b > most) {
				most = b;
				out->before = i;
				out->more = d < 0;
			}
		}
		sum += rank2[i];
	}
	if (most > 0)
		out->p = ranks_p(n, most);
	if (2 * edge <= n && var > 0) {
		size_t half = n / 2;
		double k = (double)half;

		*least = ranks_p(
		    n, (k * (N - k) / 2 - 0.5) / sqrt(var * k * (N - k)));
	}
	free(rank2);
	return CRM_OK;
}

void
crm_turns_release(struct crm_turns *x)
{
	for (size_t i = 0; x->events && i < KEPT; i++)
		free(x->events[i]);
	free(x->events);
	free(x->xlogx);
	free(x->walk);
	*x = (struct crm_turns){0};
}
