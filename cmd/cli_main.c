/*
 * cli_main.c - the one main: parse, open, run the verb, close, report.
 *
 * stdout is closed and looked at, because some file systems report a write that
 * failed only then; hooks are run after that, as whoever reads the records is
 * not to wait for them.  A store that is missing is told after an
 * option that does not exist: options that no table knows wait for the
 * store's custom fields, and without a store they are simply wrong.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli_hooks.h"
#include "cli_noun.h"

#define FEW 16 /* records that are read faster than LMDB is opened */

/* The kinds as built in: options of fields, and verbs without a store. */
static struct crm_schema builtin;

static int
take_kind(struct cli *c, const struct crm_schema *s, struct crm_err *err)
{
	c->schema = s;
	if (!c->command->kind)
		return CRM_OK;
	c->kind = crm_schema_kind(s, crm_str(c->command->kind));
	if (!c->kind)
		return crm_err_set(
		    err, CRM_EBUG, "there is no kind '%s'", c->command->kind);
	return CRM_OK;
}

/* A few records by their ids, as they are now. */
static bool
is_few(const struct cli *c)
{
	if (c->verb->fn != cli_get || c->noperand > FEW || cli_opt.at ||
	    cli_opt.as_of)
		return false;
	for (size_t i = 0; i < c->noperand; i++) {
		const char *id = c->operand[i];
		size_t n = *id ? strspn(id + 1, "0123456789") : 0;

		if (n == 0 || id[n + 1])
			return false;
	}
	return true;
}

static int
open_store(struct cli *c, bool write, bool scan, struct crm_err *err)
{
	struct crm_store_options opt = {.write = write,
	    .scan = scan,
	    .few = is_few(c),
	    .wait_ms = c->wait_ms};
	const struct crm_schema *schema;
	int code = cli_store_path(c, &opt.path, err);

	if (code == CRM_OK) {
		cli_damage_watch(c, opt.path);
		code = crm_store_open(&c->store, &opt, err);
	}
	if (code == CRM_ENOINPUT && !err->hint[0])
		crm_err_hint(err, "crm-store init makes one");
	if (code < 0) {
		c->store = NULL;
		return code;
	}
	code = crm_store_schema(c->store, &schema, err);
	return code < 0 ? code : take_kind(c, schema, err);
}

int
cli_store_maybe(struct cli *c, struct crm_err *err)
{
	int code;

	if (c->store)
		return CRM_OK;
	code = open_store(c, false, false, err);
	if (code < 0 && !cli_opt.store &&
	    (code == CRM_ENOINPUT || code == CRM_EPERM ||
		(code == CRM_ECONFIG && !cli_env("CRM_STORE")))) {
		*err = (struct crm_err){0};
		return take_kind(c, &builtin, err);
	}
	return code < 0 ? code : cli_env_clock(c, err);
}

int
cli_store_write(struct cli *c, struct crm_err *err)
{
	int code = open_store(c, true, false, err);

	return code < 0 ? code : cli_env_clock(c, err);
}

static int
start(struct cli *c, struct crm_err *err)
{
	enum cli_mode mode = c->verb->mode;
	struct crm_err wrong = {0};
	int code = cli_env_read(c, err);

	/* What is read from a file needs no store; a zone of its own it may
	 * have (cli_from_read). */
	if (cli_opt.from)
		mode = CLI_NONE;
	if (code == CRM_OK && mode != CLI_NONE) {
		code = open_store(c, mode == CLI_WRITE, mode == CLI_SCAN, err);
		if ((code == CRM_ENOINPUT || code == CRM_ECONFIG) &&
		    cli_set_check(c, &wrong) < 0) {
			*err = wrong;
			return wrong.code;
		}
	}
	if (code == CRM_OK)
		code = cli_set_check(c, err);
	if (code == CRM_OK)
		code = cli_env_clock(c, err);
	return code;
}

static int
run(struct cli *c, int argc, char **argv, struct crm_err *err)
{
	int code = crm_schema_init(&builtin, NULL, err);

	if (code == CRM_OK)
		code = take_kind(c, &builtin, err);
	if (code == CRM_OK && argc > 1 &&
	    strcmp(argv[1], "--crm-complete") == 0)
		return cli_complete_print(c, argc - 2, argv + 2, err);
	if (code == CRM_OK)
		code = cli_parse(c, argc, argv, err);
	if (code < 0)
		return code;
	if (cli_ask.help)
		return cli_help_print(c, err);
	if (cli_ask.version)
		return cli_version_print(c, err);
	if (cli_ask.spec)
		return cli_spec_print(c, err);
	code = start(c, err);
	return code < 0 ? code : c->verb->fn(c, err);
}

/* A disk that was full may say so at the close only. */
static int
close_stdout(struct crm_err *err)
{
	if (fflush(stdout) != 0 || close(STDOUT_FILENO) != 0)
		return crm_err_sys(err, CRM_EIO, errno, "write 'stdout'");
	return CRM_OK;
}

/* May there be something new in the store?  A commit can have been done though
 * what was to follow it failed. */
static bool
may_have_changed(const struct cli *c, int code)
{
	if (!c->store || cli_opt.dry_run)
		return false;
	return crm_store_committed(c->store) > 0 ||
	       (c->verb->mode == CLI_WRITE &&
		   (code > CRM_EUSAGE || code == CRM_EIO));
}

/* What failed did so after the change: that must not be taken for a failure of
 * the change. */
static void
tell_committed(const struct cli *c, struct crm_err *err)
{
	uint64_t revision = c->store ? crm_store_committed(c->store) : 0;
	struct crm_buf b = {.max = sizeof err->hint - 1};

	if (revision == 0 || strstr(err->text, "committed") ||
	    strstr(err->hint, "committed"))
		return;
	crm_buf_putf(
	    &b, "committed as revision %llu", (unsigned long long)revision);
	if (err->hint[0])
		crm_buf_putf(&b, "; %s", err->hint);
	crm_buf_putc(&b, '\0');
	crm_err_hint(err, "%s", b.fail ? "committed, see crm-log list" : b.p);
	crm_buf_release(&b);
}

int
crm_main(const struct cli_command *command, int argc, char **argv)
{
	struct cli c = {.command = command};
	struct crm_err err = {0}, last = {0};
	int code;

	cli_env_process();
	code = run(&c, argc, argv, &err);
	if (c.store)
		crm_store_unlock(c.store);
	cli_progress_end();
	(void)cli_held_end(NULL);
	if (code < 0) {
		err.code = code;
		tell_committed(&c, &err);
		cli_error_print(&c, &err);
	}
	/* An answer that was not written is no answer. */
	if (close_stdout(&last) < 0 && code > CRM_EUSAGE) {
		code = last.code;
		tell_committed(&c, &last);
		cli_error_print(&c, &last);
	}
	if (may_have_changed(&c, code))
		cli_hooks_run(&c);
	cli_segments_release(&c);
	crm_past_close(c.past);
	if (c.store)
		crm_store_close(c.store);
	crm_schema_release(&builtin);
	crm_arena_release(&c.arena);
	return crm_code_exit(code);
}
