/*
 * crm-basket.c - what is bought together: frequent itemsets and rules.
 *
 * Counts are printed beside every figure that is made of them, so that a row
 * can be checked by hand.  Sets come as a tree, smaller before larger and the
 * most frequent items first; --sort gives any other order.
 */
#include <stdlib.h>

#include "cli_lines.h"
#include "cli_noun.h"
#include "cli_sets.h"

static const char *support = "1%", *confidence = "50%", *since, *until;
static const char *sep, *by, *glue = ",";
static int64_t min_size, max_size, consequents = 1, memory = 2048;
static bool baskets, closed, maximal;

#define SOURCE                                                               \
	{0, "baskets", CLI_FLAG, &baskets, NULL,                             \
	    "of --from: each line is a basket, its items separated"},        \
	    {0, "sep", CLI_TEXT, &sep, "CHAR",                               \
		"between the items of --baskets (,): a character, tab or "   \
		"space"},                                                    \
	    {0, "by", CLI_TEXT, &by, "FIELD",                                \
		"count this field of the products, as category, instead"},   \
	    {0, "since", CLI_TEXT, &since, "TIME",                           \
		"only orders from this time on"},                            \
	    {0, "until", CLI_TEXT, &until, "TIME",                           \
		"only orders before this time"},                             \
	    {0, "support", CLI_TEXT, &support, "SHARE",                      \
		"a share of the baskets, as .001 or 0.1%, or so many (1%)"}, \
	    {0, "min-size", CLI_INT, &min_size, "N",                         \
		"only sets of N items and more"},                            \
	    {0, "max-size", CLI_INT, &max_size, "N",                         \
		"only sets of at most N items"},                             \
	    {0, "join", CLI_TEXT, &glue, "TEXT",                             \
		"between the items of a set (,)"},                           \
	{                                                                    \
		0, "memory", CLI_INT, &memory, "MIB",                        \
		    "refuse sets that take more (2048)"                      \
	}

static const struct cli_option sets_options[] = {
    SOURCE,
    {0, "closed", CLI_FLAG, &closed, NULL,
	"only sets that no larger one has the count of"},
    {0, "maximal", CLI_FLAG, &maximal, NULL,
	"only sets of which no larger one is frequent"},
    {0},
};

static const struct cli_option rules_options[] = {
    SOURCE,
    {0, "confidence", CLI_TEXT, &confidence, "SHARE",
	"only rules that hold in this share of cases (50%)"},
    {0, "consequents", CLI_INT, &consequents, "N",
	"at most N items on the right (1)"},
    {0},
};

struct work {
	struct cli *c;
	struct crm_sales x;
	struct crm_baskets b;
	struct crm_itemsets sets;
	struct crm_share share;
	uint8_t *super;
	struct cli_sets out;
	uint32_t *item, *part; /* room for one set */
	bool full; /* --limit is reached */
	bool some; /* there was a row */
};

/* ---- reading ---- */

static int
parse_sep(char *out, struct crm_err *err)
{
	*out = ',';
	if (sep && !baskets)
		return crm_err_set(err, CRM_EUSAGE, "--sep is about --baskets");
	if (!sep)
		return CRM_OK;
	*out = sep[0];
	if (strcmp(sep, "tab") == 0)
		*out = '\t';
	else if (strcmp(sep, "space") == 0)
		*out = ' ';
	else if (sep[0] == 0 || sep[1] != 0 || sep[0] == '\n' || sep[0] == '"')
		return crm_err_set(err, CRM_EUSAGE,
		    "--sep: '%s' is no character, tab or space", sep);
	return CRM_OK;
}

static int
read_window(struct cli *c, struct cli_window *w, struct crm_err *err)
{
	int code = CRM_OK;

	*w = (struct cli_window){.since = INT64_MIN, .until = INT64_MAX};
	if (since)
		code = cli_moment(c, "--since", since, &w->since, err);
	if (code == CRM_OK && until)
		code = cli_moment(c, "--until", until, &w->until, err);
	return code;
}

