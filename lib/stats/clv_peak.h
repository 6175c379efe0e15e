/*
 * clv_peak.h - the highest point of a mean log-likelihood, or its edge.
 */
#ifndef CRM_CLV_PEAK_H
#define CRM_CLV_PEAK_H

#include "stats/clv_groups.h"

enum { CRM_CLV_STARTS = 4 };

/* A way to infinity of the logarithms along which likelihoods may rise for
 * ever.  idle: the fourth parameter has no part in the limit; endless: there
 * is none. */
struct crm_clv_edge {
	double way[CRM_CLV_PARAMS];
	const char *name, *means;
	bool idle, endless;
};

/* Parameters are logarithms, each at most its `box` from its centre. */
struct crm_clv_search {
	unsigned n;
	double centre[CRM_CLV_PARAMS], box[CRM_CLV_PARAMS], customers;
	double past; /* how far past the box an edge may be followed */
	double from[CRM_CLV_STARTS][CRM_CLV_PARAMS]; /* from the centre */
	const struct crm_clv_edge *edges; /* up to one without a name */
	bool leaving; /* the last two are of leaving */
	double (*mean)(void *ctx, const double *p);
	void *ctx;
};

struct crm_clv_peak {
	double x[CRM_CLV_PARAMS], cov[CRM_CLV_PARAMS * CRM_CLV_PARAMS];
	double value; /* of the mean logarithm */
	double gradient, condition;
	unsigned evals, agreed;
	bool settled; /* a peak, else */
	const struct crm_clv_edge *edge; /* may be NULL */
};

/* The best of the starts, into out->x. */
void crm_clv_scout(const struct crm_clv_search *s, struct crm_clv_peak *out);
/* From k->x to the top. */
void crm_clv_climb(const struct crm_clv_search *s, struct crm_clv_peak *k);

#endif
