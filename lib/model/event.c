/*
 * event.c - what happened to a record: put once, never changed.
 *
 * Events are records of a kind of their own, so that the log, undo, dumps and
 * --as-of have them without a rule for each.  What is worth knowing of a past
 * moment (stages, consents, the threads of tickets) is folded from them; what
 * is to be listed fast is kept beside, on the record they are about.
 */
#include "change.h"
#include "event_parts.h"

/* A ticket's thread is read again while a change adds to it. */
static int
note_pending(
    struct crm_change *ch, const struct crm_record *rec, struct crm_err *err)
{
	uint64_t about = (uint64_t)crm_record_get(rec, "about")->i, last;

	if (crm_idmap_get(&ch->thread, about, &last) &&
	    crm_idmap_put(&ch->before, rec->id, last) == CRM_ENOMEM)
		return crm_err_nomem(err);
	return crm_idmap_put(&ch->thread, about, rec->id) == CRM_ENOMEM
		   ? crm_err_nomem(err)
		   : CRM_OK;
}

int
crm_event_add(
    struct crm_change *ch, const struct crm_event *e, struct crm_err *err)
{
	const struct crm_kind *k = &crm_change_schema(ch)->kind[CRM_K_EVENT];
	const char *values =
	    k->fields[crm_kind_field(k, CRM_STR("what"))].values;
	struct crm_record *rec;
	int r;

	r = crm_change_new(ch, k, &rec, err);
	if (r < 0)
		return r;
	*crm_record_at(rec, "about") = crm_value_id(e->kind, e->about);
	*crm_record_at(rec, "at") = crm_value_num(CRM_T_TIME, e->at, 0);
	*crm_record_at(rec, "what") = crm_value_enum(values, e->what);
	*crm_record_at(rec, "topic") = crm_value_text(e->topic);
	*crm_record_at(rec, "old") = crm_value_text(e->from);
	*crm_record_at(rec, "new") = crm_value_text(e->to);
	*crm_record_at(rec, "reason") = crm_value_text(e->reason);
	*crm_record_at(rec, "source") = crm_value_text(e->source);
	*crm_record_at(rec, "actor") = crm_value_text(e->actor);
	r = crm_change_put(ch, rec, err);
	return r == CRM_OK && e->kind == CRM_K_TICKET
		   ? note_pending(ch, rec, err)
		   : r;
}

/* What is about a record that this change merges may go with it, and nothing
 * else of it may differ. */
static bool
only_moved(const struct crm_change *ch, const struct crm_record *old,
    const struct crm_record *rec)
{
	int about = crm_kind_field(rec->kind, CRM_STR("about"));
	const struct crm_value *was = &old->v[about], *is = &rec->v[about];
	uint64_t into;

	for (size_t i = 1; i < rec->kind->nfields; i++)
		if (i != (size_t)about && !crm_value_eq(&old->v[i], &rec->v[i]))
			return false;
	return was->kind == is->kind &&
	       crm_idmap_get(&ch->merged,
		   crm_op_slot(was->kind, (uint64_t)was->i), &into) &&
	       into == (uint64_t)is->i;
}

int
crm_event_prepare(struct crm_change *ch, const struct crm_record *old,
    struct crm_record *rec, struct crm_err *err)
{
	struct crm_value *actor = crm_record_at(rec, "actor");
	struct crm_value *at = crm_record_at(rec, "at");

	if (old != NULL && !only_moved(ch, old, rec)) {
		crm_err_set(err, CRM_EDATA, "events are never changed");
		crm_err_field(err, "event_id", 8);
		return CRM_EDATA;
	}
	if (actor->type == CRM_T_NONE)
		*actor = crm_value_text(crm_change_actor(ch));
	if (at->type == CRM_T_NONE)
		*at = crm_value_num(CRM_T_TIME, crm_change_now(ch), 0);
	return CRM_OK;
}
