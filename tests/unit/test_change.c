/*
 * test_change.c - changes: what is taken, what is refused, what is written.
 */
#include "unit/tmpstore.h"

#include <crm/hash.h>
#include <crm/model.h>

#define NOW 1780308000

struct shop {
	struct tmpstore tmp;
	struct crm_store *store;
	const struct crm_schema *schema;
	const struct crm_kind *kind; /* customer */
};

static int
setup(void **state)
{
	static struct shop s;
	struct crm_err err = {0};

	memset(&s, 0, sizeof s);
	tmpstore_make(&s.tmp);
	s.store = tmpstore_open(&s.tmp, true);
	assert_int_equal(crm_store_schema(s.store, &s.schema, &err), CRM_OK);
	s.kind = &s.schema->kind[CRM_K_CUSTOMER];
	*state = &s;
	return 0;
}

static int
teardown(void **state)
{
	struct shop *s = *state;

	crm_store_close(s->store);
	tmpstore_remove(&s->tmp);
	return 0;
}

/* ---- changes in a line each ---- */

static struct crm_change *
begin_key(
    struct shop *s, const char *key, uint64_t hash, int want, uint64_t *done)
{
	struct crm_change_options opt = {
	    .by = {NOW, CRM_STR("ann"), CRM_STR("test"), CRM_STR("why")},
	    .now = NOW,
	    .key = crm_str(key),
	    .keyhash = hash};
	struct crm_change *ch = NULL;
	struct crm_err err = {0};

	if (crm_change_open(&ch, s->store, &opt, done, &err) != want)
		fail_msg("open: %d %s", err.code, err.text);
	return ch;
}

static struct crm_change *
begin(struct shop *s)
{
	return begin_key(s, NULL, 0, CRM_OK, NULL);
}

static uint64_t
end(struct crm_change *ch)
{
	struct crm_err err = {0};
	uint64_t revision;

	if (crm_change_commit(ch, &revision, &err) != CRM_OK)
		fail_msg("commit: %d %s", err.code, err.text);
	crm_change_release(ch);
	return revision;
}

static void
put_text(struct crm_record *rec, const char *field, const char *text)
{
	*crm_record_at(rec, field) = crm_value_text(crm_str(text));
}

/* Puts name and email of a record (0: a new one); "" takes the e-mail away.
 * The code that came of it must be the one wanted.  Its number. */
static uint64_t
put(struct shop *s, struct crm_change *ch, uint64_t number, const char *name,
    const char *email, int want)
{
	struct crm_record *rec;
	struct crm_err err = {0};
	uint64_t id;
	int r;

	r = number ? crm_change_get(ch, s->kind, number, &rec, &err)
		   : crm_change_new(ch, s->kind, &rec, &err);
	assert_int_equal(r, CRM_OK);
	if (name != NULL)
		put_text(rec, "name", name);
	if (email != NULL)
		put_text(rec, "email", email);
	r = crm_change_put(ch, rec, &err);
	if (r != want)
		fail_msg("put %s %s: %d '%s', not %d", name, email, r, err.text,
		    want);
	id = rec->id;
	crm_change_reset(ch);
	return id;
}

static int
find(struct shop *s, struct crm_change *ch, const char *ref, uint64_t *out)
{
	struct crm_txn *t = ch ? crm_change_txn(ch) : NULL;
	struct crm_value v = {0};
	struct crm_err err = {0};
	int r;

	if (ch == NULL)
		assert_int_equal(crm_txn_begin(s->store, &t, &err), CRM_OK);
	r = crm_ref_find(
	    t, ch, CRM_K_CUSTOMER, s->schema, crm_str(ref), &v, &err);
	*out = (uint64_t)v.i;
	if (ch == NULL)
		crm_txn_end(t);
	return r;
}

static void
found(struct shop *s, struct crm_change *ch, const char *ref, uint64_t want)
{
	uint64_t got;
	int r = find(s, ch, ref, &got);

	if (want == 0 ? r != CRM_NOTFOUND : r != CRM_OK || got != want)
		fail_msg("%s: %d, C%llu, not C%llu", ref, r,
		    (unsigned long long)got, (unsigned long long)want);
}

