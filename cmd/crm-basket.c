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

enum { S_ITEMS, S_SIZE, S_COUNT, S_BASKETS, S_SUPPORT, S_FIELDS };
static const struct crm_field set_fields[S_FIELDS] = {
    {"items", CRM_T_TEXT, 0, 0, 0, NULL, "the items of the set"},
    {"size", CRM_T_INT, 0, 0, 0, NULL, "how many they are"},
    {"count", CRM_T_INT, 0, 0, 0, NULL, "baskets that have them all"},
    {"baskets", CRM_T_INT, 0, 0, 0, NULL, "all baskets"},
    {"support", CRM_T_DECIMAL, 0, 0, 0, NULL, "count of baskets"},
};

enum {
	R_LEFT,
	R_RIGHT,
	R_SIZE,
	R_COUNT,
	R_LEFTS,
	R_RIGHTS,
	R_BASKETS,
	R_SUPPORT,
	R_CONFIDENCE,
	R_LIFT,
	R_LEVERAGE,
	R_CONVICTION,
	R_CHI,
	R_FIELDS
};
static const struct crm_field rule_fields[R_FIELDS] = {
    {"antecedent", CRM_T_TEXT, 0, 0, 0, NULL, "who has these items"},
    {"consequent", CRM_T_TEXT, 0, 0, 0, NULL, "has these too"},
    {"size", CRM_T_INT, 0, 0, 0, NULL, "items on both sides"},
    {"count", CRM_T_INT, 0, 0, 0, NULL, "baskets that have them all"},
    {"antecedent_count", CRM_T_INT, 0, 0, 0, NULL,
	"baskets with the antecedent"},
    {"consequent_count", CRM_T_INT, 0, 0, 0, NULL,
	"baskets with the consequent"},
    {"baskets", CRM_T_INT, 0, 0, 0, NULL, "all baskets"},
    {"support", CRM_T_DECIMAL, 0, 0, 0, NULL, "count of baskets"},
    {"confidence", CRM_T_DECIMAL, 0, 0, 0, NULL, "count of antecedent_count"},
    {"lift", CRM_T_DECIMAL, 0, 0, 0, NULL,
	"times as often as if they had nothing to do with each other"},
    {"leverage", CRM_T_DECIMAL, 0, 0, 0, NULL,
	"support above what chance would give"},
    {"conviction", CRM_T_DECIMAL, 0, 0, 0, NULL,
	"times as often wrong, were it by chance; empty: never wrong"},
    {"chi_square", CRM_T_DECIMAL, 0, 0, 0, NULL,
	"of the two sides, one degree of freedom"},
};

enum { PLACES = 6 };

/* An item's text and what comes between items, CHUNK more bytes behind. */
struct label {
	size_t at, n;
};
enum { CHUNK = 16 };

struct work {
	struct cli *c;
	struct crm_sales x;
	struct crm_baskets b;
	struct crm_itemsets sets;
	struct crm_share share;
	uint8_t *super;
	struct cli_rows *rows;
	struct label *label; /* of the frequent items */
	struct crm_buf labels;
	size_t nglue;
	struct crm_buf left, right;
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
	if (code == CRM_OK)
		code = baskets ? cli_lines_baskets(k->c, x, c, err)
			       : read_store(k, &w, err);
	if (code == CRM_OK && by)
		code = cli_lines_by(k->c, x, by, &without, err);
	if (code == CRM_OK && without > 0)
		cli_note(
		    k->c, "%zu products without %s are left out", without, by);
	if (code == CRM_OK)
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

/* The texts of the frequent items are made once: they are printed in millions
 * of sets. */
static int
make_labels(struct work *k, struct crm_err *err)
{
	const struct crm_names *names = &k->x.names[CRM_SALES_PRODUCT];
	struct crm_buf *b = &k->labels;

	k->nglue = strlen(glue);
	k->label = calloc((size_t)k->b.nitems + 1, sizeof *k->label);
	if (!k->label)
		return crm_err_nomem(err);
	for (uint32_t i = 0; i < k->sets.nranks; i++) {
		uint32_t item = k->sets.item[i];
		struct crm_value v = crm_names_value(names, item);
		struct label *l = &k->label[item];

		l->at = b->n;
		if (names->kind)
			crm_value_put(k->c->schema, b, &v, false);
		else
			crm_buf_putstr(b, v.s);
		crm_buf_puts(b, glue);
		l->n = b->n - l->at;
	}
	for (size_t i = 0; i < CHUNK; i++)
		crm_buf_putc(b, 0);
	return crm_buf_check(b, err);
}

static int
put_items(struct work *k, struct crm_buf *out, const uint32_t *item, size_t n,
    struct crm_err *err)
{
	size_t all = 0;
	char *to;

