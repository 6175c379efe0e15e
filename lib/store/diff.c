/*
 * diff.c - the difference of two records, as before and after images.
 *
 * A record is taken apart into its head and its items without knowing its
 * kind: a difference must be readable when the kind has changed since.  It is
 * a list of places: how many items stay, then the bytes that were there and
 * the bytes that are there now, either of them possibly none.  The first is
 * the head's.  So it can be applied both ways, gives back the very bytes, and
 * notices when it is applied to a record that it does not belong to.
 *
 * How items are paired only decides how short it is.  Items of one tag that
 * occur several times are rows of a part, and begin with their rising number.
 */
#include "store/store_internal.h"

/* The next item's bytes from *s into *out with its tag and wire. */
static bool
take_item(struct crm_str *s, struct crm_str *out, uint64_t *key)
{
	const char *start = s->p;
	struct crm_str bytes;
	uint64_t v;

	if (!crm_take_var(s, key) || !crm_take_var(s, &v))
		return false;
	switch (*key & 3) {
	case 0:
		break;
	case 1:
		if (v > s->n || !crm_take_bytes(s, (size_t)v, &bytes))
			return false;
		break;
	case 2:
		if (!crm_take_var(s, &v))
			return false;
		break;
	default:
		return false;
	}
	*out = (struct crm_str){start, (size_t)(s->p - start)};
	return true;
}

/* State, revision and, of a merged one, into what.  Nothing of no record. */
static bool
take_head(struct crm_str *s, struct crm_str *out)
{
	const char *start = s->p;
	uint64_t state, v;

	*out = (struct crm_str){start, 0};
	if (s->n == 0)
		return true;
	if (!crm_take_var(s, &state) || !crm_take_var(s, &v) ||
	    (state == CRM_MERGED && !crm_take_var(s, &v)))
		return false;
	out->n = (size_t)(s->p - start);
	return true;
}

static int
diff_bad(const char *what, struct crm_err *err)
{
	return crm_err_set(err, CRM_EDAMAGE, "the store is damaged: %s", what);
}

/* ---- making ---- */

struct item {
	struct crm_str bytes; /* n 0: past the last */
	uint64_t key;
	uint64_t tag;
	uint64_t row; /* of an item that may be a row */
};
struct items {
	struct crm_str rest;
	struct item now, next;
	uint64_t before; /* the tag before now's */
};

static bool
peek(struct items *it)
{
	struct crm_str body;

	it->next = (struct item){.tag = UINT64_MAX};
	if (it->rest.n == 0)
		return true;
	if (!take_item(&it->rest, &it->next.bytes, &it->next.key))
		return false;
	it->next.tag = it->next.key >> 2;
	body = it->next.bytes;
	if ((it->next.key & 3) == 1 && crm_take_var(&body, &it->next.row) &&
	    crm_take_var(&body, &it->next.row))
		(void)crm_take_var(&body, &it->next.row);
	return true;
}

static bool
step(struct items *it)
{
	it->before = it->now.tag;
	it->now = it->next;
	return peek(it);
}

/* Is the item one of several of its tag? */
static bool
several(const struct items *it)
{
	return it->now.tag == it->before || it->now.tag == it->next.tag;
}

static void
put_place(
    struct crm_buf *out, uint64_t *stay, struct crm_str was, struct crm_str now)
{
	crm_buf_putvar(out, *stay);
	crm_buf_putvar(out, was.n);
	crm_buf_putvar(out, now.n);
	crm_buf_putstr(out, was);
	crm_buf_putstr(out, now);
	*stay = 0;
}

/* <0 the first goes, >0 the second comes, 0 they are a pair. */
static int
pairing(const struct items *a, const struct items *b)
{
	if (a->now.tag != b->now.tag)
		return a->now.tag < b->now.tag ? -1 : 1;
	if (!several(a) && !several(b))
		return 0;
	if (a->now.row != b->now.row)
		return a->now.row < b->now.row ? -1 : 1;
	return 0;
}

int
crm_diff_make(struct crm_str before, struct crm_str after, struct crm_buf *out,
    struct crm_err *err)
{
	static const struct crm_str none = {"", 0};
	struct items a = {.rest = before}, b = {.rest = after};
	struct crm_str was, now;
	uint64_t stay = 0;
	bool ok;

	ok = take_head(&a.rest, &was) && take_head(&b.rest, &now) && peek(&a) &&
	     peek(&b) && step(&a) && step(&b);
	if (!ok)
		return diff_bad("a record cannot be taken apart", err);
	put_place(out, &stay, was, now);
	a.before = b.before = UINT64_MAX;
	while (ok && (a.now.bytes.n || b.now.bytes.n)) {
		int c = pairing(&a, &b);

		if (c == 0 && crm_str_eq(a.now.bytes, b.now.bytes))
			stay++;
		else
			put_place(out, &stay, c > 0 ? none : a.now.bytes,
			    c < 0 ? none : b.now.bytes);
		ok = (c > 0 || step(&a)) && (c < 0 || step(&b));
	}
	if (!ok)
		return diff_bad("a record cannot be taken apart", err);
	return crm_buf_check(out, err);
}

/* ---- applying ---- */

struct place {
	uint64_t stay;
	struct crm_str was, now;
};

static bool
take_place(struct crm_str *s, bool backwards, struct place *out)
{
	uint64_t was, now;

	if (!crm_take_var(s, &out->stay) || !crm_take_var(s, &was) ||
	    !crm_take_var(s, &now) || was > s->n ||
	    !crm_take_bytes(s, (size_t)was, &out->was) || now > s->n ||
	    !crm_take_bytes(s, (size_t)now, &out->now))
		return false;
	if (backwards) {
		struct crm_str t = out->was;

		out->was = out->now;
		out->now = t;
	}
	return true;
}

static bool
apply_place(struct crm_str *record, const struct place *p, struct crm_buf *out)
{
	struct crm_str item;
	uint64_t key;

	for (uint64_t i = 0; i < p->stay; i++) {
		if (!take_item(record, &item, &key))
			return false;
		crm_buf_putstr(out, item);
	}
	if (p->was.n) {
		if (!crm_take_bytes(record, p->was.n, &item) ||
		    !crm_str_eq(item, p->was))
			return false;
	}
	crm_buf_putstr(out, p->now);
	return true;
}

int
crm_diff_apply(struct crm_str record, struct crm_str diff, bool backwards,
    struct crm_buf *out, struct crm_err *err)
{
	struct crm_str head;
	struct place p;

	if (!take_place(&diff, backwards, &p) || p.stay != 0)
		return diff_bad("a difference in the log cannot be read", err);
	if (!take_head(&record, &head) || !crm_str_eq(head, p.was))
		return diff_bad(
		    "a difference in the log does not belong to its record",
		    err);
	crm_buf_putstr(out, p.now);
	while (diff.n) {
		if (!take_place(&diff, backwards, &p))
			return diff_bad(
			    "a difference in the log cannot be read", err);
		if (!apply_place(&record, &p, out))
			return diff_bad("a difference in the log does not"
					" belong to its record",
			    err);
	}
	crm_buf_putstr(out, record);
	return crm_buf_check(out, err);
}
