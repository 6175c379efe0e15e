/*
 * crm-relation - what parties are to each other.
 *
 * A tree is drawn from memory: relations are few beside orders, and following
 * them in the store would read each party's again and again.  A party is drawn
 * out where it is first met, so that circles end; every relation is there once.
 */
#include <stdlib.h>

#include "cli_card.h"
#include "cli_noun.h"

#define DEPTH 64 /* of what is drawn */

static bool all;
static int64_t depth = DEPTH;

static const struct cli_option list_options[] = {
    {0, "all", CLI_FLAG, &all, NULL,
	"also those that have ended or are still to begin"},
    {0},
};
static const struct cli_option tree_options[] = {
    {0, "all", CLI_FLAG, &all, NULL,
	"also those that have ended or are still to begin"},
    {0, "depth", CLI_INT, &depth, "N", "so many steps from the party (64)"},
    {0},
};

/* ---- the relations in memory ---- */

struct edge {
	uint64_t id, from, to;
	struct crm_str name; /* of what they are, a static text */
	struct crm_value since, until, stage, strength, sentiment;
	size_t next_from, next_to; /* 1 + index of another of this party */
	bool drawn;
};

struct graph {
	struct cli *c;
	struct crm_txn *txn;
	const struct crm_kind *party;
	int64_t today;
	struct edge *edge;
	size_t n, cap;
	struct crm_idmap first_from, first_to; /* party -> 1 + edge */
	struct crm_idmap drawn;
	struct crm_out *out;
	struct crm_buf line;
	struct step *step; /* of the tree */
	size_t nstep, capstep;
	bool ended[DEPTH + 2]; /* by level, while it is drawn */
};

/* Does it hold on the day? */
static bool
holds(const struct graph *g, const struct crm_record *rec)
{
	const struct crm_value *since = crm_record_get(rec, "since");
	const struct crm_value *until = crm_record_get(rec, "until");

	return all || ((since->type != CRM_T_DATE || since->i <= g->today) &&
			  (until->type != CRM_T_DATE || until->i > g->today));
}

static int
add_edge(struct graph *g, const struct crm_record *rec, struct crm_err *err)
{
	struct edge *e;

	if (!crm_grow(&g->edge, &g->cap, g->n, sizeof *g->edge))
		return crm_err_nomem(err);
	e = &g->edge[g->n++];
	*e = (struct edge){.id = rec->id,
	    .from = (uint64_t)crm_record_get(rec, "from_id")->i,
	    .to = (uint64_t)crm_record_get(rec, "to_id")->i,
	    .name = crm_record_get(rec, "relation")->s,
	    .since = *crm_record_get(rec, "since"),
	    .until = *crm_record_get(rec, "until"),
	    .stage = *crm_record_get(rec, "stage"),
	    .strength = *crm_record_get(rec, "strength"),
	    .sentiment = *crm_record_get(rec, "sentiment")};
	return CRM_OK;
}

/* From the last, so that each party's are met in the order of numbers. */
static int
link_edges(struct graph *g, struct crm_err *err)
{
	for (size_t i = g->n; i-- > 0;) {
		struct edge *e = &g->edge[i];
		uint64_t at = 0;

		if (crm_idmap_get(&g->first_from, e->from, &at))
			e->next_from = (size_t)at;
		at = 0;
		if (crm_idmap_get(&g->first_to, e->to, &at))
			e->next_to = (size_t)at;
		if (crm_idmap_put(&g->first_from, e->from, i + 1) ==
			CRM_ENOMEM ||
		    crm_idmap_put(&g->first_to, e->to, i + 1) == CRM_ENOMEM)
			return crm_err_nomem(err);
	}
	return CRM_OK;
}

/* Those that hold and, where there is one, meet the condition. */
static int
load(struct graph *g, struct crm_expr *where, const struct crm_idmap *ids,
    struct crm_err *err)
{
	struct cli *c = g->c;
	struct crm_scan *scan;
	struct crm_record *rec;
	uint64_t seen;
	int r = crm_scan_open(
	    g->txn, c->schema, c->kind, &crm_want_all, c->at, &scan, err);