/* The bytes of a record, without checksum. */
static void
bytes_of(struct shop *s, unsigned kind, uint64_t number, struct crm_buf *out)
{
	struct crm_err err = {0};
	struct crm_txn *t;
	struct crm_str key, v;
	char kb[8];

	crm_buf_clear(out);
	key = crm_number_key(number, kb);
	assert_int_equal(crm_txn_begin(s->store, &t, &err), CRM_OK);
	assert_int_equal(
	    crm_get(t, CRM_TAB_KIND + kind, key, &v, &err), CRM_OK);
	assert_int_equal(
	    crm_unseal(CRM_TAB_KIND + kind, key, &v, &err), CRM_OK);
	crm_buf_putstr(out, v);
	crm_txn_end(t);
}

static void
head_of(struct shop *s, uint64_t revision, struct crm_log_head *out)
{
	static char texts[1024];
	struct crm_err err = {0};
	struct crm_txn *t;
	struct crm_str key, v;
	char lk[17];

	crm_log_key(revision, 0, 0, lk);
	key = (struct crm_str){lk, sizeof lk};
	assert_int_equal(crm_txn_begin(s->store, &t, &err), CRM_OK);
	assert_int_equal(crm_get(t, CRM_TAB_LOG, key, &v, &err), CRM_OK);
	assert_int_equal(crm_unseal(CRM_TAB_LOG, key, &v, &err), CRM_OK);
	assert_true(v.n < sizeof texts);
	memcpy(texts, v.p, v.n);
	crm_txn_end(t);
	assert_int_equal(
	    crm_log_decode((struct crm_str){texts, v.n}, out, &err), CRM_OK);
}

/* The difference that a revision's entry has; false when it has none. */
static bool
diff_of(struct shop *s, uint64_t revision, unsigned kind, uint64_t number,
    uint64_t *previous, uint64_t *op, struct crm_buf *out)
{
	struct crm_err err = {0};
	struct crm_txn *t;
	struct crm_str key, v;
	char lk[17];
	int r;

	crm_buf_clear(out);
	crm_log_key(revision, kind, number, lk);
	key = (struct crm_str){lk, sizeof lk};
	assert_int_equal(crm_txn_begin(s->store, &t, &err), CRM_OK);
	r = crm_get(t, CRM_TAB_LOG, key, &v, &err);
	if (r == CRM_OK) {
		assert_int_equal(
		    crm_unseal(CRM_TAB_LOG, key, &v, &err), CRM_OK);
		assert_true(crm_take_var(&v, previous));
		assert_true(crm_take_var(&v, op));
		crm_buf_putstr(out, v);
	}
	crm_txn_end(t);
	return r == CRM_OK;
}

/* ---- cases ---- */

static void
nothing_is_written_before_commit(void **state)
{
	struct shop *s = *state;
	struct crm_change *ch = begin(s);

	assert_int_equal(put(s, ch, 0, "Ann", "ann@x.org", CRM_OK), 1);
	found(s, ch, "email:ann@x.org", 1);
	found(s, ch, "C1", 1);
	crm_change_release(ch);
	found(s, NULL, "email:ann@x.org", 0);
	ch = begin(s);
	assert_int_equal(put(s, ch, 0, "Bo", NULL, CRM_OK), 1);
	assert_int_equal(end(ch), 2);
	found(s, NULL, "C1", 1);
}

