/*
 * test_past.c - random histories: a past is the store as it was, entry by entry.
 *
 * While customers and orders are added, changed, merged into other hands and
 * removed, changes undone and settings applied, all that the store has is
 * summed after each revision: every record's bytes, identities, indexes, the
 * ledger, figures.  Laid over the store as it came to be, each past sums up
 * to the same.
 *
 * CRM_TEST_PAST is the number of histories (6).
 */
#include <sys/wait.h>

#include "unit/random_history.h"

#include <crm/hash.h>
#include <crm/ledger.h>
#include <crm/past.h>

#define MOST 400 /* revisions of a history */

struct sums {
	uint64_t records, keys, ledger, figures, settings;
};

struct bench {
	struct history h;
	uint64_t last; /* revision */
	struct sums was[MOST];
	bool seen[MOST];
};

/* ---- the state ---- */

static uint64_t
pair_sum(struct crm_str k, struct crm_str v)
{
	return crm_hash64(k.p, k.n) * 31 + crm_hash64(v.p, v.n);
}

/* In the order in which they are given. */
static uint64_t
table_sum(struct crm_txn *t, unsigned table)
{
	struct crm_cursor *c;
	struct crm_str k, v, found;
	uint64_t sum = table;
	int r;

	assert_int_equal(crm_cursor_open(t, table, &c, NULL), 0);
	r = crm_cursor_seek(c, (struct crm_str){"", 0}, &k, &v, NULL);
	for (; r == CRM_OK; r = crm_cursor_next(c, &k, &v, NULL)) {
		if (table < CRM_TAB_KIND && k.p[0] == 0)
			continue; /* keys of changes, which readers do not ask */
		sum = sum * 17 + pair_sum(k, v);
		/* what a cursor comes to is what is looked up */
		assert_int_equal(crm_get(t, table, k, &found, NULL), 0);
		assert_true(crm_str_eq(v, found));
		assert_int_equal(crm_unseal(table, k, &v, NULL), 0);
	}
	assert_int_equal(r, CRM_NOTFOUND);
	crm_cursor_close(c);
	return sum;
}

static uint64_t
ledger_sum(struct crm_txn *t, uint64_t customer)
{
	struct crm_ledger_entry e;
	struct crm_ledger *l;
	uint64_t sum = 0;

	assert_int_equal(crm_ledger_open(t, customer, &l, NULL), 0);
	while (crm_ledger_next(l, &e, NULL) == CRM_OK) {
		uint64_t v[5] = {e.customer, e.order, (uint64_t)e.time,
		    (uint64_t)e.amount, e.flags};

		sum = sum * 17 + crm_hash64(v, sizeof v);
	}
	crm_ledger_close(l);
	return sum;
}

static struct sums
sums(struct bench *b)
{
	struct sums s = {0};
	const struct crm_schema *schema;
	struct crm_buf text = {0};
	struct crm_tally y;
	struct crm_txn *t;

	assert_int_equal(crm_store_schema(b->h.store, &schema, NULL), 0);
	crm_settings_encode(schema->settings, &text);
	s.settings = crm_hash64(text.p, text.n);
	assert_int_equal(crm_txn_begin(b->h.store, &t, NULL), 0);
	for (unsigned i = 1; i < CRM_K_MAX; i++)
		if (schema->kind[i].name != NULL)
			s.records =
			    s.records * 17 + table_sum(t, CRM_TAB_KIND + i);
	s.keys = table_sum(t, CRM_TAB_IDENT) * 17 + table_sum(t, CRM_TAB_INDEX);
	s.ledger = ledger_sum(t, 0);
	for (uint64_t c = 1; c < 60; c++) {
		s.ledger = s.ledger * 17 + ledger_sum(t, c);
		assert_int_equal(crm_tally_read(t, c, &y, NULL), 0);
		crm_buf_clear(&text);
		crm_tally_encode(&y, &text);
		s.figures = s.figures * 17 + crm_hash64(text.p, text.n);
	}
	crm_txn_end(t);
	crm_buf_release(&text);
	return s;
}

static void
remember(struct bench *b)
{
	struct crm_txn *t;

	assert_int_equal(crm_txn_begin(b->h.store, &t, NULL), 0);
	b->last = crm_txn_revision(t);
	crm_txn_end(t);
	assert_true(b->last < MOST);
	b->was[b->last] = sums(b);
	b->seen[b->last] = true;
}

static void
same(struct bench *b, uint64_t revision, const char *what, uint64_t got,
    uint64_t want)
{
	if (got != want)
		fail_msg("seed %lu, revision %llu of %llu: other %s", b->h.seed,
		    (unsigned long long)revision, (unsigned long long)b->last,
		    what);
}

static void
compare(struct bench *b, uint64_t revision)
{
	const struct sums *want = &b->was[revision];
	struct sums got = sums(b);

	same(b, revision, "settings", got.settings, want->settings);
	same(b, revision, "records", got.records, want->records);
	same(b, revision, "keys", got.keys, want->keys);
	same(b, revision, "ledger", got.ledger, want->ledger);
	same(b, revision, "figures", got.figures, want->figures);
}

