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

void
crm_dups_want(
    const struct crm_dups *d, const struct crm_kind *k, struct crm_want *want)
{
	static const char *const always[] = {
	    "name", "type", "given", "family", "company"};

	for (size_t i = 0; i < sizeof always / sizeof *always; i++)
		crm_want_field(want, crm_kind_field(k, crm_str(always[i])));
	for (size_t i = 0; i < d->columns; i++) {
		int f = crm_kind_field(k, crm_str(crm_dups_name(d, i)));

		if (f >= 0)
			crm_want_field(want, f);
		else
			want->parts |= 1u
				       << crm_kind_part(k, CRM_STR("identity"));
	}
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

int
crm_dups_person(const struct crm_dups *d, const struct crm_schema *s,
    const struct crm_record *rec, struct crm_arena *a, struct crm_str *out,
    struct crm_err *err)
{
	struct crm_str given = crm_record_get(rec, "given")->s;
	struct crm_str family = crm_record_get(rec, "family")->s;
	struct crm_str name = crm_record_get(rec, "name")->s;
	struct crm_str company = crm_record_get(rec, "company")->s;
	const struct crm_value *type = crm_record_get(rec, "type");
	bool person = type->type == CRM_T_NONE || crm_str_is(type->s, "person");

	if (given.n + family.n == 0 && person && company.n == 0)
		part_name(name, &given, &family);
	else if (!person && given.n + family.n + company.n == 0)
		company = name;
	for (size_t i = 0; i < d->columns; i++) {
		const char *field = crm_dups_name(d, i);
		const struct crm_value *v;
		struct crm_buf b = {.max = 1 << 16};
		int code = CRM_OK;

		if (strcmp(field, "given") == 0)
			out[i] = given;
		else if (strcmp(field, "family") == 0)
			out[i] = family;
		else if (strcmp(field, "company") == 0)
			out[i] = company;
		else if (strncmp(field, CRM_DUP_SCHEME,
			     strlen(CRM_DUP_SCHEME)) == 0)
			out[i] = identity(
			    rec, crm_str(field + strlen(CRM_DUP_SCHEME)));
		else if ((v = crm_record_get(rec, field))->type == CRM_T_TEXT ||
			 v->type == CRM_T_NONE)
			out[i] = v->s; /* no value is empty */
		else {
			crm_value_put(s, &b, v, true);
			code = crm_buf_keep(&b, a, &out[i], err);
		}
		crm_buf_release(&b);
		if (code < 0)
			return code;
	}
	return CRM_OK;
}
