/*
 * settings_read.c - crm.yaml.
 *
 * The file says all of it: what it does not mention is not set - but for the
 * currency, country and zone of a store that has them, which are facts and
 * not choices.  The currency of a store never changes, as every figure in it
 * is in that currency.
 */
#include "config/settings.h"

/* ISO 3166-1 alpha-2, the officially assigned codes (2024). */
static const char countries[] =
    "ADAEAFAGAIALAMAOAQARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBVBWBY"
    "BZCACCCDCFCGCHCICKCLCMCNCOCRCUCVCWCXCYCZDEDJDKDMDODZECEEEGEHERESETFIFJFK"
    "FMFOFRGAGBGDGEGFGGGHGIGLGMGNGPGQGRGSGTGUGWGYHKHMHNHRHTHUIDIEILIMINIOIQIR"
    "ISITJEJMJOJPKEKGKHKIKMKNKPKRKWKYKZLALBLCLILKLRLSLTLULVLYMAMCMDMEMFMGMHMK"
    "MLMMMNMOMPMQMRMSMTMUMVMWMXMYMZNANCNENFNGNINLNONPNRNUNZOMPAPEPFPGPHPKPLPM"
    "PNPRPSPTPWPYQARERORSRURWSASBSCSDSESGSHSISJSKSLSMSNSOSRSSSTSVSXSYSZTCTDTF"
    "TGTHTJTKTLTMTNTOTRTTTVTWTZUAUGUMUSUYUZVAVCVEVGVIVNVUWFWSYEYTZAZMZW";

static int
shown(struct crm_str s)
{
	return s.n > 80 ? 80 : (int)s.n;
}

static bool
has_value(const struct crm_node *n)
{
	return n && n->text.n > 0;
}

static int
read_currency(
    struct crm_setup *s, const struct crm_node *map, const struct crm_node *n)
{
	struct crm_str had = {"", 0};

	if (s->applied)
		had = s->applied->currency;
	if (!has_value(n)) {
		if (had.n == 0)
			return crm_node_err(n ? n : map, s->name, s->err,
			    "'currency' is missing, wanted one like EUR");
		s->out->currency = crm_arena_str(s->arena, had);
		return s->out->currency.p ? CRM_OK : crm_err_nomem(s->err);
	}
	if (crm_currency_digits(n->text) < 0)
		return crm_node_err(n, s->name, s->err,
		    "'%.*s' is not an ISO 4217 currency, wanted one like EUR",
		    shown(n->text), n->text.p);
	if (had.n > 0 && !crm_str_eq(had, n->text))
		return crm_node_err(n, s->name, s->err,
		    "the currency of this store is %.*s, which cannot change "
		    "to %.*s",
		    shown(had), had.p, shown(n->text), n->text.p);
	s->out->currency = n->text;
	return CRM_OK;
}

static int
read_country(struct crm_setup *s, const struct crm_node *n)
{
	if (!has_value(n)) {
		if (!s->applied || s->applied->country.n == 0)
			return CRM_OK;
		s->out->country = crm_arena_str(s->arena, s->applied->country);
		return s->out->country.p ? CRM_OK : crm_err_nomem(s->err);
	}
	for (size_t i = 0; n->text.n == 2 && i + 1 < sizeof countries; i += 2)
		if (memcmp(countries + i, n->text.p, 2) == 0) {
			s->out->country = n->text;
			return CRM_OK;
		}
	return crm_node_err(n, s->name, s->err,
	    "'%.*s' is not an ISO 3166 country, wanted one like DE",
	    shown(n->text), n->text.p);
}

/* UTC has no rules, and so needs no file of them. */
static int
read_zone(struct crm_setup *s, const struct crm_node *map,
    const struct crm_node *n, const char *zoneinfo)
{
	struct crm_buf rules = {0};
	struct crm_str name = {"UTC", 3};
	int code = CRM_OK;

	if (has_value(n))
		name = n->text;
	else if (s->applied && s->applied->timezone.n > 0)
		name = s->applied->timezone;
	s->out->timezone = crm_arena_str(s->arena, name);
	if (!s->out->timezone.p)
		return crm_err_nomem(s->err);
	if (crm_str_is(name, "UTC"))
		return CRM_OK;
	code = crm_zone_read(zoneinfo, name, &rules, s->err);
	/* A machine without zone files can keep the rules there are. */
	if (code == CRM_ECONFIG && s->applied &&
	    crm_str_eq(s->applied->timezone, name) && s->applied->tzif.n > 0) {
		crm_buf_clear(&rules);
		crm_buf_putstr(&rules, s->applied->tzif);
		code = crm_buf_check(&rules, s->err);
	}
	if (code == CRM_OK) {
		s->out->tzif = crm_arena_str(s->arena, crm_buf_str(&rules));
		if (!s->out->tzif.p)
			code = crm_err_nomem(s->err);
	} else if (code == CRM_ECONFIG) {
		const struct crm_node *at = n ? n : map;

		crm_err_place(s->err, s->name, at->line);
		crm_err_field(s->err, "timezone", 8);
	}
	crm_buf_release(&rules);
	return code;
}

