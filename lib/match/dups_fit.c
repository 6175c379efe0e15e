/*
 * dups_fit.c - u by counting, m by expectation-maximisation, the prior.
 *
 * What is compared is kept as patterns (a level for each column), as there are
 * few of them: an iteration costs their number, not that of pairs.  For each
 * rule m is estimated over the columns that it does not look at: among its
 * candidates strangers agree on those as any two records do, so that u can
 * stay what was counted and the mixture is identified (as in Splink; Linacre
 * et al. 2022).  A handful of imagined pairs, which agree as people's data
 * usually does, keeps the estimate sane where there is next to nothing to
 * learn from.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <crm/num.h>

#include "dups.h"

#define LN2 0x1.62e42fefa39efp-1
/* Pairs that are compared to learn from: random ones, and of each rule. */
#define SAMPLE 200000
#define SAMPLE_RULE 40000
#define ROUNDS 60
#define SEED 20260101

/* Levels of a column among matches, before anything is known, and how many
 * pairs that is worth. */
static const double usual[CRM_DUP_LEVELS] = {0.06, 0.04, 0.10, 0.80};
#define WORTH 10.0
/* How often two strangers have the same, in a shop of some size, and how many
 * pairs that is worth beside those of this one. */
static const double chance[CRM_DUP_TYPES] = {
    [CRM_DUP_GIVEN] = 5e-3,
    [CRM_DUP_FAMILY] = 2e-3,
    [CRM_DUP_NAME] = 1e-4,
    [CRM_DUP_TEXT] = 1e-2,
    [CRM_DUP_STREET] = 2e-4,
    [CRM_DUP_PLACE] = 5e-2,
    [CRM_DUP_POSTCODE] = 3e-3,
    [CRM_DUP_DATE] = 5e-5,
    [CRM_DUP_CODE] = 1e-5,
    [CRM_DUP_PHONE] = 1e-5,
    [CRM_DUP_EMAIL] = 1e-6,
};
#define WORTH_U 5000.0
/* Of the same person at least so many agree in full, and at most so many not
 * at all; and nobody is there so often that pairs outnumber records by more.
 * Without that, what strangers have in common beyond chance (people of one
 * name live in one country) can be taken for a match.  Names and birthdays
 * stay; an address is what somebody who comes back often has another of. */
static const struct {
	double agree, differ;
} limit[CRM_DUP_TYPES] = {
    [CRM_DUP_GIVEN] = {0.4, 0.04},
    [CRM_DUP_FAMILY] = {0.4, 0.05},
    [CRM_DUP_NAME] = {0.3, 0.06},
    [CRM_DUP_TEXT] = {0.2, 0.50},
    [CRM_DUP_STREET] = {0.2, 0.40},
    [CRM_DUP_PLACE] = {0.3, 0.30},
    [CRM_DUP_POSTCODE] = {0.3, 0.40},
    [CRM_DUP_DATE] = {0.4, 0.05},
    [CRM_DUP_CODE] = {0.3, 0.30},
    [CRM_DUP_PHONE] = {0.2, 0.50},
    [CRM_DUP_EMAIL] = {0.02, 0.80},
};
#define TIMES 1.5
/* Of two people of one home so many have the given name, or the birthday, in
 * common, how many pairs that is worth, and how many have at most: else whoever
 * is there twice under another first name is a twin. */
#define ALIKE 0.005
#define ALIKE_MOST 0.05
#define WORTH_ALIKE 100.0

static double
usual_u(int type, int level)
{
	double c = chance[type];

	switch (level) {
	case CRM_DUP_EXACT:
		return c;
	case CRM_DUP_CLOSE:
		return c + 5e-4;
	case CRM_DUP_PARTLY:
		return c + 1e-2;
	default:
		return 1 - 3 * c - 1.05e-2;
	}
}

/* A pattern: three bits a column. */
struct pattern {
	uint64_t levels;
	double weight; /* how many pairs it stands for */
};
struct patterns {
	struct crm_idmap at;
	struct pattern *p;
	size_t n, cap;
	double all; /* pairs */
};