/* `-`: of the store only the orders of the stream on stdin. */
static int
read_store(struct work *k, const struct cli_window *w, struct crm_err *err)
{
	struct cli *c = k->c;
	struct crm_idmap ids = {0};
	int code = cli_operands(c, 0, 1, err);

	if (code == CRM_OK && c->noperand && (!cli_stdin(c) || cli_opt.from))
		code = crm_err_set(err, CRM_EUSAGE,
		    cli_opt.from ? "--from reads no store, so '%s' has nothing "
				   "to choose from"
				 : "'%s' is not -, a stream of orders on stdin",
		    c->operand[0]);
	if (code == CRM_OK && c->noperand)
		code = cli_selector(
		    c, NULL, &c->schema->kind[CRM_K_ORDER], &ids, err);
	k->x.want = CRM_SALES(ORDER) | CRM_SALES(PRODUCT);
	if (since || until || cli_opt.at)
		k->x.want |= CRM_SALES(PLACED);
	if (code == CRM_OK)
		code = cli_lines_read(
		    c, &k->x, w, c->noperand ? &ids : NULL, 0, err);
	crm_idmap_release(&ids);
	return code;
}

static int
read_baskets(struct work *k, struct crm_err *err)
{
	struct crm_sales *x = &k->x;
	struct cli_window w;
	size_t without = 0;
	char c;
	int code = read_window(k->c, &w, err);

	if (code == CRM_OK)
		code = parse_sep(&c, err);
	if (code == CRM_OK && baskets && !cli_opt.from)
		code = crm_err_set(
		    err, CRM_EUSAGE, "--baskets is about a file: --from FILE");
	if (code == CRM_OK && baskets && (since || until || k->c->noperand))
		code = crm_err_set(err, CRM_EUSAGE,
		    "--baskets has neither times nor ids of orders to choose "
		    "by");
	if (code == CRM_OK && by && cli_opt.from)
		code = crm_err_set(err, CRM_EUSAGE,
		    "--by is about the store's products; --columns "
		    "product_id=NAME takes another column of --from");
	/* what is replaced by something else is needed row by row */
	if (!by && !baskets)
		x->baskets = &k->b;
	if (code == CRM_OK)
		code = baskets ? cli_lines_baskets(k->c, x, c, err)
			       : read_store(k, &w, err);
	if (code == CRM_OK && by)
		code = cli_lines_by(k->c, x, by, &without, err);
	if (code == CRM_OK && without > 0)
		cli_note(
		    k->c, "%zu products without %s are left out", without, by);
	if (code == CRM_OK && !x->baskets)
		code = crm_baskets_gather(&k->b, x->id[CRM_SALES_ORDER],
		    x->id[CRM_SALES_PRODUCT], x->n, x->names[CRM_SALES_ORDER].n,
		    NULL, err);
	return code;
}

/* A set is printed as a list: its items may not hold what is between them. */
static int
check_names(struct work *k, struct crm_err *err)
{
	const struct crm_names *names = &k->x.names[CRM_SALES_PRODUCT];
	size_t n = strlen(glue);

	if (n == 0)
		return crm_err_set(
		    err, CRM_EUSAGE, "--join wants a text after it");
	for (size_t i = 0; !names->kind && i < names->n; i++) {
		struct crm_str s = names->text[i];

		if (s.n < n || !memmem(s.p, s.n, glue, n))
			continue;
		crm_err_set(err, CRM_EDATA,
		    "the item '%.*s' has a '%s' in it, which is between the "
		    "items of a set",
		    (int)(s.n > 80 ? 80 : s.n), s.p, glue);
		crm_err_hint(err, "choose another text: --join ' + '");
		return CRM_EDATA;
	}
	return CRM_OK;
}

/* ---- printing ---- */

static int
emit(struct work *k, size_t nleft, size_t nright, const struct crm_together *t,
    struct crm_err *err)
{
	int code = cli_sets_put(&k->out, k->item, nleft, nright, t, err);

	k->some = true;
	k->full = code == CRM_NO;
	return code;
}

