/*
 * compact.c - a new generation of the data in place of the current one.
 *
 * All is done under the writers' lock, so that nothing is written to a
 * generation that is being copied.  Before the link is renamed the new one is
 * on the disk, its folder's name included; after that nothing can fail but
 * the clearing away, which the next writer does again.  What takes many
 * transactions and must be seen whole - a rebuild, an apply, an upgrade - is
 * done to the new one in between.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <crm/columns.h>

#include "store/store_internal.h"

#define MARKS 100000 /* revisions that are logged in one transaction */

struct next {
	const char *folder; /* of the store */
	struct crm_lock *lock;
	char name[CRM_GEN_NAME], was[CRM_GEN_NAME]; /* "" when there is none */
	char gen[CRM_PATH_MAX];
};

/* Names the next generation, and makes its folder. */
static int
next_begin(struct next *n, struct crm_err *err)
{
	uint64_t number = n->was[0] ? crm_gen_number(n->was) : 0;
	int code = crm_gen_name(number + 1, n->name, err);

	if (code < 0)
		return code;
	crm_folder_path(n->gen, n->folder, n->name);
	crm_lock_litter(n->lock, true);
	/* What a run that was killed has left has the same name. */
	(void)crm_gen_clean(n->folder, n->was[0] ? n->was : NULL);
	return crm_folder_make(n->gen, err);
}

static void
next_drop(struct next *n)
{
	if (crm_gen_clean(n->folder, n->was[0] ? n->was : NULL))
		crm_lock_litter(n->lock, false);
}

/* The new one is whole and on the disk: from here on it is the store. */
static int
next_end(struct next *n, struct crm_err *err)
{
	char now[CRM_GEN_NAME];
	int code = crm_folder_sync(n->folder, err);

	if (code == CRM_OK)
		code = crm_gen_link(n->folder, n->name, err);
	if (code < 0) {
		/* Renamed, but perhaps not on the disk: both are kept, and
		 * the next writer sees which one it is. */
		if (crm_gen_read(n->folder, now, NULL) < 0 ||
		    memcmp(now, n->name, CRM_GEN_NAME) != 0)
			next_drop(n);
		return code;
	}
	if (crm_gen_clean(n->folder, n->name))
		crm_lock_litter(n->lock, false);
	return CRM_OK;
}

static uint64_t
data_size(const char *folder, const char *gen)
{
	char path[CRM_PATH_MAX], data[CRM_PATH_MAX];
	struct stat st;

	crm_folder_path(path, folder, gen);
	crm_folder_path(data, path, "data.mdb");
	return stat(data, &st) == 0 ? (uint64_t)st.st_size : 0;
}

/* fn on the generation that is to be next; what it has committed there is so
 * only when the link is renamed. */
static int
next_work(const struct next *n, struct crm_store *s, crm_renew_fn *fn,
    void *ctx, struct crm_err *err)
{
	uint64_t committed = s->committed;
	int code = crm_env_enter(s, n->name, err);

	if (code < 0)
		return code;
	code = fn(s, ctx, err);
	crm_env_leave(s);
	if (code < 0)
		s->committed = committed;
	return code;
}

/* The lock is held, and the store is open on the current generation. */
static int
renew(struct crm_store *s, const struct crm_renew_options *opt,
    struct crm_compacted *out, struct crm_err *err)
{
	struct next n = {.folder = s->path, .lock = &s->lock};
	uint64_t committed = s->committed;
	char now[CRM_GEN_NAME];
	int code;

	memcpy(n.was, crm_env_gen(s), CRM_GEN_NAME);
	out->before = data_size(s->path, n.was);
	code = next_begin(&n, err);
	if (code == CRM_OK)
		code = crm_env_rewrite(s, n.gen, opt->without, opt->watch,
		    opt->ctx, &out->entries, err);
	if (code == CRM_OK && opt->fn)
		code = next_work(&n, s, opt->fn, opt->fn_ctx, err);
	if (code < 0) {
		next_drop(&n);
		return code;
	}
	out->after = data_size(s->path, n.name);
	out->generation = crm_gen_number(n.name);
	code = next_end(&n, err);
	/* Renamed, but perhaps not on the disk: it is what others see. */
	if (code < 0 && (crm_gen_read(s->path, now, NULL) < 0 ||
			    memcmp(now, n.name, CRM_GEN_NAME) != 0))
		s->committed = committed;
	return code < 0 ? code : crm_env_reopen(s, err);
}

int
crm_store_renew(struct crm_store *s, const struct crm_renew_options *opt,
    struct crm_compacted *out, struct crm_err *err)
{
	bool held = s->held;
	int code;

	*out = (struct crm_compacted){0};
	if (s->txns || s->apart)
		return crm_err_set(err, CRM_EBUG,
		    "a new generation of '%s' within %s", s->path,
		    s->txns ? "a transaction" : "another");
	code = crm_store_lock(s, err);
	if (code < 0)
		return code;
	code = renew(s, opt, out, err);
	if (!held)
		crm_store_unlock(s);
	return code;
}

