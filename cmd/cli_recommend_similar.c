/*
 * cli_recommend_similar.c - products like one: by what they are, and, as far
 * as it was bought often enough, by what they are bought with.
 *
 * Only what the seed says of itself is compared, so that a catalogue that has
 * names and nothing else is compared by names.
 */
#include <stdlib.h>

#include "cli_recommend.h"

enum { CATEGORY, BRAND, TAGS, PRICE, NAME, ATTRIBUTES };
/* What each weighs, out of a hundred when all are there. */
static const double weight[ATTRIBUTES] = {35, 15, 20, 10, 20};
static const char *const field[ATTRIBUTES] = {
    "category", "brand", "tags", "price", "name"};

enum { THIN = 20 }; /* orders by which both count alike */

enum {
	S_PRODUCT,
	S_SEED,
	S_RANK,
	S_SCORE,
	S_ALIKE,
	S_CATEGORY,
	S_BRAND,
	S_TAGS,
	S_PRICE,
	S_NAME,
	S_TOGETHER,
	S_ORDERS,
	S_SEED_ORDERS,
	S_COSINE,
	S_FIELDS
};
static const struct crm_field columns[S_FIELDS] = {
    {"product_id", CRM_T_ID, CRM_K_PRODUCT, 0, 0, NULL, "what is similar"},
    {"seed_id", CRM_T_ID, CRM_K_PRODUCT, 0, 0, NULL, "to what"},
    {"rank", CRM_T_INT, 0, 0, 0, NULL, "its place, 1 the best"},
    {"score", CRM_T_DECIMAL, 0, 0, 0, NULL,
	"alike and cosine, by how often the seed was bought"},
    {"alike", CRM_T_DECIMAL, 0, 0, 0, NULL,
	"mean of the five that follow, weighed 35 15 20 10 20"},
    {"category", CRM_T_DECIMAL, 0, 0, 0, NULL,
	"levels shared, of the deeper one's"},
    {"brand", CRM_T_DECIMAL, 0, 0, 0, NULL, "1 the same"},
    {"tags", CRM_T_DECIMAL, 0, 0, 0, NULL, "shared, of all of both"},
    {"price", CRM_T_DECIMAL, 0, 0, 0, NULL, "the lower of the higher"},
    {"name", CRM_T_DECIMAL, 0, 0, 0, NULL,
	"words shared, of all of both, rare ones counting more"},
    {"together", CRM_T_INT, 0, 0, 0, NULL, "orders with both"},
    {"orders", CRM_T_INT, 0, 0, 0, NULL, "orders with it"},
    {"seed_orders", CRM_T_INT, 0, 0, 0, NULL, "orders with the seed"},
    {"cosine", CRM_T_DECIMAL, 0, 0, 0, NULL,
	"together / sqrt(orders seed_orders)"},
};

/* A set of words, as numbers that rise. */
struct words {
	uint32_t *v;
	size_t n;
};
struct thing {
	uint64_t number;
	struct words category; /* levels, in their order */
	uint32_t brand; /* UINT32_MAX: none */
	struct words tags, name;
	int64_t price; /* below 0: none */
	uint32_t item; /* in the orders, UINT32_MAX */
};
struct shelf {
	struct cli_recommend r;
	struct thing *v;
	size_t n, cap;
	struct crm_map word; /* to its number */
	uint32_t *count; /* of the names that have it */
	size_t ncount, capcount;
	int at[ATTRIBUTES];
	struct crm_buf fold;
};
struct likeness {
	double part[ATTRIBUTES]; /* below 0: the seed does not say */
	double alike, score, cosine;
	uint32_t together;
	size_t thing;
};

/* ---- what products are ---- */

static int
number_of(struct shelf *s, struct crm_str w, uint32_t *out, struct crm_err *err)
{
	uint64_t v = s->word.n;

	if (!crm_map_get(&s->word, w, &v)) {
		if (crm_map_put(&s->word, w, v, NULL) < 0 ||
		    !crm_grow(
			&s->count, &s->capcount, s->ncount, sizeof *s->count))
			return crm_err_nomem(err);
		s->count[s->ncount++] = 0;
	}
	*out = (uint32_t)v;
	return CRM_OK;
}

static int
put_word(
    struct shelf *s, struct words *to, struct crm_str w, struct crm_err *err)
{
	uint32_t number;
	int code = number_of(s, w, &number, err);