	crm_buf_clear(out);
	for (size_t i = 0; i < n; i++)
		all += k->label[item[i]].n;
	if (!crm_buf_room(out, all + CHUNK))
		return crm_buf_check(out, err);
	to = out->p;
	for (size_t i = 0; i < n; i++) {
		const struct label *l = &k->label[item[i]];
		const char *from = k->labels.p + l->at;

		/* most are short: what is copied too much is written over */
		for (size_t at = 0; at < l->n; at += CHUNK)
			memcpy(to + at, from + at, CHUNK);
		to += l->n;
	}
	out->n = all - k->nglue;
	return CRM_OK;
}

static struct crm_value
whole(uint64_t n)
{
	return crm_value_num(CRM_T_INT, (int64_t)n, 0);
}

static struct crm_value
figure(double x)
{
	struct crm_value none = {0};
	struct crm_dec d;

	if (!crm_dec_from_double(x, PLACES, &d))
		return none;
	return crm_value_num(CRM_T_DECIMAL, d.v, d.scale);
}

/* Items in their own order, which is that of their texts. */
static void
sort_items(uint32_t *v, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		uint32_t x = v[i];
		size_t at = i;

		for (; at > 0 && v[at - 1] > x; at--)
			v[at] = v[at - 1];
		v[at] = x;
	}
}

static int
emit(struct work *k, const struct crm_value *v, struct crm_err *err)
{
	int code = cli_rows_put(k->rows, v, err);

	k->some = true;
	k->full = code == CRM_NO;
	return code;
}

static int
put_set(void *ctx, uint32_t node, const uint32_t *rank, unsigned n,
    struct crm_err *err)
{
	struct work *k = ctx;
	uint64_t count = k->sets.node[node].count;
	struct crm_value v[S_FIELDS];
	int code;

	if ((int64_t)n < min_size ||
	    (k->super && (k->super[node] &
			     (maximal ? CRM_ITEMSET_INNER : CRM_ITEMSET_OPEN))))
		return CRM_OK;
	for (unsigned i = 0; i < n; i++)
		k->item[i] = k->sets.item[rank[i]];
	sort_items(k->item, n);
	code = put_items(k, &k->left, k->item, n, err);
	if (code < 0)
		return code;
	v[S_ITEMS] = crm_value_text(crm_buf_str(&k->left));
	v[S_SIZE] = whole(n);
	v[S_COUNT] = whole(count);
	v[S_BASKETS] = whole(k->b.n);
	v[S_SUPPORT] = figure((double)count / (double)k->b.n);
	return emit(k, v, err);
}

static int
put_rule(struct work *k, const struct crm_together *t, size_t nleft,
    size_t nright, struct crm_err *err)
{
	double conviction = crm_together_conviction(t);
	double chi = crm_together_chi_square(t);
	struct crm_value v[R_FIELDS];
	int code;

	/* item: those of the left side, then those of the right */
	sort_items(k->item, nleft);
	sort_items(k->item + nleft, nright);
	code = put_items(k, &k->left, k->item, nleft, err);
	if (code == CRM_OK)
		code = put_items(k, &k->right, k->item + nleft, nright, err);
	if (code < 0)
		return code;
	v[R_LEFT] = crm_value_text(crm_buf_str(&k->left));
	v[R_RIGHT] = crm_value_text(crm_buf_str(&k->right));
	v[R_SIZE] = whole(nleft + nright);
	v[R_COUNT] = whole(t->both);
	v[R_LEFTS] = whole(t->a);
	v[R_RIGHTS] = whole(t->b);
	v[R_BASKETS] = whole(t->n);
	v[R_SUPPORT] = figure((double)t->both / (double)t->n);
	v[R_CONFIDENCE] = figure((double)t->both / (double)t->a);
	v[R_LIFT] = figure(crm_together_lift(t));
	v[R_LEVERAGE] = figure(crm_together_leverage(t));
	v[R_CONVICTION] = (struct crm_value){0};
	v[R_CHI] = (struct crm_value){0};
	if (conviction >= 0)
		v[R_CONVICTION] = figure(conviction);
	if (chi >= 0)
		v[R_CHI] = figure(chi);
	return emit(k, v, err);
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
	return put_rule(k, &t, nleft, nright, err);
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
		code = rules ? cli_rows_open(k->c, rule_fields, R_FIELDS, NULL,
				   &k->rows, err)
			     : cli_rows_open(k->c, set_fields, S_FIELDS, NULL,
				   &k->rows, err);
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
		code = make_labels(k, err);
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
		code = cli_rows_close(k.rows, err);
	else
		cli_rows_abort(k.rows);
	crm_sales_release(&k.x);
	crm_baskets_release(&k.b);
	crm_itemsets_release(&k.sets);
	crm_buf_release(&k.labels);
	crm_buf_release(&k.left);
	crm_buf_release(&k.right);
	free(k.label);
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
