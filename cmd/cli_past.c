/*
 * cli_past.c - --as-of: the store as it was known then.
 *
 * What the option says is read by the clock and the zone of now, as it is
 * about the log, whose times are the real clock's; CRM_NOW does not move it.
 * All that follows (--at, days, fields) is by the settings of then.
 */
#include "cli_parts.h"

static int
take(struct cli *c, const char *text, uint64_t *out, struct crm_err *err)
{
	struct crm_str s = crm_str(text);
	int64_t n;
	int code;

	if (!crm_str_starts(s, CRM_STR("rev:"))) {
		code = cli_moment(c, "--as-of", text, &n, err);
		return code < 0 ? code : crm_past_find(c->store, n, out, err);
	}
	s.p += 4;
	s.n -= 4;
	if (crm_int_parse(s, &n) < 0 || n < 1) {
		crm_err_set(err, CRM_EUSAGE, "'%s' is not a revision", text);
		crm_err_hint(err, "write rev:42; crm-log list has them");
		return CRM_EUSAGE;
	}
	*out = (uint64_t)n;
	return CRM_OK;
}

int
cli_past_lay(struct cli *c, struct crm_err *err)
{
	uint64_t revision;
	int code;

	if (!cli_opt.as_of || !c->store || c->past)
		return CRM_OK;
	code = take(c, cli_opt.as_of, &revision, err);
	if (code == CRM_OK)
		code = crm_past_open(&c->past, c->store, revision, err);
	/* no answer to what was asked, so not the answer no */
	if (code == CRM_NOTFOUND)
		err->code = code = CRM_EUSAGE;
	if (code == CRM_EUSAGE && !err->field[0])
		crm_err_field(err, "--as-of", 7);
	if (code < 0)
		return code;
	c->schema = crm_past_schema(c->past);
	if (c->command->kind)
		c->kind = crm_schema_kind(c->schema, crm_str(c->command->kind));
	return CRM_OK;
}
