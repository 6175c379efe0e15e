/*
 * fill.c - sorted entries put into a table that has none.
 *
 * Keys that come in their order fill their pages.  A batch of them is one
 * transaction, which a second thread makes while the next is gathered: merged
 * from the runs, and what orders do to the ledger brought together.
 */
#include <pthread.h>
#include <stdlib.h>

#include "archive.h"
#include "ledger_parts.h"

#define BATCH_BYTES ((size_t)4 << 20)

struct batch {
	/* key and value, each counted; of the ledger effects alone */
	struct crm_buf bytes;
	struct crm_ledger_batch ledger; /* what they come to */
};

struct fill {
	struct crm_store *store;
	unsigned table;
	struct batch batches[2], *batch; /* the one that is gathered */
	struct batch *given; /* the one that is put */
	struct crm_buf last, value;
	pthread_t thread;
	bool runs;
	int code;
	struct crm_err err;
};

static int
put_some(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	struct fill *f = ctx;
	struct crm_str rest = crm_buf_str(&f->given->bytes), key, value;
	uint64_t n;
	int r = CRM_OK;

	if (f->table == CRM_TAB_SALES)
		return crm_ledger_batch_apply(t, &f->given->ledger, err);
	while (r == CRM_OK && rest.n > 0) {
		crm_take_var(&rest, &n);
		crm_take_bytes(&rest, (size_t)n, &key);
		crm_take_var(&rest, &n);
		crm_take_bytes(&rest, (size_t)n, &value);
		crm_buf_clear(&f->value);
		crm_buf_putstr(&f->value, value);
		crm_seal(f->table, key, &f->value);
		r = crm_buf_check(&f->value, err);
		if (r == CRM_OK)
			r = crm_put(t, f->table, key, crm_buf_str(&f->value),
			    CRM_PUT_APPEND, err);
	}
	return r;
}

static void *
put_batch(void *arg)
{
	struct fill *f = arg;

	f->code = crm_txn_run(f->store, CRM_WRITE, put_some, f, &f->err);
	return NULL;
}

/* Until the batch that was given is put. */
static int
wait(struct fill *f, struct crm_err *err)
{
	if (f->runs)
		pthread_join(f->thread, NULL);
	f->runs = false;
	if (f->code < 0 && err != NULL)
		*err = f->err;
	return f->code;
}

/* Has the batch put, by another thread where there can be one. */
static int
give(struct fill *f, struct crm_err *err)
{
	struct batch *b = f->batch;
	int r = crm_buf_check(&b->bytes, err), before;

	if (r == CRM_OK && f->table == CRM_TAB_SALES)
		r = crm_ledger_batch_make(
		    &b->ledger, crm_buf_str(&b->bytes), err);
	before = wait(f, r == CRM_OK ? err : NULL);
	if (r == CRM_OK)
		r = before;
	if (r < 0)
		return r;
	f->given = b;
	f->batch = b == &f->batches[0] ? &f->batches[1] : &f->batches[0];
	crm_buf_clear(&f->batch->bytes);
	f->runs = crm_os_processors() > 1 &&
		  pthread_create(&f->thread, NULL, put_batch, f) == 0;
	if (f->runs)
		return CRM_OK;
	put_batch(f);
	return wait(f, err);
}

static int
gather(struct fill *f, struct crm_keysort *from, struct crm_err *err)
{
	struct crm_str key, value;
	int r;

	while ((r = crm_keysort_next(from, &key, &value, err)) == CRM_OK) {
		struct crm_buf *b = &f->batch->bytes;

		if (f->table == CRM_TAB_SALES)
			crm_buf_putstr(b, value);
		else if (!crm_str_eq(key, crm_buf_str(&f->last))) {
			/* a record may have one identity twice */
			crm_buf_clear(&f->last);
			crm_buf_putstr(&f->last, key);
			crm_buf_putvar(b, key.n);
			crm_buf_putstr(b, key);
			crm_buf_putvar(b, value.n);
			crm_buf_putstr(b, value);
		}
		if (b->n >= BATCH_BYTES && (r = give(f, err)) < 0)
			return r;
	}
	if (r == CRM_NOTFOUND)
		r = f->batch->bytes.n > 0 ? give(f, err) : CRM_OK;
	return r == CRM_OK ? crm_buf_check(&f->last, err) : r;
}

int
crm_upkeep_fill(struct crm_store *s, unsigned table, struct crm_keysort *from,
    struct crm_err *err)
{
	struct fill f = {.store = s, .table = table};
	int r, put;

	f.batch = &f.batches[0];
	r = crm_keysort_finish(from, err);
	if (r == CRM_OK)
		r = gather(&f, from, err);
	put = wait(&f, r == CRM_OK ? err : NULL);
	for (unsigned i = 0; i < 2; i++) {
		crm_buf_release(&f.batches[i].bytes);
		crm_ledger_batch_release(&f.batches[i].ledger);
	}
	crm_buf_release(&f.last);
	crm_buf_release(&f.value);
	return r == CRM_OK ? put : r;
}
