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
#include "cli_hooks.h"

static const char *currency, *timezone_name, *country;
static bool no_log, force;
static const char *from_revision;

static const struct cli_option shop_options[] = {
    {0, "currency", CLI_TEXT, &currency, "CODE",
	"base currency, ISO 4217; it can never change"},
    {0, "timezone", CLI_TEXT, &timezone_name, "ZONE",
	"whose days are the shop's, like Europe/Berlin (default UTC)"},
    {0, "country", CLI_TEXT, &country, "CODE",
	"ISO 3166-1 country, for reading numbers of phones"},
    {0, NULL, CLI_FLAG, NULL, NULL, NULL},
};
static const struct cli_option rebuild_options[] = {
    {0, "why", CLI_TEXT, &cli_opt.why, "TEXT", "the reason, for the log"},
    {0, "wait", CLI_TEXT, &cli_opt.wait, "TIME",
	"how long to wait for another writer (default 60s)"},
    {0, NULL, CLI_FLAG, NULL, NULL, NULL},
};
static const struct cli_option compact_options[] = {
    {0, "wait", CLI_TEXT, &cli_opt.wait, "TIME",
	"how long to wait for another writer (default 60s)"},
    {0, NULL, CLI_FLAG, NULL, NULL, NULL},
};
static const struct cli_option restore_options[] = {
    {0, "force", CLI_FLAG, &force, NULL,
	"do not look at what is there: another store, or beyond reading"},
    {0, "why", CLI_TEXT, &cli_opt.why, "TEXT", "the reason, for the log"},
    {0, "wait", CLI_TEXT, &cli_opt.wait, "TIME",
	"how long to wait for another writer (default 60s)"},
    {0, NULL, CLI_FLAG, NULL, NULL, NULL},
};
static const struct cli_option hooks_options[] = {
    {'n', "dry-run", CLI_FLAG, &cli_opt.dry_run, NULL,
	"run nothing, only say where they are"},
    {0, "from", CLI_TEXT, &from_revision, "REVISION",
	"the hook is to go on with this revision"},
    {0, NULL, CLI_FLAG, NULL, NULL, NULL},
};
static const struct cli_option dump_options[] = {
    {0, "no-log", CLI_FLAG, &no_log, NULL, "leave the log out"},
    {0, NULL, CLI_FLAG, NULL, NULL, NULL},
};

static int
no_operands(const struct cli *c, struct crm_err *err)
{
	return c->noperand == 0 ? CRM_OK
				: crm_err_set(err, CRM_EUSAGE,
				      "'%s' is not wanted", c->operand[0]);
}

/* Rows of which -f chooses the columns. */
struct rows {
	struct crm_out *out; /* NULL: nothing is printed */
	int *pick;
	size_t n;
};

static int
rows_open(struct cli *c, const struct crm_field *fields, size_t n,
    struct rows *r, struct crm_err *err)
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

static int
rows_put(struct rows *r, const struct crm_value *v, struct crm_err *err)
{
	struct crm_value row[CRM_FIELDS_MAX];

	if (r->out == NULL)
		return CRM_OK;
	for (size_t i = 0; i < r->n; i++)
		row[i] = v[r->pick[i]];
	return crm_out_row(r->out, row, err);
}

static int
rows_close(struct rows *r, int code, struct crm_err *err)
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

static struct crm_watch
watch_of(struct cli *c)
{
	return (struct crm_watch){progress, c};
}

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
	int code = no_operands(c, err);

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
		name = crm_arena_alloc(&i->c->arena, len + 2);
		if (name == NULL)
			return crm_err_nomem(err);
		snprintf(name, len + 2, "%ss", kind->name);
		code = count_live(i->c, t, kind, &n, err);
		info_num(i, name, n);
	}
	return code;
}

static int
store_info(struct cli *c, struct crm_err *err)
{
	struct info *i = crm_arena_zalloc(&c->arena, sizeof *i);
	const struct crm_settings *set = c->schema->settings;
	struct crm_store_info s;
	struct rows rows = {0};
	char uuid[40];
	size_t at = 0;
	int code = no_operands(c, err);

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
		code = rows_open(c, i->field, i->n, &rows, err);
	if (code == CRM_OK)
		code = rows_put(&rows, i->value, err);
	return rows_close(&rows, code, err);
}

