/*
 * import_apply.c - the records of an import into a change.
 *
 * A record is found by what its source calls it; else by an identity it has
 * (an e-mail, a sku), and then it is another's record that is only filled
 * where it is empty; else it is new.  A record that was removed or erased
 * here does not come back: its source entry is still there and says so.
 */
#include <stdio.h>
#include <stdlib.h>

#include "model/change.h"
#include "import_parts.h"

enum { PROGRESS_EACH = 1024 };

static int
keep_number(struct crm_import *im, const struct crm_imp_item *h,
    uint64_t number, struct crm_err *err)
{
	struct crm_imp_numbers *l = &im->numbers[h->rank];

	while (l->n <= h->ordinal) {
		if (!crm_grow(&l->v, &l->cap, l->n, sizeof *l->v))
			return crm_err_nomem(err);
		l->v[l->n++] = 0;
	}
	l->v[h->ordinal] = number;
	return CRM_OK;
}

/* ---- rejecting ---- */

static void
why_of(struct crm_import *im, const struct crm_imp_view *v, struct crm_err *out)
{
	struct crm_str s = v->body, field = {"", 0};
	uint64_t n = 0;

	if (crm_take_var(&s, &n))
		crm_take_bytes(&s, (size_t)n, &field);
	crm_err_set(out, CRM_EDATA, "%.*s", (int)s.n, s.p);
	crm_err_field(out, field.p, field.n);
	crm_err_place(out, im->opt.name, (unsigned long)v->h.line);
}

/* All rows of a record; the one at fault with its reason. */
static int
reject_group(struct crm_import *im, struct crm_imp_view *v, size_t n,
    unsigned long fault, const struct crm_err *why, struct crm_err *err)
{
	int r = CRM_OK;

	for (size_t i = 0; r == CRM_OK && i < n; i++) {
		unsigned long line = (unsigned long)v[i].h.line;
		struct crm_err e = {0};
		uint64_t told;

		/* The items of one exploded row are one row. */
		if (crm_idmap_get(&im->told, line, &told))
			continue;
		if (crm_idmap_put(&im->told, line, 1) == CRM_ENOMEM)
			return crm_err_nomem(err);
		if (v[i].h.poison) {
			why_of(im, &v[i], &e);
		} else if (line == fault) {
			e = *why;
		} else {
			crm_err_set(&e, CRM_EDATA,
			    "goes with line %lu, which is refused", fault);
			crm_err_place(&e, im->opt.name, line);
		}
		im->count.rejected++;
		r = im->opt.reject(im->opt.ctx, v[i].raw, &e);
		if (r < 0)
			*err = e;
	}
	return r;
}

/* The rows are rejected with the orders that need the record; one that no
 * order needs is told here. */
static int
refuse(struct crm_import *im, const struct crm_imp_view *v,
    const struct crm_err *why, struct crm_err *err)
{
	struct crm_imp_refused *x = crm_arena_alloc(&im->arena, sizeof *x);
	struct crm_buf b = {.max = 2048};
	int r;

	if (!x)
		return crm_err_nomem(err);
	if (why->field[0])
		crm_buf_putf(&b, "%s: ", why->field);
	crm_buf_puts(&b, why->text);
	*x = (struct crm_imp_refused){.rank = v->h.rank,
	    .ordinal = v->h.ordinal,
	    .why = crm_arena_str(&im->arena, crm_buf_str(&b)),
	    .next = im->refused};
	im->refused = x;
	im->count.refused++;
	r = x->why.p ? crm_buf_check(&b, err) : crm_err_nomem(err);
	if (im->opt.note && r == CRM_OK) {
		crm_buf_clear(&b);
		crm_buf_putf(
		    &b, "%s: %.*s", why->place, (int)x->why.n, x->why.p);
		if (crm_buf_cstr(&b))
			im->opt.note(im->opt.ctx, b.p);
	}
	crm_buf_release(&b);
	return r;
}

/* ---- finding ---- */

/*
 * Has anybody this identity?  Nearly always nobody has, and then nothing is
 * to be said about it; crm_ref_find would make a message each time.
 */
static int
is_known(struct crm_import *im, struct crm_change *ch, const struct crm_kind *k,
    struct crm_str scheme, struct crm_str value, bool *yes, struct crm_err *err)
{
	struct crm_prefix p = crm_prefix_of(crm_change_txn(ch), CRM_TAB_IDENT);
	uint64_t number;
	int r;