static int
level_in(uint64_t levels, size_t column)
{
	return (int)(levels >> (3 * column) & 7);
}

static int
put(struct patterns *x, uint64_t levels, double weight)
{
	uint64_t at;

	/* 0 may not be a key of the map. */
	if (!crm_idmap_get(&x->at, levels + 1, &at)) {
		at = x->n;
		if (!crm_grow(&x->p, &x->cap, x->n + 1, sizeof *x->p) ||
		    crm_idmap_put(&x->at, levels + 1, at) < 0)
			return CRM_ENOMEM;
		x->p[x->n++] = (struct pattern){levels, 0};
	}
	x->p[at].weight += weight;
	x->all += weight;
	return CRM_OK;
}

static uint64_t
pattern(const struct crm_dups *d, uint32_t a, uint32_t b)
{
	uint8_t level[CRM_DUP_COLUMNS];
	uint64_t levels = 0;

	crm_dup_levels(d, a, b, level);
	for (size_t i = 0; i < d->columns; i++)
		levels |= (uint64_t)level[i] << (3 * i);
	return levels;
}

/* What a rule's candidates are counted into: its own patterns, and once those
 * of all rules together. */
struct tally {
	const struct crm_dups *d;
	size_t rule;
	struct patterns *own, *all;
	double stride;
};

static int
note(void *ctx, uint32_t a, uint32_t b)
{
	struct tally *t = ctx;
	uint64_t levels = pattern(t->d, a, b);
	int code = put(t->own, levels, t->stride);

	if (code == CRM_OK && crm_dup_first(t->d, t->rule, a, b))
		code = put(t->all, levels, t->stride);
	return code;
}

static void
forget(struct patterns *x)
{
	crm_idmap_release(&x->at);
	free(x->p);
	*x = (struct patterns){0};
}

/* How often two strangers have both names alike: those of one country have,
 * more often than each name for itself would tell. */
static int
count_names(struct crm_dups *d, struct crm_err *err)
{
	struct crm_dup_model *m = &d->model;
	double n = (double)d->n, mixed, same = 0;
	uint64_t v;

	m->given = m->family = CRM_DUP_COLUMNS;
	for (size_t i = d->columns; i-- > 0;) {
		if (d->column[i].type == CRM_DUP_GIVEN)
			m->given = i;
		if (d->column[i].type == CRM_DUP_FAMILY)
			m->family = i;
	}
	crm_idmap_release(&d->names);
	if (m->given == CRM_DUP_COLUMNS || m->family == CRM_DUP_COLUMNS) {
		m->given = m->family = CRM_DUP_COLUMNS;
		return CRM_OK;
	}
	for (uint32_t i = 0; i < d->n; i++) {
		uint64_t key = crm_dup_names(d, i);

		if (key == 0)
			continue;
		if (!crm_idmap_get(&d->names, key, &v))
			v = 0;
		same += 2 * (double)v;
		if (crm_idmap_put(&d->names, key, v + 1) == CRM_ENOMEM)
			return crm_err_nomem(err);
	}
	mixed = usual_u(CRM_DUP_GIVEN, CRM_DUP_EXACT) *
		usual_u(CRM_DUP_FAMILY, CRM_DUP_EXACT);
	m->both = (same / 2 + mixed * WORTH_U) / (n * (n - 1) / 2 + WORTH_U);
	return CRM_OK;
}

/* Compares any two records: all pairs of a short list, else random ones. */
static int
any_two(const struct crm_dups *d, struct patterns *x)
{
	struct crm_rand r;
	int code = CRM_OK;

	crm_rand_seed(&r, SEED);
	if (d->n * (d->n - 1) / 2 <= SAMPLE) {
		for (uint32_t b = 1; b < d->n; b++)
			for (uint32_t a = 0; a < b && code == CRM_OK; a++)
				code = put(x, pattern(d, a, b), 1);
		return code;
	}
	for (size_t k = 0; code == CRM_OK && k < SAMPLE; k++) {
		uint32_t a = (uint32_t)crm_rand_below(&r, d->n);
		uint32_t b = (uint32_t)crm_rand_below(&r, d->n - 1);

		b += b >= a;
		code = put(x, pattern(d, a, b), 1);
	}
	return code;
}

