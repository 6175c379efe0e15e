/*
 * run_mixed.c - eight processes at once, and one history that explains all
 * they saw.
 *
 *	run_mixed BIN SECONDS [SEED]
 *
 * Each process starts one command after the other: sets a shared record, or
 * two in one stream, or one of its own; adds and removes records; and reads the
 * two shared ones.  Every change carries a tag of its own in --why and in what
 * it writes.  Afterwards the log gives the order, and that must explain
 * everything: each change that was acknowledged is in it once and each that
 * was refused is not; replaying it gives the store as it is; a read shows the
 * records as they were after one revision, not before a change that was done
 * when the read began and not after one that began when it was done; and a
 * change that was done before another began comes before it.
 */
#include <sys/prctl.h>

#include "fault.h"

#define PROCESSES 8
#define OPS 400000 /* of a process, at most */
#define SHARED 6

enum op { OP_SET, OP_PAIR, OP_OWN, OP_ADD, OP_RM, OP_GET, OP_KINDS };

struct op_done {
	int64_t from, to; /* ns */
	enum op op;
	int status;
	uint8_t a, b; /* shared records; of OP_OWN none */
	uint64_t seen[2]; /* tags a read showed; of OP_ADD the number */
};
struct mixed {
	struct fault f;
	struct op_done *ops; /* PROCESSES x OPS, shared memory */
	uint32_t *nops; /* of each process, likewise */
	unsigned counts[OP_KINDS], refused, wrong;
};

/* Tags are process * OPS + index + 1; 0 is the state at the beginning. */
struct change {
	uint64_t revision, tag;
};

static int64_t
now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* The number in "tag17", 0 when it is another text. */
static uint64_t
tag_of(const char *p, size_t n)
{
	int64_t v;

	if (n < 4 || memcmp(p, "tag", 3) != 0 ||
	    crm_int_parse((struct crm_str){p + 3, n - 3}, &v) < 0)
		return 0;
	return (uint64_t)v;
}

/* ---- the processes ---- */

static void
do_get(struct mixed *x, struct op_done *o)
{
	char a[8], b[8];
	struct fault_run r;
	char *line;

	snprintf(a, sizeof a, "C%u", 1u + o->a);
	snprintf(b, sizeof b, "C%u", 1u + o->b);
	fault_run(&x->f,
	    (const char *[]){
		"crm-customer", "get", a, b, "-f", "city", "--no-header", NULL},
	    NULL, NULL, &r);
	o->status = r.status;
	line = r.out.p;
	for (int i = 0; i < 2 && r.status == 0; i++) {
		char *tab = strchr(line, '\t');
		char *end = strchr(line, '\n');

		if (tab == NULL || end == NULL) {
			o->status = -1;
			break;
		}
		o->seen[i] = tag_of(tab + 1, (size_t)(end - tab - 1));
		line = end + 1;
	}
	fault_run_release(&r);
}

static void
do_one(struct mixed *x, unsigned process, uint32_t i, uint64_t *own,
    uint64_t *extra)
{
	struct op_done *o = &x->ops[process * OPS + i];
	char tag[24], id[24], rows[128];
	const char *input = NULL;
	struct fault_run r;
	const char *args[12] = {"crm-customer"};

	*o = (struct op_done){.op = (enum op)fault_below(&x->f, OP_KINDS)};
	if (o->op == OP_RM && *extra == 0)
		o->op = OP_ADD;
	o->a = (uint8_t)fault_below(&x->f, SHARED);
	o->b = (uint8_t)((o->a + 1 + fault_below(&x->f, SHARED - 1)) % SHARED);
	snprintf(tag, sizeof tag, "tag%llu",
	    (unsigned long long)process * OPS + i + 1);
	snprintf(id, sizeof id, "C%llu",
	    (unsigned long long)(o->op == OP_SET   ? 1ULL + o->a
				 : o->op == OP_OWN ? *own
						   : *extra));
	o->from = now_ns();
	if (o->op == OP_GET) {
		do_get(x, o);
		o->to = now_ns();
		return;
	}
	if (o->op == OP_PAIR) {
		snprintf(rows, sizeof rows,
		    "customer_id\tcity\nC%u\t%s\nC%u\t%s\n", 1u + o->a, tag,
		    1u + o->b, tag);
		input = rows;
	}
	memcpy(args + 1,
	    o->op == OP_ADD
		? ((const char *[]){"add", "--city", tag, "--name", "x"})
	    : o->op == OP_RM ? ((const char *[]){"rm", id, "-q", "-q", "-q"})
	    : o->op == OP_PAIR
		? ((const char *[]){"set", "-", "-q", "-q", "-q"})
		: ((const char *[]){"set", id, "--city", tag, "-q"}),
	    5 * sizeof *args);
	args[6] = "--why";
	args[7] = tag;
	args[8] = "--no-header";
	fault_run(&x->f, args, NULL, input, &r);
	o->to = now_ns();
	o->status = r.status;
	if (o->op == OP_ADD && r.status == 0)
		*extra = o->seen[0] = strtoull(r.out.p + 1, NULL, 10);
	if (o->op == OP_RM) {
		o->seen[0] = *extra;
		*extra = 0;
	}
	if (r.status != 0)
		fprintf(
		    stderr, "# %s %s: %d: %s", args[1], tag, r.status, r.err.p);
	fault_run_release(&r);
}

