/*
 * party.c - what a customer record must be: name, roles, stages, figures.
 *
 * The columns stage, stage_since and owner show the role `customer`; what is
 * stored is the part `role`, one row for each role a party has.  Setting one
 * of these columns changes the row; every change of a stage is an event with
 * its time and reason.
 */
#include <crm/ledger.h>
#include <crm/utf8.h>

#include "event_parts.h"
#include "ledger_parts.h"
#include "party_parts.h"
#include "past_parts.h"

static int
bad(const char *field, struct crm_err *err, const char *text)
{
	crm_err_set(err, CRM_EDATA, "%s", text);
	crm_err_field(err, field, strlen(field));
	return CRM_EDATA;
}

static int
role_part(const struct crm_kind *k)
{
	return crm_kind_part(k, CRM_STR("role"));
}

static struct crm_value
role_value(const struct crm_kind *k, struct crm_str name)
{
	const char *values = k->parts[role_part(k)].fields[CRM_R_ROLE].values;

	return crm_value_enum(values, crm_enum_place(values, name));
}

static struct crm_row *
role_find(const struct crm_record *rec, struct crm_str name)
{
	const struct crm_rows *rows = &rec->part[role_part(rec->kind)];
	size_t i;

	for (i = 0; i < rows->n; i++)
		if (crm_str_eq(rows->row[i].v[CRM_R_ROLE].s, name))
			return &rows->row[i];
	return NULL;
}

static struct crm_row *
role_need(struct crm_record *rec, struct crm_str name)
{
	struct crm_row *row = role_find(rec, name);
	struct crm_value v = role_value(rec->kind, name);

	if (row != NULL || v.type == CRM_T_NONE)
		return row;
	row = crm_record_add(rec, role_part(rec->kind), 0);
	if (row != NULL)
		row->v[CRM_R_ROLE] = v;
	return row;
}

/* For every customer that is read: nothing is looked up by its name. */
void
crm_customer_compute(const struct crm_schema *s, struct crm_record *rec)
{
	static const struct crm_value none;
	const struct crm_rows *rows = &rec->part[CRM_C_PART_ROLE];
	struct crm_value *const v = rec->v;
	struct crm_buf b = {.max = 1024};
	size_t i;

	(void)s;
	v[CRM_C_STAGE] = v[CRM_C_STAGE_SINCE] = v[CRM_C_OWNER] =
	    v[CRM_C_ROLES] = none;
	if (rows->n == 0)
		return;
	for (i = 0; i < rows->n; i++) {
		const struct crm_value *row = rows->row[i].v;

		if (crm_str_is(row[CRM_R_ROLE].s, "customer")) {
			v[CRM_C_STAGE] = row[CRM_R_STAGE];
			v[CRM_C_STAGE_SINCE] = row[CRM_R_SINCE];
			v[CRM_C_OWNER] = row[CRM_R_OWNER];
		}
		if (i > 0)
			crm_buf_putc(&b, ',');
		crm_buf_putstr(&b, row[CRM_R_ROLE].s);
	}
	v[CRM_C_ROLES] = (struct crm_value){.type = CRM_T_LIST,
	    .s = crm_arena_str(rec->arena, crm_buf_str(&b))};
	crm_buf_release(&b);
}

/* The list `roles` into rows: new ones added, those no longer named dropped. */
static int
roles_take(struct crm_record *rec, struct crm_err *err)
{
	const struct crm_field *field =
	    &rec->kind->parts[role_part(rec->kind)].fields[CRM_R_ROLE];
	struct crm_parse parse = {.arena = rec->arena};
	struct crm_value v;
	struct crm_rows *rows = &rec->part[role_part(rec->kind)];
	struct crm_str all = crm_record_get(rec, "roles")->s, rest, item;
	bool named;
	size_t i;
	int r;

	rest = all;
	while (all.n > 0 && crm_str_split(&rest, ',', &item)) {
		if (role_value(rec->kind, item).type == CRM_T_NONE) {
			r = crm_value_parse(field, item, &parse, &v, err);
			crm_err_field(err, "roles", 5);
			return r < 0 ? r : bad("roles", err, "an empty role");
		}
		if (role_need(rec, item) == NULL)
			return crm_err_nomem(err);
	}
	for (i = 0; i < rows->n; i++) {
		named = false;
		rest = all;
		while (all.n > 0 && crm_str_split(&rest, ',', &item))
			named |= crm_str_eq(item, rows->row[i].v[CRM_R_ROLE].s);
		if (!named)
			crm_record_drop(
			    rec, role_part(rec->kind), rows->row[i--].no);
	}
	return CRM_OK;
}

