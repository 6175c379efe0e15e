/*
 * costs.c - what things cost the shop, looked up in the settings.
 */
#include <crm/schema.h>

bool
crm_settings_cost(const struct crm_settings *s, const char *group,
    struct crm_str name, unsigned digits, int64_t *out)
{
	struct crm_str rest = s ? s->costs : (struct crm_str){"", 0}, one, key;
	size_t n = strlen(group);

	*out = 0;
	while (rest.n > 0 && crm_str_split(&rest, ',', &one)) {
		if (!crm_str_split(&one, '=', &key))
			continue;
		if (key.n < n || memcmp(key.p, group, n) != 0)
			continue;
		key.p += n;
		key.n -= n;
		if (name.n > 0) {
			if (key.n == 0 || key.p[0] != '.')
				continue;
			key.p++;
			key.n--;
		}
		if (crm_str_eq(key, name))
			return crm_money_parse(one, digits, out) == CRM_OK;
	}
	return false;
}
