/*
 * import_row.c - one row of the file into items of records.
 *
 * A row counts whole or not at all: its items are staged and handed on when
 * every cell was right.  When one was wrong, the orders the row belongs to
 * get an item that says so (a poisoned one), because an order with a line
 * missing is worse than no order; so keys of orders are read first of all.
 */
#include <stdio.h>

#include "import_parts.h"

static bool
is_order(const struct crm_imp_spec *s)
{
	return s->k->number == CRM_K_ORDER;
}

bool
crm_imp_has_orders(const struct crm_import_map *m)
{
	return m->nspec > 0 && is_order(&m->spec[m->nspec - 1]);
}

static int
test(struct crm_import *im, const struct crm_imp_cond *c, bool *yes,
    struct crm_err *err)
{
	*yes = true;
	if (!c->text.p)
		return CRM_OK;
	return crm_expr_test(im->cond[c->slot], im->row, yes, err);
}

/* ---- keys and ordinals ---- */

static int
count_up(struct crm_idmap *m, uint64_t key, uint64_t *n, struct crm_err *err)
{
	uint64_t had = 0;

	crm_idmap_get(m, key, &had);
	*n = had + 1;
	if (crm_idmap_put(m, key, had + 1) == CRM_ENOMEM)
		return crm_err_nomem(err);
	return CRM_OK;
}

static int
make_key(struct crm_import *im, const struct crm_imp_spec *s,
    struct crm_buf *key, struct crm_err *err)
{
	bool any = false, canonical;
	struct crm_str part;
	uint64_t n;
	int r;

	crm_buf_clear(key);
	for (size_t i = 0; i < s->nkey; i++) {
		r = crm_imp_cell_text(im, &s->key[i], &part, &canonical, err);
		if (r < 0)
			return r;
		part = crm_str_trim(part);
		any |= part.n > 0;
		if (i > 0)
			crm_buf_putc(key, '|');
		crm_buf_putstr(key, part);
	}
	if (!any) {
		crm_buf_clear(key);
		return CRM_OK;
	}
	if (s->occurrence) {
		uint64_t h = crm_hash64(key->p, key->n) ^ (s->rank * 977u);

		r = count_up(&im->times, h, &n, err);
		if (r < 0)
			return r;
		/* The first has no number: a file without doubles reads as
		 * one would write it. */
		if (n > 1)
			crm_buf_putf(key, "|%llu", (unsigned long long)n);
	}
	return crm_buf_check(key, err);
}

static int
make_ordinal(struct crm_import *im, const struct crm_imp_spec *s,
    const struct crm_buf *key, uint64_t *out, struct crm_err *err)
{
	uint64_t h = crm_hash64(key->p, key->n) + s->rank;

	if (crm_idmap_get(&im->ordinal, h, out))
		return CRM_OK;
	*out = ++im->next_ordinal[s->rank];
	if (crm_idmap_put(&im->ordinal, h, *out) == CRM_ENOMEM)
		return crm_err_nomem(err);
	return CRM_OK;
}

static int
stage_key(struct crm_import *im, size_t i, struct crm_err *err)
{
	const struct crm_imp_spec *s = &im->map->spec[i];
	struct crm_imp_stage *st = &im->stage[i];
	bool yes;
	int r = test(im, &s->when, &yes, err);

	if (r < 0 || !yes)
		return r;
	r = make_key(im, s, &st->key, err);
	if (r < 0)
		return r;
	if (st->key.n == 0) {
		if (is_order(s))
			return crm_err_set(
			    err, CRM_EDATA, "the key of the order is empty");
		return CRM_OK;
	}
	st->on = true;
	return make_ordinal(im, s, &st->key, &st->ordinal, err);
}

/* ---- cells ---- */

