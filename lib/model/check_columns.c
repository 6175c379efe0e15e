/*
 * check_columns.c - blocks of columns against the records they were made of.
 *
 * A block stands for its records wherever it is read, so each value in it is
 * compared with the record's, and each record of its range must be in it.
 * Records that cannot be read have been told of by then.
 */
#include <stdio.h>

#include <crm/columns.h>

#include "check.h"

struct beside {
	struct crm_check *ck;
	const struct crm_kind *kind;
	struct crm_columns *columns;
	struct crm_cursor *cursor;
	struct crm_plan plan; /* of what blocks have */
	/* what this block has: fields, then cells of rows */
	uint8_t field[CRM_FIELDS_MAX], cell[CRM_FIELDS_MAX];
	unsigned nfields, ncells;
	struct crm_arena arena;
	struct crm_record *block, *record;
	bool have; /* the block has one, in `block` */
	bool lives, bad; /* the one in `record` */
	uint64_t entries; /* of the range, that were come to */
};

static int
block_fault(
    struct beside *b, uint64_t first, const char *what, struct crm_err *err)
{
	char where[64];

	snprintf(where, sizeof where, "columns from %s%llu", b->kind->letter,
	    (unsigned long long)first);
	return crm_check_fault(b->ck, err, where, "%s", what);
}

/* What an entry of the table says. */
static int
read_entry(struct beside *b, struct crm_str key, struct crm_str value,
    struct crm_err *err)
{
	unsigned table = CRM_TAB_KIND + b->kind->number;
	uint64_t id = b->record->id;

	if (b->arena.used > ((size_t)1 << 20)) {
		crm_arena_reset(&b->arena);
		b->record = crm_record_new(b->kind, &b->arena);
		if (b->record == NULL)
			return crm_err_nomem(err);
		b->record->id = id;
	}
	b->bad = crm_unseal(table, key, &value, NULL) < 0 ||
		 crm_plan_decode(&b->plan, value, b->record, NULL) < 0;
	b->lives = !b->bad && b->record->state == CRM_LIVE;
	return CRM_OK;
}

/* Asked once for each block, not for each of its records. */
static void
what_is_there(struct beside *b)
{
	const struct crm_kind *k = b->kind;

	b->nfields = b->ncells = 0;
	for (int i = 0; i < k->nfields; i++)
		if (i == 0 || crm_columns_has(b->columns, i))
			b->field[b->nfields++] = (uint8_t)i;
	for (int i = 0; k->nparts > 0 && i < k->parts[0].nfields; i++)
		if (crm_columns_has_cell(b->columns, i))
			b->cell[b->ncells++] = (uint8_t)i;
}