static void
an_address_is_taken_and_given_up_within_a_change(void **state)
{
	struct shop *s = *state;
	struct crm_change *ch = begin(s);

	put(s, ch, 0, "Ann", "a@x.org", CRM_OK);
	put(s, ch, 0, "Bo", "A@X.org", CRM_EDATA);
	put(s, ch, 0, "Bo", "b@x.org", CRM_OK);
	/* what another gives up may be taken */
	put(s, ch, 1, NULL, "", CRM_OK);
	put(s, ch, 2, NULL, "a@x.org", CRM_OK);
	found(s, ch, "email:a@x.org", 2);
	/* b@x.org stays one of C2's names */
	put(s, ch, 0, "Cy", "b@x.org", CRM_EDATA);
	end(ch);
	found(s, NULL, "email:a@x.org", 2);
	found(s, NULL, "email:b@x.org", 2);

	ch = begin(s);
	put(s, ch, 2, NULL, "", CRM_OK);
	found(s, ch, "email:a@x.org", 0);
	put(s, ch, 1, NULL, "a@x.org", CRM_OK);
	found(s, ch, "email:a@x.org", 1);
	put(s, ch, 2, NULL, "a@x.org", CRM_EDATA);
	end(ch);
	found(s, NULL, "email:a@x.org", 1);
}

static void
a_record_put_twice_is_written_once(void **state)
{
	struct shop *s = *state;
	struct crm_change *ch = begin(s);
	struct crm_buf before = {0}, after = {0}, diff = {0}, back = {0};
	struct crm_log_head head;
	uint64_t r, previous, op;

	put(s, ch, 0, "Ann", "a@x.org", CRM_OK);
	put(s, ch, 1, "Anne", NULL, CRM_OK);
	r = end(ch);
	head_of(s, r, &head);
	assert_int_equal(head.nrange, 1);
	assert_int_equal(head.range[0].count, 1);
	assert_int_equal(head.updated, 0);
	bytes_of(s, CRM_K_CUSTOMER, 1, &before);

	ch = begin(s);
	put(s, ch, 1, NULL, "b@x.org", CRM_OK);
	put(s, ch, 1, NULL, "c@x.org", CRM_OK);
	put(s, ch, 1, "Anna", NULL, CRM_OK);
	assert_int_equal(crm_change_counted(ch, CRM_K_CUSTOMER).changed, 1);
	r = end(ch);
	found(s, NULL, "email:a@x.org", 1);
	found(s, NULL, "email:b@x.org", 1);
	found(s, NULL, "email:c@x.org", 1);
	head_of(s, r, &head);
	assert_int_equal(head.updated, 1);
	assert_int_equal(head.nrange, 0);
	bytes_of(s, CRM_K_CUSTOMER, 1, &after);
	assert_true(diff_of(s, r, CRM_K_CUSTOMER, 1, &previous, &op, &diff));
	assert_int_equal(previous, r - 1);
	assert_int_equal(op, 'c');
	assert_int_equal(crm_diff_apply(crm_buf_str(&before),
			     crm_buf_str(&diff), false, &back, NULL),
	    CRM_OK);
	assert_true(crm_str_eq(crm_buf_str(&back), crm_buf_str(&after)));
	crm_buf_clear(&back);
	assert_int_equal(crm_diff_apply(crm_buf_str(&after), crm_buf_str(&diff),
			     true, &back, NULL),
	    CRM_OK);
	assert_true(crm_str_eq(crm_buf_str(&back), crm_buf_str(&before)));

	ch = begin(s);
	put(s, ch, 1, "Anna", NULL, CRM_NO);
	assert_int_equal(end(ch), 0);
	crm_buf_release(&before);
	crm_buf_release(&after);
	crm_buf_release(&diff);
	crm_buf_release(&back);
}

static void
a_stage_is_noted_once_however_often_it_is_put(void **state)
{
	struct shop *s = *state;
	struct crm_change *ch = begin(s);
	struct crm_record *rec;
	struct crm_err err = {0};
	struct crm_log_head head;
	size_t i;

	put(s, ch, 0, "Ann", NULL, CRM_OK);
	for (i = 0; i < 3; i++) {
		assert_int_equal(
		    crm_change_get(ch, s->kind, 1, &rec, &err), CRM_OK);
		assert_int_equal(
		    crm_input_set(ch, rec,
			i == 0 ? CRM_STR("stage") : CRM_STR("city"),
			i == 0 ? CRM_STR("prospect") : CRM_STR("Ulm"), &err),
		    CRM_OK);
		assert_int_equal(crm_change_put(ch, rec, &err), CRM_OK);
	}
	head_of(s, end(ch), &head);
	assert_int_equal(head.nrange, 2);
	assert_int_equal(head.range[1].kind, CRM_K_EVENT);
	assert_int_equal(head.range[1].count, 1);
}

