/*
 * restore.c - a backup in the place of a store's data.
 *
 * It is checked first, whole, by the code that knows what a store should be,
 * and before anybody has to wait: the writers' lock is taken when it is copied
 * only.  A backup is no live store, so what was checked is what is copied.
 *
 * Who was erased since the backup was made is in it, and is erased again
 * before anybody sees the new generation; the one that comes into force has
 * been written after that.
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

struct again {
	const struct crm_replace_options *to;
	const struct crm_watch *watch;
	size_t erased;
};

static int
erase_again(struct crm_store *s, void *ctx, struct crm_err *err)
{
	struct again *a = ctx;
	const struct crm_erase_options opt = {
	    .by = a->to->by, .watch = *a->watch};
	struct crm_erase_result erased = {0};
	int code = crm_erase_listed(s, &opt, &erased, err);

	if (code == CRM_OK)
		a->erased = erased.n;
	free(erased.person);
	return code == CRM_OK && erased.revision == 0 ? CRM_NO : code;
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
	struct again again = {.to = &to, .watch = &watch};
	struct crm_store *from;
	int code;

	*out = (struct crm_replaced){0};
	code = crm_store_open(&from, &so, err);
	if (code < 0)
		return code;
	code = crm_store_check(from, &check, NULL, err);
	to.watch = count;
	to.ctx = &watch;
	to.fn = erase_again;
	to.fn_ctx = &again;
	if (code == CRM_OK)
		code = crm_store_replace(&to, from, out, err);
	out->erased = again.erased;
	crm_store_close(from);
	return code;
}
