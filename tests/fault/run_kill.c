/*
 * run_kill.c - writers killed at random moments.
 *
 *	run_kill BIN CYCLES [SEED]
 *
 * A cycle starts 1, 2 or 4 writers, each a shell's loop of commands, and kills
 * all of them with SIGKILL after a while.  What a command had printed whole
 * by then was acknowledged: it must be in the store with the value it was
 * given.  Then crm_store_check looks at everything.  Each command in the loop
 * has a name of its own, so that none can pass for another.
 */
#include <sys/prctl.h>

#include "fault.h"

#define WRITERS 4
#define FRESH 60 /* cycles until a new store is taken */

/* What was acknowledged: what the name and the city of a number must be. */
struct kill {
	struct fault f;
	struct fault_text image;
	struct crm_idmap city; /* number -> tag of the last city */
	struct crm_idmap added; /* number -> tag of its name */
	unsigned tag;
	unsigned cycles, acked, lost, faults, died;
};

struct writer {
	pid_t pid;
	unsigned first; /* tag */
	bool sets;
	unsigned number; /* of the customer it sets */
	int out;
};

/*
 * The writer: a child that starts one command after the other.  Its group is
 * killed, so that the command under way is hit as well.
 */
static void
write_on(struct kill *x, const struct writer *w)
{
	char name[40], id[16], rows[400];
	int none = open("/dev/null", O_RDWR | O_CLOEXEC);

	setpgid(0, 0);
	snprintf(id, sizeof id, "C%u", w->number);
	for (unsigned i = w->first; i < w->first + 1000; i++) {
		const char *set[] = {"crm-customer", "set", id, "--city", name,
		    "--why", name, "-f", "city", "--no-header", NULL};
		const char *add[] = {"crm-customer", "add", "--name", name,
		    "-f", "name", "--no-header", NULL};
		const char *many[] = {"crm-customer", "add", "-", "--print",
		    "-f", "name", "--no-header", NULL};
		bool bulk = !w->sets && i % 4 == 3;
		int in = none, status;
		pid_t pid;

		snprintf(name, sizeof name, "tag%u", i);
		if (bulk) {
			snprintf(rows, sizeof rows,
			    "name\ntag%u\ntag%u.2\ntag%u.3\ntag%u.4\n", i, i, i,
			    i);
			in = fault_memory(rows);
		}
		pid = fault_start(&x->f,
		    w->sets ? set
		    : bulk  ? many
			    : add,
		    NULL, in, w->out, 2);
		waitpid(pid, &status, 0);
		if (status != 0)
			_exit(1);
		if (bulk)
			close(in);
	}
	_exit(0);
}

static void
begin_writer(struct kill *x, struct writer *w, unsigned i)
{
	w->first = x->tag;
	x->tag += 1000;
	w->sets = i % 2 == 1;
	w->number = 1 + 3 * i;
	w->out = fault_memory(NULL);
	/* Shared by all commands of the writer: each must add to it. */
	if (fcntl(w->out, F_SETFL, O_APPEND) < 0)
		fault_die("fcntl: %s", strerror(errno));
	w->pid = fork();
	if (w->pid < 0)
		fault_die("fork: %s", strerror(errno));
	if (w->pid == 0)
		write_on(x, w);
	setpgid(w->pid, w->pid);
}

/* Lines "C0000000042 TAB tag1007": acknowledged. */
static void
take_acked(struct kill *x, struct writer *w)
{
	struct fault_text t = fault_read(w->out);

	for (char *p = t.p, *end; (end = strchr(p, '\n')) != NULL;
	     p = end + 1) {
		char *tab;
		unsigned number;

		*end = '\0';
		tab = strchr(p, '\t');
		if (p[0] != 'C' || tab == NULL ||
		    strncmp(tab + 1, "tag", 3) != 0) {
			fault_bad(&x->f, "a writer printed '%s'", p);
			continue;
		}
		number = (unsigned)strtoul(p + 1, NULL, 10);
		crm_idmap_put(w->sets ? &x->city : &x->added, number,
		    (uint64_t)(strtod(tab + 4, NULL) * 10 + 0.5));
		x->acked++;
	}
	free(t.p);
	close(w->out);
}

/* The number in "tag1007", -1 when it is not such a text. */
static int64_t
later(struct crm_str s)
{
	int64_t n;

	if (s.n < 4)
		return -1;
	s.p += 3;
	s.n -= 3;
	return crm_int_parse(s, &n) == CRM_OK ? n : -1;
}

static int
look_at(struct kill *x, struct crm_txn *t, const struct crm_schema *s,
    struct crm_err *err)
{
	const struct crm_kind *k = &s->kind[CRM_K_CUSTOMER];
	struct crm_arena arena = {0};
	struct crm_record *r = crm_record_new(k, &arena);
	unsigned lost = 0;

