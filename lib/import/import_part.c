/*
 * import_part.c - rows of parts (lines, adjustments, events) into a record.
 *
 * A row is known by its key in what the source said; what was removed here
 * stays removed, what the source no longer names is dropped, and what it
 * says as before is not touched.  Of a running total (`total: yes`) what is
 * new of it makes an event of its own.
 */
#include "import_parts.h"

static uint32_t
row_hash(const struct crm_imp_part_row *row)
{
	uint32_t all = 1, h;

	for (size_t i = 0; i < row->sub->nset; i++) {
		if (row->sub->set[i].src.total)
			continue;
		h = crm_imp_hash(&row->v[i]);
		all = crm_crc32c(all, &h, sizeof h);
	}
	return all ? all : 1;
}

static const struct crm_value *
total_of(const struct crm_imp_part_row *row)
{
	for (size_t i = 0; i < row->sub->nset; i++)
		if (row->sub->set[i].src.total)
			return &row->v[i];
	return NULL;
}

static bool
is_line(const struct crm_imp_sub *u)
{
	return u->line_field < 0;
}

/* The number of the line a row belongs to, 0 none. */
static int
line_no(const struct crm_imp_merged *mg, const struct crm_imp_said *said,
    const struct crm_imp_part_row *row, uint32_t *out, struct crm_err *err)
{
	const struct crm_part *lines = mg->spec->k->parts;
	uint32_t key;

	*out = 0;
	if (row->line >= 0) {
		*out = mg->row[row->line].no;
		return CRM_OK;
	}
	if (!row->has_target)
		return CRM_OK;
	key = crm_crc32c(0, row->target.p, row->target.n);
	for (size_t i = 0; i < mg->nrow; i++)
		if (&mg->spec->k->parts[mg->row[i].sub->part] == lines &&
		    mg->row[i].key == key) {
			*out = mg->row[i].no;
			return CRM_OK;
		}
	for (size_t i = 0; i < said->nrow; i++)
		if (said->row[i].part == 0 && said->row[i].key == key) {
			*out = said->row[i].no;
			return CRM_OK;
		}
	return crm_err_set(err, CRM_EDATA, "the order has no line '%.*s'",
	    (int)(row->target.n > 80 ? 80 : row->target.n), row->target.p);
}

static int
set_values(struct crm_change *ch, const struct crm_imp_merged *mg,
    const struct crm_imp_said *said, const struct crm_imp_part_row *row,
    struct crm_row *to, bool again, struct crm_err *err)
{
	const struct crm_imp_sub *u = row->sub;
	int at = crm_part_field(u->p, CRM_STR("at"));
	int amount = crm_part_field(u->p, CRM_STR("amount"));
	uint32_t no;
	int r = line_no(mg, said, row, &no, err);

	if (r < 0)
		return r;
	/* An amount made of price and quantity is made anew. */
	if (again && is_line(u) && amount >= 0)
		to->v[amount] = (struct crm_value){0};
	for (size_t i = 0; i < u->nset; i++)
		to->v[u->set[i].field] = row->v[i];
	if (no > 0 && u->line_field >= 0)
		to->v[u->line_field] = crm_value_num(CRM_T_INT, no, 0);
	if (at >= 0 && to->v[at].type == CRM_T_NONE)
		to->v[at] = crm_value_num(CRM_T_TIME,
		    mg->placed != INT64_MIN ? mg->placed : crm_change_now(ch),
		    0);
	return CRM_OK;
}

static int
add_row(struct crm_import *im, struct crm_change *ch, struct crm_imp_merged *mg,
    struct crm_imp_said *said, struct crm_record *rec,
    struct crm_imp_part_row *row, struct crm_imp_said_row **out,
    struct crm_err *err)
{
	struct crm_row *to = crm_record_add(rec, row->sub->part, 0);
	struct crm_imp_said_row *sr;
	int r;

	if (!to)
		return crm_err_nomem(err);
	r = set_values(ch, mg, said, row, to, false, err);
	if (r < 0)
		return r;
	sr = crm_imp_said_find(said, (unsigned)row->sub->part, row->key);
	if (!sr)
		sr = crm_imp_said_add(
		    said, (unsigned)row->sub->part, row->key, &im->work);
	if (!sr)
		return crm_err_nomem(err);
	sr->hash = row_hash(row);
	sr->no = row->no = to->no;
	sr->now = true;
	*out = sr;
	return CRM_OK;
}

