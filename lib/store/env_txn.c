/*
 * env_txn.c - transactions: beginning, ending, running again.
 *
 * A writer takes our own lock first, looks whether its generation of the data
 * is still the current one, and only then begins: whoever replaces a
 * generation holds the same lock.
 */
#include <errno.h>
#include <stdlib.h>

#include "store/env_internal.h"

#define RERUNS 64

static int
txn_mdb_begin(
    struct crm_store *s, bool write, MDB_txn **out, struct crm_err *err)
{
	int rc = 0;
	int code = CRM_OK;

	if (!write && s->env->idle) {
		*out = s->env->idle;
		s->env->idle = NULL;
		if (mdb_txn_renew(*out) == 0)
			return CRM_OK;
		mdb_txn_abort(*out);
	}
	for (int i = 0; i < 4; i++) {
		rc = mdb_txn_begin(
		    s->env->mdb, NULL, write ? 0 : MDB_RDONLY, out);
		if (rc == MDB_MAP_RESIZED)
			code = crm_env_grow(s, false, err);
		else if (rc == MDB_READERS_FULL && i == 0)
			mdb_reader_check(s->env->mdb, NULL);
		else if (rc == EINVAL && i == 0 && s->env->limit > 0)
			code = crm_env_reopen(s, err);
		else
			break;
		if (code < 0)
			return code;
	}
	return rc ? crm_env_fail(s, rc, "cannot begin on", err) : CRM_OK;
}

static void
txn_free(struct crm_txn *t)
{
	if (t) {
		crm_arena_release(&t->values);
		free(t->w);
		free(t->seen.many);
	}
	free(t);
}

int
crm_env_begin(
    struct crm_store *s, bool write, struct crm_txn **out, struct crm_err *err)
{
	struct crm_txn *t;
	int code = crm_store_whole(s, err);

	*out = NULL;
	if (code < 0)
		return code;
	t = calloc(1, sizeof(*t));
	if (t && write)
		t->w = calloc(1, sizeof(*t->w));
	if (!t || (write && !t->w)) {
		txn_free(t);
		return crm_err_nomem(err);
	}
	code = txn_mdb_begin(s, write, &t->mdb, err);
	if (code < 0) {
		txn_free(t);
		return code;
	}
	t->store = s;
	t->env = s->env;
	t->env->ntxn++;
	t->limit = t->env->limit;
	t->write = write;
	t->over = write ? NULL : s->over;
	t->next = s->txns;
	s->txns = t;
	*out = t;
	return CRM_OK;
}

/* Handles opened by the transaction are everybody's now, or gone. */
static void
txn_settle(struct crm_txn *t, bool kept)
{
	struct crm_env *env = t->env;

	for (unsigned i = 0; i < CRM_TABS; i++)
		if ((t->opened[i / 64] >> (i % 64) & 1) && !kept)
			env->dbi[i] = 0;
	if (kept && t->limit > env->limit)
		env->limit = t->limit;
	if (env->opener == t)
		env->opener = NULL;
}

int
crm_env_end(struct crm_txn *t, bool commit, struct crm_err *err)
{
	struct crm_store *s = t->store;
	struct crm_txn **p = &s->txns;
	int rc = 0;
	int code = CRM_OK;

	while (t->cursors)
		crm_cursor_close(t->cursors);
	crm_few_forget(t);
	if (t->env->few) {
		/* LMDB knows nothing of it */
	} else if (!t->write && !t->env->idle &&
		   !(t->opened[0] | t->opened[1])) {
		mdb_txn_reset(t->mdb);
		t->env->idle = t->mdb;
	} else if (commit) {
		rc = mdb_txn_commit(t->mdb);
	} else {
		mdb_txn_abort(t->mdb);
	}
	txn_settle(t, commit && rc == 0);
	while (*p && *p != t)
		p = &(*p)->next;
	if (*p)
		*p = t->next;
	t->env->ntxn--;
	t->mdb = NULL;
	if (rc == MDB_MAP_FULL)
		t->full = true;
	else if (rc)
		code = crm_env_fail(s, rc, "cannot write to", err);
	if (!t->write)
		txn_free(t);
	return code;
}

/*
 * A reader that is between transactions goes over to the current generation.
 * Where the link cannot be read it goes on with what it has; who holds the
 * writers' lock has looked.
 */
static int
read_begin(struct crm_store *s, struct crm_txn **out, struct crm_err *err)
{
	char now[CRM_GEN_NAME];
	int code;

	if (crm_few_begin(s, out) == CRM_OK)
		return CRM_OK;
	if (!s->lock.held && !s->txns && s->env->mdb &&
	    crm_gen_read(s->path, now, NULL) == CRM_OK &&
	    memcmp(now, s->env->gen, CRM_GEN_NAME) != 0 &&
	    (code = crm_env_reopen(s, err)) < 0) {
		*out = NULL;
		return code;
	}
	return crm_env_begin(s, false, out, err);
}

