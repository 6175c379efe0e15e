/*
 * cli_spec.c - the tables as a record stream, for completion and tests.
 *
 * Rows: the command (long its name, arg its mode when it has no verbs), its
 * verbs (long their operands, arg their mode), and options; those that every
 * verb has come once, with no verb.
 */
#include <unistd.h>

#include "cli_parts.h"

static const char *
mode_name(enum cli_mode mode)
{
	switch (mode) {
	case CLI_NONE:
		return "none";
	case CLI_READ:
	case CLI_SCAN:
		return "read";
	case CLI_WRITE:
		return "write";
	}
	return "";
}

static void
put_row(struct crm_buf *b, const char *type, const char *verb, char letter,
    const char *name, const char *arg, const char *help)
{
	const char one[2] = {letter, '\0'};
	const char *cell[] = {type, verb, one, name, arg, help};

	for (size_t i = 0; i < sizeof cell / sizeof cell[0]; i++) {
		if (i)
			crm_buf_putc(b, '\t');
		crm_escape_put(b, crm_str(cell[i]));
	}
	crm_buf_putc(b, '\n');
}

static int
put_options(struct cli *c, const struct cli_verb *v, struct cli_knowns *k,
    struct crm_buf *b, struct crm_err *err)
{
	int code = cli_know(&c->arena, v, c->kind, k, err);

	for (size_t i = 0; i < k->n && code == CRM_OK; i++) {
		const struct cli_option *o = &k->v[i].opt;
		bool always = k->v[i].group == CLI_ALWAYS;

		/* A verb's own name for one of them hides it there only. */
		if (!o->help || (v && always))
			continue;
		put_row(b, k->v[i].group == CLI_FIELDS ? "field" : "option",
		    v ? v->name : "", o->letter, o->name, o->arg, o->help);
	}
	return code;
}

static int
put_spec(
    struct cli *c, struct cli_knowns *k, struct crm_buf *b, struct crm_err *err)
{
	const struct cli_verb *verb[CLI_VERBS_MAX];
	size_t n = cli_verbs(c->command, verb, CLI_VERBS_MAX);
	bool plain = n == 1 && !verb[0]->name[0];
	int code = CRM_OK;

	crm_buf_puts(b, "type\tverb\tshort\tlong\targ\thelp\n");
	put_row(b, "command", "", 0, c->command->name,
	    plain ? mode_name(verb[0]->mode) : "", c->command->summary);
	for (size_t i = 0; i < n && !plain; i++)
		put_row(b, "verb", verb[i]->name, 0, verb[i]->operands,
		    mode_name(verb[i]->mode), verb[i]->summary);
	for (size_t i = 0; i < n && code == CRM_OK; i++)
		code = put_options(c, verb[i], k, b, err);
	if (code == CRM_OK)
		code = put_options(c, NULL, k, b, err);
	return code;
}

int
cli_spec_print(struct cli *c, struct crm_err *err)
{
	struct cli_knowns *k = crm_arena_alloc(&c->arena, sizeof *k);
	struct crm_buf b = {0};
	int code;

	if (!k)
		return crm_err_nomem(err);
	code = put_spec(c, k, &b, err);
	if (code == CRM_OK)
		code = crm_buf_check(&b, err);
	if (code == CRM_OK)
		code = crm_write_all(STDOUT_FILENO, b.p, b.n, "stdout", err);
	crm_buf_release(&b);
	return code;
}
