/*
 * columns_fill.c - blocks of columns that are not there yet.
 *
 * Only where every number of a range has been given out: what is still to come
 * would drop the block again, and small stores do without.  Records are read in
 * the transaction that puts their blocks, so that nothing can come between.
 */
#include "store/columns_wire.h"
#include "store/store_internal.h"

#define PART_BYTES ((size_t)8 << 20) /* of a transaction */

struct fill {
	const struct crm_schema *schema;
	const struct crm_kind *kind;
	struct crm_plan plan;
	struct crm_pack *pack;
	struct crm_arena arena;
	struct crm_record *rec;
	struct crm_buf bytes;
	uint64_t from, next; /* ranges: this transaction's first, the next */
	bool done;
};

/* CRM_NO: a record of the range cannot be read. */
static int
pack_range(
    struct fill *f, struct crm_txn *t, uint64_t first, struct crm_err *err)
{
	unsigned table = CRM_TAB_KIND + f->kind->number;
	struct crm_cursor *cur;
	struct crm_str k, v, rest;
	char key[8];
	unsigned entries = 0;
	int code = crm_cursor_open(t, table, &cur, err);

	if (code < 0)
		return code;
	crm_pack_begin(f->pack, first);
	code = crm_cursor_seek(cur, crm_number_key(first, key), &k, &v, err);
	while (code == CRM_OK) {
		rest = k;
		if (!crm_take_be(&rest, 8, &f->rec->id) || f->rec->id == 0)
			code = CRM_NO;
		else if (f->rec->id - first >= CRM_COLUMNS_RANGE)
			break;
		entries++;
		if (code == CRM_OK)
			code = crm_unseal(table, k, &v, NULL);
		if (code == CRM_OK)
			code = crm_plan_decode(&f->plan, v, f->rec, NULL);
		if (code == CRM_OK && f->rec->state == CRM_LIVE)
			crm_pack_add(f->pack, f->rec);
		if (code == CRM_OK)
			code = crm_cursor_next(cur, &k, &v, err);
	}
	crm_buf_clear(&f->bytes);
	if (code == CRM_OK || code == CRM_NOTFOUND) {
		crm_pack_end(f->pack, entries, &f->bytes);
		code = CRM_OK;
	}
	crm_cursor_close(cur);
	return code == CRM_EDAMAGE ? CRM_NO : code;
}

static int
fill_range(
    struct fill *f, struct crm_txn *t, uint64_t first, struct crm_err *err)
{
	char bytes[CRM_COLUMNS_KEY];
	struct crm_str key = crm_columns_key(f->kind->number, first, bytes), v;
	int code = crm_get(t, CRM_TAB_COLUMNS, key, &v, err);

	crm_buf_clear(&f->bytes);
	if (code < 0 && code != CRM_NOTFOUND)
		return code;
	/* one that an earlier version made has no rows */
	if (code == CRM_OK && v.n >= COLUMNS_HEAD &&
	    columns_load2((const unsigned char *)v.p + 6) > 0)
		return CRM_OK;
	code = pack_range(f, t, first, err);
	if (code != CRM_OK)
		return code == CRM_NO ? CRM_OK : code;
	crm_seal(CRM_TAB_COLUMNS, key, &f->bytes);
	code = crm_buf_check(&f->bytes, err);
	return code < 0 ? code
			: crm_put(t, CRM_TAB_COLUMNS, key,
			      crm_buf_str(&f->bytes), 0, err);
}

static int
fill_some(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	struct fill *f = ctx;
	uint64_t end; /* numbers before it were given out */
	size_t bytes = 0;
	int code = crm_txn_next(t, f->kind->number, &end, err);

	if (code == CRM_OK && end >= CRM_COLUMNS_RANGE)
		code = crm_meta_needs(t, CRM_FEATURE_COLUMNS, err);
	f->next = f->from;
	f->done = false;
	while (code == CRM_OK && bytes < PART_BYTES && !f->done) {
		uint64_t first = f->next * CRM_COLUMNS_RANGE;

		f->done = end - first < CRM_COLUMNS_RANGE;
		if (f->done)
			break;
		code = fill_range(f, t, first, err);
		bytes += f->bytes.n;
		f->next++;
	}
	return code;
}

static int
fill_kind(struct fill *f, struct crm_store *s, struct crm_err *err)
{
	uint64_t cells = crm_columns_cells(f->kind);
	struct crm_want want = {{0}, cells != 0};
	int code = CRM_OK;

	for (int i = 1; i < f->kind->nfields; i++)
		if (crm_columns_field(&f->kind->fields[i]))
			crm_want_field(&want, i);
	crm_plan_make(&f->plan, f->schema, f->kind, &want);
	if (cells)
		crm_plan_cells(&f->plan, cells);
	f->pack = crm_pack_new(f->kind);
	f->rec = crm_record_new(f->kind, &f->arena);
	if (!f->pack || !f->rec)
		code = crm_err_nomem(err);
	for (f->from = 0, f->done = false; code == CRM_OK && !f->done;
	     f->from = f->next)
		code = crm_txn_run(s, CRM_WRITE, fill_some, f, err);
	crm_pack_free(f->pack);
	f->pack = NULL;
	return code;
}

int
crm_columns_fill(struct crm_store *s, struct crm_err *err)
{
	struct fill f = {0};
	int code = crm_store_schema(s, &f.schema, err);

	for (unsigned i = 1; i < CRM_K_MAX && code == CRM_OK; i++) {
		f.kind = &f.schema->kind[i];
		if (f.kind->name && crm_columns_of(i))
			code = fill_kind(&f, s, err);
	}
	crm_arena_release(&f.arena);
	crm_buf_release(&f.bytes);
	return code;
}
