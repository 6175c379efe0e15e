/*
 * cli_sets.c - the rows of crm-basket: sets and rules, with their figures.
 *
 * There may be tens of millions of them, and mining takes less than printing.
 * Where all columns go out as TSV as they are, a row is written by hand: the
 * texts of items are copied whole, and what follows them is kept by the counts
 * it is made of, as few counts make most rows.  Otherwise rows are values like
 * anybody's; both ways the figures come from the same lines.
 */
#include <stdlib.h>

#include "cli_sets.h"

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

/* An item's text and what comes between items, CHUNK more bytes behind. */
struct cli_label {
	size_t at, n;
};
/* What is in a row behind its size, n bytes: none, when it is too long. */
struct cli_tail {
	uint64_t a, b, both;
	size_t n;
	char text[256];
};
enum { PLACES = 6, CHUNK = 16, TAILS = 4096, FLUSH_AT = 1 << 16 };

int
cli_sets_open(
    struct cli_sets *s, struct cli *c, bool rules, struct crm_err *err)
{
	int code;

	s->c = c;
	s->rules = rules;
	code = cli_rows_open(c, rules ? rule_fields : set_fields,
	    rules ? (size_t)R_FIELDS : (size_t)S_FIELDS, NULL, &s->rows, err);
	s->plain = code == CRM_OK && cli_rows_plain(s->rows);
	return code;
}

static void
put_text(struct cli_sets *s, struct crm_buf *b, struct crm_str text)
{
	if (s->plain)
		crm_escape_put(b, text);
	else
		crm_buf_putstr(b, text);
}

int
cli_sets_name(struct cli_sets *s, const struct crm_names *names,
    const struct crm_itemsets *sets, const char *glue, struct crm_err *err)
{
	struct crm_buf *b = &s->labels;

	put_text(s, b, crm_str(glue));
	s->nglue = b->n;
	s->label = calloc(names->n + 1, sizeof *s->label);
	if (s->plain)
		s->tail = calloc(TAILS, sizeof *s->tail);
	if (!s->label || (s->plain && !s->tail))
		return crm_err_nomem(err);
	for (uint32_t i = 0; i < sets->nranks; i++) {
		struct crm_value v = crm_names_value(names, sets->item[i]);
		struct cli_label *l = &s->label[sets->item[i]];

		l->at = b->n;
		if (names->kind)
			crm_value_put(s->c->schema, b, &v, false);
		else
			put_text(s, b, v.s);
		put_text(s, b, crm_str(glue));
		l->n = b->n - l->at;
	}
	for (size_t i = 0; i < CHUNK; i++)
		crm_buf_putc(b, 0);
	return crm_buf_check(b, err);
}

/* ---- figures ---- */

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

/* The columns behind the size; answers how many there are in all. */
static size_t
figures(
    const struct cli_sets *s, const struct crm_together *t, struct crm_value *v)
{
	double support = (double)t->both / (double)t->n;
	double conviction, chi;

	if (!s->rules) {
		v[S_COUNT] = whole(t->both);
		v[S_BASKETS] = whole(t->n);
		v[S_SUPPORT] = figure(support);
		return S_FIELDS;
	}
	conviction = crm_together_conviction(t);
	chi = crm_together_chi_square(t);
	v[R_COUNT] = whole(t->both);
	v[R_LEFTS] = whole(t->a);
	v[R_RIGHTS] = whole(t->b);
	v[R_BASKETS] = whole(t->n);
	v[R_SUPPORT] = figure(support);
	v[R_CONFIDENCE] = figure((double)t->both / (double)t->a);
	v[R_LIFT] = figure(crm_together_lift(t));
	v[R_LEVERAGE] = figure(crm_together_leverage(t));
	v[R_CONVICTION] = (struct crm_value){0};
	v[R_CHI] = (struct crm_value){0};
	if (conviction >= 0)
		v[R_CONVICTION] = figure(conviction);
	if (chi >= 0)
		v[R_CHI] = figure(chi);
	return R_FIELDS;
}

/* ---- rows ---- */

/* Bytes of the items, with one glue too many. */
static size_t
length(const struct cli_sets *s, const uint32_t *item, size_t n)
{
	size_t all = 0;

	for (size_t i = 0; i < n; i++)
		all += s->label[item[i]].n;
	return all;
}

/* Up to CHUNK bytes behind the last are written over. */
static char *
copy_items(const struct cli_sets *s, char *to, const uint32_t *item, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct cli_label *l = &s->label[item[i]];
		const char *from = s->labels.p + l->at;

		for (size_t at = 0; at < l->n; at += CHUNK)
			memcpy(to + at, from + at, CHUNK);
		to += l->n;
	}
	return to - s->nglue;
}

