/*
 * items.c - parsing lists.
 *
 * A list that is canonical already is borrowed; a copy begins with the first
 * item that does not stand where it should.  Up to FEW items are compared with
 * each other, as most lists have three; more go through a map, as a field may
 * be 1 MiB of commas.
 */
#include <crm/hash.h>
#include <crm/schema.h>

#include "value.h"

enum { FEW = 32 };

struct seen {
	struct crm_str item[FEW];
	size_t n;
	struct crm_map map;
};

/* CRM_OK for a new item, CRM_NO for one that was there. */
static int
see(struct seen *seen, struct crm_str item, struct crm_err *err)
{
	int r = CRM_OK;

	if (seen->n < FEW) {
		for (size_t i = 0; i < seen->n; i++)
			if (crm_str_eq(seen->item[i], item))
				return CRM_NO;
		seen->item[seen->n++] = item;
		return CRM_OK;
	}
	for (size_t i = 0; r == CRM_OK && seen->n == FEW && i < FEW; i++)
		r = crm_map_put(&seen->map, seen->item[i], 1, NULL);
	seen->n = FEW + 1;
	if (r == CRM_OK)
		r = crm_map_put(&seen->map, item, 1, NULL);
	return r == CRM_ENOMEM ? crm_err_nomem(err) : r;
}

static int
split(const struct crm_field *f, struct crm_str text, struct crm_arena *a,
    struct seen *seen, struct crm_str *out, struct crm_err *err)
{
	struct crm_str rest = text, item;
	char *copy = NULL;
	size_t n = 0;

	while (crm_str_split(&rest, ',', &item)) {
		size_t at = n > 0 ? n + 1 : 0;
		int r;

		item = crm_str_trim(item);
		if (item.n == 0)
			return crm_value_refuse(
			    f, err, text, "has an empty item");
		r = see(seen, item, err);
		if (r == CRM_NO)
			continue;
		if (r < 0)
			return r;
		if (!copy && item.p != text.p + at) {
			copy = crm_arena_alloc(a, text.n);
			if (!copy)
				return crm_err_nomem(err);
			memcpy(copy, text.p, n);
		}
		if (copy) {
			if (at > 0)
				copy[n] = ',';
			memcpy(copy + at, item.p, item.n);
		}
		n = at + item.n;
	}
	*out = (struct crm_str){copy ? copy : text.p, n};
	return CRM_OK;
}

int
crm_value_parse_list(const struct crm_field *f, struct crm_str text,
    struct crm_parse *ctx, struct crm_value *out, struct crm_err *err)
{
	struct seen seen;
	int r;

	seen.n = 0;
	seen.map = (struct crm_map){0};
	r = crm_value_enter(f, text, ctx, &text, err);
	if (r < 0)
		return r;
	if (memchr(text.p, '\t', text.n) || memchr(text.p, '\n', text.n))
		return crm_value_refuse(
		    f, err, text, "has a tab or a line's end in a list");
	r = split(f, text, ctx->arena, &seen, &out->s, err);
	crm_map_release(&seen.map);
	return r;
}
