/*
 * erased.c - the file that remembers who was erased.
 *
 * Text, a line for each thing, so that it can be looked at and joined by hand.
 * It is replaced by rename: who reads it has the old one or the new one.  The
 * salt is beside the hashes: they keep a list of addresses from being read off
 * a backup, and cost whoever has the file a try for each address he can think
 * of.  That is what remembering somebody who must be recognised comes to.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include <crm/erased.h>
#include <crm/os.h>

#include "store/store_internal.h"

#define FILE_NAME "erased"
#define FILE_MAX ((size_t)1 << 30)
#define TITLE "crm-erased 1"

/* ---- the list ---- */

static struct crm_erased_block *
find_block(struct crm_erased *e, const uint8_t uuid[16], const uint8_t *salt)
{
	for (size_t i = 0; i < e->n; i++)
		if (memcmp(e->block[i].uuid, uuid, 16) == 0 &&
		    (salt == NULL ||
			memcmp(e->block[i].salt, salt, CRM_ERASED_SALT) == 0))
			return &e->block[i];
	return NULL;
}

static struct crm_erased_block *
new_block(struct crm_erased *e, const uint8_t uuid[16], const uint8_t *salt)
{
	struct crm_erased_block *b;

	if (!crm_grow(&e->block, &e->cap, e->n, sizeof *e->block))
		return NULL;
	b = &e->block[e->n++];
	memset(b, 0, sizeof *b);
	memcpy(b->uuid, uuid, 16);
	memcpy(b->salt, salt, CRM_ERASED_SALT);
	return b;
}

int
crm_erased_block(struct crm_erased *e, const uint8_t uuid[16],
    struct crm_erased_block **out, struct crm_err *err)
{
	uint8_t salt[CRM_ERASED_SALT];

	*out = find_block(e, uuid, NULL);
	if (*out != NULL)
		return CRM_OK;
	if (getrandom(salt, sizeof salt, 0) != (ssize_t)sizeof salt)
		return crm_err_sys(
		    err, CRM_EIO, errno, "cannot get random bytes");
	*out = new_block(e, uuid, salt);
	return *out ? CRM_OK : crm_err_nomem(err);
}

static int
put_hash(struct crm_erased_block *b, const uint8_t hash[CRM_SHA256],
    struct crm_err *err)
{
	struct crm_str key = {(const char *)hash, CRM_SHA256};

	return crm_map_put(&b->hash, key, 1, NULL) == CRM_ENOMEM
		   ? crm_err_nomem(err)
		   : CRM_OK;
}

int
crm_erased_add(
    struct crm_erased_block *b, struct crm_str what, struct crm_err *err)
{
	uint8_t hash[CRM_SHA256];

	crm_hmac_sha256(b->salt, sizeof b->salt, what.p, what.n, hash);
	return put_hash(b, hash, err);
}

int
crm_erased_add_id(struct crm_erased_block *b, const struct crm_erased_id *id,
    struct crm_err *err)
{
	for (size_t i = 0; i < b->nid; i++)
		if (b->id[i].kind == id->kind &&
		    b->id[i].number == id->number &&
		    b->id[i].revision == id->revision)
			return CRM_OK;
	if (!crm_grow(&b->id, &b->capid, b->nid, sizeof *b->id))
		return crm_err_nomem(err);
	b->id[b->nid++] = *id;
	return CRM_OK;
}

bool
crm_erased_has(const struct crm_erased *e, struct crm_str what)
{
	uint8_t hash[CRM_SHA256];
	uint64_t seen;

	for (size_t i = 0; i < e->n; i++) {
		const struct crm_erased_block *b = &e->block[i];

		if (b->hash.n == 0)
			continue;
		crm_hmac_sha256(b->salt, sizeof b->salt, what.p, what.n, hash);
		if (crm_map_get(&b->hash,
			(struct crm_str){(char *)hash, sizeof hash}, &seen))
			return true;
	}
	return false;
}

void
crm_erased_release(struct crm_erased *e)
{
	for (size_t i = 0; i < e->n; i++) {
		crm_map_release(&e->block[i].hash);
		free(e->block[i].id);
	}
	free(e->block);
	*e = (struct crm_erased){0};
}

