/*
 * settings_costs.c - `costs:` of crm.yaml: what things cost the shop.
 *
 * They are kept as one text, "ticket=5.00,touch.phone=3.00", in the order of
 * the table here: few, read by name, and the same text when they are the same.
 * So a name may have neither comma nor equals sign.
 */
#include "config/settings.h"

static const struct crm_node_rule rules[] = {
    {"ticket", CRM_NODE_SCALAR, false},
    {"delivery", CRM_NODE_SCALAR, false},
    {"return", CRM_NODE_SCALAR, false},
    {"touch", CRM_NODE_MAP, false},
    {"minute", CRM_NODE_MAP, false},
    {"channel", CRM_NODE_MAP, false},
    {"campaign", CRM_NODE_MAP, false},
};
enum { RULES = sizeof rules / sizeof *rules };

static int
shown(struct crm_str s)
{
	return s.n > 80 ? 80 : (int)s.n;
}

static int
put_amount(struct crm_setup *s, const struct crm_node *n, const char *group,
    struct crm_buf *b)
{
	int digits = crm_currency_digits(s->out->currency);
	int64_t amount = 0;

	if (crm_money_parse(n->text, (unsigned)digits, &amount) < 0 ||
	    amount < 0)
		return crm_node_err(n, s->name, s->err,
		    "'%.*s' is not an amount of money from 0 on",
		    shown(n->text), n->text.p);
	if (b->n > 0)
		crm_buf_putc(b, ',');
	if (group)
		crm_buf_putf(b, "%s.", group);
	crm_buf_putstr(b, n->key);
	crm_buf_putc(b, '=');
	crm_money_put(b, amount, (unsigned)digits);
	return CRM_OK;
}

/* touch and minute are by the channels there are; where customers came from is
 * any word. */
static int
check_name(struct crm_setup *s, const struct crm_node *n, const char *group)
{
	const struct crm_kind *k = &s->builtin->kind[CRM_K_TOUCH];
	const char *channels;

	for (size_t i = 0; i < n->key.n; i++)
		if (strchr(",=\n", n->key.p[i]))
			return crm_node_err(n, s->name, s->err,
			    "a name with neither comma nor = is wanted");
	if (group[0] == 'c' || !k->name)
		return CRM_OK;
	channels = k->fields[crm_kind_field(k, CRM_STR("channel"))].values;
	if (crm_enum_place(channels, n->key) > 0)
		return CRM_OK;
	return crm_node_err(n, s->name, s->err,
	    "not a channel of contacts (known: %s)", channels);
}

static int
read_group(struct crm_setup *s, const struct crm_node *map, const char *group,
    struct crm_buf *b)
{
	int code = CRM_OK;

	for (const struct crm_node *n = map->first; code == CRM_OK && n;
	     n = n->next) {
		if (n->type != CRM_NODE_SCALAR)
			code = crm_node_err(
			    n, s->name, s->err, "an amount is wanted");
		if (code == CRM_OK)
			code = check_name(s, n, group);
		if (code == CRM_OK)
			code = put_amount(s, n, group, b);
	}
	return code;
}

int
crm_setup_costs(struct crm_setup *s, const struct crm_node *map)
{
	struct crm_buf b = {0};
	int code = CRM_OK;

	if (!map)
		return CRM_OK;
	code = crm_node_check(map, rules, RULES, s->name, s->err);
	for (int i = 0; code == CRM_OK && i < RULES; i++) {
		const struct crm_node *n = crm_node_get(map, rules[i].key);

		if (n && n->type == CRM_NODE_MAP)
			code = read_group(s, n, rules[i].key, &b);
		else if (n)
			code = put_amount(s, n, NULL, &b);
	}
	if (code == CRM_OK)
		code = crm_buf_check(&b, s->err);
	if (code == CRM_OK) {
		s->out->costs = crm_arena_str(s->arena, crm_buf_str(&b));
		if (!s->out->costs.p)
			code = crm_err_nomem(s->err);
	}
	crm_buf_release(&b);
	return code;
}
