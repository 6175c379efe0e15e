/*
 * run_power.c - the store after a power cut.
 *
 *	run_power BIN PRE_RECORD IMAGES [SEED]
 *	run_power --come-and-go STORE ENTRIES BYTES
 *
 * Commands write to a store while pre_record.c keeps what they write and when
 * it is synced.  An image is what a disk might hold when the power goes at
 * any moment: all up to the last sync, and of the writes after it any, in any
 * order, each whole, without its end, or with any of its sectors.  A store of
 * that image must hold what the last command that had said it was done left,
 * or what the one under way would have, and nothing else.
 *
 * --come-and-go is a writer that fills pages and empties them again within one
 * transaction: LMDB never writes those, so that the file is shorter than its
 * last page until it is lengthened after the commit.
 */
#include "fault.h"

#include "trace.h"

#define SECTOR 512
#define ROUNDS 10
#define STATES 256

struct disk {
	char *p;
	size_t n, cap;
};

struct power {
	struct fault f;
	char trace[260], preload[1300], keep[300];
	struct fault_text before; /* the data file at the beginning */
	struct fault_text ops; /* the trace */
	struct fault_look state[STATES]; /* after so many commands */
	size_t done;
	size_t *at; /* where each operation begins */
	size_t nops;
	unsigned images, lost, wrong, died, second, shorter;
};

/* ---- the writer that leaves pages unwritten ---- */

struct shape {
	unsigned n, size;
};

static int
come_and_go(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	const struct shape *shape = ctx;
	static char text[20000];
	struct crm_buf b = {0};
	int code = CRM_OK;

	memset(text, 'x', sizeof text);
	for (unsigned pass = 0; pass < 2; pass++)
		for (unsigned i = 0; i < shape->n && code == CRM_OK; i++) {
			char name[32];
			struct crm_str key;

			snprintf(name, sizeof name, "zz%05u", i);
			key = crm_str(name);
			crm_buf_clear(&b);
			crm_buf_put(&b, text, shape->size);
			crm_seal(CRM_TAB_SOURCE, key, &b);
			code = pass == 0 ? crm_put(t, CRM_TAB_SOURCE, key,
					       crm_buf_str(&b), 0, err)
					 : crm_del(t, CRM_TAB_SOURCE, key, err);
		}
	crm_buf_release(&b);
	return code;
}

static int
writer(const char *path, unsigned n, unsigned size)
{
	struct shape shape = {n, size};
	struct crm_store_options opt = {
	    .path = path, .write = true, .wait_ms = 1000};
	struct crm_store *s;
	struct crm_err err = {0};
	int code = crm_store_open(&s, &opt, &err);

	if (code == CRM_OK)
		code = crm_txn_run(s, CRM_WRITE, come_and_go, &shape, &err);
	if (code < 0)
		fprintf(stderr, "%s\n", err.text);
	return code < 0;
}

/* ---- the trace ---- */

static void
mark(struct power *x)
{
	struct trace_op op = {.what = TRACE_DONE, .n = x->done};
	int fd = open(x->trace, O_WRONLY | O_APPEND | O_CLOEXEC);

	if (fd < 0 || write(fd, &op, sizeof op) != sizeof op)
		fault_die("cannot write %s", x->trace);
	close(fd);
}

static void
command(struct power *x, const char *const *args, const char *input)
{
	const char *env[] = {x->preload, x->keep, NULL};
	struct fault_run r;

	if (x->done + 1 >= STATES)
		fault_die("too many commands");
	fault_run(&x->f, args, env, input, &r);
	if (r.status != 0)
		fault_die("%s %s: %d: %s", args[0], args[1], r.status, r.err.p);
	fault_run_release(&r);
	x->done++;
	mark(x);
	x->state[x->done] = fault_look(x->f.store, true);
	if (x->state[x->done].code != CRM_OK || x->state[x->done].faults > 0)
		fault_die("%s %s: the store is damaged: %s", args[0], args[1],
		    x->state[x->done].text);
}