/* ---- as text ---- */

static void
put_hex(struct crm_buf *b, const char *name, const void *p, size_t n)
{
	static const char digit[] = "0123456789abcdef";
	const unsigned char *v = p;

	crm_buf_puts(b, name);
	crm_buf_putc(b, ' ');
	for (size_t i = 0; i < n; i++) {
		crm_buf_putc(b, digit[v[i] >> 4]);
		crm_buf_putc(b, digit[v[i] & 15]);
	}
	crm_buf_putc(b, '\n');
}

void
crm_erased_put(const struct crm_erased *e, struct crm_buf *out)
{
	crm_buf_puts(out, TITLE "\n");
	if (e->pending)
		crm_buf_puts(out, "pending\n");
	for (size_t i = 0; i < e->n; i++) {
		const struct crm_erased_block *b = &e->block[i];
		struct crm_str key;
		uint64_t v;
		size_t at = 0;

		put_hex(out, "store", b->uuid, sizeof b->uuid);
		put_hex(out, "salt", b->salt, sizeof b->salt);
		for (size_t j = 0; j < b->nid; j++)
			crm_buf_putf(out, "id %u %llu %llu\n", b->id[j].kind,
			    (unsigned long long)b->id[j].number,
			    (unsigned long long)b->id[j].revision);
		while (crm_map_next(&b->hash, &at, &key, &v))
			put_hex(out, "hash", key.p, key.n);
	}
}

static bool
take_hex(struct crm_str s, uint8_t *out, size_t n)
{
	if (s.n != 2 * n)
		return false;
	for (size_t i = 0; i < 2 * n; i++) {
		char c = s.p[i];
		int v = c >= '0' && c <= '9'   ? c - '0'
			: c >= 'a' && c <= 'f' ? c - 'a' + 10
					       : -1;

		if (v < 0)
			return false;
		out[i / 2] = (uint8_t)(i % 2 ? out[i / 2] | v : v << 4);
	}
	return true;
}

static bool
take_id(struct crm_str rest, struct crm_erased_id *out)
{
	int64_t v[3];
	struct crm_str part;

	for (int i = 0; i < 3; i++)
		if (!crm_str_split(&rest, ' ', &part) ||
		    crm_int_parse(part, &v[i]) < 0 || v[i] <= 0)
			return false;
	if (rest.p != NULL || v[0] >= CRM_K_MAX)
		return false;
	out->kind = (unsigned)v[0];
	out->number = (uint64_t)v[1];
	out->revision = (uint64_t)v[2];
	return true;
}

struct take {
	struct crm_erased *e;
	struct crm_erased_block *block;
	uint8_t uuid[16];
	bool has_uuid;
};

/* CRM_NO: not a line there may be. */
static int
take_line(struct take *t, struct crm_str line, struct crm_err *err)
{
	uint8_t bytes[CRM_SHA256];
	struct crm_erased_id id;
	struct crm_str word;

	if (!crm_str_split(&line, ' ', &word))
		return CRM_NO;
	if (crm_str_is(word, "pending") && line.p == NULL) {
		t->e->pending = true;
		return CRM_OK;
	}
	if (crm_str_is(word, "store")) {
		t->block = NULL;
		t->has_uuid = take_hex(line, t->uuid, sizeof t->uuid);
		return t->has_uuid ? CRM_OK : CRM_NO;
	}
	if (crm_str_is(word, "salt") && t->has_uuid &&
	    take_hex(line, bytes, CRM_ERASED_SALT)) {
		t->block = find_block(t->e, t->uuid, bytes);
		if (t->block == NULL)
			t->block = new_block(t->e, t->uuid, bytes);
		return t->block ? CRM_OK : crm_err_nomem(err);
	}
	if (t->block == NULL)
		return CRM_NO;
	if (crm_str_is(word, "id") && take_id(line, &id))
		return crm_erased_add_id(t->block, &id, err);
	if (crm_str_is(word, "hash") && take_hex(line, bytes, sizeof bytes))
		return put_hash(t->block, bytes, err);
	return CRM_NO;
}

