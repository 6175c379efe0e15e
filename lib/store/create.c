/*
 * create.c - a new, empty store.
 *
 * It is there whole or not at all: made in a folder with a name of its own that
 * is renamed at the end or, in an empty folder that is there already, with the
 * `data` link as the last step.  All tables are made now, so that programs
 * rarely meet one that is not there.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <crm/hash.h>
#include <crm/utf8.h>

#include "store/store_internal.h"

struct create {
	const struct crm_settings *settings;
	const struct crm_origin *by;
	const struct crm_schema *schema;
	uint8_t uuid[16];
	struct crm_buf *bytes;
};

static int
meta_put(
    struct crm_txn *t, const char *name, struct crm_buf *b, struct crm_err *err)
{
	int code = crm_buf_check(b, err);

	return code < 0 ? code
			: crm_put(t, CRM_TAB_META, crm_meta_key(name),
			      crm_buf_str(b), 0, err);
}

static int
fill_meta(struct crm_txn *t, const struct create *c, struct crm_err *err)
{
	struct crm_buf *b = c->bytes;
	int code;

	crm_buf_clear(b);
	crm_buf_putbe(b, CRM_FORMAT, 4);
	crm_buf_putbe(b, 0, 4);
	code = meta_put(t, "format", b, err);
	if (code == CRM_OK) {
		crm_buf_clear(b);
		crm_buf_put(b, c->uuid, sizeof(c->uuid));
		code = meta_put(t, "uuid", b, err);
	}
	if (code == CRM_OK) {
		crm_buf_clear(b);
		crm_buf_putbe(b, (uint64_t)c->by->now, 8);
		code = meta_put(t, "created", b, err);
	}
	if (code == CRM_OK) {
		crm_buf_clear(b);
		crm_buf_puts(b, crm_unicode_version());
		code = meta_put(t, "unicode", b, err);
	}
	if (code == CRM_OK) {
		crm_buf_clear(b);
		crm_env_engine(b);
		code = meta_put(t, "lmdb", b, err);
	}
	if (code == CRM_OK) {
		crm_buf_clear(b);
		crm_settings_encode(c->settings, b);
		code = meta_put(t, "settings", b, err);
	}
	return code;
}

static int
fill_log(struct crm_txn *t, const struct create *c, struct crm_err *err)
{
	struct crm_log_head head = {
	    .revision = 1,
	    .change = 1,
	    .last = true,
	    .time = c->by->now,
	    .actor = c->by->actor,
	    .program = c->by->program,
	    .why = c->by->why,
	};
	struct crm_buf *b = c->bytes;
	char key[17];
	struct crm_str k = {key, sizeof(key)};
	int code;

	crm_log_key(1, 0, 0, key);
	crm_buf_clear(b);
	crm_log_encode(&head, b);
	crm_seal(CRM_TAB_LOG, k, b);
	code = crm_buf_check(b, err);
	return code < 0 ? code
			: crm_put(t, CRM_TAB_LOG, k, crm_buf_str(b), 0, err);
}

static int
fill(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	const struct create *c = ctx;
	int code = CRM_OK;

	for (unsigned i = 0; code == CRM_OK && i < CRM_TABS; i++)
		if (i < CRM_TAB_KIND || c->schema->kind[i - CRM_TAB_KIND].name)
			code = crm_env_table_make(t, i, err);
	if (code == CRM_OK)
		code = fill_meta(t, c, err);
	if (code == CRM_OK)
		code = fill_log(t, c, err);
	return code;
}

/* Version 4 of RFC 9562. */
static int
make_uuid(uint8_t out[16], struct crm_err *err)
{
	if (getrandom(out, 16, 0) != 16)
		return crm_err_sys(
		    err, CRM_EIO, errno, "cannot get random bytes");
	out[6] = (uint8_t)((out[6] & 0x0f) | 0x40);
	out[8] = (uint8_t)((out[8] & 0x3f) | 0x80);
	return CRM_OK;
}

/* The generation and the link to it, below a folder. */
static int
make_data(const char *folder, struct create *c, struct crm_err *err)
{
	char gen[CRM_PATH_MAX];
	int code;

	crm_folder_path(gen, folder, CRM_GEN_FIRST);
	code = crm_folder_make(gen, err);
	if (code == CRM_OK)
		code = crm_env_make(gen, fill, c, err);
	if (code == CRM_OK)
		code = crm_gen_link(folder, CRM_GEN_FIRST, err);
	return code;
}