static int
fill_columns(struct crm_store *s, void *ctx, struct crm_err *err)
{
	(void)ctx;
	return crm_columns_fill(s, err);
}

int
crm_store_compact(struct crm_store *s, crm_count_fn *watch, void *ctx,
    struct crm_compacted *out, struct crm_err *err)
{
	const struct crm_renew_options opt = {
	    .fn = fill_columns, .watch = watch, .ctx = ctx};
	int code = crm_store_renew(s, &opt, out, err);

	return code < 0 ? code : crm_erased_done(s->path, err);
}

/* ---- replacing ---- */

struct replace {
	const struct crm_replace_options *opt;
	char path[CRM_STORE_PATH_MAX];
	struct crm_lock lock;
	struct next next;
	int64_t time; /* of the last revision of the copy */
	uint64_t first, last; /* revisions to be logged now */
	uint64_t from, upto;
	struct crm_buf bytes;
};

/* The folder, made when it is not there; a folder of other things is refused.
 * *there: there is a store. */
static int
replace_folder(struct replace *r, bool *there, struct crm_err *err)
{
	char data[CRM_PATH_MAX];
	struct stat st;
	bool readonly;
	int code = CRM_OK;

	crm_folder_path(data, r->path, "data");
	*there = lstat(data, &st) == 0;
	if (*there)
		return crm_folder_check(r->path, &readonly, err);
	if (stat(r->path, &st) < 0 && errno == ENOENT) {
		code = crm_folder_make(r->path, err);
		if (code == CRM_OK)
			code = crm_folder_sync_parent(r->path, err);
	}
	if (code == CRM_OK)
		code = crm_folder_check(r->path, &readonly, err);
	return code < 0 ? code : crm_folder_vacant(r->path, err);
}

static int
replace_itself(
    struct replace *r, const struct crm_store *from, struct crm_err *err)
{
	struct stat a, b;

	if (stat(r->path, &a) == 0 && stat(from->path, &b) == 0 &&
	    a.st_dev == b.st_dev && a.st_ino == b.st_ino)
		return crm_err_set(err, CRM_EUSAGE,
		    "'%s' is the store itself, wanted a backup of it",
		    from->path);
	return CRM_OK;
}

/* What is there now: the same store?  How far had it come? */
static int
replace_old(struct replace *r, struct crm_store *from, struct crm_replaced *out,
    struct crm_err *err)
{
	struct crm_store_options so = {.path = r->path};
	struct crm_store_info copy, old;
	struct crm_store *s = NULL;
	int code = crm_store_stat(from, &copy, err);

	if (code < 0)
		return code;
	r->from = out->from = copy.revision;
	if (r->opt->force)
		return CRM_OK;
	code = crm_store_open(&s, &so, err);
	if (code == CRM_OK)
		code = crm_store_stat(s, &old, err);
	crm_store_close(s);
	if (code == CRM_EDAMAGE)
		return CRM_OK; /* it is to be replaced for just that */
	if (code < 0)
		return code;
	out->was = old.revision;
	if (memcmp(old.uuid, copy.uuid, sizeof(old.uuid)) == 0)
		return CRM_OK;
	crm_err_set(err, CRM_EDATA, "'%s' is a copy of another store than '%s'",
	    from->path, r->path);
	crm_err_hint(err, "--force takes it all the same");
	return CRM_EDATA;
}

static int
last_time(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	struct replace *r = ctx;
	struct crm_log_head head;
	char key[17];
	struct crm_str k = {key, sizeof(key)}, v;
	int code;

	crm_log_key(r->from, 0, 0, key);
	code = crm_get(t, CRM_TAB_LOG, k, &v, err);
	if (code == CRM_OK)
		code = crm_unseal(CRM_TAB_LOG, k, &v, err);
	if (code == CRM_OK)
		code = crm_log_decode(v, &head, err);
	if (code == CRM_NOTFOUND)
		return crm_err_set(err, CRM_EDAMAGE,
		    "revision %llu is not in the log",
		    (unsigned long long)r->from);
	if (code == CRM_OK)
		r->time = head.time;
	return code;
}

static int
log_some(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	struct replace *r = ctx;
	const struct crm_origin *by = &r->opt->by;
	struct crm_log_head head = {.change = r->from + 1,
	    .time = by->now > r->time ? by->now : r->time,
	    .actor = by->actor,
	    .program = by->program,
	    .why = by->why};
	char key[17];
	struct crm_str k = {key, sizeof(key)};
	int code = CRM_OK;

	for (uint64_t i = r->first; i <= r->last && code == CRM_OK; i++) {
		head.revision = i;
		head.part = i - head.change;
		head.last = i == r->upto;
		crm_log_key(i, 0, 0, key);
		crm_buf_clear(&r->bytes);
		crm_log_encode(&head, &r->bytes);
		crm_seal(CRM_TAB_LOG, k, &r->bytes);
		code = crm_buf_check(&r->bytes, err);
		if (code == CRM_OK)
			code = crm_put(t, CRM_TAB_LOG, k,
			    crm_buf_str(&r->bytes), CRM_PUT_APPEND, err);
	}
	return code;
}

