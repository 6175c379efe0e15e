/*
 * run_flips.c - data files with a bit that was bent, or an end that is gone.
 *
 *	run_flips BIN TRIALS [SEED [BIT]]
 *
 * Each trial spoils a copy of a good store, reads it by commands, checks it,
 * and on every fourth writes to it.  Whatever a command prints with status 0
 * must be what it printed of the good store; one may end in an error, but not
 * by a signal; and where the spoiled store reads differently from the good
 * one, or its free pages do, crm-store check must find it.  With BIT (as a
 * complaint names it) that one is bent in each trial.
 */
#include "fault.h"

#define READS 6

struct flips {
	struct fault f;
	struct fault_text image;
	struct fault_look good;
	struct fault_run was[READS];
	unsigned bit; /* 0: at random */
	unsigned trials, cuts, refused, found, harmless;
	unsigned died, wrong, missing, unseen;
};

static const char *const reads[READS][8] = {
    {"crm-customer", "list", NULL},
    {"crm-customer", "get", "C3", "C30", "email:c41@example.org", NULL},
    {"crm-order", "list", NULL},
    {"crm-order", "get", "O1", "O20", "O55", NULL},
    {"crm-product", "list", NULL},
    {"crm-customer", "list", "--sort", "-revenue", "-w", "orders > 0", NULL},
};
static const char *const writes[][8] = {
    {"crm-customer", "set", "C3", "--city", "Elsewhere", NULL},
    {"crm-customer", "add", "--name", "New", NULL},
    {"crm-order", "add", "--customer", "C9", "--line", "sku:s1 x 2", NULL},
    {"crm-customer", "rm", "C55", NULL},
};

/* How many lines of a are not in b; *less: how many of b are not in a. */
static unsigned
lines_other(const char *a, const char *b, unsigned *less)
{
	struct crm_map m = {0};
	unsigned other = 0, n = 0;
	uint64_t v;

	for (const char *p = b; *p;) {
		size_t k = strcspn(p, "\n");

		crm_map_put(&m, (struct crm_str){p, k}, 1, NULL);
		p += k + (p[k] == '\n');
		n++;
	}
	for (const char *p = a; *p;) {
		size_t k = strcspn(p, "\n");

		if (!crm_map_get(&m, (struct crm_str){p, k}, &v) || v == 0)
			other++;
		else
			n--;
		crm_map_put(&m, (struct crm_str){p, k}, 0, NULL);
		p += k + (p[k] == '\n');
	}
	crm_map_release(&m);
	*less = n;
	return other;
}

static void
judge_read(struct flips *x, size_t i, const char *what, uint64_t at)
{
	struct fault_run r;
	unsigned less, other;

	fault_run(&x->f, reads[i], NULL, NULL, &r);
	other = lines_other(r.out.p, x->was[i].out.p, &less);
	if (r.status >= FAULT_DIED) {
		x->died++;
		fault_bad(&x->f, "%s %llu: %s %s died, %d", what,
		    (unsigned long long)at, reads[i][0], reads[i][1], r.status);
	} else if (other > 0) {
		x->wrong++;
		fault_bad(&x->f, "%s %llu: %s %s printed %u other lines", what,
		    (unsigned long long)at, reads[i][0], reads[i][1], other);
	} else if (r.status == 0 && less > 0) {
		x->missing++;
		fault_bad(&x->f, "%s %llu: %s %s left out %u lines", what,
		    (unsigned long long)at, reads[i][0], reads[i][1], less);
	}
	x->refused += r.status != 0;
	fault_run_release(&r);
}

/* A writer must not die. */
static void
judge_write(struct flips *x, const char *what, uint64_t at)
{
	size_t i = (size_t)fault_below(&x->f, sizeof writes / sizeof writes[0]);
	struct fault_run r;

	fault_run(&x->f, writes[i], NULL, NULL, &r);
	if (r.status >= FAULT_DIED) {
		x->died++;
		fault_bad(&x->f, "%s %llu: %s %s died, %d", what,
		    (unsigned long long)at, writes[i][0], writes[i][1],
		    r.status);
	}
	fault_run_release(&r);
}