/* Shares of the levels among pairs of any two records. */
static int
count_u(struct crm_dups *d, struct crm_err *err)
{
	struct patterns x = {0};
	int code = any_two(d, &x);

	for (size_t i = 0; code == CRM_OK && i < d->columns; i++) {
		double seen[CRM_DUP_LEVELS + 1] = {0}, all;
		double n = (double)d->column[i].known, same = 0;

		for (size_t k = 0; k < x.n; k++)
			seen[level_in(x.p[k].levels, i)] += x.p[k].weight;
		all = x.all - seen[CRM_DUP_MISSING];
		/* Full agreement is counted over all pairs, as it is rare. */
		for (size_t v = 1; v < d->column[i].values; v++) {
			double c = d->column[i].value[v].count;

			same += c * (c - 1);
		}
		same = n > 1 ? same / (n * (n - 1)) : 0;
		all -= seen[CRM_DUP_EXACT];
		/* Of a short list chance says little: what is usual is mixed
		 * in as so many pairs more. */
		n = n * (n - 1) / 2;
		for (int l = 0; l < CRM_DUP_LEVELS; l++) {
			double u =
			    l == CRM_DUP_EXACT
				? same
				: (1 - same) * (seen[l] + 0.5) / (all + 1.5);

			d->model.u[i][l] =
			    (u * n + usual_u(d->column[i].type, l) * WORTH_U) /
			    (n + WORTH_U);
		}
	}
	forget(&x);
	return code < 0 ? crm_err_nomem(err) : CRM_OK;
}

/*
 * What agrees among any two records because they do match is not what agrees
 * by chance: `matches` pairs of the model are taken out of u.
 */
static void
mend_u(struct crm_dups *d, double u[][CRM_DUP_LEVELS], double both)
{
	double pairs = (double)d->n * ((double)d->n - 1) / 2;

	for (size_t i = 0; i < d->columns; i++) {
		double rest = 0, n = (double)d->column[i].known + 1;
		double share = n / ((double)d->n + 1);
		double hit = d->model.matches * share * share;
		double all = pairs * share * share;

		for (int l = 1; l < CRM_DUP_LEVELS; l++) {
			double v = (u[i][l] * all - hit * d->model.m[i][l]) /
				   (all - hit);
			double least = l == CRM_DUP_EXACT ? 1 / (10 * n)
							  : 1 / (4 * all + 4);

			if (v < least)
				v = least;
			d->model.u[i][l] = v;
			rest += v;
		}
		d->model.u[i][0] = rest < 0.99 ? 1 - rest : 0.01;
	}
	if (d->model.given < CRM_DUP_COLUMNS) {
		const struct crm_dup_model *m = &d->model;
		double least = m->u[m->given][CRM_DUP_EXACT] *
			       m->u[m->family][CRM_DUP_EXACT];
		double v =
		    (both * pairs - m->matches * m->m[m->given][CRM_DUP_EXACT] *
					m->m[m->family][CRM_DUP_EXACT]) /
		    (pairs - m->matches);

		d->model.both = v > least ? v : least;
	}
}

/* The odds of a match that a pattern speaks for, without the prior. */
static double
odds(const struct crm_dups *d, const struct crm_dup_model *m, uint64_t levels,
    unsigned skip)
{
	double o = 1, most = 1, least = 1;
	int names = 0;

	for (size_t i = 0; i < m->columns; i++) {
		int l = level_in(levels, i);
		double r;

		if (l == CRM_DUP_MISSING || skip >> i & 1)
			continue;
		r = m->m[i][l] / m->u[i][l];
		names +=
		    l == CRM_DUP_EXACT && (i == m->given || i == m->family);
		if (!crm_dup_area(d->column[i].type))
			o *= r;
		else if (r > most)
			most = r;
		else if (r < least)
			least = r;
	}
	if (names == 2)
		o *= m->u[m->given][CRM_DUP_EXACT] *
		     m->u[m->family][CRM_DUP_EXACT] / m->both;
	return o * most * least;
}

