/*
 * ledger.c - the ledger of sales: each customer's entries in runs.
 *
 * A run is a value of up to about 1 KiB under (customer, first time, order):
 * entries as differences from the one before, 8 to 13 bytes each, which is
 * why a scan of ten million orders is a scan of 130 MB.  Changes are taken
 * many orders at a time and sorted by customer, so that a run is read and
 * written once however many of its entries change.  Two entries of one order
 * and time never lie in different runs: a key says exactly where an entry is.
 * Runs that shrink are not joined; a rebuild packs them anew.
 */
#include <stdlib.h>

#include "ledger_parts.h"
#include "order_parts.h"
#include "past_parts.h"

enum {
	KEY = 24, /* bytes of a run's key */
	RUN_MAX = 1000, /* bytes of a run that gets no more */
	RUN_LEAST = 4 /* bytes of the smallest entry */
};

/* Growing arrays that one apply uses again for each customer. */
struct book {
	struct crm_txn *t;
	struct crm_cursor *c;
	struct crm_ledger_entry *old; /* a run, decoded */
	size_t nold, old_cap;
	struct crm_ledger_entry *now; /* what becomes of it */
	size_t nnow, now_cap;
	struct crm_buf run;
	char last[KEY]; /* no key of the table is past it */
	bool has_last;
	struct crm_tally_book figures;
};

/* ---- entries and keys as bytes ---- */

static uint64_t
flip(int64_t t)
{
	return (uint64_t)t ^ ((uint64_t)1 << 63);
}

static void
put8(char *p, uint64_t v)
{
	for (int i = 7; i >= 0; i--, v >>= 8)
		p[i] = (char)(v & 0xff);
}

static uint64_t
get8(const char *p)
{
	uint64_t v = 0;

	for (int i = 0; i < 8; i++)
		v = v << 8 | (unsigned char)p[i];
	return v;
}

static struct crm_str
run_key(char key[KEY], const struct crm_ledger_entry *e)
{
	put8(key, e->customer);
	put8(key + 8, flip(e->time));
	put8(key + 16, e->order);
	return (struct crm_str){key, KEY};
}

/* The entry a run's differences start from. */
static int
key_entry(struct crm_str key, struct crm_ledger_entry *out, struct crm_err *err)
{
	if (key.n != KEY)
		return crm_err_set(err, CRM_EDAMAGE,
		    "the ledger has a key of %zu bytes", key.n);
	*out = (struct crm_ledger_entry){.customer = get8(key.p),
	    .time = (int64_t)flip((int64_t)get8(key.p + 8)),
	    .order = get8(key.p + 16)};
	return CRM_OK;
}

static void
put_entry(struct crm_buf *b, const struct crm_ledger_entry *prev,
    const struct crm_ledger_entry *e)
{
	crm_buf_putzig(b, (int64_t)((uint64_t)e->time - (uint64_t)prev->time));
	crm_buf_putzig(b, (int64_t)(e->order - prev->order));
	crm_buf_putzig(b, e->amount);
	crm_buf_putvar(b, e->flags);
}

/* Moves *e to the next entry of a run.  False for damage. */
static bool
take_entry(struct crm_str *s, struct crm_ledger_entry *e)
{
	int64_t time, order;
	uint64_t flags;

	if (!crm_take_zig(s, &time) || !crm_take_zig(s, &order) ||
	    !crm_take_zig(s, &e->amount) || !crm_take_var(s, &flags) ||
	    flags > UINT32_MAX)
		return false;
	e->time = (int64_t)((uint64_t)e->time + (uint64_t)time);
	e->order += (uint64_t)order;
	e->flags = (uint32_t)flags;
	return true;
}

static int
damaged(uint64_t customer, struct crm_err *err)
{
	crm_err_set(err, CRM_EDAMAGE,
	    "the ledger of customer %llu cannot be read",
	    (unsigned long long)customer);
	crm_err_hint(err, "crm-store rebuild makes it anew from the orders");
	return CRM_EDAMAGE;
}

/* ---- order of entries ---- */

#define CMP(a, b) (((a) > (b)) - ((a) < (b)))

/* By the run's key alone. */
static int
cmp_place(const struct crm_ledger_entry *a, const struct crm_ledger_entry *b)
{
	int c = CMP(a->customer, b->customer);

	if (c == 0)
		c = CMP(a->time, b->time);
	return c ? c : CMP(a->order, b->order);
}

