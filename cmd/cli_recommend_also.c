/*
 * cli_recommend_also.c - what is bought together with a product: of some, or
 * of all.
 *
 * The table of all products is made in portions that are printed before the
 * next is counted, so that it never is in memory as a whole.
 */
#include <stdlib.h>

#include "cli_recommend.h"

enum {
	A_PRODUCT,
	A_SEED,
	A_RANK,
	A_TOGETHER,
	A_ORDERS,
	A_SEED_ORDERS,
	A_BASKETS,
	A_LLR,
	A_LIFT,
	A_COSINE,
	A_FIELDS
};
static const struct crm_field columns[A_FIELDS] = {
    {"product_id", CRM_T_ID, CRM_K_PRODUCT, 0, 0, NULL, "what is recommended"},
    {"seed_id", CRM_T_ID, CRM_K_PRODUCT, 0, 0, NULL,
	"the product beside which it is"},
    {"rank", CRM_T_INT, 0, 0, 0, NULL, "its place, 1 the best"},
    {"together", CRM_T_INT, 0, 0, 0, NULL, "orders with both"},
    {"orders", CRM_T_INT, 0, 0, 0, NULL, "orders with it"},
    {"seed_orders", CRM_T_INT, 0, 0, 0, NULL, "orders with the seed"},
    {"baskets", CRM_T_INT, 0, 0, 0, NULL, "all orders"},
    {"llr", CRM_T_DECIMAL, 0, 0, 0, NULL, "log-likelihood ratio"},
    {"lift", CRM_T_DECIMAL, 0, 0, 0, NULL,
	"times as often as if they had nothing to do with each other"},
    {"cosine", CRM_T_DECIMAL, 0, 0, 0, NULL,
	"together / sqrt(orders seed_orders)"},
};

enum { PORTION = 4096 };

static int
print_pair(struct cli_recommend *r, uint32_t seed, uint32_t rank,
    const struct crm_pair *p, struct crm_err *err)
{
	struct crm_together t = {.n = r->b.n,
	    .a = crm_pairs_count(r->pairs, seed),
	    .b = crm_pairs_count(r->pairs, p->item),
	    .both = p->together};
	struct crm_value v[A_FIELDS] = {{0}};

	v[A_PRODUCT] = cli_recommend_id(r, CRM_SALES_PRODUCT, p->item);
	v[A_SEED] = cli_recommend_id(r, CRM_SALES_PRODUCT, seed);
	v[A_RANK] = cli_recommend_int(rank);
	v[A_TOGETHER] = cli_recommend_int(p->together);
	v[A_ORDERS] = cli_recommend_int((int64_t)t.b);
	v[A_SEED_ORDERS] = cli_recommend_int((int64_t)t.a);
	v[A_BASKETS] = cli_recommend_int((int64_t)t.n);
	/* of each row of a table of all products: not where nobody looks */
	if (crm_wants(&r->want, A_LLR))
		v[A_LLR] = cli_recommend_figure(crm_together_llr(&t));
	if (crm_wants(&r->want, A_LIFT))
		v[A_LIFT] = cli_recommend_figure(crm_together_lift(&t));
	if (crm_wants(&r->want, A_COSINE))
		v[A_COSINE] = cli_recommend_figure(crm_together_cosine(&t));
	return cli_rows_put(r->rows, v, err);
}

/* --among leaves some out after the ranking: then all are ranked. */
static uint32_t
ranked(const struct cli_recommend *r, const struct crm_pairs_options *opt)
{
	return r->allowed ? r->b.nitems : opt->top;
}

static int
print_seed(struct cli_recommend *r, uint32_t seed, const struct crm_pair *p,
    uint32_t n, uint32_t top, bool tell, struct crm_err *err)
{
	uint32_t rank = 0;
	int code = CRM_OK;

	for (uint32_t i = 0; code == CRM_OK && i < n && rank < top; i++)
		if (!r->allowed || r->allowed[p[i].item])
			code = print_pair(r, seed, ++rank, &p[i], err);
	r->some |= rank > 0;
	if (code == CRM_OK && tell && rank < top)
		cli_note(r->c,
		    "%s: %u of %u: no other product%s is in %lld or more of "
		    "its "
		    "%u orders, and more often than by chance",
		    cli_recommend_name(r, CRM_SALES_PRODUCT, seed), rank, top,
		    r->allowed ? " of those allowed" : "",
		    (long long)cli_recommend_min,
		    crm_pairs_count(r->pairs, seed));
	return code;
}

static int
print_all(struct cli_recommend *r, bool tell, struct crm_err *err)
{
	struct crm_pairs_options opt;
	struct crm_pair *out = NULL;
	uint32_t *nout = NULL;
	size_t portion = PORTION, top;
	uint32_t want;
	int code = cli_recommend_pairs(r, &opt, err);

	if (code < 0)
		return code;
	want = opt.top;
	opt.top = ranked(r, &opt);
	top = opt.top ? opt.top : 1;
	while (portion > 1 && portion * top > (size_t)1 << 22)
		portion /= 2;
	out = malloc(portion * top * sizeof *out);
	nout = malloc(portion * sizeof *nout);
	if (!out || !nout)
		code = crm_err_nomem(err);
	for (size_t i = 0; code == CRM_OK && i < r->npicked; i += portion) {
		size_t n = r->npicked - i < portion ? r->npicked - i : portion;

		code = crm_pairs_top(
		    r->pairs, r->picked + i, n, &opt, out, nout, err);
		for (size_t k = 0; code == CRM_OK && k < n; k++)
			code = print_seed(r, r->picked[i + k], out + k * top,
			    nout[k], want, tell, err);
		cli_progress(r->c, "products", i + n, r->npicked);
	}
	free(out);
	free(nout);
	return code;
}

static int
run(struct cli *c, bool all, struct crm_err *err)
{
	struct cli_recommend r = {.c = c};
	struct crm_pairs_options opt;
	int code = cli_operands(c, all ? 0 : 1, all ? 0 : SIZE_MAX, err);

	if (code == CRM_OK)
		code = cli_recommend_pairs(&r, &opt, err);
	if (code == CRM_OK)
		code = cli_recommend_open(&r, columns, A_FIELDS, err);
	if (code == CRM_OK)
		cli_rows_want(r.rows, &r.want);
	if (code == CRM_OK)
		code = cli_recommend_baskets(&r, err);
	if (code == CRM_OK)
		code = cli_recommend_allow(&r, err);
	if (code == CRM_OK)
		code = cli_recommend_pick(&r, CRM_SALES_PRODUCT, all, err);
	if (code == CRM_OK)
		code = print_all(&r, !all, err);
	if (code == CRM_OK && all && r.b.n > 0 && !r.some)
		cli_note(c,
		    "no two products are in %lld or more orders together, and "
		    "more often than by chance",
		    (long long)cli_recommend_min);
	return cli_recommend_end(&r, code, err);
}

int
cli_recommend_also(struct cli *c, struct crm_err *err)
{
	return run(c, false, err);
}

int
cli_recommend_build(struct cli *c, struct crm_err *err)
{
	return run(c, true, err);
}
