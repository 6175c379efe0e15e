/*
 * members.c - sets of customers, a bit for each number.
 *
 * Numbers are given one after another, so a bit for each is less than any list
 * once one in sixty is in it, and a look-up is one load.  The text form keeps
 * lengths of runs: it is short for a handful and for nearly everybody alike.
 */
#include <stdlib.h>

#include <crm/segment.h>

/* Past any shop; a set of so many is 128 MiB. */
#define NUMBER_MAX ((uint64_t)1 << 30)

static int
widen(struct crm_members *m, size_t words, struct crm_err *err)
{
	size_t n = m->words ? m->words : 64;
	uint64_t *p;

	if (words > SIZE_MAX / 32)
		return crm_err_nomem(err);
	while (n < words)
		n *= 2;
	p = realloc(m->bits, n * sizeof *p);
	if (!p)
		return crm_err_nomem(err);
	memset(p + m->words, 0, (n - m->words) * sizeof *p);
	m->bits = p;
	m->words = n;
	return CRM_OK;
}

int
crm_members_put(struct crm_members *m, uint64_t number, struct crm_err *err)
{
	uint64_t bit = (uint64_t)1 << (number % 64);

	if (number > NUMBER_MAX)
		return crm_err_set(err, CRM_EDATA,
		    "a number past %llu is not taken into a set",
		    (unsigned long long)NUMBER_MAX);
	if (number / 64 >= m->words && widen(m, number / 64 + 1, err) < 0)
		return CRM_ENOMEM;
	m->count += !(m->bits[number / 64] & bit);
	m->bits[number / 64] |= bit;
	return CRM_OK;
}

void
crm_members_drop(struct crm_members *m, uint64_t number)
{
	if (!crm_members_has(m, number))
		return;
	m->bits[number / 64] &= ~((uint64_t)1 << (number % 64));
	m->count--;
}

uint64_t
crm_members_next(const struct crm_members *m, uint64_t from)
{
	size_t w = from / 64;
	uint64_t x;

	if (w >= m->words)
		return UINT64_MAX;
	x = m->bits[w] & (UINT64_MAX << (from % 64));
	while (x == 0 && ++w < m->words)
		x = m->bits[w];
	return x == 0 ? UINT64_MAX
		      : (uint64_t)w * 64 + (unsigned)__builtin_ctzll(x);
}

void
crm_members_release(struct crm_members *m)
{
	free(m->bits);
	*m = (struct crm_members){0};
}

/* ---- text ---- */

/* The first at or after a number that is not in it. */
static uint64_t
gap(const struct crm_members *m, uint64_t from)
{
	size_t w = from / 64;
	uint64_t x;

	if (w >= m->words)
		return from;
	x = ~m->bits[w] & (UINT64_MAX << (from % 64));
	while (x == 0 && ++w < m->words)
		x = ~m->bits[w];
	return x == 0 ? (uint64_t)m->words * 64
		      : (uint64_t)w * 64 + (unsigned)__builtin_ctzll(x);
}

uint64_t
crm_members_text(const struct crm_members *m, uint64_t from, size_t most,
    struct crm_buf *out, uint64_t *n)
{
	uint64_t at = 0, first, end;

	for (first = crm_members_next(m, from); first != UINT64_MAX;
	     first = crm_members_next(m, end)) {
		if (out->n >= most)
			return first;
		end = gap(m, first);
		if (out->n > 0)
			crm_buf_putc(out, ' ');
		crm_buf_putu(out, first - at);
		crm_buf_putc(out, ' ');
		crm_buf_putu(out, end - first);
		*n += end - first;
		at = end;
	}
	return UINT64_MAX;
}

/* A run into the set, or out of it, a word at a time. */
static int
put_run(struct crm_members *m, uint64_t at, uint64_t n, bool in,
    struct crm_err *err)
{
	uint64_t end = at + n;

	if (in && (end - 1) / 64 >= m->words &&
	    widen(m, (end - 1) / 64 + 1, err) < 0)
		return CRM_ENOMEM;
	if (end > (uint64_t)m->words * 64)
		end = (uint64_t)m->words * 64;
	while (at < end) {
		uint64_t left = end - at, mask = UINT64_MAX << (at % 64);
		uint64_t *word = &m->bits[at / 64], was = *word;

		if (left < 64 - at % 64)
			mask &= UINT64_MAX >> (64 - at % 64 - left);
		*word = in ? was | mask : was & ~mask;
		m->count += (unsigned)__builtin_popcountll(*word);
		m->count -= (unsigned)__builtin_popcountll(was);
		at += 64 - at % 64;
	}
	return CRM_OK;
}

int
crm_members_take(
    struct crm_members *m, struct crm_str text, bool in, struct crm_err *err)
{
	struct crm_str rest = text, skip, take;
	uint64_t at = 0;
	int64_t a, b;
	int r = CRM_OK;

	while (r == CRM_OK && text.n > 0 && crm_str_split(&rest, ' ', &skip)) {
		if (!crm_str_split(&rest, ' ', &take) ||
		    crm_int_parse(skip, &a) < 0 ||
		    crm_int_parse(take, &b) < 0 || a < 0 || b < 1 ||
		    (uint64_t)a > NUMBER_MAX || (uint64_t)b > NUMBER_MAX ||
		    at + (uint64_t)a + (uint64_t)b > NUMBER_MAX)
			return crm_err_set(err, CRM_EDAMAGE,
			    "the members in a snapshot cannot be read");
		at += (uint64_t)a;
		r = put_run(m, at, (uint64_t)b, in, err);
		at += (uint64_t)b;
	}
	return r;
}

int
crm_members_less(const struct crm_members *a, const struct crm_members *b,
    struct crm_members *out, uint64_t *n, struct crm_err *err)
{
	int r = CRM_OK;

	*n = 0;
	for (size_t w = 0; r == CRM_OK && w < a->words; w++) {
		uint64_t x = a->bits[w] & ~(w < b->words ? b->bits[w] : 0);

		*n += (unsigned)__builtin_popcountll(x);
		for (; out && x != 0 && r == CRM_OK; x &= x - 1)
			r = crm_members_put(out,
			    (uint64_t)w * 64 + (unsigned)__builtin_ctzll(x),
			    err);
	}
	return r;
}

void
crm_sets_release(struct crm_members *set, size_t n)
{
	for (size_t i = 0; set && i < n; i++)
		crm_members_release(&set[i]);
	free(set);
}
