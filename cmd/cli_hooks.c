/*
 * cli_hooks.c - programs of the shop's own that are told what has changed.
 *
 * Hooks are the executable files of hooks.d, in the store's folder.  Whoever
 * has changed the store runs them afterwards, without any lock of the
 * store, each with the feed (crm-log follow) on stdin from the revision after
 * the last one it took with status 0.  That revision is in hooks.at/NAME, which
 * is also the file that is locked while the hook runs: who finds it locked
 * leaves the work to the holder, and the holder looks again for newer
 * revisions after having let go, so that nothing is left over between the two.
 *
 * The feed is written to an unlinked file that becomes the hook's stdin, not to
 * a pipe: a hook that does not read to the end, or stops half-way, must not
 * end or block the command, and none of it is lost.
 *
 * A hook begins with the revisions made since it was put there (the change
 * time of its file), so that it neither misses one that another writer
 * committed first, nor sends the whole past to a mail server.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli_hooks.h"

#define FEED_MOST 20000 /* records given to one run of a hook */
#define ROUNDS 100 /* a hook may change the store: not for ever */
#define DIGITS 20

extern char **environ;

struct run {
	struct cli *c;
	char *folder; /* of the store, absolute */
	char **env;
	struct cli_hook *hook;
	size_t n, cap;
};

/* folder/sub/name, to be freed. */
static char *
path_of(const char *folder, const char *sub, const char *name)
{
	size_t n = strlen(folder) + strlen(sub) + strlen(name) + 3;
	char *p = malloc(n);

	if (p != NULL)
		snprintf(
		    p, n, "%s/%s%s%s", folder, sub, name[0] ? "/" : "", name);
	return p;
}

/* ---- which hooks there are ---- */

/* Editors' backups and what packages leave behind are no hooks. */
static bool
name_fits(const char *name)
{
	return name[0] != '.' && strlen(name) < CLI_HOOK_NAME &&
	       strspn(name,
		   "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		   "0123456789_-.") == strlen(name);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct cli_hook *)a)->name,
	    ((const struct cli_hook *)b)->name);
}

static int
hooks_find(struct run *r, struct crm_err *err)
{
	char *dir = path_of(r->folder, "hooks.d", "");
	DIR *d = dir ? opendir(dir) : NULL;
	struct dirent *e;
	int code = CRM_OK;

	if (dir == NULL)
		return crm_err_nomem(err);
	if (d == NULL && errno != ENOENT)
		code = crm_err_sys(
		    err, CRM_EPERM, errno, "cannot look at '%s'", dir);
	while (d != NULL && code == CRM_OK && (e = readdir(d)) != NULL) {
		struct stat st;

		if (!name_fits(e->d_name) ||
		    fstatat(dirfd(d), e->d_name, &st, 0) < 0 ||
		    !S_ISREG(st.st_mode) ||
		    faccessat(dirfd(d), e->d_name, X_OK, 0) < 0)
			continue;
		if (!crm_grow(&r->hook, &r->cap, r->n, sizeof *r->hook)) {
			code = crm_err_nomem(err);
			break;
		}
		r->hook[r->n] = (struct cli_hook){.fd = -1};
		snprintf(r->hook[r->n].name, CLI_HOOK_NAME, "%s", e->d_name);
		r->hook[r->n++].since = (int64_t)st.st_ctime;
	}
	if (d != NULL)
		closedir(d);
	free(dir);
	if (r->n > 1)
		qsort(r->hook, r->n, sizeof *r->hook, by_name);
	return code;
}

/* ---- its position ---- */

static int
position_open(struct run *r, struct cli_hook *h, bool make, struct crm_err *err)
{
	char *dir = path_of(r->folder, "hooks.at", "");
	char *path = path_of(r->folder, "hooks.at", h->name);
	int code = CRM_OK;

	if (dir == NULL || path == NULL)
		code = crm_err_nomem(err);
	else if (make && mkdir(dir, 0700) < 0 && errno != EEXIST)
		code = crm_err_sys(
		    err, CRM_ECREATE, errno, "cannot make '%s'", dir);
	else {
		h->fd = open(path,
		    O_RDWR | O_CLOEXEC | O_NOFOLLOW | (make ? O_CREAT : 0),
		    0600);
		if (h->fd < 0 && (make || errno != ENOENT))
			code = crm_err_sys(
			    err, CRM_ECREATE, errno, "cannot open '%s'", path);
		else if (h->fd >= 0 && make)
			(void)fchmod(h->fd, 0600);
	}
	free(dir);
	free(path);
	return code;
}

