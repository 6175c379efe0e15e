/*
 * cli_store_gen.c - crm-store compact, restore, upgrade; and hooks.
 *
 * restore and upgrade open their stores themselves: there may be none, one
 * beyond reading, or one of another format.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cli_hooks.h"
#include "cli_store.h"

static bool force;
static const char *from_revision;

const struct cli_option cli_store_rebuild_options[] = {
    {0, "why", CLI_TEXT, &cli_opt.why, "TEXT", "the reason, for the log"},
    {0, "wait", CLI_TEXT, &cli_opt.wait, "TIME",
	"how long to wait for another writer (default 60s)"},
    {0, NULL, CLI_FLAG, NULL, NULL, NULL},
};
const struct cli_option cli_store_compact_options[] = {
    {0, "wait", CLI_TEXT, &cli_opt.wait, "TIME",
	"how long to wait for another writer (default 60s)"},
    {0, NULL, CLI_FLAG, NULL, NULL, NULL},
};
const struct cli_option cli_store_restore_options[] = {
    {0, "force", CLI_FLAG, &force, NULL,
	"do not look at what is there: another store, or beyond reading"},
    {0, "why", CLI_TEXT, &cli_opt.why, "TEXT", "the reason, for the log"},
    {0, "wait", CLI_TEXT, &cli_opt.wait, "TIME",
	"how long to wait for another writer (default 60s)"},
    {0, NULL, CLI_FLAG, NULL, NULL, NULL},
};
const struct cli_option cli_store_hooks_options[] = {
    {'n', "dry-run", CLI_FLAG, &cli_opt.dry_run, NULL,
	"run nothing, only say where they are"},
    {0, "from", CLI_TEXT, &from_revision, "REVISION",
	"the hook is to go on with this revision"},
    {0, NULL, CLI_FLAG, NULL, NULL, NULL},
};

/* ---- compact, restore ---- */

static const struct crm_field compact_fields[] = {
    {"generation", CRM_T_INT, 0, 0, 0, NULL, "the new one"},
    {"entries", CRM_T_INT, 0, 0, 0, NULL, "in all tables"},
    {"bytes_before", CRM_T_INT, 0, 0, 0, NULL, "of the data file"},
    {"bytes_after", CRM_T_INT, 0, 0, 0, NULL, "of the new one"},
};
static const struct crm_field restore_fields[] = {
    {"revision", CRM_T_INT, 0, 0, 0, NULL, "of the log that names it"},
    {"restored", CRM_T_INT, 0, 0, 0, NULL, "last revision of the backup"},
    {"replaced", CRM_T_INT, 0, 0, 0, NULL, "last revision there was"},
    {"generation", CRM_T_INT, 0, 0, 0, NULL, "the new one"},
    {"entries", CRM_T_INT, 0, 0, 0, NULL, "in all tables"},
};

static struct crm_value
number(uint64_t n)
{
	return crm_value_num(CRM_T_INT, (int64_t)n, 0);
}

static void
count_entries(void *ctx, uint64_t done, uint64_t total)
{
	cli_progress(ctx, "entries written", done, total);
}

/* Somebody who was erased may be there again, when a restore was cut short. */
static int
erase_listed(struct cli *c, struct crm_err *err)
{
	struct crm_erase_options opt = {
	    .by = cli_origin(c), .watch = cli_watch(c)};
	struct crm_erase_result erased;
	int code = crm_erase_listed(c->store, &opt, &erased, err);

	if (code == CRM_OK && erased.n > 0)
		cli_note(c, "%zu that were erased and there are erased again",
		    erased.n);
	if (code == CRM_OK)
		free(erased.person);
	return code;
}

int
cli_store_compact(struct cli *c, struct crm_err *err)
{
	struct crm_compacted did;
	struct crm_value v[4];
	struct cli_picked rows = {0};
	int code = cli_no_operands(c, err);

	if (code == CRM_OK)
		code = cli_picked_open(c, compact_fields, 4, &rows, err);
	if (code == CRM_OK)
		code = erase_listed(c, err);
	if (code == CRM_OK)
		code = crm_store_compact(c->store, count_entries, c, &did, err);
	if (code < 0)
		return cli_picked_close(&rows, code, err);
	v[0] = number(did.generation);
	v[1] = number(did.entries);
	v[2] = number(did.before);
	v[3] = number(did.after);
	return cli_picked_close(&rows, cli_picked_put(&rows, v, err), err);
}

