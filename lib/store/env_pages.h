/*
 * env_pages.h - LMDB's file as it lies on the disk, read without LMDB.
 */
#ifndef ENV_PAGES_H
#define ENV_PAGES_H

#include "store/env_internal.h"

#define CRM_PAGE_DEPTH 32 /* of a tree, LMDB's own limit */
#define CRM_PAGE_NONE UINT64_MAX /* root of an empty tree */

/* struct MDB_db: a tree. */
enum { CRM_PAGE_DB = 48 };
struct crm_page_db {
	uint32_t pad;
	uint16_t flags, depth;
	uint64_t branch, leaf, overflow, entries, root;
};
struct crm_page_meta {
	uint32_t size; /* of a page */
	struct crm_page_db free, main;
	uint64_t last, txn;
};

uint16_t crm_page_u16(const unsigned char *p);
uint32_t crm_page_u32(const unsigned char *p);
uint64_t crm_page_u64(const unsigned char *p);
/* Of what an entry holds, by its node; of a branch, half a page's number. */
size_t crm_page_node_size(const unsigned char *p);
void crm_page_db(const unsigned char *p, struct crm_page_db *out);
/* Reads n bytes at `at`.  CRM_NO when the file ends before, CRM_EIO. */
int crm_page_read(int fd, void *to, size_t n, uint64_t at);
/* Do the entries of this leaf, all of it in memory, fill it, so that none is
 * left out; and (crm_page_leaf) are their keys in order, too? */
bool crm_page_leaf(const unsigned char *page, size_t size);
bool crm_page_full(const unsigned char *page, size_t size);
/* Is this branch whole - its keys in order, nothing left out -, and which of
 * its children has the key?  A node of a branch holds a page's number. */
bool crm_page_branch(const unsigned char *page, size_t size);
uint64_t crm_page_child(const unsigned char *page, struct crm_str key);
bool crm_page_is_leaf(const unsigned char *page);
/* Reads both meta pages.  NULL, or what is wrong with them. */
const char *crm_page_metas(int fd, struct crm_page_meta m[2]);

#endif
