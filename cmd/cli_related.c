/*
 * cli_related.c - what a relation is called, from either side.
 *
 * The names are those of the field; only where the other side has a word of its
 * own is there a row.
 */
#include "cli_card.h"

/* How a relation is said from either side, when not by its name. */
static const struct {
	const char *name, *from;
} said[] = {
    {"supplies", "supplied by"},
    {"distributes_for", "distributed by"},
    {"employs", "employed by"},
    {"refers", "referred by"},
};

void
cli_relation_said(struct crm_buf *b, struct crm_str name, bool to)
{
	for (size_t i = 0; i < sizeof said / sizeof *said && !to; i++)
		if (crm_str_is(name, said[i].name)) {
			crm_buf_puts(b, said[i].from);
			return;
		}
	for (size_t i = 0; i < name.n; i++)
		crm_buf_putc(b, name.p[i] == '_' ? ' ' : name.p[i]);
}

bool
cli_relation_mutual(struct crm_str name)
{
	for (size_t i = 0; i < sizeof said / sizeof *said; i++)
		if (crm_str_is(name, said[i].name))
			return false;
	return true;
}
