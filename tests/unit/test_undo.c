/*
 * test_undo.c - random histories: what undo leaves is what was before.
 *
 * A history is random changes of customers, products and orders (their lines,
 * payments and returns, who they are counted for), with removals, identities
 * that move, keys, and rows such as imports keep.  Before and after a change
 * all tables but the log are summed, revisions left out.  The last change is
 * undone, which must give the sum before, and redone.  One further back is
 * undone where it may be, and redone.  At the end of each history the check
 * finds nothing, and the derived tables made anew are the same.
 *
 * CRM_TEST_UNDO is the number of undos to be seen (200).
 */
#include <sys/wait.h>

#include "unit/random_history.h"

#include <crm/hash.h>

#define MOST 64 /* changes of a history */

struct bench {
	struct history h;
	uint64_t undos, refused, keys;
};

/* ---- the state ---- */

struct sums {
	uint64_t records, derived;
};

static uint64_t
entry_sum(unsigned table, struct crm_str k, struct crm_str v)
{
	struct crm_buf b = {0};
	uint64_t state = 0, revision = 0, h;

	if (table >= CRM_TAB_KIND) {
		assert_true(crm_take_var(&v, &state));
		assert_true(crm_take_var(&v, &revision));
		crm_buf_putc(&b, (char)state);
	}
	crm_buf_putc(&b, (char)table);
	crm_buf_putvar(&b, k.n);
	crm_buf_putstr(&b, k);
	crm_buf_putstr(&b, v);
	h = crm_hash64(b.p, b.n);
	crm_buf_release(&b);
	/* a number given and given up is a tombstone: nothing to the state */
	return state == CRM_DELETED ? 0 : h;
}

/* Runs of the ledger may be cut elsewhere: their entries are summed. */
static uint64_t
ledger_sum(struct crm_txn *t)
{
	struct crm_ledger_entry e;
	struct crm_ledger *l;
	uint64_t sum = 0;

	assert_int_equal(crm_ledger_open(t, 0, &l, NULL), 0);
	while (crm_ledger_next(l, &e, NULL) == CRM_OK) {
		uint64_t v[5] = {e.customer, e.order, (uint64_t)e.time,
		    (uint64_t)e.amount, e.flags};

		sum += crm_hash64(v, sizeof v);
	}
	crm_ledger_close(l);
	return sum;
}

/* Figures of nothing are as no figures. */
static void
without_none(struct crm_str key, struct crm_str v, struct crm_buf *out)
{
	struct crm_tally_block x;
	struct crm_tally_view view;

	assert_int_equal(crm_tally_view(key, v, &view, NULL), 0);
	assert_int_equal(crm_tally_block(&view, &x, NULL), 0);
	for (unsigned i = 0; i < CRM_TALLY_RANGE; i++) {
		const struct crm_tally *y = &x.y[i];

		if ((x.have >> i & 1) && y->orders == 0 && y->revenue == 0 &&
		    y->spent == 0 && y->returns == 0)
			x.have &= ~(1U << i);
	}
	crm_buf_clear(out);
	if (x.have != 0 || x.live != 0)
		crm_tally_block_put(&x, out);
}

static struct sums
sums(struct bench *b)
{
	struct sums s = {0, 0};
	struct crm_buf figures = {0};
	struct crm_txn *t;

	assert_int_equal(crm_txn_begin(b->h.store, &t, NULL), 0);
	for (unsigned table = CRM_TAB_IDENT; table < CRM_TABS; table++) {
		struct crm_cursor *c;
		struct crm_str k, v;
		int r;

		if (table == CRM_TAB_SALES ||
		    (table >= CRM_TAB_KIND &&
			b->h.schema->kind[table - CRM_TAB_KIND].name == NULL))
			continue;
		assert_int_equal(crm_cursor_open(t, table, &c, NULL), 0);
		r = crm_cursor_seek(c, (struct crm_str){"", 0}, &k, &v, NULL);
		for (; r == CRM_OK; r = crm_cursor_next(c, &k, &v, NULL)) {
			assert_int_equal(crm_unseal(table, k, &v, NULL), 0);
			if (table == CRM_TAB_TALLY) {
				without_none(k, v, &figures);
				if (figures.n == 0)
					continue;
				v = crm_buf_str(&figures);
			}
			*(table >= CRM_TAB_KIND ? &s.records : &s.derived) +=
			    entry_sum(table, k, v);
		}
		assert_int_equal(r, CRM_NOTFOUND);
		crm_cursor_close(c);
	}
	s.derived += ledger_sum(t);
	crm_buf_release(&figures);
	crm_txn_end(t);
	return s;
}

static void
same(struct bench *b, const char *when, struct sums want)
{
	struct sums got = sums(b);

	if (got.records != want.records)
		fail_msg("seed %lu, %s: other records", b->h.seed, when);
	if (got.derived != want.derived)
		fail_msg("seed %lu, %s: other entries", b->h.seed, when);
}

