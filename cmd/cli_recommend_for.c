/*
 * cli_recommend_for.c - what a customer wants next, and how well that would
 * have done.
 *
 * What cannot be told from a customer's own orders is not filled up with
 * what everybody buys: the reason is told instead.
 */
#include <stdlib.h>

#include "cli_recommend.h"

enum {
	F_PRODUCT,
	F_CUSTOMER,
	F_RANK,
	F_SCORE,
	F_AGAIN,
	F_WITH,
	F_BOUGHT,
	F_TRIPS,
	F_LAST,
	F_BECAUSE,
	F_TOGETHER,
	F_BECAUSE_ORDERS,
	F_ORDERS,
	F_BASKETS,
	F_BASIS,
	F_WHY,
	F_FIELDS
};
static const struct crm_field columns[F_FIELDS] = {
    {"product_id", CRM_T_ID, CRM_K_PRODUCT, 0, 0, NULL, "what is recommended"},
    {"customer_id", CRM_T_ID, CRM_K_CUSTOMER, 0, 0, NULL, "to whom"},
    {"rank", CRM_T_INT, 0, 0, 0, NULL, "its place, 1 the best"},
    {"score", CRM_T_DECIMAL, 0, 0, 0, NULL,
	"how likely in the next order, for ranking"},
    {"again", CRM_T_DECIMAL, 0, 0, 0, NULL,
	"how likely they buy it again, by their orders and others'"},
    {"with", CRM_T_DECIMAL, 0, 0, 0, NULL,
	"how much it goes with what they buy"},
    {"bought", CRM_T_INT, 0, 0, 0, NULL, "orders of theirs with it"},
    {"trips", CRM_T_INT, 0, 0, 0, NULL, "orders of theirs"},
    {"last_bought", CRM_T_TIME, 0, 0, 0, NULL, "the last with it"},
    {"because_id", CRM_T_ID, CRM_K_PRODUCT, 0, 0, NULL,
	"of what they bought, what it goes with most"},
    {"together", CRM_T_INT, 0, 0, 0, NULL, "all customers' orders with both"},
    {"because_orders", CRM_T_INT, 0, 0, 0, NULL,
	"all customers' orders with because_id"},
    {"orders", CRM_T_INT, 0, 0, 0, NULL, "all customers' orders with it"},
    {"baskets", CRM_T_INT, 0, 0, 0, NULL, "all customers' orders"},
    {"basis", CRM_T_TEXT, 0, 0, 0, NULL, "habit, together or popular"},
    {"why", CRM_T_TEXT, 0, 0, CRM_F_WIDE, NULL, "its counts, in words"},
};

/* Valid until the next one. */
static int
say_why(struct cli_recommend *r, const struct crm_wishes *all,
    const struct crm_wish *w, struct crm_value *out, struct crm_err *err)
{
	struct crm_buf *b = &r->why;

	crm_buf_clear(b);
	if (w->bought > 0)
		crm_buf_putf(
		    b, "in %u of their %u orders; ", w->bought, all->trips);
	if (w->because != UINT32_MAX)
		crm_buf_putf(b, "in %u of the %u orders with %s; ", w->together,
		    crm_pairs_count(r->pairs, w->because),
		    cli_recommend_name(r, CRM_SALES_PRODUCT, w->because));
	crm_buf_putf(b, "in %u of all %zu orders", w->orders, r->trips.b.n);
	*out = crm_value_text(crm_buf_str(b));
	return crm_buf_check(b, err);
}

static int
print_wish(struct cli_recommend *r, uint32_t customer, uint32_t rank,
    const struct crm_wishes *all, const struct crm_wish *w, struct crm_err *err)
{
	struct crm_value v[F_FIELDS] = {{0}};
	int code = CRM_OK;

	v[F_PRODUCT] = cli_recommend_id(r, CRM_SALES_PRODUCT, w->item);
	v[F_CUSTOMER] = cli_recommend_id(r, CRM_SALES_CUSTOMER, customer);
	v[F_RANK] = cli_recommend_int(rank);
	v[F_SCORE] = cli_recommend_figure(w->score);
	if (w->bought > 0)
		v[F_AGAIN] = cli_recommend_figure(w->again);
	v[F_WITH] = cli_recommend_figure(w->with);
	v[F_BOUGHT] = cli_recommend_int(w->bought);
	v[F_TRIPS] = cli_recommend_int(all->trips);
	if (w->bought > 0)
		v[F_LAST] = crm_value_num(CRM_T_TIME, w->last, 0);
	if (w->because != UINT32_MAX) {
		v[F_BECAUSE] =
		    cli_recommend_id(r, CRM_SALES_PRODUCT, w->because);
		v[F_TOGETHER] = cli_recommend_int(w->together);
		v[F_BECAUSE_ORDERS] =
		    cli_recommend_int(crm_pairs_count(r->pairs, w->because));
	}
	v[F_ORDERS] = cli_recommend_int(w->orders);
	v[F_BASKETS] = cli_recommend_int((int64_t)r->trips.b.n);
	v[F_BASIS] = crm_value_text(crm_str(w->bought > 0 ? "habit"
					    : w->with > 0 ? "together"
							  : "popular"));
	if (crm_wants(&r->want, F_WHY))
		code = say_why(r, all, w, &v[F_WHY], err);
	return code < 0 ? code : cli_rows_put(r->rows, v, err);
}