/* CRM_NOTFOUND: it has none yet. */
static int
position_read(struct cli_hook *h, struct crm_err *err)
{
	char text[DIGITS + 1];
	ssize_t n = h->fd < 0 ? 0 : pread(h->fd, text, sizeof text, 0);
	struct crm_str s = {text, DIGITS};
	int64_t v;

	if (n == 0)
		return CRM_NOTFOUND;
	while (n == DIGITS + 1 && s.n > 1 && s.p[0] == '0') {
		s.p++;
		s.n--;
	}
	if (n != DIGITS + 1 || text[DIGITS] != '\n' ||
	    crm_int_parse(s, &v) < 0 || v < 0) {
		crm_err_set(err, CRM_EDATA,
		    "'hooks.at/%s' has no revision in it", h->name);
		crm_err_hint(
		    err, "crm-store hooks --from REVISION %s", h->name);
		return CRM_EDATA;
	}
	h->at = (uint64_t)v;
	return CRM_OK;
}

/* So few bytes are in one sector: they are there or not. */
static int
position_write(struct cli_hook *h, uint64_t at, struct crm_err *err)
{
	char text[DIGITS + 2];

	snprintf(text, sizeof text, "%0*llu\n", DIGITS, (unsigned long long)at);
	if (pwrite(h->fd, text, DIGITS + 1, 0) != DIGITS + 1 ||
	    fdatasync(h->fd) < 0)
		return crm_err_sys(
		    err, CRM_EIO, errno, "cannot write 'hooks.at/%s'", h->name);
	h->at = at;
	return CRM_OK;
}

/* 1 taken, 0 another has it, or a code. */
static int
position_lock(struct cli_hook *h, struct crm_err *err)
{
	struct flock fl = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	while (fcntl(h->fd, F_OFD_SETLK, &fl) < 0) {
		if (errno == EAGAIN || errno == EACCES)
			return 0;
		if (errno != EINTR)
			return crm_err_sys(err, CRM_EIO, errno,
			    "cannot lock 'hooks.at/%s'", h->name);
	}
	return 1;
}

static void
position_unlock(struct cli_hook *h)
{
	struct flock fl = {.l_type = F_UNLCK, .l_whence = SEEK_SET};

	(void)fcntl(h->fd, F_OFD_SETLK, &fl);
}

struct look {
	int64_t since;
	uint64_t at, last;
};

static int
look_last(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	struct look *l = ctx;

	(void)err;
	l->last = crm_txn_revision(t);
	return CRM_OK;
}

/* The last revision that is older than the hook. */
static int
look_since(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	struct look *l = ctx;
	struct crm_log_head head;
	int code = CRM_OK;

	for (l->at = l->last = crm_txn_revision(t); l->at > 0; l->at--) {
		code = crm_log_read(t, l->at, &head, NULL);
		if (code < 0 || head.time < l->since)
			break;
	}
	/* what is not in the log cannot be given */
	return code == CRM_NOTFOUND ? CRM_OK
	       : code < 0	    ? crm_log_read(t, l->at, &head, err)
				    : CRM_OK;
}

/* Where a hook is, whether it has been run or not. */
static int
position_find(
    struct run *r, struct cli_hook *h, uint64_t *last, struct crm_err *err)
{
	struct look l = {.since = h->since};
	int code = position_read(h, err);

	if (code < 0 && code != CRM_NOTFOUND)
		return code;
	if (code == CRM_OK) {
		code = crm_txn_run(r->c->store, CRM_READ, look_last, &l, err);
	} else {
		code = crm_txn_run(r->c->store, CRM_READ, look_since, &l, err);
		h->at = l.at;
	}
	*last = l.last;
	if (code == CRM_OK && h->at > l.last) {
		crm_err_set(err, CRM_EDATA,
		    "hook '%s' has had revision %llu, the store's last one is "
		    "%llu",
		    h->name, (unsigned long long)h->at,
		    (unsigned long long)l.last);
		crm_err_hint(
		    err, "crm-store hooks --from REVISION %s", h->name);
		code = CRM_EDATA;
	}
	return code;
}