static int
cmp_entry(const struct crm_ledger_entry *a, const struct crm_ledger_entry *b)
{
	int c = cmp_place(a, b);

	if (c == 0)
		c = CMP(a->flags, b->flags);
	return c ? c : CMP(a->amount, b->amount);
}

int
crm_ledger_cmp(const void *a, const void *b)
{
	return cmp_entry(a, b);
}

static int
cmp_delta(const void *pa, const void *pb)
{
	const struct crm_ledger_delta *a = pa, *b = pb;

	return cmp_entry(&a->e, &b->e);
}

static int
cmp_tally(const void *pa, const void *pb)
{
	const struct crm_tally_delta *a = pa, *b = pb;

	return CMP(a->customer, b->customer);
}

/* ---- effects of orders ---- */

/*
 * The effects of an order: sign, customer, number of entries, the entries
 * (each a difference from the one before, the first from nothing), its part
 * in the figures.
 */
int
crm_ledger_effects(const struct crm_schema *s, const struct crm_record *order,
    int sign, struct crm_buf *out, struct crm_err *err)
{
	struct crm_buf entries = {0};
	const struct crm_value *customer = crm_record_get(order, "customer_id");
	struct crm_ledger_entry prev = {0}, e;
	struct crm_tally y;
	size_t n;
	int r;

	if (customer->type != CRM_T_ID || customer->i == 0 ||
	    order->state != CRM_LIVE)
		return CRM_OK;
	r = crm_order_effects(s, order, &entries, &y, err);
	if (r < 0)
		goto end;
	n = entries.n / sizeof e;
	crm_buf_putc(out, sign < 0 ? '-' : '+');
	crm_buf_putvar(out, (uint64_t)customer->i);
	crm_buf_putvar(out, n);
	for (size_t i = 0; i < n; i++) {
		memcpy(&e, entries.p + i * sizeof e, sizeof e);
		put_entry(out, &prev, &e);
		prev = e;
	}
	crm_tally_encode(&y, out);
	r = crm_buf_check(out, err);
end:
	crm_buf_release(&entries);
	return r;
}

int
crm_ledger_effect(uint64_t customer, int sign, const struct crm_tally *y,
    struct crm_buf *out, struct crm_err *err)
{
	crm_buf_putc(out, sign < 0 ? '-' : '+');
	crm_buf_putvar(out, customer);
	crm_buf_putvar(out, 0);
	crm_tally_encode(y, out);
	return crm_buf_check(out, err);
}

void
crm_ledger_live(uint64_t customer, int sign, struct crm_buf *out)
{
	crm_buf_putc(out, sign < 0 ? 'g' : 'c');
	crm_buf_putvar(out, customer);
}

static int
take_effect(struct crm_ledger_batch *b, struct crm_str *s, struct crm_err *err)
{
	struct crm_tally_delta *y;
	struct crm_ledger_entry e = {0};
	struct crm_str sign;
	uint64_t n;

	if (!crm_grow(&b->tally, &b->tally_cap, b->ntally, sizeof *b->tally))
		return crm_err_nomem(err);
	y = &b->tally[b->ntally];
	if (!crm_take_bytes(s, 1, &sign) || !crm_take_var(s, &y->customer))
		goto bad;
	y->sign = sign.p[0] == '-' ? -1 : 1;
	y->live = 0;
	if (sign.p[0] == 'c' || sign.p[0] == 'g') {
		y->live = sign.p[0] == 'c' ? 1 : -1;
		y->y = crm_tally_none();
		b->ntally++;
		return CRM_OK;
	}
	if (!crm_take_var(s, &n) || n > s->n / RUN_LEAST)
		goto bad;
	e.customer = y->customer;
	for (; n > 0; n--) {
		if (!crm_grow(
			&b->delta, &b->delta_cap, b->ndelta, sizeof *b->delta))
			return crm_err_nomem(err);
		if (!take_entry(s, &e))
			goto bad;
		b->delta[b->ndelta++] = (struct crm_ledger_delta){e, y->sign};
	}
	if (!crm_tally_take(s, &y->y))
		goto bad;
	b->ntally++;
	return CRM_OK;
bad:
	return crm_err_set(
	    err, CRM_EBUG, "the effects of an order cannot be read");
}

