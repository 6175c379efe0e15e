/*
 * run_points.c - commands while allocations and system calls fail.
 *
 *	run_points BIN PRE_FAIL POINTS [SEED]
 *
 * POINTS a command at random, half of them allocations, or with 0 all there
 * are, every call with every error.  Each must end with a status of the
 * contract that says what happened; print what it always prints when it says
 * that all went well; and have changed the store then only, or when it says
 * that it has committed.  A second store has blocks of columns, which the
 * commands that read them go through.  Memory not released is counted when the
 * commands are built to release all (CRM_ARENA_DEBUG; CRM_LEAKS=1).
 */
#include "fault.h"

static const int errors[] = {EIO, ENOSPC, EINTR, EMFILE, EACCES};
#define ERRORS (sizeof errors / sizeof errors[0])

struct job {
	const char *const args[10];
	const char *input;
	bool writes;
};

#define IDS "customer_id\nC1\nC3\nC4\nC40\n"
static const struct job jobs[] = {
    {{"crm-customer", "add", "--name", "New", "--email", "n@example.org",
	 "--phone", "030 123456", NULL},
	NULL, true},
    {{"crm-customer", "add", "-", "--print", NULL},
	"name\temail\tcity\nA\ta@x.org\tUlm\nB\tb@x.org\tBonn\n", true},
    {{"crm-customer", "set", "-", "--why", "test", NULL},
	"customer_id\tcity\nC1\tRome\nC3\tParis\nC7\tOslo\n", true},
    {{"crm-customer", "set", "-", "--tier", "gold", "--key", "k1", NULL}, IDS,
	true},
    {{"crm-customer", "rm", "C37", NULL}, NULL, true},
    {{"crm-customer", "tag", "C1", "+xmas", "-t1", NULL}, NULL, true},
    {{"crm-customer", "get", "C1", "email:c3@example.org", NULL}, NULL, false},
    {{"crm-customer", "get", "-", "-f", "name,orders,revenue", NULL}, IDS,
	false},
    {{"crm-customer", "list", NULL}, NULL, false},
    {{"crm-customer", "list", "-w", "orders > 0", "--sort", "-revenue", NULL},
	NULL, false},
    {{"crm-rows", "-w", "n > 1", "--sort", "-n", NULL},
	"id\tn\na\t1\nb\t2\nc\t3\n", false},
    {{"crm-rows", "--format", "json", NULL}, "id\tn\na\t1\nb\t2\n", false},
    {{"crm-customer", "identify", "C1", "shop:17", NULL}, NULL, true},
    {{"crm-customer", "stage", "C1", "established", NULL}, NULL, true},
    {{"crm-ticket", "open", "--customer", "C1", "--channel", "mail", "--text",
	 "broken", NULL},
	NULL, true},
    {{"crm-touch", "log", "-", "--channel", "mail", "--direction", "out", NULL},
	IDS, true},
    {{"crm-touch", "gap", NULL}, NULL, false},
    {{"crm-ticket", "times", NULL}, NULL, false},
    {{"crm-customer", "consent", "C1", "--channel", "email", "--purpose",
	 "offers", "--grant", NULL},
	NULL, true},
    {{"crm-import", "--map", "few.yaml", "few.tsv", NULL}, NULL, true},
    {{"crm-product", "add", "--sku", "zz", "--name", "Z", "--price", "2", NULL},
	NULL, true},
    {{"crm-product", "list", "-w", "price > 3", NULL}, NULL, false},
    {{"crm-order", "add", "--customer", "C3", "--line", "sku:s1 x 2", "--pay",
	 "1", NULL},
	NULL, true},
    {{"crm-order", "refund", "O2", "--amount", "1", NULL}, NULL, true},
    {{"crm-order", "list", "-w", "total > 10", NULL}, NULL, false},
    {{"crm-order", "lines", "O1", "O2", NULL}, NULL, false},
    {{"crm-order", "totals", "--by", "month", NULL}, NULL, false},
    {{"crm-rate", "add", "--currency", "USD", "--day", "2026-01-01", "--rate",
	 "0.9", NULL},
	NULL, true},
    {{"crm-rfm", "-q", NULL}, NULL, false},
    {{"crm-store", "info", NULL}, NULL, false},
    {{"crm-store", "check", NULL}, NULL, false},
    {{"crm-store", "dump", NULL}, NULL, false},
    {{"crm-store", "rebuild", NULL}, NULL, true},
    {{"crm-store", "apply", "shop.yaml", NULL}, NULL, true},
    {{"crm-store", "compact", NULL}, NULL, false},
    {{"crm-store", "backup", "taken", NULL}, NULL, false},
    {{"crm-log", "list", NULL}, NULL, false},
    {{"crm-log", "undo", "4", NULL}, NULL, true},
};

