/*
 * sales_baskets.c - orders' products from a stream, straight into baskets.
 *
 * In nearly all files the lines of an order follow each other: then a line is of
 * the order of the line before, which is seen from its bytes, or of a new one,
 * and no row has to be kept.  Lines of an order that was there before, of this
 * part of the file or of another one, are kept as pieces and go into its basket
 * at the end; where many are so the file has no such order, and is left to the
 * reader of rows, as are orders whose ids are not of one sort.
 */
#include <stdlib.h>

#include <crm/os.h>

#include "stats/names.h"

/* What has to be put together with all else of that code: a basket of a part,
 * or an item. */
struct crm_piece {
	uint32_t code; /* of the order */
	uint32_t what;
	unsigned part;
	bool item;
};

enum {
	KEY_MAX = 16,
	PIECES_ANYWAY = 4096, /* however few baskets there are */
	PIECES_PER = 16 /* baskets for each, past that */
};

static inline bool
key_of(struct crm_str s, struct crm_piece_key *out)
{
	if (s.n == 0 || s.n > KEY_MAX)
		return false;
	*out = (struct crm_piece_key){s.n, 0, 0};
	if (s.n >= sizeof out->head) {
		memcpy(&out->head, s.p, sizeof out->head);
		/* what is in both is the same in both */
		memcpy(
		    &out->tail, s.p + s.n - sizeof out->tail, sizeof out->tail);
	} else {
		memcpy(&out->head, s.p, s.n);
	}
	return true;
}

static inline bool
key_same(const struct crm_piece_key *x, const struct crm_piece_key *y)
{
	return x->tail == y->tail && x->head == y->head && x->n == y->n;
}

/* ---- reading ---- */

/* So many rows are to come, when all are as long as this one. */
static bool
make_room(struct crm_pieces *p, size_t bytes, size_t row)
{
	size_t n = bytes / (row + 1);

	n += n / 8 + 4096;
	return crm_baskets_room(&p->b, n, n);
}

static bool
put_piece(struct crm_pieces *p, struct crm_piece piece)
{
	if (p->n > PIECES_ANYWAY + p->b.n / PIECES_PER ||
	    !crm_grow(&p->piece, &p->cap, p->n, sizeof *p->piece))
		return false;
	p->piece[p->n++] = piece;
	return true;
}

/* The line's order.  One that is not that of the line before is an id of letters
 * and digits, all of one sort, or CRM_NO. */
static inline int
put_order(struct crm_pieces *p, struct crm_str id, struct crm_piece_key *last,
    struct crm_err *err)
{
	struct crm_piece_key now;
	uint32_t nth;

	if (!key_of(id, &now))
		return CRM_NO;
	if (key_same(&now, last))
		return CRM_OK;
	*last = now;
	if (crm_baskets_next(&p->b, err) < 0 ||
	    !crm_names_put(&p->order, id, &nth) ||
	    !crm_names_code(&p->order, nth, &p->code))
		return CRM_NO;
	p->again = nth < p->b.n;
	return !p->again || put_piece(p, (struct crm_piece){p->code, nth, 0, 0})
		   ? CRM_OK
		   : CRM_NO;
}

static inline int
put_item(struct crm_pieces *p, uint32_t item, struct crm_err *err)
{
	if (p->again)
		return put_piece(p, (struct crm_piece){p->code, item, 0, 1})
			   ? CRM_OK
			   : CRM_NO;
	if (p->b.ntaken == p->b.itemcap)
		return crm_baskets_add(&p->b, item, err);
	p->b.item[p->b.ntaken++] = item;
	return CRM_OK;
}

int
crm_pieces_read(struct crm_pieces *p, struct crm_stream *s, size_t order,
    size_t product, size_t bytes, struct crm_err *err)
{
	struct crm_piece_key last = {0};
	uint32_t item;
	int code;

	while ((code = crm_stream_next(s, err)) == CRM_OK) {
		struct crm_str text = crm_stream_field(s, product);

		if (p->b.cap == 0 && !make_room(p, bytes, crm_stream_raw(s).n))
			return CRM_NO;
		code = put_order(p, crm_stream_field(s, order), &last, err);
		if (code == CRM_OK &&
		    (text.n == 0 || !crm_names_put(&p->product, text, &item)))
			code = CRM_NO;
		if (code == CRM_OK)
			code = put_item(p, item, err);
		if (code < 0)
			return code;
	}
	return code == CRM_NOTFOUND ? crm_baskets_next(&p->b, err) : code;
}