static void
look_back(struct bench *b, uint64_t revision)
{
	struct crm_past *p = NULL;
	struct crm_err err = {0};

	if (crm_past_open(&p, b->h.store, revision, &err) < 0)
		fail_msg("seed %lu, revision %llu: %s", b->h.seed,
		    (unsigned long long)revision, err.text);
	compare(b, revision);
	crm_past_close(p);
}

static void
look_back_everywhere(struct bench *b)
{
	for (uint64_t i = 1; i <= b->last; i++)
		if (b->seen[i])
			look_back(b, i);
}

/* ---- changes ---- */

static void
part_done(void *ctx, uint64_t done, uint64_t total)
{
	(void)done;
	(void)total;
	remember(ctx);
}

static void
begin(struct bench *b)
{
	const struct crm_change_options opt = {
	    .progress = part_done, .progress_ctx = b};

	history_begin(&b->h, &opt);
}

static void
commit(struct bench *b)
{
	history_commit(&b->h);
	remember(b);
}

static void
change(struct bench *b)
{
	struct crm_txn *t;
	uint64_t next;

	begin(b);
	for (uint64_t steps = 1 + history_below(&b->h, 4); steps > 0; steps--) {
		uint64_t what = history_below(&b->h, 6);
		unsigned kind =
		    history_below(&b->h, 2) ? CRM_K_CUSTOMER : CRM_K_ORDER;

		if (what < 2)
			history_party(&b->h, history_below(&b->h, 2));
		else if (what < 5)
			history_order(&b->h, history_below(&b->h, 2));
		else if (b->h.n[kind] > 0)
			crm_change_remove(b->h.ch, &b->h.schema->kind[kind],
			    1 + history_below(&b->h, b->h.n[kind]), NULL);
		crm_change_reset(b->h.ch);
	}
	commit(b);
	/* one that was refused gave no numbers */
	assert_int_equal(crm_txn_begin(b->h.store, &t, NULL), 0);
	for (unsigned i = 1; i < CRM_K_MAX; i++) {
		crm_txn_next(t, i, &next, NULL);
		b->h.n[i] = next - 1;
	}
	crm_txn_end(t);
}

static void
undo(struct bench *b)
{
	begin(b);
	crm_undo_put(b->h.ch, 1 + history_below(&b->h, b->last), NULL, NULL);
	commit(b);
}

/* Which orders count, whom addresses name. */
static void
apply(struct bench *b)
{
	static const char *const ignore[] = {"", "a1@example.org"};
	static const char *const statuses[] = {"", "paid", "placed,paid"};
	const struct crm_origin by = {
	    NOW, CRM_STR("tester"), CRM_STR("crm-store apply"), {"", 0}};
	struct crm_settings set = tmpstore_settings();
	struct crm_err err = {0};
	int r;

	set.ignore = crm_str(ignore[history_below(&b->h, 2)]);
	set.statuses = crm_str(statuses[history_below(&b->h, 3)]);
	r = crm_settings_apply(b->h.store, &set, &by, 0, NULL, NULL, &err);
	if (r < 0 && r != CRM_NO && r != CRM_ECONFIG)
		fail_msg("seed %lu: apply: %s", b->h.seed, err.text);
	assert_int_equal(crm_store_schema(b->h.store, &b->h.schema, NULL), 0);
	remember(b);
}

static void
start(struct bench *b, unsigned long seed)
{
	memset(b, 0, sizeof *b);
	b->h.seed = seed;
	crm_rand_seed(&b->h.rand, seed);
	tmpstore_make(&b->h.tmp);
	b->h.store = tmpstore_open(&b->h.tmp, true);
	assert_int_equal(crm_store_schema(b->h.store, &b->h.schema, NULL), 0);
	remember(b);
}

static void
finish(struct bench *b)
{
	crm_store_close(b->h.store);
	tmpstore_remove(&b->h.tmp);
}

/* ---- the cases ---- */

static struct bench bench;

static void
a_past_of_a_random_history_is_the_store_of_then(void **state)
{
	const char *many = getenv("CRM_TEST_PAST");
	unsigned long n = many ? strtoul(many, NULL, 10) : 6;
	struct bench *b = &bench;

	(void)state;
	for (unsigned long seed = 1; seed <= n; seed++) {
		start(b, seed);
		for (int i = 0; i < 60; i++) {
			uint64_t what = history_below(&b->h, 12);

			if (what == 0)
				undo(b);
			else if (what == 1 && seed % 2)
				apply(b);
			else
				change(b);
		}
		look_back_everywhere(b);
		finish(b);
	}
}

/* Records that are put again are written with a later part, so that numbers
 * are not given in their order within a change. */