/* They read blocks where no clock is given, so nothing may depend on it. */
static const struct job history_jobs[] = {
    {{"crm-order", "list", NULL}, NULL, false},
    {{"crm-order", "list", "-w", "total > 100 and channel = \"web\"", NULL},
	NULL, false},
    {{"crm-order", "list", "-w", "lines > 2", "-f", "number,items", "--sort",
	 "-items", NULL},
	NULL, false},
    {{"crm-order", "lines", NULL}, NULL, false},
    {{"crm-recommend", "build", "--by", "together", "--threads", "2", NULL},
	NULL, false},
    {{"crm-basket", "sets", "--support", "5", NULL}, NULL, false},
    {{"crm-rfm", "-q", "-f", "frequency,monetary", NULL}, NULL, false},
    {{"crm-segment", "list", NULL}, NULL, false},
};

struct points {
	struct fault f;
	const char *clock; /* for the commands' environment, or NULL */
	char preload[1300];
	char counts[320];
	char copy[320]; /* of the store */
	char taken[320]; /* by backup */
	struct fault_text image; /* of the data file */
	struct fault_look was;
	bool leaks;
	unsigned commands, runs, fired, died, wrong, changed, other, leaked;
};

struct counts {
	long allocs, calls, fired, live;
};

static struct counts
counts_of(const struct points *p)
{
	struct counts c = {0};
	FILE *in = fopen(p->counts, "r");
	char line[128], *end = line;

	if (in != NULL && fgets(line, sizeof line, in) != NULL) {
		c.allocs = strtol(end, &end, 10);
		c.calls = strtol(end, &end, 10);
		c.fired = strtol(end, &end, 10);
		c.live = strtol(end, &end, 10);
	}
	if (in != NULL)
		fclose(in);
	return c;
}

/* Is it still the generation it began with? */
static bool
generation_first(const struct points *p)
{
	char link[300], gen[32] = "";

	snprintf(link, sizeof link, "%s/data", p->f.store);
	return readlink(link, gen, sizeof gen - 1) > 0 &&
	       strcmp(gen, "gen-0000000001") == 0;
}

static void
restore(struct points *p)
{
	char lock[300];

	if (generation_first(p)) {
		/* LMDB's lock file goes with the data: where taking the lock
		 * fails it would be believed. */
		snprintf(lock, sizeof lock, "%s/gen-0000000001/lock.mdb",
		    p->f.store);
		unlink(lock);
		fault_save(p->f.data, p->image.p, p->image.n);
		return;
	}
	/* Another generation: all of it anew. */
	fault_tool("rm", "-rf", p->f.store, NULL);
	fault_tool("cp", "-a", p->copy, p->f.store);
}

static void
run_one(struct points *p, const struct job *j, const char *what,
    struct fault_run *r, struct counts *c)
{
	char fault[64], count[400];
	const char *env[] = {p->preload, fault, count, p->clock, NULL};

	unlink(p->counts);
	if (strcmp(j->args[1], "backup") == 0)
		fault_tool("rm", "-rf", p->taken, NULL);
	snprintf(fault, sizeof fault, "CRM_FAULT=%s", what);
	snprintf(count, sizeof count, "CRM_FAULT_COUNT=%s", p->counts);
	fault_run(&p->f, j->args, env, j->input, r);
	*c = counts_of(p);
}

static bool
status_fits(int status)
{
	static const int fits[] = {0, 66, 69, 73, 74, 75, 77, 78};

	for (size_t i = 0; i < sizeof fits / sizeof fits[0]; i++)
		if (status == fits[i])
			return true;
	return false;
}

/* Prints the clock, or how the store is mapped. */
static bool
varies(const struct job *j)
{
	return strcmp(j->args[1], "undo") == 0 ||
	       strcmp(j->args[1], "compact") == 0 ||
	       strcmp(j->args[1], "info") == 0;
}

