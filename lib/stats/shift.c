/*
 * shift.c - a customer's last orders against their own earlier ones.
 *
 * Before December everybody buys faster, and that is no change of theirs: time
 * runs by a clock of the shop, a pace for each week, as the customers' orders
 * between their first and last give it.  These two are left out, as who is
 * between them was certainly a customer: so neither newcomers nor those who
 * went move the clock.  Nor do those whose own rhythm turned in between.  Weeks
 * of few orders are drawn towards the usual pace.
 *
 * A test that could not give an alarm whatever the last orders were is not
 * made (Tarone 1990): whether it could follows from numbers of orders only, so
 * that leaving it out makes no alarm less true.  For the same reason words that
 * less than three orders have, or have not, are none to look for a turn by.
 */
#include <stdlib.h>

#include <crm/shift.h>
#include <crm/special.h>

#define TURNED 0.02 /* p */
enum { WEEK = 7 * CRM_DAY, VISIT = 3600, ROUNDS = 4, PRIOR = 20 };

int
crm_shift_word(struct crm_shift_words *w, struct crm_str text, uint64_t *bit,
    struct crm_err *err)
{
	const unsigned last = CRM_SHIFT_WORDS - 1;
	uint64_t at = w->n < last ? w->n : last;

	*bit = 0;
	if (text.n == 0)
		return CRM_OK;
	if (!crm_map_get(&w->map, text, &at)) {
		if (crm_map_put(&w->map, text, at, NULL) == CRM_ENOMEM)
			return crm_err_nomem(err);
		if (at == last)
			text = CRM_STR("others");
		w->text[at] = crm_arena_str(&w->arena, text);
		if (!w->text[at].p)
			return crm_err_nomem(err);
		if (w->n < CRM_SHIFT_WORDS)
			w->n++;
	}
	*bit = (uint64_t)1 << at;
	return CRM_OK;
}

int
crm_shifts_put(struct crm_shifts *x, const struct crm_shift_order *order,
    struct crm_err *err)
{
	if (!crm_grow(&x->order, &x->ordercap, x->norder, sizeof *x->order))
		return crm_err_nomem(err);
	x->order[x->norder++] = *order;
	return CRM_OK;
}

