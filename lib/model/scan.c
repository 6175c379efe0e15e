/*
 * scan.c - reading records as the model shows them: virtual fields filled,
 * figures added where they are wanted.
 */
#include <stdlib.h>

#include <crm/columns.h>
#include <crm/expr.h>
#include <crm/overlay.h>

#include "hooks.h"
#include "ledger_parts.h"

/* What is filled in after decoding. */
struct crm_fills {
	bool figures, virtuals;
	int revision; /* the field of that name, if wanted; -1 */
};

struct crm_scan {
	struct crm_txn *txn;
	const struct crm_schema *schema;
	const struct crm_kind *kind;
	struct crm_want asked, want; /* by the caller; to be decoded */
	struct crm_plan plan;
	struct crm_fills fills;
	int time; /* the field that must lie before at, -1 */
	int64_t at;
	struct crm_cursor *cursor;
	/* The figures kept lie in the order of their customers: where they are
	 * wanted of all, they are read beside, and not looked up. */
	struct crm_tallies *tallies;
	bool begun;
	/* Where all that is wanted is in blocks of columns, those that there
	 * are take the place of the records of their ranges. */
	struct crm_columns *columns; /* NULL: not so, or no more of them */
	struct crm_columns *opened; /* the same, to be closed */
	bool looked; /* whether there are */
	bool placed; /* where the range begins */
	bool counted; /* only blocks that say how many entries they are */
	struct crm_expr *where; /* other records need not be given; or NULL */
	uint64_t cells; /* of rows, that are wanted; 0: all */
	uint64_t block; /* the first number of the next one */
	bool within; /* it */
	bool whole; /* blocks are given as they are, */
	bool given; /* and now one was */
	uint64_t from; /* records before it are done */
	uint64_t to; /* those from it on are not wanted; 0: no end */
	uint64_t entries; /* of the table that were come to */
	struct crm_arena arena;
	struct crm_record *rec;
};

/*
 * What is to be decoded, and what is to be filled in then.  Virtual fields need
 * the parts they are made of; a state of the past needs all of the record.
 */
static void
widen(const struct crm_kind *k, const struct crm_want *in, int64_t at,
    struct crm_want *out, struct crm_fills *f)
{
	*out = *in;
	*f = (struct crm_fills){.revision = -1};
	/* For each record of a join: no more than what is wanted. */
	for (unsigned w = 0; w < CRM_FIELDS_MAX / 64; w++)
		for (uint64_t b = in->fields[w]; b != 0; b &= b - 1) {
			unsigned i = w * 64 + (unsigned)__builtin_ctzll(b);

			if (i >= k->nfields)
				break;
			if (k->fields[i].flags & CRM_F_FIGURE)
				f->figures = true;
			if (!(k->fields[i].flags & CRM_F_VIRTUAL))
				continue;
			if (strcmp(k->fields[i].name, "revision") == 0)
				f->revision = (int)i;
			else
				f->virtuals = true;
		}
	if (f->virtuals)
		out->parts |= (1u << k->nparts) - 1;
	if (at != INT64_MAX && crm_hooks[k->number].as_at != NULL)
		*out = crm_want_all;
}

/* CRM_NO when the record was not there yet. */
static int
fill(struct crm_txn *t, const struct crm_schema *s, const struct crm_fills *f,
    int64_t at, const struct crm_want *want, struct crm_record *rec,
    struct crm_err *err)
{
	const struct crm_hooks *h = &crm_hooks[rec->kind->number];
	int r = CRM_OK;

	if (f->revision >= 0)
		rec->v[f->revision] =
		    crm_value_num(CRM_T_INT, (int64_t)rec->revision, 0);
	if (at != INT64_MAX && h->as_at != NULL)
		r = h->as_at(t, s, at, rec, err);
	if (r < 0)
		return r;
	if (f->virtuals && h->compute != NULL)
		h->compute(s, rec);
	if (f->figures && h->figures != NULL)
		r = h->figures(t, s, at, want, rec, err);
	return r;
}

int
crm_model_read(struct crm_txn *t, const struct crm_schema *s,
    const struct crm_kind *k, uint64_t number, const struct crm_want *want,
    struct crm_record *rec, struct crm_err *err)
{
	return crm_model_read_at(t, s, k, number, want, INT64_MAX, rec, err);
}