/* ---- running one ---- */

struct span {
	uint64_t from, upto;
};

/* As many revisions as have FEED_MOST records, one at least. */
static int
span_find(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	struct span *s = ctx;
	struct crm_log_head head;
	uint64_t n = 0, next = s->from;
	int code = CRM_OK;

	s->upto = 0;
	while (n < FEED_MOST &&
	       (code = crm_log_next(t, next, &head, err)) == CRM_OK) {
		n += 1 + crm_log_added(&head) + head.updated + head.removed;
		s->upto = head.revision;
		next = head.revision + 1;
	}
	return code == CRM_NOTFOUND ? CRM_OK : code;
}

static int
feed_file(struct run *r, const struct span *s, struct crm_err *err)
{
	struct crm_feed_options feed = {.since = s->from, .until = s->upto};
	struct crm_out_options opt = {
	    .format = CRM_FMT_TSV, .schema = r->c->schema};
	struct crm_out *out;
	uint64_t next;
	int code;

	opt.fd = crm_temp_file(r->folder, err);
	if (opt.fd < 0)
		return opt.fd;
	code = crm_out_open(&out, &opt, NULL, 0, err);
	if (code == CRM_OK) {
		code = crm_feed_write(r->c->store, &feed, out, &next, err);
		if (code == CRM_OK)
			code = crm_out_close(out, err);
		else
			crm_out_abort(out);
	}
	if (code == CRM_OK && lseek(opt.fd, 0, SEEK_SET) < 0)
		code = crm_err_sys(
		    err, CRM_EIO, errno, "cannot read the feed again");
	if (code < 0)
		close(opt.fd);
	return code < 0 ? code : opt.fd;
}

/* Everything past stderr ends with exec, what we were given included.  The
 * call is newer than some C libraries and kernels. */
static void
close_on_exec(void)
{
#ifdef SYS_close_range
	const unsigned cloexec = 4;

	if (syscall(SYS_close_range, 3U, ~0U, cloexec) == 0)
		return;
#endif
	for (int fd = 3; fd < 4096; fd++) {
		int flags = fcntl(fd, F_GETFD);

		if (flags >= 0)
			(void)fcntl(fd, F_SETFD, flags | FD_CLOEXEC);
	}
}

static int
spawn(struct run *r, const char *path, int in, pid_t *pid)
{
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t at;
	sigset_t none, all;
	char *argv[2];
	int rc = posix_spawn_file_actions_init(&fa);

	if (rc != 0)
		return rc;
	rc = posix_spawnattr_init(&at);
	if (rc != 0) {
		posix_spawn_file_actions_destroy(&fa);
		return rc;
	}
	argv[0] = strdup(path);
	argv[1] = NULL;
	sigemptyset(&none);
	sigfillset(&all);
	sigdelset(&all, SIGKILL);
	sigdelset(&all, SIGSTOP);
	close_on_exec();
	rc = argv[0] == NULL ? ENOMEM : 0;
	if (rc == 0)
		rc = posix_spawn_file_actions_adddup2(&fa, in, 0);
	if (rc == 0) /* stdout is the command's, and has its records */
		rc = posix_spawn_file_actions_adddup2(&fa, 2, 1);
	if (rc == 0)
		rc = posix_spawn_file_actions_addchdir_np(&fa, r->folder);
	if (rc == 0)
		rc = posix_spawnattr_setflags(
		    &at, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	if (rc == 0)
		rc = posix_spawnattr_setsigmask(&at, &none);
	if (rc == 0)
		rc = posix_spawnattr_setsigdefault(&at, &all);
	if (rc == 0)
		rc = posix_spawn(pid, path, &fa, &at, argv, r->env);
	free(argv[0]);
	posix_spawnattr_destroy(&at);
	posix_spawn_file_actions_destroy(&fa);
	return rc;
}

static int
wait_for(struct cli_hook *h, pid_t pid, struct crm_err *err)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return crm_err_sys(err, CRM_EIO, errno,
			    "cannot wait for hook '%s'", h->name);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return CRM_OK;
	if (WIFSIGNALED(status))
		return crm_err_set(err, CRM_EHELPER,
		    "hook '%s' was ended by signal %d", h->name,
		    WTERMSIG(status));
	return crm_err_set(err, CRM_EHELPER, "hook '%s' ended with status %d",
	    h->name, WEXITSTATUS(status));
}

