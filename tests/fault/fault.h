/*
 * fault.h - what the programs of tests/fault share.
 *
 * They drive real commands, linked dynamically, in a folder of their own, and
 * look at the store afterwards by the library, each look in a process of its
 * own: what a damaged store does to a reader is one of the things asked.
 */
#ifndef FAULT_H
#define FAULT_H

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <crm.h>

#define FAULT_ARGS 24
#define FAULT_DIED 1000 /* status of a run: + the signal */
#define FAULT_HUNG 2000

extern char **environ;

__attribute__((noreturn, format(printf, 1, 2))) static inline void
fault_die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	_exit(2);
}

static inline int64_t
fault_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* ---- where it happens ---- */

struct fault {
	char dir[200]; /* removed at the end */
	char store[240];
	char data[280]; /* its data file */
	char bin[1024]; /* the folder of the commands */
	char actor[24];
	struct crm_rand rand;
	int bad; /* complaints so far */
};

/* A complaint: counted, the first ones printed. */
__attribute__((format(printf, 2, 3))) static inline void
fault_bad(struct fault *f, const char *fmt, ...)
{
	va_list ap;

	if (f->bad++ >= 40)
		return;
	fputs("# ", stdout);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
}

static inline uint64_t
fault_below(struct fault *f, uint64_t n)
{
	return crm_rand_below(&f->rand, n);
}

/* What a run printed. */
struct fault_text {
	char *p; /* ends in NUL */
	size_t n;
};
static inline struct fault_text
fault_read(int fd)
{
	struct fault_text t = {0};
	struct stat st;
	ssize_t got;

	if (fstat(fd, &st) < 0 ||
	    (t.p = malloc((size_t)st.st_size + 1)) == NULL)
		fault_die("cannot read a file");
	while (t.n < (size_t)st.st_size &&
	       (got = pread(
		    fd, t.p + t.n, (size_t)st.st_size - t.n, (off_t)t.n)) > 0)
		t.n += (size_t)got;
	t.p[t.n] = '\0';
	return t;
}
static inline struct fault_text
fault_load(const char *path)
{
	struct fault_text t;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		fault_die("cannot open %s: %s", path, strerror(errno));
	t = fault_read(fd);
	close(fd);
	return t;
}
/* Replaces what the file holds, in its place. */
static inline void
fault_save(const char *path, const char *p, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	size_t done = 0;
	ssize_t put;

	while (fd >= 0 && done < n &&
	       (put = pwrite(fd, p + done, n - done, (off_t)done)) > 0)
		done += (size_t)put;
	if (fd < 0 || done < n || ftruncate(fd, (off_t)n) < 0)
		fault_die("cannot write %s: %s", path, strerror(errno));
	close(fd);
}

/* ---- commands ---- */

struct fault_run {
	int status; /* exit status, FAULT_DIED + signal, or FAULT_HUNG */
	struct fault_text out, err;
};
static inline void
fault_run_release(struct fault_run *r)
{
	free(r->out.p);
	free(r->err.p);
	*r = (struct fault_run){0};
}

static inline int
fault_status(int status)
{
	return WIFSIGNALED(status) ? FAULT_DIED + WTERMSIG(status)
				   : WEXITSTATUS(status);
}

/* Waits; kills what takes longer than 20 seconds. */
static inline int
fault_wait(pid_t pid)
{
	int64_t until = fault_ms() + 20000;
	struct timespec nap = {0, 200000};
	int status;
	pid_t got;

	while ((got = waitpid(pid, &status, WNOHANG)) == 0) {
		if (fault_ms() > until) {
			kill(pid, SIGKILL);
			waitpid(pid, &status, 0);
			return FAULT_HUNG;
		}
		nanosleep(&nap, NULL);
	}
	if (got < 0)
		fault_die("waitpid: %s", strerror(errno));
	return fault_status(status);
}

/*
 * Starts a command in a process of its own with these descriptors; name is
 * its name in f->bin.  args end in NULL, names of the environment with values
 * ("A=b") too.
 */