static int
make_beside(const char *path, struct create *c, struct crm_err *err)
{
	char temp[CRM_PATH_MAX], lock[CRM_PATH_MAX];
	int code = crm_folder_temp(path, temp, err);
	bool readonly;
	int fd;

	if (code < 0)
		return code;
	crm_folder_path(lock, temp, "lock");
	code = crm_folder_check(temp, &readonly, err);
	if (code == CRM_OK) {
		fd = crm_folder_create(lock, err);
		if (fd >= 0)
			close(fd);
		code = fd < 0 ? fd : make_data(temp, c, err);
	}
	if (code == CRM_OK)
		code = crm_folder_rename(temp, path, err);
	if (code < 0) {
		crm_folder_remove(temp);
		return code;
	}
	return crm_folder_sync_parent(path, err);
}

/* May a store be made in this folder?  It may hold its settings, and what a
 * try that was killed left. */
int
crm_folder_vacant(const char *path, struct crm_err *err)
{
	static const char *const may[] = {
	    ".", "..", "crm.yaml", "lock", "erased", "data.new", CRM_GEN_FIRST};
	DIR *d = opendir(path);
	struct dirent *e;
	int code = CRM_OK;

	if (!d)
		return crm_err_sys(err, CRM_ECREATE, errno,
		    "cannot make a store at '%s'", path);
	while (code == CRM_OK && (e = readdir(d))) {
		bool ok = false;

		for (size_t i = 0; i < sizeof(may) / sizeof(may[0]); i++)
			ok |= strcmp(e->d_name, may[i]) == 0;
		if (strcmp(e->d_name, "data") == 0)
			code = crm_err_set(err, CRM_ECREATE,
			    "there is a store at '%s' already", path);
		else if (!ok)
			code = crm_err_set(err, CRM_ECREATE,
			    "'%s' is not empty: it has '%s'", path, e->d_name);
	}
	closedir(d);
	return code;
}

static int
make_inside(const char *path, struct create *c, struct crm_err *err)
{
	struct crm_lock lock = {.fd = -1};
	int code = crm_folder_vacant(path, err);

	if (code == CRM_OK && chmod(path, 0700) < 0)
		code = crm_err_sys(err, CRM_ECREATE, errno,
		    "cannot set the mode of '%s'", path);
	if (code == CRM_OK)
		code = crm_lock_take(&lock, path, 0, err);
	/* Again, as another may have been making one. */
	if (code == CRM_OK)
		code = crm_folder_vacant(path, err);
	if (code == CRM_OK) {
		crm_gen_remove(path, CRM_GEN_FIRST);
		code = make_data(path, c, err);
		if (code < 0)
			crm_gen_remove(path, CRM_GEN_FIRST);
	}
	crm_lock_close(&lock);
	return code;
}

int
crm_store_create(const char *path, const struct crm_settings *settings,
    const struct crm_origin *by, struct crm_err *err)
{
	char name[CRM_STORE_PATH_MAX];
	struct crm_buf bytes = {0};
	struct crm_schema *schema = calloc(1, sizeof(*schema));
	struct create c = {settings, by, schema, {0}, &bytes};
	struct stat st;
	bool readonly;
	int code;

	if (!schema)
		return crm_err_nomem(err);
	code = crm_folder_name(name, path, err);
	if (code == CRM_OK)
		code = crm_schema_init(schema, settings, err);
	if (code < 0)
		goto out;
	code = make_uuid(c.uuid, err);
	if (code < 0)
		goto out;
	if (lstat(name, &st) < 0 && errno == ENOENT) {
		code = make_beside(name, &c, err);
	} else if (stat(name, &st) == 0 && !S_ISDIR(st.st_mode)) {
		code = crm_err_set(err, CRM_ECREATE,
		    "cannot make a store at '%s': it is not a folder", name);
	} else {
		code = crm_folder_check(name, &readonly, err);
		if (code == CRM_OK)
			code = make_inside(name, &c, err);
	}
out:
	crm_schema_release(schema);
	crm_buf_release(&bytes);
	free(schema);
	return code;
}