int
crm_txn_begin(struct crm_store *s, struct crm_txn **out, struct crm_err *err)
{
	return read_begin(s, out, err);
}

void
crm_txn_end(struct crm_txn *t)
{
	/* Committed, so that tables it opened stay open.  The transactions of
	 * crm_txn_run are ended by it. */
	if (t && !t->write)
		crm_env_end(t, true, NULL);
}

/*
 * Where the map has grown, or a table is not open for everybody, a second
 * transaction is not to be had beside the first.
 */
int
crm_txn_twin(struct crm_txn *t, struct crm_txn **out, struct crm_err *err)
{
	struct crm_txn *twin;
	int code;

	*out = NULL;
	if (t->write || t->over || t->opened[0] || t->opened[1] || !t->mdb ||
	    t->env != t->store->env)
		return CRM_NO;
	code = crm_env_begin(t->store, false, &twin, err);
	if (code < 0)
		return code == CRM_ENOMEM ? code : CRM_NO;
	if (twin->env != t->env ||
	    mdb_txn_id(twin->mdb) != mdb_txn_id(t->mdb)) {
		crm_txn_end(twin);
		return CRM_NO;
	}
	*out = twin;
	return CRM_OK;
}

struct crm_store *
crm_txn_store(struct crm_txn *t)
{
	return t->store;
}

void
crm_txn_state(const struct crm_txn *t, uint64_t out[2])
{
	out[0] = crm_gen_number(t->env->gen);
	out[1] = mdb_txn_id(t->mdb);
}

bool
crm_txn_plain(const struct crm_txn *t)
{
	return !t->write && !t->over && !t->lifted;
}

/* ---- revisions and numbers ---- */

static int
last_number(
    struct crm_txn *t, unsigned table, uint64_t *out, struct crm_err *err)
{
	struct crm_cursor *c;
	struct crm_str k, v;
	int code = crm_cursor_open(t, table, &c, err);

	*out = 0;
	if (code < 0)
		return code;
	code = crm_cursor_last(c, &k, &v, err);
	if (code == CRM_OK && !crm_take_be(&k, 8, out))
		code = crm_err_set(err, CRM_EDAMAGE,
		    "the store '%s' is damaged: a key without a number",
		    t->store->path);
	crm_cursor_close(c);
	return code == CRM_NOTFOUND ? CRM_OK : code;
}

static int
txn_find_revision(struct crm_txn *t, struct crm_err *err)
{
	uint64_t last;
	int code = last_number(t, CRM_TAB_LOG, &last, err);

	if (code == CRM_OK)
		t->revision = last + t->write;
	return code;
}

uint64_t
crm_txn_revision(struct crm_txn *t)
{
	if (t->revision == 0)
		txn_find_revision(t, NULL);
	return t->revision;
}

void
crm_txn_advance(struct crm_txn *t)
{
	t->revision++;
}

int
crm_txn_last(struct crm_txn *t, uint64_t *out, struct crm_err *err)
{
	int code = t->revision == 0 ? txn_find_revision(t, err) : CRM_OK;

	*out = t->revision;
	return code;
}

int
crm_txn_next(
    struct crm_txn *t, unsigned kind, uint64_t *out, struct crm_err *err)
{
	uint64_t last = 0;
	int code;

	if (kind == 0 || kind >= CRM_K_MAX)
		return crm_err_set(err, CRM_EBUG, "there is no kind %u", kind);
	if (!t->write) {
		/* who holds the writers' lock may ask ahead: nobody else can
		 * give the number meanwhile */
		code = last_number(t, CRM_TAB_KIND + kind, &last, err);
		*out = last + 1;
		return code;
	}
	if (t->w->given[kind] == 0) {
		code = last_number(t, CRM_TAB_KIND + kind, &last, err);
		if (code < 0)
			return code;
		/* Numbers that were put meanwhile are higher, or there. */
		t->w->given[kind] = last;
	}
	if (t->w->given[kind] >= INT64_MAX)
		return crm_err_set(err, CRM_EDAMAGE,
		    "the numbers of kind %u are used up", kind);
	*out = ++t->w->given[kind];
	return CRM_OK;
}

/* ---- running ---- */

/* The lock is held: does `data` still name what is open? */
static int
run_current(struct crm_store *s, struct crm_err *err)
{
	char now[CRM_GEN_NAME];
	int code = crm_gen_read(s->path, now, err);

	if (code == CRM_OK && memcmp(now, s->env->gen, CRM_GEN_NAME) != 0)
		code = crm_env_reopen(s, err);
	return code;
}