	*yes = true;
	crm_buf_clear(&im->scratch2);
	r = crm_ident_normal(im->schema, scheme, value, &im->scratch2, err);
	if (r < 0)
		return r;
	crm_ident_key(&p.key, k->number, scheme, crm_buf_str(&im->scratch2), 0);
	if (!crm_map_get(&ch->idents, crm_buf_str(&p.key), &number))
		r = crm_prefix_next(&p, &number, err);
	crm_prefix_close(&p);
	*yes = r == CRM_OK;
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

static int
find_by(struct crm_import *im, struct crm_change *ch, const struct crm_kind *k,
    struct crm_str scheme, struct crm_str value, uint64_t *number,
    struct crm_err *err)
{
	struct crm_buf *b = &im->scratch;
	struct crm_value found;
	struct crm_err e = {0};
	bool yes;
	int r;

	r = is_known(im, ch, k, scheme, value, &yes, err);
	if (r == CRM_EDATA)
		crm_err_field(err, scheme.p, scheme.n);
	if (r < 0 || !yes)
		return r;
	crm_buf_clear(b);
	crm_buf_putstr(b, scheme);
	crm_buf_putc(b, ':');
	crm_buf_putstr(b, value);
	r = crm_buf_check(b, err);
	if (r < 0)
		return r;
	r = crm_ref_find(crm_change_txn(ch), ch, k->number, im->schema,
	    crm_buf_str(b), &found, &e);
	if (r == CRM_OK)
		*number = (uint64_t)found.i;
	else if (r != CRM_NOTFOUND)
		*err = e;
	if (r == CRM_EDATA)
		crm_err_field(err, scheme.p, scheme.n);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

/*
 * Only by the first identity the record has: two products with one GTIN are
 * an error to be told, not one product.  Orders are known by their source
 * alone, as the numbers of two shops mean nothing to each other.
 */
static int
find_other(struct crm_import *im, struct crm_change *ch,
    const struct crm_imp_merged *mg, struct crm_str id, uint64_t *number,
    struct crm_err *err)
{
	const struct crm_kind *k = mg->spec->k;
	int r = CRM_OK;

	if (mg->spec->identity)
		r = find_by(im, ch, k, im->map->source, id, number, err);
	if (r < 0 || *number != 0 || k->number == CRM_K_ORDER)
		return r;
	for (size_t i = 0; i < k->nfields; i++)
		if ((k->fields[i].flags & CRM_F_IDENT) &&
		    mg->v[i].type == CRM_T_TEXT &&
		    crm_ident_unique(crm_str(k->fields[i].name)))
			return find_by(im, ch, k, crm_str(k->fields[i].name),
			    mg->v[i].s, number, err);
	return CRM_OK;
}

/* Is the version older than what was said? */
static bool
is_older(struct crm_str now, struct crm_str was)
{
	struct crm_dec a, b;

	if (now.n == 0 || was.n == 0)
		return false;
	if (crm_dec_parse_round(now, &a) == CRM_OK &&
	    crm_dec_parse_round(was, &b) == CRM_OK)
		return crm_dec_cmp(a, b) < 0;
	/* Times as most systems write them sort as text. */
	return crm_str_cmp(now, was) < 0;
}

/* ---- writing ---- */

struct diff {
	int field[CRM_FIELDS_MAX];
	size_t n;
};

static int
find_diff(struct crm_import *im, const struct crm_imp_merged *mg,
    struct crm_imp_said *said, struct diff *d, struct crm_err *err)
{
	const struct crm_kind *k = mg->spec->k;

	d->n = 0;
	for (int i = 1; i < k->nfields && i < CRM_FIELDS_MAX; i++) {
		uint32_t now, was;

		if (!mg->src[i])
			continue;
		now = crm_imp_hash(&mg->v[i]);
		if (crm_imp_said_field(
			said, crm_imp_tag(k, i), now, &was, &im->work) < 0)
			return crm_err_nomem(err);
		if (now != was)
			d->field[d->n++] = i;
	}
	return CRM_OK;
}

static int
add_identity(struct crm_import *im, const struct crm_imp_spec *s,
    struct crm_record *rec, struct crm_str id, struct crm_err *err)
{
	int part = crm_kind_part(s->k, CRM_STR("identity"));
	struct crm_row *row;

