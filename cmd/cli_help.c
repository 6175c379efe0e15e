/*
 * cli_help.c - --help and --version, from the tables.
 *
 * The help of a command says each shared group once, with the verbs that
 * have it; that of a verb says all of its options.  Nothing is written by
 * hand that a table knows.
 */
#include <unistd.h>

#include "cli_parts.h"

enum { HELP_AT = 28, LINE = 79 };

static void
put_usage(struct crm_buf *b, const char *lead, const struct cli *c,
    const struct cli_verb *v)
{
	crm_buf_putf(b, "%s%s", lead, c->command->name);
	if (v->name[0])
		crm_buf_putf(b, " %s", v->name);
	crm_buf_puts(b, " [OPTION...]");
	if (v->operands && v->operands[0])
		crm_buf_putf(b, " %s", v->operands);
	crm_buf_putc(b, '\n');
}

/* The words of a help text from column HELP_AT on. */
static void
put_words(struct crm_buf *b, const char *help)
{
	struct crm_str rest = crm_str(help), word;
	size_t at = HELP_AT;

	while (crm_str_split(&rest, ' ', &word)) {
		bool first = at == HELP_AT;

		if (!first && at + 1 + word.n > LINE) {
			crm_buf_putf(b, "\n%*s", HELP_AT, "");
			at = HELP_AT;
		} else if (!first) {
			crm_buf_putc(b, ' ');
			at++;
		}
		crm_buf_putstr(b, word);
		at += word.n;
	}
	crm_buf_putc(b, '\n');
}

static void
put_option(struct crm_buf *b, const struct cli_option *o)
{
	size_t start = b->n;

	if (!o->help)
		return;
	if (o->letter)
		crm_buf_putf(b, "  -%c, --%s", o->letter, o->name);
	else
		crm_buf_putf(b, "      --%s", o->name);
	if (o->arg)
		crm_buf_putf(b, " %s", o->arg);
	if (b->n - start > HELP_AT - 2) {
		crm_buf_putc(b, '\n');
		start = b->n;
	}
	while (b->n - start < HELP_AT && !b->fail)
		crm_buf_putc(b, ' ');
	put_words(b, o->help);
}

static const char *
title(unsigned group)
{
	for (const struct cli_shared *s = cli_shared; s->title; s++)
		if (s->group == group)
			return s->title;
	return group == CLI_FIELDS ? "Fields" : "Options";
}

/* The options of one group among those known, under their title. */
static void
put_group(struct crm_buf *b, const struct cli_knowns *k, unsigned group,
    const char *of)
{
	bool any = false;

	for (size_t i = 0; i < k->n; i++) {
		if (k->v[i].group != group)
			continue;
		if (!any)
			crm_buf_putf(b, "\n%s%s:\n", title(group), of);
		any = true;
		put_option(b, &k->v[i].opt);
	}
}

static int
verb_help(struct cli *c, const struct cli_verb *v, struct cli_knowns *k,
    struct crm_buf *b, struct crm_err *err)
{
	int code = cli_know(&c->arena, v, c->kind, k, err);

	if (code < 0)
		return code;
	put_usage(b, "usage: ", c, v);
	crm_buf_putf(b, "%s\n", v->name[0] ? v->summary : c->command->summary);
	put_group(b, k, CLI_OWN, "");
	put_group(b, k, CLI_FIELDS, "");
	for (const struct cli_shared *s = cli_shared; s->title; s++)
		put_group(b, k, s->group, "");
	return CRM_OK;
}

static bool
has_group(const struct cli_verb *v, unsigned group)
{
	if (group == CLI_TIMES)
		return (v->groups & CLI_LIST) && !(v->groups & CLI_NOTIME);
	return (v->groups & group) != 0;
}

/* One group of a whole command: the verbs that have it, then its options as
 * the first of them knows them. */
static int
command_group(struct cli *c, const struct cli_verb **verb, size_t n,
    unsigned group, struct cli_knowns *k, struct crm_buf *b,
    struct crm_err *err)
{
	const struct cli_verb *first = NULL;
	struct crm_buf of = {0};
	int code = CRM_OK;

	for (size_t i = 0; i < n; i++) {
		if (!has_group(verb[i], group))
			continue;
		crm_buf_putf(&of, "%s%s", first ? ", " : " (", verb[i]->name);
		if (!first)
			first = verb[i];
	}
	crm_buf_puts(&of, ")");
	if (first || group == CLI_ALWAYS) {
		code = cli_know(&c->arena, first, c->kind, k, err);
		if (code == CRM_OK)
			put_group(b, k, group, first ? crm_buf_cstr(&of) : "");
	}
	crm_buf_release(&of);
	return code;
}

static int
command_help(
    struct cli *c, struct cli_knowns *k, struct crm_buf *b, struct crm_err *err)
{
	const struct cli_verb *verb[CLI_VERBS_MAX];
	size_t n = cli_verbs(c->command, verb, CLI_VERBS_MAX);
	int code = CRM_OK;

	for (size_t i = 0; i < n; i++)
		put_usage(b, i ? "       " : "usage: ", c, verb[i]);
	crm_buf_putf(b, "%s\n\nVerbs:\n", c->command->summary);
	for (size_t i = 0; i < n; i++)
		crm_buf_putf(
		    b, "  %-12s %s\n", verb[i]->name, verb[i]->summary);
	for (size_t i = 0; i < n && code == CRM_OK; i++) {
		if (!verb[i]->options || !verb[i]->options[0].name)
			continue;
		code = cli_know(&c->arena, verb[i], c->kind, k, err);
		crm_buf_putf(b, "\n%s:\n", verb[i]->name);
		for (size_t j = 0; j < k->n && code == CRM_OK; j++)
			if (k->v[j].group == CLI_OWN)
				put_option(b, &k->v[j].opt);
	}
	if (code == CRM_OK)
		code = command_group(c, verb, n, CLI_FIELDS, k, b, err);
	for (const struct cli_shared *s = cli_shared; s->title && !code; s++)
		code = command_group(c, verb, n, s->group, k, b, err);
	return code;
}

int
cli_help_print(struct cli *c, struct crm_err *err)
{
	struct cli_knowns *k = crm_arena_alloc(&c->arena, sizeof *k);
	struct crm_buf b = {0};
	int code;

	if (!k)
		return crm_err_nomem(err);
	if (c->verb)
		code = verb_help(c, c->verb, k, &b, err);
	else
		code = command_help(c, k, &b, err);
	if (code == CRM_OK)
		code = crm_buf_check(&b, err);
	if (code == CRM_OK)
		code = crm_write_all(STDOUT_FILENO, b.p, b.n, "stdout", err);
	crm_buf_release(&b);
	return code;
}

int
cli_version_print(struct cli *c, struct crm_err *err)
{
	struct crm_buf b = {0};
	int code;

	crm_buf_putf(&b, "%s (crm-tools) %s\n", c->command->name, CRM_VERSION);
	code = crm_buf_check(&b, err);
	if (code == CRM_OK)
		code = crm_write_all(STDOUT_FILENO, b.p, b.n, "stdout", err);
	crm_buf_release(&b);
	return code;
}
