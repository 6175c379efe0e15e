/*
 * settings.c - the applied settings as the store keeps them.
 *
 * Every field is written, in one order, under a version; a reader takes exactly
 * what a writer writes (shortest numbers, nothing after the end), so that two
 * settings are the same when their bytes are.  What follows a later version is
 * that version's affair: it is refused here.  A checksum ends them: a flipped
 * bit in a rule of the zone or of revenue would silently move every figure.
 */
#include <crm/hash.h>
#include <crm/schema.h>

/* With costs it is version 2, with limits of quality 3: without them stores are
 * as they were. */
enum { VERSION = 1, VERSION_COSTS, VERSION_QUALITY };

static void
put_str(struct crm_buf *b, struct crm_str s)
{
	crm_buf_putvar(b, s.n);
	crm_buf_putstr(b, s);
}

void
crm_settings_encode(const struct crm_settings *s, struct crm_buf *out)
{
	size_t from = out->n;

	crm_buf_putvar(out, s->quality.n > 0 ? VERSION_QUALITY
			    : s->costs.n > 0 ? VERSION_COSTS
					     : VERSION);
	put_str(out, s->currency);
	put_str(out, s->timezone);
	put_str(out, s->country);
	put_str(out, s->tzif);
	crm_buf_putvar(out, (uint64_t)s->day_start);
	put_str(out, s->statuses);
	put_str(out, s->ignore);
	crm_buf_putvar(out, s->next_tag);
	crm_buf_putvar(out, s->ncustom);
	for (size_t i = 0; i < s->ncustom; i++) {
		const struct crm_custom *c = &s->custom[i];

		put_str(out, c->kind);
		put_str(out, c->name);
		put_str(out, c->type);
		put_str(out, c->values);
		put_str(out, c->help);
		crm_buf_putvar(out, c->tag);
		crm_buf_putvar(out, c->flags);
	}
	crm_buf_putvar(out, s->nsegment);
	for (size_t i = 0; i < s->nsegment; i++) {
		put_str(out, s->segment[i].name);
		put_str(out, s->segment[i].where);
		put_str(out, s->segment[i].help);
	}
	if (s->costs.n > 0 || s->quality.n > 0)
		put_str(out, s->costs);
	if (s->quality.n > 0)
		put_str(out, s->quality);
	if (!out->fail)
		crm_buf_putbe(
		    out, crm_crc32c(0, out->p + from, out->n - from), 4);
}

/* Takes the checksum off the end; false when it is not that of the rest. */
static bool
take_sum(struct crm_str *s)
{
	struct crm_str tail;
	uint64_t sum;

	if (s->n < 4)
		return false;
	s->n -= 4;
	tail = (struct crm_str){s->p + s->n, 4};
	return crm_take_be(&tail, 4, &sum) && sum == crm_crc32c(0, s->p, s->n);
}

/* A number of at most max, in its shortest form. */
static bool
take_num(struct crm_str *s, uint64_t max, uint64_t *out)
{
	size_t before = s->n;

	if (!crm_take_var(s, out) || *out > max)
		return false;
	before -= s->n;
	return before == 1 || *out >> (7 * (before - 1)) > 0;
}

static bool
take_str(struct crm_str *s, struct crm_str *out)
{
	uint64_t n;

	return take_num(s, s->n, &n) && crm_take_bytes(s, (size_t)n, out);
}

static bool
take_head(struct crm_str *s, struct crm_settings *out, uint64_t *version)
{
	uint64_t day_start, tag;

	if (!take_num(s, VERSION_QUALITY, version) || *version < VERSION ||
	    !take_str(s, &out->currency) || !take_str(s, &out->timezone) ||
	    !take_str(s, &out->country) || !take_str(s, &out->tzif) ||
	    !take_num(s, INT64_MAX, &day_start) ||
	    !take_str(s, &out->statuses) || !take_str(s, &out->ignore) ||
	    !take_num(s, UINT16_MAX, &tag))
		return false;
	out->day_start = (int64_t)day_start;
	out->next_tag = (uint16_t)tag;
	return true;
}

static bool
take_custom(struct crm_str *s, struct crm_custom *c)
{
	uint64_t tag, flags;

	if (!take_str(s, &c->kind) || !take_str(s, &c->name) ||
	    !take_str(s, &c->type) || !take_str(s, &c->values) ||
	    !take_str(s, &c->help) || !take_num(s, UINT16_MAX, &tag) ||
	    !take_num(s, UINT32_MAX, &flags))
		return false;
	c->tag = (uint16_t)tag;
	c->flags = (uint32_t)flags;
	return true;
}

/* Takes a count and makes an array of it.  An element is at least `least`
 * bytes, so a count that lies cannot ask for more memory than its bytes
 * justify.  False for bad bytes; *p NULL and *n > 0 when out of memory. */
static bool
take_array(struct crm_str *s, struct crm_arena *a, size_t least, size_t size,
    size_t *n, void **p)
{
	uint64_t count;

	*p = NULL;
	*n = 0;
	if (!take_num(s, s->n / least, &count))
		return false;
	*n = (size_t)count;
	if (count > 0)
		*p = crm_arena_zalloc(a, (size_t)count * size);
	return true;
}

int
crm_settings_decode(struct crm_str bytes, struct crm_arena *a,
    struct crm_settings *out, struct crm_err *err)
{
	struct crm_str s = bytes;
	uint64_t version = 0;
	void *p;
	bool ok;

	*out = (struct crm_settings){0};
	ok = take_sum(&s) && take_head(&s, out, &version) &&
	     take_array(&s, a, 7, sizeof *out->custom, &out->ncustom, &p);
	if (ok) {
		out->custom = p;
		if (out->ncustom > 0 && !p)
			return crm_err_nomem(err);
	}
	for (size_t i = 0; ok && i < out->ncustom; i++)
		ok = take_custom(&s, &out->custom[i]);
	ok = ok &&
	     take_array(&s, a, 3, sizeof *out->segment, &out->nsegment, &p);
	if (ok) {
		out->segment = p;
		if (out->nsegment > 0 && !p)
			return crm_err_nomem(err);
	}
	for (size_t i = 0; ok && i < out->nsegment; i++) {
		struct crm_segment *g = &out->segment[i];

		ok = take_str(&s, &g->name) && take_str(&s, &g->where) &&
		     take_str(&s, &g->help);
	}
	if (ok && version >= VERSION_COSTS)
		ok = take_str(&s, &out->costs);
	if (ok && version == VERSION_COSTS)
		ok = out->costs.n > 0;
	if (ok && version >= VERSION_QUALITY)
		ok = take_str(&s, &out->quality) && out->quality.n > 0;
	if (ok && s.n == 0)
		return CRM_OK;
	*out = (struct crm_settings){0};
	return crm_err_set(
	    err, CRM_EDAMAGE, "the stored settings cannot be read");
}