	if (part < 0 || !s->identity)
		return CRM_OK;
	for (size_t i = 0; i < rec->part[part].n; i++) {
		const struct crm_value *v = rec->part[part].row[i].v;

		if (crm_str_eq(v[0].s, im->map->source) &&
		    crm_str_eq(v[1].s, id))
			return CRM_OK;
	}
	row = crm_record_add(rec, part, 0);
	if (!row)
		return crm_err_nomem(err);
	row->v[0] = crm_value_text(im->map->source);
	row->v[1] = crm_value_text(id);
	return CRM_OK;
}

static void
set_fields(const struct crm_imp_merged *mg, const struct diff *d,
    struct crm_record *rec, bool adopted)
{
	const struct crm_kind *k = rec->kind;

	for (size_t i = 0; i < d->n; i++) {
		int f = d->field[i];

		if (adopted && rec->v[f].type != CRM_T_NONE)
			continue;
		if (mg->v[f].type == CRM_T_NONE &&
		    (k->fields[f].flags & CRM_F_REQUIRED))
			continue;
		rec->v[f] = mg->v[f];
	}
	for (size_t i = 1; i < k->nfields; i++)
		if (rec->v[i].type == CRM_T_NONE)
			rec->v[i] = mg->weak[i];
}

static int
write_said(struct crm_import *im, struct crm_change *ch, struct crm_str key,
    const struct crm_imp_said *said, struct crm_err *err)
{
	struct crm_buf *b = &im->scratch2;
	int r;

	crm_buf_clear(b);
	crm_imp_said_encode(said, b);
	r = crm_buf_check(b, err);
	return r < 0 ? r
		     : crm_change_attach(
			   ch, CRM_TAB_SOURCE, key, crm_buf_str(b), err);
}

static int
write_record(struct crm_import *im, struct crm_change *ch,
    struct crm_imp_merged *mg, struct crm_imp_said *said, const struct diff *d,
    struct crm_str id, bool adopted, struct crm_err *err)
{
	const struct crm_kind *k = mg->spec->k;
	struct crm_record *rec;
	bool changed = false;
	int r;

	r = said->number ? crm_change_get(ch, k, said->number, &rec, err)
			 : crm_change_new(ch, k, &rec, err);
	if (r < 0)
		return r;
	set_fields(mg, d, rec, adopted);
	if (!said->number || adopted)
		r = add_identity(im, mg->spec, rec, id, err);
	if (r == CRM_OK)
		r = crm_imp_parts_apply(
		    im, ch, mg, said, rec, adopted, &changed, err);
	if (r == CRM_OK)
		r = crm_change_put(ch, rec, err);
	if (r < 0 && r != CRM_NO)
		return r;
	said->number = rec->id;
	if (mg->version.n > 0)
		said->version = mg->version;
	return CRM_OK;
}

static int
apply_record(struct crm_import *im, struct crm_change *ch,
    struct crm_imp_view *v, size_t n, struct crm_err *err)
{
	struct crm_buf key = {.max = CRM_KEY_MAX};
	const struct crm_imp_item *h = &v[0].h;
	struct crm_imp_merged mg;
	struct crm_imp_said said;
	struct diff d;
	bool adopted = false, known, erased;
	int r;

	r = crm_imp_merge(im, v, n, &mg, err);
	if (r == CRM_OK)
		r = crm_imp_said_key(
		    im->map, mg.spec->k->number, v[0].key, &key, err);
	if (r == CRM_OK)
		r = crm_imp_said_read(crm_change_txn(ch), crm_buf_str(&key),
		    &im->work, &said, err);
	if (r < 0)
		goto out;
	known = said.number != 0;
	if (known) {
		r = crm_ref_live(crm_change_txn(ch), ch, im->schema,
		    mg.spec->k->number, &said.number, err);
		if (r == CRM_NOTFOUND) {
			im->count.gone++;
			r = keep_number(im, h, CRM_IMP_GONE, err);
			goto out;
		}
	} else {
		r = crm_change_erased_source(
		    ch, crm_buf_str(&key), &erased, err);
		if (r == CRM_OK && erased)
			r = crm_err_set(
			    err, CRM_EDATA, "is of somebody who was erased");
		if (r == CRM_OK)
			r = find_other(
			    im, ch, &mg, v[0].key, &said.number, err);
		adopted = said.number != 0;
	}
	if (r < 0)
		goto out;
	if (mg.spec->only == CRM_IMP_KNOWN && !said.number) {
		r = crm_err_set(err, CRM_EDATA,
		    "'%.*s' is not known here, and the map makes none",
		    (int)(v[0].key.n > 80 ? 80 : v[0].key.n), v[0].key.p);
		goto out;
	}
	if (known && is_older(mg.version, said.version)) {
		im->count.older++;
		r = keep_number(im, h, said.number, err);
		goto out;
	}
	r = find_diff(im, &mg, &said, &d, err);
	if (r == CRM_OK &&
	    ((known && d.n == 0 && crm_imp_parts_same(&mg, &said) &&
		 (mg.version.n == 0 || crm_str_eq(mg.version, said.version))) ||
		(mg.spec->only == CRM_IMP_NEW && said.number))) {
		im->count.same++;
		r = keep_number(im, h, said.number, err);
		goto out;
	}
	for (size_t i = 0; i < said.nrow; i++)
		said.row[i].now = false;
	if (r == CRM_OK)
		r = write_record(
		    im, ch, &mg, &said, &d, v[0].key, adopted, err);
	if (r == CRM_OK)
		r = write_said(im, ch, crm_buf_str(&key), &said, err);
	if (r == CRM_OK)
		r = keep_number(im, h, said.number, err);
out:
	crm_buf_release(&key);
	return r;
}

static int
apply_group(struct crm_import *im, struct crm_change *ch,
    struct crm_imp_view *v, size_t n, struct crm_err *err)
{
	struct crm_err why = {0};
	unsigned long fault = (unsigned long)v[0].h.line;
	uint64_t erased = ch->refused_erased;
	int r = CRM_OK;

