/*
 * meta.c - the table of what a store is: format, settings, schema.
 *
 * Its values carry no checksums of their own, so that a program of any version
 * can read the format and say that it is too old.  One entry, `sum`, is the
 * checksum of all others and of the names of the tables; it is written with
 * whatever changes them, and looked at when a store is opened.
 */
#include <stdio.h>

#include <crm/hash.h>
#include <crm/overlay.h>

#include "store/store_internal.h"

/* Features without which a store must not be touched. */
#define FEATURES_KNOWN CRM_FEATURE_COLUMNS
#define SUM "sum"

struct crm_str
crm_meta_key(const char *name)
{
	return crm_str(name);
}

static uint32_t
sum_add(uint32_t sum, struct crm_str k, struct crm_str v)
{
	uint64_t length = v.n;
	char bytes[8];

	if (crm_str_is(k, SUM))
		return sum;
	for (int i = 0; i < 8; i++)
		bytes[i] = (char)(length >> (8 * i));
	sum = crm_crc32c(sum, k.p, k.n);
	sum = crm_crc32c(sum, bytes, sizeof bytes);
	return crm_crc32c(sum, v.p, v.n);
}

/* All entries; CRM_NO: by a cursor. */
static int
sum_few(struct crm_txn *t, uint32_t *sum)
{
	struct crm_str k, v;
	uint32_t all = *sum;
	int code;

	for (size_t i = 0;
	     (code = crm_few_entry(t, CRM_TAB_META, i, &k, &v)) == CRM_OK; i++)
		all = sum_add(all, k, v);
	if (code != CRM_NOTFOUND)
		return CRM_NO;
	*sum = all;
	return CRM_OK;
}

static int
sum_of(struct crm_txn *t, uint32_t *out, struct crm_err *err)
{
	struct crm_cursor *c;
	struct crm_str k, v;
	uint64_t format = 0;
	int code = crm_get(t, CRM_TAB_META, crm_meta_key("format"), &v, err);

	*out = 0;
	/* A table whose name was bent would pass for one that is not made;
	 * format 1 did without. */
	if (code == CRM_OK && crm_take_be(&v, 4, &format) && format >= 2)
		code = crm_env_names(t, out, err);
	if (code == CRM_NOTFOUND)
		code = CRM_OK;
	if (code == CRM_OK && sum_few(t, out) == CRM_OK)
		return CRM_OK;
	if (code == CRM_OK)
		code = crm_cursor_open(t, CRM_TAB_META, &c, err);
	if (code < 0)
		return code;
	code = crm_cursor_seek(c, CRM_STR(""), &k, &v, err);
	for (; code == CRM_OK; code = crm_cursor_next(c, &k, &v, err))
		*out = sum_add(*out, k, v);
	crm_cursor_close(c);
	return code == CRM_NOTFOUND ? CRM_OK : code;
}

int
crm_meta_sum(struct crm_txn *t, struct crm_err *err)
{
	char bytes[4];
	uint32_t sum;
	int code = sum_of(t, &sum, err);

	for (int i = 0; i < 4; i++)
		bytes[i] = (char)(sum >> (24 - 8 * i));
	return code < 0 ? code
			: crm_put(t, CRM_TAB_META, crm_meta_key(SUM),
			      (struct crm_str){bytes, sizeof(bytes)}, 0, err);
}

int
crm_meta_needs(struct crm_txn *t, uint32_t feature, struct crm_err *err)
{
	struct crm_str k = crm_meta_key("format"), v;
	struct crm_buf b = {0};
	uint64_t format, features;
	int code = crm_get(t, CRM_TAB_META, k, &v, err);

	if (code < 0)
		return code;
	if (!crm_take_be(&v, 4, &format) || !crm_take_be(&v, 4, &features))
		return crm_err_set(err, CRM_EDAMAGE,
		    "the store '%s' is damaged: its format is not said",
		    crm_store_path(crm_txn_store(t)));
	if (features & feature)
		return CRM_OK;
	crm_buf_putbe(&b, format, 4);
	crm_buf_putbe(&b, features | feature, 4);
	code = crm_buf_check(&b, err);
	if (code == CRM_OK)
		code = crm_put(t, CRM_TAB_META, k, crm_buf_str(&b), 0, err);
	crm_buf_release(&b);
	return code;
}