/*
 * The odds of being of one home against strangers, without the prior.  What
 * homes have in common agrees as among matches, the rest as among strangers.
 * Namesakes are not twins.  *told says whether any column could tell them from
 * a match.
 */
static double
home_odds(const struct crm_dups *d, const struct crm_dup_model *m,
    uint64_t levels, unsigned skip, bool *told)
{
	double o = 1, most = 1, least = 1, twin = 1;

	*told = false;
	for (size_t i = 0; i < m->columns; i++) {
		const struct crm_dup_column *c = &d->column[i];
		int l = level_in(levels, i);
		double r;

		if (l == CRM_DUP_MISSING || skip >> i & 1)
			continue;
		*told |= crm_dup_own(c);
		r = m->m[i][l] / m->u[i][l];
		if (crm_dup_twin(c->type)) {
			r = 1 + m->alike[i] / m->u[i][l];
			if (l == CRM_DUP_EXACT && r > twin)
				twin = r;
		} else if (crm_dup_area(c->type)) {
			most = r > most ? r : most;
			least = r < least ? r : least;
		} else if (c->home) {
			o *= r * crm_dup_shared(c->type, l);
		}
	}
	return o * most * least * twin;
}

/* What a pattern is by odds and numbers of pairs: the shares of matches and of
 * homes. */
struct kinds {
	double match, home;
};

static struct kinds
kinds_of(double o, double h, double matches, double homes, double rest)
{
	double a = o * matches, b = h * homes, sum = a + b + rest;

	if (!isfinite(a))
		return (struct kinds){1, 0};
	return isfinite(b) ? (struct kinds){a / sum, b / sum}
			   : (struct kinds){0, 1};
}

/* Keeps the levels of a column within what matches can be. */
static void
hold(int type, double m[CRM_DUP_LEVELS])
{
	double least = limit[type].agree, most = limit[type].differ;
	double rest = 1 - m[CRM_DUP_EXACT], sum;

	if (m[CRM_DUP_EXACT] < least) {
		for (int l = 0; l < CRM_DUP_EXACT; l++)
			m[l] *= (1 - least) / rest;
		m[CRM_DUP_EXACT] = least;
	}
	if (m[CRM_DUP_DIFFER] <= most)
		return;
	sum = 1 - m[CRM_DUP_DIFFER];
	for (int l = 1; l < CRM_DUP_LEVELS; l++)
		m[l] *= (1 - most) / sum;
	m[CRM_DUP_DIFFER] = most;
}

/* EM over one rule's patterns: adds the expected levels among its matches to
 * seen, for the columns it does not look at. */
static void
learn(const struct crm_dups *d, const struct patterns *x, unsigned skip,
    double seen[][CRM_DUP_LEVELS])
{
	struct crm_dup_model m = d->model;
	double share = 0.1, home = m.homes > 0 ? 0.1 : 0;
	double got[CRM_DUP_COLUMNS][CRM_DUP_LEVELS] = {{0}};

	for (int round = 0; round < ROUNDS && x->all > 0; round++) {
		double matches = 0, homes = 0;

		memset(got, 0, sizeof got);
		for (size_t k = 0; k < x->n; k++) {
			uint64_t levels = x->p[k].levels;
			bool told;
			double h = home_odds(d, &m, levels, skip, &told);
			double p;
			struct kinds is = kinds_of(odds(d, &m, levels, skip),
			    told ? h : 0, share, home, 1 - share - home);

			p = is.match * x->p[k].weight;
			matches += p;
			homes += is.home * x->p[k].weight;
			for (size_t i = 0; i < d->columns; i++) {
				int l = level_in(levels, i);

				if (l != CRM_DUP_MISSING)
					got[i][l] += p;
			}
		}
		home = m.homes > 0 ? (homes + 0.5) / (x->all + 1) : 0;
		if (home > 0.5)
			home = 0.5;
		share = (matches + 0.5) / (x->all + 1);
		if (share > TIMES * (double)d->n / x->all)
			share = TIMES * (double)d->n / x->all;
		if (share > 0.999 - home)
			share = 0.999 - home;
		for (size_t i = 0; i < d->columns; i++) {
			double all = WORTH;

			for (int l = 0; l < CRM_DUP_LEVELS; l++)
				all += got[i][l];
			for (int l = 0; l < CRM_DUP_LEVELS; l++)
				m.m[i][l] =
				    (got[i][l] + WORTH * usual[l]) / all;
			hold(d->column[i].type, m.m[i]);
		}
	}
	for (size_t i = 0; i < d->columns; i++)
		for (int l = 0; l < CRM_DUP_LEVELS && !(skip >> i & 1); l++)
			seen[i][l] += got[i][l];
}

