/*
 * overlay.h - transactions that see other entries than those that are stored.
 *
 * Whoever lays an overlay over an open store says, for some of its tables,
 * what is to be seen in place of each entry and what is to be seen beside
 * them; every transaction for reading that begins after that sees it so.
 * Nothing that reads needs to know: a look-up, a cursor, a scan give what is
 * seen.  Cursors over such a table go forwards only.
 *
 *	struct crm_overlay o = {.entry = mine, .schema = &then};
 *	crm_overlay_table(&o, CRM_TAB_IDENT);
 *	crm_store_overlay(store, &o);
 */
#ifndef CRM_OVERLAY_H
#define CRM_OVERLAY_H

#include <crm/store.h>

/* Entries in the order of their keys.  Zeroed is empty; add, sort, then read.
 * Of equal keys one stays.  Release with crm_entries_release. */
struct crm_entries {
	struct crm_buf bytes;
	struct crm_entry_place *at;
	size_t n, cap;
};
int crm_entries_add(struct crm_entries *e, struct crm_str key,
    struct crm_str value, struct crm_err *err);
void crm_entries_sort(struct crm_entries *e);
/* The first at or after key: e->n when there is none. */
size_t crm_entries_seek(const struct crm_entries *e, struct crm_str key);
struct crm_str crm_entries_key(const struct crm_entries *e, size_t i);
struct crm_str crm_entries_value(const struct crm_entries *e, size_t i);
void crm_entries_release(struct crm_entries *e);

struct crm_overlay {
	uint64_t tables[(CRM_TABS + 63) / 64]; /* that are overlaid */
	const struct crm_schema *schema; /* the store's meanwhile; NULL */
	/*
	 * What is seen of an entry.  CRM_OK: *value, which may have been set
	 * to what was put, sealed, into room (empty before).  CRM_NO: nothing.
	 * CRM_NOTFOUND: neither of this nor of any later key of the table.
	 */
	int (*entry)(struct crm_overlay *o, struct crm_txn *t, unsigned table,
	    struct crm_str key, struct crm_str *value, struct crm_buf *room,
	    struct crm_err *err);
	/* Entries seen beside the store's, sealed; NULL in *out for none.
	 * Valid until the transaction ends.  May itself be NULL. */
	int (*beside)(struct crm_overlay *o, struct crm_txn *t, unsigned table,
	    const struct crm_entries **out, struct crm_err *err);
};
static inline void
crm_overlay_table(struct crm_overlay *o, unsigned table)
{
	o->tables[table / 64] |= (uint64_t)1 << (table % 64);
}

/* Lays it over the store, NULL takes it off; no transaction may be open.  It
 * is borrowed. */
void crm_store_overlay(struct crm_store *s, struct crm_overlay *o);
/* What lies over a transaction, NULL nothing. */
struct crm_overlay *crm_txn_overlay(const struct crm_txn *t);
/* Both functions are called with it lifted: they see what is stored.  Others
 * lift it so, and lay it back: cursors keep what they were opened with. */
void crm_txn_lift(struct crm_txn *t);
void crm_txn_lay(struct crm_txn *t);

#endif