static int
put_set(void *ctx, uint32_t node, const uint32_t *rank, unsigned n,
    struct crm_err *err)
{
	struct work *k = ctx;
	struct crm_together t = {.n = k->b.n, .both = k->sets.node[node].count};

	if ((int64_t)n < min_size ||
	    (k->super && (k->super[node] &
			     (maximal ? CRM_ITEMSET_INNER : CRM_ITEMSET_OPEN))))
		return CRM_OK;
	for (unsigned i = 0; i < n; i++)
		k->item[i] = k->sets.item[rank[i]];
	return emit(k, n, 0, &t, err);
}

/* The rule with the items `right` (bits, by place in rank) as consequent.
 * without: the node of the others, 0 where it is not known. */
static int
try_rule(struct work *k, uint32_t node, const uint32_t *rank, unsigned n,
    uint64_t right, uint32_t without, struct crm_err *err)
{
	const struct crm_itemset *set = k->sets.node;
	struct crm_together t = {.n = k->b.n, .both = set[node].count};
	size_t nleft = 0, nright = 0;

	if (!without) {
		for (unsigned i = 0; i < n; i++)
			if (!(right >> i & 1))
				k->part[nleft++] = rank[i];
		without = crm_itemsets_find(&k->sets, k->part, (unsigned)nleft);
	}
	t.a = set[without].count;
	if (!crm_share_reached(&k->share, t.both, t.a))
		return CRM_OK;
	nleft = 0;
	for (unsigned i = 0; i < n; i++)
		if (right >> i & 1)
			k->part[nright++] = rank[i];
		else
			k->item[nleft++] = k->sets.item[rank[i]];
	for (size_t i = 0; i < nright; i++)
		k->item[nleft + i] = k->sets.item[k->part[i]];
	t.b = set[crm_itemsets_find(&k->sets, k->part, (unsigned)nright)].count;
	return emit(k, nleft, nright, &t, err);
}

static int
put_rules(void *ctx, uint32_t node, const uint32_t *rank, unsigned n,
    const uint32_t *part, struct crm_err *err)
{
	struct work *k = ctx;
	int code = CRM_OK;

	if (n < 2 || (int64_t)n < min_size)
		return CRM_OK;
	for (unsigned i = 0; code == CRM_OK && i < n; i++)
		code =
		    try_rule(k, node, rank, n, (uint64_t)1 << i, part[i], err);
	/* All sets of k bits, rising (Gosper): a set of 62 items would have
	 * 2^62 frequent parts, so that there is none. */
	for (int64_t c = 2; c <= consequents && c < (int64_t)n; c++) {
		uint64_t m = ((uint64_t)1 << c) - 1;

		while (code == CRM_OK && m < (uint64_t)1 << n) {
			uint64_t low = m & (~m + 1), next = m + low;

			code = try_rule(k, node, rank, n, m, 0, err);
			m = next | (((m ^ next) / low) >> 2);
		}
	}
	return code;
}

/* ---- verbs ---- */

static int
mine(struct work *k, struct crm_err *err)
{
	struct crm_itemset_options opt = {0};
	int code;

	if (k->b.n == 0)
		return CRM_OK;
	opt.min_count = crm_share_of(&k->share, k->b.n);
	opt.max_size = max_size > 1000 ? 1000 : (unsigned)max_size;
	opt.max_bytes = (size_t)memory << 20;
	code = crm_itemsets_mine(&k->sets, &k->b, &opt, err);
	if (code == CRM_EDATA)
		crm_err_hint(err,
		    "--support asks for %llu of %zu baskets: raise it, bound "
		    "the sets by --max-size, or give more by --memory",
		    (unsigned long long)opt.min_count, k->b.n);
	if (code < 0)
		return code;
	k->item = crm_arena_alloc(
	    &k->c->arena, (k->sets.deepest + 1) * sizeof *k->item);
	k->part = crm_arena_alloc(
	    &k->c->arena, (k->sets.deepest + 1) * sizeof *k->part);
	return k->item && k->part ? CRM_OK : crm_err_nomem(err);
}

