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
	uint64_t first, mask; /* head as it is in a text's first eight bytes */
	/* Where all texts are as long as the first and end in eight digits, the
	 * bytes before these, in the same way, and what they add; 0: no. */
	size_t length;
	uint64_t before, before_mask, add;
	size_t nhead, width; /* width of the first one's digits */
	bool padded; /* by zeros: all of one width */
	bool mixed; /* not padded, and not all of one width */
	bool none; /* the first is no such text */
	bool closed;
	uint32_t **page; /* number of the text + 1, 0: none */
	size_t used, end; /* how many there are, and behind the last one */
	uint32_t *code; /* of a text's number, + 1; 0: it is hashed */
	size_t cap;
	struct crm_arena texts;
};

static bool
digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The first's head and its digits before the last eight are the same in most. */
static void
begin_alike(struct crm_codes *c, struct crm_str text)
{
	size_t n = text.n - 8;

	if (!c->padded || c->width < 8 || n > 8)
		return;
	c->length = text.n;
	memcpy(&c->before, text.p, sizeof c->before);
	memset(&c->before_mask, 0xff, n);
	for (size_t i = c->nhead; i < n; i++)
		c->add = c->add * 10 + (unsigned)(text.p[i] - '0');
	c->add *= 100000000;
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
	memcpy(&c->first, c->head, sizeof c->first);
	memset(&c->mask, 0xff, at);
	c->nhead = at;
	c->width = text.n - at;
	c->padded = c->width > 1 && text.p[at] == '0';
	begin_alike(c, text);
	c->page = calloc(PAGES, sizeof *c->page);
	return c->page != NULL;
}

/* Eight digits that end at `end`, of which the last n are taken. */
static inline bool
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

/* The same of fewer than eight bytes, digit by digit. */
static bool
parse_short(const struct crm_codes *c, struct crm_str text, uint64_t *out)
{
	uint64_t v = 0;

	if (memcmp(text.p, c->head, c->nhead) != 0)
		return false;
	for (size_t i = c->nhead; i < text.n; i++) {
		if (!digit(text.p[i]))
			return false;
		v = v * 10 + (unsigned)(text.p[i] - '0');
	}
	*out = v;
	return true;
}

/* The number in a text that looks like the first. */
static bool
parse(const struct crm_codes *c, struct crm_str text, uint32_t *out)
{
	const char *p = text.p + c->nhead;
	size_t n = text.n - c->nhead, more = n > 8 ? n - 8 : 0;
	uint64_t v = 0, low, first;

	if (c->none || text.n <= c->nhead || n > DIGITS_MAX ||
	    (c->padded ? n != c->width : n > 1 && *p == '0'))
		return false;
	if (text.n < 8) {
		if (!parse_short(c, text, &v))
			return false;
	} else {
		memcpy(&first, text.p, sizeof first);
		if ((first ^ c->first) & c->mask)
			return false;
		for (size_t i = 0; i < more; i++) {
			if (!digit(p[i]))
				return false;
			v = v * 10 + (unsigned)(p[i] - '0');
		}
		if (!eight(p + n, n - more, &low))
			return false;
		v = v * 100000000 + low;
	}
	*out = (uint32_t)v;
	return v < UINT32_MAX;
}

/* The same, fast for what is like the first. */
static inline bool
parse_alike(const struct crm_codes *c, struct crm_str text, uint32_t *out)
{
	uint64_t before, v;

	if (text.n != c->length)
		return parse(c, text, out);
	memcpy(&before, text.p, sizeof before);
	if ((before ^ c->before) & c->before_mask)
		return parse(c, text, out);
	if (!eight(text.p + text.n, 8, &v))
		return false;
	v += c->add;
	*out = (uint32_t)v;
	return v < UINT32_MAX;
}

/* Where a code's number is kept; NULL: nowhere. */
static inline uint32_t *
place(struct crm_codes *c, uint32_t code, size_t n, bool *failed)
{
	uint32_t **page = &c->page[code / PAGE];

	*failed = false;
	if (!*page && !c->closed) {
		c->closed = c->used >= PAGES_ANYWAY + n / 512;
		if (!c->closed) {
			*page = calloc(PAGE, sizeof **page);
			*failed = !*page;
			c->used += *page != NULL;
			if (code / PAGE >= c->end)
				c->end = code / PAGE + 1;
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

/* The number of what is kept at a place; false: no memory. */
static inline bool
put_at(struct crm_names *x, uint32_t *at, uint32_t code, size_t length,
    uint32_t *out)
{
	struct crm_codes *c = x->codes;

	if (*at == 0) {
		if (x->n >= UINT32_MAX - 1 ||
		    !crm_grow(&c->code, &c->cap, x->n, sizeof *c->code))
			return false;
		c->code[x->n] = code + 1;
		c->mixed |= length != c->nhead + c->width;
		*at = (uint32_t)++x->n;
	}
	*out = *at - 1;
	return true;
}

bool
crm_names_put_code(struct crm_names *x, struct crm_str text, uint32_t *out)
{
	uint32_t code, *at;
	bool failed;

	if (!x->codes || !parse_alike(x->codes, text, &code))
		return false;
	at = place(x->codes, code, x->n, &failed);
	return at && put_at(x, at, code, text.n, out);
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
	if (!parse_alike(c, text, &code))
		return put_hashed(x, text, out);
	at = place(c, code, x->n, &failed);
	if (!at)
		return !failed && put_hashed(x, text, out);
	return put_at(x, at, code, text.n, out);
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

	for (uint32_t k = 0; k < c->end; k++)
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

bool
crm_names_code(const struct crm_names *x, uint32_t i, uint32_t *out)
{
	*out = x->codes->code[i] - 1;
	return x->codes->code[i] != 0;
}

bool
crm_names_shared(const struct crm_names *x, const struct crm_names *y,
    crm_names_fn *fn, void *ctx)
{
	if (x->n == 0 || y->n == 0)
		return true;
	if (x->map.n > 0 || y->map.n > 0 || !alike(x->codes, y->codes))
		return false;
	for (uint32_t k = 0; k < x->codes->end && k < y->codes->end; k++) {
		const uint32_t *in_x = x->codes->page[k];
		const uint32_t *in_y = y->codes->page[k];

		if (!in_x || !in_y)
			continue;
		for (uint32_t i = 0; i < PAGE; i++)
			if (in_x[i] && in_y[i] &&
			    !fn(ctx, k * PAGE + i, in_x[i] - 1, in_y[i] - 1))
				return false;
	}
	return true;
}

void
crm_names_release(struct crm_names *x)
{
	struct crm_codes *c = x->codes;

	for (size_t i = 0; c && i < c->end; i++)
		free(c->page[i]);
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