	if (r < 0)
		return r;
	while ((r = crm_scan_next(scan, &rec, err)) == CRM_OK) {
		bool yes = holds(g, rec) &&
			   (!ids || crm_idmap_get(ids, rec->id, &seen));

		if (yes && where)
			r = crm_expr_test(where, rec->v, &yes, err);
		if (r == CRM_OK && yes)
			r = add_edge(g, rec, err);
		if (r < 0)
			break;
	}
	crm_scan_close(scan);
	return r == CRM_NOTFOUND ? link_edges(g, err) : r;
}

/* The name of a party, into g->line. */
static int
put_name(struct graph *g, uint64_t number, struct crm_err *err)
{
	struct crm_arena a = {0};
	struct crm_record *rec = crm_record_new(g->party, &a);
	struct crm_want want = {{0}, 0};
	int r = CRM_OK;

	if (!rec)
		return crm_err_nomem(err);
	crm_want_field(&want, crm_kind_field(g->party, CRM_STR("name")));
	r = crm_model_read_at(
	    g->txn, g->c->schema, g->party, number, &want, g->c->at, rec, err);
	if (r == CRM_OK)
		crm_buf_putstr(&g->line, crm_record_get(rec, "name")->s);
	crm_arena_release(&a);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

static void
release(struct graph *g)
{
	if (g->txn)
		crm_txn_end(g->txn);
	crm_idmap_release(&g->first_from);
	crm_idmap_release(&g->first_to);
	crm_idmap_release(&g->drawn);
	crm_buf_release(&g->line);
	free(g->edge);
	free(g->step);
}

static int
open_graph(struct graph *g, struct cli *c, struct crm_err *err)
{
	*g = (struct graph){.c = c, .party = &c->schema->kind[CRM_K_CUSTOMER]};
	g->today =
	    crm_day_of(&c->schema->calendar, cli_opt.at ? c->at : c->now);
	return crm_txn_begin(c->store, &g->txn, err);
}

/* What was held back goes out after the transaction. */
static int
close_graph(struct graph *g, int r, struct crm_err *err)
{
	struct crm_out *out = g->out;

	release(g);
	if (r == CRM_OK && out)
		r = crm_out_drain(out, err);
	if (r == CRM_OK && out)
		return crm_out_close(out, err);
	crm_out_abort(out);
	return r;
}

/* ---- the tree ---- */

enum {
	C_ID,
	C_PARTY,
	C_RELATION,
	C_SINCE,
	C_UNTIL,
	C_STAGE,
	C_STRENGTH,
	C_SENTIMENT,
	C_COUNT
};
static const struct crm_field columns[C_COUNT] = {
    {"customer_id", CRM_T_ID, CRM_K_CUSTOMER, 0, 0, NULL, "the party"},
    {"party", CRM_T_TEXT, 0, 0, 0, NULL, "what it is to the one above it"},
    {"relation_id", CRM_T_ID, CRM_K_RELATION, 0, 0, NULL, "the relation"},
    {"since", CRM_T_DATE, 0, 0, 0, NULL, "its first day"},
    {"until", CRM_T_DATE, 0, 0, 0, NULL, "the first day after it"},
    {"stage", CRM_T_ENUM, 0, 0, 0,
	"prospect,established,developing,maintained,broken,won_back",
	"its stage"},
    {"strength", CRM_T_DECIMAL, 0, 0, 0, NULL, "from 0 to 1"},
    {"sentiment", CRM_T_DECIMAL, 0, 0, 0, NULL, "from -1 to 1"},
};

/* A row of the tree. */
struct step {
	const struct edge *edge; /* NULL: the root */
	uint64_t party;
	unsigned level;
	bool again; /* it is drawn out above */
	bool last; /* below the party above it */
};

/* The next relation of a party that was not drawn yet: first those that go
 * out, then those that come in. */
static struct edge *
next_edge(struct graph *g, uint64_t number)
{
	uint64_t at = 0;
	size_t i;

	crm_idmap_get(&g->first_from, number, &at);
	for (i = (size_t)at; i; i = g->edge[i - 1].next_from)
		if (!g->edge[i - 1].drawn)
			return &g->edge[i - 1];
	at = 0;
	crm_idmap_get(&g->first_to, number, &at);
	for (i = (size_t)at; i; i = g->edge[i - 1].next_to)
		if (!g->edge[i - 1].drawn)
			return &g->edge[i - 1];
	return NULL;
}

static int
walk(struct graph *g, uint64_t party, const struct edge *by, unsigned level,
    struct crm_err *err)
{
	struct step *s;
	struct edge *e;
	uint64_t seen;
	int r = CRM_OK;

	if (!crm_grow(&g->step, &g->capstep, g->nstep, sizeof *g->step))
		return crm_err_nomem(err);
	s = &g->step[g->nstep++];
	*s = (struct step){by, party, level, false, false};
	s->again = crm_idmap_get(&g->drawn, party, &seen);
	if (s->again || level >= depth)
		return CRM_OK;
	if (crm_idmap_put(&g->drawn, party, 1) == CRM_ENOMEM)
		return crm_err_nomem(err);
	while (r == CRM_OK && (e = next_edge(g, party)) != NULL) {
		e->drawn = true;
		r = walk(
		    g, e->from == party ? e->to : e->from, e, level + 1, err);
	}
	return r;
}

/* Which are the last ones is known when all are there: what lies below one
 * may have drawn those that were to come. */
static void
mark_last(struct graph *g)
{
	bool more[DEPTH + 2] = {false};

	for (size_t i = g->nstep; i-- > 0;) {
		unsigned level = g->step[i].level;

		g->step[i].last = !more[level];
		more[level] = true;
		more[level + 1] = false;
	}
}

static int
put_row(struct graph *g, const struct step *s, const int *pick, size_t npick,
    struct crm_err *err)
{
	struct crm_value v[C_COUNT] = {{0}}, row[C_COUNT];
	const struct edge *e = s->edge;
	int r;

	crm_buf_clear(&g->line);
	for (unsigned i = 1; i < s->level; i++)
		crm_buf_puts(&g->line, g->ended[i] ? "   " : "│  ");
	g->ended[s->level] = s->last;
	if (e) {
		crm_buf_puts(&g->line, s->last ? "└─ " : "├─ ");
		cli_relation_said(&g->line, e->name, e->to == s->party);
		crm_buf_putc(&g->line, ' ');
		v[C_RELATION] = crm_value_id(CRM_K_RELATION, e->id);
		v[C_SINCE] = e->since;
		v[C_UNTIL] = e->until;
		v[C_STAGE] = e->stage;
		v[C_STRENGTH] = e->strength;
		v[C_SENTIMENT] = e->sentiment;
	}
	r = put_name(g, s->party, err);
	if (s->again)
		crm_buf_puts(&g->line, " (above)");
	if (r == CRM_OK)
		r = crm_buf_check(&g->line, err);
	v[C_ID] = crm_value_id(CRM_K_CUSTOMER, s->party);
	v[C_PARTY] = crm_value_text(crm_buf_str(&g->line));
	for (size_t i = 0; i < npick; i++)
		row[i] = v[pick[i]];
	return r == CRM_OK ? crm_out_row(g->out, row, err) : r;
}

static int
draw(struct graph *g, uint64_t root, struct crm_err *err)
{
	struct crm_field shown[C_COUNT];
	size_t n;
	int *pick;
	int r = cli_pick(g->c, columns, C_COUNT, &pick, &n, err);

	for (size_t i = 0; r == CRM_OK && i < n; i++)
		shown[i] = columns[pick[i]];
	if (r == CRM_OK)
		r = cli_out(g->c, shown, n, &g->out, err);
	if (r == CRM_OK)
		r = crm_out_hold(g->out, err);
	if (r == CRM_OK)
		r = walk(g, root, NULL, 0, err);
	mark_last(g);
	for (size_t i = 0; r == CRM_OK && i < g->nstep; i++)
		r = put_row(g, &g->step[i], pick, n, err);
	return r;
}

/* ---- graphviz ---- */

/* A name in double quotes, as graphviz reads it. */
static void
put_quoted(struct crm_buf *b, struct crm_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			crm_buf_putc(b, '\\');
		if (s.p[i] == '\n')
			crm_buf_puts(b, "\\n");
		else
			crm_buf_putc(b, s.p[i]);
	}
}

