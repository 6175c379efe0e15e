/*
 * erase_scrub.c - what is left of a record, in its bytes.
 *
 * The bytes of every revision of a record are to be scrubbed, those included
 * that are older than today's fields.  So they are not decoded: items are kept
 * or left out by their tag.  What the schema does not know any more (a custom
 * field that was taken away) cannot be said not to be personal, and goes.
 */
#include <stdlib.h>

#include <crm/utf8.h>

#include "erase.h"

/* ---- texts to search for ---- */

static bool
fold(struct crm_sought *s, struct crm_str text)
{
	crm_buf_clear(&s->fold);
	return crm_text_fold(text, &s->fold, NULL) == CRM_OK && !s->fold.fail;
}

int
crm_sought_add(struct crm_sought *s, struct crm_str text, struct crm_err *err)
{
	struct crm_sought_one *one;
	struct crm_str head;
	uint64_t last = 0;
	int r;

	if (!fold(s, crm_str_trim(text)) || s->fold.n < CRM_SOUGHT_MIN)
		return s->fold.fail == CRM_ENOMEM ? crm_err_nomem(err) : CRM_OK;
	r = crm_map_put(&s->all, crm_buf_str(&s->fold), 1, NULL);
	if (r == CRM_NO)
		return CRM_OK;
	if (r == CRM_ENOMEM || !crm_grow(&s->v, &s->cap, s->n, sizeof *s->v))
		return crm_err_nomem(err);
	one = &s->v[s->n];
	one->text = crm_arena_str(&s->arena, crm_buf_str(&s->fold));
	head = (struct crm_str){s->fold.p, CRM_SOUGHT_MIN};
	if (one->text.p == NULL ||
	    crm_map_put(&s->head, head, ++s->n, &last) == CRM_ENOMEM)
		return crm_err_nomem(err);
	one->next = (size_t)last;
	return CRM_OK;
}

bool
crm_sought_in(struct crm_sought *s, struct crm_str text)
{
	uint64_t at;

	if (s->n == 0 || text.n == 0 || !fold(s, text))
		return false;
	text = crm_buf_str(&s->fold);
	for (; text.n >= CRM_SOUGHT_MIN; text.p++, text.n--) {
		if (!crm_map_get(&s->head,
			(struct crm_str){text.p, CRM_SOUGHT_MIN}, &at))
			continue;
		for (; at > 0; at = s->v[at - 1].next)
			if (crm_str_starts(text, s->v[at - 1].text))
				return true;
	}
	return false;
}

void
crm_sought_release(struct crm_sought *s)
{
	crm_map_release(&s->all);
	crm_map_release(&s->head);
	crm_arena_release(&s->arena);
	crm_buf_release(&s->fold);
	free(s->v);
}

/* ---- items ---- */

struct item {
	struct crm_str all, body; /* body: of wire 1, without the length */
	unsigned tag, wire;
};

static bool
take_item(struct crm_str *s, struct item *out)
{
	const char *start = s->p;
	uint64_t key, v;

	if (!crm_take_var(s, &key) || key >> 2 > UINT16_MAX ||
	    !crm_take_var(s, &v))
		return false;
	out->tag = (unsigned)(key >> 2);
	out->wire = (unsigned)key & 3;
	out->body = (struct crm_str){start, (size_t)(s->p - start)};
	if ((out->wire == 1 &&
		(v > s->n || !crm_take_bytes(s, (size_t)v, &out->body))) ||
	    (out->wire == 2 && !crm_take_var(s, &v)) || out->wire > 2)
		return false;
	out->all = (struct crm_str){start, (size_t)(s->p - start)};
	/* of a number: its value, behind the tag */
	if (out->wire != 1) {
		out->body = out->all;
		crm_take_var(&out->body, &key);
	}
	return true;
}

static int
broken(struct crm_err *err)
{
	return crm_err_set(err, CRM_EDAMAGE,
	    "the store is damaged: a record cannot be taken apart");
}

static bool
take_head(struct crm_str *s, struct crm_str *head, uint64_t *state)
{
	const char *start = s->p;
	uint64_t v;

	if (!crm_take_var(s, state) || !crm_take_var(s, &v) ||
	    (*state == CRM_MERGED && !crm_take_var(s, &v)))
		return false;
	*head = (struct crm_str){start, (size_t)(s->p - start)};
	return true;
}

int
crm_items_each(struct crm_str bytes, bool head, crm_item_fn *fn, void *ctx,
    struct crm_err *err)
{
	struct crm_str h;
	struct item it;
	uint64_t state;
	int r = CRM_OK;

	if (head && bytes.n > 0 && !take_head(&bytes, &h, &state))
		return broken(err);
	while (r == CRM_OK && bytes.n > 0) {
		if (!take_item(&bytes, &it))
			return broken(err);
		r = fn(ctx, it.tag, it.wire, it.body, err);
	}
	return r;
}

/* ---- scrubbing ---- */

struct scrub {
	enum crm_erase_how how;
	struct crm_sought *sought;
	struct crm_buf rows, row; /* of the part under way */
};