struct crm_lookup {
	const struct crm_schema *schema;
	const struct crm_want *asked;
	struct crm_want want; /* a copy of what was asked, when it is kept */
	struct crm_plan plan;
	struct crm_fills fills;
	int64_t at;
};

static int
lookup_make(struct crm_lookup *l, struct crm_store *store,
    const struct crm_schema *s, const struct crm_kind *k,
    const struct crm_want *want, int64_t at, struct crm_err *err)
{
	const struct crm_schema *own;
	struct crm_want wide;
	int r = crm_store_schema(store, &own, err);

	if (r < 0)
		return r;
	l->schema = s;
	l->asked = want;
	l->at = at;
	widen(k, want, at, &wide, &l->fills);
	crm_plan_make(&l->plan, own, k, &wide);
	return CRM_OK;
}

int
crm_lookup_read(struct crm_lookup *l, struct crm_txn *t, uint64_t number,
    struct crm_record *rec, struct crm_err *err)
{
	const struct crm_hooks *h = &crm_hooks[l->plan.kind->number];
	const struct crm_schema *s = l->schema;
	int r = crm_plan_read(&l->plan, t, number, rec, err);

	if (r == CRM_OK)
		r = fill(t, s, &l->fills, l->at, l->asked, rec, err);
	if (r != CRM_NO)
		return r;
	/* who asks for it by name is shown it, with the figures of then */
	r = fill(t, s, &l->fills, INT64_MAX, l->asked, rec, err);
	if (r == CRM_OK && l->fills.figures && h->figures != NULL)
		r = h->figures(t, s, l->at, l->asked, rec, err);
	return r;
}

int
crm_model_read_at(struct crm_txn *t, const struct crm_schema *s,
    const struct crm_kind *k, uint64_t number, const struct crm_want *want,
    int64_t at, struct crm_record *rec, struct crm_err *err)
{
	struct crm_lookup l;
	int r = lookup_make(&l, crm_txn_store(t), s, k, want, at, err);

	return r < 0 ? r : crm_lookup_read(&l, t, number, rec, err);
}

int
crm_lookup_open(struct crm_store *store, const struct crm_schema *s,
    const struct crm_kind *k, const struct crm_want *want, int64_t at,
    struct crm_lookup **out, struct crm_err *err)
{
	struct crm_lookup *l = malloc(sizeof *l);
	int r;

	*out = NULL;
	if (l == NULL)
		return crm_err_nomem(err);
	l->want = *want;
	r = lookup_make(l, store, s, k, &l->want, at, err);
	if (r < 0) {
		free(l);
		return r;
	}
	*out = l;
	return CRM_OK;
}

void
crm_lookup_close(struct crm_lookup *l)
{
	free(l);
}

/* The next block, if there is one. */
static int
next_block(struct crm_scan *sc, struct crm_err *err)
{
	uint64_t n;
	int r;

	do
		r = crm_columns_block(sc->columns, &sc->block, err);
	while (r == CRM_OK && sc->counted &&
	       !crm_columns_entries(sc->columns, &n));
	if (r != CRM_NOTFOUND)
		return r;
	sc->columns = NULL;
	return CRM_OK;
}

/* The first block of what is wanted. */
static int
first_block(struct crm_scan *sc, struct crm_err *err)
{
	sc->columns = sc->opened;
	if (!sc->columns)
		return CRM_OK;
	crm_columns_range(sc->columns, sc->from, sc->to);
	return next_block(sc, err);
}

static int
open_columns(struct crm_scan *sc, struct crm_err *err)
{
	int r;

	if (sc->at != INT64_MAX || sc->fills.figures || sc->fills.virtuals ||
	    sc->fills.revision >= 0)
		return CRM_OK;
	r = crm_columns_open(sc->txn, sc->schema, sc->kind, &sc->want,
	    sc->cells, &sc->opened, err);
	return r == CRM_NO ? CRM_OK : r;
}

int
crm_scan_open(struct crm_txn *t, const struct crm_schema *s,
    const struct crm_kind *k, const struct crm_want *want, int64_t at,
    struct crm_scan **out, struct crm_err *err)
{
	struct crm_scan *sc;
	int r;