/* Two digits of a time of day; -1 when they are not. */
static int
two(struct crm_str s, size_t at)
{
	if (s.p[at] < '0' || s.p[at] > '9' || s.p[at + 1] < '0' ||
	    s.p[at + 1] > '9')
		return -1;
	return (s.p[at] - '0') * 10 + (s.p[at + 1] - '0');
}

static int
read_day_start(struct crm_setup *s, const struct crm_node *n)
{
	int hour = -1, minute = -1;

	if (!has_value(n))
		return CRM_OK;
	if (n->text.n == 5 && n->text.p[2] == ':') {
		hour = two(n->text, 0);
		minute = two(n->text, 3);
	}
	if (hour < 0 || hour > 23 || minute < 0 || minute > 59)
		return crm_node_err(n, s->name, s->err,
		    "'%.*s' is not a time of day, wanted one like 04:00",
		    shown(n->text), n->text.p);
	s->out->day_start = hour * 3600 + minute * 60;
	return CRM_OK;
}

/* One of the values of an order's status. */
static bool
is_status(const struct crm_setup *s, struct crm_str word)
{
	const struct crm_kind *k = &s->builtin->kind[CRM_K_ORDER];
	int i = k->name ? crm_kind_field(k, CRM_STR("status")) : -1;

	if (i < 0)
		return crm_setup_name_ok(word);
	return crm_enum_place(k->fields[i].values, word) > 0;
}

static int
read_revenue(struct crm_setup *s, const struct crm_node *n)
{
	static const struct crm_node_rule rules[] = {
	    {"statuses", CRM_NODE_LIST, false},
	};
	const struct crm_node *list;
	int code;

	if (!n)
		return CRM_OK;
	code = crm_node_check(n, rules, 1, s->name, s->err);
	list = crm_node_get(n, "statuses");
	if (code < 0 || !list)
		return code;
	return crm_setup_words(
	    s, list, "a status of an order", is_status, &s->out->statuses);
}

static int
read_segment(
    struct crm_setup *s, const struct crm_node *n, struct crm_segment *out)
{
	static const struct crm_node_rule rules[] = {
	    {"where", CRM_NODE_SCALAR, true},
	    {"help", CRM_NODE_SCALAR, false},
	};
	const struct crm_node *where, *help;
	int code;

	if (!crm_setup_name_ok(n->key))
		return crm_node_err(n, s->name, s->err,
		    "not a name for a segment (wanted: small letters, digits "
		    "and _, a letter first)");
	code = crm_node_check(n, rules, 2, s->name, s->err);
	if (code < 0)
		return code;
	where = crm_node_get(n, "where");
	help = crm_node_get(n, "help");
	if (!has_value(where))
		return crm_node_err(where, s->name, s->err,
		    "the segment '%.*s' needs a condition", shown(n->key),
		    n->key.p);
	out->name = n->key;
	out->where = where->text;
	out->help = help ? help->text : (struct crm_str){"", 0};
	return CRM_OK;
}

static int
read_segments(struct crm_setup *s, const struct crm_node *map)
{
	if (!map || map->count == 0)
		return CRM_OK;
	s->out->segment =
	    crm_arena_zalloc(s->arena, map->count * sizeof *s->out->segment);
	if (!s->out->segment)
		return crm_err_nomem(s->err);
	for (const struct crm_node *n = map->first; n; n = n->next) {
		int code =
		    read_segment(s, n, &s->out->segment[s->out->nsegment]);

		if (code < 0)
			return code;
		s->out->nsegment++;
	}
	return CRM_OK;
}

#define LIMIT "a limit like email=90 or product.gtin.validity=99.5"