/* Sorts; what is taken and added alike is neither. */
static void
net_deltas(struct crm_ledger_batch *b)
{
	size_t n = 0;

	if (b->ndelta > 0)
		qsort(b->delta, b->ndelta, sizeof *b->delta, cmp_delta);
	for (size_t i = 0, j; i < b->ndelta; i = j) {
		struct crm_ledger_delta d = b->delta[i];
		int sum = 0;

		for (j = i;
		     j < b->ndelta && cmp_entry(&b->delta[j].e, &d.e) == 0; j++)
			sum += b->delta[j].sign;
		d.sign = sum < 0 ? -1 : 1;
		for (; sum != 0; sum -= d.sign)
			b->delta[n++] = d;
	}
	b->ndelta = n;
	if (b->ntally > 0)
		qsort(b->tally, b->ntally, sizeof *b->tally, cmp_tally);
}

/* ---- changing runs ---- */

static int
decode_run(struct book *b, struct crm_str key, struct crm_str value,
    struct crm_err *err)
{
	struct crm_ledger_entry e;
	int r = key_entry(key, &e, err);

	b->nold = 0;
	if (r == CRM_OK)
		r = crm_unseal(CRM_TAB_SALES, key, &value, err);
	while (r == CRM_OK && value.n > 0) {
		if (!crm_grow(&b->old, &b->old_cap, b->nold, sizeof *b->old))
			return crm_err_nomem(err);
		if (!take_entry(&value, &e))
			return damaged(e.customer, err);
		b->old[b->nold++] = e;
	}
	return r;
}

static bool
same_customer(struct crm_str key, uint64_t customer)
{
	return key.n == KEY && get8(key.p) == customer;
}

/* The place a run's key names; what has no such customer's is no bound. */
static bool
bound(struct crm_str key, uint64_t customer, struct crm_ledger_entry *out)
{
	return same_customer(key, customer) && key_entry(key, out, NULL) == 0;
}

/*
 * Reads the run an entry belongs to into b->old and copies its key: the last
 * one not past the entry, else the customer's first.  n 0: there is none.
 * *next is the following run's place, when *has_next.
 */
static int
find_run(struct book *b, const struct crm_ledger_entry *e, char key[KEY],
    size_t *n, struct crm_ledger_entry *next, bool *has_next,
    struct crm_err *err)
{
	char want[KEY];
	struct crm_str w = run_key(want, e), k, v, k0 = {0}, v0 = {0};
	int r, r0;

	*n = 0;
	*has_next = false;
	b->nold = 0;
	if (!b->has_last || (get8(b->last) < e->customer))
		return CRM_OK;
	r0 = crm_cursor_seek(b->c, w, &k0, &v0, err);
	if (r0 < 0 && r0 != CRM_NOTFOUND)
		return r0;
	if (r0 == CRM_OK && crm_str_eq(k0, w)) {
		r = decode_run(b, k0, v0, err);
		if (r == CRM_OK)
			r = crm_cursor_next(b->c, &k, &v, err);
		if (r == CRM_OK)
			*has_next = bound(k, e->customer, next);
		memcpy(key, want, *n = KEY);
		return r == CRM_NOTFOUND ? CRM_OK : r;
	}
	r = r0 == CRM_OK ? crm_cursor_prev(b->c, &k, &v, err)
			 : crm_cursor_last(b->c, &k, &v, err);
	if (r == CRM_OK && same_customer(k, e->customer)) {
		*has_next = r0 == CRM_OK && bound(k0, e->customer, next);
	} else if (r < 0 && r != CRM_NOTFOUND) {
		return r;
	} else if (r0 == CRM_OK && same_customer(k0, e->customer)) {
		memcpy(want, k0.p, KEY);
		r = crm_cursor_seek(b->c, w, &k0, &v0, err);
		if (r == CRM_OK)
			r = crm_cursor_next(b->c, &k, &v, err);
		if (r == CRM_OK)
			*has_next = bound(k, e->customer, next);
		else if (r != CRM_NOTFOUND)
			return r;
		k = k0;
		v = v0;
	} else {
		return CRM_OK;
	}
	memcpy(key, k.p, *n = KEY);
	return decode_run(b, k, v, err);
}

static bool
push(struct book *b, const struct crm_ledger_entry *e)
{
	if (!crm_grow(&b->now, &b->now_cap, b->nnow, sizeof *b->now))
		return false;
	b->now[b->nnow++] = *e;
	return true;
}

/* b->old with n deltas applied is b->now. */
static int
merge(struct book *b, const struct crm_ledger_delta *d, size_t n,
    struct crm_err *err)
{
	size_t i = 0, j = 0;
	bool ok = true;

