/*
 * funcnum.c - functions of numbers.
 *
 * round is half away from zero, as everywhere in money.  floor and ceil go
 * down and up, -1.5 to -2 and -1.  min and max pass over what has no value: the
 * first of several dates must not vanish because one is missing.
 */
#include "query/query.h"

static int
too_large(struct qcall *c)
{
	return crm_query_fault(c->e, c->n, "the result is too large");
}

static int
call_abs(struct qcall *c)
{
	*c->out = c->arg[0];
	if (c->out->i < 0 && !crm_sub64(0, c->out->i, &c->out->i))
		return too_large(c);
	return CRM_OK;
}

static int
call_sign(struct qcall *c)
{
	int64_t i = c->arg[0].i;

	*c->out = crm_value_num(CRM_T_INT, (i > 0) - (i < 0), 0);
	return CRM_OK;
}

/* A number to `places`; what was canonical stays so. */
static int
give(struct qcall *c, int64_t v, unsigned places)
{
	struct crm_dec d = {v, (uint8_t)places};

	d = crm_dec_canon(d);
	*c->out = c->arg[0];
	c->out->i = d.v;
	c->out->scale = d.scale;
	return CRM_OK;
}

static int
call_round(struct qcall *c)
{
	int64_t places = c->narg > 1 ? c->arg[1].i : 0, v;

	if (places < 0 || places > CRM_SCALE_MAX)
		return crm_query_fault(
		    c->e, c->n, "'round' wants 0 to %d places", CRM_SCALE_MAX);
	if (places >= c->arg[0].scale) {
		*c->out = c->arg[0];
		return CRM_OK;
	}
	if (!crm_dec_rescale(crm_query_dec(&c->arg[0]), (unsigned)places, &v))
		return too_large(c);
	return give(c, v, (unsigned)places);
}

static int
cut(struct qcall *c, bool up)
{
	int64_t v = c->arg[0].i, unit = crm_pow10(c->arg[0].scale);
	int64_t q = v / unit;

	if (v % unit != 0 && (v > 0) == up)
		q += up ? 1 : -1;
	return give(c, q, 0);
}

static int
call_floor(struct qcall *c)
{
	return cut(c, false);
}

static int
call_ceil(struct qcall *c)
{
	return cut(c, true);
}

static int
extreme(struct qcall *c, int sign)
{
	const struct crm_value *best = NULL;

	for (size_t i = 0; i < c->narg; i++) {
		const struct crm_value *v = &c->arg[i];

		if (v->type != CRM_T_NONE &&
		    (!best ||
			crm_query_cmp(c->e, c->n->cls, v, best) * sign > 0))
			best = v;
	}
	if (!best)
		return CRM_OK;
	*c->out = *best;
	if (c->n->type == CRM_T_MONEY && best->type != CRM_T_MONEY)
		c->out->part = crm_query_places(c->e, best->scale);
	c->out->type = c->n->type;
	return CRM_OK;
}

static int
call_min(struct qcall *c)
{
	return extreme(c, -1);
}

static int
call_max(struct qcall *c)
{
	return extreme(c, 1);
}

static int
call_number(struct qcall *c)
{
	if (c->arg[0].type == CRM_T_TEXT)
		crm_query_read(c->e, c->arg[0].s, CRM_T_DECIMAL, c->out);
	else
		*c->out =
		    crm_value_num(CRM_T_DECIMAL, c->arg[0].i, c->arg[0].scale);
	return CRM_OK;
}

static int
call_money(struct qcall *c)
{
	int digits = c->e->env.schema->digits;

	if (c->arg[0].type == CRM_T_TEXT)
		crm_query_read(c->e, c->arg[0].s, CRM_T_MONEY, c->out);
	else
		*c->out = c->arg[0];
	if (c->out->type == CRM_T_NONE)
		return CRM_OK;
	if (c->arg[0].type != CRM_T_MONEY)
		c->out->part = (uint8_t)digits;
	c->out->type = CRM_T_MONEY;
	return CRM_OK;
}

const struct qbuiltin crm_query_numbers[] = {
    {"abs", "n", 0, QB_KEEP, call_abs, "abs(number)"},
    {"sign", "n", CRM_T_INT, 0, call_sign, "sign(number)"},
    {"round", "ni?", 0, QB_KEEP, call_round,
	"round(number) or round(number, places)"},
    {"floor", "n", 0, QB_KEEP, call_floor, "floor(number)"},
    {"ceil", "n", 0, QB_KEEP, call_ceil, "ceil(number)"},
    {"min", "*+", 0, QB_SAME | QB_EMPTY, call_min, "min(a, b, ...)"},
    {"max", "*+", 0, QB_SAME | QB_EMPTY, call_max, "max(a, b, ...)"},
    {"number", "N", CRM_T_DECIMAL, QB_READS, call_number, "number(text)"},
    {"money", "N", CRM_T_MONEY, QB_READS, call_money, "money(value)"}, {0}};