static int
put_items(struct cli_sets *s, struct crm_buf *out, const uint32_t *item,
    size_t n, struct crm_err *err)
{
	crm_buf_clear(out);
	if (!crm_buf_room(out, length(s, item, n) + CHUNK))
		return crm_buf_check(out, err);
	out->n = (size_t)(copy_items(s, out->p, item, n) - out->p);
	return CRM_OK;
}

static int
put_values(struct cli_sets *s, const uint32_t *item, size_t nleft,
    size_t nright, const struct crm_together *t, struct crm_err *err)
{
	struct crm_value v[R_FIELDS];
	size_t at = 0;
	int code = put_items(s, &s->left, item, nleft, err);

	if (code == CRM_OK && nright > 0)
		code = put_items(s, &s->right, item + nleft, nright, err);
	if (code < 0)
		return code;
	v[at++] = crm_value_text(crm_buf_str(&s->left));
	if (s->rules)
		v[at++] = crm_value_text(crm_buf_str(&s->right));
	v[at] = whole(nleft + nright);
	figures(s, t, v);
	return cli_rows_put(s->rows, v, err);
}

/* ---- rows by hand ---- */

static int
make_tail(struct cli_sets *s, struct cli_tail *x, const struct crm_together *t,
    struct crm_err *err)
{
	struct crm_value v[R_FIELDS];
	size_t n = figures(s, t, v);
	struct crm_buf *b = &s->right;

	crm_buf_clear(b);
	for (size_t i = s->rules ? R_COUNT : S_COUNT; i < n; i++) {
		crm_buf_putc(b, '\t');
		if (v[i].type != CRM_T_NONE)
			crm_value_put(s->c->schema, b, &v[i], false);
	}
	crm_buf_putc(b, '\n');
	if (b->n > sizeof x->text)
		return crm_err_set(err, CRM_EBUG,
		    "the figures of a row take "
		    "%zu bytes",
		    b->n);
	*x = (struct cli_tail){t->a, t->b, t->both, b->n, {0}};
	memcpy(x->text, b->p, b->n);
	return crm_buf_check(b, err);
}

static int
flush(struct cli_sets *s, struct crm_err *err)
{
	int code =
	    cli_rows_lines(s->rows, crm_buf_str(&s->left), s->nlines, err);

	crm_buf_clear(&s->left);
	s->nlines = 0;
	return code;
}

static int
put_line(struct cli_sets *s, const uint32_t *item, size_t nleft, size_t nright,
    const struct crm_together *t, struct crm_err *err)
{
	uint64_t h = (t->both + t->a * 0x9e3779b97f4a7c15u) ^ t->b << 24;
	struct cli_tail *x;
	struct crm_buf *b = &s->left;
	char *p;
	int code = CRM_OK;

	h *= 0x9e3779b97f4a7c15u;
	x = &s->tail[h >> 52];
	if (x->both != t->both || x->a != t->a || x->b != t->b)
		code = make_tail(s, x, t, err);
	if (code < 0)
		return code;
	if (!crm_buf_room(b,
		length(s, item, nleft + nright) + 2 * CHUNK + sizeof x->text))
		return crm_buf_check(b, err);
	p = copy_items(s, b->p + b->n, item, nleft);
	if (nright > 0) {
		*p++ = '\t';
		p = copy_items(s, p, item + nleft, nright);
	}
	*p++ = '\t';
	p = crm_digits_at(p, nleft + nright, 1);
	for (size_t at = 0; at < x->n; at += CHUNK)
		memcpy(p + at, x->text + at, CHUNK);
	b->n = (size_t)(p - b->p) + x->n;
	s->nlines++;
	return b->n < FLUSH_AT ? CRM_OK : flush(s, err);
}

int
cli_sets_put(struct cli_sets *s, uint32_t *item, size_t nleft, size_t nright,
    const struct crm_together *t, struct crm_err *err)
{
	crm_baskets_order(item, nleft);
	crm_baskets_order(item + nleft, nright);
	return s->plain ? put_line(s, item, nleft, nright, t, err)
			: put_values(s, item, nleft, nright, t, err);
}

int
cli_sets_close(struct cli_sets *s, struct crm_err *err)
{
	int code = s->nlines > 0 ? flush(s, err) : CRM_OK;

	if (code == CRM_OK)
		code = cli_rows_close(s->rows, err);
	if (code >= 0)
		s->rows = NULL;
	return code;
}

void
cli_sets_abort(struct cli_sets *s)
{
	if (s->rows)
		cli_rows_abort(s->rows);
	free(s->label);
	free(s->tail);
	crm_buf_release(&s->labels);
	crm_buf_release(&s->left);
	crm_buf_release(&s->right);
}