static int
dot_party(struct graph *g, uint64_t number, struct crm_err *err)
{
	struct crm_buf b = {.max = 1 << 16};
	struct crm_id id = {.kind = CRM_K_CUSTOMER, .number = number};
	uint64_t seen;
	int r;

	if (crm_idmap_get(&g->drawn, number, &seen))
		return CRM_OK;
	if (crm_idmap_put(&g->drawn, number, 1) == CRM_ENOMEM)
		return crm_err_nomem(err);
	crm_buf_clear(&g->line);
	r = put_name(g, number, err);
	crm_buf_puts(&b, "\t");
	crm_id_put(g->c->schema, &b, &id, true);
	crm_buf_puts(&b, " [label=\"");
	put_quoted(&b, crm_buf_str(&g->line));
	crm_buf_puts(&b, "\"];\n");
	if (r == CRM_OK)
		r = crm_buf_check(&b, err);
	if (r == CRM_OK)
		r = crm_out_bytes(g->out, crm_buf_str(&b), err);
	crm_buf_release(&b);
	return r;
}

static int
dot_edge(struct graph *g, const struct edge *e, struct crm_err *err)
{
	struct crm_id from = {.kind = CRM_K_CUSTOMER, .number = e->from};
	struct crm_id to = {.kind = CRM_K_CUSTOMER, .number = e->to};
	int r = dot_party(g, e->from, err);

	if (r == CRM_OK)
		r = dot_party(g, e->to, err);
	if (r < 0)
		return r;
	crm_buf_clear(&g->line);
	crm_buf_putc(&g->line, '\t');
	crm_id_put(g->c->schema, &g->line, &from, true);
	crm_buf_puts(&g->line, " -> ");
	crm_id_put(g->c->schema, &g->line, &to, true);
	crm_buf_puts(&g->line, " [label=\"");
	cli_relation_said(&g->line, e->name, true);
	crm_buf_putf(&g->line, "\"%s];\n",
	    cli_relation_mutual(e->name) ? ", dir=none" : "");
	r = crm_buf_check(&g->line, err);
	return r == CRM_OK ? crm_out_bytes(g->out, crm_buf_str(&g->line), err)
			   : r;
}

