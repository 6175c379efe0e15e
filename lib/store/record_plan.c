/*
 * record_plan.c - what follows from a kind and from what is wanted of it.
 *
 * It is found once for all the records of a scan, so that decoding one is a
 * look into small tables: where a tag's value belongs, which tags are stepped
 * over without a closer look, and behind which one nothing is wanted.
 */
#include <limits.h>

#include "store/record_wire.h"

static void
plan_place(struct crm_plan *p, unsigned i)
{
	unsigned tag = p->kind->fields[i].tag;

	if (tag > p->last)
		p->last = tag;
	if (tag > 0 && tag < CRM_TAGS)
		p->place[tag] = (uint8_t)(i + 1);
	if (tag < EASY)
		p->easy.stop |= 1U << tag;
	if (tag > p->easy.far)
		p->easy.far = tag;
}

/* Which tags of items are stepped over: far and stop are those wanted. */
static void
plan_easy(struct crm_plan *p)
{
	struct crm_plan_easy *e = &p->easy;

	if (p->last < EASY - 1)
		e->stop |= UINT32_MAX << (p->last + 1);
	if (p->others < EASY)
		e->stop |= UINT32_MAX << p->others;
	/* what is past all tables may be a field of one's own */
	if (p->last == p->parts && p->parts < UINT_MAX && e->far < CRM_TAGS)
		e->parts = p->parts;
	else
		e->far = UINT_MAX;
}

void
crm_plan_make(struct crm_plan *p, const struct crm_schema *s,
    const struct crm_kind *k, const struct crm_want *want)
{
	bool known = s->settings && k->number < CRM_K_TAGGED &&
		     s->kind[k->number].fields == k->fields;
	int coin;

	p->schema = s;
	p->kind = k;
	p->want = *want;
	p->cells = 0;
	p->cell_last = 0;
	p->easy = (struct crm_plan_easy){UINT32_MAX, UINT_MAX, 0};
	coin = known ? s->currency[k->number]
		     : crm_kind_field(k, CRM_STR("currency"));
	p->coin = coin > 0 ? k->fields[coin].tag : 0;
	memset(p->word, 0, sizeof p->word);
	p->parts = UINT_MAX;
	for (unsigned i = 0; i < k->nparts; i++)
		if (k->parts[i].tag < p->parts)
			p->parts = k->parts[i].tag;
	p->others = p->parts < CRM_TAGS ? p->parts : CRM_TAGS;
	p->last = 0;
	if (want->fields[0] == UINT64_MAX && known) {
		memcpy(p->place, s->by_tag[k->number], sizeof p->place);
		p->last = UINT_MAX;
		return;
	}
	memset(p->place, 0, sizeof p->place);
	p->easy = (struct crm_plan_easy){1, p->coin, 0};
	if (p->coin < EASY)
		p->easy.stop |= 1U << p->coin;
	for (unsigned w = 0; w < CRM_FIELDS_MAX / 64; w++)
		for (uint64_t b = want->fields[w]; b; b &= b - 1) {
			unsigned i = w * 64 + (unsigned)__builtin_ctzll(b);

			if (i > 0 && i < k->nfields &&
			    !(k->fields[i].flags &
				(CRM_F_FIGURE | CRM_F_VIRTUAL)))
				plan_place(p, i);
		}
	for (unsigned i = 0; i < k->nparts; i++)
		if ((want->parts >> i & 1) && k->parts[i].tag > p->last)
			p->last = k->parts[i].tag;
	plan_easy(p);
}

void
crm_plan_cells(struct crm_plan *p, uint64_t cells)
{
	const struct crm_kind *k = p->kind;
	const struct crm_part *part = NULL;

	p->cells = 0;
	p->cell_last = 0;
	for (unsigned i = 0; i < k->nparts; i++)
		if (p->want.parts >> i & 1) {
			if (part)
				return;
			part = &k->parts[i];
		}
	if (!part)
		return;
	p->cells = part->nfields < 64
		       ? cells & ((UINT64_C(1) << part->nfields) - 1)
		       : cells;
	memset(p->cell, 0, sizeof p->cell);
	p->cell_easy = (struct crm_plan_easy){1, UINT_MAX, 0};
	for (unsigned i = 0; i < part->nfields && i < 64; i++) {
		unsigned tag = part->fields[i].tag;

		if (!(cells >> i & 1) || tag == 0)
			continue;
		if (tag >= EASY) {
			p->cell_last = 0;
			return;
		}
		p->cell[tag] = (uint8_t)(i + 1);
		p->cell_easy.stop |= 1U << tag;
		if (tag > p->cell_last)
			p->cell_last = tag;
	}
	/* nothing is stepped over behind the last */
	p->cell_easy.stop |= UINT32_MAX << p->cell_last;
}
