/*
 * schema.c - the kinds of one store: the built-in tables and custom fields.
 *
 * Every command makes a schema when it starts, so nothing is built that a
 * pointer can stand for: kinds are copied as they are, their fields stay where
 * the compiler put them, and only a kind with custom fields gets an array of
 * its own.  Names are found by scanning: a map would cost more to fill than the
 * few look-ups of a header do.  What is asked again and again is guessed.
 */
#include <crm/schema.h>

#include "kinds.h"

static bool
same(const char *name, struct crm_str s)
{
	/* most names differ in their first two bytes */
	return s.n > 0 && name[0] == s.p[0] &&
	       (s.n == 1 || name[1] == s.p[1]) && strlen(name) == s.n &&
	       memcmp(name, s.p, s.n) == 0;
}

/*
 * Rules ask for the same few fields of every record, by literals: where the
 * one was found that this text, in this place, named last is looked first.  A
 * guess that is wrong costs a comparison.
 */
static int
find_field(const struct crm_field *f, size_t n, struct crm_str name)
{
	static _Thread_local uint8_t guesses[256];
	uint64_t where = (uintptr_t)name.p ^ (uint64_t)(uintptr_t)f << 7;
	uint8_t *guess = &guesses[where * 0x9e3779b97f4a7c15U >> 56];

	if (*guess < n && same(f[*guess].name, name))
		return *guess;
	for (size_t i = 0; i < n; i++)
		if (same(f[i].name, name)) {
			*guess = (uint8_t)i;
			return (int)i;
		}
	return -1;
}

int
crm_kind_field(const struct crm_kind *k, struct crm_str name)
{
	return find_field(k->fields, k->nfields, name);
}

int
crm_part_field(const struct crm_part *p, struct crm_str name)
{
	return find_field(p->fields, p->nfields, name);
}

int
crm_kind_part(const struct crm_kind *k, struct crm_str name)
{
	for (int i = 0; i < k->nparts; i++)
		if (same(k->parts[i].name, name))
			return i;
	return -1;
}

const struct crm_kind *
crm_schema_kind(const struct crm_schema *s, struct crm_str name)
{
	for (int i = 0; i < CRM_K_MAX; i++)
		if (s->kind[i].name && same(s->kind[i].name, name))
			return &s->kind[i];
	return NULL;
}

const struct crm_kind *
crm_schema_by_id(const struct crm_schema *s, struct crm_str column)
{
	for (int i = 0; i < CRM_K_MAX; i++)
		if (s->kind[i].nfields > 0 &&
		    same(s->kind[i].fields[0].name, column))
			return &s->kind[i];
	return NULL;
}

/* ---- custom fields ---- */

static bool
name_ok(struct crm_str s)
{
	if (s.n == 0 || s.n > 63 || s.p[0] < 'a' || s.p[0] > 'z')
		return false;
	for (size_t i = 1; i < s.n; i++)
		if (!((s.p[i] >= 'a' && s.p[i] <= 'z') ||
			(s.p[i] >= '0' && s.p[i] <= '9') || s.p[i] == '_'))
			return false;
	return true;
}

/* Names that the parts of a kind have in their own streams. */
static bool
in_parts(const struct crm_kind *k, struct crm_str name)
{
	for (int i = 0; i < k->nparts; i++) {
		const struct crm_part *p = &k->parts[i];
		size_t n = strlen(p->name);

		if (crm_part_field(p, name) >= 0)
			return true;
		if (name.n == n + 3 && memcmp(name.p, p->name, n) == 0 &&
		    memcmp(name.p + n, "_id", 3) == 0)
			return true;
	}
	return false;
}

static int
refuse(const struct crm_custom *c, struct crm_err *err, const char *what)
{
	int n = c->name.n > 80 ? 80 : (int)c->name.n;
	int kn = c->kind.n > 80 ? 80 : (int)c->kind.n;

	return crm_err_set(err, CRM_ECONFIG, "custom field '%.*s' of '%.*s' %s",
	    n, c->name.p, kn, c->kind.p, what);
}