static void
process(struct mixed *x, unsigned n, int64_t until)
{
	uint64_t own = SHARED + 1 + n, extra = 0;

	crm_rand_seed(&x->f.rand, crm_rand_next(&x->f.rand) + n);
	while (x->nops[n] < OPS && now_ns() < until) {
		do_one(x, n, x->nops[n], &own, &extra);
		x->nops[n]++;
	}
	_exit(0);
}

/* ---- the history ---- */

static int
by_revision(
    struct crm_store *s, struct change **out, size_t *n, struct crm_err *err)
{
	struct crm_log_head head;
	struct crm_cursor *c;
	struct crm_str k, v;
	struct crm_txn *t;
	size_t cap = 0;
	int code = crm_txn_begin(s, &t, err);

	*n = 0;
	*out = NULL;
	if (code < 0 || (code = crm_cursor_open(t, CRM_TAB_LOG, &c, err)) < 0)
		return code;
	code = crm_cursor_seek(c, CRM_STR(""), &k, &v, err);
	for (; code == CRM_OK; code = crm_cursor_next(c, &k, &v, err)) {
		struct crm_str at = {k.p + 8, k.n - 8};
		uint64_t kind = 1;

		if (!crm_take_be(&at, 1, &kind) || kind != 0)
			continue;
		code = crm_unseal(CRM_TAB_LOG, k, &v, err);
		if (code == CRM_OK)
			code = crm_log_decode(v, &head, err);
		at = k;
		if (code < 0 || !crm_take_be(&at, 8, &head.revision))
			break;
		if (*n == cap) {
			cap = cap * 2 + 1024;
			*out = realloc(*out, cap * sizeof **out);
			if (*out == NULL)
				fault_die("out of memory");
		}
		(*out)[(*n)++] = (struct change){
		    head.revision, tag_of(head.why.p, head.why.n)};
	}
	crm_cursor_close(c);
	crm_txn_end(t);
	return code == CRM_NOTFOUND ? CRM_OK : code;
}

/* The tag of a shared record after the first n changes: state[n][record]. */
typedef uint64_t shared_state[SHARED];

static void
replay(struct mixed *x, const struct change *c, size_t n, shared_state *state)
{
	memset(state[0], 0, sizeof state[0]);
	for (size_t i = 0; i < n; i++) {
		const struct op_done *o;

		memcpy(state[i + 1], state[i], sizeof *state);
		if (c[i].tag == 0)
			continue;
		o = &x->ops[c[i].tag - 1];
		if (o->op == OP_SET || o->op == OP_PAIR)
			state[i + 1][o->a] = c[i].tag;
		if (o->op == OP_PAIR)
			state[i + 1][o->b] = c[i].tag;
	}
}

