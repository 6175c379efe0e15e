/*
 * restore.c - a backup in the place of a store's data.
 *
 * It is checked first, whole, by the code that knows what a store should be,
 * and before anybody has to wait: the writers' lock is taken when it is copied
 * only.  A backup is no live store, so what was checked is what is copied.
 */
#include <crm/upkeep.h>

static void
count(void *ctx, uint64_t done, uint64_t total)
{
	const struct crm_watch *w = ctx;

	if (w->fn)
		w->fn(w->ctx, "entries restored", done, total);
}

int
crm_store_restore(const struct crm_restore_options *opt,
    struct crm_replaced *out, struct crm_err *err)
{
	struct crm_store_options so = {.path = opt->from, .scan = true};
	struct crm_check_options check = {
	    .fault = opt->fault, .ctx = opt->ctx, .watch = opt->watch};
	struct crm_replace_options to = opt->to;
	struct crm_watch watch = opt->watch;
	struct crm_store *from;
	int code;

	*out = (struct crm_replaced){0};
	code = crm_store_open(&from, &so, err);
	if (code < 0)
		return code;
	code = crm_store_check(from, &check, NULL, err);
	to.watch = count;
	to.ctx = &watch;
	if (code == CRM_OK)
		code = crm_store_replace(&to, from, out, err);
	crm_store_close(from);
	return code;
}
