/*
 * folder.c - folders, modes, renames and full disks.
 *
 * Modes are set by chmod after creating: a store holds personal data, so that
 * 0700 and 0600 must hold under any umask, a too strict one included.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <crm/os.h>

#include "store/store_internal.h"

/* Below this an EIO is taken for a full disk: LMDB says EIO when a write
 * came back short, and a transaction writes up to 32 MiB. */
#define ROOM_LOW ((uint64_t)64 << 20)

void
crm_folder_path(char out[CRM_PATH_MAX], const char *folder, const char *name)
{
	size_t n = strlen(folder);
	size_t m = strlen(name);

	if (n + m + 2 > CRM_PATH_MAX)
		n = 0; /* cannot be: the path was checked */
	memcpy(out, folder, n);
	out[n] = '/';
	memcpy(out + n + 1, name, m + 1);
}

int
crm_folder_name(
    char out[CRM_STORE_PATH_MAX], const char *path, struct crm_err *err)
{
	size_t n = strlen(path);

	while (n > 1 && path[n - 1] == '/')
		n--;
	if (n == 0)
		return crm_err_set(
		    err, CRM_EUSAGE, "the path of the store is empty");
	if (n >= CRM_STORE_PATH_MAX)
		return crm_err_set(
		    err, CRM_EUSAGE, "the path of the store is too long");
	memcpy(out, path, n);
	out[n] = '\0';
	return CRM_OK;
}

int
crm_folder_check(const char *path, bool *readonly, struct crm_err *err)
{
	/* f_type of those on which memory maps or locks are not shared. */
	static const struct {
		unsigned long magic;
		const char *name;
	} no[] = {
	    {0x6969, "NFS"},
	    {0x517b, "SMB"},
	    {0xfe534d42, "SMB"},
	    {0xff534d42, "CIFS"},
	    {0x5346414f, "AFS"},
	    {0x73757245, "Coda"},
	    {0x00c36400, "Ceph"},
	};
	struct statfs fs;

	if (statfs(path, &fs) < 0)
		return crm_err_sys(err,
		    errno == EACCES ? CRM_EPERM : CRM_ENOINPUT, errno,
		    "cannot look at '%s'", path);
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
		if (((unsigned long)fs.f_type & 0xffffffffUL) != no[i].magic)
			continue;
		crm_err_set(err, CRM_ECONFIG,
		    "'%s' is on a network file system (%s), wanted a local one",
		    path, no[i].name);
		crm_err_hint(err,
		    "keep the store on a disk of this machine, and copy it"
		    " with crm-store backup");
		return CRM_ECONFIG;
	}
	*readonly = (fs.f_flags & ST_RDONLY) != 0;
	return CRM_OK;
}

int
crm_folder_make(const char *path, struct crm_err *err)
{
	if (mkdir(path, 0700) < 0 || chmod(path, 0700) < 0)
		return crm_err_sys(
		    err, CRM_ECREATE, errno, "cannot make '%s'", path);
	return CRM_OK;
}

int
crm_folder_create(const char *path, struct crm_err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0 || fchmod(fd, 0600) < 0) {
		crm_err_sys(
		    err, CRM_ECREATE, errno, "cannot create '%s'", path);
		if (fd >= 0)
			close(fd);
		return CRM_ECREATE;
	}
	return fd;
}

int
crm_folder_temp(const char *path, char out[CRM_PATH_MAX], struct crm_err *err)
{
	size_t n = strlen(path);

	if (n >= CRM_STORE_PATH_MAX)
		return crm_err_set(err, CRM_EUSAGE, "the path is too long");
	memcpy(out, path, n);
	memcpy(out + n, ".XXXXXX", sizeof(".XXXXXX"));
	if (!mkdtemp(out) || chmod(out, 0700) < 0)
		return crm_err_sys(err, CRM_ECREATE, errno,
		    "cannot make a folder beside '%s'", path);
	return CRM_OK;
}

bool
crm_folder_below(const char *path, const char *above)
{
	struct stat want, is, last = {0};
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC), up;
	bool below = false;

	if (stat(above, &want) < 0) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	/* The root is above itself. */
	while (fd >= 0 && !below && fstat(fd, &is) == 0 &&
	       (is.st_ino != last.st_ino || is.st_dev != last.st_dev)) {
		below = is.st_ino == want.st_ino && is.st_dev == want.st_dev;
		last = is;
		up = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		close(fd);
		fd = up;
	}
	if (fd >= 0)
		close(fd);
	return below;
}

int
crm_folder_sync(const char *path, struct crm_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int code = CRM_OK;

	if (fd < 0 || fsync(fd) < 0)
		code = crm_folder_fail(path, errno, "cannot write to", err);
	if (fd >= 0)
		close(fd);
	return code;
}

int
crm_folder_sync_parent(const char *path, struct crm_err *err)
{
	char dir[CRM_PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t n = slash ? (size_t)(slash - path) : 0;

	if (!slash)
		return crm_folder_sync(".", err);
	if (n == 0)
		return crm_folder_sync("/", err);
	if (n >= sizeof(dir))
		return crm_err_set(err, CRM_EUSAGE, "the path is too long");
	memcpy(dir, path, n);
	dir[n] = '\0';
	return crm_folder_sync(dir, err);
}

int
crm_folder_rename(const char *from, const char *to, struct crm_err *err)
{
	int r = renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);

	/* Not every file system knows the flag.  A plain rename of a folder
	 * replaces only an empty folder, which is no loss. */
	if (r < 0 && errno == EINVAL)
		r = rename(from, to);
	if (r == 0)
		return CRM_OK;
	if (errno == EEXIST || errno == ENOTEMPTY || errno == ENOTDIR)
		return crm_err_set(
		    err, CRM_ECREATE, "'%s' is there already", to);
	return crm_err_sys(err, CRM_ECREATE, errno, "cannot make '%s'", to);
}

void
crm_folder_remove(const char *folder)
{
	static const char *const names[] = {
	    "data", "data.new", "lock", "crm.yaml", "erased", "erased.new"};
	char path[CRM_PATH_MAX];

	(void)crm_gen_clean(folder, NULL);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		crm_folder_path(path, folder, names[i]);
		unlink(path);
	}
	rmdir(folder);
}

int
crm_folder_fail(
    const char *folder, int errnum, const char *what, struct crm_err *err)
{
	struct statvfs fs;
	uint64_t room = UINT64_MAX;
	int code = CRM_EIO;

	if (errnum == ENOSPC || errnum == EDQUOT || errnum == EIO) {
		if (statvfs(folder, &fs) == 0)
			room = (uint64_t)fs.f_bavail * fs.f_frsize;
		if (errnum != EIO || room < ROOM_LOW) {
			if (room == UINT64_MAX)
				room = 0;
			return crm_err_set(err, CRM_EIO,
			    "disk full: '%s' has %llu MiB free%s", folder,
			    (unsigned long long)(room >> 20),
			    errnum == EDQUOT ? ", but the quota is used up"
					     : "");
		}
	}
	if (errnum == EACCES || errnum == EPERM || errnum == EROFS)
		code = CRM_EPERM;
	else if (errnum == ENOMEM)
		code = CRM_ENOMEM;
	return crm_err_sys(err, code, errnum, "%s '%s'", what, folder);
}
