/*
 * import_merge.c - the items of one record as one.
 *
 * Of a customer or product the last row that says something of a field is
 * believed, as later rows are later news.  The rows of an order are one
 * statement: where two of them differ in a field of the order something is
 * wrong with the key, and that is told, unless the map says `last`.
 */
#include <stdio.h>

#include "import_parts.h"

static int
refused(const struct crm_import *im, const struct crm_value *v, uint32_t rank,
    struct crm_err *err)
{
	const char *kind = im->schema->kind[v->kind].name;
	const struct crm_imp_refused *x = im->refused;

	while (x && (x->rank != rank || x->ordinal != (uint64_t)v->i))
		x = x->next;
	if (x)
		return crm_err_set(err, CRM_EDATA, "its %s is refused: %.*s",
		    kind, (int)x->why.n, x->why.p);
	return crm_err_set(
	    err, CRM_EDATA, "its %s comes further down in the file", kind);
}

static int
resolve(struct crm_import *im, struct crm_value *v, struct crm_err *err)
{
	const struct crm_import_map *m = im->map;
	uint64_t number = 0;
	size_t s = 0;

	if (v->type != CRM_T_ID || v->part != CRM_IMP_ORDINAL)
		return CRM_OK;
	while (s < m->nspec && m->spec[s].k->number != v->kind)
		s++;
	if (s < m->nspec && (uint64_t)v->i < im->numbers[m->spec[s].rank].n)
		number = im->numbers[m->spec[s].rank].v[v->i];
	if (number == 0)
		return refused(im, v, s < m->nspec ? m->spec[s].rank : 0, err);
	if (number == CRM_IMP_ERASED) {
		im->of_erased = true;
		return crm_err_set(err, CRM_EDATA,
		    "its %s is somebody who was erased",
		    im->schema->kind[v->kind].name);
	}
	*v = number == CRM_IMP_GONE ? (struct crm_value){0}
				    : crm_value_id(v->kind, number);
	return CRM_OK;
}

int
crm_imp_money(const struct crm_field *f, const struct crm_imp_source *src,
    unsigned digits, struct crm_value *v, struct crm_err *err)
{
	struct crm_dec d = {v->i, v->scale};
	struct crm_buf b = {.max = 80};
	int64_t out;

	if (v->type != CRM_T_MONEY)
		return CRM_OK;
	if (d.scale > digits && !(src && src->round)) {
		crm_dec_put(&b, d);
		crm_err_set(err, CRM_EDATA,
		    "'%.*s' has more decimal places than its currency",
		    (int)b.n, b.p ? b.p : "");
		crm_err_hint(err, "'round: yes' in the map rounds it");
		crm_err_field(err, f->name, strlen(f->name));
		crm_buf_release(&b);
		return CRM_EDATA;
	}
	if (!crm_dec_rescale(d, digits, &out)) {
		crm_err_set(err, CRM_EDATA, "is too large an amount");
		crm_err_field(err, f->name, strlen(f->name));
		return CRM_EDATA;
	}
	v->i = out;
	v->scale = (uint8_t)digits;
	return CRM_OK;
}

static int
differ(const struct crm_field *f, struct crm_err *err)
{
	crm_err_set(err, CRM_EDATA, "rows of one order differ in it");
	crm_err_field(err, f->name, strlen(f->name));
	crm_err_hint(err, "is the key right? 'last: yes' takes the last one");
	return CRM_EDATA;
}

/*
 * Does an empty cell say that there is no value?  Not when the column is
 * missing, when an expression found none, or when a customer is named in
 * passing by the rows of orders.
 */
static bool
takes_back(const struct crm_import *im, const struct crm_imp_spec *s,
    const struct crm_imp_source *src)
{
	return src->how == CRM_IMP_COLUMN && im->bound[src->slot].column >= 0 &&
	       (s->k->number == CRM_K_ORDER || !crm_imp_has_orders(im->map));
}

static int
take_sets(struct crm_import *im, const struct crm_imp_spec *s,
    struct crm_str *body, struct crm_imp_merged *mg, struct crm_err *err)
{
	bool order = s->k->number == CRM_K_ORDER;
	int r = CRM_OK;

	for (size_t i = 0; r == CRM_OK && i < s->nset; i++) {
		const struct crm_imp_set *set = &s->set[i];
		struct crm_value *to = &mg->v[set->field], v;

		r = crm_imp_value_take(body, set->f, &v, err);
		if (r == CRM_OK)
			r = resolve(im, &v, err);
		if (r < 0)
			break;
		if (set->src.weak) {
			if (v.type != CRM_T_NONE)
				mg->weak[set->field] = v;
			continue;
		}
		if (!mg->deflt[set->field] && set->src.fallback.n > 0)
			mg->deflt[set->field] = &set->src;
		if (v.type == CRM_T_NONE && !takes_back(im, s, &set->src))
			continue;
		if (!mg->src[set->field])
			mg->src[set->field] = &set->src;
		if (v.type == CRM_T_NONE)
			continue;
		if (order && to->type != CRM_T_NONE && !set->src.last &&
		    !crm_value_eq(to, &v))
			r = differ(set->f, err);
		*to = v;
	}
	return r;
}

