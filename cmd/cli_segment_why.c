/*
 * cli_segment_why.c - crm-segment why: a tree for people, rows for programs.
 *
 * Lines are collected first: whether a line is the last of its branch is known
 * when the next ones are.
 */
#include <stdlib.h>
#include <unistd.h>

#include "cli_segment.h"

static bool tree;

const struct cli_option cli_segment_why_options[] = {
    {0, "tree", CLI_FLAG, &tree, NULL,
	"draw the tree, as on a terminal, also elsewhere"},
    {0},
};

enum { W_CUSTOMER, W_SEGMENT, W_DEPTH, W_CONDITION, W_MET, W_VALUES, W_COUNT };
static const struct crm_field fields[W_COUNT] = {
    {"customer_id", CRM_T_ID, CRM_K_CUSTOMER, 0, 0, NULL, "the customer"},
    {"segment", CRM_T_TEXT, 0, 0, 0, NULL, "the segment"},
    {"depth", CRM_T_INT, 0, 0, 0, NULL, "0 the segment itself"},
    {"condition", CRM_T_TEXT, 0, 0, 0, NULL, "the condition, or a part of it"},
    {"met", CRM_T_BOOL, 0, 0, 0, NULL, "is it met"},
    {"values", CRM_T_TEXT, 0, 0, 0, NULL, "what it was decided by"},
};

struct node {
	unsigned depth;
	bool yes, failed;
	struct crm_str text, values;
};
struct why {
	struct cli *c;
	struct crm_out *out;
	struct crm_arena arena;
	struct node *node;
	size_t n, cap;
	struct crm_str segment;
};

static int
collect(void *ctx, const struct crm_why *line, struct crm_err *err)
{
	struct why *w = ctx;
	struct node *n;

	if (!crm_grow(&w->node, &w->cap, w->n, sizeof *w->node))
		return crm_err_nomem(err);
	n = &w->node[w->n++];
	*n = (struct node){line->depth, line->yes, line->failed,
	    crm_arena_str(&w->arena, line->text),
	    crm_arena_str(&w->arena, line->values)};
	return n->text.p && n->values.p ? CRM_OK : crm_err_nomem(err);
}

/* ---- rows ---- */

static int
put_rows(struct why *w, const struct crm_value *id, struct crm_err *err)
{
	struct crm_value v[W_COUNT], row[W_COUNT];
	size_t npick;
	int *pick, r = cli_pick(w->c, fields, W_COUNT, &pick, &npick, err);

	for (size_t i = 0; r == CRM_OK && i < w->n; i++) {
		const struct node *n = &w->node[i];

		v[W_CUSTOMER] = *id;
		v[W_SEGMENT] = crm_value_text(w->segment);
		v[W_DEPTH] = crm_value_num(CRM_T_INT, n->depth, 0);
		v[W_CONDITION] = crm_value_text(n->text);
		v[W_MET] = n->failed ? (struct crm_value){.type = CRM_T_NONE}
				     : crm_value_num(CRM_T_BOOL, n->yes, 0);
		v[W_VALUES] = crm_value_text(n->values);
		for (size_t k = 0; k < npick; k++)
			row[k] = v[pick[k]];
		r = crm_out_row(w->out, row, err);
	}
	return r;
}

/* ---- the tree ---- */

/* Does the branch at this depth go on after line i? */
static bool
goes_on(const struct why *w, size_t i, unsigned depth)
{
	for (size_t k = i + 1; k < w->n && w->node[k].depth >= depth; k++)
		if (w->node[k].depth == depth)
			return true;
	return false;
}

static void
put_head(const struct why *w, size_t i, struct crm_buf *b)
{
	const struct node *n = &w->node[i];
	struct crm_buf text = {0};

	for (unsigned d = 1; d < n->depth; d++)
		crm_buf_puts(b, goes_on(w, i, d) ? "\xe2\x94\x82  " : "   ");
	if (n->depth > 0)
		crm_buf_puts(b, goes_on(w, i, n->depth)
				    ? "\xe2\x94\x9c\xe2\x94\x80 "
				    : "\xe2\x94\x94\xe2\x94\x80 ");
	/* a condition may be of several lines */
	for (size_t k = 0; k < n->text.n; k++)
		crm_buf_putc(
		    &text, strchr("\n\r\t", n->text.p[k]) && n->text.p[k]
			       ? ' '
			       : n->text.p[k]);
	crm_text_show(b, crm_buf_str(&text), 0);
	crm_buf_release(&text);
}