/* stage and owner are those of the role customer. */
static int
stage_take(struct crm_change *ch, struct crm_record *rec, struct crm_err *err)
{
	const struct crm_value *stage = crm_record_get(rec, "stage");
	const struct crm_value *owner = crm_record_get(rec, "owner");
	struct crm_row *row = role_find(rec, CRM_STR("customer"));

	if (row == NULL &&
	    (stage->type != CRM_T_NONE || owner->type != CRM_T_NONE)) {
		row = role_need(rec, CRM_STR("customer"));
		if (row == NULL)
			return crm_err_nomem(err);
	}
	if (row == NULL)
		return CRM_OK;
	if (!crm_value_eq(&row->v[CRM_R_STAGE], stage)) {
		row->v[CRM_R_STAGE] = *stage;
		row->v[CRM_R_SINCE] =
		    crm_value_num(CRM_T_TIME, crm_change_now(ch), 0);
	}
	row->v[CRM_R_OWNER] = *owner;
	return CRM_OK;
}

bool
crm_field_differs(const struct crm_record *old, const struct crm_record *rec,
    const char *field)
{
	struct crm_value none = {.type = CRM_T_NONE};
	const struct crm_value *was = old ? crm_record_get(old, field) : &none;

	return !crm_value_eq(was, crm_record_get(rec, field));
}

static int
name_take(struct crm_record *rec, struct crm_err *err)
{
	const struct crm_value *given = crm_record_get(rec, "given");
	const struct crm_value *family = crm_record_get(rec, "family");
	const struct crm_value *company = crm_record_get(rec, "company");
	struct crm_value *name = crm_record_at(rec, "name");
	static const char *const others[] = {"email", "phone"};
	struct crm_buf b = {.max = 1 << 20};
	struct crm_str text;
	size_t i;
	int r;

	if (name->type != CRM_T_NONE)
		return CRM_OK;
	crm_buf_putstr(&b, given->s);
	if (given->s.n > 0 && family->s.n > 0)
		crm_buf_putc(&b, ' ');
	crm_buf_putstr(&b, family->s);
	if (b.n == 0)
		crm_buf_putstr(&b, company->s);
	for (i = 0; b.n == 0 && i < 2; i++)
		crm_buf_putstr(&b, crm_record_get(rec, others[i])->s);
	/* somebody known by an identity only is shown by it */
	if (b.n == 0) {
		int part = crm_kind_part(rec->kind, CRM_STR("identity"));

		if (rec->part[part].n > 0) {
			const struct crm_value *v = rec->part[part].row[0].v;

			crm_buf_putstr(&b, v[0].s);
			crm_buf_putc(&b, ' ');
			crm_buf_putstr(&b, v[1].s);
		}
	}
	r = crm_buf_keep(&b, rec->arena, &text, err);
	if (r == CRM_OK)
		*name = crm_value_text(text);
	crm_buf_release(&b);
	return r;
}

/* What was stored before codes were looked up stays until it is changed. */
static int
country_check(
    const struct crm_record *old, struct crm_record *rec, struct crm_err *err)
{
	struct crm_value *v = crm_record_at(rec, "country");
	char code[2];
	int r;

	if (v->type == CRM_T_NONE || !crm_field_differs(old, rec, "country"))
		return CRM_OK;
	r = crm_country_normal(v->s, code, err);
	if (r < 0) {
		crm_err_field(err, "country", 7);
		return r;
	}
	*v = crm_value_text(
	    crm_arena_str(rec->arena, (struct crm_str){code, 2}));
	return v->s.p ? CRM_OK : crm_err_nomem(err);
}

int
crm_customer_prepare(struct crm_change *ch, const struct crm_record *old,
    struct crm_record *rec, struct crm_err *err)
{
	struct crm_value *type = crm_record_at(rec, "type");
	struct crm_value *created = crm_record_at(rec, "created");
	int r = CRM_OK;