/* Fields of the shop's own are known only when all is read. */
static int
check_limits(const struct crm_schema *whole, const struct crm_settings *set,
    struct crm_err *err)
{
	struct crm_str rest = set->quality, word;

	while (rest.n > 0) {
		struct crm_limit limit;
		int r;

		crm_str_split(&rest, ',', &word);
		r = crm_limit_parse(
		    whole, &whole->kind[CRM_K_CUSTOMER], word, &limit);
		if (r == CRM_OK)
			continue;
		if (r == CRM_NOTFOUND)
			crm_err_set(err, CRM_ECONFIG,
			    "%s %s has no field '%.*s'",
			    crm_article(limit.kind->name), limit.kind->name,
			    shown(limit.name), limit.name.p);
		else
			crm_err_set(err, CRM_ECONFIG, "'%.*s' is not " LIMIT,
			    shown(word), word.p);
		crm_err_field(err, "quality", 7);
		return CRM_ECONFIG;
	}
	return CRM_OK;
}

static const struct crm_node_rule top_rules[] = {
    {"currency", CRM_NODE_SCALAR, false},
    {"timezone", CRM_NODE_SCALAR, false},
    {"country", CRM_NODE_SCALAR, false},
    {"day_start", CRM_NODE_SCALAR, false},
    {"revenue", CRM_NODE_MAP, false},
    {"ignore", CRM_NODE_LIST, false},
    {"quality", CRM_NODE_LIST, false},
    {"fields", CRM_NODE_MAP, false},
    {"segments", CRM_NODE_MAP, false},
    {"costs", CRM_NODE_MAP, false},
};

static int
read_all(struct crm_setup *s, const struct crm_node *root, const char *zoneinfo)
{
	const struct crm_node *n;
	int code;

	code = crm_node_check(root, top_rules,
	    sizeof top_rules / sizeof *top_rules, s->name, s->err);
	if (code == CRM_OK)
		code = read_currency(s, root, crm_node_get(root, "currency"));
	if (code == CRM_OK)
		code = read_zone(
		    s, root, crm_node_get(root, "timezone"), zoneinfo);
	if (code == CRM_OK)
		code = read_country(s, crm_node_get(root, "country"));
	if (code == CRM_OK)
		code = read_day_start(s, crm_node_get(root, "day_start"));
	if (code == CRM_OK)
		code = read_revenue(s, crm_node_get(root, "revenue"));
	n = crm_node_get(root, "ignore");
	if (code == CRM_OK && n)
		code = crm_setup_words(
		    s, n, "an identity (no comma)", NULL, &s->out->ignore);
	n = crm_node_get(root, "quality");
	if (code == CRM_OK && n)
		code = crm_setup_words(s, n, LIMIT, NULL, &s->out->quality);
	n = crm_node_get(root, "fields");
	if (code == CRM_OK && n)
		code = crm_setup_fields(s, n);
	if (code == CRM_OK)
		code = read_segments(s, crm_node_get(root, "segments"));
	if (code == CRM_OK)
		code = crm_setup_costs(s, crm_node_get(root, "costs"));
	return code;
}

int
crm_settings_read(struct crm_str yaml, const char *name,
    const struct crm_settings *applied, const char *zoneinfo,
    struct crm_arena *a, struct crm_settings *out, struct crm_err *err)
{
	struct crm_schema builtin = {0}, whole = {0};
	struct crm_str none = {"", 0};
	struct crm_setup s = {name, applied, &builtin, a, out, err};
	struct crm_node *root = NULL;
	int code;

	*out = (struct crm_settings){.currency = none,
	    .timezone = none,
	    .country = none,
	    .tzif = none,
	    .statuses = none,
	    .ignore = none,
	    .costs = none,
	    .quality = none,
	    .next_tag = CRM_TAG_CUSTOM};
	if (applied && applied->next_tag > CRM_TAG_CUSTOM)
		out->next_tag = applied->next_tag;
	code = crm_yaml_parse(yaml, name, a, &root, err);
	if (code < 0)
		return code;
	code = crm_schema_init(&builtin, NULL, err);
	if (code < 0)
		return code;
	code = read_all(&s, root, zoneinfo);
	/* The schema has the last word on what it can be made of. */
	if (code == CRM_OK) {
		code = crm_schema_init(&whole, out, err);
		if (code == CRM_OK)
			code = check_limits(&whole, out, err);
		if (code < 0)
			crm_err_place(err, name, 0);
		crm_schema_release(&whole);
	}
	crm_schema_release(&builtin);
	return code;
}