/* ---- changes ---- */

static void
begin(struct bench *b, struct crm_str key)
{
	const struct crm_change_options opt = {.key = key, .keyhash = 7};

	history_begin(&b->h, &opt);
}

/* What an import remembers of a record that is there. */
static void
remember(struct bench *b)
{
	struct crm_buf key = {0}, value = {0};
	struct crm_record *rec = history_record(&b->h, CRM_K_CUSTOMER, false);

	if (rec == NULL || rec->id == 0)
		return;
	crm_buf_puts(&key, "shop");
	crm_buf_putc(&key, 0);
	crm_buf_putc(&key, CRM_K_CUSTOMER);
	crm_buf_putf(&key, "%llu", (unsigned long long)rec->id);
	crm_buf_putvar(&value, rec->id);
	crm_buf_putf(&value, "says %llu",
	    (unsigned long long)history_below(&b->h, 1000));
	assert_int_equal(crm_change_attach(b->h.ch, CRM_TAB_SOURCE,
			     crm_buf_str(&key), crm_buf_str(&value), NULL),
	    0);
	crm_buf_release(&key);
	crm_buf_release(&value);
}

/* A change of some records; its revision, 0 when it came to nothing. */
static uint64_t
change(struct bench *b)
{
	uint64_t steps = 1 + history_below(&b->h, 4), given[CRM_K_MAX],
		 revision;
	char key[40] = "";

	memcpy(given, b->h.n, sizeof given);
	if (history_below(&b->h, 5) == 0)
		snprintf(
		    key, sizeof key, "key %llu", (unsigned long long)++b->keys);
	begin(b, crm_str(key));
	while (steps-- > 0) {
		bool done = false;

		switch (history_below(&b->h, 7)) {
		case 0:
		case 1:
			done = history_party(&b->h, history_below(&b->h, 2));
			break;
		case 2:
			done = history_product(&b->h, history_below(&b->h, 2));
			break;
		case 3:
			done = history_remove(&b->h);
			break;
		default:
			done = history_order(&b->h, history_below(&b->h, 2));
			break;
		}
		if (done && history_below(&b->h, 3) == 0)
			remember(b);
		crm_change_reset(b->h.ch);
	}
	revision = history_commit(&b->h);
	if (revision == 0)
		memcpy(b->h.n, given, sizeof given);
	return revision;
}

/* ---- undo ---- */

/* The revision of the undo, 0 when it was refused. */
static uint64_t
undo(struct bench *b, uint64_t revision, bool must)
{
	struct crm_err err = {0};
	uint64_t by = 0;
	int r;

	begin(b, (struct crm_str){"", 0});
	r = crm_undo_put(b->h.ch, revision, NULL, &err);
	if (r == CRM_OK)
		r = crm_change_commit(b->h.ch, &by, &err);
	crm_change_release(b->h.ch);
	b->h.ch = NULL;
	if (r == CRM_OK) {
		b->undos++;
		return by;
	}
	if (must || r != CRM_EDATA)
		fail_msg("seed %lu: undo of %llu: %s", b->h.seed,
		    (unsigned long long)revision, err.text);
	b->refused++;
	return 0;
}

static int
fault(void *ctx, struct crm_str where, struct crm_str what, struct crm_err *err)
{
	struct bench *b = ctx;

	(void)err;
	print_message("seed %lu: %.*s: %.*s\n", b->h.seed, (int)where.n,
	    where.p, (int)what.n, what.p);
	return CRM_OK;
}

static void
check(struct bench *b, const char *when)
{
	struct crm_check_options opt = {.fault = fault, .ctx = b};
	struct crm_check_result found;
	struct crm_log_verified log;
	struct crm_err err = {0};
	struct crm_txn *t;

	if (crm_store_check(b->h.store, &opt, &found, &err) != CRM_OK)
		fail_msg("seed %lu, %s: check: %s", b->h.seed, when, err.text);
	assert_int_equal(crm_txn_begin(b->h.store, &t, NULL), 0);
	if (crm_log_verify(t, b->h.schema, fault, b, &log, &err) != CRM_OK)
		fail_msg("seed %lu, %s: verify: %s", b->h.seed, when, err.text);
	crm_txn_end(t);
}