static void
history(struct power *x, const char *self)
{
	struct crm_buf b = {.max = (size_t)1 << 26};
	char id[16], id2[16], city[32];

	for (unsigned i = 0; i < ROUNDS; i++) {
		snprintf(id, sizeof id, "C%u", 3 + 3 * i);
		snprintf(city, sizeof city, "City %u", i);
		command(x,
		    (const char *[]){
			"crm-customer", "set", id, "--city", city, NULL},
		    NULL);
		snprintf(id2, sizeof id2, "%u", 1 + 7 * i);
		command(x,
		    (const char *[]){self, "--come-and-go", x->f.store, id2,
			i % 2 ? "3000" : "18000", NULL},
		    NULL);
		crm_buf_clear(&b);
		fault_customers(&x->f, &b, 1000 + 40 * i, 20 + 20 * (i % 2));
		crm_buf_putc(&b, '\0');
		command(
		    x, (const char *[]){"crm-customer", "add", "-", NULL}, b.p);
		command(x,
		    (const char *[]){"crm-order", "add", "--customer", id,
			"--line", "sku:s1 x 2", NULL},
		    NULL);
		snprintf(id, sizeof id, "O%u", 1 + i);
		command(x,
		    (const char *[]){
			"crm-order", "refund", id, "--amount", "1", NULL},
		    NULL);
		snprintf(id, sizeof id, "C%u", 65 + i);
		command(
		    x, (const char *[]){"crm-customer", "rm", id, NULL}, NULL);
	}
	crm_buf_release(&b);
	x->ops = fault_load(x->trace);
}

static struct trace_op
op_at(const struct power *x, size_t i)
{
	struct trace_op op;

	memcpy(&op, x->ops.p + x->at[i], sizeof op);
	return op;
}

static void
index_ops(struct power *x)
{
	size_t cap = 0;

	for (size_t pos = 0; pos + sizeof(struct trace_op) <= x->ops.n;) {
		struct trace_op op;

		if (x->nops == cap) {
			cap = cap * 2 + 256;
			x->at = realloc(x->at, cap * sizeof *x->at);
			if (x->at == NULL)
				fault_die("out of memory");
		}
		x->at[x->nops++] = pos;
		memcpy(&op, x->ops.p + pos, sizeof op);
		pos += sizeof op + (op.what == TRACE_WRITE ? op.n : 0);
	}
}

/* ---- images ---- */

static void
disk_room(struct disk *d, size_t n)
{
	if (n > d->cap) {
		d->p = realloc(d->p, n + ((size_t)1 << 20));
		if (d->p == NULL)
			fault_die("out of memory");
		memset(d->p + d->cap, 0, n + ((size_t)1 << 20) - d->cap);
		d->cap = n + ((size_t)1 << 20);
	}
	if (n > d->n)
		d->n = n;
}

enum tear { WHOLE, CUT, ANY };

static void
put(struct power *x, struct disk *d, size_t i, enum tear tear)
{
	struct trace_op op = op_at(x, i);
	const char *p = x->ops.p + x->at[i] + sizeof op;
	uint64_t first = (uint64_t)op.at / SECTOR;
	uint64_t last = op.n ? ((uint64_t)op.at + op.n - 1) / SECTOR : first;
	uint64_t cut = fault_below(&x->f, last - first + 2);

	if (op.what == TRACE_LENGTH) {
		disk_room(d, (size_t)op.at);
		if ((size_t)op.at < d->n) {
			memset(d->p + op.at, 0, d->n - (size_t)op.at);
			d->n = (size_t)op.at;
		}
		return;
	}
	for (uint64_t s = first; s <= last && op.n > 0; s++) {
		uint64_t from = s * SECTOR, to = from + SECTOR;

		if ((tear == CUT && s - first >= cut) ||
		    (tear == ANY && fault_below(&x->f, 2) == 0))
			continue;
		if (from < (uint64_t)op.at)
			from = (uint64_t)op.at;
		if (to > (uint64_t)op.at + op.n)
			to = (uint64_t)op.at + op.n;
		disk_room(d, (size_t)to);
		memcpy(d->p + from, p + (from - (uint64_t)op.at), to - from);
	}
}

/* The disk when the power goes while operation `cut` is under way; *acked:
 * commands that had said they were done. */
static void
image(struct power *x, size_t cut, struct disk *d, size_t *acked)
{
	size_t *open = malloc((x->nops + 1) * sizeof *open), n = 0;
	int mode = (int)fault_below(&x->f, 4);

	if (open == NULL)
		fault_die("out of memory");
	d->n = 0;
	disk_room(d, x->before.n);
	memset(d->p, 0, d->cap);
	memcpy(d->p, x->before.p, x->before.n);
	*acked = 0;
	for (size_t i = 0; i <= cut; i++) {
		struct trace_op op = op_at(x, i);

		if (op.what == TRACE_DONE && i < cut) {
			*acked = (size_t)op.n;
		} else if (op.what == TRACE_SYNC && i < cut) {
			for (size_t j = 0; j < n; j++)
				put(x, d, open[j], WHOLE);
			n = 0;
		} else if (op.what == TRACE_WRITE && op.synced && i < cut) {
			put(x, d, i, WHOLE);
		} else if (op.what == TRACE_WRITE || op.what == TRACE_LENGTH) {
			open[n++] = i;
		}
	}
	/* Of what is open: none, all, or any in any order. */
	for (size_t j = n; mode > 1 && j > 1; j--) {
		size_t k = (size_t)fault_below(&x->f, j), was = open[j - 1];

		open[j - 1] = open[k];
		open[k] = was;
	}
	for (size_t j = 0; mode > 0 && j < n; j++)
		if (mode == 1 || fault_below(&x->f, 2))
			put(x, d, open[j],
			    (enum tear)fault_below(&x->f, mode == 1 ? 1 : 3));
	free(open);
}

