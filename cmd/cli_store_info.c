/*
 * cli_store_info.c - crm-store info.
 *
 * A row of twenty columns is for programs, so that a terminal gets a line for
 * each.
 */
#include <stdio.h>
#include <string.h>

#include "cli_store.h"

int
cli_no_operands(const struct cli *c, struct crm_err *err)
{
	return c->noperand == 0 ? CRM_OK
				: crm_err_set(err, CRM_EUSAGE,
				      "'%s' is not wanted", c->operand[0]);
}

/* ---- info ---- */

struct info {
	struct cli *c;
	struct crm_field field[32 + CRM_K_MAX];
	struct crm_value value[32 + CRM_K_MAX];
	size_t n;
};

static void
info_text(struct info *i, const char *name, struct crm_str v)
{
	i->field[i->n] =
	    (struct crm_field){.name = name, .type = CRM_T_TEXT, .help = name};
	i->value[i->n++] = crm_value_text(v);
}

static void
info_num(struct info *i, const char *name, uint64_t v)
{
	i->field[i->n] =
	    (struct crm_field){.name = name, .type = CRM_T_INT, .help = name};
	i->value[i->n++] = crm_value_num(CRM_T_INT, (int64_t)v, 0);
}

/* Tombstones are entries too: only who is there is counted. */
static int
count_live(struct cli *c, struct crm_txn *t, const struct crm_kind *kind,
    uint64_t *out, struct crm_err *err)
{
	const struct crm_want nothing = {{0}, 0};
	struct crm_record *rec;
	struct crm_scan *scan;
	int code =
	    crm_scan_open(t, c->schema, kind, &nothing, INT64_MAX, &scan, err);

	*out = 0;
	if (code < 0)
		return code;
	while ((code = crm_scan_next(scan, &rec, err)) == CRM_OK)
		++*out;
	crm_scan_close(scan);
	return code == CRM_NOTFOUND ? CRM_OK : code;
}

static int
info_kinds(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	struct info *i = ctx;
	uint64_t n;
	int code = CRM_OK;

	for (unsigned k = 1; k < CRM_K_MAX && code == CRM_OK; k++) {
		const struct crm_kind *kind = &i->c->schema->kind[k];
		size_t len;
		char *name;

		if (kind->name == NULL)
			continue;
		len = strlen(kind->name);
		name = crm_arena_alloc(&i->c->arena, len + 3);
		if (name == NULL)
			return crm_err_nomem(err);
		snprintf(name, len + 3, "%s%s", kind->name,
		    kind->name[len - 1] == 'h' ? "es" : "s");
		code = count_live(i->c, t, kind, &n, err);
		info_num(i, name, n);
	}
	return code;
}

int
cli_store_info(struct cli *c, struct crm_err *err)
{
	struct info *i = crm_arena_zalloc(&c->arena, sizeof *i);
	const struct crm_settings *set = c->schema->settings;
	struct crm_store_info s;
	struct cli_picked rows = {0};
	char uuid[40];
	size_t at = 0;
	int code = cli_no_operands(c, err);

	if (i == NULL)
		return crm_err_nomem(err);
	i->c = c;
	if (code == CRM_OK)
		code = crm_store_stat(c->store, &s, err);
	if (code < 0)
		return code;
	for (int b = 0; b < 16; b++)
		at += (size_t)snprintf(uuid + at, sizeof uuid - at, "%s%02x",
		    b == 4 || b == 6 || b == 8 || b == 10 ? "-" : "",
		    s.uuid[b]);
	info_text(i, "store", crm_str(crm_store_path(c->store)));
	info_text(i, "uuid", crm_str(uuid));
	info_num(i, "format", s.format);
	info_num(i, "revision", s.revision);
	info_num(i, "generation", s.generation);
	info_text(i, "engine", crm_str(s.engine));
	info_text(i, "unicode", crm_str(s.unicode));
	info_text(i, "currency", set->currency);
	info_text(i, "timezone", set->timezone);
	info_text(i, "country", set->country);
	code = crm_txn_run(c->store, CRM_READ, info_kinds, i, err);
	info_num(i, "bytes_used", s.bytes_used);
	info_num(i, "bytes_file", s.bytes_file);
	info_num(i, "bytes_map", s.map_bytes);
	info_num(i, "readers", s.readers);
	info_num(i, "readers_max", s.readers_max);
	/* a row of twenty columns is for programs */
	if (cli_opt.format == NULL && c->tty_out)
		cli_opt.format = "vertical";
	if (code == CRM_OK)
		code = cli_picked_open(c, i->field, i->n, &rows, err);
	if (code == CRM_OK)
		code = cli_picked_put(&rows, i->value, err);
	return cli_picked_close(&rows, code, err);
}
