/*
 * columns_fill.c - blocks of columns that are not there yet.
 *
 * Only where every number of a range has been given out: what is still to come
 * would drop the block again, and small stores do without.  Records are read
 * while the transaction that puts their blocks is under way, so that nothing
 * can come between: by it, and where there are two processors by a second
 * thread, whose transaction sees what was committed before, which this one does
 * not change.
 */
#include <pthread.h>
#include <stdlib.h>

#include <crm/os.h>

#include "store/columns_wire.h"
#include "store/store_internal.h"

#define PART_BYTES ((size_t)8 << 20) /* of a transaction */

enum { BATCH = 32 }; /* blocks made before they are put */

/* What one thread makes blocks with. */
struct maker {
	const struct crm_kind *kind;
	struct crm_plan plan;
	struct crm_pack *pack;
	struct crm_arena arena;
	struct crm_record *rec;
	struct crm_txn *txn; /* borrowed */
	/* its share of the batch */
	const uint64_t *first;
	struct crm_buf *bytes; /* a block each; empty: none can be made */
	unsigned n;
	int code;
	struct crm_err err;
};

struct fill {
	const struct crm_schema *schema;
	const struct crm_kind *kind;
	struct maker maker[2];
	uint64_t first[BATCH];
	struct crm_buf bytes[BATCH];
	unsigned n;
	uint64_t from, next; /* ranges: this transaction's first, the next */
	bool done;
};

/* CRM_NO: a record of the range cannot be read. */
static int
pack_range(
    struct maker *m, uint64_t first, struct crm_buf *out, struct crm_err *err)
{
	unsigned table = CRM_TAB_KIND + m->kind->number;
	struct crm_cursor *cur;
	struct crm_str k, v, rest;
	char key[8];
	unsigned entries = 0;
	int code = crm_cursor_open(m->txn, table, &cur, err);

	if (code < 0)
		return code;
	crm_pack_begin(m->pack, first);
	code = crm_cursor_seek(cur, crm_number_key(first, key), &k, &v, err);
	while (code == CRM_OK) {
		rest = k;
		if (!crm_take_be(&rest, 8, &m->rec->id) || m->rec->id == 0)
			code = CRM_NO;
		else if (m->rec->id - first >= CRM_COLUMNS_RANGE)
			break;
		entries++;
		if (code == CRM_OK)
			code = crm_unseal(table, k, &v, NULL);
		if (code == CRM_OK)
			code = crm_plan_decode(&m->plan, v, m->rec, NULL);
		if (code == CRM_OK && m->rec->state == CRM_LIVE)
			crm_pack_add(m->pack, m->rec);
		if (code == CRM_OK)
			code = crm_cursor_next(cur, &k, &v, err);
	}
	if (code == CRM_OK || code == CRM_NOTFOUND) {
		crm_pack_end(m->pack, entries, out);
		code = CRM_OK;
	}
	crm_cursor_close(cur);
	return code == CRM_EDAMAGE ? CRM_NO : code;
}

static void *
make(void *arg)
{
	struct maker *m = arg;

	m->code = CRM_OK;
	for (unsigned i = 0; i < m->n && m->code == CRM_OK; i++) {
		crm_buf_clear(&m->bytes[i]);
		m->code = pack_range(m, m->first[i], &m->bytes[i], &m->err);
		if (m->code == CRM_NO) {
			crm_buf_clear(&m->bytes[i]);
			m->code = CRM_OK;
		}
	}
	return NULL;
}

static int
maker_open(struct fill *f, struct maker *m, struct crm_err *err)
{
	uint64_t cells = crm_columns_cells(f->kind);
	struct crm_want want = {{0}, cells != 0};

	m->kind = f->kind;
	for (int i = 1; i < f->kind->nfields; i++)
		if (crm_columns_field(&f->kind->fields[i]))
			crm_want_field(&want, i);
	crm_plan_make(&m->plan, f->schema, f->kind, &want);
	if (cells)
		crm_plan_cells(&m->plan, cells);
	m->pack = crm_pack_new(f->kind);
	m->rec = crm_record_new(f->kind, &m->arena);
	return m->pack && m->rec ? CRM_OK : crm_err_nomem(err);
}

static void
maker_close(struct maker *m)
{
	if (m->pack)
		crm_pack_free(m->pack);
	crm_arena_release(&m->arena);
	*m = (struct maker){0};
}

/*
 * Begins what the other thread reads by, where one pays.  That the table is
 * open for it, too, is asked here: its handle may be this transaction's own, of
 * no use to others yet, and two threads must not open one at a time.
 */
static bool
begin_other(struct fill *f, struct crm_txn *t)
{
	struct crm_txn **txn = &f->maker[1].txn;
	uint64_t n;

	return f->n > 2 && crm_os_processors() > 1 &&
	       crm_txn_begin(crm_txn_store(t), txn, NULL) == CRM_OK &&
	       crm_count(*txn, CRM_TAB_KIND + f->kind->number, &n, NULL) ==
		   CRM_OK &&
	       n > 0;
}