static inline pid_t
fault_start(const struct fault *f, const char *const *args,
    const char *const *env, int in, int out, int err)
{
	char path[1200];
	const char *argv[FAULT_ARGS + 1];
	size_t n = 0;
	pid_t pid;

	snprintf(path, sizeof path, "%s%s%s", args[0][0] == '/' ? "" : f->bin,
	    args[0][0] == '/' ? "" : "/", args[0]);
	while (n < FAULT_ARGS && args[n] != NULL) {
		argv[n] = args[n];
		n++;
	}
	argv[n] = NULL;
	pid = fork();
	if (pid < 0)
		fault_die("fork: %s", strerror(errno));
	if (pid > 0)
		return pid;
	setenv("CRM_STORE", f->store, 1);
	setenv("CRM_ACTOR", f->actor, 1);
	setenv("TMPDIR", f->dir, 1);
	if (chdir(f->dir) < 0)
		_exit(127);
	for (; env != NULL && *env != NULL; env++)
		putenv((char *)(uintptr_t)*env);
	if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
		_exit(127);
	execv(path, (char *const *)(uintptr_t)argv);
	_exit(127);
}

static inline int
fault_memory(const char *text)
{
	int fd = memfd_create("fault", MFD_CLOEXEC);

	if (fd < 0)
		fault_die("memfd_create: %s", strerror(errno));
	if (text != NULL &&
	    (write(fd, text, strlen(text)) < 0 || lseek(fd, 0, SEEK_SET) < 0))
		fault_die("memfd: %s", strerror(errno));
	return fd;
}

/* Runs a command with text (or NULL) on stdin. */
static inline void
fault_run(const struct fault *f, const char *const *args,
    const char *const *env, const char *input, struct fault_run *r)
{
	int in = fault_memory(input), out = fault_memory(NULL);
	int err = fault_memory(NULL);

	r->status = fault_wait(fault_start(f, args, env, in, out, err));
	r->out = fault_read(out);
	r->err = fault_read(err);
	close(in);
	close(out);
	close(err);
}

/* One that must work: preparing. */
static inline void
fault_must(const struct fault *f, const char *const *args, const char *input)
{
	struct fault_run r;

	fault_run(f, args, NULL, input, &r);
	if (r.status != 0)
		fault_die("%s %s: %d: %s", args[0], args[1], r.status, r.err.p);
	fault_run_release(&r);
}

static inline bool
fault_has(const struct fault *f, const char *command)
{
	char path[1200];

	snprintf(path, sizeof path, "%s/%s", f->bin, command);
	return access(path, X_OK) == 0;
}

/* ---- looking at a store ---- */

struct fault_look {
	uint64_t hash; /* of every entry of every table */
	uint64_t entries;
	uint64_t revision;
	uint64_t faults; /* of the check */
	int code; /* enum crm_code, or FAULT_DIED + signal */
	char text[160]; /* the first thing that is wrong */
};

static inline int
fault_look_fault(
    void *ctx, struct crm_str where, struct crm_str what, struct crm_err *err)
{
	struct fault_look *l = ctx;

	(void)err;
	if (l->text[0] == '\0')
		snprintf(l->text, sizeof l->text, "%.*s: %.*s", (int)where.n,
		    where.p, (int)what.n, what.p);
	return CRM_OK;
}

static inline int
fault_look_table(struct crm_txn *t, unsigned table, struct fault_look *l,
    struct crm_err *err)
{
	struct crm_cursor *c;
	struct crm_str k, v;
	int code = crm_cursor_open(t, table, &c, err);

	if (code < 0)
		return code;
	code = crm_cursor_seek(c, CRM_STR(""), &k, &v, err);
	while (code == CRM_OK) {
		uint64_t h[3] = {l->hash, crm_hash64(k.p, k.n) + table,
		    crm_hash64(v.p, v.n)};

		l->hash = crm_hash64(h, sizeof h);
		l->entries++;
		if (table != CRM_TAB_META)
			code = crm_unseal(table, k, &v, err);
		if (code == CRM_OK)
			code = crm_cursor_next(c, &k, &v, err);
	}
	crm_cursor_close(c);
	return code == CRM_NOTFOUND ? CRM_OK : code;
}

