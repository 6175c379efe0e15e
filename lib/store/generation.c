/*
 * generation.c - which generation of the data is the current one.
 *
 * LMDB's two files must never be replaced one by one under a live process, so
 * each generation is a folder of its own and `data` a symbolic link to it,
 * replaced by rename.  The link is always read first and the folder it names
 * opened by name: through the link, the lock of one generation and the data of
 * the next could be opened.
 *
 * A generation that is no longer current is removed at once, whoever reads it:
 * its files are there until the last of them has closed them, and nobody is
 * to open it any more.  Its folder is renamed first, so that who is just about
 * to finds all of it or nothing, and then looks at the link again.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/store_internal.h"

static int
gen_missing(const char *folder, int errnum, struct crm_err *err)
{
	struct stat st;

	if (errnum == EACCES)
		return crm_err_sys(err, CRM_EPERM, errnum,
		    "cannot open the store '%s'", folder);
	if (errnum == EINVAL)
		return crm_err_set(err, CRM_EDAMAGE,
		    "'%s/data' is not a symbolic link", folder);
	if (errnum != ENOENT && errnum != ENOTDIR)
		return crm_err_sys(
		    err, CRM_EIO, errnum, "cannot open the store '%s'", folder);
	if (stat(folder, &st) < 0)
		crm_err_set(
		    err, CRM_ENOINPUT, "there is no store at '%s'", folder);
	else
		crm_err_set(err, CRM_ENOINPUT, "'%s' is not a store", folder);
	crm_err_hint(err, "crm-store init makes one");
	return CRM_ENOINPUT;
}

int
crm_gen_read(const char *folder, char out[CRM_GEN_NAME], struct crm_err *err)
{
	char path[CRM_PATH_MAX];
	ssize_t n;

	crm_folder_path(path, folder, "data");
	n = readlink(path, out, CRM_GEN_NAME);
	if (n < 0)
		return gen_missing(folder, errno, err);
	if (n == CRM_GEN_NAME - 1) {
		out[n] = '\0';
		if (memcmp(out, "gen-", 4) == 0 &&
		    strspn(out + 4, "0123456789") == CRM_GEN_NAME - 5)
			return CRM_OK;
	}
	return crm_err_set(err, CRM_EDAMAGE,
	    "'%s/data' does not name a generation of the data", folder);
}

uint64_t
crm_gen_number(const char *name)
{
	uint64_t v = 0;

	for (const char *p = name + 4; *p; p++)
		v = v * 10 + (uint64_t)(*p - '0');
	return v;
}

int
crm_gen_link(const char *folder, const char *name, struct crm_err *err)
{
	char fresh[CRM_PATH_MAX], data[CRM_PATH_MAX];

	crm_folder_path(fresh, folder, "data.new");
	crm_folder_path(data, folder, "data");
	if ((unlink(fresh) < 0 && errno != ENOENT) ||
	    symlink(name, fresh) < 0 || rename(fresh, data) < 0)
		return crm_err_sys(
		    err, CRM_ECREATE, errno, "cannot make '%s'", data);
	return crm_folder_sync(folder, err);
}

void
crm_gen_remove(const char *folder, const char *name)
{
	char gen[CRM_PATH_MAX], path[CRM_PATH_MAX + 16];

	crm_folder_path(gen, folder, name);
	snprintf(path, sizeof(path), "%s/data.mdb", gen);
	unlink(path);
	snprintf(path, sizeof(path), "%s/lock.mdb", gen);
	unlink(path);
	rmdir(gen);
}

int
crm_gen_name(uint64_t number, char out[CRM_GEN_NAME], struct crm_err *err)
{
	char name[32];

	snprintf(name, sizeof(name), "gen-%010llu", (unsigned long long)number);
	if (strlen(name) != CRM_GEN_NAME - 1)
		return crm_err_set(
		    err, CRM_EDAMAGE, "the numbers of generations are used up");
	memcpy(out, name, CRM_GEN_NAME);
	return CRM_OK;
}

/* "gen-0000000007", or "old-0000000007" when its removal has begun. */
static bool
gen_is(const char *name)
{
	return (memcmp(name, "gen-", 4) == 0 || memcmp(name, "old-", 4) == 0) &&
	       strspn(name + 4, "0123456789") == CRM_GEN_NAME - 5 &&
	       name[CRM_GEN_NAME - 1] == '\0';
}

static bool
gen_drop(const char *folder, const char *name)
{
	char old[CRM_GEN_NAME], from[CRM_PATH_MAX], to[CRM_PATH_MAX];
	struct stat st;

	memcpy(old, name, CRM_GEN_NAME);
	memcpy(old, "old", 3);
	crm_folder_path(from, folder, name);
	crm_folder_path(to, folder, old);
	if (memcmp(name, old, 3) != 0) {
		crm_gen_remove(folder, old);
		if (rename(from, to) < 0)
			return false;
	}
	crm_gen_remove(folder, old);
	return lstat(to, &st) < 0;
}

bool
crm_gen_clean(const char *folder, const char *keep)
{
	char fresh[CRM_PATH_MAX];
	DIR *d = opendir(folder);
	struct dirent *e;
	bool clean = true, any = false;

	if (!d)
		return false;
	crm_folder_path(fresh, folder, "data.new");
	if (unlink(fresh) < 0 && errno != ENOENT)
		clean = false;
	while ((e = readdir(d)))
		if (strlen(e->d_name) == CRM_GEN_NAME - 1 &&
		    gen_is(e->d_name) &&
		    (!keep || memcmp(e->d_name, keep, CRM_GEN_NAME) != 0)) {
			clean &= gen_drop(folder, e->d_name);
			any = true;
		}
	closedir(d);
	/* What is gone is not to come back. */
	return clean && (!any || crm_folder_sync(folder, NULL) == CRM_OK);
}
