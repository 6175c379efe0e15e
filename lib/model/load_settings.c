/*
 * load_settings.c - the sections of an archive that come before its records:
 * what the store is, and its settings.
 *
 * Rows of a name and a value; a name that is not known is refused, as it would
 * get lost.
 */
#include <stdlib.h>

#include "archive.h"

static const char *const pair_columns[] = {"name", "value"};

static int
text_of(
    struct crm_load *l, size_t column, struct crm_str *out, struct crm_err *err)
{
	*out = crm_arena_str(&l->keep, crm_stream_field(l->in, column));
	return out->p ? CRM_OK : crm_err_nomem(err);
}

static int
store_row(struct crm_load *l, struct crm_err *err)
{
	struct crm_str name = crm_stream_field(l->in, 0);
	struct crm_buf b = {0};
	bool ok;

	if (crm_str_is(name, "uuid")) {
		ok = crm_load_hex(l, 1, &b) && b.n == sizeof l->uuid;
		if (ok)
			memcpy(l->uuid, b.p, sizeof l->uuid);
		crm_buf_release(&b);
		return ok ? CRM_OK
			  : crm_load_bad(l, 1, err, "32 hexadecimal digits");
	}
	if (crm_str_is(name, "created"))
		return crm_time_parse(
			   crm_stream_field(l->in, 1), NULL, &l->created) < 0
			   ? crm_load_bad(l, 1, err, "a time")
			   : CRM_OK;
	if (crm_str_is(name, "revision"))
		return crm_load_u64(l, 1, &l->revision) && l->revision > 0
			   ? CRM_OK
			   : crm_load_bad(l, 1, err, "a revision");
	if (crm_str_is(name, "log_from"))
		return crm_load_u64(l, 1, &l->log_from)
			   ? CRM_OK
			   : crm_load_bad(l, 1, err, "a revision");
	return crm_load_bad(
	    l, 0, err, "one of uuid, created, revision, log_from");
}

int
crm_load_store(struct crm_load *l, struct crm_err *err)
{
	int r = crm_load_columns(l, pair_columns, 2, err);

	while (r == CRM_OK) {
		r = crm_stream_next(l->in, err);
		if (r == CRM_OK)
			r = store_row(l, err);
	}
	if (r != CRM_NOTFOUND)
		return r;
	if (l->revision == 0)
		return crm_load_section_bad(
		    l, err, "the section 'store' has no revision");
	return CRM_OK;
}

static int
settings_row(struct crm_load *l, struct crm_err *err)
{
	struct crm_settings *s = &l->settings;
	struct crm_str name = crm_stream_field(l->in, 0);
	const struct {
		const char *name;
		struct crm_str *to;
	} texts[] = {{"currency", &s->currency}, {"timezone", &s->timezone},
	    {"country", &s->country}, {"statuses", &s->statuses},
	    {"ignore", &s->ignore}, {"costs", &s->costs},
	    {"quality", &s->quality}};
	struct crm_buf b = {0};
	struct crm_zone zone;
	uint64_t n;
	int r;

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (crm_str_is(name, texts[i].name)) {
			r = text_of(l, 1, texts[i].to, err);
			if (r == CRM_OK && i == 0 &&
			    crm_currency_digits(s->currency) < 0)
				r = crm_load_bad(
				    l, 1, err, "an ISO 4217 currency");
			return r;
		}
	if (crm_str_is(name, "day_start")) {
		if (!crm_load_u64(l, 1, &n) || n >= CRM_DAY)
			return crm_load_bad(l, 1, err, "a second of the day");
		s->day_start = (int64_t)n;
		return CRM_OK;
	}
	if (crm_str_is(name, "next_tag")) {
		if (!crm_load_u64(l, 1, &n) || n > UINT16_MAX)
			return crm_load_bad(l, 1, err, "a tag");
		s->next_tag = (uint16_t)n;
		return CRM_OK;
	}
	if (!crm_str_is(name, "tzif"))
		return crm_load_bad(l, 0, err,
		    "one of currency, timezone, country, day_start, statuses, "
		    "ignore, costs, quality, next_tag, tzif");
	if (!crm_load_hex(l, 1, &b) ||
	    (b.n > 0 && crm_zone_parse(crm_buf_str(&b), &zone, NULL) < 0))
		r = crm_load_bad(l, 1, err, "the rules of a zone");
	else {
		s->tzif = crm_arena_str(&l->keep, crm_buf_str(&b));
		r = s->tzif.p ? CRM_OK : crm_err_nomem(err);
	}
	crm_buf_release(&b);
	return r;
}

int
crm_load_settings(struct crm_load *l, struct crm_err *err)
{
	int r = crm_load_columns(l, pair_columns, 2, err);

	while (r == CRM_OK) {
		r = crm_stream_next(l->in, err);
		if (r == CRM_OK)
			r = settings_row(l, err);
	}
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

int
crm_load_fields(struct crm_load *l, struct crm_err *err)
{
	static const char *const columns[] = {
	    "kind", "name", "type", "values", "help", "tag", "flags"};
	struct crm_settings *s = &l->settings;
	int r = crm_load_columns(l, columns, 7, err);

	while (r == CRM_OK && (r = crm_stream_next(l->in, err)) == CRM_OK) {
		struct crm_custom *c;
		uint64_t tag, flags;

		if (!crm_grow(&s->custom, &l->capfields, s->ncustom, sizeof *c))
			return crm_err_nomem(err);
		c = &s->custom[s->ncustom];
		*c = (struct crm_custom){0};
		r = text_of(l, 0, &c->kind, err);
		if (r == CRM_OK)
			r = text_of(l, 1, &c->name, err);
		if (r == CRM_OK)
			r = text_of(l, 2, &c->type, err);
		if (r == CRM_OK)
			r = text_of(l, 3, &c->values, err);
		if (r == CRM_OK)
			r = text_of(l, 4, &c->help, err);
		if (r == CRM_OK &&
		    (!crm_load_u64(l, 5, &tag) || tag > UINT16_MAX ||
			tag < CRM_TAG_CUSTOM))
			r = crm_load_bad(l, 5, err, "the tag of a field");
		if (r == CRM_OK &&
		    (!crm_load_u64(l, 6, &flags) || flags > UINT32_MAX))
			r = crm_load_bad(l, 6, err, "the flags of a field");
		if (r < 0)
			return r;
		c->tag = (uint16_t)tag;
		c->flags = (uint32_t)flags;
		s->ncustom++;
	}
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

int
crm_load_segments(struct crm_load *l, struct crm_err *err)
{
	static const char *const columns[] = {"name", "where", "help"};
	struct crm_settings *s = &l->settings;
	int r = crm_load_columns(l, columns, 3, err);

	while (r == CRM_OK && (r = crm_stream_next(l->in, err)) == CRM_OK) {
		struct crm_segment *g;

		if (!crm_grow(
			&s->segment, &l->capsegments, s->nsegment, sizeof *g))
			return crm_err_nomem(err);
		g = &s->segment[s->nsegment];
		r = text_of(l, 0, &g->name, err);
		if (r == CRM_OK)
			r = text_of(l, 1, &g->where, err);
		if (r == CRM_OK)
			r = text_of(l, 2, &g->help, err);
		if (r < 0)
			return r;
		s->nsegment++;
	}
	return r == CRM_NOTFOUND ? CRM_OK : r;
}
