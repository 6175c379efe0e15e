/*
 * clv_groups.h - customers who are the same to a model, counted.
 */
#ifndef CRM_CLV_GROUPS_H
#define CRM_CLV_GROUPS_H

#include <crm/clv.h>

/* x with a number of days: what the costly functions are of. */
struct crm_clv_pair {
	uint32_t x, t; /* indexes into xs, ts */
};
struct crm_clv_group {
	uint32_t at_last, at_end; /* pairs (x, t_x) and (x, T) */
	double count;
};
struct crm_clv_groups {
	int64_t *xs, *ts;
	size_t nx, nt, npair, n;
	struct crm_clv_pair *pair;
	struct crm_clv_group *group;
	double customers, mean_t, mean_x;
};
/* Every step-th customer, of all in order of (x, t_x, T).  Release in any case. */
int crm_clv_group(const struct crm_clv_data *d, size_t step,
    struct crm_clv_groups *out, struct crm_err *err);
void crm_clv_group_release(struct crm_clv_groups *g);

/*
 * How likely the groups are under parameters p, in a unit of so many days.
 * The value is of the mean of a customer, so that it has the same size in
 * any shop.
 */
struct crm_clv_work {
	const struct crm_clv_groups *g;
	enum crm_clv_kind kind;
	unsigned unit;
	/* by xs, ts and pairs, filled for each p */
	double *of_x, *of_x2, *log_a, *log_b, *log_p, *kappa;
};
int crm_clv_work_open(const struct crm_clv_groups *g, enum crm_clv_kind kind,
    unsigned unit, struct crm_clv_work *out, struct crm_err *err);
double crm_clv_work_mean(struct crm_clv_work *w, const double *p);
void crm_clv_work_release(struct crm_clv_work *w);

/* Of the Pareto/NBD: the part of those active at t without a further purchase
 * who leave before one. */
double crm_clv_kappa(const double *p, double x, double t);

/* A sum that keeps what rounding takes (Neumaier 1974). */
struct crm_clv_sum {
	double sum, lost;
};
static inline void
crm_clv_add(struct crm_clv_sum *s, double v)
{
	double t = s->sum + v;
	double big = s->sum < 0 ? -s->sum : s->sum, small = v < 0 ? -v : v;

	s->lost += big >= small ? (s->sum - t) + v : (v - t) + s->sum;
	s->sum = t;
}

#endif