/* ---- check, rebuild ---- */

static const struct crm_field fault_fields[] = {
    {"place", CRM_T_TEXT, 0, 0, 0, NULL, "where it is"},
    {"fault", CRM_T_TEXT, 0, 0, 0, NULL, "what is wrong"},
};

static int
fault_row(
    void *ctx, struct crm_str where, struct crm_str what, struct crm_err *err)
{
	const struct crm_value v[2] = {
	    crm_value_text(where), crm_value_text(what)};

	return rows_put(ctx, v, err);
}

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
	    .fault = fault_row, .watch = watch_of(c)};
	struct crm_check_result found;
	struct rows rows = {0};
	int code, closed;

	if (no_operands(c, err) < 0)
		return CRM_EUSAGE;
	code =
	    cli_opt.quiet ? CRM_OK : rows_open(c, fault_fields, 2, &rows, err);
	if (code < 0)
		return code;
	opt.ctx = &rows;
	code = crm_store_check(c->store, &opt, &found, err);
	closed = rows_close(&rows, code == CRM_NO ? CRM_OK : code, err);
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
	struct crm_watch watch = watch_of(c);
	struct crm_rebuild_result built;
	int code = CRM_OK;

	if (no_operands(c, err) < 0)
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
	struct crm_watch watch = watch_of(c);
	struct crm_out *out;
	int code;

	if (no_operands(c, err) < 0)
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
	    .by = cli_origin(c), .now = c->now, .watch = watch_of(c)};
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
	    .by = cli_origin(c), .watch = watch_of(c)};
	struct crm_erase_result erased;
	int code = crm_erase_listed(c->store, &opt, &erased, err);

	if (code == CRM_OK && erased.n > 0)
		cli_note(c, "%zu that were erased and there are erased again",
		    erased.n);
	if (code == CRM_OK)
		free(erased.person);
	return code;
}

static int
store_compact(struct cli *c, struct crm_err *err)
{
	struct crm_compacted did;
	struct crm_value v[4];
	struct rows rows = {0};
	int code = no_operands(c, err);

	if (code == CRM_OK)
		code = rows_open(c, compact_fields, 4, &rows, err);
	if (code == CRM_OK)
		code = erase_listed(c, err);
	if (code == CRM_OK)
		code = crm_store_compact(c->store, count_entries, c, &did, err);
	if (code < 0)
		return rows_close(&rows, code, err);
	v[0] = number(did.generation);
	v[1] = number(did.entries);
	v[2] = number(did.before);
	v[3] = number(did.after);
	return rows_close(&rows, rows_put(&rows, v, err), err);
}

static int
store_restore(struct cli *c, struct crm_err *err)
{
	struct crm_restore_options opt = {
	    .fault = fault_row, .watch = watch_of(c)};
	int both[2] = {0, 1};
	struct rows rows = {0}, faults = {.pick = both, .n = 2};
	struct crm_replaced did;
	struct crm_value v[5];
	int code = cli_operands(c, 1, 1, err);

	if (code == CRM_OK)
		code = cli_store_path(c, &opt.to.path, err);
	if (code == CRM_OK)
		code = rows_open(c, restore_fields, 5, &rows, err);
	if (code == CRM_OK)
		code = cli_out(c, fault_fields, 2, &faults.out, err);
	if (code < 0)
		return rows_close(&rows, code, err);
	opt.from = c->operand[0];
	opt.to.by = cli_origin(c);
	opt.to.wait_ms = c->wait_ms;
	opt.to.force = force;
	opt.to.past = cli_hooks_past(opt.to.path);
	opt.ctx = &faults;
	code = crm_store_restore(&opt, &did, err);
	if (code == CRM_NO)
		code = rows_close(&faults, CRM_OK, err) < 0 ? CRM_EIO : CRM_NO;
	else
		crm_out_abort(faults.out);
	if (code < 0)
		return rows_close(&rows, code, err);
	if (did.erased > 0)
		cli_note(c,
		    "%llu that were erased since the backup are erased again",
		    (unsigned long long)did.erased);
	v[0] = number(did.revision);
	v[1] = number(did.from);
	v[2] = did.was > 0 ? number(did.was) : (struct crm_value){0};
	v[3] = number(did.generation);
	v[4] = number(did.entries);
	return rows_close(&rows, rows_put(&rows, v, err), err);
}