/* One run, with one span.  The lock is held. */
static int
hook_feed(struct run *r, struct cli_hook *h, struct crm_err *err)
{
	struct span s = {.from = h->at + 1};
	char *path;
	pid_t pid;
	int fd, rc, code;

	code = crm_txn_run(r->c->store, CRM_READ, span_find, &s, err);
	if (code < 0 || s.upto == 0)
		return code;
	fd = feed_file(r, &s, err);
	if (fd < 0)
		return fd;
	path = path_of(r->folder, "hooks.d", h->name);
	if (path == NULL) {
		close(fd);
		return crm_err_nomem(err);
	}
	rc = spawn(r, path, fd, &pid);
	close(fd);
	free(path);
	code = rc != 0 ? crm_err_sys(err, CRM_EHELPER, rc,
			     "cannot run hook '%s'", h->name)
		       : wait_for(h, pid, err);
	return code < 0 ? code : position_write(h, s.upto, err);
}

/* While the lock is held: all that is pending.  *ran: something was. */
static int
hook_drain(struct run *r, struct cli_hook *h, bool *ran, struct crm_err *err)
{
	uint64_t last;
	int code = position_read(h, err);
	bool fresh = code == CRM_NOTFOUND;

	if (fresh || code == CRM_OK)
		code = position_find(r, h, &last, err);
	if (code == CRM_OK && fresh)
		code = position_write(h, h->at, err);
	for (int i = 0; code == CRM_OK && h->at < last && i < ROUNDS; i++) {
		*ran = true;
		code = hook_feed(r, h, err);
	}
	return code;
}

/* CRM_NO: somebody else runs it. */
static int
hook_run(struct run *r, struct cli_hook *h, bool *ran, struct crm_err *err)
{
	struct look l = {0};
	int code = h->fd < 0 ? position_open(r, h, true, err) : CRM_OK;

	for (int i = 0; code == CRM_OK && i < ROUNDS; i++) {
		code = position_lock(h, err);
		if (code <= 0)
			return code < 0 ? code : CRM_NO;
		code = hook_drain(r, h, ran, err);
		position_unlock(h);
		/* Who came while the lock was held has left it to us. */
		if (code == CRM_OK)
			code = crm_txn_run(
			    r->c->store, CRM_READ, look_last, &l, err);
		if (code == CRM_OK && l.last <= h->at)
			break;
	}
	return code;
}

/* ---- all of them ---- */

static void
run_release(struct run *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->hook[i].fd >= 0)
			close(r->hook[i].fd);
	free(r->hook);
	free(r->folder);
	if (r->env != NULL) {
		free(r->env[0]);
		free((void *)r->env);
	}
}

/* The environment, with the store's absolute path: hooks run elsewhere. */
static int
run_env(struct run *r, struct crm_err *err)
{
	static const char name[] = "CRM_STORE=";
	size_t n = 0, at = 0, size = sizeof name + strlen(r->folder);

	while (environ[n] != NULL)
		n++;
	r->env = calloc(n + 2, sizeof *r->env);
	if (r->env == NULL || (r->env[0] = malloc(size)) == NULL)
		return crm_err_nomem(err);
	snprintf(r->env[0], size, "%s%s", name, r->folder);
	for (at = 1, n = 0; environ[n] != NULL; n++)
		if (strncmp(environ[n], name, sizeof name - 1) != 0)
			r->env[at++] = environ[n];
	return CRM_OK;
}

/* stdout is closed when its last record is written; its number must not be
 * that of a file. */
