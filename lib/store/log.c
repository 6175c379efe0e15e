/*
 * log.c - the header of a revision.
 *
 * A list of numbers and texts in a fixed order.  New ones are added at the end,
 * and bytes past what is known are passed over, so that an older program can
 * read a newer log.  The change is kept as the distance to its first revision.
 */
#include "store/store_internal.h"

#define LOG_VERSION 1
#define RANGES \
	(sizeof(((struct crm_log_head *)0)->range) / sizeof(struct crm_range))

void
crm_log_key(uint64_t revision, unsigned kind, uint64_t number, char out[17])
{
	crm_number_key(revision, out);
	out[8] = (char)kind;
	crm_number_key(number, out + 9);
}

static void
put_text(struct crm_buf *out, struct crm_str s)
{
	crm_buf_putvar(out, s.n);
	crm_buf_putstr(out, s);
}

void
crm_log_encode(const struct crm_log_head *h, struct crm_buf *out)
{
	crm_buf_putvar(out, LOG_VERSION);
	crm_buf_putvar(out, h->revision);
	crm_buf_putvar(out, h->revision - h->change);
	crm_buf_putvar(out, h->part);
	crm_buf_putvar(out, h->last);
	crm_buf_putzig(out, h->time);
	put_text(out, h->actor);
	put_text(out, h->program);
	put_text(out, h->why);
	put_text(out, h->key);
	crm_buf_putbe(out, h->keyhash, 8);
	crm_buf_putvar(out, h->updated);
	crm_buf_putvar(out, h->removed);
	crm_buf_putvar(out, h->nrange);
	for (size_t i = 0; i < h->nrange && i < RANGES; i++) {
		crm_buf_putvar(out, h->range[i].kind);
		crm_buf_putvar(out, h->range[i].first);
		crm_buf_putvar(out, h->range[i].count);
	}
}

static bool
take_text(struct crm_str *s, struct crm_str *out)
{
	uint64_t n;

	return crm_take_var(s, &n) && n <= s->n &&
	       crm_take_bytes(s, (size_t)n, out);
}

static bool
take_ranges(struct crm_str *s, struct crm_log_head *out)
{
	uint64_t n, kind;

	if (!crm_take_var(s, &n) || n > RANGES)
		return false;
	out->nrange = (size_t)n;
	for (size_t i = 0; i < n; i++) {
		struct crm_range *r = &out->range[i];

		if (!crm_take_var(s, &kind) || kind >= CRM_K_MAX ||
		    !crm_take_var(s, &r->first) || !crm_take_var(s, &r->count))
			return false;
		r->kind = (uint8_t)kind;
	}
	return true;
}

static bool
take_head(struct crm_str s, struct crm_log_head *out)
{
	uint64_t version, back, last;

	if (!crm_take_var(&s, &version) || version == 0 ||
	    !crm_take_var(&s, &out->revision) || !crm_take_var(&s, &back) ||
	    back > out->revision || !crm_take_var(&s, &out->part) ||
	    !crm_take_var(&s, &last) || last > 1 ||
	    !crm_take_zig(&s, &out->time))
		return false;
	out->change = out->revision - back;
	out->last = last != 0;
	return take_text(&s, &out->actor) && take_text(&s, &out->program) &&
	       take_text(&s, &out->why) && take_text(&s, &out->key) &&
	       crm_take_be(&s, 8, &out->keyhash) &&
	       crm_take_var(&s, &out->updated) &&
	       crm_take_var(&s, &out->removed) && take_ranges(&s, out);
}

int
crm_log_decode(
    struct crm_str bytes, struct crm_log_head *out, struct crm_err *err)
{
	memset(out, 0, sizeof(*out));
	if (take_head(bytes, out))
		return CRM_OK;
	return crm_err_set(err, CRM_EDAMAGE,
	    "the store is damaged: a revision of the log cannot be read");
}
