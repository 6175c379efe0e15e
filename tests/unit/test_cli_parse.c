/*
 * test_cli_parse.c - the command line, by a made-up command.
 *
 * The values of options live in static memory, as those of commands do, so
 * each case begins by clearing them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cli_parts.h"

static bool loud;
static int64_t size;
static int more;
static const struct cli_option own[] = {
    {'l', "loud", CLI_FLAG, &loud, NULL, "be loud"},
    {'s', "size", CLI_INT, &size, "N", "so large"},
    {'v', "more", CLI_COUNT, &more, NULL, "more of it"},
    {0},
};
static const struct cli_verb verbs[] = {
    {"show", NULL, CLI_NONE, CLI_OUT | CLI_LIST, own, "REF...", "show"},
    {"make", NULL, CLI_NONE, CLI_FIELDS | CLI_CHANGE, NULL, "", "make"},
    {"sign", NULL, CLI_NONE, CLI_SIGNED | CLI_CHANGE, NULL, "", "sign"},
    {"call", NULL, CLI_NONE, CLI_WORDS, NULL, "CMD", "call"},
    {0},
};
static const struct cli_command command = {
    "crm-x", "a command", "order", 0, verbs};
static struct crm_schema schema;

static int
setup(void **state)
{
	(void)state;
	return crm_schema_init(&schema, NULL, NULL);
}

static int
teardown(void **state)
{
	(void)state;
	crm_schema_release(&schema);
	return 0;
}

/* Parses words that have blanks between them. */
static int
parse(struct cli *c, const char *words, struct crm_err *err)
{
	static char text[500];
	char *argv[40] = {text}, *save = NULL;
	int argc = 1, code;

	*c = (struct cli){.command = &command, .schema = &schema};
	*err = (struct crm_err){0};
	c->kind = crm_schema_kind(&schema, crm_str(command.kind));
	cli_opt = (struct cli_opt){0};
	cli_ask = (struct cli_ask){0};
	loud = false;
	size = more = 0;
	assert_true(strlen(words) < sizeof text);
	memcpy(text, words, strlen(words) + 1);
	for (char *w = strtok_r(text, " ", &save); w;
	     w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	code = cli_parse(c, argc, argv, err);
	if (code == CRM_OK && !cli_ask.help)
		code = cli_set_check(c, err);
	return code;
}

/* What was understood, as one text. */
static const char *
told(const struct cli *c, struct crm_buf *b)
{
	crm_buf_clear(b);
	if (c->verb)
		crm_buf_puts(b, c->verb->name);
	for (size_t i = 0; i < c->noperand; i++)
		crm_buf_putf(b, " [%s]", c->operand[i]);
	for (size_t i = 0; i < c->nset; i++)
		crm_buf_putf(b, " %s=%s", c->set[i].name, c->set[i].value);
	for (size_t i = 0; i < cli_opt.define.n; i++)
		crm_buf_putf(b, " D:%s", cli_opt.define.v[i]);
	if (loud)
		crm_buf_puts(b, " loud");
	if (size)
		crm_buf_putf(b, " size:%d", (int)size);
	if (more)
		crm_buf_putf(b, " more:%d", more);
	if (cli_opt.fields)
		crm_buf_putf(b, " f:%s", cli_opt.fields);
	if (cli_opt.has_limit)
		crm_buf_putf(b, " limit:%d", (int)cli_opt.limit);
	if (cli_opt.dry_run)
		crm_buf_puts(b, " dry");
	if (cli_opt.why)
		crm_buf_putf(b, " why:%s", cli_opt.why);
	if (cli_opt.quiet)
		crm_buf_puts(b, " quiet");
	if (cli_opt.store)
		crm_buf_putf(b, " store:%s", cli_opt.store);
	if (cli_ask.help)
		crm_buf_puts(b, " help");
	return crm_buf_cstr(b);
}

static void
words_become_operands_options_and_fields(void **state)
{
	static const struct {
		const char *words, *told;
	} row[] = {
	    {"show a b", "show [a] [b]"},
	    {"show -l a", "show [a] loud"},
	    {"show a -l", "show [a] loud"},
	    {"show -ls5", "show loud size:5"},
	    {"show -ls 5 a", "show [a] loud size:5"},
	    {"show --size 5", "show size:5"},
	    {"show --size=5", "show size:5"},
	    {"show -vvv", "show more:3"},
	    {"show -fa,b --limit 0", "show f:a,b limit:0"},
	    {"show -f a -f b", "show f:a,b"},
	    {"show -D a=1 -D b=2", "show D:a=1 D:b=2"},
	    {"show --fields=", "show f:"},
	    {"show -", "show [-]"},
	    {"show -- -l --size", "show [-l] [--size]"},
	    {"-q show a", "show [a] quiet"},
	    {"--store x show -q", "show quiet store:x"},
	    {"-- show -l", "show loud"},
	    {"make --channel web -n", "make channel=web dry"},
	    {"make --channel=web --channel=shop", "make channel=shop"},
	    {"make --customer C1", "make customer_id=C1"},
	    {"make --customer-id C1", "make customer_id=C1"},
	    {"make --bill-name=x --prices-include-tax no",
		"make bill_name=x prices_include_tax=no"},
	    {"make --note --why --why x", "make note=--why why:x"},
	    /* A shared option before a field of its name. */
	    {"make --store y", "make store:y"},
	    {"sign a -summer +xmas -n", "sign [a] [-summer] [+xmas] dry"},
	    {"sign -n a", "sign [a] dry"},
	    {"sign a --why x -y-z", "sign [a] [-y-z] why:x"},
	    {"call sort -q --help", "call [sort] [-q] [--help]"},
	    {"call -q sort -r", "call [sort] [-r] quiet"},
	    {"show --help --nonsense", "show help"},
	    {"--help", " help"},
	};
	struct crm_buf b = {0};
	struct crm_err err;
	struct cli c;

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		int code = parse(&c, row[i].words, &err);

		if (code != CRM_OK || strcmp(told(&c, &b), row[i].told) != 0)
			fail_msg("'%s': '%s', wanted '%s': %s", row[i].words,
			    told(&c, &b), row[i].told, err.text);
		crm_arena_release(&c.arena);
	}
	crm_buf_release(&b);
}

