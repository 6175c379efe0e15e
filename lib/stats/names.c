/*
 * names.c - ids as small numbers, from 0 on in the order they come.
 *
 * Most ids of shops are a letter or two and a number, all alike: such a text is
 * looked up by its number, in pages of an array, as a hash of ten million
 * texts is one wait for memory a row.  The first text says how they look;
 * one that looks otherwise, or would open too many pages, is hashed.  Once a
 * page was refused none is opened any more: so a text is always looked for
 * where it was put.
 */
#include <stdlib.h>

#include "stats/names.h"

enum {
	HEAD_MAX = 8,
	DIGITS_MAX = 10,
	PAGE = 4096, /* numbers of a page */
	PAGES = 1 << 20,
	PAGES_ANYWAY = 4096 /* however few the texts are */
};

struct crm_codes {
	char head[HEAD_MAX];
	size_t nhead, width; /* width of the first one's digits */
	bool padded; /* by zeros: all of one width */
	bool mixed; /* not padded, and not all of one width */
	bool none; /* the first is no such text */
	bool closed;
	uint32_t **page; /* number of the text + 1, 0: none */
	size_t used;
	uint32_t *code; /* of a text's number, + 1; 0: it is hashed */
	size_t cap;
	struct crm_arena texts;
};

static bool
digit(char c)
{
	return c >= '0' && c <= '9';
}

/* How texts look, from the first. */
static bool
begin(struct crm_names *x, struct crm_str text)
{
	struct crm_codes *c = calloc(1, sizeof *c);
	size_t at = text.n;

	x->codes = c;
	if (!c)
		return false;
	while (at > 0 && text.n - at < DIGITS_MAX && digit(text.p[at - 1]))
		at--;
	c->none = at == text.n || at > HEAD_MAX;
	if (c->none)
		return true;
	memcpy(c->head, text.p, at);
	c->nhead = at;
	c->width = text.n - at;
	c->padded = c->width > 1 && text.p[at] == '0';
	c->page = calloc(PAGES, sizeof *c->page);
	return c->page != NULL;
}

/* Eight digits that end at `end`, of which the last n are taken. */
static bool
eight(const char *end, size_t n, uint64_t *out)
{
	const uint64_t zeros = 0x3030303030303030, tops = 0x8080808080808080;
	uint64_t w, head = n < 8 ? ~(uint64_t)0 >> 8 * n : 0;

	memcpy(&w, end - 8, sizeof w);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	w = __builtin_bswap64(w);
#endif
	w = (w & ~head) | (zeros & head);
	if ((w | (w + 0x4646464646464646) | (w - zeros)) & tops)
		return false;
	/* pairs of digits, of pairs, of fours */
	w -= zeros;
	w = w * 10 + (w >> 8);
	w = (w & 0x00ff00ff00ff00ff) * 100 + (w >> 16 & 0x000000ff000000ff);
	*out = (w & 0xffff) * 10000 + (w >> 32 & 0xffff);
	return true;
}

/* The number in a text that looks like the first. */
static inline bool
parse(const struct crm_codes *c, struct crm_str text, uint32_t *out)
{
	const char *p = text.p + c->nhead;
	size_t n = text.n - c->nhead, at = 0;
	uint64_t v = 0, low;

	if (c->none || text.n <= c->nhead || n > DIGITS_MAX ||
	    (c->padded ? n != c->width : n > 1 && *p == '0'))
		return false;
	for (size_t i = 0; i < c->nhead; i++)
		if (text.p[i] != c->head[i])
			return false;
	for (; at < n && (text.n < 8 || n - at > 8); at++) {
		unsigned d = (unsigned)(unsigned char)p[at] - '0';

		if (d > 9)
			return false;
		v = v * 10 + d;
	}
	if (at < n) {
		if (!eight(p + n, n - at, &low))
			return false;
		v = at ? v * 100000000 + low : low;
	}
	*out = (uint32_t)v;
	return v < UINT32_MAX;
}

