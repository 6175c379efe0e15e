/*
 * test_crashkill.c - writers that are killed lose nothing they acknowledged.
 *
 * Two writers put numbered entries, take some away again, and acknowledge each
 * commit through a pipe; after a random while both are killed, and the store
 * is opened and read whole.
 */
#include "unit/tmpstore.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include <crm/hash.h>

#define CYCLES 100
#define TABLE (CRM_TAB_KIND + CRM_K_TOUCH)
#define SCRATCH (CRM_TAB_KIND + CRM_K_TICKET)

struct step {
	uint64_t number;
	uint64_t round;
	struct crm_buf bytes;
};

static int
put_next(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	struct step *x = ctx;
	char key[8];
	struct crm_str k;
	int code = crm_txn_next(t, CRM_K_TOUCH, &x->number, err);

	if (code < 0)
		return code;
	k = crm_number_key(x->number, key);
	crm_buf_clear(&x->bytes);
	crm_buf_putf(&x->bytes, "entry %llu", (unsigned long long)x->number);
	crm_seal(TABLE, k, &x->bytes);
	code = crm_put(t, TABLE, k, crm_buf_str(&x->bytes), 0, err);
	/* What comes and goes leaves pages free, and unwritten. */
	for (uint64_t i = 0; code == CRM_OK && i < 200; i++)
		code = crm_put(t, SCRATCH, crm_number_key(i + 1, key),
		    CRM_STR("0123456789012345678901234567890123456789"), 0,
		    err);
	for (uint64_t i = x->round % 3; code == CRM_OK && i < 200; i++)
		code = crm_del(t, SCRATCH, crm_number_key(i + 1, key), err);
	return code;
}

/* Writes until it is killed. */
static void
write_on(const char *path, int fd)
{
	struct crm_store_options opt = {
	    .path = path, .write = true, .wait_ms = 5000};
	struct step x = {.bytes = {0}};
	struct crm_store *s;
	struct crm_err err = {0};
	int code = crm_store_open(&s, &opt, &err);

	for (; code == CRM_OK; x.round++) {
		code = crm_txn_run(s, CRM_WRITE, put_next, &x, &err);
		if (code == CRM_OK &&
		    write(fd, &x.number, sizeof(x.number)) != sizeof(x.number))
			break;
	}
	fprintf(stderr, "writer: %s\n", err.text);
	_exit(1);
}

static void
read_whole(const char *path, const bool *acknowledged, uint64_t most, int cycle)
{
	struct crm_store *s = tmpstore_open_at(path, false, 0);
	struct crm_txn *t;
	uint64_t n;

	assert_int_equal(crm_txn_begin(s, &t, NULL), CRM_OK);
	for (uint64_t i = 1; i <= most; i++) {
		char key[8], want[40];
		struct crm_str k = crm_number_key(i, key), v;

		snprintf(
		    want, sizeof(want), "entry %llu", (unsigned long long)i);
		/* Numbers are given without gaps here, so all must be there
		 * up to the last that was acknowledged. */
		if (crm_get(t, TABLE, k, &v, NULL) < 0)
			fail_msg("cycle %d: entry %llu is lost%s", cycle,
			    (unsigned long long)i,
			    acknowledged[i] ? ", acknowledged" : "");
		assert_int_equal(crm_unseal(TABLE, k, &v, NULL), CRM_OK);
		assert_true(crm_str_is(v, want));
	}
	assert_int_equal(crm_count(t, SCRATCH, &n, NULL), CRM_OK);
	assert_true(n <= 2);
	crm_txn_end(t);
	crm_store_close_env(s);
}

static void
nothing_acknowledged_is_lost_by_killing_writers(void **state)
{
	enum { MOST = 1 << 20 };
	static bool acknowledged[MOST];
	struct tmpstore ts;
	struct crm_rand r;
	uint64_t most = 0, number;
	int working = 0;

	(void)state;
	crm_rand_seed(&r, 3);
	tmpstore_make(&ts);
	for (int cycle = 0; cycle < CYCLES; cycle++) {
		struct timespec nap = {0};
		pid_t pid[2];
		uint64_t before = most;
		int fd[2];

		assert_int_equal(pipe(fd), 0);
		for (int i = 0; i < 2; i++) {
			pid[i] = fork();
			if (pid[i] == 0) {
				close(fd[0]);
				write_on(ts.path, fd[1]);
			}
			assert_true(pid[i] > 0);
		}
		close(fd[1]);
		nap.tv_nsec = (long)crm_rand_below(&r, 25000000);
		nanosleep(&nap, NULL);
		for (int i = 0; i < 2; i++)
			kill(pid[i], SIGKILL);
		for (int i = 0; i < 2; i++) {
			int status;

			assert_int_equal(waitpid(pid[i], &status, 0), pid[i]);
			assert_true(WIFSIGNALED(status));
		}
		while (read(fd[0], &number, sizeof(number)) == sizeof(number)) {
			assert_true(number < MOST && !acknowledged[number]);
			acknowledged[number] = true;
			if (number > most)
				most = number;
		}
		close(fd[0]);
		read_whole(ts.path, acknowledged, most, cycle);
		working += most > before;
	}
	/* or it has shown nothing */
	assert_true(working > CYCLES / 4);
	tmpstore_remove(&ts);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_acknowledged_is_lost_by_killing_writers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
