/*
 * limit.c - how much of a field is wanted, as `phone.validity=99.5%`.
 *
 * A word before a point is a kind where there is one of that name: the fields
 * of a kind are not called so.
 */
#include <crm/schema.h>

const char *const crm_measures[CRM_MEASURES + 1] = {
    "completeness", "validity", "freshness", NULL};

static bool
take_percent(struct crm_str s, struct crm_dec *out)
{
	int64_t all = 100;

	if (s.n > 0 && s.p[s.n - 1] == '%')
		s.n--;
	if (crm_dec_parse(crm_str_trim(s), out) < 0 || out->scale > 6)
		return false;
	for (unsigned i = 0; i < out->scale; i++)
		all *= 10;
	return out->v >= 0 && out->v <= all;
}

int
crm_limit_parse(const struct crm_schema *s, const struct crm_kind *kind,
    struct crm_str text, struct crm_limit *out)
{
	struct crm_str rest = text, what, word;
	const struct crm_kind *k;

	*out = (struct crm_limit){.kind = kind};
	if (!crm_str_split(&rest, '=', &what) || rest.p == NULL ||
	    !take_percent(rest, &out->least))
		return CRM_EDATA;
	crm_str_split(&what, '.', &word);
	k = what.p ? crm_schema_kind(s, word) : NULL;
	if (k != NULL) {
		out->kind = k;
		crm_str_split(&what, '.', &word);
	}
	out->name = word;
	out->field = crm_kind_field(out->kind, word);
	if (what.p != NULL) {
		while (out->what < CRM_MEASURES &&
		       !crm_str_is(what, crm_measures[out->what]))
			out->what++;
		if (out->what == CRM_MEASURES)
			return CRM_EDATA;
	}
	return out->field < 1 ? CRM_NOTFOUND : CRM_OK;
}
