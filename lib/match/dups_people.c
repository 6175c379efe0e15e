/*
 * dups_people.c - customers as records to compare.
 *
 * Of a name only given and family name are compared, made of the whole one
 * where they were not given: the same words in two columns would count twice.
 * An organisation has its name alone.
 */
#include <stdlib.h>

#include <crm/dedupe.h>
#include <crm/err.h>

static const struct {
	const char *field;
	int type;
} usual[] = {
    {"given", CRM_DUP_GIVEN},
    {"family", CRM_DUP_FAMILY},
    {"company", CRM_DUP_NAME},
    {"birth_date", CRM_DUP_DATE},
    {"email", CRM_DUP_EMAIL},
    {"phone", CRM_DUP_PHONE},
    {"street", CRM_DUP_STREET},
    {"postcode", CRM_DUP_POSTCODE},
    {"city", CRM_DUP_PLACE},
    {"region", CRM_DUP_PLACE},
};

int
crm_dups_people(struct crm_dups *d, struct crm_err *err)
{
	int code = CRM_OK;

	for (size_t i = 0; code == CRM_OK && i < sizeof usual / sizeof *usual;
	     i++)
		code = crm_dups_column(
		    d, crm_str(usual[i].field), usual[i].type, err);
	return code;
}

/* Looks up what the columns are called, once for all customers. */
static void
resolve(struct crm_dups *d, const struct crm_kind *k)
{
	struct crm_dup_fields *f = &d->fields;

	if (f->kind == k && f->columns == d->columns)
		return;
	f->kind = k;
	f->columns = d->columns;
	f->name = crm_kind_field(k, CRM_STR("name"));
	f->type = crm_kind_field(k, CRM_STR("type"));
	f->given = crm_kind_field(k, CRM_STR("given"));
	f->family = crm_kind_field(k, CRM_STR("family"));
	f->company = crm_kind_field(k, CRM_STR("company"));
	for (size_t i = 0; i < d->columns; i++)
		f->column[i] = crm_kind_field(k, crm_str(crm_dups_name(d, i)));
}

void
crm_dups_want(
    struct crm_dups *d, const struct crm_kind *k, struct crm_want *want)
{
	const struct crm_dup_fields *f = &d->fields;

	resolve(d, k);
	crm_want_field(want, f->name);
	crm_want_field(want, f->type);
	crm_want_field(want, f->given);
	crm_want_field(want, f->family);
	crm_want_field(want, f->company);
	for (size_t i = 0; i < d->columns; i++)
		if (f->column[i] >= 0)
			crm_want_field(want, f->column[i]);
		else
			want->parts |= 1u
				       << crm_kind_part(k, CRM_STR("identity"));
}

/* "Ann Meyer" and "Meyer, Ann" in two; no name is none. */
static void
part_name(struct crm_str name, struct crm_str *given, struct crm_str *family)
{
	const char *comma;
	size_t i = name.n;

	if (name.n == 0)
		return;
	comma = memchr(name.p, ',', name.n);
	if (comma) {
		*family = crm_str_trim(
		    (struct crm_str){name.p, (size_t)(comma - name.p)});
		*given = crm_str_trim((struct crm_str){
		    comma + 1, name.n - (size_t)(comma - name.p) - 1});
		return;
	}
	while (i > 0 && name.p[i - 1] != ' ')
		i--;
	*given = crm_str_trim((struct crm_str){name.p, i});
	*family = (struct crm_str){name.p + i, name.n - i};
}

/* A scheme's first identity. */
static struct crm_str
identity(const struct crm_record *rec, struct crm_str scheme)
{
	const struct crm_kind *k = rec->kind;
	int part = crm_kind_part(k, CRM_STR("identity"));
	int s = crm_part_field(&k->parts[part], CRM_STR("scheme"));
	int v = crm_part_field(&k->parts[part], CRM_STR("value"));

	for (size_t i = 0; i < rec->part[part].n; i++)
		if (crm_str_eq(rec->part[part].row[i].v[s].s, scheme))
			return rec->part[part].row[i].v[v].s;
	return (struct crm_str){"", 0};
}

/* A column that is not of the name. */
static int
other_value(const struct crm_schema *s, const struct crm_record *rec, int field,
    const char *name, struct crm_arena *a, struct crm_str *out,
    struct crm_err *err)
{
	struct crm_buf b = {.max = 1 << 16};
	int code;

	if (field < 0) {
		*out =
		    strncmp(name, CRM_DUP_SCHEME, strlen(CRM_DUP_SCHEME))
			? (struct crm_str){NULL, 0}
			: identity(rec, crm_str(name + strlen(CRM_DUP_SCHEME)));
		return CRM_OK;
	}
	if (rec->v[field].type == CRM_T_TEXT ||
	    rec->v[field].type == CRM_T_NONE) {
		*out = rec->v[field].s; /* no value is empty */
		return CRM_OK;
	}
	crm_value_put(s, &b, &rec->v[field], true);
	code = crm_buf_keep(&b, a, out, err);
	crm_buf_release(&b);
	return code;
}

int
crm_dups_person(struct crm_dups *d, const struct crm_schema *s,
    const struct crm_record *rec, struct crm_arena *a, struct crm_str *out,
    struct crm_err *err)
{
	const struct crm_dup_fields *f = &d->fields;
	struct crm_str given, family, name, company;
	const struct crm_value *type;
	bool person;
	int code = CRM_OK;

	resolve(d, rec->kind);
	given = rec->v[f->given].s;
	family = rec->v[f->family].s;
	name = rec->v[f->name].s;
	company = rec->v[f->company].s;
	type = &rec->v[f->type];
	person = type->type == CRM_T_NONE || crm_str_is(type->s, "person");
	if (given.n + family.n == 0 && person && company.n == 0)
		part_name(name, &given, &family);
	else if (!person && given.n + family.n + company.n == 0)
		company = name;
	for (size_t i = 0; i < d->columns && code == CRM_OK; i++) {
		int field = f->column[i];

		if (field >= 0 && field == f->given)
			out[i] = given;
		else if (field >= 0 && field == f->family)
			out[i] = family;
		else if (field >= 0 && field == f->company)
			out[i] = company;
		else
			code = other_value(s, rec, field, crm_dups_name(d, i),
			    a, &out[i], err);
	}
	return code;
}