	*out = NULL;
	sc = calloc(1, sizeof *sc);
	if (sc == NULL)
		return crm_err_nomem(err);
	sc->txn = t;
	sc->schema = s;
	sc->kind = k;
	sc->at = at;
	sc->time = -1;
	sc->asked = *want;
	widen(k, want, at, &sc->want, &sc->fills);
	if (at != INT64_MAX && k->time != NULL &&
	    crm_hooks[k->number].as_at == NULL) {
		sc->time = crm_kind_field(k, crm_str(k->time));
		crm_want_field(&sc->want, sc->time);
	}
	crm_plan_make(&sc->plan, s, k, &sc->want);
	sc->rec = crm_record_new(k, &sc->arena);
	r = sc->rec == NULL ? crm_err_nomem(err)
			    : crm_cursor_open(t, CRM_TAB_KIND + k->number,
				  &sc->cursor, err);
	if (r == CRM_OK && sc->fills.figures && k->number == CRM_K_CUSTOMER &&
	    at == INT64_MAX && !crm_txn_overlay(t)) {
		sc->fills.figures = false;
		sc->tallies = malloc(sizeof *sc->tallies);
		r = sc->tallies ? crm_tallies_open(sc->tallies, t, 0, err)
				: crm_err_nomem(err);
	}
	if (r < 0) {
		crm_scan_close(sc);
		return r;
	}
	*out = sc;
	return CRM_OK;
}

void
crm_scan_cells(struct crm_scan *sc, uint64_t cells)
{
	/* what is computed, or as it was, is made of all of a row */
	if (!sc->fills.virtuals &&
	    (sc->at == INT64_MAX || !crm_hooks[sc->kind->number].as_at)) {
		crm_plan_cells(&sc->plan, cells);
		sc->cells = cells;
	}
}

void
crm_scan_range(struct crm_scan *sc, uint64_t from, uint64_t to)
{
	sc->from = from;
	sc->to = to;
	sc->counted = true;
	sc->begun = sc->within = sc->placed = false;
}

void
crm_scan_where(struct crm_scan *sc, struct crm_expr *e)
{
	sc->where = e;
}

uint64_t
crm_scan_entries(const struct crm_scan *sc)
{
	return sc->entries;
}

/* The figures of the customer that was read. */
static int
figures_beside(struct crm_scan *sc, struct crm_err *err)
{
	struct crm_tally y;
	int r = crm_tallies_to(sc->tallies, sc->rec->id, &y, err);

	if (r == CRM_OK)
		crm_tally_fill(sc->schema, &y, &sc->asked, sc->rec);
	return r;
}

/* What had not happened by `at` is not there; a day is compared as its
 * beginning. */
static bool
later(const struct crm_scan *sc)
{
	const struct crm_value *v;
	int64_t t;

	if (sc->time < 0)
		return false;
	v = &sc->rec->v[sc->time];
	if (v->type == CRM_T_NONE)
		return false;
	t = v->type == CRM_T_DATE ? crm_day_begin(&sc->schema->calendar, v->i)
				  : v->i;
	return t >= sc->at;
}

/* Leaves out of a block what the condition does not want. */
static void
sift_block(struct crm_scan *sc)
{
	const struct crm_lane *lane[CRM_FIELDS_MAX] = {NULL};
	uint64_t fields[2], bits[CRM_LANE_MOST / 64];
	size_t n = crm_columns_records(sc->columns);

	if (!sc->where || sc->want.parts)
		return;
	crm_expr_fields(sc->where, fields);
	for (int i = 0; i < sc->kind->nfields; i++)
		if (fields[i / 64] >> i % 64 & 1)
			lane[i] = crm_columns_lane(sc->columns, i);
	crm_lane_all(n, bits);
	(void)crm_expr_sift(sc->where, lane, CRM_FIELDS_MAX, n, bits);
	crm_columns_only(sc->columns, bits);
}

/* The next record of the blocks.  CRM_NOTFOUND: here they have none. */
static int
scan_columns(struct crm_scan *sc, struct crm_err *err)
{
	uint64_t n;
	int r;

	while (sc->within || sc->block <= sc->from) {
		if (!sc->within) {
			sc->within = true;
			sc->given = sc->whole;
			if (sc->given)
				return CRM_OK;
			sift_block(sc);
		}
		r = sc->whole ? CRM_NOTFOUND
			      : crm_columns_next(sc->columns, sc->rec, err);
		if (r != CRM_NOTFOUND)
			return r;
		sc->within = false;
		(void)crm_columns_entries(sc->columns, &n);
		sc->entries += n;
		sc->begun = false;
		sc->from = sc->block + CRM_COLUMNS_RANGE;
		r = next_block(sc, err);
		if (r < 0)
			return r;
		if (sc->columns == NULL)
			break;
	}
	return CRM_NOTFOUND;
}

