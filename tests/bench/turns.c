/*
 * turns.c - runs the commands of one job in turn and says what each cost.
 *
 *	turns [-c CHECK] [-m] [-s] ROUNDS FILE	A B C A B C ...
 *	turns -l SECONDS FILE			all of them at once, in loops
 *
 * A line of FILE is: side, how often in a round (TIMES, or TIMES:ROUNDS for a
 * side that runs in the first ROUNDS only), a command that prepares (or -),
 * the command, separated by tabs.  Commands are started without a
 * shell, whose start would be most of what a look-up costs: words are
 * separated by blanks, '...' keeps them together, <FILE and >FILE redirect.
 * What prepares and CHECK go through sh.
 *
 * Sides alternate within each round, so that what else the machine does hits
 * all of them.  Before the first each runs once uncounted, which warms up and,
 * with -m, is watched for its memory.  CHECK runs behind the first, and when it
 * fails no time is reported.  Slow sides are not warmed up, and their memory is
 * watched while they are timed: with -s all, else those of few ROUNDS.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SIDES = 16, WORDS = 64, ROUNDS = 100 };

extern char **environ;

struct side {
	char *name, *before, *word[WORDS + 1];
	const char *in, *out;
	int times, rounds;
	bool slow;
	double wall[ROUNDS], cpu[ROUNDS];
	long peak, anon; /* KiB */
	long done; /* in a loop */
	pid_t pid;
};

static struct side side[SIDES];
static int nside;

static void
die(const char *what)
{
	fprintf(stderr, "turns: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Cuts the command into words, in place. */
static void
cut(struct side *s, char *p)
{
	int n = 0;

	while (*p != '\0') {
		char *to, *from;
		bool quoted = false;

		while (*p == ' ')
			*p++ = '\0';
		if (*p == '\0')
			break;
		for (to = from = p; *p != '\0' && (quoted || *p != ' '); p++)
			if (*p == '\'')
				quoted = !quoted;
			else
				*to++ = *p;
		if (*p == ' ')
			p++;
		*to = '\0';
		if (*from == '<')
			s->in = from + 1;
		else if (*from == '>' && from[1] != '\0')
			s->out = from + 1;
		else if (n < WORDS)
			s->word[n++] = from;
	}
	s->word[n] = NULL;
	if (n == 0) {
		errno = EINVAL;
		die("a command is empty");
	}
}

static void
read_times(struct side *s, const char *text)
{
	char *end;

	s->times = (int)strtol(text, &end, 10);
	s->rounds = ROUNDS;
	if (*end == ':') {
		s->rounds = (int)strtol(end + 1, &end, 10);
		s->slow = true;
	}
	if (*end != '\0' || s->times < 1 || s->rounds < 1) {
		errno = EINVAL;
		die(text);
	}
}

static void
read_sides(const char *path)
{
	static char text[1 << 16];
	FILE *f = fopen(path, "r");
	char *line = text, *end;
	size_t n;

	if (f == NULL)
		die(path);
	n = fread(text, 1, sizeof text - 1, f);
	fclose(f);
	text[n] = '\0';
	for (; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		struct side *s = &side[nside];
		char *field[4], *rest = line;

		*end = '\0';
		for (int i = 0; i < 4; i++) {
			field[i] = i < 3 ? strsep(&rest, "\t") : rest;
			if (field[i] == NULL || nside == SIDES) {
				errno = EINVAL;
				die(path);
			}
		}
		s->name = field[0];
		read_times(s, field[1]);
		s->before = field[2];
		cut(s, field[3]);
		nside++;
	}
}

static pid_t
start(const struct side *s)
{
	posix_spawn_file_actions_t to;
	pid_t pid;
	int e;

	posix_spawn_file_actions_init(&to);
	posix_spawn_file_actions_addopen(
	    &to, 0, s->in != NULL ? s->in : "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&to, 1,
	    s->out != NULL ? s->out : "/dev/null", O_WRONLY | O_CREAT | O_TRUNC,
	    0666);
	e = posix_spawnp(&pid, s->word[0], &to, NULL, s->word, environ);
	posix_spawn_file_actions_destroy(&to);
	if (e != 0) {
		errno = e;
		die(s->word[0]);
	}
	return pid;
}

static double
seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec * 1e-6;
}

static void
finish(const struct side *s, pid_t pid, struct rusage *use)
{
	int status;

	while (wait4(pid, &status, 0, use) < 0)
		if (errno != EINTR)
			die("wait");
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		fprintf(
		    stderr, "turns: %s failed (%s ...)\n", s->name, s->word[0]);
		exit(1);
	}
}

static void
prepare(const struct side *s)
{
	if (strcmp(s->before, "-") != 0 && system(s->before) != 0) {
		fprintf(stderr, "turns: %s: '%s' failed\n", s->name, s->before);
		exit(1);
	}
}