	for (uint64_t n = 1; n < 100000; n++) {
		uint64_t tag;
		bool city = crm_idmap_get(&x->city, n, &tag);
		char want[32];
		const struct crm_value *v;
		int code;

		if (!city && !crm_idmap_get(&x->added, n, &tag))
			continue;
		code = crm_record_read(t, k, n, &crm_want_all, r, err);
		v = crm_record_at(r, city ? "city" : "name");
		if (tag % 10)
			snprintf(want, sizeof want, "tag%llu.%llu",
			    (unsigned long long)tag / 10,
			    (unsigned long long)tag % 10);
		else
			snprintf(want, sizeof want, "tag%llu",
			    (unsigned long long)tag / 10);
		/* A later set may have been made and not been printed. */
		if (code != CRM_OK || v->type != CRM_T_TEXT ||
		    (city ? later(v->s) < (int64_t)(tag / 10)
			  : !crm_str_is(v->s, want))) {
			lost++;
			fprintf(stderr, "C%llu: %s was acknowledged, %.*s\n",
			    (unsigned long long)n, want,
			    code == CRM_OK ? (int)v->s.n : 0, v->s.p);
		}
	}
	crm_arena_release(&arena);
	return lost > 200 ? 200 : (int)lost;
}

/* In a process of its own; how many are lost. */
static int
lost_here(struct kill *x)
{
	struct crm_store_options opt = {.path = x->f.store};
	const struct crm_schema *schema;
	struct crm_store *s;
	struct crm_txn *t;
	struct crm_err err = {0};

	if (crm_store_open(&s, &opt, &err) < 0 ||
	    crm_store_schema(s, &schema, &err) < 0 ||
	    crm_txn_begin(s, &t, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return 201;
	}
	return look_at(x, t, schema, &err);
}

static void
judge(struct kill *x)
{
	struct fault_look l = fault_look(x->f.store, true);
	pid_t pid;
	int lost;

	if (l.code >= FAULT_DIED)
		x->died++;
	if (l.code != CRM_OK || l.faults > 0) {
		x->faults++;
		fault_bad(&x->f, "cycle %u: %s", x->cycles, l.text);
	}
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		_exit(lost_here(x));
	lost = fault_wait(pid);
	if (lost != 0) {
		x->lost += (unsigned)lost;
		fault_bad(&x->f, "cycle %u: %d lost", x->cycles, lost);
	}
}

static void
cycle(struct kill *x)
{
	static const unsigned sizes[] = {1, 2, 4};
	unsigned n = sizes[x->cycles % 3];
	struct timespec nap = {0, (long)(1 + fault_below(&x->f, 40000)) * 1000};
	struct writer w[WRITERS];

	if (x->cycles % FRESH == 0) {
		crm_idmap_release(&x->city);
		crm_idmap_release(&x->added);
		fault_save(x->f.data, x->image.p, x->image.n);
	}
	for (unsigned i = 0; i < n; i++)
		begin_writer(x, &w[i], i);
	nanosleep(&nap, NULL);
	for (unsigned i = 0; i < n; i++)
		kill(-w[i].pid, SIGKILL);
	/* Commands under way have become children of ours (PR_SET_CHILD_SUBREAPER):
	 * when all are gone nothing is written any more. */
	for (unsigned i = 0; i < n; i++) {
		int status;
		pid_t pid;

		while ((pid = waitpid(-w[i].pid, &status, 0)) > 0)
			if (pid == w[i].pid && WIFEXITED(status))
				fault_bad(&x->f,
				    "cycle %u: a writer ended with %d",
				    x->cycles, WEXITSTATUS(status));
	}
	for (unsigned i = 0; i < n; i++)
		take_acked(x, &w[i]);
	x->cycles++;
	judge(x);
}

int
main(int argc, char **argv)
{
	struct kill x = {.tag = 1};
	unsigned cycles;

	if (argc < 3)
		fault_die("usage: run_kill BIN CYCLES [SEED]");
	cycles = fault_number(argv[2]);
	fault_begin(&x.f, argv[1], argc > 3 ? fault_number(argv[3]) : 1);
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	fault_fill(&x.f, 40);
	x.image = fault_load(x.f.data);
	for (unsigned i = 0; i < cycles; i++)
		cycle(&x);
	printf("# %u cycles of 1, 2 and 4 writers killed, %u changes "
	       "acknowledged: lost %u, stores with faults %u, deaths %u\n",
	    x.cycles, x.acked, x.lost, x.faults, x.died);
	free(x.image.p);
	crm_idmap_release(&x.city);
	crm_idmap_release(&x.added);
	return fault_end(&x.f);
}