/* All relations that were loaded; or those around a party (root not 0). */
static int
dot(struct graph *g, uint64_t root, struct crm_err *err)
{
	int r;

	cli_opt.format = NULL;
	r = cli_out(g->c, NULL, 0, &g->out, err);
	if (r == CRM_OK)
		r = crm_out_hold(g->out, err);
	if (r == CRM_OK)
		r = crm_out_bytes(
		    g->out, CRM_STR("digraph relations {\n"), err);
	if (r == CRM_OK && root)
		r = dot_party(g, root, err);
	for (size_t i = 0; r == CRM_OK && i < g->n; i++)
		if (!root || g->edge[i].drawn)
			r = dot_edge(g, &g->edge[i], err);
	return r == CRM_OK ? crm_out_bytes(g->out, CRM_STR("}\n"), err) : r;
}

/* Marks what lies within `depth` steps of a party, step by step. */
static int
reach(struct graph *g, uint64_t root, struct crm_err *err)
{
	struct crm_idmap level = {0}; /* party -> 1 + steps */
	bool more = true;
	int r = CRM_OK;

	if (crm_idmap_put(&level, root, 1) == CRM_ENOMEM)
		r = crm_err_nomem(err);
	for (int64_t step = 1; more && step <= depth && r == CRM_OK; step++) {
		more = false;
		for (size_t i = 0; i < g->n && r == CRM_OK; i++) {
			struct edge *e = &g->edge[i];
			uint64_t a = 0, b = 0;
			bool from = crm_idmap_get(&level, e->from, &a);
			bool to = crm_idmap_get(&level, e->to, &b);

			if (e->drawn || (!(from && a <= (uint64_t)step) &&
					    !(to && b <= (uint64_t)step)))
				continue;
			e->drawn = more = true;
			if (!(from && to) &&
			    crm_idmap_put(&level, from ? e->to : e->from,
				(uint64_t)step + 1) == CRM_ENOMEM)
				r = crm_err_nomem(err);
		}
	}
	crm_idmap_release(&level);
	return r;
}

