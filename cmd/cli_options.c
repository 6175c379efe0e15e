/*
 * cli_options.c - the options that commands share, and all those of a verb.
 *
 * Fields become options here (a row like any other), so that the parser,
 * help and the spec know one list only.  An id field customer_id is the
 * option --customer, as people say it; --customer-id is taken as well.  A
 * field whose name an option of the tables has gives way.
 */
#include <stdlib.h>

#include "cli_parts.h"

struct cli_opt cli_opt;
struct cli_ask cli_ask;

static const struct cli_option always[] = {
    {'h', "help", CLI_FLAG, &cli_ask.help, NULL, "print this help"},
    {0, "version", CLI_FLAG, &cli_ask.version, NULL, "print the version"},
    {'q', "quiet", CLI_FLAG, &cli_opt.quiet, NULL,
	"print no notices and no progress"},
    {0, "store", CLI_TEXT, &cli_opt.store, "DIR",
	"the store's folder, instead of CRM_STORE"},
    {0, "crm-spec", CLI_FLAG, &cli_ask.spec, NULL, NULL},
    {0},
};

static const struct cli_option out[] = {
    {0, "format", CLI_TEXT, &cli_opt.format, "FORMAT",
	"tsv, table, json, jsonl, csv, vertical or value"},
    {'f', "fields", CLI_NAMES, &cli_opt.fields, "NAMES",
	"the columns to print, separated by commas"},
    {0, "no-header", CLI_FLAG, &cli_opt.no_header, NULL,
	"leave out the line of names"},
    {0, "excel", CLI_FLAG, &cli_opt.excel, NULL,
	"csv for spreadsheets: BOM, CRLF, formulas made text"},
    {0},
};

static const struct cli_option list[] = {
    {'w', "where", CLI_ONCE, &cli_opt.where, "EXPR",
	"only records for which the expression holds"},
    {'D', "define", CLI_TEXTS, &cli_opt.define, "NAME=VALUE",
	"the value of $NAME in expressions"},
    {0, "sort", CLI_NAMES, &cli_opt.sort, "NAMES",
	"sort by these columns, falling where - stands before"},
    {0, "limit", CLI_INT, &cli_opt.limit, "N", "only the first N"},
    {0, "count", CLI_FLAG, &cli_opt.count, NULL, "print only their number"},
    {'e', "exists", CLI_FLAG, &cli_opt.exists, NULL,
	"print nothing, exit 1 when there is none"},
    {0},
};

static const struct cli_option times[] = {
    {0, "since", CLI_TEXT, &cli_opt.since, "TIME",
	"only from this time on; rev:N: what has changed since"},
    {0, "until", CLI_TEXT, &cli_opt.until, "TIME",
	"only before this time, or this revision"},
    {0},
};

static const struct cli_option expr[] = {
    {'w', "where", CLI_ONCE, &cli_opt.where, "EXPR",
	"only records for which the expression holds"},
    {'D', "define", CLI_TEXTS, &cli_opt.define, "NAME=VALUE",
	"the value of $NAME in expressions"},
    {0},
};

static const struct cli_option from[] = {
    {0, "from", CLI_ONCE, &cli_opt.from, "FILE",
	"read this stream (-: stdin) instead of the store"},
    {0, "columns", CLI_NAMES, &cli_opt.columns, "NAME=COLUMN",
	"its columns that have other names, as placed=date,total=sales"},
    {0, "header", CLI_TEXT, &cli_opt.header, "NAMES",
	"the columns of a stream that has no header"},
    {0},
};

static const struct cli_option fit[] = {
    {0, "model", CLI_TEXT, &cli_opt.model, "NAME", "bg-nbd or pareto-nbd"},
    {0, "unit", CLI_TEXT, &cli_opt.unit, "day|week",
	"the unit of time of the parameters (week)"},
    {0, "no-money", CLI_FLAG, &cli_opt.no_money, NULL,
	"purchases alone, without their money"},
    {0, "anyway", CLI_FLAG, &cli_opt.anyway, NULL,
	"also few customers, and where no peak is found"},
    {0},
};

static const struct cli_option use[] = {
    {0, "use", CLI_TEXT, &cli_opt.use, "REF",
	"this model instead of the last one fitted"},
    {0, "fitted", CLI_TEXT, &cli_opt.fitted, "FILE",
	"the model in this stream, as fit prints it"},
    {0, "params", CLI_TEXT, &cli_opt.params, "NAME=N,...",
	"a model by its parameters: r=0.24,alpha=4.4,a=0.79,b=2.4"},
    {0},
};