static int
sum_check(struct crm_txn *t, struct crm_err *err)
{
	struct crm_str v;
	uint64_t said = 0;
	uint32_t sum;
	int code = sum_of(t, &sum, err);

	if (code == CRM_OK)
		code = crm_get(t, CRM_TAB_META, crm_meta_key(SUM), &v, err);
	if (code < 0 && code != CRM_NOTFOUND)
		return code;
	if (code == CRM_NOTFOUND || !crm_take_be(&v, 4, &said) || v.n > 0 ||
	    said != sum)
		return crm_err_set(err, CRM_EDAMAGE,
		    "the store '%s' is damaged: what it says of itself does"
		    " not fit its checksum",
		    crm_store_path(crm_txn_store(t)));
	return CRM_OK;
}

static int
read_settings(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	struct crm_str *out = ctx;
	struct crm_store *s = crm_txn_store(t);
	struct crm_str v;
	int code = crm_get(t, CRM_TAB_META, crm_meta_key("settings"), &v, err);

	if (code == CRM_NOTFOUND)
		return crm_err_set(err, CRM_EDAMAGE,
		    "the store '%s' is damaged: it has no settings", s->path);
	if (code < 0)
		return code;
	*out = crm_arena_str(&s->arena, v);
	return out->p ? CRM_OK : crm_err_nomem(err);
}

/* What it says of itself fits its checksum; most who open it ask for its
 * settings next. */
static int
checked(struct crm_txn *t, struct crm_err *err)
{
	struct crm_store *s = crm_txn_store(t);
	int code = sum_check(t, err);

	if (code == CRM_OK && !s->ready && read_settings(t, &s->said, NULL) < 0)
		s->said.p = NULL;
	return code;
}

int
crm_meta_check(struct crm_txn *t, struct crm_err *err)
{
	const struct crm_store *s = crm_txn_store(t);
	const char *path = s->path;
	struct crm_str v;
	uint64_t format, features;
	int code = crm_get(t, CRM_TAB_META, crm_meta_key("format"), &v, err);

	if (code < 0 && code != CRM_NOTFOUND)
		return code;
	if (code == CRM_NOTFOUND || !crm_take_be(&v, 4, &format) ||
	    !crm_take_be(&v, 4, &features) || format == 0)
		return crm_err_set(err, CRM_EDAMAGE,
		    "the store '%s' is damaged: its format is not said", path);
	if (format < s->format && !s->older) {
		crm_err_set(err, CRM_ECONFIG,
		    "the store '%s' has format %u, wanted %u", path,
		    (unsigned)format, (unsigned)s->format);
		crm_err_hint(err, "crm-store upgrade brings it there");
		return CRM_ECONFIG;
	}
	if (format > s->format)
		crm_err_set(err, CRM_ECONFIG,
		    "the store '%s' has format %u, this program knows up to %u",
		    path, (unsigned)format, (unsigned)s->format);
	else if (features & ~(uint64_t)FEATURES_KNOWN)
		crm_err_set(err, CRM_ECONFIG,
		    "the store '%s' needs features (%#x) that this program does"
		    " not know",
		    path, (unsigned)(features & ~(uint64_t)FEATURES_KNOWN));
	else
		return checked(t, err);
	crm_err_hint(err, "a newer version of crm-tools is needed");
	return CRM_ECONFIG;
}

int
crm_store_schema(
    struct crm_store *s, const struct crm_schema **out, struct crm_err *err)
{
	struct crm_str bytes = s->said;
	int code = CRM_OK;

	if (s->over && s->over->schema) {
		*out = s->over->schema;
		return CRM_OK;
	}
	if (!s->ready) {
		if (!bytes.p)
			code = crm_txn_run(
			    s, CRM_READ, read_settings, &bytes, err);
		if (code == CRM_OK)
			code = crm_settings_decode(
			    bytes, &s->arena, &s->settings, err);
		if (code == CRM_OK)
			code = crm_schema_init(&s->schema, &s->settings, err);
		if (code < 0)
			return code;
		if (s->write)
			crm_schema_note(&s->schema);
		s->ready = true;
	}
	*out = &s->schema;
	return CRM_OK;
}

void
crm_meta_release(struct crm_store *s)
{
	if (s->ready)
		crm_schema_release(&s->schema);
	s->ready = false;
	s->said = (struct crm_str){0};
	crm_arena_release(&s->arena);
}