static int
put_sets(struct crm_import *im, const struct crm_imp_set *set, size_t n,
    struct crm_buf *b, bool *any, bool *zero, struct crm_err *err)
{
	*any = *zero = false;
	for (size_t i = 0; i < n; i++) {
		struct crm_value v;
		int r = crm_imp_cell_value(im, &set[i].src, set[i].f, &v, err);

		if (r < 0)
			return r;
		if (v.type != CRM_T_NONE && set[i].src.how != CRM_IMP_CONST) {
			*any = true;
			/* An adjustment of nothing is none. */
			*zero |= v.type == CRM_T_MONEY && v.i == 0;
		}
		crm_imp_value_put(b, &v);
	}
	return CRM_OK;
}

static int
put_text(struct crm_import *im, const struct crm_imp_source *src,
    struct crm_buf *b, struct crm_err *err)
{
	struct crm_str text = {"", 0};
	bool canonical;
	int r = CRM_OK;

	if (src->how)
		r = crm_imp_cell_text(im, src, &text, &canonical, err);
	text = crm_str_trim(text);
	crm_buf_putvar(b, text.n);
	crm_buf_putstr(b, text);
	return r;
}

static bool
all_const(const struct crm_imp_sub *u)
{
	for (size_t i = 0; i < u->nset; i++)
		if (u->set[i].src.how != CRM_IMP_CONST)
			return false;
	return true;
}

/* A row of a part, unless it would say nothing. */
static int
put_sub(struct crm_import *im, const struct crm_imp_spec *s, size_t i,
    struct crm_buf *b, uint64_t *n, struct crm_err *err)
{
	const struct crm_imp_sub *u = &s->sub[i];
	bool line = crm_str_is(crm_str(u->p->name), "line");
	size_t was = b->n;
	bool yes, any, zero;
	int r = test(im, &u->when, &yes, err);

	if (r < 0 || !yes)
		return r;
	crm_buf_putvar(b, i);
	r = put_text(im, &u->id, b, err);
	if (r == CRM_OK)
		r = put_text(im, &u->line, b, err);
	if (r == CRM_OK)
		r = put_sets(im, u->set, u->nset, b, &any, &zero, err);
	if (r < 0)
		return r;
	if (line ? !any && !all_const(u) : (!any && !all_const(u)) || zero)
		b->n = was;
	else
		++*n;
	return CRM_OK;
}

static int
stage_body(struct crm_import *im, size_t i, struct crm_err *err)
{
	const struct crm_imp_spec *s = &im->map->spec[i];
	struct crm_buf *b = &im->stage[i].body;
	bool any, zero;
	uint64_t n = 0;
	size_t at;
	int r;

	crm_buf_clear(b);
	r = put_text(im, &s->version, b, err);
	im->defer = true;
	if (r == CRM_OK)
		r = put_sets(im, s->set, s->nset, b, &any, &zero, err);
	im->defer = false;
	at = b->n;
	/* Few subs: their count in one byte, known afterwards. */
	crm_buf_putc(b, 0);
	for (size_t k = 0; r == CRM_OK && k < s->nsub; k++)
		r = put_sub(im, s, k, b, &n, err);
	if (r == CRM_OK)
		r = crm_buf_check(b, err);
	if (r == CRM_OK)
		b->p[at] = (char)n;
	return r;
}

/* ---- handing on ---- */

static int
emit(struct crm_import *im, size_t i, struct crm_str body, struct crm_str raw,
    unsigned long line, bool poison, struct crm_err *err)
{
	const struct crm_imp_spec *s = &im->map->spec[i];
	struct crm_imp_stage *st = &im->stage[i];
	struct crm_imp_view v = {.h = {.spec = (uint32_t)i,
				     .rank = s->rank,
				     .ordinal = st->ordinal,
				     .row = im->serial,
				     .line = line,
				     .poison = poison},
	    .key = crm_buf_str(&st->key),
	    .body = body};

	if (im->opt.keep_raw && (is_order(s) || !crm_imp_has_orders(im->map)))
		v.raw = raw;
	return crm_imp_group_add(&im->group, &v, err);
}

/* Rows that say the same of a customer as the row before are many: one is
 * enough. */