	for (size_t i = 0; code == CRM_OK && i < to->n; i++)
		if (to->v[i] == number)
			return CRM_OK;
	if (code == CRM_OK)
		to->v[to->n++] = number;
	return code;
}

/* The pieces of a text that end in `sep`, each once, in their order. */
static int
take_pieces(struct shelf *s, struct crm_str text, char sep, struct words *to,
    struct crm_err *err)
{
	struct crm_str one;
	size_t most = 1;
	int code = CRM_OK;

	for (size_t i = 0; i < text.n; i++)
		most += text.p[i] == sep;
	to->v = crm_arena_alloc(&s->r.c->arena, most * sizeof *to->v);
	if (!to->v)
		return crm_err_nomem(err);
	while (code == CRM_OK && crm_str_split(&text, sep, &one)) {
		one = crm_str_trim(one);
		if (one.n > 0)
			code = put_word(s, to, one, err);
	}
	return code;
}

/* sep 0: words, as they are searched for. */
static int
split(struct shelf *s, const struct crm_value *v, char sep, struct words *to,
    struct crm_err *err)
{
	int code;

	*to = (struct words){0};
	if (v->type != CRM_T_TEXT && v->type != CRM_T_LIST)
		return CRM_OK;
	crm_buf_clear(&s->fold);
	code = sep ? crm_text_fold(v->s, &s->fold, err)
		   : crm_text_words(v->s, false, &s->fold, err);
	return code < 0 ? code
			: take_pieces(s, crm_buf_str(&s->fold), sep, to, err);
}

static int
take_product(struct shelf *s, const struct crm_record *rec, struct crm_err *err)
{
	const struct crm_value *v = rec->v;
	const struct crm_names *names = &s->r.x.names[CRM_SALES_PRODUCT];
	struct thing t = {.number = rec->id,
	    .brand = UINT32_MAX,
	    .price = -1,
	    .item = UINT32_MAX};
	size_t item;
	int code = split(s, &v[s->at[CATEGORY]], '/', &t.category, err);

	if (code == CRM_OK)
		code = split(s, &v[s->at[TAGS]], ',', &t.tags, err);
	if (code == CRM_OK)
		code = split(s, &v[s->at[NAME]], 0, &t.name, err);
	if (code == CRM_OK && v[s->at[BRAND]].type == CRM_T_TEXT)
		code = number_of(s, v[s->at[BRAND]].s, &t.brand, err);
	if (v[s->at[PRICE]].type == CRM_T_MONEY && v[s->at[PRICE]].i >= 0)
		t.price = v[s->at[PRICE]].i;
	if (crm_names_number(names, rec->id, &item))
		t.item = (uint32_t)item;
	if (code == CRM_OK && !crm_grow(&s->v, &s->cap, s->n, sizeof *s->v))
		code = crm_err_nomem(err);
	if (code < 0)
		return code;
	for (size_t i = 0; i < t.name.n; i++)
		s->count[t.name.v[i]]++;
	s->v[s->n++] = t;
	return CRM_OK;
}

static int
read_products(struct shelf *s, struct crm_txn *t, struct crm_err *err)
{
	struct cli *c = s->r.c;
	const struct crm_kind *k = &c->schema->kind[CRM_K_PRODUCT];
	struct crm_want want = {{0}, 0};
	struct crm_scan *scan;
	struct crm_record *rec;
	int code;

	for (int i = 0; i < ATTRIBUTES; i++) {
		s->at[i] = crm_kind_field(k, crm_str(field[i]));
		crm_want_field(&want, s->at[i]);
	}
	code = crm_scan_open(t, c->schema, k, &want, c->at, &scan, err);
	if (code < 0)
		return code;
	while ((code = crm_scan_next(scan, &rec, err)) == CRM_OK) {
		code = take_product(s, rec, err);
		if (code < 0)
			break;
	}
	crm_scan_close(scan);
	return code == CRM_NOTFOUND ? CRM_OK : code;
}

/* ---- how like they are ---- */

static double
levels(const struct words *a, const struct words *b)
{
	size_t same = 0, most = a->n > b->n ? a->n : b->n;

	while (same < a->n && same < b->n && a->v[same] == b->v[same])
		same++;
	return (double)same / (double)most;
}