/* ---- lines of the two fields alone ---- */

/* Where a line's fields end.  False: it has others, or bytes that want a second
 * look. */
static bool
split(const char *p, size_t n, size_t *tab, size_t *line)
{
	const char *lf = memchr(p, '\n', n > CRM_FIELD_MAX ? CRM_FIELD_MAX : n);
	size_t tabs = 0;

	*line = lf ? (size_t)(lf - p) : 0;
	for (size_t i = 0; i < *line; i++) {
		unsigned char c = (unsigned char)p[i];

		if (c == '\t') {
			*tab = i;
			tabs++;
		} else if (c < ' ' || c > '~' || c == '\\') {
			return false;
		}
	}
	return tabs == 1;
}

static inline struct crm_str
field(const char *line, size_t tab, size_t end, bool second)
{
	return second ? (struct crm_str){line + tab + 1, end - tab - 1}
		      : (struct crm_str){line, tab};
}

/*
 * Most lines are as long as the one before, as are their fields.  Then the bytes
 * of these need not be looked at one by one: they are ids of letters and digits,
 * which is seen when they are numbered, or they are looked at after all.
 */
int
crm_pieces_plain(struct crm_pieces *p, const char *at, size_t n, bool swapped,
    size_t bytes, size_t *used, struct crm_err *err)
{
	size_t line = 0, tab = 0;
	struct crm_piece_key last =
	    p->b.ntaken > 0 ? p->last : (struct crm_piece_key){0};
	int code = CRM_OK;

	for (*used = 0; code == CRM_OK && *used < n; *used += line + 1) {
		const char *q = at + *used;
		bool as_before = line > 0 && n - *used > line &&
				 q[tab] == '\t' && q[line] == '\n';
		struct crm_str id, product;
		uint32_t item;

		if (!as_before && !memchr(q, '\n', n - *used))
			break;
		if (!as_before && !split(q, n - *used, &tab, &line))
			return CRM_NO;
		if (p->b.cap == 0 && !make_room(p, bytes, line))
			return CRM_NO;
		product = field(q, tab, line, !swapped);
		if (!crm_names_put_code(&p->product, product, &item)) {
			/* it may even be that the line is a shorter one */
			if (as_before && !split(q, n - *used, &tab, &line))
				return CRM_NO;
			product = field(q, tab, line, !swapped);
			if (product.n == 0 ||
			    !crm_names_put(&p->product, product, &item))
				return CRM_NO;
		}
		id = field(q, tab, line, swapped);
		code = put_order(p, id, &last, err);
		if (code < 0)
			break;
		code = put_item(p, item, err);
	}
	p->last = last;
	return code;
}

void
crm_pieces_release(struct crm_pieces *p)
{
	crm_baskets_release(&p->b);
	crm_names_release(&p->product);
	crm_names_release(&p->order);
	free(p->piece);
	*p = (struct crm_pieces){0};
}

/* ---- putting together ---- */

static int
by_code(const void *a, const void *b)
{
	const struct crm_piece *x = a, *y = b;

	return x->code < y->code ? -1 : x->code > y->code;
}

/* Those of two parts, for an order that both have. */
struct two {
	struct crm_pieces *to; /* the first part, which has those of all */
	unsigned x, y;
};

static bool
both_have(void *ctx, uint32_t code, uint32_t in_x, uint32_t in_y)
{
	struct two *t = ctx;

	return put_piece(t->to, (struct crm_piece){code, in_x, t->x, 0}) &&
	       put_piece(t->to, (struct crm_piece){code, in_y, t->y, 0});
}

/* The pieces of all parts in the first one, by their codes.  False: they are
 * too many. */