static int
check_options(bool rules, struct crm_share *sure, struct crm_err *err)
{
	struct crm_share s;
	int code = crm_share_parse(crm_str(support), true, &s, err);

	if (code < 0)
		crm_err_field(err, "--support", 9);
	if (code == CRM_OK && rules) {
		code = crm_share_parse(crm_str(confidence), false, sure, err);
		if (code < 0)
			crm_err_field(err, "--confidence", 12);
	}
	if (code == CRM_OK && rules && consequents < 1)
		code = crm_err_set(
		    err, CRM_EUSAGE, "--consequents wants a number from 1 on");
	if (code == CRM_OK && closed && maximal)
		code = crm_err_set(err, CRM_EUSAGE,
		    "--closed and --maximal: all maximal sets are closed, "
		    "give one of them");
	if (code == CRM_OK && max_size > 0 && min_size > max_size)
		code = crm_err_set(
		    err, CRM_EUSAGE, "--min-size is above --max-size");
	if (code == CRM_OK && memory < 1)
		code = crm_err_set(
		    err, CRM_EUSAGE, "--memory wants a number from 1 on");
	return code;
}

static int
run(struct work *k, bool rules, struct crm_err *err)
{
	struct crm_share sure = {0};
	int code = check_options(rules, &sure, err);

	if (code == CRM_OK)
		code = crm_share_parse(crm_str(support), true, &k->share, err);
	if (code == CRM_OK)
		code = cli_sets_open(&k->out, k->c, rules, err);
	if (code == CRM_OK)
		code = read_baskets(k, err);
	if (code == CRM_OK)
		code = check_names(k, err);
	if (code == CRM_OK && k->b.n == 0)
		cli_note(k->c, "there are no baskets");
	if (code == CRM_OK)
		code = mine(k, err);
	if (code == CRM_OK && (closed || maximal))
		code = crm_itemsets_supersets(&k->sets, &k->super, err);
	k->share = rules ? sure : k->share;
	if (code == CRM_OK)
		code = cli_sets_name(&k->out, &k->x.names[CRM_SALES_PRODUCT],
		    &k->sets, glue, err);
	if (code == CRM_OK)
		code = rules ? crm_itemsets_parts(&k->sets, put_rules, k, err)
			     : crm_itemsets_each(&k->sets, put_set, k, err);
	if (code == CRM_OK && k->b.n > 0 && !k->some && !k->full)
		cli_note(k->c,
		    "of %zu baskets no %s: lower --support%s tells more",
		    k->b.n,
		    rules ? "rule is so sure and frequent"
			  : "set is so frequent",
		    rules ? " or --confidence" : "");
	return k->full ? CRM_OK : code;
}

static int
basket(struct cli *c, bool rules, struct crm_err *err)
{
	struct work k = {.c = c};
	int code = run(&k, rules, err);

	if (code == CRM_OK)
		code = cli_sets_close(&k.out, err);
	cli_sets_abort(&k.out);
	crm_sales_release(&k.x);
	crm_baskets_release(&k.b);
	crm_itemsets_release(&k.sets);
	free(k.super);
	return code;
}

static int
sets(struct cli *c, struct crm_err *err)
{
	return basket(c, false, err);
}

static int
rules(struct cli *c, struct crm_err *err)
{
	return basket(c, true, err);
}

static const struct cli_verb verbs[] = {
    {"sets", sets, CLI_SCAN,
	CLI_OUT | CLI_LIST | CLI_NOTIME | CLI_FROM | CLI_CLOCK | CLI_IN,
	sets_options, "[-]", "items that are often bought together"},
    {"rules", rules, CLI_SCAN,
	CLI_OUT | CLI_LIST | CLI_NOTIME | CLI_FROM | CLI_CLOCK | CLI_IN,
	rules_options, "[-]", "who buys these buys that"},
    {0},
};

int
main(int argc, char **argv)
{
	static const struct cli_command command = {"crm-basket",
	    "find what is bought together: frequent itemsets and rules",
	    "order", 0, verbs};

	return crm_main(&command, argc, argv);
}