static double
value_of(const struct shelf *s, uint32_t word, bool rare)
{
	if (!rare)
		return 1;
	return crm_log((double)(s->n + 1) / (double)s->count[word]);
}

/* What is in both, of what is in either. */
static double
shared(const struct shelf *s, const struct words *a, const struct words *b,
    bool rare)
{
	double both = 0, all = 0;

	for (size_t i = 0; i < a->n; i++)
		all += value_of(s, a->v[i], rare);
	for (size_t i = 0; i < b->n; i++) {
		double w = value_of(s, b->v[i], rare);
		size_t k = 0;

		while (k < a->n && a->v[k] != b->v[i])
			k++;
		if (k < a->n)
			both += w;
		else
			all += w;
	}
	return all > 0 ? both / all : 0;
}

static void
compare(const struct shelf *s, const struct thing *a, const struct thing *b,
    struct likeness *out)
{
	double sum = 0, of = 0;

	for (int i = 0; i < ATTRIBUTES; i++)
		out->part[i] = -1;
	if (a->category.n > 0)
		out->part[CATEGORY] = levels(&a->category, &b->category);
	if (a->brand != UINT32_MAX)
		out->part[BRAND] = a->brand == b->brand;
	if (a->tags.n > 0)
		out->part[TAGS] = shared(s, &a->tags, &b->tags, false);
	if (a->price > 0)
		out->part[PRICE] = b->price < 0 ? 0
				   : a->price < b->price
				       ? (double)a->price / (double)b->price
				       : (double)b->price / (double)a->price;
	if (a->name.n > 0)
		out->part[NAME] = shared(s, &a->name, &b->name, true);
	for (int i = 0; i < ATTRIBUTES; i++)
		if (out->part[i] >= 0) {
			sum += weight[i] * out->part[i];
			of += weight[i];
		}
	out->alike = of > 0 ? sum / of : 0;
}

/* ---- the best ---- */

static int
by_score(const void *a, const void *b)
{
	const struct likeness *x = a, *y = b;

	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	return x->thing < y->thing ? -1 : x->thing > y->thing;
}

/* Pairs of the seed, by item; the largest cosine. */
static int
bought_with(struct shelf *s, const struct thing *seed, struct crm_pair *pair,
    uint32_t *n, double *most, struct crm_err *err)
{
	struct crm_pairs_options opt = {.by = CRM_PAIRS_COSINE,
	    .top = s->r.b.nitems,
	    .min = (uint32_t)cli_recommend_min};
	int code = CRM_OK;

	*n = 0;
	if (seed->item != UINT32_MAX)
		code = crm_pairs_top(
		    s->r.pairs, &seed->item, 1, &opt, pair, n, err);
	*most = *n > 0 ? pair[0].score : 0;
	return code;
}

static int
print_one(struct shelf *s, const struct thing *seed, uint32_t rank,
    const struct likeness *x, struct crm_err *err)
{
	const struct thing *t = &s->v[x->thing];
	struct crm_value v[S_FIELDS] = {{0}};

	v[S_PRODUCT] = crm_value_id(CRM_K_PRODUCT, t->number);
	v[S_SEED] = crm_value_id(CRM_K_PRODUCT, seed->number);
	v[S_RANK] = cli_recommend_int(rank);
	v[S_SCORE] = cli_recommend_figure(x->score);
	v[S_ALIKE] = cli_recommend_figure(x->alike);
	for (int i = 0; i < ATTRIBUTES; i++)
		if (x->part[i] >= 0)
			v[S_CATEGORY + i] = cli_recommend_figure(x->part[i]);
	v[S_TOGETHER] = cli_recommend_int(x->together);
	v[S_ORDERS] = cli_recommend_int(crm_pairs_count(s->r.pairs, t->item));
	v[S_SEED_ORDERS] =
	    cli_recommend_int(crm_pairs_count(s->r.pairs, seed->item));
	v[S_COSINE] = cli_recommend_figure(x->cosine);
	return cli_rows_put(s->r.rows, v, err);
}

