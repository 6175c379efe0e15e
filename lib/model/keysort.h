/*
 * keysort.h - entries of a table put in the order of their keys; inside the
 * room only.
 */
#ifndef CRM_MODEL_KEYSORT_H
#define CRM_MODEL_KEYSORT_H

#include <crm/os.h>

struct crm_keyrun;
/* Zero, then set dir (borrowed).  Release with crm_keysort_release. */
struct crm_keysort {
	const char *dir; /* of the spool */
	size_t memory; /* bytes of entries in it; 0: 32 MiB */
	struct crm_buf mem;
	size_t *at; /* offsets of entries in mem */
	size_t n, cap;
	uint64_t total;
	struct crm_spool spool;
	struct crm_keyrun *run;
	size_t nrun, caprun;
	size_t pos; /* of the entry to give next, in memory */
	struct crm_keyrun *given;
};
int crm_keysort_add(struct crm_keysort *k, struct crm_str key,
    struct crm_str value, struct crm_err *err);
/* After the last add, before the first next. */
int crm_keysort_finish(struct crm_keysort *k, struct crm_err *err);
/* In rising order of keys, those of one key in the order they came; valid
 * until the next call.  CRM_NOTFOUND at the end. */
int crm_keysort_next(struct crm_keysort *k, struct crm_str *key,
    struct crm_str *value, struct crm_err *err);
void crm_keysort_release(struct crm_keysort *k);

#endif
