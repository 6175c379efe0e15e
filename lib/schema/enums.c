/*
 * enums.c - names of types, names of an enum's values.
 *
 * An enum's values are one comma-separated text, scanned anew each time: they
 * are few and short, and a table made of them would have to be made at each
 * start of each command.
 */
#include <crm/schema.h>

#include "value.h"

static const char *const type_names[CRM_TYPES] = {
    [CRM_T_NONE] = "none",
    [CRM_T_ID] = "id",
    [CRM_T_INT] = "int",
    [CRM_T_DECIMAL] = "decimal",
    [CRM_T_MONEY] = "money",
    [CRM_T_TIME] = "time",
    [CRM_T_DATE] = "date",
    [CRM_T_BOOL] = "bool",
    [CRM_T_ENUM] = "enum",
    [CRM_T_LIST] = "list",
    [CRM_T_TEXT] = "text",
    [CRM_T_SPAN] = "span",
};

const char *
crm_type_name(enum crm_type t)
{
	return (unsigned)t < CRM_TYPES ? type_names[t] : "none";
}

unsigned
crm_enum_count(const char *values)
{
	unsigned n = 1;

	if (!values || values[0] == '\0')
		return 0;
	for (; *values; values++)
		n += *values == ',';
	return n;
}

struct crm_str
crm_enum_name(const char *values, unsigned place)
{
	const char *p = values, *end;

	/* For each enum of each record that is read: no more than is needed. */
	if (!p || place == 0)
		return (struct crm_str){"", 0};
	for (;;) {
		end = strchrnul(p, ',');
		if (--place == 0)
			return (struct crm_str){p, (size_t)(end - p)};
		if (*end == '\0')
			return (struct crm_str){"", 0};
		p = end + 1;
	}
}

unsigned
crm_enum_find(const char *values, struct crm_str name, struct crm_str *out)
{
	unsigned place = 1;
	const char *p = values;

	if (!p || name.n == 0)
		return 0;
	for (;;) {
		size_t i = 0;

		while (i < name.n && p[i] == name.p[i] && p[i] != ',' &&
		       p[i] != '\0')
			i++;
		if (i == name.n && (p[i] == ',' || p[i] == '\0')) {
			*out = (struct crm_str){p, name.n};
			return place;
		}
		p = strchrnul(p + i, ',');
		if (*p++ == '\0')
			return 0;
		place++;
	}
}

unsigned
crm_enum_place(const char *values, struct crm_str name)
{
	struct crm_str found;

	return crm_enum_find(values, name, &found);
}

struct crm_value
crm_value_enum(const char *values, unsigned place)
{
	struct crm_value v = {.type = CRM_T_NONE};
	struct crm_str name = crm_enum_name(values, place);

	if (name.n > 0) {
		v.type = CRM_T_ENUM;
		v.i = place;
		v.s = name;
	}
	return v;
}
