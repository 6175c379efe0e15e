/*
 * crm-store - the store itself: made, looked at, checked, copied.
 *
 * The verbs are thin; what they do is in crm/upkeep.h and crm/store.h.
 * Settings of a new store are checked by the reader of crm.yaml, so that
 * `init` and `apply` cannot disagree about what a currency is.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli_apply.h"
#include "cli_store.h"

static const char *currency, *timezone_name, *country;
static bool no_log;

static const struct cli_option shop_options[] = {
    {0, "currency", CLI_TEXT, &currency, "CODE",
	"base currency, ISO 4217; it can never change"},
    {0, "timezone", CLI_TEXT, &timezone_name, "ZONE",
	"whose days are the shop's, like Europe/Berlin (default UTC)"},
    {0, "country", CLI_TEXT, &country, "CODE",
	"ISO 3166-1 country, for reading numbers of phones"},
    {0, NULL, CLI_FLAG, NULL, NULL, NULL},
};
static const struct cli_option dump_options[] = {
    {0, "no-log", CLI_FLAG, &no_log, NULL, "leave the log out"},
    {0, NULL, CLI_FLAG, NULL, NULL, NULL},
};

/* ---- init ---- */

static void
put_scalar(struct crm_buf *b, const char *key, const char *value)
{
	if (value == NULL)
		return;
	crm_buf_putf(b, "%s: '", key);
	for (const char *p = value; *p != '\0'; p++) {
		if (*p == '\'')
			crm_buf_putc(b, '\'');
		crm_buf_putc(b, *p);
	}
	crm_buf_puts(b, "'\n");
}

/* The settings of the options, as crm.yaml would have them. */
static int
shop_settings(struct cli *c, struct crm_settings *out, struct crm_err *err)
{
	struct crm_buf b = {0};
	struct crm_str text;
	char name[72];
	int code;

	put_scalar(&b, "currency", currency);
	put_scalar(&b, "timezone", timezone_name);
	put_scalar(&b, "country", country);
	code = crm_buf_check(&b, err);
	text = crm_arena_str(&c->arena, crm_buf_str(&b));
	crm_buf_release(&b);
	if (code == CRM_OK && text.p == NULL)
		code = crm_err_nomem(err);
	if (code < 0)
		return code;
	code =
	    crm_settings_read(text, "options", NULL, NULL, &c->arena, out, err);
	if (code == CRM_ECONFIG) {
		/* there is no file: the option is at fault */
		err->place[0] = '\0';
		snprintf(name, sizeof name, "--%.60s", err->field);
		crm_err_field(err, name, strlen(name));
		code = err->code = CRM_EUSAGE;
	}
	return code;
}

/* crm.yaml beside a new store; one that is there is somebody's. */
static int
write_yaml(struct cli *c, const char *folder, const struct crm_settings *set,
    struct crm_err *err)
{
	struct crm_buf path = {0}, text = {0};
	const char *name;
	int fd, code;

	crm_buf_putf(&path, "%s/crm.yaml", folder);
	name = crm_buf_cstr(&path);
	crm_settings_write(set, &text);
	code = crm_buf_check(&text, err);
	if (code == CRM_OK && name == NULL)
		code = crm_err_nomem(err);
	if (code < 0)
		goto out;
	fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 && errno == EEXIST) {
		cli_note(c,
		    "'%s' is there already and left as it is: crm-store apply "
		    "puts it in force",
		    name);
	} else if (fd < 0) {
		code = crm_err_sys(
		    err, CRM_ECREATE, errno, "cannot create '%s'", name);
	} else {
		fchmod(fd, 0600);
		code = crm_write_all(fd, text.p, text.n, name, err);
		if (code == CRM_OK && fsync(fd) < 0)
			code = crm_err_sys(
			    err, CRM_EIO, errno, "cannot write '%s'", name);
		close(fd);
	}
out:
	crm_buf_release(&path);
	crm_buf_release(&text);
	return code;
}

static int
store_init(struct cli *c, struct crm_err *err)
{
	struct crm_origin by = cli_origin(c);
	struct crm_settings set;
	const char *path;
	int code = cli_no_operands(c, err);

	if (code == CRM_OK && currency == NULL) {
		crm_err_set(err, CRM_EUSAGE,
		    "--currency is missing, wanted one like EUR");
		crm_err_hint(err, "every figure will be in it, for ever");
		return CRM_EUSAGE;
	}
	if (code == CRM_OK)
		code = shop_settings(c, &set, err);
	if (code == CRM_OK)
		code = cli_store_path(c, &path, err);
	if (code == CRM_OK)
		code = crm_store_create(path, &set, &by, err);
	return code == CRM_OK ? write_yaml(c, path, &set, err) : code;
}

/* ---- check, rebuild ---- */

/* A crm.yaml that says something else is no fault: it was not applied yet. */
static void
note_config(struct cli *c)
{
	struct crm_settings set;
	struct crm_err err = {0};
	const char *path;
	int code;

	if (cli_config_path(c, &path, &err) < 0)
		return;
	code = cli_config_read(c, path, &set, &err);
	if (code == CRM_OK)
		code = crm_settings_diff(
		    c->schema->settings, &set, NULL, NULL, &err);
	else if (code == CRM_ENOINPUT)
		return; /* a store works without */
	if (code == CRM_OK)
		cli_note(c,
		    "'%s' differs from what is applied (see crm-store apply "
		    "--dry-run)",
		    path);
	else if (code != CRM_NO)
		cli_note(c, "'%s' cannot be read: %s", path, err.text);
}