static void
refused_records_leave_no_holes(void **state)
{
	struct shop *s = *state;
	struct crm_change *ch = begin(s);
	struct crm_log_head head;
	unsigned i;

	for (i = 0; i < 100; i++) {
		put(s, ch, 0, "", NULL, CRM_EDATA);
		assert_int_equal(put(s, ch, 0, "Ann", NULL, CRM_OK), i + 1);
	}
	put(s, ch, 0, "", "no address", CRM_EDATA);
	head_of(s, end(ch), &head);
	assert_int_equal(head.nrange, 1);
	assert_int_equal(head.range[0].first, 1);
	assert_int_equal(head.range[0].count, 100);
}

/* Every number is in one range of one part; the parts name their change. */
static unsigned
check_parts(struct shop *s, uint64_t first, uint64_t last, uint64_t adds)
{
	struct crm_log_head head;
	unsigned char *seen = calloc(adds + 1, 1);
	unsigned parts = 0;
	uint64_t r, i;
	size_t k;

	assert_non_null(seen);
	for (r = first; r <= last; r++, parts++) {
		head_of(s, r, &head);
		assert_int_equal(head.change, first);
		assert_int_equal(head.part, r - first);
		assert_int_equal(head.last, r == last);
		for (k = 0; k < head.nrange; k++)
			for (i = 0; i < head.range[k].count; i++) {
				assert_true(head.range[k].first + i <= adds);
				seen[head.range[k].first + i]++;
			}
	}
	for (i = 1; i <= adds; i++)
		if (seen[i] != 1)
			fail_msg("number %llu is in %u ranges",
			    (unsigned long long)i, seen[i]);
	free(seen);
	return parts;
}

static void
large_changes_are_written_in_parts(void **state)
{
	struct shop *s = *state;
	struct crm_change *ch = begin(s);
	struct crm_buf before = {0}, after = {0}, diff = {0}, back = {0};
	char name[32];
	uint64_t i, last, previous, op, revision, state_byte;
	struct crm_str rest;

	for (i = 1; i <= 100500; i++) {
		snprintf(name, sizeof name, "n%llu", (unsigned long long)i);
		put(s, ch, 0, name, NULL, CRM_OK);
	}
	last = end(ch);
	assert_int_equal(check_parts(s, 2, last, 100500), 2);
	bytes_of(s, CRM_K_CUSTOMER, 1500, &before);

	ch = begin(s);
	for (i = 1; i <= 2500; i++) {
		snprintf(
		    name, sizeof name, "renamed %llu", (unsigned long long)i);
		put(s, ch, i, name, NULL, CRM_OK);
	}
	assert_int_equal(end(ch), last + 3);
	check_parts(s, last + 1, last + 3, 0);
	for (i = 1; i <= 2500; i++) {
		bytes_of(s, CRM_K_CUSTOMER, i, &after);
		rest = crm_buf_str(&after);
		assert_true(crm_take_var(&rest, &state_byte));
		assert_true(crm_take_var(&rest, &revision));
		assert_int_equal(revision, last + 1 + (i - 1) / 1000);
		if (!diff_of(
			s, revision, CRM_K_CUSTOMER, i, &previous, &op, &diff))
			fail_msg("C%llu has no entry in revision %llu",
			    (unsigned long long)i,
			    (unsigned long long)revision);
	}
	bytes_of(s, CRM_K_CUSTOMER, 1500, &after);
	assert_true(
	    diff_of(s, last + 2, CRM_K_CUSTOMER, 1500, &previous, &op, &diff));
	assert_int_equal(crm_diff_apply(crm_buf_str(&after), crm_buf_str(&diff),
			     true, &back, NULL),
	    CRM_OK);
	assert_true(crm_str_eq(crm_buf_str(&back), crm_buf_str(&before)));
	crm_buf_release(&before);
	crm_buf_release(&after);
	crm_buf_release(&diff);
	crm_buf_release(&back);
}