static const struct cli_option in[] = {
    {'i', "ids", CLI_FLAG, &cli_opt.bare, NULL,
	"stdin is bare ids or references, one a line"},
    {0, "header", CLI_TEXT, &cli_opt.header, "NAMES",
	"the columns of a stream that has no header"},
    {0, "on", CLI_TEXT, &cli_opt.on, "COLUMN",
	"the column with the ids, when several could be"},
    {0, "missing", CLI_TEXT, &cli_opt.missing, "keep|drop",
	"what to do with rows whose id is not known"},
    {0},
};

static const struct cli_option change[] = {
    {'n', "dry-run", CLI_FLAG, &cli_opt.dry_run, NULL,
	"print what would change, change nothing"},
    {0, "why", CLI_TEXT, &cli_opt.why, "TEXT", "the reason, for the log"},
    {0, "key", CLI_ONCE, &cli_opt.key, "KEY",
	"do this once: the same key again changes nothing"},
    {0, "wait", CLI_TEXT, &cli_opt.wait, "TIME",
	"how long to wait for another writer (60s)"},
    {0, "print", CLI_FLAG, &cli_opt.print, NULL,
	"print the records after a change of many"},
    {0},
};

static const struct cli_option bulk[] = {
    {0, "keep-going", CLI_FLAG, &cli_opt.keep_going, NULL,
	"pass over rows that are wrong, exit 2"},
    {0, "rejects", CLI_TEXT, &cli_opt.rejects, "FILE",
	"write those rows there, with the reason"},
    {0, "max-rejects", CLI_INT, &cli_opt.max_rejects, "N",
	"stop when more than N rows are wrong"},
    {0, "clean", CLI_FLAG, &cli_opt.clean, NULL,
	"replace bytes that no text may hold"},
    {0, "allow-erased", CLI_FLAG, &cli_opt.allow_erased, NULL,
	"people who were erased may come in again"},
    {0, "empty", CLI_TEXT, &cli_opt.empty, "clear|keep",
	"what an empty cell does to a value"},
    {0},
};

static const struct cli_option each[] = {
    {0, "each", CLI_FLAG, &cli_opt.each, NULL,
	"commit each record by itself, and print it when that is done"},
    {0},
};

static const struct cli_option at[] = {
    {0, "at", CLI_TEXT, &cli_opt.at, "TIME",
	"count only what had happened by then"},
    {0, "as-of", CLI_TEXT, &cli_opt.as_of, "TIME",
	"by what was known then, or at revision rev:N"},
    {0},
};

const struct cli_shared cli_shared[] = {
    {CLI_LIST, "Choosing records", list},
    {CLI_TIMES, "Their time", times},
    {CLI_EXPR, "Choosing records", expr},
    {CLI_CLOCK, "The clock", at},
    {CLI_FROM, "Another source", from},
    {CLI_FIT, "The model", fit},
    {CLI_USE, "A model that is there", use},
    {CLI_IN, "A stream on stdin", in},
    {CLI_CHANGE, "Changing", change},
    {CLI_BULK, "Many rows", bulk},
    {CLI_EACH, "Many rows, one by one", each},
    {CLI_OUT, "Output", out},
    {CLI_ALWAYS, "Always", always},
    {0, NULL, NULL},
};

size_t
cli_verbs(
    const struct cli_command *command, const struct cli_verb **v, size_t max)
{
	const struct cli_verb *own = command->verbs, *o;
	size_t n = 0;

	for (size_t i = 0; command->common && cli_common_verbs[i].name; i++) {
		const struct cli_verb *common = &cli_common_verbs[i];

		if (!(command->common >> i & 1))
			continue;
		/* A command's own verb of the same name stands in its place. */
		for (o = own; o && o->name; o++)
			if (strcmp(o->name, common->name) == 0)
				break;
		if (!(o && o->name) && n < max)
			v[n++] = common;
	}
	for (o = own; o && o->name; o++)
		if (n < max)
			v[n++] = o;
	return n;
}

static int
know(struct cli_knowns *to, const struct cli_option *opt, unsigned group,
    struct crm_err *err)
{
	struct cli_known *k = &to->v[to->n];

	if (to->n == CLI_KNOWN_MAX)
		return crm_err_set(err, CRM_EBUG, "too many options");
	k->opt = *opt;
	k->group = group;
	for (size_t i = 0; i < to->n; i++) {
		if (strcmp(to->v[i].opt.name, opt->name) == 0)
			return CRM_OK;
		if (to->v[i].opt.letter == opt->letter)
			k->opt.letter = 0;
	}
	to->n++;
	return CRM_OK;
}

/* Can a field be given at all: the id and what programs keep cannot. */
static bool
given(const struct crm_kind *kind, int i)
{
	return i > 0 &&
	       !(kind->fields[i].flags & (CRM_F_READONLY | CRM_F_FIGURE));
}