/* KiB of memory that is of no file. */
static long
anonymous(pid_t pid)
{
	char path[64], line[128];
	long kib = 0;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%ld/status", (long)pid);
	f = fopen(path, "r");
	if (f == NULL)
		return 0;
	while (fgets(line, sizeof line, f) != NULL)
		if (strncmp(line, "RssAnon:", 8) == 0)
			kib = strtol(line + 8, NULL, 10);
	fclose(f);
	return kib;
}

/* Looks at a process every few milliseconds until it ends. */
static void
watch(struct side *s, pid_t pid, long milliseconds)
{
	const struct timespec nap = {0, milliseconds * 1000000};
	siginfo_t info;

	for (;;) {
		long kib = anonymous(pid);

		if (kib > s->anon)
			s->anon = kib;
		info.si_pid = 0;
		if (waitid(P_PID, (id_t)pid, &info,
			WEXITED | WNOHANG | WNOWAIT) < 0 ||
		    info.si_pid != 0)
			return;
		nanosleep(&nap, NULL);
	}
}

static void
run(struct side *s, int round, bool watched)
{
	struct rusage use;
	pid_t pid;
	double t;

	prepare(s);
	s->cpu[round] = 0;
	t = now();
	for (int i = 0; i < s->times; i++) {
		pid = start(s);
		if (watched)
			watch(s, pid, 5);
		finish(s, pid, &use);
		s->cpu[round] += seconds(use.ru_utime) + seconds(use.ru_stime);
		if (use.ru_maxrss > s->peak)
			s->peak = use.ru_maxrss;
	}
	s->wall[round] = (now() - t) / s->times;
	s->cpu[round] /= s->times;
}

/* A run that is not timed, and so may be watched closely. */
static void
warm_up(struct side *s, bool watched)
{
	struct rusage use;
	pid_t pid;

	prepare(s);
	pid = start(s);
	if (watched)
		watch(s, pid, 1);
	finish(s, pid, &use);
	if (use.ru_maxrss > s->peak)
		s->peak = use.ru_maxrss;
}

static int
by_size(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static double
median(double *v, int n)
{
	qsort(v, (size_t)n, sizeof *v, by_size);
	return n % 2 != 0 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

static void
report(struct side *s, int rounds)
{
	double mid = median(s->wall, rounds), cpu = median(s->cpu, rounds);

	printf("%s\t%d\t%.6f\t%.6f\t%.6f\t%.6f\t%.1f\t%.1f\n", s->name, rounds,
	    mid, s->wall[0], s->wall[rounds - 1], cpu, (double)s->peak / 1024,
	    (double)s->anon / 1024);
}

static void
in_turn(int rounds, const char *check, bool memory)
{
	for (int i = 0; i < nside; i++)
		if (!side[i].slow)
			warm_up(&side[i], memory);
	for (int r = 0; r < rounds; r++) {
		for (int i = 0; i < nside; i++)
			if (r < side[i].rounds)
				run(&side[i], r, side[i].slow && memory);
		if (r == 0 && check != NULL && system(check) != 0) {
			fprintf(stderr, "turns: the answers differ\n");
			exit(2);
		}
	}
	for (int i = 0; i < nside; i++)
		report(&side[i],
		    side[i].rounds < rounds ? side[i].rounds : rounds);
}

/* Every side again and again; those started at the end are not counted. */
static void
at_once(double limit)
{
	double begin = now(), t;
	int status;

	for (int i = 0; i < nside; i++)
		side[i].pid = start(&side[i]);
	while ((t = now() - begin) < limit) {
		pid_t pid = wait(&status);

		if (pid < 0)
			die("wait");
		for (int i = 0; i < nside; i++) {
			struct side *s = &side[i];

			if (s->pid != pid)
				continue;
			if (status != 0) {
				fprintf(stderr, "turns: %s failed\n", s->name);
				exit(1);
			}
			s->done++;
			s->pid = start(s);
		}
	}
	for (int i = 0; i < nside; i++)
		finish(&side[i], side[i].pid, &(struct rusage){0});
	for (int i = 0; i < nside; i++)
		printf("%s\t%.3f\n", side[i].name,
		    (double)(side[i].done * side[i].times) / t);
}

int
main(int argc, char **argv)
{
	const char *check = NULL;
	bool memory = false, loop = false, slow = false;
	int c;

	while ((c = getopt(argc, argv, "+c:mls")) != -1)
		if (c == 'c')
			check = optarg;
		else if (c == 'm')
			memory = true;
		else if (c == 'l')
			loop = true;
		else if (c == 's')
			slow = true;
		else
			return 64;
	if (argc - optind != 2) {
		fputs("usage: turns [-c CHECK] [-ms] ROUNDS FILE\n"
		      "       turns -l SECONDS FILE\n",
		    stderr);
		return 64;
	}
	read_sides(argv[optind + 1]);
	for (int i = 0; i < nside; i++)
		side[i].slow |= slow;
	c = (int)strtol(argv[optind], NULL, 10);
	if (c < 1 || c > ROUNDS)
		return 64;
	if (loop)
		at_once(c);
	else
		in_turn(c, check, memory);
	return 0;
}