static int
next_of_block(struct beside *b, struct crm_err *err)
{
	int r = crm_columns_next(b->columns, b->block, err);

	b->have = r == CRM_OK;
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

/* The rows of the first part; decimals may have other digits. */
static int
compare_rows(struct beside *b, struct crm_err *err)
{
	const struct crm_part *part = &b->kind->parts[0];
	const struct crm_rows *x = &b->block->part[0];
	const struct crm_rows *y = &b->record->part[0];

	if (!crm_columns_has_cell(b->columns, -1))
		return CRM_OK;
	if (x->n != y->n)
		return crm_check_at(b->ck, err, b->kind, b->record->id,
		    "the number of its %ss in the columns is another",
		    part->name);
	for (unsigned j = 0; j < b->ncells; j++) {
		int f = b->cell[j];

		for (size_t i = 0; i < x->n; i++) {
			const struct crm_value *v = &x->row[i].v[f];

			if (v->type != y->row[i].v[f].type ||
			    !crm_value_eq(v, &y->row[i].v[f]))
				return crm_check_at(b->ck, err, b->kind,
				    b->record->id,
				    "the %s of a %s in the columns is another",
				    part->fields[f].name, part->name);
		}
	}
	return CRM_OK;
}

static int
compare(struct beside *b, struct crm_err *err)
{
	const struct crm_kind *k = b->kind;

	for (unsigned j = 0; j < b->nfields; j++) {
		int i = b->field[j];
		const struct crm_value *x = &b->block->v[i];
		const struct crm_value *y = &b->record->v[i];

		if (x->type != y->type || x->scale != y->scale ||
		    !crm_value_eq(x, y))
			return crm_check_at(b->ck, err, k, b->record->id,
			    "its %s in the columns is another",
			    k->fields[i].name);
	}
	return compare_rows(b, err);
}

/* Those of the block before `id` are no records. */
static int
not_there(struct beside *b, uint64_t id, struct crm_err *err)
{
	int r = CRM_OK;

	while (r == CRM_OK && b->have && b->block->id < id) {
		r = crm_check_at(b->ck, err, b->kind, b->block->id,
		    "it is in the columns and no record");
		if (r == CRM_OK)
			r = next_of_block(b, err);
	}
	return r;
}

static int
check_entry(struct beside *b, struct crm_err *err)
{
	uint64_t id = b->record->id;
	int r = not_there(b, id + !(b->lives || b->bad), err);

	if (r < 0)
		return r;
	if (!b->have || b->block->id != id)
		return b->lives ? crm_check_at(b->ck, err, b->kind, id,
				      "it is not in the columns")
				: CRM_OK;
	if (b->lives)
		r = compare(b, err);
	return r < 0 ? r : next_of_block(b, err);
}

static int
check_block(struct beside *b, uint64_t first, struct crm_err *err)
{
	struct crm_str k, v, rest;
	char key[8];
	uint64_t told;
	int r = next_of_block(b, err);

	what_is_there(b);
	b->entries = 0;
	if (r == CRM_OK)
		r = crm_cursor_seek(
		    b->cursor, crm_number_key(first, key), &k, &v, err);
	while (r == CRM_OK) {
		rest = k;
		if (crm_take_be(&rest, 8, &b->record->id)) {
			if (b->record->id - first >= CRM_COLUMNS_RANGE)
				break;
			b->entries++;
			r = read_entry(b, k, v, err);
			if (r == CRM_OK)
				r = check_entry(b, err);
		}
		if (r == CRM_OK)
			r = crm_cursor_next(b->cursor, &k, &v, err);
	}
	if (r == CRM_OK || r == CRM_NOTFOUND)
		r = not_there(b, UINT64_MAX, err);
	if (r == CRM_OK && crm_columns_entries(b->columns, &told) &&
	    told != b->entries)
		r = block_fault(b, first, "of so many entries it is not", err);
	return r == CRM_EDAMAGE
		   ? block_fault(b, first, "they cannot be read", err)
		   : r;
}

/* All that a block may have; what else a record holds has been read by now. */
static void
plan_make(struct beside *b)
{
	const struct crm_kind *k = b->kind;
	uint64_t cells = crm_columns_cells(k);
	struct crm_want want = {{0}, cells != 0};

	for (int i = 1; i < k->nfields; i++)
		if (crm_columns_field(&k->fields[i]))
			crm_want_field(&want, i);
	crm_plan_make(&b->plan, b->ck->schema, k, &want);
	if (cells)
		crm_plan_cells(&b->plan, cells);
}

/* The blocks from..to of a kind. */
static int
check_range(struct crm_check *ck, const struct crm_check_job *job,
    uint64_t from, uint64_t to, uint64_t *at, struct crm_err *err)
{
	struct beside b = {.ck = ck, .kind = job->kind};
	struct crm_arena arena = {0};
	uint64_t first;
	int r = crm_columns_open(
	    ck->txn, ck->schema, b.kind, NULL, 0, &b.columns, err);

	*at = to;
	if (r != CRM_OK)
		return r == CRM_NO ? CRM_OK : r;
	plan_make(&b);
	b.block = crm_record_new(b.kind, &arena);
	b.record = crm_record_new(b.kind, &b.arena);
	r = b.block && b.record
		? crm_cursor_open(
		      ck->txn, CRM_TAB_KIND + b.kind->number, &b.cursor, err)
		: crm_err_nomem(err);
	if (from > 0)
		crm_columns_range(b.columns, from, 0);
	while (r == CRM_OK) {
		r = crm_columns_block(b.columns, &first, err);
		if (r != CRM_OK || first >= to)
			break;
		if (crm_check_stop(ck)) {
			*at = first;
			break;
		}
		ck->blocks++;
		r = first % CRM_COLUMNS_RANGE == 0
			? check_block(&b, first, err)
			: block_fault(&b, first, "no range begins here", err);
	}
	if (r == CRM_EDAMAGE)
		r = crm_check_fault(
		    ck, err, "columns", "a block cannot be read");
	crm_cursor_close(b.cursor);
	crm_columns_close(b.columns);
	crm_arena_release(&b.arena);
	crm_arena_release(&arena);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

int
crm_check_columns(struct crm_check *ck, struct crm_err *err)
{
	struct crm_check_job job = {
	    .fn = check_range, .align = CRM_COLUMNS_RANGE};
	uint64_t n, faults = ck->out.faults;
	int r = crm_check_sealed(ck, CRM_TAB_COLUMNS, "columns", 0, err);

	if (r < 0 || ck->out.faults > faults)
		return r;
	for (unsigned i = 1; i < CRM_K_MAX && r == CRM_OK; i++) {
		job.kind = &ck->schema->kind[i];
		if (job.kind->name != NULL && crm_columns_of(i))
			r = crm_check_parts(ck, &job, err);
	}
	if (r == CRM_OK)
		r = crm_count(ck->txn, CRM_TAB_COLUMNS, &n, err);
	if (r == CRM_OK && n != ck->blocks && ck->out.faults == faults)
		r = crm_check_fault(
		    ck, err, "columns", "there are entries that are no blocks");
	return r;
}