	if (type->type == CRM_T_NONE) {
		bool firm =
		    crm_record_get(rec, "company")->type != CRM_T_NONE &&
		    crm_record_get(rec, "family")->type == CRM_T_NONE &&
		    crm_record_get(rec, "given")->type == CRM_T_NONE;

		*type = crm_value_enum(
		    rec->kind->fields[type - rec->v].values, firm ? 2 : 1);
	}
	if (created->type == CRM_T_NONE && old == NULL)
		*created = crm_value_num(CRM_T_TIME, crm_change_now(ch), 0);
	if (crm_field_differs(old, rec, "roles"))
		r = roles_take(rec, err);
	if (r == CRM_OK && (crm_field_differs(old, rec, "stage") ||
			       crm_field_differs(old, rec, "owner")))
		r = stage_take(ch, rec, err);
	if (r == CRM_OK)
		r = name_take(rec, err);
	if (r == CRM_OK)
		r = country_check(old, rec, err);
	if (r == CRM_OK)
		r = crm_parent_check(ch, rec, err);
	if (r == CRM_OK)
		crm_customer_compute(crm_change_schema(ch), rec);
	return r;
}

/* ---- events of stages ---- */

int
crm_customer_after(struct crm_change *ch, const struct crm_record *old,
    const struct crm_record *rec, struct crm_err *err)
{
	const struct crm_rows *rows = &rec->part[role_part(rec->kind)];
	struct crm_value none = {.type = CRM_T_NONE};
	size_t i;
	int r = CRM_OK;

	for (i = 0; i < rows->n && r == CRM_OK; i++) {
		const struct crm_value *v = rows->row[i].v;
		const struct crm_row *was =
		    old ? role_find(old, v[CRM_R_ROLE].s) : NULL;
		const struct crm_value *before =
		    was ? &was->v[CRM_R_STAGE] : &none;

		if (crm_value_eq(before, &v[CRM_R_STAGE]))
			continue;
		r = crm_event_add(ch,
		    &(struct crm_event){.kind = CRM_K_CUSTOMER,
			.about = rec->id,
			.what = CRM_EVENT_STAGE,
			.at = v[CRM_R_SINCE].type == CRM_T_TIME
				  ? v[CRM_R_SINCE].i
				  : crm_change_now(ch),
			.topic = v[CRM_R_ROLE].s,
			.from = before->s,
			.to = v[CRM_R_STAGE].s,
			.reason = crm_change_why(ch)},
		    err);
	}
	return r;
}

int
crm_customer_stage(struct crm_change *ch, struct crm_record *rec,
    struct crm_str role, struct crm_str stage, int64_t at, struct crm_err *err)
{
	const struct crm_kind *k = rec->kind;
	const struct crm_field *fields = k->parts[role_part(k)].fields;
	struct crm_parse parse = {
	    .schema = crm_change_schema(ch), .arena = crm_change_arena(ch)};
	struct crm_value to, in;
	struct crm_row *row;
	int r;

	r = crm_value_parse(&fields[CRM_R_STAGE], stage, &parse, &to, err);
	if (r < 0)
		crm_err_field(err, "stage", 5);
	if (r == CRM_OK && to.type == CRM_T_NONE)
		r = bad("stage", err, "a stage is wanted");
	if (r == CRM_OK)
		r = crm_value_parse(
		    &fields[CRM_R_ROLE], role, &parse, &in, err);
	if (r == CRM_OK && in.type == CRM_T_NONE)
		r = bad("role", err, "a role is wanted");
	if (r < 0)
		return r;
	row = role_need(rec, in.s);
	if (row == NULL)
		return crm_err_nomem(err);
	if (row->v[CRM_R_SINCE].type == CRM_T_TIME &&
	    at < row->v[CRM_R_SINCE].i)
		return bad("at", err,
		    "the role has its present stage since a later time");
	row->v[CRM_R_STAGE] = to;
	row->v[CRM_R_SINCE] = crm_value_num(CRM_T_TIME, at, 0);
	crm_customer_compute(crm_change_schema(ch), rec);
	return crm_change_put(ch, rec, err);
}

/* ---- consent ---- */

static int
topic_make(struct crm_str channel, struct crm_str purpose, struct crm_buf *out,
    struct crm_err *err)
{
	if (channel.n == 0 || purpose.n == 0 ||
	    memchr(channel.p, '/', channel.n) != NULL)
		return bad("consent", err,
		    "a channel and a purpose are needed: email offers");
	crm_buf_putstr(out, channel);
	crm_buf_putc(out, '/');
	crm_buf_putstr(out, purpose);
	return crm_buf_check(out, err);
}