	im->of_erased = false;
	im->count.records++;
	for (size_t i = n; i-- > 0;)
		if (v[i].h.poison) {
			fault = (unsigned long)v[i].h.line;
			r = CRM_EDATA;
		}
	if (r < 0)
		return reject_group(im, v, n, fault, &why, err);
	for (size_t i = 1; i < n; i++)
		if (!crm_str_eq(v[i].key, v[0].key))
			r = crm_err_set(&why, CRM_EDATA,
			    "'%.*s' cannot be told from '%.*s'",
			    (int)(v[i].key.n > 80 ? 80 : v[i].key.n),
			    v[i].key.p,
			    (int)(v[0].key.n > 80 ? 80 : v[0].key.n),
			    v[0].key.p);
	if (r == CRM_OK)
		r = apply_record(im, ch, v, n, &why);
	if (r == CRM_OK)
		return CRM_OK;
	if (r == CRM_EDATA && (im->of_erased || ch->refused_erased > erased)) {
		im->count.erased++;
		return keep_number(im, &v[0].h, CRM_IMP_ERASED, err);
	}
	if (r == CRM_NOTFOUND)
		why.code = r = CRM_EDATA;
	if (r == CRM_EDATA && why.place[0] == '\0')
		crm_err_place(&why, im->opt.name, fault);
	if (r == CRM_EDATA && im->opt.keep_going &&
	    crm_imp_has_orders(im->map) &&
	    im->map->spec[v[0].h.spec].k->number != CRM_K_ORDER)
		return refuse(im, v, &why, err);
	if (r == CRM_EDATA && im->opt.keep_going) {
		/* The place may name another row than the first. */
		for (size_t i = 0; i < n; i++) {
			struct crm_err at = {0};

			crm_err_set(&at, CRM_EDATA, "x");
			crm_err_place(
			    &at, im->opt.name, (unsigned long)v[i].h.line);
			if (strcmp(at.place, why.place) == 0)
				fault = (unsigned long)v[i].h.line;
		}
		return reject_group(im, v, n, fault, &why, err);
	}
	*err = why;
	return r;
}

int
crm_import_apply(
    struct crm_import *im, struct crm_change *ch, struct crm_err *err)
{
	uint64_t total = 0;
	struct crm_imp_view *v;
	size_t n;
	int r;

	for (unsigned i = 0; i < im->map->nrank; i++)
		total += im->next_ordinal[i];
	crm_idmap_release(&im->ordinal);
	crm_idmap_release(&im->content);
	crm_idmap_release(&im->times);
	for (;;) {
		crm_arena_reset(&im->work);
		crm_change_reset(ch);
		r = crm_imp_group_next(&im->group, &v, &n, err);
		if (r == CRM_NOTFOUND)
			return CRM_OK;
		if (r == CRM_OK)
			r = apply_group(im, ch, v, n, err);
		if (r < 0)
			return r;
		if (im->opt.progress && im->count.records % PROGRESS_EACH == 0)
			im->opt.progress(
			    im->opt.ctx, "record", im->count.records, total);
	}
}
