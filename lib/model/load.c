/*
 * load.c - a store from one text.
 *
 * The store is made under a temporary name beside its place, and renamed when
 * everything is in it: a bad archive leaves nothing behind.
 *
 * A dump carries the state of a store, kept fields and revisions included.
 * What is checked at once are the text, the names and the forms of values, so
 * that a fault has its line; what records say about each other is left to
 * `check`, which has to know it anyway.
 *
 * Any other archive carries new records, which go through a change like those
 * of `add` and are held against each other there: all that follows from them
 * is made by the change, so `check` would find nothing.  But for events, which
 * no command adds by themselves: whether what they are about agrees with them
 * is asked of `check`.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <crm/columns.h>
#include <crm/config.h>
#include <crm/os.h>
#include <crm/person.h>

#include "archive.h"
#include "change.h"
#include "keysort.h"
#include "store/store_internal.h"

#define BATCH_BYTES ((size_t)8 << 20)
#define SORT_BYTES ((size_t)16 << 20) /* of entries, in memory */

int
crm_load_place(struct crm_load *l, int code, struct crm_err *err)
{
	crm_err_place(err, crm_stream_file(l->in), crm_stream_line(l->in));
	return code;
}

int
crm_load_section_bad(
    struct crm_load *l, struct crm_err *err, const char *fmt, ...)
{
	char text[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	crm_err_set(err, CRM_EDATA, "%s", text);
	return crm_load_place(l, CRM_EDATA, err);
}

int
crm_load_bad(
    struct crm_load *l, size_t column, struct crm_err *err, const char *wanted)
{
	struct crm_str v = crm_stream_field(l->in, column);
	struct crm_str name = crm_stream_name(l->in, column);