/* ---- upgrade ---- */

static const struct crm_field upgrade_fields[] = {
    {"revision", CRM_T_INT, 0, 0, 0, NULL, "of the log that names it"},
    {"format_before", CRM_T_INT, 0, 0, 0, NULL, "of the data"},
    {"format", CRM_T_INT, 0, 0, 0, NULL, "of the data now"},
    {"generation", CRM_T_INT, 0, 0, 0, NULL, "the new one"},
};

static int
store_upgrade(struct cli *c, struct crm_err *err)
{
	struct crm_store_options opt = {
	    .write = true, .scan = true, .older = true, .wait_ms = c->wait_ms};
	const struct crm_origin by = cli_origin(c);
	const struct crm_watch watch = watch_of(c);
	struct crm_upgraded did;
	struct crm_store *s = NULL;
	struct rows rows = {0};
	struct crm_value v[4];
	int code = no_operands(c, err);

	if (code == CRM_OK)
		code = cli_store_path(c, &opt.path, err);
	if (code == CRM_OK)
		code = rows_open(c, upgrade_fields, 4, &rows, err);
	if (code == CRM_OK)
		code = crm_store_open(&s, &opt, err);
	if (code == CRM_OK)
		code = crm_store_upgrade(s, &by, &watch, &did, err);
	crm_store_close(s);
	if (code == CRM_NO) {
		cli_note(c, "it has format %u already", did.from);
		return rows_close(&rows, CRM_OK, err);
	}
	if (code < 0)
		return rows_close(&rows, code, err);
	v[0] = number(did.revision);
	v[1] = number(did.from);
	v[2] = number(did.to);
	v[3] = number(did.generation);
	return rows_close(&rows, rows_put(&rows, v, err), err);
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

	return rows_put(ctx, v, err);
}

static int
store_hooks(struct cli *c, struct crm_err *err)
{
	struct rows rows = {0};
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
	code = no_operands(c, err);
	if (code == CRM_OK)
		code = rows_open(c, hook_fields, 3, &rows, err);
	if (code < 0)
		return code;
	code = cli_hooks_list(c, !cli_opt.dry_run, hook_row, &rows, err);
	closed = rows_close(&rows, code == CRM_NO ? CRM_OK : code, err);
	return closed < 0 ? closed : code;
}

static const struct cli_verb verbs[] = {
    {"init", store_init, CLI_NONE, 0, shop_options, "",
	"make a new, empty store"},
    {"info", store_info, CLI_SCAN, CLI_OUT, NULL, "",
	"what the store is and how large"},
    {"apply", cli_store_apply, CLI_WRITE, CLI_OUT, cli_store_apply_options,
	"[FILE]", "put the settings of crm.yaml in force"},
    {"check", store_check, CLI_SCAN, CLI_OUT, NULL, "",
	"look for faults; exit status 1 when there are any"},
    {"rebuild", store_rebuild, CLI_WRITE, 0, rebuild_options, "",
	"make identities, indexes, ledger and figures anew"},
    {"dump", store_dump, CLI_SCAN, 0, dump_options, "",
	"write the whole store as text"},
    {"load", store_load, CLI_NONE, 0, shop_options, "-",
	"make a store of such a text"},
    {"backup", store_backup, CLI_SCAN, 0, NULL, "FOLDER",
	"copy the store, while others write"},
    {"restore", store_restore, CLI_NONE, CLI_OUT, restore_options, "FOLDER",
	"put a backup in the place of the data, while others read"},
    {"compact", store_compact, CLI_WRITE, CLI_OUT, compact_options, "",
	"write the data anew, without what was deleted"},
    {"upgrade", store_upgrade, CLI_NONE, CLI_OUT, rebuild_options, "",
	"bring the data of an older version to the format of this one"},
    {"hooks", store_hooks, CLI_READ, CLI_OUT, hooks_options, "",
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