static inline void
fault_look_here(const char *path, bool check, struct fault_look *l)
{
	struct crm_store_options opt = {.path = path};
	struct crm_check_options look = {.fault = fault_look_fault, .ctx = l};
	struct crm_check_result result = {0};
	struct crm_store *s;
	struct crm_txn *t;
	struct crm_err err = {0};

	l->code = crm_store_open(&s, &opt, &err);
	if (l->code == CRM_OK)
		l->code = crm_txn_begin(s, &t, &err);
	if (l->code == CRM_OK) {
		l->revision = crm_txn_revision(t);
		for (unsigned i = 0; i < CRM_TABS && l->code == CRM_OK; i++)
			l->code = fault_look_table(t, i, l, &err);
		crm_txn_end(t);
	}
	if (s != NULL && check &&
	    (l->code == CRM_OK || l->code == CRM_EDAMAGE)) {
		int code = crm_store_check(s, &look, &result, &err);

		l->faults = result.faults + (code < 0 && code != CRM_NO);
	}
	if (l->text[0] == '\0')
		snprintf(l->text, sizeof l->text, "%.150s", err.text);
}

/* Digest of a store, and with check what crm_store_check says. */
static inline struct fault_look
fault_look(const char *path, bool check)
{
	struct fault_look l = {0};
	int pipes[2];
	ssize_t got;
	pid_t pid;
	int status;

	if (pipe2(pipes, O_CLOEXEC) < 0 || (pid = fork()) < 0)
		fault_die("fork: %s", strerror(errno));
	if (pid == 0) {
		alarm(60);
		fault_look_here(path, check, &l);
		_exit(write(pipes[1], &l, sizeof l) != sizeof l);
	}
	close(pipes[1]);
	got = read(pipes[0], &l, sizeof l);
	close(pipes[0]);
	waitpid(pid, &status, 0);
	if (got != sizeof l || status != 0) {
		l = (struct fault_look){.code = fault_status(status)};
		snprintf(
		    l.text, sizeof l.text, "looking at it ended in %d", l.code);
	}
	return l;
}

/* ---- beginning and end ---- */

static inline void
fault_paths(struct fault *f)
{
	snprintf(f->store, sizeof f->store, "%s/shop", f->dir);
	snprintf(
	    f->data, sizeof f->data, "%s/gen-0000000001/data.mdb", f->store);
}

static inline void
fault_begin(struct fault *f, const char *bin, uint64_t seed)
{
	const char *tmp = getenv("TMPDIR");

	memset(f, 0, sizeof *f);
	if (realpath(bin, f->bin) == NULL)
		fault_die("there is no %s", bin);
	snprintf(f->dir, sizeof f->dir, "%s/crm-fault.XXXXXX",
	    tmp != NULL && strlen(tmp) < 100 ? tmp : "/tmp");
	if (mkdtemp(f->dir) == NULL)
		fault_die("cannot make %s", f->dir);
	fault_paths(f);
	snprintf(f->actor, sizeof f->actor, "fault");
	crm_rand_seed(&f->rand, seed);
	setenv("CRM_NOW", "2026-06-01T10:00:00Z", 1);
	setenv("TZ", "UTC", 1);
	setenv("HOME", f->dir, 1);
	unsetenv("LD_PRELOAD");
}