static int
run_commit(struct crm_txn *t, struct crm_err *err)
{
	struct crm_env *env = t->env;
	int code;

	/* An unchanged transaction writes nothing. */
	if (crm_txn_dirty(t) == 0 && !(t->opened[0] | t->opened[1]))
		return crm_env_end(t, true, err);
	code = crm_env_end(t, true, err);
	crm_env_fill(env);
	return code;
}

/* Once; *again when the map was full. */
static int
run_write(struct crm_store *s, crm_txn_fn *fn, void *ctx, bool *again,
    struct crm_err *err)
{
	struct crm_txn *t;
	int code = crm_env_begin(s, true, &t, err);
	int done;

	*again = false;
	if (code < 0)
		return code;
	code = txn_find_revision(t, err);
	if (code == CRM_OK)
		code = fn(t, ctx, err);
	if ((code == CRM_OK || code == CRM_NO) && t->w->puts[CRM_TAB_META] &&
	    !t->full && (done = crm_meta_sum(t, err)) < 0)
		code = done;
	if ((code == CRM_OK || code == CRM_NO) && t->failed && !t->full)
		code = crm_err_set(err, CRM_EBUG,
		    "a write to '%s' failed and was passed over", s->path);
	if ((code == CRM_OK || code == CRM_NO) && !t->full) {
		done = run_commit(t, err);
		if (done < 0)
			code = done;
		else if (t->w->logged && !t->full)
			s->committed = t->revision;
	} else {
		crm_env_end(t, false, NULL);
	}
	*again = t->full;
	txn_free(t);
	return code;
}

static int
run_locked(struct crm_store *s, crm_txn_fn *fn, void *ctx, struct crm_err *err)
{
	bool again;
	int code;

	for (int i = 0; i < RERUNS; i++) {
		code = run_write(s, fn, ctx, &again, err);
		if (!again)
			return code;
		code = crm_env_grow(s, true, err);
		if (code < 0)
			return code;
	}
	return crm_env_fail(s, MDB_MAP_FULL, "", err);
}

static int
run_read(struct crm_store *s, crm_txn_fn *fn, void *ctx, struct crm_err *err)
{
	struct crm_txn *t;
	int code = read_begin(s, &t, err);

	if (code < 0)
		return code;
	code = fn(t, ctx, err);
	crm_txn_end(t);
	return code;
}

static int
run_lock(struct crm_store *s, struct crm_err *err)
{
	int code;

	if (!s->write)
		return crm_err_set(
		    err, CRM_EBUG, "'%s' was opened for reading only", s->path);
	if (s->lock.held)
		return CRM_OK;
	code = crm_lock_take(&s->lock, s->path, s->wait_ms, err);
	if (code == CRM_OK && (code = run_current(s, err)) < 0)
		crm_lock_drop(&s->lock);
	if (code == CRM_OK && crm_lock_littered(&s->lock) &&
	    crm_gen_clean(s->path, s->env->gen))
		crm_lock_litter(&s->lock, false);
	return code;
}

int
crm_txn_run(struct crm_store *s, enum crm_mode mode, crm_txn_fn *fn, void *ctx,
    struct crm_err *err)
{
	int code;

	if (mode == CRM_READ)
		return run_read(s, fn, ctx, err);
	for (const struct crm_txn *t = s->txns; t; t = t->next)
		if (t->write)
			return crm_err_set(err, CRM_EBUG,
			    "a write within a write to '%s'", s->path);
	code = run_lock(s, err);
	if (code < 0)
		return code;
	code = run_locked(s, fn, ctx, err);
	if (!s->held)
		crm_lock_drop(&s->lock);
	return code;
}

uint64_t
crm_store_committed(const struct crm_store *s)
{
	return s->committed;
}

/*
 * A writer that was killed after its last write, but before it had told the
 * readers, leaves them the state before: what is read now, under the lock,
 * would not be what is written to.  LMDB mends that when a write begins.
 */
static int
settle(struct crm_store *s, struct crm_err *err)
{
	struct crm_txn *t;
	int code = crm_env_begin(s, true, &t, err);

	if (code < 0)
		return code;
	code = crm_env_end(t, false, err);
	txn_free(t);
	return code;
}

int
crm_store_lock(struct crm_store *s, struct crm_err *err)
{
	bool held = s->lock.held;
	int code = run_lock(s, err);

	if (code == CRM_OK && !held && (code = settle(s, err)) < 0)
		crm_lock_drop(&s->lock);
	if (code == CRM_OK)
		s->held = true;
	return code;
}

void
crm_store_unlock(struct crm_store *s)
{
	s->held = false;
	crm_lock_drop(&s->lock);
}