static bool
has_sub(const struct crm_imp_merged *mg, const struct crm_imp_sub *u)
{
	for (size_t i = 0; i < mg->nrow; i++)
		if (mg->row[i].sub == u)
			return true;
	return false;
}

static int
take_text(struct crm_str *body, struct crm_str *out, struct crm_err *err)
{
	uint64_t n;

	if (!crm_take_var(body, &n) || !crm_take_bytes(body, (size_t)n, out))
		return crm_err_set(
		    err, CRM_EBUG, "an item of an import is cut off");
	return CRM_OK;
}

static struct crm_imp_part_row *
new_row(struct crm_import *im, struct crm_imp_merged *mg, size_t nset)
{
	struct crm_imp_part_row *row;

	if (mg->nrow == mg->caprow) {
		size_t cap = mg->caprow ? mg->caprow * 2 : 16;

		row = crm_arena_alloc(&im->work, cap * sizeof *row);
		if (!row)
			return NULL;
		if (mg->nrow > 0)
			memcpy(row, mg->row, mg->nrow * sizeof *row);
		mg->row = row;
		mg->caprow = cap;
	}
	row = &mg->row[mg->nrow];
	*row = (struct crm_imp_part_row){.line = -1};
	row->v = crm_arena_alloc(&im->work, (nset + 1) * sizeof *row->v);
	return row->v ? row : NULL;
}

static int
take_subs(struct crm_import *im, const struct crm_imp_spec *s,
    struct crm_str *body, const struct crm_imp_view *from,
    struct crm_imp_merged *mg, struct crm_err *err)
{
	uint64_t count, index;
	int r = CRM_OK, line = -1;

	if (!crm_take_be(body, 1, &count))
		return crm_err_set(
		    err, CRM_EBUG, "an item of an import is cut off");
	while (r == CRM_OK && count-- > 0) {
		struct crm_imp_part_row *row;
		const struct crm_imp_sub *u;

		if (!crm_take_var(body, &index) || index >= s->nsub)
			return crm_err_set(
			    err, CRM_EBUG, "an item of an import is cut off");
		u = &s->sub[index];
		row = new_row(im, mg, u->nset);
		if (!row)
			return crm_err_nomem(err);
		row->sub = u;
		row->from = from;
		r = take_text(body, &row->id, err);
		if (r == CRM_OK)
			r = take_text(body, &row->target, err);
		for (size_t i = 0; r == CRM_OK && i < u->nset; i++) {
			r = crm_imp_value_take(
			    body, u->set[i].f, &row->v[i], err);
			if (r == CRM_OK)
				r = resolve(im, &row->v[i], err);
		}
		if (r < 0)
			return r;
		row->has_id = row->id.n > 0;
		row->has_target = row->target.n > 0;
		if (crm_str_is(crm_str(u->p->name), "line"))
			line = (int)mg->nrow;
		else if (u->of_row)
			row->line = line;
		if (u->per_row || !has_sub(mg, u))
			mg->nrow++;
	}
	return r;
}

/* ---- money and keys, once all rows are there ---- */

static int
digits_of(const struct crm_import *im, struct crm_imp_merged *mg,
    const struct crm_kind *k)
{
	const struct crm_value *v;
	int f = crm_kind_field(k, CRM_STR("currency")), digits = -1;

	if (f < 0)
		return im->schema->digits;
	if (mg->v[f].type == CRM_T_NONE && mg->weak[f].type == CRM_T_NONE &&
	    im->map->currency.n > 0)
		mg->weak[f] = crm_value_text(im->map->currency);
	v = mg->v[f].type == CRM_T_TEXT ? &mg->v[f] : &mg->weak[f];
	if (v->type == CRM_T_TEXT)
		digits = crm_currency_digits(v->s);
	return digits < 0 ? im->schema->digits : digits;
}

static int
fit_money(struct crm_import *im, struct crm_imp_merged *mg,
    const struct crm_kind *k, struct crm_err *err)
{
	unsigned base = (unsigned)im->schema->digits;
	unsigned own = (unsigned)digits_of(im, mg, k);
	int r = CRM_OK;

	for (size_t i = 0; r == CRM_OK && i < k->nfields; i++)
		r = crm_imp_money(&k->fields[i], mg->src[i],
		    k->fields[i].flags & CRM_F_BASE ? base : own, &mg->v[i],
		    err);
	for (size_t i = 0; r == CRM_OK && i < k->nfields; i++)
		r = crm_imp_money(&k->fields[i], NULL,
		    k->fields[i].flags & CRM_F_BASE ? base : own, &mg->weak[i],
		    err);
	for (size_t i = 0; r == CRM_OK && i < mg->nrow; i++) {
		const struct crm_imp_sub *u = mg->row[i].sub;

		for (size_t j = 0; r == CRM_OK && j < u->nset; j++)
			r = crm_imp_money(u->set[j].f, &u->set[j].src,
			    u->set[j].f->flags & CRM_F_BASE ? base : own,
			    &mg->row[i].v[j], err);
		if (r < 0)
			crm_err_place(err, im->opt.name,
			    (unsigned long)mg->row[i].from->h.line);
	}
	return r;
}

