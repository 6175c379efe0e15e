/*
 * view.c - the rows of a part as a kind of their own.
 *
 * `crm-order lines` prints, filters and sorts rows like records; a view makes a
 * kind of them, so that nothing else has to know of parts.  A name that occurs
 * twice would be two columns of one name: that is a fault in the tables.
 */
#include <crm/schema.h>

static int
add(struct crm_view *v, struct crm_field *fields, const struct crm_field *f,
    int from, struct crm_err *err)
{
	struct crm_kind *k = &v->kind;

	if (k->nfields >= CRM_FIELDS_MAX)
		return crm_err_set(err, CRM_EBUG,
		    "the view of '%s' has too many fields", k->name);
	if (crm_kind_field(k, crm_str(f->name)) >= 0)
		return crm_err_set(err, CRM_EBUG,
		    "the view of '%s' has two fields '%s'", k->name, f->name);
	v->from[k->nfields] = from;
	fields[k->nfields++] = *f;
	return CRM_OK;
}

static int
add_all(struct crm_view *v, struct crm_field *fields, const struct crm_kind *k,
    const struct crm_part *p, const char *id, struct crm_err *err)
{
	const struct crm_field own = {.name = id,
	    .type = CRM_T_ID,
	    .ref = k->number,
	    .flags = CRM_F_READONLY,
	    .help = "its number"};
	int r = add(v, fields, &own, -1, err);

	for (int i = 0; r == CRM_OK && i < k->nfields; i++)
		if (i == 0 || (k->fields[i].flags & CRM_F_LINES))
			r = add(v, fields, &k->fields[i], i, err);
	for (int i = 0; r == CRM_OK && i < p->nfields; i++)
		r = add(v, fields, &p->fields[i], CRM_VIEW_PART + i, err);
	return r;
}

int
crm_schema_view(const struct crm_schema *s, const struct crm_kind *k, int part,
    struct crm_arena *a, struct crm_view *out, struct crm_err *err)
{
	struct crm_field *fields;
	const struct crm_part *p;
	size_t n, most;
	char *id;
	int r;

	(void)s;
	memset(out, 0, sizeof *out);
	if (part < 0 || part >= k->nparts)
		return crm_err_set(
		    err, CRM_EBUG, "'%s' has no part %d", k->name, part);
	p = &k->parts[part];
	n = strlen(p->name);
	most = (size_t)1 + k->nfields + p->nfields;
	fields = crm_arena_alloc(a, most * sizeof *fields);
	id = crm_arena_alloc(a, n + sizeof "_id");
	if (!fields || !id)
		return crm_err_nomem(err);
	memcpy(id, p->name, n);
	memcpy(id + n, "_id", sizeof "_id");
	out->part = part;
	out->kind = (struct crm_kind){.name = p->name,
	    .letter = k->letter,
	    .number = k->number,
	    .fields = fields,
	    .help = p->help};
	r = add_all(out, fields, k, p, id, err);
	if (r == CRM_OK && k->time &&
	    crm_kind_field(&out->kind, crm_str(k->time)) >= 0)
		out->kind.time = k->time;
	return r;
}