/* The blocks of the batch, half of them by another thread. */
static int
make_batch(struct fill *f, struct crm_txn *t, struct crm_err *err)
{
	struct maker *m = f->maker, *other = f->maker + 1;
	pthread_t thread;
	bool runs = false;

	m->txn = t;
	m->first = f->first;
	m->bytes = f->bytes;
	m->n = f->n;
	if (begin_other(f, t)) {
		m->n = f->n / 2;
		other->n = f->n - m->n;
		other->first = f->first + m->n;
		other->bytes = f->bytes + m->n;
		runs = pthread_create(&thread, NULL, make, other) == 0;
		if (!runs)
			m->n = f->n;
	}
	make(m);
	if (runs)
		pthread_join(thread, NULL);
	crm_txn_end(other->txn);
	other->txn = NULL;
	if (m->code == CRM_OK && runs)
		m = other;
	if (m->code < 0 && err)
		*err = m->err;
	return m->code;
}

/* Is there a block of the range?  One that an earlier version made has no
 * rows. */
static int
has_block(struct fill *f, struct crm_txn *t, uint64_t first, bool *out,
    struct crm_err *err)
{
	char bytes[CRM_COLUMNS_KEY];
	struct crm_str v;
	int code = crm_get(t, CRM_TAB_COLUMNS,
	    crm_columns_key(f->kind->number, first, bytes), &v, err);

	*out = code == CRM_OK && v.n >= COLUMNS_HEAD &&
	       columns_load2((const unsigned char *)v.p + 6) > 0;
	return code == CRM_NOTFOUND ? CRM_OK : code;
}

/* Makes and puts the blocks of the batch; *bytes grows by theirs. */
static int
put_batch(struct fill *f, struct crm_txn *t, size_t *bytes, struct crm_err *err)
{
	char kb[CRM_COLUMNS_KEY];
	int code = make_batch(f, t, err);

	for (unsigned i = 0; i < f->n && code == CRM_OK; i++) {
		struct crm_buf *b = &f->bytes[i];
		struct crm_str key =
		    crm_columns_key(f->kind->number, f->first[i], kb);

		if (b->n == 0 && !b->fail)
			continue;
		crm_seal(CRM_TAB_COLUMNS, key, b);
		code = crm_buf_check(b, err);
		if (code == CRM_OK)
			code = crm_put(
			    t, CRM_TAB_COLUMNS, key, crm_buf_str(b), 0, err);
		*bytes += b->n;
	}
	f->n = 0;
	return code;
}

static int
fill_some(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	struct fill *f = ctx;
	uint64_t end; /* numbers before it were given out */
	size_t bytes = 0;
	bool has;
	int code = crm_txn_next(t, f->kind->number, &end, err);

	if (code == CRM_OK && end >= CRM_COLUMNS_RANGE)
		code = crm_meta_needs(t, CRM_FEATURE_COLUMNS, err);
	f->next = f->from;
	f->done = false;
	f->n = 0;
	while (code == CRM_OK && bytes < PART_BYTES && !f->done) {
		uint64_t first = f->next * CRM_COLUMNS_RANGE;

		f->done = end - first < CRM_COLUMNS_RANGE;
		if (!f->done) {
			code = has_block(f, t, first, &has, err);
			if (code == CRM_OK && !has)
				f->first[f->n++] = first;
			f->next++;
		}
		if (code == CRM_OK && f->n > 0 && (f->done || f->n == BATCH))
			code = put_batch(f, t, &bytes, err);
	}
	return code;
}

static int
fill_kind(struct fill *f, struct crm_store *s, struct crm_err *err)
{
	int code = maker_open(f, &f->maker[0], err);

	if (code == CRM_OK)
		code = maker_open(f, &f->maker[1], err);
	for (f->from = 0, f->done = false; code == CRM_OK && !f->done;
	     f->from = f->next)
		code = crm_txn_run(s, CRM_WRITE, fill_some, f, err);
	maker_close(&f->maker[0]);
	maker_close(&f->maker[1]);
	return code;
}

int
crm_columns_fill(struct crm_store *s, struct crm_err *err)
{
	struct fill *f = calloc(1, sizeof *f);
	int code;

	if (!f)
		return crm_err_nomem(err);
	code = crm_store_schema(s, &f->schema, err);
	for (unsigned i = 1; i < CRM_K_MAX && code == CRM_OK; i++) {
		f->kind = &f->schema->kind[i];
		if (f->kind->name && crm_columns_of(i))
			code = fill_kind(f, s, err);
	}
	for (unsigned i = 0; i < BATCH; i++)
		crm_buf_release(&f->bytes[i]);
	free(f);
	return code;
}