/* All products beside the seed; out has room for all. */
static int
rank_all(struct shelf *s, const struct thing *seed, struct likeness *out,
    size_t *n, struct crm_err *err)
{
	struct crm_pair *pair = malloc((s->r.b.nitems + 1) * sizeof *pair);
	const struct crm_pair **of =
	    calloc((size_t)s->r.b.nitems + 1, sizeof *of);
	double orders = crm_pairs_count(s->r.pairs, seed->item), most = 0;
	uint32_t npair = 0;
	int code = CRM_OK;

	*n = 0;
	if (!pair || !of)
		code = crm_err_nomem(err);
	if (code == CRM_OK)
		code = bought_with(s, seed, pair, &npair, &most, err);
	for (uint32_t i = 0; i < npair; i++)
		of[pair[i].item] = &pair[i];
	for (size_t i = 0; code == CRM_OK && i < s->n; i++) {
		const struct thing *t = &s->v[i];
		struct likeness *x = &out[*n];

		if (t == seed)
			continue;
		*x = (struct likeness){.thing = i};
		compare(s, seed, t, x);
		if (t->item != UINT32_MAX && of[t->item]) {
			x->cosine = of[t->item]->score;
			x->together = of[t->item]->together;
		}
		x->score = x->alike * THIN;
		if (most > 0)
			x->score += orders * (x->cosine / most);
		x->score /= most > 0 ? orders + THIN : THIN;
		*n += x->score > 0;
	}
	free(pair);
	free(of);
	if (code == CRM_OK && *n > 0)
		qsort(out, *n, sizeof *out, by_score);
	return code;
}

static int
print_similar(struct shelf *s, const struct thing *seed, struct likeness *room,
    struct crm_err *err)
{
	size_t n, top = (size_t)cli_recommend_top;
	int code = rank_all(s, seed, room, &n, err);

	for (size_t i = 0; code == CRM_OK && i < n && i < top; i++)
		code = print_one(s, seed, (uint32_t)i + 1, &room[i], err);
	if (code == CRM_OK && n < top)
		cli_note(s->r.c,
		    "P%llu: %zu of %zu: nothing else has a category, brand, "
		    "tag, price or word in common with it",
		    (unsigned long long)seed->number, n, top);
	return code;
}

static const struct thing *
find_thing(const struct shelf *s, uint64_t number)
{
	size_t lo = 0, hi = s->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (s->v[mid].number < number)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < s->n && s->v[lo].number == number ? &s->v[lo] : NULL;
}

static int
each_seed(struct shelf *s, struct crm_err *err)
{
	struct cli *c = s->r.c;
	struct likeness *room = malloc((s->n + 1) * sizeof *room);
	struct crm_value *seed =
	    crm_arena_alloc(&c->arena, c->noperand * sizeof *seed);
	struct crm_txn *t = NULL;
	int code = room && seed ? CRM_OK : crm_err_nomem(err);

	if (code == CRM_OK)
		code = crm_txn_begin(c->store, &t, err);
	for (size_t i = 0; code == CRM_OK && i < c->noperand; i++)
		code = crm_ref_find(t, NULL, CRM_K_PRODUCT, c->schema,
		    crm_str(c->operand[i]), &seed[i], err);
	if (t)
		crm_txn_end(t);
	for (size_t i = 0; code == CRM_OK && i < c->noperand; i++) {
		const struct thing *x = find_thing(s, (uint64_t)seed[i].i);

		if (x)
			code = print_similar(s, x, room, err);
		else
			code = crm_err_set(err, CRM_NOTFOUND,
			    "there is no product %s", c->operand[i]);
	}
	free(room);
	return code;
}

int
cli_recommend_similar(struct cli *c, struct crm_err *err)
{
	struct shelf s = {.r = {.c = c}};
	struct crm_pairs_options opt;
	struct crm_txn *t = NULL;
	int code = cli_operands(c, 1, SIZE_MAX, err);

	if (code == CRM_OK)
		code = cli_recommend_pairs(&s.r, &opt, err);
	if (code == CRM_OK)
		code = cli_recommend_open(&s.r, columns, S_FIELDS, err);
	if (code == CRM_OK)
		code = cli_recommend_baskets(&s.r, err);
	if (code == CRM_OK)
		code = crm_txn_begin(c->store, &t, err);
	if (code == CRM_OK)
		code = read_products(&s, t, err);
	if (t)
		crm_txn_end(t);
	if (code == CRM_OK)
		code = each_seed(&s, err);
	free(s.v);
	free(s.count);
	crm_map_release(&s.word);
	crm_buf_release(&s.fold);
	return cli_recommend_end(&s.r, code, err);
}