static void
judge(struct power *x, size_t cut, size_t acked)
{
	static const char *const list[] = {"crm-customer", "list", NULL};
	static const char *const add[] = {
	    "crm-customer", "add", "--name", "After", NULL};
	struct fault_look now = fault_look(x->f.store, true);
	const struct fault_look *a = &x->state[acked];
	const struct fault_look *b = &x->state[acked + (acked < x->done)];
	struct fault_run r;

	x->images++;
	if (now.code >= FAULT_DIED) {
		x->died++;
		fault_bad(&x->f, "cut %zu of %zu: %s", cut, x->nops, now.text);
	} else if (now.code != CRM_OK || now.faults > 0) {
		x->wrong++;
		fault_bad(&x->f, "cut %zu of %zu: %s", cut, x->nops, now.text);
	} else if (now.hash != a->hash && now.hash != b->hash) {
		x->lost++;
		fault_bad(&x->f,
		    "cut %zu of %zu: revision %llu is there, acknowledged is "
		    "%llu",
		    cut, x->nops, (unsigned long long)now.revision,
		    (unsigned long long)a->revision);
	}
	if (x->images % 20 != 0)
		return;
	/* And commands go on from there. */
	fault_run(&x->f, list, NULL, NULL, &r);
	if (r.status == 0) {
		fault_run_release(&r);
		fault_run(&x->f, add, NULL, NULL, &r);
	}
	now = fault_look(x->f.store, true);
	if (r.status != 0 || now.code != CRM_OK || now.faults > 0) {
		x->wrong++;
		fault_bad(&x->f, "cut %zu of %zu: afterwards: %d %s%s", cut,
		    x->nops, r.status, r.err.p, now.text);
	}
	x->second++;
	fault_run_release(&r);
}

static void
cuts(struct power *x, unsigned images)
{
	struct disk d = {0};

	for (unsigned i = 0; i < images; i++) {
		size_t cut = (size_t)fault_below(&x->f, x->nops), acked;

		/* Every third where the file is about to be lengthened. */
		for (size_t k = 0; i % 3 == 2 && k < x->nops; k++)
			if (op_at(x, (cut + k) % x->nops).what ==
			    TRACE_LENGTH) {
				cut = (cut + k) % x->nops;
				x->shorter++;
				break;
			}
		image(x, cut, &d, &acked);
		fault_save(x->f.data, d.p, d.n);
		judge(x, cut, acked);
	}
	free(d.p);
}

int
main(int argc, char **argv)
{
	struct power x = {0};
	char so[1200], self[1200];

	if (argc == 5 && strcmp(argv[1], "--come-and-go") == 0)
		return writer(
		    argv[2], fault_number(argv[3]), fault_number(argv[4]));
	if (argc < 4)
		fault_die("usage: run_power BIN PRE_RECORD IMAGES [SEED]");
	fault_begin(&x.f, argv[1], argc > 4 ? fault_number(argv[4]) : 1);
	if (realpath(argv[2], so) == NULL || realpath(argv[0], self) == NULL)
		fault_die("there is no %s", argv[2]);
	snprintf(x.preload, sizeof x.preload, "LD_PRELOAD=%s", so);
	snprintf(x.trace, sizeof x.trace, "%s/trace", x.f.dir);
	snprintf(x.keep, sizeof x.keep, "CRM_TRACE=%s", x.trace);
	fault_save(x.trace, "", 0);
	fault_fill(&x.f, 60);
	x.before = fault_load(x.f.data);
	x.state[0] = fault_look(x.f.store, true);
	history(&x, self);
	index_ops(&x);
	cuts(&x, fault_number(argv[3]));
	printf("# %u power cuts in %zu writes and syncs of %zu commands (%u "
	       "before the file was lengthened): acknowledged lost %u, "
	       "inconsistent %u, deaths by a signal %u; %u written to "
	       "afterwards\n",
	    x.images, x.nops - x.done, x.done, x.shorter, x.lost, x.wrong,
	    x.died, x.second);
	free(x.before.p);
	free(x.ops.p);
	free(x.at);
	return fault_end(&x.f);
}