/* What a running total grew by is a row of its own. */
static int
apply_total(struct crm_import *im, struct crm_change *ch,
    struct crm_imp_merged *mg, struct crm_imp_said *said,
    struct crm_record *rec, struct crm_imp_part_row *row,
    const struct crm_value *total, bool *changed, struct crm_err *err)
{
	struct crm_imp_said_row *sr =
	    crm_imp_said_find(said, (unsigned)row->sub->part, row->key);
	int64_t was = sr ? sr->total : 0, all = total->i, more;
	bool told = sr && sr->hash == row_hash(row);
	int r;

	if (sr)
		sr->now = true;
	if (total->type == CRM_T_NONE || all <= was)
		return CRM_OK;
	if (!crm_sub64(all, was, &more))
		return crm_err_set(err, CRM_EDATA, "is too large an amount");
	for (size_t i = 0; i < row->sub->nset; i++) {
		struct crm_value *v = &row->v[i];

		if (v == total)
			v->i = more;
		/* The time is that of the first part of it. */
		if (was > 0 && told && v->type == CRM_T_TIME)
			v->i = crm_change_now(ch);
	}
	if (was > 0) {
		int at = crm_part_field(row->sub->p, CRM_STR("at"));
		bool timed = false;

		for (size_t i = 0; i < row->sub->nset; i++)
			timed |= row->sub->set[i].field == at &&
				 row->v[i].type != CRM_T_NONE;
		if (!timed)
			mg->placed = crm_change_now(ch);
	}
	r = add_row(im, ch, mg, said, rec, row, &sr, err);
	if (r < 0)
		return r;
	sr->total = all;
	*changed = true;
	return CRM_OK;
}

static int
apply_row(struct crm_import *im, struct crm_change *ch,
    struct crm_imp_merged *mg, struct crm_imp_said *said,
    struct crm_record *rec, struct crm_imp_part_row *row, bool keep,
    bool *changed, struct crm_err *err)
{
	const struct crm_value *total = total_of(row);
	struct crm_imp_said_row *sr;
	struct crm_row *to;
	int r;

	if (total)
		return apply_total(
		    im, ch, mg, said, rec, row, total, changed, err);
	sr = crm_imp_said_find(said, (unsigned)row->sub->part, row->key);
	if (!sr) {
		if (keep)
			return CRM_OK;
		*changed = true;
		return add_row(im, ch, mg, said, rec, row, &sr, err);
	}
	sr->now = true;
	row->no = sr->no;
	if (sr->hash == row_hash(row))
		return CRM_OK;
	to = crm_record_row(rec, row->sub->part, sr->no);
	if (!to)
		return CRM_OK;
	r = set_values(ch, mg, said, row, to, true, err);
	sr->hash = row_hash(row);
	*changed = true;
	return r;
}

/* Lines and adjustments that the source no longer names. */
static void
drop_unsaid(struct crm_imp_merged *mg, struct crm_imp_said *said,
    struct crm_record *rec, bool *changed)
{
	bool lines = false;
	int track = crm_kind_part(rec->kind, CRM_STR("track"));

	for (size_t i = 0; i < mg->nrow; i++)
		lines |= crm_str_is(crm_str(mg->row[i].sub->p->name), "line");
	if (mg->partial || !lines)
		return;
	for (size_t i = 0; i < said->nrow; i++) {
		struct crm_imp_said_row *sr = &said->row[i];

		if (sr->now || sr->no == 0 || (int)sr->part == track ||
		    sr->part >= rec->kind->nparts)
			continue;
		if (crm_record_drop(rec, (int)sr->part, sr->no))
			*changed = true;
		sr->no = 0;
		*changed = true;
	}
}

int
crm_imp_parts_apply(struct crm_import *im, struct crm_change *ch,
    struct crm_imp_merged *mg, struct crm_imp_said *said,
    struct crm_record *rec, bool adopted, bool *changed, struct crm_err *err)
{
	bool had[CRM_PARTS_MAX] = {false};
	int r = CRM_OK;

	/* A record from elsewhere keeps its own rows. */
	for (int p = 0; p < rec->kind->nparts; p++)
		had[p] = adopted && rec->part[p].n > 0 &&
			 rec->kind->number == CRM_K_ORDER;
	for (size_t i = 0; r == CRM_OK && i < mg->nrow; i++) {
		struct crm_imp_part_row *row = &mg->row[i];

		r = apply_row(im, ch, mg, said, rec, row, had[row->sub->part],
		    changed, err);
		if (r == CRM_EDATA && row->from)
			crm_err_place(err, im->opt.name,
			    (unsigned long)row->from->h.line);
	}
	if (r == CRM_OK)
		drop_unsaid(mg, said, rec, changed);
	return r;
}

bool
crm_imp_parts_same(const struct crm_imp_merged *mg, struct crm_imp_said *said)
{
	bool lines = false;

	for (size_t i = 0; i < mg->nrow; i++) {
		const struct crm_imp_part_row *row = &mg->row[i];
		const struct crm_value *total = total_of(row);
		struct crm_imp_said_row *sr =
		    crm_imp_said_find(said, (unsigned)row->sub->part, row->key);

		lines |= crm_str_is(crm_str(row->sub->p->name), "line");
		if (total && (total->type == CRM_T_NONE ||
				 total->i <= (sr ? sr->total : 0))) {
			if (sr)
				sr->now = true;
			continue;
		}
		if (!sr || total || sr->hash != row_hash(row))
			return false;
		sr->now = true;
	}
	for (size_t i = 0; lines && !mg->partial && i < said->nrow; i++)
		if (!said->row[i].now && said->row[i].part < 2 &&
		    said->row[i].no != 0)
			return false;
	return true;
}
