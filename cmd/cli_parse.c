/*
 * cli_parse.c - from argv to operands and option values.
 *
 * Long options are --x=v or --x v and are never shortened: a script must not
 * change its meaning when an option is added.  Letters may be bundled.
 * Options and operands may be mixed; -- ends options.  Before the verb only
 * the options stand that every verb has.  A long option that no table knows
 * may be a custom field of a store that is not open yet: where fields are
 * options it is kept with its value, and judged by cli_set_check.
 */
#include <stdlib.h>

#include "cli_parts.h"

struct parser {
	struct cli *c;
	const struct crm_kind *kind;
	struct cli_knowns known;
	char **word;
	int n, at;
	bool over; /* past -- */
	bool answer; /* --help and its like: parse no further */
};

static int
unknown_word(struct crm_err *err, struct crm_str word, const char *what,
    const char *const *words, size_t n)
{
	const char *near = crm_nearest(word, words, n);

	crm_err_set(err, CRM_EUSAGE, "there is no %s '%.*s'", what,
	    (int)(word.n > 200 ? 200 : word.n), word.p);
	if (near)
		crm_err_hint(err, "did you mean '%s'?", near);
	return CRM_EUSAGE;
}

static int
unknown_option(const struct crm_kind *kind, const struct cli_knowns *known,
    struct crm_str name, struct crm_err *err)
{
	const char *words[CLI_KNOWN_MAX];
	const char *near;
	size_t n = 0;
	int i = cli_field_option(kind, name);

	if (i >= 0)
		return crm_err_set(err, CRM_EUSAGE,
		    i == 0 ? "--%.*s: an id is given out, never chosen"
			   : "--%.*s: this field is kept by the programs, it "
			     "cannot be given",
		    (int)name.n, name.p);
	for (size_t k = 0; k < known->n; k++)
		if (known->v[k].opt.help)
			words[n++] = known->v[k].opt.name;
	near = crm_nearest(name, words, n);
	crm_err_set(err, CRM_EUSAGE, "there is no option '--%.*s'",
	    (int)(name.n > 200 ? 200 : name.n), name.p);
	if (near)
		crm_err_hint(err, "did you mean '--%s'?", near);
	return CRM_EUSAGE;
}

static const struct cli_known *
find_long(const struct parser *p, struct crm_str name)
{
	for (size_t i = 0; i < p->known.n; i++)
		if (crm_str_is(name, p->known.v[i].opt.name))
			return &p->known.v[i];
	return NULL;
}

static const struct cli_known *
find_letter(const struct parser *p, char letter)
{
	for (size_t i = 0; i < p->known.n; i++)
		if (letter && p->known.v[i].opt.letter == letter)
			return &p->known.v[i];
	return NULL;
}

static int
texts_add(struct crm_arena *a, struct cli_texts *t, const char *value,
    struct crm_err *err)
{
	if (t->n == t->cap) {
		size_t cap = t->cap ? 2 * t->cap : 8;
		const char **v = crm_arena_alloc(a, cap * sizeof *v);

		if (!v)
			return crm_err_nomem(err);
		if (t->n)
			memcpy(v, t->v, t->n * sizeof *v);
		t->v = v;
		t->cap = cap;
	}
	t->v[t->n++] = value;
	return CRM_OK;
}

/* Keeps a field's value; the last one given counts. */
static int
set_add(struct parser *p, struct crm_str option, const char *value,
    struct crm_err *err)
{
	struct cli *c = p->c;
	struct crm_str name = crm_arena_str(&c->arena, option);

	if (!name.p)
		return crm_err_nomem(err);
	if (!c->set) {
		c->set =
		    crm_arena_zalloc(&c->arena, (size_t)p->n * sizeof *c->set);
		if (!c->set)
			return crm_err_nomem(err);
	}
	for (size_t i = 0; i < c->nset; i++)
		if (strcmp(c->set[i].name, name.p) == 0) {
			c->set[i].value = value;
			return CRM_OK;
		}
	c->set[c->nset++] = (struct cli_set){name.p, value};
	return CRM_OK;
}

static void
name_option(struct crm_err *err, const struct cli_option *o)
{
	struct crm_buf b = {0};

	crm_buf_putf(&b, "--%s", o->name);
	crm_err_field(err, crm_buf_str(&b).p, crm_buf_str(&b).n);
	crm_buf_release(&b);
}

/* Nothing that was asked for is lost: names are put together, and of two
 * conditions nobody knows whether both or one should hold. */
static int
store_again(struct parser *p, const struct cli_option *o, const char *value,
    struct crm_err *err)
{
	const char **to = o->to;
	struct crm_buf b = {0};
	struct crm_str both = {0};

	if (o->type == CLI_ONCE) {
		crm_err_set(err, CRM_EUSAGE, "is given twice");
		name_option(err, o);
		if (o->letter == 'w')
			crm_err_hint(err, "write 'A and B', or 'A or B'");
		return CRM_EUSAGE;
	}
	crm_buf_putf(&b, "%s,%s", *to, value);
	if (!b.fail)
		both = crm_arena_str(&p->c->arena, crm_buf_str(&b));
	crm_buf_release(&b);
	*to = both.p;
	return both.p ? CRM_OK : crm_err_nomem(err);
}