static void
fill_standard(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

static int
run_open(struct run *r, const char *store, struct crm_err *err)
{
	int code;

	fill_standard();
	r->folder = realpath(store, NULL);
	if (r->folder == NULL)
		return crm_err_sys(
		    err, CRM_ENOINPUT, errno, "cannot look at '%s'", store);
	code = run_env(r, err);
	return code == CRM_OK ? hooks_find(r, err) : code;
}

/* Until a round has nothing to do: a hook may change the store, and another
 * one that came before it is to hear of that. */
static size_t
run_all(struct run *r)
{
	size_t failed = 0;
	bool ran = true;

	for (int i = 0; ran && i < ROUNDS; i++) {
		ran = false;
		for (size_t k = 0; k < r->n; k++) {
			struct cli_hook *h = &r->hook[k];
			struct crm_err err = {0};

			if (h->failed)
				continue;
			h->code = hook_run(r, h, &ran, &err);
			if (h->code == CRM_OK || h->code == CRM_NO)
				continue;
			h->failed = true;
			failed++;
			err.code = h->code;
			if (err.hint[0] == '\0')
				crm_err_hint(&err,
				    "it goes on after revision %llu at the "
				    "next change, or by crm-store hooks",
				    (unsigned long long)h->at);
			cli_error_print(r->c, &err);
		}
	}
	return failed;
}

void
cli_hooks_run(struct cli *c)
{
	const char *store = crm_store_path(c->store);
	struct run r = {.c = c};
	struct crm_err err = {0};
	char *dir = path_of(store, "hooks.d", "");
	bool some = dir != NULL && access(dir, X_OK) == 0;

	free(dir);
	if (!some)
		return;
	crm_store_unlock(c->store);
	if (run_open(&r, store, &err) < 0)
		cli_error_print(c, &err);
	else
		(void)run_all(&r);
	run_release(&r);
}

int
cli_hooks_list(
    struct cli *c, bool run, cli_hook_fn *fn, void *ctx, struct crm_err *err)
{
	struct run r = {.c = c};
	uint64_t last = 0;
	size_t failed = 0;
	int code = run_open(&r, crm_store_path(c->store), err);

	if (code == CRM_OK && run)
		failed = run_all(&r);
	for (size_t i = 0; code == CRM_OK && i < r.n; i++) {
		struct cli_hook *h = &r.hook[i];
		struct crm_err why = {0};

		if (h->fd < 0)
			code = position_open(&r, h, false, err);
		if (code < 0)
			break;
		/* What is wrong with it has been said when it was run. */
		if (position_find(&r, h, &last, &why) < 0 && !run) {
			cli_error_print(c, &why);
			failed++;
		}
		code = fn(ctx, h, last > h->at ? last - h->at : 0, err);
	}
	run_release(&r);
	return code == CRM_OK && failed > 0 ? CRM_NO : code;
}

int
cli_hooks_from(
    struct cli *c, const char *name, uint64_t revision, struct crm_err *err)
{
	struct run r = {.c = c};
	struct cli_hook *h = NULL;
	int code = run_open(&r, crm_store_path(c->store), err);

	for (size_t i = 0; code == CRM_OK && i < r.n; i++)
		if (strcmp(r.hook[i].name, name) == 0)
			h = &r.hook[i];
	if (code == CRM_OK && h == NULL)
		code = crm_err_set(err, CRM_EUSAGE,
		    "there is no hook '%s' in '%s/hooks.d'", name, r.folder);
	if (code == CRM_OK)
		code = position_open(&r, h, true, err);
	if (code == CRM_OK) {
		code = position_lock(h, err);
		if (code == 0)
			code = crm_err_set(
			    err, CRM_EBUSY, "busy: hook '%s' is running", name);
		else if (code > 0)
			code = position_write(
			    h, revision > 0 ? revision - 1 : 0, err);
	}
	run_release(&r);
	return code;
}

uint64_t
cli_hooks_past(const char *store)
{
	char *dir = path_of(store, "hooks.at", "");
	DIR *d = dir != NULL ? opendir(dir) : NULL;
	struct dirent *e;
	uint64_t most = 0;

	while (d != NULL && (e = readdir(d)) != NULL) {
		struct cli_hook h = {.fd = -1};

		if (!name_fits(e->d_name))
			continue;
		h.fd = openat(
		    dirfd(d), e->d_name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		if (h.fd < 0)
			continue;
		if (position_read(&h, NULL) == CRM_OK && h.at > most)
			most = h.at;
		close(h.fd);
	}
	if (d != NULL)
		closedir(d);
	free(dir);
	return most;
}
