/*
 * upgrade.c - a store of an older format made one of this.
 *
 * Each step leads from one format to the next, on a new generation of the data
 * that comes into force when all of them are done; programs that only know
 * the old format finish what they are reading in the old generation, and are
 * refused by the new one, whether they read or write.  What is derived begins
 * empty when a step asks for that and is made anew after the last one, so that
 * a change of these tables needs no code but a row here.
 */
#include <crm/upkeep.h>

#include "archive.h"
#include "store/store_internal.h"

/* Format 1 had a mark in meta while derived tables were made anew in place.
 * A store that has it is whole again after this. */
static int
drop_mark(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	int r = crm_del(t, CRM_TAB_META, crm_meta_key("pending"), err);

	(void)ctx;
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

static const struct step {
	uint32_t from; /* to the next */
	bool derived; /* tables that follow from records are made anew */
	crm_txn_fn *fn; /* one transaction; NULL: nothing else */
} steps[] = {
    {1, true, drop_mark},
    {2, true, NULL}, /* figures were an entry for each customer */
};
#define STEPS (sizeof steps / sizeof *steps)

struct upgrade {
	const struct crm_origin *by;
	const struct crm_watch *watch;
	bool derived;
	struct crm_upgraded *out;
};

static int
finish(struct crm_txn *t, void *ctx, struct crm_err *err)
{
	const struct crm_log_head h = {.last = true};
	struct upgrade *u = ctx;
	struct crm_str v;
	struct crm_buf b = {0};
	int r = crm_get(t, CRM_TAB_META, crm_meta_key("format"), &v, err);

	if (r < 0)
		return r;
	/* what features it needs has been said as they came */
	crm_buf_putbe(&b, u->out->to, 4);
	crm_buf_put(&b, v.p + 4, v.n - 4);
	r = crm_buf_check(&b, err);
	if (r == CRM_OK)
		r = crm_put(t, CRM_TAB_META, crm_meta_key("format"),
		    crm_buf_str(&b), 0, err);
	crm_buf_release(&b);
	u->out->revision = crm_txn_revision(t);
	return r < 0 ? r : crm_upkeep_log(t, u->by, &h, err);
}

static int
upgrade(struct crm_store *s, void *ctx, struct crm_err *err)
{
	struct upgrade *u = ctx;
	int r = CRM_OK;

	for (size_t i = 0; i < STEPS && r == CRM_OK; i++)
		if (steps[i].from >= u->out->from && steps[i].fn != NULL)
			r = crm_txn_run(s, CRM_WRITE, steps[i].fn, u, err);
	crm_meta_release(s);
	if (r == CRM_OK && u->derived)
		r = crm_rebuild_tables(s, u->watch, NULL, err);
	return r < 0 ? r : crm_txn_run(s, CRM_WRITE, finish, u, err);
}

int
crm_store_upgrade(struct crm_store *s, const struct crm_origin *by,
    const struct crm_watch *watch, struct crm_upgraded *out,
    struct crm_err *err)
{
	struct upgrade u = {.by = by, .watch = watch, .out = out};
	struct crm_renew_options opt = {.fn = upgrade,
	    .fn_ctx = &u,
	    .watch = crm_upkeep_watch,
	    .ctx = (void *)(uintptr_t)watch};
	struct crm_store_info info;
	struct crm_compacted made;
	int r = crm_store_lock(s, err);

	*out = (struct crm_upgraded){.to = CRM_FORMAT};
	if (r < 0)
		return r;
	r = crm_store_stat(s, &info, err);
	out->from = info.format;
	for (size_t i = 0; i < STEPS && r == CRM_OK; i++)
		u.derived |= steps[i].from >= info.format && steps[i].derived;
	opt.without = u.derived ? CRM_TABS_DERIVED : 0;
	if (r == CRM_OK)
		r = info.format == CRM_FORMAT
			? CRM_NO
			: crm_store_renew(s, &opt, &made, err);
	if (r == CRM_OK)
		out->generation = made.generation;
	crm_store_unlock(s);
	return r;
}