/* A text of the command line into the form in which texts are stored. */
static int
enter(struct crm_change *ch, const char *field, struct crm_str *text,
    struct crm_err *err)
{
	struct crm_buf b = {.max = 1 << 20};
	int r;

	r = crm_text_enter(crm_str_trim(*text), 0, NULL, &b, err);
	if (r == CRM_OK)
		r = crm_buf_keep(&b, crm_change_arena(ch), text, err);
	if (r < 0)
		crm_err_field(err, field, strlen(field));
	crm_buf_release(&b);
	return r;
}

int
crm_consent_put(struct crm_change *ch, uint64_t customer,
    struct crm_str channel, struct crm_str purpose, bool granted, int64_t at,
    struct crm_str source, struct crm_str wording, struct crm_err *err)
{
	struct crm_buf topic = {.max = 1024};
	int r;

	r = enter(ch, "channel", &channel, err);
	if (r == CRM_OK)
		r = enter(ch, "purpose", &purpose, err);
	if (r == CRM_OK)
		r = enter(ch, "source", &source, err);
	if (r == CRM_OK)
		r = enter(ch, "wording", &wording, err);
	if (r == CRM_OK)
		r = topic_make(channel, purpose, &topic, err);
	if (r == CRM_OK)
		r = crm_event_add(ch,
		    &(struct crm_event){.kind = CRM_K_CUSTOMER,
			.about = customer,
			.what = CRM_EVENT_CONSENT,
			.at = at,
			.topic = crm_buf_str(&topic),
			.to = granted ? CRM_STR("granted") : CRM_STR("revoked"),
			.reason = wording,
			.source = source},
		    err);
	crm_buf_release(&topic);
	return r;
}

/* The last word before `at` counts; of two at one time the one entered later. */
int
crm_consent_get(struct crm_txn *t, const struct crm_schema *s,
    uint64_t customer, struct crm_str channel, struct crm_str purpose,
    int64_t at, bool *out, struct crm_err *err)
{
	struct crm_prefix p = crm_prefix_events(t, s, CRM_K_CUSTOMER, customer);
	struct crm_buf topic = {.max = 1024};
	struct crm_arena a = {0};
	int64_t last = INT64_MIN;
	struct crm_record *e;
	int r;

	*out = false;
	r = topic_make(channel, purpose, &topic, err);
	while (r == CRM_OK) {
		const struct crm_value *when;

		crm_arena_reset(&a);
		r = crm_prefix_record(&p, &s->kind[CRM_K_EVENT], &a, &e, err);
		if (r < 0)
			break;
		when = crm_record_get(e, "at");
		if (crm_record_get(e, "what")->i != CRM_EVENT_CONSENT ||
		    !crm_str_eq(
			crm_record_get(e, "topic")->s, crm_buf_str(&topic)) ||
		    when->i >= at || when->i < last)
			continue;
		last = when->i;
		*out = crm_str_is(crm_record_get(e, "new")->s, "granted");
	}
	crm_prefix_close(&p);
	crm_buf_release(&topic);
	crm_arena_release(&a);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

/* ---- figures ---- */

int
crm_customer_effects(const struct crm_schema *s, const struct crm_record *rec,
    int sign, struct crm_buf *out, struct crm_err *err)
{
	(void)s;
	if (rec->state == CRM_LIVE)
		crm_ledger_live(rec->id, sign, out);
	return crm_buf_check(out, err);
}

int
crm_customer_figures(struct crm_txn *t, const struct crm_schema *s, int64_t at,
    const struct crm_want *want, struct crm_record *rec, struct crm_err *err)
{
	struct crm_tally y = crm_tally_none();
	bool past = at != INT64_MAX || crm_txn_overlay(t);
	int r = CRM_OK;

	/* what is kept is of now; what is not is looked up as it is wanted */
	if (!past || (at == INT64_MAX && crm_tally_of_orders(want)))
		r = crm_tally_read(t, rec->id, &y, err);
	else if (crm_tally_in_ledger(want))
		r = crm_tally_ledger(t, rec->id, at, &y, err);
	else if (crm_tally_of_orders(want))
		r = crm_tally_at(t, s, rec->id, at, &y, err);
	if (r == CRM_OK && past && crm_tally_of_talk(want))
		r = crm_talk_at(t, s, rec->id, at, &y, err);
	if (r == CRM_OK)
		crm_tally_fill(s, &y, want, rec);
	return r;
}