static void
records_put_again_behind_others_keep_their_numbers(void **state)
{
	struct shop *s = *state;
	struct crm_change *ch = begin(s);
	struct crm_buf b = {0};
	uint64_t i;

	for (i = 1; i <= 101000; i++)
		put(s, ch, 0, "first", NULL, CRM_OK);
	for (i = 500; i <= 101000; i += 500)
		put(s, ch, i, "again", NULL, CRM_OK);
	check_parts(s, 2, end(ch), 101000);
	bytes_of(s, CRM_K_CUSTOMER, 500, &b);
	assert_non_null(memmem(b.p, b.n, "again", 5));
	bytes_of(s, CRM_K_CUSTOMER, 501, &b);
	assert_non_null(memmem(b.p, b.n, "first", 5));
	crm_buf_release(&b);
}

/* The first number of a kind begins a range of its own, though none is before
 * it: a part that has as many ranges as it may ends before it. */
static void
a_kind_that_begins_behind_many_ranges_begins_a_part(void **state)
{
	struct shop *s = *state;
	struct crm_change *ch = begin(s);
	const struct crm_kind *product = &s->schema->kind[CRM_K_PRODUCT];
	struct crm_record *rec;
	struct crm_err err = {0};
	struct crm_log_head head;
	uint64_t last;

	for (int i = 0; i < 2 * CRM_K_MAX; i++)
		put(s, ch, 0, "first", NULL, CRM_OK);
	assert_int_equal(crm_change_new(ch, product, &rec, &err), CRM_OK);
	put_text(rec, "sku", "S-1");
	put_text(rec, "name", "Cup");
	assert_int_equal(crm_change_put(ch, rec, &err), CRM_OK);
	crm_change_reset(ch);
	/* what is left behind the product are numbers with gaps */
	for (uint64_t i = 2; i <= 2 * CRM_K_MAX; i += 2)
		put(s, ch, i, "again", NULL, CRM_OK);
	last = end(ch);
	head_of(s, last - 2, &head);
	assert_int_equal(head.nrange, CRM_K_MAX);
	assert_int_equal(head.range[CRM_K_MAX - 1].kind, CRM_K_CUSTOMER);
	head_of(s, last - 1, &head);
	assert_int_equal(head.nrange, CRM_K_MAX);
	assert_int_equal(head.range[CRM_K_MAX - 1].kind, CRM_K_PRODUCT);
	head_of(s, last, &head);
	assert_int_equal(head.nrange, 1);
}

static void
put_tier(
    struct shop *s, struct crm_change *ch, uint64_t number, const char *tier)
{
	struct crm_record *rec;
	struct crm_err err = {0};

	assert_int_equal(
	    crm_change_get(ch, s->kind, number, &rec, &err), CRM_OK);
	put_text(rec, "tier", tier);
	assert_int_equal(crm_change_put(ch, rec, &err), CRM_OK);
	crm_change_reset(ch);
}

static int
leaves_of(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	(void)err;
	*(uint64_t *)ctx = crm_leaves(t, CRM_TAB_KIND + CRM_K_CUSTOMER);
	return CRM_OK;
}

/* A revision and a short word more each are no new pages, but for the first. */
static void
records_that_grow_a_little_stay_on_their_pages(void **state)
{
	static const char *const name[] = {
	    "Ann", "Maximiliane von und zu Hohenstein", "Bo Lindqvist"};
	struct shop *s = *state;
	struct crm_change *ch = begin(s);
	struct crm_err err = {0};
	uint64_t before, after;

	for (uint64_t i = 1; i <= 3000; i++)
		put(s, ch, 0, name[i % 3], NULL, CRM_OK);
	end(ch);
	assert_int_equal(
	    crm_txn_run(s->store, CRM_WRITE, leaves_of, &before, &err), CRM_OK);
	assert_true(before > 20);
	for (uint64_t i = 1; i <= 3000; i += 1000) {
		ch = begin(s);
		for (uint64_t j = i; j < i + 1000; j++)
			put_tier(s, ch, j, "gold");
		end(ch);
	}
	assert_int_equal(
	    crm_txn_run(s->store, CRM_WRITE, leaves_of, &after, &err), CRM_OK);
	assert_true(after <= before + 1);
}

