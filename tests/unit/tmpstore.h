/*
 * tmpstore.h - a store in a temporary folder, for unit tests.
 */
#ifndef TMPSTORE_H
#define TMPSTORE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include <crm/store.h>

#include "store/store_internal.h"

struct tmpstore {
	char dir[64];
	char path[80]; /* of the store in it */
};

static inline struct crm_settings
tmpstore_settings(void)
{
	return (struct crm_settings){
	    .currency = CRM_STR("EUR"),
	    .timezone = CRM_STR("UTC"),
	    .country = CRM_STR("DE"),
	    .next_tag = CRM_TAG_CUSTOM,
	};
}

static inline int
tmpstore_create(const char *path, struct crm_err *err)
{
	struct crm_settings set = tmpstore_settings();
	struct crm_origin by = {1780308000, CRM_STR("tester"),
	    CRM_STR("crm-store init"), CRM_STR("a test")};

	return crm_store_create(path, &set, &by, err);
}

/* A folder without a store; remove with tmpstore_remove. */
static inline void
tmpstore_folder(struct tmpstore *t)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(t->dir, sizeof(t->dir), "%s/crm-test.XXXXXX",
	    tmp && strlen(tmp) < 40 ? tmp : "/tmp");
	assert_non_null(mkdtemp(t->dir));
	snprintf(t->path, sizeof(t->path), "%s/shop", t->dir);
}

static inline void
tmpstore_make(struct tmpstore *t)
{
	struct crm_err err = {0};

	tmpstore_folder(t);
	if (tmpstore_create(t->path, &err) < 0)
		fail_msg("cannot create a store: %s", err.text);
}

static inline void
tmpstore_remove(struct tmpstore *t)
{
	crm_folder_remove(t->path);
	assert_int_equal(rmdir(t->dir), 0);
}

static inline struct crm_store *
tmpstore_open_at(const char *path, bool write, uint64_t map)
{
	struct crm_store_options opt = {
	    .path = path, .write = write, .map_bytes = map};
	struct crm_store *s = NULL;
	struct crm_err err = {0};

	if (crm_store_open(&s, &opt, &err) < 0)
		fail_msg("cannot open %s: %s", path, err.text);
	return s;
}

static inline struct crm_store *
tmpstore_open(const struct tmpstore *t, bool write)
{
	return tmpstore_open_at(t->path, write, 0);
}

#endif