static void
wrong_words_are_told(void **state)
{
	static const struct {
		const char *words, *text, *hint;
	} row[] = {
	    {"", "a verb is wanted: show, make, sign, call", ""},
	    {"shw", "there is no verb 'shw'", "did you mean 'show'?"},
	    {"--loud show", "there is no option '--loud'", ""},
	    {"show --lod", "there is no option '--lod'",
		"did you mean '--loud'?"},
	    {"show --lou", "there is no option '--lou'",
		"did you mean '--loud'?"},
	    {"show -lz", "there is no option '-z'", ""},
	    {"show --loud=1", "option --loud takes no value", ""},
	    {"show --size", "option --size wants N after it", ""},
	    {"show -s", "option --size wants N after it", ""},
	    {"show -s x", "'x' is not a number from 0 on", ""},
	    {"show -s-1", "'-1' is not a number from 0 on", ""},
	    {"show --channel web", "there is no option '--channel'", ""},
	    {"make --chanel web", "there is no option '--chanel'",
		"did you mean '--channel'?"},
	    {"make --channel", "option --channel wants TEXT after it", ""},
	    {"make --bill_name x", "there is no option '--bill_name'",
		"did you mean '--bill-name'?"},
	    {"make --shoe-size", "there is no option '--shoe-size'", ""},
	    {"make --total 1",
		"--total: this field is kept by the programs, it cannot be "
		"given",
		""},
	    {"make --order-id O1",
		"--order-id: an id is given out, never chosen", ""},
	};
	struct crm_err err;
	struct cli c;

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		int code = parse(&c, row[i].words, &err);

		if (code != CRM_EUSAGE || strcmp(err.text, row[i].text) != 0 ||
		    strcmp(err.hint, row[i].hint) != 0)
			fail_msg("'%s': %d '%s' '%s', wanted '%s' '%s'",
			    row[i].words, code, err.text, err.hint, row[i].text,
			    row[i].hint);
		crm_arena_release(&c.arena);
	}
}

static void
messages_cannot_drive_a_terminal(void **state)
{
	static const struct {
		const char *text, *safe;
	} row[] = {
	    {"plain", "plain"},
	    {"a\033[31mb", "a?[31mb"},
	    {"tab\tdel\177", "tab?del?"},
	    {"\342\200\256over", "?over"},
	    {"bad\377\300", "bad??"},
	    {"caf\303\251", "caf\303\251"},
	    {"two\nlines", "two?lines"},
	};
	struct crm_buf b = {0};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		crm_buf_clear(&b);
		cli_safe_put(&b, row[i].text, false);
		assert_string_equal(crm_buf_cstr(&b), row[i].safe);
	}
	crm_buf_clear(&b);
	cli_safe_put(&b, "x\n  ^\n", true);
	assert_string_equal(crm_buf_cstr(&b), "x\n  ^\n");
	crm_buf_release(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(words_become_operands_options_and_fields),
	    cmocka_unit_test(wrong_words_are_told),
	    cmocka_unit_test(messages_cannot_drive_a_terminal),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