/* The length of "customer" in an id field's "customer_id"; 0 for others. */
static size_t
stem(const struct crm_kind *kind, const struct crm_field *f)
{
	size_t n = strlen(f->name);

	if (f->type != CRM_T_ID || n < 4 || strcmp(f->name + n - 3, "_id") != 0)
		return 0;
	n -= 3;
	if (crm_kind_field(kind, (struct crm_str){f->name, n}) >= 0)
		return 0;
	return n;
}

/* An option's name is a field's with - for _. */
static bool
spells(struct crm_str option, const char *field, size_t n)
{
	if (option.n != n)
		return false;
	for (size_t i = 0; i < n; i++) {
		char c = field[i];

		if (option.p[i] != (c == '_' ? '-' : c))
			return false;
	}
	return true;
}

int
cli_field_option(const struct crm_kind *kind, struct crm_str name)
{
	if (!kind)
		return -1;
	for (int i = 0; i < kind->nfields; i++) {
		const struct crm_field *f = &kind->fields[i];
		size_t n = given(kind, i) ? stem(kind, f) : 0;

		if (spells(name, f->name, strlen(f->name)) ||
		    (n && spells(name, f->name, n)))
			return i;
	}
	return -1;
}

static const char *
field_arg(const struct crm_field *f)
{
	switch (f->type) {
	case CRM_T_ID:
		return "REF";
	case CRM_T_INT:
	case CRM_T_DECIMAL:
		return "N";
	case CRM_T_MONEY:
		return "AMOUNT";
	case CRM_T_TIME:
		return "TIME";
	case CRM_T_DATE:
		return "DATE";
	case CRM_T_BOOL:
		return "yes|no";
	case CRM_T_ENUM:
		return "WORD";
	case CRM_T_LIST:
		return "LIST";
	default:
		return "TEXT";
	}
}

/* The help of an enum names its words. */
static const char *
field_help(struct crm_arena *a, const struct crm_field *f)
{
	const char *help = f->help && f->help[0] ? f->help : f->name;
	struct crm_buf b = {0};
	struct crm_str s;

	if (f->type != CRM_T_ENUM || !f->values || strchr(help, ':'))
		return help;
	crm_buf_putf(&b, "%s: ", help);
	for (const char *p = f->values; *p; p++)
		if (*p == ',')
			crm_buf_puts(&b, ", ");
		else
			crm_buf_putc(&b, *p);
	s = b.fail ? (struct crm_str){0} : crm_arena_str(a, crm_buf_str(&b));
	crm_buf_release(&b);
	return s.p ? s.p : help;
}

static int
know_field(struct crm_arena *a, const struct crm_kind *kind, int i,
    struct cli_knowns *to, struct crm_err *err)
{
	const struct crm_field *f = &kind->fields[i];
	size_t n = stem(kind, f);
	struct crm_str name;
	char *p;

	name = crm_arena_str(
	    a, (struct crm_str){f->name, n ? n : strlen(f->name)});
	if (!name.p)
		return crm_err_nomem(err);
	/* crm_arena_str made the bytes for us. */
	for (p = (char *)(uintptr_t)name.p; *p; p++)
		if (*p == '_')
			*p = '-';
	return know(to,
	    &(struct cli_option){
		0, name.p, CLI_TEXT, NULL, field_arg(f), field_help(a, f)},
	    CLI_FIELDS, err);
}

/* What a list of things with a time has besides. */
static unsigned
verb_groups(const struct cli_verb *verb)
{
	unsigned groups = verb->groups;

	if ((groups & CLI_LIST) && !(groups & CLI_NOTIME))
		groups |= CLI_TIMES;
	return groups;
}

int
cli_know(struct crm_arena *a, const struct cli_verb *verb,
    const struct crm_kind *kind, struct cli_knowns *to, struct crm_err *err)
{
	unsigned groups = verb ? verb_groups(verb) : 0;
	const struct cli_option *o;
	int code = CRM_OK;

	to->n = 0;
	for (o = verb ? verb->options : NULL; o && o->name && !code; o++)
		code = know(to, o, CLI_OWN, err);
	for (const struct cli_shared *s = cli_shared; s->title && !code; s++) {
		if (s->group != CLI_ALWAYS && !(groups & s->group))
			continue;
		for (o = s->options; o->name && !code; o++)
			code = know(to, o, s->group, err);
	}
	if (!(groups & CLI_FIELDS) || !kind)
		return code;
	for (int i = 1; i < kind->nfields && !code; i++) {
		if (!given(kind, i))
			continue;
		/* Fixed fields are answered for by name in a set, not shown. */
		if ((kind->fields[i].flags & CRM_F_FIXED) &&
		    strcmp(verb->name, "set") == 0)
			continue;
		code = know_field(a, kind, i, to, err);
	}
	return code;
}
