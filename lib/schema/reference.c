/*
 * reference.c - parsing ids and references to records.
 *
 * A reference ("email:ann@example.org") stays text here: only a store knows whom
 * it names.  A bare number is refused although it could be guessed, since a
 * column of numbers is far more often the wrong column than an id without its
 * letter.
 */
#include <crm/schema.h>

#include "value.h"

static bool
all_digits(struct crm_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return s.n > 0;
}

/* scheme:value, the scheme [a-z][a-z0-9_-]*. */
static bool
is_reference(struct crm_str s)
{
	size_t i = 0;

	while (i < s.n && ((s.p[i] >= 'a' && s.p[i] <= 'z') ||
			      (i > 0 && ((s.p[i] >= '0' && s.p[i] <= '9') ||
					    s.p[i] == '_' || s.p[i] == '-'))))
		i++;
	return i > 0 && i + 1 < s.n && s.p[i] == ':';
}

/* The part whose rows a field names by its own name ("line_id"); 0 none. */
static unsigned
part_wanted(const struct crm_schema *s, const struct crm_field *f)
{
	const struct crm_kind *k = &s->kind[f->ref % CRM_K_MAX];

	for (unsigned i = 0; i < k->nparts; i++) {
		const char *name = k->parts[i].name;
		size_t n = 0;

		while (name[n] != '\0' && f->name[n] == name[n])
			n++;
		if (name[n] == '\0' && strcmp(f->name + n, "_id") == 0)
			return i + 1;
	}
	return 0;
}

static const char *
id_name(const struct crm_schema *s, unsigned kind, unsigned part)
{
	const struct crm_kind *k = &s->kind[kind % CRM_K_MAX];

	return part > 0 && part <= k->nparts ? k->parts[part - 1].name
					     : crm_letter_of(kind)->name;
}

static int
wrong_kind(const struct crm_field *f, struct crm_str text, const char *is,
    const char *wanted, struct crm_err *err)
{
	crm_err_set(err, CRM_EDATA,
	    "'%.*s' is an id of kind %s, not of kind %s",
	    (int)(text.n > 80 ? 80 : text.n), text.p, is, wanted);
	crm_err_field(err, f->name, strlen(f->name));
	return CRM_EDATA;
}

static int
no_id(const struct crm_field *f, struct crm_str text, struct crm_err *err)
{
	struct crm_str digits = text;

	while (digits.n > 0 && digits.p[0] == '0') {
		digits.p++;
		digits.n--;
	}
	if (f->ref == 0)
		return crm_value_refuse(f, err, text, "is not an id");
	if (digits.n > 18 || digits.n == 0 || !all_digits(digits)) {
		crm_err_set(err, CRM_EDATA,
		    "'%.*s' is not an id (%s42) or reference (scheme:value)",
		    (int)(text.n > 80 ? 80 : text.n), text.p,
		    crm_letter_of(f->ref)->letter);
		crm_err_field(err, f->name, strlen(f->name));
		return CRM_EDATA;
	}
	crm_err_set(err, CRM_EDATA, "'%.*s' is not an id; %s%.*s?",
	    (int)(text.n > 80 ? 80 : text.n), text.p,
	    crm_letter_of(f->ref)->letter, (int)digits.n, digits.p);
	crm_err_field(err, f->name, strlen(f->name));
	return CRM_EDATA;
}

/* Takes "order/" off the front; 0 when there is no kind so named. */
static uint8_t
take_prefix(struct crm_str *text)
{
	for (const struct crm_letter *l = crm_letters; l->kind; l++) {
		size_t n = strlen(l->name);

		if (text->n > n && text->p[n] == '/' &&
		    memcmp(text->p, l->name, n) == 0) {
			text->p += n + 1;
			text->n -= n + 1;
			return l->kind;
		}
	}
	return 0;
}

static int
take_id(const struct crm_field *f, const struct crm_schema *s,
    struct crm_str text, const struct crm_id *id, struct crm_value *out,
    struct crm_err *err)
{
	unsigned part = f->ref ? part_wanted(s, f) : id->part;

	if ((f->ref && f->ref != id->kind) || part != id->part)
		return wrong_kind(f, text, id_name(s, id->kind, id->part),
		    id_name(s, f->ref ? f->ref : id->kind, part), err);
	out->kind = id->kind;
	out->part = id->part;
	out->sub = id->sub;
	out->i = (int64_t)id->number;
	return CRM_OK;
}

int
crm_value_read_id(const struct crm_field *f, struct crm_str text,
    struct crm_parse *ctx, struct crm_value *out)
{
	struct crm_id id;

	if (crm_id_parse(ctx->schema, text, &id) < 0 ||
	    (f->ref &&
		(f->ref != id.kind || part_wanted(ctx->schema, f) != id.part)))
		return CRM_EDATA;
	*out = (struct crm_value){.type = CRM_T_ID,
	    .kind = id.kind,
	    .part = id.part,
	    .sub = id.sub,
	    .i = (int64_t)id.number};
	return CRM_OK;
}

int
crm_value_parse_id(const struct crm_field *f, struct crm_str text,
    struct crm_parse *ctx, struct crm_value *out, struct crm_err *err)
{
	struct crm_str ref = text;
	struct crm_id id;
	uint8_t kind;

	if (crm_id_parse(ctx->schema, text, &id) == CRM_OK)
		return take_id(f, ctx->schema, text, &id, out, err);
	kind = take_prefix(&ref);
	if (kind && f->ref && kind != f->ref)
		return wrong_kind(f, text, crm_letter_of(kind)->name,
		    crm_letter_of(f->ref)->name, err);
	if (kind && crm_id_parse(ctx->schema, ref, &id) == CRM_OK) {
		if (id.kind != kind)
			return wrong_kind(f, text,
			    id_name(ctx->schema, id.kind, id.part),
			    crm_letter_of(kind)->name, err);
		return take_id(f, ctx->schema, text, &id, out, err);
	}
	if (ref.n > 1 && ref.p[0] == '#' &&
	    (kind	 ? kind
		: f->ref ? f->ref
			 : CRM_K_ORDER) == CRM_K_ORDER) {
		out->kind = CRM_K_ORDER; /* by its number */
		return crm_value_enter(f, ref, ctx, &out->s, err);
	}
	if (!is_reference(ref))
		return no_id(f, text, err);
	out->kind = kind ? kind : f->ref;
	return crm_value_enter(f, ref, ctx, &out->s, err);
}
