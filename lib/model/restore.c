/*
 * restore.c - a backup in the place of a store's data.
 *
 * It is checked first, whole, by the code that knows what a store should be,
 * and before anybody has to wait: the writers' lock is taken when it is copied
 * only.  A backup is no live store, so what was checked is what is copied.
 *
 * Who was erased since the backup was made is in it, and is erased again at
 * once; the lists of both were united before (crm_store_replace), so that a
 * run that is cut short here is noticed by check and completed by compact.
 */
#include <stdlib.h>

#include <crm/person.h>

static void
count(void *ctx, uint64_t done, uint64_t total)
{
	const struct crm_watch *w = ctx;

	if (w->fn)
		w->fn(w->ctx, "entries restored", done, total);
}

static int
erase_again(const struct crm_replace_options *to, const struct crm_watch *watch,
    struct crm_replaced *out, struct crm_err *err)
{
	struct crm_store_options so = {.path = to->path,
	    .write = true,
	    .scan = true,
	    .wait_ms = to->wait_ms};
	struct crm_erase_options opt = {.by = to->by, .watch = *watch};
	struct crm_erase_result erased = {0};
	struct crm_compacted made;
	struct crm_store *s;
	int code = crm_store_open(&s, &so, err);

	if (code < 0)
		return code;
	code = crm_erase_listed(s, &opt, &erased, err);
	if (code == CRM_OK && erased.revision > 0) {
		out->erased = erased.n;
		out->revision = erased.revision;
		code = crm_store_compact(s, to->watch, to->ctx, &made, err);
		if (code == CRM_OK) {
			out->generation = made.generation;
			out->entries = made.entries;
		}
	}
	free(erased.person);
	crm_store_close(s);
	return code;
}

int
crm_store_restore(const struct crm_restore_options *opt,
    struct crm_replaced *out, struct crm_err *err)
{
	struct crm_store_options so = {.path = opt->from, .scan = true};
	struct crm_check_options check = {.fault = opt->fault,
	    .ctx = opt->ctx,
	    .watch = opt->watch,
	    .backup = true};
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
	return code == CRM_OK ? erase_again(&to, &watch, out, err) : code;
}