	b->nnow = 0;
	while (ok && (i < b->nold || j < n)) {
		int c = j == n	       ? -1
			: i == b->nold ? 1
				       : cmp_entry(&b->old[i], &d[j].e);

		if (c < 0) {
			ok = push(b, &b->old[i++]);
		} else if (d[j].sign > 0) {
			ok = push(b, &d[j++].e);
		} else if (c == 0) {
			i++;
			j++;
		} else {
			return crm_err_set(err, CRM_EDAMAGE,
			    "the ledger of customer %llu lacks an entry of "
			    "order %llu",
			    (unsigned long long)d[j].e.customer,
			    (unsigned long long)d[j].e.order);
		}
	}
	return ok ? CRM_OK : crm_err_nomem(err);
}

/* Puts b->run, that begins with entry e. */
static int
put_run(struct book *b, const struct crm_ledger_entry *e, struct crm_err *err)
{
	char key[KEY];
	struct crm_str k = run_key(key, e);
	bool append = !b->has_last || memcmp(key, b->last, KEY) > 0;
	int r;

	crm_seal(CRM_TAB_SALES, k, &b->run);
	r = crm_buf_check(&b->run, err);
	if (r == CRM_OK)
		r = crm_put(b->t, CRM_TAB_SALES, k, crm_buf_str(&b->run),
		    append ? CRM_PUT_APPEND : 0, err);
	if (append) {
		memcpy(b->last, key, KEY);
		b->has_last = true;
	}
	crm_buf_clear(&b->run);
	return r;
}

/* The most a run is filled to: the last one to the brim, as what follows is
 * later; those between evenly, so that there is room in each. */
static size_t
run_size(struct book *b, bool is_last)
{
	size_t total, runs;

	if (is_last)
		return RUN_MAX;
	crm_buf_clear(&b->run);
	for (size_t i = 0; i < b->nnow; i++)
		put_entry(&b->run, &b->now[i ? i - 1 : 0], &b->now[i]);
	total = b->run.n;
	crm_buf_clear(&b->run);
	runs = (total + RUN_MAX - 1) / RUN_MAX;
	return runs > 1 ? total / runs + 1 : RUN_MAX;
}

static int
write_runs(struct book *b, const char *old, size_t nold, bool is_last,
    struct crm_err *err)
{
	size_t most = run_size(b, is_last), first = 0;
	char key[KEY];
	int r = CRM_OK;

	if (nold > 0 &&
	    (b->nnow == 0 || memcmp(run_key(key, &b->now[0]).p, old, KEY) != 0))
		r = crm_del(
		    b->t, CRM_TAB_SALES, (struct crm_str){old, KEY}, err);
	crm_buf_clear(&b->run);
	for (size_t i = 0; r == CRM_OK && i < b->nnow; i++) {
		if (i > first && b->run.n >= most &&
		    cmp_place(&b->now[i - 1], &b->now[i]) != 0) {
			r = put_run(b, &b->now[first], err);
			first = i;
		}
		put_entry(&b->run, &b->now[i > first ? i - 1 : i], &b->now[i]);
	}
	if (r == CRM_OK && b->nnow > 0)
		r = put_run(b, &b->now[first], err);
	return r;
}

/* Applies the deltas, all of one customer. */
static int
apply_runs(struct book *b, const struct crm_ledger_delta *d, size_t n,
    struct crm_err *err)
{
	struct crm_ledger_entry next;
	char key[KEY];
	size_t end, nkey;
	bool has_next;
	int r = CRM_OK;

	for (; r == CRM_OK && n > 0; d += end, n -= end) {
		r = find_run(b, &d->e, key, &nkey, &next, &has_next, err);
		if (r < 0)
			break;
		for (end = 1; end < n; end++)
			if (has_next && cmp_place(&d[end].e, &next) >= 0)
				break;
		r = merge(b, d, end, err);
		if (r == CRM_OK)
			r = write_runs(b, key, nkey, !has_next, err);
	}
	return r;
}