static void
a_key_stands_for_one_change(void **state)
{
	struct shop *s = *state;
	uint64_t done = 0, r, i;
	struct crm_change *ch = begin_key(s, "k", 42, CRM_OK, &done);
	struct crm_log_head head;

	/* of any size, in one part */
	for (i = 0; i < 100500; i++)
		put(s, ch, 0, "Ann", NULL, CRM_OK);
	r = end(ch);
	head_of(s, r, &head);
	assert_true(head.last && head.part == 0);
	assert_int_equal(head.range[0].count, 100500);
	assert_int_equal(head.keyhash, 42);
	assert_true(crm_str_is(head.actor, "ann"));
	assert_true(crm_str_is(head.program, "test"));
	assert_true(crm_str_is(head.why, "why"));
	assert_int_equal(head.time, NOW);
	assert_null(begin_key(s, "k", 42, CRM_NO, &done));
	assert_int_equal(done, r);
	assert_null(begin_key(s, "k", 43, CRM_EDATA, &done));
	crm_change_release(begin_key(s, "kk", 43, CRM_OK, &done));
}

static void
what_is_removed_leaves_a_tombstone(void **state)
{
	struct shop *s = *state;
	struct crm_change *ch = begin(s);
	struct crm_buf before = {0}, after = {0}, diff = {0}, back = {0};
	struct crm_record *rec;
	struct crm_err err = {0};
	uint64_t r, previous, op;

	put(s, ch, 0, "Acme", "a@x.org", CRM_OK);
	assert_int_equal(crm_change_new(ch, s->kind, &rec, &err), CRM_OK);
	put_text(rec, "name", "Ann");
	*crm_record_at(rec, "parent_id") = crm_value_id(CRM_K_CUSTOMER, 1);
	assert_int_equal(crm_change_put(ch, rec, &err), CRM_OK);
	end(ch);
	bytes_of(s, CRM_K_CUSTOMER, 1, &before);

	ch = begin(s);
	assert_int_equal(crm_change_remove(ch, s->kind, 1, &err), CRM_OK);
	assert_int_equal(crm_change_remove(ch, s->kind, 1, &err), CRM_NO);
	assert_int_equal(
	    crm_change_get(ch, s->kind, 1, &rec, &err), CRM_NOTFOUND);
	found(s, ch, "C1", 0);
	found(s, ch, "email:a@x.org", 0);
	assert_int_equal(crm_change_commit(ch, &r, &err), CRM_EDATA);
	assert_string_equal(err.text, "C1 cannot be removed: C2 refers to it");
	crm_change_release(ch);
	found(s, NULL, "C1", 1);

	ch = begin(s);
	assert_int_equal(crm_change_remove(ch, s->kind, 2, &err), CRM_OK);
	assert_int_equal(crm_change_remove(ch, s->kind, 1, &err), CRM_OK);
	/* its address is free for another */
	assert_int_equal(put(s, ch, 0, "Bo", "a@x.org", CRM_OK), 3);
	r = end(ch);
	found(s, NULL, "C1", 0);
	found(s, NULL, "email:a@x.org", 3);
	bytes_of(s, CRM_K_CUSTOMER, 1, &after);
	assert_int_equal(after.p[0], CRM_DELETED);
	assert_true(diff_of(s, r, CRM_K_CUSTOMER, 1, &previous, &op, &diff));
	assert_int_equal(op, 'r');
	assert_int_equal(crm_diff_apply(crm_buf_str(&after), crm_buf_str(&diff),
			     true, &back, NULL),
	    CRM_OK);
	assert_true(crm_str_eq(crm_buf_str(&back), crm_buf_str(&before)));
	crm_buf_release(&before);
	crm_buf_release(&after);
	crm_buf_release(&diff);
	crm_buf_release(&back);
}