static enum crm_type
custom_type(struct crm_str name)
{
	for (int t = CRM_T_ID; t <= CRM_T_TEXT; t++)
		if (same(crm_type_name((enum crm_type)t), name))
			return (enum crm_type)t;
	return CRM_T_NONE;
}

/* Sets type and, of an id, the kind it names, which `values` says. */
static int
set_type(const struct crm_schema *s, const struct crm_custom *c,
    struct crm_field *f, struct crm_err *err)
{
	const struct crm_kind *ref, *owner;

	f->type = (uint8_t)custom_type(c->type);
	if (f->type == CRM_T_NONE)
		return refuse(c, err, "has a type that is not known");
	if (f->type == CRM_T_ENUM && c->values.n == 0)
		return refuse(c, err, "is an enum without values");
	if (f->type == CRM_T_ID && c->values.n > 0) {
		ref = crm_schema_kind(s, c->values);
		if (!ref)
			return refuse(c, err, "names a kind that is not known");
		f->ref = ref->number;
	}
	/* customer_id means the customer in every stream. */
	owner = crm_schema_by_id(s, c->name);
	if (owner && (f->type != CRM_T_ID || f->ref != owner->number))
		return refuse(c, err, "has the name of another kind's id");
	return CRM_OK;
}

static int
set_texts(struct crm_arena *a, const struct crm_custom *c, struct crm_field *f,
    struct crm_err *err)
{
	f->name = crm_arena_str(a, c->name).p;
	f->help = crm_arena_str(a, c->help).p;
	if (f->type == CRM_T_ENUM)
		f->values = crm_arena_str(a, c->values).p;
	if (!f->name || !f->help || (f->type == CRM_T_ENUM && !f->values))
		return crm_err_nomem(err);
	return CRM_OK;
}

/* Appends the field to its kind, whose array has room and is fields. */
static int
add_custom(struct crm_schema *s, const struct crm_custom *c, struct crm_kind *k,
    struct crm_field *fields, struct crm_err *err)
{
	struct crm_field *f = &fields[k->nfields];
	int r;

	*f =
	    (struct crm_field){.tag = c->tag, .flags = c->flags | CRM_F_CUSTOM};
	if (!name_ok(c->name))
		return refuse(c, err, "has a name that cannot be a column's");
	if (crm_kind_field(k, c->name) >= 0 || in_parts(k, c->name))
		return refuse(c, err, "has a name that is taken");
	if (c->tag < CRM_TAG_CUSTOM)
		return refuse(c, err, "has no tag of its own");
	for (size_t i = 0; i < k->nfields; i++)
		if (fields[i].tag == c->tag)
			return refuse(c, err, "has the tag of another");
	r = set_type(s, c, f, err);
	if (r == CRM_OK)
		r = set_texts(&s->arena, c, f, err);
	if (r == CRM_OK)
		k->nfields++;
	return r;
}

static int
add_customs(
    struct crm_schema *s, const struct crm_settings *set, struct crm_err *err)
{
	size_t extra[CRM_K_MAX] = {0};
	struct crm_field *own[CRM_K_MAX] = {0};
	int r = CRM_OK;

	for (size_t i = 0; i < set->ncustom; i++) {
		const struct crm_kind *k =
		    crm_schema_kind(s, set->custom[i].kind);

		if (!k)
			return refuse(&set->custom[i], err,
			    "is of a kind that is not known");
		if (k->nfields + ++extra[k->number] > CRM_FIELDS_MAX)
			return refuse(
			    &set->custom[i], err, "is one field too many");
	}
	for (size_t i = 0; r == CRM_OK && i < set->ncustom; i++) {
		struct crm_kind *k =
		    &s->kind[crm_schema_kind(s, set->custom[i].kind)->number];
		unsigned no = k->number;

		if (!own[no]) {
			own[no] = crm_arena_alloc(&s->arena,
			    (k->nfields + extra[no]) * sizeof *own[no]);
			if (!own[no])
				return crm_err_nomem(err);
			memcpy(
			    own[no], k->fields, k->nfields * sizeof *own[no]);
			k->fields = own[no];
		}
		r = add_custom(s, &set->custom[i], k, own[no], err);
	}
	return r;
}