static bool
said_already(struct crm_import *im, size_t i)
{
	const struct crm_imp_spec *s = &im->map->spec[i];
	struct crm_imp_stage *st = &im->stage[i];
	uint64_t key = st->ordinal << 4 | i, hash, had;

	if (is_order(s) || (im->opt.keep_raw && !crm_imp_has_orders(im->map)))
		return false;
	hash = crm_hash64(st->body.p, st->body.n);
	if (crm_idmap_get(&im->content, key, &had) && had == hash)
		return true;
	/* Out of memory here costs time only. */
	(void)crm_idmap_put(&im->content, key, hash);
	return false;
}

static int
hand_on(struct crm_import *im, struct crm_str raw, unsigned long line,
    struct crm_err *err)
{
	int r = CRM_OK;

	for (size_t i = 0; r == CRM_OK && i < im->map->nspec; i++)
		if (im->stage[i].on && !said_already(im, i))
			r = emit(im, i, crm_buf_str(&im->stage[i].body), raw,
			    line, false, err);
	return r;
}

/* The row is wrong: its orders are to know.  Else it is rejected at once. */
static int
poison(struct crm_import *im, struct crm_str raw, unsigned long line,
    struct crm_err *why)
{
	struct crm_buf *b = &im->scratch;
	struct crm_err err = {0};
	bool told = false;
	int r = CRM_OK;

	if (!im->opt.keep_going || (why->code != CRM_EDATA))
		return why->code;
	crm_buf_clear(b);
	crm_buf_putvar(b, strlen(why->field));
	crm_buf_puts(b, why->field);
	crm_buf_puts(b, why->text);
	r = crm_buf_check(b, &err);
	for (size_t i = 0; r == CRM_OK && i < im->map->nspec; i++) {
		if (!im->stage[i].on || !is_order(&im->map->spec[i]))
			continue;
		r = emit(im, i, crm_buf_str(b), raw, line, true, &err);
		told = true;
	}
	if (r < 0) {
		*why = err;
		return r;
	}
	if (told) {
		*why = (struct crm_err){0};
		return CRM_OK;
	}
	im->count.rejected++;
	return im->opt.reject(im->opt.ctx, raw, why);
}

static int
eval_lets(struct crm_import *im, struct crm_err *err)
{
	size_t at = im->first_let;
	int r = CRM_OK;

	for (const struct crm_imp_let *l = im->map->let; l; l = l->next, at++) {
		struct crm_err e = {0};
		int q = crm_expr_eval(
		    im->cond[l->expr.slot], im->row, &im->row[at], &e);

		if (q == CRM_OK)
			continue;
		im->row[at] = (struct crm_value){0};
		if (r == CRM_OK) {
			r = q;
			*err = e;
			crm_err_field(err, l->name.p, l->name.n);
		}
	}
	return r;
}

int
crm_imp_row(struct crm_import *im, struct crm_str raw, unsigned long line,
    const struct crm_err *fault, struct crm_err *err)
{
	const struct crm_import_map *m = im->map;
	struct crm_err why = {0};
	bool yes = true;
	int r, q;

	im->serial++;
	for (size_t i = 0; i < m->nspec; i++)
		im->stage[i].on = false;
	r = eval_lets(im, &why);
	/* A row with a fault is never passed over. */
	if (fault) {
		r = fault->code;
		why = *fault;
	} else if (r == CRM_OK) {
		r = test(im, &m->when, &yes, &why);
	}
	if (!yes) {
		im->count.passed++;
		return CRM_OK;
	}
	for (size_t i = m->nspec; i-- > 0;) {
		struct crm_err e = {0};

		/* Past a mistake only the orders are still of interest. */
		if (r < 0 && !is_order(&m->spec[i]))
			continue;
		q = stage_key(im, i, &e);
		if (q < 0 && r == CRM_OK) {
			r = q;
			why = e;
		}
	}
	for (size_t i = 0; r == CRM_OK && i < m->nspec; i++)
		if (im->stage[i].on)
			r = stage_body(im, i, &why);
	if (r == CRM_OK)
		return hand_on(im, raw, line, err);
	why.code = r;
	crm_err_place(&why, im->opt.name, line);
	r = poison(im, raw, line, &why);
	if (r < 0)
		*err = why;
	return r;
}