static bool
sort_pieces(struct crm_pieces *p, unsigned n)
{
	struct two t = {.to = p};

	for (unsigned i = 1; i < n; i++)
		for (size_t k = 0; k < p[i].n; k++) {
			struct crm_piece piece = p[i].piece[k];

			piece.part = i;
			if (!put_piece(p, piece))
				return false;
		}
	for (t.y = 1; t.y < n; t.y++)
		for (t.x = 0; t.x < t.y; t.x++)
			if (!crm_names_shared(
				&p[t.x].order, &p[t.y].order, both_have, &t))
				return false;
	if (p->n > 0)
		qsort(p->piece, p->n, sizeof *p->piece, by_code);
	return true;
}

/* A piece goes into the basket that is open; one that is a basket is gone from
 * its part. */
static int
take_piece(const struct crm_piece *piece, struct crm_baskets_part *part,
    struct crm_baskets *to, struct crm_err *err)
{
	struct crm_baskets *b = &part->b;
	uint32_t from, end;
	int code = CRM_OK;

	if (piece->item)
		return crm_baskets_add(to, part->now[piece->what], err);
	from = b->start[piece->what];
	end = b->start[piece->what + 1];
	if (b->item[from] == UINT32_MAX)
		return CRM_OK;
	for (uint32_t i = from; code == CRM_OK && i < end; i++)
		code = crm_baskets_add(to, part->now[b->item[i]], err);
	b->item[from] = UINT32_MAX;
	part->gone++;
	part->ngone += end - from;
	return code;
}

static int
take_pieces(const struct crm_pieces *p, struct crm_baskets_part *part,
    struct crm_baskets *to, struct crm_err *err)
{
	int code = CRM_OK;

	for (size_t i = 0; code == CRM_OK && i < p->n; i++) {
		code =
		    take_piece(&p->piece[i], &part[p->piece[i].part], to, err);
		if (code == CRM_OK &&
		    (i + 1 == p->n || p->piece[i + 1].code != p->piece[i].code))
			code = crm_baskets_next(to, err);
	}
	return code;
}

/* The products of all parts, and what they are there; NULL: no memory.  The
 * numbers are in one array, to be freed. */
static uint32_t *
join_products(struct crm_names *names, struct crm_pieces *p, unsigned n,
    struct crm_baskets_part *part)
{
	size_t many = 0, done = 0;
	uint32_t *all;
	bool ok = true;

	for (unsigned i = 0; i < n; i++)
		many += p[i].product.n;
	all = malloc((many + 1) * sizeof *all);
	for (unsigned i = 0; all && ok && i < n; i++) {
		uint32_t *now = all + done;

		done += p[i].product.n;
		part[i].now = now;
		if (i > 0) {
			ok = crm_names_join(names, &p[i].product, now);
			continue;
		}
		*names = p->product;
		p->product = (struct crm_names){0};
		for (uint32_t k = 0; k < names->n; k++)
			now[k] = k;
	}
	if (all && ok && crm_names_sort(names, all, many))
		return all;
	free(all);
	return NULL;
}

int
crm_pieces_join(
    struct crm_sales *x, struct crm_pieces *p, unsigned n, struct crm_err *err)
{
	struct crm_names *names = &x->names[CRM_SALES_PRODUCT];
	struct crm_baskets_part part[CRM_THREADS] = {{.now = NULL}};
	uint32_t *all;
	int code;

	if (!sort_pieces(p, n))
		return CRM_NO;
	all = join_products(names, p, n, part);
	if (!all) {
		crm_names_release(names);
		return crm_err_nomem(err);
	}
	for (unsigned i = 0; i < n; i++) {
		part[i].b = p[i].b;
		p[i].b = (struct crm_baskets){0};
	}
	/* what was in pieces is behind all others */
	code = take_pieces(p, part, &part[n].b, err);
	if (code == CRM_OK)
		code = crm_baskets_join(
		    x->baskets, part, n + 1, (uint32_t)names->n, err);
	for (unsigned i = 0; i <= n; i++)
		crm_baskets_release(&part[i].b);
	free(all);
	return code;
}
