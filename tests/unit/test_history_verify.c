/*
 * test_history_verify.c - every kind of damage to the log is found and named.
 *
 * A history of six revisions is written; one thing in its log is changed, with
 * a checksum that fits where nothing else is said, and verify must say what.
 */
#include "unit/random_history.h"

enum { KIND = CRM_K_CUSTOMER };

static void
put_name(struct history *h, uint64_t number, const char *name)
{
	const struct crm_kind *k = &h->schema->kind[KIND];
	struct crm_record *rec;
	int r = number ? crm_change_get(h->ch, k, number, &rec, NULL)
		       : crm_change_new(h->ch, k, &rec, NULL);

	assert_int_equal(r, CRM_OK);
	*crm_record_at(rec, "name") = crm_value_text(crm_str(name));
	assert_true(history_put(h, rec));
	crm_change_reset(h->ch);
}

/* 2: C1, C2, C3; 3: C1; 4: C1, C2; 5: without C3; 6: C4. */
static void
make(struct history *h)
{
	static const struct crm_change_options none;

	memset(h, 0, sizeof *h);
	tmpstore_make(&h->tmp);
	h->store = tmpstore_open(&h->tmp, true);
	assert_int_equal(crm_store_schema(h->store, &h->schema, NULL), CRM_OK);
	for (unsigned i = 2; i <= 6; i++) {
		history_begin(h, &none);
		if (i == 2) {
			put_name(h, 0, "Ann");
			put_name(h, 0, "Bo");
			put_name(h, 0, "Cy");
		} else if (i == 5) {
			assert_int_equal(crm_change_remove(h->ch,
					     &h->schema->kind[KIND], 3, NULL),
			    CRM_OK);
		} else if (i == 6) {
			put_name(h, 0, "Di");
		} else {
			put_name(h, 1, i == 3 ? "Anna" : "Anne");
			if (i == 4)
				put_name(h, 2, "Bob");
		}
		assert_int_equal(history_commit(h), i);
	}
}

static void
drop(struct history *h)
{
	crm_store_close_env(h->store);
	tmpstore_remove(&h->tmp);
}

/* ---- damage ---- */

static struct crm_str
log_key(uint64_t revision, unsigned kind, uint64_t number)
{
	static char key[17];

	crm_log_key(revision, kind, number, key);
	return (struct crm_str){key, sizeof key};
}

static int
put(struct crm_txn *t, struct crm_str key, struct crm_buf *b)
{
	int r;

	crm_seal(CRM_TAB_LOG, key, b);
	r = crm_put(t, CRM_TAB_LOG, key, crm_buf_str(b), 0, NULL);
	crm_buf_release(b);
	return r;
}

/* A bit of the value, without another checksum. */
static int
bend(struct crm_txn *t, struct crm_str key)
{
	struct crm_buf b = {0};
	struct crm_str v;
	int r = crm_get(t, CRM_TAB_LOG, key, &v, NULL);

	assert_int_equal(r, CRM_OK);
	crm_buf_putstr(&b, v);
	b.p[b.n / 2] ^= 1;
	r = crm_put(t, CRM_TAB_LOG, key, crm_buf_str(&b), 0, NULL);
	crm_buf_release(&b);
	return r;
}

/* The header as fn leaves it. */
static int
rewrite(struct crm_txn *t, uint64_t revision, void (*fn)(struct crm_log_head *))
{
	struct crm_str key = log_key(revision, 0, 0), v;
	struct crm_log_head head;
	struct crm_buf b = {0};

	assert_int_equal(crm_get(t, CRM_TAB_LOG, key, &v, NULL), CRM_OK);
	assert_int_equal(crm_unseal(CRM_TAB_LOG, key, &v, NULL), CRM_OK);
	assert_int_equal(crm_log_decode(v, &head, NULL), CRM_OK);
	fn(&head);
	crm_log_encode(&head, &b);
	return put(t, key, &b);
}

static void
another(struct crm_log_head *h)
{
	h->revision++;
	h->change++;
}
static void
no_next(struct crm_log_head *h)
{
	h->change--;
}
static void
part(struct crm_log_head *h)
{
	h->part = 2;
	h->change -= 2;
}
static void
more(struct crm_log_head *h)
{
	h->updated++;
}
static void
less(struct crm_log_head *h)
{
	h->updated--;
}
static void
gives(struct crm_log_head *h)
{
	h->range[0].count++;
}
static void
gives_not(struct crm_log_head *h)
{
	h->nrange = 0;
}

/* An entry (before, op) that no chain comes to. */
static int
stray(struct crm_txn *t, struct crm_str key, uint64_t before, char op)
{
	struct crm_buf b = {0};

	crm_buf_putvar(&b, before);
	crm_buf_putvar(&b, (unsigned char)op);
	return put(t, key, &b);
}