/* Counts namesakes and twins among the pairs of a home. */
static void
note_alike(const struct crm_dups *d, const struct pattern *p, double home,
    double had[CRM_DUP_COLUMNS], double same[CRM_DUP_COLUMNS])
{
	size_t one = 0;
	int n = 0;

	for (size_t i = 0; i < d->columns; i++) {
		int l = level_in(p->levels, i);

		if (!crm_dup_twin(d->column[i].type) || l == CRM_DUP_MISSING)
			continue;
		had[i] += home * p->weight;
		if (l == CRM_DUP_EXACT) {
			one = i;
			n++;
		}
	}
	if (n == 1)
		same[one] += home * p->weight;
}

/* How many pairs match, given m and u, and how many live together: what the
 * candidates add up to. */
static void
count_matches(struct crm_dups *d, const struct patterns *x)
{
	double pairs = (double)d->n * ((double)d->n - 1) / 2;
	double most = TIMES * (double)d->n;
	struct crm_dup_model *m = &d->model;

	if (most > pairs / 4)
		most = pairs / 4;
	for (int round = 0; round < ROUNDS; round++) {
		double sum = 0, homes = 0;
		double had[CRM_DUP_COLUMNS] = {0}, same[CRM_DUP_COLUMNS] = {0};

		for (size_t k = 0; k < x->n; k++) {
			bool told;
			double h = home_odds(d, m, x->p[k].levels, 0, &told);
			struct kinds is = kinds_of(
			    odds(d, m, x->p[k].levels, 0), h, m->matches,
			    m->homes, pairs - m->matches - m->homes);

			/* Only those that are more likely than not: the many
			 * that are hardly so add up to anything. */
			if (is.match > 0.5)
				sum += x->p[k].weight * is.match;
			if (is.home > 0.5)
				homes += x->p[k].weight * is.home;
			note_alike(d, &x->p[k], is.home, had, same);
		}
		for (size_t i = 0; i < d->columns; i++) {
			double v = (same[i] + ALIKE * WORTH_ALIKE) /
				   (had[i] + WORTH_ALIKE);

			m->alike[i] = v < ALIKE_MOST ? v : ALIKE_MOST;
		}
		sum = sum > most ? most : sum;
		homes = homes > most ? most : homes;
		m->matches = sum > 0.5 ? sum : 0.5;
		if (m->homes > 0)
			m->homes = homes > 0.5 ? homes : 0.5;
	}
}

static unsigned
columns_of(const struct crm_dup_rule *r)
{
	unsigned skip = 1u << r->column[0];

	if (r->half[1] != HALF_NONE)
		skip |= 1u << r->column[1];
	return skip;
}

/* Compares a sample of each rule's candidates. */
static int
sample(struct crm_dups *d, struct patterns *of_rule, struct patterns *all,
    struct crm_err *err)
{
	int code = CRM_OK;