int
cli_store_restore(struct cli *c, struct crm_err *err)
{
	struct crm_restore_options opt = {
	    .fault = cli_fault_row, .watch = cli_watch(c)};
	int both[2] = {0, 1};
	struct cli_picked rows = {0}, faults = {.pick = both, .n = 2};
	struct crm_replaced did;
	struct crm_value v[5];
	int code = cli_operands(c, 1, 1, err);

	if (code == CRM_OK)
		code = cli_store_path(c, &opt.to.path, err);
	if (code == CRM_OK)
		code = cli_picked_open(c, restore_fields, 5, &rows, err);
	if (code == CRM_OK)
		code = cli_out(c, cli_fault_fields, 2, &faults.out, err);
	if (code < 0)
		return cli_picked_close(&rows, code, err);
	opt.from = c->operand[0];
	opt.to.by = cli_origin(c);
	opt.to.wait_ms = c->wait_ms;
	opt.to.force = force;
	opt.to.past = cli_hooks_past(opt.to.path);
	opt.ctx = &faults;
	code = crm_store_restore(&opt, &did, err);
	if (code == CRM_NO)
		code = cli_picked_close(&faults, CRM_OK, err) < 0 ? CRM_EIO
								  : CRM_NO;
	else
		crm_out_abort(faults.out);
	if (code < 0)
		return cli_picked_close(&rows, code, err);
	if (did.erased > 0)
		cli_note(c,
		    "%llu that were erased since the backup are erased again",
		    (unsigned long long)did.erased);
	v[0] = number(did.revision);
	v[1] = number(did.from);
	v[2] = did.was > 0 ? number(did.was) : (struct crm_value){0};
	v[3] = number(did.generation);
	v[4] = number(did.entries);
	return cli_picked_close(&rows, cli_picked_put(&rows, v, err), err);
}

/* ---- upgrade ---- */

static const struct crm_field upgrade_fields[] = {
    {"revision", CRM_T_INT, 0, 0, 0, NULL, "of the log that names it"},
    {"format_before", CRM_T_INT, 0, 0, 0, NULL, "of the data"},
    {"format", CRM_T_INT, 0, 0, 0, NULL, "of the data now"},
    {"generation", CRM_T_INT, 0, 0, 0, NULL, "the new one"},
};

int
cli_store_upgrade(struct cli *c, struct crm_err *err)
{
	struct crm_store_options opt = {
	    .write = true, .scan = true, .older = true, .wait_ms = c->wait_ms};
	const struct crm_origin by = cli_origin(c);
	const struct crm_watch watch = cli_watch(c);
	struct crm_upgraded did;
	struct crm_store *s = NULL;
	struct cli_picked rows = {0};
	struct crm_value v[4];
	int code = cli_no_operands(c, err);

	if (code == CRM_OK)
		code = cli_store_path(c, &opt.path, err);
	if (code == CRM_OK)
		code = cli_picked_open(c, upgrade_fields, 4, &rows, err);
	if (code == CRM_OK)
		code = crm_store_open(&s, &opt, err);
	if (code == CRM_OK)
		code = crm_store_upgrade(s, &by, &watch, &did, err);
	crm_store_close(s);
	if (code == CRM_NO) {
		cli_note(c, "it has format %u already", did.from);
		return cli_picked_close(&rows, CRM_OK, err);
	}
	if (code < 0)
		return cli_picked_close(&rows, code, err);
	v[0] = number(did.revision);
	v[1] = number(did.from);
	v[2] = number(did.to);
	v[3] = number(did.generation);
	return cli_picked_close(&rows, cli_picked_put(&rows, v, err), err);
}

/* ---- hooks ---- */

static const struct crm_field hook_fields[] = {
    {"hook", CRM_T_TEXT, 0, 0, 0, NULL, "its name in hooks.d"},
    {"revision", CRM_T_INT, 0, 0, 0, NULL, "the last one it took"},
    {"behind", CRM_T_INT, 0, 0, 0, NULL, "revisions since"},
};

static int
hook_row(
    void *ctx, const struct cli_hook *h, uint64_t behind, struct crm_err *err)
{
	const struct crm_value v[3] = {
	    crm_value_text(crm_str(h->name)), number(h->at), number(behind)};

	return cli_picked_put(ctx, v, err);
}

int
cli_store_hooks(struct cli *c, struct crm_err *err)
{
	struct cli_picked rows = {0};
	int64_t from;
	int code, closed;

	if (from_revision != NULL) {
		if (c->noperand != 1)
			return crm_err_set(err, CRM_EUSAGE,
			    "--from wants the name of one hook");
		if (crm_int_parse(crm_str(from_revision), &from) < 0 ||
		    from < 1)
			return crm_err_set(err, CRM_EUSAGE,
			    "--from: '%s' is not a revision", from_revision);
		return cli_hooks_from(c, c->operand[0], (uint64_t)from, err);
	}
	code = cli_no_operands(c, err);
	if (code == CRM_OK)
		code = cli_picked_open(c, hook_fields, 3, &rows, err);
	if (code < 0)
		return code;
	code = cli_hooks_list(c, !cli_opt.dry_run, hook_row, &rows, err);
	closed = cli_picked_close(&rows, code == CRM_NO ? CRM_OK : code, err);
	return closed < 0 ? closed : code;
}