/* Where a code's number is kept; NULL: nowhere. */
static uint32_t *
place(struct crm_codes *c, uint32_t code, size_t n, bool *failed)
{
	uint32_t **page = &c->page[code / PAGE];

	*failed = false;
	if (!*page && !c->closed) {
		c->closed = c->used >= PAGES_ANYWAY + n / 512;
		if (!c->closed) {
			*page = calloc(PAGE, sizeof **page);
			*failed = !*page;
			c->used++;
		}
	}
	return *page ? *page + code % PAGE : NULL;
}

static bool
put_hashed(struct crm_names *x, struct crm_str text, uint32_t *out)
{
	uint64_t v = x->n;

	if (crm_map_get(&x->map, text, &v)) {
		*out = (uint32_t)v;
		return true;
	}
	if (!crm_grow(&x->codes->code, &x->codes->cap, x->n,
		sizeof *x->codes->code) ||
	    crm_map_put(&x->map, text, v, NULL) < 0)
		return false;
	x->codes->code[x->n++] = 0;
	*out = (uint32_t)v;
	return true;
}

bool
crm_names_put(struct crm_names *x, struct crm_str text, uint32_t *out)
{
	struct crm_codes *c = x->codes;
	uint32_t code, *at;
	bool failed;

	if (x->n >= UINT32_MAX - 1 || (!c && !begin(x, text)))
		return false;
	c = x->codes;
	if (!parse(c, text, &code))
		return put_hashed(x, text, out);
	at = place(c, code, x->n, &failed);
	if (!at)
		return !failed && put_hashed(x, text, out);
	if (*at == 0) {
		if (!crm_grow(&c->code, &c->cap, x->n, sizeof *c->code))
			return false;
		c->code[x->n] = code + 1;
		c->mixed |= text.n != c->nhead + c->width;
		*at = (uint32_t)++x->n;
	}
	*out = *at - 1;
	return true;
}

bool
crm_names_find(const struct crm_names *x, struct crm_str text, size_t *out)
{
	const struct crm_codes *c = x->codes;
	uint32_t code;
	uint64_t v;

	if (x->kind)
		return false;
	if (c && parse(c, text, &code) && c->page[code / PAGE]) {
		v = c->page[code / PAGE][code % PAGE];
		*out = (size_t)v - 1;
		return v != 0;
	}
	if (!crm_map_get(&x->map, text, &v))
		return false;
	*out = (size_t)v;
	return true;
}

/* ---- in the order of texts ---- */

static bool
write_code(struct crm_codes *c, uint32_t code, struct crm_str *out)
{
	char digits[DIGITS_MAX], *p;
	size_t n = 0;

	do {
		digits[n++] = (char)('0' + code % 10);
		code /= 10;
	} while (code > 0);
	while (c->padded && n < c->width)
		digits[n++] = '0';
	p = crm_arena_alloc(&c->texts, c->nhead + n);
	if (!p)
		return false;
	*out = (struct crm_str){p, c->nhead + n};
	memcpy(p, c->head, c->nhead);
	p += c->nhead;
	while (n > 0)
		*p++ = digits[--n];
	return true;
}

/* Texts by number, as they came. */
static bool
list_texts(struct crm_names *x)
{
	struct crm_codes *c = x->codes;
	struct crm_str key;
	uint64_t v;
	size_t pos = 0;

	while (crm_map_next(&x->map, &pos, &key, &v))
		x->text[v] = key;
	for (size_t i = 0; c && i < x->n; i++)
		if (c->code[i] && !write_code(c, c->code[i] - 1, &x->text[i]))
			return false;
	return true;
}

struct named {
	struct crm_str text;
	uint32_t was;
};

static int
cmp_named(const void *a, const void *b)
{
	const struct named *x = a, *y = b;

	return crm_str_cmp(x->text, y->text);
}