	crm_err_set(err, CRM_EDATA, "'%.*s' is not %s",
	    (int)(v.n < 80 ? v.n : 80), v.p, wanted);
	crm_err_field(err, name.p, name.n);
	return crm_load_place(l, CRM_EDATA, err);
}

bool
crm_load_u64(struct crm_load *l, size_t column, uint64_t *out)
{
	struct crm_str v = crm_stream_field(l->in, column);
	int64_t i;

	if (crm_int_parse(v, &i) < 0 || i < 0 || v.p[0] == '+')
		return false;
	*out = (uint64_t)i;
	return true;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool
crm_load_hex(struct crm_load *l, size_t column, struct crm_buf *out)
{
	struct crm_str v = crm_stream_field(l->in, column);

	if (v.n % 2 != 0)
		return false;
	for (size_t i = 0; i < v.n; i += 2) {
		int hi = hex_digit(v.p[i]), lo = hex_digit(v.p[i + 1]);

		if (hi < 0 || lo < 0)
			return false;
		crm_buf_putc(out, (char)(hi * 16 + lo));
	}
	return true;
}

int
crm_load_columns(
    struct crm_load *l, const char *const *name, size_t n, struct crm_err *err)
{
	bool same = crm_stream_columns(l->in) == n;

	for (size_t i = 0; i < n && same; i++)
		same = crm_str_is(crm_stream_name(l->in, i), name[i]);
	if (same)
		return CRM_OK;
	return crm_load_section_bad(l, err,
	    "the columns of this section are not those of its version "
	    "(wanted %zu, '%s' to '%s')",
	    n, name[0], name[n - 1]);
}

/* ---- writing ---- */

int
crm_load_put(struct crm_load *l, unsigned table, struct crm_str key,
    struct crm_str value, struct crm_err *err)
{
	uint32_t head[3];
	int r;

	crm_buf_clear(&l->value);
	crm_buf_putstr(&l->value, value);
	crm_seal(table, key, &l->value);
	r = crm_buf_check(&l->value, err);
	if (r < 0)
		return r;
	head[0] = table;
	head[1] = (uint32_t)key.n;
	head[2] = (uint32_t)l->value.n;
	crm_buf_put(&l->batch, head, sizeof head);
	crm_buf_putstr(&l->batch, key);
	crm_buf_put(&l->batch, l->value.p, l->value.n);
	r = crm_buf_check(&l->batch, err);
	if (r == CRM_OK && l->batch.n >= BATCH_BYTES)
		r = crm_load_write(l, err);
	return r;
}

static int
write_batch(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	struct crm_load *l = ctx;
	const char *p = l->batch.p;
	const char *end = p + l->batch.n;
	uint32_t head[3];
	int r = CRM_OK;

	while (p < end && r == CRM_OK) {
		struct crm_str key, value;

		memcpy(head, p, sizeof head);
		p += sizeof head;
		key = (struct crm_str){p, head[1]};
		value = (struct crm_str){p + head[1], head[2]};
		p += head[1] + head[2];
		r = crm_put(t, head[0], key, value,
		    head[0] >= CRM_TAB_KIND ? CRM_PUT_APPEND : 0, err);
	}
	return r;
}

int
crm_load_write(struct crm_load *l, struct crm_err *err)
{
	int r;

	if (l->batch.n == 0)
		return CRM_OK;
	r = crm_txn_run(l->store, CRM_WRITE, write_batch, l, err);
	crm_buf_clear(&l->batch);
	return r;
}

static int
put_be(struct crm_txn *t, const char *name, uint64_t v, struct crm_err *err)
{
	char bytes[8];

	return crm_put(t, CRM_TAB_META, crm_meta_key(name),
	    crm_number_key(v, bytes), 0, err);
}

/* What a new store says of itself gives way to what the old one was; its log
 * begins empty. */
static int
write_meta(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	struct crm_load *l = ctx;
	char lk[17];
	int r;

	r = crm_put(t, CRM_TAB_META, crm_meta_key("uuid"),
	    (struct crm_str){(const char *)l->uuid, sizeof l->uuid}, 0, err);
	if (r == CRM_OK)
		r = put_be(t, "created", (uint64_t)l->created, err);
	if (r == CRM_OK && l->log_from > 0)
		r = put_be(t, CRM_META_LOG_FROM, l->log_from, err);
	crm_log_key(1, 0, 0, lk);
	if (r == CRM_OK)
		r = crm_del(
		    t, CRM_TAB_LOG, (struct crm_str){lk, sizeof lk}, err);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

static int
write_log_from(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	struct crm_load *l = ctx;

	return put_be(t, CRM_META_LOG_FROM, l->log_from, err);
}

/* ---- the store ---- */

/* Nobody sees the store yet, so that new records can be written from the
 * beginning, and entries wait until all are there: put in their order they
 * fill their pages. */
static int
write_along(struct crm_load *l, struct crm_err *err)
{
	struct crm_keysort sort = {.dir = l->temp, .memory = SORT_BYTES};

	l->aside = (struct crm_aside){sort, sort, sort};
	l->change->aside = &l->aside;
	return crm_change_along(l->change, err);
}

/* Settings are known: makes the store, under its temporary name. */
static int
start(struct crm_load *l, struct crm_err *err)
{
	struct crm_change_options opt = {.by = l->opt->by, .now = l->opt->now};
	struct crm_store_options open = {.write = true, .scan = true};
	const struct crm_settings *set =
	    l->full ? &l->settings : l->opt->settings;
	int r;

	if (l->full && set->currency.n == 0)
		return crm_load_section_bad(l, err,
		    "the archive has no section 'settings' before this");
	r = crm_folder_temp(l->opt->path, l->temp, err);
	if (r < 0)
		return r;
	l->started = true;
	r = crm_store_create(l->temp, set, &l->opt->by, err);
	open.path = l->temp;
	if (r == CRM_OK)
		r = crm_store_open(&l->store, &open, err);
	if (r == CRM_OK)
		r = crm_store_lock(l->store, err);
	if (r == CRM_OK)
		r = crm_store_schema(l->store, &l->schema, err);
	if (r == CRM_OK && l->full)
		r = crm_txn_run(l->store, CRM_WRITE, write_meta, l, err);
	if (r == CRM_OK && !l->full)
		r = crm_change_open(&l->change, l->store, &opt, NULL, err);
	return r == CRM_OK && !l->full ? write_along(l, err) : r;
}

struct handler {
	const char *name;
	int (*fn)(struct crm_load *l, struct crm_err *err);
};

static const struct handler before[] = {
    {"store", crm_load_store},
    {"settings", crm_load_settings},
    {"field", crm_load_fields},
    {"segment", crm_load_segments},
};
static const struct handler after[] = {
    {"given", crm_load_given},
    {"gone", crm_load_gone},
    {"source", crm_load_sources},
    {"erased", crm_load_erased},
    {"log", crm_load_heads},
    {"entry", crm_load_entries},
};

static const struct handler *
find_handler(const struct handler *h, size_t n, struct crm_str name)
{
	for (size_t i = 0; i < n; i++)
		if (crm_str_is(name, h[i].name))
			return &h[i];
	return NULL;
}

static int
one_section(struct crm_load *l, struct crm_str name, struct crm_err *err)
{
	const struct handler *h = NULL;
	const struct crm_kind *k;
	int part, r = CRM_OK;

	if (l->full)
		h = find_handler(before, sizeof before / sizeof *before, name);
	if (h != NULL && l->started)
		return crm_load_section_bad(l, err,
		    "the section '%s' is not before those of records", h->name);
	if (h != NULL)
		return h->fn(l, err);
	if (!l->started)
		r = start(l, err);
	if (r < 0)
		return r;
	k = crm_schema_kind(l->schema, name);
	if (k != NULL) {
		r = crm_load_flush(l, err);
		l->kind = k;
		l->events |= k->number == CRM_K_EVENT;
		return r < 0 ? r : crm_load_records(l, k, err);
	}
	part = l->kind ? crm_kind_part(l->kind, name) : -1;
	if (part >= 0)
		return crm_load_rows(l, part, err);
	h = find_handler(after, sizeof after / sizeof *after, name);
	if (h != NULL && l->full)
		return h->fn(l, err);
	/* crm-gen tells what it made up; nothing of it is for the store */
	if (!l->full && crm_str_starts(name, CRM_STR("truth_")))
		return CRM_OK;
	return crm_load_section_bad(l, err,
	    "the section '%.*s' is not known here",
	    (int)(name.n < 60 ? name.n : 60), name.p);
}

static int
all_sections(struct crm_load *l, struct crm_err *err)
{
	struct crm_str name;
	unsigned version;
	bool first = true;
	int r;

	while (
	    (r = crm_archive_section(l->in, &name, &version, err)) == CRM_OK) {
		if (version != CRM_ARCHIVE_VERSION)
			return crm_load_section_bad(l, err,
			    "the section '%.*s' has version %u, this program "
			    "knows %d",
			    (int)(name.n < 60 ? name.n : 60), name.p, version,
			    CRM_ARCHIVE_VERSION);
		if (first)
			l->full = crm_str_is(name, "store");
		if (first && !l->full && l->opt->settings == NULL) {
			crm_load_section_bad(
			    l, err, "the archive has no settings");
			crm_err_hint(err,
			    "it holds new records: say --currency, --timezone "
			    "and --country for their store");
			return CRM_EDATA;
		}
		first = false;
		r = one_section(l, name, err);
		if (r < 0)
			return r;
	}
	if (r == CRM_NOTFOUND && first)
		return crm_load_section_bad(
		    l, err, "there is nothing: wanted an archive");
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

/* ---- the end ---- */

static int
first_fault(
    void *ctx, struct crm_str where, struct crm_str what, struct crm_err *err)
{
	(void)ctx;
	return crm_err_set(err, CRM_EDATA, "%.*s: %.*s",
	    (int)(where.n < 200 ? where.n : 200), where.p,
	    (int)(what.n < 400 ? what.n : 400), what.p);
}

static int
write_yaml(struct crm_load *l, struct crm_err *err)
{
	char path[CRM_PATH_MAX];
	struct crm_buf b = {0};
	int fd, r;

	crm_settings_write(l->schema->settings, &b);
	r = crm_buf_check(&b, err);
	if (r == CRM_OK) {
		crm_folder_path(path, l->temp, "crm.yaml");
		fd = crm_folder_create(path, err);
		r = fd < 0 ? fd : crm_write_all(fd, b.p, b.n, path, err);
		if (r == CRM_OK && fsync(fd) < 0)
			r = crm_folder_fail(
			    l->temp, errno, "cannot write to", err);
		if (fd >= 0)
			close(fd);
	}
	crm_buf_release(&b);
	return r;
}

static int
commit_new(struct crm_load *l, struct crm_err *err)
{
	struct crm_aside *aside = &l->aside;
	int r = crm_change_commit(l->change, &l->result.revision, err);

	crm_change_release(l->change);
	l->change = NULL;
	if (r == CRM_OK)
		r = crm_store_lock(l->store, err);
	if (r == CRM_OK)
		r = crm_upkeep_fill(
		    l->store, CRM_TAB_IDENT, &aside->ident, err);
	if (r == CRM_OK)
		r = crm_upkeep_fill(
		    l->store, CRM_TAB_INDEX, &aside->index, err);
	if (r == CRM_OK)
		r = crm_upkeep_fill(
		    l->store, CRM_TAB_SALES, &aside->sales, err);
	return r == CRM_OK ? crm_columns_fill(l->store, err) : r;
}

/* What was new records is committed, what was a dump gets its log. */
static int
finish_records(struct crm_load *l, struct crm_err *err)
{
	struct crm_rebuild_result built;
	int r = crm_load_flush(l, err);

	if (r == CRM_OK)
		r = crm_load_wait(l, err);
	if (r < 0)
		return r;
	if (!l->full)
		return commit_new(l, err);
	if (!l->has_log) {
		r = crm_load_make_log(l, err);
		l->log_from = l->revision + 1;
		if (r == CRM_OK)
			r = crm_txn_run(
			    l->store, CRM_WRITE, write_log_from, l, err);
	} else if (l->head != l->revision)
		r = crm_err_set(err, CRM_EDATA,
		    "the log ends with revision %llu, the section 'store' says "
		    "%llu",
		    (unsigned long long)l->head,
		    (unsigned long long)l->revision);
	if (r == CRM_OK)
		r = crm_load_write(l, err);
	l->result.revision = l->revision;
	if (r == CRM_OK)
		r = crm_rebuild_tables(l->store, &l->opt->watch, &built, err);
	return r;
}

/* A dump that was made while somebody was erased may have both, them and the
 * list. */
static int
erase_listed(struct crm_load *l, struct crm_err *err)
{
	struct crm_erase_options opt = {
	    .by = l->opt->by, .watch = l->opt->watch};
	struct crm_erase_result erased;
	struct crm_compacted made;
	int r = crm_erase_listed(l->store, &opt, &erased, err);

	if (r < 0)
		return r;
	free(erased.person);
	if (erased.revision == 0)
		return CRM_OK;
	l->result.revision = erased.revision;
	return crm_store_compact(l->store, NULL, NULL, &made, err);
}

/* What was not held against the rest of the store when it was put. */
static int
check(struct crm_load *l, struct crm_err *err)
{
	struct crm_check_options opt = {
	    .fault = first_fault, .watch = l->opt->watch, .backup = true};
	struct crm_check_result found;

	if (!l->full && !l->events)
		return CRM_OK;
	return crm_store_check(l->store, &opt, &found, err);
}

static int
finish(struct crm_load *l, const char *path, struct crm_err *err)
{
	int r;

	if (!l->started)
		r = start(l, err);
	else
		r = CRM_OK;
	if (r == CRM_OK)
		r = finish_records(l, err);
	if (r == CRM_OK)
		r = check(l, err);
	if (r == CRM_OK)
		r = erase_listed(l, err);
	if (r < 0 && err != NULL && err->place[0] == '\0' && r == CRM_EDATA)
		crm_err_place(err, crm_stream_file(l->in), 0);
	if (r == CRM_OK)
		r = write_yaml(l, err);
	if (r == CRM_OK)
		r = crm_folder_sync(l->temp, err);
	if (r < 0)
		return r;
	/* Nobody else has it open, as nobody knows it yet. */
	crm_store_close_env(l->store);
	l->store = NULL;
	rmdir(path); /* an empty folder may be in the place */
	r = crm_folder_rename(l->temp, path, err);
	return r < 0 ? r : crm_folder_sync_parent(path, err);
}

static int
look_free(const char *path, struct crm_err *err)
{
	char data[CRM_PATH_MAX];
	struct stat st;

	crm_folder_path(data, path, "data");
	if (lstat(data, &st) == 0)
		return crm_err_set(
		    err, CRM_ECREATE, "there is a store at '%s' already", path);
	if (lstat(path, &st) == 0 && (!S_ISDIR(st.st_mode) || st.st_nlink > 2))
		return crm_err_set(err, CRM_ECREATE,
		    "'%s' is there already and is not an empty folder", path);
	return CRM_OK;
}

int
crm_store_load(const struct crm_load_options *opt, struct crm_stream *archive,
    struct crm_load_result *out, struct crm_err *err)
{
	char path[CRM_STORE_PATH_MAX];
	struct crm_load_options given = *opt;
	struct crm_load *l;
	int r = crm_folder_name(path, opt->path, err), early;

	if (r == CRM_OK)
		r = look_free(path, err);
	if (r < 0)
		return r;
	l = calloc(1, sizeof *l);
	if (l == NULL)
		return crm_err_nomem(err);
	given.path = path;
	l->opt = &given;
	l->in = archive;
	l->set = &l->sets[0];
	r = all_sections(l, err);
	/* What is wrong with the records before this comes first. */
	if (r < 0 && (early = crm_load_wait(l, err)) < 0)
		r = early;
	if (r == CRM_OK)
		r = finish(l, path, err);
	crm_load_end(l);
	if (r == CRM_OK && out != NULL)
		*out = l->result;
	crm_change_release(l->change);
	crm_keysort_release(&l->aside.ident);
	crm_keysort_release(&l->aside.index);
	crm_keysort_release(&l->aside.sales);
	crm_store_close_env(l->store);
	if (r < 0 && l->started)
		crm_folder_remove(l->temp);
	crm_buf_release(&l->batch);
	crm_buf_release(&l->value);
	for (int i = 0; i < 2; i++) {
		crm_arena_release(&l->sets[i].arena);
		free(l->sets[i].rec);
	}
	crm_arena_release(&l->keep);
	free(l->range);
	free(l->settings.custom);
	free(l->settings.segment);
	free(l);
	return r;
}
