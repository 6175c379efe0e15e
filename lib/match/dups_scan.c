/*
 * dups_scan.c - the weight of a pair, and all pairs that are heavy enough.
 */
#include <math.h>

#include <crm/num.h>

#include "dups.h"

#define LN2 0x1.62e42fefa39efp-1
#define SHORT 100.0

static double
log2_of(double x)
{
	return crm_log(x) / LN2;
}

/* How often the value is met by chance, the pair itself left out; of a short
 * list that is not told by the list alone. */
static double
frequency(const struct crm_dup_column *c, const struct dup_value *v, double u)
{
	double f;

	if (v->count < 2)
		return u;
	f = ((double)v->count - 1 + SHORT * u) / ((double)c->known - 1 + SHORT);
	/* Of a value that only these two have nothing more is known than that
	 * it is rarer than most. */
	return v->count == 2 && f > u ? u : f;
}

void
crm_dups_use(struct crm_dups *d, const struct crm_dup_model *model)
{
	d->model = *model;
}

/* Both names agree: what the whole name says, where that is less than its
 * parts for themselves. */
static void
both_names(const struct crm_dups *d, uint32_t a, struct crm_dup_pair *p)
{
	const struct crm_dup_model *m = &d->model;
	const double *mg = m->m[m->given], *mf = m->m[m->family];
	uint64_t count = 0;
	double f = m->both, bits;

	if (crm_idmap_get(&d->names, crm_dup_names(d, a), &count) && count > 2)
		f = ((double)count - 1 + SHORT * f) /
		    ((double)d->n - 1 + SHORT);
	bits = log2_of(mg[CRM_DUP_EXACT] * mf[CRM_DUP_EXACT] / f) -
	       p->part[m->given];
	if (bits < p->part[m->family])
		p->part[m->family] = bits;
}

/* Of the columns of an area only the strongest for and against count. */
static void
one_area(const struct crm_dups *d, struct crm_dup_pair *p)
{
	double most = 0, least = 0;

	for (size_t i = 0; i < d->columns; i++)
		if (crm_dup_area(d->column[i].type)) {
			most = p->part[i] > most ? p->part[i] : most;
			least = p->part[i] < least ? p->part[i] : least;
		}
	for (size_t i = 0; i < d->columns; i++) {
		double *x = &p->part[i];

		if (!crm_dup_area(d->column[i].type))
			continue;
		if (*x > 0 && *x == most)
			most = 0; /* taken */
		else if (*x < 0 && *x == least)
			least = 0;
		else
			*x = 0;
	}
}

/*
 * What being of one home explains is not evidence of being one person: with
 * h the odds of a household, the odds of a match are over 1 + h strangers.
 */
static double
household(const struct crm_dups *d, const struct crm_dup_pair *p)
{
	const struct crm_dup_model *m = &d->model;
	double bits = m->home, twin = 0;

	if (m->homes <= 0)
		return 0;
	for (size_t i = 0; i < d->columns; i++) {
		const struct crm_dup_column *c = &d->column[i];
		double v;

		if (c->home)
			bits += p->part[i] +
				log2_of(crm_dup_shared(c->type, p->level[i]));
		if (!crm_dup_twin(c->type) || p->level[i] != CRM_DUP_EXACT)
			continue;
		v = log2_of(1 + m->alike[i] / m->m[i][CRM_DUP_EXACT] *
				    crm_exp(p->part[i] * LN2));
		twin = v > twin ? v : twin;
	}
	bits += twin;
	return bits > 50 ? -bits : -log2_of(1 + crm_exp(bits * LN2));
}

void
crm_dups_weigh(
    const struct crm_dups *d, uint32_t a, uint32_t b, struct crm_dup_pair *out)
{
	const struct crm_dup_model *m = &d->model;

	*out = (struct crm_dup_pair){
	    a < b ? a : b, a < b ? b : a, m->prior, 0, {0}, {0}, 0};
	crm_dup_levels(d, out->a, out->b, out->level);
	for (size_t i = 0; i < d->columns; i++) {
		int l = out->level[i];
		double u;

		if (l == CRM_DUP_MISSING)
			continue;
		u = m->u[i][l];
		if (l == CRM_DUP_EXACT)
			u = frequency(&d->column[i], dup_value(d, i, a), u);
		out->part[i] = log2_of(m->m[i][l] / u);
	}
	one_area(d, out);
	out->household = household(d, out);
	if (m->given < d->columns && m->family < d->columns &&
	    out->level[m->given] == CRM_DUP_EXACT &&
	    out->level[m->family] == CRM_DUP_EXACT)
		both_names(d, a, out);
	for (size_t i = 0; i < d->columns; i++)
		out->bits += out->part[i];
	out->bits += out->household;
	out->probability = 1 / (1 + crm_exp(-out->bits * LN2));
}