/* The next one of the table; CRM_NO: a block has it. */
static int
scan_entry(struct crm_scan *sc, uint64_t *number, struct crm_str *v,
    struct crm_err *err)
{
	unsigned table = CRM_TAB_KIND + sc->kind->number;
	struct crm_str k, tail;
	char key[8];
	int r;

	if (sc->begun)
		r = crm_cursor_next(sc->cursor, &k, v, err);
	else if (sc->from > 0)
		r = crm_cursor_seek(
		    sc->cursor, crm_number_key(sc->from, key), &k, v, err);
	else
		r = crm_cursor_seek(
		    sc->cursor, (struct crm_str){"", 0}, &k, v, err);
	sc->begun = true;
	if (r == CRM_NOTFOUND && sc->columns != NULL) {
		sc->from = sc->block;
		return CRM_NO;
	}
	if (r == CRM_OK)
		r = crm_unseal(table, k, v, err);
	if (r < 0)
		return r;
	tail = k;
	if (!crm_take_be(&tail, 8, number))
		return crm_err_set(err, CRM_EDAMAGE,
		    "a key of the %ss is not a number", sc->kind->name);
	if (sc->columns == NULL || *number < sc->block)
		return CRM_OK;
	sc->from = sc->block;
	return CRM_NO;
}

int
crm_scan_next(struct crm_scan *sc, struct crm_record **rec, struct crm_err *err)
{
	struct crm_str v;
	uint64_t number;
	int r;

	if (!sc->placed) {
		r = sc->looked ? CRM_OK : open_columns(sc, err);
		sc->looked = sc->placed = true;
		if (r == CRM_OK)
			r = first_block(sc, err);
		if (r < 0)
			return r;
	}
	*rec = sc->rec;
	for (;;) {
		if (sc->columns != NULL) {
			r = scan_columns(sc, err);
			if (r != CRM_NOTFOUND)
				return r;
		}
		if (sc->to && !sc->begun && sc->from >= sc->to)
			return CRM_NOTFOUND;
		r = scan_entry(sc, &number, &v, err);
		if (r == CRM_NO)
			continue;
		if (r < 0)
			return r;
		if (sc->to && number >= sc->to)
			return CRM_NOTFOUND;
		sc->entries++;
		if (v.n > 0 && v.p[0] != CRM_LIVE)
			continue;
		/* figures and virtual values are in the arena: reset it when
		 * it has grown, with a fresh record */
		if (sc->arena.used > ((size_t)1 << 18)) {
			crm_arena_reset(&sc->arena);
			sc->rec = crm_record_new(sc->kind, &sc->arena);
			if (sc->rec == NULL)
				return crm_err_nomem(err);
		}
		r = crm_plan_decode(&sc->plan, v, sc->rec, err);
		if (r < 0)
			return r;
		sc->rec->id = number;
		sc->rec->v[0] = crm_value_id(sc->kind->number, number);
		if (later(sc))
			continue;
		r = fill(sc->txn, sc->schema, &sc->fills, sc->at, &sc->asked,
		    sc->rec, err);
		if (r == CRM_NO)
			continue;
		if (r == CRM_OK && sc->tallies != NULL)
			r = figures_beside(sc, err);
		if (r < 0)
			return r;
		*rec = sc->rec;
		return CRM_OK;
	}
}

int
crm_scan_step(struct crm_scan *sc, struct crm_columns **block,
    struct crm_record **rec, struct crm_err *err)
{
	int r;

	sc->whole = true;
	sc->given = false;
	r = crm_scan_next(sc, rec, err);
	*block = r == CRM_OK && sc->given ? sc->columns : NULL;
	return r;
}

void
crm_scan_close(struct crm_scan *sc)
{
	if (sc == NULL)
		return;
	crm_columns_close(sc->opened);
	if (sc->tallies != NULL)
		crm_tallies_close(sc->tallies);
	free(sc->tallies);
	crm_cursor_close(sc->cursor);
	crm_arena_release(&sc->arena);
	free(sc);
}
