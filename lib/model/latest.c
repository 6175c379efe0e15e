/*
 * latest.c - where in the spool a change has each record last.
 *
 * Records that are added have numbers one after the other, so a plain array
 * has their places; a million of them in a map are a miss of the cache each.
 * All others are in a map.
 */
#include <stdlib.h>

#include "change.h"

bool
crm_latest_get(
    const struct crm_change *ch, unsigned kind, uint64_t number, uint64_t *off)
{
	const struct crm_added *a = &ch->latest[kind];

	if (number - a->first < a->n) {
		*off = a->off[number - a->first];
		return true;
	}
	return crm_idmap_get(&ch->others, crm_op_slot(kind, number), off);
}

int
crm_latest_put(struct crm_change *ch, unsigned kind, uint64_t number,
    uint64_t off, struct crm_err *err)
{
	struct crm_added *a = &ch->latest[kind];
	int r;

	if (number - a->first < a->n) {
		ch->twice = true;
		a->off[number - a->first] = off;
		return CRM_OK;
	}
	if (number == ch->next[kind] - 1 &&
	    (a->n == 0 || number == a->first + a->n) &&
	    !crm_idmap_get(&ch->others, crm_op_slot(kind, number), NULL)) {
		if (!crm_grow(&a->off, &a->cap, a->n, sizeof *a->off))
			return crm_err_nomem(err);
		if (a->n == 0)
			a->first = number;
		a->off[a->n++] = off;
		return CRM_OK;
	}
	r = crm_idmap_put(&ch->others, crm_op_slot(kind, number), off);
	ch->twice |= r == CRM_NO;
	return r == CRM_ENOMEM ? crm_err_nomem(err) : CRM_OK;
}

void
crm_latest_release(struct crm_change *ch)
{
	for (unsigned i = 0; i < CRM_K_MAX; i++)
		free(ch->latest[i].off);
	crm_idmap_release(&ch->others);
}