static int
replace_make(struct replace *r, struct crm_store *from,
    struct crm_replaced *out, struct crm_err *err)
{
	const struct crm_replace_options *opt = r->opt;
	char yaml[CRM_PATH_MAX];
	int code = crm_txn_run(from, CRM_READ, last_time, r, err);

	r->upto = r->from > out->was ? r->from : out->was;
	if (opt->past > r->upto)
		r->upto = opt->past;
	r->upto++;
	if (code == CRM_OK)
		code = crm_env_rewrite(from, r->next.gen, 0, opt->watch,
		    opt->ctx, &out->entries, err);
	for (r->first = r->from + 1; code == CRM_OK && r->first <= r->upto;
	     r->first = r->last + 1) {
		r->last =
		    r->upto - r->first < MARKS ? r->upto : r->first + MARKS;
		code = crm_env_make(r->next.gen, log_some, r, err);
	}
	crm_folder_path(yaml, r->path, "crm.yaml");
	if (code == CRM_OK && access(yaml, F_OK) < 0 && errno == ENOENT)
		code = crm_env_copy_yaml(from, r->path, err);
	if (code == CRM_OK)
		code = crm_erased_unite(r->path, from->path, err);
	return code;
}

/*
 * What is to be done before anybody sees the copy, and then a generation after
 * that one, without what was deleted.
 */
static int
replace_work(struct replace *r, struct crm_replaced *out, struct crm_err *err)
{
	const struct crm_replace_options *opt = r->opt;
	struct crm_store *s = calloc(1, sizeof(*s) + strlen(r->path) + 1);
	char made[CRM_GEN_NAME];
	int code;

	if (!s)
		return crm_err_nomem(err);
	memcpy(s->path, r->path, strlen(r->path));
	s->lock = r->lock;
	s->write = s->held = true;
	s->format = CRM_FORMAT;
	code = next_work(&r->next, s, opt->fn, opt->fn_ctx, err);
	if (code == CRM_OK)
		code = crm_env_enter(s, r->next.name, err);
	else
		goto out;
	if (code < 0)
		goto out;
	r->upto = s->committed;
	memcpy(made, r->next.name, CRM_GEN_NAME);
	code = crm_gen_name(crm_gen_number(made) + 1, r->next.name, err);
	crm_folder_path(r->next.gen, r->path, r->next.name);
	if (code == CRM_OK)
		code = crm_folder_make(r->next.gen, err);
	if (code == CRM_OK)
		code = crm_env_rewrite(s, r->next.gen, 0, opt->watch, opt->ctx,
		    &out->entries, err);
	crm_env_leave(s);
out:
	crm_meta_release(s);
	free(s); /* the lock is r's */
	return code == CRM_NO ? CRM_OK : code;
}

static int
replace(struct replace *r, struct crm_store *from, struct crm_replaced *out,
    struct crm_err *err)
{
	bool there;
	int code = replace_itself(r, from, err);

	if (code == CRM_OK)
		code = replace_folder(r, &there, err);
	if (code == CRM_OK)
		code = crm_lock_take(&r->lock, r->path, r->opt->wait_ms, err);
	if (code == CRM_OK && there)
		code = crm_gen_read(r->path, r->next.was, err);
	else if (code == CRM_OK) /* again: another may have made one */
		code = crm_folder_vacant(r->path, err);
	if (code == CRM_OK && there)
		code = replace_old(r, from, out, err);
	if (code == CRM_OK && !there) {
		struct crm_store_info copy;

		code = crm_store_stat(from, &copy, err);
		r->from = out->from = copy.revision;
	}
	if (code == CRM_OK)
		code = next_begin(&r->next, err);
	if (code < 0)
		return code;
	code = replace_make(r, from, out, err);
	if (code == CRM_OK && r->opt->fn)
		code = replace_work(r, out, err);
	if (code < 0) {
		next_drop(&r->next);
		return code;
	}
	out->revision = r->upto;
	out->generation = crm_gen_number(r->next.name);
	code = next_end(&r->next, err);
	return code < 0 || !r->opt->fn ? code : crm_erased_done(r->path, err);
}

int
crm_store_replace(const struct crm_replace_options *opt, struct crm_store *from,
    struct crm_replaced *out, struct crm_err *err)
{
	struct replace r = {.opt = opt, .lock = {.fd = -1}};
	int code = crm_folder_name(r.path, opt->path, err);

	*out = (struct crm_replaced){0};
	r.next.folder = r.path;
	r.next.lock = &r.lock;
	if (code == CRM_OK)
		code = replace(&r, from, out, err);
	crm_lock_close(&r.lock);
	crm_buf_release(&r.bytes);
	return code;
}