static int
book_open(struct book *b, struct crm_txn *t, struct crm_err *err)
{
	struct crm_str k, v;
	int r = crm_tally_begin(&b->figures, t, err);

	b->t = t;
	if (r == CRM_OK)
		r = crm_cursor_open(t, CRM_TAB_SALES, &b->c, err);
	if (r < 0)
		return r;
	r = crm_cursor_last(b->c, &k, &v, err);
	if (r == CRM_OK && k.n == KEY) {
		memcpy(b->last, k.p, KEY);
		b->has_last = true;
	}
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

static void
book_close(struct book *b)
{
	if (b->c)
		crm_cursor_close(b->c);
	free(b->old);
	free(b->now);
	crm_tally_release(&b->figures);
	crm_buf_release(&b->run);
}

int
crm_ledger_batch_make(
    struct crm_ledger_batch *b, struct crm_str effects, struct crm_err *err)
{
	int r = CRM_OK;

	b->ndelta = b->ntally = 0;
	while (r == CRM_OK && effects.n > 0)
		r = take_effect(b, &effects, err);
	if (r == CRM_OK)
		net_deltas(b);
	return r;
}

int
crm_ledger_batch_apply(
    struct crm_txn *t, const struct crm_ledger_batch *y, struct crm_err *err)
{
	struct book b = {0};
	size_t i = 0, j, at = 0, end;
	int r = CRM_OK;

	if (y->ntally > 0)
		r = book_open(&b, t, err);
	for (; r == CRM_OK && i < y->ntally; i = j, at = end) {
		uint64_t who = y->tally[i].customer;

		for (j = i; j < y->ntally && y->tally[j].customer == who; j++)
			;
		for (end = at; end < y->ndelta; end++)
			if (y->delta[end].e.customer != who)
				break;
		/* touches, tickets, customers have no place in the ledger */
		if (end > at)
			r = apply_runs(&b, y->delta + at, end - at, err);
		if (r == CRM_OK)
			r = crm_tally_apply(
			    &b.figures, who, y->tally + i, j - i, err);
	}
	if (r == CRM_OK)
		r = crm_tally_end(&b.figures, err);
	book_close(&b);
	return r;
}

void
crm_ledger_batch_release(struct crm_ledger_batch *b)
{
	free(b->delta);
	free(b->tally);
}

int
crm_ledger_apply(struct crm_txn *t, struct crm_str effects, struct crm_err *err)
{
	struct crm_ledger_batch b = {0};
	int r = crm_ledger_batch_make(&b, effects, err);

	if (r == CRM_OK)
		r = crm_ledger_batch_apply(t, &b, err);
	crm_ledger_batch_release(&b);
	return r;
}

/* ---- reading ---- */

struct crm_ledger {
	struct crm_cursor *c;
	uint64_t customer;
	struct crm_str run; /* what is left of the run */
	struct crm_ledger_entry e;
	bool started;
	struct crm_past_ledger *past; /* of another time: made, not read */
};

int
crm_ledger_open(struct crm_txn *t, uint64_t customer, struct crm_ledger **out,
    struct crm_err *err)
{
	struct crm_ledger *l = calloc(1, sizeof *l);
	int r;

	*out = NULL;
	if (!l)
		return crm_err_nomem(err);
	l->customer = customer;
	r = crm_txn_overlay(t)
		? crm_past_ledger_open(t, customer, &l->past, err)
		: crm_cursor_open(t, CRM_TAB_SALES, &l->c, err);
	if (r < 0) {
		free(l);
		return r;
	}
	*out = l;
	return CRM_OK;
}

static int
next_run(struct crm_ledger *l, struct crm_err *err)
{
	struct crm_str k, v;
	char key[8];
	int r;

	put8(key, l->customer);
	r = l->started
		? crm_cursor_next(l->c, &k, &v, err)
		: crm_cursor_seek(l->c, (struct crm_str){key, 8}, &k, &v, err);
	l->started = true;
	if (r < 0)
		return r;
	if (l->customer != 0 && !same_customer(k, l->customer))
		return CRM_NOTFOUND;
	r = key_entry(k, &l->e, err);
	if (r == CRM_OK)
		r = crm_unseal(CRM_TAB_SALES, k, &v, err);
	l->run = v;
	return r;
}

int
crm_ledger_next(
    struct crm_ledger *l, struct crm_ledger_entry *out, struct crm_err *err)
{
	int r;

	if (l->past)
		return crm_past_ledger_next(l->past, out, err);
	while (l->run.n == 0) {
		r = next_run(l, err);
		if (r < 0) {
			l->run.n = 0;
			return r;
		}
	}
	if (!take_entry(&l->run, &l->e)) {
		l->run.n = 0;
		return damaged(l->e.customer, err);
	}
	*out = l->e;
	return CRM_OK;
}

void
crm_ledger_close(struct crm_ledger *l)
{
	if (!l)
		return;
	crm_cursor_close(l->c);
	crm_past_ledger_close(l->past);
	free(l);
}