/* Runs another program and waits: cp, rm. */
static inline void
fault_tool(const char *a, const char *b, const char *c, const char *d)
{
	const char *argv[] = {a, b, c, d, NULL};
	pid_t pid = fork();
	int status = 1;

	if (pid == 0) {
		execvp(a, (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || status != 0)
		fault_die("%s %s failed", a, c);
}

/* Removes the folder; the exit status. */
static inline int
fault_end(struct fault *f)
{
	fault_tool("rm", "-rf", f->dir, NULL);
	if (f->bad > 0)
		printf("# %d complaints\n", f->bad);
	return f->bad > 0;
}

static inline void
fault_create(struct fault *f)
{
	struct crm_settings set = {.currency = CRM_STR("EUR"),
	    .timezone = CRM_STR("Europe/Berlin"),
	    .country = CRM_STR("DE"),
	    .next_tag = CRM_TAG_CUSTOM};
	struct crm_origin by = {1780308000, CRM_STR("fault"),
	    CRM_STR("crm-store init"), CRM_STR("a test")};
	struct crm_err err = {0};

	if (crm_store_create(f->store, &set, &by, &err) < 0)
		fault_die("cannot create a store: %s", err.text);
}

/* The next n customers, as a stream; a few have texts that need pages of
 * their own. */
static inline void
fault_customers(struct fault *f, struct crm_buf *b, unsigned from, unsigned n)
{
	crm_buf_puts(b, "name\temail\tcity\ttags\tnote\n");
	for (unsigned i = from; i < from + n; i++) {
		size_t note = fault_below(f, 60);

		if (fault_below(f, 25) == 0)
			note = 1500 + fault_below(f, 8000);
		crm_buf_putf(b, "Customer %u\tc%u@example.org\tTown %u\tt%u\t",
		    i, i, i % 17, i % 5);
		for (size_t j = 0; j < note; j++)
			crm_buf_putc(b, (char)('a' + (int)fault_below(f, 26)));
		crm_buf_putc(b, '\n');
	}
	if (b->fail)
		fault_die("out of memory");
}

/* A store with customers, products and orders, some of them gone again. */
static inline void
fault_fill(struct fault *f, unsigned customers)
{
	struct crm_buf b = {.max = (size_t)1 << 26};

	fault_create(f);
	fault_customers(f, &b, 1, customers);
	crm_buf_putc(&b, '\0');
	fault_must(f, (const char *[]){"crm-customer", "add", "-", NULL}, b.p);
	for (unsigned i = 0; i < 12; i++) {
		char id[16], city[32];

		snprintf(id, sizeof id, "C%u", 1 + i * 3);
		snprintf(city, sizeof city, "Moved %u", i);
		fault_must(f,
		    (const char *[]){
			"crm-customer", "set", id, "--city", city, NULL},
		    NULL);
		snprintf(id, sizeof id, "C%u", 2 + i * 3);
		if (i % 4 == 0)
			fault_must(f,
			    (const char *[]){"crm-customer", "rm", id, NULL},
			    NULL);
	}
	crm_buf_clear(&b);
	crm_buf_puts(&b, "sku\tname\tprice\n");
	for (unsigned i = 1; i <= 20; i++)
		crm_buf_putf(&b, "s%u\tProduct %u\t%u.50\n", i, i, i);
	crm_buf_putc(&b, '\0');
	fault_must(f, (const char *[]){"crm-product", "add", "-", NULL}, b.p);
	crm_buf_clear(&b);
	crm_buf_puts(
	    &b, "customer_id\tnumber\tplaced\tproduct_id\tquantity\tamount\n");
	for (unsigned i = 1; i <= customers; i++)
		crm_buf_putf(&b,
		    "email:c%u@example.org\tA%u\t2026-0%u-%02uT10:00:00Z\t"
		    "sku:s%u\t%u\t%u.00\n",
		    3 + (i * 7) % (customers - 3) / 3 * 3, i, 1 + i % 5,
		    1 + i % 28, 1 + i % 20, 1 + i % 3, 5 + i % 40);
	crm_buf_putc(&b, '\0');
	if (b.fail)
		fault_die("out of memory");
	fault_must(f, (const char *[]){"crm-order", "add", "-", NULL}, b.p);
	crm_buf_release(&b);
}

static inline unsigned
fault_number(const char *text)
{
	int64_t n;

	if (crm_int_parse(crm_str(text), &n) < 0 || n < 0 || n > 100000000)
		fault_die("'%s' is not a number", text);
	return (unsigned)n;
}

#endif