	for (size_t r = 0; r < d->rules && code == CRM_OK; r++) {
		double n = crm_dup_count(d, r);
		uint64_t stride = (uint64_t)(n / SAMPLE_RULE) + 1;

		struct tally t = {d, r, &of_rule[r], all, (double)stride};

		code = crm_dup_pairs(d, r, stride, note, &t);
	}
	d->model.candidates = (uint64_t)all->all;
	return code < 0 ? crm_err_nomem(err) : CRM_OK;
}

static void
estimate(struct crm_dups *d, const struct patterns *of_rule,
    const struct patterns *all)
{
	double u[CRM_DUP_COLUMNS][CRM_DUP_LEVELS], both = d->model.both;

	memcpy(u, d->model.u, sizeof u);
	/* u needs to know how many pairs match, which needs u. */
	for (int turn = 0; turn < 5; turn++) {
		double seen[CRM_DUP_COLUMNS][CRM_DUP_LEVELS] = {{0}};

		for (size_t r = 0; r < d->rules; r++)
			learn(d, &of_rule[r], columns_of(&d->rule[r]), seen);
		for (size_t i = 0; i < d->columns; i++) {
			double sum = WORTH;

			for (int l = 0; l < CRM_DUP_LEVELS; l++)
				sum += seen[i][l];
			for (int l = 0; l < CRM_DUP_LEVELS; l++)
				d->model.m[i][l] =
				    (seen[i][l] + WORTH * usual[l]) / sum;
			hold(d->column[i].type, d->model.m[i]);
		}
		count_matches(d, all);
		mend_u(d, u, both);
	}
}

/* Households are looked at where an address can show them and a column tells
 * their people apart. */
static bool
has_homes(const struct crm_dups *d)
{
	bool home = false, own = false;

	for (size_t i = 0; i < d->columns; i++) {
		home |=
		    d->column[i].home && d->column[i].type != CRM_DUP_FAMILY;
		own |= crm_dup_own(&d->column[i]);
	}
	return home && own;
}

/* The numbers of pairs as bits. */
static void
set_priors(struct crm_dup_model *m, double pairs)
{
	double rest = pairs - m->matches - m->homes;

	if (rest < 1)
		rest = 1;
	m->prior = crm_log(m->matches / rest) / LN2;
	m->home = m->homes > 0 ? crm_log(m->homes / rest) / LN2 : 0;
}

void
crm_dups_assume(struct crm_dups *d, double records)
{
	double matches = records / 50 + 0.5;

	d->model = (struct crm_dup_model){.columns = d->columns,
	    .records = d->n,
	    .matches = matches,
	    .homes = has_homes(d) ? matches : 0};
	for (size_t i = 0; i < d->columns; i++) {
		memcpy(d->model.m[i], usual, sizeof usual);
		d->model.alike[i] = ALIKE;
		for (int l = 0; l < CRM_DUP_LEVELS; l++)
			d->model.u[i][l] = usual_u(d->column[i].type, l);
	}
	set_priors(&d->model, records * (records - 1) / 2);
}

int
crm_dups_fit(struct crm_dups *d, struct crm_err *err)
{
	struct patterns all = {0}, *of_rule = NULL;
	double pairs = (double)d->n * ((double)d->n - 1) / 2;
	int code;

	crm_dups_assume(d, (double)d->n);
	code = crm_dup_block(d, err);
	if (code < 0 || d->n < 2)
		return code;
	of_rule = calloc(d->rules + 1, sizeof *of_rule);
	if (!of_rule)
		return crm_err_nomem(err);
	code = count_u(d, err);
	if (code == CRM_OK)
		code = count_names(d, err);
	if (code == CRM_OK)
		mend_u(d, d->model.u, d->model.both);
	if (code == CRM_OK)
		code = sample(d, of_rule, &all, err);
	if (code == CRM_OK)
		estimate(d, of_rule, &all);
	set_priors(&d->model, pairs);
	for (size_t r = 0; r < d->rules; r++)
		forget(&of_rule[r]);
	free(of_rule);
	forget(&all);
	return code;
}
