/*
 * run_power.c - the store after a power cut.
 *
 *	run_power BIN PRE_RECORD IMAGES [SEED]
 *	run_power --come-and-go STORE ENTRIES BYTES
 *	run_power --older STORE
 *
 * Commands write to a store while pre_record.c keeps what they do to its files
 * and when it is synced.  An image is what a disk might hold when the power
 * goes at any moment: all up to the last sync of each file and folder, and of
 * what came after it any - writes in any order, each whole, without its end,
 * or with any of its sectors; names made, changed and removed, or not.  A store
 * of that image must hold what the last command that had said it was done left,
 * or what the one under way would have, and nothing else.  A large import may
 * have done a part: the same command again must complete it.  Where people
 * were being erased, crm-store compact must; where they had been, no file has
 * a byte of what they were known by.
 *
 * --come-and-go is a writer that fills pages and empties them again within one
 * transaction: LMDB never writes those, so that the file is shorter than its
 * last page until it is lengthened after the commit.  --older makes a store
 * one of format 1.
 */
#include "disk.h"

#define ROUNDS 10
#define STATES 256
#define CANARY "canary7341"
#define MANY 2500 /* rows of an import of several parts */

struct power {
	struct fault f;
	char trace[260], preload[1300], keep[300], dir[300];
	struct fault_text ops; /* the trace */
	struct fault_look state[STATES]; /* after so many commands */
	size_t done, erased, many; /* which command was it? 0: none */
	struct disk before, live, disk;
	struct disk_step *step;
	size_t nsteps;
	unsigned images, lost, wrong, died, second, shorter, parts, names;
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

/* What a program of format 1 has left. */
static int
older(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	static const char format[8] = {0, 0, 0, 1, 0, 0, 0, 0};

	(void)ctx;
	return crm_put(t, CRM_TAB_META, crm_meta_key("format"),
	    (struct crm_str){format, sizeof format}, 0, err);
}

static int
writer(const char *path, crm_txn_fn *fn, struct shape *shape)
{
	struct crm_store_options opt = {
	    .path = path, .write = true, .wait_ms = 1000};
	struct crm_store *s;
	struct crm_err err = {0};
	int code = crm_store_open(&s, &opt, &err);

	if (code == CRM_OK)
		code = crm_txn_run(s, CRM_WRITE, fn, shape, &err);
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
	const char *env[] = {x->preload, x->keep, x->dir, NULL};
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
	if (x->state[x->done].code == CRM_ECONFIG)
		return; /* an older format, for the next command */
	if (x->state[x->done].code != CRM_OK || x->state[x->done].faults > 0)
		fault_die("%s %s: the store is damaged: %s", args[0], args[1],
		    x->state[x->done].text);
}

static void
records(struct power *x, unsigned i, const char *self, struct crm_buf *b)
{
	char id[16], number[16], city[32];

	snprintf(id, sizeof id, "C%u", 3 + 3 * i);
	snprintf(city, sizeof city, "City %u", i);
	command(x,
	    (const char *[]){"crm-customer", "set", id, "--city", city, NULL},
	    NULL);
	snprintf(number, sizeof number, "%u", 1 + 7 * i);
	command(x,
	    (const char *[]){self, "--come-and-go", x->f.store, number,
		i % 2 ? "3000" : "18000", NULL},
	    NULL);
	crm_buf_clear(b);
	fault_customers(&x->f, b, 1000 + 40 * i, 20 + 20 * (i % 2));
	crm_buf_putc(b, '\0');
	command(x, (const char *[]){"crm-customer", "add", "-", NULL}, b->p);
	command(x,
	    (const char *[]){"crm-order", "add", "--customer", id, "--line",
		"sku:s1 x 2", NULL},
	    NULL);
	snprintf(id, sizeof id, "O%u", 1 + i);
	command(x,
	    (const char *[]){"crm-order", "refund", id, "--amount", "1", NULL},
	    NULL);
	snprintf(id, sizeof id, "C%u", 65 + i);
	command(x, (const char *[]){"crm-customer", "rm", id, NULL}, NULL);
}

/* What makes generations, and an import: one after each round of records. */
static void
upkeep(struct power *x, unsigned i, const char *self)
{
	static const char *const job[ROUNDS][6] = {
	    {"crm-import", "--map", "map.yaml", "few.tsv", NULL},
	    {"crm-store", "compact", NULL},
	    {"crm-customer", "set", "C12", "--note", CANARY, NULL},
	    {"crm-store", "rebuild", NULL},
	    {"crm-store", "apply", "shop.yaml", NULL},
	    {"crm-customer", "erase", "C12", NULL},
	    {"crm-import", "--map", "map.yaml", "more.tsv", NULL},
	    {"crm-store", "restore", "saved", NULL},
	    {"crm-store", "upgrade", NULL},
	    {"crm-store", "compact", NULL},
	};

	if (i == 6) /* of which the restore has to take C12 away again */
		fault_tool("cp", "-a", x->f.store, "saved");
	if (strcmp(job[i][1], "upgrade") == 0)
		command(x, (const char *[]){self, "--older", x->f.store, NULL},
		    NULL);
	command(x, job[i], NULL);
	if (strcmp(job[i][1], "erase") == 0)
		x->erased = x->done;
}

/* The number of customers an import has changed. */
static uint64_t
changed(struct power *x)
{
	static const char *const count[] = {"crm-customer", "list", "-w",
	    "name ~ \"^Changed\"", "--count", "--no-header", NULL};
	struct fault_run r;
	uint64_t n;

	fault_run(&x->f, count, NULL, NULL, &r);
	n = r.status == 0 ? strtoull(r.out.p, NULL, 10) : 0;
	fault_run_release(&r);
	return n;
}

/* So many are added in one part, and changed in three. */
static const char *const import_many[] = {
    "crm-import", "--map", "map.yaml", "many.tsv", NULL};
static const char *const import_changed[] = {
    "crm-import", "--map", "map.yaml", "changed.tsv", NULL};

/* Files the commands read. */
static void
inputs(struct power *x)
{
	static const char map[] = "map: few\nhelp: two columns\n"
				  "source: few\nmatch: [id, name, email]\n"
				  "dialect: {sep: tab, quote: none}\n"
				  "records:\n  - kind: customer\n"
				  "    id: id\n    set:\n      name: name\n"
				  "      email: email\n";
	static const char shop[] = "fields:\n  customer:\n"
				   "    - {name: vat, type: text, index: yes}\n"
				   "revenue: {statuses: [paid, shipped]}\n";
	static const struct {
		const char *name, *person;
		unsigned first, n;
	} file[] = {{"few.tsv", "Imported", 1, 5},
	    {"more.tsv", "Imported", 4, 30},
	    {"many.tsv", "Imported", 100, MANY},
	    {"changed.tsv", "Changed", 100, MANY}};
	struct crm_buf b = {.max = (size_t)1 << 26};

	if (chdir(x->f.dir) < 0)
		fault_die("chdir: %s", strerror(errno));
	fault_save("map.yaml", map, sizeof map - 1);
	fault_save("shop.yaml", shop, sizeof shop - 1);
	for (size_t k = 0; k < sizeof file / sizeof *file; k++) {
		crm_buf_clear(&b);
		crm_buf_puts(&b, "id\tname\temail\n");
		for (unsigned i = 0; i < file[k].n; i++)
			crm_buf_putf(&b, "%u\t%s %u\ti%u@x.org\n",
			    file[k].first + i, file[k].person, i,
			    file[k].first + i);
		fault_save(file[k].name, b.p, b.n);
	}
	crm_buf_release(&b);
}

static void
history(struct power *x, const char *self, bool many)
{
	struct crm_buf b = {.max = (size_t)1 << 26};

	for (unsigned i = 0; i < ROUNDS && !many; i++) {
		records(x, i, self, &b);
		upkeep(x, i, self);
	}
	if (many) {
		command(x, import_many, NULL);
		command(x, import_changed, NULL);
		x->many = x->done;
		if (x->state[x->many].revision < x->state[1].revision + 3 ||
		    changed(x) != MANY)
			fault_die("the import has too few parts");
	}
	crm_buf_release(&b);
	x->ops = fault_load(x->trace);
}

static void
index_ops(struct power *x)
{
	size_t cap = 0, n;

	for (size_t pos = 0; pos + sizeof(struct trace_op) <= x->ops.n;
	     pos += n) {
		if (x->nsteps == cap) {
			cap = cap * 2 + 256;
			x->step = realloc(x->step, cap * sizeof *x->step);
			if (x->step == NULL)
				fault_die("out of memory");
		}
		if (!disk_step(
			&x->live, x->ops.p + pos, &x->step[x->nsteps], &n))
			continue;
		x->names += disk_names(&x->step[x->nsteps]);
		x->nsteps++;
	}
}

/* ---- images ---- */

/* The store as the image is, with what may be said of one whose erasing was
 * cut short taken away by what completes it. */
static struct fault_look
look(struct power *x, size_t acked)
{
	static const char *const compact[] = {"crm-store", "compact", NULL};
	struct fault_look now = fault_look(x->f.store, true);

	if (acked + 1 == x->erased && now.faults > 0 &&
	    now.hash == x->state[acked].hash) {
		fault_must(&x->f, compact, NULL);
		now = fault_look(x->f.store, true);
		now.hash = x->state[acked].hash;
		x->parts++;
	}
	return now;
}

/* Some of the parts of a large import: the rest comes with the same again. */
static bool
completed(struct power *x, size_t acked, const struct fault_look *now)
{
	if (acked + 1 != x->many || now->faults > 0 ||
	    now->revision <= x->state[acked].revision ||
	    now->revision >= x->state[x->many].revision)
		return false;
	x->parts++;
	fault_must(&x->f, import_changed, NULL);
	return changed(x) == MANY && fault_look(x->f.store, true).faults == 0;
}

/* Generations, whole or half made or half removed. */
static unsigned
generations(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;
	unsigned n = 0;

	while (d != NULL && (e = readdir(d)) != NULL)
		n += strncmp(e->d_name, "gen-", 4) == 0 ||
		     strncmp(e->d_name, "old-", 4) == 0;
	if (d != NULL)
		closedir(d);
	return n;
}

static void
judge(struct power *x, size_t cut, size_t acked)
{
	static const char *const list[] = {"crm-customer", "list", NULL};
	static const char *const add[] = {
	    "crm-customer", "add", "--name", "After", NULL};
	const struct fault_look *a = &x->state[acked];
	const struct fault_look *b = &x->state[acked + (acked < x->done)];
	const char *where = NULL;
	struct fault_look now;
	struct fault_run r;

	if (x->erased > 0 && acked >= x->erased)
		where = disk_has(&x->disk, CANARY);
	now = look(x, acked);
	x->images++;
	if (now.code >= FAULT_DIED) {
		x->died++;
		fault_bad(
		    &x->f, "cut %zu of %zu: %s", cut, x->nsteps, now.text);
	} else if (now.code == CRM_ECONFIG) {
		if (a->code != CRM_ECONFIG && b->code != CRM_ECONFIG)
			fault_bad(&x->f, "cut %zu of %zu: %s", cut, x->nsteps,
			    now.text);
		return;
	} else if (now.code != CRM_OK || now.faults > 0) {
		x->wrong++;
		fault_bad(&x->f, "cut %zu of %zu, after %zu: %s", cut,
		    x->nsteps, acked, now.text);
	} else if (now.hash != a->hash && now.hash != b->hash &&
		   !completed(x, acked, &now)) {
		x->lost++;
		fault_bad(&x->f,
		    "cut %zu of %zu: revision %llu is there, acknowledged is "
		    "%llu",
		    cut, x->nsteps, (unsigned long long)now.revision,
		    (unsigned long long)a->revision);
	} else if (where != NULL) {
		x->wrong++;
		fault_bad(&x->f, "cut %zu of %zu: who was erased is in %s", cut,
		    x->nsteps, where);
	}
	if (x->images % 10 != 0)
		return;
	/* And commands go on from there, with one generation. */
	fault_run(&x->f, list, NULL, NULL, &r);
	if (r.status == 0) {
		fault_run_release(&r);
		fault_run(&x->f, add, NULL, NULL, &r);
	}
	now = fault_look(x->f.store, true);
	if (r.status != 0 || now.code != CRM_OK || now.faults > 0) {
		x->wrong++;
		fault_bad(&x->f, "cut %zu of %zu: afterwards: %d %s%s", cut,
		    x->nsteps, r.status, r.err.p, now.text);
	} else if (generations(x->f.store) != 1) {
		x->wrong++;
		fault_bad(&x->f, "cut %zu of %zu: a writer leaves %u of data",
		    cut, x->nsteps, generations(x->f.store));
	}
	x->second++;
	fault_run_release(&r);
}

static void
cuts(struct power *x, unsigned images)
{
	for (unsigned i = 0; i < images; i++) {
		size_t cut = (size_t)fault_below(&x->f, x->nsteps), acked;
		bool length = i % 3 == 2, name = i % 3 == 1;

		/* A third where a file is about to be lengthened, a third
		 * where a name changes. */
		for (size_t k = 0; (length || name) && k < x->nsteps; k++) {
			size_t at = (cut + k) % x->nsteps;

			if (length ? x->step[at].op.what == TRACE_LENGTH
				   : disk_names(&x->step[at])) {
				cut = at;
				x->shorter += length;
				break;
			}
		}
		disk_copy(&x->disk, &x->before, &x->live);
		disk_at(&x->f, &x->disk, x->step, cut, &acked);
		disk_clear(x->f.store);
		disk_write(&x->disk, x->f.store, 0);
		judge(x, cut, acked);
	}
}

/* What was kept is what there is: else none of this would show anything. */
static void
whole(struct power *x)
{
	struct fault_look now;

	disk_copy(&x->disk, &x->before, &x->live);
	for (size_t i = 0; i < x->nsteps; i++)
		if (disk_names(&x->step[i]))
			disk_do(&x->disk, &x->step[i]);
		else if (x->step[i].op.what <= TRACE_LENGTH)
			disk_put(&x->f, &x->disk, &x->step[i], WHOLE);
	disk_clear(x->f.store);
	disk_write(&x->disk, x->f.store, 0);
	now = fault_look(x->f.store, true);
	if (now.hash != x->state[x->done].hash || now.faults > 0)
		fault_die("the trace is not all that was done: %s", now.text);
}

/* One history and its images; many: of an import of many parts. */
static void
power(struct power *x, const char *self, unsigned images, bool many)
{
	fault_save(x->trace, "", 0);
	fault_fill(&x->f, 60);
	disk_new(&x->before);
	disk_new(&x->live);
	disk_new(&x->disk);
	disk_read(&x->before, x->f.store, 0);
	disk_read(&x->live, x->f.store, 0);
	x->state[0] = fault_look(x->f.store, true);
	history(x, self, many);
	index_ops(x);
	whole(x);
	cuts(x, images);
	printf(
	    "# %u power cuts in %zu writes and syncs (%u of names) of %zu "
	    "commands%s (%u before a file was lengthened): acknowledged lost "
	    "%u, inconsistent %u, deaths by a signal %u; %u completed by "
	    "another run, %u written to afterwards\n",
	    x->images, x->nsteps - x->done, x->names, x->done,
	    many ? ", an import of many parts" : "", x->shorter, x->lost,
	    x->wrong, x->died, x->parts, x->second);
	disk_release(&x->before);
	disk_release(&x->live);
	disk_release(&x->disk);
	free(x->ops.p);
	free(x->step);
}

int
main(int argc, char **argv)
{
	static struct power x[2];
	char so[1200], self[1200], bin[1200];
	struct shape shape;
	unsigned images;
	int bad = 0;

	if (argc == 5 && strcmp(argv[1], "--come-and-go") == 0) {
		shape = (struct shape){
		    fault_number(argv[3]), fault_number(argv[4])};
		return writer(argv[2], come_and_go, &shape);
	}
	if (argc == 3 && strcmp(argv[1], "--older") == 0)
		return writer(argv[2], older, NULL);
	if (argc < 4)
		fault_die("usage: run_power BIN PRE_RECORD IMAGES [SEED]");
	if (realpath(argv[2], so) == NULL || realpath(argv[0], self) == NULL ||
	    realpath(argv[1], bin) == NULL)
		fault_die("there is no %s or %s", argv[1], argv[2]);
	images = fault_number(argv[3]);
	for (int many = 0; many < 2; many++) {
		struct power *p = &x[many];

		fault_begin(&p->f, bin, argc > 4 ? fault_number(argv[4]) : 1);
		snprintf(p->preload, sizeof p->preload, "LD_PRELOAD=%s", so);
		snprintf(p->trace, sizeof p->trace, "%s/trace", p->f.dir);
		snprintf(p->keep, sizeof p->keep, "CRM_TRACE=%s", p->trace);
		snprintf(p->dir, sizeof p->dir, "CRM_TRACE_DIR=%s", p->f.store);
		inputs(p);
		power(p, self, many ? images / 20 : images - images / 20,
		    many != 0);
		bad |= fault_end(&p->f);
	}
	return bad;
}