static int
use_settings(
    struct crm_schema *s, const struct crm_settings *set, struct crm_err *err)
{
	int r = CRM_OK;

	if (set->currency.n > 0) {
		s->digits = crm_currency_digits(set->currency);
		if (s->digits < 0)
			return crm_err_set(err, CRM_ECONFIG,
			    "'%.*s' is not an ISO 4217 currency",
			    set->currency.n > 80 ? 80 : (int)set->currency.n,
			    set->currency.p);
	}
	if (set->day_start < 0 || set->day_start >= CRM_DAY)
		return crm_err_set(err, CRM_ECONFIG,
		    "day_start is not a time of day: %lld seconds",
		    (long long)set->day_start);
	s->calendar.day_start = (int32_t)set->day_start;
	if (set->tzif.n > 0)
		r = crm_zone_parse(set->tzif, &s->zone, err);
	if (r == CRM_OK && set->ncustom > 0)
		r = add_customs(s, set, err);
	return r;
}

void
crm_kind_tags(const struct crm_kind *k, uint8_t out[CRM_TAGS])
{
	memset(out, 0, CRM_TAGS);
	for (unsigned i = 1; i < k->nfields && i < CRM_FIELDS_MAX; i++) {
		const struct crm_field *f = &k->fields[i];

		if (f->tag > 0 && f->tag < CRM_TAGS &&
		    !(f->flags & (CRM_F_FIGURE | CRM_F_VIRTUAL)))
			out[f->tag] = (uint8_t)(i + 1);
	}
}

/* At each start of each command, so without a search by name. */
static void
index_kinds(struct crm_schema *s)
{
	for (unsigned i = 0; i < CRM_K_TAGGED; i++) {
		const struct crm_kind *k = &s->kind[i];

		if (!k->name)
			continue;
		crm_kind_tags(k, s->by_tag[i]);
		for (unsigned f = 1; f < k->nfields; f++)
			if (k->fields[f].name[0] == 'c' &&
			    strcmp(k->fields[f].name, "currency") == 0)
				s->currency[i] = (uint8_t)f;
	}
}

static bool
is_special(const struct crm_field *f)
{
	return f->type == CRM_T_ID ||
	       (f->flags & (CRM_F_REQUIRED | CRM_F_INDEX | CRM_F_UNIQUE |
			       CRM_F_IDENT | CRM_F_WORDS)) != 0;
}

struct crm_field_set
crm_kind_special(const struct crm_schema *s, const struct crm_kind *k)
{
	unsigned number = k->number;
	struct crm_field_set all = {{0}};

	if (s->has_special && number < CRM_K_TAGGED &&
	    s->kind[number].fields == k->fields)
		return s->special[number];
	for (unsigned i = 1; i < k->nfields; i++)
		all.bits[i / 64] |= (uint64_t)1 << i % 64;
	return all;
}

void
crm_schema_note(struct crm_schema *s)
{
	for (unsigned n = 0; n < CRM_K_TAGGED; n++)
		for (unsigned i = 1; i < s->kind[n].nfields; i++)
			if (is_special(&s->kind[n].fields[i]))
				s->special[n].bits[i / 64] |= (uint64_t)1
							      << i % 64;
	s->has_special = true;
}

int
crm_schema_init(struct crm_schema *s, const struct crm_settings *settings,
    struct crm_err *err)
{
	int r = CRM_OK;

	memset(s, 0, sizeof *s);
	for (const struct crm_kind *k = crm_kinds_builtin; k->name; k++)
		s->kind[k->number] = *k;
	s->settings = settings;
	s->digits = 2;
	s->calendar.zone = &s->zone;
	if (settings)
		r = use_settings(s, settings, err);
	if (settings)
		index_kinds(s);
	if (r < 0)
		crm_schema_release(s);
	return r;
}

void
crm_schema_release(struct crm_schema *s)
{
	crm_arena_release(&s->arena);
	memset(s, 0, sizeof *s);
}