struct scan {
	const struct crm_dups *d;
	size_t rule;
	double least;
	int (*fn)(void *ctx, const struct crm_dup_pair *p);
	void *ctx;
	double weight[CRM_DUP_COLUMNS][CRM_DUP_LEVELS]; /* bits */
	double differ[CRM_DUP_COLUMNS]; /* the most, where values differ */
	/* Columns whose letters are looked at on the way, the cheap first; not
	 * those of names, which can be in each other's place. */
	size_t look[CRM_DUP_COLUMNS], looks;
};

/* The most that a column can weigh, told without looking at a letter. */
static double
at_best(const struct scan *s, size_t i, uint32_t x, uint32_t y)
{
	const struct crm_dup_column *c = &s->d->column[i];
	double u = s->d->model.u[i][CRM_DUP_EXACT], f;

	if (x == 0 || y == 0)
		return c->type <= CRM_DUP_FAMILY && s->differ[i] > 0
			   ? s->differ[i]
			   : 0;
	if (x != y)
		return s->differ[i];
	f = frequency(c, &c->value[x], u);
	return s->weight[i][CRM_DUP_EXACT] + (f < u ? log2_of(u / f) : 0);
}

/* True when the pair cannot weigh enough: most candidates share little but the
 * key that brought them together, and that shows after a column or two. */
static bool
hopeless(const struct scan *s, uint32_t a, uint32_t b)
{
	const struct crm_dups *d = s->d;
	const uint32_t *x = &d->of[a * d->columns], *y = &d->of[b * d->columns];
	double bits = d->model.prior;

	for (size_t i = 0; i < d->columns; i++)
		bits += at_best(s, i, x[i], y[i]);
	for (size_t k = 0; k < s->looks && bits >= s->least; k++) {
		size_t i = s->look[k];
		const struct dup_value *v = d->column[i].value;

		if (x[i] != y[i] && x[i] != 0 && y[i] != 0)
			bits += s->weight[i][crm_dup_level(
				    d->column[i].type, &v[x[i]], &v[y[i]])] -
				s->differ[i];
	}
	return bits < s->least;
}

static int
weigh(void *ctx, uint32_t a, uint32_t b)
{
	struct scan *s = ctx;
	struct crm_dup_pair p;

	if (!crm_dup_first(s->d, s->rule, a, b) || hopeless(s, a, b))
		return CRM_OK;
	crm_dups_weigh(s->d, a, b, &p);
	return p.bits >= s->least ? s->fn(s->ctx, &p) : CRM_OK;
}

/* What it costs to compare two values of a type. */
static int
cost(int type)
{
	if (type == CRM_DUP_DATE || type == CRM_DUP_CODE ||
	    type == CRM_DUP_POSTCODE)
		return 0;
	return type == CRM_DUP_PHONE || type == CRM_DUP_EMAIL ? 1 : 2;
}

int
crm_dups_scan(struct crm_dups *d, double probability,
    int (*fn)(void *ctx, const struct crm_dup_pair *p), void *ctx)
{
	struct scan s = {.d = d, .fn = fn, .ctx = ctx};
	int code = CRM_OK;

	s.least = log2_of(probability / (1 - probability));
	for (size_t i = 0; i < d->columns; i++) {
		s.differ[i] = -HUGE_VAL;
		for (int l = 0; l < CRM_DUP_LEVELS; l++) {
			s.weight[i][l] =
			    log2_of(d->model.m[i][l] / d->model.u[i][l]);
			if (l < CRM_DUP_EXACT && s.weight[i][l] > s.differ[i])
				s.differ[i] = s.weight[i][l];
		}
	}
	for (int k = 0; k < 3; k++)
		for (size_t i = 0; i < d->columns; i++)
			if (d->column[i].type > CRM_DUP_FAMILY &&
			    cost(d->column[i].type) == k)
				s.look[s.looks++] = i;
	for (; s.rule < d->rules && code == CRM_OK; s.rule++)
		code = crm_dup_pairs(d, s.rule, 1, weigh, &s);
	return code;
}
