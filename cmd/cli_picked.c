/*
 * cli_picked.c - rows of a verb's own, of which -f chooses the columns.
 *
 * They are few and made whole before the first is printed, so the other
 * options of lists are not theirs.
 */
#include "cli.h"

int
cli_picked_open(struct cli *c, const struct crm_field *fields, size_t n,
    struct cli_picked *r, struct crm_err *err)
{
	struct crm_field *shown;
	int code = cli_pick(c, fields, n, &r->pick, &r->n, err);

	if (code < 0)
		return code;
	shown = crm_arena_alloc(&c->arena, r->n * sizeof *shown);
	if (shown == NULL)
		return crm_err_nomem(err);
	for (size_t i = 0; i < r->n; i++)
		shown[i] = fields[r->pick[i]];
	return cli_out(c, shown, r->n, &r->out, err);
}

int
cli_picked_put(
    struct cli_picked *r, const struct crm_value *v, struct crm_err *err)
{
	struct crm_value row[CRM_FIELDS_MAX];

	if (r->out == NULL)
		return CRM_OK;
	for (size_t i = 0; i < r->n; i++)
		row[i] = v[r->pick[i]];
	return crm_out_row(r->out, row, err);
}

int
cli_picked_close(struct cli_picked *r, int code, struct crm_err *err)
{
	if (r->out != NULL && code == CRM_OK)
		return crm_out_close(r->out, err);
	if (r->out != NULL)
		crm_out_abort(r->out);
	return code;
}

static void
progress(void *ctx, const char *what, uint64_t done, uint64_t total)
{
	cli_progress(ctx, what, done, total);
}

struct crm_watch
cli_watch(struct cli *c)
{
	return (struct crm_watch){progress, c};
}

/* ---- faults ---- */

const struct crm_field cli_fault_fields[] = {
    {"place", CRM_T_TEXT, 0, 0, 0, NULL, "where it is"},
    {"fault", CRM_T_TEXT, 0, 0, 0, NULL, "what is wrong"},
};

int
cli_fault_row(
    void *ctx, struct crm_str where, struct crm_str what, struct crm_err *err)
{
	const struct crm_value v[2] = {
	    crm_value_text(where), crm_value_text(what)};

	return cli_picked_put(ctx, v, err);
}