static int
put_tree(struct why *w, bool first, struct crm_err *err)
{
	struct crm_buf b = {0}, head = {0};
	size_t width = 0;
	int r;

	for (size_t i = 0; i < w->n; i++) {
		size_t n;

		crm_buf_clear(&head);
		put_head(w, i, &head);
		n = crm_text_width(crm_buf_str(&head));
		width = n > width ? n : width;
	}
	if (!first)
		crm_buf_putc(&b, '\n');
	for (size_t i = 0; i < w->n; i++) {
		const struct node *n = &w->node[i];
		size_t wide;

		crm_buf_clear(&head);
		put_head(w, i, &head);
		crm_buf_putstr(&b, crm_buf_str(&head));
		for (wide = crm_text_width(crm_buf_str(&head));
		     wide < width + 2; wide++)
			crm_buf_putc(&b, ' ');
		crm_buf_puts(&b, n->failed ? "-" : n->yes ? "yes" : "no");
		if (n->values.n > 0) {
			crm_buf_puts(&b, n->yes && !n->failed ? "   " : "    ");
			crm_text_show(&b, n->values, 0);
		}
		crm_buf_putc(&b, '\n');
	}
	r = crm_buf_check(&b, err);
	if (r == CRM_OK)
		r = crm_buf_check(&head, err);
	if (r == CRM_OK)
		r = crm_out_bytes(w->out, crm_buf_str(&b), err);
	crm_buf_release(&b);
	crm_buf_release(&head);
	return r;
}

/* ---- the verb ---- */

static int
open_out(struct why *w, struct crm_err *err)
{
	struct cli *c = w->c;
	struct crm_out_options opt = {.fd = STDOUT_FILENO,
	    .format = CRM_FMT_TSV,
	    .spill_dir = c->spill_dir,
	    .schema = c->schema};
	struct crm_field *shown;
	size_t npick;
	int *pick, r;

	tree = tree || (c->tty_out && !cli_opt.format && !cli_opt.fields);
	if (tree)
		return crm_out_open(&w->out, &opt, NULL, 0, err);
	r = cli_pick(c, fields, W_COUNT, &pick, &npick, err);
	if (r < 0)
		return r;
	shown = crm_arena_alloc(&c->arena, (npick + 1) * sizeof *shown);
	if (!shown)
		return crm_err_nomem(err);
	for (size_t k = 0; k < npick; k++)
		shown[k] = fields[pick[k]];
	return cli_out(c, shown, npick, &w->out, err);
}

static int
one(struct why *w, struct crm_segments *sg, size_t place, struct crm_txn *t,
    size_t i, struct crm_err *err)
{
	struct crm_record *rec;
	int r;

	crm_arena_reset(&w->arena);
	w->n = 0;
	r = cli_segment_customer(w->c, t, crm_str(w->c->operand[i]),
	    &crm_want_all, &w->arena, &rec, err);
	if (r < 0)
		return r;
	crm_segments_row(sg, rec);
	r = crm_segments_why(sg, place, collect, w, err);
	if (r < 0)
		return r;
	return tree ? put_tree(w, i == 1, err) : put_rows(w, &rec->v[0], err);
}

int
cli_segment_why(struct cli *c, struct crm_err *err)
{
	struct why w = {.c = c};
	struct crm_segments *sg = NULL;
	struct crm_txn *t = NULL;
	size_t place;
	int r = cli_operands(c, 2, 0, err);

	if (r == CRM_OK) {
		w.segment = crm_str(c->operand[0]);
		r = crm_segment_place(
		    c->schema->settings, w.segment, &place, err);
	}
	if (r == CRM_OK)
		r = cli_segment_open(c, &sg, err);
	if (r == CRM_OK)
		r = open_out(&w, err);
	if (r == CRM_OK)
		r = crm_txn_begin(c->store, &t, err);
	if (r == CRM_OK) {
		crm_segments_need(sg, place);
		r = crm_segments_begin(sg, t, true, err);
	}
	if (r == CRM_OK)
		r = crm_out_hold(w.out, err);
	for (size_t i = 1; r == CRM_OK && i < c->noperand; i++)
		r = one(&w, sg, place, t, i, err);
	if (t)
		crm_txn_end(t);
	if (r == CRM_OK)
		r = crm_out_drain(w.out, err);
	if (r == CRM_OK)
		r = crm_out_close(w.out, err);
	else if (w.out)
		crm_out_abort(w.out);
	crm_segments_close(sg);
	crm_arena_release(&w.arena);
	free(w.node);
	return r;
}