static const struct crm_value *
named(const struct crm_imp_part_row *row, const char *field)
{
	static const struct crm_value none;

	for (size_t i = 0; i < row->sub->nset; i++)
		if (strcmp(row->sub->set[i].f->name, field) == 0)
			return &row->v[i];
	return &none;
}

/* What tells a line from the others of its order, when the map gives it no
 * id of its own: what was bought. */
static uint32_t
line_key(const struct crm_imp_part_row *row)
{
	static const char *const by[] = {"sku", "product_id", "text"};

	if (row->has_id)
		return crm_crc32c(0, row->id.p, row->id.n);
	for (size_t i = 0; i < sizeof by / sizeof *by; i++) {
		const struct crm_value *v = named(row, by[i]);

		if (v->type == CRM_T_TEXT)
			return crm_crc32c(0, v->s.p, v->s.n);
		if (v->type != CRM_T_NONE)
			return crm_imp_hash(v);
	}
	return 1;
}

static uint32_t
row_key(const struct crm_imp_part_row *row)
{
	const struct crm_imp_sub *u = row->sub;
	uint32_t key = u->stem, h;

	if (crm_str_is(crm_str(u->p->name), "line"))
		return line_key(row);
	if (row->has_id)
		return crm_crc32c(key, row->id.p, row->id.n);
	if (!u->per_row)
		return key;
	if (row->has_target)
		key = crm_crc32c(key, row->target.p, row->target.n);
	for (size_t i = 0; i < u->nset; i++) {
		h = crm_imp_hash(&row->v[i]);
		key = crm_crc32c(key, &h, sizeof h);
	}
	return key;
}

/* The second of two equal lines has another key, and so on. */
static int
make_keys(struct crm_imp_merged *mg, struct crm_err *err)
{
	struct crm_idmap seen = {0};
	int r = CRM_OK;

	for (size_t i = 0; r == CRM_OK && i < mg->nrow; i++) {
		struct crm_imp_part_row *row = &mg->row[i];
		uint64_t part = (uint64_t)row->sub->part << 32, times = 0, n;
		uint32_t key = row_key(row), again;

		row->key = key;
		crm_idmap_get(&seen, part | key, &times);
		while (crm_idmap_get(&seen, part | row->key, &n)) {
			again = (uint32_t)times++;
			row->key = crm_crc32c(key, &again, sizeof again);
		}
		if (crm_idmap_put(&seen, part | key, times) == CRM_ENOMEM ||
		    (row->key != key &&
			crm_idmap_put(&seen, part | row->key, 1) == CRM_ENOMEM))
			r = crm_err_nomem(err);
	}
	crm_idmap_release(&seen);
	return r;
}

int
crm_imp_merge(struct crm_import *im, struct crm_imp_view *v, size_t n,
    struct crm_imp_merged *out, struct crm_err *err)
{
	const struct crm_imp_spec *s = &im->map->spec[v[0].h.spec];
	const struct crm_kind *k = s->k;
	int r = CRM_OK, placed;

	*out = (struct crm_imp_merged){.spec = s};
	out->v = crm_arena_zalloc(
	    &im->work, (k->nfields + (size_t)1) * sizeof *out->v);
	out->weak = crm_arena_zalloc(
	    &im->work, (k->nfields + (size_t)1) * sizeof *out->weak);
	out->deflt = crm_arena_zalloc(
	    &im->work, (k->nfields + (size_t)1) * sizeof(void *));
	out->src = crm_arena_zalloc(
	    &im->work, (k->nfields + (size_t)1) * sizeof(void *));
	if (!out->v || !out->src || !out->weak || !out->deflt)
		return crm_err_nomem(err);
	for (size_t i = 0; r == CRM_OK && i < n; i++) {
		struct crm_str body = v[i].body, version;

		s = &im->map->spec[v[i].h.spec];
		out->partial |= s->partial;
		r = take_text(&body, &version, err);
		if (version.n > 0)
			out->version = version;
		if (r == CRM_OK)
			r = take_sets(im, s, &body, out, err);
		if (r == CRM_OK)
			r = take_subs(im, s, &body, &v[i], out, err);
		if (r < 0)
			crm_err_place(
			    err, im->opt.name, (unsigned long)v[i].h.line);
	}
	for (size_t i = 1; r == CRM_OK && i < k->nfields; i++)
		if (out->deflt[i] && out->weak[i].type == CRM_T_NONE)
			r = crm_imp_cell_default(im, out->deflt[i],
			    &k->fields[i], &out->weak[i], err);
	if (r == CRM_OK)
		r = fit_money(im, out, k, err);
	if (r < 0)
		return r;
	r = make_keys(out, err);
	placed = crm_kind_field(k, CRM_STR("placed"));
	out->placed = placed >= 0 && out->v[placed].type == CRM_T_TIME
			  ? out->v[placed].i
			  : INT64_MIN;
	return r;
}