static void
parts_of_a_change_are_seen_one_by_one(void **state)
{
	const struct crm_kind *k;
	struct bench *b = &bench;
	struct crm_record *rec;

	(void)state;
	start(b, 1);
	k = &b->h.schema->kind[CRM_K_CUSTOMER];
	change(b);
	begin(b);
	for (uint64_t i = 0; i < 118000; i++) {
		assert_int_equal(crm_change_new(b->h.ch, k, &rec, NULL), 0);
		history_text(&b->h, rec, "name", "of many %llu", 1000);
		history_put(&b->h, rec);
		if (i % 9000 == 0) {
			assert_int_equal(
			    crm_change_get(b->h.ch, k, 1 + i / 2, &rec, NULL),
			    0);
			history_text(&b->h, rec, "tier", "again %llu", 1000);
			history_put(&b->h, rec);
		}
		crm_change_reset(b->h.ch);
	}
	commit(b);
	change(b);
	assert_true(b->last >= 5);
	look_back_everywhere(b);
	finish(b);
}

static void
a_past_stays_while_others_write(void **state)
{
	struct bench *b = &bench;
	struct crm_past *p = NULL;
	uint64_t revision;
	pid_t child;
	int status;

	(void)state;
	start(b, 3);
	for (int i = 0; i < 20; i++)
		change(b);
	revision = b->last;
	for (int i = 0; i < 5; i++)
		change(b);
	assert_int_equal(crm_past_open(&p, b->h.store, revision, NULL), 0);
	compare(b, revision);
	fflush(NULL);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		b->h.store = tmpstore_open(&b->h.tmp, true);
		crm_store_schema(b->h.store, &b->h.schema, NULL);
		for (int i = 0; i < 10; i++)
			change(b);
		apply(b);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	compare(b, revision);
	crm_past_close(p);
	finish(b);
}

/* A revision at a time by the clock; what the log says it was. */
static int64_t
written_at(struct crm_store *s, int64_t clock)
{
	struct crm_change_options opt = {
	    .by = {clock, CRM_STR("tester"), CRM_STR("test"), {"", 0}},
	    .now = NOW};
	struct crm_log_head h = {0};
	struct crm_change *ch;
	struct crm_record *rec;
	struct crm_txn *t;
	uint64_t revision;

	assert_int_equal(crm_change_open(&ch, s, &opt, NULL, NULL), 0);
	assert_int_equal(
	    crm_change_new(
		ch, &crm_change_schema(ch)->kind[CRM_K_CUSTOMER], &rec, NULL),
	    0);
	*crm_record_at(rec, "name") = crm_value_text(CRM_STR("Ann"));
	assert_int_equal(crm_change_put(ch, rec, NULL), 0);
	assert_int_equal(crm_change_commit(ch, &revision, NULL), 0);
	crm_change_release(ch);
	assert_int_equal(crm_txn_begin(s, &t, NULL), 0);
	assert_int_equal(crm_log_read(t, revision, &h, NULL), 0);
	crm_txn_end(t);
	return h.time;
}

static void
times_of_revisions_never_go_back(void **state)
{
	static const struct {
		int64_t clock, time;
	} row[] = {{NOW + 10, NOW + 10}, {NOW + 5, NOW + 10},
	    {NOW - 1, NOW + 10}, {NOW + 10, NOW + 10}, {NOW + 11, NOW + 11}};
	struct tmpstore tmp;
	struct crm_store *s;
	uint64_t n;

	(void)state;
	tmpstore_make(&tmp);
	s = tmpstore_open(&tmp, true);
	for (size_t i = 0; i < sizeof row / sizeof *row; i++)
		if (written_at(s, row[i].clock) != row[i].time)
			fail_msg("row %zu: another time", i);
	assert_int_equal(crm_past_find(s, NOW + 9, &n, NULL), 0);
	assert_int_equal(n, 1);
	assert_int_equal(crm_past_find(s, NOW + 10, &n, NULL), 0);
	assert_int_equal(n, 5);
	assert_int_equal(crm_past_find(s, NOW + 11, &n, NULL), 0);
	assert_int_equal(n, 6);
	crm_store_close(s);
	tmpstore_remove(&tmp);
}

static void
revisions_are_found_by_time(void **state)
{
	struct tmpstore tmp;
	struct crm_store *s;
	struct crm_past *p = NULL;
	struct crm_err err = {0};
	uint64_t n = 0;

	(void)state;
	tmpstore_make(&tmp); /* at NOW */
	s = tmpstore_open(&tmp, false);
	assert_int_equal(crm_past_find(s, NOW - 1, &n, &err), CRM_NOTFOUND);
	assert_int_equal(crm_past_find(s, NOW, &n, &err), CRM_OK);
	assert_int_equal(n, 1);
	assert_int_equal(crm_past_find(s, INT64_MAX, &n, &err), CRM_OK);
	assert_int_equal(n, 1);
	assert_int_equal(crm_past_open(&p, s, 2, &err), CRM_NOTFOUND);
	assert_string_equal(err.text, "there is no revision 2");
	assert_null(p);
	crm_store_close(s);
	tmpstore_remove(&tmp);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_past_of_a_random_history_is_the_store_of_then),
	    cmocka_unit_test(parts_of_a_change_are_seen_one_by_one),
	    cmocka_unit_test(a_past_stays_while_others_write),
	    cmocka_unit_test(revisions_are_found_by_time),
	    cmocka_unit_test(times_of_revisions_never_go_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
