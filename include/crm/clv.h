/*
 * clv.h - what customers will buy, without a contract: two models of purchases
 * and one of money.
 *
 * BG/NBD (Fader, Hardie, Lee 2005): while active a customer buys at a rate of
 * their own, gamma distributed over customers (r, alpha); after each purchase
 * they leave with a probability of their own, beta distributed (a, b).
 * Pareto/NBD (Schmittlein, Morrison, Colombo 1987): the same purchases, and
 * leaving at a rate of their own at any time, gamma distributed (s, beta).
 * Gamma-Gamma (Fader, Hardie 2013): each purchase is a gamma variate (p) whose
 * rate is the customer's own, gamma distributed over customers (q, gamma),
 * independent of how often they buy.
 *
 * Of a customer the models need: x, the days with a purchase after the first
 * such day; t_x, from the first to the last; T, from the first to the last
 * observed day; and the mean of the money of those x days.
 *
 *	crm_clv_collect(&data, &sales, &calendar, end, end, err);
 *	crm_clv_fit(&data, CRM_CLV_BG, &how, &model, &fit, err);
 *	expected = crm_clv_expected(&model, &of, 52);
 */
#ifndef CRM_CLV_H
#define CRM_CLV_H

#include <crm/sales.h>
#include <crm/special.h>

/* ---- customers ---- */

struct crm_clv_customer {
	uint32_t who; /* number of the sales' names */
	uint32_t x;
	int32_t first, last; /* days since 1970 */
	int64_t spent; /* on the x days, units of 10^-digits */
	uint32_t later; /* days with a purchase in the hold-out */
	int64_t later_spent;
};
struct crm_clv_data {
	struct crm_clv_customer *v;
	size_t n;
	int64_t end, hold; /* the last days observed, and held out */
	unsigned digits; /* of money */
	uint64_t repeats, repeaters; /* sum of x, customers with x > 0 */
	bool money; /* the sales had amounts */
};
/*
 * Of sales grouped by customer: purchases of one of the calendar's days are
 * one.  Who first bought after `end` is left out; later are the days past
 * `end` up to `hold`.  CRM_EDATA: a customer's money is too large.
 */
int crm_clv_collect(struct crm_clv_data *out, const struct crm_sales *x,
    const struct crm_calendar *cal, int64_t end, int64_t hold,
    struct crm_err *err);
void crm_clv_release(struct crm_clv_data *d);

/* ---- models ---- */

enum crm_clv_kind { CRM_CLV_BG, CRM_CLV_PARETO };
enum { CRM_CLV_PARAMS = 4, CRM_CLV_MONEY = 3 };
/* Names of the parameters: r alpha a b, or r alpha s beta; p q gamma. */
extern const char *const crm_clv_params[2][CRM_CLV_PARAMS];
extern const char *const crm_clv_money_params[CRM_CLV_MONEY];

struct crm_clv_model {
	enum crm_clv_kind kind;
	unsigned unit; /* days of the unit of time: 1, 7 */
	double p[CRM_CLV_PARAMS];
	/* of the logarithms of p; all 0 when not known */
	double cov[CRM_CLV_PARAMS * CRM_CLV_PARAMS];
	bool money;
	double g[CRM_CLV_MONEY]; /* gamma in whole units of money */
	double gcov[CRM_CLV_MONEY * CRM_CLV_MONEY];
};

/* How a fit went. */
struct crm_clv_fit {
	double loglik;
	double gradient; /* largest part at the end, of the mean of logs */
	double condition; /* of the correlation of the estimates */
	unsigned evals, starts, agreed; /* starts that came to this optimum */
	/* "a to 0", and that in words; NULL at a peak.  Valid for ever. */
	const char *edge, *means;
	uint64_t customers;
};
/*
 * Maximum likelihood, from several starts.  Where the likelihood is highest
 * at an edge (nobody leaves: a to 0) a point so near to it that the rest
 * does not matter is given, without covariance, and fit->edge says so.
 * CRM_NO with the reason and a hint when the data cannot carry the model: too
 * few customers or repeats, no time, no peak and no edge.  Under `anyway`
 * one customer who bought again is enough, and the place where the search
 * ended is given.
 */
struct crm_clv_how {
	unsigned unit; /* days */
	bool anyway;
};
int crm_clv_fit(const struct crm_clv_data *d, enum crm_clv_kind kind,
    const struct crm_clv_how *how, struct crm_clv_model *out,
    struct crm_clv_fit *fit, struct crm_err *err);
/* Gamma-Gamma on the customers with x > 0 and money above 0; fills g, gcov,
 * money.  *correlation of x and the mean of money. */
int crm_clv_fit_money(const struct crm_clv_data *d,
    const struct crm_clv_how *how, struct crm_clv_model *out,
    struct crm_clv_fit *fit, double *correlation, struct crm_err *err);
/* The log-likelihood of these customers under a model. */
int crm_clv_loglik(const struct crm_clv_data *d, const struct crm_clv_model *m,
    double *out, struct crm_err *err);

/* ---- predictions ---- */

/* A customer in the model's unit of time; mean: of money, whole units. */
struct crm_clv_of {
	double x, tx, t;
	double mean;
};
struct crm_clv_of crm_clv_of(const struct crm_clv_model *m,
    const struct crm_clv_data *d, const struct crm_clv_customer *c);

/* P(still active). */
double crm_clv_alive(const struct crm_clv_model *m, const struct crm_clv_of *c);
/* Purchases expected in the next t units of time. */
double crm_clv_expected(
    const struct crm_clv_model *m, const struct crm_clv_of *c, double t);
/* The same of somebody new, after the first purchase. */
double crm_clv_expected_new(const struct crm_clv_model *m, double t);
/* ... each worth e^(-rate u) at time u. */
double crm_clv_discounted(const struct crm_clv_model *m,
    const struct crm_clv_of *c, double t, double rate);
/* P(at least one purchase in the next t units). */
double crm_clv_any(
    const struct crm_clv_model *m, const struct crm_clv_of *c, double t);
/* P(n purchases in the next t units), n = 0 .. max - 1, into p; what is left
 * of 1 is more.  Returns how many were filled: fewer when the rest is below
 * 1e-9. */
size_t crm_clv_counts(const struct crm_clv_model *m, const struct crm_clv_of *c,
    double t, double *p, size_t max);
/* The least n with P(at most n) >= q. */
size_t crm_clv_count_quantile(const double *p, size_t n, double q);
/* The money of a purchase expected of a customer; infinite where it has no
 * mean (q + p x up to 1). */
double crm_clv_spend(const struct crm_clv_model *m, const struct crm_clv_of *c);
/* The q-quantile of the money of as many purchases as p says. */
double crm_clv_value_quantile(const struct crm_clv_model *m,
    const struct crm_clv_of *c, const double *p, size_t n, double q);
/* The standard error of the expected purchases (money false) or their value
 * that comes of the parameters' (delta method); 0 without covariance. */
double crm_clv_error(const struct crm_clv_model *m, const struct crm_clv_of *c,
    double t, double rate, bool money);

#endif