static const struct crm_field *
field_of(const struct crm_field *f, unsigned n, unsigned tag)
{
	for (unsigned i = 0; i < n; i++)
		if (f[i].tag == tag && tag != 0)
			return &f[i];
	return NULL;
}

static bool
stays(struct scrub *sc, const struct crm_field *f, const struct item *it)
{
	if (f == NULL)
		return false;
	if ((f->flags & CRM_F_PERSONAL) && sc->how == CRM_ERASE_PERSONAL)
		return false;
	if (it->wire != 1 || (f->type != CRM_T_TEXT && f->type != CRM_T_LIST))
		return true;
	/* without these the record would be none */
	if ((f->flags & (CRM_F_REQUIRED | CRM_F_FIXED | CRM_F_IDENT)) &&
	    !(f->flags & CRM_F_PERSONAL))
		return true;
	return !crm_sought_in(sc->sought, it->body);
}

/* A row into sc->row; CRM_NO: it cannot be without what went. */
static int
scrub_row(struct scrub *sc, const struct crm_part *p, struct crm_str body,
    uint64_t *no, struct crm_err *err)
{
	struct item it;

	crm_buf_clear(&sc->row);
	if (!crm_take_var(&body, no))
		return broken(err);
	crm_buf_putvar(&sc->row, *no);
	while (body.n > 0) {
		const struct crm_field *f;

		if (!take_item(&body, &it))
			return broken(err);
		f = field_of(p->fields, p->nfields, it.tag);
		if (stays(sc, f, &it))
			crm_buf_putstr(&sc->row, it.all);
		else if (f != NULL && (f->flags & CRM_F_REQUIRED))
			return CRM_NO;
	}
	return CRM_OK;
}

/* All items of a part, from the first on; *rest moves behind them. */
static int
scrub_part(struct scrub *sc, const struct crm_part *p, struct item *it,
    struct crm_str *rest, bool *more, struct crm_buf *out, struct crm_err *err)
{
	uint64_t last = 0, most = 0, no;
	int64_t given;
	int r;

	crm_buf_clear(&sc->rows);
	for (;;) {
		if (it->wire == 0) {
			struct crm_str v = it->body;

			if (!crm_take_zig(&v, &given) || given < 0)
				return broken(err);
			no = (uint64_t)given;
		} else {
			r = scrub_row(sc, p, it->body, &no, err);
			if (r < 0 && r != CRM_NO)
				return r;
			if (r == CRM_OK) {
				most = no;
				crm_buf_putvar(
				    &sc->rows, (uint64_t)p->tag << 2 | 1);
				crm_buf_putvar(&sc->rows, sc->row.n);
				crm_buf_putstr(
				    &sc->rows, crm_buf_str(&sc->row));
			}
		}
		if (no > last)
			last = no;
		*more = rest->n > 0;
		if (!*more)
			break;
		if (!take_item(rest, it))
			return broken(err);
		if (it->tag != p->tag)
			break;
	}
	if (last > most) {
		crm_buf_putvar(out, (uint64_t)p->tag << 2);
		crm_buf_putzig(out, (int64_t)last);
	}
	crm_buf_putstr(out, crm_buf_str(&sc->rows));
	return crm_buf_check(&sc->rows, err);
}

static int
scrub_items(struct scrub *sc, const struct crm_kind *k, struct crm_str rest,
    struct crm_buf *out, struct crm_err *err)
{
	struct item it;
	bool more = rest.n > 0;
	int r = CRM_OK;

	if (more && !take_item(&rest, &it))
		return broken(err);
	while (more && r == CRM_OK) {
		const struct crm_part *part = NULL;

		for (unsigned i = 0; i < k->nparts; i++)
			if (k->parts[i].tag == it.tag)
				part = &k->parts[i];
		if (part != NULL) {
			r = scrub_part(sc, part, &it, &rest, &more, out, err);
			continue;
		}
		if (stays(sc, field_of(k->fields, k->nfields, it.tag), &it))
			crm_buf_putstr(out, it.all);
		more = rest.n > 0;
		if (more && !take_item(&rest, &it))
			return broken(err);
	}
	return r;
}

int
crm_scrub(const struct crm_kind *k, struct crm_str record,
    enum crm_erase_how how, struct crm_sought *sought, struct crm_buf *out,
    struct crm_err *err)
{
	struct scrub sc = {.how = how, .sought = sought};
	struct crm_str head, rest = record;
	uint64_t state, revision;
	int r = CRM_OK;

	if (!take_head(&rest, &head, &state))
		return broken(err);
	if (how == CRM_ERASE_ALL) {
		crm_take_var(&head, &state);
		crm_take_var(&head, &revision);
		crm_buf_putvar(out, CRM_ERASED);
		crm_buf_putvar(out, revision);
		return crm_buf_check(out, err);
	}
	crm_buf_putstr(out, head);
	if (state == CRM_LIVE)
		r = scrub_items(&sc, k, rest, out, err);
	crm_buf_release(&sc.rows);
	crm_buf_release(&sc.row);
	return r == CRM_OK ? crm_buf_check(out, err) : r;
}