static void
judge(struct points *p, const struct job *j, const char *what,
    const struct fault_run *good, const struct counts *base)
{
	struct fault_run r;
	struct counts c;
	struct fault_look now;
	char name[200];
	bool said;

	run_one(p, j, what, &r, &c);
	snprintf(name, sizeof name, "%s %s %s %s (%s)", j->args[0],
	    j->args[1] ? j->args[1] : "",
	    j->args[1] && j->args[2] ? j->args[2] : "",
	    j->args[1] && j->args[2] && j->args[3] ? j->args[3] : "", what);
	p->runs++;
	p->fired += c.fired > 0;
	said = strstr(r.err.p, "committed") != NULL;
	if (r.status >= FAULT_DIED) {
		p->died++;
		fault_bad(&p->f, "%s: died, %d", name, r.status);
	} else if (!status_fits(r.status)) {
		p->wrong++;
		fault_bad(&p->f, "%s: exit status %d: %.120s", name, r.status,
		    r.err.p);
	} else if (r.status != 0 && r.err.n == 0) {
		p->wrong++;
		fault_bad(
		    &p->f, "%s: exit status %d, no message", name, r.status);
	}
	if (r.status == 0 && !varies(j) &&
	    (r.out.n != good->out.n ||
		memcmp(r.out.p, good->out.p, r.out.n) != 0)) {
		p->other++;
		fault_bad(&p->f, "%s: exit status 0 with other output: %.80s",
		    name, r.out.p);
	}
	if (p->leaks && r.status < FAULT_DIED && c.live > base->live) {
		p->leaked++;
		fault_bad(&p->f, "%s: %ld allocations are left, usually %ld",
		    name, c.live, base->live);
	}
	now = fault_look(p->f.store, r.status == 0 || said);
	if (now.code != CRM_OK || now.faults > 0) {
		p->changed++;
		fault_bad(
		    &p->f, "%s: the store is damaged: %s", name, now.text);
	} else if (now.hash != p->was.hash && r.status != 0 && !said) {
		p->changed++;
		fault_bad(&p->f, "%s: exit status %d, but the store changed",
		    name, r.status);
	} else if (now.hash == p->was.hash && j->writes &&
		   (r.status == 0 || said)) {
		p->changed++;
		fault_bad(&p->f, "%s: nothing was changed, exit status %d",
		    name, r.status);
	}
	if (now.code != CRM_OK || now.hash != p->was.hash ||
	    !generation_first(p))
		restore(p);
	fault_run_release(&r);
}

static void
run_job(struct points *p, const struct job *j, unsigned points)
{
	struct fault_run good;
	struct counts base, c;
	char what[48];

	run_one(p, j, "none", &good, &base);
	restore(p);
	if (good.status != 0) {
		fault_bad(&p->f, "%s %s: %d without a fault: %s", j->args[0],
		    j->args[1], good.status, good.err.p);
		fault_run_release(&good);
		return;
	}
	c = base;
	for (unsigned i = 0; i < points; i++) {
		bool alloc = i % 2 == 0;

		if ((alloc ? c.allocs : c.calls) == 0)
			continue;
		if (alloc)
			snprintf(what, sizeof what, "alloc:%ld",
			    1 + (long)fault_below(&p->f, (uint64_t)c.allocs));
		else
			snprintf(what, sizeof what, "call:%ld:%d",
			    1 + (long)fault_below(&p->f, (uint64_t)c.calls),
			    errors[fault_below(&p->f, ERRORS)]);
		judge(p, j, what, &good, &base);
	}
	for (long i = 1; points == 0 && i <= c.allocs; i++) {
		snprintf(what, sizeof what, "alloc:%ld", i);
		judge(p, j, what, &good, &base);
	}
	for (long i = 1; points == 0 && i <= c.calls; i++)
		for (size_t e = 0; e < ERRORS; e++) {
			snprintf(
			    what, sizeof what, "call:%ld:%d", i, errors[e]);
			judge(p, j, what, &good, &base);
		}
	fault_run_release(&good);
}

/* What crm-import reads. */
static void
inputs(const struct fault *f)
{
	static const char map[] = "map: few\nhelp: two columns\n"
				  "source: few\nmatch: [id, name, email]\n"
				  "dialect: {sep: tab, quote: none}\n"
				  "records:\n  - kind: customer\n"
				  "    id: id\n    set:\n      name: name\n"
				  "      email: email\n";
	static const char rows[] = "id\tname\temail\n1\tA\ta@x.org\n"
				   "2\tB\tb@x.org\n";
	static const char shop[] = "fields:\n  customer:\n"
				   "    - {name: vat, type: text, index: yes}\n"
				   "revenue: {statuses: [paid, shipped]}\n";
	char path[300];

	snprintf(path, sizeof path, "%s/shop.yaml", f->dir);
	fault_save(path, shop, sizeof shop - 1);
	snprintf(path, sizeof path, "%s/few.yaml", f->dir);
	fault_save(path, map, sizeof map - 1);
	snprintf(path, sizeof path, "%s/few.tsv", f->dir);
	fault_save(path, rows, sizeof rows - 1);
}