static void
one_history(struct bench *b, unsigned long seed)
{
	struct crm_origin by = {
	    NOW, CRM_STR("tester"), CRM_STR("crm-store rebuild"), {"", 0}};
	uint64_t made[MOST], n = 0, back, again, changes = 8 + seed % 40;
	struct sums before, after;
	struct crm_err err = {0};

	tmpstore_make(&b->h.tmp);
	b->h.store = tmpstore_open(&b->h.tmp, true);
	assert_int_equal(crm_store_schema(b->h.store, &b->h.schema, NULL), 0);
	memset(b->h.n, 0, sizeof b->h.n);
	b->h.seed = seed;
	crm_rand_seed(&b->h.rand, seed);
	for (uint64_t i = 0; i < changes && n < MOST; i++) {
		before = sums(b);
		made[n] = change(b);
		if (made[n] == 0) {
			same(b, "a change that came to nothing", before);
			continue;
		}
		n++;
		if (history_below(&b->h, 3) > 0)
			continue;
		after = sums(b);
		back = undo(b, made[n - 1], true);
		same(b, "undo of the last", before);
		again = undo(b, back, true);
		same(b, "undo of the undo", after);
		if (history_below(&b->h, 2) == 0)
			continue;
		undo(b, again, true);
		same(b, "undo once more", before);
		n--;
	}
	for (uint64_t i = 0; i < 6 && n > 0; i++) {
		before = sums(b);
		back = undo(b, made[history_below(&b->h, n)], false);
		if (back == 0) {
			same(b, "an undo that was refused", before);
			continue;
		}
		undo(b, back, true);
		same(b, "redo of one further back", before);
	}
	check(b, "at the end");
	before = sums(b);
	if (crm_store_rebuild(b->h.store, &by, NULL, NULL, &err) < 0)
		fail_msg("seed %lu: rebuild: %s", seed, err.text);
	same(b, "a rebuild", before);
	crm_store_close_env(b->h.store);
	tmpstore_remove(&b->h.tmp);
}

static void
undo_of_a_random_change_is_the_state_before(void **state)
{
	const char *want = getenv("CRM_TEST_UNDO");
	struct bench b = {0};
	uint64_t most = want ? strtoull(want, NULL, 10) : 200;
	unsigned long seed = 1;

	(void)state;
	while (b.undos < most)
		one_history(&b, seed++);
	print_message("# %lu histories, %llu undos, %llu refused\n", seed - 1,
	    (unsigned long long)b.undos, (unsigned long long)b.refused);
}

/* ---- an undo of many parts that is killed ---- */

static void
die(void *ctx, uint64_t done, uint64_t total)
{
	(void)ctx;
	(void)done;
	(void)total;
	_exit(7);
}

static uint64_t
many(struct bench *b, bool change)
{
	const struct crm_kind *k = &b->h.schema->kind[CRM_K_CUSTOMER];
	struct crm_record *rec;
	struct crm_err err = {0};

	begin(b, (struct crm_str){"", 0});
	for (uint64_t i = 1; i <= 2500; i++) {
		if (change)
			assert_int_equal(
			    crm_change_get(b->h.ch, k, i, &rec, &err), 0);
		else
			assert_int_equal(
			    crm_change_new(b->h.ch, k, &rec, &err), 0);
		history_text(
		    &b->h, rec, change ? "tier" : "name", "of many %llu", 1);
		assert_true(history_put(&b->h, rec));
		crm_change_reset(b->h.ch);
	}
	return history_commit(&b->h);
}

static void
an_undo_that_was_killed_is_completed_by_the_next(void **state)
{
	struct crm_change_options opt = {
	    .by = {NOW, CRM_STR("tester"), CRM_STR("test"), {"", 0}},
	    .now = NOW,
	    .progress = die};
	struct bench b = {0};
	struct sums before;
	uint64_t revision, last;
	pid_t child;
	int status;

	(void)state;
	tmpstore_make(&b.h.tmp);
	b.h.store = tmpstore_open(&b.h.tmp, true);
	assert_int_equal(crm_store_schema(b.h.store, &b.h.schema, NULL), 0);
	crm_rand_seed(&b.h.rand, 1);
	assert_true(many(&b, false) > 0);
	before = sums(&b);
	revision = many(&b, true);
	crm_store_close(b.h.store);
	fflush(NULL);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		b.h.store = tmpstore_open(&b.h.tmp, true);
		if (crm_change_open(&b.h.ch, b.h.store, &opt, NULL, NULL) ==
			0 &&
		    crm_undo_put(b.h.ch, revision, NULL, NULL) == 0)
			crm_change_commit(b.h.ch, &last, NULL);
		_exit(1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
	b.h.store = tmpstore_open(&b.h.tmp, true);
	assert_int_equal(crm_store_schema(b.h.store, &b.h.schema, NULL), 0);
	assert_true(sums(&b).records != before.records);
	undo(&b, revision, true);
	same(&b, "the second undo", before);
	check(&b, "at the end");
	crm_store_close(b.h.store);
	tmpstore_remove(&b.h.tmp);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(undo_of_a_random_change_is_the_state_before),
	    cmocka_unit_test(an_undo_that_was_killed_is_completed_by_the_next),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