static int
count_row(void *ctx, const struct crm_change_row *row, struct crm_err *err)
{
	unsigned *n = ctx;

	(void)err;
	if (crm_str_is(row->field, "city")) {
		assert_int_equal(row->op, 'c');
		assert_int_equal(row->id.i, 1);
		assert_true(crm_str_is(row->old, "Ulm"));
		assert_true(crm_str_is(row->new, "Bonn"));
	}
	++*n;
	return CRM_OK;
}

static void
what_would_change_is_told_field_by_field(void **state)
{
	struct shop *s = *state;
	struct crm_change *ch = begin(s);
	struct crm_record *rec;
	struct crm_err err = {0};
	unsigned n = 0;

	assert_int_equal(crm_change_new(ch, s->kind, &rec, &err), CRM_OK);
	put_text(rec, "name", "Ann");
	put_text(rec, "city", "Ulm");
	assert_int_equal(crm_change_put(ch, rec, &err), CRM_OK);
	end(ch);
	ch = begin(s);
	assert_int_equal(crm_change_get(ch, s->kind, 1, &rec, &err), CRM_OK);
	put_text(rec, "city", "Bonn");
	assert_int_equal(crm_change_put(ch, rec, &err), CRM_OK);
	assert_int_equal(crm_change_each(ch, count_row, &n, &err), CRM_OK);
	assert_int_equal(n, 1);
	/* and again, after which it still can be committed */
	assert_int_equal(crm_change_each(ch, count_row, &n, &err), CRM_OK);
	assert_int_equal(n, 2);
	end(ch);
}

static void
entries_are_written_with_the_record_before_them(void **state)
{
	struct shop *s = *state;
	struct crm_change *ch = begin(s);
	struct crm_err err = {0};
	struct crm_txn *t;
	struct crm_str v;
	/* a source's key is its name and a kind, see import */
	struct crm_str key = {"shop\0\001a", 7};

	put(s, ch, 0, "Ann", NULL, CRM_OK);
	assert_int_equal(
	    crm_change_attach(ch, CRM_TAB_SOURCE, key, CRM_STR("\001x"), &err),
	    CRM_OK);
	end(ch);
	assert_int_equal(crm_txn_begin(s->store, &t, &err), CRM_OK);
	assert_int_equal(crm_get(t, CRM_TAB_SOURCE, key, &v, &err), CRM_OK);
	assert_int_equal(crm_unseal(CRM_TAB_SOURCE, key, &v, &err), CRM_OK);
	assert_true(crm_str_is(v, "\001x"));
	crm_txn_end(t);
	ch = begin(s);
	assert_int_equal(crm_change_attach(ch, CRM_TAB_SOURCE, key,
			     (struct crm_str){"", 0}, &err),
	    CRM_OK);
	end(ch);
	assert_int_equal(crm_txn_begin(s->store, &t, &err), CRM_OK);
	assert_int_equal(
	    crm_get(t, CRM_TAB_SOURCE, key, &v, &err), CRM_NOTFOUND);
	crm_txn_end(t);
}