static int
empty(struct crm_txn *t)
{
	struct crm_str k, v;
	struct crm_cursor *c;
	char key[17];
	int r;

	do {
		assert_int_equal(
		    crm_cursor_open(t, CRM_TAB_LOG, &c, NULL), CRM_OK);
		r = crm_cursor_seek(c, CRM_STR(""), &k, &v, NULL);
		if (r == CRM_OK)
			memcpy(key, k.p, 17);
		crm_cursor_close(c);
		if (r == CRM_OK)
			crm_del(
			    t, CRM_TAB_LOG, (struct crm_str){key, 17}, NULL);
	} while (r == CRM_OK);
	return CRM_OK;
}

static int
damage(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	struct crm_buf b = {0};
	char key[20];

	(void)err;
	switch (*(size_t *)ctx) {
	case 0:
		return crm_del(t, CRM_TAB_LOG, log_key(3, 0, 0), NULL);
	case 1:
		return bend(t, log_key(3, 0, 0));
	case 2:
		return bend(t, log_key(4, KIND, 2));
	case 3:
		crm_buf_puts(&b, "\377\377 no header");
		return put(t, log_key(3, 0, 0), &b);
	case 4:
		return rewrite(t, 3, another);
	case 5:
		return rewrite(t, 4, no_next);
	case 6:
		return rewrite(t, 5, part);
	case 7:
		return rewrite(t, 4, more);
	case 8:
		return rewrite(t, 4, less);
	case 9:
		rewrite(t, 4, more);
		return stray(t, log_key(4, 63, 2), 2, 'c');
	case 10:
		return stray(t, log_key(4, KIND, 2), 9, 'c');
	case 11:
		return stray(t, log_key(4, KIND, 2), 2, '?');
	case 12:
		memset(key, 0, sizeof key);
		key[7] = 6;
		key[16] = 1;
		crm_buf_puts(&b, "x");
		return put(t, (struct crm_str){key, 18}, &b);
	case 13:
		return crm_del(
		    t, CRM_TAB_KIND + KIND, crm_number_key(4, key), NULL);
	case 14:
		rewrite(t, 6, more);
		return stray(t, log_key(6, KIND, 2), 4, 'c');
	case 15:
		return rewrite(t, 6, gives);
	case 16:
		return rewrite(t, 6, gives_not);
	case 17:
		return empty(t);
	default:
		rewrite(t, 4, less);
		return crm_del(t, CRM_TAB_LOG, log_key(4, KIND, 1), NULL);
	}
}

static int
note(void *ctx, struct crm_str place, struct crm_str what, struct crm_err *err)
{
	struct crm_buf *b = ctx;

	(void)err;
	crm_buf_putstr(b, place);
	crm_buf_puts(b, ": ");
	crm_buf_putstr(b, what);
	crm_buf_putc(b, '\n');
	return CRM_OK;
}

static int
verify(struct history *h, struct crm_buf *said, struct crm_log_verified *out)
{
	struct crm_err err = {0};
	struct crm_txn *t;
	int r;

	crm_buf_clear(said);
	assert_int_equal(crm_txn_begin(h->store, &t, &err), CRM_OK);
	r = crm_log_verify(t, h->schema, note, said, out, &err);
	crm_txn_end(t);
	if (r != CRM_OK && r != CRM_NO)
		fail_msg("verify ended: %s", err.text);
	crm_buf_putc(said, '\0');
	return r;
}

static void
all_damage_of_the_log_is_named(void **state)
{
	static const char *const want[] = {
	    "revision 2: the revision after it is missing\n",
	    "revision 3: its header has a wrong checksum\n",
	    "revision 4: an entry of it has a wrong checksum\n",
	    "revision 3: its header cannot be read\n",
	    "revision 3: its header is of another revision\n",
	    "revision 4: it is no next part of its change\n",
	    "revision 5: it is no next part of its change\n",
	    "revision 4: it has fewer entries than its header says\n",
	    "revision 4: it has more entries than its header says\n",
	    "revision 4: an entry is of an unknown kind\n",
	    "revision 4: an entry of it cannot be read\n",
	    "revision 4: an entry of it cannot be read\n",
	    "revision 6: a key behind it has a wrong length\n",
	    "C4: revision 6 has added it, and it is not there\n",
	    "C2: revision 6 has an entry that its chain does not come to\n",
	    "C5: revision 6 has added it, and it is not there\n",
	    "C4: ",
	    "revision 1: the log is empty\n",
	    "the log of revision 4 does not know record 1\n",
	};
	struct crm_log_verified out;
	struct crm_buf said = {0};
	struct history h;

	(void)state;
	for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
		make(&h);
		assert_int_equal(verify(&h, &said, &out), CRM_OK);
		assert_int_equal(out.revisions, 6);
		assert_int_equal(out.entries, 4);
		assert_int_equal(out.records, 4);
		if (crm_txn_run(h.store, CRM_WRITE, damage, &i, NULL) != CRM_OK)
			fail_msg("damage %zu", i);
		if (verify(&h, &said, &out) != CRM_NO ||
		    strstr(said.p, want[i]) == NULL)
			fail_msg("damage %zu: wanted '%s', said '%s'", i,
			    want[i], said.p);
		assert_true(out.faults > 0);
		drop(&h);
	}
	crm_buf_release(&said);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_damage_of_the_log_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
