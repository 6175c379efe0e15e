/*
 * settings_diff.c - how settings differ.
 */
#include <stdio.h>

#include "archive.h"

struct diff {
	crm_setting_fn *fn;
	void *ctx;
	bool any;
	struct crm_err *err;
};

static const char rebuilt[] = "identities and indexes are rebuilt";
static const char folded[] = "orders, ledger and figures are computed anew";

static int
row(struct diff *d, const char *what, struct crm_str old, struct crm_str now,
    const char *follows)
{
	struct crm_setting_row r = {crm_str(what), old, now, crm_str(follows)};

	d->any = true;
	return d->fn ? d->fn(d->ctx, &r, d->err) : CRM_OK;
}

static int
text(struct diff *d, const char *what, struct crm_str old, struct crm_str now,
    const char *follows)
{
	return crm_str_eq(old, now) ? CRM_OK : row(d, what, old, now, follows);
}

static struct crm_str
clock_text(int64_t secs, char out[16])
{
	int n = snprintf(out, 16, "%02u:%02u", (unsigned)(secs / 3600 % 24),
	    (unsigned)(secs / 60 % 60));

	return (struct crm_str){out, (size_t)n};
}

/* "text unique", "enum a,b,c index". */
static void
describe(const struct crm_custom *c, struct crm_buf *b)
{
	crm_buf_clear(b);
	crm_buf_putstr(b, c->type);
	if (c->values.n > 0) {
		crm_buf_putc(b, ' ');
		crm_buf_putstr(b, c->values);
	}
	if (c->flags & CRM_F_UNIQUE)
		crm_buf_puts(b, " unique");
	else if (c->flags & CRM_F_INDEX)
		crm_buf_puts(b, " index");
	if (c->flags & CRM_F_PERSONAL)
		crm_buf_puts(b, " personal");
	if (c->help.n > 0) {
		crm_buf_puts(b, ": ");
		crm_buf_putstr(b, c->help);
	}
}

static const struct crm_custom *
find_custom(const struct crm_settings *s, const struct crm_custom *c)
{
	for (size_t i = 0; i < s->ncustom; i++)
		if (s->custom[i].tag == c->tag &&
		    crm_str_eq(s->custom[i].kind, c->kind))
			return &s->custom[i];
	return NULL;
}

static int
fields(struct diff *d, const struct crm_settings *old,
    const struct crm_settings *now)
{
	struct crm_buf a = {0}, b = {0}, name = {.max = 256};
	const struct crm_settings *both[2] = {old, now};
	int r = CRM_OK;

	for (size_t s = 0; s < 2; s++)
		for (size_t i = 0; i < both[s]->ncustom && r == CRM_OK; i++) {
			const struct crm_custom *c = &both[s]->custom[i];
			const struct crm_custom *o = find_custom(both[!s], c);
			const uint32_t keyed = CRM_F_INDEX | CRM_F_UNIQUE;
			const char *follows = "";

			if (s == 1 && o != NULL)
				continue; /* seen from the other side */
			crm_buf_clear(&a);
			crm_buf_clear(&b);
			describe(c, s == 0 ? &a : &b);
			if (o != NULL)
				describe(o, &b);
			if ((c->flags & keyed) != (o ? o->flags & keyed : 0))
				follows = rebuilt;
			crm_buf_clear(&name);
			crm_buf_putf(&name, "field %.*s.%.*s", (int)c->kind.n,
			    c->kind.p, (int)c->name.n, c->name.p);
			crm_buf_putc(&name, '\0');
			r = crm_buf_check(&a, d->err);
			if (r == CRM_OK)
				r = crm_buf_check(&b, d->err);
			if (r == CRM_OK)
				r = crm_buf_check(&name, d->err);
			if (r == CRM_OK)
				r = text(d, name.p, crm_buf_str(&a),
				    crm_buf_str(&b), follows);
		}
	crm_buf_release(&a);
	crm_buf_release(&b);
	crm_buf_release(&name);
	return r;
}

static const struct crm_segment *
find_segment(const struct crm_settings *s, struct crm_str name)
{
	for (size_t i = 0; i < s->nsegment; i++)
		if (crm_str_eq(s->segment[i].name, name))
			return &s->segment[i];
	return NULL;
}

static int
segments(struct diff *d, const struct crm_settings *old,
    const struct crm_settings *now)
{
	const struct crm_settings *both[2] = {old, now};
	const struct crm_str none = {"", 0};
	char name[128];
	int r = CRM_OK;

	for (size_t s = 0; s < 2; s++)
		for (size_t i = 0; i < both[s]->nsegment && r == CRM_OK; i++) {
			const struct crm_segment *g = &both[s]->segment[i];
			const struct crm_segment *o =
			    find_segment(both[!s], g->name);

			if (s == 1 && o != NULL)
				continue;
			snprintf(name, sizeof name, "segment %.*s",
			    (int)g->name.n, g->name.p);
			r = text(d, name, s == 0 ? g->where : none,
			    s == 1 ? g->where
			    : o	   ? o->where
				   : none,
			    "");
			if (r == CRM_OK && o != NULL)
				r = text(d, name, g->help, o->help, "");
		}
	return r;
}

int
crm_settings_diff(const struct crm_settings *old,
    const struct crm_settings *now, crm_setting_fn *fn, void *ctx,
    struct crm_err *err)
{
	struct diff d = {fn, ctx, false, err};
	char a[16], b[16];
	int r;

	r = text(&d, "currency", old->currency, now->currency, "");
	if (r == CRM_OK)
		r = text(&d, "timezone", old->timezone, now->timezone, "");
	if (r == CRM_OK && crm_str_eq(old->timezone, now->timezone) &&
	    !crm_str_eq(old->tzif, now->tzif))
		r = row(&d, "timezone", CRM_STR("(its former rules)"),
		    CRM_STR("(this machine's rules)"), "");
	if (r == CRM_OK)
		r = text(&d, "country", old->country, now->country, "");
	if (r == CRM_OK && old->day_start != now->day_start)
		r = row(&d, "day_start", clock_text(old->day_start, a),
		    clock_text(now->day_start, b), "");
	if (r == CRM_OK)
		r = text(&d, "revenue.statuses", old->statuses, now->statuses,
		    folded);
	if (r == CRM_OK)
		r = text(&d, "ignore", old->ignore, now->ignore, rebuilt);
	if (r == CRM_OK)
		r = text(&d, "costs", old->costs, now->costs, "");
	if (r == CRM_OK)
		r = text(&d, "quality", old->quality, now->quality, "");
	if (r == CRM_OK)
		r = fields(&d, old, now);
	if (r == CRM_OK)
		r = segments(&d, old, now);
	return r == CRM_OK && !d.any ? CRM_NO : r;
}