static void
marked_stretches_are_revisions_of_one_transaction(void **state)
{
	struct shop *s = *state;
	struct crm_change *ch = begin(s);
	struct crm_err err = {0};
	struct crm_log_head head;
	uint64_t last;

	for (unsigned i = 0; i < 3; i++) {
		char name[2] = {(char)('A' + i), '\0'};

		put(s, ch, 0, name, NULL, CRM_OK);
		assert_int_equal(crm_change_mark(ch, &err), CRM_OK);
	}
	/* nothing was put: no revision */
	assert_int_equal(crm_change_mark(ch, &err), CRM_OK);
	last = end(ch);
	for (unsigned i = 0; i < 3; i++) {
		head_of(s, last - i, &head);
		assert_int_equal(head.change, last - i);
		assert_true(head.last);
		assert_int_equal(head.nrange, 1);
		assert_int_equal(head.range[0].first, 3 - i);
		assert_int_equal(head.range[0].count, 1);
	}
	assert_int_equal(crm_store_committed(s->store), last);
	ch = begin(s);
	put(s, ch, 0, "D", NULL, CRM_OK);
	assert_int_equal(end(ch), last + 1);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

/* More products than are kept, in one order: each line has its own's. */
static void
lines_of_more_products_than_are_kept_have_each_its_own(void **state)
{
	enum { MANY = (1 << 16) + 300 };
	struct shop *s = *state;
	const struct crm_kind *k = &s->schema->kind[CRM_K_PRODUCT];
	struct crm_change *ch = begin(s);
	struct crm_record *rec;
	struct crm_err err = {0};
	uint64_t customer = put(s, ch, 0, "Ann", NULL, CRM_OK);
	int product, quantity, amount, sku;
	char text[24];

	for (int i = 1; i <= MANY; i++) {
		assert_int_equal(crm_change_new(ch, k, &rec, &err), CRM_OK);
		snprintf(text, sizeof text, "SKU-%d", i);
		put_text(rec, "sku", text);
		put_text(rec, "name", text);
		if (crm_change_put(ch, rec, &err) != CRM_OK)
			fail_msg("%s: %s", text, err.text);
		crm_change_reset(ch);
	}
	k = &s->schema->kind[CRM_K_ORDER];
	product = crm_part_field(&k->parts[0], CRM_STR("product_id"));
	quantity = crm_part_field(&k->parts[0], CRM_STR("quantity"));
	amount = crm_part_field(&k->parts[0], CRM_STR("amount"));
	sku = crm_part_field(&k->parts[0], CRM_STR("sku"));
	assert_int_equal(crm_change_new(ch, k, &rec, &err), CRM_OK);
	*crm_record_at(rec, "customer_id") =
	    crm_value_id(CRM_K_CUSTOMER, customer);
	*crm_record_at(rec, "placed") = crm_value_num(CRM_T_TIME, NOW, 0);
	for (int i = 1; i <= MANY; i++) {
		struct crm_row *row = crm_record_add(rec, 0, (uint32_t)i);

		assert_non_null(row);
		row->v[product] = crm_value_id(CRM_K_PRODUCT, (uint64_t)i);
		row->v[quantity] = crm_value_num(CRM_T_DECIMAL, 1, 0);
		row->v[amount] = crm_value_num(CRM_T_MONEY, 100, 2);
	}
	if (crm_change_put(ch, rec, &err) != CRM_OK)
		fail_msg("order: %s %s", err.field, err.text);
	assert_int_equal(crm_change_get(ch, k, rec->id, &rec, &err), CRM_OK);
	assert_int_equal(rec->part[0].n, MANY);
	for (int i = 1; i <= MANY; i++) {
		snprintf(text, sizeof text, "SKU-%d", i);
		if (!crm_str_is(rec->part[0].row[i - 1].v[sku].s, text))
			fail_msg("line %d has the sku of another product", i);
	}
	crm_change_release(ch);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(nothing_is_written_before_commit),
	    CASE(an_address_is_taken_and_given_up_within_a_change),
	    CASE(a_record_put_twice_is_written_once),
	    CASE(a_stage_is_noted_once_however_often_it_is_put),
	    CASE(refused_records_leave_no_holes),
	    CASE(large_changes_are_written_in_parts),
	    CASE(records_put_again_behind_others_keep_their_numbers),
	    CASE(a_kind_that_begins_behind_many_ranges_begins_a_part),
	    CASE(records_that_grow_a_little_stay_on_their_pages),
	    CASE(a_key_stands_for_one_change),
	    CASE(what_is_removed_leaves_a_tombstone),
	    CASE(what_would_change_is_told_field_by_field),
	    CASE(entries_are_written_with_the_record_before_them),
	    CASE(marked_stretches_are_revisions_of_one_transaction),
	    CASE(lines_of_more_products_than_are_kept_have_each_its_own),
	};

	return cmocka_run_group_tests_name("change", tests, NULL, NULL);
}