static void
judge_check(struct flips *x, const char *what, uint64_t at)
{
	static const char *const check[] = {"crm-store", "check", NULL};
	struct fault_look now = fault_look(x->f.store, true);
	bool found = now.code != CRM_OK || now.faults > 0;
	struct fault_run r;

	if (now.code == CRM_OK && now.faults == 0) {
		if (now.hash != x->good.hash) {
			x->unseen++;
			fault_bad(&x->f, "%s %llu: not found by the check",
			    what, (unsigned long long)at);
		} else {
			x->harmless++;
		}
	}
	x->found += found;
	if (!fault_has(&x->f, "crm-store"))
		return;
	fault_run(&x->f, check, NULL, NULL, &r);
	if (r.status >= FAULT_DIED) {
		x->died++;
		fault_bad(&x->f, "%s %llu: crm-store check died, %d", what,
		    (unsigned long long)at, r.status);
	} else if (found != (r.status != 0)) {
		x->unseen++;
		fault_bad(&x->f, "%s %llu: crm-store check: %d, wanted %d: %s",
		    what, (unsigned long long)at, r.status, found, now.text);
	}
	fault_run_release(&r);
}

static void
trial(struct flips *x, unsigned n)
{
	char *p = malloc(x->image.n);
	const char *what = "bit";
	size_t length = x->image.n;
	uint64_t at;

	if (p == NULL)
		fault_die("out of memory");
	memcpy(p, x->image.p, length);
	if (n % 10 == 9) {
		what = "length";
		at = length = (size_t)fault_below(&x->f, x->image.n);
		x->cuts++;
	} else {
		at = fault_below(&x->f, (uint64_t)length * 8);
		/* Half of them where the structure is: in the first bytes of
		 * a page. */
		if (n % 2)
			at = at / 32768 * 32768 + at % 1024;
		at = x->bit ? x->bit : at;
		p[at / 8] ^= (char)(1 << at % 8);
	}
	fault_save(x->f.data, p, length);
	free(p);
	judge_check(x, what, at);
	for (size_t i = 0; i < READS; i++)
		if (n % 2 == i % 2)
			judge_read(x, i, what, at);
	if (n % 4 == 0)
		judge_write(x, what, at);
	x->trials++;
}

int
main(int argc, char **argv)
{
	struct flips x = {0};
	unsigned trials;

	if (argc < 3)
		fault_die("usage: run_flips BIN TRIALS [SEED]");
	trials = fault_number(argv[2]);
	fault_begin(&x.f, argv[1], argc > 3 ? fault_number(argv[3]) : 1);
	/* trees of three levels, in the long form */
	fault_fill(&x.f, trials > 1000 ? 900 : 120);
	x.bit = argc > 4 ? fault_number(argv[4]) : 0;
	x.image = fault_load(x.f.data);
	x.good = fault_look(x.f.store, true);
	if (x.good.code != CRM_OK || x.good.faults > 0)
		fault_die("damaged from the beginning: %s", x.good.text);
	for (size_t i = 0; i < READS; i++) {
		fault_run(&x.f, reads[i], NULL, NULL, &x.was[i]);
		if (x.was[i].status != 0)
			fault_die("%s %s: %s", reads[i][0], reads[i][1],
			    x.was[i].err.p);
	}
	for (unsigned i = 0; i < trials; i++)
		trial(&x, i);
	printf("# %u flips of a bit and %u truncations of %zu KiB: wrong "
	       "values %u, deaths by a signal %u, not found by the check %u, "
	       "rows left out without a word %u; %u found, %u changed "
	       "nothing, %u commands refused\n",
	    x.trials - x.cuts, x.cuts, x.image.n >> 10, x.wrong, x.died,
	    x.unseen, x.missing, x.found, x.harmless, x.refused);
	for (size_t i = 0; i < READS; i++)
		fault_run_release(&x.was[i]);
	free(x.image.p);
	return fault_end(&x.f);
}