static int
print_wishes(struct cli_recommend *r, uint32_t customer,
    const struct crm_wishes *w, struct crm_err *err)
{
	const char *bought = cli_recommend_bought;
	int code = CRM_OK;

	for (size_t i = 0; code == CRM_OK && i < w->n; i++)
		code =
		    print_wish(r, customer, (uint32_t)i + 1, w, &w->v[i], err);
	if (code == CRM_OK && (int64_t)w->n < cli_recommend_top)
		cli_note(r->c,
		    "%s: %zu of %lld: %u orders of %u products tell of no "
		    "more%s%s",
		    cli_recommend_name(r, CRM_SALES_CUSTOMER, customer), w->n,
		    (long long)cli_recommend_top, w->trips, w->items,
		    r->allowed ? " among those allowed" : "",
		    !bought			? ""
		    : strcmp(bought, "no") == 0 ? " that they have not bought"
						: " that they have bought");
	return code;
}

static int
options_of(
    struct cli_recommend *r, struct crm_taste_options *out, struct crm_err *err)
{
	struct crm_pairs_options p;
	int code = cli_recommend_pairs(r, &p, err);

	*out = (struct crm_taste_options){
	    .min = p.min, .allowed = r->allowed, .fill = cli_recommend_fill};
	if (cli_recommend_bought)
		out->bought = strcmp(cli_recommend_bought, "yes") == 0 ? 1 : -1;
	return code;
}

static int
print_all(struct cli_recommend *r, struct crm_err *err)
{
	struct crm_taste_options opt;
	struct crm_taste *taste = NULL;
	struct crm_wishes w = {0};
	int code = options_of(r, &opt, err);

	if (code == CRM_OK)
		code = crm_taste_open(&taste, &r->trips, r->pairs, &opt, err);
	for (size_t i = 0; code == CRM_OK && i < r->npicked; i++) {
		code = crm_taste_of(
		    taste, r->picked[i], (size_t)cli_recommend_top, &w, err);
		if (code == CRM_OK)
			code = print_wishes(r, r->picked[i], &w, err);
		cli_progress(r->c, "customers", i + 1, r->npicked);
	}
	crm_wishes_release(&w);
	crm_taste_close(taste);
	return code;
}

int
cli_recommend_for(struct cli *c, struct crm_err *err)
{
	struct cli_recommend r = {.c = c};
	struct crm_taste_options opt;
	int code = cli_operands(c, 1, SIZE_MAX, err);

	if (code == CRM_OK)
		code = options_of(&r, &opt, err);
	if (cli_recommend_explain && !cli_opt.fields)
		cli_opt.fields = "customer_id,rank,why";
	if (code == CRM_OK)
		code = cli_recommend_open(&r, columns, F_FIELDS, err);
	if (code == CRM_OK)
		cli_rows_want(r.rows, &r.want);
	if (code == CRM_OK)
		code = cli_recommend_trips(&r, err);
	if (code == CRM_OK)
		code = cli_recommend_allow(&r, err);
	if (code == CRM_OK)
		code = cli_recommend_pick(&r, CRM_SALES_CUSTOMER, false, err);
	if (code == CRM_OK)
		code = print_all(&r, err);
	return cli_recommend_end(&r, code, err);
}

/* ---- eval ---- */

static const char *split;
static int64_t k = 10;

const struct cli_option cli_recommend_eval_options[] = {
    {0, "split", CLI_TEXT, &split, "TIME",
	"learn from before, try on the first order after (the time by which "
	"four fifths were placed)"},
    {'k', "at-most", CLI_INT, &k, "N", "look at the first N (10)"},
    {0, "min", CLI_INT, &cli_recommend_min, "N",
	"only what was bought together in N orders or more (2)"},
    {0, "bought", CLI_TEXT, &cli_recommend_bought, "yes|no",
	"try only what they bought before, or only what not"},
    {0, "fill", CLI_FLAG, &cli_recommend_fill, NULL,
	"with what most people buy, where nothing else tells"},
    {0},
};