static int
store_check(struct cli *c, struct crm_err *err)
{
	struct crm_check_options opt = {
	    .fault = cli_fault_row, .watch = cli_watch(c)};
	struct crm_check_result found;
	struct cli_picked rows = {0};
	int code, closed;

	if (cli_no_operands(c, err) < 0)
		return CRM_EUSAGE;
	code = cli_opt.quiet
		   ? CRM_OK
		   : cli_picked_open(c, cli_fault_fields, 2, &rows, err);
	if (code < 0)
		return code;
	opt.ctx = &rows;
	code = crm_store_check(c->store, &opt, &found, err);
	closed = cli_picked_close(&rows, code == CRM_NO ? CRM_OK : code, err);
	if (closed < 0)
		return closed;
	note_config(c);
	if (c->tty_err)
		cli_note(c,
		    "%llu faults in %llu records, %llu entries, %llu "
		    "revisions",
		    (unsigned long long)found.faults,
		    (unsigned long long)found.records,
		    (unsigned long long)found.entries,
		    (unsigned long long)found.revisions);
	return code;
}

static int
store_rebuild(struct cli *c, struct crm_err *err)
{
	struct crm_origin by = cli_origin(c);
	struct crm_watch watch = cli_watch(c);
	struct crm_rebuild_result built;
	int code = CRM_OK;

	if (cli_no_operands(c, err) < 0)
		return CRM_EUSAGE;
	code = crm_store_rebuild(c->store, &by, &watch, &built, err);
	if (code == CRM_OK && c->tty_err)
		cli_note(c, "%llu identities, %llu index entries, %llu orders",
		    (unsigned long long)built.identities,
		    (unsigned long long)built.indexes,
		    (unsigned long long)built.orders);
	return code;
}

/* ---- dump, load, backup ---- */

static int
store_dump(struct cli *c, struct crm_err *err)
{
	struct crm_out_options opt = {.fd = STDOUT_FILENO,
	    .format = CRM_FMT_TSV,
	    .tty = c->tty_out,
	    .spill_dir = c->spill_dir,
	    .schema = c->schema};
	struct crm_watch watch = cli_watch(c);
	struct crm_out *out;
	int code;

	if (cli_no_operands(c, err) < 0)
		return CRM_EUSAGE;
	code = crm_out_open(&out, &opt, NULL, 0, err);
	if (code < 0)
		return code;
	code = crm_store_dump(c->store, out, !no_log, &watch, err);
	if (code == CRM_OK)
		return crm_out_close(out, err);
	crm_out_abort(out);
	return code;
}

static int
store_load(struct cli *c, struct crm_err *err)
{
	const struct crm_stream_options stream = {
	    .name = "-", .whole_lines = true};
	struct crm_load_options opt = {
	    .by = cli_origin(c), .now = c->now, .watch = cli_watch(c)};
	struct crm_settings set;
	struct crm_stream *in;
	int code = cli_operands(c, 1, 1, err);

	if (code == CRM_OK && !cli_stdin(c))
		code = crm_err_set(err, CRM_EUSAGE,
		    "'%s' is not '-': an archive is read from stdin",
		    c->operand[0]);
	if (code == CRM_OK && currency != NULL) {
		code = shop_settings(c, &set, err);
		opt.settings = &set;
	}
	if (code == CRM_OK)
		code = cli_store_path(c, &opt.path, err);
	if (code == CRM_OK)
		code = crm_archive_open(&in, STDIN_FILENO, &stream, err);
	if (code < 0)
		return code;
	code = crm_store_load(&opt, in, NULL, err);
	crm_stream_close(in);
	return code;
}

static int
store_backup(struct cli *c, struct crm_err *err)
{
	int code = cli_operands(c, 1, 1, err);

	return code < 0 ? code : crm_store_backup(c->store, c->operand[0], err);
}

static const struct cli_verb verbs[] = {
    {"init", store_init, CLI_NONE, 0, shop_options, "",
	"make a new, empty store"},
    {"info", cli_store_info, CLI_SCAN, CLI_OUT, NULL, "",
	"what the store is and how large"},
    {"apply", cli_store_apply, CLI_WRITE, CLI_OUT, cli_store_apply_options,
	"[FILE]", "put the settings of crm.yaml in force"},
    {"check", store_check, CLI_SCAN, CLI_OUT, NULL, "",
	"look for faults; exit status 1 when there are any"},
    {"rebuild", store_rebuild, CLI_WRITE, 0, cli_store_rebuild_options, "",
	"make identities, indexes, ledger and figures anew"},
    {"dump", store_dump, CLI_SCAN, 0, dump_options, "",
	"write the whole store as text"},
    {"load", store_load, CLI_NONE, 0, shop_options, "-",
	"make a store of such a text"},
    {"backup", store_backup, CLI_SCAN, 0, NULL, "FOLDER",
	"copy the store, while others write"},
    {"restore", cli_store_restore, CLI_NONE, CLI_OUT, cli_store_restore_options,
	"FOLDER", "put a backup in the place of the data, while others read"},
    {"compact", cli_store_compact, CLI_WRITE, CLI_OUT,
	cli_store_compact_options, "",
	"write the data anew, without what was deleted"},
    {"upgrade", cli_store_upgrade, CLI_NONE, CLI_OUT, cli_store_rebuild_options,
	"", "bring the data of an older version to the format of this one"},
    {"hooks", cli_store_hooks, CLI_READ, CLI_OUT, cli_store_hooks_options, "",
	"run hooks that are behind, and say where each is"},
    {NULL, NULL, CLI_NONE, 0, NULL, NULL, NULL},
};

static const struct cli_command command = {
    "crm-store", "make, check, copy and configure a store", NULL, 0, verbs};

int
main(int argc, char **argv)
{
	return crm_main(&command, argc, argv);
}
