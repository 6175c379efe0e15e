/*
 * sort.h - inside sorting: rows in memory, and runs of them in a file.
 */
#ifndef CRM_LIB_SORT_H
#define CRM_LIB_SORT_H

#include "query/query.h"

enum { SORT_KEYS_MAX = 32 };

/* A row that is kept.  seq tells which came first. */
struct sort_row {
	uint64_t seq;
	size_t bytes; /* of it and its texts */
	struct crm_value v[];
};

/* A sorted run in the file, while it is merged. */
struct sort_run {
	uint64_t at, end; /* in the file */
	struct crm_buf buf;
	size_t used; /* of buf */
	struct crm_value *v;
	bool done;
};

struct sort_key {
	uint32_t column;
	bool down;
};

struct crm_sort {
	size_t n; /* values in a row */
	struct sort_key key[SORT_KEYS_MAX];
	size_t nkey;
	uint64_t limit, given, seq;
	size_t memory, used;
	const char *dir;
	struct crm_arena arena; /* rows, when there is no heap */
	struct sort_row **row;
	size_t nrow, cap;
	bool heap; /* row is a heap of the `limit` first, the last on top */
	bool finished;
	/* what was spilled */
	int fd;
	bool spilled;
	uint64_t size;
	struct sort_run *run;
	size_t nrun, caprun;
	struct sort_run **merge; /* heap, the first on top */
	size_t nmerge;
	struct sort_run *taken; /* whose row was given last */
};

/* By the keys alone: <0, 0, >0. */
int crm_sort_compare(const struct crm_sort *s, const struct crm_value *a,
    const struct crm_value *b);
/* Writes the rows in memory as a run and empties them. */
int crm_sort_spill(struct crm_sort *s, struct crm_err *err);
/* Begins merging, and the next row; CRM_NOTFOUND at the end. */
int crm_sort_merge(struct crm_sort *s, struct crm_err *err);
int crm_sort_merged(
    struct crm_sort *s, const struct crm_value **row, struct crm_err *err);

#endif