enum {
	E_METHOD,
	E_K,
	E_CUSTOMERS,
	E_HITS,
	E_HIT_RATE,
	E_FOUND,
	E_WANTED,
	E_NDCG,
	E_SPLIT,
	E_FIELDS
};
static const struct crm_field eval_columns[E_FIELDS] = {
    {"method", CRM_T_TEXT, 0, 0, 0, NULL,
	"recommend, or popular and repeat_last, which need no command"},
    {"k", CRM_T_INT, 0, 0, 0, NULL, "how many products were suggested"},
    {"customers", CRM_T_INT, 0, 0, 0, NULL,
	"with an order before and one after"},
    {"hits", CRM_T_INT, 0, 0, 0, NULL, "of whom one or more were right"},
    {"hit_rate", CRM_T_DECIMAL, 0, 0, 0, NULL, "hits of customers"},
    {"found", CRM_T_INT, 0, 0, 0, NULL, "products that were right"},
    {"wanted", CRM_T_INT, 0, 0, 0, NULL, "products in the orders after"},
    {"ndcg", CRM_T_DECIMAL, 0, 0, 0, NULL,
	"mean of NDCG: 1 is all right and in front"},
    {"split", CRM_T_TIME, 0, 0, 0, NULL, "the moment between"},
};

static int
by_time(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static int
find_split(struct cli_recommend *r, int64_t *out, struct crm_err *err)
{
	const struct crm_trips *t = &r->trips;
	int64_t *v;

	if (split)
		return cli_moment(r->c, "--split", split, out, err);
	v = malloc((t->b.n + 1) * sizeof *v);
	if (!v)
		return crm_err_nomem(err);
	memcpy(v, t->time, t->b.n * sizeof *v);
	qsort(v, t->b.n, sizeof *v, by_time);
	*out = t->b.n ? v[t->b.n - 1 - t->b.n / 5] : 0;
	free(v);
	return CRM_OK;
}

static int
print_trial(struct cli_recommend *r, const struct crm_trial *x, int64_t at,
    struct crm_err *err)
{
	static const char *const name[CRM_METHODS] = {
	    "recommend", "popular", "repeat_last"};
	double n = (double)x->customers;
	int code = CRM_OK;

	for (unsigned m = 0; code == CRM_OK && m < CRM_METHODS; m++) {
		struct crm_value v[E_FIELDS];

		v[E_METHOD] = crm_value_text(crm_str(name[m]));
		v[E_K] = cli_recommend_int(k);
		v[E_CUSTOMERS] = cli_recommend_int((int64_t)x->customers);
		v[E_HITS] = cli_recommend_int((int64_t)x->hits[m]);
		v[E_HIT_RATE] = cli_recommend_figure((double)x->hits[m] / n);
		v[E_FOUND] = cli_recommend_int((int64_t)x->found[m]);
		v[E_WANTED] = cli_recommend_int((int64_t)x->wanted);
		v[E_NDCG] = cli_recommend_figure(x->ndcg[m] / n);
		v[E_SPLIT] = crm_value_num(CRM_T_TIME, at, 0);
		code = cli_rows_put(r->rows, v, err);
	}
	return code;
}

int
cli_recommend_eval(struct cli *c, struct crm_err *err)
{
	struct cli_recommend r = {.c = c};
	struct crm_taste_options opt;
	struct crm_trial x = {0};
	int64_t at = 0;
	int code = cli_operands(c, 0, 0, err);

	if (code == CRM_OK && (k < 1 || k > 1000))
		code = crm_err_set(
		    err, CRM_EUSAGE, "-k wants a number from 1 to 1000");
	if (code == CRM_OK)
		code = options_of(&r, &opt, err);
	if (code == CRM_OK)
		code = cli_recommend_open(&r, eval_columns, E_FIELDS, err);
	if (code == CRM_OK)
		code = cli_recommend_trips(&r, err);
	if (code == CRM_OK)
		code = find_split(&r, &at, err);
	if (code == CRM_OK)
		code = crm_taste_try(&x, &r.trips, at, (size_t)k, &opt, err);
	if (code == CRM_OK && x.customers == 0) {
		code = crm_err_set(err, CRM_EDATA,
		    "nobody has an order before the split and one after it "
		    "with something to tell");
		crm_err_hint(err, "choose another moment: --split TIME");
	}
	if (code == CRM_OK)
		code = print_trial(&r, &x, at, err);
	return cli_recommend_end(&r, code, err);
}