/* ---- verbs ---- */

static bool
is_dot(void)
{
	return cli_opt.format && strcmp(cli_opt.format, "dot") == 0;
}

static int
check_depth(struct crm_err *err)
{
	if (depth >= 1 && depth <= DEPTH)
		return CRM_OK;
	crm_err_set(err, CRM_EUSAGE, "'%lld' is not a number from 1 to %d",
	    (long long)depth, DEPTH);
	crm_err_field(err, "--depth", 7);
	return CRM_EUSAGE;
}

static int
tree(struct cli *c, struct crm_err *err)
{
	struct crm_value id;
	struct graph g;
	int r = cli_operands(c, 1, 1, err);

	if (r == CRM_OK)
		r = check_depth(err);
	if (r < 0)
		return r;
	r = open_graph(&g, c, err);
	if (r == CRM_OK)
		r = crm_ref_find(g.txn, NULL, CRM_K_CUSTOMER, c->schema,
		    crm_str(c->operand[0]), &id, err);
	if (r == CRM_OK)
		r = load(&g, NULL, NULL, err);
	if (r == CRM_OK && is_dot()) {
		r = reach(&g, (uint64_t)id.i, err);
		if (r == CRM_OK)
			r = dot(&g, (uint64_t)id.i, err);
	} else if (r == CRM_OK) {
		r = draw(&g, (uint64_t)id.i, err);
	}
	return close_graph(&g, r, err);
}

static int
list_dot(struct cli *c, struct crm_err *err)
{
	struct crm_expr *where = NULL;
	struct crm_idmap ids = {0};
	struct graph g = {0};
	int r = cli_operands(c, 0, 1, err);

	if (r == CRM_OK && cli_stdin(c))
		r = cli_selector(c, NULL, c->kind, &ids, err);
	if (r == CRM_OK)
		r = cli_where(
		    c, c->kind->fields, c->kind->nfields, &where, err);
	if (r == CRM_OK)
		r = open_graph(&g, c, err);
	if (r == CRM_OK)
		r = load(&g, where, cli_stdin(c) ? &ids : NULL, err);
	if (r == CRM_OK)
		r = dot(&g, 0, err);
	crm_expr_release(where);
	crm_idmap_release(&ids);
	return close_graph(&g, r, err);
}

static int
list(struct cli *c, struct crm_err *err)
{
	if (is_dot())
		return list_dot(c, err);
	if (!all && c->noperand == 0)
		c->also = "(since is empty or since <= today) and "
			  "(until is empty or until > today)";
	return cli_list(c, err);
}

static const struct cli_verb verbs[] = {
    {"list", list, CLI_SCAN, CLI_LIST | CLI_IN | CLI_OUT | CLI_CLOCK,
	list_options, "[-]",
	"print those that hold, or those whose ids are on stdin"},
    {"tree", tree, CLI_SCAN, CLI_OUT | CLI_CLOCK, tree_options, "REF",
	"draw who is related to a party, and to whom those are"},
    {0},
};

static const struct cli_command command = {"crm-relation",
    "what parties are to each other", "relation",
    CLI_ADD | CLI_GET | CLI_LISTV | CLI_SET | CLI_RM | CLI_EDIT, verbs};

int
main(int argc, char **argv)
{
	return crm_main(&command, argc, argv);
}