static bool
sort_texts(struct crm_names *x, uint32_t *now)
{
	struct crm_codes *c = x->codes;
	struct named *v = malloc((x->n ? x->n : 1) * sizeof *v);

	if (!v || !list_texts(x)) {
		free(v);
		return false;
	}
	for (size_t i = 0; i < x->n; i++)
		v[i] = (struct named){x->text[i], (uint32_t)i};
	if (x->n > 0)
		qsort(v, x->n, sizeof *v, cmp_named);
	for (size_t i = 0; i < x->n; i++) {
		uint32_t code = c ? c->code[v[i].was] : 0;

		x->text[i] = v[i].text;
		now[v[i].was] = (uint32_t)i;
		if (code--)
			c->page[code / PAGE][code % PAGE] = (uint32_t)i + 1;
		else
			/* the key is there: nothing is allocated */
			crm_map_put(&x->map, v[i].text, i, NULL);
	}
	free(v);
	return true;
}

/* Numbers of one width are in the order of their texts. */
static bool
walk_codes(struct crm_names *x, uint32_t *now)
{
	struct crm_codes *c = x->codes;
	uint32_t i = 0;

	for (uint32_t k = 0; k < PAGES; k++)
		for (uint32_t j = 0; c->page[k] && j < PAGE; j++) {
			uint32_t *at = &c->page[k][j];

			if (*at == 0)
				continue;
			if (!write_code(c, k * PAGE + j, &x->text[i]))
				return false;
			now[*at - 1] = i++;
			*at = i;
		}
	return true;
}

bool
crm_names_sort(struct crm_names *x, uint32_t *id, size_t n)
{
	struct crm_codes *c = x->codes;
	uint32_t *now = malloc((x->n ? x->n : 1) * sizeof *now);
	bool ok;

	x->text = malloc((x->n ? x->n : 1) * sizeof *x->text);
	ok = now && x->text &&
	     (c && !c->mixed && x->map.n == 0 && !c->none ? walk_codes(x, now)
							  : sort_texts(x, now));
	for (size_t i = 0; ok && i < n; i++)
		id[i] = now[id[i]];
	free(now);
	return ok;
}

static bool
alike(const struct crm_codes *x, const struct crm_codes *y)
{
	return !x->none && !y->none && x->nhead == y->nhead &&
	       x->padded == y->padded && (!x->padded || x->width == y->width) &&
	       memcmp(x->head, y->head, x->nhead) == 0;
}

/* Texts that look alike have the same codes: no text is made of them. */
static bool
join_codes(struct crm_names *x, const struct crm_names *y, uint32_t *now)
{
	struct crm_codes *c = x->codes;

	for (size_t i = 0; i < y->n; i++) {
		uint32_t code = y->codes->code[i] - 1, *at;
		struct crm_str text;
		bool failed;

		at = place(c, code, x->n, &failed);
		if (!at) {
			if (failed || !write_code(y->codes, code, &text) ||
			    !put_hashed(x, text, &now[i]))
				return false;
			continue;
		}
		if (*at == 0) {
			if (x->n >= UINT32_MAX - 1 ||
			    !crm_grow(&c->code, &c->cap, x->n, sizeof *c->code))
				return false;
			c->code[x->n] = code + 1;
			*at = (uint32_t)++x->n;
		}
		now[i] = *at - 1;
	}
	c->mixed |= y->codes->mixed || y->codes->width != c->width;
	return true;
}

bool
crm_names_join(struct crm_names *x, struct crm_names *y, uint32_t *now)
{
	bool ok = true;

	if (x->codes && y->codes && y->map.n == 0 && alike(x->codes, y->codes))
		return join_codes(x, y, now);
	y->text = malloc((y->n ? y->n : 1) * sizeof *y->text);
	ok = y->text && list_texts(y);
	for (size_t i = 0; ok && i < y->n; i++)
		ok = crm_names_put(x, y->text[i], &now[i]);
	return ok;
}

void
crm_names_release(struct crm_names *x)
{
	struct crm_codes *c = x->codes;

	for (size_t i = 0; c && c->page && i < PAGES && c->used > 0; i++)
		if (c->page[i]) {
			free(c->page[i]);
			c->used--;
		}
	if (c) {
		free(c->page);
		free(c->code);
		crm_arena_release(&c->texts);
	}
	free(c);
	free(x->number);
	free(x->text);
	crm_map_release(&x->map);
	*x = (struct crm_names){0};
}