/* Gives an option its value; NULL for those that take none. */
static int
store_value(struct parser *p, const struct cli_known *k, const char *value,
    struct crm_err *err)
{
	const struct cli_option *o = &k->opt;
	int64_t number;

	if (k->group == CLI_FIELDS)
		return set_add(p, crm_str(o->name), value, err);
	switch (o->type) {
	case CLI_FLAG:
		*(bool *)o->to = true;
		p->answer = cli_ask.help || cli_ask.version || cli_ask.spec;
		return CRM_OK;
	case CLI_COUNT:
		++*(int *)o->to;
		return CRM_OK;
	case CLI_NAMES:
	case CLI_ONCE:
		if (*(const char **)o->to)
			return store_again(p, o, value, err);
		*(const char **)o->to = value;
		return CRM_OK;
	case CLI_TEXT:
		*(const char **)o->to = value;
		return CRM_OK;
	case CLI_TEXTS:
		return texts_add(&p->c->arena, o->to, value, err);
	case CLI_INT:
		if (crm_int_parse(crm_str(value), &number) < 0 || number < 0) {
			crm_err_set(err, CRM_EUSAGE,
			    "'%s' is not a number from 0 on", value);
			name_option(err, o);
			return CRM_EUSAGE;
		}
		*(int64_t *)o->to = number;
		return CRM_OK;
	}
	return crm_err_set(err, CRM_EBUG, "option of unknown type");
}

static bool
takes_value(const struct cli_option *o)
{
	return o->type != CLI_FLAG && o->type != CLI_COUNT;
}

static int
value_missing(const struct cli_option *o, struct crm_err *err)
{
	return crm_err_set(err, CRM_EUSAGE, "option --%s wants %s after it",
	    o->name, o->arg ? o->arg : "a value");
}

static int
take_long(struct parser *p, const char *text, struct crm_err *err)
{
	const char *eq = strchr(text, '='), *value = eq ? eq + 1 : NULL;
	struct crm_str name = {text, eq ? (size_t)(eq - text) : strlen(text)};
	const struct cli_known *k = find_long(p, name);

	if (k && !takes_value(&k->opt)) {
		if (value)
			return crm_err_set(err, CRM_EUSAGE,
			    "option --%s takes no value", k->opt.name);
		return store_value(p, k, NULL, err);
	}
	if (!k && !(p->c->verb && (p->c->verb->groups & CLI_FIELDS)))
		return unknown_option(NULL, &p->known, name, err);
	if (!value && p->at < p->n)
		value = p->word[p->at++];
	if (!k)
		return set_add(p, name, value, err);
	if (!value)
		return value_missing(&k->opt, err);
	return store_value(p, k, value, err);
}

static int
take_letters(struct parser *p, const char *text, struct crm_err *err)
{
	int code;

	for (; *text && !p->answer; text++) {
		const struct cli_known *k = find_letter(p, *text);
		const char *value = NULL;

		if (!k)
			return crm_err_set(
			    err, CRM_EUSAGE, "there is no option '-%c'", *text);
		if (takes_value(&k->opt)) {
			if (text[1])
				value = text + 1;
			else if (p->at < p->n)
				value = p->word[p->at++];
			else
				return value_missing(&k->opt, err);
		}
		code = store_value(p, k, value, err);
		if (code < 0)
			return code;
		if (value)
			break;
	}
	return CRM_OK;
}

static int
know_verb(struct parser *p, const struct cli_verb *verb, struct crm_err *err)
{
	p->c->verb = verb;
	return cli_know(&p->c->arena, verb, p->kind, &p->known, err);
}

static int
take_verb(struct parser *p, const char *word, struct crm_err *err)
{
	const struct cli_verb *verb[CLI_VERBS_MAX];
	const char *name[CLI_VERBS_MAX];
	size_t n = cli_verbs(p->c->command, verb, CLI_VERBS_MAX);

	for (size_t i = 0; i < n; i++) {
		if (strcmp(verb[i]->name, word) == 0)
			return know_verb(p, verb[i], err);
		name[i] = verb[i]->name;
	}
	return unknown_word(err, crm_str(word), "verb", name, n);
}

static int
no_verb(const struct cli *c, struct crm_err *err)
{
	const struct cli_verb *verb[CLI_VERBS_MAX];
	size_t n = cli_verbs(c->command, verb, CLI_VERBS_MAX);
	struct crm_buf b = {0};

	for (size_t i = 0; i < n; i++)
		crm_buf_putf(&b, "%s%s", i ? ", " : "", verb[i]->name);
	crm_err_set(err, CRM_EUSAGE, "a verb is wanted: %s", crm_buf_cstr(&b));
	crm_buf_release(&b);
	return CRM_EUSAGE;
}

/* Is this word an option, where operands may look like one? */
static bool
is_option(const struct parser *p, const char *w)
{
	unsigned groups = p->c->verb ? p->c->verb->groups : 0;

	if (p->over || w[0] != '-' || w[1] == '\0')
		return false;
	if (!(groups & CLI_SIGNED) || !p->c->noperand || w[1] == '-')
		return true;
	return w[2] == '\0';
}