int
crm_erased_take(struct crm_erased *e, struct crm_str text, struct crm_err *err)
{
	struct take t = {.e = e};
	struct crm_str line;
	unsigned long n = 0;
	int r = CRM_OK;

	while (r == CRM_OK && crm_str_split(&text, '\n', &line)) {
		n++;
		if (n == 1)
			r = crm_str_is(line, TITLE) ? CRM_OK : CRM_NO;
		else if (line.n > 0 || text.p != NULL)
			r = take_line(&t, line, err);
	}
	if (r == CRM_NO || n == 0) {
		crm_err_set(err, CRM_EDAMAGE,
		    "line %lu of the list of who was erased cannot be read", n);
		crm_err_hint(err,
		    "that of a backup will do: without it they may come back");
		r = CRM_EDAMAGE;
	}
	return r;
}

/* ---- the file ---- */

int
crm_erased_read(const char *folder, struct crm_erased *out, struct crm_err *err)
{
	struct crm_buf text = {.max = FILE_MAX};
	char path[CRM_PATH_MAX];
	int r;

	*out = (struct crm_erased){0};
	crm_folder_path(path, folder, FILE_NAME);
	/* nearly always there is none, which is no error to be worded */
	if (access(path, F_OK) < 0 && errno == ENOENT)
		return CRM_OK;
	r = crm_read_file(path, FILE_MAX, &text, err);
	if (r == CRM_OK) {
		r = crm_erased_take(out, crm_buf_str(&text), err);
		if (r < 0 && err != NULL)
			crm_err_place(err, path, 0);
	}
	if (r < 0)
		crm_erased_release(out);
	crm_buf_release(&text);
	return r;
}

int
crm_erased_write(
    const char *folder, const struct crm_erased *e, struct crm_err *err)
{
	struct crm_buf text = {.max = FILE_MAX};
	char path[CRM_PATH_MAX], fresh[CRM_PATH_MAX];
	int fd, r;

	crm_folder_path(path, folder, FILE_NAME);
	crm_folder_path(fresh, folder, FILE_NAME ".new");
	crm_erased_put(e, &text);
	r = crm_buf_check(&text, err);
	/* what a run that was killed has left */
	if (r == CRM_OK && unlink(fresh) < 0 && errno != ENOENT)
		r = crm_folder_fail(folder, errno, "cannot write to", err);
	if (r < 0)
		goto out;
	fd = crm_folder_create(fresh, err);
	r = fd < 0 ? fd : crm_write_all(fd, text.p, text.n, fresh, err);
	if (r == CRM_OK && fsync(fd) < 0)
		r = crm_folder_fail(folder, errno, "cannot write to", err);
	if (fd >= 0)
		close(fd);
	if (r == CRM_OK && rename(fresh, path) < 0)
		r = crm_folder_fail(folder, errno, "cannot write to", err);
	if (r < 0)
		unlink(fresh);
	else
		r = crm_folder_sync(folder, err);
out:
	crm_buf_release(&text);
	return r;
}

int
crm_erased_unite(const char *folder, const char *from, struct crm_err *err)
{
	struct crm_erased e = {0}, more = {0};
	struct crm_buf text = {.max = FILE_MAX};
	int r = crm_erased_read(folder, &e, err);

	if (r == CRM_OK)
		r = crm_erased_read(from, &more, err);
	more.pending = false; /* a copy never is */
	if (r == CRM_OK && more.n > 0) {
		crm_erased_put(&more, &text);
		r = crm_buf_check(&text, err);
		if (r == CRM_OK)
			r = crm_erased_take(&e, crm_buf_str(&text), err);
		if (r == CRM_OK)
			r = crm_erased_write(folder, &e, err);
	}
	crm_erased_release(&e);
	crm_erased_release(&more);
	crm_buf_release(&text);
	return r;
}

int
crm_erased_done(const char *folder, struct crm_err *err)
{
	struct crm_erased e;
	int r = crm_erased_read(folder, &e, err);

	if (r == CRM_OK && e.pending) {
		e.pending = false;
		r = crm_erased_write(folder, &e, err);
	}
	crm_erased_release(&e);
	return r;
}