static int
by_customer(const void *a, const void *b)
{
	const struct crm_shift_order *x = a, *y = b;

	if (x->customer != y->customer)
		return x->customer < y->customer ? -1 : 1;
	if (x->placed != y->placed)
		return x->placed < y->placed ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

/* ---- the clock ---- */

/* From the beginning to a time, in weeks of usual pace. */
static double
clock_at(const struct crm_shifts *x, const double *sum, int64_t time)
{
	int64_t into = time - x->begin;
	size_t week = into <= 0 ? 0 : (size_t)(into / WEEK);

	if (into <= 0)
		return 0;
	if (week >= x->weeks)
		return sum[x->weeks];
	return sum[week] + x->pace[week] * (double)(into % WEEK) / WEEK;
}

/* The time of what clock_at says. */
static int64_t
clock_back(const struct crm_shifts *x, const double *sum, double at)
{
	size_t low = 0, high = x->weeks;

	while (high - low > 1) {
		size_t mid = low + (high - low) / 2;

		if (sum[mid] <= at)
			low = mid;
		else
			high = mid;
	}
	return x->begin + (int64_t)low * WEEK +
	       (int64_t)((at - sum[low]) / x->pace[low] * WEEK);
}

static void
sum_up(const struct crm_shifts *x, double *sum)
{
	sum[0] = 0;
	for (size_t i = 0; i < x->weeks; i++)
		sum[i + 1] = sum[i] + x->pace[i];
}

/* What a customer's orders i..end would put into each week at their own rate,
 * and what they did. */
static void
spread(struct crm_shifts *x, const double *sum, size_t i, size_t end,
    double *seen, double *due)
{
	int64_t from = x->order[i].placed, to = x->order[end - 1].placed;
	double span = clock_at(x, sum, to) - clock_at(x, sum, from), rate;
	size_t a, b;

	if (end - i < 3 || span <= 0)
		return;
	rate = (double)(end - i - 2) / span;
	a = (size_t)((from - x->begin) / WEEK);
	b = (size_t)((to - x->begin) / WEEK);
	for (size_t w = a; w <= b; w++) {
		int64_t low = x->begin + (int64_t)w * WEEK, high = low + WEEK;

		low = low > from ? low : from;
		high = high < to ? high : to;
		due[w] += rate * (double)(high - low) / WEEK;
	}
	for (size_t j = i + 1; j + 1 < end; j++)
		seen[(x->order[j].placed - x->begin) / WEEK] += 1;
}

static size_t
end_of(const struct crm_shifts *x, size_t i)
{
	uint64_t customer = x->order[i].customer;

	while (i < x->norder && x->order[i].customer == customer)
		i++;
	return i;
}

struct clock {
	double *seen, *due, *sum;
	double *u; /* a customer's events */
	bool *turned; /* by each customer's first order */
};

static void
fit_pace(struct crm_shifts *x, const struct clock *y)
{
	for (int round = 0; round < ROUNDS; round++) {
		sum_up(x, y->sum);
		for (size_t w = 0; w < x->weeks; w++)
			y->seen[w] = y->due[w] = 0;
		for (size_t i = 0, end; i < x->norder; i = end) {
			end = end_of(x, i);
			if (!y->turned[i])
				spread(x, y->sum, i, end, y->seen, y->due);
		}
		for (size_t w = 0; w < x->weeks; w++)
			x->pace[w] = (y->seen[w] + PRIOR) / (y->due[w] + PRIOR);
	}
	sum_up(x, y->sum);
}

/* Whose rhythm turned between their first and last order: a few who buy much
 * more than before would be the whole shop's hurry. */
static int
find_turned(struct crm_shifts *x, const struct clock *y,
    struct crm_turns *turns, struct crm_err *err)
{
	int code = CRM_OK;

	for (size_t i = 0, end; code == CRM_OK && i < x->norder; i = end) {
		double from, span;
		struct crm_turn turn;
		size_t n = 0;

		end = end_of(x, i);
		from = clock_at(x, y->sum, x->order[i].placed);
		span = clock_at(x, y->sum, x->order[end - 1].placed) - from;
		if (span <= 0)
			continue;
		for (size_t j = i + 1; j + 1 < end; j++)
			if (x->order[j].placed - x->order[j - 1].placed > VISIT)
				y->u[n++] =
				    (clock_at(x, y->sum, x->order[j].placed) -
					from) /
				    span;
		code = crm_turn_events(turns, y->u, n, &turn, err);
		y->turned[i] = turn.p <= TURNED;
	}
	return code;
}

static int
make_clock(struct crm_shifts *x, int64_t at, struct crm_turns *turns,
    struct crm_err *err)
{
	struct clock y = {0};
	int code = CRM_OK;

	x->begin = INT64_MAX;
	for (size_t i = 0; i < x->norder; i++)
		if (x->order[i].placed < x->begin)
			x->begin = x->order[i].placed;
	x->weeks = (size_t)((at - x->begin) / WEEK) + 1;
	x->pace = malloc(x->weeks * sizeof *x->pace);
	y.seen = malloc(x->weeks * sizeof *y.seen);
	y.due = malloc(x->weeks * sizeof *y.due);
	y.sum = malloc((x->weeks + 1) * sizeof *y.sum);
	y.u = malloc(x->norder * sizeof *y.u);
	y.turned = calloc(x->norder, sizeof *y.turned);
	if (!x->pace || !y.seen || !y.due || !y.sum || !y.u || !y.turned)
		code = crm_err_nomem(err);
	for (size_t w = 0; code == CRM_OK && w < x->weeks; w++)
		x->pace[w] = 1;
	for (int i = 0; code == CRM_OK && i < 3; i++) {
		fit_pace(x, &y);
		if (i < 2)
			code = find_turned(x, &y, turns, err);
	}
	free(y.seen);
	free(y.due);
	free(y.sum);
	free(y.u);
	free(y.turned);
	return code;
}

/* ---- one customer ---- */

struct work {
	struct crm_shifts *x;
	const struct crm_shift_options *opt;
	double *clock;
	struct crm_turns turns;
	/* room for one customer's values, words, and events of the clock */
	int64_t *v;
	uint64_t *words;
	double *u;
	size_t cap, wordcap, ucap;
};

static int
put_row(struct work *w, const struct crm_shift *row, struct crm_err *err)
{
	struct crm_shifts *x = w->x;

	if (!crm_grow(&x->row, &x->cap, x->n, sizeof *x->row))
		return crm_err_nomem(err);
	x->row[x->n++] = *row;
	return CRM_OK;
}

static int
test_rhythm(struct work *w, const struct crm_shift_order *o, size_t n,
    struct crm_err *err)
{
	const struct crm_shift_options *opt = w->opt;
	struct crm_shift row = {
	    .customer = o[0].customer, .what = CRM_SHIFT_RHYTHM};
	double begin = clock_at(w->x, w->clock, o[0].placed);
	double split = clock_at(w->x, w->clock, opt->split);
	double end = clock_at(w->x, w->clock, opt->at), part;
	double days = (double)(opt->split - o[0].placed) / CRM_DAY;
	uint64_t before = 0, recent = 0, all;

	/* orders of one hour are one visit; the first only begins the time */
	for (size_t i = 1; i < n; i++)
		if (o[i].placed - o[i - 1].placed > VISIT) {
			before += o[i].placed < opt->split;
			recent += o[i].placed >= opt->split;
		}
	all = before + recent;
	if (all == 0 || end <= split || split <= begin || days <= 0)
		return CRM_OK;
	part = (end - split) / (end - begin);
	row.least = crm_test_poisson(0, all, part);
	if (crm_test_poisson(all, all, part) < row.least)
		row.least = crm_test_poisson(all, all, part);
	if (row.least > opt->alarm)
		return CRM_OK;
	row.before = (uint32_t)before;
	row.recent = (uint32_t)recent;
	row.was = (double)before * 30 / days;
	row.is = (double)recent * 30 * CRM_DAY / (double)(opt->at - opt->split);
	row.expected = (double)before * part / (1 - part);
	row.more = (double)recent > row.expected;
	row.since = crm_day_of(opt->calendar, opt->split);
	row.p = crm_test_poisson(recent, all, part);
	return put_row(w, &row, err);
}

static int
turn_rhythm(struct work *w, const struct crm_shift_order *o, size_t n,
    struct crm_err *err)
{
	int64_t first = o[0].placed, since, at = w->opt->at;
	struct crm_shift row = {
	    .customer = o[0].customer, .what = CRM_SHIFT_RHYTHM};
	double begin = clock_at(w->x, w->clock, first);
	double span = clock_at(w->x, w->clock, at) - begin;
	struct crm_turn turn;
	size_t all = 0;
	int code;

	if (span <= 0)
		return CRM_OK;
	for (size_t i = 1; i < n; i++)
		if (o[i].placed - o[i - 1].placed > VISIT) {
			double t = clock_at(w->x, w->clock, o[i].placed);

			w->v[all] = (int64_t)i;
			w->u[all++] = (t - begin) / span;
		}
	if (all < 2) /* one event alone can be striking to nobody */
		return CRM_OK;
	code = crm_turn_events(&w->turns, w->u, all, &turn, err);
	if (code < 0)
		return code;
	if (turn.event == all) {
		since = clock_back(w->x, w->clock, begin + turn.at * span);
		row.since = crm_day_of(w->opt->calendar, since);
	} else {
		const struct crm_shift_order *e = &o[w->v[turn.event]];

		since = e->placed;
		row.since = e->day + (turn.before > turn.event);
	}
	row.before = (uint32_t)turn.before;
	row.recent = (uint32_t)(all - turn.before);
	row.more = turn.more;
	if (since <= first || since >= at)
		return CRM_OK;
	row.was = (double)row.before * 30 * CRM_DAY / (double)(since - first);
	row.is = (double)row.recent * 30 * CRM_DAY / (double)(at - since);
	row.expected = (double)row.before * (1 - turn.at) / turn.at;
	row.p = turn.p;
	return put_row(w, &row, err);
}

static int
cmp_int(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double
median(int64_t *v, size_t n)
{
	size_t low = (n - 1) / 2, high = n / 2;

	qsort(v, n, sizeof *v, cmp_int);
	return ((double)v[low] + (double)v[high]) / 2;
}

/* 2 / choose(n, k), which no two-sided test by ranks can be below. */
static double
least_ranks(size_t n, size_t k)
{
	double p = 2;

	k = n - k < k ? n - k : k;
	for (size_t i = 0; i < k; i++)
		p *= (double)(k - i) / (double)(n - i);
	return p;
}

static int
test_values(struct work *w, const struct crm_shift_order *o, size_t m, size_t n,
    enum crm_shift_what what, struct crm_err *err)
{
	struct crm_shift row = {.customer = o[0].customer,
	    .what = what,
	    .before = (uint32_t)m,
	    .recent = (uint32_t)(n - m)};
	int code;

	if (n == m || least_ranks(n, m) > w->opt->alarm)
		return CRM_OK;
	row.least = least_ranks(n, m);
	for (size_t i = 0; i < n; i++)
		w->v[i] = what == CRM_SHIFT_SPEND ? o[i].total : o[i].items;
	code = crm_test_ranks(w->v, m, n, &row.p, &row.more, err);
	if (code < 0)
		return code;
	row.since = crm_day_of(w->opt->calendar, w->opt->split);
	row.was = median(w->v, m);
	row.is = median(w->v + m, n - m);
	return put_row(w, &row, err);
}

static int
turn_values(struct work *w, const struct crm_shift_order *o, size_t n,
    enum crm_shift_what what, struct crm_err *err)
{
	struct crm_shift row = {.customer = o[0].customer, .what = what};
	struct crm_turn turn;
	double least;
	size_t m;
	int code;

	for (size_t i = 0; i < n; i++)
		w->v[i] = what == CRM_SHIFT_SPEND ? o[i].total : o[i].items;
	code = crm_turn_ranks(w->v, n, &least, &turn, err);
	m = turn.before;
	if (code < 0 || least > w->opt->alarm || m == 0)
		return code;
	row.before = (uint32_t)m;
	row.recent = (uint32_t)(n - m);
	row.since = o[m].day;
	row.more = turn.more;
	row.p = turn.p;
	row.least = least;
	row.was = median(w->v, m);
	row.is = median(w->v + m, n - m);
	return put_row(w, &row, err);
}

/* Which word has more of the last orders than it had? */
static int
test_words(struct work *w, const struct crm_shift_order *o, size_t m, size_t n,
    enum crm_shift_what what, struct crm_err *err)
{
	int set = what == CRM_SHIFT_GOODS;
	struct crm_shift row = {.customer = o[0].customer,
	    .what = what,
	    .more = true,
	    .before = (uint32_t)m,
	    .recent = (uint32_t)(n - m),
	    .p = 2};
	double least = 1;
	unsigned tried = 0;

	for (unsigned k = 0; k < w->x->words[set].n; k++) {
		uint64_t bit = (uint64_t)1 << k, all = 0, recent = 0;
		double p;

		for (size_t i = 0; i < n; i++)
			if (o[i].words[set] & bit) {
				all++;
				recent += i >= m;
			}
		if (all == 0 || all == n)
			continue;
		tried++;
		p = crm_test_hyper(all < n - m ? all : n - m, n - m, all, n);
		least = p < least ? p : least;
		p = crm_test_hyper(recent, n - m, all, n);
		if (p < row.p) {
			row.p = p;
			row.word = row.other = k;
			row.was = (double)(all - recent) / (double)m;
			row.is = (double)recent / (double)(n - m);
		}
	}
	if (tried == 0 || least * tried > w->opt->alarm)
		return CRM_OK;
	row.since = crm_day_of(w->opt->calendar, w->opt->split);
	row.p = row.p * tried < 1 ? row.p * tried : 1;
	row.least = least * tried;
	return put_row(w, &row, err);
}

static int
turn_words(struct work *w, const struct crm_shift_order *o, size_t n,
    enum crm_shift_what what, struct crm_err *err)
{
	int set = what == CRM_SHIFT_GOODS;
	struct crm_shift row = {.customer = o[0].customer, .what = what};
	size_t m, before = 0, recent = 0;
	struct crm_turn_words turn;
	int code;

	for (size_t i = 0; i < n; i++)
		w->words[i] = o[i].words[set];
	code = crm_turn_words(
	    &w->turns, w->words, n, w->x->words[set].n, &turn, err);
	m = turn.before;
	if (code < 0 || turn.least > w->opt->alarm || m == 0)
		return code;
	for (size_t i = 0; i < n; i++) {
		before += i < m && o[i].words[set] >> turn.word & 1;
		recent += i >= m && o[i].words[set] >> turn.word & 1;
	}
	row.before = (uint32_t)m;
	row.recent = (uint32_t)(n - m);
	row.since = o[m].day;
	row.word = turn.word;
	row.other = turn.other;
	row.more = turn.more;
	row.p = turn.p;
	row.least = turn.least;
	row.was = (double)before / (double)m;
	row.is = (double)recent / (double)(n - m);
	return put_row(w, &row, err);
}

static int
turn_customer(struct work *w, const struct crm_shift_order *o, size_t n,
    enum crm_shift_what what, struct crm_err *err)
{
	if (o[0].day == o[n - 1].day)
		return CRM_OK;
	if (what == CRM_SHIFT_RHYTHM)
		return turn_rhythm(w, o, n, err);
	if (what < CRM_SHIFT_CHANNEL)
		return turn_values(w, o, n, what, err);
	return turn_words(w, o, n, what, err);
}

static bool
make_room(struct work *w, size_t n)
{
	bool ok = true;

	while (ok && w->cap < n)
		ok = crm_grow(&w->v, &w->cap, w->cap, sizeof *w->v);
	while (ok && w->wordcap < n)
		ok = crm_grow(
		    &w->words, &w->wordcap, w->wordcap, sizeof *w->words);
	while (ok && w->ucap < n)
		ok = crm_grow(&w->u, &w->ucap, w->ucap, sizeof *w->u);
	return ok;
}

/* n orders of a customer, m of them before the split. */
static int
test_customer(struct work *w, const struct crm_shift_order *o, size_t m,
    size_t n, struct crm_err *err)
{
	size_t had = w->x->n;
	int code = CRM_OK;
	bool turn = w->opt->split == INT64_MIN;

	if ((turn ? n : m) < w->opt->least)
		return CRM_OK;
	if (!make_room(w, n))
		return crm_err_nomem(err);
	for (int k = 0; code == CRM_OK && k < CRM_SHIFTS; k++) {
		enum crm_shift_what what = (enum crm_shift_what)k;

		if (!(w->x->has >> k & 1))
			continue;
		if (turn)
			code = turn_customer(w, o, n, what, err);
		else if (what == CRM_SHIFT_RHYTHM)
			code = test_rhythm(w, o, n, err);
		else if (what < CRM_SHIFT_CHANNEL)
			code = test_values(w, o, m, n, what, err);
		else if (n > m)
			code = test_words(w, o, m, n, what, err);
	}
	w->x->customers += w->x->n > had;
	return code;
}

/* ---- all of them ---- */

struct ordered {
	double p;
	size_t row;
};

static int
by_p(const void *a, const void *b)
{
	const struct ordered *x = a, *y = b;

	if (x->p != y->p)
		return x->p < y->p ? -1 : 1;
	return (x->row > y->row) - (x->row < y->row);
}

/*
 * Those tests of a sort that could be an alarm if k were made, for the
 * smallest k that are no more than k (Gilbert 2005): what cannot be one is no
 * reason to ask more of the others.  v is in order of row; how many there are.
 */
static size_t
possible(const struct crm_shifts *x, struct ordered *v, size_t n, double alarm)
{
	size_t k = 0, can = n;

	while (can > k) {
		k++;
		can = 0;
		for (size_t i = 0; i < n; i++)
			can += x->row[v[i].row].least * (double)k <= alarm;
	}
	can = 0;
	for (size_t i = 0; i < n; i++)
		if (x->row[v[i].row].least * (double)k <= alarm)
			v[can++] = v[i];
	return can;
}

/* Each sort of test for itself: there are always many who went, and their
 * alarms would let pass false ones of spend. */
static int
correct(struct crm_shifts *x, double alarm, struct crm_err *err)
{
	struct ordered *v = malloc((x->n + 1) * sizeof *v);
	double *p = malloc((x->n + 1) * sizeof *p);
	bool ok = v && p;

	for (int what = 0; ok && what < CRM_SHIFTS; what++) {
		size_t n = 0;

		for (size_t i = 0; i < x->n; i++)
			if ((int)x->row[i].what == what) {
				x->row[i].q = 1;
				v[n++] = (struct ordered){x->row[i].p, i};
			}
		n = possible(x, v, n, alarm);
		if (n > 1)
			qsort(v, n, sizeof *v, by_p);
		for (size_t i = 0; i < n; i++)
			p[i] = v[i].p;
		crm_false_discovery(p, n, p);
		for (size_t i = 0; i < n; i++)
			x->row[v[i].row].q = p[i];
	}
	free(v);
	free(p);
	return ok ? CRM_OK : crm_err_nomem(err);
}

int
crm_shifts_test(struct crm_shifts *x, const struct crm_shift_options *opt,
    struct crm_err *err)
{
	struct work w = {.x = x, .opt = opt};
	size_t n = 0;
	int code;

	for (size_t i = 0; i < x->norder; i++)
		if (x->order[i].placed < opt->at)
			x->order[n++] = x->order[i];
	x->norder = n;
	if (n == 0)
		return CRM_OK;
	qsort(x->order, n, sizeof *x->order, by_customer);
	code = make_clock(x, opt->at, &w.turns, err);
	if (code == CRM_OK) {
		w.clock = malloc((x->weeks + 1) * sizeof *w.clock);
		code = w.clock ? CRM_OK : crm_err_nomem(err);
	}
	if (code == CRM_OK)
		sum_up(x, w.clock);
	for (size_t i = 0, m, end; code == CRM_OK && i < n; i = end) {
		m = 0;
		for (end = i;
		     end < n && x->order[end].customer == x->order[i].customer;
		     end++)
			m += x->order[end].placed < opt->split;
		code = test_customer(&w, x->order + i, m, end - i, err);
	}
	if (code == CRM_OK)
		code = correct(x, opt->alarm, err);
	crm_turns_release(&w.turns);
	free(w.clock);
	free(w.v);
	free(w.words);
	free(w.u);
	return code;
}

void
crm_shifts_release(struct crm_shifts *x)
{
	for (int i = 0; i < 2; i++) {
		crm_map_release(&x->words[i].map);
		crm_arena_release(&x->words[i].arena);
	}
	free(x->order);
	free(x->row);
	free(x->pace);
	*x = (struct crm_shifts){0};
}
