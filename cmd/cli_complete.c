/*
 * cli_complete.c - what the word under the cursor may become.
 *
 * Shells ask the command itself, `NAME --crm-complete WORD...`, with the words
 * behind its name up to the cursor, the last one (which may be empty) being
 * the one to complete: so their scripts know nothing of verbs and options and
 * are never behind.  An answer is a word and, after a tab, what it means; no
 * answer leaves it to the shell, which knows files.  The words may be half
 * written, so nothing here is an error.
 */
#include <unistd.h>

#include "cli_parts.h"

struct complete {
	struct cli *c;
	struct cli_knowns *known;
	const struct cli_verb *verb; /* NULL: not named yet */
	const struct cli_option *want; /* the option whose value is next */
	struct crm_str word; /* to be completed */
	struct crm_buf out;
};

static void
answer(struct complete *p, const char *before, struct crm_str word,
    const char *help)
{
	struct crm_buf b = {.max = 4096};

	crm_buf_puts(&b, before);
	crm_buf_putstr(&b, word);
	if (b.fail == 0 && crm_str_starts(crm_buf_str(&b), p->word)) {
		crm_buf_putstr(&p->out, crm_buf_str(&b));
		crm_buf_putc(&p->out, '\t');
		crm_escape_put(&p->out, crm_str(help));
		crm_buf_putc(&p->out, '\n');
	}
	crm_buf_release(&b);
}

/* The option a word names: --name, -x, -nx; NULL when it is none. */
static const struct cli_option *
option_of(const struct complete *p, const char *word)
{
	size_t n = strlen(word);

	for (size_t i = 0; i < p->known->n; i++) {
		const struct cli_option *o = &p->known->v[i].opt;

		if (n > 2 && word[0] == '-' && word[1] == '-' &&
		    strcmp(word + 2, o->name) == 0)
			return o;
		if (n > 1 && word[0] == '-' && word[1] != '-' && o->letter &&
		    word[n - 1] == o->letter)
			return o;
	}
	return NULL;
}

static bool
takes_value(const struct cli_option *o)
{
	return o && o->type != CLI_FLAG && o->type != CLI_COUNT;
}

/* The words before: which verb, and whether an option waits for its value. */
static int
read_words(struct complete *p, int n, char **word, struct crm_err *err)
{
	const struct cli_verb *verb[CLI_VERBS_MAX];
	size_t nverb = cli_verbs(p->c->command, verb, CLI_VERBS_MAX);
	bool plain = nverb == 1 && !verb[0]->name[0];
	int code;

	p->verb = plain ? verb[0] : NULL;
	code = cli_know(&p->c->arena, p->verb, p->c->kind, p->known, err);
	for (int i = 0; i + 1 < n && code == CRM_OK; i++) {
		if (p->want) {
			p->want = NULL;
			continue;
		}
		if (word[i][0] == '-' && word[i][1]) {
			p->want = option_of(p, word[i]);
			if (!takes_value(p->want))
				p->want = NULL;
			continue;
		}
		for (size_t v = 0; v < nverb && !p->verb; v++)
			if (strcmp(verb[v]->name, word[i]) == 0) {
				p->verb = verb[v];
				code = cli_know(&p->c->arena, p->verb,
				    p->c->kind, p->known, err);
			}
	}
	return code;
}

static void
put_options(struct complete *p)
{
	for (size_t i = 0; i < p->known->n; i++) {
		const struct cli_option *o = &p->known->v[i].opt;
		const char letter[2] = {o->letter, '\0'};

		if (!o->help)
			continue;
		if (o->name && o->name[0])
			answer(p, "--", crm_str(o->name), o->help);
		else
			answer(p, "-", crm_str(letter), o->help);
	}
}

static void
put_verbs(struct complete *p)
{
	const struct cli_verb *verb[CLI_VERBS_MAX];
	size_t n = cli_verbs(p->c->command, verb, CLI_VERBS_MAX);

	for (size_t i = 0; i < n; i++)
		answer(p, "", crm_str(verb[i]->name), verb[i]->summary);
}

/* Each of the words between separators. */
static void
put_list(struct complete *p, const char *list, char sep)
{
	struct crm_str rest = crm_str(list), word;

	while (crm_str_split(&rest, sep, &word))
		if (word.n > 0)
			answer(p, "", word, "");
}

/* Names of fields: what stands before the last comma is kept, and the sign of
 * a column to sort by. */
static void
put_names(struct complete *p)
{
	const struct crm_kind *k = p->c->kind;
	struct crm_buf before = {.max = 4096};
	const char *comma =
	    p->word.n ? memrchr(p->word.p, ',', p->word.n) : NULL;
	size_t n = comma ? (size_t)(comma + 1 - p->word.p) : 0;

	if (n < p->word.n && (p->word.p[n] == '-' || p->word.p[n] == '+'))
		n++;
	crm_buf_put(&before, p->word.p, n);
	crm_buf_putc(&before, '\0');
	for (size_t i = 0; k && before.fail == 0 && i < k->nfields; i++)
		answer(
		    p, before.p, crm_str(k->fields[i].name), k->fields[i].help);
	crm_buf_release(&before);
}

static void
put_values(struct complete *p)
{
	const struct cli_option *o = p->want;
	int f = cli_field_option(p->c->kind, crm_str(o->name));

	if (o->to == &cli_opt.format)
		put_list(p, "tsv,table,json,jsonl,csv,vertical,value", ',');
	else if (o->type == CLI_NAMES)
		put_names(p);
	else if (o->arg && strchr(o->arg, '|'))
		put_list(p, o->arg, '|');
	else if (f >= 0 && p->c->kind->fields[f].type == CRM_T_ENUM)
		put_list(p, p->c->kind->fields[f].values, ',');
	else if (f >= 0 && p->c->kind->fields[f].type == CRM_T_BOOL)
		put_list(p, "yes,no", ',');
}

int
cli_complete_print(struct cli *c, int nword, char **word, struct crm_err *err)
{
	struct complete p = {.c = c};
	int code;

	p.known = crm_arena_alloc(&c->arena, sizeof *p.known);
	if (!p.known)
		return crm_err_nomem(err);
	code = read_words(&p, nword, word, err);
	p.word = crm_str(nword > 0 ? word[nword - 1] : "");
	if (code == CRM_OK && p.want)
		put_values(&p);
	else if (code == CRM_OK && p.word.n > 0 && p.word.p[0] == '-')
		put_options(&p);
	else if (code == CRM_OK && !p.verb)
		put_verbs(&p);
	if (code == CRM_OK)
		code = crm_buf_check(&p.out, err);
	if (code == CRM_OK && p.out.n > 0)
		code = crm_write_all(
		    STDOUT_FILENO, p.out.p, p.out.n, "stdout", err);
	crm_buf_release(&p.out);
	return code;
}
