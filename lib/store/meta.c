/*
 * meta.c - the table of what a store is: format, settings, schema.
 *
 * Its values carry no checksum, so that a program of any version can read the
 * format and say that it is too old.
 */
#include <stdio.h>

#include "store/store_internal.h"

/* Features without which a store must not be touched; none so far. */
#define FEATURES_KNOWN 0U

struct crm_str
crm_meta_key(const char *name)
{
	return crm_str(name);
}

int
crm_meta_check(struct crm_txn *t, struct crm_err *err)
{
	const char *path = crm_store_path(crm_txn_store(t));
	struct crm_str v;
	uint64_t format, features;
	int code = crm_get(t, CRM_TAB_META, crm_meta_key("format"), &v, err);

	if (code < 0 && code != CRM_NOTFOUND)
		return code;
	if (code == CRM_NOTFOUND || !crm_take_be(&v, 4, &format) ||
	    !crm_take_be(&v, 4, &features) || format == 0)
		return crm_err_set(err, CRM_EDAMAGE,
		    "the store '%s' is damaged: its format is not said", path);
	if (format > CRM_FORMAT)
		crm_err_set(err, CRM_ECONFIG,
		    "the store '%s' has format %u, this program knows up to %d",
		    path, (unsigned)format, CRM_FORMAT);
	else if (features & ~(uint64_t)FEATURES_KNOWN)
		crm_err_set(err, CRM_ECONFIG,
		    "the store '%s' needs features (%#x) that this program does"
		    " not know",
		    path, (unsigned)(features & ~(uint64_t)FEATURES_KNOWN));
	else
		return CRM_OK;
	crm_err_hint(err, "a newer version of crm-tools is needed");
	return CRM_ECONFIG;
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

int
crm_store_schema(
    struct crm_store *s, const struct crm_schema **out, struct crm_err *err)
{
	struct crm_str bytes;
	int code;

	if (!s->ready) {
		code = crm_txn_run(s, CRM_READ, read_settings, &bytes, err);
		if (code == CRM_OK)
			code = crm_settings_decode(
			    bytes, &s->arena, &s->settings, err);
		if (code == CRM_OK)
			code = crm_schema_init(&s->schema, &s->settings, err);
		if (code < 0)
			return code;
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
	crm_arena_release(&s->arena);
}