/* Keeps what the store is, to be looked at and to come back to. */
static void
store_keep(struct points *p)
{
	snprintf(p->copy, sizeof p->copy, "%s/copy", p->f.dir);
	fault_tool("rm", "-rf", p->copy, NULL);
	fault_tool("cp", "-a", p->f.store, p->copy);
	free(p->image.p);
	p->image = fault_load(p->f.data);
	p->was = fault_look(p->f.store, true);
	if (p->was.code != CRM_OK || p->was.faults > 0)
		fault_die(
		    "the store is damaged from the beginning: %s", p->was.text);
}

static void
run_jobs(struct points *p, const struct job *j, size_t n, unsigned points)
{
	for (size_t i = 0; i < n; i++) {
		if (!fault_has(&p->f, j[i].args[0]))
			continue;
		run_job(p, &j[i], points);
		p->commands++;
	}
}

static uint64_t
blocks_in(const struct fault *f)
{
	struct crm_store_options opt = {.path = f->store};
	struct crm_store *s;
	struct crm_txn *t;
	uint64_t n = 0;

	if (crm_store_open(&s, &opt, NULL) < 0 ||
	    crm_txn_begin(s, &t, NULL) < 0 ||
	    crm_count(t, CRM_TAB_COLUMNS, &n, NULL) < 0)
		fault_die("cannot open the store");
	crm_txn_end(t);
	crm_store_close(s);
	return n;
}

/* In place of the store there was: one with so many orders that the older ones
 * are in blocks. */
static void
history_fill(struct points *p)
{
	static const char segments[] = "segments:\n"
				       "  big: {where: revenue >= 1000}\n"
				       "  old: {where: last_order < 2025-06-01 "
				       "and not in(big)}\n";
	const char *const gen[] = {"crm-gen", "--customers", "60", "--orders",
	    "4400", "--products", "20", "--until", "2025-12-31", NULL};
	const char *const load[] = {"crm-store", "load", "-q", "--currency",
	    "EUR", "--timezone", "UTC", "--country", "DE", "-", NULL};
	struct fault_run shop;
	char path[300];

	fault_tool("rm", "-rf", p->f.store, NULL);
	fault_run(&p->f, gen, NULL, NULL, &shop);
	fault_must(&p->f, load, shop.out.p);
	fault_run_release(&shop);
	snprintf(path, sizeof path, "%s/segments.yaml", p->f.dir);
	fault_save(path, segments, sizeof segments - 1);
	fault_must(&p->f,
	    (const char *[]){"crm-store", "apply", "-q", path, NULL}, NULL);
	if (blocks_in(&p->f) < 2)
		fault_die("the orders are in no blocks");
	p->clock = "CRM_NOW=";
}

int
main(int argc, char **argv)
{
	struct points p = {0};
	char so[1200];
	unsigned points;

	if (argc < 4)
		fault_die("usage: run_points BIN PRE_FAIL POINTS [SEED]");
	fault_begin(&p.f, argv[1], argc > 4 ? fault_number(argv[4]) : 1);
	points = fault_number(argv[3]);
	if (realpath(argv[2], so) == NULL)
		fault_die("there is no %s", argv[2]);
	snprintf(p.preload, sizeof p.preload, "LD_PRELOAD=%s", so);
	snprintf(p.counts, sizeof p.counts, "%s/counts", p.f.dir);
	p.leaks = getenv("CRM_LEAKS") != NULL;
	fault_fill(&p.f, 60);
	snprintf(p.taken, sizeof p.taken, "%s/taken", p.f.dir);
	inputs(&p.f);
	store_keep(&p);
	run_jobs(&p, jobs, sizeof jobs / sizeof jobs[0], points);
	history_fill(&p);
	store_keep(&p);
	run_jobs(&p, history_jobs, sizeof history_jobs / sizeof history_jobs[0],
	    points);
	printf("# faults at %u points of %u commands (%u came to pass): "
	       "died %u, wrong status %u, wrong output %u, store changed or "
	       "damaged %u, leaks %u\n",
	    p.runs, p.commands, p.fired, p.died, p.wrong, p.other, p.changed,
	    p.leaked);
	free(p.image.p);
	return fault_end(&p.f);
}