static int
take_word(struct parser *p, char *w, struct crm_err *err)
{
	struct cli *c = p->c;

	if (is_option(p, w)) {
		if (w[1] != '-')
			return take_letters(p, w + 1, err);
		if (w[2])
			return take_long(p, w + 2, err);
		p->over = true;
		return CRM_OK;
	}
	if (!c->verb) {
		/* A -- before the verb is not one for its operands. */
		p->over = false;
		return take_verb(p, w, err);
	}
	c->operand[c->noperand++] = w;
	c->ngiven = c->noperand;
	if (c->verb->groups & CLI_WORDS)
		p->over = true;
	return CRM_OK;
}

/* Whoever says how stdin is written means it to be read: `list -i` without -
 * would be all records, and a set of them is not what was asked. */
static int
about_stdin(const struct cli *c, struct crm_err *err)
{
	/* Of a stream under --from the header is that one's. */
	const char *given = cli_opt.bare		      ? "-i"
			    : cli_opt.header && !cli_opt.from ? "--header"
			    : cli_opt.on		      ? "--on"
			    : cli_opt.missing		      ? "--missing"
							      : NULL;

	if (!given || !(c->verb->groups & CLI_IN))
		return CRM_OK;
	for (size_t i = 0; i < c->noperand; i++)
		if (strcmp(c->operand[i], "-") == 0)
			return CRM_OK;
	crm_err_set(err, CRM_EUSAGE, "is about a stream on stdin");
	crm_err_field(err, given, strlen(given));
	crm_err_hint(err, "stdin is read when - is an operand");
	return CRM_EUSAGE;
}

static int
take_words(struct parser *p, int argc, char **argv, struct crm_err *err)
{
	const struct cli_verb *first = p->c->command->verbs;
	int code;

	p->kind = p->c->kind;
	p->word = argv;
	p->n = argc;
	p->at = 1;
	p->over = p->answer = false;
	p->known.n = 0;
	if (!p->c->command->common && first && first->name && !first->name[0])
		code = know_verb(p, first, err);
	else
		code = know_verb(p, NULL, err);
	while (code == CRM_OK && p->at < argc && !p->answer)
		code = take_word(p, argv[p->at++], err);
	return code;
}

int
cli_parse(struct cli *c, int argc, char **argv, struct crm_err *err)
{
	/* Most of it is room for options: not cleared, and given back for what
	 * comes next, as a fresh page of memory costs what 5,000 instructions
	 * do. */
	struct parser *p = malloc(sizeof *p);
	bool answer;
	int code;

	c->operand =
	    crm_arena_alloc(&c->arena, ((size_t)argc + 1) * sizeof *c->operand);
	if (!p || !c->operand) {
		free(p);
		return crm_err_nomem(err);
	}
	p->c = c;
	cli_opt.limit = cli_opt.max_rejects = -1;
	code = take_words(p, argc, argv, err);
	answer = p->answer;
	free(p);
	if (code < 0 || answer)
		return code;
	cli_opt.has_limit = cli_opt.limit >= 0;
	if (!cli_opt.has_limit)
		cli_opt.limit = 0;
	cli_opt.has_max_rejects = cli_opt.max_rejects >= 0;
	if (!cli_opt.has_max_rejects)
		cli_opt.max_rejects = 0;
	return c->verb ? about_stdin(c, err) : no_verb(c, err);
}

int
cli_set_check(struct cli *c, struct crm_err *err)
{
	struct cli_knowns *known = NULL;
	int code;

	for (size_t i = 0; i < c->nset; i++) {
		struct cli_set *s = &c->set[i];
		int f = cli_field_option(c->kind, crm_str(s->name));
		const struct crm_field *field =
		    f > 0 ? &c->kind->fields[f] : NULL;

		if (field && !s->value)
			return crm_err_set(err, CRM_EUSAGE,
			    "option --%s wants a value after it", s->name);
		if (field &&
		    !(field->flags & (CRM_F_READONLY | CRM_F_FIGURE))) {
			s->name = field->name;
			continue;
		}
		known = crm_arena_alloc(&c->arena, sizeof *known);
		if (!known)
			return crm_err_nomem(err);
		code = cli_know(&c->arena, c->verb, c->kind, known, err);
		if (code < 0)
			return code;
		return unknown_option(c->kind, known, crm_str(s->name), err);
	}
	return CRM_OK;
}

int
cli_operands(struct cli *c, size_t min, size_t max, struct crm_err *err)
{
	const char *form = c->verb->operands ? c->verb->operands : "";

	if (c->noperand < min)
		return crm_err_set(err, CRM_EUSAGE,
		    c->noperand ? "more operands are wanted: %s"
				: "operands are wanted: %s",
		    form);
	if (max && c->noperand > max)
		return crm_err_set(err, CRM_EUSAGE,
		    "'%s' is one operand too many", c->operand[max]);
	return CRM_OK;
}

bool
cli_stdin(const struct cli *c)
{
	return c->noperand == 1 && strcmp(c->operand[0], "-") == 0;
}