__attribute__((format(printf, 2, 3))) static void
anomaly(struct mixed *x, const char *fmt, ...)
{
	char text[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	x->wrong++;
	fault_bad(&x->f, "%s", text);
}

/* Acknowledged is in the log once, refused not at all; real time holds. */
static void
judge_changes(struct mixed *x, const struct change *c, size_t n)
{
	uint32_t *times = calloc((size_t)PROCESSES * OPS + 1, sizeof *times);
	int64_t began = 0;

	if (times == NULL)
		fault_die("out of memory");
	for (size_t i = 0; i < n; i++)
		if (c[i].tag > 0 && c[i].tag <= (uint64_t)PROCESSES * OPS)
			times[c[i].tag]++;
	for (unsigned p = 0; p < PROCESSES; p++)
		for (uint32_t i = 0; i < x->nops[p]; i++) {
			const struct op_done *o = &x->ops[p * OPS + i];
			uint32_t want = o->status == 0 && o->op != OP_GET;

			x->counts[o->op]++;
			x->refused += o->status != 0;
			if (times[p * OPS + i + 1] != want)
				anomaly(x,
				    "tag%u (%d): exit status %d, and %u times"
				    " in the log",
				    p * OPS + i + 1, (int)o->op, o->status,
				    times[p * OPS + i + 1]);
		}
	free(times);
	/* No later change was done before an earlier one began. */
	for (size_t i = 0; i < n; i++) {
		const struct op_done *o;

		if (c[i].tag == 0)
			continue;
		o = &x->ops[c[i].tag - 1];
		if (o->to < began)
			anomaly(x,
			    "revision %llu was done before an earlier one"
			    " began",
			    (unsigned long long)c[i].revision);
		if (o->from > began)
			began = o->from;
	}
}

/* How many changes there are up to the last one that has its moment before
 * `until`: least[i] is the least moment of i and all after it. */
static size_t
upto(const int64_t *least, size_t n, int64_t until)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (least[mid] < until)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static void
judge_reads(
    struct mixed *x, const struct change *c, size_t n, shared_state *state)
{
	int64_t *from = calloc(2 * n + 2, sizeof *from), *to = from + n + 1;

	if (from == NULL)
		fault_die("out of memory");
	from[n] = to[n] = INT64_MAX;
	for (size_t i = n; i-- > 0;) {
		const struct op_done *w =
		    c[i].tag ? &x->ops[c[i].tag - 1] : NULL;

		from[i] = w == NULL ? 0 : w->from;
		to[i] = w == NULL ? 0 : w->to;
		from[i] = from[i] < from[i + 1] ? from[i] : from[i + 1];
		to[i] = to[i] < to[i + 1] ? to[i] : to[i + 1];
	}
	for (unsigned p = 0; p < PROCESSES; p++)
		for (uint32_t i = 0; i < x->nops[p]; i++) {
			const struct op_done *o = &x->ops[p * OPS + i];
			size_t lo, hi, k;

			if (o->op != OP_GET || o->status != 0)
				continue;
			/* At least all that was done, at most what had
			 * begun. */
			lo = upto(to, n, o->from);
			hi = upto(from, n, o->to);
			for (k = lo; k <= hi; k++)
				if (state[k][o->a] == o->seen[0] &&
				    state[k][o->b] == o->seen[1])
					break;
			if (k > hi)
				anomaly(x,
				    "a read showed %llu and %llu, as at no"
				    " time from %zu to %zu",
				    (unsigned long long)o->seen[0],
				    (unsigned long long)o->seen[1], lo, hi);
		}
	free(from);
}

static uint64_t
city_at(
    struct crm_txn *t, const struct crm_schema *s, uint64_t number, bool *there)
{
	const struct crm_kind *k = &s->kind[CRM_K_CUSTOMER];
	struct crm_arena arena = {0};
	struct crm_record *r = crm_record_new(k, &arena);
	struct crm_err err = {0};
	const struct crm_value *v;
	uint64_t tag = 0;

	*there = r != NULL && crm_record_read(t, k, number, &crm_want_all, r,
				  &err) == CRM_OK;
	if (*there) {
		v = crm_record_at(r, "city");
		if (v->type == CRM_T_TEXT)
			tag = tag_of(v->s.p, v->s.n);
	}
	crm_arena_release(&arena);
	return tag;
}

static void
judge_end(struct mixed *x, struct crm_store *s, const uint64_t *shared)
{
	const struct crm_schema *schema;
	struct crm_err err = {0};
	struct crm_txn *t;
	bool there;

	if (crm_store_schema(s, &schema, &err) < 0 ||
	    crm_txn_begin(s, &t, &err) < 0)
		fault_die("%s", err.text);
	for (unsigned i = 0; i < SHARED; i++)
		if (city_at(t, schema, 1 + i, &there) != shared[i])
			anomaly(
			    x, "C%u is not what the log makes of it", 1 + i);
	for (unsigned p = 0; p < PROCESSES; p++) {
		uint64_t own = 0;

		for (uint32_t i = 0; i < x->nops[p]; i++) {
			const struct op_done *o = &x->ops[p * OPS + i];

			if (o->status != 0)
				continue;
			if (o->op == OP_OWN)
				own = p * OPS + i + 1;
			if (o->op == OP_ADD &&
			    city_at(t, schema, o->seen[0], &there) !=
				p * OPS + i + 1 &&
			    there)
				anomaly(x, "C%llu is another's",
				    (unsigned long long)o->seen[0]);
			if (o->op == OP_RM) {
				city_at(t, schema, o->seen[0], &there);
				if (there)
					anomaly(x, "C%llu was removed",
					    (unsigned long long)o->seen[0]);
			}
		}
		if (city_at(t, schema, SHARED + 1 + p, &there) != own)
			anomaly(x, "C%u is not what its process made of it",
			    SHARED + 1 + p);
	}
	crm_txn_end(t);
}

static void
judge(struct mixed *x)
{
	struct crm_store_options opt = {.path = x->f.store};
	struct fault_look l = fault_look(x->f.store, true);
	struct crm_store *s;
	struct crm_err err = {0};
	struct change *c;
	shared_state *state;
	size_t n;

	if (l.code != CRM_OK || l.faults > 0)
		anomaly(x, "the store has faults: %s", l.text);
	if (crm_store_open(&s, &opt, &err) < 0 ||
	    by_revision(s, &c, &n, &err) < 0)
		fault_die("%s", err.text);
	state = calloc(n + 1, sizeof *state);
	if (state == NULL)
		fault_die("out of memory");
	for (size_t i = 1; i < n; i++)
		if (c[i].revision <= c[i - 1].revision)
			anomaly(x, "the revisions do not rise");
	judge_changes(x, c, n);
	replay(x, c, n, state);
	judge_reads(x, c, n, state);
	judge_end(x, s, state[n]);
	free(state);
	free(c);
	crm_store_close(s);
}

static void *
shared_memory(size_t n)
{
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		fault_die("out of memory");
	return p;
}

int
main(int argc, char **argv)
{
	struct mixed x = {0};
	struct crm_buf b = {.max = 1 << 16};
	unsigned seconds, total = 0;
	pid_t pid[PROCESSES];
	int64_t until;

	if (argc < 3)
		fault_die("usage: run_mixed BIN SECONDS [SEED]");
	seconds = fault_number(argv[2]);
	fault_begin(&x.f, argv[1], argc > 3 ? fault_number(argv[3]) : 1);
	x.ops = shared_memory(sizeof *x.ops * PROCESSES * OPS);
	x.nops = shared_memory(sizeof *x.nops * PROCESSES);
	fault_create(&x.f);
	fault_customers(&x.f, &b, 1, SHARED + PROCESSES);
	crm_buf_putc(&b, '\0');
	fault_must(
	    &x.f, (const char *[]){"crm-customer", "add", "-", NULL}, b.p);
	crm_buf_release(&b);
	until = now_ns() + (int64_t)seconds * 1000000000;
	for (unsigned i = 0; i < PROCESSES; i++)
		if ((pid[i] = fork()) == 0)
			process(&x, i, until);
	for (unsigned i = 0; i < PROCESSES; i++)
		if (pid[i] > 0)
			waitpid(pid[i], NULL, 0);
	judge(&x);
	for (unsigned i = 0; i < OP_KINDS; i++)
		total += x.counts[i];
	printf("# %u commands of %d processes in %u s (%u changes of a shared "
	       "record, %u of two, %u adds, %u removals, %u reads; %u "
	       "refused): anomalies %u\n",
	    total, PROCESSES, seconds, x.counts[OP_SET], x.counts[OP_PAIR],
	    x.counts[OP_ADD], x.counts[OP_RM], x.counts[OP_GET], x.refused,
	    x.wrong);
	return fault_end(&x.f);
}
